r"""Which way the force of a pump moves a pair of modes: from the pulse to the traces.

The pulse :math:`\mathbf E(t) = \mathrm{Re}\,\hat{\mathbf e}\,E(t)` with
:math:`E = e^{-(a + ib)t^2 - i\omega_p t}` drives a mode **Z** that absorbs light, and both drive
the one that is seen, **Q**. Strain splits either into two linear normal modes along and across a
direction of its own,

.. math::
    \dot Z_j = -(\gamma_d + i\omega_{d,j})\,Z_j + i\,\hat{\mathbf e}_j\!\cdot\!\mathbf E , \qquad
    \dot Q_j = -(\gamma + i\omega_j)\,Q_j + \hat{\mathbf q}_j\!\cdot\!\mathbf F ,

with amplitudes that turn as :math:`e^{-i\omega t}` and scales left out. What the rule fixes is how
the circular parts of the force follow from those of the field and of the driven mode,

.. math::
    F_{s\sigma} = c_\sigma E_\sigma \quad\text{(one quantum)}, \qquad
    F_{s\sigma} = c_\sigma\,(Z_\sigma^2 + 2\rho_1 Z_\sigma E_\sigma + \rho_2 E_\sigma^2)
    \quad\text{(two)}, \\
    F_{s\sigma} = c_\sigma\,(Z_\sigma^3 + 3\rho_1 Z_\sigma^2 E_\sigma
    + 3\rho_2 Z_\sigma E_\sigma^2 + \rho_1\rho_2 E_\sigma^3) \quad\text{(three)},

with :math:`s = \pm1`, the sense under σ+, and free complex :math:`c_\pm`. The response of the
electrons to the k-th power of the field, with a free amplitude in each run, the background and
other lines are beside it. Either sense is fitted with all else free, within what is stated of the
pump and a strain of :data:`STRAIN`; what one explains better than the other tells the sense.
Circular pumps alone are looked at: under linear light the phases of both parts would matter, which
a wave plate changes. Of three quanta only those of one spin are modelled: where strain or an
elliptical pump mixes spins, :math:`Z_+^2 Z_-` is lawful, too, and rotates the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symchiral.traces.constraints import FREE_LINE, Constraint, least
from symchiral.traces.pulse import FREE, RINGING, Prior, Spectrum, chirps
from symchiral.traces.waves import WhiteRuns
from symchiral.value import TINY, Complex, Floats, Integers

STRAIN = 0.05
"""THz. Standard deviation of a splitting by strain."""

RATIO = 0.5
"""Standard deviation of ρ₁ and ρ₂: of the largest force of the driven mode."""

DAMPING = 0.7
"""Deviation of the logarithm of the damping of the driven mode."""

MISFIT = 40.0
"""By how much free poles may lower χ² below that of the better sense by chance and number."""

LARGEST = 20_000
"""Numbers in the traces, and steps of their times, beyond which the model would take minutes."""

Point = tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """What a model of the force says of a line.

    Attributes
    ----------
    sigmas : float
        Standard deviations in favour of a line that turns with the light; negative against it.
    frequency : float
        THz.
    damping : float
        γ in 1/ps.
    gain : float
        By how much it lowers χ² below that of the pulse alone.
    missed : float
        By how much free poles lower it further, beyond chance.
    """

    sigmas: float
    frequency: float
    damping: float
    gain: float
    missed: float


@dataclass(frozen=True, eq=False)
class Driven:
    """A line and the force of so many quanta that moves it.

    Attributes
    ----------
    blocks : tuple of WhiteRuns
        Runs with circular pumps.
    back : (2, 2) array
        From whitened signals to coordinates.
    pump : Spectrum
        Of its field.
    power : int
        Quanta of the force, 1 to 3.
    lines : tuple of (float, float)
        ω and γ of the poles that a free fit finds, rad/ps and 1/ps, the strongest first.
    duration : float
        Of the pulse, ps.
    prior : Prior
        Of the pulse: frequency of its power, logarithm of its duration, chirp.
    constraints : (Constraint, Constraint)
        What is stated of ω and γ of the line, rad/ps and 1/ps.
    """

    blocks: tuple[WhiteRuns, ...]
    back: Floats
    pump: Spectrum
    power: int
    lines: tuple[tuple[float, float], ...]
    duration: float
    prior: Prior
    constraints: tuple[Constraint, Constraint] = FREE_LINE

    @cached_property
    def known(self) -> Prior:
        """What is known beforehand of all parameters.

        Those are ω, γ, Δ, α of the line; of several quanta ω, ln γ, Δ, α of the driven mode and
        ρ₁, ρ₂; and those of the pulse.
        """
        middle = float(np.mean([w for w, _ in self.lines]))
        spread = float(np.ptp([w for w, _ in self.lines]))
        own = [(middle, max(spread, np.pi * 0.3)), FREE, (0.0, STRAIN), FREE]
        if self.power > 1:
            own += [
                (2 * np.pi * self.pump.centre, 2 * np.pi * self.pump.width),
                (np.log(middle / (2 * np.pi) / RINGING), DAMPING),
                (0.0, STRAIN),
                FREE,
                (0.0, RATIO),
                (0.0, RATIO),
            ]
        return self.prior.behind(own)

    @cached_property
    def span(self) -> tuple[float, float, int]:
        """First and last time of the equations of motion, ps, and the number of their steps."""
        last = max(float(b.times[-1]) for b in self.blocks)
        first = min(-4.0 * self.duration, *(float(b.times[0]) for b in self.blocks))
        step = min(self.duration / 15, 0.06 / self.pump.width)
        return first, last, int((last - first) / step) + 2

    @cached_property
    def grid(self) -> Floats:
        """Times of the equations of motion."""
        return np.linspace(*self.span)

    @cached_property
    def places(self) -> tuple[tuple[Integers, Floats, Complex], ...]:
        """Where the times of every block lie on the grid, and the carrier of the force there."""
        step = self.grid[1] - self.grid[0]
        found = []
        for b in self.blocks:
            x = (b.times - self.grid[0]) / step
            i = np.minimum(x.astype(np.int64), len(self.grid) - 2)
            found.append((i, x - i, np.exp(-1j * self.rest * b.times)))
        return tuple(found)

    @cached_property
    def beyond(self) -> tuple[Floats, ...]:
        """The traces of every block beyond background and other lines, (N, 2 R)."""
        found = []
        for b in self.blocks:
            flat = b.data.transpose(2, 1, 0).reshape(len(b.times), -1)
            found.append(flat - b.basis.T @ (b.basis @ flat))
        return tuple(found)

    @property
    def single(self) -> bool:
        """Whether all pumps have one spin: c₊ and c₋ are then taken to differ in phase alone.

        That phase is in the direction of strain of the driven mode.
        """
        return len({spin for b in self.blocks for spin in b.spins}) == 1

    @property
    def rest(self) -> float:
        """The frequency of the force, rad/ps, against which amplitudes turn slowly."""
        return 2 * np.pi * self.power * self.pump.centre

    def moved(self, force: Complex, damping: float, off: float) -> Complex:
        """Amplitude of an oscillator under a force, both in the frame of the pump."""
        from scipy.signal import lfilter

        step = self.grid[1] - self.grid[0]
        fade = np.exp(-(np.clip(damping, -1.0, 1e3) + 1j * off) * step)
        found: Complex = lfilter([step / 2, step / 2 * fade], [1.0, -fade], force)
        return found

    def forces(self, theta: Point) -> tuple[list[Complex], Complex]:
        """Forces that keep the circular part of the field and that reverse it, and the pulse."""
        omega, log, chirp = theta[-3:]
        centre = 2 * np.pi * self.pump.centre
        a = 2 * np.log(2) * np.exp(-2 * np.clip(log, -5.0, 5.0))
        t = self.grid
        phase = (omega / self.power - centre) * t + chirp / self.power * t**2
        field = np.exp(-a * t**2 - 1j * phase)
        if self.power == 1:
            return [field], field
        omega, log, splitting, _, first, second = theta[4:10]
        damping = float(np.exp(np.clip(log, -6.0, 6.0)))
        upper, lower = (
            1j * self.moved(field, damping, omega + s * np.pi * splitting - centre) for s in (1, -1)
        )
        size = float(np.abs(upper).max())
        kept, turned = (upper + lower) / (2 * size), (upper - lower) / (2 * size)
        if self.power == 2:
            return [kept**2 + 2 * first * kept * field + second * field**2, turned**2], field**2
        whole = kept**3 + 3 * first * kept**2 * field + 3 * second * kept * field**2
        return [whole + first * second * field**3, turned**3], field**3

    def columns(self, theta: Point, sense: int) -> tuple[list[Floats], list[Complex]]:
        """What c₊ and c₋, real and imaginary, move in each run, (N, 2, R, 4), and the pulse."""
        omega, damping, splitting, angle = theta[:4]
        forces, pulse = self.forces(theta)
        offs = [omega + s * np.pi * splitting - self.rest for s in (1, -1)]
        slow = np.array([self.moved(f, damping, off) for f in forces for off in offs] + [pulse])
        normal = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        seen = np.linalg.solve(self.back, normal)
        columns, pulses = [], []
        for b, (i, x, carrier) in zip(self.blocks, self.places, strict=True):
            fast = (slow[:, i] * (1 - x) + slow[:, i + 1] * x) * carrier
            found = np.zeros((len(b.times), 2, len(b.spins), 4))
            for r, spin in enumerate(b.spins):
                for k, part in enumerate((spin, -spin)[: len(forces)]):
                    circle = np.array([1, 1j * sense * part]) @ normal
                    if k:
                        circle = circle * np.exp(2j * self.power * spin * theta[7])
                    vector = ((seen * circle) @ fast[2 * k : 2 * k + 2]).T
                    c = 0 if part > 0 or self.single else 2
                    found[:, :, r, c] += vector.real
                    found[:, :, r, c + 1] -= vector.imag
            columns.append(found)
            pulses.append(fast[-1])
        return columns, pulses

    def residuals(self, theta: Point, sense: int) -> Floats:
        """Residuals in units of the noise, and of what is known; of no motion for the sense 0."""
        rows, rights = [], []
        columns, pulses = self.columns(theta, sense)
        for b, data, own, pulse in zip(self.blocks, self.beyond, columns, pulses, strict=True):
            q = b.basis.T
            pair = np.column_stack([pulse.real, pulse.imag])
            pair = np.linalg.qr(pair - q @ (q.T @ pair))[0]
            flat = own.reshape(len(own), -1)
            flat = flat - q @ (q.T @ flat)
            rows.append((flat - pair @ (pair.T @ flat)).reshape(-1, 4))
            rights.append((data - pair @ (pair.T @ data)).ravel())
        design, right = np.vstack(rows), np.concatenate(rights)
        if not sense:
            return np.concatenate([right, self.known.residuals(np.array(theta))])
        scale = np.sqrt(np.maximum((design**2).sum(axis=0), TINY))
        design = design / scale
        gram = design.T @ design + 1e-9 * np.eye(4)
        left = right - design @ np.linalg.solve(gram, design.T @ right)
        return np.concatenate([left, self.known.residuals(np.array(theta))])

    # ------------------------------------------------------------------------------- minima

    def refined(self, start: Point, sense: int, free: Sequence[int] = ()) -> tuple[float, Point]:
        """χ² at the minimum near a start, and where it is; all parameters are free unless named."""
        start_ = np.array(start)
        which = np.array(free or range(len(start)))

        def whole(x: Floats) -> Floats:
            theta = start_.copy()
            theta[which] = x
            return theta

        found = least(
            lambda x: self.residuals(tuple(whole(x)), sense), start_[which],
            self.constraints if which[0] == 0 else (),
            xtol=1e-5, ftol=1e-5, max_nfev=12 * (len(which) + 1),
        )  # fmt: skip
        theta = tuple(float(x) for x in whole(found))
        return float(np.sum(self.residuals(theta, sense) ** 2)), theta

    def lowest(self, points: Iterable[Point], sense: int, count: int) -> list[Point]:
        """The points of the least χ²."""
        ranked = sorted((float(np.sum(self.residuals(p, sense) ** 2)), p) for p in points)
        return [p for _, p in ranked[:count]]

    def solved(self, sense: int) -> tuple[float, Point]:
        """The least χ² of one sense."""
        starts = self.lowest(self._starts(), sense, 3 - (self.power > 1))
        if self.power > 1:
            # The line and the pulse first, then strain of the driven mode, and all together.
            first = [self.refined(p, sense, (0, 1, 2, 3, 5, 10, 11, 12))[1] for p in starts]
            starts = self.lowest(
                (
                    (*p[:6], splitting, np.pi * k / 4, *ratios, *p[10:])
                    for p in first
                    for splitting in (0.03, 0.08)
                    for k in range(4)
                    for ratios in ((0.3, 0.1), (0.6, 0.4))
                ),
                sense,
                2,
            )
        return min(self.refined(p, sense) for p in starts)

    def _starts(self) -> list[Point]:
        middle = self.known.middle
        driven = () if self.power == 1 else (middle[4], middle[5], 0.0, 0.0, 0.3, 0.1)
        own, fading = self.constraints
        return [
            (own.nearest(omega), fading.nearest(max(damping, 0.02)), splitting, np.pi * k / 4,
             *driven, middle[-3], log, chirp)
            for omega, damping in self.lines
            for splitting in (0.02, 0.06)
            for k in range(4)
            for log, chirp in chirps(self.power, self.pump.width, self.duration)
        ]  # fmt: skip

    @property
    def feasible(self) -> bool:
        """Whether the model ends in seconds."""
        return max(sum(b.data.size for b in self.blocks), self.span[2]) <= LARGEST

    def judged(self, free: float) -> Judged:
        r"""Return what the better sense of the two says, and how much better it is.

        With :math:`\chi^2_\pm` of either sense, and what even the better one leaves unexplained,
        :math:`m = \chi^2_\mathrm{best} - \chi^2_\mathrm{free}` beyond :data:`MISFIT`, the sense is
        known to :math:`z^2 = |\chi^2_+ - \chi^2_-|/(1 + m)`: what is missed counts against it.

        Parameters
        ----------
        free : float
            χ² of a fit of free poles to the same runs.
        """
        found = {s: self.solved(s) for s in (1, -1)}
        for s in (1, -1):
            found[s] = min(found[s], self.refined(found[-s][1], s))
        difference = found[-1][0] - found[1][0]
        square, theta = min(found.values())
        missed = max(square - free - MISFIT, 0.0)
        alone = min(
            self.refined((*theta[:-2], log, chirp), 0, tuple(range(len(theta) - 3, len(theta))))[0]
            for log, chirp in chirps(self.power, self.pump.width, self.duration)
        )
        z = float(np.copysign(np.sqrt(abs(difference) / (1 + missed)), difference))
        return Judged(z, theta[0] / (2 * np.pi), theta[1], alone - square, missed)
