"""A small table: columns and rows, as text or HTML."""

from __future__ import annotations

import html as _html
import unicodedata
from dataclasses import dataclass

ASCII = {
    "→": "->", "−": "-", "≡": "==", "≠": "!=", "≢": "!=", "σ": "s", "ħ": "hbar", "…": "...",
    "Γ": "GM", "′": "'", "·": "*", "π": "pi", "±": "+-", "√": "sqrt", "Å": "A", "°": "deg",
    "³": "^3", "²": "^2", "⁴": "^4", "—": "-", "–": "-", "×": "x", "Σ": "sum", "≤": "<=", "≥": ">=",
}  # fmt: skip
"""How characters outside ASCII are spelt where the terminal has no UTF-8."""


@dataclass(frozen=True)
class Table:
    """Columns and rows of text, with lines before and after.

    Attributes
    ----------
    columns : tuple of str
        Headings.
    rows : tuple of tuples of str
        Cells.
    head, foot : tuple of str
        Lines before and after.
    optional : tuple of str
        Headings of the columns to leave out, first to last, where the width does not suffice.

    Examples
    --------
    >>> print(Table(("mode", "count"), (("Eg", "2"), ("A1g", "2"))).text())
    mode  count
    Eg    2
    A1g   2
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def text(self, width: int | None = None) -> str:
        """Return aligned text, at most ``width`` columns wide as far as dropping columns helps."""
        lines = [*self.head]
        if self.head and self.columns:
            lines.append("")
        lines += self.body(width)
        if self.foot and self.columns:
            lines.append("")
        return "\n".join([*lines, *self.foot])

    def body(self, width: int | None = None) -> list[str]:
        """Return the aligned heading and rows."""
        keep = [i for i, _ in enumerate(self.columns)]
        drop = [self.columns.index(name) for name in self.optional if name in self.columns]
        cells = [self.columns, *self.rows]
        while True:
            widths = [max(display_width(row[i]) for row in cells) for i in keep] if keep else []
            if width is None or not drop or sum(widths) + 2 * (len(widths) - 1) <= width:
                break
            keep.remove(drop.pop(0))
        return [
            "  ".join(_pad(row[i], w) for i, w in zip(keep, widths, strict=True)).rstrip()
            for row in cells
            if keep
        ]

    def html(self) -> str:
        """Return an HTML table with its lines."""

        def row(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{_html.escape(c)}</{tag}>" for c in cells) + "</tr>"

        before = "".join(f"<p>{_html.escape(line)}</p>" for line in self.head if line)
        after = "".join(f"<p>{_html.escape(line)}</p>" for line in self.foot if line)
        body = "".join(row(cells, "td") for cells in self.rows)
        if not self.columns:
            return before + after
        return (
            f"{before}<table><thead>{row(self.columns, 'th')}</thead>"
            f"<tbody>{body}</tbody></table>{after}"
        )


def display_width(text: str) -> int:
    """Number of terminal columns a text takes.

    Examples
    --------
    >>> display_width("E(−) → 3ħ")
    9
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    combining = sum(unicodedata.combining(c) > 0 for c in text)
    return len(text) + wide - combining


def _pad(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


def to_ascii(text: str) -> str:
    """Spell every character outside ASCII.

    Examples
    --------
    >>> to_ascii("Eu(+) → Eg(−)")
    'Eu(+) -> Eg(-)'
    """
    for character, spelling in ASCII.items():
        text = text.replace(character, spelling)
    return text.encode("ascii", "replace").decode()
