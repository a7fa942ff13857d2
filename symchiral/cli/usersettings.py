"""The user's settings: defaults of options of the command line, kept in one file.

:func:`symchiral.disk.settings_path` says where. Nothing but the command line reads it: what a call
in Python returns does not depend on it.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symchiral.cli.limits import size as amount
from symchiral.crystal.tolerance import distance_tolerance
from symchiral.disk import SETTINGS, note_read, read_regular, settings_path, shrink_caches
from symchiral.errors import InputError, nearest

LARGEST = 100_000
"""Bytes of the file."""

SIZES = ("single", "double")

UNITS = ("THz", "cm-1", "meV")


@dataclass(frozen=True)
class Key:
    """One thing that can be set.

    Attributes
    ----------
    meaning : str
        What it is.
    option : str
        The option that is used in its place.
    fallback : str
        What holds where nothing is set.
    read : callable
        Returns the value of a key of the file, or raises InputError.
    """

    meaning: str
    option: str
    fallback: str
    read: Callable[[Any], Any]


def _unit(value: Any) -> str:
    if not isinstance(value, str) or value not in UNITS:
        raise InputError("", why="it is not a unit of frequencies", fix=nearest(str(value), UNITS))
    return value


def _symprec(value: Any) -> float:
    if isinstance(value, bool):
        raise InputError("", why="it is not a number", fix="write for instance 1e-3")
    return distance_tolerance(value)


def _size(value: Any) -> str:
    if value not in SIZES:
        raise InputError("", why="it is not a width of figures", fix=nearest(str(value), SIZES))
    return str(value)


def _style(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError("", why="it is not a file or a name", fix='write it in quotes, ""')
    return value


def _folder(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError("", why="it is not the path of a folder", fix='write it in quotes, ""')
    return value


def _bytes(value: Any) -> str:
    try:
        amount(str(value))
    except argparse.ArgumentTypeError as error:
        raise InputError("", why="it is not a size", fix='write for instance "1GB"') from error
    return str(value)


KEYS = {
    "unit": Key("unit of frequencies", "--unit", "THz", _unit),
    "symprec": Key("distance tolerance of the symmetry search", "--symprec", "1e-3", _symprec),
    "size": Key("width of figures", "--size", "double", _size),
    "style": Key("style of figures: a file, or a name", "--style", "none", _style),
    "cache": Key(
        "folder of what is kept from run to run; empty for none", "SYMCHIRAL_CACHE",
        "~/.cache/symchiral", _folder,
    ),
    "cache_size": Key("largest size of it; what was used longest ago goes", "—", "none", _bytes),
}  # fmt: skip
"""What can be set."""

LOOKS = {"size", "style"}
"""What concerns figures alone."""

CACHE = "SYMCHIRAL_CACHE"


@dataclass(frozen=True)
class UserSettings:
    """What the file says.

    Attributes
    ----------
    path : Path or None
        Where it is, or would be; None where settings are turned off, or there is no home.
    values : dict
        By key.
    """

    path: Path | None
    values: dict[str, Any]

    def give(self, parser: argparse.ArgumentParser) -> None:
        """Make them the defaults of the options of a command."""
        known = {action.dest for action in parser._actions if action.option_strings}
        parser.set_defaults(**{key: x for key, x in self.values.items() if key in known})

    def used(self, parser: argparse.ArgumentParser, words: Sequence[str]) -> tuple[str, ...]:
        """Return the keys that stand for options which the words do not give.

        But for the looks of figures: no answer rests on them.
        """
        given = {word.partition("=")[0] for word in words}
        return tuple(
            action.dest
            for action in parser._actions
            if action.dest in self.values.keys() - LOOKS and given.isdisjoint(action.option_strings)
        )

    @contextmanager
    def in_effect(self, used: Sequence[str]) -> Iterator[None]:
        """Note the file as one that the answer rests on, if it does; take its cache and size."""
        if used and self.path is not None:
            note_read(self.path, name=os.fspath(self.path))
        own = "cache" in self.values and CACHE not in os.environ
        if own:
            os.environ[CACHE] = self.values["cache"]
        try:
            yield
        finally:
            if "cache_size" in self.values:
                shrink_caches(amount(self.values["cache_size"]))
            if own:
                os.environ.pop(CACHE, None)


def load() -> UserSettings:
    """Read the settings; without a file there are none.

    Raises
    ------
    InputError
        The file that ``SYMCHIRAL_SETTINGS`` names is missing, a file is not TOML, or a key or a
        value makes no sense.
    """
    path = settings_path()
    if path is None or not (path.exists() or os.environ.get(SETTINGS)):
        return UserSettings(path, {})
    try:
        found = tomllib.loads(read_regular(path, limit=LARGEST).decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot read the settings {path}",
            why=f"{why[:1].lower()}{why[1:]}",
            fix=f'write lines such as unit = "cm-1", or set {SETTINGS} to another file or to '
            "nothing",
        ) from error
    values = {}
    for key, value in found.items():
        if key not in KEYS:
            raise InputError(
                f"the settings {path}", why=f"no setting is called {key!r}", fix=nearest(key, KEYS)
            )
        try:
            values[key] = KEYS[key].read(value)
        except InputError as error:
            what = f"the settings {path}, {key} = {value!r}"
            raise InputError(what, why=error.why, fix=error.fix) from error
    return UserSettings(path, values)
