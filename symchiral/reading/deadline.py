"""A limit on the processor time of a call into a parser that is not ours."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERVAL = 0.2
"""Seconds between two looks at the clock."""


class _Late(BaseException):
    """Sent into the thread that takes too long; no parser catches it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End the block with TimeoutError once it has taken so much processor time.

    The time is that of this thread, so a busy machine changes nothing; where the system does not
    tell it (macOS, Windows), the wall clock is read. Code in C is ended only when it returns to
    Python. The block should not start threads of its own.

    Parameters
    ----------
    seconds : float
        Processor time, s.

    Raises
    ------
    TimeoutError
        The block took longer.
    """
    thread = threading.get_ident()
    clock = _clock_of(thread)
    end = clock() + seconds
    over = threading.Event()
    lock = threading.Lock()
    late = False

    def watch() -> None:
        nonlocal late
        while not over.wait(INTERVAL):
            with lock:
                # Again and again: a parser may swallow it once.
                if not over.is_set() and clock() > end:
                    late = True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread), ctypes.py_object(_Late)
                    )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            yield
        finally:
            with lock:
                over.set()
        while late:  # what was sent has not arrived yet
            time.sleep(0.001)
    except _Late:
        with lock:
            over.set()
        raise TimeoutError(f"it took more than {seconds:.0f} s of processor time") from None
    finally:
        watcher.join()


def _clock_of(thread: int) -> Callable[[], float]:
    """Processor time of a thread, or the wall clock where it is not known."""
    of_thread = getattr(time, "pthread_getcpuclockid", None)
    if of_thread is None:
        return time.monotonic
    number = of_thread(thread)
    return lambda: time.clock_gettime(number)
