"""Colours: one for each meaning, the same in figures, films and pages.

The sense of rotation, or the sign of J, is dark red (+) and a lighter blue (−); what does not
rotate is light grey. They differ to every eye that lacks a cone, and in grey by their lightness
alone; where a curve has a sense, its style (− is dashed), its marker or an arrow says it again.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from symchiral.value import Floats

PLUS, MINUS, STILL = "#8c1515", "#2978c5", "#a8a8a8"
"""Counter-clockwise and J > 0; clockwise and J < 0; neither."""

PLUS_ON_DARK, MINUS_ON_DARK, STILL_ON_DARK = "#ffb3a7", "#5b9be6", "#7a7a7a"
"""The same on a dark page."""

INK, FAINT = "#222222", "#bbbbbb"
"""Texts and lines that have no sense; frames and what only accompanies."""

SERIES = (INK, "#d98a00", "#117755", "#b06a9e")
"""Curves that differ in anything else, such as channels of a probe, in turn."""

RULE = "#cfe3cf"
"""What a selection rule gives, behind what was measured."""

SHADE = "#ececec"
"""Times at which the pump is on, or that are left out."""

ROUND = 1e-3
"""Share of the circle of its size that an orbit encloses at least; else it is a line."""

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
"""Of common elements."""

OTHER = ("#b0a890", "#90a8b0", "#a0b090", "#b090a8")
"""Of elements without one, in turn."""


def colours(symbols: Iterable[str]) -> dict[str, str]:
    """Return the colour of every element.

    Examples
    --------
    >>> colours(["Bi", "Xe"])
    {'Bi': '#9a5fb0', 'Xe': '#b0a890'}
    """
    found = list(dict.fromkeys(symbols))
    others = iter(OTHER * len(found))
    return {s: COLOURS.get(s) or next(others) for s in found}


def orbit_senses(moved: Floats) -> list[int]:
    """Return the sense of closed orbits by the area that they enclose about the third axis.

    Parameters
    ----------
    moved : (F, N, 3) float
        Displacements of N atoms at F times of a period.

    Returns
    -------
    list of int
        1 counter-clockwise, −1 clockwise, 0 a line, for every atom.
    """
    after = np.roll(moved, -1, axis=0)
    area = np.sum(moved[..., 0] * after[..., 1] - moved[..., 1] * after[..., 0], axis=0) / 2
    size = np.pi * np.max(np.sum(moved**2, axis=2), axis=0)
    turns = np.abs(area) > ROUND * np.maximum(size, 1e-12)
    return [int(sense) for sense in np.sign(area) * turns]
