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

from symchiral.traces.constraints import NOTHING, Constraints, descend_within
from symchiral.value import TINY, Complex, Floats, Integers

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
    """Return the (…, N, P) columns of the model.

    ``nonlinear`` holds (ω, γ) per oscillator, in rad/ps and 1/ps, then, for an exponential
    background, the logarithm of its rate in 1/ps, along its last axis.

    Examples
    --------
    >>> columns(np.array([0.0, 0.5]), np.array([2 * np.pi, 0.0]), "linear").round(3) + 0.0
    array([[ 1. ,  0. ,  1. ,  0. ],
           [-1. ,  0. ,  1. ,  0.5]])
    """
    pairs = 2 * (nonlinear.shape[-1] // 2)
    found = np.empty((*nonlinear.shape[:-1], len(times), pairs + _WIDTH[background]))
    wave = _waves(times, nonlinear[..., None, :pairs])
    found[..., 0:pairs:2] = wave.real
    found[..., 1:pairs:2] = wave.imag
    if background != "none":
        found[..., pairs] = 1.0
    if background == "linear":
        found[..., -1] = times
    if background == "exponential":
        found[..., -1] = np.exp(-np.multiply.outer(rate(nonlinear), times))
    return found


_MOST_STEPS = 25  # of simulated fits, which begin at the truth
_LEAST_DAMPING = 1e-10  # of their steps: a matrix without any is singular where a wave has vanished
_MOST_GROWTH = 40.0  # a search that strays to growing waves must not overflow
_WIDTH: dict[Background, int] = {"none": 0, "constant": 1, "linear": 2, "exponential": 2}


def rate(nonlinear: Floats) -> Floats:
    """Return the rate of an exponential background in 1/ps."""
    found: Floats = np.exp(np.clip(nonlinear[..., -1], -_MOST_GROWTH, _MOST_GROWTH))
    return found


def _waves(times: Floats, pairs: Floats) -> Complex:
    """exp(−γt)(cos ωt + i sin ωt), one column per oscillator."""
    growth = np.minimum(-pairs[..., 1::2] * times[:, None], _MOST_GROWTH)
    wave: Complex = np.exp(growth + 1j * (pairs[..., 0::2] * times[:, None]))
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
    phi, basis, triangle = _orthonormal(times, nonlinear, background)
    overlap = basis.T @ data
    coefficients: Floats = np.asarray(np.linalg.solve(triangle, overlap), dtype=np.float64)
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
    shifted: Floats = np.asarray(np.linalg.solve(triangle, along), dtype=np.float64)
    shifts = -shifted.reshape(len(triangle), count, traces).swapaxes(0, 1)
    return (
        coefficients,
        residual,
        jacobian.swapaxes(1, 2).reshape(data.size, count),
        shifts,
        triangle,
    )


def _orthonormal(
    times: Floats, nonlinear: Floats, background: Background
) -> tuple[Floats, Floats, Floats]:
    """The columns of the model and their QR decomposition."""
    phi = columns(times, nonlinear, background)
    basis, triangle = np.linalg.qr(phi)
    # A column that the others span already adds nothing; keep the triangle invertible.
    scale = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))
    floor = 1e-12 * np.maximum(scale.max(axis=-1, keepdims=True, initial=0.0), TINY)
    lift = np.where(scale < floor, floor, 0.0)
    return phi, basis, triangle + lift[..., None] * np.eye(lift.shape[-1])


def scales(gram: Floats) -> Floats:
    """Square roots of the diagonal of a Gram matrix, none so small that an inverse overflows.

    A column may vanish beside others, as after a wild value in a trace.
    """
    size = np.diagonal(gram)
    found: Floats = np.sqrt(np.maximum(size, max(1e-60 * float(size.max(initial=0.0)), TINY)))
    return found


