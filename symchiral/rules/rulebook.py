"""RuleBook: every rule of one order for one crystal, to filter, look up and print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, overload

from symchiral.errors import LabelError, nearest
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.channel import enumerate_channels, read_channel
from symchiral.rules.grammar import resolve_transfer
from symchiral.rules.listing import listing
from symchiral.rules.rule import Rule, known_species
from symchiral.table import Table
from symchiral.value import Value

Light = Literal["infrared", "raman", "hyper-raman"]


@dataclass(frozen=True, eq=False, repr=False)
class RuleBook(Value):
    """Judged channels of m−1 quanta in and one out.

    Iterating gives the allowed rules that optical modes can realise; ``everything`` also holds the
    forbidden ones. Filters return a smaller book.

    Attributes
    ----------
    title : str
        The crystal.
    order : int
        m: 3 for third order.
    axis : Axis or None
        The axis of rotation.
    species : mapping of str to Species
        The species by label.
    everything : tuple of Rule
        All judged rules, forbidden ones included.
    """

    title: str
    order: int
    axis: Axis | None
    species: Mapping[str, Species]
    everything: tuple[Rule, ...]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The allowed (and undecided) rules."""
        return tuple(rule for rule in self.everything if rule.verdict != "forbidden")

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    @overload
    def __getitem__(self, key: int | str) -> Rule: ...
    @overload
    def __getitem__(self, key: slice) -> RuleBook: ...
    def __getitem__(self, key: int | str | slice) -> Rule | RuleBook:
        """Return a rule by position or by transfer, or a part of the book.

        A transfer may be of any order, allowed or forbidden: it is judged here and now.
        """
        if isinstance(key, slice):
            return replace(self, everything=self.rules[key])
        if isinstance(key, int):
            return self.rules[key]
        coupling = resolve_transfer(key, known_species(self.species))
        axis = self.axis
        channel = read_channel(coupling, axis.key if axis else None, axis.order if axis else None)
        return Rule(channel, self.species, axis)

    def _where(self, keep: Callable[[Rule], bool]) -> RuleBook:
        return replace(self, everything=tuple(rule for rule in self.rules if keep(rule)))

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
        """Rules in which at least one quantum turns (0 < |l| < n/2)."""
        return self._where(lambda rule: rule.channel.rotates)

    def involving(self, label: str) -> RuleBook:
        """Rules with a leg of this species."""
        if label not in self.species:
            raise LabelError(
                f"no species {label!r}",
                why="no vibration of this crystal at the zone centre has that name",
                fix=nearest(label, self.species),
            )
        return self._where(
            lambda rule: any(leg.participant.name == label for leg in rule.channel.coupling)
        )

    def driven_by(self, light: Light) -> RuleBook:
        """Rules of which every incoming quantum is driven by this kind of light."""
        return self._where(
            lambda rule: all(p is not None and p.split(":")[0] == light for p in rule.pump)
        )

    def seen_by(self, light: Light) -> RuleBook:
        """Rules of which an outgoing quantum is seen by this kind of light."""
        return self._where(lambda rule: any(p.split(":")[0] == light for p in rule.probe))

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rules as the dictionaries of the JSON contract."""
        return [rule.to_record() for rule in self.rules]

    def counts(self) -> dict[str, int]:
        """Return how many channels were judged, allowed, and how many flip, keep, …"""
        allowed = [rule for rule in self.everything if rule.allowed]
        senses = [rule.pam_sense for rule in allowed]
        return {
            "judged": len(self.everything),
            "allowed": len(allowed),
            "flipped": senses.count("flipped"),
            "kept": senses.count("kept"),
            "neutral": senses.count("neutral"),
            "undecided": sum(rule.verdict == "undecided" for rule in self.everything),
        }

    def __repr__(self) -> str:
        return self._table.text()

    def _repr_html_(self) -> str:
        return self._table.html()

    @property
    def _table(self) -> Table:
        return listing(self).table()


def make_rulebook(
    title: str,
    species: tuple[Species, ...],
    axis: Axis | None,
    *,
    order: int,
    acoustic: bool,
) -> RuleBook:
    """Judge every channel of one order for the species of a crystal.

    Parameters
    ----------
    title : str
        Name of the crystal.
    species : tuple of Species
        Its species.
    axis : Axis or None
        The axis of rotation.
    order : int
        m, quanta in and out together.
    acoustic : bool
        Also list channels that need an acoustic mode.
    """
    channels = enumerate_channels(
        tuple(s.participant for s in species),
        tuple(min(s.count if acoustic else s.optical, order) for s in species),
        axis.key if axis else None,
        axis.order if axis else None,
        order,
    )
    by_label = {s.label: s for s in species}
    rules = tuple(Rule(channel, by_label, axis) for channel in channels)
    return RuleBook(title, order, axis, by_label, rules)
