"""Files on disk: caches read with suspicion, results written whole or not at all.

Everything that symchiral writes goes through this module. A file is written beside its place,
brought to the disk, and renamed: at no moment is half of it there, whatever kills the process.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

from symchiral.errors import InputError

EDGE = 262_144
"""The mark of a file is looked for in so many bytes at its beginning and its end."""

_used: ContextVar[tuple[Reading, ...]] = ContextVar("_used", default=())


# ------------------------------------------------------------------------------- caches


def cache_root() -> Path | None:
    """Directory of all caches, or None if they are turned off or the user has no home.

    ``SYMCHIRAL_CACHE`` names it, an empty value turns caches off; a leading ``~`` is the home.
    Else it is ``symchiral`` in ``XDG_CACHE_HOME``, in ``LOCALAPPDATA`` (Windows) or ``~/.cache``.
    """
    named = os.environ.get("SYMCHIRAL_CACHE")
    if named == "":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if named is not None:
        found = user_path(named)
    elif base:
        found = user_path(base) / "symchiral"
    else:
        found = user_path("~/.cache/symchiral")
    # Where the home is not known, a folder of that name would be made where we are.
    return None if str(found).startswith("~") else found


def shrink_caches(most: float) -> None:
    """Remove of all caches what was used longest ago, until at most so many bytes are left.

    Nothing else that lies in their directory is touched; what cannot be removed stays.
    """
    root = cache_root()
    if root is None or not root.is_dir():
        return
    found = []
    for folder in root.iterdir():
        ours = folder.name == "forces" or folder.name.strip("0123456789") == "v"
        if ours and not folder.is_symlink():
            for file in folder.rglob("*"):
                with contextlib.suppress(OSError):
                    about = file.lstat()
                    if stat.S_ISREG(about.st_mode):
                        found.append((max(about.st_atime, about.st_mtime), about.st_size, file))
    left = sum(size for _, size, _ in found)
    for _, size, file in sorted(found):
        if left <= most:
            return
        with contextlib.suppress(OSError):
            file.unlink()
            left -= size


SETTINGS = "SYMCHIRAL_SETTINGS"
"""Variable of the environment that names the file of the user's settings."""


def settings_path() -> Path | None:
    """Return where the user's settings are, or would be; None where there are none.

    ``SYMCHIRAL_SETTINGS`` names the file; empty, there is none. Else it is
    ``symchiral/settings.toml`` in ``XDG_CONFIG_HOME``, in ``APPDATA`` (Windows) or ``~/.config``.
    """
    named = os.environ.get(SETTINGS)
    if named == "":
        return None
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or "~/.config"
    found = user_path(base) / "symchiral" / "settings.toml" if named is None else user_path(named)
    # Where the home is not known, a folder of that name here is not meant.
    return None if str(found).startswith("~") else found


