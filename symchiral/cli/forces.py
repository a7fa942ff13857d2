"""Options of every command that uses force constants."""

from __future__ import annotations

import argparse


def add_forces(parser: argparse.ArgumentParser) -> None:
    """Declare the options of every command that uses frequencies."""
    parser.add_argument(
        "--unit",
        choices=("THz", "cm-1", "meV"),
        default="THz",
        help="unit of frequencies (default: THz)",
    )
    add_symmetrize(parser)
    parser.add_argument(
        "--rotational-sum-rule",
        action="store_true",
        help="change force constants by the least that removes what of the acoustic branches is "
        "linear in the wavevector",
    )


def add_symmetrize(parser: argparse.ArgumentParser) -> None:
    """Declare what to do with forces that break the symmetry."""
    parser.add_argument(
        "--symmetrize",
        action="store_true",
        help="go on with forces that break the symmetry, averaged over the group",
    )
