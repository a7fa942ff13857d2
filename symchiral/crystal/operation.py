"""One space-group operation, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.value import Integers, Value, frozen

Vector = tuple[Fraction, Fraction, Fraction]
"""Three exact fractions."""

OperationKind = Literal[
    "identity", "inversion", "rotation", "screw", "mirror", "glide", "rotoinversion"
]

_ORDER_OF_TRACE = {3: 1, -1: 2, 0: 3, 1: 4, 2: 6}


@dataclass(frozen=True, eq=False, repr=False)
class Operation(Value):
    r"""A space-group operation :math:`\{W|w\}` with :math:`x \mapsto W x + w`.

    It knows no basis of its own: ``rotation`` and ``translation`` refer to the basis of whoever
    made it (the primitive or the standard cell; both are right-handed in the sense of the crystal).

    Attributes
    ----------
    rotation : (3, 3) int
        :math:`W`, acting on fractional coordinates written as a column.
    translation : tuple of Fraction
        :math:`w`.

    Examples
    --------
    >>> g = Operation.parse("-y, x-y, z+1/3")
    >>> g.kind, g.order, g.direction, g.seitz
    ('screw', 3, (0, 0, 1), '{3+001|0,0,1/3}')
    >>> g.xyz
    '-y,x-y,z+1/3'
    """

    rotation: Integers
    translation: Vector

    @classmethod
    def of(cls, rotation: npt.ArrayLike, translation: object = (0, 0, 0)) -> Operation:
        """Make an operation from array-likes; translations become fractions."""
        w = tuple(Fraction(t).limit_denominator(1000) for t in translation)  # type: ignore[attr-defined]
        return cls(frozen(rotation, np.int64), (w[0], w[1], w[2]))

    @classmethod
    def parse(cls, xyz: str) -> Operation:
        """Read the Jones-faithful notation, for instance ``-y,x-y,z+1/3``."""
        rows = []
        shift = []
        for part in xyz.lower().replace(" ", "").split(","):
            row = [0, 0, 0]
            constant = Fraction(0)
            for term in part.replace("-", "+-").split("+"):
                if not term:
                    continue
                if term[-1] in "xyz":
                    row["xyz".index(term[-1])] += -1 if term[0] == "-" else 1
                else:
                    constant += Fraction(term)
            rows.append(row)
            shift.append(constant)
        return cls.of(rows, shift)

    @cached_property
    def determinant(self) -> int:
        """+1 for a proper, −1 for an improper operation."""
        return round(float(np.linalg.det(self.rotation)))

    @cached_property
    def proper(self) -> Integers:
        """The proper rotation part det(W)·W."""
        return frozen(self.determinant * self.rotation)

    @cached_property
    def type(self) -> int:
        """Rotation type of the International Tables: 1, 2, 3, 4, 6, −1, −2 (mirror), −3, −4, −6."""
        return self.determinant * _ORDER_OF_TRACE[int(np.trace(self.proper))]

    @cached_property
    def order(self) -> int:
        """Smallest k > 0 with W^k = 1."""
        n = abs(self.type)
        return n if self.determinant > 0 or n % 2 == 0 else 2 * n

    @cached_property
    def kind(self) -> OperationKind:
        """What it is."""
        if abs(self.type) == 1:
            return "identity" if self.type == 1 else "inversion"
        moved = any(self.intrinsic_translation)
        if self.type == -2:
            return "glide" if moved else "mirror"
        if self.determinant < 0:
            return "rotoinversion"
        return "screw" if moved else "rotation"

    @cached_property
    def direction(self) -> tuple[int, int, int] | None:
        """Axis of the proper part as the shortest integer vector, last non-zero entry positive."""
        if abs(self.type) == 1:
            return None
        powers = sum_of_powers(self.proper, abs(self.type))
        column = next(powers[:, i] for i in range(3) if np.any(powers[:, i]))
        vector = column // np.gcd.reduce(column)
        last = vector[np.flatnonzero(vector)[-1]]
        u, v, w = (int(x) for x in vector * np.sign(last))
        return u, v, w

    @cached_property
    def sense(self) -> int:
        """How the proper part turns about ``direction`` seen from its tip.

        +1 anticlockwise, −1 clockwise, 0 for half-turns and operations without an axis.
        """
        if self.direction is None or abs(self.type) == 2:
            return 0
        trial = next(
            x for x in np.eye(3, dtype=np.int64) if np.any(np.cross(x, np.array(self.direction)))
        )
        return int(
            np.sign(round(np.linalg.det(np.array([self.direction, trial, self.proper @ trial]))))
        )

    @cached_property
    def intrinsic_translation(self) -> Vector:
        r"""Screw or glide part :math:`\frac1k\sum_{j<k} W^j w`, 0 where W fixes no vector."""
        k = self.order
        total = sum_of_powers(self.rotation, k)
        return _apply(total, tuple(w / k for w in self.translation))

    @property
    def seitz(self) -> str:
        """Seitz symbol, for instance ``{m100|0,0,1/2}`` or ``{-3+001|0}``."""
        name = {1: "1", -1: "-1", -2: "m"}.get(self.type, str(self.type))
        if self.sense:
            name += "+" if self.sense > 0 else "-"
        if self.direction is not None:
            name += "".join(str(i) for i in self.direction)
        shift = ",".join(map(str, self.translation)) if any(self.translation) else "0"
        return f"{{{name}|{shift}}}"

    @property
    def xyz(self) -> str:
        """Jones-faithful notation in the basis of the operation."""
        parts = []
        for row, shift in zip(self.rotation, self.translation, strict=True):
            text = ""
            for coefficient, letter in zip(row, "xyz", strict=True):
                if coefficient:
                    size = "" if abs(coefficient) == 1 else str(abs(coefficient))
                    text += f"{'-' if coefficient < 0 else '+'}{size}{letter}"
            if shift:
                text += f"{'+' if shift > 0 else '-'}{abs(shift)}"
            parts.append(text.removeprefix("+"))
        return ",".join(parts)

    def __matmul__(self, other: Operation) -> Operation:
        """Compose: first ``other``, then ``self``."""
        shift = _apply(self.rotation, other.translation)
        return Operation(
            frozen(self.rotation @ other.rotation),
            _add(shift, self.translation),
        )

    @property
    def inverse(self) -> Operation:
        """The inverse operation."""
        inverse = np.rint(np.linalg.inv(self.rotation)).astype(np.int64)
        u, v, w = _apply(inverse, self.translation)
        return Operation(frozen(inverse), (-u, -v, -w))

    def __repr__(self) -> str:
        return f"Operation.parse('{self.xyz}')"


def sum_of_powers(matrix: Integers, n: int) -> Integers:
    """Return 1 + W + … + W^(n−1)."""
    return np.asarray(sum((np.linalg.matrix_power(matrix, k) for k in range(n)), 0 * matrix))


def _apply(matrix: Integers, vector: Vector | tuple[Fraction, ...]) -> Vector:
    u, v, w = (
        sum((int(m) * x for m, x in zip(row, vector, strict=True)), Fraction(0)) for row in matrix
    )
    return u, v, w


def _add(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
