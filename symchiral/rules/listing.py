"""The printed table of a rulebook: channels merged into rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symchiral.rules.activity import activity
from symchiral.rules.rule import Rule, minus, pretty
from symchiral.table import Table

if TYPE_CHECKING:
    from symchiral.rules.rulebook import RuleBook

GROUPS = ("flipped", "kept", "neutral", "without rotation", "undefined")
"""Groups of rows, in the order they are printed."""


@dataclass(frozen=True)
class Row:
    """One line: a transfer up to reversal of all signs, its identity patterns merged.

    Attributes
    ----------
    rule : Rule
        The rule that stands for the row: allowed with as few different modes as possible.
    group : str
        flipped, kept, neutral, without rotation, or undefined.
    different : bool
        Allowed only if legs of one species are different modes.
    """

    rule: Rule
    group: str
    different: bool


@dataclass(frozen=True)
class Listing:
    """Rows of a book: judged, allowed, and how many of each group."""

    book: RuleBook
    judged: int
    rows: tuple[Row, ...]

    def counts(self) -> Counter[str]:
        """Number of rows of every group."""
        return Counter(row.group for row in self.rows)

    def table(
        self, *, hidden: tuple[str, ...] = ("without rotation",), limit: int | None = None
    ) -> Table:
        """Return the table of the rows.

        Parameters
        ----------
        hidden : tuple of str
            Groups to leave out (they still are counted).
        limit : int, optional
            Print at most this many rows.
        """
        shown = [row for row in self.rows if row.group not in hidden or len(self.counts()) == 1]
        rows = shown[:limit]
        axis = self.book.axis
        budget = f"l in = out (mod {axis.order})" if axis else ""
        names = ["transfer", budget, "lattice", "PAM", "atoms", "pump", "probe"]
        cells = [_cells(row) for row in rows]
        if axis is None:
            keep = [0, 5, 6]
            names = [names[i] for i in keep]
            cells = [tuple(c[i] for i in keep) for c in cells]
        return Table(
            tuple(names),
            tuple(cells),
            foot=(*self._foot(len(shown) - len(rows)),),
            optional=("probe", "pump", "lattice"),
        )

    def _foot(self, left_out: int) -> list[str]:
        counts = self.counts()
        words = {"flipped": "flip", "kept": "keep", "undefined": "without PAM"}
        parts = [f"{counts[g]} {words.get(g, g)}" for g in GROUPS if counts[g]]
        text = f"{self.judged} transfers judged, {len(self.rows)} allowed"
        lines = [text + (f": {', '.join(parts)}." if parts else ".")]
        if left_out:
            lines.append(f"{left_out} more rows are not shown.")
        if self.rows:
            lines.append(self._reading())
        return lines

    def _reading(self) -> str:
        found = sorted({row.rule.coefficients for row in self.rows})
        number = {1: "one real coefficient"}.get(found[-1], f"up to {found[-1]} real coefficients")
        if found == [1]:
            number += " each"
        if self.book.axis is None:
            return f"{number[0].upper()}{number[1:]}."
        either = "Each line also holds with all signs reversed, and for two different modes of a "
        return f"{either}species; {number}."


def listing(book: RuleBook) -> Listing:
    """Merge the channels of a book into rows, in printing order."""
    merged: dict[tuple[object, ...], list[Rule]] = {}
    for rule in book.everything:
        merged.setdefault(_class(rule), []).append(rule)
    rows = []
    for rules in merged.values():
        allowed = [rule for rule in rules if rule.verdict != "forbidden"]
        if not allowed:
            continue
        best = min(allowed, key=lambda r: (_copies(r), _signs(r)))
        different = _copies(best) > min(_copies(r) for r in rules)
        group = best.pam_sense
        if group == "neutral" and not best.channel.rotates:
            group = "without rotation"
        rows.append(Row(best, group, different))
    rows.sort(key=_rank)
    return Listing(book, len(merged), tuple(rows))


def _class(rule: Rule) -> tuple[object, ...]:
    """What a row has in common: species and components, up to reversal of all signs."""

    def side(*, outgoing: bool, reverse: bool) -> tuple[tuple[str, int], ...]:
        found = []
        for leg in rule.channel.coupling:
            if leg.outgoing == outgoing:
                components = rule.species[leg.participant.name].components
                index = next(i for i, c in enumerate(components) if c.pam == leg.component.pam)
                found.append(
                    (leg.participant.name, components[index].conjugate if reverse else index)
                )
        return tuple(sorted(found))

    return min(
        (side(outgoing=False, reverse=r), side(outgoing=True, reverse=r)) for r in (False, True)
    )


def _copies(rule: Rule) -> int:
    return sum(leg.copy for leg in rule.channel.coupling)


def _signs(rule: Rule) -> tuple[float, ...]:
    return tuple(-float(leg.component.pam or 0) for leg in rule.channel.coupling)


def _rank(row: Row) -> tuple[object, ...]:
    """Groups in order; inside, infrared-driven first, Raman-visible first, then as listed."""
    legs = row.rule.channel.coupling
    dark = sum(not activity(leg.participant).infrared for leg in legs.incoming)
    seen = any(activity(leg.participant).raman for leg in legs.outgoing)
    return GROUPS.index(row.group), dark, not seen


def _cells(row: Row) -> tuple[str, ...]:
    rule = row.rule
    transfer = pretty(rule.id) + (" ≠" if row.different else "")
    am = rule.am_transfer
    lattice = "" if am is None else "0" if not am else f"{minus(f'{am:+.3g}')}ħ"
    atoms = {"none": "—", "open": "open"}.get(rule.rotation_sense, rule.rotation_sense)
    pump = " ".join(_short(p) for p in rule.pump)
    probes = list(dict.fromkeys(_short(p, long=True) for p in rule.probe))
    return (
        transfer,
        rule.budget_text,
        lattice,
        rule.pam_sense,
        atoms,
        pump,
        ", ".join(probes) or "—",
    )


def _short(route: str | None, *, long: bool = False) -> str:
    kind = None if route is None else route.split(":")[0]
    names = {"infrared": "IR", "raman": "Raman" if long else "R", "hyper-raman": "hyper-R"}
    return "—" if kind is None else names[kind]
