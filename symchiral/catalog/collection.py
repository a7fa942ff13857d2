"""Catalog: the rows of many crystals, to be asked in SQL."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from symchiral.catalog.parts import (
    PARQUET,
    TABLES,
    check_folder,
    damaged_part,
    duckdb,
    latest,
    manifest_of,
    no_part,
    parts_of,
    quoted,
    unreadable,
)
from symchiral.disk import check_ending, mark, write_text, writing
from symchiral.display import Tabular, display
from symchiral.errors import InputError, LabelError, nearest
from symchiral.units import counted

QUERY = "query"
"""The word in the mark of a file with what a query gave."""


@dataclass(frozen=True, repr=False)
class Selection(Tabular):
    """What a query gave: columns, and rows of plain values.

    Attributes
    ----------
    columns : tuple of str
        Their names.
    rows : tuple of tuple
        Texts, numbers, booleans, None, lists and dictionaries.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give the rows as dictionaries, lists in them as lists."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def to_pandas(self) -> Any:
        """Return the rows as a data frame of pandas."""
        return self.to_frame("pandas")

    def to_polars(self) -> Any:
        """Return the rows as a data frame of polars."""
        return self.to_frame("polars")

    def to_json(self) -> str:
        """Return the columns and the rows as JSON, ``{"columns": [...], "rows": [[...]]}``.

        Numbers that are not finite, as a quotient by zero, are null: JSON has none such.
        """
        plain = {"columns": self.columns, "rows": _finite(self.rows)}
        return json.dumps(plain, allow_nan=False, default=str)

    def __repr__(self) -> str:
        return display(self, "text")


