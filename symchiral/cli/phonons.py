"""``symchiral phonons``: force constants of a structure from a calculator, as a phonopy file."""

from __future__ import annotations

import argparse
import os

from symchiral.cli.calculator import add_calculator
from symchiral.cli.files import add_overwrite, check_output, wrote
from symchiral.cli.forces import add_symmetrize
from symchiral.cli.printing import write_json, write_table
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "compute the forces of a structure with a calculator and write phonopy.yaml"
EXAMPLES = (
    "phonons NaCl --calculator sevenn",
    "phonons CuO --calculator ase.calculators.emt:EMT --gamma -o CuO.yaml",
)


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
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Compute, write the file, and print what was done."""
    from symchiral.answers.phonons import phonons
    from symchiral.text.phonons import phonons_table

    _check_output(options)
    study = open_study(options)
    study.save_phonons(options.output, overwrite=options.overwrite)
    wrote(options, options.output)
    answer = phonons(study.crystal, study.provenance, path=options.output)
    if options.json:
        write_json(answer)
    else:
        write_table(phonons_table(answer))


def _check_output(options: argparse.Namespace) -> None:
    """Refuse other files as every command does, and forces that took long to compute, too."""
    from symchiral.errors import InputError
    from symchiral.write.phonopy_yaml import KIND

    check_output(options, options.output, KIND, ())
    if os.path.lexists(os.path.expanduser(options.output)) and not (
        options.overwrite or options.resume
    ):
        raise InputError(
            f"{options.output} exists",
            why="force data that took long to compute are not replaced unasked",
            fix="pass another path with -o, or --overwrite; --resume if a run of this command "
            "wrote it",
        )
