"""From a crystal and a measurement to the judgement: reading, candidates, verdicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.defaults import SIGMA
from symchiral.errors import InputError, LimitError
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.traces.assignment import evidence
from symchiral.traces.energy import Force, share
from symchiral.traces.expected import Expected, Place, expect
from symchiral.traces.fit import fit
from symchiral.traces.gain import Coefficients
from symchiral.traces.line import IMPERFECTION, Imperfection, Line, read_observed
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.note import Note
from symchiral.traces.one_channel import left_open
from symchiral.traces.oscillation import Fit
from symchiral.traces.parameters import Stated
from symchiral.traces.probe import Probe, Sees
from symchiral.traces.pulse import REACHED
from symchiral.traces.reading import read_measurement
from symchiral.traces.verdict import (
    ChannelVerdict,
    Judgement,
    LineVerdict,
    Why,
    in_reach,
    validate_measurement,
)
from symchiral.units import counted

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
        Tables of traces, which are taken together, or one YAML or JSON file of fitted rows.
    fold : int, optional
        Order of the axis, for a balanced probe that does not say it.
    options
        Those of :func:`~symchiral.traces.reading.read_measurement`; ``pump`` may be a sequence, one
        for every file.

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
    rows = [x for x in items if Path(x).suffix.lower() in (".yaml", ".yml", ".json")]  # type: ignore[arg-type]
    if not rows:
        pumps = options.pop("pump", None)
        if not isinstance(pumps, list | tuple):
            pumps = [pumps] * len(items)
        if len(pumps) != len(items):
            raise InputError(
                f"{counted(len(pumps), 'pump')} for {counted(len(items), 'file')}",
                why="a pump is that of all files, or there is one for each",
                fix="state one, or as many as there are files, in their order",
            )
        return Measurement.together(
            [
                read_measurement(x, fold=fold, pump=pump, **options)  # type: ignore[arg-type]
                for x, pump in zip(items, pumps, strict=True)
            ]
        )
    if len(items) > 1:
        raise InputError(
            f"{counted(len(items), 'file')} with {Path(rows[0]).name} among them",  # type: ignore[arg-type]
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
    imperfection: Imperfection = IMPERFECTION,
    coefficients: Coefficients | None = None,
    parameters: Stated | None = None,
) -> Judgement:
    """Judge a measurement by what the rules expect of light along the axis.

    Parameters
    ----------
    crystal, axis, species, places
        As for :func:`~symchiral.traces.expected.expect`.
    data : Measurement, Fit, or sequence of Line
        What was measured.
    order : int
        Quanta in and out together, 3 or 4.
    sees, sigma, imperfection
        As for :func:`~symchiral.traces.verdict.validate_measurement`.
    coefficients : Coefficients, optional
        Sizes of couplings, by which channels that explain a line are ranked.
    parameters : Parameters, mapping or path, optional
        Lines of the traces of which something is known, as for :func:`~symchiral.traces.fit.fit`.
    """
    if parameters is not None and not isinstance(data, Measurement):
        raise InputError(
            "parameters are given, and the lines are fitted already",
            why="they say where a fit of traces starts, what is fixed and what is tied",
            fix="leave them out, or give traces",
        )
    if isinstance(data, Measurement | Fit):
        _fits(axis, (data.measurement if isinstance(data, Fit) else data).probe)
    found = (
        fit(data, background="auto", parameters=parameters)
        if isinstance(data, Measurement)
        else data
    )
    if isinstance(found, Fit):
        every = [run.pump for run in found.measurement.runs]
    else:
        every = [t.pump for line in found for t in line.turnings]
    pumps = {pump for pump in every if pump is not None}
    band, photon = _band(pumps)
    linear = any(not pump.sense for pump in pumps)
    if order not in (3, 4):
        raise LimitError(
            f"order {order} is not enumerated",
            why="light enters two or three times",
            fix="ask for order 3 or 4",
        )
    if sees not in (None, *get_args(Sees)):
        raise InputError(
            f"the probe sees {sees!r}",
            why="that is not an activity",
            fix=f"write one of {', '.join(get_args(Sees))}",
        )
    # Higher orders add to the third.
    lists = [
        expect(
            crystal,
            axis,
            species,
            places,
            order=each,
            pump=band,
            photon=photon,
            linear=linear,
            beyond=True,
            coefficients=coefficients,
        )
        for each in range(3, order + 1)
    ]
    channels = {e.id: e.channel() for each in lists for e in each.channels}
    judged = validate_measurement(
        found,
        lists[0].modes,
        tuple(channels.values()),
        sees=sees,
        sigma=sigma,
        imperfection=imperfection,
    )
    notes = [*judged.notes, *(note for each in lists for note in each.notes)]
    if isinstance(found, Fit) and found.measurement.probe.alone:
        judged = left_open(judged, found, imperfection)
        notes.append(Note("one-channel"))
    modes = {mode.name: mode for mode in lists[0].modes}

    @cache
    def higher(name: str, line: Line) -> tuple[Expected, ...]:
        """What three quanta do to a mode, as far as it reaches a line."""
        more = expect(crystal, axis, species, places, order=4, pump=band, photon=photon, only=name)
        return tuple(
            e
            for e in more.channels
            if e.rule.allowed
            and len(e.coupling.incoming) == 3
            and (force := Force.of(e.channel(), modes)) is not None
            and share(force, line) >= REACHED
        )

    if order == 3:
        judged = replace(
            judged,
            lines=tuple(_beyond(v, higher, notes) for v in judged.lines),
            channels=_noted(judged, higher),
        )
    unknown = tuple(place.mode.name for place in places if place.mode.frequency is None)
    if unknown:
        notes.append(Note("frequencies-unknown", modes=unknown))
    reach = [v.channel for v in judged.channels if in_reach(v)]
    law = any(c.turn for c in reach)
    if not any(pump.sense for pump in pumps):
        notes.append(Note("linear-pumps-only" if law else "no-circular-pump"))
    if linear and channels and not any(c.turn for c in channels.values()):
        notes.append(Note("no-law-of-the-angle"))
    elif linear and not law and any(c.sense and not c.linear for c in reach):
        notes.append(Note("no-law-of-three"))
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


Higher = Callable[[str, Line], tuple[Expected, ...]]
"""Channels of fourth order that end at a mode and reach a line."""


def _beyond(judged: LineVerdict, higher: Higher, notes: list[Note]) -> LineVerdict:
    """The verdict on a line; open if three quanta could make what two cannot."""
    line, mode = judged.assignment.line, judged.assignment.mode
    if judged.verdict not in ("inconsistent", "not-reached") or mode is None:
        return judged
    sense = int(np.sign(evidence(line, 1).combined))
    far = judged.verdict == "not-reached"  # then three quanta come first, whatever its sense
    try:
        found = next((e for e in higher(mode.name, line) if far or e.sense == sense), None)
    except LimitError:
        notes.append(Note("fourth-order-not-listed", modes=(mode.name,)))
        return judged
    if found is None:
        return judged
    return replace(
        judged,
        verdict="undecided",
        reason=Why("fourth-order", mode.name, channel=found.id),
    )


def _noted(judged: Judgement, higher: Higher) -> tuple[ChannelVerdict, ...]:
    """The verdicts on channels; what third order forbids a mode that was seen, fourth may give."""
    lines = {v.assignment.mode.name: v for v in judged.lines if v.assignment.mode is not None}
    found = []
    for v in judged.channels:
        seen = lines.get(v.channel.outgoing)
        if v.channel.verdict == "forbidden" and seen is not None and v.channel.sense:
            try:
                more = higher(v.channel.outgoing, seen.assignment.line)
            except LimitError:
                more = ()
            for e in more:
                if e.sense == v.channel.sense:
                    v = replace(v, reason=replace(v.reason, channel=e.id))
                    break
        found.append(v)
    return tuple(found)


def _band(pumps: set[PumpPulse]) -> tuple[tuple[float, float] | None, float | None]:
    """The band that the fields of all pumps reach and the frequency of a photon, where known."""
    frequencies = {pump.frequency for pump in pumps if pump.frequency is not None}
    photon = frequencies.pop() if len(frequencies) == 1 else None
    reach = [pump.spectrum.reach for pump in pumps if pump.spectrum is not None]
    if not pumps or len(reach) < len(pumps):
        return None, photon
    return (min(low for low, _ in reach), max(high for _, high in reach)), photon
