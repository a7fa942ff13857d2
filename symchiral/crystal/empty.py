"""A space group in a cell that obeys it, without atoms: where the rules of a group are told.

:func:`empty_cell` is where to start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from symchiral.crystal.frame import Frame
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.crystal.tolerance import SYMPREC
from symchiral.value import Floats, Value, frozen

HEXAGONAL = range(143, 195)
"""Numbers of the groups whose standard cell has a and b at 120°."""


@dataclass(frozen=True, eq=False, repr=False)
class EmptyCell(Value):
    """A space group in its standard cell, without atoms and without magnetic order.

    The lattice vectors are 1 Å long and as orthogonal as the group may have them: x is along a, y
    in the plane of a and b, z along c. The input cell of its frame is the standard one.

    Attributes
    ----------
    group : SpaceGroup
        The space group.
    frame : Frame
        Its cells.
    symprec : float
        Distances below this are equal, Å.
    """

    group: SpaceGroup
    frame: Frame
    symprec: float = SYMPREC

    @property
    def signs(self) -> None:
        """Time reversal is a symmetry."""
        return

    @cached_property
    def rotations(self) -> Floats:
        """(G, 3, 3) float: Cartesian rotation parts."""
        return frozen(self.frame.rotation(self.group.rotations, to="cartesian", source="primitive"))

    @cached_property
    def axial_rotations(self) -> Floats:
        """(G, 3, 3) float: what the operations do to axial vectors, det(R) R."""
        return frozen(np.linalg.det(self.rotations)[:, None, None] * self.rotations)

    def __repr__(self) -> str:
        return f"EmptyCell({self.group.symbol} ({self.group.number}))"


@lru_cache(maxsize=1024)
def empty_cell(group: SpaceGroup) -> EmptyCell:
    """Return the standard cell of a space group, without atoms.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> cell = empty_cell(space_group(458))
    >>> cell, cell.frame.relation
    (EmptyCell(R-3m (166)), ("a' = (2a+b+c)/3", "b' = (-a+b+c)/3", "c' = (-a-2b+c)/3"))
    """
    standard = np.eye(3)
    if group.number in HEXAGONAL:
        standard[1] = -0.5, np.sqrt(3) / 2, 0
    cell = group.centring.T @ standard
    return EmptyCell(
        group, Frame(frozen(cell), frozen(np.eye(3)), frozen(np.zeros(3)), group.centring)
    )
