"""What would decide what a measurement leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.experiment.assignment import evidence
from symchiral.experiment.observed import Line
from symchiral.experiment.verdict import Advice, ChannelVerdict, LineVerdict


def decide(
    lines: Sequence[LineVerdict], verdicts: Sequence[ChannelVerdict], sigma: float
) -> tuple[Advice, ...]:
    """Return what would decide what is open."""
    advice: dict[Advice, None] = {}
    for judged in lines:
        advice |= dict.fromkeys(_about(judged, verdicts, sigma))
    taken = {v.assignment.mode.name for v in lines if v.assignment.mode is not None}
    unseen = [
        v.channel.outgoing
        for v in verdicts
        if v.channel.verdict == "allowed"
        and v.verdict != "off-resonance"
        and v.channel.outgoing not in taken
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
        return [Advice("last-longer", f)]
    advice = []
    senses = {t.pump.sense for t in line.turnings if t.pump is not None}
    others = judged.assignment.alternatives
    if others and mode is not None:
        advice.append(Advice("tell-modes", f, mode.name, others))
    if not senses & {1, -1}:
        advice.append(Advice("circular-pumps", f))
    elif not {1, -1} <= senses:
        advice.append(Advice("other-helicity", helicity="-" if 1 in senses else "+"))
    if 0 in senses and mode is not None and mode.turns and not _law_tested(line, verdicts):
        advice.append(Advice("linear-pumps", f, mode.name))
    found = evidence(line, 1)
    if judged.verdict == "undecided" and mode is not None and mode.turns and found.runs:
        z = abs(found.combined)
        if 0.5 < z < sigma:
            advice.append(Advice("average-sense", f, times=(1.2 * sigma / z) ** 2))
    if mode is not None and judged.verdict == "consistent":
        advice.append(Advice("refute", f, mode.name))
    if mode is not None and judged.verdict == "inconsistent":
        advice.append(Advice("check-senses", f, mode.name))
    if len(judged.channels) > 1:
        ways = {v.channel.mechanism for v in verdicts if v.channel.id in judged.channels}
        count, mechanisms = len(judged.channels), tuple(sorted(ways))
        advice.append(Advice("sweep-pump", f, count=count, mechanisms=mechanisms))
    return advice


def _law_tested(line: Line, verdicts: Sequence[ChannelVerdict]) -> bool:
    """Whether the angles of linear pumps were of use; or no law of the angle is known."""
    turns = {v.channel.turn for v in verdicts} - {None}
    return not turns or any(evidence(line, 1, turn).law for turn in turns)
