r"""Helicity of a motion, with an interval that stays between −1 and 1.

.. math::
    a_\pm = \boldsymbol\epsilon_\pm^\dagger \mathbf A = (A_x \mp i A_y)/\sqrt2 , \qquad
    h = \frac{|a_+|^2 - |a_-|^2}{|a_+|^2 + |a_-|^2}

for the complex amplitude **A** of
:math:`\mathbf Q(t) = \mathrm{Re}\,\mathbf A e^{-i\omega t}`. For an undamped motion that is
:math:`2\omega(Q_x\dot Q_y - Q_y\dot Q_x)/(\omega^2Q^2 + \dot Q^2)`, because then
:math:`\boldsymbol\epsilon_l^\dagger(\mathbf Q + i\dot{\mathbf Q}/\omega)` is
:math:`a_l e^{-i\omega t}`; with damping the amplitude itself is
meant. It is the PAM helicity of the multiplet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from symchiral.value import Complex, Floats

CIRCULAR = np.array([[1, -1j], [1, 1j]]) / np.sqrt(2)
"""Rows ε₊† and ε₋†."""

_LARGE = 30.0


@dataclass(frozen=True)
class Helicity:
    """A measured helicity.

    Attributes
    ----------
    value : float
        Estimate, between −1 and 1.
    low, high : float
        Confidence interval, inside [−1, 1].
    sigmas : float
        Distance from a motion along a line, in standard deviations and with the sign of ``value``.
    level : float
        Confidence level of the interval.
    """

    value: float
    low: float
    high: float
    sigmas: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


def helicity_of(amplitude: Complex) -> float:
    """Return h of complex amplitudes (…, 2); of a vanishing amplitude 0.

    Examples
    --------
    >>> [helicity_of(np.array(a)) for a in ([1, 1j], [1, -1j], [1, 2])]
    [1.0, -1.0, 0.0]
    """
    plus, minus = np.abs(CIRCULAR @ amplitude) ** 2
    total = float(plus + minus)
    return float(np.clip((plus - minus) / total, -1.0, 1.0)) if total > 0 else 0.0


def measured_helicity(
    amplitude: Complex,
    covariance: Floats,
    *,
    freedom: float = np.inf,
    level: float = 0.95,
) -> Helicity:
    r"""Return the helicity of a measured amplitude with its interval.

    A value :math:`h_0 = \cos 2\beta` is a cone :math:`|a_-| = |a_+|\tan\beta` in the four real
    dimensions of :math:`(a_+, a_-)`. It belongs to the interval if the amplitude lies no more than
    :math:`c` standard deviations away from the cone, measured along its normal. Around a circular
    motion the cone is narrow and the distance is no longer normal: it is then that of a Rician
    length from its true length :math:`\mu`, the cone's curvature radius in standard deviations,
    and :math:`c(\mu)` is chosen such that :math:`P(|R_\mu - \mu| \le c)` is the level: 2.45 for a
    perfect circle, 1.96 where the cone is flat, both at 95 %.

    Parameters
    ----------
    amplitude : (2,) complex array
        A.
    covariance : (4, 4) array
        Of (Re Ax, Im Ax, Re Ay, Im Ay).
    freedom : float
        Degrees of freedom from which the noise was estimated.
    level : float
        Confidence level.

    Examples
    --------
    >>> near_circle = measured_helicity(np.array([1, 0.9j]), 0.01 * np.eye(4))
    >>> print(near_circle, round(near_circle.sigmas, 1))
    +0.99 [+0.93, +1.00] 9.0
    """
    plus, minus = CIRCULAR @ amplitude
    turned = _real(CIRCULAR) @ covariance @ _real(CIRCULAR).T
    size = float(np.hypot(abs(plus), abs(minus)))
    noise = float(np.sqrt(np.linalg.eigvalsh(turned)[-1]))
    if noise == 0.0 or size == 0.0:
        h = helicity_of(amplitude)
        full = size == 0.0
        return Helicity(h, -1.0 if full else h, 1.0 if full else h, _signed_infinity(h), level)
    here = float(np.arctan2(abs(minus), abs(plus)))
    reach = min(12 * noise / size, np.pi / 2)
    beta = np.clip(here + reach * np.linspace(-1, 1, 4001), 0, np.pi / 2)
    phases = [np.exp(1j * np.angle(z)) for z in (plus, minus)]

    def deviation(angle: Floats) -> Floats:
        """Standard deviation along the normal of the cone."""
        normal = np.zeros((4, len(angle)))
        normal[0], normal[1] = (-np.sin(angle) * part for part in _parts(phases[0]))
        normal[2], normal[3] = (np.cos(angle) * part for part in _parts(phases[1]))
        square = np.einsum("ia,ij,ja->a", normal, turned, normal)
        # A singular covariance must not divide by zero.
        found: Floats = np.sqrt(np.maximum(square, (1e-9 * noise) ** 2))
        return found

    spread = deviation(beta)
    distance = np.abs(size * np.sin(here - beta)) / spread
    with np.errstate(divide="ignore"):
        radius = size * np.cos(here - beta) * np.abs(np.tan(2 * beta)) / (2 * spread)
    inside = distance <= critical(np.abs(radius), level) * _widening(freedom, level)
    values = np.cos(2 * beta[inside])
    flat = np.array([np.pi / 4])
    sigmas = float(size * np.sin(np.pi / 4 - here) / deviation(flat)[0])
    value = helicity_of(amplitude)
    low, high = float(min(values.min(), value)), float(max(values.max(), value))
    return Helicity(value, low, high, sigmas, level)


def less_sure(h: Helicity, floor: float) -> Helicity:
    r"""Return a helicity whose :math:`\theta` is known no better than up to a floor.

    With :math:`h = \sin2\theta` the distance from a motion along a line is
    :math:`\sin\theta/\sigma_\theta` standard deviations.
    """
    if not h.sigmas or not floor:
        return h
    distance = abs(np.sin(np.arcsin(np.clip(h.value, -1.0, 1.0)) / 2))
    if distance == 0:
        return replace(h, sigmas=0.0)
    own = distance / abs(h.sigmas)
    return replace(h, sigmas=float(np.copysign(distance / np.hypot(own, floor), h.sigmas)))


def critical(radius: Floats, level: float) -> Floats:
    """Return c(μ): a Rician length of true value μ stays within μ ± c with this probability.

    Examples
    --------
    >>> critical(np.array([0.0, 2.0, np.inf]), 0.95).round(2)
    array([2.45, 1.84, 1.96])
    """
    grid, table = _critical_table(level)
    found: Floats = np.interp(np.minimum(radius, _LARGE), grid, table)
    return found


@lru_cache(maxsize=16)
def _critical_table(level: float) -> tuple[Floats, Floats]:
    from scipy.stats import ncx2

    grid = np.concatenate([np.linspace(0, 6, 121), np.linspace(6.5, _LARGE, 48)])
    low, high = np.zeros_like(grid), np.full_like(grid, 8.0)
    for _ in range(40):
        middle = (low + high) / 2
        inside = ncx2.cdf((grid + middle) ** 2, 2, grid**2) - ncx2.cdf(
            np.maximum(grid - middle, 0) ** 2, 2, grid**2
        )
        low, high = np.where(inside < level, middle, low), np.where(inside < level, high, middle)
    return grid, (low + high) / 2


@lru_cache(maxsize=256)
def quantile(freedom: float, level: float) -> float:
    """Half width of an interval in standard deviations, Student's t."""
    from scipy.stats import norm, t

    if not np.isfinite(freedom):
        return float(norm.ppf((1 + level) / 2))
    return float(t.ppf((1 + level) / 2, freedom))


def _widening(freedom: float, level: float) -> float:
    return quantile(freedom, level) / quantile(float("inf"), level)


def _parts(z: complex) -> tuple[float, float]:
    return z.real, z.imag


def _signed_infinity(h: float) -> float:
    return float(np.copysign(np.inf, h)) if h else 0.0


def _real(matrix: Complex) -> Floats:
    """A complex matrix as it acts on (Re, Im, Re, Im, …)."""
    found = np.zeros((2 * matrix.shape[0], 2 * matrix.shape[1]))
    found[0::2, 0::2] = found[1::2, 1::2] = matrix.real
    found[1::2, 0::2], found[0::2, 1::2] = matrix.imag, -matrix.imag
    return found
