"""Screening: rows for many crystals, by several processes, written as they come."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from symchiral.answers.catalog import Catalog, CatalogRow, Scope, catalog
from symchiral.catalog.child import Chunk, end_children, process_number, run_chunk
from symchiral.catalog.crystals import Terms
from symchiral.catalog.executors import opened
from symchiral.catalog.lock import Shard, alone
from symchiral.catalog.parts import (
    duckdb,
    known_rows,
    next_generation,
    open_folder,
    parts_of,
    settings_of,
    write_part,
)
from symchiral.children import Limits
from symchiral.crystal.tolerance import SYMPREC, distance_tolerance
from symchiral.defaults import CRYSTAL_MEMORY, CRYSTAL_SECONDS
from symchiral.errors import GrammarError, InputError, LimitError
from symchiral.reading.many import Entry, check_inputs, entries, entry_hash, list_sources
from symchiral.reading.remote import Copies

CHUNK = 32
"""Crystals of one task."""

PART = 2000
"""Rows of one file of a catalog, at most …"""

FLUSHED = 20.0
"""… written at least so often, s: what a run that is killed has to do again."""

ORDERS = (3, 4)


class Executor(Protocol):
    """What gives tasks to processes: any executor of ``concurrent.futures``."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Run a function somewhere, and return a future."""


