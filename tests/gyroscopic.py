r"""Random harmonic models with velocity-dependent forces, which obey a magnetic group.

.. math:: (D(q) + ω A(q) - ω^2)\, e = 0, \qquad A = iΓ

D is a random Hermitian matrix averaged over all spatial operations and time reversal, A the Fourier
transform of a gyroscopic term :math:`\dot u\,Γ u`, averaged with the time sign s of every
operation. Of symchiral only the atoms and the list of operations are used: images of atoms, phases
and time signs are found here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

CROSS = np.zeros((3, 3, 3))
"""[x×], [y×], [z×]."""
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    CROSS[_i, _k, _j], CROSS[_i, _j, _k] = 1, -1


@dataclass(frozen=True, eq=False)
class Model:
    """A crystal at a wavevector (fractions of its primitive reciprocal basis) in a field B."""

    crystal: SymmetricCrystal
    q: Floats
    field: Floats | None = None
    seed: int = 0

    @cached_property
    def operations(self) -> list[tuple[Floats, npt.NDArray[np.int64], Floats, tuple[int, ...]]]:
        """Cartesian rotation, image of every atom, its moved position, and the time signs."""
        atoms, found = self.crystal.primitive, []
        for g in self.crystal.group.operations:
            w, t = np.array(g.rotation, dtype=float), np.array([float(x) for x in g.translation])
            moved = atoms.positions @ w.T + t
            offset = moved[:, None] - atoms.positions
            offset -= np.rint(offset)
            distance = np.linalg.norm(offset @ atoms.cell, axis=2)
            target = distance.argmin(axis=1)
            assert distance.min(axis=1).max() < 1e-6
            assert np.array_equal(atoms.numbers[target], atoms.numbers)
            turn = atoms.cell.T @ w @ np.linalg.inv(atoms.cell.T)
            found.append((turn, target, moved, self._signs(turn, target)))
        return found

    def _signs(self, turn: Floats, target: npt.NDArray[np.int64]) -> tuple[int, ...]:
        """By which time signs an operation keeps moments and field."""
        axial, moments = np.linalg.det(turn) * turn, self.crystal.primitive.moments
        kept = []
        for s in (1, -1):
            same = True
            if moments is not None:
                same &= np.allclose(moments[target], s * moments @ axial.T, atol=1e-3)
            if self.field is not None:
                same &= np.allclose(self.field, s * axial @ self.field, atol=1e-6)
            if same:
                kept.append(s)
        assert kept
        return tuple(kept)

    def phases(self, turn: Floats, moved: Floats, kind: int) -> Complex | None:
        """Of T(g), atom by atom, if g takes q to itself (kind 1) or to −q (−1); else None."""
        atoms = self.crystal.primitive
        w = np.linalg.inv(atoms.cell.T) @ turn @ atoms.cell.T
        g = np.linalg.inv(w).T @ self.q - kind * self.q
        if np.abs(g - np.rint(g)).max() > 1e-8:
            return None
        return np.asarray(np.exp(-2j * np.pi * ((moved - kind * atoms.positions) @ self.q)))

    def carried(self, g: int, e: Complex) -> Complex | None:
        """T(g) e for columns e, if g takes q to itself; else None."""
        turn, target, moved, _ = self.operations[g]
        phases = self.phases(turn, moved, 1)
        if phases is None:
            return None
        blocks = e.reshape(len(target), 3, -1)
        found = np.empty_like(blocks)
        found[target] = phases[:, None, None] * (turn @ blocks)
        return found.reshape(e.shape)

    def characters(self, e: Complex) -> dict[int, complex]:
        """Traces of the operations that keep q, by index, in the span of orthonormal columns."""
        images = {g: self.carried(g, e) for g in range(len(self.operations))}
        return {g: complex(np.vdot(e, te)) for g, te in images.items() if te is not None}

    @cached_property
    def free(self) -> Complex:
        """Columns: displacements in units of √mass, rigid translations at q = 0 taken out."""
        from ase.data import atomic_masses

        size = 3 * len(self.crystal.primitive)
        if np.any(self.q):
            return np.eye(size, dtype=complex)
        rigid = np.sqrt(atomic_masses[self.crystal.primitive.numbers])[:, None, None] * np.eye(3)
        return np.linalg.svd(rigid.reshape(size, 3))[0][:, 3:].astype(complex)

    @cached_property
    def matrices(self) -> tuple[Complex, Complex]:
        """D and A among what is free."""
        rng = np.random.default_rng(self.seed)
        size = 3 * len(self.crystal.primitive)
        x = rng.normal(size=(2, size, size)) + 1j * rng.normal(size=(2, size, size))
        even, odd = x + np.swapaxes(x.conj(), 1, 2)
        total, count = np.zeros((2, size, size), dtype=complex), 0
        for turn, target, moved, signs in self.operations:
            for kind in (1, -1):
                phases = self.phases(turn, moved, kind)
                for s in signs if phases is not None else ():
                    # e → T e for kind 1 and T e* for −1; under the second A changes its sign.
                    start = np.stack([even, kind * s * odd])
                    blocks = (start if kind > 0 else start.conj()).reshape(2, size // 3, 3, -1, 3)
                    image = np.einsum(
                        "n,ij,snjml,kl,m->snimk",
                        phases,
                        turn,
                        blocks,
                        turn,
                        phases.conj(),
                        optimize=True,
                    )
                    place = (3 * target[:, None] + np.arange(3)).ravel()
                    total[:, place[:, None], place] += image.reshape(2, size, size)
                    count += 1
        d, a = (self.free.conj().T @ m @ self.free / count for m in total)
        d = d / np.linalg.norm(d, 2) + 1.5 * np.eye(len(d))
        return d, a / max(float(np.linalg.norm(a, 2)), 1e-9)

    def modes(self, strength: float) -> tuple[Floats, Complex]:
        """Frequencies and eigenvectors (columns, normalised) with so much of A."""
        d, a = self.matrices
        root = np.linalg.cholesky(d).conj().T
        n = len(d)
        flow = np.block([[strength * a, root.conj().T], [root, np.zeros((n, n))]])
        values, vectors = np.linalg.eigh(flow)
        e = self.free @ vectors[:n, n:]
        return values[n:], e / np.linalg.norm(e, axis=0)

    def multiplets(self) -> list[Complex]:
        """Degenerate sets of D alone."""
        values, vectors = np.linalg.eigh(self.matrices[0])
        ends = np.flatnonzero(np.diff(values) > 1e-7) + 1
        return np.split(self.free @ vectors, ends, axis=1)


def moments(e: Complex) -> Complex:
    """(N, 3, w, w): forms of the angular momentum of every atom about x, y, z."""
    blocks = e.reshape(-1, 3, e.shape[1])
    return np.asarray(1j * np.einsum("kia,cij,kjb->kcab", blocks.conj(), CROSS, blocks))
