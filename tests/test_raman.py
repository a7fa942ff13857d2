"""Raman tensors as numbers: projection, intensities, finite differences, files, bad input."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import numpy.typing as npt
import pytest
from ase import Atoms
from class_crystals import CLASSES, class_crystal
from force_models import springs
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy.stats import unitary_group

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.errors import CalculatorError, InputError, SymmetryError
from symchiral.fields.beam import find_beam
from symchiral.fields.polarization import Polarization
from symchiral.forces.polarizability import finite_raman, optical_sets
from symchiral.modes.species import find_species
from symchiral.reading.raman import save_raman
from symchiral.reading.shipped import find_structure
from symchiral.rules.atomic_raman import AtomicRaman
from symchiral.rules.light import Light
from symchiral.rules.raman import fit_raman, raman_form
from symchiral.rules.raman_intensity import at_angle, extremes, intensities
from symchiral.text.light_numbers import strengths_table
from symchiral.value import frozen

Capture = pytest.CaptureFixture[str]
Floats = npt.NDArray[np.float64]


def bonds(atoms: Atoms, reach: float = 4.2) -> Floats:
    """A toy polarisability: every pair of near atoms polarises along and across its line."""
    x, z = atoms.get_positions(), atoms.numbers
    shifts = (np.indices((5, 5, 5)).reshape(3, -1).T - 2) @ np.array(atoms.cell)
    d = (x[None] - x[:, None])[None] + shifts[:, None, None]
    r = np.linalg.norm(d, axis=3)
    d, r = d[near := (r > 0.1) & (r < reach)], r[near]
    pairs = np.broadcast_to(np.sqrt(np.outer(z, z)), near.shape)[near]
    weight = (1 - r / reach) ** 3 * (1 + 0.1 * pairs)
    along = (d.T * weight * (2 + r) / r**2) @ d
    return np.asarray(along + np.eye(3) * np.sum(weight * np.exp(-r)))


def brute_force(
    study: sc.Study, alpha: Callable[[Atoms], npt.ArrayLike], h: float
) -> npt.NDArray[np.complex128]:
    """Every atom along x, y and z, forth and back; nothing of the symmetry is used."""
    p = study.crystal.primitive
    found = np.zeros((len(p), 3, 3, 3), dtype=complex)
    for k, b in itertools.product(range(len(p)), range(3)):
        for sign in (1, -1):
            x = p.positions @ p.cell
            x[k, b] += sign * h
            moved = Atoms(numbers=p.numbers, cell=np.array(p.cell), positions=x, pbc=True)
            found[k, b] += sign * np.asarray(alpha(moved)) / (2 * h)
    return found


# --- the form ------------------------------------------------------------------------------------


def test_tensors_in_any_partners_are_recognised_in_all_classes() -> None:
    """c and W at random, real and complex: nothing is outside, and the tensors come back."""
    rng = np.random.default_rng(3)
    fitted = 0
    for name in CLASSES:
        crystal = class_crystal(name)
        for s in find_species(crystal, None):
            form = raman_form(crystal, s)
            if not len(form):
                continue
            d = s.dimension
            for absorbing, turned in itertools.product((False, True), repeat=2):
                c = rng.normal(size=len(form)) + 1j * absorbing * rng.normal(size=len(form))
                w = np.linalg.qr(rng.normal(size=(d, d)))[0].astype(complex)
                if turned:
                    w = unitary_group.rvs(d, random_state=rng) if d > 1 else w * 1j
                given = np.einsum("k,kija,ab->bij", c, form.basis, w)
                line = fit_raman(crystal, s, given)
                assert line.outside < 1e-20
                assert np.allclose(line.tensors, given)
                if not absorbing and not turned:
                    assert np.allclose(line.coefficients.imag, 0)
                again = np.einsum("k,kija->aij", line.coefficients, form.basis)
                # The same set of tensors up to a unitary: Σ_b R_b R_b† is free of it.
                squares = (np.einsum("bi,bj->ij", x.reshape(d, 9), x.reshape(d, 9).conj())
                           for x in (again, given))  # fmt: skip
                assert np.allclose(*squares)
                fitted += 1
    assert fitted == 4 * 91  # the Raman-active species of the 32 classes


def test_one_tensor_of_a_pair_may_vanish() -> None:
    """C3i, complex: of E = E1 + E2 one may scatter and the other not at all."""
    study = sc.read("NiTiO3")
    eg = next(s for s in study.species() if s.label == "Eg")
    form = raman_form(study.crystal, eg)
    rng = np.random.default_rng(5)
    c = rng.normal(size=len(form)) + 1j * rng.normal(size=len(form))
    plus = np.einsum("k,kija,a->ij", c, form.basis, np.array([1, 1j]) / np.sqrt(2))
    line = fit_raman(study.crystal, eg, [plus, 0 * plus])
    assert line.outside < 1e-20
    assert np.allclose(line.tensors, [plus, 0 * plus])


def test_what_is_outside_is_left_out_and_told() -> None:
    """Noise: the share outside is that of the nearest allowed tensors; the kept part is allowed."""
    rng = np.random.default_rng(4)
    checked = 0
    for name in ("Bi2Se3", "GaAs", "CuO", "NiTiO3", "BPO4"):
        crystal = sc.read(name).crystal
        for s in find_species(crystal, None):
            form = raman_form(crystal, s)
            if not len(form):
                continue
            exact = np.einsum("k,kija->aij", 1 + rng.random(len(form)), form.basis)
            noise = 0.03 * rng.normal(size=exact.shape)
            noise += noise.transpose(0, 2, 1)
            line = fit_raman(crystal, s, exact + noise)
            share = np.sum(noise**2) / np.sum((exact + noise) ** 2)
            assert 0 <= line.outside <= share * 1.01
            lost = np.sum(np.abs(exact + noise - line.tensors) ** 2)
            assert np.isclose(line.outside, lost / np.sum((exact + noise) ** 2))
            assert fit_raman(crystal, s, line.tensors).outside < 1e-20
            checked += 1
    assert checked == 10


# --- intensities ---------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", ["backscattering", "forward", "right-angle"])
def test_intensities_are_sums_over_partners_in_the_axes_of_the_input(geometry: str) -> None:
    """|e_s·R·e_i|² with vectors made here, against the forms of the engine; any beam."""
    rng = np.random.default_rng(6)
    compared = 0
    for name in ("Bi2Se3", "NiTiO3", "GaAs", "CuO", "BPO4", "Te_P3121"):
        study = sc.read(name)
        for beam in ("0,0,1", "1,2,3"):
            light = study.beam(direction=beam, geometry=geometry)
            x, y, n = light.beam.frame
            out = (y, n) if geometry == "right-angle" else (x, y)
            for s in light.raman:
                form = raman_form(study.crystal, s)
                c = rng.normal(size=len(form)) + 1j * rng.normal(size=len(form))
                w = unitary_group.rvs(s.dimension, random_state=rng) if s.dimension > 1 else [[1j]]
                tensors = np.einsum("k,kija,ab->bij", c, form.basis, w)
                line = fit_raman(study.crystal, s, tensors)
                found = intensities(light, line)
                for k, (a, b) in enumerate(itertools.product((1, -1), repeat=2)):
                    e, f = (x + 1j * a * y) / 2**0.5, (out[0] + 1j * b * out[1]) / 2**0.5
                    expected = sum(abs(f.conj() @ r @ e) ** 2 for r in tensors)
                    assert np.isclose(found.circular[k], expected)
                    compared += 1
                if found.parallel is None or found.crossed is None:
                    assert geometry == "right-angle"
                    continue
                for t in np.deg2rad(rng.uniform(0, 180, 5)):
                    e = np.cos(t) * x + np.sin(t) * y
                    f = -np.sin(t) * x + np.cos(t) * y
                    for law, v in ((found.parallel, e), (found.crossed, f)):
                        expected = sum(abs(v @ r @ e) ** 2 for r in tensors)
                        assert np.isclose(at_angle(law, np.rad2deg(t)), expected)
                        compared += 1
    assert compared == 2 * 12 * (4 if geometry == "right-angle" else 14)


def test_means_over_twins_are_means_over_turned_tensors() -> None:
    """Every twin: its tensors turned with explicit matrices, seen in the one beam of the lab."""
    rng = np.random.default_rng(8)
    compared = 0
    for name in ("NiTiO3", "Te_P3121", "NaClO3", "BPO4"):
        study = sc.read(name)
        light, domains = study.beam(direction="1,1,2"), study.domains()
        assert len(domains) > 1
        x, y, _ = light.beam.frame
        for s in light.raman:
            form = raman_form(study.crystal, s)
            c = rng.normal(size=len(form)) + 1j * rng.normal(size=len(form))
            tensors = np.einsum("k,kija->aij", c, form.basis)
            found = intensities(light, fit_raman(study.crystal, s, tensors), domains)
            twins = np.einsum("gij,ajk,glk->gail", domains.rotations, tensors, domains.rotations)
            for k, (a, b) in enumerate(itertools.product((1, -1), repeat=2)):
                e, f = (x + 1j * a * y) / 2**0.5, (x + 1j * b * y) / 2**0.5
                amplitudes = np.einsum("i,gaij,j->ga", f.conj(), twins, e)
                mean = np.sum(np.abs(amplitudes) ** 2) / len(domains)
                assert np.isclose(found.circular[k], mean)
                compared += 1
            assert found.parallel is not None
            amplitudes = np.einsum("i,gaij,j->ga", y, twins, y)
            mean = np.sum(np.abs(amplitudes) ** 2) / len(domains)
            assert np.isclose(at_angle(found.parallel, 90), mean)
    assert compared == 4 * 10


def test_extremes_of_laws_of_angle() -> None:
    rng = np.random.default_rng(9)
    grid = np.arange(0, 180, 0.01)
    for shape in itertools.product((0, 1), repeat=2):
        for _ in range(20):
            f = rng.normal(size=5) * np.repeat([1, *shape], [1, 2, 2])
            if not np.any(f[1:]):
                continue
            values = at_angle(f, grid)
            (low, at_low), (high, at_high) = extremes(f)
            assert np.isclose(low, values.min(), atol=1e-6)
            assert np.isclose(high, values.max(), atol=1e-6)
            for value, angle in ((low, at_low), (high, at_high)):
                assert 0 <= angle < 180
                assert abs(at_angle(f, angle) - value) < 1e-4


# --- derivatives by atoms ------------------------------------------------------------------------

EVALUATIONS = {
    # 2 per multiplet of which no operation reverses a partner (A1g …), else 1
    "Bi2Se3": 6, "GaAs": 1, "CuO": 4, "ZnO": 5, "Te_P3121": 4, "NiTiO3": 20, "BPO4": 14,
}  # fmt: skip


@pytest.mark.parametrize("name", EVALUATIONS)
def test_finite_differences_along_few_displacements(name: str) -> None:
    """A bond model: all 6N displacements one by one, against the few that symmetry needs."""
    study = sc.read(name)
    asked = []

    def counted(atoms: Atoms) -> Floats:
        asked.append(atoms)
        return bonds(atoms)

    found = study.raman_tensors(counted, step=0.003)
    assert len(asked) == EVALUATIONS[name] < 6 * len(study.crystal.primitive)
    expected = brute_force(study, bonds, 0.003)
    assert np.abs(expected).max() > 1
    assert np.abs(found.derivatives - expected).max() < 2e-4 * np.abs(expected).max()
    assert found.outside < 1e-20


def test_complex_polarisabilities() -> None:
    study = sc.read("NiTiO3")

    def absorbing(atoms: Atoms) -> npt.NDArray[np.complex128]:
        return np.asarray(bonds(atoms) + 0.3j * bonds(atoms, 3.5))

    found = study.raman_tensors(absorbing, step=0.003).derivatives
    expected = brute_force(study, absorbing, 0.003)
    assert np.abs(expected.imag).max() > 0.1
    assert np.abs(found - expected).max() < 2e-4 * np.abs(expected).max()


def test_symmetry_adapted_sets_span_the_optical_displacements() -> None:
    """All species: partners in number, no net translation, T(g) y_a = Σ D_ba y_b."""
    from symchiral.irreps.partners import partners
    from symchiral.modes.displacement import displacement_matrices

    sets = 0
    for name in ("Bi2Se3", "NiTiO3", "ZnO", "BPO4", "FeS2_pyrite"):
        crystal = sc.read(name).crystal
        n = len(crystal.primitive)
        everything = []
        members = range(len(crystal.group))
        t = displacement_matrices(crystal, sc.read(name).point("GM"), members, range(n)).real
        for s in find_species(crystal, None):
            w = partners(s.participant)
            d = np.real(w.conj().T @ s.participant.matrices[:, 0] @ w)
            for y in optical_sets(crystal, s) if s.optical else []:
                flat = y.reshape(3 * n, -1)
                assert np.allclose(t @ flat, flat @ d)
                assert np.allclose(y.sum(axis=0), 0)
                everything.append(flat)
                sets += 1
        assert np.linalg.matrix_rank(np.concatenate(everything, axis=1)) == 3 * n - 3
    assert sets == sum(
        {"Bi2Se3": 8, "NiTiO3": 18, "ZnO": 6, "BPO4": 11, "FeS2_pyrite": 14}.values()
    )


def test_intensities_of_modes_from_derivatives_by_atoms() -> None:
    """α moved along each eigenvector itself, against D contracted with it; springs as forces."""
    checked = 0
    for name in ("Bi2Se3", "CuO", "ZnO"):
        study = sc.read(springs(name))
        lines = study.raman_lines(study.raman_tensors(bonds, step=0.003)).lines
        modes, p, h = study.modes(), study.crystal.primitive, 0.003
        light = study.beam(direction="1,2,3")
        x, y, _ = light.beam.frame
        by_name = {line.name: line for line in lines}
        for m in modes.multiplets:
            if m.number is None:
                continue
            tensors = []
            for mode in m.modes:
                u = mode.eigenvector / np.sqrt(modes.masses)[:, None]
                tensor = np.zeros((3, 3), dtype=complex)
                for part, unit in ((u.real, 1), (u.imag, 1j)):
                    ends = [
                        bonds(Atoms(numbers=p.numbers, cell=np.array(p.cell), pbc=True,
                                    positions=p.positions @ p.cell + sign * h * part))
                        for sign in (1, -1)
                    ]  # fmt: skip
                    tensor += unit * (ends[0] - ends[1]) / (2 * h)
                tensors.append(tensor)
            label = m.name
            if label not in by_name:
                assert np.abs(tensors).max() < 1e-6
                continue
            e, f = (x + 1j * y) / 2**0.5, (x - 1j * y) / 2**0.5
            expected = [sum(abs(v.conj() @ r @ e) ** 2 for r in tensors) for v in (e, f)]
            found = intensities(light, by_name[label]).circular[:2]
            assert np.allclose(found, expected, rtol=2e-3, atol=1e-6 * np.sum(np.abs(tensors) ** 2))
            checked += 1
    assert checked == 4 + 3 + 4


def test_derivatives_that_break_the_symmetry() -> None:
    """The average is that over explicit supercell-free images; what it drops is counted."""
    study = sc.read("Bi2Se3")
    exact = study.raman_tensors(bonds).derivatives
    rng = np.random.default_rng(2)
    noise = 0.02 * np.abs(exact).max() * rng.normal(size=exact.shape)
    noise += noise.transpose(0, 1, 3, 2)
    noisy = AtomicRaman(study.crystal, frozen(exact + noise))
    kept = noisy.symmetrized().derivatives
    r = study.crystal.rotations
    for g in range(len(r)):  # invariant under every operation, and under translations
        turned = np.einsum("ab,ij,kl,nbjl->naik", r[g], r[g], r[g], kept)
        assert np.allclose(turned, kept[study.crystal.permutations[g]])
    assert np.allclose(kept.sum(axis=0), 0)
    assert np.isclose(
        noisy.outside,
        np.sum(np.abs(exact + noise - kept) ** 2) / np.sum(np.abs(exact + noise) ** 2),
    )
    assert 0.001 < noisy.outside < 0.1
    assert AtomicRaman(study.crystal, frozen(kept)).outside < 1e-20
    with pytest.raises(SymmetryError, match="have not the symmetry"):
        sc.read(springs("Bi2Se3")).raman_lines(AtomicRaman(study.crystal, frozen(noise)))


def test_functions_that_are_no_polarisability() -> None:
    study = sc.read("Bi2Se3")
    for answer in (1.0, np.eye(2), np.full((3, 3), np.nan), None, "x", [[1, 2], [3]]):
        with pytest.raises(CalculatorError, match=r"\(3, 3\)"):
            study.raman_tensors(lambda _, answer=answer: answer)
    tilted = np.array([[1, 0, 0], [0, 0.8, 0.6], [0, -0.6, 0.8]])
    with pytest.raises(SymmetryError, match="Cartesian axes"):
        study.raman_tensors(lambda atoms: tilted @ bonds(atoms) @ tilted.T)
    for step in (0, -1, 3, float("nan")):
        with pytest.raises(InputError, match="displacement"):
            study.raman_tensors(bonds, step=step)


# --- files ---------------------------------------------------------------------------------------


def test_written_derivatives_are_read_again_in_any_cell(tmp_path: Path) -> None:
    """The primitive cell as written, and the hexagonal cell in another order, give one answer."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    raman = study.raman_tensors(bonds)
    save_raman(str(tmp_path / "a.json"), raman)
    direct = study.light(raman=raman).to_dict()["intensities"]["modes"]
    written = study.light(raman=tmp_path / "a.json").to_dict()["intensities"]["modes"]
    document = json.loads((tmp_path / "a.json").read_text())
    cell, atoms = document["structure"], np.array(document["atoms"])
    hexagonal = np.array([[1, -1, 0], [0, 1, -1], [1, 1, 1]]) @ np.array(cell["cell"])
    places, symbols, tensors = [], [], []
    for k, shift in itertools.product(range(5), range(3)):
        at = (cell["positions"][k] + np.array([shift, 0, 0])) @ np.array(cell["cell"])
        places.append((at @ np.linalg.inv(hexagonal)).tolist())
        symbols.append(cell["symbols"][k])
        tensors.append(atoms[k].tolist())
    tripled = {
        **document,
        "structure": {"cell": hexagonal.tolist(), "positions": places, "symbols": symbols},
        "atoms": tensors,  # of a cell three times as large: α is too, and three atoms move as one
    }
    (tmp_path / "b.json").write_text(json.dumps(tripled))
    other = study.light(raman=tmp_path / "b.json").to_dict()["intensities"]["modes"]
    # ∂ε/∂u instead: α = V (ε − 1)/4π
    volume = abs(np.linalg.det(np.array(cell["cell"])))
    scaled = {**document, "unit": "1/angstrom", "atoms": (atoms * 4 * np.pi / volume).tolist()}
    (tmp_path / "c.json").write_text(json.dumps(scaled))
    dielectric = study.light(raman=tmp_path / "c.json").to_dict()["intensities"]["modes"]
    assert [m["mode"] for m in direct] == ["Eg#1", "A1g#1", "Eg#2", "A1g#2"]
    for found in (written, other, dielectric):
        for a, b in zip(direct, found, strict=True):
            assert np.allclose(list(a["circular"].values()), list(b["circular"].values()))


