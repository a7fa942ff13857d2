"""The budget of pseudo-angular momentum of a transfer, drawn as arrows on a clock of n hours."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from html import escape
from math import cos, pi, sin

from symchiral.rules.wording import signed

SIZE = 150
"""Width and height."""

_MIDDLE, _DIAL = SIZE / 2, 52.0
_STEP = 9.0


def clock_svg(incoming: Sequence[str], outgoing: Sequence[str], n: int, words: str) -> str | None:
    """Return the budget as SVG: quanta in go round the dial, quanta out begin at 0 again.

    Both end at one hour where PAM is conserved modulo n; full turns between them are the Umklapp.
    Hours are written balanced, −n/2 < l ≤ n/2, and run anticlockwise, as (+) does.

    Parameters
    ----------
    incoming, outgoing : sequence of str
        l of the quanta, exact fractions.
    n : int
        Hours.
    words : str
        What is drawn, for those who do not see it.

    Returns
    -------
    str or None
        None where some l depends on the wavevector.
    """
    try:
        sides = [[Fraction(x) for x in side] for side in (incoming, outgoing)]
    except ValueError:
        return None
    parts = [
        f'<svg class="clock" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{escape(words)}">',
        f'<circle class="dial" cx="{_MIDDLE}" cy="{_MIDDLE}" r="{_DIAL}"/>',
    ]
    for hour in range(n):
        x, y = _place(Fraction(hour), n, _DIAL + 12)
        label = signed(str(hour - n if 2 * hour > n else hour))
        x0, y0 = _place(Fraction(hour), n, _DIAL - 3)
        x1, y1 = _place(Fraction(hour), n, _DIAL + 3)
        parts.append(f'<line class="dial" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>')
        parts.append(f'<text x="{x}" y="{y + 4:.1f}">{label}</text>')
    radius = _DIAL - 7
    for side, name in zip(sides, ("in", "out"), strict=True):
        at = Fraction(0)
        for l in side:
            parts.append(_arrow(at, at + l, n, radius, name))
            at += l
            radius -= _STEP
    parts.append("</svg>")
    return "".join(parts)


def _place(hour: Fraction, n: int, radius: float) -> tuple[float, float]:
    """Zero at the top, hours anticlockwise."""
    angle = pi / 2 + 2 * pi * float(hour) / n
    return round(_MIDDLE + radius * cos(angle), 1), round(_MIDDLE - radius * sin(angle), 1)


def _arrow(start: Fraction, end: Fraction, n: int, radius: float, name: str) -> str:
    """An arc with a head at its end; a dot where nothing turns."""
    x1, y1 = _place(end, n, radius)
    if start == end:
        return f'<circle class="{name} still" cx="{x1}" cy="{y1}" r="3"/>'
    steps = max(4, int(abs(end - start) * 48 / n))
    points = [_place(start + (end - start) * k / steps, n, radius) for k in range(steps + 1)]
    path = " ".join(f"{x},{y}" for x, y in points)
    angle = pi / 2 + 2 * pi * float(end) / n
    sense = 1 if end > start else -1
    # Along the arc, and across it.
    tx, ty = -sin(angle) * sense, -cos(angle) * sense
    nx, ny = -ty, tx
    head = " ".join(
        f"{x1 + a * tx + b * nx:.1f},{y1 + a * ty + b * ny:.1f}"
        for a, b in ((0.0, 0.0), (-8.0, 4.0), (-8.0, -4.0))
    )
    return f'<polyline class="{name}" points="{path}"/><polygon class="{name}" points="{head}"/>'
