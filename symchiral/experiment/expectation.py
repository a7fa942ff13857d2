r"""What the rules expect of light of σ+ along the axis: modes, and the channels that reach them.

σ+ enters a coupling as itself, :math:`E[σ+]`, or as a quantum of an infrared mode that it drives.
Products of ``order`` − 1 of these, read as an outgoing quantum of any component of any mode, are
judged by the engine of all rules; the helicity that is expected of the outgoing mode is the sign of
the residue of that component, and for σ− it is reversed. The frequency of the force is the sum of
the incoming ones. Direct absorption, and the force of :math:`|E|^2`, which carries no angular
momentum about the axis, belong to the list too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from math import isnan

from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import InputError, LabelError, LimitError, nearest
from symchiral.experiment.candidates import FREQUENCY_TOLERANCE, CandidateChannel, CandidateMode
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.modes.mode import Modes
from symchiral.modes.species import Species
from symchiral.rules.activity import activity
from symchiral.rules.channel import read_channel
from symchiral.rules.coupling import Coupling, Leg
from symchiral.rules.grammar import light_about
from symchiral.rules.judge import judge
from symchiral.rules.resonance import STILL
from symchiral.rules.rule import Rule
from symchiral.value import Value

CALCULATED = 0.10
"""Relative standard deviation of calculated frequencies.

