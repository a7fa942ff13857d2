r"""Plain data: one reader of JSON, one of YAML, one of a number in either.

Couplings, linewidths, frequencies, Raman tensors, fitted rows and phonopy files all arrive as JSON
or YAML. Both are read here into mappings, lists, text, numbers, booleans and None, and nothing
else: no tag is ever run, nothing is a date, ``010`` is ten, ``1e-3`` is a number in YAML too (the
core schema of YAML 1.2), and a key given twice is an error, as only one of its values could be
used. A number is a finite number: text that looks like one, ``true`` and NaN are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from symchiral.errors import ReadError
from symchiral.value import Complex, Floats

LARGEST = 1e60
"""Numbers beyond this are refused: no quantity in our units is, and squares of squares overflow."""

_RATIONAL = re.compile(
    r"[+-]?([0-9]{1,30}/[0-9]{1,30}|([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?)"
)

EXPANDED = 1_000_000
"""YAML whose aliases stand for more values than this, and than the text has bytes, is refused."""


DEPTH = 500
"""What is nested more deeply is refused: parsers descend on the stack of the process."""


def parse_json(data: bytes | str, *, name: str) -> Any:
    """Return the contents of a JSON text.

    Raises
    ------
    ReadError
        It is not complete JSON, names a key twice, or is nested too deeply.

    Examples
    --------
    >>> parse_json('{"a": [1, 2.5, null]}', name="x.json")
    {'a': [1, 2.5, None]}
    """
    try:
        if _depth(data) > DEPTH:
            raise RecursionError
        return json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, "JSON", error) from error


def parse_yaml(data: bytes | str, *, name: str) -> Any:
    """Return the contents of a YAML text, read by the core schema of YAML 1.2.

    Raises
    ------
    ReadError
        It is not complete YAML, has tags, names a key twice, is nested too deeply, or its aliases
        stand for more values than can be held.

    Examples
    --------
    >>> parse_yaml("{a: 1e-3, b: 010, c: no}", name="x.yaml")
    {'a': 0.001, 'b': 10, 'c': 'no'}
    """
    import yaml

    try:
        if _depth(data) > DEPTH or _deep_block(data):
            raise RecursionError
        parsed = yaml.load(data, Loader=_loader())
        aliases = b"*" in data if isinstance(data, bytes) else "*" in data
        if aliases:
            _require_modest(parsed, max(EXPANDED, len(data)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _damaged(name, "YAML", error) from error
    return parsed


def number(value: Any, what: str) -> float:
    """Return a finite number.

    Raises
    ------
    ValueError
        It is something else: text, true or false, NaN, infinite, or a list.

    Examples
    --------
    >>> number(3, "the frequency")
    3.0
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = np.inf
        if abs(found) <= LARGEST:
            return found
        if np.isfinite(found):
            raise ValueError(f"{what} is {_shown(value)}, larger than {LARGEST:g}")
    raise ValueError(f"{what} is {_shown(value)}, not a finite number")


def rational(text: str) -> Fraction:
    """Return a number written as a decimal or as a quotient of whole numbers, exactly.

    Raises
    ------
    ValueError
        It is something else, or of more digits than a number of a crystal has: a power of ten
        of nine digits alone would take minutes.

    Examples
    --------
    >>> rational("-1/3"), rational("2.5e-1")
    (Fraction(-1, 3), Fraction(1, 4))
    """
    if not _RATIONAL.fullmatch(text):
        raise ValueError(f"{_shown(text)} is neither a decimal number nor a quotient of whole ones")
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(f"{_shown(text)} divides by zero") from error


def array(value: Any, ndim: int, what: str) -> Floats:
    """Return nested lists of finite numbers as an array of ``ndim`` dimensions.

    Raises
    ------
    ValueError
        They are nested otherwise, of unequal lengths, or hold something that is not a number.

    Examples
    --------
    >>> array([[1, 2], [3, 4]], 2, "the tensor").shape
    (2, 2)
    """
    return np.asarray(_nested(value, ndim, what, number), dtype=float)


def complex_array(value: Any, ndim: int, what: str) -> Complex:
    """Return nested lists of finite numbers, or of pairs [re, im], as an array.

    Raises
    ------
    ValueError
        As for :func:`array`.

    Examples
    --------
    >>> complex_array([1, [0, 2]], 1, "the values").tolist()
    [(1+0j), 2j]
    """
    return np.asarray(_nested(value, ndim, what, _pair), dtype=complex)


