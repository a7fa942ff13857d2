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
from symchiral.figures.colours import MINUS, PLUS, STILL, colours, orbit_senses
from symchiral.figures.save import matplotlib_needed
from symchiral.figures.style import STYLE
from symchiral.modes.animation import Animation
from symchiral.value import Floats

FILMS = (".gif", ".mp4")
"""Endings of films."""

SENSES = "orbits about the axis: red counter-clockwise, blue dashed clockwise, grey lines"

SCREEN = dict.fromkeys(("axes.titlesize", "xtick.labelsize", "ytick.labelsize", "font.size"), 9)
"""Letters that can be read on a screen."""

VIEWS = (((0, 1), "along the axis"), ((0, 2), "from the side"))
"""Coordinates that a view shows, and how it is called."""


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
    palette = colours(SYMBOLS[number] for number in sorted(set(numbers)))
    painted = [palette[SYMBOLS[number]] for number in numbers]
    with matplotlib.rc_context(STYLE | SCREEN):
        figure = Figure(figsize=(7, 4))
        figure.subplots_adjust(0.08, 0.14 if orbits else 0.08, 0.98, 0.84, wspace=0.2)
        FigureCanvasAgg(figure)
        artists = []
        for axis, ((i, j), title) in zip(figure.subplots(1, 2), VIEWS, strict=True):
            places = rest[:, [i, j]]
            axis.scatter(*places.T, s=12, color="0.75")
            if orbits:
                _draw_orbits(axis, places + moved[:, :, [i, j]], orbit_senses(moved))
            artists.append((axis.scatter(*places.T, s=60, c=painted, edgecolor="k", lw=0.5), i, j))
            centre = (places.min(axis=0) + places.max(axis=0)) / 2
            reach = max(float(np.ptp(places, axis=0).max()) / 2, 0.5) + 1.2
            axis.set_xlim(centre[0] - reach, centre[0] + reach)
            axis.set_ylim(centre[1] - reach, centre[1] + reach)
            axis.set_aspect("equal")
            axis.set_title(f"{title} (Å)")
        for k, (symbol, colour) in enumerate(palette.items()):
            figure.text(
                0.985 - 0.06 * k,
                0.93,
                symbol,
                ha="right",
                bbox={"boxstyle": "circle", "fc": colour, "ec": "k", "lw": 0.5},
            )
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


def _draw_orbits(axis: Any, paths: Floats, senses: Sequence[int]) -> None:
    closed = np.concatenate([paths, paths[:1]])
    for atom, sense in enumerate(senses):
        colour = {1: PLUS, -1: MINUS, 0: STILL}[sense]
        axis.plot(*closed[:, atom].T, color=colour, ls="--" if sense < 0 else "-", lw=1.2)
