"""The answer of ``validate``: measured lines, candidate channels, and whether they agree.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, overload

from symchiral.answers.channel import RuleReason, TransferName, rule_reason
from symchiral.answers.crystal import AxisOfRotation, Structure, axis_of, structure
from symchiral.answers.record import Answer, Count, FrequencyUnit, Record, beginning
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import display
from symchiral.engine.judge import VerdictWord
from symchiral.irreps.axis import Axis
from symchiral.traces.assignment import likelihood
from symchiral.traces.expected import Mechanism, Sense
from symchiral.traces.line import Line as Observed
from symchiral.traces.measurement import Polarization
from symchiral.traces.model import Background
from symchiral.traces.parameters import NAMES, ParameterName
from symchiral.traces.probe import Sees
from symchiral.traces.verdict import (
    ChannelVerdict,
    ChannelWord,
    Judgement,
    LineVerdict,
    LineWord,
    Missing,
    Ranking,
    WhyKind,
)
from symchiral.traces.verdict import Why as WhyOfVerdict
from symchiral.units import PER_THZ


class FitOfTraces(Record, frozen=True, kw_only=True):
    """The fit of the traces."""

    background: Background
    """Form of the background."""
    noise: tuple[float, ...]
    """Standard deviation of the noise per channel."""
    criterion: float
    """Bayesian information criterion."""
    channels: tuple[str, ...]
    """Channels of the probe."""


class Run(Record, frozen=True, kw_only=True):
    """A line in one run."""

    pump: Polarization | None
    """Spin of the pump's photons about the axis, or linear; null if not known."""
    helicity: float
    """Helicity of the multiplet, between -1 and 1."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end of its interval."""
    level: float
    """Confidence level of the interval."""
    sigmas: float
    """Distance from a motion along a line in standard deviations, with the sign of the
    helicity; at most 1e9."""
    mechanical_helicity: float | None
    """The helicity times the sign of the angular momentum of the atoms in the (+) component;
    null if that is not known."""
    angle: float | None
    """Of a linear pump, degrees from x; null if not known."""
    direction: float | None
    """Long axis of the motion in the plane of the coordinates, degrees, modulo 180; null if not
    known."""
    direction_error: float | None
    """Its standard deviation, degrees."""
    seen: bool
    """Whether the line is more than noise in this run alone."""


class Likelihood(Record, frozen=True, kw_only=True):
    """How much likelier a line rotates with the light, + under σ+, than against it.

    Natural logarithms of ratios of likelihoods, each sense at its best; at most 1e9.
    """

    ratio: float
    """Of the senses that the verdict rests on, with what the apparatus may do wrong."""
    lines: float
    """As the lines alone have it, without a model of their force."""
    force: float | None
    """By the model of the force that moves the line, with noise and what it does not explain;
    null where none was asked."""


class Refused(Record, frozen=True, kw_only=True):
    """A mode that the line is not."""

    mode: str
    """The mode."""
    reason: str
    """Why not."""


class Why(Record, frozen=True, kw_only=True):
    """The values of which a reason is made; of each kind those that it needs."""

    kind: WhyKind
    """What decided."""
    mode: str | None = None
    """The mode it is about."""
    sigmas: float | None = None
    """Standard deviations that decided; at most 1e9."""
    modes: tuple[str, ...] = ()
    """Other modes that the line may be."""
    frequency: float | None = None
    """Of the mode that the pump does not reach. Unit: THz."""
    turn: int | None = None
    """The dependence on the angle of linear light that was confirmed too: by how many times the
    angle of linear light."""
    sense: Literal[-1, 1] | None = None
    """The sense for σ+ that no allowed channel gives."""
    rule: RuleReason | None = None
    """Why the rule forbids the channel, or is undecided."""
    missing: Missing | None = None
    """What data lack to judge a forbidden channel: a line, one that is of one mode only, a
    sense."""
    channel: str | None = None
    """The forbidden channel as which the line rotates; the force beside it; the channel of fourth
    order that gives the sense; or, of a line that is not reached, the channel that comes
    nearest."""
    same: bool = False
    """Whether the mode rotates in the same sense for both helicities of the pump."""
    force: tuple[float, float] | None = None
    """Lowest and highest frequency that the force reaches. Unit: THz."""
    pump: float | None = None
    """Frequency of a pump that would make the force reach the line. Unit: THz."""
    bandwidth: float | None = None
    """Bandwidth of a pump that would, for a force that has no frequency of its own. Unit: THz."""
    harmonic: int | None = None
    """The multiple of the frequency of the pump at which the line lies; 1 is the pump itself."""


