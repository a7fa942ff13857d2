r"""Waves: how helicity and angular momentum of phonons may depend on the wavevector.

An operation g of the group takes the angular momentum J of a branch at q to
:math:`J(Rq) = \det(R)\, R\, J(q)`, and time reversal to :math:`J(-q) = -J(q)`. So the helicity
:math:`h = J·\hat q` is a pseudoscalar, :math:`h(Rq) = \det(R)\, h(q)`, even in q. The lowest degree
in q at which a polynomial with this symmetry exists is the *wave*. :func:`find_waves` is where to
start.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np

from symchiral.crystal.symmetric import Symmetry
from symchiral.engine.tensor import TensorForm, linear_text, row_reduced, tensor_form
from symchiral.fields.axial import axial_vector
from symchiral.fields.polar import odd_field
from symchiral.value import ROUNDED, Floats

Letter = Literal["s", "p", "d", "f", "g", "h", "i", "j", "k", "l"]

LETTERS: tuple[Letter, ...] = ("s", "p", "d", "f", "g", "h", "i", "j", "k", "l")
"""Names of the waves of degree 0, 1, 2, …, as of atomic orbitals."""


@dataclass(frozen=True)
class Wave:
    """The lowest polynomials in q that a quantity can be.

    Attributes
    ----------
    degree : int or None
        Their degree; None where the quantity vanishes at every q.
    forms : tuple of tuples of str
        A basis of them, each with a polynomial in qx, qy, qz per component, Cartesian.
    """

    degree: int | None
    forms: tuple[tuple[str, ...], ...]

    @property
    def letter(self) -> Letter | None:
        """``s``, ``p``, ``d``, …; None where there is none."""
        return None if self.degree is None else LETTERS[self.degree]


@dataclass(frozen=True)
class Waves:
    r"""What the class of a group says of angular momentum anywhere in the zone.

    Attributes
    ----------
    helicity, angular_momentum : Wave
        Of h = J·q̂ and of J, for a branch of no magnetic order.
    thermal : TensorForm
        The tensor α of :math:`J_i = α_{ij} \partial_j T`.
    """

    helicity: Wave
    angular_momentum: Wave
    thermal: TensorForm


def find_waves(symmetry: Symmetry) -> Waves:
    """Return the waves and the thermal tensor of a group without magnetic order.

    Examples
    --------
    >>> from symchiral.crystal.empty import empty_cell
    >>> from symchiral.crystal.search import space_group
    >>> waves = find_waves(empty_cell(space_group(438)))  # P312
    >>> waves.helicity.letter, waves.angular_momentum.forms
    ('s', (('qx', 'qy', '0'), ('0', '0', 'qz')))
    """
    rotations = symmetry.rotations
    signs = np.linalg.det(rotations)[:, None, None]
    axial = axial_vector(symmetry, "J", time_parity=-1)
    current = odd_field(symmetry, "j", rotations)  # of heat, along the gradient
    return Waves(
        _wave(rotations, signs, 0),
        _wave(rotations, signs * rotations, 1),
        tensor_form((axial, current), ((0,), (1,))),
    )


def _wave(rotations: Floats, matrices: Floats, parity: int) -> Wave:
    """The lowest polynomials p of even (0) or odd (1) degree with p(Rq) = D p(q)."""
    if any(np.allclose(r, -np.eye(3)) for r in rotations):
        return Wave(None, ())  # inversion reverses h, which is even, and keeps J, which is odd
    for degree in range(parity, len(LETTERS), 2):
        found, names = _invariants(rotations, matrices, degree)
        if len(found):
            forms = tuple(tuple(_polynomial(row, names) for row in form) for form in found)
            return Wave(degree, forms)
    raise ValueError(f"no polynomial up to degree {degree} has this symmetry")


def _invariants(rotations: Floats, matrices: Floats, degree: int) -> tuple[Floats, list[str]]:
    r"""(k, d, m): the polynomials as coefficients of m monomials, and the names of these.

    :math:`p → \frac{1}{|G|} \sum_g D(g)\, p(R^{-1} q)` projects on them; what R does to monomials
    is read off their values at random points.
    """
    powers = np.array(
        [
            [chosen.count(i) for i in range(3)]
            for chosen in combinations_with_replacement(range(3), degree)
        ]
    ).reshape(-1, 3)
    points = np.random.default_rng(0).normal(size=(3 * len(powers), 3))

    def values(q: Floats) -> Floats:
        return np.asarray(np.prod(q[..., None, :] ** powers, axis=-1))

    inverse = np.linalg.pinv(values(points))
    moved = inverse @ values(points @ rotations)  # row vectors: (R⁻¹ q)ᵀ = qᵀ R
    size = matrices.shape[1] * len(powers)
    projector = np.einsum("gij,gab->iajb", matrices, moved) / len(rotations)
    rows = projector.reshape(size, size).T
    rank = round(float(np.trace(rows)))
    names = [_monomial(p) for p in powers.tolist()]
    if not rank:
        return np.zeros((0, matrices.shape[1], len(powers))), names
    return row_reduced(rows, rank).reshape(rank, -1, len(powers)), names


def _monomial(powers: list[int]) -> str:
    """``qx² qy``; ``1`` of degree zero."""
    high = {1: "", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶"}
    parts = [f"q{x}{high[n]}" for x, n in zip("xyz", powers, strict=True) if n]
    return " ".join(parts) or "1"


def _polynomial(coefficients: Floats, names: list[str]) -> str:
    """``qx² - qy²``; ``0`` if it vanishes."""
    coefficients = np.where(np.abs(coefficients) < ROUNDED, 0.0, coefficients)
    return linear_text(coefficients, names)
