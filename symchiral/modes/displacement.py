"""How the group acts on displacements: the matrices T(g)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal


def displacement_matrices(
    crystal: SymmetricCrystal, atoms: Sequence[int]
) -> npt.NDArray[np.float64]:
    r"""Return T(g) at the zone centre on the displacements of one orbit of atoms.

    .. math:: T(g)_{κ'α,κβ} = R_{αβ}\quad\text{for κ' the atom to which g takes κ, else 0.}

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    atoms : sequence of int
        A union of orbits, in the order of the rows.

    Returns
    -------
    (G, 3n, 3n) float
        Atom-major: row 3·(place of κ') + α.
    """
    place = {atom: i for i, atom in enumerate(atoms)}
    n = len(atoms)
    matrices = np.zeros((len(crystal.group), n, 3, n, 3))
    for g, images in enumerate(crystal.permutations):
        for atom, i in place.items():
            matrices[g, place[int(images[atom])], :, i, :] = crystal.rotations[g]
    return matrices.reshape(len(crystal.group), 3 * n, 3 * n)


def displacement_characters(crystal: SymmetricCrystal) -> npt.NDArray[np.float64]:
    r"""Return :math:`χ_κ(g) = \operatorname{tr} R\,[gκ = κ]`, shape (G, N), one column per atom."""
    fixed = crystal.permutations == np.arange(len(crystal.primitive))
    traces = np.trace(crystal.rotations, axis1=1, axis2=2)
    return np.asarray(fixed * traces[:, None])
