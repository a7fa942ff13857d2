"""Light of a beam on a crystal: which modes it absorbs, scatters and drives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import judge
from symchiral.engine.tensor import LETTERS, TensorForm, tensor_form
from symchiral.fields.beam import Beam
from symchiral.fields.polar import electric_field_in
from symchiral.fields.polarization import SIGMA, Polarization
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.irreps.partners import partners
from symchiral.modes.species import Species
from symchiral.rules.activity import Process, creates, response
from symchiral.rules.intensity import (
    AngularLaw,
    BalancedProbe,
    crossed_law,
    intensity_form,
    parallel_law,
    probe,
    same_intensity,
)
from symchiral.rules.magnetic_light import (
    odd_form,
    unequal_when_absorbing,
    unequal_when_transparent,
)
from symchiral.value import NO_COMPONENT, Complex, Value

Spin = Literal["+", "-"]
"""Of circular light about the fixed axis, ħ: 1 or −1."""

Reversal = Literal["same", "absorbing", "magnetic"]
"""Whether reversing all spins may change a Raman intensity: never; for complex tensors only, where
light is absorbed; in a transparent magnetic crystal too."""

SPINS: tuple[Spin, Spin] = ("+", "-")
PAIRS: tuple[tuple[Spin, Spin], ...] = tuple(product(SPINS, SPINS))
"""Spins of light that goes in and that comes out."""

HARMONICS = (2, 3, 4, 5, 6, 7)
"""Orders of harmonics that are judged."""


@dataclass(frozen=True, eq=False, repr=False)
class Target(Value):
    """What light can make: one component of a species, or a whole species off every axis.

    Attributes
    ----------
    species : Species
        The species.
    component : Component or None
        Its component on the axis along the beam; None without one of order three or more.
    vectors : (d, w) complex
        The motions, in the partner functions of the species.
    """

    species: Species
    component: Component | None
    vectors: Complex

    @property
    def label(self) -> str:
        """``Eg(-)``, ``A1g``."""
        name = self.component.name if self.component else ""
        return self.species.label + (f"({name})" if name else "")

    @property
    def pam(self) -> str | None:
        """Its pseudo-angular momentum about the beam; None without an axis."""
        return self.component.pam if self.component else None


@dataclass(frozen=True)
class Drive:
    """Routes by which light of one spin makes a target, to second order in the field.

    Attributes
    ----------
    light : bool
        E E: two photons through the Raman tensor.
    mixed : tuple of str
        E Q: one photon and one infrared mode of these species (infrared-resonant Raman).
    ionic : tuple of (str, str)
        Q Q: two infrared modes of these species, which may be one mode if the names are equal and
        the pair is in ``same`` (ionic Raman).
    same : tuple of str
        Species of which one and the same mode suffices in ``ionic``.
    """

    light: bool
    mixed: tuple[str, ...]
    ionic: tuple[tuple[str, str], ...]
    same: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether any route is open."""
        return self.light or bool(self.mixed) or bool(self.ionic)


