"""The tables and the words of ``validate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import pi

import numpy as np

from symchiral.answers.record import FrequencyUnit
from symchiral.answers.validate import CandidateChannel, Line, Run, Validate
from symchiral.rules.wording import minus, pretty
from symchiral.table import Table, Text, labelled
from symchiral.text.crystal import crystal_lines
from symchiral.text.reason import plain_reason_text
from symchiral.text.why import why_text
from symchiral.traces.parameters import ParameterName
from symchiral.traces.verdict import LineWord
from symchiral.units import PER_THZ, SIGNS, frequency_text

SAID: dict[LineWord, str] = {
    "inconsistent": "contradicts the rules",
    "undecided": "is undecided",
    "not-reached": "is not reached by what the pump drives",
}
"""What is said of a line that does not agree."""

LARGEST_POWER = 6
"""Power of ten up to which a ratio of likelihoods is printed: beyond it rests on how often an
apparatus is off by many times its error, which is not known."""

LEAST_SPLITTING = 5e-4
"""Splitting, in the unit of the line, from which on it is printed."""

MOST = 4
"""Channels printed for every line that the rules do not forbid; of the others one."""


def validation_tables(answer: Validate, *, document: str = "--json") -> tuple[Table, ...]:
    """Return the lines, the channels, and what they mean in words.

    Parameters
    ----------
    document : str
        Where the document with all rows is, in the words of the reader: an option, or a file.
    """
    words: list[Text] = [
        found_text(answer.components, answer.channels, transfer=pretty),
        *(labelled("next", text) for text in answer.decide),
        *(labelled("note", text) for text in answer.notes),
    ]
    return _lines_table(answer), _channels_table(answer, document), Table((), (), tuple(words))


def judged_table(lines: Sequence[Line], channels: Sequence[CandidateChannel]) -> Table:
    """Return one row per line and run, of a judgement that names no crystal."""
    rows = []
    for line in lines:
        frequency = f"{line.frequency:.3f} {SIGNS[line.frequency_unit]}"
        for run in line.runs:
            senses = predicted_in(channels, line, run)
            rows.append(
                (
                    frequency,
                    line.assigned or "—",
                    pump_text(run),
                    _helicity(run),
                    " or ".join({1: "+", -1: "−", 0: "0"}[s] for s in senses) or "—",
                    line.verdict,
                )
            )
    return Table(("line", "mode", "pump", "helicity", "rule", "verdict"), tuple(rows))


def straight(channels: Sequence[CandidateChannel], line: Line) -> tuple[int, ...]:
    """Return the laws of the angle that allowed channels in reach give a line, linear light."""
    found = {
        c.turn
        for c in channels
        if c.outgoing == line.assigned and c.rule == "allowed" and c.verdict != "off-resonance"
    }
    return tuple(sorted(t for t in found if t is not None))


def pump_text(run: Run) -> str:
    """``σ+``, ``σ−``, ``30°``, ``linear``; ``not known``."""
    if run.pump is None:
        return "not known"
    if run.angle is not None:
        return f"{run.angle:g}°"
    return {"+": "σ+", "-": "σ−", "linear": "linear"}[run.pump]


def predicted_in(channels: Sequence[CandidateChannel], line: Line, run: Run) -> tuple[int, ...]:
    """Return the senses that the rule gives a line in a run; 0 along a line, none if it is open."""
    if run.pump is None:
        return ()
    if run.pump == "linear":
        return (0,) if straight(channels, line) else ()
    return tuple(s if run.pump == "+" else -s for s in line.predicted)


def _helicity(run: Run) -> str:
    """A helicity with its interval; of one channel of a probe whether the line is seen."""
    if run.low <= -1 and run.high >= 1 and not run.sigmas:
        return f"open, {'seen' if run.seen else 'not seen'}"
    return minus(f"{run.helicity:+.2f} [{run.low:+.2f}, {run.high:+.2f}]")


def _lines_table(answer: Validate) -> Table:
    units = [line.frequency_unit for line in answer.components]
    unit = (*units, *(c.frequency_unit for c in answer.channels), "THz")[0]
    digits = 3 if unit == "THz" else 1
    first = answer.components[0].runs if answer.components else ()
    level = round(100 * first[0].level) if first else 95
    width = f"γ/2π ({SIGNS[unit]})"
    rows: list[tuple[str, ...]] = []
    for line in answer.components:
        error = line.frequency_error
        frequency = _parameter(line, "frequency", line.frequency, error, digits)
        own = (frequency, _width(line, unit), line.assigned or "—", line.verdict)
        for i, run in enumerate(line.runs):
            f, gamma, mode, verdict = ("",) * 4 if i else own
            senses = predicted_in(answer.channels, line, run)
            along = run.direction is not None and run.pump not in ("+", "-")
            rows.append(
                (
                    f,
                    gamma,
                    mode,
                    pump_text(run),
                    _helicity(run),
                    " or ".join({1: "+", -1: "−", 0: "0"}[s] for s in senses) or "—",
                    f"{run.direction:.0f}° ± {run.direction_error:.0f}°" if along else "",
                    verdict,
                )
            )
    table = Table(
        (f"f ({SIGNS[unit]})", width, "mode", "pump", "helicity", "rule", "along", "verdict"),
        tuple(rows),
        head=crystal_lines(answer.structure, answer.axis, "measured lines"),
        foot=(
            f"Helicity (|a+|² − |a−|²)/(|a+|² + |a−|²) with its {level} % interval; rule: the "
            f"sense that allowed channels give. A sense is measured from {answer.sigma:g} "
            "standard deviations on.",
        ),
        optional=(width, "along", "mode"),
        folded=("helicity",),
        notes=tuple(("along", line) for line in _laws(answer)),
    )
    table = replace(
        table, foot=(*table.foot, *_split(answer.components), *_likelihoods(answer.components))
    )
    if not any(row[6] for row in rows):
        table = table.without("along")
    return table if answer.fit is not None else table.without(width)


def _width(line: Line, unit: FrequencyUnit) -> str:
    """The full width at half maximum: γ/2 is the rate at which the amplitude decays."""
    if line.damping is None or line.damping_error is None:
        return ""
    digits, scale = 3 if unit == "THz" else 2, PER_THZ[unit] / pi
    width, error = scale * line.damping, scale * line.damping_error
    return _parameter(line, "damping", width, error, digits)


def _parameter(line: Line, name: ParameterName, value: float, error: float, digits: int) -> str:
    """``4.053 ± 0.002``; ``4.05 fixed``, a frequency as it was given."""
    if name in line.fixed:
        return f"{value:.14g} fixed" if name == "frequency" else f"{value:.{digits}f} fixed"
    text = f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error else "")
    return text + (" tied" if name in line.tied else "")


def _split(lines: Sequence[Line]) -> tuple[str, ...]:
    """What strain does to the lines."""
    return tuple(
        f"The line at {line.frequency:.3f} {SIGNS[line.frequency_unit]} is a multiplet split by "
        f"{line.splitting:.3f} ± {line.splitting_error or 0.0:.3f} {SIGNS[line.frequency_unit]}, "
        f"the upper part along {line.split_axis or 0.0:.0f}°; its helicity is that at the centre "
        "of its force."
        for line in lines
        if line.splitting is not None and line.lasting and line.splitting >= LEAST_SPLITTING
    )


def _likelihoods(lines: Sequence[Line]) -> tuple[str, ...]:
    """How much likelier the senses of the rule are than the opposite ones."""
    said = []
    for line in lines:
        found, senses = line.likelihood, set(line.predicted) - {0}
        known = any(run.sigmas for run in line.runs)
        if found is None or len(senses) != 1 or not (line.lasting and known):
            continue
        (sense,) = senses
        text = f"{line.assigned} {_times(sense * found.ratio)}"
        if found.force is not None:
            text += f" (by the lines alone {_times(sense * found.lines)}, by a model of the force "
            text += f"{_times(sense * found.force)})"
        said.append(text)
    if not said:
        return ()
    return (
        "How many times likelier the sense of the rule is than the opposite one: "
        f"{'; '.join(said)}.",
    )


def _times(logarithm: float) -> str:
    """A ratio of likelihoods by its natural logarithm.

    Examples
    --------
    >>> _times(0.7), _times(5.4), _times(90.1), _times(-90.1)
    ('2.01', '221', 'over 10^6', 'under 10^−6')
    """
    power = logarithm / np.log(10)
    if abs(power) < 3:
        return f"{10**power:.3g}"
    if abs(power) > LARGEST_POWER:
        return minus(f"over 10^{LARGEST_POWER}" if power > 0 else f"under 10^-{LARGEST_POWER}")
    return minus(f"10^{power:.0f}")


def _laws(answer: Validate) -> tuple[str, ...]:
    """What the lines under linear pumps mean, if there are any."""
    found = {
        f"{line.assigned} by {t:+d}φ"
        for line in answer.components
        if any(run.direction is not None and run.pump == "linear" for run in line.runs)
        for t in straight(answer.channels, line)
    }
    if not found:
        return ()
    return (
        "along: direction of motion in the plane of the coordinates, modulo 180°. For a linear "
        f"pump at the angle φ the rule rotates that of {minus(', '.join(sorted(found)))}.",
    )


def _channels_table(answer: Validate, document: str) -> Table:
    found = _telling(answer.components, answer.channels)
    if not found:
        return Table(
            (), (), (), ("No candidate channel has an observed mode as the outgoing one.",)
        )
    chosen = []
    for name in dict.fromkeys(line.assigned for line in answer.components if line.assigned):
        ending = [c for c in found if c.outgoing == name]
        chosen += [c for c in ending if c.rule != "forbidden"][:MOST]
        chosen += [c for c in ending if c.rule == "forbidden"][:1]
    rows = [(pretty(c.id), c.mechanism, _detuning(answer, c), c.verdict, _why(c)) for c in chosen]
    left = len(found) - len(rows)
    delta = f"δ ({SIGNS[chosen[0].frequency_unit]})"
    table = Table(
        ("channel, pump σ+", "force from", delta, "verdict", "why"),
        tuple(rows),
        foot=(
            *((f"{left} more, ranked lower or forbidden: {document}",) if left else ()),
            f"Ranked by verdict, then {answer.ranking}.",
        ),
        optional=("force from", delta),
        names=("channel, pump σ+",),
        folded=("why", "force from"),
    )
    return table if any(row[2] for row in rows) else table.without(delta)


def _telling(lines: Sequence[Line], channels: Sequence[CandidateChannel]) -> list[CandidateChannel]:
    """The channels whose outgoing mode was seen, ranked."""
    seen = {line.assigned for line in lines}
    return [c for c in channels if c.outgoing in seen]


def _why(channel: CandidateChannel) -> str:
    if channel.why is None:
        return channel.reason
    return why_text(channel.why, detail="short", transfer=pretty, unit=channel.frequency_unit)


def _detuning(answer: Validate, channel: CandidateChannel) -> str:
    line = next(line for line in answer.components if line.assigned == channel.outgoing)
    return "" if channel.drive is None else minus(f"{channel.drive - line.frequency:+.2f}")


def found_text(
    lines: Sequence[Line],
    channels: Sequence[CandidateChannel],
    *,
    transfer: Callable[[str], str] = str,
) -> str:
    """Return what was found as a paragraph.

    Parameters
    ----------
    transfer : callable
        How transfers are written in reasons.
    """
    real = [line for line in lines if line.significant]
    count = "No line is" if not real else f"{len(real)} line{'s are' if len(real) > 1 else ' is'}"
    parts = [f"{count} significant."]
    for line in real:
        taken = f", assigned to {line.assigned}," if line.assigned else ""
        unit = line.frequency_unit
        name = f"The line at {frequency_text(line.frequency / PER_THZ[unit], unit)}{taken}"
        if line.verdict == "consistent":
            by = f"{pretty(line.channels[0])} explains it{_equivalent(channels, line)}"
            parts.append(f"{name} agrees with the rules: {by}.")
        else:
            said = SAID[line.verdict]
            parts.append(f"{name} {said}: {_line_why(line, transfer)}.")
        if line.alternatives and line.verdict in ("consistent", "inconsistent"):
            names = " or ".join((str(line.assigned), *line.alternatives))
            parts.append(f"That holds whether it is {names}.")
    agreeing = {line.assigned for line in real if line.verdict == "consistent"}
    rejected = next((c for c in channels if c.rule == "forbidden" and c.outgoing in agreeing), None)
    if rejected is not None and rejected.why is not None and rejected.why.rule is not None:
        reason = plain_reason_text(rejected.why.rule)
        parts.append(f"{pretty(rejected.id)} is rejected: {reason}.")
    return " ".join(parts)


def _line_why(line: Line, transfer: Callable[[str], str]) -> str:
    if line.why is None:
        return line.reason
    return why_text(
        line.why, line.why_not, detail="plain", transfer=transfer, unit=line.frequency_unit
    )


def _equivalent(channels: Sequence[CandidateChannel], line: Line) -> str:
    """The other channels that explain a line."""
    others = line.channels[1:]
    if not others:
        return ""
    ways = {c.id: c.mechanism for c in channels}
    named = [f"{pretty(name)} ({ways[name]})" for name in others[:3]]
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    senses = {c.sense for c in channels if c.id in line.channels}
    word = "symmetry-equivalent " if len(senses) == 1 else ""
    return f", and so do its {word}alternatives {', '.join(named)}{more}"
