"""Columns of a table in a file, as text: CSV with comments, or Parquet."""

from __future__ import annotations

import contextlib
import csv
import difflib
import os
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from symchiral.disk import is_file, is_folder, is_result
from symchiral.errors import InputError, ReadError
from symchiral.plain import LARGEST
from symchiral.reading.files import decode, load, unpack

Columns = Mapping[str, list[str]]


def read_table(path: Path) -> tuple[Columns, Mapping[str, str]]:
    """Return the columns of a table and the ``# key: value`` lines before it.

    Raises
    ------
    ReadError
        If there is no such file, or it cannot be read.
    InputError
        If it is not a table.
    """
    data = read_bytes(path)
    if data.startswith(b"PAR1"):
        return _parquet(path), {}
    return _csv(decode(data, name=path.name).text, path.name)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, decompressed."""
    if is_folder(path) or not os.path.exists(path):
        near = [
            p.name
            for pattern in ("*.csv", "*.parquet", "*.yaml", "*.yml")
            for p in islice(path.parent.glob(pattern), 50)
            if _may_be_measured(p)
        ]
        raise ReadError(
            f"cannot read {path}",
            why="it is a folder" if is_folder(path) else "there is no such file",
            fix=_nearest(path.name, near),
        )
    data = unpack(load(path, name=path.name), name=path.name)
    if not data.startswith((b"PAR1", b"\xff\xfe", b"\xfe\xff")) and b"\0" in data:
        raise ReadError(
            f"cannot read {path}", why="it is a binary file", fix="give a CSV or a Parquet file"
        )
    return data


def _may_be_measured(path: Path) -> bool:
    """Whether a file may be meant: no result of ours, and a CSV names a column of times."""
    if not is_file(path) or is_result(path):  # a pipe would be waited for
        return False
    if path.suffix.lower() != ".csv":
        return True
    with contextlib.suppress(OSError), path.open("rb") as file:
        lines = file.read(20_000).decode("utf-8", "replace").lower().splitlines()
        header = next((line for line in lines if line.strip() and line[0] != "#"), "")
        return re.search(r"(^|[,;\t])\s*(time|delay|t([ _(\[,;\t]|$))", header) is not None
    return False


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(sorted(known)[:5])}" if known else "check the path"


def _csv(text: str, name: str) -> tuple[Columns, Mapping[str, str]]:
    metadata: dict[str, str] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            key, colon, value = (x.strip() for x in line.strip().lstrip("#").partition(":"))
            if not lines and colon and value and re.fullmatch(r"\w{1,60}", key):
                if key in metadata:
                    raise InputError(
                        f"{name} declares {key} twice", why="once is enough", fix="keep one"
                    )
                metadata[key] = value
        elif line.strip():
            lines.append(line)
    if len(lines) < 2:
        raise InputError(
            f"{name} holds no table", why="it has a header or nothing at all", fix="add its rows"
        )
    delimiter = next((d for d in (";", "\t", ",") if d in lines[0]), None)
    rows = (
        [re.split(r"\s+", line.strip()) for line in lines]
        if delimiter is None
        else [list(map(str.strip, row)) for row in csv.reader(lines, delimiter=delimiter)]
    )
    header = rows[0]
    if any(_is_number(cell) for cell in header):
        raise InputError(
            f"{name} has no header",
            why=f"its first row is {', '.join(header[:5])}",
            fix="begin with the names of the columns, such as time_ps,Qx,Qy",
        )
    if len(set(header)) != len(header):
        raise InputError(
            f"{name} names a column twice",
            why=f"its header is {', '.join(header)}",
            fix="rename it",
        )
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(header):
            raise InputError(
                f"{name} is not a table",
                why=f"row {number} has {len(row)} cells, the header {len(header)}",
                fix="give every row the same cells",
            )
    if delimiter == ";":
        rows = [rows[0], *([cell.replace(",", ".") for cell in row] for row in rows[1:])]
    return {c: [row[i] for row in rows[1:]] for i, c in enumerate(header)}, metadata


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lower() not in ("nan", "inf")


def _parquet(path: Path) -> Columns:
    if find_spec("pyarrow"):
        arrow = import_module("pyarrow")
        try:
            table = import_module("pyarrow.parquet").read_table(path).to_pydict()
        except (arrow.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
    elif find_spec("duckdb"):
        duckdb = import_module("duckdb")
        try:
            found = duckdb.read_parquet(str(path))
            table = dict(zip(found.columns, zip(*found.fetchall(), strict=True), strict=True))
        except duckdb.Error as error:
            raise _damaged(path, error) from error
    else:
        raise ReadError(
            f"cannot read {path}",
            why="it is a Parquet file, and neither pyarrow nor duckdb is installed",
            fix="install one of them, or export the table as CSV",
        )
    return {str(k): ["" if x is None else str(x) for x in v] for k, v in table.items()}


def _damaged(path: Path, error: Exception) -> ReadError:
    return ReadError(
        f"cannot read {path}",
        why=f"the Parquet file is damaged ({str(error).splitlines()[0]})",
        fix="write it again, or export the table as CSV",
    )


def numbers(text: str, count: int, what: str) -> list[float]:
    """Read ``count`` finite numbers parted by commas or blanks."""
    words = [w for w in re.split(r"[,\s()\[\]]+", text) if w]
    found = [float(w) for w in words if _is_number(w) and abs(float(w)) <= LARGEST]
    if len(found) != count or len(words) != count:
        raise InputError(
            f"{what} is {text!r}",
            why=f"{count} {'number is' if count == 1 else 'numbers are'} expected",
            fix="correct it, without a unit: the unit is that of the time",
        )
    return found
