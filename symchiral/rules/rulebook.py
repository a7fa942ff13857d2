"""RuleBook: every rule of one order for one crystal, to filter, look up and print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, overload

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.symmetric import Symmetry
from symchiral.display import Tabular, display
from symchiral.errors import AxisError, GrammarError, LimitError
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.kpoints import find_point, split_points
from symchiral.modes.species import GroupSpecies, Species, find_species, group_species
from symchiral.rules.activity import ROUTES, Process, absorbs, process
from symchiral.rules.channel import read_channel
from symchiral.rules.group_rules import Population, enumerate_channels
from symchiral.rules.rule import Rule
from symchiral.value import Value

if TYPE_CHECKING:
    from symchiral.fields.pump import Pump


ENUMERATED = (3, 4)
"""Orders of which every channel is listed; ``book[…]`` judges any order."""


@dataclass(frozen=True, eq=False, repr=False)
class RuleBook(Value, Tabular):
    """Judged channels of m−1 quanta in and one out.

    Iterating gives the allowed rules that optical modes can realise, and ``len`` counts them;
    ``everything`` also holds the forbidden ones. A rule is a *channel*: every choice of signs and
    of same or different modes by itself. The printed table merges channels into *transfers*, and
    says how many there are of both. Filters return a smaller book, a selection. Rows are channels;
    of a quantity of several quanta a row has one text, as in ``"infrared:+ infrared:+"``, while
    :meth:`Rule.to_record` has invariant and reason too.

    Attributes
    ----------
    title : str
        The crystal, or the group.
    points : tuple of QPoint
        Wavevectors of the m legs, all incoming; the last is that of the outgoing quantum at −q.
    axis : Axis or None
        The axis of rotation: the part of it that keeps every wavevector.
    species : mapping of str to GroupSpecies
        The species by label and place.
    everything : tuple of Rule
        All judged rules, forbidden ones included.
    selection : bool
        Whether it is a part of a book: then its rules were selected, not all that were judged.
    """

    title: str
    points: tuple[QPoint, ...]
    axis: Axis | None
    species: Mapping[str, GroupSpecies]
    everything: tuple[Rule, ...]
    selection: bool = False

    @property
    def order(self) -> int:
        """The number m of quanta in and out together."""
        return len(self.points)

    @property
    def symmetry(self) -> Symmetry:
        """The crystal, or the group without atoms, that its species belong to."""
        return next(iter(self.species.values())).symmetry

    @property
    def at_centre(self) -> bool:
        """Whether every wavevector is the zone centre."""
        return all(q.reduced == GAMMA for q in self.points)

    @property
    def driven(self) -> bool:
        """Whether some incoming leg is at the zone centre, where light can drive it."""
        return any(q.reduced == GAMMA for q in self.points[:-1])

    @property
    def seen(self) -> bool:
        """Whether the outgoing leg is at the zone centre, where light can see it."""
        return self.points[-1].reduced == GAMMA

    @property
    def self_conjugate(self) -> bool:
        """Whether every −q is q up to a reciprocal lattice vector."""
        return all((q + q).is_reciprocal_vector for q in self.points)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The allowed (and undecided) rules."""
        return tuple(rule for rule in self.listed if not rule.acoustic_only)

    @cached_property
    def listed(self) -> tuple[Rule, ...]:
        """The rules, and those that only acoustic modes could realise, marked and forbidden."""
        return tuple(rule for rule in self.everything if rule.channel.verdict.word != "forbidden")

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __contains__(self, key: object) -> bool:
        """Whether a transfer, as text or as a rule of another book, is among the rules."""
        if isinstance(key, str):
            key = self[key]
        return isinstance(key, Rule) and key.id in {rule.id for rule in self.rules}

    @overload
    def __getitem__(self, key: int | str) -> Rule: ...
    @overload
    def __getitem__(self, key: slice) -> RuleBook: ...
    def __getitem__(self, key: int | str | slice) -> Rule | RuleBook:
        """Return a rule by position or by transfer, or a part of the book.

        A transfer may be of any order, allowed or forbidden: it is judged here and now.
        """
        if isinstance(key, slice):
            return replace(self, everything=self.rules[key], selection=True)
        if isinstance(key, int):
            return self.rules[key]
        from symchiral.rules.grammar import resolve_transfer

        turn = self.axis.turn if self.axis else None
        channel = read_channel(resolve_transfer(key, self.species, turn), turn)
        return Rule(channel, self.species, self.axis)

    def _where(self, keep: Callable[[Rule], bool]) -> RuleBook:
        # Forbidden rules stay: of a transfer that only different modes allow they say so.
        chosen = tuple(rule for rule in self.everything if keep(rule))
        return replace(self, everything=chosen, selection=True)

    def flips(self) -> RuleBook:
        """Rules that flip pseudo-angular momentum."""
        return self._where(lambda rule: rule.pam_sense == "flipped")

    def keeps(self) -> RuleBook:
        """Rules that keep the sense of pseudo-angular momentum."""
        return self._where(lambda rule: rule.pam_sense == "kept")

    def neutral(self) -> RuleBook:
        """Rules with no net pseudo-angular momentum on one side."""
        return self._where(lambda rule: rule.pam_sense == "neutral")

    def rotating(self) -> RuleBook:
        r"""Rules in which at least one quantum rotates (0 < \|l\| < n/2)."""
        return self._where(lambda rule: rule.channel.rotates)

    def involving(self, label: str) -> RuleBook:
        """Rules with a leg of this species, ``Eu`` or ``K1@K``.

        Raises
        ------
        LabelError
            The crystal has no such species here.
        """
        from symchiral.rules.grammar import lookup

        name, _, q = label.partition("@")
        wanted = lookup(name, q or None, self.species).key
        return self._where(lambda rule: any(leg.species == wanted for leg in rule.channel.coupling))

    def driven_by(self, light: str) -> RuleBook:
        """Rules of which every incoming quantum is driven by this kind of light.

        Parameters
        ----------
        light : str
            ``infrared`` (or ``ir``), ``raman`` or ``hyper-raman``.

        Raises
        ------
        LabelError
            It is none of these.
        """
        kind = process(light)
        return self._where(
            lambda rule: all(p is not None and ROUTES[p][0] == kind for p in rule.pump)
        )

    def seen_by(self, light: str) -> RuleBook:
        """Rules of which an outgoing quantum is seen by this kind of light, as :meth:`driven_by`.

        Raises
        ------
        LabelError
            It is no kind of light.
        """
        kind = process(light)
        return self._where(lambda rule: any(ROUTES[p][0] == kind for p in rule.probe))

    def reached_by(self, pump: Pump | None, probe: str | None) -> RuleBook:
        """Rules, forbidden ones too, whose legs a pump drives and a probe sees.

        Parameters
        ----------
        pump : Pump or None
            Light of which the polarisation drives every incoming quantum directly (its band is a
            matter of frequencies, which a rule has not).
        probe : str or None
            ``infrared``, ``raman`` or ``hyper-raman``: what sees the outgoing quantum.

        Raises
        ------
        AxisError
            The pump is polarised and there is no axis.
        LabelError
            The probe is none of these.
        """
        seen = None if probe is None else process(probe)
        return self._where(lambda rule: selected(rule, pump, seen))

    def counts(self) -> dict[str, int]:
        """Return how many channels were judged, allowed, and how many flip, keep, …

        Of a selection, which is not all that was judged, ``selected`` stands for ``judged`` and
        ``allowed``.
        """
        allowed = [rule for rule in self.rules if rule.allowed]
        senses = [rule.pam_sense for rule in allowed]
        judged = {"judged": len(self.everything), "allowed": len(allowed)}
        return {
            **({"selected": len(self)} if self.selection else judged),
            "flipped": senses.count("flipped"),
            "kept": senses.count("kept"),
            "neutral": senses.count("neutral"),
            "undecided": len(self) - len(allowed),
        }

    def __repr__(self) -> str:
        return display(self, "text")


