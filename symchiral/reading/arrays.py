"""Columns of a table in files of arrays: numpy (.npy, .npz), MATLAB (.mat) and HDF5."""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.errors import InputError, LimitError, ReadError
from symchiral.units import counted

MOST_NUMBERS = 10_000_000
"""Numbers that a file may hold: a record of many hours in many channels."""

HDF5 = b"\x89HDF\r\n\x1a\n"
_NUMPY, _ZIP, _MATLAB = b"\x93NUMPY", b"PK\x03\x04", b"MATLAB 5.0 MAT-file"
_USER_BLOCK = 512
"""Bytes that MATLAB writes before the HDF5 of its version 7.3."""

Array = npt.NDArray[Any]


def holds_arrays(data: bytes) -> bool:
    """Whether a file begins as one of numpy, MATLAB or HDF5 does."""
    return data.startswith((_NUMPY, _ZIP, _MATLAB, HDF5)) or _behind_block(data)


def array_columns(path: Path, data: bytes, names: Sequence[str] | None) -> Mapping[str, list[str]]:
    """Return the columns of a file of arrays.

    Arrays of one dimension are columns under their own names. Where the file holds one array of
    two dimensions, its columns need names.

    Parameters
    ----------
    path : Path
        The file, for HDF5 and messages.
    data : bytes
        What it holds.
    names : sequence of str, optional
        Names of the columns of an array of two dimensions.

    Raises
    ------
    ReadError
        The file is damaged, or holds objects of Python.
    InputError
        It holds no columns, or they have no names.
    LimitError
        It holds more than 10⁷ numbers.
    """
    try:
        arrays = dict(_arrays(path, data))
    except (
        ValueError, TypeError, KeyError, IndexError, EOFError, OSError, RuntimeError, MemoryError,
        NotImplementedError, OverflowError, SyntaxError, struct.error, zlib.error,
        zipfile.BadZipFile, tokenize.TokenError,
    ) as error:  # fmt: skip
        raise ReadError(
            f"cannot read {path.name}",
            why=f"it is no complete file of arrays of numbers ({type(error).__name__})",
            fix="write it again with the arrays alone, or export a table as CSV",
        ) from error
    columns = {
        key: array.ravel() for key, array in arrays.items() if max(array.shape) == array.size
    }
    tables = {key: array for key, array in arrays.items() if max(array.shape) != array.size}
    if len(tables) == 1 and (names or not columns):
        ((key, table),) = tables.items()
        columns = _named(path.name, key, table, names)
    if not columns:
        raise InputError(
            f"{path.name} holds no columns",
            why="none of its arrays is a row of numbers",
            fix="save one array of one dimension per column, or one table",
        )
    return {key: list(map(str, array.tolist())) for key, array in columns.items()}


def _is_column(array: Array) -> bool:
    """Whether it has one dimension, but for those of length 1."""
    return bool(max(array.shape) == array.size)


def _named(file: str, key: str, table: Array, names: Sequence[str] | None) -> dict[str, Array]:
    """The columns of a table, its longer side the rows."""
    if table.ndim != 2:
        raise InputError(
            f"{file} holds no columns",
            why=f"{key} has {counted(table.ndim, 'dimension')}",
            fix="save one array of one dimension per column, or one table",
        )
    rows = table if table.shape[0] >= table.shape[1] else table.T
    if names is None:
        raise InputError(
            f"the columns of {file} have no names",
            why=f"{key} has {rows.shape[1]} of them",
            fix='name them in their order, as in --columns "time_ps,Qx,Qy"',
        )
    if len(names) != rows.shape[1]:
        raise InputError(
            f"{file} has {counted(rows.shape[1], 'column')}",
            why=f"{len(names)} names are given: {', '.join(names)}",
            fix="name each, with - for those that are not used",
        )
    return {name: rows[:, i] for i, name in enumerate(names) if name != "-"}


def _arrays(path: Path, data: bytes) -> Iterator[tuple[str, Array]]:
    """Arrays of numbers or words, by name."""
    if data.startswith(_NUMPY):
        found: Iterator[tuple[str, Any]] = iter(_structured("the array", _npy(data)))
    elif data.startswith(_ZIP):
        found = _npz(path.name, data)
    elif data.startswith(HDF5) or _behind_block(data):
        found = _hdf5(path)
    else:
        found = _mat(data)
    total = 0
    for name, array in found:
        if array.dtype.kind not in "biufUS" or array.size < 2:
            continue  # settings, and what is no column
        total += array.size
        if total > MOST_NUMBERS:
            raise _too_many(path.name)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8", "replace")
        yield name, array


def _too_many(name: str) -> LimitError:
    return LimitError(
        f"{name} holds too much",
        why=f"its arrays have more than {MOST_NUMBERS:,} numbers",
        fix="save the traces alone",
    )


def _npy(data: bytes) -> Array:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        version, np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(stream)
    # What is declared is not made room for before it is there.
    if int(np.prod(shape, dtype=float)) * dtype.itemsize > len(data):
        raise EOFError("fewer numbers than declared")
    return np.asarray(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))


def _structured(name: str, array: Array) -> list[tuple[str, Array]]:
    if array.dtype.names is None:
        return [(name, array)]
    return [(field, array[field]) for field in array.dtype.names]


def _npz(name: str, data: bytes) -> Iterator[tuple[str, Array]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(info.file_size for info in archive.infolist()) > 8 * MOST_NUMBERS:
            raise _too_many(name)
        for info in archive.infolist():
            if info.filename.endswith(".npy"):
                yield from _structured(info.filename[:-4], _npy(archive.read(info)))


def _mat(data: bytes) -> Iterator[tuple[str, Array]]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(io.BytesIO(data))
    except MatReadError as error:
        raise ValueError(str(error)) from error
    for name, array in found.items():
        if isinstance(array, np.ndarray) and not name.startswith("__"):
            yield name, array


def _behind_block(data: bytes) -> bool:
    return data[_USER_BLOCK : _USER_BLOCK + len(HDF5)] == HDF5


def _hdf5(path: Path) -> Iterator[tuple[str, Array]]:
    """Every data set, under the last word of its path where that is enough."""
    import h5py  # type: ignore[import-untyped]

    from symchiral.forces.check import checked_hdf5

    checked_hdf5(path, name=path.name)
    places: list[str] = []
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda key, item: places.append(key) if isinstance(item, h5py.Dataset) else None
        )
        last = [place.rsplit("/", 1)[-1] for place in places]
        for place, short in zip(places, last, strict=True):
            item = file[place]
            if item.dtype.kind not in "biufSO" or not item.shape:
                continue
            if item.size > MOST_NUMBERS:
                raise _too_many(path.name)
            array = item.asstr()[()] if item.dtype.kind == "O" else item[()]
            for name, column in _structured(short if last.count(short) == 1 else place, array):
                yield name, column.astype(str) if column.dtype.kind == "O" else column
