"""The rows of a rulebook: channels merged into transfers, as its table counts them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from symchiral.rules.activity import activity
from symchiral.rules.rule import Rule

if TYPE_CHECKING:
    from symchiral.rules.rulebook import RuleBook

Group = Literal["flipped", "kept", "neutral", "without rotation", "undefined"]

GROUPS: tuple[Group, ...] = ("flipped", "kept", "neutral", "without rotation", "undefined")
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
    group: Group
    different: bool
    both: bool

    @property
    def signed(self) -> bool:
        """Whether reversing all signs gives another transfer."""
        return self.rule.channel.rotates or _sides(self.rule, reverse=True) != _sides(
            self.rule, reverse=False
        )


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

    def counts(self) -> Counter[str]:
        """Number of rows of every group."""
        return Counter(row.group for row in self.rows)

    @property
    def straight(self) -> bool:
        """Whether no atom can turn: no species is degenerate, and time reversal is unbroken."""
        return self.book.at_centre and all(
            species.dimension == 1 and not any(m.turning or not m.still for m in species.motions)
            for species in self.book.species.values()
            if species.optical
        )


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
        both = {_sides(rule, reverse=False) for rule in allowed} >= {
            _sides(rule, reverse=True) for rule in allowed
        }
        rows.append(Row(best, group_of(best), different, both))
    rows.sort(key=_rank)
    return Listing(book, len(merged), tuple(rows))


def group_of(rule: Rule) -> Group:
    """Return the group of rows a rule belongs to."""
    if rule.pam_sense == "neutral" and not rule.channel.rotates:
        return "without rotation"
    return rule.pam_sense


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
