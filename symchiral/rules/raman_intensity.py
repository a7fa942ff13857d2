"""Raman intensities of modes whose tensors are known as numbers, and their laws of angle.

:func:`intensities` is where to start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from symchiral.fields.polarization import SIGMA
from symchiral.rules.domains import Domains
from symchiral.rules.light import SPINS, Light
from symchiral.rules.raman import RamanLine
from symchiral.value import Floats


@dataclass(frozen=True)
class Intensities:
    """Raman intensities of one line in one beam.

    Attributes
    ----------
    circular : (4,) float
        σ+→σ+, σ+→σ−, σ−→σ+, σ−→σ−.
    parallel, crossed : (5,) float, or None at a right angle
        Coefficients of 1, cos 2θ, sin 2θ, cos 4θ, sin 4θ.
    """

    circular: Floats
    parallel: Floats | None
    crossed: Floats | None


def intensities(light: Light, line: RamanLine, domains: Domains | None = None) -> Intensities:
    r"""Return the intensities :math:`\sum_b |e_s^† R_b e_i|^2` of a line.

    Parameters
    ----------
    domains : Domains, optional
        Average over these twins.
    """
    species = next(s for s in light.species if s.label == line.species.label)

    def circular(seen: Light) -> Floats:
        forms = (seen.intensity(species, SIGMA[s], SIGMA[t]) for s, t in product(SPINS, SPINS))
        return np.array([line.evaluate(form) for form in forms])

    def laws(seen: Light) -> Floats:
        return np.array(
            [
                [line.evaluate(form) for form in law.fourier]
                for law in (seen.parallel(species), seen.crossed(species))
            ]
        )

    def averaged(quantity: Callable[[Light], Floats]) -> Floats:
        return quantity(light) if domains is None else domains.average(light, quantity)

    if light.beam.geometry == "right-angle":
        return Intensities(averaged(circular), None, None)
    parallel, crossed = averaged(laws)
    return Intensities(averaged(circular), parallel, crossed)


def at_angle(fourier: npt.ArrayLike, degrees: npt.ArrayLike) -> Floats:
    """Evaluate a law of angle, in degrees."""
    t = np.deg2rad(np.asarray(degrees, dtype=float))
    waves = np.stack([np.ones_like(t), np.cos(2 * t), np.sin(2 * t), np.cos(4 * t), np.sin(4 * t)])
    return np.asarray(np.asarray(fourier) @ waves)


def extremes(fourier: npt.ArrayLike) -> tuple[tuple[float, float], tuple[float, float]]:
    r"""Return the smallest and the largest value of a law of angle, each with its first angle.

    With :math:`z = e^{2iθ}`, :math:`I = f_0 + \mathrm{Re}[a z + b z^2]` is stationary where
    :math:`2 b z^4 + a z^3 - a^* z - 2 b^* = 0`.

    Examples
    --------
    >>> extremes([1.0, 0.5, 0.0, 0.0, 0.0])
    ((0.5, 90.0), (1.5, 0.0))
    """
    f = np.asarray(fourier, dtype=float)
    a, b = f[1] - 1j * f[2], f[3] - 1j * f[4]
    roots = np.roots([2 * b, a, 0, -np.conj(a), -2 * np.conj(b)])
    exact = np.rad2deg(np.angle(roots[np.abs(roots) > 1e-9])) / 2
    values = at_angle(f, exact)
    found = []
    for value in (values.min(), values.max()):
        near = exact[np.abs(values - value) <= 1e-9 * np.abs(values).max()]
        found.append((float(value), float((np.round(near, 1) % 180).min()) + 0.0))
    return found[0], found[1]
