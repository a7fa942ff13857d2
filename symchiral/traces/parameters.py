"""What a user states of the lines of a fit beforehand: starts, fixed values, bounds and ties.

::

    lines:
      - {frequency: 4.05, frequency_unit: THz, damping: 0.3}
      - {frequency: 1.15, frequency_unit: THz, fixed: frequency}
      - {frequency_unit: THz, between: {frequency: [1.9, 2.2], damping: [0.1, 1]}}
      - {frequency: 2.4, frequency_unit: THz, damping: as line 3}
      - {frequency: 2 x line 2}
    more: false

A frequency and a damping (decay rate of the amplitude in 1/ps, π times the full width at half
maximum in THz) alone say where the fit starts. ``fixed`` names what keeps its
value, ``between`` gives the lowest and the highest value, and ``as line N`` or ``2 x line N`` lets
a parameter follow that of another line. A frequency is needed unless it has bounds, within which
the strongest line is then taken; a damping may be left out. ``more: false``: no further line is
looked for. A document that ``validate --json`` has printed says where to start, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeGuard, get_args

import numpy as np

from symchiral.disk import user_path
from symchiral.errors import InputError, nearest
from symchiral.plain import parse_yaml
from symchiral.reading.files import decode
from symchiral.reading.tables import read_bytes
from symchiral.traces.constraints import FREE, Constraint, Constraints
from symchiral.traces.line import mapping, quantity, required
from symchiral.units import FASTEST, SLOWEST, in_thz

ParameterName = Literal["frequency", "damping"]
"""A parameter of a line."""

NAMES: tuple[ParameterName, ...] = get_args(ParameterName)

_TIE = re.compile(r"(?:as|([0-9]+(?:\.[0-9]+)?)\s*[x×*])\s+line\s+([0-9]{1,6})", re.I)
"""``as line 3``, ``2 x line 3``."""


@dataclass(frozen=True)
class StatedParameter:
    """What is stated of one parameter of a line.

    Attributes
    ----------
    start : float or None
        Where the fit starts, or the fixed value, THz or 1/ps.
    constraint : Constraint
        Where it may lie.
    line : int or None
        Which line it follows, from 0.
    factor : float
        Times what.
    """

    start: float | None = None
    constraint: Constraint = FREE
    line: int | None = None
    factor: float = 1.0


@dataclass(frozen=True)
class StatedLine:
    """What is stated of one line: of its frequency, THz, and of its damping, 1/ps."""

    frequency: StatedParameter
    damping: StatedParameter


@dataclass(frozen=True)
class Parameters:
    """What is stated of the lines of a fit.

    Attributes
    ----------
    lines : tuple of StatedLine
        The lines. What follows a parameter that follows another follows that one.
    more : bool
        Whether further lines are looked for.
    name : str
        Where this was stated.
    """

    lines: tuple[StatedLine, ...]
    more: bool = True
    name: str = "the parameters"

    @property
    def constraints(self) -> Constraints:
        """What is stated of ω and γ of each line, rad/ps and 1/ps."""
        each, leaders, factors = [], [], []
        for place, line in enumerate(self.lines):
            for k, (stated, unit) in enumerate(((line.frequency, 2 * np.pi), (line.damping, 1.0))):
                each.append(stated.constraint.scaled(unit))
                leaders.append(2 * (place if stated.line is None else stated.line) + k)
                factors.append(stated.factor)
        return Constraints(tuple(each), tuple(leaders), tuple(factors))

    @property
    def starts(self) -> tuple[tuple[float | None, float | None], ...]:
        """ω and γ at which the fit starts, rad/ps and 1/ps; None where that is not stated."""
        return tuple(
            (
                None if line.frequency.start is None else 2 * np.pi * line.frequency.start,
                line.damping.start,
            )
            for line in self.lines
        )

    def check(self, band: tuple[float, float], length: float) -> None:
        """Raise unless every line can be seen in a band, THz, of a record so long, ps."""
        for number, line in enumerate(self.lines, 1):
            low, high = (
                (line.frequency.start, line.frequency.start)
                if line.frequency.start is not None
                else (line.frequency.constraint.low, line.frequency.constraint.high)
            )
            where = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            if high < 1 / length:
                raise InputError(
                    f"line {number} of {self.name}, at {where} THz, is below one period of the "
                    "record",
                    why=f"the record of {length:.3g} ps resolves nothing below {1 / length:.3g} "
                    "THz",
                    fix="leave the line out, measure longer, or check the units",
                )
            if high < band[0] or low > band[1]:
                raise InputError(
                    f"line {number} of {self.name}, at {where} THz, is outside the band",
                    why=f"lines are fitted from {band[0]:.3g} to {band[1]:.3g} THz, which the "
                    "record, its steps and the band asked for allow",
                    fix="leave the line out, measure with finer steps, or check the units",
                )


Stated = Parameters | Mapping[str, Any] | str | os.PathLike[str]
"""What can be stated of lines: as an object, as a document, or as a file of one."""


def stated_parameters(stated: Stated) -> Parameters:
    """Return what is stated of lines, read where it is a document or a file."""
    if isinstance(stated, Parameters):
        return stated
    if isinstance(stated, str | os.PathLike):
        return read_parameters(stated)
    return parameters_of(stated)


def read_parameters(path: str | os.PathLike[str]) -> Parameters:
    """Read what a YAML or JSON file states of lines; see this module for its keys.

    Raises
    ------
    InputError
        If keys are missing, unknown or of the wrong kind, or contradict each other.
    """
    source = user_path(path)
    text = decode(read_bytes(source), name=source.name).text
    return parameters_of(parse_yaml(text, name=source.name), name=source.name)


def parameters_of(document: Any, *, name: str = "the parameters") -> Parameters:
    """Return what a document states of lines.

    Examples
    --------
    >>> found = parameters_of(
    ...     {
    ...         "frequency_unit": "THz",
    ...         "lines": [{"frequency": 1.15, "fixed": "frequency"}, {"frequency": "2 x line 1"}],
    ...     }
    ... )
    >>> [line.frequency.constraint for line in found.lines]
    [Constraint(low=1.15, high=1.15, tied=False), Constraint(low=2.3, high=2.3, tied=False)]
    """
    if isinstance(document, dict) and "components" in document and "lines" not in document:
        document = _of_an_answer(document, name)
    top = mapping(document, name, {"lines", "more", "frequency_unit"})
    rows, more = top.get("lines"), top.get("more", True)
    if not isinstance(rows, list) or not rows:
        raise InputError(
            f"{name} has no lines",
            why="a list of lines with their parameters is expected there",
            fix="write lines: [{frequency: 4.05, frequency_unit: THz, damping: 0.3}]",
        )
    if not isinstance(more, bool):
        raise InputError(
            f"{name} has more: {str(more)[:40]}",
            why="it says whether further lines are looked for",
            fix="write more: true or more: false",
        )
    found = []
    for place, entry in enumerate(rows, 1):
        where = f"line {place} of {name}"
        row = mapping(entry, where, {"frequency", "frequency_unit", "damping", "fixed", "between"})
        found.append(_line({"frequency_unit": top.get("frequency_unit"), **row}, where))
    return Parameters(_tied(found, name), more, name)


def _of_an_answer(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Where to start from the lines of an answer, those that are more than noise."""
    rows = document["components"]
    rows = [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []
    rows = [r for r in rows if r.get("significant", True)]
    if not rows:
        raise InputError(
            f"{name} holds no line that is more than noise",
            why="the fit starts from the lines of an answer",
            fix="write the lines yourself, lines: [{frequency: 4.05, frequency_unit: THz}]",
        )
    kept = ("frequency", "frequency_unit", "damping", "fixed")
    lines = [{key: r[key] for key in kept if r.get(key) is not None} for r in rows]
    for line in lines:
        # A fit may find a line that grows, within its errors; none is stated to.
        if _is_number(line.get("damping")) and line["damping"] < 0:
            line["damping"] = 0.0
    return {"lines": lines}


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(row: Mapping[str, Any], where: str) -> StatedLine:
    """What a row states, ties not yet followed."""
    fixed = row.get("fixed") or []
    fixed = [fixed] if isinstance(fixed, str) else fixed
    if not isinstance(fixed, list):
        fixed = [fixed]
    for word in fixed:
        if word not in NAMES:
            raise InputError(
                f"{where} has fixed: {str(word)[:40]}",
                why="a line has a frequency and a damping",
                fix=nearest(str(word)[:40], NAMES),
            )
    bounds = row.get("between")
    bounds = {} if bounds is None else mapping(bounds, f"between of {where}", set(NAMES))
    frequency, damping = (
        _parameter(row, name, where, fixed=name in fixed, bounds=bounds.get(name)) for name in NAMES
    )
    if frequency.start is None and frequency.line is None and bounds.get("frequency") is None:
        raise InputError(
            f"{where} has no frequency",
            why="it says where the fit starts",
            fix="add frequency, or between: {frequency: [low, high]}",
        )
    if frequency.line is not None and frequency.factor == 1:
        raise InputError(
            f"{where} has the frequency of line {frequency.line + 1}",
            why="two lines of one frequency cannot be told apart",
            fix="leave one of them out, or write a multiple, 2 x line "
            f"{frequency.line + 1}; a damping may be that of another line",
        )
    return StatedLine(frequency, damping)


def _parameter(
    row: Mapping[str, Any], name: ParameterName, where: str, *, fixed: bool, bounds: Any
) -> StatedParameter:
    """What a row states of one parameter."""
    value, of = row.get(name), f"{name} of {where}"
    if isinstance(value, str) and (tie := _TIE.fullmatch(value.strip())):
        if fixed or bounds is not None:
            raise InputError(
                f"the {of} is {value} and also {'fixed' if fixed else 'between bounds'}",
                why="a parameter that follows another has no value of its own",
                fix=f"fix or bound that of line {tie[2]}",
            )
        factor = float(tie[1]) if tie[1] else 1.0
        if factor == 0 or int(tie[2]) == 0:
            raise InputError(
                f"the {of} is {value}",
                why="lines are counted from 1, and a parameter is a positive multiple of another",
                fix=f"write as line 1, or {'2' if name == 'frequency' else '0.5'} x line 1",
            )
        return StatedParameter(line=int(tie[2]) - 1, factor=factor)
    if isinstance(value, str):
        raise InputError(
            f"the {of} is {value[:40]!r}",
            why="that is neither a number nor another line",
            fix="write a plain number, as line 1, or 2 x line 1",
        )
    if value is None and fixed:
        raise InputError(
            f"the {of} is fixed and has no value",
            why="what is fixed keeps the value that is given",
            fix=f"add {name}, or leave it out of fixed",
        )
    unit = 1.0
    if name == "frequency" and not (value is None and bounds is None):
        unit = in_thz(required(row, "frequency_unit", where))
    start = None if value is None else _allowed(quantity(value, of) * unit, name, of)
    if bounds is None:
        return StatedParameter(
            start, FREE if start is None or not fixed else Constraint(start, start)
        )
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise InputError(
            f"the bounds of the {of} are {str(bounds)[:40]}",
            why="the lowest and the highest value are expected there",
            fix=f"write between: {{{name}: [low, high]}}",
        )
    low, high = (_allowed(quantity(x, f"bound of the {of}") * unit, name, of) for x in bounds)
    if not low < high:
        raise InputError(
            f"the bounds of the {of} are {bounds[0]} and {bounds[1]}",
            why="the first is the lower one",
            fix="exchange them, or fix the parameter, fixed: " + name,
        )
    if start is not None and not low <= start <= high:
        raise InputError(
            f"the {of} is {value}, outside its bounds {bounds[0]} and {bounds[1]}",
            why="the fit cannot start there" if not fixed else "a fixed value must be allowed",
            fix="give a value between the bounds, or wider bounds",
        )
    return StatedParameter(
        start, Constraint(start, start) if fixed and start is not None else Constraint(low, high)
    )


def _allowed(value: float, name: ParameterName, of: str) -> float:
    if name == "frequency" and not SLOWEST <= value <= FASTEST:
        raise InputError(
            f"the {of} is {value:g} THz",
            why=f"frequencies of lattices lie between {SLOWEST:g} and {FASTEST:g} THz",
            fix="check the number and its unit",
        )
    if value < 0:
        raise InputError(
            f"the {of} is {value:g}/ps",
            why="a line whose amplitude falls has a positive damping",
            fix="give the rate at which its amplitude falls, 1/ps",
        )
    return value


def _tied(lines: list[StatedLine], name: str) -> tuple[StatedLine, ...]:
    """The lines, what follows a line that follows another following that one."""
    found = list(lines)
    for kind in NAMES:
        own: list[StatedParameter] = [getattr(line, kind) for line in lines]
        followed = set()
        for place, stated in enumerate(own):
            path, factor, at = [place], 1.0, stated
            while at.line is not None:
                if at.line >= len(lines):
                    raise InputError(
                        f"the {kind} of line {path[-1] + 1} of {name} is that of line "
                        f"{at.line + 1}",
                        why=f"there are {len(lines)} lines",
                        fix="name one of them; they are counted from 1",
                    )
                if at.line in path:
                    circle = " → ".join(str(i + 1) for i in (*path, at.line))
                    raise InputError(
                        f"the {kind} of line {place + 1} of {name} follows itself",
                        why=f"the lines {circle} follow each other",
                        fix=f"give one of them a {kind} of its own",
                    )
                factor *= at.factor
                path.append(at.line)
                at = own[at.line]
            if len(path) == 1:
                continue
            followed.add(path[-1])
            constraint = at.constraint.scaled(factor)
            start = None if at.start is None else factor * at.start
            found[place] = replace(
                found[place],
                **{
                    kind: StatedParameter(start, constraint)
                    if constraint.fixed
                    else StatedParameter(start, replace(constraint, tied=True), path[-1], factor)
                },
            )
        for place in followed:
            at = own[place]
            if not at.constraint.fixed:
                led = replace(at, constraint=replace(at.constraint, tied=True))
                found[place] = replace(found[place], **{kind: led})
    return tuple(found)
