"""Every error symchiral raises on purpose, as one tree.

::

    SymchiralError                 exit code 1
    ├── InputError                 the input cannot be used
    │   ├── ReadError              no structure could be read (missing, empty, binary, …)
    │   ├── StructureError         what was read is not a crystal (no cell, NaN, overlap, …)
    │   │   └── DisorderError      a site is shared by elements or only partly occupied
    │   ├── GrammarError           a transfer, wavevector or axis is not written in the grammar
    │   └── WavevectorError        wavevectors that do not sum to a reciprocal lattice vector
    ├── SymmetryError              no space group, or one that contradicts the atoms
    │   └── AxisError              the axis asked for is not a symmetry axis
    ├── LabelError                 an unknown species, copy, component or structure name
    ├── CalculatorError            a calculator of forces is missing, fails, or cannot be trusted
    └── LimitError                 more work than the limit allows

Each carries *what* happened, *why*, and how to *fix* it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LONG = re.compile(r"(?P<quote>['\"])(?P<quoted>[^'\"]{101,})(?P=quote)|(?P<word>\S{251,})")

LONGEST = 1000
"""Characters of one part of an error; a list of names may be as long."""


def shown(text: str) -> str:
    r"""Return a text with control characters spelt, as they must not reach a terminal.

    Line ends and tabs stay; marks that reverse the direction of writing are spelt too.

    Examples
    --------
    >>> print(shown("\x1b[31mred\u202e"))
    \x1b[31mred\u202e
    """
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def told(text: str, *, longest: int = LONGEST) -> str:
    """Return a text as errors tell it: control characters spelt, of long inputs both ends.

    Parameters
    ----------
    longest : int
        Characters of the whole text beyond which only its ends are told.

    Examples
    --------
    >>> told(f"cannot read {'x' * 5000!r}")
    "cannot read 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxx'"
    """
    found = _LONG.sub(_ends, shown(text))
    return found if len(found) <= longest else f"{found[: longest - 62]} … {found[-59:]}"


def _ends(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        text, quote, first, last = match["quoted"], match["quote"], 60, 10
    else:
        text, quote, first, last = match["word"], "", 180, 60
    return f"{quote}{text[:first]} … {text[-last:]}{quote}"


class SymchiralError(Exception):
    """Base of all errors: what went wrong, why, and how to fix it.

    Parameters
    ----------
    what : str
        What cannot be done, naming the input it concerns.
    why : str
        The cause, in the terms of the input.
    fix : str
        What the user can do about it.

    Examples
    --------
    >>> print(SymchiralError("cannot read x.cif", why="the file is empty", fix="export it again"))
    cannot read x.cif: the file is empty. Export it again.
    """

    def __init__(self, what: str, *, why: str, fix: str) -> None:
        self.what = told(what)
        self.why = told(why)
        self.fix = told(fix)
        super().__init__(self.what, self.why, self.fix)

    def __str__(self) -> str:
        return (
            f"{self.what}: {_sentence(self.why)} {_sentence(self.fix[:1].upper() + self.fix[1:])}"
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions pickle by their positional args; ours are keyword-only.
        return (_rebuild, (type(self), self.what, self.why, self.fix))


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends like a sentence already."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _rebuild(kind: type[SymchiralError], what: str, why: str, fix: str) -> SymchiralError:
    return kind(what, why=why, fix=fix)


class InputError(SymchiralError):
    """What was handed in cannot be used."""


class ReadError(InputError):
    """No structure could be read: the file is missing, empty, binary or of an unknown format."""


class StructureError(InputError):
    """A structure was read but is not a crystal symchiral can work on."""


class DisorderError(StructureError):
    """A site is shared by several elements or only partly occupied."""


class GrammarError(InputError):
    """A transfer, leg, wavevector or axis is not written in the grammar."""


class WavevectorError(InputError):
    """Wavevectors do not sum to a reciprocal lattice vector."""


class SymmetryError(SymchiralError):
    """The space group cannot be found, or contradicts the atoms."""


class AxisError(SymmetryError):
    """The axis asked for is not a symmetry axis of the crystal."""


class LabelError(SymchiralError):
    """A species, copy, component or structure name is unknown."""


class CalculatorError(SymchiralError):
    """A calculator of forces is missing, fails, or answers what cannot be trusted."""


class LimitError(SymchiralError):
    """The request is larger than the limit set for it."""


def install(requirement: str) -> str:
    """Return how a missing library is installed, as a fix of an error.

    The library is named, not an extra of symchiral: the command is right wherever symchiral
    itself came from, a checkout, a wheel or a package index.

    Parameters
    ----------
    requirement : str
        As in the optional dependencies of ``pyproject.toml``.

    Examples
    --------
    >>> install("duckdb>=1.2")
    'install duckdb: pip install "duckdb>=1.2"'
    """
    return f'install {re.split("[<>=]", requirement)[0]}: pip install "{requirement}"'


MANY = 40
"""Lists of known words longer than this are not printed whole."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the known words and the one nearest to ``word``.

    Examples
    --------
    >>> nearest("Eh", ["Eg", "A1g"])
    'did you mean Eg? known: Eg, A1g'
    """
    names = list(known)
    close = difflib.get_close_matches(word, names, n=5, cutoff=0.4)
    start = f"did you mean {close[0]}? " if close else ""
    if len(names) > MANY:
        return start + (f"near it: {', '.join(close)}" if close else f"{len(names)} are known")
    return f"{start}known: {', '.join(names)}"
