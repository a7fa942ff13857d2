"""Symmetry-adapted displacements: every way the atoms can move as a given irrep."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.participant import Participant
from symchiral.value import Complex, Floats, Integers, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class AdaptedBasis(Value):
    r"""Displacements of all atoms that transform as one arm of a participant.

    Each element X is a set of d eigenvectors, one for every basis vector of the participant, with

    .. math:: T(g)\, X = X\, D(g), \qquad T(a)\, X^* = X\, A(a)

    for the unitary operations g and the antiunitary ones a = K g' that keep the wavevector;
    :math:`\frac{1}{d}\operatorname{Re} \operatorname{tr} X_i^† X_j = δ_{ij}`, and likewise without
    Re where the field is complex. A Hermitian matrix that commutes with all T has the elements
    :math:`H_{ij} = \frac{1}{d} \operatorname{tr} X_i^† D X_j` between them and none between
    different participants: its eigenvectors are the eigenvectors of D, whatever they are called
    by an eigensolver. On a line of wavevectors the basis is the same at every point, because there
    T and D change by one and the same phase.

    Attributes
    ----------
    displacements : (M, 3N, d) complex
        The X, atom-major, in the gauge of :func:`~symchiral.modes.displacement`.
    commutant : (B, d, d) complex
        Matrices c, the identity first, that commute with all D and A: X c is a partner of X with
        the same frequency. B is 1, or 2 or 4 where time reversal joins irreps; 1 also where the
        field is complex and a partner is i X.
    real : bool
        Whether combinations must be real: some antiunitary operation keeps the wavevector.
    """

    displacements: Complex
    commutant: Complex
    real: bool

    @property
    def count(self) -> int:
        """Number of multiplets."""
        return len(self.displacements) // len(self.commutant)

    def block(self, matrix: Complex | Floats) -> npt.NDArray[np.complexfloating | np.floating]:
        r"""Return :math:`H_{ij}` of a (3N, 3N) Hermitian matrix, averaged over the group.

        What of the matrix breaks the symmetry is averaged away.
        """
        m, size, d = self.displacements.shape
        columns = self.displacements.transpose(1, 2, 0).reshape(size, d * m)
        images = np.empty_like(columns)
        if np.isrealobj(matrix):  # at the zone centre: half the work
            images.real, images.imag = matrix @ columns.real, matrix @ columns.imag
        else:
            images = matrix @ columns
        images = images.reshape(size * d, m)
        return self._inner(columns.reshape(size * d, m), images)

    def _inner(
        self, left: Complex, right: Complex
    ) -> npt.NDArray[np.complexfloating | np.floating]:
        d = self.displacements.shape[2]
        if self.real:
            # Re tr X†Y with real arithmetic: the imaginary parts are further rows.
            a = np.concatenate([left.real, left.imag])
            b = np.concatenate([right.real, right.imag])
            return np.asarray(a.T @ b / d)
        return np.asarray(left.conj().T @ right / d)


def adapted_basis(
    crystal: SymmetricCrystal, participant: Participant, arm: int, q: QPoint
) -> AdaptedBasis:
    r"""Return every set of displacements that transforms as one arm of a participant.

    By Frobenius reciprocity X is fixed by its rows X₀ at one atom of every orbit, which the
    operations s that keep this atom must leave as they are, :math:`t(s) X_0 D(s)^{-1} = X_0` with
    :math:`t(g) = R e^{-iq·(g r_0 - r_0)}`; the rows at the other atoms are their images.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    participant : Participant
        An irrep on the star of q.
    arm : int
        The arm that is q.
    q : QPoint
        The wavevector, reduced; on a line numbers are those of its generic point.
    """
    operations = _Operations.of(crystal, participant, arm, q)
    d = participant.dimension
    n = len(crystal.primitive)
    found = []
    for orbit, ways in operations.orbits():
        first = orbit[0]
        stabiliser = np.flatnonzero(operations.images[:, first] == first)
        seeds = operations.seeds(stabiliser, first)
        if not len(seeds):
            continue
        rows = np.zeros((len(seeds), n, 3, d), dtype=complex)
        seeds = seeds.reshape(-1, 3, d)
        for atom, way in zip(orbit, ways, strict=True):
            source = np.conj(seeds) if operations.antiunitary[way] else seeds
            image = operations.cartesian[way] @ source @ operations.inverses[way]
            rows[:, atom] = operations.phase(way, first) * image
        found.append(rows.reshape(len(seeds), 3 * n, d) * np.sqrt(d / len(orbit)))
    displacements = np.concatenate(found) if found else np.zeros((0, 3 * n, d), dtype=complex)
    return AdaptedBasis(frozen(displacements), frozen(operations.commutant()), operations.real)


@dataclass(frozen=True)
class _Operations:
    """The unitary and antiunitary operations that keep a wavevector, on atoms and on a field."""

    cartesian: Floats  # (H, 3, 3)
    images: Integers  # (H, N)
    moved: Floats  # (H, N): g r − η r, along q, in turns
    matrices: (
        Complex  # (H, d, d) of the participant, to be applied after conjugation if antiunitary
    )
    antiunitary: npt.NDArray[np.bool_]
    joined: bool  # by time reversal, of two small irreps

    @classmethod
    def of(
        cls, crystal: SymmetricCrystal, participant: Participant, arm: int, q: QPoint
    ) -> _Operations:
        opposite = int(participant.conjugate_arms[arm])
        unitary = np.flatnonzero(participant.images[:, arm] == arm)
        turning = np.flatnonzero(participant.images[:, arm] == opposite)
        chosen = np.concatenate([unitary, turning])
        antiunitary = np.arange(len(chosen)) >= len(unitary)
        matrices = participant.matrices[chosen, arm]
        flipped = participant.conjugation[opposite] @ np.conj(matrices)
        positions = crystal.primitive.positions
        images = crystal.permutations[chosen]
        shifted = positions[images] + crystal.lattice_shifts[chosen]
        moved = shifted - np.where(antiunitary[:, None, None], -positions, positions)
        vector = q.generic_array
        return cls(
            crystal.rotations[chosen],
            images,
            moved @ vector,
            np.where(antiunitary[:, None, None], flipped, matrices),
            antiunitary,
            participant.dimension > participant.irrep_dimension,
        )

    @property
    def real(self) -> bool:
        return bool(self.antiunitary.any())

    @cached_property
    def inverses(self) -> Complex:
        """What multiplies X from the right: D⁻¹, or A⁻¹ (X* A⁻¹ = (X A*⁻¹)*)."""
        return np.asarray(np.swapaxes(self.matrices.conj(), 1, 2))

    def phase(self, operation: int, atom: int) -> complex:
        return phase_of(-float(self.moved[operation, atom]))

    def orbits(self) -> list[tuple[list[int], list[int]]]:
        """Orbits of atoms, each with the first operation that takes its first atom to each."""
        found, seen = [], np.zeros(self.images.shape[1], dtype=bool)
        for atom in range(self.images.shape[1]):
            if not seen[atom]:
                orbit, ways = np.unique(self.images[:, atom], return_index=True)
                order = np.argsort(orbit != atom, kind="stable")
                seen[orbit] = True
                found.append((orbit[order].tolist(), ways[order].tolist()))
        return found

    def seeds(self, stabiliser: Integers, atom: int) -> Complex:
        """Rows X₀ at an atom, flattened, that t X₀⁽*⁾ D⁻¹ leaves alone for its stabiliser."""
        phases = phase_of(-self.moved[stabiliser, atom])
        left = phases[:, None, None] * self.cartesian[stabiliser]
        found = _invariant(left, self.inverses[stabiliser], self.antiunitary[stabiliser])
        # Where no antiunitary operation keeps the atom, X₀ and i X₀ are two over the real numbers.
        free = self.real and not self.antiunitary[stabiliser].any()
        return np.concatenate([found, 1j * found]) if free else found

    def commutant(self) -> Complex:
        """Matrices that commute with the action on the field, orthonormal, the identity first."""
        d = self.matrices.shape[1]
        if not self.real or not self.joined:
            return np.eye(d, dtype=complex)[None]
        found = _invariant(self.matrices, self.inverses, self.antiunitary)
        found = found.reshape(-1, d, d) * np.sqrt(d)
        overlaps = np.einsum("kii->k", found).real / d
        rest = found - overlaps[:, None, None] * np.eye(d)
        # The identity is one of them; what is left of the others spans its complement.
        flat = rest.reshape(len(rest), -1)
        stacked = np.concatenate([flat.real, flat.imag], axis=1)
        _, values, rows = np.linalg.svd(stacked, full_matrices=False)
        kept = rows[values > 1e-6 * np.sqrt(d)] * np.sqrt(d)
        others = (kept[:, : d * d] + 1j * kept[:, d * d :]).reshape(-1, d, d)
        return np.concatenate([np.eye(d, dtype=complex)[None], others])


def _invariant(left: Complex, right: Complex, antiunitary: npt.NDArray[np.bool_]) -> Complex:
    """Orthonormal rows spanning the X that L X⁽*⁾ R leaves as they are, for all pairs (L, R).

    Over the real numbers where some of the actions are antiunitary: they are then taken on real and
    imaginary part.
    """
    size = left.shape[1] * right.shape[1]

    def average(chosen: npt.NDArray[np.bool_]) -> Complex:
        # Σ L_ij R_cb as one product of matrices, then rows (i, b) and columns (j, c).
        a, b = left[chosen], right[chosen]
        total = a.reshape(len(a), -1).T @ b.reshape(len(b), -1)
        blocks = total.reshape(*left.shape[1:], *right.shape[1:]).transpose(0, 3, 1, 2)
        return np.asarray(blocks.reshape(size, size) / len(left))

    linear = average(~antiunitary)
    if not antiunitary.any():
        values, vectors = np.linalg.eigh((linear + linear.conj().T) / 2)
        return np.asarray(vectors[:, values > 0.5].T)
    conjugating = average(antiunitary)
    both = np.empty((2 * size, 2 * size))
    both[:size, :size] = linear.real + conjugating.real
    both[:size, size:] = conjugating.imag - linear.imag
    both[size:, :size] = conjugating.imag + linear.imag
    both[size:, size:] = linear.real - conjugating.real
    values, vectors = np.linalg.eigh((both + both.T) / 2)
    chosen = vectors[:, values > 0.5].T
    return np.asarray(chosen[:, :size] + 1j * chosen[:, size:])
