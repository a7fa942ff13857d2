"""Where no further operation is said to be near, spglib finds none at that distance either."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import spglib

import symchiral as sc
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.frame import symmetrized_cell
from symchiral.crystal.search import SymmetricCrystal, find_symmetry, space_group
from symchiral.crystal.setting import alternatives, in_any_cell, lattice_rotations
from symchiral.crystal.symmetrize import nearly_higher

Real = npt.NDArray[np.float64]

DISTANCE = 0.1
"""Å."""


def closed(crystal: SymmetricCrystal, generators: list[int]) -> list[int]:
    """The operations that some generate."""
    found = {0, *generators}
    while True:
        products = {int(crystal.group.products[g, h]) for g in found for h in found}
        if products <= found:
            return sorted(found)
        found |= products


def distorted(crystal: SymmetricCrystal, size: float, rng: np.random.Generator) -> Crystal:
    """Atoms moved by up to a distance, and the cell a little, so that a random subgroup is left."""
    group, cell, n = crystal.group, crystal.primitive.cell, len(crystal.primitive)
    kept = closed(crystal, rng.integers(0, len(group), rng.integers(0, 3)).tolist())
    drawn, moves, strain = rng.normal(size=(n, 3)), np.zeros((n, 3)), np.zeros((3, 3))
    stretch = rng.normal(size=(3, 3)) * rng.integers(0, 2)
    for g in kept:
        rotation = crystal.rotations[g]
        moves[crystal.permutations[g]] += drawn @ rotation.T
        strain += rotation @ (stretch + stretch.T) @ rotation.T / len(kept)
    moves *= size / max(np.linalg.norm(moves, axis=1).max(), 1e-9)
    return Crystal.of(
        cell @ (np.eye(3) + size / 40 * strain),
        crystal.primitive.positions + moves @ np.linalg.inv(cell),
        crystal.primitive.numbers,
    )


def per_atom(data: Any) -> float:
    """Operations of what spglib has found, for every atom of the primitive cell."""
    return len(space_group(data.hall_number)) / len(set(data.mapping_to_primitive.tolist()))


def compared(names: list[str], sizes: tuple[float, ...], seed: int) -> Counter[tuple[bool, bool]]:
    """How often a further operation is said to be near, and how often spglib finds one."""
    rng = np.random.default_rng(seed)
    found: Counter[tuple[bool, bool]] = Counter()
    for name in names:
        crystal = find_symmetry(sc.structure(name))
        for size in sizes:
            atoms = distorted(crystal, size, rng)
            less = find_symmetry(atoms)
            given = (atoms.cell, atoms.positions, atoms.numbers)
            data: Any = spglib.get_symmetry_dataset(given, symprec=1e-3)
            standard = (data.std_lattice, data.std_positions, data.std_types)
            loose: Any = spglib.get_symmetry_dataset(standard, symprec=DISTANCE)
            more = loose is not None and per_atom(loose) > per_atom(data)
            said = nearly_higher(less.primitive, less.group, distance=DISTANCE)
            assert said or not more, (name, size, less, loose.international)
            found[said, more] += 1
    return found


SMALL = [name for name in sc.structure_names() if len(sc.structure(name)) <= 30]


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
def test_spglib_finds_no_more_than_is_said_to_be_near() -> None:
    found = compared(SMALL[::3], (0.004, 0.03, 0.08, 0.2), 1)
    assert sum(found.values()) >= 100
    assert min(found[True, True], found[False, False]) >= 20


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
def test_spglib_finds_no_more_in_any_crystal() -> None:
    sizes = (0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.09, 0.1, 0.11, 0.12, 0.15, 0.2, 0.4)
    found = compared(SMALL, sizes, 2)
    assert sum(found.values()) >= 1000
    assert min(found[True, True], found[False, False]) >= 300


def test_a_crystal_as_it_is_has_no_more_near_but_where_it_is_known() -> None:
    said = []
    for name in SMALL:
        crystal = find_symmetry(sc.structure(name))
        if nearly_higher(crystal.primitive, crystal.group, distance=DISTANCE):
            said.append(name)
    assert {"KAsSe2", "KNbO3_Amm2", "BaTiO3_P4mm"} <= set(said)
    assert len(said) < len(SMALL) / 8


def test_settings_of_a_group_with_a_higher_axis_are_those_of_every_cell() -> None:
    """Of any cell that obeys the group, cubic and other special ones among them."""
    rng, compared = np.random.default_rng(7), 0
    hexagonal = np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, 1.0]])
    numbers = {space_group(hall).number: hall for hall in range(530, 348, -1)}
    for hall in numbers.values():
        group = space_group(hall)
        standard = hexagonal if 143 <= group.number < 195 else np.eye(3)
        special = [np.diag([1, 1, c]) for c in (1, np.sqrt(2), np.sqrt(6), np.sqrt(6) / 2)]
        cells: list[Real] = [4 * group.centring.T @ standard @ stretch for stretch in special]
        cells += [4 * np.eye(3) + rng.normal(size=(3, 3)) for _ in range(2)]
        for cell in cells:
            obeying = symmetrized_cell(cell, group.rotations)
            found = alternatives(group, lattice_rotations(obeying, 1e-3).tobytes())
            known = in_any_cell(group)
            assert len(found) == len(known)
            for one, other in zip(found, known, strict=True):
                assert np.array_equal(one.rotation, other.rotation)
                assert np.array_equal(one.shifts, other.shifts)
            compared += 1
    assert compared == 156 * 6
