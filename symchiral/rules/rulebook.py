"""RuleBook: every rule of one order for one crystal, to filter, look up and print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, overload

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Tabular, display
from symchiral.errors import AxisError
from symchiral.irreps.axis import Axis, axis_at
from symchiral.modes.species import Species, find_species
from symchiral.rules.activity import ROUTES, Process, absorbs, process
from symchiral.rules.channel import read_channel
from symchiral.rules.group_rules import Population, enumerate_channels
from symchiral.rules.rule import Rule
from symchiral.value import Value

if TYPE_CHECKING:
    from symchiral.fields.pump import Pump


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
        The crystal.
    points : tuple of QPoint
        Wavevectors of the m legs, all incoming; the last is that of the outgoing quantum at −q.
    axis : Axis or None
        The axis of rotation: the part of it that keeps every wavevector.
    species : mapping of str to Species
        The species by label and place.
    everything : tuple of Rule
        All judged rules, forbidden ones included.
    selection : bool
        Whether it is a part of a book: then its rules were selected, not all that were judged.
    """

    title: str
    points: tuple[QPoint, ...]
    axis: Axis | None
    species: Mapping[str, Species]
    everything: tuple[Rule, ...]
    selection: bool = False

    @property
    def order(self) -> int:
        """The number m of quanta in and out together."""
        return len(self.points)

    @property
    def crystal(self) -> SymmetricCrystal:
        """The crystal its species belong to."""
        return next(iter(self.species.values())).matrices.crystal

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
        return tuple(rule for rule in self.everything if rule.verdict != "forbidden")

    @property
    def listed(self) -> tuple[Rule, ...]:
        """The rules, and those that only acoustic modes could realise, marked and forbidden."""
        return tuple(
            rule
            for rule in self.everything
            if rule.verdict != "forbidden"
            or (rule.channel.verdict.word != "forbidden" and rule.acoustic_only)
        )

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
        allowed = [rule for rule in self.everything if rule.allowed]
        senses = [rule.pam_sense for rule in allowed]
        judged = {"judged": len(self.everything), "allowed": len(allowed)}
        return {
            **({"selected": len(self)} if self.selection else judged),
            "flipped": senses.count("flipped"),
            "kept": senses.count("kept"),
            "neutral": senses.count("neutral"),
            "undecided": sum(rule.verdict == "undecided" for rule in self.everything),
        }

    def __repr__(self) -> str:
        return display(self, "text")

    def _repr_html_(self) -> str:
        return display(self, "html")


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
    if not sum(points, GAMMA).is_reciprocal_vector:
        raise ValueError(f"{points} do not sum to a reciprocal lattice vector")
    points = [q.reduced for q in points]
    part = axis_at(crystal, axis, points)
    species, populations = populate(crystal, part, points, acoustic=acoustic)
    channels = enumerate_channels(populations, part.turn.seen_from(points) if part else None)
    rules = tuple(Rule(channel, species, part) for channel in channels)
    return RuleBook(crystal.primitive.formula, tuple(points), part, species, rules)


def populate(
    crystal: SymmetricCrystal, part: Axis | None, points: Sequence[QPoint], *, acoustic: bool
) -> tuple[dict[str, Species], tuple[Population, ...]]:
    """Return the species of a vertex by label and place, and the modes there are for every leg.

    Parameters
    ----------
    crystal, points, acoustic
        As for :func:`make_rulebook`.
    part : Axis or None
        The part of the axis that keeps every wavevector.
    """
    legs = [*points[:-1], -points[-1]]
    at = {q: find_species(crystal, part, q) for q in dict.fromkeys(q.reduced for q in legs)}
    populations = tuple(
        Population(
            tuple(s.participant for s in at[q.reduced]),
            tuple(s.arm for s in at[q.reduced]),
            tuple(min(s.count if acoustic else s.optical, len(points)) for s in at[q.reduced]),
        )
        for q in legs
    )
    return {s.key: s for group in at.values() for s in group}, populations
