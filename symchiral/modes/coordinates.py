"""Real normal coordinates of the zone centre: what equations of motion are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA
from symchiral.errors import WavevectorError
from symchiral.modes.mode import Modes, Multiplet
from symchiral.modes.names import by_name, find_name
from symchiral.value import Complex, Floats, Integers, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class NormalCoordinates(Value):
    r"""Real normal coordinates of the optical modes of the zone centre.

    :math:`u_κ = m_κ^{-1/2} \sum_a Q_a e_{κa}` with real orthonormal vectors e. The coordinate of a
    mode with a complex eigenvector, :math:`Q_l = ε_l^† \sqrt m u`, is a combination of those of its
    multiplet: of a circular pair :math:`e_± = (e_x ± i e_y)/\sqrt 2`, so that
    :math:`Q_± = (Q_x ∓ i Q_y)/\sqrt 2`.

    Attributes
    ----------
    modes : Modes
        The modes.
    vectors : (3N, n) float
        The e as columns, atom-major.
    multiplets : tuple of Multiplet
        The optical multiplets, from the lowest frequency.
    owners : (n,) int
        Index of the multiplet each coordinate belongs to.
    """

    modes: Modes
    vectors: Floats
    multiplets: tuple[Multiplet, ...]
    owners: Integers

    def __len__(self) -> int:
        return int(self.vectors.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the multiplets, ``Eu#1``."""
        return tuple(m.name for m in self.multiplets)

    @property
    def frequencies(self) -> Floats:
        """(n,): frequency of every coordinate, THz, negative if unstable."""
        return np.array([m.frequency for m in self.multiplets])[self.owners]

    def slots(self, name: str) -> Integers:
        """Return the indices of the coordinates of a multiplet, ``Eu#1``.

        Raises
        ------
        GrammarError
            It is no name of a mode.
        LabelError
            There is no such multiplet.
        """
        return np.flatnonzero(self.owners == self.names.index(self.find(name)))

    def find(self, name: str) -> str:
        """Return the name as printed of the multiplet that a name in any spelling names."""
        return find_name(name, self.names, (m.species for m in self.multiplets))

    @cached_property
    def circular_names(self) -> tuple[str, ...]:
        """Names of the modes, ``Eu#1(+)``, in the order of the rows of :attr:`circular`."""
        return tuple(mode.name for m in self.multiplets for mode in m.modes)

    @cached_property
    def eigenvectors(self) -> Complex:
        """(3N, n): eigenvectors of the modes as columns, in the order of the names."""
        return np.stack([e.eigenvector.ravel() for m in self.multiplets for e in m.modes], axis=1)

    @cached_property
    def circular(self) -> Complex:
        r"""(n, n) unitary U with :math:`Q_l = \sum_a U_{la} Q_a` for the modes by name."""
        return np.asarray(self.eigenvectors.conj().T @ self.vectors)

    @cached_property
    def conjugates(self) -> tuple[int, ...]:
        """Place of the mode whose coordinate is the complex conjugate of that of each mode."""
        e = self.eigenvectors
        return tuple(int(i) for i in np.argmax(np.abs(e.T @ e), axis=1))

    def with_frequencies(self, frequencies: Mapping[str, float]) -> NormalCoordinates:
        """Return the same coordinates with other frequencies, THz, of the multiplets named.

        Raises
        ------
        LabelError
            There is no such mode.
        """
        frequencies = by_name(frequencies, self.names, (m.species for m in self.multiplets))
        multiplets = tuple(
            replace(
                m,
                frequency=frequencies[name],
                modes=tuple(replace(e, frequency=frequencies[name]) for e in m.modes),
            )
            if name in frequencies
            else m
            for name, m in zip(self.names, self.multiplets, strict=True)
        )
        return replace(self, multiplets=multiplets)

    def displacements(self, coordinates: Floats) -> Floats:
        """Return the displacements of the atoms, Å, (…, N, 3) from coordinates (…, n)."""
        moved = coordinates @ self.vectors.T
        n = len(self.modes.masses)
        roots = np.sqrt(self.modes.masses)[:, None]
        return np.asarray(moved.reshape(*coordinates.shape[:-1], n, 3) / roots)

    def reach(self, name: str) -> float:
        r"""Return the largest displacement of an atom per amplitude of a mode, 1/√amu.

        Of the motion :math:`Q = \mathrm{Re}\, a\, ε_l e^{-iωt}` of a mode by its name in
        :attr:`circular_names`: atoms move along :math:`\mathrm{Re}\, u e^{-iωt}`, on ellipses
        whose half axis A has :math:`2A^2 = |u|^2 + |u·u|`.
        """
        vector = self.circular[self.circular_names.index(name)].conj()
        u = self.displacements(vector.real) + 1j * self.displacements(vector.imag)
        squares = np.sum(np.abs(u) ** 2, axis=1) + np.abs(np.sum(u * u, axis=1))
        return float(np.sqrt(squares.max() / 2))

    def charges(self) -> Floats | None:
        """Return (n, 3): dipole per coordinate, e/√amu; None without Born charges."""
        if self.modes.born is None:
            return None
        n = len(self.modes.masses)
        scaled = self.vectors.reshape(n, 3, -1) / np.sqrt(self.modes.masses)[:, None, None]
        return np.asarray(np.einsum("kab,kbi->ia", self.modes.born, scaled))

    def angular_momentum_form(self, direction: npt.ArrayLike) -> Floats:
        r"""Return M, (n, n), antisymmetric: :math:`J = \sum_{ab} Q_a M_{ab} \dot Q_b`.

        :math:`M_{ab} = \hat n · \sum_κ e_{κa} × e_{κb}`; it is the angular momentum
        :math:`\sum_κ m_κ u_κ × \dot u_κ` about a Cartesian direction, in amu Å²/ps.
        """
        n = len(self.modes.masses)
        e = self.vectors.reshape(n, 3, -1)
        turned = np.cross(np.asarray(direction, dtype=float), e, axisb=1).transpose(0, 2, 1)
        return np.asarray(np.einsum("kia,kib->ab", turned, e, optimize=True))

    def __repr__(self) -> str:
        return f"NormalCoordinates({', '.join(self.names)})"


def normal_coordinates(modes: Modes) -> NormalCoordinates:
    """Return real coordinates of the optical modes of the zone centre.

    Raises
    ------
    WavevectorError
        The modes are those of another wavevector, or of one direction of approach.
    """
    if modes.q.reduced != GAMMA or modes.direction is not None:
        raise WavevectorError(
            "no real normal coordinates here",
            why="they are those of transverse modes at the zone centre",
            fix="take the modes of GM without a direction",
        )
    columns: list[Floats] = []
    owners: list[int] = []
    optical = tuple(m for m in modes.multiplets if m.number is not None)
    for i, multiplet in enumerate(optical):
        found: list[Floats] = []
        parts = (p for e in multiplet.modes for p in (e.eigenvector.real, e.eigenvector.imag))
        for part in parts:
            # Of a circular pair these are x and y, and the partner adds nothing.
            rest = np.sqrt(2) * part.ravel()
            for column in found:
                rest = rest - (column @ rest) * column
            if np.linalg.norm(rest) > 1e-3:
                found.append(rest / np.linalg.norm(rest))
        if len(found) != len(multiplet.modes):
            raise ValueError(f"{multiplet} is not closed under complex conjugation")
        columns += found
        owners += [i] * len(found)
    vectors = np.array(columns).reshape(-1, 3 * len(modes.masses)).T
    return NormalCoordinates(modes, frozen(vectors), optical, frozen(owners, np.int64))
