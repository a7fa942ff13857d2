"""One crystal per class, with atoms in general positions: where laws over all groups are tried."""

from __future__ import annotations

from functools import cache

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal, find_symmetry, space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.engine.coupling import Coupling
from symchiral.engine.invariant import Invariant, invariant
from symchiral.engine.reason import Reason, why_forbidden
from symchiral.irreps.axis import Axis, find_axis
from symchiral.irreps.classes import CLASSES
from symchiral.irreps.isoir import iso_hall_number
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.rules.channel import Channel, read_channel
from symchiral.rules.group_rules import Population, enumerate_channels

CUBIC = ("T", "Th", "O", "Td", "Oh")


@cache
def rotation_sets() -> tuple[SpaceGroup, ...]:
    """One group per distinct set of rotation parts (primitive basis) among all 530 settings."""
    found: dict[frozenset[bytes], SpaceGroup] = {}
    for hall_number in range(1, 531):
        group = space_group(hall_number)
        key = frozenset(np.ascontiguousarray(w).tobytes() for w in group.rotations)
        found.setdefault(key, group)
    return tuple(found.values())


@cache
def all_groups() -> tuple[SpaceGroup, ...]:
    """The 230 space groups in their standard settings."""
    return tuple(space_group(iso_hall_number(number)) for number in range(1, 231))


@cache
def class_crystal(schoenflies: str) -> SymmetricCrystal:
    """A crystal of the class: a random cell its group allows, two atoms in general position."""
    group = space_group(CLASSES[schoenflies])
    rng = np.random.default_rng(7)
    rotations = group.rotations.astype(float)
    random = rng.normal(size=(3, 3))
    metric = random @ random.T + 3 * np.eye(3)
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ metric @ rotations, axis=0)
    orbits = [(rotations @ x + group.shifts / 24) % 1 for x in rng.random((2, 3))]
    crystal = Crystal.of(
        5 * np.linalg.cholesky(metric),
        np.concatenate(orbits),
        np.repeat([3, 8], len(group)),
    )
    found = find_symmetry(crystal)
    assert found.group.schoenflies == schoenflies
    return found


@cache
def class_axis(schoenflies: str, wanted: str | None = None) -> Axis | None:
    """The default axis of the crystal of a class, or the one asked for."""
    return find_axis(class_crystal(schoenflies), wanted)


def by_name(participants: tuple[Participant, ...], name: str) -> Participant:
    """The participant of this name."""
    return next(p for p in participants if p.name == name)


# --- the doors to the engine: the only calls of these tests that depend on its signatures --------


def parts_of(p: Participant, axis: Axis | None) -> tuple[Component, ...]:
    """Components of a participant on an axis."""
    return components(p, axis.turn if axis else None)


def parts_under(p: Participant, index: int, order: int) -> tuple[Component, ...]:
    """Components of a participant under one operation of the group."""
    direction = p.group.operations[index].direction
    assert direction is not None
    return components(p, Turn(order, index, (0, 0, 0), direction))


def residue(component: Component) -> int | None:
    """The pseudo-angular momentum of a component at the zone centre."""
    l = component.residue
    if l is None:
        return None
    assert l.denominator == 1
    assert component.pam == str(l)
    return int(l)


def index_of(axis: Axis) -> int:
    """Index of the operation of an axis."""
    return axis.turn.index


@cache
def channels_of(schoenflies: str, copies: int = 3) -> tuple[Channel, ...]:
    """Every zone-centre channel of two quanta in and one out; all irreps, several modes of each."""
    irreps = zone_centre(class_crystal(schoenflies).group)
    axis = class_axis(schoenflies)
    population = Population(irreps, (0,) * len(irreps), (copies,) * len(irreps))
    return enumerate_channels((population,) * 3, axis.turn if axis else None)


def read(coupling: Coupling, axis: Axis | None) -> Channel:
    """Judge a coupling and read it as a channel."""
    return read_channel(coupling, axis.turn if axis else None)


def invariant_of(channel: Channel, axis: Axis | None) -> Invariant:
    """The invariants of an allowed channel."""
    return invariant(channel.coupling, axis.turn if axis else None)


def reason_of(channel: Channel, axis: Axis | None) -> Reason:
    """Why a channel is forbidden."""
    return why_forbidden(channel.coupling, axis.turn if axis else None)
