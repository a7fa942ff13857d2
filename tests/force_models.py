"""Force constants made of springs, for tests that need forces of any crystal: symmetric exactly."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

import symchiral as sc

REACH = 4.4
"""Å; springs are that long at most."""


@lru_cache(maxsize=64)
def springs(name: str) -> Any:
    """Return a Phonopy object of a shipped crystal, its supercell at least 9 Å wide."""
    cell = sc.read(name).crystal.primitive
    widths = 1 / np.linalg.norm(np.linalg.inv(cell.cell), axis=0)
    phonon = Phonopy(
        PhonopyAtoms(numbers=cell.numbers, cell=cell.cell, scaled_positions=cell.positions),
        np.eye(3, dtype=int) * int(np.ceil(9.0 / widths.min())),
        primitive_matrix=np.eye(3),
    )
    phonon.force_constants = _constants(phonon.supercell)
    return phonon


def _constants(cell: Any) -> npt.NDArray[np.float64]:
    """Central and weak transverse springs whose strength falls off with distance."""
    x, numbers = np.asarray(cell.scaled_positions), np.asarray(cell.numbers)
    n = len(x)
    found = np.zeros((n, n, 3, 3))
    for step in np.ndindex(3, 3, 3):
        offsets = (x[None] - x[:, None] + np.array(step) - 1) @ np.asarray(cell.cell)
        r = np.linalg.norm(offsets, axis=2)
        inside = (r < REACH) & (r > 0.1)
        strength = np.where(inside, 8 * np.exp(-r / 1.2) * (1 - r / REACH) ** 2, 0.0)
        strength *= 3 + (numbers[:, None] + numbers) / 40
        unit = offsets / np.maximum(r, 0.1)[..., None]
        pair = unit[..., :, None] * unit[..., None, :] + 0.1 * np.eye(3)
        found -= 20 * strength[..., None, None] * pair
    diagonal = np.arange(n)
    found[diagonal, diagonal] = 0
    found[diagonal, diagonal] = -found.sum(axis=1)
    return found
