"""A mode as a page that needs nothing else: moving atoms drawn on a canvas."""

from __future__ import annotations

import numpy as np

from symchiral.disk import mark
from symchiral.figures.colours import colours
from symchiral.modes.animation import Animation
from symchiral.modes.mode import NO_ROTATION
from symchiral.page.template import data_of, render
from symchiral.rules.wording import minus
from symchiral.write.animation_files import ANIMATION


def animation_html(animation: Animation) -> str:
    """Return the page: rest positions, complex displacements, and a script that moves them.

    The page turns with the mouse, shows the orbit of every atom (red where it rotates anticlockwise
    about the axis, blue where clockwise), and starts with the axis pointing at the viewer.
    """
    cell = animation.supercell
    axis = animation.modes.axis
    up = np.array([0.0, 0.0, 1.0]) if axis is None else axis.direction
    slowest = min(abs(mode.frequency) for mode, _ in animation.parts)
    symbols = list(cell.symbols)
    data = {
        "rest": np.round(animation.rest, 5).tolist(),
        "motions": [
            {
                "re": np.round(u.real, 6).tolist(),
                "im": np.round(u.imag, 6).tolist(),
                "turns": abs(mode.frequency) / slowest if animation.others else 1,
                "size": 1,
            }
            for mode, u in animation.parts
        ],
        "symbols": symbols,
        "names": symbols,
        "colours": colours(symbols),
        "cell": np.round(cell.cell, 5).tolist(),
        "axis": np.round(up, 6).tolist(),
    }
    return render(
        "animation.html",
        style="animation.css",
        scripts=("viewer.js", "animation.js"),
        title=animation.title,
        mark=mark(ANIMATION),
        facts=_facts(animation),
        data=data_of(data),
    )


def _facts(animation: Animation) -> str:
    parts = []
    for mode, _ in animation.parts:
        am = animation.modes.am(mode)
        parts.append(f"{mode.frequency:.3f} THz")
        if mode.pam is not None:
            parts.append(f"l = {mode.pam}")
        if am is not None:
            parts.append(f"J = {am:+.3f} ħ about the axis" if abs(am) >= NO_ROTATION else "J = 0")
    parts.append(f"{animation.cells[0]}×{animation.cells[1]}×{animation.cells[2]} primitive cells")
    return minus("   ".join(parts))
