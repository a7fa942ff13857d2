"""Modes of first-principles force sets, held against phonopy's symmetry-adapted modes.

phonopy decomposes with a random symmetric matrix and labels nothing; here frequencies, degenerate
sets, characters of every operation and, from these, optical activity are compared with ours: for
the sets shipped in ``structures/`` by default, for the 21 crystals of phonopy's own tests in the
sweep. The sum rules of physics hold on all of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import phonopy
import phonopy_crystals
import pytest
from numpy.typing import NDArray
from phonopy.phonon.symmetry_adapted_modes import SymmetryAdaptedModes

import symchiral as sc
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.irreps.kpoints import named_points
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.mode import Modes, Multiplet
from symchiral.reading.shipped import find_structure, force_data_names
from symchiral.rules.activity import activity
from symchiral.study import Study

SHIPPED = force_data_names()
CRYSTALS = [crystal.label for crystal in phonopy_crystals.CRYSTALS]
CLOSE = 1e-6


@cache
def phonon_of(name: str) -> Any:
    if name in CRYSTALS:
        return phonopy_crystals.load(phonopy_crystals.CRYSTALS[CRYSTALS.index(name)])
    phonon = phonopy.load(find_structure(f"{name}/phonopy.yaml"), log_level=0)
    return phonon


@cache
def study_of(name: str) -> Study:
    return sc.read(phonon_of(name), symprec=1e-5)


def theirs_at(name: str, q: QPoint) -> SymmetryAdaptedModes:
    phonon, study = phonon_of(name), study_of(name)
    assert study.phonons is not None
    coordinates = np.array([float(x) for x in q.coordinates])
    # From our primitive reciprocal basis to phonopy's, through Cartesian coordinates.
    cartesian = np.linalg.inv(study.crystal.frame.cell) @ coordinates
    return SymmetryAdaptedModes(
        phonon.dynamical_matrix,
        phonon.primitive.cell @ cartesian,
        phonon.primitive_symmetry,
        factor=phonon.unit_conversion_factor,
    )


def sets(theirs: SymmetryAdaptedModes) -> list[tuple[float, int]]:
    return [(float(theirs.frequencies[s[0]]), len(s)) for s in theirs.degenerate_sets]


def check_point(name: str, q: QPoint) -> int:
    """Frequencies, sizes of the degenerate sets and |χ| of every operation; modes compared."""
    study = study_of(name)
    modes, theirs = study.modes(",".join(q.texts)), theirs_at(name, q)
    assert np.abs(np.sort(modes.frequencies) - np.sort(theirs.frequencies)).max() < CLOSE
    left = list(range(len(theirs.degenerate_sets)))
    frequencies = [f for f, _ in sets(theirs)]
    sizes = [n for _, n in sets(theirs)]
    cell = phonon_of(name).primitive.cell
    rotations = [
        cell.T @ op.rotation @ np.linalg.inv(cell.T)
        for op in theirs.operations
        if not op.is_antiunitary
    ]
    for multiplet in modes.multiplets:
        ours = characters(study, modes, multiplet, rotations)
        for i in left:
            near = abs(frequencies[i] - multiplet.frequency) < CLOSE or (
                multiplet.number is None and abs(frequencies[i]) < 1e-2
            )
            if (
                near
                and sizes[i] == len(multiplet.modes)
                and np.allclose(np.abs(theirs.characters[i]), np.abs(ours), atol=1e-4)
                and (q != GAMMA or np.allclose(theirs.characters[i], ours, atol=1e-4))
            ):
                if q == GAMMA:
                    check_activity(multiplet, theirs.characters[i], rotations)
                left.remove(i)
                break
        else:
            raise AssertionError(f"{name} at {q}: no partner of {multiplet}")
    assert not left
    check_laws(modes)
    return len(modes)


def characters(
    study: Study, modes: Modes, multiplet: Multiplet, rotations: list[NDArray[np.float64]]
) -> NDArray[np.complex128]:
    """Trace of T over our eigenvectors, for the operations with these Cartesian rotations."""
    crystal = study.crystal
    vectors = np.stack([mode.eigenvector.ravel() for mode in multiplet.modes], axis=1)
    found = []
    for rotation in rotations:
        g = int(np.argmin(np.abs(crystal.rotations - rotation).max(axis=(1, 2))))
        assert np.abs(crystal.rotations[g] - rotation).max() < 1e-3
        (t,) = displacement_matrices(crystal, modes.q, [g], range(len(crystal.primitive)))
        found.append(np.trace(vectors.conj().T @ t @ vectors))
    return np.array(found)


def check_activity(
    multiplet: Multiplet, chi: NDArray[np.complex128], rotations: list[NDArray[np.float64]]
) -> None:
    """Activity from phonopy's characters: how often the polar vector and the tensor contain it."""
    polar = np.array([np.trace(r) for r in rotations])
    tensor = np.array([(np.trace(r) ** 2 + np.trace(r @ r)) / 2 for r in rotations])
    light = activity(multiplet.species.participant)
    for character, active in ((polar, light.infrared), (tensor, light.raman)):
        assert bool(np.vdot(chi, character).real / len(chi) > 0.5) == active


