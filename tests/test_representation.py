"""The matrices T(g) of displacements and the pairing by time reversal, held against phonopy.

phonopy has its own space-group search, its own dynamical matrices, its own representation matrices
and its own treatment of antiunitary operations (`phonopy.phonon.symmetry_adapted_modes`).  Random
force constants with the symmetry of the crystal come from a 2 × 2 × 2 supercell of real atoms.

A second part needs no phonopy: the degeneracies of random, real, symmetric force constants of a
supercell at every special point are what the species of the library claim.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brute_force_supercell import Supercell, wavevector
from numpy.typing import NDArray

import symchiral
from symchiral.crystal.qpoint import QPoint, images, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.kpoints import named_points
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.species import Species
from symchiral.study import Study

Complex = NDArray[np.complex128]

STRUCTURES = sorted(p.stem for p in (Path(__file__).parent.parent / "structures").glob("*.cif"))
#: nonsymmorphic, chiral, centred and symmorphic ones: every lattice, every kind of screw and glide
CRYSTALS = [
    "TiO2_rutile",
    "TiO2_anatase",
    "ZnO",
    "Te_P3121",
    "Te_P3221",
    "SiO2_quartz_P3121",
    "SiO2_beta_quartz",
    "Si",
    "GaAs",
    "NaCl",
    "Bi2Se3",
    "BPO4",
    "PbO",
    "CuO",
    "FeSi",
    "MgB2",
    "graphite",
    "Te_highpressure_P21",
    "CuFeS2",
    "SnS",
]
#: inside the zone: no special point, no line, no plane; and on axes and planes of most lattices
INTERIOR = [
    QPoint.of("1/7", "2/11", "3/13"),
    QPoint.of(0, 0, "2/9"),
    QPoint.of("1/5", "1/5", 0),
    QPoint.of("1/6", 0, "1/2"),
]


@functools.cache
def study_of(name: str) -> Study:
    """A shipped crystal."""
    return symchiral.read(name)


@functools.cache
def special_points(name: str) -> tuple[tuple[str, QPoint], ...]:
    """Name and wavevector of every special point, −K beside K."""
    group = study_of(name).crystal.group
    return tuple((p.label, p.q) for p in named_points(group) if p.kdim == 0)


def wavevectors(name: str) -> list[QPoint]:
    """Special points, some of them a reciprocal vector away, and interior points."""
    points = [q for _, q in special_points(name)]
    moved = [q + QPoint.of(1, -1, 2) for q in points[:3]]
    return [*points, *moved, *INTERIOR]


def representation(crystal: SymmetricCrystal, q: QPoint, operations: Sequence[int]) -> Complex:
    """T(g) of the library on all atoms."""
    atoms = range(len(crystal.primitive))
    return np.asarray(displacement_matrices(crystal, q, operations, atoms))


def antiunitary(crystal: SymmetricCrystal, q: QPoint) -> tuple[list[int], Complex]:
    """Operations with R q = −q + G, and T with η = −1: T(g) of the library times exp(−2i q·r)."""
    found = [g for g, image in enumerate(images(crystal.group, q)) if image == (-q).reduced]
    turns = crystal.primitive.positions @ np.array([float(x) for x in q.generic])
    phases = np.repeat(np.exp(-4j * np.pi * turns), 3)
    return found, representation(crystal, q, found) * phases


def characters(crystal: SymmetricCrystal, species: Species) -> Complex:
    """χ(g) of a species over the little group, in its order."""
    members = little_group(crystal.group, species.q)
    matrices = species.participant.matrices[list(members), species.arm]
    return np.asarray(np.trace(matrices, axis1=1, axis2=2))


def at(name: str, q: QPoint) -> tuple[Species, ...]:
    """Species at a wavevector, asked for by coordinates."""
    return study_of(name).species(",".join(q.texts))


def compare_sets(
    name: str, q: QPoint, sets: Sequence[tuple[int, Complex]], context: str
) -> tuple[int, int]:
    """Degenerate sets (dimension, characters over the little group) against the species.

    Returns the number of sets and how many of them only time reversal holds together.
    """
    crystal = study_of(name).crystal
    species = at(name, q)
    claimed = Counter({s.key: s.count for s in species})
    found: Counter[str] = Counter()
    paired = 0
    for dimension, chi in sets:
        fits = [
            s.key
            for s in species
            if s.dimension == dimension and np.allclose(characters(crystal, s), chi, atol=1e-5)
        ]
        assert len(fits) == 1, f"{context}: a {dimension}-fold set fits {fits}"
        found[fits[0]] += 1
        paired += bool(np.vdot(chi, chi).real / len(chi) > 1.5)
    assert found == claimed, f"{context}: {dict(found)} found, {dict(claimed)} claimed"
    return len(sets), paired


# --- the algebra, needing nothing else ----------------------------------------------------------


def test_products_of_displacement_matrices() -> None:
    """T(g) T(h) = exp(−iq·t) T(gh) with g h = {E|t} gh, also for the antiunitary ones."""
    checked = 0
    for name in CRYSTALS:
        crystal = study_of(name).crystal
        group = crystal.group
        for q in wavevectors(name):
            members = list(little_group(group, q))
            matrices = dict(zip(members, representation(crystal, q, members), strict=True))
            vector = np.array([float(x) for x in q.generic])
            size = 3 * len(crystal.primitive)
            some = members[:: max(1, len(members) // 6)]
            for g in some:
                assert np.allclose(matrices[g] @ matrices[g].conj().T, np.eye(size), atol=1e-12)
                for h in some:
                    t = group.product_translations[g, h]
                    phase = np.exp(-2j * np.pi * (vector @ t))
                    product = matrices[int(group.products[g, h])]
                    assert np.allclose(matrices[g] @ matrices[h], phase * product, atol=1e-9)
                    checked += 1
            others, conjugating = antiunitary(crystal, q)
            for a, first in list(zip(others, conjugating, strict=True))[:6]:
                for b, second in list(zip(others, conjugating, strict=True))[:6]:
                    t = group.product_translations[a, b]
                    phase = np.exp(-2j * np.pi * (vector @ t))
                    product = matrices[int(group.products[a, b])]
                    assert np.allclose(first @ second.conj(), phase * product, atol=1e-9)
                    checked += 1
    assert checked > 4000


# --- against phonopy ----------------------------------------------------------------------------

oracle = pytest.mark.oracle
needs_phonopy = pytest.mark.skipif(
    importlib.util.find_spec("phonopy") is None, reason="phonopy is not installed"
)


@functools.cache
def phonopy_of(name: str) -> Any:
    """Phonopy with random force constants that have the symmetry of the crystal, and no more."""
    pytest.importorskip("phonopy")
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    crystal = study_of(name).crystal
    cell = crystal.primitive
    unit = PhonopyAtoms(
        cell=cell.cell, scaled_positions=cell.positions, numbers=[int(z) for z in cell.numbers]
    )
    phonon = Phonopy(
        unit,
        supercell_matrix=2 * np.eye(3, dtype=int),
        primitive_matrix="P",
        symprec=1e-4,
    )
    halves = [wavevector(np.roll(("1/2", 0, 0), k).tolist()) for k in range(3)]
    supercell = Supercell(cell.cell, cell.positions, cell.numbers, halves)
    assert len(supercell.cells) == 8
    constants = supercell.force_constants(2, np.random.default_rng(5))
    # from our order of atoms (cell by cell) to phonopy's
    ours = (supercell.cells[:, None] + np.asarray(cell.positions)[None]).reshape(-1, 3) / 2
    theirs = phonon.supercell.scaled_positions
    difference = theirs[:, None] - ours[None]
    distance = np.abs(difference - np.rint(difference)).max(axis=2)
    order = distance.argmin(axis=1)
    assert distance.min(axis=1).max() < 1e-6
    n = len(order)
    assert sorted(order) == list(range(n))
    blocks = constants.reshape(n, 3, n, 3).transpose(0, 2, 1, 3)[np.ix_(order, order)]
    phonon.force_constants = np.ascontiguousarray(blocks)
    return phonon


def gauge(name: str, q: QPoint) -> Complex:
    """Diagonal S with e(phonopy) = S e(ours): phonopy may hold an atom one lattice vector away."""
    theirs = phonopy_of(name).primitive.scaled_positions
    difference = theirs - np.asarray(study_of(name).crystal.primitive.positions)
    cells = np.rint(difference)
    assert np.abs(difference - cells).max() < 1e-9
    turns = cells @ np.array([float(x) for x in q.generic])
    return np.asarray(np.repeat(np.exp(-2j * np.pi * turns), 3))


def dynamical(name: str, q: QPoint) -> Complex:
    """phonopy's dynamical matrix for our positions of the atoms, its largest entry 1."""
    matrix = phonopy_of(name).dynamical_matrix
    matrix.run([float(x) for x in q.generic])
    s = gauge(name, q)
    d = s.conj()[:, None] * np.array(matrix.dynamical_matrix) * s
    return np.asarray(d / np.abs(d).max())


