"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from symchiral.cli.fields import add_field
from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.printing import write
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

if TYPE_CHECKING:
    from symchiral.answers.show import Detail
    from symchiral.table import Table

SUMMARY = "show space group, axes, sites and species"
EXAMPLES = (
    "show Bi2Se3",
    'show Te_P3121 --q "A LD(1/4)"',
)


class _Names(argparse.Action):
    """Print the names and end, whatever else is asked for, as ``--help`` does."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from symchiral.reading.shipped import force_data_names, structure_names

        write("\n".join([*structure_names(), *(f"{x}/phonopy.yaml" for x in force_data_names())]))
        parser.exit()


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    parser.add_argument("--list", action=_Names, help="print the names of the packaged crystals")
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
