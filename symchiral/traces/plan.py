"""Planning an experiment: what to pump, what to probe, what to expect, and what would refute it.

The channels are those of :mod:`symchiral.traces.expected`, what a source leaves of them is
of :mod:`symchiral.traces.signal`, the probes and the controls are those of
:mod:`symchiral.traces.controls`; how long a record must be, and how finely it is sampled, is
worked out here. :func:`make_plan` is where to start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import pi
from typing import Literal

from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Shown, Worded
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.surface import FaceOptics, face_optics
from symchiral.errors import InputError, LimitError
from symchiral.fields.pump import Pump
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.light import Light
from symchiral.traces.controls import Control, Geometry, controls, find_passage, probes
from symchiral.traces.expected import CandidateMode, Expectation, Expected, Place, expect
from symchiral.traces.gain import Coefficients
from symchiral.traces.note import Note
from symchiral.traces.signal import LightSource, Signal, Signals, standard_source
from symchiral.traces.verdict import Ranking, ranking_of
from symchiral.value import Value

SAMPLES = 4
"""Times in a period: two are the least there is, and a probe pulse of one step still shows four
fifths of the amplitude."""


@dataclass(frozen=True)
class Recording:
    """What shows the line of one mode.

    Attributes
    ----------
    mode : str
        The mode.
    frequency : float
        Its frequency, THz.
    step : float
        Longest step of the delay, and longest pulse of the probe, ps: :math:`1/4f`.
    decay : float or None
        Time in which its amplitude falls to 1/e, ps: :math:`2/γ`; None where no linewidth is known.
    beside : float or None
        Frequency of what moves nearest to it and shows to the same probe, THz; None if nothing
        does.
    neighbour : str or None
        That mode; None where it is the force itself, at whose frequency the mode is made to move.
    resolve : float or None
        Length of a record that tells them apart, ps: one over their distance.
    """

    mode: str
    frequency: float
    step: float
    decay: float | None = None
    beside: float | None = None
    neighbour: str | None = None
    resolve: float | None = None


def recordings(
    channels: Iterable[Expected], moving: Iterable[CandidateMode], linewidths: Mapping[str, float]
) -> tuple[Recording, ...]:
    """Return what the records of the outgoing modes must be, as far as frequencies are known.

    Parameters
    ----------
    channels : iterable of Expected
        The channels whose modes are looked at, the most important first.
    moving : iterable of CandidateMode
        All modes that the pump moves.
    linewidths : mapping of str to float
        Linewidths γ/2π, THz, by mode.
    """
    first: dict[str, Expected] = {}
    for e in channels:
        first.setdefault(e.outgoing.mode.name, e)
    moving = tuple(moving)
    found = []
    for name, e in first.items():
        mode, f = e.outgoing.mode, e.outgoing.mode.frequency
        if f is None or f <= 0:
            continue
        near: list[tuple[float, str | None, float]] = [
            (abs(m.frequency - f), m.name, m.frequency)
            for m in moving
            if m.name != name
            and m.frequency is not None
            and set(m.shown_along) & set(mode.shown_along)
        ]
        if e.drive is not None:
            near.append((abs(e.drive - f), None, e.drive))
        near = [item for item in near if item[0] > 0]
        away, neighbour, beside = min(near, key=lambda item: item[0], default=(None, None, None))
        width = linewidths.get(name, 0.0)
        found.append(
            Recording(
                name,
                f,
                1 / (SAMPLES * f),
                1 / (pi * width) if width > 0 else None,
                beside,
                neighbour,
                None if away is None else 1 / away,
            )
        )
    return tuple(found)


NoFlipKind = Literal["no-axis", "nothing-driven", "not-flipped", "forbidden", "nothing-reached"]

PlanRanking = Ranking | Literal["signal", "response"]
"""What an order of channels rests on; ``signal``: what one source leaves of each; ``response``:
the same, were all coupling coefficients equal."""


@dataclass(frozen=True, eq=False, repr=False)
class NoFlip(Value, Worded):
    """Why third order flips nothing.

    Attributes
    ----------
    kind : str
        ``no-axis``: there is no axis of order three or more; ``nothing-driven``: circular light
        drives no infrared mode; ``not-flipped``: two quanta reach modes, but keep the sense or
        leave none; ``forbidden``: nothing that rotates is reached; ``nothing-reached``: no mode is.
    band : (float, float) or None
        Band of the pump in THz, where it drives nothing.
    channels : tuple of Expected
        The channels that do not flip; or the one that is forbidden.
    odd : bool
        Whether inversion forbids every product of three, light and modes being odd under it.
    """

    kind: NoFlipKind
    band: tuple[float, float] | None = None
    channels: tuple[Expected, ...] = ()
    odd: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Value, Shown):
    """A proposed experiment.

    Attributes
    ----------
    crystal, axis
        What it is about.
    order : int
        Quanta in and out of the channels, 3 or 4; without channels, as far as was looked.
    pumped : tuple of CandidateMode
        Modes that circular light along the axis drives directly.
    channels : tuple of Expected
        Reachable channels that flip the sense, or those that keep it where none up to fourth order
        flips it; strongest first as far as ``ranking`` says.
    others : tuple of Expected
        The other allowed channels that are reached.
    geometry : tuple of Geometry
        How to see the outgoing modes.
    controls : tuple of Control
        What would refute it.
    reason : NoFlip or None
        Why third order flips nothing, where it does not.
    notes : tuple of Note
        Limits.
    ranking : str
        What the order of the channels rests on: signal, response, coefficients, detuning or
        photons.
    light : Light or None
        Light along the axis, from whose x angles are counted.
    optics : mapping of str to FaceOptics
        What of light at the frequencies of ``pumped`` enters a thick crystal, by mode; empty where
        the permittivity is not known.
    source : LightSource or None
        The source that drives the modes; None where it is not known how light drives them.
    signals : mapping of str to Signal
        What it leaves of the outgoing mode, by the id of the channel, as far as it is known.
    driven : mapping of str to Signal
        What it leaves of the modes of ``pumped``, by mode.
    recordings : tuple of Recording
        What the records of the outgoing modes must be.
    """

    crystal: SymmetricCrystal
    axis: Axis | None
    order: Literal[3, 4]
    pumped: tuple[CandidateMode, ...]
    channels: tuple[Expected, ...]
    others: tuple[Expected, ...]
    geometry: tuple[Geometry, ...]
    controls: tuple[Control, ...]
    reason: NoFlip | None
    notes: tuple[Note, ...]
    ranking: PlanRanking
    light: Light | None = None
    optics: Mapping[str, FaceOptics] = field(default_factory=dict)
    source: LightSource | None = None
    signals: Mapping[str, Signal] = field(default_factory=dict)
    driven: Mapping[str, Signal] = field(default_factory=dict)
    recordings: tuple[Recording, ...] = ()


def make_plan(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: tuple[Species, ...],
    places: tuple[Place, ...],
    light: Light | None,
    *,
    pump: Pump | None = None,
    coefficients: Coefficients | None = None,
    model: NormalModeModel | None = None,
    source: LightSource | None = None,
    thickness: float | None = None,
) -> Plan:
    """Propose the experiment that shows a flipped sense of rotation, or where none is a kept one.

    Parameters
    ----------
    crystal, axis, species, places
        As for :func:`~symchiral.traces.expected.expect`.
    light : Light or None
        Light along the axis; None without one.
    pump : Pump, optional
        The band that the source reaches.
    coefficients : Coefficients, optional
        Sizes of couplings, by which the channels are ranked.
    model : NormalModeModel, optional
        The modes in light: what a source leaves of them, and how much of its light enters.
    source : LightSource, optional
        The source, by what it leaves channels are ranked; of one frequency, its spectrum is the
        band that it reaches where none is given. Default: that of
        :func:`~symchiral.traces.signal.standard_source`.
    thickness : float, optional
        Of the sample, µm: when reflections come back.

    Raises
    ------
    InputError
        The pump has a polarisation: that is part of the answer. The frequency of the source is
        outside its band. What enters of a source in vacuum is not known.
    """
    if pump is not None and pump.light is not None:
        raise InputError(
            "the pump of a plan has a polarisation",
            why="both helicities and linear light are part of what is proposed",
            fix='give the band only, as in "1-3THz"',
        )
    fixed = None if source is None or source.tuned else source.pulse.thz
    band = (pump.low, pump.high) if pump else source.band if source else None
    if pump is not None and fixed is not None and not pump.low <= fixed <= pump.high:
        raise InputError(
            f"the source cannot have {fixed:g} THz",
            why=f"it reaches {pump.low:g} to {pump.high:g} THz",
            fix="leave out the band, or the frequency of the pump",
        )

    def expected(order: int) -> Expectation:
        return expect(
            crystal,
            axis,
            species,
            places,
            order=order,
            pump=band,
            slack=1.0,
            linear=True,
            coefficients=coefficients,
        )

    found = expected(3)
    driven = _driven(found)
    third = _reached(found, band)
    fourth: tuple[Expected, ...] | None = None
    reason = None
    if axis is None or axis.order < 3:
        reason = NoFlip("no-axis")
    elif not any(e.rule.pam_sense == "flipped" for e in third):
        reason = _why_not(found, driven, third, band)
        try:
            fourth = _reached(expected(4), band)
        except LimitError:
            # Two quanta keep the sense about a six-fold axis alone, and three make 3 there, which
            # does not rotate: then there is nothing to miss.
            if not any(e.rule.pam_sense == "kept" for e in third):
                raise
            fourth = ()
    order, channels = _chosen(third, fourth)
    others = tuple({e.id: e for e in (*third, *(fourth or ())) if e not in channels}.values())
    signals: dict[str, Signal] = {}
    moved: dict[str, Signal] = {}
    if model is not None and model.charges.any():
        source = source or standard_source(model)
        laboratory = Signals(model, source, quanta=order - 1, coefficients=coefficients, band=band)
        known = {e.id: laboratory.of(e) for e in channels}
        signals = {name: signal for name, signal in known.items() if signal is not None}
        moved = {m.name: laboratory.driven(_plus(found, m)) for m in driven}
        channels = tuple(sorted(channels, key=lambda e: _rank(signals.get(e.id))))
    elif source is not None:
        raise _undriven(model)
    seen = tuple(dict.fromkeys(e.outgoing.species.label for e in channels))
    by_label = {s.label: s for s in species}
    geometry = tuple(
        g for label in seen if axis and light for g in probes(by_label[label], axis, light)
    )
    alone = tuple(e for e in found.channels if e.linear and e.rule.allowed and _in_force(e, band))
    optics = {}
    # Without a linewidth nothing enters at resonance.
    if model is not None and model.dielectric is not None and model.damping.min() > 0:
        optics = {m.name: face_optics(model, m.frequency) for m in driven if m.frequency}
    checks: tuple[Control, ...] = ()
    if axis and light and channels:
        first = channels[0]
        passage, enters = None, _entering(first, signals.get(first.id))
        if optics and model is not None and enters is not None:
            quanta = len(first.incoming) + first.photons
            passage = find_passage(model, enters, quanta, thickness)
        checks = controls(
            crystal, light, channels, geometry, alone, passage=passage, thickness=thickness
        )
    moving = {e.outgoing.mode.name: e.outgoing.mode for e in (*channels, *others, *alone)}
    moving |= {m.name: m for m in driven}
    widths = {} if model is None else model.linewidths
    ranking: PlanRanking = ranking_of([e.channel() for e in (*channels, *others)], found.modes)
    if signals:
        ranking = "response" if all(s.assumed for s in signals.values()) else "signal"
    return Plan(
        crystal,
        axis,
        order,
        driven,
        channels,
        others,
        geometry,
        checks,
        reason,
        found.notes,
        ranking,
        light,
        optics,
        source if moved else None,
        signals,
        moved,
        recordings(channels, moving.values(), widths),
    )


def _rank(signal: Signal | None) -> tuple[float, ...]:
    """Single sources first, by what they leave; what is not known last, in the order it had."""
    return (1, 0, 0) if signal is None else (0, signal.colours > 1, -signal.amplitude)


def _plus(found: Expectation, mode: CandidateMode) -> str:
    """Name of the component of a mode that σ+ drives."""
    return next(
        leg.label
        for e in found.channels
        if len(e.coupling.legs) == 2 and e.outgoing.mode.name == mode.name and e.rule.allowed
        for leg in e.coupling.outgoing
    )


def _entering(e: Expected, signal: Signal | None) -> float | None:
    """Frequency at which light enters a channel, THz."""
    if signal is not None:
        return signal.sources[0]
    if e.incoming:
        return e.incoming[0].mode.frequency
    own = e.outgoing.mode.frequency
    return None if own is None else own / e.photons


def _undriven(model: NormalModeModel | None) -> InputError:
    return InputError(
        "it is not known how a source drives the modes",
        why="the forces come without Born charges"
        if model is not None
        else "this needs forces with Born charges, and modes that are stable",
        fix="give the forces of a calculation with BORN beside them, or leave out the pump",
    )


def _driven(found: Expectation) -> tuple[CandidateMode, ...]:
    names = {
        e.outgoing.mode.name: e.outgoing.mode
        for e in found.channels
        if len(e.coupling.legs) == 2 and e.rule.allowed
    }
    return tuple(mode for mode in found.modes if mode.name in names)


def _reached(found: Expectation, band: tuple[float, float] | None) -> tuple[Expected, ...]:
    """Allowed channels that make one quantum of several."""
    return tuple(
        e
        for e in found.channels
        if e.rule.allowed and not e.linear and len(e.coupling.incoming) > 1 and _in_force(e, band)
    )


def _chosen(
    third: tuple[Expected, ...], fourth: tuple[Expected, ...] | None
) -> tuple[Literal[3, 4], tuple[Expected, ...]]:
    """Channels to plan for: those that flip the sense, else those that keep it; the lower order.

    Without any, the order up to which was looked; ``fourth`` is None where that is the third.
    """
    for sense in ("flipped", "kept"):
        if channels := tuple(e for e in third if e.rule.pam_sense == sense):
            return 3, channels
        if channels := tuple(e for e in fourth or () if e.rule.pam_sense == sense):
            return 4, channels
    return (3 if fourth is None else 4), ()


def _in_force(e: Expected, band: tuple[float, float] | None) -> bool:
    """Whether a force that light itself makes has the frequency of the outgoing mode in it.

    A force that only modes make is left in: it lasts as they do, and detuning says how far it is.
    """
    own = e.outgoing.mode.frequency
    inner = [place.mode.frequency for place in e.incoming]
    pushed = any(leg.participant.field for leg in e.coupling.outgoing)
    if band is None or pushed or not e.photons or own is None or any(f is None for f in inner):
        return True
    low, high = (e.photons * edge + sum(f for f in inner if f is not None) for edge in band)
    return low - e.outgoing.mode.tolerance <= own <= high + e.outgoing.mode.tolerance


def _why_not(
    found: Expectation,
    driven: tuple[CandidateMode, ...],
    others: tuple[Expected, ...],
    band: tuple[float, float] | None,
) -> NoFlip:
    two = tuple(e for e in others if len(e.incoming) + e.photons == 2)
    if two:
        return NoFlip("not-flipped", channels=two)
    if not driven:
        return NoFlip("nothing-driven", band)
    refused = [e for e in found.channels if not e.rule.allowed and len(e.coupling.legs) > 2]
    if refused:
        e = next((x for x in refused if x.mechanism == "lattice"), refused[0])
        odd = all(p.species.label.rstrip("'").endswith("u") for p in found.places)
        return NoFlip("forbidden", channels=(e,), odd=odd)
    return NoFlip("nothing-reached")
