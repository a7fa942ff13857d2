"""The base of all answers, and how they become JSON and come back.

An answer is a frozen record: plain fields, with what they mean and their unit below them, no array
and no method but those that encode and decode. A key that a document need not have is ``UNSET``.
:class:`Answer` has what every document begins with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from symchiral.crystal.crystal import Notice
from symchiral.crystal.search import SymmetricCrystal
from symchiral.disk import files_read
from symchiral.display import Shown
from symchiral.errors import ReadError
from symchiral.version import __version__

Rational = Annotated[str, Meta(pattern=r"^-?(0|[1-9][0-9]*)(/[1-9][0-9]*)?$")]
"""A number in lowest terms as a string: ``0``, ``-1``, ``5/4``."""

Pam = Annotated[
    str,
    Meta(pattern=r"^-?(0|[1-9][0-9]*)(/[1-9][0-9]*)?$|^[-+*/0-9]*[uvw][-+*/0-9uvw]*$"),
]
"""l modulo n, balanced (−n/2 < l ≤ n/2), an exact rational; symbolic on a screw line, ``1+u`` with
u = q·c/2π."""

Xyz = Annotated[str, Meta(pattern=r"^[-+xyz0-9/]+,[-+xyz0-9/]+,[-+xyz0-9/]+$")]
"""A symmetry operation in Jones-faithful notation, ``-y,x-y,z+1/3``."""

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
RationalVector = tuple[Rational, Rational, Rational]
ReIm = tuple[float, float]
"""Real and imaginary part."""
FrequencyUnit = Literal["THz", "cm-1", "meV"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an answer."""


class File(Record, frozen=True, kw_only=True):
    """A file that was read."""

    path: str
    """Its name, as given or as it stands in its folder."""
    sha256: Sha256
    """Hash of the file as read, before decompression."""


class Input(Record, frozen=True, kw_only=True):
    """What was read."""

    path: str | None
    """Path or name as given, of an atlas the name of the group; null for a structure in memory."""
    sha256: Sha256 | None
    """Hash of the file as read, before decompression; null for a structure in memory."""
    files: tuple[File, ...]
    """Every file the answer rests on, this one included: forces, Born charges, couplings,
    frequencies, tensors, traces."""


class Tolerance(Record, frozen=True, kw_only=True):
    """Tolerances used."""

    symprec: Annotated[float, Meta(gt=0)]
    """Distance tolerance of the symmetry search. Unit: angstrom."""
    deviation: Annotated[float, Meta(ge=0)]
    """Largest distance by which an atom was moved to obey the group. Unit: angstrom."""


class Units(Record, frozen=True, kw_only=True):
    """Units of the numbers in this document."""

    length: Literal["angstrom"] = "angstrom"
    """Of cells, distances and tolerances."""
    angular_momentum: Literal["hbar"] = "hbar"
    """Of am and am_transfer."""
    phase: Literal["turn"] = "turn"
    """Of the phase of a witness."""


class Warned(Record, frozen=True, kw_only=True):
    """Something the user should know."""

    kind: str
    """What it is about: reading (something had to be assumed), looser-group (nearly a higher
    symmetry), moved-atoms (by more than 0.01 angstrom, to obey the group), stated-group (the file
    states another group, or several), stated-formula (it states other contents), stated-cell
    (another volume), average-sites (virtual elements), readers (how ASE reads the file),
    small-moments (taken as none), axis (a field takes the axis away), group-name (what else a
    name of a group means), group-setting (it names another setting). More may come."""
    text: str
    """A sentence."""


class Answer(Shown, Record, frozen=True, kw_only=True, tag_field="schema"):
    """What every document begins with; ``schema`` is its name and version.

    Adding a key keeps the number of the version; removing one or changing a meaning does not.
    """

    symchiral: str
    """Version of symchiral."""
    libraries: dict[str, str]
    """Versions of the libraries the answer stands on."""
    input: Input
    """What was read."""
    tolerance: Tolerance
    """Tolerances used."""
    units: Units
    """Units of the numbers in this document."""
    warnings: tuple[Warned, ...]
    """What the user should know about this answer."""

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain dictionaries and lists."""
        found: dict[str, Any] = json.loads(self.to_json())
        return found

    def to_json(self) -> str:
        """Return the document as JSON text.

        Raises
        ------
        ValueError
            A number is not finite: JSON has none such.
        """
        plain = msgspec.to_builtins(self, str_keys=True)
        return msgspec.json.format(json.dumps(plain, allow_nan=False), indent=1)

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows of the answer as flat dictionaries, for a data frame or CSV.

        Of a tuple all is one text, with spaces between, ``-`` for None. A record in it stands by
        its label or symbol; of one without, every part has the key ``record.part``. Lists of such
        records have no place in a row and are left out.
        """
        return [flat_record(row) for row in self._rows()[1]]

    row_types: ClassVar[tuple[type[Record], ...]] = ()
    """What the rows of ``to_records`` can be."""

    def columns(self) -> list[str]:
        """Return the names of the columns of ``to_records``, also where there is no row."""
        kind, rows = self._rows()
        if not rows:
            return list(kind.__struct_encode_fields__)
        return list(dict.fromkeys(name for row in rows for name in flat_record(row)))

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        """The records that are the rows of the answer, and their type."""
        return Record, ()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a document back.

        Raises
        ------
        ReadError
            It is no JSON, or no document of this kind.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ReadError(
                f"cannot read this as the answer {cls.__name__!r}",
                why=str(error),
                fix="give what symchiral printed with --json for the same command",
            ) from error


