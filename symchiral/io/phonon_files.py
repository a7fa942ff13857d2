"""Reading force constants, forces or eigenvectors from whatever phonopy writes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symchiral.crystal.crystal import Source
from symchiral.crystal.tolerance import SYMPREC
from symchiral.disk import is_file, is_folder, user_path
from symchiral.errors import ReadError
from symchiral.forces.door import ForceConstants, Forces, from_supercell, from_yaml
from symchiral.forces.provenance import KEY, Provenance
from symchiral.forces.tabulated import Tabulated, tabulated
from symchiral.io.files import load, locate, unpack
from symchiral.plain import parse_yaml as parse_plain_yaml

MAX_BYTES = 1_000_000_000
"""Larger files of force data are not read."""

_YAML = (".yaml", ".yml")
_PACKED = (".xz", ".lzma", ".gz", ".bz2")
_NAMES = ("phonopy_params.yaml", "phonopy.yaml", "phonopy_disp.yaml", "phono3py_params.yaml")
_FORCES = ("FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5")


def is_phonon_source(source: object) -> bool:
    """Whether a source is force data: a phonopy object, a yaml file, FORCE_SETS, or their folder.

    Examples
    --------
    >>> is_phonon_source("Bi2Se3.cif"), is_phonon_source("somewhere/phonopy.yaml.xz")
    (False, True)
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if plain_path(path).suffix.lower() in _YAML or path.name in _FORCES:
            return True
        return is_folder(path) and (_in_folder(path) is not None or is_file(path / "SPOSCAR"))
    return hasattr(source, "dynamical_matrix") and hasattr(source, "force_constants")


def read_forces(
    source: object, *, symprec: float = SYMPREC
) -> tuple[Forces, Source, Provenance | None]:
    """Read what gives dynamical matrices.

    Parameters
    ----------
    source : str, Path or phonopy.Phonopy
        ``phonopy.yaml``, ``phonopy_params.yaml``, ``phonopy_disp.yaml`` (with FORCE_SETS,
        FORCE_CONSTANTS or force_constants.hdf5, and BORN, beside it), also compressed; a folder
        with these; ``band.yaml``, ``mesh.yaml`` or ``qpoints.yaml`` with eigenvectors; or a
        Phonopy object.
    symprec : float
        Å: how well atoms must repeat to be copies of each other.

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
    if not isinstance(source, str | os.PathLike):
        return ForceConstants(source), Source(), None
    given = os.fspath(source)
    path = user_path(given)
    if path.name in _FORCES and is_file(path):
        path = path.parent
    if is_folder(path):
        inside = _in_folder(path)
        if inside is None:
            return _from_supercell(path, given, symprec), Source(given), None
        path = inside
    path = locate(path)
    data = load(path, name=given, limit=MAX_BYTES)
    parsed = parse_yaml(data, given)
    origin = Source(given, hashlib.sha256(data).hexdigest(), *_stated(parsed))
    record = parsed.get(KEY)
    provenance = None if record is None else Provenance.of_record(record, name=given)
    if "phonon" in parsed:
        return _tabulated(parsed, path, given), origin, provenance
    beside = {name: _existing(path.parent / name) for name in (*_FORCES, "BORN")}
    forces = from_yaml(
        parsed,
        name=given,
        symprec=symprec,
        force_sets=beside["FORCE_SETS"],
        force_constants=beside["FORCE_CONSTANTS"] or beside["force_constants.hdf5"],
        born=beside["BORN"],
    )
    return forces, origin, provenance


def _stated(parsed: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Number and symbol of the space group that the file states."""
    group = parsed.get("space_group")
    if not isinstance(group, dict) or not isinstance(group.get("number"), int):
        return None, None
    return group["number"], str(group.get("type", ""))


def _tabulated(parsed: Mapping[str, Any], path: Path, name: str) -> Tabulated:
    """Eigenvectors at the wavevectors of a file; qpoints.yaml needs the structure beside it."""
    cell = None
    if "points" not in parsed:
        inside = _in_folder(path.parent)
        if inside is None:
            raise ReadError(
                f"cannot read {name}",
                why="it contains no atoms, and no phonopy.yaml lies beside it",
                fix="copy the phonopy.yaml of the calculation into the same folder",
            )
        data = unpack(
            load(inside, name=inside.name, limit=MAX_BYTES), name=inside.name, limit=MAX_BYTES
        )
        cell = parse_yaml(data, inside.name)
    return tabulated(parsed, cell, name=name)


def _from_supercell(folder: Path, name: str, symprec: float) -> ForceConstants:
    """SPOSCAR with FORCE_SETS or FORCE_CONSTANTS, without any yaml."""
    beside = {n: _existing(folder / n) for n in (*_FORCES, "BORN")}
    supercell = _existing(folder / "SPOSCAR")
    if supercell is None:
        raise ReadError(
            f"cannot read {name}",
            why="no phonopy yaml file and no SPOSCAR tell what supercell the forces belong to",
            fix="put phonopy.yaml or phonopy_disp.yaml beside them",
        )
    return from_supercell(
        supercell,
        name=name,
        symprec=symprec,
        force_sets=beside["FORCE_SETS"],
        force_constants=beside["FORCE_CONSTANTS"] or beside["force_constants.hdf5"],
        born=beside["BORN"],
    )


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


def _in_folder(folder: Path) -> Path | None:
    for name in _NAMES:
        for packed in ("", *_PACKED):
            if is_file(folder / (name + packed)):
                return folder / (name + packed)
    return None


def _existing(path: Path) -> Path | None:
    return path if is_file(path) else None


def plain_path(path: Path) -> Path:
    """Return the path without the ending of a compression."""
    return path.with_suffix("") if path.suffix.lower() in _PACKED else path
