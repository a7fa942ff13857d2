"""``symchiral merge``: several catalogs as one."""

from __future__ import annotations

import argparse

from symchiral.cli.printing import write
from symchiral.units import counted

SUMMARY = "merge catalogs, as those of shards, into one"
EXAMPLES = (
    "merge shard1 shard2 -o catalog",
    "merge catalog -o catalog",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("catalogs", metavar="CATALOG", nargs="+", help="folders of catalogs")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        required=True,
        help="the catalog to write; what it holds is merged, too, into a single file",
    )


def run(options: argparse.Namespace) -> None:
    """Merge, and say how many crystals there are."""
    from symchiral.catalog.parts import merge

    count = merge(options.catalogs, options.output)
    crystals = counted(count, "crystal")
    write(f"{crystals} in {options.output}. Ask it: symchiral query {options.output}")
