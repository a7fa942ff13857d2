"""``symchiral plan``: the experiment to make."""

from __future__ import annotations

import argparse

from symchiral.cli.common import (
    add_forces,
    add_output,
    add_structure,
    check_answer_file,
    deliver,
    open_study,
    same_input,
)

SUMMARY = "propose the experiment: pump, probe, the sense to expect, and controls"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    parser.add_argument("--pump-range", metavar="1-3THz", help="the band that your source reaches")
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
        help="coupling coefficients, by which channels are ranked (default: couplings.json beside "
        "the force data)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.answers.plan import plan
    from symchiral.text.plan import plan_tables

    check_answer_file(options, "plan")
    study = open_study(options)
    proposed = study.plan(
        pump=options.pump_range,
        frequencies=options.frequencies,
        tolerance=options.tolerance,
        couplings=options.couplings,
    )
    answer = plan(proposed, unit=options.unit)
    deliver(options, "plan", answer, lambda: plan_tables(answer, path=same_input(options)))