@oracle
@needs_phonopy
@pytest.mark.parametrize("name", CRYSTALS)
def test_displacement_matrices_commute_with_dynamical_matrices(name: str) -> None:
    """T D = D T, and T D* = D T where R q = −q + G."""
    crystal = study_of(name).crystal
    nontrivial = 0
    for q in wavevectors(name):
        d = dynamical(name, q)
        for matrix in representation(crystal, q, little_group(crystal.group, q)):
            assert np.abs(matrix @ d - d @ matrix).max() < 1e-8
            nontrivial += not np.allclose(matrix, np.eye(len(d)))
        for matrix in antiunitary(crystal, q)[1]:
            assert np.abs(matrix @ d.conj() - d @ matrix).max() < 1e-8
            nontrivial += 1
    assert nontrivial > len(crystal.group)


@oracle
@needs_phonopy
def test_the_gauge_is_not_that_of_the_cell() -> None:
    """With the position of the image instead of the atom the relation fails: the test can tell."""
    crystal = study_of("TiO2_rutile").crystal
    q = QPoint.of("1/7", 0, "1/2")
    vector = np.array([float(x) for x in q.generic])
    d = dynamical("TiO2_rutile", q)
    cell_gauge = np.repeat(np.exp(2j * np.pi * (crystal.primitive.positions @ vector)), 3)
    members = little_group(crystal.group, q)
    worst = 0.0
    for matrix in representation(crystal, q, members):
        wrong = cell_gauge.conj()[:, None] * matrix * cell_gauge
        worst = max(worst, float(np.abs(wrong @ d - d @ wrong).max()))
    assert len(members) > 1
    assert worst > 1e-2


