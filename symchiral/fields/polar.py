"""Uniform fields as participants: the electric field."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.participant import Participant
from symchiral.value import frozen


@lru_cache(maxsize=1024)
def electric_field(group: SpaceGroup) -> Participant:
    r"""Return the electric field E: a uniform polar vector, even under time reversal.

    It is reducible in most classes; the engine does not mind. Its matrices are the rotation parts
    W made orthogonal with the invariant metric :math:`g = |G|^{-1} \sum W^T W`,
    :math:`D = g^{1/2} W g^{-1/2}`. Components on an axis of order ≥ 3 are the circular vectors
    ε± (l = ±1) and the direction of the axis whatever the metric.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> electric_field(space_group(458))
    Participant(E, R-3m, dimension 3)
    """
    rotations = group.rotations.astype(float)
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ rotations, axis=0)
    values, vectors = np.linalg.eigh(metric)
    root = (vectors * np.sqrt(values)) @ vectors.T
    matrices = root @ rotations @ np.linalg.inv(root)
    n = len(group)
    return Participant(
        names=("E",),
        places=("",),
        group=group,
        arms=(GAMMA,),
        images=frozen(np.zeros((n, 1)), np.int64),
        matrices=frozen(matrices[:, None], complex),
        conjugate_arms=frozen([0], np.int64),
        conjugation=frozen(np.eye(3)[None], complex),
        irrep_dimension=3,
    )
