"""Frames: what is a scalar, a lattice vector or an operation is that in all four bases."""

from __future__ import annotations

import re
from itertools import product
from typing import get_args

import numpy as np
import pytest
from descriptions import Description

import symchiral as sc
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.directions import across_name, axis_name
from symchiral.crystal.frame import Basis, Change
from symchiral.crystal.search import SymmetricCrystal, find_symmetry
from symchiral.fields.beam import find_beam
from symchiral.irreps.axis import find_axis
from symchiral.value import frozen

NAMES = ("Bi2Se3", "GaAs", "SrTiO3", "Te_P3121", "ZnO", "FeSi", "CuFeS2", "SnS")
PAIRS = list(product(get_args(Basis), repeat=2))


def described(name: str) -> list[tuple[SymmetricCrystal, Crystal]]:
    """A crystal, its frame found in skewed supercells with another origin and orientation."""
    crystal = sc.read(name).crystal
    rng = np.random.default_rng(len(name))
    found = []
    for seed in range(2):
        written = Description(
            quaternion=tuple(int(x) for x in rng.integers(1, 9, size=4)),
            mirrored=False,
            matrix=(
                (1, int(rng.integers(-1, 2)), 0),
                (0, 1, int(rng.integers(-1, 2))),
                (0, 0, 1 + seed),
            ),
            shift=tuple(float(x) for x in rng.random(3)),
            seed=seed,
        ).write(crystal)
        found.append((find_symmetry(written), written))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_phases_of_waves_are_those_of_the_input_cell(name: str) -> None:
    """q·(x − y) is one number in all bases: the Cartesian one, from the cell of the file alone."""
    rng = np.random.default_rng(4)
    compared = 0
    for crystal, written in described(name):
        frame = crystal.frame
        q, x, y = rng.normal(size=(3, 7, 3))
        reciprocal = np.linalg.inv(written.cell).T
        cartesian = q @ reciprocal
        places = (x - y) @ written.cell
        expected = np.einsum("ki,ki->k", cartesian, places)
        assert np.allclose(expected, np.einsum("ki,ki->k", q, x - y))
        assert np.allclose(
            frame.wavevector(q, to="cartesian", source="input"), cartesian, atol=1e-3
        )
        for source, to in PAIRS:
            here = frame.wavevector(q, to=source, source="input")
            there = frame.wavevector(here, to=to, source=source)
            one, two = (frame.point(r, to=to, source="input") for r in (x, y))
            assert np.allclose(np.einsum("ki,ki->k", there, one - two), expected)
            back = frame.wavevector(there, to="input", source=to)
            assert np.allclose(back, q)
            compared += len(q)
    assert compared == 2 * 16 * 7


@pytest.mark.parametrize("name", NAMES)
def test_lattice_vectors_and_atoms_are_where_they_were(name: str) -> None:
    """Vectors of the primitive lattice take the atoms of the input cell to atoms of the element."""
    compared = 0
    for crystal, written in described(name):
        frame, primitive = crystal.frame, crystal.primitive
        atoms = frame.point(written.positions, to="primitive", source="input")
        away = atoms[:, None] - primitive.positions
        away = np.linalg.norm((away - np.rint(away)) @ primitive.cell, axis=2)
        assert away.min(axis=1).max() < 1e-3
        assert np.array_equal(primitive.numbers[away.argmin(axis=1)], written.numbers)
        # Their reciprocal lattice is that of the primitive cell: whole phases, in any basis.
        whole = np.array(list(product((-1, 0, 2), repeat=3)))
        waves = frame.wavevector(whole, to="cartesian", source="primitive")
        vectors = frame.direction(whole, to="cartesian", source="primitive")
        turns = waves @ vectors.T
        assert np.abs(turns - np.rint(turns)).max() < 1e-9
        # The input's lattice is part of it.
        cell = frame.wavevector(whole, to="input", source="primitive")
        assert np.abs(cell - np.rint(cell)).max() < 1e-6
        compared += len(whole) + len(atoms)
    assert compared > 54


