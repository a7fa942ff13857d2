"""From a path to the bytes and the text of a file, with every way this fails told apart."""

from __future__ import annotations

import bz2
import difflib
import errno
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from symchiral.disk import (
    RESULTS,
    is_file,
    is_folder,
    is_result,
    note_read,
    read_regular,
    user_path,
)
from symchiral.errors import LabelError, LimitError, ReadError
from symchiral.reading.shipped import FORCE_FILES, find_structure, structure_names

MAX_BYTES = 50_000_000
"""Larger files, also after decompression, are no structures of one crystal."""

RATIO = 200
"""Text compresses ten- or twentyfold; what expands further, and beyond ``MAX_BYTES``, is a bomb."""

_PACKED: tuple[tuple[bytes, Callable[[io.BytesIO], io.BufferedIOBase]], ...] = (
    (b"\x1f\x8b", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
PACKING = (".gz", ".bz2", ".xz")
_STRUCTURE_LIKE = ("*.cif", "*POSCAR*", "*CONTCAR*", "*.vasp", "*.xyz", "*.extxyz", "*.xsf")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Text:
    r"""The text of a file.

    Attributes
    ----------
    text : str
        Its text, line ends as ``\n``.
    notes : tuple of str
        What had to be assumed to decode it.
    """

    text: str
    notes: tuple[str, ...] = ()


def plain_name(name: str) -> str:
    """Return the last part of a path without a suffix of compression.

    Examples
    --------
    >>> plain_name("run/POSCAR.gz")
    'POSCAR'
    """
    base = PurePath(name).name
    for suffix in PACKING:
        base = base.removesuffix(suffix)
    return base


def locate(source: str | os.PathLike[str]) -> Path:
    """Return the file meant by a path, or by the name of a packaged crystal.

    Raises
    ------
    ReadError
        If there is no such file; the nearest names are suggested.

    Examples
    --------
    >>> locate("Bi2Se3").name
    'Bi2Se3.cif'
    """
    given = os.fspath(source)
    if not given.strip():
        raise ReadError("cannot read the structure", why="its path is empty", fix="give a path")
    if "\n" in given or "\0" in given or len(given) > 4000:
        raise ReadError(
            "cannot read the structure",
            why="a path was expected, and this is the text of a file",
            fix="write the text to a file and give its path",
        )
    path = user_path(given)
    if is_file(path):
        return path
    if is_folder(path):
        raise _is_folder(given, path)
    if os.path.exists(path):
        raise ReadError(
            f"cannot read {given}", why="it is not a regular file", fix="save it as a file first"
        )
    if (path.name == given and not path.suffix) or path.name in FORCE_FILES:
        try:
            return find_structure(given)
        except LabelError:
            pass  # the message below also suggests files
    raise _missing(given, path)


def _is_folder(given: str, path: Path) -> ReadError:
    inside = sorted({p.name for pattern in _STRUCTURE_LIKE for p in islice(path.glob(pattern), 50)})
    names = ", ".join(inside[:5])
    one = (
        f"give one of the structure files in it: {names}"
        if names
        else "give a structure file, or a folder with phonopy.yaml, FORCE_SETS or FORCE_CONSTANTS"
    )
    return ReadError(
        f"cannot read {given}",
        why="it is a folder",
        fix=f"{one}; symchiral screen reads all in a folder" if len(inside) > 1 else one,
    )


def _missing(given: str, path: Path) -> ReadError:
    near: list[str] = []
    if is_folder(path.parent):
        try:
            names = [entry.name for entry in islice(os.scandir(path.parent), 2000)]
        except OSError:
            names = []  # a folder we may not list: no suggestions
        lower = {name.lower(): name for name in reversed(names)}
        close = difflib.get_close_matches(path.name.lower(), lower, n=9, cutoff=0.6)
        found = [path.with_name(lower[name]) for name in close]
        # What symchiral wrote, or holds no structure, was not meant; nor is a link to nothing.
        found = [p for p in found if is_file(p) or is_folder(p)]
        inputs = [p for p in found if p.suffix.lower() not in RESULTS and not is_result(p)]
        near = [str(p) for p in inputs[:3]]
        why = "there is no such file"
    else:
        why = f"there is no folder {path.parent}"
    shipped = {name.lower(): name for name in structure_names()}
    stem = path.name.split(".")[0].lower()
    close = difflib.get_close_matches(stem, shipped, n=2, cutoff=0.6)
    near += [f"{shipped[name]} (packaged)" for name in close]
    fix = f"did you mean {' or '.join(near)}?" if near else "check the path"
    return ReadError(f"cannot read {given}", why=why, fix=fix)


def load(path: Path, *, name: str, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file, at most ``limit`` (50 MB).

    Raises
    ------
    ReadError
        If the system does not let us.
    LimitError
        If it is larger.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise _too_big(name, f"it has {size / 1e6:.0f} MB", limit)
        note_read(path, name=name)
        return read_regular(path, limit=limit)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _too_big(name, "it grows while it is read", limit) from error
        raise ReadError(
            f"cannot read {name}",
            why=error.strerror or str(error),
            fix="save it as a file first"
            if error.errno == errno.EINVAL
            else "check the permissions of the file",
        ) from error


def _too_big(name: str, why: str, limit: int) -> LimitError:
    return LimitError(
        f"{name} is too large",
        why=f"{why}, and the limit is {limit / 1e6:.0f} MB",
        fix="give what belongs to one crystal alone, uncompressed if it must be that large",
    )


def unpack(data: bytes, *, name: str, limit: int = MAX_BYTES) -> bytes:
    """Decompress gzip, bzip2 and xz; return anything else as it is.

    Examples
    --------
    >>> unpack(gzip.compress(b"data_x"), name="x.cif.gz")
    b'data_x'
    """
    for magic, opener in _PACKED:
        if not data.startswith(magic):
            continue
        try:
            with opener(io.BytesIO(data)) as stream:
                plain = _expand(stream, len(data), name=name, limit=limit)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise ReadError(
                f"cannot read {name}",
                why=f"the compressed data are damaged ({error})",
                fix="compress or download it again",
            ) from error
        return plain
    return data


def _expand(stream: io.BufferedIOBase, packed: int, *, name: str, limit: int) -> bytes:
    """Read a compressed stream piece by piece: memory follows what is there, not the limit."""
    pieces, size = [], 0
    while piece := stream.read(1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_big(name, "it decompresses to more", limit)
        if size > max(MAX_BYTES, RATIO * packed):
            raise _too_big(name, f"it decompresses to over {RATIO} times its size", MAX_BYTES)
    return b"".join(pieces)


def decode(data: bytes, *, name: str) -> Text:
    r"""Decode UTF-8, UTF-16 with a byte-order mark, or else Latin-1 (with a note).

    Raises
    ------
    ReadError
        If the file is empty, binary, or a web page.

    Examples
    --------
    >>> decode(b"caf\xe9", name="x").notes
    ('the file is not UTF-8 and was read as Latin-1',)
    """
    notes: tuple[str, ...] = ()
    if data.startswith(_UTF16) and len(data) % 2 == 0:
        text = data.decode("utf-16", errors="replace")
        notes = ("the file is UTF-16",)
    elif b"\0" in data:
        raise ReadError(
            f"cannot read {name}",
            why="it is a binary file",
            fix="give a text file: CIF, POSCAR or extended XYZ",
        )
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
            notes = ("the file is not UTF-8 and was read as Latin-1",)
    if not text.strip():
        raise ReadError(f"cannot read {name}", why="the file is empty", fix="save it again")
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise ReadError(
            f"cannot read {name}",
            why="it is a web page (HTML), not a structure",
            fix="download the file itself: the page may ask for a login or only link to it",
        )
    return Text(text.replace("\r\n", "\n").replace("\r", "\n"), notes)


def choose(count: int, index: int, name: str) -> int:
    """Return the position, from 0, of the structure wanted among ``count``.

    Raises
    ------
    ReadError
        If there is none at this index.

    Examples
    --------
    >>> choose(3, -1, "x.xyz")
    2
    """
    if not -count <= index < count:
        raise ReadError(
            f"cannot read structure {index} of {name}",
            why=f"it holds {count} {'structure' if count == 1 else 'structures'}",
            fix=f"give an index from 0 to {count - 1}",
        )
    return index % count
