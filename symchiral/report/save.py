"""Writing results to files, in the format their name ends with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symchiral.errors import InputError
from symchiral.forces.bands import Bands
from symchiral.forces.phonons import Phonons
from symchiral.io.animation_files import (
    write_phononwebsite,
    write_trajectory,
    write_vesta,
    write_vsim,
)
from symchiral.io.band_files import write_qpoints_yaml
from symchiral.io.columns import writing
from symchiral.modes.animation import Animation
from symchiral.modes.mode import Modes
from symchiral.report.bands import check_ending, save_bands

MOVING = (".extxyz", ".xyz", ".traj", ".html", ".json", ".ascii", ".vesta")
"""Endings of animations."""


def save(result: Bands | Animation, file: str | Path, *, unit: str = "THz") -> None:
    """Write bands or an animation to a file.

    Bands: ``.pdf``, ``.png``, ``.svg``, ``.json``, ``.csv``, ``.parquet``, ``.yaml`` (phonopy's
    band.yaml, with eigenvectors). Animations: ``.extxyz`` and ``.traj`` (a period, with
    velocities), ``.html`` (a page that needs nothing else), ``.json`` (phonon website), ``.ascii``
    (V_Sim), ``.vesta`` (arrows of a linear mode).

    Parameters
    ----------
    unit : str
        THz, cm-1 or meV, of the frequencies of bands.

    Raises
    ------
    InputError
        The ending is unknown, a library is missing, or the file cannot be written.
    """
    if isinstance(result, Bands):
        save_bands(result, file, unit=unit)
    elif isinstance(result, Animation):
        save_animation(result, file)
    else:
        raise InputError(
            f"cannot write a {type(result).__name__}",
            why="only bands and animations are written to files",
            fix="give what study.bands() or study.animate() returns",
        )


def save_animation(animation: Animation, file: str | Path) -> None:
    """Write an animation to a file; see :func:`save`."""
    path = Path(file)
    ending = check_ending(path, MOVING)
    if ending == ".html":
        from symchiral.report.animation_html import animation_html

        with writing(str(path)):
            _text(path, animation_html(animation))
        return
    write = {".json": write_phononwebsite, ".ascii": write_vsim, ".vesta": write_vesta}
    with writing(str(path)):
        write.get(ending, write_trajectory)(animation, path)


def save_modes(phonons: Phonons | None, everything: Sequence[Modes], file: str | Path) -> None:
    """Write modes as phonopy's qpoints.yaml, in the cell, order of atoms and gauge of the source.

    Raises
    ------
    InputError
        There are no forces, the ending is not ``.yaml``, or the file cannot be written.
    """
    path = Path(file)
    check_ending(path, (".yaml",))
    if phonons is None:
        raise InputError(
            f"cannot write {path}",
            why="there are no forces, and so no modes",
            fix="give force constants",
        )
    points = [
        (np.array([float(x) for x in m.q.coordinates]), m.frequencies, m.eigenvectors)
        for m in everything
    ]

    def write() -> None:
        with path.open("w", encoding="utf-8") as stream:
            write_qpoints_yaml(phonons, points, stream)

    with writing(str(path)):
        write()


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
