"""A crystal with its symmetry: the noun that everything above stands on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.crystal import Notice as Notice
from symchiral.crystal.frame import Frame
from symchiral.crystal.magnetic_group import MagneticGroup
from symchiral.crystal.sites import Site
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.units import counted
from symchiral.value import Floats, Integers, Value, frozen


class Symmetry(Protocol):
    """A space group with Cartesian axes: that of a crystal, or of an empty cell."""

    @property
    def group(self) -> SpaceGroup:
        """The space group."""

    @property
    def frame(self) -> Frame:
        """Relates input, standard, primitive and Cartesian coordinates."""

    @property
    def rotations(self) -> Floats:
        """(G, 3, 3) float: Cartesian rotation parts."""

    @property
    def axial_rotations(self) -> Floats:
        """(G, 3, 3) float: what the operations do to axial vectors, det(R) R."""

    @property
    def symprec(self) -> float:
        """Distances below this are equal, Å."""

    @property
    def signs(self) -> tuple[int, ...] | None:
        """Time signs of the operations; None where time reversal is a symmetry."""


@dataclass(frozen=True, eq=False, repr=False)
class SymmetricCrystal(Value):
    r"""A crystal with its space group, in our primitive cell.

    In a magnetic crystal the space group is its *family*: all spatial parts of the magnetic group.
    An operation acts on displacements, strain and electric fields alike whether it comes with time
    reversal or not; what is odd in time asks for ``signs``.

    Attributes
    ----------
    input : Crystal
        The crystal as handed in.
    primitive : Crystal
        The primitive cell: orientation of the input, standard origin, positions averaged over the
        group so that every operation holds to rounding.
    group : SpaceGroup
        The space group.
    frame : Frame
        Relates input, standard, primitive and Cartesian coordinates.
    sites : tuple of Site
        Orbits of equivalent atoms.
    permutations : (G, N) int
        Atom to which operation g takes atom κ.
    lattice_shifts : (G, N, 3) int
        L with :math:`g r_κ = r_{κ'} + L` in the primitive cell.
    symprec : float
        Distance tolerance used, Å.
    deviation : float
        Largest distance by which an atom was moved to make it symmetric, Å.
    warnings : tuple of Notice
        What the user should know about this structure.
    signs : tuple of int or None
        +1 for operations that are symmetries by themselves, −1 for those that are only together
        with time reversal; None where time reversal, alone or with a translation, is a symmetry.
    magnetic : MagneticGroup or None
        The magnetic space group of a crystal with moments or in a field.
    """

    input: Crystal
    primitive: Crystal
    group: SpaceGroup
    frame: Frame
    sites: tuple[Site, ...]
    permutations: Integers
    lattice_shifts: Integers
    symprec: float
    deviation: float
    warnings: tuple[Notice, ...]
    signs: tuple[int, ...] | None = None
    magnetic: MagneticGroup | None = None

    @cached_property
    def rotations(self) -> Floats:
        """(G, 3, 3) float: Cartesian rotation parts in the frame of the input."""
        return frozen(self.frame.rotation(self.group.rotations, to="cartesian", source="primitive"))

    @cached_property
    def axial_rotations(self) -> Floats:
        """(G, 3, 3) float: what the spatial parts do to an axial vector, det(R) R."""
        return frozen(np.linalg.det(self.rotations)[:, None, None] * self.rotations)

    def __repr__(self) -> str:
        return (
            f"SymmetricCrystal({self.primitive.formula}, {self.group.symbol} "
            f"({self.group.number}), {counted(len(self.primitive), 'atom')})"
        )
