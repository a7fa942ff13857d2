"""The pages of the atlas: plain HTML that loads nothing, with one script of our own for the search.

Everything that stands on a page goes through :func:`escaped` or, as data of the script, through
:func:`symchiral.page.template.script_json`; a content security policy forbids all else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files

from symchiral.answers.atlas_tables import ChannelRow, PatternRow, Place, SpeciesRow, processes
from symchiral.answers.schema import meanings
from symchiral.atlases.parts import TABLES, Part, ShownTransfer
from symchiral.disk import mark
from symchiral.page.template import asset, script_json
from symchiral.rules.activity import PROCESSES, Activity
from symchiral.rules.listing import GROUPS
from symchiral.rules.wording import minus, pretty, route_text, signed
from symchiral.text.light_words import probe_words, short_routes
from symchiral.units import counted

KIND = "the atlas"
"""What the files of the folder hold."""

INDEX, SEARCH = "index.html", "special_points.html"
"""Names of the two pages with a search."""


@lru_cache(maxsize=4)
def own(name: str) -> str:
    """Return a file of this room as text."""
    return (files("symchiral.atlases") / name).read_text(encoding="utf-8")


def escaped(text: object) -> str:
    """Return a text as HTML shows it.

    Examples
    --------
    >>> escaped('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return escape(str(text), quote=True)


def class_page(name: str) -> str:
    """Return the name of the page of a class.

    Examples
    --------
    >>> class_page("D3d"), group_page(166)
    ('class_D3d.html', 'group_166.html')
    """
    return f"class_{name}.html"


def group_page(number: int) -> str:
    """Return the name of the page of a space group."""
    return f"group_{number}.html"


# ------------------------------------------------------------------------------- one page


def page(title: str, body: str, *, data: object = None) -> str:
    """Return a page; with data it also runs the script of the search on them."""
    style, script = asset("report.css") + own("atlas.css"), own("search.js")
    allowed = f"'{_hash(script)}'" if data is not None else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )
    end = ""
    if data is not None:
        end = (
            f'<script type="application/json" id="data">{script_json(data)}</script>\n'
            f"<script>{script}</script>\n"
        )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="{escaped(mark(KIND))}">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<header><h1>{escaped(title)}</h1><nav aria-label="parts of the atlas">'
        f'<a href="{INDEX}">Zone centre</a> <a href="{SEARCH}">Special points</a> '
        f'<a href="{INDEX}#classes">Classes</a> <a href="{INDEX}#groups">Space groups</a> '
        f'<a href="{INDEX}#tables">Tables</a></nav></header>\n'
        f'<main class="atlas">\n{body}</main>\n{end}</body>\n</html>\n'
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, kind: str = "") -> str:
    """Return a table, its first column as the heads of the rows; empty if there is no row.

    Cells are texts; a pair is a link, its address and its text.
    """
    lines = []
    for row in rows:
        first, *rest = (_cell(cell) for cell in row)
        lines.append(f'<tr><th scope="row">{first}' + "".join(f"<td>{x}" for x in rest) + "</tr>")
    if not lines:
        return ""
    top = "".join(f'<th scope="col">{escaped(head)}' for head in heads)
    known = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide"><table{known}><thead><tr>{top}</tr></thead><tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>\n"
    )


def _cell(cell: object) -> str:
    if isinstance(cell, tuple):
        address, text = cell
        return f'<a href="{escaped(address)}">{escaped(text)}</a>'
    return escaped(cell)


# ------------------------------------------------------------------------------- words


def axis_words(place: Place) -> str:
    """Return an axis in words, ``3 along c``; ``no axis``."""
    return "no axis" if place.axis is None else f"{place.axis} along {minus(place.along or '')}"


def _wave(letter: str | None, forms: Iterable[str]) -> str:
    return "none" if letter is None else f"{letter} ({'; '.join(map(minus, forms))})"


