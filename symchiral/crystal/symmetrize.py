"""Atoms that nearly obey a group: made to obey it, and whether they nearly obey a larger one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.frame import UNSYMMETRIC, Change, symmetrized_cell
from symchiral.crystal.setting import lattice_rotations
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.crystal.tolerance import SYMPREC
from symchiral.value import Floats, Integers, frozen

FEW = 24
"""Atoms of which all pairs are looked at together, whatever their elements."""

TRIGONAL, CUBIC = 143, 195
"""The first space groups of these systems."""

MARGIN = 3
"""Times the distance: an operation is tried with the translation that puts one atom where another
is, so each atom may miss its image by twice as much as with the best translation."""

FIRST = 2
"""Atoms of an element that are looked at before the others."""

MOST = 5_000
"""Distances between atoms, besides one for every second pair, that take as long to look at as a
symmetry search."""


def fold(
    coordinates: Floats,
    numbers: Integers,
    mapping: Integers,
) -> tuple[Floats, Integers, Integers]:
    """Average the translational copies of each primitive atom, in order of first appearance.

    Returns positions, numbers, and the index in the input of one copy of each atom.
    """
    everyone = np.arange(len(mapping))
    if np.array_equal(mapping, everyone):  # a primitive cell
        return coordinates, numbers, everyone
    _, first, inverse = np.unique(mapping, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    copies = rank[inverse]
    representatives = first[order]
    offset = coordinates - coordinates[representatives][copies]
    offset -= np.rint(offset)
    mean = np.zeros((len(order), 3))
    np.add.at(mean, copies, offset)
    mean /= np.bincount(copies)[:, None]
    return coordinates[representatives] + mean, numbers[representatives], representatives


def images(positions: Floats, group: SpaceGroup) -> Floats:
    """(G, N, 3): where every operation takes every atom, primitive coordinates."""
    turned, translations = _maps(group)
    return np.asarray(positions @ turned + translations)


@lru_cache(maxsize=512)
def _maps(group: SpaceGroup) -> tuple[Floats, Floats]:
    """(G, 3, 3) and (G, 1, 3): rotation parts that stand to the right of rows; translations."""
    turned = frozen(group.rotations.swapaxes(1, 2), float)
    return turned, frozen(group.shifts[:, None] / DENOMINATOR)


def matched(
    moved: Floats, positions: Floats, numbers: Integers, group: SpaceGroup, cell: Floats
) -> Integers:
    """(G, N): the atom of the same element to which each operation takes each atom.

    For a generator that is the one nearest to the image, of which ``moved`` has those of all
    operations; a product takes an atom where its factors take it in turn.
    """
    found = np.empty(moved.shape[:2], dtype=np.int64)
    found[0] = np.arange(len(positions))
    generators, words = group.words
    chosen = list(generators)
    found[chosen] = _nearest(moved[chosen], positions, numbers, cell)
    for k, g, h in words:
        found[k] = found[g][found[h]]
    return found


def averaged(
    moved: Floats, positions: Floats, permutations: Integers, cell: Floats
) -> tuple[Floats, Floats, float]:
    """Positions averaged over the group, the mean move, and the largest beyond it, Å.

    The mean move of all atoms is a shift of the origin, by which only the frame was off.
    """
    operations = np.arange(len(permutations))[:, None]
    sources = permutations.argsort(axis=1)  # the atom that each operation takes to an atom
    # The image of κ is an estimate of the position of κ'.
    moves = moved[operations, sources] - positions
    moves -= np.rint(moves)
    move = moves.sum(axis=0) / len(moves)
    drift = move.sum(axis=0) / len(move)
    away = (move - drift) @ cell
    deviation = float(np.sqrt((away * away).sum(axis=1).max(initial=0.0)))
    if (permutations[operations, sources] != np.arange(len(positions))).any():
        deviation = float("inf")
    return positions + move, drift, deviation


def carried(permutations: Integers, group: SpaceGroup, change: Change) -> Integers:
    """The permutations in the order of the operations in another setting."""
    found = np.empty_like(permutations)
    found[_renamed(group, change.rotation.tobytes())] = permutations
    return found


@lru_cache(maxsize=4096)
def _renamed(group: SpaceGroup, raw: bytes) -> Integers:
    """(G,): where N W N⁻¹ stands among the operations, for every W."""
    rotation = np.frombuffer(raw, dtype=np.int64).reshape(3, 3)
    inverse = np.rint(np.linalg.inv(rotation)).astype(np.int64)
    return frozen([group.find(w) for w in rotation @ group.rotations @ inverse], np.int64)


def lattice_shifts(
    positions: Floats, permutations: Integers, group: SpaceGroup, cell: Floats
) -> tuple[Integers, float]:
    """(G, N, 3) whole L with g r_κ = r_κ' + L, and the largest distance by which that fails, Å."""
    difference = images(positions, group) - positions[permutations]
    whole = np.rint(difference).astype(np.int64)
    residual = (difference - whole).reshape(-1, 3) @ cell
    return whole, float(np.sqrt((residual * residual).sum(axis=1).max(initial=0.0)))


