"""Two pulses by delay and time: what neither makes alone, against three other ways to find it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from math import pi
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from cartesian_dynamics import Atoms
from jsonschema import Draft202012Validator
from scipy.interpolate import CubicSpline
from scipy.signal import fftconvolve

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.answers.simulate import Simulate
from symchiral.cli import main
from symchiral.dynamics.delaymap import ENOUGH, LEAST, DelayMap, map_delays
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Fields, Pulse
from symchiral.dynamics.surface import Film
from symchiral.errors import InputError
from symchiral.modes.mode import Multiplet

Floats = npt.NDArray[np.float64]
Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).resolve().parent.parent
MELNIKOV = {"Eu#1": 2.05, "Eg#2": 4.05}
DELAYS = np.linspace(0, 6.3, 64)
STRONG = {
    "Bi2Se3": ("Eu#1", 0.1),
    "TiO2_anatase": ("Eu#1", 0.3),
    "HgS_cinnabar": ("E#1", 0.3),
}
"""Crystals with Born charges and couplings: a mode that light drives, and a field in MV/cm."""


@cache
def model(name: str = "Bi2Se3") -> NormalModeModel:
    frequencies = MELNIKOV if name == "Bi2Se3" else None
    return sc.read(f"{name}/phonopy.yaml").model(frequencies=frequencies)


@cache
def mapped(first: str, second: str, mode: str, field: float = 0.1) -> DelayMap:
    pulses = [Pulse(2.05, word, 0.5, field) for word in (first, second)]
    return map_delays(model(), *pulses, DELAYS, mode, duration=12)


def multiplet(of: NormalModeModel, name: str) -> Multiplet:
    return of.coordinates.multiplets[of.coordinates.names.index(name)]


def at_times(wanted: Floats, times: Floats, values: Floats) -> Floats:
    """A motion at other times; nothing moves before the first."""
    inside = wanted >= times[0]
    return np.asarray(np.where(inside[:, None], CubicSpline(times, values)(wanted), 0.0))


# ------------------------------------------------------------------------------- other methods


@pytest.mark.parametrize("raman", [False, True])
def test_every_delay_is_what_three_runs_give(*, raman: bool) -> None:
    """One integration of all delays beside runs of A and B, of A, and of B by themselves."""
    of = model()
    if raman:  # both fields at once, while they overlap
        tensors = np.random.default_rng(5).normal(size=(len(of.coordinates), 3, 3)) * 20
        tensors = tensors + tensors.transpose(0, 2, 1)
        of = replace(of, couplings=replace(of.couplings, raman=tensors))
    first, second = Pulse(2.05, "σ+", 0.5, 0.2), Pulse(2.1, "30deg", 0.7, 0.15, phase_deg=40)
    cases, delays = 0, np.linspace(0.3, 2.4, 22)
    for name in ("Eg#2", "A1g#1"):
        found = map_delays(of, first, second, delays, name, duration=5)
        slots = of.coordinates.slots(name)
        for at in (0, 9, 18):
            early = replace(first, delay_ps=-float(delays[at]))
            whole, one, other = (
                at_times(found.times, run.times, run.coordinates[:, slots])
                for drive in (Fields((early, second)), early, second)
                for run in [simulate(of, drive, duration=5.1, step=0.004)]
            )
            expected = whole - one - other
            # A run by itself has no field before three durations before a pulse: 4·10⁻⁶ of it.
            assert np.abs(found.coordinates[at] - expected).max() < 4e-6 * np.abs(expected).max()
            cases += 1
        if raman and name == "Eg#2":
            plain = map_delays(model(), first, second, delays, name, duration=5)
            assert (
                np.abs(found.coordinates - plain.coordinates).max() > 1e-3 * np.abs(expected).max()
            )
    assert cases == 6


def test_weak_fields_follow_second_order_perturbation_theory() -> None:
    """Convolution with Green's functions of free oscillators: no equation is integrated.

    The mixed force of two linear motions is −φ_abc Q_b^A Q_c^B. The error falls as the field.
    """
    cases, errors = 0, []
    for field in (0.04, 0.01):
        first, second = Pulse(2.05, "σ+", 0.5, field), Pulse(2.2, "60deg", 0.6, field)
        step, start = 0.002, -7.0
        t = start + step * np.arange(6001)
        for name in ("Eg#2", "Eg#1", "A1g#1"):
            found = map_delays(model(), first, second, DELAYS[:41], name, duration=5)
            slots, worst = model().coordinates.slots(name), 0.0
            for at in (0, 7, 23, 40):
                early = replace(first, delay_ps=-float(found.delays[at]))
                one, other = (_linear(model(), pulse, t, step) for pulse in (early, second))
                tensor = model().couplings.potential(3).tensor()
                force = -9648.533 * np.einsum("abc,tb,tc->ta", tensor[slots], one, other)
                green = _green(model(), t - start)[:, slots]
                expected = fftconvolve(force, green, axes=0)[: len(t)] * step
                there = at_times(found.times, t, expected)
                size = np.abs(there).max()
                worst = max(worst, float(np.abs(found.coordinates[at] - there).max() / size))
                cases += 1
            errors.append(worst)
    assert cases == 24
    assert max(errors[3:]) < 3e-3
    assert all(weak < strong for strong, weak in zip(errors[:3], errors[3:], strict=True))


def _linear(of: NormalModeModel, pulse: Pulse, t: Floats, step: float) -> Floats:
    """Free oscillators pushed by the field: e E in eV/Å, 9648.533 Å²/ps² amu per eV."""
    force = 9648.533 * (pulse.field(t) * 0.01) @ of.charges.T
    return np.asarray(fftconvolve(force, _green(of, t - t[0]), axes=0)[: len(t)] * step)


def _green(of: NormalModeModel, t: Floats) -> Floats:
    gamma, omega = 2 * pi * of.damping, 2 * pi * of.coordinates.frequencies
    inner = np.sqrt(omega**2 - gamma**2 / 4)
    return np.asarray(np.exp(-gamma * t[:, None] / 2) * np.sin(inner * t[:, None]) / inner)


def test_atoms_integrated_as_atoms_make_the_same_signal() -> None:
    """Newton's equations of the five atoms, with third derivatives in Cartesian displacements."""
    found = sc.read("Bi2Se3/phonopy.yaml").model(frequencies=MELNIKOV, raw=True)
    first, second = Pulse(2.05, "σ+", 0.5, 0.3), Pulse(2.05, "σ+", 0.5, 0.3)
    delays = np.linspace(0.5, 2.6, 22)
    ours = map_delays(found, first, second, delays, "Eg#2", duration=3)
    early = replace(first, delay_ps=-float(delays[10]))
    times, atoms = np.arange(early.start, 3.1, 0.01), Atoms(MELNIKOV)
    c = found.coordinates
    signals = []
    for drive in (Fields((early, second)), early, second):
        u, _ = atoms.run(
            lambda t, drive=drive: np.asarray(drive.field(t) @ found.lab),  # type: ignore[misc]
            times, rate=2 * pi * 0.05, inside=4,
        )  # fmt: skip
        signals.append(u.reshape(-1, 5, 3))
    moved = (signals[0] - signals[1] - signals[2])[:, _same_atoms(c.modes.crystal.primitive)]
    weighted = (moved * np.sqrt(c.modes.masses)[:, None]).reshape(len(times), -1)
    theirs = weighted @ c.vectors[:, c.slots("Eg#2")]
    there = at_times(ours.times, times, theirs)
    size = np.abs(there).max()
    assert size > 0.01
    assert np.abs(ours.coordinates[10] - there).max() < 1e-4 * size


