"""The atlas of all groups, worked out by several processes and written as one folder."""

from __future__ import annotations

import os
import pickle
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from symchiral.answers.catalog import sql_types
from symchiral.answers.record import libraries
from symchiral.atlases.pages import KIND, every_page
from symchiral.atlases.parts import TABLES, Part, TableName, Task, list_tasks, make_part
from symchiral.catalog.parts import duckdb, quoted, read_lines, write_query
from symchiral.children import answers_to_parent, start_child
from symchiral.disk import place_folder, write_text, writing_folder
from symchiral.errors import InputError, LimitError
from symchiral.irreps.classes import CLASSES
from symchiral.units import counted
from symchiral.version import __version__

VERSION = "symchiral/atlases/1"

SERVE = "from symchiral.atlases.build import serve; serve()"
"""What a process runs."""

ORDERED: dict[TableName, str] = {
    "channels": "schoenflies, highest DESC, axis, along, transfer",
    "patterns": 'space_group, schoenflies, "order", highest DESC, axis, along, q, pattern',
    "species": "space_group, schoenflies, highest DESC, axis, along, q, label",
    "waves": "schoenflies",
}
"""How the rows of a table are sorted: they do not depend on who was done first."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    folder : Path
        The folder.
    pages : int
        Pages in it.
    channels : int
        Channels judged in all.
    tables, html : int
        Bytes of tables and of pages.
    """

    folder: Path
    pages: int
    channels: int
    tables: int
    html: int


def write_atlas(
    path: str | os.PathLike[str],
    *,
    jobs: int = 1,
    tasks: Sequence[Task] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Written:
    """Write the rules of all classes and space groups: Parquet tables, and pages with a search.

    Third order at the zone centre of the 32 classes about each of their axes, channel by channel;
    fourth order there and third order at the special points of the 230 space groups, one row per
    choice of species and of identical modes.

    Parameters
    ----------
    path : path
        The folder; written whole or not at all. An atlas that lies there is replaced.
    jobs : int
        Processes.
    tasks : sequence of Task, optional
        Do these alone; of a class all tasks of third and fourth order.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    InputError
        The folder cannot be written, holds other things, or DuckDB is not installed.
    """
    if jobs < 1:
        raise InputError(f"no {jobs} jobs", why="at least one process is needed", fix="give 1")
    duckdb()
    place_folder(path, KIND)
    wanted = list_tasks() if tasks is None else list(tasks)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="symchiral-")))
        lines = {name: stack.enter_context((scratch / name).open("wb")) for name in TABLES}
        parts = _parts(wanted, jobs, lines, progress)
        for file in lines.values():
            file.close()
        folder = stack.enter_context(writing_folder(path, KIND))
        about = {"schema": VERSION, "symchiral": __version__, "libraries": libraries()}
        for name, record in TABLES.items():
            query = f"{read_lines(scratch / name, sql_types(record))} ORDER BY {ORDERED[name]}"
            write_query(folder / f"{name}.parquet", query, about, kind=KIND)
        told = _about(parts)
        for page, html in every_page(parts, about=told).items():
            write_text(folder / page, html, KIND)
        sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    tables = sum(sizes[f"{name}.parquet"] for name in TABLES)
    return Written(
        Path(path),
        len(sizes) - len(TABLES),
        sum((part.counts or {})["channels"] for part in parts),
        tables,
        sum(sizes.values()) - tables,
    )


def _parts(
    tasks: Sequence[Task],
    jobs: int,
    lines: Mapping[TableName, BinaryIO],
    progress: Callable[[float], None] | None,
) -> list[Part]:
    """Work out the parts, in the order of the tasks; what tables get goes to files at once."""
    found: dict[Task, Part] = {}
    for part in _made(tasks, jobs):
        for name, data in part.lines.items():
            lines[name].write(data)
        found[part.task] = replace(part, lines={})
        if progress is not None:
            progress(len(found) / len(tasks))
    return sorted(found.values(), key=lambda part: _place(part.task))


def _place(task: Task) -> tuple[bool, int, int, int]:
    """Classes in the order of their Hall numbers, then space groups by number."""
    if task.whole_class:
        return False, CLASSES[task.name], task.axis, task.order
    return True, int(task.name), task.axis, task.order


def _made(tasks: Sequence[Task], jobs: int) -> Iterator[Part]:
    if jobs == 1 or len(tasks) == 1:
        yield from map(make_part, tasks)
        return
    waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    for task in (*tasks, *(None,) * jobs):
        waiting.put(task)
    done: queue.Queue[Part | Task] = queue.Queue(maxsize=2 * jobs)
    workers = [_Worker(waiting, done) for _ in range(min(jobs, len(tasks)))]
    try:
        for _ in tasks:
            part = done.get()
            if isinstance(part, Task):
                raise LimitError(
                    f"the rules of {part.name} were not finished",
                    why="the process that judged them ended",
                    fix="check the memory of the machine, or use fewer --jobs",
                )
            yield part
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process of its own that makes parts, and the thread that minds it."""

    def __init__(
        self, waiting: queue.SimpleQueue[Task | None], done: queue.Queue[Part | Task]
    ) -> None:
        self._process = start_child(SERVE)
        self._ended = False
        self._waiting, self._done = waiting, done
        threading.Thread(target=self._mind, daemon=True).start()

    def _mind(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task: Task | None = None
        try:
            with self._process.stdin as asked, self._process.stdout as answers:
                while (task := self._waiting.get()) is not None and not self._ended:
                    pickle.dump(task, asked)
                    asked.flush()
                    self._done.put(pickle.load(answers))
        except (EOFError, OSError, pickle.UnpicklingError):  # the process has ended
            if task is not None and not self._ended:
                self._done.put(task)

    def end(self) -> None:
        """End the process."""
        self._ended = True
        self._process.kill()
        self._process.wait()


def serve() -> None:
    """Make parts for the process at the other end of the standard streams, until it ends."""
    # What libraries print must not get between the answers.
    answers = answers_to_parent()
    asked = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    while True:
        try:
            task = pickle.load(asked)
        except EOFError:
            return
        pickle.dump(make_part(task), answers)
        answers.flush()


def _about(parts: Sequence[Part]) -> dict[str, str]:
    counts = [part.counts or {} for part in parts]
    third = sum("transfers" in c for c in counts)
    channels = sum(c["channels"] for c in counts)
    return {
        "made by": f"symchiral {__version__}: symchiral atlas --all",
        "contents": f"{counted(channels, 'channel')} judged, of {third} axes of classes and of "
        f"{sum(not part.task.whole_class for part in parts)} space groups",
        "channels": "third order at the zone centre, a row per channel, forbidden ones too",
        "patterns": "fourth order at the zone centre, third order at special points: a row per "
        "choice of species and of identical modes",
        "ask them": "duckdb: SELECT DISTINCT schoenflies FROM 'channels.parquet' WHERE verdict = "
        f"{quoted('allowed')} AND pam_sense = {quoted('flipped')} AND ir_pump AND raman_probe",
        "magnetic groups": "are not here: from the family group alone their rules would be wrong",
    }
