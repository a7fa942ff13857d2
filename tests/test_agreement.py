"""The engine against brute force: `predict` held against random force constants.

First the method alone is held to facts that follow by hand, then every crystal of the collection
is predicted by the library, and each of its statements is looked up in random force constants of
that crystal: species and their number, pseudo-angular momenta, verdicts, numbers of coefficients,
the sense in which atoms rotate and the angular momentum transferred to the lattice.
"""

from __future__ import annotations

import functools
import itertools
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.spacegroup import crystal as build
from brute_force import (
    Axis,
    Component,
    Couplings,
    Modes,
    Multiplet,
    RandomCrystal,
    momentum_of,
    primitive,
    rotation_of,
    select,
)

STRUCTURES = Path(__file__).parent.parent / "structures"
LARGEST = {3: 24, 4: 6}
#: Crystals with more atoms per primitive cell are compared in the sweep only.
EVERYDAY = {3: 8, 4: 3}
ALLOWED, FORBIDDEN = 1e-6, 1e-9
#: Random dynamical matrices whose modes a claimed sense of rotation has to survive.
SEEDS = range(4)
#: At most this many choices of actual modes for the letters of a channel.
CHOICES = 3

Z = (0.0, 0.0, 1.0)
C2Z = np.diag([-1.0, -1.0, 1.0])
INVERSION = -np.eye(3)


# --- the method alone --------------------------------------------------------------------------


def hexagonal(
    group: int, a: float, c: float, sites: Mapping[str, Sequence[tuple[float, float, float]]]
) -> Atoms:
    """A crystal on hexagonal axes; sites by element."""
    return tetragonal(group, a, c, sites, gamma=120.0)


def tetragonal(
    group: int,
    a: float,
    c: float,
    sites: Mapping[str, Sequence[tuple[float, float, float]]],
    gamma: float = 90.0,
) -> Atoms:
    """A crystal on tetragonal axes; sites by element."""
    symbols = [symbol for symbol, points in sites.items() for _ in points]
    points = [point for group_ in sites.values() for point in group_]
    cell = [a, a, c, 90, 90, gamma]
    return build(symbols, points, spacegroup=group, cellpar=cell, onduplicates="error")


third, twothird = 1 / 3, 2 / 3
CRYSTALS: dict[str, tuple[Atoms, Axis]] = {
    "D3d": (
        hexagonal(166, 4.143, 28.636, {"Bi": [(0, 0, 0.4008)], "Se": [(0, 0, 0), (0, 0, 0.2117)]}),
        Axis(3, Z),
    ),
    "C3i": (
        hexagonal(
            148,
            5.03,
            13.79,
            {"Ni": [(0, 0, 0.35)], "Ti": [(0, 0, 0.145)], "O": [(0.317, 0.02, 0.245)]},
        ),
        Axis(3, Z),
    ),
    "D3": (
        hexagonal(152, 4.913, 5.405, {"Si": [(0.4697, 0, third)], "O": [(0.4135, 0.2669, 0.4524)]}),
        Axis(3, Z),
    ),
    "C3v": (
        hexagonal(
            156,
            3.25,
            20.0,
            {
                "Mo": [(third, twothird, 0.5)],
                "S": [(twothird, third, 0.42)],
                "Se": [(twothird, third, 0.59)],
            },
        ),
        Axis(3, Z),
    ),
    "C3": (
        hexagonal(143, 6.0, 5.0, {"Li": [(0, 0, 0)], "O": [(0.31, 0.07, 0.33)]}),
        Axis(3, Z),
    ),
    "D3h": (
        hexagonal(
            187,
            3.74,
            15.9,
            {
                "Ga": [(0, 0, 0.077), (twothird, third, 0.577)],
                "Se": [(twothird, third, 0.151), (third, twothird, 0.651)],
            },
        ),
        Axis(3, Z),
    ),
    "D4h": (
        tetragonal(136, 4.594, 2.959, {"Ti": [(0, 0, 0)], "O": [(0.305, 0.305, 0)]}),
        Axis(4, Z),
    ),
    "C4h": (
        tetragonal(
            88,
            5.243,
            11.376,
            {"Ca": [(0, 0.25, 0.625)], "W": [(0, 0.25, 0.125)], "O": [(0.1507, 0.0086, 0.2106)]},
        ),
        Axis(4, Z),
    ),
    "D6h": (
        hexagonal(
            194, 3.16, 12.29, {"Mo": [(third, twothird, 0.25)], "S": [(third, twothird, 0.621)]}
        ),
        Axis(6, Z),
    ),
    "MgB2": (
        hexagonal(191, 3.086, 3.524, {"Mg": [(0, 0, 0)], "B": [(third, twothird, 0.5)]}),
        Axis(6, Z),
    ),
    "C6h": (
        hexagonal(
            176, 7.48, 4.38, {"La": [(third, twothird, 0.25)], "Cl": [(0.3874, 0.3011, 0.25)]}
        ),
        Axis(6, Z),
    ),
    "D2d": (
        tetragonal(
            122, 5.35, 10.48, {"Cu": [(0, 0, 0)], "Ga": [(0, 0, 0.5)], "S": [(0.25, 0.25, 0.125)]}
        ),
        Axis(4, Z, improper=True),
    ),
    "S4": (
        tetragonal(
            82,
            5.55,
            10.2,
            {
                "Cd": [(0, 0, 0)],
                "Ga": [(0, 0, 0.5), (0, 0.5, 0.25)],
                "S": [(0.27, 0.26, 0.14)],
            },
        ),
        Axis(4, Z, improper=True),
    ),
    "Td": (
        tetragonal(216, 5.653, 5.653, {"Ga": [(0, 0, 0)], "As": [(0.25, 0.25, 0.25)]}),
        Axis(4, Z, improper=True),
    ),
    "Oh": (
        tetragonal(225, 5.64, 5.64, {"Na": [(0, 0, 0)], "Cl": [(0.5, 0.5, 0.5)]}),
        Axis(4, Z),
    ),
}


