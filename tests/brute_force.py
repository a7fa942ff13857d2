"""Brute force: what random force constants with the symmetry of a crystal couple, and what not.

The second, independent method behind the agreement tests.  It knows no irreducible representation,
no star, no selection rule and no time reversal: it draws a random anharmonic potential

    V = 1/2! Φ2_ij u_i u_j + 1/3! Φ3_ijk u_i u_j u_k + 1/4! Φ4_ijkl u_i u_j u_k u_l

of the plain displacements u of the 3N coordinates of a cell, gives it the symmetry of the crystal,

    Φ ← (1/|G|) Σ_g T(g)⊗…⊗T(g) Φ,     T(g)_{κ'i,κj} = R_ij δ(κ' is the atom g takes κ to),

makes it symmetric in its indices and blind to uniform translations (the projector 1 − Σ t tᵀ on
every index), diagonalises the random dynamical matrix M^(−1/2) Φ2 M^(−1/2), turns every degenerate
set into circular modes and reads off the coupling of any modes as one number.  What is zero for
every draw is forbidden; what is not is allowed.

Conventions.  A circular mode of pseudo-angular momentum l has T(C_n) e = exp(−2πi l/n) e for the
anticlockwise rotation (for −4: the operation S4⁺ = σ_h C4⁺).  With Q = Re Σ_l a_l e_l exp(−iωt) an
incoming quantum stands for a_l (contract with e_l), an outgoing one for a_l* (contract with e_l*):

    V(in1, in2; out) = Σ Φ3_ijk (M^(−1/2) e_in1)_i (M^(−1/2) e_in2)_j (M^(−1/2) e_out*)_k.

The cell may be a supercell: its translations are then operations like any other.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.data import atomic_masses
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Integers = NDArray[np.int64]

#: Distance below which two eigenvalues (of a matrix with entries up to 1) are one multiplet, and
#: above which they are surely two; a draw with anything in between is thrown away.
DEGENERATE, SEPARATE = 1e-10, 1e-6
#: Number of random tensors per order: larger than any number of coefficients (at most 8 for four
#: legs at the zone centre, E⁴ of C4 with four different E).
DRAWS = 12


@dataclass(frozen=True)
class Axis:
    """The axis along which degenerate modes are resolved.

    Attributes:
        order: n of the rotation by 2π/n (4 for −4).
        direction: Cartesian unit vector, the tip of the axis.
        improper: True for −4, whose operation is S4⁺ = σ_h C4⁺.
    """

    order: int
    direction: tuple[float, float, float]
    improper: bool = False

    @property
    def matrix(self) -> Real:
        """R = c 1 + s [n]× + (1 − c) n nᵀ with angle 2π/order; for −4 times 1 − 2 n nᵀ."""
        n = np.array(self.direction) / np.linalg.norm(self.direction)
        angle = 2 * np.pi / self.order
        cross = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
        turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross
        turn += (1 - np.cos(angle)) * np.outer(n, n)
        mirror = np.eye(3) - 2 * np.outer(n, n)
        return np.asarray(turn @ mirror if self.improper else turn)

    @property
    def residues(self) -> range:
        """Balanced pseudo-angular momenta, −n/2 < l ≤ n/2."""
        return range(-((self.order - 1) // 2), self.order // 2 + 1)


@dataclass(frozen=True)
class Operation:
    """{R|τ}: R on fractional coordinates, its Cartesian form, and where it takes each atom."""

    rotation: Integers
    translation: Real
    cartesian: Real
    permutation: Integers

    @property
    def key(self) -> tuple[bytes, bytes]:
        """Two operations of one cell are equal iff rotation and permutation are."""
        return self.key_of(self.rotation, self.permutation)

    @staticmethod
    def key_of(rotation: Integers, permutation: Integers) -> tuple[bytes, bytes]:
        """The key of an operation given by its two parts."""
        return rotation.tobytes(), permutation.tobytes()


@dataclass(frozen=True)
class Component:
    """All motions of one multiplet that share one pseudo-angular momentum.

    Attributes:
        pam: l, or None where there is no axis (then the component is the whole multiplet).
        columns: which columns of `Modes.displacements` they are.
        angular_momentum: least and largest mechanical J = 2 Im Σ_κ e_κx* e_κy about the axis, in ħ.
    """

    pam: int | None
    columns: slice
    angular_momentum: tuple[float, float]


@dataclass(frozen=True)
class Multiplet:
    """One degenerate set of a random dynamical matrix.

    Attributes:
        basis: 3N × d real orthonormal mass-weighted eigenvectors.
        characters: χ(g) = tr(basisᵀ T(g) basis) for every operation of the cell.
        acoustic: True for rigid translations.
        components: its circular components.
    """

    basis: Real
    characters: Real
    acoustic: bool
    components: tuple[Component, ...]

    @property
    def dimension(self) -> int:
        """Number of degenerate modes."""
        return int(self.basis.shape[1])

    @property
    def columns(self) -> slice:
        """The columns of all its components in `Modes.displacements`."""
        return slice(self.components[0].columns.start, self.components[-1].columns.stop)

    def component(self, pam: int | None) -> Component:
        """The component of this pseudo-angular momentum; KeyError if there is none."""
        for component in self.components:
            if component.pam == pam:
                return component
        raise KeyError(f"no component with pseudo-angular momentum {pam}")


@dataclass(frozen=True)
class Modes:
    """The modes of one random dynamical matrix, circular, as plain displacements M^(−1/2) e."""

    multiplets: tuple[Multiplet, ...]
    displacements: Complex
    masses: Real

    def angular_momentum(
        self, multiplets: Sequence[Multiplet], pam: int | None, axis: Axis | None
    ) -> tuple[float, float]:
        """Least and largest J of all motions of one l that these multiplets span together."""
        columns = np.hstack([self.displacements[:, m.component(pam).columns] for m in multiplets])
        return angular_momentum(columns * np.sqrt(self.masses)[:, None], axis)


@dataclass(frozen=True)
class Couplings:
    """Values of random anharmonic tensors between circular modes.

    Attributes:
        values: draws × M × … × M; all legs incoming but the last, which is outgoing (conjugated).
    """

    values: Complex

    @cached_property
    def scale(self) -> float:
        """The largest coupling of this crystal at this order."""
        return float(self.magnitude.max(initial=0.0))

    @cached_property
    def magnitude(self) -> Real:
        """Largest |V| of all draws, for every set of modes."""
        return np.asarray(np.abs(self.values).max(axis=0))

    def strength(self, *legs: slice) -> float:
        """Largest |V|/scale of these legs (columns of components, the outgoing one last)."""
        if self.scale == 0.0:
            return 0.0
        return float(self.magnitude[legs].max(initial=0.0) / self.scale)

    def coefficients(self, *legs: slice) -> int:
        """Number of real coefficients of a coupling of whole multiplets.

        The real dimension of the span of all draws of the block that belongs to the multiplets;
        Φ is symmetric, so a mode that occurs twice is symmetrised by itself.
        """
        block = self.values[(slice(None), *legs)].reshape(len(self.values), -1)
        matrix = np.hstack([block.real, block.imag])
        singular = np.linalg.svd(matrix, compute_uv=False)
        if self.scale == 0.0 or singular[0] < 1e-9 * self.scale:
            return 0
        rank = int(np.sum(singular > 1e-7 * singular[0]))
        if rank == len(self.values):
            raise RuntimeError("as many independent couplings as draws: draw more tensors")
        return rank


@dataclass(frozen=True, eq=False)
class RandomCrystal:
    """A cell with its symmetry, and everything random that has this symmetry.

    Attributes:
        cell: rows are lattice vectors in Å, with an exactly symmetric metric.
        positions: fractional.
        numbers: atomic numbers.
        operations: the whole group of the cell.
    """

    cell: Real
    positions: Real
    numbers: Integers
    operations: tuple[Operation, ...]

    @classmethod
    def from_cell(
        cls,
        cell: ArrayLike,
        positions: ArrayLike,
        numbers: ArrayLike,
        *,
        symprec: float = 1e-3,
    ) -> RandomCrystal:
        """The crystal of a cell exactly as given (no reduction to a primitive cell)."""
        lattice = np.asarray(cell, dtype=float)
        points = np.asarray(positions, dtype=float)
        kinds = np.asarray(numbers, dtype=np.int64)
        data: Any = (lattice, points, kinds)
        found: Any = spglib.get_symmetry(data, symprec=symprec)
        rotations = np.asarray(found["rotations"], dtype=np.int64)
        translations = np.asarray(found["translations"], dtype=float)
        lattice = _symmetric_cell(lattice, rotations)
        operations = []
        for rotation, translation in zip(rotations, translations, strict=True):
            cartesian = lattice.T @ rotation @ np.linalg.inv(lattice.T)
            moved = points @ rotation.T + translation
            difference = moved[:, None] - points[None]
            difference -= np.rint(difference)
            distance = np.linalg.norm(difference @ lattice, axis=2)
            distance[kinds[:, None] != kinds[None]] = np.inf
            permutation = distance.argmin(axis=1)
            if sorted(permutation) != list(range(len(kinds))):
                raise ValueError("an operation of spglib does not permute the atoms")
            operations.append(Operation(rotation, translation, cartesian, permutation))
        return cls(lattice, points, kinds, tuple(operations))

    @classmethod
    def from_atoms(cls, atoms: Atoms, *, symprec: float = 1e-3) -> RandomCrystal:
        """The primitive cell of some atoms, as spglib finds it."""
        return cls.from_cell(*primitive(atoms, symprec=symprec), symprec=symprec)

    @property
    def natoms(self) -> int:
        """Atoms in the cell."""
        return len(self.numbers)

    @cached_property
    def masses(self) -> Real:
        """Standard atomic masses of the 3N coordinates in amu."""
        return np.repeat(np.asarray(atomic_masses[self.numbers], dtype=float), 3)

    @cached_property
    def matrices(self) -> Real:
        """T(g), |G| × 3N × 3N, orthogonal, at q = 0."""
        result = np.zeros((len(self.operations), self.natoms, 3, self.natoms, 3))
        source = np.arange(self.natoms)
        for matrix, operation in zip(result, self.operations, strict=True):
            matrix[operation.permutation, :, source, :] = operation.cartesian
        return result.reshape(len(self.operations), 3 * self.natoms, 3 * self.natoms)

    @cached_property
    def table(self) -> Integers:
        """Multiplication table: table[g, h] is the index of g∘h.  Proves that G is a group."""
        index = {operation.key: i for i, operation in enumerate(self.operations)}
        return np.array(
            [
                [
                    index[
                        (a.rotation @ b.rotation).tobytes(), a.permutation[b.permutation].tobytes()
                    ]
                    for b in self.operations
                ]
                for a in self.operations
            ]
        )

    @cached_property
    def coset_chain(self) -> tuple[tuple[int, ...], ...]:
        """Left coset representatives along {E} ⊂ H1 ⊂ … ⊂ G, in the order to be applied.

        Σ_{g∈G} T(g) = Π_steps Σ_r T(r): an average over 48 operations costs 6 instead of 47.
        """
        identity = next(
            i
            for i, operation in enumerate(self.operations)
            if np.array_equal(self.table[i], np.arange(len(self.operations)))
        )
        subgroup, chain = {identity}, []
        while len(subgroup) < len(self.operations):
            larger = min(
                (
                    self._generate(subgroup | {g})
                    for g in range(len(self.table))
                    if g not in subgroup
                ),
                key=len,
            )
            covered, representatives = set[int](), []
            for g in [identity, *sorted(larger)]:
                if g not in covered:
                    representatives.append(g)
                    covered |= {int(self.table[g, h]) for h in subgroup}
            chain.append(tuple(representatives))
            subgroup = larger
        return tuple(chain)

    def _generate(self, generators: set[int]) -> set[int]:
        elements = set(generators)
        while True:
            members = sorted(elements)
            grown = elements | {int(i) for i in np.unique(self.table[np.ix_(members, members)])}
            if len(grown) == len(elements):
                return elements
            elements = grown

    def average(self, tensor: Real) -> Real:
        """The group average (1/|G|) Σ_g T(g)⊗…⊗T(g) tensor."""
        for representatives in self.coset_chain:
            total = np.zeros_like(tensor)
            for g in representatives:
                total += _on_every_index(self.matrices[g], tensor)
            tensor = total / len(representatives)
        return tensor

    def force_constants(self, order: int, rng: np.random.Generator) -> Real:
        """A random tensor (3N)^order: symmetric, invariant, blind to uniform translations."""
        size = 3 * self.natoms
        tensor = rng.standard_normal((size,) * order)
        permutations = list(itertools.permutations(range(order)))
        tensor = sum((tensor.transpose(p) for p in permutations), np.zeros_like(tensor))
        tensor = self.average(tensor / len(permutations))
        rigid = np.tile(np.eye(3), (self.natoms, 1)) / np.sqrt(self.natoms)
        return _on_every_index(np.eye(size) - rigid @ rigid.T, tensor)

    def modes(self, axis: Axis | None = None, *, seed: int = 0) -> Modes:
        """The circular modes of a random dynamical matrix."""
        rng = np.random.default_rng([seed, 2])
        for _ in range(20):
            values, vectors, acoustic = self._diagonalise(rng)
            gaps = np.diff(values)
            if not np.any((gaps > DEGENERATE) & (gaps < SEPARATE)):
                break
        else:
            raise RuntimeError("every random dynamical matrix has an accidental degeneracy")
        cuts = np.flatnonzero(gaps > SEPARATE) + 1
        multiplets, displacements, start = [], [], 0
        for members in np.split(np.arange(len(values)), cuts):
            basis = vectors[:, members]
            circular = list(self._circular(basis, axis))
            components = []
            for pam, columns in circular:
                stop = start + columns.shape[1]
                momenta = angular_momentum(columns, axis)
                components.append(Component(pam, slice(start, stop), momenta))
                displacements.append(columns / np.sqrt(self.masses)[:, None])
                start = stop
            characters = np.einsum("ia,gij,ja->g", basis, self.matrices, basis, optimize=True)
            norm = np.sum(characters**2) / len(self.operations)
            if min(abs(norm - kind) for kind in (1, 2, 4)) > 1e-6:
                raise RuntimeError(f"a multiplet is no irreducible set: Σ|χ|²/|G| = {norm}")
            multiplets.append(
                Multiplet(basis, characters, bool(acoustic[members[0]]), tuple(components))
            )
        return Modes(tuple(multiplets), np.hstack(displacements), self.masses)

    def _diagonalise(self, rng: np.random.Generator) -> tuple[Real, Real, NDArray[np.bool_]]:
        root = np.sqrt(self.masses)
        dynamical = self.force_constants(2, rng) / np.outer(root, root)
        dynamical /= max(float(np.abs(dynamical).max()), 1e-300)
        rigid = root[:, None] * np.tile(np.eye(3), (self.natoms, 1))
        rigid /= np.linalg.norm(rigid, axis=0)
        splitting = rng.standard_normal((3, 3))
        cartesian = np.array([operation.cartesian for operation in self.operations])
        splitting = np.einsum("gij,jk,glk->il", cartesian, splitting + splitting.T, cartesian)
        lift = 4 * np.linalg.norm(dynamical) + 10  # above every other eigenvalue: mixes with none
        splitting = lift * np.eye(3) + splitting / len(self.operations)
        values, vectors = np.linalg.eigh(dynamical + rigid @ splitting @ rigid.T)
        acoustic = np.sum((rigid.T @ vectors) ** 2, axis=0) > 0.5
        if acoustic.sum() != 3:
            raise RuntimeError("three rigid translations expected")
        return values, vectors, acoustic

    def _circular(self, basis: Real, axis: Axis | None) -> Iterator[tuple[int | None, Complex]]:
        """Columns of P_l = (1/n) Σ_k exp(2πi l k/n) T^k inside the span of a real basis."""
        if axis is None:
            yield None, basis.astype(complex)
            return
        turn = basis.T @ self.matrices[self.find(axis.matrix)] @ basis
        powers = [np.linalg.matrix_power(turn, k) for k in range(axis.order)]
        for l in axis.residues:
            phases = np.exp(2j * np.pi * l * np.arange(axis.order) / axis.order)
            projector = np.tensordot(phases, np.array(powers), axes=1) / axis.order
            weights, vectors = np.linalg.eigh(projector)
            if np.abs(weights - np.rint(weights)).max() > 1e-8:
                raise RuntimeError("T(C_n)^n is not the identity on a multiplet")
            if np.any(weights > 0.5):
                yield l, basis @ vectors[:, weights > 0.5]

    def find(self, cartesian: ArrayLike, *, tolerance: float = 1e-2) -> int:
        """Index of the operation with this Cartesian rotation; LookupError if there is none."""
        wanted = np.asarray(cartesian, dtype=float)
        for i, operation in enumerate(self.operations):
            if np.abs(operation.cartesian - wanted).max() < tolerance:
                return i
        raise LookupError(f"the crystal has no operation {wanted.round(4).tolist()}")

    def find_xyz(self, xyz: str) -> int:
        """Index of the operation with the rotation part of a string like ``-y,x-y,z+1/3``."""
        wanted = rotation_of(xyz)
        for i, operation in enumerate(self.operations):
            if np.array_equal(operation.rotation, wanted):
                return i
        raise LookupError(f"the crystal has no operation {xyz}")

    def couplings(
        self, modes: Modes, order: int, *, seed: int = 0, draws: int = DRAWS
    ) -> Couplings:
        """Random anharmonic tensors of one order between all modes, the last leg outgoing."""
        rng = np.random.default_rng([seed, order])
        size = modes.displacements.shape[1]
        values = np.empty((draws, *(size,) * order), dtype=complex)
        legs = [modes.displacements.T] * (order - 1) + [modes.displacements.conj().T]
        for draw in range(draws):
            tensor: Any = self.force_constants(order, rng)
            for leg in legs:
                tensor = _on_first_index(leg, tensor)
            values[draw] = tensor
        return Couplings(values)


def primitive(atoms: Atoms, *, symprec: float = 1e-3) -> tuple[Real, Real, Integers]:
    """Cell, fractional positions and atomic numbers of the primitive cell spglib finds."""
    cell = np.asarray(atoms.cell.array, dtype=float)
    points = np.linalg.solve(cell.T, atoms.positions.T).T
    data: Any = (cell, points, atoms.numbers)
    found: Any = spglib.find_primitive(data, symprec=symprec)
    if found is None:
        raise ValueError(f"spglib finds no cell in {atoms.symbols}")
    return found[0], found[1], found[2]


def rotation_of(xyz: str) -> Integers:
    """The rotation part of ``x'y'z'`` written as three comma-separated linear forms.

    >>> rotation_of("-y, x-y, z+1/3").tolist()
    [[0, -1, 0], [1, -1, 0], [0, 0, 1]]
    """
    rows = xyz.replace(" ", "").lower().split(",")
    if len(rows) != 3:
        raise ValueError(f"three linear forms expected: {xyz!r}")
    result = np.zeros((3, 3), dtype=np.int64)
    for row, text in zip(result, rows, strict=True):
        for sign, factor, name in re.findall(r"([+-]?)(\d*)\*?([xyz])", text):
            row["xyz".index(name)] += int(sign + (factor or "1"))
    return result


def momentum_of(pam: str | int | None) -> int | None:
    """A pseudo-angular momentum of the zone centre from its exact string."""
    if pam is None:
        return None
    value = Fraction(pam)
    if value.denominator != 1:
        raise ValueError(f"no integer at the zone centre: {pam}")
    return int(value)


def select(
    modes: Modes, crystal: RandomCrystal, dimension: int, characters: Mapping[int, float]
) -> list[Multiplet]:
    """Optical multiplets of a dimension whose χ(g) takes these values (operation index → χ)."""
    if max(characters, default=0) >= len(crystal.operations):
        raise LookupError("no such operation")
    return [
        m
        for m in modes.multiplets
        if m.dimension == dimension
        and not m.acoustic
        and all(abs(m.characters[g] - value) < 1e-6 for g, value in characters.items())
    ]


def angular_momentum(columns: Complex, axis: Axis | None) -> tuple[float, float]:
    """Least and largest J = 2 Im Σ_κ e_κx* e_κy = −i Σ_κ n·(e_κ* × e_κ) of motions, in ħ.

    The extreme eigenvalues of the Hermitian form on the span of orthonormal columns (3N × k).
    """
    if axis is None:
        return 0.0, 0.0
    n = np.array(axis.direction) / np.linalg.norm(axis.direction)
    vectors = columns.reshape(-1, 3, columns.shape[1])
    crossed = np.cross(vectors.conj()[:, :, :, None], vectors[:, :, None, :], axis=1)
    form = -1j * np.einsum("i,kiab->ab", n, crossed)
    values = np.linalg.eigvalsh(form)
    return float(values[0]), float(values[-1])


def _on_first_index(matrix: NDArray[Any], tensor: NDArray[Any]) -> NDArray[Any]:
    """Act on the first index and move it last: repeated for every index the order is restored."""
    shape = tensor.shape
    result = matrix @ tensor.reshape(shape[0], -1)
    return np.ascontiguousarray(result.T).reshape(*shape[1:], matrix.shape[0])


def _on_every_index(matrix: Real, tensor: Real) -> Real:
    for _ in range(tensor.ndim):
        tensor = _on_first_index(matrix, tensor)
    return tensor


def _symmetric_cell(cell: Real, rotations: Integers) -> Real:
    """The cell nearest to this one whose metric G = L Lᵀ obeys Rᵀ G R = G exactly."""
    metric = np.einsum("gki,kl,glj->ij", rotations, cell @ cell.T, rotations) / len(rotations)
    triangle = np.linalg.cholesky(metric)
    left, _, right = np.linalg.svd(triangle.T @ cell)
    return np.asarray(triangle @ left @ right)
