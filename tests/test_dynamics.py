"""Modes in time: laws, Bi2Se3 from first principles, and atoms integrated as atoms."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import cache
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cartesian_dynamics import Atoms
from jsonschema import Draft202012Validator
from scipy import constants
from scipy.integrate import cumulative_simpson, solve_ivp
from scipy.signal import fftconvolve

import symchiral as sc
from symchiral.anharmonic.couplings import Couplings, make_couplings, save_couplings
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.answers.couple import couple
from symchiral.answers.schema import schema
from symchiral.answers.simulate import Simulate, pulse_of
from symchiral.answers.simulate import simulate as answer_of
from symchiral.cli import main
from symchiral.crystal.qpoint import GAMMA
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import NormalModeModel, make_model
from symchiral.dynamics.pulse import Fields, Pulse, SampledPulse, jones, read_light
from symchiral.dynamics.run import Run
from symchiral.dynamics.sweep import Sweep, run_sweep
from symchiral.errors import InputError, SymchiralError
from symchiral.figures.motion import animate_motion, chosen_modes
from symchiral.modes.coordinates import NormalCoordinates, normal_coordinates
from symchiral.modes.displacement import displacement_matrices
from symchiral.reading.couplings import CouplingTable, coupling_document, read_coupling_table
from symchiral.study import Study
from symchiral.text.simulate import light_text, simulate_table
from symchiral.units import HBAR

Floats = npt.NDArray[np.float64]
Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).resolve().parent.parent
BI2SE3 = str(ROOT / "structures" / "Bi2Se3" / "phonopy.yaml")
RESONANT = str(ROOT / "structures" / "Bi2Se3" / "frequencies_melnikov.json")
MELNIKOV = {"Eu#1": 2.05, "Eg#2": 4.05}
COMPUTED = 2.4574
"""THz: Eu#1 with the forces of the file."""


@cache
def study(path: str = BI2SE3) -> Study:
    return sc.read(path)


@cache
def bi2se3(*, raw: bool = False, resonant: bool = False, damping: float = 0.05) -> NormalModeModel:
    return study().model(raw=raw, damping=damping, frequencies=MELNIKOV if resonant else None)


def invented(path: str, seed: int, *, orders: tuple[int, ...] = (3, 4)) -> NormalModeModel:
    """Random couplings of a crystal, averaged over its group: what symmetry allows, and no more."""
    coordinates = normal_coordinates(study(path).modes())
    rng = np.random.default_rng(seed)
    potentials = []
    for order in orders:
        n = len(coordinates)
        tensor = rng.normal(size=(n,) * order) * {3: 3e-3, 4: 3e-4}[order]
        potentials.append(Polynomial.from_tensor(_symmetric(tensor)))
    found = Couplings(coordinates, tuple(potentials)).symmetrized()
    return make_model(coordinates, found, damping=0.0)


def _symmetric(tensor: Floats) -> Floats:
    from itertools import permutations

    orders = list(permutations(range(tensor.ndim)))
    return np.asarray(sum(np.transpose(tensor, p) for p in orders) / len(orders))


def only(model: NormalModeModel, *names: str, order: int = 3) -> NormalModeModel:
    """The same model with the couplings of these modes alone, once each."""
    c = model.coordinates
    wanted = sorted(c.names.index(n) for n in names)
    kept = {
        f: v
        for f, v in model.couplings.potential(order).terms.items()
        if sorted(int(c.owners[i]) for i in f) == wanted
    }
    assert kept
    potential = Polynomial.of(len(c), order, kept)
    return replace(model, couplings=replace(model.couplings, potentials=(potential,)))


def circular_start(model: NormalModeModel, name: str, component: str, size: float) -> Any:
    """Q and its velocity of one circular mode: Q = Re a ε."""
    c = model.coordinates
    i = c.circular_names.index(f"{name}({component})")
    vector = c.circular[i].conj()
    omega = 2 * pi * c.frequencies[c.slots(name)[0]]
    return size * vector.real, size * (-1j * omega * vector).real


# -------------------------------------------------------------------------------- a second method


@pytest.mark.parametrize("resonant", [False, True])
def test_atoms_integrated_as_atoms_move_alike(*, resonant: bool) -> None:
    model = bi2se3(raw=True, resonant=resonant)
    pulse = Pulse(2.0 if resonant else COMPUTED, "ell0.6@20deg", 0.6, 0.3)
    run = simulate(model, pulse, duration=5.0, step=0.02)
    atoms = Atoms(MELNIKOV if resonant else None)

    def field(t: float) -> Floats:
        return np.asarray(pulse.field(t) @ model.lab)  # Cartesian, as are their atoms

    u, v = atoms.run(field, run.times, rate=2 * pi * 0.05, inside=8)
    ours = run.atoms().reshape(len(run.times), -1)
    order = _same_atoms(study())
    theirs = u.reshape(-1, 5, 3)[:, order].reshape(len(u), -1)
    assert np.abs(theirs).max() > 0.02
    # The frequencies in the two files differ in the seventh digit.
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()
    assert np.allclose(run.angular_momentum(), atoms.angular_momentum(u, v), atol=1e-4)
    assert np.abs(run.angular_momentum()).max() > 0.1


def _same_atoms(found: Study) -> list[int]:
    data = json.loads((ROOT / "structures/Bi2Se3/bi2se3.json").read_text(encoding="utf-8"))
    theirs = np.array(data["positions_fractional_rhombohedral"])
    ours = found.crystal.primitive.positions
    steps = ours[:, None] - theirs
    return np.abs(steps - np.rint(steps)).sum(axis=2).argmin(axis=1).tolist()


def test_angular_momentum_of_atoms_and_helicity_of_modes_are_one() -> None:
    """J = Σ J_l ω |a_l|²/2 for a multiplet whose components turn with J_l, at every time."""
    run = simulate(bi2se3(raw=True), Pulse(COMPUTED, "ell0.3@10deg", 0.8, 0.2), duration=8)
    atoms, masses = run.atoms(), study().modes().masses
    speeds = run.model.coordinates.displacements(run.velocities)
    direct = np.einsum("k,tka->ta", masses, np.cross(atoms, speeds))[:, 2] / HBAR
    assert np.allclose(direct, run.angular_momentum(), atol=1e-10)
    for name in ("Eu#1", "Eg#2", "Eg#1"):
        omega = 2 * pi * run.motion(name).multiplet.frequency
        power = np.abs(run.amplitudes(name)) ** 2
        expected = omega / 2 * (power[:, 0] - power[:, 1]) / HBAR
        assert np.allclose(run.angular_momentum(name), expected, atol=1e-12)
        late = power.sum(axis=1) > 1e-3 * power.sum(axis=1).max()
        wanted = (power[:, 0] - power[:, 1])[late] / power.sum(axis=1)[late]
        assert np.allclose(run.helicity(name)[late], wanted)


# ------------------------------------------------------------------------------ Bi2Se3: 1 + 1 = −1


@pytest.mark.parametrize("resonant", [False, True])
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("spin", [1, -1])
def test_one_and_one_make_minus_one(spin: int, *, raw: bool, resonant: bool) -> None:
    """From first-principles numbers; with ``raw`` no symmetry was put in anywhere but the modes."""
    frequency = 2.0 if resonant else COMPUTED
    run = simulate(
        bi2se3(raw=raw, resonant=resonant),
        Pulse(frequency, "σ+" if spin > 0 else "σ-", 1.0, 0.1),
        duration=12,
    )
    pumped, driven = run.motion("Eu#1"), run.motion("Eg#2")
    assert spin * (pumped.pam_helicity or 0) > 0.99
    assert spin * (driven.pam_helicity or 0) < -0.95
    assert driven.mechanical_helicity == driven.pam_helicity
    assert abs(driven.frequency - (4.05 if resonant else 2 * COMPUTED)) < 0.05


