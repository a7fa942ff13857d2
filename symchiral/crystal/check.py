"""What every structure must satisfy before it is called a crystal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from symchiral.algebra.lattice import distances, heights, volume
from symchiral.crystal.crystal import SYMBOLS, Crystal, Mixture, Source
from symchiral.errors import LimitError, StructureError
from symchiral.units import counted
from symchiral.value import SHORTER, Floats

OVERLAP = 0.3
"""Two atoms closer than this are an error, Å (the shortest bond, H–H, has 0.74)."""

MAX_ATOMS = 20_000
"""More atoms in a cell than symmetry analysis is useful for."""

LARGEST_MOMENT = 1000.0
"""No atom has a larger magnetic moment, μB."""

_FAR = 1e6
_BRUTE = 300


def checked_crystal(
    cell: npt.ArrayLike,
    positions: npt.ArrayLike,
    numbers: npt.ArrayLike,
    *,
    source: Source,
    name: str,
    labels: Sequence[str] | None = None,
    moments: npt.ArrayLike | None = None,
    mixtures: Sequence[Mixture] = (),
) -> Crystal:
    """Make a crystal, or say in one error why it is none.

    Parameters
    ----------
    cell, positions, numbers : array-like
        As in :class:`~symchiral.crystal.crystal.Crystal`.
    source : Source
        Where it came from.
    name : str
        How errors call it.
    labels : sequence of str, optional
        Names of the atoms in the input, for errors.
    moments : (N, 3) array-like, optional
        Their magnetic moments, μB.
    mixtures : sequence of Mixture, optional
        What numbers that are no element stand for.

    Raises
    ------
    StructureError
        If there are no atoms, the cell has no volume, a number is not finite, an atom is no
        element, or two atoms overlap.
    LimitError
        If there are more than 20,000 atoms.

    Examples
    --------
    >>> checked_crystal(
    ...     3.0 * np.eye(3), [[0, 0, 0], [0, 0, 0.01]], [26, 26], source=Source(), name="x"
    ... )
    Traceback (most recent call last):
    symchiral.errors.StructureError: x is not a crystal: atoms 1 (Fe) and 2 (Fe) are 0.030 Å...
    """
    crystal = Crystal.of(
        cell, positions, numbers, source=source, moments=moments, mixtures=mixtures
    )
    if len(crystal) == 0:
        raise _no_crystal(name, "it has no atoms", "give the structure with its atoms")
    if len(crystal.positions) != len(crystal):
        raise _no_crystal(
            name,
            f"it has {counted(len(crystal.positions), 'position')} and "
            f"{counted(len(crystal), 'element')}",
            "give one position and one element per atom",
        )
    if len(crystal) > MAX_ATOMS:
        raise too_many(name, len(crystal))
    numbers_of = {"cell": crystal.cell, "positions": crystal.positions, "moments": crystal.moments}
    for what, array in numbers_of.items():
        if array is not None and not np.isfinite(array).all():
            raise _no_crystal(name, f"its {what} hold NaN or infinity", "repair the numbers")
    _check_moments(crystal, name)
    _check_elements(crystal, name, labels)
    _check_cell(crystal.cell, name)
    far = float(np.abs(crystal.positions).max())
    if far > _FAR:
        raise _no_crystal(
            name,
            f"a fractional coordinate is {far:.3g}",
            "give coordinates in units of the lattice vectors",
        )
    _check_overlap(crystal, name, labels)
    return crystal


def too_many(name: str, atoms: int) -> LimitError:
    """Return the error for cells that are too large."""
    return LimitError(
        f"{name} is too large",
        why=f"its cell has {atoms} atoms or more, and the limit is {MAX_ATOMS}",
        fix="use the primitive cell of the crystal",
    )


def _no_crystal(name: str, why: str, fix: str) -> StructureError:
    return StructureError(f"{name} is not a crystal", why=why, fix=fix)


def _check_moments(crystal: Crystal, name: str) -> None:
    if crystal.moments is None:
        return
    if len(crystal.moments) != len(crystal):
        raise _no_crystal(
            name,
            f"it has {len(crystal.moments)} magnetic moments and {counted(len(crystal), 'atom')}",
            "give one moment per atom",
        )
    largest = float(np.abs(crystal.moments).max())
    if largest > LARGEST_MOMENT:
        raise _no_crystal(
            name,
            f"a magnetic moment is {largest:.3g} μB",
            "give moments in Bohr magnetons",
        )


def _check_elements(crystal: Crystal, name: str, labels: Sequence[str] | None) -> None:
    virtual = {mixture.number for mixture in crystal.mixtures}
    for i, number in enumerate(crystal.numbers.tolist()):
        if 1 <= number < len(SYMBOLS) or number in virtual:
            continue
        kind = "a dummy atom (X)" if number == 0 else f"no element (atomic number {number})"
        raise _no_crystal(
            name,
            f"atom {i + 1}{f' ({labels[i]})' if labels else ''} is {kind}",
            "remove it, or name its element",
        )


def _check_cell(cell: Floats, name: str) -> None:
    largest = float(np.abs(cell).max())
    if largest == 0.0:
        raise _no_crystal(
            name,
            "it has no cell: it is a molecule",
            "give the three lattice vectors "
            '(in extended XYZ: Lattice="ax ay az bx by bz cx cy cz")',
        )
    if largest > _FAR:
        raise _no_crystal(
            name, f"a lattice vector is {largest:.3g} Å long", "give the cell in ångström"
        )
    lengths = [math.hypot(*vector) for vector in cell.tolist()]
    if 0.0 in lengths:
        raise _no_crystal(
            name,
            f"its lattice vector {'abc'[lengths.index(0.0)]} is zero: it is not periodic in three "
            "directions",
            "give layers and chains a vector across the vacuum, for instance 20 Å",
        )
    size = abs(volume(cell))
    if size < max(1e-6 * math.prod(lengths), OVERLAP**3):
        raise _no_crystal(
            name,
            f"its cell has the volume {size:.3g} Å³",
            "give three lattice vectors that do not lie in one plane, in ångström",
        )


def _check_overlap(crystal: Crystal, name: str, labels: Sequence[str] | None) -> None:
    cell, positions = _reduced(crystal.cell, crystal.positions)
    spacing = heights(cell)
    if min(spacing) < 2 * OVERLAP:
        raise _no_crystal(
            name, f"its cell repeats every {min(spacing):.3g} Å", "give the cell in ångström"
        )
    i, j, distance = _closest(cell, positions, spacing)
    if distance < OVERLAP:
        symbols = crystal.symbols
        first, second = (
            f"{k + 1} ({labels[k] if labels else symbols[k]})" for k in (min(i, j), max(i, j))
        )
        raise _no_crystal(
            name,
            f"atoms {first} and {second} are {distance:.3f} Å apart",
            "remove repeated atoms and split positions; if symmetry made them, give coordinates "
            "with more digits (1/3 as 0.33333333), or list each site once",
        )


def closest_atoms(cell: Floats, positions: Floats) -> tuple[int, int, float]:
    """Return two atoms and their distance, exact where it is below OVERLAP."""
    cell, positions = _reduced(cell, positions)
    return _closest(cell, positions, heights(cell))


def _reduced(cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
    """Shorten the lattice vectors by subtracting others, so that wrapping finds near images."""
    if not any(_shorter(a, b) for a, b in permutations(cell.tolist(), 2)):
        return cell, positions % 1.0
    basis = np.array(cell)
    for _ in range(200):
        changed = False
        for i in range(3):
            for j in range(3):
                if i != j:
                    n = np.rint(basis[i] @ basis[j] / (basis[j] @ basis[j]))
                    shorter = basis[i] - n * basis[j]
                    if n and shorter @ shorter < (1 - SHORTER) * (basis[i] @ basis[i]):
                        basis[i] = shorter
                        changed = True
        if not changed:
            break
    return basis, (positions @ cell @ np.linalg.inv(basis)) % 1.0


def _shorter(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether a vector becomes shorter by subtracting another one a number of times."""
    (x, y, z), (u, v, w) = a, b
    between, square = x * u + y * v + z * w, u * u + v * v + w * w
    n = round(between / square)
    return n != 0 and n * (n * square - 2 * between) < -SHORTER * (x * x + y * y + z * z)


