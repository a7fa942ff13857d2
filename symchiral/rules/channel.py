"""Channels: couplings read as incoming and outgoing quanta, with their verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import factorial, prod
from typing import TYPE_CHECKING

from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import Verdict, count_coefficients, excluded, judge
from symchiral.errors import LimitError
from symchiral.irreps.pam import Turn, parallel
from symchiral.rules.activity import Route, routes
from symchiral.rules.budget import Budget, PamSense, count
from symchiral.units import counted
from symchiral.value import Value

if TYPE_CHECKING:
    from symchiral.engine.invariant import Invariant

EXCHANGES = 10_000
"""Most exchanges of equal quanta that are averaged over: those of seven."""

ENTRIES = 10**7
"""Most entries of a product of vectors, times operations."""

WORK = 10**9
"""Most entries times exchanges."""


Kinds = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]
"""Species and index of a component of every quantum, those that go in and those that come out."""


@dataclass(frozen=True, eq=False, repr=False)
class Channel(Value):
    """One reading of a judged coupling: which quanta go in, which come out, and the budget.

    Attributes
    ----------
    coupling : Coupling
        The legs, incoming ones first, in the order of the grammar.
    verdict : Verdict
        allowed, forbidden or undecided, with the residual.
    coefficients : int or None
        Real coefficients of the coupling of the whole species with this identity pattern; None
        where a leg is known on a subgroup only.
    turn : Turn or None
        The named operation of the axis, None where there is none.
    """

    coupling: Coupling
    verdict: Verdict
    coefficients: int | None
    turn: Turn | None

    @cached_property
    def id(self) -> str:
        """The transfer in the grammar, ``Eu(+) Eu(+) -> Eg(-)``."""
        return str(self.coupling)

    def __hash__(self) -> int:
        return hash((self.id, self.coupling.legs[0].participant))

    @cached_property
    def modes(self) -> dict[str, int]:
        """How many different modes of every species it takes."""
        found: dict[str, int] = {}
        for leg in self.coupling:
            if not leg.participant.field:
                found[leg.species] = max(found.get(leg.species, 0), leg.copy + 1)
        return found

    @cached_property
    def copies(self) -> int:
        """Sum of the numbers of the copies of its legs: 0 if no species has two modes in it."""
        return sum(leg.copy for leg in self.coupling)

    @cached_property
    def kinds(self) -> tuple[Kinds, Kinds]:
        """Species and components that go in and come out, as it is and with all signs reversed."""
        return self._kinds(reverse=False), self._kinds(reverse=True)

    def _kinds(self, *, reverse: bool) -> Kinds:
        into, out = (
            tuple(
                sorted(
                    (leg.species, leg.component.conjugate if reverse else leg.component.index)
                    for leg in side
                )
            )
            for side in (self.coupling.incoming, self.coupling.outgoing)
        )
        return into, out

    @cached_property
    def family(self) -> Kinds:
        """What channels of one row of a table share: `kinds`, up to reversal of all signs."""
        # Conjugation reverses wavevectors too: it pairs channels of one table only where −q is q.
        closed = all(leg.participant.conjugate_arms[leg.arm] == leg.arm for leg in self.coupling)
        return min(self.kinds) if closed else self.kinds[0]

    @cached_property
    def invariant(self) -> Invariant:
        """The invariants of the coupling, if it is allowed."""
        from symchiral.engine.invariant import invariant

        return invariant(self.coupling, self.turn)

    @cached_property
    def pump(self) -> tuple[Route | None, ...]:
        """How light drives each incoming quantum, the lowest order that does."""
        return tuple((self._routes(leg) or (None,))[0] for leg in self.coupling.incoming)

    @cached_property
    def probe(self) -> tuple[Route, ...]:
        """How light sees the outgoing quanta."""
        found = (route for leg in self.coupling.outgoing for route in self._routes(leg))
        return tuple(dict.fromkeys(found))

    def _routes(self, leg: Leg) -> tuple[Route, ...]:
        if leg.participant.field:
            return ()
        return routes(leg.participant, leg.component.index, self.turn)

    @property
    def identical(self) -> bool:
        """Whether two incoming legs are one and the same mode."""
        pairs = [(leg.participant, leg.copy) for leg in self.coupling.incoming]
        return len(set(pairs)) < len(pairs)

    @cached_property
    def budget(self) -> Budget | None:
        """What its quanta count for; None without an axis or where a leg has no PAM."""
        return None if self.turn is None else self._counted_about(self.turn)

    def _counted_about(self, turn: Turn) -> Budget | None:
        assert self.turn is not None
        quanta = []
        for leg in self.coupling:
            l, q = leg.component.residue, leg.participant.arms[leg.arm]
            if l is None:
                return None
            quanta.append((self.turn.renamed(l, q, turn), q, leg.outgoing))
        return count(quanta, turn)

    @property
    def order(self) -> int | None:
        """The n that senses and U refer to; None without an axis.

        (The screw 2₁ contains no rotation of order n/2 = 1: as for n = 2 there is no sense.)
        """
        if self.turn is None:
            return None
        return max(self.budget.order, 2) if self.budget else self.turn.order

    @property
    def umklapp(self) -> int | None:
        """U; None without an axis or where PAM is not conserved."""
        return self.budget.umklapp if self.budget else None

    @property
    def pam_sense(self) -> PamSense:
        """kept, flipped, neutral; undefined without an axis."""
        return self.budget.sense if self.budget else "undefined"

    @property
    def rotates(self) -> bool:
        """Whether any leg has 0 < |λ| < n/2."""
        return self.budget is not None and self.budget.rotates

    @cached_property
    def other_senses(self) -> tuple[PamSense, ...]:
        """The senses it has, or had, if another of the parallel axes of this order were named."""
        if self.turn is None or self.budget is None:
            return ()
        points = tuple(dict.fromkeys(leg.participant.arms[leg.arm] for leg in self.coupling))
        counted = [self._counted_about(turn) for turn in parallel(self.turn, points)]
        return tuple(dict.fromkeys(b.sense for b in counted if b and b.sense != self.pam_sense))

    def __repr__(self) -> str:
        return f"Channel({self.id!r}, {self.verdict.word})"


def _require_modest(coupling: Coupling) -> None:
    """Refuse a product that time or memory would not do, before the work."""
    legs = list(coupling)
    exchanged = prod(factorial(len(slots)) for slots in coupling.equal)
    entries = prod(leg.participant.dimension for leg in legs)
    operations = len(legs[0].participant.matrices)
    targets = min(operations, prod(len(leg.participant.arms) for leg in legs))
    if (
        exchanged > EXCHANGES
        or entries * operations > ENTRIES
        or entries * targets * exchanged > WORK
    ):
        raise LimitError(
            f"a product of order {len(legs)} is too large to be judged",
            why=f"{entries:,} products of components, {counted(operations, 'operation')} and "
            f"{exchanged:,} exchanges of equal quanta enter its average",
            fix="ask for a lower order, of at most seven equal quanta",
        )


def read_channel(coupling: Coupling, turn: Turn | None) -> Channel:
    """Judge one coupling and read it as a channel.

    Raises
    ------
    LimitError
        The product is too large: of more than seven equal quanta, or of very many.
    """
    _require_modest(coupling)
    coefficients = 0
    if coupling.known is not None:
        return Channel(coupling, judge(coupling), None, turn)
    if coupling.momentum.is_reciprocal_vector and not excluded(coupling):
        coefficients = count_coefficients(
            [leg.participant for leg in coupling],
            [leg.incoming_arm for leg in coupling],
            coupling.equal,
        )
    return Channel(coupling, judge(coupling), coefficients, turn)
