r"""Planning an experiment: what to pump, what to probe, what to expect, and what would refute it.

The channels are those of :mod:`symchiral.experiment.expectation`; what is said of the controls
follows from them. Let k quanta of :math:`σ_+` make a component of sense s, and the probe see a
quantity of angular momentum m about the axis (its in-plane dipole, m = ±1; its in-plane
polarisability, m = ±2; m equals l only modulo n).

- σ− gives the same amplitude of the reversed component.
- In a sample turned by χ the light enters as :math:`e^{ikχ}` and the signal leaves as
  :math:`e^{-imχ}`: helicities and amplitudes stay and the phase moves by (k − m)χ. For an in-plane
  dipole of an Umklapp channel that is a multiple of n; two quanta seen through the polarisability
  they would have made themselves move nothing, flipped or not.
- Light polarised along φ has :math:`a_\pm \propto e^{\mp iφ}`. For k = 2, :math:`a_+a_-` makes no
  component that turns, so those of either sense are driven equally: a motion along a line that
  turns by 2sφ in the plane of the coordinates, of :math:`1/\sqrt2` of the amplitude of the circular
  case at equal energy for every φ. For k = 3, :math:`a_+^2a_-` drives too and no law is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

from symchiral.crystal.operation import Operation
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import InputError
from symchiral.experiment.candidates import CandidateMode
from symchiral.experiment.expectation import Expectation, Expected, expect
from symchiral.experiment.gain import Coefficients
from symchiral.experiment.judgement import ranking_of
from symchiral.experiment.places import Place
from symchiral.fields.pump import Pump
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.domains import find_domains, survivals
from symchiral.rules.light import Light
from symchiral.rules.wording import pretty
from symchiral.value import Value


@dataclass(frozen=True)
class Control:
    """A measurement that must come out in one way if the channel is what makes the line.

    Attributes
    ----------
    kind : str
        helicity, linear, sample, delay, frequency or twin.
    text : str
        What to do and what must be seen.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Geometry:
    """How to see the sense of a species along the axis.

    Attributes
    ----------
    species : str
        The species.
    kind : str
        ``balanced``: two probe polarisations 45° apart, balanced detection; ``analyser``: two
        polarisations of the emitted field, 90° apart; ``circular``: σ+ in, what comes out analysed.
    text : str
        In words.
    declaration : str or None
        What to write as ``probe:`` in a table of traces.
    momentum : int or None
        Angular momentum m about the axis of what it sees of (+).
    """

    species: str
    kind: str
    text: str
    declaration: str | None
    momentum: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Value):
    """A proposed experiment.

    Attributes
    ----------
    crystal, axis
        What it is about.
    order : int
        Quanta in and out together, 3, or 4 where third order flips nothing.
    pumped : tuple of CandidateMode
        Modes that circular light along the axis drives directly.
    channels : tuple of Expected
        Reachable channels that flip the sense, strongest first as far as ``ranking`` says.
    others : tuple of Expected
        Reachable allowed channels that do not.
    geometry : tuple of Geometry
        How to see the outgoing modes.
    controls : tuple of Control
        What would refute it.
    reason : str or None
        Why third order flips nothing, where it does not.
    notes : tuple of str
        Limits.
    ranking : str
        What the order of the channels rests on.
    """

    crystal: SymmetricCrystal
    axis: Axis | None
    order: int
    pumped: tuple[CandidateMode, ...]
    channels: tuple[Expected, ...]
    others: tuple[Expected, ...]
    geometry: tuple[Geometry, ...]
    controls: tuple[Control, ...]
    reason: str | None
    notes: tuple[str, ...]
    ranking: str


def make_plan(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: tuple[Species, ...],
    places: tuple[Place, ...],
    light: Light | None,
    *,
    pump: Pump | None = None,
    coefficients: Coefficients | None = None,
) -> Plan:
    """Propose the experiment that shows a flipped sense of rotation.

    Parameters
    ----------
    crystal, axis, species, places
        As for :func:`~symchiral.experiment.expectation.expect`.
    light : Light or None
        Light along the axis; None without one.
    pump : Pump, optional
        The band that the source reaches.
    coefficients : Coefficients, optional
        Sizes of couplings, by which the channels are ranked.

    Raises
    ------
    InputError
        The pump has a polarisation: that is part of the answer.
    """
    if pump is not None and pump.light is not None:
        raise InputError(
            "the pump of a plan has a polarisation",
            why="both helicities and linear light are part of what is proposed",
            fix='give the band only, as in "1-3THz"',
        )
    band = None if pump is None else (pump.low, pump.high)

    def expected(order: int) -> Expectation:
        return expect(
            crystal,
            axis,
            species,
            places,
            order=order,
            pump=band,
            slack=1.0,
            linear=True,
            coefficients=coefficients,
        )

    found = expected(3)
    driven = _driven(found)
    flips, others = _split(found, band)
    order, reason = 3, None
    if axis is None or axis.order < 3:
        reason = (
            "there is no axis of order three or more, so circular light is no eigenstate of any "
            "operation and no mode has a sense to keep or flip"
        )
    elif not flips:
        reason = _why_not(axis, found, driven, others, band)
        if driven:
            fourth = expected(4)
            order = 4
            flips, more = _split(fourth, band)
            others = (*others, *(e for e in more if e.id not in {o.id for o in others}))
    seen = tuple(dict.fromkeys(e.outgoing.species.label for e in flips))
    by_label = {s.label: s for s in species}
    geometry = tuple(
        g for label in seen if axis and light for g in _geometry(by_label[label], axis, light)
    )
    alone = tuple(e for e in found.channels if e.linear and e.rule.allowed and _in_force(e, band))
    controls = _controls(crystal, light, flips, geometry, alone) if axis and light and flips else ()
    ranking = ranking_of([e.channel() for e in (*flips, *others)], found.modes)
    return Plan(
        crystal,
        axis,
        order,
        driven,
        flips,
        others,
        geometry,
        controls,
        reason,
        found.notes,
        ranking,
    )


