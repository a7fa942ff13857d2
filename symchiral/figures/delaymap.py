"""The figure of two pulses: the motion that both make, by delay and time, and its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.record import FrequencyUnit
from symchiral.answers.simulate import light_of
from symchiral.dynamics.delaymap import DelayMap
from symchiral.errors import InputError
from symchiral.figures.colours import INK, MINUS, PLUS
from symchiral.figures.motion import KIND
from symchiral.figures.save import save_figure
from symchiral.figures.style import Size, new_figure, small, styled
from symchiral.rules.wording import minus
from symchiral.text.simulate import light_text
from symchiral.units import PER_THZ, SIGNS
from symchiral.value import TINY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 1.25
"""How far frequencies reach beyond the highest peak that is listed."""

PERIODS = 12
"""Of the mode, after the pulses: more could not be told apart."""

FAINTEST = 0.1
"""A line is drawn at a mode whose peak is at least this part of the largest."""


def save_map(
    found: DelayMap,
    path: str | Path,
    *,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Draw a map into a file; see :func:`draw_map`.

    Parameters
    ----------
    path : path
        File to write, .pdf, .svg, .png or .eps.
    size, style
        As for :mod:`symchiral.figures.style`.

    Raises
    ------
    InputError
        The file cannot be written, or nothing moves.
    """
    figure = map_figure(found, unit=unit, size=size, style=style)
    with styled(style):
        save_figure(figure, path, KIND, overwrite=overwrite)


def map_figure(
    found: DelayMap,
    *,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
) -> Figure:
    """Return a new figure of a map, of two panels; see :func:`draw_map`."""
    with styled(style):
        single = size == "single"
        figure = new_figure(size, 150 if single else 84)
        panels = figure.subplots(*((2, 1) if single else (1, 2)), squeeze=False).ravel().tolist()
        light = minus(light_text(light_of(found.first, unit=unit)))
        other = minus(light_text(light_of(found.second, unit=unit)))
        formula = found.model.coordinates.modes.crystal.primitive.formula
        told = f"{formula}: {light}, then {other}"
        figure.suptitle(fill(told, 56 if single else 112), x=0.01, ha="left")
        draw_map(panels, found, unit=unit)
    return figure


def draw_map(axes: Sequence[Axes], found: DelayMap, *, unit: FrequencyUnit = "THz") -> None:
    """Draw a map into two given axes: by delay and time, and by the frequencies of both.

    The first shows one coordinate of the nonlinear motion. In the second the motions of l > 0 stand
    above the line of no frequency, those of l < 0 below it, each in its colour; of a mode without
    sense there is the upper half alone.

    Parameters
    ----------
    axes : sequence of Axes
        Two.
    unit : str
        Of frequencies.

    Raises
    ------
    InputError
        The number of axes is another, or nothing moves.
    """
    if len(axes) != 2:
        raise InputError(
            f"cannot draw a map into {len(axes)} axes", why="it is two pictures", fix="give two"
        )
    if not np.abs(found.spectrum[2]).max() > 0:
        raise InputError(
            "cannot draw the map",
            why=f"the pulses make nothing of {found.name} together",
            fix="take another mode, or stronger light",
        )
    _signal(axes[0], found)
    _spectrum(axes[1], found, unit)


def _signal(axis: Axes, found: DelayMap) -> None:
    power = np.sum(found.coordinates**2, axis=(0, 1))
    best = int(np.argmax(power))
    shown = found.coordinates[..., best].T
    largest = max(float(np.abs(shown).max()), TINY)
    image = axis.pcolormesh(
        found.delays, found.times, shown, cmap="RdBu_r", vmin=-largest, vmax=largest,
        shading="nearest", rasterized=True,
    )  # fmt: skip
    axis.axhline(found.free, color=INK, lw=0.6, ls=":")
    last = found.free + PERIODS / found.multiplet.frequency
    axis.set_ylim(0, min(last, float(found.times[-1])))
    axis.set_xlabel("delay τ (ps)")
    axis.set_ylabel("time t after the second pulse (ps)")
    letter = "" if len(power) == 1 else "xyzuvw"[best]
    axis.set_title(f"{found.name}: what only both pulses make")
    bar = axis.figure.colorbar(image, ax=axis, pad=0.02, aspect=24)
    bar.set_label(f"Q{letter} (√amu Å)")


