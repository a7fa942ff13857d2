"""Electron, hole and exciton states as participants: known only by their PAM on one axis."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import GrammarError
from symchiral.irreps.pam import Turn, balanced, turned
from symchiral.irreps.participant import Participant
from symchiral.irreps.stars import place_name
from symchiral.value import frozen

STATE = re.compile(r"[ecvhX]\d{0,2}'{0,2}")
"""Names of states: e, c, v an electron, h a hole, X an exciton, with a number or primes."""

HALF = Fraction(1, 2)


def electronic_state(
    group: SpaceGroup, name: str, k: QPoint, number: Fraction, turn: Turn
) -> Participant:
    r"""Return a state of given wavevector and pseudo-angular momentum.

    Only what the powers of the named operation do to it is known,

    .. math:: D(C_n) = e^{-2πi\,l/n}, \qquad l = j_0 + s\,u,

    so that *allowed* is necessary, not sufficient. :math:`j_0` is half-integer for a state of spin
    ½, for which :math:`D(C_n)^n = -1` (times the phase of the translation, on a screw; S4 too),
    and integer for a state without spin. The conjugate is the state with −l at −k. A hole carries
    −(l, k) of the state that is empty; an exciton is the product of an electron and a hole, hence
    a state without spin.

    Parameters
    ----------
    name : str
        How legs print it, without the number.
    k : QPoint
        Wavevector, which the operation must keep.
    number : Fraction
        What stands in brackets: :math:`j_0`; at the end of a screw axis, where ±u are one point
        and :math:`j_0` depends on which is taken, l itself, as in the names of phonons.
    turn : Turn
        The named operation.

    Raises
    ------
    GrammarError
        No state has this number here, or it is an exciton with a half-integer.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> three = Turn(3, 1, (0, 0, 0), (0, 0, 1))
    >>> state = electronic_state(space_group(430), "e", QPoint.of(0, 0, 0), Fraction(5, 2), three)
    >>> state.name, state.spinor
    ('e[-1/2]', True)
    """
    shift = turn.shift(k)
    offset = _offset(turn, k)
    j0 = number - offset
    spinor = j0.denominator == 2
    where = place_name(group, k)
    if j0.denominator > 2 or (spinor and name[0] == "X"):
        raise GrammarError(
            f"no state {name}[{number}]" + (f"@{where}" if where else ""),
            why="an exciton is an electron and a hole, whose two half-integers add up to an integer"
            if spinor
            else "a state has a half-integer (spin ½) or an integer (without spin)",
            fix=f"write {_forms(name, turn, offset)}",
        )
    size = len(group)
    arms = (k.reduced, (-k).reduced)
    images = np.tile([0, 1], (size, 1))
    matrices = np.zeros((size, 2, 1, 1), dtype=complex)
    known = []
    # {E|t} g is the named operation: g itself carries the phase of −t besides. Of spin ½ the
    # powers 0 to n − 1 of the double group stand for the operations: of an even number of such
    # states the product is the same for either choice.
    step = turned(j0 + shift.generic[2], turn.order)
    index, lattice, phase = 0, np.zeros(3, dtype=np.int64), 1.0 + 0j
    for _ in range(turn.order):
        value = phase * phase_of(arms[0].dot(lattice))
        matrices[index, 0], matrices[index, 1] = value, np.conj(value)
        known.append(index)
        # {E|t}g · {E|s}h = {E|t + W_g s + t_gh} gh
        product = int(group.products[turn.index, index])
        extra = group.product_translations[turn.index, index]
        lattice = np.array(turn.lattice) + group.rotations[turn.index] @ lattice + extra
        index, phase = product, phase * step
    return Participant(
        names=tuple(f"{name}[{balanced(x, turn.order)}]" for x in (number, -number)),
        places=(where, place_name(group, -k)),
        group=group,
        arms=arms,
        images=frozen(images, np.int64),
        matrices=frozen(matrices),
        conjugate_arms=frozen([1, 0], np.int64),
        conjugation=frozen(np.ones((2, 1, 1)), complex),
        irrep_dimension=1,
        known=tuple(sorted(known)),
        spinor=spinor,
    )


def _offset(turn: Turn, k: QPoint) -> Fraction:
    """What a number in a name holds besides j₀: s u where j₀ is ambiguous, elsewhere nothing."""
    return turn.shift(k).coordinates[2] if turn.ambiguous(k) else Fraction(0)


def _forms(name: str, turn: Turn, offset: Fraction) -> str:
    """``e[1/2], e[-1/2] or e[3/2] (spin ½), e[0], e[1] or e[-1] (without spin)``."""
    n = turn.order
    parts = []
    for kind, start in (("spin ½", HALF), ("without spin", Fraction(0))):
        if name[0] == "X" and start:
            continue
        numbers = sorted(
            (balanced(start + offset + m, n) for m in range(n)), key=lambda x: (abs(x), -x)
        )
        words = [f"{name}[{x}]" for x in numbers]
        parts.append(f"{', '.join(words[:-1])} or {words[-1]} ({kind})")
    return ", ".join(parts)
