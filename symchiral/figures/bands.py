"""The figure of bands: dispersion coloured by angular momentum, PAM beside the multiplets.

It is drawn from the answer of ``bands`` alone; the texts are placed by
:mod:`~symchiral.figures.bands_labels`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.bands import Bands, Branch, End, Segment
from symchiral.errors import LimitError
from symchiral.figures.bands_labels import multiplets, write_pam
from symchiral.figures.colours import FAINT, INK, MINUS, PLUS, STILL
from symchiral.figures.style import Size, new_figure, small, styled
from symchiral.modes.mode import NO_ROTATION
from symchiral.rules.wording import minus
from symchiral.units import SIGNS
from symchiral.value import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox, Transform


HEIGHTS: dict[str, float] = {"single": 110.0, "double": 115.0}
"""Millimetres."""

UNSTABLE = 1e-3
"""Negative frequencies above this share of the range are translations but for rounding."""

NARROW, LABELLED = 0.06, 0.2
"""Share of the axes that a piece has at least, without and with PAM printed on it."""

NARROW_AXES = 4.0
"""Inches below which the scale of J stands above the axes, and the legend has two columns."""

TWIN = 2.2
"""Points by which partners of equal frequency and opposite J are drawn beside each other."""

NUMBERS = "numbers: pseudo-angular momentum l"
SOME = f"{NUMBERS}, where there is room"
"""What the texts between the lines are."""

DASHES = (0, (3, 1.6))
"""Style of partners that no axis tells apart."""


def bands_figure(
    bands: Bands,
    *,
    size: Size = "double",
    style: str | Path | None = None,
    jmax: float | None = None,
) -> Figure:
    """Draw the bands into a new figure; see :func:`draw_bands`.

    Raises
    ------
    InputError
        matplotlib is not installed, or there is no such style.
    """
    with styled(style):
        figure = new_figure(size, HEIGHTS.get(size, 0))
        draw_bands(figure.add_subplot(), bands, jmax=jmax)
    return figure


def draw_bands(axes: Axes, bands: Bands, *, jmax: float | None = None) -> None:
    """Draw the bands into axes, with a scale of J beside them and a legend below.

    Where J is positive lines are dark red with filled triangles, where it is negative light blue
    with hollow ones, wide where it is large; partners of equal frequency and opposite J run side
    by side. Partners that no axis tells apart are dashed. Imaginary frequencies are negative. PAM
    is written where it has room in the axes as they are.

    Parameters
    ----------
    jmax : float, optional
        :math:`|J|` of the full colour, ħ; default the largest on the path, at most 1.

    Raises
    ------
    LimitError
        ``jmax`` is not positive.
    """
    limit = _limit(bands, jmax)
    places = _places(bands)
    drawn: set[str] = set()
    for segment, x in zip(bands.segments, places, strict=True):
        drawn |= _draw(axes, segment, x, limit)
    _frame(axes, bands, places)
    if limit is not None:
        _scale(axes, bands, limit)
    _legend(axes, drawn, NUMBERS)
    # Where texts have room is known once the figure is laid out.
    root: Any = axes.figure.canvas.figure
    root.draw_without_rendering()
    if _stagger(axes):
        _legend(axes, drawn, NUMBERS)
        root.draw_without_rendering()
    covered, complete = write_pam(axes, bands, places)
    _legend(axes, drawn, (NUMBERS if complete else SOME) if covered else "")
    for segment, x in zip(bands.segments, places, strict=True):
        _mark(axes, segment, x, limit, covered)


def _places(bands: Bands) -> list[Floats]:
    """Where every wavevector is drawn, from 0 to 1: short pieces are stretched."""
    pieces = bands.segments
    total = float(pieces[-1].distance[-1])
    widths = [(s.distance[-1] - s.distance[0]) / total for s in pieces]
    least = [NARROW if s.axis is None else LABELLED for s in pieces]
    widths = [max(w, m) for w, m in zip(widths, least, strict=True)]
    ends = np.cumsum([0.0, *widths]) / sum(widths)
    found = []
    for segment, low, high in zip(pieces, ends, ends[1:], strict=False):
        distance = np.array(segment.distance)
        share = (distance - distance[0]) / (distance[-1] - distance[0])
        found.append(low + (high - low) * share)
    return found


def _limit(bands: Bands, jmax: float | None) -> float | None:
    """Symmetric limit of the colours; None where nothing turns."""
    if jmax is not None and not 0 < jmax < np.inf:
        raise LimitError(
            f"cannot colour J up to {jmax:g} ħ",
            why="the full colour belongs to a positive |J|",
            fix="give a number such as 0.5, or leave it out",
        )
    branches = [branch for segment in bands.segments for branch in segment.branches]
    largest = max((abs(j) for branch in branches for j in branch.am or ()), default=0.0)
    if largest < NO_ROTATION:
        return None
    return jmax or float(np.ceil(min(largest, 1.0) * 20 - 1e-9) / 20)


def _draw(axes: Axes, segment: Segment, x: Floats, limit: float | None) -> set[str]:
    """Draw a piece; which kinds of lines are in it."""
    from matplotlib.collections import LineCollection

    found = set()
    for partners in multiplets(segment):
        y = np.array(partners[0].frequency)
        if any(branch.am is None for branch in partners):
            axes.plot(x, y, color=INK, lw=0.7, ls=DASHES, zorder=2)
            found.add("untold")
            continue
        turning = _turning(axes, partners, limit)
        if limit is None or not turning:
            axes.plot(x, y, color=INK, lw=0.7, zorder=2)
            found.add("still")
            continue
        for j, transform in turning:
            points = np.column_stack([x, y])
            pieces = np.stack([points[:-1], points[1:]], axis=1)
            middle = (j[1:] + j[:-1]) / 2
            lines = LineCollection(
                list(pieces),
                cmap=_colours(),
                linewidths=0.7 + 1.3 * np.minimum(np.abs(middle) / limit, 1),
                capstyle="round",
                transform=transform,
                zorder=3,
            )
            lines.set_array(middle)
            lines.set_clim(-limit, limit)
            axes.add_collection(lines, autolim=False)
        found.add("turning")
        axes.update_datalim(np.column_stack([x, y]))
    return found


def _turning(
    axes: Axes, partners: list[Branch], limit: float | None
) -> list[tuple[Floats, Transform]]:
    """J of partners, and where each is drawn: side by side; none where J is zero or not defined."""
    from matplotlib.transforms import ScaledTranslation

    j = np.array([branch.am for branch in partners if branch.am is not None])
    if limit is None or len(j) < len(partners) or np.abs(j).max() < NO_ROTATION:
        return []
    found = []
    for rank, place in enumerate(np.argsort(j.mean(axis=1))):
        shift = (rank - (len(partners) - 1) / 2) * TWIN
        offset = ScaledTranslation(0, shift / 72, axes.figure.dpi_scale_trans)
        found.append((j[place], axes.transData + offset))
    return found


def _colours() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("sense", [MINUS, STILL, PLUS])


MARKS: dict[int, dict[str, Any]] = {
    1: {"marker": "^", "mfc": PLUS, "mec": "white", "ms": 4.6, "mew": 0.6},
    -1: {"marker": "v", "mfc": "white", "mec": MINUS, "ms": 4.6, "mew": 0.9},
}
"""Triangles by the sign of J: filled for +, hollow for −."""


def _mark(
    axes: Axes, segment: Segment, x: Floats, limit: float | None, covered: list[Bbox]
) -> None:
    """Triangles where J is at least a third of the limit, beside the texts."""
    length = float(x[-1] - x[0])
    inches = length * axes.bbox.width / axes.figure.dpi
    wanted = max(1, round(inches / 0.6))
    for partners in multiplets(segment):
        y = np.array(partners[0].frequency)
        for j, transform in _turning(axes, partners, limit):
            assert limit is not None
            pixels = transform.transform(np.column_stack([x, y]))
            free = np.array([not any(box.contains(*p) for box in covered) for p in pixels])
            free[[0, -1]] = False
            for sign, look in MARKS.items():
                fit = np.flatnonzero(free & (sign * j > limit / 3))
                # Partners run side by side: their marks take turns.
                at = x[0] + length * (np.arange(wanted) + 0.5 + 0.18 * sign) / wanted
                near = [int(fit[np.abs(x[fit] - place).argmin()]) for place in at if len(fit)]
                chosen = [
                    i
                    for i, place in zip(near, at, strict=False)
                    if abs(x[i] - place) < length / wanted / 3
                ]
                if chosen:
                    axes.plot(x[chosen], y[chosen], ls="", **look, transform=transform, zorder=7)


def _frame(axes: Axes, bands: Bands, places: list[Floats]) -> None:
    unit = SIGNS[bands.units.frequency]
    ticks: list[float] = []
    names: list[str] = []
    for segment, where in zip(bands.segments, places, strict=True):
        first = _name(segment.start)
        x = float(where[0])
        if ticks and abs(x - ticks[-1]) < 1e-9:
            before = names.pop()
            names.append(first if before == first else f"{before}|{first}")
        else:
            ticks.append(x)
            names.append(first)
        ticks.append(float(where[-1]))
        names.append(_name(segment.end))
    axes.set_xticks(ticks, names)
    for x in ticks[1:-1]:
        axes.axvline(x, color=FAINT, lw=0.6, zorder=0)
    axes.set_xlim(ticks[0], ticks[-1])
    axes.autoscale_view(scalex=False)
    values = [f for s in bands.segments for branch in s.branches for f in branch.frequency]
    low, high = min(values), max(values)
    span = high - low
    # Translations at the zone centre are zero but for rounding.
    axes.set_ylim(low - 0.04 * span if low < -UNSTABLE * span else 0.0, high + 0.04 * span)
    if low < -UNSTABLE * span:
        axes.axhline(0, color=FAINT, lw=0.6, zorder=0)
        axes.set_ylabel(f"Frequency ({unit}), imaginary ones negative")
    else:
        axes.set_ylabel(f"Frequency ({unit})")
    axes.set_xlabel("Wavevector")
    axes.tick_params(axis="x", length=0)
    axes.set_title(
        f"{_subscripts(bands.structure.formula)}   {_symbol(bands.structure.symbol)}", loc="left"
    )


def _stagger(axes: Axes) -> bool:
    """Put names of wavevectors that would touch into a second line; whether there are any."""
    labels = axes.get_xticklabels()
    names, last = [label.get_text() for label in labels], -np.inf
    for i, label in enumerate(labels):
        box = label.get_window_extent()
        if box.x0 < last + 2:
            names[i] = f"\n{names[i]}"
            last = -np.inf
        else:
            last = box.x1
    if not any(name.startswith("\n") for name in names):
        return False
    axes.set_xticks(axes.get_xticks(), names)
    return True


def _name(end: End) -> str:
    return "Γ" if end.label == "GM" else end.label


def _subscripts(formula: str) -> str:
    return formula.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _symbol(symbol: str) -> str:
    """A Hermann–Mauguin symbol with screw indices below and bars above the line."""
    text = re.sub(r"_(\d)", r"$_{\1}$", symbol)
    return re.sub(r"-(\d)", r"$\\overline{\1}$", text)


def _narrow(axes: Axes) -> bool:
    return bool(axes.bbox.width / axes.figure.dpi < NARROW_AXES)


def _about(bands: Bands) -> str:
    of = f" of {', '.join(bands.sites)}" if bands.sites else ""
    if bands.about == "path":
        return f"J{of} along the path"
    axis = f"the {_symbol(bands.axis.symbol)} axis" if bands.axis else "z"
    return f"J{of} about {axis}"


def _legend(axes: Axes, drawn: set[str], note: str) -> None:
    """Every kind of line, below the axes."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    lines = []
    if "turning" in drawn:
        lines += [
            Line2D([], [], color=PLUS, lw=2, label="J > 0", **MARKS[1]),
            Line2D([], [], color=MINUS, lw=2, label="J < 0", **MARKS[-1]),
        ]
    if "still" in drawn:
        lines.append(Line2D([], [], color=INK, lw=0.7, label="J = 0"))
    if "untold" in drawn:
        lines.append(
            Line2D([], [], color=INK, lw=0.7, ls=DASHES, label="degenerate, J not defined")
        )
    rows = max(name.get_text().count("\n") for name in axes.get_xticklabels())
    below = (2.9 + 1.2 * rows) * float(axes.xaxis.label.get_fontsize()) / 72
    axes.legend(
        handles=lines,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=axes.transAxes + ScaledTranslation(0, -below, axes.figure.dpi_scale_trans),
        ncols=2 if _narrow(axes) and len(lines) > 3 else len(lines),
        columnspacing=1.2,
        handlelength=2.2,
        title=note.replace(", ", ",\n") if _narrow(axes) else note,
        alignment="center",
        title_fontsize=small(),
        fontsize=small(),
        frameon=False,
    )


def _scale(axes: Axes, bands: Bands, limit: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    largest = max(abs(j) for s in bands.segments for b in s.branches for j in b.am or (0.0,))
    narrow = _narrow(axes)
    bar = axes.figure.colorbar(
        ScalarMappable(Normalize(-limit, limit), _colours()),
        ax=axes,
        location="top" if narrow else "right",
        shrink=0.6,
        aspect=30 if narrow else 22,
        pad=0.015,
        extend="both" if largest > limit * (1 + 1e-9) else "neither",
    )
    bar.outline.set_linewidth(0.4)
    bar.solids.set_edgecolor("face")  # type: ignore[union-attr]
    bar.set_ticks([-limit, 0, limit])
    bar.set_ticklabels([minus(f"{-limit:g} ▽"), "0", f"+{limit:g} ▲"])
    bar.ax.tick_params(length=2)
    bar.set_label(f"{_about(bands)} (ħ)", labelpad=2 if narrow else -4)
