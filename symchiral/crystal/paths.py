"""The standard path through a Brillouin zone; the door to seekpath."""

from __future__ import annotations

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import SymmetryError
from symchiral.quiet import quiet
from symchiral.value import WHOLE, Floats

SNAP = 24
"""Coordinates of special points are multiples of 1/24."""


def standard_path(
    crystal: SymmetricCrystal,
) -> tuple[tuple[tuple[str, Floats], tuple[str, Floats]], ...]:
    """Return the path of Hinuma et al. as straight pieces, each from one named point to another.

    Coordinates are on the reciprocal basis of our primitive cell, whatever cell seekpath prefers.
    Names are those of seekpath. Time reversal is assumed.

    Raises
    ------
    SymmetryError
        seekpath finds another space group.

    Notes
    -----
    Y. Hinuma, G. Pizzi, Y. Kumagai, F. Oba, I. Tanaka, Comp. Mat. Sci. 128, 140 (2017).
    """
    import seekpath

    cell = crystal.primitive
    # It warns of cells on the border of two cases, which have two paths: either will do.
    with quiet():
        found = seekpath.get_path_orig_cell(
            (cell.cell.tolist(), cell.positions.tolist(), cell.numbers.tolist()),
            symprec=min(crystal.symprec, 1e-4),
        )
    if found["spacegroup_number"] != crystal.group.number:
        raise SymmetryError(
            f"no standard path for {crystal.group.symbol}",
            why=f"seekpath finds group {found['spacegroup_number']} in its primitive cell",
            fix='name the points of the path yourself, as in --path "GM K M GM"',
        )
    points = {name: _snapped(np.array(x, dtype=float)) for name, x in found["point_coords"].items()}
    return tuple(((a, points[a]), (b, points[b])) for a, b in found["path"])


def _snapped(x: Floats) -> Floats:
    """Coordinates that are a multiple of 1/24 but for rounding, made so."""
    near = np.rint(x * SNAP) / SNAP
    return np.where(np.abs(x - near) < WHOLE, near, x)
