"""Operations in the Jones-faithful notation as files write it, and the closed sets they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from symchiral.errors import LimitError, ReadError
from symchiral.value import Floats, Integers, frozen

MAX_OPERATIONS = 768
"""More operations than any cell of a real file needs (192 in the largest conventional cell)."""

_TERM = re.compile(
    r"(?P<sign>[+-]?)(?P<number>\d{1,12}(?:\.\d{0,15})?(?:/\d{1,6})?|\.\d{1,15})?\*?(?P<axis>[xyz]?)"
)
_SNAP = 2e-3
_HASH = 31 ** np.arange(9, dtype=np.int64)


def parse_xyz(text: str, *, name: str = "this file") -> tuple[Integers, Floats]:
    """Read one operation: the rotation part and the translation, x ↦ W x + w.

    Translations written as decimals (``0.3333``) are moved to the multiple of 1/24 nearby.

    Raises
    ------
    ReadError
        If the text is not an operation that maps a lattice onto itself.

    Examples
    --------
    >>> w, t = parse_xyz("-y, x-y, z+0.3333")
    >>> w.tolist(), t.tolist()
    ([[0, -1, 0], [1, -1, 0], [0, 0, 1]], [0.0, 0.0, 0.3333333333333333])
    """
    found = _parsed(text)
    if found is None:
        raise ReadError(
            f"cannot read {name}",
            why=f"{text.strip()[:60]!r} is not a symmetry operation",
            fix="write operations like 'x,y,z' and '-y,x-y,z+1/3'",
        )
    return found


@lru_cache(maxsize=8192)
def _parsed(text: str) -> tuple[Integers, Floats] | None:
    parts = re.sub(r"[\s'\"]", "", text).lower().split(",")
    if len(parts) != 3:
        return None
    rotation, translation = np.zeros((3, 3), dtype=np.int64), np.zeros(3)
    for row, part in enumerate(parts):
        terms = _terms(part)
        if terms is None:
            return None
        for axis, value in terms:
            if axis is None:
                translation[row] += value
            else:
                rotation[row, axis] += round(value)
    if abs(round(float(np.linalg.det(rotation)))) != 1:
        return None
    snapped = np.rint(24 * translation) / 24
    near = np.abs(snapped - translation) < _SNAP
    return frozen(rotation), frozen(np.where(near, snapped, translation) % 1.0)


def _terms(part: str) -> list[tuple[int | None, float]] | None:
    """Split ``-y+1/2`` into (axis, factor); the constant has the axis None."""
    terms: list[tuple[int | None, float]] = []
    at = 0
    while at < len(part):
        match = _TERM.match(part, at)
        if match is None or not (match["number"] or match["axis"]) or (at and not match["sign"]):
            return None
        at = match.end()
        top, _, bottom = (match["number"] or "1").partition("/")
        if bottom and int(bottom) == 0:
            return None
        value = float(top) / int(bottom or 1) * (-1 if match["sign"] == "-" else 1)
        if match["axis"] and (not value.is_integer() or abs(value) > 8):
            return None
        terms.append(("xyz".index(match["axis"]) if match["axis"] else None, value))
    return terms or None


def parse_operations(
    texts: Sequence[str], *, name: str = "this file"
) -> tuple[Integers, Floats, bool]:
    """Read a list of operations, without repeats, and tell whether it is closed.

    Returns
    -------
    rotations : (n, 3, 3) int
        Rotation parts.
    translations : (n, 3) float
        Translations, each in [0, 1).
    closed : bool
        Whether every product of two operations is in the list, modulo lattice translations.

    Examples
    --------
    >>> _, _, closed = parse_operations(["x,y,z", "-x,-y,-z"])
    >>> closed
    True
    """
    if len(texts) > MAX_OPERATIONS:
        raise LimitError(
            f"cannot read {name}",
            why=f"it lists {len(texts)} symmetry operations, more than {MAX_OPERATIONS}",
            fix="write the structure in a smaller cell",
        )
    for text in texts:
        parse_xyz(text, name=name)
    return _listed(tuple(texts))


@lru_cache(maxsize=256)
def _listed(texts: tuple[str, ...]) -> tuple[Integers, Floats, bool]:
    """The operations of a list that can be read: files of one group repeat it word by word."""
    parsed = [parse_xyz(text) for text in texts]
    w = np.array([rotation for rotation, _ in parsed]).reshape(-1, 3, 3)
    t = np.array([translation for _, translation in parsed]).reshape(-1, 3)
    keep, closed = distinct_operations(w, t)
    return frozen(w[keep]), frozen(t[keep]), closed


def distinct_operations(w: Integers, t: Floats) -> tuple[list[int], bool]:
    """Return the indices of operations without repeats, and whether they are closed.

    Parameters
    ----------
    w, t : (n, 3, 3) int, (n, 3) float
        Rotation parts and translations.
    """
    keys = w.reshape(-1, 9) @ _HASH
    keep: list[int] = []
    cosets: dict[int, list[int]] = {}
    for i, key in enumerate(keys.tolist()):
        coset = cosets.setdefault(key, [])
        if not coset or not np.any(_same(t[coset], t[i])):
            coset.append(i)
            keep.append(i)
    return keep, _closed(w, t, list(cosets.values()), keys)


def _same(a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    delta = a - b
    equal: npt.NDArray[np.bool_] = np.all(np.abs(delta - np.rint(delta)) < _SNAP, axis=-1)
    return equal


def _closed(w: Integers, t: Floats, cosets: list[list[int]], keys: Integers) -> bool:
    """Tell whether the operations form a group modulo the lattice.

    They do if every rotation comes with the same pure translations, and the product of any two
    representatives is a third one up to such a translation.
    """
    identity = next((c for c in cosets if np.array_equal(w[c[0]], np.eye(3))), None)
    if identity is None or any(len(coset) != len(identity) for coset in cosets):
        return False
    pure = t[identity]

    def are_pure(vectors: Floats) -> bool:
        return bool(np.all(np.any(_same(vectors[..., None, :], pure), axis=-1)))

    first = [coset[0] for coset in cosets]
    if not all(are_pure(pure + one) for one in pure):  # one by one: memory grows with the cube
        return False
    if not are_pure(pure @ np.swapaxes(w[first], 1, 2)):
        return False
    if not all(are_pure(t[coset] - t[coset[0]]) for coset in cosets):
        return False
    order = np.argsort(keys[first])
    known = keys[first][order]
    products = (w[first][:, None] @ w[first]).reshape(len(first), -1, 9) @ _HASH
    slot = np.minimum(np.searchsorted(known, products), len(known) - 1)
    if not np.array_equal(known[slot], products):
        return False
    moved = np.einsum("gij,hj->ghi", w[first], t[first]) + t[first][:, None]
    return are_pure(moved - t[first][order[slot]])
