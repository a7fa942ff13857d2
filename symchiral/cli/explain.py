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
    from symchiral.answers.explain import explain
    from symchiral.table import fold
    from symchiral.text.crystal import axis_line, field_text

    study = open_study(options, gamma="@" not in options.transfer)
    rule = study.explain(options.transfer)
    numbered = all(leg.mode is not None for leg in rule.channel.coupling)
    answer = explain(
        study.crystal,
        rule,
        transfer_of_modes=study.transfer(options.transfer) if numbered else None,
        unit=options.unit,
        background=study.background,
    )
    if options.json:
        write_json(answer)
        return
    lines = [
        *answer.text.splitlines(),
        *(_numbered(rule) if study.phonons is not None and answer.transfer is None else ()),
        *([f"field      {field_text(answer.field)}"] if answer.field else []),
        f"axis       {axis_line(answer.axis)}",
    ]
    columns = width()
    write("\n".join(fold(tuple(lines), columns) if columns else lines))