def test_atoms_in_the_order_of_the_structure_file(tmp_path: Path) -> None:
    """Without "structure" the atoms are those of the file, turned and shuffled as they may be."""
    phonons = sc.read("ZnO/phonopy.yaml")
    raman = phonons.raman_tensors(bonds)
    document = {"schema": "symchiral/raman/1", "unit": "angstrom^2"}
    given, crystal = phonons.crystal.input, phonons.crystal
    inside = crystal.frame.point(given.positions, to="primitive", source="input")
    steps = inside[:, None] - crystal.primitive.positions
    owner = np.argmin(np.abs(steps - np.rint(steps)).sum(axis=2), axis=1)
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({**document, "atoms": raman.derivatives.real[owner].tolist()}))
    a, b = (phonons.light(raman=x).to_dict()["intensities"]["modes"] for x in (raman, path))
    assert len(a) == 4
    assert [m["coefficients"] for m in a] == [m["coefficients"] for m in b]


MODES: dict[str, Any] = {
    "schema": "symchiral/raman/1",
    "unit": "arbitrary",
    "modes": [
        {"mode": "A1g#1", "frequency": 72, "frequency_unit": "cm-1",
         "tensors": [[[2, 0, 0], [0, 2, 0], [0, 0, 1]]]},
        {"mode": "Eg#2", "tensors": [[[1, 0, 0], [0, -1, 0.5], [0, 0.5, 0]],
                                      [[0, -1, -0.5], [-1, 0, 0], [-0.5, 0, 0]]]},
    ],
}  # fmt: skip


