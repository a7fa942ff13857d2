"""Modes: symmetry-adapted eigenvectors, their labels, PAM and angular momenta.

Three methods share nothing: random matrices averaged over the group one operation after the other
and diagonalised whole; springs between atoms in random descriptions of one crystal; phonopy's
symmetry-adapted modes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from descriptions import Description
from scipy import constants
from springs import Springs

import symchiral as sc
from symchiral.answers.modes import modes as answer
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.qpoint import QPoint, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import SymmetryError
from symchiral.forces.phonons import Phonons, make_phonons
from symchiral.irreps.axis import axis_at, find_axis
from symchiral.irreps.kpoints import named_points
from symchiral.modes.coordinates import normal_coordinates
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.mode import Modes
from symchiral.modes.modespace import mode_space
from symchiral.modes.operators import find_operators
from symchiral.study import Study

STRUCTURES = sorted(p.stem for p in (Path(__file__).parent.parent / "structures").glob("*.cif"))
SAMPLE = [
    "BPO4",
    "Bi2Se3",
    "CuFeS2",
    "FeSi",
    "GaAs",
    "KAsSe2",
    "MgB2",
    "NiTiO3",
    "P2I4",
    "PbO",
    "SiO2_quartz_P3121",
    "SnS",
    "SrTiO3",
    "Te_P3121",
    "TeO2_alpha",
    "TiO2_rutile",
    "TlBO2_P43",
    "ZnO",
    "graphene_slab",
]


@cache
def study(name: str) -> Study:
    return sc.read(name)


def points(crystal: SymmetricCrystal) -> list[QPoint]:
    """Every special point, a point of every line, and one with no symmetry at all."""
    found = []
    for point in named_points(crystal.group):
        if point.kdim == 0:
            found.append(point.q.reduced)
        elif point.kdim == 1:
            found.append(QPoint(point.q.generic).reduced)
    return [*dict.fromkeys(found), QPoint.of("3/17", "5/23", "7/29")]


def averaged(crystal: SymmetricCrystal, q: QPoint, rng: np.random.Generator) -> np.ndarray:
    """A random Hermitian matrix that commutes with all of the little group, unitary or not."""
    size = 3 * len(crystal.primitive)
    raw = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    raw = raw + raw.conj().T
    everything = range(len(crystal.primitive))
    members = little_group(crystal.group, q)
    matrices = displacement_matrices(crystal, q, members, list(everything))
    total = sum(t @ raw @ t.conj().T for t in matrices) / len(members)
    # One antiunitary operation K g makes the whole of the others.
    turning = [g for g, image in enumerate(rotated(crystal, q)) if (image + q).is_reciprocal_vector]
    if turning:
        t = antiunitary(crystal, q, turning[0])
        total = (total + t @ total.conj() @ t.conj().T) / 2
    return np.asarray(total)


def rotated(crystal: SymmetricCrystal, q: QPoint) -> list[QPoint]:
    group = crystal.group
    return [q.rotated(group.rotations[i]) for i in group.inverses]


def antiunitary(crystal: SymmetricCrystal, q: QPoint, g: int) -> np.ndarray:
    """T of K g, to be applied after conjugation: R exp(−i q·(g r + r))."""
    vector = np.array([float(x) for x in q.generic])
    positions, n = crystal.primitive.positions, len(crystal.primitive)
    matrix = np.zeros((n, 3, n, 3), dtype=complex)
    for k in range(n):
        image = crystal.permutations[g, k]
        moved = positions[image] + crystal.lattice_shifts[g, k] + positions[k]
        matrix[image, :, k] = np.exp(-2j * np.pi * vector @ moved) * crystal.rotations[g]
    return matrix.reshape(3 * n, 3 * n)


def check_random(name: str) -> tuple[int, int]:
    """Points and modes compared."""
    crystal = study(name).crystal
    rng = np.random.default_rng(len(name))
    masses = np.ones(len(crystal.primitive))
    compared = 0
    places = points(crystal)
    for q in places:
        axis = axis_at(crystal, study(name).axis, [q])
        matrix = averaged(crystal, q, rng)
        space = mode_space(crystal, axis, q)
        modes = space.modes(matrix, masses)
        exact = np.linalg.eigvalsh(matrix)
        ours = modes.frequencies * np.abs(modes.frequencies)
        scale = np.abs(exact).max()
        assert np.abs(np.sort(ours) - exact).max() < 1e-9 * scale, (name, q)
        vectors = modes.eigenvectors
        assert np.abs(vectors.conj().T @ vectors - np.eye(len(exact))).max() < 1e-9
        assert np.abs(matrix @ vectors - vectors * ours).max() < 1e-8 * scale
        check_laws(crystal, modes, matrix)
        check_again(space, modes, matrix, masses)
        compared += len(modes)
    return len(places), compared


def check_laws(crystal: SymmetricCrystal, modes: Modes, matrix: np.ndarray) -> None:
    """T(Cₙ) e = exp(−2πi l/n) e; ΣJ = 0; J inside the bounds of its species."""
    total = sum((mode.atomic_am.sum(axis=0) for mode in modes), np.zeros(3))
    assert np.abs(total).max() < 1e-9
    for mode in modes:
        a, b = mode.ellipses[:, 0], mode.ellipses[:, 1]
        assert np.abs(np.einsum("ki,ki->k", a, b)).max() < 1e-12
        assert np.all(np.linalg.norm(a, axis=1) > np.linalg.norm(b, axis=1) - 1e-12)
        assert np.abs(2 * np.cross(a, b) - mode.atomic_am).max() < 1e-12
        assert np.all(mode.helicities < 1 + 1e-12)
    axis, q = modes.axis, modes.q
    if axis is None:
        return
    n = axis.order
    t = displacement_matrices(crystal, q, [axis.turn.index], list(range(len(crystal.primitive))))
    phase = np.exp(-2j * np.pi * float(q.dot(axis.turn.lattice)))
    shift = float(axis.turn.shift(q).generic[2])
    for multiplet in modes.multiplets:
        bounds = {
            c.name: (m.lowest, m.highest)
            for c, m in zip(multiplet.species.components, multiplet.species.motions, strict=True)
        }
        for mode in multiplet.modes:
            assert mode.residue is not None
            e = mode.eigenvector.ravel()
            expected = np.exp(-2j * np.pi * (float(mode.residue) + shift) / n)
            assert np.abs(phase * (t[0] @ e) - expected * e).max() < 1e-8
            low, high = bounds[mode.component]
            am = modes.am(mode)
            assert am is not None
            if not q.is_reciprocal_vector and not np.isnan(low):
                assert low - 1e-7 < am < high + 1e-7


def check_again(space: object, modes: Modes, matrix: np.ndarray, masses: np.ndarray) -> None:
    """Nothing depends on the last digits, from which an eigensolver takes its basis."""
    size = len(matrix)
    noise = np.random.default_rng(1).normal(size=(size, size)) * 1e-13 * np.abs(matrix).max()
    again = space.modes(matrix + noise + noise.T, masses)  # type: ignore[attr-defined]
    for one, two in zip(modes, again, strict=True):
        assert (one.label, one.pam, one.component) == (two.label, two.pam, two.component)
        assert np.abs(one.eigenvector - two.eigenvector).max() < 1e-6
        if one.am_vector is not None and two.am_vector is not None:
            assert np.abs(one.am_vector - two.am_vector).max() < 1e-8


@pytest.mark.sweep
def test_modes_of_random_matrices(capsys: pytest.CaptureFixture[str]) -> None:
    total = np.sum([check_random(name) for name in SAMPLE if size_of(name) <= 12], axis=0)
    with capsys.disabled():
        sys.stdout.write(f"\nmodes of random matrices: {total[0]} wavevectors, {total[1]} modes\n")
    assert total[0] > 150
    assert total[1] > 3000


def size_of(name: str) -> int:
    return len(study(name).crystal.primitive)


@pytest.mark.sweep
@pytest.mark.parametrize("name", STRUCTURES)
def test_modes_of_random_matrices_of_every_crystal(name: str) -> None:
    places, compared = check_random(name)
    assert compared == places * 3 * size_of(name)


# ------------------------------------------------------------------------------- descriptions


def springs(crystal: Crystal) -> Phonons:
    """The crystal must be written in a primitive cell."""
    return make_phonons(Springs(crystal.cell, crystal.positions, crystal.numbers))


def signature(phonons: Phonons, q: QPoint, hand: int) -> list[tuple[object, ...]]:
    """Frequency, label, |PAM| and J of every mode about the default axis."""
    modes = phonons.modes(find_axis(phonons.crystal, None), q)
    found = []
    for multiplet in modes.multiplets:
        pairs = sorted(
            (round(float(mode.residue or 0) * hand, 6), round((modes.am(mode) or 0.0) * hand, 6))
            for mode in multiplet.modes
        )
        found.append((round(multiplet.frequency, 5), multiplet.species.label, tuple(pairs)))
    return sorted(found)


def elsewhere(phonons: Phonons) -> list[tuple[object, ...]]:
    """Frequency, label and |J| of every mode at every special point, by its name."""
    axis, found = find_axis(phonons.crystal, None), []
    for point in named_points(phonons.crystal.group):
        if point.kdim == 0:
            modes = phonons.modes(axis, point.q.reduced)
            for m in modes.multiplets:
                turning = sorted(round(abs(modes.am(mode) or 0.0), 5) for mode in m.modes)
                found.append((point.label, round(m.frequency, 5), m.species.label, *turning))
    return sorted(found)


@pytest.mark.parametrize("name", ["Te_P3121", "Bi2Se3", "ZnO", "MgB2", "FeSi", "BPO4", "SnS"])
def test_modes_do_not_depend_on_the_description(name: str) -> None:
    """Another orientation, cell, origin and order of atoms; a mirror image reverses l and J."""
    crystal = study(name).crystal
    gamma = QPoint.of(0, 0, 0)
    reference = signature(springs(crystal.primitive), gamma, 1)
    rng = np.random.default_rng(7)
    for trial in range(6):
        description = Description(
            quaternion=tuple(int(x) for x in rng.integers(1, 9, size=4)),
            mirrored=trial % 2 == 1,
            matrix=((1, int(rng.integers(-1, 2)), 0), (0, 1, int(rng.integers(-1, 2))), (0, 0, 1)),
            shift=tuple(float(x) for x in rng.random(3)),
            seed=trial,
        )
        other = description.write(crystal)
        # The sense of the axis is a convention of the description: compare up to it.
        found = [signature(springs(other), gamma, hand) for hand in (1, -1)]
        assert reference in found, (name, trial)
        if not description.mirrored and trial < 3:
            assert elsewhere(springs(other)) == elsewhere(springs(crystal.primitive))


@pytest.mark.parametrize("name", ["Bi2Se3", "ZnO", "SrTiO3", "MgB2", "SnS", "Te_P3121", "NaCl"])
def test_rigid_translations_move_all_atoms_alike(name: str) -> None:
    """Also where one atom has nearly all the mass, so that all others move together in others."""
    primitive = study(name).crystal.primitive
    compared = 0
    for heavy in sorted(set(primitive.numbers.tolist())):
        forces = Springs(primitive.cell, primitive.positions, primitive.numbers)
        forces.masses = np.where(primitive.numbers == heavy, 400.0, 0.5)
        phonons = make_phonons(forces)
        modes = phonons.modes(find_axis(phonons.crystal, None), QPoint.of(0, 0, 0))
        rigid = [mode for m in modes.multiplets if m.number is None for mode in m.modes]
        assert len(rigid) == 3
        highest = np.abs(modes.frequencies).max()
        roots = np.sqrt(modes.masses)[:, None]
        for mode in rigid:
            assert abs(mode.frequency) < 1e-4 * highest
            moved = mode.eigenvector / roots
            assert np.abs(moved - moved[0]).max() < 1e-6 * np.abs(moved[0]).max()
            compared += 1
        for m in modes.multiplets:
            for mode in m.modes if m.number is not None else ():
                assert np.abs((roots * mode.eigenvector).sum(axis=0)).max() < 1e-6 * roots.sum()
                compared += 1
    assert compared == 3 * len(primitive) * len(set(primitive.numbers.tolist()))


def test_dipoles_and_moments_are_those_of_moving_charges() -> None:
    """Charges as tensors without symmetry: P = Σ Z u and μ = e/2 Σ u × Z u̇, atom by atom."""
    rng = np.random.default_rng(13)
    crystal = study("Te_P3121").crystal.primitive
    modes = springs(crystal).modes(find_axis(study("Te_P3121").crystal, None), QPoint.of(0, 0, 0))
    born = rng.normal(size=(len(crystal), 3, 3))
    modes = replace(modes, born=born)
    coordinates = normal_coordinates(modes)
    charges = coordinates.charges()
    assert charges is not None
    q = rng.normal(size=len(coordinates))
    dipole = sum(z @ u for z, u in zip(born, coordinates.displacements(q), strict=True))
    assert np.allclose(q @ charges, dipole)
    phases = np.exp(-2j * np.pi * np.arange(16) / 16)
    size = np.sqrt(2 * constants.hbar)  # of one quantum at ω = 1
    kilograms = modes.masses * constants.atomic_mass
    compared = 0
    for multiplet in modes.multiplets:
        for mode in multiplet.modes:
            lines = mode.eigenvector / np.sqrt(modes.masses)[:, None]
            found = modes.effective_charge(mode)
            assert found is not None
            assert np.allclose(found, sum(z @ u for z, u in zip(born, lines, strict=True)))
            moment = modes.magnetic_moment(mode)
            if moment is None:
                continue
            expected = np.zeros(3)
            for z, e, mass in zip(born, mode.eigenvector, kilograms, strict=True):
                u = (size * phases[:, None] * e).real / np.sqrt(mass)
                v = (-1j * size * phases[:, None] * e).real / np.sqrt(mass)
                expected += np.cross(u, v @ z.T).mean(axis=0) * constants.elementary_charge / 2
            expected /= constants.physical_constants["nuclear magneton"][0]
            assert np.allclose(moment, expected, rtol=1e-5, atol=1e-9)
            compared += 1
    assert compared == 9


# ------------------------------------------------------------------------------- approach


def test_a_direction_splits_only_infrared_active_pairs() -> None:
    """In the plane of a three-fold axis Eu splits and loses PAM; Eg keeps it; along it nothing."""
    crystal = study("Bi2Se3").crystal
    primitive = crystal.primitive
    model = Springs(primitive.cell, primitive.positions, primitive.numbers)
    plain = model.dynamical_matrix
    # A charge per element, neutral in total, polarised along the direction.
    charges = np.where(primitive.numbers == 83, 3.0, -2.0) / np.sqrt(model.masses)

    def charged(q: np.ndarray, direction: np.ndarray | None = None) -> np.ndarray:
        matrix = plain(q)
        if direction is not None:
            unit = direction @ np.linalg.inv(primitive.cell).T
            z = (charges[:, None] * (unit / np.linalg.norm(unit))).ravel()
            matrix = matrix + 20 * np.outer(z, z)
        return matrix

    model.dynamical_matrix = charged  # type: ignore[method-assign]
    phonons = make_phonons(model)
    axis = find_axis(phonons.crystal, None)
    assert axis is not None
    plane = np.cross(axis.direction, [0.3, 0.5, 0.8])
    for direction, splits in ((axis.direction, False), (plane, True)):
        modes = phonons.modes(axis, QPoint.of(0, 0, 0), direction)
        raw = np.linalg.eigvalsh(phonons.dynamical_matrix(QPoint.of(0, 0, 0), direction))
        ours = np.sort(modes.frequencies * np.abs(modes.frequencies))
        assert np.abs(ours - raw).max() < 1e-9 * raw.max()
        for multiplet in modes.multiplets:
            if multiplet.species.label == "Eg":
                assert [mode.pam for mode in multiplet.modes] == ["1", "-1"]
                assert [round(modes.am(mode) or 0, 6) for mode in multiplet.modes] == [1, -1]
        eu = [m for m in modes if m.label == "Eu" and m.number is not None]
        assert len(eu) == 4
        assert all((mode.pam is None) == splits for mode in eu)
        frequencies = sorted(mode.frequency for mode in eu)
        gaps = np.diff(frequencies)[::2]
        assert bool(gaps.min() > 1e-3) == splits


class Charged(Springs):
    """Springs with charges that are neutral in total, their forces off by a little at will."""

    charge: np.ndarray
    error: np.ndarray

    def dynamical_matrix(self, q: np.ndarray, direction: np.ndarray | None = None) -> np.ndarray:
        matrix = super().dynamical_matrix(q) + self.error
        if direction is not None:
            unit = direction @ np.linalg.inv(self.cell).T
            z = (self.charge[:, None] * (unit / np.linalg.norm(unit))).ravel()
            matrix = matrix + 20 * np.outer(z, z)
        return matrix


@pytest.mark.parametrize("direction", [None, (0, 0, 1), (1, 0, 0), (0.3, 0.5, 0.8)])
def test_forces_that_break_the_symmetry_are_refused_from_any_direction(direction: Any) -> None:
    crystal = study("ZnO").crystal
    primitive = crystal.primitive
    model = Charged(primitive.cell, primitive.positions, primitive.numbers)
    model.charge = np.where(primitive.numbers == 8, -1.0, 1.0) / np.sqrt(model.masses)
    axis, gamma = study("ZnO").axis, QPoint.of(0, 0, 0)
    noise = np.random.default_rng(1).normal(size=(12, 12))
    model.error = 0 * noise
    exact = make_phonons(model).modes(axis, gamma, direction)
    model.error = 3.0 * (noise + noise.T)
    with pytest.raises(SymmetryError, match="break the symmetry"):
        make_phonons(model).modes(axis, gamma, direction)
    # Of a small error what the group forbids is averaged away, and the rest changes frequencies.
    model.error = 1e-3 * (noise + noise.T)
    modes = make_phonons(model).modes(axis, gamma, direction)
    assert modes.asymmetry > 1e-5
    kept = sum(
        t @ model.error @ t.conj().T for t in find_operators(crystal, axis, gamma).matrices
    ) / len(crystal.group)
    model.error = np.asarray(kept.real)
    again = make_phonons(model).modes(axis, gamma, direction)
    assert again.asymmetry < 1e-9
    assert np.abs(again.frequencies - modes.frequencies)[3:].max() < 1e-9
    assert np.abs(exact.frequencies - modes.frequencies)[3:].max() > 1e-6


# ------------------------------------------------------------------------------- single sublattices


@pytest.mark.parametrize(
    ("name", "label"), [("FeSi", "E"), ("NaClO3", "E"), ("Bi2Se3", "Eg"), ("Bi2Se3", "A1g")]
)
def test_atoms_that_turn_without_a_sum_are_told_from_atoms_on_lines(name: str, label: str) -> None:
    """Against the eigenvectors of random forces: sums over a site, and single atoms of it."""
    crystal = study(name).crystal
    gamma = QPoint.of(0, 0, 0)
    space = mode_space(crystal, study(name).axis, gamma)
    item = next(s for s in study(name).species() if s.label == label)
    for component, motion in zip(item.components, item.motions, strict=True):
        words = dict(motion.site_words())
        sums = dict.fromkeys(words, 0.0)
        single = dict.fromkeys(words, 0.0)
        for seed in range(3):
            matrix = averaged(crystal, gamma, np.random.default_rng(seed))
            modes = space.modes(matrix, np.ones(len(crystal.primitive)))
            for multiplet in (m for m in modes.multiplets if m.species.label == label):
                e = multiplet[component.name].eigenvector
                J = -1j * np.cross(e, e.conj())
                for site in crystal.sites:
                    if site.name in words:
                        own = J[list(site.atoms)]
                        single[site.name] = max(single[site.name], np.abs(own).max())
                        along = abs(own.sum(axis=0) @ study(name).axis.direction)
                        sums[site.name] = max(sums[site.name], along)
        for site_name, word in words.items():
            assert (sums[site_name] < 1e-9) == (word in ("cannot", "cancels"))
            assert (single[site_name] < 1e-9) == (word == "cannot")
    if name == "FeSi":
        assert words == {"Fe": "cancels", "Si": "cancels"}


@pytest.mark.parametrize("name", ["MoS2_monolayer_slab", "WSe2_monolayer_slab"])
@pytest.mark.parametrize("seed", range(5))
def test_chalcogens_turn_alone_at_k(name: str, seed: int) -> None:
    """Monolayer MX2: one mirror-even mode at K is circular, the metal at rest, for any forces."""
    crystal = study(name).crystal
    q = QPoint.of("1/3", "1/3", 0)
    matrix = averaged(crystal, q, np.random.default_rng(seed))
    axis = axis_at(crystal, study(name).axis, [q])
    modes = mode_space(crystal, axis, q).modes(matrix, np.ones(3))
    metal = [k for k, z in enumerate(crystal.primitive.numbers) if z in (42, 74)]
    still = [mode for mode in modes if mode.weights[metal].sum() < 1e-12]
    one, two = (k for k, z in enumerate(crystal.primitive.numbers) if z in (16, 34))
    normal = np.abs(crystal.primitive.positions[one] - crystal.primitive.positions[two]).argmax()
    assert normal == 2
    even = [
        mode
        for mode in still
        if abs(mode.eigenvector[:, 2]).max() < 1e-9
        and np.abs(mode.eigenvector[one] - mode.eigenvector[two]).max() < 1e-9
    ]
    circular = [mode for mode in even if abs(abs(modes.am(mode) or 0) - 1) < 1e-9]
    assert len(circular) == 1


@pytest.mark.parametrize("name", ["HgS_cinnabar", "SiO2_quartz_P3121", "ZnO"])
def test_flat_records_obey_time_reversal_and_are_those_of_the_document(name: str) -> None:
    """l and J of a mode at q have the opposite sign at −q, so that their relation is the same."""
    study = sc.read(f"{name}/phonopy.yaml")
    assert study.axis is not None
    modes, order = study.modes("0,0,1/4"), study.axis.order
    rows = modes.to_records()
    assert [row["name"] for row in rows] == [mode.name for mode in modes]
    found = answer(study.crystal, study.axis, [modes])
    assert found.to_records() == rows
    for row, full in zip(rows, found.to_dict()["modes"], strict=True):
        assert all(isinstance(x, str | float | int | None) for x in row.values())
        assert row.items() <= full.items()

    def turns(rows: list[dict[str, Any]], sign: int) -> set[tuple[Any, ...]]:
        return {
            (
                round(row["frequency"], 4),
                sign * Fraction(row["pam"]) % order,
                round(sign * row["am_axis"], 4) + 0.0,
                row["relation"],
            )
            for row in rows
        }

    assert turns(rows, 1) == turns(study.modes("0,0,-1/4").to_records(), -1)
    assert {"same", "opposite"} <= {row["relation"] for row in rows}
