"""Linear pumps: what they must show, judged by angles, helicities, and what only they drive."""

import runpy
from fractions import Fraction

import numpy as np
import pytest
from fresh import fresh_seed
from synthetic_experiment import Line, traces

import symchiral as sc
from symchiral.engine.reason import Reason, Witness
from symchiral.errors import InputError
from symchiral.traces.direction import Direction, direction_of, law
from symchiral.traces.expected import CandidateChannel, CandidateMode
from symchiral.traces.fit import fit
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.probe import Probe
from symchiral.traces.verdict import validate_measurement

TIMES = np.arange(400) * 2.5 / 400


def test_directions_are_those_of_ellipses():
    """Against ellipses drawn with axes and tilt: 40 of them, with the scatter that is stated."""
    rng = np.random.default_rng(3)
    pulls = []
    for _ in range(40):
        tilt, h = rng.uniform(0, np.pi), rng.uniform(-0.6, 0.6)
        line = Line(4.0, 1.0, 1.0, h, tilt=tilt, phase=rng.uniform(0, 6))
        data = traces([line], TIMES, noise=0.1, rng=rng)
        found = fit(Measurement.of(TIMES, data, time_unit="ps"), intervals="normal").strongest
        seen = direction_of(found.amplitudes[0], found.amplitude_covariances[0])
        pulls.append(((seen.angle - np.degrees(tilt) + 90) % 180 - 90) / seen.error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.35)
    assert max(map(abs, pulls)) < 4
    assert direction_of(np.array([1, 1j]), 0.01 * np.eye(4)) is None


def test_a_law_is_told_from_its_reverse_unless_the_angles_hide_it():
    for turn in (-2, 2, 1):
        lines = [Direction((7 + turn * phi) % 180, 2.0) for phi in (0, 30, 75)]
        assert law([0, 30, 75], lines, turn).misfit < 0.1
        assert law([0, 30, 75], lines, turn).favour > 10
        assert law([0, 30, 75], lines, -turn).misfit > 5
    hidden = [Direction(7, 2.0), Direction(97, 2.0)]
    assert not law([0, 45], hidden, -2).tells
    assert law([0, 45], hidden, -2).misfit < 0.1
    assert law([0], hidden[:1], -2) is None


MODES = [
    CandidateMode("Eg", 4.05, False, True, True),
    CandidateMode("A1g", 4.05, False, True, False),
]
ALLOWED = Reason("invariant", coefficients=1)
THREE = Reason("pam", (Witness(1, "{3+001|0}", "-y,x-y,z", Fraction(2, 3), name="rotation"),))
CHANNELS = [
    CandidateChannel("flip", (), "Eg", -1, "allowed", ALLOWED, "light", turn=-2),
    CandidateChannel("keep", (), "Eg", 1, "forbidden", THREE, "light", turn=2),
    CandidateChannel("sum", (), "A1g", 0, "allowed", ALLOWED, "light", linear=True),
]


BALANCED = Probe.balanced({"Qx": 45, "Qy": 0}, fold=3)
"""Whose channels are Qx and Qy, and which sees no A1g."""


def judged(*runs, noise=0.2, seed=1, probe=None):
    """Runs of (pump, helicity, tilt in degrees, size)."""
    rng = np.random.default_rng(seed)
    parts = []
    for pump, h, tilt, size in runs:
        line = Line(4.05, 1.2, size, h, tilt=np.radians(tilt), phase=0.4)
        data = traces([line], TIMES, noise=noise, rng=rng)
        parts.append(
            Measurement.of(
                TIMES,
                data,
                time_unit="ps",
                pump=PumpPulse.parse(pump),
                probe=probe or Probe.coordinates(),
            )
        )
    return validate_measurement(Measurement.together(parts), MODES, CHANNELS, sees="raman")


def verdict(found, name):
    return next(v for v in found.channels if v.channel.id == name)


