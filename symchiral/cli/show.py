"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from symchiral.cli.common import (
    add_field,
    add_output,
    add_structure,
    check_answer_file,
    deliver,
    open_study,
)

if TYPE_CHECKING:
    from symchiral.answers.show import Detail
    from symchiral.table import Table

SUMMARY = "show space group, axes, sites and species"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_output(parser)
    parser.add_argument(
        "--q",
        metavar='"Q ..."|all',
        help="wavevectors of which to list the species, as names or coordinates, with spin and "
        "orbital parts and parities; or all special points and lines (default: the zone centre)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables or the document, or write them."""
    from symchiral.text.changes import changes_table
    from symchiral.text.show import components_table, points_table, show_tables

    check_answer_file(options, "show")
    study = open_study(options)
    whole = options.json or str(options.output).endswith((".json", ".csv"))
    detail: Detail = "parts"
    if not whole and options.q in (None, "all"):
        detail = "rotation" if options.q is None else "l"
    answer = study.show(q=options.q or "GM", detail=detail, changes=whole or options.q is None)

    def tables() -> list[Table]:
        if options.q == "all":
            return [points_table(answer)]
        if options.q is not None:
            return [points_table(answer), components_table(answer)]
        found = list(show_tables(answer))
        if answer.changes is not None and answer.field is not None:
            found.append(changes_table(answer.changes, answer.structure, answer.field))
        return found

    deliver(options, "show", answer, tables)
