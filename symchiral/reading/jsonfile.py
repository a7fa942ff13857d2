"""Reading a JSON file with a schema of ours, whatever is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from symchiral.crystal.check import checked_crystal
from symchiral.crystal.crystal import SYMBOLS, Crystal, Source
from symchiral.disk import is_file, user_path
from symchiral.errors import InputError, ReadError
from symchiral.plain import array, parse_json
from symchiral.reading.files import load
from symchiral.reading.shipped import find_beside
from symchiral.units import counted
from symchiral.value import Complex, Floats

T = TypeVar("T")


def read_json(
    path: str | Path,
    parse: Callable[[dict[str, Any], Source], T],
    *,
    schema: str,
    what: str,
    page: str,
) -> T:
    """Read a file and make of it what ``parse`` makes of its contents and source.

    Parameters
    ----------
    parse : callable
        It may raise what wrong contents raise: ValueError, KeyError, TypeError and the like.
    schema : str
        What the file must state as its ``schema``.
    what, page : str
        What the file holds and the page of the documentation that describes it, for errors.

    Raises
    ------
    ReadError
        It is missing, or not as the page describes it.
    """
    name = str(path)
    given = user_path(path)
    where = given if is_file(given) else find_beside(name)
    if where is None:
        raise ReadError(f"cannot read {name}", why="there is no such file", fix="check the path")
    raw = load(where, name=name)
    data = parse_json(raw, name=name)
    try:
        if not isinstance(data, dict) or data.get("schema") != schema:
            raise ValueError(f'its "schema" is not "{schema}"')
        return parse(data, Source(name, hashlib.sha256(raw).hexdigest()))
    except (
        ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, InputError,
    ) as error:  # fmt: skip
        raise ReadError(
            f"cannot read {what} in {name}",
            why=missing_or_wrong(error),
            fix=f"write it as the page on {page} of the documentation describes",
        ) from error


def stated_structure(at: dict[str, Any]) -> Crystal:
    """Return the cell and the atoms under the key ``structure``.

    Raises
    ------
    ValueError
        A number is none, or there are not as many positions as symbols.
    StructureError
        They are no crystal.
    """
    numbers = [SYMBOLS.index(s) for s in at["symbols"]]
    cell, positions = array(at["cell"], 2, "the cell"), array(at["positions"], 2, "the positions")
    if positions.shape != (len(numbers), 3):
        raise ValueError(
            f"the structure has {counted(len(positions), 'position')} for {len(numbers)} "
            "symbols, or they are not three numbers each"
        )
    return checked_crystal(cell, positions, numbers, source=Source(), name="the structure")


def rounded(array: Floats) -> Any:
    """Return nested lists of numbers with twelve decimals."""
    return (np.round(array, 12) + 0.0).tolist()


def rounded_complex(array: Complex) -> Any:
    """Return the same, of pairs [re, im] if anything is imaginary."""
    pairs = np.stack([array.real, array.imag], axis=-1)
    return rounded(pairs if np.max(np.abs(array.imag), initial=0) > 1e-14 else array.real)


def missing_or_wrong(error: Exception) -> str:
    """Return what is wrong with a document, of which a key may be missing."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
