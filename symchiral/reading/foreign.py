"""Formats other than CIF, which ASE parses: guarded before, judged after."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symchiral.crystal.check import MAX_ATOMS, too_many
from symchiral.crystal.crystal import Crystal
from symchiral.errors import DisorderError, ReadError, StructureError
from symchiral.quiet import quiet
from symchiral.reading.deadline import within
from symchiral.reading.files import PACKING, choose, decode, plain_name
from symchiral.units import counted

_NOT_STRUCTURES = frozenset({
    "aselmdb", "bundletrajectory", "db", "eps", "gif", "gpw", "html", "mp4", "mysql", "png",
    "postgresql", "pov", "py", "x3d",
})  # fmt: skip
_ULM = b"- of UlmASE-Trajectory"
_MAX_COLUMNS = 64
SECONDS, SECONDS_PER_MB = 5.0, 2.0
"""Processor time that ASE's parser of a format may take: for any file, and for its size."""

_SIGNATURES = tuple(
    (kind, tuple(re.compile(part, re.IGNORECASE | re.MULTILINE) for part in parts))
    for kind, parts in (
        ("aims", (r"^[ \t]*lattice_vector\s", r"^[ \t]*atom(_frac)?\s")),
        ("castep-cell", (r"^[ \t]*%block\s+positions_(frac|abs)\b",)),
        ("xsf", (r"\A([ \t]*(#.*)?\n)*[ \t]*(crystal|slab|polymer|animsteps)\b",)),
        ("vasp-xml", (r"\A\s*<\?xml", r"<modeling>")),
        ("vasp-out", (r"\A\s*vasp\.\d", r"^[ \t]*POTCAR:")),
        ("espresso-out", (r"\bProgram PWSCF\b",)),
    )
)
"""Words by which a text is known whatever its name ends in; every pattern must be found."""

_HEAD = 500_000
"""Characters from the start of a file among which such words are sought."""

_CASTEP_ABSENT = ("CASTEP keywords", "CASTEP binary", "validate CASTEP input")
"""ASE says this of a machine without CASTEP, not of the file."""


@dataclass(frozen=True)
class ForeignAtoms:
    """What ASE read.

    Attributes
    ----------
    atoms : ase.Atoms
        The frame wanted.
    notes : tuple of str
        What had to be assumed, ASE's warnings included.
    """

    atoms: Any
    notes: tuple[str, ...]


