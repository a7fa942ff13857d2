"""The distance within which atoms are where the symmetry puts them."""

from __future__ import annotations

from symchiral.errors import InputError

SYMPREC = 1e-3
"""Default distance tolerance, Å."""

LARGEST_SYMPREC = 10.0
"""Tolerances are smaller, Å."""

SMALLEST_SYMPREC = 1e-10
"""Tolerances are no smaller, Å: coordinates are rounded to about 1e-15 of a cell."""


def distance_tolerance(symprec: object) -> float:
    """Return a tolerance of the symmetry search as a number, Å; spglib dies of some that are none.

    Examples
    --------
    >>> distance_tolerance("1e-3")
    0.001

    Raises
    ------
    InputError
        It is not a number from 1e-10 to 10.
    """
    try:
        value = float(symprec)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if not SMALLEST_SYMPREC <= value < LARGEST_SYMPREC:
        raise InputError(
            f"no symmetry can be found at symprec {symprec!r}",
            why=f"it is not a distance from {SMALLEST_SYMPREC:g} to {LARGEST_SYMPREC:g} angstrom",
            fix="pass for instance 1e-3",
        )
    return value
