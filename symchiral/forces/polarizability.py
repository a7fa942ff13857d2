"""Derivatives of the polarisability by finite differences along symmetry-adapted displacements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.defaults import RAMAN_STEP
from symchiral.errors import CalculatorError, InputError, SymmetryError
from symchiral.irreps.partners import partners
from symchiral.modes.adapted import adapted_basis
from symchiral.modes.species import Species
from symchiral.rules.atomic_raman import AtomicRaman
from symchiral.rules.raman import LARGEST_OUTSIDE, raman_form
from symchiral.value import Complex, Floats, frozen

Polarizability = Callable[[Any], npt.ArrayLike]
"""Atoms of ASE, the primitive cell → (3, 3) electronic polarisability as a volume, Å³."""


def finite_raman(
    crystal: SymmetricCrystal,
    species: tuple[Species, ...],
    polarizability: Polarizability,
    *,
    step: float = RAMAN_STEP,
) -> AtomicRaman:
    r"""Return the derivatives of the polarisability by finite differences.

    Along one partner of every Raman-active symmetry-adapted displacement y that is no translation,
    :math:`R = [α(+h y) - α(-h y)] / 2h`; the other partners follow by symmetry. Where an operation
    reverses that partner, :math:`α(-hy) = g\,α(hy)` is not asked for.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    species : tuple of Species
        Its species at the zone centre.
    polarizability : callable
        From an ``ase.Atoms`` of the primitive cell to its electronic polarisability, (3, 3), as a
        volume in Å³, in the same Cartesian axes: :math:`V(ε_\infty - 1)/4π`. Complex where light
        is absorbed.
    step : float
        Largest displacement of an atom, Å.

    Raises
    ------
    InputError
        The step is not between 0 and 0.2 Å.
    CalculatorError
        The function does not return such a matrix.
    SymmetryError
        What it returns has not the symmetry of the crystal.
    """
    if not 0 < step <= 0.2:
        raise InputError(
            f"no displacement of {step:g} Å",
            why="it is not between 0 and 0.2 Å",
            fix=f"pass for instance {RAMAN_STEP:g}",
        )
    patterns, responses = [], []
    removed: dict[str, float] = {}
    for s in species:
        form = raman_form(crystal, s)
        if not s.optical or not len(form):
            continue
        partner, reversing = _cheapest(s)
        design = form.basis[..., partner].reshape(len(form), 9).T
        for y in optical_sets(crystal, s):
            h = step / np.linalg.norm(y[:, :, partner], axis=1).max()
            forth = _asked(crystal, polarizability, h * y[:, :, partner])
            if reversing is None:
                back = _asked(crystal, polarizability, -h * y[:, :, partner])
            else:
                r = crystal.rotations[reversing]
                back = r @ forth @ r.T
            response = ((forth - back) / (2 * h)).ravel()
            c = np.linalg.lstsq(design.astype(complex), response, rcond=None)[0]
            lost, size = (np.linalg.norm(x) for x in (response - design @ c, response))
            share = float(lost**2 / size**2) if size > 1e-6 else 0.0
            removed[s.label] = max(removed.get(s.label, 0.0), share)
            if share > LARGEST_OUTSIDE:
                raise SymmetryError(
                    f"the polarisability breaks the symmetry along {s.label}",
                    why=f"{share:.0%} of its change is none that {s.label} allows in "
                    f"{crystal.group.symbol}",
                    fix="check that it is in the Cartesian axes of the atoms it is given",
                )
            for a in range(s.dimension):
                patterns.append(y[:, :, a].ravel())
                responses.append(np.einsum("k,kij->ij", c, form.basis[..., a]).ravel())
    n = len(crystal.primitive)
    found = np.zeros((3 * n, 9), dtype=complex)
    if patterns:
        found = np.linalg.pinv(np.array(patterns), rcond=1e-8) @ np.array(responses)
    return AtomicRaman(
        crystal,
        frozen(found.reshape(n, 3, 3, 3)),
        {
            "method": f"finite differences of a polarisability, largest displacement {step:g} Å",
            "symmetrised": f"up to {max(removed.values(), default=0.0):.2g} of the square of a "
            "change left out",
        },
        removed,
    )


def optical_sets(crystal: SymmetricCrystal, species: Species) -> list[Floats]:
    """Displacements (N, 3, d) of all atoms, d partners each, of every optical multiplet.

    The partners are those in which tensor forms are written.
    """
    basis = adapted_basis(crystal, species.participant, species.arm, GAMMA)
    real = partners(species.participant)
    sets = np.real(basis.displacements @ real)
    commuting = np.real(real.conj().T @ basis.commutant @ real)
    n = len(crystal.primitive)
    if species.acoustic:
        # Combinations that move the crystal as a whole nowhere.
        net = sets.reshape(len(sets), n, 3, -1).sum(axis=1).reshape(len(sets), -1)
        left, sizes, _ = np.linalg.svd(net)
        rank = int(np.sum(sizes > 1e-8))
        sets = np.einsum("im,ixd->mxd", left[:, rank:], sets)
    chosen: list[Floats] = []
    taken = np.zeros((0, sets[0].size))
    for y in sets:
        copies = np.array([(y @ c).ravel() for c in commuting])
        rest = copies - (copies @ np.linalg.pinv(taken)) @ taken if len(taken) else copies
        if np.linalg.norm(rest[0]) > 1e-6:
            chosen.append(y.reshape(n, 3, -1))
            taken = np.concatenate([taken, copies])
    if len(chosen) != species.optical:
        raise ValueError(f"{len(chosen)} of {species.optical} multiplets of {species.label} found")
    return chosen


def _cheapest(species: Species) -> tuple[int, int | None]:
    """A partner, and an operation that reverses it: then one displacement is enough."""
    real = partners(species.participant)
    actions = np.real(real.conj().T @ species.participant.matrices[:, 0] @ real)
    for a in range(species.dimension):
        target = -np.eye(species.dimension)[a]
        hits = np.flatnonzero(np.abs(actions[:, :, a] - target).max(axis=1) < 1e-6)
        if len(hits):
            return a, int(hits[0])
    return 0, None


def _asked(
    crystal: SymmetricCrystal, polarizability: Polarizability, displacement: Floats
) -> Complex:
    from ase import Atoms

    primitive = crystal.primitive
    places = primitive.positions + displacement @ np.linalg.inv(primitive.cell)
    answer = polarizability(
        Atoms(
            numbers=primitive.numbers,
            cell=np.array(primitive.cell),
            scaled_positions=places,
            pbc=True,
        )
    )
    try:
        found = np.array(answer, dtype=complex)
    except (TypeError, ValueError):
        found = np.zeros(0, dtype=complex)
    if found.shape != (3, 3) or not np.all(np.isfinite(found)):
        raise CalculatorError(
            "the polarisability cannot be used",
            why=f"the function returned {str(answer)[:60]!r}, not finite numbers of shape (3, 3)",
            fix="return the polarisability of the cell it is given, in Å³",
        )
    return found