class _Named(io.StringIO):
    """A text with the name of its file: POSCARs without symbols look for a POTCAR beside it."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def read_foreign(data: bytes, *, name: str, path: Path | None, index: int | None) -> ForeignAtoms:
    """Read bytes of any format ASE knows but CIF.

    Parameters
    ----------
    data : bytes
        The file, not compressed.
    name : str
        Its name, which tells the format together with the contents.
    path : Path or None
        The file itself, for the few formats that ASE reads only from disk.
    index : int or None
        The frame wanted; None for the last.

    Raises
    ------
    ReadError
        If the format is unknown or its parser fails; the original error is chained.
    StructureError, LimitError
        If the header declares no or too many atoms.
    """
    if data.startswith(_ULM):
        return _chosen(_parse(io.BytesIO(data), "traj", name), [], name, index)
    text = decode(data, name=name)
    kind = _format(text.text, data, name)
    if kind == "vasp":
        body, notes = _guarded_poscar(text.text, name)
    elif kind == "vasp-xdatcar":
        _counts(text.text.split("\n"), name)
        body, notes = text.text, []
    elif kind == "extxyz":
        body, notes = _guarded_xyz(text.text, name, index)
        index = None  # only this frame is left
    else:
        body, notes = text.text, []
    parsed = _parse(_Named(body, str(path or name)), kind, name, path)
    return _chosen(parsed, [*text.notes, *notes], name, index)


def read_cif_by_ase(data: bytes, *, name: str, index: int | None) -> ForeignAtoms:
    """Read a CIF as ASE reads it: the block wanted, or the first."""
    text = decode(data, name=name)
    frames, said = _parse(io.StringIO(text.text), "cif", name)
    return ForeignAtoms(frames[choose(len(frames), index or 0, name)], (*text.notes, *said))


def to_ase(crystal: Crystal) -> Any:
    """Return a crystal as an ``ase.Atoms``, its moments as initial magnetic moments.

    Raises
    ------
    DisorderError
        A site is a virtual element, which ASE does not know.
    """
    from ase import Atoms

    if crystal.mixtures:
        raise DisorderError(
            f"{crystal.formula} cannot be given to ASE",
            why=f"{crystal.mixtures[0].symbol} is a virtual element",
            fix="order the sites in a supercell",
        )
    return Atoms(
        numbers=crystal.numbers,
        cell=crystal.cell,
        scaled_positions=crystal.positions,
        pbc=True,
        magmoms=crystal.moments,
    )


def _chosen(
    parsed: tuple[list[Any], list[str]], notes: list[str], name: str, index: int | None
) -> ForeignAtoms:
    frames, said = parsed
    chosen = _choose_last(len(frames), index, name)
    return ForeignAtoms(frames[chosen], (*notes, *_several(len(frames), index), *said))


def _format(text: str, data: bytes, name: str) -> str:
    base = plain_name(name).lower()
    if base.endswith((".vasp", ".poscar")) or "poscar" in base or "contcar" in base:
        return "vasp"
    if base.endswith((".xyz", ".extxyz")):
        return "extxyz"
    if _looks_like_poscar(text):
        return "vasp-xdatcar" if "\nDirect configuration=" in text[:4000] else "vasp"
    for known, patterns in _SIGNATURES:
        if all(pattern.search(text, 0, _HEAD) for pattern in patterns):
            return known
    from ase.io.formats import UnknownFileTypeError, filetype, get_ioformat

    peek = io.BytesIO(data)
    # ASE takes names such as postgres.txt for the address of a database
    peek.name = re.sub(r"^(postgres|mysql|mariadb)", "_", base)
    kind = "unknown"
    try:
        kind = filetype(peek)
        ours = get_ioformat(kind)
        good = ours.can_read and kind not in _NOT_STRUCTURES and kind != "cif"
    except UnknownFileTypeError:
        good = False
    if good:
        return kind
    if base.endswith((".yaml", ".yml")):
        fix = "a phonopy file is opened with symchiral.read; structures alone are CIF or POSCAR"
    else:
        fix = "export it as CIF, POSCAR or extended XYZ"
    raise ReadError(
        f"cannot read {name}", why="its text is not a structure in a format known here", fix=fix
    )


def _parse(
    handle: io.IOBase, kind: str, name: str, path: Path | None = None
) -> tuple[list[Any], list[str]]:
    """Call ASE's parser: the only place where any exception is turned into ours."""
    from ase.io import read
    from ase.io.formats import get_ioformat

    source: Any = handle
    if kind != "traj" and not get_ioformat(kind).acceptsfd:
        if path is None or path.suffix in PACKING:
            raise ReadError(
                f"cannot read {name}",
                why=f"the format {kind} is only read from a file that is not compressed",
                fix="decompress it, or export it as CIF or POSCAR",
            )
        source = str(path)
    with quiet() as caught:
        try:
            with within(SECONDS + SECONDS_PER_MB * _size(handle) / 1e6):
                atoms = list(read(source, index=":", format=kind, do_not_split_by_at_sign=True))
        except MemoryError:
            raise
        except Exception as error:
            raise ReadError(
                f"cannot read {name}",
                why=_because(error, kind),
                fix=f"check the file against the {kind} format, or export it again",
            ) from error
    if not any(len(frame) for frame in atoms):
        # A format guessed by the ending of the name may be the wrong one.
        raise ReadError(
            f"cannot read {name}",
            why=f"read as {_described(kind)} it has no atoms",
            fix="give a file with atoms; if it is in another format, export it as CIF or POSCAR",
        )
    about_ase = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
    said = dict.fromkeys(
        " ".join(str(w.message).split())[:200]
        for w in caught
        if not issubclass(w.category, about_ase)
        and not any(words in str(w.message) for words in _CASTEP_ABSENT)
    )
    return atoms, list(said)[:5]


def _size(handle: io.IOBase) -> int:
    """Bytes or characters of a file in memory."""
    return handle.seek(0, io.SEEK_END) - handle.seek(0)


def _described(kind: str) -> str:
    from ase.io.formats import get_ioformat

    return f"{get_ioformat(kind).description} ({kind})"


def _because(error: Exception, kind: str) -> str:
    if isinstance(error, TimeoutError):
        return f"ASE's parser of {kind} was ended: {error}"
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return f"{error.args[0][:30]!r} is not a chemical element (ASE, format {kind})"
    said = " ".join(str(error).split())[:200]
    return f"ASE's parser of {kind} says {type(error).__name__}{f': {said}' if said else ''}"


# ------------------------------------------------------------------------------- POSCAR