def _spectrum(axis: Axes, found: DelayMap, unit: FrequencyUnit) -> None:
    from matplotlib.colors import PowerNorm

    excitation, detection, spectrum = found.spectrum
    scale, peaks = PER_THZ[unit], found.peaks()
    sizes = np.abs(spectrum) / np.abs(spectrum).max()
    senses = np.array(found.senses)
    rows = {1: sizes[senses >= 0].max(axis=0) if (senses >= 0).any() else 0 * sizes[0]}
    if (senses < 0).any():
        rows[-1] = sizes[senses < 0].max(axis=0)
    for sign, part in rows.items():
        colour = INK if not senses.any() else PLUS if sign > 0 else MINUS
        axis.pcolormesh(
            scale * excitation, sign * scale * detection, part.T, cmap=_fading(colour),
            norm=PowerNorm(0.5, 0, 1), shading="nearest", rasterized=True,
        )  # fmt: skip
    strong = [p for p in peaks if p.amplitude >= FAINTEST * peaks[0].amplitude]
    high = max(p.detection for p in strong) or found.multiplet.frequency
    high = REACH * max(high, found.multiplet.frequency)
    wide = REACH * max([abs(p.excitation) for p in strong] + [found.first.thz])
    axis.set_xlim(-wide * scale, wide * scale)
    axis.set_ylim(-high * scale if -1 in rows else 0, high * scale)
    axis.axhline(0, color=INK, lw=0.6)
    axis.axvline(0, color=INK, lw=0.6)
    own = found.multiplet.frequency
    for sign in rows:
        component = next((m.name for m, s in zip(found.multiplet.modes, senses, strict=True)
                          if s == (sign if senses.any() else 0)), found.name)  # fmt: skip
        axis.axhline(sign * own * scale, color=INK, lw=0.5, ls=":")
        axis.annotate(
            minus(component), (0.01, sign * own * scale), xycoords=axis.get_yaxis_transform(),
            xytext=(0, 2), textcoords="offset points", ha="left", va="bottom", fontsize=small(),
        )  # fmt: skip
    for place, name in _quanta(found, strong).items():
        axis.axvline(place * scale, color=INK, lw=0.5, ls=":")
        axis.annotate(
            name, (place * scale, 0.99), xycoords=axis.get_xaxis_transform(), xytext=(2, 0),
            textcoords="offset points", ha="left", va="top", fontsize=small(), rotation=90,
        )  # fmt: skip
    axis.set_xlabel(rf"$f_\tau$ ({SIGNS[unit]}): quantum of the first pulse")
    axis.set_ylabel(rf"$f_t$ ({SIGNS[unit]})" + (", downwards for l < 0" if -1 in rows else ""))
    axis.set_title("two-dimensional spectrum, colour √|S|")


def _quanta(found: DelayMap, peaks: Sequence[Any]) -> dict[float, str]:
    """The frequencies of the quanta of the first pulse in the peaks, with their modes."""
    c = found.model.coordinates
    owners = {mode.name: m for m in c.multiplets for mode in m.modes}
    places: dict[float, str] = {}
    for peak in peaks:
        if (made := peak.transfer) is not None:
            names = made.incoming if made.excitation > 0 else made.outgoing
            own = [owners[n] for n in names if owners[n].frequency == abs(made.excitation)]
            places[made.excitation] = own[0].name + ("" if made.excitation > 0 else " out")
    return places


def _fading(colour: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(colour, ["#ffffff", colour])
