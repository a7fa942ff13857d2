"""Answers in files: the options, the checks before the work, and the writing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from symchiral.cli.printing import write, write_json, write_table

if TYPE_CHECKING:
    from symchiral.answers.record import Answer
    from symchiral.table import Table


def add_output(parser: argparse.ArgumentParser, *, also: str = "") -> None:
    """Declare where the answer is written in place of being printed; ``also``: other endings."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the answer to a file in place of printing it: .txt, .md or .tex the tables, "
        f"with every row; .csv the rows of the main one with all digits; .json the document{also}",
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
    """Find out before the work whether its result can be written; None is not a file."""
    from symchiral.disk import check_ending, note_read, place

    if path is not None:
        if endings:
            check_ending(path, endings)
        if "file" in options:  # of an atlas nothing is read
            note_read(options.file)
        place(path, kind, known=known, overwrite=options.overwrite)


def check_answer_file(
    options: argparse.Namespace, kind: str, *, also: tuple[str, ...] = ()
) -> None:
    """Find out before the work whether the answer can be written to ``-o FILE``.

    ``also``: other endings that the command writes.
    """
    if options.output is not None:
        from symchiral.write.tables import endings_of, known_by

        known = known_by(options.output, kind)
        check_output(options, options.output, kind, (*endings_of(kind), *also), known=known)


def wrote(options: argparse.Namespace, path: str) -> None:
    """Say on stderr that a file is written."""
    if not options.quiet:
        write(f"wrote {path}", sys.stderr)


def deliver(
    options: argparse.Namespace, kind: str, answer: Answer, tables: Callable[[], Sequence[Table]]
) -> None:
    """Write an answer to ``-o FILE``, or print it as tables; ``--json`` prints the document always.

    Tables are made as they are needed. ``kind`` is the command: a file that it wrote before is
    replaced.
    """
    if options.output is not None:
        from symchiral.write.tables import save_tables

        save_tables(options.output, answer, tables, kind=kind, overwrite=options.overwrite)
        wrote(options, options.output)
    if options.json:
        write_json(answer)
    elif options.output is None:
        for i, table in enumerate(tables()):
            if i:
                write("")
            write_table(table)
