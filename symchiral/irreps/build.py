"""Small irreps at any wavevector: the one door to spgrep, behind a cache."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import QPoint, little_group
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.irreps import cache
from symchiral.value import frozen

Complex = npt.NDArray[np.complex128]


@lru_cache(maxsize=4096)
def small_irreps(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...]:
    r"""Return the small irreps of the little group at q.

    Element h of an irrep is the matrix of the h-th operation of ``little_group(group, q)``, with

    .. math::
        Δ(\{E|t\}) = e^{-i q·t}, \qquad
        Δ(g)Δ(h) = e^{-i q·t_{gh}} Δ(gh), \quad g h = \{E|t_{gh}\}(gh).

    They are unitary; order, basis and phases are arbitrary.

    Returns
    -------
    tuple of (H, d, d) complex
        One array per irrep, ordered by dimension.
    """
    stored = cache.load(group.hall_number, q)
    if stored is not None:
        return stored
    irreps = _from_spgrep(group, q)
    cache.store(group.hall_number, q, irreps)
    return irreps


def _from_spgrep(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...]:
    from spgrep import get_spacegroup_irreps_from_primitive_symmetry

    members = little_group(group, q)
    irreps, mapping = get_spacegroup_irreps_from_primitive_symmetry(
        group.rotations[list(members)],
        group.shifts[list(members)] / DENOMINATOR,
        np.array([float(x) for x in q.generic]),
    )
    order = np.argsort(mapping)
    if len(mapping) != len(members):
        raise ValueError(f"spgrep found another little group of {group} at {q}")
    found = [frozen(np.asarray(irrep)[order], complex) for irrep in irreps]
    return tuple(sorted(found, key=lambda irrep: irrep.shape[1]))
