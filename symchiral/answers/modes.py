"""The answer of ``modes``: every vibration at some wavevectors.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from symchiral.answers.crystal import (
    AxisOfRotation,
    Structure,
    Wavevector,
    axis_of,
    little_cogroup,
    structure,
    wavevector,
)
from symchiral.answers.record import (
    Answer,
    Count,
    FrequencyUnit,
    Pam,
    Record,
    ReIm,
    Units,
    Vector,
    beginning,
    tidy,
    tidy_complex,
)
from symchiral.answers.species import ByOrder, by_order
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.irreps.stars import place_name
from symchiral.modes.mode import Mode as OneMode
from symchiral.modes.mode import Modes as ModesAtQ
from symchiral.modes.mode import Multiplet, Relation
from symchiral.modes.notices import modes_notices
from symchiral.rules.activity import Polarization, activity, infrared_light
from symchiral.units import PER_THZ
from symchiral.value import Complex

ComplexVector = tuple[ReIm, ReIm, ReIm]


class UnitsOfModes(Units, frozen=True, kw_only=True):
    """Units of the numbers in this document."""

    mass: Literal["amu"] = "amu"
    """Of masses."""
    effective_charge: Literal["e/sqrt(amu)"] = "e/sqrt(amu)"
    """Of effective_charge."""
    magnetic_moment: Literal["nuclear_magneton"] = "nuclear_magneton"
    """Of magnetic_moment."""
    acoustic_splitting: Literal["THz^2"] = "THz^2"
    """Of acoustic_splitting."""


class WavevectorOfModes(Wavevector, frozen=True, kw_only=True):
    """A wavevector, its symmetry, and what the forces make of it."""

    little_cogroup: str
    """Hermann-Mauguin symbol of the little co-group."""
    axis: str | None
    """Symbol of the part of the axis that keeps it; null where none does."""
    acoustic_splitting: float
    """By how much omega^2 of two acoustic branches differs at first order in q: zero where the
    forces obey the rotational sum rule, and farther out than half way to the next wavevector of
    the supercell. Divided by twice the frequency it is the error bar of every splitting that is
    linear in q. Unit: THz^2."""
    direction: Vector | None
    """Cartesian direction from which the zone centre was approached; null without."""
    axis_here: AxisOfRotation | None = None
    """The axis of ``axis`` in full."""
    born_charges: bool = False
    """Whether Born charges are known, so that a direction of approach splits modes."""


class SiteInMode(Record, frozen=True, kw_only=True):
    """What the atoms of a site do in a mode."""

    name: str
    """Name of the site."""
    weight: Annotated[float, Meta(ge=0, le=1.000001)]
    """Share of its atoms in the motion."""
    am: Vector | None
    """Mechanical angular momentum of its atoms, Cartesian; null where partners are not told
    apart. Unit: hbar."""
    ellipses: tuple[tuple[Vector, Vector], ...] | None
    """Half axes [a, b] of the ellipse of every atom of the site, normalised mode, the atom
    turning from a towards b; null where partners are not told apart."""


class FlatMode(Record, frozen=True, kw_only=True):
    """One vibration as a flat record; degenerate partners are entries of their own."""

    q: str
    """Label of the wavevector, ``GM`` for the zone centre."""
    name: str = ""
    """Its name, as every command takes it: ``Eu#1(+)``, ``A1g#2``."""
    label: str
    """Its species: Mulliken name at the zone centre, CDML name elsewhere."""
    number: int | None
    """Which mode of the species, from the lowest frequency; null for a rigid translation."""
    component: str
    """What stands in parentheses in the grammar; empty for the only one."""
    pam: Pam | None
    """Pseudo-angular momentum; null without a common axis."""
    frequency: float
    """Frequency, negative for an unstable mode."""
    frequency_unit: FrequencyUnit
    """Unit of frequency."""
    am_axis: float | None
    """Mechanical angular momentum about the axis, per quantum; null without an axis and where
    partners are not told apart. Unit: hbar."""
    relation: Relation
    """Sense of the atoms beside that of the pseudo-angular momentum; unrelated: only one has a
    sense; none: neither has."""
    acoustic: bool
    """Whether it is a rigid translation."""
    longitudinal: bool
    """Whether the field of the direction of approach moves it; it has the number of the
    transverse mode that it becomes without that field."""
    infrared: bool
    """Whether its species is infrared active."""
    raman: bool
    """Whether its species is Raman active."""
    hyper_raman: bool
    """Whether its species is hyper-Raman active."""
    oscillator_strength: float | None
    """Square of the modulus of the mode effective charge; null without Born charges and off the
    zone centre. Unit: e^2/amu."""


class Mode(FlatMode, frozen=True, kw_only=True):
    """One vibration, and how its atoms move."""

    am: Vector | None
    """Mechanical angular momentum per quantum, Cartesian; null where partners are not told
    apart. Unit: hbar."""
    sites: tuple[SiteInMode, ...]
    """What each site does in it."""
    effective_charge: ComplexVector | None
    """Mode effective charge, [re, im] of each Cartesian component; null without Born charges
    and off the zone centre."""
    magnetic_moment: Vector | None
    """Magnetic moment of one quantum; null without Born charges."""
    eigenvector: tuple[ComplexVector, ...] | None
    """With --eigenvectors: displacement of every atom, [re, im] of each Cartesian component;
    else null."""
    multiplet: Count = 0
    """Place of its multiplet at this wavevector, from 1, the lowest frequency: partners share
    it."""
    by_order: ByOrder | UnsetType = UNSET
    """Only of a magnetic crystal, at the zone centre: whether light couples to the species
    through its velocity, odd in the order."""
    infrared_light: tuple[Polarization, ...] = ()
    """On an axis of order 3 or more, polarisations of light that its species absorbs: circular
    about the axis, or z along it."""


