"""``symchiral explain``: why a transfer is allowed or forbidden."""

from __future__ import annotations

import argparse

from symchiral.cli.common import add_structure, open_study, width, write, write_json

SUMMARY = "say why one transfer is allowed or forbidden"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    parser.add_argument(
        "transfer",
        metavar="TRANSFER",
        help='the transfer, of any order: "Eu(+) Eu(+) -> Eg(-)", "K1@K K1@K -> K1@-K"',
    )


def run(options: argparse.Namespace) -> None:
    """Print the explanation, or the document."""
    from symchiral.report.document import explain_document
    from symchiral.report.summary import axis_line
    from symchiral.table import fold

    study = open_study(options)
    rule = study.explain(options.transfer)
    if options.json:
        write_json(explain_document(study.crystal, rule))
        return
    lines = [*rule.explain().splitlines(), f"axis       {axis_line(study.crystal, rule.axis)}"]
    columns = width()
    write("\n".join(fold(tuple(lines), columns) if columns else lines))