def _nested(value: Any, ndim: int, what: str, read: Callable[[Any, str], Any]) -> np.ndarray:
    found = np.array(_numbers(value, ndim, what, read))
    if found.ndim != ndim:
        raise ValueError(f"{what} has lists of unequal lengths, or empty ones")
    return found


def _pair(value: Any, what: str) -> complex:
    if isinstance(value, list) and len(value) == 2:
        return complex(number(value[0], what), number(value[1], what))
    return complex(number(value, what))


def _numbers(value: Any, depth: int, what: str, read: Callable[[Any, str], Any]) -> Any:
    if depth == 0:
        return read(value, what)
    if not isinstance(value, list):
        raise ValueError(f"{what} is {_shown(value)} where a list of numbers should be")
    rows = [_numbers(part, depth - 1, what, read) for part in value]
    if depth > 1 and len({len(row) for row in rows}) > 1:
        raise ValueError(f"{what} has lists of unequal lengths")
    return rows


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | None) else "something else"
    return text if len(text) <= 40 else f"{text[:37]}…"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {_shown(twice)} is given twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _depth(data: bytes | str) -> int:
    """How deeply brackets are open at most, those in strings counted too."""
    raw = np.frombuffer(data if isinstance(data, bytes) else data.encode(), dtype=np.uint8)
    brackets = raw[np.isin(raw, (0x5B, 0x7B, 0x5D, 0x7D))]
    steps = np.where(np.isin(brackets, (0x5B, 0x7B)), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _deep_block(data: bytes | str) -> bool:
    """Whether a line of YAML is indented, by blanks or dashes, as deep nesting would be."""
    raw = data if isinstance(data, bytes) else data.encode(errors="replace")
    return re.search(rb"(?m)^[ \-?:]{%d}" % (2 * DEPTH), raw) is not None


def _require_modest(parsed: Any, limit: int) -> None:
    """Count what aliases stand for: each list and mapping once, by identity, then add up."""
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        found = sizes.get(id(value))
        if found is None:
            sizes[id(value)] = limit + 1  # what contains itself has no size
            parts = value.values() if isinstance(value, dict) else value
            found = sizes[id(value)] = 1 + sum(size(part) for part in parts)
        return found

    if size(parsed) > limit:
        raise ValueError(f"its aliases stand for more than {limit:,} values")


def _damaged(name: str, kind: str, error: Exception) -> ReadError:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, RecursionError):
        why = "it is nested too deeply"
    elif mark is not None:
        why = f"{getattr(error, 'problem', None) or type(error).__name__} in line {mark.line + 1}"
    else:
        why = str(error).replace("\n", " ")[:200]
    return ReadError(
        f"cannot read {name}",
        why=f"it is not a complete {kind} of plain values: {why}",
        fix="write it again with the program it comes from; tags that would run code are refused"
        if kind == "YAML"
        else "write it again with the program it comes from",
    )


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A loader of plain values by the core schema of YAML 1.2, in C where libyaml is there."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: Mapping[str, Any] = {}
        yaml_constructors: Mapping[str, Any] = {}

        def construct_mapping(self, node: Any, **options: Any) -> dict[Any, Any]:
            found = dict(yaml.constructor.BaseConstructor.construct_mapping(self, node, **options))
            if len(found) < len(node.value):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is given twice", node.start_mark
                )
            return found

    def tag(kind: str) -> str:
        return f"tag:yaml.org,2002:{kind}"

    def integer(loader: Any, node: Any) -> int:
        return int(loader.construct_scalar(node))

    def real(loader: Any, node: Any) -> float:
        return float(loader.construct_scalar(node).replace(".inf", "inf").replace(".nan", "nan"))

    for kind, pattern, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?[0-9]+", list("-+0123456789")),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
            list("-+0123456789."),
        ),
    ):
        Loader.add_implicit_resolver(tag(kind), re.compile(rf"(?:{pattern})\Z"), first)
    safe = yaml.constructor.SafeConstructor
    for kind, make in (
        ("null", lambda loader, node: None),
        ("bool", lambda loader, node: loader.construct_scalar(node).lower() == "true"),
        ("int", integer),
        ("float", real),
        ("str", safe.construct_yaml_str),
        ("seq", safe.construct_yaml_seq),
        ("map", safe.construct_yaml_map),
    ):
        Loader.add_constructor(tag(kind), make)
    Loader.add_constructor(None, safe.construct_undefined)
    return Loader
