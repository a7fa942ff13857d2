"""Moving atoms as numbers: what a page needs to draw the modes of a crystal in motion.

The records come first, then the functions that fill them. They are no document of their own: the
report holds them beside the answers.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from itertools import product
from typing import Annotated

import numpy as np
from msgspec import Meta

from symchiral.answers.record import (
    Count,
    FrequencyUnit,
    Matrix,
    Pam,
    Record,
    ReIm,
    Vector,
    number,
    tidy,
    tidy_complex,
)
from symchiral.crystal.search import SymmetricCrystal
from symchiral.forces.bands import Bands
from symchiral.irreps.axis import Axis
from symchiral.modes.masses import masses as standard_masses
from symchiral.modes.mode import Modes
from symchiral.modes.modespace import mode_space
from symchiral.units import PER_THZ
from symchiral.value import Complex, Floats, Integers

MOST_DRAWN = 64
"""Atoms of the input cell; of a larger one the primitive cell is drawn."""

LEAST_SHARE = 0.1
"""A displacement of which less is left without its rigid translation is not drawn."""

DIGITS = 4
"""Of displacements, which a picture shows to a hundredth at best."""

MOST_BYTES = 300_000
"""Bytes of the displacements of all branches; of more, wavevectors are left out between."""


class DrawnCell(Record, frozen=True, kw_only=True):
    """The cell that is drawn, and the atoms in it."""

    cell: Matrix
    """Lattice vectors as rows, Cartesian, frame of the input. Unit: angstrom."""
    atoms: tuple[Count, ...]
    """For every atom that is drawn its number in the primitive cell, from 0."""
    cells: tuple[tuple[int, int, int], ...]
    """For every atom that is drawn the lattice vector that takes it there, in vectors of the
    primitive cell."""
    rest: tuple[Vector, ...]
    """Cartesian positions. Unit: angstrom."""
    symbols: tuple[str, ...]
    """Chemical symbols of the atoms of the primitive cell."""
    names: tuple[str, ...]
    """Names of their sites."""
    masses: tuple[float, ...]
    """Their masses. Unit: amu."""


class MovingMode(Record, frozen=True, kw_only=True):
    """A mode of the zone centre, or a displacement that symmetry adapts to a species."""

    name: str
    """Its name, ``Eu#1(+)``; without forces that of the component, ``Eu(+)``."""
    species: str
    """Label of the species."""
    component: str
    """What stands in parentheses in the grammar; empty for the only one."""
    copy: Annotated[int, Meta(ge=1)]
    """Which mode of the species, from the lowest frequency; without forces which displacement."""
    sites: tuple[str, ...]
    """Sites whose atoms move."""
    pam: Pam | None
    """Pseudo-angular momentum; null without an axis."""
    frequency: float | None
    """Frequency, negative for an unstable mode; null without forces."""
    frequency_unit: FrequencyUnit
    """Unit of frequency."""
    am: float | None
    """Angular momentum of this motion about the axis, per quantum; null without an axis. Unit:
    hbar."""
    displacements: tuple[tuple[ReIm, ReIm, ReIm], ...]
    """Displacement u of every atom of the primitive cell, [re, im] of each Cartesian component:
    Re[u exp(-iωt)]. Their largest has the length 1."""


class MovingSegment(Record, frozen=True, kw_only=True):
    """The displacements of all branches along one piece of the path."""

    points: tuple[Count, ...]
    """Numbers of the wavevectors of the piece, from 0, at which they are kept."""
    bytes: str
    """Signed bytes in base64: wavevector, branch, atom of the primitive cell, Cartesian component,
    real and imaginary part of Re[u exp(2πi q·r - iωt)] with r the position of the atom. Every
    branch is scaled to 127."""


class Moving(Record, frozen=True, kw_only=True):
    """All motions that a page shows."""

    drawn: DrawnCell
    """The cell and its atoms."""
    adapted: bool
    """Whether these are symmetry-adapted displacements, for want of forces, and no modes."""
    modes: tuple[MovingMode, ...]
    """Motions of the zone centre."""
    segments: tuple[MovingSegment, ...]
    """Motions along the path, piece by piece; none without forces."""


