"""What a record must be to show a line: how long, and how finely it is sampled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi

from symchiral.experiment.candidates import CandidateMode
from symchiral.experiment.expectation import Expected

SAMPLES = 4
"""Times in a period: two are the least there is, and a probe pulse of one step still shows four
fifths of the amplitude."""


@dataclass(frozen=True)
class Recording:
    """What shows the line of one mode.

    Attributes
    ----------
    mode : str
        The mode.
    frequency : float
        Its frequency, THz.
    step : float
        Longest step of the delay, and longest pulse of the probe, ps: :math:`1/4f`.
    decay : float or None
        Time in which its amplitude falls to 1/e, ps: :math:`2/γ`; None where no linewidth is known.
    beside : float or None
        Frequency of what moves nearest to it and shows to the same probe, THz; None if nothing
        does.
    neighbour : str or None
        That mode; None where it is the force itself, at whose frequency the mode is made to move.
    resolve : float or None
        Length of a record that tells them apart, ps: one over their distance.
    """

    mode: str
    frequency: float
    step: float
    decay: float | None = None
    beside: float | None = None
    neighbour: str | None = None
    resolve: float | None = None


def recordings(
    flips: Iterable[Expected], moving: Iterable[CandidateMode], linewidths: Mapping[str, float]
) -> tuple[Recording, ...]:
    """Return what the records of the outgoing modes must be, as far as frequencies are known.

    Parameters
    ----------
    flips : iterable of Expected
        The channels whose modes are looked at, the most important first.
    moving : iterable of CandidateMode
        All modes that the pump moves.
    linewidths : mapping of str to float
        Linewidths γ/2π, THz, by mode.
    """
    first: dict[str, Expected] = {}
    for e in flips:
        first.setdefault(e.outgoing.mode.name, e)
    moving = tuple(moving)
    found = []
    for name, e in first.items():
        mode, f = e.outgoing.mode, e.outgoing.mode.frequency
        if f is None or f <= 0:
            continue
        near: list[tuple[float, str | None, float]] = [
            (abs(m.frequency - f), m.name, m.frequency)
            for m in moving
            if m.name != name
            and m.frequency is not None
            and set(m.shown_along) & set(mode.shown_along)
        ]
        if e.drive is not None:
            near.append((abs(e.drive - f), None, e.drive))
        near = [item for item in near if item[0] > 0]
        away, neighbour, beside = min(near, key=lambda item: item[0], default=(None, None, None))
        width = linewidths.get(name, 0.0)
        found.append(
            Recording(
                name,
                f,
                1 / (SAMPLES * f),
                1 / (pi * width) if width > 0 else None,
                beside,
                neighbour,
                None if away is None else 1 / away,
            )
        )
    return tuple(found)