def _driven(found: Expectation) -> tuple[CandidateMode, ...]:
    names = {
        e.outgoing.mode.name: e.outgoing.mode
        for e in found.channels
        if len(e.coupling.legs) == 2 and e.rule.allowed
    }
    return tuple(mode for mode in found.modes if mode.name in names)


def _split(
    found: Expectation, band: tuple[float, float] | None
) -> tuple[tuple[Expected, ...], tuple[Expected, ...]]:
    """Allowed channels that make one quantum of several, those that flip and those that do not."""
    allowed = [
        e
        for e in found.channels
        if e.rule.allowed and not e.linear and len(e.coupling.incoming) > 1 and _in_force(e, band)
    ]
    flips = tuple(e for e in allowed if e.rule.pam_sense == "flipped")
    return flips, tuple(e for e in allowed if e.rule.pam_sense != "flipped")


def _in_force(e: Expected, band: tuple[float, float] | None) -> bool:
    """Whether a force that light itself makes has the frequency of the outgoing mode in it.

    A force that only modes make is left in: it lasts as they do, and detuning says how far it is.
    """
    own = e.outgoing.mode.frequency
    inner = [place.mode.frequency for place in e.incoming]
    pushed = any(leg.participant.field for leg in e.coupling.outgoing)
    if band is None or pushed or not e.photons or own is None or any(f is None for f in inner):
        return True
    low, high = (e.photons * edge + sum(f for f in inner if f is not None) for edge in band)
    return low - e.outgoing.mode.tolerance <= own <= high + e.outgoing.mode.tolerance


def _why_not(
    axis: Axis,
    found: Expectation,
    driven: tuple[CandidateMode, ...],
    others: tuple[Expected, ...],
    band: tuple[float, float] | None,
) -> str:
    if not driven:
        where = "" if band is None else f" between {band[0]:g} and {band[1]:g} THz"
        return f"circular light along the axis drives no infrared mode{where}"
    two = [e for e in others if len(e.incoming) + e.photons == 2]
    if two:
        e = two[0]
        return (
            f"two quanta of l = +1 on an axis of order {axis.order} make "
            f"{'/'.join(sorted({x.outgoing.species.label for x in two}))}, "
            f"of sense {e.rule.pam_sense}: {e.rule.budget_text}"
        )
    refused = [e for e in found.channels if not e.rule.allowed and len(e.coupling.legs) > 2]
    if refused:
        e = next((x for x in refused if x.mechanism == "lattice"), refused[0])
        return f"nothing that turns is reached: for {e.id}, {e.rule.reason.text}"
    return "two quanta of l = +1 make no mode of this crystal"


def _geometry(species: Species, axis: Axis, light: Light) -> list[Geometry]:
    found = []
    target = next(
        (t for t in light.targets if t.species.label == species.label and t.label.endswith("(+)")),
        None,
    )
    probe = light.probe(species)
    if probe.turns:
        dark = sorted(set(probe.dark_angles))
        fixed = (
            f" Symmetry parts its two coordinates at {dark[0]:g}° and {dark[1]:g}°."
            if (len(dark) == 2)
            else ""
        )
        phase = "ωt − 2θ" if probe.turns > 0 else "ωt + 2θ"
        found.append(
            Geometry(
                species.label,
                "balanced",
                f"balanced detection at two probe polarisations 45° apart, normal incidence along "
                f"the axis: for (+) the signal runs as {phase} with the probe angle θ.{fixed}",
                f"balanced, fold {axis.order}, S0 = 0, S45 = 45"
                if (axis.order == 3 and probe.turns < 0) or (axis.order > 4 and probe.turns > 0)
                else None,
                2 * probe.turns,
            )
        )
    if target is not None and (pairs := light.scattered(target)):
        words = ", ".join(f"σ{a} → σ{b}".replace("-", "−") for a, b in pairs)
        found.append(
            Geometry(
                species.label,
                "circular",
                f"circular Raman scattering creates {species.label}(+) by {words}, and (−) by the "
                "reverse: Stokes and anti-Stokes sidebands of a circular probe tell the sense",
                None,
            )
        )
    if target is not None and light.absorbed(target):
        found.append(
            Geometry(
                species.label,
                "analyser",
                f"{species.label} radiates: two polarisations of the emitted field, 90° apart",
                "analyser, Sx = 0, Sy = 90",
                int(light.absorbed(target)[0] + "1"),
            )
        )
    if target is not None and not found and (pairs := light.hyper_scattered(target)):
        words = ", ".join(f"two of σ{a} → σ{b}".replace("-", "−") for a, b in pairs)
        found.append(
            Geometry(
                species.label,
                "circular",
                f"circular hyper-Raman scattering creates {species.label}(+) by {words}, and (−) "
                "by the reverse",
                None,
            )
        )
    return found or [
        Geometry(
            species.label,
            "none",
            f"no light along the axis tells (+) from (−) of {species.label}",
            None,
        )
    ]


