"""The printed table of a rulebook: channels merged into rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symchiral.rules.activity import activity
from symchiral.rules.rule import Rule
from symchiral.rules.wording import minus, pretty
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
    both : bool
        The book also has the transfer with all signs reversed.
    """

    rule: Rule
    group: str
    different: bool
    both: bool


@dataclass(frozen=True)
class Listing:
    """Rows of a book.

    Attributes
    ----------
    book : RuleBook
        The book.
    judged : int
        Transfers of the book, forbidden ones included: its channels, those that differ by the
        signs of all legs or by same and different modes of a species taken as one.
    rows : tuple of Row
        The allowed ones, in printing order.
    """

    book: RuleBook
    judged: int
    rows: tuple[Row, ...]

    def to_record(self) -> dict[str, int]:
        """Return how many transfers the table counts, as :meth:`RuleBook.counts` does channels."""
        groups = self.counts()
        return {
            "judged": self.judged,
            "allowed": len(self.rows),
            **{group.replace(" ", "_"): groups[group] for group in GROUPS},
        }

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
        table = Table(
            ("transfer", budget, "lattice", "PAM", "atoms", "pump", "probe"),
            tuple(_cells(row) for row in rows),
            foot=tuple(self._foot(rows, len(shown) - len(rows))),
            optional=("probe", "pump", "lattice"),
        )
        # Off the zone centre light, whose wavevector is nearly zero, reaches no mode directly.
        for column, light in (("pump", self.book.driven), ("probe", self.book.seen)):
            if not light:
                table = table.without(column)
        if axis is None:
            return table.without(budget, "lattice", "PAM", "atoms")
        return table.without("lattice", "PAM", "atoms") if self.straight else table

    @property
    def straight(self) -> bool:
        """Whether no atom can turn: no species is degenerate, and time reversal is unbroken."""
        return self.book.at_centre and all(
            species.dimension == 1 and not any(m.turning or not m.still for m in species.motions)
            for species in self.book.species.values()
            if species.optical
        )

    def _foot(self, rows: list[Row], left_out: int) -> list[str]:
        counts = self.counts()
        words = {"flipped": "flip", "kept": "keep"}
        parts = [f"{counts[g]} {words.get(g, g)}" for g in GROUPS if counts[g]]
        number = len(self.rows) if self.book.selection else self.judged
        transfers = "1 transfer" if number == 1 else f"{number} transfers"
        text = f"{transfers} judged, {len(self.rows)} allowed"
        if self.book.selection:
            text = f"{transfers} selected"
        told = bool(parts) and not self.straight and self.book.axis is not None
        lines = [text + (f": {', '.join(parts)}." if told else "."), *self._channels()]
        if left_out:
            lines.append(f"{left_out} more {'row is' if left_out == 1 else 'rows are'} not shown.")
        if self.rows:
            lines += [self._reading(), *self._legend(rows)]
        return lines

    def _channels(self) -> list[str]:
        """The numbers of the document, where channels are more than transfers."""
        judged, allowed = len(self.book.everything), len(self.book)
        if allowed == len(self.rows) and (self.book.selection or judged == self.judged):
            return []
        numbers = f"{allowed}" if self.book.selection else f"{judged} judged, {allowed} allowed"
        return [f"Channels, each sign and choice of modes by itself (--json, len): {numbers}."]

    def _reading(self) -> str:
        found = sorted({rule.coefficients or 0 for rule in self.book.rules if rule.allowed})
        number = "one real coefficient" if found[-1:] == [1] else f"up to {found[-1]} coefficients"
        several = any(species.optical > 1 for species in self.book.species.values())
        holds = [
            *(["with all signs reversed"] if self._signed else []),
            *(["for different modes of a species"] if several else []),
        ]
        if not holds:
            return f"{number[0].upper()}{number[1:]} each."
        return f"Each line also holds {' and '.join(holds)}; {number} each."

    @property
    def _signed(self) -> bool:
        signed = [
            row
            for row in self.rows
            if row.rule.channel.rotates
            or _sides(row.rule, reverse=True) != _sides(row.rule, reverse=False)
        ]
        return self.book.self_conjugate and bool(signed) and all(row.both for row in signed)

    def _legend(self, rows: list[Row]) -> list[str]:
        """What the signs in the table mean, as far as they occur."""
        lines = []
        if self.straight:
            lines.append("No mode is degenerate: each moves along lines and none of them turns.")
        elif any(row.rule.rotation_sense == "open" for row in rows) and self.book.axis:
            lines.append("open: which way the atoms turn is left to the forces.")
        if any(row.rule.turns_across for row in rows):
            lines.append("Atoms are counted about the axis; about others they may turn too.")
        axis = self.book.axis
        counted = {row.rule.channel.order for row in rows}
        if axis and (n := next(iter(counted - {axis.order}), None)):
            lines.append(
                f"n = {n}: at the end of the zone of {axis.symbol} senses and U are those of the "
                "true rotation in it."
            )
        if axis and any(row.rule.channel.other_senses for row in rows):
            lines.append(f"*: another sense of PAM if another parallel {axis.place_word} is named.")
        if any(row.different for row in rows):
            lines.append("≠: only for different modes of a species.")
        return lines


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
        both = {_sides(rule, reverse=False) for rule in allowed} >= {
            _sides(rule, reverse=True) for rule in allowed
        }
        rows.append(Row(best, group, different, both))
    rows.sort(key=_rank)
    return Listing(book, len(merged), tuple(rows))


