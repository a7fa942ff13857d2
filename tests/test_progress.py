"""The bar of a long command: on a terminal only, after two seconds, one line that goes away."""

from __future__ import annotations

import argparse
import os
import pty
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from symchiral.cli import streams
from symchiral.cli.progress import LENGTH, PATIENCE, ProgressBar, progress


@contextmanager
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal of 60 columns to write to, and the descriptor where that is read."""
    read, write = pty.openpty()
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        yield stream, read
    os.close(read)


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def text_of(read: int) -> str:
    os.set_blocking(read, False)
    try:
        return os.read(read, 100_000).decode()
    except BlockingIOError:
        return ""


def test_a_bar_waits_shows_what_is_left_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    clock = Clock()
    with terminal() as (stream, read):
        shown = ProgressBar(stream, clock=clock)
        for share in (0.0, 0.1, 0.3):
            clock.now += PATIENCE / 4
            shown(share, "simulating")
        assert text_of(read) == ""
        clock.now = 100 + 2 * PATIENCE
        shown(0.5, "simulating")
        bar = re.escape(f"[{'#' * (LENGTH // 2)}{'.' * (LENGTH // 2)}]")
        assert re.fullmatch(rf"\r\x1b\[K{bar}  50%  simulating, 4 s left\r", text_of(read))
        shown(0.6, "simulating")  # at once: nobody can read that
        assert text_of(read) == ""
        clock.now += 1
        shown(0.7, "x" * 200)
        line = text_of(read).strip("\r").removeprefix("\x1b[K")
        assert len(line) == 59
        shown(1.0, "simulating")
        assert text_of(read) == "\r\x1b[K\r"


def test_what_is_quick_shows_nothing() -> None:
    clock = Clock()
    with terminal() as (stream, read):
        shown = ProgressBar(stream, clock=clock)
        for k in range(10):
            clock.now += 0.1
            shown(k / 9, "simulating")
        assert text_of(read) == ""


def test_a_message_takes_the_place_of_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with terminal() as (stream, read):
        monkeypatch.setattr(sys, "stderr", stream)
        shown = ProgressBar(stream, clock=clock)
        clock.now += 10
        shown(0.5, "simulating")
        text_of(read)
        streams.say("symchiral: no.")
        assert text_of(read) == "\x1b[Ksymchiral: no.\r\n"


def test_there_is_none_where_nobody_would_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress(argparse.Namespace(quiet=False), "simulating") is None  # pytest holds stderr
    with terminal() as (stream, _):
        monkeypatch.setattr(sys, "stderr", stream)
        assert progress(argparse.Namespace(quiet=True), "simulating") is None
        assert progress(argparse.Namespace(quiet=False), "simulating") is not None
