"""Wavevectors as exact fractions of the primitive reciprocal basis."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import starmap
from operator import mul

import numpy as np
import numpy.typing as npt

from symchiral.crystal.operation import Vector
from symchiral.crystal.spacegroup import SpaceGroup


@dataclass(frozen=True)
class QPoint:
    r"""A wavevector :math:`q = \sum_i q_i b_i` with exact fractions :math:`q_i`.

    Two points that differ by a reciprocal lattice vector are different values: an eigenvector in
    the gauge with the atomic position in its phase is not periodic in q. ``reduced`` brings a
    point into −1/2 < q_i ≤ 1/2.

    Examples
    --------
    >>> k = QPoint.of("1/3", "1/3", 0)
    >>> k, (-k).reduced, k.dot((1, 0, 0))
    (QPoint(1/3, 1/3, 0), QPoint(-1/3, -1/3, 0), Fraction(1, 3))
    """

    coordinates: Vector

    @classmethod
    def of(cls, *coordinates: Fraction | int | str) -> QPoint:
        """Make a point from three fractions, integers or strings such as ``1/3``."""
        u, v, w = (Fraction(x) for x in coordinates)
        return cls((u, v, w))

    @property
    def reduced(self) -> QPoint:
        """The equivalent point with every coordinate in (−1/2, 1/2]."""
        half = Fraction(1, 2)
        u, v, w = (half - (half - x) % 1 for x in self.coordinates)
        return QPoint((u, v, w))

    def dot(self, vector: tuple[Fraction | int, ...] | npt.NDArray[np.int64]) -> Fraction:
        """Return q·t in turns for a vector t in the primitive basis."""
        items = (Fraction(int(t)) if isinstance(t, np.integer) else Fraction(t) for t in vector)
        return sum(starmap(mul, zip(self.coordinates, items, strict=True)), Fraction(0))

    def rotated(self, inverse_rotation: npt.NDArray[np.int64]) -> QPoint:
        """Image R q, given the inverse W⁻¹ of the rotation part: coefficients are q W⁻¹."""
        u, v, w = (
            sum((q * int(x) for q, x in zip(self.coordinates, column, strict=True)), Fraction(0))
            for column in inverse_rotation.T
        )
        return QPoint((u, v, w))

    def __neg__(self) -> QPoint:
        u, v, w = self.coordinates
        return QPoint((-u, -v, -w))

    def __add__(self, other: QPoint) -> QPoint:
        u, v, w = (a + b for a, b in zip(self.coordinates, other.coordinates, strict=True))
        return QPoint((u, v, w))

    def __repr__(self) -> str:
        return f"QPoint({', '.join(map(str, self.coordinates))})"


GAMMA = QPoint.of(0, 0, 0)
"""The zone centre."""


def images(group: SpaceGroup, q: QPoint) -> tuple[QPoint, ...]:
    """Reduced image of q under every operation of the group, in its order."""
    return tuple(q.rotated(group.rotations[i]).reduced for i in group.inverses)


def little_group(group: SpaceGroup, q: QPoint) -> tuple[int, ...]:
    """Indices of the operations with R q = q + G."""
    return tuple(g for g, image in enumerate(images(group, q)) if image == q.reduced)
