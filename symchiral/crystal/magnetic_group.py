"""Magnetic groups by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symchiral.crystal.spacegroup import SpaceGroup


@dataclass(frozen=True)
class MagneticGroup:
    """A magnetic space group by its names.

    Attributes
    ----------
    type : int
        1: no operation comes with time reversal; 3: half of the rotation parts do; 4: time
        reversal with a translation is a symmetry.
    bns : str or None
        Number in the setting of Belov, Neronova and Smirnova, ``166.101``; None if spglib does not
        find it.
    uni : int or None
        Unified number, 1 to 1651.
    point_group : str
        Hermann–Mauguin symbol of the magnetic point group, ``-3m'``.
    """

    type: int
    bns: str | None
    uni: int | None
    point_group: str

    @classmethod
    def of(
        cls, signs: tuple[int, ...] | None, numbers: tuple[str, int] | None, point_group: str
    ) -> MagneticGroup:
        """Tell the type from the time signs of the operations; None where they have two."""
        kind = 4 if signs is None else 3 if -1 in signs else 1
        bns, uni = numbers or (None, None)
        return cls(kind, bns, uni, point_group)


Vector = tuple[int, int, int]

_TOKEN = re.compile(r"-?\d|m")
_PRINCIPAL: Vector = (0, 0, 1)


def magnetic_point_group(group: SpaceGroup, signs: tuple[int, ...] | None) -> str:
    """Hermann–Mauguin symbol of a magnetic point group, its axes those of the standard setting.

    Every symbol of an element whose operation comes with time reversal gets a prime; where time
    reversal itself is a symmetry the symbol ends in ``1'``.

    Parameters
    ----------
    group : SpaceGroup
        The family group.
    signs : tuple of int or None
        −1 for operations with time reversal; None where it is a symmetry itself.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> group = space_group(458)
    >>> turned = tuple(g.determinant for g in group.operations)
    >>> magnetic_point_group(group, turned), magnetic_point_group(group, None)
    ("-3'm'", "-3m1'")
    """
    symbol = group.point_group
    if signs is None:
        return symbol + "1'"
    if symbol == "1":
        return "1"
    text, at, place = "", 0, 0
    for match in _TOKEN.finditer(symbol):
        text += symbol[at : match.start()] + match[0]
        at = match.end()
        # A mirror after a slash is across the axis named before it.
        place += symbol[match.start() - 1 : match.start()] != "/"
        if signs[_element(group, match[0], place)] < 0:
            text += "'"
    return text


def _element(group: SpaceGroup, token: str, place: int) -> int:
    """Index of an operation that a part of the symbol stands for."""
    kind = -2 if token == "m" else int(token)
    schoenflies = group.schoenflies
    cubic = schoenflies in ("T", "Th", "O", "Td", "Oh")
    rhombic = schoenflies in ("C2v", "D2", "D2h")
    hexagonal = schoenflies in ("D6", "C6v", "D6h")
    both = hexagonal or schoenflies in ("D4", "C4v", "D4h")
    operations = group.standard_operations
    found = [g for g, x in enumerate(operations) if x.type == kind]
    wanted: tuple[Vector, ...]
    if cubic:
        wanted = (((0, 0, 1),), ((1, 1, 1),), ((1, 1, 0),))[place - 1]
    elif rhombic:
        wanted = (((1, 0, 0),), ((0, 1, 0),), ((0, 0, 1),))[place - 1]
    elif both and place > 1:
        third = ((1, 2, 0), (-1, 1, 0)) if hexagonal else ((1, 1, 0),)
        wanted = ((1, 0, 0),) if place == 2 else third
    elif place > 1:
        # Two-fold axes and mirrors along one of two sets of directions, whichever it is.
        return next(g for g in found if operations[g].direction != _PRINCIPAL)
    else:
        return found[0]
    return next(g for g in found if operations[g].direction in wanted)
