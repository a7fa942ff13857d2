"""Temperature: thermal motion beside the driven one, and what of the motion depends on it."""

from __future__ import annotations

import json
import re
from math import pi, sqrt, tanh
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from jsonschema import Draft202012Validator
from scipy import constants

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.answers.simulate import Simulate
from symchiral.cli import main
from symchiral.dynamics.thermal import (
    Damping,
    occupation,
    quanta,
    read_temperature,
    thermal_amplitude,
)
from symchiral.errors import GrammarError, InputError, LabelError
from symchiral.reading.shipped import find_structure

Floats = npt.NDArray[np.float64]
Capture = pytest.CaptureFixture[str]

PULSE = "2.457THz σ+ 1ps 0.2MV/cm"
CRYSTALS = ("Bi2Se3", "TiO2_anatase", "MgB2", "ZnO", "Al2O3", "NaCl", "Si", "BiTeI")
TEMPERATURES = (0.0, 10.0, 77.0, 300.0, 1000.0)


def test_numbers_of_quanta_are_means_over_levels() -> None:
    """n from the levels of an oscillator and their Boltzmann weights: no formula of Bose's."""
    cases = 0
    for frequency in (0.5, 2.0, 9.0, 40.0):
        for temperature in (5.0, 77.0, 300.0, 1500.0):
            step = constants.h * frequency * 1e12 / (constants.k * temperature)
            levels = np.arange(200_000)
            weights = np.exp(-step * levels)
            mean = float(levels @ weights / weights.sum())
            assert occupation(frequency, temperature) == pytest.approx(mean, rel=1e-9, abs=1e-30)
            cases += 1
        assert occupation(frequency, 0.0) == 0
    assert cases == 16


def test_the_thermal_coordinate_is_that_of_the_density_matrix() -> None:
    """⟨Q²⟩ = ħ/2ω coth(ħω/2kT), zero-point motion at T = 0, equipartition where kT is large."""
    amu, angstrom, ps = constants.atomic_mass, 1e-10, 1e-12
    for frequency in (0.7, 4.05, 22.0):
        omega = 2 * pi * frequency / ps
        unit = amu * angstrom**2
        still = constants.hbar / (2 * omega) / unit
        assert thermal_amplitude(frequency, 0) == pytest.approx(sqrt(still), rel=1e-8)
        for temperature in (20.0, 300.0):
            x = constants.hbar * omega / (2 * constants.k * temperature)
            found = thermal_amplitude(frequency, temperature) ** 2
            assert found == pytest.approx(still / tanh(x), rel=1e-8)
        hot = thermal_amplitude(frequency, 1e4) ** 2 * omega**2 * unit
        assert hot == pytest.approx(constants.k * 1e4, rel=1e-3)


def _phonopy(name: str) -> Any:
    import phonopy

    phonon = phonopy.load(find_structure(f"{name}/phonopy.yaml"), log_level=0, is_nac=False)
    phonon.symmetrize_force_constants()
    return phonon


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CRYSTALS)
def test_atoms_move_as_phonopy_says(name: str) -> None:
    """Mean squares of the displacements of the atoms, of phonopy on a mesh of the zone centre."""
    phonon = _phonopy(name)
    phonon.run_mesh([1, 1, 1], with_eigenvectors=True, is_mesh_symmetry=False)
    phonon.run_thermal_displacements(temperatures=list(TEMPERATURES), freq_min=0.3)
    theirs = np.array(phonon.thermal_displacements.thermal_displacements)
    coordinates = sc.read(f"{name}/phonopy.yaml").model().coordinates
    cases = 0
    for temperature, expected in zip(TEMPERATURES, theirs, strict=True):
        squares = [thermal_amplitude(f, temperature) ** 2 for f in coordinates.frequencies]
        moved = coordinates.displacements(np.diag(np.sqrt(squares)))  # (n, N, 3)
        ours = np.sum(moved**2, axis=0)
        order = _same_order(phonon.primitive, coordinates.modes.crystal)
        assert np.allclose(ours[order].ravel(), expected.ravel(), rtol=1e-6, atol=1e-9)
        cases += expected.size
    assert cases == len(TEMPERATURES) * 3 * len(phonon.primitive)


def _same_order(theirs: Any, crystal: Any) -> list[int]:
    """Our atom for each of theirs, which are Cartesian in the same orientation."""
    ours = crystal.primitive
    places = crystal.frame.point(theirs.positions, to="primitive", source="cartesian")
    steps = places[:, None] - ours.positions
    away = np.linalg.norm((steps - np.rint(steps)) @ ours.cell, axis=2)
    assert away.min(axis=1).max() < 1e-2
    found: list[int] = away.argmin(axis=1).tolist()
    assert len(set(found)) == len(found)
    return found


