"""Writing force constants as a phonopy yaml file, with where they come from."""

from __future__ import annotations

import os
from pathlib import Path

from symchiral.disk import write_whole
from symchiral.errors import InputError, ReadError
from symchiral.forces.door import yaml_text
from symchiral.forces.phonons import Phonons
from symchiral.forces.provenance import KEY


def write_phonons(phonons: Phonons, path: str | os.PathLike[str]) -> None:
    """Write displacements and forces as phonopy does, and provenance under a key of our own.

    The file is written beside its place and renamed: it is there whole or not at all.

    Raises
    ------
    InputError
        There are no force constants to write.
    ReadError
        The file cannot be written.
    """
    import yaml

    if phonons.constants is None:
        raise InputError(
            "no force constants to write",
            why="the source has eigenvectors at some wavevectors only",
            fix="read a phonopy.yaml with forces",
        )
    text = yaml_text(phonons.constants)
    if phonons.provenance is not None:
        text += "\n" + yaml.safe_dump(
            {KEY: phonons.provenance.record()}, sort_keys=False, default_flow_style=None
        )
    place = Path(path).expanduser()
    try:
        write_whole(place, text.encode())
    except OSError as error:
        raise cannot_write(place, error) from error


def cannot_write(path: Path, error: OSError) -> ReadError:
    """Return the error that says why a file cannot be written."""
    return ReadError(
        f"cannot write {path}",
        why=error.strerror or str(error),
        fix="pass another path with -o",
    )