@pytest.mark.parametrize("name", NAMES)
def test_operations_keep_waves_and_atoms_in_every_basis(name: str) -> None:
    r"""{W|w} of one basis does to points what it does in another, and :math:`q W^{-1}` to waves."""
    rng = np.random.default_rng(9)
    compared = 0
    for crystal, _ in described(name):
        frame, group = crystal.frame, crystal.group
        x, q = rng.normal(size=(2, 3))
        own = group.rotations @ x + group.shifts / 24
        for to in ("standard", "primitive", "input"):
            matrices, shifts = frame.operations(
                group.rotations, group.shifts / 24, to=to, source="primitive"
            )
            if to == "input" and not np.allclose(
                frame.rotation(group.rotations, to=to, source="primitive"), matrices
            ):
                continue  # the skewed cell of the file is no cell of this operation
            point = frame.point(x, to=to, source="primitive")
            moved = frame.point(matrices @ point + shifts, to="primitive", source=to)
            assert np.allclose(moved, own)
            wave = frame.wavevector(q, to=to, source="primitive")
            back = frame.wavevector(wave @ np.linalg.inv(matrices), to="primitive", source=to)
            assert np.allclose(back, q @ np.linalg.inv(group.rotations))
            compared += len(group)
        turned = frame.rotation(group.rotations, to="cartesian", source="primitive")
        assert np.allclose(turned, crystal.rotations)
        assert np.allclose(turned @ np.swapaxes(turned, 1, 2), np.eye(3))
    assert compared >= 4 * len(group)


@pytest.mark.parametrize("name", NAMES)
def test_primitive_vectors_are_exact_sums_of_those_of_the_cell(name: str) -> None:
    """Their fractions make the vectors of the primitive cell, and wavevectors in its basis."""
    compared = 0
    for crystal, written in described(name):
        vectors = np.array(crystal.frame.primitive_vectors("input"), dtype=float)
        assert np.allclose(vectors @ written.cell, crystal.primitive.cell, atol=1e-3)
        standard = np.array(crystal.frame.primitive_vectors("standard"), dtype=float)
        assert np.allclose(standard, crystal.frame.centring.T)
        k = np.array([0.3, -0.7, 0.45])
        found = crystal.frame.wavevector(k, to="primitive", source="input")
        assert np.allclose(vectors @ k, found)
        compared += 2 * 9 + 3
    assert compared == 42


@pytest.mark.parametrize("name", NAMES)
def test_changes_of_setting_move_points_as_they_say(name: str) -> None:
    """A frame changed by x' = N x + s, the change found again, and a frame within a larger cell."""
    rng = np.random.default_rng(6)
    compared = 0
    x = rng.normal(size=(5, 3))
    found = described(name)
    for crystal, _ in found:
        frame = crystal.frame
        here = frame.point(x, to="primitive", source="input")
        turn = np.array([[1, 2, 0], [0, 1, -1], [1, 2, 1]])  # of determinant 1
        change = Change(frozen(turn, np.int64), frozen(rng.normal(size=3)))
        other = frame.changed(change)
        there = other.point(x, to="primitive", source="input")
        assert np.allclose(there, here @ turn.T + change.shift)
        assert np.allclose(there @ other.cell - here @ frame.cell, change.shift @ other.cell)
        again = frame.change_to(other)
        assert np.array_equal(again.rotation, turn)
        assert np.allclose(again.shift, change.shift)
        # A cell with our origin, described in another frame: points go through its coordinates.
        columns = np.array([[1, 0, 0], [1, 2, 0], [0, -1, 1]])
        for second, _ in found:
            within = frame.within(columns, second.frame)
            inner = here @ np.linalg.inv(columns).T
            expected = second.frame.point(inner, to="primitive", source="input")
            assert np.allclose(within.point(x, to="primitive", source="input"), expected)
            compared += len(x)
    assert compared == 4 * len(x)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_directions_are_of_the_cells_that_they_name(name: str) -> None:
    """x and n of a beam, by what is printed: a vector of the file, and behind it of the standard.

    Read with a parser of its own and the vectors of both cells; in skewed cells, where a of the
    file is seldom a of the standard cell, one without a name there stays alone.
    """
    number = r"(\[[-\d. ]+\]|-?[abc])"
    seen = 0
    for crystal, written in described(name):
        frame = find_beam(crystal, find_axis(crystal)).frame
        standard = crystal.frame.direction(np.eye(3), to="cartesian", source="standard")
        for text, vector, across in (
            (across_name(crystal, frame), frame[0], frame[2]),
            (axis_name(crystal, frame[2]), frame[2], None),
        ):
            parts = re.fullmatch(
                rf"(the projection of )?{number}(?: \({number} of the standard cell\))?", text
            )
            assert parts is not None, text
            own = components(parts[2]) @ written.cell
            if parts[1]:
                assert across is not None
                own = own - (own @ across) * across
            assert own @ vector == pytest.approx(np.linalg.norm(own), rel=1e-5), text
            if parts[3]:
                seen += 1
                other = components(parts[3]) @ standard
                assert other @ vector == pytest.approx(np.linalg.norm(other), rel=1e-9), text
    assert seen


def components(text: str) -> np.ndarray:
    """``[1 -1 0]``, ``-c``."""
    if text.startswith("["):
        return np.array([float(x) for x in text[1:-1].split()])
    return np.eye(3)["abc".index(text[-1])] * (-1 if text.startswith("-") else 1)
