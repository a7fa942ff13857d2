"""What a user calls a group: a number, a symbol of a space group, a symbol of a class.

:func:`find_group` is where to start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from symchiral.crystal.crystal import Notice
from symchiral.crystal.search import space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import LabelError, nearest
from symchiral.irreps.classes import CLASSES
from symchiral.irreps.isoir import iso_hall_number
from symchiral.reading.named_group import numbers_of_symbol

_OTHER_NAMES = {
    "S2": "Ci", "S6": "C3i", "C1h": "Cs", "S1": "Cs", "V": "D2", "Vh": "D2h", "Vd": "D2d",
    "m3": "Th", "m3m": "Oh", "-4m2": "D2d", "-62m": "D3h",
}  # fmt: skip
"""Other symbols of classes: older ones, and those of the axes in another order."""


@dataclass(frozen=True)
class NamedGroup:
    """A group that a user has named.

    Attributes
    ----------
    group : SpaceGroup
        The space group, or the one that stands for the class.
    whole_class : bool
        Whether the class is meant.
    notices : tuple of Notice
        What else the name could mean.
    """

    group: SpaceGroup
    whole_class: bool
    notices: tuple[Notice, ...] = ()


@cache
def _classes() -> dict[str, str]:
    """Schoenflies symbol of every class by all its names."""
    found = {name: name for name in CLASSES}
    found |= {space_group(hall).point_group: name for name, hall in CLASSES.items()}
    return found | _OTHER_NAMES


def find_group(name: str | int) -> NamedGroup:
    """Return the group that a name means.

    A number from 1 to 230 is a space group. Else it is a class, by its Schoenflies or its
    Hermann–Mauguin symbol, or else a space group by its symbol, in the standard setting.

    Examples
    --------
    >>> [find_group(x).group for x in (166, "R-3m", "P2_1/c", "-3m", "D3d")]
    ... # doctest: +NORMALIZE_WHITESPACE
    [SpaceGroup(166, 'R-3m'), SpaceGroup(166, 'R-3m'), SpaceGroup(14, 'P2_1/c'),
     SpaceGroup(162, 'P-31m'), SpaceGroup(162, 'P-31m')]
    >>> find_group("D3d").whole_class, find_group("32").whole_class
    (True, False)

    Raises
    ------
    LabelError
        No group has that name.
    """
    text = str(name).strip().replace("−", "-").replace("\u2212", "-")
    classes = _classes()
    number = text.lstrip("0")
    if text.isascii() and text.isdigit() and len(number) <= 3 and 1 <= int(number or "0") <= 230:
        group = space_group(iso_hall_number(int(number)))
        schoenflies = classes.get(text)
        told = f"{text} is taken as a space group: for the class {text} write {schoenflies}"
        return NamedGroup(group, False, (Notice("group-name", told),) if schoenflies else ())
    plain = "".join(text.split()).replace("_", "")
    small = {known.lower(): schoenflies for known, schoenflies in classes.items()}
    found = classes.get(plain) or small.get(plain.lower())
    numbers = numbers_of_symbol(text)
    if found is not None:
        same = (n for n in numbers if _symbol(n).lower() == plain.lower())  # C2 is both
        also = next(same, None)
        told = f"{text} is taken as the class: for the space group {text} write {also}"
        notices = () if also is None else (Notice("group-name", told),)
        return NamedGroup(space_group(CLASSES[found]), True, notices)
    if not numbers:
        near = nearest(plain, [*classes, *map(_symbol, range(1, 231))])
        named = "write a number such as 166, a symbol such as R-3m, or a class as -3m or D3d"
        raise LabelError(
            f"no group {text!r}",
            why="it is neither a number from 1 to 230 nor the symbol of a class or a space group",
            fix=f"{near}; {named}" if near.startswith("did") else named,
        )
    if len(numbers) > 1:
        raise LabelError(
            f"{text!r} is the symbol of several space groups",
            why=f"those of the numbers {', '.join(map(str, numbers))}, in different settings",
            fix="give one of the numbers",
        )
    group = space_group(iso_hall_number(numbers[0]))
    if _symbol(numbers[0]).lower() == plain.lower():
        return NamedGroup(group, False)
    told = (
        f"{text} is taken as {group.symbol} ({group.number}), in whose standard setting all is told"
    )
    return NamedGroup(group, False, (Notice("group-setting", told),))


def _symbol(number: int) -> str:
    """The short symbol of a space group, without blanks and underscores."""
    return space_group(iso_hall_number(number)).symbol.replace("_", "")
