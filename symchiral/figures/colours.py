"""Colours of elements, the same on every page."""

from __future__ import annotations

from collections.abc import Iterable

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
"""Colours of common elements."""

OTHER = ("#b0a890", "#90a8b0", "#a0b090", "#b090a8")
"""Colours of those without one, in turn."""


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
