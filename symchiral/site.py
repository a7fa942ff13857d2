"""Site: a catalog as pages that can be published, an index and one page per crystal.

:func:`publish` writes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import queue
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symchiral.answers.record import FrequencyUnit
from symchiral.answers.site import Site, site
from symchiral.catalog.collection import Catalog
from symchiral.catalog.crystals import crystal_of
from symchiral.children import answers_to_parent, start_child
from symchiral.defaults import REPORT_POINTS
from symchiral.disk import is_file, place, recording, user_path, write_text
from symchiral.errors import InputError, SymchiralError
from symchiral.page.site import COLUMNS, KIND, index_html
from symchiral.reading.many import Entry, entries, entry_hash
from symchiral.version import __version__

if TYPE_CHECKING:
    from symchiral.study import Study

FOLDER = "crystals"
"""Where the pages are, beside the index."""


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
    spin_axis : tuple of float or None
        Direction of moments that are given without one.
    unit : str
        Of frequencies.
    points : int
        Wavevectors on the path of the bands.
    """

    entry: Entry
    page: str
    symprec: float
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
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Site:
    """Write a catalog as a site: an index, and the page of every crystal in it.

    The index has search, filters and links; the pages are those of
    :meth:`~symchiral.Study.report`. Crystals are read again from where the catalog has them. A
    page that is there already, made of the same data by the same version, is kept.

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
        It is not a catalog, the condition is not understood, or the folder cannot be written to.
    """
    known = catalog if isinstance(catalog, Catalog) else Catalog(catalog)
    if jobs < 1:
        raise InputError(f"no {jobs} jobs", why="at least one process is needed", fix="give 1")
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
    orders = _orders(
        [row for row in read if pages[row["id"]] not in kept],
        {key: str(folder / name) for key, name in pages.items()},
        settings.get("spin_axis"),
        unit,
        points,
    )
    failed: dict[str, str] = {}
    total = max(1, len(read) - len(kept))
    for done, (key, why) in enumerate(_made(orders, jobs), 1):
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
    spin_axis: Sequence[float] | None,
    unit: FrequencyUnit,
    points: int,
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
            for entry in entries([source]):
                for row in wanted.pop(entry_hash(entry), ()):
                    yield Order(
                        entry,
                        pages[row["id"]],
                        row["symprec"],
                        None if spin_axis is None else tuple(spin_axis),
                        unit,
                        points,
                    )
                if not wanted:
                    break
        except SymchiralError as error:
            yield from ((row["id"], str(error)) for found in wanted.values() for row in found)


def _made(orders: Iterator[Order | tuple[str, str]], jobs: int) -> Iterator[tuple[str, str | None]]:
    """Make pages in processes of their own: the id of each, and why there is none.

    A page names the files that it was made of, and a process keeps account of all that it reads.
    """
    writers: queue.SimpleQueue[_Writer] = queue.SimpleQueue()
    for _ in range(jobs):
        writers.put(_Writer())

    def made(order: Order) -> str | None:
        writer = writers.get()
        try:
            return writer.make(order)
        finally:
            writers.put(writer)

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
            pool.shutdown(cancel_futures=True)
            for _ in range(jobs):
                writers.get().end()


class _Writer:
    """A process that makes one page after the other, and is replaced when it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def make(self, order: Order) -> str | None:
        """Return why a page cannot be made; None if it is there."""
        process = self._process or self._begin()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(order, process.stdin)
            process.stdin.flush()
            why: str | None = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return f"its process ended, with status {process.returncode}, before the page was made"
        return why

    def _begin(self) -> subprocess.Popen[bytes]:
        self._process = start_child("from symchiral.site import serve; serve()")
        return self._process

    def end(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                assert self._process.stdin is not None
                self._process.stdin.close()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


def serve() -> None:
    """Make the pages that the process at the other end of the standard streams asks for."""
    # What libraries print must not get between the answers.
    answers = answers_to_parent()
    with contextlib.suppress(EOFError):
        while True:
            pickle.dump(make_page(pickle.load(sys.stdin.buffer)), answers)
            answers.flush()


def make_page(order: Order) -> str | None:
    """Read a crystal and write its page; return why that cannot be done, None if it is."""
    try:
        with recording():
            study = _study(order)
            study.report(
                order.page,
                unit=order.unit,
                points=order.points,
                overwrite=True,
                index="../index.html",
            )
    except SymchiralError as error:
        return str(error)
    return None


def _study(order: Order) -> Study:
    """Read what an entry stands for, as it was screened."""
    from symchiral.study import read

    entry = order.entry
    if entry.problem is not None:
        raise entry.problem
    if entry.kind in ("forces", "file"):
        assert isinstance(entry.content, bytes)
        spin_axis = order.spin_axis if entry.kind == "file" else None
        path = os.fsdecode(entry.content)
        return read(path, symprec=order.symprec, spin_axis=spin_axis)
    return read(crystal_of(entry, spin_axis=order.spin_axis), symprec=order.symprec)