class LineReading(Record, frozen=True, kw_only=True):
    """A line read as of one activity."""

    sees: Sees
    """The activity that the probe is taken to show."""
    assigned: str | None
    """Mode it is taken for."""
    alternatives: tuple[str, ...]
    """Other modes that are not 20 times less likely."""
    verdict: LineWord
    """consistent, inconsistent, undecided or not-reached."""
    reason: str
    """Why."""
    why: Why
    """The values of which `reason` is made."""


class Line(Record, frozen=True, kw_only=True):
    """A line, the mode it is taken for, and the verdict."""

    frequency: float
    """Frequency of the line."""
    frequency_error: float
    """Its standard deviation."""
    frequency_unit: FrequencyUnit
    """Unit of the frequencies beside it."""
    frequency_interval: tuple[float, float] | None
    """Confidence interval of the frequency; null for rows fitted elsewhere."""
    damping_interval: tuple[float, float] | None
    """Confidence interval of the damping, 1/ps; null for rows fitted elsewhere."""
    damping: float | None
    """Decay rate of the amplitude, 1/ps, pi times the full width at half maximum in THz; null for
    rows fitted elsewhere."""
    damping_error: float | None
    """Its standard deviation, 1/ps."""
    significant: bool
    """Whether noise alone would show it in less than one of a hundred measurements."""
    amplitude: float | None
    """Largest amplitude of all runs, in units of the signal; null if not known."""
    pump: Polarization | None
    """The run that `helicity` is of: the first with a σ+ pump, else the first."""
    helicity: float | None
    """Helicity in that run."""
    runs: tuple[Run, ...]
    """The line in every run."""
    assigned: str | None
    """Mode it is taken for, or species where frequencies are not known; null if no candidate is
    near."""
    predicted: tuple[Sense, ...]
    """Senses that allowed channels in reach give this mode under σ+."""
    alternatives: tuple[str, ...]
    """Other modes that are not 20 times less likely."""
    why_not: tuple[Refused, ...]
    """Modes near the line that are not eligible."""
    verdict: LineWord
    """consistent, inconsistent, undecided, or not-reached: no channel that the rule allows or
    leaves open reaches it in energy."""
    reason: str
    """Why."""
    channels: tuple[str, ...]
    """Consistent channels that explain it, likeliest first."""
    why: Why | None = None
    """The values of which `reason` is made."""
    lasting: bool = True
    """Whether it is more than what the pump itself may show."""
    splitting: float | None = None
    """Splitting of its multiplet, by strain or a film, in the unit of the frequency; null where
    none is seen."""
    splitting_error: float | None = None
    """Its standard deviation."""
    split_axis: float | None = None
    """Direction of the upper of the two normal modes, degrees from the first coordinate, modulo
    180."""
    likelihood: Likelihood | None = None
    """How much likelier it rotates with the light than against it; null without circular pumps."""
    readings: tuple[LineReading, ...] = ()
    """The line read as of every activity that the probe may show; `verdict` is that of the readings
    that the pump reaches, undecided if they differ."""
    fixed: tuple[ParameterName, ...] = ()
    """Which of `frequency` and `damping` have the value that was stated, without an error."""
    tied: tuple[ParameterName, ...] = ()
    """Which of them follow those of another line, or another line's follow them, as was stated."""


class LineOfRun(Run, frozen=True, kw_only=True):
    """A line in one run as a flat record: of the run its helicity, of the line what it is."""

    run: Count
    """Which run, from 1."""
    frequency: float
    """Frequency of the line."""
    frequency_error: float
    """Its standard deviation."""
    frequency_unit: FrequencyUnit
    """Unit of the frequencies beside it."""
    damping: float | None
    """Decay rate of the amplitude, 1/ps, pi times the full width at half maximum in THz; null for
    rows fitted elsewhere."""
    damping_error: float | None
    """Its standard deviation, 1/ps."""
    assigned: str | None
    """Mode it is taken for, or species where frequencies are not known; null if no candidate is
    near."""
    predicted: tuple[Sense, ...]
    """Senses that allowed channels give this mode under σ+."""
    verdict: LineWord
    """consistent, inconsistent, undecided or not-reached."""
    reason: str
    """Why."""


OF_LINE = (
    "frequency", "frequency_error", "frequency_unit", "damping", "damping_error", "assigned",
    "predicted", "verdict", "reason",
)  # fmt: skip
"""What of a line stands in the flat records of its runs."""


