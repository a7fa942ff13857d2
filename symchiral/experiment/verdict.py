"""Verdicts on lines and on the channels that may have made them.

Three answers that are not mixed: what the *rule* says of a channel (allowed, forbidden, undecided),
which needs no data; whether the *data* confirm a channel (consistent, inconsistent, undecided),
which needs a line; and what is to be made of a *line*.

The criterion is one number, ``sigma``: a sense of rotation counts as measured when it is that many
standard deviations away from a motion along a line. A channel is

consistent
    if the rule allows it, its mode is seen, and the mode rotates as predicted by at least
    ``sigma``, with no run against it;
inconsistent
    if its mode is seen and the data contradict it: in some run the mode rotates in the opposite
    sense, or under linear light rotates at all or along another line than the law of the angle
    gives, by at least ``sigma``. For a channel that the rule forbids it is enough that the sense
    of its mode is measured, either way: if it rotates as the channel would, rule and data
    contradict each other, and the witness of the rule is named;
off-resonance
    if its force does not reach the line, or the mode where no line was taken for it, in energy
    (:mod:`symchiral.experiment.energy`), whatever the rule says of it: it cannot have made the
    line. What would be needed is said;
undecided
    otherwise, with what is missing. A channel whose mode is not seen is undecided even if the rule
    forbids it: the rule speaks against it, the data do not.

A line is consistent if an allowed channel is; not-reached if every channel of its mode that the
rule allows or leaves open is off resonance: something else made it, a leak, a harmonic of the pump
or another mechanism; inconsistent if its sense is measured and no channel in reach that the rule
allows or leaves open gives it; else undecided.

Where the activity that the probe shows is not stated, the line is read as Raman and as infrared
active. Its verdict is that of the readings in which the pump reaches its mode, undecided if they
differ. So it is where several modes are near a line: what all agree on is said, and the name is
left open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symchiral.display import Shown, Worded
from symchiral.engine.reason import Reason
from symchiral.experiment.assignment import Assignment, Refusal
from symchiral.experiment.candidates import CandidateChannel, Mechanism, Sense
from symchiral.experiment.note import Note
from symchiral.experiment.oscillation import Fit, Oscillation
from symchiral.experiment.probe import Sees

ChannelWord = Literal["consistent", "inconsistent", "undecided", "off-resonance"]
"""Verdict on a channel."""

LineWord = Literal["consistent", "inconsistent", "undecided", "not-reached"]
"""Verdict on a line."""

ORDER: tuple[ChannelWord, ...] = ("consistent", "undecided", "inconsistent", "off-resonance")

WhyKind = Literal[
    "as-predicted",
    "still",
    "linear-only",
    "turns-otherwise",
    "turns",
    "turns-under-linear",
    "breaks-angle-law",
    "linear-differs",
    "circular-only",
    "forbidden",
    "rule-undecided",
    "no-line",
    "several-modes",
    "pump-elsewhere",
    "off-resonance",
    "no-linear-pump",
    "no-circular-pump",
    "unseen-under-linear",
    "seen-under-circular",
    "no-telling-pump",
    "not-measured",
    "one-channel",
    "seen",
    "breaks-amplitude-law",
    "noise",
    "as-the-pump",
    "no-mode",
    "other-modes",
    "readings-differ",
    "not-reached",
    "no-channel",
    "as-forbidden",
    "no-channel-of-sense",
    "same-way",
    "sense-not-measured",
    "fourth-order",
]
"""What decided about a channel or a line; those from ``noise`` on are of lines alone.

