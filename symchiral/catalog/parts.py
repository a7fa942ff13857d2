"""The files of a catalog: a folder of Parquet parts, each written whole or not at all.

This is the door to DuckDB. A part holds rows, and in its metadata a manifest: who wrote it, when,
how long it took, with which versions and settings, and a hash of what was read. Parts of a later
run have a larger number in their name: of two rows with one id the later one counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from symchiral.answers.catalog import CatalogRow, column_types, json_line
from symchiral.answers.record import libraries
from symchiral.catalog.crystals import Terms
from symchiral.catalog.lock import alone
from symchiral.disk import is_folder, mark, user_path, writing
from symchiral.errors import InputError, install
from symchiral.version import __version__

KIND = "catalog"
"""The word in the mark of a part."""

VERSION = "symchiral/catalog/1"

PARQUET = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"
"""How DuckDB writes a file; that it is whole or not there is our own care."""

_PART = re.compile(r"part-(\d{4,})-[0-9a-f]{16}\.parquet")


TABLES = (".csv", ".parquet", ".md", ".json")
"""Endings of the files that rows are written to."""


def duckdb() -> Any:
    """Return the library.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        import duckdb as library
    except ImportError as error:
        raise InputError(
            "no catalog without DuckDB",
            why="it is not installed",
            fix=install("duckdb>=1.2"),
        ) from error
    return library


def parts_of(folder: Path) -> list[Path]:
    """Return the parts of a catalog, older ones first.

    Raises
    ------
    InputError
        The folder cannot be read.
    """
    try:
        names = [name for name in os.listdir(folder) if _PART.fullmatch(name)]
    except OSError as error:
        raise InputError(
            f"cannot read the catalog {folder}",
            why=error.strerror or str(error),
            fix="check its permissions",
        ) from error
    return [folder / name for name in sorted(names, key=lambda name: (_generation(name), name))]


def _generation(name: str) -> int:
    match = _PART.fullmatch(name)
    return int(match[1]) if match else 0


def open_folder(path: str | os.PathLike[str]) -> Path:
    """Return the folder of a catalog, made if it is not there.

    Raises
    ------
    InputError
        It cannot be made or written to, has the name of a table, or holds other things.
    """
    folder = user_path(path)
    if folder.suffix.lower() in TABLES and not folder.exists():
        raise InputError(
            f"cannot write the catalog {os.fspath(path)}",
            why="a catalog is a folder, and this is the name of a file",
            fix=f"give the name of a folder; symchiral query CATALOG -o {folder.name} writes its "
            "rows as a table",
        )
    try:
        folder.mkdir(parents=False, exist_ok=True)
        names = os.listdir(folder)
    except OSError as error:
        raise InputError(
            f"cannot write the catalog {os.fspath(path)}",
            why=error.strerror or str(error),
            fix="give the path of a folder, in one that is there",
        ) from error
    others = [n for n in names if not _PART.fullmatch(n) and not n.startswith(".")]
    if others:
        raise InputError(
            f"cannot write the catalog {os.fspath(path)}",
            why=f"the folder holds other files: {', '.join(sorted(others)[:3])}",
            fix="give a new folder, or that of a catalog",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"cannot write the catalog {os.fspath(path)}",
            why="nothing may be written to the folder",
            fix="check its permissions, or give another one",
        )
    return folder


def next_generation(folder: Path) -> int:
    """Return the number of the parts of a new run."""
    return max((_generation(part.name) for part in parts_of(folder)), default=0) + 1


def write_part(
    folder: Path,
    rows: Sequence[CatalogRow],
    settings: Terms,
    *,
    generation: int,
    seconds: float,
) -> Path:
    """Write rows as one part.

    Parameters
    ----------
    seconds : float
        How long they took, on the clock.

    Raises
    ------
    InputError
        It cannot be written.
    """
    whole = "\n".join(f"{row.id} {row.sha256}" for row in rows)
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    target = folder / f"part-{generation:04d}-{digest[:16]}.parquet"
    manifest = {
        "schema": VERSION,
        "symchiral": __version__,
        "libraries": libraries(),
        "settings": asdict(settings),
        "rows": len(rows),
        "inputs_sha256": digest,
        "host": platform.node(),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 3),
    }
    with _scratch() as scratch:
        try:
            lines = scratch / "rows.json"
            with lines.open("wb") as file:
                file.writelines(json_line(row) for row in rows)
        except OSError as error:
            raise _no_space(folder, error) from error
        write_query(target, read_lines(lines, column_types()), manifest)
    return target


