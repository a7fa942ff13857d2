r"""Along which line a motion goes, and how that line rotates with the angle of linear light.

A motion along a line at α has :math:`a_\pm \propto e^{\mp i\alpha}`, so that

.. math:: \alpha = \tfrac12 \arg(a_-\, a_+^*) \pmod{180°} ,

and of an ellipse that is its long axis. Light at angles φ moves a mode along lines at
:math:`\alpha = t\varphi + \text{const}` where symmetry fixes such a law; the constant depends on
how the sample and the coordinates of the mode lie. Two angles or more test t, and tell t from −t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symchiral.traces.helicity import CIRCULAR
from symchiral.value import TINY, Complex, Floats

LARGEST_ANGLE_ERROR = 20.0
"""Degrees: directions with a larger error are not used."""

ROUNDING = 1e-12
"""Variances above minus this, rad², are zeros."""

DISTINGUISHING = 4.0
"""χ² that exact directions of one law must have about the other to distinguish the two."""


@dataclass(frozen=True)
class Direction:
    """A line in the plane of two coordinates, in degrees from the first, modulo 180°.

    Attributes
    ----------
    angle : float
        α, from 0 to 180°.
    error : float
        Its standard deviation.
    """

    angle: float
    error: float

    def __str__(self) -> str:
        return f"{self.angle:.0f}° ± {self.error:.0f}°"


@dataclass(frozen=True)
class Law:
    """How lines bear out α = tφ + const.

    Attributes
    ----------
    misfit : float
        Standard deviations by which the lines scatter about it.
    favour : float
        Standard deviations by which t is preferred to −t.
    tells : bool
        Whether the angles and their errors are such that t and −t differ.
    """

    misfit: float
    favour: float
    tells: bool


def direction_of(amplitude: Complex, covariance: Floats) -> Direction | None:
    """Return the long axis of a motion; None if it is not known, as of a circle.

    Parameters
    ----------
    amplitude : (2,) complex array
        Along Qx and Qy.
    covariance : (4, 4) array
        Of (Re Ax, Im Ax, Re Ay, Im Ay).

    Examples
    --------
    >>> print(direction_of(np.array([-1.0, 1.0]), 1e-4 * np.eye(4)))
    135° ± 0°
    """
    plus, minus = CIRCULAR @ amplitude
    if abs(plus * minus) == 0:
        return None
    # dα = ½ Im(da₋/a₋ − da₊/a₊)
    slope = (CIRCULAR[1] / minus - CIRCULAR[0] / plus) / 2
    row = np.stack([slope.imag, slope.real], axis=1).ravel()
    if not np.isfinite(covariance).all():
        return None
    variance = float(row @ covariance @ row)
    if not -ROUNDING < variance <= np.radians(LARGEST_ANGLE_ERROR) ** 2:
        return None
    error = float(np.degrees(np.sqrt(max(variance, 0.0))))
    return Direction(float(np.degrees(np.angle(minus * np.conj(plus))) / 2 % 180), error)


def law(angles: Sequence[float], lines: Sequence[Direction], turn: int) -> Law | None:
    """Return how lines at pump angles in degrees bear out a law; None where they cannot.

    Examples
    --------
    >>> lines = [Direction(10.0, 2.0), Direction(130.0, 2.0)]
    >>> found = law([0.0, 30.0], lines, -2)
    >>> round(found.misfit, 1), round(found.favour, 1)
    (0.0, 21.2)
    """
    if len(lines) < 2 or not turn:
        return None
    right, left = (_scatter(angles, lines, t) for t in (turn, -turn))
    difference = left - right
    ideal = [Direction(turn * a % 180, line.error) for a, line in zip(angles, lines, strict=True)]
    from scipy.stats import chi2, norm

    chance = max(float(chi2.sf(right, len(lines) - 1)), TINY)
    favour = float(np.sign(difference) * np.sqrt(abs(difference)))
    return Law(float(norm.isf(chance / 2)), favour, _scatter(angles, ideal, -turn) > DISTINGUISHING)


def _scatter(angles: Sequence[float], lines: Sequence[Direction], turn: int) -> float:
    """χ² of the lines about the best constant."""
    weights = np.array([1 / max(line.error, 1e-3) ** 2 for line in lines])
    rest = np.array([line.angle for line in lines]) - turn * np.array(angles)
    centre = np.degrees(np.angle(weights @ np.exp(2j * np.radians(rest)))) / 2
    for _ in range(2):
        off = (rest - centre + 90) % 180 - 90
        centre += float(weights @ off / weights.sum())
    off = (rest - centre + 90) % 180 - 90
    return float(weights @ off**2)
