"""Species: the irreps that the vibrations of a crystal realise, and how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.sites import Site
from symchiral.irreps.axis import Axis
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Component, components
from symchiral.irreps.participant import Participant
from symchiral.modes.displacement import displacement_characters
from symchiral.modes.motion import Motion, motion
from symchiral.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class Species(Value):
    r"""An irrep of the zone centre with the modes of a crystal that belong to it.

    The number of modes is :math:`n = \sum_g χ(g) χ_u(g) / \sum_g χ(g)^2` with χ_u the character
    of all displacements; the same sum over the atoms of one site counts that site's share.

    Attributes
    ----------
    participant : Participant
        The irrep as a real field.
    count : int
        Number of multiplets, acoustic ones included.
    acoustic : int
        Number of them that are rigid translations.
    sites : tuple of (Site, int)
        Sites whose atoms move in this species, and how many multiplets each gives.
    components : tuple of Component
        Its components on the axis.
    motions : tuple of Motion
        How the atoms turn, one per component.
    """

    participant: Participant
    count: int
    acoustic: int
    sites: tuple[tuple[Site, int], ...]
    components: tuple[Component, ...]
    motions: tuple[Motion, ...]

    @property
    def label(self) -> str:
        """Mulliken name."""
        return self.participant.name

    @property
    def dimension(self) -> int:
        """Number of modes per multiplet."""
        return self.participant.dimension

    @property
    def optical(self) -> int:
        """Number of multiplets that are no rigid translations."""
        return self.count - self.acoustic

    def __repr__(self) -> str:
        acoustic = f", {self.acoustic} acoustic" if self.acoustic else ""
        return f"Species({self.count} {self.label}{acoustic})"


def find_species(crystal: SymmetricCrystal, axis: Axis | None) -> tuple[Species, ...]:
    """Return the species of a crystal at the zone centre, resolved on an axis.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis of rotation, None where there is none.
    """
    per_atom = displacement_characters(crystal)
    per_site = np.stack([per_atom[:, list(site.atoms)].sum(axis=1) for site in crystal.sites], 1)
    polar = np.trace(crystal.rotations, axis1=1, axis2=2)
    found = []
    for participant in zone_centre(crystal.group):
        counts = _multiplicity(participant, per_site)
        if not counts.any():
            continue
        parts = components(participant, axis.key if axis else None, axis.order if axis else 1)
        sites = tuple((s, int(n)) for s, n in zip(crystal.sites, counts, strict=True) if n)
        found.append(
            Species(
                participant=participant,
                count=int(counts.sum()),
                acoustic=int(_multiplicity(participant, polar)),
                sites=sites,
                components=parts,
                motions=tuple(motion(crystal, participant, c, axis, sites) for c in parts),
            )
        )
    return tuple(found)


def _multiplicity(
    participant: Participant, characters: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    norm = participant.characters @ participant.characters
    exact = participant.characters @ characters / norm
    counts = np.rint(exact)
    if np.max(np.abs(exact - counts)) > 1e-6:
        raise ValueError(f"{participant} does not divide the displacements evenly: {exact}")
    return counts.astype(np.int64)