def _finite(value: Any) -> Any:
    """The same with None for numbers that are not finite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


FIRST = 10
"""Rows that a notebook shows of a catalog."""


class Catalog:
    """A folder of rows that ``screen`` has written.

    Files are read when something is asked, and no other file can be: queries see nothing but the
    table ``catalog``. Of crystals that were screened again the latest row counts.

    Parameters
    ----------
    path : str or path
        The folder.

    Raises
    ------
    InputError
        It is not a catalog, or DuckDB is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = check_folder(path)
        duckdb()

    def _repr_html_(self) -> str:
        first = self.sql(f"SELECT * FROM catalog ORDER BY catalog.id LIMIT {FIRST}")
        return f"<p>{counted(len(self), 'crystal')}, the first of them:</p>" + display(
            first, "html"
        )

    @property
    def parts(self) -> tuple[Path, ...]:
        """Its files, older ones first."""
        return tuple(parts_of(self.path))

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """What every part says of itself: settings, versions, host, seconds, hash of its inputs."""
        return [manifest_of(part) for part in self.parts]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns; ``symchiral query CATALOG --list-columns`` says what they mean."""
        return self.sql("SELECT * FROM catalog LIMIT 0").columns

    def __len__(self) -> int:
        return int(self.sql("SELECT count(*) FROM catalog").rows[0][0])

    def query(self, where: str = "", *, columns: Sequence[str] | None = None) -> Selection:
        """Return the rows for which a condition holds, sorted by id.

        Parameters
        ----------
        where : str
            A condition in SQL, ``"flips > 0 AND ir_pump AND raman_probe"``; empty: all rows.
        columns : sequence of str, optional
            Columns wanted; default all.

        Raises
        ------
        InputError
            The condition is not understood.
        LabelError
            There is no such column.
        """
        return self.sql(self._query(where, columns))

    def _query(self, where: str, columns: Sequence[str] | None) -> str:
        for name in columns or ():
            if name not in self.columns:
                raise LabelError(
                    f"no column {name!r}",
                    why="the catalog has none of that name",
                    fix=nearest(name, self.columns),
                )
        wanted = "*" if columns is None else ", ".join(f'"{name}"' for name in columns)
        condition = f"WHERE ({where}\n)" if where.strip() else ""
        return f"SELECT {wanted} FROM catalog {condition} ORDER BY catalog.id"

    def sql(self, query: str) -> Selection:
        """Return what a query in SQL gives; the table is called ``catalog``.

        Raises
        ------
        InputError
            The query is not understood, is none that reads, or asks for other files.
        """
        with self._only_select(query) as (connection, statement):
            found = connection.execute(statement)
            names = tuple(str(column[0]) for column in found.description)
            return Selection(names, tuple(found.fetchall()))

    def save(
        self,
        path: str | os.PathLike[str],
        where: str = "",
        *,
        columns: Sequence[str] | None = None,
        sql: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write what a query gives, in the format the name ends with.

        Parameters
        ----------
        path : path
            ``.csv``, ``.parquet``, ``.md`` or ``.json``.
        where, columns
            As for :meth:`query`.
        sql : str, optional
            In their place a query, as for :meth:`sql`.
        overwrite : bool
            Replace a file that symchiral did not write for this.

        Raises
        ------
        InputError
            The ending is another, the file cannot be written, or the query not understood.
        """
        ending = check_ending(path, TABLES)
        query = self._query(where, columns) if sql is None else sql
        if ending == ".parquet":
            with (
                writing(path, QUERY, overwrite=overwrite) as aside,
                self._only_select(query, writable=aside) as (connection, _),
            ):
                note = quoted(mark(QUERY))
                connection.execute(
                    f"COPY ({query.strip().rstrip(';')}\n) TO {quoted(str(aside))} "
                    f"({PARQUET}, KV_METADATA {{note: {note}}})"
                )
            return
        found = self.sql(query)
        if ending == ".json":
            text, known = found.to_json() + "\n", '{"columns": ['
        elif ending == ".csv":
            text, known = found.to_csv(), ",".join(found.columns[:2])
        else:
            text, known = f"<!-- {mark(QUERY)} -->\n\n{found.to_markdown()}", mark(QUERY)
        write_text(path, text, QUERY, known=known, overwrite=overwrite)

    @contextlib.contextmanager
    def _only_select(
        self, query: str, *, writable: Path | None = None
    ) -> Iterator[tuple[Any, Any]]:
        """A connection that sees the parts alone, and a query that is one SELECT."""
        library = duckdb()
        parts = self.parts
        with library.connect(":memory:") as connection:
            try:
                connection.execute(f"CREATE VIEW catalog AS {latest(parts)}")
                paths = [*parts, *([] if writable is None else [writable])]
                allowed = ", ".join(quoted(str(path)) for path in paths)
                connection.execute(f"SET allowed_paths=[{allowed}]")
                connection.execute("SET enable_external_access=false")
                connection.execute("SET lock_configuration=true")
            except unreadable() as error:
                raise (damaged_part(parts) or no_part(self.path, error)) from error
            try:
                statements = connection.extract_statements(query)
                if len(statements) != 1 or statements[0].type != library.StatementType.SELECT:
                    raise InputError(
                        "cannot run this query",
                        why="it is not one SELECT",
                        fix='write one, as in "SELECT count(*) FROM catalog"',
                    )
                yield connection, statements[0]
            except unreadable() as error:
                raise (damaged_part(parts) or _not_understood(error)) from error

    def to_pandas(self) -> Any:
        """Return all rows as a data frame of pandas."""
        return self.query().to_pandas()

    def to_polars(self) -> Any:
        """Return all rows as a data frame of polars."""
        return self.query().to_polars()

    def __repr__(self) -> str:
        n = len(self)
        return f"Catalog({str(self.path)!r}, {counted(n, 'crystal')})"


def _not_understood(error: Exception) -> InputError:
    said = str(error).split("\n\nLINE")[0]
    return InputError(
        "cannot run this query",
        why=" ".join(said.split())[:500],
        fix="look at the columns, symchiral query CATALOG --list-columns; texts stand in single "
        "quotes",
    )