def _same_atoms(crystal: object) -> list[int]:
    data = json.loads((ROOT / "structures/Bi2Se3/bi2se3.json").read_text(encoding="utf-8"))
    theirs = np.array(data["positions_fractional_rhombohedral"])
    steps = crystal.positions[:, None] - theirs  # type: ignore[attr-defined]
    found: list[int] = np.abs(steps - np.rint(steps)).sum(axis=2).argmin(axis=1).tolist()
    return found


@pytest.mark.parametrize("component", [0, 1])
@pytest.mark.parametrize("excitation", [1.3, -2.2])
def test_a_motion_stands_where_its_quanta_are(component: int, excitation: float) -> None:
    """Re a ε_l exp(−2πi(f_τ τ + f_t t)) has the amplitude a at (f_τ, f_t) of l, and is alone."""
    found = mapped("σ+", "σ+", "Eg#2")
    c, detection = found.model.coordinates, found.multiplet.frequency
    slots = c.slots("Eg#2")
    vector = c.circular[np.ix_(slots, slots)][component].conj()
    phase = excitation * found.delays[:, None] + detection * found.times
    wave = 0.3 * np.exp(-2j * pi * phase)[..., None] * vector
    made = replace(found, coordinates=wave.real, velocities=(-2j * pi * detection * wave).real)
    (peak,) = made.peaks()
    assert peak.component == component
    assert peak.excitation == pytest.approx(excitation, abs=0.06)
    assert peak.detection == pytest.approx(detection, abs=0.02)
    assert peak.amplitude == pytest.approx(0.3, rel=0.05)
    helicity = made.helicity[:, made.times > made.free]
    assert np.allclose(helicity, 1 - 2 * component, atol=1e-6)


