"""Frequencies and eigenvectors that were computed elsewhere, at the wavevectors they come for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.crystal import SYMBOLS
from symchiral.errors import ReadError
from symchiral.forces.check import checked_hdf5, checked_unit
from symchiral.forces.door import DATA_ERRORS
from symchiral.units import counted
from symchiral.value import Complex, Floats, Integers

SAME = 1e-5
"""Wavevectors whose coordinates differ by less are one."""


class Tabulated:
    r"""Eigenvectors at given wavevectors, as a source of dynamical matrices.

    :math:`D(q) = \sum_ν f_ν |f_ν|\, e_ν e_ν^†`, at −q its conjugate.

    Parameters
    ----------
    cell, positions, numbers, masses
        The primitive cell of the file.
    points : (M, 3) float
        Wavevectors on its reciprocal basis.
    frequencies : (M, 3N) float
        THz.
    eigenvectors : (M, 3N, 3N) complex
        Columns, phase with the position of the atom.
    pieces : tuple of (int, int)
        Where they are a path: first wavevector, and the one after the last, of its straight pieces.
    charges : (N, 3, 3) and (3, 3) float, optional
        Born charges, e, and dielectric constant.
    """

    def __init__(
        self,
        cell: Floats,
        positions: Floats,
        numbers: Integers,
        masses: Floats,
        points: Floats,
        frequencies: Floats,
        eigenvectors: Complex,
        *,
        pieces: tuple[tuple[int, int], ...] = (),
        charges: tuple[Floats, Floats] | None = None,
    ) -> None:
        self.cell = cell
        self.positions = positions
        self.numbers = numbers
        self.masses = masses
        self.born: Floats | None = None
        self.dielectric: Floats | None = None
        if charges is not None:
            self.born, self.dielectric = charges
        self.points = points
        self.pieces = pieces
        """First wavevector, and the one after the last, of every straight piece of a path."""
        self._approaches = _approaches(points, pieces)
        self._frequencies = frequencies
        self._eigenvectors = eigenvectors

    def _one_of(self, hits: Integers, direction: Floats | None) -> int:
        """Of one wavevector that the file has several times, that approached along a direction."""
        if direction is None:
            return int(hits[0])
        basis = np.linalg.inv(self.cell).T
        way = direction @ basis
        along = self._approaches[hits] @ basis
        sizes = np.linalg.norm(along, axis=1) * np.linalg.norm(way)
        cosines = np.abs(along @ way) / np.where(sizes > 0, sizes, np.inf)
        return int(hits[np.argmax(cosines)])

    def dynamical_matrix(self, q: Floats, direction: Floats | None = None) -> Complex:
        """(3N, 3N): at q on the reciprocal basis, THz², phase with the position of the atom.

        Raises
        ------
        KeyError
            The file has no eigenvectors at q, −q, or a wavevector equivalent to them.
        """
        for sign in (1, -1):
            hits, whole = self._equal(sign * q)
            if len(hits):
                i = self._one_of(hits, direction)
                # e(q + G) = e(q) exp(−i G·r) in the gauge with the position in the phase.
                phases = phase_of(-self.positions @ whole[i]).repeat(3)
                vectors = phases[:, None] * self._eigenvectors[i]
                f = self._frequencies[i]
                # What overflows is not a number, and found to be none where the matrix is used.
                with np.errstate(over="ignore", invalid="ignore"):
                    matrix = (vectors * (f * np.abs(f))) @ vectors.conj().T
                return np.asarray(matrix if sign > 0 else matrix.conj())
        raise KeyError(tuple(q))

    def holds(self, q: Floats) -> bool:
        """Whether the file has eigenvectors at q, −q, or a wavevector equivalent to them."""
        return any(len(self._equal(sign * q)[0]) for sign in (1, -1))

    def _equal(self, q: Floats) -> tuple[Integers, Floats]:
        """Which wavevectors are q, and the reciprocal vector q − k of every one."""
        shifts = q - self.points
        whole = np.rint(shifts)
        (hits,) = np.nonzero(np.all(np.abs(shifts - whole) < SAME, axis=1))
        return hits, whole


def _approaches(points: Floats, pieces: tuple[tuple[int, int], ...]) -> Floats:
    """(M, 3): the direction of the piece of the path that a wavevector is on; 0 without a path."""
    found = np.zeros_like(points)
    for start, stop in pieces:
        if start < stop:
            found[start:stop] = points[stop - 1] - points[start]
    return found


@dataclass(frozen=True)
class TabulatedCell:
    """The primitive cell that eigenvectors belong to.

    Attributes
    ----------
    cell, positions, numbers, masses
        As for :class:`Tabulated`.
    """

    cell: Floats
    positions: Floats
    numbers: Integers
    masses: Floats

    @classmethod
    def of(cls, cell: Mapping[str, Any], *, name: str) -> TabulatedCell:
        """Read the ``lattice`` and ``points`` of a yaml of phonopy.

        Raises
        ------
        ReadError, StructureError
            They are incomplete, or no crystal.
        """
        with _complete(name):
            points = cell["points"]
            found = cls(
                np.array(cell["lattice"], dtype=float),
                np.array([p["coordinates"] for p in points], dtype=float),
                np.array([SYMBOLS.index(p["symbol"]) for p in points], dtype=np.int64),
                np.array([p["mass"] for p in points], dtype=float),
            )
            checked_unit(found.cell, found.positions, found.numbers, found.masses, name=name)
        return found


@contextlib.contextmanager
def _complete(name: str) -> Iterator[None]:
    try:
        yield
    except DATA_ERRORS as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"it is not a complete phonopy file ({error})",
            fix="write it again with phonopy, with eigenvectors",
        ) from error


def _without_eigenvectors(name: str) -> ReadError:
    return ReadError(
        f"cannot use {name}",
        why="it has frequencies without eigenvectors",
        fix="write it with eigenvectors (EIGENVECTORS = .TRUE. or --eigvecs)",
    )


def tabulated(
    data: Mapping[str, Any],
    structure: TabulatedCell,
    *,
    name: str,
    charges: tuple[Floats, Floats] | None = None,
) -> Tabulated:
    """Read the parsed contents of band.yaml, mesh.yaml or qpoints.yaml.

    Parameters
    ----------
    data : mapping
        The parsed file.
    structure : TabulatedCell
        Whose eigenvectors they are.
    charges : (N, 3, 3) and (3, 3) float, optional
        Born charges, e, and dielectric constant.

    Raises
    ------
    ReadError
        It is incomplete, or has no eigenvectors.
    """
    with _complete(name):
        where = np.array([p["q-position"] for p in data["phonon"]], dtype=float)
        bands = [p["band"] for p in data["phonon"]]
        frequencies = np.array([[b["frequency"] for b in q] for q in bands], dtype=float)
        if not all("eigenvector" in b for q in bands for b in q):
            raise _without_eigenvectors(name)
        raw = np.array([[b["eigenvector"] for b in q] for q in bands], dtype=float)
        n = len(structure.numbers)
        if raw.shape != (len(where), 3 * n, n, 3, 2):
            raise ValueError("an eigenvector is incomplete")
        if not np.isfinite(raw).all():
            raise ValueError("a number is not finite")
        counts = data.get("segment_nqpoint") or []
        ends = np.cumsum([0, *(int(count) for count in counts)])
        pieces = tuple((int(a), int(b)) for a, b in pairwise(ends.tolist()))
    vectors = (raw[..., 0] + 1j * raw[..., 1]).reshape(len(where), 3 * n, 3 * n)
    return _made(structure, where, frequencies, np.swapaxes(vectors, 1, 2), pieces, charges, name)


def tabulated_hdf5(
    path: Path,
    structure: TabulatedCell,
    *,
    name: str,
    charges: tuple[Floats, Floats] | None = None,
) -> Tabulated:
    """Read band.hdf5, mesh.hdf5 or qpoints.hdf5.

    Parameters
    ----------
    path : Path
        The file.
    structure, charges
        As for :func:`tabulated`.

    Raises
    ------
    ReadError
        It is damaged, incomplete, takes numbers from another file, or has no eigenvectors.
    """
    import h5py  # type: ignore[import-untyped]

    checked_hdf5(path, name=name)
    n = len(structure.numbers)
    with _complete(name), h5py.File(path, "r") as file:
        if not {"frequency", "path"} <= set(file) and not {"frequency", "qpoint"} <= set(file):
            raise ReadError(
                f"cannot read {name}",
                why=f"it is not a band.hdf5, mesh.hdf5 or qpoints.hdf5: it holds "
                f"{', '.join(sorted(file)[:8])}",
                fix="give one of these, or force_constants.hdf5 with phonopy.yaml beside it",
            )
        if "eigenvector" not in file:
            raise _without_eigenvectors(name)
        sizes = {key: np.shape(file[key]) for key in ("frequency", "eigenvector")}
        if sizes["frequency"][-1:] != (3 * n,) or sizes["eigenvector"][-2:] != (3 * n, 3 * n):
            raise ValueError(f"the eigenvectors are not those of {counted(n, 'atom')}")
        frequencies = np.array(file["frequency"], dtype=float)
        vectors = np.array(file["eigenvector"], dtype=complex)
        where = np.array(file["path" if "path" in file else "qpoint"], dtype=float)
        pieces: tuple[tuple[int, int], ...] = ()
        if "path" in file:
            # Short pieces are filled with zeros to the length of the longest.
            longest = where.shape[1]
            counts = (
                [int(x) for x in file["segment_nqpoint"][:]]
                if "segment_nqpoint" in file
                else [longest] * len(where)
            )
            if len(counts) != len(where) or not all(0 <= x <= longest for x in counts):
                raise ValueError("segment_nqpoint does not fit")
            used = (np.arange(longest) < np.array(counts)[:, None]).ravel()
            ends = np.cumsum([0, *counts]).tolist()
            pieces = tuple((int(a), int(b)) for a, b in pairwise(ends))
            where = where.reshape(-1, 3)[used]
            frequencies = frequencies.reshape(-1, 3 * n)[used]
            vectors = vectors.reshape(-1, 3 * n, 3 * n)[used]
    return _made(structure, where, frequencies, vectors, pieces, charges, name)


def _made(
    structure: TabulatedCell,
    where: Floats,
    frequencies: Floats,
    vectors: Complex,
    pieces: tuple[tuple[int, int], ...],
    charges: tuple[Floats, Floats] | None,
    name: str,
) -> Tabulated:
    size = 3 * len(structure.numbers)
    with _complete(name):
        if (
            where.shape != (len(vectors), 3)
            or frequencies.shape != (len(vectors), size)
            or vectors.shape[1:] != (size, size)
            or (pieces and pieces[-1][1] != len(where))
            or any(stop < start for start, stop in pieces)
        ):
            raise ValueError("wavevectors, frequencies and eigenvectors are not equally many")
        if not all(np.all(np.isfinite(x)) for x in (where, frequencies, vectors)):
            raise ValueError("a number is not finite")
    return Tabulated(
        structure.cell,
        structure.positions,
        structure.numbers,
        structure.masses,
        where,
        frequencies,
        vectors,
        pieces=pieces,
        charges=charges,
    )
