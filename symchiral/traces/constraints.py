r"""What is stated of the parameters of a fit: values, intervals, and which follow which.

A model has the parameters :math:`\theta`. Some are fixed, some lie in an interval, and some are
another times a factor, :math:`\theta_i = f_i\,\theta_{l(i)}` with a leader :math:`l(i)`. Leaders
that are not fixed are the free ones x; the minimum is sought over them, and with
:math:`M = \partial\theta/\partial x` a covariance C of x is :math:`M C M^\mathrm T` of
:math:`\theta`: a fixed parameter has no error, and those that follow share that of their leader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchiral.traces.descent import P, descend, remembered
from symchiral.value import Floats, Integers


@dataclass(frozen=True)
class Constraint:
    """What is stated of one parameter.

    Attributes
    ----------
    low, high : float
        Where it may lie; equal where it is fixed.
    tied : bool
        Whether it follows another, or another follows it.

    Examples
    --------
    >>> Constraint(4.05, 4.05).fixed, Constraint(tied=True).stated, Constraint().stated
    (True, True, False)
    """

    low: float = -np.inf
    high: float = np.inf
    tied: bool = False

    @property
    def fixed(self) -> bool:
        """Whether it has one value."""
        return self.low == self.high

    @property
    def bounded(self) -> bool:
        """Whether it lies in an interval."""
        return not self.fixed and bool(np.isfinite([self.low, self.high]).any())

    @property
    def stated(self) -> bool:
        """Whether anything is stated of it beyond where to start."""
        return self.fixed or self.bounded or self.tied

    def scaled(self, factor: float) -> Constraint:
        """Return that of the parameter in another unit."""
        return Constraint(self.low * factor, self.high * factor, self.tied)

    def held(self, value: float) -> Constraint:
        """Return that of a parameter whose leader, or follower, is no longer free."""
        return Constraint(value, value) if self.tied else self

    def nearest(self, value: float) -> float:
        """Return the value that is allowed nearest to one."""
        return float(min(max(value, self.low), self.high))

    def cut(self, interval: tuple[float, float]) -> tuple[float, float]:
        """Return the part of an interval that is allowed."""
        return self.nearest(interval[0]), self.nearest(interval[1])


FREE = Constraint()
"""Of a parameter of which nothing is stated."""

FREE_LINE = (FREE, FREE)
"""Of frequency and damping of a line of which nothing is stated."""


@dataclass(frozen=True)
class Constraints:
    """What is stated of the first parameters of a model; those behind them are free.

    Attributes
    ----------
    each : tuple of Constraint
        Of each parameter.
    leaders : tuple of int
        Which one it follows; itself if none. A leader follows none.
    factors : tuple of float
        Times what.
    """

    each: tuple[Constraint, ...] = ()
    leaders: tuple[int, ...] = ()
    factors: tuple[float, ...] = ()

    def of(self, index: int) -> Constraint:
        """What is stated of one parameter."""
        return self.each[index] if index < len(self.each) else FREE

    def leader(self, index: int) -> tuple[int, float]:
        """Return the parameter that one follows, and the factor."""
        if index >= len(self.each):
            return index, 1.0
        return self.leaders[index], self.factors[index]

    def imposed(self, theta: Floats) -> Floats:
        """Return the parameters, each where it may lie and as its leader."""
        found = theta.copy()
        for i, constraint in enumerate(self.each):
            found[i] = constraint.nearest(float(found[i]))
        return self.followed(found)

    def followed(self, theta: Floats) -> Floats:
        """Return the parameters, those that follow as their leaders."""
        if not self.each:
            return theta
        found = theta.copy()
        known = len(self.each)
        found[:known] = np.array(self.factors) * theta[np.array(self.leaders)]
        return found

    def free(self, count: int, held: int | None = None) -> Integers:
        """Return which of so many parameters are free; one may be held besides."""
        return np.array(
            [
                i
                for i in range(count)
                if i != held and self.leader(i)[0] == i and not self.of(i).fixed
            ],
            dtype=np.int64,
        )

    def along(self, slopes: Floats, free: Integers) -> Floats:
        """Return derivatives by the free parameters, from the columns of those by all."""
        found = slopes[:, free]
        for i in range(len(self.each)):
            leader, factor = self.leader(i)
            if leader != i and leader in free:
                found[:, int(np.flatnonzero(free == leader)[0])] += factor * slopes[:, i]
        return found

    def moved(self, steps: Floats, free: Integers, count: int) -> Floats:
        """Return how all of so many parameters move with the free ones: rows of M steps."""
        found = np.zeros((count, *steps.shape[1:]))
        found[free] = steps
        for i in range(len(self.each)):
            leader, factor = self.leader(i)
            if leader != i:
                found[i] = factor * found[leader]
        return found


NOTHING = Constraints()
"""Where nothing is stated."""


def least(
    residuals: Callable[[Floats], Floats],
    start: Floats,
    constraints: Sequence[Constraint],
    *,
    jac: Callable[[Floats], Floats] | None = None,
    **options: Any,
) -> Floats:
    """Return the minimum of a sum of squares near a start, its parameters within constraints.

    Without intervals this is the method of Levenberg and Marquardt, with them a trust region in the
    shape of a box, which reaches the ends of intervals.

    Parameters
    ----------
    constraints : sequence of Constraint
        Of the first parameters.
    jac : callable, optional
        Derivatives of the residuals by all parameters.
    options
        Those of ``scipy.optimize.least_squares``.

    Examples
    --------
    >>> def apart(x):
    ...     return np.array([x[0] - 3.0, x[1] - x[0]])
    >>> least(apart, np.array([0.0, 0.0]), [Constraint(-1.0, 2.0)]).round(6)
    array([2., 2.])
    """
    from scipy.optimize import least_squares

    each = [*constraints, *[FREE] * (len(start) - len(constraints))]
    start = np.array(
        [constraint.nearest(float(x)) for constraint, x in zip(each, start, strict=True)]
    )
    free = np.array(
        [i for i, constraint in enumerate(each) if not constraint.fixed], dtype=np.int64
    )
    if not len(free):
        return start

    def whole(x: Floats) -> Floats:
        found = start.copy()
        found[free] = x
        return found

    if any(constraint.bounded for constraint in each):
        low, high = np.array([(each[i].low, each[i].high) for i in free]).T
        options |= {"method": "dogbox", "bounds": (low, high)}
    else:
        options |= {"method": "lm"}
    if jac is not None:
        options["jac"] = lambda x: jac(whole(x))[:, free]
    found = least_squares(lambda x: residuals(whole(x)), start[free], **options)
    return whole(np.asarray(found.x, dtype=float))


def descend_within(
    at: Callable[[Floats], P],
    start: Floats,
    constraints: Sequence[Constraint],
    *,
    evaluations: int,
    xtol: float,
    ftol: float,
    gtol: float = 1e-8,
    scale: Floats | None = None,
) -> P:
    """Return the model near a start that leaves least, its first parameters within constraints.

    As :func:`~symchiral.traces.descent.descend` where nothing is stated, else as :func:`least`.
    """
    if not any(constraint.fixed or constraint.bounded for constraint in constraints):
        return descend(
            at, start, evaluations=evaluations, xtol=xtol, ftol=ftol, gtol=gtol, scale=scale
        )
    known = remembered(at)
    found = least(
        lambda theta: known(theta).deviations,
        start,
        constraints,
        jac=lambda theta: known(theta).slopes.T,
        xtol=xtol,
        ftol=ftol,
        gtol=gtol,
        max_nfev=evaluations,
    )
    return known(found)
