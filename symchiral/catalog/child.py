"""Rows of a catalog made in a process of its own, with limits of time and memory.

:func:`run_chunk` is what is given to an executor; its child process lives on from chunk to chunk,
and ends with the process that asks it.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

from symchiral import children
from symchiral.answers.catalog import CatalogRow, refused_row
from symchiral.catalog.crystals import Terms, make_row
from symchiral.children import Limits, Worker
from symchiral.reading.many import Entry, entry_hash

SERVE = "from symchiral.catalog.child import serve; serve()"
"""What a child runs."""


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
    worker = _worker_for(chunk.settings, chunk.limits)
    rows = []
    for entry in chunk.entries:
        outcome = worker.ask(entry)
        row = outcome.answer
        if outcome.failed:
            row = refused_row(
                id=entry.id,
                source=entry.source,
                sha256=entry_hash(entry),
                error=outcome.failed,
                message=outcome.message,
            )
        assert isinstance(row, CatalogRow)
        rows.append(row)
    return rows


def process_number() -> int:
    """Return the number of the process that runs this: what an executor is asked first."""
    return os.getpid()


_own: Any = threading.local()
"""The worker of every thread that works on chunks."""

_all: set[Worker] = set()


def _worker_for(settings: Terms, limits: Limits) -> Worker:
    worker: Worker | None = getattr(_own, "worker", None)
    if worker is None or worker not in _all or (worker.terms, worker.limits) != (settings, limits):
        if worker is not None:
            worker.end()
            _all.discard(worker)
        worker = _own.worker = Worker(SERVE, settings, limits)
        _all.add(worker)
    return worker


def end_children() -> None:
    """End all children of this process."""
    while _all:
        _all.pop().end()


def serve() -> None:
    """Make rows for the process at the other end of the standard streams, until it ends."""
    children.serve(make_row)
