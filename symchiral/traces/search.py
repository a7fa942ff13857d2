r"""How many oscillations a trace holds, and where they are.

Oscillations are added one at a time, at the strongest line of the residual or by splitting one that
consists of two; after each step all are refined together. They are added while the Bayesian
information criterion :math:`n\ln(S/n) + p\ln n` falls, with S the squared residual of n numbers and
p parameters: per oscillation a frequency, a damping and a complex amplitude per trace.

A damped oscillation is looked for with matched filters :math:`e^{-\gamma t}e^{i\omega t}` of a few
dampings over a fine grid of frequencies. What counts is the posterior
:math:`\exp(G/2s^2)/\omega`, with G the square that a line would remove and :math:`s^2` the mean
square of what is left: the scale of frequencies is unknown beforehand (a prior even in the
logarithm), so that peaks of noise at high frequency do not win by their number.

Where one filter answers for two close lines, a matrix pencil (a subspace method) tells them apart:
the trace is turned to rest at the frequency found and averaged over half periods, or several in a
long record, in which its counter-rotating half averages out; the poles are the eigenvalues of the
shift between neighbouring Hankel matrices in their signal subspace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symchiral.errors import InputError
from symchiral.traces.constraints import NOTHING, Constraints
from symchiral.traces.model import (
    Background,
    Block,
    Projection,
    columns,
    project,
    rate,
    refine,
)
from symchiral.value import TINY, Floats

DAMPINGS = (0.0, 3.0, 9.0)
"""Dampings of the matched filters, in units of the inverse length of the record."""

FEWEST_BINS = 8
"""Half periods a record must hold for two lines to be told apart by their poles."""

MOST_BINS = 512
"""Most bins in which two close lines, at rest, are told apart; the time grows with their cube."""

POINTS_PER_BIN = 4
"""Points of the spectrum per inverse length of the record."""

LOST_SHARE = 0.15
"""Part of a peak that may fall between the points of the spectrum and the filters."""

MOST = 4
"""Peaks that are looked at beside a line."""


def spacing(times: Floats) -> float:
    """Return the step that resolves the record: the common one if even, else the median."""
    steps = np.diff(times)
    return float(np.median(steps[steps > 0]))


def strongest(
    blocks: Sequence[Block], residuals: Sequence[Floats], lowest: float, highest: float
) -> tuple[float, float, float]:
    """Return ω, γ of the strongest damped line in the residuals, and the square it would remove.

    Parameters
    ----------
    blocks : sequence of Block
        For their times.
    residuals : sequence of (N, C) arrays
        What is left to explain.
    lowest, highest : float
        Band of ω in rad/ps.
    """
    best, highscore = (lowest, 1.0 / _length(blocks), 0.0), -np.inf
    variance = _variance(residuals)
    if variance == 0.0:
        return best
    for omega, damping, gain in _filtered(blocks, residuals, lowest, highest):
        score = gain / (2 * variance) - np.log(omega)
        at = int(np.argmax(score))
        if score[at] > highscore:
            highscore = float(score[at])
            best = (float(omega[at]), damping, float(gain[at]))
    return best


def peaks(
    blocks: Sequence[Block],
    data: Sequence[Floats],
    lowest: float,
    highest: float,
    omega: float,
    bound: float,
) -> list[tuple[float, float]]:
    """Return ω, γ of peaks that remove about as much as the one at ``omega``, strongest first.

    Parameters
    ----------
    blocks, data, lowest, highest
        As for :func:`strongest`, the line at ``omega`` still in the data.
    omega : float
        Where the line was found, rad/ps; its own peak does not count.
    bound : float
        By how much less than it they may remove. A grid misses some of a peak, so that
        :data:`LOST_SHARE` of what the line removes is allowed beside it.
    """
    gains = list(_filtered(blocks, data, lowest, highest))
    if not gains:
        return []
    far = 2 * np.pi / _length(blocks)
    grid = gains[0][0]
    near = np.abs(grid - omega) < far
    here = max((float(gain[near].max(initial=0.0)) for _, _, gain in gains), default=0.0)
    envelope = np.max([gain for _, _, gain in gains], axis=0)
    damping = np.array([d for _, d, _ in gains])[np.argmax([g for _, _, g in gains], axis=0)]
    enough = here - bound - LOST_SHARE * here
    found: list[tuple[float, float]] = []
    for at in np.argsort(envelope)[::-1]:
        if envelope[at] < enough or len(found) == MOST:
            break
        if not near[at] and all(abs(grid[at] - other) > far / 2 for other, _ in found):
            found.append((float(grid[at]), float(damping[at])))
    return found


def _filtered(
    blocks: Sequence[Block], data: Sequence[Floats], lowest: float, highest: float
) -> Iterator[tuple[Floats, float, Floats]]:
    """Frequencies, damping and the square removed there, for each of the matched filters."""
    length = _length(blocks)
    step = min(spacing(block.times) for block in blocks)
    if not all(_even(block.times, step) for block in blocks):
        step /= 4
    size = 1 << int(np.ceil(np.log2(POINTS_PER_BIN * (length / step + 1))))
    omega: Floats = np.asarray(2 * np.pi * np.fft.rfftfreq(size, step), dtype=np.float64)
    band = (omega >= lowest) & (omega <= highest)
    if not band.any():
        return
    cells = [np.rint((b.times - b.times[0]) / step).astype(np.int64) for b in blocks]
    for fading in DAMPINGS:
        gain: Floats = np.zeros(int(band.sum()))
        for block, residual, cell in zip(blocks, data, cells, strict=True):
            window = np.exp(-fading / length * (block.times - block.times[0]))
            grid = np.zeros((residual.shape[1], size))
            np.add.at(grid.T, cell, residual * window[:, None])
            spectrum = np.fft.rfft(grid, axis=1)[:, band]
            gain += 2 * (spectrum.real**2 + spectrum.imag**2).sum(axis=0) / np.vdot(window, window)
        yield omega[band], fading / length, gain


def _length(blocks: Sequence[Block]) -> float:
    return max(float(np.ptp(block.times)) for block in blocks)


def _variance(residuals: Sequence[Floats]) -> float:
    return sum(float(np.vdot(r, r)) for r in residuals) / sum(r.size for r in residuals)


def _even(times: Floats, step: float) -> bool:
    """Whether all times lie on one grid of this step."""
    cells = (times - times[0]) / step
    return bool(np.abs(cells - np.rint(cells)).max() < 1e-3)


def split(
    blocks: Sequence[Block], residuals: Sequence[Floats], omega: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return (ω, γ) of the two lines around ``omega`` that a matrix pencil finds, or None.

    Parameters
    ----------
    blocks : sequence of Block
        For their times.
    residuals : sequence of (N, C) arrays
        The trace without its other lines.
    omega : float
        Where one line was found, rad/ps.
    """
    half = np.pi / omega
    if not 0 < half < np.inf:
        return None
    width = half * max(np.ceil(_length(blocks) / half / MOST_BINS), 1)
    left, right = [], []
    counts = [int(np.ptp(block.times) / width) for block in blocks]  # the last may be cut short
    columns = min((n for n in counts if n >= FEWEST_BINS), default=0) // 2
    for block, residual, count in zip(blocks, residuals, counts, strict=True):
        if count < FEWEST_BINS:
            continue
        resting = _bins(block.times, residual, omega, width, count)
        rows = np.arange(count - columns)[:, None] + np.arange(columns)
        for column in resting.T:
            hankel = column[rows]
            left.append(hankel[:-1])
            right.append(hankel[1:])
    if not left:
        return None
    first, second = np.concatenate(left), np.concatenate(right)
    # Right signal subspace of the pencil; rank two, for two lines.
    u, s, vh = np.linalg.svd(first, full_matrices=False)
    if s[1] <= 1e-12 * s[0]:
        return None
    shift = (u[:, :2].conj().T @ second @ vh[:2].conj().T) / s[:2, None]
    poles = np.log(np.linalg.eigvals(shift) + TINY) / width
    if not np.isfinite(poles).all():
        return None
    # At rest a line at ω' is exp(−γt − i(ω' − ω)t).
    found = [(omega - float(p.imag), max(-float(p.real), 0.0)) for p in poles]
    return found[0], found[1]