def moving(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    modes: Modes | None,
    bands: Bands | None,
    *,
    unit: FrequencyUnit = "THz",
) -> Moving:
    """Describe the motions of a crystal.

    Parameters
    ----------
    axis : Axis or None
        The axis of rotation.
    modes : Modes or None
        Its modes at the zone centre; None without forces, then displacements adapted to symmetry
        stand in their place.
    bands : Bands or None
        Its branches along a path, with eigenvectors.
    unit : str
        Of frequencies.
    """
    masses = standard_masses(crystal.primitive) if modes is None else modes.masses
    found = _adapted(crystal, axis, masses, unit) if modes is None else _actual(modes, masses, unit)
    return Moving(
        drawn=_drawn(crystal, masses),
        adapted=modes is None,
        modes=tuple(found),
        segments=() if bands is None else _segments(bands, masses),
    )


def _drawn(crystal: SymmetricCrystal, masses: Floats) -> DrawnCell:
    """The input cell, or the primitive one where that holds many atoms.

    Of every atom the image is drawn that continues what is drawn already, so that molecules and
    layers are whole.
    """
    primitive = crystal.primitive
    ratio = np.rint(crystal.input.cell @ np.linalg.inv(primitive.cell))
    size = abs(round(float(np.linalg.det(ratio))))
    if size == 0 or size * len(primitive) > MOST_DRAWN:
        ratio = np.eye(3)
    atoms: list[int] = []
    cells: list[tuple[int, int, int]] = []
    inverse = np.linalg.inv(ratio)
    reach = int(np.abs(ratio).sum(axis=0).max()) + 1
    for atom, position in enumerate(primitive.positions):
        for a, b, c in product(range(-reach, reach + 1), repeat=3):
            inside = (position + np.array([a, b, c])) @ inverse + 1e-6
            if np.all(inside >= 0) and np.all(inside < 1):
                atoms.append(atom)
                cells.append((a, b, c))
    places = (primitive.positions[atoms] + np.array(cells)) @ primitive.cell
    shifts = np.rint(_joined(places, ratio @ primitive.cell) @ ratio).astype(int)
    cells = [(int(a), int(b), int(c)) for a, b, c in np.array(cells) + shifts]
    rest = (primitive.positions[atoms] + np.array(cells)) @ primitive.cell
    names = {i: site.name for site in crystal.sites for i in site.atoms}
    return DrawnCell(
        cell=tidy(ratio @ primitive.cell, 6),
        atoms=tuple(atoms),
        cells=tuple(cells),
        rest=tidy(rest, 5),
        symbols=tuple(primitive.symbols),
        names=tuple(names[i] for i in range(len(primitive))),
        masses=tidy(masses, 4),
    )


def _joined(places: Floats, cell: Floats) -> Integers:
    """Lattice vectors that bring every atom next to those before it.

    Beginning with the atom nearest the middle of the cell, the next one is always the image of an
    atom that is nearest to any that stands; of equally near ones the nearest to the middle. In the
    end their mean lies in the cell.

    Parameters
    ----------
    places : array, shape (N, 3)
        Cartesian positions, Å.
    cell : array, shape (3, 3)
        Lattice vectors as rows, Å.

    Returns
    -------
    array of int, shape (N, 3)
        In vectors of the cell.
    """
    images = np.array(sorted(product(range(-2, 3), repeat=3), key=lambda n: sum(map(abs, n))))
    around = places[:, None] + images @ cell
    from_middle = np.linalg.norm(around - cell.sum(axis=0) / 2, axis=-1)
    first, image = np.unravel_index(int(np.argmin(np.round(from_middle, 4))), from_middle.shape)
    shifts = np.zeros((len(places), 3), dtype=int)
    shifts[first] = images[image]
    nearest = np.full(from_middle.shape, np.inf)
    left = set(range(len(places))) - {int(first)}
    stands = around[first, image]
    while left:
        nearest = np.minimum(nearest, np.linalg.norm(around - stands, axis=-1))
        rows = sorted(left)
        order = np.round(nearest[rows], 2) + 1e-5 * from_middle[rows]
        row, image = np.unravel_index(int(np.argmin(order)), order.shape)
        atom = rows[row]
        shifts[atom] = images[image]
        stands = around[atom, image]
        left.remove(atom)
    middle = (places + shifts @ cell).mean(axis=0)
    back = np.rint(0.5 - middle @ np.linalg.inv(cell)).astype(int)
    return np.asarray(shifts + back)


