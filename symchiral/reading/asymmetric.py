"""From the data block of a CIF to the atoms of its cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from symchiral.crystal.crystal import Mixture, Notice
from symchiral.errors import ReadError, StructureError
from symchiral.reading.cif import DataBlock, number
from symchiral.reading.expand import metric_misfit
from symchiral.reading.magnetic_cif import (
    expanded_moments,
    magnetic_operations,
    stated_moments,
    without_time,
)
from symchiral.reading.named_group import FITS, StatedGroup, operations_of
from symchiral.reading.places import occupied, read_rows
from symchiral.reading.stated import contradictions, stated_contents
from symchiral.reading.xyz import distinct_operations, parse_operations
from symchiral.value import Floats, Integers

_ANGLES = ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma")
_OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
)


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
    notices : tuple of Notice
        Where the statements of the file do not agree, and what is virtual.
    mixtures : tuple of Mixture
        What virtual elements stand for.
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
    notices: tuple[Notice, ...]
    mixtures: tuple[Mixture, ...]


def has_atoms(block: DataBlock) -> bool:
    """Tell whether a block lists atoms with coordinates."""
    return bool(block.column("_atom_site_fract_x", "_atom_site_cartn_x"))


def expand_block(block: DataBlock, *, name: str, average_sites: bool = False) -> Expanded:
    """Return all atoms of the cell a CIF block describes.

    Parameters
    ----------
    block : DataBlock
        A data block with atoms.
    name : str
        How errors call the file.
    average_sites : bool
        Take a site that several elements fill as one virtual element.

    Raises
    ------
    ReadError
        If a number, an operation or an element cannot be read, or the group is not known.
    DisorderError
        If a site is partly occupied, or by several elements.
    StructureError
        If there is no cell, the operations do not fit it, or the structure is modulated.

    Examples
    --------
    >>> from symchiral.reading.cif import parse_cif
    >>> text = '''_cell_length_a 4
    ... _cell_length_b 4
    ... _cell_length_c 4
    ... _cell_angle_alpha 90
    ... _cell_angle_beta 90
    ... _cell_angle_gamma 90
    ... _symmetry_space_group_name_H-M 'I m -3 m'
    ... loop_ _atom_site_label _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z
    ... W1 0 0 0'''
    >>> expand_block(parse_cif(text)[0], name="W").positions.tolist()
    [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    """
    _refuse_modulated(block, name)
    notes = list(block.notes)
    cell = _cell(block, name, notes)
    rows = read_rows(block, cell, name, notes)
    stated = StatedGroup.of(block, notes)
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
        _check_magnetic_name(block, stated, name)
        rotations, translations = operations_of(
            stated,
            cell=cell,
            rows=rows,
            formula=stated_contents(block),
            name=name,
            notes=notes,
        )
    _check_metric(cell, rotations, name, notes)
    places = occupied(
        rows, rotations, translations, cell, average=average_sites, name=name, notes=notes
    )
    labels = tuple(row.label for row in places.rows)
    orbits = places.orbits
    moments = stated_moments(
        block, labels, tuple(row.label for row in rows), cell, name=name, notes=notes
    )
    if moments is not None:
        if magnetic is None:
            magnetic = without_time(rotations, translations, name=name)
        sites = np.array([row.position for row in places.rows])
        moments = expanded_moments(moments, sites, orbits, magnetic, cell, labels=labels, name=name)
    notices = contradictions(
        block,
        contents=places.contents,
        rows=places.rows,
        multiplicities=np.bincount(orbits.site).tolist(),
        order=len(rotations),
        volume=abs(float(np.linalg.det(cell))),
    )
    return Expanded(
        cell=cell,
        positions=orbits.positions,
        numbers=places.numbers[orbits.site],
        labels=tuple(labels[i] for i in orbits.site),
        group=stated.group,
        symbol=stated.symbol,
        notes=_summary(notes),
        moments=moments,
        bns=block.first("_space_group_magn_number_bns"),
        notices=(*stated.contradictions(), *notices, *places.notices),
        mixtures=places.mixtures,
    )


def _refuse_modulated(block: DataBlock, name: str) -> None:
    """A modulated structure has no lattice in three dimensions: its average is another crystal."""
    for tag, values in block.values.items():
        told = [value.strip() for value in values if value.strip() not in ("", "?", ".", "0")]
        if not told:
            continue
        superspace = (
            tag in ("_cell_modulation_dimension", "_cell_subsystems_number")
            or tag.startswith(("_space_group_ssg_", "_cell_wave_vector_"))
            or tag.startswith(("_space_group_symop_ssg_", "_space_group_symop_magn_ssg_"))
        )
        if superspace:
            why = f"it is described in superspace ({tag} {told[0][:40]})"
        elif "propagation_vector_kxkykz" in tag and (vector := _irrational(told)):
            why = f"its propagation vector {vector} belongs to no supercell"
        else:
            continue
        raise StructureError(
            f"{name} is modulated",
            why=f"{why}: its atoms or moments repeat in no cell, and symmetry here is that of a "
            "crystal",
            fix="give a commensurate approximant: a supercell with all its atoms and moments",
        )


def _irrational(vectors: list[str]) -> str | None:
    """The first wavevector that is not a multiple of 1/12 or of other simple fractions."""
    for text in vectors:
        for word in re.findall(r"-?\d*\.\d+", text):
            value = abs(float(word))
            if all(abs(value * n - round(value * n)) > 1e-3 * n for n in range(1, 13)):
                return text
    return None


def _check_magnetic_name(block: DataBlock, stated: StatedGroup, name: str) -> None:
    """A file that states a magnetic group, no other and no operations, states a symmetry."""
    named = block.first(
        "_space_group_magn_number_bns",
        "_space_group_magn_name_bns",
        "_space_group_magn_number_og",
        "_space_group_magn_name_og",
    )
    if named is not None and stated == StatedGroup():
        raise ReadError(
            f"cannot read {name}",
            why=f"it names the magnetic space group {named[:40]} without operations",
            fix="list _space_group_symop_magn_operation.xyz, and its centring translations",
        )


def _summary(notes: list[str]) -> tuple[str, ...]:
    unique = list(dict.fromkeys(notes))
    return tuple(unique) if len(unique) <= 12 else (*unique[:12], f"and {len(unique) - 12} more")


def _cell(block: DataBlock, name: str, notes: list[str]) -> Floats:
    values = []
    for tag in (*(f"_cell_length_{x}" for x in "abc"), *_ANGLES):
        value = block.first(tag)
        if value is None:
            raise StructureError(
                f"{name} is not a crystal",
                why=f"the CIF does not give {tag}",
                fix="give the cell: its three lengths and three angles",
            )
        values.append(number(value, tag, name, notes))
    lengths, angles = values[:3], values[3:]
    in_range = all(0.01 < x < 1e6 for x in lengths) and all(0 < angle < 180 for angle in angles)
    ca, cb, cg = (_cosine(angle) if in_range else 0.0 for angle in angles)
    square = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg
    if not in_range or square < 1e-10:
        shape = ", ".join(f"{x:g}" for x in (*lengths, *angles))
        raise StructureError(
            f"{name} is not a crystal",
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