def _bins(times: Floats, data: Floats, omega: float, width: float, count: int) -> np.ndarray:
    """Average e^{iωt} data over bins of one width; empty ones take the mean of their neighbours."""
    index = ((times - times[0]) / width).astype(np.int64)
    inside = index < count
    index = index[inside]
    turned = data[inside] * np.exp(1j * omega * times[inside])[:, None]
    filled = np.bincount(index, minlength=count)
    sums = np.zeros((count, data.shape[1]), dtype=complex)
    np.add.at(sums, index, turned)
    found: np.ndarray = sums / np.maximum(filled, 1)[:, None]
    for hole in np.flatnonzero(filled == 0):
        near = found[max(hole - 1, 0) : hole + 2][filled[max(hole - 1, 0) : hole + 2] > 0]
        found[hole] = near.mean(axis=0) if len(near) else 0.0
    return found


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
    constraints : Constraints
        Of ω and γ of the lines that are stated, which come first in every model.
    starts : tuple of (float or None, float or None)
        Their ω and γ at the start, None where that is not stated.
    """

    blocks: tuple[Block, ...]
    lowest: float
    highest: float
    length: float
    constraints: Constraints = NOTHING
    starts: tuple[tuple[float | None, float | None], ...] = ()

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

    def solve(
        self,
        start: Floats,
        background: Background,
        evaluations: int = 60,
        *,
        held: int | None = None,
    ) -> State:
        """Refine a model, with at most so many evaluations of it; the parameter ``held`` stays."""
        x, projection = refine(
            self.blocks,
            start,
            background,
            evaluations=evaluations,
            held=held,
            constraints=self.constraints,
        )
        return self.state(background, x, projection)

    def closest(self, state: State) -> State:
        """Return a model at its very minimum, which does not depend on where it started.

        One that is not sound was never refined, and stays.
        """
        if not self.sound(state):
            return state
        x, projection = refine(
            self.blocks,
            state.nonlinear,
            state.background,
            closely=True,
            constraints=self.constraints,
        )
        found = self.state(state.background, x, projection)
        return found if self.sound(found) else state

    def state(self, background: Background, x: Floats, projection: Projection) -> State:
        """Return a model with its criterion."""
        traces = self.traces
        free = len(self.constraints.free(len(x)))
        count = free + projection.coefficients[0].shape[0] * traces
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
        if any(self.strayed(omega, damping) for omega, damping in state.pairs):
            return False
        omegas = np.sort(state.pairs[:, 0])
        return bool((np.diff(omegas) > 1e-3 / self.length).all())

    def strayed(self, omega: float, damping: float) -> bool:
        """Whether a pole is outside the band, grows, or fades before it turns."""
        inside = self.lowest <= omega <= self.highest
        return not (inside and -1.5 / self.length <= damping <= omega)


def grow(problem: Problem, background: Background, most: int, count: int | None) -> State:
    """Add oscillations, at most ``most``, while the criterion falls; or ``count`` of them.

    Those that are stated come first, whatever the criterion says of them.

    Raises
    ------
    InputError
        If fewer than ``count`` can be told apart, or one that is stated does not stay an
        oscillation in the band.
    """
    rest, best = _first_rate(problem, background), None
    stated = len(problem.starts)
    if stated:
        state = best = _stated(problem, rest, background)
    else:
        state = problem.solve(rest, background)
    for number in range(stated + 1, (count or most) + 1):
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


def _stated(problem: Problem, rest: Floats, background: Background) -> State:
    """The lines that are stated, refined from where they start beside a background.

    A frequency of which only an interval is known is that of the strongest line left in it; for
    dampings that are not stated those of the matched filters are tried.
    """
    omegas = [omega for omega, _ in problem.starts]
    for i in range(len(omegas)):
        if omegas[i] is None and problem.constraints.leader(2 * i)[0] == 2 * i:
            known = [w for w in omegas if w is not None]
            pairs = [x for w in known for x in (w, DAMPINGS[1] / problem.length)]
            left = project(problem.blocks, np.array([*pairs, *rest]), background).residuals
            within = problem.constraints.of(2 * i)
            low, high = max(within.low, problem.lowest), min(within.high, problem.highest)
            omegas[i] = within.nearest(strongest(problem.blocks, left, low, high)[0])
    starts = []
    for fading in DAMPINGS[::-1]:
        pairs = [
            x
            for omega, (_, damping) in zip(omegas, problem.starts, strict=True)
            for x in (omega or 0.0, fading / problem.length if damping is None else damping)
        ]
        starts.append(np.array([*pairs, *rest]))
        if all(damping is not None for _, damping in problem.starts):
            break
    states = [problem.solve(start, background) for start in starts]
    if background == "exponential" and not any(map(problem.sound, states)):
        # Where its rate strays the lines are refined beside the one that it begins with.
        last = len(starts[0]) - 1
        states = [problem.solve(start, background, held=last) for start in starts]
    sound = [s for s in states if problem.sound(s)]
    if sound:
        return min(sound, key=_by_criterion)
    best = min(states, key=_by_criterion)
    found = best.pairs
    for number, (omega, damping) in enumerate(found, 1):
        if problem.strayed(omega, damping):
            raise InputError(
                f"line {number} of the parameters does not stay an oscillation in the band",
                why=f"the fit leads it to {omega / (2 * np.pi):.4g} THz and a damping of "
                f"{damping:.3g}/ps",
                fix="fix what is known of it, bound it, between: {frequency: [low, high], damping: "
                "[low, high]}, or leave it out if the traces do not show it",
            )
    if problem.sound(replace(best, background="none")):
        return best  # as where nothing is stated: its background alone is none of the length
    one, other = (int(k) + 1 for k in _closest(found[:, 0]))
    raise InputError(
        f"lines {min(one, other)} and {max(one, other)} of the parameters become one",
        why=f"the fit leads both to {found[one - 1, 0] / (2 * np.pi):.4g} THz",
        fix="fix or bound their frequencies, or leave one of them out",
    )


def _closest(omegas: Floats) -> tuple[int, int]:
    """The two of least distance."""
    order = np.argsort(omegas)
    at = int(np.argmin(np.diff(omegas[order])))
    return int(order[at]), int(order[at + 1])


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
            if k < len(problem.starts):
                # A line that is stated keeps its place; the other one is new.
                near = problem.constraints.of(2 * k).nearest(float(pairs[k, 0]))
                own, new = sorted(two, key=lambda pole: abs(pole[0] - near))
                kept = [*pairs[:k], own, *pairs[k + 1 :], new]
            else:
                kept = [*np.delete(pairs, k, axis=0), *two]
            found.append(np.concatenate([*kept, rest]))
    return found


def _by_criterion(state: State) -> float:
    return state.criterion