@dataclass(frozen=True, eq=False, repr=False)
class Light(Value):
    """A crystal in a beam: participants E(ω) of given polarisation, and the species they meet.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    beam : Beam
        Directions and geometry.
    species : tuple of Species
        Species of the zone centre, resolved on the axis along the beam where there is one.
    """

    crystal: SymmetricCrystal
    beam: Beam
    species: tuple[Species, ...]

    @property
    def axis(self) -> Axis | None:
        """The axis along the beam if circular light is an eigenstate of it (order ≥ 3)."""
        axis = self.beam.axis
        return axis if axis and axis.order >= 3 else None

    @cached_property
    def field(self) -> Participant:
        """E in the Cartesian axes of the input."""
        return electric_field_in(self.crystal)

    @cached_property
    def optical(self) -> tuple[Species, ...]:
        """Species with a mode that is no rigid translation."""
        return tuple(s for s in self.species if s.optical)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every optical species, by components where the beam runs along an axis."""
        found = []
        for s in self.optical:
            basis = partners(s.participant)
            if self.axis is None:
                found.append(Target(s, None, np.eye(s.dimension, dtype=complex)))
                continue
            found += [Target(s, c, basis.conj().T @ c.basis) for c in s.components]
        return tuple(found)

    # --- tensors ---------------------------------------------------------------------------

    def dipole(self, species: Species) -> TensorForm:
        """The form of E·Q: infrared absorption."""
        return response("infrared", self.field, species.participant)

    def polarizability(self, species: Species) -> TensorForm:
        """The form of E E·Q, symmetric in the fields: Raman scattering far from resonance."""
        form = response("raman", self.field, species.participant)
        return form.named(self._letters[species.label])

    def odd_polarizability(self, species: Species) -> TensorForm:
        """The form of G·Q: antisymmetric Raman tensors that only magnetic order allows."""
        form = odd_form(self.crystal, species.participant)
        used = sum(map(len, self._letters.values()))
        for other in self.species:
            if other is species:
                break
            used += len(odd_form(self.crystal, other.participant))
        return form.named(LETTERS[used:])

    def antisymmetric_coefficients(self, species: Species) -> int:
        """Number of antisymmetric Raman tensors, which need resonance."""
        e, p = self.field, species.participant
        general = tensor_form((e, e, p), ((0,), (1,), (2,)))
        return len(general) - len(self.polarizability(species))

    @cached_property
    def _letters(self) -> dict[str, str]:
        """Letters of the Raman tensors: no letter for two species."""
        found, used = {}, 0
        for s in self.species:
            count = len(response("raman", self.field, s.participant))
            found[s.label] = LETTERS[used : used + count]
            used += count
        return found

    @cached_property
    def raman(self) -> tuple[Species, ...]:
        """Optical species with a Raman tensor."""
        return tuple(s for s in self.optical if len(self.polarizability(s)))

    # --- circular light --------------------------------------------------------------------

    def absorbed(self, target: Target) -> tuple[Spin, ...]:
        """Spins of light that drive a target directly."""
        return tuple(s for s in SPINS if self._creates("infrared", target, (s,)))

    def scattered(self, target: Target) -> tuple[tuple[Spin, Spin], ...]:
        """Pairs of spins (in, out) that create a target by Raman scattering."""
        return tuple(p for p in PAIRS if self._creates("raman", target, p[:1], p[1:]))

    def hyper_scattered(self, target: Target) -> tuple[tuple[Spin, Spin], ...]:
        """Pairs (in, out): two photons of one spin go in, one comes out, the target is created."""
        return tuple(p for p in PAIRS if self._creates("hyper-raman", target, p[:1] * 2, p[1:]))

    def _creates(
        self,
        process: Process,
        target: Target,
        incoming: tuple[Spin, ...],
        outgoing: tuple[Spin, ...] = (),
    ) -> bool:
        return creates(
            process,
            self.field,
            target.species.participant,
            target.vectors,
            tuple(self.beam.incident_vector(SIGMA[s]) for s in incoming),
            tuple(self.beam.scattered_vector(SIGMA[s]) for s in outgoing),
        )

    def _in(self, spin: str) -> Complex:
        return self.beam.incident_vector(SIGMA[spin])

    @staticmethod
    def _allows(form: TensorForm, *vectors: Complex) -> bool:
        return form.verdict(*vectors).word == "allowed"

    def intensity(
        self, species: Species, incident: Polarization, scattered: Polarization
    ) -> Complex:
        """Raman intensity of all components of a species, as a form in its coefficients."""
        return intensity_form(self.polarizability(species), self.beam, incident, scattered)

    def circular(self, species: Species) -> dict[str, Complex]:
        """Intensity forms of the four pairs of spins, ``+-`` is σ+ in and σ− out."""
        return {s + t: self.intensity(species, SIGMA[s], SIGMA[t]) for s, t in PAIRS}

    def reversal(self, species: Species) -> Reversal:
        """Whether reversing both spins changes an intensity: never, or when.

        ``same``: I(σ→σ') = I(−σ→−σ') for real and complex tensors; ``absorbing``: for real tensors
        only; ``magnetic``: in a transparent magnetic crystal too, where the antisymmetric part that
        is odd in time interferes. (Real symmetric tensors always give equality.) In a magnetic
        crystal complex tensors are those of the operations without time reversal, symmetric or not.
        """
        if self.crystal.signs is not None:
            even, odd = self.polarizability(species), self.odd_polarizability(species)
            if unequal_when_transparent(even, odd, self.beam):
                return "magnetic"
            unequal = unequal_when_absorbing(self.crystal, species.participant, self.beam)
            return "absorbing" if unequal else "same"
        forms = self.circular(species)
        pairs = (("+-", "-+"), ("++", "--"))
        alike = all(same_intensity(forms[a], forms[b], absorbing=True) for a, b in pairs)
        return "same" if alike else "absorbing"

    # --- linear light ----------------------------------------------------------------------

    def parallel(self, species: Species) -> AngularLaw:
        """Intensity with parallel polarisers against their angle."""
        return parallel_law(self.polarizability(species), self.beam)

    def crossed(self, species: Species) -> AngularLaw:
        """Intensity with crossed polarisers against the angle of the first."""
        return crossed_law(self.polarizability(species), self.beam)

    def probe(self, species: Species) -> BalancedProbe:
        """What a balanced probe at normal incidence sees: of a rotating pair of components if any.

        The pair is real and imaginary part of the component that rotates counter-clockwise (for E
        the partners of the species, turned that way round); without an axis along the beam, or if
        the probe misses the pair, the partners of the species.
        """
        form, size = self.polarizability(species), species.dimension
        for target in self.targets:
            name = target.component.name if target.component else ""
            if target.species is species and name == "+" and target.vectors.shape[1] == 1:
                w = target.vectors[:, 0]
                if size == 2:
                    pair = np.diag([1.0, np.sign((w[1] / w[0]).imag)])
                else:
                    pair = np.sqrt(2) * np.stack([w.real, w.imag], axis=1)
                found = probe(form, self.beam, pair)
                if found.seen:
                    # Where the parts of a rotation of T are seen depends on the phase of (+).
                    return found if size == 2 else replace(found, dark_angles=())
        return probe(form, self.beam, np.eye(size))

    # --- drives ----------------------------------------------------------------------------

    @cached_property
    def _driven(self) -> dict[str, Complex]:
        """Motions of the infrared species that σ+ drives, by label."""
        found = {}
        for s in self.optical:
            form = self.dipole(s)
            if len(form):
                motions = form.contract(self._in("+"), None).T
                if np.abs(motions).max() > NO_COMPONENT:
                    # An orthonormal basis of what the dipoles, whatever their sizes, can drive.
                    u, values, _ = np.linalg.svd(motions, full_matrices=False)
                    found[s.label] = u[:, values > NO_COMPONENT]
        return found

    def drive(self, target: Target, *, difference: bool = False) -> Drive:
        """Judge every second-order route from light of σ+ to a target.

        Parameters
        ----------
        difference : bool
            At the difference frequency (the second factor enters as its conjugate), not the sum.
        """
        e, made = self._in("+"), target.vectors.conj()
        by_label = {s.label: s.participant for s in self.optical}
        goal = target.species.participant

        def second(v: Complex) -> Complex:
            return v.conj() if difference else v

        light = self._allows(self.polarizability(target.species), e, second(e), made)
        mixed, ionic, same = [], [], []
        for name, motions in self._driven.items():
            form = tensor_form((self.field, by_label[name], goal), ((0,), (1,), (2,)))
            if self._allows(form, e, second(motions), made):
                mixed.append(name)
        names = list(self._driven)
        for i, name in enumerate(names):
            for other in names if difference else names[i:]:
                factors = (by_label[name], by_label[other], goal)
                vectors = self._driven[name], second(self._driven[other]), made
                if name == other and self._allows(tensor_form(factors, ((0, 1), (2,))), *vectors):
                    same.append(name)
                if self._allows(tensor_form(factors, ((0,), (1,), (2,))), *vectors):
                    pair = (name, other)
                    if pair[::-1] not in ionic:
                        ionic.append(pair)
        return Drive(light, tuple(mixed), tuple(ionic), tuple(same))

    def harmonics(self) -> dict[int, tuple[Spin, ...]]:
        """Spins emitted forward at every multiple of the frequency of light of σ+."""
        return {m: tuple(self._emitted(m)) for m in HARMONICS}

    def _emitted(self, m: int) -> Iterator[Spin]:
        x = self.beam.frame[:2]

        def leg(spin: str, *, outgoing: bool = False) -> Leg:
            basis = (SIGMA[spin].jones @ x)[:, None]
            component = Component(None, None, f"σ{spin}", basis, 0, 0)
            return Leg(self.field, component, copy=int(outgoing), outgoing=outgoing)

        for spin in SPINS:
            if judge(Coupling((*(leg("+"),) * m, leg(spin, outgoing=True)))).word == "allowed":
                yield spin

    def __repr__(self) -> str:
        return f"Light({self.crystal.primitive.formula}, {self.beam!r})"


def exchanging(crystal: SymmetricCrystal, beam: Beam) -> int | None:
    """Index of an operation that takes the beam to itself with both spins reversed, if any.

    It keeps the lines of incident and scattered light and makes every intensity the same when all
    spins are reversed: a mirror containing them, a half-turn across a single line.
    """
    n, k = beam.frame[2], beam.scattered_frame[2]
    found = []
    for g, r in enumerate(crystal.rotations):
        if crystal.signs is not None and crystal.signs[g] < 0:
            continue  # time reversal turns scattering into another process
        keeps = all(np.allclose(np.abs((r @ v) @ v), 1, atol=1e-6) for v in (n, k))
        # Spin is axial: det(R) R n = −n.
        turned = all(np.linalg.det(r) * (r @ v) @ v < 0 for v in (n, k))
        if keeps and turned:
            found.append(g)
    rank = {-2: 0, 2: 1}
    operations = crystal.group.operations
    return min(found, key=lambda g: (rank.get(operations[g].type, 2), g), default=None)
