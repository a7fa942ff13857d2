"""``symchiral predict``: the table of transfers."""

from __future__ import annotations

import argparse

from symchiral.cli.common import add_structure, open_study, same_input, write_json, write_table

SUMMARY = "predict which vibrations hand rotation to which others"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
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


def run(options: argparse.Namespace) -> None:
    """Print the table, or the document."""
    from symchiral.report.document import vertices_document
    from symchiral.report.summary import predict_table
    from symchiral.report.wavevectors import vertices_table

    study = open_study(options)
    if options.q == "star":
        books = study.vertices(order=options.order, acoustic=options.acoustic)
        if options.json:
            write_json(vertices_document(study.crystal, books))
        else:
            write_table(vertices_table(study.crystal, books, path=same_input(options)))
        return
    if options.json:
        write_json(
            study.predict(
                order=options.order,
                q=options.q,
                everything=options.all,
                acoustic=options.acoustic,
            )
        )
        return
    book = study.rules(order=options.order, q=options.q, acoustic=options.acoustic)
    write_table(
        predict_table(study.crystal, book, path=same_input(options), everything=options.all)
    )