def _species_table(rows: Sequence[SpeciesRow]) -> str:
    off = any(row.q != "GM" for row in rows)
    heads = ["species", "CDML", "modes", "l", "light", "atoms"]
    cells = []
    for row in rows:
        light = Activity(infrared=row.infrared, raman=row.raman, hyper_raman=row.hyper_raman).words
        cells.append(
            [
                *([row.q] if off else []),
                minus(row.label),
                minus(row.cdml),
                row.dimension,
                ", ".join(map(signed, row.l)) or "—",
                (", ".join(light) or "silent") if row.q == "GM" else "—",
                "may rotate" if row.may_rotate else "no net rotation",
            ]
        )
    return table([*(["q"] if off else []), *heads], cells, kind="short")


def _why(row: ChannelRow) -> str:
    """The reason of a channel, as a list to be opened without a script."""
    parts = [f"<p><b>Why:</b> {escaped(minus_signs(row.reason))}</p>"]
    if row.invariant is not None:
        parts.append(f'<p class="invariant">{escaped(minus(row.invariant))}</p>')
    return "".join(parts)


def minus_signs(text: str) -> str:
    """Return a sentence with minus signs in the parentheses of components."""
    return text.replace("(-)", "(−)")


def _transfers(transfers: Sequence[ShownTransfer]) -> str:
    lines = []
    for t in transfers:
        row = t.row
        cells = (t.balance or "—", short_routes(row.pump), probe_words(row.probe))
        sense = f'<td class="{row.group.replace(" ", "-")}">{row.group}'
        lines.append(
            f"<tr><th scope=row><details><summary>{escaped(_named(t))}</summary>{_why(row)}"
            f"</details>{sense}" + "".join(f"<td>{escaped(c)}" for c in cells) + "</tr>"
        )
    if not lines:
        return "<p>None is allowed.</p>\n"
    heads = ("transfer", "PAM", "l in = out", "pump", "probe")
    top = "".join(f"<th scope=col>{head}" for head in heads)
    return (
        f'<div class="wide"><table class="transfers"><thead><tr>{top}</tr></thead><tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>\n"
    )


def _named(t: ShownTransfer) -> str:
    return pretty(t.row.transfer) + (" ≠" if t.different else "")


def _patterns(rows: Sequence[PatternRow], *, vertices: bool) -> str:
    heads = ["species", "channels", "allowed", "flip", "keep", "coefficients", "one of them"]
    return table(
        [*heads[:1], *(["vertex", "axis"] if vertices else []), *heads[1:]],
        (
            [
                pretty(row.pattern),
                *([" ".join(map(minus, row.q)), axis_words(row)] if vertices else []),
                row.judged,
                row.allowed,
                row.flipped,
                row.kept,
                row.coefficients,
                pretty(row.example or ""),
            ]
            for row in rows
        ),
        kind="short",
    )


# ------------------------------------------------------------------------------- pages of groups


