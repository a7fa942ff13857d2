r"""How many oscillations a trace holds, and where they are.

Oscillations are added one at a time, at the strongest line of the residual or by splitting one that
consists of two; after each step all are refined together. They are added while the Bayesian
information criterion :math:`n\ln(S/n) + p\ln n` falls, with S the squared residual of n numbers and
p parameters: per oscillation a frequency, a damping and a complex amplitude per trace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symchiral.errors import InputError
from symchiral.experiment.oscillators import (
    Background,
    Block,
    Projection,
    columns,
    project,
    rate,
    refine,
)
from symchiral.experiment.start import split, strongest
from symchiral.value import Floats

GAIN_ON_GRID = 0.6
"""Part of the penalty of the criterion that a line must gain on the grid, before refinement."""

TRIAL_EVALUATIONS = 8
"""Evaluations of the model in a first trial of a further oscillation."""

TRIAL_MARGIN = 8.0
"""Trials whose criterion is higher than before by more than this are not continued."""


@dataclass(frozen=True, eq=False)
class State:
    """A model with its criterion."""

    background: Background
    nonlinear: Floats
    projection: Projection
    criterion: float

    @property
    def pairs(self) -> Floats:
        """(K, 2): ω and γ of the oscillations."""
        return self.nonlinear[: 2 * (len(self.nonlinear) // 2)].reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Problem:
    """Traces of equal noise to be explained.

    Attributes
    ----------
    blocks : tuple of Block
        Traces on common times.
    lowest, highest : float
        Band of ω in rad/ps.
    length : float
        Of the longest record in ps.
    """

    blocks: tuple[Block, ...]
    lowest: float
    highest: float
    length: float

    @property
    def size(self) -> int:
        """Number of data."""
        return sum(block.data.size for block in self.blocks)

    @property
    def price(self) -> float:
        """Part of the squared residual an oscillation must remove to lower the criterion."""
        count = 2 + 2 * self.traces
        return float(-np.expm1(-count * np.log(self.size) / self.size))

    @property
    def traces(self) -> int:
        """Number of traces."""
        return sum(block.data.shape[1] for block in self.blocks)

    def solve(self, start: Floats, background: Background, evaluations: int = 60) -> State:
        """Refine a model, with at most so many evaluations of it."""
        x, projection = refine(self.blocks, start, background, evaluations=evaluations)
        return self.state(background, x, projection)

    def state(self, background: Background, x: Floats, projection: Projection) -> State:
        """Return a model with its criterion."""
        traces = self.traces
        count = len(x) + projection.coefficients[0].shape[0] * traces
        floor = np.finfo(float).eps ** 2 * sum(float(np.vdot(b.data, b.data)) for b in self.blocks)
        mean = max(projection.square, floor, np.finfo(float).tiny) / self.size
        bic = self.size * np.log(mean) + count * np.log(self.size)
        return State(background, x, projection, float(bic))

    def sound(self, state: State) -> bool:
        """Whether every oscillation lies in the band, turns before it fades, and does not grow.

        An exponential background must last longer than the shortest period looked for and change
        within some ten records.
        """
        if state.background == "exponential":
            slow, fast = 0.1 / self.length, self.highest
            if not slow <= rate(state.nonlinear) <= fast:
                return False
        for omega, damping in state.pairs:
            if not self.lowest <= omega <= self.highest:
                return False
            if not -1.5 / self.length <= damping <= omega:
                return False
        omegas = np.sort(state.pairs[:, 0])
        return bool((np.diff(omegas) > 1e-3 / self.length).all())


def grow(problem: Problem, background: Background, most: int, count: int | None) -> State:
    """Add oscillations, at most ``most``, while the criterion falls; or ``count`` of them.

    Raises
    ------
    InputError
        If fewer than ``count`` can be told apart.
    """
    state = problem.solve(_first_rate(problem, background), background)
    best: State | None = None
    for number in range(1, (count or most) + 1):
        starts = _starts(problem, state, every=number == 1 or count is not None)
        if number > 1 and count is None:
            trials = [problem.solve(s, background, TRIAL_EVALUATIONS) for s in starts]
            starts = [c.nonlinear for c in trials if c.criterion < state.criterion + TRIAL_MARGIN]
        candidates = [problem.solve(s, background) for s in starts]
        sound = [c for c in candidates if problem.sound(c)]
        if number == 1 and not sound:
            # Nothing stands out. The strongest line is still reported, with its false alarm.
            sound = [
                problem.state(background, s, project(problem.blocks, s, background)) for s in starts
            ]
        if not sound:
            break
        state = min(sound, key=_by_criterion)
        if best is None or count is not None or state.criterion < best.criterion:
            best = state
        else:
            break
    if best is None or (count is not None and len(best.pairs) < count):
        raise InputError(
            f"{count or 1} oscillations cannot be told apart in the trace",
            why=f"{0 if best is None else len(best.pairs)} were found before no other helped",
            fix="ask for fewer, or measure longer or with less noise",
        )
    return best


def _first_rate(problem: Problem, background: Background) -> Floats:
    if background != "exponential":
        return np.zeros(0)
    rates = np.log(np.array([0.5, 1.5, 4.0, 12.0, 40.0]) / problem.length)
    squares = [project(problem.blocks, np.array([r]), background).square for r in rates]
    return np.array([rates[int(np.argmin(squares))]])


def _starts(problem: Problem, state: State, *, every: bool) -> list[Floats]:
    """Where the next one may be: at the strongest line left, or inside the strongest one.

    Unless ``every`` start is wanted, a line too weak to lower the criterion is none.
    """
    pairs, rest = state.pairs, state.nonlinear[2 * len(state.pairs) :]
    residuals = state.projection.residuals
    omega, damping, gain = strongest(problem.blocks, residuals, problem.lowest, problem.highest)
    found = []
    if every or gain > GAIN_ON_GRID * problem.price * state.projection.square:
        found.append(np.concatenate([pairs.ravel(), [omega, damping], rest]))
    if len(pairs):
        linear = np.hstack(state.projection.coefficients)[: 2 * len(pairs)]
        energy = (linear**2).sum(axis=1).reshape(-1, 2).sum(axis=1)
        k = int(np.argmax(energy / np.maximum(pairs[:, 1], 0.1 / problem.length)))
        alone = []
        for block, residual, c in zip(
            problem.blocks, residuals, state.projection.coefficients, strict=True
        ):
            line = columns(block.times, pairs[k], "none") @ c[2 * k : 2 * k + 2]
            alone.append(residual + line)
        if two := split(problem.blocks, alone, float(pairs[k, 0])):
            others = np.delete(pairs, k, axis=0).ravel()
            found.append(np.concatenate([others, *two, rest]))
    return found


def _by_criterion(state: State) -> float:
    return state.criterion
