"""What a measurement is judged against: modes with frequencies, channels with a predicted sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.engine.judge import VerdictWord
from symchiral.engine.reason import Reason
from symchiral.errors import InputError, LabelError, nearest
from symchiral.experiment.probe import Sees
from symchiral.units import counted

FREQUENCY_TOLERANCE = 0.1
"""THz by which a calculated frequency may be wrong, unless stated."""

Sense = Literal[-1, 0, 1]
"""A helicity that is expected: of a component, or of a mode under a σ+ pump; 0 along a line."""

Mechanism = Literal["lattice", "light", "light and lattice"]
"""What a force is a product of: modes, light, or both."""


@dataclass(frozen=True)
class CandidateMode:
    """A mode that a line may belong to.

    Attributes
    ----------
    name : str
        Unique, such as ``Eg#2``.
    frequency : float or None
        In THz; None if not known, so that any line may belong to it.
    infrared, raman : bool
        Its activity.
    turns : bool
        Whether it is a pair of opposite PAM, so that it can have a helicity.
    tolerance : float
        Standard deviation of ``frequency`` in THz: of the calculation, or of where it was read.
    am_sign : int or None
        Sign of the mechanical angular momentum of its (+) component, None if not known.
    count : int
        Number of modes it stands for: those of one species whose frequencies are not known.
    shown_along : tuple of str
        Activities by which it shows to a probe along the axis, of ``raman`` and ``infrared``.
    """

    name: str
    frequency: float | None
    infrared: bool
    raman: bool
    turns: bool
    tolerance: float = FREQUENCY_TOLERANCE
    am_sign: int | None = None
    count: int = 1
    shown_along: tuple[Sees, ...] = ("raman", "infrared")

    def __post_init__(self) -> None:
        if not np.isfinite([self.frequency or 0.0, self.tolerance]).all():
            raise _impossible(self.name, "its frequency or tolerance is not a number")
        if self.tolerance <= 0:
            raise _impossible(self.name, f"its tolerance is {self.tolerance} THz")
        if self.count < 1 or (self.count > 1 and self.frequency is not None):
            raise _impossible(
                self.name, f"{counted(self.count, 'mode')} of one frequency are not one mode"
            )

    def seen_by(self, sees: Sees) -> bool:
        """Whether a probe that sees ``raman``, ``infrared`` or ``any`` activity may show it."""
        return {"raman": self.raman, "infrared": self.infrared}.get(sees, True)


@dataclass(frozen=True)
class CandidateChannel:
    """A transfer that may have made a line.

    Attributes
    ----------
    id : str
        In the grammar, ``Eu#1(+) Eu#1(+) -> Eg#2(-)``.
    incoming : tuple of str
        Names of the modes that go in; empty if only light does.
    outgoing : str
        Name of the mode that comes out.
    sense : int
        Helicity of the outgoing mode for a σ+ pump: +1, −1, or 0 for a motion along a line. For a
        σ− pump it is reversed.
    verdict : str
        Of the rule: allowed, forbidden or undecided.
    reason : Reason
        Of the rule: its invariants or its witness.
    mechanism : str
        What drives it; channels of one symmetry and several mechanisms obey one rule.
    drive : float or None
        Frequency of the force in THz, such as the sum of the incoming ones, if known.
    linear : bool
        Whether linear light alone drives it: it takes quanta of both spins.
    turn : int or None
        Under linear light at φ the mode moves along a line at ``turn`` × φ plus a constant, and has
        no helicity; None where symmetry fixes no such law.
    gain : float or None
        How strongly it drives its mode, if known: (√amu Å)^(1−k) for k incoming quanta.
    photons, returned : int
        Photons that go in beside the modes, and that come out beside the outgoing one. Without
        photons and incoming modes it is not said what the force is a product of.
    """

    id: str
    incoming: tuple[str, ...]
    outgoing: str
    sense: Sense
    verdict: VerdictWord
    reason: Reason
    mechanism: Mechanism = "lattice"
    drive: float | None = None
    linear: bool = False
    turn: int | None = None
    gain: float | None = None
    photons: int = 0
    returned: int = 0

    def __post_init__(self) -> None:
        if self.linear and self.sense:
            raise _impossible(self.id, "linear light excites no sense of rotation")
        if self.sense not in (-1, 0, 1):
            raise _impossible(self.id, f"its sense is {self.sense}, not +1, -1 or 0")
        if self.verdict not in ("allowed", "forbidden", "undecided"):
            raise _impossible(self.id, f"its verdict is {self.verdict!r}")


def check(modes: Sequence[CandidateMode], channels: Sequence[CandidateChannel]) -> None:
    """Raise unless the modes have different names and the channels know theirs."""
    names = [mode.name for mode in modes]
    if not modes:
        raise InputError(
            "there is nothing to compare with", why="no candidate modes were given", fix="give some"
        )
    for kind, words in (("mode", names), ("channel", [channel.id for channel in channels])):
        if len(set(words)) != len(words):
            twice = next(w for w in words if words.count(w) > 1)
            raise InputError(
                f"the candidate {kind} {twice!r} is given twice",
                why="candidates are told apart by their names",
                fix="give each a name of its own",
            )
    still = {mode.name for mode in modes if not mode.turns}
    for channel in channels:
        for name in (*channel.incoming, channel.outgoing):
            if name not in names:
                raise LabelError(
                    f"the channel {channel.id!r} has the mode {name!r}",
                    why="it is not among the candidate modes",
                    fix=nearest(name, names),
                )
        if channel.sense and channel.outgoing in still:
            raise _impossible(channel.id, f"{channel.outgoing} does not turn, so its sense is 0")


def _impossible(name: str, why: str) -> InputError:
    return InputError(f"the candidate {name!r} is not possible", why=why, fix="correct it")
