"""Pseudo-angular momentum: components of a participant under the named operation of an axis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from symchiral.algebra.exact import dot, phase_of
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.irreps.participant import Participant
from symchiral.irreps.phases import antiunitaries, in_own_axes, paired, real_span
from symchiral.value import Complex, Value, frozen

SENSE = 1
"""The sign of the convention: the l of ε+ = (1, i, 0)/√2, which turns counter-clockwise. Nothing
else says it: an l and a phase are compared through :func:`turned` and :func:`momentum`."""


def turned(l: float | Fraction, n: int) -> complex:
    r"""Return what :math:`C_n` multiplies a state of pseudo-angular momentum l by.

    .. math:: T(C_n)\, e = e^{-2πi l/n}\, e
    """
    return phase_of(-SENSE * l, n)


def momentum(phase: complex, n: int) -> float:
    """Return the l, in (−n/2, n/2], of what :math:`C_n` multiplies by a phase: see :func:`turned`.

    Examples
    --------
    >>> [round(momentum(turned(l, 6), 6), 9) for l in (-2, 0, 1)]
    [-2.0, 0.0, 1.0]
    """
    return float(-SENSE * n * np.angle(phase) / (2 * np.pi)) + 0.0


@dataclass(frozen=True)
class Turn:
    """The named operation of an axis, as the algebra needs it.

    Attributes
    ----------
    order : int
        n.
    index : int
        Index of the operation in the space group.
    lattice : tuple of int
        Lattice translation t (primitive basis): the named operation is {E|t} times that one.
    uvw : tuple of int
        Shortest lattice vector c along the axis, primitive basis.
    screw : int
        s of a screw {C_n|s c/n}, −n/2 < s ≤ n/2; 0 for rotations and rotoreflections.
    along : tuple of int
        Shortest reciprocal lattice vector along the axis, primitive reciprocal basis; zero for
        rotoreflections, and where it does not matter.
    """

    order: int
    index: int
    lattice: tuple[int, int, int]
    uvw: tuple[int, int, int]
    screw: int = 0
    along: tuple[int, int, int] = (0, 0, 0)

    def seen_from(self, points: Iterable[QPoint]) -> Turn:
        """What matters of it at these wavevectors: no translations at the zone centre.

        So all crystals of a group share their tables there, wherever their axis passes.
        """
        if all(q == GAMMA for q in points):
            return Turn(self.order, self.index, (0, 0, 0), self.uvw)
        return self

    @property
    def slope(self) -> int:
        """What u = q·c/2π adds to l, times u: s."""
        return SENSE * self.screw

    def shift(self, q: QPoint) -> QPoint:
        """The screw part s·u of PAM at q, as the third coordinate of a point.

        (A point, because on a line it is linear in the free parameters.)
        """
        return _place(self, q)[0]

    def ambiguous(self, q: QPoint) -> bool:
        r"""Whether l₀ is a matter of choice: ±u are one point at the end of the zone, and differ.

        There :math:`2su \not\equiv 0` mod n; half the shortest reciprocal vector along the axis,
        u = 1/2 of primitive cells and 1 on 4₁, 4₃ of centred ones.
        """
        return _place(self, q)[1]

    def at_end(self, q: QPoint) -> bool:
        """Whether q is at the end of the zone along a screw axis, u = u_b."""
        return _place(self, q)[2]

    def counted(self, residue: Fraction, q: QPoint) -> Fraction:
        """The λ of a component with this l₀: l₀ itself, or l (balanced) where l₀ is ambiguous."""
        if not self.ambiguous(q):
            return residue
        return balanced(residue + self.shift(q).coordinates[2], self.order)

    def moved(self, t: tuple[int, int, int]) -> Turn:
        """The operation {E|t} times this one, lattice translations along the axis taken off."""
        period = _product(self.along, self.uvw)
        rise = self.order * _product(self.along, t) // period if period else 0
        screw = int(balanced(Fraction(self.screw + rise), self.order))
        turns = (self.screw + rise - screw) // self.order
        x, y, z = (a + b - turns * c for a, b, c in zip(self.lattice, t, self.uvw, strict=True))
        return replace(self, lattice=(x, y, z), screw=screw)

    def renamed(self, residue: Fraction, q: QPoint, other: Turn) -> Fraction:
        """The l₀ that a component with this l₀ has about a parallel axis."""
        if other == self:
            return residue
        t = [b - a for a, b in zip(self.lattice, other.lattice, strict=True)]
        # Both phases are linear on a line; what the parameters add cancels.
        change = self.shift(q).coordinates[2] - other.shift(q).coordinates[2]
        along = sum((x * i for x, i in zip(q.coordinates, t, strict=True)), Fraction(0))
        return balanced(residue + change + SENSE * self.order * along, self.order)

    @property
    def reflected(self) -> bool:
        """Whether its screw is its own mirror image, s = n/2: 2₁, 4₂, 6₃."""
        return 2 * self.screw == self.order


@lru_cache(maxsize=65536)
def _place(turn: Turn, q: QPoint) -> tuple[QPoint, bool, bool]:
    """s·u at q, whether l₀ is ambiguous there, and whether q is at the end of the zone.

    u = (q + G)·c/2π of the q + G on the axis, which is unique up to the shortest reciprocal vector
    along it, taken in the half-open zone (−u_b, u_b]. Where no q + G is on the axis, in cells that
    are not centred for any axis of more than two-fold, every integer is a G·c/2π, and u_b is 1/2.
    On a line the value where the free parameters begin to grow from zero is inside.
    """
    if not turn.screw or q == GAMMA:
        return GAMMA, False, False
    c, g = turn.uvw, turn.along
    slopes = [dot(slope, c) for slope in q.slopes]
    start = dot(q.coordinates, c)
    period = _product(g, c)
    on_axis = (
        start + k
        for k in range(period)
        if all(
            (x - (start + k) * y / period).denominator == 1
            for x, y in zip(q.coordinates, g, strict=True)
        )
    )
    u = next(on_axis, None)
    if u is None:
        u, period = start, 1
    end = Fraction(period, 2)
    u = end - (end - u) % period
    growing = [x for x in slopes if x]
    if growing and growing[0] > 0 and u == end:
        u = -end
    zero, s = Fraction(0), turn.slope
    lines = [(zero, zero, s * x) for x in slopes]
    at_end = u == end and not growing
    ambiguous = at_end and 2 * s * end % turn.order != 0
    return QPoint((zero, zero, s * u), (lines[0], lines[1], lines[2])), ambiguous, at_end


@lru_cache(maxsize=4096)
def parallel(turn: Turn, points: tuple[QPoint, ...]) -> tuple[Turn, ...]:
    """Return the parallel axes of one order about which PAM at some points have other names.

    One of each kind: of equal screw and equal change of every l₀.
    """

    def names(other: Turn) -> tuple[int | Fraction, ...]:
        return (other.screw, *(turn.renamed(Fraction(0), q, other) for q in points))

    if all(q == GAMMA for q in points):
        return ()
    found = {names(turn): turn}
    queue = [turn]
    for start in queue:
        for step in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
            other = start.moved(step)
            if names(other) not in found:
                found[names(other)] = other
                queue.append(other)
    return tuple(queue[1:])


@dataclass(frozen=True, eq=False, repr=False)
class Component(Value):
    r"""The whole eigenspace of one pseudo-angular momentum l in one arm of a participant.

    Its vectors w obey :math:`D(C_n)\, w = e^{-2πi l/n} w` with
    :math:`l = l_0 + s u`, :math:`u = q·c/2π` in (−u_b, u_b],
    half the shortest reciprocal vector along the axis.

    Attributes
    ----------
    residue : Fraction or None
        l₀, balanced (−n/2 < l₀ ≤ n/2); None without an axis. Where ±u are one point at the end of
        the zone it is that of u > 0.
    pam : str or None
        l as it is printed: ``1``, ``5/4``, ``1+u``; equal to l₀ at the zone centre.
    name : str
        What stands in parentheses: ``+`` or ``-`` for the only λ with 0 < \|λ\| < n/2 of that
        sign, else the number λ; always the number where l₀ is ambiguous on 2₁, 4₂, 6₃, whose
        mirrors leave no sense to it; empty for the only component of a participant.
    basis : (d, m) complex
        Orthonormal columns.
    index : int
        Its place among the components.
    conjugate : int
        Index of the component, at the arm of −q, that complex conjugation takes this one to.
    counted : Fraction or None
        λ, what senses, Umklapp numbers and names count: l₀, or l where l₀ is ambiguous.
    """

    residue: Fraction | None
    pam: str | None
    name: str
    basis: Complex
    index: int
    conjugate: int
    counted: Fraction | None = None

    __eq__ = Value.__eq__

    def __hash__(self) -> int:
        return hash((self.index, self.name, self.pam))

    def __repr__(self) -> str:
        return f"Component({self.name or 'whole'}, l={self.pam})"


def balanced(l: Fraction, n: int) -> Fraction:
    """Return l mod n in (−n/2, n/2].

    Examples
    --------
    >>> balanced(Fraction(2), 3), balanced(Fraction(-2), 4)
    (Fraction(-1, 1), Fraction(2, 1))
    """
    half = Fraction(n, 2)
    return half - (half - l) % n


@lru_cache(maxsize=65536)
def components(participant: Participant, turn: Turn | None, arm: int = 0) -> tuple[Component, ...]:
    """Resolve one arm of a participant on an axis, ordered by l₀: 0, +1, −1, …, n/2.

    Phases are chosen once, as `symchiral.irreps.phases` says, so that every coefficient of an
    invariant that symmetry can make real is real. The components of the arm −q are those of q
    conjugated.

    Parameters
    ----------
    participant : Participant
        What to resolve.
    turn : Turn or None
        The named operation; None without an axis, then the whole arm is the only component.
    arm : int
        Arm, which the operation must leave where it is.
    """
    opposite = int(participant.conjugate_arms[arm])
    if opposite < arm:
        return _conjugated(participant, turn, arm, opposite)
    if turn is None:
        whole = real_span(
            np.eye(participant.dimension, dtype=complex), antiunitaries(participant, arm)
        )
        return (Component(None, None, "", frozen(whole, complex), 0, 0),)
    if participant.images[turn.index, arm] != arm:
        raise ValueError(f"the axis moves arm {arm} of {participant}")
    q = participant.arms[arm]
    shift = turn.shift(q)
    phase = phase_of(-q.dot(turn.lattice))
    matrix = phase * participant.matrices[turn.index, arm]
    # T(C_n)^n = exp(−2πi s u): take the screw part off, what is left are n-th roots of unity.
    matrix = matrix * turned(-shift.generic[2], turn.order)
    spaces = {
        residue: space
        for residue in _residues(turn.order, spinor=participant.spinor)
        if (space := eigenspace(matrix, residue, turn.order)).shape[1]
    }
    if sum(space.shape[1] for space in spaces.values()) != participant.dimension:
        raise ValueError(f"{participant} does not resolve into {turn.order}-fold components")
    values = list(spaces)
    if opposite == arm:
        mirrors = {residue: _mirror(residue, shift, turn.order) for residue in values}
        if participant.field:
            spaces = {residue: in_own_axes(space) for residue, space in spaces.items()}
        else:
            spaces = paired(participant, arm, spaces, mirrors, turn.index)
        # At a zone boundary −q is q again up to a reciprocal vector: u and −u may differ by one.
        conjugates = list(mirrors.values())
    else:
        conjugates = values
        keeps = antiunitaries(participant, arm)
        spaces = {residue: real_span(space, keeps) for residue, space in spaces.items()}
    return tuple(
        Component(
            residue,
            pam_text(residue, shift, turn.order),
            _name(residue, values, turn, q),
            frozen(spaces[residue], complex),
            i,
            values.index(conjugate),
            turn.counted(residue, q),
        )
        for i, (residue, conjugate) in enumerate(zip(values, conjugates, strict=True))
    )


def _mirror(residue: Fraction, shift: QPoint, n: int) -> Fraction:
    """Residue l₀' of the conjugate, −(l₀ + s u) = l₀' + s u mod n, where −q is q again."""
    return balanced(-residue - 2 * shift.coordinates[2], n)


def _conjugated(
    participant: Participant, turn: Turn | None, arm: int, opposite: int
) -> tuple[Component, ...]:
    """Components at −q: those at q conjugated, in the same order."""
    found = []
    parts = components(participant, turn, opposite)
    q = participant.arms[arm]
    shift = turn.shift(q) if turn else GAMMA
    back = turn.shift(participant.arms[opposite]) if turn else GAMMA
    order = turn.order if turn else 1
    residues = []
    for part in parts:
        if part.residue is None:
            residues.append(Fraction(0))
            continue
        # −(l₀ + s u) = l₀' + s u', and u' is not −u at the end of the zone.
        total = (back + shift).coordinates[2]
        residues.append(balanced(-part.residue - total, order))
    for i, part in enumerate(parts):
        basis = participant.conjugation[opposite] @ np.conj(part.basis)
        if turn is None:
            found.append(Component(None, None, "", frozen(basis, complex), i, i))
            continue
        found.append(
            Component(
                residues[i],
                pam_text(residues[i], shift, order),
                _name(residues[i], residues, turn, q),
                frozen(basis, complex),
                i,
                i,
                turn.counted(residues[i], q),
            )
        )
    return tuple(found)


def _product(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


def pam_text(residue: Fraction, shift: QPoint, n: int) -> str:
    """L = l₀ + s u as printed: one balanced number where q is fixed."""
    if shift.fixed:
        return str(balanced(residue + shift.coordinates[2], n))
    text = shift.texts[2]
    if not residue:
        return text
    return f"{residue}{'' if text.startswith('-') else '+'}{text}"


def _residues(order: int, *, spinor: bool) -> list[Fraction]:
    """The balanced l₀, in order; half-integers where a full turn changes the sign."""
    start = Fraction(1, 2) if spinor else Fraction(0)
    return sorted((balanced(start + k, order) for k in range(order)), key=lambda l: (abs(l), -l))


def eigenspace(
    matrix: Complex,
    l: Fraction,
    order: int,
) -> Complex:
    """Columns spanning the eigenspace of exp(−2πi l/n), by averaging the cyclic group."""
    phase = turned(-l, order)
    term = np.eye(len(matrix), dtype=complex)
    projector = np.zeros_like(term)
    for _ in range(order):
        projector += term / order
        term = phase * (matrix @ term)
    values, vectors = np.linalg.eigh((projector + projector.conj().T) / 2)
    return np.asarray(vectors[:, values > 0.5])


def _name(residue: Fraction, residues: list[Fraction], turn: Turn, q: QPoint) -> str:
    if len(residues) == 1:
        return ""
    l, values = turn.counted(residue, q), [turn.counted(x, q) for x in residues]
    half = Fraction(turn.order, 2)
    same_sign = [x for x in values if 0 < abs(x) < half and (x > 0) == (l > 0)]
    if same_sign == [l] and not (turn.reflected and turn.ambiguous(q)):
        return "+" if l > 0 else "-"
    return str(l)