def check_laws(modes: Modes) -> None:
    """ΣJ = 0; J inside the bounds of the species; orthonormal."""
    total = sum((mode.atomic_am.sum(axis=0) for mode in modes), np.zeros(3))
    assert np.abs(total).max() < 1e-9
    vectors = modes.eigenvectors
    assert np.abs(vectors.conj().T @ vectors - np.eye(len(vectors))).max() < 1e-9
    # Supercells that do not have all the symmetry of the crystal cut the forces off unevenly.
    assert modes.asymmetry < 0.02


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_sets_agree_at_the_zone_centre(name: str) -> None:
    assert check_point(name, GAMMA) == 3 * len(study_of(name).crystal.primitive)


def test_enough_sets_are_shipped() -> None:
    assert len(SHIPPED) == 26
    assert len(CRYSTALS) == 21


@pytest.mark.sweep
@pytest.mark.parametrize("name", [*SHIPPED, *CRYSTALS])
def test_force_sets_agree_at_every_special_point(name: str) -> None:
    study = study_of(name)
    assert study.phonons is not None
    points = [p.q.reduced for p in named_points(study.crystal.group) if p.kdim == 0]
    if study.phonons.centred:  # of one primitive cell
        points = [GAMMA]
    compared = sum(check_point(name, q) for q in points)
    assert compared == len(points) * 3 * len(study_of(name).crystal.primitive)


@pytest.mark.parametrize("name", ["HgS_cinnabar", "SiO2_quartz_P3121", "Bi2Se3", "BiTeI", "MgB2"])
def test_laws_of_pam_and_am_at_the_zone_centre(name: str) -> None:
    """With time reversal (l, J) pairs with (−l, −J); where every atom is on the axis J = l ħ."""
    modes = study_of(name).modes()
    for multiplet in modes.multiplets:
        if len(multiplet.modes) == 2:
            plus, minus = multiplet.plus, multiplet.minus
            assert modes.am(plus) == pytest.approx(-(modes.am(minus) or 0), abs=1e-9)
            if name in ("Bi2Se3", "BiTeI"):
                assert modes.am(plus) == pytest.approx(1, abs=1e-9)
        else:
            assert modes.am(multiplet.modes[0]) == pytest.approx(0, abs=1e-9)


def test_the_two_hands_of_cinnabar_are_mirror_images() -> None:
    """P3₁21 and P3₂21 along the axis: l and J of every mode are reversed.

    The mirror contains the axis, so that q stays. (The sets are two calculations of one substance.)
    """
    one, two = (study_of(n).modes("0,0,1/4") for n in ("HgS_cinnabar", "HgS_cinnabar_P3121"))
    turning = 0
    for first, second in zip(one, two, strict=True):
        assert first.frequency == pytest.approx(second.frequency, abs=0.05)
        assert first.residue == -(second.residue or 0)
        here, there = one.am(first), two.am(second)
        assert here == pytest.approx(-(there or 0), abs=0.02)
        turning += abs(here or 0) > 0.05
    assert len(one) == 18
    assert turning > 12


CHARGED = [name for name in SHIPPED if name not in ("LiAl5O8", "MgB2")]


@pytest.mark.parametrize("name", ["Al2O3", "GaSe", "Li2ZrTeO6", "NaCl", "SiO2_quartz_P3121", "ZnO"])
@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.2, -0.5, 0.7), (0.0, 0.0, 1.0)])
def test_longitudinal_frequencies_are_those_of_phonopy(
    name: str, direction: tuple[float, float, float]
) -> None:
    """In any direction; Raman-only pairs keep their PAM, and the optical sum Σf² grows."""
    phonon, study = phonon_of(name), study_of(name)
    modes, plain = study.modes("GM", direction=direction), study.modes("GM")
    reduced = phonon.primitive.cell @ np.array(direction)
    phonon.run_qpoints([[0, 0, 0]], nac_q_direction=reduced)
    theirs = np.sort(phonon.qpoints.frequencies[0])
    rigid = np.abs(theirs) < 0.02  # what is left of them is rounding, and of the sum rule
    ours = np.sort(modes.frequencies)
    assert np.abs(ours[~rigid] - theirs[~rigid]).max() < CLOSE
    assert np.sum(modes.frequencies**2) > np.sum(plain.frequencies**2) + 1
    vectors = modes.eigenvectors
    assert np.abs(vectors.conj().T @ vectors - np.eye(len(vectors))).max() < 1e-9
    for multiplet in modes.multiplets:
        if len(multiplet.modes) > 1 and (
            multiplet.number is None or not multiplet.species.acoustic
        ):
            assert all(mode.pam is not None for mode in multiplet.modes)


