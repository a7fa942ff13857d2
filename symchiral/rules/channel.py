"""Channels: the readings of judged couplings, enumerated for the species of a crystal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from math import prod

import numpy as np
import numpy.typing as npt

from symchiral.errors import LimitError
from symchiral.irreps.pam import Component, Key, components
from symchiral.irreps.participant import Participant
from symchiral.rules.activity import activity
from symchiral.rules.budget import PamSense, pam_sense, umklapp
from symchiral.rules.coupling import Coupling, Leg, pam_budget
from symchiral.rules.judge import (
    Verdict,
    count_coefficients,
    group_average,
    judge,
    largest,
    time_odd,
    verdict_of,
)
from symchiral.value import Value

LIMIT = 100_000
"""Most channels enumerated in one go."""


@dataclass(frozen=True, eq=False, repr=False)
class Channel(Value):
    """One reading of a judged coupling: which quanta go in, which come out, and the budget.

    Attributes
    ----------
    coupling : Coupling
        The legs, incoming ones first, in the order of the grammar.
    verdict : Verdict
        allowed, forbidden or undecided, with the residual.
    coefficients : int
        Real coefficients of the coupling of the whole species with this identity pattern.
    order : int or None
        n of the axis, None where there is none.
    key : Key or None
        The named operation of the axis.
    """

    coupling: Coupling
    verdict: Verdict
    coefficients: int
    order: int | None
    key: Key | None

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
    def _residues(self) -> tuple[list[Fraction], list[Fraction]] | None:
        if self.order is None:
            return None
        sides: tuple[list[Fraction], list[Fraction]] = ([], [])
        for leg in self.coupling:
            if leg.component.pam is None:
                return None
            sides[leg.outgoing].append(leg.component.pam)
        return sides

    @cached_property
    def umklapp(self) -> int | None:
        """U; None without an axis or where PAM is not conserved."""
        sides = self._residues
        return None if sides is None else umklapp(*sides, self.order or 1)

    @cached_property
    def pam_sense(self) -> PamSense:
        """kept, flipped, neutral; undefined without an axis."""
        sides = self._residues
        return "undefined" if sides is None else pam_sense(*sides, self.order or 1)

    @cached_property
    def rotates(self) -> bool:
        """Whether any leg has 0 < |l| < n/2."""
        half = Fraction(self.order or 1, 2)
        return any(0 < abs(leg.component.pam or Fraction(0)) < half for leg in self.coupling)

    @cached_property
    def budget(self) -> Fraction | None:
        """Σl_in − Σl_out, None without an axis."""
        return pam_budget(self.coupling)

    def __repr__(self) -> str:
        return f"Channel({self.id!r}, {self.verdict.word})"


@lru_cache(maxsize=65536)
def _vertex(
    participants: tuple[Participant, ...],
    equal: tuple[tuple[int, ...], ...],
    key: Key | None,
    order: int,
) -> tuple[int, npt.NDArray[np.float64]]:
    """Coefficients, and the size of the average of every product of components, all incoming."""
    parts = [components(p, key, order) for p in participants]
    shape = tuple(len(c) for c in parts)
    arms = [0] * len(parts)
    if prod(p.time_parity for p in participants) < 0:
        return 0, np.zeros(shape)
    coefficients = count_coefficients(participants, arms, equal)
    if not coefficients:
        return 0, np.zeros(shape)
    bases = [np.concatenate([c.basis for c in p], axis=1) for p in parts]
    average = group_average(participants, arms, bases, equal)
    starts = [np.cumsum([0] + [c.basis.shape[1] for c in p]) for p in parts]
    sizes = np.empty(shape)
    m = len(parts)
    lead = (slice(None),) * m
    for index in np.ndindex(shape):
        block = tuple(slice(int(s[i]), int(s[i + 1])) for s, i in zip(starts, index, strict=True))
        sizes[index] = largest({k: v[(*lead, *block)] for k, v in average.items()})
    return coefficients, sizes


Slot = tuple[int, int]
"""A species and a component, by index."""


@lru_cache(maxsize=256)
def enumerate_channels(
    participants: tuple[Participant, ...],
    available: tuple[int, ...],
    key: Key | None,
    order: int | None,
    legs: int,
) -> tuple[Channel, ...]:
    """Return every channel of m−1 quanta in and one out, all identity patterns and signs, judged.

    They depend on the group, the axis and the number of modes of each species only, so a second
    crystal of the same kind finds them ready.

    Parameters
    ----------
    participants : tuple of Participant
        The species of the crystal.
    available : tuple of int
        Number of modes of each species; identity patterns need no more.
    key, order : Key, int or None
        The axis.
    legs : int
        m: 3 for third order.

    Raises
    ------
    LimitError
        More than 10⁵ channels.
    """
    parts = [components(p, key, order or 1) for p in participants]
    slots = sorted(
        ((s, c) for s, comps in enumerate(parts) for c in range(len(comps)) if available[s]),
        key=lambda slot: _leg_rank(participants[slot[0]], slot),
    )
    channels: list[Channel] = []
    for incoming in combinations_with_replacement(slots, legs - 1):
        for outgoing in slots:
            for copies in _patterns(incoming, outgoing, available):
                channels.append(
                    _channel(participants, parts, (*incoming, outgoing), copies, key, order)
                )
            if len(channels) > LIMIT:
                raise LimitError(
                    f"more than {LIMIT:,} channels of order {legs}",
                    why=f"{len(slots)} components can enter each of {legs} legs",
                    fix="name the incoming modes, or choose a lower order",
                )
    return tuple(channels)


def _leg_rank(participant: Participant, slot: Slot) -> tuple[bool, int, int, int]:
    """Order of incoming legs: infrared-active first, then degenerate ones, then as listed."""
    return not activity(participant).infrared, -participant.dimension, slot[0], slot[1]


def _patterns(
    incoming: tuple[Slot, ...], outgoing: Slot, available: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Identity patterns: a copy number per leg, each once up to renaming and to order of legs."""
    slots = (*incoming, outgoing)
    seen = set()
    for copies in _growth_strings(tuple(s for s, _ in slots), available):
        modes: dict[Slot, list[Slot]] = {}
        for (species, component), copy in zip(incoming, copies, strict=False):
            modes.setdefault((species, copy), []).append((species, component))
        out = modes.pop((outgoing[0], copies[-1]), [])
        pattern = (tuple(sorted(map(tuple, modes.values()))), tuple(out))
        if pattern not in seen:
            seen.add(pattern)
            yield copies


