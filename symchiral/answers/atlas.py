"""The answer of ``atlas``: the rules of a group without a crystal.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from symchiral.answers.channel import Row
from symchiral.answers.crystal import AxisOfRotation, axis_of
from symchiral.answers.predict import Table, Vertex, table, vertex
from symchiral.answers.record import Answer, Count, Input, Record, opening
from symchiral.answers.species import SpeciesOfGroup, species_of_group
from symchiral.rules.listing import listing
from symchiral.rules.waves import Letter, Waves
from symchiral.rules.waves import Wave as RuleWave

if TYPE_CHECKING:
    from symchiral.crystal.crystal import Notice
    from symchiral.rules.atlas import Atlas as RuleAtlas


class Group(Record, frozen=True, kw_only=True):
    """The group whose rules are told."""

    name: str
    """Its name, of a class ``D3d (-3m)``, of a space group ``R-3m (166)``."""
    whole_class: bool
    """Whether the class is meant: what is told holds at the zone centre of all its groups, and
    the space group is the one in whose axes it is told."""
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
    relation: tuple[str, str, str]
    """Lattice vectors of the primitive cell, to which wavevectors and operations refer, in terms
    of those of the standard cell, as ``(2a+b+c)/3``."""


class Wave(Record, frozen=True, kw_only=True):
    """How a quantity may depend on the wavevector q, to lowest degree."""

    degree: Count | None
    """Lowest degree in q; null where the quantity vanishes at every wavevector."""
    letter: Letter | None
    """s, p, d, f, ... for degree 0, 1, 2, 3, ...; null where it vanishes."""
    forms: tuple[tuple[str, ...], ...]
    """The polynomials of that degree that symmetry allows, one entry per real coefficient: of a
    vector three, its Cartesian components. x is along a of the standard cell, y in the plane of a
    and b, z along c."""


class WavesOfGroup(Record, frozen=True, kw_only=True):
    """What the class says of angular momentum anywhere in the zone, without magnetic order."""

    helicity: Wave
    """Of the helicity h = J.q/|q| of a branch, a pseudoscalar even in q."""
    angular_momentum: Wave
    """Of the angular momentum J of a branch, an axial vector odd in q."""
    thermal: tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]]
    """The tensor alpha of J_i = alpha_ij dT/dx_j by its independent coefficients a, b, ...; axes
    as of the forms."""
    thermal_coefficients: Count
    """Number of its independent coefficients."""


class Atlas(Answer, frozen=True, kw_only=True, tag="symchiral/atlas/1"):
    """What ``symchiral atlas --json`` prints: every allowed (and undecided) channel of all irreps
    of a group, with ``--all`` the forbidden ones too.
    """

    order: Annotated[int, Meta(ge=3)]
    """Quanta in and out together."""
    group: Group
    """The group."""
    axis: AxisOfRotation | None
    """The axis of rotation, in the standard cell; null where the group has none."""
    species: tuple[SpeciesOfGroup, ...]
    """Species of vibrations that crystals of the group can have at the wavevectors of vertices."""
    vertices: tuple[Vertex, ...]
    """Wavevectors that close, and the transfers between them."""
    waves: WavesOfGroup
    """How helicity and angular momentum depend on the wavevector."""
    table: Table | None = None
    """With one vertex, its transfers as the terminal shows them."""

    row_types: ClassVar[tuple[type[Record], ...]] = (Row, Vertex)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return (Vertex, self.vertices) if self.table is None else (Row, self.table.rows)


def atlas(
    found: RuleAtlas,
    *,
    name: str | None = None,
    notices: Sequence[Notice] = (),
    everything: bool = False,
    channels: bool = True,
) -> Atlas:
    """Answer which transfers a group allows.

    Parameters
    ----------
    name : str, optional
        The group as the user named it.
    notices : sequence of Notice
        What the user should know about that name.
    everything : bool
        List the forbidden channels too, each with its witness.
    channels : bool
        List channels at all: the terminal's table is without their invariants and reasons.
    """
    group, cell = found.group, found.cell
    single = found.books[0] if len(found.books) == 1 else None
    return Atlas(
        **opening(Input(path=name, sha256=None, files=()), notices, symprec=cell.symprec),
        order=found.order,
        group=Group(
            name=found.name,
            whole_class=found.whole_class,
            space_group=group.number,
            hall_number=group.hall_number,
            symbol=group.symbol,
            point_group=group.point_group,
            schoenflies=group.schoenflies,
            relation=cell.frame.relation,
        ),
        axis=axis_of(cell, found.axis),
        species=species_of_group(found.species),
        vertices=tuple(
            vertex(cell, book, None if channels and not everything else listed)
            for book in found.books
            for listed in [book.everything if channels else ()]
        ),
        waves=waves(found.waves),
        table=None if single is None else table(cell, listing(single)),
    )


def waves(found: Waves) -> WavesOfGroup:
    """Describe how helicity and angular momentum depend on the wavevector."""
    a, b, c = (
        (x[0], x[1], x[2])
        for x in (tuple(found.thermal.entry(i, j) for j in range(3)) for i in range(3))
    )
    return WavesOfGroup(
        helicity=_wave(found.helicity),
        angular_momentum=_wave(found.angular_momentum),
        thermal=(a, b, c),
        thermal_coefficients=len(found.thermal),
    )


def _wave(wave: RuleWave) -> Wave:
    return Wave(degree=wave.degree, letter=wave.letter, forms=wave.forms)
