"""Reading force constants, forces or eigenvectors from whatever phonopy writes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from symchiral.crystal.crystal import Source
from symchiral.crystal.tolerance import SYMPREC
from symchiral.disk import is_file, is_folder, recording, user_path
from symchiral.errors import InputError, ReadError
from symchiral.forces.door import (
    ForceConstants,
    Forces,
    first_displacement,
    from_yaml,
    read_charges,
)
from symchiral.forces.provenance import KEY, Provenance
from symchiral.forces.tabulated import TabulatedCell, tabulated, tabulated_hdf5
from symchiral.plain import parse_yaml as parse_plain_yaml
from symchiral.reading.files import load, locate, unpack
from symchiral.reading.folder import (
    CONSTANTS,
    FORCE_NAMES,
    HDF5,
    HOLDS,
    MAX_BYTES,
    SETS,
    TABLES,
    YAML,
    Folder,
    is_zip,
    phonopy_yaml,
    plain_path,
)
from symchiral.reading.force_sets import from_files
from symchiral.reading.site_values import uncommon_masses
from symchiral.value import Floats


def read_forces(
    source: object,
    *,
    symprec: float = SYMPREC,
    supercell: str | Sequence[int] | Sequence[Sequence[int]] | None = None,
) -> tuple[Forces, Source, Provenance | None]:
    """Read what gives dynamical matrices.

    Parameters
    ----------
    source : str, Path or phonopy.Phonopy
        A phonopy yaml of any version, with FORCE_SETS, FORCE_CONSTANTS or force_constants.hdf5, and
        BORN, beside it where it has none itself; any of these files; a unit cell or SPOSCAR with
        forces; a folder or a zip archive with these; ``band``, ``mesh`` or ``qpoints`` (``.yaml``,
        ``.hdf5``) with eigenvectors; all of them also compressed; or a Phonopy object.
    symprec : float
        Å: how well atoms must repeat to be copies of each other.
    supercell : str or sequence, optional
        Three or nine whole numbers: the supercell of the unit cell, where no file states it.

    Returns
    -------
    Forces
        What gives dynamical matrices.
    Source
        Where it was read from.
    Provenance or None
        How symchiral had the forces computed, if it had.

    Raises
    ------
    ReadError
        There is no such file, it is damaged, or no forces come with it.
    StructureError
        The forces do not belong to the structure.
    """
    with recording() as reading:
        forces, origin, provenance = _read(source, symprec, supercell)
    notes = uncommon_masses(forces.numbers, forces.masses)
    notes = (*origin.notes, *notes)
    return forces, replace(origin, notes=notes, files=reading.files), provenance


def _read(
    source: object, symprec: float, supercell: Any
) -> tuple[Forces, Source, Provenance | None]:
    if not isinstance(source, str | os.PathLike):
        _require_none(supercell, "a Phonopy object")
        return ForceConstants(source), Source(), None
    given = os.fspath(source)
    path = user_path(given)
    plain = plain_path(path)
    chosen = None
    if is_folder(path) or is_zip(path):
        folder = Folder(path, HOLDS)
    elif (plain.name in FORCE_NAMES or plain.suffix.lower() == ".conf") and is_file(path):
        folder, chosen = Folder(path.parent), path.name
    else:
        path = locate(path)
        folder = Folder(path.parent)
        data = load(path, name=given, limit=MAX_BYTES)
        if plain_path(path).suffix.lower() in HDF5:
            return _from_hdf5(path.name, folder, given, data, symprec)
        return _from_yaml(data, folder, given, path.name, symprec, supercell)
    inside = phonopy_yaml(folder)
    if inside is not None:
        return _from_yaml(folder.packed(inside), folder, given, inside, symprec, supercell, chosen)
    table = folder.find(*TABLES)
    if table is not None and folder.find(*FORCE_NAMES) is None:
        if plain_path(Path(table)).suffix in YAML:
            return _from_yaml(folder.packed(table), folder, given, table, symprec, supercell)
        return _from_hdf5(table, folder, given, folder.packed(table), symprec)
    forces = from_files(folder, name=given, symprec=symprec, supercell=supercell, chosen=chosen)
    return forces, Source(given), None


def _from_yaml(
    data: bytes,
    folder: Folder,
    given: str,
    own: str,
    symprec: float,
    supercell: Any,
    chosen: str | None = None,
) -> tuple[Forces, Source, Provenance | None]:
    """What a yaml of phonopy holds, with the files beside it."""
    parsed = parse_yaml(data, given)
    origin = Source(given, hashlib.sha256(data).hexdigest(), *_stated(parsed))
    record = parsed.get(KEY)
    provenance = None if record is None else Provenance.of_record(record, name=given)
    if "phonon" in parsed:
        structure, charges = _primitive(parsed, folder, given, symprec)
        return tabulated(parsed, structure, name=given, charges=charges), origin, provenance
    if "natom" in parsed and "displacements" in parsed and "unit_cell" not in parsed:
        # disp.yaml of phonopy 1 has the supercell alone.
        made = from_files(folder, name=given, symprec=symprec, supercell=supercell, chosen=chosen)
        return made, origin, provenance
    _require_none(supercell, own)
    names = FORCE_NAMES if chosen not in FORCE_NAMES else (chosen,)
    if not _has_forces(parsed) and folder.find(*names) is None:
        raise ReadError(
            f"no force constants in {given}",
            why=f"{own} has no forces, and with it lie {_listed(folder, own)}: no {SETS} and no "
            f"{' or '.join(CONSTANTS)}",
            fix=f"make {SETS} of the forces (phonopy -f) or give phonopy_params.yaml, which has "
            "them",
        )
    forces = from_yaml(
        parsed,
        name=given,
        symprec=symprec,
        force_sets=folder.file(SETS) if SETS in names else None,
        force_constants=folder.file(*[name for name in CONSTANTS if name in names]),
        born=folder.file("BORN"),
    )
    return forces, origin, provenance


def _from_hdf5(
    own: str, folder: Folder, given: str, data: bytes, symprec: float
) -> tuple[Forces, Source, Provenance | None]:
    """Eigenvectors of band.hdf5, mesh.hdf5 or qpoints.hdf5, whose atoms another file has."""
    structure, charges = _primitive({}, folder, given, symprec)
    path = folder.file(str(plain_path(Path(own))))
    assert path is not None
    found = tabulated_hdf5(path, structure, name=given, charges=charges)
    return found, Source(given, hashlib.sha256(data).hexdigest()), None


def _require_none(supercell: Any, what: str) -> None:
    if supercell is not None:
        raise InputError(
            "cannot use another supercell",
            why=f"{what} states that of its forces",
            fix="leave --supercell (supercell=) out",
        )


def _has_forces(parsed: Mapping[str, Any]) -> bool:
    """Whether a parsed yaml has force constants, or forces with its displacements."""
    if "force_constants" in parsed:
        return True
    # What is neither is damaged, and phonopy says how.
    sets = first_displacement(parsed)
    return sets is not None and not (isinstance(sets, dict) and not {"forces", "force"} & set(sets))


def _stated(parsed: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Number and symbol of the space group that the file states."""
    group = parsed.get("space_group")
    if not isinstance(group, dict) or not isinstance(group.get("number"), int):
        return None, None
    return group["number"], str(group.get("type", ""))


