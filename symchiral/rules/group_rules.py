"""The rules of a group: what its operations alone decide, before there is a crystal.

A crystal brings which species occur and how often; verdicts, coefficients, pseudo-angular momenta
and the order of channels follow from the group and the named operation. At the zone centre a space
group acts as its point group, so all groups of a class share one :class:`GroupRules` there, in the
terms of the group that stands for the class (`symchiral.irreps.classes`); off the zone centre
every group has its own. :func:`enumerate_channels` is where to start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement, product

import numpy as np

from symchiral.engine.coupling import Coupling, Leg, equal_slots
from symchiral.engine.judge import (
    Verdict,
    count_coefficients,
    excluded,
    group_average,
    largest,
    verdict_of,
)
from symchiral.errors import LimitError
from symchiral.irreps.classes import all_of_class
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.rules.activity import activity
from symchiral.rules.channel import Channel
from symchiral.units import counted
from symchiral.value import Floats, Value, grouped

LIMIT = 100_000
"""Most channels enumerated in one go."""


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

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.participants, self.arms, self.available))


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


@dataclass(frozen=True, eq=False, repr=False)
class GroupRules(Value):
    """Every channel of the species of a group, or of a class, judged.

    Attributes
    ----------
    populations : tuple of Population
        The wavevector of each leg; the last is that of the outgoing quantum.
    turn : Turn or None
        The named operation.
    channels : tuple of Channel
        All identity patterns and signs, in the order of the table.
    """

    populations: tuple[Population, ...]
    turn: Turn | None
    channels: tuple[Channel, ...]

    def of(self, populations: tuple[Population, ...], turn: Turn | None) -> tuple[Channel, ...]:
        """Return the channels with the species of another group of the class in their legs.

        Parameters
        ----------
        populations : tuple of Population
            The same species at the zone centre, of that group.
        turn : Turn or None
            The operation of that group.
        """
        if populations == self.populations:
            return self.channels
        return of_group(self.channels, self.populations, populations, turn)

    def __repr__(self) -> str:
        group = self.populations[0].participants[0].group
        return f"GroupRules({group}, {counted(len(self.channels), 'channel')})"


def of_group(
    channels: Iterable[Channel],
    classes: tuple[Population, ...],
    populations: tuple[Population, ...],
    turn: Turn | None,
) -> tuple[Channel, ...]:
    """Return channels of the group that stands for a class with the species of another group.

    Parameters
    ----------
    channels : iterable of Channel
        Of the group that stands for the class.
    classes, populations : tuple of Population
        The species at the zone centre of that group, and the same of the other one.
    turn : Turn or None
        The operation of the other one.
    """
    own = dict(zip(classes[0].participants, populations[0].participants, strict=True))
    parts = {p: components(q, turn) for p, q in own.items()}
    known: dict[tuple[Participant, int, int, bool], Leg] = {}
    found = []
    for channel in channels:
        legs = []
        for leg in channel.coupling.legs:
            key = leg.participant, leg.component.index, leg.copy, leg.outgoing
            if key not in known:
                part = parts[leg.participant][leg.component.index]
                known[key] = Leg(own[leg.participant], part, leg.copy, outgoing=leg.outgoing)
            legs.append(known[key])
        found.append(Channel(Coupling(tuple(legs)), channel.verdict, channel.coefficients, turn))
    return tuple(found)


@lru_cache(maxsize=256)
def enumerate_channels(
    populations: tuple[Population, ...], turn: Turn | None
) -> tuple[Channel, ...]:
    """Return every channel of m−1 quanta in and one out, all identity patterns and signs, judged.

    They depend on the group (at the zone centre on its class), the axis and the number of modes of
    each species only, so a second crystal of the same kind finds them ready.

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
    return group_rules(*class_of(populations, turn)).of(populations, turn)


def class_of(
    populations: tuple[Population, ...], turn: Turn | None
) -> tuple[tuple[Population, ...], Turn | None]:
    """Return species and operation of the group that stands for the class at the zone centre.

    Elsewhere these themselves.
    """
    if len(set(populations)) > 1 or not populations[0].participants:
        return populations, turn
    irreps, named = all_of_class(populations[0].participants, turn)
    arms, available = populations[0].arms, populations[0].available
    return (Population(irreps, arms, available),) * len(populations), named


@lru_cache(maxsize=256)
def group_rules(populations: tuple[Population, ...], turn: Turn | None) -> GroupRules:
    """Judge every channel of the species of a group, or of the group that stands for a class.

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
                    why=f"{counted(len(slots[first[0]]), 'component')} can enter each leg",
                    fix="name the incoming modes, or choose a lower order",
                )
    return GroupRules(populations, turn, tuple(channels))


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
        modes = grouped(zip(zip(fields, copies, strict=True), slots[:-1], strict=False))
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
    coefficients, sizes = _vertex(
        tuple(legs[i].participant for i in ranking),
        tuple(legs[i].incoming_arm for i in ranking),
        equal_slots((legs[i].participant, copies[i]) for i in ranking),
        turn,
    )
    index = tuple(legs[i].component.conjugate if legs[i].outgoing else slots[i][2] for i in ranking)
    return Channel(coupling, verdict_of(float(sizes[index])), coefficients, turn)
