"""Forces on the displaced primitive cell, from a calculator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal
from symchiral.forces.forcecache import CachedCalculator
from symchiral.value import Floats

ForceFunction = Callable[[Floats], Floats]
"""Displacements (N, 3) of the primitive cell, Cartesian, Å → forces, eV/Å."""


def displaced_forces(asked: CachedCalculator, crystal: SymmetricCrystal) -> ForceFunction:
    """Return what computes the forces on the displaced primitive cell of a crystal.

    Parameters
    ----------
    asked : CachedCalculator
        Whom to ask.
    crystal : SymmetricCrystal
        The crystal.
    """
    primitive = crystal.primitive
    inverse = np.linalg.inv(primitive.cell)

    def forces(displacements: Floats) -> Floats:
        positions = primitive.positions + displacements @ inverse
        displaced = Crystal.of(primitive.cell, positions, primitive.numbers)
        return asked.evaluate(displaced).forces

    return forces