def read_lines(lines: Path, types: Mapping[str, str]) -> str:
    """Return the query of all records of a file of JSON lines, given the types of their fields."""
    columns = ", ".join(f"{quoted(k)}: {quoted(v)}" for k, v in types.items())
    return (
        f"SELECT * FROM read_json({quoted(str(lines))}, format='newline_delimited', "
        f"columns={{{columns}}}, maximum_object_size=100000000)"
    )


def write_query(
    target: Path,
    query: str,
    manifest: dict[str, Any],
    sources: Sequence[Path] = (),
    *,
    kind: str = KIND,
) -> None:
    """Write what a query gives as a Parquet file, by default a part of a catalog.

    Parameters
    ----------
    sources : sequence of Path
        The parts that the query reads.

    Raises
    ------
    InputError
        It cannot be written, or a source not be read.
    """
    library = duckdb()
    note, text = quoted(mark(kind)), quoted(json.dumps(manifest))
    with writing(target, kind) as aside, library.connect(":memory:") as connection:
        try:
            connection.execute("SET threads=1")
            connection.execute(
                f"COPY ({query}) TO {quoted(str(aside))} "
                f"({PARQUET}, KV_METADATA {{note: {note}, manifest: {text}}})"
            )
        except library.Error as error:
            raise (damaged_part(sources) or _no_space(target.parent, error, kind=kind)) from error


def _no_space(folder: Path, error: Exception, *, kind: str = KIND) -> InputError:
    again = "; run it again, and it goes on where it was" if kind == KIND else ""
    return InputError(
        f"cannot write the {kind} {folder}",
        why=" ".join(str(error).split())[:300],
        fix=f"check the space on the disk{again}",
    )


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="symchiral-") as name:
        yield Path(name)


