"""What numbers add to ``light``: strengths and moments of modes, and Raman intensities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import Notice
from symchiral.fields.polarization import SIGMA
from symchiral.modes.mode import Modes, Multiplet
from symchiral.modes.species import Species
from symchiral.report.document import Document, tidy
from symchiral.rules.domains import Domains
from symchiral.rules.light import SPINS, Light
from symchiral.rules.raman import RamanLine, RamanLines
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

Floats = npt.NDArray[np.float64]

NOTED = 0.01
"""A larger share of the square of a tensor outside its form is worth a warning."""

STILL = 1e-9
"""Strengths, moments and intensities below this, beside the largest, are zero."""


# --- strengths and moments -----------------------------------------------------------------------


def strengths_table(light: Light, modes: Modes, *, unit: str) -> Table:
    """Return how strongly light drives the modes, and their magnetic moments."""
    factor, sign = PER_THZ[unit], SIGNS[unit]
    title = "infrared strength and magnetic moment of the modes"
    if modes.born is None:
        none = "The force data have no Born charges: no strengths and no magnetic moments."
        return Table((), (), (title,), (none,))
    rows = []
    for m in _optical(modes):
        total, across = _strengths(light, modes, m)
        moments = _moments(light, modes, m)
        if total < STILL and not moments:
            continue
        rows.append(
            (
                m.name,
                f"{m.frequency * factor:.{3 if unit == 'THz' else 1}f}",
                _number(total),
                _number(across),
                ", ".join(f"({component}) {_number(x)}" for component, x in moments) or "—",
            )
        )
    if not rows:
        return Table((), (), (title,), ("No optical mode has an effective charge or a moment.",))
    columns = ("mode", f"f ({sign})", "Σ|Z|² (e²/amu)", "across the beam", "moment")
    foot = (
        "Z: mode effective charge, summed over partners; across the beam: the mean of both "
        "polarisations. Moment: of one quantum along the fixed axis, in nuclear magnetons. "
        "Transverse frequencies.",
    )
    return Table(columns, tuple(rows), (title,), foot)


def strengths_record(light: Light, modes: Modes, *, unit: str) -> list[Document]:
    """Return the same of every optical multiplet as dictionaries."""
    found = []
    for m in _optical(modes):
        known = modes.born is not None
        total, across = _strengths(light, modes, m) if known else (0.0, 0.0)
        found.append(
            {
                "mode": m.name,
                "frequency": round(m.frequency * PER_THZ[unit], 9) + 0.0,
                "frequency_unit": unit,
                "oscillator_strength": round(total, 9) if known else None,
                "across_the_beam": round(across, 9) if known else None,
                "strength_unit": "e^2/amu",
                "magnetic_moments": [
                    {"component": component, "moment": round(x, 9) + 0.0}
                    for component, x in _moments(light, modes, m)
                ],
                "moment_unit": "nuclear_magneton",
            }
        )
    return found


def _optical(modes: Modes) -> list[Multiplet]:
    return [m for m in modes.multiplets if m.number is not None]


def _strengths(light: Light, modes: Modes, multiplet: Multiplet) -> tuple[float, float]:
    r""":math:`\sum |Z|^2` over the partners, and of what of Z is across the beam, half of it."""
    charges = np.array([modes.effective_charge(mode) for mode in multiplet.modes])
    across = charges @ light.beam.frame[:2].T
    return float(np.sum(np.abs(charges) ** 2)), float(np.sum(np.abs(across) ** 2)) / 2


def _moments(light: Light, modes: Modes, multiplet: Multiplet) -> list[tuple[str, float]]:
    """Moments along the fixed axis of the components that have one."""
    found = []
    for mode in multiplet.modes if light.axis else ():
        moment = modes.magnetic_moment(mode)
        if moment is not None and mode.component:
            along = float(moment @ light.beam.frame[2])
            if abs(along) > STILL:
                found.append((minus(mode.component), along))
    return found


# --- intensities ---------------------------------------------------------------------------------


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
    species = _species(light, line)

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


def at_angle(fourier: Floats, degrees: npt.ArrayLike) -> Floats:
    """Evaluate a law of angle, in degrees."""
    t = np.deg2rad(np.asarray(degrees, dtype=float))
    waves = np.stack([np.ones_like(t), np.cos(2 * t), np.sin(2 * t), np.cos(4 * t), np.sin(4 * t)])
    return np.asarray(fourier @ waves)


def intensity_notices(raman: RamanLines) -> tuple[Notice, ...]:
    """Say which tensors had a noticeable part that symmetry does not allow."""
    wrong = [line for line in raman.lines if line.outside > NOTED]
    if not wrong:
        return ()
    parts = ", ".join(f"{line.name} {line.outside:.1%}" for line in wrong)
    return (
        Notice(
            "raman-asymmetry",
            f"of the square of these Raman tensors a part is outside the form that symmetry "
            f"allows, and is left out: {parts}",
        ),
    )


def intensity_tables(
    light: Light, raman: RamanLines, domains: Domains | None, *, unit: str
) -> tuple[Table, ...]:
    """Return the intensities, and where twins are asked for their average too."""
    tables = [_intensity_table(light, raman, None, unit)]
    if domains is not None and len(domains) > 1:
        tables.append(_intensity_table(light, raman, domains, unit))
    return tuple(tables)


def _intensity_table(light: Light, raman: RamanLines, domains: Domains | None, unit: str) -> Table:
    factor, sign = PER_THZ[unit], SIGNS[unit]
    rows = []
    for line in raman.lines:
        found = intensities(light, line, domains)
        f, scale = line.frequency, float(np.sum(np.abs(line.tensors) ** 2))
        rows.append(
            (
                line.name,
                "—" if f is None else f"{f * factor:.{3 if unit == 'THz' else 1}f}",
                *(_number(x, scale) for x in found.circular),
                _law(found.parallel, scale),
                _law(found.crossed, scale),
                f"{line.outside:.1%}" if domains is None else "",
            )
        )
    arrows = (f"{_spin(s)}→{_spin(t)}" for s, t in product(SPINS, SPINS))
    columns = ("mode", f"f ({sign})", *arrows, "parallel", "crossed", "outside")
    units = {"angstrom^4/amu": "Å⁴/amu", "arbitrary": "units of the file"}[raman.intensity_unit]
    title = f"Raman intensities, {units}"
    title += f", the mean of {len(domains)} twins" if domains else ""
    foot = (
        "Σ|e·R·e|² over the partners: no factor of frequency, temperature or optics.",
        "outside: share of the square of the tensor that symmetry does not allow, left out.",
    )
    if not rows:
        return Table((), (), (title,), ("No mode is listed.",))
    table = Table(columns, tuple(rows), (title,), foot if domains is None else ())
    empty = [c for k, c in enumerate(columns) if all(row[k] in ("", "—") for row in rows)]
    return table.without(*empty)


def _law(fourier: Floats | None, scale: float) -> str:
    """``12.3``, where it is the same at every angle; else ``0 at 45° to 12.3 at 0°``."""
    if fourier is None:
        return ""
    if np.abs(fourier[1:]).max() <= STILL * scale:
        return _number(float(fourier[0]), scale)
    ends = [f"{_number(x, scale)} at {angle:g}°" for x, angle in extremes(fourier)]
    return " to ".join(ends)


def extremes(fourier: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    r"""Return the smallest and the largest value of a law of angle, each with its first angle.

    With :math:`z = e^{2iθ}`, :math:`I = f_0 + \mathrm{Re}[a z + b z^2]` is stationary where
    :math:`2 b z^4 + a z^3 - a^* z - 2 b^* = 0`.

    Examples
    --------
    >>> extremes(np.array([1.0, 0.5, 0.0, 0.0, 0.0]))
    ((0.5, 90.0), (1.5, 0.0))
    """
    a, b = fourier[1] - 1j * fourier[2], fourier[3] - 1j * fourier[4]
    roots = np.roots([2 * b, a, 0, -np.conj(a), -2 * np.conj(b)])
    exact = np.rad2deg(np.angle(roots[np.abs(roots) > 1e-9])) / 2
    values = at_angle(fourier, exact)
    found = []
    for value in (values.min(), values.max()):
        near = exact[np.abs(values - value) <= 1e-9 * np.abs(values).max()]
        found.append((float(value), float((np.round(near, 1) % 180).min()) + 0.0))
    return found[0], found[1]


def _spin(s: str) -> str:
    return "σ−" if s == "-" else "σ+"


def _number(x: float, beside: float = 0.0) -> str:
    """Four digits; 0 below rounding beside the largest of its kind."""
    if abs(x) <= max(STILL * abs(beside), 1e-12):
        return "0"
    return minus(f"{x:.4g}")


def intensities_record(
    light: Light, raman: RamanLines, domains: Domains | None, *, unit: str
) -> Document:
    """Return the intensities as a dictionary."""
    return {
        "source": raman.source,
        "tensor_unit": raman.unit,
        "intensity_unit": raman.intensity_unit,
        "modes": [_line_record(light, line, domains, unit) for line in raman.lines],
    }


def _line_record(light: Light, line: RamanLine, domains: Domains | None, unit: str) -> Document:
    letters = light.polarizability(_species(light, line)).letters
    f = line.frequency
    return {
        "mode": line.name,
        "frequency": None if f is None else round(f * PER_THZ[unit], 9) + 0.0,
        "frequency_unit": unit,
        "coefficients": {
            letter: [float(x.real) + 0.0, float(x.imag) + 0.0]
            for letter, x in zip(letters, np.round(line.coefficients, 12), strict=True)
        },
        "outside": round(line.outside, 12),
        **_record(intensities(light, line)),
        "twins": None if domains is None else _record(intensities(light, line, domains)),
    }


def _species(light: Light, line: RamanLine) -> Species:
    return next(s for s in light.species if s.label == line.species.label)


def _record(found: Intensities) -> Document:
    pairs = ("".join(p) for p in product(SPINS, SPINS))
    return {
        "circular": dict(zip(pairs, tidy(found.circular), strict=True)),
        "parallel": None if found.parallel is None else tidy(found.parallel),
        "crossed": None if found.crossed is None else tidy(found.crossed),
    }
