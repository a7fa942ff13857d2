"""``symchiral predict``: the table of transfers."""

from __future__ import annotations

import argparse

from symchiral.cli.common import add_structure, open_study, write_json, write_table

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
        "--all",
        action="store_true",
        help="show every allowed row; with --json the forbidden channels too, with their witnesses",
    )
    parser.add_argument(
        "--acoustic",
        action="store_true",
        help="also list channels that only acoustic modes could realise (they couple to nothing)",
    )


def run(options: argparse.Namespace) -> None:
    """Print the table, or the document."""
    from symchiral.report.summary import predict_table

    study = open_study(options)
    if options.json:
        write_json(
            study.predict(order=options.order, everything=options.all, acoustic=options.acoustic)
        )
        return
    book = study.rules(order=options.order, acoustic=options.acoustic)
    write_table(
        predict_table(
            study.crystal,
            study.axis,
            study.species(),
            book,
            path=options.file,
            everything=options.all,
        )
    )
