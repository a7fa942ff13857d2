"""The answer of ``show``: group, axes, operations, sites, and the species of wavevectors.

The records come first, then the function that fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import asdict

from symchiral.answers.changes import Changes
from symchiral.answers.crystal import (
    AxisOfRotation,
    StaticField,
    Structure,
    Wavevector,
    axis_of,
    little_cogroup,
    standard_position,
    static_field,
    structure,
    wavevector,
)
from symchiral.answers.magnetism import Magnetism, magnetism
from symchiral.answers.record import Answer, Record, Xyz, beginning
from symchiral.answers.species import SpeciesOfModes, Turning, detailed, species_of
from symchiral.answers.waves import WavesOfCrystal, waves
from symchiral.crystal.operation import OperationKind
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.fields.background import Background
from symchiral.irreps.axis import Axis, axis_at, symmetry_axes
from symchiral.modes.species import Species, find_species

Detail = Literal["l", "rotation", "parts"]
"""How much is told of every component: its pseudo-angular momentum, also how the atoms rotate, also
spin and orbital parts and parities."""


class OperationOfGroup(Record, frozen=True, kw_only=True):
    """One operation of the space group."""

    seitz: str
    """Seitz symbol in the standard setting."""
    kind: OperationKind
    """What it is."""
    order: Annotated[int, Meta(ge=1, le=6)]
    """Smallest k > 0 with W^k = 1."""
    direction: tuple[int, int, int] | None
    """Axis of its proper part in the standard setting; null for identity and inversion."""
    standard_xyz: Xyz
    """The operation in the standard setting."""
    xyz: Xyz
    """The operation in the primitive cell."""


class AxisOfSymmetry(Record, frozen=True, kw_only=True):
    """One symmetry axis."""

    symbol: Annotated[str, Meta(pattern=r"^-?[2346]$")]
    """Its order; a leading minus marks a rotoreflection."""
    along: str
    """Its direction in the input cell, ``[0 0 1]``."""


class ShownWavevector(Wavevector, frozen=True, kw_only=True):
    """A wavevector and its symmetry."""

    little_cogroup: str
    """Hermann-Mauguin symbol of the little co-group."""
    axis: str | None
    """Symbol of the largest rotation about the axis that keeps this wavevector; null if none
    does."""


class Show(Answer, frozen=True, kw_only=True, tag="symchiral/show/1"):
    """What ``symchiral show --json`` prints: the symmetry of a crystal and of its vibrations."""

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    axes: tuple[Annotated[str, Meta(pattern=r"^-?[2346] along \[[^\]]+\]$")], ...]
    """Order and direction (input cell) of every symmetry axis, highest order first: ``3 along
    [0 0 1]``; a leading minus marks a rotoreflection."""
    operations: tuple[OperationOfGroup, ...]
    """Operations of the space group in the primitive cell."""
    q: tuple[ShownWavevector, ...]
    """Wavevectors that were asked for."""
    species: tuple[SpeciesOfModes, ...]
    """Species of vibrations, wavevector by wavevector: those of one have three modes per atom."""
    magnetism: Magnetism | None
    """What magnetic order or a magnetic field makes of the zone centre; null without them."""
    field: StaticField | None
    """Static fields the crystal stands in, Cartesian, frame of the input; null without."""
    changes: Changes | None
    """What the field changes; null without one."""
    symmetry_axes: tuple[AxisOfSymmetry, ...] = ()
    """The axes again, order and direction apart."""
    positions: tuple[tuple[str, str, str], ...] = ()
    """Standard cell: coordinates of the atoms of the primitive cell, to four digits."""
    waves: WavesOfCrystal | None = None
    """How helicity and angular momentum of phonons depend on the wavevector; null in answers of
    versions that did not tell it."""

    row_types: ClassVar[tuple[type[Record], ...]] = (SpeciesOfModes,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return SpeciesOfModes, self.species


def show(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    points: Sequence[QPoint],
    *,
    detail: Detail = "parts",
    background: Background | None = None,
    changes: Changes | None = None,
) -> Show:
    """Answer what symmetry a crystal has, and which species live at wavevectors.

    Parameters
    ----------
    axis : Axis or None
        The axis of rotation.
    points : sequence of QPoint
        The wavevectors.
    detail : str
        How much to tell of the components of species.
    background : Background, optional
        The static fields the crystal stands in.
    changes : Changes, optional
        What they change.
    """
    shown: list[ShownWavevector] = []
    species: list[SpeciesOfModes] = []
    for q in points:
        part = axis_at(crystal, axis, [q])
        shown.append(
            ShownWavevector(
                **asdict(wavevector(crystal, q)),
                little_cogroup=little_cogroup(crystal, q),
                axis=None if part is None else part.symbol,
            )
        )
        found = find_species(crystal, part, q)
        species += species_of(found, details=_details(crystal, axis, q, found, detail))
    axes = symmetry_axes(crystal)
    return Show(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, axis),
        axes=tuple(map(str, axes)),
        operations=tuple(
            OperationOfGroup(
                seitz=standard.seitz,
                kind=standard.kind,
                order=standard.order,
                direction=standard.direction,
                standard_xyz=standard.xyz,
                xyz=primitive.xyz,
            )
            for standard, primitive in zip(
                crystal.group.standard_operations, crystal.group.operations, strict=True
            )
        ),
        q=tuple(shown),
        species=tuple(species),
        magnetism=magnetism(crystal, find_species(crystal, axis)),
        field=static_field(crystal, background),
        changes=changes,
        symmetry_axes=tuple(AxisOfSymmetry(symbol=a.symbol, along=a.along) for a in axes),
        positions=tuple(standard_position(crystal, i) for i in range(len(crystal.primitive))),
        waves=waves(crystal),
    )


def _details(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    q: QPoint,
    species: Sequence[Species],
    detail: Detail,
) -> Sequence[Sequence[Turning]] | None:
    """What to tell of the components; None for what every answer tells."""
    if detail == "parts":
        return detailed(crystal, axis, q, species)
    return [()] * len(species) if detail == "l" else None
