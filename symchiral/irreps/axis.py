"""The axis of rotation to which pseudo-angular momentum refers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np

from symchiral.algebra.lattice import volume
from symchiral.crystal.operation import Operation, Vector
from symchiral.crystal.qpoint import QPoint, images
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.crystal.symmetric import Symmetry
from symchiral.errors import AxisError, GrammarError, nearest
from symchiral.irreps.pam import Turn, balanced
from symchiral.plain import rational
from symchiral.value import ALIGNED, Floats, Integers, Value, frozen

AxisKind = Literal["rotation", "screw", "rotoreflection"]

_CELL_VECTOR = re.compile(r"(?P<sign>[+-]?)(?P<name>[abc])")
_THROUGH = re.compile(r"\s+through\s+(?=\()")
_ALSO = re.compile(r"\s+\((?:[−-]?[abc]|\[[^\]]*\]) of the standard cell\)")
"""What the line of an axis also says of its direction."""


@dataclass(frozen=True, eq=False, repr=False)
class Axis(Value):
    r"""A rotation, screw or rotoreflection axis: the named operation that defines PAM.

    The operation rotates anticlockwise by 2π/n seen from the tip of ``direction``:
    :math:`C_n` for a rotation, :math:`\{C_n|s\,c/n\}` for a screw (c the shortest lattice vector
    along the axis, −n/2 < s ≤ n/2), :math:`S_4^+ = σ_h C_4^+` for a rotoreflection.

    Attributes
    ----------
    turn : Turn
        The named operation: order, index, lattice translation, direction, screw.
    rotoreflection : bool
        Whether it is S4.
    direction : (3,) float
        Cartesian unit vector in the frame of the input.
    point : tuple of Fraction
        A point on the axis (for S4 its fixed point), fractional in the primitive cell.
    whole : int
        Order of the axis of the crystal of which this is a part, n if it is no part.
    """

    turn: Turn
    rotoreflection: bool
    direction: Floats
    point: Vector
    whole: int

    @property
    def order(self) -> int:
        """The order n."""
        return self.turn.order

    @property
    def screw(self) -> int:
        """Screw index s; 0 for rotations and rotoreflections."""
        return self.turn.screw

    @property
    def kind(self) -> AxisKind:
        """rotation, screw or rotoreflection."""
        if self.rotoreflection:
            return "rotoreflection"
        return "screw" if self.screw else "rotation"

    @property
    def symbol(self) -> str:
        """``3``, ``3_1`` or ``-4``."""
        if self.kind == "rotoreflection":
            return f"-{self.order}"
        return f"{self.order}_{self.screw % self.order}" if self.screw else str(self.order)

    @property
    def place_word(self) -> str:
        """What of this kind is at a place: ``3-fold axis``, ``-4 centre``."""
        return f"-{self.order} centre" if self.rotoreflection else f"{self.order}-fold axis"

    def __repr__(self) -> str:
        x, y, z = np.round(self.direction, 9) + 0.0
        return f"Axis({self.symbol} {self.kind}, along ({x:.3f}, {y:.3f}, {z:.3f}))"


def find_axis(crystal: Symmetry, wanted: str | Sequence[float] | None = None) -> Axis | None:
    """Return the default axis of a crystal, or the one asked for; None if it has no axis.

    The default is the axis of highest order (S4 counts 4, proper before improper), then the one
    along c of the input cell, then along c of the standard cell; its last non-zero Cartesian
    component is positive, and it is the one nearest the origin of the input cell (ties to the
    smallest fractional coordinates).

    Parameters
    ----------
    crystal : Symmetry
        The crystal.
    wanted : str or (3,) float, optional
        ``"u,v,w"`` or ``"u,v,w@x,y,z"``: a lattice direction and a point of the *input* cell; the
        three numbers of the direction; or the Seitz symbol of an operation about it,
        ``"{3+001|0}"``, as ``show`` and reasons print it.

    Raises
    ------
    GrammarError
        ``wanted`` is not written like that.
    AxisError
        No symmetry axis has this direction, or none passes through the point.
    """
    candidates = _candidates(crystal.group)
    if wanted is None:
        return _default(crystal, candidates) if candidates else None
    if not isinstance(wanted, str):
        given: object = wanted
        numbers = list(given) if isinstance(given, Iterable) else [given]
        wanted = ",".join(str(x) for x in numbers)
    direction, point = (
        _of_operation(crystal, wanted) if wanted.lstrip().startswith("{") else _parse(wanted)
    )
    vector = crystal.frame.direction(direction, to="cartesian", source="input")
    vector /= np.linalg.norm(vector)
    along = [c for c in candidates if abs(_cartesian(crystal, c[2]) @ vector) > 1 - ALIGNED]
    if not along:
        raise AxisError(
            f"no symmetry axis along {wanted}",
            why=f"{crystal.group.symbol} ({crystal.group.number}) has "
            + (", ".join(map(str, symmetry_axes(crystal))) or "no rotation axis"),
            fix="pass one of these as --axis, or leave --axis out",
        )
    distances = []
    for candidate in along:
        distance, line = _line(crystal, candidate, vector, point)
        if point is None or distance < max(10 * crystal.symprec, 0.01):
            return line
        distances.append(f"{line.symbol} {distance:.3f} Å away")
    raise AxisError(
        f"no axis along {wanted.partition('@')[0]} passes through the point asked for",
        why=f"the nearest ones are {', '.join(distances)}",
        fix="leave the point out to use the axis nearest the origin",
    )


def axis_along(crystal: Symmetry, vector: Floats) -> Axis | None:
    """Return the axis of highest order along a Cartesian direction nearest to the origin, or None.

    The axis points along ``vector``.
    """
    unit = vector / np.linalg.norm(vector)
    for candidate in _candidates(crystal.group):
        if abs(_cartesian(crystal, candidate[2]) @ unit) > 1 - ALIGNED:
            return _line(crystal, candidate, unit)[1]
    return None


@dataclass(frozen=True)
class SymmetryAxis:
    """An axis of the crystal by order and direction.

    Attributes
    ----------
    symbol : str
        Its order; of a rotoreflection with a minus sign, ``-4``.
    along : str
        Its direction in the input cell, ``[0 0 1]``.
    """

    symbol: str
    along: str

    def __str__(self) -> str:
        return f"{self.symbol} along {self.along}"


def symmetry_axes(crystal: Symmetry) -> tuple[SymmetryAxis, ...]:
    """Return every symmetry axis, highest order first."""
    found: dict[tuple[int, int, int], SymmetryAxis] = {}
    for order, proper, uvw in _candidates(crystal.group):
        inside = crystal.frame.direction(uvw, to="input", source="primitive")
        large = inside[np.abs(inside) > 1e-6]
        inside *= np.sign(large[-1]) / np.abs(large).min()
        shown = " ".join(f"{x:g}" for x in np.round(inside, 3) + 0.0)
        # Candidates come highest first: an S4 along a four-fold axis adds nothing.
        found.setdefault(uvw, SymmetryAxis(f"{'' if proper else '-'}{order}", f"[{shown}]"))
    return tuple(found.values())


def inequivalent_axes(crystal: Symmetry) -> tuple[Axis, ...]:
    """Return one axis of every set that the group takes into each other, the default one first.

    Examples
    --------
    >>> from symchiral.crystal.empty import empty_cell
    >>> from symchiral.crystal.search import space_group
    >>> [axis.symbol for axis in inequivalent_axes(empty_cell(space_group(517)))]  # Pm-3m
    ['4', '3', '2']
    """
    first = find_axis(crystal)
    if first is None:
        return ()
    found = [first]
    seen = _directions(crystal.group, first.turn.uvw)
    for _, _, uvw in _candidates(crystal.group):
        if uvw not in seen:
            seen |= _directions(crystal.group, uvw)
            line = axis_along(crystal, upward(_cartesian(crystal, uvw)))
            assert line is not None
            found.append(line)
    return tuple(found)


def _directions(group: SpaceGroup, uvw: tuple[int, int, int]) -> set[tuple[int, int, int]]:
    """The images of a direction and their negatives."""
    images = (group.rotations @ np.array(uvw)).tolist()
    return {(s * x, s * y, s * z) for x, y, z in images for s in (1, -1)}


UPRIGHT = 1e-3
"""Components of a unit vector below this are zero: cells are rarely known, or turned, better."""

Candidate = tuple[int, bool, tuple[int, int, int]]
"""Order, proper, direction in the primitive basis."""


@lru_cache(maxsize=512)
def _candidates(group: SpaceGroup) -> tuple[Candidate, ...]:
    found: set[Candidate] = set()
    for g in group.operations:
        if (g.type >= 2 or g.type == -4) and g.direction is not None:
            found.add((abs(g.type), g.type > 0, g.direction))
    return tuple(sorted(found, reverse=True))


@lru_cache(maxsize=4096)
def _about(
    group: SpaceGroup, order: int, uvw: tuple[int, int, int], *, proper: bool, right_handed: bool
) -> int:
    """The operation of this order that rotates anticlockwise about a direction.

    What an operation, proper or not, does in the plane across the axis n is anticlockwise where
    n · (x × R x) > 0 for x not along n; of a half-turn that is zero, which counts, too. In the
    basis of the lattice it is the determinant of n, x and W x, times that of the basis.
    """
    kind, along = order if proper else -order, (uvw, (-uvw[0], -uvw[1], -uvw[2]))
    for i, g in enumerate(group.operations):
        if g.type == kind and g.direction in along:
            turned = g.rotation.T  # rows: images of the basis vectors
            twice = sum(
                np.rint(np.linalg.det([uvw, x, y])) for x, y in zip(np.eye(3), turned, strict=True)
            )
            if (twice if right_handed else -twice) >= 0:
                return i
    raise ValueError(f"{group} has no operation of order {order} along {uvw}")


_NEIGHBOURS = frozen(list(product(range(-2, 3), repeat=3)), np.int64)
"""Lattice vectors that an operation is combined with to find its axes."""


@dataclass(frozen=True, eq=False)
class _Powers:
    """What all operations of one rotation part W and order n have in common.

    Attributes
    ----------
    sum : (3, 3) int
        1 + W + … + W^(n−1): takes a translation to n times its screw part.
    ramp : (3, 3) int
        W + 2 W² + … + (n−1) W^(n−1): takes −(n w − n w₀) to n² times a point of the axis.
    screws, points : (125, 3) int
        Screw parts and points of the operation with each of the neighbouring lattice vectors, in
        units of 1/(24 n) and 1/(24 n²).
    """

    sum: Integers
    ramp: Integers
    screws: Integers
    points: Integers


@lru_cache(maxsize=4096)
def _powers(group: SpaceGroup, index: int, order: int) -> _Powers:
    powers = [np.linalg.matrix_power(group.rotations[index], k) for k in range(order)]
    total = np.sum(powers, axis=0)
    ramp = np.sum([k * p for k, p in enumerate(powers)], axis=0)
    shifts = DENOMINATOR * _NEIGHBOURS + group.shifts[index]
    screws = shifts @ total.T
    points = -(order * shifts - screws) @ ramp.T
    return _Powers(frozen(total), frozen(ramp), frozen(screws), frozen(points))


def _cartesian(crystal: Symmetry, uvw: tuple[int, int, int]) -> Floats:
    vector = np.array(uvw) @ crystal.frame.cell
    return np.asarray(vector / np.sqrt(vector @ vector))


def upward(vector: Floats) -> Floats:
    """Return the vector or its negative, whichever has its last non-zero component positive."""
    last = np.flatnonzero(np.abs(vector) > UPRIGHT)[-1]
    return np.asarray(vector * np.sign(vector[last]))


def _default(crystal: Symmetry, candidates: Sequence[Candidate]) -> Axis:
    best = [c for c in candidates if c[:2] == candidates[0][:2]]
    if len(best) == 1:
        vector = upward(_cartesian(crystal, best[0][2]))
        return _line(crystal, best[0], vector)[1]
    frame = crystal.frame
    c_input = frame.direction([0, 0, 1], to="cartesian", source="input")
    c_standard = frame.direction([0, 0, 1], to="cartesian", source="standard")

    def preference(candidate: Candidate) -> tuple[bool, bool, tuple[float, ...]]:
        vector = upward(_cartesian(crystal, candidate[2]))
        parallel = [
            bool(abs(vector @ c) > (1 - ALIGNED) * np.linalg.norm(c)) for c in (c_input, c_standard)
        ]
        return parallel[0], parallel[1], tuple(np.round(vector[::-1], 3))

    chosen = max(best, key=preference)
    vector = upward(_cartesian(crystal, chosen[2]))
    return _line(crystal, chosen, vector)[1]


def _line(
    crystal: Symmetry,
    candidate: Candidate,
    vector: Floats,
    near: Floats | None = None,
) -> tuple[float, Axis]:
    """The axis of a candidate's order along ``vector`` nearest to an input point; its distance.

    The point is the origin where none is given.
    """
    order, proper, uvw = candidate
    frame, group = crystal.frame, crystal.group
    if _cartesian(crystal, uvw) @ vector < 0:
        uvw = (-uvw[0], -uvw[1], -uvw[2])
    if near is None:
        origin = frame.start(to="primitive", source="input")
    else:
        origin = frame.point(near, to="primitive", source="input")
    index = _about(group, order, uvw, proper=proper, right_handed=volume(frame.cell) > 0)
    # In units of 1/(24 n): the screw part, and of 1/(24 n²) the point where (1 - W) x is the rest.
    offset = np.rint(origin - group.rotations[index] @ origin).astype(np.int64).tolist()
    _, _, points = _shifted(group, index, order, tuple(offset))
    cartesian = (points / (DENOMINATOR * order * order) - origin) @ frame.cell
    # What counts is the distance of the line; S4 also has a fixed point on it, of which the
    # nearest is taken; then the smallest fractional coordinates. Distances that the tolerance
    # cannot tell apart are equal: noise must not choose the axis.
    across = cartesian - (cartesian @ vector)[:, None] * vector
    distances = np.sqrt((across * across).sum(axis=1))
    away = np.sqrt((cartesian * cartesian).sum(axis=1))
    equal = distances < distances.min() + crystal.symprec
    equal &= away < away[equal].min() + crystal.symprec
    (nearest,) = np.nonzero(equal)
    chosen, turn, point = _exact(group, index, order, uvw, tuple(offset), nearest.tobytes())
    axis = Axis(
        turn=turn,
        rotoreflection=not proper,
        direction=frozen(vector),
        point=point,
        whole=order,
    )
    return float(distances[chosen]), axis


def _shifted(
    group: SpaceGroup, index: int, order: int, offset: tuple[int, ...]
) -> tuple[Integers, Integers, Integers]:
    """Lattice vectors around an offset, and the screw part and a point of the axis with each."""
    known = _powers(group, index, order)
    if not any(offset):
        return _NEIGHBOURS, known.screws, known.points
    moved = np.array(offset)
    more = DENOMINATOR * (known.sum @ moved)
    points = known.points - known.ramp @ (order * DENOMINATOR * moved - more)
    return _NEIGHBOURS + moved, known.screws + more, points


@lru_cache(maxsize=16384)
def _exact(
    group: SpaceGroup,
    index: int,
    order: int,
    uvw: tuple[int, int, int],
    offset: tuple[int, ...],
    nearest: bytes,
) -> tuple[int, Turn, Vector]:
    """Of equally near axes the one with the smallest coordinates: its place, turn and a point.

    ``nearest`` are the places of these among the lattice vectors around ``offset``.
    """
    lattice, screws, points = _shifted(group, index, order, offset)
    unit = DENOMINATOR * order * order
    places = np.frombuffer(nearest, dtype=np.int64)
    keys = np.column_stack([points[places] % unit, lattice[places]])[:, ::-1].T
    chosen = int(places[np.lexsort(keys)[0]])
    along = int(np.flatnonzero(uvw)[0])
    s = Fraction(int(screws[chosen, along]), DENOMINATOR * uvw[along])
    if s.denominator != 1:
        raise ValueError(f"screw index {s} is not an integer")
    # Balanced: take lattice vectors along the axis off the operation.
    screw = int(balanced(s, order))
    turns = (int(s) - screw) // order
    t = [int(x) - turns * u for x, u in zip(lattice[chosen], uvw, strict=True)]
    x = [Fraction(int(p), unit) for p in points[chosen]]
    along_q = _along(_powers(group, index, order).sum, uvw)
    return chosen, Turn(order, index, (t[0], t[1], t[2]), uvw, screw, along_q), (x[0], x[1], x[2])


def _along(total: Integers, uvw: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shortest reciprocal vector along an axis, which the rows of Σ W^k are; 0 for S4."""
    row = next((r for r in total if r.any()), np.zeros(3, dtype=np.int64))
    if not row.any():
        return 0, 0, 0
    row = row // np.gcd.reduce(row) * int(np.sign(row @ uvw))
    return int(row[0]), int(row[1]), int(row[2])