def _nearest(
    images: Floats,
    positions: Floats,
    numbers: Integers,
    cell: Floats,
) -> Integers:
    """Index of the atom of the same element nearest to each image (G, N), modulo the lattice."""
    if len(positions) <= FEW:
        distance = distances(images[:, :, None] - positions, cell)
        distance[:, numbers[:, None] != numbers] = np.inf
        return np.asarray(distance.argmin(axis=2))
    found = np.empty(images.shape[:2], dtype=np.int64)
    for number in np.unique(numbers):
        (members,) = np.nonzero(numbers == number)
        targets = positions[members]
        sources = images[:, members].reshape(-1, 3)
        nearest = np.empty(len(sources), dtype=np.int64)
        size = max(1, 200_000 // len(members))
        for start in range(0, len(sources), size):
            distance = distances(sources[start : start + size, None] - targets, cell)
            nearest[start : start + size] = np.argmin(distance, axis=1)
        found[:, members] = members[nearest].reshape(len(images), len(members))
    return found


def nearly_higher(crystal: Crystal, group: SpaceGroup, *, distance: float) -> bool:
    r"""Whether the atoms of a primitive cell may obey a further operation within a distance.

    It says no only where no symmetry search at that tolerance can find one; where it says yes, such
    a search decides.

    A further operation :math:`\{W|w\}` has a W that nearly keeps the metric of the cell. With all
    operations of the group before it W stands for a coset; with W = 1 a translation is sought. It
    takes an atom of the rarest element to one of the atoms of that element, which leaves as many w
    as there are, and every atom to the neighbourhood of one of its element.

    Parameters
    ----------
    crystal : Crystal
        The primitive cell, in the setting of the group.
    group : SpaceGroup
        Its space group.
    distance : float
        Å.
    """
    tolerance = MARGIN * distance
    if group.number >= CUBIC or (group.number >= TRIGONAL and group.symbol[0] == "P"):
        rotations = _of_lattice(group)
    else:
        rotations = _cosets(group, lattice_rotations(crystal.cell, tolerance).tobytes())
    numbers = crystal.numbers.tolist()
    kinds = sorted(set(numbers), key=lambda z: (numbers.count(z), z))
    places = [crystal.positions[crystal.numbers == kind] for kind in kinds]
    origin, rarest = places[0][0], places[0]
    # Every coset with every translation but the identity, which is the first.
    turned = rotations.swapaxes(1, 2).repeat(len(rarest), axis=0)[1:]
    shifts = (rarest - (rotations @ origin)[:, None]).reshape(-1, 1, 3)[1:]
    most = MOST + len(numbers) ** 2 // 2
    for x in places:
        for some in (x[-FIRST:], x[:-FIRST]):  # few atoms rule out nearly all
            if not len(shifts):
                return False
            if len(shifts) * len(some) * len(x) > most:
                return True
            away = distances((some @ turned + shifts)[:, :, None] - x, crystal.cell)
            near = away.min(axis=2).max(axis=1, initial=0.0) < tolerance
            turned, shifts = turned[near], shifts[near]
    return len(shifts) > 0


@lru_cache(maxsize=512)
def _of_lattice(group: SpaceGroup) -> Floats:
    """The cosets for a hexagonal (not rhombohedral) or cubic lattice, the same in every cell.

    Such a lattice is kept by no larger group of finite order than its own.
    """
    cell = symmetrized_cell(UNSYMMETRIC, group.rotations)
    return _cosets(group, lattice_rotations(cell, SYMPREC).tobytes())


@lru_cache(maxsize=4096)
def _cosets(group: SpaceGroup, raw: bytes) -> Floats:
    """(m, 3, 3): one of every coset W G of the rotation parts G of a group, the identity first.

    W are the proper rotations given and the same with inversion.
    """
    seen: set[bytes] = set()
    found = []
    proper = np.frombuffer(raw, dtype=np.int64).reshape(-1, 3, 3)
    for rotation in (np.eye(3, dtype=np.int64), *proper, *-proper):
        if rotation.tobytes() not in seen:
            seen.update(w.tobytes() for w in rotation @ group.rotations)
            found.append(rotation)
    return frozen(found, float)
