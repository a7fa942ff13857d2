"""From atoms to a space group: the one door to spglib."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache, lru_cache
from math import isfinite
from typing import Any

import numpy as np
import spglib

from symchiral.algebra.lattice import wrapped
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.crystal import Notice as Notice
from symchiral.crystal.decoration import decorated
from symchiral.crystal.frame import UNSYMMETRIC, Frame, symmetrized_cell
from symchiral.crystal.setting import canonical_change, is_operation
from symchiral.crystal.sites import find_orbits, find_sites
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.crystal.symmetric import SymmetricCrystal as SymmetricCrystal
from symchiral.crystal.symmetrize import (
    averaged,
    carried,
    fold,
    images,
    lattice_shifts,
    matched,
    nearly_higher,
)
from symchiral.crystal.tolerance import SYMPREC, distance_tolerance
from symchiral.errors import SymmetryError
from symchiral.quiet import environment, quiet
from symchiral.value import WRAPPED, Floats, Integers, frozen

EXACT = 1e-6
"""Symmetrised atoms that miss their images by more have not been symmetrised, Å."""

LOOSE = 0.1
"""Å: at this tolerance a higher symmetry is looked for; atoms of relaxed structures and positions
rounded to two digits are off by less."""

LADDER = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""Å: tolerances at which it is looked for next, if there is one, smallest first."""

MOVED = 0.01
"""Å: atoms that were moved farther to obey the group deserve a warning."""

ATTEMPTS = 4
"""How often spglib is asked for Wyckoff letters; the second time it nearly always answers."""

ORIGIN_CHOICE_2 = {
    48: (229, (6, 6, 6)), 50: (234, (6, 6, 0)), 59: (279, (6, 6, 0)), 68: (323, (0, 2, 6)),
    70: (336, (7, 7, 7)), 85: (360, (2, 6, 0)), 86: (362, (6, 6, 6)), 88: (365, (0, 6, 7)),
    125: (403, (6, 6, 0)), 126: (405, (6, 6, 6)), 129: (409, (2, 6, 0)), 130: (411, (2, 6, 0)),
    133: (415, (2, 6, 6)), 134: (417, (2, 6, 6)), 137: (421, (2, 6, 6)), 138: (423, (2, 6, 6)),
    141: (427, (0, 2, 3)), 142: (429, (0, 2, 3)), 201: (496, (6, 6, 6)), 203: (499, (7, 7, 7)),
    222: (519, (6, 6, 6)), 224: (522, (6, 6, 6)), 227: (526, (7, 7, 7)), 228: (528, (5, 5, 5)),
}  # fmt: skip
"""Space groups with two origin choices: Hall number of choice 2, and what is added to coordinates
of choice 1 to get those of choice 2, in eighths of the standard cell.

spglib finds choice 1. Of the shifts that carry the operations over, these lead to the setting that
it finds when asked for choice 2. Its Wyckoff letters of choice 1 are not always those of choice 2
(in 48, 134, 137 and 141 not): they are looked up anew."""


@cache
def space_group(hall_number: int) -> SpaceGroup:
    """Return the space group of a spglib Hall number, in its primitive cell.

    Examples
    --------
    >>> group = space_group(458)
    >>> group, len(group), group.schoenflies
    (SpaceGroup(166, 'R-3m'), 12, 'D3d')
    """
    kind = spglib.get_spacegroup_type(hall_number)
    data = spglib.get_symmetry_from_database(hall_number)
    if kind is None or data is None:
        raise ValueError(f"no Hall number {hall_number}: they run from 1 to 530")
    rotations, translations = data["rotations"], data["translations"]
    identity = np.all(rotations == np.eye(3, dtype=int), axis=(1, 2))
    centring = _centring(translations[identity])
    inverse = np.linalg.inv(centring)
    primitive = np.rint(inverse @ rotations @ centring).astype(np.int64)
    shifts = np.rint(DENOMINATOR * (translations @ inverse.T)).astype(np.int64) % DENOMINATOR
    seen: dict[bytes, int] = {}
    for i, w in enumerate(primitive):
        seen.setdefault(w.tobytes(), i)
    keep = list(seen.values())
    return SpaceGroup(
        hall_number=hall_number,
        number=int(kind.number),
        symbol=str(kind.international_short),
        point_group=str(kind.pointgroup_international),
        schoenflies=str(kind.pointgroup_schoenflies),
        rotations=frozen(primitive[keep]),
        shifts=frozen(shifts[keep]),
        centring=frozen(centring),
    )


