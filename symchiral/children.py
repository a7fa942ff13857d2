"""Child processes that work for this one: a Python with this package, and one thread for algebra.

A child is asked on its standard input and answers on its standard output. :func:`start_child`
starts it, :func:`answers_to_parent` is its first line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Several processes with several threads each would wait for one another."""


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
