"""The files of one calculation, in a folder or a zip archive, and by which names they are known."""

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

from symchiral.disk import is_file, is_folder, note_read, user_path
from symchiral.errors import LimitError, ReadError
from symchiral.reading.files import load, unpack
from symchiral.units import counted

MAX_BYTES = 1_000_000_000
"""Larger files of force data are not read, nor larger contents of a compressed one."""

MAX_FILES = 20_000
"""A folder or an archive with more files is not searched."""

YAML = (".yaml", ".yml")
HDF5 = (".hdf5", ".h5")
PHONOPY_NAMES = (
    "phonopy_params.yaml", "phonopy.yaml", "phonopy_disp.yaml", "phono3py_params.yaml",
    "phonon.yaml",
)  # fmt: skip
SETS = "FORCE_SETS"
CONSTANTS = ("FORCE_CONSTANTS", "force_constants.hdf5", "fc2.hdf5")
FORCE_NAMES = (SETS, *CONSTANTS)
TABLES = tuple(f"{word}{end}" for word in ("band", "mesh", "qpoints") for end in (".yaml", ".hdf5"))
HOLDS = (
    *PHONOPY_NAMES, *FORCE_NAMES, "SPOSCAR", "disp.yaml", "FORCES_FC3", *TABLES, "phonopy*.yaml",
)  # fmt: skip
"""Names of which a folder of force data has one."""

ANY_THIRD = "phono3py*.yaml"
THIRD_NAMES = ("phono3py_params.yaml", "phono3py.yaml", "phono3py_disp.yaml")

PACKED = ("", ".xz", ".lzma", ".gz", ".bz2")


class Folder:
    """Files that lie together, by name.

    A file of an archive, or a compressed one, is unpacked into a temporary folder of its own when
    its path is asked for, and removed with this object. Names of the archive are never made paths.

    Parameters
    ----------
    path : Path
        A folder, or a zip archive of which one folder holds the calculation, or the path of a
        folder inside an archive, ``sets.zip/first``.
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
        self._archive, self._inside = split_archive(path)
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
        note_read(self._archive)
        try:
            with zipfile.ZipFile(self._archive) as archive, archive.open(member) as stream:
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
        folders = _folders(self._archive)
        fit = _fitting(folders, self._holds)
        if self._inside is not None:
            if self._inside in fit:
                return folders[self._inside]
            raise ReadError(
                f"cannot read {self.path}",
                why=f"{self._archive.name} has no such folder, or not with force data",
                fix=f"give one of {', '.join(map(str, fit[:5]))}"
                if fit
                else "give another archive",
            )
        if len(fit) == 1:
            return folders[fit[0]]
        raise ReadError(
            f"cannot read {self.path}",
            why=f"several of its folders hold force data: {', '.join(map(str, fit[:5]))}"
            if fit
            else f"its {counted(sum(map(len, folders.values())), 'file')} are not force data",
            fix=f"give one of them, as {self.path / fit[0]}; screen reads them all"
            if fit
            else f"give an archive with {', '.join(self._holds[:3])} or the like",
        )

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r}, {counted(len(self.names), 'file')})"


def split_archive(path: Path) -> tuple[Path, PurePosixPath | None]:
    """Return the zip archive that a path leads to or into, and the folder inside it.

    A path that has to do with none is returned as it is.

    Examples
    --------
    >>> split_archive(Path("somewhere/POSCAR"))[1] is None
    True
    """
    for parent in path.parents:
        if parent.suffix.lower() == ".zip" and is_file(parent):
            return parent, PurePosixPath(*path.parts[len(parent.parts) :])
    return path, None


def force_folders(path: Path) -> tuple[PurePosixPath, ...]:
    """Return the folders of a zip archive that hold force data.

    Raises
    ------
    ReadError, LimitError
        The archive is damaged, or holds too many files.
    """
    return tuple(_fitting(_folders(path), HOLDS))


def _folders(path: Path) -> dict[PurePosixPath, dict[str, zipfile.ZipInfo]]:
    """The files of every folder of an archive."""
    folders: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    for member in _members(path):
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if not member.is_dir() and "__MACOSX" not in place.parts:
            folders.setdefault(place.parent, {})[place.name] = member
    return folders


def _fitting(
    folders: dict[PurePosixPath, dict[str, zipfile.ZipInfo]], holds: tuple[str, ...]
) -> list[PurePosixPath]:
    return [place for place, files in folders.items() if any(_fits(x, holds) for x in files)]


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
    archive, inside = split_archive(path)
    folders = _folders(archive)
    chosen = folders.values() if inside is None else [folders.get(inside, {})]
    return any(_fits(name, patterns) for files in chosen for name in files)


def is_zip(path: Path) -> bool:
    """Whether a file is called a zip archive, or a path leads into one."""
    if path.suffix.lower() == ".zip" and is_file(path):
        return True
    return split_archive(path)[1] is not None


def plain_path(path: Path) -> Path:
    """Return the path without the ending of a compression.

    Examples
    --------
    >>> plain_path(Path("run/FORCE_SETS.xz")).name
    'FORCE_SETS'
    """
    return path.with_suffix("") if path.suffix.lower() in PACKED[1:] else path


def is_phonon_source(source: object) -> bool:
    """Whether a source is force data: a file or folder of phonopy, a zip archive, or its object.

    Examples
    --------
    >>> is_phonon_source("Bi2Se3.cif"), is_phonon_source("somewhere/phonopy.yaml.xz")
    (False, True)
    """
    if isinstance(source, str | os.PathLike):
        path = user_path(source)
        plain = plain_path(path)
        if plain.suffix.lower() in (*YAML, *HDF5, ".conf") or plain.name in FORCE_NAMES:
            return True
        if is_folder(path):
            folder = Folder(path)
            return folder.find(*HOLDS) is not None or phonopy_yaml(folder) is not None
        return is_zip(path)
    return hasattr(source, "dynamical_matrix") and hasattr(source, "force_constants")


def phonopy_yaml(folder: Folder) -> str | None:
    """The yaml of phonopy with the cells: by its usual name, or the only one that is called so."""
    usual = folder.find(*PHONOPY_NAMES)
    if usual is not None:
        return usual
    others = [name for name in folder.names if fnmatch.fnmatch(name, "phonopy*.yaml*")]
    return others[0] if len(others) == 1 else None


def is_third_order_source(source: object) -> bool:
    """Whether a source is a phono3py yaml file or a folder with one.

    Examples
    --------
    >>> is_third_order_source("somewhere/phono3py_params.yaml.xz")
    True
    """
    if not isinstance(source, str | os.PathLike):
        return False
    path = user_path(source)
    if plain_path(path).suffix == ".yaml":
        return "phono3py" in path.name
    if is_zip(path):
        return archive_has(path, ANY_THIRD)
    return is_folder(path) and third_order_yaml(Folder(path)) is not None


def third_order_yaml(folder: Folder) -> str | None:
    """The yaml of phono3py: by its usual name, or the only one that is called so."""
    usual = folder.find(*THIRD_NAMES)
    if usual is not None:
        return usual
    others = [name for name in folder.names if fnmatch.fnmatch(name, f"{ANY_THIRD}*")]
    return others[0] if len(others) == 1 else None