# ---------------------------------------------------------------------------------------- laws


@pytest.mark.parametrize("spin", [1, -1])
def test_one_and_one_make_minus_one(spin: int) -> None:
    """Eu quanta along f_τ and Eg of the other sense along f_t, and no other motion of it."""
    word = "σ+" if spin > 0 else "σ-"
    found = mapped(word, word, "Eg#2")
    first, *rest = found.peaks()
    near = found.resolution
    assert abs(first.excitation - 2.05) < near[0] / 2
    assert abs(first.detection - 4.05) < near[1] / 2
    assert found.senses[first.component] == -spin
    assert found.atom_senses[first.component] == -spin
    sign, other = ("+", "-") if spin > 0 else ("-", "+")
    assert first.transfer is not None
    assert first.transfer.incoming == (f"Eu#1({sign})", f"Eu#1({sign})")
    assert first.transfer.outgoing == (f"Eg#2({other})",)
    assert all(peak.amplitude < 0.2 * first.amplitude for peak in rest)
    _, detection, spectrum = found.spectrum
    allowed, forbidden = (np.abs(spectrum[found.senses.index(s)]) for s in (-spin, spin))
    # Eu(+) Eu(+) → Eg(+) is forbidden: where Eg moves, nothing moves in the other sense.
    band = np.abs(detection - 4.05) < 3 * near[1]
    assert forbidden[:, band].max() < 1e-4 * allowed.max()
    # Half a quantum of one sense, half of the other: light that is linear makes both.
    linear = mapped("x", "x", "Eg#2")
    sizes = np.abs(linear.spectrum[2]).max(axis=(1, 2))
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-6)


def test_the_other_helicity_reverses_every_sense() -> None:
    cases = 0
    for mode in ("Eg#2", "Eu#1", "Eg#1"):
        plus, minus = mapped("σ+", "σ+", mode), mapped("σ-", "σ-", mode)
        sizes = np.abs(plus.spectrum[2]), np.abs(minus.spectrum[2][::-1])
        assert np.abs(sizes[0] - sizes[1]).max() < 1e-6 * sizes[0].max()
        assert [p.excitation for p in plus.peaks()] == [p.excitation for p in minus.peaks()]
        assert [plus.senses[p.component] for p in plus.peaks()] == [
            -minus.senses[p.component] for p in minus.peaks()
        ]
        cases += len(plus.peaks())
    assert cases >= 8


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[] if x == "Bi2Se3" else pytest.mark.sweep) for x in sorted(STRONG)],
)
def test_phases_of_both_pulses_turn_the_motion_by_its_l(name: str) -> None:
    """Circular light of another phase is turned light: of all orders in the field.

    Both phases later by 2π/n turn everything by a symmetry: S_l is multiplied by exp(−2πi l/n).
    """
    mode, field = STRONG[name]
    of = model(name)
    axis = of.coordinates.modes.axis
    assert axis is not None
    f = multiplet(of, mode).frequency
    delays, cases = np.linspace(0.5, 0.5 + 12 / (5 * f), 13), 0
    for detected in of.coordinates.names:
        maps = [
            map_delays(
                of,
                *(Pulse(f, "σ+", 1 / f, field, phase_deg=phase) for _ in range(2)),
                delays,
                detected,
                duration=6 / f,
            ).amplitudes
            for phase in (0.0, 360 / axis.order)
        ]
        size = np.abs(maps[0]).max()
        if size < 1e-12:
            continue
        for k, component in enumerate(multiplet(of, detected).modes):
            l = component.residue
            assert l is not None
            # E = Re ε e^{-i(ωt + φ)} is turned back by φ: the motion at −2πl/n of its own phase.
            expected = maps[0][..., k] * np.exp(-2j * pi * l / axis.order)
            assert np.abs(maps[1][..., k] - expected).max() < 1e-6 * size
            cases += 1
    assert cases >= 6


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("σ+", "σ+"), 3),
        pytest.param(("σ+", "σ-"), 3, marks=pytest.mark.sweep),
        pytest.param(("x", "x"), 8, marks=pytest.mark.sweep),
        pytest.param(("x", "σ+"), 8, marks=pytest.mark.sweep),
    ],
)
def test_every_peak_of_two_quanta_is_of_an_allowed_transfer(
    words: tuple[str, str], least: int
) -> None:
    """Each product of the table is one the rules allow, and large enough to make its peak."""
    study, cases = sc.read("Bi2Se3/phonopy.yaml"), 0
    for mode in ("Eg#2", "Eg#1", "A1g#1", "A1g#2", "Eu#1"):
        found = mapped(*words, mode)
        for peak in found.peaks():
            if (made := peak.transfer) is None:
                continue
            text = f"{' '.join(made.incoming)} -> {' '.join(made.outgoing)}"
            assert study.explain(text).verdict == "allowed"
            assert made.size > ENOUGH * peak.amplitude
            assert made.outgoing[-1] == found.multiplet.modes[peak.component].name
            cases += 1
        # Inversion forbids Eu Eu → Eu: what two pulses make of Eu needs three quanta.
        if mode == "Eu#1":
            assert all(peak.transfer is None for peak in found.peaks())
    assert cases >= least, cases


