"""What an answer says of the species of vibrations at a wavevector.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from symchiral.answers.record import Count, Pam, Record, ReIm, Vector, Xyz, tidy, tidy_complex
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.cdml import cdml_name
from symchiral.irreps.participant import Participant
from symchiral.irreps.reflection import Plane, parities, reflections
from symchiral.modes.motion import Motion, Sign, SiteWord
from symchiral.modes.parts import spin_orbital
from symchiral.modes.species import GroupSpecies, Species
from symchiral.rules.activity import Polarization, activity, infrared_light


class Share(Record, frozen=True, kw_only=True):
    """A site's share of the multiplets."""

    name: str
    """Name of the site."""
    count: Annotated[int, Meta(ge=1)]
    """Multiplets this site gives."""


class ByOrder(Record, frozen=True, kw_only=True):
    """What light does to a species through its velocity, odd in the magnetic order or in B."""

    infrared: bool
    """E dQ/dt is allowed."""
    raman: bool
    """E E dQ/dt, or i(E x E*) Q, is allowed."""
    hyper_raman: bool
    """E E E dQ/dt is allowed."""


class Character(Record, frozen=True, kw_only=True):
    """One operation and its character."""

    xyz: Xyz
    """The operation in the primitive cell."""
    value: ReIm
    """Real and imaginary part."""


class SpinOrbitalPart(Record, frozen=True, kw_only=True):
    """Spin and orbital part of l on atoms of one site."""

    site: str
    """Name of the site."""
    atoms: tuple[Count, ...]
    """Atoms of the primitive cell, from 0, that the axis permutes among each other."""
    spin: str
    """l_s of the vector at one atom: -1, 0 or 1."""
    orbital: str
    """l_o of the phase from atom to atom, an exact rational, linear in u on a line."""


class ParityOf(Record, frozen=True, kw_only=True):
    """Eigenvalue of a mirror or glide."""

    seitz: str
    """Its Seitz symbol in the standard setting."""
    xyz: Xyz
    """The operation in the primitive cell."""
    kind: str
    """mirror or glide."""
    plane: Plane | None
    """Whether the plane is perpendicular to the axis or contains it; null without an axis."""
    phases: tuple[str, ...]
    """Phases of its eigenvalues as fractions of a turn."""


class Turning(Record, frozen=True, kw_only=True):
    """Mechanical angular momentum of one component as far as symmetry fixes it."""

    component: str
    """What stands in parentheses in a transfer: ``+``, ``-``, a residue; empty for the only
    component."""
    sign: Sign
    """Sense of the optical motions as a whole: + anticlockwise, - clockwise, 0 none, open:
    forces decide."""
    am: float | None
    """Mechanical angular momentum per quantum where symmetry fixes it, else null. Unit: hbar."""
    sites: dict[str, SiteWord]
    """The same for every site by itself: the sum over its atoms. cancels: single atoms may
    rotate, their sum is zero; cannot: every atom moves on a line."""
    directions: tuple[Vector, ...] | UnsetType = UNSET
    """Only where J may point elsewhere than along the axis, or where there is no axis and J
    need not vanish: orthogonal unit vectors, Cartesian in the frame of the input, that span
    what J can be. Absent: J is along the axis, or zero."""
    box: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | UnsetType = UNSET
    """Only with directions: lowest and highest J along x, y and z over the optical motions.
    Unit: hbar."""
    parts: tuple[SpinOrbitalPart, ...] | UnsetType | None = UNSET
    """Only in show: spin and orbital part of l; null without an axis."""
    parities: tuple[ParityOf, ...] | UnsetType = UNSET
    """Only in show: eigenvalues of mirrors and glides that contain the axis or are perpendicular
    to it."""


class NamedSpecies(Record, frozen=True, kw_only=True):
    """An irreducible representation at a wavevector."""

    q: str
    """Label of the wavevector."""
    label: str
    """Mulliken name at the zone centre, CDML name elsewhere, as transfers write it."""
    cdml: str
    """CDML name, ``GM3-``; a pair joined by time reversal reads ``GM2GM3``."""
    dimension: Annotated[int, Meta(ge=1)]
    """Modes per multiplet."""
    pam: tuple[Pam | None, ...]
    """Pseudo-angular momenta of its components, in the order of ``turning``; null without an
    axis."""


class SpeciesOfModes(NamedSpecies, frozen=True, kw_only=True):
    """An irreducible representation that vibrations of the crystal realise."""

    count: Annotated[int, Meta(ge=1)]
    """Multiplets, acoustic ones included."""
    acoustic: Count
    """Multiplets that are rigid translations."""
    sites: tuple[Share, ...]
    """Sites whose atoms move."""
    turning: tuple[Turning, ...]
    """How the atoms rotate, one entry per component."""
    infrared: bool
    """Whether light drives it by absorption."""
    raman: bool
    """Whether the symmetric Raman tensor contains it."""
    hyper_raman: bool
    """Whether the hyper-Raman tensor contains it."""
    by_order: ByOrder | UnsetType = UNSET
    """Only of a magnetic crystal or in B, at the zone centre: whether light couples to the
    species through its velocity, odd in the order (E dQ/dt, E E dQ/dt, E E E dQ/dt). infrared,
    raman and hyper_raman beside it are those of displacements."""
    characters: tuple[Character, ...]
    """Character of every operation of the little group (at the zone centre of the whole point
    group)."""
    infrared_light: tuple[Polarization, ...] = ()
    """On an axis of order 3 or more, polarisations of light that it absorbs: circular about the
    axis, or z along it."""


