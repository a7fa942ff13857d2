"""Fitting damped rotating oscillations to measured traces."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from symchiral.errors import InputError
from symchiral.traces.intervals import bootstrapped, profiled
from symchiral.traces.measurement import Measurement
from symchiral.traces.model import BACKGROUNDS, Background, Block
from symchiral.traces.note import Note
from symchiral.traces.oscillation import Fit, result
from symchiral.traces.parameters import NAMES, Parameters, Stated, stated_parameters
from symchiral.traces.search import Problem, grow, spacing
from symchiral.units import counted
from symchiral.value import Floats

HIGHEST = 140.0
"""THz. No lattice vibrates faster; the stretching of H₂ is near 125 THz."""

UNEQUAL = 1.3
"""Channels whose noise differs by more than this factor are weighted."""

INTERVALS = ("profile", "normal", "bootstrap")


def fit(
    measurement: Measurement,
    *,
    background: Background | Literal["auto"] = "constant",
    most: int = 6,
    count: int | None = None,
    band: tuple[float, float] | None = None,
    intervals: Literal["profile", "normal", "bootstrap"] = "profile",
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
    parameters: Stated | None = None,
) -> Fit:
    """Fit damped rotating oscillations, the same in all runs but for their amplitudes.

    Parameters
    ----------
    measurement : Measurement
        The traces.
    background : str
        ``none``, ``constant``, ``linear``, ``exponential`` (one rate for all traces), or ``auto``:
        the one with the best criterion.
    most : int
        Most oscillations to look for.
    count : int, optional
        Take exactly so many, whatever the criterion says.
    band : (float, float), optional
        Frequencies to search in THz. Default: from one period per record to the highest frequency
        the sampling resolves.
    intervals : str
        Of frequency and damping: ``normal``, from the curvature at the minimum (fast); ``profile``,
        from the squared residual around it; ``bootstrap``, from fits to resampled residuals, which
        allows for noise that is neither normal nor independent from row to row.
    level : float
        Confidence level.
    resamples, seed : int
        Of the bootstrap.
    parameters : Parameters, mapping or path, optional
        Lines of which something is known: where to start, what is fixed, bounds and ties, as in
        :mod:`symchiral.traces.parameters`. They are part of the model whatever the criterion says.

    Returns
    -------
    Fit
        With at least one oscillation: the strongest, even where it is not significant.

    Raises
    ------
    InputError
        If the record is shorter than a period, the band is empty, fewer than ``count``
        oscillations can be told apart, or ``parameters`` contradict themselves or the record.

    Examples
    --------
    >>> t = np.linspace(0, 5, 200, endpoint=False)
    >>> clockwise = np.exp(-0.3 * t)[:, None] * np.column_stack(
    ...     [np.cos(8 * np.pi * t), -np.sin(8 * np.pi * t)]
    ... )
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal(clockwise.shape)
    >>> found = fit(Measurement.of(t, clockwise + noise, time_unit="ps"))
    >>> [(round(o.frequency, 2), str(o.helicity())) for o in found.oscillations]
    [(4.0, '-1.00 [-1.00, -1.00]')]
    """
    if background != "auto" and background not in BACKGROUNDS:
        raise InputError(
            f"unknown background {background!r}",
            why="none, constant, linear, exponential and auto are known",
            fix="choose one of them",
        )
    if intervals not in INTERVALS or not 0 < level < 1 or resamples < 20:
        raise InputError(
            f"intervals {intervals!r} at level {level} from {resamples} resamples are not offered",
            why=f"{', '.join(INTERVALS)} are known, levels lie between 0 and 1, and a bootstrap "
            "needs 20 resamples or more",
            fix="choose one of them, at 0.95",
        )
    if most < 1 or (count is not None and count < 1):
        raise InputError(
            "there is nothing to fit", why="at least one oscillation is fitted", fix="ask for one"
        )
    limits = _band(measurement, band)
    stated = None if parameters is None else stated_parameters(parameters)
    if stated is not None:
        stated.check(limits, max(run.length for run in measurement.runs))
        count, most = _counts(stated, count, most)
    kinds: tuple[Background, ...] = BACKGROUNDS[1:] if background == "auto" else (background,)
    noise: Floats | None = None
    for _ in range(2):
        problem, back = _problem(measurement, limits, noise)
        if stated is not None:
            problem = replace(problem, constraints=stated.constraints, starts=stated.starts)
            _check_number(problem, stated)
        states = [grow(problem, kind, most, count) for kind in kinds]
        state = min(states, key=lambda s: s.criterion)
        if stated is not None:
            state = problem.closest(state)
        lines = () if stated is None else stated.lines
        own = [(line.frequency.constraint, line.damping.constraint) for line in lines]
        found = result(measurement, problem, state, back, limits, level, own)
        levels = np.array(found.noise)
        if noise is not None or levels.min() <= 0 or levels.max() < UNEQUAL * levels.min():
            break
        noise = levels
    if intervals == "profile":
        found = profiled(found, problem, state, level)
    if intervals == "bootstrap":
        found = bootstrapped(found, problem, state, back, level, resamples, seed)
    return replace(found, notes=(*found.notes, *_at_bounds(found)))


def _counts(stated: Parameters, count: int | None, most: int) -> tuple[int | None, int]:
    """How many oscillations are asked for, and how many at most, beside those that are stated."""
    lines = len(stated.lines)
    if count is not None and (count < lines or (count > lines and not stated.more)):
        raise InputError(
            f"{count} oscillations are asked for, and {stated.name} has {counted(lines, 'line')}"
            + ("" if stated.more else " and no more"),
            why="every line that is stated is fitted",
            fix="ask for as many, or leave the number out",
        )
    return count, max(most, lines) if stated.more else lines


def _check_number(problem: Problem, stated: Parameters) -> None:
    """Raise if the lines that are stated have more parameters than there are data."""
    nonlinear = np.ravel([(1.0, 0.0)] * len(stated.lines))
    own = len(problem.constraints.free(len(nonlinear))) + len(nonlinear) * problem.traces
    if own >= problem.size:
        raise InputError(
            f"{stated.name} has {counted(own, 'parameter')} for {counted(problem.size, 'number')}",
            why="every line has a frequency, a damping, and an amplitude and a phase in each trace",
            fix="state fewer lines, or measure more",
        )


def _at_bounds(found: Fit) -> list[Note]:
    """Which parameters, or their intervals, end at a bound that was stated."""
    notes = []
    for o in found.oscillations:
        values = (o.frequency, o.frequency_interval), (o.damping, o.damping_interval)
        for name, own, (value, ends) in zip(NAMES, o.constraints, values, strict=True):
            if not own.bounded:
                continue
            if value in (own.low, own.high):
                notes.append(Note("at-bound", frequency=o.frequency, parameter=name))
            elif ends[0] == own.low or ends[1] == own.high:
                notes.append(Note("interval-at-bound", frequency=o.frequency, parameter=name))
    return notes


def _band(measurement: Measurement, band: tuple[float, float] | None) -> tuple[float, float]:
    """The band in THz."""
    length = max(run.length for run in measurement.runs)
    step = min(spacing(run.times) for run in measurement.runs)
    low, high = 1 / length, min(0.5 / step, HIGHEST)
    if band is not None:
        if not 0 < band[0] < band[1]:
            raise InputError(
                f"the band {band[0]}–{band[1]} THz is empty",
                why="it must begin above zero and end above its begin",
                fix="give the lowest and the highest frequency in THz",
            )
        if band[1] <= low:
            raise InputError(
                f"the record of {length:.3g} ps is shorter than one period",
                why=f"the band ends at {band[1]:.3g} THz, a period of {1 / band[1]:.3g} ps",
                fix="measure longer, or check the unit of the times",
            )
        low, high = max(low, band[0]), min(high, band[1])
    if not low < high:
        raise InputError(
            "no frequency can be resolved",
            why=f"the record of {length:.3g} ps resolves nothing below {low:.3g} THz and its steps "
            f"of {step:.3g} ps nothing above {0.5 / step:.3g} THz; no lattice vibrates above "
            f"{HIGHEST:g} THz",
            fix="check the unit of the times, measure longer or with finer steps",
        )
    return low, high


def _problem(
    measurement: Measurement, band: tuple[float, float], noise: Floats | None
) -> tuple[Problem, Floats]:
    """Whitened traces; runs on equal times share a block."""
    forth, back = measurement.probe.whitening(noise)
    grouped: list[tuple[Floats, list[Floats]]] = []
    for run in measurement.runs:
        white = run.signals @ forth
        for times, traces in grouped:
            if np.array_equal(times, run.times):
                traces.append(white)
                break
        else:
            grouped.append((run.times, [white]))
    blocks = tuple(Block(times, np.hstack(traces)) for times, traces in grouped)
    length = max(run.length for run in measurement.runs)
    low, high = (2 * np.pi * f for f in band)
    return Problem(blocks, low, high, length), back
