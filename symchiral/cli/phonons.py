"""``symchiral phonons``: force constants of a structure from a calculator, as a phonopy file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from symchiral.cli.calculator import add_calculator
from symchiral.cli.common import (
    add_structure,
    add_symmetrize,
    open_study,
    write_json,
    write_table,
)

SUMMARY = "compute the forces of a structure with a calculator and write phonopy.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_symmetrize(parser)
    add_calculator(parser, required=True)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="phonopy.yaml",
        help="file to write (default: phonopy.yaml)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")


def run(options: argparse.Namespace) -> None:
    """Compute, write the file, and print what was done."""
    from symchiral.report.phonons import phonons_document, phonons_table

    output = Path(options.output).expanduser()
    _check_output(output, replace=options.overwrite or options.resume)
    study = open_study(options)
    study.save_phonons(output)
    provenance = study.provenance
    if options.json:
        write_json(phonons_document(study.crystal, provenance, path=options.output))
    else:
        write_table(phonons_table(study.crystal, provenance, path=options.output))


def _check_output(path: Path, *, replace: bool) -> None:
    """Find out before the work whether its result can be written."""
    from symchiral.errors import InputError

    if path.exists() and not replace:
        raise InputError(
            f"{path} exists",
            why="force data that took long to compute are not replaced unasked",
            fix="pass another path with -o, or --overwrite; --resume if a run of this command "
            "wrote it",
        )
    folder = path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or path.is_dir():
        raise InputError(
            f"cannot write {path}",
            why="it is a folder" if path.is_dir() else f"{folder} is no folder one may write to",
            fix="pass another path with -o",
        )
