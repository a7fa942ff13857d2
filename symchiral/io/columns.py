"""Writing columns of numbers and names, and trajectories of atoms."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import SYMBOLS, Crystal
from symchiral.errors import InputError

Floats = npt.NDArray[np.float64]


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Say in words why a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {path}",
            why=error.strerror or str(error),
            fix="check the folder and its permissions",
        ) from error


def write_columns(path: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write columns of equal length as CSV, or, with the ending ``.parquet``, as Parquet.

    Numbers have nine digits in CSV; NaN is an empty field, in Parquet a null.

    Raises
    ------
    InputError
        The file cannot be written, or pyarrow, which writes Parquet, is not installed.
    """
    if path.lower().endswith(".parquet"):
        _write_parquet(path, columns)
        return
    with writing(path), open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(_texts(column) for column in columns.values()), strict=True))


def _texts(column: npt.NDArray[Any]) -> list[str]:
    if column.dtype.kind != "f":
        return [str(x) for x in column.tolist()]
    return ["" if x != x else f"{x + 0.0:.9g}" for x in column.tolist()]


def _write_parquet(path: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            f"cannot write {path}",
            why="pyarrow is not installed",
            fix="pip install 'symchiral[parquet]', or write .csv",
        ) from error
    arrays = {
        name: pyarrow.array(
            column.tolist() if column.dtype.kind == "U" else column, from_pandas=True
        )
        for name, column in columns.items()
    }
    with writing(path):
        pyarrow.parquet.write_table(pyarrow.table(arrays), path)


def write_trajectory(path: str, crystal: Crystal, times: Floats, displacements: Floats) -> None:
    """Write the atoms of a primitive cell in motion as extended XYZ, a frame per time.

    Parameters
    ----------
    crystal : Crystal
        The atoms at rest.
    times : (T,) float
        ps.
    displacements : (T, N, 3) float
        Cartesian, Å.
    """
    rest = crystal.positions @ crystal.cell
    lattice = " ".join(f"{x:.9g}" for x in crystal.cell.ravel())
    symbols = [SYMBOLS[k] for k in crystal.numbers]
    with writing(path), open(path, "w", encoding="utf-8") as out:
        for t, moved in zip(times, displacements, strict=True):
            out.write(
                f"{len(rest)}\n"
                f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 Time={t:.6g} pbc="T T T"\n'
            )
            for symbol, (x, y, z) in zip(symbols, rest + moved, strict=True):
                out.write(f"{symbol} {x:.9f} {y:.9f} {z:.9f}\n")