def mirror_angle(model: NormalModeModel) -> float:
    """Angle from the x of light of a mirror plane that contains the axis, degrees."""
    found = study()
    for rotation in found.crystal.rotations:
        if np.linalg.det(rotation) < 0 and abs(np.trace(rotation) - 1) < 1e-6:
            values, vectors = np.linalg.eigh((rotation + rotation.T) / 2)
            normal = model.lab @ vectors[:, np.argmin(values)]
            return float(np.degrees(np.arctan2(normal[1], normal[0])) + 90)
    raise AssertionError("no mirror")


def at_double(run: Run, name: str, frequency: float) -> Any:
    """Circular amplitudes at a frequency, and the mean of the coordinates, after the pulse."""
    found, waves = run.spectrum(name)
    slots = run.model.coordinates.slots(name)
    window = np.hanning(int(run.after.sum()))[:, None]
    mean = (run.coordinates[run.after][:, slots] * window).sum(axis=0) / window.sum()
    return waves[np.argmin(np.abs(found - frequency))], mean


def test_a_linear_pump_drives_along_minus_two_phi() -> None:
    model = bi2se3()
    zero = mirror_angle(model)
    circular = simulate(model, Pulse(COMPUTED, "σ+", 1.0, 0.02), duration=20)
    strongest, rest = at_double(circular, "Eg#2", 2 * COMPUTED)
    reference = float(np.linalg.norm(strongest))
    assert np.linalg.norm(rest) < 1e-3 * reference
    sizes, offsets = [], []
    angles = (0, 15, 30, 45, 60, 90)
    for phi in angles:
        run = simulate(model, Pulse(COMPUTED, f"{zero + phi:g}deg", 1.0, 0.02), duration=20)
        motion = run.motion("Eg#2")
        assert abs(motion.pam_helicity or 0) < 0.01
        assert motion.direction is not None
        away = (motion.direction - (zero - 2 * phi) + 90) % 180 - 90
        assert abs(away) < 1
        waves, mean = at_double(run, "Eg#2", 2 * COMPUTED)
        sizes.append(float(np.linalg.norm(waves)))
        offsets.append(float(np.linalg.norm(mean)))
    assert len(sizes) == 6
    assert np.ptp(sizes) < 0.01 * np.mean(sizes)
    assert np.allclose(sizes, reference / sqrt(2), rtol=0.01)
    assert min(offsets) > 0.05 * reference
    assert np.ptp(offsets) < 0.01 * np.mean(offsets)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["Bi2Se3", "Bi2Se3_PBEsol", "TiO2_anatase", "LiIO3"])
def test_angles_are_those_of_light(name: str, capsys: Capture) -> None:
    """Of ``light``, ``plan`` and ``explain``: what is x to one is x to all."""
    name += "/phonopy.yaml"
    found = sc.read(name)
    model = found.model()
    assert np.array_equal(model.lab, found.beam().beam.frame)
    # x of Bi2Se3 lies in a mirror plane.
    assert abs((mirror_angle(bi2se3()) + 30) % 60 - 30) < 1e-6
    words = ("light", name), ("simulate", name, "--pump", "2THz x 1ps 1kV/cm", "--duration", "4")
    said = [" ".join(ran(capsys, *w)[1].split()) for w in words]
    direction = re.search(r"angles from (.*?), counter-clockwise", said[0])
    assert direction is not None
    assert f"angles from x, {direction[1]}, counter-clockwise about the axis" in said[1]


@pytest.mark.parametrize("angle", [0, 20, 90])
def test_raw_couplings_turn_lines_by_two_degrees_at_most(angle: float) -> None:
    """What docs/dynamics.md says about --raw."""
    found = [
        simulate(bi2se3(raw=raw), Pulse(COMPUTED, f"{angle}deg", 1.0, 0.05), duration=10)
        for raw in (False, True)
    ]
    first, second = (run.motion("Eg#2") for run in found)
    assert first.direction is not None
    assert second.direction is not None
    assert abs((second.direction - first.direction + 90) % 180 - 90) < 2
    assert abs((second.pam_helicity or 0) - (first.pam_helicity or 0)) < 0.02


def test_a1g_is_rectified_by_both_helicities_and_doubled_by_linear_light_only() -> None:
    model, doubled, means = bi2se3(), [], []
    for word in ("σ+", "σ-", "0deg"):
        run = simulate(model, Pulse(COMPUTED, word, 1.0, 0.02), duration=20)
        waves, mean = at_double(run, "A1g#1", 2 * COMPUTED)
        doubled.append(float(np.linalg.norm(waves)))
        means.append(float(mean[0]))
    assert abs(means[0]) > 1e-7
    assert means[0] == pytest.approx(means[1], rel=1e-6)
    assert max(doubled[:2]) < 5e-3 * doubled[2]


def test_forbidden_coefficients_of_the_raw_data() -> None:
    """The numbers stated in docs/dynamics.md."""
    found = study().couplings()
    terms = found.circular(3)
    allowed = [abs(t.value) for t in terms if t.verdict.word == "allowed"]
    forbidden = [abs(t.value) for t in terms if t.verdict.word == "forbidden"]
    assert (len(allowed), len(forbidden)) == (40, 160)
    assert max(forbidden) < 5e-5
    assert max(allowed) > 1.1e-2
    # Symmetry fixes the phase: what is allowed is real, in a crystal with mirrors, within errors.
    assert max(abs(t.value.imag) for t in terms if t.verdict.word == "allowed") < 2e-5
    assert found.overlap > 0.999999


def test_the_average_over_the_group_is_that_of_the_file() -> None:
    """`phi_D3d_projected` was made by another program, from the same numbers."""
    data = json.loads((ROOT / "structures/Bi2Se3/bi2se3.json").read_text(encoding="utf-8"))
    table = read_coupling_table(ROOT / "structures/Bi2Se3/couplings.json")
    raw = study().couplings()
    overlaps = table.vectors.real.T @ raw.coordinates.vectors  # type: ignore[union-attr]
    for key, ours in (("phi", raw), ("phi_D3d_projected", raw.symmetrized())):
        theirs = np.array(data["cubic"][key])
        for axis in range(3):
            theirs = np.moveaxis(np.tensordot(theirs, overlaps, (axis, 0)), -1, axis)
        assert np.abs(theirs - ours.potential(3).tensor()).max() < 1e-9


# --------------------------------------------------------------------------------------------- laws


@pytest.mark.parametrize(("name", "component"), [("Eu#1", "+"), ("Eg#2", "-"), ("A1g#1", "")])
def test_free_motion_has_one_amplitude_in_time_and_in_its_spectrum(
    name: str, component: str
) -> None:
    """Q = Re a ε exp(−2πift): |a| all the time, at the peak of the spectrum, and in the energy."""
    harmonic = replace(bi2se3(damping=0.0), couplings=Couplings(bi2se3().coordinates, ()))
    c = harmonic.coordinates
    if component:
        start = circular_start(harmonic, name, component, 0.3)
    else:
        start = 0.3 * c.vectors.T @ c.vectors[:, c.slots(name)[0]], np.zeros(len(c))
    run = simulate(harmonic, duration=40, start=start)
    frequency = c.frequencies[c.slots(name)[0]]
    amplitudes = np.abs(run.amplitudes(name))
    assert np.allclose(np.sort(amplitudes, axis=1)[:, -1], 0.3, rtol=1e-6)
    frequencies, waves = run.spectrum(name)
    place = np.abs(waves).max(axis=1).argmax()
    assert frequencies[place] == pytest.approx(frequency, abs=0.01)
    assert np.abs(waves[place]).max() == pytest.approx(0.3, rel=1e-2)
    # ½ ω² a² of a line and of either partner of a circle, in eV.
    energy = (2 * pi * frequency * 0.3) ** 2 / 2 * constants.atomic_mass * 1e4
    assert run.energy[-1] == pytest.approx(energy / constants.elementary_charge, rel=1e-5)


def test_energy_is_conserved() -> None:
    model = bi2se3(raw=True, damping=0.0)
    rng = np.random.default_rng(1)
    start = rng.normal(size=12) * 0.3, rng.normal(size=12) * 3
    run = simulate(model, duration=20, start=start)
    assert np.ptp(run.energy) < 1e-7 * abs(run.energy[0])
    anharmonic = sum(p.value(run.coordinates) for p in model.potentials)
    assert np.abs(anharmonic).max() > 1e-3 * abs(run.energy[0])