class Modes(Answer, frozen=True, kw_only=True, tag="symchiral/modes/1"):
    """What ``symchiral modes --json`` prints: all vibrations at some wavevectors."""

    units: UnitsOfModes
    """Units of the numbers in this document."""
    gauge: Literal["position"]
    """The phase of an eigenvector contains the full position of the atom."""
    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    q: tuple[WavevectorOfModes, ...]
    """The wavevectors."""
    modes: tuple[Mode, ...]
    """3N entries for every wavevector, from the lowest frequency."""

    row_types: ClassVar[tuple[type[Record], ...]] = (FlatMode,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        names = FlatMode.__struct_fields__
        rows = [FlatMode(**{name: getattr(mode, name) for name in names}) for mode in self.modes]
        return FlatMode, rows


def modes(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    everything: Sequence[ModesAtQ],
    *,
    unit: FrequencyUnit = "THz",
    motions: bool = True,
    eigenvectors: bool = False,
) -> Modes:
    """Answer which modes a crystal has at some wavevectors.

    Parameters
    ----------
    axis : Axis or None
        The axis of the crystal; at every wavevector the part of it that keeps it is used.
    everything : sequence of Modes
        The modes, one collection per wavevector.
    unit : str
        Of frequencies.
    motions : bool
        Say how the atoms move, beyond the share of every site and J about the axis: vectors of J,
        ellipses, charges and moments, which the table does not show. Without they are null.
    eigenvectors : bool
        Add the eigenvectors.
    """
    notices = tuple(n for here in everything for n in modes_notices(here))
    return Modes(
        **beginning(crystal, notices, units=UnitsOfModes()),
        gauge="position",
        structure=structure(crystal, masses=everything[0].masses if everything else ()),
        axis=axis_of(crystal, axis),
        q=tuple(_wavevector(crystal, here) for here in everything),
        modes=tuple(
            found
            for here in everything
            for place, multiplet in enumerate(here.multiplets, 1)
            for found in _partners(
                here, multiplet, unit, place=place, motions=motions, eigenvectors=eigenvectors
            )
        ),
    )


def flat(here: ModesAtQ, *, unit: FrequencyUnit = "THz") -> tuple[FlatMode, ...]:
    """Describe the modes of one wavevector as flat records."""
    return tuple(
        FlatMode(**_facts(here, multiplet, mode, unit, here.effective_charge(mode)))
        for multiplet in here.multiplets
        for mode in multiplet.modes
    )


def _wavevector(crystal: SymmetricCrystal, here: ModesAtQ) -> WavevectorOfModes:
    return WavevectorOfModes(
        **asdict(wavevector(crystal, here.q)),
        little_cogroup=little_cogroup(crystal, here.q),
        axis=here.axis.symbol if here.axis else None,
        acoustic_splitting=round(here.acoustic_splitting, 9) + 0.0,
        direction=None if here.direction is None else tidy(here.direction),
        axis_here=axis_of(crystal, here.axis),
        born_charges=here.born is not None,
    )


def _facts(
    here: ModesAtQ,
    multiplet: Multiplet,
    mode: OneMode,
    unit: FrequencyUnit,
    charge: Complex | None,
) -> dict[str, Any]:
    """The fields of a row."""
    light, am = activity(multiplet.species.participant), here.am(mode)
    return {
        "q": place_name(here.crystal.group, here.q) or "GM",
        "name": mode.name,
        "label": mode.label,
        "number": mode.number,
        "component": mode.component,
        "pam": mode.pam,
        "frequency": round(mode.frequency * PER_THZ[unit], 9) + 0.0,
        "frequency_unit": unit,
        "am_axis": None if am is None else round(am, 9) + 0.0,
        "relation": here.relation(mode),
        "acoustic": mode.number is None,
        "longitudinal": mode.longitudinal,
        "infrared": light.infrared,
        "raman": light.raman,
        "hyper_raman": light.hyper_raman,
        "oscillator_strength": None
        if charge is None
        else round(float(np.vdot(charge, charge).real), 9),
    }


def _partners(
    here: ModesAtQ,
    multiplet: Multiplet,
    unit: FrequencyUnit,
    *,
    place: int,
    motions: bool,
    eigenvectors: bool,
) -> Iterator[Mode]:
    """The modes of a multiplet."""
    order = by_order(multiplet.species)
    turn = None if here.axis is None else here.axis.turn.seen_from([here.q])
    light = infrared_light(multiplet.species.participant, turn)
    for mode in multiplet.modes:
        vector = mode.am_vector if motions else None
        charge = here.effective_charge(mode) if motions else None
        moment = here.magnetic_moment(mode) if motions else None
        yield Mode(
            **_facts(here, multiplet, mode, unit, charge),
            am=None if vector is None else tidy(vector, 9),
            sites=_sites(here, mode, motions=motions),
            effective_charge=None if charge is None else tidy_complex(charge),
            magnetic_moment=None if moment is None else tidy(moment, 9),
            eigenvector=tidy_complex(mode.eigenvector) if eigenvectors else None,
            multiplet=place,
            by_order=order,
            infrared_light=light,
        )


def _sites(here: ModesAtQ, mode: OneMode, *, motions: bool) -> tuple[SiteInMode, ...]:
    found, weights = [], dict(here.site_weights(mode))
    for site in here.crystal.sites:
        atoms = list(site.atoms)
        told = motions and mode.fixed
        found.append(
            SiteInMode(
                name=site.name,
                weight=round(weights[site.name], 9),
                am=tidy(mode.atomic_am[atoms].sum(axis=0), 9) if told else None,
                ellipses=tidy(mode.ellipses[atoms], 9) if told else None,
            )
        )
    return tuple(found)
