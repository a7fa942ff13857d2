"""The answer of ``plan``: what to pump, what to probe, what to expect, what would refute it.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from symchiral.answers.beam import Beam, beam_of
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
from symchiral.answers.simulate import Film
from symchiral.display import display
from symchiral.dynamics.surface import FaceOptics
from symchiral.rules.activity import Route
from symchiral.rules.budget import PamSense
from symchiral.traces.controls import Control as ProposedControl
from symchiral.traces.controls import ControlKind, GeometryKind
from symchiral.traces.expected import CandidateMode, Expected, Mechanism, Sense
from symchiral.traces.plan import NoFlip, NoFlipKind, PlanRanking
from symchiral.traces.plan import Plan as ProposedPlan
from symchiral.traces.plan import Recording as RecordOf
from symchiral.traces.signal import Signal
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
    source: float | None = None
    """Frequency of the source at which it leaves most; null where it is not known how light drives
    it."""
    motion: Motion | None = None
    """What the source leaves of it then."""


class Motion(Record, frozen=True, kw_only=True):
    """What the source leaves of a mode after its pulse, in the leading order of its field."""

    amplitude: float
    """Largest amplitude."""
    amplitude_unit: Literal["sqrt(amu) angstrom"] = "sqrt(amu) angstrom"
    """Of amplitude."""
    displacement: float
    """Largest displacement of an atom."""
    displacement_unit: Literal["angstrom"] = "angstrom"
    """Of displacement."""
    angular_momentum: float
    """Mechanical angular momentum about the axis per primitive cell under σ+; reversed under σ-."""
    angular_momentum_unit: Literal["hbar"] = "hbar"
    """Of angular_momentum."""
    rotation: float | None = None
    """Amplitude of the rotation of a probe that is reflected from a thick crystal, at its best
    angle; null where Raman tensors or the electronic permittivity are not known, and where no probe
    along the axis is rotated."""
    rotation_unit: Literal["mrad"] = "mrad"
    """Of rotation."""


class PlannedSource(Record, frozen=True, kw_only=True):
    """The source: pulses of circular light along the axis."""

    frequency: float | None
    """Its frequency; null where it is tuned for every channel."""
    frequency_unit: FrequencyUnit
    """Of frequency."""
    fwhm: float
    """Duration, full width at half maximum of the intensity."""
    time_unit: Literal["ps"] = "ps"
    """Of fwhm."""
    field: float
    """Amplitude of the field, as that of ``simulate``."""
    field_unit: Literal["MV/cm"] = "MV/cm"
    """Of field."""
    incident: bool
    """Whether the field is that in vacuum; false: that in the crystal."""
    fluence: float | None
    """Energy per area of an incident pulse; null for a field in the crystal."""
    fluence_unit: Literal["mJ/cm^2"] = "mJ/cm^2"
    """Of fluence."""
    film: Film | None = None
    """The sample on which it falls; null for a thick crystal."""


class Recording(Record, frozen=True, kw_only=True):
    """What a record must be to show the line of a mode."""

    mode: str
    """The mode."""
    step: float
    """Longest step of the delay, and longest pulse of the probe: a quarter of the period."""
    decay: float | None
    """Time in which its amplitude falls to 1/e; null where no linewidth is known."""
    beside: float | None
    """Frequency of what moves nearest to it and shows to the same probe; null if nothing does."""
    neighbour: str | None
    """That mode; null where it is the force, at whose frequency the mode is made to move."""
    resolve: float | None
    """Length of a record that tells them apart."""
    time_unit: Literal["ps"] = "ps"
    """Of all times."""
    frequency_unit: FrequencyUnit
    """Of beside."""


class Passage(Record, frozen=True, kw_only=True):
    """How pump and probe go through a plate across the axis."""

    pump: float
    """Refractive index of the pump, from the modes."""
    probe: float
    """Refractive index of the probe: the root of the electronic permittivity."""
    depth: float | None
    """Depth at which the intensity of the pump is 1/e; null without absorption."""
    together: float | None
    """Thickness after which motion and probe are out of step by half a period where pump and probe
    travel together; null where they never are."""
    against: float
    """The same where they travel against each other."""
    length_unit: Literal["micrometer"] = "micrometer"
    """Of depth, together, against and thickness."""
    thickness: float | None
    """Of the plate, if stated."""
    pump_echo: float | None
    """Time after which the pump comes back in it."""
    probe_echo: float | None
    """The same of the probe."""
    time_unit: Literal["ps"] = "ps"
    """Of the echoes."""
    pump_share: float | None
    """Field of the echo of the pump by the one that came first."""
    probe_share: float | None
    """The same of the probe."""


class PlannedChannel(Record, frozen=True, kw_only=True):
    """A channel that light along the axis reaches."""

    id: TransferName
    """The transfer in the grammar."""
    sense: Sense
    """Helicity of the outgoing mode under a σ+ pump, in PAM; reversed under σ-."""
    pam_sense: PamSense
    """Whether the sense, in PAM, is kept."""
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
    sources: tuple[float, ...] = ()
    """Frequency of the source at which it leaves most; of each where it takes several, all of one
    field; empty where it is not known what they leave."""
    motion: Motion | None = None
    """What the source leaves of the outgoing mode then; null where that, or the coupling
    coefficient, is not known."""
    atoms_follow: bool | None = None
    """Whether the atoms keep or flip their net sense of rotation as the PAM does its own, which
    `sense` and the probe tell; null where they rotate not at all or forces decide."""
    relative: float | None = None
    """Its amplitude by the largest one of a single source; where no coupling coefficients are
    known, as if all were equal."""


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
    passage: Passage | None = None
    """How light goes through the sample, of depth and echoes; null where the permittivity
    is not known."""


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
    """Quanta in and out of a channel together, 3 or 4; without channels, as far as was looked."""
    pump: tuple[Pumped, ...]
    """Modes that circular light along the axis drives directly."""
    channels: tuple[PlannedChannel, ...]
    """Channels that flip the sense, or those that keep it where none up to fourth order flips it,
    in the order that `ranking` says."""
    others: tuple[PlannedChannel, ...]
    """The other allowed channels."""
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
    ranked_by: PlanRanking | None = None
    """`ranking` in a word."""
    angles_from: str | None = None
    """Direction that angles of the probe are counted from, counter-clockwise about the axis; null
    where no probe is proposed."""
    beam: Beam | None = None
    """Light along the axis, and how the sample stands in the laboratory; null without an axis."""
    source: PlannedSource | None = None
    """The source; null where it is not known how light drives the modes."""
    recordings: tuple[Recording, ...] = ()
    """What the records of the outgoing modes must be, as far as frequencies are known."""

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
    beam = None if proposed.light is None else beam_of(crystal, proposed.light.beam)
    single = [s.amplitude for s in proposed.signals.values() if s.colours == 1]
    # Where only several colours leave anything, they are compared with each other.
    largest = max(single, default=max((s.amplitude for s in proposed.signals.values()), default=0))

    def channel(e: Expected) -> PlannedChannel:
        return _channel(e, proposed.signals.get(e.id), largest, unit)

    return Plan(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, axis),
        order=proposed.order,
        pump=tuple(
            _pumped(m, proposed.optics.get(m.name), proposed.driven.get(m.name), unit)
            for m in proposed.pumped
        ),
        channels=tuple(map(channel, proposed.channels)),
        others=tuple(map(channel, proposed.others)),
        probe=tuple(
            Geometry(species=g.species, kind=g.kind, text=g.text, declaration=g.declaration)
            for g in proposed.geometry
        ),
        controls=tuple(
            Control(kind=c.kind, text=c.text, passage=_passage(c)) for c in proposed.controls
        ),
        ranking=display(proposed, "ranking"),
        reason=None if proposed.reason is None else display(proposed.reason, "text", unit=unit),
        notes=tuple(note.text for note in proposed.notes),
        why=None if proposed.reason is None else why(proposed.reason),
        ranked_by=proposed.ranking,
        angles_from=beam.horizontal if beam is not None and proposed.geometry else None,
        beam=beam,
        source=_source(proposed, unit),
        recordings=tuple(_recording(r, unit) for r in proposed.recordings),
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


def _pumped(
    mode: CandidateMode, face: FaceOptics | None, signal: Signal | None, unit: FrequencyUnit
) -> Pumped:
    return Pumped(
        mode=mode.name,
        count=mode.count,
        frequency=None if mode.frequency is None else mode.frequency * PER_THZ[unit],
        frequency_unit=unit,
        index=None if face is None else (round(face.index.real, 6), round(face.index.imag, 6)),
        share=None if face is None else round(face.share, 9),
        depth=None if face is None else number(face.depth),
        source=None if signal is None else _sources(signal, unit)[0],
        motion=None if signal is None else _motion(signal),
    )


def _sources(signal: Signal, unit: FrequencyUnit) -> tuple[float, ...]:
    return tuple(round(f * PER_THZ[unit], 9) for f in signal.sources)


def _motion(signal: Signal) -> Motion:
    return Motion(
        amplitude=_short(signal.amplitude),
        displacement=_short(signal.displacement),
        angular_momentum=_short(signal.angular_momentum),
        rotation=number(signal.rotation, 6),
    )


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _source(proposed: ProposedPlan, unit: FrequencyUnit) -> PlannedSource | None:
    source = proposed.source
    if source is None:
        return None
    pulse, film = source.pulse, source.film
    return PlannedSource(
        frequency=None if source.tuned else round(pulse.thz * PER_THZ[unit], 9),
        frequency_unit=unit,
        fwhm=pulse.fwhm_ps,
        field=_short(pulse.field_mv_cm),
        incident=pulse.incident,
        fluence=_short(pulse.fluence) if pulse.incident else None,
        film=None if film is None else Film(thickness=film.thickness, substrate=film.substrate),
    )


def _recording(found: RecordOf, unit: FrequencyUnit) -> Recording:
    return Recording(
        mode=found.mode,
        step=_short(found.step),
        decay=number(found.decay, 6),
        beside=None if found.beside is None else found.beside * PER_THZ[unit],
        neighbour=found.neighbour,
        resolve=number(found.resolve, 6),
        frequency_unit=unit,
    )


def _passage(control: ProposedControl) -> Passage | None:
    p = control.passage
    if p is None:
        return None
    return Passage(
        pump=_short(p.pump),
        probe=_short(p.probe),
        depth=number(p.depth, 6),
        together=number(p.together, 6),
        against=_short(p.against),
        thickness=control.thickness,
        pump_echo=number(p.pump_echo, 6),
        probe_echo=number(p.probe_echo, 6),
        pump_share=number(p.pump_share, 6),
        probe_share=number(p.probe_share, 6),
    )


def _channel(
    e: Expected, signal: Signal | None, largest: float, unit: FrequencyUnit
) -> PlannedChannel:
    factor, own = PER_THZ[unit], e.outgoing.mode.frequency
    return PlannedChannel(
        id=e.id,
        sense=e.sense,
        pam_sense=e.rule.pam_sense,
        atoms_follow=e.rule.atoms_follow,
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
        sources=() if signal is None else _sources(signal, unit),
        motion=None if signal is None or signal.assumed else _motion(signal),
        relative=None if signal is None or not largest else _short(signal.amplitude / largest),
    )
