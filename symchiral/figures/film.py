"""Atoms in motion as a film, seen along an axis and from the side: GIF, or MP4 by ffmpeg.

:func:`save_film` draws any motion, :func:`film_mode` a mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.crystal import SYMBOLS
from symchiral.disk import check_ending, mark, writing
from symchiral.errors import InputError
from symchiral.figures.save import matplotlib_needed
from symchiral.modes.animation import Animation
from symchiral.value import Floats

FILMS = (".gif", ".mp4")
"""Endings of films."""

PLUS, MINUS, LINE = "#c0392b", "#2462a8", "#8a8a8a"
"""Colours of orbits that are run through counter-clockwise, clockwise, and of lines."""

SENSES = "orbits about the axis: red counter-clockwise, blue clockwise, grey lines"

ROUND = 1e-3
"""Share of the circle of its size that an orbit encloses at least; else it is a line."""

VIEWS = (((0, 1), "along the axis"), ((0, 2), "from the side"))
"""Coordinates that a view shows, and how it is called."""

STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "symchiral",
}
"""Style of films, and of the figures of runs."""


def film_mode(
    animation: Animation, file: str | Path, frame: Floats, kind: str, *, overwrite: bool = False
) -> None:
    """Write one period of a mode, which repeats; orbits are coloured by their sense.

    Parameters
    ----------
    animation : Animation
        The mode in a supercell.
    file : path
        ``.gif`` or ``.mp4``.
    frame : (3, 3) float
        Rows x, y across the axis and n along it.
    kind, overwrite
        As for :func:`symchiral.disk.writing`.

    Raises
    ------
    InputError
        matplotlib or ffmpeg is missing, or the file cannot be written.
    """
    save_film(
        file,
        kind,
        rest=animation.rest @ frame.T,
        moved=(animation.positions - animation.rest) @ frame.T,
        numbers=animation.supercell.numbers.tolist(),
        captions=[animation.title] * animation.frames,
        orbits=True,
        overwrite=overwrite,
    )


def save_film(
    file: str | Path,
    kind: str,
    *,
    rest: Floats,
    moved: Floats,
    numbers: Sequence[int],
    captions: Sequence[str],
    orbits: bool = False,
    overwrite: bool = False,
) -> None:
    """Write atoms in motion, 20 pictures a second.

    Parameters
    ----------
    file : path
        ``.gif`` or ``.mp4``.
    kind : str
        What it holds; the file carries its mark.
    rest : (N, 3) float
        Places of the atoms at rest, Å: two coordinates across the axis, one along it.
    moved : (F, N, 3) float
        Their displacements in every picture, as they are drawn.
    numbers : sequence of int
        Atomic numbers.
    captions : sequence of str
        Of every picture.
    orbits : bool
        Draw the paths of the atoms, closed.

    Raises
    ------
    InputError
        matplotlib or ffmpeg is missing, or the file cannot be written.
    """
    ending = check_ending(file, FILMS)
    with matplotlib_needed(f"cannot write {file}", "leave the film out"):
        import matplotlib
        from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    if ending == ".mp4" and not FFMpegWriter.isAvailable():
        raise InputError(
            f"cannot write {file}",
            why="ffmpeg is not installed",
            fix="install the program ffmpeg, or write .gif",
        )
    kinds = sorted(set(numbers))
    colours = [f"C{kinds.index(number) % 10}" for number in numbers]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4))
        figure.subplots_adjust(0.08, 0.14 if orbits else 0.08, 0.98, 0.84, wspace=0.2)
        FigureCanvasAgg(figure)
        artists = []
        for axis, ((i, j), title) in zip(figure.subplots(1, 2), VIEWS, strict=True):
            places = rest[:, [i, j]]
            axis.scatter(*places.T, s=12, color="0.75")
            if orbits:
                _draw_orbits(axis, places + moved[:, :, [i, j]], _senses(moved))
            artists.append((axis.scatter(*places.T, s=60, c=colours, edgecolor="k", lw=0.5), i, j))
            centre = (places.min(axis=0) + places.max(axis=0)) / 2
            reach = max(float(np.ptp(places, axis=0).max()) / 2, 0.5) + 1.2
            axis.set_xlim(centre[0] - reach, centre[0] + reach)
            axis.set_ylim(centre[1] - reach, centre[1] + reach)
            axis.set_aspect("equal")
            axis.set_title(f"{title} (Å)")
        for k, number in enumerate(kinds):
            figure.text(0.99 - 0.05 * k, 0.93, SYMBOLS[number], color=f"C{k % 10}", ha="right")
        if orbits:
            figure.text(0.01, 0.015, SENSES, fontsize=8)
        caption = figure.suptitle("", x=0.01, ha="left", fontsize=10)

        def draw(picture: int) -> list[Any]:
            for artist, i, j in artists:
                artist.set_offsets((rest + moved[picture])[:, [i, j]])
            caption.set_text(captions[picture])
            return []

        with writing(file, kind, overwrite=overwrite) as aside:
            # Not before: matplotlib warns of one that is made and never drawn.
            film = FuncAnimation(figure, draw, frames=len(captions))
            if ending == ".mp4":
                words = {"comment": mark(kind)}
                film.save(aside, FFMpegWriter(fps=20, metadata=words), dpi=160)
                return
            film.save(aside, PillowWriter(fps=20), dpi=80)
            # What follows the end of a GIF is no part of the picture; the writer takes no comment.
            with aside.open("ab") as stream:
                stream.write(mark(kind).encode())


def _senses(moved: Floats) -> list[str]:
    """Colours of closed orbits by the area that they enclose about the axis."""
    after = np.roll(moved, -1, axis=0)
    area = np.sum(moved[..., 0] * after[..., 1] - moved[..., 1] * after[..., 0], axis=0) / 2
    size = np.pi * np.max(np.sum(moved**2, axis=2), axis=0)
    least = ROUND * np.maximum(size, 1e-12)
    return [PLUS if a > b else MINUS if a < -b else LINE for a, b in zip(area, least, strict=True)]


def _draw_orbits(axis: Any, paths: Floats, colours: Sequence[str]) -> None:
    closed = np.concatenate([paths, paths[:1]])
    for atom, colour in enumerate(colours):
        axis.plot(*closed[:, atom].T, color=colour, lw=1.2)
