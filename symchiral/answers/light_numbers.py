"""What numbers add to the answer of ``light``: strengths and moments of modes, Raman intensities.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from symchiral.answers.record import FrequencyUnit, Record, ReIm, tidy, tidy_complex
from symchiral.modes.mode import Modes, Multiplet
from symchiral.rules.domains import Domains
from symchiral.rules.light import SPINS, Light
from symchiral.rules.raman import IntensityUnit, RamanLine, RamanLines, TensorUnit
from symchiral.rules.raman_intensity import intensities
from symchiral.rules.wording import minus
from symchiral.units import PER_THZ

NEGLIGIBLE = 1e-9
"""Strengths, moments and intensities below this, beside the largest, are zero."""

SpinPair = Annotated[str, Meta(pattern=r"^[+-]{2}$")]
"""Spins of incident and scattered light about their fixed axes, ``+-``."""

LawCoefficients = tuple[float, float, float, float, float]
"""Coefficients of 1, cos 2t, sin 2t, cos 4t, sin 4t of an intensity against the angle t of linear
light."""


class MomentOfComponent(Record, frozen=True, kw_only=True):
    """Magnetic moment of one quantum of a component."""

    component: str
    """Its component on the axis along the beam."""
    moment: float
    """Along the fixed axis of the beam."""


class StrengthOfMode(Record, frozen=True, kw_only=True):
    """A multiplet in light."""

    mode: str
    """Species and number, ``Eu#1``."""
    frequency: float
    """Its transverse frequency, negative if unstable."""
    frequency_unit: FrequencyUnit
    """Unit of the frequency."""
    oscillator_strength: Annotated[float, Meta(ge=0)] | None
    """Squared mode effective charges, summed over the partners; null without Born charges."""
    across_the_beam: Annotated[float, Meta(ge=0)] | None
    """The same for light of this beam, the mean of both polarisations; null without Born
    charges."""
    magnetic_moments: tuple[MomentOfComponent, ...]
    """Magnetic moment of one quantum along the fixed axis, of components that have one."""
    strength_unit: Literal["e^2/amu"] = "e^2/amu"
    """Unit of strengths."""
    moment_unit: Literal["nuclear_magneton"] = "nuclear_magneton"
    """Unit of moments."""


class MeanOverTwins(Record, frozen=True, kw_only=True):
    """Intensities averaged over twins in equal amounts."""

    circular: dict[SpinPair, float]
    """Intensity of the four pairs of spins, in and out."""
    parallel: LawCoefficients | None
    """Coefficients of 1, cos 2t, sin 2t, cos 4t, sin 4t of the intensity against the angle t of
    linear light, polarisers parallel; null at a right angle."""
    crossed: LawCoefficients | None
    """The same with crossed polarisers; null at a right angle."""


class LineIntensities(MeanOverTwins, frozen=True, kw_only=True):
    """A multiplet and its intensities, of one crystal."""

    mode: str
    """Species and number, ``Eg#1``."""
    frequency: float | None
    """Its frequency, null if it is not known."""
    frequency_unit: FrequencyUnit
    """Unit of the frequency."""
    coefficients: dict[str, ReIm]
    """Coefficients of the tensor form by letter, up to a common phase."""
    outside: Annotated[float, Meta(ge=0, le=1)]
    """Share of the square of the tensor that symmetry does not allow, and that was left out."""
    twins: MeanOverTwins | None
    """The mean over twins; null where they were not asked for."""
    square: float = 0.0
    """Sum over partners and components of the square of the tensor, in intensity_unit."""


class Intensities(Record, frozen=True, kw_only=True):
    """Sums over partners of |e.R.e|^2, without factors of frequency, temperature or optics."""

    source: str | None
    """File of the tensors."""
    tensor_unit: TensorUnit
    """Unit of the tensors."""
    intensity_unit: IntensityUnit
    """Unit of the intensities."""
    modes: tuple[LineIntensities, ...]
    """One entry per multiplet."""


def strengths(light: Light, modes: Modes, *, unit: FrequencyUnit) -> tuple[StrengthOfMode, ...]:
    """Describe how strongly light drives the optical modes, and their magnetic moments."""
    return tuple(_strength(light, modes, m, unit) for m in modes.multiplets if m.number is not None)


def _strength(
    light: Light, modes: Modes, multiplet: Multiplet, unit: FrequencyUnit
) -> StrengthOfMode:
    r"""With :math:`\sum |Z|^2` over the partners, and of what of Z is across the beam, half."""
    total = across = None
    if modes.born is not None:
        charges = np.array([modes.effective_charge(mode) for mode in multiplet.modes])
        total = tidy(np.sum(np.abs(charges) ** 2))
        across = tidy(np.sum(np.abs(charges @ light.beam.frame[:2].T) ** 2) / 2)
    return StrengthOfMode(
        mode=multiplet.name,
        frequency=round(multiplet.frequency * PER_THZ[unit], 9) + 0.0,
        frequency_unit=unit,
        oscillator_strength=total,
        across_the_beam=across,
        magnetic_moments=tuple(_moments(light, modes, multiplet)),
    )


def _moments(light: Light, modes: Modes, multiplet: Multiplet) -> list[MomentOfComponent]:
    """Moments along the fixed axis of the components that have one."""
    found = []
    for mode in multiplet.modes if light.axis else ():
        moment = modes.magnetic_moment(mode)
        if moment is not None and mode.component:
            along = float(moment @ light.beam.frame[2])
            if abs(along) > NEGLIGIBLE:
                found.append(
                    MomentOfComponent(component=minus(mode.component), moment=round(along, 9) + 0.0)
                )
    return found


def intensities_of(
    light: Light, raman: RamanLines, domains: Domains | None, *, unit: FrequencyUnit
) -> Intensities:
    """Describe the intensities of modes of which Raman tensors are known."""
    return Intensities(
        source=raman.source,
        tensor_unit=raman.unit,
        intensity_unit=raman.intensity_unit,
        modes=tuple(_line(light, line, domains, unit) for line in raman.lines),
    )


def _line(
    light: Light, line: RamanLine, domains: Domains | None, unit: FrequencyUnit
) -> LineIntensities:
    species = next(s for s in light.species if s.label == line.species.label)
    letters, f = light.polarizability(species).letters, line.frequency
    alone = _found(light, line, None)
    return LineIntensities(
        mode=line.name,
        frequency=None if f is None else round(f * PER_THZ[unit], 9) + 0.0,
        frequency_unit=unit,
        coefficients=dict(zip(letters, tidy_complex(line.coefficients), strict=True)),
        outside=round(line.outside, 12),
        circular=alone.circular,
        parallel=alone.parallel,
        crossed=alone.crossed,
        twins=None if domains is None else _found(light, line, domains),
        square=tidy(np.sum(np.abs(line.tensors) ** 2)),
    )


def _found(light: Light, line: RamanLine, domains: Domains | None) -> MeanOverTwins:
    found = intensities(light, line, domains)
    pairs = ("".join(pair) for pair in product(SPINS, SPINS))
    return MeanOverTwins(
        circular=dict(zip(pairs, tidy(found.circular), strict=True)),
        parallel=None if found.parallel is None else tidy(found.parallel),
        crossed=None if found.crossed is None else tidy(found.crossed),
    )
