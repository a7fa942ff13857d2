r"""What a measurement is judged against: optical modes, and the channels that light drives.

A candidate mode is one of the zone centre with what is known of its frequency; a candidate channel
is a transfer with the sense that it gives its mode. :func:`expect` lists those of light along the
axis.

σ+ enters a coupling as itself, :math:`E[σ+]`, or as a quantum of an infrared mode that it drives.
Products of ``order`` − 1 of these, read as an outgoing quantum of any component of any mode, are
judged by the engine of all rules; the helicity that is expected of the outgoing mode is the sign of
the residue of that component, and for σ− it is reversed. The frequency of the force is the sum of
the incoming ones. Direct absorption, and the force of :math:`|E|^2`, which carries no angular
momentum about the axis, belong to the list too.

Linear light at an angle φ is both, :math:`a_\pm \propto e^{\mp iφ}`. Products of quanta of one spin
make both senses of their mode equally: with k quanta and the sense s it moves along a line at an
angle of skφ plus a constant. For k ≤ 2 nothing else reaches the same components at the same
frequency, and two coefficients of one phase are equally large for both senses where an operation
reverses the axis of rotation but keeps the line (a mirror that contains it, a half-turn across it).
Products of quanta of both spins are driven by linear light alone, and listed on request: the sum
channel of :math:`E_+E_-`, and :math:`E_+E_-^*`, a force without a frequency along the line at 2sφ,
which shifts the mode for as long as it lasts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from math import isnan
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import VerdictWord
from symchiral.engine.reason import Reason
from symchiral.errors import InputError, LabelError, LimitError, nearest
from symchiral.fields.beam import find_beam
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.modes.mode import Modes
from symchiral.modes.names import ModeName, by_name
from symchiral.modes.species import Species
from symchiral.rules.activity import Polarization, absorbs, activity, routes
from symchiral.rules.channel import read_channel
from symchiral.rules.grammar import light_about
from symchiral.rules.light import exchanging
from symchiral.rules.resonance import NO_ROTATION
from symchiral.rules.rule import Rule
from symchiral.traces.gain import Coefficients
from symchiral.traces.note import Note
from symchiral.traces.probe import Sees
from symchiral.units import counted
from symchiral.value import Value

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


CALCULATED = 0.10
"""Relative standard deviation of calculated frequencies.

