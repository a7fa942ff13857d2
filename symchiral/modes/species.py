"""Species: the irreps of a group at a wavevector, and how often the vibrations of a crystal realise
them.

:func:`find_species` is where to start, :func:`group_species` where there is no crystal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from symchiral.crystal.qpoint import GAMMA, QPoint, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.sites import Site
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.crystal.symmetric import Symmetry
from symchiral.display import Shown
from symchiral.engine.coupling import COPIES
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component, components
from symchiral.irreps.participant import Participant
from symchiral.irreps.stars import star_irreps
from symchiral.modes.displacement import SiteMatrices, site_characters
from symchiral.modes.motion import Motion, motions, motions_of_group
from symchiral.value import ROUNDED, Complex, Integers, Value, frozen

SEVERAL = len(COPIES)
"""Modes of every species that are supposed where no crystal says how many there are."""


@dataclass(frozen=True, eq=False, repr=False)
class GroupSpecies(Value, Shown):
    """An irrep at one wavevector on an axis, as the group alone knows it.

    Attributes
    ----------
    participant : Participant
        The irrep as a real field on its whole star.
    arm : int
        The arm of the star that is this wavevector.
    components : tuple of Component
        Its components on the axis.
    axis : Axis or None
        The axis.
    symmetry : Symmetry
        The group and its Cartesian axes.
    """

    participant: Participant
    arm: int
    components: tuple[Component, ...]
    axis: Axis | None
    symmetry: Symmetry

    @cached_property
    def motions(self) -> tuple[Motion, ...]:
        """How the atoms rotate, one per component, as far as symmetry fixes it."""
        return motions_of_group(
            self.symmetry, self.participant, self.arm, self.components, self.axis
        )

    @property
    def multiplets(self) -> int:
        """Number of multiplets, acoustic ones included."""
        return SEVERAL

    @property
    def optical(self) -> int:
        """Number of multiplets that are no rigid translations."""
        return SEVERAL

    @property
    def label(self) -> str:
        """Mulliken name at the zone centre, CDML name elsewhere."""
        return self.participant.names[self.arm]

    @property
    def place(self) -> str:
        """Name of the wavevector as legs print it after ``@``; empty at the zone centre."""
        return self.participant.places[self.arm]

    @property
    def key(self) -> str:
        """Label and place, ``K1@K``: unique in a rulebook."""
        return self.label + (f"@{self.place}" if self.place else "")

    @property
    def q(self) -> QPoint:
        """The wavevector."""
        return self.participant.arms[self.arm]

    @property
    def dimension(self) -> int:
        """Number of modes per multiplet."""
        return self.participant.dimension

    def __repr__(self) -> str:
        return f"GroupSpecies({self.key})"


@dataclass(frozen=True, eq=False, repr=False)
class Species(GroupSpecies):
    r"""An irrep with the modes of a crystal that belong to it, at one wavevector.

    The number of modes is :math:`n = \sum_g χ_u(g) χ(g)^* / \sum_g |χ(g)|^2` over the little
    group, with χ_u the character of all displacements; the same sum over the atoms of one site
    counts that site's share.

    Attributes
    ----------
    participant, arm, components, axis, symmetry
        As of ``GroupSpecies``; the symmetry is the crystal.
    count : int
        Number of multiplets, acoustic ones included.
    acoustic : int
        Number of them that are rigid translations.
    sites : tuple of (Site, int)
        Sites whose atoms move in this species, and how many multiplets each gives.
    matrices : SiteMatrices
        How the little group moves the atoms of every site.
    """

    count: int
    acoustic: int
    sites: tuple[tuple[Site, int], ...]
    matrices: SiteMatrices

    @cached_property
    def motions(self) -> tuple[Motion, ...]:
        """How the atoms rotate, one per component, as far as symmetry fixes it."""
        return motions(
            self.matrices.crystal,
            self.participant,
            self.arm,
            self.components,
            self.axis,
            self.sites,
            self.matrices,
        )

    @property
    def multiplets(self) -> int:
        """The ``count``."""
        return self.count

    @property
    def optical(self) -> int:
        """Number of multiplets that are no rigid translations."""
        return self.count - self.acoustic

    def __repr__(self) -> str:
        acoustic = f", {self.acoustic} acoustic" if self.acoustic else ""
        return f"Species({self.count} {self.key}{acoustic})"


def group_species(
    symmetry: Symmetry, axis: Axis | None, q: QPoint = GAMMA
) -> tuple[GroupSpecies, ...]:
    """Return every irrep of a group at a wavevector, resolved on an axis.

    Parameters
    ----------
    symmetry : Symmetry
        The group.
    axis : Axis or None
        The axis of rotation; it must leave q where it is.
    q : QPoint
        The wavevector; on a line a generic point of it.
    """
    turn = axis.turn.seen_from([q]) if axis else None
    found = []
    for participant in star_irreps(symmetry.group, q):
        arm = participant.arms.index(q.reduced)
        parts = components(participant, turn, arm)
        found.append(GroupSpecies(participant, arm, parts, axis, symmetry))
    return tuple(found)


def find_species(
    crystal: SymmetricCrystal, axis: Axis | None, q: QPoint = GAMMA
) -> tuple[Species, ...]:
    """Return the species of a crystal at a wavevector, resolved on an axis.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis of rotation, None where there is none; it must leave q where it is.
    q : QPoint
        The wavevector; on a line a generic point of it.
    """
    table = _characters(crystal.group, q)
    turn = axis.turn.seen_from([q]) if axis else None
    matrices = SiteMatrices(crystal, q)
    found = []
    for participant, arm, acoustic, counts in zip(
        table.participants,
        table.arms,
        table.acoustic,
        table.multiplicities(site_characters(crystal, q, table.members)).tolist(),
        strict=True,
    ):
        if any(counts):
            found.append(
                Species(
                    participant=participant,
                    arm=arm,
                    symmetry=crystal,
                    count=sum(counts),
                    acoustic=acoustic,
                    sites=tuple((s, n) for s, n in zip(crystal.sites, counts, strict=True) if n),
                    components=components(participant, turn, arm),
                    axis=axis,
                    matrices=matrices,
                )
            )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Characters:
    r"""The irreps of a group at a wavevector, ready to be counted in displacements.

    Attributes
    ----------
    participants : tuple of Participant
        The irreps.
    arms : tuple of int
        The arm of each that is this wavevector.
    weights : (S, H) complex
        :math:`χ(g)^* / \sum_h |χ(h)|^2` over the little group.
    members : tuple of int
        The little group.
    acoustic : tuple of int
        How often each is in the rigid translations; 0 but at the zone centre.
    """

    participants: tuple[Participant, ...]
    arms: tuple[int, ...]
    weights: Complex
    members: tuple[int, ...]
    acoustic: tuple[int, ...] = ()

    def multiplicities(self, characters: Complex) -> Integers:
        """How often each irrep is in representations with these characters, (H, …)."""
        exact = self.weights @ characters
        counts = np.rint(exact.real)
        if np.abs(exact - counts).max(initial=0.0) > ROUNDED:
            raise ValueError(f"an irrep does not divide the displacements evenly: {exact}")
        return np.asarray(counts, dtype=np.int64)


@lru_cache(maxsize=4096)
def _characters(group: SpaceGroup, q: QPoint) -> _Characters:
    members = little_group(group, q)
    participants = star_irreps(group, q)
    arms = tuple(p.arms.index(q.reduced) for p in participants)
    rows = np.array(
        [
            np.trace(p.matrices[list(members), arm], axis1=1, axis2=2)
            for p, arm in zip(participants, arms, strict=True)
        ]
    )
    weights = frozen(rows.conj() / (np.abs(rows) ** 2).sum(axis=1, keepdims=True))
    table = _Characters(participants, arms, weights, members, (0,) * len(participants))
    if q.reduced != GAMMA:
        return table
    polar = np.trace(group.rotations[list(members)], axis1=1, axis2=2)
    return replace(table, acoustic=tuple(table.multiplicities(polar).tolist()))
