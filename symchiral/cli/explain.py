"""``symchiral explain``: why a transfer is allowed or forbidden."""

from __future__ import annotations

import argparse

from symchiral.cli.common import add_structure, open_study, write, write_json

SUMMARY = "say why one transfer is allowed or forbidden"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    parser.add_argument(
        "transfer", metavar="TRANSFER", help='the transfer, of any order: "Eu(+) Eu(+) -> Eg(-)"'
    )


def run(options: argparse.Namespace) -> None:
    """Print the explanation, or the document."""
    from symchiral.report.document import explain_document

    study = open_study(options)
    rule = study.explain(options.transfer)
    if options.json:
        write_json(explain_document(study.crystal, study.axis, rule))
    else:
        write(rule.explain())