def selected(rule: Rule, pump: Pump | None, probe: Process | None) -> bool:
    """Whether a pump drives every incoming quantum directly and a probe sees the outgoing one.

    Raises
    ------
    AxisError
        The pump is polarised and there is no axis.
    """
    if probe is not None and not any(ROUTES[p][0] == probe for p in rule.probe):
        return False
    if pump is None:
        return True
    turn = rule.channel.turn
    if pump.light is not None and turn is None:
        raise AxisError(
            "no polarisation of the pump without an axis",
            why="σ+, σ- and z refer to the axis of rotation, and there is none that keeps every "
            "wavevector",
            fix="leave the polarisation out",
        )
    return all(
        absorbs(leg.participant, leg.component.index, turn, pump.light)
        for leg in rule.channel.coupling.incoming
    )


def read_vertex(
    symmetry: Symmetry, q: str | Sequence[str] | None = None, order: object = 3
) -> list[QPoint]:
    """Return the wavevectors of a vertex, all incoming, from their names or coordinates.

    Parameters
    ----------
    symmetry : Symmetry
        The crystal, or the group.
    q : str or sequence of str, optional
        Wavevectors, separated by spaces: ``"K K K"``; default the zone centre.
    order : int
        How many there are where none is given, 3 or 4.

    Raises
    ------
    GrammarError, LabelError
        ``q`` is not a list of wavevectors.
    WavevectorError
        They do not sum to a reciprocal lattice vector.
    LimitError
        Another order.
    """
    words = None if q is None else split_points(q)
    asked: Any = order if words is None else len(words)
    if words is not None and len(words) < 3:
        raise GrammarError(
            f"{len(words)} wavevector{'s' if len(words) > 1 else ''} in {' '.join(words)!r}",
            why="a transfer has at least three: of every quantum that goes in and of the one "
            "that comes out",
            fix=f'write all in one argument, as in "{" ".join(words[:1] * 3)}"'
            if words[:1] != ("star",)
            else "for all vertices of special points, use Study.vertices() or the command line",
        )
    if asked not in ENUMERATED:
        raise LimitError(
            f"order {asked!r} is not enumerated",
            why="a transfer has at least two quanta in and one out"
            if isinstance(asked, int) and asked < 3
            else "its channels are too many to list"
            if isinstance(asked, int)
            else "an order is a number",
            fix="ask for order 3 or 4; one transfer of a higher order can be explained",
        )
    points = [find_point(symmetry.group, word) for word in words or ("GM",) * int(asked)]
    if words is not None:
        from symchiral.rules.momentum import require_closed

        require_closed(symmetry, points, words)
    return points


