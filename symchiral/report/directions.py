"""How directions are written."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.rules.wording import minus


def along_text(crystal: SymmetricCrystal, vector: npt.NDArray[np.float64]) -> str:
    """A Cartesian direction: a, b or c of the input cell, else [u v w] and its standard name."""
    inside = crystal.frame.direction(vector, to="input", source="cartesian")
    standard = crystal.frame.direction(vector, to="standard", source="cartesian")
    if _cell_vector(inside):
        return _cell_vector(inside)
    scaled = inside / abs(inside[abs(inside) > 1e-5 * abs(inside).max()]).min()
    text = "[" + " ".join(minus(f"{x:g}") for x in scaled.round(3) + 0.0) + "]"
    name = _cell_vector(standard)
    return f"{text} ({name} of the standard cell)" if name else text


def across_text(crystal: SymmetricCrystal, frame: npt.NDArray[np.float64]) -> str:
    """The first row of x, y, n: a direction of the cell, or what it is the projection of."""
    x, n = frame[0], frame[2]
    text = along_text(crystal, x)
    if text.startswith("["):
        for name, uvw in zip("abc", np.eye(3), strict=True):
            v = crystal.frame.direction(uvw, to="cartesian", source="input")
            flat = v - (v @ n) * n
            if flat @ x > (1 - 1e-9) * np.linalg.norm(flat) > 1e-6:
                return f"the projection of {name}"
    return text


def _cell_vector(direction: npt.NDArray[np.float64]) -> str:
    """``c`` or ``−c`` where a direction is that of a cell vector, else empty."""
    large = abs(direction) > 1e-5 * abs(direction).max()
    if large.sum() > 1:
        return ""
    i = int(large.argmax())
    return ("−" if direction[i] < 0 else "") + "abc"[i]
