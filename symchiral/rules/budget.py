"""What goes in against what comes out: pseudo-angular momentum, and the rotation of atoms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.irreps.pam import Turn, balanced

PamSense = Literal["kept", "flipped", "neutral", "undefined"]
RotationSense = Literal["kept", "flipped", "none", "open"]
Residues = Sequence[Fraction]


def umklapp(
    incoming: Residues,
    outgoing: Residues,
    n: int,
    screw_part: Fraction = Fraction(0),
    halves: int = 0,
) -> int | None:
    r"""Return the Umklapp number :math:`U = (\sum λ_{in} - \sum λ_{out} + s m)/n`.

    λ are balanced; a quantum of λ = n/2 counts as +n/2 or −n/2, whichever makes \|U\| smallest,
    and so does each of the ``halves``. None where PAM is not conserved (U would not be an integer).

    Parameters
    ----------
    incoming, outgoing : sequence of Fraction
        The λ: residues l, on a screw axis l₀ or l as `Turn.counted` says.
    n : int
        The order.
    screw_part : Fraction
        s·m, m = Σu_in − Σu_out.
    halves : int
        How many more n/2 of either sign screws contribute.

    Examples
    --------
    >>> one = Fraction(1)
    >>> umklapp([one, one], [-one], 3), umklapp([one, one], [2 * one], 4)
    (1, 0)
    """
    half = Fraction(n, 2)
    total = screw_part + sum((x for x in incoming if x != half), Fraction(0))
    total -= sum((x for x in outgoing if x != half), Fraction(0))
    halves += sum(x == half for x in (*incoming, *outgoing))
    choices = [(total + k * half) / n for k in range(-halves, halves + 1, 2)]
    integers = [u for u in choices if u.denominator == 1]
    return int(min(integers, key=abs)) if integers else None


def pam_sense(incoming: Residues, outgoing: Residues, n: int) -> PamSense:
    """Return whether the turning quanta keep their sense.

    S is the sum of the λ with 0 < |λ| < n/2 on either side: neutral if one is 0, kept if the signs
    agree, else flipped.

    Examples
    --------
    >>> one = Fraction(1)
    >>> pam_sense([one, one], [-one], 3), pam_sense([one, one], [2 * one], 4)
    ('flipped', 'neutral')
    """
    s_in, s_out = (
        sum((x for x in side if 0 < abs(x) < Fraction(n, 2)), Fraction(0))
        for side in (incoming, outgoing)
    )
    if s_in == 0 or s_out == 0:
        return "neutral"
    return "kept" if (s_in > 0) == (s_out > 0) else "flipped"


@dataclass(frozen=True)
class Budget:
    """What the quanta of a channel count for, on the axis that keeps every wavevector.

    Attributes
    ----------
    order : int
        The n that senses and U refer to.
    incoming, outgoing : tuple of Fraction
        λ of every quantum.
    screw_part : Fraction
        s·m of a screw that has a hand, s ≠ n/2.
    halves : int
        How many n/2 of either sign the screw contributes.
    conserved : bool
        Whether the l are conserved modulo the order of the axis, of which ``order`` may be half.
    """

    order: int
    incoming: tuple[Fraction, ...]
    outgoing: tuple[Fraction, ...]
    screw_part: Fraction = Fraction(0)
    halves: int = 0
    conserved: bool = True

    @cached_property
    def umklapp(self) -> int | None:
        """U; None where PAM is not conserved."""
        if not self.conserved:
            return None
        return umklapp(self.incoming, self.outgoing, self.order, self.screw_part, self.halves)

    @cached_property
    def sense(self) -> PamSense:
        """kept, flipped or neutral."""
        return pam_sense(self.incoming, self.outgoing, self.order)

    @cached_property
    def rotates(self) -> bool:
        """Whether any quantum has 0 < |λ| < n/2."""
        half = Fraction(self.order, 2)
        return any(0 < abs(x) < half for x in (*self.incoming, *self.outgoing))


Quantum = tuple[Fraction, QPoint, bool]
"""The l₀ of a quantum, its wavevector, and whether it is outgoing."""


def count(quanta: Sequence[Quantum], turn: Turn) -> Budget:
    r"""Count the quanta of a channel on an axis.

    Every quantum counts with λ = l₀, and the screw adds :math:`s m`. At the end of the zone along a
    screw axis, where u = ±u_b are one point,

    * l₀ may be the same for both. Then the quantum adds ±s u_b, which is ±n/2, to U;
    * or l₀ depends on which is taken. Then λ = l and the quantum has no part in m; but on 2₁, 4₂
      and 6₃, of which mirrors take l to −l + 2su, the channel is counted with the rotation of
      order n/2 in them: λ = l₀ mod n/2, which is the same for both, and no m.

    On 2₁, 4₂ and 6₃ mirrors and half-turns also tell +n/2 of the screw from −n/2 only by name, and
    each of the \|s m\|/(n/2) counts as either. So time reversal and every operation that keeps the
    axis take U to ±U and keep the sense.
    """
    n = turn.order
    if turn.reflected and any(turn.ambiguous(q) for _, q, _ in quanta):
        into, out = _sides((balanced(l, n // 2), outgoing) for l, _, outgoing in quanta)
        total = sum(
            ((l + turn.shift(q).coordinates[2]) * (-1 if outgoing else 1))
            for l, q, outgoing in quanta
        )
        return Budget(n // 2, into, out, conserved=total % n == 0)
    into, out = _sides((turn.counted(l, q), outgoing) for l, q, outgoing in quanta)
    if not turn.screw:
        return Budget(n, into, out)
    rise, halves = GAMMA, 0
    for _, q, outgoing in quanta:
        if not turn.at_end(q):
            rise = rise - turn.shift(q) if outgoing else rise + turn.shift(q)
        elif not turn.ambiguous(q):
            halves += 1
    part = rise.coordinates[2]
    m = part / turn.slope
    if turn.reflected and m.denominator == 1:
        return Budget(n, into, out, halves=halves + abs(int(m)))
    return Budget(n, into, out, part, halves)


def _sides(
    numbers: Iterable[tuple[Fraction, bool]],
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    listed = list(numbers)
    return (
        tuple(x for x, outgoing in listed if not outgoing),
        tuple(x for x, outgoing in listed if outgoing),
    )


@dataclass(frozen=True)
class Rotation:
    """The rotation of atoms in what comes out, against that in what goes in.

    Attributes
    ----------
    sense : RotationSense
        kept, flipped, none: no net rotation on one side, or open.
    transfer : float or None
        ΣJ_in − ΣJ_out about the axis, ħ: what the lattice takes; None where it is not fixed.
    """

    sense: RotationSense
    transfer: float | None


Signs = Sequence[str]
"""Of J of every quantum: +, -, 0 or open."""
Momenta = Sequence[float | None]
"""J of every quantum, ħ; None where it is not fixed."""


def rotation(signs: tuple[Signs, Signs], momenta: tuple[Momenta, Momenta]) -> Rotation:
    """Compare what comes out with what goes in, given J of the quanta of both sides.

    Examples
    --------
    >>> rotation((["+", "+"], ["-"]), ([1.0, 1.0], [-1.0]))
    Rotation(sense='flipped', transfer=3.0)
    """
    return Rotation(_compared(*map(_sign_of_sum, signs, momenta)), transferred(*momenta))


def transferred(incoming: Momenta, outgoing: Momenta) -> float | None:
    """Return ΣJ_in − ΣJ_out, ħ; None where one of them is not fixed."""
    total = 0.0
    for side, weight in ((incoming, 1), (outgoing, -1)):
        for j in side:
            if j is None:
                return None
            total += weight * j
    return round(total, 9) + 0.0


def _compared(j_in: str, j_out: str) -> RotationSense:
    """Whether the atoms keep their sense, from the signs (+, -, 0, open) of either side."""
    if "0" in (j_in, j_out):
        return "none"
    if "open" in (j_in, j_out):
        return "open"
    return "kept" if j_in == j_out else "flipped"


def _sign_of_sum(signs: Signs, momenta: Momenta) -> str:
    """Sign of a sum of angular momenta of which the signs, and perhaps the values, are known."""
    if all(j is not None for j in momenta):
        total = sum(j for j in momenta if j is not None)
        return "0" if abs(total) < 1e-6 else "+" if total > 0 else "-"
    present = set(signs) - {"0"}
    return present.pop() if len(present) == 1 else "open"
