"""``symchiral audit``: whether third-order force constants obey the rules."""

from __future__ import annotations

import argparse

from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.forces import add_forces
from symchiral.cli.progress import progress
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "audit third-order force constants: the share that the selection rules forbid"
EXAMPLES = (
    "audit phono3py_disp.yaml",
    'audit phono3py_disp.yaml --q "X X GM" --fail-on 1e-3',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    parser.add_argument(
        "--q",
        metavar='"Q Q Q"',
        help="audit this vertex only, wavevectors as one argument, all incoming (default: every "
        "vertex of special points)",
    )
    parser.add_argument(
        "--mesh",
        nargs=3,
        type=int,
        metavar=("N1", "N2", "N3"),
        help="audit all vertices of a mesh: divisions of the primitive reciprocal vectors",
    )
    parser.add_argument(
        "--fail-on",
        type=float,
        metavar="SHARE",
        help="exit with status 3 if the forbidden share of |V3|^2 is larger, for instance 1e-3",
    )
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table, or the document; 3 if the limit was exceeded."""
    from symchiral.answers.audit import audit
    from symchiral.text.audit import audit_table

    check_answer_file(options, "audit")
    study = open_study(options)
    mesh = tuple(options.mesh) if options.mesh else None
    found = study.audit(options.q, mesh=mesh, progress=progress(options, "auditing"))
    answer = audit(study.crystal, study.axis, found, study.third_order)
    deliver(options, "audit", answer, lambda: [audit_table(answer, limit=options.fail_on)])
    return 3 if options.fail_on is not None and found.share > options.fail_on else 0