@pytest.mark.parametrize(
    ("runs", "flip", "words"),
    [
        # Both pumps, both lines as they should be.
        ([("σ+", -0.8, 0, 1), ("0 deg", 0, 20, 1), ("30 deg", 0, -40, 1)], "consistent", "−2φ"),
        # Lines that rotate in the opposite sense leave open what a circular run confirms: strain
        # turns what linear light drives.
        (
            [("σ+", -0.8, 0, 1), ("0 deg", 0, 20, 1), ("30 deg", 0, 80, 1)],
            "undecided",
            "under linear light",
        ),
        # A linear pump that makes the mode rotate, beside a circular one and alone.
        ([("σ+", -0.8, 0, 1), ("linear", 0.7, 0, 1)], "undecided", "under linear light"),
        # A linear pump of unknown angle, no helicity: nothing against it.
        ([("σ+", -0.8, 0, 1), ("linear", 0, 0, 1)], "consistent", "rotates as predicted"),
        # No circular pump: two angles tell the sense, one does not.
        ([("0 deg", 0, 20, 1), ("30 deg", 0, -40, 1)], "consistent", "−2φ"),
        ([("0 deg", 0, 20, 1), ("30 deg", 0, 80, 1)], "inconsistent", "the opposite sense"),
        ([("0 deg", 0, 20, 1)], "undecided", "no run had a circular pump"),
        # Three angles, one line astray.
        (
            [("σ+", -0.8, 0, 1), ("0 deg", 0, 20, 1), ("20 deg", 0, -20, 1), ("50 deg", 0, 10, 1)],
            "undecided",
            "under linear light",
        ),
    ],
)
def test_a_channel_that_flips_under_linear_pumps(runs, flip, words):
    found = judged(*runs, probe=BALANCED)
    assert found.lines[0].assignment.mode.name == "Eg"
    assert verdict(found, "flip").verdict == flip
    assert words in verdict(found, "flip").reason.text
    if flip == "inconsistent":
        assert found.lines[0].verdict == "inconsistent"


@pytest.mark.parametrize(
    ("runs", "word"),
    [
        ([("0 deg", 0, 20, 1), ("σ+", 0, 0, 0)], "consistent"),
        ([("0 deg", 0, 20, 0), ("σ+", 0, 20, 1)], "inconsistent"),
        ([("0 deg", 0, 20, 1), ("σ+", 0, 20, 1)], "undecided"),
        ([("0 deg", 0, 20, 1)], "undecided"),
        ([("σ+", 0, 20, 1)], "undecided"),
    ],
)
def test_what_only_linear_light_drives(runs, word):
    modes = MODES[1:]
    rng = np.random.default_rng(4)
    parts = [
        Measurement.of(
            TIMES,
            traces([Line(4.05, 1.2, size, h, tilt=np.radians(tilt))], TIMES, noise=0.1, rng=rng),
            time_unit="ps",
            pump=PumpPulse.parse(pump),
        )
        for pump, h, tilt, size in runs
    ]
    found = validate_measurement(Measurement.together(parts), modes, CHANNELS[2:], sees="raman")
    assert found.channels[0].verdict == word, found.channels[0].reason.text


def test_a_share_of_linear_data_sets_is_judged_right():
    """Fresh seeds, SNR 3: lines at −2φ are called consistent, at +2φ inconsistent."""
    seed = fresh_seed()
    rng = np.random.default_rng(seed)
    called = {-2: [], 2: []}
    for turn, words in called.items():
        for k in range(10):
            start = rng.uniform(0, 180)
            runs = [(f"{phi} deg", 0, start + turn * phi, 1) for phi in (0, 30, 60)]
            found = judged(*runs, noise=1 / 3, seed=seed + k, probe=BALANCED)
            words.append(verdict(found, "flip").verdict)
    assert called[-2].count("consistent") >= 9, (seed, called)
    assert called[2].count("inconsistent") >= 9, (seed, called)


# ---------------------------------------------------------------- through the engine


def test_what_the_engine_lists_for_linear_light():
    """Sum channels and displaced lines, in three crystals; the laws of the angle in five."""
    laws = {}
    for name in ("Bi2Se3", "Te_P3121", "MgB2", "NiTiO3", "BaTiO3_P4mm"):
        study = sc.read(name)
        plan = study.plan()
        laws[name] = {e.turn for e in (*plan.channels, *plan.others) if e.sense}
        for control in plan.controls:
            if control.kind == "linear":
                assert ("with losses" in control.text) is (name == "NiTiO3")
                if name in ("Bi2Se3", "Te_P3121"):
                    assert "Linear light alone drives the sum channel" in control.text
                    assert "along the same line" in control.text
    assert laws["Bi2Se3"] == {-2}
    assert laws["Te_P3121"] == {-2}
    assert laws["MgB2"] == {2}  # two quanta of E1u make E2g of the same sense
    assert laws["NiTiO3"] == {None}  # -3: nothing reverses the axis
    assert laws["BaTiO3_P4mm"] == {None}  # three quanta: no law


