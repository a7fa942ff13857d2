"""Options of every command that uses force constants."""

from __future__ import annotations

import argparse


def add_forces(parser: argparse.ArgumentParser) -> None:
    """Declare the options of every command that uses frequencies."""
    parser.add_argument(
        "--unit",
        choices=("THz", "cm-1", "meV"),
        default="THz",
        help="unit of frequencies (default: %(default)s)",
    )
    add_symmetrize(parser)
    parser.add_argument(
        "--rotational-sum-rule",
        action="store_true",
        help="impose the rotational sum rule by the smallest change of the force constants: no "
        "splitting of acoustic branches linear in q",
    )


def add_symmetrize(parser: argparse.ArgumentParser) -> None:
    """Declare what to do with forces that break the symmetry."""
    parser.add_argument(
        "--symmetrize",
        action="store_true",
        help="accept forces that break the symmetry, and average them over the group",
    )
