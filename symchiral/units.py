"""Units at the edges: inside, frequencies are in THz (not angular) and times in ps."""

from __future__ import annotations

from symchiral.errors import InputError, nearest

FREQUENCY = {"THz": 1.0, "cm-1": 0.0299792458, "meV": 1 / 4.135667696923859}
"""THz per unit, exact in the SI of 2019: c = 299792458 m/s, h/e = 4.1356676969…e-15 V s."""

TIME = {"fs": 1e-3, "ps": 1.0}
"""ps per unit."""


def in_thz(unit: str) -> float:
    """Return one unit of frequency in THz.

    Examples
    --------
    >>> round(1 / in_thz("cm-1"), 5), round(1 / in_thz("meV"), 6)
    (33.35641, 4.135668)
    """
    return _factor(unit, FREQUENCY, "frequency")


def in_ps(unit: str) -> float:
    """Return one unit of time in ps.

    Examples
    --------
    >>> in_ps("fs")
    0.001
    """
    return _factor(unit, TIME, "time")


def _factor(unit: str, known: dict[str, float], kind: str) -> float:
    for name, factor in known.items():
        if str(unit).strip().lower() == name.lower():
            return factor
    raise InputError(
        f"unknown unit of {kind} {unit!r}",
        why="only units whose size is certain are converted",
        fix=nearest(str(unit), known),
    )