def _expanded(
    blocks: Sequence[Block], nonlinear: Floats, background: Background
) -> tuple[Floats, Floats, Floats]:
    r"""Return the squared residual S, :math:`J^Tr` and :math:`J^TJ`, J as in :func:`project`.

    All derivatives are sums of a few functions, t times the columns, and products of these make
    those of all. Parameters and data may have further axes in front, for many fits at once.
    """
    square, gradient, curvature = np.zeros(()), np.zeros(()), np.zeros(())
    pairs = 2 * (nonlinear.shape[-1] // 2)
    own = [*range(pairs), *([-1] if background == "exponential" else [])]
    k = np.arange(0, pairs, 2)
    for block in blocks:
        phi, basis, triangle = _orthonormal(block.times, nonlinear, background)
        across = basis.swapaxes(-1, -2)
        overlap = across @ block.data
        c = np.linalg.solve(triangle, overlap)
        residual = block.data - basis @ overlap
        moments = block.times[:, None] * phi[..., own]
        along = across @ moments
        c = c.swapaxes(-1, -2)
        parts = np.zeros((*c.shape[:-1], nonlinear.shape[-1], len(own)))
        parts[..., k, k], parts[..., k, k + 1] = -c[..., k + 1], c[..., k]
        parts[..., k + 1, k], parts[..., k + 1, k + 1] = c[..., k], c[..., k + 1]
        if background == "exponential":
            parts[..., -1, -1] = rate(nonlinear)[..., None] * c[..., -1]
        seen = (residual.swapaxes(-1, -2) @ moments)[..., None, :]
        products = moments.swapaxes(-1, -2) @ moments - along.swapaxes(-1, -2) @ along
        square = square + (residual**2).sum(axis=(-1, -2))
        gradient = gradient + (parts * seen).sum(axis=(-3, -1))
        curvature = curvature + (parts @ products[..., None, :, :] @ parts.swapaxes(-1, -2)).sum(
            axis=-3
        )
    return square, gradient, curvature


def refine(
    blocks: Sequence[Block],
    start: Floats,
    background: Background,
    *,
    evaluations: int = 60,
    closely: bool = False,
    held: int | None = None,
    constraints: Constraints = NOTHING,
) -> tuple[Floats, Projection]:
    """Minimise the squared residual over the nonlinear parameters (Levenberg–Marquardt).

    At most so many ``evaluations`` of the model are made, ``closely`` until steps are some 1e-10 of
    the parameters; the parameter ``held``, which is no follower, keeps its value, and all are
    within the ``constraints``.

    Returns
    -------
    (n,) array
        The parameters at the minimum.
    Projection
        The model there.
    """
    start = constraints.imposed(start)
    free = constraints.free(len(start), held)
    if len(free) == 0:
        return start, project(blocks, start, background)

    def whole(x: Floats) -> Floats:
        # Where a column adds nothing a step may be no number: it leads back to the start.
        found = start.copy()
        found[free] = np.where(np.isfinite(x), x, start[free])
        return constraints.followed(found)

    found = descend_within(
        lambda x: _Trial(whole(x), project(blocks, whole(x), background), free, constraints),
        start[free],
        [constraints.of(int(i)) for i in free],
        evaluations=evaluations,
        xtol=1e-10 if closely else 1e-7,
        ftol=1e-15 if closely else 1e-9,
        gtol=1e-15 if closely else 1e-9,
        scale=np.ones(len(free)),
    )
    return found.nonlinear, found.projection


@dataclass(frozen=True, eq=False)
class _Trial:
    """A model of which some parameters are free."""

    nonlinear: Floats
    projection: Projection
    free: Integers
    constraints: Constraints

    @property
    def deviations(self) -> Floats:
        return np.concatenate([r.ravel() for r in self.projection.residuals])

    @property
    def slopes(self) -> Floats:
        return self.constraints.along(self.projection.jacobian, self.free).T


def least_squares(
    blocks: Sequence[Block],
    start: Floats,
    background: Background,
    held: Sequence[int | None],
    moves: Floats | None = None,
) -> Floats:
    """Return the least squared residuals of many sets of traces at once (Levenberg–Marquardt).

    Parameters
    ----------
    blocks : sequence of Block
        With data of the shape (B, N, C).
    start, background
        As for :func:`refine`; one start for all.
    held : sequence of int or None
        Which free parameter, if any, keeps its value in each of the B fits.
    moves : (n, m) array, optional
        How the n parameters move with the m free ones, where these are not all.
    """
    x = np.tile(start, (len(held), 1))
    moves = np.eye(len(start)) if moves is None else moves
    free = moves.shape[1]
    fixed = np.array([[h == i for i in range(free)] for h in held])

    def expanded(x: Floats) -> tuple[Floats, Floats, Floats]:
        square, gradient, curvature = _expanded(blocks, x, background)
        return square, gradient @ moves, moves.T @ curvature @ moves

    square, gradient, curvature = expanded(x)
    damping = np.full(len(held), 1e-4)
    for _ in range(_MOST_STEPS):
        size = np.diagonal(curvature, axis1=1, axis2=2)
        # A wave that has strayed to none at all depends on nothing: then no step, and no zero.
        size = np.maximum(size, np.maximum(1e-20 * size.max(axis=1, keepdims=True), TINY))
        own = np.where(fixed, 1.0, damping[:, None] * size)
        matrix = np.where(fixed[:, :, None] | fixed[:, None], 0.0, curvature)
        matrix = matrix + own[:, None] * np.eye(free)
        step = np.linalg.solve(matrix, np.where(fixed, 0.0, gradient)[..., None])[..., 0]
        step = step @ moves.T
        trial = expanded(x - step)
        lower = trial[0] < square
        settled = np.abs(square - trial[0]) < 1e-9 * square
        x = np.where(lower[:, None], x - step, x)
        square = np.where(lower, trial[0], square)
        gradient = np.where(lower[:, None], trial[1], gradient)
        curvature = np.where(lower[:, None, None], trial[2], curvature)
        damping = np.clip(np.where(lower, damping / 10, damping * 10), _LEAST_DAMPING, None)
        if settled.all():
            break
    return square


def profile(
    blocks: Sequence[Block],
    nonlinear: Floats,
    background: Background,
    index: int,
    *,
    error: float,
    variance: float,
    reach: float,
    lowest: float | None = None,
    constraints: Constraints = NOTHING,
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
    lowest : float, optional
        The minimum, if it lies elsewhere.
    constraints : Constraints
        Of the parameters; the interval ends where they do. The parameter itself is no follower.
    """
    own = project(blocks, nonlinear, background).square
    lowest = own if lowest is None else lowest
    stated = constraints.of(index)
    ends = []
    for side in (-1.0, 1.0):
        inner, inner_root = 0.0, float(np.sqrt(max(own - lowest, 0.0) / variance))
        farthest = abs((stated.low if side < 0 else stated.high) - float(nonlinear[index]))
        step, start = min(reach * error, farthest), nonlinear
        for _ in range(12):
            trial = start.copy()
            trial[index] = nonlinear[index] + side * step
            found, projection = refine(
                blocks, trial, background, held=index, evaluations=15, constraints=constraints
            )
            root = float(np.sqrt(max(projection.square - lowest, 0.0) / variance))
            at_end = step == 0 or (step == farthest and root < reach)
            if abs(root - reach) < 0.01 * reach or at_end:
                break
            if root < reach:
                inner, inner_root, start = step, root, found
            slope = (root - inner_root) / (step - inner) if step > inner else root / step
            following = inner + (reach - inner_root) / max(slope, 0.2 / error)
            step = min(max(following, inner + 0.02 * error), inner + 2 * reach * error, farthest)
        ends.append(stated.nearest(float(nonlinear[index] + side * step)))
    return ends[0], ends[1]