class CandidateChannel(Record, frozen=True, kw_only=True):
    """A candidate channel and its verdict."""

    id: TransferName
    """The transfer in the grammar."""
    verdict: ChannelWord
    """Whether the data confirm it: consistent; inconsistent, which needs a line and a measured
    sense; undecided; or off-resonance, where its force does not reach the line in energy. A
    forbidden one is never consistent."""
    reason: str
    """Why, with the witness of a forbidden one."""
    sigmas: float | None
    """Evidence for its sense in standard deviations, negative against it; null if no line was
    taken for its mode or nothing tells the sense."""
    outgoing: str
    """Mode that comes out."""
    sense: Sense
    """Helicity of the outgoing mode under a σ+ pump; reversed under σ-; 0 of what linear light
    alone drives."""
    mechanism: Mechanism
    """What the force is a product of."""
    rule: VerdictWord
    """Verdict of the rule."""
    drive: float | None
    """Frequency of the force; null if not known."""
    frequency_unit: FrequencyUnit
    """Unit of the frequencies beside it."""
    linear: bool
    """Whether linear light alone drives it."""
    turn: int | None
    """By how many times the angle of linear light the line of the outgoing mode rotates; null
    where symmetry fixes no such law."""
    gain: float | None
    """Amplitude of the outgoing mode by the product of those of the incoming ones, (sqrt(amu)
    angstrom)^(1-k) for k of them; null where the coupling coefficient is not known."""
    why: Why | None = None
    """The values of which `reason` is made."""
    share: float | None = None
    """Amplitude that its force gives the mode by that at resonance, between 0 and 1; null if it is
    not known."""


class Validate(Answer, frozen=True, kw_only=True, tag="symchiral/validate/1"):
    """What ``symchiral validate --json`` prints: measured lines against the rules."""

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    sigma: float
    """Standard deviations at which a sense counts as measured."""
    fit: FitOfTraces | None
    """The fit behind the lines; null for rows fitted elsewhere."""
    components: tuple[Line, ...]
    """The lines, in order of frequency."""
    channels: tuple[CandidateChannel, ...]
    """The candidate channels: consistent ones first, then in the order that `ranking` says."""
    ranking: str
    """What the order of the channels rests on."""
    decide: tuple[str, ...]
    """Measurements that would decide what is open."""
    notes: tuple[str, ...]
    """Constraints of the result."""
    words: str
    """What was found, as a paragraph."""
    ranked_by: Ranking | None = None
    """`ranking` in a word."""

    row_types: ClassVar[tuple[type[Record], ...]] = (LineOfRun,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return LineOfRun, [
            LineOfRun(
                **{name: getattr(run, name) for name in Run.__struct_fields__},
                **{name: getattr(line, name) for name in OF_LINE},
                run=number,
            )
            for line in self.components
            for number, run in enumerate(line.runs, 1)
        ]


def validate(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    judgement: Judgement,
    *,
    unit: FrequencyUnit = "THz",
) -> Validate:
    """Answer whether a measurement agrees with the rules.

    Parameters
    ----------
    unit : str
        Of frequencies.
    """
    fitted = judgement.fit
    return Validate(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, axis),
        sigma=judgement.sigma,
        fit=None
        if fitted is None
        else FitOfTraces(
            background=fitted.background,
            noise=fitted.noise,
            criterion=fitted.criterion,
            channels=tuple(fitted.measurement.probe.channels),
        ),
        components=lines_of(judgement, unit=unit),
        channels=channels_of(judgement, unit=unit),
        ranking=display(judgement, "ranking"),
        # Lines of nearly one frequency are told in the same words.
        decide=tuple(
            dict.fromkeys(display(advice, "text", unit=unit) for advice in judgement.decide)
        ),
        notes=tuple(dict.fromkeys(display(note, "text", unit=unit) for note in judgement.notes)),
        words=display(judgement, "words", unit=unit),
        ranked_by=judgement.ranking,
    )


def lines_of(judgement: Judgement, *, unit: FrequencyUnit = "THz") -> tuple[Line, ...]:
    """Describe the lines of a judgement."""
    return tuple(_line(judgement, judged, unit) for judged in judgement.lines)


def channels_of(
    judgement: Judgement, *, unit: FrequencyUnit = "THz"
) -> tuple[CandidateChannel, ...]:
    """Describe the candidate channels of a judgement."""
    return tuple(_channel(judged, unit) for judged in judgement.channels)


def why(found: WhyOfVerdict) -> Why:
    """Describe why a channel or a line has its verdict."""
    return Why(
        kind=found.kind,
        mode=found.mode,
        sigmas=_finite(found.sigmas),
        modes=found.modes,
        frequency=found.frequency,
        turn=found.turn,
        sense=found.sense,
        rule=None if found.rule is None else rule_reason(found.rule),
        missing=found.missing,
        channel=found.channel,
        same=found.same,
        force=found.force,
        pump=found.pump,
        bandwidth=found.bandwidth,
        harmonic=found.harmonic,
    )


