"""Springs between neighbours: forces with exactly the symmetry of the atoms, in any description.

Nothing of symchiral is used: a pair of atoms at distance d is held by a spring along the bond and
one across it, whose constants are smooth functions of d and of the two elements.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.neighborlist import neighbor_list

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


class Springs:
    """What gives dynamical matrices of a primitive cell (symchiral.forces.door.Forces)."""

    def __init__(
        self, cell: Real, positions: Real, numbers: npt.NDArray[np.int64], *, reach: float = 5.5
    ) -> None:
        self.cell, self.positions, self.numbers = cell, positions, numbers
        atoms = Atoms(numbers, cell=cell, scaled_positions=positions, pbc=True)
        self.masses: Real = np.array(atoms.get_masses())
        self.born: Real | None = None
        self.dielectric: Real | None = None
        i, j, bonds = neighbor_list("ijD", atoms, reach)
        self._i, self._j = i, j
        # r_j + L − r_i, in fractions: what the phase of the position gauge contains.
        self._fractions = bonds @ np.linalg.inv(cell)
        d = np.linalg.norm(bonds, axis=1)
        unit = bonds / d[:, None]
        elements = np.sqrt(numbers[i] * numbers[j])
        edge = np.cos(np.pi * d / (2 * reach)) ** 2
        along = edge * 400 * np.exp(-d / 0.9) * (1 + 0.3 * np.sin(elements))
        across = edge * 60 * np.exp(-d / 1.1) * (1 + 0.3 * np.cos(elements))
        outer = unit[:, :, None] * unit[:, None, :]
        self._springs = (along - across)[:, None, None] * outer + across[:, None, None] * np.eye(3)

    def dynamical_matrix(self, q: Real, direction: Real | None = None) -> Complex:
        """(3N, 3N), THz² but for a factor, phase with the position of the atom."""
        n = len(self.numbers)
        matrix = np.zeros((n, n, 3, 3), dtype=complex)
        phases = np.exp(2j * np.pi * (self._fractions @ q))
        np.add.at(matrix, (self._i, self._j), -phases[:, None, None] * self._springs)
        np.add.at(matrix, (self._i, self._i), self._springs.astype(complex))
        matrix /= np.sqrt(np.outer(self.masses, self.masses))[:, :, None, None]
        return np.asarray(matrix.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n) * 15.0)
