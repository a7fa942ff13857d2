"""Straight pieces of a path in the Brillouin zone, each on one line, plane or general position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from symchiral.crystal.operation import Vector
from symchiral.crystal.paths import standard_path
from symchiral.crystal.qpoint import ZERO, QPoint, star
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import GrammarError, WavevectorError
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.irreps.locate import locate
from symchiral.value import SHORTER, Floats, Integers, Value, frozen

NEAR = 1e-6
"""Coordinates closer than this are equal."""

LARGEST = 1000
"""Denominator of the wavevector, inside a piece, by which the species are named."""


_STEPS = np.array(list(product(range(-2, 3), repeat=3)))


@dataclass(frozen=True, eq=False, repr=False)
class PathPoint(Value):
    """A corner of a path.

    Attributes
    ----------
    label : str
        Its name.
    coordinates : (3,) float
        On the primitive reciprocal basis.
    q : QPoint or None
        The exact wavevector; None where its coordinates depend on the lengths of the cell.
    """

    label: str
    coordinates: Floats
    q: QPoint | None

    def __repr__(self) -> str:
        return f"PathPoint({self.label})"


@dataclass(frozen=True, eq=False, repr=False)
class Segment(Value):
    r"""A straight piece of a path, inside which no wavevector is more symmetric than another.

    Attributes
    ----------
    start, end : PathPoint
        Its ends.
    q : QPoint
        The line, plane or general position that the piece is on: the smallest with a name, or the
        one that all operations keep (combined with time reversal or not) that keep the piece. Its
        generic point has the labels that the tables give inside the piece.
    shift : tuple of int
        Reciprocal lattice vector G by which the piece lies beside q.
    place : str
        Name of that line or plane, ``LD``; ``GP`` for a general position.
    """

    start: PathPoint
    end: PathPoint
    q: QPoint
    shift: tuple[int, int, int]
    place: str

    @property
    def vector(self) -> Floats:
        """From start to end, on the primitive reciprocal basis."""
        return self.end.coordinates - self.start.coordinates

    def parameters(self, coordinates: Floats) -> Floats:
        """Values of the free parameters of q, (..., 3), at points of the piece."""
        slopes = np.array([[float(x) for x in slope] for slope in self.q.slopes])
        constant = self.q.array
        return np.asarray((coordinates - np.array(self.shift) - constant) @ np.linalg.pinv(slopes))

    def __repr__(self) -> str:
        return f"Segment({self.start.label}–{self.end.label}, {self.place})"


def find_segments(crystal: SymmetricCrystal, path: str | None = None) -> tuple[Segment, ...]:
    """Return the pieces of a path: the standard one, or one through the points named.

    Parameters
    ----------
    path : str, optional
        Points by name or coordinates with spaces between, ``"GM K M GM"``; ``|`` interrupts it,
        ``"GM K | H A"``. Of a named point that arm is taken which is nearest to the point before.

    Raises
    ------
    GrammarError
        Fewer than two points.
    WavevectorError
        A point is a line, or two points that follow each other are one.

    Examples
    --------
    >>> from symchiral.crystal.search import find_symmetry
    >>> from symchiral.reading.structure import read_crystal
    >>> find_segments(find_symmetry(read_crystal("Bi2Se3")), "L GM T")
    (Segment(L–GM, C), Segment(GM–T, LD))
    """
    found: list[Segment] = []
    for a, b in _standard(crystal) if path is None else _named(crystal, path):
        found += _pieces(crystal.group, a, b)
    return tuple(found)


def segments_between(crystal: SymmetricCrystal, start: Floats, end: Floats) -> tuple[Segment, ...]:
    """Return the pieces of the straight way between two wavevectors.

    Parameters
    ----------
    start, end : (3,) float
        On the primitive reciprocal basis; rounded numbers are taken as the fractions they round.
    """
    corners = []
    for x in (start, end):
        exact = np.array([float(Fraction(float(c)).limit_denominator(24)) for c in x])
        place = np.where(np.abs(exact - x) < NEAR, exact, x)
        point = _point(crystal.group, place, "·")
        if point.q is not None and point.label == "·":
            point = PathPoint(locate(crystal.group, point.q).text, point.coordinates, point.q)
        corners.append(point)
    return tuple(_pieces(crystal.group, *corners))


def _standard(crystal: SymmetricCrystal) -> Iterator[tuple[PathPoint, PathPoint]]:
    for pair in standard_path(crystal):
        a, b = (_point(crystal.group, x, _written(name)) for name, x in pair)
        yield a, b


def _written(name: str) -> str:
    """A name of seekpath, ``GAMMA``, ``SIGMA_0``, as it is printed."""
    head, _, index = name.partition("_")
    head = {"GAMMA": "GM", "SIGMA": "Σ", "DELTA": "Δ", "LAMBDA": "Λ"}.get(head, head)
    return head + index.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _named(crystal: SymmetricCrystal, path: str) -> Iterator[tuple[PathPoint, PathPoint]]:
    group = crystal.group
    metric: Floats = np.linalg.inv(crystal.primitive.cell @ crystal.primitive.cell.T).astype(float)
    for part in path.split("|"):
        words = split_points(part) if part.strip() else ()
        if len(words) < 2:
            raise GrammarError(
                f"{path!r} is not a path",
                why="a path has at least two points between interruptions",
                fix='write it as in "GM K M GM" or "GM K | H A"',
            )
        before: PathPoint | None = None
        for word in words:
            q = find_point(group, word)
            if not q.fixed:
                raise WavevectorError(
                    f"{word} is not a point of a path",
                    why="it is a line or plane of wavevectors",
                    fix="give its parameters numbers, as in LD(1/4), or name the ends of the line",
                )
            if before is not None and re.match(r"[-A-ZΓΔΛΣ][^,]*$", word):
                q = _nearest_arm(group, q, before.coordinates, metric)
            point = _point(group, q.array, word, q)
            if before is not None:
                if np.abs(point.coordinates - before.coordinates).max() < NEAR:
                    raise WavevectorError(
                        f"{path!r} is not a path",
                        why=f"{before.label} and {word} are the same wavevector",
                        fix="leave one of them out",
                    )
                yield before, point
            before = point


def _nearest_arm(group: SpaceGroup, q: QPoint, near: Floats, metric: Floats) -> QPoint:
    """The arm of q, up to a reciprocal lattice vector, nearest to a point; of equal ones q."""
    steps = _STEPS
    best, chosen = np.inf, q
    for arm in (q, *star(group, q)):
        offsets = arm.array + steps - near
        lengths = np.einsum("ai,ij,aj->a", offsets, metric, offsets)
        at_home = float(lengths[np.flatnonzero(~steps.any(axis=1))[0]])
        i = int(np.argmin(lengths))
        step = (0, 0, 0) if at_home < lengths[i] + SHORTER else tuple(steps[i].tolist())
        if min(at_home, float(lengths[i])) < best - SHORTER:
            best = float(lengths[i])
            chosen = arm + QPoint.of(*step)
    return chosen


def _point(group: SpaceGroup, x: Floats, label: str, q: QPoint | None = None) -> PathPoint:
    """A corner with its name: that of the tables where it is a special point."""
    if q is None:
        fractions = [Fraction(float(c)).limit_denominator(24) for c in x]
        if max(abs(float(f) - c) for f, c in zip(fractions, x, strict=True)) < NEAR:
            q = QPoint.of(*fractions)
            location = locate(group, q)
            if not location.point.kdim:
                label = location.point.label
    return PathPoint(label, frozen(x), q)


# ------------------------------------------------------------------ pieces


def _pieces(group: SpaceGroup, a: PathPoint, b: PathPoint) -> list[Segment]:
    """The straight piece from a to b, cut where it passes a more symmetric wavevector."""
    x, d = a.coordinates, b.coordinates - a.coordinates
    kept, cuts = [], set()
    for index in range(len(group)):
        matrix = group.rotations[group.inverses[index]]
        for sign in (1, -1):
            change = sign * matrix - np.eye(3)
            at, along = x @ change, d @ change
            if np.abs(along).max() < NEAR:
                if np.abs(at - np.rint(at)).max() < NEAR:
                    kept.append((np.rint(change).astype(np.int64), np.rint(at).astype(np.int64)))
                continue
            # at + t along is a reciprocal lattice vector only at single points of the piece.
            i = int(np.argmax(np.abs(along)))
            low, high = sorted((at[i], at[i] + along[i]))
            for g in range(int(np.ceil(low)), int(np.floor(high)) + 1):
                t = (g - at[i]) / along[i]
                there = at + t * along
                if np.abs(there - np.rint(there)).max() < NEAR and NEAR < t < 1 - NEAR:
                    cuts.add(round(float(t), 6))
    if not cuts:
        return [_segment(group, a, b, kept)]
    middle = [_passed(group, a, b, t) for t in sorted(cuts)]
    corners = [a, *middle, b]
    return [s for p, r in pairwise(corners) for s in _pieces(group, p, r)]


def _passed(group: SpaceGroup, a: PathPoint, b: PathPoint, t: float) -> PathPoint:
    """A point between two corners."""
    if a.q is not None and b.q is not None:
        exact = Fraction(t).limit_denominator(240)
        ends = zip(a.q.coordinates, b.q.coordinates, strict=True)
        q = QPoint.of(*(p + exact * (r - p) for p, r in ends))
        location = locate(group, q)
        return PathPoint(location.text, frozen(q.array), q)
    x = a.coordinates + t * (b.coordinates - a.coordinates)
    return PathPoint("·", frozen(x), None)


def _segment(
    group: SpaceGroup,
    a: PathPoint,
    b: PathPoint,
    kept: list[tuple[Integers, Integers]],
) -> Segment:
    rows = [
        [*(Fraction(int(c)) for c in change[:, j]), Fraction(int(at[j]))]
        for change, at in kept
        for j in range(3)
    ]
    natural = _named_inside(group, _solutions(rows), a.coordinates, b.coordinates)
    reduced = natural.reduced
    shift = (natural - reduced).coordinates
    middle = (a.coordinates + b.coordinates) / 2 - np.array([float(x) for x in shift])
    inside = _inside(reduced, middle)
    q = next((x for x in (reduced, _reversed(reduced)) if _same_domain(group, x, inside)), None)
    if q is None:
        # Labels change somewhere on the line: the generic point is moved into the piece.
        offset = QPoint(inside.coordinates) - QPoint(reduced.generic)
        q = QPoint((QPoint(reduced.coordinates) + offset).coordinates, reduced.slopes)
    home = q.reduced
    total = [int(x + y - z) for x, y, z in zip(shift, q.coordinates, home.coordinates, strict=True)]
    place = locate(group, home).point.label
    return Segment(a, b, home, (total[0], total[1], total[2]), place)


def _named_inside(group: SpaceGroup, q: QPoint, a: Floats, b: Floats) -> QPoint:
    """The smallest named line or plane inside q that contains a piece, or q itself.

    The tables name lines of planes also where no operation keeps the line alone, because some
    operation reverses its wavevectors.
    """
    free = sum(slope != ZERO for slope in q.slopes)
    for point in named_points(group):
        if not 0 < point.kdim < free:
            continue
        for index in range(len(group)):
            arm = point.q.rotated(group.rotations[group.inverses[index]])
            slopes = np.array([[float(x) for x in s] for s in arm.slopes[: point.kdim]])
            across = np.eye(3) - np.linalg.pinv(slopes) @ slopes
            if np.abs((b - a) @ across).max() > NEAR:
                continue
            offset = a - arm.array
            steps = _STEPS + np.rint(offset).astype(np.int64)
            fits = np.abs((offset - steps) @ across).max(axis=1) < NEAR
            if fits.any():
                return arm + QPoint.of(*steps[int(np.argmax(fits))].tolist())
    return q


def _reversed(q: QPoint) -> QPoint:
    """The same line or plane with u, v, w counted the other way."""
    return QPoint(q.coordinates, (-q).slopes)


def _solutions(rows: list[list[Fraction]]) -> QPoint:
    """All q with Σ_i q_i A_i = G for every row (A, G), by elimination; free ones are u, v, w."""
    pivots: list[int] = []
    done = 0
    for column in range(3):
        pivot = next((r for r in range(done, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [x / rows[done][column] for x in rows[done]]
        for r, row in enumerate(rows):
            if r != done and row[column]:
                rows[r] = [x - row[column] * y for x, y in zip(row, rows[done], strict=True)]
        pivots.append(column)
        done += 1
    free = [c for c in range(3) if c not in pivots]
    constant = [Fraction(0)] * 3
    slopes: list[Vector] = []
    for place, pivot in enumerate(pivots):
        constant[pivot] = rows[place][3]
    for column in free:
        slope = [Fraction(0)] * 3
        slope[column] = Fraction(1)
        for place, pivot in enumerate(pivots):
            slope[pivot] = -rows[place][column]
        slopes.append((slope[0], slope[1], slope[2]))
    slopes += [ZERO] * (3 - len(slopes))
    return QPoint((constant[0], constant[1], constant[2]), (slopes[0], slopes[1], slopes[2]))


def _inside(q: QPoint, x: Floats) -> QPoint:
    """A rational point of a line or plane next to x."""
    slopes = np.array([[float(s) for s in slope] for slope in q.slopes])
    values = (x - q.array) @ np.linalg.pinv(slopes)
    return q.at(*(Fraction(float(v)).limit_denominator(LARGEST) for v in values))


def _same_domain(group: SpaceGroup, q: QPoint, inside: QPoint) -> bool:
    """Whether the tables carry the labels of a point as they carry those of the generic one."""
    found = []
    for point in (q, inside):
        location = locate(group, point)
        if location.point.kdim == 3:
            return True
        k = location.k.rotated(group.rotations[group.inverses[location.operation]])
        difference = zip(point.generic, k.generic, strict=True)
        found.append((location.point, location.operation, tuple(x - y for x, y in difference)))
    return found[0] == found[1]
