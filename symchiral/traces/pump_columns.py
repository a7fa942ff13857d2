r"""The pump of a table that holds the field itself, as `simulate` writes it.

From Ex(t) and Ey(t) across the axis follow the polarisation, by the Stokes parameters of the whole
pulse; frequency and bandwidth, centre and full width at half maximum of the intensity spectrum; the
duration, full width at half maximum of the intensity
:math:`|\mathcal E_x|^2 + |\mathcal E_y|^2` of the analytic fields; and when the pulse is over.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symchiral.errors import InputError
from symchiral.traces.measurement import PumpPulse
from symchiral.traces.pulse import REACHED
from symchiral.value import Floats

FIELD = ("field_x_MV_cm", "field_y_MV_cm")
"""Columns of the field across the axis."""

ROUND = 0.05
"""By how much the helicity of a pulse may differ from 1, or from 0."""

PADDED = 8
"""Length of the record that is transformed, in units of the record."""


def pairs(columns: Mapping[str, object]) -> list[str]:
    """Return the names of the multiplets whose two coordinates are columns, ``Eg#2``."""
    return [
        c[:-2]
        for c in columns
        if c.endswith("_x") and f"{c[:-2]}_y" in columns and f"{c[:-2]}_z" not in columns
    ]


def drawn_pump(times: Floats, field: Floats) -> tuple[PumpPulse, float] | None:
    """Return the pump that a field is, and when it has fallen to 5 % of its maximum.

    Parameters
    ----------
    times : (N,) array
        ps, evenly spaced.
    field : (N, 2) array
        Ex, Ey; None is returned where it vanishes.

    Raises
    ------
    InputError
        The pump is neither circular nor linear.

    Examples
    --------
    >>> t = np.linspace(-3, 5, 801)
    >>> envelope = np.exp(-2 * np.log(2) * t**2)
    >>> circle = np.column_stack([np.cos(4 * np.pi * t), np.sin(4 * np.pi * t)])
    >>> pump, end = drawn_pump(t, envelope[:, None] * circle)
    >>> print(pump, round(pump.frequency, 2), round(pump.bandwidth, 2), round(pump.duration, 2))
    σ+ 2.0 0.44 1.0
    >>> round(end, 2)
    1.47
    """
    step = float(np.median(np.diff(times)))
    if not np.isfinite(field).all() or not np.abs(field).max() > 0 or not step > 0:
        return None
    size = PADDED * len(times)
    spectrum = np.fft.fft(field, size, axis=0)
    f: Floats = np.asarray(np.fft.fftfreq(size, step), dtype=np.float64)
    spectrum[f < 0] = 0.0  # what is left is exp(+2πift): its conjugate is exp(−iωt)
    spectrum[f > 0] *= 2.0
    analytic = np.fft.ifft(spectrum, axis=0)[: len(times)].conj()
    x, y = analytic.T
    s0 = float((np.abs(x) ** 2 + np.abs(y) ** 2).sum())
    s1 = float((np.abs(x) ** 2 - np.abs(y) ** 2).sum()) / s0
    cross = 2 * (x.conj() * y).sum() / s0
    s2, s3 = float(cross.real), float(cross.imag)
    power: Floats = np.asarray((np.abs(spectrum) ** 2).sum(axis=1), dtype=np.float64)
    low, high = _half(f[f > 0], power[f > 0])
    intensity: Floats = np.asarray((np.abs(analytic) ** 2).sum(axis=1), dtype=np.float64)
    begin, end = _half(times, intensity)
    known = {"frequency": (low + high) / 2, "bandwidth": high - low, "duration": end - begin}
    over = float(times[np.flatnonzero(intensity > REACHED**2 * intensity.max())[-1]])
    if abs(s3) > 1 - ROUND:
        return PumpPulse("+" if s3 > 0 else "-", **known), over
    if abs(s3) > ROUND:
        raise InputError(
            f"the field of the table is elliptical, with a helicity of {s3:.2f}",
            why="runs with σ+, with σ- or with linear light are compared",
            fix="simulate one of them, or state what it is to be taken for, as in --pump s+",
        )
    angle = float(np.degrees(np.arctan2(s2, s1)) / 2 % 180)
    return PumpPulse("linear", angle=round(angle, 3), **known), over


def _half(x: Floats, y: Floats) -> tuple[float, float]:
    """Where a peak rises above and falls below half of its maximum for good."""
    above = np.flatnonzero(y >= y.max() / 2)
    return _crossing(x, y, above[0], -1), _crossing(x, y, above[-1], 1)


def _crossing(x: Floats, y: Floats, inside: int, side: int) -> float:
    outside = inside + side
    if not 0 <= outside < len(x):
        return float(x[inside])
    share = (y[inside] - y.max() / 2) / (y[inside] - y[outside])
    return float(x[inside] + share * (x[outside] - x[inside]))