def make_rulebook(
    crystal: SymmetricCrystal, axis: Axis | None, points: Sequence[QPoint], *, acoustic: bool
) -> RuleBook:
    """Judge every channel of one vertex for the species of a crystal.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis of rotation; the part of it that keeps every wavevector is used.
    points : sequence of QPoint
        The wavevectors of the m legs, all incoming, which close (`require_closed`); the last leg
        is read as the outgoing quantum at −q.
    acoustic : bool
        Also list channels that need an acoustic mode.

    Raises
    ------
    LimitError
        More than 10⁵ channels.
    """
    points, _ = _vertex(tuple(points))
    part = axis_at(crystal, axis, points)
    return _judged(
        crystal.primitive.formula,
        points,
        part,
        *populate(crystal, part, points, acoustic=acoustic),
    )


def group_rulebook(symmetry: Symmetry, axis: Axis | None, points: Sequence[QPoint]) -> RuleBook:
    """Judge every channel of one vertex for all irreps of a group, several modes of each.

    Parameters
    ----------
    symmetry : Symmetry
        The group.
    axis, points
        As for :func:`make_rulebook`.

    Raises
    ------
    LimitError
        More than 10⁵ channels.
    """
    points, legs = _vertex(tuple(points))
    part = axis_at(symmetry, axis, points)
    at = {q: group_species(symmetry, part, q) for q in dict.fromkeys(legs)}
    counts = {q: [s.optical for s in x] for q, x in at.items()}
    return _judged(symmetry.group.symbol, points, part, *_populated(legs, at, counts))


@lru_cache(maxsize=4096)
def _vertex(points: tuple[QPoint, ...]) -> tuple[tuple[QPoint, ...], tuple[QPoint, ...]]:
    """Wavevectors of the legs, all incoming, and as quanta: the last is the outgoing one."""
    if not sum(points, GAMMA).is_reciprocal_vector:
        raise ValueError(f"{points} do not sum to a reciprocal lattice vector")
    points = tuple(q.reduced for q in points)
    return points, (*points[:-1], (-points[-1]).reduced)


def populate(
    crystal: SymmetricCrystal,
    part: Axis | None,
    points: Sequence[QPoint],
    *,
    acoustic: bool,
    known: Mapping[QPoint, Sequence[Species]] | None = None,
) -> tuple[dict[str, GroupSpecies], tuple[Population, ...]]:
    """Return the species of a vertex by label and place, and the modes there are for every leg.

    Parameters
    ----------
    crystal, points, acoustic
        As for :func:`make_rulebook`.
    part : Axis or None
        The part of the axis that keeps every wavevector.
    known : mapping of QPoint to sequence of Species, optional
        The species of a wavevector, resolved on that part, where they have been found before.
    """
    legs, known = _vertex(tuple(points))[1], known or {}
    at = {q: known.get(q) or find_species(crystal, part, q) for q in dict.fromkeys(legs)}
    counts = {q: [s.count if acoustic else s.optical for s in x] for q, x in at.items()}
    return _populated(legs, at, counts)


def _populated(
    legs: Sequence[QPoint],
    at: Mapping[QPoint, Sequence[GroupSpecies]],
    counts: Mapping[QPoint, Sequence[int]],
) -> tuple[dict[str, GroupSpecies], tuple[Population, ...]]:
    """Species and populations, given the species of every wavevector and the modes of each."""
    populations = {
        q: Population(
            tuple(s.participant for s in species),
            tuple(s.arm for s in species),
            tuple(min(n, len(legs)) for n in counts[q]),
        )
        for q, species in at.items()
    }
    named = {s.key: s for group in at.values() for s in group}
    return named, tuple(populations[q] for q in legs)


def _judged(
    title: str,
    points: Sequence[QPoint],
    part: Axis | None,
    species: Mapping[str, GroupSpecies],
    populations: tuple[Population, ...],
) -> RuleBook:
    """The book of a vertex."""
    channels = enumerate_channels(populations, part.turn.seen_from(points) if part else None)
    rules = tuple(map(Rule, channels, repeat(species), repeat(part)))
    return RuleBook(title, tuple(points), part, species, rules)
