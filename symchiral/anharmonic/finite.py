"""Cubic couplings by finite differences of forces along symmetry-adapted modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.couplings import Couplings, averaged_over_group
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.errors import InputError
from symchiral.forces.displaced import ForceFunction
from symchiral.modes.coordinates import NormalCoordinates

Floats = npt.NDArray[np.float64]

STEP = 0.03
"""Å: largest displacement of an atom in the longer of the two steps."""

TRIALS, MANY = 30, 100
"""Random directions of which the best conditioned is taken, one after the other; with more than
``MANY`` unknowns the first will do."""


@dataclass(frozen=True, eq=False)
class Design:
    """Unknown coefficients, and displacements that determine them.

    Attributes
    ----------
    unknowns : tuple of Polynomial
        The cubic polynomials whose coefficients are wanted.
    directions : (D, n) float
        Displacements in normal coordinates; the largest atomic displacement of each is 1 Å.
    condition : float
        Condition number of the linear equations.
    """

    unknowns: tuple[Polynomial, ...]
    directions: Floats
    condition: float


def invariants(coordinates: NormalCoordinates) -> tuple[Polynomial, ...]:
    """Return independent cubic polynomials that the group allows.

    Each concerns one set of three multiplets; of every set the averages of all monomials over the
    group are reduced to independent ones.
    """
    n, owners = len(coordinates), coordinates.owners
    blocks: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for monomial in combinations_with_replacement(range(n), 3):
        blocks.setdefault(tuple(int(owners[i]) for i in monomial), []).append(monomial)
    averaged = averaged_over_group(coordinates)
    found = []
    for monomials in blocks.values():
        rows = np.zeros((len(monomials), len(monomials)))
        place = {m: i for i, m in enumerate(monomials)}
        for i, single in enumerate(monomials):
            for factors, value in averaged(Polynomial.of(n, 3, {single: 1.0})).terms.items():
                rows[i, place[factors]] = value
        _, sizes, vectors = np.linalg.svd(rows)
        for vector in vectors[sizes > 1e-6]:
            terms = {m: v for m, v in zip(monomials, vector.tolist(), strict=True) if abs(v) > 1e-9}
            found.append(Polynomial.of(n, 3, terms))
    return tuple(found)


def design(coordinates: NormalCoordinates, *, everything: bool = False) -> Design:
    r"""Choose as few displacements as determine the coefficients well.

    A displacement d gives n numbers at once, :math:`-∂V_3/∂Q_c(d) = -\sum_k x_k ∂I_k/∂Q_c(d)`. As
    many directions are taken as the number of unknowns asks for, one more wherever the equations
    are dependent.

    Parameters
    ----------
    coordinates : NormalCoordinates
        The modes.
    everything : bool
        Also determine what symmetry forbids: every monomial is an unknown.
    """
    n = len(coordinates)
    if everything:
        unknowns = tuple(
            Polynomial.of(n, 3, {f: 1.0}) for f in combinations_with_replacement(range(n), 3)
        )
    else:
        unknowns = invariants(coordinates)
    rng = np.random.default_rng(0)
    chosen: list[Floats] = []
    rows = np.zeros((0, len(unknowns)))
    condition = float("inf")
    while unknowns and (len(rows) < len(unknowns) or condition > 100):
        best, best_rows, best_score = None, rows, (-1, -np.inf)
        for _ in range(TRIALS if len(unknowns) <= MANY else 1):
            trial = rng.normal(size=n)
            trial /= np.linalg.norm(coordinates.displacements(trial), axis=1).max()
            stacked = np.concatenate([rows, _gradients(unknowns, trial)])
            sizes = np.linalg.svd(stacked, compute_uv=False)
            kept = sizes[sizes > 1e-6 * sizes[0]]
            score = (len(kept), float(np.sum(np.log(kept))))
            if score > best_score:
                best, best_rows, best_score = trial, stacked, score
        assert best is not None
        chosen.append(best)
        rows = best_rows
        sizes = np.linalg.svd(rows, compute_uv=False)
        full = len(rows) >= len(unknowns) and sizes[-1] > 1e-9 * sizes[0]
        condition = float(sizes[0] / sizes[-1]) if full else float("inf")
        if len(chosen) > 10 * len(unknowns):
            raise ValueError("the displacements never determine the couplings")
    return Design(unknowns, np.array(chosen).reshape(-1, n), condition)


def _gradients(unknowns: tuple[Polynomial, ...], direction: Floats) -> Floats:
    """(n, m): ∂I_k/∂Q_c at a direction."""
    return np.stack([p.gradient(direction) for p in unknowns], axis=1)


def finite_couplings(
    forces: ForceFunction,
    coordinates: NormalCoordinates,
    *,
    everything: bool = False,
    step: float = STEP,
    progress: Callable[[float], None] | None = None,
) -> Couplings:
    r"""Determine cubic couplings from forces on displaced atoms.

    :math:`-∂V_3/∂Q_c(d) = \frac{1}{2h^2}[F_c(hd) + F_c(-hd) - 2F_c(0)] + O(h^2)`, for two steps h
    and h/2: the value is extrapolated to h → 0, the error the difference of the two.

    Parameters
    ----------
    forces : callable
        Displacements (N, 3) of the primitive cell, Å, → forces (N, 3), eV/Å.
    coordinates : NormalCoordinates
        The modes.
    everything : bool
        Also determine what symmetry forbids, from many more displacements.
    step : float
        Largest displacement of an atom, Å.
    progress : callable, optional
        Is told the share done.

    Raises
    ------
    InputError
        The step is not positive.
    """
    if not 0 < step < 1:
        raise InputError(
            f"no step of {step:g} Å", why="it is not between 0 and 1 Å", fix="take about 0.03"
        )
    plan = design(coordinates, everything=everything)
    scaled = coordinates.vectors.reshape(-1, 3, len(coordinates))
    scaled = scaled / np.sqrt(coordinates.modes.masses)[:, None, None]
    calls = 0

    def along(q: Floats) -> Floats:
        nonlocal calls
        calls += 1
        if progress is not None:
            progress(min(calls / (1 + 4 * len(plan.directions)), 1.0))
        return np.asarray(np.einsum("ka,kac->c", forces(coordinates.displacements(q)), scaled))

    n = len(coordinates)
    rest = along(np.zeros(n))
    solved = []
    rows = [_gradients(plan.unknowns, d) for d in plan.directions]
    matrix = np.concatenate(rows) if rows else np.zeros((0, 0))
    for h in (step, step / 2):
        numbers = [
            -(along(h * d) + along(-h * d) - 2 * rest) / (2 * h * h) for d in plan.directions
        ]
        right = np.concatenate(numbers) if numbers else np.zeros(0)
        solved.append(np.linalg.lstsq(matrix, right, rcond=None)[0])
    values, errors = (4 * solved[1] - solved[0]) / 3, np.abs(solved[1] - solved[0])
    found: dict[tuple[int, ...], float] = {}
    spread: dict[tuple[int, ...], float] = {}
    for polynomial, value, error in zip(plan.unknowns, values, errors, strict=True):
        for factors, weight in polynomial.terms.items():
            found[factors] = found.get(factors, 0.0) + float(value) * weight
            spread[factors] = float(np.hypot(spread.get(factors, 0.0), error * weight))
    kind = "every coefficient" if everything else "the coefficients symmetry allows"
    return Couplings(
        coordinates,
        (Polynomial.of(n, 3, found),),
        (Polynomial.of(n, 3, spread),),
        provenance={
            "method": f"finite differences of forces, {kind}: {calls} force calls for "
            f"{len(plan.unknowns)} unknowns, steps {step:g} and {step / 2:g} Å"
        },
    )
