"""Atoms in motion as one SVG that moves by itself (SMIL), without a script.

Two views stand beside each other, along the axis and from the side, each with its own scale.
Displacements are those of the animation; the paths of the atoms have the colour of their sense.
"""

from __future__ import annotations

from html import escape

import numpy as np

from symchiral.figures.colours import INK, MINUS, PLUS, STILL, colours, orbit_senses
from symchiral.modes.animation import Animation
from symchiral.value import Floats

SECONDS = 2.0
"""Duration of a period on the screen, of several modes of the slowest."""

SIDE = 300.0
"""Pixels of a view."""

MARGIN = 0.8
"""Å around the atoms of a view; each view has its own scale."""

EDGE = "#555555"


_STROKES = {
    1: f'stroke="{PLUS}"',
    -1: f'stroke="{MINUS}" stroke-dasharray="4 2"',
    0: f'stroke="{STILL}"',
}
"""How the path of an atom is drawn, by its sense."""


def moving_svg(animation: Animation) -> str:
    r"""Return the SVG: :math:`r_κ(t) = r_κ + \mathrm{Re}[U_κ e^{-iωt}]`, repeated.

    Seen along the axis, anticlockwise in the picture is anticlockwise seen from the tip of the
    axis; where the crystal has none the view is along z.
    """
    frame = _frame(animation)
    path = animation.positions @ frame.T
    symbols = animation.supercell.symbols
    palette = colours(symbols)
    seconds = SECONDS * animation.periods
    senses = orbit_senses((animation.positions - animation.rest) @ frame.T)
    views = [
        _view(path, (i, j, k), [palette[s] for s in symbols], senses, number, title, seconds)
        for number, ((i, j, k), title) in enumerate(
            (((0, 1, 2), "seen along the axis"), ((0, 2, 1), "seen from the side"))
        )
    ]
    legend = "".join(
        f'<circle cx="{12 + 50 * n}" cy="{SIDE + 36}" r="5" fill="{colour}" stroke="{EDGE}"/>'
        f'<text x="{21 + 50 * n}" y="{SIDE + 40}">{escape(symbol)}</text>'
        for n, (symbol, colour) in enumerate(palette.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * SIDE:g}" height="{SIDE + 48:g}" '
        f'viewBox="0 0 {2 * SIDE:g} {SIDE + 48:g}" font-family="sans-serif" font-size="12" '
        f'fill="{INK}"><title>{escape(animation.title)}</title>{"".join(views)}{legend}</svg>'
    )


def _frame(animation: Animation) -> Floats:
    """Rows: right, up and towards the eye, with the axis of the crystal towards the eye."""
    axis = animation.modes.axis
    towards = np.array([0.0, 0.0, 1.0]) if axis is None else np.asarray(axis.direction, dtype=float)
    towards = towards / np.linalg.norm(towards)
    along = animation.modes.crystal.primitive.cell[0]
    if np.linalg.norm(np.cross(towards, along)) < 1e-6 * np.linalg.norm(along):
        along = animation.modes.crystal.primitive.cell[1]
    right = along - (along @ towards) * towards
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


def _view(
    path: Floats,
    order: tuple[int, int, int],
    colours: list[str],
    senses: list[int],
    number: int,
    title: str,
    seconds: float,
) -> str:
    """One projection; atoms behind are drawn first."""
    i, j, depth = order
    # From the side the eye looks along +y, so that what has smaller y is nearer.
    nearness = path[..., depth].mean(axis=0) * (1 if depth == 2 else -1)
    seen = path[..., [i, j]]
    low, high = seen.min(axis=(0, 1)), seen.max(axis=(0, 1))
    scale = SIDE / (float((high - low).max()) + 2 * MARGIN)
    across, up = np.moveaxis(scale * (seen - (low + high) / 2), -1, 0)
    x, y = SIDE * (number + 0.5) + across, 24 + SIDE / 2 - up
    size = max(2.0, min(9.0, 0.45 * scale))
    found = [f'<text x="{SIDE * (number + 0.5):g}" y="14" text-anchor="middle">{title}</text>']
    for atom in np.argsort(nearness, kind="stable"):
        xs, ys = x[:, atom], y[:, atom]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(xs, ys, strict=True))
        found.append(
            f'<polygon points="{points}" fill="none" {_STROKES[senses[atom]]}/>'
            f'<circle cx="{xs[0]:.1f}" cy="{ys[0]:.1f}" r="{size:.1f}" fill="{colours[atom]}" '
            f'stroke="{EDGE}" stroke-width="0.7">{_moves("cx", xs, seconds)}'
            f"{_moves('cy', ys, seconds)}</circle>"
        )
    return "".join(found)


def _moves(attribute: str, places: Floats, seconds: float) -> str:
    values = ";".join(f"{x:.1f}" for x in [*places, places[0]])
    return (
        f'<animate attributeName="{attribute}" dur="{seconds:.4g}s" repeatCount="indefinite" '
        f'values="{values}"/>'
    )