def quoted(text: str) -> str:
    """Return a text as SQL writes it.

    Examples
    --------
    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def manifest_of(part: Path) -> dict[str, Any]:
    """Return what a part says of itself.

    Raises
    ------
    InputError
        It is not a part of a catalog.
    """
    with duckdb().connect(":memory:") as connection:
        try:
            found = connection.execute(
                f"SELECT value FROM parquet_kv_metadata({quoted(str(part))}) "
                "WHERE key = 'manifest'::BLOB"
            ).fetchone()
        except unreadable() as error:
            raise no_part(part, error) from error
    if found is None:
        raise no_part(part, "it says nothing of itself")
    try:
        read: dict[str, Any] = json.loads(bytes(found[0]))
        _terms(read)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise no_part(part, "what it says of itself is damaged") from error
    return read


def _terms(manifest: dict[str, Any]) -> Terms:
    """What the rows of a part have in common."""
    found = manifest["settings"]
    axis = found.get("spin_axis")
    return Terms(**{**found, "spin_axis": None if axis is None else tuple(axis)})


def damaged_part(parts: Sequence[Path]) -> InputError | None:
    """Return the error that names the first part that cannot be read whole; None if all can.

    Libraries read of a part what a question needs, and say of the whole catalog what is wrong.
    """
    with duckdb().connect(":memory:") as connection:
        for part in parts:
            try:
                connection.execute(f"SELECT * FROM read_parquet({quoted(str(part))})").fetchall()
            except unreadable() as error:
                return no_part(part, error)
    return None


def unreadable() -> tuple[type[Exception], ...]:
    """Return what DuckDB raises when it reads a damaged part; the others are of damaged texts."""
    return (duckdb().Error, UnicodeDecodeError, RuntimeError)


def no_part(part: Path, why: object) -> InputError:
    """Return the error that says that a file is not a part of a catalog."""
    return InputError(
        f"cannot read {part}",
        why=f"it is not a part of a catalog ({' '.join(str(why).split())[:200]})",
        fix="remove it, and screen again what it held",
    )


def known_rows(folder: Path, *, retry: bool) -> dict[str, str]:
    """Return the hash by id of every crystal that a catalog holds.

    Parameters
    ----------
    retry : bool
        Leave out those that were refused.
    """
    parts = parts_of(folder)
    if not parts:
        return {}
    where = "WHERE error IS NULL" if retry else ""
    with duckdb().connect(":memory:") as connection:
        try:
            rows = connection.execute(
                f"SELECT id, sha256 FROM ({latest(parts)}) {where}"
            ).fetchall()
        except unreadable() as error:
            raise (damaged_part(parts) or no_part(folder, error)) from error
    return dict(rows)


def latest(parts: Sequence[Path]) -> str:
    """Return the query of all rows of parts, of those with one id the one in the latest part."""
    files = ", ".join(quoted(str(part)) for part in parts)
    return (
        f"SELECT * EXCLUDE (filename) FROM read_parquet([{files}], union_by_name=true, "
        "filename=true) QUALIFY row_number() OVER "
        "(PARTITION BY id ORDER BY parse_filename(filename) DESC) = 1"
    )


def settings_of(folder: Path) -> Terms | None:
    """Return what the rows of a catalog have in common; None if it has no part."""
    parts = parts_of(folder)
    if not parts:
        return None
    return _terms(manifest_of(parts[-1]))


def check_folder(path: str | os.PathLike[str]) -> Path:
    """Return the folder of a catalog that is to be read.

    Raises
    ------
    InputError
        There is none, or it has no part.
    """
    folder = user_path(path)
    if not is_folder(folder):
        raise InputError(
            f"no catalog {os.fspath(path)}",
            why="there is no such folder",
            fix=f"make it: symchiral screen FOLDER -o {os.fspath(path)}",
        )
    if not parts_of(folder):
        raise InputError(
            f"no catalog {os.fspath(path)}",
            why="no file in it is a part of one",
            fix=f"make it: symchiral screen FOLDER -o {os.fspath(path)}",
        )
    return folder


def merge(catalogs: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> int:
    """Write the rows of several catalogs as one part of another, and return how many there are.

    What ``out`` holds already is merged, too, and its earlier parts are removed in the end. Of rows
    with one id the one of the latest run counts.

    Raises
    ------
    InputError
        A catalog cannot be read or written, or they were made with different options.
    """
    folder = open_folder(out)
    with alone(folder, (1, 1)):
        own = parts_of(folder)
        sources = [check_folder(path) for path in catalogs]
        parts = {part.resolve(): part for source in (*sources, folder) for part in parts_of(source)}
        found = [manifest_of(part) for part in parts.values()]
        different = {json.dumps(manifest["settings"], sort_keys=True) for manifest in found}
        if len(different) > 1:
            raise InputError(
                "these catalogs cannot be merged",
                why=f"they were made with different options: {' and '.join(sorted(different))}",
                fix="screen with the same options, or keep them apart",
            )
        names = "\n".join(sorted(part.name for part in parts.values()))
        digest = hashlib.sha256(names.encode()).hexdigest()
        target = folder / f"part-{next_generation(folder):04d}-{digest[:16]}.parquet"
        query = f"SELECT * FROM ({latest(list(parts.values()))}) ORDER BY id"
        count = _count(query, list(parts.values()))
        manifest = {
            "schema": VERSION,
            "symchiral": __version__,
            "libraries": libraries(),
            "settings": found[0]["settings"],
            "rows": count,
            "merged": [{k: v for k, v in one.items() if k != "merged"} for one in found],
        }
        write_query(target, query, manifest, list(parts.values()))
        for part in own:
            part.unlink(missing_ok=True)
    return count


def _count(query: str, parts: Sequence[Path]) -> int:
    """Rows that a query of parts gives."""
    with duckdb().connect(":memory:") as connection:
        try:
            (found,) = connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
        except unreadable() as error:
            raise (damaged_part(parts) or no_part(parts[0], error)) from error
    return int(found)
