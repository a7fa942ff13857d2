"""The real irreps on the star of a wavevector, under their names."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np

from symchiral.crystal.qpoint import GAMMA, PARAMETERS, QPoint, little_group, star
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.build import small_irreps
from symchiral.irreps.kpoints import named_points
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.participant import Participant, irreps, the_one
from symchiral.value import ROUNDED


def star_irreps(group: SpaceGroup, q: QPoint) -> tuple[Participant, ...]:
    """Return the real irreps on the star of q, named: Mulliken at Γ, CDML elsewhere.

    Every wavevector of the star and of its negative gives the same participants, so that legs at
    K and at −K can be one and the same mode.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> graphene = space_group(485)
    >>> k = QPoint.of("1/3", "1/3", 0)
    >>> [p.names for p in star_irreps(graphene, k)][:2]
    [('K1', 'K1'), ('K2', 'K2')]
    >>> star_irreps(graphene, -k) is star_irreps(graphene, k)
    True
    """
    return zone_centre(group) if q.reduced == GAMMA else _named(group, _first(group, q))


@lru_cache(maxsize=4096)
def star_arms(group: SpaceGroup, q: QPoint) -> tuple[QPoint, ...]:
    """Return the arms of q and of −q in one order, whichever arm q is.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> star_arms(space_group(485), QPoint.of(0, "1/2", 0))
    (QPoint(1/2, 1/2, 0), QPoint(1/2, 0, 0), QPoint(0, 1/2, 0))
    """
    arms = star(group, _first(group, q))
    return tuple(dict.fromkeys([*arms, *((-arm).reduced for arm in arms)]))


@lru_cache(maxsize=4096)
def _first(group: SpaceGroup, q: QPoint) -> QPoint:
    """The arm of the star of q, or of −q, that comes first."""
    arms = set(star(group, q))
    return max(arms | {(-arm).reduced for arm in arms}, key=_sorting)


def _sorting(q: QPoint) -> tuple[object, ...]:
    """Prefer positive coordinates and slopes."""
    return (*q.slopes, *q.coordinates)


@lru_cache(maxsize=4096)
def place_name(group: SpaceGroup, q: QPoint) -> str:
    """Name of a wavevector as legs print it after ``@``: K, K' for −K, LD(u), LD(-u), P'(u).

    Only the wavevector that the table itself names (or its negative) gets the name: other arms of
    the same star are written in coordinates. Empty at the zone centre.
    """
    if q.reduced == GAMMA:
        return ""
    names = [(p.label, p.q, p.kdim) for p in named_points(group)]
    for label, point, free in names:
        if point.reduced == q.reduced:
            return label + _parameters(free, "")
    for label, point, free in names:
        if (-point).reduced == q.reduced:
            # On a line through no point with −k = k, as P through K, P(-u) is not −P(u).
            through = (QPoint(point.coordinates) + QPoint(point.coordinates)).is_reciprocal_vector
            if free and through:
                return label + _parameters(free, "-")
            return f"{label}'{_parameters(free, '')}"
    return ",".join(q.texts)


def _parameters(free: int, sign: str) -> str:
    return f"({','.join(sign + x for x in PARAMETERS[:free])})" if free else ""


@lru_cache(maxsize=1024)
def _named(group: SpaceGroup, q: QPoint) -> tuple[Participant, ...]:
    found = []
    for participant in irreps(group, q):
        names = tuple(_name(participant, arm) for arm in range(len(participant.arms)))
        places = tuple(place_name(group, arm) for arm in participant.arms)
        found.append(the_one(participant.named(*names, places=places)))
    return tuple(sorted(found, key=lambda p: p.names))


def _name(participant: Participant, arm: int) -> str:
    """The small irreps an arm carries, joined where time reversal joins them."""
    from symchiral.irreps.smallnames import irrep_names  # no names of tables at the zone centre

    group, q = participant.group, participant.arms[arm]
    members = list(little_group(group, q))
    characters = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    candidates = list(zip(irrep_names(group, q), small_irreps(group, q), strict=True))
    for size in (1, 2):
        for chosen in combinations_with_replacement(candidates, size):
            total = sum(np.trace(small, axis1=1, axis2=2) for _, small in chosen)
            if np.allclose(total, characters, atol=ROUNDED):
                return "".join(name for name, _ in chosen)
    raise ValueError(f"the irreps on arm {q} of {group} are not among its small irreps")
