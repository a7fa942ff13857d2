"""Where a beam goes, in words: directions of the crystal, and of the laboratory."""

from __future__ import annotations

from symchiral.answers.beam import Beam, Orientation, Statement
from symchiral.rules.wording import minus
from symchiral.table import Phrases, labelled, unbroken


def beam_lines(beam: Beam) -> list[Phrases]:
    """Return the beam, its geometry and where angles are counted from; how the sample stands."""
    horizontal = minus(beam.horizontal)
    places = {
        "backscattering": "scattered back",
        "forward": "scattered forward",
        "right-angle": f"scattered at a right angle, along {horizontal}",
    }
    parts = (
        f"travels along {minus(beam.along)}",
        places[beam.geometry],
        f"angles from {horizontal}",
    )
    about = f"counter-clockwise about {minus(beam.about)}".split(" (")  # (c of the standard cell)
    lines = [labelled("beam", ", ".join([*map(unbroken, parts), " (".join(map(unbroken, about))]))]
    if beam.orientation is not None:
        lines.insert(0, labelled("lab", _lab(beam.orientation)))
    return lines


def _lab(orientation: Orientation) -> str:
    """``z along c, x along a, y along [1 2 0]``; what was projected, and by how much."""
    first, second = orientation.stated
    words = [_along(first)]
    if orientation.tilt > 1e-3:
        words.append(
            f"{minus(second.lab)} along the projection of {minus(second.crystal)}, "
            f"which is {orientation.tilt:.2f}° off"
        )
    else:
        words.append(_along(second))
    if orientation.third is not None:
        words.append(_along(orientation.third))
    told = "; all angles and spins are those of the lab"
    if orientation.standard:  # the cell of the file is not what the user may have in mind
        told += f"; {minus(orientation.standard)} of the file is c of the standard cell"
    return ", ".join(map(unbroken, words)) + told


def _along(statement: Statement) -> str:
    return f"{minus(statement.lab)} along {minus(statement.crystal)}"
