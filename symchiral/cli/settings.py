"""``symchiral settings``: defaults of the command line, and the file that sets them."""

from __future__ import annotations

import argparse

from symchiral.cli.printing import write, write_table
from symchiral.cli.usersettings import CACHE, KEYS, load
from symchiral.disk import SETTINGS

SUMMARY = "print your settings, and the file they are in"
EXAMPLES = (
    "settings",
    "settings --path",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--path", action="store_true", help="print the path of the file alone")


def run(options: argparse.Namespace) -> None:
    """Print every setting with its value and where that comes from."""
    import os

    from symchiral.table import Table

    settings = load()
    if options.path:
        write(str(settings.path or ""))
        return
    rows = []
    for key, about in KEYS.items():
        value, origin = about.fallback, "default"
        if key in settings.values:
            value, origin = str(settings.values[key]) or "none", "file"
        if key == "cache" and CACHE in os.environ:
            value, origin = os.environ[CACHE] or "none", CACHE
        rows.append((key, value, origin, about.option, about.meaning))
    write_table(Table(("setting", "value", "from", "instead", "what"), tuple(rows)))
    write("")
    if settings.path is None:
        write(f"There is no file of settings: {SETTINGS} is empty, or the home is not known.")
    elif settings.path.exists():
        write(f"read from {settings.path}")
    else:
        write(f'To set them, write lines such as unit = "cm-1" to {settings.path}')
