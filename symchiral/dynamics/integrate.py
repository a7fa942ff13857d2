"""Solving the equations of motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, pi, sqrt

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
    require_room(count, n, duration=duration, interval=interval)
    push = None
    if drive is not None:
        drive = inside(model, drive, until=duration, film=film)
        push = push_of(model, drive)
    times = np.asarray(first + interval * np.arange(count), dtype=float)
    begin = np.zeros(2 * n) if start is None else np.concatenate([np.asarray(x) for x in start])
    kept, stop = march(
        model,
        begin,
        times,
        push,
        fastest=fastest,
        accuracy=accuracy,
        progress=progress,
    )
    if len(kept) < 2:
        raise InputError(
            "no motion was simulated",
            why=f"within the first {interval:.2g} ps it diverges or leaves every bound",
            fix="check the coupling coefficients, the start and the light",
        )
    return Run(
        model, drive, frozen(times[: len(kept)]), frozen(kept[:, :n]), frozen(kept[:, n:]), stop
    )


@dataclass(frozen=True)
class Push:
    """What light does to the coordinates.

    Attributes
    ----------
    force : callable
        Its force at a time in ps, eV/(√amu Å), (…, n).
    until : float
        Time from which on there is none, ps.
    """

    force: Callable[[float], Floats]
    until: float


def push_of(model: NormalModeModel, drive: DrivingField) -> Push:
    """Return what a field in the crystal does to the coordinates."""
    return Push(lambda t: model.light(drive.field(t)), drive.stop)


def march(
    model: NormalModeModel,
    start: Floats,
    times: Floats,
    push: Push | None,
    *,
    fastest: float,
    first: float | None = None,
    keep: Callable[[Floats], Floats] | None = None,
    accuracy: float = 1e-9,
    progress: Callable[[float], None] | None = None,
) -> tuple[Floats, Stop | None]:
    """Integrate one motion, or several with steps in common.

    What is linear in the motion then has the same relative error in all of them: it cancels in
    differences. No motion has a larger error than if it were integrated by itself.

    Parameters
    ----------
    model : NormalModeModel
        What moves.
    start : (…, 2n) float
        Q and its velocity at the first time.
    times : (T,) float
        Times that are kept, ps, ascending.
    push : Push, optional
        The light.
    fastest : float
        Highest frequency of modes and light, THz.
    first : float, optional
        The first time, ps, at or before those that are kept; default the first of these.
    keep : callable, optional
        What is kept of the states (T', …, 2n) of successive times; default all.
    accuracy : float
        Relative error per step.
    progress : callable, optional
        Is told the share of the time done, from 0 to 1.

    Returns
    -------
    (T', …) float
        What is kept, of all times that were reached.
    Stop or None
        Why the motion was not followed to the last time.
    """
    from scipy.integrate import DOP853

    n = len(model.coordinates)
    begin = float(times[0]) if first is None else first
    keep = keep or (lambda states: states)
    stiffness, rates = model.stiffness, model.rates

    def motion(t: float, y: Floats) -> Floats:
        state = y.reshape(start.shape)
        q, v = state[..., :n], state[..., n:]
        force = model.coupling(q)
        if push is not None and t < push.until:
            force = force + push.force(t)
        moving = [v, ACCELERATION * force - rates * v - stiffness * q]
        return np.concatenate(moving, axis=-1).ravel()

    # A step may not leap over the pulse: at rest nothing warns the integrator of it.
    longest = 1 / (2 * fastest)
    # Absolute errors are judged by a motion of 10⁻³ Å of the lightest atom, and its velocity.
    scale = 1e-3 * np.sqrt(model.coordinates.modes.masses.min())
    sizes = np.concatenate([np.full(n, scale), np.full(n, 2 * pi * fastest * scale)])
    # The error that is controlled is the mean over all motions: none may have more than its own.
    accuracy /= sqrt(start.size / (2 * n))
    tolerance = accuracy * np.broadcast_to(sizes, start.shape).ravel()
    periods = fastest * (float(times[-1]) - begin)
    steps = min(STEPS, max(FEWEST_STEPS, ceil(STEPS_A_PERIOD * periods)))
    done = int(np.searchsorted(times, begin, side="right"))
    head = keep(start[None])
    kept = np.empty((len(times), *head.shape[1:]))
    kept[:done] = head
    stopped: StopKind | None = None
    message, moved = "", 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        solver = DOP853(
            motion,
            begin,
            start.ravel(),
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
                found = solver.dense_output()(times[done:reached]).T
                kept[done:reached] = keep(found.reshape(-1, *start.shape))
                done = reached
            atoms = model.coordinates.displacements(solver.y.reshape(start.shape)[..., :n])
            moved = float(np.linalg.norm(atoms, axis=-1).max())
            if moved > LARGEST:
                stopped = "far"
                break
            if solver.status == "finished":
                break
            if push is not None and solver.t >= push.until:
                solver.max_step = 1 / (2 * float(model.coordinates.frequencies.max()))
            if progress is not None and k % 100 == 0:
                progress((solver.t - begin) / (times[-1] - begin))
        else:
            stopped = "stiff"
    if stopped is None:
        return kept[:done], None
    return kept[:done], Stop(
        stopped,
        reached=float(times[max(done - 1, 0)]),
        asked=float(times[-1]),
        distance=moved if stopped == "far" else None,
        message=message,
        steps=steps,
    )


def require_room(count: int, n: int, *, duration: float, interval: float) -> None:
    """Raise unless memory holds ``n`` numbers at each of ``count`` times.

    Raises
    ------
    LimitError
        It should not.
    """
    if count * n > NUMBERS:
        raise LimitError(
            f"{count:,} times are too many to keep",
            why=f"{duration:g} ps in steps of {interval:.2g} ps, and {n} coordinates at each, are "
            f"more than {NUMBERS:,} numbers",
            fix="shorten the duration or lengthen the step",
        )


def require_longer(duration: float, stop: float | None) -> None:
    """Raise unless a simulation lasts longer than light that is on until ``stop``, ps."""
    if not (np.isfinite(duration) and duration > (stop or 0.0)):
        raise InputError(
            f"no simulation until {duration:g} ps",
            why="it has no length" if stop is None else f"the light is on until {stop:g} ps",
            fix="ask for a longer duration",
        )
