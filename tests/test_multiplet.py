"""Lines as multiplets: strain, the pump beside them, what an apparatus cannot tell."""

import numpy as np
import pytest

from symchiral.errors import InputError
from symchiral.experiment.fit import fit
from symchiral.experiment.helicity import Helicity
from symchiral.experiment.judgement import validate_measurement
from symchiral.experiment.measurement import Measurement, PumpPulse
from symchiral.experiment.multiplet import multiplets
from symchiral.experiment.observed import imperfect, observed

TIMES = np.arange(1.0, 13.0, 0.05)


def beating(times, f, splitting, axis, gamma, phase, sense=1):
    """Qx, Qy of a pair split by strain that was a circle of this sense at time zero."""
    upper, lower = (2 * np.pi * (f + s * splitting / 2) * times for s in (1, -1))
    fade = np.exp(-gamma * times)
    along, across = fade * np.cos(upper - phase), sense * fade * np.sin(lower - phase)
    c, s = np.cos(axis), np.sin(axis)
    return np.column_stack([c * along - s * across, s * along + c * across])


def measured(data, *, times=TIMES, pump="+", frequency=2.0, bandwidth=0.6, duration=0.9):
    made = PumpPulse(pump, frequency, bandwidth, duration=duration)
    return Measurement.of(times, data, time_unit="ps", pump=made)


def main_of(data, **options):
    found = multiplets(fit(measured(data, **options), intervals="normal"))
    return max(found, key=lambda m: m.amplitude if m.lasting else -1.0)


def test_a_split_circle_keeps_its_sense_at_the_centre_of_the_force() -> None:
    """Whatever the splitting and the direction of strain: its sense, Δ and α come out."""
    rng = np.random.default_rng(3)
    cases = 0
    for splitting in (0.04, 0.08, 0.12):
        for sense in (1, -1):
            axis = float(rng.uniform(0, np.pi))
            data = beating(TIMES, 4.05, splitting, axis, 0.2, rng.uniform(0, 6), sense)
            data += 0.05 * rng.standard_normal(data.shape)
            # Nothing near the force in energy: the line is judged without a pulse beside it.
            one = main_of(data, frequency=1.0, bandwidth=0.2)
            assert one.lasting
            assert one.splitting == pytest.approx(splitting, abs=5 * one.splitting_error + 1e-3)
            off = (one.axis - np.degrees(axis) + 90) % 180 - 90
            assert abs(off) < 6
            assert one.frequency == pytest.approx(4.05, abs=0.01)
            assert sense * one.senses[0].helicity.value > 0.8 - 3 * splitting
            assert sense * one.senses[0].helicity.sigmas > (3 if splitting < 0.1 else -1e-9)
            cases += 1
    assert cases == 6


def test_a_line_that_is_not_split_is_no_multiplet() -> None:
    """At most one in a hundred; here none of six."""
    rng = np.random.default_rng(4)
    for sense in (1, -1) * 3:
        data = beating(TIMES, 4.05, 0.0, 0.3, 0.25, rng.uniform(0, 6), sense)
        one = main_of(data + 0.1 * rng.standard_normal(data.shape))
        assert one.splitting is None
        assert one.lasting
        assert sense * one.senses[0].helicity.sigmas > 10


def test_the_response_to_the_pump_is_no_mode() -> None:
    """A chirped pulse at twice its frequency turns as the rule says and does not outlast it."""
    rng = np.random.default_rng(5)
    times = np.arange(0.5, 8.0, 0.04)
    for chirp in (-0.6, 0.0, 0.6):
        width = rng.uniform(0.8, 1.0)
        envelope = 2 * np.exp(-4 * np.log(2) * (times / width) ** 2)
        phase = 2 * np.pi * 4.0 * times + chirp * times**2
        data = envelope[:, None] * np.column_stack([np.cos(phase), -np.sin(phase)])
        data += 0.02 * rng.standard_normal(data.shape)
        lines = observed(fit(measured(data, times=times), intervals="normal"))
        assert not any(line.significant and line.lasting for line in lines), chirp
        # With a mode behind it there is one, of the other sense.
        mode = 0.5 * beating(times, 4.1, 0.0, 0.0, 0.3, 1.0, sense=1)
        found = multiplets(fit(measured(data + mode, times=times), intervals="normal"))
        (one,) = [m for m in found if m.lasting]
        assert one.frequency == pytest.approx(4.1, abs=0.03)
        assert one.senses[0].helicity.sigmas > 5


def test_less_noise_gives_no_worse_answer() -> None:
    """A splitting that noise hides and one that is seen leave the same sense."""
    rng = np.random.default_rng(6)
    clean = beating(TIMES, 4.05, 0.04, 0.5, 0.25, 0.3)
    noise = rng.standard_normal(clean.shape)
    least = [main_of(clean + level * noise).senses[0].helicity for level in (0.2, 0.05, 0.01)]
    assert all(h.sigmas > 3 and h.value > 0.7 for h in least)


def test_a_sense_is_known_no_better_than_the_apparatus_allows() -> None:
    for value in (-0.9, 0.05, 0.2, 0.5):
        sharp = Helicity(value, value, value, 1e6 * value)
        assert imperfect(sharp, 0.0) == sharp
        felt = imperfect(sharp, 0.1)
        assert felt.value == value
        assert abs(felt.sigmas) == pytest.approx(abs(value) / 0.1, rel=0.4)
        assert imperfect(Helicity(value, -1, 1, 0.1 * value), 0.1).sigmas == pytest.approx(
            0.1 * value, rel=0.02
        )


def test_impossible_imperfections_are_errors() -> None:
    data = beating(TIMES, 4.05, 0.0, 0.0, 0.3, 0.0)
    for wrong in ((1.0, 5.0), (-0.1, 5.0), (0.1, 90.0), (0.1, float("nan"))):
        with pytest.raises(InputError, match="imperfection"):
            validate_measurement(measured(data), [], [], imperfection=wrong)


@pytest.mark.sweep
def test_intervals_of_multiplets_cover() -> None:
    """95 % intervals of helicities at the centre of the force hold the truth in 92 to 98 %."""
    rng = np.random.default_rng(7)
    held = []
    for _ in range(300):
        sense = rng.choice([-1, 1])
        h = rng.uniform(0.3, 0.95)
        data = beating(TIMES, 4.05, 0.0, rng.uniform(0, 3), 0.3, rng.uniform(0, 6), sense)
        other = beating(TIMES, 4.05, 0.0, 0.0, 0.3, rng.uniform(0, 6), -sense)
        data = np.sqrt((1 + h) / 2) * data + np.sqrt((1 - h) / 2) * other
        data += 0.5 * rng.standard_normal(data.shape)
        one = main_of(data, frequency=1.0, bandwidth=0.2)
        found = one.senses[0].helicity
        held.append(found.low <= sense * h <= found.high)
    assert len(held) == 300
    assert 0.92 <= np.mean(held) <= 0.98
