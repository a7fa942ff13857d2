"""Which atoms are near enough to be bonded, and in how many dimensions their bonds run on.

Two atoms count as bonded if they are closer than ``BONDED`` times the sum of their covalent radii.
:func:`bonded_dimension` is where to start.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from symchiral.algebra.lattice import box, heights
from symchiral.crystal.crystal import Crystal
from symchiral.value import Floats, Integers

BONDED = 1.25
"""Bonds of covalent, ionic and metallic crystals are up to 1.2 sums of covalent radii long (Bi in
its layer 1.04, to the next one 1.19; Bi–Se of Bi2Se3 1.15); across van der Waals gaps and between
the chains of Te (1.26) atoms are farther apart."""

# fmt: off
_RADII = (
    1.5,
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05,
    1.02, 1.06, 2.03, 1.76, 1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20,
    1.19, 1.20, 1.20, 1.16, 2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44,
    1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07, 2.04, 2.03, 2.01, 1.99, 1.98, 1.98, 1.96,
    1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75, 1.70, 1.62, 1.51, 1.44, 1.41, 1.36, 1.36, 1.32,
    1.45, 1.46, 1.48, 1.40, 1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80, 1.69,
)
# fmt: on
"""Covalent radii by atomic number, Å: B. Cordero et al., Dalton Trans. 2008, 2832 (Table 2; Mn, Fe
and Co the low-spin values)."""

ENTRIES = 2_000_000
"""Distances held in memory at once."""

LATER = 1.7
"""Å, of the elements beyond curium, for which none is known."""


def covalent_radii(crystal: Crystal) -> Floats:
    """Covalent radius of every atom, Å; of a virtual element that of its largest share."""
    virtual = {mixture.number: mixture.shares[0][0] for mixture in crystal.mixtures}
    numbers = [virtual.get(z, z) for z in crystal.numbers.tolist()]
    return np.array([_RADII[z] if z < len(_RADII) else LATER for z in numbers])


def bonded_dimension(crystal: Crystal) -> int:
    """In how many dimensions bonds run on without end: 3, 2 in layers, 1 in chains, 0 in molecules.

    Of several bonded networks in one crystal the one that runs on in most dimensions counts. A
    network that returns to its own atoms in other cells runs along the lattice vectors between
    them; their rank is its dimension.

    Examples
    --------
    >>> from symchiral.study import structure
    >>> [bonded_dimension(structure(name)) for name in ("NaCl", "Bi2Se3", "Te_P3121")]
    [3, 2, 1]
    """
    radii = covalent_radii(crystal)
    reach = 2 * BONDED * float(radii.max())
    a, b, c = (math.ceil(reach / height) for height in heights(crystal.cell))
    cells = box(a, b, c)
    positions = crystal.positions - np.floor(crystal.positions)
    shifts = cells @ crystal.cell
    lengths = (shifts * shifts).sum(axis=1)
    bonds = []
    block = max(1, ENTRIES // (len(crystal) * len(cells)))
    for start in range(0, len(crystal), block):
        part = slice(start, start + block)
        between = ((positions - positions[part, None]) @ crystal.cell).reshape(-1, 3)
        longest = (BONDED * (radii[part, None] + radii)).ravel()
        # |r + t|² < d² without an array of all vectors.
        bound = longest * longest - (between * between).sum(axis=1)
        pair, cell = np.nonzero(2 * between @ shifts.T + lengths < bound[:, None])
        i, j = np.divmod(pair, len(crystal))
        bonds.append(np.concatenate([[i + start, j], cells[cell].T]))
    return _dimension(np.concatenate(bonds, axis=1), len(crystal))


def _dimension(bonds: Integers, atoms: int) -> int:
    """The largest rank of a network, given atom, neighbour and cell of every bond, both ways.

    Bonds are columns, in the order of their first atoms; an atom and itself may be among them.
    Every network is walked once; what closes on an atom in another cell is a lattice vector.
    """
    ends = np.searchsorted(bonds[0], np.arange(atoms + 1)).tolist()
    rows = bonds[1:].T.tolist()
    place: dict[int, tuple[int, int, int]] = {}
    dimension = 0
    for first in range(atoms):
        if first in place:
            continue
        place[first] = (0, 0, 0)
        waiting, periods = [first], set[tuple[int, int, int]]()
        while waiting:
            i = waiting.pop()
            a, b, c = place[i]
            before = len(periods)
            for j, x, y, z in rows[ends[i] : ends[i + 1]]:
                if j not in place:
                    place[j] = (a + x, b + y, c + z)
                    waiting.append(j)
                else:
                    u, v, w = place[j]
                    periods.add((a + x - u, b + y - v, c + z - w))
            if len(periods) > before:
                dimension = max(dimension, _rank(periods))
                if dimension == 3:
                    return dimension
    return dimension


def _rank(vectors: Iterable[tuple[int, int, int]]) -> int:
    """The number of independent ones among whole vectors."""
    first: tuple[int, int, int] | None = None
    normal: tuple[int, int, int] | None = None
    for x, y, z in vectors:
        if first is None:
            if x or y or z:
                first = x, y, z
        elif normal is None:
            a, b, c = first
            across = b * z - c * y, c * x - a * z, a * y - b * x
            normal = across if any(across) else None
        elif normal[0] * x + normal[1] * y + normal[2] * z:
            return 3
    return (first is not None) + (normal is not None)