def beginning(
    crystal: SymmetricCrystal, notices: tuple[Notice, ...] = (), *, units: Units | None = None
) -> dict[str, Any]:
    """Return the fields every answer begins with.

    Parameters
    ----------
    notices : tuple of Notice
        Those that stand beside the ones of the crystal.
    units : Units, optional
        Where the document has more than the usual ones.
    """
    source = crystal.input.source
    given = Input(
        path=source.path,
        sha256=source.sha256,
        files=tuple(File(path=p, sha256=s) for p, s in files_read(source.all_files)),
    )
    return opening(
        given,
        (*crystal.warnings, *notices),
        symprec=crystal.symprec,
        deviation=crystal.deviation,
        units=units,
    )


def opening(
    given: Input,
    notices: Sequence[Notice],
    *,
    symprec: float,
    deviation: float = 0.0,
    units: Units | None = None,
) -> dict[str, Any]:
    """Return the fields every answer begins with, also where no crystal was read."""
    return {
        "symchiral": __version__,
        "libraries": libraries(),
        "input": given,
        "tolerance": Tolerance(symprec=symprec, deviation=round(deviation, 6) + 0.0),
        "units": Units() if units is None else units,
        "warnings": tuple(Warned(kind=n.kind, text=n.text) for n in notices),
    }


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that answers stand on."""
    return dict(_libraries())


@lru_cache(maxsize=1)
def _libraries() -> tuple[tuple[str, str], ...]:
    found = []
    for name in ("numpy", "spglib", "spgrep", "ase", "phonopy"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def tidy(array: object, digits: int = 12) -> Any:
    """Return nested tuples of numbers, rounded, without negative zeros.

    Examples
    --------
    >>> tidy(np.array([[1.0, -1e-17], [0.25, 3.0]]))
    ((1.0, 0.0), (0.25, 3.0))
    """
    return _tuples((np.round(np.array(array, dtype=float), digits) + 0.0).tolist())


def tidy_complex(array: npt.ArrayLike, digits: int = 12) -> Any:
    """Return nested tuples of (real part, imaginary part), rounded as by :func:`tidy`."""
    values = np.asarray(array, dtype=complex)
    return tidy(np.stack([values.real, values.imag], axis=-1), digits)


def _tuples(values: Any) -> Any:
    return tuple(map(_tuples, values)) if isinstance(values, list) else values


def number(value: float | None, digits: int = 9) -> float | None:
    """Return a number rounded to significant digits; None for what does not exist.

    Examples
    --------
    >>> number(1 / 3, 3), number(float("nan")), number(None)
    (0.333, None, None)
    """
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.{digits}g}") + 0.0


def plain(record: Record) -> dict[str, Any]:
    """Return a record as plain dictionaries, lists and numbers."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found


def flat_record(record: Record) -> dict[str, Any]:
    """Return a record as one row of a table: texts, numbers, and None.

    See :meth:`Answer.to_records`.
    """
    found: dict[str, Any] = {}
    keys = zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True)
    for name, key in keys:
        value = getattr(record, name)
        if isinstance(value, Record) and _word(value) is None:
            found |= {f"{key}.{part}": x for part, x in flat_record(value).items()}
        elif isinstance(value, dict):
            found |= {f"{key}.{part}": x for part, x in value.items()}
        elif isinstance(value, tuple):
            words = ["-" if x is None else _word(x) for x in value]
            if None not in words:
                found[key] = " ".join(str(x) for x in words)
        elif value is not msgspec.UNSET:
            found[key] = _word(value)
    return found


def _word(value: object) -> object:
    """A word or a number as it is; of a record its label or symbol; None of other things."""
    if isinstance(value, Record):
        return getattr(value, "label", None) or getattr(value, "symbol", None)
    return None if isinstance(value, tuple) else value