def test_laws_are_those_of_the_equations_of_motion():
    """simulate, which knows no rule, moves Eg#2 of Bi2Se3 along lines at −2φ."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    along = []
    for angle in (0, 25, 50):
        run = study.simulate(f"2.457THz {angle}deg 1ps 0.05MV/cm", duration=6)
        along.append(run.motion("Eg#2").direction)
        assert abs(run.motion("Eg#2").pam_helicity) < 1e-3
    steps = (np.diff(along) + 90) % 180 - 90
    assert steps == pytest.approx([-50, -50], abs=0.5)
    found = {e.turn for e in study.plan().channels if e.outgoing.mode.name == "Eg#2"}
    assert found == {-2}


def test_gains_are_those_of_the_equations_of_motion():
    """A constant circular motion of Eu#1, far from resonance: the forced amplitude of Eg#2."""
    from symchiral.traces.gain import Coefficients
    from symchiral.units import ACCELERATION

    study = sc.read("Bi2Se3/phonopy.yaml")
    couplings = study.couplings().symmetrized()
    model = study.model()
    c = couplings.coordinates
    omega = 2 * np.pi * 2.457
    a = 0.3
    q = np.zeros(len(c))
    slots = c.slots("Eu#1")
    force = []
    times = np.linspace(0, 1 / 2.457, 64, endpoint=False)
    for t in times:
        # Q_l = a_l exp(−iωt)/2, its conjugate the other; Q_a = Σ U*_la Q_l
        circular = np.zeros(len(c), dtype=complex)
        plus, minus = (c.circular_names.index(f"Eu#1({s})") for s in "+-")
        circular[plus] = a * np.exp(-1j * omega * t) / 2
        circular[minus] = np.conj(circular[plus])
        q = (c.circular.conj().T @ circular).real
        assert np.linalg.norm(q[slots]) > 0
        force.append((c.circular @ model.coupling(q))[c.circular_names.index("Eg#2(-)")])
    # Component of the force on Eg#2(−) at exp(−2iωt): a_o/2 = F / (ω_o² − 4ω²)
    strength = np.mean(np.array(force) * np.exp(2j * omega * times))
    own = 2 * np.pi * 4.0576
    expected = 2 * ACCELERATION * abs(strength) / abs(own**2 - 4 * omega**2) / a**2
    gain = Coefficients.of(study.couplings()).gain(
        ["Eu#1(+)", "Eu#1(+)"], "Eg#2(+)", drive=2 * 2.457, own=4.0576, spread=0.0
    )
    assert gain == pytest.approx(expected, rel=1e-6)


def test_couplings_rank():
    study = sc.read("Bi2Se3/phonopy.yaml")
    plan = study.plan(pump="1-3THz")
    assert plan.ranking == "signal"
    left = [plan.signals[e.id].amplitude for e in plan.channels if e.id in plan.signals]
    assert left == sorted(left, reverse=True)
    assert len(left) == 2
    from symchiral.fields.pump import Pump
    from symchiral.traces.plan import make_plan

    known = study.crystal, study.axis, study._centre, study._places(None, None), study.beam()
    # Without Born charges it is not known how light drives a mode.
    undriven = make_plan(*known, pump=Pump(1.0, 3.0), coefficients=study._coefficients(None))
    assert undriven.ranking == "coefficients"
    sized = [e.gain for e in undriven.channels]
    assert sized[:2] == sorted(sized[:2], reverse=True)
    assert sized[2:] == [None] * len(sized[2:])
    plain = make_plan(*known)
    assert plain.ranking == "detuning"
    off = [abs(e.detuning) for e in plain.channels if e.detuning is not None]
    assert off == sorted(off)
    assert sc.read("Bi2Se3").plan().ranking == "photons"


# ---------------------------------------------------------------- the documented measurement


def test_the_documented_traces_are_what_simulate_says(tmp_path, monkeypatch):
    """The script writes the packaged file, to the last digit but rounding."""
    found = runpy.run_path("tools/build_bi2se3_traces.py")
    monkeypatch.setitem(found["main"].__globals__, "FILE", tmp_path / "traces.csv")
    found["main"]()
    written = (tmp_path / "traces.csv").read_text(encoding="utf-8").splitlines()
    shipped = found["FILE"].read_text(encoding="utf-8").splitlines()
    assert len(written) == len(shipped) > 600
    head = next(i for i, row in enumerate(written) if row.startswith("time_ps"))
    assert written[: head + 1] == shipped[: head + 1]
    for one, other in zip(written[head + 1 :], shipped[head + 1 :], strict=True):
        a, b = one.split(","), other.split(",")
        assert a[:2] == b[:2]
        assert [float(x) for x in a[2:]] == pytest.approx([float(x) for x in b[2:]], abs=2e-3)


@pytest.mark.parametrize("text", ["30 deg", "30°", "x", "y", "linear 45", "−15 deg", "σ+", "p"])
def test_pump_angles(text):
    found = PumpPulse.parse(text) if text != "p" else PumpPulse.parse("lin")
    angles = {"30 deg": 30, "30°": 30, "x": 0, "y": 90, "linear 45": 45, "−15 deg": 165}
    assert found.angle == angles.get(text)


def test_a_circular_pump_has_no_angle():
    with pytest.raises(InputError, match="only linear light"):
        PumpPulse("+", angle=30.0)
