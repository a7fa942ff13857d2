"""Magnetic groups from spglib's database, and crystals that have them; no code of the package's
engine, and of symchiral only the noun that holds atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import spglib

from symchiral.crystal.crystal import Crystal

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

GROUPS = 1651


@dataclass(frozen=True, eq=False)
class Group:
    """A magnetic space group in the setting of the database, all operations of its cell."""

    uni: int
    bns: str
    type: int
    family: str
    """Class of all spatial parts."""
    unitary: str
    """Class of the operations without time reversal."""
    rotations: Integers
    translations: Floats
    signs: Integers

    @property
    def key(self) -> tuple[str, str]:
        """What tells the 122 magnetic point groups apart."""
        grey = self.type in (2, 4)
        return self.family, "grey" if grey else self.unitary


def magnetic_group(uni: int) -> Group:
    names = spglib.get_magnetic_spacegroup_type(uni)
    data: Any = spglib.get_magnetic_symmetry_from_database(uni)
    rotations = np.array(data["rotations"], dtype=np.int64)
    signs = np.where(np.array(data["time_reversals"]) != 0, -1, 1)
    return Group(
        uni,
        str(names.bns_number),
        int(names.type),
        _class(rotations),
        _class(rotations[signs > 0]),
        rotations,
        np.array(data["translations"], dtype=float),
        signs,
    )


def _class(rotations: Integers) -> str:
    return str(spglib.get_pointgroup(np.unique(rotations, axis=0))[0]).strip()


@cache
def every_group() -> tuple[Group, ...]:
    return tuple(magnetic_group(uni) for uni in range(1, GROUPS + 1))


@cache
def point_groups() -> tuple[Group, ...]:
    """One space group of each of the 122 magnetic point groups, with as few operations as can be.

    Grey ones by a group in which time reversal itself is a symmetry.
    """
    found: dict[tuple[str, str], Group] = {}
    for group in every_group():
        if group.type == 4:
            continue
        best = found.get(group.key)
        if best is None or len(group.rotations) < len(best.rotations):
            found[group.key] = group
    return tuple(found.values())


def invariant_cell(rotations: Integers, seed: int = 0) -> Floats:
    """A cell (rows) of the group, in a random orientation, with no symmetry more than it must."""
    rng = np.random.default_rng(seed)
    a = 5 * np.eye(3) + rng.normal(scale=0.6, size=(3, 3))
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ (a @ a.T) @ rotations, axis=0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return np.asarray(np.linalg.cholesky(metric) @ (turn * np.linalg.det(turn)))


def cartesian(group: Group, cell: Floats) -> Floats:
    """Rotation parts in Cartesian axes."""
    return np.asarray(cell.T @ group.rotations @ np.linalg.inv(cell.T))


def magnetic_crystal(group: Group, seed: int = 0) -> Crystal:
    """Two orbits of generic points, V and O; the V with moments, unless time itself can reverse."""
    rng = np.random.default_rng(1000 + seed)
    spatial: dict[tuple[int, ...], int] = {}
    for i, (w, t) in enumerate(zip(group.rotations, group.translations, strict=True)):
        spatial.setdefault((*w.ravel().tolist(), *np.rint(24 * t).astype(int).tolist()), i)
    chosen = list(spatial.values())
    cell = invariant_cell(group.rotations, seed)
    cell *= (12.0 * len(chosen) / abs(np.linalg.det(cell))) ** (1 / 3)
    turns = cartesian(group, cell)[chosen]
    axial = (group.signs[chosen] * np.linalg.det(turns))[:, None, None] * turns
    moment = np.zeros(3) if group.type == 2 else 2.0 * rng.normal(size=3)
    positions, numbers, moments = [], [], []
    for number, m in ((23, moment), (8, np.zeros(3))):
        x = _apart(group, chosen, cell, positions, rng)
        positions.append(x)
        numbers += [number] * len(chosen)
        moments.append(axial @ m)
    return Crystal.of(cell, np.concatenate(positions), numbers, moments=np.concatenate(moments))


def _apart(
    group: Group, chosen: list[int], cell: Floats, others: list[Floats], rng: np.random.Generator
) -> Floats:
    """The orbit of the best of some random points: far from its images and from other atoms."""
    best, clearance = np.zeros((0, 3)), -1.0
    for _ in range(30):
        orbit = group.rotations[chosen] @ rng.uniform(size=3) + group.translations[chosen]
        offset = np.concatenate([orbit[1:], *others]) - orbit[0]
        offset -= np.rint(offset)
        nearest = float(np.linalg.norm(offset @ cell, axis=1).min(initial=np.inf))
        if nearest > clearance:
            best, clearance = orbit, nearest
    return best % 1.0
