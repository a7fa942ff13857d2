"""Which way a force moves a pair of modes, from the pulse to the traces."""

import numpy as np
import pytest
import records

from symchiral.traces.fit import fit
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.multiplet import multiplets
from symchiral.traces.pulse import chirps, width_of_pulse

RUNS = (("+", 1, 0.0), ("-", -1, 0.0))


def traces(sense: int, noise: float, *, strain: float = 0.04, quanta: int = 2) -> Measurement:
    """Of equations of motion of `records`: a driven pair at 2.05 THz, one at 4.05 THz that is seen.

    Or at 6.1 THz, by three quanta.

    Both are split, the pulse is chirped, and the field itself is seen beside the modes.
    """
    grid = np.arange(-12.0, 40.0, 0.01)
    times = np.arange(1.0, 10.0, 0.09 / quanta)
    rng = np.random.default_rng(12)
    fields = [records._field(grid, 2.02, 0.39, 1.6, 2.0, run, (0.0, 0.0, 0.0)) for run in RUNS]
    driven = [records._response(grid, f, 2.05, 0.39, strain, 0.4) for f in fields]
    driven = [z / np.abs(driven[0]).max() for z in driven]
    fields = [f / np.abs(fields[0]).max() for f in fields]
    own = {2: 4.05, 3: 6.1}[quanta]
    moved = [
        records._response(grid, (0.7 * z + 0.3 * f) ** quanta, own, 0.18, strain, 1.1)
        for z, f in zip(driven, fields, strict=True)
    ]
    data = []
    for q, f in zip(moved, fields, strict=True):
        seen = (q if sense > 0 else np.conj(q)) / np.abs(moved[0]).max() + 1.4 * f**quanta
        both = np.column_stack([np.interp(times, grid, x) for x in (seen.real, seen.imag)])
        data.append(both + noise * rng.standard_normal(both.shape))
    made = [
        Measurement.of(times, d, time_unit="ps", pump=PumpPulse(label, 2.02, 0.39, duration=1.75))
        for (label, *_), d in zip(RUNS, data, strict=True)
    ]
    return Measurement.together(made)


@pytest.mark.parametrize("sense", [1, -1])
def test_the_force_tells_the_sense_that_strain_and_a_long_pulse_hide(sense: int) -> None:
    found = multiplets(fit(traces(sense, 0.03), intervals="normal"))
    (line,) = [m for m in found if m.lasting]
    assert line.frequency == pytest.approx(4.05, abs=0.02)
    z = [s.helicity.sigmas for s in line.senses]
    assert sense * z[0] > 5
    assert sense * z[1] < -5


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize("strain", [0.02, 0.06])
def test_the_force_of_three_quanta_tells_the_sense(sense: int, strain: float) -> None:
    found = multiplets(fit(traces(sense, 0.03, quanta=3, strain=strain), intervals="normal"))
    (line,) = [m for m in found if m.lasting]
    assert line.frequency == pytest.approx(6.1, abs=0.02)
    z = [s.helicity.sigmas for s in line.senses]
    assert sense * z[0] > 5
    assert sense * z[1] < -5


def test_a_chirped_pulse_has_the_bandwidth_that_is_stated() -> None:
    """A pulse longer than its spectrum demands is chirped either way; a shorter one is not."""
    cases = 0
    for power in (1, 2):
        for duration in (0.9, 1.75, 3.0):
            for log, chirp in chirps(power, 0.39, duration):
                short = np.exp(log) < 0.441 / 0.39
                assert (chirp == 0) is bool(short)
                if not short:
                    assert width_of_pulse(power, log, chirp) == pytest.approx(0.39, rel=2e-3)
                cases += 1
    assert cases == 30
