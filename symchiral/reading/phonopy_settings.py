"""Settings of phonopy, ``*.conf``: what they say of the cells that force data belong to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symchiral.errors import GrammarError, ReadError
from symchiral.plain import rational

AUTO = "auto"
"""The primitive cell is found from the atoms."""

CENTRINGS = ("P", "F", "I", "A", "C", "R")
"""Letters that stand for a primitive matrix."""


@dataclass(frozen=True)
class Settings:
    """Tags of a settings file that concern cells and atoms.

    Attributes
    ----------
    supercell : tuple of 9 int or None
        DIM, as a matrix, row by row.
    primitive : str or tuple of 9 float or None
        PRIMITIVE_AXES: ``auto``, the letter of a centring, or a matrix, row by row.
    cell : str or None
        CELL_FILENAME.
    symbols : tuple of str
        ATOM_NAME.
    masses : tuple of float
        MASS, amu, of the atoms of the unit cell.
    """

    supercell: tuple[int, ...] | None = None
    primitive: str | tuple[float, ...] | None = None
    cell: str | None = None
    symbols: tuple[str, ...] = ()
    masses: tuple[float, ...] = ()


def parse_settings(text: str, *, name: str) -> Settings:
    r"""Read the text of a settings file.

    Raises
    ------
    ReadError
        DIM, PRIMITIVE_AXES or MASS is not what phonopy takes.

    Examples
    --------
    >>> found = parse_settings("DIM = 2 2 1 # of the unit cell\nPRIMITIVE_AXES = AUTO", name="x")
    >>> found.supercell, found.primitive
    ((2, 0, 0, 0, 2, 0, 0, 0, 1), 'auto')
    """
    tags: dict[str, str] = {}
    for line in text.split("\n"):
        tag, equals, value = line.split("#")[0].partition("=")
        if equals:
            tags[tag.strip().upper()] = value.strip()
    axes = tags.get("PRIMITIVE_AXES", tags.get("PRIMITIVE_AXIS"))
    try:
        return Settings(
            supercell_matrix(tags["DIM"]) if tags.get("DIM") else None,
            None if not axes else _primitive(axes),
            tags.get("CELL_FILENAME") or None,
            tuple(tags.get("ATOM_NAME", "").split()),
            tuple(float(rational(word)) for word in tags.get("MASS", "").split()),
        )
    except (ValueError, GrammarError) as error:
        why = error.why if isinstance(error, GrammarError) else str(error)
        raise ReadError(
            f"cannot read the settings {name}",
            why=f"DIM, PRIMITIVE_AXES or MASS is not what phonopy takes: {why}",
            fix="write them as in DIM = 2 2 2 and PRIMITIVE_AXES = AUTO",
        ) from error


def supercell_matrix(given: str | Sequence[int] | Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return a supercell matrix, row by row: from three whole numbers (its diagonal), or nine.

    Raises
    ------
    GrammarError
        It is something else.

    Examples
    --------
    >>> supercell_matrix("3 3 1")
    (3, 0, 0, 0, 3, 0, 0, 0, 1)
    """
    words: list[object] = []
    for part in given.replace(",", " ").split() if isinstance(given, str) else given:
        words += [part] if isinstance(part, str) or not isinstance(part, Sequence) else list(part)
    texts = [str(word) for word in words]
    if len(texts) in (3, 9) and all(re.fullmatch(r"[+-]?\d{1,5}", text) for text in texts):
        numbers = [int(text) for text in texts]
        if len(numbers) == 3:
            a, b, c = numbers
            numbers = [a, 0, 0, 0, b, 0, 0, 0, c]
        return tuple(numbers)
    raise GrammarError(
        f"cannot read the supercell {given!r}",
        why="it is neither three nor nine whole numbers",
        fix='write it as one argument, as in "3 3 1"',
    )


def _primitive(text: str) -> str | tuple[float, ...]:
    if text.lower() == AUTO:
        return AUTO
    if text.upper() in CENTRINGS:
        return text.upper()
    numbers = tuple(float(rational(word)) for word in text.split())
    if len(numbers) == 3:
        a, b, c = numbers
        numbers = (a, 0, 0, 0, b, 0, 0, 0, c)
    if len(numbers) != 9:
        raise ValueError(f"{text[:40]!r} is not a matrix")
    return numbers
