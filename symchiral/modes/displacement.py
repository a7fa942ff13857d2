"""How the group acts on displacements: the matrices T(g)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import GAMMA, QPoint, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.value import Complex, Value, frozen


def displacement_matrices(
    crystal: SymmetricCrystal, q: QPoint, operations: Sequence[int], atoms: Sequence[int]
) -> Complex:
    r"""Return T(g) for operations of the little group of q on the displacements of some atoms.

    With :math:`u_κ = \mathrm{Re}[m_κ^{-1/2} e_κ e^{i(q·r - ωt)}]`, r the full position of the atom,

    .. math:: T(g)_{κ'α,κβ} = R_{αβ}\, e^{-i q·(g r_κ - r_κ)}

    for κ' the atom to which g takes κ, else 0; :math:`R q = q + G`, also with G ≠ 0.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    q : QPoint
        The wavevector; on a line numbers are those of its generic point.
    operations : sequence of int
        Operations of the little group of q.
    atoms : sequence of int
        A union of orbits, in the order of the rows.

    Returns
    -------
    (G, 3n, 3n) complex
        Atom-major: row 3·(place of κ') + α.
    """
    chosen, orbit = list(operations), np.asarray(atoms)
    n = len(orbit)
    place = np.zeros(len(crystal.primitive), dtype=np.int64)
    place[orbit] = np.arange(n)
    images = crystal.permutations[chosen][:, orbit]
    positions = crystal.primitive.positions
    moved = positions[images] + crystal.lattice_shifts[chosen][:, orbit] - positions[orbit]
    phases = phase_of(-moved @ q.generic_array)
    matrices = np.zeros((len(chosen), n, n, 3, 3), dtype=complex)
    matrices[np.arange(len(chosen))[:, None], place[images], np.arange(n)] = (
        phases[..., None, None] * crystal.rotations[chosen][:, None]
    )
    return matrices.transpose(0, 1, 3, 2, 4).reshape(len(chosen), 3 * n, 3 * n)


@dataclass(frozen=True, eq=False, repr=False)
class SiteMatrices(Value):
    """T(g) of the little group of q on the atoms of each site, made when first asked for.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    q : QPoint
        The wavevector.
    """

    crystal: SymmetricCrystal
    q: QPoint

    @cached_property
    def by_site(self) -> Mapping[str, Complex]:
        """(H, 3n, 3n) complex by name of the site, operations in the order of the little group."""
        members = little_group(self.crystal.group, self.q)
        return {
            site.name: frozen(displacement_matrices(self.crystal, self.q, members, site.atoms))
            for site in self.crystal.sites
        }

    @cached_property
    def facts(self) -> Hashable:
        """All that they follow from: which atom goes where, and how; equal in alike crystals."""
        crystal = self.crystal
        shifts = b"" if self.q == GAMMA else crystal.lattice_shifts.tobytes()
        sites = tuple((site.name, tuple(site.atoms)) for site in crystal.sites)
        moved = (crystal.rotations.tobytes(), crystal.permutations.tobytes(), shifts)
        return crystal.group, self.q, sites, moved

    def __getstate__(self) -> dict[str, Any]:
        # Large, and quickly made again: the matrices are not pickled.
        return {"crystal": self.crystal, "q": self.q}


def site_characters(crystal: SymmetricCrystal, q: QPoint, operations: Sequence[int]) -> Complex:
    r"""Return :math:`χ(g) = \operatorname{tr} R \sum_κ e^{-i q·L}\,[g r_κ = r_κ + L]`.

    Shape (G, S), a column for every site, whose atoms are κ.
    """
    chosen = list(operations)
    traces = np.einsum("gii->g", crystal.group.rotations[chosen])  # the same in every basis
    fixed = (crystal.permutations[chosen] == np.arange(len(crystal.primitive))).astype(complex)
    if q != GAMMA:
        fixed *= phase_of(-crystal.lattice_shifts[chosen] @ q.generic_array)
    atoms = [atom for site in crystal.sites for atom in site.atoms]
    starts = [0, *accumulate(len(site.atoms) for site in crystal.sites[:-1])]
    return np.asarray(traces[:, None] * np.add.reduceat(fixed[:, atoms], starts, axis=1))
