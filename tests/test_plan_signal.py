"""What `plan` says a source leaves, against runs of `simulate`, closed forms and an integral."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

import symchiral as sc
from symchiral.anharmonic.couplings import Couplings
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.answers.plan import plan as plan_answer
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import make_model
from symchiral.dynamics.pulse import Pulse
from symchiral.errors import InputError
from symchiral.text.plan import plan_tables
from symchiral.traces.signal import LightSource
from symchiral.units import ACCELERATION, HBAR

MELNIKOV = {"Eu#1": 2.05, "Eg#2": 4.05}
WEAK = 0.002
"""MV/cm: a field at which what it makes grows as its powers."""


@pytest.fixture(scope="module")
def study() -> sc.Study:
    return sc.read("Bi2Se3/phonopy.yaml")


@pytest.mark.parametrize("field", ["0.002MV/cm", "0.05MV/cm incident"])
def test_the_signal_is_what_a_run_in_a_weak_field_leaves(study: sc.Study, field: str) -> None:
    """One channel and one source: all other products of a weak run are far smaller."""
    plan = study.plan(source=f"2.0THz 1ps {field}", frequencies=MELNIKOV)
    signal = plan.signals["Eu#1(+) Eu#1(+) -> Eg#2(-)"]
    run = study.simulate(f"2.0THz σ+ 1ps {field}", duration=23.0, frequencies=MELNIKOV)
    made, driven = run.motion("Eg#2"), run.motion("Eu#1")
    assert signal.amplitude == pytest.approx(made.amplitude, rel=0.01)
    assert signal.displacement == pytest.approx(
        float(np.linalg.norm(_alone(run, "Eg#2")[run.after], axis=2).max()), rel=0.02
    )
    turning = run.angular_momentum("Eg#2")[run.after]
    assert signal.angular_momentum == pytest.approx(turning[np.abs(turning).argmax()], rel=0.02)
    assert plan.driven["Eu#1"].amplitude == pytest.approx(driven.amplitude, rel=0.01)


def _alone(run, name):
    coordinates = run.model.coordinates
    kept = np.zeros_like(run.coordinates)
    kept[:, coordinates.slots(name)] = run.coordinates[:, coordinates.slots(name)]
    return coordinates.displacements(kept)


@pytest.mark.parametrize(
    "most", [pytest.param(1, id="one"), pytest.param(14, id="many", marks=pytest.mark.sweep)]
)
def test_a_channel_is_a_run_with_its_product_alone(most: int) -> None:
    """The potential is reduced to one channel; nothing else is left to drive its mode."""
    study = sc.read("HgS_cinnabar/phonopy.yaml")
    plan = study.plan(source="2.4THz 0.7ps 0.01MV/cm", pump="0.5-9THz")
    given = study.known_couplings().symmetrized()
    coordinates, checked = given.coordinates, 0
    for e in plan.channels:
        names = {p.mode.name for p in (*e.incoming, e.outgoing)}
        if e.outgoing.mode.name in {p.mode.name for p in e.incoming} or checked == most:
            continue
        kept = {
            factors: value
            for factors, value in given.potential(3).terms.items()
            if sorted(coordinates.names[coordinates.owners[i]] for i in factors)
            == sorted([*(p.mode.name for p in e.incoming), e.outgoing.mode.name])
        }
        model = make_model(
            coordinates, Couplings(coordinates, (Polynomial.of(len(coordinates), 3, kept),))
        )
        # What the dipole of the outgoing mode makes by itself is taken off.
        pulse = Pulse(2.4, "σ+", 0.7, 0.01)
        alone = make_model(coordinates)
        slots = coordinates.slots(e.outgoing.mode.name)
        runs = [simulate(m, pulse, duration=22.0, accuracy=1e-11) for m in (model, alone)]
        q = runs[0].coordinates[:, slots] - runs[1].coordinates[:, slots]
        v = runs[0].velocities[:, slots] - runs[1].velocities[:, slots]
        w = 2 * pi * e.outgoing.mode.frequency
        a = (q + 1j * v / w) @ coordinates.circular[np.ix_(slots, slots)].T
        found = np.abs(a[runs[0].after]).max()
        assert plan.signals[e.id].amplitude == pytest.approx(found, rel=0.02), (e.id, names)
        checked += 1
    assert checked == most


def test_a_long_resonant_pulse_leaves_the_closed_form(study: sc.Study) -> None:
    r"""Without damping the pulse leaves its transform at the frequency of the mode.

    With :math:`Q_l = a_l e^{-iωt}/2` in :math:`\ddot Q + ω^2 Q = F` one has
    :math:`|\dot a| = |F|/ω` for a resonant force of the modulus \|F\|: :math:`ZE_0 g/2` of the
    pulse, g the envelope of its field, and :math:`|c||a|^2/4` of two equal quanta, which ring on.
    """
    own = {"Eu#1": 2.0, "Eg#2": 4.0}
    plan = study.plan(source="2.0THz 3ps 0.001MV/cm", frequencies=own, damping=0.0)
    model = study.model(frequencies=own)
    slots = model.coordinates.slots("Eu#1")
    charge = sqrt(np.sum(model.charges[slots, :2] ** 2) / 2)
    area = 3 * sqrt(pi / (2 * log(2)))
    expected = ACCELERATION * charge * 0.01 * 0.001 / (2 * 2 * pi * 2.0) * area
    assert plan.driven["Eu#1"].amplitude == pytest.approx(expected, rel=2e-3)
    (size,) = {
        abs(t.value)
        for t in study.couplings().symmetrized().circular()
        if sorted(t.modes) in (["Eg#2(+)", "Eu#1(+)", "Eu#1(+)"], ["Eg#2(-)", "Eu#1(-)", "Eu#1(-)"])
    }

    def integrand(t: float) -> float:
        return (0.5 * (1 + _erf(t))) ** 2

    rate = ACCELERATION * size * expected**2 / (4 * 2 * pi * 4.0)
    grown = rate * quad(integrand, -9.0, 9.0 + 20.0)[0]
    signal = plan.signals["Eu#1(+) Eu#1(+) -> Eg#2(-)"]
    assert signal.amplitude == pytest.approx(grown, rel=5e-3)
    # ω|a|²/2ħ quanta of −ħ each: every atom lies on the axis.
    quanta = 2 * pi * 4.0 * signal.amplitude**2 / (2 * HBAR)
    assert signal.angular_momentum == pytest.approx(-quanta, rel=1e-6)


def _erf(t: float) -> float:
    """Share of the area of the envelope exp(−2 ln2 t²/τ²), τ = 3 ps, before t, from −1 to 1."""
    from scipy.special import erf

    return float(erf(t * sqrt(2 * log(2)) / 3))


def test_signals_grow_as_the_field_and_fall_as_its_spectrum(study: sc.Study) -> None:
    name = "Eu#1(+) Eu#1(+) -> Eg#2(-)"
    one, two = (
        study.plan(source=f"2.0THz 1ps {f}MV/cm", frequencies=MELNIKOV).signals[name]
        for f in (0.01, 0.02)
    )
    assert two.amplitude == pytest.approx(4 * one.amplitude, rel=1e-9)
    assert two.angular_momentum == pytest.approx(16 * one.angular_momentum, rel=1e-9)
    # Far from its mode a pulse leaves what its spectrum has there.
    near, far = (
        study.plan(source=f"{f}THz 4ps 0.01MV/cm", pump="1-4THz", frequencies=MELNIKOV)
        for f in (2.05, 2.25)
    )
    ratio = far.driven["Eu#1"].amplitude / near.driven["Eu#1"].amplitude
    area = exp(-((2 * pi * 0.2) ** 2) * 4**2 / (8 * log(2)))
    assert ratio < 0.1
    assert ratio > area


@pytest.mark.parametrize("text", ["2THz x 1ps 1MV/cm", "2THz ell0.5@0deg 1ps 1MV/cm"])
def test_a_source_of_linear_light_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not circular"):
        LightSource.parse(text)


def test_an_upside_down_sample_has_the_same_signals_in_the_senses_of_the_laboratory(
    study: sc.Study,
) -> None:
    plain, upside = (
        study.plan(orient=f"z=[{z},{z},{z}] x=[1,-1,0]", pump="1-3THz") for z in (1, -1)
    )
    assert np.dot(plain.axis.direction, upside.axis.direction) == pytest.approx(-1)
    assert [e.id for e in plain.channels] == [e.id for e in upside.channels]
    for name, signal in plain.signals.items():
        other = upside.signals[name]
        assert other.amplitude == pytest.approx(signal.amplitude, rel=1e-9)
        # J is about the axis of the laboratory each time, and so is the spin of the light.
        assert other.angular_momentum == pytest.approx(signal.angular_momentum, rel=1e-9)
    angles = [
        next(g.dark for g in plan.geometry if g.kind == "balanced") for plan in (plain, upside)
    ]
    # x lies across a mirror plane: the same of either.
    assert angles[0] == angles[1] == (0.0, 45.0)


def test_a_tuned_source_leaves_no_less_than_one_of_any_frequency(study: sc.Study) -> None:
    tuned = study.plan(source="1ps 1MV/cm incident", pump="0.5-5THz", frequencies=MELNIKOV)
    for f in (1.2, 2.0, 3.9):
        fixed = study.plan(
            source=f"{f}THz 1ps 1MV/cm incident", pump="0.5-5THz", frequencies=MELNIKOV
        )
        for name, signal in fixed.signals.items():
            if tuned.signals[name].colours == 1:
                # It is tuned in steps of an eighth of its bandwidth.
                assert signal.amplitude <= 1.1 * tuned.signals[name].amplitude, (f, name)
    several = [s for s in tuned.signals.values() if s.colours > 1]

    assert [tuned.signals[e.id] for e in tuned.channels if e.id in tuned.signals] == sorted(
        tuned.signals.values(), key=lambda s: (s.colours > 1, -s.amplitude)
    )
    assert several


def test_a_plan_is_written_in_one_unit(study: sc.Study) -> None:
    answer = plan_answer(study.plan(thickness=100.0), unit="cm-1")
    words = "\n".join(table.text(110) for table in plan_tables(answer, path=None, unit="cm-1"))
    assert "THz" not in words
    assert words.count("cm⁻¹") >= 6


def test_echoes_come_after_the_way_there_and_back(study: sc.Study) -> None:
    plan = study.plan(source="3.0THz 1ps 1MV/cm incident", pump="1-4THz", thickness=150.0)
    (echo,) = (c for c in plan.controls if c.kind == "echoes")
    passage = echo.passage
    model = study.model()
    epsilon = model.permittivity(np.array([-2j * pi * 3.0]))[0, 0, 0]
    n = np.sqrt(epsilon)
    assert passage.pump_echo == pytest.approx(2 * n.real * 150.0 / 299.792458, rel=1e-9)
    # One passage there, one back, and a reflection at each face.
    through = np.exp(2j * pi * 3.0 * n * 300.0 / 299.792458)
    share = abs(((n - 1) / (n + 1)) ** 2 * through)
    assert passage.pump_share == pytest.approx(share, rel=1e-6)
    assert passage.probe**2 == pytest.approx(
        float((model.lab @ model.dielectric @ model.lab.T)[0, 0]), rel=1e-6
    )
