"""What the user should know about bands: what is interpolated, linear in q, or unstable."""

from __future__ import annotations

import numpy as np

from symchiral.crystal.crystal import Notice
from symchiral.forces.bands import Bands, BandSegment
from symchiral.modes.notices import NOTED_CHANGE, splitting_notice
from symchiral.rules.wording import minus


def bands_notices(bands: Bands) -> tuple[Notice, ...]:
    """Return what the user should know about these bands."""
    constants = bands.phonons.constants
    found: list[Notice] = []
    if constants is not None and constants.cells == 1:
        found.append(
            Notice(
                "single-cell",
                "the forces were computed in a single primitive cell: only the zone centre was "
                "computed, all else is interpolated",
            )
        )
    linear = (_linear(bands, piece) for piece in bands.segments)
    found += [notice for notice in linear if notice is not None][:1]
    piece = min(bands.segments, key=lambda p: float(p.frequencies.min()))
    lowest = float(piece.frequencies.min())
    if lowest < -10 * NOTED_CHANGE:
        found.append(
            Notice(
                "unstable",
                f"imaginary frequencies, printed negative, down to {lowest:.2f} THz between "
                f"{piece.start.point.label} and {piece.end.point.label}; the crystal is unstable "
                "in this structure, or the forces are not converged",
            )
        )
    return tuple(found)


def _linear(bands: Bands, piece: BandSegment) -> Notice | None:
    """The warning that acoustic branches split at first order in q somewhere on a piece."""
    sizes = np.array([bands.phonons.acoustic_splitting(q) for q in piece.coordinates])
    hits = np.flatnonzero(sizes)
    found = (
        splitting_notice(
            f"({', '.join(minus(f'{x:.3g}') for x in piece.coordinates[i])})",
            float(sizes[i]),
            piece.frequencies[i] ** 2,
        )
        for i in hits[np.argsort(sizes[hits])]
    )
    return next((notice for notice in found if notice is not None), None)
