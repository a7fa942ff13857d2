"""What all tests share."""

from __future__ import annotations

import os


def pytest_configure() -> None:
    """Forget the width that workers of pytest-xdist inherit: output is cut on terminals only."""
    os.environ.pop("COLUMNS", None)
