"""The parameters at which a model leaves least: the method of Levenberg and Marquardt, by MINPACK.

With derivatives in closed form, and without what `scipy.optimize.least_squares` prepares for bounds
and losses: that takes longer than a step of a model of a few hundred numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from symchiral.value import Floats


class Point(Protocol):
    """A model at one point of its n parameters."""

    @property
    def deviations(self) -> Floats:
        """What it leaves, m ≥ n numbers."""

    @property
    def slopes(self) -> Floats:
        """Their derivatives by the parameters, (n, m)."""


P = TypeVar("P", bound=Point)


def remembered(at: Callable[[Floats], P]) -> Callable[[Floats], P]:
    """Return the same model, which keeps its last point for deviations and slopes in turn."""
    last: dict[bytes, P] = {}

    def known(theta: Floats) -> P:
        key = theta.tobytes()
        if key not in last:
            last.clear()
            last[key] = at(theta.copy())
        return last[key]

    return known


def descend(
    at: Callable[[Floats], P],
    start: Floats,
    *,
    evaluations: int,
    xtol: float,
    ftol: float,
    gtol: float = 1e-8,
    scale: Floats | None = None,
) -> P:
    """Return the model near a start whose deviations have the least sum of squares.

    Parameters
    ----------
    at : callable
        The model at given parameters.
    start : (n,) array
        Where to begin.
    evaluations : int
        At most so many deviations are computed.
    xtol, ftol, gtol : float
        It ends when a step changes the parameters or the sum by less than these parts of them, or
        the cosine of the angle between the deviations and each derivative is below the last.
    scale : (n,) array, optional
        Inverse units of the parameters; by default what their derivatives give.

    Examples
    --------
    >>> from collections import namedtuple
    >>> Decay = namedtuple("Decay", "rate deviations slopes")
    >>> t = np.linspace(0, 1, 5)
    >>> def decay(x):
    ...     return Decay(float(x[0]), np.exp(-x * t) - np.exp(-2 * t), -t[None] * np.exp(-x * t))
    >>> round(descend(decay, np.array([1.0]), evaluations=20, xtol=1e-9, ftol=1e-9).rate, 6)
    2.0
    """
    from scipy.optimize import leastsq

    known = remembered(at)
    # A covariance that is not asked for overflows where a derivative vanishes.
    with np.errstate(over="ignore", invalid="ignore"):
        found = leastsq(
            lambda x: known(x).deviations, start, Dfun=lambda x: known(x).slopes, col_deriv=True,
            full_output=True, maxfev=evaluations, xtol=xtol, ftol=ftol, gtol=gtol, diag=scale,
        )[0]  # fmt: skip
    return known(np.asarray(found, dtype=np.float64))
