"""``symchiral couple``: how strongly modes of the zone centre couple."""

from __future__ import annotations

import argparse
import contextlib
import sys

from symchiral.cli.calculator import named_calculator
from symchiral.cli.files import add_output, check_answer_file, check_output, deliver, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.progress import progress
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "list how strongly zone-centre modes couple: coefficients in the circular basis"
EXAMPLES = (
    "couple Bi2Se3/phonopy.yaml",
    "couple Bi2Se3/phonopy.yaml --check --all -o couplings.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    parser.add_argument(
        "--couplings",
        metavar="FILE",
        help="coupling coefficients (default: third-order force constants of phono3py, if FILE has "
        "them, else couplings.json beside it)",
    )
    parser.add_argument(
        "--calculator",
        dest="differences",  # of the modes of FILE; it computes no forces in their place
        metavar="sevenn|MODULE:FACTORY",
        help="determine them by finite differences with a calculator; FILE gives the modes, or a "
        "structure, whose modes then are those of the calculator",
    )
    parser.add_argument(
        "--step",
        type=float,
        default=0.03,
        metavar="ANGSTROM",
        help="largest displacement of an atom (default: 0.03), for the fourth order three times "
        "as much",
    )
    parser.add_argument(
        "--order",
        type=int,
        choices=(3, 4),
        default=3,
        help="with --calculator: 4 determines quartic coefficients too (default: 3)",
    )
    parser.add_argument(
        "--modes",
        metavar='"MODE MODE"',
        help="with --calculator: determine the coefficients of that order between these modes "
        'only, as in "Eu#1 Eu#2"',
    )
    parser.add_argument(
        "--save", metavar="FILE", help="write them as a couplings.json for simulate"
    )
    add_output(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="also list what symmetry forbids (with --calculator, also determine it)",
    )
    parser.add_argument("--all", action="store_true", help="show every row")


def run(options: argparse.Namespace) -> None:
    """Print the table, or the document."""
    from symchiral.anharmonic.couplings import KIND, save_couplings
    from symchiral.answers.couple import couple
    from symchiral.errors import InputError
    from symchiral.text.couple import couple_table

    if options.differences is None and (options.order == 4 or options.modes):
        raise InputError(
            "nothing determines couplings of chosen modes or orders",
            why="--order and --modes say what a calculator is asked for",
            fix="add --calculator, or leave them out: what a file has is listed whole",
        )
    check_output(options, options.save, KIND, ())
    check_answer_file(options, "couple")
    study = open_study(options)
    if options.differences is not None:
        # What a calculator prints is no result of ours.
        with contextlib.redirect_stdout(sys.stderr):
            found = study.finite_couplings(
                named_calculator(options.differences, quiet=options.quiet),
                options.order,
                modes=options.modes.split() if options.modes else None,
                everything=options.check,
                step=options.step,
                progress=progress(options, "computing forces"),
            )
    else:
        found = study.couplings(options.couplings)
    if options.save is not None:
        save_couplings(options.save, found, overwrite=options.overwrite)
        wrote(options, options.save)
    answer = couple(found, checked=options.check)
    deliver(
        options,
        "couple",
        answer,
        lambda: [couple_table(answer, everything=options.all or options.output is not None)],
    )
