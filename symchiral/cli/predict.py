"""``symchiral predict``: the table of transfers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field, write_changes
from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.forces import add_forces
from symchiral.cli.structures import add_order, add_structure, add_vertex
from symchiral.cli.studies import open_study, same_input

if TYPE_CHECKING:
    from symchiral.table import Table

SUMMARY = "list the allowed transfers of angular momentum between vibrations"
EXAMPLES = (
    "predict Bi2Se3",
    'predict Bi2Se3/phonopy.yaml --pump "1-3THz s+"',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    add_calculator(parser)
    add_output(parser)
    add_order(parser)
    add_vertex(parser)
    parser.add_argument(
        "--all",
        action="store_true",
        help="show every allowed row; with --json the forbidden channels too, with the operation "
        "that forbids each",
    )
    parser.add_argument(
        "--acoustic",
        action="store_true",
        help="with --json, also list transfers that need acoustic modes: forbidden, and marked as "
        "such",
    )
    parser.add_argument(
        "--pump",
        metavar='"1.5-2.5THz s+"',
        help="keep transfers whose incoming quanta are all driven by light of this polarisation "
        "(s+, s-: circular about the axis, z: along it); with forces also by light of this band, "
        "or of both",
    )
    parser.add_argument(
        "--probe",
        choices=("infrared", "raman", "hyper-raman"),
        help="keep transfers whose outgoing quantum this light detects",
    )
    forces = parser.add_argument_group("with forces")
    forces.add_argument(
        "--max-detuning", metavar="0.3THz", help="keep transfers that are closer to resonance"
    )
    forces.add_argument(
        "--linewidth",
        metavar="0.1THz|FILE",
        help="total linewidth, or a JSON file with one per mode, "
        '{"frequency_unit": "THz", "linewidths": {"Eu#1": 0.05}} (default: 0.1THz)',
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.text.predict import species_table, transfers_table, vertices_table

    check_answer_file(options, "predict")
    study = open_study(options, gamma=options.q is None)
    path = same_input(options)
    if options.q == "star":
        from symchiral.answers.vertices import vertices

        books = study.vertices(order=options.order, acoustic=options.acoustic)
        every = vertices(study.crystal, books)
        deliver(options, "predict", every, lambda: [vertices_table(every, path=path)])
        return
    resonance = resonance_options(options)
    whole = options.json or str(options.output).endswith(".json")
    answer = study.predict(
        order=options.order,
        q=options.q,
        everything=options.all,
        acoustic=options.acoustic,
        channels=whole,
        unit=options.unit,
        **resonance,
    )

    uncut = options.all or options.output is not None

    def table() -> list[Table]:
        # Where symmetry allows nothing, its table says why and what to try.
        if study.phonons is not None and answer.rows.allowed:
            return [transfers_table(answer, path=path, everything=uncut)]
        kept = _kept(options) if answer.rows.allowed else {}
        return [species_table(answer, path=path, everything=uncut, **kept)]

    deliver(options, "predict", answer, table)
    if not (options.json or options.output or resonance):
        write_changes(study)


def _kept(options: argparse.Namespace) -> dict[str, Any]:
    """Return the light that drives and the process that sees the transfers to show."""
    found: dict[str, Any] = {}
    if options.pump is not None:
        from symchiral.fields.pump import Pump

        found["pump"] = Pump.of(options.pump)
    if options.probe is not None:
        from symchiral.rules.activity import process

        found["probe"] = process(options.probe)
    return found


def resonance_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options that concern frequencies, as far as they are given."""
    found: dict[str, Any] = {}
    if options.pump is not None:
        found["pump"] = options.pump
    if options.probe is not None:
        found["probe"] = options.probe
    if options.max_detuning is not None:
        from symchiral.fields.pump import frequency

        found["max_detuning"] = frequency(options.max_detuning)
    if options.linewidth is not None:
        from symchiral.reading.spectrum import read_linewidths

        found["linewidth"] = read_linewidths(options.linewidth)
    return found
