"""Writing results to files, in the format their name ends with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from symchiral.answers.record import FrequencyUnit
from symchiral.disk import check_ending, write_text, writing, yaml_head
from symchiral.dynamics.delaymap import DelayMap
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.fields.beam import find_beam
from symchiral.figures.delaymap import save_map
from symchiral.figures.film import FILMS, film_mode
from symchiral.figures.motion import save_motion
from symchiral.figures.style import Size
from symchiral.forces.bands import Bands
from symchiral.forces.phonons import Phonons
from symchiral.modes.animation import Animation
from symchiral.modes.mode import Modes
from symchiral.value import Floats
from symchiral.write.animation_files import (
    ANIMATION,
    write_phononwebsite,
    write_trajectory,
    write_vesta,
    write_vsim,
)
from symchiral.write.band_files import write_qpoints_yaml
from symchiral.write.bands import save_bands
from symchiral.write.delaymap import MAPPED, save_map_table

MOVING = (".extxyz", ".xyz", ".traj", ".html", ".json", ".ascii", ".vesta", *FILMS)
"""Endings of animations."""

MODES = "modes"
"""Kind of the files of :func:`save_modes`."""


def save(
    result: Bands | Run | DelayMap | Animation,
    file: str | Path,
    *,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Write bands, a run, a map of two pulses or an animation to a file.

    Bands, runs and maps: ``.pdf``, ``.svg``, ``.png``, ``.eps`` (the figure; :func:`symchiral.draw`
    draws into your own). Bands: ``.json``, ``.csv``, ``.parquet``, ``.yaml`` (phonopy's
    band.yaml, with eigenvectors), ``.txt``, ``.md``, ``.tex`` (the table). Maps: ``.csv``,
    ``.parquet`` (the motion), ``.npz`` (its spectrum, too). Animations: ``.extxyz``
    and ``.traj`` (a period, with velocities), ``.html`` (a page that needs nothing else), ``.json``
    (phonon website), ``.ascii`` (V_Sim), ``.vesta`` (arrows of a linear mode), ``.gif`` and
    ``.mp4`` (a film; the latter needs the program ffmpeg).

    Parameters
    ----------
    unit : str
        THz, cm-1 or meV, of the frequencies of bands and of figures.
    size : {"single", "double"}
        Width of a figure: a column of a journal, 86 mm, or a page, 178 mm.
    style : str or path, optional
        File of settings of matplotlib, or the name of one of its styles, put on top of ours.
    overwrite : bool
        Replace a file that symchiral did not write for the same purpose; one that it did is
        replaced anyway.

    Raises
    ------
    InputError
        The ending is unknown, a library is missing, or the file cannot be written, or another lies
        there.
    """
    if isinstance(result, Bands):
        save_bands(result, file, unit=unit, size=size, style=style, overwrite=overwrite)
    elif isinstance(result, Run):
        save_motion(result, file, unit=unit, size=size, style=style, overwrite=overwrite)
    elif isinstance(result, DelayMap):
        if Path(file).suffix.lower() in MAPPED:
            save_map_table(file, result, overwrite=overwrite)
        else:
            save_map(result, file, unit=unit, size=size, style=style, overwrite=overwrite)
    elif isinstance(result, Animation):
        save_animation(result, file, overwrite=overwrite)
    else:
        raise InputError(
            f"cannot write a {type(result).__name__}",
            why="only bands, runs, maps and animations are written to files",
            fix="give what study.bands(), study.simulate(), study.delay_map() or study.animate() "
            "returns",
        )


def save_animation(animation: Animation, file: str | Path, *, overwrite: bool = False) -> None:
    """Write an animation to a file; see :func:`save`."""
    ending = check_ending(file, MOVING)
    if ending == ".html":
        from symchiral.write.animation_html import animation_html

        write_text(file, animation_html(animation), ANIMATION, overwrite=overwrite)
        return
    if ending in FILMS:
        film_mode(animation, file, _view(animation), ANIMATION, overwrite=overwrite)
        return
    write = {".json": write_phononwebsite, ".ascii": write_vsim, ".vesta": write_vesta}
    with writing(file, ANIMATION, overwrite=overwrite) as aside:
        write.get(ending, write_trajectory)(animation, aside)


def _view(animation: Animation) -> Floats:
    """Axes x, y of light along the axis, and the axis; without one, along c of the cell."""
    modes = animation.modes
    return find_beam(
        modes.crystal, modes.axis, direction=None if modes.axis is not None else "c"
    ).frame


def save_modes(
    phonons: Phonons | None,
    everything: Sequence[Modes],
    file: str | Path,
    *,
    overwrite: bool = False,
) -> None:
    """Write modes as phonopy's qpoints.yaml, in the cell, order of atoms and gauge of the source.

    Raises
    ------
    InputError
        There are no forces, the ending is not ``.yaml``, the file cannot be written, or another
        lies there.
    """
    check_ending(file, (".yaml",))
    if phonons is None:
        raise InputError(
            f"cannot write {file}",
            why="there are no forces, and so no modes",
            fix="give force constants",
        )
    points = [(m.q.array, m.frequencies, m.eigenvectors) for m in everything]
    text = io.StringIO()
    text.write(yaml_head(MODES, phonons.crystal.input.source.all_files))
    write_qpoints_yaml(phonons, points, text)
    write_text(file, text.getvalue(), MODES, overwrite=overwrite)