The root mean square of the 44 differences between packaged force sets and published frequencies in
docs/frequencies.md is 10.5 %.
"""

MOST = 400
"""Channels that are kept; of more, those nearest to resonance."""

LIMIT = 200_000
"""Products that are looked at."""


@dataclass(frozen=True, eq=False, repr=False)
class Place(Value):
    """A candidate mode, its species, and its number if it is one known mode."""

    mode: CandidateMode
    species: Species
    number: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Expected(Value):
    """A channel of σ+ light, judged.

    Attributes
    ----------
    rule : Rule
        Its rule.
    coupling : Coupling
        The legs of the rule with the numbers of their modes.
    incoming : tuple of Place
        Modes that go in.
    photons : int
        Photons that go in beside them.
    outgoing : Place
        The mode that comes out.
    drive : float or None
        Frequency of the force, THz, if known.
    """

    rule: Rule
    coupling: Coupling
    incoming: tuple[Place, ...]
    photons: int
    outgoing: Place
    drive: float | None

    @property
    def id(self) -> str:
        """The channel in the grammar."""
        return str(self.coupling)

    @property
    def sense(self) -> int:
        """Helicity of the outgoing mode under σ+."""
        made = next(leg for leg in self.rule.channel.coupling.outgoing if not leg.participant.field)
        return sense_of(made.component, self.rule.axis)

    @property
    def detuning(self) -> float | None:
        """Frequency of the force minus that of the outgoing mode, THz, if known."""
        own = self.outgoing.mode.frequency
        return None if self.drive is None or own is None else self.drive - own

    @property
    def mechanism(self) -> str:
        """``lattice``, ``light`` or ``light and lattice``: what the force is a product of."""
        return ("light and lattice" if self.photons else "lattice") if self.incoming else "light"

    def channel(self) -> CandidateChannel:
        """The channel as a candidate."""
        return CandidateChannel(
            self.id,
            tuple(place.mode.name for place in self.incoming),
            self.outgoing.mode.name,
            self.sense,
            self.rule.verdict,  # type: ignore[arg-type]
            self.rule.reason.text,
            self.mechanism,
            self.drive,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Expectation(Value):
    """All that is expected of one crystal under σ+.

    Attributes
    ----------
    places : tuple of Place
        The modes.
    channels : tuple of Expected
        Allowed and forbidden channels.
    notes : tuple of str
        What limits them.
    """

    places: tuple[Place, ...]
    channels: tuple[Expected, ...]
    notes: tuple[str, ...]

    @property
    def modes(self) -> tuple[CandidateMode, ...]:
        """The candidate modes."""
        return tuple(place.mode for place in self.places)


def sense_of(component: Component, axis: Axis | None) -> int:
    """Sign of the pseudo-angular momentum of a component; 0 where it has none."""
    residue = component.residue
    if axis is None or residue is None or not 0 < abs(residue) < Fraction(axis.order, 2):
        return 0
    return 1 if residue > 0 else -1


def find_places(
    species: Sequence[Species],
    axis: Axis | None,
    modes: Modes | None,
    measured: Mapping[str, float],
    *,
    tolerance: float | None = None,
) -> tuple[Place, ...]:
    """Return the optical modes of the zone centre as candidates.

    Parameters
    ----------
    species : sequence of Species
        Those of the zone centre.
    axis : Axis or None
        The axis.
    modes : Modes or None
        Calculated modes.
    measured : mapping of str to float
        Measured frequencies, THz, by name; they take the place of calculated ones. Modes without
        any frequency are taken together, one candidate for those of a species.
    tolerance : float, optional
        Relative standard deviation of calculated frequencies.

    Raises
    ------
    LabelError
        A measured frequency belongs to no mode.
    InputError
        Measured frequencies of a species do not grow with the number; the tolerance is none.
    """
    share = CALCULATED if tolerance is None else tolerance
    if not 0 < share < 1:
        raise InputError(
            f"a tolerance of {share:g} for calculated frequencies is not possible",
            why="it is a relative standard deviation, between 0 and 1",
            fix="leave it out for 0.1, or give measured frequencies",
        )
    optical = [s for s in species if s.optical]
    names = [f"{s.label}({n})" for s in optical for n in range(1, s.optical + 1)]
    for name in measured:
        if name not in names:
            raise LabelError(
                f"a frequency is given for {name!r}",
                why="the crystal has no optical mode of that name at the zone centre",
                fix=nearest(name, names),
            )
    found: list[Place] = []
    for s in optical:
        given = [measured[n] for n in names if n.split("(")[0] == s.label and n in measured]
        if given != sorted(given):
            raise InputError(
                f"the frequencies given for {s.label} are out of order",
                why="the modes of a species are numbered from the lowest frequency",
                fix="exchange the numbers",
            )
        unknown = []
        for number in range(1, s.optical + 1):
            name = f"{s.label}({number})"
            frequency, spread = measured.get(name), FREQUENCY_TOLERANCE
            if frequency is None and modes is not None:
                frequency = modes[s.label, number].frequency
                spread = max(share * abs(frequency), FREQUENCY_TOLERANCE)
            if frequency is None:
                unknown.append(number)
                continue
            sign = _am_sign(s, axis, modes, number)
            found.append(Place(_mode(s, axis, name, frequency, spread, sign), s, number))
        if unknown:
            sign = _am_sign(s, axis, None, None)
            mode = _mode(s, axis, s.label, None, FREQUENCY_TOLERANCE, sign)
            found.append(Place(replace(mode, count=len(unknown)), s, None))
    return tuple(found)


def _mode(
    species: Species,
    axis: Axis | None,
    name: str,
    frequency: float | None,
    tolerance: float,
    sign: int | None,
) -> CandidateMode:
    kind = activity(species.participant)
    turns = any(sense_of(c, axis) for c in species.components)
    return CandidateMode(
        name, frequency, kind.infrared, kind.raman, turns, tolerance, sign if turns else None
    )


def _am_sign(
    species: Species, axis: Axis | None, modes: Modes | None, number: int | None
) -> int | None:
    """Sign of J of the (+) component, from the eigenvector or from what symmetry leaves."""
    for component, motion in zip(species.components, species.motions, strict=True):
        if axis is None or sense_of(component, axis) != 1:
            continue
        if modes is not None and number is not None:
            am = modes[species.label, number][component.name].am(axis.direction)
            return None if am is None or abs(am) < STILL else (1 if am > 0 else -1)
        return {"+": 1, "-": -1}.get(motion.sign)
    return None


def expect(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: Sequence[Species],
    places: tuple[Place, ...],
    *,
    order: int = 3,
    pump: tuple[float, float] | None = None,
    photon: float | None = None,
    slack: float = 3.0,
    only: str | None = None,
) -> Expectation:
    """Return the channels by which light of σ+ reaches each mode.

    Parameters
    ----------
    crystal, axis, species
        The crystal, its axis, its species at the zone centre.
    places : tuple of Place
        Its modes.
    order : int
        Quanta in and out together, 3 or 4; direct absorption is always listed.
    pump : (float, float), optional
        Band of the light, THz: modes outside it are not driven directly.
    photon : float, optional
        Frequency of a photon, THz.
    slack : float
        Standard deviations of its frequency by which a mode may lie outside the band.
    only : str, optional
        The one mode to reach.

    Raises
    ------
    LimitError
        Another order, or too many products.
    """
    if order not in (3, 4):
        raise LimitError(
            f"order {order} is not enumerated",
            why="light enters two or three times",
            fix="ask for order 3 or 4",
        )
    if axis is None or axis.order < 3:
        why = "there is no axis of order three or more: circular light is no eigenstate of any"
        return Expectation(places, (), (f"{why} operation and no mode has a sense to predict",))
    by_key = {s.key: s for s in species}
    field, plus = light_about(crystal, axis)("σ+")
    light = Leg(field, plus)
    entering: list[tuple[Place, Component] | None] = [None]
    for place in places:
        if not place.mode.infrared or (pump and not _inside(place.mode, pump, slack)):
            continue
        for component in place.species.components:
            made = Leg(place.species.participant, component, outgoing=True)
            if judge(Coupling((light, made))).word == "allowed":
                entering.append((place, component))

    @cache
    def rule(legs: tuple[tuple[Participant, int, int, bool], ...]) -> Rule:
        parts = {field: (plus,), **{s.participant: s.components for s in species}}
        coupling = Coupling(tuple(Leg(p, parts[p][i], c, outgoing=o) for p, i, c, o in legs))
        return Rule(read_channel(coupling, axis.turn), by_key, axis)

    def product(chosen: tuple[tuple[Place, Component] | None, ...], out: tuple[Place, Component],
                *, different: bool, back: bool) -> Expected:  # fmt: skip
        numbers: dict[tuple[Participant, object], int] = {}
        copies: dict[Participant, int] = {}
        legs: list[tuple[Participant, int, int, bool]] = []
        shown: list[int | None] = []
        drive = 0.0
        for slot, item in enumerate((*chosen, *([None] if back else []), out)):
            last = slot >= len(chosen)
            if item is None:
                legs.append((field, 0, 0, last))
                shown.append(None)
                drive += float("nan") if photon is None else photon
                continue
            place, component = item
            who = place.species.participant
            key: object = place.mode.name
            if different or (slot == len(chosen) + back and place.mode.count > 1):
                key = (key, slot)
            if (who, key) not in numbers:
                numbers[who, key] = copies.get(who, 0)
                copies[who] = numbers[who, key] + 1
            legs.append((who, component.index, numbers[who, key], last))
            shown.append(place.number)
            if not last:
                f = place.mode.frequency
                drive += float("nan") if f is None else f
        found = rule(tuple(legs))
        coupling = Coupling(
            tuple(
                replace(leg, mode=n) for leg, n in zip(found.channel.coupling, shown, strict=True)
            )
        )
        # |E|² has no frequency of its own: it pushes for as long as the pulse lasts.
        force = None if back or isnan(drive) else drive
        return Expected(
            found,
            coupling,
            tuple(item[0] for item in chosen if item is not None),
            sum(item is None for item in chosen),
            out[0],
            force,
        )

    targets = [
        (place, c)
        for place in places
        for c in place.species.components
        if only in (None, place.mode.name)
    ]
    found = [
        product((None,), t, different=False, back=False)
        for t in targets
        if t[0].mode.infrared and (pump is None or _inside(t[0].mode, pump, slack))
    ]
    pushed = [product((None,), t, different=False, back=True) for t in targets]
    found += [e for e in pushed if e.rule.allowed]
    pools = list(combinations_with_replacement(entering, order - 1))
    if len(pools) * len(targets) > LIMIT:
        raise LimitError(
            f"{len(pools) * len(targets):,} products of light with modes",
            why="this crystal has many infrared modes",
            fix="say which the light reaches: give the band of the pump",
        )
    for chosen in pools:
        named = [item[0].mode for item in chosen if item is not None]
        several = any(mode.count > 1 and named.count(mode) > 1 for mode in named)
        for different in (False, True) if several else (False,):
            for t in targets:
                found.append(product(chosen, t, different=different, back=False))
    return Expectation(places, *_kept(found))


def _kept(found: Sequence[Expected]) -> tuple[tuple[Expected, ...], tuple[str, ...]]:
    """Every allowed channel, and the forbidden ones that say something; the best where many.

    A forbidden sense speaks where the same quanta reach the mode otherwise. Of a mode that nothing
    reaches, one forbidden product of each mechanism and sense says why.
    """

    def sources(e: Expected) -> tuple[object, ...]:
        return (*(leg.label for leg in e.coupling.incoming), e.outgoing.mode.name)

    def rank(e: Expected) -> tuple[float, ...]:
        off = e.detuning
        far = float("inf") if off is None else abs(off)
        return (e.rule.verdict == "forbidden", far, e.photons)

    reached = {sources(e) for e in found if e.rule.verdict != "forbidden"}
    modes = {e.outgoing.mode.name for e in found if e.rule.verdict != "forbidden"}
    kept: dict[object, Expected] = {}
    for e in sorted(found, key=rank):
        if e.rule.verdict != "forbidden":
            kept.setdefault(e.id, e)
        elif not e.outgoing.mode.turns or not e.sense:
            continue
        elif sources(e) in reached:
            kept.setdefault(e.id, e)
        elif e.outgoing.mode.name not in modes:
            kept.setdefault((e.outgoing.mode.name, e.mechanism, e.sense), e)
    chosen = sorted(kept.values(), key=rank)[:MOST]
    left = len(kept) - len(chosen)
    note = f"{left} channels further from resonance, or forbidden, are left out"
    return tuple(chosen), (note,) if left else ()


def _inside(mode: CandidateMode, band: tuple[float, float], slack: float) -> bool:
    if mode.frequency is None:
        return True
    reach = slack * mode.tolerance
    return band[0] - reach <= mode.frequency <= band[1] + reach
