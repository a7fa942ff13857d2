"""``symchiral schema``: the JSON Schemas."""

from __future__ import annotations

import argparse

from symchiral.cli.printing import write

SUMMARY = "print the JSON Schema of a command's --json output"
EXAMPLES = (
    "schema predict",
    "schema modes",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "command",
        metavar="COMMAND",
        help="predict, atlas, explain, show, light, modes, bands, phonons, couple, audit, "
        "simulate, plan, validate, vertices, catalog (of screen: the columns of a catalog)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the schema."""
    from symchiral.answers.schema import schema

    write(schema(options.command))
