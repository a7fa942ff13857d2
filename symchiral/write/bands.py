"""Bands in files: figure, table, document, columns, and phonopy's band.yaml."""

from __future__ import annotations

import io
from pathlib import Path

from symchiral.answers.bands import bands as answer_of
from symchiral.answers.record import FrequencyUnit
from symchiral.disk import check_ending, write_text, yaml_head
from symchiral.figures.save import FIGURES, save_figure
from symchiral.figures.style import Size, styled
from symchiral.forces.bands import Bands
from symchiral.text.bands import bands_table
from symchiral.write.band_files import COLUMNS, band_columns, write_band_yaml
from symchiral.write.columns import csv_start, write_columns
from symchiral.write.tables import known_by, save_tables

DATA = (".json", ".csv", ".parquet", ".yaml", ".txt", ".md", ".tex")
"""Endings of data and of the table."""

KIND = "bands"
"""Kind of the files written here."""


def save_bands(
    bands: Bands,
    file: str | Path,
    *,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
    jmax: float | None = None,
    overwrite: bool = False,
) -> None:
    """Write bands to a file, in the format its name ends with.

    ``.pdf``, ``.svg``, ``.png``, ``.eps``: the figure, which ``size``, ``style`` and ``jmax``
    concern; ``.json``: the document; ``.csv``, ``.parquet``: a row for every branch at every
    wavevector; ``.yaml``: phonopy's band.yaml, in THz, with eigenvectors; ``.txt``, ``.md``,
    ``.tex``: the table, a line per piece of the path.

    Raises
    ------
    InputError
        The ending is unknown, a library is missing, the file cannot be written, or another lies
        there.
    """
    ending = check_ending(file, (*FIGURES, *DATA))
    if ending in FIGURES:
        from symchiral.figures.bands import bands_figure

        figure = bands_figure(answer_of(bands, unit=unit), size=size, style=style, jmax=jmax)
        with styled(style):
            save_figure(figure, file, KIND, overwrite=overwrite)
    elif ending in (".csv", ".parquet"):
        write_columns(file, band_columns(bands, unit=unit), KIND, overwrite=overwrite)
    elif ending == ".yaml":
        text = io.StringIO()
        text.write(yaml_head(KIND, bands.crystal.input.source.all_files))
        write_band_yaml(bands, text)
        write_text(file, text.getvalue(), KIND, overwrite=overwrite)
    else:
        answer = answer_of(bands, unit=unit)
        save_tables(file, answer, lambda: [bands_table(answer)], kind=KIND, overwrite=overwrite)


def known_bands(file: str | Path) -> str | tuple[str, ...] | None:
    """Return the text by which a file of bands is known where it is not the mark."""
    return csv_start(COLUMNS) if Path(file).suffix.lower() == ".csv" else known_by(file, KIND)
