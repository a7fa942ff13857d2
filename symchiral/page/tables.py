"""Tables as they stand on a page: their title as a heading, labelled lines as a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup, escape

from symchiral.table import Phrases, Table, Text

_SCREWS = re.compile(r"(?<![\w./-])[A-Z]?(?:[2346]_[1-5])+")
"""Screw axes in a line: ``3_1``, ``P2_12_12_1``."""


def typeset(text: str) -> Markup:
    """Return a line with the indices of screw axes below, all else escaped.

    Examples
    --------
    >>> typeset("P3_121, 3_1 screw <along> c of x3_1.cif")
    Markup('P3<sub>1</sub>21, 3<sub>1</sub> screw &lt;along&gt; c of x3_1.cif')
    """
    parts: list[Markup] = []
    end = 0
    for match in _SCREWS.finditer(text):
        pieces = re.split(r"_(\d)", match[0])
        parts += [
            escape(text[end : match.start()]),
            *(Markup("<sub>{}</sub>" if k % 2 else "{}").format(x) for k, x in enumerate(pieces)),
        ]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def table_html(
    table: Table, *, lines: bool = True, known: Iterable[Phrases] = (), name: str = ""
) -> Markup:
    """Return a table with its lines as HTML; every cell and line is escaped.

    Parameters
    ----------
    lines : bool
        Also the lines before and after it.
    name : str
        What screen readers call it where it has no heading of its own; default its first column.
    known : iterable of Phrases
        What the page has already, which is left out of lines that begin with it.

    Examples
    --------
    >>> from symchiral.table import labelled, title
    >>> head = title("title"), labelled("axis", "along c")
    >>> table_html(Table(("a",), (("<1>",),), head=head, foot=("note",)))
    Markup('<h3>title</h3><dl><dt>axis</dt><dd>along c</dd></dl><table ...&lt;1&gt;...')
    """
    parts: list[Markup] = []
    if lines:
        head = [new for line in table.head if (new := _without(line, known))]
        parts += _head(head)
        if head and _is_title(head[0]):
            name = str(head[0])
    if table.rows:
        parts.append(_body(table.columns, table.rows, name or table.columns[0]))
    if lines:
        parts += [Markup('<p class="quiet">{}</p>').format(str(x)) for x in table.below() if x]
    return Markup("").join(parts)


def _is_title(line: Text) -> bool:
    return isinstance(line, Phrases) and not line.column


def _without(line: Text, known: Iterable[Phrases]) -> Text | None:
    """A line without what is known; None if nothing is left of it."""
    if isinstance(line, str):
        return line or None
    for told in known:
        n = len(told.phrases)
        if line.label == told.label and line.phrases[:n] == told.phrases:
            return replace(line, phrases=line.phrases[n:]) if line.phrases[n:] else None
    return line


def _head(lines: Sequence[Text]) -> list[Markup]:
    """Labelled lines as lists, a title as a heading, sentences as paragraphs."""
    parts = []
    for listed, run in groupby(lines, lambda x: isinstance(x, Phrases) and x.column > 0):
        if listed:
            items = (_item(line) for line in run if isinstance(line, Phrases))
            parts.append(Markup("<dl>{}</dl>").format(Markup("").join(items)))
        else:
            tags = ((Markup("<h3>{}</h3>" if _is_title(x) else "<p>{}</p>"), x) for x in run)
            parts += [tag.format(typeset(str(x))) for tag, x in tags]
    return parts


def _item(line: Phrases) -> Markup:
    label = Markup("<dt>{}</dt>").format(line.label) if line.label else ""
    return Markup("{}<dd>{}</dd>").format(label, typeset(", ".join(line.phrases)))


def _body(columns: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in columns)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(escape(cell)) for cell in row)
        )
        for row in rows
    )
    return Markup(
        '<table aria-label="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    ).format(name, head, body)
