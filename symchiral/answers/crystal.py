"""What an answer says of the crystal: cell, group, sites, axis, wavevectors, fields.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from symchiral.answers.record import (
    Count,
    Matrix,
    Rational,
    RationalVector,
    Record,
    Vector,
    Xyz,
    tidy,
)
from symchiral.crystal.directions import axis_name, direction_name
from symchiral.crystal.qpoint import QPoint, images
from symchiral.crystal.search import SymmetricCrystal, point_group_symbol
from symchiral.crystal.symmetric import Symmetry
from symchiral.irreps.axis import Axis, named_operation
from symchiral.irreps.stars import place_name, star_arms
from symchiral.modes.unbroken import conserved_order
from symchiral.value import UNWRITTEN

if TYPE_CHECKING:
    from symchiral.fields.background import Background

QCoordinate = Annotated[str, Meta(pattern=r"^[-+*/0-9uvw]+$")]


class MagneticGroup(Record, frozen=True, kw_only=True):
    """The magnetic space group and the moments."""

    type: Annotated[int, Meta(ge=1, le=4)]
    """Type of the magnetic space group: 1 no operation with time reversal, 3 half of the
    rotation parts with it, 4 time reversal with a translation."""
    bns: str | None
    """Number in the setting of Belov, Neronova and Smirnova; null if not found."""
    uni: int | None
    """Unified number, 1 to 1651; null if not found."""
    point_group: str
    """Magnetic point group, Hermann-Mauguin, axes of the standard setting."""
    time_signs: tuple[Annotated[int, Meta(ge=-1, le=1)], ...] | None
    """-1 for operations of the family group that come with time reversal; null for type 4."""
    moments: tuple[Vector, ...] | None
    """Magnetic moments of the atoms of the primitive cell, Cartesian, frame of the input (type
    4: of one copy of each atom); null where the structure has none."""
    moment_unit: Literal["mu_B"] = "mu_B"
    """Unit of moments."""


class PrimitiveCell(Record, frozen=True, kw_only=True):
    """The primitive cell all exact fractions of the document refer to: orientation of the input,
    standard origin.
    """

    cell: Matrix
    """Lattice vectors as rows. Unit: angstrom."""
    positions: tuple[Vector, ...]
    """Fractional coordinates of the atoms, averaged over the space group."""
    numbers: tuple[Annotated[int, Meta(ge=1)], ...]
    """Atomic numbers, in the order of the positions; from 201 on those of virtual elements."""
    natoms: Annotated[int, Meta(ge=1)]
    """Number of atoms in the primitive cell."""
    relation: tuple[str, str, str] = ("a", "b", "c")
    """Its lattice vectors in terms of those of the input cell, as ``(2a+b+c)/3``."""


class Site(Record, frozen=True, kw_only=True):
    """One orbit of symmetry-equivalent atoms."""

    name: str
    """Element, numbered where it has several orbits: ``Bi``, ``Se1``."""
    element: str
    """Chemical symbol."""
    wyckoff: Annotated[str, Meta(pattern=r"^[1-9][0-9]*[A-Za-z]$")]
    """Multiplicity in the standard cell and Wyckoff letter, ``6c``."""
    site_symmetry: str
    """Oriented site-symmetry symbol."""
    atoms: tuple[Count, ...]
    """Indices of its atoms in the primitive cell, from 0."""
    position: tuple[str, str, str] | None = None
    """Coordinates of its first atom in the standard cell, to four digits."""


class Structure(Record, frozen=True, kw_only=True):
    """The crystal, its space group and its primitive cell."""

    formula: str
    """Reduced formula, elements in the order of the input."""
    space_group: Annotated[int, Meta(ge=1, le=230)]
    """Space-group number."""
    hall_number: Annotated[int, Meta(ge=1, le=530)]
    """Hall number of spglib: the setting of the standard cell."""
    symbol: str
    """Short Hermann-Mauguin symbol."""
    point_group: str
    """Point group, Hermann-Mauguin."""
    schoenflies: str
    """Point group, Schoenflies."""
    magnetic: MagneticGroup | None
    """Null without magnetic moments or a magnetic field; then space_group is that of the
    family: all spatial parts of the magnetic group."""
    primitive: PrimitiveCell
    """The primitive cell."""
    sites: tuple[Site, ...]
    """Orbits of symmetry-equivalent atoms."""
    masses: tuple[float, ...] | UnsetType = UNSET
    """Only where the answer rests on them: masses of the atoms. Unit: amu."""


class AxisOfRotation(Record, frozen=True, kw_only=True):
    """The named operation about which rotation is counted: anticlockwise by 2pi/order seen from
    the tip of the direction.
    """

    kind: Literal["rotation", "screw", "rotoreflection"]
    """rotation, screw, or rotoreflection (S4 = sigma_h C4)."""
    order: Annotated[int, Meta(ge=2, le=6)]
    """The order n."""
    symbol: str
    """``3``, ``3_1``, ``-4``."""
    direction: Vector
    """Unit vector, Cartesian, frame of the input."""
    point: RationalVector
    """A point on the axis (the fixed point of a rotoreflection), fractional in the primitive
    cell."""
    screw: Rational
    """Screw translation in lattice vectors along the axis; 0 without."""
    xyz: Xyz
    """The operation in the primitive cell."""
    conserved_order: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    """Only where time reversal is broken: order of the largest rotation about this axis without
    time reversal. The modes of a magnetic crystal conserve l modulo that."""
    along: str = ""
    """Name of the direction: a, b or c of the input cell, else [u v w]."""
    through: tuple[str, str, str] = ("0", "0", "0")
    """A point of the axis in the input cell, as near the origin as one goes."""
    whole: Annotated[int, Meta(ge=1)] = 1
    """Order of the axis of the crystal of which this is the part that keeps every wavevector."""


class Wavevector(Record, frozen=True, kw_only=True):
    """One arm of a star."""

    label: str
    """Label of the point, ``GM`` for the zone centre."""
    arm: Annotated[int, Meta(ge=1)]
    """Arm of the star, from 1."""
    coordinates: tuple[QCoordinate, QCoordinate, QCoordinate]
    """Fractional coordinates in the reciprocal primitive basis: exact rationals, linear in the
    free parameters u, v, w on lines and planes."""


class StaticField(Record, frozen=True, kw_only=True):
    """Static fields the crystal stands in, Cartesian, frame of the input."""

    B: Vector | None
    """Direction of the magnetic field; null without."""
    E: Vector | None
    """Direction of the electric field; null without."""
    strain: Matrix | None
    """Strain, its largest eigenvalue of size 1; null without."""
    names: dict[str, str] = {}  # noqa: RUF012
    """Names of the directions of B and E: a, b or c of the input cell, else [u v w]."""


def structure(crystal: SymmetricCrystal, *, masses: object = None) -> Structure:
    """Describe a crystal in its primitive cell; with masses where the answer rests on them."""
    group, primitive = crystal.group, crystal.primitive
    return Structure(
        formula=primitive.formula,
        space_group=group.number,
        hall_number=group.hall_number,
        symbol=group.symbol,
        point_group=group.point_group,
        schoenflies=group.schoenflies,
        magnetic=_magnetic(crystal),
        primitive=PrimitiveCell(
            cell=tidy(primitive.cell),
            positions=tidy(primitive.positions),
            numbers=tuple(primitive.numbers.tolist()),
            natoms=len(primitive),
            relation=crystal.frame.relation,
        ),
        sites=tuple(
            Site(
                name=site.name,
                element=site.element,
                wyckoff=site.wyckoff,
                site_symmetry=site.symmetry,
                atoms=tuple(site.atoms),
                position=standard_position(crystal, site.atoms[0]),
            )
            for site in crystal.sites
        ),
        masses=UNSET if masses is None else tidy(masses),
    )


def standard_position(crystal: SymmetricCrystal, atom: int) -> tuple[str, str, str]:
    """Coordinates of an atom in the standard cell, ``0.0000``, ``0.0000``, ``0.4008``."""
    x = crystal.frame.point(crystal.primitive.positions[atom], to="standard", source="primitive")
    a, b, c = (f"{v % 1 + 0.0:.4f}" for v in (x + 1e-9).round(6))
    return a, b, c


def _magnetic(crystal: SymmetricCrystal) -> MagneticGroup | None:
    names = crystal.magnetic
    if names is None:
        return None
    from symchiral.rules.magnetism import site_moments

    moments = site_moments(crystal)
    return MagneticGroup(
        type=names.type,
        bns=names.bns,
        uni=names.uni,
        point_group=names.point_group,
        time_signs=None if crystal.signs is None else tuple(crystal.signs),
        moments=None if moments is None else tidy(moments, 9),
    )


def axis_of(crystal: Symmetry, axis: Axis | None) -> AxisOfRotation | None:
    """Describe an axis of rotation."""
    if axis is None:
        return None
    return AxisOfRotation(
        kind=axis.kind,
        order=axis.order,
        symbol=axis.symbol,
        direction=tidy(axis.direction),
        point=(str(axis.point[0]), str(axis.point[1]), str(axis.point[2])),
        screw=str(Fraction(axis.screw, axis.order)),
        xyz=named_operation(crystal, axis).xyz,
        # Where time reversal is broken the operation may come with it.
        conserved_order=UNSET if crystal.signs is None else conserved_order(crystal, axis),
        along=axis_name(crystal, axis.direction),
        through=_through(crystal, axis),
        whole=axis.whole,
    )


def _through(crystal: Symmetry, axis: Axis) -> tuple[str, str, str]:
    """A point of the axis in the input cell; of a line, one as near the origin as it goes.

    Along a, b or c that is where it has coordinate 0 there, else the foot of the perpendicular.
    """
    frame = crystal.frame
    x = frame.point([float(v) for v in axis.point], to="input", source="primitive")
    inside = frame.direction(axis.direction, to="input", source="cartesian")
    large = abs(inside) > UNWRITTEN * abs(inside).max()
    if axis.kind != "rotoreflection":
        foot = axis.direction @ frame.direction(x, to="cartesian", source="input")
        x = x * ~large if large.sum() == 1 else x - foot * inside
    a, b, c = (f"{v:g}" for v in x.round(4) + 0.0)
    return a, b, c


def wavevector(crystal: Symmetry, q: QPoint) -> Wavevector:
    """Describe a wavevector: its name, its place in the star, its coordinates."""
    return Wavevector(
        label=place_name(crystal.group, q) or "GM",
        arm=1 + star_arms(crystal.group, q).index(q.reduced),
        coordinates=q.texts,
    )


def little_cogroup(crystal: SymmetricCrystal, q: QPoint) -> str:
    """Hermann–Mauguin symbol of the little co-group of a wavevector."""
    group = crystal.group
    members = [g for g, image in enumerate(images(group, q)) if image == q.reduced]
    return point_group_symbol(group.rotations[members])


def static_field(crystal: SymmetricCrystal, background: Background | None) -> StaticField | None:
    """Describe the static fields a crystal stands in."""
    if background is None:
        return None
    vectors = {"B": background.magnetic, "E": background.electric}
    return StaticField(
        B=None if background.magnetic is None else tidy(background.magnetic),
        E=None if background.electric is None else tidy(background.electric),
        strain=None if background.strain is None else tidy(background.strain),
        names={
            k: direction_name(crystal, np.asarray(v)) for k, v in vectors.items() if v is not None
        },
    )
