"""The only place where coordinates change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from symchiral.crystal.operation import Vector
from symchiral.value import Floats, Integers, Value, frozen

Basis = Literal["input", "standard", "primitive", "cartesian"]

UNSYMMETRIC = 5 * np.eye(3) + np.array([[0, 0.7, 0.3], [0.2, 0, 0.5], [0.4, 0.6, 1.0]])
"""A cell of no symmetry, Å: averaged over a group it has that group's and no more."""


@dataclass(frozen=True, eq=False, repr=False)
class Frame(Value):
    r"""Input cell, standard cell, our primitive cell and Cartesian axes, related both ways.

    With columns of basis vectors B, :math:`B_{standard} = B_{input} P^{-1}`,
    :math:`B_{primitive} = B_{standard} C`, and for a point

    .. math:: x_{standard} = P x_{input} + p, \qquad x_{primitive} = C^{-1} x_{standard}.

    The Cartesian axes are those of the input; nothing is rotated. The Cartesian origin is
    that of the input cell.

    Attributes
    ----------
    cell : (3, 3) float
        The primitive cell, rows, Å, with its metric made exactly symmetric.
    matrix : (3, 3) float
        P, input to standard coordinates.
    origin : (3,) float
        p, the standard coordinates of the input origin.
    centring : (3, 3) float
        C, columns: primitive vectors in the standard basis.
    """

    cell: Floats
    matrix: Floats
    origin: Floats
    centring: Floats

    def _columns(self, basis: Basis) -> Floats:
        """Basis vectors as Cartesian columns."""
        primitive = self.cell.T
        if basis == "primitive":
            return primitive
        if basis == "cartesian":
            return np.eye(3)
        standard = primitive @ inverse(self.centring)
        return standard if basis == "standard" else standard @ self.matrix

    @cached_property
    def _changes(self) -> dict[tuple[Basis, Basis], Floats]:
        return {}

    def _change(self, to: Basis, source: Basis) -> Floats:
        """(3, 3): takes the components of a vector in ``source`` to those in ``to``."""
        key = to, source
        if key not in self._changes:
            change = self._columns(source)
            if to != "cartesian":
                change = np.linalg.inv(self._columns(to)) @ change
            self._changes[key] = frozen(change)
        return self._changes[key]

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_changes"}

    def direction(self, vector: npt.ArrayLike, *, to: Basis, source: Basis) -> Floats:
        """Change the basis of a direct-space vector (a difference of points); shape (..., 3)."""
        change = self._change(to, source)
        return np.asarray(np.asarray(vector, dtype=float) @ change.T, dtype=float)

    def point(self, x: npt.ArrayLike, *, to: Basis, source: Basis) -> Floats:
        """Change the basis of a point, origins included; shape (..., 3)."""
        return self.direction(x, to=to, source=source) + self.start(to=to, source=source)

    def start(self, *, to: Basis, source: Basis) -> Floats:
        """Coordinates, in ``to``, of the origin of ``source``."""
        return self._from_input(to, self._to_input_origin(source))

    def _to_input_origin(self, source: Basis) -> Floats:
        """Input coordinates of the origin of ``source``."""
        if source in ("input", "cartesian"):
            return np.zeros(3)
        return np.asarray(-np.linalg.solve(self.matrix, self.origin), dtype=float)

    def _from_input(self, to: Basis, x: Floats) -> Floats:
        if to == "input":
            return x
        if to == "cartesian":
            return self.direction(x, to="cartesian", source="input")
        standard = self.matrix @ x + self.origin
        if to == "standard" or _is_identity(self.centring.tobytes(), self.centring.dtype.char):
            return standard
        return np.asarray(np.linalg.solve(self.centring, standard), dtype=float)

    def wavevector(self, q: npt.ArrayLike, *, to: Basis, source: Basis) -> Floats:
        r"""Change the basis of a wavevector given by its coefficients on the reciprocal basis.

        Coefficients are those of :math:`q = \sum_i q_i b_i` with :math:`a_i·b_j = 2π δ_{ij}`;
        in the Cartesian basis they are in units of 2π/Å.
        """
        change = self._change(source, to)
        return np.asarray(np.asarray(q, dtype=float) @ change, dtype=float)

    def rotation(self, matrices: npt.ArrayLike, *, to: Basis, source: Basis) -> Floats:
        """Change the basis of linear maps; shape (..., 3, 3)."""
        matrices = np.asarray(matrices, dtype=float)
        return np.asarray(self._change(to, source) @ matrices @ self._change(source, to))

    def operations(
        self,
        rotations: npt.ArrayLike,
        translations: npt.ArrayLike,
        *,
        to: Basis,
        source: Basis,
    ) -> tuple[Integers, Floats]:
        r"""Change the basis of operations: :math:`x' = A x + b` makes :math:`\{W|w\}` into
        :math:`\{A W A^{-1} | A w + b - A W A^{-1} b\}`; shapes (n, 3, 3) and (n, 3).
        """
        matrices = self.rotation(rotations, to=to, source=source)
        origin = self.start(to=to, source=source)
        moved = self.direction(translations, to=to, source=source) + origin - matrices @ origin
        return np.rint(matrices).astype(np.int64), moved

    def within(self, columns: npt.ArrayLike, other: Frame) -> Frame:
        r"""Return the frame of a crystal that ``other`` describes in a cell of our lattice.

        Parameters
        ----------
        columns : (3, 3) int
            The vectors of that cell, columns, in our primitive basis; its origin is ours.
        other : Frame
            Its input cell is that cell.
        """
        inward = np.linalg.inv(np.asarray(columns, dtype=float)) @ np.linalg.inv(self.centring)
        return Frame(
            other.cell,
            frozen(other.matrix @ inward @ self.matrix),
            frozen(other.matrix @ inward @ self.origin + other.origin),
            other.centring,
        )

    def primitive_vectors(self, source: Basis) -> tuple[Vector, Vector, Vector]:
        r"""Return the primitive vectors in terms of those of another cell, exactly.

        A wavevector with coefficients k there has :math:`q_i = \sum_j A_{ij} k_j` here.
        """
        rows = self.direction(np.eye(3), to=source, source="primitive").tolist()
        a, b, c = (tuple(Fraction(x).limit_denominator(1000) for x in row) for row in rows)
        return (a[0], a[1], a[2]), (b[0], b[1], b[2]), (c[0], c[1], c[2])

    @property
    def relation(self) -> tuple[str, str, str]:
        """The primitive vectors in terms of the input's: ``a' = (-a+b+c)/2``; ``a`` if equal."""
        rows = self.primitive_vectors("input")
        a, b, c = (_combination(row) for row in rows)
        return (
            (a, b, c) if (a, b, c) == ("a", "b", "c") else (f"a' = {a}", f"b' = {b}", f"c' = {c}")
        )

    def moved(self, shift: Floats) -> Frame:
        """Return the frame with another origin: primitive coordinates become x + ``shift``."""
        origin = frozen(self.origin + self.centring @ shift)
        return Frame(self.cell, self.matrix, origin, self.centring)

    def changed(self, change: Change) -> Frame:
        """Return the frame of another standard setting of the same group."""
        standard = self.centring @ change.rotation @ inverse(self.centring)
        return Frame(
            frozen(np.rint(inverse(change.rotation)).T @ self.cell),
            frozen(standard @ self.matrix),
            frozen(standard @ self.origin + self.centring @ change.shift),
            self.centring,
        )

    def change_to(self, other: Frame) -> Change:
        """Return the change that leads from this setting to another one of the same crystal."""
        inward = inverse(self.centring)
        rotation = inward @ other.matrix @ np.linalg.inv(self.matrix) @ self.centring
        shift = inward @ other.origin - rotation @ inward @ self.origin
        return Change(frozen(np.rint(rotation), np.int64), frozen(shift))

    def __repr__(self) -> str:
        lengths = ", ".join(f"{x:.3f}" for x in np.linalg.norm(self.cell, axis=1))
        return f"Frame(primitive lengths {lengths} Å)"


