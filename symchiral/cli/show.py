"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse
import sys

from symchiral.cli.common import (
    add_field,
    add_structure,
    open_study,
    width,
    write,
    write_changes,
    write_json,
    write_table,
)

SUMMARY = "show space group, axes, sites and species"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    parser.add_argument(
        "--q",
        metavar='"Q ..."|all',
        help="wavevectors of which to list the species, as names or coordinates, with spin and "
        "orbital parts and parities; or all special points and lines (default: the zone centre)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the summary, or the document."""
    from symchiral.cli.streams import ascii_only
    from symchiral.report.components import components_table
    from symchiral.report.summary import show_table
    from symchiral.report.wavevectors import points_table

    study = open_study(options)
    if options.json:
        write_json(study.show(q=options.q or "GM"))
        return
    if options.q is not None:
        points = study.points(options.q)
        write_table(points_table(study.crystal, study.axis, points))
        if options.q != "all":
            write("")
            write_table(components_table(study.crystal, study.axis, points))
        return
    text = show_table(
        study.crystal,
        study.axis,
        study.species(),
        width=width(),
        ascii_only=ascii_only(sys.stdout),
    )
    write(text)
    write_changes(study)
