"""Bands as columns and as phonopy's band.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import SYMBOLS
from symchiral.errors import InputError
from symchiral.forces.bands import Bands
from symchiral.forces.phonons import Phonons
from symchiral.units import PER_THZ
from symchiral.value import Complex, Floats

COLUMNS = ("segment", "from", "to", "line")
"""The first columns of :func:`band_columns`."""


def band_columns(bands: Bands, *, unit: str = "THz") -> dict[str, npt.NDArray[Any]]:
    """Return the bands as columns: a row for every branch at every wavevector.

    ``q1, q2, q3`` are on the primitive reciprocal basis, ``distance`` is in Å⁻¹ with 2π, ``branch``
    counts from 1 on every piece, ``l`` is balanced, angular momenta are in ħ, ``helicity`` is that
    along the wavevector; what does not exist is NaN, or an empty text.
    :func:`symchiral.write.columns.write_columns` writes them.
    """
    parts: list[dict[str, Any]] = []
    for number, piece in enumerate(bands.segments, 1):
        n, size = piece.frequencies.shape
        once = range(size)

        def wide(values: Any, n: int = n) -> npt.NDArray[Any]:
            return np.tile(np.asarray(values), n)

        def tall(values: npt.NDArray[Any], size: int = size) -> npt.NDArray[Any]:
            return np.repeat(values, size)

        l = [piece.pam(i) for i in once]
        nothing = np.full(n, np.nan)
        parts.append(
            {
                "segment": np.full(n * size, number),
                "from": wide([piece.start.point.label] * size),
                "to": wide([piece.end.point.label] * size),
                "line": wide([piece.segment.place] * size),
                **{f"q{i + 1}": tall(piece.coordinates[:, i]) for i in range(3)},
                "distance": tall(piece.distance),
                "branch": wide(np.arange(1, size + 1)),
                "species": wide([b.label for b in piece.branches]),
                "order": wide([b.order for b in piece.branches]),
                "component": wide([b.component for b in piece.branches]),
                "pam": wide([piece.pam_text(i) or "" for i in once]),
                "l": np.stack([nothing if x is None else x for x in l], axis=1).ravel(),
                "frequency": (piece.frequencies * PER_THZ[unit]).ravel(),
                "frequency_unit": wide([unit] * size),
                "am": piece.am.ravel(),
                **{f"am_{c}": piece.am_vectors[:, :, i].ravel() for i, c in enumerate("xyz")},
                "helicity": bands.helicity(piece).ravel(),
                "sites": wide([" ".join(bands.sites)] * size),
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def write_band_yaml(bands: Bands, stream: TextIO) -> None:
    """Write phonopy's band.yaml: frequencies in THz, eigenvectors in the canonical circular basis.

    Everything is in the primitive cell, the order of atoms and the gauge of the source of the
    forces, so that phonopy's tools read it. Bands are the branches, connected by representation,
    not sorted by frequency.

    Raises
    ------
    InputError
        The bands were made without eigenvectors.
    """
    phonons = bands.phonons
    if any(piece.eigenvectors is None for piece in bands.segments):
        raise InputError(
            "cannot write band.yaml",
            why="these bands were made without eigenvectors",
            fix="make them with eigenvectors=True",
        )
    counts = [len(piece.u) for piece in bands.segments]
    source = phonons.source
    lines = [
        f"nqpoint: {sum(counts)}",
        f"npath: {len(counts)}",
        "segment_nqpoint:",
        *(f"- {n}" for n in counts),
        "labels:",
        *(
            f"- [ '{_label(p.start.point.label)}', '{_label(p.end.point.label)}' ]"
            for p in bands.segments
        ),
        "reciprocal_lattice:",
        *(f"- {_row(b)}" for b in np.linalg.inv(source.cell).T),
        f"natom: {len(source.numbers)}",
        *_cell(phonons),
        "",
        "phonon:",
        "",
    ]
    stream.write("\n".join(lines))
    for piece in bands.segments:
        for i, q in enumerate(piece.coordinates):
            assert piece.eigenvectors is not None
            theirs, vectors = phonons.in_source(q, piece.eigenvectors[i])
            stream.write(f"- q-position: {_row(theirs)}\n")
            stream.write(f"  distance: {piece.distance[i] / (2 * np.pi):.10f}\n")
            stream.write("\n".join(_bands(piece.frequencies[i], vectors)) + "\n\n")


def write_qpoints_yaml(
    phonons: Phonons, points: list[tuple[Floats, Floats, Complex]], stream: TextIO
) -> None:
    """Write phonopy's qpoints.yaml with the atoms: wavevectors, THz, eigenvectors as columns.

    Parameters
    ----------
    points : list of (q, frequencies, eigenvectors)
        q on our primitive reciprocal basis, eigenvectors in our gauge; the file is in the cell,
        order of atoms and gauge of the source.
    """
    lines = [
        f"nqpoint: {len(points)}",
        f"natom: {len(phonons.source.numbers)}",
        "reciprocal_lattice:",
        *(f"- {_row(b)}" for b in np.linalg.inv(phonons.source.cell).T),
        *_cell(phonons),
        "phonon:",
    ]
    for q, frequencies, eigenvectors in points:
        theirs, vectors = phonons.in_source(q, eigenvectors)
        lines += [f"- q-position: {_row(theirs)}", *_bands(frequencies, vectors), ""]
    stream.write("\n".join(lines) + "\n")


def _label(label: str) -> str:
    return label.replace("'", "''")


def _row(numbers: Floats) -> str:
    return f"[ {', '.join(f'{x:z.12f}' for x in numbers)} ]"


def _cell(phonons: Phonons) -> Iterator[str]:
    source = phonons.source
    yield "lattice:"
    for vector in source.cell:
        yield f"- {_row(vector)}"
    yield "points:"
    for number, position, mass in zip(source.numbers, source.positions, source.masses, strict=True):
        yield f"- symbol: {SYMBOLS[number]}"
        yield f"  coordinates: {_row(position)}"
        yield f"  mass: {mass:.9f}"


def _bands(frequencies: Floats, vectors: Complex) -> Iterator[str]:
    yield "  band:"
    for number, (frequency, vector) in enumerate(zip(frequencies, vectors.T, strict=True), 1):
        yield f"  - # {number}"
        yield f"    frequency: {frequency:.10f}"
        yield "    eigenvector:"
        for atom, row in enumerate(vector.reshape(-1, 3), 1):
            yield f"    - # atom {atom}"
            for x in row:
                yield f"      - [ {x.real:z.14f}, {x.imag:z.14f} ]"
