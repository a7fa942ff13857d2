r"""How to see the sense of a mode, and what would refute that a channel makes it.

The channels are those of :mod:`symchiral.traces.expected`; what is said of the controls
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
- At normal incidence a face gives back the spin of light about the axis as it came: layers at every
  depth, and the echoes of a plate of thickness d, which follow after :math:`2nd/c`, make the same
  senses, with other phases. Light of k quanta of the index n and a probe of the index :math:`n'`
  are out of step after :math:`c/(2kf|n \mp n'|)`, where they travel together or against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Worded
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.surface import face_optics
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.rules.activity import Process
from symchiral.rules.domains import find_domains, survivals
from symchiral.rules.light import Light, exchanging
from symchiral.traces.expected import Expected, Sense
from symchiral.units import SPEED_OF_LIGHT

GeometryKind = Literal["balanced", "circular", "analyser", "none"]
"""How a sense is seen; ``none`` where light along the axis does not tell it."""

ControlKind = Literal[
    "helicity", "linear", "sample", "delay", "frequency", "twin", "depth", "echoes"
]
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
        helicity at some angles only; ``mixed-losses``: neither holds of several quanta.
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
    passage : Passage or None
        How pump and probe go through the sample, where its permittivity is known.
    thickness : float or None
        That of the sample, µm, if stated.
    """

    kind: ControlKind
    mode: str | None = None
    law: Literal["line", "losses", "mirrors", "mixed-losses"] | None = None
    sense: Sense | None = None
    sums: tuple[str, ...] = ()
    shifted: bool = False
    phases: tuple[tuple[GeometryKind, int], ...] = ()
    twin: Literal["none", "same", "elsewhere"] | None = None
    operations: tuple[str, ...] = ()
    passage: Passage | None = None
    thickness: float | None = None


@dataclass(frozen=True)
class Passage:
    """How pump and probe go through a plate across the axis, each at normal incidence.

    Attributes
    ----------
    frequency : float
        Of the pump, THz.
    pump, probe : float
        Refractive indices: of the pump from the modes; of the probe the root of the electronic
        permittivity, which is that far below its absorption.
    depth : float
        Depth at which the intensity of the pump is 1/e, µm; inf without absorption.
    together, against : float
        Thickness after which the motion that the pump makes and a probe are out of step by half a
        period, µm, where they travel together and against each other.
    pump_echo, probe_echo : float or None
        Times after which they come back in a plate of the stated thickness, :math:`2nd/c`, ps.
    pump_share, probe_share : float or None
        Field of that echo by the one that came first, with what both faces reflect and the crystal
        absorbs.
    """

    frequency: float
    pump: float
    probe: float
    depth: float
    together: float
    against: float
    pump_echo: float | None = None
    probe_echo: float | None = None
    pump_share: float | None = None
    probe_share: float | None = None


def find_passage(
    model: NormalModeModel, frequency: float, quanta: int, thickness: float | None = None
) -> Passage:
    """Return how light of a frequency and a probe go through a plate.

    Parameters
    ----------
    model : NormalModeModel
        Its permittivity counts, and must be known.
    frequency : float
        Of the pump, THz.
    quanta : int
        How often the pump enters: the motion follows that power of its field.
    thickness : float, optional
        Of the plate, µm.
    """
    face = face_optics(model, frequency)
    n, other = face.index.real, model.electronic_index
    depth = face.depth

    def step(mismatch: float) -> float:
        return SPEED_OF_LIGHT / (2 * quanta * frequency * mismatch) if mismatch else float("inf")

    found = Passage(frequency, n, other, depth, step(abs(n - other)), step(n + other))
    if thickness is None:
        return found
    share = abs((face.index - 1) / (face.index + 1)) ** 2 * float(np.exp(-thickness / depth))
    return replace(
        found,
        pump_echo=2 * n * thickness / SPEED_OF_LIGHT,
        probe_echo=2 * other * thickness / SPEED_OF_LIGHT,
        pump_share=share,
        probe_share=((other - 1) / (other + 1)) ** 2,
    )


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
    channels: tuple[Expected, ...],
    geometry: tuple[Geometry, ...],
    alone: tuple[Expected, ...],
    *,
    passage: Passage | None = None,
    thickness: float | None = None,
) -> tuple[Control, ...]:
    """Return the controls of the first of the channels.

    Parameters
    ----------
    crystal, light
        The crystal and light along its axis.
    channels : tuple of Expected
        The channels, the most important first.
    geometry : tuple of Geometry
        How their modes are seen.
    alone : tuple of Expected
        What linear light alone drives.
    passage : Passage, optional
        How pump and probe go through the sample.
    thickness : float, optional
        That of the sample, µm.
    """
    first = channels[0]
    photons = len(first.incoming) + first.photons
    return (
        Control("helicity"),
        _linear(first, photons, alone, exchanged=exchanging(crystal, light.beam) is not None),
        Control("sample", phases=_phases(first, photons, geometry)),
        Control("delay"),
        Control("frequency"),
        _twin(crystal, light),
        Control("depth", first.outgoing.mode.name, passage=passage, thickness=thickness),
        Control("echoes", passage=passage, thickness=thickness),
    )


def _linear(
    first: Expected, photons: int, alone: tuple[Expected, ...], *, exchanged: bool
) -> Control:
    """What linear light does to the mode of a channel, and what it alone drives.

    ``exchanged``: whether an operation of the crystal exchanges σ+ and σ−.
    """
    out = first.outgoing.mode.name
    if photons != 2:
        return Control("linear", out, "mirrors" if exchanged else "mixed-losses")
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
