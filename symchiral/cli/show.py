"""``symchiral show``: group, axes, sites and species."""

from __future__ import annotations

import argparse

from symchiral.cli.common import add_structure, open_study, write, write_json

SUMMARY = "show space group, axes, sites and species"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)


def run(options: argparse.Namespace) -> None:
    """Print the summary, or the document."""
    study = open_study(options)
    if options.json:
        write_json(study.show())
    else:
        write(repr(study))
