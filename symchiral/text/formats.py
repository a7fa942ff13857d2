"""Tables in other forms than the terminal's: Markdown, LaTeX, CSV, data frames."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symchiral.engine.coupling import COPIES
from symchiral.errors import InputError, LabelError, install
from symchiral.modes.names import LONGITUDINAL, ModeName
from symchiral.rules.grammar import LegText, parse_transfer
from symchiral.table import Table, Text, sentence, spelt

_MATHS = {
    "→": r"$\to$", "≡": r"$\equiv$", "≢": r"$\not\equiv$", "≠": r"$\neq$", "−": "$-$",
    "±": r"$\pm$", "σ": r"$\sigma$", "ħ": r"$\hbar$", "δ": r"$\delta$", "Γ": r"$\Gamma$",
    "Σ": r"$\Sigma$", "·": r"$\cdot$", "×": r"$\times$", "θ": r"$\theta$", "χ": r"$\chi$",
    "π": r"$\pi$", "γ": r"$\gamma$", "ω": r"$\omega$", "√": r"$\sqrt{}$", "≤": r"$\leq$",
    "≥": r"$\geq$", "²": "$^2$", "³": "$^3$", "⁴": "$^4$", "Å": r"\AA{}", "°": r"$^\circ$",
    "↺": r"$\circlearrowleft$", "↻": r"$\circlearrowright$", "—": "---", "–": "--",
    "…": r"\ldots{}", "½": r"$\tfrac12$", "¹": "$^1$", "⁻": "$^-$", "′": r"$'$", "|": r"$|$",
    "\u00a0": "~", "₀": "$_0$", "₁": "$_1$", "₂": "$_2$", "₃": "$_3$", "∥": r"$\parallel$",
    "μ": r"$\mu$", "φ": r"$\varphi$", "λ": r"$\lambda$", "α": r"$\alpha$", "τ": r"$\tau$",
    "″": r"$''$", "↔": r"$\leftrightarrow$",
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "$": r"\$",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$",
}  # fmt: skip
"""Characters that LaTeX writes in another way."""


_MATRIX_ROW = re.compile(r"\[ .* \]")
"""A row of a matrix, aligned with those above and below it."""

_POWER_OF_TEN = re.compile(r"[+−-]?\d+(?:\.\d+)?e[+−-]?\d+")
_MULLIKEN = re.compile(r"[ABET][1-3]?[gu]?")
_AT_POINT = re.compile(r"([A-Z]{1,2})(\d+)([+-]?)")
"""Names at a point or on a line: its letters, a number, a parity."""


def csv_text(names: Sequence[str], records: Sequence[Mapping[str, Any]]) -> str:
    """Return flat records as CSV: a line of names, then a line per record.

    None is empty, and numbers have twelve digits: what follows is noise. Signs are spelt in ASCII,
    as spreadsheets take UTF-8 for something else; only names that the user gave may be in other
    letters.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", restval="")
    writer.writeheader()
    for record in records:
        writer.writerow({key: _csv_cell(value) for key, value in record.items()})
    return text.getvalue()


def _csv_cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value + 0.0:.12g}"
    return spelt(value) if isinstance(value, str) else value


def frame(records: Sequence[Mapping[str, Any]], library: str) -> Any:
    """Return flat records as a data frame of pandas or polars.

    Raises
    ------
    LabelError
        It is another library.
    InputError
        The library is not installed.
    """
    if library not in ("pandas", "polars"):
        raise LabelError(
            f"no data frames of {library!r}",
            why="records become frames of pandas or of polars",
            fix='write "pandas" or "polars"',
        )
    try:
        module: Any = __import__(library)
    except ImportError as error:
        raise InputError(
            f"no data frame without {library}",
            why=f"{library} is not installed",
            fix=f"{install(library)}, or use to_records()",
        ) from error
    return module.DataFrame([dict(record) for record in records])


