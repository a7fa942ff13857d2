"""Traces above each other in one pair of axes: none hides another, and each has its ordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from symchiral.rules.wording import minus
from symchiral.value import TINY, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM = 1.2
"""Distance of two traces, in heights of the largest."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shifts(signals: Floats) -> Floats:
    """Return what is added to each trace of (T, C), so that they stand above each other."""
    middle = (signals.max(axis=0) + signals.min(axis=0)) / 2
    apart = ROOM * max(float(np.ptp(signals, axis=0).max()), TINY)
    return np.asarray(-apart * np.arange(signals.shape[1]) - middle + middle[0])


def ordinates(
    axes: Axes,
    signals: Floats,
    shift: Floats,
    names: Sequence[str],
    colours: Sequence[str],
    quantity: str,
    unit: str = "",
    *,
    zero: bool = True,
) -> None:
    """Give every trace its own scale on the left, and its name on the right.

    Parameters
    ----------
    signals : (T, C) float
        The traces, without what was added.
    shift : (C,) float
        What :func:`shifts` returned.
    names, colours : sequence of str
        Of the traces.
    quantity, unit : str
        What they are; a power of ten is added where numbers would be long.
    zero : bool
        Number what lies between the highest and the lowest mark of a trace, too.
    """
    largest = max(float(np.abs(signals).max()), TINY)
    power = int(np.floor(np.log10(largest)))
    power = 0 if -2 <= power <= 3 else power
    # Traces that share a panel share a scale.
    span = max(float(np.ptp(signals, axis=0).max()), TINY) / 10.0**power
    step = rounded(span / (2 if len(shift) > 1 else 4))
    places, labels = [], []
    for trace, added in zip(signals.T, shift, strict=True):
        low, high = float(trace.min()) / 10.0**power, float(trace.max()) / 10.0**power
        values = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
        if not zero and len(values) > 1:
            values = values[[0, -1]]
        places += [v * 10.0**power + added for v in values]
        labels += [minus(f"{v + 0.0:.6g}") for v in values]
    axes.set_yticks(places, labels)
    low, high = (signals + shift).min(), (signals + shift).max()
    margin = 0.06 * max(high - low, TINY)
    axes.set_ylim(low - margin, high + margin)
    scale = f"10{str(power).translate(_RAISED)} " if power else ""
    inside_brackets = f"{scale}{unit}".strip()
    axes.set_ylabel(quantity + (f" ({inside_brackets})" if inside_brackets else ""))
    middles = (signals.max(axis=0) + signals.min(axis=0)) / 2 + shift
    for name, colour, y in zip(names, colours, middles, strict=True):
        axes.annotate(
            name,
            (1, float(y)),
            xycoords=axes.get_yaxis_transform(),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )


def rounded(size: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not larger."""
    power = 10.0 ** np.floor(np.log10(size) + 1e-9)
    return float(power * max(n for n in (1, 2, 5) if n <= size / power + 1e-9))