def _class(rule: Rule) -> tuple[object, ...]:
    """What a row has in common: species and components, up to reversal of all signs."""
    # Conjugation reverses wavevectors too: it pairs channels of one table only where −q is q.
    closed = all(
        leg.participant.conjugate_arms[leg.arm] == leg.arm for leg in rule.channel.coupling
    )
    return min(_sides(rule, reverse=r) for r in ((False, True) if closed else (False,)))


def _sides(rule: Rule, *, reverse: bool) -> tuple[object, ...]:
    """Species and components that go in and come out, with all signs reversed or not."""
    into, out = (
        tuple(
            sorted(
                (leg.species, leg.component.conjugate if reverse else leg.component.index)
                for leg in rule.channel.coupling
                if leg.outgoing == outgoing
            )
        )
        for outgoing in (False, True)
    )
    return into, out


def _copies(rule: Rule) -> int:
    return sum(leg.copy for leg in rule.channel.coupling)


def _signs(rule: Rule) -> tuple[float, ...]:
    return tuple(-float(leg.component.counted or 0) for leg in rule.channel.coupling)


def _rank(row: Row) -> tuple[object, ...]:
    """Groups in order; inside, infrared-driven first, Raman-visible first, then as listed."""
    legs = row.rule.channel.coupling
    dark = sum(not activity(leg.participant).infrared for leg in legs.incoming)
    seen = any(activity(leg.participant).raman for leg in legs.outgoing)
    return GROUPS.index(row.group), dark, not seen


def _cells(row: Row) -> tuple[str, ...]:
    rule = row.rule
    transfer = pretty(rule.id) + (" ≠" if row.different else "")
    am, sense = rule.am_transfer, rule.pam_sense
    lattice = "" if am is None else "0" if not am else f"{minus(f'{am:+.3g}')}ħ"
    atoms = {"none": "—", "open": "open"}.get(rule.rotation_sense, rule.rotation_sense)
    pump = " ".join(short_route(p) for p in rule.pump)
    probes = list(dict.fromkeys(short_route(p, long=True) for p in rule.probe))
    return (
        transfer,
        _budget(rule),
        lattice,
        rule.sense_text.replace(sense, f"{sense}*")
        if rule.channel.other_senses
        else rule.sense_text,
        atoms,
        pump,
        ", ".join(probes) or "—",
    )


def _budget(rule: Rule) -> str:
    """``+1  0 = 1``: as in the explanation, the modulus left to the heading, terms aligned."""
    terms, equals, rest = rule.budget_text.split(" (mod")[0].partition(" = ")
    return " ".join(f"{term:>2}" for term in terms.split(" ")) + equals + rest


def short_route(route: str | None, *, long: bool = False) -> str:
    """``IR``, ``R`` (or ``Raman``), ``hyper-R``; a dash for no route."""
    kind = None if route is None else route.split(":")[0]
    names = {"infrared": "IR", "raman": "Raman" if long else "R", "hyper-raman": "hyper-R"}
    return "—" if kind is None else names[kind]
