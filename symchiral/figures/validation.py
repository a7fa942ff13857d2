"""The figure of ``validate``: traces with their fit, spectra, and helicities beside the rule.

:func:`draw_traces` and :func:`draw_helicities` draw into given axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.validate import Validate
from symchiral.disk import check_ending
from symchiral.errors import InputError
from symchiral.figures.colours import FAINT, INK, RULE, SERIES, SHADE
from symchiral.figures.save import FIGURES, save_figure
from symchiral.figures.stacked import ordinates, shifts
from symchiral.figures.style import Size, new_figure, styled
from symchiral.rules.wording import minus
from symchiral.text.crystal import headline
from symchiral.text.validate import predicted_in, pump_text
from symchiral.traces.measurement import Traces
from symchiral.traces.oscillation import Fit
from symchiral.units import SIGNS
from symchiral.value import TINY, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND = "validation"

POINTS = ("o", "s", "^", "D")
"""Shapes of the points of a trace, one per channel of the probe, as their colours."""

VERDICTS: dict[str, dict[str, Any]] = {
    "consistent": {"marker": "o", "mfc": INK},
    "inconsistent": {"marker": "X", "mfc": INK},
    "undecided": {"marker": "o", "mfc": "white"},
    "not-reached": {"marker": "s", "mfc": "white"},
}
"""Shapes of a helicity, by what the line says of the rule."""

NARROW = 1.5
"""Inches of axes below which a legend has two columns."""

OPEN = 0.06
"""Half the height of the bar of a rule that allows no rotation."""


def save_validation(
    answer: Validate,
    fitted: Fit | None,
    file: str | Path,
    *,
    size: Size = "double",
    style: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Draw the figure into a file, .pdf, .svg, .png or .eps.

    Parameters
    ----------
    fitted : Fit or None
        The traces and their fit, which the answer does not hold; None for rows fitted elsewhere.
    size, style
        As for :mod:`symchiral.figures.style`.

    Raises
    ------
    InputError
        The ending is unknown, matplotlib is missing, the file cannot be written, or another lies
        there.
    """
    check_ending(file, FIGURES)
    figure = validation_figure(answer, fitted, size=size, style=style)
    with styled(style):
        save_figure(figure, file, KIND, overwrite=overwrite)


def validation_figure(
    answer: Validate,
    fitted: Fit | None,
    *,
    size: Size = "double",
    style: str | Path | None = None,
) -> Figure:
    """Return a new figure; of rows fitted elsewhere the helicities only.

    Raises
    ------
    InputError
        matplotlib is not installed, or there is no such style.
    """
    with styled(style, what="cannot draw the figure"):
        if fitted is None:
            figure = new_figure(size, 65)
            draw_helicities(figure.add_subplot(), answer)
        else:
            runs = len(fitted.measurement.runs)
            figure = new_figure(size, 48 * runs + 62)
            grid = figure.add_gridspec(
                2 * runs + 1,
                2,
                height_ratios=[*([1.0, 0.65] * runs), 1.4],
                width_ratios=(1.8, 1),
            )
            axes = []
            for i in range(runs):
                upper = figure.add_subplot(grid[2 * i, 0])
                lower = figure.add_subplot(grid[2 * i + 1, 0], sharex=upper)
                axes += [upper, lower, figure.add_subplot(grid[2 * i : 2 * i + 2, 1])]
            draw_traces(axes, fitted)
            draw_helicities(figure.add_subplot(grid[-1, :]), answer)
        figure.suptitle(str(headline(answer.structure)), x=0.01, ha="left")
    return figure


def draw_traces(axes: Sequence[Axes], fitted: Fit) -> None:
    """Draw traces with their fit, what is left of them, and the spectrum into given axes.

    Parameters
    ----------
    axes : sequence of Axes
        Three for every run: traces, residuals, spectrum. Times that were left out are shaded.

    Raises
    ------
    InputError
        The number of axes is another.
    """
    runs = fitted.measurement.runs
    if len(axes) != 3 * len(runs):
        raise InputError(
            f"cannot draw {len(runs)} runs into {len(axes)} axes",
            why="every run needs three: traces, residuals, spectrum",
            fix=f"give {3 * len(runs)} axes",
        )
    for i, run in enumerate(runs):
        upper, lower = axes[3 * i : 3 * i + 2]
        _traces(upper, fitted, i, run, named=i == 0)
        _residuals(lower, fitted, i, run)
        if upper.get_shared_x_axes().joined(upper, lower):
            upper.tick_params(labelbottom=False)
            upper.set_xlabel("")
        _spectrum(axes[3 * i + 2], fitted, i, run, named=i == 0)


