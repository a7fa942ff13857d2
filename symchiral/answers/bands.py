"""The answer of ``bands``: all branches along a path.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from symchiral.answers.crystal import AxisOfRotation, Structure, axis_of, structure
from symchiral.answers.record import (
    Answer,
    Count,
    FrequencyUnit,
    Record,
    Units,
    Vector,
    beginning,
    number,
    tidy,
)
from symchiral.forces.bands import About, BandEnd, BandSegment
from symchiral.forces.bands import Bands as Dispersion
from symchiral.forces.bands_notices import bands_notices
from symchiral.units import PER_THZ


class UnitsOfBands(Units, frozen=True, kw_only=True):
    """Units of the numbers in this document."""

    distance: Literal["1/angstrom"] = "1/angstrom"
    """Of the length along the path (with 2π)."""
    frequency: FrequencyUnit
    """Of all frequencies."""


class Level(Record, frozen=True, kw_only=True):
    """A multiplet at an end of a piece."""

    label: str
    """Species at that wavevector."""
    number: Annotated[int, Meta(ge=1)] | None
    """Which multiplet of the species, from the lowest frequency; null for rigid translations."""
    frequency: float
    """Negative if unstable."""
    pam: tuple[str, ...]
    """l of the partners about the axis; empty where no axis keeps the wavevector."""
    am: tuple[float | None, ...]
    """Angular momentum of the partners about the axis; null where it does not exist. Unit:
    hbar."""


class End(Record, frozen=True, kw_only=True):
    """An end of a piece of the path."""

    label: str
    """Name of the wavevector."""
    coordinates: Vector
    """On the primitive reciprocal basis."""
    levels: tuple[Level, ...]
    """Multiplets, from the lowest; empty where the wavevector is no special point."""
    branch_levels: tuple[Count, ...]
    """For every branch the place of its multiplet in levels, by frequency."""


class Branch(Record, frozen=True, kw_only=True):
    """One of the 3N modes along a piece."""

    species: str
    """Its species on the line."""
    order: Annotated[int, Meta(ge=1)]
    """Which multiplet of the species, from the lowest."""
    component: str
    """What stands in parentheses; empty for the only component."""
    dimension: Annotated[int, Meta(ge=1)]
    """Number of partners of equal frequency, itself included."""
    pam: str | None
    """l = l0 + s u as text; null without an axis that keeps the piece."""
    frequency: tuple[float, ...]
    """At every wavevector; negative if unstable."""
    am: tuple[float, ...] | None
    """Angular momentum about direction at every wavevector; null for partners that no axis
    tells apart. Unit: hbar."""
    l: tuple[float, ...] | None = None
    """l at every wavevector, balanced; null without an axis that keeps the piece."""
    am_vector: tuple[Vector, ...] | None = None
    """Angular momentum at every wavevector, Cartesian; null for partners that no axis tells
    apart. Unit: hbar."""
    helicity: tuple[float | None, ...] | None = None
    """Angular momentum along the wavevector, as it stands in coordinates, at every wavevector; null
    at q = 0, and for partners that no axis tells apart. Unit: hbar."""


class Segment(Record, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A straight piece of the path on one line, plane or general position."""

    start: End
    """Where it starts."""
    end: End
    """Where it ends."""
    line: str
    """Name of the line or plane; GP for a general position."""
    axis: AxisOfRotation | None
    """The axis that keeps every wavevector of it, null if there is none."""
    direction: Vector
    """Cartesian unit vector about which angular momentum is counted."""
    coordinates: tuple[Vector, ...]
    """Wavevectors on the primitive reciprocal basis."""
    distance: tuple[float, ...]
    """Length along the path."""
    u: tuple[float, ...] | None
    """q·c/2π along the axis, null without one."""
    branches: tuple[Branch, ...]
    """The 3N branches."""


