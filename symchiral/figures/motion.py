"""Figures of modes in motion, made from a run: the path of every coordinate is in no answer.

:func:`draw_motion` and :func:`animate_motion` are where to start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symchiral.answers.record import FrequencyUnit, number
from symchiral.answers.simulate import light_of
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.figures.film import LINE, MINUS, PLUS, STYLE, save_film
from symchiral.figures.save import matplotlib_needed, save_figure
from symchiral.rules.wording import minus
from symchiral.text.simulate import SMALL, helicity_text, light_text
from symchiral.units import PER_THZ, SIGNS
from symchiral.value import TINY

KIND = "simulation"
"""Kind of the figures, animations and tables of a run."""

FAINT = LINE
"""Colour of what only accompanies; of l > 0 and l < 0 it is that of the senses in films."""


def chosen_modes(run: Run) -> tuple[str, ...]:
    """Return the mode with the most energy, and the strongest other one that can turn."""
    ordered = sorted(run.motions, key=lambda m: -m.energy)
    least = SMALL * ordered[0].energy
    others = [m.name for m in ordered[1:] if m.pam_helicity is not None and m.energy > least]
    return (ordered[0].name, *others[:1])


def draw_motion(
    run: Run,
    path: str,
    *,
    shown: Sequence[str] | None = None,
    unit: FrequencyUnit = "THz",
    overwrite: bool = False,
) -> None:
    """Draw traces, circular amplitudes, helicity in time and frequency, and paths of atoms.

    Parameters
    ----------
    run : Run
        The simulation.
    path : str
        File to write, .png, .pdf or .svg.
    shown : sequence of str, optional
        Names of one or two multiplets, a row each.
    unit : str
        Of frequencies.

    Raises
    ------
    LabelError
        There is no such mode.
    InputError
        The file cannot be written, three modes are asked for, or the run stopped before the pulse
        was over.
    """
    if not run.after.any():
        raise InputError(
            f"cannot draw {path}",
            why="the run stopped before the pulse was over: there is no motion after it",
            fix="take a weaker pulse, or write --table run.csv",
        )
    figure = motion_figure(run, shown=shown, unit=unit, path=path)
    with matplotlib_needed(f"cannot draw {path}", "write --table run.csv"):
        import matplotlib
    with matplotlib.rc_context(STYLE):
        save_figure(figure, path, KIND, overwrite=overwrite)


def motion_figure(
    run: Run,
    *,
    shown: Sequence[str] | None = None,
    unit: FrequencyUnit = "THz",
    path: str = "the run",
) -> Any:
    """Return the figure of :func:`draw_motion`; ``path`` is named in errors alone."""
    matplotlib, FigureCanvasAgg, Figure = _matplotlib(path)
    names = tuple(shown or chosen_modes(run))
    if len(names) > 2:
        raise InputError(
            f"cannot draw {', '.join(names)}", why="the figure has two rows", fix="name two modes"
        )
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, 0.6 + 2.5 * len(names)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(
            len(names), 4, squeeze=False, gridspec_kw={"width_ratios": [2.1, 1.6, 1.9, 1.25]}
        )
        crystal = run.model.coordinates.modes.crystal
        light = "no light" if run.drive is None else light_text(light_of(run.drive, unit=unit))
        figure.suptitle(
            f"{crystal.primitive.formula}: {minus(light)}", x=0.01, ha="left", fontsize=10
        )
        for row, name in zip(axes, names, strict=True):
            _traces(row[0], run, name, unit)
            _amplitudes(row[1], run, name)
            _map(figure, row[2], run, name, unit)
            _path(row[3], run, name)
        for axis in axes[-1, :3]:
            axis.set_xlabel("time (ps)")
    return figure


def _matplotlib(path: str) -> tuple[Any, Any, Any]:
    """The library, a canvas without a screen, and figures."""
    with matplotlib_needed(f"cannot draw {path}", "write --table run.csv"):
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    return matplotlib, FigureCanvasAgg, Figure


def _pulse(axis: Any, run: Run) -> None:
    if run.drive is not None:
        axis.axvspan(run.drive.end - 2 * _half(run), run.drive.end, color="0.94", lw=0, zorder=0)
        axis.set_xlim(run.times[0], run.times[-1])


def _half(run: Run) -> float:
    """Half of the time the pulse is regarded as on."""
    assert run.drive is not None
    return min(run.drive.end - run.drive.start, run.drive.end - float(run.times[0])) / 2


def _traces(axis: Any, run: Run, name: str, unit: FrequencyUnit) -> None:
    slots = run.model.coordinates.slots(name)
    motion = run.motion(name)
    _pulse(axis, run)
    for slot, letter, colour in zip(slots, "xyz", ("#222222", "#d98a00", FAINT), strict=False):
        label = f"Q{letter}" if len(slots) > 1 else None
        axis.plot(run.times, run.coordinates[:, slot], color=colour, lw=0.8, label=label)
    axis.set_ylabel("Q (√amu Å)")
    own, moves = motion.multiplet.frequency * PER_THZ[unit], motion.frequency * PER_THZ[unit]
    axis.set_title(f"{name}, {own:.2f} {SIGNS[unit]}: moves at {moves:.2f} {SIGNS[unit]}")
    if len(slots) > 1:
        axis.set_ylabel("mode coordinates Q (√amu Å)")
        axis.legend(loc="upper right", ncols=3)


def _amplitudes(axis: Any, run: Run, name: str) -> None:
    motion, waves = run.motion(name), np.abs(run.amplitudes(name))
    _pulse(axis, run)
    for mode, wave in zip(motion.multiplet.modes, waves.T, strict=True):
        sign = 0 if mode.residue is None else (mode.residue > 0) - (mode.residue < 0)
        colour = {1: PLUS, -1: MINUS, 0: FAINT}[int(sign)]
        label = f"({minus(mode.component)})" if mode.component else None
        axis.plot(run.times, wave, color=colour, lw=2.4 if sign > 0 else 1.2, label=label)
    axis.set_ylabel("|a| (√amu Å)")
    axis.set_ylim(bottom=0)
    if motion.pam_helicity is None:
        axis.set_title("amplitude; no sense of rotation")
    else:
        axis.set_title(f"PAM helicity {helicity_text(number(motion.pam_helicity))}")
        axis.legend(loc="upper right")


def _map(figure: Any, axis: Any, run: Run, name: str, unit: FrequencyUnit) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb

    times, frequencies, power, helicity = run.helicity_map(name)
    frequencies = frequencies * PER_THZ[unit]
    strength = np.sqrt(power / max(float(power.max()), TINY))
    # White where nothing moves; the colour of the sense where it does.
    ends = np.array([to_rgb(MINUS), to_rgb(FAINT), to_rgb(PLUS)])
    position = np.nan_to_num(helicity)
    colours = np.stack([np.interp(position, (-1, 0, 1), c) for c in ends.T], axis=-1)
    image = 1 - strength[..., None] * (1 - colours)
    extent = (times[0], times[-1], frequencies[0], frequencies[-1])
    axis.imshow(image, origin="lower", aspect="auto", extent=extent, interpolation="bilinear")
    axis.set_ylabel(f"frequency ({SIGNS[unit]})")
    axis.set_ylim(0, frequencies[-1])
    own = run.motion(name).multiplet.frequency * PER_THZ[unit]
    axis.axhline(own, color=FAINT, lw=0.6, ls=":")
    axis.set_title("helicity in time and frequency")
    scale = LinearSegmentedColormap.from_list("helicity", [MINUS, FAINT, PLUS])
    bar = figure.colorbar(
        ScalarMappable(Normalize(-1, 1), scale), ax=axis, ticks=[-1, 0, 1], fraction=0.05, pad=0.02
    )
    bar.ax.set_yticklabels(["−1", "0", "+1"], fontsize=7)


def _path(axis: Any, run: Run, name: str) -> None:
    """The path of the atom that this motion moves most, seen along the axis, after the pulse."""
    c, late = run.model.coordinates, run.after
    alone = np.zeros_like(run.coordinates)
    alone[:, c.slots(name)] = run.coordinates[:, c.slots(name)]
    atoms = c.displacements(alone[late]) @ run.model.lab.T
    best = int(np.argmax(np.sum(atoms**2, axis=(0, 2))))
    x, y = 1e3 * atoms[:, best, :2].T
    axis.plot(x, y, color="#222222", lw=0.35, alpha=0.6)
    period = max(
        2, round(1 / max(run.motion(name).frequency, 1e-3) / (run.times[1] - run.times[0]))
    )
    first = int(np.argmax(np.hypot(x, y)[: max(len(x) // 3, period)]))
    stop = min(first + round(0.8 * period), len(x) - 1)
    axis.plot(x[first:stop], y[first:stop], color="#d98a00", lw=1.6)
    if stop - first > 2:
        axis.annotate(
            "",
            (x[stop], y[stop]),
            (x[stop - 2], y[stop - 2]),
            arrowprops={"arrowstyle": "-|>", "color": "#d98a00", "lw": 1.4},
        )
    reach = 1.1 * max(float(np.abs([x, y]).max()), 1e-9)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    axis.set_aspect("equal")
    site = next(s for s in c.modes.crystal.sites if best in s.atoms)
    axis.set_title(f"path of {site.name} (mÅ)")


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
