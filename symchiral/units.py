r"""Units of frequency and the constants of lattice dynamics (CODATA 2018, exact where the SI is).

Inside, frequencies are ordinary frequencies in THz; a dynamical matrix is in THz², so that its
eigenvalue is :math:`f\,|f|` with f negative for an unstable mode.
"""

from __future__ import annotations

from math import pi, sqrt

ELEMENTARY_CHARGE = 1.602176634e-19
"""C, exact."""

ATOMIC_MASS = 1.66053906660e-27
"""kg; 1 amu."""

THZ_PER_ROOT = sqrt(ELEMENTARY_CHARGE / ATOMIC_MASS) * 1e10 / (2 * pi) * 1e-12
"""√(eV/amu)/Å as an ordinary frequency in THz: 15.6333."""

PER_THZ = {
    "THz": 1.0,
    "cm-1": 1e12 / 29979245800.0,
    "meV": 6.62607015e-34 * 1e12 / 1.602176634e-19 * 1e3,
}
"""How much of each unit is 1 THz: 33.35641 cm⁻¹, 4.135667 meV."""

SIGNS = {"THz": "THz", "cm-1": "cm⁻¹", "meV": "meV"}
"""The units as they are printed."""

NUCLEAR_MAGNETON_AMU = 1.67262192369e-27 / ATOMIC_MASS
"""eħ/(2 amu) in nuclear magnetons: the mass of the proton in amu, 1.00728."""
