"""Frozen values: dataclasses whose arrays can not be written to, and the names of array types."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]


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
                if callable(clear):
                    clear()


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
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, np.ndarray) or isinstance(theirs, np.ndarray):
                if not np.array_equal(mine, theirs):
                    return False
            elif mine != theirs:
                return False
        return True

    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} holds arrays and is not hashable")
