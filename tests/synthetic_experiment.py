"""A synthetic experiment: real coordinates Qx(t), Qy(t) in closed form, with noise.

Written apart from the fitter and sharing nothing with it: an elliptical motion is drawn as an
ellipse (axes, tilt, sense), not as complex amplitudes. With semi-axes p ≥ q the motion

    Q(t) = e^(−γt) [ p cos(ωt − α) u + s q sin(ωt − α) v ],   v = u turned by +90°, s = ±1,

is counter-clockwise for s = +1, and its helicity is the ratio of the area swept to that which a
circle of the same energy would sweep: h = 2 s p q / (p² + q²).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Line:
    """One mode: frequency (THz), damping (1/ps), p² + q² = size², helicity, tilt and phase."""

    frequency: float
    damping: float
    size: float
    helicity: float
    tilt: float = 0.0
    phase: float = 0.0

    def motion(self, times: np.ndarray) -> np.ndarray:
        # p q = h/2 and p² + q² = 1:  (p ± q)² = 1 ± |h|
        total, difference = np.sqrt(1 + abs(self.helicity)), np.sqrt(1 - abs(self.helicity))
        p, q = (total + difference) / 2, (total - difference) / 2
        q = np.copysign(q, self.helicity)
        angle = 2 * np.pi * self.frequency * times - self.phase
        fade = self.size * np.exp(-self.damping * times)
        along, across = fade * p * np.cos(angle), fade * q * np.sin(angle)
        c, s = np.cos(self.tilt), np.sin(self.tilt)
        return np.column_stack([c * along - s * across, s * along + c * across])


def traces(lines, times, *, noise=0.0, rng=None, background=None) -> np.ndarray:
    """Qx, Qy at the times."""
    found = sum((line.motion(times) for line in lines), np.zeros((len(times), 2)))
    if background is not None:
        found = found + background(times)
    if noise:
        found = found + noise * rng.standard_normal(found.shape)
    return found


def record(frequency, periods=10, lifetimes=3, samples=400):
    """Times and the damping for which the record holds so many periods and damping times."""
    length = periods / frequency
    return np.arange(samples) * (length / samples), lifetimes / length


def random_line(rng, frequency, damping, *, size=1.0, helicity=None, smallest=0.5) -> Line:
    """A line of random sense, ellipticity, tilt and phase."""
    if helicity is None:
        helicity = rng.choice([-1, 1]) * rng.uniform(smallest, 1.0)
    return Line(
        frequency, damping, size, helicity, rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
    )


def oscillate(frequency, damping, velocity, position, drive, times, steps=20):
    """Q̈ + 2γQ̇ + (ω² + γ²)Q = F(t) by Runge–Kutta: an experiment that knows no closed form."""
    stiffness = (2 * np.pi * frequency) ** 2 + damping**2

    def slope(t, state):
        q, v = state
        return np.array([v, drive(t) - 2 * damping * v - stiffness * q])

    state = np.array([position, velocity], dtype=float)
    found = [state[0]]
    for start, end in pairwise(times):
        h = (end - start) / steps
        for n in range(steps):
            t = start + n * h
            k1 = slope(t, state)
            k2 = slope(t + h / 2, state + h / 2 * k1)
            k3 = slope(t + h / 2, state + h / 2 * k2)
            k4 = slope(t + h, state + h * k3)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        found.append(state[0])
    return np.array(found)
