"""Irreps on disk: an optimisation that may fail without anyone noticing.

One file per group and wavevector in the user's cache directory (``SYMCHIRAL_CACHE`` moves it,
an empty value turns it off). A file is a line of JSON (the shapes and a checksum) and one flat
complex array. What cannot be read, or does not check, is ignored; what cannot be written is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import QPoint
from symchiral.value import frozen

VERSION = 2
"""Changes whenever the content of a file would: convention, order of operations, format."""


def root() -> Path | None:
    """Directory of all caches, or None if they are turned off or the user has no home."""
    named = os.environ.get("SYMCHIRAL_CACHE")
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "symchiral"
    except RuntimeError:
        return None


def directory() -> Path | None:
    """Directory of the irreps, or None."""
    above = root()
    return None if above is None else above / f"v{VERSION}"


def _path(hall_number: int, q: QPoint) -> Path | None:
    folder = directory()
    name = "_".join(text.replace("/", "o") for text in q.texts)
    return None if folder is None else folder / f"irreps_{hall_number}_{name}.bin"


def load(hall_number: int, q: QPoint) -> tuple[npt.NDArray[np.complex128], ...] | None:
    """Return the stored irreps, or None."""
    path = _path(hall_number, q)
    if path is None:
        return None
    try:
        header, data = path.read_bytes().split(b"\n", 1)
        fields = json.loads(header)
        shapes = [tuple(int(n) for n in shape) for shape in fields["shapes"]]
        if zlib.crc32(data) != fields["crc32"]:
            return None
        flat = np.frombuffer(data, dtype="<c16")
        sizes = [int(np.prod(shape)) for shape in shapes]
        if sum(sizes) != len(flat) or any(len(shape) != 3 for shape in shapes):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return tuple(frozen(p.reshape(s)) for p, s in zip(parts, shapes, strict=True))


def store(hall_number: int, q: QPoint, irreps: tuple[npt.NDArray[np.complex128], ...]) -> None:
    """Store irreps by writing a new file and renaming it; do nothing if that is impossible."""
    path = _path(hall_number, q)
    if path is None:
        return
    data = b"".join(np.ascontiguousarray(irrep, dtype="<c16").tobytes() for irrep in irreps)
    header = {"shapes": [irrep.shape for irrep in irreps], "crc32": zlib.crc32(data)}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(header).encode() + b"\n" + data)
            os.replace(name, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
