"""``symchiral predict``: the table of transfers."""

from __future__ import annotations

import argparse
from typing import Any

from symchiral.cli.calculator import add_calculator
from symchiral.cli.common import (
    add_field,
    add_forces,
    add_structure,
    open_study,
    same_input,
    write_changes,
    write_json,
    write_table,
)

SUMMARY = "predict which vibrations hand rotation to which others"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument(
        "--order",
        type=int,
        default=3,
        metavar="M",
        help="quanta in and out together, 3 or 4 (default: 3)",
    )
    parser.add_argument(
        "--q",
        metavar='"Q Q Q"',
        help='wavevectors of the vertex as one argument, all incoming: "K K K", "LD(u) LD(-u) GM", '
        '"0,0,1/4 0,0,1/4 0,0,1/2"; the last is shown as the outgoing quantum at -q; star: '
        "every vertex of special points (default: the zone centre)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="show every allowed row; with --json the forbidden channels too, with their witnesses",
    )
    parser.add_argument(
        "--acoustic",
        action="store_true",
        help="with --json, also list what only acoustic modes could realise: forbidden, and marked",
    )
    parser.add_argument(
        "--pump",
        metavar='"1.5-2.5THz s+"',
        help="keep transfers of which light of this polarisation (s+, s-: circular about the "
        "axis, z: along it), with forces also of this band, or both, drives every incoming quantum",
    )
    parser.add_argument(
        "--probe",
        choices=("infrared", "raman", "hyper-raman"),
        help="keep transfers of which this sees the outgoing quantum",
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
    """Print the table, or the document."""
    from symchiral.fields.pump import Pump
    from symchiral.report.document import vertices_document
    from symchiral.report.summary import predict_table
    from symchiral.report.transfers import transfers_table
    from symchiral.report.wavevectors import vertices_table

    study = open_study(options, gamma=options.q is None)
    if options.q == "star":
        books = study.vertices(order=options.order, acoustic=options.acoustic)
        if options.json:
            write_json(vertices_document(study.crystal, books))
        else:
            write_table(vertices_table(study.crystal, books, path=same_input(options)))
        return
    resonance = resonance_options(options)
    if options.json:
        write_json(
            study.predict(
                order=options.order,
                q=options.q,
                everything=options.all,
                acoustic=options.acoustic,
                unit=options.unit,
                **resonance,
            )
        )
        return
    book = study.rules(order=options.order, q=options.q, acoustic=options.acoustic)
    path = same_input(options)
    # Where symmetry allows nothing, its table says why and what to try.
    if not book.rules or (study.phonons is None and not resonance):
        write_table(predict_table(study.crystal, book, path=path, everything=options.all))
        write_changes(study)
        return
    if study.phonons is None:
        write_table(
            predict_table(
                study.crystal,
                study.reached(book, **resonance),
                path=path,
                everything=options.all,
                pump=None if options.pump is None else Pump.parse(options.pump),
                probe=options.probe,
            )
        )
        return
    write_table(
        transfers_table(
            study.crystal,
            book,
            study.resonances(book, **resonance),
            path=path,
            unit=options.unit,
            everything=options.all,
        )
    )


def resonance_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options that concern frequencies, as far as they are given."""
    from symchiral.fields.pump import frequency
    from symchiral.io.spectrum import read_linewidths

    found: dict[str, Any] = {}
    if options.pump is not None:
        found["pump"] = options.pump
    if options.probe is not None:
        found["probe"] = options.probe
    if options.max_detuning is not None:
        found["max_detuning"] = frequency(options.max_detuning)
    if options.linewidth is not None:
        found["linewidth"] = read_linewidths(options.linewidth)
    return found
