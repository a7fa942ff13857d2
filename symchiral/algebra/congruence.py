"""Linear equations modulo whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from symchiral.value import WRAPPED, Floats, Integers, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Solutions(Value):
    """All x with A x = b modulo 1: finitely many, each with a lattice of lines through it.

    Attributes
    ----------
    points : (k, n) float
        One x of every connected family, in [0, 1).
    free : (n, f) int
        Columns: directions along which x is free.
    bound : (n − f, n) int
        Rows m with m·x a number that the free directions do not change; with the same for the
        free ones they are a basis of the whole vectors.
    """

    points: Floats
    free: Integers
    bound: Integers

    def __len__(self) -> int:
        return len(self.points)


def solve_modulo_one(matrix: Integers, right: Integers, denominator: int) -> Solutions:
    r"""Return every x with :math:`A x \equiv b/d \pmod 1`, A and b whole, d the denominator.

    Whole operations on rows and columns make A diagonal, :math:`U A V = D` (the form of Smith
    without its divisibility); with :math:`x = V y` each :math:`D_i y_i \equiv (U b)_i/d` stands
    alone and has :math:`|D_i|` solutions.

    Examples
    --------
    >>> found = solve_modulo_one(np.array([[-2, 0], [0, 0]]), np.array([0, 0]), 24)
    >>> found.points.tolist(), found.free.T.tolist()
    ([[0.0, 0.0], [0.5, 0.0]], [[0, 1]])
    >>> len(solve_modulo_one(np.array([[0, 2], [0, 2]]), np.array([0, 12]), 24))
    0
    """
    a, b = np.array(matrix, dtype=np.int64), np.array(right, dtype=np.int64)
    n = a.shape[1]
    v = np.eye(n, dtype=np.int64)
    rank = 0
    while rank < n and a[rank:, rank:].any():
        rest = np.abs(a[rank:, rank:])
        i, j = divmod(int(np.argmin(np.where(rest, rest, rest.max() + 1))), n - rank)
        for rows in (a, b):
            rows[[rank, rank + i]] = rows[[rank + i, rank]]
        for columns in (a.T, v.T):
            columns[[rank, rank + j]] = columns[[rank + j, rank]]
        down = a[rank + 1 :, rank] // a[rank, rank]
        a[rank + 1 :] -= np.outer(down, a[rank])
        b[rank + 1 :] -= down * b[rank]
        across = a[rank, rank + 1 :] // a[rank, rank]
        a[:, rank + 1 :] -= np.outer(a[:, rank], across)
        v[:, rank + 1 :] -= np.outer(v[:, rank], across)
        if not (a[rank + 1 :, rank].any() or a[rank, rank + 1 :].any()):
            rank += 1
    diagonal = np.diagonal(a)[:rank]
    y = [[(b[i] / denominator + k) / d for k in range(abs(d))] for i, d in enumerate(diagonal)] + [
        [0.0]
    ] * (n - rank)
    points = np.array(list(product(*y))) @ v.T
    # Snapped, so that 1 − 10⁻¹⁶ becomes 0; no denominator exceeds d max|D|.
    points = np.round(points - np.floor(points + WRAPPED), 12) + 0.0
    if np.any(b[rank:] % denominator):
        points = points[:0]
    inverse = np.rint(np.linalg.inv(v)).astype(np.int64)
    return Solutions(frozen(points), frozen(v[:, rank:]), frozen(inverse[:rank]))
