"""Named wavevectors: the points, lines and planes of the tables, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from symchiral.algebra.exact import dot
from symchiral.crystal.operation import Vector
from symchiral.crystal.qpoint import PARAMETERS, ZERO, QPoint
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import GrammarError, InputError, LabelError, nearest
from symchiral.irreps.isoir import (
    IsoWavevector,
    iso_hall_number,
    iso_wavevectors,
    minus_k_partner,
)
from symchiral.units import counted

Affine = tuple[Fraction, Fraction, Fraction, Fraction]
"""A number c + s_u u + s_v v + s_w w, as (c, s_u, s_v, s_w)."""

ALIASES = {"Γ": "GM", "Gamma": "GM", "GAMMA": "GM", "G": "GM", "Λ": "LD", "Σ": "SM", "Δ": "DT"}

_NUMBER = r"(?:[0-9]{1,12}(?:/0*[1-9][0-9]{0,11})?|[0-9]{0,12}\.[0-9]{1,12})"
_TERM = rf"(?:{_NUMBER}(?:\*?[{PARAMETERS}])?|[{PARAMETERS}])"
_EXPRESSION = re.compile(rf"[+-]?{_TERM}(?:[+-]{_TERM})*")
_NAME = re.compile(r"(?P<minus>-?)(?P<name>[A-ZΓΔΛΣ][A-Za-z]*)(?P<prime>'?)(?P<rest>\(.*\))?")
_BRACKETS = re.compile(r"\[\s*([^\[\]]*?)\s*\]")
_FIX = "write a name (GM, K, LD(u), LD(1/7), -K) or three coordinates (1/3,1/3,0 or 0,0,u)"


@dataclass(frozen=True)
class NamedPoint:
    r"""A point, line, plane or volume of wavevectors with its CDML label.

    The tables give k in the conventional reciprocal basis; here, with C the centring matrix,

    .. math:: k_\mathrm{primitive} = k_\mathrm{conventional}\, C

    Attributes
    ----------
    label : str
        ``GM``, ``K``, ``KA``, ``LD``, …
    q : QPoint
        The wavevector in the primitive reciprocal basis, its constant part reduced. The free
        ones of the parameters α, β, γ of the tables are u, v, w in this order.
    kdim : int
        Number of free parameters: 0 for a point, 1 a line, 2 a plane, 3 the general position.
    conjugate : bool
        Whether it is the partner −k, not tabulated, of a tabulated k.
    """

    label: str
    q: QPoint
    kdim: int
    conjugate: bool

    def at(self, parameters: Iterable[Affine]) -> QPoint:
        """Return the wavevector at these values of its parameters.

        Examples
        --------
        >>> line = NamedPoint("LD", QPoint.of(0, 0, "u"), 1, False)
        >>> half_less = (Fraction(1, 2), Fraction(-1), Fraction(0), Fraction(0))
        >>> line.at([half_less])
        QPoint(0, 0, 1/2-u)
        """
        parts = [self.q.coordinates, ZERO, ZERO, ZERO]
        for direction, factors in zip(self.q.slopes, parameters, strict=False):
            parts = [_plus(part, direction, x) for part, x in zip(parts, factors, strict=True)]
        return QPoint(parts[0], (parts[1], parts[2], parts[3]))

    def written(self, parameters: Iterable[Affine]) -> str:
        """Return the name as one writes it: ``K``, ``LD(1/7)``, ``C(u,1/2-v)``."""
        texts = [_affine_text(x) for x in parameters]
        return f"{self.label}({','.join(texts)})" if texts else self.label


def _plus(a: Vector, b: Vector, factor: Fraction) -> Vector:
    x, y, z = (i + factor * j for i, j in zip(a, b, strict=True))
    return x, y, z


def _affine_text(number: Affine) -> str:
    c, u, v, w = ((x, Fraction(0), Fraction(0)) for x in number)
    return QPoint(c, (u, v, w)).texts[0]


# ------------------------------------------------------------------ the tables


def is_tabulated(group: SpaceGroup) -> bool:
    """Whether the group is in the setting of the tables.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> is_tabulated(space_group(458)), is_tabulated(space_group(459))
    (True, False)
    """
    return group.hall_number == iso_hall_number(group.number)


def named_points(group: SpaceGroup) -> tuple[NamedPoint, ...]:
    """Return every named wavevector of a space group: points, lines, planes, general position.

    Where −k is not in the star of k the tables hold one of the two; both are returned (K and KA).

    Raises
    ------
    InputError
        If the group is not in the setting of the tables.

    Notes
    -----
    Source: H. T. Stokes, B. J. Campbell, R. Cordes, Acta Cryst. A69, 388 (2013), iso.byu.edu.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> points = named_points(space_group(458))
    >>> [point.label for point in points]
    ['GM', 'F', 'L', 'T', 'LD', 'SM', 'Y', 'C', 'GP']
    >>> points[3].q, points[4].q
    (QPoint(1/2, 1/2, 1/2), QPoint(1/3u, 1/3u, 1/3u))
    """
    return tuple(point for point, _ in tabulated_points(group))


@lru_cache(maxsize=230)
def tabulated_points(group: SpaceGroup) -> tuple[tuple[NamedPoint, IsoWavevector], ...]:
    """Return the named points, each with its row of the tables.

    Raises
    ------
    InputError
        If the group is not in the setting of the tables.
    """
    if not is_tabulated(group):
        raise InputError(
            f"wavevectors of {group} with Hall number {group.hall_number} have no names",
            why=f"the tables hold another setting, Hall number {iso_hall_number(group.number)}",
            fix="find the symmetry from a structure, which brings it into that setting",
        )
    centring = [[Fraction(float(x)).limit_denominator(6) for x in c] for c in group.centring.T]

    def primitive(k: Vector) -> Vector:
        x, y, z = (dot(k, c) for c in centring)
        return x, y, z

    def named(iso: IsoWavevector, *, conjugate: bool) -> tuple[NamedPoint, IsoWavevector]:
        columns = [column for column in zip(*iso.directions, strict=True) if any(column)]
        slopes = [primitive(column) for column in columns] + [ZERO] * (3 - len(columns))
        q = QPoint(primitive(iso.constant), (slopes[0], slopes[1], slopes[2])).reduced
        return NamedPoint(iso.label, q, len(columns), conjugate), iso

    found = []
    for iso in iso_wavevectors(group.number):
        found.append(named(iso, conjugate=False))
        if iso.minus_k == "untabulated":
            found.append(named(minus_k_partner(iso), conjugate=True))
    return tuple(sorted(found, key=lambda pair: pair[0].kdim))


# ------------------------------------------------------------------ the grammar


def split_points(text: str | Sequence[str]) -> tuple[str, ...]:
    """Split a list of wavevectors, as ``--q`` takes it, into its words.

    Words are separated by blanks; coordinates and parameters by commas. A sequence of words is
    taken as it is.

    Raises
    ------
    GrammarError
        If there is no word, or it is no text.

    Examples
    --------
    >>> split_points("K K K"), split_points("0,0,1/4  0, 0, 1/2 LD( -u )")
    (('K', 'K', 'K'), ('0,0,1/4', '0,0,1/2', 'LD(-u)'))
    """
    given: object = text
    if not isinstance(text, str):
        if not isinstance(given, Sequence) or not all(isinstance(word, str) for word in given):
            raise GrammarError(
                f"cannot read the wavevectors {text!r}", why="they are not text", fix=_FIX
            )
        text = " ".join(text)
    compact = _BRACKETS.sub(lambda found: ",".join(re.split(r"[\s,]+", found[1])), text)
    compact = " ".join(compact.split())
    for inside, closed in ((" ,", ","), (" )", ")"), (", ", ","), ("( ", "(")):
        compact = compact.replace(inside, closed)
    words = compact.split()
    if not words:
        raise GrammarError("no wavevector is given", why="the text is empty", fix=_FIX)
    return tuple(words)


def find_point(group: SpaceGroup, text: str) -> QPoint:
    r"""Return the wavevector that a word of the grammar means.

    A name with its parameters, ``K``, ``LD(1/7)``, ``LD(-u)``; a line or plane without them has
    u, v. A minus before a name and a prime after it mean −q, so K' is KA where there is a KA and
    the arm −K of the star of K elsewhere. Or three coordinates in the primitive reciprocal basis,
    exact: ``1/3,1/3,0``, ``0,0,u``, ``(0,0,u)``.

    Raises
    ------
    LabelError
        If the group has no wavevector of that name.
    GrammarError
        If the word is neither a name nor three coordinates.
    InputError
        If a name is given and the group is not in the setting of the tables.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> bi2se3, group = space_group(458), space_group(483)
    >>> find_point(bi2se3, "T"), find_point(bi2se3, "LD(3u)"), find_point(bi2se3, "0,0,1/4")
    (QPoint(1/2, 1/2, 1/2), QPoint(u, u, u), QPoint(0, 0, 1/4))
    >>> find_point(group, "KA") == find_point(group, "K'") == find_point(group, "-K")
    True
    """
    word = text.strip().replace("−", "-").replace("′", "'").replace("’", "'")
    match = _NAME.fullmatch(word)
    if match is None:
        return _coordinates(word)
    known = {point.label: point for point in named_points(group)}
    name, rest = match["name"], match["rest"]
    if name == "G" and "G" in known and not rest:
        raise LabelError(
            "G is ambiguous",
            why=f"{group.symbol} ({group.number}) has a line or plane G beside the zone centre GM",
            fix="write GM, or G with its parameters as in G(u)",
        )
    point = known.get(name) or known.get(ALIASES.get(name, ""))
    if point is None:
        raise LabelError(
            f"{group.symbol} ({group.number}) has no wavevector {name}",
            why=nearest(name.upper(), known),
            fix=_FIX,
        )
    q = point.at(_parameters(point, rest, text))
    return (-q).reduced if bool(match["minus"]) != bool(match["prime"]) else q


def _parameters(point: NamedPoint, rest: str | None, text: str) -> list[Affine]:
    words = rest[1:-1].split(",") if rest else list(PARAMETERS[: point.kdim])
    if len(words) != point.kdim:
        raise GrammarError(
            f"{text.strip()!r} is not a wavevector",
            why=f"{point.label} has {point.kdim} free parameters, not {len(words)}",
            fix=f"write {point.written(_parameters(point, None, text))}",
        )
    return [_affine(word, text) for word in words]


def _coordinates(text: str) -> QPoint:
    inside = text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text
    words = inside.split(",") if "," in inside else inside.split()
    if len(words) != 3:
        raise GrammarError(
            f"{text!r} is not a wavevector",
            why=f"it is not a name and has {counted(len(words), 'coordinate')} instead of three",
            fix=_FIX,
        )
    parts = [_affine(word, text) for word in words]
    c, u, v, w = zip(*parts, strict=True)
    return QPoint(c, (u, v, w))


def _affine(word: str, text: str) -> Affine:
    """Parse ``1/2-2u``; the grammar is checked before QPoint sees it."""
    compact = "".join(word.split())
    if not _EXPRESSION.fullmatch(compact):
        raise GrammarError(
            f"{text.strip()!r} is not a wavevector",
            why=f"{word.strip()!r} is not a number or expression in u, v, w",
            fix=_FIX,
        )
    q = QPoint.of(compact, 0, 0)
    u, v, w = (slope[0] for slope in q.slopes)
    return q.coordinates[0], u, v, w
