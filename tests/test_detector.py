"""What a detector shows of a simulation, by optics written down here, and read by validate."""

from __future__ import annotations

from dataclasses import replace
from math import log, pi
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

import symchiral as sc
from symchiral.cli import main
from symchiral.crystal.qpoint import GAMMA
from symchiral.dynamics.detector import Detector
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.modes.displacement import displacement_matrices
from symchiral.traces.reading import read_detector
from symchiral.value import Floats
from symchiral.write.traces import write_traces

KNOWN = {"Eu#1": 2.05, "Eg#2": 4.05}
ANGLES = (("S0", 0.0), ("S45", 45.0))


@pytest.fixture(scope="module")
def study() -> sc.Study:
    return sc.read("Bi2Se3/phonopy.yaml")


def tensors(study: sc.Study, seed: int = 3) -> Floats:
    """Raman tensors of all modes, random but for the symmetry: averaged over the group."""
    rng = np.random.default_rng(seed)
    coordinates = study.couplings().coordinates
    start = rng.normal(size=(len(coordinates), 3, 3))
    start += start.transpose(0, 2, 1)
    crystal, v = study.crystal, coordinates.vectors
    matrices = displacement_matrices(crystal, GAMMA, range(len(crystal.group)), range(5))
    found = np.zeros_like(start)
    for rotation, matrix in zip(crystal.rotations, matrices, strict=True):
        d = v.T @ matrix.real @ v
        found += np.einsum("ba,bxy,xi,yj->aij", d, start, rotation, rotation) / len(matrices)
    return found


def ran(study: sc.Study) -> Run:
    couplings = replace(study.couplings(frequencies=KNOWN), raman=tensors(study))
    model = study.model(couplings=couplings)
    return simulate(model, Pulse(2.0, "s+", 1.0, 0.2), duration=8.0)


def test_a_balanced_detector_shows_the_rotation_by_fresnels_formula(study: sc.Study) -> None:
    """The index of a reflecting crystal as a matrix, and the light that comes back from it."""
    run = ran(study)
    model = run.model
    volume = model.coordinates.modes.crystal.primitive.volume
    raman = np.einsum("ij,ajk,lk->ail", model.lab, model.couplings.raman, model.lab)
    n2 = float((model.lab @ model.dielectric @ model.lab.T)[0, 0])
    channels = (("A", 0.0), ("B", 45.0), ("C", 17.0))
    found = Detector("balanced", channels).signals(run)
    for k in (1500, len(run.times) - 1):
        chi = 4 * pi / volume * np.einsum("a,aij->ij", run.coordinates[k], raman)[:2, :2]
        scale = 1e-3  # of the motion: the formula is linear
        values, vectors = np.linalg.eigh(n2 * np.eye(2) + scale * chi)
        root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
        back = (np.eye(2) - root) @ np.linalg.inv(np.eye(2) + root)
        for c, (_, angle) in enumerate(channels):
            theta = np.radians(angle)
            along = np.array([np.cos(theta), np.sin(theta)])
            across = np.array([-np.sin(theta), np.cos(theta)])
            light = back @ along
            turned = 1e3 * (light @ across) / (light @ along) / scale
            assert found[k, c] == pytest.approx(turned, rel=2e-3, abs=1e-5)


def test_plan_says_the_rotation_that_a_detector_shows_of_the_mode(study: sc.Study) -> None:
    """The largest signal of Eg#2 alone, of all angles, in a weak field."""
    couplings = replace(study.couplings(frequencies=KNOWN), raman=tensors(study))
    plan = study.plan(couplings=couplings, source="2.0THz 1ps 0.002MV/cm", frequencies=KNOWN)
    signals = {name: s for name, s in plan.signals.items() if name.endswith("Eg#2(-)")}
    model = study.model(couplings=couplings)
    coordinates = model.coordinates
    slots = coordinates.slots("Eg#2")
    run = simulate(model, Pulse(2.0, "σ+", 1.0, 0.002), duration=23.0)
    alone = np.zeros_like(run.coordinates)
    alone[:, slots] = run.coordinates[:, slots]
    q = replace(run, coordinates=alone)
    channels = tuple((str(a), float(a)) for a in range(0, 180, 15))
    shown = np.abs(Detector("balanced", channels).signals(q)[q.after]).max()
    lattice, light = (
        signals[name] for name in ("Eu#1(+) Eu#1(+) -> Eg#2(-)", "E[σ+] E[σ+] -> Eg#2(-)")
    )
    # Both drive the mode in this run: by how much together their phases decide.
    assert abs(lattice.rotation - light.rotation) * 0.98 < shown
    assert shown < (lattice.rotation + light.rotation) * 1.02
    assert light.rotation / light.amplitude == pytest.approx(lattice.rotation / lattice.amplitude)
    harmonic = replace(model, couplings=replace(model.couplings, potentials=()))
    run = simulate(harmonic, Pulse(2.0, "σ+", 1.0, 0.002), duration=23.0)
    assert light.amplitude == pytest.approx(run.motion("Eg#2").amplitude, rel=0.02)


