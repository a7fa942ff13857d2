r"""Waves: how helicity and angular momentum of phonons may depend on the wavevector.

An operation g of the group takes the angular momentum J of a branch at q to
:math:`J(Rq) = \det(R)\, R\, J(q)`, and one that is a symmetry only together with time reversal to
:math:`J(-Rq) = -\det(R)\, R\, J(q)`. So the helicity :math:`h = J·\hat q` is a pseudoscalar that
time reversal only takes to another wavevector, :math:`h(\pm Rq) = \det(R)\, h(q)`. Where time
reversal alone is a symmetry J is odd and h even in q. The lowest degree in q at which a polynomial
with this symmetry exists is the *wave*. :func:`find_waves` is where to start.
"""

from __future__ import annotations

from collections.abc import Iterable
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

Powers = tuple[int, int, int]
"""Powers of qx, qy, qz."""

Polynomial = tuple[tuple[Powers, float], ...]
"""Monomials with their coefficients; none of a component that vanishes."""

LETTERS: tuple[Letter, ...] = ("s", "p", "d", "f", "g", "h", "i", "j", "k", "l")
"""Names of the waves of degree 0, 1, 2, …, as of atomic orbitals."""


@dataclass(frozen=True)
class Wave:
    """The lowest polynomials in q that a quantity can be.

    Attributes
    ----------
    degree : int or None
        Their degree; None where the quantity vanishes at every q.
    polynomials : tuple of tuples
        A basis of them, each with a polynomial in qx, qy, qz per component, Cartesian.
    """

    degree: int | None
    polynomials: tuple[tuple[Polynomial, ...], ...]

    @property
    def forms(self) -> tuple[tuple[str, ...], ...]:
        """The polynomials as text, ``qx² - qy²``."""
        return tuple(tuple(map(_text, form)) for form in self.polynomials)

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
        Of h = J·q̂ and of J, for one branch.
    thermal : TensorForm
        The tensor α of :math:`J_i = α_{ij} \partial_j T` by scattering, even in a magnetic order.
    """

    helicity: Wave
    angular_momentum: Wave
    thermal: TensorForm


def find_waves(symmetry: Symmetry) -> Waves:
    """Return the waves and the thermal tensor of a group, with its magnetic order if it has one.

    Examples
    --------
    >>> from symchiral.crystal.empty import empty_cell
    >>> from symchiral.crystal.search import space_group
    >>> waves = find_waves(empty_cell(space_group(438)))  # P312
    >>> waves.helicity.letter, waves.angular_momentum.forms
    ('s', (('qx', 'qy', '0'), ('0', '0', 'qz')))

    Chromium triiodide is a ferromagnet along its axis of order 3:

    >>> import symchiral as sc
    >>> find_waves(sc.read("CrI3_FM").crystal).angular_momentum.forms
    (('0', '0', '1'),)
    """
    rotations, axial = symmetry.rotations, symmetry.axial_rotations
    improper = np.linalg.det(rotations)[:, None, None]
    if symmetry.signs is None:  # J is odd and h even in q: improper operations may reverse q, too
        signs, step = np.rint(improper), 2
    else:
        signs, step = np.array(symmetry.signs, dtype=float)[:, None, None], 1
    moment = axial_vector(symmetry, "J", time_parity=-1)
    current = odd_field(symmetry, "j", rotations)  # of heat, along the gradient
    return Waves(
        _wave(signs * rotations, improper, range(0, len(LETTERS), step)),
        _wave(signs * rotations, signs * axial, range(step - 1, len(LETTERS), step)),
        tensor_form((moment, current), ((0,), (1,))),
    )


def _wave(rotations: Floats, matrices: Floats, degrees: Iterable[int]) -> Wave:
    """The lowest polynomials p of these degrees with p(Rq) = D p(q)."""
    one = np.eye(matrices.shape[1])
    for r, d in zip(rotations, matrices, strict=True):
        if np.allclose(r, np.eye(3)) and not np.allclose(d, one):
            return Wave(None, ())  # it reverses the quantity at every q
    for degree in degrees:
        found, powers = _invariants(rotations, matrices, degree)
        if len(found):
            return Wave(degree, tuple(tuple(_monomials(row, powers) for row in f) for f in found))
    raise ValueError("no polynomial up to the highest degree has this symmetry")


def _invariants(
    rotations: Floats, matrices: Floats, degree: int
) -> tuple[Floats, tuple[Powers, ...]]:
    r"""(k, d, m): the polynomials as coefficients of m monomials, and the powers of these.

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
    kept: tuple[Powers, ...] = tuple((a, b, c) for a, b, c in powers.tolist())
    if not rank:
        return np.zeros((0, matrices.shape[1], len(powers))), kept
    return row_reduced(rows, rank).reshape(rank, -1, len(powers)), kept


def _monomials(coefficients: Floats, powers: tuple[Powers, ...]) -> Polynomial:
    """Those that occur."""
    kept = zip(powers, coefficients.tolist(), strict=True)
    return tuple((power, x) for power, x in kept if abs(x) >= ROUNDED)


def _text(polynomial: Polynomial) -> str:
    """``qx² - qy²``; ``0`` if it vanishes."""
    names = [_monomial(power) for power, _ in polynomial]
    return linear_text(np.array([x for _, x in polynomial]), names)


def _monomial(powers: Powers) -> str:
    """``qx² qy``; ``1`` of degree zero."""
    high = {1: "", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"}
    parts = [f"q{x}{high[n]}" for x, n in zip("xyz", powers, strict=True) if n]
    return " ".join(parts) or "1"
