"""Classes of groups: at the zone centre a space group acts as its point group.

Its irreps there, and with them every verdict, coefficient and invariant of a product of them, are
those of its class. One group stands for each class, and :func:`of_class` finds the irrep of that
group that an irrep of another group is, operation by operation: what is worked out for one crystal
of a class is then ready for every other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Turn
from symchiral.irreps.participant import Participant

CLASSES = {
    "C1": 1, "Ci": 2, "C2": 3, "Cs": 18, "C2h": 57, "D2": 108, "C2v": 125, "D2h": 227,
    "C4": 349, "S4": 355, "C4h": 357, "D4": 366, "C4v": 376, "D2d": 388, "D4h": 400,
    "C3": 430, "C3i": 435, "D3": 438, "C3v": 446, "D3d": 454,
    "C6": 462, "C3h": 468, "C6h": 469, "D6": 471, "C6v": 477, "D3h": 481, "D6h": 485,
    "T": 489, "Th": 494, "O": 503, "Td": 511, "Oh": 517,
}  # fmt: skip
"""Hall number of the first symmorphic group of each class, which stands for the class."""

_FRAMES = (
    np.eye(3),
    np.array([[2.0, -1, 0], [1, 1, 0], [0, 0, 1]]),
    np.array([[1.0, -1, 0], [1, 1, 0], [0, 0, 1]]),
)
"""How the axes of two groups of a class can lie about c: alike, or turned by 30° (P31m and P3m1,
hexagonal axes) or 45° (P-42m and P-4m2). Columns are the turned axes, longer by √3 or √2."""


def class_group(group: SpaceGroup) -> SpaceGroup:
    """Return the group that stands for the class of a group.

    Examples
    --------
    >>> class_group(space_group(458))
    SpaceGroup(162, 'P-31m')
    """
    return space_group(CLASSES[group.schoenflies])


@lru_cache(maxsize=1024)
def class_operations(group: SpaceGroup) -> tuple[int, ...] | None:
    """Return the operation of the group of the class that each operation is.

    The axes of the two standard cells are alike, or turned about c by 30° or 45°. None in a setting
    of other axes.

    Examples
    --------
    >>> r, p = space_group(458), space_group(454)
    >>> [p.operations[i].type for i in class_operations(r)] == [g.type for g in r.operations]
    True
    """
    there = {g.rotation.tobytes(): i for i, g in enumerate(class_group(group).standard_operations)}
    rotations = np.array([g.rotation for g in group.standard_operations])
    for frame in _FRAMES:
        turned = np.linalg.inv(frame) @ rotations @ frame
        whole = np.rint(turned).astype(np.int64)
        found = [there.get(w.tobytes()) for w in whole]
        if np.allclose(turned, whole) and None not in found:
            return tuple(i for i in found if i is not None)
    return None


def at_centre(participant: Participant) -> bool:
    """Whether it is an irrep at the zone centre: no field, no state, no irrep off it."""
    plain = not participant.field and participant.known is None
    return plain and participant.arms == (GAMMA,)


@lru_cache(maxsize=4096)
def of_class(participant: Participant) -> Participant:
    """Return the irrep at the zone centre, of the group of the class, that an irrep there is.

    It has the same name, the same characters and so the same components on every axis, in other
    bases. What is no such irrep (a field, an irrep off the zone centre) is returned as it is.

    Examples
    --------
    >>> of_class(zone_centre(space_group(458))[2])
    Participant(Eg, P-31m, dimension 2)
    """
    if not at_centre(participant):
        return participant
    places = class_operations(participant.group)
    if places is None:
        return participant
    for candidate in zone_centre(class_group(participant.group)):
        if candidate.names == participant.names and np.allclose(
            candidate.characters[list(places)], participant.characters, atol=1e-6
        ):
            return candidate
    return participant


@lru_cache(maxsize=4096)
def _same_vectors(participant: Participant) -> bool:
    """Whether the irrep of the class has the very same matrices, and so the same vectors."""
    there, places = of_class(participant), class_operations(participant.group)
    return np.allclose(participant.matrices, there.matrices[list(places or ())], atol=1e-9)


def all_of_class(
    participants: tuple[Participant, ...], turn: Turn | None, *, vectors: bool = False
) -> tuple[tuple[Participant, ...], Turn | None]:
    """Return the irreps of the class that participants are, and the operation of an axis there.

    Both as they are if any of the participants is no irrep at the zone centre.

    Parameters
    ----------
    participants : tuple of Participant
        Of one group.
    turn : Turn or None
        The named operation of the group.
    vectors : bool
        The basis vectors of components matter too. About an axis of order 3 or more their phases
        are fixed (`symchiral.irreps.phases`) but for signs that no invariant depends on; elsewhere
        real vectors are at choice, and all is returned as it is where the class has chosen others.
    """
    # Also in the group that itself stands for its class arms and lattice translations count.
    if not all(map(at_centre, participants)):
        return participants, turn
    group = participants[0].group
    found = tuple(of_class(p) for p in participants)
    places = class_operations(group)
    if places is None or any(p.group != class_group(group) for p in found):
        return participants, turn
    free = turn is None or turn.order < 3
    if vectors and free and not all(_same_vectors(p) for p in participants):
        return participants, turn
    return found, turn and Turn(turn.order, places[turn.index], (0, 0, 0), (0, 0, 0))
