"""Calling libraries that print, warn, or listen to the environment: one at a time.

Standard output, the filters of warnings and environment variables belong to the whole process, not
to a thread. What changes them for a moment holds one lock, so that two threads that use symchiral
never meet in the middle of it: each gets its own warnings, and everything is as it was afterwards.
Another thread that prints or warns at that very moment may still lose a line.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import warnings
from collections.abc import Iterator

_LOCK = threading.RLock()


@contextlib.contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Keep a library from printing and warning; give the list in which its warnings are collected.

    Examples
    --------
    >>> with quiet() as caught:
    ...     print("not seen")
    ...     warnings.warn("heard", stacklevel=1)
    >>> [str(warning.message) for warning in caught]
    ['heard']
    """
    with (
        _LOCK,
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        yield caught


@contextlib.contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment for a moment.

    Examples
    --------
    >>> with environment("SYMCHIRAL_EXAMPLE", "1"):
    ...     os.environ["SYMCHIRAL_EXAMPLE"]
    '1'
    >>> "SYMCHIRAL_EXAMPLE" in os.environ
    False
    """
    with _LOCK:
        before = os.environ.get(name)
        os.environ[name] = value
        try:
            yield
        finally:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before
