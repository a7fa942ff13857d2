"""From the data block of a CIF to the atoms of its cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.check import MAX_ATOMS, too_many
from symchiral.crystal.crystal import SYMBOLS, Notice
from symchiral.errors import DisorderError, ReadError, StructureError
from symchiral.io.cif import Block, number
from symchiral.io.expand import expand, metric_misfit
from symchiral.io.magnetic_cif import (
    expanded_moments,
    magnetic_operations,
    stated_moments,
    without_time,
)
from symchiral.io.named_group import FITS, Statement, operations_of
from symchiral.io.xyz import distinct_operations, parse_operations

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TYPE = re.compile(r"([A-Za-z]{1,2})(?![A-Za-z]).*|(C)val|(Si)va", re.DOTALL)
_LABEL = re.compile(r"([A-Za-z])([A-Za-z]?)(.*)", re.DOTALL)
_OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
)
_FULL = 0.995
_ATOMIC_NUMBER = {symbol: z for z, symbol in enumerate(SYMBOLS) if z}


@dataclass(frozen=True)
class Expanded:
    """All atoms of a CIF's cell, and what the file claims about their group.

    Attributes
    ----------
    cell : (3, 3) float
        Lattice vectors as rows, Å: a along x, b in the xy plane.
    positions : (N, 3) float
        Fractional coordinates.
    numbers : (N,) int
        Atomic numbers.
    labels : tuple of str
        Site label of every atom.
    group : int or None
        Stated space-group number.
    symbol : str or None
        Stated Hermann–Mauguin symbol.
    notes : tuple of str
        What had to be assumed.
    moments : (N, 3) float or None
        Magnetic moments, μB, Cartesian.
    bns : str or None
        Stated BNS number of the magnetic space group.
    contradictions : tuple of Notice
        Where the statements of the file do not agree.
    """

    cell: Floats
    positions: Floats
    numbers: Integers
    labels: tuple[str, ...]
    group: int | None
    symbol: str | None
    notes: tuple[str, ...]
    moments: Floats | None
    bns: str | None
    contradictions: tuple[Notice, ...]


@dataclass(frozen=True)
class _Sites:
    labels: tuple[str, ...]
    numbers: Integers
    positions: Floats


def has_atoms(block: Block) -> bool:
    """Tell whether a block lists atoms with coordinates."""
    return bool(block.column("_atom_site_fract_x", "_atom_site_cartn_x"))


def expand_block(block: Block, *, name: str) -> Expanded:
    """Return all atoms of the cell a CIF block describes.

    Parameters
    ----------
    block : Block
        A data block with atoms.
    name : str
        How errors call the file.

    Raises
    ------
    ReadError
        If a number, an operation or an element cannot be read, or the group is not known.
    DisorderError
        If a site is partly occupied.
    StructureError
        If there is no cell, or the operations do not fit it.

    Examples
    --------
    >>> from symchiral.io.cif import parse_cif
    >>> text = '''_cell_length_a 4
    ... _cell_length_b 4
    ... _cell_length_c 4
    ... _symmetry_space_group_name_H-M 'I m -3 m'
    ... loop_ _atom_site_label _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z
    ... W1 0 0 0'''
    >>> expand_block(parse_cif(text)[0], name="W").positions.tolist()
    [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    """
    notes = list(block.notes)
    cell = _cell(block, name, notes)
    sites = _sites(block, cell, name, notes)
    stated = Statement.of(block, notes)
    magnetic = magnetic_operations(block, name=name)
    texts = block.column(*_OPERATIONS)
    if magnetic is not None:
        kept = distinct_operations(*magnetic[:2])[0]
        rotations, translations = magnetic[0][kept], magnetic[1][kept]
    elif texts and any(text.strip() not in ("?", ".", "") for text in texts):
        rotations, translations, closed = parse_operations(texts, name=name)
        if not closed:
            raise ReadError(
                f"cannot read {name}",
                why=f"its {len(texts)} symmetry operations do not form a group",
                fix="list all operations of the space group, centring included",
            )
    else:
        rotations, translations = operations_of(
            stated,
            cell=cell,
            sites=sites.positions,
            content=_content(block),
            numbers=sites.numbers,
            name=name,
            notes=notes,
        )
    _check_metric(cell, rotations, name, notes)
    orbits = expand(sites.positions, rotations, translations, cell, labels=sites.labels, name=name)
    for label, moved in zip(sites.labels, orbits.moved, strict=True):
        if moved > 2e-4:
            notes.append(
                f"site {label} was moved {moved:.4f} Å onto its symmetry element "
                "(coordinates with few digits)"
            )
    moments = stated_moments(block, sites.labels, cell, name=name)
    if moments is not None:
        if magnetic is None:
            magnetic = without_time(rotations, translations, name=name)
        moments = expanded_moments(
            moments, sites.positions, orbits, magnetic, cell, labels=sites.labels, name=name
        )
    return Expanded(
        cell=cell,
        positions=orbits.positions,
        numbers=sites.numbers[orbits.site],
        labels=tuple(sites.labels[i] for i in orbits.site),
        group=stated.group,
        symbol=stated.symbol,
        notes=_summary(notes),
        moments=moments,
        bns=block.first("_space_group_magn_number_bns"),
        contradictions=tuple(stated.contradictions()),
    )


def _summary(notes: list[str]) -> tuple[str, ...]:
    unique = list(dict.fromkeys(notes))
    return tuple(unique) if len(unique) <= 12 else (*unique[:12], f"and {len(unique) - 12} more")


def _cell(block: Block, name: str, notes: list[str]) -> Floats:
    lengths = []
    for tag in ("_cell_length_a", "_cell_length_b", "_cell_length_c"):
        value = block.first(tag)
        if value is None:
            raise StructureError(
                f"{name} is no crystal",
                why=f"the CIF does not give {tag}",
                fix="give the cell: its three lengths and three angles",
            )
        lengths.append(number(value, tag, name))
    angles = []
    for tag in ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma"):
        value = block.first(tag)
        if value is None:
            notes.append(f"{tag} is not given and taken as 90°")
        angles.append(number(value, tag, name) if value else 90.0)
    in_range = all(0.01 < x < 1e6 for x in lengths) and all(0 < angle < 180 for angle in angles)
    ca, cb, cg = (_cosine(angle) if in_range else 0.0 for angle in angles)
    square = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg
    if not in_range or square < 1e-10:
        shape = ", ".join(f"{x:g}" for x in (*lengths, *angles))
        raise StructureError(
            f"{name} is no crystal",
            why=f"no cell has the lengths and angles {shape}",
            fix="give lengths in ångström and angles in degrees",
        )
    sg = float(np.sqrt(1 - cg * cg))
    rows = [
        [1.0, 0.0, 0.0],
        [cg, sg, 0.0],
        [cb, (ca - cb * cg) / sg, float(np.sqrt(square)) / sg],
    ]
    cell: Floats = np.array(rows) * np.array(lengths)[:, None]
    return cell


def _cosine(degrees: float) -> float:
    """Return the cosine, exactly at 60°, 90° and 120°."""
    exact = {60.0: 0.5, 90.0: 0.0, 120.0: -0.5}
    return exact.get(degrees, float(np.cos(np.radians(degrees))))


def _sites(block: Block, cell: Floats, name: str, notes: list[str]) -> _Sites:
    columns = [block.column(f"_atom_site_fract_{axis}") for axis in "xyz"]
    cartesian = columns[0] is None
    if cartesian:
        columns = [block.column(f"_atom_site_cartn_{axis}") for axis in "xyz"]
        notes.append("the CIF gives Cartesian positions: a is taken along x and b in the xy plane")
    types, labels = block.column("_atom_site_type_symbol"), block.column("_atom_site_label")
    names = labels or types
    lengths = {len(column) for column in (*columns, names) if column is not None}
    if names is None or None in columns or len(lengths) != 1:
        raise ReadError(
            f"cannot read {name}",
            why="its atoms lack a label, an element or a coordinate",
            fix="give _atom_site_label and _atom_site_fract_x, _y and _z for every site",
        )
    if len(names) > MAX_ATOMS:
        raise too_many(name, len(names))
    if types is not None and len(types) != len(names):
        types = None
    known = _formula(block)
    kept, numbers, rows = [], [], []
    for i, label in enumerate(names):
        if _is_dummy(block, i):
            notes.append(f"site {label} is marked as a dummy and left out")
            continue
        if _is_empty(block, i, label, name):
            notes.append(f"site {label} has occupancy 0 and is left out")
            continue
        numbers.append(_element(types[i] if types else None, label, known, name, notes))
        rows.append(
            [
                number(column[i], f"coordinate {axis} of site {label}", name)
                for axis, column in zip("xyz", columns, strict=True)
                if column is not None
            ]
        )
        kept.append(label)
    if not kept:
        raise StructureError(
            f"{name} is no crystal", why="no site is occupied", fix="give at least one atom"
        )
    positions = np.array(rows)
    if cartesian:
        positions = positions @ np.linalg.inv(cell)
    if not np.all(np.abs(positions) < 1e6):
        raise StructureError(
            f"{name} is no crystal",
            why="a fractional coordinate is not finite or beyond a million",
            fix="repair the coordinates",
        )
    if any(text.strip() not in ("0", ".", "?") for text in _attached(block)):
        notes.append("the CIF counts hydrogens attached to its sites that it does not list")
    return _Sites(tuple(kept), np.array(numbers, dtype=np.int64), positions)


def _attached(block: Block) -> tuple[str, ...]:
    return block.column("_atom_site_attached_hydrogens") or ()


def _is_dummy(block: Block, i: int) -> bool:
    flags = block.column("_atom_site_calc_flag") or ()
    return i < len(flags) and flags[i].strip().lower() == "dum"


def _is_empty(block: Block, i: int, label: str, name: str) -> bool:
    """Tell whether a site is empty; raise where it is partly so."""
    column = block.column("_atom_site_occupancy") or ()
    if i >= len(column) or column[i].strip() in ("?", ".", ""):
        return False
    occupancy = number(column[i], f"occupancy of site {label}", name)
    if occupancy == 0.0:
        return True
    if not _FULL <= occupancy <= 1 / _FULL:
        raise DisorderError(
            f"{name} is disordered",
            why=f"site {label} has the occupancy {occupancy:g}, and symmetry needs whole atoms",
            fix="choose one element per site (occupancy 1), or order the sites in a supercell",
        )
    return False


def _formula(block: Block) -> frozenset[str]:
    """Return the elements of the chemical formula the file states."""
    text = block.first("_chemical_formula_sum") or ""
    return frozenset(re.findall(r"[A-Z][a-z]?", text)) & _ATOMIC_NUMBER.keys()


def _content(block: Block) -> dict[int, float] | None:
    """Return the atoms of the whole cell by element, if the file states formula and Z."""
    units, text = block.first("_cell_formula_units_z"), block.first("_chemical_formula_sum")
    if units is None or text is None or not re.fullmatch(r"\d{1,6}", units):
        return None
    counts: dict[int, float] = {}
    for symbol, count in re.findall(r"([A-Z][a-z]?)(\d{0,6}(?:\.\d{1,6})?)", text):
        z = 1 if symbol in ("D", "T") else _ATOMIC_NUMBER.get(symbol)
        if z is None:
            return None
        counts[z] = counts.get(z, 0.0) + float(count or 1) * int(units)
    return counts


def _element(
    kind: str | None, label: str, known: frozenset[str], name: str, notes: list[str]
) -> int:
    """Return the atomic number; labels are only believed as far as their letters go."""
    symbol = None
    if kind is not None and kind.strip() not in ("?", ".", ""):
        match = _TYPE.fullmatch(kind.strip())
        text = next((group for group in match.groups() if group), "") if match else ""
        symbol = text.capitalize()
        shown = kind.strip()
    else:
        shown = label.strip()
        match = _LABEL.fullmatch(shown)
        if match:
            one, two = match[1].upper(), (match[1] + match[2]).capitalize()
            both = [s for s in (two, one) if s in _ATOMIC_NUMBER or s in ("D", "T")]
            if match[2].islower():
                both = [s for s in both if s == two]
            stated = [s for s in both if s in known]
            symbol = (stated or both or [None])[0]
            if match[2].isupper() and symbol:
                notes.append(f"label {shown} is read as {symbol}")
    if symbol in ("D", "T"):
        notes.append(f"site {label} is {'deuterium' if symbol == 'D' else 'tritium'}, taken as H")
        symbol = "H"
    if symbol is None or symbol not in _ATOMIC_NUMBER:
        raise StructureError(
            f"{name} is no crystal",
            why=f"site {label} is of no known element ({shown[:20]!r})",
            fix="give its chemical symbol in _atom_site_type_symbol",
        )
    return _ATOMIC_NUMBER[symbol]


def _check_metric(cell: Floats, rotations: Integers, name: str, notes: list[str]) -> None:
    """Operations must keep the lengths and angles of the cell."""
    worst = metric_misfit(cell, rotations)
    if worst > FITS:
        raise StructureError(
            f"{name} contradicts itself",
            why="its symmetry operations do not fit the lengths and angles of its cell "
            f"(they change by {100 * worst:.0f} %)",
            fix="check that cell and operations belong to the same setting "
            "(hexagonal or rhombohedral axes, unique axis)",
        )
    if worst > 1e-3:
        notes.append(
            f"the cell fits its symmetry operations only to {100 * worst:.1f} % of the lengths"
        )
