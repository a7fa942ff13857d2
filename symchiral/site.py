"""Site: a catalog as pages that can be published, an index and one page per crystal.

:func:`publish` writes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symchiral import children
from symchiral.answers.record import FrequencyUnit
from symchiral.answers.site import Site, site
from symchiral.catalog.collection import Catalog
from symchiral.catalog.crystals import crystal_of
from symchiral.children import Limits, Worker
from symchiral.defaults import CRYSTAL_MEMORY, CRYSTAL_SECONDS, REPORT_POINTS
from symchiral.disk import is_file, place, recording, user_path, write_text
from symchiral.errors import InputError, SymchiralError
from symchiral.page.site import COLUMNS, KIND, index_html
from symchiral.reading.many import Entry, entries, entry_hash
from symchiral.reading.remote import Copies
from symchiral.version import __version__

if TYPE_CHECKING:
    from symchiral.study import Study

FOLDER = "crystals"
"""Where the pages are, beside the index."""

SERVE = "from symchiral.site import serve; serve()"
"""What a process that makes pages runs."""


@dataclass(frozen=True)
class Order:
    """One page to be made.

    Attributes
    ----------
    entry : Entry
        What to read.
    page : str
        The file to write.
    symprec : float
        Distance tolerance, Å.
    """

    entry: Entry
    page: str
    symprec: float


@dataclass(frozen=True)
class PageTerms:
    """What all pages have in common.

    Attributes
    ----------
    spin_axis : tuple of float or None
        Direction of moments that are given without one.
    unit : str
        Of frequencies.
    points : int
        Wavevectors on the path of the bands.
    """

    spin_axis: tuple[float, ...] | None
    unit: FrequencyUnit
    points: int


def publish(
    catalog: Catalog | str | os.PathLike[str],
    out: str | os.PathLike[str],
    where: str = "",
    *,
    unit: FrequencyUnit = "THz",
    points: int = REPORT_POINTS,
    jobs: int = 1,
    timeout: float = CRYSTAL_SECONDS,
    memory: float = CRYSTAL_MEMORY,
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Site:
    """Write a catalog as a site: an index, and the page of every crystal in it.

    The index has search, filters and links; the pages are those of
    :meth:`~symchiral.Study.report`. Crystals are read again from where the catalog has them. A
    page that is there already, made of the same data by the same version, is kept. A crystal that
    takes too long, too much memory, or ends its process has no page; the index says so.

    Parameters
    ----------
    catalog : Catalog or path
        What :func:`~symchiral.screen` has written.
    out : path
        A folder, made if it is not there.
    where : str
        A condition in SQL on the rows, as for :meth:`~symchiral.Catalog.query`; default all.
    unit, points
        As for :meth:`~symchiral.Study.report`.
    jobs : int
        Processes.
    timeout : float
        Seconds that one crystal may take.
    memory : float
        Bytes that one crystal may take.
    overwrite : bool
        Make all pages again, and replace an index that symchiral did not write.
    progress : callable, optional
        Is told the share of the pages that is done.

    Returns
    -------
    Site
        What was written: the answer that ``report CATALOG --json`` prints.

    Raises
    ------
    InputError
        It is not a catalog, the condition is not understood, an option makes no sense, or the
        folder cannot be written to.
    """
    known = catalog if isinstance(catalog, Catalog) else Catalog(catalog)
    if jobs < 1:
        raise InputError(f"no {jobs} jobs", why="at least one process is needed", fix="give 1")
    limits = Limits.of(timeout, memory)
    wanted = [*COLUMNS, "source", "sha256", "error", "message", "symprec", "order", "q"]
    rows = list(known.query(where, columns=[name for name in wanted if name in known.columns]))
    folder = _folder(out)
    index = folder / "index.html"
    place(index, KIND, overwrite=overwrite)
    settings = known.manifests[-1]["settings"]
    refused = [(row["id"], row["message"] or row["error"]) for row in rows if row["error"]]
    read = [row for row in rows if not row["error"]]
    pages = {row["id"]: _name(row, unit, points) for row in read}
    kept = {name for name in pages.values() if not overwrite and is_file(folder / name)}
    axis = settings.get("spin_axis")
    terms = PageTerms(None if axis is None else tuple(axis), unit, points)
    failed: dict[str, str] = {}
    total = max(1, len(read) - len(kept))
    with Copies() as copies:
        orders = _orders(
            [row for row in read if pages[row["id"]] not in kept],
            {key: str(folder / name) for key, name in pages.items()},
            copies,
        )
        for done, (key, why) in enumerate(_made(orders, terms, limits, jobs), 1):
            if why is not None:
                failed[key] = why
            if progress is not None:
                progress(done / total)
    missing = {
        key for key, name in pages.items() if key not in failed and not is_file(folder / name)
    }
    failed |= dict.fromkeys(
        missing, "what the catalog was made of is gone or has changed: screen it again"
    )
    left = {key: name for key, name in pages.items() if key not in failed}
    text = index_html(
        read,
        left,
        [*refused, *sorted(failed.items())],
        title=known.path.resolve().name,
        order=settings["order"],
        q=settings["q"],
    )
    write_text(index, text, KIND, overwrite=overwrite)
    return site(
        str(known.path),
        symprec=settings["symprec"],
        output=os.fspath(out),
        crystals=len(read),
        pages=len(left),
        kept=len(kept),
        refused=len(refused),
        failed=failed,
    )


def _folder(out: str | os.PathLike[str]) -> Path:
    """The folder of the site, made if it is not there."""
    folder = user_path(out)
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write the site {os.fspath(out)}",
            why=error.strerror or str(error),
            fix="give the path of a folder",
        ) from error
    return folder


def _name(row: Mapping[str, Any], unit: FrequencyUnit, points: int) -> str:
    """``crystals/Bi2Se3-166-0a1b2c3d4e.html``: formula, group, and a hash of what it is made of."""
    made_of = [row["id"], row["sha256"], row["symprec"], unit, points, __version__]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:12]
    formula = re.sub(r"[^A-Za-z0-9]", "", row["formula"] or "")[:40]
    return f"{FOLDER}/{formula}-{row['space_group']}-{digest}.html"


def _orders(
    rows: Sequence[Mapping[str, Any]],
    pages: Mapping[str, str],
    copies: Copies,
) -> Iterator[Order | tuple[str, str]]:
    """What to make, file by file; of what cannot be read again its id, and why."""
    by_source: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        if row["source"] is None:
            yield row["id"], "it was a structure in memory, of which the catalog has the row alone"
        else:
            by_source.setdefault(row["source"], {}).setdefault(row["sha256"], []).append(row)
    for source, wanted in by_source.items():
        try:
            for entry in entries([source], copies):
                for row in wanted.pop(entry_hash(entry), ()):
                    yield Order(entry, pages[row["id"]], row["symprec"])
                if not wanted:
                    break
        except SymchiralError as error:
            yield from ((row["id"], str(error)) for found in wanted.values() for row in found)


def _made(
    orders: Iterator[Order | tuple[str, str]], terms: PageTerms, limits: Limits, jobs: int
) -> Iterator[tuple[str, str | None]]:
    """Make pages in processes of their own: the id of each, and why there is none.

    A page names the files that it was made of, and a process keeps account of all that it reads.
    """
    workers: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    every = [Worker(SERVE, terms, limits) for _ in range(jobs)]
    for worker in every:
        workers.put(worker)

    def made(order: Order) -> str | None:
        worker = workers.get()
        try:
            outcome = worker.ask(order)
        finally:
            workers.put(worker)
        why: str | None = outcome.message if outcome.failed else outcome.answer
        return why

    waiting: dict[Future[str | None], str] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while True:
                while len(waiting) < 2 * jobs and (order := next(orders, None)) is not None:
                    if isinstance(order, tuple):
                        yield order
                    else:
                        waiting[pool.submit(made, order)] = order.entry.id
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in every:
                worker.end()


def serve() -> None:
    """Make the pages that the process at the other end of the standard streams asks for."""
    children.serve(make_page)


def make_page(order: Order, terms: PageTerms) -> str | None:
    """Read a crystal and write its page; return why that cannot be done, None if it is."""
    try:
        with recording():
            study = _study(order, terms)
            study.report(
                order.page,
                unit=terms.unit,
                points=terms.points,
                overwrite=True,
                index="../index.html",
            )
    except SymchiralError as error:
        return str(error)
    return None


def _study(order: Order, terms: PageTerms) -> Study:
    """Read what an entry stands for, as it was screened."""
    from symchiral.study import read

    entry = order.entry
    if entry.problem is not None:
        raise entry.problem
    if entry.kind in ("forces", "file"):
        assert isinstance(entry.content, bytes)
        spin_axis = terms.spin_axis if entry.kind == "file" else None
        path = os.fsdecode(entry.content)
        return read(path, symprec=order.symprec, spin_axis=spin_axis)
    return read(crystal_of(entry, spin_axis=terms.spin_axis), symprec=order.symprec)
