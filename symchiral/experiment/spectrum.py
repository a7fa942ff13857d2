r"""The spectrum of a pump's field, from what is stated of the pump.

It is taken as Gaussian: with Δ the full width at half maximum of its intensity,

.. math::
    |E(f)| = \exp\!\Big[-2\ln2\,\frac{(f - f_0)^2}{\Delta^2}\Big] .

Δ is the bandwidth that is stated; else that of a pulse of the stated duration, 0.441/τ; else so
large that the field falls to :data:`REACHED` of its maximum 25 % away from its frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
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
