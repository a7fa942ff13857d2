"""The page of ``symchiral serve``: files are dropped on it, and it lists the reports made of them.

:func:`upload_html` makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symchiral.page.template import data_of, render
from symchiral.version import __version__


@dataclass(frozen=True)
class Listed:
    """A report on the list.

    Attributes
    ----------
    formula, group : str
        Of the crystal.
    files : str
        Names of the files that it was made of.
    options : str
        What was asked beside them.
    address : str
        Of the report, relative to the page.
    """

    formula: str
    group: str
    files: str
    options: str
    address: str


def upload_html(
    reports: Sequence[Listed], *, kind: str, most_bytes: int, most_files: int, seconds: float
) -> str:
    """Return the page; it loads nothing, and sends files to where it came from alone.

    Parameters
    ----------
    reports : sequence of Listed
        Those made so far, the latest first.
    kind : str
        Type of the requests that it sends.
    most_bytes, most_files
        Limits of one request.
    seconds : float
        Time that one report may take.
    """
    return render(
        "upload.html",
        style="report.css",
        scripts=("upload.js",),
        asks_server=True,
        reports=reports,
        most=f"{most_bytes / 1e6:g} MB",
        most_files=most_files,
        seconds=f"{seconds:g}",
        version=__version__,
        limits=data_of({"kind": kind, "bytes": most_bytes, "files": most_files}),
    )