def _combination(vector: Vector) -> str:
    """``(-a+b+c)/2``."""
    denominator = math.lcm(*(x.denominator for x in vector))
    text = ""
    for x, name in zip(vector, "abc", strict=True):
        n = int(x * denominator)
        if n:
            size = "" if abs(n) == 1 else str(abs(n))
            text += f"{'-' if n < 0 else '+' if text else ''}{size}{name}"
    return text if denominator == 1 else f"({text})/{denominator}"


@dataclass(frozen=True, eq=False, repr=False)
class Change(Value):
    r"""From one standard setting to another: :math:`x' = N x + s`, :math:`B' = B N^{-1}`.

    Attributes
    ----------
    rotation : (3, 3) int
        N, in the primitive basis, of determinant 1.
    shift : (3,) float
        s.
    """

    rotation: Integers
    shift: Floats

    def __call__(self, x: Floats) -> Floats:
        """New primitive coordinates of points; shape (..., 3)."""
        return np.asarray(x @ self.rotation.T + self.shift)


def inverse(matrix: Floats | Integers) -> Floats:
    """Return the inverse of a matrix of groups, of which there are few: centrings, settings.

    Examples
    --------
    >>> inverse(np.diag([2.0, 1.0, 1.0])).tolist()
    [[0.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _inverse(matrix.tobytes(), matrix.dtype.char)


@lru_cache(maxsize=4096)
def _inverse(raw: bytes, kind: str) -> Floats:
    return frozen(np.linalg.inv(np.frombuffer(raw, dtype=kind).reshape(3, 3)))


@lru_cache(maxsize=64)
def _is_identity(raw: bytes, kind: str) -> bool:
    return bool((np.frombuffer(raw, dtype=kind).reshape(3, 3) == np.eye(3)).all())


def symmetrized_cell(cell: Floats, rotations: Integers) -> Floats:
    r"""Return the cell nearest to ``cell`` whose metric is invariant under ``rotations``.

    The metric :math:`g = A^T A` is averaged, :math:`\bar g = |G|^{-1}\sum W^T g W`, and the cell is
    strained without rotation by the symmetric M with :math:`A^T M^2 A = \bar g`.
    """
    columns = cell.T
    metric = columns.T @ columns
    turned = rotations.astype(float)
    average = (turned.swapaxes(1, 2) @ metric @ turned).sum(axis=0) / len(rotations)
    inward = np.linalg.inv(columns)
    square = inward.T @ average @ inward
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    strain = (vectors * np.sqrt(values)) @ vectors.T
    return frozen((strain @ columns).T)
