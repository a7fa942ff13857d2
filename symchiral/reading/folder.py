"""The files of one calculation: those of a folder or of a zip archive, also compressed."""

from __future__ import annotations

import fnmatch
import os
import shutil
import tempfile
import weakref
import zipfile
import zlib
from itertools import islice
from pathlib import Path, PurePosixPath

from symchiral.disk import is_file, note_read
from symchiral.errors import LimitError, ReadError
from symchiral.reading.files import load, unpack

MAX_BYTES = 1_000_000_000
"""Larger files of force data are not read, nor larger contents of a compressed one."""

MAX_FILES = 20_000
"""A folder or an archive with more files is not searched."""

PACKED = ("", ".xz", ".lzma", ".gz", ".bz2")


class Folder:
    """Files that lie together, by name.

    A file of an archive, or a compressed one, is unpacked into a temporary folder of its own when
    its path is asked for, and removed with this object. Names of the archive are never made paths.

    Parameters
    ----------
    path : Path
        A folder, or a zip archive of which one folder holds the calculation.
    holds : tuple of str
        Names, ``*`` for any letters, of which the folder wanted inside an archive has one, perhaps
        compressed.

    Raises
    ------
    ReadError
        It cannot be read; the archive is damaged, or several of its folders qualify.
    """

    def __init__(self, path: Path, holds: tuple[str, ...] = ()) -> None:
        self.path = path
        self._holds = holds
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._unpacked: dict[str, Path] = {}
        self._place: Path | None = None
        self.names: tuple[str, ...] = ()
        if is_zip(path):
            self._members = self._one_folder()
            self.names = tuple(sorted(self._members))
        else:
            try:
                with os.scandir(path) as entries:
                    found = [e.name for e in islice(entries, MAX_FILES) if e.is_file()]
            except OSError as error:
                raise ReadError(
                    f"cannot read {path}",
                    why=error.strerror or str(error),
                    fix="check the permissions of the folder",
                ) from error
            self.names = tuple(sorted(found))

    def __reduce__(self) -> tuple[object, ...]:
        return (Folder, (self.path, self._holds))

    def find(self, *names: str) -> str | None:
        """Return the first of the names that is there, as it is there, perhaps compressed."""
        wanted = (name + packed for name in names for packed in PACKED)
        return next((name for name in wanted if name in self.names), None)

    def read(self, name: str) -> bytes:
        """Return the contents of a file of :attr:`names`, not compressed.

        Raises
        ------
        ReadError, LimitError
            It is damaged, or too large.
        """
        return unpack(self.packed(name), name=name, limit=MAX_BYTES)

    def packed(self, name: str) -> bytes:
        """Return the bytes of a file of :attr:`names` as they are stored."""
        if name not in self._members:
            return load(self.path / name, name=name, limit=MAX_BYTES)
        member = self._members[name]
        note_read(self.path)
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as stream:
                data = stream.read(MAX_BYTES + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
            raise ReadError(
                f"cannot read {name} of {self.path.name}",
                why=f"the archive is damaged or encrypted ({error})",
                fix="make the archive again, without a password",
            ) from error
        if len(data) > MAX_BYTES:
            raise LimitError(
                f"{name} is too large",
                why=f"the limit is {MAX_BYTES / 1e6:.0f} MB",
                fix="leave it out of the archive",
            )
        return data

    def file(self, *names: str) -> Path | None:
        """Return a path to the first of the names that is there, contents not compressed."""
        name = self.find(*names)
        if name is None:
            return None
        plain = plain_path(Path(name)).name
        if name not in self._members and name == plain:
            note_read(self.path / name, name=name)
            return self.path / name
        if name not in self._unpacked:
            if self._place is None:
                self._place = Path(tempfile.mkdtemp(prefix="symchiral-"))
                weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
            # The name asked for, not that of the archive, makes the path.
            asked = next(n for n in names if name in [n + packed for packed in PACKED])
            target = self._place / PurePosixPath(plain_path(Path(asked)).name).name
            target.write_bytes(self.read(name))
            self._unpacked[name] = target
        return self._unpacked[name]

    def _one_folder(self) -> dict[str, zipfile.ZipInfo]:
        """The files of the only folder of the archive that holds what is wanted."""
        folders: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
        for member in _members(self.path):
            place = PurePosixPath(member.filename.replace("\\", "/"))
            if not member.is_dir() and "__MACOSX" not in place.parts:
                folders.setdefault(place.parent, {})[place.name] = member
        fit = [p for p, files in folders.items() if any(_fits(x, self._holds) for x in files)]
        if len(fit) == 1:
            return folders[fit[0]]
        raise ReadError(
            f"cannot read {self.path}",
            why=f"several of its folders hold force data: {', '.join(map(str, fit[:5]))}"
            if fit
            else f"its {sum(map(len, folders.values()))} files are no force data",
            fix="unpack it, and give one of the folders"
            if fit
            else f"give an archive with {', '.join(self._holds[:3])} or the like",
        )

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r}, {len(self.names)} files)"


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """The table of contents of an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ReadError(
            f"cannot read {path}", why=f"{error}", fix="make the zip archive again"
        ) from error
    if len(members) > MAX_FILES:
        raise LimitError(
            f"{path} holds too many files",
            why=f"they are {len(members)}, and the limit is {MAX_FILES}",
            fix="pack one calculation alone",
        )
    return members


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    plain = plain_path(Path(name)).name
    return any(fnmatch.fnmatch(plain, pattern) for pattern in patterns)


def archive_has(path: Path, *patterns: str) -> bool:
    """Whether a zip archive has a file of such a name, perhaps compressed, ``*`` for any letters.

    Raises
    ------
    ReadError, LimitError
        The archive is damaged, or holds too many files.
    """
    names = (PurePosixPath(m.filename.replace("\\", "/")).name for m in _members(path))
    return any(_fits(name, patterns) for name in names)


def is_zip(path: Path) -> bool:
    """Whether a file is called a zip archive."""
    return path.suffix.lower() == ".zip" and is_file(path)


def plain_path(path: Path) -> Path:
    """Return the path without the ending of a compression.

    Examples
    --------
    >>> plain_path(Path("run/FORCE_SETS.xz")).name
    'FORCE_SETS'
    """
    return path.with_suffix("") if path.suffix.lower() in PACKED[1:] else path
