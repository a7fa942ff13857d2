"""Three wavevectors of a mesh that sum to a reciprocal lattice vector, up to symmetry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symchiral.crystal.qpoint import GAMMA, QPoint, images
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import InputError, LimitError
from symchiral.value import SAME_POINT, Integers

LARGEST = 30_000
"""Most wavevectors of a mesh."""


@dataclass(frozen=True)
class Triplet:
    """Three wavevectors, all incoming.

    Attributes
    ----------
    points : tuple of three QPoints
        The wavevectors, reduced.
    weight : int
        How many ordered triplets of the mesh it stands for.
    """

    points: tuple[QPoint, QPoint, QPoint]
    weight: int


def mesh_triplets(group: SpaceGroup, mesh: tuple[int, int, int]) -> Iterator[Triplet]:
    r"""Yield the triplets of a mesh :math:`q = (i/n_1, j/n_2, k/n_3)` with Σq = G.

    Of triplets that an operation of the group, a common reversal of all wavevectors, or another
    order of the three relates, one is yielded; the weights add up to :math:`(n_1 n_2 n_3)^2`.

    Parameters
    ----------
    group : SpaceGroup
        The group.
    mesh : (3,) int
        Divisions of the primitive reciprocal vectors; the zone centre belongs to the mesh.

    Raises
    ------
    InputError
        The group takes the mesh to another one, or it has no wavevectors.
    LimitError
        It has more than ``LARGEST``.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> found = list(mesh_triplets(space_group(525), (2, 2, 2)))  # Fd-3m
    >>> len(found), sum(t.weight for t in found)
    (5, 64)
    """
    moved = _images(group, mesh)
    total = moved.shape[1]
    n = np.array(mesh)
    places = np.stack(np.unravel_index(np.arange(total), mesh), axis=1)
    first = moved.min(axis=0)
    irreducible = np.flatnonzero(first == np.arange(total))
    weights = np.bincount(first, minlength=total)
    keys, counts = [], []
    for a in irreducible:
        # A pair of the three determines the third; the smallest pair of all orders and images
        # stands for the triplet. One first wavevector at a time bounds the memory.
        b = np.arange(total)
        c = np.ravel_multi_index(tuple(((-places[a] - places) % n).T), mesh)
        code = np.full(total, np.iinfo(np.int64).max)
        for image in moved:
            x, y, z = np.full(total, image[a]), image[b], image[c]
            for u, v in ((x, y), (y, x), (x, z), (z, x), (y, z), (z, y)):
                np.minimum(code, u * total + v, out=code)
        key, count = np.unique(code, return_counts=True)
        keys.append(key)
        counts.append(count * weights[a])
    key, where = np.unique(np.concatenate(keys), return_inverse=True)
    weight = np.bincount(where, weights=np.concatenate(counts)).astype(np.int64)
    for code, number in zip(key.tolist(), weight.tolist(), strict=True):
        a, b = divmod(code, total)
        c = int(np.ravel_multi_index(tuple((-places[a] - places[b]) % n), mesh))
        points = tuple(
            QPoint.of(*(Fraction(int(i), m) for i, m in zip(places[x], mesh, strict=True))).reduced
            for x in (a, b, c)
        )
        yield Triplet((points[0], points[1], points[2]), number)


def needs_judging(group: SpaceGroup, points: Sequence[QPoint]) -> bool:
    r"""Whether a product of modes at these wavevectors, all incoming, can be forbidden at all.

    It can if an operation besides the identity maps the wavevectors onto themselves, in whatever
    order, or if one of them is the zone centre, where modes can be rigid translations. Otherwise
    the identity alone takes the product to itself, and no average over the group makes it vanish.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> silicon, q = space_group(525), QPoint.of("1/5", "1/7", "1/11")
    >>> needs_judging(silicon, [q, q, -(q + q)])
    False
    >>> needs_judging(silicon, [QPoint.of("1/8", "1/8", 0)] * 2 + [QPoint.of("-1/4", "-1/4", 0)])
    True
    """
    reduced = [q.reduced for q in points]
    if GAMMA in reduced:
        return True
    met = Counter(reduced)
    moved = zip(*(images(group, q) for q in reduced), strict=True)
    return sum(Counter(m) == met for m in moved) > 1


def _images(group: SpaceGroup, mesh: tuple[int, int, int]) -> Integers:
    """(K, N): index of the image of every wavevector, and of the reversed one."""
    name = " ".join(map(str, mesh))
    if min(mesh) < 1:
        raise InputError(
            f"no mesh {name}",
            why="it is not three positive whole numbers",
            fix='write it as in "4 4 4"',
        )
    total = int(np.prod(mesh))
    if total > LARGEST:
        raise LimitError(
            f"a mesh of {total:,} wavevectors is too large",
            why=f"it has {total**2:.1e} triplets, and {LARGEST:,} wavevectors are the most",
            fix="take a coarser mesh",
        )
    n = np.array(mesh)
    places = np.stack(np.unravel_index(np.arange(total), mesh), axis=1)
    found: dict[bytes, Integers] = {}
    for sign in (1, -1):
        for rotation in group.rotations:
            # q R⁻¹, on the mesh: i_j = n_j Σ_k (i_k / n_k) (R⁻¹)_kj.
            inverse = np.rint(np.linalg.inv(np.array(rotation, dtype=float)))
            step = inverse * n / n[:, None]
            whole = np.rint(step).astype(np.int64)
            if np.abs(step - whole).max() > SAME_POINT:
                raise InputError(
                    f"the mesh {name} does not have the symmetry of the crystal",
                    why=f"an operation of {group.symbol} takes its wavevectors to others",
                    fix="divide reciprocal vectors that symmetry relates alike, as in "
                    f'"{max(mesh)} {max(mesh)} {max(mesh)}"',
                )
            image = np.ravel_multi_index(tuple((sign * places @ whole % n).T), mesh)
            found.setdefault((sign * whole).tobytes(), image)
    return np.array(list(found.values()))
