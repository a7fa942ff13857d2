"""Wavevectors as exact fractions of the primitive reciprocal basis, fixed or on a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np

from symchiral.algebra.exact import dot
from symchiral.crystal.operation import Vector
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.plain import rational
from symchiral.value import Floats, Integers

ZERO: Vector = (Fraction(0), Fraction(0), Fraction(0))
GENERIC: Vector = (Fraction(37, 211), Fraction(52, 307), Fraction(61, 401))
"""Values of the free parameters u, v, w where numbers are needed: on no special point."""

PARAMETERS = "uvw"


@dataclass(frozen=True)
class QPoint:
    r"""A wavevector :math:`q = \sum_i q_i b_i`, with exact fractions, or a line or plane of them.

    With free parameters :math:`q_i = c_i + u\, s^u_i + v\, s^v_i + w\, s^w_i`; two such points are
    equal only if they are equal for every u, v, w, so stars and little groups are those of a
    generic point of the line. Numbers (characters, phases) are taken at ``GENERIC``.

    Two points that differ by a reciprocal lattice vector are different values: an eigenvector in
    the gauge with the atomic position in its phase is not periodic in q. ``reduced`` brings the
    fixed part into −1/2 < c_i ≤ 1/2.

    Attributes
    ----------
    coordinates : tuple of Fraction
        c.
    slopes : tuple of three tuples of Fraction
        s^u, s^v, s^w.

    Examples
    --------
    >>> k = QPoint.of("1/3", "1/3", 0)
    >>> k, (-k).reduced, k.dot((1, 0, 0))
    (QPoint(1/3, 1/3, 0), QPoint(-1/3, -1/3, 0), Fraction(1, 3))
    >>> line = QPoint.of(0, 0, "u")
    >>> line, -line, (line + line).reduced
    (QPoint(0, 0, u), QPoint(0, 0, -u), QPoint(0, 0, 2u))
    """

    coordinates: Vector
    slopes: tuple[Vector, Vector, Vector] = (ZERO, ZERO, ZERO)

    @classmethod
    def of(cls, *coordinates: Fraction | int | str) -> QPoint:
        """Make a point from three fractions, integers or strings: ``1/3``, ``u``, ``1/2-2u``."""
        parsed = [_linear(x) for x in coordinates]
        if len(parsed) != 3:
            raise ValueError(f"a wavevector has three coordinates, not {len(parsed)}")
        c, u, v, w = (_vector(*(p[i] for p in parsed)) for i in range(4))
        return cls(c, (u, v, w))

    @property
    def fixed(self) -> bool:
        """Whether it has no free parameter."""
        return self.slopes == (ZERO, ZERO, ZERO)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Fractions are slow to hash, and points are keys of every table of a group.
        return hash((self.coordinates, self.slopes))

    @cached_property
    def reduced(self) -> QPoint:
        """The equivalent point with every fixed part in (−1/2, 1/2]."""
        if self is GAMMA:
            return self
        half = Fraction(1, 2)
        point = QPoint(_vector(*(half - (half - x) % 1 for x in self.coordinates)), self.slopes)
        return GAMMA if point == GAMMA else point

    @property
    def is_reciprocal_vector(self) -> bool:
        """Whether it is a reciprocal lattice vector, for every value of the parameters."""
        return self.fixed and all(x.denominator == 1 for x in self.coordinates)

    def at(self, *values: Fraction) -> QPoint:
        """The fixed point at these values of u, v, w (missing ones are 0)."""
        total = list(self.coordinates)
        for value, slope in zip(values, self.slopes, strict=False):
            if slope != ZERO:
                total = [x + value * s for x, s in zip(total, slope, strict=True)]
        return QPoint(_vector(*total))

    @property
    def generic(self) -> Vector:
        """Coordinates at the generic values of the parameters."""
        return self.coordinates if self.fixed else self.at(*GENERIC).coordinates

    @property
    def array(self) -> Floats:
        """(3,) float: the fixed part c."""
        return np.array([float(x) for x in self.coordinates])

    @property
    def generic_array(self) -> Floats:
        """(3,) float: `generic` as numbers."""
        return np.array([float(x) for x in self.generic])

    def dot(self, vector: tuple[Fraction | int, ...] | Integers) -> Fraction:
        """Return q·t in turns for a vector t in the primitive basis, at the generic values."""
        t = _vector(
            *(Fraction(int(x)) if isinstance(x, np.integer) else Fraction(x) for x in vector)
        )
        return dot(self.generic, t)

    def rotated(self, inverse_rotation: Integers) -> QPoint:
        """Image R q, given the inverse W⁻¹ of the rotation part: coefficients are q W⁻¹."""
        columns = inverse_rotation.T.tolist()

        def image(vector: Vector) -> Vector:
            return ZERO if vector == ZERO else _vector(*(dot(vector, c) for c in columns))

        return self.mapped(image)

    def mapped(self, linear: Callable[[Vector], Vector]) -> QPoint:
        """Return the point whose coordinates are a linear function of these, for all u, v, w."""
        u, v, w = map(linear, self.slopes)
        return QPoint(linear(self.coordinates), (u, v, w))

    def __neg__(self) -> QPoint:
        return self if self is GAMMA else self.mapped(_negative)

    def __add__(self, other: QPoint) -> QPoint:
        if self is GAMMA or other is GAMMA:
            return other if self is GAMMA else self
        u, v, w = (_sum(a, b) for a, b in zip(self.slopes, other.slopes, strict=True))
        return QPoint(_sum(self.coordinates, other.coordinates), (u, v, w))

    def __sub__(self, other: QPoint) -> QPoint:
        return self + -other

    @property
    def texts(self) -> tuple[str, str, str]:
        """The coordinates as written, ``1/2-u``."""
        found = []
        for i in range(3):
            text = str(self.coordinates[i]) if self.coordinates[i] else ""
            for letter, slope in zip(PARAMETERS, self.slopes, strict=True):
                s = slope[i]
                if s:
                    size = "" if abs(s) == 1 else str(abs(s))
                    text += f"{'-' if s < 0 else '+' if text else ''}{size}{letter}"
            found.append(text or "0")
        return found[0], found[1], found[2]

    def __repr__(self) -> str:
        return f"QPoint({', '.join(self.texts)})"


def _vector(*items: Fraction) -> Vector:
    a, b, c = items
    return a, b, c


def _negative(a: Vector) -> Vector:
    return -a[0], -a[1], -a[2]


def _sum(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _linear(item: Fraction | int | str) -> tuple[Fraction, ...]:
    """Constant and coefficients of u, v, w of one coordinate; ValueError if it is none."""
    if not isinstance(item, str):
        return Fraction(item), Fraction(0), Fraction(0), Fraction(0)
    found = [Fraction(0)] * 4
    for term in item.replace(" ", "").replace("−", "-").replace("-", "+-").split("+"):
        if not term:
            continue
        if term[-1] in PARAMETERS:
            number = term[:-1].rstrip("*")
            place = 1 + PARAMETERS.index(term[-1])
            found[place] += rational(f"{number}1" if number in ("", "-") else number)
        else:
            found[0] += rational(term)
    return tuple(found)


GAMMA = QPoint.of(0, 0, 0)
"""The zone centre."""


@lru_cache(maxsize=4096)
def images(group: SpaceGroup, q: QPoint) -> tuple[QPoint, ...]:
    """Reduced image of q under every operation of the group, in its order."""
    return tuple(q.rotated(group.rotations[i]).reduced for i in group.inverses)


@lru_cache(maxsize=65536)
def little_group(group: SpaceGroup, q: QPoint) -> tuple[int, ...]:
    """Indices of the operations with R q = q + G."""
    reduced = q.reduced
    return tuple(g for g, image in enumerate(images(group, q)) if image == reduced)


def star(group: SpaceGroup, q: QPoint) -> tuple[QPoint, ...]:
    """The arms of q: its distinct images, q first."""
    return tuple(dict.fromkeys([q.reduced, *images(group, q)]))
