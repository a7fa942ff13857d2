"""One run at a time on the same part of a catalog."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from symchiral.errors import InputError

Shard = tuple[int, int]
"""Which of how many, from 1."""

_NAME = re.compile(r"\.running-(\d+)-of-(\d+)")


@contextlib.contextmanager
def alone(folder: Path, shard: Shard) -> Iterator[None]:
    """Hold a shard of a catalog; the system lets go of it when the process ends, however it does.

    Shards of one division do not touch each other; those of different divisions do.

    Raises
    ------
    InputError
        Another run works on it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two runs do the same work twice, and nothing else
        yield
        return
    own = folder / f".running-{shard[0]}-of-{shard[1]}"
    try:
        held = os.open(own, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(
            f"cannot write the catalog {folder}",
            why=error.strerror or str(error),
            fix="check the permissions of the folder and the space on the disk",
        ) from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _busy(folder, own) from error
        for name in os.listdir(folder):
            match = _NAME.fullmatch(name)
            if match and int(match[2]) != shard[1] and _is_held(folder / name):
                raise _busy(folder, folder / name)
        with contextlib.suppress(OSError):
            os.ftruncate(held, 0)
            os.write(held, f"process {os.getpid()} on {platform.node()}\n".encode())
        yield
        with contextlib.suppress(OSError):
            os.unlink(own)
    finally:
        os.close(held)


def _is_held(path: Path) -> bool:
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _busy(folder: Path, lock: Path) -> InputError:
    try:
        who = lock.read_text(encoding="utf-8", errors="replace").strip()[:200]
    except OSError:
        who = ""
    return InputError(
        f"another run works on the catalog {folder}",
        why=who or "it has just begun",
        fix="wait until it is done, or divide the work: --shard 1/2 and --shard 2/2",
    )