The root mean square of the 44 differences between packaged force sets and published frequencies in
docs/frequencies.md is 10.5 %.
"""


@dataclass(frozen=True, eq=False, repr=False)
class Place(Value):
    """A candidate mode, its species, and its number if it is one known mode."""

    mode: CandidateMode
    species: Species
    number: int | None


def sense_of(component: Component, axis: Axis | None) -> Sense:
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
    names = [str(ModeName(s.label, n)) for s in optical for n in range(1, s.optical + 1)]
    measured = by_name(measured, names, optical)
    found: list[Place] = []
    for s in optical:
        own = [str(ModeName(s.label, number)) for number in range(1, s.optical + 1)]
        given = [measured[name] for name in own if name in measured]
        if given != sorted(given):
            raise InputError(
                f"the frequencies given for {s.label} are out of order",
                why="the modes of a species are numbered from the lowest frequency",
                fix="exchange the numbers",
            )
        unknown = []
        for number, name in enumerate(own, 1):
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
        name,
        frequency,
        kind.infrared,
        kind.raman,
        turns,
        tolerance,
        sign if turns else None,
        shown_along=shown_along(species, axis),
    )


def shown_along(species: Species, axis: Axis | None) -> tuple[Sees, ...]:
    """Return the activities by which a species shows to a probe along the axis.

    ``raman`` if it turns the polarisation of light, that is takes a photon of one spin to one of
    the other, which a balanced detector shows; ``infrared`` if it radiates along the axis, which an
    analyser shows. On a six-fold axis E2 does the one and E1 the other, though both may be Raman
    active. Both without an axis of order three or more, about which nothing turns.
    """
    if axis is None or axis.order < 3:
        return ("raman", "infrared")
    found = {
        route
        for c in species.components
        for route in routes(species.participant, c.index, axis.turn)
    }
    seen: list[Sees] = []
    if found & {"raman:+-", "raman:-+"}:
        seen.append("raman")
    if found & {"infrared:+", "infrared:-"}:
        seen.append("infrared")
    return tuple(seen)


def _am_sign(
    species: Species, axis: Axis | None, modes: Modes | None, number: int | None
) -> int | None:
    """Sign of J of the (+) component, from the eigenvector or from what symmetry leaves."""
    for component, motion in zip(species.components, species.motions, strict=True):
        if axis is None or sense_of(component, axis) != 1:
            continue
        if modes is not None and number is not None:
            am = modes[species.label, number][component.name].am(axis.direction)
            return None if am is None or abs(am) < NO_ROTATION else (1 if am > 0 else -1)
        return {"+": 1, "-": -1}.get(motion.sign)
    return None


MOST = 400
"""Channels that are kept; of more, those nearest to resonance."""

LIMIT = 200_000
"""Products that are looked at."""


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
    linear : bool
        Whether it takes quanta of both spins, so that linear light alone drives it.
    turn : int or None
        By how many times the angle of linear light the line of the outgoing mode rotates; None
        where symmetry fixes no such law.
    gain : float or None
        Its amplitude by the product of the incoming ones, if the coupling coefficient is known; see
        :mod:`symchiral.traces.gain`.
    """

    rule: Rule
    coupling: Coupling
    incoming: tuple[Place, ...]
    photons: int
    outgoing: Place
    drive: float | None
    linear: bool = False
    turn: int | None = None
    gain: float | None = None

    @property
    def id(self) -> str:
        """The channel in the grammar."""
        return str(self.coupling)

    @property
    def sense(self) -> Sense:
        """Helicity of the outgoing mode under σ+; 0 of what linear light alone drives."""
        made = next(leg for leg in self.rule.channel.coupling.outgoing if not leg.participant.field)
        return 0 if self.linear else sense_of(made.component, self.rule.axis)

    @property
    def detuning(self) -> float | None:
        """Frequency of the force minus that of the outgoing mode, THz, if known."""
        own = self.outgoing.mode.frequency
        return None if self.drive is None or own is None else self.drive - own

    @property
    def forced(self) -> bool:
        """Whether the outgoing mode goes in too: a sum with its frequency is never resonant."""
        own = self.outgoing.mode
        return own.count == 1 and own.name in {place.mode.name for place in self.incoming}

    @property
    def mechanism(self) -> Mechanism:
        """``lattice``, ``light`` or ``light and lattice``: what the force is a product of."""
        return ("light and lattice" if self.photons else "lattice") if self.incoming else "light"

    def channel(self) -> CandidateChannel:
        """The channel as a candidate."""
        return CandidateChannel(
            self.id,
            tuple(place.mode.name for place in self.incoming),
            self.outgoing.mode.name,
            self.sense,
            self.rule.verdict,
            self.rule.reason,
            self.mechanism,
            self.drive,
            self.linear,
            self.turn,
            self.gain,
            self.photons,
            sum(leg.participant.field for leg in self.coupling.outgoing),
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
    notes : tuple of Note
        What limits them.
    """

    places: tuple[Place, ...]
    channels: tuple[Expected, ...]
    notes: tuple[Note, ...]

    @property
    def modes(self) -> tuple[CandidateMode, ...]:
        """The candidate modes."""
        return tuple(place.mode for place in self.places)


@dataclass(frozen=True)
class _Quantum:
    """What goes in: a photon of a spin, or a quantum of a mode that it drives."""

    place: Place | None
    component: Component
    spin: int


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
    linear: bool = False,
    beyond: bool = False,
    coefficients: Coefficients | None = None,
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
    linear : bool
        Also list what linear light alone drives.
    beyond : bool
        Also list absorption by modes outside the band.
    coefficients : Coefficients, optional
        Sizes of couplings, by which the channels are ranked.

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
        return Expectation(places, (), (Note("no-axis"),))
    by_key = {s.key: s for s in species}
    field, plus = light_about(crystal, axis)("σ+")
    _, minus = light_about(crystal, axis)("σ-")
    spins = {1: plus, -1: minus}
    straight = exchanging(crystal, find_beam(crystal, axis)) is not None
    entering = {spin: [_Quantum(None, light, spin)] for spin, light in spins.items()}
    for place in places:
        if not place.mode.infrared or (pump and not _inside(place.mode, pump, slack)):
            continue
        for component in place.species.components:
            for spin in spins:
                light: Polarization = "+" if spin > 0 else "-"
                if absorbs(place.species.participant, component.index, axis.turn, light):
                    entering[spin].append(_Quantum(place, component, spin))

    @cache
    def rule(legs: tuple[tuple[Participant, int, int, bool], ...]) -> Rule:
        parts = {field: (plus, minus), **{s.participant: s.components for s in species}}
        coupling = Coupling(tuple(Leg(p, parts[p][i], c, outgoing=o) for p, i, c, o in legs))
        return Rule(read_channel(coupling, axis.turn), by_key, axis)

    def product(chosen: tuple[_Quantum, ...], out: tuple[Place, Component],
                *, different: bool = False, back: int = 0) -> Expected:  # fmt: skip
        numbers: dict[tuple[Participant, object], int] = {}
        copies: dict[Participant, int] = {}
        legs: list[tuple[Participant, int, int, bool]] = []
        shown: list[int | None] = []
        drive = 0.0
        left = (_Quantum(None, spins[back], -back),) if back else ()
        made = _Quantum(out[0], out[1], 0)
        for slot, item in enumerate((*chosen, *left, made)):
            last = slot >= len(chosen)
            if item.place is None:
                legs.append((field, 0 if item.component is plus else 1, 0, last))
                shown.append(None)
                drive += float("nan") if photon is None else photon
                continue
            place, component = item.place, item.component
            who = place.species.participant
            key: object = place.mode.name
            if different or (slot == len(chosen) + len(left) and place.mode.count > 1):
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
        spin = sum(item.spin for item in (*chosen, *left))
        sense = sense_of(out[1], axis)
        one = len({item.spin for item in (*chosen, *left)}) == 1
        return Expected(
            found,
            coupling,
            tuple(item.place for item in chosen if item.place is not None),
            sum(item.place is None for item in chosen),
            out[0],
            force,
            linear=back == -1 or (not back and not one),
            turn=sense * spin if straight and sense and one and abs(spin) <= 2 else None,
            gain=_gain(coefficients, coupling, out, force, chosen),
        )

    targets = [
        (place, c)
        for place in places
        for c in place.species.components
        if only in (None, place.mode.name)
    ]
    photons = {spin: quanta[0] for spin, quanta in entering.items()}
    found = [
        product((photons[1],), t)
        for t in targets
        if t[0].mode.infrared and (beyond or pump is None or _inside(t[0].mode, pump, slack))
    ]
    pushed = [
        product((photons[1],), t, back=spin)
        for t in targets
        for spin in ((1, -1) if linear else (1,))
    ]
    found += [e for e in pushed if e.rule.allowed]
    pools = list(_pools(entering, order - 1, linear=linear))
    if len(pools) * len(targets) > LIMIT:
        raise LimitError(
            f"{len(pools) * len(targets):,} products of light with modes",
            why="this crystal has many infrared modes",
            fix="say which the light reaches, by the frequency of the pump and its bandwidth "
            "(of plan: --pump-range 9-10THz)",
        )
    for chosen in pools:
        named = [item.place.mode for item in chosen if item.place is not None]
        several = any(mode.count > 1 and named.count(mode) > 1 for mode in named)
        for different in (False, True) if several else (False,):
            for t in targets:
                found.append(product(chosen, t, different=different))
    return Expectation(places, *_kept(found))


def _pools(
    entering: dict[int, list[_Quantum]], count: int, *, linear: bool
) -> Iterator[tuple[_Quantum, ...]]:
    """What goes in together: quanta of σ+, and for linear light of both, up to reversal."""
    yield from combinations_with_replacement(entering[1], count)
    if not linear:
        return
    for some in combinations_with_replacement(range(len(entering[1])), count - 1):
        for other in range(len(entering[-1])):
            # Two quanta, one of each spin, are reversed into one another: list one of the two.
            if count > 2 or some[0] <= other:
                yield (*(entering[1][i] for i in some), entering[-1][other])


def _gain(
    coefficients: Coefficients | None,
    coupling: Coupling,
    out: tuple[Place, Component],
    force: float | None,
    chosen: Sequence[_Quantum],
) -> float | None:
    place, component = out
    own = place.mode.frequency
    inner = [item.place for item in chosen if item.place is not None]
    if coefficients is None or force is None or own is None or len(inner) < len(chosen):
        return None
    other = place.species.components[component.conjugate].name
    spread = sum(p.mode.tolerance**2 for p in (place, *inner)) ** 0.5
    return coefficients.gain(
        [leg.label for leg in coupling.incoming],
        str(ModeName(place.species.label, place.number, other)),
        drive=force,
        own=own,
        spread=spread,
    )


def _kept(found: Sequence[Expected]) -> tuple[tuple[Expected, ...], tuple[Note, ...]]:
    """Every allowed channel, and the forbidden ones that say something; the best where many.

    A forbidden sense speaks where the same quanta reach the mode otherwise. Of a mode that nothing
    reaches, one forbidden product of each mechanism and sense says why.
    """

    def sources(e: Expected) -> tuple[object, ...]:
        return (*(leg.label for leg in e.coupling.incoming), e.outgoing.mode.name)

    def rank(e: Expected) -> tuple[float, ...]:
        far = float("inf") if e.detuning is None else abs(e.detuning)
        return (e.rule.verdict == "forbidden", -(e.gain or 0.0), e.forced, far, e.photons)

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
    # Where there are too many, every mode keeps its best: what light does by itself, and of the
    # allowed and of the forbidden ones as many as of any other mode.
    places: Counter[tuple[str, bool]] = Counter()
    turn = {}
    for key, e in sorted(kept.items(), key=lambda item: rank(item[1])):
        of = (e.outgoing.mode.name, e.rule.verdict == "forbidden")
        turn[key] = -1 if len(e.coupling.legs) == 2 else places[of]
        places[of] += 1
    first = sorted(kept, key=lambda key: (turn[key], rank(kept[key])))[:MOST]
    chosen = sorted((kept[key] for key in first), key=rank)
    left = len(kept) - len(chosen)
    return tuple(chosen), (Note("channels-left-out", count=left),) if left else ()


def _inside(mode: CandidateMode, band: tuple[float, float], slack: float) -> bool:
    if mode.frequency is None:
        return True
    reach = slack * mode.tolerance
    return band[0] - reach <= mode.frequency <= band[1] + reach