def _growth_strings(
    species: tuple[int, ...], available: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Copy numbers with new ones in order of appearance within each species."""

    def extend(prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(prefix) == len(species):
            yield prefix
            return
        here = species[len(prefix)]
        used = {c for s, c in zip(species, prefix, strict=False) if s == here}
        for copy in range(min(len(used) + 1, available[here])):
            yield from extend((*prefix, copy))

    return extend(())


def _channel(
    participants: tuple[Participant, ...],
    parts: list[tuple[Component, ...]],
    slots: tuple[Slot, ...],
    copies: tuple[int, ...],
    key: Key | None,
    order: int | None,
) -> Channel:
    coupling = Coupling(
        tuple(
            Leg(participants[s], parts[s][c], copy, i == len(slots) - 1)
            for i, ((s, c), copy) in enumerate(zip(slots, copies, strict=True))
        )
    )
    # The verdict is read off the vertex of the whole species, judged once for all components.
    ranking = sorted(range(len(slots)), key=lambda i: (slots[i][0], copies[i]))
    groups: dict[tuple[int, int], list[int]] = {}
    for place, i in enumerate(ranking):
        groups.setdefault((slots[i][0], copies[i]), []).append(place)
    coefficients, sizes = _vertex(
        tuple(participants[slots[i][0]] for i in ranking),
        tuple(tuple(g) for g in groups.values()),
        key,
        order or 1,
    )
    index = tuple(
        parts[slots[i][0]][slots[i][1]].conjugate if i == len(slots) - 1 else slots[i][1]
        for i in ranking
    )
    return Channel(coupling, verdict_of(float(sizes[index])), coefficients, order, key)


def read_channel(coupling: Coupling, key: Key | None, order: int | None) -> Channel:
    """Judge one coupling of any order and read it as a channel."""
    coefficients = 0
    if not time_odd(coupling):
        coefficients = count_coefficients(
            [leg.participant for leg in coupling],
            [leg.incoming_arm for leg in coupling],
            coupling.equal,
        )
    return Channel(coupling, judge(coupling), coefficients, order, key)
