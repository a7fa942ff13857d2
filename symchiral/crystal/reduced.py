"""The same atoms with fewer operations: those that a magnetic order or a field keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from symchiral.algebra.lattice import cell_indices, lattice_basis, vectors_within
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.decoration import decorated
from symchiral.crystal.magnetic_group import MagneticGroup, magnetic_point_group
from symchiral.crystal.search import (
    EXACT,
    ORIGIN_CHOICE_2,
    Notice,
    SymmetricCrystal,
    magnetic_numbers,
    settled,
    standard_setting,
)
from symchiral.crystal.spacegroup import DENOMINATOR
from symchiral.errors import SymmetryError
from symchiral.value import Floats, Integers, Value


@dataclass(frozen=True, eq=False, repr=False)
class Subgroup(Value):
    r"""Operations of a crystal that are left, modulo a lattice that may be coarser.

    Attributes
    ----------
    operations : (n,) int
        Indices of operations :math:`\{W|w\}` of the crystal.
    translations : (n, 3) int
        t of the primitive lattice: what is left are :math:`\{W|w+t\}`.
    lattice : (3, 3) int
        Columns: the lattice that is left, in the primitive basis.
    signs : (n,) int or None
        −1 where an operation is left only together with time reversal; None where time reversal
        itself is left.
    """

    operations: Integers
    translations: Integers
    lattice: Integers
    signs: Integers | None

    @property
    def reversing(self) -> Integers:
        """(k, 3): translations that are left together with time reversal."""
        if self.signs is None:
            return np.zeros((0, 3), dtype=np.int64)
        return np.asarray(self.translations[(self.operations == 0) & (self.signs < 0)])

    def family(self, crystal: SymmetricCrystal) -> Subgroup:
        """All spatial parts, each rotation part once; signs where they depend on it alone."""
        if not len(self.reversing):
            return self
        _, first = np.unique(self.operations, return_index=True)
        lattice = lattice_basis(np.concatenate([self.lattice.T, self.reversing]), metric(crystal))
        return Subgroup(self.operations[first], self.translations[first], lattice, None)

    def in_cell(self, crystal: SymmetricCrystal) -> tuple[Integers, Floats]:
        """The operations in the basis of ``lattice``: rotation parts and translations."""
        inverse = np.linalg.inv(self.lattice)
        rotations = np.rint(inverse @ crystal.group.rotations[self.operations] @ self.lattice)
        shifts = crystal.group.shifts[self.operations] / DENOMINATOR + self.translations
        return rotations.astype(np.int64), np.asarray(shifts @ inverse.T)


def metric(crystal: SymmetricCrystal) -> Floats:
    """(3, 3): metric of the primitive cell, Å²."""
    return np.asarray(crystal.frame.cell @ crystal.frame.cell.T)


def homes(crystal: SymmetricCrystal) -> tuple[Integers, Integers]:
    """Return the atom of the primitive cell, and the lattice vector, of every atom of the input."""
    primitive = crystal.primitive
    points = crystal.frame.point(crystal.input.positions, to="primitive", source="input")
    found = np.empty(len(points), dtype=np.int64)
    vectors = np.empty((len(points), 3), dtype=np.int64)
    for i, (x, number) in enumerate(zip(points, crystal.input.numbers, strict=True)):
        (members,) = np.nonzero(primitive.numbers == number)
        offset = x - primitive.positions[members]
        whole = np.rint(offset)
        rest = offset - whole
        nearest = int(np.argmin(np.einsum("ai,ij,aj->a", rest, metric(crystal), rest)))
        found[i], vectors[i] = members[nearest], whole[nearest]
    return found, vectors


def reduced(
    crystal: SymmetricCrystal,
    subgroup: Subgroup,
    *,
    marks: Floats | None = None,
    warnings: tuple[Notice, ...] = (),
) -> SymmetricCrystal:
    """Return a crystal under a subgroup of its operations, in the standard setting of that.

    spglib knows groups of atoms only, so it is shown the atoms among orbits of points that have
    no other symmetry than the subgroup.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal under its whole group.
    subgroup : Subgroup
        What is left of it.
    marks : (N, 3, 3) float, optional
        For every atom of the input, as for
        :func:`symchiral.crystal.setting.canonical_change`: what lowers the symmetry.
    warnings : tuple of Notice
        What the user should know besides the warnings of the crystal.
    """
    family = subgroup.family(crystal)
    columns, primitive = family.lattice, crystal.primitive
    cells = vectors_within(columns)
    places = (primitive.positions[:, None] + cells).reshape(-1, 3) @ np.linalg.inv(columns).T
    cell = columns.T @ crystal.frame.cell
    atoms = Crystal.of(cell, places, np.repeat(primitive.numbers, len(cells)))
    group, found, letters = standard_setting(
        decorated(atoms, *family.in_cell(crystal)), symprec=EXACT
    )
    if len(group) != len(family.operations):
        raise SymmetryError(
            f"the operations that are left of {crystal.group.symbol} are not found again",
            why=f"spglib finds {len(group)} of {len(family.operations)}",
            fix="describe the crystal in its primitive cell, and please report this structure",
        )
    home, vectors = homes(crystal)
    mapping = home * len(cells) + cell_indices(vectors, columns, cells)
    result = settled(
        crystal.input,
        crystal.frame.within(columns, found),
        group,
        mapping,
        letters=[letters[i] for i in mapping],
        lettered=group.number not in ORIGIN_CHOICE_2,
        symprec=crystal.symprec,
        warnings=(*crystal.warnings, *warnings),
        marks=marks,
        decorate=True,
    )
    if subgroup.signs is None:
        return result
    signs = None
    if family.signs is not None:
        before = crystal.rotations[family.operations]
        distance = np.abs(result.rotations[:, None] - before).max(axis=(2, 3))
        signs = tuple(int(family.signs[i]) for i in distance.argmin(axis=1))
    numbers = magnetic_numbers(*subgroup.in_cell(crystal), subgroup.signs)
    point_group = magnetic_point_group(result.group, signs)
    return replace(result, signs=signs, magnetic=MagneticGroup.of(signs, numbers, point_group))
