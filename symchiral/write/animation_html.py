"""A mode as a page that needs nothing else: moving atoms drawn on a canvas."""

from __future__ import annotations

import html
import json
from importlib.resources import files

import numpy as np

from symchiral.disk import mark
from symchiral.modes.animation import Animation
from symchiral.modes.mode import STILL
from symchiral.rules.wording import minus
from symchiral.write.animation_files import ANIMATION

TURNING = 0.02
"""Atoms whose orbit encloses less, relative to the roundest one, are drawn as moving on a line."""

COLOURS = {
    "H": "#ffffff",
    "B": "#f5b7a8",
    "C": "#5a5a5a",
    "N": "#5b7bd5",
    "O": "#e0433a",
    "F": "#8ee08a",
    "Si": "#d9b98c",
    "P": "#f08c2e",
    "S": "#e8cf3a",
    "Cl": "#53d053",
    "Se": "#e59a1f",
    "Te": "#c9822f",
    "Zn": "#8b8fb5",
    "Mo": "#63b5b5",
    "W": "#4a86b8",
    "Ga": "#c28f8f",
    "As": "#bd80e3",
    "Bi": "#9a5fb0",
    "Mg": "#9ae05b",
    "Al": "#b8a6a0",
    "Na": "#a97cf0",
    "Ti": "#a8acb3",
    "Hg": "#a9a9c4",
    "Li": "#cc80ff",
}
OTHER = ("#b0a890", "#90a8b0", "#a0b090", "#b090a8")
"""Colours of elements, and of those without one in turn."""


def animation_html(animation: Animation) -> str:
    """Return the page: rest positions, complex displacements, and a script that moves them.

    The page turns with the mouse, shows the orbit of every atom (red where it turns anticlockwise
    about the axis, blue where clockwise), and starts with the axis pointing at the viewer.
    """
    cell = animation.supercell
    axis = animation.modes.axis
    up = np.array([0.0, 0.0, 1.0]) if axis is None else axis.direction
    u = animation.displacements
    areas = np.cross(u.conj(), u).imag @ up
    largest = max(float(np.abs(np.sum(np.abs(u) ** 2, axis=1)).max()), 1e-30)
    senses = np.where(np.abs(areas) < TURNING * largest, 0, np.sign(areas)).astype(int)
    symbols = list(dict.fromkeys(cell.symbols))
    others = iter(OTHER * len(symbols))
    colours = {s: COLOURS.get(s) or next(others) for s in symbols}
    data = {
        "rest": np.round(animation.rest, 5).tolist(),
        "re": np.round(u.real, 6).tolist(),
        "im": np.round(u.imag, 6).tolist(),
        "sense": senses.tolist(),
        "symbols": list(cell.symbols),
        "colours": colours,
        "cell": np.round(cell.cell, 5).tolist(),
        "axis": np.round(up, 6).tolist(),
        "frames": animation.frames,
    }
    page = (files("symchiral.write") / "pages" / "animation.html").read_text(encoding="utf-8")
    return (
        page.replace("{{title}}", html.escape(animation.title))
        .replace("{{mark}}", mark(ANIMATION))
        .replace("{{facts}}", html.escape(_facts(animation)))
        .replace("{{data}}", json.dumps(data, separators=(",", ":")))
    )


def _facts(animation: Animation) -> str:
    mode, modes = animation.mode, animation.modes
    am = modes.am(mode)
    parts = [f"{mode.frequency:.3f} THz"]
    if mode.pam is not None:
        parts.append(f"l = {mode.pam}")
    if am is not None:
        parts.append(f"J = {am:+.3f} ħ about the axis" if abs(am) >= STILL else "J = 0")
    parts.append(f"{animation.cells[0]}×{animation.cells[1]}×{animation.cells[2]} primitive cells")
    return minus("   ".join(parts))