def test_quanta_are_the_energy_of_the_motion() -> None:
    """h f times the quanta of a free circular motion is its energy, kinetic and potential."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    cases = 0
    for name in ("Eu#1(+)", "Eg#2(-)", "A1g#1"):
        run = study.simulate(start=f"{name} 0.001A", damping=0.0, duration=3)
        motion = run.motion(name.partition("(")[0])
        f = motion.multiplet.frequency
        energy = constants.h * f * 1e12 / constants.e * quanta(f, motion.amplitude)
        assert energy == pytest.approx(run.energy[0], rel=1e-3)
        cases += 1
    assert cases == 3


@pytest.mark.parametrize("frequency", [1.2, 4.0, 15.0])
def test_the_law_of_klemens(frequency: float) -> None:
    """1 + n(f₁) + n(f₂) at f₁ = f₂ = f/2, which is coth(hf/4kT); linear in T where it is hot."""
    of = Damping({}, 0.05, 300.0, "klemens")
    assert of.factor(frequency, 300.0) == 1
    for temperature in (4.0, 50.0, 150.0, 600.0):
        ratio = constants.h * frequency * 1e12 / (4 * constants.k)
        expected = tanh(ratio / 300) / tanh(ratio / temperature)
        assert of.factor(frequency, temperature) == pytest.approx(expected, rel=1e-9)
    assert of.factor(frequency, 0.0) == pytest.approx(tanh(ratio / 300), rel=1e-9)
    hot = Damping({}, 0.05, 8000.0, "klemens").factor(frequency, 4000.0)
    assert hot == pytest.approx(0.5, abs=2e-3)
    # Colder than any quantum: no number overflows.
    assert of.factor(100.0, 1e-3) == pytest.approx(1, abs=1e-3)


def test_the_motion_depends_on_temperature_by_linewidths_alone() -> None:
    study = sc.read("Bi2Se3/phonopy.yaml")
    plain = study.simulate(PULSE, duration=5)
    warm = study.simulate(PULSE, duration=5, temperature=300)
    assert np.array_equal(plain.coordinates, warm.coordinates)
    cold = study.simulate(
        PULSE, duration=5, temperature=77, damping="0.05THz, Eu#1 0.08THz at 300K klemens"
    )
    widths = {}
    for name, width in {**dict.fromkeys(cold.model.linewidths, 0.05), "Eu#1": 0.08}.items():
        f = next(m.frequency for m in cold.model.coordinates.multiplets if m.name == name)
        ratio = constants.h * f * 1e12 / (4 * constants.k)
        widths[name] = width * tanh(ratio / 300) / tanh(ratio / 77)
        assert cold.model.linewidths[name] == pytest.approx(widths[name], rel=1e-9)
    assert len(widths) == 8
    given = study.simulate(PULSE, duration=5, damping=widths)
    assert np.abs(cold.coordinates - given.coordinates).max() < 1e-9
    assert np.abs(cold.coordinates - plain.coordinates).max() > 1e-2


def test_moments_of_sites_add_up() -> None:
    """Of every ion e/2 u × Z u̇; together they are the moment of the cell, and by μ₀/V tesla."""
    cases = 0
    for name, pulse in (("Bi2Se3", PULSE), ("TiO2_anatase", "6.44THz s+ 0.5ps 1MV/cm")):
        run = sc.read(f"{name}/phonopy.yaml").simulate(pulse, duration=4)
        sites, whole = run.site_magnetic_moment(), run.magnetic_moment()
        field = run.magnetization()
        assert sites is not None
        assert whole is not None
        assert field is not None
        modes = run.model.coordinates.modes
        u, v = run.atoms(), run.model.coordinates.displacements(run.velocities)
        for site in modes.crystal.sites:
            moment = np.zeros(len(run.times))
            for atom in site.atoms:
                assert modes.born is not None
                current = v[:, atom] @ modes.born[atom].T
                moment += np.cross(u[:, atom], current) @ run.model.lab[2] / 2
            # e Å²/ps in nuclear magnetons, from the SI.
            unit = constants.e * 1e-20 / 1e-12 / constants.physical_constants["nuclear magneton"][0]
            assert np.allclose(sites[site.name], moment * unit, rtol=1e-7, atol=1e-12)
            cases += 1
        assert np.allclose(sum(sites.values()), whole, rtol=1e-12, atol=1e-15)
        volume = modes.crystal.primitive.volume * 1e-30
        tesla = constants.mu_0 * constants.physical_constants["nuclear magneton"][0] / volume
        assert np.allclose(field, whole * tesla, rtol=1e-7)
    assert cases == 5
    metal = sc.read("MgB2/phonopy.yaml").simulate(start="E1u#1(+) 0.02A", duration=1)
    assert metal.site_magnetic_moment() is None


# -------------------------------------------------------------------------------- command line


def ran(capsys: Capture, *words: str) -> tuple[int, str, str]:
    status = main(["simulate", "Bi2Se3/phonopy.yaml", "--duration", "4", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_document_and_table(capsys: Capture, tmp_path: Path) -> None:
    pump = ["--pump", "2.457THz s+ 0.5ps 0.2MV/cm"]
    law = ["--damping", "0.05THz at 300 K klemens", "--temperature", "77K"]
    status, out, _ = ran(capsys, *pump, *law, "--json")
    assert status == 0
    Draft202012Validator(json.loads(schema("simulate"))).validate(json.loads(out))
    answer = Simulate.from_json(out)
    assert (answer.temperature, answer.damping_temperature, answer.damping_law) == (
        77, 300, "klemens",
    )  # fmt: skip
    for mode in answer.modes:
        assert mode.thermal_quanta == pytest.approx(occupation(mode.frequency, 77), rel=1e-6)
        assert mode.amplitude is not None
        assert mode.quanta == pytest.approx(quanta(mode.frequency, mode.amplitude), rel=1e-6)
        assert 0.01 < answer.damping[mode.label] < 0.05
    assert len(answer.modes) == 8
    status, out, _ = ran(capsys, *pump, *law)
    assert status == 0
    assert "at 77 K, by the law of Klemens from those at 300 K" in out
    assert "Beside thermal motion at 77 K" in out
    assert re.search(r"^2\.457 +Eu#1 +0\.276 ", out, re.MULTILINE)
    assert "By site, in the mean: Se1 −" in out
    status, out, _ = ran(capsys, *pump, "--json")
    plain = Simulate.from_json(out)
    assert plain.temperature is None
    assert {m.thermal_quanta for m in plain.modes} == {None}
    assert all(m.quanta is not None for m in plain.modes)
    # In a sweep only linewidths depend on it.
    status, out, _ = ran(capsys, *pump, *law, "--sweep", "field 0.1..0.2MV/cm 2")
    assert status == 0
    assert "thermal" not in out
    table = tmp_path / "run.csv"
    assert ran(capsys, *pump, "--table", str(table))[0] == 0
    header = table.read_text(encoding="utf-8").partition("\n")[0].split(",")
    assert {"moment_mu_N", "mu0M_T", "moment_Se1_mu_N", "J_Se1_hbar"} <= set(header)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--temperature", "300"], "cannot read the temperature '300'"),
        (["--temperature", "-3K"], "cannot read the temperature '-3K'"),
        (["--temperature", "1e9K"], "from 0 to 10000"),
        (["--temperature", "25C"], "Write it as in 300K"),
        (["--damping", "0.05THz at 300K"], "is not stated"),
        (["--damping", "0.05THz at 300K bose"], "'bose' is no law"),
        (["--damping", "0.05THz at 300C klemens"], "cannot read the temperature '300C'"),
        (["--damping", "0.05THz at 300K klemens"], "as in --temperature 77K"),
        (["--damping", "Eu#1 0.05THz, 0.08THz"], "is not a mode and its linewidth"),
        (["--damping", "Eu#1 0.05THz, Eu#1 0.08THz"], "Eu#1 is given twice"),
        (["--damping", "Eu#9 0.05THz"], "Eu#9"),
        (["--damping", "Eu#1 -0.05THz"], "cannot read the frequency '-0.05THz'"),
        (["--damping", "0.05THz, 0.08THz"], "there are two for all modes"),
        (["--damping", "2000THz, Eu#1 0.08THz"], "far above any vibration"),
    ],
)
def test_bad_input_is_refused_in_words(words: list[str], said: str, capsys: Capture) -> None:
    status, _, err = ran(capsys, "--pump", "2.457THz s+ 0.5ps 0.2MV/cm", *words)
    assert status == 1
    assert said in err
    assert "Traceback" not in err


def test_words_of_damping(tmp_path: Path) -> None:
    assert Damping.parse("0.1THz") == Damping({}, 0.1)
    assert Damping.parse("0THz, Eg(2) 1cm-1").modes == pytest.approx({"Eg(2)": 0.0299792458})
    assert Damping.parse("E_u(1) 2 meV, Eg#2 0.1THz").others == 0.05
    file = tmp_path / "widths at 300K.json"
    file.write_text('{"frequency_unit": "THz", "linewidths": {"Eu#1": 0.2}}', encoding="utf-8")
    assert Damping.parse(str(file)) == Damping({"Eu#1": 0.2})
    assert Damping.parse(f"{file} at 4K Klemens") == Damping({"Eu#1": 0.2}, 0.05, 4.0, "klemens")
    assert read_temperature("0K") == 0
    study = sc.read("Bi2Se3/phonopy.yaml")
    assert study.model(damping="0.1THz, E_u(1) 0.2THz").linewidths["Eu#1"] == 0.2
    with pytest.raises(LabelError):
        study.model(damping="Zz#1 0.2THz")
    with pytest.raises(InputError, match="no temperature of -3 K"):
        study.model(temperature=-3.0)
    with pytest.raises(GrammarError):
        study.model(damping="")