class FlatBranch(Record, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """One branch at one wavevector as a flat record."""

    segment: Annotated[int, Meta(ge=1)]
    """Which piece of the path, from 1."""
    start: str
    """Name of the wavevector where the piece starts."""
    end: str
    """Name of the one where it ends."""
    line: str
    """Name of the line or plane; GP for a general position."""
    q1: float
    """Wavevector, on the first vector of the primitive reciprocal basis."""
    q2: float
    """On the second."""
    q3: float
    """On the third."""
    distance: float
    """Length along the path."""
    branch: Annotated[int, Meta(ge=1)]
    """Which branch of the piece, from 1."""
    species: str
    """Its species on the line."""
    order: Annotated[int, Meta(ge=1)]
    """Which multiplet of the species, from the lowest."""
    component: str
    """What stands in parentheses; empty for the only component."""
    pam: str | None
    """l = l0 + s u as text; null without an axis that keeps the piece."""
    l: float | None
    """Its value here, balanced."""
    frequency: float
    """Negative if unstable."""
    frequency_unit: FrequencyUnit
    """Unit of frequency."""
    am: float | None
    """Angular momentum about direction; null for partners that no axis tells apart. Unit: hbar."""
    am_x: float | None
    """Angular momentum, Cartesian. Unit: hbar."""
    am_y: float | None
    """Unit: hbar."""
    am_z: float | None
    """Unit: hbar."""
    helicity: float | None
    """Angular momentum along the wavevector; null at q = 0. Unit: hbar."""
    sites: str | None
    """Sites whose atoms alone the angular momenta are of; null for all atoms."""


class Bands(Answer, frozen=True, kw_only=True, tag="symchiral/bands/1"):
    """What ``symchiral bands --json`` prints and writes: all branches along a path."""

    units: UnitsOfBands
    """Units of the numbers in this document."""
    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    about: About
    """What angular momentum is counted about: the axis of the crystal (z without one), or the
    direction of every piece."""
    segments: tuple[Segment, ...]
    """The pieces of the path."""
    sites: tuple[str, ...] = ()
    """Sites whose atoms alone every angular momentum in this document is of; empty for all
    atoms."""

    row_types: ClassVar[tuple[type[Record], ...]] = (FlatBranch,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        unit, sites = self.units.frequency, " ".join(self.sites) or None
        return FlatBranch, [
            _row(number, piece, i, branch, unit, sites)
            for number, piece in enumerate(self.segments, 1)
            for i in range(len(piece.coordinates))
            for branch in range(len(piece.branches))
        ]


def _row(
    number: int, piece: Segment, i: int, place: int, unit: FrequencyUnit, sites: str | None
) -> FlatBranch:
    """A branch at the wavevector i of a piece."""
    branch = piece.branches[place]
    x, y, z = (None, None, None) if branch.am_vector is None else branch.am_vector[i]
    q1, q2, q3 = piece.coordinates[i]
    return FlatBranch(
        segment=number,
        start=piece.start.label,
        end=piece.end.label,
        line=piece.line,
        q1=q1,
        q2=q2,
        q3=q3,
        distance=piece.distance[i],
        branch=place + 1,
        species=branch.species,
        order=branch.order,
        component=branch.component,
        pam=branch.pam,
        l=None if branch.l is None else branch.l[i],
        frequency=branch.frequency[i],
        frequency_unit=unit,
        am=None if branch.am is None else branch.am[i],
        am_x=x,
        am_y=y,
        am_z=z,
        helicity=None if branch.helicity is None else branch.helicity[i],
        sites=sites,
    )


def bands(found: Dispersion, *, unit: FrequencyUnit = "THz") -> Bands:
    """Answer how modes disperse along a path.

    Parameters
    ----------
    unit : str
        Of frequencies.
    """
    crystal = found.crystal
    return Bands(
        **beginning(crystal, bands_notices(found), units=UnitsOfBands(frequency=unit)),
        structure=structure(crystal),
        axis=axis_of(crystal, found.axis),
        about=found.about,
        segments=tuple(_segment(found, piece, PER_THZ[unit]) for piece in found.segments),
        sites=found.sites,
    )


def _segment(found: Dispersion, piece: BandSegment, factor: float) -> Segment:
    am, helicity = piece.am, found.helicity(piece)
    return Segment(
        start=_end(piece.start, factor),
        end=_end(piece.end, factor),
        line=piece.segment.place,
        axis=axis_of(found.crystal, piece.axis),
        direction=tidy(piece.direction),
        coordinates=tidy(piece.coordinates),
        distance=tidy(piece.distance, 9),
        u=tidy(piece.u, 9) if piece.axis is not None else None,
        branches=tuple(
            Branch(
                species=branch.label,
                order=branch.order,
                component=branch.component,
                dimension=branch.dimension,
                pam=piece.pam_text(i),
                frequency=tidy(piece.frequencies[:, i] * factor, 9),
                am=tidy(am[:, i], 9) if branch.fixed else None,
                l=None if (l := piece.pam(i)) is None else tidy(l, 9),
                am_vector=tidy(piece.am_vectors[:, i], 9) if branch.fixed else None,
                helicity=tuple(map(number, tidy(helicity[:, i], 9))) if branch.fixed else None,
            )
            for i, branch in enumerate(piece.branches)
        ),
    )


def _end(end: BandEnd, factor: float) -> End:
    return End(
        label=end.point.label,
        coordinates=tidy(end.point.coordinates),
        levels=tuple(
            Level(
                label=level.label,
                number=level.number,
                frequency=round(level.frequency * factor, 9) + 0.0,
                pam=level.pams,
                am=tuple(None if x is None else round(x, 9) + 0.0 for x in level.ams),
            )
            for level in end.levels
        ),
        branch_levels=tuple(end.members.tolist()),
    )
