"""``symchiral explain``: why a transfer is allowed or forbidden."""

from __future__ import annotations

import argparse
import sys

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field
from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import write
from symchiral.cli.streams import ascii_only, columns
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "say why one transfer is allowed or forbidden"
EXAMPLES = (
    'explain Bi2Se3 "Eu(+) Eu(+) -> Eg(-)"',
    'explain Bi2Se3/phonopy.yaml "Eu#1(+) Eu#1(+) -> Eg#2(-)"',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    add_calculator(parser)
    add_output(parser)
    parser.add_argument(
        "transfer",
        metavar="TRANSFER",
        help='the transfer, of any order: "Eu(+) Eu(+) -> Eg(-)", "K1@K K1@K -> K1@-K"',
    )


def run(options: argparse.Namespace) -> None:
    """Print the explanation, or the document."""
    from symchiral.answers.explain import explain
    from symchiral.table import Table, fold
    from symchiral.text.explanation import answer_lines

    check_answer_file(options, "explain")
    study = open_study(options, gamma="@" not in options.transfer)
    rule = study.explain(options.transfer)
    numbered = all(leg.mode is not None for leg in rule.channel.coupling)
    transfer = study.transfer(options.transfer) if numbered else None
    answer = explain(
        study.crystal,
        rule,
        transfer_of_modes=transfer,
        forces=study.phonons is not None,
        unit=options.unit,
        background=study.background,
    )
    table = Table((), (), tuple(answer_lines(answer, transfer or rule)))
    if options.json or options.output:
        deliver(options, "explain", answer, lambda: [table])
        return
    width = columns(sys.stdout)
    shown = table.ascii() if ascii_only(sys.stdout) else table
    write("\n".join(fold(shown.head, width) if width else map(str, shown.head)))
