"""Columns of a table in a file, as text.

CSV with comments (also as numpy, pymeasure and others write it), LabVIEW's .lvm, Igor's .itx,
Parquet, and files of arrays.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from symchiral.disk import is_file, is_folder, is_result
from symchiral.errors import InputError, ReadError, install
from symchiral.plain import LARGEST
from symchiral.reading.arrays import array_columns, holds_arrays
from symchiral.reading.files import decode, load, unpack
from symchiral.reading.shipped import find_beside
from symchiral.units import counted

Columns = Mapping[str, list[str]]


def read_table(path: Path, names: Sequence[str] | None = None) -> tuple[Columns, Mapping[str, str]]:
    """Return the columns of a table and the ``# key: value`` lines before it.

    Parameters
    ----------
    path : Path
        The file.
    names : sequence of str, optional
        Names of the columns in their order, ``-`` for those that are not used: where the file has
        none, or in the place of its own.

    Raises
    ------
    ReadError
        If there is no such file, or it cannot be read.
    InputError
        If it is not a table.
    """
    data = read_bytes(path, arrays=True)
    if holds_arrays(data):
        return array_columns(path, data, names), {}
    if data.startswith(b"PAR1"):
        return _parquet(path), {}
    text = decode(data, name=path.name).text
    if re.match(r"IGOR\b", text):
        return _igor(text, path.name), {}
    return _csv(text, path.name, names)


def read_bytes(path: Path, *, arrays: bool = False) -> bytes:
    """Return the bytes of a file, decompressed; ``arrays``: it may be a file of arrays."""
    path = _found(path)
    if is_folder(path) or not os.path.exists(path):
        near = [
            p.name
            for pattern in ("*.csv", "*.parquet", "*.yaml", "*.yml", "*.npz", "*.h5", "*.mat")
            for p in islice(path.parent.glob(pattern), 50)
            if _may_be_measured(p)
        ]
        raise ReadError(
            f"cannot read {path}",
            why="it is a folder" if is_folder(path) else "there is no such file",
            fix=_nearest(path.name, near),
        )
    data = unpack(load(path, name=path.name), name=path.name)
    if arrays and holds_arrays(data):
        return data
    if not data.startswith((b"PAR1", b"\xff\xfe", b"\xfe\xff")) and b"\0" in data:
        raise ReadError(
            f"cannot read {path}",
            why="it is a binary file",
            fix="give a table: CSV, Parquet, numpy, MATLAB, HDF5",
        )
    return data


def _found(path: Path) -> Path:
    """Return the path, or the packaged file of that name, ``Bi2Se3/traces.csv``."""
    return path if os.path.lexists(path) else find_beside(str(path)) or path


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


def _csv(text: str, name: str, names: Sequence[str] | None) -> tuple[Columns, Mapping[str, str]]:
    metadata: dict[str, str] = {}
    lines: list[str] = []
    comment = ""
    for line in _behind_header(text).splitlines():
        if line.lstrip().startswith("#"):
            key, colon, value = (x.strip() for x in line.strip().lstrip("#").partition(":"))
            if lines:
                continue
            comment = line.strip().lstrip("#").strip()
            if colon and value and re.fullmatch(r"\w{1,60}", key):
                if key in metadata and metadata[key] != value:
                    raise InputError(
                        f"{name} declares {key} twice", why="once is enough", fix="keep one"
                    )
                metadata[key] = value
        elif line.strip():
            lines.append(line)
    delimiter = next((d for d in (";", "\t", ",") if lines and d in lines[0].rstrip()), None)
    rows = _cells(lines, delimiter)
    if rows and not any(_is_number(cell) for cell in rows[0]):
        header, rows = rows[0], rows[1:]
    else:
        # numpy.savetxt writes its header behind the sign of a comment.
        ((*header,),) = _cells([comment], delimiter) if comment else ([],)
        if len(header) != len(rows[0] if rows else ()) or any(map(_is_number, header)):
            header = []
    if names is not None:
        header = list(names)
    if not rows:
        raise InputError(
            f"{name} holds no table", why="it has a header or nothing at all", fix="add its rows"
        )
    if not header:
        raise InputError(
            f"{name} has no header",
            why=f"its first row is {', '.join(rows[0][:5])}",
            fix='name the columns in their order, as in --columns "time_ps,Qx,Qy", or in a first '
            "line of the file",
        )
    used = [column for column in header if column != "-"]
    if len(set(used)) != len(used):
        raise InputError(
            f"{name} names a column twice",
            why=f"its header is {', '.join(header)}",
            fix="rename it",
        )
    if header[-1].lower() == "comment":  # LabVIEW's, written where there is one
        rows = [[*row, ""] if len(row) == len(header) - 1 else row for row in rows]
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise InputError(
                f"{name} is not a table",
                why=f"row {number} has {len(row)} cells, the header {len(header)}",
                fix="give every row the same cells, and put # before lines above the header",
            )
    if delimiter == ";":
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]
    return {c: [row[i] for row in rows] for i, c in enumerate(header) if c != "-"}, metadata


def _behind_header(text: str) -> str:
    """What follows the headers of LabVIEW's .lvm."""
    if not text.startswith("LabVIEW Measurement"):
        return text
    return text.rpartition("***End_of_Header***")[2].lstrip("\t ")


def _cells(lines: Sequence[str], delimiter: str | None) -> list[list[str]]:
    if delimiter is None:
        return [re.split(r"\s+", line.strip()) for line in lines]
    return [list(map(str.strip, row)) for row in csv.reader(lines, delimiter=delimiter)]


def _igor(text: str, name: str) -> Columns:
    """Waves of Igor's text files: names behind ``WAVES``, numbers between ``BEGIN`` and ``END``."""
    columns: dict[str, list[str]] = {}
    waves: list[str] = []
    inside = False
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0].upper().startswith("WAVES"):
            waves = re.findall(r"'[^']*'|[^\s,]+", line.strip())[1:]
            waves = [wave.strip("'") for wave in waves if not wave.startswith(("/", "("))]
            if set(waves) & set(columns):
                raise InputError(
                    f"{name} names a column twice",
                    why=f"its waves are {', '.join(waves)}",
                    fix="rename it",
                )
            columns.update({wave: [] for wave in waves})
        elif words[0].upper() in ("BEGIN", "END"):
            inside = words[0].upper() == "BEGIN"
        elif inside:
            if len(words) != len(waves):
                raise InputError(
                    f"{name} is not a table",
                    why=f"a row has {counted(len(words), 'cell')}, there are "
                    f"{counted(len(waves), 'wave')}",
                    fix="give every row the same cells",
                )
            for wave, word in zip(waves, words, strict=True):
                columns[wave].append(word)
    if not any(columns.values()):
        raise InputError(
            f"{name} holds no table", why="it has no wave with numbers", fix="save its waves again"
        )
    return columns


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
            fix=f"{install('pyarrow>=15')}, or export the table as CSV",
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
