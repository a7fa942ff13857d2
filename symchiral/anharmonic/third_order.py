"""Third-order force constants, contracted with waves of the primitive cell."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.algebra.lattice import distances, wrapped
from symchiral.anharmonic.couplings import Couplings
from symchiral.anharmonic.door import Supercell, harmonic_from_yaml, third_order_from_yaml
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.crystal.crystal import Source
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.tolerance import SYMPREC
from symchiral.disk import is_folder, user_path
from symchiral.errors import ReadError, StructureError, WavevectorError
from symchiral.forces.door import ForceConstants
from symchiral.modes.coordinates import NormalCoordinates
from symchiral.reading.files import load, locate
from symchiral.reading.folder import (
    ANY_THIRD,
    MAX_BYTES,
    THIRD_NAMES,
    Folder,
    is_zip,
    third_order_yaml,
)
from symchiral.reading.phonon_files import parse_yaml
from symchiral.units import counted
from symchiral.value import TINY, Complex, Floats, Integers, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class ThirdOrder(Value):
    r"""Third-order force constants of a crystal.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    cell : (3, 3) float
        Supercell, rows, Å.
    positions : (N, 3) float
        Atoms of the supercell, Cartesian, Å.
    masses : (N,) float
        amu.
    first : tuple of int
        Atoms of the supercell that are the first index, one per atom of a primitive cell.
    constants : (p, N, N, 3, 3, 3) float
        :math:`Φ_{αβγ}(i, j, k)`, eV/Å³.
    momentum : float or None
        Part of Σ|Φ|²/(m m m) that a lattice translation changes, where the constants were given
        for all atoms of the supercell; those held are averaged over translations.
    """

    crystal: SymmetricCrystal
    cell: Floats
    positions: Floats
    masses: Floats
    first: tuple[int, ...]
    constants: Floats
    momentum: float | None = None

    @classmethod
    def of(cls, crystal: SymmetricCrystal, supercell: Supercell) -> ThirdOrder:
        """Take what phono3py holds for a crystal.

        Raises
        ------
        StructureError
            The primitive cells differ.
        """
        if len(supercell.first) != len(crystal.primitive):
            raise StructureError(
                "the primitive cell of the forces is not that of the crystal",
                why=f"it has {counted(len(supercell.first), 'atom')}, and the primitive cell of "
                f"{crystal.group.symbol} has {len(crystal.primitive)}",
                fix="write the force data with primitive_matrix: auto",
            )
        return cls(
            crystal,
            frozen(supercell.cell),
            frozen(supercell.positions),
            frozen(supercell.masses),
            supercell.first,
            frozen(supercell.third),
            supercell.momentum,
        )

    @cached_property
    def scale(self) -> float:
        r"""The mean of Σ|V₃|² over all vertices that fit into the supercell.

        :math:`\sum_{ijk} |Φ(i,j,k)|^2 / (m_i m_j m_k)`, i in one primitive cell, (eV/(√amu Å)³)².
        """
        sizes = np.sum(self.constants**2, axis=(3, 4, 5)) / np.outer(self.masses, self.masses)
        return float(np.sum(sizes / self.masses[list(self.first), None, None]))

    @cached_property
    def _places(self) -> tuple[Integers, Floats]:
        """Primitive atom, and position on the primitive basis, of every atom."""
        frame, rest = self.crystal.frame, self.crystal.primitive.positions
        x = frame.point(self.positions, to="primitive", source="cartesian")
        steps = x[:, None] - rest
        atom = np.argmin(distances(steps, self.crystal.primitive.cell), axis=1)
        chosen = np.arange(len(x))
        return atom, rest[atom] + np.rint(steps[chosen, atom])

    def _phases(self, q: Floats) -> Complex:
        """(p, N): exp(i q·(r_j − r_i)), the mean over the nearest images of j."""
        _, x = self._places
        cell = self.crystal.primitive.cell
        shifts = np.array(list(product((-1, 0, 1), repeat=3))) @ self.cell
        shifts = np.rint(shifts @ np.linalg.inv(cell))
        found = np.empty((len(self.first), len(x)), dtype=complex)
        for row, i in enumerate(self.first):
            steps = (x - x[i])[:, None] + shifts
            lengths = np.linalg.norm(steps @ cell, axis=2)
            near = lengths < lengths.min(axis=1)[:, None] + 1e-3
            waves = phase_of(steps @ q)
            found[row] = (waves * near).sum(axis=1) / near.sum(axis=1)
        return found

    def vertex(self, points: tuple[QPoint, QPoint, QPoint]) -> Complex:
        r"""Return the coefficients of three waves, (3n, 3n, 3n), eV/(√amu Å)³.

        .. math:: V_{κα,κ'β,κ''γ} = \frac{1}{\sqrt{m m' m''}} \sum_{jk} Φ_{αβγ}(i, j, k)
           e^{i q_1·r_i + i q_2·r_j + i q_3·r_k}, \qquad \sum q = G

        per primitive cell, i the atom κ in one cell, j and k all atoms κ' and κ'', phases with
        full positions; the mean over which of the three atoms comes first. Contracted with three
        eigenvectors it is the third derivative by their amplitudes.

        Raises
        ------
        WavevectorError
            Σq is no reciprocal lattice vector, or one of the three is a line.
        """
        total = points[0] + points[1] + points[2]
        if not total.is_reciprocal_vector or not all(q.fixed for q in points):
            raise WavevectorError(
                "three waves that do not couple",
                why="their wavevectors have free parameters, or sum to no reciprocal vector",
                fix="give three fixed wavevectors, all incoming, that sum to one",
            )
        q = [point.array for point in points]
        waves = [self._phases(x) for x in q]
        size = 3 * len(self.crystal.primitive)
        found = np.zeros((size,) * 3, dtype=complex)
        for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            part = self._from(q[0] + q[1] + q[2], waves[b], waves[c])
            found = found + np.transpose(part, np.argsort((a, b, c)).tolist())
        return np.asarray(found / 3)

    def _from(self, total: Floats, second: Complex, third: Complex) -> Complex:
        """The first atom in one cell; one of them at a time bounds the memory."""
        atom, x = self._places
        n, size = len(self.crystal.primitive), len(x)
        belongs = (atom[:, None] == np.arange(n)) / np.sqrt(self.masses)[:, None]
        found = np.zeros((n, 3, n, 3, n, 3), dtype=complex)
        for row, i in enumerate(self.first):
            left = belongs * second[row][:, None]
            right = belongs * third[row][:, None]
            block = self.constants[row].reshape(size, -1)
            half = (left.T @ block).reshape(n, size, 27).transpose(1, 0, 2).reshape(size, -1)
            whole = (right.T @ half).reshape(n, n, 3, 3, 3)
            phase = phase_of(total @ x[i]) / np.sqrt(self.masses[i])
            found[atom[i]] += phase * whole.transpose(2, 1, 3, 0, 4)
        return found.reshape(3 * n, 3 * n, 3 * n)

    def symmetrized(self) -> ThirdOrder:
        r"""Return the force constants averaged over the operations that keep the supercell.

        :math:`Φ(gi, gj, gk) = R R R\, Φ(i, j, k)`, and :math:`Φ_{αβγ}(i,j,k) = Φ_{αγβ}(i,k,j)`.
        """
        atom, x = self._places
        crystal, inverse = self.crystal, np.linalg.inv(self.cell)
        row_of = {int(atom[i]): row for row, i in enumerate(self.first)}
        keys = x @ crystal.primitive.cell @ inverse
        total, used = np.zeros_like(self.constants), 0
        for g, rotation in zip(crystal.group.operations, crystal.rotations, strict=True):
            turned = self.cell @ rotation.T @ inverse
            if np.abs(turned - np.rint(turned)).max() > 1e-3:
                continue
            used += 1
            shift = np.array([float(t) for t in g.translation])
            moved = x @ np.array(g.rotation, dtype=float).T + shift
            for row, i in enumerate(self.first):
                # The lattice translation that brings the image of i to a first atom.
                image = _same(moved[i], crystal.primitive.positions)
                target = row_of[image]
                places = moved - moved[i] + x[self.first[target]]
                steps = (places @ crystal.primitive.cell @ inverse)[:, None] - keys
                order = np.argmin(np.abs(wrapped(steps)).max(axis=2), axis=1)
                r = np.einsum(
                    "ad,be,cf,jkdef->jkabc", *(rotation,) * 3, self.constants[row], optimize=True
                )
                total[target][np.ix_(order, order)] += r
        mean = total / used
        return replace(self, constants=frozen((mean + mean.transpose(0, 2, 1, 3, 5, 4)) / 2))

    def broken(self) -> tuple[tuple[int, int, int], float]:
        """Return the three atoms of the supercell whose constants break the symmetry most.

        With the largest change of one of them by the average over the group, relative to the
        largest of all constants.
        """
        away = np.abs(self.symmetrized().constants - self.constants).max(axis=(3, 4, 5))
        row, j, k = np.unravel_index(int(np.argmax(away)), away.shape)
        size = max(float(np.abs(self.constants).max()), TINY)
        return (self.first[int(row)], int(j), int(k)), float(away.max()) / size

    def couplings(self, coordinates: NormalCoordinates) -> Couplings:
        """Return the cubic couplings of the optical modes of the zone centre."""
        vectors = coordinates.vectors.astype(complex)
        contracted = contract(self.vertex((GAMMA, GAMMA, GAMMA)), (vectors,) * 3).real
        mean = sum(
            np.transpose(contracted, p)
            for p in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
        )
        source = self.crystal.input.source.path or ""
        return Couplings(
            coordinates,
            (Polynomial.from_tensor(np.asarray(mean / 6)),),
            provenance={"method": "third-order force constants of phono3py", "file": source},
        )

    def __repr__(self) -> str:
        return (
            f"ThirdOrder({self.crystal.primitive.formula}, {counted(len(self.positions), 'atom')})"
        )


def _same(point: Floats, positions: Floats) -> int:
    """Which of the atoms lies at a point, up to lattice vectors."""
    return int(np.argmin(np.abs(wrapped(point - positions)).max(axis=1)))


def contract(vertex: Complex, eigenvectors: tuple[Complex, Complex, Complex]) -> Complex:
    """Return the coefficients of three sets of modes, columns of (3n, M) each: (M₁, M₂, M₃)."""
    found = vertex
    for vectors in eigenvectors:
        # Each product takes the first index away and puts the new one last.
        found = np.tensordot(found, vectors, (0, 0))
    return np.asarray(found)


@dataclass(frozen=True, eq=False)
class ThirdOrderFile:
    """A phono3py yaml file, read as far as it is asked for.

    Attributes
    ----------
    source : Source
        Path and hash.
    parsed : dict
        Its contents.
    folder : Folder
        Where FORCES_FC3, or fc3.hdf5 and fc2.hdf5, may lie.
    """

    source: Source
    parsed: dict[str, Any]
    folder: Folder

    @property
    def name(self) -> str:
        """The path as given."""
        return self.source.path or ""

    def harmonic(self, *, symprec: float = SYMPREC) -> ForceConstants:
        """Return second-order force constants, made without phono3py.

        Parameters
        ----------
        symprec : float
            Å: how well atoms must repeat to be copies of each other.

        Raises
        ------
        ReadError, StructureError
            There are no forces, or the data are damaged.
        """
        return harmonic_from_yaml(self.parsed, name=self.name, folder=self.folder, symprec=symprec)

    @cached_property
    def supercell(self) -> Supercell:
        """Third-order force constants.

        Raises
        ------
        InputError
            There are none, they are damaged, or phono3py is not installed.
        """
        return third_order_from_yaml(self.parsed, name=self.name, folder=self.folder)

    def __repr__(self) -> str:
        return f"ThirdOrderFile({self.name!r})"


def read_third_order(source: str | os.PathLike[str]) -> ThirdOrderFile:
    """Open force constants, or forces, that phono3py wrote.

    Parameters
    ----------
    source : str or Path
        ``phono3py_params.yaml``, or ``phono3py_disp.yaml`` with FORCES_FC3 or fc3.hdf5 and fc2.hdf5
        beside it, also compressed; or a folder with them.

    Raises
    ------
    ReadError
        It cannot be read.
    """
    given = os.fspath(source)
    path = user_path(given)
    if is_folder(path) or is_zip(path):
        folder = Folder(path, (ANY_THIRD,))
        inside = third_order_yaml(folder)
        if inside is None:
            raise ReadError(
                f"cannot read {given}",
                why=f"it holds no {THIRD_NAMES[0]} or {THIRD_NAMES[-1]}",
                fix="put the yaml of phono3py beside the forces",
            )
        data = folder.packed(inside)
    else:
        path = locate(path)
        folder, data = Folder(path.parent), load(path, name=given, limit=MAX_BYTES)
    origin = Source(given, hashlib.sha256(data).hexdigest())
    return ThirdOrderFile(origin, parse_yaml(data, given), folder)
