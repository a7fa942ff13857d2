"""Saving a figure of matplotlib: marked as ours, without a date, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symchiral.disk import mark, writing
from symchiral.errors import InputError, install

FIGURES = (".pdf", ".png", ".svg")
"""Endings of figures."""


def save_figure(
    figure: Any, file: str | Path, kind: str, *, dpi: int = 160, overwrite: bool = False
) -> None:
    """Write a figure; equal figures are equal files.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write.
    kind, overwrite
        As for :func:`symchiral.disk.writing`.

    Raises
    ------
    InputError
        The file cannot be written, or another lies there.
    """
    words: dict[str, dict[str, Any]] = {
        ".pdf": {"Creator": mark(kind), "CreationDate": None},
        ".svg": {"Creator": mark(kind), "Date": None},
    }
    metadata = words.get(Path(file).suffix.lower(), {"Software": mark(kind)})
    with writing(file, kind, overwrite=overwrite) as aside:
        figure.savefig(aside, dpi=dpi, metadata=metadata)


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
