r"""The sites of a CIF: which elements are where, and how people write that.

A file may list one place several times: an equivalent of a site again, one element split over
rows, or several elements that share a site. Rows whose orbits meet are one place. It is taken as
one atom if one element fills it (0.95 to 1), refused as disorder if not; a place that several
elements fill may be taken as one *virtual element*: the average structure, whose symmetry is that
of the disordered crystal on the average and of no cell of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.check import MAX_ATOMS, closest_atoms, too_many
from symchiral.crystal.crystal import SYMBOLS, Mixture, Notice
from symchiral.errors import DisorderError, ReadError, StructureError
from symchiral.reading.cif import DataBlock, number
from symchiral.reading.expand import MERGE, Orbits, expand
from symchiral.value import Floats, Integers

Shares = Mapping[int, float]

FULL = 0.95
"""A place at least so full is taken as full, with a note."""

EXACT = 0.995
"""… and from here on without one."""

OVERFULL = 1.02
"""Rounded occupancies of one place may add up to this."""

_MANY = 5000
"""In larger cells rows are not compared with each other: what is listed twice is an error."""

_TYPE = re.compile(r"([A-Za-z]{1,2})(?![A-Za-z]).*|(C)val|(Si)va", re.DOTALL)
_LABEL = re.compile(r"([A-Za-z])([A-Za-z]?)(.*)", re.DOTALL)
_SHARE = re.compile(
    r"(\d{0,9}\.?\d{1,9})? ?\*? ?([A-Z][a-z]?)(?:\d{0,2}[+-])? ?(\d{0,9}\.\d{1,9})?"
)
ATOMIC_NUMBER = {symbol: z for z, symbol in enumerate(SYMBOLS) if z}


@dataclass(frozen=True)
class SiteRow:
    """One row of the list of sites.

    Attributes
    ----------
    label : str
        Its label.
    position : tuple of float
        Fractional coordinates, as the file gives them.
    shares : dict
        Occupancy by atomic number.
    index : int
        Which row of the file it is.
    """

    label: str
    position: tuple[float, ...]
    shares: Shares
    index: int


@dataclass(frozen=True)
class Places:
    """All atoms of the cell.

    Attributes
    ----------
    rows : tuple of SiteRow
        The rows the atoms come from, one for each orbit.
    numbers : (rows,) int
        Atomic numbers, or those of mixtures.
    orbits : Orbits
        Their atoms.
    mixtures : tuple of Mixture
        What virtual elements stand for.
    contents : dict
        Atoms of the cell by atomic number, by the occupancies stated.
    notices : tuple of Notice
        Virtual elements, one sentence each.
    """

    rows: tuple[SiteRow, ...]
    numbers: Integers
    orbits: Orbits
    mixtures: tuple[Mixture, ...]
    contents: dict[int, float]
    notices: tuple[Notice, ...]


def contents(rows: Sequence[SiteRow], sites: Integers) -> dict[int, float]:
    """Atoms by atomic number, given the row that each atom comes from."""
    found: dict[int, float] = {}
    counts = np.bincount(sites, minlength=len(rows))
    for row, count in zip(rows, counts.tolist(), strict=True):
        for z, share in row.shares.items():
            found[z] = found.get(z, 0.0) + share * count
    return found


def read_rows(block: DataBlock, cell: Floats, name: str, notes: list[str]) -> tuple[SiteRow, ...]:
    """Read the sites a block lists; dummies and empty ones are noted and left out.

    Raises
    ------
    ReadError
        A label, an element, a coordinate or an occupancy is missing or cannot be read.
    StructureError
        An element is none, or no site is left.
    """
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
    known = frozenset(formula_counts(block) or {})
    rows = []
    for i, label in enumerate(names):
        if _is_dummy(block, i):
            notes.append(f"site {label} is marked as a dummy and left out")
            continue
        occupancy = _occupancy(block, i, label, name, notes)
        if occupancy == 0.0:
            notes.append(f"site {label} has occupancy 0 and is left out")
            continue
        shares = _shares(types[i] if types else None, label, known, name, notes)
        position = tuple(
            _coordinate(column[i], axis, label, name, notes)
            for axis, column in zip("xyz", columns, strict=True)
            if column is not None
        )
        whole = {z: share * occupancy for z, share in shares.items()}
        rows.append(SiteRow(label, position, whole, i))
    if not rows:
        raise StructureError(
            f"{name} is not a crystal", why="no site is occupied", fix="give at least one atom"
        )
    positions = np.array([row.position for row in rows])
    if cartesian:
        positions = positions @ np.linalg.inv(cell)
        rows = [
            SiteRow(row.label, tuple(x.tolist()), row.shares, row.index)
            for row, x in zip(rows, positions, strict=True)
        ]
    if not np.all(np.abs(positions) < 1e6):
        raise StructureError(
            f"{name} is not a crystal",
            why="a fractional coordinate is not finite or beyond a million",
            fix="repair the coordinates",
        )
    attached = block.column("_atom_site_attached_hydrogens") or ()
    if any(text.strip() not in ("0", ".", "?") for text in attached):
        notes.append("the CIF counts hydrogens attached to its sites that it does not list")
    return tuple(rows)


def occupied(
    rows: Sequence[SiteRow],
    rotations: Integers,
    translations: Floats,
    cell: Floats,
    *,
    average: bool,
    name: str,
    notes: list[str],
) -> Places:
    """Spread the sites over the cell, one atom at each place.

    Parameters
    ----------
    rows : sequence of SiteRow
        The sites.
    rotations, translations, cell
        As for :func:`~symchiral.reading.expand.expand`.
    average : bool
        Take a place that several elements fill as one virtual element.
    name : str
        How errors call the file.
    notes : list of str
        What was assumed is added here.

    Raises
    ------
    DisorderError
        A place is not filled, or by several elements.
    StructureError, LimitError
        As for :func:`~symchiral.reading.expand.expand`.
    """
    labels = tuple(row.label for row in rows)
    sites = np.array([row.position for row in rows])
    orbits = expand(sites, rotations, translations, cell, labels=labels, name=name)
    kept, numbers, whole = [], [], []
    mixtures: dict[tuple[tuple[int, float], ...], Mixture] = {}
    mixed: dict[str, list[str]] = {}
    for members in _groups(rows, orbits, cell):
        group = [rows[i] for i in members]
        first, shares = _filled(group, average=average, name=name, notes=notes)
        if len(shares) == 1:
            numbers.append(next(iter(shares)))
        else:
            key = tuple(sorted((z, round(share, 3)) for z, share in shares.items()))
            mixture = mixtures.setdefault(key, Mixture.of(shares, len(mixtures)))
            numbers.append(mixture.number)
            mixed.setdefault(mixture.symbol, []).append(first.label)
        kept.append(members[group.index(first)])
        whole.append(SiteRow(first.label, first.position, shares, first.index))
    place = np.full(len(rows), -1)
    place[kept] = np.arange(len(kept))
    inside = place[orbits.site] >= 0
    orbits = Orbits(orbits.positions[inside], place[orbits.site[inside]], orbits.moved[kept])
    for row, moved in zip(whole, orbits.moved, strict=True):
        if moved > 2e-4:
            notes.append(
                f"site {row.label} was moved {moved:.4f} Å onto its symmetry element "
                "(coordinates with few digits)"
            )
    notices = tuple(
        Notice(
            "average-sites",
            f"{symbol} is a virtual element: the average of what occupies {_listed(sites)}. The "
            "symmetry is that of the average structure; no cell of the crystal has it",
        )
        for symbol, sites in mixed.items()
    )
    return Places(
        rows=tuple(whole),
        numbers=np.array(numbers, dtype=np.int64),
        orbits=orbits,
        mixtures=tuple(mixtures.values()),
        contents=contents(whole, orbits.site),
        notices=notices,
    )


def _listed(labels: list[str]) -> str:
    more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
    return f"{'site' if len(labels) == 1 else 'sites'} {', '.join(labels[:5])}{more}"


def _groups(rows: Sequence[SiteRow], orbits: Orbits, cell: Floats) -> list[list[int]]:
    """Rows by place: those that have atoms where others have, together.

    Whole atoms of different elements share no place: they overlap, which is for others to say.
    """
    count = int(orbits.site.max()) + 1
    if len(orbits.site) > _MANY or closest_atoms(cell, orbits.positions)[2] >= MERGE:
        return [[i] for i in range(count)]
    groups: list[list[int]] = []
    owner = np.empty(len(orbits.site), dtype=np.int64)
    seen = np.zeros(len(orbits.site), dtype=bool)
    for i in range(count):
        mine = orbits.site == i
        away = distances(orbits.positions[seen] - orbits.positions[mine][0], cell)
        near = owner[seen][away < MERGE]
        if len(near) and not _overlap(rows[i], rows[groups[int(near[0])][0]]):
            groups[int(near[0])].append(i)
        else:
            groups.append([i])
            owner[mine] = len(groups) - 1
            seen |= mine
    return groups


def _overlap(one: SiteRow, other: SiteRow) -> bool:
    return one.shares.keys() != other.shares.keys() and all(
        sum(row.shares.values()) >= FULL for row in (one, other)
    )


def _filled(
    group: list[SiteRow], *, average: bool, name: str, notes: list[str]
) -> tuple[SiteRow, Shares]:
    """The row that stands for a place, and what fills it; raise where it is not full."""
    first = max(group, key=lambda row: sum(row.shares.values()))
    others = ", ".join(row.label for row in group if row is not first)
    elements = {z for row in group for z in row.shares}
    totals = {z: sum(row.shares.get(z, 0.0) for row in group) for z in elements}
    (z, most), *_ = sorted(first.shares.items(), key=lambda item: -item[1])
    if len(elements) == 1:
        full = [row for row in group if row.shares[z] >= FULL]
        if len(group) > 1 and len(full) == len(group):
            notes.append(f"site {first.label} is listed more than once: {others} left out")
            total = most
        else:
            total = totals[z]
            if len(group) > 1 and FULL <= total <= OVERFULL:
                notes.append(
                    f"sites {', '.join(row.label for row in group)} share one place and are one "
                    f"{SYMBOLS[z]} atom"
                )
        if EXACT <= total <= 1 / EXACT or (len(group) > 1 and FULL <= total <= OVERFULL):
            return first, {z: total}
        if FULL <= total < 1:
            notes.append(f"site {first.label} has the occupancy {total:g} and is taken as full")
            return first, {z: total}
        raise partly_occupied(name, f"site {first.label} has the occupancy {total:g}")
    total = sum(totals.values())
    said = " + ".join(f"{share:g} {SYMBOLS[z]}" for z, share in totals.items())
    if not FULL <= total <= OVERFULL:
        raise partly_occupied(name, f"site {first.label} is occupied by {said}, {total:g} in all")
    if average:
        return first, totals
    raise DisorderError(
        f"{name} is disordered",
        why=f"site {first.label} is occupied by {said}, and symmetry needs whole atoms",
        fix="choose one element per site, order the sites in a supercell, or take the average "
        "structure, one virtual element per site (average_sites=True, --average-sites)",
    )


def partly_occupied(name: str, why: str) -> DisorderError:
    """Return the error of a site that is not wholly of one element."""
    return DisorderError(
        f"{name} is disordered",
        why=f"{why}, and symmetry needs whole atoms",
        fix="choose one element per site (occupancy 1), or order the sites in a supercell",
    )


def _is_dummy(block: DataBlock, i: int) -> bool:
    flags = block.column("_atom_site_calc_flag") or ()
    return i < len(flags) and flags[i].strip().lower() == "dum"


def _occupancy(block: DataBlock, i: int, label: str, name: str, notes: list[str]) -> float:
    column = block.column("_atom_site_occupancy") or ()
    if i >= len(column) or column[i].strip() in ("?", ".", ""):
        return 1.0
    return number(column[i], f"occupancy of site {label}", name, notes)


def _coordinate(text: str, axis: str, label: str, name: str, notes: list[str]) -> float:
    if text.strip() == ".":
        notes.append("coordinates written as '.' are read as 0")
        return 0.0
    return number(text, f"coordinate {axis} of site {label}", name, notes)


def formula_counts(block: DataBlock) -> dict[str, float] | None:
    """Elements and numbers of the chemical formula a block states; None if it states none.

    Examples
    --------
    >>> formula_counts(DataBlock("x", {"_chemical_formula_sum": ("C2 H4.5 D1.5 O",)}))
    {'C': 2.0, 'H': 4.5, 'D': 1.5, 'O': 1.0}
    """
    text = block.first("_chemical_formula_sum") or ""
    counts: dict[str, float] = {}
    rest = re.sub(r"[\s'\"~]", "", text)
    while match := re.match(r"([A-Z][a-z]?)(\d{0,6}(?:\.\d{1,6})?)(?:\(\d+\))?", rest):
        symbol, count = match.groups()
        if symbol not in ATOMIC_NUMBER and symbol not in ("D", "T"):
            return None
        counts[symbol] = counts.get(symbol, 0.0) + float(count or 1)
        rest = rest[match.end() :]
    return counts if counts and not rest else None


def _shares(
    kind: str | None, label: str, known: frozenset[str], name: str, notes: list[str]
) -> Shares:
    """Atomic numbers with their parts; labels are only believed as far as their letters go."""
    symbol = None
    if kind is not None and kind.strip() not in ("?", ".", ""):
        mixed = _mixed(kind)
        if mixed is not None:
            if any(np.isnan(share) for share in mixed.values()):
                raise partly_occupied(name, f"site {label} is occupied by {kind.strip()[:60]}")
            return mixed
        match = _TYPE.fullmatch(kind.strip())
        text = next((group for group in match.groups() if group), "") if match else ""
        symbol = text.capitalize()
        shown = kind.strip()
    else:
        shown = label.strip()
        match = _LABEL.fullmatch(shown)
        if match:
            one, two = match[1].upper(), (match[1] + match[2]).capitalize()
            both = [s for s in (two, one) if s in ATOMIC_NUMBER or s in ("D", "T")]
            if match[2].islower():
                both = [s for s in both if s == two]
            stated = [s for s in both if s in known]
            symbol = (stated or both or [None])[0]
            if match[2].isupper() and symbol:
                notes.append(f"label {shown} is read as {symbol}")
    if symbol in ("D", "T"):
        notes.append(f"site {label} is {'deuterium' if symbol == 'D' else 'tritium'}, taken as H")
        symbol = "H"
    if symbol is None or symbol not in ATOMIC_NUMBER:
        raise StructureError(
            f"{name} is not a crystal",
            why=f"site {label} is of no known element ({shown[:20]!r})",
            fix="give its chemical symbol in _atom_site_type_symbol",
        )
    return {ATOMIC_NUMBER[symbol]: 1.0}


def _mixed(kind: str) -> dict[int, float] | None:
    """Elements that share a site in one word; None if it is one element.

    Examples
    --------
    >>> _mixed("0.5Na + 0.5K"), _mixed("Fe3+"), _mixed("Fe0.7/Co0.3")
    ({11: 0.5, 19: 0.5}, None, {26: 0.7, 27: 0.3})
    """
    parts = re.split(r"[+,/&;]", kind.strip().strip("()"))
    if len(parts) < 2:
        return None
    shares: dict[int, float] = {}
    for part in parts:
        match = _SHARE.fullmatch(" ".join(part.split()))
        if match is None or match[2] not in ATOMIC_NUMBER:
            return None
        share = float(match[1] or match[3] or "nan")
        shares[ATOMIC_NUMBER[match[2]]] = shares.get(ATOMIC_NUMBER[match[2]], 0.0) + share
    return shares
