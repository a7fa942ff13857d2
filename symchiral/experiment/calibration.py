r"""How far a squared residual may grow before a parameter is refuted, and where else it is small.

The excess :math:`w = (S(x) - S_{\min})/s^2` of the squared residual, minimised over all parameters
but one, is :math:`\chi^2_1` at its true value only where the model is nearly straight within the
noise. A weak line is not: the mean of w then exceeds one, and so do its quantiles in nearly the
same proportion (M. S. Bartlett, Proc. R. Soc. A 160, 268 (1937), gave this correction for
likelihood ratios). The mean is found by simulating the fitted model.

A weak line may also be mistaken for a peak of noise elsewhere in the band: other peaks that explain
the trace nearly as well are its rivals.
"""

from __future__ import annotations

import numpy as np

from symchiral.experiment.growth import Problem, State
from symchiral.experiment.oscillators import Block, Projection, columns, project, refine
from symchiral.experiment.start import peaks
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
    difference and its scatter vanish with the noise. Never below one.
    """
    count = 2 * len(state.pairs)
    power = sum(float(np.vdot(b.data, b.data)) for b in problem.blocks)
    if variance * problem.size <= NOISELESS**2 * power:
        return np.ones(count)
    rng = np.random.default_rng(seed)
    smooth = tuple(
        Block(b.times, b.data - r)
        for b, r in zip(problem.blocks, state.projection.residuals, strict=True)
    )
    beyond: list[Floats] = []
    while len(beyond) < SIMULATIONS[1]:
        true, model = _drawn(problem, state, smooth, variance, rng)
        jacobian = model.jacobian
        inverse = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
        exact = [b.data - r for b, r in zip(smooth, model.residuals, strict=True)]
        noise = [np.sqrt(variance) * rng.standard_normal(s.shape) for s in exact]
        step = inverse @ (jacobian.T @ np.concatenate([e.ravel() for e in noise]))
        straight = step[:count] ** 2 / np.diagonal(inverse)[:count]
        both = np.zeros(count)
        for sign in (1.0, -1.0):
            blocks = tuple(
                Block(b.times, s + sign * e) for b, s, e in zip(smooth, exact, noise, strict=True)
            )
            _, free = refine(blocks, true, state.background, evaluations=25)
            for index in range(count):
                _, held = refine(blocks, true, state.background, held=index, evaluations=25)
                both[index] += max(held.square - free.square, 0.0) / 2
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
    jacobian = state.projection.jacobian
    spread = variance * np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    for _ in range(4):
        true = rng.multivariate_normal(state.nonlinear, spread, check_valid="ignore")
        model = project(smooth, true, state.background)
        if problem.sound(State(state.background, true, model, state.criterion)):
            return true, model
    return state.nonlinear, project(smooth, state.nonlinear, state.background)


def rivals(problem: Problem, state: State, which: int, bound: float) -> tuple[State, ...]:
    """Return models with one oscillation elsewhere that fit about as well.

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
    alone = [
        residual + columns(block.times, pairs[which], "none") @ c[2 * which : 2 * which + 2]
        for block, residual, c in zip(
            problem.blocks, state.projection.residuals, state.projection.coefficients, strict=True
        )
    ]
    found: list[State] = []
    for omega, damping in peaks(
        problem.blocks, alone, problem.lowest, problem.highest, float(pairs[which, 0]), bound
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
