"""What the commands share: options, reading, and printing."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from symchiral.study import Study
    from symchiral.table import Table

_COLOURS = {"flipped": "\x1b[1;31m", "kept": "\x1b[32m"}


def add_structure(parser: argparse.ArgumentParser) -> None:
    """Declare the structure and the options of every command that reads one."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a structure (CIF, POSCAR, extxyz, ... anything ASE reads), or the name of a shipped "
        "one (Bi2Se3)",
    )
    parser.add_argument(
        "--symprec",
        type=_positive,
        default=1e-3,
        metavar="ANGSTROM",
        help="distance tolerance of the symmetry search (default: 1e-3)",
    )
    parser.add_argument(
        "--axis",
        metavar="U,V,W[@X,Y,Z]",
        help="axis to count rotation about: a lattice direction and a point of the input cell "
        "(default: the axis of highest order)",
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--quiet", action="store_true", help="print no warnings")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 10:
        raise argparse.ArgumentTypeError(f"{text} is no distance between 0 and 10 angstrom")
    return value


def open_study(options: argparse.Namespace) -> Study:
    """Read the structure; warnings go to stderr."""
    from symchiral.study import read

    study = read(options.file, symprec=options.symprec, axis=options.axis)
    if not options.quiet:
        for notice in study.crystal.warnings:
            write(f"warning: {notice.text}", sys.stderr)
    return study


def write(text: str, stream: TextIO | None = None) -> None:
    """Print text, in ASCII where the stream has no UTF-8."""
    from symchiral.cli import printable

    stream = stream or sys.stdout
    stream.write(printable(text, stream) + "\n")


def write_json(document: dict[str, Any]) -> None:
    """Print a document, keys in the order of the contract."""
    write(json.dumps(document, allow_nan=False, indent=1))


def write_table(table: Table) -> None:
    """Print a table, fitted to the terminal; senses in colour there, unless NO_COLOR is set."""
    terminal = sys.stdout.isatty()
    text = table.text(shutil.get_terminal_size().columns if terminal else None)
    if terminal and not os.environ.get("NO_COLOR"):
        for word, colour in _COLOURS.items():
            text = text.replace(f"  {word} ", f"  {colour}{word}\x1b[0m ")
    write(text)
