"""``symchiral report``: everything that is known of a crystal as one page."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field
from symchiral.cli.files import add_overwrite, check_output
from symchiral.cli.forces import add_forces
from symchiral.cli.limits import add_limits, limits_of, picoseconds
from symchiral.cli.plan import add_frequencies
from symchiral.cli.printing import write, write_json
from symchiral.cli.progress import progress
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study
from symchiral.cli.validate import DATA, add_judging, add_reading, judging_options, reading_options
from symchiral.defaults import REPORT_DURATION, REPORT_POINTS, REPORT_PULSE
from symchiral.errors import InputError
from symchiral.units import counted

SUMMARY = "write all results for a crystal as one HTML page, or a catalog as a site of such pages"
EXAMPLES = (
    "report Bi2Se3 -o bi2se3.html",
    'report Bi2Se3/phonopy.yaml --pump "3.96THz s+ 1ps 0.5MV/cm" -o driven.html',
)

FAILED = 10
"""Crystals without a page that are told."""

MEASURED = "measured-"
"""Before the pump and the duration of a measurement: a report has a pump of its own, simulated."""

OF_MEASUREMENT = {
    "order": "order",
    "sees": "sees",
    "sigma": "sigma",
    "imperfection": "imperfection",
    "parameters": "parameters",
    "columns": "columns",
    "time_unit": "time-unit",
    "time": "time",
    "time_zero": "time-zero",
    "exclude": "exclude",
    "response": "response",
    "table_pump": "measured-pump",
    "pump_frequency": "pump-frequency",
    "bandwidth": "bandwidth",
    "table_duration": "measured-duration",
    "probe": "probe",
}
"""Options that say something of a measurement, and how they are written."""

OF_ONE = (
    "axis",
    "spin_axis",
    "index",
    "supercell",
    "calculator",
    "field",
    "path",
    "couplings",
    "frequencies",
    "tolerance",
    "pump",
    "measurement",
    *OF_MEASUREMENT,
)
"""Options that make no sense for a catalog; None where they are not given."""

OF_CATALOG = ("where", "jobs", "timeout", "memory")
"""Options that make no sense for one crystal; None where they are not given."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    add_field(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the page, .html: it loads nothing, atoms move in it, and every answer is in it as "
        "JSON (default: the name of the crystal's file, in this folder); of a catalog a folder, "
        "with an index and one page per crystal",
    )
    parser.add_argument(
        "--path",
        metavar='"Q ..."',
        help='points of the path of the bands as one argument, "GM K M GM"; | interrupts it '
        "(default: that of a band.yaml, else the standard path)",
    )
    parser.add_argument(
        "--points",
        type=int,
        default=REPORT_POINTS,
        metavar="N",
        help=f"wavevectors on the path of the bands (default: {REPORT_POINTS})",
    )
    add_frequencies(parser)
    parser.add_argument(
        "--pump",
        metavar='"2.0THz s+ 1ps 1MV/cm"',
        help="light of the simulation, as simulate takes it (default: where couplings are known, "
        f"{REPORT_PULSE} on the flipping transfer that it drives most strongly)",
    )
    parser.add_argument(
        "--duration",
        type=picoseconds,
        default=REPORT_DURATION,
        metavar="PS",
        help=f"last time of the simulation, ps (default: {REPORT_DURATION:g})",
    )
    add_overwrite(parser)
    group = parser.add_argument_group(
        "a measurement", "what --measurement takes, and the options after it, are those of validate"
    )
    group.add_argument(
        "--measurement",
        metavar="DATA",
        nargs="+",
        help=DATA,
    )
    add_judging(group)
    add_reading(group, prefix=MEASURED)
    group = parser.add_argument_group(
        "of a catalog that screen has written, in the place of FILE",
        'as in: report catalog --where "flips > 0 AND ir_pump" -o site',
    )
    group.add_argument(
        "--where", metavar="CONDITION", help="a condition on its rows, as query takes it"
    )
    group.add_argument("--jobs", type=int, metavar="N", help="processes (default: 1)")
    add_limits(group)


