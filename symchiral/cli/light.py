"""``symchiral light``: what light makes, sees and drives."""

from __future__ import annotations

import argparse

from symchiral.cli.calculator import add_calculator
from symchiral.cli.fields import add_field
from symchiral.cli.files import add_output, check_answer_file, deliver
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import warn, write
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "show what circular and linear light absorb, scatter and drive"
EXAMPLES = (
    "light Bi2Se3",
    "light GaAs --beam 1,1,0 --geometry forward",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    add_calculator(parser)
    add_output(parser)
    parser.add_argument(
        "--beam",
        metavar="U,V,W",
        help="lattice direction of the input cell in which the light travels (default: along the "
        "axis of rotation, else along c)",
    )
    parser.add_argument(
        "--horizontal",
        metavar="U,V,W",
        help="lattice direction that lies horizontally, polarisation angle 0 (default: the first "
        "of a, b, c that is not along the beam)",
    )
    parser.add_argument(
        "--orient",
        metavar='"c along z, a along x"',
        help="how the sample stands in the laboratory: two directions of the crystal (a, b, c, a*, "
        '[u,v,w], or (h,k,l) for the normal of a plane) along lab axes, or "z=[0,0,1] '
        'x=(1,0,0)"; --beam (default: lab z), --horizontal and all angles then are those of the '
        "lab",
    )
    parser.add_argument(
        "--geometry",
        default="backscattering",
        metavar="GEOMETRY",
        help="backscattering (default), forward, or right-angle: scattered towards the horizontal",
    )
    parser.add_argument(
        "--domains",
        action="store_true",
        help="show which effects survive the average over the twin domains of the crystal",
    )
    parser.add_argument(
        "--raman-tensors",
        metavar="FILE",
        help="a JSON file of Raman tensors of the modes, or, with forces, of the atoms (written as "
        "the page on light of the documentation says): adds intensities",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.answers.light import RAMAN_ASYMMETRY
    from symchiral.text.crystal import field_line
    from symchiral.text.light import light_tables

    check_answer_file(options, "light")
    study = open_study(options, gamma=True)
    answer = study.light(
        beam=options.beam,
        horizontal=options.horizontal,
        geometry=options.geometry,
        orient=options.orient,
        domains=options.domains,
        raman=options.raman_tensors,
        unit=options.unit,
    )
    if not options.quiet:
        # Those of the crystal have been told when it was read.
        warn(notice for notice in answer.warnings if notice.kind == RAMAN_ASYMMETRY)
    if answer.field is not None and not (options.json or options.output):
        write(str(field_line(answer.field)))
    deliver(options, "light", answer, lambda: light_tables(answer))
