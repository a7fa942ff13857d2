"""``symchiral modes``: frequencies with their labels and angular momenta."""

from __future__ import annotations

import argparse
import sys

from symchiral.cli.calculator import add_calculator
from symchiral.cli.common import (
    add_forces,
    add_overwrite,
    add_structure,
    check_output,
    open_study,
    warn,
    write,
    write_json,
    write_table,
)

SUMMARY = "list the modes of a crystal with forces: frequency, label, PAM, angular momentum"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument(
        "--q",
        metavar='"Q ..."',
        default="GM",
        help='wavevectors as one argument, names or coordinates: "GM K 0,0,0.1" (default: GM)',
    )
    parser.add_argument(
        "--direction",
        metavar="X,Y,Z",
        help="approach the zone centre along this Cartesian direction (with Born charges: "
        "longitudinal modes)",
    )
    parser.add_argument(
        "--eigenvectors", action="store_true", help="with --json, add the eigenvectors"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.yaml",
        help="write phonopy's qpoints.yaml: the eigenvectors, circular where modes are, in "
        "phonopy's cell, order of atoms and gauge",
    )
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.report.modes import modes_document, modes_notices, modes_table
    from symchiral.report.save import MODES, save_modes

    check_output(options, options.output, MODES, (".yaml",))
    study = open_study(options, gamma=options.q == "GM")
    found = study.all_modes(options.q, direction=options.direction)
    if not options.quiet:
        for modes in found:
            warn(modes_notices(modes))
    if options.output is not None:
        save_modes(study.phonons, found, options.output, overwrite=options.overwrite)
        return
    if options.json:
        document = modes_document(
            study.crystal,
            study.axis,
            found,
            unit=options.unit,
            eigenvectors=options.eigenvectors,
        )
        write_json(document)
        return
    for i, modes in enumerate(found):
        if i:
            write("", sys.stdout)
        write_table(modes_table(study.crystal, study.axis, modes, unit=options.unit))
