"""Partner functions: a real basis of every zone-centre irrep, fixed by the standard axes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.crystal.operation import Operation
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.pam import components
from symchiral.irreps.participant import Participant
from symchiral.value import Complex, Floats, frozen

_ACROSS = ((1, 0, 0), (0, 1, 0), (1, 1, 0), (1, -1, 0), (1, 2, 0), (2, 1, 0))
"""Directions across the principal axis, the first that is one is taken."""


@lru_cache(maxsize=4096)
def partners(participant: Participant) -> Complex:
    r"""Return real partner functions of an irrep at Γ as columns, :math:`K w_a = w_a`.

    They depend on the space group alone, not on the axis about which rotation is counted:

    * T: :math:`w_x, w_y, w_z`, even under the half-turn about that cubic axis and odd under the
      other two;
    * E: :math:`w_1, w_2` with :math:`w_+ = (w_1 + i w_2)/\sqrt 2` of positive l about the principal
      axis ([111] in cubic classes); :math:`w_1` is even under the first half-turn across that axis
      ([100] before [010] …), else odd under the first mirror containing it, and in cubic classes
      even under the four-fold axis along [001]. Without such an operation the phase of
      :math:`w_+` is free: another choice mixes :math:`w_1` and :math:`w_2`.

    Parameters
    ----------
    participant : Participant
        A real irrep at the zone centre.

    Returns
    -------
    (d, d) complex
        Orthonormal columns.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> eg = zone_centre(space_group(458))[2]
    >>> partners(eg).shape
    (2, 2)
    """
    real = components(participant, None)[0].basis
    matrices = np.real(real.conj().T @ participant.matrices[:, 0] @ real)
    if participant.dimension == 1:
        chosen = np.eye(1)
    elif participant.dimension == 3:
        chosen = _triple(participant.group, matrices)
    else:
        chosen = _pair(participant.group, matrices)
    return frozen(real @ chosen, complex)


def _triple(group: SpaceGroup, matrices: Floats) -> Floats:
    half_turn = _first(group, (2,), ((1, 0, 0),))
    diagonal = _anticlockwise(group, (3,), (1, 1, 1))
    x = _eigenvector(matrices[half_turn], 1.0)
    y = matrices[diagonal] @ x
    return np.stack([x, y, matrices[diagonal] @ y], axis=1)


def _pair(group: SpaceGroup, matrices: Floats) -> Floats:
    if group.schoenflies in ("T", "Th", "O", "Td", "Oh"):
        turning = _anticlockwise(group, (3,), (1, 1, 1))
        reversing, sign = _first(group, (4, -4), ((0, 0, 1),)), 1.0
    else:
        turning = _anticlockwise(group, (6, 4, -4, 3), (0, 0, 1))
        reversing, sign = _first(group, (2,), _ACROSS), 1.0
        if reversing < 0:
            reversing, sign = _first(group, (-2,), _ACROSS), -1.0
    first = np.array([1.0, 0.0]) if reversing < 0 else _eigenvector(matrices[reversing], sign)
    second = np.array([-first[1], first[0]])
    # D(C) w+ = exp(−2πi l/n) w+ with l > 0 turns w1 towards w2.
    return np.stack([first, second * np.sign(second @ matrices[turning] @ first)], axis=1)


def _eigenvector(matrix: Floats, value: float) -> Floats:
    """The eigenvector of a symmetric matrix with a simple eigenvalue, largest entry positive."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    vector = vectors[:, int(np.argmin(np.abs(values - value)))]
    return np.asarray(vector * np.sign(vector[int(np.argmax(np.abs(vector)))]))


def _first(group: SpaceGroup, kinds: tuple[int, ...], uvws: tuple[tuple[int, ...], ...]) -> int:
    """Index of the first operation of these kinds and standard directions; −1 if there is none."""
    wanted = [(kind, uvw) for kind in kinds for uvw in uvws]
    found = {(g.type, g.direction): i for i, g in reversed(list(enumerate(_standard(group))))}
    return next((found[key] for key in wanted if key in found), -1)


def _anticlockwise(group: SpaceGroup, kinds: tuple[int, ...], uvw: tuple[int, ...]) -> int:
    """Index of the operation of the first of these kinds that rotates anticlockwise about uvw."""
    trial = np.array([1, 0, 0])

    def sense(g: Operation) -> float:
        return float(np.linalg.det(np.array([trial, g.rotation @ trial, uvw], dtype=float)))

    return next(
        i
        for kind in kinds
        for i, g in enumerate(_standard(group))
        if g.type == kind and g.direction == uvw and sense(g) > 0
    )


def _standard(group: SpaceGroup) -> tuple[Operation, ...]:
    return group.standard_operations
