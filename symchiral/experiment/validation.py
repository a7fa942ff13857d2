"""From a crystal and a measurement to the judgement: reading, candidates, verdicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.defaults import SIGMA
from symchiral.errors import InputError, LimitError
from symchiral.experiment.assignment import LARGEST_DEVIATION, evidence
from symchiral.experiment.expectation import Expected, expect
from symchiral.experiment.fit import fit
from symchiral.experiment.gain import Coefficients
from symchiral.experiment.judgement import validate_measurement
from symchiral.experiment.measurement import Measurement, PumpPulse
from symchiral.experiment.note import Note
from symchiral.experiment.observed import Line, observed, read_observed
from symchiral.experiment.oscillation import Fit
from symchiral.experiment.places import Place
from symchiral.experiment.probe import Probe, Sees
from symchiral.experiment.reading import read_measurement
from symchiral.experiment.verdict import ChannelVerdict, Judgement, LineVerdict, Why
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species

Path_ = str | os.PathLike[str]
Data = Path_ | Sequence[Path_] | Measurement | Fit | Sequence[Line]
"""What can be validated: files, traces in memory, a fit, or lines fitted elsewhere."""


def read_data(
    data: Data, *, fold: int | None = None, **options: Any
) -> Measurement | Fit | tuple[Line, ...]:
    """Return what the files hold; what is in memory already is handed back.

    Parameters
    ----------
    data : path, sequence of paths, Measurement, Fit, or sequence of Line
        Tables of traces, which are taken together, or one YAML file of fitted rows.
    fold : int, optional
        Order of the axis, for a balanced probe that does not say it.
    options
        Those of :func:`~symchiral.experiment.reading.read_measurement`.

    Raises
    ------
    InputError
        Rows and traces are mixed, or options are given for what has no use for them.
    """
    if isinstance(data, Measurement | Fit):
        return data
    items = [data] if isinstance(data, str | os.PathLike) else list(data)
    if not items:
        raise InputError("there is no data", why="nothing was given", fix="name a file of traces")
    if isinstance(items[0], Line):
        return tuple(items)  # type: ignore[arg-type]
    rows = [x for x in items if Path(x).suffix.lower() in (".yaml", ".yml")]  # type: ignore[arg-type]
    if not rows:
        return Measurement.together([read_measurement(x, fold=fold, **options) for x in items])  # type: ignore[arg-type]
    if len(items) > 1:
        raise InputError(
            f"{len(items)} files with {Path(rows[0]).name} among them",  # type: ignore[arg-type]
            why="fitted rows cannot be joined with other files: whether two lines are one was "
            "decided where they were fitted",
            fix="give one file of rows, or the traces of all runs",
        )
    if any(value is not None for value in options.values()):
        raise InputError(
            f"{Path(rows[0]).name} holds fitted rows",  # type: ignore[arg-type]
            why="times, pump window and probe channels concern traces",
            fix="leave those options out",
        )
    return read_observed(rows[0])  # type: ignore[arg-type]


def validate_crystal(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: tuple[Species, ...],
    places: tuple[Place, ...],
    data: Measurement | Fit | Sequence[Line],
    *,
    order: int = 3,
    sees: Sees | None = None,
    sigma: float = SIGMA,
    coefficients: Coefficients | None = None,
) -> Judgement:
    """Judge a measurement by what the rules expect of light along the axis.

    Parameters
    ----------
    crystal, axis, species, places
        As for :func:`~symchiral.experiment.expectation.expect`.
    data : Measurement, Fit, or sequence of Line
        What was measured.
    order : int
        Quanta in and out together, 3 or 4.
    sees, sigma
        As for :func:`~symchiral.experiment.judgement.validate_measurement`.
    coefficients : Coefficients, optional
        Sizes of couplings, by which channels that explain a line are ranked.
    """
    if isinstance(data, Measurement | Fit):
        _fits(axis, (data.measurement if isinstance(data, Fit) else data).probe)
    found = fit(data, background="auto") if isinstance(data, Measurement) else data
    lines = observed(found) if isinstance(found, Fit) else tuple(found)
    pumps = {t.pump for line in lines for t in line.turnings if t.pump is not None}
    band, photon = _band(pumps)
    linear = any(not pump.sense for pump in pumps)
    expectation = expect(
        crystal,
        axis,
        species,
        places,
        order=order,
        pump=band,
        photon=photon,
        linear=linear,
        coefficients=coefficients,
    )
    judged = validate_measurement(
        found,
        expectation.modes,
        [e.channel() for e in expectation.channels],
        sees=sees,
        sigma=sigma,
    )
    notes = [*judged.notes, *expectation.notes]

    @cache
    def higher(name: str) -> tuple[Expected, ...]:
        more = expect(crystal, axis, species, places, order=4, pump=band, photon=photon, only=name)
        return more.channels

    if order == 3:
        judged = replace(
            judged,
            lines=tuple(_beyond(v, higher, notes) for v in judged.lines),
            channels=_noted(judged, higher),
        )
    unknown = tuple(place.mode.name for place in places if place.mode.frequency is None)
    if unknown:
        notes.append(Note("frequencies-unknown", modes=unknown))
    if not any(pump.sense for pump in pumps):
        notes.append(Note("linear-pumps-only" if linear else "no-circular-pump"))
    if linear and expectation.channels and not any(e.turn for e in expectation.channels):
        notes.append(Note("no-law-of-the-angle"))
    return replace(judged, notes=tuple(dict.fromkeys(notes)))


def _fits(axis: Axis | None, probe: Probe) -> None:
    """Raise unless the geometry of the probe is for this axis."""
    if axis is None or probe.fold is None or min(probe.fold, 5) == min(axis.order, 5):
        return
    raise InputError(
        f"the probe is for a {probe.fold}-fold axis and the axis of the crystal is "
        f"{axis.order}-fold",
        why="the sense in which a balanced signal rotates depends on the order of the axis",
        fix="correct the probe, choose the axis, or check that the data belong to this crystal",
    )


def _beyond(
    judged: LineVerdict, higher: Callable[[str], tuple[Expected, ...]], notes: list[Note]
) -> LineVerdict:
    """The verdict on a line; open if three quanta could make what two cannot.

    A force that is known to be off resonance by more than its uncertainty does not count.
    """
    line, mode = judged.assignment.line, judged.assignment.mode
    turned = evidence(line, 1).combined
    if judged.verdict != "inconsistent" or mode is None:
        return judged
    try:
        channels = higher(mode.name)
    except LimitError:
        notes.append(Note("fourth-order-not-listed", modes=(mode.name,)))
        return judged
    found = _fourth(channels, int(np.sign(turned)), judged)
    if found is None:
        return judged
    return replace(
        judged,
        verdict="undecided",
        reason=Why("fourth-order", mode.name, channel=found.id),
    )


def _fourth(channels: Sequence[Expected], sense: int, judged: LineVerdict) -> Expected | None:
    """A channel of three quanta that gives a line this sense, near enough to resonance."""
    line, mode = judged.assignment.line, judged.assignment.mode
    for e in channels:
        if not e.rule.allowed or e.sense != sense or len(e.coupling.incoming) != 3:
            continue
        spread = [p.mode.tolerance for p in e.incoming] + [mode.tolerance if mode else 0.0]
        reach = LARGEST_DEVIATION * sum(x * x for x in spread) ** 0.5
        if e.drive is None or abs(e.drive - line.frequency) <= reach:
            return e
    return None


def _noted(
    judged: Judgement, higher: Callable[[str], tuple[Expected, ...]]
) -> tuple[ChannelVerdict, ...]:
    """The verdicts on channels; what third order forbids a mode that was seen, fourth may give."""
    lines = {v.assignment.mode.name: v for v in judged.lines if v.assignment.mode is not None}
    found = []
    for v in judged.channels:
        line = lines.get(v.channel.outgoing)
        if v.channel.verdict == "forbidden" and line is not None and v.channel.sense:
            try:
                more = _fourth(higher(v.channel.outgoing), v.channel.sense, line)
            except LimitError:
                more = None
            if more is not None:
                v = replace(v, reason=replace(v.reason, channel=more.id))
        found.append(v)
    return tuple(found)


def _band(pumps: set[PumpPulse]) -> tuple[tuple[float, float] | None, float | None]:
    """The band that all pumps cover together and the frequency of a photon, as far as known."""
    frequencies = {pump.frequency for pump in pumps if pump.frequency is not None}
    photon = frequencies.pop() if len(frequencies) == 1 else None
    edges = [pump.band for pump in pumps if pump.band is not None]
    if not pumps or len(edges) < len(pumps):
        return None, photon
    return (max(min(e[0] for e in edges), 0.0), max(e[1] for e in edges)), photon
