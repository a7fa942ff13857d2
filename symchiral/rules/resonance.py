r"""Transfers between actual modes, ranked by how well their frequencies match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from symchiral.defaults import LINEWIDTH
from symchiral.display import Shown, display
from symchiral.engine.coupling import Coupling, Leg
from symchiral.errors import LabelError, LimitError
from symchiral.fields.pump import Pump
from symchiral.irreps.participant import Participant
from symchiral.modes.mode import Modes, Multiplet
from symchiral.modes.names import ModeName
from symchiral.rules.activity import process
from symchiral.rules.budget import Rotation, rotation
from symchiral.rules.rule import Rotating, Rule
from symchiral.rules.rulebook import selected
from symchiral.value import Floats, Value

NO_ROTATION = 1e-3
"""Angular momenta below this, in ħ, are zero."""

LIMIT = 100_000
"""Most transfers listed in one go."""


@dataclass(frozen=True, eq=False, repr=False)
class Transfer(Rotating, Value, Shown):
    r"""A rule between actual modes.

    Attributes
    ----------
    rule : Rule
        The rule of the species.
    multiplets : tuple of Multiplet
        The modes, one per leg, incoming ones first.
    linewidth : float
        Total linewidth Γ, THz.
    """

    rule: Rule
    multiplets: tuple[Multiplet, ...]
    linewidth: float

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs with the numbers of their modes."""
        return tuple(
            replace(leg, mode=multiplet.number)
            for leg, multiplet in zip(self.rule.channel.coupling, self.multiplets, strict=True)
        )

    @property
    def id(self) -> str:
        """The transfer in the grammar, ``Eu#1(+) Eu#1(+) -> Eg#2(-)``."""
        return str(Coupling(self.legs))

    @property
    def mode_names(self) -> tuple[ModeName, ...]:
        """Names of the modes of the legs, incoming ones first: ``Eu#1``, ``K3#2@K``."""
        return tuple(
            ModeName(m.species.label, m.number, "", m.species.place) for m in self.multiplets
        )

    @property
    def signs(self) -> tuple[float, ...]:
        """The l that the legs count for; of two transfers with reversed signs the larger leads."""
        return tuple(float(leg.component.counted or 0) for leg in self.rule.channel.coupling)

    @property
    def detuning(self) -> float:
        r"""Frequency of the incoming quanta minus that of the outgoing ones, THz."""
        legs = self.rule.channel.coupling
        return sum(
            -m.frequency if leg.outgoing else m.frequency
            for leg, m in zip(legs, self.multiplets, strict=True)
        )

    @property
    def score(self) -> float:
        r""":math:`Γ^2 / (δ^2 + Γ^2)`: 1 on resonance."""
        return self.linewidth**2 / (self.detuning**2 + self.linewidth**2)

    @cached_property
    def momenta(self) -> tuple[list[list[float]], list[list[float]]]:
        """J about the axis of the modes that go in and come out, ħ; of all partners of each."""
        sides: tuple[list[list[float]], list[list[float]]] = ([], [])
        axis = self.rule.axis
        for leg, multiplet in zip(self.rule.channel.coupling, self.multiplets, strict=True):
            found = []
            for mode in multiplet.modes:
                if mode.component == leg.component.name and axis is not None:
                    am = mode.am(axis.direction)
                    found.append(float("nan") if am is None else am * (abs(am) > NO_ROTATION))
            sides[leg.outgoing].append(found)
        return sides

    @cached_property
    def rotation(self) -> Rotation:
        """Rotation of the atoms in these modes, of which one may have no J of its own."""
        if self.rule.axis is None:
            return Rotation(self.rule.rotation.sense, None)
        into, out = self.momenta
        return rotation(
            ([_sign(found) for found in into], [_sign(found) for found in out]),
            ([_value(found) for found in into], [_value(found) for found in out]),
        )

    @property
    def family(self) -> object:
        """What it shares with the transfer of all signs reversed, where -q is q."""
        legs = self.rule.channel.coupling
        closed = all(leg.participant.conjugate_arms[leg.arm] == leg.arm for leg in legs)
        return min(
            tuple(
                sorted(
                    (
                        leg.outgoing,
                        leg.species,
                        multiplet.number or 0,
                        leg.component.conjugate if reverse else leg.component.index,
                    )
                    for leg, multiplet in zip(legs, self.multiplets, strict=True)
                )
            )
            for reverse in ((False, True) if closed else (False,))
        )

    def explain(self) -> str:
        """Return the explanation of the rule, with the frequencies and motions of these modes."""
        return display(self, "text")

    def __repr__(self) -> str:
        return f"Transfer({self.id!r}, detuning {self.detuning:+.4f} THz)"


