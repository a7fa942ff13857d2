"""What was observed, in the form the judgement takes: lines with a helicity per pump."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from symchiral.disk import user_path
from symchiral.errors import InputError, nearest
from symchiral.plain import number, parse_yaml
from symchiral.reading.files import decode
from symchiral.reading.tables import read_bytes
from symchiral.traces.direction import Direction
from symchiral.traces.helicity import Helicity, less_sure, quantile
from symchiral.traces.measurement import PumpPulse
from symchiral.traces.multiplet import FittedMultiplet, multiplets
from symchiral.traces.oscillation import FALSE_ALARM, Fit, Oscillation
from symchiral.traces.probe import Sees
from symchiral.traces.pulse import GAUSSIAN
from symchiral.units import FASTEST, SLOWEST, in_ps, in_thz

PROBES: dict[str, Sees | None] = {"coordinates": None, "balanced": "raman", "analyser": "infrared"}
"""The activity that every kind of probe sees, as far as it is fixed."""

Imperfection = tuple[float, float]
"""Helicity, and direction in degrees, by which an apparatus may be off."""

IMPERFECTION: Imperfection = (0.1, 5.0)
"""What is taken unless stated: of wave plates, their angles, and unequal channels."""


@dataclass(frozen=True)
class Turning:
    """The helicity of a line in one run.

    Attributes
    ----------
    pump : PumpPulse or None
        The pump of the run, if known.
    helicity : Helicity
        How the line turned.
    direction : Direction or None
        Its long axis, if known.
    seen : bool
        Whether the line is more than noise in this run alone.
    poles : float or None
        Standard deviations of its sense without a model of the force, where one was asked.
    common : float
        Which part of the error of its helicity is that of the apparatus, which all runs share.
    told : bool
        Whether a sense, or that it has none, may be read from its helicity; else it is open.
    """

    pump: PumpPulse | None
    helicity: Helicity
    direction: Direction | None = None
    seen: bool = True
    poles: float | None = None
    common: float = 0.0
    told: bool = True


@dataclass(frozen=True)
class Line:
    """One observed line.

    Attributes
    ----------
    frequency, frequency_error : float
        In THz.
    turnings : tuple of Turning
        Its helicity in each run.
    significant : bool
        Whether it is more than noise.
    amplitude : float or None
        Its largest amplitude of all runs, if known.
    half_width : float
        Its half width at half maximum in THz; 0 if not known.
    sees : str or None
        The activity that its probe shows, ``raman``, ``infrared`` or ``any``, if that is stated.
    along_axis : bool
        Whether its probe travels along the axis and shows only what turns about it.
    lasting : bool
        Whether it is more than what the pump itself may show.
    splitting, splitting_error : float or None
        Of a multiplet that is split, THz.
    split_axis : float or None
        Direction of the upper of its normal modes in degrees from Qx, modulo 180°.
    force : float or None
        Standard deviations, by a model of its force, in favour of a line that rotates with the
        light; None where none was asked.
    oscillation : int or None
        Which oscillation of the fit it is, if more was stated of that than where to start.
    damping, damping_error : float or None
        Decay rate of the amplitude and its standard deviation, 1/ps, of traces.
    """

    frequency: float
    frequency_error: float
    turnings: tuple[Turning, ...]
    significant: bool = True
    amplitude: float | None = None
    half_width: float = 0.0
    sees: Sees | None = None
    along_axis: bool = False
    lasting: bool = True
    splitting: float | None = None
    splitting_error: float | None = None
    split_axis: float | None = None
    force: float | None = None
    oscillation: int | None = None
    damping: float | None = None
    damping_error: float | None = None


def observed(fit: Fit, *, imperfection: Imperfection = IMPERFECTION) -> tuple[Line, ...]:
    """Return the lines of a fit: its multiplets, with what the apparatus may do wrong.

    Parameters
    ----------
    fit : Fit
        The fit.
    imperfection : (float, float)
        Helicity, and direction in degrees, that are not known better however small the noise is.
    """
    runs, probe = fit.measurement.runs, fit.measurement.probe
    if probe.alone:
        return tuple(_projected(fit, o) for o in fit.oscillations)
    return tuple(
        Line(
            m.frequency,
            m.frequency_error,
            tuple(_turned(m, r, run.pump, imperfection) for r, run in enumerate(runs)),
            m.significant,
            m.amplitude,
            max(m.damping, 0.0) / (2 * np.pi),
            None if probe.sees == "any" else probe.sees,
            probe.turning,
            m.lasting,
            m.splitting,
            m.splitting_error,
            m.axis,
            m.force,
            m.oscillation,
            m.damping,
            m.damping_error,
        )
        for m in multiplets(fit)
    )


def _turned(
    m: FittedMultiplet, run: int, pump: PumpPulse | None, imperfection: Imperfection
) -> Turning:
    """How a multiplet turns in a run, with what the apparatus may do wrong."""
    s, (floor, angle) = m.senses[run], imperfection
    felt = imperfect(s.helicity, floor)
    own = felt.sigmas / s.helicity.sigmas if s.helicity.sigmas else 1.0
    poles = replace(s.helicity, sigmas=m.poles[run]) if m.poles else None
    return Turning(
        pump,
        felt,
        None
        if s.direction is None
        else Direction(s.direction.angle, float(np.hypot(s.direction.error, angle))),
        s.seen,
        None if poles is None else imperfect(poles, floor).sigmas,
        float(np.sqrt(max(1 - own**2, 0.0))),
        s.told,
    )


def _projected(fit: Fit, oscillation: Oscillation) -> Line:
    """The line of one channel: which way it rotates is not seen."""
    from scipy.stats import chi2

    runs, probe = fit.measurement.runs, fit.measurement.probe
    open_ = Helicity(0.0, -1.0, 1.0, 0.0, oscillation.level)
    project = np.kron(probe.matrix[0], np.eye(2))
    turnings, sizes = [], []
    for run, amplitude, covariance in zip(
        runs, oscillation.amplitudes, oscillation.amplitude_covariances, strict=True
    ):
        a = complex(amplitude @ probe.matrix[0])
        parts = np.array([a.real, a.imag])
        inverse = np.linalg.pinv(project @ covariance @ project.T, hermitian=True)
        seen = float(chi2.sf(float(parts @ inverse @ parts), 2)) < FALSE_ALARM
        turnings.append(Turning(run.pump, open_, seen=seen))
        sizes.append(abs(a))
    pulses = [run.pump.spectrum for run in runs if run.pump is not None]
    lengths = [GAUSSIAN / s.width for s in pulses if s is not None and s.source != "assumed"]
    return Line(
        oscillation.frequency,
        oscillation.frequency_error,
        tuple(turnings),
        oscillation.significant,
        max(sizes),
        max(oscillation.damping, 0.0) / (2 * np.pi),
        None if probe.sees == "any" else probe.sees,
        probe.turning,
        oscillation.damping * max(lengths, default=0.0) < 1,
        damping=oscillation.damping,
        damping_error=oscillation.damping_error,
    )


def imperfect(h: Helicity, floor: float) -> Helicity:
    r"""Return a helicity whose sense is known no better than up to a floor.

    With :math:`h = \sin2\theta` the distance from a motion along a line is
    :math:`\sin\theta/\sigma_\theta` standard deviations; the floor of h is twice that of θ.
    """
    return less_sure(h, floor / 2)


def read_observed(path: str | os.PathLike[str], *, level: float = 0.95) -> tuple[Line, ...]:
    """Read rows that were fitted elsewhere, from YAML or JSON.

    ::

        pump: {frequency: 2.0, frequency_unit: THz, polarization: σ+}
        components:
          - {frequency: 4.05, frequency_unit: THz, helicity: -0.8, error: 0.1}
          - frequency: 1.15
            frequency_unit: THz
            runs:
              - {pump: σ+, helicity: -0.7, error: 0.1}
              - {pump: σ-, helicity: 0.8, error: 0.1}
              - {pump: 30 deg, helicity: 0.0, error: 0.1, direction: 119, direction_error: 6}

    ``error`` is the standard deviation of the helicity; ``frequency_error``, in the same unit as
    the frequency, may be added, and ``direction``, that of the long axis in degrees from the first
    coordinate, with its ``direction_error``. The pump may have a ``bandwidth``, in the unit of its
    frequency, or a ``duration`` with its ``duration_unit``, both full widths at half maximum of
    intensity. A row has its own ``pump``, or ``runs`` with several, where it is not that of the
    document: a polarisation alone changes that, one with a frequency stands for itself. The
    document, or a row, may say what the probe ``sees``, ``raman``, ``infrared`` or ``any``, or
    which ``probe`` it is: ``balanced`` for the polarisation of light along the axis, ``analyser``
    for the field that is emitted along it, or ``coordinates``.

    Raises
    ------
    InputError
        If keys are missing, unknown or of the wrong kind, or a helicity lies outside [−1, 1].
    """
    source = user_path(path)
    text = decode(read_bytes(source), name=source.name).text
    return lines_of(parse_yaml(text, name=source.name), name=source.name, level=level)


def lines_of(document: Any, *, name: str = "the rows", level: float = 0.95) -> tuple[Line, ...]:
    """Return the lines of a document with ``pump`` and ``components``.

    Examples
    --------
    >>> row = {"frequency": 135.1, "frequency_unit": "cm-1", "helicity": -0.8, "error": 0.2}
    >>> (line,) = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
    >>> print(round(line.frequency, 3), line.turnings[0].pump, line.turnings[0].helicity)
    4.05 σ+ -0.80 [-1.00, -0.41]
    """
    top = mapping(document, name, {"pump", "components", "sees", "probe"})
    rows = top.get("components")
    if not isinstance(rows, list) or not rows:
        raise InputError(
            f"{name} has no components",
            why="a list of fitted rows is expected there",
            fix="write components: [{frequency, frequency_unit, helicity, error}]",
        )
    pump = None if top.get("pump") is None else _stated_pump(top["pump"], f"the pump of {name}")
    common = _seen(top, name)
    found = []
    for place, entry in enumerate(rows, 1):
        where = f"component {place} of {name}"
        row = mapping(entry, where, _OF_A_LINE | _OF_A_RUN)
        sees, along = _seen(row, where)
        if "sees" not in row and "probe" not in row:
            sees, along = common
        unit = in_thz(required(row, "frequency_unit", where))
        frequency = quantity(required(row, "frequency", where), f"frequency of {where}") * unit
        spread = quantity(row.get("frequency_error", 0.0), f"frequency_error of {where}") * unit
        if not SLOWEST <= frequency <= FASTEST or spread < 0:
            raise InputError(
                f"{where} is not possible",
                why=f"its frequency is {frequency:g} THz, with the error {spread:g} THz",
                fix="frequencies are positive, and errors are not negative",
            )
        turnings = tuple(_turning(run, at, pump, level) for run, at in _runs(row, where))
        found.append(Line(frequency, spread, turnings, sees=sees, along_axis=along))
    return tuple(found)


_OF_A_RUN = {"pump", "helicity", "error", "direction", "direction_error"}
_OF_A_LINE = {"frequency", "frequency_unit", "frequency_error", "runs", "sees", "probe"}


def _runs(row: Mapping[str, Any], where: str) -> list[tuple[Mapping[str, Any], str]]:
    """The runs of a row: those it lists, or itself."""
    if row.get("runs") is None:
        return [(row, where)]
    if double := sorted(_OF_A_RUN & row.keys()):
        raise InputError(
            f"{where} has runs and also {', '.join(double)}",
            why="it is not clear to which run that belongs",
            fix="write it in each of the runs",
        )
    runs = row["runs"]
    if not isinstance(runs, list) or not runs:
        raise InputError(
            f"{where} has no runs",
            why="a list with the helicity for each pump is expected there",
            fix="write runs: [{pump, helicity, error}, ...]",
        )
    places = [f"run {place} of {where}" for place in range(1, len(runs) + 1)]
    return [(mapping(x, at, _OF_A_RUN), at) for x, at in zip(runs, places, strict=True)]


def _turning(
    run: Mapping[str, Any], where: str, common: Mapping[str, Any] | None, level: float
) -> Turning:
    """The helicity and the direction of a line in one run."""
    h = quantity(required(run, "helicity", where), f"helicity of {where}")
    error = quantity(required(run, "error", where), f"error of {where}")
    if not -1 <= h <= 1 or error <= 0:
        raise InputError(
            f"{where} is not possible",
            why=f"its helicity is {h:g}, with the error {error:g}",
            fix="a helicity lies between -1 and 1, and its error is positive",
        )
    half = quantile(float("inf"), level) * error
    low, high = np.clip([h - half, h + half], -1.0, 1.0)
    pump = None
    if common is not None or run.get("pump") is not None:
        pump = _pump(run.get("pump"), common or {}, f"the pump of {where}")
    turned = Helicity(h, float(low), float(high), h / error, level)
    return Turning(pump, turned, _direction(run, where))


def _direction(run: Mapping[str, Any], where: str) -> Direction | None:
    if run.get("direction") is None and run.get("direction_error") is None:
        return None
    angle = quantity(required(run, "direction", where), f"direction of {where}")
    error = quantity(required(run, "direction_error", where), f"direction_error of {where}")
    if error <= 0:
        raise InputError(
            f"{where} is not possible",
            why=f"the error of its direction is {error:g}°",
            fix="give its standard deviation in degrees",
        )
    return Direction(angle % 180, error)


def _seen(row: Mapping[str, Any], where: str) -> tuple[Sees | None, bool]:
    """The activity that a probe shows, and whether it travels along the axis."""
    sees, kind = row.get("sees"), row.get("probe")
    if sees not in (None, *get_args(Sees)):
        raise InputError(
            f"{where} has sees: {str(sees)[:40]}",
            why="that is not an activity",
            fix=f"write one of {', '.join(get_args(Sees))}",
        )
    if kind not in (None, *PROBES):
        raise InputError(
            f"{where} has probe: {str(kind)[:40]}",
            why="that is not a kind of probe",
            fix=f"write one of {', '.join(PROBES)}",
        )
    own: Sees | None = None if kind is None else PROBES[kind]
    if sees is not None and own is not None and sees != own:
        raise InputError(
            f"{where} contradicts itself",
            why=f"a probe of the kind {kind} sees {own} activity, not {sees}",
            fix="leave out what is wrong",
        )
    return sees or own, own is not None


def _stated_pump(entry: Any, where: str) -> Mapping[str, Any]:
    """The keys of a pump; a word is its polarisation."""
    if isinstance(entry, str):
        return {"polarization": entry}
    keys = {"frequency", "frequency_unit", "polarization", "bandwidth", "duration", "duration_unit"}
    return mapping(entry, where, keys)


def _pump(entry: Any, common: Mapping[str, Any], where: str) -> PumpPulse:
    """The pump of a run: its own, and what it leaves out that of the document."""
    own = {} if entry is None else _stated_pump(entry, where)
    row = own if own.get("frequency") is not None else {**common, **own}
    if own.get("duration") is not None and own.get("bandwidth") is None:
        row = {**row, "bandwidth": None}
    pump = PumpPulse.parse(str(required(row, "polarization", where)))
    if row.get("duration") is not None:
        scale = in_ps(required(row, "duration_unit", where))
        pump = replace(pump, duration=quantity(row["duration"], f"duration of {where}") * scale)
    if "frequency" not in row:
        return pump
    unit = in_thz(required(row, "frequency_unit", where))
    width = row.get("bandwidth")
    return replace(
        pump,
        frequency=quantity(row["frequency"], f"frequency of {where}") * unit,
        bandwidth=None if width is None else quantity(width, f"bandwidth of {where}") * unit,
    )


def mapping(value: Any, where: str, known: set[str]) -> Mapping[str, Any]:
    """Return a mapping of known keys, or say what is wrong with it."""
    if not isinstance(value, dict):
        raise InputError(
            f"{where} is not a mapping",
            why=f"keys with values are expected, found {str(value)[:40]!r}",
            fix=f"write its keys: {', '.join(sorted(known))}",
        )
    for key in value:
        if key not in known:
            raise InputError(
                f"{where} has the key {str(key)[:40]!r}",
                why="that key is not known",
                fix=nearest(str(key)[:40], sorted(known)),
            )
    return value


def required(row: Mapping[str, Any], key: str, where: str) -> Any:
    """Return what a key says, or say that it is missing."""
    if row.get(key) is None:
        raise InputError(f"{where} has no {key}", why="it is needed", fix=f"add {key}")
    return row[key]


def quantity(value: Any, where: str) -> float:
    """Return a finite number, or say what is none."""
    try:
        return number(value, where)
    except ValueError as error:
        raise InputError(
            f"cannot use the {where}", why=str(error), fix="write a plain number"
        ) from error
