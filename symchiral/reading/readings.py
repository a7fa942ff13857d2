"""Two readings of one file, ASE's and ours, compared."""

from __future__ import annotations

from collections import Counter

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.crystal import Crystal

SAME_PLACE = 0.01
"""Two readings of one file whose atoms are no farther apart agree, Å."""


def differences(ase: Crystal, ours: Crystal) -> list[str]:
    """Where two readings of one file differ by more than rounding."""
    found = []
    if not np.allclose(ase.cell, ours.cell, rtol=0, atol=SAME_PLACE):
        if np.allclose(ase.cell @ ase.cell.T, ours.cell @ ours.cell.T, rtol=1e-4, atol=1e-3):
            found.append("the cell is turned")
        else:
            found.append(f"the cell has {ase.volume:.2f} Å³ and {ours.volume:.2f} Å³")
    if sorted(ase.symbols) != sorted(ours.symbols):
        texts = [
            " ".join(f"{symbol}{n}" for symbol, n in sorted(Counter(crystal.symbols).items()))
            for crystal in (ase, ours)
        ]
        found.append(f"ASE has {texts[0]}, symchiral {texts[1]}")
    elif not found:
        far = _farthest(ase, ours)
        if far > SAME_PLACE:
            found.append(f"an atom of one is {far:.3g} Å from the nearest of the other")
    if (ase.moments is None) != (ours.moments is None):
        found.append(f"only {'symchiral' if ase.moments is None else 'ASE'} reads its moments")
    return found


def _farthest(one: Crystal, other: Crystal) -> float:
    """Largest distance from an atom to the nearest one of its element in the other reading, Å."""
    worst = 0.0
    for x, number in zip(one.positions, one.numbers, strict=True):
        away = distances(other.positions[other.numbers == number] - x, one.cell)
        worst = max(worst, float(away.min()))
    return worst
