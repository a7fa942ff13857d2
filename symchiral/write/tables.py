"""Tables in files: plain text, Markdown, CSV, LaTeX, and JSON, by the ending of the name.

Text, Markdown and LaTeX hold the tables as the terminal shows them, uncut; CSV holds the rows of
the main one as flat records with all digits, JSON the whole answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from symchiral.answers.record import Answer
from symchiral.answers.schema import answer_type
from symchiral.disk import check_ending, mark, write_text
from symchiral.table import Table
from symchiral.text.formats import csv_text, latex, markdown

ENDINGS = (".txt", ".md", ".csv", ".tex", ".json")
"""Endings of the files of :func:`save_tables`."""


def endings_of(kind: str) -> tuple[str, ...]:
    """Return the endings that the answer of a command can have: CSV where it has rows.

    Examples
    --------
    >>> endings_of("explain")
    ('.txt', '.md', '.tex', '.json')
    """
    rows = answer_type(kind).row_types
    return tuple(ending for ending in ENDINGS if rows or ending != ".csv")


def save_tables(
    file: str | os.PathLike[str],
    answer: Answer,
    tables: Callable[[], Sequence[Table]],
    *,
    kind: str,
    overwrite: bool = False,
) -> None:
    """Write an answer to a file, in the format its name ends with.

    Parameters
    ----------
    tables : callable
        Gives the answer as the terminal shows it; asked only where the format needs it.
    kind : str
        The command; a file that it wrote before is replaced.
    overwrite : bool
        Replace any other file too.

    Raises
    ------
    InputError
        The ending is unknown, the file cannot be written, or another lies there.
    """
    ending = check_ending(file, endings_of(kind))
    known = known_by(file, kind)
    if ending == ".json":
        text = answer.to_json() + "\n"
    elif ending == ".csv":
        text = csv_text(answer.columns(), answer.to_records())
    elif ending == ".md":
        text = f"<!-- {mark(kind)} -->\n\n" + "\n".join(map(markdown, tables()))
    elif ending == ".tex":
        text = f"% {mark(kind)}\n% \\usepackage{{booktabs}}\n" + "\n".join(map(latex, tables()))
    else:
        text = f"# {mark(kind)}\n\n" + "\n\n".join(t.text() for t in tables()) + "\n"
    write_text(file, text, kind, known=known, overwrite=overwrite)


def known_by(file: str | os.PathLike[str], kind: str) -> str | tuple[str, ...] | None:
    """Return the texts by which a file of a command is known, where these are not the mark.

    A CSV file is known by the names of its first columns, a document by its schema.
    """
    answers = [answer_type(kind), *([answer_type("vertices")] if kind == "predict" else [])]
    ending = Path(file).suffix.lower()
    if ending == ".json":
        return tuple(f'"schema": "{answer.__struct_config__.tag}"' for answer in answers)
    if ending == ".csv":
        rows = (row for answer in answers for row in answer.row_types)
        return tuple(f"{','.join(row.__struct_encode_fields__[:2])}," for row in rows)
    return None
