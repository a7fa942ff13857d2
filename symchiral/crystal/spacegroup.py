"""A space group in its standard setting, as exact integer arrays."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symchiral.crystal.operation import Operation
from symchiral.value import Floats, Integers, Value, frozen

DENOMINATOR = 24
"""Every translation of every standard setting is a multiple of 1/24 in the primitive cell."""


@dataclass(frozen=True, eq=False, repr=False)
class SpaceGroup(Value):
    r"""A space group, one operation per element of its point group.

    The setting is that of the ISO-IR tables: orthorhombic abc, monoclinic unique axis b cell
    choice 1, origin choice 2, hexagonal axes. The arrays refer to the *primitive* cell

    .. math:: (a_p\; b_p\; c_p) = (a\; b\; c)\, C

    with C the ``centring`` matrix, so every rotation occurs once.

    Attributes
    ----------
    hall_number : int
        spglib's serial number of the setting; within a process it identifies the group.
    number : int
        Space-group number, 1 to 230.
    symbol : str
        Short Hermann–Mauguin symbol.
    point_group : str
        Hermann–Mauguin symbol of the class.
    schoenflies : str
        Schoenflies symbol of the class.
    rotations : (G, 3, 3) int
        Rotation parts; the identity is the first.
    shifts : (G, 3) int
        Translations in units of 1/24, 0 ≤ shift < 24.
    centring : (3, 3) float
        C, standard to primitive cell, columns.
    """

    hall_number: int
    number: int
    symbol: str
    point_group: str
    schoenflies: str
    rotations: Integers
    shifts: Integers
    centring: Floats

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpaceGroup) and other.hall_number == self.hall_number

    def __hash__(self) -> int:
        return hash(self.hall_number)

    def __len__(self) -> int:
        return len(self.rotations)

    def __repr__(self) -> str:
        return f"SpaceGroup({self.number}, {self.symbol!r})"

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations in the basis of the primitive cell."""
        return tuple(
            Operation(
                frozen(w),
                (
                    Fraction(int(t[0]), DENOMINATOR),
                    Fraction(int(t[1]), DENOMINATOR),
                    Fraction(int(t[2]), DENOMINATOR),
                ),
            )
            for w, t in zip(self.rotations, self.shifts, strict=True)
        )

    @cached_property
    def standard_operations(self) -> tuple[Operation, ...]:
        """The same operations in the basis of the standard (conventional) cell, for reading."""
        inverse = np.linalg.inv(self.centring)
        return tuple(
            Operation.of(
                np.rint(self.centring @ g.rotation @ inverse).astype(np.int64),
                [
                    (Fraction(float(x)).limit_denominator(DENOMINATOR)) % 1
                    for x in self.centring @ np.array(g.translation, dtype=float)
                ],
            )
            for g in self.operations
        )

    @cached_property
    def _index_of_rotation(self) -> dict[bytes, int]:
        return {w.tobytes(): i for i, w in enumerate(np.ascontiguousarray(self.rotations))}

    def find(self, rotation: npt.ArrayLike) -> int:
        """Index of the operation with this rotation part (primitive basis).

        Raises
        ------
        KeyError
            If the class holds no such rotation.
        """
        return self._index_of_rotation[np.ascontiguousarray(rotation, dtype=np.int64).tobytes()]

    @cached_property
    def products(self) -> Integers:
        """(G, G) int: index of the operation g·h."""
        table = np.einsum("gij,hjk->ghik", self.rotations, self.rotations)
        n = len(self)
        return frozen(
            np.array([[self.find(table[g, h]) for h in range(n)] for g in range(n)], dtype=np.int64)
        )

    @cached_property
    def words(self) -> tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]]:
        """Generators, and (k, g, h) for every other operation: k = g·h, g a generator.

        Each h is the identity (operation 0), a generator, or the k of a word before.
        """
        generators: list[int] = []
        reached, words = [0], []
        for candidate in range(1, len(self)):
            if candidate in reached:
                continue
            generators.append(candidate)
            reached.append(candidate)
            known = 0
            while known < len(reached):  # every operation reached, times every generator
                for g in generators:
                    k = self.find(self.rotations[g] @ self.rotations[reached[known]])
                    if k not in reached:
                        words.append((k, g, reached[known]))
                        reached.append(k)
                known += 1
        return tuple(generators), tuple(words)

    @cached_property
    def product_translations(self) -> Integers:
        """(G, G, 3) int: lattice translation t with g·h = {E|t} products[g, h]."""
        shift = np.einsum("gij,hj->ghi", self.rotations, self.shifts) + self.shifts[:, None, :]
        lattice, rest = np.divmod(shift - self.shifts[self.products], DENOMINATOR)
        if np.any(rest):
            raise ValueError(f"operations of Hall number {self.hall_number} do not close")
        return frozen(lattice)

    @cached_property
    def inverses(self) -> Integers:
        """(G,) int: index of the inverse rotation."""
        return frozen(np.argmax(self.products == 0, axis=1))
