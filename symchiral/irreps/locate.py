"""Where a wavevector is among the named points, lines and planes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import dot
from symchiral.crystal.operation import Vector
from symchiral.crystal.qpoint import GENERIC, QPoint
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.kpoints import (
    Affine,
    NamedPoint,
    is_tabulated,
    named_points,
)
from symchiral.value import Floats, Integers

ExactIntegers = npt.NDArray[Any]
"""int64, or Python integers where denominators are large."""

DENOMINATOR = 24
"""Of the coordinates of all special points, and of the constants of lines and planes."""


@dataclass(frozen=True)
class Location:
    r"""Where a wavevector is among the named ones.

    .. math:: q = k(α, β, γ)\, W_g^{-1} + G

    for the named k, the operation g and a reciprocal lattice vector G. One q has several
    parameters; which are taken matters, since a step by a reciprocal vector may exchange the
    labels of a line or plane (LD1 and LD2 of P2₁). Taken are those nearest to the constant part
    of k, in a metric every operation leaves invariant; of equally near ones, which an operation
    fixing the constant part relates, those with the largest sum, then the largest α, β. These
    domains are convex, so labels are continuous inside: along a line from Γ, 0 < α up to the zone
    boundary, or −boundary < α where no operation turns the line round.

    Attributes
    ----------
    point : NamedPoint
        The point, line, plane or volume.
    operation : int
        Index of g among the operations of the group.
    parameters : tuple of Affine
        The free ones of α, β, γ, each affine in the parameters of q.
    exact : bool
        Whether q is k(α, β, γ) itself: g the identity and G = 0.
    """

    point: NamedPoint
    operation: int
    parameters: tuple[Affine, ...]
    exact: bool

    @property
    def k(self) -> QPoint:
        """The wavevector k(α, β, γ) to which the tabulated characters belong."""
        return self.point.at(self.parameters)

    @property
    def text(self) -> str:
        """The name with its parameters as one writes it: ``K``, ``LD(1/7)``, ``C(u,1/2-v)``."""
        return self.point.written(self.parameters)


@lru_cache(maxsize=65536)
def locate(group: SpaceGroup, q: QPoint) -> Location:
    r"""Return where q is among the named wavevectors: the most special name that fits.

    A line or plane with free parameters is judged at their generic values, where its characters
    are; the name holds for all values.

    Raises
    ------
    InputError
        If the group is not in the setting of the tables.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> graphene = space_group(485)
    >>> locate(graphene, QPoint.of("-2/3", "1/3", 1)).text
    'K'
    >>> [locate(graphene, QPoint.of(0, 0, z)).text for z in ("-u", "4/5", "1-2u", "3/2")]
    ['DT(u)', 'DT(1/5)', 'DT(2u)', 'A']
    >>> locate(graphene, QPoint.of("u", "1/2", 0)).text
    'B(1/2-u,u)'
    """
    points = named_points(group)
    if q.fixed:
        found = _special_points(group).get(tuple(x % 1 for x in q.coordinates))
        if found is not None:
            point, operation = found
            return Location(point, operation, (), exact=point.q == q)
    rows = [q.generic, *q.slopes]
    denominator = math.lcm(DENOMINATOR, *(x.denominator for row in rows for x in row))
    dtype = np.int64 if denominator < 2**40 else object
    numerators = np.array([[int(x * denominator) for x in row] for row in rows], dtype=dtype)
    images = numerators @ group.rotations  # under g⁻¹, (G, 4, 3): k = q W - G
    for point in points:
        if point.kdim:
            location = _on(point, group, q, images, denominator)
            if location is not None:
                return location
    raise ValueError(f"{q} is not even a general position of {group}")


def star_name(group: SpaceGroup, q: QPoint) -> str:
    """Return a short name of the star of q: its label, or coordinates of a general position.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> graphene = space_group(485)
    >>> star_name(graphene, QPoint.of("1/3", "1/3", 0)), star_name(graphene, QPoint.of(0, 0, "u"))
    ('K', 'DT')
    >>> star_name(graphene, QPoint.of("1/7", "2/11", "1/5"))
    '1/7,2/11,1/5'
    """
    if is_tabulated(group):
        point = locate(group, q).point
        if point.kdim < 3:
            return point.label
    return ",".join(q.reduced.texts)


@lru_cache(maxsize=230)
def _special_points(group: SpaceGroup) -> dict[tuple[Fraction, ...], tuple[NamedPoint, int]]:
    """Every arm of every special point, coordinates modulo 1, with an operation leading there."""
    found: dict[tuple[Fraction, ...], tuple[NamedPoint, int]] = {}
    inverses = group.rotations[group.inverses]
    for point in named_points(group):
        if not point.kdim:
            numerators = np.array([int(x * DENOMINATOR) for x in point.q.coordinates])
            for g, arm in enumerate((numerators @ inverses % DENOMINATOR).tolist()):
                found.setdefault(tuple(Fraction(x, DENOMINATOR) for x in arm), (point, g))
    return found


# ------------------------------------------------------------------ lines, planes, volumes


@dataclass(frozen=True, eq=False)
class _Span:
    r"""The reciprocal vectors along a line or plane with directions D.

    The first p columns of a unimodular matrix B are the shortest basis of the reciprocal vectors
    in span D. The last rows of its inverse vanish on D, so d is in span D up to a reciprocal
    vector if and only if the last components of B⁻¹d are integers.
    """

    basis: Integers
    inverse: Integers
    solution: tuple[Vector, ...]  # rows: a parameter as a linear form on span D
    metric: Integers


@lru_cache(maxsize=1024)
def _span(group: SpaceGroup, directions: tuple[Vector, ...]) -> _Span:
    metric = _metric(group)
    d = np.array([[float(x) for x in direction] for direction in directions]).T
    pseudoinverse = np.linalg.pinv(d)
    small = np.array(list(product((0, 1, -1, 2, -2), repeat=3))[1:])
    small = small[np.argsort(np.einsum("ai,ij,aj->a", small, metric, small), kind="stable")]
    along = small[np.all(np.abs(small @ (d @ pseudoinverse).T - small) < 1e-9, axis=1)]
    chosen: list[Integers] = []
    for vector in along:
        if np.linalg.matrix_rank(np.array([*chosen, vector])) > len(chosen):
            chosen.append(vector)
            if len(chosen) == len(directions):
                break
    for rest in combinations(small[np.abs(small).max(axis=1) == 1], 3 - len(chosen)):
        basis = np.array([*chosen, *rest]).T
        if round(abs(np.linalg.det(basis))) == 1:
            solution = tuple(_vector(row) for row in pseudoinverse)
            inverse = np.rint(np.linalg.inv(basis)).astype(np.int64)
            return _Span(basis[:, : len(chosen)], inverse, solution, metric)
    raise ValueError(f"no basis of the reciprocal vectors along {directions} in {group}")


@lru_cache(maxsize=230)
def _metric(group: SpaceGroup) -> Integers:
    """Return an invariant metric for wavevectors, from equal axes of the conventional cell."""
    inverse = np.rint(np.linalg.inv(group.centring)).astype(np.int64)
    w = np.rint(group.centring @ group.rotations @ inverse).astype(np.int64)
    metric: Integers = inverse @ np.einsum("gij,gkj->ik", w, w) @ inverse.T
    return metric


def _vector(row: Floats) -> Vector:
    x, y, z = (Fraction(float(number)).limit_denominator(1000) for number in row)
    return x, y, z


def _on(
    point: NamedPoint, group: SpaceGroup, q: QPoint, images: ExactIntegers, denominator: int
) -> Location | None:
    """Where q is on this line or plane, or None.

    ``images`` (G, 4, 3) are q at generic parameters and its slopes under every g⁻¹, in units of
    1/denominator.
    """
    p = point.kdim
    span = _span(group, point.q.slopes[:p])
    constant = np.array([int(x * denominator) for x in point.q.coordinates], dtype=images.dtype)
    components = (images[:, 0] - constant) @ span.inverse.T
    fits = np.all(components[:, p:] % denominator == 0, axis=1)
    if not q.fixed:
        fits &= np.all(images[:, 1:] @ span.inverse[p:].T == 0, axis=(1, 2))
    (operations,) = np.nonzero(fits)
    if not len(operations):
        return None
    # k - constant = basis · x; its lattice steps are integers in x, and the basis is reduced
    steps = np.array(list(product(range(-2, 2), repeat=p)), dtype=images.dtype) * denominator
    x = (components[operations, None, :p] % denominator + steps).reshape(-1, p)
    offset = x.astype(float) / denominator @ span.basis.T
    norms = np.einsum("ai,ij,aj->a", offset, span.metric, offset)
    (near,) = np.nonzero(norms <= norms.min() * (1 + 1e-9) + 1e-12)
    distinct = {tuple(x[i].tolist()): int(operations[i // len(steps)]) for i in near[::-1]}
    candidates = []
    for coefficients, operation in distinct.items():
        numerators = span.basis.astype(object) @ coefficients
        norm = int(numerators @ span.metric.astype(object) @ numerators)
        shift = [Fraction(int(i), denominator) for i in numerators]
        values = [dot(row, shift) for row in span.solution]
        candidates.append((-norm, sum(values), values, operation))
    _, _, values, operation = max(candidates)
    slopes = [[Fraction(int(i), denominator) for i in row] for row in images[operation, 1:]]
    parameters: list[Affine] = []
    for row, value in zip(span.solution, values, strict=True):
        u, v, w = (dot(row, slope) for slope in slopes)
        parameters.append((value - dot((u, v, w), GENERIC), u, v, w))
    exact = operation == 0 and point.at(parameters) == q
    return Location(point, operation, tuple(parameters), exact)