def test_a_signal_of_second_order_grows_as_the_square_of_the_field() -> None:
    sizes = [
        np.abs(mapped("σ+", "σ+", "Eg#2", field).spectrum[2]).max() for field in (0.002, 0.004)
    ]
    assert sizes[1] / sizes[0] == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize(("mode", "component"), [("Eg#2", 1), ("A1g#2", 0)])
def test_sizes_of_transfers_are_those_of_the_motion(mode: str, component: int) -> None:
    """In weak fields, without damping, the sum of the sizes is the largest signal after B.

    Of Eg one product counts; of A1g those of the sum and of the difference, in and out.
    """
    free = sc.read("Bi2Se3/phonopy.yaml").model(frequencies=MELNIKOV, damping=0.0)
    pulse = Pulse(2.05, "σ+", 0.5, 0.002)
    found = map_delays(free, pulse, pulse, np.linspace(2, 8.3, 64), mode, duration=12)
    late = found.times > found.free
    largest = np.abs(found.amplitudes[:, late, component]).max()
    sizes = [transfer.size for transfer in found.transfers[component]]
    counted = [size for size in sizes if size > 0.01 * sizes[0]]
    assert len(counted) == {"Eg#2": 1, "A1g#2": 2}[mode]
    assert sum(counted) == pytest.approx(largest, rel=0.03)


def test_light_in_vacuum_falls_on_a_film_at_every_delay() -> None:
    """Both pulses enter by Fresnel's formula, each at its own time."""
    film = Film.parse("25nm on 3.07")
    pulses = [Pulse(2.05, "σ+", 0.5, 1.0, incident=True)] * 2
    found = map_delays(model(), *pulses, DELAYS[:41], "Eg#2", duration=4, film=film)
    early = replace(pulses[0], delay_ps=-float(DELAYS[17]))
    slots = model().coordinates.slots("Eg#2")
    whole, one, other = (
        at_times(found.times, run.times, run.coordinates[:, slots])
        for drive in (Fields((early, pulses[1])), early, pulses[1])
        for run in [simulate(model(), drive, duration=4.1, film=film, step=0.004)]
    )
    size = np.abs(whole - one - other).max()
    assert np.abs(found.coordinates[17] - (whole - one - other)).max() < 1e-4 * size


# -------------------------------------------------------------------------------- command line

PUMPS = ["--pump", "2.05THz s+ 0.5ps 0.1MV/cm", "--pump", "2.05THz s+ 0.5ps 0.1MV/cm"]
WORDS = [
    "simulate", "Bi2Se3/phonopy.yaml", "--frequencies", "Bi2Se3/frequencies_melnikov.json",
    *PUMPS, "--sweep", "delay 0..6.3ps 64", "--duration", "8",
]  # fmt: skip


