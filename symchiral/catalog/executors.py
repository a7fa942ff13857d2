"""Executors on other machines, by name: ``dask:ADDRESS``. This is the door to Dask."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from symchiral.errors import GrammarError, InputError, install

SECONDS = 20
"""What a scheduler may take to answer."""

RETRIES = 3
"""How often a task is given to another worker after one was lost."""


@dataclass(frozen=True)
class Workers:
    """Who runs tasks elsewhere, and how many at once.

    Attributes
    ----------
    executor : concurrent.futures.Executor
        Its tasks run in other processes.
    width : int
        Threads of all its workers.
    """

    executor: Any
    width: int


@contextlib.contextmanager
def opened(name: str) -> Iterator[Workers]:
    """Connect to what a name stands for, and leave it in the end.

    Parameters
    ----------
    name : str
        ``dask:tcp://host:8786``, the address of a scheduler of Dask; ``dask:scheduler.json``, the
        file that it writes with ``--scheduler-file``.

    Raises
    ------
    GrammarError
        It is no such name.
    InputError
        Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    kind, _, address = name.partition(":")
    if kind != "dask" or not address:
        raise GrammarError(
            f"no executor {name!r}",
            why="known is dask:ADDRESS, a scheduler of Dask",
            fix="write dask:tcp://HOST:8786, or dask:FILE with the file of --scheduler-file",
        )
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            f"no executor {name}",
            why="Dask is not installed",
            fix=f"{install('distributed>=2024.5')}, here and where its workers are",
        ) from error
    try:
        # A client that is half connected takes long to be given up: is anybody there?
        address = _address(address)
        there = urlsplit(address)
        socket.create_connection((there.hostname or "", there.port or 0), SECONDS).close()
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, LookupError) as error:  # TimeoutError is an OSError
        raise InputError(
            f"no scheduler of Dask at {address}",
            why=" ".join(str(error).split())[:300] or type(error).__name__,
            fix="start it (dask scheduler; dask worker ADDRESS), and check the address",
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise InputError(
                f"the scheduler of Dask at {address} has no workers",
                why="none has connected to it",
                fix=f"start some: dask worker {address}",
            )
        # Tasks are what they are of now, and not what was found for equal ones before.
        yield Workers(client.get_executor(pure=False, retries=RETRIES), threads)


def _address(given: str) -> str:
    """The address of a scheduler, read from the file that it writes where that is given."""
    if given.endswith(".json"):
        return str(json.loads(Path(given).read_bytes())["address"])
    return given if "://" in given else f"tcp://{given}"
