"""Where a beam goes, in words: directions of the crystal, and of the laboratory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symchiral.fields.orientation import LAB, Orientation
from symchiral.report.directions import across_text, along_text
from symchiral.rules.light import Light
from symchiral.rules.wording import minus
from symchiral.table import unbroken

Floats = npt.NDArray[np.float64]


def beam_lines(light: Light) -> list[str]:
    """The beam, its geometry and where angles are counted from; how the sample stands."""
    beam = light.beam
    horizontal = _horizontal(light)
    places = {
        "backscattering": "scattered back",
        "forward": "scattered forward",
        "right-angle": f"scattered at a right angle, along {horizontal}",
    }
    parts = (
        f"travels along {_direction(light, beam.direction)}",
        places[beam.geometry],
        f"angles from {horizontal}, counter-clockwise about {_direction(light, beam.frame[2])}",
    )
    lines = [f"beam     {', '.join(map(unbroken, parts))}"]
    if beam.orientation is not None:
        lines.insert(0, f"lab      {_lab(light, beam.orientation)}")
    return lines


def _direction(light: Light, vector: Floats) -> str:
    """``c``; ``lab z``, or ``lab [1 1 0]`` in an oriented sample."""
    orientation = light.beam.orientation
    if orientation is None:
        return along_text(light.crystal, vector)
    inside = orientation.to_lab(vector)
    large = np.abs(inside) > 1e-5 * np.abs(inside).max()
    if large.sum() == 1:
        i = int(large.argmax())
        return f"lab {'−' if inside[i] < 0 else ''}{LAB[i]}"
    scaled = inside / np.abs(inside[large]).min()
    return f"lab [{' '.join(minus(f'{x:g}') for x in scaled.round(3) + 0.0)}]"


def _horizontal(light: Light) -> str:
    """Where angles are counted from: a direction of the cell, or its projection."""
    beam = light.beam
    if beam.orientation is None:
        return across_text(light.crystal, beam.frame)
    return _direction(light, beam.frame[0])


def _lab(light: Light, orientation: Orientation) -> str:
    """``z along c, x along a, y along [1 2 0]``; what was projected, and by how much."""
    (first, along_first), (second, along_second) = orientation.stated
    words = [f"{minus(first)} along {minus(along_first)}"]
    if orientation.tilt > 1e-3:
        words.append(
            f"{minus(second)} along the projection of {minus(along_second)}, "
            f"which is {orientation.tilt:.2f}° off"
        )
    else:
        words.append(f"{minus(second)} along {minus(along_second)}")
    third = next(k for k in LAB if k not in (first[-1], second[-1]))
    rest = along_text(light.crystal, orientation.axes[LAB.index(third)])
    if "." not in rest:
        words.append(f"{third} along {rest}")
    told = "; all angles and spins are those of the lab"
    standard = light.crystal.frame.direction([0, 0, 1], to="cartesian", source="standard")
    name = along_text(light.crystal, standard)
    if name.startswith("["):  # the cell of the file is not what the user may have in mind
        told += f"; {minus(name.split(' (')[0])} of the file is c of the standard cell"
    return ", ".join(map(unbroken, words)) + told
