"""A small table: columns and rows, as text or HTML."""

from __future__ import annotations

import html as _html
import textwrap
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest

from symchiral.errors import shown

ASCII = {
    "→": "->", "−": "-", "≡": "==", "≠": "!=", "≢": "!=", "σ": "s", "ħ": "hbar", "…": "...",
    "Γ": "GM", "′": "'", "·": "*", "π": "pi", "±": "+-", "√": "sqrt", "Å": "A", "°": "deg",
    "³": "^3", "²": "^2", "⁴": "^4", "—": "-", "–": "-", "×": "x", "Σ": "sum", "≤": "<=", "≥": ">=",
    "↺": "ccw", "↻": "cw", "″": "''", "₁": "1", "₂": "2", "₃": "3", "\u00a0": " ",
    "Q̇": "dQ/dt", "θ": "theta", "χ": "chi", "↔": "<->", "ω": "omega", "τ": "tau",
}  # fmt: skip
"""How characters outside ASCII are spelt where the terminal has no UTF-8."""

PROSE = 92
"""Width to which lines before and after a table are wrapped where there is no terminal."""

_NO_BREAK = "\u00a0"

NARROWEST = 16
"""Width down to which a column of sentences or lists is folded."""

LABEL = 9
"""Where texts begin that have a label before them."""


@dataclass(frozen=True)
class Phrases:
    """A line that is no sentence: a label, or a title, and phrases with gaps between them.

    Attributes
    ----------
    phrases : tuple of str
        At least one.
    label : str
        What they are about; empty for a title, and where they go on below another label.
    column : int
        Where they begin on a terminal; 0 for a title.
    gap : int
        Spaces between them there.
    last : int
        Where the last one begins at the earliest.

    Examples
    --------
    >>> str(labelled("axis", "3-fold along c")), labelled("axis", "3-fold along c").sentence
    ('axis     3-fold along c', 'axis: 3-fold along c')
    >>> str(title("Bi2Se3", "bands")), title("Bi2Se3", "bands").sentence
    ('Bi2Se3   bands', 'Bi2Se3, bands')
    """

    phrases: tuple[str, ...]
    label: str = ""
    column: int = 0
    gap: int = 3
    last: int = 0

    @property
    def before(self) -> str:
        """The label with the space after it; at least one."""
        return _pad(self.label, self.column - 1) + " " if self.column else ""

    @property
    def indent(self) -> int:
        """Where it goes on in a further line."""
        if self.column or len(self.phrases) == 1 or len(self.phrases[0].split()) > 1:
            return display_width(self.before)
        return display_width(self.phrases[0]) + self.gap  # behind a name

    @property
    def sentence(self) -> str:
        """The line where there are no columns."""
        text = ", ".join(self.phrases)
        return f"{self.label}: {text}" if self.label else text

    def mapped(self, change: Callable[[str], str]) -> Phrases:
        """Return the line with all its texts changed."""
        return replace(self, label=change(self.label), phrases=tuple(map(change, self.phrases)))

    def __str__(self) -> str:
        *first, last = self.phrases
        gap = " " * self.gap
        start = (
            _pad(self.before + gap.join(first), self.last - self.gap) + gap
            if first
            else self.before
        )
        return start + last


Text = str | Phrases
"""A line before or after a table: a sentence, or phrases."""


def labelled(label: str, *phrases: str, column: int = LABEL, gap: int = 3) -> Phrases:
    """Return phrases with a label before them."""
    return Phrases(phrases, label, column, gap)


def title(*phrases: str, gap: int = 3) -> Phrases:
    """Return phrases that say what a table is about."""
    return Phrases(phrases, gap=gap)


def mapped(line: Text, change: Callable[[str], str]) -> Text:
    """Return a line with its texts changed."""
    return change(line) if isinstance(line, str) else line.mapped(change)


def sentence(line: Text) -> str:
    """Return a line as a sentence, for where there are no columns."""
    return line if isinstance(line, str) else line.sentence


