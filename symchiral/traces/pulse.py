r"""What is known beforehand of the pulse of a pump: its spectrum, its duration, its chirp.

The spectrum of the field is taken as Gaussian: with Δ the full width at half maximum of its
intensity,

.. math::
    |E(f)| = \exp\!\Big[-2\ln2\,\frac{(f - f_0)^2}{\Delta^2}\Big] .

Δ is the bandwidth that is stated; else that of a pulse of the stated duration, 0.441/τ; else so
large that the field falls to :data:`REACHED` of its maximum 25 % away from its frequency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from symchiral.value import Floats

REACHED = 0.05
"""Part of the amplitude at resonance from which on a force is said to reach a mode."""

GAUSSIAN = 0.441
"""Bandwidth times duration of a Gaussian pulse, both full widths at half maximum of intensity."""

ASSUMED = 0.25
"""How far from its frequency a pump of unknown width is taken to reach, as a part of it."""

REACH = float(np.sqrt(np.log(1 / REACHED) / (2 * np.log(2))))
"""How far from its frequency the field of a pump falls to :data:`REACHED`, in widths Δ."""

UNKNOWN = 1.0
"""Duration of a pulse of which nothing is stated, ps."""

Source = Literal["bandwidth", "duration", "assumed"]
"""What the width of a spectrum was taken from."""


@dataclass(frozen=True)
class Spectrum:
    """The spectrum of a pump.

    Attributes
    ----------
    centre : float
        Its frequency, THz.
    width : float
        Full width at half maximum of its intensity, THz.
    source : str
        ``bandwidth`` or ``duration``, if that was stated, else ``assumed``.

    Examples
    --------
    >>> Spectrum.of(2.0, bandwidth=0.5).reach
    (1.265, 2.735)
    >>> Spectrum.of(2.0).reach
    (1.5, 2.5)
    """

    centre: float
    width: float
    source: Source = "bandwidth"

    @staticmethod
    def of(
        frequency: float, *, bandwidth: float | None = None, duration: float | None = None
    ) -> Spectrum:
        """Return the spectrum of a pump.

        Parameters
        ----------
        frequency : float
            In THz.
        bandwidth : float, optional
            Full width at half maximum of its intensity, THz.
        duration : float, optional
            Full width at half maximum of its intensity, ps.
        """
        if bandwidth is not None:
            return Spectrum(frequency, bandwidth, "bandwidth")
        if duration is not None:
            return Spectrum(frequency, GAUSSIAN / duration, "duration")
        return Spectrum(frequency, ASSUMED * frequency / REACH, "assumed")

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest frequency at which the field has 5 % of its maximum, THz."""
        far = REACH * self.width
        return round(max(self.centre - far, 0.0), 3), round(self.centre + far, 3)

    def moved(self, centre: float) -> Spectrum:
        """Return that of the same source at another frequency."""
        if self.source == "assumed":
            return Spectrum.of(centre)
        return Spectrum(centre, self.width, self.source)

    def logarithm(self, f: Floats, photons: int = 1, returned: int = 0) -> Floats:
        r"""Return the logarithm of the spectrum of :math:`E^k E^{*b}`, 0 at its maximum."""
        away = f - (photons - returned) * self.centre
        found: Floats = -2 * np.log(2) * away**2 / ((photons + returned) * self.width**2)
        return found


STRETCH = (1.4, 0.35)
"""Duration of a pulse by that of its spectrum without chirp: median, deviation of the logarithm."""

STATED = 0.12
"""Deviation of the logarithm of a duration that is stated."""

UNSURE = 0.7
"""Deviation of the logarithm of a duration of which nothing is stated."""

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

    def slopes(self, theta: Floats) -> Floats:
        """Derivatives of the deviations by the parameters, a row for each of these."""
        found = np.diag(1 / self.deviation)
        if self.width is None:
            return found
        a = 2 * np.log(2) * np.exp(-2 * min(max(theta[-2], -20.0), 20.0))
        b = theta[-1] / self.power
        row = np.zeros(len(theta))
        row[-2:] = (b**2 - a**2) / (a**2 + b**2), b / (a**2 + b**2) / self.power
        return np.column_stack([found, row / BANDWIDTH])


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
    a = 2 * np.log(2) * np.exp(-2 * min(max(log, -20.0), 20.0))
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
    if pump is None or pump.source == "assumed":
        return UNKNOWN, UNSURE
    return STRETCH[0] * GAUSSIAN / pump.width, STRETCH[1]
