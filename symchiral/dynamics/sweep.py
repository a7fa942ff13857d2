"""Simulations in which one property of the pulse takes several values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np

from symchiral.dynamics.integrate import require_longer, simulate
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import FLUENCES, Fields, Pulse
from symchiral.dynamics.run import FreeMotion, Stop
from symchiral.dynamics.surface import Film
from symchiral.errors import GrammarError, InputError, nearest
from symchiral.units import NUMBER, PER_THZ
from symchiral.value import Complex, Floats, Value, frozen

Quantity = Literal["frequency", "angle", "ellipticity", "field", "fluence", "delay"]
"""What can be swept."""

UNITS: dict[Quantity, dict[str, float]] = {
    "frequency": {"thz": 1.0, "cm-1": PER_THZ["cm-1"], "mev": PER_THZ["meV"]},
    "angle": {"deg": 1.0},
    "ellipticity": {"": 1.0},
    "field": {"mv/cm": 1.0, "kv/cm": 1e3},
    "fluence": FLUENCES,
    "delay": {"ps": 1.0, "fs": 1e3},
}
"""In which units each is read: how many of each are one of the first."""

INSIDE: dict[Quantity, str] = {
    "frequency": "THz",
    "angle": "deg",
    "ellipticity": "",
    "field": "MV/cm",
    "fluence": "mJ/cm2",
    "delay": "ps",
}
"""The unit of the values."""

_SWEEP = re.compile(
    rf"(?P<name>[a-z]{{1,20}}) (?P<low>{NUMBER})\.\.(?P<high>{NUMBER})"
    r" ?(?P<unit>[^\d\s.]\S*)?(?: (?P<count>\d{1,9}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Value):
    """A property of a pulse and the values it is to take.

    ``frequency``; ``angle``: the pulse is linear at that angle from x; ``ellipticity``: ratio of
    the axes of an ellipse whose long axis stays where it is, +1 and −1 circular, at equal fluence;
    ``field``; ``fluence``; ``delay``, of the centre of the pulse. Of several pulses the last one
    changes.

    Examples
    --------
    >>> Sweep.parse("angle 0..90deg 4").values
    array([ 0., 30., 60., 90.])
    """

    name: Quantity
    values: Floats

    @classmethod
    def parse(cls, text: str) -> Sweep:
        """Read ``frequency 1.5..2.5THz 21``: what, from where to where, and how many.

        Raises
        ------
        GrammarError
            It cannot be read.
        """
        match = _SWEEP.fullmatch(" ".join(text.split()))
        fix = 'write it as in "frequency 1.5..2.5THz 21" or "ellipticity -1..1 9"'
        if match is None:
            raise GrammarError(f"cannot read the sweep {text!r}", why="it is not a range", fix=fix)
        word, unit = match["name"].lower(), (match["unit"] or "").lower().replace("²", "2")
        name = next((quantity for quantity in UNITS if quantity == word), None)
        if name is None:
            raise GrammarError(
                f"cannot read the sweep {text!r}",
                why=f"{match['name']!r} is nothing that can be swept",
                fix=nearest(word, UNITS),
            )
        if unit not in UNITS[name]:
            raise GrammarError(
                f"cannot read the sweep {text!r}",
                why=f"{name} has no unit {match['unit']!r}" if unit else f"{name} needs a unit",
                fix=f"give it in {' or '.join(u for u in UNITS[name] if u) or 'no unit'}",
            )
        count = int(match["count"] or 11)
        if not 2 <= count <= 10_000:
            raise GrammarError(
                f"cannot read the sweep {text!r}",
                why=f"{count} values are none that could be compared, or too many",
                fix="ask for 2 to 10000 values",
            )
        low, high = (
            float(match[key].replace("−", "-")) / UNITS[name][unit] for key in ("low", "high")
        )
        if name == "ellipticity" and max(abs(low), abs(high)) > 1:
            raise GrammarError(
                f"cannot read the sweep {text!r}",
                why="the ratio of the short axis of an ellipse to the long one is at most 1",
                fix="sweep from -1 to 1",
            )
        if name not in ("angle", "ellipticity", "delay") and min(low, high) < 0:
            raise GrammarError(
                f"cannot read the sweep {text!r}",
                why=f"no {name} is negative",
                fix="start from 0" if name != "frequency" else "start from more than 0",
            )
        return cls(name, frozen(np.linspace(low, high, count)))

    def pulse(self, pulse: Pulse, value: float) -> Pulse:
        """Return the pulse with the property changed to a value."""
        if self.name == "frequency":
            return replace(pulse, thz=value)
        if self.name == "angle":
            angle = np.format_float_positional(round(value, 9) + 0.0, trim="-")
            return replace(pulse, polarization=f"{angle}deg")
        if self.name == "field":
            return replace(pulse, field_mv_cm=value)
        if self.name == "delay":
            return replace(pulse, delay_ps=round(value, 9))
        if self.name == "fluence":
            one = replace(pulse, field_mv_cm=1.0).fluence
            return replace(pulse, field_mv_cm=sqrt(value / one), incident=True)
        long = _long_axis(pulse.jones)
        across = np.array([-long[1], long[0], 0.0])
        return replace(pulse, polarization=tuple((long + 1j * value * across).tolist()))


def _long_axis(jones: Complex) -> Floats:
    """Direction of the long axis of an ellipse of polarisation; x for a circle."""
    square = complex(jones[:2] @ jones[:2])
    turned = jones[:2] * np.exp(-0.5j * np.angle(square)) if abs(square) > 1e-9 else [1.0, 0.0]
    long = np.append(np.real(turned), 0.0)
    return np.asarray(long / np.linalg.norm(long))


def run_sweep(
    model: NormalModeModel,
    light: Pulse | Sequence[Pulse],
    sweep: Sweep,
    *,
    duration: float = 20.0,
    film: Film | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[tuple[Pulse, tuple[FreeMotion, ...], Stop | None], ...]:
    """Return the pulse that changed, motions, and why it stopped early if it did, for every value.

    Parameters
    ----------
    model, duration, film
        As for :func:`~symchiral.dynamics.integrate.simulate`.
    light : Pulse or sequence of Pulse
        The light; of several pulses the last one changes.
    sweep : Sweep
        What changes.
    progress : callable, optional
        Is told the share done.

    Raises
    ------
    InputError
        Light is on for longer than ``duration`` at some value; or the delay of the only pulse is to
        change, which changes nothing.
    """
    *others, last = [light] if isinstance(light, Pulse) else light
    if sweep.name == "delay" and not others:
        raise InputError(
            "there is no delay to sweep",
            why="the delay of the only pulse moves time zero, and nothing else",
            fix="give two pulses; the delay of the last one is swept",
        )
    values: Sequence[float] = sweep.values.tolist()
    pulses = [sweep.pulse(last, value) for value in values]
    require_longer(duration, max(pulse.stop for pulse in (*others, *pulses)))
    found = []
    for i, pulse in enumerate(pulses):
        drive = Fields((*others, pulse)) if others else pulse
        run = simulate(model, drive, duration=duration, film=film)
        found.append((pulse, run.motions, run.stopped))
        if progress is not None:
            progress((i + 1) / len(values))
    return tuple(found)
