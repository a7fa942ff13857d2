"""Writing columns of numbers and names, and trajectories of atoms."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from symchiral.crystal.crystal import SYMBOLS, Crystal
from symchiral.disk import mark, write_text, writing
from symchiral.errors import InputError, install
from symchiral.value import Floats

TRAJECTORY = "trajectory of a simulation"
"""Kind of the files of :func:`write_trajectory`."""


def write_columns(
    path: str | os.PathLike[str],
    columns: Mapping[str, npt.NDArray[Any]],
    kind: str = "columns",
    *,
    overwrite: bool = False,
) -> None:
    """Write columns of equal length as CSV, or, with the ending ``.parquet``, as Parquet.

    Numbers have nine digits in CSV; NaN is an empty field, in Parquet a null.

    Parameters
    ----------
    kind, overwrite
        As for :func:`symchiral.disk.writing`. A CSV file whose first columns are these is one of
        this kind.

    Raises
    ------
    InputError
        The file cannot be written, another lies there, or pyarrow, which writes Parquet, is not
        installed.
    """
    if Path(path).suffix.lower() == ".parquet":
        _write_parquet(path, columns, kind, overwrite=overwrite)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_texts(column) for column in columns.values()), strict=True))
    write_text(path, text.getvalue(), kind, known=csv_start(columns), overwrite=overwrite)


def csv_start(names: Iterable[str]) -> str:
    """Return how a CSV file of these columns begins: by that it is known.

    Examples
    --------
    >>> csv_start(["a", "b", "c", "d", "e"])
    'a,b,c,d'
    """
    return ",".join(list(names)[:4])


def _texts(column: npt.NDArray[Any]) -> list[str]:
    if column.dtype.kind != "f":
        return [str(x) for x in column.tolist()]
    return ["" if x != x else f"{x + 0.0:.9g}" for x in column.tolist()]


def _write_parquet(
    path: str | os.PathLike[str],
    columns: Mapping[str, npt.NDArray[Any]],
    kind: str,
    *,
    overwrite: bool,
) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            f"cannot write {path}",
            why="pyarrow is not installed",
            fix=f"{install('pyarrow>=15')}, or write .csv",
        ) from error
    arrays = {
        name: pyarrow.array(
            column.tolist() if column.dtype.kind == "U" else column, from_pandas=True
        )
        for name, column in columns.items()
    }
    table = pyarrow.table(arrays).replace_schema_metadata({"note": mark(kind)})
    with writing(path, kind, overwrite=overwrite) as aside:
        pyarrow.parquet.write_table(table, aside)


def write_trajectory(
    path: str | os.PathLike[str],
    crystal: Crystal,
    times: Floats,
    displacements: Floats,
    *,
    overwrite: bool = False,
) -> None:
    """Write the atoms of a primitive cell in motion as extended XYZ, a frame per time.

    Parameters
    ----------
    crystal : Crystal
        The atoms at rest.
    times : (T,) float
        ps.
    displacements : (T, N, 3) float
        Cartesian, Å.
    overwrite : bool
        Replace a file that symchiral did not write.

    Raises
    ------
    InputError
        The file cannot be written, or another lies there.
    """
    rest = crystal.positions @ crystal.cell
    lattice = " ".join(f"{x:.9g}" for x in crystal.cell.ravel())
    symbols = [SYMBOLS[k] for k in crystal.numbers]
    lines = []
    for t, moved in zip(times, displacements, strict=True):
        lines += [
            f"{len(rest)}",
            f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 Time={t:.6g} pbc="T T T" '
            f'note="{mark(TRAJECTORY)}"',
        ]
        for symbol, (x, y, z) in zip(symbols, rest + moved, strict=True):
            lines.append(f"{symbol} {x:.9f} {y:.9f} {z:.9f}")
    write_text(path, "\n".join(lines) + "\n", TRAJECTORY, overwrite=overwrite)
