"""Child processes that work for this one: a Python with this package, and one thread for algebra.

A child is asked on its standard input and answers on its standard output. :func:`start_child`
starts it, :func:`answers_to_parent` is its first line. A :class:`Worker` keeps a child that does
one thing after the other within limits of time and memory, and :func:`serve` is what it runs: one
crystal may take for ever, take all memory, or end its process, and nothing else is stopped by it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from symchiral.errors import InputError

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Several processes with several threads each would wait for one another."""

STARTED = 120.0
"""Seconds in which a child is ready, on however busy a machine."""

LENGTH = struct.Struct("!Q")
"""A message is its length and a pickle; children are our own."""

Failure = Literal["", "timeout", "memory", "crash"]
"""Why a child is of no more use; empty while it is."""


def start_child(code: str, *, stderr: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a process that runs a line of Python, with pipes as standard input and output.

    Parameters
    ----------
    code : str
        What it runs.
    stderr : file, optional
        Where its messages go; default where ours do.
    """
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(x for x in (root, os.environ.get("PYTHONPATH", "")) if x)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": path, "PYTHONUTF8": "1"},
    )


def answers_to_parent() -> IO[bytes]:
    """Return the stream of answers; what libraries print goes with the messages from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


# ------------------------------------------------------------------------------- within limits


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

    @classmethod
    def of(cls, seconds: float, memory: float) -> Limits:
        """Return limits that can be kept.

        Raises
        ------
        InputError
            One is not positive.
        """
        if not seconds > 0 or not memory > 0:
            raise InputError(
                f"no limits of {seconds:g} s and {memory:g} bytes",
                why="nothing can be done in no time or without memory",
                fix="give positive limits",
            )
        return cls(float(seconds), int(min(memory, 1e15)))


@dataclass(frozen=True)
class Outcome:
    """What came of asking a child.

    Attributes
    ----------
    answer : object
        What it said; None where it failed.
    failed : str
        ``timeout``, ``memory`` or ``crash``; empty where it answered.
    message : str
        That in words, and what to do.
    """

    answer: Any
    failed: Failure = ""
    message: str = ""


class Worker:
    """A child process that is replaced when it fails.

    Parameters
    ----------
    code : str
        What the child runs; it calls :func:`serve`.
    terms : object
        What all questions have in common.
    limits : Limits
        Of every question by itself.
    """

    def __init__(self, code: str, terms: object, limits: Limits) -> None:
        self.code, self.terms, self.limits = code, terms, limits
        self._child: _Child | None = None
        self._ended = False

    def ask(self, thing: object) -> Outcome:
        """Return what the child says of a thing, or why it says nothing."""
        child = self._ready()
        used = child.answered > 0
        answer = child.ask(thing)
        if not self._ended and (child.failed == "crash" or (child.failed == "memory" and used)):
            # Memory that others left behind, or the machine: once more in a fresh process.
            child = self._ready()
            answer = child.ask(thing)
        if child.failed:
            return Outcome(None, child.failed, child.because(self.limits))
        return Outcome(answer)

    def end(self) -> None:
        """End the child, if there is one; no other takes its place."""
        self._ended = True
        if self._child is not None:
            self._child.end()

    def _ready(self) -> _Child:
        if self._child is None or (self._child.failed and not self._ended):
            self._child = _Child(self.code, self.terms, self.limits)
        return self._child


class _Child:
    """A process that is asked one thing at a time.

    Attributes
    ----------
    failed : str
        Empty as long as it is of use.
    answered : int
        Questions that it has answered.
    """

    def __init__(self, code: str, terms: object, limits: Limits) -> None:
        self.failed: Failure = ""
        self.answered = 0
        self._seconds = limits.seconds
        self._last = ""
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by end()
        self._process = start_child(code, stderr=self._said)
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._send((terms, limits))
        self._wait(STARTED)

    def ask(self, thing: object) -> object:
        """Return its answer; where there is none ``failed`` says why, and the process has ended."""
        if not self.failed:
            self._send(thing)
        outcome = None if self.failed else self._wait(self._seconds)
        if outcome is not None and outcome.failed:
            self.failed = outcome.failed
        if outcome is None or self.failed:
            self.end()
            return None
        self.answered += 1
        return outcome.answer

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

    def _wait(self, seconds: float) -> Outcome | None:
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
        found = pickle.loads(answer)
        assert isinstance(found, Outcome)
        return found

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


def serve(work: Callable[[Any, Any], object]) -> None:
    """Work for the process at the other end of the standard streams, until it ends.

    Parameters
    ----------
    work : callable
        Of what is asked and the terms that all questions have in common.
    """
    # What libraries print must not get between the answers.
    answers = answers_to_parent()
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as stream:
            for message in _messages(stream):
                asked.put(message)
        os._exit(0)  # whoever asked is gone, whatever is being done for him

    threading.Thread(target=listen, daemon=True).start()

    def say(outcome: Outcome) -> None:
        data = pickle.dumps(outcome)
        answers.write(LENGTH.pack(len(data)) + data)
        answers.flush()

    terms, limits = pickle.loads(asked.get())
    _restrict(limits)
    say(Outcome("ready"))
    while True:
        thing = pickle.loads(asked.get())
        try:
            outcome = Outcome(work(thing, terms))
        except MemoryError:
            outcome = Outcome(None, "memory")
        say(outcome)


def _restrict(limits: Limits) -> None:
    """Limit the address space to what there is and what a crystal may take.

    Systems without such a limit have none.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
        most = pages * resource.getpagesize() + limits.memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    except (ImportError, OSError, ValueError):
        return