def _primitive(
    parsed: Mapping[str, Any], folder: Folder, name: str, symprec: float
) -> tuple[TabulatedCell, tuple[Floats, Floats] | None]:
    """The primitive cell of eigenvectors, and its Born charges where BORN lies beside."""
    if "points" in parsed:
        structure = TabulatedCell.of(parsed, name=name)
    else:
        inside = phonopy_yaml(folder)
        if inside is None:
            raise ReadError(
                f"cannot read {name}",
                why="it contains no atoms, and no phonopy.yaml lies beside it",
                fix="copy the phonopy.yaml of the calculation into the same folder",
            )
        cell = parse_yaml(folder.packed(inside), inside).get("primitive_cell")
        structure = TabulatedCell.of(cell if isinstance(cell, dict) else {}, name=inside)
    born = folder.file("BORN")
    if born is None:
        return structure, None
    cells = (structure.cell, structure.positions, structure.numbers)
    return structure, read_charges(born, *cells, name=name, symprec=symprec)


def _listed(folder: Folder, own: str) -> str:
    """The other files of a folder, the first few of them."""
    names = [name for name in folder.names if name != own]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"{', '.join(names[:6])}{more}" if names else "no other files"


def parse_yaml(data: bytes, name: str) -> dict[str, Any]:
    """Parse the YAML of phonopy, also compressed: a mapping."""
    parsed = parse_plain_yaml(unpack(data, name=name, limit=MAX_BYTES), name=name)
    if not isinstance(parsed, dict):
        raise ReadError(
            f"cannot read {name}",
            why="it is empty or no phonopy file",
            fix="give a phonopy.yaml, phonopy_params.yaml, band.yaml, mesh.yaml or qpoints.yaml",
        )
    return parsed
