"""How far a long computation has come, on a terminal: a bar, once it has taken two seconds."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TextIO

from symchiral.cli import streams

PATIENCE = 2.0
"""Seconds before anything is shown: what is done by then needs no bar."""
PAUSE = 0.1
"""Seconds between two pictures of the bar."""
LENGTH = 20
"""Characters of the bar."""


class ProgressBar:
    """One line on a terminal that changes: share done, words, and the time left.

    The cursor stays at its beginning, so that whatever is written next takes its place.
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._begun = clock()
        self._shown = float("-inf")

    def __call__(self, share: float, words: str) -> None:
        """Show how far it is; erase the line where it is done."""
        now = self._clock()
        if share >= 1:
            if self._shown > float("-inf"):
                self._write("")
            return
        if now - self._begun < PATIENCE or now - self._shown < PAUSE:
            return
        self._shown = now
        filled = round(LENGTH * share)
        text = f"[{'#' * filled}{'.' * (LENGTH - filled)}] {share:4.0%}  {words}"
        if share > 0:
            text += f", {duration((now - self._begun) * (1 - share) / share)} left"
        width = streams.columns(self._stream)
        self._write(text if width is None else text[: width - 1])

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{streams.printable(text, self._stream)}\r")
        self._stream.flush()


def bar(options: argparse.Namespace) -> ProgressBar | None:
    """Return the bar of a command, or nothing where nobody would see it."""
    return None if options.quiet or not sys.stderr.isatty() else ProgressBar(sys.stderr)


def progress(options: argparse.Namespace, word: str) -> Callable[[float], None] | None:
    """Return what shows the share done on a terminal, or nothing."""
    shown = bar(options)
    return None if shown is None else lambda share: shown(share, word)


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(8.2), duration(260), duration(9000)
    ('8 s', '4 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
