"""Which way a force moves a pair of modes, from the pulse to the traces."""

import numpy as np
import pytest
import records
from scipy import optimize

from symchiral.traces.fit import fit
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.model import BACKGROUNDS, Background, Block, columns, least_squares
from symchiral.traces.multiplet import multiplets
from symchiral.traces.pulse import Prior, chirps, width_of_pulse
from symchiral.traces.waves import Fitted, Shape, WhiteRuns

RUNS = (("+", 1, 0.0), ("-", -1, 0.0))


def traces(
    sense: int,
    noise: float,
    *,
    strain: float = 0.04,
    quanta: int = 2,
    runs: tuple[tuple[str, int, float], ...] = RUNS,
    times: np.ndarray | None = None,
) -> Measurement:
    """Of equations of motion of `records`: a driven pair at 2.05 THz, one at 4.05 THz that is seen.

    Or at 6.1 THz, by three quanta.

    Both are split, the pulse is chirped, and the field itself is seen beside the modes.
    """
    grid = np.arange(-12.0, 40.0, 0.01)
    times = np.arange(1.0, 10.0, 0.09 / quanta) if times is None else times
    rng = np.random.default_rng(12)
    fields = [records._field(grid, 2.02, 0.39, 1.6, 2.0, run, (0.0, 0.0, 0.0)) for run in runs]
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
        for (label, *_), d in zip(runs, data, strict=True)
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


def white(spins: tuple[int, ...]) -> tuple[WhiteRuns, ...]:
    """Noise at two sets of uneven times, beside a background."""
    rng = np.random.default_rng(2)
    blocks = []
    for count in (90, 70):
        times = np.sort(rng.uniform(0.5, 9.0, count))
        basis = np.linalg.qr(np.column_stack([np.ones(count), times]))[0].T
        data = rng.standard_normal((len(spins), 2, count))
        blocks.append(WhiteRuns(times, data, basis, spins))
    return tuple(blocks)


@pytest.mark.parametrize(
    ("count", "power", "forced"),
    [(2, None, 0), (4, 2, 0), (4, 1, 1), (2, 0, 1), (0, 2, 0)],
)
def test_the_slopes_of_waves_are_those_of_differences(
    count: int, power: int | None, forced: int
) -> None:
    """A multiplet that is split or not, the motion of its force, and the pulse."""
    blocks, back = white((1, -1, 0)), np.array([[0.9, 0.2], [-0.1, 1.1]])
    shape = Shape(back, count, power, bool(forced))
    theta = np.array([25.3, 0.3, 0.05, 0.7][:count] + [24.0, 0.5][: 2 * forced])
    prior = Prior(np.zeros(len(theta)), np.full(len(theta), 9.0))
    if power is not None:
        theta = np.append(theta, [25.0, 0.6, -1.1])
        prior = Prior(np.zeros(len(theta)), np.full(len(theta), 9.0), power or 2, 0.39)
    slopes = Fitted(blocks, shape, theta, prior).slopes
    for k in range(len(theta)):
        step = 1e-5 * np.eye(len(theta))[k]
        up, down = (Fitted(blocks, shape, theta + s * step, prior).deviations for s in (1, -1))
        assert slopes[k] == pytest.approx((up - down) / 2e-5, abs=1e-4 * np.abs(slopes).max())


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_many_fits_at_once_are_those_of_one_after_another(background: Background) -> None:
    """Each with another parameter held, against scipy with finite differences and no projection."""
    rng = np.random.default_rng(5)
    times = np.sort(rng.uniform(0.2, 9.0, 120))
    truth = np.array([12.0, 0.3, 25.0, 0.2] + [np.log(0.4)] * (background == "exponential"))
    phi = columns(times, truth, background)
    held = [None, *range(len(truth))]
    data = phi @ rng.standard_normal((phi.shape[1], 2))
    data = data + 0.2 * rng.standard_normal((len(held), *data.shape))
    start = truth * 1.002
    found = least_squares([Block(times, data)], start, background, held)
    for own, fixed, square in zip(data, held, found, strict=True):
        free = [i for i in range(len(truth)) if i != fixed]

        def left(x: np.ndarray, own: np.ndarray = own, free: list[int] = free) -> np.ndarray:
            theta = start.copy()
            theta[free] = x[: len(free)]
            linear = x[len(free) :].reshape(phi.shape[1], 2)
            return (columns(times, theta, background) @ linear - own).ravel()

        begin = np.concatenate([start[free], np.linalg.lstsq(phi, own, rcond=None)[0].ravel()])
        one = optimize.least_squares(left, begin, method="lm", xtol=1e-12, ftol=1e-12)
        assert square == pytest.approx(2 * one.cost, rel=1e-6)
