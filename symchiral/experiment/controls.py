r"""How to see the sense of a mode, and what would refute that a channel makes it.

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
from typing import Literal

from symchiral.crystal.operation import Operation
from symchiral.crystal.search import SymmetricCrystal
from symchiral.experiment.expectation import Expected
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.domains import find_domains, survivals
from symchiral.rules.light import Light
from symchiral.rules.wording import pretty

GeometryKind = Literal["balanced", "circular", "analyser", "none"]
"""How a sense is seen; ``none`` where light along the axis does not tell it."""

ControlKind = Literal["helicity", "linear", "sample", "delay", "frequency", "twin"]
"""What is changed in a control."""


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

    kind: ControlKind
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
    kind: GeometryKind
    text: str
    declaration: str | None
    momentum: int | None = None


def probes(species: Species, axis: Axis, light: Light) -> list[Geometry]:
    """Return how light along the axis sees the sense of a species."""
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


def controls(
    crystal: SymmetricCrystal,
    light: Light,
    flips: tuple[Expected, ...],
    geometry: tuple[Geometry, ...],
    alone: tuple[Expected, ...],
) -> tuple[Control, ...]:
    """Return the controls of the first of the channels that flip.

    Parameters
    ----------
    crystal, light
        The crystal and light along its axis.
    flips : tuple of Expected
        The channels, the most important first.
    geometry : tuple of Geometry
        How their modes are seen.
    alone : tuple of Expected
        What linear light alone drives.
    """
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
