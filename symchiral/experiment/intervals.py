"""Confidence intervals beyond the curvature at the minimum: by profile and by bootstrap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symchiral.experiment.calibration import excess, rivals
from symchiral.experiment.growth import Problem, State
from symchiral.experiment.helicity import quantile
from symchiral.experiment.note import Note
from symchiral.experiment.oscillation import Fit
from symchiral.experiment.oscillators import Block, profile, refine
from symchiral.experiment.result import places, response_factor
from symchiral.value import Floats

SMALLEST_EVIDENCE = 0.3
"""Least part of the evidence for a line that is taken to be real."""

RIVAL_MARGIN = 2.5
"""By how much the bound of a rival may exceed that of a straight model."""


def profiled(fit: Fit, problem: Problem, state: State, level: float) -> Fit:
    """Return the fit with frequency and damping intervals by profile.

    See :func:`symchiral.experiment.oscillators.profile`. The bound is stretched by the mean
    :func:`~symchiral.experiment.calibration.excess`; an interval takes in the
    :func:`~symchiral.experiment.calibration.rivals` of its line, each within a bound of its own.
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
            edges = [
                profile(
                    problem.blocks,
                    piece.nonlinear,
                    state.background,
                    index,
                    error=error,
                    variance=variance,
                    reach=float(np.sqrt(own[index] / variance)),
                    least=min(state.projection.square, piece.projection.square),
                )
                for piece, own in pieces
            ]
            ends.append((min(e[0] for e in edges), max(e[1] for e in edges)))
        low, high = ends[0]
        if len(pieces) > 1:
            others = tuple(float(p.pairs[k, 0]) / (2 * np.pi) for p, _ in pieces[1:])
            notes.append(Note("equal-line", frequency=oscillation.frequency, others=others))
        found.append(
            replace(
                oscillation,
                frequency_interval=(low / (2 * np.pi), high / (2 * np.pi)),
                damping_interval=ends[1],
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
