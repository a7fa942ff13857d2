"""Options of every command that reads a structure, and those that say which transfers are meant."""

from __future__ import annotations

import argparse

from symchiral.crystal.tolerance import SYMPREC, distance_tolerance
from symchiral.errors import InputError

ORDER = 3
"""Quanta in and out together, where nothing is said."""


def add_structure(parser: argparse.ArgumentParser) -> None:
    """Declare the structure and the options of every command that reads one."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a structure (CIF, POSCAR, extxyz, ... anything ASE reads), force data (phonopy.yaml, "
        "or a folder or zip archive of phonopy), or the name of a packaged one (Bi2Se3; all: "
        "symchiral show --list)",
    )
    parser.add_argument(
        "--symprec",
        type=positive,
        default=SYMPREC,
        metavar="ANGSTROM",
        help="distance tolerance of the symmetry search (default: %(default)g)",
    )
    parser.add_argument(
        "--axis",
        metavar="U,V,W[@X,Y,Z]",
        help="axis of rotation that l refers to: a lattice direction and a point of the input "
        "cell, or the Seitz symbol of an operation (default: the axis of highest order)",
    )
    parser.add_argument(
        "--spin-axis",
        type=cartesian,
        metavar="X,Y,Z",
        help="Cartesian direction of magnetic moments that the structure gives without one",
    )
    parser.add_argument(
        "--index",
        type=int,
        metavar="N",
        help="which structure of a file that holds several, from 0 (negative: from the end)",
    )
    parser.add_argument(
        "--reader",
        choices=("symchiral", "ase"),
        default="symchiral",
        help="who reads a CIF; with ase a warning says where the two readings differ",
    )
    parser.add_argument(
        "--average-sites",
        action="store_true",
        help="take a site of a CIF that several elements fill as one virtual element",
    )
    parser.add_argument(
        "--supercell",
        metavar='"N N N"',
        help="supercell of the unit cell, one argument of three or nine whole numbers: that of "
        "forces in a folder where no file states it, or that to compute forces in",
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--quiet", action="store_true", help="print no warnings")


def positive(text: str) -> float:
    """Read a distance tolerance."""
    try:
        return distance_tolerance(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error.why}; {error.fix}") from error


def cartesian(text: str) -> tuple[float, ...]:
    """Read a Cartesian direction, ``0,0,1``."""
    from symchiral.irreps.axis import three_numbers

    values = three_numbers(text)
    if values is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers; pass for instance 0,0,1")
    return tuple(values.tolist())


def add_order(parser: argparse.ArgumentParser) -> None:
    """Declare the number of quanta."""
    parser.add_argument(
        "--order",
        type=int,
        default=ORDER,
        metavar="M",
        help=f"quanta in and out together, 3 or 4 (default: {ORDER})",
    )


def add_vertex(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Declare the wavevectors of one vertex; ``of`` says where they are asked for."""
    parser.add_argument(
        "--q",
        metavar='"Q Q Q"',
        help=f'{of}wavevectors of the quanta as one argument, all incoming: "K K K", '
        '"LD(u) LD(-u) GM", "0,0,1/4 0,0,1/4 0,0,1/2"; the last is shown as the outgoing quantum '
        "at -q; star: all combinations of special points (default: the zone centre)",
    )


def add_where(parser: argparse.ArgumentParser) -> None:
    """Declare the wavevectors where there are many crystals, which share no names but GM."""
    parser.add_argument(
        "--q",
        choices=("GM", "star"),
        default="GM",
        help="count transfers at the zone centre, or at all combinations of special points "
        "(default: GM)",
    )
