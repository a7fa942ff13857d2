"""The rotation of a mode, Q × Q̇, as a participant."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np

from symchiral.irreps.participant import Participant
from symchiral.irreps.partners import partners
from symchiral.value import frozen


@lru_cache(maxsize=4096)
def rotation(participant: Participant, signs: tuple[int, ...] | None = None) -> Participant | None:
    r"""Return :math:`L_{ab} = Q_a \dot Q_b - Q_b \dot Q_a` of one mode; None if it cannot rotate.

    The antisymmetric square of the irrep, odd under time reversal: a velocity of the same mode
    enters an energy in no other way. (The symmetric part is a total time derivative.)

    Parameters
    ----------
    participant : Participant
        A real irrep at the zone centre.
    signs : tuple of int, optional
        Time signs of the operations of a magnetic crystal: there an operation also multiplies L by
        its sign, and time reversal alone is not an operation.

    Examples
    --------
    The rotation of Eg in R-3m transforms like A2g:

    >>> from symchiral.crystal.search import space_group
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> a1g, a2g, eg, *_ = zone_centre(space_group(458))
    >>> bool(np.allclose(rotation(eg).characters, a2g.characters)), rotation(a1g)
    (True, None)
    """
    if participant.dimension == 1:
        return None
    real = partners(participant)
    matrices = np.real(real.conj().T @ participant.matrices[:, 0] @ real)
    pairs = list(combinations(range(participant.dimension), 2))
    square = np.array(
        [
            [
                matrices[:, a, c] * matrices[:, b, d] - matrices[:, a, d] * matrices[:, b, c]
                for c, d in pairs
            ]
            for a, b in pairs
        ]
    ).transpose(2, 0, 1)
    if signs is not None:
        square = np.array(signs)[:, None, None] * square
    size = len(pairs)
    return Participant(
        names=(f"rot({participant.name})",),
        places=("",),
        group=participant.group,
        arms=participant.arms,
        images=participant.images,
        matrices=frozen(square[:, None], complex),
        conjugate_arms=participant.conjugate_arms,
        conjugation=frozen(np.eye(size)[None], complex),
        irrep_dimension=size,
        time_parity=-1 if signs is None else 1,
        field=True,
    )
