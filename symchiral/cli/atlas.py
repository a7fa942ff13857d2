"""``symchiral atlas``: the rules of a group without a crystal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.printing import warn, write
from symchiral.cli.progress import progress
from symchiral.cli.structures import ORDER, add_order, add_vertex
from symchiral.units import counted

SUMMARY = "tell the rules of a group or a class, without a crystal"
EXAMPLES = (
    "atlas -3m",
    "atlas 166 --q star",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "group",
        metavar="GROUP",
        nargs="?",
        help="a number is a space group; else a class by its Schoenflies or Hermann-Mauguin "
        "symbol (D3d, -3m), or a space group by its symbol (R-3m)",
    )
    parser.add_argument(
        "--axis",
        metavar="U,V,W",
        help="axis to count rotation about: a lattice direction of the standard cell, or the "
        "Seitz symbol of an operation (default: the axis of highest order)",
    )
    add_order(parser)
    add_vertex(parser, "of a space group, ")
    parser.add_argument(
        "--all",
        action="store_true",
        help="show every allowed row; with --json the forbidden channels too, with their "
        "witnesses; without GROUP: the rules of all classes and space groups, as a folder of "
        "Parquet tables and of pages with a search",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="processes, without GROUP (default: one per processor)",
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--quiet", action="store_true", help="print no warnings")
    add_output(parser, also="; without GROUP a folder")


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document; without a group write those of all."""
    if options.group is None:
        _write_all(options)
        return
    if options.jobs is not None:
        options.parser.error("--jobs is for all groups: leave GROUP out, and give --all -o FOLDER")
    from symchiral.answers.atlas import atlas
    from symchiral.reading.group_names import find_group
    from symchiral.rules.atlas import make_atlas
    from symchiral.text.atlas import atlas_tables

    check_answer_file(options, "atlas")
    named = find_group(options.group)
    if not options.quiet:
        warn(named.notices)
    rules = make_atlas(
        named.group,
        whole_class=named.whole_class,
        order=options.order,
        q=options.q,
        axis=options.axis,
    )
    whole = options.json or str(options.output).endswith(".json")
    answer = atlas(
        rules,
        name=options.group,
        notices=named.notices,
        everything=options.all,
        channels=whole,
    )
    uncut = options.all or options.output is not None
    deliver(options, "atlas", answer, lambda: atlas_tables(answer, everything=uncut))


def _write_all(options: argparse.Namespace) -> None:
    """Write the tables and pages of all groups."""
    if not options.all or options.output is None:
        options.parser.error("a GROUP is missing; for all groups: --all -o FOLDER")
    given = [
        name
        for name, value in (
            ("--axis", options.axis),
            ("--q", options.q),
            ("--json", options.json or None),
            ("--order", options.order if options.order != ORDER else None),
            ("--overwrite", options.overwrite or None),
        )
        if value is not None
    ]
    if given:
        options.parser.error(f"{', '.join(given)}: of one GROUP only, and none is given")
    from symchiral.atlases.build import write_atlas
    from symchiral.atlases.pages import INDEX
    from symchiral.catalog.screening import processors

    written = write_atlas(
        options.output,
        jobs=processors() if options.jobs is None else options.jobs,
        progress=progress(options, "judged"),
    )
    if not options.quiet:
        write(
            f"wrote {options.output}: {counted(written.channels, 'channel')}, {written.pages} "
            f"pages ({written.html / 1e6:.1f} MB), tables ({written.tables / 1e6:.1f} MB); "
            f"open {Path(options.output) / INDEX}",
            sys.stderr,
        )
