"""Solving the equations of motion."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, pi

import numpy as np
import numpy.typing as npt

from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import DrivingField
from symchiral.dynamics.run import Run, Stop, StopKind
from symchiral.dynamics.surface import Film, inside
from symchiral.errors import InputError, LimitError
from symchiral.units import ACCELERATION
from symchiral.value import Floats, frozen

LARGEST = 1.0
"""Å: where an atom is farther from its place no expansion about it holds."""

STEPS = 200_000
"""Most steps of the integrator."""

STEPS_A_PERIOD = 100
"""Most steps in a period of the fastest mode or light, on average.

Ten are usual; couplings that need more than these make motion faster than every mode, and are no
expansion about the places of the atoms.
"""

FEWEST_STEPS = 5_000
"""Steps that may be taken in any case."""

NUMBERS = 24_000_000
"""Most values of coordinates that are kept: times by coordinates."""


def simulate(
    model: NormalModeModel,
    drive: DrivingField | None = None,
    *,
    duration: float = 20.0,
    step: float | None = None,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    film: Film | None = None,
    accuracy: float = 1e-9,
    progress: Callable[[float], None] | None = None,
) -> Run:
    """Integrate the equations of motion (Dormand–Prince, order 8, error-controlled).

    Parameters
    ----------
    model : NormalModeModel
        What moves.
    drive : DrivingField, optional
        The light, one field or several (:func:`~symchiral.dynamics.pulse.read_light`).
    duration : float
        Last time, ps.
    step : float, optional
        Between the times that are kept, ps; default 1/32 of the fastest period.
    start : ((n,) float, (n,) float), optional
        Q and its velocity at the first time; default at rest.
    film : Film, optional
        The sample on which an incident pulse falls; default a thick crystal.
    accuracy : float
        Relative error per step.
    progress : callable, optional
        Is told the share of the time done, from 0 to 1.

    Returns
    -------
    Run
        If the motion leaves every bound, or the integrator cannot go on, it holds what was computed
        until then, and says so in ``stopped``.

    Raises
    ------
    InputError
        ``duration`` is not after the pulse, or not finite; or the motion ends as it begins; or what
        enters of an incident pulse is not known.
    LimitError
        More times than memory should hold.
    """
    from scipy.integrate import DOP853

    if film is not None and drive is None:
        raise InputError(
            "a film changes nothing here", why="there is no light", fix="leave out the film"
        )
    n = len(model.coordinates)
    first = 0.0 if drive is None else drive.start
    require_longer(duration, None if drive is None else drive.stop)
    free = float(model.coordinates.frequencies.max())
    fastest = max(free, drive.fastest if drive else 0.0)
    interval = step or 1 / (32 * fastest)
    count = ceil((duration - first) / interval) + 1
    if count * n > NUMBERS:
        raise LimitError(
            f"{count:,} times are too many to keep",
            why=f"{duration:g} ps in steps of {interval:.2g} ps, and {n} coordinates at each, are "
            f"more than {NUMBERS:,} numbers",
            fix="shorten the duration or lengthen the step",
        )
    if drive is not None:
        drive = inside(model, drive, until=duration, film=film)
    times = first + interval * np.arange(count)
    q0, v0 = (np.zeros(n), np.zeros(n)) if start is None else map(np.asarray, start)
    stiffness, rates = model.stiffness, model.rates

    def motion(t: float, y: Floats) -> Floats:
        q, v = y[:n], y[n:]
        force = model.coupling(q)
        if drive is not None and t < drive.stop:
            force = force + model.light(drive.field(t))
        return np.concatenate([v, ACCELERATION * force - rates * v - stiffness * q])

    # A step may not leap over the pulse: at rest nothing warns the integrator of it.
    longest = 1 / (2 * fastest)
    # Absolute errors are judged by a motion of 10⁻³ Å of the lightest atom, and its velocity.
    scale = 1e-3 * np.sqrt(model.coordinates.modes.masses.min())
    tolerance = accuracy * np.concatenate([np.full(n, scale), np.full(n, 2 * pi * fastest * scale)])
    periods = fastest * float(times[-1] - first)
    steps = min(STEPS, max(FEWEST_STEPS, ceil(STEPS_A_PERIOD * periods)))
    states = np.empty((count, 2 * n))
    states[0] = np.concatenate([q0, v0])
    done = 1
    stopped: StopKind | None = None
    message, moved = "", 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        solver = DOP853(
            motion,
            first,
            states[0],
            float(times[-1]),
            rtol=accuracy,
            atol=tolerance,
            max_step=longest,
        )
        for k in range(steps):
            message = solver.step() or ""
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                stopped = "diverged"
                break
            reached = int(np.searchsorted(times, solver.t, side="right"))
            if reached > done:
                states[done:reached] = solver.dense_output()(times[done:reached]).T
                done = reached
            atoms = model.coordinates.displacements(solver.y[:n])
            moved = float(np.linalg.norm(atoms, axis=-1).max())
            if moved > LARGEST:
                stopped = "far"
                break
            if solver.status == "finished":
                break
            if drive is not None and solver.t >= drive.stop:
                solver.max_step = 1 / (2 * free)
            if progress is not None and k % 100 == 0:
                progress((solver.t - first) / (times[-1] - first))
        else:
            stopped = "stiff"
    if done < 2:
        raise InputError(
            "no motion was simulated",
            why=f"within the first {interval:.2g} ps it diverges or leaves every bound",
            fix="check the coupling coefficients, the start and the light",
        )
    stop = None
    if stopped is not None:
        stop = Stop(
            stopped,
            reached=float(times[done - 1]),
            asked=float(times[-1]),
            distance=moved if stopped == "far" else None,
            message=message,
            steps=steps,
        )
    return Run(
        model,
        drive,
        frozen(times[:done]),
        frozen(states[:done, :n]),
        frozen(states[:done, n:]),
        stop,
    )


def require_longer(duration: float, stop: float | None) -> None:
    """Raise unless a simulation lasts longer than light that is on until ``stop``, ps."""
    if not (np.isfinite(duration) and duration > (stop or 0.0)):
        raise InputError(
            f"no simulation until {duration:g} ps",
            why="it has no length" if stop is None else f"the light is on until {stop:g} ps",
            fix="ask for a longer duration",
        )
