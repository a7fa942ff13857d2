"""Electron and exciton states as participants: known only by their PAM on one axis."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.pam import Turn
from symchiral.irreps.participant import Participant
from symchiral.irreps.stars import place_name
from symchiral.value import frozen


def valley_state(group: SpaceGroup, name: str, k: QPoint, pam: Fraction, turn: Turn) -> Participant:
    r"""Return a state of given wavevector and pseudo-angular momentum.

    Only what the powers of the named operation do to it is known,
    :math:`D(C_n) = e^{-2πi l/n}`; a coupling with it is judged on them alone, so that *allowed* is
    necessary, not sufficient. Its conjugate is the state with −l at −k.

    Parameters
    ----------
    name : str
        How legs print it, without the PAM.
    k : QPoint
        Wavevector, which the operation must keep.
    pam : Fraction
        l, about the axis of ``turn``.
    turn : Turn
        The named operation.
    """
    size = len(group)
    arms = (k.reduced, (-k).reduced)
    images = np.tile([0, 1], (size, 1))
    matrices = np.zeros((size, 2, 1, 1), dtype=complex)
    known = []
    # {E|t} g is the named operation: g itself carries the phase of −t besides.
    step = np.exp(-2j * np.pi * float(pam) / turn.order)
    index, lattice, phase = 0, np.zeros(3, dtype=np.int64), 1.0 + 0j
    for _ in range(turn.order):
        turns = float(arms[0].dot(lattice))
        value = phase * np.exp(2j * np.pi * turns)
        matrices[index, 0], matrices[index, 1] = value, np.conj(value)
        known.append(index)
        # {E|t}g · {E|s}h = {E|t + W_g s + t_gh} gh
        product = int(group.products[turn.index, index])
        extra = group.product_translations[turn.index, index]
        lattice = np.array(turn.lattice) + group.rotations[turn.index] @ lattice + extra
        index, phase = product, phase * step
    return Participant(
        names=(f"{name}[{pam}]", f"{name}[{-pam}]"),
        places=(place_name(group, k), place_name(group, -k)),
        group=group,
        arms=arms,
        images=frozen(images, np.int64),
        matrices=frozen(matrices),
        conjugate_arms=frozen([1, 0], np.int64),
        conjugation=frozen(np.ones((2, 1, 1)), complex),
        irrep_dimension=1,
        known=tuple(sorted(known)),
    )
