"""CDML names of the zone-centre irreps, from the ISO-IR table."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np

from symchiral.irreps.isoir import iso_wavevectors
from symchiral.irreps.participant import Participant
from symchiral.value import ROUNDED


@lru_cache(maxsize=4096)
def cdml_name(participant: Participant) -> str:
    """Return the CDML name of a real irrep at Γ, ``GM3-``; joined pairs read ``GM2GM3``.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> [cdml_name(p) for p in zone_centre(space_group(458))]
    ['GM1+', 'GM2+', 'GM3+', 'GM1-', 'GM2-', 'GM3-']
    >>> [cdml_name(p) for p in zone_centre(space_group(430))]
    ['GM1', 'GM2GM3']
    """
    group = participant.group
    centre = next(k for k in iso_wavevectors(group.number) if k.label == "GM")
    places = {w.tobytes(): i for i, w in enumerate(np.asarray(centre.rotations, dtype=np.int64))}
    order = [places[g.rotation.tobytes()] for g in group.standard_operations]
    for size in (1, 2):
        for irreps in combinations(centre.irreps, size):
            total = sum(np.asarray(irrep.characters)[order] for irrep in irreps)
            if np.allclose(total, participant.characters, atol=ROUNDED):
                return "".join(irrep.label for irrep in irreps)
    raise ValueError(f"{participant} is not in the ISO-IR table of group {group.number}")