def write(folder: Path, document: object) -> str:
    path = folder / "raman.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_the_command_with_tensors_of_modes(tmp_path: Path, capsys: Capture) -> None:
    """Bi2Se3 along c: A1g keeps the spin, 2²; Eg reverses it, |c|² + |c|², at any angle |c|²."""
    path = write(tmp_path, MODES)
    assert main(["light", "Bi2Se3", "--raman-tensors", path]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = [line.split() for line in out.splitlines() if line.startswith(("A1g#1", "Eg#2"))]
    assert rows == [
        ["A1g#1", "2.159", "4", "0", "0", "4", "4", "0", "0.0%"],
        ["Eg#2", "—", "0", "2", "2", "0", "1", "1", "0.0%"],
    ]
    assert main(["light", "Bi2Se3", "--raman-tensors", path, "--domains", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("light"))).validate(found)
    a1g, eg = found["intensities"]["modes"]
    assert eg["circular"] == {"++": 0, "+-": 2, "-+": 2, "--": 0}
    assert eg["coefficients"] == {"c": [1, 0], "d": [0.5, 0]}
    assert a1g["coefficients"] == {"a": [2, 0], "b": [1, 0]}
    assert (a1g["frequency"], eg["frequency"]) == (pytest.approx(72 * 0.0299792458), None)
    assert eg["twins"]["circular"] == eg["circular"]
    assert found["modes"] is None


def test_complex_numbers_are_pairs(tmp_path: Path) -> None:
    """Among plain numbers too; of an absorbing crystal the phase between a and b matters."""
    document = changed(("modes", 0, "tensors"), [[[[2, 1], 0, 0], [0, [2, 1], 0], [0, 0, 1]]])
    line = sc.read("Bi2Se3").raman_lines(write(tmp_path, document)).lines[0]
    assert np.allclose(line.tensors[0], np.diag([2 + 1j, 2 + 1j, 1]))
    a, b = line.coefficients
    assert np.isclose(b / a, 1 / (2 + 1j))
    assert line.outside < 1e-20


@pytest.mark.parametrize("name", ["GaSe", "ZnO"])
def test_weak_charges_keep_the_digits_that_are_printed(name: str) -> None:
    """The A2'' mode of GaSe has a charge of 4e-3: rounded to nine decimals it had four digits."""
    study = sc.read(f"{name}/phonopy.yaml")
    modes, light = study.modes(), study.light()
    assert light.modes
    shown = {m.mode: m.oscillator_strength for m in light.modes}
    compared = 0
    for multiplet in modes.multiplets:
        if multiplet.number is None:
            continue
        charges = [modes.effective_charge(mode) for mode in multiplet.modes]
        exact = sum(float(np.vdot(z, z).real) for z in charges if z is not None)
        if exact > 1e-7:
            compared += 1
            assert shown[multiplet.name] == pytest.approx(exact, rel=1e-5)
    assert compared >= 2


def test_with_forces_strengths_and_moments_are_shown(tmp_path: Path, capsys: Capture) -> None:
    """The same numbers as ``modes --json`` has, and frequencies for tensors without one."""
    words = ["light", "Bi2Se3/phonopy.yaml", "--unit", "cm-1"]
    assert main([*words, "--raman-tensors", write(tmp_path, MODES), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("light"))).validate(found)
    assert main(["modes", "Bi2Se3/phonopy.yaml", "--unit", "cm-1", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["modes"]
    assert len(found["modes"]) == 8
    for m in found["modes"]:
        partners = [r for r in records if f"{r['label']}#{r['number']}" == m["mode"]]
        total = sum(r["oscillator_strength"] for r in partners)
        assert m["oscillator_strength"] == pytest.approx(total, abs=1e-8)
        assert m["frequency"] == pytest.approx(partners[0]["frequency"])
        moments = {r["component"]: r["magnetic_moment"] for r in partners}
        for moment in m["magnetic_moments"]:
            along = moments[moment["component"].replace("−", "-")][2]
            assert moment["moment"] == pytest.approx(along, abs=1e-8)
        assert len(m["magnetic_moments"]) == (2 if m["mode"].startswith("E") else 0)
        # E along the plane, A2u across it: light along c drives the first only.
        across = total / 2 if m["mode"].startswith("Eu") else 0
        assert m["across_the_beam"] == pytest.approx(across, abs=1e-8)
    eg = found["intensities"]["modes"][1]
    assert eg["frequency"] == pytest.approx(135.4, abs=0.1)
    assert main(words) == 0
    assert "infrared strength and magnetic moment of the modes" in capsys.readouterr().out
    assert main(["light", "Si/phonopy.yaml"]) == 0
    assert "No optical mode has an effective charge" in capsys.readouterr().out
    bare = sc.read(springs("Bi2Se3"))
    modes = bare.light().modes
    assert modes
    assert all(m.oscillator_strength is None for m in modes)
    assert "no Born charges" in strengths_table(modes).text()


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    document = copy.deepcopy(MODES)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


ATOMS = {"schema": "symchiral/raman/1", "unit": "angstrom^2"}
BAD: dict[str, tuple[object, str]] = {
    "no schema": (changed(("schema",), KeyError), '"schema" is not'),
    "another schema": (changed(("schema",), "symchiral/couplings/1"), '"schema" is not'),
    "no unit": (changed(("unit",), KeyError), "'unit' is missing"),
    "an unknown unit": (changed(("unit",), "bohr"), "none of angstrom^2/sqrt(amu), arbitrary"),
    "no modes": (changed(("modes",), KeyError), 'not either "modes" or "atoms"'),
    "a list": ([1, 2], '"schema" is not'),
    "twice": (changed(("modes", 1, "mode"), "A1g#1"), "listed twice"),
    "no such mode": (changed(("modes", 1, "mode"), "Eg#3"), "Raman-active modes are A1g#1"),
    "no Raman mode": (changed(("modes", 1, "mode"), "Eu#1"), "Raman-active modes are A1g#1"),
    "no number": (changed(("modes", 1, "mode"), "Eg"), "which of the 2"),
    "too few": (changed(("modes", 1, "tensors"), [np.eye(3).tolist()]), "is 2-fold"),
    "no tensor": (changed(("modes", 1, "tensors"), [[1, 2, 3]]), "a list of numbers should be"),
    "ragged": (changed(("modes", 0, "tensors"), [[[1, 2], [3]]]), "unequal lengths"),
    "words": (changed(("modes", 0, "tensors"), "big"), "where a list of numbers should be"),
    "nan": (changed(("modes", 0, "tensors", 0, 0, 0), float("nan")), "NaN is not a number"),
    "text": (changed(("modes", 0, "tensors", 0, 0, 0), "1"), "not a finite number"),
    "true": (changed(("modes", 0, "tensors", 0, 0, 0), True), "not a finite number"),
    "of another shape": (changed(("modes", 0, "tensors"), [[[1, 2], [3, 4]]]), "shape is not"),
    "not symmetric": (
        changed(("modes", 0, "tensors", 0, 0, 1), 50), "tensors of A1g#1 in",
    ),
    "antisymmetric": (
        changed(("modes", 0, "tensors", 0, 0, 1), 50), "50% of their square is antisymmetric",
    ),
    "of another crystal": (
        changed(("modes", 0, "tensors"), [[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]),
        "100% of their square is outside the form",
    ),
    "a bad frequency": (changed(("modes", 0, "frequency"), -1), "not positive"),
    "a bad unit": (changed(("modes", 0, "frequency_unit"), "Hz"), "unknown unit"),
    "atoms of a structure": (
        {**ATOMS, "atoms": np.zeros((15, 3, 3, 3)).tolist()}, "no frequencies",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused(case: str, tmp_path: Path, capsys: Capture) -> None:
    document, words = BAD[case]
    assert main(["light", "Bi2Se3", "--raman-tensors", write(tmp_path, document)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symchiral: ")
    assert words in " ".join(err.split())


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 10**400), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PATHS = [
    ("schema",), ("unit",), ("modes",), ("modes", 0), ("modes", 0, "mode"),
    ("modes", 0, "frequency"), ("modes", 0, "frequency_unit"), ("modes", 1, "tensors"),
    ("modes", 1, "tensors", 0), ("modes", 1, "tensors", 1, 2), ("modes", 1, "tensors", 1, 2, 0),
    ("provenance",), ("atoms",), ("structure",),
]  # fmt: skip


@pytest.mark.sweep
@settings(max_examples=80, deadline=None)
@given(path=st.sampled_from(PATHS), value=JUNK)
def test_junk_in_a_file_is_an_error_or_read(path: tuple[str | int, ...], value: object) -> None:
    study = sc.read("Bi2Se3")
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(sc.SymchiralError):
        study.raman_lines(write(Path(folder), changed(path, value)))


def test_files_of_other_atoms_are_refused(tmp_path: Path, capsys: Capture) -> None:
    structure = {"cell": (5 * np.eye(3)).tolist(), "positions": [[0, 0, 0]], "symbols": ["Po"]}
    for document, words in (
        ({**ATOMS, "atoms": np.zeros((4, 3, 3, 3)).tolist()}, "are of 4 atoms"),
        (
            {**ATOMS, "atoms": np.zeros((1, 3, 3, 3)).tolist(), "structure": structure},
            "other atoms",
        ),
        ({**ATOMS, "atoms": np.zeros((2, 3, 3, 3)).tolist(), "structure": structure}, "lists 1"),
    ):
        assert (
            main(["light", "Bi2Se3/phonopy.yaml", "--raman-tensors", write(tmp_path, document)])
            == 1
        )
        assert words in " ".join(capsys.readouterr().err.split())
    for name in ("nowhere.json", str(tmp_path)):
        assert main(["light", "Bi2Se3", "--raman-tensors", name]) == 1
        assert capsys.readouterr().err.startswith("symchiral: cannot read")
    (tmp_path / "x.json").write_bytes(b"\x00\xff{")
    assert main(["light", "Bi2Se3", "--raman-tensors", str(tmp_path / "x.json")]) == 1
    assert capsys.readouterr().err.startswith("symchiral: ")


def test_a_noticeable_rest_is_a_warning(tmp_path: Path, capsys: Capture) -> None:
    document = changed(("modes", 0, "tensors", 0, 0, 0), 2.5)
    assert main(["light", "Bi2Se3", "--raman-tensors", write(tmp_path, document)]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: these Raman tensors have components that symmetry forbids")
    assert "A1g#1 1.1%" in err
    assert "1.1%" in out
    assert main(["light", "Bi2Se3", "--raman-tensors", write(tmp_path, document), "--json"]) == 0
    kinds = [w["kind"] for w in json.loads(capsys.readouterr().out)["warnings"]]
    assert kinds == ["raman-asymmetry"]


def test_tensors_with_noise_are_made_symmetric_and_the_size_is_said(
    tmp_path: Path, capsys: Capture
) -> None:
    """Noise of differences: of modes, in their symmetry and between ij and ji, and of atoms."""
    rng = np.random.default_rng(4)
    study = sc.read("Bi2Se3")
    clean = study.raman_lines(write(tmp_path, MODES)).lines
    document = copy.deepcopy(MODES)
    shares = []
    for mode, _ in zip(document["modes"], clean, strict=True):
        tensors = np.array(mode["tensors"], dtype=float)
        noise = 0.02 * np.linalg.norm(tensors) * rng.normal(size=tensors.shape) / 3
        assert np.abs(noise - np.swapaxes(noise, 1, 2)).max() > 1e-3 * np.abs(tensors).max()
        mode["tensors"] = (tensors + noise).tolist()
        shares.append(float(np.sum(noise**2) / np.sum((tensors + noise) ** 2)))
    noisy = study.raman_lines(write(tmp_path, document)).lines
    assert len(noisy) == len(clean) > 1
    for line, before, share in zip(noisy, clean, shares, strict=True):
        assert np.allclose(line.tensors, np.swapaxes(line.tensors, 1, 2), atol=1e-12)
        assert 0.2 * share < line.outside < share
        assert abs(before.outside) < 1e-9
    assert main(["light", "Bi2Se3", "--raman-tensors", write(tmp_path, document)]) == 0
    assert "outside: share of the square" in capsys.readouterr().out


def test_noise_of_a_polarisability_is_said() -> None:
    """What differences of a noisy polarisability lose by symmetry comes out with the tensors."""
    rng = np.random.default_rng(8)
    study = sc.read("Bi2Se3/phonopy.yaml")
    at_rest = study.crystal.primitive.positions
    exact = rng.normal(size=(len(at_rest), 3, 3, 3))
    exact = AtomicRaman(study.crystal, exact + np.swapaxes(exact, 2, 3)).symmetrized().derivatives
    for size, least, most in ((0.0, -1e-9, 1e-9), (0.2, 0.01, 0.25)):

        def polarizability(atoms: Any, size: float = size) -> np.ndarray:
            steps = atoms.get_scaled_positions(wrap=False) - at_rest
            moved = (steps - np.rint(steps)) @ np.array(atoms.cell)
            linear = np.einsum("kb,kbij->ij", moved, exact).real
            return linear + size * 0.01 * rng.normal(size=(3, 3))

        found = finite_raman(study.crystal, study.species(), polarizability)
        assert set(found.removed) == {"A1g", "Eg"}
        assert least < max(found.removed.values()) < most
        lines = found.lines(study.modes())
        assert max(line.outside for line in lines) == pytest.approx(
            max(found.removed.values()), abs=1e-9
        )


def test_turning_crystal_tensors_and_beam_together_changes_nothing(tmp_path: Path) -> None:
    from scipy.spatial.transform import Rotation

    atoms = ase.io.read(find_structure("Bi2Se3"))
    orient = "c along z, [2,1,0] along x"
    for seed in range(3):
        r = Rotation.random(random_state=seed).as_matrix()
        moved = atoms.copy()
        moved.set_cell(atoms.cell @ r.T, scale_atoms=True)
        document = copy.deepcopy(MODES)
        for mode in document["modes"]:
            mode["tensors"] = (r @ np.array(mode["tensors"]) @ r.T).tolist()
        for beam in ("0,0,1", "1,2,3"):
            found = []
            for study, table in ((sc.read(atoms), MODES), (sc.read(moved), document)):
                light = study.beam(direction=beam, orient=orient)
                lines = study.raman_lines(write(tmp_path, table)).lines
                seen = [intensities(light, line) for line in lines]
                found.append([np.concatenate([i.circular, i.parallel, i.crossed]) for i in seen])
            assert np.allclose(*found, atol=1e-6)
            assert np.abs(found[0]).max() > 0.5


def test_polarisations_of_the_numbers_are_those_of_the_forms() -> None:
    """Elliptical light through Light.intensity and a line, against e†Re."""
    study = sc.read("Bi2Se3")
    light = Light(study.crystal, find_beam(study.crystal, study.axis), study.species())
    eg = light.raman[1]
    tensors = np.array(MODES["modes"][1]["tensors"], dtype=complex) * (1 + 0.5j)
    line = fit_raman(study.crystal, eg, tensors)
    into, out = Polarization.elliptical(20, 10), Polarization.elliptical(-50, 30)
    e, f = light.beam.incident_vector(into), light.beam.scattered_vector(out)
    expected = sum(abs(f.conj() @ r @ e) ** 2 for r in tensors)
    assert np.isclose(line.evaluate(light.intensity(eg, into, out)), expected)


def test_finite_raman_of_a_crystal_without_raman_modes_asks_for_nothing() -> None:
    study = sc.read("NaCl")
    found = finite_raman(study.crystal, study.species(), lambda _: 1 / 0)
    assert not found.derivatives.any()
