"""Verdicts on lines and on the channels that may have made them.

Three answers that are not mixed: what the *rule* says of a channel (allowed, forbidden, undecided),
which needs no data; whether the *data* confirm a channel (consistent, inconsistent, undecided),
which needs a line; and what is to be made of a *line*.

The criterion is one number, ``sigma``: a sense of rotation counts as measured when it is that many
standard deviations away from a motion along a line. A channel is

consistent
    if the rule allows it, its mode is seen, and the mode rotates as predicted by at least
    ``sigma``, with no run against it;
inconsistent
    if its mode is seen and the data contradict it: in some run the mode rotates in the opposite
    sense, or under linear light rotates at all or along another line than the law of the angle
    gives, by at least ``sigma``. For a channel that the rule forbids it is enough that the sense
    of its mode is measured, either way: if it rotates as the channel would, rule and data
    contradict each other, and the witness of the rule is named;
off-resonance
    if its force does not reach the line, or the mode where no line was taken for it, in energy
    (:mod:`symchiral.traces.energy`), whatever the rule says of it: it cannot have made the
    line. What would be needed is said;
undecided
    otherwise, with what is missing. A channel whose mode is not seen is undecided even if the rule
    forbids it: the rule speaks against it, the data do not.

A line is consistent if an allowed channel is; not-reached if every channel of its mode that the
rule allows or leaves open is off resonance: something else made it, a leak, a harmonic of the pump
or another mechanism; inconsistent if its sense is measured and no channel in reach that the rule
allows or leaves open gives it; else undecided.

Where the activity that the probe shows is not stated, the line is read as Raman and as infrared
active. Its verdict is that of the readings in which the pump reaches its mode, undecided if they
differ. So it is where several modes are near a line: what all agree on is said, and the name is
left open.

:func:`validate_measurement` is where to start; :func:`decide` says what would decide what is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from symchiral.defaults import SIGMA
from symchiral.display import Shown, Worded
from symchiral.engine.reason import Reason
from symchiral.errors import InputError
from symchiral.traces.assignment import (
    LARGEST_DEVIATION,
    Assignment,
    Evidence,
    Refusal,
    assign,
    check_unit,
    distance,
    evidence,
)
from symchiral.traces.energy import Force, harmonic, reached, share, spectra
from symchiral.traces.expected import CandidateChannel, CandidateMode, Mechanism, Sense, check
from symchiral.traces.fit import fit
from symchiral.traces.line import IMPERFECTION, Imperfection, Line, observed
from symchiral.traces.measurement import Measurement
from symchiral.traces.note import Note
from symchiral.traces.oscillation import Fit, Oscillation
from symchiral.traces.probe import Sees
from symchiral.traces.pulse import REACHED, Spectrum

ChannelWord = Literal["consistent", "inconsistent", "undecided", "off-resonance"]
"""Verdict on a channel."""

LineWord = Literal["consistent", "inconsistent", "undecided", "not-reached"]
"""Verdict on a line."""

ORDER: tuple[ChannelWord, ...] = ("consistent", "undecided", "inconsistent", "off-resonance")

WhyKind = Literal[
    "as-predicted",
    "still",
    "linear-only",
    "turns-otherwise",
    "turns",
    "turns-under-linear",
    "breaks-angle-law",
    "linear-differs",
    "circular-only",
    "forbidden",
    "rule-undecided",
    "no-line",
    "several-modes",
    "pump-elsewhere",
    "off-resonance",
    "no-linear-pump",
    "no-circular-pump",
    "unseen-under-linear",
    "seen-under-circular",
    "no-telling-pump",
    "no-law",
    "not-measured",
    "one-channel",
    "seen",
    "breaks-amplitude-law",
    "noise",
    "as-the-pump",
    "no-mode",
    "other-modes",
    "readings-differ",
    "not-reached",
    "no-channel",
    "as-forbidden",
    "no-channel-of-sense",
    "same-way",
    "runs-differ",
    "sense-not-measured",
    "fourth-order",
]
"""What decided about a channel or a line; those from ``noise`` on are of lines alone.

