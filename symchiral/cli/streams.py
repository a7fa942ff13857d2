"""The standard streams, whatever became of them: closed, unbuffered, full, or without UTF-8."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
import warnings
from typing import TextIO

from symchiral.errors import shown, told

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def prepare() -> None:
    """Make the streams of the process such that all is written or an error says that it was not.

    A closed descriptor is taken, so that no file that is opened later gets its number and what
    libraries print: nothing can be read from it or, on stdout, written; what is written to stderr
    is lost. An unbuffered stream (``PYTHONUNBUFFERED=1``) gets a buffer of one line: without any,
    Python takes a part of a line that was written for all of it. Warnings of libraries are no
    errors of ours, whatever ``PYTHONWARNINGS`` says; those that matter are passed on in words.
    """
    for number, (name, mode) in enumerate(STREAMS):
        stream = getattr(sys, name)
        if stream is None:
            _occupy(number, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            held = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, held)
        elif stream is getattr(sys, f"__{name}__") and _unbuffered(stream):
            buffered = io.TextIOWrapper(
                io.BufferedWriter(stream.buffer),
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=True,
            )
            setattr(sys, name, buffered)
    if sys.warnoptions:
        warnings.resetwarnings()
        warnings.simplefilter("ignore")


def _unbuffered(stream: TextIO) -> bool:
    return stream.writable() and isinstance(getattr(stream, "buffer", None), io.RawIOBase)


def _occupy(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def abandon(stream: TextIO) -> None:
    """Let what is left to write go nowhere, so that the flush at exit does not fail again."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return  # no stream of the system
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def say(text: str) -> None:
    """Write a paragraph on stderr, wrapped to the terminal, if that can be written to."""
    try:
        text, width = printable(text, sys.stderr), columns(sys.stderr)
        if width is not None and len(text) > width:
            from symchiral.table import fold

            text = "\n".join(fold(tuple(text.split("\n")), width))
        erase = "\x1b[K" if sys.stderr.isatty() else ""  # of a bar, where one is shown
        sys.stderr.write(f"{erase}{text}\n")
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def finish() -> int:
    """Bring what was printed to its place; return 1, and say so, where that fails.

    A reader that has closed the pipe wants no more: that is no failure.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        return failed(error)
    return 0


def failed(error: OSError) -> int:
    """Say that the output, or a file, could not be used; return the exit status."""
    # Windows calls a pipe that nobody reads any more an invalid argument.
    closed = (errno.EPIPE,) if os.name != "nt" else (errno.EPIPE, errno.EINVAL)
    if error.filename is None and error.errno in closed:
        abandon(sys.stdout)
        return 0
    if error.filename is not None:
        say(told(f"symchiral: cannot use {error.filename}: {error.strerror}. Check the path."))
        return finish() or 1
    abandon(sys.stdout)
    say(f"symchiral: the output could not be written: {error.strerror}.")
    return 1


def columns(stream: TextIO) -> int | None:
    """Return how many characters a line may have; None where the stream is no terminal.

    ``COLUMNS`` in the environment says it for any stream.
    """
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return shutil.get_terminal_size().columns if stream.isatty() else None


def ascii_only(stream: object) -> bool:
    """Whether a stream takes no UTF-8, or the user asked for the C locale.

    In the C locale Python itself would write UTF-8, unless told what to do.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower()
    if "utf" not in encoding:
        return True
    if os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1":
        return False
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next((name for name in names if name), "") in ("C", "POSIX")


def printable(text: str, stream: object) -> str:
    """Return the text without control characters, in ASCII where the stream has no UTF-8."""
    text = shown(text)
    if ascii_only(stream):
        from symchiral.table import to_ascii

        return to_ascii(text)
    # A path may hold bytes that are no UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")
