"""Measured traces, with what is known of the pump and the probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.errors import GrammarError, InputError
from symchiral.fields.polarization import read_light
from symchiral.traces.note import Note
from symchiral.traces.probe import Probe
from symchiral.traces.pulse import UNKNOWN, Spectrum
from symchiral.units import FASTEST, SLOWEST, counted, delay_in_ps, is_stage
from symchiral.value import CIRCULAR, TINY, Floats, Value, frozen

Polarization = Literal["+", "-", "linear"]

FEWEST_ROWS = 16
"""Rows a trace must have: two oscillations and a background have fewer unknowns."""

LARGEST_SPAN = 100_000
"""Steps that a record of few rows may span: spectra are taken on a grid of all of them."""

LONGEST_GAP = 0.2
"""Part of the rows that may be missing before it is said."""

QUIET = 0.2
"""Part of the largest deviation from the median below which nothing moves yet."""

FEWEST_QUIET = 5
"""Rows without motion from which on the motion is said to set in within the traces."""

NARROWEST = 1e-12
"""The least bandwidth of a pump, THz; the inverse of its longest duration, ps."""

SHORTEST = 1e-6
"""The least duration of a pump, ps."""


@dataclass(frozen=True)
class PumpPulse:
    """The pulse that starts the motion.

    Attributes
    ----------
    polarization : str
        ``+`` or ``-``, the spin of the photons about the axis, or ``linear``.
    frequency : float or None
        In THz, if known.
    bandwidth : float or None
        Full width at half maximum of its intensity spectrum in THz, if known.
    angle : float or None
        Of linear polarisation, in degrees, counter-clockwise about the axis from where the probe
        angles are counted; if known.
    duration : float or None
        Full width at half maximum of its intensity in ps, if known.
    """

    polarization: Polarization
    frequency: float | None = None
    bandwidth: float | None = None
    angle: float | None = None
    duration: float | None = None

    @staticmethod
    def parse(
        text: str,
        frequency: float | None = None,
        bandwidth: float | None = None,
        duration: float | None = None,
    ) -> PumpPulse:
        """Read a word for light: ``σ+``, ``s-``, ``x``, ``45 deg``, or ``linear`` without angle.

        Examples
        --------
        >>> print(*(PumpPulse.parse(text) for text in ("s+", "σ−", "linear", "y", "30 deg")))
        σ+ σ− linear 90° 30°

        Raises
        ------
        GrammarError
            It is not a polarisation, or neither circular nor linear across the axis.
        """
        light = read_light(str(text))
        if light is None:
            return PumpPulse("linear", frequency, bandwidth, duration=duration)
        if light.along or CIRCULAR < abs(light.spin) < 1 - CIRCULAR:
            raise GrammarError(
                f"no runs with the pump {text!r} are compared",
                why="it is polarised along the axis" if light.along else "it is elliptical",
                fix="take runs with σ+, with σ- or with linear light across the axis",
            )
        if abs(light.spin) > 0.5:
            sense: Polarization = "+" if light.spin > 0 else "-"
            return PumpPulse(sense, frequency, bandwidth, duration=duration)
        angle = round(float(np.rad2deg(np.arctan2(*light.stokes[1::-1]))) / 2 % 180, 9) % 180
        return PumpPulse("linear", frequency, bandwidth, angle, duration)

    def __post_init__(self) -> None:
        if self.angle is not None and not (
            self.polarization == "linear" and np.isfinite(self.angle)
        ):
            raise InputError(
                f"the pump has the angle {self.angle}",
                why="only linear light has one, in degrees",
                fix="leave it out",
            )
        for name, least, unit in (
            ("frequency", SLOWEST, "THz"),
            ("bandwidth", NARROWEST, "THz"),
            ("duration", SHORTEST, "ps"),
        ):
            value = getattr(self, name)
            most = FASTEST if unit == "THz" else 1 / NARROWEST
            if value is not None and not least <= value <= most:
                raise InputError(
                    f"the {name} of the pump is {value} {unit}",
                    why=f"it must be positive, from {least:g} to {most:g} {unit}",
                    fix="correct it, or leave it out if it is not known",
                )

    @property
    def spectrum(self) -> Spectrum | None:
        """Its spectrum; None if its frequency is not known.

        Examples
        --------
        >>> PumpPulse("+", frequency=2.0, bandwidth=0.5).spectrum.reach
        (1.265, 2.735)
        """
        if self.frequency is None:
            return None
        return Spectrum.of(self.frequency, bandwidth=self.bandwidth, duration=self.duration)

    @property
    def sense(self) -> int:
        """+1, −1, or 0 for a linear pump."""
        return {"+": 1, "-": -1, "linear": 0}[self.polarization]

    def __str__(self) -> str:
        if self.angle is not None:
            return f"{self.angle:g}°"
        return {"+": "σ+", "-": "σ−", "linear": "linear"}[self.polarization]


@dataclass(frozen=True, eq=False)
class Traces(Value):
    """Traces taken with one pump.

    Attributes
    ----------
    times : (N,) array
        Delays in ps after time zero, increasing, outside the pump window.
    signals : (N, C) array
        One column per channel of the probe.
    pump : PumpPulse or None
        Its pump, if known.
    excluded : Traces or None
        The rows that were left out because they lie before time zero or in the pump window.
    """

    times: Floats
    signals: Floats
    pump: PumpPulse | None = None
    excluded: Traces | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", frozen(self.times, float))
        object.__setattr__(self, "signals", frozen(self.signals, float))

    @property
    def length(self) -> float:
        """Length of the record in ps."""
        return float(np.ptp(self.times))


@dataclass(frozen=True, eq=False)
class Measurement(Value):
    """Runs seen by one probe.

    Attributes
    ----------
    runs : tuple of Traces
        One per pump.
    probe : Probe
        What the channels are.
    response : float
        Full width at half maximum of the instrument's response in ps; 0 if it is short.
    notes : tuple of Note
        What was left out or looks odd.

    Examples
    --------
    >>> t = np.linspace(0, 5, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
    >>> pump = PumpPulse("+", duration=0.3)
    >>> one = Measurement.of(t, circle, time_unit="ps", pump=pump)
    >>> len(one.runs), round(one.runs[0].length, 3), one.notes
    (1, 4.975, ())
    """

    runs: tuple[Traces, ...]
    probe: Probe
    response: float = 0.0
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if not self.runs:
            raise InputError(
                "there is no trace", why="a measurement needs a run", fix="give at least one run"
            )
        if not (np.isfinite(self.response) and self.response >= 0):
            raise InputError(
                f"the instrument response is {self.response} ps wide",
                why="a width is zero or positive",
                fix="give its full width at half maximum in ps",
            )
        for run in self.runs:
            if run.signals.shape != (len(run.times), len(self.probe)):
                raise InputError(
                    "the traces do not fit the probe",
                    why=f"the probe has {counted(len(self.probe), 'channel')} and "
                    f"{counted(len(run.times), 'time')} were "
                    f"given, the signals have the shape {run.signals.shape}",
                    fix="give one column per channel and one row per time",
                )

    @staticmethod
    def of(
        times: npt.ArrayLike,
        signals: npt.ArrayLike,
        *,
        time_unit: str,
        pump: PumpPulse | None = None,
        probe: Probe | None = None,
        time_zero: float | None = None,
        exclude: tuple[float, float] | None = None,
        response: float = 0.0,
    ) -> Measurement:
        """Return a measurement of one run, cleaned.

        Rows that are not finite, before time zero, or inside the pump window are left out; rows out
        of order are sorted. Where neither a window nor the duration or bandwidth of the pump is
        stated and nothing moves at first, the traces are taken from where the motion is largest
        after its onset. Every such step leaves a note.

        Parameters
        ----------
        times : (N,) array
            Delays, evenly spaced or not.
        signals : (N, C) array
            One column per channel.
        time_unit : str
            ``fs``, ``ps``, ``ns`` or ``s``, or ``mm`` or ``um`` of a delay stage; of ``times``,
            ``time_zero``, ``exclude`` and ``response``.
        pump : PumpPulse, optional
            The pump of the run.
        probe : Probe, optional
            Default: two channels Qx, Qy.
        time_zero : float, optional
            Delay at which pump and probe meet: 0 of times; of a delay stage it must be stated.
        exclude : (float, float), optional
            The pump window, from and to how long after time zero: left out.
        response : float
            Full width at half maximum of the instrument's response.

        Raises
        ------
        InputError
            If what is left is too little, or columns look swapped.
        """
        probe = probe or Probe.coordinates()
        scale = delay_in_ps(time_unit)
        if time_zero is None and is_stage(time_unit):
            raise InputError(
                "the delays are places of a stage and time zero is not stated",
                why=f"which of them is time zero no column of {time_unit} says",
                fix="declare it: # time_zero: 12.3 before the header, or --time-zero 12.3",
            )
        time_zero = time_zero or 0.0
        run, notes = _clean(
            np.asarray(times, dtype=float) * scale,
            np.asarray(signals, dtype=float),
            probe,
            pump,
            time_zero * scale,
            tuple(x * scale for x in exclude) if exclude else None,
        )
        if exclude is None and pump is not None and pump.duration is pump.bandwidth is None:
            run = _from_onset(run, notes)
        if response and (run.times[0] < response * scale):
            start = float(run.times[0])
            notes.append(Note("inside-response", start=start, response=response * scale))
        return Measurement((run,), probe, response * scale, tuple(notes))

    @staticmethod
    def together(parts: Sequence[Measurement]) -> Measurement:
        """Return one measurement of all runs, which must share the probe and the response."""
        if not parts:
            raise InputError("there is no trace", why="no runs were given", fix="give at least one")
        first = parts[0]
        for part in parts[1:]:
            if part.probe != first.probe or part.response != first.response:
                raise InputError(
                    "the runs cannot be fitted together",
                    why="they were taken with different probes or responses",
                    fix="validate them one by one",
                )
        notes = dict.fromkeys(note for part in parts for note in part.notes)
        return replace(
            first, runs=tuple(run for part in parts for run in part.runs), notes=tuple(notes)
        )


def _clean(
    times: Floats,
    signals: Floats,
    probe: Probe,
    pump: PumpPulse | None,
    zero: float,
    window: tuple[float, ...] | None,
) -> tuple[Traces, list[Note]]:
    notes: list[Note] = []
    if signals.ndim == 1:
        signals = signals[:, None]
    if times.ndim != 1 or signals.shape != (len(times), len(probe)):
        raise InputError(
            "the traces do not fit the probe",
            why=f"the probe has the channels {', '.join(probe.channels)} and {times.shape} times "
            f"were given, the signals have the shape {signals.shape}",
            fix="give one column per channel and one row per time",
        )
    given = len(times)
    good = np.isfinite(times) & np.isfinite(signals).all(axis=1)
    if not good.all():
        notes.append(Note("gaps", count=int((~good).sum()), total=given))
    times, signals = times[good] - zero, signals[good]
    _not_swapped(times, signals, probe)
    early = times < 0
    if early.any():
        notes.append(Note("before-zero", count=int(early.sum())))
    keep = ~early
    if window is not None:
        first, last = window
        if not last > first:
            raise InputError(
                "the pump window is empty",
                why=f"it ends at {last:.6g} ps and begins at {first:.6g} ps",
                fix="give its begin and its end",
            )
        if not ((times >= max(first, 0.0)) & (times <= last)).any():
            notes.append(Note("empty-window"))
        keep &= (times < first) | (times > last)
        if (times[keep] < first).any():
            keep &= times > last
            notes.append(Note("before-window"))
    excluded = None if keep.all() else Traces(times[~keep], signals[~keep])
    times, signals = times[keep], signals[keep]
    if (np.diff(times) < 0).any():
        notes.append(Note("sorted"))
        order = np.argsort(times, kind="stable")
        times, signals = times[order], signals[order]
    distinct = len(np.unique(times))
    if distinct < FEWEST_ROWS:
        raise InputError(
            "the trace is too short to be fitted",
            why=f"{distinct} different times are left of {given} rows, {FEWEST_ROWS} are needed",
            fix="check time zero, the pump window and the gaps, or measure longer",
        )
    steps = np.diff(times)
    step = float(np.median(steps[steps > 0]))
    if np.ptp(times) > max(LARGEST_SPAN, 4 * len(times)) * step:
        raise InputError(
            "the delays are of very different sizes",
            why=f"they span {np.ptp(times):.3g} ps, and the step between them is {step:.3g} ps",
            fix="correct the delay that is far from all others",
        )
    if distinct < len(times):
        notes.append(Note("repeated-times", count=len(times) - distinct))
    if good.sum() < (1 - LONGEST_GAP) * given:
        notes.append(Note("much-missing"))
    _living(signals, probe, notes)
    return Traces(times, signals, pump, excluded), notes


def _from_onset(run: Traces, notes: list[Note]) -> Traces:
    """The run from the end of the onset of its motion, as far as the traces show one.

    Until its force has ended a motion grows, and as a sum of oscillations it has lines of its own.
    """
    away = np.abs(run.signals - np.median(run.signals, axis=0))
    # One bad row or two do not say how large the motion is.
    size = (away / np.maximum(np.sort(away, axis=0)[-3], TINY)).max(axis=1)
    first = int(np.argmax(size >= QUIET))
    within = run.times[first:] <= run.times[first] + UNKNOWN
    top = first + int(np.argmax(size[first:][within]))
    if first < FEWEST_QUIET or len(run.times) - top < FEWEST_ROWS:
        if run.times[0] < UNKNOWN / 2:
            notes.append(Note("inside-pump"))
        return run
    notes.append(Note("onset", count=top, start=float(run.times[top])))
    left = run.excluded
    before = [] if left is None else [left]
    times = np.concatenate([*(x.times for x in before), run.times[:top]])
    signals = np.concatenate([*(x.signals for x in before), run.signals[:top]])
    return Traces(run.times[top:], run.signals[top:], run.pump, Traces(times, signals))


def _not_swapped(times: Floats, signals: Floats, probe: Probe) -> None:
    """A column of times that swings, beside a signal that only grows, is no column of times."""
    if len(times) < FEWEST_ROWS:
        return
    back = float((np.diff(times) < 0).mean())
    for name, column in zip(probe.channels, signals.T, strict=True):
        steps = np.diff(column)
        if 0.1 < back < 0.9 and ((steps > 0).all() or (steps < 0).all()):
            raise InputError(
                f"the column {name!r} looks like the time",
                why="it grows from row to row while the time goes back and forth",
                fix="check which column is which",
            )


def _living(signals: Floats, probe: Probe, notes: list[Note]) -> None:
    for name, column in zip(probe.channels, signals.T, strict=True):
        if np.ptp(column) == 0:
            raise InputError(
                f"the channel {name!r} is constant",
                why="a trace that never changes holds no oscillation",
                fix="check which column is which",
            )
        edges: tuple[tuple[float, Literal["highest", "lowest"]], ...]
        edges = ((column.max(), "highest"), (column.min(), "lowest"))
        for edge, word in edges:
            flat = column == edge
            clipped = int(flat.sum())
            if (flat[2:] & flat[1:-1] & flat[:-2]).any():
                notes.append(Note("saturated", count=clipped, channel=name, edge=word))