def page_of_class(parts: Sequence[Part]) -> str:
    """Return the page of a class, given its parts of both orders about all axes."""
    first = next(part for part in parts if part.waves is not None)
    waves, place = first.waves, first.place
    assert waves is not None
    thermal = "; ".join(" ".join(map(minus, row)) for row in waves.thermal)
    zero = not any(entry != "0" for row in waves.thermal for entry in row)
    body = [
        "<p>The rules of the zone centre of every space group of the class, from symmetry alone: "
        "every irrep with as many modes as a transfer asks. x is along a, z along c of the "
        "standard cell.</p>\n",
        "<dl>"
        f"<dt>helicity J·q/|q|<dd>{escaped(_wave(waves.helicity_wave, waves.helicity_forms))}"
        "<dt>angular momentum J<dd>"
        + escaped(_wave(waves.am_wave, (f"({', '.join(f)})" for f in waves.am_forms)))
        + f"<dt>α of J_i = α_ij dT/dx_j<dd>{escaped('0' if zero else f'({thermal})')}</dl>\n",
    ]
    third = sorted((p for p in parts if p.task.order == 3), key=lambda p: p.task.axis)
    fourth = {p.task.axis: p for p in parts if p.task.order == 4}
    for part in third:
        counts = part.counts or {}
        words = axis_words(part.place)
        body.append(
            f"<section><h2>{escaped(words[0].upper() + words[1:])}</h2>\n"
            f"{_species_table(part.species)}"
            f"<h3>Third order</h3><p class=quiet>{counted(counts['transfers'], 'transfer')} "
            "judged, "
            f"{len(part.transfers)} allowed (channels, each sign and choice of modes by itself: "
            f"{counts['channels']:,} judged, {counts['allowed']:,} allowed). Each also holds with "
            "all signs reversed and for different modes of a species; ≠: only for different ones. "
            "Open a transfer for its reason and its invariant.</p>\n"
            f"{_transfers(part.transfers)}"
            f"<details><summary>{len(part.forbidden):,} forbidden transfers, each with the "
            "operation that forbids it</summary>"
            + table(
                ("transfer", "why"),
                ((pretty(row.transfer), minus_signs(row.reason)) for row in part.forbidden),
            )
            + "</details>\n"
        )
        four = fourth[part.task.axis]
        counts = four.counts or {}
        body.append(
            f"<details><summary>Fourth order: {counts['patterns']:,} choices of species and "
            f"identical modes, {counts['allowed']:,} allowed</summary>"
            + _patterns(four.patterns, vertices=False)
            + "</details></section>\n"
        )
    return page(f"{place.schoenflies} ({minus(place.point_group)})", "".join(body))


def page_of_group(part: Part) -> str:
    """Return the page of a space group."""
    place, counts = part.place, part.counts or {}
    species = [row for row in part.species if "," not in row.q]  # of a star one arm is named
    title = f"{minus(place.symbol or '')} ({place.space_group})"
    rules = "no rule of special points" if not part.patterns else ""
    body = (
        f'<p>Class <a href="{class_page(place.schoenflies)}">{escaped(place.schoenflies)} '
        f"({escaped(minus(place.point_group))})</a>, which has the rules of the zone centre; "
        f"axis {escaped(axis_words(place))}. Below: transfers of third order between special "
        f"points whose wavevectors sum to a reciprocal lattice vector. {counts['patterns']:,} "
        f"choices of species and identical modes were judged, {counts['allowed']:,} are allowed"
        f"{'; ' + rules if rules else ''}. One vertex with every channel, reason and invariant: "
        f"<code>symchiral atlas {place.space_group} --q &quot;Q Q Q&quot;</code>.</p>\n"
        "<h2>Species</h2>\n"
        f"{_species_table(species)}<h2>Transfers</h2>\n"
        f"{_patterns(part.patterns, vertices=True) or '<p>None is allowed.</p>'}"
    )
    return page(title, body)


# ------------------------------------------------------------------------------- search


