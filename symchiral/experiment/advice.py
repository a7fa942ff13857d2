"""What would decide what a measurement leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.experiment.assignment import evidence
from symchiral.experiment.observed import Line
from symchiral.experiment.verdict import ChannelVerdict, LineVerdict


def decide(
    lines: Sequence[LineVerdict], verdicts: Sequence[ChannelVerdict], sigma: float
) -> tuple[str, ...]:
    """Return what would decide what is open, in words."""
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
        if 0 in senses and mode is not None and mode.turns and not _law_tested(line, verdicts):
            advice[
                "add linear pumps at two angles, not 45° or 90° apart, and state them: the line of "
                f"{mode.name} must turn with them, by a law that tells the sense of {where}"
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
    taken = {v.assignment.mode.name for v in lines if v.assignment.mode is not None}
    unseen = [
        v.channel.outgoing
        for v in verdicts
        if v.channel.verdict == "allowed" and v.channel.outgoing not in taken
    ]
    if unseen:
        names = ", ".join(dict.fromkeys(unseen))
        what = f"look for {names}, where channels end: a longer record, or a probe that shows it"
        advice[what] = None
    return tuple(advice)


def _law_tested(line: Line, verdicts: Sequence[ChannelVerdict]) -> bool:
    """Whether the angles of linear pumps were of use; or no law of the angle is known."""
    turns = {v.channel.turn for v in verdicts} - {None}
    return not turns or any(evidence(line, 1, turn).law for turn in turns)