@oracle
@needs_phonopy
@pytest.mark.parametrize("name", CRYSTALS)
def test_displacement_matrices_are_those_of_phonopy(name: str) -> None:
    """Operation by operation, unitary and antiunitary; a lattice translation t gives exp(−iq·t)."""
    from phonopy.phonon.symmetry_adapted_modes import get_little_group_operations

    phonon, crystal = phonopy_of(name), study_of(name).crystal
    size = 3 * len(crystal.primitive)
    for q in wavevectors(name):
        vector = np.array([float(x) for x in q.generic])
        members = list(little_group(crystal.group, q))
        others, conjugating = antiunitary(crystal, q)
        mine = {
            False: dict(zip(members, representation(crystal, q, members), strict=True)),
            True: dict(zip(others, conjugating, strict=True)),
        }
        theirs = get_little_group_operations(vector, phonon.primitive, phonon.primitive_symmetry)
        counted = Counter(operation.is_antiunitary for operation in theirs)
        assert counted == Counter({False: len(members)}) + Counter({True: len(others)})
        for operation in theirs:
            g = crystal.group.find(operation.rotation)
            shift = crystal.group.shifts[g] / 24 - operation.translation
            assert np.allclose(shift, np.rint(shift), atol=1e-4)
            phase = np.exp(2j * np.pi * (vector @ np.rint(shift)))
            matrix = operation.transform_vectors(np.eye(size, dtype=complex))
            # e = S e(ours) on both sides; an antiunitary operation conjugates the right one
            s = gauge(name, q)
            matrix = s.conj()[:, None] * matrix * (s.conj() if operation.is_antiunitary else s)
            assert np.allclose(phase * mine[operation.is_antiunitary][g], matrix, atol=1e-5)


def compare_with_phonopy(name: str) -> tuple[int, int, int]:
    """Degenerate sets of phonopy at all special points: points, sets, pairs by time reversal."""
    from phonopy.phonon.symmetry_adapted_modes import SymmetryAdaptedModes

    phonon, crystal = phonopy_of(name), study_of(name).crystal
    points = sets = pairs = 0
    for label, q in special_points(name):
        vector = np.array([float(x) for x in q.generic])
        modes = SymmetryAdaptedModes(phonon.dynamical_matrix, vector, phonon.primitive_symmetry)
        unitary = [x for x in modes.operations if not x.is_antiunitary]
        members = list(little_group(crystal.group, q))
        place, phases = [], []
        for operation in unitary:
            g = crystal.group.find(operation.rotation)
            shift = np.rint(crystal.group.shifts[g] / 24 - operation.translation)
            place.append(members.index(g))
            phases.append(np.exp(-2j * np.pi * (vector @ shift)))
        theirs = []
        for indices, chi in zip(modes.degenerate_sets, modes.characters, strict=True):
            ordered = np.zeros(len(members), dtype=complex)
            ordered[place] = np.array(phases) * chi
            theirs.append((len(indices), ordered))
        n, paired = compare_sets(name, q, theirs, f"{name} {label}")
        points, sets, pairs = points + 1, sets + n, pairs + paired
    return points, sets, pairs