def _closest(cell: Floats, positions: Floats, spacing: Sequence[float]) -> tuple[int, int, float]:
    """Return two atoms and their distance, exact where it is below OVERLAP."""
    if len(positions) == 1:
        return 0, 0, np.inf
    if len(positions) <= _BRUTE:
        distance = distances(positions[:, None] - positions, cell)
        distance.flat[:: len(distance) + 1] = np.inf
        first, second = divmod(int(np.argmin(distance)), len(distance))
        return first, second, float(distance[first, second])
    from scipy.spatial import cKDTree

    margin = [1.1 * OVERLAP / height for height in spacing]
    points, owner = positions, np.arange(len(positions))
    for axis in range(3):  # copies of atoms near one face, beyond the opposite one
        low = points[:, axis] < margin[axis]
        high = points[:, axis] > 1 - margin[axis]
        unit = np.eye(3)[axis]
        points = np.concatenate([points, points[low] + unit, points[high] - unit])
        owner = np.concatenate([owner, owner[low], owner[high]])
    reach = OVERLAP
    near, index = cKDTree(points @ cell).query(positions @ cell, k=2, distance_upper_bound=reach)
    i = int(np.argmin(near[:, 1]))
    if not np.isfinite(near[i, 1]):
        return 0, 0, np.inf
    others = [int(owner[k]) for k in index[i]]
    j = next((k for k in others if k != i), i)
    return i, j, float(near[i, 1])
