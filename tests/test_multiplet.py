"""Lines as multiplets: strain, the pump beside them, what an apparatus cannot tell."""

import numpy as np
import pytest

from symchiral.errors import InputError
from symchiral.traces.fit import fit
from symchiral.traces.helicity import Helicity, less_sure
from symchiral.traces.line import imperfect, observed
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.multiplet import multiplets
from symchiral.traces.pulse import width_of_pulse
from symchiral.traces.verdict import validate_measurement

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


def setting_in(times, onset, rng, *, f=4.05, gamma=0.5, width=0.12, field=0.0):
    """A circle that a force of a short pulse starts at an onset, and what the field itself does."""
    late = times - onset
    rise = 1 / (1 + np.exp(-8 * late / width))
    turn = np.exp(-gamma * np.maximum(late, 0) - 2j * np.pi * f * late) * rise
    pulse = field * np.exp(-4 * np.log(2) * (late / 0.3) ** 2)
    data = np.column_stack([turn.real + pulse, turn.imag])
    return data + 0.02 * rng.standard_normal(data.shape)


def test_a_line_that_sets_in_within_the_traces_is_one_mode() -> None:
    """Where nothing is stated of the pump an onset is no line of its own; earlier it was fitted."""
    rng = np.random.default_rng(8)
    times = np.arange(0.0, 10.0, 0.04)
    cases = sure = 0
    for onset in (0.2, 0.4, 0.6, 0.9):
        for field in (0.0, 1.5):
            for width in (0.06, 0.12, 0.25):
                data = setting_in(times, onset, rng, width=width, field=field)
                made = Measurement.of(times, data, time_unit="ps", pump=PumpPulse("+"))
                assert {n.kind for n in made.notes} & {"onset", "inside-pump"}
                lines = [x for x in observed(fit(made, intervals="normal")) if x.lasting]
                (line,) = [x for x in lines if x.significant]
                assert line.frequency == pytest.approx(4.05, abs=0.03), (onset, field, width)
                (turning,) = line.turnings
                assert turning.helicity.sigmas < 0
                sure += turning.helicity.sigmas < -3
                cases += 1
    assert cases == 24
    assert sure >= 23


@pytest.mark.parametrize("turns", [1, -1])
@pytest.mark.parametrize("mode", [0, 1, -1])
def test_a_pump_window_that_was_forgotten_makes_no_line(turns: int, mode: int) -> None:
    """Nothing but the colour of the pump is stated: its own response is taken for no mode."""
    rng = np.random.default_rng(17)
    times = np.arange(0.0, 10.0, 0.05)
    parts = []
    for spin, word in ((1, "+"), (-1, "-")):
        own = 3 * np.exp(-((times / 0.35) ** 2) - 8j * np.pi * turns * spin * times)
        decay = np.exp(-(0.35 + 0j) * times - 8.1j * np.pi * mode * spin * times)
        both = own + 0.5 * abs(mode) * decay
        data = np.column_stack([both.real, -both.imag])
        data += 0.03 * rng.standard_normal(data.shape)
        pump = PumpPulse(word, 2.0)  # type: ignore[arg-type]
        parts.append(Measurement.of(times, data, time_unit="ps", pump=pump))
    lines = observed(fit(Measurement.together(parts), intervals="normal"))
    lasting = [line for line in lines if line.significant and line.lasting]
    assert len(lasting) == abs(mode)
    for line in lasting:
        assert line.frequency == pytest.approx(4.05, abs=0.02)
        assert line.damping == pytest.approx(0.35, abs=0.06)
        z = [mode * t.helicity.sigmas for t in line.turnings]
        assert z[0] > 3
        assert z[1] < -3


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


def test_a_long_pulse_of_a_wide_spectrum_is_chirped() -> None:
    """The bandwidth of a pulse from its duration and chirp is that of its Fourier transform."""
    times = np.arange(-40.0, 40.0, 0.01)
    f = np.fft.fftfreq(len(times), 0.01)
    cases = 0
    for power in (1, 2, 3):
        for length in (0.7, 1.5):
            for chirp in (-2.0, 0.0, 0.5):
                phase = chirp / power * times**2
                field = np.exp(-2 * np.log(2) * (times / length) ** 2 - 1j * phase)
                spectrum = np.abs(np.fft.fft(field)) ** 2
                above = f[spectrum > spectrum.max() / 2]
                assert width_of_pulse(power, np.log(length), chirp) == pytest.approx(
                    np.ptp(above) + 0.0125, abs=0.015
                )
                cases += 1
    assert cases == 18


def ringing(times, sense, *, own=(4.05, 0.16), force=(4.1, 0.32), start=0.0):
    """A mode, and the force that moves it: together they are nothing where the force begins."""
    late = np.maximum(times - start, 0.0)
    z = np.exp(-(own[1] + 2j * np.pi * own[0]) * late)
    z = z - np.exp(-(force[1] + 2j * np.pi * force[0]) * late)
    return np.column_stack([z.real, -sense * z.imag])


@pytest.mark.sweep
def test_a_force_that_rings_is_no_misfit() -> None:
    """Two damped rotations of one sense have that sense, whatever the noise, also without any."""
    rng = np.random.default_rng(8)
    cases = 0
    for noise in (0.05, 0.005, 0.0):
        for sense in (1, -1):
            data = ringing(TIMES, sense)
            data += noise * rng.standard_normal(data.shape)
            found = multiplets(fit(measured(data), intervals="normal"))
            line = max((m for m in found if m.lasting), key=lambda m: m.amplitude)
            assert line.frequency == pytest.approx(4.07, abs=0.06)
            assert sense * line.senses[0].helicity.sigmas > 5, (noise, sense)
            cases += 1
    assert cases == 6


def test_what_a_model_misses_makes_a_sense_less_sure() -> None:
    """By its share: a line of which half is not described has no sense."""
    sharp = Helicity(-0.9, -0.91, -0.89, -1e4)
    assert less_sure(sharp, 0.0) == sharp
    known = [abs(less_sure(sharp, np.sqrt(p)).sigmas) for p in (0.001, 0.01, 0.1, 0.5)]
    assert known == sorted(known, reverse=True)
    assert known[0] > 10 > 3 > known[-2]


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