class MayTurn(Record, frozen=True, kw_only=True):
    """Whether atoms rotate about the axis in a component.

    As far as that is the same in all crystals of the group.
    """

    component: str
    """What stands in parentheses in a transfer: ``+``, ``-``, a residue; empty for the only
    component."""
    may: Literal["may", "cannot"]
    """may: atoms in general positions can turn either way, and where they sit and the forces
    decide; cannot: their sum is zero, wherever they are. Without an axis, about any direction."""


class SpeciesOfGroup(NamedSpecies, frozen=True, kw_only=True):
    """An irreducible representation of a group at a wavevector, without atoms."""

    turning: tuple[MayTurn, ...]
    """Whether the atoms rotate, one entry per component."""
    infrared: bool
    """Whether light drives it by absorption."""
    raman: bool
    """Whether the symmetric Raman tensor contains it."""
    hyper_raman: bool
    """Whether the hyper-Raman tensor contains it."""
    characters: tuple[Character, ...]
    """Character of every operation of the little group (at the zone centre of the whole point
    group)."""
    infrared_light: tuple[Polarization, ...] = ()
    """On an axis of order 3 or more, polarisations of light that it absorbs: circular about the
    axis, or z along it."""


def species_of(
    species: Sequence[Species], *, details: Sequence[Sequence[Turning]] | None = None
) -> tuple[SpeciesOfModes, ...]:
    """Describe species; ``details`` stand in the place of their own ``turning``."""
    return tuple(
        SpeciesOfModes(
            **_kind(item),
            count=item.count,
            acoustic=item.acoustic,
            sites=tuple(Share(name=site.name, count=n) for site, n in item.sites),
            turning=turning_of(item) if details is None else tuple(details[i]),
            by_order=by_order(item),
        )
        for i, item in enumerate(species)
    )


def species_of_group(species: Sequence[GroupSpecies]) -> tuple[SpeciesOfGroup, ...]:
    """Describe the species of a group without atoms."""
    return tuple(
        SpeciesOfGroup(
            **_kind(item),
            turning=tuple(
                MayTurn(component=c.name, may="cannot" if motion.sign == "0" else "may")
                for c, motion in zip(item.components, item.motions, strict=True)
            ),
        )
        for item in species
    )


def _kind(species: GroupSpecies) -> dict[str, Any]:
    """What the group alone says of a species."""
    light = activity(species.participant)
    turn = species.axis.turn.seen_from([species.q]) if species.axis else None
    return {
        "q": species.place or "GM",
        "label": species.label,
        "cdml": species.label if species.place else cdml_name(species.participant),
        "dimension": species.dimension,
        "pam": tuple(c.pam for c in species.components),
        "infrared": light.infrared,
        "raman": light.raman,
        "hyper_raman": light.hyper_raman,
        "characters": _characters(species.participant, species.arm),
        "infrared_light": infrared_light(species.participant, turn),
    }


@lru_cache(maxsize=4096)
def _characters(participant: Participant, arm: int) -> tuple[Character, ...]:
    """Characters of the operations of the little group."""
    members = [g for g, image in enumerate(participant.images[:, arm]) if image == arm]
    values = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    return tuple(
        Character(xyz=participant.group.operations[g].xyz, value=value)
        for g, value in zip(members, tidy_complex(values), strict=True)
    )


def turning_of(species: Species) -> tuple[Turning, ...]:
    """Describe how the atoms rotate in every component of a species."""
    return tuple(
        Turning(
            component=c.name,
            sign=motion.sign,
            am=motion.value,
            sites=dict(motion.site_words()),
            directions=tidy(motion.directions) if _elsewhere(species.axis, motion) else UNSET,
            box=tidy(motion.box) if _elsewhere(species.axis, motion) else UNSET,
        )
        for c, motion in zip(species.components, species.motions, strict=True)
    )


def _elsewhere(axis: Axis | None, motion: Motion) -> bool:
    """Whether J may point elsewhere than along the axis."""
    return bool(motion.directions) and (axis is None or motion.across(axis))


def by_order(species: Species) -> ByOrder | UnsetType:
    """Describe what light sees of a species through its velocity, in a magnetic crystal or in B."""
    crystal = species.matrices.crystal
    if crystal.magnetic is None or species.place:
        return UNSET
    from symchiral.rules.magnetism import odd_activity

    odd = odd_activity(crystal, species.participant)
    return ByOrder(infrared=odd.infrared, raman=odd.raman, hyper_raman=odd.hyper_raman)


def detailed(
    crystal: SymmetricCrystal, axis: Axis | None, q: QPoint, species: Sequence[Species]
) -> list[tuple[Turning, ...]]:
    """Add spin and orbital parts and parities to every component of the species of a wavevector."""
    group = crystal.group
    part = axis_at(crystal, axis, [q])
    planes = reflections(group, axis, q)
    found = []
    for item, parts in zip(species, spin_orbital(crystal, part, tuple(species)), strict=True):
        of_species = []
        for turning, component, shares in zip(
            turning_of(item), item.components, parts, strict=True
        ):
            of_species.append(
                Turning(
                    component=turning.component,
                    sign=turning.sign,
                    am=turning.am,
                    sites=turning.sites,
                    directions=turning.directions,
                    box=turning.box,
                    parts=None
                    if part is None
                    else tuple(
                        SpinOrbitalPart(
                            site=share.site,
                            atoms=tuple(share.atoms),
                            spin=str(share.spin),
                            orbital=share.orbital_pam,
                        )
                        for share in shares
                    ),
                    parities=tuple(
                        ParityOf(
                            seitz=group.standard_operations[parity.reflection.index].seitz,
                            xyz=group.operations[parity.reflection.index].xyz,
                            kind=group.standard_operations[parity.reflection.index].kind,
                            plane=parity.reflection.plane,
                            phases=tuple(parity.phases),
                        )
                        for parity in parities(item.participant, item.arm, component, planes)
                    ),
                )
            )
        found.append(tuple(of_species))
    return found
