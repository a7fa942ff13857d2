"""Modes as moving atoms in a supercell that repeats with their wavevector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.crystal import Crystal
from symchiral.display import Pictured
from symchiral.errors import InputError, LimitError, WavevectorError
from symchiral.modes.mode import Mode, Modes
from symchiral.modes.superposition import Superposition
from symchiral.units import PER_THZ, SIGNS, counted
from symchiral.value import Complex, Floats, Value, frozen

MOST_ATOMS = 20_000
"""Atoms of a supercell."""

STRAIGHT = 1e-6
"""Share of a motion that may be across its line if it is linear."""


MOST_FRAMES = 10_000
"""Pictures of a film."""

MOST_PERIODS = 10
"""Periods of the slowest of several modes that a film shows where its time is not stated."""

STILL = 1e-3
"""THz: what is slower, a translation, does not oscillate beside other modes."""


@dataclass(frozen=True, eq=False, repr=False)
class Animation(Value, Pictured):
    r"""Atoms of a supercell moving in a mode, or in several of different frequencies.

    :math:`r_κ(t) = r_κ + \sum_ν \mathrm{Re}[U_{κν} e^{-iω_νt}]`,
    :math:`U_{κν} = A\, c_ν m_κ^{-1/2} e_{κν} e^{iq·r_κ}` with r the rest position in the
    supercell, and c = 1 for a mode alone; A makes the largest displacement that any atom ever has
    equal to the amplitude, of several frequencies the largest in the pictures.

    Attributes
    ----------
    modes : Modes
        The modes the animated one is one of.
    mode : Mode
        The mode, or the first of several.
    cells : tuple of int
        Primitive cells along each lattice vector.
    supercell : Crystal
        Atoms at rest; atom κ of cell c is number ``κ + N c``, the last cell index fastest.
    displacements : (M, 3) complex
        U of the mode, Å, Cartesian.
    frames : int
        Pictures in the time shown.
    others : tuple of (Mode, (M, 3) complex)
        Modes of other frequencies that move as well, and their U.
    name : str
        Of the mode, or the sum.
    shown : float or None
        The time shown, ps; None for one period.
    """

    modes: Modes
    mode: Mode
    cells: tuple[int, int, int]
    supercell: Crystal
    displacements: Complex
    frames: int
    others: tuple[tuple[Mode, Complex], ...] = ()
    name: str = ""
    shown: float | None = None

    @property
    def parts(self) -> tuple[tuple[Mode, Complex], ...]:
        """Every mode with its displacements."""
        return ((self.mode, self.displacements), *self.others)

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
        time = self.shown if self.shown is not None else 1 / f if f > 1e-6 else 0.0
        return time * np.arange(self.frames) / self.frames

    @property
    def periods(self) -> float:
        """Periods of the slowest mode in the time shown."""
        slowest = min(abs(mode.frequency) for mode, _ in self.parts)
        return 1.0 if self.shown is None else self.shown * slowest

    @property
    def mismatch(self) -> float:
        """Periods by which a mode misses its place when the film begins again, the largest."""
        if self.shown is None:
            return 0.0
        return _mismatch(self.shown, [mode.frequency for mode, _ in self.parts])

    @property
    def positions(self) -> Floats:
        """(frames, M, 3): Cartesian positions in the time shown, Å."""
        moved = sum((self._phases(m)[:, None, None] * u).real for m, u in self.parts)
        return np.asarray(self.rest + moved)

    @property
    def velocities(self) -> Floats:
        """(frames, M, 3): Å/ps."""
        rates = ((-2j * np.pi * abs(m.frequency) * self._phases(m), u) for m, u in self.parts)
        return np.asarray(sum((rate[:, None, None] * u).real for rate, u in rates))

    def _phases(self, mode: Mode) -> Complex:
        if self.shown is None:
            return phase_of(-np.arange(self.frames), self.frames)
        return np.asarray(np.exp(-2j * np.pi * abs(mode.frequency) * self.times))

    @property
    def linear(self) -> bool:
        """Whether every atom moves on a line, all of them in phase or in antiphase."""
        u = self.displacements
        total = float(np.sum(np.abs(u) ** 2))
        return not self.others and bool(abs(np.sum(u * u)) > total * (1 - STRAIGHT))

    @property
    def title(self) -> str:
        """Formula, mode, wavevector and frequency in a line."""
        return self.titled()

    def titled(self, unit: str = "THz") -> str:
        """Return the title with the frequency in a unit."""
        q = ",".join(self.modes.q.texts)
        f = " and ".join(f"{mode.frequency * PER_THZ[unit]:.4f}" for mode, _ in self.parts)
        return f"{self.supercell.formula} {self.name} at q=({q}), {f} {SIGNS[unit]}"

    def __repr__(self) -> str:
        return (
            f"Animation({self.title}, {counted(len(self.supercell), 'atom')}, "
            f"{counted(self.frames, 'frame')})"
        )


def require_visible(
    *,
    frames: int,
    amplitude: float,
    cells: tuple[int, int, int] | None = None,
    duration: float | None = None,
) -> None:
    """Refuse what no mode of any crystal can be animated with, before the modes are worked out.

    Parameters
    ----------
    frames, amplitude, cells, duration
        As for :func:`animate`.

    Raises
    ------
    InputError
        No frames, no amplitude, no cells, or no time.
    """
    if frames < 1 or not 0 < amplitude < 100:
        raise InputError(
            f"cannot animate with {frames} frames of {amplitude:g} Å",
            why="there is nothing to see",
            fix="give at least one frame, and an amplitude such as 0.3",
        )
    if duration is not None and not 0 < duration < np.inf:
        raise InputError(
            f"cannot animate {duration:g} ps", why="it is no time", fix="give a time such as 2 (ps)"
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
    others: Sequence[Mode] = (),
    name: str | None = None,
    frames: int = 24,
    amplitude: float = 0.3,
    cells: tuple[int, int, int] | None = None,
    duration: float | None = None,
) -> Animation:
    """Set the atoms of a supercell moving in a mode, or in several of different frequencies.

    Parameters
    ----------
    modes : Modes
        The modes at the wavevector.
    mode : Mode
        One of them.
    others : sequence of Mode
        Modes of other frequencies; amplitudes are those of superpositions, else equal.
    name : str, optional
        Of the sum.
    frames : int
        Pictures in a period, of several modes in that of the fastest.
    amplitude : float
        Largest displacement of any atom, Å.
    cells : tuple of int, optional
        Primitive cells along each lattice vector; default the fewest that repeat with q.

    duration : float, optional
        Time shown of several modes, ps; default that number of periods of the slowest, up to
        :data:`MOST_PERIODS`, after which the others are nearest to where they began.

    Raises
    ------
    WavevectorError
        The supercell does not repeat with the wavevector.
    LimitError
        The supercell is too large, or the film too long.
    InputError
        No frames, no amplitude; a time for one mode, which repeats; a translation among several.
    """
    require_visible(frames=frames, amplitude=amplitude, cells=cells, duration=duration)
    pictures, shown = _time(frames, duration, [mode, *others])
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
    moves = []
    for part in (mode, *others):
        size = part.amplitude if isinstance(part, Superposition) else 1.0
        shape = size * part.eigenvector / np.sqrt(modes.masses)[:, None]
        moves.append(phases[:, None] * np.tile(shape, (len(origins), 1)))
    supercell = Crystal.of(
        primitive.cell * np.array(chosen)[:, None],
        fractional / np.array(chosen),
        np.tile(primitive.numbers, len(origins)),
        source=modes.crystal.input.source,
    )
    found = Animation(
        modes,
        mode,
        (chosen[0], chosen[1], chosen[2]),
        supercell,
        moves[0],
        pictures,
        tuple(zip(others, moves[1:], strict=True)),
        mode.name if name is None else name,
        shown,
    )
    scale = amplitude / _reach(found)
    return replace(
        found,
        displacements=frozen(scale * moves[0]),
        others=tuple((part, frozen(scale * u)) for part, u in found.others),
    )


def _time(frames: int, duration: float | None, modes: Sequence[Mode]) -> tuple[int, float | None]:
    """Pictures and the time they show, ps; None is one period."""
    rates = [abs(mode.frequency) for mode in modes]
    if len(modes) == 1:
        if duration is not None:
            raise InputError(
                f"cannot animate {duration:g} ps of {modes[0].name}",
                why="a mode repeats after its period, which is what is shown",
                fix="leave the time out, or add a mode of another frequency",
            )
        return frames, None
    if min(rates) < STILL:
        raise InputError(
            f"cannot animate {modes[rates.index(min(rates))].name} beside other modes",
            why="it does not oscillate",
            fix="leave it out",
        )
    if duration is None:
        times = [n / min(rates) for n in range(1, MOST_PERIODS + 1)]
        duration = min(times, key=lambda time: round(_mismatch(time, rates), 9))
    pictures = max(round(frames * duration * max(rates)), 1)
    if pictures > MOST_FRAMES:
        raise LimitError(
            f"a film of {pictures:,} pictures is not made",
            why=f"{MOST_FRAMES:,} are the most",
            fix="show a shorter time, or fewer frames in a period",
        )
    return pictures, duration


def _mismatch(time: float, rates: Sequence[float]) -> float:
    turns = time * np.abs(rates)
    return float(np.max(np.abs(turns - np.round(turns))))


def _reach(animation: Animation) -> float:
    r"""Largest :math:`|\mathrm{Re}[U e^{-iωt}]|` of any atom: its half major axis.

    :math:`\tfrac12(|U|^2 + |U·U|)` is the square of the half major axis of the ellipse. Of several
    frequencies it is taken from the pictures.
    """
    if animation.others:
        moved = animation.positions - animation.rest
        return float(np.linalg.norm(moved, axis=2).max())
    moves = animation.displacements
    squares = np.sum(np.abs(moves) ** 2, axis=1) + np.abs(np.sum(moves**2, axis=1))
    return float(np.sqrt(squares.max() / 2))
