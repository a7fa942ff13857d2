"""``symchiral report``: everything that is known of a crystal as one page."""

from __future__ import annotations

import argparse
from pathlib import Path

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field
from symchiral.cli.files import add_overwrite, check_output
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import write
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study
from symchiral.defaults import REPORT_POINTS

SUMMARY = "write all results for a crystal as one HTML page"
EXAMPLES = (
    "report Bi2Se3 -o bi2se3.html",
    "report ZnO/phonopy.yaml --unit cm-1 -o zno.html",
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
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Write the page, and say so in a line."""
    from symchiral.page.report import KIND

    check_output(options, options.output, KIND, (".html",))
    study = open_study(options)
    study.report(
        options.output, unit=options.unit, points=options.points, overwrite=options.overwrite
    )
    if not options.quiet:
        size = Path(options.output).stat().st_size
        write(f"{study.formula}: {options.output}, {size / 1e6:.2g} MB, opens in any browser")