def run(options: argparse.Namespace) -> None:
    """Write the page or the site, and say so in a line or as the document."""
    if is_catalog(options.file):
        run_catalog(options)
        return
    from symchiral.disk import is_folder, user_path
    from symchiral.page.report import KIND

    output = page_of(options.file) if options.output is None else options.output
    given = [name for name in OF_CATALOG if getattr(options, name) is not None]
    if given:
        raise InputError(
            f"{options.file} is one crystal, or none",
            why=f"--{given[0]} is for a catalog that screen has written",
            fix="leave it out, or give the folder of a catalog",
        )
    said = [word for name, word in OF_MEASUREMENT.items() if getattr(options, name) is not None]
    if said and options.measurement is None:
        raise InputError(
            f"--{said[0]} without a measurement",
            why="it says something of measured traces or rows",
            fix="name their files, --measurement DATA, or leave it out",
        )
    about = {**judging_options(options), **reading_options(options, prefix=MEASURED)}
    if (
        options.measurement is not None
        and options.pump is not None
        and options.pump.split() == [options.pump]
    ):
        raise InputError(
            f"--pump {options.pump} is no pulse",
            why="--pump is the light of the simulation, with its frequency, length and field",
            fix=f"write --{MEASURED}pump {options.pump} for the pump of the measurement",
        )
    if is_folder(user_path(options.file)) and not output.lower().endswith(".html"):
        raise InputError(
            f"{options.file} is no catalog, of which a site is made",
            why="no rows of screen are in it",
            fix=f"make one, symchiral screen {options.file} -o catalog, and report that; or end "
            "the name of the page of one crystal with .html",
        )
    check_output(options, output, KIND, (".html",))
    study = open_study(options)
    measured = None
    if options.measurement is not None:
        measured = study.validate(
            options.measurement,
            frequencies=options.frequencies,
            tolerance=options.tolerance,
            couplings=options.couplings,
            **about,
        )
    answer = study.report(
        output,
        unit=options.unit,
        path=options.path,
        points=options.points,
        couplings=options.couplings,
        pump=options.pump,
        duration=options.duration,
        measurement=measured,
        frequencies=options.frequencies,
        tolerance=options.tolerance,
        overwrite=options.overwrite,
    )
    if options.json:
        write_json(answer)
    elif not options.quiet:
        write(f"{study.formula}: {output}, {answer.size / 1e6:.1f} MB, opens in any browser")


GENERIC = re.compile(r"phono3?py(_\w+)?|s?poscar(-\w+)?|contcar|band|forces|structure", re.I)
"""Names of files that say nothing of the crystal."""


def page_of(path: str) -> str:
    """Return how the page of a crystal is called where it is not said.

    Examples
    --------
    >>> page_of("data/te.cif.gz"), page_of("Bi2Se3/phonopy.yaml"), page_of("Te_P3121")
    ('te.html', 'Bi2Se3.html', 'Te_P3121.html')
    >>> page_of("set/structure_42.cif"), page_of("Bi2Se3/POSCAR-unitcell")
    ('structure_42.html', 'Bi2Se3.html')
    >>> page_of(".") == Path.cwd().name.split(".")[0] + ".html"
    True
    """
    file = Path(path).resolve() if Path(path).name in ("", "..") else Path(path)
    name = file.name.split(".")[0]
    if not name or GENERIC.fullmatch(name):
        name = file.absolute().parent.name
    return f"{name or 'report'}.html"


def is_catalog(path: str) -> bool:
    """Whether a folder holds parts of a catalog."""
    from symchiral.disk import is_folder, user_path

    if not is_folder(user_path(path)):
        return False
    from symchiral.catalog.parts import parts_of

    return bool(parts_of(user_path(path)))


def run_catalog(options: argparse.Namespace) -> None:
    """Write the site."""
    from symchiral.site import publish

    if options.output is None:
        raise InputError(
            f"{options.file} is a catalog, and no folder for its site is named",
            why="a page per crystal and an index are written",
            fix="name one that is empty or new, -o site",
        )
    if options.output.lower().endswith(".html"):
        raise InputError(
            f"{options.output} is the name of a page",
            why=f"{options.file} is a catalog: its site is a folder of pages",
            fix=f"give the name of a folder, -o {options.output[:-5] or 'site'}",
        )
    asked = [name for name in OF_ONE if getattr(options, name) is not None]
    if asked:
        option = "--" + OF_MEASUREMENT.get(asked[0], asked[0].replace("_", "-"))
        raise InputError(
            f"{option} is of one crystal",
            why=f"{options.file} is a catalog",
            fix="leave it out, or make the page of one crystal",
        )
    timeout, memory = limits_of(options)
    answer = publish(
        options.file,
        options.output,
        options.where or "",
        unit=options.unit,
        points=options.points,
        jobs=1 if options.jobs is None else options.jobs,
        timeout=timeout,
        memory=memory,
        overwrite=options.overwrite,
        progress=progress(options, "writing pages"),
    )
    if options.json:
        write_json(answer)
        return
    have = "has" if answer.pages == 1 else "have"
    write(
        f"{answer.pages:,} of {counted(answer.crystals, 'crystal')} {have} a page: "
        f"{options.output}/index.html"
    )
    for name, why in list(answer.failed.items())[:FAILED]:
        write(f"no page: {name}: {why}")
    if len(answer.failed) > FAILED:
        write(f"{len(answer.failed) - FAILED:,} more without a page: --json, or the index")
