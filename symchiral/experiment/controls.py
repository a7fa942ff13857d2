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

from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Worded
from symchiral.experiment.candidates import Sense
from symchiral.experiment.expectation import Expected
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.activity import Process
from symchiral.rules.domains import find_domains, survivals
from symchiral.rules.light import Light

GeometryKind = Literal["balanced", "circular", "analyser", "none"]
"""How a sense is seen; ``none`` where light along the axis does not tell it."""

ControlKind = Literal["helicity", "linear", "sample", "delay", "frequency", "twin"]
"""What is changed in a control."""


@dataclass(frozen=True)
class Control(Worded):
    """A measurement that must come out in one way if the channel is what makes the line.

    Attributes
    ----------
    kind : str
        What is changed.
    mode : str or None
        The mode that is looked at.
    law : str or None
        Under linear light: ``line``, motion along a line that rotates with twice the angle;
        ``losses``: with losses the mode may rotate, as nothing reverses the axis; ``mirrors``: no
        helicity at some angles only.
    sense : int or None
        The sense in which that line rotates.
    sums : tuple of str
        Sum channels that linear light alone drives.
    shifted : bool
        Whether linear light also shifts the mode along that line.
    phases : tuple of (str, int)
        Kinds of probe, and by how many times the angle of the sample the phase of their signal
        moves.
    twin : str or None
        ``none``: there are no twins; ``same``: they show the same senses; ``elsewhere``: the axis
        lies elsewhere in some.
    operations : tuple of str
        Seitz symbols of operations that make twins.
    """

    kind: ControlKind
    mode: str | None = None
    law: Literal["line", "losses", "mirrors"] | None = None
    sense: Sense | None = None
    sums: tuple[str, ...] = ()
    shifted: bool = False
    phases: tuple[tuple[GeometryKind, int], ...] = ()
    twin: Literal["none", "same", "elsewhere"] | None = None
    operations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Geometry(Worded):
    """How to see the sense of a species along the axis.

    Attributes
    ----------
    species : str
        The species.
    kind : str
        ``balanced``: two probe polarisations 45° apart, balanced detection; ``analyser``: two
        polarisations of the emitted field, 90° apart; ``circular``: σ+ in, what comes out analysed.
    declaration : str or None
        What to write as ``probe:`` in a table of traces.
    momentum : int or None
        Angular momentum m about the axis of what it sees of (+).
    turns : int
        Of balanced detection: +1 if the signal of (+) runs as ωt − 2θ with the probe angle θ, −1
        if as ωt + 2θ.
    dark : tuple of float
        Probe angles at which symmetry parts the two coordinates, degrees.
    process : str or None
        Of circular light: the scattering.
    spins : tuple of (str, str)
        Of circular light: spins in and out that create (+).
    """

    species: str
    kind: GeometryKind
    declaration: str | None = None
    momentum: int | None = None
    turns: int = 0
    dark: tuple[float, ...] = ()
    process: Process | None = None
    spins: tuple[tuple[str, str], ...] = ()


def probes(species: Species, axis: Axis, light: Light) -> list[Geometry]:
    """Return how light along the axis sees the sense of a species."""
    found = []
    label = species.label
    target = next(
        (t for t in light.targets if t.species.label == label and t.label.endswith("(+)")),
        None,
    )
    probe = light.probe(species)
    if probe.turns:
        dark = tuple(sorted(set(probe.dark_angles)))
        declared = (axis.order == 3 and probe.turns < 0) or (axis.order > 4 and probe.turns > 0)
        found.append(
            Geometry(
                label,
                "balanced",
                f"balanced, fold {axis.order}, S0 = 0, S45 = 45" if declared else None,
                2 * probe.turns,
                turns=probe.turns,
                dark=dark if len(dark) == 2 else (),
            )
        )
    if target is not None and (pairs := light.scattered(target)):
        found.append(Geometry(label, "circular", process="raman", spins=pairs))
    if target is not None and light.absorbed(target):
        # What light along the axis drives has l = ±1 as light has: (+) absorbs and radiates σ+.
        found.append(Geometry(label, "analyser", "analyser, Sx = 0, Sy = 90", 1))
    if target is not None and not found and (pairs := light.hyper_scattered(target)):
        found.append(Geometry(label, "circular", process="hyper-raman", spins=pairs))
    return found or [Geometry(label, "none")]


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
    photons = len(first.incoming) + first.photons
    return (
        Control("helicity"),
        _linear(first, photons, alone),
        Control("sample", phases=_phases(first, photons, geometry)),
        Control("delay"),
        Control("frequency"),
        _twin(crystal, light),
    )


def _linear(first: Expected, photons: int, alone: tuple[Expected, ...]) -> Control:
    """What linear light does to the mode of a channel, and what it alone drives."""
    out = first.outgoing.mode.name
    if photons != 2:
        return Control("linear", out, "mirrors")
    if first.turn is None:
        return Control("linear", out, "losses")
    return Control(
        "linear",
        out,
        "line",
        first.sense,
        sums=tuple(e.id for e in alone if len(e.coupling.incoming) > 1),
        shifted=any(e.outgoing.mode.name == out and e.turn for e in alone),
    )


def _phases(
    first: Expected, photons: int, geometry: tuple[Geometry, ...]
) -> tuple[tuple[GeometryKind, int], ...]:
    """By how many times χ the phases of signals move where the sample is turned by χ."""
    return tuple(
        (g.kind, abs(photons - g.momentum * first.sense))
        for g in geometry
        if g.species == first.outgoing.species.label and g.momentum is not None
    )


def _twin(crystal: SymmetricCrystal, light: Light) -> Control:
    """What a twin shows, as far as there are any."""
    domains = find_domains(crystal)
    if len(domains.operations) == 1:
        return Control("twin", twin="none")
    sense = next((s for s in survivals(light, domains) if s.kind == "sense"), None)
    operations = tuple(g.seitz for g in domains.operations[1:4])
    survives = sense is not None and sense.survives
    return Control("twin", twin="same" if survives else "elsewhere", operations=operations)
