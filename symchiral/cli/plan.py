"""``symchiral plan``: the experiment to make."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from symchiral.cli.calculator import add_calculator
from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import write
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study, same_input

SUMMARY = "propose the experiment: pump, probe, the sense to expect, and controls"
EXAMPLES = (
    "plan Bi2Se3",
    'plan Bi2Se3/phonopy.yaml --pump "2.0THz 1ps 0.1mJ/cm2" --film "25nm on 3.07"',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument("--pump-range", metavar="1-3THz", help="the band that your source reaches")
    parser.add_argument(
        "--pump",
        metavar='"2.0THz 1ps 1MV/cm"',
        help="a source in the words of simulate; its light is circular, and without a frequency it "
        "is tuned for every channel (default: 1ps 1MV/cm incident, or in the crystal where it is "
        "not known what enters)",
    )
    parser.add_argument(
        "--film",
        metavar='"25nm on 3.07"',
        help="the light in vacuum falls on a film of this thickness, on a substrate of this "
        "refractive index (default: on a thick crystal)",
    )
    parser.add_argument(
        "--damping",
        metavar="0.05THz|FILE",
        help="linewidth of every mode, those of some, or a JSON file with one per mode, as for "
        "simulate "
        "(default: 0.05THz)",
    )
    parser.add_argument(
        "--thickness",
        metavar="0.5mm",
        help="thickness of the sample, of which reflections come back",
    )
    parser.add_argument(
        "--orient",
        metavar='"c along z, a along x"',
        help="how the sample stands in the laboratory, as for light: angles are those of the lab, "
        "and (+) is counter-clockwise seen from where its axis points upwards",
    )
    add_frequencies(parser)
    add_output(parser)


def add_frequencies(parser: argparse.ArgumentParser) -> None:
    """Declare what is known of frequencies beside those of the forces."""
    parser.add_argument(
        "--frequencies",
        metavar="FILE",
        help="JSON file of measured frequencies, "
        '{"frequency_unit": "THz", "frequencies": {"Eu#1": 2.05}}; they replace calculated ones',
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="SHARE",
        help="relative standard deviation of calculated frequencies (default: 0.1)",
    )
    parser.add_argument(
        "--couplings",
        metavar="FILE",
        help="coupling coefficients, by which channels are ranked (default: third-order force "
        "constants of phono3py, if FILE has them, else couplings.json beside it)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.answers.plan import plan
    from symchiral.defaults import DAMPING
    from symchiral.dynamics.surface import read_thickness
    from symchiral.dynamics.thermal import Damping
    from symchiral.fields.pump import read_band
    from symchiral.text.plan import plan_tables
    from symchiral.traces.signal import IN_VACUUM, LightSource

    check_answer_file(options, "plan")
    band = None if options.pump_range is None else read_band(options.pump_range)
    words = options.pump or (IN_VACUUM if options.film else None)
    source = None if words is None else LightSource.parse(words, film=options.film)
    thickness = None if options.thickness is None else read_thickness(options.thickness)
    damping: Any = DAMPING if options.damping is None else Damping.parse(options.damping)
    study = open_study(options, gamma=True)
    proposed = study.plan(
        pump=band,
        frequencies=options.frequencies,
        tolerance=options.tolerance,
        couplings=options.couplings,
        source=source,
        damping=damping,
        thickness=thickness,
        orient=options.orient,
    )
    answer = plan(proposed, unit=options.unit)
    known = [mode.frequency is not None for mode in proposed.pumped]
    if band is not None and known and not any(known) and not options.quiet:
        write(
            "warning: --pump-range leaves nothing out: frequencies of the modes are not known; "
            "give forces, or --frequencies",
            sys.stderr,
        )
    deliver(
        options,
        "plan",
        answer,
        lambda: plan_tables(answer, path=same_input(options), unit=options.unit),
    )
