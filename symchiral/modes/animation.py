"""A mode as moving atoms in a supercell that repeats with its wavevector."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.crystal import Crystal
from symchiral.display import Pictured
from symchiral.errors import InputError, LimitError, WavevectorError
from symchiral.modes.mode import Mode, Modes
from symchiral.units import PER_THZ, SIGNS, counted
from symchiral.value import Complex, Floats, Value, frozen

MOST_ATOMS = 20_000
"""Atoms of a supercell."""

STRAIGHT = 1e-6
"""Share of a motion that may be across its line if it is linear."""


@dataclass(frozen=True, eq=False, repr=False)
class Animation(Value, Pictured):
    r"""Atoms of a supercell moving in one mode: :math:`r_κ(t) = r_κ + \mathrm{Re}[U_κ e^{-iωt}]`.

    :math:`U_κ = A\, m_κ^{-1/2} e_κ e^{iq·r_κ}` with r the rest position in the supercell; A makes
    the largest displacement that any atom ever has equal to the amplitude.

    Attributes
    ----------
    modes : Modes
        The modes the animated one is one of.
    mode : Mode
        The mode.
    cells : tuple of int
        Primitive cells along each lattice vector.
    supercell : Crystal
        Atoms at rest; atom κ of cell c is number ``κ + N c``, the last cell index fastest.
    displacements : (M, 3) complex
        U, Å, Cartesian.
    frames : int
        Pictures in a period.
    """

    modes: Modes
    mode: Mode
    cells: tuple[int, int, int]
    supercell: Crystal
    displacements: Complex
    frames: int

    @property
    def masses(self) -> Floats:
        """(M,): amu."""
        return np.tile(self.modes.masses, prod(self.cells))

    @property
    def rest(self) -> Floats:
        """(M, 3): Cartesian rest positions, Å."""
        return np.asarray(self.supercell.positions @ self.supercell.cell)

    @property
    def times(self) -> Floats:
        """(frames,): ps; of an unstable mode as if its frequency were real, of a translation 0."""
        f = abs(self.mode.frequency)
        turns = np.arange(self.frames) / self.frames
        return turns / f if f > 1e-6 else np.zeros(self.frames)

    @property
    def positions(self) -> Floats:
        """(frames, M, 3): Cartesian positions over one period, Å."""
        phases = phase_of(-np.arange(self.frames), self.frames)
        return np.asarray(self.rest + (phases[:, None, None] * self.displacements).real)

    @property
    def velocities(self) -> Floats:
        """(frames, M, 3): Å/ps."""
        phases = phase_of(-np.arange(self.frames), self.frames)
        rate = -2j * np.pi * abs(self.mode.frequency)
        return np.asarray((rate * phases[:, None, None] * self.displacements).real)

    @property
    def linear(self) -> bool:
        """Whether every atom moves on a line, all of them in phase or in antiphase."""
        u = self.displacements
        total = float(np.sum(np.abs(u) ** 2))
        return bool(abs(np.sum(u * u)) > total * (1 - STRAIGHT))

    @property
    def title(self) -> str:
        """Formula, mode, wavevector and frequency in a line."""
        return self.titled()

    def titled(self, unit: str = "THz") -> str:
        """Return the title with the frequency in a unit."""
        q, f = ",".join(self.modes.q.texts), self.mode.frequency * PER_THZ[unit]
        return f"{self.supercell.formula} {self.mode.name} at q=({q}), {f:.4f} {SIGNS[unit]}"

    def __repr__(self) -> str:
        return (
            f"Animation({self.title}, {counted(len(self.supercell), 'atom')}, "
            f"{counted(self.frames, 'frame')})"
        )


def require_visible(
    *, frames: int, amplitude: float, cells: tuple[int, int, int] | None = None
) -> None:
    """Refuse what no mode of any crystal can be animated with, before the modes are worked out.

    Parameters
    ----------
    frames, amplitude, cells
        As for :func:`animate`.

    Raises
    ------
    InputError
        No frames, no amplitude, or no cells.
    """
    if frames < 1 or not 0 < amplitude < 100:
        raise InputError(
            f"cannot animate with {frames} frames of {amplitude:g} Å",
            why="there is nothing to see",
            fix="give at least one frame, and an amplitude such as 0.3",
        )
    if cells is not None and min(cells) < 1:
        raise InputError(
            f"cannot animate {cells[0]},{cells[1]},{cells[2]} cells",
            why="there is no atom in them",
            fix="give at least one cell along each lattice vector, 3,3,1",
        )


def animate(
    modes: Modes,
    mode: Mode,
    *,
    frames: int = 24,
    amplitude: float = 0.3,
    cells: tuple[int, int, int] | None = None,
) -> Animation:
    """Set the atoms of a supercell moving in a mode.

    Parameters
    ----------
    modes : Modes
        The modes at the wavevector.
    mode : Mode
        One of them.
    frames : int
        Pictures in a period.
    amplitude : float
        Largest displacement of any atom, Å.
    cells : tuple of int, optional
        Primitive cells along each lattice vector; default the fewest that repeat with q.

    Raises
    ------
    WavevectorError
        The supercell does not repeat with the wavevector.
    LimitError
        The supercell is too large.
    InputError
        No frames, no amplitude.
    """
    require_visible(frames=frames, amplitude=amplitude, cells=cells)
    q = modes.q.coordinates
    least = tuple(x.denominator for x in q)
    chosen = least if cells is None else cells
    wrong = [i for i, (n, d) in enumerate(zip(chosen, least, strict=True)) if n < 1 or n % d]
    if wrong:
        raise WavevectorError(
            f"a supercell of {chosen[0]},{chosen[1]},{chosen[2]} cells does not repeat with "
            f"({', '.join(modes.q.texts)})",
            why=f"along the {' and '.join('abc'[i] for i in wrong)} axis the wave is not periodic",
            fix=f"give multiples of {least[0]},{least[1]},{least[2]}",
        )
    primitive = modes.crystal.primitive
    if prod(chosen) * len(primitive) > MOST_ATOMS:
        raise LimitError(
            f"a supercell of {prod(chosen) * len(primitive)} atoms is not animated",
            why=f"the limit is {MOST_ATOMS}; the shortest that repeats with the wavevector has "
            f"{least[0]},{least[1]},{least[2]} cells",
            fix="take a wavevector with smaller denominators",
        )
    origins = np.array(list(product(*(range(n) for n in chosen))))
    fractional = (origins[:, None] + primitive.positions).reshape(-1, 3)
    vector = np.array([float(x) for x in q])
    phases = phase_of(fractional @ vector)
    shape = mode.eigenvector / np.sqrt(modes.masses)[:, None]
    moves = phases[:, None] * np.tile(shape, (len(origins), 1))
    supercell = Crystal.of(
        primitive.cell * np.array(chosen)[:, None],
        fractional / np.array(chosen),
        np.tile(primitive.numbers, len(origins)),
        source=modes.crystal.input.source,
    )
    return Animation(
        modes,
        mode,
        (chosen[0], chosen[1], chosen[2]),
        supercell,
        frozen(moves * (amplitude / _reach(moves))),
        frames,
    )


def _reach(moves: Complex) -> float:
    r"""Largest :math:`|\mathrm{Re}[U e^{-iωt}]|` of any atom: its half major axis.

    :math:`\tfrac12(|U|^2 + |U·U|)` is the square of the half major axis of the ellipse.
    """
    squares = np.sum(np.abs(moves) ** 2, axis=1) + np.abs(np.sum(moves**2, axis=1))
    return float(np.sqrt(squares.max() / 2))
