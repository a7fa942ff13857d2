"""Sentences on a simulation: what its user should know, and why it ended early."""

from __future__ import annotations

from html import escape
from typing import Any

from symchiral.answers.simulate import light_of, map_of, pulse_of, simulate
from symchiral.crystal.crystal import Notice
from symchiral.dynamics.delaymap import DelayMap
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.run import Run, Stop
from symchiral.text.simulate import UNFINISHED, light_text, peaks_table, simulate_table
from symchiral.units import counted


def display(noun: object, form: str) -> Any:
    """Return a noun in a form.

    ======== ====================================================
    noun     forms
    ======== ====================================================
    Run      ``notices`` (what the user should know), ``html``
    DelayMap ``html``
    Pulse    ``html``
    Stop     ``text``
    ======== ====================================================
    """
    match noun, form:
        case Run(), "notices":
            return run_notices(noun)
        case Run(), "html":
            found = simulate_table(simulate(noun, noun.model.couplings)).html()
            notices = run_notices(noun)
            return found + "".join(f"<p>{escape(n.text)}</p>" for n in notices)
        case DelayMap(), "html":
            lights = [pulse_of(pulse) for pulse in (noun.first, noun.second)]
            return peaks_table(map_of(noun), lights).html()
        case Pulse(), "html":
            return f"<p>{escape(light_text(light_of(noun)))}</p>"
        case Stop(), "text":
            return stop_text(noun)
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")


def run_notices(run: Run) -> tuple[Notice, ...]:
    """Return what the user should know about a simulation."""
    found = []
    model = run.model
    if run.stopped is not None:
        found.append(Notice("stopped", stop_text(run.stopped)))
    if not run.after.any():
        found.append(Notice("within-pulse", f"the pulse was not over: {UNFINISHED}"))
    if run.drive is not None and model.coordinates.modes.born is None:
        found.append(
            Notice("no-born-charges", "there are no Born charges: light drives no mode by itself")
        )
    if not model.potentials:
        found.append(Notice("no-couplings", "there are no couplings: no mode drives another"))
    return tuple(found)


def stop_text(stop: Stop) -> str:
    """Return why a run ended before it should.

    Examples
    --------
    >>> print(stop_text(Stop("stiff", reached=1.5, asked=20, steps=200_000)))
    the equations are too stiff: 200,000 steps did not suffice; kept until 1.5 ps of 20 ps
    """
    why = {
        "far": f"an atom is displaced by {stop.distance or 0:.2g} Å, too far for an expansion of "
        "the energy",
        "diverged": f"the integrator failed ({stop.message or 'the motion diverged'})",
        "stiff": f"the equations are too stiff: {counted(stop.steps, 'step')} did not suffice",
    }
    return f"{why[stop.kind]}; kept until {stop.reached:.3g} ps of {stop.asked:.3g} ps"
