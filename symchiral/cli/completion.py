"""Tab completion of the shell, by argcomplete: commands, options, words, names and files.

The shell runs the program at every press of the key, so nothing heavy is loaded here: not numpy,
and of the commands only the one that stands in the line.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable, Sequence

from symchiral.disk import is_file
from symchiral.reading.shipped import find_structure, force_data_names, structure_names

_STRUCTURES = frozenset({"file", "inputs"})
"""Arguments that a packaged crystal may be given for, by their destination."""

_BESIDE = frozenset({*_STRUCTURES, "couplings", "data", "frequencies", "measurement"})
"""Arguments that a file beside packaged force data may be given for."""

_PLACES = re.compile(r"FILE|FOLDER|CATALOG|DATA|DOCUMENT|INPUT")
"""What the metavar of an argument that takes a path holds."""


def line_words(environment: dict[str, str]) -> list[str]:
    """Return the words of the command line that are finished, without the name of the program."""
    line = environment.get("COMP_LINE", "")[: int(environment.get("COMP_POINT", "0"))]
    start = int(environment.get("_ARGCOMPLETE", "1"))
    # Whether a word is quoted is of no importance for the command, which is the first.
    return re.findall(r"\S+(?=\s)", line)[start:]


def complete(
    build: Callable[[Iterable[str]], argparse.ArgumentParser], commands: Sequence[str]
) -> None:
    """Answer the shell and end the process, without a word where argcomplete is not installed.

    Parameters
    ----------
    build : callable
        Makes the parser of some commands.
    commands : sequence of str
        The names of all.
    """
    try:
        from argcomplete.completers import FilesCompleter
        from argcomplete.finders import CompletionFinder
    except ImportError:
        os._exit(1)
    words = line_words(dict(os.environ))
    named = [words[0]] if words and words[0] in commands else commands
    files = FilesCompleter()

    def values(prefix: str, action: argparse.Action, **_: object) -> list[str]:
        found = names(prefix, action)
        if _PLACES.search(str(action.metavar)):
            found += files(prefix)
        elif action.dest == "command":  # of which the schema is asked for
            found += commands
        return found

    # Options are offered once a hyphen is typed.
    CompletionFinder()(build(named), always_complete_options=False, default_completer=values)


def names(prefix: str, action: argparse.Action) -> list[str]:
    """Return the packaged names that an argument may have.

    A crystal is ``Bi2Se3``; once a slash is typed, ``Bi2Se3/`` is followed by the files beside its
    force data. ``--calculator`` knows one potential.
    """
    if action.dest == "calculator":
        return ["sevenn"]
    if action.dest not in _BESIDE:
        return []
    folder, slash, _ = prefix.rpartition("/")
    if not slash:
        forces = [f"{name}/" for name in force_data_names()]
        return [*(structure_names() if action.dest in _STRUCTURES else ()), *forces]
    if folder not in force_data_names():
        return []
    beside = find_structure(f"{folder}/phonopy.yaml").parent
    inside = sorted(path.name for path in beside.iterdir() if is_file(path))
    return [f"{folder}/{name.removesuffix('.xz')}" for name in inside if name != "README.md"]