def _parse(text: str) -> tuple[Floats, Floats | None]:
    printed = _ALSO.sub("", _THROUGH.sub("@", text))
    direction, *points = printed.split("@")
    numbers = [lattice_direction(direction), *map(three_numbers, points)]
    unread = len(numbers) > 2 or any(n is None for n in numbers)
    if unread or not np.any(numbers[0]):
        raise GrammarError(
            f"cannot read the axis {text!r}",
            why="it is not three numbers, optionally followed by @ and three more"
            if unread
            else "a direction of zero length points nowhere",
            fix='write a lattice direction and a point of the input cell, as in "0,0,1@0,0,0"',
        )
    return np.asarray(numbers[0]), numbers[1] if len(numbers) > 1 else None


def _of_operation(crystal: Symmetry, symbol: str) -> tuple[Floats, Floats]:
    """Direction and a point, in the input cell, of the axis of an operation of the group.

    With w₀ the screw part, the points x of the axis of {W|w} obey (1 - W) x = w - w₀.
    """
    known = {g.seitz: g for g in crystal.group.standard_operations}
    found = known.get("".join(symbol.replace("−", "-").split()))
    if found is None or found.direction is None or found.type == -2:
        turning = [text for text, g in known.items() if g.direction and g.type != -2]
        raise AxisError(
            f"no axis of {symbol.strip()}",
            why=f"{crystal.group.symbol} ({crystal.group.number}) has no such operation"
            if found is None
            else f"it is {'an' if found.kind[0] == 'i' else 'a'} {found.kind}",
            fix=nearest(symbol, turning) if turning else "leave --axis out",
        )
    shift = [
        float(w - s) for w, s in zip(found.translation, found.intrinsic_translation, strict=True)
    ]
    point = np.linalg.lstsq(np.eye(3) - found.rotation, np.array(shift), rcond=None)[0]
    frame = crystal.frame
    return (
        frame.direction(found.direction, to="input", source="standard"),
        frame.point(point, to="input", source="standard"),
    )


