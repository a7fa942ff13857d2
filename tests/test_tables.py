"""Small tables that are written down by hand, against the libraries they came from."""

from __future__ import annotations

import ase.data
import numpy as np
import pytest
import spglib

import symchiral as sc
from symchiral.crystal.crystal import SYMBOLS
from symchiral.crystal.search import ORIGIN_CHOICE_2, find_symmetry, space_group
from symchiral.crystal.spacegroup import DENOMINATOR
from symchiral.irreps.isoir import iso_hall_number
from symchiral.modes.masses import MASSES


def test_symbols_are_those_of_ase():
    assert list(SYMBOLS) == ase.data.chemical_symbols
    assert len(SYMBOLS) == 119


def test_masses_are_those_of_ase():
    assert len(MASSES) == len(SYMBOLS) == len(ase.data.atomic_masses)
    assert MASSES[0] == 0  # ase gives its placeholder X the mass 1
    # ours are printed with at most six decimals
    assert np.allclose(MASSES[1:], ase.data.atomic_masses[1:], rtol=0, atol=1e-6)


def test_origin_choice_2_is_the_setting_of_the_tables_of_irreps():
    # spglib prefers the first Hall number of a group; the labels need the setting of ISO-IR
    first = {}
    for hall in range(530, 0, -1):
        first[spglib.get_spacegroup_type(hall).number] = hall
    assert sorted(first) == list(range(1, 231))
    for number, hall in first.items():
        assert ORIGIN_CHOICE_2.get(number, (hall,))[0] == iso_hall_number(number), number
    assert len(ORIGIN_CHOICE_2) == 24
    for number, (hall, _) in ORIGIN_CHOICE_2.items():
        kind = spglib.get_spacegroup_type(hall)
        assert kind.number == number
        assert kind.choice.startswith("2"), kind


@pytest.mark.parametrize("name", sc.structure_names())
def test_every_crystal_lands_on_that_setting_and_is_exactly_symmetric(name):
    crystal = find_symmetry(sc.structure(name))
    group, primitive = crystal.group, crystal.primitive
    assert group.hall_number == iso_hall_number(group.number)
    assert group is space_group(group.hall_number)
    for g, (rotation, shift) in enumerate(zip(group.rotations, group.shifts, strict=True)):
        images = primitive.positions @ rotation.T + shift / DENOMINATOR
        others = crystal.permutations[g]
        assert sorted(others) == list(range(len(primitive)))
        assert np.array_equal(primitive.numbers[others], primitive.numbers)
        offset = images - primitive.positions[others] - crystal.lattice_shifts[g]
        assert np.max(np.linalg.norm(offset @ primitive.cell, axis=1)) < 1e-9, (name, g)
        turned = crystal.rotations[g]
        assert np.allclose(turned @ turned.T, np.eye(3), rtol=0, atol=1e-12)
        # the lattice, too, is mapped onto itself: columns of the cell, R A = A W
        metric = turned @ primitive.cell.T - primitive.cell.T @ rotation
        assert np.max(np.abs(metric)) < 1e-9, (name, g)
