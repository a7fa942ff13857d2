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
        help="a command with --json; vertices (of predict --q star), catalog (of screen: the "
        "columns of a catalog), site (of report of a catalog)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the schema."""
    from symchiral.answers.schema import schema

    write(schema(options.command))
