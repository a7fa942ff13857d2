"""What all tests share."""

from __future__ import annotations

import os


def pytest_configure() -> None:
    """Forget the width that workers of pytest-xdist inherit: output is cut on terminals only.

    Forget settings, too.
    """
    os.environ.pop("COLUMNS", None)
    # No test depends on the settings of who runs it.
    os.environ["SYMCHIRAL_SETTINGS"] = ""
