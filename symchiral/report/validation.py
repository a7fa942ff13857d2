"""The tables and the words of ``validate``."""

from __future__ import annotations

import re

from symchiral.crystal.search import SymmetricCrystal
from symchiral.experiment.oscillation import Oscillation
from symchiral.experiment.verdict import ChannelVerdict, Judgement, LineVerdict
from symchiral.irreps.axis import Axis
from symchiral.report.summary import axis_line, headline
from symchiral.rules.wording import minus, pretty
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

MOST = 4
"""Channels printed for every line that the rules do not forbid; of the others one."""


def oscillation_of(judgement: Judgement, line: LineVerdict) -> Oscillation | None:
    """The fitted oscillation behind a line; None for rows fitted elsewhere."""
    if judgement.fit is None:
        return None
    return judgement.fit.near(line.assignment.line.frequency)


def predicted(judgement: Judgement, line: LineVerdict) -> tuple[int, ...]:
    """Senses under σ+ that allowed channels give the mode of a line, −1, 0 or +1, ascending."""
    mode = line.assignment.mode
    if mode is None:
        return ()
    found = {
        v.channel.sense
        for v in judgement.channels
        if v.channel.outgoing == mode.name
        and v.channel.verdict == "allowed"
        and not v.channel.linear
    }
    return tuple(sorted(found))


def straight(judgement: Judgement, line: LineVerdict) -> tuple[int, ...]:
    """Laws of the angle that allowed channels give a line under linear light, see ``turn``."""
    mode = line.assignment.mode
    found = {
        v.channel.turn
        for v in judgement.channels
        if mode is not None and v.channel.outgoing == mode.name and v.channel.verdict == "allowed"
    }
    return tuple(sorted(t for t in found if t is not None))


def telling(judgement: Judgement) -> list[ChannelVerdict]:
    """The channels that end at a mode that was seen, ranked."""
    seen = {v.assignment.mode.name for v in judgement.lines if v.assignment.mode is not None}
    return [v for v in judgement.channels if v.channel.outgoing in seen]


def validation_tables(
    crystal: SymmetricCrystal, axis: Axis | None, judgement: Judgement, *, unit: str
) -> tuple[Table, ...]:
    """Return the lines, the channels, and what they mean in words."""
    words = [validation_words(judgement), *(f"decide   {text}" for text in judgement.decide)]
    words += [f"note     {text}" for text in judgement.notes]
    return (
        _lines_table(crystal, axis, judgement, unit),
        _channels_table(judgement, unit),
        Table((), (), tuple(spelt(w) for w in words)),
    )


def _lines_table(
    crystal: SymmetricCrystal, axis: Axis | None, judgement: Judgement, unit: str
) -> Table:
    factor, sign = PER_THZ[unit], SIGNS[unit]
    digits = 3 if unit == "THz" else 1
    turnings = judgement.lines[0].assignment.line.turnings if judgement.lines else ()
    level = round(100 * turnings[0].helicity.level) if turnings else 95
    rows: list[tuple[str, ...]] = []
    for judged in judgement.lines:
        line, mode = judged.assignment.line, judged.assignment.mode
        fitted = oscillation_of(judgement, judged)
        frequency = f"{line.frequency * factor:.{digits}f}"
        if line.frequency_error:
            frequency += f" ± {line.frequency_error * factor:.{digits}f}"
        first = (
            frequency,
            f"{fitted.damping:.2f} ± {fitted.damping_error:.2f}" if fitted else "",
            mode.name if mode else "—",
            judged.verdict,
        )
        for turning in line.turnings:
            f, damping, name, verdict = first if turning is line.turnings[0] else ("",) * 4
            sense = 0 if turning.pump is None else turning.pump.sense
            rule = " or ".join(
                {1: "+", -1: "−", 0: "0"}[s * sense] for s in predicted(judgement, judged) if sense
            )
            if turning.pump is not None and not sense and straight(judgement, judged):
                rule = "0"
            rows.append(
                (
                    f,
                    damping,
                    name,
                    str(turning.pump) if turning.pump else "not known",
                    minus(str(turning.helicity)),
                    rule or "—",
                    str(turning.direction) if turning.direction and not sense else "",
                    verdict,
                )
            )
    table = Table(
        (f"f ({sign})", "γ (1/ps)", "mode", "pump", "helicity", "rule", "along", "verdict"),
        tuple(rows),
        head=(
            f"{headline(crystal)}   measured lines",
            f"axis     {axis_line(crystal, axis)}",
        ),
        foot=(
            f"Helicity (|a+|² − |a−|²)/(|a+|² + |a−|²) with its {level} % interval; rule: the "
            f"sense that allowed channels give. A sense is measured from {judgement.sigma:g} "
            "standard deviations on.",
            *_laws(judgement),
        ),
        optional=("γ (1/ps)",),
    )
    if not any(row[6] for row in rows):
        table = table.without("along")
    return table if judgement.fit is not None else table.without("γ (1/ps)")


