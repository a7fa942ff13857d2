r"""Traces as sums of decaying waves along directions, and the least that such a sum leaves of them.

Wave j moves along the direction :math:`\mathbf d_j` in the plane of the whitened signals, in every
run with an amplitude of its own,

.. math::
    \mathbf S(t) = \mathrm{Re} \sum_j c_j^*\, \mathbf d_j(\theta)\, w_j(t; \theta) .

The amplitudes are linear and are eliminated (variable projection, as in
:mod:`symchiral.traces.model`), with derivatives in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symchiral.traces.constraints import Constraint, descend_within
from symchiral.traces.model import scales
from symchiral.traces.pulse import Prior
from symchiral.value import TINY, Complex, Floats


@dataclass(frozen=True, eq=False)
class WhiteRuns:
    """Runs on common times, in units of their noise.

    Attributes
    ----------
    times : (N,) array
        In ps from the centre of the pulse.
    data : (R, 2, N) array
        Both whitened signals of every run.
    basis : (K, N) array
        Orthonormal background and other lines.
    spins : tuple of int
        Of the pump of every run: +1 for σ+, −1 for σ−, 0 for others.
    """

    times: Floats
    data: Floats
    basis: Floats
    spins: tuple[int, ...]

    def beyond(self, functions: Floats) -> Floats:
        """Functions of time, (…, N), without what background and other lines are of them."""
        found: Floats = functions - functions @ self.basis.T @ self.basis
        return found

    @cached_property
    def rest(self) -> Floats:
        """The traces beyond background and other lines, (R, 2, N)."""
        return self.beyond(self.data)

    @property
    def circular(self) -> WhiteRuns | None:
        """The runs with circular pumps, if there are any."""
        which = [r for r, spin in enumerate(self.spins) if spin]
        spins = tuple(self.spins[r] for r in which)
        return WhiteRuns(self.times, self.data[which], self.basis, spins) if which else None


@dataclass(frozen=True, eq=False)
class Shape:
    """The waves of a multiplet, of what its force imposes, and of the pump's own response.

    Their parameters follow each other: ω, γ, and Δ, α of a multiplet that is split; ω, γ of a force
    that rings; ω_b, ln τ, chirp of the pulse.

    Attributes
    ----------
    back : (2, 2) array
        From whitened signals to coordinates.
    count : int
        Parameters of the multiplet: 2, or 4 if it is split; 0 without one.
    power : int or None
        Of the field in the response of the pump, if that is seen.
    forced : bool
        Whether the motion of a force that rings is beside the free one.
    """

    back: Floats
    count: int
    power: int | None
    forced: bool = False

    def waves(self, times: Floats, theta: Floats) -> tuple[Complex, Floats]:
        """The (J, N) waves and their (2, J) directions."""
        waves, directions = [], []
        if self.count:
            split = theta[2:4] if self.count > 2 else np.zeros(2)
            waves.append(_modes(times, theta[0], theta[1], split[0]))
            directions.append(self._normal(split[1]))
        if self.forced:
            waves.append(_modes(times, theta[self.count], theta[self.count + 1], 0.0))
            directions.append(self._normal(0.0))
        if self.power is not None:
            # |E|² has no frequency, and the envelope of a product of two.
            omega, log, chirp = theta[-3:]
            width = np.exp(min(max(log, -20.0), 20.0))
            fade = 2 * (self.power or 2) * np.log(2) * (times / width) ** 2
            wave = np.exp(1j * (omega * times + chirp * times**2) - fade)
            waves.append(np.array([wave, wave]))
            directions.append(np.eye(2))
        return np.concatenate(waves), np.hstack(directions)

    def slopes(self, times: Floats, theta: Floats, waves: Complex) -> tuple[Complex, Floats]:
        """Derivatives of the waves by the parameters, (n, J, N), and of the directions by α."""
        found = np.zeros((len(theta), *waves.shape), dtype=complex)
        turning = 1j * times * waves
        for first, row in ((0, 0), (self.count, 2))[: bool(self.count) + self.forced]:
            found[first, row : row + 2] = turning[row : row + 2]
            found[first + 1, row : row + 2] = -times * waves[row : row + 2]
        turn = np.zeros((2, len(waves)))
        if self.count > 2:
            found[2, :2] = np.pi * np.array([[1.0], [-1.0]]) * turning[:2]
            turn[:, :2] = self._normal(theta[3] + np.pi / 2)
        if self.power is not None:
            width = np.exp(min(max(theta[-2], -20.0), 20.0))
            found[-3, -2:] = turning[-2:]
            found[-2, -2:] = 4 * (self.power or 2) * np.log(2) * (times / width) ** 2 * waves[-2:]
            found[-1, -2:] = times * turning[-2:]
        return found, turn

    def _normal(self, angle: float) -> Floats:
        """Directions of two normal modes, one along an angle."""
        c, s = np.cos(angle), np.sin(angle)
        found: Floats = np.linalg.solve(self.back, np.array([[c, -s], [s, c]]))
        return found


def _modes(times: Floats, omega: float, damping: float, splitting: float) -> Complex:
    """Two waves about a frequency."""
    own = np.array([[omega + np.pi * splitting], [omega - np.pi * splitting]])
    found: Complex = np.exp(1j * own * times - np.clip(damping * times, -40.0, 40.0))
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    """The waves in one block, beyond the background, with what they explain of each run.

    Attributes
    ----------
    waves : (J, N) array
        As they are.
    functions : (2 J, N) array
        Their real and imaginary parts beyond the background.
    directions : (2, 2 J) array
        Of the functions.
    inverse : (2 J, 2 J) array
        Of the Gram matrix of the columns.
    coefficients : (R, 2 J) array
        Of every run.
    """

    waves: Complex
    functions: Floats
    directions: Floats
    inverse: Floats
    coefficients: Floats

    @staticmethod
    def of(runs: WhiteRuns, shape: Shape, theta: Floats) -> _Part:
        waves, directions = shape.waves(runs.times, theta)
        functions = np.stack([waves.real, waves.imag], axis=1).reshape(-1, len(runs.times))
        functions = runs.beyond(functions)
        directions = np.repeat(directions, 2, axis=1)
        inverse = _inverse((functions @ functions.T) * (directions.T @ directions))
        along = ((runs.rest @ functions.T) * directions).sum(axis=1)
        return _Part(waves, functions, directions, inverse, along @ inverse)

    @property
    def motion(self) -> Floats:
        """What the waves explain, (R, 2, N)."""
        found: Floats = (self.directions * self.coefficients[:, None]) @ self.functions
        return found


@dataclass(frozen=True, eq=False)
class Fitted:
    """A shape at one point of its parameters, with the amplitudes at which it leaves least.

    Attributes
    ----------
    blocks : tuple of WhiteRuns
        The traces.
    shape : Shape
        The waves.
    theta : (n,) array
        Its parameters.
    prior : Prior or None
        What is known of them beforehand.
    """

    blocks: tuple[WhiteRuns, ...]
    shape: Shape
    theta: Floats
    prior: Prior | None = None

    @cached_property
    def _parts(self) -> tuple[_Part, ...]:
        return tuple(_Part.of(runs, self.shape, self.theta) for runs in self.blocks)

    @property
    def coefficients(self) -> tuple[Floats, ...]:
        """Of every block, (R, 2 J): Re c and Im c of the waves."""
        return tuple(part.coefficients for part in self._parts)

    @cached_property
    def deviations(self) -> Floats:
        """What is left, and deviations from what is known, in standard deviations."""
        found = [(b.rest - p.motion).ravel() for b, p in zip(self.blocks, self._parts, strict=True)]
        if self.prior is not None:
            found.append(self.prior.residuals(self.theta))
        return np.concatenate(found)

    @property
    def square(self) -> float:
        """χ², with what is known beforehand."""
        return float(np.vdot(self.deviations, self.deviations))

    def _moving(self, block: int) -> tuple[Complex, Floats]:
        return self.shape.slopes(self.blocks[block].times, self.theta, self._parts[block].waves)

    def moved(self, block: int) -> Floats:
        """Derivatives of the motion beyond the background at fixed amplitudes, (n, R, 2, N)."""
        runs, part = self.blocks[block], self._parts[block]
        slopes, turn = self._moving(block)
        c = part.coefficients[:, None, ::2] - 1j * part.coefficients[:, None, 1::2]
        found = ((part.directions[:, ::2] * c).reshape(-1, len(part.waves)) @ slopes).real
        if self.shape.count > 2:
            found[3] = ((turn * c).reshape(-1, len(part.waves)) @ part.waves).real
        return runs.beyond(found).reshape(len(slopes), -1, 2, len(runs.times))

    def design(self, block: int) -> Floats:
        """Derivatives of the motion of any run by its coefficients, (2 J, 2, N)."""
        part = self._parts[block]
        return part.directions.T[:, :, None] * part.functions[:, None]

    @property
    def slopes(self) -> Floats:
        r"""Derivatives of the deviations by the parameters.

        With :math:`\Phi` the columns of the amplitudes and r what is left they are
        :math:`-(1 - \Phi\Phi^+)\,\dot\Phi c - (\Phi^+)^T \dot\Phi^T r`.
        """
        found = []
        for k, (runs, part) in enumerate(zip(self.blocks, self._parts, strict=True)):
            left = runs.rest - part.motion
            slopes, turn = self._moving(k)
            moved = self.moved(k)
            along = ((moved @ part.functions.T) * part.directions).sum(axis=2)
            # What is left along the derivatives of the columns, (n, R, J, 2).
            own = (slopes[:, None] @ left.swapaxes(1, 2)) * part.directions[:, ::2].T
            if self.shape.count > 2:
                own[3] = (part.waves @ left.swapaxes(1, 2)) * turn.T
            both = own.sum(axis=3)
            along -= np.stack([both.real, both.imag], axis=3).reshape(along.shape)
            taken = (part.directions * (along @ part.inverse)[:, :, None]) @ part.functions
            found.append((taken - moved).reshape(len(moved), -1))
        if self.prior is not None:
            found.append(self.prior.slopes(self.theta))
        return np.concatenate(found, axis=1)


def fitted(
    blocks: Sequence[WhiteRuns],
    shape: Shape,
    start: Floats,
    prior: Prior,
    constraints: Sequence[Constraint] = (),
    *,
    closely: bool = False,
) -> Fitted:
    """Return the minimum of χ² near a start; ``closely``: to the bottom of narrow valleys, too.

    ``constraints``: of the first parameters.
    """
    return descend_within(
        lambda theta: Fitted(tuple(blocks), shape, theta, prior),
        start,
        constraints,
        evaluations=(300 if closely else 30) * (len(start) + 1),
        xtol=1e-9 if closely else 1e-5,
        ftol=1e-10 if closely else 1e-6,
    )


def _inverse(gram: Floats) -> Floats:
    """The inverse of a Gram matrix; what its columns have twice is left out."""
    scale = scales(gram)
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    keep = values > 1e-12 * max(float(values[-1]), TINY)
    vectors = vectors[:, keep] / scale[:, None]
    found: Floats = (vectors / values[keep]) @ vectors.T
    return found
