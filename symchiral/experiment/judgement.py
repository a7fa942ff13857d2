"""Does the measurement agree with the rules? Lines, candidate modes and channels, and a verdict.

The criterion is one number, ``sigma``: a sense of rotation counts as measured when it is that many
standard deviations away from a motion along a line. A channel is

consistent
    if the rule allows it, its mode is seen, and the mode turns as predicted by at least ``sigma``,
    with no run against it;
inconsistent
    if the rule forbids it (its witness is passed through), or if in some run the mode turns the
    other way by at least ``sigma``;
undecided
    otherwise, with what is missing.

A line is consistent if an allowed channel is, inconsistent if its sense is measured and no channel
that the rule allows or leaves open gives it, else undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.errors import InputError
from symchiral.experiment.assignment import Assignment, assign, evidence
from symchiral.experiment.candidates import CandidateChannel, CandidateMode, check
from symchiral.experiment.fit import fit
from symchiral.experiment.measurement import Measurement, Pump
from symchiral.experiment.observed import Line, observed
from symchiral.experiment.oscillation import Fit

Word = Literal["consistent", "inconsistent", "undecided"]
_ORDER: tuple[Word, ...] = ("consistent", "undecided", "inconsistent")

SIGMA = 3.0
"""Standard deviations at which a sense of rotation counts as measured."""


@dataclass(frozen=True)
class LineVerdict:
    """The verdict on a line.

    Attributes
    ----------
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent or undecided.
    reason : str
        Why, with the witness of the rule where one is broken.
    channels : tuple of str
        The consistent channels that explain it, likeliest first.
    """

    assignment: Assignment
    verdict: Word
    reason: str
    channels: tuple[str, ...]

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
        consistent, inconsistent or undecided.
    reason : str
        Why.
    sigmas : float or None
        Evidence for its sense in standard deviations, negative against it; None if its mode was
        not seen under a circular pump.
    """

    channel: CandidateChannel
    verdict: Word
    reason: str
    sigmas: float | None


@dataclass(frozen=True)
class Judgement:
    """Verdicts on all lines and channels.

    Attributes
    ----------
    lines : tuple of LineVerdict
        In order of frequency.
    channels : tuple of ChannelVerdict
        Ranked: consistent ones first, then by detuning of the force, then by evidence.
    decide : tuple of str
        Measurements that would decide what is open.
    notes : tuple of str
        Limits of the result.
    sigma : float
        The criterion.
    fit : Fit or None
        The fit behind the lines, if traces were given.
    """

    lines: tuple[LineVerdict, ...]
    channels: tuple[ChannelVerdict, ...]
    decide: tuple[str, ...]
    notes: tuple[str, ...]
    sigma: float
    fit: Fit | None = None