class Words:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Return the number of a text."""
        return self.known.setdefault(text, len(self.known))


def index_page(parts: Sequence[Part], *, about: Mapping[str, str]) -> str:
    """Return the first page: the search among transfers of the zone centre, and all other pages.

    Parameters
    ----------
    parts : sequence of Part
        All, of classes and of space groups.
    about : mapping of str to str
        What the last section says: heads and texts.
    """
    words, rows = Words(), []
    third = [p for p in parts if p.task.whole_class and p.task.order == 3]
    for part in third:
        for t in part.transfers:
            row, pumps = t.row, processes(t.row.pump)
            driven = next(iter(pumps)) if len(pumps) == 1 else None
            seen = [p for p in PROCESSES if p in processes(row.probe)]
            cells = (
                row.schoenflies, axis_words(row), _named(t), t.balance or "—", row.group,
                short_routes(row.pump), probe_words(row.probe), driven or "", " ".join(seen),
                "default" if row.highest else "another",
                minus_signs(row.reason), minus(row.invariant or ""),
                f"{counted(row.coefficients or 0, 'real coefficient')}; "
                + "; ".join(_routes(row)),
            )  # fmt: skip
            rows.append([words(cell) for cell in cells])
    data = {
        "words": list(words.known),
        "rows": rows,
        "shown": [2, 0, 1, 3, 4, 5, 6],
        "opens": 2,
        "detail": [["Why", 10], ["Invariant", 11], ["Light", 12]],
        "counted": 0,
        "of": "transfers",
        "many": "classes",
        "address": [0, "class_", ".html"],
    }
    classes = [part.place.schoenflies for part in third if part.place.highest]
    body = (
        "<p>Selection rules of phonons in every crystal class and space group, from symmetry "
        "alone. A transfer takes two quanta in and gives one out; what light does to them and "
        "whether the sense of pseudo-angular momentum (PAM) is flipped follows from the irreps. "
        "What atoms must decide, such as which species a crystal has, "
        "<code>symchiral predict</code> tells of a crystal.</p>\n"
        '<section id="search"><h2>Transfers at the zone centre, third order</h2>\n'
        '<div class="filters" role="search" aria-label="filter the transfers">'
        + _choice("class", 0, classes)
        + _choice("PAM", 4, GROUPS)
        + _choice("pump", 7, PROCESSES)
        + _choice("probe", 8, PROCESSES, several=True)
        + _choice("axis", 9, ("default", "another"))
        + _rest(("transfer", "class", "axis", "l in = out", "PAM", "pump", "probe"))
        + "<p class=quiet>pump: light that drives each incoming quantum (IR infrared, R Raman); as "
        "a filter, the process that drives all of them. probe: light that detects the outgoing "
        "quantum. ≠: only between different modes of the species. Each line also holds with all "
        "signs reversed.</p></section>\n"
        + _classes(third)
        + _groups([p for p in parts if not p.task.whole_class])
        + _about(about)
    )
    return page("Atlas of selection rules of phonons", body, data=data)


def _routes(row: ChannelRow) -> list[str]:
    pump = ", ".join("not driven" if r is None else route_text(r) for r in row.pump)
    return [f"pump {pump}", f"probe {', '.join(map(route_text, row.probe)) or 'none'}"]


def search_page(parts: Sequence[Part]) -> str:
    """Return the page with the search among transfers between special points."""
    words, rows = Words(), []
    groups = sorted(
        (p for p in parts if not p.task.whole_class), key=lambda p: p.place.space_group or 0
    )
    for part in groups:
        name = f"{part.place.space_group} {minus(part.place.symbol or '')}"
        for row in part.patterns:
            cells = (
                name, row.schoenflies, " ".join(map(minus, row.q)), axis_words(row),
                pretty(row.pattern), str(row.allowed), str(row.flipped), str(row.kept),
                str(row.coefficients), "yes" if row.flipped else "no",
                "yes" if row.flipped_ir_pump else "no",
                "yes" if row.flipped_raman_probe else "no", pretty(row.example or ""),
            )  # fmt: skip
            rows.append([words(cell) for cell in cells])
    data = {
        "words": list(words.known),
        "rows": rows,
        "shown": [4, 0, 1, 2, 3, 5, 6, 7, 8],
        "opens": 4,
        "detail": [["One of its allowed channels", 12]],
        "counted": 0,
        "of": "choices of species",
        "many": "space groups",
        "address": [0, "group_", ".html"],
    }
    heads = (
        "species", "space group", "class", "vertex", "axis", "allowed", "flip", "keep",
        "coefficients",
    )  # fmt: skip
    body = (
        "<p>Transfers of third order between special points whose wavevectors sum to a reciprocal "
        "lattice vector, in all space groups; those at the zone centre alone are "
        f'<a href="{INDEX}">here</a>. A line is a choice of species and of same or different '
        "modes (:b, :c); flip and keep count the channels among its components that flip or keep "
        "the sense of pseudo-angular momentum.</p>\n"
        '<section id="search"><h2>Transfers between special points</h2>\n'
        '<div class="filters" role="search" aria-label="filter the transfers">'
        + _choice(
            "space group", 0,
            [f"{p.place.space_group} {minus(p.place.symbol or '')}" for p in groups],
        )
        + _choice("class", 1, dict.fromkeys(p.place.schoenflies for p in groups))
        + _choice("flips", 9, ("yes", "no"))
        + _choice("flips, infrared pump", 10, ("yes", "no"))
        + _choice("flips, Raman probe", 11, ("yes", "no"))
        + _rest(heads)
        + "</section>\n"
    )  # fmt: skip
    return page("Atlas: special points", body, data=data)


def _choice(label: str, column: int, options: Iterable[str], *, several: bool = False) -> str:
    """A filter: rows whose cell is the option, or of several words has it."""
    kind = ' data-several="1"' if several else ""
    inside = "".join(f"<option>{escaped(option)}" for option in options)
    return (
        f'<label>{escaped(label)} <select data-column="{column}"{kind}>'
        f'<option value="">any{inside}</select></label> '
    )


def _rest(heads: Sequence[str]) -> str:
    """What follows the filters: text, numbers, and the table that the script fills."""
    top = "".join(f'<th scope="col">{escaped(head)}' for head in heads)
    return (
        '<label>text <input id="text" type="search" size="14"></label> '
        '<button id="all">Show all</button> <output id="count" aria-live="polite"></output></div>\n'
        "<noscript><p class=warning>The search needs JavaScript, which this page carries in "
        "itself; the other pages do not.</p></noscript>\n"
        f'<div class="wide"><table id="found"><thead><tr>{top}</tr></thead></table></div>\n'
        '<p><button id="more">More</button></p>\n'
    )


def _classes(third: Sequence[Part]) -> str:
    rows = []
    for part in third:
        if not part.place.highest or part.waves is None:
            continue
        axes = [p for p in third if p.place.schoenflies == part.place.schoenflies]
        flips = sum(t.row.group == "flipped" for t in part.transfers)
        rows.append(
            (
                (class_page(part.place.schoenflies), part.place.schoenflies),
                minus(part.place.point_group),
                ", ".join(p.place.axis or "none" for p in axes),
                len(part.transfers),
                flips,
                part.waves.helicity_wave or "none",
                part.waves.am_wave or "none",
            )
        )
    heads = ("class", "symbol", "axes", "transfers", "flip", "wave of helicity", "of J")
    return (
        '<section id="classes"><h2>Classes</h2>\n'
        "<p class=quiet>Transfers of third order at the zone centre, and those of them that flip, "
        "about the default axis; the waves with which helicity and angular momentum of phonons "
        "begin in q.</p>\n" + table(heads, rows) + "</section>\n"
    )


def _groups(parts: Sequence[Part]) -> str:
    ordered = sorted(parts, key=lambda part: part.place.space_group or 0)
    links = " ".join(
        f'<a href="{group_page(p.place.space_group or 0)}">{p.place.space_group}&nbsp;'
        f"{escaped(minus(p.place.symbol or ''))}</a>"
        for p in ordered
    )
    return f'<section id="groups"><h2>Space groups</h2>\n<p class="links">{links}</p></section>\n'


def _about(about: Mapping[str, str]) -> str:
    lines = "".join(f"<dt>{escaped(k)}<dd>{escaped(v)}" for k, v in about.items())
    columns = "".join(
        f"<details><summary><code>{name}.parquet</code></summary>"
        + table(("column", "meaning"), meanings(record).items())
        + "</details>"
        for name, record in TABLES.items()
    )
    return f'<section id="tables"><h2>Tables</h2>\n<dl>{lines}</dl>\n{columns}</section>\n'


def every_page(parts: Sequence[Part], *, about: Mapping[str, str]) -> dict[str, str]:
    """Return all pages by name of the file."""
    found = {INDEX: index_page(parts, about=about), SEARCH: search_page(parts)}
    classes: dict[str, list[Part]] = {}
    for part in parts:
        if part.task.whole_class:
            classes.setdefault(part.task.name, []).append(part)
        else:
            found[group_page(int(part.task.name))] = page_of_group(part)
    for name, own_parts in classes.items():
        found[class_page(name)] = page_of_class(own_parts)
    return found
