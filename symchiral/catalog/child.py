"""A process of its own for the work on crystals, with limits of time and memory.

A crystal may take for ever, take all memory, or end its process; so whoever works on a chunk of
them asks a child process for one row after the other. :func:`run_chunk` is what is given to an
executor; the child lives on from chunk to chunk, and ends with the process that asks it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from symchiral.answers.catalog import CatalogRow, refused_row
from symchiral.catalog.crystals import Terms, make_row
from symchiral.children import answers_to_parent, start_child
from symchiral.reading.many import Entry, entry_hash

STARTED = 120.0
"""Seconds in which a child is ready, on however busy a machine."""

SERVE = "from symchiral.catalog.child import serve; serve()"
"""What a child runs."""

LENGTH = struct.Struct("!Q")
"""A message is its length and a pickle; children are our own."""


@dataclass(frozen=True)
class Limits:
    """What one crystal may take.

    Attributes
    ----------
    seconds : float
        On the clock.
    memory : int
        Bytes beyond what the process has when it is ready.
    """

    seconds: float
    memory: int


@dataclass(frozen=True)
class Chunk:
    """A task: crystals, what the rows are to be, and limits.

    Attributes
    ----------
    entries : tuple of Entry
        The crystals.
    settings : Terms
        What the rows have in common.
    limits : Limits
        Of every crystal by itself.
    """

    entries: tuple[Entry, ...]
    settings: Terms
    limits: Limits


def run_chunk(chunk: Chunk) -> list[CatalogRow]:
    """Return the rows of a chunk, in its order."""
    rows = []
    for entry in chunk.entries:
        child = _child_for(chunk.settings, chunk.limits)
        row = child.ask(entry)
        if row is None and child.failed == "crash":
            # Memory that others left behind, or the machine: once more in a fresh process.
            row = _child_for(chunk.settings, chunk.limits).ask(entry)
        if row is None:
            child = _own.child
            row = refused_row(
                id=entry.id,
                source=entry.source,
                sha256=entry_hash(entry),
                error=child.failed,
                message=child.because(chunk.limits),
            )
        rows.append(row)
    return rows


def process_number() -> int:
    """Return the number of the process that runs this: what an executor is asked first."""
    return os.getpid()


_own: Any = threading.local()
"""The child of every thread that works on chunks."""

_all: set[Child] = set()


def _child_for(settings: Terms, limits: Limits) -> Child:
    child: Child | None = getattr(_own, "child", None)
    if child is None or child.failed or (child.settings, child.limits) != (settings, limits):
        if child is not None:
            child.end()
        child = _own.child = Child(settings, limits)
    return child


def end_children() -> None:
    """End all children of this process."""
    for child in list(_all):
        child.end()


class Child:
    """A process that makes rows, one at a time.

    Attributes
    ----------
    settings, limits
        What it was made with.
    failed : str
        ``timeout``, ``memory`` or ``crash`` once it is of no more use; empty before.
    """

    def __init__(self, settings: Terms, limits: Limits) -> None:
        self.settings, self.limits = settings, limits
        self.failed = ""
        self._last = ""
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by end()
        self._process = start_child(SERVE, stderr=self._said)
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        _all.add(self)
        self._send((settings, limits))
        self._wait(STARTED)

    def ask(self, entry: Entry) -> CatalogRow | None:
        """Return the row of a crystal; None where that ended the process, or had to."""
        if not self.failed:
            self._send(entry)
        answer = None if self.failed else self._wait(self.limits.seconds)
        if answer is None:
            self.end()
            return None
        if answer == "memory":
            self.failed = "memory"
            self.end()
            return None
        assert isinstance(answer, CatalogRow)
        return answer

    def because(self, limits: Limits) -> str:
        """Say in words why it is of no more use."""
        if self.failed == "timeout":
            return f"it took more than {limits.seconds:g} s. Give more time: --timeout."
        if self.failed == "memory":
            size = limits.memory / 1e9
            return f"it needed more than {size:g} GB of memory. Give more: --memory."
        code = self._process.returncode
        lines = self._last.splitlines()
        last = f": {lines[-1][:300]}" if lines else ""
        return (
            f"the process that read it ended, twice, with status {code}{last}. Please report it, "
            "with the file."
        )

    def end(self) -> None:
        """End the process."""
        _all.discard(self)
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if not self._said.closed:
            self._said.seek(0)
            self._last = self._said.read()[-4000:].decode("utf-8", "replace").strip()
            self._said.close()

    def _send(self, thing: object) -> None:
        data = pickle.dumps(thing)
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(LENGTH.pack(len(data)) + data)
            self._process.stdin.flush()
        except OSError:
            self.failed = "crash"

    def _wait(self, seconds: float) -> object:
        if self.failed:
            return None
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.failed = "timeout"
            return None
        if answer is None:
            self.failed = "crash"
            return None
        return pickle.loads(answer)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for message in _messages(stream):
                self._answers.put(message)
        self._answers.put(None)


def _messages(stream: IO[bytes]) -> Iterator[bytes]:
    while True:
        head = stream.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        (size,) = LENGTH.unpack(head)
        data = stream.read(size)
        if len(data) < size:
            return
        yield data


# ------------------------------------------------------------------------------- in the child


def serve() -> None:
    """Make rows for the process at the other end of the standard streams, until it ends."""
    # What libraries print must not get between the answers.
    answers = answers_to_parent()
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as stream:
            for message in _messages(stream):
                asked.put(message)
        os._exit(0)  # whoever asked is gone, whatever is being done for him

    threading.Thread(target=listen, daemon=True).start()

    def say(thing: object) -> None:
        data = pickle.dumps(thing)
        answers.write(LENGTH.pack(len(data)) + data)
        answers.flush()

    settings, limits = pickle.loads(asked.get())
    _restrict(limits)
    say("ready")
    while True:
        entry = pickle.loads(asked.get())
        try:
            row: object = make_row(entry, settings)
        except MemoryError:
            row = "memory"
        say(row)


def _restrict(limits: Limits) -> None:
    """Limit the address space to what there is and what a crystal may take.

    Systems without such a limit have none.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + limits.memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    except (ImportError, OSError, ValueError):
        return
