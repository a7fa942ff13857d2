"""Pseudo-angular momentum in and out, written as a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from symchiral.answers.channel import FlatRule
from symchiral.rules.channel import Channel
from symchiral.rules.rule import Rule
from symchiral.rules.wording import minus, signed

if TYPE_CHECKING:
    from symchiral.answers.atlas_tables import ChannelRow


@dataclass(frozen=True)
class Sum:
    """``+1 +1 = 2 ≡ −1 (mod 3)``.

    Attributes
    ----------
    terms, outgoing : tuple of str
        The l that go in, and those that come out, with their signs.
    total : str
        Their sum; empty where one l goes in, or where l depends on u.
    relation : str
        ``=``, ``≡`` or ``≢``; empty where total and outgoing are one number.
    modulus : int
        n.
    """

    terms: tuple[str, ...]
    outgoing: tuple[str, ...]
    total: str
    relation: str
    modulus: int

    def text(self, *, width: int = 0) -> str:
        """Write it without the modulus, every term at least ``width`` wide."""
        left = " ".join(f"{term:>{width}}" for term in self.terms)
        left += f" = {self.total}" if self.total else ""
        return f"{left} {self.relation} {' '.join(self.outgoing)}" if self.relation else left

    def __str__(self) -> str:
        modulus = "" if self.relation in ("", "=") else f" (mod {self.modulus})"
        return f"{self.text()}{modulus}"


def budget(incoming: Sequence[str], outgoing: Sequence[str], n: int, *, conserved: bool) -> Sum:
    """Write the balance of l of a transfer.

    Parameters
    ----------
    incoming, outgoing : sequence of str
        l of the quanta, exact fractions or, on a line, linear in u.
    n : int
        Order of the axis.
    conserved : bool
        Whether PAM is conserved; asked only where l depends on u.

    Examples
    --------
    >>> print(budget(["1", "1"], ["-1"], 3, conserved=True))
    +1 +1 = 2 ≡ −1 (mod 3)
    >>> print(budget(["1"], ["1"], 3, conserved=True), budget(["1", "0"], ["1"], 3, conserved=True))
    +1 = +1 +1 0 = 1
    """
    left, right = tuple(map(signed, incoming)), tuple(map(signed, outgoing))
    try:
        l_in, l_out = ([Fraction(x) for x in side] for side in (incoming, outgoing))
    except ValueError:  # on a line: l is linear in the free parameters
        return Sum(left, right, "", "≡" if conserved else "≢", n)
    total, out = sum(l_in, Fraction(0)), sum(l_out, Fraction(0))
    middle = minus(str(total)) if len(l_in) > 1 else ""
    if total == out:
        return (
            Sum(left, right, middle, "", n)
            if middle and len(l_out) == 1
            else Sum(left, right, "", "=", n)
        )
    return Sum(left, right, middle, "≡" if (total - out) % n == 0 else "≢", n)


def row_sum(row: FlatRule | ChannelRow) -> Sum | None:
    """Write the balance of l of a row of a table; None where a quantum has no l."""
    if row.n is None or None in (*row.incoming, *row.outgoing):
        return None
    into, out = ([l or "" for l in side] for side in (row.incoming, row.outgoing))
    return budget(into, out, row.n, conserved=row.umklapp is not None)


def rule_sum(rule: Rule) -> str:
    """Write the balance of l of a rule: ``+1 +1 = 2 ≡ −1 (mod 3)``, or why there is none."""
    if rule.axis is None:
        return "no rotation axis, hence no PAM"
    if rule.without_pam:
        names = ", ".join(map(minus, rule.without_pam))
        return f"{names}: no eigenstate of the rotation, hence no PAM"
    return _channel_sum(rule.channel, rule.axis.order)


@lru_cache(maxsize=8192)
def _channel_sum(channel: Channel, n: int) -> str:
    into, out = (
        [leg.component.pam or "" for leg in side]
        for side in (channel.coupling.incoming, channel.coupling.outgoing)
    )
    return str(budget(into, out, n, conserved=channel.umklapp is not None))