A channel's mode rotates ``as-predicted``, is ``still`` or is seen under linear light alone
(``linear-only``), as it should; or it rotates otherwise, rotates though it should not, rotates
under linear light, breaks the law of the angle, or is seen under circular light alone. The rule may
forbid the channel or be undecided. ``no-line`` was taken for the mode, or ``several-modes`` may
have made it; the pump is elsewhere than an incoming mode, or the force than the line
(``off-resonance``), or no run had a pump that tells. Of linear pumps alone nothing follows
where no law of the angle is known (``no-law``). Of one channel of a probe the sense is open
(``one-channel``), a mode that cannot rotate is ``seen``, and its amplitude may break the law of the
angle. Circular light may move a mode as predicted
and linear light not (``linear-differs``). A line may be noise, last no longer than the pump
(``as-the-pump``), belong to no mode or to others with other verdicts, be read as Raman or infrared
active with different verdicts, be reached by no force of the pump (``not-reached``), rotate as a
channel that is forbidden would (``as-forbidden``), in a sense that no channel gives, or the same
way for either pump; runs with one pump may differ (``runs-differ``); or a channel of fourth order
gives it.
"""

Ranking = Literal["coefficients", "detuning", "photons"]
"""What an order of channels rests on: coupling coefficients and detuning where coefficients are
known, detuning where frequencies are, else the number of photons."""

Missing = Literal["line", "mode", "sense"]
"""What data lack to speak of a forbidden channel: a line, one that is of one mode only, a sense."""


@dataclass(frozen=True)
class Why(Worded):
    """Why data bear a channel out or not, or what is to be made of a line.

    Attributes
    ----------
    kind : str
        What decided.
    mode : str or None
        The mode it is about.
    sigmas : float or None
        Standard deviations that decided.
    modes : tuple of str
        Other modes that the line may be.
    frequency : float or None
        Of the mode that the pump does not reach, THz.
    turn : int or None
        The law of the angle that was borne out too: by how many times the angle of linear light.
    sense : int or None
        The sense for σ+ that no allowed channel gives.
    rule : Reason or None
        Why the rule forbids the channel, or is undecided.
    missing : str or None
        What data lack to speak of a forbidden channel.
    channel : str or None
        The forbidden channel as which the line rotates; the force beside it; the channel of fourth
        order that gives the sense; or, of a line that is not reached, the channel that comes
        nearest.
    same : bool
        Whether the mode rotates the same way for both pumps.
    refused : tuple of Refusal
        Modes near the line that it is not.
    force : (float, float) or None
        Lowest and highest frequency that the force reaches, THz.
    pump : float or None
        Frequency of a pump that would make the force reach the line, THz.
    bandwidth : float or None
        Bandwidth of a pump that would, THz, for a force that has no frequency of its own.
    harmonic : int or None
        The multiple of the frequency of the pump at which the line lies; 1 is the pump itself.
    """

    kind: WhyKind
    mode: str | None = None
    sigmas: float | None = None
    modes: tuple[str, ...] = ()
    frequency: float | None = None
    turn: int | None = None
    sense: Literal[-1, 1] | None = None
    rule: Reason | None = None
    missing: Missing | None = None
    channel: str | None = None
    same: bool = False
    refused: tuple[Refusal, ...] = ()
    force: tuple[float, float] | None = None
    pump: float | None = None
    bandwidth: float | None = None
    harmonic: int | None = None


@dataclass(frozen=True)
class LineReading:
    """A line read as of one activity.

    Attributes
    ----------
    sees : str
        The activity that the probe is taken to show.
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent, undecided or not-reached.
    reason : Why
        Why.
    channels : tuple of str
        Consistent channels.
    senses : tuple of int
        Senses that allowed channels in reach give the mode under σ+.
    """

    sees: Sees
    assignment: Assignment
    verdict: LineWord
    reason: Why
    channels: tuple[str, ...] = ()
    senses: tuple[Sense, ...] = ()


@dataclass(frozen=True)
class LineVerdict:
    """The verdict on a line.

    Attributes
    ----------
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent, undecided or not-reached.
    reason : Why
        Why, with the witness of the rule where one is broken.
    channels : tuple of str
        The consistent channels that explain it, likeliest first.
    senses : tuple of int
        Senses that allowed channels in reach give its mode under σ+, ascending.
    readings : tuple of LineReading
        The line read as of every activity that the probe may show.
    """

    assignment: Assignment
    verdict: LineWord
    reason: Why
    channels: tuple[str, ...]
    senses: tuple[Sense, ...] = ()
    readings: tuple[LineReading, ...] = ()

    @property
    def mechanical_helicity(self) -> tuple[float, ...] | None:
        """Helicity of the atoms in each run: h times the sign of J of the (+) component."""
        mode = self.assignment.mode
        if mode is None or mode.am_sign is None:
            return None
        return tuple(mode.am_sign * t.helicity.value for t in self.assignment.line.turnings)


@dataclass(frozen=True)
class ChannelVerdict:
    """The verdict on a candidate channel.

    Attributes
    ----------
    channel : CandidateChannel
        The channel.
    verdict : str
        consistent, inconsistent, undecided or off-resonance.
    reason : Why
        Why.
    sigmas : float or None
        Evidence for its sense in standard deviations, negative against it; None if no line was
        taken for its mode or nothing tells the sense.
    share : float or None
        Amplitude that its force gives the mode by that at resonance, between 0 and 1; None if it is
        not known.
    """

    channel: CandidateChannel
    verdict: ChannelWord
    reason: Why
    sigmas: float | None
    share: float | None = None


AdviceKind = Literal[
    "average-line",
    "tell-modes",
    "circular-pumps",
    "other-helicity",
    "linear-pumps",
    "average-sense",
    "last-longer",
    "state-duration",
    "refute",
    "check-senses",
    "check-helicity",
    "sweep-pump",
    "look-for-modes",
    "second-channel",
]
"""What to do: average longer for a line or for its sense, distinguish modes, take pumps of both
helicities or of the other one, linear pumps at two angles; a line that outlasts the pump, and how
long that is; what would refute a line that agrees, and what would reverse one that does not, or
rotates the same way for both helicities; sweep the frequency of the pump, look for the outgoing
modes of other channels; the other channel of the probe, where there is one only."""


@dataclass(frozen=True)
class Advice(Worded):
    """A measurement that would decide what is open.

    Attributes
    ----------
    kind : str
        What to do.
    frequency : float or None
        Of the line it is about, THz.
    mode : str or None
        The mode it is taken for.
    modes : tuple of str
        Others that it may be, or modes to look for.
    helicity : str or None
        Spin of the photons of the pump that is missing.
    times : float or None
        How many times longer to average.
    count : int or None
        Channels that explain the line.
    mechanisms : tuple of str
        What their forces are products of.
    """

    kind: AdviceKind
    frequency: float | None = None
    mode: str | None = None
    modes: tuple[str, ...] = ()
    helicity: Literal["+", "-"] | None = None
    times: float | None = None
    count: int | None = None
    mechanisms: tuple[Mechanism, ...] = ()


@dataclass(frozen=True)
class Judgement(Shown):
    """Verdicts on all lines and channels.

    Attributes
    ----------
    lines : tuple of LineVerdict
        In order of frequency.
    channels : tuple of ChannelVerdict
        Ranked: consistent ones first, then by size where coupling coefficients are known, then by
        detuning of the force, then by evidence.
    decide : tuple of Advice
        Measurements that would decide what is open.
    notes : tuple of Note
        Limits of the result.
    sigma : float
        The criterion.
    fit : Fit or None
        The fit behind the lines, if traces were given.
    ranking : str
        What the order of the channels rests on: coefficients, detuning or photons.
    """

    lines: tuple[LineVerdict, ...]
    channels: tuple[ChannelVerdict, ...]
    decide: tuple[Advice, ...]
    notes: tuple[Note, ...]
    sigma: float
    fit: Fit | None = None
    ranking: Ranking = "photons"

    def oscillation_of(self, judged: LineVerdict) -> Oscillation | None:
        """Return the fitted oscillation behind a line; None for rows fitted elsewhere."""
        line = judged.assignment.line
        if self.fit is None:
            return None
        if line.oscillation is not None:
            return self.fit.oscillations[line.oscillation]
        return self.fit.near(line.frequency)


def decide(
    lines: Sequence[LineVerdict], verdicts: Sequence[ChannelVerdict], sigma: float
) -> tuple[Advice, ...]:
    """Return what would decide what is open."""
    advice: dict[Advice, None] = {}
    for judged in lines:
        advice |= dict.fromkeys(_about(judged, verdicts, sigma))
    taken = {v.assignment.mode.name for v in lines if v.assignment.mode is not None}
    unseen = [
        v.channel.outgoing for v in verdicts if in_reach(v) and v.channel.outgoing not in taken
    ]
    if unseen:
        advice[Advice("look-for-modes", modes=tuple(dict.fromkeys(unseen)))] = None
    return tuple(advice)


def _about(judged: LineVerdict, verdicts: Sequence[ChannelVerdict], sigma: float) -> list[Advice]:
    """What would decide what is open about one line."""
    line, mode = judged.assignment.line, judged.assignment.mode
    f = line.frequency
    if not line.significant:
        return [Advice("average-line", f)]
    if not line.lasting:
        unknown = any(t.pump is not None and t.pump.duration is None for t in line.turnings)
        return [Advice("last-longer", f), *([Advice("state-duration", f)] if unknown else [])]
    advice = []
    senses = {t.pump.sense for t in line.turnings if t.pump is not None}
    others = judged.assignment.alternatives
    if others and mode is not None:
        advice.append(Advice("tell-modes", f, mode.name, others))
    if not senses & {1, -1}:
        advice.append(Advice("circular-pumps", f))
    elif not {1, -1} <= senses:
        advice.append(Advice("other-helicity", helicity="-" if 1 in senses else "+"))
    if 0 in senses and mode is not None and mode.turns:
        laws = {
            v.channel.turn
            for v in verdicts
            if in_reach(v) and v.channel.outgoing == mode.name and v.channel.turn is not None
        }
        if laws and not any(evidence(line, 1, turn).law for turn in laws):
            advice.append(Advice("linear-pumps", f, mode.name))
    found = evidence(line, 1)
    if judged.verdict == "undecided" and mode is not None and mode.turns and found.runs:
        z = abs(found.combined)
        if 0.5 < z < sigma:
            advice.append(Advice("average-sense", f, times=(1.2 * sigma / z) ** 2))
    if mode is not None and judged.verdict == "consistent":
        advice.append(Advice("refute", f, mode.name))
    if mode is not None and judged.verdict == "inconsistent":
        same = judged.reason.kind == "same-way" or judged.reason.same
        advice.append(Advice("check-helicity" if same else "check-senses", f, mode.name))
    if len(judged.channels) > 1:
        ways = {v.channel.mechanism for v in verdicts if v.channel.id in judged.channels}
        count, mechanisms = len(judged.channels), tuple(sorted(ways))
        advice.append(Advice("sweep-pump", f, count=count, mechanisms=mechanisms))
    return advice


def in_reach(found: ChannelVerdict) -> bool:
    """Whether the rule allows a channel, and its force may reach its mode."""
    return found.channel.verdict == "allowed" and found.verdict != "off-resonance"


def validate_measurement(
    data: Measurement | Fit | Sequence[Line],
    modes: Sequence[CandidateMode],
    channels: Sequence[CandidateChannel],
    *,
    sees: Sees | None = None,
    sigma: float = SIGMA,
    imperfection: Imperfection = IMPERFECTION,
) -> Judgement:
    """Judge measured traces, a fit, or lines fitted elsewhere.

    Parameters
    ----------
    data : Measurement, Fit, or sequence of Line
        Traces are fitted first, with the background of the best criterion.
    modes : sequence of CandidateMode
        Modes a line may belong to.
    channels : sequence of CandidateChannel
        Transfers that may have made it, allowed and forbidden ones.
    sees : str, optional
        Activity that the probe shows; default: that of each line. Where neither says it, a line is
        read as Raman and as infrared active.
    sigma : float
        The criterion.
    imperfection : (float, float)
        As for :func:`~symchiral.traces.line.observed`.

    Raises
    ------
    InputError
        If the candidates contradict themselves, a criterion is not possible, or the unit of the
        times looks wrong.

    Examples
    --------
    >>> from symchiral.traces.line import lines_of
    >>> from symchiral.engine.reason import Reason
    >>> allowed, forbidden = Reason("invariant", coefficients=1), Reason("time-reversal")
    >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
    >>> found = validate_measurement(
    ...     lines_of({"pump": {"polarization": "σ+"}, "components": [row]}),
    ...     [CandidateMode("E#1", 4.0, infrared=False, raman=True, turns=True)],
    ...     [
    ...         CandidateChannel("F(+) F(+) -> E#1(-)", (), "E#1", -1, "allowed", allowed),
    ...         CandidateChannel("F(+) F(+) -> E#1(+)", (), "E#1", 1, "forbidden", forbidden),
    ...     ],
    ... )
    >>> [(c.channel.id, c.verdict) for c in found.channels]
    [('F(+) F(+) -> E#1(-)', 'consistent'), ('F(+) F(+) -> E#1(+)', 'inconsistent')]
    """
    if not (np.isfinite(sigma) and sigma > 0):
        raise InputError(
            f"a criterion of {sigma} standard deviations is not a criterion",
            why="it must be positive",
            fix="use 3, or 5 for a discovery",
        )
    if not (0 <= imperfection[0] < 1 and 0 <= imperfection[1] < 90):
        raise InputError(
            f"an imperfection of {imperfection[0]:g} and {imperfection[1]:g}° is not possible",
            why="a helicity lies below 1 and the error of a direction below 90°",
            fix="state both, such as 0.1,5",
        )
    check(modes, channels)
    fitted: Fit | None = None
    if isinstance(data, Measurement):
        fitted = fit(data, background="auto")
    elif isinstance(data, Fit):
        fitted = data
    lines = observed(fitted, imperfection=imperfection) if fitted else tuple(data)  # type: ignore[arg-type]
    check_unit(lines, modes)
    judge = _Judge(tuple(modes), tuple(channels), lines, sigma)
    judged = judge.lines_seen(sees)
    verdicts = judge.channels_judged(judged)
    notes = list(fitted.notes) if fitted else []
    if fitted:
        low, high = fitted.band
        slow = tuple(m.name for m in modes if m.frequency is not None and m.frequency < low)
        if slow:
            notes.append(Note("short-record", frequency=low, modes=slow))
        fast = tuple(m.name for m in modes if m.frequency is not None and m.frequency > high)
        if fast:
            notes.append(Note("coarse-steps", frequency=high, modes=fast))
    notes += _pumps(lines)
    if _all_reversed(judged, verdicts, sigma):
        notes.append(Note("all-reversed"))
    advice = decide(judged, verdicts, sigma)
    ranking = ranking_of(channels, modes)
    return Judgement(judged, tuple(verdicts), advice, tuple(notes), sigma, fitted, ranking)


def ranking_of(channels: Sequence[CandidateChannel], modes: Sequence[CandidateMode]) -> Ranking:
    """Return what an order of channels rests on."""
    if any(c.gain is not None for c in channels if c.verdict != "forbidden"):
        return "coefficients"
    if any(m.frequency is not None for m in modes):
        return "detuning"
    return "photons"


def _pumps(lines: Sequence[Line]) -> list[Note]:
    """What is known of the spectra of the pumps."""
    if not any(t.pump is not None for line in lines for t in line.turnings):
        return []
    return [
        Note("pump-unknown")
        if pump is None
        else Note("pump-spectrum", frequency=pump.centre, band=pump.reach, source=pump.source)
        for pump in spectra(*lines)
    ]


@dataclass(frozen=True, eq=False)
class _Judge:
    """The candidates and the criterion; verdicts follow."""

    modes: tuple[CandidateMode, ...]
    channels: tuple[CandidateChannel, ...]
    lines: tuple[Line, ...]
    sigma: float

    @cached_property
    def by_name(self) -> dict[str, CandidateMode]:
        """The modes."""
        return {mode.name: mode for mode in self.modes}

    @cached_property
    def forces(self) -> dict[str, Force | None]:
        """What the force of every channel is a product of."""
        return {c.id: Force.of(c, self.by_name) for c in self.channels}

    @cached_property
    def ending(self) -> dict[str, list[CandidateChannel]]:
        """The channels that end at every mode."""
        found: dict[str, list[CandidateChannel]] = {mode.name: [] for mode in self.modes}
        for channel in self.channels:
            found[channel.outgoing].append(channel)
        return found

    # ------------------------------------------------------------------------------- lines

    def lines_seen(self, said: Sees | None) -> tuple[LineVerdict, ...]:
        """Return the verdicts on the lines, read as of every activity that may be shown."""
        kinds = [_kinds(line, said) for line in self.lines]
        found: list[list[tuple[Sees, Assignment]]] = [[] for _ in self.lines]

        def read(kind: Sees, which: list[int], modes: Sequence[CandidateMode]) -> None:
            assigned = assign(
                [self.lines[i] for i in which],
                modes,
                reached=self.may_reach,
                sees=kind,
                sigma=self.sigma,
            )
            for i, a in zip(which, assigned, strict=True):
                found[i].append((kind, a))

        for kind in dict.fromkeys(kind for some in kinds for kind in some):
            read(kind, [i for i, some in enumerate(kinds) if kind in some], self.modes)
        left = [
            i
            for i, some in enumerate(kinds)
            if len(some) > 1 and not any(a.mode is not None for _, a in found[i])
        ]
        silent = [mode for mode in self.modes if not (mode.raman or mode.infrared)]
        if left and silent:
            read("any", left, silent)
        taken = {a.mode.name for some in found for _, a in some if a.mode is not None}
        pushed = [c for c in self.channels if c.verdict == "allowed" and c.outgoing in taken]
        return tuple(
            _together([self._reading(kind, a, pushed) for kind, a in some], self.reading_rank)
            for some in found
        )

    def may_reach(self, line: Line, mode: CandidateMode) -> bool:
        """Whether the pump may set a mode swinging at a line: not if all lawful forces are off."""
        lawful = [c for c in self.ending[mode.name] if c.verdict != "forbidden"]
        return not lawful or not all(self._off(c, line) for c in lawful)

    def reading_rank(self, reading: LineReading) -> int:
        """0 where a lawful force reaches the mode, 1 where there is none, 2 where all are off, 3
        without a mode.
        """
        mode = reading.assignment.mode
        if mode is None:
            return 3
        lawful = any(c.verdict != "forbidden" for c in self.ending[mode.name])
        reach = self.may_reach(reading.assignment.line, mode)
        return (0 if lawful else 1) if reach else 2

    def _reading(
        self, kind: Sees, a: Assignment, pushed: Sequence[CandidateChannel]
    ) -> LineReading:
        line = a.line
        if not line.significant:
            return LineReading(kind, a, "undecided", Why("noise"))
        if not line.lasting:
            return LineReading(kind, a, "undecided", Why("as-the-pump", harmonic=harmonic(line)))
        if a.mode is None:
            reason = Why("no-mode", refused=a.why_not, harmonic=harmonic(line))
            if force := _force(line, pushed, self.by_name):
                reason = replace(reason, channel=force.id, mode=force.outgoing)
            return LineReading(kind, a, "undecided", reason)
        each = [self._of_mode(line, name) for name in (a.mode.name, *a.alternatives)]
        word, reason, channels, senses = each[0]
        channels = tuple(dict.fromkeys(c for one in each for c in one[2]))
        senses = tuple(sorted({s for one in each for s in one[3]}))
        if a.alternatives and ({one[0] for one in each} != {word} or word == "undecided"):
            word, reason = "undecided", Why("other-modes", a.mode.name, modes=a.alternatives)
            channels = ()
        return LineReading(kind, a, word, reason, channels, senses)

    def _of_mode(
        self, line: Line, name: str
    ) -> tuple[LineWord, Why, tuple[str, ...], tuple[Literal[-1, 0, 1], ...]]:
        """The verdict on a line if it is of a mode."""
        ending = sorted((self._channel(c, line) for c in self.ending[name]), key=self.rank)
        near = [v for v in ending if v.verdict != "off-resonance"]
        senses = {
            v.channel.sense for v in near if v.channel.verdict == "allowed" and not v.channel.linear
        }
        good = tuple(v.channel.id for v in near if v.verdict == "consistent")
        word, reason = self._word(line, name, ending, near)
        return word, reason, good, tuple(sorted(senses))

    def _word(
        self,
        line: Line,
        name: str,
        ending: Sequence[ChannelVerdict],
        near: Sequence[ChannelVerdict],
    ) -> tuple[LineWord, Why]:
        if good := [v for v in near if v.verdict == "consistent"]:
            return "consistent", good[0].reason
        if not ending:
            return "undecided", Why("no-channel", name)
        lawful = [v for v in near if v.channel.verdict != "forbidden"]
        if not lawful and len(near) < len(ending):
            far = [v for v in ending if v not in near]
            best = max(
                far,
                key=lambda v: (
                    v.channel.verdict != "forbidden",
                    v.share or 0.0,
                    v.reason.pump is not None,
                ),
            )
            reason = replace(
                best.reason,
                kind="not-reached",
                mode=name,
                channel=best.channel.id,
                harmonic=harmonic(line),
            )
            if any(v.channel.verdict != "forbidden" for v in far) or not near:
                return "not-reached", reason
        plus = evidence(line, 1, _quanta(near))
        if plus.split(self.sigma):
            return "undecided", Why("runs-differ", name)
        if not plus.told:
            return "undecided", Why("sense-not-measured", name)
        # What linear light alone drives does not turn under circular light.
        turning = abs(plus.circular) >= self.sigma
        if undecided := [
            v
            for v in lawful
            if v.verdict == "undecided" and not (turning and v.reason.kind == "seen-under-circular")
        ]:
            return "undecided", undecided[0].reason
        if abs(plus.combined) >= self.sigma:
            sense: Literal[-1, 1] = 1 if plus.combined > 0 else -1
            if given := [v for v in lawful if v.channel.sense == sense]:
                return "inconsistent", given[0].reason
            witness = [
                v.channel
                for v in near
                if v.channel.verdict == "forbidden" and v.channel.sense == sense
            ]
            if witness:
                channel, rule = witness[0].id, witness[0].reason
                return "inconsistent", Why("as-forbidden", name, channel=channel, rule=rule)
            return "inconsistent", Why("no-channel-of-sense", name, sense=sense)
        if plus.runs and max(abs(plus.worst), abs(evidence(line, -1).worst)) >= self.sigma:
            return "inconsistent", Why("same-way", name)
        allowed = [v for v in lawful if v.channel.turn is not None]
        if allowed and allowed[0].verdict == "inconsistent":
            return "inconsistent", allowed[0].reason
        return "undecided", Why("sense-not-measured", name)

    # ---------------------------------------------------------------------------- channels

    def channels_judged(self, lines: Sequence[LineVerdict]) -> list[ChannelVerdict]:
        """Return the verdicts on the channels, ranked.

        One line that a channel explains is enough; the others have verdicts of their own.
        """
        named = [(v.assignment.line, _names(v.assignment)) for v in lines]
        found = []
        for c in self.channels:
            taken = [
                self._channel(c, line, tuple(n for n in names if n != c.outgoing))
                for line, names in named
                if c.outgoing in names
            ]
            found.append(min(taken or [self._channel(c, None)], key=self.rank))
        return sorted(found, key=self.rank)

    def rank(self, verdict: ChannelVerdict) -> tuple[float, ...]:
        """Order of verdicts: by word, by size where it is known, by detuning, by evidence."""
        channel = verdict.channel
        drive, own = channel.drive, self.by_name[channel.outgoing].frequency
        detuning = np.inf if drive is None or own is None else abs(drive - own)
        return (
            ORDER.index(verdict.verdict),
            float(channel.verdict == "forbidden"),
            -(channel.gain or 0.0),
            float(detuning),
            -(verdict.sigmas or 0.0),
        )

    def _off(self, channel: CandidateChannel, line: Line) -> bool:
        force = self.forces[channel.id]
        return force is not None and share(force, line) < REACHED

    def _channel(
        self, channel: CandidateChannel, line: Line | None, others: tuple[str, ...] = ()
    ) -> ChannelVerdict:
        """The verdict on a channel by a line that is taken for its mode, or by none."""
        if found := self._out_of_reach(channel, line):
            return found
        force, name = self.forces[channel.id], channel.outgoing
        near = None if line is None else reached(force, line)
        seen = None if near is None else evidence(near, channel.sense, channel.turn)
        z = seen.combined if seen and seen.runs else None
        size = None if force is None or near is None else share(force, near)

        def say(word: ChannelWord, reason: Why) -> ChannelVerdict:
            return ChannelVerdict(channel, word, reason, z, size)

        if channel.verdict == "forbidden":
            return say(*_forbidden(channel, others, seen, self.sigma))
        if channel.verdict == "undecided":
            return say("undecided", Why("rule-undecided", name, rule=channel.reason))
        if near is None or seen is None:
            return say("undecided", Why("no-line", name))
        if others:
            return say("undecided", Why("several-modes", name, modes=others))
        if channel.linear:
            return say(*_linear_alone(channel, near, seen, self.sigma))
        if not seen.runs:
            linear = channel.turn is None and any(t.pump is not None for t in near.turnings)
            return say("undecided", Why("no-law" if linear else "no-telling-pump", name))
        if channel.sense and seen.split(self.sigma):
            return say("undecided", Why("runs-differ", name))
        crooked = _crooked(name, seen, self.sigma)
        if seen.circular >= self.sigma and seen.against > -self.sigma:
            # Strain makes linear light turn a mode, and never circular light turn it the other way.
            # Where σ+ and σ− each confirm the sense nothing but strain, of this mode or of the one
            # that is driven, is left to explain it.
            if (
                (crooked or seen.worst <= -self.sigma)
                and seen.reversing
                and (seen.against >= self.sigma)
            ):
                return say("consistent", Why("as-predicted", name, seen.circular))
            if seen.worst <= -self.sigma:
                return say("undecided", Why("linear-differs", name, -seen.worst))
            if crooked:
                return say("undecided", Why("linear-differs", name, crooked.sigmas))
        if not seen.told and (crooked or min(seen.worst, seen.combined) <= -self.sigma):
            # What leaves the sense open turns what linear light drives, too.
            return say("undecided", Why("not-measured", name, seen.combined))
        if min(seen.worst, seen.combined) <= -self.sigma:
            # As for a sense that is confirmed, runs that are too weak alone tell it together.
            against = -min(seen.worst, seen.combined)
            if channel.sense == 0:
                return say("inconsistent", Why("turns", name, against))
            same = seen.runs > 1 and abs(seen.combined) < self.sigma
            return say("inconsistent", Why("turns-otherwise", name, against, same=same))
        if crooked:
            return say("inconsistent", crooked)
        if channel.sense == 0 and not seen.told:
            return say("undecided", Why("not-measured", name, seen.combined))
        if channel.sense == 0:
            return say("consistent", Why("still", name))
        if seen.combined >= self.sigma:
            turn = channel.turn if seen.law else None
            return say("consistent", Why("as-predicted", name, seen.combined, turn=turn))
        return say("undecided", Why("not-measured", name, seen.combined))

    def _out_of_reach(self, channel: CandidateChannel, line: Line | None) -> ChannelVerdict | None:
        """The verdict on a channel whose force does not reach the line, or its mode without one."""
        force, mode = self.forces[channel.id], self.by_name[channel.outgoing]
        if force is None:
            return None
        if line is not None:
            f, error = (
                line.frequency,
                max(LARGEST_DEVIATION * line.frequency_error, line.half_width),
            )
        elif mode.frequency is not None:
            f, error = mode.frequency, LARGEST_DEVIATION * mode.tolerance
        else:
            return None
        pumps = spectra(*((line,) if line is not None else self.lines))
        pump = max(pumps, key=lambda p: force.share(p, f, error))
        size = force.share(pump, f, error)
        if size >= REACHED:
            return None
        reason = Why(
            "off-resonance",
            mode.name,
            frequency=f,
            force=force.band(pump),
            pump=force.needed(pump, f),
            bandwidth=force.bandwidth(f),
        )
        if away := self._undriven(channel, pump):
            reason = replace(
                reason, kind="pump-elsewhere", mode=away.name, frequency=away.frequency
            )
        return ChannelVerdict(channel, "off-resonance", reason, None, size)

    def _undriven(self, channel: CandidateChannel, pump: Spectrum | None) -> CandidateMode | None:
        """An incoming mode that the pump does not drive."""
        if pump is None:
            return None
        for name in channel.incoming:
            mode = self.by_name[name]
            if mode.frequency is None:
                continue
            alone = Force(((mode.frequency, mode.tolerance),))
            if not alone.reaches(pump, mode.frequency, LARGEST_DEVIATION * mode.tolerance):
                return mode
        return None


def _kinds(line: Line, said: Sees | None) -> tuple[Sees, ...]:
    """The activities that the probe of a line may show."""
    stated = said or line.sees
    return ("raman", "infrared") if stated is None else (stated,)


def _names(assignment: Assignment) -> tuple[str, ...]:
    """The modes that a line may be of, likeliest first."""
    own = () if assignment.mode is None else (assignment.mode.name,)
    return (*own, *assignment.alternatives)


def _together(readings: Sequence[LineReading], rank: Callable[[LineReading], int]) -> LineVerdict:
    """The verdict on a line: that of the readings in reach, undecided if they differ."""
    best = min(rank(r) for r in readings)
    chosen = [r for r in readings if rank(r) == best]
    first = min(chosen, key=lambda r: _distance(r.assignment))
    names = tuple(dict.fromkeys(n for r in (first, *chosen) for n in _names(r.assignment)))
    taken = {n for r in readings for n in _names(r.assignment)}
    refused = [
        w
        for r in readings
        for w in r.assignment.why_not
        if w.mode not in taken and (w.kind != "activity" or len(readings) == 1)
    ]
    refused += [
        Refusal(n, "energy")
        for n in dict.fromkeys(n for r in readings for n in _names(r.assignment))
        if n not in names
    ]
    a = replace(first.assignment, alternatives=names[1:], why_not=tuple(dict.fromkeys(refused)))
    word, reason, channels = first.verdict, first.reason, first.channels
    if a.mode is None and reason.kind == "no-mode":
        reason = replace(reason, refused=a.why_not)
    if len({r.verdict for r in chosen}) > 1:
        word, channels = "undecided", ()
        reason = Why("readings-differ", names[0], modes=names[1:])
    else:
        channels = tuple(dict.fromkeys(c for r in (first, *chosen) for c in r.channels))
    senses = tuple(sorted({s for r in chosen for s in r.senses}))
    return LineVerdict(a, word, reason, channels, senses, tuple(readings))


def _distance(assignment: Assignment) -> float:
    return np.inf if assignment.mode is None else distance(assignment.line, assignment.mode)


def _forbidden(
    channel: CandidateChannel, others: tuple[str, ...], found: Evidence | None, sigma: float
) -> tuple[ChannelWord, Why]:
    """What data say of a channel that the rule forbids: they must tell the sense of its mode."""
    why = Why("forbidden", channel.outgoing, rule=channel.reason)
    if found is None:
        return "undecided", replace(why, missing="line")
    if others:
        return "undecided", replace(why, missing="mode", modes=others)
    if max(found.combined, -found.worst) < sigma:
        return "undecided", replace(why, missing="sense")
    return "inconsistent", why


def _crooked(name: str, found: Evidence, sigma: float) -> Why | None:
    """What linear pumps hold against a channel that moves its mode along a line."""
    if found.turned >= sigma:
        return Why("turns-under-linear", name, found.turned)
    if found.misfit >= sigma:
        return Why("breaks-angle-law", name, found.misfit)
    return None


def _linear_alone(
    channel: CandidateChannel, line: Line, found: Evidence, sigma: float
) -> tuple[ChannelWord, Why]:
    """What data say of a channel that only linear light drives."""
    name = channel.outgoing
    runs = {
        word: [t for t in line.turnings if t.pump is not None and bool(t.pump.sense) is circular]
        for word, circular in (("linear", False), ("circular", True))
    }
    if not runs["linear"]:
        return "undecided", Why("no-linear-pump", name)
    if not any(t.seen for t in runs["linear"]):
        if any(t.seen for t in runs["circular"]):
            return "inconsistent", Why("circular-only", name)
        return "undecided", Why("unseen-under-linear", name)
    if any(t.seen for t in runs["circular"]):
        return "undecided", Why("seen-under-circular", name)
    if crooked := _crooked(name, found, sigma):
        return "inconsistent", crooked
    if not found.told:
        return "undecided", Why("not-measured", name, found.combined)
    if not runs["circular"]:
        return "undecided", Why("no-circular-pump", name)
    return "consistent", Why("linear-only", name)


def _force(
    line: Line, channels: Sequence[CandidateChannel], modes: dict[str, CandidateMode]
) -> CandidateChannel | None:
    """The nearest force on a mode that another line was taken for."""
    near = []
    for c in channels:
        if c.drive is None:
            continue
        spread = sum(modes[name].tolerance ** 2 for name in c.incoming) + line.frequency_error**2
        off = abs(c.drive - line.frequency)
        if off <= LARGEST_DEVIATION * max(spread, line.frequency_error**2 + 1e-6) ** 0.5:
            near.append((off, c.id, c))
    return min(near)[2] if near else None


def _quanta(ending: Sequence[ChannelVerdict]) -> int | None:
    """By how many times the angle of linear light a line of (+) turns, if all channels agree."""
    found = {v.channel.turn * v.channel.sense for v in ending if v.channel.turn is not None}
    return found.pop() if len(found) == 1 else None


def _all_reversed(
    lines: Sequence[LineVerdict], verdicts: Sequence[ChannelVerdict], sigma: float
) -> bool:
    wrong = [v for v in lines if v.verdict == "inconsistent" and v.assignment.mode]
    if len(wrong) < 2 or any(
        v.channels and v.assignment.mode.turns for v in lines if v.assignment.mode
    ):
        return False
    against = {
        v.channel.outgoing
        for v in verdicts
        if v.channel.verdict == "allowed" and v.sigmas is not None and v.sigmas <= -sigma
    }
    return all(v.assignment.mode and v.assignment.mode.name in against for v in wrong)
