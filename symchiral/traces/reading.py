r"""Reading traces from a table of a laboratory.

A table has one row per delay. Its columns are found by name: the time is ``time``, ``delay`` or
``t``, with its unit (``time_ps``, ``delay (fs)``); the channels of the probe are ``Qx`` and ``Qy``
unless stated otherwise; a column ``pump`` with a polarisation per row parts the table into runs.
A CSV file may declare what else is known in comment lines before its header::

    # pump_frequency: 2.0 THz
    # probe: balanced, fold 3, S0 = 0, S45 = 45
    # time_zero: 0.12
    # exclude: -0.3, 0.6
    time_ps, pump, S0, S45

Keys are time_unit, time_zero, exclude (the pump window, which counts from time zero) and response
(all in the unit of the time), pump, pump_frequency, bandwidth, duration (with a unit) and probe
(``coordinates``, ``balanced`` with ``fold``, or ``analyser``, each channel with its angle in
degrees). What the caller states replaces what the file says, with a note; other lines are notes of
the laboratory. Where a table holds the field itself, as that of `simulate` does, the pump and the
time for which it is left out are read from it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from symchiral.disk import user_path
from symchiral.dynamics.detector import DetectorKind
from symchiral.errors import InputError, nearest
from symchiral.fields.pump import duration
from symchiral.plain import number
from symchiral.reading.tables import numbers, read_table
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.note import Note
from symchiral.traces.probe import Probe
from symchiral.traces.pump_columns import FIELD, drawn_pump, pairs
from symchiral.units import PER_PS, counted, delay_in_ps, in_thz, is_stage
from symchiral.value import Floats

_TIME = re.compile(
    r"(?:times?|delays?|t|stage|position|x value)"
    r"(?:(?: | ?[\[(] ?)(?P<unit>[a-zµμ]{1,20}) ?[\])]?)?",
    re.IGNORECASE,
)
_KEYS = (
    "time_unit",
    "time_zero",
    "exclude",
    "response",
    "pump",
    "pump_frequency",
    "bandwidth",
    "duration",
    "probe",
)


@dataclass(frozen=True)
class _Declared:
    """What the file says, under what the caller says, who is right where they differ."""

    name: str
    file: Mapping[str, str]
    overruled: dict[str, None] = field(default_factory=dict)

    def text(self, key: str, given: object | None) -> str | None:
        mine = self.file.get(key)
        if given is None:
            return mine
        if mine is not None and not _same(mine, str(given)):
            self.overruled[key] = None
        return str(given)

    def number(self, key: str, given: float | None) -> float | None:
        text = self.text(key, given)
        return None if text is None else numbers(text, 1, f"{key} of {self.name}")[0]

    def frequency(self, key: str, given: float | None) -> float | None:
        """In THz; the file writes the unit behind the number."""
        mine = self.file.get(key)
        if mine is None:
            return given
        words = mine.split()
        if len(words) != 2:
            raise InputError(
                f"{key} of {self.name} is {mine!r}",
                why="a frequency needs a number and a unit",
                fix="write it like 2.0 THz",
            )
        value = numbers(words[0], 1, f"{key} of {self.name}")[0] * in_thz(words[1])
        return self.chosen(key, value, given)

    def duration(self, given: float | None) -> float | None:
        """In ps; the file writes the unit behind the number."""
        mine = self.file.get("duration")
        return given if mine is None else self.chosen("duration", duration(mine), given)

    def chosen(self, key: str, mine: float, given: float | None) -> float:
        if given is None:
            return mine
        if abs(mine - given) > 1e-6 * abs(mine):
            self.overruled[key] = None
        return given

    @property
    def notes(self) -> list[Note]:
        """What of it was replaced, and what was not used."""
        found = []
        if self.overruled:
            found.append(Note("overruled", keys=tuple(self.overruled), file=self.name))
        if others := tuple(key for key in self.file if key not in _KEYS):
            found.append(Note("lines-not-used", keys=others, file=self.name))
        return found


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return re.sub(r"[\s()\[\]]", "", one).lower() == re.sub(r"[\s()\[\]]", "", other).lower()


def read_measurement(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | str | None = None,
    time: str | None = None,
    time_unit: str | None = None,
    probe: Probe | str | None = None,
    pump: PumpPulse | str | None = None,
    time_zero: float | None = None,
    exclude: tuple[float, float] | None = None,
    response: float | None = None,
    fold: int | None = None,
) -> Measurement:
    """Read measured traces from a table.

    Parameters
    ----------
    path : path
        A CSV file (commas, semicolons, tabs or blanks; gzip, bzip2 or xz), LabVIEW's .lvm, Igor's
        .itx, a Parquet file, arrays of numpy, MATLAB or HDF5, or the packaged
        ``Bi2Se3/traces.csv``.
    columns : str or sequence of str, optional
        Names of the columns in their order, ``-`` for one that is not used, where the file has
        none or others.
    time : str, optional
        Name of the column of delays, if it is not ``time``, ``delay`` or ``t``.
    time_unit : str, optional
        ``fs``, ``ps``, ``ns`` or ``s``, or ``mm`` or ``um`` of a delay stage, whose light goes
        there and back and whose place grows with the delay; of delays, time zero, pump window and
        response. Needed unless the file or the name of the column says it.
    probe : Probe or str, optional
        The geometry and the columns of its channels.
    pump : PumpPulse or str, optional
        The pump of all rows; of a word like ``s+`` only the polarisation is known.
    time_zero, exclude, response
        As in :meth:`Measurement.of`.
    fold : int, optional
        Order of the axis, for a balanced probe that does not say it.

    Raises
    ------
    InputError
        If a column is missing or not a number, a unit is not declared, or statements contradict.
    """
    if isinstance(pump, str):
        pump = PumpPulse.parse(pump)
    source = user_path(path)
    table, metadata = read_table(source, _names(columns))
    for key in metadata:
        # Lines of a laboratory are notes; one that is nearly a key is taken for a slip of the pen.
        meant = difflib.get_close_matches(key.lower(), _KEYS, n=1, cutoff=0.8)
        meant += [k for k in _KEYS if len(key) > 4 and k.startswith(key.lower())]
        meant += [k for k in _KEYS if key.lower() == f"pump_{k}"]
        if key not in _KEYS and meant:
            raise InputError(
                f"{source.name} declares {key!r}",
                why="that key is not known, and nearly one that is",
                fix=f"did you mean {meant[0]}? What is no key needs another name",
            )
    said = _Declared(source.name, metadata)
    clock, named_unit = _time_column(table, time, source.name)
    unit = said.text("time_unit", time_unit)
    if unit is not None and named_unit is not None and unit.lower() != named_unit.lower():
        raise InputError(
            f"{source.name} contradicts itself or the caller",
            why=f"the column {clock!r} is in {named_unit}, the declared unit is {unit}",
            fix="correct one of them",
        )
    unit = unit or named_unit
    if unit is None:
        raise InputError(
            f"the unit of {clock!r} in {source.name} is not declared",
            why="femtoseconds read as picoseconds give wrong frequencies",
            fix=f"name the column {clock}_fs or {clock}_ps, or declare the unit: --time-unit ps, "
            "or a line '# time_unit: ps' above the names of the columns",
        )
    if isinstance(probe, str):
        probe = read_probe(probe, fold=fold)
    told = read_probe(metadata["probe"], fold=fold) if "probe" in metadata else None
    if told is not None and probe is not None and told != probe:
        said.overruled["probe"] = None
    geometry = probe or told or Probe.coordinates()
    delays = _column(table, clock, source.name)
    if geometry.channels == Probe.coordinates().channels and "Qx" not in table and pairs(table):
        raise _which_mode(pairs(table), source.name)
    channels = {c: _column(table, c, source.name) for c in geometry.channels}
    for name, column in channels.items():
        if len(column) != len(delays):
            raise InputError(
                f"the columns of {source.name} do not belong together",
                why=f"{name!r} has {counted(len(column), 'row')}, {clock!r} has {len(delays)}",
                fix="save columns of equal length",
            )
    signals = np.column_stack(list(channels.values()))
    window = said.text("exclude", None if exclude is None else f"{exclude[0]}, {exclude[1]}")
    edges = None if window is None else numbers(window, 2, f"exclude of {source.name}")
    shone = None
    if set(FIELD) <= set(table) and said.text("pump", None) is None:
        field = np.column_stack([_column(table, c, source.name) for c in FIELD])
        scale = delay_in_ps(unit)
        shone = drawn_pump(delays * scale, field)
        if shone is not None and edges is None:
            # The field of the table is on its clock, the window counts from time zero.
            zero = said.number("time_zero", time_zero) or 0.0
            edges = [float(delays.min()) - zero, shone[1] / scale - zero]
    parts = [
        Measurement.of(
            delays[rows],
            signals[rows],
            time_unit=unit,
            pump=which,
            probe=geometry,
            time_zero=said.number("time_zero", time_zero),
            exclude=(edges[0], edges[1]) if edges else None,
            response=said.number("response", response) or 0.0,
        )
        for which, rows in _runs(table, said, _shone(pump, shone), len(delays))
    ]
    measured = Measurement.together(parts)
    notes = said.notes
    if shone is not None:
        notes.append(
            Note("pump-of-field", frequency=shone[0].frequency, keys=FIELD, file=source.name,
                 start=None if window is not None else shone[1])
        )  # fmt: skip
    return replace(measured, notes=(*notes, *measured.notes))


def _shone(stated: PumpPulse | None, shone: tuple[PumpPulse, float] | None) -> PumpPulse | None:
    """The pump: as it is stated, and what is left out as the field of the table says."""
    if shone is None or stated is None:
        return stated if shone is None else shone[0]
    own = {k: getattr(stated, k) or getattr(shone[0], k)
           for k in ("frequency", "bandwidth", "duration")}  # fmt: skip
    return replace(stated, **own)


def _which_mode(names: Sequence[str], file: str) -> InputError:
    """The error where a table holds the coordinates of several modes."""
    shown = ", ".join(names[:8])
    return InputError(
        f"{file} holds the coordinates of {shown}",
        why="a measurement is of one of them",
        fix=f'name the columns of one: --probe "coordinates, {names[-1]}_x, {names[-1]}_y"',
    )


def _names(columns: Sequence[str] | str | None) -> list[str] | None:
    """Names of columns as a list; they may be written in one text, parted by commas."""
    if columns is None:
        return None
    names = columns.split(",") if isinstance(columns, str) else columns
    return [name.strip() for name in names]


def _runs(
    columns: Mapping[str, list[str]], said: _Declared, pump: PumpPulse | None, count: int
) -> list[tuple[PumpPulse | None, npt.NDArray[np.bool_]]]:
    frequency = said.frequency("pump_frequency", pump.frequency if pump else None)
    bandwidth = said.frequency("bandwidth", pump.bandwidth if pump else None)
    length = said.duration(pump.duration if pump else None)
    word = said.file.get("pump")
    if word is not None and pump is not None and not _agree(PumpPulse.parse(word), pump):
        said.overruled["pump"] = None
        word = None
    name = next((c for c in columns if c.strip().lower() == "pump"), None)
    if name is None:
        if word is None and pump is None:
            if (frequency, bandwidth, length) != (None,) * 3:
                raise InputError(
                    f"the pump of {said.name} has a frequency but no polarisation",
                    why="pump_frequency, bandwidth and duration belong to a pump, and what it may "
                    "drive depends on its spin",
                    fix="add a line '# pump: σ+', a column pump, or --pump s+ (σ−: s-; linear at "
                    "30°: '30 deg')",
                )
            return [(None, np.ones(count, dtype=bool))]
        base = pump if pump is not None else PumpPulse.parse(str(word))
        if base.angle is None and word is not None:
            base = PumpPulse.parse(word)
        whole = replace(base, frequency=frequency, bandwidth=bandwidth, duration=length)
        return [(whole, np.ones(count, dtype=bool))]
    if word is not None or pump is not None:
        raise InputError(
            f"{said.name} names its pump twice",
            why=f"its column {name!r} gives the polarisation of every row",
            fix="leave the other statement out",
        )
    cells = np.array([cell.strip() for cell in columns[name]])
    return [
        (PumpPulse.parse(value, frequency, bandwidth, length), cells == value)
        for value in dict.fromkeys(cells.tolist())
    ]


def _agree(one: PumpPulse, other: PumpPulse) -> bool:
    """Whether two statements can be of one pump; an angle may be left open."""
    open_ = one.angle is None or other.angle is None
    return one.polarization == other.polarization and (open_ or one.angle == other.angle)


def _time_column(
    columns: Mapping[str, list[str]], name: str | None, file: str
) -> tuple[str, str | None]:
    """The column of delays and the unit in its name."""
    if name is not None:
        if name not in columns:
            raise _missing(name, columns, file)
        tail = re.search(r"[ _\[(](fs|ps|ns|s|mm|um|µm|μm)[\])]?$", name.strip(), re.IGNORECASE)
        return name, tail[1].lower() if tail else None
    found = [
        (column, match["unit"])
        for column in columns
        if (match := _TIME.fullmatch(" ".join(column.replace("_", " ").split())))
        and (match["unit"] is None or match["unit"].lower() in PER_PS or is_stage(match["unit"]))
    ]
    if len(found) != 1:
        raise InputError(
            f"{file} has {'no' if not found else 'more than one'} column of delays",
            why=f"its columns are {', '.join(columns)}",
            fix="name one of them time_fs or time_ps, or say which it is; lines that are fitted "
            "already go into a YAML or JSON file, with pump and components",
        )
    return found[0]


def _missing(name: str, columns: Mapping[str, list[str]], file: str) -> InputError:
    return InputError(
        f"{file} has no column {name!r}",
        why=f"its columns are {', '.join(columns)}",
        fix="state the probe and the names of its channels, as in --probe "
        '"balanced, S0 = 0, S45 = 45" or in a line of the table, \'# probe: balanced, S0 = 0, '
        "S45 = 45'; " + nearest(name, columns),
    )


def _column(columns: Mapping[str, list[str]], name: str, file: str) -> Floats:
    if name not in columns:
        raise _missing(name, columns, file)
    found = np.empty(len(columns[name]))
    for row, cell in enumerate(columns[name]):
        word = cell.strip()
        if word.lower() in ("", "nan", "na", "n/a", "null", "none", "-", "inf", "-inf"):
            found[row] = np.nan
            continue
        try:
            if "_" in word:  # Python would read 1_0 as ten
                raise ValueError(word)
            found[row] = number(float(word), "the cell")
        except ValueError as error:
            raise InputError(
                f"{file} is not a table of numbers",
                why=f"row {row + 1} of the column {name!r} holds {word[:40]!r}",
                fix="correct the cell, or leave it empty if nothing was measured",
            ) from error
    return found


def read_probe(text: str, *, fold: int | None = None) -> Probe:
    """Read a probe geometry, ``balanced, S0 = 0, S45 = 45``, ``analyser, Sx = 0, Sy = 90``.

    Parameters
    ----------
    fold : int, optional
        Order of the axis, where a balanced probe does not say it itself, ``balanced, fold 3, …``.

    Raises
    ------
    InputError
        It cannot be read, or the order of the axis decides and nobody says it.

    Examples
    --------
    >>> read_probe("analyser, Sx = 0, Sy = 90").channels
    ('Sx', 'Sy')
    >>> read_probe("balanced, S0 = 0, S45 = 45", fold=3).fold
    3
    """
    kind, angles, names, stated = probe_words(text)
    fold = fold if stated is None else stated
    match kind:
        case "coordinates" if len(names) in (0, 2) and not angles:
            return Probe.coordinates(*names)
        case "coordinates" if len(names) == 1 and not angles:
            return Probe((names[0],), np.eye(2)[:1], "any")
        case "analyser" | "analyzer" if angles and not names:
            return Probe.analyser(angles)
        case "balanced" if angles and not names:
            if fold is None:
                raise InputError(
                    f"the probe {text!r} is for no known axis",
                    why="how a balanced signal turns with a mode depends on the order of the axis, "
                    "and there is no axis that says it",
                    fix="write the order too: balanced, fold 3, S0 = 0, S45 = 45",
                )
            return Probe.balanced(angles, fold=fold)
    raise unreadable_probe(text)


def probe_words(text: str) -> tuple[str, dict[str, float], list[str], int | None]:
    """Return the kind, the angles by channel, channels without one, and the order of the axis.

    Examples
    --------
    >>> probe_words("balanced, fold 3, S0 = 0, S45 = 45")
    ('balanced', {'S0': 0.0, 'S45': 45.0}, [], 3)
    """
    kind, *rest = [part.strip() for part in text.split(",")]
    angles: dict[str, float] = {}
    names = []
    fold = None
    for part in rest:
        name, equals, angle = (x.strip() for x in part.partition("="))
        if match := re.fullmatch(r"fold ?[=:]? ?(\d{1,3})", " ".join(part.split())):
            fold = int(match[1])
        elif equals and name and angle:
            angle = re.sub(r" ?(?:°|deg|degrees)$", "", " ".join(angle.split()))
            angles[name] = numbers(angle, 1, "the angle of a probe")[0]
        else:
            names.append(part)
    return kind.lower(), angles, names, fold


def unreadable_probe(text: str) -> InputError:
    """Return the error for words that are no probe."""
    return InputError(
        f"the probe {text!r} is not understood",
        why="it must name its kind, then its channels",
        fix="write coordinates, Qx, Qy; or balanced, S0 = 0, S45 = 45; or analyser, Sx = 0, "
        "Sy = 90",
    )


def read_detector(text: str) -> tuple[DetectorKind, tuple[tuple[str, float], ...]]:
    """Read the geometry of a detector of a simulation: one whose channels have angles.

    Examples
    --------
    >>> read_detector("analyser, E = 90")
    ('analyser', (('E', 90.0),))

    Raises
    ------
    InputError
        It is none.
    """
    kind, angles, names, _ = probe_words(text)
    if names or not angles:
        raise unreadable_probe(text)
    if kind == "balanced":
        return "balanced", tuple(angles.items())
    if kind in ("analyser", "analyzer"):
        return "analyser", tuple(angles.items())
    raise unreadable_probe(text)