def lattice_direction(text: str) -> Floats | None:
    """Read ``u,v,w``, ``[u v w]`` or a cell vector, ``c``, ``−c``; None if it is not that."""
    match = _CELL_VECTOR.fullmatch(text.strip().replace("−", "-"))
    if match is None:
        return three_numbers(text)
    sign = -1.0 if match["sign"] == "-" else 1.0
    return np.array([sign * (match["name"] == name) for name in "abc"])


def three_numbers(text: str) -> Floats | None:
    """Read ``u,v,w`` or ``[u v w]`` (integers, decimals, fractions); None if it is not that."""
    plain = text.strip().replace("−", "-")
    if plain[:1] + plain[-1:] in ("[]", "()"):
        plain = plain[1:-1]
    parts = [x.strip() for x in plain.split(",")] if "," in plain else plain.split()
    if len(parts) != 3:
        return None
    try:
        return np.array([float(rational(x)) for x in parts])
    except ValueError:
        return None


def axis_at(crystal: Symmetry, axis: Axis | None, points: Sequence[QPoint]) -> Axis | None:
    """Return the largest rotation (or S4) about the line of an axis that keeps every wavevector.

    The axis itself, the part of it with a smaller order (C3 or C2 of a six-fold axis, C2 of S4),
    or None: then there is no common PAM.
    """
    if axis is None:
        return None
    group, n = crystal.group, axis.order
    if _keeps(group, axis.turn.index, points):
        return axis
    named = named_operation(crystal, axis)
    power = named @ named
    for k in range(2, n):
        if n % k == 0 and _keeps(group, group.find(power.rotation), points):
            return _part(crystal, axis, power, n // k)
        power = named @ power
    return None


def _keeps(group: SpaceGroup, index: int, points: Sequence[QPoint]) -> bool:
    """Whether an operation leaves every wavevector where it is."""
    return all(images(group, q)[index] == q.reduced for q in points)


def _part(crystal: Symmetry, axis: Axis, operation: Operation, order: int) -> Axis:
    """The axis of an operation on the same line, its screw part balanced."""
    uvw = axis.turn.uvw
    along = int(np.flatnonzero(uvw)[0])
    s = operation.intrinsic_translation[along] * order / uvw[along]
    balanced_s = int(balanced(s, order))
    extra = int(s - balanced_s) // order
    index = crystal.group.find(operation.rotation)
    own = crystal.group.operations[index].translation
    t = [int(a - b) - extra * c for a, b, c in zip(operation.translation, own, uvw, strict=True)]
    along_q = _along(_powers(crystal.group, index, order).sum, uvw)
    turn = Turn(order, index, (t[0], t[1], t[2]), uvw, balanced_s, along_q)
    return Axis(turn, False, axis.direction, axis.point, axis.whole)


def named_operation(crystal: Symmetry, line: Axis) -> Operation:
    """The operation of an axis, lattice translation included, in the primitive basis."""
    g = crystal.group.operations[line.turn.index]
    return Operation.of(
        g.rotation, [a + b for a, b in zip(g.translation, line.turn.lattice, strict=True)]
    )
