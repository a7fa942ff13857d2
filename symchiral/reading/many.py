"""Many structures: what files, folders and sets of structures hold, one after the other.

A folder is searched with all below it; a folder of force data is one crystal. Files with one
structure are opened by whoever works on them, sets (frames of extended XYZ, lines of JSON,
structures of a JSON file, rows of an ASE database) are cut into pieces here, without parsing the
pieces. :func:`entries` is where to start.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, TypeVar

import msgspec

from symchiral.crystal.crystal import Crystal
from symchiral.disk import is_folder, read_regular, user_path
from symchiral.errors import InputError, LimitError, ReadError, SymchiralError
from symchiral.quiet import quiet
from symchiral.reading.files import PACKING, locate, plain_name, unpack
from symchiral.reading.folder import (
    FORCE_NAMES,
    HOLDS,
    PACKED,
    YAML,
    Folder,
    force_folders,
    is_phonon_source,
    is_zip,
    split_archive,
)
from symchiral.reading.remote import Copies, is_address, without_secrets
from symchiral.reading.structure import read_crystal
from symchiral.units import counted

Answer = TypeVar("Answer")

Kind = Literal["file", "forces", "xyz", "json", "crystal"]

ENDINGS = (
    ".cif", ".mcif", ".vasp", ".poscar", ".xyz", ".extxyz", ".xsf", ".cell", ".gen", ".res", ".pwi",
    ".json", ".jsonl", ".ndjson", ".db", ".zip",
)  # fmt: skip
"""Files of a folder that end so, also compressed, are read; so are those called POSCAR or CONTCAR,
and YAML of phonopy."""

LINES = (".jsonl", ".ndjson")
FRAMES = (".xyz", ".extxyz")

LARGEST_SET = 4_000_000_000
"""A JSON file with more bytes is refused; lines and frames may be as many as they are."""

LARGEST_PIECE = 50_000_000
"""One line or frame has at most so many bytes."""

LISTS = ("data", "entries", "structures", "docs", "results", "materials")
"""Keys below which a JSON file lists its structures."""

NAMES = ("id", "material_id", "entry_id", "mat_id", "task_id", "identifier", "_id")
"""Keys that name one structure of a set."""


@dataclass(frozen=True)
class Entry:
    """One crystal to read, or what cannot be.

    Attributes
    ----------
    id : str
        Its name.
    source : str or None
        The file or folder.
    kind : str
        ``file`` and ``forces``: to be opened; ``xyz``, ``json``: its text is here; ``crystal``: it
        is here.
    content : bytes, Crystal or None
        What is here.
    problem : SymchiralError or None
        Why it cannot be read, where that is known already.
    share : float
        Part of all inputs that ends with it, 0 to 1.
    """

    id: str
    source: str | None
    kind: Kind
    content: bytes | Crystal | None = None
    problem: SymchiralError | None = None
    share: float = 1.0


@dataclass
class Sources:
    """Files and folders, before sets are cut.

    Attributes
    ----------
    sources : list of (str, str)
        Path, and name that crystals are known by.
    ignored : int
        Files of folders whose names are no structure's.
    """

    sources: list[tuple[str, str]]
    ignored: int = 0


def list_sources(inputs: Iterable[str | os.PathLike[str]], copies: Copies) -> Sources:
    """Find the files and folders that hold structures.

    Parameters
    ----------
    inputs : iterable of path
        Files, folders, and addresses of either.
    copies : Copies
        Where those at an address are copied to.

    Raises
    ------
    ReadError
        An input is not there; folders hold no structure.
    """
    found = Sources([])
    for given in inputs:
        text = os.fspath(given)
        if is_address(text):
            name, text = without_secrets(text), os.fspath(copies.of(text))
        else:
            # Rows of a catalog are called alike on every system: work goes on where it was begun.
            name = text if os.sep == "/" else text.replace(os.sep, "/")
        path = user_path(text)
        if is_folder(path) and not _holds_forces(path):
            before = len(found.sources)
            _walk(path, name.rstrip("/") or name, found)
            if len(found.sources) == before:
                raise ReadError(
                    f"cannot read {name}",
                    why="no file in it or below it is called as structures are",
                    fix=f"give files that end in {', '.join(ENDINGS[:5])} or the like",
                )
        else:
            if not is_folder(path) and not is_zip(path):
                locate(text)
            found.sources.append((text, name))
    return found


def _walk(folder: Path, name: str, found: Sources) -> None:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise ReadError(
            f"cannot read {name}",
            why=error.strerror or str(error),
            fix="check the permissions of the folder",
        ) from error
    for entry in inside:
        if entry.name.startswith("."):
            continue
        path, known = Path(entry.path), f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if _holds_forces(path):
                found.sources.append((entry.path, known))
            else:
                _walk(path, known, found)
        elif entry.is_file():
            if _is_structure_name(entry.name) or _is_phonopy_yaml(path):
                found.sources.append((entry.path, known))
            else:
                found.ignored += 1


def _holds_forces(path: Path) -> bool:
    try:
        return Folder(path).find(*HOLDS) is not None
    except SymchiralError:
        return False


def _is_structure_name(name: str) -> bool:
    plain = plain_name(name).lower()
    return plain.endswith(ENDINGS) or "poscar" in plain or "contcar" in plain


def _is_phonopy_yaml(path: Path) -> bool:
    """Whether a YAML file begins as those of phonopy do."""
    if not plain_name(path.name).lower().endswith(YAML):
        return False
    try:
        with _opened(path) as stream:
            head = stream.read(4000)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return False
    return b"phonopy" in head or b"primitive_cell" in head or b"force_constants" in head


def entries(
    inputs: Iterable[object] | str | os.PathLike[str],
    copies: Copies,
    *,
    listing: Sources | None = None,
) -> Iterator[Entry]:
    """Give the crystals of files, folders, sets and objects, one after the other.

    Parameters
    ----------
    inputs : path, or iterable of paths, structures, and pairs of a name and a structure
        A structure is what :func:`symchiral.read` takes; one without a name is called by its place
        from 0, ``#0``.
    copies : Copies
        Where files at an address are copied to; they are needed as long as their entries are.
    listing : Sources, optional
        What :func:`list_sources` found of inputs that are paths alone.

    Raises
    ------
    ReadError
        A path leads to nothing.
    """
    if isinstance(inputs, str | os.PathLike):
        inputs = (inputs,)
    if listing is not None:
        total = len(listing.sources)
        for i, (path, known) in enumerate(listing.sources):
            yield from _of_source(path, known, i / total, 1 / total)
        return
    for i, thing in enumerate(inputs.items() if isinstance(inputs, Mapping) else inputs):
        name, item = f"#{i}", thing
        named = isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], str)
        if named:
            name, item = thing  # type: ignore[misc]
        if isinstance(item, str | os.PathLike):
            found = list_sources([item], copies)
            for path, known in found.sources:
                whole = without_secrets(os.fspath(item))
                renamed = name + known.removeprefix(whole) if named else known
                for entry in _of_source(path, renamed, 0.0, 0.0):
                    yield replace(entry, source=known)
        else:
            yield _of_object(item, name)


def _of_object(item: object, name: str) -> Entry:
    try:
        return Entry(name, None, "crystal", read_crystal(item), share=0.0)
    except SymchiralError as error:
        return Entry(name, None, "crystal", problem=error, share=0.0)


def _of_source(path: str, known: str, start: float, part: float) -> Iterator[Entry]:
    """The crystals of one file or folder."""
    plain = plain_name(path).lower()
    known = known.encode("utf-8", "replace").decode("utf-8")  # a path may hold other bytes
    try:
        if is_phonon_source(path):
            yield from _forces(path, known, start, part)
            return
        where = locate(path)
        if plain.endswith(FRAMES):
            pieces = _frames(where, known)
        elif plain.endswith(LINES):
            pieces = _lines(where, known)
        elif plain.endswith(".json"):
            pieces = _json(where, known)
        elif plain.endswith(".db"):
            pieces = _rows(where, known)
        else:
            yield Entry(
                known, known, "file", path.encode("utf-8", "surrogateescape"), share=start + part
            )
            return
    except SymchiralError as error:
        yield Entry(known, known, "file", problem=error, share=start + part)
        return
    try:
        for entry, share in pieces:
            yield Entry(
                entry.id,
                entry.source,
                entry.kind,
                entry.content,
                entry.problem,
                start + part * share,
            )
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        problem = ReadError(
            f"cannot read {known} to its end",
            why=f"the file is damaged or cannot be read ({error})",
            fix="compress or download it again",
        )
        yield Entry(f"{known}#", known, "file", problem=problem, share=start + part)


def _forces(path: str, known: str, start: float, part: float) -> Iterator[Entry]:
    """Force data, or all of an archive with several."""
    where = user_path(path)
    inside: Sequence[PurePosixPath] = ()
    if is_zip(where) and split_archive(where)[1] is None:
        inside = force_folders(where)
    if len(inside) <= 1:
        content = path.encode("utf-8", "surrogateescape")
        yield Entry(known, known, "forces", content, share=start + part)
        return
    for i, folder in enumerate(inside, 1):
        name = f"{known}/{folder}".encode("utf-8", "replace").decode("utf-8")
        content = f"{path}/{folder}".encode("utf-8", "surrogateescape")
        yield Entry(name, known, "forces", content, share=start + part * i / len(inside))


Pieces = Iterator[tuple[Entry, float]]
"""Crystals, and the part of the file that ends with each."""


def _opened(path: Path) -> IO[bytes]:
    """A file as a stream of bytes, not compressed."""
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return gzip.open(path)  # type: ignore[return-value]
    if head.startswith(b"BZh"):
        return bz2.open(path)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(path)
    return path.open("rb")


def _place(stream: IO[bytes], size: int) -> float:
    """Which part of a file has been read."""
    raw = getattr(stream, "fileobj", None) or getattr(stream, "_fp", None) or stream
    try:
        return min(1.0, raw.tell() / max(size, 1))
    except (OSError, ValueError):
        return 0.0


def _frames(path: Path, known: str) -> Pieces:
    """The frames of an XYZ file; of a file with one frame the name is that of the file."""
    size = path.stat().st_size
    with _opened(path) as stream:
        held: bytes | None = None
        index = 0
        while True:
            head = stream.readline(1000)
            while head.lstrip().startswith(b"VEC"):
                head = stream.readline(1000)
            if not head.strip():
                break
            try:
                frame = head + _frame(stream, head, known, index)
            except SymchiralError as error:
                if held is not None:
                    yield Entry(f"{known}#0", known, "xyz", held), _place(stream, size)
                name = known if held is None and index == 0 else f"{known}#{index}"
                yield Entry(name, known, "xyz", problem=error), 1.0
                return
            if index == 0:
                held = frame
            else:
                if held is not None:
                    yield Entry(f"{known}#0", known, "xyz", held), 0.0
                    held = None
                yield Entry(f"{known}#{index}", known, "xyz", frame), _place(stream, size)
            index += 1
        if held is not None:
            yield Entry(known, known, "xyz", held), 1.0
        elif index == 0:
            problem = ReadError(
                f"cannot read {known}", why="its first line is empty", fix="remove that line"
            )
            yield Entry(known, known, "xyz", problem=problem), 1.0


def _frame(stream: IO[bytes], head: bytes, known: str, index: int) -> bytes:
    word = head.split()[0]
    if not word.isdigit() or len(word) > 6:
        raise ReadError(
            f"cannot read {known} from frame {index} on",
            why=f"a frame begins with the number of its atoms, and this with {head[:40]!r}",
            fix="each frame of an XYZ file is a count, a comment line and one line per atom",
        )
    lines = [stream.readline(LARGEST_PIECE) for _ in range(int(word) + 1)]
    if not lines[-1].strip() and int(word):
        raise ReadError(
            f"cannot read {known} from frame {index} on",
            why=f"it declares {counted(int(word), 'atom')}, and the file ends before",
            fix="the file is cut short, or the count is wrong",
        )
    return b"".join(lines)


def _lines(path: Path, known: str) -> Pieces:
    """One JSON document per line."""
    size, seen = path.stat().st_size, set[str]()
    with _opened(path) as stream:
        index = 0
        while line := stream.readline(LARGEST_PIECE + 1):
            if not line.strip():
                continue
            if len(line) > LARGEST_PIECE:
                problem = LimitError(
                    f"{known} is too large from line {index + 1} on",
                    why=f"a structure has at most {LARGEST_PIECE / 1e6:.0f} MB",
                    fix="write one structure per line, or a JSON array with the ending .json",
                )
                yield Entry(f"{known}#{index}", known, "json", problem=problem), 1.0
                return
            name = _own_name(line, index, seen)
            yield Entry(f"{known}#{name}", known, "json", line.strip()), _place(stream, size)
            index += 1


def _json(path: Path, known: str) -> Pieces:
    """The structures of a JSON file, cut apart without being parsed."""
    try:
        data = unpack(read_regular(path, limit=LARGEST_SET), name=known, limit=LARGEST_SET)
    except OSError as error:
        problem = ReadError(
            f"cannot read {known}", why=error.strerror or str(error), fix="check the file"
        )
        yield Entry(known, known, "json", problem=problem), 1.0
        return
    except SymchiralError as error:
        yield Entry(known, known, "json", problem=error), 1.0
        return
    try:
        named, pieces = _cut(data)
    except (msgspec.DecodeError, RecursionError) as error:
        problem = ReadError(
            f"cannot read {known}", why=f"it is no JSON ({error})", fix="download it again"
        )
        yield Entry(known, known, "json", problem=problem), 1.0
        return
    if named == "database":
        yield from _rows(path, known)
        return
    if named == "other":  # what has a reader of its own, or none
        where = str(path).encode("utf-8", "surrogateescape")
        yield Entry(known, known, "file", where), 1.0
        return
    if named == "one":
        yield Entry(known, known, "json", pieces[0][1]), 1.0
        return
    seen: set[str] = set()
    for i, (key, piece) in enumerate(pieces):
        name = key if key is not None else _own_name(piece, i, seen)
        yield Entry(f"{known}#{name}", known, "json", piece), (i + 1) / len(pieces)


def _cut(
    data: bytes,
) -> tuple[Literal["one", "many", "database", "other"], list[tuple[str | None, bytes]]]:
    """What a JSON text is, and its structures with their keys, if they have any."""
    if data.lstrip()[:1] == b"[":
        listed = msgspec.json.decode(data, type=list[msgspec.Raw])
        return "many", [(None, bytes(piece)) for piece in listed]
    keys = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    if {"lattice", "sites"} <= set(keys) or "structure" in keys or "attributes" in keys:
        return "one", [(None, data)]
    if {"ids", "nextid"} <= set(keys):
        return "database", []
    for key in LISTS:
        if key in keys:
            inside = bytes(keys[key])
            if inside.lstrip()[:1] == b"[":
                listed = msgspec.json.decode(inside, type=list[msgspec.Raw])
                return "many", [(None, bytes(piece)) for piece in listed]
            if key == "data" and inside.lstrip()[:1] == b"{":
                return "one", [(None, inside)]
    values = [(key, bytes(value)) for key, value in keys.items()]
    if values and all(v.lstrip()[:1] == b"{" for _, v in values):
        first = set(msgspec.json.decode(values[0][1], type=dict[str, msgspec.Raw]))
        if {"lattice", "sites"} <= first or "structure" in first or "attributes" in first:
            return "many", list(values)
    return "other", []


def _own_name(piece: bytes, index: int, seen: set[str]) -> str:
    """The name that a structure of a set has, unless another one has it already; or its place."""
    try:
        keys = msgspec.json.decode(piece, type=dict[str, msgspec.Raw])
        for key in NAMES:
            value = json.loads(bytes(keys[key])) if key in keys else None
            if isinstance(value, str) and value and value not in seen:
                seen.add(value)
                return value
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass
    return str(index)


def _rows(path: Path, known: str) -> Pieces:
    """The rows of a database of ASE."""
    from ase.db import connect

    if any(str(path).endswith(suffix) for suffix in PACKING):
        problem = ReadError(
            f"cannot read {known}", why="databases are not read compressed", fix="decompress it"
        )
        yield Entry(known, known, "crystal", problem=problem), 1.0
        return
    kind = "db" if plain_name(path.name).lower().endswith(".db") else "json"

    def opened() -> tuple[Iterator[Any], int]:
        rows: Any = connect(str(path), type=kind, use_lock_file=False)  # type: ignore[no-untyped-call]
        return iter(rows.select(sort="id")), rows.count()

    index = 0
    try:
        rows, total = _asked_of_ase(opened, known)
        while (row := _asked_of_ase(lambda: next(rows, None), known)) is not None:
            index += 1
            name, share = f"{known}#{row.id}", min(index / max(total, 1), 1.0)
            try:
                crystal = read_crystal(_asked_of_ase(row.toatoms, name))
            except SymchiralError as error:
                yield Entry(name, known, "crystal", problem=error), share
            else:
                yield Entry(name, known, "crystal", crystal), share
    except ReadError as error:
        yield Entry(f"{known}#" if index else known, known, "crystal", problem=error), 1.0


def _asked_of_ase(question: Callable[[], Answer], name: str) -> Answer:
    """What ASE answers about a database; whatever it raises becomes an error of ours."""
    try:
        with quiet():
            return question()
    except MemoryError:
        raise
    except Exception as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"it is not a database of ASE, or damaged ({' '.join(str(error).split())[:200]})",
            fix="give a database written by ase.db",
        ) from error


def entry_hash(entry: Entry) -> str:
    """Return the SHA-256 hash of what an entry is made of.

    Of a folder of force data it is that of the names and hashes of its files, of a yaml file also
    of the forces and charges beside it.
    """
    if isinstance(entry.content, Crystal):
        return _crystal_hash(entry.content)
    if entry.kind in ("xyz", "json") and entry.content is not None:
        return hashlib.sha256(entry.content).hexdigest()
    if entry.content is None:
        return hashlib.sha256(f"{entry.id}\n{entry.problem}".encode()).hexdigest()
    path = Path(os.fsdecode(entry.content))
    if not is_folder(path):
        try:
            if split_archive(path)[1] is not None:
                folder = Folder(path, HOLDS)
                return _names_hash((x, folder.packed(x)) for x in folder.names)
            path = locate(path)
        except SymchiralError:
            return hashlib.sha256(entry.content).hexdigest()
    if entry.kind == "file" or not (is_folder(path) or path.suffix != ".zip"):
        return _file_hash(path)
    beside = Folder(path if is_folder(path) else path.parent)
    names: Iterable[str] = beside.names
    if not is_folder(path):
        wanted = {n + packed for n in (*FORCE_NAMES, "BORN") for packed in PACKED} | {path.name}
        names = [name for name in beside.names if name in wanted]
    whole = "\n".join(f"{name} {_file_hash(beside.path / name)}" for name in names)
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()


def _names_hash(files: Iterable[tuple[str, bytes]]) -> str:
    lines = (f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in files)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return hashlib.sha256(str(error.strerror).encode()).hexdigest()


def _crystal_hash(crystal: Crystal) -> str:
    found = hashlib.sha256()
    for array in (crystal.cell, crystal.positions, crystal.numbers, crystal.moments):
        found.update(b"-" if array is None else array.tobytes())
    return found.hexdigest()


def parsed(data: bytes, *, name: str) -> Any:
    """Return what a piece of JSON says.

    Raises
    ------
    ReadError
        It is no JSON.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReadError(
            f"cannot read {name}", why=f"it is no JSON ({error})", fix="write it again"
        ) from error


def check_inputs(inputs: object) -> None:
    """Refuse what is neither a path nor an iterable.

    Raises
    ------
    InputError
        Nothing can be taken from it.
    """
    if not isinstance(inputs, str | os.PathLike | Iterable):
        raise InputError(
            f"cannot screen this {type(inputs).__name__}",
            why="it is neither a path nor a list of structures",
            fix="give paths, or structures in a list",
        )
