"""``symchiral animate``: a mode as moving atoms."""

from __future__ import annotations

import argparse

from symchiral.cli.calculator import add_calculator
from symchiral.cli.files import add_overwrite, check_output, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.limits import picoseconds
from symchiral.cli.printing import write
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study
from symchiral.errors import LabelError
from symchiral.units import counted

SUMMARY = "write a mode as moving atoms: trajectory, web page, or the files of other viewers"
EXAMPLES = (
    'animate Bi2Se3/phonopy.yaml --mode "Eu#1(+)" -o mode.html',
    "animate ZnO/phonopy.yaml --q A --band 5 -o mode.extxyz",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument("--q", help="its wavevector (default: that of the name, else GM)")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument(
        "--mode",
        metavar="NAME",
        help='the mode by name, "Eu#1(+)" or "K3#2(+)@K"; "Eu#1(x)", "Eu#1(y)": the linear '
        'partners; or a sum of modes of one wavevector, "Eu#1(+) + 0.5 i Eu#1(-)" or '
        '"Eu#1(+) + 0.2 Eg#2(-)"',
    )
    chosen.add_argument(
        "--band", type=int, metavar="N", help="the mode by its place, 1 the lowest frequency"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="what to write, by its ending: .extxyz .traj (trajectory), .html (page), .json "
        "(phonon website), .ascii (V_Sim), .vesta (arrows of a linear mode), "
        ".gif .mp4 (film)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=24,
        metavar="N",
        help="pictures in a period, of a sum in that of the fastest mode (default: 24)",
    )
    parser.add_argument(
        "--duration",
        type=picoseconds,
        metavar="PS",
        help="time shown of a sum of several frequencies, ps (default: up to ten periods of the "
        "slowest, as many as bring the others nearest to where they began)",
    )
    parser.add_argument(
        "--amplitude",
        type=float,
        default=0.3,
        metavar="ANGSTROM",
        help="largest displacement of an atom (default: 0.3)",
    )
    parser.add_argument(
        "--cells",
        type=_cells,
        metavar="A,B,C",
        help="primitive cells along each lattice vector (default: the fewest that repeat with q)",
    )
    add_overwrite(parser)


def _cells(text: str) -> tuple[int, int, int]:
    words = text.split(",")
    if len(words) != 3 or not all(word.strip().isdigit() for word in words):
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers; pass for instance 3,3,1")
    a, b, c = (int(word) for word in words)
    return a, b, c


def run(options: argparse.Namespace) -> None:
    """Write the file, and say in a line what moves."""
    from symchiral.modes.animation import require_visible
    from symchiral.modes.superposition import parse_sum
    from symchiral.write.animation_files import ANIMATION
    from symchiral.write.save import MOVING, save_animation

    # What is wrong for every crystal is refused before forces are read or computed.
    check_output(options, options.output, ANIMATION, MOVING)
    require_visible(
        frames=options.frames,
        amplitude=options.amplitude,
        cells=options.cells,
        duration=options.duration,
    )
    if options.mode is not None and options.mode.strip().isdigit():
        raise LabelError(
            f"no mode is called {options.mode}",
            why="names are as in Eu#1(+)",
            fix=f"give a name, or --band {options.mode} for the mode by its place",
        )
    if options.mode is not None:
        parse_sum(options.mode)
    elif options.band < 1:
        raise LabelError(
            f"no band {options.band}",
            why="bands are numbered from 1, the lowest frequency",
            fix="give a number from 1",
        )
    study = open_study(options, gamma=options.q in (None, "GM") and "@" not in (options.mode or ""))
    animation = study.animate(
        options.band if options.mode is None else options.mode,
        q=options.q,
        frames=options.frames,
        amplitude=options.amplitude,
        cells=options.cells,
        duration=options.duration,
    )
    save_animation(animation, options.output, overwrite=options.overwrite)
    if not options.quiet:
        write(f"{animation.titled(options.unit)}: {counted(len(animation.supercell), 'atom')}")
        if animation.shown is not None:
            write(
                f"{animation.shown:.3g} ps in {counted(animation.frames, 'picture')}; where the "
                f"film begins again, a mode jumps by up to {animation.mismatch:.0%} of its period"
            )
    wrote(options, options.output)