def _line(judgement: Judgement, judged: LineVerdict, unit: FrequencyUnit) -> Line:
    factor = PER_THZ[unit]
    line, mode = judged.assignment.line, judged.assignment.mode
    fitted = judgement.oscillation_of(judged)
    constraints = () if fitted is None else zip(NAMES, fitted.constraints, strict=True)
    fixed, tied = [], []
    for name, constraint in constraints:
        fixed += [name] * constraint.fixed
        tied += [name] * constraint.tied
    frequency = line.frequency * factor
    if "frequency" in fixed:  # the number that was given, in whatever unit
        frequency = float(f"{frequency:.14g}")
    damping, error = line.damping, line.damping_error
    if fitted is not None and "damping" in (*fixed, *tied):
        damping, error = fitted.damping, fitted.damping_error
    mechanical = judged.mechanical_helicity
    runs = tuple(
        Run(
            pump=None if t.pump is None else t.pump.polarization,
            helicity=t.helicity.value,
            low=t.helicity.low,
            high=t.helicity.high,
            level=t.helicity.level,
            sigmas=_finite(t.helicity.sigmas),
            mechanical_helicity=None if mechanical is None else mechanical[i],
            angle=None if t.pump is None else t.pump.angle,
            direction=None if t.direction is None else t.direction.angle,
            direction_error=None if t.direction is None else t.direction.error,
            seen=t.seen,
        )
        for i, t in enumerate(line.turnings)
    )
    # Its helicity under σ+, as far as there is such a run; else in the first run.
    first = next((r for r in runs if r.pump == "+"), runs[0] if runs else None)
    return Line(
        frequency=frequency,
        frequency_error=line.frequency_error * factor,
        frequency_unit=unit,
        frequency_interval=None
        if fitted is None
        else _around(frequency, line.frequency_error * factor)
        if "frequency" in fixed
        else _interval(line.frequency, line.frequency_error, fitted.frequency_interval, factor),
        damping_interval=None
        if fitted is None or damping is None or error is None
        else _interval(damping, error, fitted.damping_interval),
        damping=damping,
        damping_error=error,
        significant=line.significant,
        amplitude=line.amplitude,
        pump=None if first is None else first.pump,
        helicity=None if first is None else first.helicity,
        runs=runs,
        assigned=None if mode is None else mode.name,
        predicted=judged.senses,
        alternatives=judged.assignment.alternatives,
        why_not=tuple(Refused(mode=r.mode, reason=r.text) for r in judged.assignment.why_not),
        verdict=judged.verdict,
        reason=judged.reason.text,
        channels=judged.channels,
        why=why(judged.reason),
        lasting=line.lasting,
        splitting=None if line.splitting is None else line.splitting * factor,
        splitting_error=None if line.splitting_error is None else line.splitting_error * factor,
        split_axis=line.split_axis,
        likelihood=_likelihood(line),
        readings=tuple(
            LineReading(
                sees=r.sees,
                assigned=None if r.assignment.mode is None else r.assignment.mode.name,
                alternatives=r.assignment.alternatives,
                verdict=r.verdict,
                reason=r.reason.text,
                why=why(r.reason),
            )
            for r in judged.readings
        ),
        fixed=tuple(fixed),
        tied=tuple(tied),
    )


def _likelihood(line: Observed) -> Likelihood | None:
    ratio, lines = likelihood(line), likelihood(line, poles=True)
    if ratio is None or lines is None:
        return None
    force = None if line.force is None else line.force * abs(line.force) / 2
    return Likelihood(ratio=_finite(ratio), lines=_finite(lines), force=_finite(force))


def _around(centre: float, error: float) -> tuple[float, float]:
    """The interval at 95 % of what is normal."""
    return centre - 1.96 * error, centre + 1.96 * error


def _interval(
    value: float, error: float, fitted: tuple[float, float], factor: float = 1.0
) -> tuple[float, float]:
    """That of the fitted pole, unless the pump or strain beside it has moved the line out of it."""
    low, high = fitted if fitted[0] <= value <= fitted[1] else _around(value, error)
    return low * factor, high * factor


def _channel(judged: ChannelVerdict, unit: FrequencyUnit) -> CandidateChannel:
    channel = judged.channel
    return CandidateChannel(
        id=channel.id,
        verdict=judged.verdict,
        reason=judged.reason.text,
        sigmas=_finite(judged.sigmas),
        outgoing=channel.outgoing,
        sense=channel.sense,
        mechanism=channel.mechanism,
        rule=channel.verdict,
        drive=None if channel.drive is None else channel.drive * PER_THZ[unit],
        frequency_unit=unit,
        linear=channel.linear,
        turn=channel.turn,
        gain=channel.gain,
        why=why(judged.reason),
        share=judged.share,
    )


@overload
def _finite(x: float) -> float: ...
@overload
def _finite(x: float | None) -> float | None: ...
def _finite(x: float | None) -> float | None:
    """JSON has no infinity: a noiseless measurement is 1e9 standard deviations from a line."""
    return None if x is None else max(min(x, 1e9), -1e9)
