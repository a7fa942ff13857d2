"""``symchiral validate``: does the measurement agree?"""

from __future__ import annotations

import argparse
from typing import Any

from symchiral.cli.calculator import add_calculator
from symchiral.cli.drawing import add_figure, check_figure
from symchiral.cli.files import add_output, check_answer_file, check_output, deliver, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.plan import add_frequencies
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study
from symchiral.defaults import SIGMA

SUMMARY = "fit measured traces and compare the rotation of every line with the selection rules"
DATA = (
    "tables of traces (CSV and other text, Parquet, arrays of numpy, MATLAB or HDF5), fitted "
    "together; or a YAML or JSON file of fitted rows"
)
EXAMPLES = (
    "validate Bi2Se3 Bi2Se3/example_rows.yaml --sees raman",
    "validate Bi2Se3/phonopy.yaml Bi2Se3/traces.csv -o lines.png",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="+",
        help=DATA,
    )
    add_forces(parser)
    add_calculator(parser)
    add_frequencies(parser)
    add_judging(parser)
    add_output(parser, also="; .pdf, .svg, .png or .eps a figure beside what is printed")
    add_figure(parser)
    add_reading(parser.add_argument_group("what the table does not state itself, or wrongly"))


def add_judging(parser: argparse._ActionsContainer) -> None:
    """Declare how a measurement is compared with the rules."""
    parser.add_argument(
        "--order",
        type=int,
        metavar="M",
        help="quanta in and out together, 3 or 4 (default: 3)",
    )
    parser.add_argument(
        "--sees", choices=("raman", "infrared", "any"), help="activity that the probe shows"
    )
    parser.add_argument(
        "--sigma",
        type=float,
        metavar="N",
        help=f"standard deviations at which a sense counts as measured (default: {SIGMA:g})",
    )
    parser.add_argument(
        "--imperfection",
        metavar="H,DEG",
        help="helicity, and direction in degrees, by which wave plates and detectors may be off, "
        "of traces (default: 0.1,5)",
    )
    parser.add_argument(
        "--parameters",
        metavar="FILE",
        help="YAML or JSON file of lines of which something is known: frequencies and dampings to "
        "start from, fixed, between bounds, or tied to each other; or an earlier answer of "
        "validate --json to start from",
    )


def add_reading(table: argparse._ActionsContainer, *, prefix: str = "") -> None:
    """Declare what tables of traces may leave unsaid, or say wrongly.

    ``prefix``: before ``pump`` and ``duration``, where the command has others of that name.
    """
    table.add_argument(
        "--columns",
        metavar='"time_ps,Qx,Qy"',
        help="names of its columns in their order, - for one that is not used",
    )
    table.add_argument(
        "--time-unit",
        choices=("fs", "ps", "ns", "s", "mm", "um"),
        help="unit of its times, or of the places of a delay stage",
    )
    table.add_argument("--time", metavar="COLUMN", help="column of delays")
    table.add_argument("--time-zero", type=float, metavar="T", help="delay of time zero")
    table.add_argument(
        "--exclude",
        metavar="T,T",
        help="pump window, from and to how long after time zero; left out",
    )
    table.add_argument("--response", type=float, metavar="T", help="full width of the response")
    table.add_argument(
        f"--{prefix}pump",
        dest="table_pump",
        metavar="s+",
        action="append",
        help="polarisation: s+, s- (about the axis), linear, or its angle from x, as in 30deg; "
        "given again, one for every file",
    )
    table.add_argument("--pump-frequency", metavar="2THz", help="frequency of the pump")
    table.add_argument("--bandwidth", metavar="0.3THz", help="full width of its intensity spectrum")
    table.add_argument(
        f"--{prefix}duration",
        dest="table_duration",
        metavar="1ps",
        help="or its full width in time",
    )
    table.add_argument(
        "--probe",
        metavar='"balanced, S0 = 0, S45 = 45"',
        help="geometry of the probe: coordinates, balanced (about the axis of the crystal) or "
        "analyser, and its channels with their angles",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document; draw the figure."""
    from symchiral.answers.validate import validate
    from symchiral.figures.save import FIGURES
    from symchiral.figures.validation import KIND, save_validation
    from symchiral.text.validate import validation_tables

    drawn = str(options.output).lower().endswith(FIGURES)
    if drawn:
        check_output(options, options.output, KIND, FIGURES)
        check_figure(options)
    else:
        check_answer_file(options, "validate", also=FIGURES)
    said = {**judging_options(options), **reading_options(options)}
    study = open_study(options, gamma=True)
    judged = study.validate(
        options.data,
        frequencies=options.frequencies,
        tolerance=options.tolerance,
        couplings=options.couplings,
        **said,
    )
    answer = validate(study.crystal, study.axis, judged, unit=options.unit)
    if drawn:
        save_validation(
            answer,
            judged.fit,
            options.output,
            size=options.size,
            style=options.style,
            overwrite=options.overwrite,
        )
        wrote(options, options.output)
        options.output = None  # what is drawn is printed, too
    deliver(options, "validate", answer, lambda: validation_tables(answer))


def judging_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return how the measurement is compared, as far as it is said."""
    from symchiral.reading.tables import numbers

    found = {name: getattr(options, name) for name in ("order", "sees", "sigma", "parameters")}
    if options.imperfection is not None:
        helicity, direction = numbers(options.imperfection, 2, "--imperfection")
        found["imperfection"] = (helicity, direction)
    return {key: value for key, value in found.items() if value is not None}


def reading_options(options: argparse.Namespace, *, prefix: str = "") -> dict[str, Any]:
    """Return what is said about the tables, as far as it is; ``prefix`` as for the options."""
    from symchiral.errors import GrammarError
    from symchiral.fields.pump import duration, frequency
    from symchiral.reading.tables import numbers
    from symchiral.traces.measurement import PumpPulse
    from symchiral.traces.reading import read_probe

    found: dict[str, Any] = {
        "columns": options.columns,
        "time": options.time,
        "time_unit": options.time_unit,
        "time_zero": options.time_zero,
        "response": options.response,
    }
    if options.exclude is not None:
        begin, end = numbers(options.exclude, 2, "--exclude")
        found["exclude"] = (begin, end)
    if options.probe is not None:
        read_probe(options.probe, fold=3)  # whatever the axis is, it can be read
        found["probe"] = options.probe
    if options.table_pump is not None:
        own, width = (
            None if text is None else frequency(text)
            for text in (options.pump_frequency, options.bandwidth)
        )
        length = None if options.table_duration is None else duration(options.table_duration)
        pumps = [PumpPulse.parse(word, own, width, length) for word in options.table_pump]
        found["pump"] = pumps[0] if len(pumps) == 1 else pumps
    elif (options.pump_frequency, options.bandwidth, options.table_duration) != (None,) * 3:
        raise GrammarError(
            "the pump has a frequency but no polarisation",
            why=f"--pump-frequency, --bandwidth and --{prefix}duration belong to --{prefix}pump",
            fix=f"add --{prefix}pump s+, or declare all of them in the table",
        )
    return {key: value for key, value in found.items() if value is not None}
