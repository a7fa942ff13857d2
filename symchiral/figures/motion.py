"""Figures of modes in motion, made from a run: the path of every coordinate is in no answer.

:func:`save_motion`, :func:`draw_motion` and :func:`animate_motion` are where to start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from symchiral.answers.record import FrequencyUnit, number
from symchiral.answers.simulate import light_of
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.figures.colours import INK, MINUS, PLUS, SERIES, SHADE, STILL, orbit_senses
from symchiral.figures.film import save_film
from symchiral.figures.save import save_figure
from symchiral.figures.stacked import ordinates, rounded, shifts
from symchiral.figures.style import Size, new_figure, small, styled
from symchiral.rules.wording import minus
from symchiral.text.simulate import SMALL, helicity_text, light_text
from symchiral.units import PER_THZ, SIGNS
from symchiral.value import TINY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND = "simulation"
"""Kind of the figures, animations and tables of a run."""

ROWS = {2: 92.0, 4: 52.0}
"""Millimetres of height for a mode, by the panels beside each other."""


NARROW = 1.3
"""Inches of axes below which their scale stands above them."""


def chosen_modes(run: Run) -> tuple[str, ...]:
    """Return the mode with the most energy, and the strongest other one that can turn."""
    ordered = sorted(run.motions, key=lambda m: -m.energy)
    least = SMALL * ordered[0].energy
    others = [m.name for m in ordered[1:] if m.pam_helicity is not None and m.energy > least]
    return (ordered[0].name, *others[:1])


def save_motion(
    run: Run,
    path: str | Path,
    *,
    shown: Sequence[str] | None = None,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Draw a run into a file; see :func:`draw_motion`.

    Parameters
    ----------
    path : path
        File to write, .pdf, .svg, .png or .eps.
    size, style
        As for :mod:`symchiral.figures.style`.

    Raises
    ------
    LabelError
        There is no such mode.
    InputError
        The file cannot be written, three modes are asked for, or the run stopped before the pulse
        was over.
    """
    figure = motion_figure(run, shown=shown, unit=unit, size=size, style=style)
    with styled(style):
        save_figure(figure, path, KIND, overwrite=overwrite)


def motion_figure(
    run: Run,
    *,
    shown: Sequence[str] | None = None,
    unit: FrequencyUnit = "THz",
    size: Size = "double",
    style: str | Path | None = None,
) -> Figure:
    """Return a new figure of a run, four panels for every mode; see :func:`draw_motion`."""
    names = _names(run, shown)
    across = 2 if size == "single" else 4
    with styled(style):
        figure = new_figure(size, 8 + ROWS[across] * len(names))
        widths = [1, 1] if across == 2 else [1.75, 1.5, 1.75, 1.2]
        panels = figure.subplots(
            len(names) * 4 // across, across, squeeze=False, gridspec_kw={"width_ratios": widths}
        )
        crystal = run.model.coordinates.modes.crystal
        light = "no light" if run.drive is None else light_text(light_of(run.drive, unit=unit))
        told = fill(f"{crystal.primitive.formula}: {minus(light)}", 28 * across)
        figure.suptitle(told, x=0.01, ha="left")
        draw_motion(list(panels.ravel()), run, shown=names, unit=unit)
    return figure


def draw_motion(
    axes: Sequence[Axes],
    run: Run,
    *,
    shown: Sequence[str] | None = None,
    unit: FrequencyUnit = "THz",
) -> None:
    """Draw what modes do in time into given axes, four for every mode.

    The coordinates; the amplitudes of the circular modes; the helicity in time and frequency; and
    the path of the atom that the mode moves most, after the pulse, seen against the axis.

    Parameters
    ----------
    axes : sequence of Axes
        Four for every mode, one mode after the other.
    shown : sequence of str, optional
        Names of the multiplets; default the one with the most energy, and the strongest other one
        that can turn.
    unit : str
        Of frequencies.

    Raises
    ------
    LabelError
        There is no such mode.
    InputError
        The number of axes is another, or the run stopped before the pulse was over.
    """
    names = _names(run, shown)
    if len(axes) != 4 * len(names):
        raise InputError(
            f"cannot draw {', '.join(names)} into {len(axes)} axes",
            why="every mode needs four",
            fix=f"give {4 * len(names)} axes, or name the modes with shown",
        )
    for i, name in enumerate(names):
        traces, amplitudes, spectrogram, path = axes[4 * i : 4 * i + 4]
        _traces(traces, run, name, unit)
        _amplitudes(amplitudes, run, name)
        _map(spectrogram, run, name, unit)
        _path(path, run, name)


