"""Couplings: products of fields that transform under the group. A factor is called a leg."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

import numpy as np

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.value import Complex, Value, grouped

COPIES = "abcdefghij"
"""Letters of the copies of a species, in the order of their numbers."""


@dataclass(frozen=True, eq=False, repr=False)
class Leg(Value):
    """One factor of a coupling: a quantum of one component of one participant.

    Attributes
    ----------
    participant : Participant
        The field.
    component : Component
        Its PAM component (or polarisation).
    copy : int
        Which mode of that kind; legs of one participant and equal copy are one normal coordinate.
    outgoing : bool
        An outgoing quantum enters the product as its conjugate amplitude.
    arm : int
        Arm of the star the quantum travels on.
    mode : int or None
        Number of an actual mode, counted from the lowest frequency.
    """

    participant: Participant
    component: Component
    copy: int = 0
    outgoing: bool = False
    arm: int = 0
    mode: int | None = None

    @property
    def label(self) -> str:
        """The leg in the grammar, ``Eu:b(+)``, ``E[σ+]``; with the number of a mode ``Eu#2(+)``."""
        copy = f":{COPIES[self.copy]}" if self.copy and self.mode is None else ""
        if self.participant.field:
            return f"{self.participant.name}[{self.component.name}]{copy}"
        label, where = self.participant.names[self.arm], self.participant.places[self.arm]
        if self.mode is not None:
            return mode_text(label, self.mode, self.component.name, where)
        return (
            f"{label}{copy}"
            + (f"({self.component.name})" if self.component.name else "")
            + (f"@{where}" if where else "")
        )

    @cached_property
    def species(self) -> str:
        """Name and place of the species, ``Eu`` or ``K1@K``."""
        where = self.participant.places[self.arm]
        return self.participant.names[self.arm] + (f"@{where}" if where else "")

    @property
    def incoming_arm(self) -> int:
        """Arm of the factor when all are written incoming."""
        arm = self.arm
        return int(self.participant.conjugate_arms[arm]) if self.outgoing else arm

    @property
    def vectors(self) -> Complex:
        """(d, m) basis of the factor when all are written incoming: w, or K w if outgoing."""
        basis = self.component.basis
        if not self.outgoing:
            return basis
        return np.asarray(self.participant.conjugation[self.arm] @ np.conj(basis))

    def __repr__(self) -> str:
        return f"Leg({self.label}{', outgoing' if self.outgoing else ''})"


@dataclass(frozen=True, eq=False, repr=False)
class Coupling(Value):
    """A product of legs.

    ``str(coupling)`` is the transfer in the grammar: incoming legs, arrow, outgoing legs.
    """

    legs: tuple[Leg, ...]

    @cached_property
    def incoming(self) -> tuple[Leg, ...]:
        """Legs that enter."""
        return tuple(leg for leg in self.legs if not leg.outgoing)

    @cached_property
    def outgoing(self) -> tuple[Leg, ...]:
        """Legs that leave."""
        return tuple(leg for leg in self.legs if leg.outgoing)

    @property
    def equal(self) -> tuple[tuple[int, ...], ...]:
        """Slots that are one and the same normal coordinate, grouped."""
        return equal_slots((leg.participant, leg.copy) for leg in self.legs)

    @property
    def known(self) -> tuple[int, ...] | None:
        """Operations of which every leg's action is known; None: all of the group."""
        limits = [set(leg.participant.known) for leg in self.legs if leg.participant.known]
        return tuple(sorted(set.intersection(*limits))) if limits else None

    @cached_property
    def momentum(self) -> QPoint:
        """Σq with all legs written incoming; a reciprocal lattice vector if it is conserved."""
        points = [leg.participant.arms[leg.incoming_arm] for leg in self.legs]
        return sum((q for q in points if q is not GAMMA), GAMMA)

    def __iter__(self) -> Iterator[Leg]:
        return iter(self.legs)

    def __str__(self) -> str:
        incoming = " ".join(leg.label for leg in self.incoming)
        return f"{incoming} -> {' '.join(leg.label for leg in self.outgoing)}".strip()

    def __repr__(self) -> str:
        return f"Coupling({str(self)!r})"


def equal_slots(factors: Iterable[tuple[Participant, int]]) -> tuple[tuple[int, ...], ...]:
    """Return the slots of factors of one species and copy, which are one normal coordinate."""
    groups = grouped((factor, slot) for slot, factor in enumerate(factors))
    return tuple(map(tuple, groups.values()))


def mode_text(species: str, number: int | None, component: str, place: str) -> str:
    """Write the name of an actual mode: ``Eu#1(+)``, ``K3#2@K``; ``Eu#ac`` of a translation.

    Examples
    --------
    >>> mode_text("Eu", 1, "+", ""), mode_text("A2u", None, "", ""), mode_text("K3", 2, "", "K")
    ('Eu#1(+)', 'A2u#ac', 'K3#2@K')
    """
    return (
        f"{species}#{'ac' if number is None else number}"
        + (f"({component})" if component else "")
        + (f"@{place}" if place else "")
    )


def exchanges(equal: tuple[tuple[int, ...], ...], legs: int) -> list[tuple[int, ...]]:
    """Every permutation of the slots that only exchanges equal legs, the identity first.

    Examples
    --------
    >>> exchanges(((0, 1), (2,)), 3)
    [(0, 1, 2), (1, 0, 2)]
    """
    found = []
    for choice in product(*(list(permutations(slots)) for slots in equal)):
        order = list(range(legs))
        for slots, images in zip(equal, choice, strict=True):
            for slot, image in zip(slots, images, strict=True):
                order[slot] = image
        found.append(tuple(order))
    return found
