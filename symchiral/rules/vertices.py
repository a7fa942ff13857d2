"""All combinations of special points that conserve crystal momentum, up to symmetry."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement

from symchiral.crystal.qpoint import GAMMA, QPoint, images, star
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.kpoints import named_points

Vertex = tuple[QPoint, ...]


@lru_cache(maxsize=256)
def special_vertices(group: SpaceGroup, order: int = 3) -> tuple[Vertex, ...]:
    r"""Return every way in which special points sum to a reciprocal lattice vector.

    Wavevectors are all incoming and unordered; of vertices that an operation of the group or a
    common reversal of all wavevectors relates, one is returned. In it the named point of a star
    comes before its other arms, and the zone centre last, where light sees what comes out.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> graphene = space_group(485)
    >>> len(special_vertices(graphene)), special_vertices(graphene)[-1]
    (12, (QPoint(0, 0, 0), QPoint(0, 0, 0), QPoint(0, 0, 0)))
    """
    arms: dict[QPoint, None] = {}
    for point in named_points(group):
        if point.kdim == 0:
            arms.update(dict.fromkeys(star(group, point.q)))
    rank = {q: i for i, q in enumerate(arms)}
    rank.update({GAMMA: len(rank)})
    seen: set[Vertex] = set()
    found = []
    for chosen in combinations_with_replacement(sorted(rank, key=rank.__getitem__), order):
        if not sum(chosen[1:], chosen[0]).is_reciprocal_vector or chosen in seen:
            continue
        found.append(chosen)
        for signed in (chosen, tuple((-q).reduced for q in chosen)):
            moved = zip(*(images(group, q) for q in signed), strict=True)
            seen.update(tuple(sorted(m, key=lambda q: rank.get(q, -1))) for m in moved)
    return tuple(found)
