"""What limits a result: of traces, of their fit, of a judgement, of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symchiral.display import Worded
from symchiral.traces.pulse import Source

NoteKind = Literal[
    "gaps",
    "before-zero",
    "before-window",
    "empty-window",
    "overruled",
    "lines-not-used",
    "sorted",
    "repeated-times",
    "much-missing",
    "saturated",
    "inside-response",
    "onset",
    "inside-pump",
    "noise-line",
    "growing-line",
    "beyond-response",
    "correlated-residuals",
    "probe-geometry",
    "equal-line",
    "at-bound",
    "interval-at-bound",
    "short-record",
    "coarse-steps",
    "all-reversed",
    "fourth-order-not-listed",
    "frequencies-unknown",
    "no-circular-pump",
    "linear-pumps-only",
    "no-law-of-the-angle",
    "no-law-of-three",
    "one-channel",
    "no-axis",
    "channels-left-out",
    "pump-of-field",
    "pump-spectrum",
    "pump-unknown",
]
"""What it is about: the rows of a trace (as far as ``inside-pump``), its fit (as far as
``interval-at-bound``; ``equal-line`` is another that would explain the trace as well), what a
judgement can say (as far as ``one-channel``), which channels are listed, what is known of the
pump's spectrum."""


@dataclass(frozen=True)
class Note(Worded):
    """A limit of a result; of each kind the fields that it needs.

    Attributes
    ----------
    kind : str
        What it is about.
    count, total : int or None
        Rows or channels, and of how many.
    channel : str or None
        Channel of the probe.
    edge : str or None
        The value that many of its rows have, ``highest`` or ``lowest``.
    start, response : float or None
        Where the trace begins, and the response of the instrument, ps.
    frequency : float or None
        Of a line, or the lowest or highest that can be seen, THz.
    others : tuple of float
        Of other lines that explain a trace, THz.
    probability : float or None
        That noise shows such a line.
    modes : tuple of str
        The modes it concerns.
    band : (float, float) or None
        Where the field of the pump has 5 % of its maximum or more, THz.
    source : str or None
        What that was taken from: ``bandwidth``, ``duration`` or ``assumed``.
    keys : tuple of str
        What it concerns of the lines before a table.
    file : str or None
        Where they stand.
    parameter : str or None
        Of the line, ``frequency`` or ``damping``.
    share : float or None
        Part of an amplitude that the response of the instrument leaves.
    """

    kind: NoteKind
    count: int | None = None
    total: int | None = None
    channel: str | None = None
    edge: Literal["highest", "lowest"] | None = None
    start: float | None = None
    response: float | None = None
    frequency: float | None = None
    others: tuple[float, ...] = ()
    probability: float | None = None
    modes: tuple[str, ...] = ()
    band: tuple[float, float] | None = None
    source: Source | None = None
    keys: tuple[str, ...] = ()
    file: str | None = None
    parameter: Literal["frequency", "damping"] | None = None
    share: float | None = None