@functools.cache
def solved(name: str, order: int = 3) -> tuple[RandomCrystal, Modes, Couplings]:
    """A crystal of the list above with random modes and couplings."""
    atoms, axis = CRYSTALS[name]
    crystal = RandomCrystal.from_atoms(atoms)
    modes = crystal.modes(axis)
    return crystal, modes, crystal.couplings(modes, order)


def turn(order: int, *, improper: bool = False) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The rotation by 2π/order about z, for −4 with the mirror."""
    return Axis(order, Z, improper=improper).matrix


SIGMA_H = np.diag([1.0, 1.0, -1.0])
#: Species by dimension and by characters of operations given as Cartesian matrices.  In D4h, D2d
#: the two-fold axis along x, in rutile and chalcopyrite a crystal axis.
C2X = np.diag([1.0, -1.0, -1.0])
SPECIES: dict[str, dict[str, tuple[int, list[tuple[Any, float]]]]] = {
    "D3d": {
        "Eu": (2, [(INVERSION, -2)]),
        "Eg": (2, [(INVERSION, 2)]),
        "A1g": (1, [(INVERSION, 1)]),
        "A2u": (1, [(INVERSION, -1)]),
    },
    "C3i": {"Eu": (2, [(INVERSION, -2)]), "Eg": (2, [(INVERSION, 2)])},
    "D3": {"E": (2, [])},
    "C3v": {"E": (2, [])},
    "C3": {"E": (2, [])},
    "D3h": {"E'": (2, [(SIGMA_H, 2)]), "E''": (2, [(SIGMA_H, -2)])},
    "D4h": {
        "Eu": (2, [(INVERSION, -2)]),
        "Eg": (2, [(INVERSION, 2)]),
        "A1g": (1, [(INVERSION, 1), (turn(4), 1), (C2X, 1)]),
        "A2g": (1, [(INVERSION, 1), (turn(4), 1), (C2X, -1)]),
        "B1g": (1, [(INVERSION, 1), (turn(4), -1), (C2X, 1)]),
        "B2g": (1, [(INVERSION, 1), (turn(4), -1), (C2X, -1)]),
    },
    "C4h": {"Eu": (2, [(INVERSION, -2)]), "Bg": (1, [(INVERSION, 1), (turn(4), -1)])},
    "D6h": {
        "E1u": (2, [(INVERSION, -2), (C2Z, -2)]),
        "E1g": (2, [(INVERSION, 2), (C2Z, -2)]),
        "E2g": (2, [(INVERSION, 2), (C2Z, 2)]),
    },
    "MgB2": {
        "E1u": (2, [(INVERSION, -2), (C2Z, -2)]),
        "E2g": (2, [(INVERSION, 2), (C2Z, 2)]),
    },
    "C6h": {
        "E1u": (2, [(INVERSION, -2), (C2Z, -2)]),
        "E2g": (2, [(INVERSION, 2), (C2Z, 2)]),
    },
    "D2d": {
        "E": (2, []),
        "B1": (1, [(turn(4, improper=True), -1), (C2X, 1)]),
        "B2": (1, [(turn(4, improper=True), -1), (C2X, -1)]),
    },
    "S4": {"E": (2, []), "B": (1, [(turn(4, improper=True), -1)])},
    "Td": {"T2": (3, [])},
    "Oh": {"T1u": (3, [])},
}


def named(name: str, species: str) -> list[Multiplet]:
    """The optical multiplets of a species of a crystal of the list."""
    crystal, modes, _ = solved(name)
    dimension, characters = SPECIES[name][species]
    found = select(modes, crystal, dimension, {crystal.find(m): x for m, x in characters})
    assert found, f"{name} has no optical {species}"
    return found


@pytest.mark.parametrize("name", ["D3d", "D4h", "S4", "Td"])
@pytest.mark.parametrize("order", [2, 3])
def test_random_force_constants_have_every_symmetry(name: str, order: int) -> None:
    crystal = solved(name)[0]
    tensor = crystal.force_constants(order, np.random.default_rng(1))
    scale = np.abs(tensor).max()
    assert scale > 1e-3
    for axes in itertools.permutations(range(order)):
        assert np.allclose(tensor, tensor.transpose(axes), atol=1e-12 * scale)
    rigid = np.tile(np.eye(3), (crystal.natoms, 1))
    assert np.abs(np.tensordot(tensor, rigid, axes=(0, 0))).max() < 1e-12 * scale
    for matrix in crystal.matrices:
        moved = tensor
        for _ in range(order):
            moved = np.tensordot(moved, matrix, axes=(0, 1))
        assert np.allclose(moved, tensor, atol=1e-12 * scale)


@pytest.mark.parametrize("name", CRYSTALS)
def test_coset_chain_covers_the_group_once(name: str) -> None:
    crystal = solved(name)[0]
    reached = [next(i for i in range(len(crystal.table)) if crystal.table[i, i] == i)]
    for representatives in crystal.coset_chain:
        reached = [int(crystal.table[r, g]) for r in representatives for g in reached]
    assert sorted(reached) == list(range(len(crystal.operations)))


def test_zone_centre_of_bi2se3() -> None:
    crystal, modes, _ = solved("D3d")
    assert [len(named("D3d", s)) for s in ("A1g", "Eg", "A2u", "Eu")] == [2, 2, 2, 2]
    assert sum(m.dimension for m in modes.multiplets if m.acoustic) == 3
    for multiplet in modes.multiplets:
        for component in multiplet.components:
            assert np.allclose(component.angular_momentum, component.pam or 0, atol=1e-9)
    assert crystal.natoms == 5


def test_quartz_has_4a1_5a2_9e() -> None:
    crystal, modes, _ = solved("D3")
    twofold = next(
        i
        for i, o in enumerate(crystal.operations)
        if np.allclose(o.cartesian @ Z, [0, 0, -1], atol=1e-9)
    )
    count = Counter((m.dimension, round(m.characters[twofold])) for m in modes.multiplets)
    assert count == {(1, 1): 4, (1, -1): 5, (2, 0): 9}


@pytest.mark.parametrize(
    ("name", "legs", "pams", "allowed"),
    [
        # Bi2Se3, V = √2 c (Q₊²g₊ + Q₋²g₋): an anticlockwise pump drives Eg clockwise
        ("D3d", ["Eu", "Eu", "Eg"], [1, 1, -1], True),
        ("D3d", ["Eu", "Eu", "Eg"], [1, 1, 1], False),
        ("D3d", ["Eu", "Eu", "Eg"], [-1, -1, 1], True),
        ("D3d", ["Eu", "Eg", "Eu"], [1, 1, -1], True),
        ("D3d", ["Eu", "Eu", "A1g"], [1, -1, 0], True),
        ("D3d", ["Eu", "Eu", "A1g"], [1, 1, 0], False),
        ("D3d", ["Eu", "A1g", "Eu"], [1, 0, 1], True),
        ("D3d", ["Eu", "A1g", "Eu"], [1, 0, -1], False),
        ("D3d", ["Eu", "Eu", "Eu"], [1, 1, -1], False),
        ("D3d", ["Eu", "Eu", "A2u"], [1, -1, 0], False),
        # −4 itself: z and the pseudoscalar have l = 2, so that xyz is Q₊² z
        ("Td", ["T2", "T2", "T2"], [1, 1, 2], True),
        ("Td", ["T2", "T2", "T2"], [1, -1, 2], False),
        ("Td", ["T2", "T2", "T2"], [1, 2, -1], True),
        ("D2d", ["E", "E", "B1"], [1, 1, 2], True),
        ("D2d", ["E", "B1", "E"], [1, 2, -1], True),
        ("Oh", ["T1u", "T1u", "T1u"], [1, 1, 0], False),
        ("D6h", ["E1u", "E1u", "E2g"], [1, 1, 2], True),
        ("D6h", ["E1u", "E1u", "E2g"], [1, 1, -2], False),
        ("D4h", ["Eu", "Eu", "A2g"], [1, -1, 0], False),
    ],
)
def test_components(name: str, legs: list[str], pams: list[int], *, allowed: bool) -> None:
    """All legs of one species are one mode; the last leg is outgoing."""
    couplings = solved(name)[2]
    columns = [named(name, s)[0].component(l).columns for s, l in zip(legs, pams, strict=True)]
    strength = couplings.strength(*columns)
    assert strength > 1e-4 if allowed else strength < 1e-12


@pytest.mark.parametrize(
    ("name", "same", "other", "coefficients"),
    [
        ("D3d", "Eu", "Eg", 1),
        ("D3d", "Eu", "A1g", 1),
        ("C3i", "Eu", "Eg", 2),
        ("D3", "E", "E", 1),
        ("C3v", "E", "E", 1),
        ("C3", "E", "E", 2),
        ("D3h", "E'", "E'", 1),
        ("D3h", "E'", "E''", 0),
        ("D4h", "Eu", "Eg", 0),
        ("D4h", "Eu", "A1g", 1),
        ("D4h", "Eu", "B1g", 1),
        ("D4h", "Eu", "B2g", 1),
        ("D4h", "Eu", "A2g", 0),
        ("C4h", "Eu", "Bg", 2),
        ("D6h", "E1u", "E2g", 1),
        ("D6h", "E1u", "E1g", 0),
        ("C6h", "E1u", "E2g", 2),
        ("D2d", "E", "B1", 1),
        ("D2d", "E", "B2", 1),
        ("S4", "E", "B", 2),
        ("Td", "T2", "T2", 1),
        ("Oh", "T1u", "T1u", 0),
    ],
)
def test_cubic_coefficients_of_one_mode_twice(
    name: str, same: str, other: str, coefficients: int
) -> None:
    """Q² g, with g another mode where the species has one (and Q³ where it is the same)."""
    couplings = solved(name)[2]
    q = named(name, same)[0].columns
    for g in named(name, other)[:3]:
        assert couplings.coefficients(q, q, g.columns) == coefficients


@pytest.mark.parametrize(
    ("name", "species", "other", "coefficients"),
    [("D4h", "Eu", "A2g", 1), ("D4h", "Eu", "A1g", 1), ("D3", "E", "E", 1), ("C3", "E", "E", 2)],
)
def test_cubic_coefficients_of_different_modes(
    name: str, species: str, other: str, coefficients: int
) -> None:
    first, second, *more = named(name, species)
    third_ = more[0] if other == species else named(name, other)[0]
    legs = (first.columns, second.columns, third_.columns)
    assert solved(name)[2].coefficients(*legs) == coefficients


@pytest.mark.parametrize(
    ("name", "species", "coefficients"),
    # r⁴ alone in D3d and D6h; with the cubic anisotropy x⁴ + y⁴ + z⁴ in Td and Oh
    [("D3d", "Eu", 1), ("D3d", "Eg", 1), ("MgB2", "E1u", 1), ("Td", "T2", 2), ("Oh", "T1u", 2)],
)
def test_quartic_coefficients_of_one_mode(name: str, species: str, coefficients: int) -> None:
    columns = named(name, species)[0].columns
    assert solved(name, 4)[2].coefficients(*[columns] * 4) == coefficients


def test_three_quanta_reverse_on_a_fourfold_axis_only() -> None:
    """C4 and −4: (+)³ → (−), the quarter-turn anisotropy; C3: (+)³ has l = 0."""
    for name, species, reverses in (("Td", "T2", True), ("Oh", "T1u", True), ("D3d", "Eu", False)):
        mode, couplings = named(name, species)[0], solved(name, 4)[2]
        plus, minus = mode.component(1).columns, mode.component(-1).columns
        strength = couplings.strength(plus, plus, plus, minus)
        assert strength > 1e-4 if reverses else strength < 1e-12
        assert couplings.strength(plus, plus, minus, plus) > 1e-4


def test_atoms_of_mgb2_reverse_although_pam_is_kept() -> None:
    crystal = solved("MgB2")[0]
    e1u, e2g = named("MgB2", "E1u")[0], named("MgB2", "E2g")[0]
    plus, two = e1u.component(1), e2g.component(2)
    assert np.allclose(plus.angular_momentum, 1)
    assert np.allclose(two.angular_momentum, -1)
    assert solved("MgB2")[2].strength(plus.columns, plus.columns, two.columns) > 1e-4
    assert crystal.natoms == 3


def test_supercell_conserves_momentum_up_to_a_reciprocal_vector() -> None:
    """Honeycomb, √3 × √3: K + K + K = G and K + K′ + Γ couple, K + K + Γ does not."""
    atoms = hexagonal(191, 2.46 * np.sqrt(3), 15.0, {"C": [(third, 0, 0.5)]})
    points = np.linalg.solve(atoms.cell.array.T, atoms.positions.T).T
    crystal = RandomCrystal.from_cell(atoms.cell.array, points, atoms.numbers)
    assert (crystal.natoms, len(crystal.operations)) == (6, 72)
    shift = next(
        matrix
        for operation, matrix in zip(crystal.operations, crystal.matrices, strict=True)
        if np.array_equal(operation.rotation, np.eye(3)) and operation.permutation[0] != 0
    )
    cubic = crystal.force_constants(3, np.random.default_rng(0))
    turn_ = np.exp(2j * np.pi / 3)
    gamma, k, k2 = (
        sum(phase**-n * np.linalg.matrix_power(shift, n) for n in range(3)) / 3
        for phase in (1, turn_, turn_**2)
    )
    assert [round(np.trace(p).real) for p in (gamma, k, k2)] == [6, 6, 6]

    def coupling(*momenta: Any) -> float:
        return float(np.abs(np.einsum("ijk,ia,jb,kc", cubic, *momenta, optimize=True)).max())

    assert coupling(k, k, k) > 1e-3
    assert coupling(k, k2, gamma) > 1e-3
    assert coupling(k, k, gamma) < 1e-14
    assert coupling(k, k, k2) < 1e-14
    modes = crystal.modes(Axis(3, Z))
    assert sorted(m.dimension for m in modes.multiplets) == [1, 1, 2, 2, 2, 2, 4, 4]


def test_rotation_part_of_an_operation() -> None:
    assert rotation_of("-x+y, 2z-1/2, -1/3+x").tolist() == [[-1, 1, 0], [0, 0, 2], [1, 0, 0]]
    assert momentum_of("-1") == -1
    assert momentum_of(None) is None


# --- the engine against the method -------------------------------------------------------------


Letters = tuple[tuple[str, str], ...]  # (species, copy) per leg


@dataclass
class Comparison:
    """One document of `predict` compared with random force constants of the same cell."""

    document: Mapping[str, Any]
    counted: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        cell = self.document["structure"]["primitive"]
        self.crystal = RandomCrystal.from_cell(
            cell["cell"],
            cell["positions"],
            cell["numbers"],
            symprec=self.document["tolerance"]["symprec"],
        )
        axis = self.document["axis"]
        self.axis: Axis | None = None
        if axis is not None:
            x, y, z = axis["direction"]
            self.axis = Axis(axis["order"], (x, y, z), axis["kind"] == "rotoreflection")
        self.species = {species["label"]: species for species in self.document["species"]}
        self.modes = [self.crystal.modes(self.axis, seed=seed) for seed in SEEDS]
        self.named = [self._name(modes) for modes in self.modes]
        self._couplings: dict[int, Couplings] = {}
        self._ranks: dict[tuple[int, tuple[int, ...]], int] = {}
        self._choices: dict[Letters, list[list[list[Multiplet]]]] = {}
        self._momenta: dict[tuple[str, int | None], tuple[float, float]] = {}

    def couplings(self, order: int) -> Couplings:
        """Random couplings of the first set of modes."""
        if order not in self._couplings:
            self._couplings[order] = self.crystal.couplings(self.modes[0], order)
        return self._couplings[order]

    def check(self, holds: object, kind: str, text: str) -> None:
        """Count one compared statement, and remember it if it is false."""
        self.counted[kind] += 1
        if not holds:
            self.disagreements.append(f"{kind}: {text}")

    def _name(self, modes: Modes) -> dict[str, list[Multiplet]]:
        """Multiplets by label of the document, through their characters; optical ones first."""
        characters: dict[str, dict[int, complex]] = {}
        for label, species in self.species.items():
            listed = species["characters"]
            characters[label] = {
                self.crystal.find_xyz(item["xyz"]): complex(*item["value"]) for item in listed
            }
            assert len(characters[label]) == len(self.crystal.operations)
        result: dict[str, list[Multiplet]] = {label: [] for label in self.species}
        for multiplet in modes.multiplets:
            fits = [
                label
                for label, values in characters.items()
                if all(abs(multiplet.characters[g] - x) < 1e-4 for g, x in values.items())
            ]
            assert len(fits) == 1, f"a multiplet fits the characters of {fits}"
            result[fits[0]].append(multiplet)
        return {label: sorted(ms, key=lambda m: m.acoustic) for label, ms in result.items()}

    def compare(self) -> Comparison:
        """Everything the document states."""
        for label in self.species:
            self._compare_species(label)
        seen: set[Any] = set()
        channels = self.document["channels"]
        for channel in channels:
            self._compare_channel(channel)
            key = canonical(legs_of(channel))
            self.check(key not in seen, "once", channel["id"])
            seen.add(key)
        counts, verdicts = self.document["counts"], Counter(c["verdict"] for c in channels)
        self.check(counts["judged"] == len(channels), "counts", "judged")
        for verdict in ("allowed", "undecided"):
            self.check(counts[verdict] == verdicts[verdict], "counts", verdict)
        for order in {len(key) for key in seen}:
            for key in sorted(self._expected(order)):
                self.check(key in seen, "listed", f"{key} is missing")
        return self

    def _compare_species(self, label: str) -> None:
        species = self.species[label]
        for named in self.named:
            multiplets = named[label]
            acoustic = sum(m.acoustic for m in multiplets)
            self.check(len(multiplets) == species["count"], "count", label)
            self.check(acoustic == species["acoustic"], "acoustic", label)
            for m in multiplets:
                self.check(m.dimension == species["dimension"], "dimension", label)
                sizes = [(c.pam, c.columns.stop - c.columns.start) for c in m.components]
                expected = [str(pam) for pam, size in sizes for _ in range(size)]
                listed = [str(pam) for pam in species["pam"] or []]
                if self.axis is None:
                    self.check(set(listed) <= {"None"}, "pam", f"{label}: no axis, no PAM")
                elif len(listed) == m.dimension:
                    self.check(sorted(listed) == sorted(expected), "pam", f"{label} {expected}")
                else:
                    self.check(set(listed) == set(expected), "pam", f"{label} {expected}")
        if self.named[0][label]:
            self._compare_label(label, self.named[0][label][0])

    def _compare_label(self, label: str, multiplet: Multiplet) -> None:
        """What the letters of a Mulliken name say: dimension, parity, mirror, A or B."""
        letters = {1: "AB", 2: "E", 3: "T"}[multiplet.dimension]
        self.check(label[0] in letters, "name", f"{label} of dimension {multiplet.dimension}")
        try:
            parity = multiplet.characters[self.crystal.find(INVERSION)]
            self.check(("g" if parity > 0 else "u") in label, "name", f"{label}, χ(−1) = {parity}")
        except LookupError:
            self.check("g" not in label and "u" not in label, "name", label)
        cubic = any(species["dimension"] == 3 for species in self.species.values())
        if cubic or self.axis is None or self.axis.order == 2:
            return  # A and B of two-fold axes need three axes; cubic classes know only A
        if multiplet.dimension == 1:
            letter = "A" if multiplet.components[0].pam == 0 else "B"
            self.check(label[0] == letter, "name", f"{label}, l = {multiplet.components[0].pam}")

    def _compare_channel(self, channel: Mapping[str, Any]) -> None:
        name, verdict = channel["id"], channel["verdict"]
        self.counted["channels"] += 1
        self.counted[verdict] += 1
        assert len(channel["outgoing"]) == 1, f"{name}: one outgoing quantum expected"
        legs = legs_of(channel)
        pams = [momentum_of(leg[1]) for leg in legs]
        letters = tuple((species, copy) for species, _, copy in legs)
        choices = self._assignments(letters)
        if choices is None:
            self.check(False, "listed", f"{name} needs more modes than there are")
            return
        optical = all(not m.acoustic for m in choices[0][0])
        self.check(channel["acoustic_only"] == (not optical), "acoustic only", name)
        couplings = self.couplings(len(legs))
        for choice in choices[0]:
            columns = [m.component(l).columns for m, l in zip(choice, pams, strict=True)]
            strength = couplings.strength(*columns)
            text = f"{name}: {verdict}, |V| = {strength:.1e}"
            if verdict == "allowed":
                self.check(strength > ALLOWED, "verdict", text)
            else:
                self.check(verdict == "forbidden" and strength < FORBIDDEN, "verdict", text)
            rank = self._rank(choice) if verdict == "allowed" else 0
            text = f"{name}: {channel['coefficients']}, found {rank}"
            self.check(channel["coefficients"] == rank, "coefficients", text)
        if verdict == "allowed":
            self._compare_budget(channel, pams)
        if optical:
            components = [
                [m.component(l) for m, l in zip(choice, pams, strict=True)]
                for seed in choices
                for choice in seed
            ]
            self._compare_rotation(channel, components)

    def _rank(self, choice: Sequence[Multiplet]) -> int:
        starts = tuple(sorted(m.columns.start for m in choice))
        key = len(choice), starts
        if key not in self._ranks:
            columns = [m.columns for m in choice]
            self._ranks[key] = self.couplings(len(choice)).coefficients(*columns)
        return self._ranks[key]

    def _assignments(self, letters: Letters) -> list[list[list[Multiplet]]] | None:
        """Per seed a few choices of one multiplet per leg; None if there are not enough."""
        if letters not in self._choices:
            self._choices[letters] = [
                list(itertools.islice(assignments(named, letters), CHOICES)) for named in self.named
            ]
        found = self._choices[letters]
        return found if found[0] else None

    def _compare_budget(self, channel: Mapping[str, Any], pams: Sequence[int | None]) -> None:
        """U = (Σ l_in − Σ l_out)/n, ±n/2 free, |U| least; the sense from the l below n/2."""
        if self.axis is None:
            return
        n = self.axis.order
        free = [[l, -l] if l is not None and 2 * l == n else [l or 0] for l in pams]
        budgets = [sum(ls[:-1]) - ls[-1] for ls in itertools.product(*free)]
        name = channel["id"]
        self.check(budgets[0] % n == 0, "conservation", name)
        umklapp = min((b // n for b in budgets), key=abs)
        self.check(channel["umklapp"] == umklapp, "umklapp", f"{name}: {umklapp} expected")
        turning = [l if l and 2 * abs(l) < n else 0 for l in pams]
        into, out = sum(turning[:-1]), turning[-1]
        sense = "neutral" if into * out == 0 else "kept" if into * out > 0 else "flipped"
        self.check(channel["pam_sense"] == sense, "pam sense", f"{name}: {sense} expected")

    def _compare_rotation(
        self, channel: Mapping[str, Any], choices: Sequence[Sequence[Component]]
    ) -> None:
        """Claims about the atoms hold for the modes of every random dynamical matrix.

        And they are sharp: what all motions of a species have in common is claimed, not left open.
        """
        name, claim, transfer = channel["id"], channel["rotation_sense"], channel["am_transfer"]
        self.counted[f"rotation {claim}"] += 1
        if self.axis is None:  # nothing to turn about: neither kept nor flipped nor handed over
            unsaid = claim in ("open", "none", None) and transfer in (None, 0)
            self.check(unsaid, "rotation", f"{name}: {claim}, {transfer}, but there is no axis")
            return
        for components in choices:
            # one random mode: its J is a number unless two of its components share l
            spans = [c.angular_momentum for c in components]
            if claim != "open":
                text = f"{name}: {claim}, J = {spans}"
                self.check(claim == rotation_sense(spans, exact=False), "rotation", text)
            if transfer is not None:
                low, high = (sum(s[i] for s in spans[:-1]) - spans[-1][i] for i in (0, 1))
                text = f"{name}: {transfer} claimed, {low:.6f} found"
                fixed = abs(low - transfer) < 1e-6 and abs(high - transfer) < 1e-6
                self.check(fixed, "transfer", text)
        legs = [(species, momentum_of(pam)) for species, pam, _ in legs_of(channel)]
        motions = [self._motions(*leg) for leg in legs]
        sharp = rotation_sense(motions)
        text = f"{name}: {claim}, {sharp} expected, J = {motions}"
        self.check(claim == sharp, "rotation form", text)
        if transfer is None and channel["verdict"] == "allowed":
            known = all(high - low < 1e-6 for low, high in motions)
            self.check(not known, "transfer form", f"{name}: J = {motions}")

    def _motions(self, label: str, pam: int | None) -> tuple[float, float]:
        """Least and largest J of all optical motions of a species with this l."""
        key = label, pam
        if key not in self._momenta:
            multiplets = [m for m in self.named[0][label] if not m.acoustic]
            self._momenta[key] = self.modes[0].angular_momentum(multiplets, pam, self.axis)
            # The force constants are real: a mode of l = −l that stands alone is a real vector and
            # moves along lines, although two such modes together could turn.
            alone = all(
                m.component(pam).columns.stop - m.component(pam).columns.start == 1
                for m in multiplets
            )
            if pam is not None and self.axis and 2 * pam % self.axis.order == 0 and alone:
                self._momenta[key] = (0.0, 0.0)
        return self._momenta[key]

    def _expected(self, order: int) -> set[Any]:
        """Every channel of an order that optical modes realise, in every identity pattern."""
        optical = {
            label: sum(not m.acoustic for m in multiplets)
            for label, multiplets in self.named[0].items()
        }
        components = [
            (label, str(component.pam))
            for label, multiplets in self.named[0].items()
            if optical[label]
            for component in multiplets[0].components
        ]
        result = set()
        for incoming in itertools.combinations_with_replacement(components, order - 1):
            for last in components:
                legs = [*incoming, last]
                for letters in identities([label for label, _ in legs], optical):
                    result.add(
                        canonical([(*x, str(n)) for x, n in zip(legs, letters, strict=True)])
                    )
        return result


def identities(
    species: Sequence[str], copies: Mapping[str, int], start: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """All ways to number the modes of legs: per species 0, 1, … in order of first appearance."""
    if len(start) == len(species):
        yield start
        return
    label = species[len(start)]
    used = {n for s, n in zip(species, start, strict=False) if s == label}
    for n in range(min(len(used) + 1, copies[label])):
        yield from identities(species, copies, (*start, n))


def legs_of(channel: Mapping[str, Any]) -> list[tuple[str, str | None, str]]:
    """(species, pam, copy) of every leg, the outgoing one last."""
    return [
        (leg["species"], leg["pam"], leg["copy"])
        for leg in (*channel["incoming"], *channel["outgoing"])
    ]


def canonical(legs: Sequence[tuple[str, str | None, str]]) -> Any:
    """One key for channels equal up to the order of incoming legs and the names of copies."""
    keys = []
    for incoming in itertools.permutations(legs[:-1]):
        names: dict[tuple[str, str], int] = {}
        key = []
        for species, pam, copy in (*incoming, legs[-1]):
            count = sum(known == species for known, _ in names)
            key.append((species, str(pam), names.setdefault((species, copy), count)))
        keys.append(tuple(key))
    return min(keys)


def assignments(
    named: Mapping[str, list[Multiplet]], letters: Letters
) -> Iterator[list[Multiplet]]:
    """Distinct multiplets for distinct letters of a species, optical before acoustic ones."""
    copies: dict[str, list[str]] = defaultdict(list)
    for species, letter in letters:
        if letter not in copies[species]:
            copies[species].append(letter)
    options = []
    for species, used in copies.items():
        optical = [m for m in named[species] if not m.acoustic]
        pool = optical if len(optical) >= len(used) else named[species]
        options.append([(species, used, pick) for pick in itertools.permutations(pool, len(used))])
    turns = max((len(option) for option in options), default=0)
    if min((len(option) for option in options), default=0) == 0:
        return
    for i in range(turns):  # walk all species at once: three choices then differ everywhere
        chosen: dict[tuple[str, str], Multiplet] = {}
        for option in options:
            species, used, pick = option[i % len(option)]
            chosen |= {(species, x): m for x, m in zip(used, pick, strict=True)}
        yield [chosen[letter] for letter in letters]


def rotation_sense(spans: Sequence[tuple[float, float]], *, exact: bool = True) -> str:
    """kept, flipped, none or open, from the least and largest J of every leg, the outgoing last.

    A form is + or − iff it is semidefinite.  Unlike signs of incoming legs leave the sum open
    unless symmetry fixes the numbers themselves: least = largest (±1, but also ±1/2 of T2u in a
    perovskite).  `exact=False`: the J of given modes, where any sum has a sign.
    """
    signs = [sign(*span) for span in spans]
    into = spans[:-1]
    total = sign(sum(low for low, _ in into), sum(high for _, high in into))
    if exact and not all(high - low < 1e-6 for low, high in into):
        present = set(signs[:-1]) - {0}
        total = present.pop() if len(present) == 1 else None if present else 0
    out = signs[-1]
    if total == 0 or out == 0:
        return "none"
    if total is None or out is None:
        return "open"
    return "kept" if total * out > 0 else "flipped"


def sign(low: float, high: float, *, zero: float = 1e-7) -> int | None:
    """1, −1 or 0 of a semidefinite form with these extreme eigenvalues, None of another."""
    if low > -zero:
        return 1 if high > zero else 0
    return -1 if high < zero else None


@functools.cache
def predicted(name: str, order: int, **options: Any) -> str:
    """The document of `predict` for a structure of the collection, as JSON."""
    import symchiral

    atoms = ase.io.read(STRUCTURES / name)
    return symchiral.predict(atoms, order=order, all=True, **options).to_json()


@functools.cache
def collection() -> tuple[tuple[str, int], ...]:
    """Structures of the collection with the number of atoms in their primitive cells."""
    result = []
    for path in sorted(STRUCTURES.rglob("*.cif")):
        atoms = ase.io.read(path)
        assert isinstance(atoms, Atoms)
        result.append((path.relative_to(STRUCTURES).as_posix(), len(primitive(atoms)[2])))
    return tuple(result)


def jobs() -> list[Any]:
    """(structure, order) for every crystal small enough, in the everyday tests one in two.

    Large ones are marked for the sweep, too.
    """
    return [
        pytest.param(
            name,
            order,
            id=f"{name.removesuffix('.cif')}-{order}",
            marks=[pytest.mark.sweep] if i % 2 or natoms > EVERYDAY[order] else [],
        )
        for i, (name, natoms) in enumerate(collection())
        for order in LARGEST
        if natoms <= LARGEST[order]
    ]


COMPARED: dict[tuple[str, int], Counter[str]] = {}


@pytest.mark.parametrize(("name", "order"), jobs())
def test_engine_agrees_with_random_force_constants(name: str, order: int) -> None:
    comparison = Comparison(json.loads(predicted(name, order))).compare()
    COMPARED[name, order] = comparison.counted
    wrong = comparison.disagreements
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong[:20])
    optical = any(not m.acoustic for m in comparison.modes[0].multiplets)
    assert comparison.counted["verdict"] > 0 or not optical


def test_enough_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    everyday = [job.values for job in jobs() if not job.marks]
    if not everyday or not all(key in COMPARED for key in everyday):
        pytest.skip("counts only when every crystal was compared in this process")
    total = sum(COMPARED.values(), Counter[str]())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(COMPARED)} comparisons with random force constants: {dict(total)}\n"
        )
    assert total["verdict"] > 100 * len(everyday)


@pytest.mark.parametrize(
    ("name", "axis"),
    [
        ("GaAs.cif", "1,1,1"),
        ("Si.cif", "1,1,1"),
        ("Si.cif", "1,1,0"),
        ("KTaO3.cif", "1,-1,1"),
        ("CaF2.cif", "1,0,-1"),
        ("FeSi.cif", "0,0,1"),
        ("Bi2Se3.cif", "1,0,0"),
        ("SiO2_quartz_P3121.cif", "1,0,0"),
        ("TiO2_rutile.cif", "1,1,0"),
        ("MgB2.cif", "1,2,0"),
        ("CuFeS2.cif", "1,0,0"),
        ("MoO3_alpha.cif", "1,0,0"),
    ],
)
def test_engine_agrees_about_other_axes(name: str, axis: str) -> None:
    """Axes off the default: one l may then hold two or three motions of a multiplet."""
    document = json.loads(predicted(name, 3, axis=axis))
    comparison = Comparison(document).compare()
    assert not comparison.disagreements, "\n".join(comparison.disagreements[:20])
    assert comparison.counted["verdict"] > 0


@pytest.mark.parametrize("order", [3, 4])
@pytest.mark.parametrize("name", ["graphene_slab.cif", "GaAs.cif", "Te_P3121.cif", "MgB2.cif"])
def test_rigid_translations_couple_to_nothing(name: str, order: int) -> None:
    """Channels that only an acoustic copy could realise are forbidden, whatever the species say."""
    document = json.loads(predicted(name, order, acoustic=True))
    comparison = Comparison(document).compare()
    assert any(channel["acoustic_only"] for channel in document["channels"])
    assert not comparison.disagreements, "\n".join(comparison.disagreements[:20])


LIES: dict[str, tuple[str, Any]] = {
    "verdict": ("verdict", "forbidden"),
    "coefficients": ("coefficients", 2),
    "umklapp": ("umklapp", 0),
    "pam sense": ("pam_sense", "kept"),
    "rotation": ("rotation_sense", "kept"),
    "rotation form": ("rotation_sense", "open"),
    "transfer": ("am_transfer", 0.0),
    "transfer form": ("am_transfer", None),
    "acoustic only": ("acoustic_only", True),
}


@pytest.mark.parametrize("kind", LIES)
def test_comparison_notices_a_false_channel(kind: str) -> None:
    document = json.loads(predicted("Bi2Se3.cif", 3))
    key, value = LIES[kind]
    wanted = canonical([("Eu", "1", "a"), ("Eu", "1", "a"), ("Eg", "-1", "a")])
    channel = next(c for c in document["channels"] if canonical(legs_of(c)) == wanted)
    assert channel[key] != value
    channel[key] = value
    wrong = Comparison(document).compare().disagreements
    assert any(text.startswith(f"{kind}:") and channel["id"] in text for text in wrong)


def test_comparison_notices_missing_and_repeated_channels_and_false_species() -> None:
    document = json.loads(predicted("Bi2Se3.cif", 3))
    optical = next(c for c in document["channels"] if not c["acoustic_only"])
    document["channels"].remove(optical)
    document["channels"].append(document["channels"][0])
    document["species"][0]["count"] += 1
    document["species"][0]["pam"][0] = "1" if document["species"][0]["pam"][0] == "0" else "0"
    kinds = {text.split(":")[0] for text in Comparison(document).compare().disagreements}
    assert {"listed", "once", "count", "pam"} <= kinds
