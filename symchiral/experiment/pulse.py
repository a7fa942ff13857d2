"""What is known beforehand of the pulse of a pump: its duration, its chirp, its bandwidth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from symchiral.experiment.spectrum import GAUSSIAN, Spectrum
from symchiral.value import Floats

STRETCH = (1.4, 0.35)
"""Duration of a pulse by that of its spectrum without chirp: median, deviation of the logarithm."""

STATED = 0.12
"""Deviation of the logarithm of a duration that is stated."""

BANDWIDTH = 0.15
"""Deviation of the logarithm of a bandwidth that is stated, of a pulse that is nearly Gaussian."""

FREE = 0.0, np.inf
"""Middle and deviation of a parameter of which nothing is known."""

RINGING = 6.0
"""Periods of a line for which a mode of a part of its frequency holds on to its force."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known of parameters beforehand; those of the pulse are the last three.

    ``power`` and ``width`` (THz) are the power of the field that is seen and the full width at
    half maximum of the pump's intensity spectrum, if that is stated.
    """

    middle: Floats
    deviation: Floats
    power: int = 2
    width: float | None = None

    def behind(self, others: Sequence[tuple[float, float]]) -> Prior:
        """The priors behind those of other parameters, each with its middle and deviation."""
        middle, deviation = np.array(others, dtype=float).T
        return replace(
            self,
            middle=np.concatenate([middle, self.middle]),
            deviation=np.concatenate([deviation, self.deviation]),
        )

    def residuals(self, theta: Floats) -> Floats:
        """Deviations of parameters from what is known, in standard deviations."""
        found: Floats = (theta - self.middle) / self.deviation
        if self.width is None:
            return found
        width = width_of_pulse(self.power, *theta[-2:])
        return np.append(found, np.log(width / self.width) / BANDWIDTH)


def width_of_pulse(power: int, log: float, chirp: float) -> float:
    r"""Full width at half maximum of the intensity spectrum of the field of a pulse, THz.

    The field is :math:`e^{-(a + ib)t^2}` with :math:`a = 2\ln2/\tau^2` and, if its k-th power is
    chirped by c, :math:`b = c/k`; the width is
    :math:`\pi^{-1}\sqrt{2\ln2\,(a^2 + b^2)/a}`: a long pulse of a wide spectrum is chirped.

    Examples
    --------
    >>> round(width_of_pulse(2, 0.0, 0.0), 3), round(width_of_pulse(2, 0.0, 4.0), 3)
    (0.441, 0.775)
    """
    a = 2 * np.log(2) * np.exp(-2 * np.clip(log, -20.0, 20.0))
    return float(np.sqrt(2 * np.log(2) * (a**2 + (chirp / power) ** 2) / a) / np.pi)


def chirps(power: int, width: float, duration: float) -> tuple[tuple[float, float], ...]:
    """Logarithms of durations and chirps of the k-th power of a pulse of this bandwidth.

    Of the duration itself, and of a shorter and a longer one, which are chirped either way.
    """
    found = []
    for log in np.log(duration * np.array([0.8, 1.0, 1.25])):
        a = 2 * np.log(2) * np.exp(-2 * log)
        square = a * (np.pi * width) ** 2 / (2 * np.log(2)) - a**2
        size = power * np.sqrt(max(square, 0.0))
        found += [(float(log), float(c)) for c in ({size, -size} if size else {0.0})]
    return tuple(sorted(found))


def duration_of(pump: Spectrum | None, stated: set[float | None]) -> tuple[float, float]:
    """The duration of the pulse in ps and the deviation of its logarithm."""
    (length,) = stated if len(stated) == 1 else (None,)
    if length is not None:
        return length, STATED
    return (STRETCH[0] * GAUSSIAN / pump.width if pump is not None else 1.0), STRETCH[1]