def test_an_analyser_shows_the_field_of_a_sheet_of_current(study: sc.Study) -> None:
    """E = −μ₀ c K/2 with K the current per width, in SI units."""
    run = ran(study)
    found = Detector("analyser", (("X", 0.0), ("Y", 90.0))).signals(run)
    volume = run.model.coordinates.modes.crystal.primitive.volume * 1e-30
    atoms = run.model.coordinates.displacements(run.velocities) * 100.0  # Å/ps in m/s
    born = run.model.coordinates.modes.born
    current = constants.elementary_charge * np.einsum("kab,tkb->ta", born, atoms) / volume
    sheet = current @ run.model.lab[:2].T * 1e-9
    expected = -constants.mu_0 * constants.c / 2 * sheet * 1e-5  # V/m in kV/cm
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_slow_detector_shows_less_of_a_fast_line(study: sc.Study) -> None:
    """A Gaussian response of the full width w leaves exp(−(πfw)²/4 ln2) of an oscillation."""
    run = study.simulate(start="Eu#1(+) 0.001A", frequencies=KNOWN, duration=10.0)
    fast, slow = (
        Detector("analyser", (("X", 0.0),), response=w).signals(run)[:, 0] for w in (0.0, 0.2)
    )
    late = (run.times > 1) & (run.times < 9)
    ratio = np.linalg.norm(slow[late]) / np.linalg.norm(fast[late])
    assert ratio == pytest.approx(np.exp(-((pi * 2.05 * 0.2) ** 2) / (4 * log(2))), rel=0.02)
    noisy = [Detector("analyser", (("X", 0.0),), noise=0.1, seed=s).signals(run) for s in (1, 1, 2)]
    assert np.array_equal(noisy[0], noisy[1])
    assert not np.array_equal(noisy[0], noisy[2])
    size = np.abs(fast[run.after]).max()
    assert (noisy[0][:, 0] - fast).std() == pytest.approx(0.1 * size, rel=0.1)


def test_traces_are_read_and_judged(study: sc.Study, tmp_path: Path) -> None:
    """σ+ makes Eg rotate clockwise; the detector shows it, and validate says so."""
    path = tmp_path / "plus.csv"
    write_traces(path, ran(study), Detector("balanced", ANGLES, response=0.05, noise=0.05))
    judged = study.validate(str(path), frequencies=KNOWN)
    line = min(judged.lines, key=lambda v: abs(v.assignment.line.frequency - 4.05))
    assert (line.assignment.mode.name, line.verdict) == ("Eg#2", "consistent")
    assert line.assignment.line.turnings[0].helicity.value == pytest.approx(-1, abs=0.1)


def test_what_a_detector_cannot_show_is_said(
    study: sc.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(InputError, match="no Raman tensors"):
        Detector("balanced", ANGLES).signals(study.simulate("2THz s+ 1ps 0.1MV/cm", duration=4))
    for text in ("balanced", "coordinates, Qx, Qy", "mirror, a = 0"):
        with pytest.raises(InputError, match="not understood"):
            read_detector(text)
    with pytest.raises(InputError, match="can be negative"):
        Detector("balanced", ANGLES, noise=-1.0)
    monkeypatch.chdir(tmp_path)
    words = ["simulate", "Bi2Se3/phonopy.yaml", "--pump", "2THz s+ 1ps 0.1MV/cm", "--duration", "4"]
    assert main([*words, "--noise", "0.1"]) == 1
    assert "a detector without traces" in " ".join(capsys.readouterr().err.split())
    out = ["--traces", "one.csv", "--probe", "analyser, Sx = 0, Sy = 90", "--response", "100fs"]
    assert main([*words, *out]) == 0
    text = Path("one.csv").read_text(encoding="utf-8")
    assert "# probe: analyser, Sx = 0, Sy = 90" in text
    assert "# response: 0.1" in text
