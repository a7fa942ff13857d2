r"""Damped rotating oscillators: the model of a trace and its variable projection.

Two coordinates of a multiplet move as

.. math::
    \mathbf Q(t) = \mathrm{Re} \sum_k \mathbf A_k\, e^{-(\gamma_k + i\omega_k) t}
    + \text{background}, \qquad \mathbf A_k \in \mathbb C^2 ,

so that with :math:`\mathbf A = a_+\boldsymbol\epsilon_+ + a_-\boldsymbol\epsilon_-` a positive
:math:`a_+` rotates counter-clockwise. In real form each oscillator has the two columns
:math:`e^{-\gamma t}\cos\omega t` and :math:`e^{-\gamma t}\sin\omega t`, whose coefficients are
Re A and Im A. The coefficients are linear and are eliminated: for given :math:`(\omega, \gamma)`
they are the least-squares solution (variable projection, G. H. Golub and V. Pereyra,
SIAM J. Numer. Anal. 10, 413 (1973)), with the derivative of the residual in the approximation
of L. Kaufman, BIT 15, 49 (1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.value import TINY, Complex, Floats

Background = Literal["none", "constant", "linear", "exponential"]
BACKGROUNDS: tuple[Background, ...] = ("none", "constant", "linear", "exponential")


@dataclass(frozen=True, eq=False)
class Block:
    """Traces on one grid of times.

    Attributes
    ----------
    times : (N,) array
        In ps, from time zero.
    data : (N, C) array
        One column per trace, all with equal noise.
    """

    times: Floats
    data: Floats


@dataclass(frozen=True, eq=False)
class Projection:
    """The model at one point of its nonlinear parameters, the linear ones eliminated.

    Attributes
    ----------
    coefficients : tuple of (P, C) arrays
        Of each block: pairs (Re A, Im A) per oscillator, then the background.
    residuals : tuple of (N, C) arrays
        Data minus model.
    jacobian : (sum of N C, n) array
        Derivative of the residuals by the nonlinear parameters.
    shifts : tuple of (n, P, C) arrays
        Derivative of the coefficients by the nonlinear parameters.
    triangles : tuple of (P, P) arrays
        R of the QR decomposition of the columns.
    """

    coefficients: tuple[Floats, ...]
    residuals: tuple[Floats, ...]
    jacobian: Floats
    shifts: tuple[Floats, ...]
    triangles: tuple[Floats, ...]

    @property
    def square(self) -> float:
        """Sum of the squared residuals."""
        return float(sum(np.vdot(r, r) for r in self.residuals))


def columns(times: Floats, nonlinear: Floats, background: Background) -> Floats:
    """Return the (N, P) columns of the model.

    ``nonlinear`` holds (ω, γ) per oscillator, in rad/ps and 1/ps, then, for an exponential
    background, the logarithm of its rate in 1/ps.

    Examples
    --------
    >>> columns(np.array([0.0, 0.5]), np.array([2 * np.pi, 0.0]), "linear").round(3) + 0.0
    array([[ 1. ,  0. ,  1. ,  0. ],
           [-1. ,  0. ,  1. ,  0.5]])
    """
    oscillators = len(nonlinear) // 2
    found = np.empty((len(times), 2 * oscillators + _WIDTH[background]))
    wave = _waves(times, nonlinear[: 2 * oscillators])
    found[:, 0 : 2 * oscillators : 2] = wave.real
    found[:, 1 : 2 * oscillators : 2] = wave.imag
    if background != "none":
        found[:, 2 * oscillators] = 1.0
    if background == "linear":
        found[:, -1] = times
    if background == "exponential":
        found[:, -1] = np.exp(-rate(nonlinear) * times)
    return found


_MOST_GROWTH = 40.0  # a search that strays to growing waves must not overflow
_WIDTH: dict[Background, int] = {"none": 0, "constant": 1, "linear": 2, "exponential": 2}


def rate(nonlinear: Floats) -> float:
    """Return the rate of an exponential background in 1/ps."""
    return float(np.exp(np.clip(nonlinear[-1], -_MOST_GROWTH, _MOST_GROWTH)))


def _waves(times: Floats, pairs: Floats) -> Complex:
    """exp(−γt)(cos ωt + i sin ωt), one column per oscillator."""
    growth = np.minimum(np.multiply.outer(times, -pairs[1::2]), _MOST_GROWTH)
    wave: Complex = np.exp(growth + 1j * np.multiply.outer(times, pairs[0::2]))
    return wave


def project(blocks: Sequence[Block], nonlinear: Floats, background: Background) -> Projection:
    """Eliminate the linear parameters and differentiate by the nonlinear ones."""
    parts = [_project_block(block, nonlinear, background) for block in blocks]
    coefficients, residuals, jacobians, shifts, triangles = zip(*parts, strict=True)
    return Projection(coefficients, residuals, np.concatenate(jacobians), shifts, triangles)


def _project_block(
    block: Block, nonlinear: Floats, background: Background
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    times, data = block.times, block.data
    phi = columns(times, nonlinear, background)
    basis, triangle = np.linalg.qr(phi)
    # A column that the others span already adds nothing; keep the triangle invertible.
    scale = np.abs(np.diagonal(triangle))
    floor = 1e-12 * max(float(scale.max(initial=0.0)), TINY)
    triangle = triangle + np.diag(np.where(scale < floor, floor, 0.0))
    overlap = basis.T @ data
    coefficients = np.linalg.solve(triangle, overlap)
    residual = data - basis @ overlap
    count, traces = len(nonlinear), data.shape[1]
    pairs = 2 * (count // 2)
    slopes = np.empty((len(times), count, traces))
    moment = times[:, None] * phi[:, :pairs]
    cosine, sine = moment[:, 0::2, None], moment[:, 1::2, None]
    real, imaginary = coefficients[0:pairs:2], coefficients[1:pairs:2]
    slopes[:, 0:pairs:2] = cosine * imaginary - sine * real
    slopes[:, 1:pairs:2] = -(cosine * real + sine * imaginary)
    if background == "exponential":
        slopes[:, -1] = np.outer(-rate(nonlinear) * times * phi[:, -1], coefficients[-1])
    flat = slopes.reshape(len(times), count * traces)
    along = basis.T @ flat
    jacobian = (basis @ along - flat).reshape(len(times), count, traces)
    shifts = -np.linalg.solve(triangle, along).reshape(len(triangle), count, traces).swapaxes(0, 1)
    return (
        coefficients,
        residual,
        jacobian.swapaxes(1, 2).reshape(data.size, count),
        shifts,
        triangle,
    )


def refine(
    blocks: Sequence[Block],
    start: Floats,
    background: Background,
    *,
    evaluations: int = 60,
    held: int | None = None,
) -> tuple[Floats, Projection]:
    """Minimise the squared residual over the nonlinear parameters (Levenberg–Marquardt).

    At most so many ``evaluations`` of the model are made; the parameter ``held`` keeps its value.

    Returns
    -------
    (n,) array
        The parameters at the minimum.
    Projection
        The model there.
    """
    free = np.array([i for i in range(len(start)) if i != held], dtype=int)
    if len(free) == 0:
        return start, project(blocks, start, background)
    from scipy.optimize import least_squares

    last: dict[bytes, Projection] = {}

    def whole(x: Floats) -> Floats:
        found = start.copy()
        found[free] = x
        return found

    def numbers(x: Floats) -> Floats:
        # Where a column adds nothing a step may be no number: it leads back to the start.
        return np.where(np.isfinite(x), x, start[free])

    def at(x: Floats) -> Projection:
        key = x.tobytes()
        if key not in last:
            last.clear()
            last[key] = project(blocks, whole(numbers(x)), background)
        return last[key]

    def residuals(x: Floats) -> Floats:
        return np.concatenate([r.ravel() for r in at(x).residuals])

    found = least_squares(
        residuals,
        start[free],
        jac=lambda x: at(x).jacobian[:, free],
        method="lm",
        x_scale=1.0,
        xtol=1e-7,
        ftol=1e-9,
        gtol=1e-9,
        max_nfev=evaluations,
    )
    best = numbers(np.asarray(found.x, dtype=float))
    return whole(best), at(best)


def profile(
    blocks: Sequence[Block],
    nonlinear: Floats,
    background: Background,
    index: int,
    *,
    error: float,
    variance: float,
    reach: float,
    least: float | None = None,
) -> tuple[float, float]:
    r"""Return the interval of one parameter by its profile.

    The interval holds the values :math:`x` for which the squared residual, minimised over all other
    parameters, exceeds its minimum by at most :math:`\text{reach}^2` times the variance of the
    noise; its signed root is nearly linear in x, so that a few secant steps find each end.

    Parameters
    ----------
    blocks, nonlinear, background
        The fit.
    index : int
        The parameter.
    error : float
        Its standard deviation, as a first step.
    variance : float
        Of the noise.
    reach : float
        Half width of the interval in standard deviations.
    least : float, optional
        The minimum, if it lies elsewhere.
    """
    own = project(blocks, nonlinear, background).square
    least = own if least is None else least
    ends = []
    for side in (-1.0, 1.0):
        inner, inner_root = 0.0, float(np.sqrt(max(own - least, 0.0) / variance))
        step, start = reach * error, nonlinear
        for _ in range(12):
            trial = start.copy()
            trial[index] = nonlinear[index] + side * step
            found, projection = refine(blocks, trial, background, held=index, evaluations=15)
            root = float(np.sqrt(max(projection.square - least, 0.0) / variance))
            if abs(root - reach) < 0.01 * reach:
                break
            if root < reach:
                inner, inner_root, start = step, root, found
            slope = (root - inner_root) / (step - inner) if step > inner else root / step
            following = inner + (reach - inner_root) / max(slope, 0.2 / error)
            step = min(max(following, inner + 0.02 * error), inner + 2 * reach * error)
        ends.append(float(nonlinear[index] + side * step))
    return ends[0], ends[1]
