"""Verdicts on lines and on the channels that may have made them.

Three answers that are not mixed: what the *rule* says of a channel (allowed, forbidden, undecided),
which needs no data; whether the *data* bear a channel out (consistent, inconsistent, undecided),
which needs a line; and what is to be made of a *line*.

The criterion is one number, ``sigma``: a sense of rotation counts as measured when it is that many
standard deviations away from a motion along a line. A channel is

consistent
    if the rule allows it, its mode is seen, and the mode turns as predicted by at least ``sigma``,
    with no run against it;
inconsistent
    if its mode is seen and the data contradict it: in some run the mode turns the other way, or
    under linear light turns at all or along another line than the law of the angle gives, by at
    least ``sigma``. For a channel that the rule forbids it is enough that the sense of its mode is
    measured, either way: if it turns as the channel would, rule and data contradict each other, and
    the witness of the rule is named;
undecided
    otherwise, with what is missing. A channel whose mode is not seen is undecided even if the rule
    forbids it: the rule speaks against it, the data do not.

A line is consistent if an allowed channel is, inconsistent if its sense is measured and no channel
that the rule allows or leaves open gives it, else undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symchiral.experiment.assignment import Assignment
from symchiral.experiment.candidates import CandidateChannel
from symchiral.experiment.oscillation import Fit

Word = Literal["consistent", "inconsistent", "undecided"]
ORDER: tuple[Word, ...] = ("consistent", "undecided", "inconsistent")

SIGMA = 3.0
"""Standard deviations at which a sense of rotation counts as measured."""


@dataclass(frozen=True)
class LineVerdict:
    """The verdict on a line.

    Attributes
    ----------
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent or undecided.
    reason : str
        Why, with the witness of the rule where one is broken.
    channels : tuple of str
        The consistent channels that explain it, likeliest first.
    """

    assignment: Assignment
    verdict: Word
    reason: str
    channels: tuple[str, ...]

    @property
    def mechanical_helicity(self) -> tuple[float, ...] | None:
        """Helicity of the atoms in each run: h times the sign of J of the (+) component."""
        mode = self.assignment.mode
        if mode is None or mode.am_sign is None:
            return None
        return tuple(mode.am_sign * t.helicity.value for t in self.assignment.line.turnings)


@dataclass(frozen=True)
class ChannelVerdict:
    """The verdict on a candidate channel.

    Attributes
    ----------
    channel : CandidateChannel
        The channel.
    verdict : str
        consistent, inconsistent or undecided.
    reason : str
        Why.
    sigmas : float or None
        Evidence for its sense in standard deviations, negative against it; None if no line was
        taken for its mode or nothing tells the sense.
    """

    channel: CandidateChannel
    verdict: Word
    reason: str
    sigmas: float | None


@dataclass(frozen=True)
class Judgement:
    """Verdicts on all lines and channels.

    Attributes
    ----------
    lines : tuple of LineVerdict
        In order of frequency.
    channels : tuple of ChannelVerdict
        Ranked: consistent ones first, then by size where coupling coefficients are known, then by
        detuning of the force, then by evidence.
    decide : tuple of str
        Measurements that would decide what is open.
    notes : tuple of str
        Limits of the result.
    sigma : float
        The criterion.
    fit : Fit or None
        The fit behind the lines, if traces were given.
    ranking : str
        What the order of the channels rests on.
    """

    lines: tuple[LineVerdict, ...]
    channels: tuple[ChannelVerdict, ...]
    decide: tuple[str, ...]
    notes: tuple[str, ...]
    sigma: float
    fit: Fit | None = None
    ranking: str = ""
