"""From atoms with magnetic moments to their magnetic space group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symchiral.algebra.lattice import cell_indices, lattice_basis, vectors_within
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.reduced import Subgroup, homes, metric, reduced
from symchiral.crystal.search import (
    Notice,
    SymmetricCrystal,
    find_symmetry,
    magnetic_numbers,
)
from symchiral.crystal.spacegroup import DENOMINATOR
from symchiral.crystal.tolerance import SYMPREC
from symchiral.errors import SymmetryError
from symchiral.units import counted
from symchiral.value import WHOLE, Floats, Integers

SAME_MOMENT = 0.02
"""Moments that differ by less are equal, μB: files give two or three digits."""


def find_magnetic_symmetry(crystal: Crystal, *, symprec: float = SYMPREC) -> SymmetricCrystal:
    r"""Find the magnetic space group of a crystal; its space group where it has no moments.

    An operation :math:`g = \{W|w\}` of the atoms, with Cartesian rotation part R, belongs to the
    magnetic group with s = +1, or together with time reversal with s = −1, if

    .. math:: m_{gκ} = s\, \det(R)\, R\, m_κ

    for every atom. All g, with either s, are the *family* group; vibrations obey it.

    Parameters
    ----------
    crystal : Crystal
        Any description of the crystal.
    symprec : float
        Distance tolerance, Å; moments are compared to 0.02 μB.

    Raises
    ------
    SymmetryError
        No group is found, or the moments do not tell which operations are left.

    Examples
    --------
    >>> import symchiral as sc
    >>> found = find_magnetic_symmetry(sc.structure("Cr2O3_AFM"))
    >>> found.magnetic.bns, found.magnetic.point_group, found.group
    ('167.106', "-3'm'", SpaceGroup(167, 'R-3c'))
    """
    atoms = find_symmetry(crystal, symprec=symprec)
    if crystal.moments is None and crystal.source.stated_bns is None:
        return atoms
    left = magnetic_subgroup(atoms)
    found, bns = atoms, None
    if left.signs is not None:
        found = reduced(atoms, left, marks=moment_marks(crystal))
        bns = None if found.magnetic is None else found.magnetic.bns
    elif crystal.source.stated_bns is not None:
        bns = _grey(atoms)
    for notice in (_small(crystal.moments), _other_group(crystal.source.stated_bns, bns, left)):
        if notice is not None:
            found = replace(found, warnings=(*found.warnings, notice))
    return found


def _grey(atoms: SymmetricCrystal) -> str | None:
    """BNS number of a space group with time reversal, which a crystal without moments has."""
    rotations, shifts = atoms.group.rotations, atoms.group.shifts / DENOMINATOR
    signs = np.repeat((1, -1), len(rotations))
    numbers = magnetic_numbers(np.tile(rotations, (2, 1, 1)), np.tile(shifts, (2, 1)), signs)
    return None if numbers is None else numbers[0]


def _small(moments: Floats | None) -> Notice | None:
    """A word on moments that are taken as none."""
    if moments is None:
        return None
    sizes = np.linalg.norm(moments, axis=1)
    small = sizes[(sizes > 0) & (sizes < SAME_MOMENT)]
    if not len(small):
        return None
    atoms = counted(len(small), "atom")
    return Notice(
        "small-moments",
        f"the moments of {atoms} are below {SAME_MOMENT:g} μB (largest {small.max():.3g} μB) and "
        "taken as none",
    )


def _other_group(stated: str | None, bns: str | None, left: Subgroup) -> Notice | None:
    """A word on a magnetic group that a file states and its moments do not have."""
    if bns is None or stated in (None, bns):
        return None
    have = f"its moments have BNS {bns}; the moments are used"
    if left.signs is None:
        have = f"it gives no moments, and without them the group is BNS {bns}"
    return Notice(
        "stated-group", f"the file states the magnetic space group BNS {stated} but {have}"
    )


def moment_marks(crystal: Crystal) -> Floats:
    """(N, 3, 3): what moments say to :func:`symchiral.crystal.setting.canonical_change`."""
    moments = np.zeros((len(crystal), 3)) if crystal.moments is None else crystal.moments
    return np.asarray(moments[:, :, None] * moments[:, None, :])


def magnetic_subgroup(crystal: SymmetricCrystal) -> Subgroup:
    """Return the operations of a crystal that keep or reverse all moments of its input.

    Where there are none all are left, and so is time reversal.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal by its atoms alone.
    """
    moments = crystal.input.moments
    if moments is None or np.linalg.norm(moments, axis=1).max() < SAME_MOMENT:
        count = len(crystal.group)
        none = np.zeros((count, 3), dtype=np.int64)
        return Subgroup(np.arange(count), none, np.eye(3, dtype=np.int64), None)
    frame, natoms = crystal.frame, len(crystal.primitive)
    columns = np.rint(frame.direction(np.eye(3), to="primitive", source="input")).T
    lattice = lattice_basis(columns.T, metric(crystal))
    home, vectors = homes(crystal)
    cells = vectors_within(lattice)
    table = np.full((natoms, len(cells), 3), np.nan)
    table[home, cell_indices(vectors, lattice, cells)] = moments
    if np.isnan(table).any():
        raise SymmetryError(
            "the moments do not fit the atoms",
            why="translations of the atoms do not map the cell onto itself",
            fix="describe the crystal in a smaller cell, or pass another --symprec",
        )
    kept = [t for t in cells if _same(table[:, cell_indices(cells + t, lattice, cells)], table)]
    smaller = lattice_basis(np.concatenate([lattice.T, kept]), metric(crystal))
    inside = vectors_within(smaller)
    table = table[:, cell_indices(inside, lattice, cells)]
    return _matching(crystal, table, smaller, inside)


def _same(a: Floats, b: Floats) -> bool:
    return bool(np.all(np.linalg.norm(a - b, axis=-1) < SAME_MOMENT))


def _matching(
    crystal: SymmetricCrystal, table: Floats, lattice: Integers, cells: Integers
) -> Subgroup:
    """Every operation of the atoms, with every translation, held against the moments.

    ``table`` (atoms, cells, 3) has the moments of the atoms in the cells of ``lattice``.
    """
    group = crystal.group
    inverse = np.linalg.inv(lattice)
    axial = crystal.axial_rotations
    found: list[tuple[int, Integers, int]] = []
    for g, rotation in enumerate(group.rotations):
        changed = inverse @ rotation @ lattice
        if np.abs(changed - np.rint(changed)).max() > WHOLE:
            continue
        moved = table @ axial[g].T
        target = cells @ rotation.T + crystal.lattice_shifts[g][:, None]
        atoms = crystal.permutations[g][:, None]
        for t in cells:
            there = table[atoms, cell_indices(target + t, lattice, cells)]
            found += [(g, t, s) for s in (1, -1) if _same(there, s * moved)]
    operations = np.array([g for g, _, _ in found], dtype=np.int64)
    translations = np.array([t for _, t, _ in found], dtype=np.int64)
    subgroup = Subgroup(
        operations, translations, lattice, np.array([s for _, _, s in found], dtype=np.int64)
    )
    _require_group(crystal, subgroup)
    return subgroup


def _require_group(crystal: SymmetricCrystal, subgroup: Subgroup) -> None:
    """Equality within a tolerance is not transitive: the operations may fail to be a group."""
    group, lattice = crystal.group, subgroup.lattice
    cells = vectors_within(lattice)
    assert subgroup.signs is not None
    known = {
        (int(g), int(cell)): int(s)
        for g, cell, s in zip(
            subgroup.operations,
            cell_indices(subgroup.translations, lattice, cells),
            subgroup.signs,
            strict=True,
        )
    }
    closed = len(known) == len(subgroup.operations)
    for g, t, s in zip(subgroup.operations, subgroup.translations, subgroup.signs, strict=True):
        # {W|w+t}{V|v+u} = {WV|product} + W u + t
        product = group.products[g, subgroup.operations]
        moved = (
            group.product_translations[g, subgroup.operations]
            + subgroup.translations @ group.rotations[g].T
            + t
        )
        places = cell_indices(moved, lattice, cells)
        closed = closed and all(
            known.get((int(p), int(c))) == s * int(r)
            for p, c, r in zip(product, places, subgroup.signs, strict=True)
        )
    if not closed:
        raise SymmetryError(
            "the moments do not tell which operations are symmetries",
            why=f"some are equal within {SAME_MOMENT:g} μB to others that are not equal to "
            "each other",
            fix="make equal moments equal, and set small ones to zero",
        )