def _laws(judgement: Judgement) -> tuple[str, ...]:
    """What the lines under linear pumps mean, if there are any."""
    found = {
        f"{line.assignment.mode.name} by {t:+d}φ"
        for line in judgement.lines
        if line.assignment.mode is not None
        and any(x.direction and x.pump and not x.pump.sense for x in line.assignment.line.turnings)
        for t in straight(judgement, line)
    }
    if not found:
        return ()
    return (
        "along: the line of motion in the plane of the coordinates, modulo 180°. The rule turns "
        f"that of {minus(', '.join(sorted(found)))} with the angle φ of a linear pump.",
    )


def _channels_table(judgement: Judgement, unit: str) -> Table:
    found = telling(judgement)
    if not found:
        return Table((), (), (), ("No candidate channel ends at a mode that was seen.",))
    chosen = []
    for name in dict.fromkeys(v.assignment.mode.name for v in judgement.lines if v.assignment.mode):
        ending = [v for v in found if v.channel.outgoing == name]
        chosen += [v for v in ending if v.channel.verdict != "forbidden"][:MOST]
        chosen += [v for v in ending if v.channel.verdict == "forbidden"][:1]
    rows = [
        (
            pretty(v.channel.id),
            v.channel.mechanism,
            _detuning(judgement, v, unit),
            v.verdict,
            _why(v),
        )
        for v in chosen
    ]
    left = len(found) - len(rows)
    foot = [f"{left} more, further down or forbidden: --json"] if left else []
    foot.append(f"Ranked by verdict, then {judgement.ranking}.")
    table = Table(
        ("channel, pump σ+", "force from", f"δ ({SIGNS[unit]})", "verdict", "why"),
        tuple(rows),
        foot=tuple(foot),
        optional=("force from",),
    )
    return table if any(row[2] for row in rows) else table.without(f"δ ({SIGNS[unit]})")


def _why(verdict: ChannelVerdict) -> str:
    text = short_reason(verdict.reason).removeprefix("forbidden: ")
    text = text.removeprefix(f"{verdict.channel.outgoing} ")
    return spelt(re.sub(r"the [\w-]+ (\{.*\}) multiplies the product by", r"\1 gives it", text))


def spelt(text: str) -> str:
    """A text with the arrows and minus signs of the transfers in it.

    Examples
    --------
    >>> spelt("as Eu(+) Eu(+) -> Eg#2(-) would")
    'as Eu(+) Eu(+) → Eg#2(−) would'
    """
    return re.sub(r"-(?=[)\]])", "−", text.replace("->", "→"))


def _detuning(judgement: Judgement, verdict: ChannelVerdict, unit: str) -> str:
    drive = verdict.channel.drive
    lines = [
        v.assignment.line
        for v in judgement.lines
        if v.assignment.mode is not None and v.assignment.mode.name == verdict.channel.outgoing
    ]
    if drive is None or not lines:
        return ""
    return minus(f"{(drive - lines[0].frequency) * PER_THZ[unit]:+.2f}")


def short_reason(text: str) -> str:
    """A reason without the phases of the single legs.

    Examples
    --------
    >>> short_reason("forbidden: the rotation {3+001|0} multiplies the product by −1 (A: 1, B: −1)")
    'forbidden: the rotation {3+001|0} multiplies the product by −1'
    """
    return re.sub(r" \([^()]*(?:\([^()]*\)[^()]*)*\)$", "", text) if "multiplies" in text else text


def _equivalent(judgement: Judgement, judged: LineVerdict) -> str:
    """The other channels that explain a line."""
    others = judged.channels[1:]
    if not others:
        return ""
    ways = {v.channel.id: v.channel.mechanism for v in judgement.channels}
    named = [f"{pretty(name)} ({ways[name]})" for name in others[:3]]
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    senses = {v.channel.sense for v in judgement.channels if v.channel.id in judged.channels}
    word = "symmetry-equivalent " if len(senses) == 1 else ""
    return f", and so do its {word}alternatives {', '.join(named)}{more}"


def validation_words(judgement: Judgement) -> str:
    """Return what was found as a paragraph."""
    lines = judgement.lines
    real = [v for v in lines if v.assignment.line.significant]
    count = "No line is" if not real else f"{len(real)} line{'s are' if len(real) > 1 else ' is'}"
    parts = [f"{count} more than noise."]
    for judged in real:
        line, mode = judged.assignment.line, judged.assignment.mode
        name = f"the line at {line.frequency:.3g} THz"
        taken = f", taken for {mode.name}," if mode else ""
        if judged.verdict == "consistent":
            by = f": {pretty(judged.channels[0])} explains it{_equivalent(judgement, judged)}"
            parts.append(f"{name[0].upper()}{name[1:]}{taken} agrees with the rules{by}.")
        elif judged.verdict == "inconsistent":
            parts.append(
                f"{name[0].upper()}{name[1:]}{taken} contradicts the rules: "
                f"{short_reason(judged.reason)}."
            )
        else:
            parts.append(
                f"{name[0].upper()}{name[1:]}{taken} is undecided: {short_reason(judged.reason)}."
            )
    agreeing = {
        v.assignment.mode.name for v in real if v.verdict == "consistent" if v.assignment.mode
    }
    rejected = [
        v
        for v in telling(judgement)
        if v.channel.verdict == "forbidden" and v.channel.outgoing in agreeing
    ]
    if rejected:
        v = rejected[0]
        parts.append(f"{pretty(v.channel.id)} is rejected: {short_reason(v.channel.reason)}.")
    return " ".join(parts)
