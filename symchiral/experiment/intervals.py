"""Confidence intervals beyond the curvature at the minimum: by profile and by bootstrap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symchiral.experiment.growth import Problem, State
from symchiral.experiment.helicity import quantile
from symchiral.experiment.oscillation import Fit
from symchiral.experiment.oscillators import Array, Block, profile, refine
from symchiral.experiment.result import places, response_factor


def profiled(fit: Fit, problem: Problem, state: State, level: float) -> Fit:
    """Return the fit with frequency and damping intervals by profile.

    See :func:`symchiral.experiment.oscillators.profile`.
    """
    found = []
    for oscillation, k in zip(fit.oscillations, np.argsort(state.pairs[:, 0]), strict=True):
        freedom = oscillation.freedom
        ends = []
        for index, error in (
            (2 * int(k), 2 * np.pi * oscillation.frequency_error),
            (2 * int(k) + 1, oscillation.damping_error),
        ):
            ends.append(
                profile(
                    problem.blocks,
                    state.nonlinear,
                    state.background,
                    index,
                    error=error,
                    variance=state.projection.square / freedom,
                    reach=quantile(freedom, level),
                )
            )
        low, high = ends[0]
        found.append(
            replace(
                oscillation,
                frequency_interval=(low / (2 * np.pi), high / (2 * np.pi)),
                damping_interval=ends[1],
            )
        )
    return replace(fit, oscillations=tuple(found))


def bootstrapped(
    fit: Fit,
    problem: Problem,
    state: State,
    back: Array,
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
        x, projection = refine(blocks, state.nonlinear, state.background, evaluations=25)
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
        flat = np.stack([moved[:, :, k].real, moved[:, :, k].imag], axis=-1).reshape(
            resamples, -1, 4
        )
        found.append(
            replace(
                oscillation,
                covariance=np.cov(pair.T),
                frequency_interval=(float(low[0]), float(high[0])),
                damping_interval=(float(low[1]), float(high[1])),
                amplitude_covariances=np.array([np.cov(f.T) for f in flat.swapaxes(0, 1)]),
            )
        )
    return replace(fit, oscillations=tuple(found))


def _run_length(residual: Array) -> int:
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
