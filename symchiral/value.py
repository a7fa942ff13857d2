"""Frozen values: dataclasses whose arrays can not be written to, the names of array types,
and the thresholds of zero.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

K = TypeVar("K")
V = TypeVar("V")

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]

# Thresholds of zero. Symmetry makes numbers exactly zero, one, equal or whole; arithmetic in double
# precision leaves 1e-16 of them, products over a group and sums over atoms up to 1e-12, and what is
# not zero is not small. A threshold between says which is meant. Others, that judge data with
# errors of their own (files, forces, traces), stand beside what they judge.

ALLOWED = 1e-6
"""A group average of a unit product at least this large is allowed: exact ones are far larger."""

FORBIDDEN = 1e-9
"""A group average at most this large is zero; between the two the verdict is undecided."""

ROUNDED = 1e-6
"""Characters, phases and matrices of irreps, and projections onto them, that differ by less agree.

They are of size one; different ones differ by a tenth or more.
"""

NO_COMPONENT = 1e-8
"""A component of a normalised tensor form below this is zero, and what it makes of unit fields."""

DEPENDENT = 1e-7
"""Singular values, pivots and remainders below this: tensor components that are dependent."""

ALIGNED = 1e-6
"""Directions with 1 − cos of their angle below this are one: angles up to 1.4e-3."""

CIRCULAR = 1e-9
"""Light whose spin, or overlap with a circular component, is this near to one is circular."""

TIED = 1e-6
"""Of numbers this near to the largest, as where symmetry makes them equal, the first is taken."""

SHORTER = 1e-9
"""A vector is shorter than another only by more than this: those of one star are equally long."""

WHOLE = 1e-6
"""A number this near to an integer is one, where another could only be a fraction of few digits."""

SAME_POINT = 1e-9
"""Wavevectors whose fractional coordinates differ by less, modulo integers, are the same."""

WRAPPED = 1e-9
"""A fractional coordinate this little below an integer is that integer: 0 and not 1."""

NO_LENGTH = 1e-9
"""A vector shorter than this has no direction."""

UNWRITTEN = 1e-5
"""Components below this part of the largest are left out of the name of a direction."""

TINY = 1e-300
"""What a divisor that may be zero is at least: the quotient of zero by zero is zero."""


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Return a read-only copy of ``array``.

    Examples
    --------
    >>> frozen([1.0, 2.0]).flags.writeable
    False
    """
    copy = np.array(array, dtype=dtype, copy=True)
    copy.setflags(write=False)
    return copy


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return what stands beside each key, keys in the order in which they first appear.

    Examples
    --------
    >>> grouped([("g", 1), ("u", 2), ("g", 3)])
    {'g': [1, 3], 'u': [2]}
    """
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def clear_caches() -> None:
    """Forget every intermediate result that symchiral keeps in memory: irreps, channels, groups.

    They are kept because crystals of one group share them, and bounded in number; nothing but time
    depends on them. Files in the cache directory stay.

    Examples
    --------
    >>> clear_caches()
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "symchiral":
            for thing in list(vars(module).values()):
                clear = getattr(thing, "cache_clear", None)
                if callable(clear) and not isinstance(thing, type):
                    clear()


def _same(mine: Any, theirs: Any) -> bool:
    """Whether two contents are equal, arrays among them, also inside tuples and mappings."""
    if isinstance(mine, np.ndarray) or isinstance(theirs, np.ndarray):
        return np.array_equal(mine, theirs)
    if isinstance(mine, (tuple, list)) and isinstance(theirs, type(mine)):
        return len(mine) == len(theirs) and all(map(_same, mine, theirs))
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        return mine.keys() == theirs.keys() and all(_same(mine[k], theirs[k]) for k in mine)
    return bool(mine == theirs)


class Value:
    """Base of the frozen dataclasses: compares by content, stays read-only when unpickled.

    numpy drops the read-only flag on pickling, so it is set again here; and ``==`` on arrays
    is elementwise, so dataclasses that hold arrays are declared with ``eq=False`` and compare
    with the method below.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        self.__dict__.update(state)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name))
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        )

    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} holds arrays and is not hashable")
