"""From atoms that nearly obey a group to atoms that obey it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.frame import Change
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.value import Floats, Integers, frozen

FEW = 24
"""Atoms of which all pairs are looked at together, whatever their elements."""


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
    moved = np.einsum("gij,nj->gni", group.rotations, positions)
    return np.asarray(moved + group.shifts[:, None, :] / DENOMINATOR)


def matched(positions: Floats, numbers: Integers, group: SpaceGroup, cell: Floats) -> Integers:
    """(G, N): the atom of the same element to which each operation takes each atom.

    For a generator that is the one nearest to the image; a product takes an atom where its factors
    take it in turn.
    """
    found = np.empty((len(group), len(positions)), dtype=np.int64)
    found[0] = np.arange(len(positions))
    generators, words = group.words
    chosen = list(generators)
    moved = np.einsum("gij,nj->gni", group.rotations[chosen], positions)
    moved += group.shifts[chosen, None, :] / DENOMINATOR
    found[chosen] = _nearest(moved, positions, numbers, cell)
    for k, g, h in words:
        found[k] = found[g][found[h]]
    return found


def averaged(
    positions: Floats, permutations: Integers, group: SpaceGroup, cell: Floats
) -> tuple[Floats, Floats, float]:
    """Positions averaged over the group, the mean move, and the largest beyond it, Å.

    The mean move of all atoms is a shift of the origin, by which only the frame was off.
    """
    average = np.zeros_like(positions)
    move = images(positions, group) - positions[permutations]
    # The image of κ is an estimate of the position of κ'.
    np.add.at(average, permutations, move - np.rint(move))
    average /= len(group)
    drift = average.mean(axis=0)
    moves = (average - drift) @ cell
    deviation = float(np.sqrt((moves * moves).sum(axis=1)).max(initial=0.0))
    if (np.sort(permutations, axis=1) != np.arange(len(positions))).any():
        deviation = float("inf")
    return positions + average, drift, deviation


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
    return whole, float(np.sqrt((residual * residual).sum(axis=1)).max(initial=0.0))


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
