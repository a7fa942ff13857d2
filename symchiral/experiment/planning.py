"""Planning an experiment: what to pump, what to probe, what to expect, and what would refute it.

The channels are those of :mod:`symchiral.experiment.expectation`, the probes and the controls those
of :mod:`symchiral.experiment.controls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Shown, Worded
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.surface import FaceOptics, face_optics
from symchiral.errors import InputError
from symchiral.experiment.candidates import CandidateMode
from symchiral.experiment.controls import Control, Geometry, controls, probes
from symchiral.experiment.expectation import Expectation, Expected, expect
from symchiral.experiment.gain import Coefficients
from symchiral.experiment.judgement import ranking_of
from symchiral.experiment.note import Note
from symchiral.experiment.places import Place
from symchiral.experiment.verdict import Ranking
from symchiral.fields.pump import Pump
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.light import Light
from symchiral.value import Value

NoFlipKind = Literal["no-axis", "nothing-driven", "not-flipped", "forbidden", "nothing-reached"]


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
        Quanta in and out together, 3, or 4 where third order flips nothing.
    pumped : tuple of CandidateMode
        Modes that circular light along the axis drives directly.
    channels : tuple of Expected
        Reachable channels that flip the sense, strongest first as far as ``ranking`` says.
    others : tuple of Expected
        Reachable allowed channels that do not.
    geometry : tuple of Geometry
        How to see the outgoing modes.
    controls : tuple of Control
        What would refute it.
    reason : NoFlip or None
        Why third order flips nothing, where it does not.
    notes : tuple of Note
        Limits.
    ranking : str
        What the order of the channels rests on: coefficients, detuning or photons.
    optics : mapping of str to FaceOptics
        What of light at the frequencies of ``pumped`` enters a thick crystal, by mode; empty where
        the permittivity is not known.
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
    ranking: Ranking
    optics: Mapping[str, FaceOptics] = field(default_factory=dict)


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
) -> Plan:
    """Propose the experiment that shows a flipped sense of rotation.

    Parameters
    ----------
    crystal, axis, species, places
        As for :func:`~symchiral.experiment.expectation.expect`.
    light : Light or None
        Light along the axis; None without one.
    pump : Pump, optional
        The band that the source reaches.
    coefficients : Coefficients, optional
        Sizes of couplings, by which the channels are ranked.
    model : NormalModeModel, optional
        Whose permittivity says how much of the light enters.

    Raises
    ------
    InputError
        The pump has a polarisation: that is part of the answer.
    """
    if pump is not None and pump.light is not None:
        raise InputError(
            "the pump of a plan has a polarisation",
            why="both helicities and linear light are part of what is proposed",
            fix='give the band only, as in "1-3THz"',
        )
    band = None if pump is None else (pump.low, pump.high)

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
    flips, others = _split(found, band)
    order: Literal[3, 4] = 3
    reason = None
    if axis is None or axis.order < 3:
        reason = NoFlip("no-axis")
    elif not flips:
        reason = _why_not(found, driven, others, band)
        if driven:
            fourth = expected(4)
            order = 4
            flips, more = _split(fourth, band)
            others = (*others, *(e for e in more if e.id not in {o.id for o in others}))
    seen = tuple(dict.fromkeys(e.outgoing.species.label for e in flips))
    by_label = {s.label: s for s in species}
    geometry = tuple(
        g for label in seen if axis and light for g in probes(by_label[label], axis, light)
    )
    alone = tuple(e for e in found.channels if e.linear and e.rule.allowed and _in_force(e, band))
    checks = controls(crystal, light, flips, geometry, alone) if axis and light and flips else ()
    ranking = ranking_of([e.channel() for e in (*flips, *others)], found.modes)
    return Plan(
        crystal,
        axis,
        order,
        driven,
        flips,
        others,
        geometry,
        checks,
        reason,
        found.notes,
        ranking,
        {}
        if model is None
        else {m.name: face_optics(model, m.frequency) for m in driven if m.frequency is not None},
    )


def _driven(found: Expectation) -> tuple[CandidateMode, ...]:
    names = {
        e.outgoing.mode.name: e.outgoing.mode
        for e in found.channels
        if len(e.coupling.legs) == 2 and e.rule.allowed
    }
    return tuple(mode for mode in found.modes if mode.name in names)


def _split(
    found: Expectation, band: tuple[float, float] | None
) -> tuple[tuple[Expected, ...], tuple[Expected, ...]]:
    """Allowed channels that make one quantum of several, those that flip and those that do not."""
    allowed = [
        e
        for e in found.channels
        if e.rule.allowed and not e.linear and len(e.coupling.incoming) > 1 and _in_force(e, band)
    ]
    flips = tuple(e for e in allowed if e.rule.pam_sense == "flipped")
    return flips, tuple(e for e in allowed if e.rule.pam_sense != "flipped")


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
    if not driven:
        return NoFlip("nothing-driven", band)
    two = tuple(e for e in others if len(e.incoming) + e.photons == 2)
    if two:
        return NoFlip("not-flipped", channels=two)
    refused = [e for e in found.channels if not e.rule.allowed and len(e.coupling.legs) > 2]
    if refused:
        e = next((x for x in refused if x.mechanism == "lattice"), refused[0])
        odd = all(p.species.label.rstrip("'").endswith("u") for p in found.places)
        return NoFlip("forbidden", channels=(e,), odd=odd)
    return NoFlip("nothing-reached")
