"""How many transfers a vertex has, by sense and by light, and the flipping one to try first.

Only the group, the axis and the number of modes of each species enter: crystals that share them
share the tally, which is kept. :func:`tally` is where to start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from symchiral.crystal.qpoint import QPoint
from symchiral.irreps.pam import Turn
from symchiral.rules.activity import ROUTES, Process, Route
from symchiral.rules.channel import Channel
from symchiral.rules.group_rules import Population, class_of, group_rules, of_group
from symchiral.rules.listing import listing
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook


@dataclass(frozen=True)
class Reach:
    """Which light drives every incoming quantum of transfers, and which sees the outgoing one.

    Attributes
    ----------
    pump : str or None
        The process that drives all of them, the lowest that does; None if there is none.
    probes : tuple of str
        Processes that see the outgoing quantum.
    """

    pump: Process | None
    probes: tuple[Process, ...]


@dataclass(frozen=True)
class Flip:
    """A transfer that flips the sense of pseudo-angular momentum.

    Attributes
    ----------
    id : str
        In the grammar.
    umklapp : int or None
        U.
    pump : tuple of str or None
        How light drives every incoming quantum.
    probe : tuple of str
        How light sees the outgoing one.
    """

    id: str
    umklapp: int | None
    pump: tuple[Route | None, ...]
    probe: tuple[Route, ...]

    @cached_property
    def light(self) -> Reach:
        """The same by process alone."""
        pumps = {None if route is None else ROUTES[route][0] for route in self.pump}
        probes = tuple(dict.fromkeys(ROUTES[route][0] for route in self.probe))
        return Reach(pumps.pop() if len(pumps) == 1 else None, probes)

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Order of preference: driven by infrared light, seen by Raman scattering, seen at all."""
        light = self.light
        return light.pump != "infrared", "raman" not in light.probes, not light.probes


@dataclass(frozen=True)
class Tally:
    """Numbers of transfers.

    A *row* is a transfer up to reversal of all signs and to same or different modes of a species,
    as the table of ``predict`` counts; a *channel* is every choice of these by itself.

    Attributes
    ----------
    rows : mapping of str to int
        Allowed and undecided rows by group: flipped, kept, neutral, without rotation, undefined.
    channels : mapping of str to int
        Allowed channels by sense; ``undecided``: those.
    flipped_rows, flipped_channels : mapping of Reach to int
        Those that flip, by what drives and what sees them.
    best : Flip or None
        The flipping row that light reaches best.
    """

    rows: Mapping[str, int] = field(default_factory=Counter)
    channels: Mapping[str, int] = field(default_factory=Counter)
    flipped_rows: Mapping[Reach, int] = field(default_factory=Counter)
    flipped_channels: Mapping[Reach, int] = field(default_factory=Counter)
    best: Flip | None = None

    def __add__(self, other: Tally) -> Tally:
        """Of two vertices together; of equally good flips that of the first."""
        flips = [t.best for t in (self, other) if t.best is not None]
        return Tally(
            Counter(self.rows) + Counter(other.rows),
            Counter(self.channels) + Counter(other.channels),
            Counter(self.flipped_rows) + Counter(other.flipped_rows),
            Counter(self.flipped_channels) + Counter(other.flipped_channels),
            min(flips, key=lambda flip: flip.rank, default=None),
        )


@lru_cache(maxsize=4096)
def tally(
    populations: tuple[Population, ...], turn: Turn | None, points: tuple[QPoint, ...]
) -> Tally:
    """Count the transfers of a vertex.

    Parameters
    ----------
    populations : tuple of Population
        The modes there are for every leg, without acoustic ones.
    turn : Turn or None
        The axis.
    points : tuple of QPoint
        Wavevectors of the legs, all incoming.

    Raises
    ------
    LimitError
        More than 10⁵ channels.
    """
    classes, named = class_of(populations, turn)
    counts, best = _counted(classes, named, points)
    if best is None:
        return counts
    if classes != populations:
        (best,) = of_group((best,), classes, populations, turn)
    return replace(counts, best=_flip(Rule(best, {}, None)))


@lru_cache(maxsize=4096)
def _counted(
    populations: tuple[Population, ...], turn: Turn | None, points: tuple[QPoint, ...]
) -> tuple[Tally, Channel | None]:
    """The numbers, which groups of a class share at the zone centre, and the best channel."""
    # Copies: what is worked out of a channel is not kept beside its numbers.
    rules = [
        Rule(replace(channel), {}, None)
        for channel in group_rules(populations, turn).channels
        if channel.verdict.word != "forbidden"
    ]
    found = listing(RuleBook("", points, None, {}, tuple(rules)))
    allowed = [rule for rule in rules if rule.allowed]
    channels = Counter[str](rule.pam_sense for rule in allowed)
    channels["undecided"] = len(rules) - len(allowed)
    rows = [(row.rule, _flip(row.rule)) for row in found.rows if row.group == "flipped"]
    flipped = [_flip(rule) for rule in allowed if rule.pam_sense == "flipped"]
    best = min(rows, key=lambda row: row[1].rank, default=None)
    counts = Tally(
        found.counts(),
        +channels,
        Counter(flip.light for _, flip in rows),
        Counter(flip.light for flip in flipped),
    )
    return counts, None if best is None else replace(best[0].channel)


def _flip(rule: Rule) -> Flip:
    return Flip(rule.id, rule.umklapp, rule.pump, rule.probe)