@cache
def named_settings() -> tuple[tuple[int, tuple[str, ...], str, str], ...]:
    """The 530 settings of spglib: number, Hermann–Mauguin symbols, code, Hall symbol.

    The first symbol is that of the setting, which need not be that of the group: ``I 1 2/a 1``
    of number 15. The code is the one of *International Tables*: ``b3``, ``2``, ``ba-c``, ``H``.

    Examples
    --------
    >>> named_settings()[91]
    (15, ('I 1 2/a 1',), 'b3', '-I 2ya')
    """
    found = []
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        assert kind is not None
        # "C 2/c = B 1 1 2/b = B 2/b": of the group, of the setting, and an old one.
        symbols = [part.strip() for part in kind.international.split("=")]
        full = str(kind.international_full)
        if full in ("P 4/n 2_1/m m", "P 4/n 2_1/c c"):  # what spglib calls full is not
            symbols.append(f"{full[:-1]}2/{full[-1]}")
        own = dict.fromkeys([*(symbols[1:] or symbols), full])
        names = tuple(symbol.replace("_", "") for symbol in own)
        found.append((int(kind.number), names, str(kind.choice), str(kind.hall_symbol)))
    return tuple(found)


def number_of_operations(rotations: Integers, translations: Floats) -> int | None:
    """Number of the space group that operations form, in any setting; None if of none.

    Examples
    --------
    >>> rotations = np.array([np.eye(3), -np.eye(3)], dtype=int)
    >>> number_of_operations(rotations, np.array([[0, 0, 0], [0.1, 0.2, 0.3]]))
    2
    """
    cell = symmetrized_cell(UNSYMMETRIC, rotations)
    failure = getattr(getattr(spglib, "error", None), "SpglibError", None) or RuntimeError
    try:
        with _silent():
            found = spglib.get_spacegroup_type_from_symmetry(rotations, translations, cell)
    except failure:
        return None
    return None if found is None else int(found.number)


@cache
def mirror_group(hall_number: int) -> int | None:
    """Number of the space group of the mirror image, where that is another one.

    Inversion takes {W|w} to {W|−w}: eleven pairs of groups go over into each other.

    Examples
    --------
    >>> group = space_group(441)
    >>> group.number, mirror_group(441), mirror_group(458)
    (152, 154, None)
    """
    group = space_group(hall_number)
    number = number_of_operations(group.rotations, -group.shifts / DENOMINATOR)
    return None if number == group.number else number


def point_group_symbol(rotations: Integers) -> str:
    """Hermann–Mauguin symbol of a point group given by its rotation parts.

    Examples
    --------
    >>> point_group_symbol(space_group(458).rotations)
    '-3m'
    """
    found = spglib.get_pointgroup(rotations)
    if found is None:
        raise ValueError("the rotations are not a point group")
    return str(found[0]).strip()


def magnetic_numbers(
    rotations: Integers,
    translations: Floats,
    signs: Integers,
) -> tuple[str, int] | None:
    """BNS number and unified number of a magnetic space group; None if spglib does not find them.

    spglib compares lengths of the cell too, and fails where they are more symmetric than the
    group (R-3m in a cubic cell): so it is given lengths that obey the group and nothing else.

    Parameters
    ----------
    rotations, translations : (n, 3, 3) int, (n, 3) float
        The operations modulo lattice translations that do not reverse time.
    signs : (n,) int
        −1 for operations with time reversal.
    """
    cell = symmetrized_cell(UNSYMMETRIC, rotations)
    with _silent():
        found = spglib.get_magnetic_spacegroup_type_from_symmetry(
            rotations, translations, signs < 0, cell
        )
    return None if found is None else (str(found.bns_number), int(found.uni_number))


