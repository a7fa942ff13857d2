"""Files of other machines, by their address: the door to fsspec, which is optional."""

from __future__ import annotations

import posixpath
import re
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from symchiral.errors import InputError, ReadError, install
from symchiral.quiet import quiet

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]*)*://")

_SECRET = re.compile(r"(?<=://)[^/@\s]*@")


def is_address(text: str) -> bool:
    """Whether a text is the address of a file or folder elsewhere, and no path of this machine.

    Examples
    --------
    >>> [is_address(x) for x in ("s3://bucket/set.jsonl", "a/b.cif", "C:/b.cif")]
    [True, False, False]
    """
    return _ADDRESS.match(text) is not None


def without_secrets(address: str) -> str:
    """Return an address without the user and the password that it may name.

    Examples
    --------
    >>> without_secrets("sftp://me:secret@host/a.cif")
    'sftp://host/a.cif'
    """
    return _SECRET.sub("", address)


class Copies:
    """Copies of files of other machines, in a temporary folder that is there while it is entered.

    Examples
    --------
    >>> with Copies() as copies:
    ...     copies.of("nowhere://a/b.cif")
    Traceback (most recent call last):
    ...
    symchiral.errors.ReadError: cannot read nowhere://a/b.cif: ...
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "_folder" in self.__dict__:
            self._folder.cleanup()

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="symchiral-", ignore_cleanup_errors=True)

    @cached_property
    def _made(self) -> dict[str, Path]:
        return {}

    def of(self, address: str) -> Path:
        """Copy a file, or a folder with all below it, and return where the copy is.

        Raises
        ------
        InputError
            fsspec is not installed.
        ReadError
            There is nothing at the address, or it cannot be reached.
        """
        if address not in self._made:
            place = Path(self._folder.name, str(len(self._made)))
            self._made[address] = _copied(address, place)
        return self._made[address]


def _copied(address: str, place: Path) -> Path:
    shown = without_secrets(address)
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise InputError(
            f"cannot read {shown}",
            why="addresses are opened by fsspec, which is not installed",
            fix=f"{install('fsspec>=2024.5')}; or copy the files here and give their folder",
        ) from error
    try:
        with quiet():
            source: Any
            source, path = url_to_fs(address)
            folder = source.isdir(path)
            target = place / (posixpath.basename(path.rstrip("/")) or "files")
            place.mkdir()
            if not folder:
                source.get_file(path, str(target))
            else:
                target.mkdir()
                for file in source.find(path):
                    copy = target / file[len(path) :].lstrip("/")
                    if not copy.resolve().is_relative_to(target.resolve()):
                        raise ValueError(f"{file} is not below {path}")
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    source.get_file(file, str(copy))
    except MemoryError:
        raise
    except Exception as error:  # each kind of address has a library of its own, with its errors
        why = " ".join(str(error).split())
        for secret in _SECRET.findall(address):
            why = why.replace(secret, "")
        raise ReadError(
            f"cannot read {shown}",
            why=why[:300] or type(error).__name__,
            fix="check the address and the rights to it, and install what is named; or copy the "
            "files here and give their folder",
        ) from error
    return target