@oracle
@needs_phonopy
def test_time_reversal_pairs_what_phonopy_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {name: compare_with_phonopy(name) for name in CRYSTALS}
    points, sets, pairs = (sum(x) for x in zip(*counts.values(), strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\nphonopy: {len(counts)} crystals, {points} special points, {sets} degenerate sets, "
            f"{pairs} of them pairs by time reversal\n"
        )
    assert len(counts) >= 20
    assert points > 100
    assert sets > 1000
    assert pairs > 100


@oracle
@needs_phonopy
@pytest.mark.sweep
@pytest.mark.parametrize("name", STRUCTURES)
def test_every_crystal_pairs_as_phonopy_does(name: str) -> None:
    if len(study_of(name).crystal.primitive) > 40:
        pytest.skip("large")
    points, sets, _ = compare_with_phonopy(name)
    assert points > 0
    assert sets > 0


# --- degeneracies of random force constants, needing no phonopy ---------------------------------

#: distinct space groups, small cells
DEGENERATE = [
    "TiO2_rutile",
    "TiO2_anatase",
    "ZnO",
    "Te_P3121",
    "Te_P3221",
    "Si",
    "GaAs",
    "NaCl",
    "SrTiO3",
    "Bi2Se3",
    "BiTeI",
    "BPO4",
    "PbO",
    "MgB2",
    "WC",
    "graphite",
    "graphene_slab",
    "MoS2_monolayer_slab",
    "Te_highpressure_P21",
    "GeTe",
    "GaSe",
    "BaTiO3_P4mm",
    "KNbO3_Amm2",
    "CuScS2",
    "MoSi2",
    "P_black",
    "LiIO3",
]
#: atoms in a supercell
LARGEST, LARGEST_IN_SWEEP = 48, 260
COUNTED: dict[str, tuple[int, int, int]] = {}


def compare_with_supercells(name: str, largest: int) -> tuple[int, int, int]:
    """Degenerate sets of random force constants at special points: points, sets, pairs."""
    crystal = study_of(name).crystal
    cell, operations = crystal.primitive, crystal.group.operations
    points = sets = pairs = 0
    for label, q in special_points(name):
        wave = wavevector(q.coordinates)
        supercell = Supercell(cell.cell, cell.positions, cell.numbers, [wave])
        if supercell.size // 3 > largest:
            continue
        members = little_group(crystal.group, q)
        assert supercell.little_group(wave) == len(members)
        actions = [
            supercell.action(operations[g].rotation, operations[g].translation) for g in members
        ]
        theirs = [
            (w.dimension, np.array([w.character(a) for a in actions]))
            for w in supercell.waves(wave)
        ]
        n, paired = compare_sets(name, q, theirs, f"{name} {label}")
        points, sets, pairs = points + 1, sets + n, pairs + paired
    return points, sets, pairs


@pytest.mark.parametrize("name", DEGENERATE)
def test_degeneracies_of_random_force_constants(name: str) -> None:
    COUNTED[name] = compare_with_supercells(name, LARGEST)
    assert COUNTED[name][0] > 0


def test_enough_degeneracies_were_compared(capsys: pytest.CaptureFixture[str]) -> None:
    if set(COUNTED) != set(DEGENERATE):
        pytest.skip("counts only when every crystal was compared in this process")
    groups = {study_of(name).crystal.group.number for name in COUNTED}
    points, sets, pairs = (sum(x) for x in zip(*COUNTED.values(), strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(COUNTED)} crystals of {len(groups)} space groups: {points} special points, "
            f"{sets} degenerate sets, {pairs} of them pairs by time reversal\n"
        )
    assert len(groups) >= 20
    assert points > 80
    assert sets > 800
    assert pairs > 50


@pytest.mark.sweep
@pytest.mark.parametrize("name", STRUCTURES)
def test_degeneracies_of_every_crystal(name: str) -> None:
    points, sets, _ = compare_with_supercells(name, LARGEST_IN_SWEEP)
    assert points > 0 or len(study_of(name).crystal.primitive) > LARGEST_IN_SWEEP
    assert sets >= points
