"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse

from symchiral.cli.common import (
    add_field,
    add_structure,
    open_study,
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
    from symchiral.text.show import components_table, points_table, show_tables

    study = open_study(options)
    if options.json:
        write_json(study.show(q=options.q or "GM"))
        return
    if options.q is None:
        sites, species = show_tables(study.show(detail="rotation", changes=False))
        write_table(sites)
        write("")
        write_table(species)
        write_changes(study)
        return
    every = options.q == "all"
    answer = study.show(q=options.q, detail="l" if every else "parts", changes=False)
    write_table(points_table(answer))
    if not every:
        write("")
        write_table(components_table(answer))