def test_document_and_table(capsys: Capture) -> None:
    assert main([*WORDS, "--map", "Eg#2", "--json"]) == 0
    out = capsys.readouterr().out
    document = json.loads(out)
    Draft202012Validator(json.loads(schema("simulate"))).validate(document)
    answer = Simulate.from_json(out)
    assert answer.to_dict() == document
    assert answer.map
    first = answer.map.peaks[0]
    assert (first.motion, first.pam_sense, first.atom_sense) == ("Eg#2(-)", -1, -1)
    assert first.transfer == "Eu#1(+) Eu#1(+) -> Eg#2(-)"
    assert first.share == 1
    assert all(peak.share >= LEAST for peak in answer.map.peaks)
    assert answer.to_records()[0]["motion"] == "Eg#2(-)"
    assert main([*WORDS, "--map", "E_g(2)", "--unit", "cm-1"]) == 0
    out = capsys.readouterr().out
    assert "Eu#1(+) Eu#1(+) → Eg#2(−)" in out
    assert "f_τ (cm⁻¹)" in out
    assert "clockwise" in out


def test_files(capsys: Capture, tmp_path: Path) -> None:
    for name in ("map.csv", "map.npz"):
        files = ["--table", str(tmp_path / name), "--figure", str(tmp_path / "map.png")]
        assert main([*WORDS, "--map", "Eg#2", *files]) == 0
    assert main([*WORDS, "--map", "A1g#1", "--table", str(tmp_path / "map.csv")]) == 0
    capsys.readouterr()
    rows = (tmp_path / "map.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "delay_ps,time_ps,amplitude,helicity,A1g#1"
    assert rows[1].split(",")[3] == ""
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    with np.load(tmp_path / "map.npz", allow_pickle=False) as data:
        assert data["coordinates"].shape == (64, len(data["times"]), 2)
        size = np.abs(data["spectrum"])
        k, e, f = np.unravel_index(np.argmax(size), size.shape)
        assert data["components"][k] == "Eg#2(-)"
        assert data["excitation"][e] == pytest.approx(2.05, abs=0.1)
        assert data["detection"][f] == pytest.approx(4.05, abs=0.1)


def test_python(tmp_path: Path) -> None:
    pulse = "2.05THz s+ 0.5ps 0.1MV/cm"
    study = sc.read("Bi2Se3/phonopy.yaml")
    found = study.delay_map("Eg#2", pulse, Pulse.parse(pulse), DELAYS, duration=4)
    assert repr(found) == "DelayMap(Eg#2, 64 delays from 0 to 6.3 ps)"
    sc.save(found, tmp_path / "map.svg", size="single")
    sc.save(found, tmp_path / "map.npz")
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 2)
    assert sc.draw(found, axes)[1].get_xlabel().startswith("$f_")
    with pytest.raises(InputError, match="into 1 axes"):
        sc.draw(found, Figure().subplots())
    still = map_delays(
        replace(model(), couplings=replace(model().couplings, potentials=())),
        Pulse(2.05, "σ+", 0.5, 0.1), Pulse(2.05, "σ+", 0.5, 0.1), DELAYS, "A1g#1", duration=4,
    )  # fmt: skip
    assert still.peaks() == ()
    with pytest.raises(InputError, match="make nothing of A1g#1"):
        sc.draw(still, axes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (PUMPS[:2], "no map without two pulses"),
        (PUMPS, "no map without two pulses"),
        ([*PUMPS, "--sweep", "field 0.1..0.2MV/cm 9"], "no map without two pulses"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 7"], "no map of 7 delays"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 20"], "Ask for 38 delays or more"),
        ([*PUMPS, "--sweep", "delay -1..5.3ps 64"], "the second pulse would come first"),
        ([*PUMPS, "--sweep", "delay 0..300ps 3000"], "3,000 delays are too many"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 64", "--duration", "1.2"], "until 1.5 ps"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 64", "--show", "Eg#2"], "--show and --map"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 64", "--traces", "x.csv"], "--traces and --sweep"),
        ([*PUMPS, "--sweep", "delay 0..6.3ps 64", "--figure", "x.bmp"], ".bmp is not a format"),
        ([PUMPS[0], PUMPS[1] + " delay=1ps", *PUMPS[2:], "--sweep", "delay 0..6.3ps 64"],
         "Leave out delay="),
        (["--start", "Eu#1(+) 0.02A"], "no map without two pulses"),
        (
            [*(w.replace("0.1MV", "60MV") for w in PUMPS), "--sweep", "delay 0..6.3ps 64"],
            "Take weaker pulses",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(words: list[str], said: str, capsys: Capture) -> None:
    assert main(["simulate", "Bi2Se3/phonopy.yaml", "--map", "Eg#2", *words]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_an_unknown_mode_is_refused(capsys: Capture) -> None:
    assert main([*WORDS, "--map", "Eg#9"]) == 1
    assert "Eg#9" in capsys.readouterr().err