def _names(run: Run, shown: Sequence[str] | None) -> tuple[str, ...]:
    """The modes that are drawn."""
    if not run.after.any():
        raise InputError(
            "cannot draw the run",
            why="the run stopped before the pulse was over: there is no motion after it",
            fix="take a weaker pulse, or write --table run.csv",
        )
    names = tuple(shown or chosen_modes(run))
    if len(names) > 2:
        raise InputError(
            f"cannot draw {', '.join(names)}", why="the figure has two rows", fix="name two modes"
        )
    return names


def _pulse(axis: Axes, run: Run) -> None:
    if run.drive is not None:
        axis.axvspan(run.drive.end - 2 * _half(run), run.drive.end, color=SHADE, lw=0, zorder=0)
    axis.set_xlim(run.times[0], run.times[-1])
    axis.set_xlabel("time (ps)")


def _half(run: Run) -> float:
    """Half of the time the pulse is regarded as on."""
    assert run.drive is not None
    return min(run.drive.end - run.drive.start, run.drive.end - float(run.times[0])) / 2


def _traces(axis: Axes, run: Run, name: str, unit: FrequencyUnit) -> None:
    slots = run.model.coordinates.slots(name)
    motion, q = run.motion(name), run.coordinates[:, slots]
    _pulse(axis, run)
    shift = shifts(q)
    for trace, added, colour in zip(q.T, shift, SERIES, strict=False):
        axis.plot(run.times, trace + added, color=colour, lw=0.6)
    letters = [f"Q{letter}" for letter in "xyz"[: len(slots)]] if len(slots) > 1 else [""]
    ordinates(axis, q, shift, letters, SERIES[: len(slots)], "coordinate Q", "√amu Å")
    own, moves = motion.multiplet.frequency * PER_THZ[unit], motion.frequency * PER_THZ[unit]
    axis.set_title(f"{name}, {own:.2f} {SIGNS[unit]}\nmoves at {moves:.2f} {SIGNS[unit]}")


def _amplitudes(axis: Axes, run: Run, name: str) -> None:
    motion, waves = run.motion(name), np.abs(run.amplitudes(name))
    _pulse(axis, run)
    for mode, wave in zip(motion.multiplet.modes, waves.T, strict=True):
        sign = 0 if mode.residue is None else (mode.residue > 0) - (mode.residue < 0)
        label = f"({minus(mode.component)})" if mode.component else None
        axis.plot(run.times, wave, label=label, **SENSES[int(sign)])
    axis.set_ylabel("amplitude |a| (√amu Å)")
    # Above the curves there is room for what they are.
    axis.set_ylim(0, 1.45 * max(float(waves.max()), TINY))
    if motion.pam_helicity is None:
        axis.set_title("no sense of rotation")
    else:
        axis.set_title(f"PAM helicity\n{helicity_text(number(motion.pam_helicity))}")
        axis.legend(loc="upper right", handlelength=1.8)


SENSES: dict[int, dict[str, Any]] = {
    1: {"color": PLUS, "lw": 2.0, "ls": "-"},
    -1: {"color": MINUS, "lw": 1.2, "ls": (0, (4, 1.5))},
    0: {"color": INK, "lw": 1.0, "ls": "-"},
}
"""Amplitudes by the sign of l: where two are equal both are seen."""


