"""Mulliken names of the zone-centre irreps of the 32 classes."""

from __future__ import annotations

from functools import lru_cache

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.participant import Participant, irreps, the_one

Direction = tuple[int, int, int]

_AXES = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}


@lru_cache(maxsize=1024)
def zone_centre(group: SpaceGroup) -> tuple[Participant, ...]:
    r"""Return the real irreps at Γ under their Mulliken names, in the customary order.

    Complex pairs joined by time reversal are one two-dimensional E. Names follow from characters:

    * g/u by inversion; ′/″ by σ_h where the principal axis is odd and there is no inversion;
    * A/B by the principal operation (C_n; S4 in S4 and D2d; C_3 in D3d), E and T by dimension;
    * E1/E2 of the six-fold classes by χ(C6) = +1/−1; T1/T2 by χ(C4 or S4) = +1/−1;
    * A1/A2 of O, Td, Oh by C4 or S4;
    * otherwise 1/2 by the operation of the second place of the Hermann–Mauguin symbol: C2' along
      [100] where there are two-fold axes across the principal one (in D2d and D3h whichever way
      they point), else the mirror across [100] (across [010] in C2v);
    * D2 and D2h: B1, B2, B3 are even under the two-fold axes along z, y, x.

    x, y, z are the axes of the standard setting, so B1/B2 (and B1, B2, B3) depend on it; other
    settings (mm2 with its axis along a or b) are not named. In D6 and D6h the server at Bilbao
    has B1 and B2 the other way round; in A-centred mm2, −4m2 and −6m2 it names by other axes.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> [p.name for p in zone_centre(space_group(458))]
    ['A1g', 'A2g', 'Eg', 'A1u', 'A2u', 'Eu']
    """
    named = [the_one(p.named(_name(p))) for p in irreps(group, GAMMA)]
    return tuple(sorted(named, key=lambda p: _order(p.name)))


def _order(name: str) -> tuple[bool, bool, bool, str, str]:
    odd = name.endswith(("u", "''"))
    letters = "ABET"
    return odd, False, False, str(letters.index(name[0])), name


def _name(p: Participant) -> str:
    group = p.group
    schoenflies = group.schoenflies
    suffix = ""
    inversion = _find(group, -1)
    if inversion is not None:
        suffix = "g" if p.characters[inversion] > 0 else "u"
    elif schoenflies in ("Cs", "C3h", "D3h"):
        mirror = _find(group, -2, None if schoenflies == "Cs" else _AXES["z"])
        suffix = "'" if _value(p, mirror) > 0 else "''"
    return _stem(p, schoenflies) + suffix


def _stem(p: Participant, schoenflies: str) -> str:
    group = p.group
    cubic = schoenflies in ("T", "Th", "O", "Td", "Oh")
    fourfold = _find(group, 4) if _find(group, 4) is not None else _find(group, -4)
    if p.dimension == 3:
        return "T" if fourfold is None else ("T1" if _value(p, fourfold) > 0 else "T2")
    if p.dimension == 2:
        six = _find(group, 6)
        return "E" if six is None else ("E1" if _value(p, six) > 0 else "E2")
    if schoenflies in ("D2", "D2h"):
        even = [axis for axis, uvw in _AXES.items() if _value(p, _find(group, 2, uvw)) > 0]
        return "A" if len(even) == 3 else {"z": "B1", "y": "B2", "x": "B3"}[even[0]]
    if cubic:
        return "A" if fourfold is None else ("A1" if _value(p, fourfold) > 0 else "A2")
    letter = "A" if _value(p, _principal(group)) > 0 else "B"
    second = _second_place(group, schoenflies)
    return letter if second is None else letter + ("1" if _value(p, second) > 0 else "2")


def _principal(group: SpaceGroup) -> int:
    """The operation that decides A or B: the identity where only A is possible."""
    for kind in (6, 4, -4, 3, 2):
        uvw = None if kind == 2 and group.schoenflies != "C2v" else _AXES["z"]
        found = _find(group, kind, uvw)
        if found is not None:
            return found
    return 0


def _second_place(group: SpaceGroup, schoenflies: str) -> int | None:
    """The operation that decides 1 or 2, None where the class has no second place."""
    if schoenflies == "C2v":
        return _find(group, -2, _AXES["y"])
    if schoenflies in ("D4", "D4h", "D6", "D6h"):
        return _find(group, 2, _AXES["x"])
    if schoenflies in ("C4v", "C6v"):
        return _find(group, -2, _AXES["x"])
    if schoenflies in ("D3", "D3d", "D3h", "D2d"):
        return _find(group, 2, across=_AXES["z"])
    if schoenflies == "C3v":
        return _find(group, -2)
    return None


def _find(
    group: SpaceGroup,
    kind: int,
    direction: Direction | None = None,
    *,
    across: Direction | None = None,
) -> int | None:
    """Index of the first operation of a type, along a standard direction or not along one."""
    for i, g in enumerate(group.standard_operations):
        if g.type == kind and direction in (None, g.direction) and g.direction != (across or ()):
            return i
    return None


def _value(p: Participant, operation: int | None) -> float:
    if operation is None:
        raise ValueError(f"{p.group} lacks an operation that names its irreps")
    return float(p.characters[operation])
