"""The displacements at a wavevector resolved into species, ready for any dynamical matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.modes.adapted import AdaptedBasis, adapted_basis
from symchiral.modes.mode import Mode, Modes, Multiplet
from symchiral.modes.motion import angular_momentum_form
from symchiral.modes.species import Species, find_species
from symchiral.value import ALIGNED, TIED, Complex, Floats, Value, frozen

ROUNDING = 1e-14
"""An imaginary part smaller than this, relative to the real one, is rounding."""

RIGID = 0.01
"""Frequencies of rigid translations that are smaller, THz, are square roots of rounding."""

EQUAL = 1e-9
"""Eigenvalues that differ by less, relative to the largest, are one and the same."""


@dataclass(frozen=True, eq=False, repr=False)
class ModeSpace(Value):
    """Species at a wavevector with their symmetry-adapted displacements.

    On a line one space serves every wavevector of it.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    q : QPoint
        The wavevector, or the line.
    axis : Axis or None
        The axis of rotation that keeps it.
    species : tuple of Species
        What the displacements transform as.
    bases : tuple of AdaptedBasis
        The displacements, one basis per species.
    """

    crystal: SymmetricCrystal
    q: QPoint
    axis: Axis | None
    species: tuple[Species, ...]
    bases: tuple[AdaptedBasis, ...]

    def modes(
        self,
        matrix: Complex | Floats,
        masses: Floats,
        *,
        born: Floats | None = None,
        direction: Floats | None = None,
        field: Complex | Floats | None = None,
    ) -> Modes:
        r"""Diagonalise a dynamical matrix into modes that are resolved on the axis.

        Every species is diagonalised by itself, so that accidental degeneracies do not mix what
        symmetry keeps apart, and no result depends on the basis an eigensolver returns.

        Parameters
        ----------
        matrix : (3N, 3N) complex
            THz², gauge with the atomic position in the phase.
        masses : (N,) float
            amu.
        born : (N, 3, 3) float, optional
            Born effective charges.
        direction : (3,) float, optional
            Cartesian direction of approach to the zone centre that the modes are for. Where the
            group turns it, infrared-active species mix and split, and only these.
        field : (3N, 3N) complex, optional
            The non-analytic term of that direction, to be added to the matrix; None if the matrix
            holds it already, which leaves nothing to tell how far the forces break the symmetry.
        """
        split = direction is not None and (field is not None or not self._keeps(direction))
        if np.abs(matrix.imag).max() < ROUNDING * np.abs(matrix.real).max():
            matrix = matrix.real.copy()
        solved = [solve(basis, matrix) for basis in self.bases]
        asymmetry = 0.0 if split and field is None else _asymmetry(matrix, solved)
        found: list[Multiplet] = []
        polar: list[tuple[Species, Complex]] = []
        for species, (values, sets) in zip(self.species, solved, strict=True):
            if split and species.acoustic:
                polar.append((species, sets))
            else:
                found += self._multiplets(species, values, sets, masses)
        if direction is not None and polar:
            if field is None:
                found += self._split(polar, matrix, masses, direction)
            else:
                squares = [v for s, (v, _) in zip(self.species, solved, strict=True) if s.acoustic]
                found += self._in_field(polar, squares, field, masses, direction)
        found.sort(key=_place)
        return Modes(
            self.crystal,
            self.q,
            self.axis,
            frozen(masses),
            tuple(found),
            asymmetry,
            None if direction is None else frozen(direction, float),
            born,
        )

    def _keeps(self, direction: Floats) -> bool:
        """Whether every operation leaves a direction as it is, or reverses it."""
        unit = direction / np.linalg.norm(direction)
        return bool(np.all(np.abs(self.crystal.rotations @ unit @ unit) > 1 - ALIGNED))

    def _split(
        self,
        polar: list[tuple[Species, Complex]],
        matrix: Complex | Floats,
        masses: Floats,
        direction: Floats,
    ) -> list[Multiplet]:
        """Modes of infrared-active species from a matrix that holds the field of a direction.

        Only an axis along the direction still tells partners apart. What the transverse modes are
        is not known, so that modes are numbered within the species they are most of.
        """
        along = self._along(direction)
        # Columns, with the species and the component each of them belongs to.
        groups: dict[object, list[tuple[Complex, Species, Component | None]]] = {}
        for species, sets in polar:
            for component in species.components if along else (None,):
                spaces = sets if component is None else sets @ component.basis
                key = None if component is None else component.residue
                groups.setdefault(key, []).append(
                    (np.concatenate(list(spaces), 1), species, component)
                )
        modes: list[tuple[Species, Mode]] = []
        for parts in groups.values():
            columns = np.concatenate([part[0] for part in parts], axis=1)
            values, vectors = np.linalg.eigh(columns.conj().T @ matrix @ columns)
            owners = np.repeat(np.arange(len(parts)), [part[0].shape[1] for part in parts])
            shares = np.abs(vectors) ** 2
            gaps = np.diff(values, prepend=-np.inf, append=np.inf)
            scale = EQUAL * max(np.max(np.abs(values)), 1e-12)
            for i, value in enumerate(values):
                most = np.bincount(owners, shares[:, i], len(parts)).round(6).argmax()
                _, species, component = parts[most]
                vector = _largest_real(columns @ vectors[:, i])
                mode = Mode(
                    species.label,
                    0,
                    component.name if component else "",
                    component.pam if component else None,
                    component.residue if component else None,
                    float(np.sign(value) * np.sqrt(abs(value))),
                    frozen(vector.reshape(-1, 3)),
                    bool(along or min(gaps[i], gaps[i + 1]) > scale),
                )
                modes.append((species, mode))
        return _numbered(modes, masses)

    def _in_field(
        self,
        polar: list[tuple[Species, Complex]],
        values: list[Floats],
        field: Complex | Floats,
        masses: Floats,
        direction: Floats,
    ) -> list[Multiplet]:
        r"""Modes of infrared-active species in the field of a direction of approach.

        The field is :math:`λ\, d d^†`. Of every multiplet it moves the one combination along d
        and leaves the others where they are; among those combinations, of squares
        :math:`f_1^2 ≤ f_2^2 ≤ …`, the new squares interlace with the old ones, so that the k-th
        of them becomes the k-th transverse one as λ goes to 0, and has its name.
        """
        strength, vectors = np.linalg.eigh((field + field.conj().T) / 2)
        moved = vectors[:, -1]
        along = self._along(direction)
        found: list[Multiplet] = []
        coupled: list[tuple[float, Species, int, Complex, Component | None, float]] = []
        scale = EQUAL * max(float(np.abs(np.concatenate(values)).max()), 1e-12)
        for (species, sets), squares in zip(polar, values, strict=True):
            rigid, number = _rigid(sets, species.acoustic, masses), 0
            for square, columns, moves in zip(squares, sets, rigid, strict=True):
                number += not moves
                overlap = columns.conj().T @ moved
                size = float(np.linalg.norm(overlap))
                frequency = float(np.sign(square) * np.sqrt(abs(square)))
                if moves or strength[-1] * size**2 < scale:
                    which = None if moves else number
                    found.append(self._multiplet(species, which, frequency, columns))
                    continue
                share = overlap / size
                held = None
                rest = []
                for component in species.components if along else (None,):
                    basis = np.eye(len(share)) if component is None else component.basis
                    if component is not None and np.linalg.norm(basis.conj().T @ share) > 0.5:
                        held = component
                    across, sizes, _ = np.linalg.svd(basis - np.outer(share, share.conj() @ basis))
                    kept = columns @ across[:, : int(np.sum(sizes > 0.5))]
                    if component is not None and kept.shape[1] > 1:
                        kept = _by_angular_momentum(kept, direction / np.linalg.norm(direction))
                    fixed = component is not None or kept.shape[1] == 1
                    rest += [
                        _resolved(species, number, component, frequency, column, fixed=fixed)
                        for column in kept.T
                    ]
                if rest:
                    found.append(Multiplet(species, number, frequency, tuple(rest)))
                coupled.append((float(square), species, number, columns @ share, held, size))
        coupled.sort(key=lambda item: item[0])
        sizes = np.array([item[5] for item in coupled])
        squares = np.array([item[0] for item in coupled])
        solved = np.linalg.eigh(np.diag(squares) + strength[-1] * np.outer(sizes, sizes))
        combined = np.array([item[3] for item in coupled]).T @ solved[1] if coupled else ()
        for (_, species, number, _, held, _), square, column in zip(
            coupled, solved[0], np.transpose(combined), strict=True
        ):
            frequency = float(np.sign(square) * np.sqrt(abs(square)))
            mode = _resolved(species, number, held, frequency, column, fixed=True)
            mode = replace(mode, longitudinal=True)
            found.append(Multiplet(species, number, frequency, (mode,)))
        return found

    def _multiplets(
        self, species: Species, values: Floats, sets: Complex, masses: Floats
    ) -> list[Multiplet]:
        rigid = _rigid(sets, species.acoustic, masses)
        found, number = [], 0
        for value, eigenvectors, moves in zip(values, sets, rigid, strict=True):
            number += not moves
            frequency = float(np.sign(value) * np.sqrt(abs(value)))
            which = None if moves else number
            found.append(self._multiplet(species, which, frequency, eigenvectors))
        return found

    def _along(self, direction: Floats) -> bool:
        """Whether there is an axis along a direction."""
        unit = direction / np.linalg.norm(direction)
        return self.axis is not None and bool(abs(self.axis.direction @ unit) > 1 - ALIGNED)

    def _multiplet(
        self, species: Species, number: int | None, frequency: float, eigenvectors: Complex
    ) -> Multiplet:
        modes = self._modes(species, number, frequency, eigenvectors)
        return Multiplet(species, number, frequency, modes)

    def _modes(
        self, species: Species, number: int | None, frequency: float, eigenvectors: Complex
    ) -> tuple[Mode, ...]:
        found = []
        for component in species.components:
            columns = eigenvectors @ component.basis
            fixed = columns.shape[1] == 1
            if not fixed and self.axis is not None:
                # Partners of equal l: told apart by the angular momentum about the axis.
                columns = _by_angular_momentum(columns, self.axis.direction)
                fixed = True
            found += [
                Mode(
                    species.label,
                    number,
                    component.name,
                    component.pam,
                    component.residue,
                    frequency,
                    frozen(column.reshape(-1, 3)),
                    fixed,
                )
                for column in columns.T
            ]
        return tuple(found)


def mode_space(crystal: SymmetricCrystal, axis: Axis | None, q: QPoint = GAMMA) -> ModeSpace:
    """Resolve the displacements of a crystal at a wavevector.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis of rotation; it must keep q.
    q : QPoint
        The wavevector, or a line.
    """
    species = find_species(crystal, axis, q)
    bases = tuple(adapted_basis(crystal, s.participant, s.arm, q.reduced) for s in species)
    for s, basis in zip(species, bases, strict=True):
        if basis.count != s.count or basis.count * len(basis.commutant) != len(basis.displacements):
            raise ValueError(f"{s}: {len(basis.displacements)} adapted displacements")
    return ModeSpace(crystal, q.reduced, axis, species, bases)


def solve(basis: AdaptedBasis, matrix: Complex | Floats) -> tuple[Floats, Complex]:
    """Eigenvalues (n,) and sets of eigenvectors (n, 3N, d) of a matrix in one species."""
    rows, size, _ = basis.displacements.shape
    if rows == size and not basis.real:
        # No symmetry at all: any basis will do.
        values, vectors = np.linalg.eigh(matrix)
        return values, _phased(vectors.T[:, :, None], basis)
    values, vectors = np.linalg.eigh(basis.block(matrix))
    sets = np.tensordot(vectors.T, basis.displacements, 1)
    if len(basis.commutant) > 1:
        values, sets = _joined(values, sets, basis.commutant)
    return values, _phased(sets, basis)


def _joined(values: Floats, sets: Complex, commutant: Complex) -> tuple[Floats, Complex]:
    """One X of each family X c: the members have one eigenvalue, and so may have two families."""
    size, d = commutant.shape[:2]
    scale = EQUAL * max(float(np.max(np.abs(values))), 1e-12)
    starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > scale)
    if np.all(np.diff(starts, append=len(values)) == size):
        return values[::size], sets[::size]
    chosen, kept = [], []
    for start, stop in zip(starts, [*starts[1:], len(values)], strict=True):
        trials = sets[start:stop].copy()
        for _ in range((stop - start) // size):
            norms = np.einsum("mid,mid->m", trials.conj(), trials).real
            best = trials[int(np.argmax(norms))] * np.sqrt(d / norms.max())
            chosen.append(best)
            kept.append(float(values[start]))
            for c in commutant:
                partner = best @ c
                overlaps = np.einsum("id,mid->m", partner.conj(), trials).real / d
                trials -= overlaps[:, None, None] * partner
    return np.array(kept), np.array(chosen).reshape(-1, *sets.shape[1:])


def _phased(sets: Complex, basis: AdaptedBasis) -> Complex:
    """The member of every family with the largest possible real element, positive there.

    Of elements equally large the first is taken.
    """
    unit = basis.commutant[:1]
    if not basis.real and sets.shape[2] == 1:
        sizes = np.abs(sets[:, :, 0])
        place = np.argmax(sizes > sizes.max(axis=1, keepdims=True) * (1 - TIED), axis=1)
        which = np.arange(len(sets))
        largest = sets[which, place, 0] / sizes[which, place]
        return np.asarray(sets / largest[:, None, None])
    family = basis.commutant if basis.real else np.concatenate([unit, 1j * unit])
    members = sets[:, None] @ family
    elements = members.real.reshape(len(sets), len(family), -1)
    squares = np.einsum("mcx,mcx->mx", elements, elements)
    place = np.argmax(squares > squares.max(axis=1, keepdims=True) * (1 - 2e-6), axis=1)
    which = np.arange(len(sets))
    weights = elements[which, :, place] / np.sqrt(squares[which, place])[:, None]
    if len(family) == 1:
        return np.asarray(weights[:, 0, None, None] * sets)
    return np.asarray(np.einsum("mc,mcie->mie", weights, members))


def _place(multiplet: Multiplet) -> float:
    """Frequency to sort by: rounded, so that equal ones stay in the order of the species.

    So do rigid translations whose frequencies are zero but for rounding.
    """
    rigid = multiplet.number is None and abs(multiplet.frequency) < RIGID
    return 0.0 if rigid else round(multiplet.frequency, 6)


def _resolved(
    species: Species,
    number: int,
    component: Component | None,
    frequency: float,
    column: Complex,
    *,
    fixed: bool,
) -> Mode:
    """A mode along a direction of approach; its largest element is real."""
    vector = _largest_real(column)
    return Mode(
        species.label,
        number,
        component.name if component else "",
        component.pam if component else None,
        component.residue if component else None,
        frequency,
        frozen(vector.reshape(-1, 3)),
        fixed,
    )


def _largest_real(vector: Complex) -> Complex:
    """The vector with the phase that makes its largest element real and positive."""
    turned: Complex = vector * np.exp(-1j * np.angle(vector[_first_largest(np.abs(vector))]))
    return turned


def _first_largest(sizes: Floats) -> int:
    """Index of the largest number; of those equal but for rounding the first."""
    return int(np.argmax(sizes > sizes.max() * (1 - TIED)))


def _by_angular_momentum(columns: Complex, direction: Floats) -> Complex:
    """The columns combined so that each has an angular momentum about a direction, descending."""
    form = angular_momentum_form(columns, direction)
    if np.max(np.abs(form - form[0, 0] * np.eye(len(form)))) < 1e-8:
        return columns
    _, vectors = np.linalg.eigh(-form)
    turned = columns @ vectors
    for i, column in enumerate(turned.T):
        turned[:, i] = _largest_real(column)
    return np.asarray(turned)


def _rigid(sets: Complex, count: int, masses: Floats) -> npt.NDArray[np.bool_]:
    """Which sets are rigid translations: the given number of those that overlap most with them."""
    marked = np.zeros(len(sets), dtype=bool)
    if count:
        uniform = np.einsum("k,ab->kab", np.sqrt(masses / masses.sum()), np.eye(3)).reshape(-1, 3)
        overlaps = np.abs(np.einsum("ia,mid->mad", uniform, sets)) ** 2
        marked[np.argsort(-overlaps.sum(axis=(1, 2)), kind="stable")[:count]] = True
    return marked


def _numbered(modes: list[tuple[Species, Mode]], masses: Floats) -> list[Multiplet]:
    """Multiplets of one mode each, numbered within every label from the lowest frequency."""
    modes = sorted(modes, key=lambda item: item[1].frequency)
    sets = np.array([mode.eigenvector.reshape(-1, 1) for _, mode in modes])
    found: list[Multiplet] = []
    counts: dict[str, int] = {}
    for (species, mode), moves in zip(modes, _rigid(sets, 3, masses), strict=True):
        counts[mode.label] = counts.get(mode.label, 0) + (not moves)
        number = None if moves else counts[mode.label]
        named = replace(mode, number=number)
        found.append(Multiplet(species, number, mode.frequency, (named,)))
    return found


def _asymmetry(matrix: Complex | Floats, solved: list[tuple[Floats, Complex]]) -> float:
    """Largest change of a frequency by averaging the matrix over the group, THz.

    Frequencies below 1 % of the highest count as that: those of translations are roots of rounding.
    """
    exact = np.linalg.eigvalsh(matrix)
    ours = np.sort(np.concatenate([np.repeat(v, sets.shape[2]) for v, sets in solved]))
    roots = np.sqrt(np.abs(exact)) + np.sqrt(np.abs(ours))
    if not np.any(roots):  # forces that vanish
        return 0.0
    return float(np.max(np.abs(exact - ours) / np.maximum(roots, 0.01 * roots.max())))
