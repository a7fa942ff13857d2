"""What a fit finds: oscillations with their covariances, and what constraints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from symchiral.errors import LabelError
from symchiral.traces.constraints import FREE_LINE, Constraint
from symchiral.traces.helicity import Helicity, measured_helicity, quantile
from symchiral.traces.measurement import Measurement
from symchiral.traces.model import Background, columns, scales
from symchiral.traces.note import Note
from symchiral.traces.search import Problem, State
from symchiral.value import Complex, Floats, Value, frozen

FALSE_ALARM = 0.01
"""An oscillation is significant if noise alone shows one as strong less often than this."""


@dataclass(frozen=True, eq=False, repr=False)
class Oscillation(Value):
    r"""One damped rotating oscillation, seen in every run.

    .. math:: \mathbf Q_r(t) = \mathrm{Re}\, \mathbf A_r e^{-(\gamma + 2\pi i f)t}

    Attributes
    ----------
    frequency : float
        f in THz.
    damping : float
        γ in 1/ps; the amplitude falls to 1/e in 1/γ, the line is γ/π THz wide (full width at half
        maximum of the power).
    covariance : (2, 2) array
        Of (frequency, damping).
    amplitudes : (R, 2) complex array
        A of each run, along Qx and Qy, at time zero.
    amplitude_covariances : (R, 4, 4) array
        Of (Re Ax, Im Ax, Re Ay, Im Ay) of each run.
    frequency_interval, damping_interval : (float, float)
        Confidence intervals in THz and 1/ps; the damping's reaches below zero where the trace
        allows growth.
    level : float
        Confidence level.
    evidence : float
        By how much the squared residual would grow without it, in units of the noise.
    false_alarm : float
        Probability that noise alone shows an oscillation as strong as this anywhere in the band.
    freedom : float
        Degrees of freedom from which the noise was estimated.
    constraints : (Constraint, Constraint)
        What was stated of its frequency, THz, and its damping, 1/ps.
    """

    frequency: float
    damping: float
    covariance: Floats
    amplitudes: Complex
    amplitude_covariances: Floats
    frequency_interval: tuple[float, float]
    damping_interval: tuple[float, float]
    level: float
    evidence: float
    false_alarm: float
    freedom: float
    constraints: tuple[Constraint, Constraint] = FREE_LINE

    def __post_init__(self) -> None:
        for name in ("covariance", "amplitudes", "amplitude_covariances"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def significant(self) -> bool:
        """Whether noise alone would show it in less than one of a hundred measurements."""
        return self.false_alarm < FALSE_ALARM

    @property
    def stated(self) -> bool:
        """Whether something was stated of it beyond where to start: it is a line of its own."""
        return any(constraint.stated for constraint in self.constraints)

    @property
    def frequency_error(self) -> float:
        """Standard deviation of the frequency in THz."""
        return float(np.sqrt(self.covariance[0, 0]))

    @property
    def damping_error(self) -> float:
        """Standard deviation of the damping in 1/ps."""
        return float(np.sqrt(self.covariance[1, 1]))

    def helicity(self, run: int = 0) -> Helicity:
        """Helicity in one run, with its interval."""
        return measured_helicity(
            self.amplitudes[run],
            self.amplitude_covariances[run],
            freedom=self.freedom,
            level=self.level,
        )

    def seen(self, run: int = 0) -> bool:
        """Whether its amplitude in one run is more than noise, at its frequency and damping."""
        from scipy.stats import chi2

        a = self.amplitudes[run]
        parts = np.array([a[0].real, a[0].imag, a[1].real, a[1].imag])
        inverse = np.linalg.pinv(self.amplitude_covariances[run], hermitian=True)
        return bool(chi2.sf(float(parts @ inverse @ parts), 4) < FALSE_ALARM)

    def amplitude(self, run: int = 0) -> float:
        """√(|a₊|² + |a₋|²) at time zero, in units of the signal."""
        return float(np.linalg.norm(self.amplitudes[run]))

    def __repr__(self) -> str:
        senses = ", ".join(f"{self.helicity(r)}" for r in range(len(self.amplitudes)))
        return (
            f"Oscillation({self.frequency:.4f} ± {self.frequency_error:.4f} THz, "
            f"damping {self.damping:.3f} ± {self.damping_error:.3f}/ps, helicity {senses})"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Value):
    """Damped rotating oscillations fitted to a measurement.

    Attributes
    ----------
    measurement : Measurement
        What was fitted.
    oscillations : tuple of Oscillation
        In order of frequency; at least one, see their ``significant``.
    background : str
        none, constant, linear or exponential.
    nonlinear : (n,) array
        (ω, γ) of each oscillation in rad/ps and 1/ps, then the logarithm of the background's rate.
    coefficients : tuple of (P, C) arrays
        Of each run: Re A, Im A per oscillation, then the background, in the channels of the probe.
    noise : tuple of float
        Standard deviation of the noise in each channel of the probe.
    criterion : float
        Bayesian information criterion, for comparing fits of one measurement.
    band : (float, float)
        Frequencies that were searched, THz.
    notes : tuple of Note
        Constraints of the result.
    """

    measurement: Measurement
    oscillations: tuple[Oscillation, ...]
    background: Background
    nonlinear: Floats
    coefficients: tuple[Floats, ...]
    noise: tuple[float, ...]
    criterion: float
    band: tuple[float, float]
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "nonlinear", frozen(self.nonlinear))
        object.__setattr__(self, "coefficients", tuple(frozen(c) for c in self.coefficients))

    @property
    def strongest(self) -> Oscillation:
        """The oscillation with the most evidence."""
        return max(self.oscillations, key=lambda o: o.evidence)

    def near(self, frequency: float) -> Oscillation:
        """Return the oscillation nearest to a frequency in THz."""
        if not self.oscillations:
            raise LabelError(
                "no oscillation was found", why="the fit is empty", fix="look at its notes"
            )
        return min(self.oscillations, key=lambda o: abs(o.frequency - frequency))

    def model(self, run: int = 0, times: npt.ArrayLike | None = None) -> Floats:
        """Return the fitted signals, (N, C), at times in ps after time zero."""
        at = self.measurement.runs[run].times if times is None else np.asarray(times, dtype=float)
        found: Floats = columns(at, self.nonlinear, self.background) @ self.coefficients[run]
        return found

    def residuals(self, run: int = 0) -> Floats:
        """Return data minus model, (N, C)."""
        found: Floats = self.measurement.runs[run].signals - self.model(run)
        return found

    def __repr__(self) -> str:
        lines = "".join(f"\n  {o!r}" for o in self.oscillations)
        return f"Fit({len(self.oscillations)} on a background: {self.background}{lines})"


GEOMETRY = 6.0
"""Standard deviations by which signals may lie outside what the probe can see."""


def result(
    measurement: Measurement,
    problem: Problem,
    state: State,
    back: Floats,
    band: tuple[float, float],
    level: float,
    stated: Sequence[tuple[Constraint, Constraint]] = (),
) -> Fit:
    """Return the fit of a refined model, with normal intervals.

    The covariance of (ω, γ) is that of the linearised model with the linear parameters eliminated;
    an amplitude has the covariance of the linear problem and what errors of (ω, γ) add to it. What
    was stated of frequency, THz, and damping of the first lines ends their intervals; errors are
    those of the curvature, without bounds.
    """
    order = np.argsort(state.pairs[:, 0])
    projection, pairs = state.projection, state.pairs
    linear = projection.coefficients[0].shape[0]
    traces = problem.traces
    constraints, count = problem.constraints, len(state.nonlinear)
    free = constraints.free(count)
    freedom = max(problem.size - len(free) - linear * traces, 1)
    variance = projection.square / freedom
    reach = quantile(float(freedom), level)
    jacobian = constraints.along(projection.jacobian, free)
    half = constraints.moved(_inverse(jacobian.T @ jacobian), free, count)
    spread = variance * constraints.moved(half.T, free, count)
    oscillations = []
    where = places(measurement, problem)
    width = back.shape[1]
    for k in order:
        amplitudes, covariances = [], []
        evidence = 0.0
        for block, first in where:
            c = projection.coefficients[block][2 * k : 2 * k + 2, first : first + width]
            shift = projection.shifts[block][:, 2 * k : 2 * k + 2, first : first + width]
            normal = _inverse(projection.triangles[block].T @ projection.triangles[block])
            inner = normal[2 * k : 2 * k + 2, 2 * k : 2 * k + 2]
            evidence += float(np.sum(c * np.linalg.solve(inner, c)))
            covariance = variance * np.kron(np.eye(width), inner)
            slope = shift.transpose(2, 1, 0).reshape(2 * width, -1)
            covariance = covariance + slope @ spread @ slope.T
            turn = np.kron(back, np.eye(2))
            factor = response_factor(measurement.response, pairs[k])
            amplitudes.append(back @ (c[0] + 1j * c[1]) / factor)
            covariances.append(_divided(turn @ covariance @ turn.T, factor))
        both = spread[2 * k : 2 * k + 2, 2 * k : 2 * k + 2]
        unit = np.diag([1 / (2 * np.pi), 1.0])
        evidence = evidence / variance if variance > 0 else np.inf
        errors = np.sqrt(np.diagonal(unit @ both @ unit))
        ends = (unit @ pairs[k])[:, None] + reach * errors[:, None] * np.array([-1.0, 1.0])
        own = stated[k] if k < len(stated) else FREE_LINE
        oscillations.append(
            Oscillation(
                frequency=own[0].nearest(float(pairs[k, 0] / (2 * np.pi))),
                damping=own[1].nearest(float(pairs[k, 1])),
                covariance=unit @ both @ unit,
                frequency_interval=own[0].cut((float(ends[0, 0]), float(ends[0, 1]))),
                damping_interval=own[1].cut((float(ends[1, 0]), float(ends[1, 1]))),
                level=level,
                amplitudes=np.array(amplitudes),
                amplitude_covariances=np.array(covariances),
                evidence=evidence,
                false_alarm=false_alarm(
                    evidence, 2 * traces, band, problem.length, constraints=own
                ),
                freedom=float(freedom),
                constraints=own,
            )
        )
    shuffle = np.concatenate(
        [np.array([2 * k, 2 * k + 1]) for k in order] + [np.arange(2 * len(pairs), linear)]
    ).astype(int)
    # y = Uᵀ N⁻¹ S and Q = W y, so that S = P W y.
    out = (measurement.probe.matrix @ back).T
    coefficients = tuple(
        projection.coefficients[b][shuffle][:, first : first + width] @ out for b, first in where
    )
    nonlinear = np.concatenate([pairs[order].ravel(), state.nonlinear[2 * len(pairs) :]])
    found = Fit(
        measurement,
        tuple(oscillations),
        state.background,
        nonlinear,
        coefficients,
        (0.0,) * len(measurement.probe),
        state.criterion,
        band,
    )
    return _described(found, freedom / problem.size)


def _described(found: Fit, share: float) -> Fit:
    """The fit with the noise of its channels and notes on its constraints."""
    measurement = found.measurement
    residuals = [found.residuals(r) for r in range(len(measurement.runs))]
    centred = [r - r.mean(axis=0) for r in residuals]
    total = sum((r**2).sum(axis=0) for r in centred) / sum(len(r) for r in centred) / share
    noise = np.sqrt(total)
    notes = list(measurement.notes)
    for o in found.oscillations:
        if not o.significant:
            alarm = o.false_alarm
            notes.append(Note("noise-line", frequency=o.frequency, probability=alarm))
        elif o.damping < -2 * o.damping_error:
            notes.append(Note("growing-line", frequency=o.frequency))
        width, pair = measurement.response, np.array([2 * np.pi * o.frequency, o.damping])
        if (share := abs(response_factor(width, pair))) < HARDLY_SEEN:
            notes.append(
                Note("beyond-response", frequency=o.frequency, response=width, share=share)
            )
    products = [float(np.vdot(r[1:], r[:-1])) for r in centred]
    squares = sum(float(np.vdot(r, r)) for r in centred)
    count = sum(r.size for r in centred)
    if squares > 0 and abs(sum(products)) / squares > 4 / np.sqrt(count):
        notes.append(Note("correlated-residuals"))
    if len(measurement.probe) > 2:
        notes += _geometry(measurement, centred, noise)
    return replace(found, noise=tuple(float(x) for x in noise), notes=tuple(notes))


def _geometry(measurement: Measurement, residuals: Sequence[Floats], noise: Floats) -> list[Note]:
    """Whether the channels hold a signal that no motion of the multiplet can make."""
    weights, _ = measurement.probe.whitening()
    outside = np.eye(len(measurement.probe)) - weights @ weights.T
    inside = [r @ weights for r in residuals]
    beyond = [r @ outside for r in residuals]
    n = sum(len(r) for r in residuals)
    per_inside = sum(float(np.vdot(r, r)) for r in inside) / (2 * n)
    per_beyond = sum(float(np.vdot(r, r)) for r in beyond) / ((len(noise) - 2) * n)
    if per_inside > 0 and per_beyond / per_inside > 1 + GEOMETRY * np.sqrt(2 / n):
        return [Note("probe-geometry")]
    return []


def places(measurement: Measurement, problem: Problem) -> list[tuple[int, int]]:
    """Block and first column of every run."""
    filled = [0] * len(problem.blocks)
    width = min(len(measurement.probe), 2)
    found = []
    for run in measurement.runs:
        block = next(i for i, b in enumerate(problem.blocks) if np.array_equal(b.times, run.times))
        found.append((block, filled[block]))
        filled[block] += width
    return found


def _inverse(matrix: Floats) -> Floats:
    """The inverse of a positive matrix; huge where it is singular."""
    scale = scales(matrix)
    units = np.outer(scale, scale)
    found: Floats = np.linalg.pinv(matrix / units, hermitian=True, rcond=1e-13) / units
    return found


def response_factor(width: float, pair: Floats) -> complex:
    """How a Gaussian response of this full width w = 2√(2 ln 2) σ changes an amplitude.

    Away from the edges exp(−st) becomes exp(s²σ²/2) exp(−st), with s = γ + iω. Its size is kept
    between :data:`LEAST_SEEN` and one over it.
    """
    sigma = width / np.sqrt(8 * np.log(2))
    power = complex((pair[1] + 1j * pair[0]) ** 2 * sigma**2 / 2)
    most = -np.log(LEAST_SEEN)
    return complex(np.exp(complex(np.clip(power.real, -most, most), power.imag)))


LEAST_SEEN = 1e-3
"""Of an amplitude the least part that a response may leave: what is seen then is something else."""

HARDLY_SEEN = 0.1
"""The part below which an amplitude rests on the width of the response."""


def _divided(covariance: Floats, factor: complex) -> Floats:
    real = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    inverse = np.kron(np.eye(2), np.linalg.inv(real))
    found: Floats = inverse @ covariance @ inverse.T
    return found


def false_alarm(
    evidence: float,
    parameters: int,
    band: tuple[float, float],
    length: float,
    *,
    constraints: tuple[Constraint, Constraint] = FREE_LINE,
) -> float:
    """Probability that the strongest line of noise in the band has this much evidence.

    χ² with the amplitudes and as many more degrees of freedom as frequency and damping are fitted,
    two unless they are fixed, in as many trials as the band has resolved frequencies. A frequency
    that is fixed or follows another is one trial, one with bounds has those between them.
    """
    from scipy.stats import chi2

    own, _ = constraints
    width = min(band[1], own.high) - max(band[0], own.low)
    trials = 1.0 if own.tied else max(width * length, 1.0)
    fitted = parameters + sum(not constraint.fixed for constraint in constraints)
    return float(-np.expm1(trials * np.log1p(-min(chi2.sf(evidence, fitted), 1 - 1e-15))))
