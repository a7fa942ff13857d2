"""What a fit finds: oscillations with their uncertainties, and the fit that holds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.errors import LabelError
from symchiral.experiment.helicity import Helicity, measured_helicity
from symchiral.experiment.measurement import Measurement
from symchiral.experiment.note import Note
from symchiral.experiment.oscillators import Background, columns
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

    def __post_init__(self) -> None:
        for name in ("covariance", "amplitudes", "amplitude_covariances"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def significant(self) -> bool:
        """Whether noise alone would show it in less than one of a hundred measurements."""
        return self.false_alarm < FALSE_ALARM

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
        Limits of the result.
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