def validate_measurement(
    data: Measurement | Fit | Sequence[Line],
    modes: Sequence[CandidateMode],
    channels: Sequence[CandidateChannel],
    *,
    sees: Literal["raman", "infrared", "any"] | None = None,
    sigma: float = SIGMA,
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
        Activity that the probe shows; default: that of the measurement, ``any`` for lines.
    sigma : float
        The criterion.

    Raises
    ------
    InputError
        If the candidates contradict themselves, or the unit of the times looks wrong.

    Examples
    --------
    >>> from symchiral.experiment.observed import lines_of
    >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
    >>> found = validate_measurement(
    ...     lines_of({"pump": {"polarization": "σ+"}, "components": [row]}),
    ...     [CandidateMode("E(1)", 4.0, infrared=False, raman=True, turns=True)],
    ...     [
    ...         CandidateChannel("F(+) F(+) -> E(1,-)", (), "E(1)", -1, "allowed", "three-fold"),
    ...         CandidateChannel("F(+) F(+) -> E(1,+)", (), "E(1)", 1, "forbidden", "C3: 1+1≠1"),
    ...     ],
    ... )
    >>> [(c.channel.id, c.verdict) for c in found.channels]
    [('F(+) F(+) -> E(1,-)', 'consistent'), ('F(+) F(+) -> E(1,+)', 'inconsistent')]
    """
    if not (np.isfinite(sigma) and sigma > 0):
        raise InputError(
            f"a criterion of {sigma} standard deviations is no criterion",
            why="it must be positive",
            fix="use 3, or 5 for a discovery",
        )
    check(modes, channels)
    fitted: Fit | None = None
    if isinstance(data, Measurement):
        fitted = fit(data, background="auto")
    elif isinstance(data, Fit):
        fitted = data
    lines: Sequence[Line] = observed(fitted) if fitted else tuple(data)  # type: ignore[arg-type]
    probe = sees or (fitted.measurement.probe.sees if fitted else "any")
    assignments = assign(lines, modes, channels, sees=probe, sigma=sigma)
    by_name = {mode.name: mode for mode in modes}

    def on(a: Assignment) -> list[ChannelVerdict]:
        ending = [c for c in channels if a.mode is not None and c.outgoing == a.mode.name]
        return sorted(
            (_channel(c, a, by_name, sigma) for c in ending), key=lambda v: _rank(v, by_name)
        )

    judged = tuple(_line(a, on(a), sigma) for a in assignments)
    verdicts = []
    for c in channels:
        taken: list[Assignment | None] = [
            a for a in assignments if a.mode is not None and a.mode.name == c.outgoing
        ]
        found = [_channel(c, a, by_name, sigma) for a in taken or [None]]
        # One line that a channel explains is enough; the others have verdicts of their own.
        verdicts.append(min(found, key=lambda v: _rank(v, by_name)))
    verdicts.sort(key=lambda v: _rank(v, by_name))
    notes = list(fitted.notes) if fitted else []
    if _all_reversed(judged, verdicts, sigma):
        notes.append(
            "every line turns against the rule and would agree if all helicities were reversed: "
            "are the two channels or the pump polarisations swapped?"
        )
    advice = _decide(judged, verdicts, sigma)
    return Judgement(judged, tuple(verdicts), advice, tuple(notes), sigma, fitted)


def _rank(verdict: ChannelVerdict, modes: dict[str, CandidateMode]) -> tuple[float, ...]:
    drive, own = verdict.channel.drive, modes[verdict.channel.outgoing].frequency
    detuning = np.inf if drive is None or own is None else abs(drive - own)
    return (_ORDER.index(verdict.verdict), float(detuning), -(verdict.sigmas or 0.0))


def _channel(
    channel: CandidateChannel,
    assignment: Assignment | None,
    modes: dict[str, CandidateMode],
    sigma: float,
) -> ChannelVerdict:
    found = evidence(assignment.line, channel.sense) if assignment else None
    z = found.combined if found and found.runs else None

    def say(word: Word, reason: str) -> ChannelVerdict:
        return ChannelVerdict(channel, word, reason, z)

    if channel.verdict == "forbidden":
        return say("inconsistent", f"forbidden: {channel.reason}")
    if channel.verdict == "undecided":
        return say("undecided", f"the rule is undecided: {channel.reason}")
    if assignment is None or found is None:
        return say("undecided", f"no line was taken for {channel.outgoing}")
    if assignment.alternatives:
        others = " or ".join(assignment.alternatives)
        return say("undecided", f"the line taken for {channel.outgoing} may also be {others}")
    if missed := _missed(channel, assignment.line, modes):
        return say("undecided", missed)
    if not found.runs:
        return say("undecided", "no run had a circular pump")
    if found.worst <= -sigma:
        against = (
            f"{channel.outgoing} turns, which this channel does not make it do"
            if channel.sense == 0
            else f"{channel.outgoing} turns the other way"
        )
        both = found.runs > 1 and abs(found.combined) < sigma and channel.sense
        more = ", the same way for both pumps" if both else ""
        return say("inconsistent", f"{against} ({-found.worst:.1f} standard deviations{more})")
    if channel.sense == 0:
        return say("consistent", f"{channel.outgoing} is seen and does not turn")
    if found.combined >= sigma:
        return say("consistent", f"{channel.outgoing} turns as predicted ({z:.1f} sigma)")
    return say("undecided", f"the sense of {channel.outgoing} is not measured ({z:.1f} sigma)")


def _missed(channel: CandidateChannel, line: Line, modes: dict[str, CandidateMode]) -> str | None:
    """Whether no pump reaches an infrared mode that goes in."""
    pumps = [t.pump for t in line.turnings if t.pump is not None]
    for name in channel.incoming:
        mode = modes[name]
        if mode.frequency is None:
            continue
        if mode.infrared and pumps and not any(_reaches(pump, mode) for pump in pumps):
            return f"the pump does not reach {name} at {mode.frequency:.3g} THz"
    return None


def _reaches(pump: Pump, mode: CandidateMode) -> bool:
    if pump.frequency is None or pump.bandwidth is None or mode.frequency is None:
        return True
    return abs(pump.frequency - mode.frequency) <= pump.bandwidth + 3 * mode.tolerance


def _line(assignment: Assignment, ending: Sequence[ChannelVerdict], sigma: float) -> LineVerdict:
    def say(word: Word, reason: str, channels: tuple[str, ...] = ()) -> LineVerdict:
        return LineVerdict(assignment, word, reason, channels)

    line, mode = assignment.line, assignment.mode
    if not line.significant:
        return say("undecided", "it may be noise")
    if mode is None:
        reasons = dict.fromkeys(why for _, why in assignment.why_not)
        near = "; ".join(
            f"not {', '.join(name for name, why in assignment.why_not if why == reason)}: {reason}"
            for reason in reasons
        )
        return say("undecided", "no candidate mode is near" + (f" ({near})" if near else ""))
    good = tuple(v.channel.id for v in ending if v.verdict == "consistent")
    if good:
        return say("consistent", next(v.reason for v in ending if v.verdict == "consistent"), good)
    if assignment.alternatives:
        return say("undecided", f"it may also be {' or '.join(assignment.alternatives)}")
    if not ending:
        return say("undecided", f"no candidate channel ends at {mode.name}")
    open_ones = [v for v in ending if v.verdict == "undecided"]
    if open_ones:
        return say("undecided", open_ones[0].reason)
    plus = evidence(line, 1)
    if abs(plus.combined) >= sigma:
        sense = int(np.sign(plus.combined))
        witness = [
            v.channel
            for v in ending
            if v.channel.verdict == "forbidden" and v.channel.sense == sense
        ]
        word = "+" if sense > 0 else "−"
        if witness:
            return say(
                "inconsistent",
                f"it turns as {witness[0].id} would, which is forbidden: {witness[0].reason}",
            )
        return say("inconsistent", f"no allowed channel gives {mode.name} the sense {word} for σ+")
    if plus.runs and max(abs(plus.worst), abs(evidence(line, -1).worst)) >= sigma:
        return say("inconsistent", "it turns the same way whichever way the pump turns")
    return say("undecided", "its sense is not measured")


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


def _decide(
    lines: Sequence[LineVerdict], verdicts: Sequence[ChannelVerdict], sigma: float
) -> tuple[str, ...]:
    advice: dict[str, None] = {}
    for judged in lines:
        line, mode = judged.assignment.line, judged.assignment.mode
        where = f"the line at {line.frequency:.3g} THz"
        senses = {t.pump.sense for t in line.turnings if t.pump is not None}
        if not line.significant:
            advice[f"average longer: {where} may be noise"] = None
            continue
        if judged.assignment.alternatives and mode is not None:
            others = ", ".join(judged.assignment.alternatives)
            advice[
                f"tell {mode.name} from {others} for {where}: another probe geometry or activity, "
                "or better known frequencies"
            ] = None
        if not senses & {1, -1}:
            advice[f"pump with circular light of both helicities: the sense of {where} is open"] = (
                None
            )
        elif not {1, -1} <= senses:
            other = "σ−" if 1 in senses else "σ+"
            advice[
                f"add a run with {other}: what the pump drives must reverse, artefacts do not"
            ] = None
        found = evidence(line, 1)
        if judged.verdict == "undecided" and mode is not None and mode.turns and found.runs:
            z = abs(found.combined)
            if 0.5 < z < sigma:
                advice[
                    f"average about {(1.2 * sigma / z) ** 2:.0f} times longer to measure the sense "
                    f"of {where}"
                ] = None
        if len(judged.channels) > 1:
            ways = sorted(
                {v.channel.mechanism for v in verdicts if v.channel.id in judged.channels}
            )
            advice[
                f"{len(judged.channels)} channels ({', '.join(ways)}) explain {where}: symmetry "
                "cannot tell them apart; sweep the pump frequency, a resonance of an incoming mode "
                "shows as its line width, and compare the delay with which the line rises"
            ] = None
    unseen = [
        v.channel.outgoing
        for v in verdicts
        if v.verdict == "undecided" and v.reason.startswith("no line was taken")
    ]
    if unseen:
        names = ", ".join(dict.fromkeys(unseen))
        what = f"look for {names}, where channels end: a longer record, or a probe that shows it"
        advice[what] = None
    return tuple(advice)
