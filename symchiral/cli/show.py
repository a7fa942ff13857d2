"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse
import sys

from symchiral.cli.common import add_structure, open_study, width, write, write_json

SUMMARY = "show space group, axes, sites and species"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)


def run(options: argparse.Namespace) -> None:
    """Print the summary, or the document."""
    from symchiral.cli import ascii_only
    from symchiral.report.summary import show_table

    study = open_study(options)
    if options.json:
        write_json(study.show())
        return
    text = show_table(
        study.crystal,
        study.axis,
        study.species(),
        width=width(),
        ascii_only=ascii_only(sys.stdout),
    )
    write(text)
