"""How the group acts at a wavevector, as arrays: T(g) and the projectors on species."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symchiral.crystal.qpoint import QPoint, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.modespace import mode_space
from symchiral.units import counted
from symchiral.value import Complex, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Operators(Value):
    r"""T(g) of the little group of a wavevector, and projectors that commute with them.

    Attributes
    ----------
    q : QPoint
        The wavevector.
    operations : tuple of int
        Indices of the operations in ``crystal.group.operations``.
    matrices : (G, 3N, 3N) complex
        :math:`T(g)_{κ'α,κβ} = R_{αβ} e^{-iq·(g r_κ - r_κ)}`, atom-major, phase with the position of
        the atom; :math:`T D T^† = D`.
    species : mapping of str to (3N, 3N) complex
        Projector on every species; they are orthogonal and sum to one.
    components : mapping of (str, str) to (3N, 3N) complex
        Projector on every component of every species, by label and component; those of a species
        sum to its projector.
    """

    q: QPoint
    operations: tuple[int, ...]
    matrices: Complex
    species: Mapping[str, Complex]
    components: Mapping[tuple[str, str], Complex]

    def __repr__(self) -> str:
        return f"Operators({counted(len(self.operations), 'operation')}, {', '.join(self.species)})"


def find_operators(crystal: SymmetricCrystal, axis: Axis | None, q: QPoint) -> Operators:
    """Return the operators at a wavevector; the axis must keep it."""
    members = little_group(crystal.group, q)
    space = mode_space(crystal, axis, q)
    size = 3 * len(crystal.primitive)
    species, components = {}, {}
    for item, basis in zip(space.species, space.bases, strict=True):
        for component in item.components:
            columns = (basis.displacements @ component.basis).transpose(1, 0, 2).reshape(size, -1)
            # Where time reversal joins irreps the sets are partners of each other as well.
            weight = len(basis.commutant)
            components[item.label, component.name] = frozen(columns @ columns.conj().T / weight)
        parts = [components[item.label, c.name] for c in item.components]
        species[item.label] = frozen(np.sum(parts, axis=0))
    return Operators(
        q,
        members,
        frozen(displacement_matrices(crystal, q.reduced, members, range(size // 3))),
        species,
        components,
    )
