r"""Units of frequency and time, numbers with them in words, and the constants of lattice dynamics.

The constants are those of CODATA 2018, exact where the SI is. Inside, times are in ps and
frequencies are ordinary frequencies in THz; a dynamical matrix is in THz², so that its eigenvalue
is :math:`f\,|f|` with f negative for an unstable mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import pi

from symchiral.errors import InputError, nearest

ELEMENTARY_CHARGE = 1.602176634e-19
"""C, exact."""

ATOMIC_MASS = 1.66053906660e-27
"""kg; 1 amu."""

BOHR = 0.529177210903
"""Å."""

PER_THZ = {
    "THz": 1.0,
    "cm-1": 1e12 / 29979245800.0,
    "meV": 6.62607015e-34 * 1e12 / 1.602176634e-19 * 1e3,
}
"""How much of each unit is 1 THz: 33.35641 cm⁻¹, 4.135668 meV."""

SIGNS = {"THz": "THz", "cm-1": "cm⁻¹", "meV": "meV"}
"""The units as they are printed."""


def frequency_text(thz: float, unit: str = "THz") -> str:
    """Return a frequency with its unit, to three digits; four where the numbers are large.

    Examples
    --------
    >>> frequency_text(4.051), frequency_text(4.051, "cm-1")
    ('4.05 THz', '135.1 cm⁻¹')
    """
    return f"{thz * PER_THZ[unit]:.{3 if unit == 'THz' else 4}g} {SIGNS[unit]}"


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return a number of things with the noun in singular or plural.

    Parameters
    ----------
    nouns : str
        The plural, where it is not the noun with an s or, after a hiss, es.

    Examples
    --------
    >>> counted(1, "mode"), counted(0, "mass"), counted(12000, "crystal")
    ('1 mode', '0 masses', '12,000 crystals')
    >>> counted(2, "vertex", "vertices")
    '2 vertices'
    """
    plural = nouns or noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
    return f"{number:,} {noun if number == 1 else plural}"


NUCLEAR_MAGNETON_AMU = 1.67262192369e-27 / ATOMIC_MASS
"""eħ/(2 amu) in nuclear magnetons: the mass of the proton in amu, 1.00728."""

TESLA_PER_MAGNETON = 4e-7 * pi * 5.0507837461e-27 * 1e30
"""μ₀M in tesla of one nuclear magneton in a cubic ångström; μ₀ of CODATA differs in the tenth
digit."""

PER_PS = {"ps": 1.0, "fs": 1e3, "ns": 1e-3, "s": 1e-12}
"""How much of each unit is 1 ps."""


SLOWEST, FASTEST = 1e-6, 1e3
"""THz: bounds of frequencies; linewidths may be smaller. Hydrogen vibrates at 132 THz."""

SIZE = r"(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][-+−]?[0-9]{1,3})?"
"""Pattern of a number without sign in words that people type; as long as any that is meant."""

NUMBER = rf"[-+−]?{SIZE}"
"""Pattern of a number in words that people type."""


def in_thz(unit: str) -> float:
    """Return one unit of frequency in THz.

    Examples
    --------
    >>> round(1 / in_thz("cm-1"), 5), round(1 / in_thz("meV"), 6)
    (33.35641, 4.135668)

    Raises
    ------
    InputError
        The unit is none of ``PER_THZ``.
    """
    return 1 / PER_THZ[_name(unit, PER_THZ, "frequency")]


def in_ps(unit: str) -> float:
    """Return one unit of time in ps.

    Examples
    --------
    >>> in_ps("fs")
    0.001

    Raises
    ------
    InputError
        The unit is none of ``PER_PS``.
    """
    return 1 / PER_PS[_name(unit, PER_PS, "time")]


def delay_in_ps(unit: str) -> float:
    """Return one unit of delay in ps: of time, or of the place of a delay stage.

    Examples
    --------
    >>> round(delay_in_ps("mm"), 3)
    6.671

    Raises
    ------
    InputError
        The unit is neither of ``PER_PS`` nor of ``STAGE``.
    """
    known = {**PER_PS, **STAGE}
    return 1 / known[_name(unit.replace("μ", "µ"), known, "delay")]


def is_stage(unit: str) -> bool:
    """Whether a unit of delay is of the place of a stage: such a clock does not begin at zero.

    Examples
    --------
    >>> is_stage("MM"), is_stage("fs")
    (True, False)
    """
    return unit.strip().lower().replace("μ", "µ") in STAGE


def _name(unit: str, known: Iterable[str], kind: str) -> str:
    for name in known:
        if str(unit).strip().lower().replace("⁻¹", "-1") == name.lower():
            return name
    raise InputError(
        f"unknown unit of {kind} {unit!r}",
        why="only units whose size is certain are converted",
        fix=nearest(str(unit), known),
    )


ACCELERATION = ELEMENTARY_CHARGE / ATOMIC_MASS * 1e-4
"""1 eV/(amu Å²) in ps⁻²: 9648.53. Times a force in eV/(√amu Å): Q̈ in √amu Å/ps²."""

VOLT_PER_ANGSTROM = 0.01
"""1 MV/cm in V/Å, exact."""

HBAR = 6.62607015e-34 / (2 * pi) / ATOMIC_MASS * 1e8
"""ħ in amu Å²/ps, 6.35078: an angular momentum divided by it is in ħ."""

THZ_PER_KELVIN = 1.380649e-23 / 6.62607015e-34 * 1e-12
"""kT/h at 1 K in THz, exact: 0.0208366."""

VACUUM_PERMITTIVITY = 8.8541878128e-12 / ELEMENTARY_CHARGE * 1e-10
"""ε₀ in e/(V Å)."""

SPEED_OF_LIGHT = 299.792458
"""µm/ps, exact."""

STAGE = {"mm": SPEED_OF_LIGHT / 2e3, "um": SPEED_OF_LIGHT / 2, "µm": SPEED_OF_LIGHT / 2}
"""How far a delay stage moves for 1 ps: light goes to its mirror and back."""

FLUENCE = 299792458 * 8.8541878128e-12 / 2 * 1e16 * 1e-12 * 0.1
"""cε₀/2 in mJ/cm² per (MV/cm)² ps: ∫cε₀E²dt of a plane wave in vacuum, E the amplitude."""
