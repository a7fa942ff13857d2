"""Writing force constants as a phonopy yaml file, with where they come from."""

from __future__ import annotations

import os

from symchiral.disk import FORCES, write_text, yaml_head
from symchiral.errors import InputError
from symchiral.forces.door import yaml_text
from symchiral.forces.phonons import Phonons
from symchiral.forces.provenance import KEY

KIND = FORCES
"""Kind of the files written here."""


def write_phonons(
    phonons: Phonons, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write displacements and forces as phonopy does, and provenance under a key of our own.

    Raises
    ------
    InputError
        There are no force constants to write, the file cannot be written, or another lies there.
    """
    import yaml

    if phonons.constants is None:
        raise InputError(
            "no force constants to write",
            why="the source has eigenvectors at some wavevectors only",
            fix="read a phonopy.yaml with forces",
        )
    text = yaml_head(KIND, phonons.crystal.input.source.all_files) + yaml_text(phonons.constants)
    if phonons.provenance is not None:
        text += "\n" + yaml.safe_dump(
            {KEY: phonons.provenance.record()}, sort_keys=False, default_flow_style=None
        )
    write_text(path, text, KIND, overwrite=overwrite)
