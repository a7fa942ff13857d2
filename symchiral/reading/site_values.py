"""What other libraries attach to atoms besides an element: masses, charges, magnetic moments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symchiral.crystal.crystal import SYMBOLS
from symchiral.value import Floats


def unequal_masses(numbers: Any, masses: Any) -> list[str]:
    """Return a note on every element whose atoms have different masses, amu."""
    return [
        f"atoms of {symbol} have the masses {', '.join(f'{m:g}' for m in found)}: they are taken "
        "as one element, as if isotopes did not lower the symmetry"
        for symbol, found in _unequal(numbers, masses)
    ]


def unequal_charges(numbers: Any, charges: Any) -> list[str]:
    """Return a note on every element whose atoms have different charges, e."""
    return [
        f"atoms of {symbol} have the charges {', '.join(f'{c:+g}' for c in found)}: they are taken "
        "as one element, as if the charges did not lower the symmetry"
        for symbol, found in _unequal(numbers, charges)
    ]


def uncommon_masses(numbers: Any, masses: Any) -> tuple[str, ...]:
    """Return a note on every element whose mass is that of an isotope, or not one and the same.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    masses : (N,) float
        amu, with which frequencies were or will be computed.
    """
    from ase.data import atomic_masses

    notes = []
    for z in dict.fromkeys(np.asarray(numbers).tolist()):
        found = np.unique(np.round(np.asarray(masses)[np.asarray(numbers) == z], 4))
        natural = float(atomic_masses[z])
        if len(found) > 1:
            notes.append(
                f"atoms of {SYMBOLS[z]} have the masses {', '.join(f'{m:g}' for m in found)}: "
                "isotopes, which lower the symmetry of the modes below that of the crystal where "
                "equivalent atoms differ"
            )
        elif abs(found[0] / natural - 1) > UNCOMMON:
            notes.append(
                f"the mass of {SYMBOLS[z]} is {found[0]:g}, not {natural:g}: that of an isotope, "
                "or of a mixture of its own"
            )
    return tuple(notes)


UNCOMMON = 3e-3
"""A mass this far, relatively, from the natural one is no older value of it (²⁸Si: 4e-3)."""


def _unequal(numbers: Any, values: Any) -> list[tuple[str, list[float]]]:
    """The values of every element that has several of them."""
    if isinstance(values, list) and all(value is None for value in values):
        return []
    try:
        numbers, values = np.array(numbers, dtype=int), np.array(values, dtype=float)
    except (TypeError, ValueError):
        return []
    if values.shape != numbers.shape:
        return []
    unequal = []
    for z in dict.fromkeys(numbers.tolist()):
        found = sorted({round(m, 3) for m in values[numbers == z].tolist() if np.isfinite(m)})
        if len(found) > 1 and 0 < z < len(SYMBOLS):
            unequal.append((SYMBOLS[z], found))
    return unequal


def moments_of(given: Any, spin_axis: Floats | None, notes: list[str]) -> Floats | None:
    """Return moments as another library keeps them, (N, 3), μB; numbers along the spin axis.

    Parameters
    ----------
    given : sequence or None
        A number or a vector per atom, or pymatgen's ``Magmom``, whose vector has axes of its own.
    spin_axis : (3,) float or None
        Unit vector.
    notes : list of str
        Where moments that cannot be used are named.
    """
    if given is None:
        return None
    try:
        values = [_moment(one) for one in given]
        none = np.zeros(max((np.shape(v) for v in values if v is not None), default=(), key=len))
        moments = np.array([none if v is None else v for v in values], dtype=float)
    except (TypeError, ValueError):
        notes.append("its magnetic moments are not numbers or vectors and are left out")
        return None
    if not np.any(moments):
        return None
    if moments.shape[1:] == (3,):
        return moments
    if moments.ndim == 1 and spin_axis is not None:
        return np.asarray(moments.reshape(-1, 1) * spin_axis)
    if moments.ndim == 1:
        notes.append(
            "its magnetic moments have no direction and are left out: give one (spin_axis, "
            "--spin-axis)"
        )
    else:
        notes.append("its magnetic moments are not numbers or vectors and are left out")
    return None


def _moment(one: Any) -> Any:
    return getattr(one, "global_moment", one)


def first_moments(candidates: Iterable[Sequence[Any] | None]) -> Any:
    """Return the first list of moments that is there and not zero everywhere.

    Examples
    --------
    >>> first_moments([None, [0.0, 0.0], [1.0, -1.0]])
    [1.0, -1.0]
    """
    for given in candidates:
        if given is not None and any(one is not None and np.any(_moment(one)) for one in given):
            return given
    return None