def _actual(modes: Modes, masses: Floats, unit: FrequencyUnit) -> Iterator[MovingMode]:
    for multiplet in modes.multiplets:
        if multiplet.number is None:
            continue
        for mode in multiplet.modes:
            yield _mode(
                modes.crystal,
                modes.axis,
                mode.name,
                (mode.label, mode.component, multiplet.number, mode.pam),
                mode.eigenvector,
                masses,
                mode.frequency * PER_THZ[unit],
                unit,
            )


def _adapted(
    crystal: SymmetricCrystal, axis: Axis | None, masses: Floats, unit: FrequencyUnit
) -> Iterator[MovingMode]:
    """Displacements that transform as a species, rigid translations taken out of them."""
    space = mode_space(crystal, axis)
    uniform = np.einsum("k,ab->kab", np.sqrt(masses / masses.sum()), np.eye(3)).reshape(-1, 3)
    for species, basis in zip(space.species, space.bases, strict=True):
        kept: list[Complex] = []
        for rows in basis.displacements:
            rows = rows - uniform @ (uniform.T @ rows)
            for partner in (before @ c for before in kept for c in basis.commutant):
                overlap = np.vdot(partner, rows) / np.vdot(partner, partner).real
                rows = rows - (overlap.real if basis.real else overlap) * partner
            if np.linalg.norm(rows) ** 2 > LEAST_SHARE * species.dimension:
                kept.append(rows)
        for copy, rows in enumerate(kept[: species.optical], 1):
            for component in species.components:
                vectors = (rows @ component.basis).T
                yield from (
                    _mode(
                        crystal,
                        axis,
                        species.label + (f"({component.name})" if component.name else ""),
                        (species.label, component.name, copy, component.pam),
                        vector.reshape(-1, 3),
                        masses,
                        None,
                        unit,
                    )
                    for vector in vectors
                )


def _mode(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    name: str,
    labels: tuple[str, str, int, str | None],
    eigenvector: Complex,
    masses: Floats,
    frequency: float | None,
    unit: FrequencyUnit,
) -> MovingMode:
    species, component, copy, pam = labels
    e = eigenvector / np.linalg.norm(eigenvector)
    spins = np.cross(e.conj(), e).imag.sum(axis=0)
    u = _scaled(np.asarray(e / np.sqrt(masses)[:, None], dtype=complex))
    weights = {s.name: float(np.sum(np.abs(e[list(s.atoms)]) ** 2)) for s in crystal.sites}
    return MovingMode(
        name=name,
        species=species,
        component=component,
        copy=copy,
        sites=tuple(site for site, weight in weights.items() if weight > 1e-6),
        pam=pam,
        frequency=number(frequency),
        frequency_unit=unit,
        am=None if axis is None else float(np.round(spins @ axis.direction, 6)) + 0.0,
        displacements=tidy_complex(u, DIGITS),
    )


def _scaled(u: Complex) -> Complex:
    """A motion of (N, 3) whose largest half major axis is 1."""
    squares = np.sum(np.abs(u) ** 2, axis=1) + np.abs(np.sum(u**2, axis=1))
    return np.asarray(u / np.sqrt(squares.max() / 2))


def _segments(bands: Bands, masses: Floats) -> tuple[MovingSegment, ...]:
    size = 2 * (3 * len(masses)) ** 2
    every = max(1, -(-sum(len(s.coordinates) for s in bands.segments) * size // MOST_BYTES))
    return tuple(
        MovingSegment(points=points, bytes=_bytes(piece.eigenvectors[list(points)], masses))
        for piece in bands.segments
        if piece.eigenvectors is not None
        for points in [_every(len(piece.coordinates), every)]
    )


def _every(number: int, step: int) -> tuple[int, ...]:
    """Numbers from 0 with a step between, the last one included."""
    return tuple(dict.fromkeys((*range(0, number, step), number - 1)))


def _bytes(eigenvectors: Complex, masses: Floats) -> str:
    """Eigenvectors (n, 3N, branch) as bytes, :class:`MovingSegment` says in what order."""
    u = eigenvectors.transpose(0, 2, 1) / np.sqrt(np.repeat(masses, 3))
    parts = np.stack([u.real, u.imag], axis=-1)
    parts = parts / np.abs(parts).max(axis=(2, 3), keepdims=True)
    return b64encode(np.rint(127 * parts).astype(np.int8).tobytes()).decode("ascii")