A channel's mode rotates ``as-predicted``, is ``still`` or is seen under linear light alone
(``linear-only``), as it should; or it rotates otherwise, rotates though it should not, rotates
under linear light, breaks the law of the angle, or is seen under circular light alone. The rule may
forbid the channel or be undecided. ``no-line`` was taken for the mode, or ``several-modes`` may
have made it; the pump is elsewhere than an incoming mode, or the force than the line
(``off-resonance``), or no run had a pump that tells. Of one channel of a probe the sense is open
(``one-channel``), a mode that cannot rotate is ``seen``, and its amplitude may break the law of the
angle. Circular light may move a mode as predicted
and linear light not (``linear-differs``). A line may be noise, last no longer than the pump
(``as-the-pump``), belong to no mode or to others with other verdicts, be read as Raman or infrared
active with different verdicts, be reached by no force of the pump (``not-reached``), rotate as a
channel that is forbidden would (``as-forbidden``), in a sense that no channel gives, or the same
way for either pump; or a channel of fourth order gives it.
"""

Ranking = Literal["coefficients", "detuning", "photons"]
"""What an order of channels rests on: coupling coefficients and detuning where coefficients are
known, detuning where frequencies are, else the number of photons."""

Missing = Literal["line", "mode", "sense"]
"""What data lack to speak of a forbidden channel: a line, one that is of one mode only, a sense."""


@dataclass(frozen=True)
class Why(Worded):
    """Why data bear a channel out or not, or what is to be made of a line.

    Attributes
    ----------
    kind : str
        What decided.
    mode : str or None
        The mode it is about.
    sigmas : float or None
        Standard deviations that decided.
    modes : tuple of str
        Other modes that the line may be.
    frequency : float or None
        Of the mode that the pump does not reach, THz.
    turn : int or None
        The law of the angle that was borne out too: by how many times the angle of linear light.
    sense : int or None
        The sense for σ+ that no allowed channel gives.
    rule : Reason or None
        Why the rule forbids the channel, or is undecided.
    missing : str or None
        What data lack to speak of a forbidden channel.
    channel : str or None
        The forbidden channel as which the line rotates; the force beside it; the channel of fourth
        order that gives the sense; or, of a line that is not reached, the channel that comes
        nearest.
    same : bool
        Whether the mode rotates the same way for both pumps.
    refused : tuple of Refusal
        Modes near the line that it is not.
    force : (float, float) or None
        Lowest and highest frequency that the force reaches, THz.
    pump : float or None
        Frequency of a pump that would make the force reach the line, THz.
    bandwidth : float or None
        Bandwidth of a pump that would, THz, for a force that has no frequency of its own.
    harmonic : int or None
        The multiple of the frequency of the pump at which the line lies; 1 is the pump itself.
    """

    kind: WhyKind
    mode: str | None = None
    sigmas: float | None = None
    modes: tuple[str, ...] = ()
    frequency: float | None = None
    turn: int | None = None
    sense: Literal[-1, 1] | None = None
    rule: Reason | None = None
    missing: Missing | None = None
    channel: str | None = None
    same: bool = False
    refused: tuple[Refusal, ...] = ()
    force: tuple[float, float] | None = None
    pump: float | None = None
    bandwidth: float | None = None
    harmonic: int | None = None


@dataclass(frozen=True)
class LineReading:
    """A line read as of one activity.

    Attributes
    ----------
    sees : str
        The activity that the probe is taken to show.
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent, undecided or not-reached.
    reason : Why
        Why.
    channels : tuple of str
        Consistent channels.
    senses : tuple of int
        Senses that allowed channels in reach give the mode under σ+.
    """

    sees: Sees
    assignment: Assignment
    verdict: LineWord
    reason: Why
    channels: tuple[str, ...] = ()
    senses: tuple[Sense, ...] = ()


@dataclass(frozen=True)
class LineVerdict:
    """The verdict on a line.

    Attributes
    ----------
    assignment : Assignment
        The line and its mode.
    verdict : str
        consistent, inconsistent, undecided or not-reached.
    reason : Why
        Why, with the witness of the rule where one is broken.
    channels : tuple of str
        The consistent channels that explain it, likeliest first.
    senses : tuple of int
        Senses that allowed channels in reach give its mode under σ+, ascending.
    readings : tuple of LineReading
        The line read as of every activity that the probe may show.
    """

    assignment: Assignment
    verdict: LineWord
    reason: Why
    channels: tuple[str, ...]
    senses: tuple[Sense, ...] = ()
    readings: tuple[LineReading, ...] = ()

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
        consistent, inconsistent, undecided or off-resonance.
    reason : Why
        Why.
    sigmas : float or None
        Evidence for its sense in standard deviations, negative against it; None if no line was
        taken for its mode or nothing tells the sense.
    share : float or None
        Amplitude that its force gives the mode by that at resonance, between 0 and 1; None if it is
        not known.
    """

    channel: CandidateChannel
    verdict: ChannelWord
    reason: Why
    sigmas: float | None
    share: float | None = None


AdviceKind = Literal[
    "average-line",
    "tell-modes",
    "circular-pumps",
    "other-helicity",
    "linear-pumps",
    "average-sense",
    "last-longer",
    "refute",
    "check-senses",
    "sweep-pump",
    "look-for-modes",
    "second-channel",
]
"""What to do: average longer for a line or for its sense, distinguish modes, take pumps of both
helicities or of the other one, linear pumps at two angles; a line that outlasts the pump; what
would refute a line that agrees, and what would reverse one that does not; sweep the frequency of
the pump, look for the outgoing modes of other channels; the other channel of the probe, where there
is one only."""


@dataclass(frozen=True)
class Advice(Worded):
    """A measurement that would decide what is open.

    Attributes
    ----------
    kind : str
        What to do.
    frequency : float or None
        Of the line it is about, THz.
    mode : str or None
        The mode it is taken for.
    modes : tuple of str
        Others that it may be, or modes to look for.
    helicity : str or None
        Spin of the photons of the pump that is missing.
    times : float or None
        How many times longer to average.
    count : int or None
        Channels that explain the line.
    mechanisms : tuple of str
        What their forces are products of.
    """

    kind: AdviceKind
    frequency: float | None = None
    mode: str | None = None
    modes: tuple[str, ...] = ()
    helicity: Literal["+", "-"] | None = None
    times: float | None = None
    count: int | None = None
    mechanisms: tuple[Mechanism, ...] = ()


@dataclass(frozen=True)
class Judgement(Shown):
    """Verdicts on all lines and channels.

    Attributes
    ----------
    lines : tuple of LineVerdict
        In order of frequency.
    channels : tuple of ChannelVerdict
        Ranked: consistent ones first, then by size where coupling coefficients are known, then by
        detuning of the force, then by evidence.
    decide : tuple of Advice
        Measurements that would decide what is open.
    notes : tuple of Note
        Limits of the result.
    sigma : float
        The criterion.
    fit : Fit or None
        The fit behind the lines, if traces were given.
    ranking : str
        What the order of the channels rests on: coefficients, detuning or photons.
    """

    lines: tuple[LineVerdict, ...]
    channels: tuple[ChannelVerdict, ...]
    decide: tuple[Advice, ...]
    notes: tuple[Note, ...]
    sigma: float
    fit: Fit | None = None
    ranking: Ranking = "photons"

    def oscillation_of(self, judged: LineVerdict) -> Oscillation | None:
        """Return the fitted oscillation behind a line; None for rows fitted elsewhere."""
        return None if self.fit is None else self.fit.near(judged.assignment.line.frequency)
