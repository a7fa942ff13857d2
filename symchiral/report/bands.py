"""Bands along a path: the document and the table of ``bands``, and writing them to files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import Notice
from symchiral.disk import check_ending, write_text, yaml_head
from symchiral.figures.save import FIGURES, save_figure
from symchiral.forces.bands import BandEnd, Bands, BandSegment
from symchiral.forces.door import ForceConstants
from symchiral.io.band_files import COLUMNS, band_columns, write_band_yaml
from symchiral.io.columns import csv_start, write_columns
from symchiral.report.document import Document, axis_record, header, structure_record, tidy
from symchiral.report.modes import NOTED, STILL, rotational_notice
from symchiral.report.summary import axis_line, headline
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

DATA = (".json", ".csv", ".parquet", ".yaml")
KIND = "bands"


def bands_notices(bands: Bands) -> tuple[Notice, ...]:
    """What the user should know about these bands."""
    source = bands.phonons.source
    found: list[Notice] = []
    if isinstance(source, ForceConstants) and source.cells == 1:
        found.append(
            Notice(
                "single-cell",
                "the forces were computed in a single primitive cell: only the zone centre is what "
                "was computed, all else is interpolated",
            )
        )
    linear = [notice for piece in bands.segments if (notice := _linear(bands, piece))]
    found += linear[:1]
    lowest = min(float(piece.frequencies.min()) for piece in bands.segments)
    if lowest > -10 * NOTED:
        return tuple(found)
    piece = min(bands.segments, key=lambda p: float(p.frequencies.min()))
    return (
        *found,
        Notice(
            "unstable",
            f"imaginary frequencies, printed negative, down to {lowest:.2f} THz between "
            f"{piece.start.point.label} and {piece.end.point.label}; the crystal is unstable in "
            "this structure, or the forces are not converged",
        ),
    )


def _linear(bands: Bands, piece: BandSegment) -> Notice | None:
    """The warning that acoustic branches split at first order in q somewhere on a piece."""
    sizes = np.array([bands.phonons.acoustic_splitting(q) for q in piece.coordinates])
    hits = np.flatnonzero(sizes)
    found = (
        rotational_notice(
            f"({', '.join(minus(f'{x:.3g}') for x in piece.coordinates[i])})",
            float(sizes[i]),
            piece.frequencies[i] ** 2,
        )
        for i in hits[np.argsort(sizes[hits])]
    )
    return next((notice for notice in found if notice is not None), None)


def bands_document(bands: Bands, *, unit: str = "THz") -> Document:
    """Return the document of ``bands``: the pieces of the path with their branches.

    Parameters
    ----------
    unit : str
        THz, cm-1 or meV.
    """
    crystal = bands.crystal
    document = header("bands", crystal)
    document["units"] |= {"distance": "1/angstrom", "frequency": unit}
    document["warnings"] += [{"kind": n.kind, "text": n.text} for n in bands_notices(bands)]
    return {
        **document,
        "structure": structure_record(crystal),
        "axis": axis_record(crystal, bands.axis),
        "about": bands.about,
        "segments": [_segment(bands, piece, PER_THZ[unit]) for piece in bands.segments],
    }


def _segment(bands: Bands, piece: BandSegment, factor: float) -> Document:
    am = piece.am
    return {
        "from": _end(piece.start, factor),
        "to": _end(piece.end, factor),
        "line": piece.segment.place,
        "axis": axis_record(bands.crystal, piece.axis),
        "direction": tidy(piece.direction),
        "coordinates": tidy(piece.coordinates),
        "distance": _numbers(piece.distance),
        "u": _numbers(piece.u) if piece.axis is not None else None,
        "branches": [
            {
                "species": branch.label,
                "order": branch.order,
                "component": branch.component,
                "dimension": branch.dimension,
                "pam": piece.pam_text(i),
                "frequency": _numbers(piece.frequencies[:, i] * factor),
                "am": _numbers(am[:, i]) if branch.fixed else None,
            }
            for i, branch in enumerate(piece.branches)
        ],
    }


def _end(end: BandEnd, factor: float) -> Document:
    return {
        "label": end.point.label,
        "coordinates": tidy(end.point.coordinates),
        "levels": [
            {
                "label": level.label,
                "number": level.number,
                "frequency": round(level.frequency * factor, 9) + 0.0,
                "pam": list(level.pams),
                "am": [None if x is None else round(x, 9) + 0.0 for x in level.ams],
            }
            for level in end.levels
        ],
        "branch_levels": end.members.tolist(),
    }


def _numbers(array: npt.NDArray[np.float64]) -> list[float]:
    return [float(x) for x in np.round(array, 9) + 0.0]


def bands_table(bands: Bands, *, unit: str = "THz") -> Table:
    """Return a line per piece of the path."""
    factor = PER_THZ[unit]
    digits = 2 if unit == "THz" else 1
    rows = []
    for piece in bands.segments:
        am = piece.am[np.isfinite(piece.am)]
        largest = float(np.abs(am).max()) if am.size else None
        low, high = (float(x) * factor for x in (piece.frequencies.min(), piece.frequencies.max()))
        texts = dict.fromkeys(piece.pam_text(i) for i in range(len(piece.branches)))
        rows.append(
            (
                f"{piece.start.point.label} – {piece.end.point.label}",
                piece.segment.place,
                piece.axis.symbol if piece.axis else "—",
                ", ".join(minus(x) for x in texts if x is not None) or "—",
                str(len({b.label for b in piece.branches})),
                minus(f"{round(low, digits) + 0.0:.{digits}f} to {high:.{digits}f}"),
                "—" if largest is None else "0" if largest < STILL else f"{largest:.3f}",
            )
        )
    foot = ["u = q·c/2π along the axis; |J|: the largest on the piece."]
    if any(not np.isfinite(p.am).all() for p in bands.segments):
        foot.append("— for J: partners of equal frequency that no axis tells apart.")
    return Table(
        ("path", "line", "axis", "l", "species", f"f ({SIGNS[unit]})", "|J| (ħ)"),
        tuple(rows),
        head=(
            f"{headline(bands.crystal)}   bands",
            f"axis     {axis_line(bands.crystal, bands.axis)}",
        ),
        foot=tuple(foot),
        optional=("species", "line"),
    )


def save_bands(
    bands: Bands, file: str | Path, *, unit: str = "THz", overwrite: bool = False
) -> None:
    """Write bands to a file, in the format its name ends with.

    ``.pdf``, ``.png``, ``.svg``: the figure; ``.json``: the document; ``.csv``, ``.parquet``: a row
    for every branch at every wavevector; ``.yaml``: phonopy's band.yaml, in THz, with eigenvectors.

    Raises
    ------
    InputError
        The ending is unknown, a library is missing, the file cannot be written, or another lies
        there.
    """
    ending = check_ending(file, (*FIGURES, *DATA))
    if ending in FIGURES:
        from symchiral.report.bands_figure import bands_figure

        figure = bands_figure(bands, unit=unit)
        save_figure(figure, file, KIND, dpi=200, overwrite=overwrite)
    elif ending in (".csv", ".parquet"):
        write_columns(file, band_columns(bands, unit=unit), KIND, overwrite=overwrite)
    elif ending == ".json":
        document = json.dumps(bands_document(bands, unit=unit), allow_nan=False, indent=1)
        write_text(file, document + "\n", KIND, known=known_bands(file), overwrite=overwrite)
    else:
        text = io.StringIO()
        text.write(yaml_head(KIND, bands.crystal.input.source.all_files))
        write_band_yaml(bands, text)
        write_text(file, text.getvalue(), KIND, overwrite=overwrite)


def known_bands(file: str | Path) -> str | None:
    """Return the text by which a file of bands is known where it is not the mark."""
    known = {".json": '"schema": "symchiral/bands/1"', ".csv": csv_start(COLUMNS)}
    return known.get(Path(file).suffix.lower())
