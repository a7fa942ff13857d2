"""Files that a browser sends: their names made safe, their number and size limited."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from symchiral.errors import InputError, LimitError
from symchiral.plain import parse_json
from symchiral.units import counted

KIND = "application/x-symchiral-upload"
"""The type of a request. No form has it, so another site cannot send one unasked."""

MOST_FILES = 20
"""Files of one request: a calculation of phonopy has up to about six."""

LONGEST_NAME = 100
"""Characters of the name of a file."""

HEAD = 65_536
"""Bytes of the line that names the files."""

PIECE = 1_048_576
"""Bytes that are taken from the stream at once."""

OPTIONS = ("axis", "symprec", "spin_axis", "unit", "pump", "measured_pump", "sees")
"""What a request may say beside its files, as the command line has it."""

ROLES = ("crystal", "couplings", "measurement")
"""What a file may be: of the crystal, if nothing is said."""

_UNSAFE = re.compile(r"[^\w.+=@() -]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Upload:
    """What a request announces.

    Attributes
    ----------
    names : tuple of str
        Names of the files, safe, all different.
    sizes : tuple of int
        Bytes of each.
    roles : tuple of str
        What each is, of :data:`ROLES`.
    options : dict of str to str
        By the names in :data:`OPTIONS`; what is not given is missing.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    roles: tuple[str, ...]
    options: dict[str, str]


def safe_name(name: str) -> str:
    r"""Return the name under which a file is kept: no folder, nothing hidden, nothing special.

    Raises
    ------
    InputError
        Nothing is left of it.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("C:\\data\\-rf <b>.cif"), safe_name("~/.x.cif")
    ('passwd', 'rf _b_.cif', 'x.cif')
    >>> safe_name("CON.cif"), safe_name("Bi₂Se₃.cif")
    ('_CON.cif', 'Bi2Se3.cif')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    kept = _UNSAFE.sub("_", last).lstrip(" .-").rstrip(" .")
    if len(kept) > LONGEST_NAME:
        ending = "".join(Path(kept).suffixes[-2:])[-20:]
        kept = kept[: LONGEST_NAME - len(ending)] + ending
    if not kept:
        raise InputError(
            f"a file is called {name!r}",
            why="no letter or digit is in its name",
            fix="give the file another name",
        )
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept


def read_head(stream: BufferedIOBase, length: int) -> Upload:
    """Read the line that names the files.

    Parameters
    ----------
    stream : file
        At the beginning of the request.
    length : int
        Bytes of the whole request.

    Raises
    ------
    InputError
        The line is not of this form, or sizes do not add up.
    LimitError
        There are too many files.
    """
    line = stream.readline(min(HEAD, length))
    if not line.endswith(b"\n"):
        raise _damaged("its first line is too long or not ended")
    head = parse_json(line, name="the first line of the request")
    if not isinstance(head, dict) or not isinstance(head.get("files"), list):
        raise _damaged("it does not list its files")
    files = head["files"]
    if not files:
        raise InputError(
            "no file was sent", why="none was chosen", fix="drop a structure or a phonopy.yaml"
        )
    if len(files) > MOST_FILES:
        raise LimitError(
            f"{counted(len(files), 'file')} were sent",
            why=f"at most {MOST_FILES} belong to one calculation",
            fix="send those of one crystal; symchiral screen reads many",
        )
    names = tuple(safe_name(_of(file, "name", str)) for file in files)
    sizes = tuple(_of(file, "size", int) for file in files)
    if min(sizes) < 0 or len(line) + sum(sizes) != length:
        raise _damaged("the sizes of its files do not add up to its length")
    roles = tuple(file.get("role", ROLES[0]) for file in files)
    if not set(map(str, roles)) <= set(ROLES):
        raise _damaged(f"a file is {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    folded = [name.casefold() for name in names]
    twice = next((name for name in names if folded.count(name.casefold()) > 1), None)
    if twice is not None:
        raise InputError(
            f"two files are called {twice}",
            why="letters of any case and marks other than .+-_=@() count as the same",
            fix="send files that lie in one folder, with different names",
        )
    options = {}
    for key, value in (head.get("options") or {}).items():
        if key not in OPTIONS or not isinstance(value, str):
            raise _damaged(f"it has no option {key}")
        if value.strip():
            options[key] = value.strip()
    return Upload(names, sizes, roles, options)


def store(stream: BufferedIOBase, upload: Upload, folder: Path) -> None:
    """Write the files that follow the first line into a new folder.

    Raises
    ------
    InputError
        The stream ends too early.
    """
    folder.mkdir()
    for name, size in zip(upload.names, upload.sizes, strict=True):
        with (folder / name).open("xb") as file:
            left = size
            while left:
                piece = stream.read(min(PIECE, left))
                if not piece:
                    raise _damaged("it ended before its files did")
                file.write(piece)
                left -= len(piece)


def _of(file: Any, key: str, kind: type[Any]) -> Any:
    found = file.get(key) if isinstance(file, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise _damaged(f"a file has no {key}")
    return found


def _damaged(why: str) -> InputError:
    return InputError("the request cannot be used", why=why, fix="send the files with the page")
