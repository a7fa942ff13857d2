"""The figure of bands: dispersion coloured by angular momentum, PAM beside the multiplets.

It is drawn from the answer of ``bands`` alone; the texts are placed by
:mod:`~symchiral.figures.bands_labels`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.bands import Bands, End, Segment
from symchiral.figures.bands_labels import INK, multiplets, write_pam
from symchiral.figures.save import matplotlib_needed
from symchiral.modes.mode import NO_ROTATION
from symchiral.rules.wording import minus
from symchiral.units import SIGNS
from symchiral.value import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


NEGATIVE, ZERO, POSITIVE = "#3f8fd2", "#9a9a9a", "#8c1515"
"""Colours of J: light blue, grey, dark red, so that in grey − is lighter than +."""

FAINT = "#bbbbbb"
HEIGHT, LENGTH = 4.6, 6.4
"""Inches: height of the figure, and length of a path without short pieces."""

UNSTABLE = 1e-3
"""Negative frequencies above this share of the range are translations but for rounding."""

NARROW, LABELLED = 0.35, 1.3
"""Inches a piece has at least, without and with PAM printed on it; shorter ones are stretched."""

TWIN = 2.2
"""Points by which partners of equal frequency and opposite J are drawn beside each other."""


def bands_figure(bands: Bands) -> Figure:
    """Draw the bands.

    Where J is positive lines are dark red with filled triangles, where it is negative light blue
    with hollow ones, wide where it is large; partners of equal frequency and opposite J run side
    by side. Partners that no axis tells apart are dashed. Imaginary frequencies are negative.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    with matplotlib_needed("cannot draw", "write .json, .csv or .yaml"):
        from matplotlib.figure import Figure
    places = _places(bands)
    figure = Figure(figsize=(float(places[-1][-1]) + 1.4, HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    limit = _limit(bands)
    for segment, x in zip(bands.segments, places, strict=True):
        _draw(axes, segment, x, limit)
    _frame(axes, bands, places)
    _legend(figure, axes, bands, limit)
    figure.canvas.draw()
    complete = write_pam(axes, bands, places)
    axes.set_title(_notes(bands, limit, complete=complete), fontsize=7, loc="right", color=INK)
    return figure


def _places(bands: Bands) -> list[Floats]:
    """Where every wavevector is drawn, inches from the left."""
    total = float(bands.segments[-1].distance[-1])
    found: list[Floats] = []
    start = 0.0
    for segment in bands.segments:
        share = (np.array(segment.distance) - segment.distance[0]) / total * LENGTH
        least = LABELLED if segment.axis is not None else NARROW
        found.append(start + share * max(1.0, least / float(share[-1])))
        start = float(found[-1][-1])
    return found


def _limit(bands: Bands) -> float | None:
    """Symmetric limit of the colours; None where nothing turns."""
    branches = [branch for segment in bands.segments for branch in segment.branches]
    largest = max((abs(j) for branch in branches for j in branch.am or ()), default=0.0)
    return None if largest < NO_ROTATION else float(np.ceil(min(largest, 1.0) * 20 - 1e-9) / 20)


def _draw(axes: Axes, segment: Segment, x: Floats, limit: float | None) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.transforms import ScaledTranslation

    colours = LinearSegmentedColormap.from_list("sense", [NEGATIVE, ZERO, POSITIVE])
    for partners in multiplets(segment):
        y = np.array(partners[0].frequency)
        told = [branch.am for branch in partners if branch.am is not None]
        if len(told) < len(partners):
            axes.plot(x, y, color=INK, lw=0.7, ls=(0, (3, 1.6)), zorder=2)
            continue
        j = np.array(told)
        if limit is None or np.abs(j).max() < NO_ROTATION:
            axes.plot(x, y, color=INK, lw=0.7, zorder=2)
            continue
        for rank, place in enumerate(np.argsort(j.mean(axis=1))):
            shift = (rank - (len(partners) - 1) / 2) * TWIN
            offset = ScaledTranslation(0, shift / 72, axes.figure.dpi_scale_trans)
            values = j[place]
            points = np.column_stack([x, y])
            pieces = np.stack([points[:-1], points[1:]], axis=1)
            middle = (values[1:] + values[:-1]) / 2
            lines = LineCollection(
                list(pieces),
                cmap=colours,
                linewidths=0.7 + 1.3 * np.abs(middle) / limit,
                capstyle="round",
                transform=axes.transData + offset,
                zorder=3,
            )
            lines.set_array(middle)
            lines.set_clim(-limit, limit)
            axes.add_collection(lines, autolim=False)
            _mark(axes, x, y, values / limit, axes.transData + offset)
        axes.update_datalim(np.column_stack([x, y]))


def _mark(axes: Axes, x: Floats, y: Floats, share: Floats, transform: Any) -> None:
    """Triangles where J is at least a third of the limit: filled for +, hollow for −."""
    length = float(x[-1] - x[0])
    wanted = max(1, round(length / 0.6))
    for sign, marker, face, edge in ((1, "^", POSITIVE, "white"), (-1, "v", "white", NEGATIVE)):
        # Partners run side by side: their marks take turns.
        at = x[0] + length * (np.arange(wanted) + 0.5 + 0.18 * sign) / wanted
        chosen = np.unique(np.searchsorted(x, at).clip(1, len(x) - 2))
        chosen = chosen[sign * share[chosen] > 1 / 3]
        axes.plot(
            x[chosen],
            y[chosen],
            ls="",
            marker=marker,
            ms=4.6,
            mfc=face,
            mec=edge,
            mew=0.6 if sign > 0 else 0.9,
            transform=transform,
            zorder=4,
        )


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
    for x in ticks:
        axes.axvline(x, color=FAINT, lw=0.6, zorder=0)
    axes.set_xlim(ticks[0], ticks[-1])
    axes.autoscale_view(scalex=False)
    values = [f for s in bands.segments for branch in s.branches for f in branch.frequency]
    low, high = min(values), max(values)
    span = high - low
    # Translations at the zone centre are zero but for rounding.
    axes.set_ylim(low - 0.04 * span if low < -UNSTABLE * span else 0.0, high + 0.04 * span)
    if low < -UNSTABLE * span:
        axes.axhline(0, color=INK, lw=0.6, zorder=1)
        axes.set_ylabel(f"Frequency ({unit}), imaginary ones negative")
    else:
        axes.set_ylabel(f"Frequency ({unit})")
    axes.tick_params(axis="x", length=0, labelsize=10)
    axes.tick_params(axis="y", direction="in", labelsize=8)
    axes.set_title(
        f"{_subscripts(bands.structure.formula)}   {_symbol(bands.structure.symbol)}",
        fontsize=10,
        loc="left",
    )


def _name(end: End) -> str:
    return "Γ" if end.label == "GM" else end.label


def _subscripts(formula: str) -> str:
    return formula.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _symbol(symbol: str) -> str:
    """A Hermann–Mauguin symbol with screw indices below and bars above the line."""
    text = re.sub(r"_(\d)", r"$_{\1}$", symbol)
    return re.sub(r"-(\d)", r"$\\overline{\1}$", text)


def _about(bands: Bands) -> str:
    if bands.about == "path":
        return "J along the path"
    return f"J about the {_symbol(bands.axis.symbol)} axis" if bands.axis else "J about z"


def _notes(bands: Bands, limit: float | None, *, complete: bool) -> str:
    found = [] if limit is not None else [f"{_about(bands)}: 0 on every branch"]
    if any(s.axis is not None for s in bands.segments):
        found.append(
            "numbers: pseudo-angular momentum" + ("" if complete else " (where there is room)")
        )
    if any(branch.am is None for s in bands.segments for branch in s.branches):
        found.append("dashed: partners that no axis tells apart")
    return "; ".join(found)


def _legend(figure: Figure, axes: Axes, bands: Bands, limit: float | None) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    if limit is None:
        return
    colours = LinearSegmentedColormap.from_list("sense", [NEGATIVE, ZERO, POSITIVE])
    mappable = ScalarMappable(Normalize(-limit, limit), colours)
    bar = figure.colorbar(mappable, ax=axes, shrink=0.6, aspect=22, pad=0.015)
    bar.outline.set_linewidth(0.4)
    bar.set_ticks([-limit, 0, limit])
    bar.set_ticklabels([minus(f"{-limit:g} ▽"), "0", f"+{limit:g} ▲"])
    bar.ax.tick_params(labelsize=8, length=2)
    bar.set_label(f"{_about(bands)} (ħ)", fontsize=8, labelpad=-4)
