"""Options of the commands that draw figures."""

from __future__ import annotations

import argparse

ENDINGS = (".pdf", ".svg", ".png", ".eps")
"""What figures are written as."""


def add_figure(parser: argparse._ActionsContainer) -> None:
    """Declare how wide a figure is, and how it looks."""
    parser.add_argument(
        "--size",
        choices=("single", "double"),
        default="double",
        help="width of a figure: one column of a journal, 86 mm, or the page of two, 178 mm "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--style",
        metavar="FILE|NAME",
        help="settings of matplotlib for figures: a style sheet, or the name of one of its styles, "
        "such as grayscale (default: %(default)s)",
    )


def check_figure(options: argparse.Namespace) -> None:
    """Find out before the work whether the style can be used."""
    from symchiral.figures.style import styled

    if options.style is not None:
        with styled(options.style):
            pass
