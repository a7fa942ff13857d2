"""Does the measurement agree with the rules? Verdicts on its lines and on candidate channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from symchiral.errors import InputError
from symchiral.experiment.advice import decide
from symchiral.experiment.assignment import CUT, Assignment, Evidence, assign, evidence
from symchiral.experiment.candidates import CandidateChannel, CandidateMode, check
from symchiral.experiment.fit import fit
from symchiral.experiment.measurement import Measurement, Pump
from symchiral.experiment.observed import Line, observed
from symchiral.experiment.oscillation import Fit
from symchiral.experiment.verdict import (
    ORDER,
    SIGMA,
    ChannelVerdict,
    Judgement,
    LineVerdict,
    Word,
)


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
    ...     [CandidateMode("E#1", 4.0, infrared=False, raman=True, turns=True)],
    ...     [
    ...         CandidateChannel("F(+) F(+) -> E#1(-)", (), "E#1", -1, "allowed", "three-fold"),
    ...         CandidateChannel("F(+) F(+) -> E#1(+)", (), "E#1", 1, "forbidden", "C3: 1+1≠1"),
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
        names = [m.name for m in modes if m.frequency is not None and m.frequency < low]
        if names:
            notes.append(
                f"the record is shorter than one period of {', '.join(names)}: lines below "
                f"{low:.3g} THz cannot be seen in it"
            )
        names = [m.name for m in modes if m.frequency is not None and m.frequency > high]
        if names:
            notes.append(
                f"the steps of the times do not resolve {', '.join(names)}: lines above "
                f"{high:.3g} THz cannot be seen, and appear elsewhere if they are there"
            )
    if _all_reversed(judged, verdicts, sigma):
        notes.append(
            "every line turns against the rule and would agree if all helicities were reversed: "
            "are the two channels or the pump polarisations swapped?"
        )
    advice = decide(judged, verdicts, sigma)
    ranking = ranking_of(channels, modes)
    return Judgement(judged, tuple(verdicts), advice, tuple(notes), sigma, fitted, ranking)


def ranking_of(channels: Sequence[CandidateChannel], modes: Sequence[CandidateMode]) -> str:
    """Return what an order of channels rests on, in words."""
    if any(c.gain is not None for c in channels if c.verdict != "forbidden"):
        return (
            "coupling coefficients and detuning; forces of light, whose size is not known, follow "
            "by detuning"
        )
    if any(m.frequency is not None for m in modes):
        return "detuning; coupling coefficients are not known"
    return "number of photons; neither frequencies nor coupling coefficients are known"


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

    def say(word: Word, reason: str) -> ChannelVerdict:
        return ChannelVerdict(channel, word, reason, z)

    if channel.verdict == "forbidden":
        return say(*_forbidden(channel, assignment, found, sigma))
    if channel.verdict == "undecided":
        return say("undecided", f"the rule is undecided: {channel.reason}")
    if assignment is None or found is None:
        return say("undecided", f"no line was taken for {name}")
    if assignment.alternatives:
        others = " or ".join(assignment.alternatives)
        return say("undecided", f"the line taken for {name} may also be {others}")
    if missed := _missed(channel, assignment.line, modes):
        return say("undecided", missed)
    if channel.linear:
        return say(*_linear_alone(channel, assignment.line, found, sigma))
    if not found.runs:
        return say(
            "undecided",
            "no run had a circular pump, nor are there lines under linear pumps at two angles",
        )
    if found.worst <= -sigma:
        against = (
            f"{name} turns, which this channel does not make it do"
            if channel.sense == 0
            else f"{name} turns the other way"
        )
        both = found.runs > 1 and abs(found.combined) < sigma and channel.sense
        more = ", the same way for both pumps" if both else ""
        return say("inconsistent", f"{against} ({-found.worst:.1f} standard deviations{more})")
    if crooked := _crooked(name, found, sigma):
        return say("inconsistent", crooked)
    if channel.sense == 0:
        return say("consistent", f"{name} is seen and does not turn")
    if found.combined >= sigma:
        more = ""
        if found.law:
            more = f", lines by {channel.turn:+d}φ".replace("-", "−")
        return say("consistent", f"{name} turns as predicted ({z:.1f} sigma{more})")
    return say("undecided", f"the sense of {name} is not measured ({z:.1f} sigma)")


def _forbidden(
    channel: CandidateChannel, assignment: Assignment | None, found: Evidence | None, sigma: float
) -> tuple[Word, str]:
    """What data say of a channel that the rule forbids: they must tell the sense of its mode."""
    name, why = channel.outgoing, f"forbidden: {channel.reason}"
    if assignment is None or found is None:
        return "undecided", f"{why}; no line was taken for {name}"
    if assignment.alternatives:
        return "undecided", f"{why}; the line may also be {' or '.join(assignment.alternatives)}"
    if max(found.combined, -found.worst) < sigma:
        return "undecided", f"{why}; the sense of {name} is not measured"
    return "inconsistent", why


def _crooked(name: str, found: Evidence, sigma: float) -> str | None:
    """What linear pumps hold against a channel that moves its mode along a line."""
    if found.turned >= sigma:
        return f"{name} turns under a linear pump ({found.turned:.1f} standard deviations)"
    if found.misfit >= sigma:
        return (
            f"the lines of {name} under linear pumps break the law of the angle "
            f"({found.misfit:.1f} standard deviations)"
        )
    return None


def _linear_alone(
    channel: CandidateChannel, line: Line, found: Evidence, sigma: float
) -> tuple[Word, str]:
    """What data say of a channel that only linear light drives."""
    name = channel.outgoing
    runs = {
        word: [t for t in line.turnings if t.pump is not None and bool(t.pump.sense) is circular]
        for word, circular in (("linear", False), ("circular", True))
    }
    if not runs["linear"]:
        return "undecided", "no run had a linear pump, which alone drives it"
    if not any(t.seen for t in runs["linear"]):
        if any(t.seen for t in runs["circular"]):
            return (
                "inconsistent",
                f"{name} is seen under circular light only, which cannot drive it",
            )
        return "undecided", f"{name} is not seen under linear light alone"
    if any(t.seen for t in runs["circular"]):
        return "undecided", f"{name} is seen under circular light too"
    if crooked := _crooked(name, found, sigma):
        return "inconsistent", crooked
    if not runs["circular"]:
        return "undecided", "no run had a circular pump, under which its line must be missing"
    return "consistent", f"{name} is seen under linear light alone"


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
        reason = "no candidate mode is free near it" + (f" ({near})" if near else "")
        if force := _force(line, forced, modes):
            reason += (
                f"; {force.id} pushes there: it may be {force.outgoing} moved by the force, beside "
                "its own line"
            )
        return say("undecided", reason)
    good = tuple(v.channel.id for v in ending if v.verdict == "consistent")
    if good:
        return say("consistent", next(v.reason for v in ending if v.verdict == "consistent"), good)
    if assignment.alternatives:
        return say("undecided", f"it may also be {' or '.join(assignment.alternatives)}")
    if not ending:
        return say("undecided", f"no candidate channel ends at {mode.name}")
    open_ones = [v for v in ending if v.verdict == "undecided" and v.channel.verdict != "forbidden"]
    if open_ones:
        return say("undecided", open_ones[0].reason)
    plus = evidence(line, 1, _quanta(ending))
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
    allowed = [v for v in ending if v.channel.verdict == "allowed" and v.channel.turn is not None]
    if allowed:
        return say(allowed[0].verdict, allowed[0].reason)
    return say("undecided", "its sense is not measured")


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
        if off <= CUT * max(spread, line.frequency_error**2 + 1e-6) ** 0.5:
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