@contextmanager
def _silent() -> Iterator[None]:
    """Keep spglib from writing on stderr about what it tries before it succeeds."""
    with environment("SPGLIB_WARNING", "OFF"), quiet():
        yield


def _centring(translations: Floats) -> Floats:
    """Primitive vectors as columns in the standard basis, from the pure translations."""
    third, half = 1 / 3, 0.5
    kinds: dict[tuple[tuple[int, ...], ...], list[list[float]]] = {
        (): [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        ((0, 3, 3),): [[1, 0, 0], [0, half, -half], [0, half, half]],
        ((3, 0, 3),): [[half, 0, -half], [0, 1, 0], [half, 0, half]],
        ((3, 3, 0),): [[half, half, 0], [-half, half, 0], [0, 0, 1]],
        ((3, 3, 3),): [[-half, half, half], [half, -half, half], [half, half, -half]],
        ((0, 3, 3), (3, 0, 3), (3, 3, 0)): [[0, half, half], [half, 0, half], [half, half, 0]],
        ((2, 4, 4), (4, 2, 2)): [
            [2 * third, -third, -third],
            [third, third, -2 * third],
            [third, third, third],
        ],
    }
    key = sorted(tuple(int(x) for x in np.rint(6 * t) % 6) for t in translations)
    return np.array(kinds[tuple(key[1:])], dtype=float)


def _dataset(cell: tuple[Any, ...], symprec: float, hall_number: int = 0) -> Any:
    """Call spglib; None when it finds nothing, whichever way this spglib says so.

    A plain spglib returns None; after ``import phonopy`` or ``import spgrep`` the same call
    raises ``SpglibError``.
    """
    # NaN and infinity end the interpreter inside spglib.
    if not (np.isfinite(cell[0]).all() and np.isfinite(cell[1]).all() and isfinite(symprec)):
        return None
    failure = getattr(getattr(spglib, "error", None), "SpglibError", None) or RuntimeError
    try:
        with _silent():
            return spglib.get_symmetry_dataset(cell, symprec=symprec, hall_number=hall_number)
    except failure:
        return None


def find_symmetry(crystal: Crystal, *, symprec: float = SYMPREC) -> SymmetricCrystal:
    """Find the space group and the symmetric primitive cell of a crystal.

    One more search at ``LOOSE`` tells whether the structure is nearly of a higher symmetry, where
    a further operation may be near; if it is, a warning names the smallest of a few tolerances at
    which that is found. A group stated by the file is compared with the one found.

    Parameters
    ----------
    crystal : Crystal
        Any description of the crystal: primitive, conventional or a supercell.
    symprec : float
        Distance tolerance, Å.

    Raises
    ------
    InputError
        The tolerance is no positive distance.
    SymmetryError
        No group is found at this tolerance, or its operations do not map the atoms.
    """
    symprec = distance_tolerance(symprec)
    data = _found(crystal, symprec)
    found = settled(
        crystal,
        _found_frame(crystal, data),
        _found_group(data),
        np.array(data.mapping_to_primitive),
        letters=_given_letters(data),
        lettered=data.number not in ORIGIN_CHOICE_2,
        symprec=symprec,
    )
    warnings = (*_warnings(found, data), *found.warnings)
    return replace(found, warnings=warnings) if warnings else found


def settled(
    crystal: Crystal,
    found: Frame,
    group: SpaceGroup,
    mapping: Integers,
    *,
    letters: list[tuple[str, str]],
    symprec: float,
    warnings: tuple[Notice, ...] = (),
    lettered: bool = True,
    marks: Floats | None = None,
    decorate: bool = False,
) -> SymmetricCrystal:
    """Return the symmetric crystal in the setting it prefers, given any standard setting.

    Parameters
    ----------
    crystal : Crystal
        The crystal as handed in.
    found : Frame
        A standard setting of the group.
    group : SpaceGroup
        The group.
    mapping : (N,) int
        Equal for atoms that are translational copies.
    letters : list of (str, str)
        Wyckoff letter and site symmetry of every atom in that setting.
    symprec : float
        Distance tolerance, Å.
    warnings : tuple of Notice
        What the user should know.
    lettered : bool
        Whether these letters are those of that setting; else they are looked up.
    marks : (N, 3, 3) float, optional
        What else than the elements tells atoms apart, as for
        :func:`symchiral.crystal.setting.canonical_change`.
    decorate : bool
        The atoms by themselves have a larger group.
    """
    places, numbers, representatives = fold(
        found.point(crystal.positions, to="primitive", source="input"), crystal.numbers, mapping
    )
    moved = images(places, group)
    permutations = matched(moved, places, numbers, group, found.cell)
    places, drift, deviation = averaged(moved, places, permutations, found.cell)
    # spglib leaves the origin off by up to the tolerance: what all atoms share is put right here.
    found = found.moved(drift)
    change = canonical_change(
        found,
        group,
        places,
        numbers,
        tolerance=symprec,
        marks=None if marks is None else marks[representatives],
    )
    frame = found.changed(change)
    positions = change(places)
    positions -= np.floor(positions + WRAPPED)
    permutations = carried(permutations, group, change)
    shifts, miss = lattice_shifts(positions, permutations, group, frame.cell)
    deviation = max(deviation, miss if miss > EXACT else 0.0)
    if deviation > MOVED:
        text = f"atoms were moved by up to {deviation:.2g} Å to where {group.symbol} puts them"
        warnings = (*warnings, Notice("moved-atoms", text))
    if deviation > 10 * symprec:
        raise SymmetryError(
            f"{group.symbol} does not map the atoms onto themselves at symprec {symprec:g} Å",
            why=f"an atom misses its image by {deviation:.3g} Å",
            fix="pass a smaller --symprec, or symmetrise the structure first",
        )
    moments = None if crystal.moments is None else crystal.moments[representatives]
    primitive = Crystal.of(
        frame.cell,
        positions,
        numbers,
        source=crystal.source,
        moments=moments,
        mixtures=crystal.mixtures,
    )
    orbits = find_orbits(permutations)
    first = [orbit[0] for orbit in orbits]
    given = [letters[representatives[i]] for i in first]
    # P1 has one letter.
    if len(group) > 1 and not (lettered and is_operation(change, group)):
        kept = _site_groups(permutations[:, first], shifts[:, first], first)
        known = [_letter(group.hall_number, one) for one in kept]
        if not all(known):
            found_letters = _letters(primitive, group, decorate=decorate)
            for place, atom in zip(known, first if found_letters else (), strict=False):
                place[:] = [found_letters[atom]]
        if all(known):
            given = [place[0] for place in known]
    return SymmetricCrystal(
        input=crystal,
        primitive=primitive,
        group=group,
        frame=frame,
        sites=find_sites(given, primitive.symbols, orbits, group),
        permutations=frozen(permutations),
        lattice_shifts=frozen(shifts),
        symprec=symprec,
        deviation=deviation,
        warnings=warnings,
    )


def standard_setting(
    crystal: Crystal, *, symprec: float
) -> tuple[SpaceGroup, Frame, list[tuple[str, str]]]:
    """Return the group of atoms, a standard setting, and letter and site symmetry of every atom.

    Raises
    ------
    SymmetryError
        No group is found.
    """
    data = _found(crystal, symprec)
    return _found_group(data), _found_frame(crystal, data), _given_letters(data)


def _shown(crystal: Crystal) -> tuple[Any, ...]:
    """The crystal as spglib takes it."""
    return crystal.cell, crystal.positions, crystal.numbers


def _found(crystal: Crystal, symprec: float) -> Any:
    """What spglib finds; of a group with two origin choices that is in choice 1."""
    data = _dataset(_shown(crystal), symprec)
    if data is None:
        raise SymmetryError(
            f"no space group found at symprec {symprec:g} Å",
            why="spglib could not match the atoms with any space group",
            fix="check the cell and for atoms that nearly coincide, or pass another --symprec",
        )
    return data


def _given_letters(data: Any) -> list[tuple[str, str]]:
    return list(zip(data.wyckoffs, data.site_symmetry_symbols, strict=True))


def _found_group(data: Any) -> SpaceGroup:
    """The space group that spglib has found, in origin choice 2 where it has two."""
    hall_number, _ = ORIGIN_CHOICE_2.get(data.number, (int(data.hall_number), ()))
    return space_group(hall_number)


def _found_frame(crystal: Crystal, data: Any) -> Frame:
    """The standard setting of that group, with a cell that obeys the group exactly."""
    group = _found_group(data)
    matrix, origin = frozen(data.transformation_matrix), frozen(data.origin_shift)
    if data.hall_number != group.hall_number:
        origin = frozen((origin + np.array(ORIGIN_CHOICE_2[group.number][1]) / 8) % 1.0)
    standard = crystal.cell.T @ np.linalg.inv(matrix)
    cell = symmetrized_cell((standard @ group.centring).T, group.rotations)
    return Frame(cell, matrix, origin, group.centring)


def _site_groups(permutations: Integers, shifts: Integers, atoms: list[int]) -> list[bytes]:
    """The operations that keep each of some atoms, with the lattice translation that each needs.

    Columns of the arrays are these atoms.
    """
    kept = np.where((permutations == atoms)[..., None], shifts, _MOVED)
    return [one.tobytes() for one in kept.swapaxes(0, 1)]


_MOVED = 1000
"""Stands for no lattice translation: the operation takes the atom to another one."""


@lru_cache(maxsize=16384)
def _letter(hall_number: int, kept: bytes) -> list[tuple[str, str]]:
    """A place for Wyckoff letter and site symmetry, empty until spglib has been asked.

    A Wyckoff position is the set of all points whose site groups are conjugate, so the operations
    that keep an atom, each with its lattice translation, decide both.
    """
    return []


def _letters(primitive: Crystal, group: SpaceGroup, *, decorate: bool) -> list[tuple[str, str]]:
    """Wyckoff letter and site symmetry of every atom in the setting of the primitive cell.

    Letters belong to a setting as coordinates do, and spglib cannot be asked for those of a given
    one. So it is shown the atoms where their coordinates, in the setting that it found before, are
    those of ours: cell and operations stay the same, so it finds that setting again.
    Empty if it does not.
    """
    setting = Frame(primitive.cell, group.centring, frozen(np.zeros(3)), group.centring)
    for _ in range(ATTEMPTS):
        places = setting.point(primitive.positions, to="input", source="primitive")
        shown = Crystal.of(primitive.cell, places, primitive.numbers)
        if decorate:
            operations = setting.operations(
                group.rotations, group.shifts / DENOMINATOR, to="input", source="primitive"
            )
            shown = decorated(shown, *operations)
        data = _dataset(_shown(shown), EXACT, group.hall_number)
        if data is None:
            break
        found = _found_frame(shown, data)
        if is_operation(setting.change_to(found), group):
            return _given_letters(data)[: len(primitive)]
        setting = found
    return []


def _higher(found: SymmetricCrystal, data: Any) -> list[tuple[float, Any, float]]:
    """The tolerances of a few at which there are more operations than at any smaller one.

    With what spglib finds at each, and how far atoms are from obeying it, Å; none if there are no
    more at ``LOOSE``. The standard cell is searched: in a skewed one spglib finds less.
    """
    symprec = found.symprec
    if symprec >= LOOSE or not nearly_higher(found.primitive, found.group, distance=LOOSE):
        return []
    standard = Crystal.of(data.std_lattice, data.std_positions, data.std_types)
    loosest, most = _dataset(_shown(standard), LOOSE), _density(data)
    if loosest is None or _density(loosest) <= most:
        return []
    higher = []
    for tolerance in (*(x for x in LADDER if x > symprec), LOOSE):
        seen = loosest if tolerance == LOOSE else _dataset(_shown(standard), tolerance)
        if seen is not None and _density(seen) > most:
            distance = _distance(standard, seen)
            if np.isfinite(distance):
                most = _density(seen)
                higher.append((tolerance, seen, max(distance, EXACT)))
    return higher


def _density(data: Any) -> Fraction:
    """Operations per atom of the primitive cell; a group may gain translations only.

    (spglib lists only those operations that leave the lattice of the cell it is given as it is.)
    """
    order = len(_found_group(data))
    return Fraction(order, len(set(data.mapping_to_primitive.tolist())))


def _distance(crystal: Crystal, data: Any) -> float:
    """How far atoms and lattice vectors are from a group that spglib has found, Å.

    Infinite if its operations do not permute the atoms.
    """
    group, mapping = _found_group(data), np.array(data.mapping_to_primitive)
    frame = _found_frame(crystal, data)
    given = frame.point(crystal.positions, to="primitive", source="input")
    places, numbers, chosen = fold(given, crystal.numbers, mapping)
    moved = images(places, group)
    permutations = matched(moved, places, numbers, group, frame.cell)
    places, _, deviation = averaged(moved, places, permutations, frame.cell)
    if not np.isfinite(deviation):
        return deviation
    place = {kind: i for i, kind in enumerate(mapping[chosen].tolist())}
    moves = wrapped(given - places[[place[kind] for kind in mapping.tolist()]]) @ frame.cell
    moves -= moves.mean(axis=0)  # the origin may lie anywhere
    standard = crystal.cell.T @ np.linalg.inv(np.array(data.transformation_matrix))
    stretched = (standard @ group.centring).T - frame.cell
    return float(np.linalg.norm(np.concatenate([moves, stretched]), axis=1).max())


def _warnings(crystal: SymmetricCrystal, data: Any) -> tuple[Notice, ...]:
    source, symprec = crystal.input.source, crystal.symprec
    found = [Notice("reading", note) for note in source.notes]
    found += source.contradictions
    higher = _higher(crystal, data)
    if higher:
        parts = []
        for tolerance, looser, distance in higher:
            name = f"the space group is {looser.international} ({looser.number})"
            if looser.number == data.number:
                times = _density(looser) / _density(data)
                name = f"the primitive cell is {times} times smaller, with the same space group"
            parts.append(
                f"at symprec {tolerance:g} Å {name}, and atoms and lattice vectors are within "
                f"{distance:.2g} Å of it"
            )
        tolerances = " or ".join(f"{tolerance:g}" for tolerance, _, _ in higher)
        found.append(
            Notice(
                "looser-group",
                f"{'; '.join(parts)}; at {symprec:g} Å it is {data.international} "
                f"({data.number}): if you believe the higher symmetry, pass --symprec {tolerances}",
            )
        )
    stated = source.stated_group
    symbol = f"{source.stated_symbol} " if source.stated_symbol else ""
    # P1 is what exporters write when they state no symmetry: no claim to hold against the atoms.
    if stated not in (None, 1, data.number):
        found.append(
            Notice(
                "stated-group",
                f"the file states space group {symbol}({stated}) "
                f"but its atoms have {data.international} ({data.number}); the atoms are used",
            )
        )
    return tuple(found)
