"""What users of modes should know: broken symmetry, imaginary frequencies, sum rules not obeyed."""

from __future__ import annotations

import numpy as np

from symchiral.crystal.crystal import Notice
from symchiral.irreps.stars import place_name
from symchiral.modes.mode import Modes
from symchiral.value import Floats

LINEAR = 0.02
"""Part of the largest ω² of acoustic modes above which their splitting linear in q is said."""

NOTED_CHANGE = 1e-3
"""Forces that change a frequency by more when made symmetric, in THz, are worth a warning."""


def modes_notices(modes: Modes) -> tuple[Notice, ...]:
    """Return what the user should know about the modes at a wavevector."""
    place = place_name(modes.crystal.group, modes.q) or "GM"
    found = []
    if modes.asymmetry > NOTED_CHANGE:
        found.append(
            Notice(
                "asymmetric-forces",
                f"the forces at {place} break the symmetry: averaging them over "
                f"{modes.crystal.group.symbol} changed a frequency by {modes.asymmetry:.2g} THz",
            )
        )
    if modes.direction is not None and modes.born is None:
        found.append(
            Notice(
                "no-born-charges",
                "--direction changes nothing: the force data have no Born charges, and without "
                "them no longitudinal mode has a field; put a BORN file beside them",
            )
        )
    unstable = [m for m in modes.multiplets if m.number is not None and m.frequency < -NOTED_CHANGE]
    if unstable:
        names = ", ".join(m.name for m in unstable)
        found.append(
            Notice(
                "unstable",
                f"imaginary frequencies at {place}, printed negative: {names}; the crystal is "
                "unstable in this structure, or the forces are not converged",
            )
        )
    linear = splitting_notice(place, modes.acoustic_splitting, modes.frequencies**2)
    return (*found, linear) if linear is not None else tuple(found)


def splitting_notice(place: str, splitting: float, squares: Floats) -> Notice | None:
    """Return the warning that acoustic branches split at first order in q, if that is much.

    Parameters
    ----------
    place : str
        Where.
    splitting : float
        By how much ω² differs, THz².
    squares : (n,) float
        ω² of all modes there, THz².
    """
    highest = float(np.sort(np.abs(squares))[2])
    if splitting <= LINEAR * highest:
        return None
    optical = float(np.sqrt(np.sort(np.abs(squares))[3:4].max(initial=0.0)))
    example = (
        "" if not optical else f", which is {splitting / 2 / optical:.1g} THz at {optical:.3g} THz"
    )
    return Notice(
        "rotational-sum-rule",
        f"the forces break the rotational sum rule: at {place} ω² of two acoustic branches "
        f"differs by {splitting:.2g} THz², linear in q, although rotating the crystal costs no "
        f"energy; a splitting linear in q of modes at f is uncertain by {splitting / 2:.2g} "
        f"THz²/f{example}; --rotational-sum-rule imposes the rule",
    )
