"""Reading a JSON file with a schema of ours, whatever is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from symchiral.crystal.crystal import Source
from symchiral.disk import is_file, user_path
from symchiral.errors import InputError, ReadError
from symchiral.plain import parse_json
from symchiral.reading.files import load
from symchiral.reading.shipped import find_beside

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
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ReadError(
            f"cannot read {what} in {name}",
            why=why,
            fix=f"write it as the page on {page} of the documentation describes",
        ) from error
