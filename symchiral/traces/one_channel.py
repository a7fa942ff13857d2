r"""What one channel of a probe tells: a line, the runs in which it is seen, and an angle.

One channel is one projection of a motion, :math:`S = \mathbf p·\mathbf Q`, the same for either
sense of rotation, which is left open. Under linear light at angles φ the force of k quanta is a
combination of :math:`\cos kφ` and :math:`\sin kφ`, whatever strain does to the mode, and so is the
complex amplitude of the line,

.. math:: A(φ) = α \cos kφ + β \sin kφ .

Three angles or more test it; the sign of the law of the angle needs the direction of the motion,
and with it the other channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from symchiral.traces.line import Imperfection, Line
from symchiral.traces.oscillation import Fit, Oscillation
from symchiral.traces.verdict import (
    Advice,
    ChannelVerdict,
    Judgement,
    LineReading,
    LineVerdict,
    Why,
)
from symchiral.value import TINY, Complex, Floats

ANGLES = 3
"""Fewest linear pumps that test a law of the angle."""

RIVALS = frozenset({0, 1, 2})
"""Laws that must be broken before another is said to hold: of what does not depend on the angle, of
absorption, of two quanta."""

OPEN = ("not-measured", "sense-not-measured")
"""Reasons of verdicts that lack a sense."""

NEEDS_SENSE = ("average-sense", "linear-pumps", "refute", "check-senses")
"""Advice that supposes that a sense, or a direction, can be measured."""


def left_open(judged: Judgement, fit: Fit, imperfection: Imperfection) -> Judgement:
    """Return a judgement of one channel, with senses left open and the law of the angle judged.

    Parameters
    ----------
    judged : Judgement
        What frequencies, energies and the runs in which lines are seen tell.
    fit : Fit
        The fit of the one channel.
    imperfection : (float, float)
        Part of the amplitude, and degrees of the angle of linear light, by which runs may be off.
    """
    laws = {
        id(v.assignment.line): _misfits(v, judged.channels, _of(fit, v.assignment.line),
                                        fit, imperfection)
        for v in judged.lines
    }  # fmt: skip
    taken = {
        v.assignment.mode.name: laws[id(v.assignment.line)]
        for v in judged.lines
        if v.assignment.mode is not None
    }
    channels = tuple(_channel(c, taken, judged.sigma) for c in judged.channels)
    lines = tuple(_line(v, laws[id(v.assignment.line)], judged) for v in judged.lines)
    advice = [a for a in judged.decide if a.kind not in NEEDS_SENSE]
    advice += [
        Advice("second-channel", v.assignment.line.frequency)
        for v in lines
        if v.assignment.line.significant and v.assignment.mode is not None
    ]
    return replace(judged, lines=lines, channels=channels, decide=tuple(dict.fromkeys(advice)))


def _of(fit: Fit, line: Line) -> Oscillation:
    return fit.near(line.frequency)


def _misfits(
    judged: LineVerdict,
    channels: Sequence[ChannelVerdict],
    oscillation: Oscillation,
    fit: Fit,
    imperfection: Imperfection,
) -> dict[int, float]:
    """Standard deviations by which a line breaks each law of the angle that its channels have."""
    mode = judged.assignment.mode
    if mode is None:
        return {}
    runs = [
        (r, run.pump.angle)
        for r, run in enumerate(fit.measurement.runs)
        if run.pump is not None and run.pump.angle is not None
    ]
    if len({round(angle % 180, 6) for _, angle in runs}) < ANGLES:
        return {}
    seen = fit.measurement.probe.matrix[0]
    amplitudes = np.array([oscillation.amplitudes[r] @ seen for r, _ in runs])
    errors = np.array([_variances(oscillation.amplitude_covariances[r], seen) for r, _ in runs])
    angles = np.radians([angle for _, angle in runs])
    return {
        k: _misfit(k, angles, amplitudes, errors, imperfection)
        for k in sorted(_quanta(mode.name, channels) | RIVALS)
    }


def _variances(covariance: Floats, seen: Floats) -> float:
    """Variance of the real and of the imaginary part of an amplitude, the larger one."""
    projection = np.kron(seen, np.eye(2))
    return float(np.linalg.eigvalsh(projection @ covariance @ projection.T).max())


def _misfit(
    k: int, angles: Floats, amplitudes: Complex, variances: Floats, imperfection: Imperfection
) -> float:
    """Standard deviations by which amplitudes are no combination of cos kφ and sin kφ.

    An error of the angle counts by the slope of the law, largest where the amplitude is least.
    """
    from scipy.stats import chi2, norm

    sizes = np.abs(amplitudes) ** 2
    slopes = k**2 * (sizes.max() - sizes)
    floor = imperfection[0] ** 2 * sizes + np.radians(imperfection[1]) ** 2 * slopes
    weights = 1 / np.sqrt(variances + floor + TINY)
    design = np.column_stack([np.cos(k * angles), np.sin(k * angles)]) * weights[:, None]
    rank = int(np.linalg.matrix_rank(design, tol=1e-3 * float(np.linalg.norm(design))))
    freedom = 2 * (len(angles) - rank)
    if freedom < 2:
        return 0.0
    best = np.linalg.lstsq(design, amplitudes * weights, rcond=None)[0]
    square = float(np.sum(np.abs(amplitudes * weights - design @ best) ** 2))
    return max(float(norm.isf(max(float(chi2.sf(square, freedom)), TINY) / 2)), 0.0)


def _channel(
    judged: ChannelVerdict, laws: dict[str, dict[int, float]], sigma: float
) -> ChannelVerdict:
    """The verdict on a channel: against it speaks only that its law of the angle is broken."""
    channel, reason = judged.channel, judged.reason
    if reason.kind == "still":
        return replace(judged, reason=replace(reason, kind="seen"))
    if reason.kind not in OPEN and reason.kind != "no-telling-pump":
        return judged
    found = laws.get(channel.outgoing, {})
    misfit = found.get(abs(channel.turn)) if channel.turn else None
    if misfit is not None and misfit >= sigma:
        broken = Why("breaks-amplitude-law", channel.outgoing, misfit)
        return replace(judged, verdict="inconsistent", reason=broken)
    if reason.kind == "no-telling-pump" and misfit is None:
        return judged
    return replace(judged, reason=Why("one-channel", channel.outgoing, turn=_held(found, sigma)))


def _line(judged: LineVerdict, laws: dict[int, float], whole: Judgement) -> LineVerdict:
    """The verdict on a line, its sense left open."""
    mode = judged.assignment.mode
    if judged.reason.kind == "still":
        return _reworded(judged, replace(judged.reason, kind="seen"))
    if mode is None or judged.reason.kind not in (*OPEN, "no-telling-pump"):
        return judged
    lawless = any(
        c.channel.outgoing == mode.name and c.channel.turn is None
        for c in whole.channels
        if c.channel.verdict != "forbidden" and c.verdict != "off-resonance"
    )
    own = [laws[k] for k in _quanta(mode.name, whole.channels) if k in laws]
    if own and not lawless and min(own) >= whole.sigma:
        broken = Why("breaks-amplitude-law", mode.name, min(own))
        return replace(_reworded(judged, broken), verdict="inconsistent")
    return _reworded(judged, Why("one-channel", mode.name, turn=_held(laws, whole.sigma)))


def _held(laws: dict[int, float], sigma: float) -> int | None:
    """The one law of the angle that is not broken, if there is one."""
    held = [k for k, misfit in laws.items() if misfit < sigma]
    return held[0] if len(held) == 1 and held[0] else None


def _quanta(mode: str, channels: Sequence[ChannelVerdict]) -> frozenset[int]:
    """By how many times the angle amplitudes of a mode go, by the channels that reach it."""
    return frozenset(
        abs(c.channel.turn)
        for c in channels
        if c.channel.outgoing == mode and c.channel.turn and c.verdict != "off-resonance"
    )


def _reworded(judged: LineVerdict, reason: Why) -> LineVerdict:
    """The verdict with another reason, also in the reading that decided it."""

    def same(reading: LineReading) -> LineReading:
        return replace(reading, reason=reason) if reading.reason == judged.reason else reading

    return replace(judged, reason=reason, readings=tuple(map(same, judged.readings)))
