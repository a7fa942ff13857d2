"""``symchiral screen``: a catalog of many structures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from symchiral.cli.limits import add_limits, limits_of
from symchiral.cli.printing import write_json, write_table
from symchiral.cli.progress import bar
from symchiral.cli.structures import add_order, add_where, cartesian, positive
from symchiral.crystal.tolerance import SYMPREC

if TYPE_CHECKING:
    from symchiral.catalog.screening import HowFar

SUMMARY = "screen many structures, and write a catalog of their transfers"
EXAMPLES = (
    "screen Bi2Se3 Te_P3121 NaCl",
    "screen Bi2Se3 Te_P3121 NaCl -o catalog",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help="folders, with all below them; files; sets of structures: extended XYZ, JSON or JSON "
        "lines of pymatgen and OPTIMADE, databases of ASE; folders and zip archives of force data; "
        "addresses that fsspec opens, s3://BUCKET/FOLDER",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        help="the catalog: what it holds already is not done again (default: print the rows)",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes (default: one per processor)"
    )
    parser.add_argument(
        "--executor",
        metavar="dask:ADDRESS",
        help="give the work to a scheduler of Dask in the place of processes here: "
        "dask:tcp://HOST:8786, or dask:FILE with the file of its --scheduler-file",
    )
    parser.add_argument(
        "--shard", metavar="I/N", help="do one of N parts of the work, I from 1 to N"
    )
    add_order(parser)
    add_where(parser)
    parser.add_argument(
        "--symprec",
        type=positive,
        default=SYMPREC,
        metavar="ANGSTROM",
        help="distance tolerance of the symmetry search (default: %(default)g)",
    )
    parser.add_argument(
        "--spin-axis",
        type=cartesian,
        metavar="X,Y,Z",
        help="Cartesian direction of magnetic moments that structures give without one",
    )
    add_limits(parser)
    parser.add_argument("--retry", action="store_true", help="read again what was refused before")
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(options: argparse.Namespace) -> None:
    """Screen, and print what was done."""
    from symchiral.catalog.screening import screen
    from symchiral.text.catalog import catalog_tables

    timeout, memory = limits_of(options)
    answer = screen(
        options.inputs,
        out=options.output,
        order=options.order,
        q=options.q,
        symprec=options.symprec,
        spin_axis=options.spin_axis,
        jobs=options.jobs,
        shard=options.shard,
        timeout=timeout,
        memory=memory,
        retry=options.retry,
        executor=options.executor,
        progress=_progress(options),
    )
    if options.json:
        write_json(answer)
        return
    for i, table in enumerate(catalog_tables(answer)):
        if i:
            print()
        write_table(table)


def _progress(options: argparse.Namespace) -> Callable[[HowFar], None] | None:
    """Return what shows how far it is on a terminal, or nothing."""
    shown = bar(options)
    if shown is None:
        return None
    return lambda step: shown(step.share, f"{step.done:,} crystals, {step.rate:.1f} a s")
