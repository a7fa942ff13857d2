"""Answers in files: the options, the checks before the work, and the writing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from symchiral.cli.printing import write, write_json, write_table

if TYPE_CHECKING:
    from symchiral.answers.record import Answer
    from symchiral.table import Table


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare where the answer is written in place of being printed."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the answer to a file in place of printing it: .txt, .md or .tex the tables, "
        "with every row; .csv the rows of the main one with all digits; .json the document",
    )
    add_overwrite(parser)


def add_overwrite(parser: argparse._ActionsContainer) -> None:
    """Declare what all commands that write files have in common."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that symchiral did not write for the same purpose",
    )


def check_output(
    options: argparse.Namespace,
    path: str | None,
    kind: str,
    endings: tuple[str, ...],
    *,
    known: str | tuple[str, ...] | None = None,
) -> None:
    """Find out before the work whether its result can be written; None is no file."""
    from symchiral.disk import check_ending, note_read, place

    if path is not None:
        if endings:
            check_ending(path, endings)
        note_read(options.file)
        place(path, kind, known=known, overwrite=options.overwrite)


def check_answer_file(options: argparse.Namespace, kind: str) -> None:
    """Find out before the work whether the answer can be written to ``-o FILE``."""
    if options.output is not None:
        from symchiral.write.tables import ENDINGS, known_by

        known = known_by(options.output, kind)
        check_output(options, options.output, kind, ENDINGS, known=known)


def deliver(
    options: argparse.Namespace, kind: str, answer: Answer, tables: Callable[[], Sequence[Table]]
) -> None:
    """Print an answer as tables or as JSON, or write it to ``-o FILE``; tables as they are needed.

    ``kind`` is the command: a file that it wrote before is replaced.
    """
    if options.output is not None:
        from symchiral.write.tables import save_tables

        save_tables(options.output, answer, tables, kind=kind, overwrite=options.overwrite)
    elif options.json:
        write_json(answer)
    else:
        for i, table in enumerate(tables()):
            if i:
                write("")
            write_table(table)
