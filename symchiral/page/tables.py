"""Tables as they stand on a page: their title as a heading, labelled lines as a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from symchiral.table import Table

_LABELLED = re.compile(r"(?P<label>\S+)(?P<gap> +)(?P<text>\S.*)")
"""A line of a terminal that may begin with a label; texts after labels begin in one column."""


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
    table: Table, *, lines: bool = True, known: Iterable[str] = (), name: str = ""
) -> Markup:
    """Return a table with its lines as HTML; every cell and line is escaped.

    Parameters
    ----------
    lines : bool
        Also the lines before and after it.
    name : str
        What screen readers call it where it has no heading of its own; default its first column.
    known : iterable of str
        Lines that the page has already, and beginnings of them, which are left out.

    Examples
    --------
    >>> table_html(Table(("a",), (("<1>",),), head=("title", "axis     along c"), foot=("note",)))
    Markup('<h3>title</h3><dl><dt>axis</dt><dd>along c</dd></dl><table ...&lt;1&gt;...')
    """
    parts: list[Markup] = []
    if lines:
        head = list(table.head)
        for text in known:
            head = [line.removeprefix(text).strip() for line in head]
        parts += _head([line for line in head if line])
    if table.rows:
        titled = lines and parts and parts[0].startswith("<h3>")
        told = parts[0].striptags() if titled else name or table.columns[0]
        parts.append(_body(table.columns, table.rows, told))
    if lines:
        parts += [Markup('<p class="quiet">{}</p>').format(x) for x in table.below() if x]
    return Markup("").join(parts)


def _head(lines: Sequence[str]) -> list[Markup]:
    parts: list[Markup] = []
    labelled: list[Markup] = []

    def close() -> None:
        if labelled:
            parts.append(Markup("<dl>{}</dl>").format(Markup("").join(labelled)))
            labelled.clear()

    matches = [_LABELLED.fullmatch(line) for line in lines]
    columns = {m.start("text") for m in matches if m and len(m["gap"]) > 1}
    for place, (line, match) in enumerate(zip(lines, matches, strict=True)):
        # A label as wide as its column is followed by one blank, as is any word of a sentence.
        if match and (len(match["gap"]) > 1 or (place and match.start("text") in columns)):
            item = Markup("<dt>{}</dt><dd>{}</dd>").format(match["label"], typeset(match["text"]))
            labelled.append(item)
        else:
            close()
            title = place == 0 and not line.endswith(".")  # else it is a sentence
            tag = Markup("<h3>{}</h3>") if title else Markup("<p>{}</p>")
            parts.append(tag.format(typeset(line)))
    close()
    return parts


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
