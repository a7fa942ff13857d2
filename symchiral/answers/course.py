"""Motion and measurement in time as numbers: what a page needs to draw traces.

The records come first, then the functions that fill them. They are no document of their own: the
report holds them beside the answers.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from symchiral.answers.record import Count, Record, ReIm, tidy, tidy_complex
from symchiral.dynamics.run import Run
from symchiral.irreps.axis import Axis
from symchiral.traces.measurement import Traces
from symchiral.traces.oscillation import Fit
from symchiral.value import TINY, Complex, Floats

MOST_TIMES = 1500
"""Times of a run that are kept: enough for ten a period of a fast mode over 10 ps."""

MOST_MODES = 16
"""Multiplets that are kept: those that move atoms farthest."""

MOST_POINTS = 1000
"""Delays of a measured trace that are kept."""

FITTED = 600
"""Times at which the fit is drawn."""


class Samples(Record, frozen=True, kw_only=True):
    """Numbers at all times of the course."""

    scale: float
    """What 32767 stands for."""
    bytes: str
    """Signed numbers of two bytes, the lower one first, in base64: time by time, at each of them
    all columns."""


class CourseOfMode(Record, frozen=True, kw_only=True):
    """How one multiplet moved."""

    name: str
    """Its name, ``Eu#1``."""
    frequency: float
    """Its harmonic frequency. Unit: THz."""
    components: tuple[str, ...]
    """What stands in parentheses in the names of its modes; empty for the only one."""
    senses: tuple[int, ...]
    """Sign of the pseudo-angular momentum of every mode; 0 where it has no sense."""
    amplitudes: Samples
    """Real and imaginary part of the amplitude a_l of every mode. Unit: sqrt(amu) angstrom."""
    displacements: tuple[tuple[tuple[ReIm, ReIm, ReIm], ...], ...]
    """For every mode the displacement of every atom of the primitive cell at a_l = 1, [re, im] of
    each Cartesian component: u = Re[sum of a_l times it]. Unit: angstrom."""


class Course(Record, frozen=True, kw_only=True):
    """How modes moved in a simulation."""

    start: float
    """First time. Unit: ps."""
    step: float
    """Between two times. Unit: ps."""
    count: Count
    """Number of times."""
    field: Samples | None
    """Electric field along x, y and the axis; null without light. Unit: MV/cm."""
    modes: tuple[CourseOfMode, ...]
    """The optical multiplets of the zone centre that move atoms farthest, from the lowest
    frequency."""


class MeasuredRun(Record, frozen=True, kw_only=True):
    """Traces taken with one pump, and their fit."""

    pump: str
    """The pump in words; empty if it is not known."""
    times: tuple[float, ...]
    """Delays. Unit: ps."""
    signals: tuple[tuple[float, ...], ...]
    """For every channel of the probe the signal at these delays."""
    fit_times: tuple[float, ...]
    """Delays of the fit. Unit: ps."""
    fit: tuple[tuple[float, ...], ...]
    """For every channel of the probe the fit at these delays."""


class MeasuredTraces(Record, frozen=True, kw_only=True):
    """Measured traces with their fit."""

    channels: tuple[str, ...]
    """Channels of the probe."""
    runs: tuple[MeasuredRun, ...]
    """One entry per pump."""


def course(run: Run) -> Course:
    """Describe how modes moved in a simulation, of many those that move atoms farthest."""
    every = max(1, -(-len(run.times) // MOST_TIMES))
    kept = slice(None, None, every)
    times = run.times[kept]
    field = None if run.drive is None else run.drive.field(times)
    return Course(
        start=float(np.round(times[0], 9)),
        step=float(np.round(times[1] - times[0], 12)) if len(times) > 1 else 1.0,
        count=len(times),
        field=None if field is None else _samples(field),
        modes=tuple(_modes(run, kept)),
    )


def _modes(run: Run, kept: slice) -> Iterator[CourseOfMode]:
    c = run.model.coordinates
    farthest = sorted(run.motions, key=lambda motion: -motion.displacement)[:MOST_MODES]
    names = {motion.name for motion in farthest}
    for multiplet in c.multiplets:
        if multiplet.name not in names:
            continue
        slots = c.slots(multiplet.name)
        shapes = np.zeros((len(slots), c.circular.shape[0]), dtype=complex)
        shapes[:, slots] = c.circular[np.ix_(slots, slots)].conj()
        moved = c.displacements(shapes.real) + 1j * c.displacements(shapes.imag)
        a = run.amplitudes(multiplet.name)[kept]
        yield CourseOfMode(
            name=multiplet.name,
            frequency=float(np.round(multiplet.frequency, 9)),
            components=tuple(mode.component for mode in multiplet.modes),
            senses=tuple(_sense(m.residue, c.modes.axis) for m in multiplet.modes),
            amplitudes=_samples(_parts(a)),
            displacements=tidy_complex(moved, 5),
        )


def _sense(residue: Fraction | None, axis: Axis | None) -> int:
    """Sign of a balanced l; 0 of 0 and of n/2."""
    if residue is None or axis is None or 2 * residue == axis.order:
        return 0
    return int(residue > 0) - int(residue < 0)


def _parts(a: Complex) -> Floats:
    """(T, 2d): real and imaginary part of every column."""
    return np.stack([a.real, a.imag], axis=-1).reshape(len(a), -1)


def _samples(values: Floats) -> Samples:
    scale = float(np.abs(values).max(initial=0.0))
    whole = np.rint(values * (32767 / max(scale, TINY))).astype("<i2")
    return Samples(scale=float(f"{scale:.6g}"), bytes=b64encode(whole.tobytes()).decode("ascii"))


def measured(fit: Fit) -> MeasuredTraces:
    """Describe measured traces with their fit."""
    return MeasuredTraces(
        channels=tuple(fit.measurement.probe.channels),
        runs=tuple(_run(fit, i, run) for i, run in enumerate(fit.measurement.runs)),
    )


def _run(fit: Fit, place: int, run: Traces) -> MeasuredRun:
    every = max(1, -(-len(run.times) // MOST_POINTS))
    times = np.linspace(run.times[0], run.times[-1], FITTED)
    return MeasuredRun(
        pump=str(run.pump) if run.pump else "",
        times=tidy(run.times[::every], 6),
        signals=_columns(run.signals[::every]),
        fit_times=tidy(times, 6),
        fit=_columns(fit.model(place, times)),
    )


def _columns(signals: Floats) -> tuple[tuple[float, ...], ...]:
    """Every channel, to five digits of the largest value."""
    size = float(np.abs(signals).max(initial=0.0)) or 1.0
    digits = 5 - int(np.floor(np.log10(size)))
    columns: tuple[tuple[float, ...], ...] = tidy(signals.T, digits)
    return columns
