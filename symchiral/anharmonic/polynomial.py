"""Polynomials of normal coordinates: each monomial once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, permutations, product
from math import factorial, prod

import numpy as np

from symchiral.units import counted
from symchiral.value import Complex, Floats, Integers, Value, frozen

Monomials = dict[tuple[int, ...], complex]
"""Sorted indices of the factors → coefficient."""


def substituted(terms: Mapping[tuple[int, ...], complex], matrix: Complex) -> Monomials:
    r"""Return a polynomial of Q as one of Q', :math:`Q_i = \sum_a O_{ia} Q'_a`.

    Parameters
    ----------
    terms : mapping
        Indices of the factors → coefficient.
    matrix : (n, n') complex
        O.

    Examples
    --------
    >>> turn = np.array([[1, -1j], [1, 1j]]) / np.sqrt(2)  # Q₊, Q₋ in terms of x and y
    >>> {k: round(v.real, 3) for k, v in substituted({(0, 1): 2.0}, turn).items()}
    {(0, 0): 1.0, (1, 1): 1.0}
    """
    rows = [[(a, complex(x)) for a, x in enumerate(row) if abs(x) > 1e-9] for row in matrix]
    found: Monomials = {}
    for factors, coefficient in terms.items():
        for choice in product(*(rows[i] for i in factors)):
            value = complex(coefficient)
            for _, weight in choice:
                value *= weight
            key = tuple(sorted(a for a, _ in choice))
            found[key] = found.get(key, 0) + value
    size = max((abs(x) for x in found.values()), default=0.0)
    return {key: found[key] for key in sorted(found) if abs(found[key]) > 1e-14 * size}


@dataclass(frozen=True, eq=False, repr=False)
class Polynomial(Value):
    r"""A homogeneous real polynomial, :math:`V = \sum_k c_k \prod_{p=1}^m Q_{i_{kp}}`.

    Attributes
    ----------
    size : int
        Number n of coordinates.
    factors : (K, m) int
        The i, ascending in every row; no row twice.
    coefficients : (K,) float
        The c, eV/(√amu Å)^m.
    """

    size: int
    factors: Integers
    coefficients: Floats

    @classmethod
    def of(cls, size: int, order: int, terms: Mapping[tuple[int, ...], float]) -> Polynomial:
        """Collect terms with factors in any order."""
        found: dict[tuple[int, ...], float] = {}
        for factors, value in terms.items():
            key = tuple(sorted(factors))
            found[key] = found.get(key, 0.0) + float(value)
        keys = sorted(found)
        return cls(
            size,
            frozen(np.array(keys, dtype=np.int64).reshape(-1, order)),
            frozen([found[key] for key in keys], float),
        )

    @classmethod
    def from_tensor(cls, tensor: Floats) -> Polynomial:
        r"""From derivatives φ, symmetric: :math:`V = \frac{1}{m!} \sum φ_{ab…} Q_a Q_b …`."""
        order = tensor.ndim
        found = {}
        for factors in combinations_with_replacement(range(len(tensor)), order):
            if tensor[factors]:
                repeats = np.unique(factors, return_counts=True)[1]
                found[factors] = float(tensor[factors]) / prod(factorial(int(r)) for r in repeats)
        return cls.of(len(tensor), order, found)

    @property
    def order(self) -> int:
        """Degree m."""
        return int(self.factors.shape[1])

    @property
    def terms(self) -> dict[tuple[int, ...], float]:
        """Factors → coefficient."""
        keys = (tuple(int(i) for i in row) for row in self.factors)
        return dict(zip(keys, self.coefficients.tolist(), strict=True))

    @cached_property
    def _derivative(self) -> tuple[Integers, Floats]:
        """Distinct products of m − 1 factors, (L, m−1), and the matrix (n, L) of the gradient."""
        places: dict[tuple[int, ...], int] = {}
        entries = []
        for row, value in zip(self.factors.tolist(), self.coefficients.tolist(), strict=True):
            for p, a in enumerate(row):
                rest = tuple(row[:p] + row[p + 1 :])
                entries.append((a, places.setdefault(rest, len(places)), value))
        matrix = np.zeros((self.size, len(places)))
        for a, place, value in entries:
            matrix[a, place] += value
        products = np.array(list(places), dtype=np.int64).reshape(len(places), self.order - 1)
        return products, matrix

    def value(self, q: Floats) -> Floats:
        """Return V, eV, at coordinates (…, n)."""
        return np.asarray(np.prod(q[..., self.factors], axis=-1) @ self.coefficients)

    def gradient(self, q: Floats) -> Floats:
        """Return ∂V/∂Q, (…, n), at coordinates (…, n)."""
        products, matrix = self._derivative
        monomials = q[..., products[:, 0]]
        for column in products.T[1:]:
            monomials = monomials * q[..., column]
        return np.asarray(monomials @ matrix.T)

    def tensor(self) -> Floats:
        """Return the derivatives φ, an (n, …, n) symmetric array."""
        found = np.zeros((self.size,) * self.order)
        for row, value in zip(self.factors.tolist(), self.coefficients.tolist(), strict=True):
            for order in permutations(row):
                # m! orders over the distinct ones: each gets the product of the factorials.
                found[order] += value
        return found

    def scaled(self, factor: float) -> Polynomial:
        """Return the polynomial times a number."""
        return Polynomial(self.size, self.factors, frozen(self.coefficients * factor))

    def __len__(self) -> int:
        return len(self.factors)

    def __repr__(self) -> str:
        return (
            f"Polynomial(order {self.order}, {counted(len(self), 'term')} of {self.size} "
            "coordinates)"
        )
