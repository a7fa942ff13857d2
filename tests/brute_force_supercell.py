"""Brute force off the zone centre: what random force constants of a supercell couple, and what not.

The second, independent method behind the agreement tests at finite wavevectors.  It knows no
irreducible representation, no star, no arm, no gauge, no selection rule and no time reversal, not
even that crystal momentum is conserved.  It builds the smallest supercell in which every wave of a
vertex is periodic, lets translations and operations move the atoms of that supercell, draws random
second-, third- and fourth-order force constants, averages them over the whole group,

    Φ ← (1/|G|) Σ_g T(g)⊗…⊗T(g) Φ,     T(g)_{a'i,aj} = R_ij δ(a' is the atom g takes a to),

makes them symmetric in their indices and blind to rigid translations, and contracts them with
waves.  A wave of wavevector q is any displacement field with f(r + t) = exp(i q·t) f(r): no phase
convention enters, and an operation acts on it as it acts on atoms.

Conventions.  With u = Re Σ a f exp(−iωt) an incoming quantum stands for a and enters with f, an
outgoing one for a* and enters with f*.  The wave of an outgoing quantum at −q₃ is thus one at q₃.
A wave of pseudo-angular momentum l obeys T(C_n) f = exp(−2πi l/n) f for the named operation C_n.
Waves of different q (or of q and −q) belong to one and the same normal coordinate if the random
dynamical matrix of the supercell gives them the same eigenvalue: its eigenspaces are the real
irreducible sets of the whole space group.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import spglib
from ase.data import atomic_masses
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Integers = NDArray[np.int64]
Wavevector = tuple[Fraction, Fraction, Fraction]

#: Distance below which two eigenvalues (of a matrix with entries up to 1) are one multiplet, and
#: above which they are surely two; a draw with anything in between is thrown away.
DEGENERATE, SEPARATE = 1e-10, 1e-6
#: Number of random third-order tensors: larger than any number of coefficients that is met.
DRAWS = 12


def wavevector(coordinates: Sequence[str | int | Fraction]) -> Wavevector:
    """Exact coordinates in the reciprocal basis, reduced to 0 ≤ q < 1.

    >>> wavevector(("1/3", "-1/3", 0))
    (Fraction(1, 3), Fraction(2, 3), Fraction(0, 1))
    """
    x, y, z = (Fraction(c) % 1 for c in coordinates)
    return x, y, z


def opposite(q: Wavevector) -> Wavevector:
    """−q, reduced."""
    return wavevector([-x for x in q])


def operation_of(xyz: str) -> tuple[Integers, tuple[Fraction, ...]]:
    """W and w of an operation written as three comma-separated linear forms.

    >>> operation_of("-y, x-y, z+1/3")[1][2]
    Fraction(1, 3)
    """
    rows = xyz.replace(" ", "").lower().split(",")
    if len(rows) != 3:
        raise ValueError(f"three linear forms expected: {xyz!r}")
    rotation, translation = np.zeros((3, 3), dtype=np.int64), []
    for row, text in zip(rotation, rows, strict=True):
        shift = Fraction(0)
        for sign, number, name in re.findall(r"([+-]?)([\d./]*)\*?([xyz]?)", text):
            if name:
                row["xyz".index(name)] += int(sign + (number or "1"))
            elif number:
                shift += Fraction(sign + number)
        translation.append(shift)
    return rotation, tuple(translation)


def turn(order: int, direction: ArrayLike, *, improper: bool = False) -> Real:
    """The anticlockwise rotation by 2π/order about a direction; improper: S = σ_h C."""
    n = np.asarray(direction, dtype=float)
    n = n / np.linalg.norm(n)
    angle = 2 * np.pi / order
    cross = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
    result = np.cos(angle) * np.eye(3) + np.sin(angle) * cross
    result += (1 - np.cos(angle)) * np.outer(n, n)
    mirror = np.eye(3) - 2 * np.outer(n, n)
    return np.asarray(mirror @ result if improper else result)


@dataclass(frozen=True, eq=False)
class Action:
    """An operation at work on the displacements of a supercell.

    Attributes:
        rotation: W on primitive fractional coordinates.
        matrix: T(g), 3N × 3N, sparse: a permutation of atoms times a rotation.
    """

    rotation: Integers
    matrix: Any


@dataclass(frozen=True, eq=False)
class Waves:
    """A degenerate set of waves of one wavevector.

    Attributes:
        value: the eigenvalue it belongs to.
        columns: 3N × d orthonormal mass-weighted fields.
        place: where it stands among all waves of this wavevector.
        acoustic: True for rigid translations.
    """

    value: float
    columns: Complex
    place: slice
    acoustic: bool

    @property
    def dimension(self) -> int:
        """Number of degenerate waves."""
        return int(self.columns.shape[1])

    def character(self, action: Action) -> complex:
        """tr(f† T(g) f)."""
        return complex(np.vdot(self.columns, action.matrix @ self.columns))

    def circular(self, action: Action, order: int) -> dict[Fraction, Complex]:
        """Coefficients (d × k) of the combinations of each l, 0 ≤ l < order, of an operation.

        l is any real number (a screw at q ≠ 0); it is read from the numerical phase and recognised
        as a fraction, so that nothing about screws or q is assumed.
        """
        unitary = self.columns.conj().T @ (action.matrix @ self.columns)
        if not np.allclose(unitary @ unitary.conj().T, np.eye(self.dimension), atol=1e-9):
            raise ValueError("the operation does not keep the wavevector")
        generic = np.exp(0.7123j)
        hermitian = (generic * unitary + (generic * unitary).conj().T) / 2
        vectors = np.linalg.eigh(hermitian)[1]
        found: dict[Fraction, list[Complex]] = {}
        for vector in vectors.T:
            phase = np.vdot(vector, unitary @ vector)
            if abs(abs(phase) - 1) > 1e-8:
                raise RuntimeError("two eigenvalues of the operation were mixed")
            number = -order * np.angle(phase) / (2 * np.pi)
            l = Fraction(number).limit_denominator(100)
            if abs(float(l) - number) > 1e-7:
                raise RuntimeError(f"no simple fraction: l = {number}")
            found.setdefault(l % order, []).append(vector)
        return {l: np.array(columns).T for l, columns in found.items()}


class Supercell:
    """A crystal in the smallest cell in which the waves of a vertex are periodic, with its group.

    Args:
        cell, positions, numbers: the primitive cell; rows are lattice vectors in Å.
        wavevectors: those of the vertex; their images under the group are made periodic too.
        symprec: tolerance of spglib, Å.
    """

    def __init__(
        self,
        cell: ArrayLike,
        positions: ArrayLike,
        numbers: ArrayLike,
        wavevectors: Sequence[Wavevector],
        *,
        symprec: float = 1e-3,
    ) -> None:
        self.cell = np.asarray(cell, dtype=float)
        self.positions = np.asarray(positions, dtype=float)
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.symprec = symprec
        data: Any = (self.cell, self.positions, self.numbers)
        found: Any = spglib.get_symmetry(data, symprec=symprec)
        self.rotations = np.asarray(found["rotations"], dtype=np.int64)
        self.translations = np.asarray(found["translations"], dtype=float)
        self.matrix = _periods(
            {q for w in self.rotations for q in (_image(q, w) for q in wavevectors)}
        )
        self._inverse = np.linalg.inv(self.matrix)

    @property
    def index(self) -> int:
        """Number of primitive cells in the supercell."""
        return int(np.prod(np.diag(self.matrix)))

    @cached_property
    def cells(self) -> Integers:
        """One lattice vector of the crystal per primitive cell of the supercell."""
        a, b, c = (range(int(x)) for x in np.diag(self.matrix))  # a Hermite form: a plain box
        return np.array(sorted({self._reduced(np.array(x)) for x in itertools.product(a, b, c)}))

    @cached_property
    def _number(self) -> dict[tuple[int, ...], int]:
        if len(self.cells) != self.index:
            raise RuntimeError("cells of the supercell were lost")
        return {tuple(x): i for i, x in enumerate(self.cells.tolist())}

    def _reduced(self, vector: Integers) -> tuple[int, ...]:
        """A lattice vector of the crystal modulo those of the supercell."""
        rounds = np.floor(vector @ self._inverse + 1e-9).astype(np.int64)
        return tuple(int(x) for x in vector - rounds @ self.matrix)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return 3 * len(self.cells) * len(self.numbers)

    @cached_property
    def masses(self) -> Real:
        """Standard atomic masses of all coordinates, amu."""
        masses = np.asarray(atomic_masses[self.numbers], dtype=float)
        return np.repeat(np.tile(masses, len(self.cells)), 3)

    def action(self, rotation: ArrayLike, translation: Sequence[float | Fraction]) -> Action:
        """{W|w} (fractional, primitive cell) as a motion of the atoms of the supercell."""
        w = np.asarray(rotation, dtype=np.int64)
        shift = np.array([float(x) for x in translation])
        cartesian = self.cell.T @ w @ np.linalg.inv(self.cell.T)
        moved = self.positions @ w.T + shift
        natoms = len(self.numbers)
        difference = moved[:, None] - self.positions[None]
        distance = np.linalg.norm((difference - np.rint(difference)) @ self.cell, axis=2)
        distance[self.numbers[:, None] != self.numbers[None]] = np.inf
        image = distance.argmin(axis=1)
        if distance.min(axis=1).max() > 10 * self.symprec or len(set(image)) != natoms:
            raise ValueError("the operation does not permute the atoms")
        offsets = np.rint(difference[np.arange(natoms), image]).astype(np.int64)
        target = np.array(
            [
                self._number[self._reduced(w @ c + offsets[a])] * natoms + image[a]
                for c in self.cells
                for a in range(natoms)
            ]
        )
        blocks = np.tile(cartesian, (len(target), 1, 1))
        source = np.arange(len(target))
        rows = np.repeat(3 * target[:, None] + np.arange(3), 3, axis=1).ravel()
        columns = np.tile(3 * source[:, None] + np.arange(3), (1, 3)).ravel()
        matrix = scipy.sparse.csr_array(
            (blocks.ravel(), (rows, columns)), shape=(self.size, self.size)
        )
        return Action(w, matrix)

    def named(self, xyz: str) -> Action:
        """The operation written in the primitive cell, ``-y,x-y,z+1/3``."""
        return self.action(*operation_of(xyz))

    @cached_property
    def shifts(self) -> list[Action]:
        """All translations."""
        return [self.action(np.eye(3), [float(x) for x in t]) for t in self.cells]

    @cached_property
    def operations(self) -> list[Action]:
        """One operation of the space group per rotation, translations apart."""
        return [self.action(*g) for g in zip(self.rotations, self.translations, strict=True)]

    @cached_property
    def _chain(self) -> list[list[Action]]:
        """Representatives whose ordered products run once through all operations.

        {E} ⊂ H₁ ⊂ … ⊂ P: the sum over 48 operations costs a dozen instead of 48.
        """
        keys = [g.rotation.tobytes() for g in self.operations]
        number = {key: i for i, key in enumerate(keys)}
        table = [
            [number[(a.rotation @ b.rotation).tobytes()] for b in self.operations]
            for a in self.operations
        ]

        def closure(members: set[int]) -> set[int]:
            while True:
                grown = members | {table[a][b] for a in members for b in members}
                if len(grown) == len(members):
                    return members
                members = grown

        identity = number[np.eye(3, dtype=np.int64).tobytes()]
        subgroup, chain = {identity}, []
        while len(subgroup) < len(keys):
            larger = min(
                (closure({*subgroup, g}) for g in range(len(keys)) if g not in subgroup), key=len
            )
            covered, representatives = set[int](), []
            for g in [identity, *sorted(larger)]:
                if g not in covered:
                    representatives.append(self.operations[g])
                    covered |= {table[g][h] for h in subgroup}
            chain.append(representatives)
            subgroup = larger
        return chain

    def average(self, tensor: Real) -> Real:
        """(1/|G|) Σ_g T(g)⊗…⊗T(g) tensor over translations and operations."""
        for actions in [self.shifts, *self._chain]:
            total = np.zeros_like(tensor)
            for action in actions:
                total += _on_every_index(action.matrix, tensor)
            tensor = total / len(actions)
        return tensor

    @cached_property
    def rigid(self) -> Real:
        """Three uniform translations, 3N × 3, normalised."""
        ones = np.tile(np.eye(3), (self.size // 3, 1))
        return np.asarray(ones / np.sqrt(self.size / 3))

    def force_constants(self, order: int, rng: np.random.Generator) -> Real:
        """A random tensor (3N)^order: symmetric, invariant, blind to rigid translations."""
        tensor = rng.standard_normal((self.size,) * order)
        permutations = list(itertools.permutations(range(order)))
        tensor = sum((tensor.transpose(p) for p in permutations), np.zeros_like(tensor))
        tensor = self.average(tensor / len(permutations))
        for _ in range(order):
            along = np.tensordot(self.rigid, tensor, axes=(0, 0))
            tensor = np.moveaxis(tensor - np.tensordot(self.rigid, along, axes=(1, 0)), 0, -1)
        return tensor

    @cached_property
    def dynamical(self) -> Real:
        """One random dynamical matrix; rigid translations lifted above every other eigenvalue."""
        rng = np.random.default_rng(2)
        root = np.sqrt(self.masses)
        matrix = self.force_constants(2, rng) / np.outer(root, root)
        matrix /= max(float(np.abs(matrix).max()), 1e-300)
        rigid = root[:, None] * self.rigid
        rigid /= np.linalg.norm(rigid, axis=0)
        split = rng.standard_normal((3, 3))
        split = self.rigid @ (split + split.T) @ self.rigid.T
        split = self.rigid.T @ self.average(split) @ self.rigid
        lift = 4 * np.linalg.norm(matrix) + 10
        return np.asarray(matrix + rigid @ (lift * np.eye(3) + split) @ rigid.T)

    def periodic(self, q: Wavevector) -> Complex:
        """The 3n fields exp(i q·t) on one sublattice and direction: all waves of q, 3N × 3n."""
        turns = [sum(x * int(t) for x, t in zip(q, cell, strict=True)) for cell in self.cells]
        phases = np.exp(2j * np.pi * np.array([float(x % 1) for x in turns]))
        fields = np.kron(phases[:, None], np.eye(3 * len(self.numbers)))
        return np.asarray(fields / np.sqrt(len(phases)))

    def waves(self, q: Wavevector) -> list[Waves]:
        """The degenerate sets of a wavevector."""
        basis = self.periodic(q)
        values, vectors = np.linalg.eigh(basis.conj().T @ self.dynamical @ basis)
        gaps = np.diff(values)
        if np.any((gaps > DEGENERATE * 100) & (gaps < SEPARATE)):
            raise RuntimeError("accidental degeneracy of a random dynamical matrix")
        cuts = np.flatnonzero(gaps > SEPARATE) + 1
        rigid = np.sqrt(self.masses)[:, None] * self.rigid
        rigid /= np.linalg.norm(rigid, axis=0)
        result = []
        for members in np.split(np.arange(len(values)), cuts):
            columns = basis @ vectors[:, members]
            acoustic = float(np.linalg.norm(rigid.T @ columns)) > 0.5
            place = slice(int(members[0]), int(members[-1]) + 1)
            result.append(Waves(float(values[members].mean()), columns, place, acoustic))
        return result

    def little_group(self, q: Wavevector) -> int:
        """Number of operations (of the crystal, translations apart) with R q = q + G."""
        return sum(_image(q, w) == q for w in self.rotations)

    def couplings(
        self, legs: Sequence[Sequence[Waves]], *, seed: int = 0, draws: int = DRAWS
    ) -> Couplings:
        """Random couplings; legs: the fields as they enter (an outgoing one as f*)."""
        rng = np.random.default_rng([seed, len(legs)])
        fields = [
            np.hstack([w.columns for w in leg]) / np.sqrt(self.masses)[:, None] for leg in legs
        ]
        if len(legs) == 4:
            return Couplings(np.array([self._quartic(fields, rng) for _ in range(4 * draws)]))
        values = []
        for _ in range(draws):
            tensor: Any = self.force_constants(len(legs), rng)
            for field in fields:
                tensor = np.tensordot(tensor, field, axes=(0, 0))
            values.append(tensor)
        return Couplings(np.array(values))

    def quartic_forms(self, rng: np.random.Generator) -> Real:
        """|G| × 3N: the images w of a random linear form under the group, for Σ (w·u)⁴.

        Fourth-order force constants of a supercell are too many to be averaged entry by entry.
        Every symmetric tensor is a sum of fourth powers, so averages of the fourth powers of
        random forms span the invariant ones; blind to rigid translations is a form that is.
        """
        form = rng.standard_normal(self.size)
        form -= self.rigid @ (self.rigid.T @ form)
        images = form[None, :]
        for actions in (self.shifts, self.operations):
            images = np.vstack([(action.matrix.T @ images.T).T for action in actions])
        return np.asarray(images)

    def _quartic(self, fields: Sequence[Complex], rng: np.random.Generator) -> Complex:
        """Random fourth-order force constants between waves, M × M × M × M."""
        images = self.quartic_forms(rng)
        a, b, c, d = (images @ field for field in fields)
        left = np.einsum("gi,gj->gij", a, b).reshape(len(images), -1)
        right = np.einsum("gi,gj->gij", c, d).reshape(len(images), -1)
        shape = tuple(field.shape[1] for field in fields)
        return np.asarray((left.T @ right).reshape(shape) / len(images))


@dataclass(frozen=True, eq=False)
class Couplings:
    """Values of random tensors between waves, draws × M × M × M (× M)."""

    values: Complex

    @cached_property
    def scale(self) -> float:
        """The largest coupling."""
        return float(np.abs(self.values).max(initial=0.0))

    def strength(self, *legs: tuple[slice, Complex]) -> float:
        """Largest |V|/scale of these legs: a degenerate set and combinations of its waves."""
        if self.scale == 0.0:
            return 0.0
        block: Any = self.values[(slice(None), *(place for place, _ in legs))]
        for _, coefficients in legs:
            block = np.tensordot(block, coefficients, axes=(1, 0))
        return float(np.abs(block).max(initial=0.0) / self.scale)

    def coefficients(self, *legs: slice) -> int:
        """Real dimension of the family of couplings of whole degenerate sets."""
        block = self.values[(slice(None), *legs)].reshape(len(self.values), -1)
        singular = np.linalg.svd(np.hstack([block.real, block.imag]), compute_uv=False)
        if self.scale == 0.0 or singular[0] < 1e-9 * self.scale:
            return 0
        rank = int(np.sum(singular > 1e-7 * singular[0]))
        if rank == len(self.values):
            raise RuntimeError("as many independent couplings as draws: draw more tensors")
        return rank


def angular_momentum(columns: Complex, direction: ArrayLike) -> tuple[float, float]:
    """Least and largest J = 2 Im Σ f_x* f_y = −i Σ n·(f* × f) of fields (3N × k), in ħ."""
    n = np.asarray(direction, dtype=float)
    vectors = columns.reshape(-1, 3, columns.shape[1])
    crossed = np.cross(vectors.conj()[:, :, :, None], vectors[:, :, None, :], axis=1)
    values = np.linalg.eigvalsh(-1j * np.einsum("i,kiab->ab", n / np.linalg.norm(n), crossed))
    return float(values[0]), float(values[-1])


def _on_every_index(matrix: Any, tensor: Real) -> Real:
    """Act on the first index and move it last, once for every index."""
    for _ in range(tensor.ndim):
        shape = tensor.shape
        moved = matrix @ tensor.reshape(shape[0], -1)
        tensor = np.ascontiguousarray(moved.T).reshape(*shape[1:], shape[0])
    return tensor


def _image(q: Wavevector, rotation: Integers) -> Wavevector:
    """R q: coefficients q W⁻¹ in the reciprocal basis (the inverse of an integer matrix)."""
    inverse = np.rint(np.linalg.inv(rotation)).astype(np.int64)
    return wavevector([sum(x * int(a) for x, a in zip(q, c, strict=True)) for c in inverse.T])


def _periods(wavevectors: set[Wavevector]) -> Integers:
    """Rows: a basis of the lattice vectors t with q·t an integer for all these wavevectors."""

    def periodic(t: Sequence[int]) -> bool:
        return all(
            sum(x * y for x, y in zip(q, t, strict=True)).denominator == 1 for q in wavevectors
        )

    top = math.lcm(*(x.denominator for q in wavevectors for x in q))
    # Hermite form: the smallest (0,0,c), then (0,b,*), then (a,*,*)
    box = range(top)
    c = next(z for z in range(1, top + 1) if periodic((0, 0, z)))
    second = next((0, y, z) for y in range(1, top + 1) for z in box if periodic((0, y, z)))
    first = next(
        (x, y, z) for x in range(1, top + 1) for y in box for z in box if periodic((x, y, z))
    )
    return np.array([first, second, (0, 0, c)], dtype=np.int64)


def identities(
    families: Sequence[frozenset[int]], start: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """All ways to number normal coordinates: per family 0, 1, … in order of first appearance."""
    if len(start) == len(families):
        yield start
        return
    family = families[len(start)]
    used = {n for f, n in zip(families, start, strict=False) if f == family}
    for n in range(min(len(used) + 1, len(family))):
        yield from identities(families, (*start, n))