def markdown(table: Table) -> str:
    """Return a table in the Markdown of GitHub, its lines before and after as paragraphs.

    Examples
    --------
    >>> print(markdown(Table(("mode", "count"), (("Eg", "2"),), foot=("One.",))))
    | mode | count |
    | --- | --- |
    | Eg | 2 |
    <BLANKLINE>
    One.
    <BLANKLINE>
    """

    def row(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    parts = ["  \n".join(_markdown_text(sentence(line)) for line in table.head if line)]
    if table.columns:
        head = [*map(_markdown_text, table.columns)]
        rows = _joined_matrices(table.rows)
        parts.append("\n".join([row(head), row("---" for _ in head), *map(row, rows)]))
    parts.append("  \n".join(_markdown_text(sentence(line)) for line in table.below()))
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_text(text: str) -> str:
    r"""Escape what Markdown would take for a sign of its own.

    Examples
    --------
    >>> print(_markdown_text("|a|² and Eu(+)*"))
    \|a\|² and Eu(+)\*
    """
    return re.sub(r"([|*_`])", r"\\\1", text.replace("\u00a0", " "))


def _joined_matrices(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Return cells in Markdown, the rows of a matrix one below the other in one cell."""
    found: list[list[str]] = []
    for row in rows:
        cells = [
            f"`{cell.replace(' ', chr(0xA0))}`"
            if _MATRIX_ROW.fullmatch(cell)
            else _markdown_text(cell)
            for cell in row
        ]
        goes_on = not row[0] and any(map(_MATRIX_ROW.fullmatch, row))
        if found and goes_on:
            above = found[-1]
            found[-1] = ["<br>".join(filter(None, pair)) for pair in zip(above, cells, strict=True)]
        else:
            found.append(cells)
    return found


def latex(table: Table) -> str:
    r"""Return a table in LaTeX: ``tabular`` with the rules of booktabs, notes as paragraphs.

    Cells of the columns that :attr:`~symchiral.table.Table.names` lists are names of modes or
    transfers, and are set as ``$E_{u}^{(+)}$``.
    """
    lines = _latex_notes([line for line in table.head if line])
    if table.columns:
        named = [name in table.names for name in table.columns]
        lines += [
            rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}",
            r"\toprule",
            " & ".join(map(latex_text, table.columns)) + r" \\",
            r"\midrule",
            *(
                " & ".join(
                    latex_name(cell) if is_name and cell not in ("", "—") else latex_text(cell)
                    for cell, is_name in zip(row, named, strict=True)
                )
                + r" \\"
                for row in table.rows
            ),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    lines += _latex_notes(table.below())
    return "\n".join(lines) + "\n"


def _latex_notes(notes: Sequence[Text]) -> list[str]:
    """Return lines before or after a table as one paragraph of small type."""
    if not notes:
        return []
    lines = [latex_text(sentence(line)) for line in notes]
    return ["", r"{\footnotesize\noindent", " \\newline\n".join(lines), r"\par}", ""]


def latex_text(text: str) -> str:
    r"""Return text for LaTeX: special characters escaped, signs and powers of ten as mathematics.

    Examples
    --------
    >>> print(latex_text("+1 +1 = 2 ≡ −1 (mod 3)"))
    +1 +1 = 2 $\equiv$ $-$1 (mod 3)
    >>> print(latex_text("−1.5e−04 i"))
    $-1.5\times10^{-4}$ i
    """
    if _MATRIX_ROW.fullmatch(text):  # aligned with its neighbours
        return rf"\texttt{{{_escaped(text.replace(' ', chr(0xA0)))}}}"
    found, end = [], 0
    for number in _POWER_OF_TEN.finditer(text):
        found += [_escaped(text[end : number.start()]), _maths_number(number[0])]
        end = number.end()
    return "".join([*found, _escaped(text[end:])])


def _escaped(text: str) -> str:
    parts = ("".join(_MATHS.get(x, x) for x in part) for part in text.split("Q̇"))
    return r"$\dot Q$".join(parts)  # the dot is a character of its own


def _maths_number(text: str) -> str:
    digits, _, exponent = text.replace("−", "-").partition("e")
    return rf"${digits}\times10^{{{int(exponent)}}}$"


def latex_name(text: str) -> str:
    r"""Return a mode, a product of modes or a transfer for LaTeX.

    The number of a mode, or the letter of a copy, stands above, so that A#1 is not A1.

    Examples
    --------
    >>> print(latex_name("Eu#1(+) Eu#1(+) → Eg#2(−)"))
    $E_{u}^{1(+)}\,E_{u}^{1(+)} \to E_{g}^{2(-)}$
    >>> print(latex_name("E[σ+] K3:b@K → A1g ≠"))
    $E_{\sigma+}\,\mathrm{K}_{3}^{b}@\mathrm{K} \to A_{1g}$ $\neq$
    >>> print(latex_name("Eu#ac(+)"), latex_name("E1#2(LO)"), latex_name("LD1"))
    $E_{u}^{\mathrm{ac}(+)}$ $E_{1}^{2(\mathrm{LO})}$ $\mathrm{LD}_{1}$
    """
    plain = text.replace("→", "->").replace("−", "-")
    plain, mark, _ = plain.partition(" ≠")
    if "#" in plain and " " not in plain:
        return f"${_mode(ModeName.parse(plain))}$"
    left, arrow, right = plain.partition(" -> ")
    sides = [_legs(side) for side in ((left, right) if arrow else (left,))]
    joined = r" \to ".join(r"\,".join(map(_leg, side)) for side in sides)
    return f"${joined}$" + (r" $\neq$" if mark else "") if joined else latex_text(text)


def _legs(side: str) -> tuple[LegText, ...]:
    return parse_transfer(f"{side} -> {side}")[0]


def _leg(leg: LegText) -> str:
    r"""``E_{u}^{1(+)}``; light as ``E_{\sigma+}``."""
    if leg.light is not None:
        return f"{leg.name}_{{{leg.light.replace('σ', chr(92) + 'sigma')}}}"
    number = str(leg.mode) if leg.mode is not None else COPIES[leg.copy] if leg.copy else ""
    return _named(leg.name, number, leg.component or "", leg.q or "")


def _mode(name: ModeName) -> str:
    r"""``E_{u}^{1}``; a translation as ``E_{u}^{\mathrm{ac}}``."""
    number = r"\mathrm{ac}" if name.number is None else str(name.number)
    above = rf"\mathrm{{{LONGITUDINAL}}}" if name.component == LONGITUDINAL else name.component
    return _named(name.species, number, above, name.place)


def _named(species: str, number: str, component: str, place: str) -> str:
    name = _species(species, number + (f"({component})" if component else ""))
    return name + (rf"@\mathrm{{{place}}}" if place else "")


def _species(label: str, above: str) -> str:
    r"""``E_{u}`` of a Mulliken name; ``\mathrm{LD}_{1}`` of a name that begins with its point."""
    stem = label.rstrip("'")
    parts = _AT_POINT.findall(stem)
    if "".join(map("".join, parts)) == stem and not _MULLIKEN.fullmatch(stem):
        name = "".join(  # two of a pair that time reversal joins, K2K3
            rf"\mathrm{{{point}}}_{{{i}}}" + (f"^{{{parity}}}" if parity else "")
            for point, i, parity in parts
        )
    else:
        name = stem[0] + (f"_{{{stem[1:]}}}" if stem[1:] else "")
    name += "'" * (len(label) - len(stem))
    if above and ("'" in name or "^" in name or len(parts) > 1):
        name = f"{{{name}}}"
    return name + (f"^{{{above}}}" if above else "")
