"""The electric field of light as a participant: a uniform polar vector."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.crystal.symmetric import Symmetry
from symchiral.irreps.participant import Participant
from symchiral.value import Floats, frozen


@lru_cache(maxsize=1024)
def electric_field(group: SpaceGroup) -> Participant:
    r"""Return the electric field E: a uniform polar vector, even under time reversal.

    It is reducible in most classes; the engine does not mind. Its matrices are the rotation parts
    W made orthogonal with the invariant metric :math:`g = |G|^{-1} \sum W^T W`,
    :math:`D = g^{1/2} W g^{-1/2}`, so that all crystals of a group share it. Components on an axis
    of order ≥ 3 are the circular vectors ε± (l = ±1) and the direction of the axis whatever the
    metric; where other directions are meant, take :func:`electric_field_in`.

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
    return uniform_field(group, "E", root @ rotations @ np.linalg.inv(root))


def electric_field_in(crystal: Symmetry, frame: Floats | None = None) -> Participant:
    """Return the electric field in Cartesian axes: amplitudes E_x, E_y, E_z.

    Parameters
    ----------
    crystal : Symmetry
        Whose group acts.
    frame : (3, 3) float, optional
        Rows x, y, z, orthonormal; default the axes of the input.
    """
    rotations = crystal.rotations
    return uniform_field(
        crystal.group, "E", rotations if frame is None else frame @ rotations @ frame.T
    )


def uniform_field(
    group: SpaceGroup, name: str, matrices: Floats, *, time_parity: int = 1
) -> Participant:
    """Return a uniform real field whose amplitudes transform with real orthogonal matrices.

    Parameters
    ----------
    group : SpaceGroup
        The group that acts.
    name : str
        How legs print it.
    matrices : (G, d, d) float
        What the operations do.
    time_parity : int
        −1 for a field that is odd under time reversal.
    """
    contents = np.ascontiguousarray(matrices, dtype=float).tobytes()
    return _uniform_field(group, name, contents, time_parity)


def odd_field(crystal: Symmetry, name: str, matrices: Floats) -> Participant:
    r"""Return a uniform real field that is odd under time reversal.

    In a magnetic crystal an operation with the time sign s acts as :math:`s\,D`, and no product is
    forbidden for its time parity alone: time reversal by itself is not an operation. Elsewhere the
    field has the time parity −1.

    Parameters
    ----------
    crystal : Symmetry
        The crystal.
    name : str
        How legs print it.
    matrices : (G, d, d) float
        D, what the spatial parts of the operations do.
    """
    if crystal.signs is None:
        return uniform_field(crystal.group, name, matrices, time_parity=-1)
    return uniform_field(crystal.group, name, np.array(crystal.signs)[:, None, None] * matrices)


@lru_cache(maxsize=1024)
def _uniform_field(group: SpaceGroup, name: str, contents: bytes, time_parity: int) -> Participant:
    """The same field is the same object: what is known of it is then found at once."""
    n = len(group)
    size = math.isqrt(len(contents) // (8 * n))
    matrices = np.frombuffer(contents).reshape(n, size, size)
    return Participant(
        names=(name,),
        places=("",),
        group=group,
        arms=(GAMMA,),
        images=frozen(np.zeros((n, 1)), np.int64),
        matrices=frozen(matrices[:, None], complex),
        conjugate_arms=frozen([0], np.int64),
        conjugation=frozen(np.eye(size)[None], complex),
        irrep_dimension=size,
        time_parity=time_parity,
        field=True,
    )
