"""What an answer says of a beam of light: where it travels, and how the sample stands.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta

from symchiral.answers.record import Matrix, Record, Vector, tidy
from symchiral.crystal.directions import (
    across_name,
    axis_name,
    direction_name,
    input_name,
    numbers_name,
)
from symchiral.crystal.search import SymmetricCrystal
from symchiral.fields.beam import Beam as FieldBeam
from symchiral.fields.beam import Geometry
from symchiral.fields.orientation import LAB
from symchiral.fields.orientation import Orientation as FieldOrientation
from symchiral.value import UNWRITTEN, Floats

LabAxis = Annotated[str, Meta(pattern=r"^-?[xyz]$")]


class Statement(Record, frozen=True, kw_only=True):
    """A direction of the crystal along a lab axis."""

    lab: LabAxis
    """Lab axis."""
    crystal: str
    """Direction of the crystal, as it was given."""


class Orientation(Record, frozen=True, kw_only=True):
    """Two directions of the crystal along two lab axes."""

    axes: Matrix
    """Rows: lab x, y, z as Cartesian unit vectors in the axes of the input."""
    stated: tuple[Statement, Statement]
    """The two statements as given."""
    tilt: Annotated[float, Meta(ge=0, le=90)]
    """Degrees by which the second direction was off the perpendicular of the first."""
    third: Statement | None = None
    """The direction of the crystal along the third lab axis; null where it has no simple name."""
    standard: str = ""
    """Direction [u v w] of the input cell that is c of the standard cell; empty where that is a
    vector of the input cell."""


class Beam(Record, frozen=True, kw_only=True):
    """Directions of incident and scattered light, Cartesian in the axes of the input."""

    direction: Vector
    """In which incident light travels."""
    scattered: Vector
    """In which scattered light travels."""
    geometry: Geometry
    """How they lie to each other."""
    frame: Matrix
    """Rows x, y and the fixed axis n = x × y, Cartesian unit vectors."""
    scattered_frame: Matrix
    """Rows x, y and the fixed axis n = x × y, Cartesian unit vectors."""
    order: Annotated[int, Meta(ge=3, le=6)] | None
    """Order of the axis along the beam, of which circular light is an eigenstate; null without
    one of order 3 or more."""
    orientation: Orientation | None
    """How the sample stands in the laboratory; null where directions were those of the crystal."""
    along: str = ""
    """Name of ``direction``: a, b or c of the input cell, else [u v w]; of an oriented sample
    ``lab z``."""
    horizontal: str = ""
    """Name of x, from which angles are counted."""
    about: str = ""
    """Name of n, about which angles are counted."""


def beam_of(crystal: SymmetricCrystal, beam: FieldBeam) -> Beam:
    """Describe a beam on a crystal."""
    axis, orientation = beam.axis, beam.orientation

    def name(vector: Floats) -> str:
        if orientation is None:
            return axis_name(crystal, vector)
        return _lab_name(orientation.to_lab(vector))

    return Beam(
        direction=tidy(beam.direction),
        scattered=tidy(beam.scattered),
        geometry=beam.geometry,
        frame=tidy(beam.frame),
        scattered_frame=tidy(beam.scattered_frame),
        order=axis.order if axis and axis.order >= 3 else None,
        orientation=None if orientation is None else _orientation(crystal, orientation),
        along=name(beam.direction),
        horizontal=name(beam.frame[0]) if orientation else across_name(crystal, beam.frame),
        about=name(beam.frame[2]),
    )


def _lab_name(inside: Floats) -> str:
    """``lab z``, ``lab [1 1 0]``: a direction by its components along lab x, y, z."""
    large = np.abs(inside) > UNWRITTEN * np.abs(inside).max()
    if large.sum() == 1:
        i = int(large.argmax())
        return f"lab {'-' if inside[i] < 0 else ''}{LAB[i]}"
    return f"lab {numbers_name(inside)}"


def _orientation(crystal: SymmetricCrystal, orientation: FieldOrientation) -> Orientation:
    first, second = (Statement(lab=lab, crystal=direction) for lab, direction in orientation.stated)
    third = next(k for k in LAB if k not in (first.lab[-1], second.lab[-1]))
    rest = direction_name(crystal, orientation.axes[LAB.index(third)])
    c = crystal.frame.direction([0, 0, 1], to="cartesian", source="standard")
    standard = input_name(crystal, c)
    return Orientation(
        axes=tidy(orientation.axes),
        stated=(first, second),
        tilt=orientation.tilt,
        # Of a direction that is no lattice direction the numbers say little.
        third=None if "." in rest else Statement(lab=third, crystal=rest),
        standard=standard if standard.startswith("[") else "",
    )
