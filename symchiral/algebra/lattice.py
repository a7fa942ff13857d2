"""Lattices of whole vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from symchiral.value import SHORTER, Floats, Integers, frozen

_STEPS = np.array(list(product((-1, 0, 1), repeat=2)))


@lru_cache(maxsize=256)
def box(a: int, b: int, c: int) -> Integers:
    """Return the vectors with whole components from −a to a, −b to b and −c to c, as rows.

    Examples
    --------
    >>> box(0, 1, 0).tolist()
    [[0, -1, 0], [0, 0, 0], [0, 1, 0]]
    """
    steps = (range(-n, n + 1) for n in (a, b, c))
    return frozen(list(product(*steps)), np.int64)


def volume(cell: Floats) -> float:
    """Return a·(b × c) of the rows of a cell: negative where they are left-handed.

    Examples
    --------
    >>> volume(np.diag([2.0, 3.0, -1.0]))
    -6.0
    """
    (x, y, z), b, c = cell.tolist()
    u, v, w = _cross(b, c)
    return float(x * u + y * v + z * w)


def heights(cell: Floats) -> tuple[float, float, float]:
    """Return the distances of the planes between which the vectors of a cell lie, V/|b × c|, ….

    Examples
    --------
    >>> heights(np.diag([2.0, 3.0, 1.0]))
    (2.0, 3.0, 1.0)
    """
    a, b, c = cell.tolist()
    size, (x, y, z) = abs(volume(cell)), (_cross(b, c), _cross(c, a), _cross(a, b))
    return size / math.hypot(*x), size / math.hypot(*y), size / math.hypot(*z)


def _cross(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def wrapped(steps: Floats) -> Floats:
    """Return fractional steps modulo the lattice, components from −1/2 to 1/2."""
    return np.asarray(steps - np.rint(steps))


def distances(steps: Floats, cell: Floats) -> Floats:
    """Return the lengths, Å, of fractional steps (…, 3) modulo the lattice of a cell.

    They are those to the nearest copy where these are shorter than half the height of the cell.

    Examples
    --------
    >>> distances(np.array([[0.9, 0.0, 1.0]]), 2 * np.eye(3)).round(9).tolist()
    [0.2]
    """
    across = wrapped(steps).reshape(-1, 3) @ cell  # one product of matrices, not one per row
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", across, across)).reshape(steps.shape[:-1]))


def lattice_basis(generators: npt.ArrayLike, metric: npt.ArrayLike) -> Integers:
    """Return a basis, as columns of positive determinant, of the lattice that whole vectors span.

    Parameters
    ----------
    generators : (n, 3) int
        Vectors as rows, three of them independent.
    metric : (3, 3) float
        Of the vectors' components: no basis vector becomes shorter by subtracting others from it.

    Examples
    --------
    >>> lattice_basis([[2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 1]], np.eye(3)).tolist()
    [[1, 1, 1], [1, -1, 1], [1, -1, -1]]
    """
    rows = [[int(x) for x in row] for row in np.asarray(generators)]
    basis: list[list[int]] = []
    for column in range(3):
        while True:
            found = sorted((row for row in rows if row[column]), key=lambda row: abs(row[column]))
            if len(found) <= 1:
                break
            pivot = found[0]
            for row in found[1:]:
                factor = row[column] // pivot[column]
                row[:] = [x - factor * y for x, y in zip(row, pivot, strict=True)]
        if not found:
            raise ValueError("the vectors span no three-dimensional lattice")
        rows = [row for row in rows if row is not found[0]]
        basis.append(found[0])
    return _shortened(np.array(basis, dtype=np.int64), np.asarray(metric, dtype=float))


def _shortened(basis: Integers, metric: Floats) -> Integers:
    """Rows made short by whole combinations, then as columns."""
    changed = True
    while changed:
        changed = False
        for i in range(3):
            others = basis[[j for j in range(3) if j != i]]
            trials = basis[i] - _STEPS @ others
            lengths = np.einsum("ai,ij,aj->a", trials, metric, trials)
            best = int(np.argmin(lengths))
            if lengths[best] < (1 - SHORTER) * (basis[i] @ metric @ basis[i]):
                basis[i] = trials[best]
                changed = True
    columns = basis.T
    return np.asarray(columns if np.linalg.det(columns) > 0 else -columns)


def vectors_within(basis: Integers) -> Integers:
    """Return the whole vectors inside a cell, 0 ≤ coordinate < 1 along its vectors; (c, 3).

    Parameters
    ----------
    basis : (3, 3) int
        Vectors of the cell as columns.

    Examples
    --------
    >>> vectors_within(np.diag([1, 1, 2])).tolist()
    [[0, 0, 0], [0, 0, 1]]
    """
    low, high = np.minimum(basis, 0).sum(axis=1), np.maximum(basis, 0).sum(axis=1)
    box = np.array(list(product(*(range(a, b + 1) for a, b in zip(low, high, strict=True)))))
    inside = box @ np.linalg.inv(basis).T
    return np.asarray(box[np.all((inside > -1e-6) & (inside < 1 - 1e-6), axis=1)], dtype=np.int64)


def cell_indices(vectors: Integers, basis: Integers, cells: Integers) -> Integers:
    """Return which of the vectors inside a cell each whole vector is, modulo the lattice.

    Parameters
    ----------
    vectors : (..., 3) int
        Whole vectors.
    basis : (3, 3) int
        Vectors of the cell as columns.
    cells : (c, 3) int
        :func:`vectors_within` of that cell.

    Examples
    --------
    >>> basis = np.diag([1, 1, 2])
    >>> cell_indices(np.array([[4, -1, 3], [0, 0, 2]]), basis, vectors_within(basis)).tolist()
    [1, 0]
    """
    order = round(abs(float(np.linalg.det(basis))))
    adjugate = np.rint(order * np.linalg.inv(basis)).astype(np.int64)

    def key(x: Integers) -> Integers:
        a, b, c = np.moveaxis((x @ adjugate.T) % order, -1, 0)
        return np.asarray((a * order + b) * order + c)

    keys = key(cells)
    rank = np.argsort(keys)
    return np.asarray(rank[np.searchsorted(keys[rank], key(np.asarray(vectors)))])
