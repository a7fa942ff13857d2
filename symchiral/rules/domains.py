"""Twin domains: the orientations of a crystal on one lattice, and averages over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from symchiral.crystal.operation import Operation
from symchiral.crystal.search import SymmetricCrystal, space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.display import Worded, display
from symchiral.modes.species import Species
from symchiral.rules.allowance import ferroaxial_form, gyration_form
from symchiral.rules.light import Light
from symchiral.value import NO_COMPONENT, Floats, Value, frozen

FAMILIES = (  # last space group of a crystal system, symbol of the lattice, Hall number of it
    (2, "-1", 2), (15, "2/m", 57), (74, "mmm", 227), (142, "4/mmm", 400), (194, "6/mmm", 485),
    (230, "m-3m", 517),
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Domains(Value):
    """The twins of a crystal by the symmetry of its family's lattice, in equal amounts.

    One operation per coset of the crystal's class in the holohedry of its family (6/mmm for
    trigonal crystals too, so that obverse and reverse twins are among them).

    Attributes
    ----------
    symbol : str
        The holohedry.
    operations : tuple of Operation
        One twin operation per domain in the standard cell, the identity first.
    rotations : (N, 3, 3) float
        The same in the Cartesian axes of the input.
    """

    symbol: str
    operations: tuple[Operation, ...]
    rotations: Floats

    def __len__(self) -> int:
        return len(self.rotations)

    def average(self, light: Light, quantity: Callable[[Light], Floats]) -> Floats:
        """Average a quantity over the domains: each turned into place, in the same beam."""
        return np.asarray(np.mean([quantity(seen_by(light, r)) for r in self.rotations], axis=0))

    def __repr__(self) -> str:
        return f"Domains({len(self)}, {self.symbol})"


def find_domains(crystal: SymmetricCrystal) -> Domains:
    """Return the twins of a crystal.

    Examples
    --------
    >>> import symchiral as sc
    >>> found = find_domains(sc.read("Bi2Se3").crystal)
    >>> found, [g.seitz for g in found.operations]
    (Domains(2, 6/mmm), ['{1|0}', '{2001|0}'])
    """
    symbol, chosen = twin_operations(crystal.group)
    rotations = crystal.frame.rotation(
        [g.rotation for g in chosen], to="cartesian", source="standard"
    )
    return Domains(symbol, chosen, frozen(rotations))


def twin_operations(group: SpaceGroup) -> tuple[str, tuple[Operation, ...]]:
    """Return the holohedry of a group's family, and one operation per coset of its class in it.

    The simplest of each coset, those about [001] first: a half-turn before a mirror.
    """
    symbol, hall = next((s, h) for last, s, h in FAMILIES if group.number <= last)
    rank = {1: 0, 2: 1, -1: 2, -2: 3}
    lattice = sorted(
        space_group(hall).standard_operations,
        key=lambda g: (rank.get(g.type, 4), g.direction != (0, 0, 1), g.type < 0),
    )
    covered: set[bytes] = set()
    chosen = []
    for g in lattice:
        if g.rotation.tobytes() not in covered:
            chosen.append(g)
            for w in group.standard_operations:
                covered.add((g.rotation @ w.rotation).astype(np.int64).tobytes())
    return symbol, tuple(chosen)


def seen_by(light: Light, rotation: Floats) -> Light:
    """The light as a twin sees it: the beam turned back by the twin operation."""
    beam = light.beam
    back = replace(
        beam, direction=frozen(beam.direction @ rotation), frame=frozen(beam.frame @ rotation)
    )
    return replace(light, beam=back)


SurvivalKind = Literal["sense", "reversal", "angle", "optical-activity", "ferroaxial"]
"""An effect that twins may average out: the ``sense`` of rotation about the beam; ``reversal``, σ+
and σ− unequal; ``angle``, dependence on the angle of linear light."""


@dataclass(frozen=True)
class Survival(Worded):
    """What becomes of one effect in the average over twins.

    Attributes
    ----------
    kind : str
        The effect.
    survives : bool
        Whether the average of equal amounts of all twins shows it.
    species : str or None
        The species it is one of.
    """

    kind: SurvivalKind
    survives: bool
    species: str | None = None

    @property
    def note(self) -> str:
        """How it survives, or why it is lost, as text; may be empty."""
        return display(self, "note")


def survivals(light: Light, domains: Domains) -> tuple[Survival, ...]:
    """Judge which effects of a crystal in a beam its twins, in equal amounts, leave.

    Only effects that a single domain has are listed.
    """
    found = []
    n = light.beam.frame[2]
    if light.axis:
        # A twin is an orientation: every operation of its coset makes it.
        ends = np.einsum("i,gij,hjk,k->gh", n, domains.rotations, light.crystal.rotations, n)
        everywhere = bool(np.all(np.isclose(np.abs(ends).max(axis=1), 1, atol=1e-6)))
        found.append(Survival("sense", everywhere))
    for s in light.raman:
        found += _raman(light, domains, s)
    effects: tuple[tuple[SurvivalKind, Callable[[Light], Floats]], ...] = (
        ("optical-activity", _gyration),
        ("ferroaxial", _axial_order),
    )
    for kind, quantity in effects:
        if np.abs(quantity(light)).max(initial=0.0) > NO_COMPONENT:
            kept = np.abs(domains.average(light, quantity)).max(initial=0.0) > NO_COMPONENT
            found.append(Survival(kind, bool(kept)))
    return tuple(found)


def _raman(light: Light, domains: Domains, species: Species) -> list[Survival]:
    found = []

    def difference(seen: Light) -> Floats:
        forms = seen.circular(species)
        return np.asarray(np.stack([forms["+-"] - forms["-+"], forms["++"] - forms["--"]]))

    def waves(seen: Light) -> Floats:
        return np.stack([seen.parallel(species).fourier[1:], seen.crossed(species).fourier[1:]])

    if light.reversal(species) == "absorbing":
        kept = bool(np.abs(domains.average(light, difference)).max() > NO_COMPONENT)
        found.append(Survival("reversal", kept, species.label))
    if light.beam.geometry != "right-angle" and np.abs(waves(light)).max() > NO_COMPONENT:
        kept = bool(np.abs(domains.average(light, waves)).max() > NO_COMPONENT)
        found.append(Survival("angle", kept, species.label))
    return found


def _gyration(light: Light) -> Floats:
    n = light.beam.frame[2].astype(complex)
    # Of a twin the frame is turned back as a set of polar vectors; S, axial, also takes det(R).
    hand = np.sign(np.linalg.det(light.beam.frame))
    return np.asarray(hand * gyration_form(light.crystal).contract(n, n).real)


def _axial_order(light: Light) -> Floats:
    frame = light.beam.frame
    hand = np.sign(np.linalg.det(frame))
    form = ferroaxial_form(light.crystal)
    return np.asarray(hand * np.stack([form.contract(v.astype(complex)).real for v in frame]))
