"""A map of two pulses as a table of numbers, or as arrays of numpy."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from symchiral.disk import mark, writing
from symchiral.dynamics.delaymap import DelayMap
from symchiral.figures.motion import KIND
from symchiral.value import Floats
from symchiral.write.columns import write_columns

COLUMNS = ("delay_ps", "time_ps", "amplitude", "helicity")
"""The first columns of :func:`map_columns`."""

MAPPED = (".csv", ".parquet", ".npz")
"""What tables of maps are written as."""


def save_map_table(
    path: str | os.PathLike[str], found: DelayMap, *, overwrite: bool = False
) -> None:
    """Write a map: ``.csv`` or ``.parquet`` the motion in time, ``.npz`` its spectrum, too.

    The arrays of the latter: ``delays`` (D,) and ``times`` (T,) in ps, ``coordinates`` (D, T, d) in
    √amu Å, ``excitation`` (E,) and ``detection`` (F,) in THz, ``spectrum`` (d, E, F), complex, of
    the components named in ``components`` (d,).

    Raises
    ------
    InputError
        The file cannot be written, another lies there, or pyarrow is not installed.
    """
    if Path(path).suffix.lower() != ".npz":
        write_columns(path, map_columns(found), KIND, overwrite=overwrite)
        return
    excitation, detection, spectrum = found.spectrum
    with writing(path, KIND, overwrite=overwrite) as aside:
        np.savez(
            aside,
            note=np.array(mark(KIND).encode()),
            delays=found.delays,
            times=found.times,
            coordinates=found.coordinates,
            excitation=excitation,
            detection=detection,
            spectrum=spectrum,
            components=np.array([mode.name for mode in found.multiplet.modes]),
        )


def map_columns(found: DelayMap) -> dict[str, Floats]:
    r"""Return a row for every delay and time: what only both pulses make.

    Its amplitude :math:`\sqrt{\sum_l |a_l|^2}` and helicity, the latter nan where no component has
    a sense, and every coordinate.
    """
    d = found.coordinates.shape[-1]
    grid = np.meshgrid(found.delays, found.times, indexing="ij")
    size = np.sqrt(np.sum(np.abs(found.amplitudes) ** 2, axis=-1))
    numbers = (*grid, size, found.helicity)
    columns = {name: x.ravel() for name, x in zip(COLUMNS, numbers, strict=True)}
    letters = [""] if d == 1 else [f"_{'xyzuvw'[i]}" for i in range(d)]
    for i, letter in enumerate(letters):
        columns[f"{found.name}{letter}"] = found.coordinates[..., i].ravel()
    return columns
