"""``symchiral report``: everything that is known of a crystal as one page."""

from __future__ import annotations

import argparse

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field
from symchiral.cli.files import add_overwrite, check_output
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import write, write_json
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study
from symchiral.defaults import REPORT_DURATION, REPORT_POINTS, REPORT_PULSE

SUMMARY = "write all results for a crystal as one HTML page"
EXAMPLES = (
    "report Bi2Se3 -o bi2se3.html",
    'report Bi2Se3/phonopy.yaml --pump "3.96THz s+ 1ps 0.5MV/cm" -o driven.html',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    add_field(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="the page, .html: it loads nothing, atoms move in it, and every answer is in it as "
        "JSON",
    )
    parser.add_argument(
        "--points",
        type=int,
        default=REPORT_POINTS,
        metavar="N",
        help=f"wavevectors on the path of the bands (default: {REPORT_POINTS})",
    )
    parser.add_argument(
        "--couplings",
        metavar="FILE",
        help="coupling coefficients (default: third-order force constants of phono3py, if FILE has "
        "them, else couplings.json beside it)",
    )
    parser.add_argument(
        "--pump",
        metavar='"2.0THz s+ 1ps 1MV/cm"',
        help="light of the simulation, as simulate takes it (default: where couplings are known, "
        f"{REPORT_PULSE} on the flipping transfer that it drives most strongly)",
    )
    parser.add_argument(
        "--duration",
        type=float,
        default=REPORT_DURATION,
        metavar="PS",
        help=f"last time of the simulation, ps (default: {REPORT_DURATION:g})",
    )
    parser.add_argument(
        "--measurement",
        metavar="DATA",
        nargs="+",
        help="tables of traces or a YAML file of fitted rows, as validate takes them, which state "
        "pump and probe themselves",
    )
    parser.add_argument(
        "--sees", choices=("raman", "infrared", "any"), help="activity that their probe shows"
    )
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Write the page, and say so in a line or as the document."""
    from symchiral.page.report import KIND

    check_output(options, options.output, KIND, (".html",))
    study = open_study(options)
    answer = study.report(
        options.output,
        unit=options.unit,
        points=options.points,
        couplings=options.couplings,
        pump=options.pump,
        duration=options.duration,
        measurement=options.measurement,
        sees=options.sees,
        overwrite=options.overwrite,
    )
    if options.json:
        write_json(answer)
    elif not options.quiet:
        write(
            f"{study.formula}: {options.output}, {answer.size / 1e6:.2g} MB, opens in any browser"
        )