def read_regular(path: Path, *, limit: int) -> bytes:
    """Return the bytes of a regular file of at most ``limit``; pipes and devices are not opened.

    Raises
    ------
    OSError
        It cannot be read, is not a regular file (EINVAL), or is larger (EFBIG).
    """
    # A pipe would block the opening.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        # Memory is taken for what is asked for, whatever the file holds.
        data = file.read(min(limit, found.st_size) + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes")
    return data


def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write the file of a cache, whole or not at all, whatever lay there.

    Parameters
    ----------
    durable : bool
        It also survives a loss of power as it is written.

    Raises
    ------
    OSError
        It cannot be written.
    """
    with _beside(path, durable=durable) as aside:
        aside.write_bytes(data)


# ------------------------------------------------------------------------------- paths


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path with a leading ``~`` replaced by the home, where there is such a user.

    Examples
    --------
    >>> str(user_path("~nobody-of-this-name/x.cif"))
    '~nobody-of-this-name/x.cif'
    """
    given = os.fspath(path)
    try:
        return Path(os.path.expanduser(given))
    except ValueError:
        return Path(given)


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether there is a regular file; a path too long, or of no meaning, is none."""
    return os.path.isfile(path)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder; a path too long, or of no meaning, is none."""
    return os.path.isdir(path)


# ------------------------------------------------------------------------------- results


class Reading:
    """The files that were read while it was entered, in their order.

    Attributes
    ----------
    names : dict of (int, int) to (str, str)
        By device and number of the file: the name that the user knows it by, and its path.
    """

    def __init__(self) -> None:
        self.names: dict[tuple[int, int], tuple[str, str]] = {}
        self._hashes: dict[tuple[int, int], str] = {}

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 hash, before decompression, of every file."""
        for key, (_, path) in self.names.items():
            if key not in self._hashes:
                with contextlib.suppress(OSError), open(path, "rb") as file:
                    self._hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return tuple(
            (name, self._hashes[key])
            for key, (name, _) in self.names.items()
            if key in self._hashes
        )


@contextlib.contextmanager
def recording() -> Iterator[Reading]:
    """Collect the files that :func:`note_read` is told of; no result is written onto them."""
    reading = Reading()
    token = _used.set((*_used.get(), reading))
    try:
        yield reading
    finally:
        _used.reset(token)


def note_read(path: str | os.PathLike[str], *, name: str | None = None) -> None:
    """Remember that a file is read, under the name that the user knows it by."""
    for reading in _used.get():
        with contextlib.suppress(OSError, ValueError):
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                known = os.fspath(path) if name is None else name
                absolute = os.path.abspath(path)
                reading.names.setdefault((found.st_dev, found.st_ino), (known, absolute))


def files_read(known: Iterable[tuple[str, str]] = ()) -> tuple[tuple[str, str], ...]:
    """Name and hash of files known, and of all read since the outermost :func:`recording`."""
    used = _used.get()
    return tuple(dict.fromkeys([*known, *(used[0].files if used else ())]))


def yaml_head(kind: str, known: Iterable[tuple[str, str]]) -> str:
    """Return comments with which a yaml file begins: its mark, and the files that it rests on."""
    lines = [f"# {mark(kind)}"]
    # A name may hold any character but NUL; JSON shows it in one line.
    lines += [f"# from {json.dumps(name)} sha256 {digest}" for name, digest in files_read(known)]
    return "\n".join(lines) + "\n"


def mark(kind: str) -> str:
    """Return the words by which a file is known as one that symchiral wrote for a purpose.

    Examples
    --------
    >>> mark("bands")
    'written by symchiral: bands'
    """
    return f"written by symchiral: {kind}"


RESULTS = (".md", ".tex", ".txt", ".csv", ".parquet", ".png", ".pdf", ".svg", ".gif", ".html")
"""Endings of results that hold no structure."""

FORCES = "force constants"
"""Kind of the files of force constants: results that are inputs, too."""


def is_result(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a result of symchiral, by its mark or schema, and no input of it."""
    place = Path(path)
    try:
        return (
            is_file(place)  # a pipe would be waited for
            and _holds(place, ('"schema": "symchiral/', mark("")))
            and not _holds(place, mark(FORCES))
        )
    except OSError:
        return False


def check_ending(path: str | os.PathLike[str], known: tuple[str, ...]) -> str:
    """Return the ending of a file name, refused if it is none of those known.

    Examples
    --------
    >>> check_ending("bands.PDF", (".pdf", ".png"))
    '.pdf'
    """
    _require_name(path)
    ending = Path(path).suffix.lower()
    if ending not in known:
        why = f"{_short(ending) or 'no ending'} is not a format for this"
        raise _refused(os.fspath(path), why, f"use one of {', '.join(known)}")
    return ending


def place(
    path: str | os.PathLike[str],
    kind: str,
    *,
    known: str | tuple[str, ...] | None = None,
    overwrite: bool = False,
) -> Path:
    """Return where a result may be written; refuse where that would destroy something else.

    Parameters
    ----------
    path : str or path
        Where the user wants it.
    kind : str
        What it holds.
    known : str or tuple of str, optional
        A text, or several of which one suffices, by which a file of this kind is known, which then
        is replaced; default its :func:`mark`.
    overwrite : bool
        Replace any other file, too, and a link itself; what it points to stays as it is.

    Raises
    ------
    InputError
        There is another file, a folder, a link, a device or a file that has just been read; or
        there is no folder to write to.
    """
    _require_name(path)
    given = os.fspath(path)
    another = "give another path"
    try:
        target = user_path(given)
        state = _state(target)
        if state is not None and _is_read(target):
            why = "it has just been read, and the result would replace its own input"
            raise _refused(given, why, another)
        if state is None:
            pass
        elif stat.S_ISDIR(state.st_mode):
            raise _refused(given, "it is a folder", "give the path of a file")
        elif stat.S_ISLNK(state.st_mode):
            if not overwrite:
                fix = f"{another}, or pass --overwrite (overwrite=True) to replace the link itself"
                raise _refused(given, "it is a link, and links are not followed", fix)
        elif not stat.S_ISREG(state.st_mode):
            raise _refused(given, "it is not a regular file", another)
        elif not overwrite and not _holds(target, known or mark(kind)):
            why = f"it exists, and is not a file of {kind} that symchiral wrote"
            raise _refused(given, why, f"{another}, or pass --overwrite (overwrite=True)")
        folder = target.parent
        if not folder.is_dir():
            raise _refused(given, f"there is no folder {_short(str(folder))}", "make the folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            why = f"nothing may be written to the folder {_short(str(folder))}"
            raise _refused(given, why, another)
    except (OSError, ValueError, RuntimeError) as error:
        raise cannot_write(given, error) from error
    return target


@contextlib.contextmanager
def writing(
    path: str | os.PathLike[str],
    kind: str,
    *,
    known: str | tuple[str, ...] | None = None,
    overwrite: bool = False,
) -> Iterator[Path]:
    """Give a path beside ``path``, with the same ending; what is written there takes its place.

    On any error, and on a full disk, what lay there before stays as it was.

    Parameters
    ----------
    path, kind, known, overwrite
        As for :func:`place`. What is written must hold the text by which its kind is known.

    Raises
    ------
    InputError
        As for :func:`place`, or it cannot be written.
    """
    target = place(path, kind, known=known, overwrite=overwrite)
    try:
        with _beside(target) as aside:
            yield aside
            # Somebody else may have put a file there in the meantime.
            place(path, kind, known=known, overwrite=overwrite)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_text(
    path: str | os.PathLike[str],
    text: str,
    kind: str,
    *,
    known: str | tuple[str, ...] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a text as a file, in UTF-8 and with its line ends as they are; see :func:`writing`."""
    with writing(path, kind, known=known, overwrite=overwrite) as aside:
        aside.write_bytes(text.encode("utf-8"))


@contextlib.contextmanager
def writing_folder(path: str | os.PathLike[str], kind: str) -> Iterator[Path]:
    """Give a new folder beside ``path``, which takes its place when the block ends without error.

    On any error, and on a full disk, what lay there before stays as it was.

    Parameters
    ----------
    path : str or path
        Where the user wants the folder. What lies there may be an empty folder, or one that holds
        files of this kind and nothing else, which are then replaced.
    kind : str
        What its files hold; each must hold the :func:`mark` of the kind.

    Raises
    ------
    InputError
        Something else lies there, or it cannot be written.
    """
    target = place_folder(path, kind)
    aside = target.parent / f".symchiral-{secrets.token_hex(8)}"
    old = target.parent / f".symchiral-{secrets.token_hex(8)}"
    try:
        aside.mkdir()
        yield aside
        _flush_names(aside)
        place_folder(path, kind)  # somebody else may have put a file there in the meantime
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(aside, target)
        except OSError:
            if old.exists():
                os.replace(old, target)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        for left in (aside, old):
            shutil.rmtree(left, ignore_errors=True)


def place_folder(path: str | os.PathLike[str], kind: str) -> Path:
    """Return where a folder of results may be written; refuse where it would destroy something.

    Parameters
    ----------
    path, kind
        As for :func:`writing_folder`.

    Raises
    ------
    InputError
        A file lies there, or a folder with other files.
    """
    _require_name(path)
    given = os.fspath(path)
    try:
        target = user_path(given)
        if _state(target) is not None:
            if target.is_symlink() or not target.is_dir():
                raise _refused(given, "it is not a folder", "give the path of a new folder")
            for inside in sorted(target.iterdir()):
                if inside.is_symlink() or not inside.is_file() or not _holds(inside, mark(kind)):
                    why = f"the folder holds {_short(inside.name)}, which is not a file of {kind}"
                    raise _refused(given, why, "give the path of a new folder")
        folder = target.parent
        if not folder.is_dir():
            raise _refused(given, f"there is no folder {_short(str(folder))}", "make the folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            why = f"nothing may be written to the folder {_short(str(folder))}"
            raise _refused(given, why, "give another path")
    except (OSError, ValueError, RuntimeError) as error:
        raise cannot_write(given, error) from error
    return target


def _require_name(path: str | os.PathLike[str]) -> None:
    """Refuse ``-``, which elsewhere means what is printed."""
    if os.fspath(path) == "-":
        raise _refused(
            "to -",
            "it is not a file name",
            "leave the option out: what is written to no file is printed (--json: as JSON)",
        )


def cannot_write(path: str | os.PathLike[str], error: Exception) -> InputError:
    """Return the error that says why a file cannot be written."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _refused(os.fspath(path), why, "check the path, its folder and the space on the disk")


def _refused(path: str, why: str, fix: str) -> InputError:
    return InputError(f"cannot write {_short(path)}", why=why, fix=fix)


def _short(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:120]}…{path[-60:]}"


def _state(path: Path) -> os.stat_result | None:
    """What lies at a path itself, links not followed; None if nothing does."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _is_read(path: Path) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False  # a link to nothing
    return any((found.st_dev, found.st_ino) in reading.names for reading in _used.get())


def _holds(path: Path, texts: str | tuple[str, ...]) -> bool:
    """Whether one of some texts stands near the beginning or the end of a file."""
    wanted = [text.encode() for text in ((texts,) if isinstance(texts, str) else texts)]
    with path.open("rb") as file:
        edges = [file.read(EDGE)]
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - EDGE))
        edges.append(file.read(EDGE))
    return any(text in edge for text in wanted for edge in edges)


@contextlib.contextmanager
def _beside(target: Path, *, durable: bool = True) -> Iterator[Path]:
    """A new file beside the target, which takes its place when the block ends without error."""
    aside = target.parent / f".symchiral-{secrets.token_hex(8)}{target.suffix}"
    try:
        # Made here, so that nothing that lies there, link or file, is ever written to.
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        yield aside
        with contextlib.suppress(OSError):
            os.chmod(aside, stat.S_IMODE(os.lstat(target).st_mode) & 0o777)
        if durable:
            _flush(aside, os.O_RDWR)
        os.replace(aside, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(aside)
    if durable:
        _flush_names(target.parent)


def _flush_names(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system lets folders be opened.

    Windows does not, and not every file system that is mounted from elsewhere.
    """
    with contextlib.suppress(OSError):
        _flush(folder, os.O_RDONLY)


def _flush(path: Path, flags: int) -> None:
    """Bring a file to the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
