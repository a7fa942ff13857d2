"""Linewidths and frequencies of modes, as one number or as a file."""

from __future__ import annotations

import re
from pathlib import Path

from symchiral.disk import is_file, user_path
from symchiral.errors import GrammarError, InputError, ReadError
from symchiral.fields.pump import frequency
from symchiral.plain import number, parse_json
from symchiral.reading.files import load
from symchiral.reading.jsonfile import missing_or_wrong
from symchiral.reading.shipped import find_beside
from symchiral.units import FASTEST, NUMBER, SLOWEST, in_thz

_NAMED = re.compile(rf"\s*(?P<mode>[A-Za-zΓ][^\s,]*)\s+(?P<width>{NUMBER}\s?[A-Za-z][^\s,]*)\s*")
"""A mode and its linewidth."""


def read_linewidths(text: str, *, zero: bool = False) -> float | dict[str, float]:
    """Read a total linewidth, ``0.1THz``, or one per mode; returns THz.

    Those of modes are written as ``Eu#1 0.05THz, Eg#2 0.08THz``, or in a JSON file,
    ``{"frequency_unit": "THz", "linewidths": {"Eu#1": 0.05, "Eg#2": 0.08}}``. With ``zero`` a
    linewidth may also be zero.

    Examples
    --------
    >>> read_linewidths("0.1THz")
    0.1
    >>> read_linewidths("Eu#1 0.05THz, Eg#2 0.08THz")
    {'Eu#1': 0.05, 'Eg#2': 0.08}

    Raises
    ------
    GrammarError
        It is neither a frequency nor a file.
    ReadError
        The file is not as above.
    """
    path = user_path(text)
    if not is_file(path):
        if any(map(_NAMED.fullmatch, text.split(","))):
            return _named(text, zero=zero)
        width = frequency(text)
        if width < 0 or not (width or zero):
            raise GrammarError(
                f"no linewidth {text!r}", why="it is not positive", fix="give one as in 0.1THz"
            )
        return width
    found = _per_mode(path, "linewidths", text)
    for mode, width in found.items():
        if not 0 <= width <= FASTEST or not (width or zero):
            raise _unfit(text, f"the linewidth of {mode} is not positive, up to {FASTEST:g} THz")
    return found


def _named(text: str, *, zero: bool) -> dict[str, float]:
    """Linewidths by mode, from words."""
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _NAMED.fullmatch(part)
        if match is None or match["mode"] in found:
            raise GrammarError(
                f"cannot read the linewidths {text!r}",
                why=f"{part.strip()!r} is not a mode and its linewidth"
                if match is None
                else f"{match['mode']} is given twice",
                fix="write them as in Eu#1 0.05THz, Eg#2 0.08THz",
            )
        width = read_linewidths(match["width"], zero=zero)
        assert isinstance(width, float)
        found[match["mode"]] = width
    return found


def read_frequencies(text: str) -> dict[str, float]:
    """Read frequencies of modes, by name, from a JSON file; returns THz.

    The file is ``{"frequency_unit": "THz", "frequencies": {"Eu#1": 2.05, "Eg#2": 4.05}}``; other
    keys, such as a source, are for people.

    Raises
    ------
    ReadError
        There is no such file, or it is not as above.
    """
    given = user_path(text)
    path = given if is_file(given) else find_beside(text)
    if path is None:
        raise ReadError(
            f"cannot read the frequencies in {text}",
            why="there is no such file",
            fix='check the path, or write {"frequency_unit": "THz", "frequencies": {"Eu#1": 2.05}} '
            "to a file",
        )
    found = _per_mode(path, "frequencies", text)
    for mode, value in found.items():
        if not SLOWEST <= value <= FASTEST:
            why = f"the frequency of {mode} is not positive, from {SLOWEST:g} to {FASTEST:g} THz"
            raise _unfit(text, why)
    return found


def _unfit(name: str, why: str) -> ReadError:
    return ReadError(f"cannot read {name}", why=why, fix="give all in the unit the file states")


def _per_mode(path: Path, key: str, name: str) -> dict[str, float]:
    """A number in THz for every mode that a file names."""
    data = parse_json(load(path, name=name), name=name)
    try:
        factor = in_thz(data["frequency_unit"])
        found = {mode: number(value, mode) * factor for mode, value in data[key].items()}
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise ReadError(
            f"cannot read the {key} in {name}",
            why=missing_or_wrong(error),
            fix=f'write {{"frequency_unit": "THz", "{key}": {{"Eu#1": 0.05}}}}',
        ) from error
    return found
