"""Saving a figure of matplotlib: marked as ours, without a date, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symchiral.disk import check_ending, mark, writing
from symchiral.errors import InputError, install

FIGURES = (".pdf", ".svg", ".png", ".eps")
"""Endings of figures."""

DPI = 300
"""Points per inch of .png."""

DATED = (b"%%Title:", b"%%CreationDate:")
"""What an .eps says of the time and of the name that it was first written under."""


def save_figure(figure: Any, file: str | Path, kind: str, *, overwrite: bool = False) -> None:
    """Write a figure; equal figures are equal files.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write, within :func:`symchiral.figures.style.styled`.
    kind, overwrite
        As for :func:`symchiral.disk.writing`.

    Raises
    ------
    InputError
        The ending is unknown, the file cannot be written, or another lies there.
    """
    ending = check_ending(file, FIGURES)
    words: dict[str, dict[str, Any]] = {
        ".pdf": {"Creator": mark(kind), "CreationDate": None},
        ".svg": {"Creator": mark(kind), "Date": None},
        ".eps": {"Creator": mark(kind)},
        ".png": {"Software": mark(kind)},
    }
    with writing(file, kind, overwrite=overwrite) as aside:
        figure.savefig(aside, dpi=DPI, metadata=words[ending])
        if ending == ".eps":
            lines = aside.read_bytes().splitlines(keepends=True)
            aside.write_bytes(b"".join(line for line in lines if not line.startswith(DATED)))


@contextmanager
def matplotlib_needed(what: str, otherwise: str) -> Iterator[None]:
    """Say what cannot be done where matplotlib is not installed, and what to do instead."""
    try:
        yield
    except ImportError as error:
        raise InputError(
            what,
            why="matplotlib is not installed",
            fix=f"{install('matplotlib>=3.8')}, or {otherwise}",
        ) from error