def _looks_like_poscar(text: str) -> bool:
    lines = text.split("\n", 6)[1:5]
    words = [line.split() for line in lines]
    return (
        len(words) == 4
        and len(words[0]) in (1, 3)
        and all(len(row) >= 3 for row in words[1:])
        and all(
            _is_number(word) for row in (words[0], *(row[:3] for row in words[1:])) for word in row
        )
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _guarded_poscar(text: str, name: str) -> tuple[str, list[str]]:
    """Check the counts that ASE would allocate by, and cut velocities and other trailers off."""
    lines = text.split("\n")
    at, counts = _counts(lines, name)
    total = sum(counts)
    notes: list[str] = []
    if at == 6:
        symbols = lines[5].split("!")[0].split("#")[0].split()
        if len(symbols) != len(counts):
            raise ReadError(
                f"cannot read {name}",
                why=f"line 6 names {counted(len(symbols), 'element')} and line 7 counts "
                f"{len(counts)}",
                fix="give one count per element",
            )
        if "D" in symbols:
            notes.append("deuterium (D) is taken as H")
            symbols = ["H" if symbol == "D" else symbol for symbol in symbols]
        lines[5] = " ".join(symbols)
    lines[at] = " ".join(str(count) for count in counts)
    first = at + (3 if lines[at + 1].strip()[:1].lower() == "s" else 2)
    atoms = lines[first : first + total]
    listed = next((i for i, line in enumerate(atoms) if not line.strip()), len(atoms))
    if listed < total:
        raise ReadError(
            f"cannot read {name}",
            why=f"it declares {counted(total, 'atom')} and lists {listed}",
            fix="the file is cut short, or its counts are wrong: export it again",
        )
    return "\n".join([*lines[: first + total], "", ""]), notes


def _counts(lines: list[str], name: str) -> tuple[int, list[int]]:
    """Return the index of the line that counts the atoms of each element, and the counts."""
    at = 5 if len(lines) > 5 and re.match(r"\s*[+-]?\d", lines[5]) else 6
    if len(lines) < at + 3:
        raise ReadError(
            f"cannot read {name}",
            why=f"a POSCAR has at least 8 lines, and this has {len(lines)}",
            fix="export it again",
        )
    counts = lines[at].split("!")[0].split("#")[0].split()
    if not counts or not all(re.fullmatch(r"\+?\d+", word) for word in counts):
        raise ReadError(
            f"cannot read {name}",
            why=f"line {at + 1} should count the atoms of each element, and reads "
            f"{lines[at].strip()[:40]!r}",
            fix="check the POSCAR format: comment, scale, three vectors, elements, counts",
        )
    numbers = [_count(word) for word in counts]
    _check_count(sum(numbers), name)
    return at, numbers


def _count(word: str) -> int:
    """Read a count; Python refuses integers of thousands of digits, and ASE would count to it."""
    return int(word) if len(word) <= 12 else 10**12


def _check_count(total: int, name: str) -> None:
    if total > MAX_ATOMS:
        raise too_many(name, total)
    if total <= 0:
        raise StructureError(
            f"{name} is not a crystal", why="it declares no atoms", fix="give at least one"
        )


# ------------------------------------------------------------------------------- extended XYZ


def _guarded_xyz(text: str, name: str, index: int | None) -> tuple[str, list[str]]:
    """Cut the frame wanted out of the file, so that ASE parses only this one."""
    lines = text.split("\n")
    starts: list[int] = []
    at = 0
    while at < len(lines) and lines[at].strip():
        header = lines[at].strip()
        if not re.fullmatch(r"\+?\d+", header):
            raise ReadError(
                f"cannot read {name}",
                why=f"line {at + 1} should give the number of atoms, and reads {header[:40]!r}",
                fix="each frame of an XYZ file is a count, a comment line and one line per atom",
            )
        total = _count(header)
        _check_count(total, name)
        if at + 1 + total >= len(lines) or not lines[at + 1 + total].strip():
            raise ReadError(
                f"cannot read {name}",
                why=f"line {at + 1} declares {counted(total, 'atom')}, and the file ends before",
                fix="the file is cut short, or the count is wrong",
            )
        starts.append(at)
        at += 2 + total
        while at < len(lines) and lines[at].lstrip().startswith("VEC"):
            at += 1
    starts.append(at)
    if len(starts) == 1:
        raise ReadError(
            f"cannot read {name}",
            why="its first line is empty, and should give the number of atoms",
            fix="remove the empty line",
        )
    chosen = _choose_last(len(starts) - 1, index, name)
    notes = _several(len(starts) - 1, index)
    frame = lines[starts[chosen] : starts[chosen + 1]]
    columns = re.search(r"Properties\s*=\s*[\"'{\[]?([^\s\"'}\]]*)", frame[1])
    fields = columns[1].split(":") if columns else ["species"]
    if any(re.fullmatch(r"\d+", w) and len(w) + int(w[:6]) > _MAX_COLUMNS for w in fields[2::3]):
        raise ReadError(
            f"cannot read {name}",
            why=f"Properties={columns[1][:60] if columns else ''} asks for too many columns",
            fix=f"keep species and pos (at most {_MAX_COLUMNS} columns each)",
        )
    if fields[0] == "species":
        heavy = [i for i in range(2, len(frame)) if re.match(r"\s*D\s", frame[i])]
        for i in heavy:
            frame[i] = frame[i].replace("D", "H", 1)
        if heavy:
            notes.append("deuterium (D) is taken as H")
    return "\n".join([*frame, ""]), notes


def _choose_last(count: int, index: int | None, name: str) -> int:
    return choose(count, -1 if index is None else index, name)


def _several(count: int, index: int | None) -> list[str]:
    """Return the note that one of several frames was taken."""
    if count == 1 or index is not None:
        return []
    return [f"the file holds {count} structures; the last was taken"]
