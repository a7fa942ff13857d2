"""A folder that looks like the checkout to a command, and keeps what the command writes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def sandbox(folder: Path) -> Path:
    """Link the folders that documented commands read into another folder; return that."""
    for name in ("docs", "structures", "tests"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    return folder
