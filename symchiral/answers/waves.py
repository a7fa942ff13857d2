"""How helicity and angular momentum of phonons depend on the wavevector, of a crystal.

The records come first, then the function that fills them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from symchiral.answers.record import Count, Record
from symchiral.crystal.symmetric import Symmetry
from symchiral.rules.waves import Letter, Wave, find_waves

Power = Annotated[int, Meta(ge=0, le=9)]


class Monomial(Record, frozen=True, kw_only=True):
    """One term of a polynomial in the Cartesian components of q."""

    powers: tuple[Power, Power, Power]
    """Powers of qx, qy and qz."""
    coefficient: float
    """What they are multiplied with."""


class WaveOfCrystal(Record, frozen=True, kw_only=True):
    """How a quantity may depend on the wavevector q, to lowest degree."""

    degree: Count | None
    """Lowest degree in q; null where the quantity vanishes at every wavevector."""
    letter: Letter | None
    """s, p, d, f, ... for degree 0, 1, 2, 3, ...; null where it vanishes."""
    forms: tuple[tuple[str, ...], ...]
    """The polynomials of that degree that symmetry allows, one entry per real coefficient: of a
    vector three, its Cartesian components; frame of the input."""
    terms: tuple[tuple[tuple[Monomial, ...], ...], ...]
    """The same polynomials term by term."""


class WavesOfCrystal(Record, frozen=True, kw_only=True):
    """What symmetry says of the angular momentum of phonons anywhere in the zone, with the magnetic
    order or field if there is one. It holds for a branch that is alone at its frequency.
    """

    helicity: WaveOfCrystal
    """Of the helicity h = J.q/|q|, a pseudoscalar."""
    angular_momentum: WaveOfCrystal
    """Of the angular momentum J, an axial vector."""


def waves(crystal: Symmetry) -> WavesOfCrystal:
    """Describe how helicity and angular momentum depend on the wavevector."""
    found = find_waves(crystal)
    return WavesOfCrystal(
        helicity=_wave(found.helicity), angular_momentum=_wave(found.angular_momentum)
    )


def _wave(wave: Wave) -> WaveOfCrystal:
    return WaveOfCrystal(
        degree=wave.degree,
        letter=wave.letter,
        forms=wave.forms,
        terms=tuple(
            tuple(
                tuple(
                    Monomial(powers=powers, coefficient=float(f"{x:.9g}"))
                    for powers, x in component
                )
                for component in form
            )
            for form in wave.polynomials
        ),
    )
