"""The figure of ``validate``: traces with their fit, spectra, and helicities beside the rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from symchiral.answers.validate import Validate
from symchiral.disk import check_ending
from symchiral.experiment.measurement import Traces
from symchiral.experiment.oscillation import Fit
from symchiral.figures.save import FIGURES, matplotlib_needed, save_figure
from symchiral.text.crystal import headline
from symchiral.text.validate import predicted_in, pump_text
from symchiral.units import SIGNS
from symchiral.value import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND = "validation"

COLOURS = ("#1f4e79", "#c0504d", "#4f7f3f", "#7f6084", "#b8860b", "#444444")
"""One per channel of the probe, or per run."""

SHAPES = {"consistent": "o", "inconsistent": "X", "undecided": "o", "not-reached": "s"}


def save_validation(
    answer: Validate, fitted: Fit | None, file: str | Path, *, overwrite: bool = False
) -> None:
    """Draw the figure into a ``.png``, ``.pdf`` or ``.svg`` file.

    Parameters
    ----------
    fitted : Fit or None
        The traces and their fit, which the answer does not hold; None for rows fitted elsewhere.

    Raises
    ------
    InputError
        The ending is unknown, matplotlib is missing, the file cannot be written, or another lies
        there.
    """
    check_ending(file, FIGURES)
    save_figure(validation_figure(answer, fitted), file, KIND, overwrite=overwrite)


def validation_figure(answer: Validate, fitted: Fit | None) -> Figure:
    """Return the figure; of rows fitted elsewhere the helicities only.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    with matplotlib_needed("cannot draw the figure", "leave -o out"):
        from matplotlib.figure import Figure
    if fitted is None:
        figure = Figure(figsize=(5.2, 3.6), layout="constrained")
        _helicities(figure.add_subplot(), answer)
    else:
        runs = fitted.measurement.runs
        figure = Figure(figsize=(9.6, 1.5 * len(runs) + 3.1), layout="constrained")
        grid = figure.add_gridspec(
            len(runs) + 1, 2, height_ratios=[*([1.0] * len(runs)), 1.7], width_ratios=(1.8, 1)
        )
        traces: list[Axes] = []
        spectra: list[Axes] = []
        for i, run in enumerate(runs):
            traces.append(figure.add_subplot(grid[i, 0], sharex=traces[0] if traces else None))
            spectra.append(figure.add_subplot(grid[i, 1], sharex=spectra[0] if spectra else None))
            _traces(traces[i], fitted, i, run, last=i == len(runs) - 1)
            _spectrum(spectra[i], fitted, i, run, last=i == len(runs) - 1)
        spectra[0].set_title("spectrum", fontsize=9)
        traces[0].set_title("traces (points) and fit (lines)", fontsize=9)
        _helicities(figure.add_subplot(grid[-1, :]), answer)
    figure.suptitle(str(headline(answer.structure)), fontsize=10)
    return figure


def _traces(axes: Axes, fitted: Fit, index: int, run: Traces, *, last: bool) -> None:
    times = np.linspace(run.times[0], run.times[-1], max(800, 4 * len(run.times)))
    model = fitted.model(index, times)
    apart = 1.15 * float(np.ptp(run.signals, axis=0).max())
    for c, name in enumerate(fitted.measurement.probe.channels):
        colour, shift = COLOURS[c % len(COLOURS)], -c * apart
        axes.plot(run.times, run.signals[:, c] + shift, ".", color=colour, ms=2.5, alpha=0.45)
        axes.plot(times, model[:, c] + shift, color=colour, lw=1.1, label=name)
    axes.set_yticks([])
    axes.set_ylabel(str(run.pump) if run.pump else f"run {index + 1}", rotation=0, labelpad=18)
    axes.tick_params(labelbottom=last, labelsize=8)
    if index == 0:
        axes.legend(
            loc="upper right", fontsize=8, frameon=False, ncols=len(fitted.measurement.probe)
        )
    if last:
        axes.set_xlabel("delay (ps)", fontsize=9)


def _spectrum(axes: Axes, fitted: Fit, index: int, run: Traces, *, last: bool) -> None:
    """Total amplitude of all channels, by a Fourier sum that allows uneven times."""
    found = [o.frequency for o in fitted.oscillations]
    high = min(fitted.band[1], 2 * max(found))
    grid = np.linspace(fitted.band[0], high, 600)
    axes.plot(grid, _amplitude(run, run.signals, grid), color="0.55", lw=0.9, label="data")
    axes.plot(grid, _amplitude(run, fitted.model(index), grid), color="k", lw=1.1, label="fit")
    for f in found:
        axes.axvline(f, color=COLOURS[1], lw=0.7, ls=":")
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.set_xlim(grid[0], grid[-1])
    axes.tick_params(labelbottom=last, labelsize=8)
    if index == 0:
        axes.legend(loc="upper right", fontsize=8, frameon=False)
    if last:
        axes.set_xlabel("frequency (THz)", fontsize=9)


def _amplitude(run: Traces, signals: Floats, grid: Floats) -> Floats:
    weights = np.gradient(run.times)[:, None] * np.hanning(len(run.times))[:, None]
    centred = (signals - signals.mean(axis=0)) * weights
    waves = np.exp(2j * np.pi * np.outer(grid, run.times))
    found: Floats = np.linalg.norm(waves @ centred, axis=1)
    return found


def _helicities(axes: Axes, answer: Validate) -> None:
    """Every line and run: the interval, and the sense that the rule gives as a bar beside it."""
    labels, places = [], []
    x = 0.0
    for line in answer.components:
        start = x
        for run in line.runs:
            for s in predicted_in(answer.channels, line, run):
                low, high = sorted((0.0, float(s)))
                if s:
                    axes.bar(x, high - low, 0.72, low, color="#cfe3cf", zorder=0)
                else:
                    axes.bar(x, 0.12, 0.72, -0.06, color="#cfe3cf", zorder=0)
            colour = "#b03030" if line.verdict == "inconsistent" else "#222222"
            axes.plot([x, x], [run.low, run.high], color=colour, lw=1.6)
            axes.plot(
                x,
                run.helicity,
                SHAPES[line.verdict],
                color=colour,
                mfc="white" if line.verdict == "undecided" else colour,
                ms=6,
            )
            labels.append("?" if run.pump is None else pump_text(run))
            places.append(x)
            x += 1
        digits = 2 if line.frequency_unit == "THz" else 1
        frequency = f"{line.frequency:.{digits}f} {SIGNS[line.frequency_unit]}"
        axes.text(
            (start + x - 1) / 2,
            1.16,
            f"{frequency}, {line.assigned or 'no mode'}: {line.verdict}",
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
        x += 0.8
    axes.axhline(0, color="0.5", lw=0.7)
    axes.set_ylim(-1.12, 1.5)
    axes.set_yticks([-1, 0, 1], ["−1", "0", "+1"])
    axes.set_xlim(-0.8, max(x - 1.0, 0.8))
    axes.set_xticks(places, labels, fontsize=8)
    axes.set_ylabel("helicity", fontsize=9)
    axes.set_xlabel("pump; green: the sense that the rule gives", fontsize=9)