@dataclass(frozen=True)
class HowFar:
    """How far a run has come.

    Attributes
    ----------
    done : int
        Crystals whose rows are there.
    share : float
        Part of the inputs that is done, 0 to 1; 0 where that is not known.
    seconds : float
        Since it began.
    """

    done: int
    share: float
    seconds: float

    @property
    def rate(self) -> float:
        """Crystals per second."""
        return self.done / max(self.seconds, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds that are left at this rate; None where that is not known."""
        return self.seconds * (1 - self.share) / self.share if self.share else None


def screen(
    items: Iterable[object] | str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    order: int = 3,
    q: Scope = "GM",
    symprec: float = SYMPREC,
    spin_axis: Sequence[float] | None = None,
    jobs: int | None = None,
    shard: str | Shard | None = None,
    timeout: float = CRYSTAL_SECONDS,
    memory: float = CRYSTAL_MEMORY,
    retry: bool = False,
    executor: Any = None,
    progress: Callable[[HowFar], None] | None = None,
) -> Catalog:
    """Count the transfers of many crystals, and write a catalog of them.

    Work that is done is never repeated: what a catalog holds already, from the same contents, is
    passed over. A crystal that takes too long, too much memory, or ends its process is recorded as
    refused, and the others go on.

    Parameters
    ----------
    items : path, or iterable of paths, structures, and pairs of a name and a structure
        Folders with all below them, files, sets of structures (extended XYZ, JSON, JSON lines,
        OPTIMADE, databases of ASE), folders and zip archives of force data; or what
        :func:`~symchiral.read` takes. Files and folders elsewhere by an address that fsspec opens,
        ``"s3://bucket/set.jsonl"``: they are copied to a temporary folder first.
    out : path, optional
        Folder of the catalog; default none: the rows stand in the answer.
    order : int
        Quanta in and out together, 3 or 4.
    q : {"GM", "star"}
        Count the transfers at the zone centre, or at every vertex of special points.
    symprec : float
        Distance tolerance of the symmetry search, Å.
    spin_axis : (3,) float, optional
        Cartesian direction of magnetic moments that are given without one.
    jobs : int, optional
        Processes on this machine; default one per processor it may use.
    shard : str, optional
        ``"2/8"``: the second of eight parts, which differ and together are everything.
    timeout : float
        Seconds that one crystal may take.
    memory : float
        Bytes that one crystal may take.
    retry : bool
        Read again what was refused before.
    executor : concurrent.futures.Executor or str, optional
        Who runs the tasks in the place of processes of this machine: an executor whose tasks run
        in other processes, on whichever machines, or ``"dask:ADDRESS"``, a scheduler of Dask.
    progress : callable, optional
        Called with a ``HowFar`` now and then.

    Returns
    -------
    symchiral.answers.catalog.Catalog
        What was done; without ``out`` also the rows.

    Raises
    ------
    InputError
        An option makes no sense, nothing is to be read, the catalog cannot be written, is used by
        another run, or was made with other options.

    Examples
    --------
    >>> import symchiral as sc
    >>> found = sc.screen(["Bi2Se3", "NaCl"], jobs=1)
    >>> [(row.id, row.space_group, row.flips) for row in found.rows]
    [('Bi2Se3', 166, 3), ('NaCl', 225, 0)]
    """
    settings = _settings(order, q, symprec, spin_axis)
    limits = Limits.of(timeout, memory)
    part = parse_shard(shard)
    check_inputs(items)
    with contextlib.ExitStack() as stack:
        copies = stack.enter_context(Copies())
        listing = None
        paths = [items] if isinstance(items, str | os.PathLike) else items
        if isinstance(paths, list | tuple) and all(isinstance(x, str | os.PathLike) for x in paths):
            listing = list_sources(paths, copies)
        found = entries(items, copies, listing=listing)
        width = None
        if isinstance(executor, str):
            there = stack.enter_context(opened(executor))
            executor, width = there.executor, there.width
        refuse_threads(executor)
        folder, known, generation = None, {}, 0
        if out is not None:
            duckdb()
            folder = open_folder(out)
            stack.enter_context(alone(folder, part))
            before = settings_of(folder)
            if before is not None and before != settings:
                changed = (
                    f"{name} was {old}, and is {getattr(settings, name)} now"
                    for name, old in asdict(before).items()
                    if old != getattr(settings, name)
                )
                raise InputError(
                    f"the catalog {os.fspath(out)} was made with other options",
                    why="; ".join(changed),
                    fix="use the same options, or another folder",
                )
            known = known_rows(folder, retry=retry)
            generation = next_generation(folder)
        run = _Run(folder, settings, generation)
        chunks = _chunks(run, found, part, known, settings, limits)
        if executor is None:
            local = ThreadPoolExecutor(_jobs(jobs))  # each thread minds a process of its own
            stack.callback(end_children)
            stack.callback(local.shutdown, wait=False, cancel_futures=True)
            _work(run, chunks, local, _jobs(jobs), progress)
        else:
            _work(run, chunks, executor, width or _width(executor, jobs), progress)
        if folder is not None and not parts_of(folder):  # no crystal fell to this shard
            write_part(folder, [], settings, generation=generation, seconds=0.0)
    return catalog(
        run.rows,
        order=order,
        q=q,
        symprec=settings.symprec,
        refused=run.refused,
        read=run.read,
        warned=run.warned,
        known=run.known,
        ignored=0 if listing is None else listing.ignored,
        deviation=run.deviation,
        path=None if out is None else os.fspath(out),
    )


def _settings(order: int, q: Scope, symprec: float, spin_axis: Sequence[float] | None) -> Terms:
    if order not in ORDERS:
        raise LimitError(
            f"order {order!r} is not enumerated",
            why="transfers of order 3 and 4 are counted",
            fix="ask for order 3 or 4",
        )
    if q not in ("GM", "star"):
        raise GrammarError(
            f"no vertices {q!r}",
            why="transfers are counted at the zone centre, or at all vertices of special points",
            fix='write "GM" or "star"',
        )
    axis = None
    if spin_axis is not None:
        from symchiral.reading.structure import unit_vector

        x, y, z = unit_vector(spin_axis).tolist()
        axis = (x, y, z)
    return Terms(order, q, distance_tolerance(symprec), axis)


def parse_shard(shard: str | Shard | None) -> Shard:
    """Read which part of the work is meant, ``2/8``, from 1.

    Examples
    --------
    >>> parse_shard("2/8"), parse_shard(None)
    ((2, 8), (1, 1))

    Raises
    ------
    GrammarError
        It is no such part.
    """
    if shard is None:
        return 1, 1
    words = shard.split("/") if isinstance(shard, str) else [str(x) for x in shard]
    if len(words) == 2 and all(word.strip().isdecimal() and len(word) < 10 for word in words):
        i, n = (int(word) for word in words)
        if 1 <= i <= n:
            return i, n
    raise GrammarError(
        f"cannot read the shard {shard!r}",
        why="it is not one of the parts 1 to N",
        fix='write the second of eight parts as "2/8"',
    )


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:
        return os.cpu_count() or 1


def _jobs(jobs: int | None) -> int:
    if jobs is None:
        return processors()
    if jobs < 1:
        raise InputError(f"no {jobs} jobs", why="at least one process is needed", fix="give 1")
    return jobs


def refuse_threads(executor: Any) -> None:
    """Refuse an executor whose tasks run in this very process.

    Raises
    ------
    InputError
        They do, or it is not an executor.
    """
    if executor is None:
        return
    if not callable(getattr(executor, "submit", None)):
        raise InputError(
            f"this {type(executor).__name__} is not an executor",
            why="it has no method submit",
            fix="give an executor of concurrent.futures, or leave it out",
        )
    asked = executor.submit(process_number)
    if isinstance(executor, ThreadPoolExecutor) or asked.result() == os.getpid():
        raise InputError(
            f"no screening with this {type(executor).__name__}",
            why="its tasks are threads of one process, which share its memory and one lock",
            fix="give an executor of processes, as ProcessPoolExecutor, or leave it out: jobs=4",
        )


def _width(executor: Any, jobs: int | None) -> int:
    """How many tasks an executor may work on at once, as far as it says."""
    known = getattr(executor, "_max_workers", None)
    return jobs or (known if isinstance(known, int) else 0) or 64


@dataclass
class _Run:
    """What has been found, and what of it is not yet written."""

    folder: Path | None
    settings: Terms
    generation: int
    rows: list[CatalogRow] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    read: int = 0
    warned: int = 0
    known: int = 0
    deviation: float = 0.0
    begun: float = field(default_factory=time.monotonic)
    flushed: float = field(default_factory=time.monotonic)

    def add(self, rows: Sequence[CatalogRow]) -> None:
        for row in rows:
            if row.error is not None:
                self.refused[row.error] += 1
                continue
            self.read += 1
            self.warned += bool(row.warnings)
            self.deviation = max(self.deviation, row.deviation or 0.0)
        self.rows += rows
        late = time.monotonic() - self.flushed > FLUSHED
        if self.folder is not None and (len(self.rows) >= PART or late):
            self.flush()

    def flush(self) -> None:
        if self.folder is not None and self.rows:
            seconds = time.monotonic() - self.flushed
            rows = sorted(self.rows, key=lambda row: row.id)
            write_part(
                self.folder, rows, self.settings, generation=self.generation, seconds=seconds
            )
            self.rows = []
        self.flushed = time.monotonic()

    @property
    def done(self) -> int:
        return self.read + self.refused.total()


def _chunks(
    run: _Run,
    found: Iterator[Entry],
    shard: Shard,
    known: dict[str, str],
    settings: Terms,
    limits: Limits,
) -> Iterator[Chunk]:
    """The tasks: crystals of this shard that the catalog does not hold."""

    def wanted() -> Iterator[Entry]:
        seen: set[bytes] = set()
        for entry in found:
            digest = hashlib.sha256(entry.id.encode("utf-8", "replace")).digest()
            if digest in seen or int.from_bytes(digest[:8]) % shard[1] != shard[0] - 1:
                continue
            seen.add(digest)
            if entry.id in known and known[entry.id] == entry_hash(entry):
                run.known += 1
            else:
                yield entry

    remaining = wanted()
    while some := tuple(islice(remaining, CHUNK)):
        yield Chunk(some, settings, limits)


def _work(
    run: _Run,
    chunks: Iterator[Chunk],
    executor: Executor,
    width: int,
    progress: Callable[[HowFar], None] | None,
) -> None:
    """Keep an executor busy, and take what comes back."""
    waiting: dict[Future[list[CatalogRow]], Chunk] = {}
    share = 0.0
    try:
        while True:
            for chunk in islice(chunks, max(0, 2 * width - len(waiting))):
                waiting[executor.submit(run_chunk, chunk)] = chunk
            if not waiting:
                break
            ready = _first(waiting)
            for future in ready:
                chunk = waiting.pop(future)
                run.add(_rows(future, chunk, executor))
                share = max(share, chunk.entries[-1].share)
            if progress is not None:
                progress(HowFar(run.done, share, time.monotonic() - run.begun))
    finally:
        for future in waiting:
            future.cancel()
        run.flush()
    if progress is not None:
        progress(HowFar(run.done, 1.0, time.monotonic() - run.begun))


def _first(waiting: dict[Future[list[CatalogRow]], Chunk]) -> list[Future[list[CatalogRow]]]:
    """The tasks that are done, at least one."""
    if all(isinstance(future, Future) for future in waiting):
        return list(wait(waiting, return_when=FIRST_COMPLETED).done)
    while True:  # futures of other libraries
        done = [future for future in waiting if future.done()]
        if done:
            return done
        time.sleep(0.01)


def _rows(future: Any, chunk: Chunk, executor: Executor) -> list[CatalogRow]:
    found: list[CatalogRow] = future.result()
    return found
