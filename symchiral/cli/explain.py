"""``symchiral explain``: why a transfer is allowed or forbidden."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from symchiral.cli.calculator import add_calculator
from symchiral.cli.common import (
    add_field,
    add_forces,
    add_structure,
    field_lines,
    open_study,
    width,
    write,
    write_json,
)

if TYPE_CHECKING:
    from symchiral.rules.rule import Rule

SUMMARY = "say why one transfer is allowed or forbidden"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument(
        "transfer",
        metavar="TRANSFER",
        help='the transfer, of any order: "Eu(+) Eu(+) -> Eg(-)", "K1@K K1@K -> K1@-K"',
    )


def _numbered(rule: Rule) -> list[str]:
    """What to write where forces are there to decide, and no mode is named."""
    from symchiral.rules.wording import pretty

    legs = [x for x in rule.channel.coupling if not x.participant.field and not x.participant.known]
    if not rule.allowed or rule.rotation_sense != "open" or not legs:
        return []
    name = pretty(replace(legs[0], mode=1).label)
    return [f"modes      named by number, as in {name}, they decide which way the atoms turn"]


def run(options: argparse.Namespace) -> None:
    """Print the explanation, or the document."""
    from symchiral.report.document import explain_document
    from symchiral.report.summary import axis_line
    from symchiral.report.transfers import transfer_record
    from symchiral.table import fold

    study = open_study(options, gamma="@" not in options.transfer)
    rule = study.explain(options.transfer)
    numbered = all(leg.mode is not None for leg in rule.channel.coupling)
    transfer = study.transfer(options.transfer) if numbered else None
    if options.json:
        document = explain_document(study.crystal, rule, study.background)
        if transfer is not None:
            document["text"] = transfer.explain()
            document["transfer"] = transfer_record(transfer, unit=options.unit)
        write_json(document)
        return
    text = rule.explain() if transfer is None else transfer.explain()
    lines = [
        *text.splitlines(),
        *(_numbered(rule) if study.phonons is not None and transfer is None else ()),
        *field_lines(study),
        f"axis       {axis_line(study.crystal, rule.axis)}",
    ]
    columns = width()
    write("\n".join(fold(tuple(lines), columns) if columns else lines))
