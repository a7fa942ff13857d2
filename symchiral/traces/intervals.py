r"""Confidence intervals beyond the curvature at the minimum: by profile and by bootstrap.

How far a squared residual may grow before a parameter is refuted is found by simulation.

The excess :math:`w = (S(x) - S_{\min})/s^2` of the squared residual, minimised over all parameters
but one, is :math:`\chi^2_1` at its true value only where the model is nearly straight within the
noise. A weak line is not: the mean of w then exceeds one, and so do its quantiles in nearly the
same proportion (M. S. Bartlett, Proc. R. Soc. A 160, 268 (1937), gave this correction for
likelihood ratios). The mean is found by simulating the fitted model.

A weak line may also be mistaken for a peak of noise elsewhere in the band: other peaks that explain
the trace nearly as well are its rivals.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symchiral.traces.helicity import quantile
from symchiral.traces.model import (
    Block,
    Projection,
    columns,
    least_squares,
    profile,
    project,
    refine,
)
from symchiral.traces.note import Note
from symchiral.traces.oscillation import Fit, places, response_factor
from symchiral.traces.search import Problem, State, peaks
from symchiral.value import Floats

SIMULATIONS = (3, 12)
"""Least and most pairs of simulated traces that give the mean of the excess."""

SUFFICIENT_ERROR = 0.08
"""No more are simulated once the standard error of the mean is below this."""

NOISELESS = 1e-4
"""With noise below this part of the signal the model is linear within the noise."""


def excess(problem: Problem, state: State, variance: float, *, seed: int = 0) -> Floats:
    r"""Return the mean of w for (ω, γ) of each oscillation; 1 if the model is straight.

    How far from straight the model is depends on its true parameters, which are known only within
    their errors: each :math:`\theta` is drawn from them. For traces
    :math:`\eta(\theta) \pm \epsilon` with normal noise :math:`\epsilon` the model is fitted freely
    and with the parameter held at :math:`\theta_i`. The mean of w is found as one plus the mean of
    its difference from w of the linearised model, which is :math:`\chi^2_1` for the same noise; the
    difference and its scatter vanish with the noise. Never below one. Bounds that are stated are
    left out: they end an interval, and say nothing of how straight the model is.
    """
    count, constraints = 2 * len(state.pairs), problem.constraints
    free = constraints.free(len(state.nonlinear))
    power = sum(float(np.vdot(b.data, b.data)) for b in problem.blocks)
    shown = [(int(i), k) for k, i in enumerate(free) if i < count]
    if variance * problem.size <= NOISELESS**2 * power or not shown:
        return np.ones(count)
    moves = constraints.moved(np.eye(len(free)), free, len(state.nonlinear))
    rng = np.random.default_rng(seed)
    smooth = tuple(
        Block(b.times, b.data - r)
        for b, r in zip(problem.blocks, state.projection.residuals, strict=True)
    )
    beyond: list[Floats] = []
    while len(beyond) < SIMULATIONS[1]:
        true, model = _drawn(problem, state, smooth, variance, rng)
        jacobian = constraints.along(model.jacobian, free)
        inverse = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
        exact = [b.data - r for b, r in zip(smooth, model.residuals, strict=True)]
        noise = [np.sqrt(variance) * rng.standard_normal(s.shape) for s in exact]
        step = inverse @ (jacobian.T @ np.concatenate([e.ravel() for e in noise]))
        straight, both = np.zeros(count), np.zeros(count)
        held = [None, *(k for _, k in shown)]
        blocks = tuple(
            Block(b.times, np.repeat([s + e, s - e], len(held), axis=0))
            for b, s, e in zip(smooth, exact, noise, strict=True)
        )
        square = least_squares(blocks, true, state.background, 2 * held, moves).reshape(2, -1)
        growth = np.maximum(square[:, 1:] - square[:, :1], 0.0).mean(axis=0)
        for (index, k), more in zip(shown, growth, strict=True):
            straight[index], both[index] = step[k] ** 2 / inverse[k, k], more
        beyond.append((both - straight) / variance)
        if len(beyond) >= SIMULATIONS[0]:
            error = np.std(beyond, axis=0, ddof=1) / np.sqrt(len(beyond))
            if error.max() < SUFFICIENT_ERROR:
                break
    found: Floats = np.maximum(1 + np.mean(beyond, axis=0), 1.0)
    return found


def _drawn(
    problem: Problem,
    state: State,
    smooth: tuple[Block, ...],
    variance: float,
    rng: np.random.Generator,
) -> tuple[Floats, Projection]:
    """Parameters within the errors of the fit, and the model with them nearest to the fitted one.

    Errors of a weak line reach to models that would not be taken; then the fit itself.
    """
    constraints, middle = problem.constraints, state.nonlinear
    free = constraints.free(len(middle))
    jacobian = constraints.along(state.projection.jacobian, free)
    spread = variance * np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    for _ in range(4):
        true = middle.copy()
        true[free] = rng.multivariate_normal(middle[free], spread, check_valid="ignore")
        true = constraints.imposed(true)
        model = project(smooth, true, state.background)
        if problem.sound(State(state.background, true, model, state.criterion)):
            return true, model
    return state.nonlinear, project(smooth, state.nonlinear, state.background)


def rivals(problem: Problem, state: State, which: int, bound: float) -> tuple[State, ...]:
    """Return models with one oscillation elsewhere that fit about as well.

    None where its frequency is fixed or follows another; only within its bounds, if it has some.

    Parameters
    ----------
    problem, state : Problem, State
        The traces and the model.
    which : int
        The oscillation.
    bound : float
        By how much their squared residual may be larger.
    """
    pairs, rest = state.pairs, state.nonlinear[2 * len(state.pairs) :]
    within = problem.constraints.of(2 * which)
    if within.fixed or within.tied:
        return ()
    lowest, highest = max(problem.lowest, within.low), min(problem.highest, within.high)
    alone = [
        residual + columns(block.times, pairs[which], "none") @ c[2 * which : 2 * which + 2]
        for block, residual, c in zip(
            problem.blocks, state.projection.residuals, state.projection.coefficients, strict=True
        )
    ]
    found: list[State] = []
    for omega, damping in peaks(
        problem.blocks, alone, lowest, highest, float(pairs[which, 0]), bound
    ):
        moved = pairs.copy()
        moved[which] = omega, damping
        other = problem.solve(np.concatenate([moved.ravel(), rest]), state.background)
        if (
            problem.sound(other)
            and other.projection.square < state.projection.square + bound
            and all(
                abs(other.pairs[which, 0] - x.pairs[which, 0]) > np.pi / problem.length
                for x in (state, *found)
            )
        ):
            found.append(other)
    return tuple(found)


SMALLEST_EVIDENCE = 0.3
"""Least part of the evidence for a line that is taken to be real."""

RIVAL_MARGIN = 2.5
"""By how much the bound of a rival may exceed that of a straight model."""


def profiled(fit: Fit, problem: Problem, state: State, level: float) -> Fit:
    """Return the fit with frequency and damping intervals by profile.

    See :func:`symchiral.traces.model.profile`. The bound is stretched by the mean
    :func:`~symchiral.traces.intervals.excess`; an interval takes in the
    :func:`~symchiral.traces.intervals.rivals` of its line, each within a bound of its own. It ends
    where the parameter is stated to; that of one that follows another is that of its leader.
    """
    found, notes = [], list(fit.notes)
    freedom = fit.oscillations[0].freedom
    variance = state.projection.square / freedom
    straight = quantile(freedom, level) ** 2 * variance
    # A fit takes noise for signal, by one unit of evidence per parameter: simulate a line as weak
    # as it is expected to be.
    taken = 2 + 2 * problem.traces
    share = min(
        max(1 - taken / max(o.evidence, taken), SMALLEST_EVIDENCE) for o in fit.oscillations
    )
    bounds = straight * excess(problem, state, variance / share)
    for oscillation, k in zip(fit.oscillations, np.argsort(state.pairs[:, 0]), strict=True):
        indices = (2 * int(k), 2 * int(k) + 1)
        errors = (2 * np.pi * oscillation.frequency_error, oscillation.damping_error)
        pieces = [(state, bounds)]
        for other in rivals(problem, state, int(k), RIVAL_MARGIN * straight):
            own = straight * excess(problem, other, variance / share)
            if other.projection.square - state.projection.square < own[indices[0]]:
                pieces.append((other, own))
        ends = []
        for index, error in zip(indices, errors, strict=True):
            leader, factor = problem.constraints.leader(index)
            if problem.constraints.of(index).fixed:
                ends.append((float(state.nonlinear[index]),) * 2)
                continue
            edges = [
                profile(
                    problem.blocks,
                    piece.nonlinear,
                    state.background,
                    leader,
                    error=error / factor,
                    variance=variance,
                    reach=float(np.sqrt(own[leader] / variance)),
                    lowest=min(state.projection.square, piece.projection.square),
                    constraints=problem.constraints,
                )
                for piece, own in pieces
            ]
            ends.append((factor * min(e[0] for e in edges), factor * max(e[1] for e in edges)))
        low, high = ends[0]
        if len(pieces) > 1:
            others = tuple(float(p.pairs[k, 0]) / (2 * np.pi) for p, _ in pieces[1:])
            notes.append(Note("equal-line", frequency=oscillation.frequency, others=others))
        found.append(
            replace(
                oscillation,
                frequency_interval=oscillation.constraints[0].cut(
                    (low / (2 * np.pi), high / (2 * np.pi))
                ),
                damping_interval=oscillation.constraints[1].cut(ends[1]),
            )
        )
    return replace(fit, oscillations=tuple(found), notes=tuple(notes))


def bootstrapped(
    fit: Fit,
    problem: Problem,
    state: State,
    back: Floats,
    level: float,
    resamples: int,
    seed: int,
) -> Fit:
    r"""Return the fit with all uncertainties from fits to resampled residuals.

    Rows of residuals, all traces of a row together, are drawn with replacement in runs of
    neighbours: of one row where neighbours are independent, else of about
    :math:`(2\rho/(1-\rho^2))^{2/3} n^{1/3}` rows for an autocorrelation ρ from row to row. The
    intervals of frequency and damping are percentiles; the helicity takes the covariance of the
    amplitudes.
    """
    rng = np.random.default_rng(seed)
    inflate = np.sqrt(problem.size / fit.oscillations[0].freedom)
    smooth, centred, runs = [], [], []
    for block, residual in zip(problem.blocks, state.projection.residuals, strict=True):
        smooth.append(block.data - residual)
        centred.append(inflate * (residual - residual.mean(axis=0)))
        runs.append(_run_length(residual))
    points, amplitudes = [], []
    where = places(fit.measurement, problem)
    for _ in range(resamples):
        blocks = tuple(
            Block(b.times, s + c[_rows(rng, len(c), length)])
            for b, s, c, length in zip(problem.blocks, smooth, centred, runs, strict=True)
        )
        x, projection = refine(
            blocks,
            state.nonlinear,
            state.background,
            evaluations=25,
            constraints=problem.constraints,
        )
        points.append(x)
        amplitudes.append(
            [
                [
                    back
                    @ (c[2 * k] + 1j * c[2 * k + 1])
                    / response_factor(fit.measurement.response, x[2 * k : 2 * k + 2])
                    for k in range(len(state.pairs))
                ]
                for c in (projection.coefficients[b][:, f : f + 2] for b, f in where)
            ]
        )
    drawn, moved = np.array(points), np.array(amplitudes)  # (B, n), (B, R, K, 2)
    tails = [(1 - level) / 2, (1 + level) / 2]
    unit = np.array([1 / (2 * np.pi), 1.0])
    found = []
    for oscillation, k in zip(fit.oscillations, np.argsort(state.pairs[:, 0]), strict=True):
        pair = drawn[:, 2 * k : 2 * k + 2] * unit
        low, high = np.quantile(pair, tails, axis=0)
        moving = np.array(
            [not constraint.fixed for constraint in oscillation.constraints], dtype=float
        )
        flat = np.stack([moved[:, :, k].real, moved[:, :, k].imag], axis=-1).reshape(
            resamples, -1, 4
        )
        found.append(
            replace(
                oscillation,
                covariance=np.cov(pair.T) * np.outer(moving, moving),
                frequency_interval=oscillation.constraints[0].cut((float(low[0]), float(high[0]))),
                damping_interval=oscillation.constraints[1].cut((float(low[1]), float(high[1]))),
                amplitude_covariances=np.array([np.cov(f.T) for f in flat.swapaxes(0, 1)]),
            )
        )
    return replace(fit, oscillations=tuple(found))


def _run_length(residual: Floats) -> int:
    centred = residual - residual.mean(axis=0)
    square = float(np.vdot(centred, centred))
    rho = float(np.vdot(centred[1:], centred[:-1])) / square if square > 0 else 0.0
    if rho < 3 / np.sqrt(residual.size):
        return 1
    rho = min(rho, 0.98)
    best = (2 * rho / (1 - rho**2)) ** (2 / 3) * len(residual) ** (1 / 3)
    return int(np.clip(np.ceil(best), 1, max(len(residual) // 5, 1)))


def _rows(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    first = rng.integers(0, count - length + 1, size=-(-count // length))
    found: np.ndarray = (first[:, None] + np.arange(length)).ravel()[:count]
    return found
