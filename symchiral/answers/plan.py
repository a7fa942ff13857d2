"""The answer of ``plan``: what to pump, what to probe, what to expect, what would refute it.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from symchiral.answers.channel import RuleReason, TransferName, rule_reason
from symchiral.answers.crystal import AxisOfRotation, Structure, axis_of, structure
from symchiral.answers.record import (
    Answer,
    FrequencyUnit,
    Pam,
    Record,
    ReIm,
    beginning,
    number,
)
from symchiral.crystal.directions import across_name
from symchiral.display import display
from symchiral.dynamics.surface import FaceOptics
from symchiral.experiment.candidates import CandidateMode, Mechanism, Sense
from symchiral.experiment.controls import ControlKind, GeometryKind
from symchiral.experiment.expectation import Expected
from symchiral.experiment.planning import NoFlip, NoFlipKind
from symchiral.experiment.planning import Plan as ProposedPlan
from symchiral.experiment.verdict import Ranking
from symchiral.fields.beam import find_beam
from symchiral.rules.activity import Route
from symchiral.rules.budget import PamSense
from symchiral.units import PER_THZ


class Pumped(Record, frozen=True, kw_only=True):
    """A mode to pump."""

    mode: str
    """Its name, or its species where frequencies are not known."""
    count: Annotated[int, Meta(ge=1)]
    """Modes it stands for."""
    frequency: float | None
    """Its frequency; null if not known."""
    frequency_unit: FrequencyUnit
    """Unit of the frequencies beside it."""
    index: ReIm | None = None
    """Refractive index [n, kappa] there, for a linewidth of 0.05 THz; null where Born charges and
    the electronic permittivity are not known."""
    share: float | None = None
    """Field just below the face of a thick crystal per field in vacuum."""
    depth: float | None = None
    """Depth at which the intensity has fallen to 1/e."""
    depth_unit: Literal["micrometer"] = "micrometer"
    """Of depth."""


class PlannedChannel(Record, frozen=True, kw_only=True):
    """A channel that light along the axis reaches."""

    id: TransferName
    """The transfer in the grammar."""
    sense: Sense
    """Helicity of the outgoing mode under a σ+ pump; reversed under σ-."""
    pam_sense: PamSense
    """Whether the sense of rotation is kept."""
    umklapp: int | None
    """Umklapp number."""
    outgoing: str
    """Mode that comes out."""
    frequency: float | None
    """Its frequency; null if not known."""
    drive: float | None
    """Frequency of the force; null if not known."""
    detuning: float | None
    """Drive minus frequency; null if not known."""
    frequency_unit: FrequencyUnit
    """Unit of the frequencies beside it."""
    mechanism: Mechanism
    """What the force is a product of."""
    forced: bool
    """Whether the outgoing mode is also one of the incoming: a sum with its own frequency is
    never that, so the force is off resonance whatever the frequencies."""
    turn: int | None
    """By how many times the angle of linear light the line of the outgoing mode rotates; null
    where symmetry fixes no such law."""
    gain: float | None
    """Amplitude of the outgoing mode by the product of those of the incoming ones, (sqrt(amu)
    angstrom)^(1-k) for k of them; null where the coupling coefficient is not known."""
    probe: tuple[Route, ...]
    """How light sees the outgoing quantum."""


class Geometry(Record, frozen=True, kw_only=True):
    """How to see the sense of a species."""

    species: str
    """The species."""
    kind: GeometryKind
    """Kind of probe."""
    text: str
    """In words."""
    declaration: str | None
    """What to write as probe in a table of traces; null where there is none."""


class Control(Record, frozen=True, kw_only=True):
    """A measurement that must come out in one way."""

    kind: ControlKind
    """What is changed."""
    text: str
    """What to do and what must be seen."""


class Why(Record, frozen=True, kw_only=True):
    """Why the third order flips nothing."""

    kind: NoFlipKind
    """no-axis: there is no axis of order three or more; nothing-driven: circular light drives no
    infrared mode; not-flipped: two quanta reach modes, but keep the sense or leave none;
    forbidden: no mode that rotates is reached; nothing-reached: no mode is."""
    band: tuple[float, float] | None = None
    """Band of the pump where it drives nothing. Unit: THz."""
    channel: TransferName | None = None
    """A channel that does not flip, or that is forbidden."""
    species: tuple[str, ...] = ()
    """Species that are reached and do not flip."""
    pam_sense: PamSense | None = None
    """What becomes of the sense of that channel, where it does not flip."""
    incoming: tuple[Pam, ...] = ()
    """PAM of the quanta that go into it."""
    outgoing: tuple[Pam, ...] = ()
    """PAM of the quanta that come out."""
    n: int | None = None
    """Order of its axis."""
    rule: RuleReason | None = None
    """Why it is forbidden, where it is."""
    odd: bool = False
    """Whether inversion forbids every product of three, light and modes being odd under it."""


class Plan(Answer, frozen=True, kw_only=True, tag="symchiral/plan/1"):
    """What ``symchiral plan --json`` prints: a proposed experiment."""

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    order: Literal[3, 4]
    """Quanta in and out together: 3, or 4 where the third order flips nothing."""
    pump: tuple[Pumped, ...]
    """Modes that circular light along the axis drives directly."""
    channels: tuple[PlannedChannel, ...]
    """Channels that flip the sense, in the order that `ranking` says."""
    others: tuple[PlannedChannel, ...]
    """Allowed channels that do not."""
    probe: tuple[Geometry, ...]
    """How to see the sense of the outgoing species."""
    controls: tuple[Control, ...]
    """Measurements that must come out in one way."""
    ranking: str
    """What the order of the channels rests on."""
    reason: str | None
    """Why the third order flips nothing; null where it does."""
    notes: tuple[str, ...]
    """Limits of the plan."""
    why: Why | None = None
    """The values of which `reason` is made."""
    ranked_by: Ranking | None = None
    """`ranking` in a word."""
    angles_from: str | None = None
    """Direction that angles of the probe are counted from, counter-clockwise about the axis; null
    where no probe is proposed."""

    row_types: ClassVar[tuple[type[Record], ...]] = (PlannedChannel,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return PlannedChannel, self.channels


def plan(proposed: ProposedPlan, *, unit: FrequencyUnit = "THz") -> Plan:
    """Answer what to measure.

    Parameters
    ----------
    unit : str
        Of frequencies.
    """
    crystal, axis = proposed.crystal, proposed.axis
    x = across_name(crystal, find_beam(crystal, axis).frame) if proposed.geometry else None
    return Plan(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, axis),
        order=proposed.order,
        pump=tuple(_pumped(m, proposed.optics.get(m.name), unit) for m in proposed.pumped),
        channels=tuple(_channel(e, unit) for e in proposed.channels),
        others=tuple(_channel(e, unit) for e in proposed.others),
        probe=tuple(
            Geometry(species=g.species, kind=g.kind, text=g.text, declaration=g.declaration)
            for g in proposed.geometry
        ),
        controls=tuple(Control(kind=c.kind, text=c.text) for c in proposed.controls),
        ranking=display(proposed, "ranking"),
        reason=None if proposed.reason is None else display(proposed.reason, "text", unit=unit),
        notes=tuple(note.text for note in proposed.notes),
        why=None if proposed.reason is None else why(proposed.reason),
        ranked_by=proposed.ranking,
        angles_from=x,
    )


def why(reason: NoFlip) -> Why:
    """Describe why the third order flips nothing."""
    if not reason.channels:
        return Why(kind=reason.kind, band=reason.band)
    expected = reason.channels[0]
    rule, coupling = expected.rule, expected.rule.channel.coupling
    if reason.kind == "forbidden":
        found = rule_reason(rule.reason)
        return Why(kind="forbidden", channel=expected.id, rule=found, odd=reason.odd)
    return Why(
        kind=reason.kind,
        channel=expected.id,
        species=tuple(sorted({e.outgoing.species.label for e in reason.channels})),
        pam_sense=rule.pam_sense,
        incoming=tuple(leg.component.pam or "" for leg in coupling.incoming),
        outgoing=tuple(leg.component.pam or "" for leg in coupling.outgoing),
        n=rule.channel.order,
    )


def _pumped(mode: CandidateMode, face: FaceOptics | None, unit: FrequencyUnit) -> Pumped:
    return Pumped(
        mode=mode.name,
        count=mode.count,
        frequency=None if mode.frequency is None else mode.frequency * PER_THZ[unit],
        frequency_unit=unit,
        index=None if face is None else (round(face.index.real, 6), round(face.index.imag, 6)),
        share=None if face is None else round(face.share, 9),
        depth=None if face is None else number(face.depth),
    )


def _channel(e: Expected, unit: FrequencyUnit) -> PlannedChannel:
    factor, own = PER_THZ[unit], e.outgoing.mode.frequency
    return PlannedChannel(
        id=e.id,
        sense=e.sense,
        pam_sense=e.rule.pam_sense,
        umklapp=e.rule.umklapp,
        outgoing=e.outgoing.mode.name,
        frequency=None if own is None else own * factor,
        drive=None if e.drive is None else e.drive * factor,
        detuning=None if e.detuning is None else e.detuning * factor,
        frequency_unit=unit,
        mechanism=e.mechanism,
        forced=e.forced,
        turn=e.turn,
        gain=e.gain,
        probe=e.rule.probe,
    )
