r"""What a static field changes: splitting of species, new optical activity, new transfers.

Nothing is compared by name. The irreps of the crystal in no field are written as fields on which
the smaller group acts (their *subduction*), and the engine judges the same products twice: under
the group without the field and under that in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.judge import count_coefficients
from symchiral.errors import SymmetryError
from symchiral.irreps.axis import Axis, axis_along
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.participant import Participant
from symchiral.modes.species import Species
from symchiral.rules.activity import Activity, activity
from symchiral.rules.magnetism import odd_activity
from symchiral.value import ALIGNED, Integers, frozen

AxisChange = Literal["kept", "lowered", "destroyed"]
"""What becomes of an axis of rotation; ``lowered``: of smaller order."""


@dataclass(frozen=True)
class SpeciesChange:
    """One species of the zone centre in no field, and what it becomes.

    Attributes
    ----------
    species : str
        Its label in no field.
    becomes : tuple of (str, int)
        Labels in the field, and how often each comes from it.
    before, after : Activity
        Which light sees it.
    odd_before, odd_after : Activity
        Which light sees it through its velocity, where time reversal is broken.
    split : bool
        Whether its degenerate modes come apart, or (+) and (−) where they stay together.
    """

    species: str
    becomes: tuple[tuple[str, int], ...]
    before: Activity
    after: Activity
    odd_before: Activity
    odd_after: Activity
    split: bool


@dataclass(frozen=True)
class Opened:
    """Three species, named in no field, that a field lets couple.

    Attributes
    ----------
    species : tuple of str
        Three labels.
    before, after : int
        Real coefficients of the product of three different modes.
    """

    species: tuple[str, str, str]
    before: int
    after: int


@dataclass(frozen=True)
class Changes:
    """What a field changes.

    Attributes
    ----------
    species : tuple of SpeciesChange
        Every species of the zone centre in no field.
    opened : tuple of Opened
        Products of three optical species that are forbidden in no field and allowed in the field.
    cell : int
        How many times larger the primitive cell is: more than 1 where the field singles out one of
        the copies that time reversal with a translation related.
    axis : str
        What became of the axis of rotation.
    """

    species: tuple[SpeciesChange, ...]
    opened: tuple[Opened, ...]
    cell: int
    axis: AxisChange


def find_changes(
    before: SymmetricCrystal,
    after: SymmetricCrystal,
    species: Sequence[Species],
    axis: Axis | None,
) -> Changes:
    """Compare a crystal in no field with the same crystal in a field.

    Parameters
    ----------
    before, after : SymmetricCrystal
        The crystal without and with the field; the group of the second is a subgroup.
    species : sequence of Species
        Of the zone centre, without the field.
    axis : Axis or None
        The axis without the field.
    """
    operations = _operations(before, after)
    inside = {s.label: restricted(s.participant, after, operations) for s in species}
    return Changes(
        tuple(_species_change(before, after, s, inside[s.label]) for s in species),
        _opened([s for s in species if s.optical], inside),
        len(after.primitive) // len(before.primitive),
        _axis_word(after, axis),
    )


def _operations(before: SymmetricCrystal, after: SymmetricCrystal) -> Integers:
    """(G',): the operation of the larger group that each of the smaller one is."""
    distance = np.abs(after.rotations[:, None] - before.rotations).max(axis=(2, 3))
    if distance.min(axis=1).max() > 0.01:
        raise SymmetryError(
            f"{after.group.symbol} is not a subgroup of {before.group.symbol}",
            why="an operation in the field is none in no field",
            fix="pass another --symprec",
        )
    return np.asarray(distance.argmin(axis=1))


def restricted(
    participant: Participant, after: SymmetricCrystal, operations: Integers
) -> Participant:
    """Return an irrep at the zone centre as a field on which a subgroup acts, reducible or not."""
    return replace(
        participant,
        group=after.group,
        images=frozen(np.zeros((len(operations), 1)), np.int64),
        matrices=frozen(participant.matrices[operations]),
    )


def _species_change(
    before: SymmetricCrystal, after: SymmetricCrystal, species: Species, inside: Participant
) -> SpeciesChange:
    becomes = []
    for irrep in zone_centre(after.group):
        overlap = irrep.characters @ inside.characters
        count = round(float(overlap / (irrep.characters @ irrep.characters)))
        if count:
            becomes.append((irrep.name, count))
    parts = sum(count for _, count in becomes)
    rotating = _rotations(inside, after.signs) > _rotations(species.participant, before.signs)
    return SpeciesChange(
        species.label,
        tuple(becomes),
        activity(species.participant),
        activity(inside),
        odd_activity(before, species.participant),
        odd_activity(after, inside),
        parts > 1 or rotating,
    )


def _rotations(participant: Participant, signs: tuple[int, ...] | None) -> int:
    r"""How often :math:`Q×\dot Q` is an invariant: s times the antisymmetric square."""
    if signs is None:
        return 0
    d = participant.matrices[:, 0]
    traces = np.trace(d, axis1=1, axis2=2)
    squares = np.trace(d @ d, axis1=1, axis2=2)
    return round(float(np.mean(np.array(signs) * (traces**2 - squares).real / 2)))


def _opened(species: Sequence[Species], inside: dict[str, Participant]) -> tuple[Opened, ...]:
    found = []
    for a, b, c in combinations_with_replacement(species, 3):
        old = _coefficients([s.participant for s in (a, b, c)])
        if old == 0:
            new = _coefficients([inside[s.label] for s in (a, b, c)])
            if new:
                found.append(Opened((a.label, b.label, c.label), old, new))
    return tuple(found)


def _coefficients(participants: list[Participant]) -> int:
    return count_coefficients(participants, [0] * 3, ((0,), (1,), (2,)))


def axis_lost(before: Axis | None, after: Axis | None) -> bool:
    """Whether rotation is no longer counted about the axis of no field, or not in its order."""
    if before is None:
        return False
    if after is None or after.order != before.order:
        return True
    return abs(float(after.direction @ before.direction)) <= 1 - ALIGNED


def _axis_word(after: SymmetricCrystal, axis: Axis | None) -> AxisChange:
    if axis is None:
        return "kept"
    found = axis_along(after, axis.direction)
    if found is None:
        return "destroyed"
    return "kept" if found.order == axis.order else "lowered"