def _controls(
    crystal: SymmetricCrystal,
    light: Light,
    flips: tuple[Expected, ...],
    geometry: tuple[Geometry, ...],
    alone: tuple[Expected, ...],
) -> tuple[Control, ...]:
    first = flips[0]
    out, photons = first.outgoing.mode.name, len(first.incoming) + first.photons
    found = [
        Control(
            "helicity",
            "σ− instead of σ+: every sense reverses at equal amplitude. What does not reverse "
            "is not driven by the spin of the light",
        )
    ]
    if photons == 2 and first.turn is None:
        found.append(
            Control(
                "linear",
                f"linear light: no mirror contains the axis and no half-turn lies across it, so "
                f"that with losses {out} may turn even under linear light; its amplitude is the "
                "same at every angle",
            )
        )
    elif photons == 2:
        sign = "+" if first.sense > 0 else "−"
        found.append(
            Control(
                "linear",
                f"linear light at φ: {out} has helicity 0 and moves along a line that turns by "
                f"{sign}2φ in the plane of its coordinates; its amplitude is the same at every φ, "
                "1/√2 of the circular case at equal pump energy" + _alone(alone, first),
            )
        )
    else:
        found.append(
            Control(
                "linear",
                f"linear light: {out} has helicity 0 where φ lies in a mirror plane or across a "
                "half-turn; products with quanta of both spins drive too, so no further law of the "
                "angle is fixed by symmetry",
            )
        )
    found += [
        Control(
            "sample",
            _turned(first, photons, geometry),
        ),
        Control(
            "delay",
            "a window that begins later: the helicity stays while amplitudes decay. What is there "
            "only under the pump is the field itself, not a mode",
        ),
        Control(
            "frequency",
            "pump moved across the infrared mode: where that mode carries the process the line "
            "follows its width twice over; two photons need no resonance. Symmetry cannot tell "
            "these apart",
        ),
    ]
    domains = find_domains(crystal)
    sense = next((s for s in survivals(light, domains) if s.kind == "sense"), None)
    if len(domains.operations) == 1:
        text = "the crystal has the symmetry of its lattice: it has no such twins"
    elif sense is not None and sense.survives:
        text = (
            f"a twin ({_names(domains.operations[1:])}): the same senses; only signs of coupling "
        )
        text += "coefficients, and with them phases, differ"
    else:
        text = f"a twin ({_names(domains.operations[1:])}): this axis lies elsewhere in some; pump "
        text += "and probe within one domain"
    return (*found, Control("twin", text))


def _alone(alone: tuple[Expected, ...], first: Expected) -> str:
    """What only linear light drives: the sum channels, and a displaced line of the same mode."""
    sums = [e for e in alone if len(e.coupling.incoming) > 1]
    text = ""
    if sums:
        more = f" and {len(sums) - 1} more" if len(sums) > 1 else ""
        text += f". Linear light alone drives the sum channel {pretty(sums[0].id)}{more}"
    if any(e.outgoing.mode.name == first.outgoing.mode.name and e.turn for e in alone):
        text += (
            f"{',' if text else '. Linear light alone'} "
            f"{'and ' if text else ''}shifts {first.outgoing.mode.name} along the same line for as "
            "long as the drive lasts"
        )
    return text


def _turned(first: Expected, photons: int, geometry: tuple[Geometry, ...]) -> str:
    """What turning the sample by χ does to the signal of a channel."""
    text = "sample turned by χ about the axis: helicities and amplitudes stay"
    for g in geometry:
        if g.species != first.outgoing.species.label or g.momentum is None:
            continue
        moved = abs(photons - g.momentum * first.sense)
        name = {"balanced": "balanced signal", "analyser": "emitted field"}[g.kind]
        text += f"; the phase of the {name} "
        text += f"moves by {moved}χ" if moved else "stays too"
    return text


def _names(operations: tuple[Operation, ...]) -> str:
    return ", ".join(g.seitz for g in operations[:3])
