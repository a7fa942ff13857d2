"""The setting in which a crystal is written down is chosen by the crystal alone."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
import spglib
from descriptions import Description, random_crystal

import symchiral as sc
from symchiral.algebra.congruence import solve_modulo_one
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.frame import Frame, symmetrized_cell
from symchiral.crystal.search import (
    ORIGIN_CHOICE_2,
    SymmetricCrystal,
    find_symmetry,
    settled,
    space_group,
)
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.isoir import iso_hall_number
from symchiral.reading.shipped import structure_names

Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NAMES = sc.structure_names()
NEAR = 1e-4
"""Å."""

GRID = np.array(list(product(range(24), repeat=3)))
"""Shifts in units of 1/24: every discrete one is among them."""


def test_the_weights_of_polar_groups_are_the_sum_of_their_definition() -> None:
    """S_κ = Σ_λ Z_λ φ(x_λ − x_κ)/Σ Z, pair by pair."""
    from symchiral.crystal.setting import OFFSET, SHARPNESS, _surroundings

    rng = np.random.default_rng(3)
    for atoms in (1, 2, 17, 150):
        x, z = rng.normal(size=(atoms, 3)), rng.integers(1, 90, atoms).astype(float)
        apart = x[None] - x[:, None] - OFFSET
        window = 1 / (1 + SHARPNESS * (np.sin(np.pi * apart) ** 2).sum(axis=2))
        assert np.allclose(_surroundings(x, z), window @ z / z.sum(), rtol=1e-13, atol=0)


# --- the normalizer, by trying ------------------------------------------------------------------


@cache
def unimodular() -> Integers:
    """Every whole matrix of determinant 1 with entries −1, 0, 1."""
    matrices = np.array(list(product((-1, 0, 1), repeat=9))).reshape(-1, 3, 3)
    return matrices[np.rint(np.linalg.det(matrices)) == 1]


def normalizer(crystal: SymmetricCrystal, most: int) -> list[tuple[Integers, Real]]:
    """Changes of axes and origin that keep lengths, angles and all operations; a few shifts each.

    Operations are conjugated and looked up one by one, over all matrices and a grid of shifts.
    """
    group, rng = crystal.group, np.random.default_rng(len(crystal.primitive))
    metric = crystal.frame.cell @ crystal.frame.cell.T
    inverses = np.rint(np.linalg.inv(unimodular())).astype(np.int64)
    kept = np.abs(np.swapaxes(inverses, 1, 2) @ metric @ inverses - metric).max(axis=(1, 2)) < 1e-6
    known = {w.tobytes(): t for w, t in zip(group.rotations, group.shifts, strict=True)}
    found = []
    for n, back in zip(unimodular()[kept], inverses[kept], strict=True):
        images = np.ascontiguousarray(n @ group.rotations @ back)
        if any(w.tobytes() not in known for w in images):
            continue
        shifts = GRID
        for image, t in zip(images, group.shifts, strict=True):
            moved = n @ t + shifts @ (np.eye(3, dtype=np.int64) - image).T
            shifts = shifts[np.all((moved - known[image.tobytes()]) % 24 == 0, axis=1)]
        some = shifts if len(shifts) <= most else rng.permutation(shifts)[:most]
        found.extend((n, s / 24) for s in some)
    return found


def same_atoms(a: SymmetricCrystal, b: SymmetricCrystal) -> bool:
    """Whether all atoms have the same coordinates, up to a common shift that keeps operations.

    Which is a shift along lines in which the origin is free, or a lattice vector: any other
    would be one more way to write the crystal down, and is not allowed for.
    """
    if Counter(a.primitive.numbers.tolist()) != Counter(b.primitive.numbers.tolist()):
        return False
    fixed = np.mean(a.group.rotations, axis=0)  # projects on the free directions
    x, y = a.primitive.positions, b.primitive.positions
    numbers = a.primitive.numbers
    lines = np.linalg.matrix_rank(fixed) > 0
    rare = min(set(numbers.tolist()), key=lambda z: int((numbers == z).sum()))
    shifts = [np.zeros(3)]
    if lines:
        first = x[numbers == rare][0]
        cells = np.array(list(product((-1, 0, 1), repeat=3)))
        gaps = y[b.primitive.numbers == rare][:, None] + cells - first
        shifts = [gap for gap in gaps.reshape(-1, 3) if np.allclose(fixed @ gap, gap, atol=1e-4)]
    same = numbers[:, None] == b.primitive.numbers
    for shift in shifts:
        gap = (x + shift)[:, None] - y
        distance = np.linalg.norm((gap - np.rint(gap)) @ a.frame.cell, axis=2)
        if np.all(np.where(same, distance, np.inf).min(axis=1) < NEAR):
            return True
    return False


def check(crystal: SymmetricCrystal, most: int) -> int:
    """Write the crystal down in every other setting; the one that is chosen must be the same."""
    cell, x = crystal.frame.cell, crystal.primitive.positions
    changes = normalizer(crystal, most)
    for n, s in changes:
        back = np.rint(np.linalg.inv(n)).astype(np.int64)
        other = Crystal.of(back.T @ cell, x @ n.T + s, crystal.primitive.numbers)
        again = find_symmetry(other)
        assert again.group == crystal.group
        assert same_atoms(crystal, again), (n.tolist(), s.tolist())
        sites = [
            Counter((i.element, i.wyckoff, i.symmetry) for i in c.sites) for c in (crystal, again)
        ]
        assert sites[0] == sites[1]
    return len(changes)


EVERYDAY = ("MoS2_monolayer_slab", "Bi2Se3", "GaAs", "KNbO3_Amm2", "CuO", "FeSi", "TlBO2", "ZnO")


@pytest.mark.parametrize("name", EVERYDAY)
def test_every_setting_leads_to_one(name: str) -> None:
    assert check(find_symmetry(sc.structure(name)), 3) > 1


@pytest.mark.sweep
def test_every_setting_of_every_crystal_leads_to_one() -> None:
    tried = [check(find_symmetry(sc.structure(name)), 4) for name in NAMES]
    assert len(tried) >= 112
    assert sum(tried) >= 2000


# --- lattices more symmetric than the crystal ---------------------------------------------------

LATTICES = {
    "cubic": np.eye(3),
    "tetragonal": np.diag([1, 1, 1.3]),
    "orthorhombic": np.diag([1.2, 1, 1.3]),
    "hexagonal": np.array([[1, 0, 0], [-0.5, 3**0.5 / 2, 0], [0, 0, 1.1]]),
    "monoclinic": np.array([[1, 0, 0], [0, 1.2, 0], [-0.5, 0, 3**0.5 / 2]]),
}
"""Conventional cells, rows."""


def in_lattice(number: int, lattice: str, rng: np.random.Generator) -> Crystal | None:
    """A random crystal of the group in a lattice that is more symmetric; None if it cannot be."""
    group = space_group(iso_hall_number(number))
    crystal = random_crystal(group.hall_number, rng)
    cell = (LATTICES[lattice].T @ group.centring).T
    if not np.allclose(symmetrized_cell(cell, group.rotations), cell, atol=1e-9):
        return None
    cell = cell * (crystal.volume / abs(np.linalg.det(cell))) ** (1 / 3)
    return Crystal.of(cell, crystal.positions, crystal.numbers)


def leads_back(
    a: SymmetricCrystal, b: SymmetricCrystal, how: Description, group: SpaceGroup
) -> bool:
    """Whether an operation relates the settings of a crystal and of another description of it."""
    turn = np.linalg.inv(b.frame.cell.T) @ how.turn @ a.frame.cell.T
    assert np.allclose(turn, np.rint(turn), atol=1e-2)
    rows = [i for i, w in enumerate(group.rotations) if np.array_equal(w, np.rint(turn))]
    if not rows:
        return False
    start = how.move(a, a.frame.point(np.zeros(3), to="cartesian", source="primitive"))
    rest = b.frame.point(start, to="primitive", source="cartesian") - group.shifts[rows[0]] / 24
    # Along free lines the origin may be anywhere: what they cannot reach must be a lattice vector.
    free = np.mean(group.rotations, axis=0)
    cells = np.array(list(product((-2, -1, 0, 1, 2), repeat=3)))
    left = (rest + cells) @ (np.eye(3) - free).T
    return bool(np.linalg.norm(left @ b.frame.cell, axis=1).min() < 1e-3)


TURNED = (
    Description((1, 2, 3, 4), shift=(0.1, 0.2, 0.3), seed=5),
    Description(matrix=((0, 1, 0), (0, 0, 1), (1, 0, 0)), seed=6, noise=1e-5),
    Description(
        (3, -1, 2, 0), matrix=((1, 0, 0), (1, 0, -1), (1, 1, 0)), shift=(0.5, 0, 0), seed=7
    ),
)


def descriptions_agree(number: int, lattice: str) -> int:
    """Count the descriptions compared of a random crystal of a group in a lattice."""
    made = in_lattice(number, lattice, np.random.default_rng(number))
    if made is None:
        return 0
    a = find_symmetry(made)
    assert a.group.number == number
    for how in TURNED:
        b = find_symmetry(how.write(a))
        assert b.group == a.group
        assert leads_back(a, b, how, a.group), (number, lattice, how)
    return len(TURNED)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 16, 25, 75, 89, 143, 149, 150, 168, 195, 198, 205])
def test_groups_in_symmetric_lattices(number: int) -> None:
    assert sum(descriptions_agree(number, lattice) for lattice in LATTICES) >= 3


@pytest.mark.sweep
@pytest.mark.parametrize("lattice", LATTICES)
def test_every_group_in_symmetric_lattices(lattice: str) -> None:
    done = sum(descriptions_agree(number, lattice) for number in range(1, 231))
    least = {
        "cubic": 534,
        "tetragonal": 426,
        "orthorhombic": 222,
        "hexagonal": 162,
        "monoclinic": 45,
    }
    assert done >= least[lattice]


# --- the solver ---------------------------------------------------------------------------------


def test_congruences_against_all_fractions() -> None:
    """Every solution on the grid of 1/24 is found, up to free directions, and nothing else."""
    rng = np.random.default_rng(3)
    grid = np.array(list(product(range(12), repeat=3)))
    checked = solved = 0
    for _ in range(300):
        a = rng.integers(-1, 2, size=(4, 3)) * rng.choice([1, 1, 2])
        b = 2 * (
            a @ rng.integers(0, 12, size=3) + (rng.random() < 0.2) * rng.integers(0, 12, size=4)
        )
        found = solve_modulo_one(a, b, 24)
        every = grid[np.all((2 * (grid @ a.T) - b) % 24 == 0, axis=1)] / 12
        for point in found.points:
            rest = a @ point - b / 24
            assert np.allclose(rest, np.rint(rest), atol=1e-9)
        assert not (a @ found.free).any()
        families = {tuple(np.round(found.bound @ p % 1, 6) % 1) for p in found.points}
        assert len(families) == len(found)
        assert {tuple(np.round(found.bound @ p % 1, 6) % 1) for p in every} <= families
        assert len(found) or not len(every)
        checked += 1
        solved += len(found) > 0
    assert checked == 300
    assert solved >= 200


# --- Wyckoff letters ----------------------------------------------------------------------------


def with_special_points(hall_number: int, rng: np.random.Generator) -> Crystal | None:
    """Two general positions of a group, and a point that operations may keep."""
    crystal, group = random_crystal(hall_number, rng), space_group(hall_number)
    point = rng.choice(np.arange(12) / 12, size=3)
    images = (group.rotations @ point + group.shifts / 24) % 1.0
    images = np.unique(np.rint(24 * images).astype(np.int64) % 24, axis=0) / 24
    positions = np.concatenate([crystal.positions, images])
    gaps = positions[:, None] - images
    distances = np.linalg.norm((gaps - np.rint(gaps)) @ crystal.cell, axis=2)
    if np.sort(distances, axis=0)[1].min() < 0.3:
        return None
    return Crystal.of(crystal.cell, positions, [*crystal.numbers, *[26] * len(images)])


def letters_hold(crystals: list[Crystal]) -> int:
    """Letters that are remembered from other crystals must be those that spglib gives."""
    remembered = [find_symmetry(crystal).sites for crystal in [*crystals, *crystals]]
    for crystal, sites in zip(crystals, remembered[len(crystals) :], strict=True):
        sc.clear_caches()
        asked = find_symmetry(crystal).sites
        assert [(s.letter, s.symmetry) for s in sites] == [(s.letter, s.symmetry) for s in asked]
    return sum(map(len, remembered)) // 2


@pytest.mark.sweep
def test_remembered_letters_are_those_of_spglib() -> None:
    crystals = [sc.read(name).crystal.input for name in structure_names()]
    assert letters_hold([c for c in crystals if c.moments is None]) > 350


@pytest.mark.sweep
def test_remembered_letters_are_those_of_spglib_in_every_group() -> None:
    rng = np.random.default_rng(5)
    found = [with_special_points(hall, rng) for hall in range(1, 531) for _ in range(2)]
    crystals = [crystal for crystal in found if crystal is not None]
    assert len(crystals) > 800
    assert letters_hold(crystals) > 2000


# --- origin choices -----------------------------------------------------------------------------


def searched_in_choice_2(crystal: Crystal) -> SymmetricCrystal:
    """The crystal as spglib settles it when it is asked for origin choice 2 itself."""
    cell = (crystal.cell, crystal.positions, crystal.numbers)
    number = spglib.get_symmetry_dataset(cell, symprec=1e-3).number
    group = space_group(ORIGIN_CHOICE_2[number][0])
    found = spglib.get_symmetry_dataset(cell, symprec=1e-3, hall_number=group.hall_number)
    standard = crystal.cell.T @ np.linalg.inv(found.transformation_matrix)
    columns = (standard @ group.centring).T
    frame = Frame(
        symmetrized_cell(columns, group.rotations),
        found.transformation_matrix,
        found.origin_shift,
        group.centring,
    )
    letters = list(zip(found.wyckoffs, found.site_symmetry_symbols, strict=True))
    mapping = found.mapping_to_primitive
    return settled(crystal, frame, group, mapping, letters=letters, symprec=1e-3, warnings=())


def with_symmetric_points(hall_number: int, rng: np.random.Generator) -> Crystal:
    """Two general positions of a group, and two of the points that most operations keep."""
    group = space_group(hall_number)
    grid = np.array(list(product(range(8), repeat=3))) * 3
    images = (np.einsum("gij,nj->ngi", group.rotations, grid) + group.shifts) % 24
    orbits = [np.unique(x, axis=0) for x in images]
    few = sorted({len(orbit) for orbit in orbits})[1]
    places = {orbit.tobytes(): orbit for orbit in orbits if len(orbit) <= few}
    chosen = rng.choice(len(places), size=2, replace=False)
    orbits = [list(places.values())[i] / 24 for i in chosen]
    special = np.concatenate(orbits)
    while True:
        crystal = random_crystal(hall_number, rng)
        positions = np.concatenate([crystal.positions, special])
        gaps = positions[:, None] - special
        distances = np.linalg.norm((gaps - np.rint(gaps)) @ crystal.cell, axis=2)
        if np.sort(distances, axis=0)[1].min() > 0.3:
            kinds = np.repeat([26, 27], [len(orbit) for orbit in orbits])
            return Crystal.of(crystal.cell, positions, [*crystal.numbers, *kinds])


def origin_choices_agree(crystals_of_each: int) -> tuple[int, int]:
    """Compare crystals of the 24 groups, written down as anybody may; count them and their sites.

    Nothing is remembered from one to the other, and where the setting that spglib finds in choice 2
    is the one that is chosen, the letters compared with are those that it lists there.
    """
    crystals = letters = 0
    for number, (hall_number, _) in ORIGIN_CHOICE_2.items():
        rng = np.random.default_rng(number)
        for i in range(crystals_of_each):
            made = with_symmetric_points(hall_number, rng)
            written = TURNED[i % len(TURNED)].write(find_symmetry(made)) if i % 4 else made
            sc.clear_caches()  # no letter is remembered from the other
            a = find_symmetry(written)
            sc.clear_caches()
            b = searched_in_choice_2(written)
            assert a.group == b.group == space_group(hall_number)
            assert np.allclose(a.frame.cell, b.frame.cell, atol=1e-6)
            assert same_atoms(a, b), (number, i)
            assert np.allclose(a.frame.matrix, b.frame.matrix), (number, i)
            gap = np.linalg.solve(a.frame.centring, a.frame.origin - b.frame.origin)
            assert np.allclose(gap, np.rint(gap), atol=1e-4), (number, i)
            words = [
                Counter((s.element, s.letter, s.symmetry, len(s.atoms)) for s in c.sites)
                for c in (a, b)
            ]
            assert words[0] == words[1], (number, i)
            crystals, letters = crystals + 1, letters + len(a.sites)
    return crystals, letters


@pytest.mark.sweep
def test_a_shifted_origin_equals_a_search_in_the_other_choice() -> None:
    assert len(ORIGIN_CHOICE_2) == 24
    assert origin_choices_agree(2) == (48, 4 * 48)


@pytest.mark.sweep
def test_a_shifted_origin_equals_a_search_in_the_other_choice_for_many_crystals() -> None:
    assert origin_choices_agree(40) == (24 * 40, 4 * 24 * 40)


def test_words_make_every_operation_of_every_setting() -> None:
    """Each operation is a generator or the product that its word says, of at most four of them."""
    made = 0
    for hall_number in range(1, 531):
        group = space_group(hall_number)
        generators, words = group.words
        reached = {0, *generators}
        for k, g, h in words:
            assert g in generators
            assert h in reached
            assert group.find(group.rotations[g] @ group.rotations[h]) == k
            reached.add(k)
        assert reached == set(range(len(group)))
        assert len(generators) <= 4
        made += len(words)
    assert made == 2720