def _sign(momenta: Sequence[float]) -> str:
    signs = {"0" if abs(x) < NO_ROTATION else "+" if x > 0 else "-" for x in momenta}
    if not momenta or any(np.isnan(x) for x in momenta):
        return "open"
    return signs.pop() if len(signs) == 1 else "open"


def _value(momenta: Sequence[float]) -> float | None:
    return None if len(momenta) != 1 or np.isnan(momenta[0]) else momenta[0]


def resonances(
    rules: Sequence[Rule],
    modes: Mapping[str, Modes],
    *,
    pump: Pump | None = None,
    probe: str | None = None,
    max_detuning: float | None = None,
    linewidth: float | Mapping[str, float] = LINEWIDTH,
) -> tuple[Transfer, ...]:
    r"""Return the allowed transfers between actual modes, the best match first.

    With :math:`δ = \sum f_{in} - f_{out}` the score is :math:`Γ^2/(δ^2 + Γ^2)`; equal scores are
    sorted by frequency. Rigid translations and unstable modes take no part.

    Parameters
    ----------
    rules : sequence of Rule
        The allowed rules, every identity pattern by itself.
    modes : mapping of str to Modes
        The modes by the place of their wavevector as legs print it.
    pump : Pump, optional
        Keep transfers of which this light drives every incoming quantum directly.
    probe : str, optional
        ``infrared``, ``raman`` or ``hyper-raman``: keep those it sees the outgoing quantum by.
    max_detuning : float, optional
        Keep those with a smaller \|δ\|, THz.
    linewidth : float or mapping of str to float
        Γ in THz; or a linewidth for every mode by name, ``Eu#1`` or ``K3#2@K``, of which Γ is
        the sum over the quanta; modes without one have an equal share of the default.

    Raises
    ------
    LabelError
        A linewidth for a mode that does not exist, or an unknown probe.
    LimitError
        More than 10⁵ transfers.
    AxisError
        The pump is circular and there is no axis.
    """
    found: dict[tuple[object, ...], Transfer] = {}
    seen = None if probe is None else process(probe)
    widths = _widths(linewidth, modes) if isinstance(linewidth, Mapping) else {}
    for rule in rules:
        if not selected(rule, pump, seen):
            continue
        for chosen in _choices(rule, modes, pump, max_detuning):
            share = LINEWIDTH / len(chosen)
            gamma = (
                sum(widths.get((m.species.participant, m.number or 0), share) for m in chosen)
                if isinstance(linewidth, Mapping)
                else linewidth
            )
            transfer = Transfer(rule, chosen, gamma)
            legs = [(leg.outgoing, leg.label) for leg in transfer.legs]
            found.setdefault(tuple(sorted(legs)), transfer)
            if len(found) > LIMIT:
                raise LimitError(
                    f"more than {LIMIT:,} transfers between modes",
                    why="this crystal has many modes",
                    fix='keep some: --pump "1-3THz", --probe raman or --max-detuning 0.3THz',
                )
    return tuple(
        sorted(
            found.values(),
            key=lambda t: (-round(t.score, 9), tuple(m.frequency for m in t.multiplets)),
        )
    )


