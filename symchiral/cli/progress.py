"""How far a long computation has come, on a terminal."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def progress(options: argparse.Namespace, word: str) -> Any:
    """Return what shows the share done on a terminal, or nothing."""
    if options.quiet or not sys.stderr.isatty():
        return None

    def show(share: float) -> None:
        sys.stderr.write(f"\r{word} {share:4.0%}" + ("\r\x1b[K" if share >= 1 else ""))
        sys.stderr.flush()

    return show
