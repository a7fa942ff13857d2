"""The answer of ``phonons``: how forces were computed, and where they were written.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from symchiral.answers.crystal import Structure, structure
from symchiral.answers.record import Answer, Count, Record, Vector, beginning
from symchiral.crystal.search import SymmetricCrystal
from symchiral.forces.provenance import Provenance as Known
from symchiral.forces.relax import What

Tensor = tuple[float, float, float, float, float, float, float, float, float]
IntegerMatrix = tuple[int, int, int, int, int, int, int, int, int]


class Calculator(Record, frozen=True, kw_only=True):
    """Who computed the forces."""

    name: str
    """Its name."""
    version: str | None
    """Version of the package it comes from."""
    checkpoint: str | None
    """Name of the weights."""
    sha256: str | None
    """Hash of the weights, or of the file of the factory."""
    parameters: str
    """Its parameters, as JSON text."""
    learned: bool
    """Whether it is known to be a machine-learned potential."""
    single: bool
    """Whether it is known to compute in single precision."""


class Provenance(Record, frozen=True, kw_only=True):
    """How the forces were computed; also written into the file, under the key symchiral."""

    symchiral: str
    """Version that computed them."""
    calculator: Calculator
    """Who computed the forces."""
    path: str | None
    """The structure as given."""
    sha256: str | None
    """Hash of its file."""
    relaxed: What
    """What was relaxed."""
    residual_force: float
    """Largest force left on an atom. Unit: eV/angstrom."""
    residual_stress: float | None
    """Largest stress left where the cell was relaxed. Unit: eV/angstrom^3."""
    moved: float
    """Farthest move of an atom in the relaxation. Unit: angstrom."""
    strain: Tensor
    """Strain of the cell in the relaxation, row by row."""
    group: Annotated[int, Meta(ge=1, le=230)]
    """Space-group number."""
    supercell: IntegerMatrix
    """Supercell matrix on the unit cell as phonopy takes it, row by row."""
    atoms: Count
    """Atoms of the supercell."""
    symmetric: bool
    """Whether the supercell has the symmetry of the crystal."""
    zone_centre: bool
    """Whether the supercell is the primitive cell: right at the zone centre only."""
    displacement: float
    """Displacement. Unit: angstrom."""
    noise: float
    """Difference of two answers to one question, in units of the largest force."""
    asymmetry: float
    """How much the calculator breaks the symmetry, in the same units."""
    drift: float
    """How far the sum rule was broken before it was enforced. Unit: eV/angstrom^2."""
    checks: Count
    """Questions to the calculator before it was trusted."""
    relaxation: Count
    """Questions in the relaxation."""
    displacements: Count
    """Displaced supercells, the fewest symmetry allows."""
    lowest: float
    """Lowest frequency at the wavevectors the supercell holds; imaginary ones negative. Unit:
    THz."""
    lowest_at: Vector
    """Its wavevector, on the reciprocal basis of the primitive cell of the file."""


class Phonons(Answer, frozen=True, kw_only=True, tag="symchiral/phonons/1"):
    """What ``symchiral phonons --json`` prints: how forces were computed."""

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    output: str
    """The file that was written."""
    provenance: Provenance
    """How the forces were computed; also written into the file, under the key symchiral."""


def phonons(crystal: SymmetricCrystal, provenance: Known, *, path: str) -> Phonons:
    """Answer how the forces of a crystal were computed.

    Parameters
    ----------
    path : str
        The file that was written.
    """
    return Phonons(
        **beginning(crystal),
        structure=structure(crystal),
        output=path,
        provenance=msgspec.convert(provenance.record(), Provenance),
    )