def _choices(
    rule: Rule, modes: Mapping[str, Modes], pump: Pump | None, max_detuning: float | None
) -> Iterator[tuple[Multiplet, ...]]:
    """Multiplets for every leg: equal copies are one mode, different copies different ones."""
    coupling = rule.channel.coupling
    lists = []
    for slots in coupling.equal:
        leg = coupling.legs[slots[0]]
        place = leg.participant.places[leg.arm]
        lists.append(
            [
                m
                for m in modes[place].multiplets
                if m.species.key == leg.species and m.number is not None and m.frequency > 0
            ]
        )
    if not all(lists):
        return
    weights = [
        sum(-1 if coupling.legs[i].outgoing else 1 for i in slots) for slots in coupling.equal
    ]
    entering = [any(not coupling.legs[i].outgoing for i in slots) for slots in coupling.equal]
    frequencies = [np.array([m.frequency for m in found]) for found in lists]
    if pump is not None:
        keep = [
            (f >= pump.low) & (f <= pump.high) if driven else np.ones(len(f), dtype=bool)
            for f, driven in zip(frequencies, entering, strict=True)
        ]
        lists = [
            [m for m, k in zip(found, mask, strict=True) if k]
            for found, mask in zip(lists, keep, strict=True)
        ]
        frequencies = [f[mask] for f, mask in zip(frequencies, keep, strict=True)]
    if max_detuning is None:
        picks: Iterator[tuple[int, ...]] = product(*(range(len(found)) for found in lists))
    else:
        total: Floats = np.zeros((1,) * len(lists))
        for axis, (f, weight) in enumerate(zip(frequencies, weights, strict=True)):
            shape = [-1 if a == axis else 1 for a in range(len(lists))]
            total = total + weight * f.reshape(shape)
        picks = (tuple(row) for row in np.argwhere(np.abs(total) <= max_detuning).tolist())
    for pick in picks:
        taken = [
            (coupling.legs[slots[0]].participant, found[i].number)
            for slots, found, i in zip(coupling.equal, lists, pick, strict=True)
        ]
        if len(set(taken)) < len(taken):
            continue
        chosen = {
            i: _partner(lists[k][pick[k]], coupling.legs[i], modes)
            for k, slots in enumerate(coupling.equal)
            for i in slots
        }
        yield tuple(chosen[i] for i in range(len(coupling.legs)))


def _partner(multiplet: Multiplet, leg: Leg, modes: Mapping[str, Modes]) -> Multiplet:
    """The same normal coordinate as seen from the wavevector of a leg (K and −K share modes)."""
    if multiplet.species.key == leg.species:
        return multiplet
    place = leg.participant.places[leg.arm]
    for other in modes[place].multiplets:
        if other.species.key == leg.species and other.number == multiplet.number:
            return other
    raise ValueError(f"{leg} has no mode {multiplet.number}")


def _widths(
    linewidth: Mapping[str, float], modes: Mapping[str, Modes]
) -> dict[tuple[Participant, int], float]:
    """The linewidths by normal coordinate: K and −K share theirs."""
    found: dict[tuple[Participant, int], float] = {}
    used: set[str] = set()
    species = {key: [m.species for m in some.multiplets] for key, some in modes.items()}
    given: dict[str, float] = {}
    for text, width in linewidth.items():
        asked = ModeName.parse(text)
        given[str(asked.among(species.get(asked.place, ())))] = width
    for multiplet in (m for some in modes.values() for m in some.multiplets):
        if multiplet.number is None:
            continue
        participant = multiplet.species.participant
        for label, place in zip(participant.names, participant.places, strict=True):
            name = str(ModeName(label, multiplet.number, "", place))
            if name in given:
                found[participant, multiplet.number] = given[name]
                used.add(name)
    # Names at wavevectors that take no part here may well stand in the same file.
    unknown = [x for x in given if x not in used and ModeName.parse(x).place in modes]
    if unknown:
        raise LabelError(
            f"a linewidth for {unknown[0]}, and no such mode",
            why="modes are named as they are printed, Eu#1 or K3#2@K",
            fix="list them: symchiral modes FILE, with --q elsewhere",
        )
    return found