def test_finer_steps_change_nothing() -> None:
    pulse = Pulse(COMPUTED, "σ+", 1.0, 0.3)
    runs = [
        simulate(bi2se3(), pulse, duration=12, accuracy=a, step=0.05) for a in (1e-6, 1e-9, 1e-11)
    ]
    scale = np.abs(runs[-1].coordinates).max()
    errors = [np.abs(r.coordinates - runs[-1].coordinates).max() / scale for r in runs]
    assert errors[1] < 1e-6
    assert errors[1] < errors[0] / 10


@pytest.mark.parametrize(
    "path", [BI2SE3, *(str(ROOT / "structures" / n) for n in ("TiO2_anatase", "SiO2_quartz_P3121"))]
)
def test_every_operation_takes_motion_to_motion(path: str) -> None:
    model = bi2se3() if path == BI2SE3 else invented(path, 3, orders=(3,))
    crystal, lab = study(path).crystal, model.lab
    light = jones((1.0, 0.4 + 0.3j, 0.5 - 0.2j))
    frequency = float(model.coordinates.frequencies[len(model.coordinates) // 2])
    everything = range(len(crystal.group))
    matrices = displacement_matrices(crystal, GAMMA, everything, range(len(crystal.primitive)))
    vectors = model.coordinates.vectors
    first = simulate(model, Pulse(frequency, tuple(light), 0.3, 0.5), duration=1, step=0.05)
    reach = np.abs(first.coordinates).max()
    moved = 0
    for rotation, matrix in zip(crystal.rotations, matrices, strict=True):
        turned = tuple(lab @ rotation @ lab.T @ light)
        run = simulate(model, Pulse(frequency, turned, 0.3, 0.5), duration=1, step=0.05)
        expected = first.coordinates @ (vectors.T @ matrix.real @ vectors).T
        assert np.abs(run.coordinates - expected).max() < 1e-6 * reach
        moved += bool(np.abs(expected - first.coordinates).max() > 1e-3 * reach)
    assert moved >= len(crystal.group) // 2


def test_second_order_perturbation_theory() -> None:
    """Eg#2 from the free motion of the others by Green's function: the error falls as λ²."""
    model, pulse, step = bi2se3(), Pulse(COMPUTED, "σ+", 0.6, 1.2), 0.002
    slots = model.coordinates.slots("Eg#2")
    none = replace(model, couplings=replace(model.couplings, potentials=()))
    free = simulate(none, pulse, duration=6, step=step)
    source = 9648.533 * model.coupling(free.coordinates)[:, slots]
    gamma, omega = (
        float(model.rates[slots[0]]),
        2 * pi * float(model.coordinates.frequencies[slots[0]]),
    )
    inner = sqrt(omega**2 - gamma**2 / 4)
    t = free.times - free.times[0]
    green = np.exp(-gamma * t / 2) * np.sin(inner * t) / inner
    first = fftconvolve(source, green[:, None])[: len(t)] * step
    errors = []
    for strength in (1.0, 0.5, 0.25):
        potentials = tuple(p.scaled(strength) for p in model.couplings.potentials)
        weaker = replace(model, couplings=replace(model.couplings, potentials=potentials))
        run = simulate(weaker, pulse, duration=6, step=step)
        found = run.coordinates[:, slots] / strength
        errors.append(np.abs(found - first).max() / np.abs(first).max())
    assert errors[0] > 0.01
    assert 3 < errors[0] / errors[1] < 5
    assert 3 < errors[1] / errors[2] < 5


def test_angular_momentum_is_accounted_for() -> None:
    run = simulate(bi2se3(resonant=True), Pulse(2.0, "σ+", 1.0, 0.3), duration=12)
    budget = run.angular_momentum_budget()
    parts = sum(budget[k] for k in ("light", "damping", "coupling", "harmonic"))
    assert np.abs(parts - budget["motion"]).max() < 1e-4 * np.abs(budget["light"]).max()
    assert budget["light"][-1] > 0.1
    assert budget["coupling"][-1] < -0.1


@pytest.mark.parametrize(
    "path",
    [BI2SE3, "quartz", "YbMg2Sb2", "ReNCl4"],
)
def test_the_moment_of_circular_motion_is_that_of_its_quanta(path: str) -> None:
    """In time from displacements and velocities, and per quantum from eigenvectors."""
    place = {"quartz": "SiO2_quartz_P3121"}.get(path, path)
    found = study(place if path == BI2SE3 else str(ROOT / "structures" / place))
    model = found.model(damping=0.0)
    model = replace(model, couplings=replace(model.couplings, potentials=()))
    c = model.coordinates
    tried = 0
    for multiplet in c.multiplets:
        for mode in multiplet.modes:
            if mode.component not in ("+", "-"):
                continue
            size = 0.3
            start = circular_start(model, multiplet.name, mode.component, size)
            run = simulate(model, duration=2 / multiplet.frequency, start=start)
            omega = 2 * pi * multiplet.frequency
            quanta = size**2 * omega / (2 * HBAR)
            per_quantum = c.modes.magnetic_moment(mode)
            moment = run.magnetic_moment()
            assert per_quantum is not None
            assert moment is not None
            assert np.allclose(moment, quanta * per_quantum @ model.lab[2], rtol=1e-4, atol=1e-7)
            sites = sum(run.site_angular_momentum().values())
            assert np.allclose(sites, run.angular_momentum(), rtol=0, atol=1e-9)
            am = c.modes.am(mode)
            assert am is not None
            assert np.allclose(sites, quanta * am, rtol=1e-4, atol=1e-7)
            tried += 1
    assert tried >= 6
    # μ₀M: one nuclear magneton per 1 Å³ is 6.347 mT·Å³ (4π·10⁻⁷ times 5.0508·10⁻²⁷ J/T per Å³).
    tesla = run.magnetization()
    assert tesla is not None
    volume = c.modes.crystal.primitive.volume
    assert np.allclose(tesla * volume, moment * 6.34701e-3, rtol=1e-5)


def test_the_crystal_takes_three_hbar_for_every_reversed_quantum() -> None:
    """Q₊²g₊ is unchanged if Eu turns by α and Eg by −2α: J_Eu − 2 J_Eg stays, the rest is lost."""
    model = only(bi2se3(resonant=True, damping=0.0), "Eu#1", "Eu#1", "Eg#2")
    run = simulate(model, duration=20, start=circular_start(model, "Eu#1", "+", 1.0))
    pumped, driven = run.angular_momentum("Eu#1"), run.angular_momentum("Eg#2")
    assert driven.min() < -0.05
    constant = pumped - 2 * driven
    assert np.ptp(constant) < 1e-6 * constant[0]
    lost = -run.angular_momentum_budget()["coupling"]
    assert np.allclose(lost, -3 * driven, atol=1e-4 * np.abs(driven).max())


# --------------------------------------------------------------------------------- other crystals


def test_four_fold_axis() -> None:
    """Eu(+)Eu(+) → Bg: a line; Eu(+)³ → Eu(−) needs the fourth order, and is there."""
    model = invented(str(ROOT / "structures" / "TiO2_anatase"), 6)
    start = circular_start(model, "Eu#1", "+", 0.3)
    cubic = only(model, "Eu#1", "Eu#1", "B1g#1")
    run = simulate(cubic, duration=6, start=start)
    assert run.motion("B1g#1").amplitude > 1e-4
    assert run.motion("B1g#1").pam_helicity is None
    assert run.motion("Eg#1").amplitude < 1e-12
    quartic = only(model, "Eu#1", "Eu#1", "Eu#1", "Eu#2", order=4)
    run = simulate(quartic, duration=6, start=start)
    a = np.abs(run.amplitudes("Eu#2")) ** 2
    # Both Eu(+)²Eu(−) and Eu(+)³ end on it; at three times the frequency only the second.
    frequencies, waves = run.spectrum("Eu#2")
    triple = np.abs(waves[np.argmin(np.abs(frequencies - 3 * run.motion("Eu#1").frequency))])
    assert a.max() > 0
    assert triple[1] > 3 * triple[0]


def test_mgb2_keeps_pam_and_reverses_atoms() -> None:
    model = invented(str(ROOT / "structures" / "MgB2"), 2, orders=(3,))
    run = simulate(
        only(model, "E1u#1", "E1u#1", "E2g#1"),
        duration=6,
        start=circular_start(model, "E1u#1", "+", 0.3),
    )
    driven = run.motion("E2g#1")
    assert (driven.pam_helicity or 0) > 0.9
    assert (driven.mechanical_helicity or 0) < -0.9
    assert run.motion("E1u#1").mechanical_helicity == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("spin", "word"), [(1, "+"), (-1, "-")])
def test_chiral_crystal(spin: int, word: str) -> None:
    """Quartz, D3: E(+)E(+) → E(−), for either hand of the pump."""
    model = invented(str(ROOT / "structures" / "SiO2_quartz_P3121"), 4, orders=(3,))
    run = simulate(
        only(model, "E#1", "E#1", "E#3"),
        duration=6,
        start=circular_start(model, "E#1", word, 0.3),
    )
    a = np.abs(run.amplitudes("E#3")) ** 2
    assert spin * (a[:, 0] - a[:, 1]).sum() < -0.8 * a.sum()


def test_invented_couplings_are_all_allowed() -> None:
    """The average over the group, and the verdicts of the engine, one term at a time."""
    counted = 0
    for name, order in (("TiO2_anatase", 3), ("MgB2", 3), ("MgB2", 4), ("SiO2_quartz_P3121", 3)):
        model = invented(str(ROOT / "structures" / name), 1, orders=(order,))
        terms = model.couplings.circular(order)
        assert all(t.verdict.word == "allowed" for t in terms)
        counted += len(terms)
        everything = replace(
            model.couplings,
            potentials=(
                Polynomial.from_tensor(
                    _symmetric(
                        np.random.default_rng(0).normal(size=(len(model.coordinates),) * order)
                    )
                ),
            ),
        )
        allowed = {t.modes for t in everything.circular(order) if t.verdict.word == "allowed"}
        assert allowed == {t.modes for t in terms}
    assert counted == 497


# ------------------------------------------------------------------------------ files of couplings


def _random_basis(table: CouplingTable, coordinates: NormalCoordinates) -> CouplingTable:
    """The same energy on circular vectors with random phases, atoms in another order."""
    rng = np.random.default_rng(7)
    phases = np.exp(2j * np.pi * rng.random(len(coordinates)))
    vectors = coordinates.eigenvectors * phases
    found = make_couplings(table, coordinates)
    # Q_l' = phase* Q_l
    terms = {
        tuple(coordinates.circular_names.index(m) for m in t.modes): (
            t.value * np.prod([phases[coordinates.circular_names.index(m)] for m in t.modes]),
            float("nan"),
        )
        for t in found.circular(3)
    }
    conjugate = np.abs(coordinates.eigenvectors.T @ coordinates.eigenvectors).argmax(axis=1)
    for factors, (value, error) in list(terms.items()):
        if tuple(sorted(conjugate[list(factors)])) != factors:
            terms[factors] = (2 * value, error)  # Re of a product holds its conjugate too
    order = rng.permutation(5)
    crystal = coordinates.modes.crystal.primitive
    turned = vectors.reshape(5, 3, -1)[order].reshape(15, -1)
    cell = replace(crystal, positions=crystal.positions[order], numbers=crystal.numbers[order])
    origin = coordinates.modes.crystal.frame.point(np.zeros(3), to="cartesian", source="primitive")
    assert np.allclose(origin, 0)
    names = tuple(f"q{i}" for i in range(len(coordinates)))
    return replace(table, names=names, vectors=turned, crystal=cell, terms={3: terms})


def test_basis_and_order_of_atoms_do_not_matter(tmp_path: Path) -> None:
    table = read_coupling_table(ROOT / "structures/Bi2Se3/couplings.json")
    coordinates = normal_coordinates(study().modes())
    other = _random_basis(table, coordinates)
    path = tmp_path / "couplings.json"
    path.write_text(json.dumps(coupling_document(other)), encoding="utf-8")
    first = make_couplings(table, coordinates).potential(3).tensor()
    second = make_couplings(read_coupling_table(path), coordinates).potential(3).tensor()
    assert np.abs(first - second).max() < 1e-9 * np.abs(first).max() + 1e-11


def test_couplings_by_names_of_modes(tmp_path: Path) -> None:
    """Without eigenvectors the names are those of our modes."""
    terms = [{"product": ["Eu#1(+)", "Eu#1(+)", "Eg#2(+)"], "value": [0.002, 0.001]}]
    data = {
        "schema": "symchiral/couplings/1",
        "unit": "eV/(sqrt(amu) angstrom)^order",
        "terms": terms,
    }
    path = tmp_path / "couplings.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    (term,) = study().couplings(str(path)).circular(3)
    assert term.modes == ("Eu#1(+)", "Eu#1(+)", "Eg#2(+)")
    assert term.value == pytest.approx(
        (0.002 + 0.001j) / 2
    )  # V = Re …: half of it and its conjugate


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "x"}, '"schema" is not'),
        ({"unit": "eV"}, '"unit" is not'),
        ({"terms": [{"product": ["Eu#1(+)"], "value": 1}]}, "a product of 1 coordinates"),
        ({"terms": [{"product": ["Eu#9(+)"] * 3, "value": 1}]}, "no mode Eu#9(+)"),
        ({"terms": [{"product": ["Eu#1(+)"] * 3, "value": "x"}]}, "not a finite number"),
        ({"terms": [{"product": ["Eu#1(+)"] * 3}]}, "'value' is missing"),
        (
            {"terms": [{"product": ["Eu#1(+)"] * 3, "value": 1, "error": 10**400}]},
            "not a finite number",
        ),
        ({"terms": [{"product": ["Eu#1(+)"] * 3, "value": 1}] * 2}, "listed twice"),
    ],
)
def test_bad_couplings_are_refused_in_words(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    data = {"schema": "symchiral/couplings/1", "unit": "eV/(sqrt(amu) angstrom)^order", "terms": []}
    path = tmp_path / "couplings.json"
    path.write_text(json.dumps({**data, **change}), encoding="utf-8")
    with pytest.raises(SymchiralError) as error:
        study().couplings(str(path))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"positions": [[0.1, 0.2, 0.3]] * 4}, "4 positions for 5 symbols"),
        ({"positions": [[0.1, 0.2]] * 5}, "5 positions for 5 symbols"),
        ({"positions": [[0.1, 0.2, 0.3]] * 5}, "apart"),
        ({"cell": [[1.0, 0, 0]] * 3}, "the volume 0"),
    ],
)
def test_couplings_of_no_crystal_are_refused_in_words(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    data = json.loads((ROOT / "structures/Bi2Se3/couplings.json").read_text(encoding="utf-8"))
    path = tmp_path / "couplings.json"
    path.write_text(json.dumps({**data, "structure": {**data["structure"], **change}}))
    with pytest.raises(SymchiralError, match=said):
        study().couplings(str(path))


@pytest.mark.sweep
def test_force_constants_of_third_order_go_before_a_file_beside_them(
    capsys: Capture, tmp_path: Path
) -> None:
    """For couplings, model, plan and command alike; a file that is named goes before both."""
    pytest.importorskip("phono3py")
    packed = ROOT / "tests/data/third_order/ZnTe_phono3py_params.yaml.xz"
    shutil.copy(packed, tmp_path / "phono3py_params.yaml.xz")
    found = sc.read(tmp_path)
    own = found.couplings()
    doubled = replace(own, potentials=tuple(p.scaled(2) for p in own.potentials))
    beside = str(tmp_path / "couplings.json")
    save_couplings(beside, doubled)
    size = np.abs(own.potential(3).coefficients).max()
    for source, factor in ((None, 1), (beside, 2)):
        known = found.couplings(source), found.model(couplings=source, raw=True).couplings
        for couplings in known:
            assert np.abs(couplings.potential(3).coefficients).max() == pytest.approx(factor * size)
    words = ("simulate", str(tmp_path), "--pump", "5THz σ+ 0.2ps 0.01MV/cm", "--duration", "1")
    for more, name in (((), str(tmp_path)), (("--couplings", beside), beside)):
        status, out, _ = ran(capsys, *words, *more, "--json")
        assert status == 0
        assert json.loads(out)["couplings"]["provenance"]["file"] == name


def test_couplings_of_another_crystal_are_refused() -> None:
    path = str(ROOT / "structures/Bi2Se3/couplings.json")
    with pytest.raises(InputError, match="belong to other atoms"):
        study(str(ROOT / "structures" / "TiO2_anatase")).couplings(path)


# ---------------------------------------------------------------------------------------- the light


def test_pulses_carry_equal_energy_and_no_area() -> None:
    t = np.linspace(-6, 6, 60001)
    energies = []
    for word in ("σ+", "σ-", "x", "30deg", "ell0.5@10deg", "z"):
        field = Pulse(30.0, word, 0.8, 1.0).field(t)
        assert np.abs(np.trapezoid(field, t, axis=0)).max() < 1e-12
        energies.append(float(np.trapezoid(np.sum(field**2, axis=1), t)))
    assert np.allclose(energies, energies[0], rtol=1e-3)
    # ∫ c ε₀ E² dt in mJ/cm², from the SI.
    expected = 2.99792458e8 * 8.8541878128e-12 * energies[0] * 1e16 * 1e-12 * 0.1
    assert Pulse(2.0, "x", 0.8, 1.0).fluence == pytest.approx(expected, rel=1e-4)


def test_the_frequency_of_a_chirped_pulse_is_linear_in_time() -> None:
    """E = −dA/dt of σ±: the angle of A, at first φ₀ + 90°, grows at the rate 2π(f + b t)."""
    t = np.linspace(-3, 3, 60001)
    inside = np.abs(t) < 1.2
    judged = 0
    for thz, chirp, phase, word in (
        (6.0, 0.5, 0, "σ+"),
        (6.0, -0.5, 40, "σ+"),
        (9.0, 1.5, 0, "σ-"),
        (9.0, 0.0, 75, "σ-"),
        (20.0, -4.0, 120, "σ+"),
    ):
        field = Pulse(thz, word, 1.0, 1.0, chirp_thz_ps=chirp, phase_deg=phase).field(t)
        assert np.abs(np.trapezoid(field, t, axis=0)).max() < 1e-6
        x, y = (-cumulative_simpson(part, x=t, initial=0) for part in field.T[:2])
        potential = x + 1j * y
        angle = np.unwrap(np.angle(potential[inside]))
        rate = np.gradient(angle, t[inside]) / (2 * pi)
        hand = 1 if word == "σ+" else -1
        assert np.abs(hand * rate - (thz + chirp * t[inside]))[1:-1].max() < 1e-3 * thz
        peak = potential[len(t) // 2] * np.exp(-1j * hand * (np.deg2rad(phase) + pi / 2))
        assert abs(np.angle(peak)) < 1e-3
        judged += int(inside.sum())
    assert judged == 5 * 23999


def test_full_width_is_that_of_the_intensity() -> None:
    pulse = Pulse(20.0, "σ+", 1.0, 1.0)
    assert np.sum(pulse.field(0.5) ** 2) == pytest.approx(
        np.sum(pulse.field(0.0) ** 2) / 2, rel=1e-3
    )


def test_an_array_drives_like_the_pulse_it_was_taken_from() -> None:
    pulse = Pulse(COMPUTED, "σ+", 1.0, 0.1, chirp_thz_ps=0.2, phase_deg=40)
    t = np.linspace(-3, 3, 6001)
    sampled = SampledPulse.of(t, pulse.field(t))
    runs = [simulate(bi2se3(), p, duration=6, step=0.05) for p in (pulse, sampled)]
    scale = np.abs(runs[0].coordinates).max()
    assert np.abs(runs[0].coordinates - runs[1].coordinates).max() < 1e-4 * scale
    assert sampled.fastest > COMPUTED
    answer = answer_of(runs[1], runs[1].model.couplings)
    assert answer.pulse is None
    assert answer.sampled is not None
    assert (answer.sampled.start, answer.sampled.end) == (-3, 3)
    assert Simulate.from_json(answer.to_json()) == answer
    assert "a field given from -3 to 3 ps" in simulate_table(answer).text()


def test_light_is_said_as_a_pulse_shows_itself() -> None:
    for given in (
        "2.0THz σ+ 1ps 1MV/cm",
        "500fs 65cm-1 30deg 300kV/cm phase=90deg",
        "2THz ell0.5@30deg 0.5ps 0.2mJ/cm2 chirp=-0.1THz/ps",
        "2THz x 1ps 1MV/cm delay=250fs",
    ):
        pulse = Pulse.parse(given)
        assert repr(pulse) == f"Pulse({light_text([pulse_of(pulse)])})"
    numbers = Pulse(2.0, (3, 4j), 1.0, 1.0)
    assert light_text([pulse_of(numbers)]) == "2 THz, (0.6+0j, 0+0.8j, 0+0j), 1 ps, 1 MV/cm"


def test_steps_are_as_short_as_those_of_the_light_only_while_it_is_on() -> None:
    """Progress is told every 100 steps; the steps of 60 THz take 1/120 ps at most."""
    shares: list[float] = []
    run = simulate(bi2se3(), Pulse(60.0, "σ+", 1.0, 1.0), duration=60, progress=shares.append)
    times = run.times[0] + np.array(shares) * (run.times[-1] - run.times[0])
    dark = np.diff(times[times > 3.5])
    assert len(dark) > 2
    assert dark.min() > 100 / 60
    with pytest.raises(InputError, match="no pulse with thz = 2000"):
        Pulse(2000.0, "σ+", 1.0, 1.0)


def test_a_motion_that_ends_as_it_begins_is_none() -> None:
    c = bi2se3().coordinates
    i = c.names.index("A1g#1")
    steep = make_model(c, Couplings(c, (Polynomial.of(len(c), 3, {(i, i, i): 1e60}),)))
    q = np.zeros(len(c))
    q[i] = 0.01
    with pytest.raises(InputError, match=r"no motion was simulated.*within the first"):
        simulate(steep, duration=1, start=(q, np.zeros(len(c))))


def test_two_photons_of_raman_light_drive_eg_with_twice_their_helicity() -> None:
    """∂α/∂Q of Eg, E along a rotating field: the difference of two σ is l = 2 ≡ −1."""
    model = bi2se3()
    c = model.coordinates
    slots = c.slots("Eg#2")
    tensors = np.zeros((len(c), 3, 3))
    # The part of (x² − y², 2xy) that transforms like the coordinates: both orders of partners tried
    # against the group.
    basis = np.array([np.diag([1.0, -1, 0]), [[0, 1, 0], [1, 0, 0], [0, 0, 0]]])
    rng = np.random.default_rng(1)
    start = np.einsum("ab,bxy->axy", rng.normal(size=(2, 2)), basis)
    crystal = study().crystal
    matrices = displacement_matrices(crystal, GAMMA, range(len(crystal.group)), range(5))
    v = c.vectors[:, slots]
    for rotation, matrix in zip(crystal.rotations, matrices, strict=True):
        d = v.T @ matrix.real @ v
        tensors[slots] += np.einsum("ba,bxy,xi,yj->aij", d, start, rotation, rotation) / 12
    assert np.abs(tensors).max() > 0.05
    driven = replace(model, couplings=replace(model.couplings, potentials=(), raman=30 * tensors))
    for word, sign in (("σ+", -1), ("σ-", 1)):
        run = simulate(driven, Pulse(2.0, word, 0.5, 2.0), duration=8)
        assert sign * (run.motion("Eg#2").pam_helicity or 0) > 0.95


def test_the_force_of_raman_light_is_that_of_an_induced_dipole() -> None:
    """Its energy is −½ p·E with p = 4πε₀ α E (SI), so that −∂/∂Q of it is 2πε₀ E·∂α/∂Q·E."""
    model, slot = bi2se3(), 0
    tensors = np.zeros((len(model.coordinates), 3, 3))
    tensors[slot] = np.diag([2.0, 2.0, 5.0])  # Å²/√amu, isotropic across the axis
    driven = replace(model, couplings=replace(model.couplings, raman=tensors))
    volt_per_metre = 3e8  # 3 MV/cm
    dipole = 4 * pi * constants.epsilon_0 * 2.0e-30 * volt_per_metre  # of 2 Å³ of polarisability
    expected = dipole * volt_per_metre / 2 / constants.elementary_charge
    field = np.array([3.0, 0.0, 0.0])
    found = driven.light(field) - model.light(field)
    assert found[slot] == pytest.approx(expected, rel=1e-6)
    assert expected == pytest.approx(6.2e-5, rel=0.02)
    assert not np.delete(found, slot).any()


def test_light_drives_in_the_axes_of_the_beam_whatever_those_of_the_crystal() -> None:
    """x, y and n turned by any rotation: the force of the same field, in Cartesian axes, is one."""
    rng = np.random.default_rng(8)
    model = bi2se3()
    tensors = rng.normal(size=(len(model.coordinates), 3, 3))
    tensors += tensors.transpose(0, 2, 1)
    couplings = replace(model.couplings, raman=tensors)
    upright = replace(model, couplings=couplings, lab=np.eye(3))
    field = rng.normal(size=(5, 3))
    expected = upright.light(field)
    assert np.abs(upright.light(2 * field) - 4 * expected).max() > 0.01 * np.abs(expected).max()
    for _ in range(4):
        lab = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turned = replace(upright, lab=lab)  # its rows are x, y and n
        assert np.abs(turned.light(field @ lab.T) - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("spin", [1, -1])
def test_the_map_of_helicities_has_the_sense_of_the_modes(spin: int) -> None:
    """Eu#1 turns with the light at its frequency, Eg#2 the other way at twice that."""
    run = simulate(bi2se3(), Pulse(COMPUTED, "σ+" if spin > 0 else "σ-", 1.0, 0.1), duration=8)
    for name, frequency, sense in (("Eu#1", COMPUTED, spin), ("Eg#2", 2 * COMPUTED, -spin)):
        _, frequencies, power, helicity = run.helicity_map(name)
        row, column = np.unravel_index(np.argmax(power), power.shape)
        assert abs(frequencies[row] - frequency) < 0.2
        assert sense * helicity[row, column] > 0.9


# ------------------------------------------------------------------------------------------- sweeps


def test_sweeps() -> None:
    model = bi2se3()
    pulse = Pulse(COMPUTED, "x", 1.0, 0.05)
    found = run_sweep(model, pulse, Sweep.parse("ellipticity -1..1 3"), duration=6)
    helicities = [{m.name: m.pam_helicity for m in motions} for _, motions, _ in found]
    assert [round(h["Eu#1"] or 0) for h in helicities] == [-1, 0, 1]
    assert [round(h["Eg#2"] or 0) for h in helicities] == [1, 0, -1]
    assert len({round(p.fluence, 9) for p, _, _ in found}) == 1
    found = run_sweep(model, pulse, Sweep.parse("frequency 2..3THz 11"), duration=8)
    best = max(found, key=lambda item: {m.name: m.amplitude for m in item[1]}["Eu#1"])
    assert 2.39 < best[0].thz < 2.51
    weak, strong = run_sweep(
        model, pulse, Sweep.parse("fluence 0.0001..0.0004mJ/cm2 2"), duration=6
    )
    ratio = [
        b.amplitude / a.amplitude
        for a, b in zip(weak[1], strong[1], strict=True)
        if a.name in ("Eu#1", "Eg#2")
    ]
    assert np.allclose(ratio, [2, 4], rtol=0.02)


@pytest.mark.parametrize(("text", "count"), [("-60..60deg 23", 23), ("0.123456789..0.9deg 2", 2)])
def test_every_angle_of_a_sweep_is_taken_as_it_is(text: str, count: int) -> None:
    """Also the rounding error in the place of 0, and more than six digits."""
    sweep, pulse = Sweep.parse(f"angle {text}"), Pulse(2.0)
    angles = [
        np.degrees(np.arctan2(*sweep.pulse(pulse, a).jones.real[1::-1])) for a in sweep.values
    ]
    assert len(angles) == count
    assert np.allclose(angles, sweep.values, rtol=0, atol=2e-9)


# ----------------------------------------------------------------------------- several pulses


def harmonic(damping: float = 0.05) -> NormalModeModel:
    model = bi2se3(damping=damping)
    return replace(model, couplings=replace(model.couplings, potentials=()))


@pytest.mark.parametrize("delay", [2.0, 2.1, 2.2, 2.3, 2.4])
def test_two_pulses_add_with_the_phase_of_the_mode(delay: float) -> None:
    r"""Of :math:`a e^{-iωt-γt/2}` twice, :math:`|a|` has the factor
    :math:`|1 + e^{(iω+γ/2)T}|`, ω of the damped oscillation; two of one sense keep the sense.
    """
    model = harmonic()
    first, second = Pulse(COMPUTED, "σ+", 0.5, 0.1), Pulse(COMPUTED, "σ+", 0.5, 0.1, delay_ps=delay)
    alone = simulate(model, first, duration=8.0)
    both = simulate(model, Fields((first, second)), duration=8.0)
    sizes = [np.linalg.norm(run.amplitudes("Eu#1")[-1]) for run in (alone, both)]
    gamma = 2 * pi * 0.05
    frequency = model.coordinates.frequencies[model.coordinates.slots("Eu#1")[0]]
    omega = sqrt((2 * pi * frequency) ** 2 - gamma**2 / 4)
    # The amplitudes are those of the undamped frequency: exact up to γ/2ω, a per cent.
    assert sizes[1] / sizes[0] == pytest.approx(
        abs(1 + np.exp((1j * omega + gamma / 2) * delay)), abs=0.02
    )
    assert both.motion("Eu#1").pam_helicity == pytest.approx(1, abs=0.02)


def test_two_pulses_of_opposite_sense_make_a_line_that_turns_with_the_delay() -> None:
    """σ+ and then σ− at equal amplitude: the line turns by ωT/2. What Eg keeps of it, by −ωT."""
    model = harmonic(damping=0.0)
    frequency = model.coordinates.frequencies[model.coordinates.slots("Eu#1")[0]]
    angles, delays = [], (3.0, 3.03, 3.07)
    for delay in delays:
        light = ["2.4574THz s+ 0.5ps 0.1MV/cm", f"2.4574THz s- 0.5ps 0.1MV/cm delay={delay}ps"]
        moved = simulate(model, read_light(light), duration=9.0).motion("Eu#1")
        assert moved.ratio is not None
        assert moved.ratio < 0.02
        assert moved.pam_helicity == pytest.approx(0, abs=0.02)
        assert moved.direction is not None
        angles.append(moved.direction)
    for i in (1, 2):
        expected = 180 * frequency * (delays[i] - delays[0])
        apart = (angles[i] - angles[0] - expected + 90) % 180 - 90
        assert abs(apart) < 1


def test_the_delay_moves_the_pulse_and_what_comes_of_it() -> None:
    """Everything later by 64 steps; with couplings, and of light that comes from vacuum."""
    model = bi2se3()
    step = 0.01
    for words in (
        "2.4574THz s+ 0.5ps 0.1MV/cm chirp=0.2THz/ps phase=40deg",
        "2THz x 1ps 0.1mJ/cm2",
    ):
        early = Pulse.parse(words)
        late = Pulse.parse(f"{words} delay=0.64ps")
        runs = [simulate(model, p, duration=6 + p.delay_ps, step=step) for p in (early, late)]
        assert runs[1].times[0] == pytest.approx(runs[0].times[0] + 0.64)
        size = np.abs(runs[0].coordinates).max()
        n = min(len(run.times) for run in runs)
        assert n > 600
        assert np.abs(runs[0].coordinates[:n] - runs[1].coordinates[:n]).max() < 1e-4 * size
        # Two fields of half the size at once are one.
        half = replace(early, field_mv_cm=early.field_mv_cm / 2)
        twice = simulate(model, Fields((half, half)), duration=6, step=step)
        assert np.abs(twice.coordinates - runs[0].coordinates).max() < 1e-6 * size


def test_a_sweep_of_the_delay(capsys: Capture) -> None:
    pumps = ["--pump", "2.46THz s+ 0.5ps 0.2MV/cm", "--pump", "2.46THz s- 0.5ps 0.2MV/cm delay=3ps"]
    status, out, _ = ran(
        capsys,
        "simulate",
        BI2SE3,
        *pumps,
        "--duration",
        "9",
        "--sweep",
        "delay 2..2.2ps 2",
        "--json",
    )
    assert status == 0
    answer = Simulate.from_json(out)
    assert answer.pulse is not None
    assert answer.pulse.polarization_word == "s+"
    assert [p.delay for p in answer.further_pulses] == [3.0]
    assert answer.sweep
    assert [p.pulse.delay for p in answer.sweep.points] == [2.0, 2.2]
    assert {p.pulse.polarization_word for p in answer.sweep.points} == {"s-"}
    status, out, _ = ran(capsys, "simulate", BI2SE3, *pumps, "--duration", "9")
    assert status == 0
    assert [line.split(",")[-1] for line in out.splitlines() if line.startswith("pulse")][1] == (
        " delay 3 ps in the crystal (FWHM of the intensity)"
    )


# ----------------------------------------------------------------------------------- command line


def ran(capsys: Capture, *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_document_of_the_command(capsys: Capture) -> None:
    status, out, _ = ran(
        capsys,
        "simulate",
        BI2SE3,
        "--pump",
        "2.0THz σ+ 1ps 0.1MV/cm",
        "--frequencies",
        RESONANT,
        "--json",
    )
    document = json.loads(out)
    assert status == 0
    Draft202012Validator(json.loads(schema("simulate"))).validate(document)
    modes = {m["label"]: m for m in document["modes"]}
    assert len(modes) == 8
    assert modes["Eg#2"]["pam_helicity"] < -0.95
    assert modes["Eg#2"]["mechanical_helicity"] < -0.95
    assert modes["Eu#1"]["pam_helicity"] > 0.99
    assert modes["A1g#1"]["pam_helicity"] is None
    assert modes["Eu#1"]["frequency"] == 2.05
    assert document["couplings"]["largest_forbidden"] < 5e-5
    assert document["couplings"]["symmetrized"] is True
    assert Simulate.from_json(out).to_dict() == document


def test_the_resonance_appears_with_measured_frequencies(capsys: Capture) -> None:
    amplitudes = []
    for words in ([], ["--frequencies", RESONANT]):
        pump = "2.0THz σ+ 1ps 0.1MV/cm" if words else f"{COMPUTED}THz σ+ 1ps 0.1MV/cm"
        _, out, _ = ran(capsys, "simulate", BI2SE3, "--pump", pump, "--json", *words)
        modes = {m["label"]: m for m in json.loads(out)["modes"]}
        amplitudes.append(modes["Eg#2"]["amplitude"] / modes["Eu#1"]["amplitude"] ** 2)
    assert amplitudes[1] > 5 * amplitudes[0]


def test_files(capsys: Capture, tmp_path: Path) -> None:
    names = {
        k: str(tmp_path / f"run.{e}")
        for k, e in {
            "table": "csv",
            "figure": "png",
            "trajectory": "xyz",
        }.items()
    }
    words = [w for k, path in names.items() for w in (f"--{k}", path)]
    status, _, err = ran(
        capsys, "simulate", BI2SE3, "--pump", f"{COMPUTED}THz σ+ 1ps 0.1MV/cm",
        "--duration", "6", *words,
    )  # fmt: skip
    assert status == 0
    assert all(f"wrote {path}" in err for path in names.values())
    rows = (tmp_path / "run.csv").read_text(encoding="utf-8").splitlines()
    header = rows[0].split(",")
    numbers = np.array([[float(x or "nan") for x in row.split(",")] for row in rows[1:]])
    assert numbers.shape == (len(rows) - 1, len(header))
    assert {"time_ps", "Eg#2_x", "Eg#2_helicity"} <= set(header)
    assert numbers[-1, header.index("Eg#2_helicity")] < -0.9
    from ase.io import read

    frames = read(tmp_path / "run.xyz", index=":")
    assert len(frames) == len(numbers)
    assert str(frames[0].symbols) == "Bi2Se3"
    assert Path(names["figure"]).read_bytes().startswith(b"\x89PNG")


def test_animation(tmp_path: Path) -> None:
    run = simulate(bi2se3(), Pulse(COMPUTED, "σ+", 1.0, 0.1), duration=4)
    path = tmp_path / "run.gif"
    animate_motion(run, str(path), frames=5)
    from PIL import Image

    with Image.open(path) as picture:
        assert picture.n_frames == 5  # type: ignore[attr-defined]


def test_what_does_not_move_is_said(capsys: Capture) -> None:
    """Without Born charges light drives nothing, and no number is made up."""
    path = str(ROOT / "structures" / "MgB2")
    words = ("simulate", path, "--pump", "10THz σ+ 0.2ps 1MV/cm", "--duration", "2")
    status, out, err = ran(capsys, *words)
    assert status == 0
    assert "no Born charges" in err
    assert "No mode moved" in out
    _, out, _ = ran(capsys, *words, "--json")
    assert all(m["pam_helicity"] is None for m in json.loads(out)["modes"])


def test_a_model_that_diverges_stops_and_keeps_what_it_has(capsys: Capture) -> None:
    status, out, err = ran(
        capsys, "simulate", BI2SE3, "--pump", f"{COMPUTED}THz σ+ 1ps 20MV/cm", "--json"
    )
    document = json.loads(out)
    assert status == 0
    assert "too far for an expansion" in err
    assert "kept until" in document["time"]["stopped"]
    assert document["time"]["end"] < 19


@pytest.mark.sweep
def test_nothing_is_said_of_a_time_after_the_pulse_that_there_is_not(
    capsys: Capture, tmp_path: Path
) -> None:
    words = ("simulate", BI2SE3, "--pump", "2THz s+ 1ps 100MV/cm")
    status, out, err = ran(capsys, *words)
    assert status == 0
    assert "before the pulse was over" in " ".join(out.split())
    assert "the pulse was not over" in err
    for word in ("Eu#1", "from the light", "Helicity +1"):
        assert word not in out
    _, out, _ = ran(capsys, *words, "--json")
    document = json.loads(out)
    Draft202012Validator(json.loads(schema("simulate"))).validate(document)
    assert document["time"]["after"] is None
    assert document["angular_momentum"]["light"] is None
    assert all(m["pam_helicity"] is None is m["energy"] for m in document["modes"])
    assert max(m["displacement"] for m in document["modes"]) > 0.5
    figure, animation = str(tmp_path / "x.png"), str(tmp_path / "x.gif")
    status, _, err = ran(capsys, *words, "--figure", figure)
    assert status == 1
    assert "stopped before the pulse was over" in err
    assert ran(capsys, *words, "--animation", animation)[0] == 0
    words = (*words[:3], "2THz s+ 1ps 0.1MV/cm", "--duration", "4")
    status, out, _ = ran(capsys, *words, "--sweep", "field 0.1..100MV/cm 2")
    assert status == 0
    assert "nan" not in out
    assert out.count("stopped early") == 1


def test_rounding_noise_is_not_drawn_as_a_mode() -> None:
    """Without couplings Eg does not move: one row, though its numbers are not quite zero."""
    model = bi2se3()
    alone = replace(model, couplings=replace(model.couplings, potentials=()))
    run = simulate(alone, Pulse(COMPUTED, "σ+", 1.0, 0.1), duration=6)
    noisy = run.coordinates.copy()
    noisy[:, model.coordinates.slots("Eg#2")] += 1e-14 * np.sin(run.times)[:, None]
    shown = chosen_modes(replace(run, coordinates=noisy))
    assert shown[0] == "Eu#1"
    assert "Eg#2" not in shown
    assert chosen_modes(simulate(model, Pulse(COMPUTED, "σ+", 1.0, 0.1), duration=6)) == (
        "Eu#1",
        "Eg#2",
    )


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--pump", "2 σ+ 1ps 1MV/cm"], 1, "'2' has no unit"),
        (["--pump", "2THz σ+ 1ps"], 1, "the field (1MV/cm) is missing"),
        (["--pump", "2THz σ+"], 1, "the duration (1ps) and the field (1MV/cm) are missing"),
        (["--pump", "2THz purple 1ps 1MV/cm"], 1, "'purple' is not a word"),
        (["--pump", "2THz ell3 1ps 1MV/cm"], 1, "at most 1"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--duration", "1"], 1, "the light is on until 3 ps"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--duration", "1e9"], 1, "too many to keep"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--couplings", "nowhere.json"], 1, "no such file"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--frequencies", "nowhere.json"], 1, "no such file"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--figure", "x.bmp"], 1, ".bmp is not a format"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--figure", "/nowhere/x.png"], 1, "cannot write"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "colour 1..2 3"], 1, "can be swept"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "field 1..2 3"], 1, "needs a unit"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--damping", "-1THz"], 1, "cannot read the frequency"),
        (["--pump", "2THz σ+ 1ps -1MV/cm"], 1, "it is negative"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "delay 1..2ps 3"], 1, "no delay to sweep"),
        (
            ["--pump", "2THz σ+ 1ps 1MV/cm", "--pump", "2THz σ+ 1ps 1MV/cm", "--sweep",
             "delay 1..30ps 3"],
            1, "the light is on until 33 ps",
        ),
        (["--pump", "2THz σ+ 1ps 1MV/cm delay=3"], 1, "'delay=3' has no unit"),
        (["--pump", "2THz σ+ 1ps -1mJ/cm2"], 1, "fluence is negative"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "ellipticity -1.5..1 3"], 1, "at most 1"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "field -1..1MV/cm 3"], 1, "negative"),
        (["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "fluence -1..1mJ/cm2 3"], 1, "negative"),
        (
            ["--pump", "2THz σ+ 1ps 1MV/cm", "--sweep", "field 1..2MV/cm 3", "--figure", "x.png"],
            1, "--figure and --sweep contradict",
        ),
        ([], 2, "--pump"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(
    words: list[str], status: int, said: str, capsys: Capture
) -> None:
    if status == 2:
        with pytest.raises(SystemExit) as stop:
            main(["simulate", BI2SE3, *words])
        assert stop.value.code == 2
    else:
        assert main(["simulate", BI2SE3, *words]) == status
    _, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err


def test_structure_without_forces(capsys: Capture) -> None:
    status, _, err = ran(capsys, "simulate", "Bi2Se3", "--pump", "2THz σ+ 1ps 1MV/cm")
    assert status == 1
    assert "without forces" in err


def test_motion_much_faster_than_every_mode_is_given_up_early() -> None:
    """A coefficient that is off by ten powers of ten: it took 66,000 steps for one picosecond."""
    model = bi2se3()
    (cubic,) = (p for p in model.potentials if p.order == 3)
    a, b = model.coordinates.slots("Eg#1")[0], model.coordinates.slots("A1g#2")[0]
    factors = tuple(sorted((int(a), int(a), int(b))))
    wrong = Polynomial.of(len(model.coordinates), 3, {**cubic.terms, factors: -2147483649.0})
    model = replace(model, couplings=replace(model.couplings, potentials=(wrong,)))
    run = simulate(model, duration=1, start=circular_start(model, "Eu#1", "+", 0.5))
    assert run.stopped is not None
    assert (run.stopped.kind, run.stopped.steps) == ("stiff", 5000)
    assert run.times[-1] < 0.2


def test_a_model_that_is_too_stiff_stops_and_keeps_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quartic wall so steep that the integrator crawls: it gives up, in words."""
    monkeypatch.setattr("symchiral.dynamics.integrate.STEPS", 400)
    coordinates = normal_coordinates(study(str(ROOT / "structures" / "MgB2")).modes())
    wall = Polynomial.of(len(coordinates), 4, {(i,) * 4: 1e4 for i in range(len(coordinates))})
    model = make_model(coordinates, Couplings(coordinates, (wall,)), damping=0.0)
    run = simulate(model, duration=20, start=circular_start(model, "E1u#1", "+", 0.1))
    assert run.stopped is not None
    assert run.stopped.kind == "stiff"
    assert (run.stopped.reached, run.stopped.asked) == (run.times[-1], pytest.approx(20, abs=0.1))
    assert "too stiff: 400 steps did not suffice; kept until" in str(run.stopped)
    assert 10 < len(run.times) < 20 * 32 * 20
    assert np.ptp(run.energy) < 1e-5 * run.energy[0]


@pytest.mark.parametrize("key", ["averaged", "value"])
def test_a_run_is_reproduced_from_the_listed_couplings(key: str) -> None:
    """``couple --json`` and frequencies are enough: an integrator of one's own finds the same Q."""
    material = sc.read("Bi2Se3/phonopy.yaml")
    run = material.simulate(start="Eu(1,+) 0.2Å", duration=1.0, raw=key == "value", damping=1e-9)
    couplings = material.couplings()
    document = couple(couplings, checked=True).to_dict()
    names = list(couplings.coordinates.circular_names)
    conjugate = [names.index(name.translate(str.maketrans("+-", "-+"))) for name in names]
    values, products = [], []
    for term in document["terms"]:
        factors = [names.index(name) for name in term["modes"]]
        mirrored = [conjugate[i] for i in factors]
        values.append(complex(*term[key]))
        products.append(factors)
        if sorted(mirrored) != sorted(factors):
            values.append(complex(*term[key]).conjugate())
            products.append(mirrored)
    c, f = np.array(values), np.array(products)
    omega = 2 * np.pi * couplings.coordinates.frequencies
    # eV/amu in Å²/ps²
    unit = constants.e / constants.atomic_mass * 1e-4
    n = len(names)

    def motion(_: float, state: np.ndarray) -> np.ndarray:
        """The second derivative of Q_l is −ω² Q_l − ∂V/∂Q_l*."""
        q, v = state[:n], state[n:]
        pull = -(omega**2) * q
        for k in range(3):
            others = np.prod(q[np.delete(f, k, axis=1)], axis=1)
            np.subtract.at(pull, np.array(conjugate)[f[:, k]], unit * c * others)
        return np.concatenate([v, pull])

    circular = couplings.coordinates.circular
    first = np.concatenate([circular @ run.coordinates[0], circular @ run.velocities[0]])
    found = solve_ivp(motion, (0, run.times[-1]), first, method="DOP853", rtol=1e-9, atol=1e-12)
    q, expected = found.y[:n, -1], circular @ run.coordinates[-1]
    size = np.abs(expected).max()
    assert abs(expected[names.index("Eg#2(-)")]) > 1e-3 * size
    assert np.abs(q - expected).max() < 1e-5 * size
    other = {"averaged": "value", "value": "averaged"}[key]
    differences = [np.subtract(t[key], t[other]) for t in document["terms"]]
    assert np.abs(differences).max() > 1e-6


def test_measured_frequencies_go_with_couplings_that_are_at_hand() -> None:
    """Couplings of a file and the same ones as an object are moved to the same frequencies."""
    here = sc.read("Bi2Se3/phonopy.yaml")
    measured = {"Eu#1": 2.05, "Eg#2": 4.05}
    known = here.known_couplings()
    assert known is not None
    models = [here.model(couplings=c, frequencies=measured) for c in (None, known)]
    for model in models:
        found = dict(zip(model.coordinates.names, model.coordinates.multiplets, strict=True))
        for name, value in measured.items():
            assert found[name].frequency == value
    first, second = (model.coordinates.frequencies for model in models)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, here.model(couplings=known).coordinates.frequencies)
