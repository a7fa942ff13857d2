"""Drawing into the axes of the user's own figure: :func:`draw`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.bands import bands as answer_of
from symchiral.answers.record import FrequencyUnit
from symchiral.answers.validate import Validate
from symchiral.dynamics.delaymap import DelayMap
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.figures.bands import draw_bands
from symchiral.figures.delaymap import draw_map
from symchiral.figures.motion import chosen_modes, draw_motion
from symchiral.figures.save import matplotlib_needed
from symchiral.figures.validation import draw_helicities, draw_traces
from symchiral.forces.bands import Bands
from symchiral.traces.oscillation import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(
    result: Bands | Run | DelayMap | Fit | Validate,
    axes: Any = None,
    *,
    unit: FrequencyUnit = "THz",
    jmax: float | None = None,
    shown: Sequence[str] | None = None,
) -> list[Axes]:
    """Draw a result into axes of matplotlib, with the settings that are in force.

    Parameters
    ----------
    result : Bands, Run, DelayMap, Fit or Validate
        Bands take one pair of axes. A run takes four for every mode: coordinates, circular
        amplitudes, helicity in time and frequency, path of an atom. A map of two
        pulses takes two: the motion, and its spectrum. A fit of traces takes three for
        every run: traces, residuals, spectrum. What ``validate`` answers takes one: the helicity of
        every line beside the rule.
    axes : Axes or array of Axes, optional
        Where to draw, in this order; default a new figure of ``matplotlib.pyplot``.
    unit : str
        THz, cm-1 or meV, of the frequencies of bands, runs and maps.
    jmax : float, optional
        Of bands: :math:`|J|` of the full colour, ħ; default the largest on the path, at most 1.
    shown : sequence of str, optional
        Of a run: names of one or two multiplets; default the strongest, and the strongest other
        one that can turn.

    Returns
    -------
    list of Axes
        Those that were drawn into.

    Raises
    ------
    InputError
        The number of axes is another, matplotlib is missing, or it is not a result with a figure.
    LabelError
        There is no such mode.

    Examples
    --------
    >>> import symchiral as sc
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> bands = sc.read("Si/phonopy.yaml").bands("GM X", points=10)
    >>> sc.draw(bands, axes)[0].get_ylabel()
    'Frequency (THz)'
    """
    if not isinstance(result, Bands | Run | DelayMap | Fit | Validate):
        raise InputError(
            f"cannot draw a {type(result).__name__}",
            why="bands, runs, maps, fits of traces and answers of validate have figures",
            fix="give what study.bands(), study.simulate() or study.delay_map() returns, "
            "study.validate().fit, or "
            "symchiral.answers.validate.validate()",
        )
    if isinstance(result, Run):
        shown = shown or chosen_modes(result)
    with matplotlib_needed("cannot draw", "write the numbers: .csv or .json"):
        import matplotlib  # noqa: F401
    given = _panels(result, shown) if axes is None else list(np.ravel(np.array(axes, dtype=object)))
    if isinstance(result, Run):
        draw_motion(given, result, shown=shown, unit=unit)
    elif isinstance(result, DelayMap):
        draw_map(given, result, unit=unit)
    elif isinstance(result, Fit):
        draw_traces(given, result)
    elif len(given) != 1:
        raise InputError(
            f"cannot draw a {type(result).__name__} into {len(given)} axes",
            why="it is one picture",
            fix="give one pair of axes",
        )
    elif isinstance(result, Bands):
        draw_bands(given[0], answer_of(result, unit=unit), jmax=jmax)
    else:
        draw_helicities(given[0], result)
    return given


def _panels(result: object, shown: Sequence[str] | None) -> list[Axes]:
    """New axes, in a figure that is shown by ``matplotlib.pyplot.show``."""
    from matplotlib import pyplot

    rows, columns = 1, 1
    if isinstance(result, Run):
        rows, columns = len(shown or ()), 4
    elif isinstance(result, DelayMap):
        columns = 2
    elif isinstance(result, Fit):
        rows, columns = len(result.measurement.runs), 3
    width, height = pyplot.rcParams["figure.figsize"]
    size = (width * max(1, 0.45 * columns), height * max(1, 0.6 * rows))
    figure, axes = pyplot.subplots(rows, columns, squeeze=False, figsize=size, layout="constrained")
    del figure
    return list(axes.ravel())
