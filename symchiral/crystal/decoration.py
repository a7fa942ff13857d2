"""Dummy atoms that reduce the symmetry of a crystal to exactly a given group."""

from __future__ import annotations

import numpy as np

from symchiral.algebra.lattice import wrapped
from symchiral.crystal.crystal import SYMBOLS, Crystal
from symchiral.value import Floats, Integers

SPECIES = 2
"""Orbits added. Of one alone the group may be larger: a single point has an inversion centre."""

TRIALS = 8
"""Places tried for each orbit; that one is taken whose points are furthest from all others."""

_IRRATIONAL = np.sqrt([2.0, 3.0, 5.0])


def decorated(crystal: Crystal, rotations: Integers, translations: Floats) -> Crystal:
    r"""Return a crystal with orbits of generic points added, each of a species of its own.

    A symmetry of the result is a symmetry of every orbit :math:`\{W_g x + w_g\}`, and for generic
    x only the operations themselves take two of them to themselves.

    Parameters
    ----------
    crystal : Crystal
        Atoms that the operations map onto themselves, perhaps among others.
    rotations, translations : (n, 3, 3) int, (n, 3) float
        All operations modulo the lattice of its cell.

    Returns
    -------
    Crystal
        Its atoms first; atomic numbers of the added points are those of no element.
    """
    metric = crystal.cell @ crystal.cell.T
    positions, numbers = crystal.positions, crystal.numbers
    for species in range(SPECIES):
        trials = [((1 + TRIALS * species + k) * _IRRATIONAL) % 1 for k in range(TRIALS)]
        orbits = [rotations @ x + translations for x in trials]
        best = max(orbits, key=lambda orbit: _clearance(orbit, positions, metric))
        positions = np.concatenate([positions, best])
        numbers = np.concatenate([numbers, np.full(len(best), len(SYMBOLS) + species)])
    return Crystal.of(crystal.cell, positions, numbers)


def _clearance(orbit: Floats, positions: Floats, metric: Floats) -> float:
    """Smallest squared distance of the first point of an orbit to its images and other points.

    The other points of the orbit see the same surroundings.
    """
    offset = wrapped(np.concatenate([orbit[1:], positions]) - orbit[0])
    return float(np.einsum("ai,ij,aj->a", offset, metric, offset).min(initial=np.inf))
