"""Times and sizes in options, and the limits of one crystal of many."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from symchiral.defaults import CRYSTAL_MEMORY, CRYSTAL_SECONDS

SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
TIMES = {"": 1, "s": 1, "min": 60, "h": 3600}


def add_limits(parser: argparse._ActionsContainer) -> None:
    """Declare limits of time and memory; what is not given is None."""
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="300s",
        help=f"time that one crystal may take (default: {CRYSTAL_SECONDS:g}s)",
    )
    parser.add_argument(
        "--memory",
        type=size,
        metavar="4GB",
        help=f"memory that one crystal may take (default: {CRYSTAL_MEMORY / 1e9:g}GB)",
    )


def limits_of(options: argparse.Namespace) -> tuple[float, float]:
    """Return seconds and bytes."""
    timeout = CRYSTAL_SECONDS if options.timeout is None else options.timeout
    memory = CRYSTAL_MEMORY if options.memory is None else options.memory
    return timeout, memory


def seconds(text: str) -> float:
    """Read a time, ``300s``, ``5min``; seconds without a unit."""
    return _quantity(text, TIMES, "a time such as 300s or 5min")


def picoseconds(text: str) -> float:
    """Read a time of a motion, ``500fs``, ``2ps``; picoseconds without a unit."""
    return _quantity(text, {"": 1, "ps": 1, "fs": 1e-3}, "a time such as 2ps")


def size(text: str) -> float:
    """Read a size, ``4GB``; bytes without a unit."""
    return _quantity(text, SIZES, "a size such as 4GB")


def _quantity(text: str, units: Mapping[str, float], what: str) -> float:
    for unit, factor in sorted(units.items(), key=lambda item: -len(item[0])):
        if text.endswith(unit):
            try:
                value = float(text.removesuffix(unit)) * factor
            except ValueError:
                break
            if 0 < value < float("inf"):
                return value
    raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
