"""Saving a figure of matplotlib: marked as ours, without a date, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from symchiral.disk import mark, writing

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