def _map(axis: Axes, run: Run, name: str, unit: FrequencyUnit) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb

    times, frequencies, power, helicity = run.helicity_map(name)
    frequencies = frequencies * PER_THZ[unit]
    strength = np.sqrt(power / max(float(power.max()), TINY))
    # White where nothing moves; the colour of the sense where it does.
    ends = np.array([to_rgb(MINUS), to_rgb(STILL), to_rgb(PLUS)])
    position = np.nan_to_num(helicity)
    colours = np.stack([np.interp(position, (-1, 0, 1), c) for c in ends.T], axis=-1)
    image = 1 - strength[..., None] * (1 - colours)
    extent = (times[0], times[-1], frequencies[0], frequencies[-1])
    axis.imshow(image, origin="lower", aspect="auto", extent=extent, interpolation="bilinear")
    axis.set_ylabel(f"frequency ({SIGNS[unit]})")
    axis.set_xlabel("time (ps)")
    axis.set_ylim(0, frequencies[-1])
    own = run.motion(name).multiplet.frequency * PER_THZ[unit]
    axis.axhline(own, color=INK, lw=0.6, ls=":")
    axis.annotate(
        name, (0.97, own), xycoords=axis.get_yaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="right", va="bottom", fontsize=small(),
    )  # fmt: skip
    narrow = axis.bbox.width / axis.figure.dpi < NARROW
    scale = LinearSegmentedColormap.from_list("helicity", [MINUS, STILL, PLUS])
    bar = axis.figure.colorbar(
        ScalarMappable(Normalize(-1, 1), scale), ax=axis, ticks=[-1, 0, 1], pad=0.03,
        location="top" if narrow else "right", aspect=14 if narrow else 18,
    )  # fmt: skip
    bar.solids.set_edgecolor("face")  # type: ignore[union-attr]
    bar.set_ticklabels(["−1", "0", "+1"])
    bar.set_label("helicity", labelpad=2 if narrow else -2)


def _path(axis: Axes, run: Run, name: str) -> None:
    """The path of the atom that this motion moves most, seen along the axis, after the pulse."""
    c, late = run.model.coordinates, run.after
    alone = np.zeros_like(run.coordinates)
    alone[:, c.slots(name)] = run.coordinates[:, c.slots(name)]
    atoms = c.displacements(alone[late]) @ run.model.lab.T
    best = int(np.argmax(np.sum(atoms**2, axis=(0, 2))))
    x, y = 1e3 * atoms[:, best, :2].T
    axis.plot(x, y, color=STILL, lw=0.3)
    period = max(
        2, round(1 / max(run.motion(name).frequency, 1e-3) / (run.times[1] - run.times[0]))
    )
    first = int(np.argmax(np.hypot(x, y)[: max(len(x) // 3, period)]))
    stop = min(first + round(0.8 * period), len(x) - 1)
    (sense,) = orbit_senses(atoms[first : first + period, [best]])
    colour = {1: PLUS, -1: MINUS, 0: INK}[sense]
    axis.plot(x[first:stop], y[first:stop], color=colour, lw=1.6)
    if stop - first > 2:
        axis.annotate(
            "",
            (x[stop], y[stop]),
            (x[stop - 2], y[stop - 2]),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.4},
        )
    reach = 1.15 * max(float(np.abs([x, y]).max()), 1e-9)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    mark = rounded(0.9 * reach)
    labels = [minus(f"{x:g}") for x in (-mark, 0, mark)]
    axis.set_xticks([-mark, 0, mark], labels)
    axis.set_yticks([-mark, 0, mark], labels)
    axis.set_aspect("equal")
    site = next(s for s in c.modes.crystal.sites if best in s.atoms)
    axis.set_title(f"path of {site.name}")
    axis.set_xlabel("x (mÅ)")
    axis.set_ylabel("y (mÅ)")


def animate_motion(run: Run, path: str, *, frames: int = 48, overwrite: bool = False) -> None:
    """Write the atoms in motion, seen along the axis and from the side, as a GIF.

    Displacements are enlarged; the factor is printed in the picture. The frames cover the last
    four periods of the strongest mode before the end.

    Parameters
    ----------
    run : Run
        The simulation.
    path : str
        File to write.
    frames : int
        Number of frames.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    model = run.model
    crystal = model.coordinates.modes.crystal.primitive
    strongest = max(run.motions, key=lambda m: m.energy)
    span = 4 / max(1e-3, strongest.frequency)  # in this order nan, where nothing moves, is left out
    late = np.flatnonzero(run.times >= max(run.times[-1] - span, run.times[0]))
    picked = late[np.unique(np.linspace(0, len(late) - 1, frames).astype(int))]
    moved = run.atoms()[picked] @ model.lab.T
    largest = float(np.linalg.norm(moved, axis=2).max())
    factor = float(f"{0.8 / max(largest, 1e-9):.1g}")
    save_film(
        path,
        KIND,
        rest=(crystal.positions @ crystal.cell) @ model.lab.T,
        moved=factor * moved,
        numbers=crystal.numbers.tolist(),
        captions=[
            f"{crystal.formula}: {time:.2f} ps, displacements × {factor:g}"
            for time in run.times[picked]
        ],
        overwrite=overwrite,
    )
