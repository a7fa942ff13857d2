"""Which of several equivalent standard settings a crystal is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from symchiral.algebra.congruence import Solutions, solve_modulo_one
from symchiral.algebra.lattice import box, heights
from symchiral.crystal.frame import UNSYMMETRIC, Change, Frame, inverse, symmetrized_cell
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.crystal.tolerance import SYMPREC
from symchiral.value import WHOLE, Floats, Integers, frozen

SHARPNESS = 30.0
OFFSET = np.array([0.01, 0.02, 0.03])
"""Of the window φ. They decide which setting wins: changing them changes labels."""

MARKED = np.array([1.0, 2.0, 4.0]) / np.sqrt(21)
"""Components on the standard axes of the direction in which marks are weighed."""

DISTINCT_ORIGINS = 0.05
"""Origins of equal right are at least 1/8 apart: closer ones differ by noise."""

ORTHORHOMBIC, TETRAGONAL = 16, 75
"""The first space group of a system, and of one whose groups have an axis of order three or more.
"""

UPRIGHT = 1e-3
"""Components of unit vectors that differ by less are equal: noise must not turn the cell."""


@dataclass(frozen=True, eq=False)
class Alternatives:
    r"""Changes :math:`x' = N x + s` of the primitive coordinates that keep every operation.

    Attributes
    ----------
    rotation : (3, 3) int
        N, of determinant 1.
    shifts : (k, 3) float
        Every s that goes with it, up to whole numbers and the directions in which it is free.
    """

    rotation: Integers
    shifts: Floats


def canonical_change(
    frame: Frame,
    group: SpaceGroup,
    positions: Floats,
    numbers: Integers,
    *,
    tolerance: float,
    marks: Floats | None = None,
) -> Change:
    r"""Return the change to the setting that the crystal itself prefers.

    The standard setting of a space group is not unique: an element :math:`\{N|s\}` of its
    normalizer gives other axes and another origin in which all operations read the same, but
    atoms have other coordinates, and irreps off the zone centre (and B1, B2, B3) other names. Of
    the settings of one handedness whose axes are equally long and inclined (of an orthorhombic
    group: with a, then b, then c as short as the group allows), that one is taken in which

    .. math:: F = \sum_κ w_κ\, φ(x'_κ), \qquad
              φ(x) = \Bigl[1 + 30 \sum_i \sin^2 π(x_i - o_i)\Bigr]^{-1},

    is largest, with x' the primitive coordinates, o = (0.01, 0.02, 0.03) and w the atomic number
    Z: roughly, a heavy atom at the origin. φ has no symmetry and all harmonics, so different
    settings differ in F unless an operation of the crystal relates them; it is smooth, so noise
    cannot choose unless it is as large as what tells the settings apart. In polar groups only
    the coordinates across the free directions enter φ, and each atom weighs
    :math:`w_κ = Z_κ [\sum_λ Z_λ φ(x'_λ - x'_κ)/\sum_λ Z_λ]^2`, which tells up from down.

    Among the settings that an operation relates, which say the same, the one with c highest is
    taken (in z, then y, then x of the input's axes), then the one with a furthest along x, y, z;
    the origin is that nearest to the input's up to lattice vectors, and along free directions the
    input's.

    Parameters
    ----------
    frame : Frame
        Any standard setting.
    group : SpaceGroup
        The group.
    positions, numbers
        The primitive cell in that setting.
    tolerance : float
        Lengths that differ by less are equal, Å.
    marks : (N, 3, 3) float, optional
        A symmetric Cartesian tensor M per atom that tells apart what positions and elements do not:
        :math:`m m^T` of a moment m, a strain. Then :math:`Z` becomes
        :math:`Z (1 + n^T M' n / 2)` with M in the standard axes, the largest of size 1, and
        :math:`n ∝ (1, 2, 4)`.
    """
    candidates = _candidates(frame, group, tolerance)
    free = polar(group)
    settings = [(candidate, i) for candidate in candidates for i in range(len(candidate.shifts))]
    best, index = settings[0]
    if len(settings) > 1:
        values = [
            _preference(
                candidate, free, positions, _weights(frame, candidate.rotation, numbers, marks)
            )
            for candidate in candidates
        ]
        best, index = settings[int(np.argmax(np.concatenate(values)))]
    rotation, shift = best.rotation, best.shifts[index]
    change = _upright(frame, group, rotation, shift)
    return _near(frame, change, free.free)


def _candidates(frame: Frame, group: SpaceGroup, tolerance: float) -> tuple[Alternatives, ...]:
    """The settings that a crystal may choose from, of axes equally long and inclined."""
    if group.number < ORTHORHOMBIC:
        return alternatives(group, lattice_rotations(frame.cell, tolerance).tobytes())
    found = in_any_cell(group)
    if group.number < TETRAGONAL and len(found) > 1:
        return _shortest_first(frame, found, tolerance)
    return found


@lru_cache(maxsize=512)
def in_any_cell(group: SpaceGroup) -> tuple[Alternatives, ...]:
    """The settings of a group that is neither triclinic nor monoclinic: every cell has the same.

    With an axis of order three or more, a change N that keeps the operations takes that axis to
    itself or its negative, and a metric that obeys the operations to another one. Of the plane
    across the axis, and of a cubic cell, there is one such metric but for its size: so N keeps
    lengths and angles of every cell.
    """
    if group.number < TETRAGONAL:
        return alternatives(group, axis_permutations(group).tobytes())
    cell = symmetrized_cell(UNSYMMETRIC, group.rotations)
    return alternatives(group, lattice_rotations(cell, SYMPREC).tobytes())


def is_operation(change: Change, group: SpaceGroup) -> bool:
    """Whether a change is an operation of the group, lattice and free directions apart.

    Then every atom has the same coordinates in both settings, up to equivalent positions.
    """
    try:
        operation = group.find(change.rotation)
    except KeyError:
        return False
    rest = (change.shift - group.shifts[operation] / DENOMINATOR) @ polar(group).bound.T
    return bool(np.all(np.abs(rest - np.rint(rest)) < DISTINCT_ORIGINS))


def lattice_rotations(cell: Floats, tolerance: float) -> Integers:
    """(m, 3, 3): changes N of the basis, of determinant 1, that keep its metric.

    The new vectors are the columns of :math:`N^{-1}`. Coefficients are bounded by the lengths:
    that of v along basis vector i is v·b_i* and not larger than |v| |b_i*|.
    """
    metric = cell @ cell.T
    lengths = np.sqrt(metric.diagonal())
    longer = lengths.tolist()
    a, b, c = (int((max(longer) + tolerance) / height + 0.1) for height in heights(cell))
    vectors = box(a, b, c)
    cartesian = vectors @ cell
    near = np.sqrt((cartesian * cartesian).sum(axis=1))
    equal = np.abs(near - lengths[:, None]) < tolerance
    x, y, z = (row.nonzero()[0] for row in equal)

    def fit(i: int, first: Integers, j: int, second: Integers) -> npt.NDArray[np.bool_]:
        slack = tolerance * (longer[i] + longer[j])
        products = cartesian[first] @ cartesian[second].T
        return np.asarray(np.abs(products - metric[i, j]) < slack)

    fits = fit(0, x, 1, y)[:, :, None] & fit(0, x, 2, z)[:, None, :] & fit(1, y, 2, z)
    i, j, k = np.nonzero(fits)
    return _changes(vectors[np.array([x[i], y[j], z[k]])].tobytes())


@lru_cache(maxsize=4096)
def _changes(raw: bytes) -> Integers:
    """(m, 3, 3): the changes of determinant 1 to bases, (3, m, 3) with the vector first."""
    bases = np.frombuffer(raw, dtype=np.int64).reshape(3, -1, 3).transpose(1, 2, 0)
    proper = bases[np.rint(np.linalg.det(bases)) == 1]
    return frozen(np.rint(np.linalg.inv(proper)), np.int64)


@lru_cache(maxsize=512)
def axis_permutations(group: SpaceGroup) -> Integers:
    """(m, 3, 3): changes of determinant 1 that permute and reverse the standard axes.

    Of an orthorhombic group no other change keeps the operations. They need not keep the metric:
    where a = b, spglib may exchange the names of b and c.
    """
    signs = [np.diag(s) for s in product((1, -1), repeat=3)]
    orders = [np.eye(3)[list(order)] for order in permutations(range(3))]
    changes = np.array([s @ p for p in orders for s in signs])
    changes = changes[np.linalg.det(changes) > 0]
    primitive = np.linalg.inv(group.centring) @ changes @ group.centring
    whole = np.all(np.abs(primitive - np.rint(primitive)) < WHOLE, axis=(1, 2))
    return frozen(np.rint(primitive[whole]), np.int64)


def _shortest_first(
    frame: Frame, candidates: tuple[Alternatives, ...], tolerance: float
) -> tuple[Alternatives, ...]:
    """Those with the shortest a; of these those with the shortest b."""
    lengths = {
        c: np.linalg.norm(frame.cell.T @ inverse(frame.centring @ c.rotation), axis=0)
        for c in candidates
    }
    for axis in (0, 1):
        least = min(lengths[c][axis] for c in candidates)
        candidates = tuple(c for c in candidates if lengths[c][axis] < least + tolerance)
    return candidates


@lru_cache(maxsize=512)
def polar(group: SpaceGroup) -> Solutions:
    """The shifts of the origin that keep every operation, and the directions where it is free."""
    found = shifts(group, np.eye(3, dtype=np.int64))
    assert found is not None
    return found


def shifts(group: SpaceGroup, rotation: Integers) -> Solutions | None:
    r"""Every s with which :math:`\{N|s\}` takes the group to itself; None if there is none.

    :math:`\{N|s\}\{W|w\}\{N|s\}^{-1} = \{W'|w'\}` with :math:`W' = N W N^{-1}` must be an
    operation: :math:`(W' - 1)\,s \equiv N w - w' \pmod 1`.
    """
    backward = np.rint(np.linalg.inv(rotation)).astype(np.int64)
    try:
        image = [group.find(w) for w in rotation @ group.rotations @ backward]
    except KeyError:
        return None
    right = group.shifts @ rotation.T - group.shifts[image]
    left = group.rotations[image] - np.eye(3, dtype=np.int64)
    found = solve_modulo_one(left.reshape(-1, 3), right.ravel(), DENOMINATOR)
    return found if len(found) else None


@lru_cache(maxsize=512)
def alternatives(group: SpaceGroup, raw: bytes) -> tuple[Alternatives, ...]:
    """The settings that changes of basis, (m, 3, 3), lead to, one for each coset of the group."""
    proper = group.rotations[_proper(group)]
    seen: set[bytes] = set()
    found = []
    for rotation in np.frombuffer(raw, dtype=np.int64).reshape(-1, 3, 3):
        if rotation.tobytes() in seen:
            continue
        solutions = shifts(group, rotation)
        if solutions is not None:
            seen.update(w.tobytes() for w in proper @ rotation)
            found.append(Alternatives(rotation, solutions.points))
    return tuple(found)


@lru_cache(maxsize=512)
def _proper(group: SpaceGroup) -> Integers:
    """Indices of the operations of determinant 1."""
    return np.flatnonzero(np.rint(np.linalg.det(group.rotations)) == 1)


def _window(x: Floats) -> Floats:
    """φ of the last axis."""
    offset = OFFSET[: x.shape[-1]]
    return np.asarray(1 / (1 + SHARPNESS * (np.sin(np.pi * (x - offset)) ** 2).sum(axis=-1)))


def _weights(frame: Frame, rotation: Integers, numbers: Integers, marks: Floats | None) -> Floats:
    """(N,): Z, times what the marks say in the standard axes that a change leads to."""
    weights = numbers.astype(float)
    if marks is None:
        return weights
    axes = frame.cell.T @ inverse(frame.centring @ rotation)
    axes /= np.linalg.norm(axes, axis=0)
    n = axes @ MARKED
    size = float(np.abs(np.linalg.eigvalsh(marks)).max())
    return weights * (1 + np.asarray(n @ marks @ n) / (2 * size))


def _preference(
    candidate: Alternatives, polar: Solutions, positions: Floats, weights: Floats
) -> Floats:
    """(k,): F of each setting, for atoms of these weights."""
    placed = positions @ candidate.rotation.T
    x = placed + candidate.shifts[:, None, :]
    if polar.free.size:
        weights = weights * _surroundings(placed, weights) ** 2
        x = x @ polar.bound.T
    return np.asarray(_window(x) @ weights)


def _surroundings(placed: Floats, weights: Floats) -> Floats:
    r"""The window of every atom on all others, weighted.

    With :math:`\sin^2 π(x - y - o) = [1 - \cos 2πx \cos 2π(y + o) - \sin 2πx \sin 2π(y + o)]/2`
    the sums over the axes are one product of matrices: (N, 6) of the atoms whose window it is
    with (6, N) of the atoms that are seen.
    """
    angle = 2 * np.pi * placed
    seen = np.concatenate([np.cos(angle), np.sin(angle)], axis=1).T.copy()
    angle = angle + 2 * np.pi * OFFSET
    own = SHARPNESS / 2 * np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    found = np.empty(len(placed))
    step = max(1, 12_000 // len(placed))  # a block stays in the cache of the processor
    for i in range(0, len(placed), step):
        window = own[i : i + step] @ seen
        np.subtract(1 + SHARPNESS * placed.shape[1] / 2, window, out=window)
        np.reciprocal(window, out=window)
        found[i : i + step] = window @ weights
    return np.asarray(found / weights.sum())


def _upright(frame: Frame, group: SpaceGroup, rotation: Integers, shift: Floats) -> Change:
    """The change followed by that operation of the group which sets the axes upright."""
    axes = frame.cell.T @ _standard(group, rotation.tobytes())
    axes /= np.sqrt((axes * axes).sum(axis=1, keepdims=True))
    heights = axes.tolist()
    chosen = list(range(len(heights)))
    for axis, component in ((2, 2), (2, 1), (2, 0), (0, 0), (0, 1), (0, 2)):
        if len(chosen) == 1:
            break
        least = max(heights[i][component][axis] for i in chosen) - UPRIGHT
        chosen = [i for i in chosen if heights[i][component][axis] > least]
    best = _proper(group)[chosen[0]]
    moved = group.rotations[best] @ shift + group.shifts[best] / DENOMINATOR
    return Change(frozen(group.rotations[best] @ rotation), moved)


@lru_cache(maxsize=4096)
def _standard(group: SpaceGroup, raw: bytes) -> Floats:
    """(P, 3, 3): the standard axes that each proper operation W leads to after a change N, columns.

    In the primitive basis they are (C W N)⁻¹ = N⁻¹ W⁻¹ C⁻¹.
    """
    inward = group.rotations[group.inverses[_proper(group)]] @ inverse(group.centring)
    return frozen(inverse(np.frombuffer(raw, dtype=np.int64).reshape(3, 3)) @ inward)


def _near(frame: Frame, change: Change, free: Integers) -> Change:
    """The same axes with the origin as near to the input's as lattice and free lines allow."""
    origin = change(np.asarray(inverse(frame.centring) @ frame.origin))
    shift = change.shift - np.rint(origin)
    if free.size:
        cell = frame.cell.T @ inverse(change.rotation)
        along = np.linalg.lstsq(cell @ free, cell @ (origin - np.rint(origin)), rcond=None)[0]
        shift = shift - free @ along
    return Change(change.rotation, frozen(shift))
