"""Channels: the readings of judged couplings, enumerated for the species of a crystal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement, product
from math import factorial, prod

import numpy as np

from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import (
    Verdict,
    count_coefficients,
    excluded,
    group_average,
    judge,
    largest,
    verdict_of,
)
from symchiral.errors import LimitError
from symchiral.irreps.pam import Component, Turn, components, parallel
from symchiral.irreps.participant import Participant
from symchiral.rules.activity import activity
from symchiral.rules.budget import Budget, PamSense, count
from symchiral.value import Floats, Value

LIMIT = 100_000
"""Most channels enumerated in one go."""

EXCHANGES = 10_000
"""Most exchanges of equal quanta that are averaged over: those of seven."""

ENTRIES = 10**7
"""Most entries of a product of vectors, times operations."""

WORK = 10**9
"""Most entries times exchanges."""


@dataclass(frozen=True)
class Population:
    """The modes of a crystal at one wavevector.

    Attributes
    ----------
    participants : tuple of Participant
        Its species.
    arms : tuple of int
        Arm of each participant's star that is this wavevector.
    available : tuple of int
        Number of modes of each species.
    """

    participants: tuple[Participant, ...]
    arms: tuple[int, ...]
    available: tuple[int, ...]


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

        (The true rotation in 2₁ is none at all: like n = 2 it leaves no sense.)
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


@lru_cache(maxsize=16384)
def _vertex(
    participants: tuple[Participant, ...],
    arms: tuple[int, ...],
    equal: tuple[tuple[int, ...], ...],
    turn: Turn | None,
) -> tuple[int, Floats]:
    """Coefficients, and the size of the average of every product of components, all incoming."""
    parts = [components(p, turn, a) for p, a in zip(participants, arms, strict=True)]
    shape = tuple(len(c) for c in parts)
    coefficients = count_coefficients(participants, arms, equal)
    if not coefficients:
        return 0, np.zeros(shape)
    bases = [np.concatenate([c.basis for c in p], axis=1) for p in parts]
    average = group_average(participants, arms, bases, equal)
    starts = [np.cumsum([0] + [c.basis.shape[1] for c in p]) for p in parts]
    sizes = np.empty(shape)
    lead = (slice(None),) * len(parts)
    for index in np.ndindex(shape):
        block = tuple(slice(int(s[i]), int(s[i + 1])) for s, i in zip(starts, index, strict=True))
        sizes[index] = largest({k: v[(*lead, *block)] for k, v in average.items()})
    return coefficients, sizes


Slot = tuple[int, int, int]
"""A leg without its copy: wavevector, species and component, by index."""


@lru_cache(maxsize=256)
def enumerate_channels(
    populations: tuple[Population, ...], turn: Turn | None
) -> tuple[Channel, ...]:
    """Return every channel of m−1 quanta in and one out, all identity patterns and signs, judged.

    They depend on the group, the axis and the number of modes of each species only, so a second
    crystal of the same kind finds them ready.

    Parameters
    ----------
    populations : tuple of Population
        The wavevector of each of the m legs; the last is that of the outgoing quantum.
    turn : Turn or None
        The axis; it must leave every wavevector where it is.

    Raises
    ------
    LimitError
        More than 10⁵ channels.
    """
    parts = [
        [components(p, turn, a) for p, a in zip(at.participants, at.arms, strict=True)]
        for at in populations
    ]
    # Legs at equal wavevectors are interchangeable: name each wavevector once.
    first = [populations.index(at) for at in populations]
    slots: dict[int, list[Slot]] = {}
    for k in set(first):
        at = populations[k]
        slots[k] = sorted(
            (
                (k, s, c)
                for s, comps in enumerate(parts[k])
                for c in range(len(comps))
                if at.available[s]
            ),
            key=lambda slot: _leg_rank(populations[slot[0]].participants[slot[1]], slot),
        )
    blocks = [
        combinations_with_replacement(slots[k], first[:-1].count(k))
        for k in dict.fromkeys(first[:-1])
    ]
    channels: list[Channel] = []
    for choice in product(*blocks):
        incoming = tuple(slot for block in choice for slot in block)
        for outgoing in slots[first[-1]]:
            chosen = (*incoming, outgoing)
            for copies in _patterns(populations, chosen):
                channels.append(_channel(populations, parts, chosen, copies, turn))
            if len(channels) > LIMIT:
                raise LimitError(
                    f"more than {LIMIT:,} channels of order {len(populations)}",
                    why=f"{len(slots[first[0]])} components can enter each leg",
                    fix="name the incoming modes, or choose a lower order",
                )
    return tuple(channels)


def _leg_rank(participant: Participant, slot: Slot) -> tuple[bool, int, Slot]:
    """Order of incoming legs: infrared-active first, then degenerate ones, then as listed."""
    return not activity(participant).infrared, -participant.dimension, slot


def _patterns(
    populations: tuple[Population, ...], slots: tuple[Slot, ...]
) -> Iterator[tuple[int, ...]]:
    """Identity patterns: a copy number per leg, each once up to renaming and to order of legs."""
    fields = tuple(populations[k].participants[s] for k, s, _ in slots)
    available = tuple(populations[k].available[s] for k, s, _ in slots)
    seen = set()
    for copies in _growth_strings(fields, available):
        modes: dict[tuple[Participant, int], list[Slot]] = {}
        for slot, field, copy in zip(slots[:-1], fields, copies, strict=False):
            modes.setdefault((field, copy), []).append(slot)
        out = modes.pop((fields[-1], copies[-1]), [])
        pattern = (tuple(sorted(map(tuple, modes.values()))), tuple(out))
        if pattern not in seen:
            seen.add(pattern)
            yield copies


def _growth_strings(
    fields: tuple[Participant, ...], available: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Copy numbers with new ones in order of appearance within each participant."""

    def extend(prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        here = len(prefix)
        if here == len(fields):
            yield prefix
            return
        used = {c for f, c in zip(fields, prefix, strict=False) if f is fields[here]}
        for copy in range(min(len(used) + 1, available[here])):
            yield from extend((*prefix, copy))

    return extend(())


def _channel(
    populations: tuple[Population, ...],
    parts: list[list[tuple[Component, ...]]],
    slots: tuple[Slot, ...],
    copies: tuple[int, ...],
    turn: Turn | None,
) -> Channel:
    last = len(slots) - 1
    legs = tuple(
        Leg(
            populations[k].participants[s],
            parts[k][s][c],
            copy,
            outgoing=i == last,
            arm=populations[k].arms[s],
        )
        for i, ((k, s, c), copy) in enumerate(zip(slots, copies, strict=True))
    )
    coupling = Coupling(legs)
    if excluded(coupling):
        return Channel(coupling, Verdict("forbidden", 0.0), 0, turn)
    # The verdict is read off the vertex of the whole species, judged once for all components.
    ranking = sorted(range(len(legs)), key=lambda i: (slots[i][:2], copies[i]))
    groups: dict[tuple[Participant, int], list[int]] = {}
    for place, i in enumerate(ranking):
        groups.setdefault((legs[i].participant, copies[i]), []).append(place)
    coefficients, sizes = _vertex(
        tuple(legs[i].participant for i in ranking),
        tuple(legs[i].incoming_arm for i in ranking),
        tuple(tuple(g) for g in groups.values()),
        turn,
    )
    index = tuple(legs[i].component.conjugate if legs[i].outgoing else slots[i][2] for i in ranking)
    return Channel(coupling, verdict_of(float(sizes[index])), coefficients, turn)


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
            why=f"{entries:,} products of components, {operations} operations and "
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
