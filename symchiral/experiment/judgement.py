"""Does the measurement agree with the rules? Verdicts on its lines and on candidate channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from symchiral.defaults import SIGMA
from symchiral.errors import InputError
from symchiral.experiment.advice import decide
from symchiral.experiment.assignment import (
    LARGEST_DEVIATION,
    Assignment,
    Evidence,
    assign,
    evidence,
)
from symchiral.experiment.candidates import CandidateChannel, CandidateMode, check
from symchiral.experiment.fit import fit
from symchiral.experiment.measurement import Measurement, PumpPulse
from symchiral.experiment.note import Note
from symchiral.experiment.observed import Line, observed
from symchiral.experiment.oscillation import Fit
from symchiral.experiment.probe import Sees
from symchiral.experiment.verdict import (
    ORDER,
    ChannelVerdict,
    Judgement,
    LineVerdict,
    Ranking,
    Why,
    Word,
)


def validate_measurement(
    data: Measurement | Fit | Sequence[Line],
    modes: Sequence[CandidateMode],
    channels: Sequence[CandidateChannel],
    *,
    sees: Sees | None = None,
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
    turning = fitted is not None and fitted.measurement.probe.turning
    assignments = assign(lines, modes, channels, sees=probe, sigma=sigma, turning=turning)
    by_name = {mode.name: mode for mode in modes}

    def on(a: Assignment) -> list[ChannelVerdict]:
        ending = [c for c in channels if a.mode is not None and c.outgoing == a.mode.name]
        return sorted(
            (_channel(c, a, by_name, sigma) for c in ending), key=lambda v: _rank(v, by_name)
        )

    taken_modes = {a.mode.name for a in assignments if a.mode is not None}
    forced = [c for c in channels if c.verdict == "allowed" and c.outgoing in taken_modes]
    judged = tuple(_line(a, on(a), forced, by_name, sigma) for a in assignments)
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
    if fitted:
        low, high = fitted.band
        slow = tuple(m.name for m in modes if m.frequency is not None and m.frequency < low)
        if slow:
            notes.append(Note("short-record", frequency=low, modes=slow))
        fast = tuple(m.name for m in modes if m.frequency is not None and m.frequency > high)
        if fast:
            notes.append(Note("coarse-steps", frequency=high, modes=fast))
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


def _rank(verdict: ChannelVerdict, modes: dict[str, CandidateMode]) -> tuple[float, ...]:
    drive, own = verdict.channel.drive, modes[verdict.channel.outgoing].frequency
    detuning = np.inf if drive is None or own is None else abs(drive - own)
    return (
        ORDER.index(verdict.verdict),
        float(verdict.channel.verdict == "forbidden"),
        -(verdict.channel.gain or 0.0),
        float(detuning),
        -(verdict.sigmas or 0.0),
    )


def _channel(
    channel: CandidateChannel,
    assignment: Assignment | None,
    modes: dict[str, CandidateMode],
    sigma: float,
) -> ChannelVerdict:
    found = evidence(assignment.line, channel.sense, channel.turn) if assignment else None
    z = found.combined if found and found.runs else None
    name = channel.outgoing

    def say(word: Word, reason: Why) -> ChannelVerdict:
        return ChannelVerdict(channel, word, reason, z)

    if channel.verdict == "forbidden":
        return say(*_forbidden(channel, assignment, found, sigma))
    if channel.verdict == "undecided":
        return say("undecided", Why("rule-undecided", name, rule=channel.reason))
    if assignment is None or found is None:
        return say("undecided", Why("no-line", name))
    if assignment.alternatives:
        return say("undecided", Why("several-modes", name, modes=assignment.alternatives))
    if missed := _missed(channel, assignment.line, modes):
        return say("undecided", missed)
    if channel.linear:
        return say(*_linear_alone(channel, assignment.line, found, sigma))
    if not found.runs:
        return say("undecided", Why("no-telling-pump", name))
    if found.worst <= -sigma:
        if channel.sense == 0:
            return say("inconsistent", Why("turns", name, -found.worst))
        same = found.runs > 1 and abs(found.combined) < sigma
        return say("inconsistent", Why("turns-otherwise", name, -found.worst, same=same))
    if crooked := _crooked(name, found, sigma):
        return say("inconsistent", crooked)
    if channel.sense == 0:
        return say("consistent", Why("still", name))
    if found.combined >= sigma:
        turn = channel.turn if found.law else None
        return say("consistent", Why("as-predicted", name, found.combined, turn=turn))
    return say("undecided", Why("not-measured", name, found.combined))


def _forbidden(
    channel: CandidateChannel, assignment: Assignment | None, found: Evidence | None, sigma: float
) -> tuple[Word, Why]:
    """What data say of a channel that the rule forbids: they must tell the sense of its mode."""
    why = Why("forbidden", channel.outgoing, rule=channel.reason)
    if assignment is None or found is None:
        return "undecided", replace(why, missing="line")
    if assignment.alternatives:
        return "undecided", replace(why, missing="mode", modes=assignment.alternatives)
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
) -> tuple[Word, Why]:
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
    if not runs["circular"]:
        return "undecided", Why("no-circular-pump", name)
    return "consistent", Why("linear-only", name)


def _missed(channel: CandidateChannel, line: Line, modes: dict[str, CandidateMode]) -> Why | None:
    """Whether no pump reaches an infrared mode that goes in."""
    pumps = [t.pump for t in line.turnings if t.pump is not None]
    for name in channel.incoming:
        mode = modes[name]
        if mode.frequency is None:
            continue
        if mode.infrared and pumps and not any(_reaches(pump, mode) for pump in pumps):
            return Why("pump-elsewhere", name, frequency=mode.frequency)
    return None


def _reaches(pump: PumpPulse, mode: CandidateMode) -> bool:
    if pump.band is None or mode.frequency is None:
        return True
    low, high = pump.band
    slack = 3 * mode.tolerance
    return low - slack <= mode.frequency <= high + slack


def _line(
    assignment: Assignment,
    ending: Sequence[ChannelVerdict],
    forced: Sequence[CandidateChannel],
    modes: dict[str, CandidateMode],
    sigma: float,
) -> LineVerdict:
    def say(word: Word, reason: Why, channels: tuple[str, ...] = ()) -> LineVerdict:
        return LineVerdict(assignment, word, reason, channels)

    line, mode = assignment.line, assignment.mode
    if not line.significant:
        return say("undecided", Why("noise"))
    if mode is None:
        reason = Why("no-mode", refused=assignment.why_not)
        if force := _force(line, forced, modes):
            reason = replace(reason, channel=force.id, mode=force.outgoing)
        return say("undecided", reason)
    name = mode.name
    good = tuple(v.channel.id for v in ending if v.verdict == "consistent")
    if good:
        return say("consistent", next(v.reason for v in ending if v.verdict == "consistent"), good)
    if assignment.alternatives:
        return say("undecided", Why("other-modes", name, modes=assignment.alternatives))
    if not ending:
        return say("undecided", Why("no-channel", name))
    open_ones = [v for v in ending if v.verdict == "undecided" and v.channel.verdict != "forbidden"]
    if open_ones:
        return say("undecided", open_ones[0].reason)
    plus = evidence(line, 1, _quanta(ending))
    if abs(plus.combined) >= sigma:
        sense: Literal[-1, 1] = 1 if plus.combined > 0 else -1
        witness = [
            v.channel
            for v in ending
            if v.channel.verdict == "forbidden" and v.channel.sense == sense
        ]
        if witness:
            channel, rule = witness[0].id, witness[0].reason
            return say("inconsistent", Why("as-forbidden", name, channel=channel, rule=rule))
        return say("inconsistent", Why("no-channel-of-sense", name, sense=sense))
    if plus.runs and max(abs(plus.worst), abs(evidence(line, -1).worst)) >= sigma:
        return say("inconsistent", Why("same-way", name))
    allowed = [v for v in ending if v.channel.verdict == "allowed" and v.channel.turn is not None]
    if allowed:
        return say(allowed[0].verdict, allowed[0].reason)
    return say("undecided", Why("sense-not-measured", name))


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
