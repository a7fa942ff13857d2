"""What numbers add to the tables of ``light``: strengths, moments, Raman intensities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from symchiral.answers.light_numbers import (
    NEGLIGIBLE,
    Intensities,
    LawCoefficients,
    LineIntensities,
    StrengthOfMode,
)
from symchiral.answers.record import FrequencyUnit
from symchiral.rules.light import SPINS
from symchiral.rules.raman import IntensityUnit
from symchiral.rules.raman_intensity import extremes
from symchiral.rules.wording import minus
from symchiral.table import Table, title
from symchiral.text.light_words import spins_arrow
from symchiral.units import SIGNS

_UNITS: dict[IntensityUnit, str] = {
    "angstrom^4/amu": "Å⁴/amu",
    "arbitrary": "units of the file",
}


def strengths_table(modes: Sequence[StrengthOfMode]) -> Table:
    """Return how strongly light drives the modes, and their magnetic moments."""
    head = (title("infrared strength and magnetic moment of the modes"),)
    if any(m.oscillator_strength is None for m in modes):
        none = "The force data have no Born charges: no strengths and no magnetic moments."
        return Table((), (), head, (none,))
    rows = []
    for m in modes:
        total, across = m.oscillator_strength or 0.0, m.across_the_beam or 0.0
        if total < NEGLIGIBLE and not m.magnetic_moments:
            continue
        moments = (f"({x.component}) {_number(x.moment)}" for x in m.magnetic_moments)
        rows.append(
            (
                m.mode,
                _frequency(m.frequency, m.frequency_unit),
                _number(total),
                _number(across),
                ", ".join(moments) or "—",
            )
        )
    if not rows:
        return Table((), (), head, ("No optical mode has an effective charge or a moment.",))
    sign = SIGNS[modes[0].frequency_unit]
    columns = ("mode", f"f ({sign})", "Σ|Z|² (e²/amu)", "across the beam", "moment")
    notes = (
        (columns[2], "Z: mode effective charge, summed over partners."),
        (columns[3], "Across the beam: the mean of both polarisations."),
        (columns[4], "Moment: of one quantum along the fixed axis, in nuclear magnetons."),
    )
    return Table(
        columns,
        tuple(rows),
        head,
        ("Transverse frequencies.",),
        optional=(columns[4], columns[3]),
        names=("mode",),
        folded=(columns[4],),
        notes=notes,
    )


def intensity_tables(found: Intensities, *, twins: int) -> tuple[Table, ...]:
    """Return the intensities, and where twins are asked for their average too.

    Parameters
    ----------
    twins : int
        Their number; 1 for none.
    """
    tables = [_intensity_table(found, None)]
    if twins > 1:
        tables.append(_intensity_table(found, twins))
    return tuple(tables)


def _intensity_table(found: Intensities, twins: int | None) -> Table:
    rows = tuple(_intensity_row(line, mean=twins is not None) for line in found.modes)
    arrows = (spins_arrow(s, t) for s, t in product(SPINS, SPINS))
    sign = SIGNS[found.modes[0].frequency_unit] if found.modes else ""
    columns = ("mode", f"f ({sign})", *arrows, "parallel", "crossed", "outside")
    mean = f", the mean of {twins} twins" if twins else ""
    head = (title(f"Raman intensities, {_UNITS[found.intensity_unit]}{mean}"),)
    foot = (
        "Σ|e·R·e|² over the partners: no factor of frequency, temperature or optics.",
        "outside: share of the square of the tensor that symmetry does not allow, left out.",
    )
    if not rows:
        return Table((), (), head, ("No mode is listed.",))
    table = Table(
        columns,
        rows,
        head,
        foot if twins is None else (),
        names=("mode",),
        folded=columns[-3:-1],
        optional=columns[-1:],
    )
    empty = [c for k, c in enumerate(columns) if all(row[k] in ("", "—") for row in rows)]
    return table.without(*empty)


def _intensity_row(line: LineIntensities, *, mean: bool) -> tuple[str, ...]:
    found = line.twins if mean and line.twins is not None else line
    f = line.frequency
    return (
        line.mode,
        "—" if f is None else _frequency(f, line.frequency_unit),
        *(_number(found.circular[s + t], line.square) for s, t in product(SPINS, SPINS)),
        _law(found.parallel, line.square),
        _law(found.crossed, line.square),
        "" if mean else f"{line.outside:.1%}",
    )


def _law(fourier: LawCoefficients | None, scale: float) -> str:
    """``12.3``, where it is the same at every angle; else ``0 at 45° to 12.3 at 0°``."""
    if fourier is None:
        return ""
    if np.abs(fourier[1:]).max() <= NEGLIGIBLE * scale:
        return _number(fourier[0], scale)
    ends = [f"{_number(x, scale)} at {angle:g}°" for x, angle in extremes(fourier)]
    return " to ".join(ends)


def _frequency(f: float, unit: FrequencyUnit) -> str:
    return f"{f:.{3 if unit == 'THz' else 1}f}"


def _number(x: float, beside: float = 0.0) -> str:
    """Four digits; 0 below rounding beside the largest of its kind."""
    if abs(x) <= max(NEGLIGIBLE * abs(beside), 1e-12):
        return "0"
    return minus(f"{x:.4g}")
