"""A rule: a channel of a crystal, with what its atoms do and what light makes of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from symchiral.display import Shown, display
from symchiral.engine.coupling import Leg
from symchiral.engine.judge import VerdictWord
from symchiral.engine.reason import Reason, why_forbidden
from symchiral.irreps.axis import Axis
from symchiral.modes.motion import Motion, sign
from symchiral.modes.species import GroupSpecies
from symchiral.rules.activity import Route
from symchiral.rules.budget import PamSense, Rotation, RotationSense, rotation, transferred
from symchiral.rules.channel import Channel
from symchiral.value import Value

if TYPE_CHECKING:
    from symchiral.engine.invariant import Invariant

Velocities = Literal["forbidden", "not judged"]
"""What a velocity in place of a displacement makes of a forbidden coupling."""


class Rotating:
    """What is said of rotation, of any modes of the species or of actual ones."""

    @property
    @abstractmethod
    def rotation(self) -> Rotation:
        """Rotation of the atoms, incoming against outgoing."""

    @property
    def rotation_sense(self) -> RotationSense:
        """Whether the atoms keep, flip or lose their net sense of rotation, or forces decide."""
        return self.rotation.sense

    @property
    def am_transfer(self) -> float | None:
        """ΣJ_in − ΣJ_out in ħ; None where symmetry, or the modes, leave it open."""
        return self.rotation.transfer


@dataclass(frozen=True, eq=False, repr=False)
class Rule(Rotating, Value, Shown):
    """One channel of one crystal, or of a group without atoms.

    Attributes
    ----------
    channel : Channel
        The judged channel.
    species : mapping of str to GroupSpecies
        The species of the crystal, or of the group, by label.
    axis : Axis or None
        The axis of rotation.
    """

    channel: Channel
    species: Mapping[str, GroupSpecies]
    axis: Axis | None

    @property
    def id(self) -> str:
        """The transfer in the grammar, ``Eu(+) Eu(+) -> Eg(-)``."""
        return self.channel.id

    @cached_property
    def verdict(self) -> VerdictWord:
        """allowed, forbidden or undecided; a rigid translation couples to nothing."""
        word = self.channel.verdict.word
        return "forbidden" if word == "forbidden" or self.acoustic_only else word

    @property
    def allowed(self) -> bool:
        """Whether the verdict is allowed; ``reason`` says why."""
        return self.verdict == "allowed"

    @property
    def coefficients(self) -> int | None:
        """Real coefficients of the coupling of the whole species; 0 if forbidden.

        None where a leg is a state of which only the PAM is known.
        """
        return self.channel.coefficients if self.allowed else 0

    @property
    def necessary_only(self) -> bool:
        """Whether an allowed verdict is necessary, not sufficient: a leg is known by PAM alone."""
        return self.channel.coupling.known is not None

    @property
    def umklapp(self) -> int | None:
        """Umklapp number U."""
        return self.channel.umklapp

    @property
    def pam_sense(self) -> PamSense:
        """kept, flipped, neutral or undefined."""
        return self.channel.pam_sense

    def motion(self, leg: Leg) -> Motion:
        """How the atoms rotate in the component of a leg."""
        if leg.participant.field and self.axis and leg.component.residue is not None:
            return _spin(leg, self.axis)
        if leg.participant.field or leg.participant.known is not None:
            return Motion(float("nan"), float("nan"), ())
        return self.species[leg.species].motions[leg.component.index]

    @cached_property
    def sides(self) -> tuple[list[Motion], list[Motion]]:
        """How the atoms rotate in the quanta that go in, and in those that come out."""
        return (
            [self.motion(leg) for leg in self.channel.coupling.incoming],
            [self.motion(leg) for leg in self.channel.coupling.outgoing],
        )

    @cached_property
    def rotation(self) -> Rotation:
        """Rotation of the atoms, as far as symmetry fixes it in all modes of the species."""
        into, out = self.sides
        momenta = [m.value for m in into], [m.value for m in out]
        if self.axis is None:
            # Nothing to count about: but J that vanishes does so about every axis.
            still = any(all(m.still for m in side) for side in self.sides)
            return Rotation("none" if still else "open", transferred(*momenta))
        return rotation(([m.sign for m in into], [m.sign for m in out]), momenta)

    @property
    def atoms_follow(self) -> bool | None:
        """Whether the atoms keep or flip their net sense as the PAM does; None if either is none.

        An incoming photon counts with its spin.
        """
        senses = {self.pam_sense, self.rotation_sense}
        return len(senses) == 1 if senses <= {"kept", "flipped"} else None

    @property
    def decided_by_modes(self) -> Leg | None:
        """A leg that stands for modes of which the actual ones decide how atoms rotate, if any."""
        legs = self.channel.coupling.legs
        vibrations = (x for x in legs if not x.participant.field and not x.participant.known)
        return next(vibrations, None) if self.allowed and self.rotation_sense == "open" else None

    @cached_property
    def turns_across(self) -> bool:
        """Whether atoms may rotate about directions across the axis, which are not counted."""
        motions = [m for side in self.sides for m in side]
        return self.axis is not None and any(m.across(self.axis) for m in motions)

    @cached_property
    def open_sites(self) -> tuple[str, ...]:
        """Sites whose atoms may rotate either way and so leave ``rotation_sense`` open."""
        if self.rotation_sense != "open":
            return ()
        found: dict[str, None] = {}
        for side in self.sides:
            signs = {m.sign for m in side if m.sites} - {"0"}
            for m in side:
                if m.value is None or len(signs) > 1:
                    found.update((name, None) for name, *j in m.sites if sign(*j) != "0")
        return tuple(found)

    @cached_property
    def acoustic_only(self) -> bool:
        """Whether only acoustic modes, which couple to nothing, could realise it."""
        return any(
            count > self.species[name].optical
            for name, count in self.channel.modes.items()
            if name in self.species
        )

    @property
    def pump(self) -> tuple[Route | None, ...]:
        """How light drives each incoming quantum, the lowest order that does."""
        return self.channel.pump

    @property
    def probe(self) -> tuple[Route, ...]:
        """How light sees the outgoing quanta."""
        return self.channel.probe

    @property
    def invariant(self) -> Invariant | None:
        """The invariants of the coupling; None if it is forbidden."""
        return self.channel.invariant if self.allowed and not self.necessary_only else None

    @cached_property
    def reason(self) -> Reason:
        """Why: the number of invariants of an allowed channel, the witness of a forbidden one."""
        if self.verdict == "undecided":
            return Reason("tolerance", residual=self.channel.verdict.size)
        if self.acoustic_only:
            return Reason("translation")
        if not self.allowed:
            return why_forbidden(self.channel.coupling, self.axis.turn if self.axis else None)
        n = self.channel.coefficients
        return Reason("pam" if n is None else "invariant", coefficients=n)

    @cached_property
    def velocities(self) -> Velocities | None:
        """Of a coupling that is forbidden among displacements, what velocities make of it.

        ``forbidden`` with one of them too, or ``not judged``: magnetic order or B might let it in;
        None where time reversal is unbroken, and of what is not forbidden.
        """
        crystal = next((s.symmetry for s in self.species.values()), None)
        if crystal is None or crystal.signs is None or self.verdict != "forbidden":
            return None
        if self.acoustic_only:
            return "forbidden"
        from symchiral.rules.magnetism import velocities_may

        return "not judged" if velocities_may(crystal, self.channel.coupling) else "forbidden"

    @property
    def without_pam(self) -> tuple[str, ...]:
        """Names of light that is not an eigenstate of the axis and so has no PAM to be balanced."""
        legs = self.channel.coupling.legs if self.axis else ()
        names = [leg.label for leg in legs if leg.component.residue is None]
        return tuple(dict.fromkeys(names))

    def to_record(self) -> dict[str, Any]:
        """Return the channel as the dictionary of the JSON contract."""
        record: dict[str, Any] = display(self, "record")
        return record

    def explain(self) -> str:
        """Return the verdict with its budget, invariant or witness, as text."""
        return display(self, "text")

    def __repr__(self) -> str:
        return f"Rule({self.id!r}, {self.verdict})"


def _spin(leg: Leg, axis: Axis) -> Motion:
    """Light as a motion: its spin about the axis, i e × e*, in ħ per photon."""
    e = leg.component.basis[:, 0]
    spin = float((1j * np.cross(e, e.conj())).real @ axis.direction)
    return Motion(spin, spin, ())