@dataclass(frozen=True)
class Table:
    """Columns and rows of text, with lines before and after.

    Lines before and after are wrapped, but never at a no-break space, which prints as a space.

    Attributes
    ----------
    columns : tuple of str
        Headings.
    rows : tuple of tuples of str
        Cells.
    head, foot : tuple of str or Phrases
        Lines before and after.
    optional : tuple of str
        Headings of the columns to leave out, first to last, where the width does not suffice.
    folded : tuple of str
        Headings of the columns whose cells go on in further lines where the width does not suffice,
        before any column is left out.
    notes : tuple of pairs
        The heading of a column, and a line that explains it: printed before the lines after the
        table where that column is shown.
    names : tuple of str
        Headings of the columns that hold names of modes or transfers, which LaTeX sets in its way.

    Examples
    --------
    >>> print(Table(("mode", "count"), (("Eg", "2"), ("A1g", "2"))).text())
    mode  count
    Eg    2
    A1g   2
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    head: tuple[Text, ...] = ()
    foot: tuple[Text, ...] = ()
    optional: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    notes: tuple[tuple[str, Text], ...] = ()

    def __post_init__(self) -> None:
        # Names of sites, files and columns come from anywhere.
        for name in ("columns", "optional", "names", "folded"):
            object.__setattr__(self, name, tuple(map(shown, getattr(self, name))))
        for name in ("head", "foot"):
            lines = tuple(mapped(line, shown) for line in getattr(self, name))
            object.__setattr__(self, name, lines)
        object.__setattr__(self, "rows", tuple(tuple(map(shown, row)) for row in self.rows))
        notes = tuple((shown(name), mapped(line, shown)) for name, line in self.notes)
        object.__setattr__(self, "notes", notes)

    def text(self, width: int | None = None, paint: Callable[[str], str] = str) -> str:
        """Return aligned text, at most ``width`` columns wide as far as that can be had.

        Cells of the columns ``folded`` go on in further lines, then columns of ``optional`` are
        left out and named in the last line. Where that does not suffice, every row is written as
        lines of one cell each, with its heading before it. ``paint`` colours a cell, and leaves
        the width that it has on the terminal.

        Examples
        --------
        >>> table = Table(("transfer", "PAM"), (("Eu(+) Eu(+) → Eg(−)", "flipped"),))
        >>> print(table.text(24))
        transfer  Eu(+) Eu(+) →
                  Eg(−)
        PAM       flipped
        """
        prose = min(width or PROSE, PROSE)
        left_out = self.left_out(width)
        shown = self.without(*left_out)
        if width is not None and sum(shown._widths(width)) > width:
            left_out, body = (), self._stacked(width, paint)
        else:
            body = shown.body(width, paint)
        foot = self.below(*left_out)
        if left_out:
            foot += (
                f"Left out to fit {width} characters: {', '.join(left_out)}; a wider terminal or "
                "-o FILE shows all.",
            )
        parts = [part for part in (fold(self.head, prose), body, fold(foot, prose)) if part]
        return "\n\n".join("\n".join(part) for part in parts)

    def below(self, *left_out: str) -> tuple[Text, ...]:
        """Return all lines after the table, those on the columns that are shown first."""
        shown = [name for name in self.columns if name not in left_out]
        return (*(line for name, line in self.notes if name in shown), *self.foot)

    def ascii(self) -> Table:
        """Return the table with every character outside ASCII spelt, so that columns still align.

        Examples
        --------
        >>> print(Table(("transfer", "PAM"), (("A → B", "kept"), ("A A → B", "—"))).ascii().text())
        transfer  PAM
        A -> B    kept
        A A -> B  -
        """
        return replace(
            self,
            columns=tuple(map(to_ascii, self.columns)),
            rows=tuple(tuple(map(to_ascii, row)) for row in self.rows),
            head=tuple(mapped(line, _plain) for line in self.head),
            foot=tuple(mapped(line, _plain) for line in self.foot),
            optional=tuple(map(to_ascii, self.optional)),
            names=tuple(map(to_ascii, self.names)),
            folded=tuple(map(to_ascii, self.folded)),
            notes=tuple((to_ascii(name), mapped(line, _plain)) for name, line in self.notes),
        )

    def left_out(self, width: int | None = None) -> tuple[str, ...]:
        """Return the headings of the columns for which a width does not suffice."""
        wanted = [name for name in self.optional if name in self.columns]
        for number in range(len(wanted)):
            if width is None or sum(self.without(*wanted[:number])._widths(width)) <= width:
                return tuple(wanted[:number])
        return tuple(wanted)

    def _widths(self, width: int | None) -> list[int]:
        """Widths of the columns with the gaps before them, the folded ones as narrow as needed."""
        cells = [self.columns, *self.rows]
        widths = [max(map(display_width, column)) + 2 for column in zip(*cells, strict=True)]
        if widths:
            widths[0] -= 2
        floors = {
            i: max(NARROWEST, *(display_width(word) for row in cells for word in row[i].split()))
            for i, name in enumerate(self.columns)
            if name in self.folded
        }
        while width is not None and sum(widths) > width:
            wide = [i for i, floor in floors.items() if widths[i] > floor + 2]
            if not wide:
                break
            widths[max(wide, key=lambda i: widths[i])] -= 1
        return widths

    def body(self, width: int | None = None, paint: Callable[[str], str] = str) -> list[str]:
        """Return the aligned heading and rows."""
        widths = self._widths(width)
        lines = []
        for row in (self.columns, *self.rows) if self.columns else ():
            cells = [
                _cell(cell, wide - 2 * (i > 0))
                for i, (cell, wide) in enumerate(zip(row, widths, strict=True))
            ]
            for line in zip_longest(*cells, fillvalue=""):
                lines.append(
                    "".join(
                        "  " * (i > 0) + _pad(cell, wide - 2 * (i > 0), paint)
                        for i, (cell, wide) in enumerate(zip(line, widths, strict=True))
                    ).rstrip()
                )
        return lines

    def _stacked(self, width: int, paint: Callable[[str], str]) -> list[str]:
        """Every row as lines of one cell each, with an empty line between rows."""
        heading = max(map(display_width, self.columns)) + 2
        if heading > width // 2:
            heading = 2
        lines: list[str] = []
        for row in self.rows:
            lines += [""] if lines else []
            for name, cell in zip(self.columns, row, strict=True):
                first = _pad(name, heading)
                if heading < display_width(name):
                    lines += [name] if name else []
                    first = " " * heading
                for part in _cell(cell, max(width - heading, NARROWEST)):
                    lines.append(f"{first}{paint(part)}".rstrip())
                    first = " " * heading
        return lines

    def without(self, *names: str) -> Table:
        """Return the table without some columns."""
        keep = [i for i, name in enumerate(self.columns) if name not in names]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in keep),
            rows=tuple(tuple(row[i] for i in keep) for row in self.rows),
        )

    def html(self) -> str:
        """Return an HTML table with its lines."""

        def row(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{_html.escape(c)}</{tag}>" for c in cells) + "</tr>"

        before = "".join(f"<p>{_html.escape(str(line))}</p>" for line in self.head if line)
        after = "".join(f"<p>{_html.escape(str(line))}</p>" for line in self.below() if line)
        body = "".join(row(cells, "td") for cells in self.rows)
        if not self.columns:
            return before + after
        return (
            f"{before}<table><thead>{row(self.columns, 'th')}</thead>"
            f"<tbody>{body}</tbody></table>{after}"
        )


def fold(lines: Iterable[Text], width: int) -> list[str]:
    r"""Wrap lines; those that begin with a label go on below the text after it.

    Examples
    --------
    >>> print("\n".join(fold((labelled("axis", "3-fold along c through (0,0,0)"),), 28)))
    axis     3-fold along c
             through (0,0,0)
    """
    found: list[str] = []
    for given in lines:
        line = str(given)
        # A sentence may be indented itself.
        at = len(line) - len(line.lstrip(" ")) if isinstance(given, str) else given.indent
        indent = " " * (at if at < width // 2 else 0)

        def wrapped(text: str, indent: str = indent) -> list[str]:
            return textwrap.wrap(
                text,
                max(width, 20),
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )

        parts = wrapped(line)
        plain = line.replace(_NO_BREAK, " ")
        # What is held together is too wide; but a command is to be copied.
        if plain != line and "symchiral " not in plain and max(map(display_width, parts)) > width:
            parts = wrapped(plain)
        found += parts or [""]
    return [line.replace(_NO_BREAK, " ") for line in found]


def unbroken(text: str) -> str:
    """Return a text that :func:`fold` does not break."""
    return text.replace(" ", _NO_BREAK)


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


def _cell(text: str, width: int) -> list[str]:
    """Return the lines of a cell."""
    if display_width(text) <= width:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _pad(text: str, width: int, paint: Callable[[str], str] = str) -> str:
    return paint(text) + " " * (width - display_width(text))


def _plain(line: str) -> str:
    """Spell a line that is still to be wrapped: its no-break spaces stay."""
    return _NO_BREAK.join(map(to_ascii, line.split(_NO_BREAK)))


def to_ascii(text: str) -> str:
    """Spell every character outside ASCII.

    Examples
    --------
    >>> to_ascii("Eu(+) → Eg(−)")
    'Eu(+) -> Eg(-)'
    """
    return spelt(text).encode("ascii", "replace").decode()


def spelt(text: str) -> str:
    """Spell signs in ASCII; letters of other languages stay.

    Examples
    --------
    >>> spelt("Müller/Eu(+) → Eg(−)")
    'Müller/Eu(+) -> Eg(-)'
    """
    for character, spelling in ASCII.items():
        text = text.replace(character, spelling)
    return text
