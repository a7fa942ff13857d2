"""How directions are named: ``c``, ``[1 -1 0]``, ``the projection of a``."""

from __future__ import annotations

import numpy as np

from symchiral.crystal.symmetric import Symmetry
from symchiral.value import UNWRITTEN, Floats


def direction_name(crystal: Symmetry, vector: Floats) -> str:
    """Name a Cartesian direction: a, b or c of the input cell, else [u v w].

    After [u v w] stands the name in the standard cell, if it is a cell vector there:
    ``[1 1 1] (c of the standard cell)``.
    """
    inside = input_name(crystal, vector)
    return axis_name(crystal, vector) if inside[0] == "[" else inside


def axis_name(crystal: Symmetry, vector: Floats) -> str:
    """Name a direction that angles and symbols of operations refer to, in both cells.

    As :func:`direction_name`; after a, b or c, too, where it has another name in the standard cell,
    of whole numbers: ``c (-c of the standard cell)``.
    """
    inside, there = input_name(crystal, vector), _standard_name(crystal, vector)
    if inside == there or "." in there or (inside[0] == there[0] == "["):
        return inside
    return f"{inside} ({there} of the standard cell)"


def _standard_name(crystal: Symmetry, vector: Floats) -> str:
    """Name a Cartesian direction in the standard cell alone."""
    standard = crystal.frame.direction(vector, to="standard", source="cartesian")
    return _cell_vector(standard) or numbers_name(standard)


def input_name(crystal: Symmetry, vector: Floats) -> str:
    """Name a Cartesian direction in the input cell alone: a, b or c, else [u v w]."""
    inside = crystal.frame.direction(vector, to="input", source="cartesian")
    return _cell_vector(inside) or numbers_name(inside)


def numbers_name(components: Floats) -> str:
    """Name a direction by its components, the smallest of them 1: ``[1 -1 0]``."""
    large = abs(components) > UNWRITTEN * abs(components).max()
    scaled = components / abs(components[large]).min()
    return "[" + " ".join(f"{x:g}" for x in scaled.round(3) + 0.0) + "]"


def across_name(crystal: Symmetry, frame: Floats) -> str:
    """Name the first row of x, y, n: a direction of the cell, or what it is the projection of.

    Where that vector is another of the standard cell, the name of x there stands behind, if it has
    one: ``the projection of a ([2 1 0] of the standard cell)``.
    """
    x, n = frame[0], frame[2]
    text = axis_name(crystal, x)
    if text.startswith("["):
        for name, uvw in zip("abc", np.eye(3), strict=True):
            v = crystal.frame.direction(uvw, to="cartesian", source="input")
            flat = v - (v @ n) * n
            if flat @ x > (1 - 1e-9) * np.linalg.norm(flat) > 1e-6:
                text = f"the projection of {name}"
                there = _standard_name(crystal, x)
                if _standard_name(crystal, v) == name or "." in there:
                    return text
                return f"{text} ({there} of the standard cell)"
    return text


def _cell_vector(direction: Floats) -> str:
    """``c`` or ``-c`` where a direction is that of a cell vector, else empty."""
    components = direction.tolist()
    least = UNWRITTEN * max(map(abs, components))
    large = [i for i, x in enumerate(components) if abs(x) > least]
    if len(large) > 1:
        return ""
    i = large[0]
    return ("-" if components[i] < 0 else "") + "abc"[i]
