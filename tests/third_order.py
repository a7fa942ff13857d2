"""Third-order force constants of a supercell, contracted with the modes of its primitive cell.

No part of the engine is used: positions, images and phases are worked out here, in the gauge with
the full position of the atom in the phase; of symchiral only T(g) enters, to find in which
eigenvectors of the dynamical matrix the named operation has which eigenvalue.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA, QPoint, little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.species import Species

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ForceConstants:
    """Force constants between the atoms of a supercell, and the crystal they belong to.

    fc2 (p, N, 3, 3) and fc3 (p, N, N, 3, 3, 3) have the p atoms ``first`` of the supercell as
    their first index, one per atom of the primitive cell; Cartesian, in the frame of the crystal.
    """

    crystal: SymmetricCrystal
    supercell: Real  # rows, Å
    positions: Real  # (N, 3) Cartesian, Å
    masses: Real  # (N,)
    first: tuple[int, ...]
    fc2: Real
    fc3: Real

    @cached_property
    def _places(self) -> tuple[npt.NDArray[np.int64], Real]:
        """Atom of the primitive cell and exact position (primitive basis) of every atom."""
        x = self.crystal.frame.point(self.positions, to="primitive", source="cartesian")
        steps = x[:, None] - self.crystal.primitive.positions
        away = np.abs(steps - np.rint(steps)).max(axis=2)
        atom = np.argmin(away, axis=1)
        assert away.min(axis=1).max() < 1e-4
        chosen = np.arange(len(x))
        return atom, self.crystal.primitive.positions[atom] + np.rint(steps[chosen, atom])

    @cached_property
    def _images(self) -> list[list[Real]]:
        """For a first atom and another: the steps (primitive basis) to its nearest images."""
        _, x = self._places
        cell = self.crystal.primitive.cell
        shifts = np.array(list(itertools.product((-1, 0, 1), repeat=3))) @ self.supercell
        shifts = np.rint(shifts @ np.linalg.inv(cell))
        found = []
        for i in self.first:
            rows = []
            for step in x - x[i]:
                steps = step + shifts
                lengths = np.linalg.norm(steps @ cell, axis=1)
                rows.append(steps[lengths < lengths.min() + 1e-3])
            found.append(rows)
        return found

    def _phases(self, q: QPoint) -> Complex:
        """(p, N) exp(i q·(r_j − r_i)), the mean over the nearest images of j."""
        k = np.array([float(c) for c in q.coordinates])
        return np.array(
            [[np.exp(2j * np.pi * steps @ k).mean() for steps in row] for row in self._images]
        )

    def dynamical(self, q: QPoint) -> Complex:
        """D(q), atom-major in the order of the crystal's primitive cell."""
        atom, _ = self._places
        n = len(self.crystal.primitive)
        D = np.zeros((n, 3, n, 3), dtype=complex)
        phases = self._phases(q)
        for row, i in enumerate(self.first):
            for j, other in enumerate(atom):
                weight = phases[row, j] / np.sqrt(self.masses[i] * self.masses[j])
                D[atom[i], :, other] += weight * self.fc2[row, j]
        D = D.reshape(3 * n, 3 * n)
        return np.asarray((D + D.conj().T) / 2)

    def vertex(self, points: tuple[QPoint, QPoint, QPoint]) -> Complex:
        """(3n, 3n, 3n) third-order coefficients for waves at three points with Σq = G.

        With images taken from the first atom the three atoms are not treated alike, unless the
        waves fit into the supercell: the mean over which of them comes first.
        """
        return np.asarray(
            sum(
                np.transpose(
                    self._from(points[a], points[b], points[c]), np.argsort((a, b, c)).tolist()
                )
                for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
            )
            / 3
        )

    def _from(self, q1: QPoint, q2: QPoint, q3: QPoint) -> Complex:
        atom, x = self._places
        n = len(self.crystal.primitive)
        total = np.array([float(c) for c in (q1 + q2 + q3).coordinates])
        assert np.allclose(total, np.rint(total))
        second, third = self._phases(q2), self._phases(q3)
        belongs = (atom[:, None] == np.arange(n)).astype(float)
        weight = 1 / np.sqrt(self.masses)
        V = np.zeros((n, 3, n, 3, n, 3), dtype=complex)
        for row, i in enumerate(self.first):
            left = belongs * (second[row] * weight)[:, None]
            right = belongs * (third[row] * weight)[:, None]
            V[atom[i]] += (
                weight[i]
                * np.exp(2j * np.pi * total @ x[i])
                * np.einsum("jkabc,jm,kn->ambnc", self.fc3[row], left, right, optimize=True)
            )
        return V.reshape(3 * n, 3 * n, 3 * n)


def multiplets(
    forces: ForceConstants, q: QPoint, axis: Axis | None, species: Species, component: Component
) -> list[Complex]:
    """Eigenvectors of one component of every mode of a species, by frequency: (3n, m) each.

    Optical ones only at the zone centre.
    """
    crystal = forces.crystal
    members = list(little_group(crystal.group, q))
    T = displacement_matrices(crystal, q, members, range(len(crystal.primitive)))
    matrices = species.participant.matrices[members, species.arm]
    characters = np.trace(matrices, axis1=1, axis2=2)
    space = _range(np.tensordot(characters.conj(), T, 1))
    if axis is not None:
        assert component.pam is not None
        turns = float(q.dot(axis.turn.lattice))
        named = np.exp(-2j * np.pi * turns) * T[members.index(axis.turn.index)]
        named = named * np.exp(2j * np.pi * float(Fraction(component.pam)) / axis.order)
        # Vectors of the space that the named operation, its phase taken off, keeps.
        powers = [np.linalg.matrix_power(named, k) for k in range(axis.order)]
        space = _range(space @ space.conj().T @ sum(powers))
    width = component.basis.shape[1]
    assert space.shape[1] == species.count * width, (species, component, space.shape)
    D = forces.dynamical(q)
    image = D @ space
    inside = space.conj().T @ image
    assert np.linalg.norm(image - space @ inside) < 1e-6 * np.linalg.norm(D)
    _, vectors = np.linalg.eigh((inside + inside.conj().T) / 2)
    modes = [space @ vectors[:, i * width : (i + 1) * width] for i in range(species.count)]
    return modes[species.acoustic :] if q == GAMMA else modes


def _range(matrix: Any) -> Complex:
    vectors, values, _ = np.linalg.svd(matrix)
    return np.asarray(vectors[:, values > 0.5 * values[0]])
