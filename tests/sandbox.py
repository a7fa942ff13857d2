"""A folder in which documented commands run, and which keeps what they write."""

from __future__ import annotations

from pathlib import Path

from symchiral.cli import main

ROOT = Path(__file__).resolve().parent.parent


def status_of(words: list[str]) -> int:
    """Run a command; return its exit status, also of one that ends the process (``--list``)."""
    try:
        return main(words)
    except SystemExit as stop:
        return int(stop.code or 0)


def sandbox(folder: Path) -> Path:
    """Link the crystal of the README's first command, which installs from a checkout.

    And the data of the tests, which a page on unusual files reads. All other examples are read by
    their packaged names, as they must be where only the wheel is.
    """
    (folder / "structures").mkdir(parents=True)
    (folder / "structures" / "Bi2Se3.cif").symlink_to(ROOT / "structures" / "Bi2Se3.cif")
    (folder / "tests" / "data").mkdir(parents=True)
    (folder / "tests" / "data" / "cases").symlink_to(ROOT / "tests" / "data" / "cases")
    return folder
