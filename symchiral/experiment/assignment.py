r"""Which mode a line belongs to: by activity, frequency and helicity.

A mode is eligible for a line if the probe can show it, if it lies within three standard deviations
(of the line and of the mode's frequency together), and unless the line rotates and the mode cannot.
Among eligible modes the cost

.. math::
    \tfrac12 \frac{(f - f_m)^2}{\sigma_f^2 + \sigma_m^2} - \ln \max(\Phi(z), p_0)

decides, z being the evidence for a sense that an allowed channel gives the mode, in standard
deviations (against any sense if only other modes have such a channel), and :math:`p_0` the odds
left to a rule that is broken. A mode of unknown frequency is eligible wherever it is, at the cost
of one at three standard deviations. Lines and modes are paired one to one at the least total cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.display import Worded
from symchiral.errors import InputError
from symchiral.experiment.candidates import CandidateChannel, CandidateMode
from symchiral.experiment.direction import law
from symchiral.experiment.observed import Line
from symchiral.experiment.probe import Sees

LARGEST_DEVIATION = 3.0
"""Standard deviations by which a frequency may be off."""

ODDS_AGAINST_RULE = 0.01
"""Odds left to a helicity that no allowed channel gives."""

MARGIN = float(np.log(20.0))
"""An alternative less than this worse, 20 to 1, leaves an assignment open."""


@dataclass(frozen=True)
class Evidence:
    """How a line bears out a sense.

    Attributes
    ----------
    combined : float
        Σz/√n in standard deviations, positive in favour.
    worst : float
        The least z of a single run.
    runs : int
        Number n of what tells the sense: runs with a circular pump, and the lines of all runs with
        linear pumps together where their angles are known and differ.
    turned : float
        Standard deviations by which the line rotates under a linear pump, the largest of all runs.
    misfit : float
        Standard deviations by which its lines under linear pumps break the law of the angle.
    law : bool
        Whether that law was tested.
    """

    combined: float
    worst: float
    runs: int
    turned: float = 0.0
    misfit: float = 0.0
    law: bool = False


def evidence(line: Line, sense: int, turn: int | None = None) -> Evidence:
    """Return the evidence of a line for a sense under a σ+ pump; 0 is a motion along a line.

    Parameters
    ----------
    line : Line
        The line.
    sense : int
        The helicity that is expected for σ+.
    turn : int, optional
        By how many times the angle of a linear pump its line rotates, if that is known.
    """
    pumped = [t for t in line.turnings if t.pump is not None]
    straight = [t for t in pumped if not t.pump.sense]  # type: ignore[union-attr]
    if sense == 0:
        z = [-abs(t.helicity.sigmas) for t in pumped]
    else:
        z = [
            sense * t.pump.sense * t.helicity.sigmas  # type: ignore[union-attr]
            for t in pumped
            if t.pump.sense  # type: ignore[union-attr]
        ]
    turned, tested = 0.0, None
    if turn is not None:
        turned = max((abs(t.helicity.sigmas) for t in straight), default=0.0)
        known = [
            (t.pump.angle, t.direction)
            for t in straight
            if t.pump is not None
            and t.pump.angle is not None
            and t.direction is not None
            and t.seen
        ]
        tested = law([a for a, _ in known], [d for _, d in known], turn)
        if tested is not None and tested.tells and sense:
            z.append(tested.favour)
    return Evidence(
        float(np.sum(z) / np.sqrt(len(z))) if z else 0.0,
        float(min(z, default=0.0)),
        len(z),
        turned,
        0.0 if tested is None else max(tested.misfit, 0.0),
        tested is not None,
    )


@dataclass(frozen=True)
class Refusal(Worded):
    """Why a line near a mode is not of it.

    Attributes
    ----------
    mode : str
        The mode.
    kind : str
        ``activity``: the probe does not see it; ``probe``: it sees only modes that turn, and this
        one cannot; ``turns``: the line rotates, and the mode cannot.
    sees : str or None
        The activity that the probe sees.
    sigmas : float or None
        Standard deviations by which the line rotates.
    """

    mode: str
    kind: Literal["activity", "probe", "turns"]
    sees: Sees | None = None
    sigmas: float | None = None


@dataclass(frozen=True)
class Assignment:
    """A line and the mode it is taken for.

    Attributes
    ----------
    line : Line
        The line.
    mode : CandidateMode or None
        Its mode, None if no candidate is eligible.
    alternatives : tuple of str
        Other modes that are not 20 times less likely.
    why_not : tuple of Refusal
        Modes near the line that are not eligible, and why.
    """

    line: Line
    mode: CandidateMode | None
    alternatives: tuple[str, ...]
    why_not: tuple[Refusal, ...]


def assign(
    lines: Sequence[Line],
    modes: Sequence[CandidateMode],
    channels: Sequence[CandidateChannel],
    *,
    sees: Sees,
    sigma: float,
    turning: bool = False,
) -> tuple[Assignment, ...]:
    """Pair lines with modes; lines that are not significant stay alone.

    Parameters
    ----------
    lines, modes, channels
        What is paired, and the transfers that say how modes rotate.
    sees : str
        Activity that the probe shows.
    sigma : float
        Standard deviations at which a sense counts as measured.
    turning : bool
        Whether the probe shows only modes that turn.

    Raises
    ------
    InputError
        If no line is near a mode, but would be if the unit of time were another.
    """
    from scipy.optimize import linear_sum_assignment

    senses: dict[str, set[int]] = {}
    for channel in channels:
        if channel.verdict == "allowed":
            senses.setdefault(channel.outgoing, set()).add(channel.sense)
    costs = np.full((len(lines), len(modes)), np.inf)
    refused: list[list[Refusal]] = [[] for _ in lines]
    for i, line in enumerate(lines):
        for j, mode in enumerate(modes):
            off = distance(line, mode)
            if not line.significant or off > LARGEST_DEVIATION:
                continue
            if why := _barrier(line, mode, sees, sigma, turning=turning):
                refused[i].append(why)
                continue
            costs[i, j] = 0.5 * off**2 + _surprise(line, mode, senses)
    if not np.isfinite(costs).any():
        _unit(lines, modes)
    # A candidate that stands for several modes can take as many lines.
    columns = [j for j, mode in enumerate(modes) for _ in range(min(mode.count, len(lines)))]
    alone = 0.5 * LARGEST_DEVIATION**2 - 2 * np.log(ODDS_AGAINST_RULE)
    table = np.hstack([np.minimum(costs[:, columns], 1e6), np.full((len(lines),) * 2, alone)])
    found = dict(zip(*linear_sum_assignment(table), strict=True)) if len(lines) else {}
    places = [*columns, *[len(modes)] * len(lines)]
    return tuple(
        _assignment(line, i, places[int(found[i])], costs, modes, refused[i])
        for i, line in enumerate(lines)
    )


def distance(line: Line, mode: CandidateMode) -> float:
    """How far a line is from a mode in standard deviations; from one anywhere, as far as can be."""
    if mode.frequency is None:
        return LARGEST_DEVIATION
    spread = float(np.hypot(line.frequency_error, mode.tolerance))
    return abs(line.frequency - mode.frequency) / spread


def _assignment(
    line: Line,
    row: int,
    column: int,
    costs: np.ndarray,
    modes: Sequence[CandidateMode],
    refused: list[Refusal],
) -> Assignment:
    if column >= len(modes):
        return Assignment(line, None, (), tuple(refused))
    order = np.argsort(costs[row])
    near = [
        modes[j].name for j in order if j != column and costs[row, j] < costs[row, column] + MARGIN
    ]
    return Assignment(line, modes[column], tuple(near), tuple(refused))


def _barrier(
    line: Line, mode: CandidateMode, sees: Sees, sigma: float, *, turning: bool
) -> Refusal | None:
    if not mode.seen_by(sees):
        return Refusal(mode.name, "activity", sees=sees)
    if turning and not mode.turns:
        return Refusal(mode.name, "probe")
    turned = max((abs(t.helicity.sigmas) for t in line.turnings), default=0.0)
    if not mode.turns and turned >= sigma:
        return Refusal(mode.name, "turns", sigmas=turned)
    return None


def _surprise(line: Line, mode: CandidateMode, senses: Mapping[str, set[int]]) -> float:
    from scipy.stats import norm

    if not mode.turns:
        z = -max((abs(t.helicity.sigmas) for t in line.turnings), default=0.0)
        return float(0.5 * z**2 - np.log(0.5))
    # Where channels are known, a mode that none of them reaches has no reason to turn.
    none = -max(abs(evidence(line, s).combined) for s in (1, -1)) if senses else 0.0
    z = max((evidence(line, sense).combined for sense in senses.get(mode.name, ())), default=none)
    return float(-np.log(max(norm.cdf(z), ODDS_AGAINST_RULE)))


def _unit(lines: Sequence[Line], modes: Sequence[CandidateMode]) -> None:
    """Raise if the lines would match the modes in another unit of time."""
    for factor, mistake in ((1e3, "femtoseconds read as picoseconds"),
                            (1e-3, "picoseconds read as femtoseconds")):  # fmt: skip
        for line in lines:
            moved = factor * line.frequency
            for mode in modes:
                if mode.frequency is None:
                    continue
                spread = np.hypot(factor * line.frequency_error, mode.tolerance)
                if line.significant and abs(moved - mode.frequency) <= LARGEST_DEVIATION * spread:
                    raise InputError(
                        f"no line is near a mode, but {line.frequency:.4g} THz times {factor:g} is "
                        f"near {mode.name} at {mode.frequency:.4g} THz",
                        why=f"this is what {mistake} look like",
                        fix="check the unit of the times",
                    )
