"""The rows of a rulebook: channels merged into transfers, as its table counts them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from symchiral.rules.activity import activity
from symchiral.rules.channel import Kinds
from symchiral.rules.rule import Rule
from symchiral.value import grouped

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
        plain, reversed_ = self.rule.channel.kinds
        return self.rule.channel.rotates or plain != reversed_


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
        """Whether no atom can rotate: no species is degenerate, and time reversal is unbroken."""
        return self.book.at_centre and all(
            species.dimension == 1 and not any(m.turning or not m.still for m in species.motions)
            for species in self.book.species.values()
            if species.optical
        )


def listing(book: RuleBook) -> Listing:
    """Merge the channels of a book into rows, in printing order."""
    fewest: dict[Kinds, int] = {}
    for rule in book.everything:
        family, copies = (channel := rule.channel).family, channel.copies
        if copies < fewest.setdefault(family, copies):
            fewest[family] = copies
    merged = grouped((rule.channel.family, rule) for rule in book.rules)
    rows = []
    for family, allowed in merged.items():
        best = min(allowed, key=lambda r: (r.channel.copies, _signs(r)))
        different = best.channel.copies > fewest[family]
        plain, reversed_ = zip(*(rule.channel.kinds for rule in allowed), strict=True)
        both = set(plain) >= set(reversed_)
        rows.append(Row(best, group_of(best), different, both))
    rows.sort(key=_rank)
    return Listing(book, len(fewest), tuple(rows))


def group_of(rule: Rule) -> Group:
    """Return the group of rows a rule belongs to."""
    if rule.pam_sense == "neutral" and not rule.channel.rotates:
        return "without rotation"
    return rule.pam_sense


def _signs(rule: Rule) -> tuple[float, ...]:
    return tuple(-float(leg.component.counted or 0) for leg in rule.channel.coupling)


def _rank(row: Row) -> tuple[object, ...]:
    """Groups in order; inside, infrared-driven first, Raman-visible first, then as listed."""
    legs = row.rule.channel.coupling
    dark = sum(not activity(leg.participant).infrared for leg in legs.incoming)
    seen = any(activity(leg.participant).raman for leg in legs.outgoing)
    return GROUPS.index(row.group), dark, not seen
