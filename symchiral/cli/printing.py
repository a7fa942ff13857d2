"""Printing: text, documents, tables with their colours, and warnings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from symchiral.cli.streams import ascii_only, columns, printable, say
from symchiral.version import __version__

if TYPE_CHECKING:
    from symchiral.answers.record import Answer, Warned
    from symchiral.crystal.search import Notice
    from symchiral.table import Table

_COLOURS = {"flipped": "\x1b[1;31m", "kept": "\x1b[32m"}


def warn(notices: Iterable[Notice | Warned]) -> None:
    """Print notices on stderr."""
    for notice in notices:
        write(f"warning: {notice.text}", sys.stderr)


def write(text: str, stream: TextIO | None = None) -> None:
    """Print text, in ASCII where the stream has no UTF-8."""
    if stream is sys.stderr:
        say(text)
    else:
        sys.stdout.write(printable(text, sys.stdout) + "\n")


def write_json(document: Answer | dict[str, Any]) -> None:
    """Print a document, keys in the order of the contract."""
    if isinstance(document, dict):
        write(json.dumps(document, allow_nan=False, indent=1))
    else:
        write(document.to_json())


def write_table(table: Table) -> None:
    """Print a table, fitted to the terminal; senses in colour there, unless NO_COLOR is set."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shown = table.ascii() if ascii_only(sys.stdout) else table
    text = shown.text(columns(sys.stdout), _coloured if coloured else str)
    # A path may hold bytes that are no UTF-8.
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")


def _coloured(cell: str) -> str:
    return f"{_COLOURS[cell]}{cell}\x1b[0m" if cell in _COLOURS else cell


def write_failure(kind: str, what: str, why: str, fix: str, *, status: int) -> None:
    """Print an error as a document, for ``--json``."""
    told = {"kind": kind, "what": what, "why": why, "fix": fix, "exit_status": status}
    write_json({"schema": "symchiral/error/1", "symchiral": __version__, **told})
