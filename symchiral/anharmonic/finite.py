"""Cubic and quartic couplings by finite differences of forces along symmetry-adapted modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np

from symchiral.anharmonic.couplings import Couplings, averaged_over_group
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.defaults import COUPLING_STEP
from symchiral.errors import InputError, LimitError
from symchiral.forces.displaced import ForceFunction
from symchiral.modes.coordinates import NormalCoordinates
from symchiral.value import Floats, grouped

STEPS = {3: (1.0, 0.5), 4: (3.0, 2.0, 1.0)}
"""Displacements by order, in units of the step."""

GOOD = 100
"""Condition number that is good enough; twice as many displacements as numbers ask for are not
exceeded to reach it."""

MONOMIALS = 20_000
"""Most products of coordinates among which invariants are looked for."""

TRIALS, MANY = 30, 100
"""Random directions of which the best conditioned is taken, one after the other; with more than
``MANY`` unknowns the first will do."""


@dataclass(frozen=True, eq=False)
class Design:
    """Unknown coefficients, and displacements that determine them.

    Attributes
    ----------
    unknowns : tuple of Polynomial
        The polynomials whose coefficients are wanted.
    slots : tuple of int
        The coordinates along which atoms are displaced, and forces are read.
    directions : (D, n) float
        Displacements in normal coordinates; the largest atomic displacement of each is 1 Å.
    condition : float
        Condition number of the linear equations.
    """

    unknowns: tuple[Polynomial, ...]
    slots: tuple[int, ...]
    directions: Floats
    condition: float

    @property
    def matrix(self) -> Floats:
        """(D m, K): ∂I_k/∂Q_c at the directions, for the m coordinates that are read."""
        rows = [_gradients(self.unknowns, self.slots, d) for d in self.directions]
        return np.concatenate(rows) if rows else np.zeros((0, 0))


def invariants(
    coordinates: NormalCoordinates, order: int = 3, *, slots: Sequence[int] | None = None
) -> tuple[Polynomial, ...]:
    """Return independent polynomials of an order, 3 or 4, that the group allows.

    Each concerns one set of multiplets; of every set the averages of all monomials over the group
    are reduced to independent ones.

    Parameters
    ----------
    coordinates : NormalCoordinates
        The modes.
    order : int
        Degree of the polynomials.
    slots : sequence of int, optional
        The coordinates they are made of, whole multiplets; default all.

    Raises
    ------
    LimitError
        There are more than ``MONOMIALS`` products.
    """
    n, owners = len(coordinates), coordinates.owners
    products = _monomials(range(n) if slots is None else slots, order)
    blocks = grouped((tuple(int(owners[i]) for i in m), m) for m in products)
    averaged = averaged_over_group(coordinates)
    found = []
    for monomials in blocks.values():
        rows = np.zeros((len(monomials), len(monomials)))
        place = {m: i for i, m in enumerate(monomials)}
        for i, single in enumerate(monomials):
            for factors, value in averaged(Polynomial.of(n, order, {single: 1.0})).terms.items():
                rows[i, place[factors]] = value
        _, sizes, vectors = np.linalg.svd(rows)
        for vector in vectors[sizes > 1e-6]:
            terms = {m: v for m, v in zip(monomials, vector.tolist(), strict=True) if abs(v) > 1e-9}
            found.append(Polynomial.of(n, order, terms))
    return tuple(found)


def _monomials(slots: Sequence[int], order: int) -> list[tuple[int, ...]]:
    """Products of coordinates, each once."""
    count = comb(len(slots) + order - 1, order)
    if count > MONOMIALS:
        raise LimitError(
            f"{count:,} products of {len(slots)} coordinates are too many",
            why=f"{MONOMIALS:,} are the most among which couplings are looked for",
            fix='name the modes that matter, as in --modes "Eu#1 Eg#2"',
        )
    return list(combinations_with_replacement(sorted(slots), order))


def design(
    coordinates: NormalCoordinates,
    order: int = 3,
    *,
    modes: Sequence[str] | None = None,
    everything: bool = False,
) -> Design:
    r"""Choose as few displacements as determine the coefficients well.

    A displacement d gives as many numbers at once as there are coordinates,
    :math:`-∂V_m/∂Q_c(d) = -\sum_k x_k ∂I_k/∂Q_c(d)`. As many directions are taken as the number of
    unknowns asks for, and more where the equations are dependent, or nearly so.

    Parameters
    ----------
    coordinates : NormalCoordinates
        The modes.
    order : int
        3 or 4.
    modes : sequence of str, optional
        The multiplets whose couplings are wanted, ``Eu#1``; default all.
    everything : bool
        Also determine what symmetry forbids: every monomial is an unknown.

    Raises
    ------
    LabelError
        There is no such mode.
    LimitError
        There are too many products.
    """
    n = len(coordinates)
    slots = tuple(range(n))
    if modes is not None:
        slots = tuple(sorted({int(i) for name in modes for i in coordinates.slots(name)}))
    if everything:
        unknowns = tuple(Polynomial.of(n, order, {f: 1.0}) for f in _monomials(slots, order))
    else:
        unknowns = invariants(coordinates, order, slots=slots)
    rng = np.random.default_rng(0)
    chosen: list[Floats] = []
    rows = np.zeros((0, len(unknowns)))
    condition = float("inf")
    enough = 2 * -(-len(unknowns) // max(len(slots), 1)) + 2
    while unknowns and (condition == np.inf or (condition > GOOD and len(chosen) < enough)):
        best, best_rows, best_score = None, rows, (-1, -np.inf)
        for _ in range(TRIALS if len(unknowns) <= MANY else 1):
            trial = np.zeros(n)
            trial[list(slots)] = rng.normal(size=len(slots))
            trial /= np.linalg.norm(coordinates.displacements(trial), axis=1).max()
            stacked = np.concatenate([rows, _gradients(unknowns, slots, trial)])
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
    return Design(unknowns, slots, np.array(chosen).reshape(-1, n), condition)


def _gradients(
    unknowns: tuple[Polynomial, ...], slots: tuple[int, ...], direction: Floats
) -> Floats:
    """(m, K): ∂I_k/∂Q_c at a direction."""
    return np.stack([p.gradient(direction)[list(slots)] for p in unknowns], axis=1)


def finite_couplings(
    forces: ForceFunction,
    coordinates: NormalCoordinates,
    order: int = 3,
    *,
    modes: Sequence[str] | None = None,
    everything: bool = False,
    step: float = COUPLING_STEP,
    progress: Callable[[float], None] | None = None,
) -> Couplings:
    r"""Determine the couplings of one order from forces on displaced atoms.

    With :math:`F(h) = -∂V/∂Q` at the displacement hd, the part of third order is what does not
    change when the displacement is reversed,

    .. math:: -∂V_3/∂Q(d) = \frac{1}{2h^2}[F(h) + F(-h) - 2F(0)] + O(h^2),

    for h = s and s/2. That of fourth order is what changes, :math:`f(h) = [F(h) - F(-h)]/2h`, but
    for the linear part,

    .. math:: -∂V_4/∂Q(d) = \frac{f(h) - f(h')}{h^2 - h'^2} + O(h^2),

    for h = 3s, 2s and 2s, s. Of both estimates the value is the extrapolation to s → 0, the error
    their difference.

    Parameters
    ----------
    forces : callable
        Displacements (N, 3) of the primitive cell, Å, → forces (N, 3), eV/Å.
    coordinates : NormalCoordinates
        The modes.
    order : int
        3 or 4.
    modes : sequence of str, optional
        The multiplets whose couplings with one another are wanted, ``Eu#1``; default all.
    everything : bool
        Also determine what symmetry forbids, from many more displacements.
    step : float
        s, the largest displacement of an atom in it, Å.
    progress : callable, optional
        Is told the share done.

    Raises
    ------
    InputError
        The step is not between 0 and 1/3 Å, or the order is neither 3 nor 4.
    LabelError
        There is no such mode.
    LimitError
        There are too many products.
    """
    if order not in STEPS:
        raise InputError(
            f"no couplings of order {order}",
            why="finite differences determine the third and the fourth",
            fix="ask for 3 or 4",
        )
    if not 0 < step < 1 / 3:
        raise InputError(
            f"no step of {step:g} Å", why="it is not between 0 and 1/3 Å", fix="take about 0.03"
        )
    plan = design(coordinates, order, modes=modes, everything=everything)
    scaled = coordinates.vectors.reshape(-1, 3, len(coordinates))
    scaled = (scaled / np.sqrt(coordinates.modes.masses)[:, None, None])[:, :, list(plan.slots)]
    lengths = [step * x for x in STEPS[order]]
    needed = 2 * len(lengths) * len(plan.directions) + (order == 3)
    rest = np.zeros(len(plan.slots))
    calls = 0

    def along(q: Floats) -> Floats:
        nonlocal calls
        calls += 1
        if progress is not None:
            progress(calls / needed)
        return np.asarray(np.einsum("ka,kac->c", forces(coordinates.displacements(q)), scaled))

    if order == 3:
        if plan.unknowns:
            rest = along(np.zeros(len(coordinates)))
        coarse, fine = (
            [-(along(h * d) + along(-h * d) - 2 * rest) / (2 * h * h) for d in plan.directions]
            for h in lengths
        )
    else:
        far, middle, near = (
            [-(along(h * d) - along(-h * d)) / (2 * h) for d in plan.directions] for h in lengths
        )
        coarse, fine = (
            [(a - b) / (h * h - k * k) for a, b in zip(first, second, strict=True)]
            for first, second, h, k in (
                (far, middle, lengths[0], lengths[1]),
                (middle, near, lengths[1], lengths[2]),
            )
        )
    solved = [_solved(plan, numbers) for numbers in (coarse, fine)]
    # The errors of the two estimates are as 1 to 1/4, and as 9 + 4 to 4 + 1.
    values = solved[1] + (solved[1] - solved[0]) * {3: 1 / 3, 4: 5 / 8}[order]
    errors = np.abs(solved[1] - solved[0])
    found: dict[tuple[int, ...], float] = {}
    for polynomial, value in zip(plan.unknowns, values, strict=True):
        for factors, weight in polynomial.terms.items():
            found[factors] = found.get(factors, 0.0) + float(value) * weight
    kind = "every coefficient" if everything else "the coefficients symmetry allows"
    between = "" if modes is None else f" between {' '.join(dict.fromkeys(modes))}"
    steps = [f"{h:g}" for h in lengths]
    return Couplings(
        coordinates,
        (Polynomial.of(len(coordinates), order, found),),
        tuple(p.scaled(float(e)) for p, e in zip(plan.unknowns, errors, strict=True)),
        provenance={
            "method": f"finite differences of forces, {kind} of order {order}{between}: {calls} "
            f"force calls for {len(plan.unknowns)} unknowns, steps {', '.join(steps[:-1])} and "
            f"{steps[-1]} Å"
        },
    )


def _solved(plan: Design, numbers: list[Floats]) -> Floats:
    """Least squares for the unknowns."""
    right = np.concatenate(numbers) if numbers else np.zeros(0)
    return np.asarray(np.linalg.lstsq(plan.matrix, right, rcond=None)[0])