def _traces(axes: Axes, fitted: Fit, index: int, run: Traces, *, named: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    times = np.linspace(run.times[0], run.times[-1], max(800, 4 * len(run.times)))
    model = fitted.model(index, times)
    shift = shifts(run.signals)
    names = fitted.measurement.probe.channels
    colours = [SERIES[c % len(SERIES)] for c in range(len(names))]
    for c, colour in enumerate(colours):
        look: dict[str, Any] = {"ls": "", "marker": POINTS[c % len(POINTS)], "ms": 1.6, "mew": 0}
        axes.plot(run.times, run.signals[:, c] + shift[c], color=colour, **look)
        axes.plot(times, model[:, c] + shift[c], color=colour, lw=0.7)
        if run.excluded is not None:
            axes.plot(
                run.excluded.times, run.excluded.signals[:, c] + shift[c], color=FAINT, **look
            )
    ordinates(axes, run.signals, shift, names, colours, "signal")
    axes.set_title(f"pump {run.pump}" if run.pump else f"run {index + 1}")
    axes.set_xlabel("delay (ps)")
    _shade(axes, run)
    if named:
        lines = [
            Line2D([], [], color=INK, ls="", marker="o", ms=2.5, mew=0, label="data"),
            Line2D([], [], color=INK, lw=0.7, label="fit"),
        ]
        out = [] if run.excluded is None else [Patch(color=SHADE, label="left out")]
        title = ScaledTranslation(
            0, 1.3 * float(axes.title.get_fontsize()) / 72, axes.figure.dpi_scale_trans
        )
        axes.legend(
            handles=[*lines, *out], loc="lower right", ncols=3, **ABOVE,
            bbox_transform=axes.transAxes + title,
        )  # fmt: skip


ABOVE: dict[str, Any] = {
    "bbox_to_anchor": (1, 1), "columnspacing": 0.8, "handlelength": 1.2, "handletextpad": 0.4,
}  # fmt: skip
"""A legend above the axes, where it hides nothing."""


def _shade(axes: Axes, run: Traces) -> None:
    """Shade the times that were left out."""
    start, end = float(run.times[0]), float(run.times[-1])
    margin = 0.02 * (end - start)
    first = start - margin
    if run.excluded is not None:
        first = max(float(run.excluded.times.min()), start - (end - start) / 3)
        axes.axvspan(first, start, color=SHADE, lw=0, zorder=0)
    axes.set_xlim(first, end + margin)


def _residuals(axes: Axes, fitted: Fit, index: int, run: Traces) -> None:
    left = fitted.residuals(index)
    shift = shifts(left)
    names = fitted.measurement.probe.channels
    for c in range(len(names)):
        colour = SERIES[c % len(SERIES)]
        axes.axhline(shift[c], color=FAINT, lw=0.5, zorder=0)
        axes.plot(
            run.times, left[:, c] + shift[c], ls="", color=colour,
            marker=POINTS[c % len(POINTS)], ms=1.6, mew=0,
        )  # fmt: skip
    ordinates(axes, left, shift, [""] * len(names), [INK] * len(names), "data − fit", zero=False)
    _shade(axes, run)
    axes.set_xlabel("delay (ps)")


def _spectrum(axes: Axes, fitted: Fit, index: int, run: Traces, *, named: bool) -> None:
    """Total amplitude of all channels, by a Fourier sum that allows uneven times."""
    found = [o.frequency for o in fitted.oscillations]
    high = min(fitted.band[1], 2 * max(found))
    grid = np.linspace(fitted.band[0], high, 600)
    data = _amplitude(run, run.signals, grid)
    largest = max(float(data.max()), TINY)
    axes.fill_between(grid, data / largest, color=FAINT, lw=0, label="data")
    axes.plot(grid, _amplitude(run, fitted.model(index), grid) / largest, color=INK, label="fit")
    axes.plot(found, [1.06] * len(found), ls="", marker="v", color=INK, ms=4, label="line")
    axes.set_ylim(0, 1.15)
    axes.set_xlim(grid[0], grid[-1])
    axes.set_ylabel("amplitude / largest")
    axes.set_xlabel("frequency (THz)")
    if named:
        narrow = axes.bbox.width / axes.figure.dpi < NARROW
        axes.legend(loc="lower right", ncols=2 if narrow else 3, **ABOVE)


def _amplitude(run: Traces, signals: Floats, grid: Floats) -> Floats:
    weights = np.gradient(run.times)[:, None] * np.hanning(len(run.times))[:, None]
    centred = (signals - signals.mean(axis=0)) * weights
    waves = np.exp(2j * np.pi * np.outer(grid, run.times))
    found: Floats = np.linalg.norm(waves @ centred, axis=1)
    return found


def draw_helicities(axes: Axes, answer: Validate) -> None:
    """Draw every line and run: the interval, and the sense that the rule gives as a bar."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    labels, places = [], []
    seen: dict[str, Any] = {}
    x = 0.0
    for line in answer.components:
        start = x
        look = {"ls": "", "color": INK, "ms": 5, "mew": 1, **VERDICTS[line.verdict]}
        seen.setdefault(line.verdict, Line2D([], [], label=f"{line.verdict}", **look))
        for run in line.runs:
            for s in predicted_in(answer.channels, line, run):
                low, high = sorted((0.0, float(s))) if s else (-OPEN, OPEN)
                axes.bar(x, high - low, 0.72, low, color=RULE, zorder=0)
                seen.setdefault("rule", Patch(color=RULE, label="the selection rule"))
            axes.plot([x, x], [run.low, run.high], color=INK, lw=1.4)
            axes.plot(x, run.helicity, **look)
            labels.append("?" if run.pump is None else pump_text(run))
            places.append(x)
            x += 1
        digits = 2 if line.frequency_unit == "THz" else 1
        form = ".14g" if "frequency" in line.fixed else f".{digits}f"
        frequency = f"{line.frequency:{form}} {SIGNS[line.frequency_unit]}"
        axes.text(
            (start + x - 1) / 2, 1.12, f"{frequency}\n{minus(line.assigned or 'no mode')}",
            ha="center", va="bottom", linespacing=1.1,
        )  # fmt: skip
        x += 0.8
    axes.axhline(0, color=FAINT, lw=0.6, zorder=1)
    axes.set_ylim(-1.12, 1.9)
    axes.set_yticks([-1, 0, 1], ["−1", "0", "+1"])
    axes.set_xlim(-0.8, max(x - 1.0, 0.8))
    axes.set_xticks(places, labels)
    axes.set_ylabel("helicity")
    axes.set_xlabel("polarisation of the pump")
    axes.legend(
        handles=list(seen.values()), loc="lower right", ncols=3, **ABOVE,
    )  # fmt: skip
