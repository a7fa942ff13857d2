"""Irreps stored on disk, only to save time.

One file per group and wavevector in the user's cache directory (``SYMCHIRAL_CACHE`` moves it,
an empty value turns it off). A file is a line with the dimensions and one flat complex array. Its
name is a hash of everything the irreps follow from: the operations in their order, the wavevector,
and the versions of the programs. A file proves nothing: whoever loads irreps checks that they are
those of the operations at hand. What cannot be written is not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np

from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.disk import cache_root, read_regular, write_whole
from symchiral.value import Complex, frozen
from symchiral.version import __version__

VERSION = 3
"""Changes whenever the content of a file would: convention, order of operations, format."""

ORDER = 48
"""Most elements of a little co-group."""


def directory() -> Path | None:
    """Directory of the irreps, or None."""
    above = cache_root()
    return None if above is None else above / f"v{VERSION}"


@lru_cache(maxsize=1)
def _versions() -> tuple[str, str]:
    try:
        return __version__, metadata.version("spgrep")
    except metadata.PackageNotFoundError:
        return __version__, ""


def _path(group: SpaceGroup, q: QPoint) -> Path | None:
    folder = directory()
    if folder is None:
        return None
    digest = hashlib.sha256(json.dumps([VERSION, *_versions(), *q.texts]).encode())
    for array in (group.rotations, group.shifts):
        digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return folder / f"irreps_{digest.hexdigest()}.bin"


def load(group: SpaceGroup, q: QPoint, order: int) -> tuple[Complex, ...] | None:
    """Return what is stored: arrays of as many matrices as the little co-group has elements.

    None if there is nothing of this shape. That they are irreps is not known.
    """
    path = _path(group, q)
    if path is None:
        return None
    try:
        header, data = read_regular(path, limit=16 * ORDER**2 + 4 * ORDER).split(b"\n", 1)
        sizes = [int(word) for word in header.split()]
        # The squares of the dimensions of all irreps sum to the order.
        if not all(0 < d <= order for d in sizes) or sum(d * d for d in sizes) != order:
            return None
        flat = np.frombuffer(data, dtype="<c16")
        if len(flat) != order * order:
            return None
    except (OSError, ValueError):
        return None
    parts = np.split(flat, np.cumsum([order * d * d for d in sizes])[:-1])
    return tuple(frozen(p.reshape(order, d, d)) for p, d in zip(parts, sizes, strict=True))


def store(group: SpaceGroup, q: QPoint, irreps: tuple[Complex, ...]) -> None:
    """Store irreps, whole or not at all; do nothing if that is impossible."""
    path = _path(group, q)
    if path is None:
        return
    header = " ".join(str(irrep.shape[1]) for irrep in irreps).encode()
    data = b"".join(np.ascontiguousarray(irrep, dtype="<c16").tobytes() for irrep in irreps)
    with contextlib.suppress(OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, header + b"\n" + data, durable=False)