def test_effective_charges_obey_symmetry_and_sum_rules() -> None:
    """Only infrared-active modes have one; Σ over all modes of Z Z* is Σ Z*ᵀZ*/m of the atoms."""
    compared = 0
    for name in CHARGED:
        study = study_of(name)
        modes = study.modes()
        assert modes.born is not None
        total = np.zeros((3, 3), dtype=complex)
        for multiplet in modes.multiplets:
            for mode in multiplet.modes:
                charge = modes.effective_charge(mode)
                assert charge is not None
                total += np.outer(charge, charge.conj())
                compared += 1
                if not activity(multiplet.species.participant).infrared:
                    assert np.abs(charge).max() < 1e-8
                if mode.number is None:
                    assert np.abs(charge).max() < 1e-2
        atoms = np.einsum("kab,kcb,k->ac", modes.born, modes.born, 1 / modes.masses)
        assert np.abs(total - atoms).max() < 1e-9
    assert compared > 500


@pytest.mark.parametrize("name", ["HgS_cinnabar", "Li2ZrTeO6", "SiO2_quartz_P3121"])
def test_effective_charges_are_those_of_the_non_analytic_term(name: str) -> None:
    """phonopy's D(q̂) − D is one dyad, z z†: z is q̂·Z of the modes, index by index."""
    study = study_of(name)
    modes = study.modes()
    assert study.phonons is not None
    assert np.abs(modes.born - np.swapaxes(modes.born, 1, 2)).max() > 1e-3  # else no index is told
    for direction in ((1.0, 0.0, 0.0), (0.3, -0.5, 0.8)):
        unit = np.array(direction) / np.linalg.norm(direction)
        change = study.phonons.dynamical_matrix(GAMMA, unit) - study.phonons.dynamical_matrix(GAMMA)
        vectors = modes.eigenvectors
        theirs = vectors.conj().T @ change @ vectors
        charges = np.array([modes.effective_charge(mode) for mode in modes]) @ unit
        ours = np.outer(charges.conj(), charges)
        scale = np.trace(theirs).real / np.trace(ours).real
        assert scale > 0
        assert np.abs(theirs - scale * ours).max() < 1e-3 * np.abs(theirs).max()


def test_magnetic_moments_are_those_of_moving_charges() -> None:
    """Atoms set moving: ½ Σ u × Z u̇ over Σ m u × u̇, both averaged over a period.

    The ratio is the moment per angular momentum: J of the mode gives the moment of one quantum.
    """
    study = study_of("HgS_cinnabar")
    modes = study.modes()
    assert modes.born is not None
    magneton = 1.007276466  # e ħ / (2 amu) in nuclear magnetons: the mass of the proton in amu
    compared = 0
    for mode in modes:
        moment, am = modes.magnetic_moment(mode), mode.am_vector
        assert moment is not None
        assert am is not None
        if mode.number is None or abs(am[2]) < 0.01:
            continue
        phases = np.exp(-2j * np.pi * np.arange(64) / 64)[:, None, None]
        roots = np.sqrt(modes.masses)[:, None]
        u = np.real(phases * mode.eigenvector / roots)
        v = np.real(-1j * phases * mode.eigenvector / roots)
        current = np.einsum("kab,tkb->tka", modes.born, v)
        charged = np.cross(u, current).sum(axis=1).mean(axis=0)
        massive = (modes.masses[:, None] * np.cross(u, v)).sum(axis=1).mean(axis=0)
        expected = charged / massive[2] * am[2] * magneton
        assert np.abs(moment - expected).max() < 1e-9
        compared += 1
    assert compared >= 10


def test_magnetic_moments_are_axial_and_odd_under_time_reversal() -> None:
    """Partners (+) and (−) have opposite moments along the axis; modes on a line have none."""
    modes = study_of("HgS_cinnabar").modes()
    assert modes.axis is not None
    turning = 0
    for multiplet in modes.multiplets:
        moments = [modes.magnetic_moment(mode) for mode in multiplet.modes]
        assert all(m is not None for m in moments)
        total = sum(np.asarray(m) for m in moments)
        assert np.abs(total).max() < 1e-9
        turning += bool(np.abs(moments[0]).max() > 1e-4)
    assert turning >= 5
