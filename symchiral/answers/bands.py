"""The answer of ``bands``: all branches along a path.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from typing import Annotated, Literal

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
    tidy,
)
from symchiral.crystal.search import SymmetricCrystal
from symchiral.forces.bands import About, BandEnd, BandSegment
from symchiral.forces.bands import Bands as Dispersion
from symchiral.forces.quality import bands_notices
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
        segments=tuple(_segment(crystal, piece, PER_THZ[unit]) for piece in found.segments),
    )


def _segment(crystal: SymmetricCrystal, piece: BandSegment, factor: float) -> Segment:
    am = piece.am
    return Segment(
        start=_end(piece.start, factor),
        end=_end(piece.end, factor),
        line=piece.segment.place,
        axis=axis_of(crystal, piece.axis),
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
