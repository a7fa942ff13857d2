"""Frequencies and eigenvectors that were computed elsewhere, at the wavevectors they come for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import SYMBOLS
from symchiral.errors import LabelError, ReadError
from symchiral.forces.check import checked_unit
from symchiral.forces.door import BROKEN

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]

SAME = 1e-5
"""Wavevectors whose coordinates differ by less are one."""


class Tabulated:
    r"""Eigenvectors at given wavevectors, as a source of dynamical matrices.

    :math:`D(q) = \sum_ν f_ν |f_ν|\, e_ν e_ν^†`, at −q its conjugate.
    """

    def __init__(
        self,
        cell: Floats,
        positions: Floats,
        numbers: npt.NDArray[np.int64],
        masses: Floats,
        points: Floats,
        frequencies: Floats,
        eigenvectors: Complex,
    ) -> None:
        self.cell = cell
        self.positions = positions
        self.numbers = numbers
        self.masses = masses
        self.born: Floats | None = None
        self.dielectric: Floats | None = None
        self.points = points
        self._frequencies = frequencies
        self._eigenvectors = eigenvectors

    def dynamical_matrix(self, q: Floats, direction: Floats | None = None) -> Complex:
        """(3N, 3N): at q on the reciprocal basis, THz², phase with the position of the atom.

        Raises
        ------
        LabelError
            The file has no eigenvectors at q, −q, or a wavevector equivalent to them.
        """
        for sign in (1, -1):
            shifts = sign * q - self.points
            whole = np.rint(shifts)
            (hits,) = np.nonzero(np.all(np.abs(shifts - whole) < SAME, axis=1))
            if len(hits):
                i = hits[0]
                # e(q + G) = e(q) exp(−i G·r) in the gauge with the position in the phase.
                phases = np.exp(-2j * np.pi * (self.positions @ whole[i])).repeat(3)
                vectors = phases[:, None] * self._eigenvectors[i]
                f = self._frequencies[i]
                matrix = (vectors * (f * np.abs(f))) @ vectors.conj().T
                return np.asarray(matrix if sign > 0 else matrix.conj())
        raise LabelError(
            f"no eigenvectors at ({', '.join(f'{x:g}' for x in q)})",
            why=f"the file has {len(self.points)} other wavevectors",
            fix="choose one of them, or give the force constants",
        )


def tabulated(
    data: Mapping[str, Any], structure: Mapping[str, Any] | None, *, name: str
) -> Tabulated:
    """Read the parsed contents of band.yaml, mesh.yaml or qpoints.yaml.

    Parameters
    ----------
    data : mapping
        The parsed file.
    structure : mapping, optional
        A parsed phonopy yaml whose primitive cell the eigenvectors belong to, where the file
        itself lists no atoms.

    Raises
    ------
    ReadError
        It is incomplete, or has no eigenvectors.
    """
    cell = data if structure is None else structure.get("primitive_cell", {})
    try:
        lattice = np.array(cell["lattice"], dtype=float)
        points = cell["points"]
        positions = np.array([p["coordinates"] for p in points], dtype=float)
        numbers = np.array([SYMBOLS.index(p["symbol"]) for p in points], dtype=np.int64)
        masses = np.array([p["mass"] for p in points], dtype=float)
        where = np.array([p["q-position"] for p in data["phonon"]], dtype=float)
        bands = [p["band"] for p in data["phonon"]]
        frequencies = np.array([[b["frequency"] for b in q] for q in bands], dtype=float)
        if not all("eigenvector" in b for q in bands for b in q):
            raise ReadError(
                f"cannot use {name}",
                why="it has frequencies without eigenvectors",
                fix="write it with eigenvectors (EIGENVECTORS = .TRUE. or --eigvecs)",
            )
        checked_unit(lattice, positions, numbers, masses, name=name)
        raw = np.array([[b["eigenvector"] for b in q] for q in bands], dtype=float)
        n = len(numbers)
        complete = raw.shape == (len(where), 3 * n, n, 3, 2) and lattice.shape == (3, 3)
        if not complete or not all(np.all(np.isfinite(x)) for x in (raw, where, frequencies)):
            raise ValueError("an eigenvector is incomplete")
    except BROKEN as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"it is no complete phonopy file ({error})",
            fix="write it again with phonopy, with eigenvectors",
        ) from error
    vectors = (raw[..., 0] + 1j * raw[..., 1]).reshape(len(where), 3 * n, 3 * n)
    return Tabulated(
        lattice, positions, numbers, masses, where, frequencies, np.swapaxes(vectors, 1, 2)
    )
