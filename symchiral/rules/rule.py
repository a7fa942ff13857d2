"""A rule: a channel of a crystal, with what its atoms do and what light makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from symchiral.crystal.qpoint import GAMMA
from symchiral.errors import LimitError
from symchiral.irreps.axis import Axis
from symchiral.modes.motion import Motion, sign
from symchiral.modes.species import Species
from symchiral.rules.activity import routes
from symchiral.rules.budget import Budget, RotationSense, rotation_sense, sum_of_signs
from symchiral.rules.channel import Channel
from symchiral.rules.coupling import COPIES, Leg
from symchiral.rules.invariant import Invariant, invariant
from symchiral.rules.magnetism import velocities_may
from symchiral.rules.reason import Reason, why_forbidden
from symchiral.rules.wording import minus, pretty, route_text, signed
from symchiral.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class Rule(Value):
    """One channel of one crystal.

    Attributes
    ----------
    channel : Channel
        The judged channel.
    species : mapping of str to Species
        The species of the crystal by label.
    axis : Axis or None
        The axis of rotation.
    """

    channel: Channel
    species: Mapping[str, Species]
    axis: Axis | None

    @property
    def id(self) -> str:
        """The transfer in the grammar, ``Eu(+) Eu(+) -> Eg(-)``."""
        return self.channel.id

    @property
    def verdict(self) -> str:
        """allowed, forbidden or undecided; a rigid translation couples to nothing."""
        return "forbidden" if self.acoustic_only else self.channel.verdict.word

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
    def pam_sense(self) -> str:
        """kept, flipped, neutral or undefined."""
        return self.channel.pam_sense

    @property
    def sense_text(self) -> str:
        """The sense of PAM, with its n where that is not the one of the crystal's axis."""
        n = self.channel.order
        return self.pam_sense + (f", n = {n}" if self.axis and n != self.axis.whole else "")

    def motion(self, leg: Leg) -> Motion:
        """How the atoms turn in the component of a leg."""
        if leg.participant.field and self.axis and leg.component.residue is not None:
            return _spin(leg, self.axis)
        if leg.participant.field or leg.participant.known is not None:
            return Motion(float("nan"), float("nan"), ())
        return self.species[leg.species].motions[leg.component.index]

    @cached_property
    def _sides(self) -> tuple[list[Motion], list[Motion]]:
        return (
            [self.motion(leg) for leg in self.channel.coupling.incoming],
            [self.motion(leg) for leg in self.channel.coupling.outgoing],
        )

    @cached_property
    def rotation_sense(self) -> RotationSense:
        """Whether the atoms keep, flip or lose their net sense of rotation, or forces decide."""
        if self.axis is None:
            # Nothing to count about: but J that vanishes does so about every axis.
            still = any(all(m.still for m in side) for side in self._sides)
            return "none" if still else "open"
        signs = [sum_of_signs([m.sign for m in s], [m.value for m in s]) for s in self._sides]
        return rotation_sense(signs[0], signs[1])

    @cached_property
    def turns_across(self) -> bool:
        """Whether atoms may turn about directions across the axis, which are not counted."""
        motions = [m for side in self._sides for m in side]
        return self.axis is not None and any(m.across(self.axis) for m in motions)

    @cached_property
    def open_sites(self) -> tuple[str, ...]:
        """Sites whose atoms may turn either way and so leave ``rotation_sense`` open."""
        if self.rotation_sense != "open":
            return ()
        found: dict[str, None] = {}
        for side in self._sides:
            signs = {m.sign for m in side if m.sites} - {"0"}
            for m in side:
                if m.value is None or len(signs) > 1:
                    found.update((name, None) for name, *j in m.sites if sign(*j) != "0")
        return tuple(found)

    @cached_property
    def am_transfer(self) -> float | None:
        """ΣJ_in − ΣJ_out in ħ where symmetry fixes it, else None."""
        total = 0.0
        for side, weight in zip(self._sides, (1, -1), strict=True):
            for m in side:
                if m.value is None:
                    return None
                total += weight * m.value
        return round(total, 9) + 0.0

    @cached_property
    def acoustic_only(self) -> bool:
        """Whether only acoustic modes, which couple to nothing, could realise it."""
        needed: dict[str, int] = {}
        for leg in self.channel.coupling:
            if leg.participant.field:
                continue
            name = leg.species
            needed[name] = max(needed.get(name, 0), leg.copy + 1)
        return any(
            n > self.species[name].optical for name, n in needed.items() if name in self.species
        )

    @cached_property
    def pump(self) -> tuple[str | None, ...]:
        """How light drives each incoming quantum, the lowest order that does."""
        return tuple((self._routes(leg) or (None,))[0] for leg in self.channel.coupling.incoming)

    @cached_property
    def probe(self) -> tuple[str, ...]:
        """How light sees the outgoing quanta."""
        found: dict[str, None] = {}
        for leg in self.channel.coupling.outgoing:
            found.update(dict.fromkeys(self._routes(leg)))
        return tuple(found)

    def _routes(self, leg: Leg) -> tuple[str, ...]:
        if leg.participant.field:
            return ()
        return routes(leg.participant, leg.component.index, self.channel.turn)

    @cached_property
    def invariant(self) -> Invariant | None:
        """The invariants of the coupling; None if it is forbidden."""
        if not self.allowed or self.necessary_only:
            return None
        return invariant(self.channel.coupling, self.channel.turn)

    @cached_property
    def reason(self) -> Reason:
        """Why: the budget of an allowed channel, the witness of a forbidden one."""
        if self.verdict == "undecided":
            return Reason(
                "tolerance",
                f"the average over the group is {self.channel.verdict.size:.1e}, neither clearly "
                "zero nor clearly not",
            )
        if self.acoustic_only:
            return Reason(
                "translation",
                "only an acoustic mode could take part: at the zone centre it is a rigid "
                "translation, which changes no energy",
            )
        if not self.allowed:
            return why_forbidden(
                self.channel.coupling, first=self.axis.turn.index if self.axis else None
            )
        n = self.channel.coefficients
        if n is None:
            return Reason(
                "pam",
                f"PAM allows it, {self.budget_text}; of one leg no more is known, so this is "
                "necessary only",
            )
        text = f"{n} invariant{'s' if n > 1 else ''} of the group contain{'' if n > 1 else 's'} it"
        return Reason("invariant", f"{text}; {self.budget_text}" if self.axis else text)

    @cached_property
    def velocities(self) -> str | None:
        """Of a coupling that is forbidden among displacements, what velocities make of it.

        ``forbidden`` with one of them too, or ``not judged``: magnetic order or B might let it in;
        None where time reversal is unbroken, and of what is not forbidden.
        """
        crystal = next((s.matrices.crystal for s in self.species.values()), None)
        if crystal is None or crystal.signs is None or self.verdict != "forbidden":
            return None
        if self.acoustic_only:
            return "forbidden"
        return "not judged" if velocities_may(crystal, self.channel.coupling) else "forbidden"

    @property
    def budget_text(self) -> str:
        """``+1 +1 = 2 ≡ −1 (mod 3)``."""
        if self.axis is None:
            return "no rotation axis, no PAM"
        coupling, n = self.channel.coupling, self.axis.order
        if self._without_pam:
            return f"{', '.join(self._without_pam)}: no eigenstate of the axis, no PAM to balance"
        left = " ".join(signed(leg.component.pam) for leg in coupling.incoming)
        right = " ".join(signed(leg.component.pam) for leg in coupling.outgoing)
        sides = [
            [leg.component.pam or "" for leg in s] for s in (coupling.incoming, coupling.outgoing)
        ]
        try:
            l_in, l_out = ([Fraction(x) for x in side] for side in sides)
        except ValueError:  # on a line: l is linear in the free parameters
            same = self.umklapp is not None
            return f"{left} {'≡' if same else '≢'} {right} (mod {n})"
        total = sum(l_in, Fraction(0))
        same = (total - sum(l_out, Fraction(0))) % n == 0
        middle = f" = {minus(str(total))}" if len(l_in) > 1 else ""
        if same and total == sum(l_out, Fraction(0)):
            return f"{left} = {right}" if len(l_out) > 1 or not middle else f"{left}{middle}"
        return f"{left}{middle} {'≡' if same else '≢'} {right} (mod {n})"

    @property
    def _handed(self) -> Fraction:
        """What the turning quanta would hand over if their atoms turned with λ; 0 with a state."""
        budget = self.channel.budget
        if budget is None or self.channel.coupling.known is not None:
            return Fraction(0)
        into, out = (
            sum((x for x in side if 2 * abs(x) < budget.order), Fraction(0))
            for side in (budget.incoming, budget.outgoing)
        )
        return into - out

    @property
    def _without_pam(self) -> list[str]:
        """Light that is no eigenstate of the axis."""
        legs = self.channel.coupling.legs if self.axis else ()
        names = [minus(leg.label) for leg in legs if leg.component.residue is None]
        return list(dict.fromkeys(names))

    def to_record(self) -> dict[str, Any]:
        """Return the channel as the dictionary of the JSON contract."""
        coupling = self.channel.coupling
        inv = self.invariant
        reason = self.reason
        witnesses = [
            {
                "seitz": w.seitz,
                "xyz": w.xyz,
                "phase": None if reason.kind == "group" else str(w.phase),
                "exchange": None if w.exchange is None else list(w.exchange),
            }
            for w in reason.witnesses
        ]
        record: dict[str, Any] = {
            "id": self.id,
            "n": self.channel.order,
            "incoming": [_leg_record(leg) for leg in coupling.incoming],
            "outgoing": [_leg_record(leg) for leg in coupling.outgoing],
            "identical": self.channel.identical,
            "acoustic_only": self.acoustic_only,
            "verdict": self.verdict,
            "residual": self.channel.verdict.size if self.verdict == "undecided" else None,
            "coefficients": self.coefficients,
            "umklapp": self.umklapp,
            "momentum_umklapp": [int(x) for x in coupling.momentum.coordinates]
            if coupling.momentum.is_reciprocal_vector
            else None,
            "pam_sense": self.pam_sense,
            "rotation_sense": self.rotation_sense,
            "am_transfer": self.am_transfer,
            "open_sites": list(self.open_sites),
            "pump": list(self.pump),
            "probe": list(self.probe),
            "invariant": None
            if inv is None
            else {
                "text": inv.text,
                "latex": inv.latex(),
                "terms": [
                    [
                        {
                            "coefficient": [term.coefficient.real, term.coefficient.imag],
                            "factors": [[c.text, power] for c, power in term.factors],
                        }
                        for term in polynomial
                    ]
                    for polynomial in inv.polynomials
                ],
            },
            "reason": {
                "kind": reason.kind,
                "text": reason.text,
                "witness": (witnesses[0] if len(witnesses) == 1 else witnesses) or None,
            },
            **({} if self.velocities is None else {"velocities": self.velocities}),
        }
        budget = self.channel.budget
        if budget and any(leg.participant.arms != (GAMMA,) for leg in coupling):
            record["counted"] = {
                "incoming": [str(x) for x in budget.incoming],
                "outgoing": [str(x) for x in budget.outgoing],
                "screw_part": str(budget.screw_part),
                "halves": budget.halves,
                "other_senses": list(self.channel.other_senses),
            }
        return record

    def explain(self) -> str:
        """Return the verdict with its budget, invariant or witness, as text."""
        return "\n".join(self.lines(self.rotation_sense, self.am_transfer))

    def lines(self, atoms: RotationSense, am_transfer: float | None) -> list[str]:
        """Return the lines of :meth:`explain`, with what is known of the motion of the atoms.

        Parameters
        ----------
        atoms : str
            The sense of rotation of the atoms: :attr:`rotation_sense`, or that of actual modes.
        am_transfer : float or None
            The mechanical angular momentum handed to the lattice, ħ.
        """
        lines = [f"{pretty(self.id)}    {self.verdict}"]
        if self.axis is not None:
            lines += self._budget_lines()
            lines += self._state_lines()
        if self.allowed:
            lines += self._sense_lines(atoms, am_transfer)
            if self.necessary_only:
                lines.append(
                    "note       necessary only: of a state no more than its PAM is known, and what "
                    "else it is may forbid it"
                )
            else:
                lines += self._invariant_lines()
            lines += self._light_lines()
        else:
            lines.append(f"because    {self.reason.text}  [{self.reason.kind}]")
            if self.velocities is not None:
                lines.append(
                    "order      forbidden with a velocity too, which magnetic order or B lets in"
                    if self.velocities == "forbidden"
                    else "order      forbidden among displacements: magnetic order or B may allow "
                    "it with a velocity, which is not judged"
                )
            if self.umklapp is not None and self.reason.kind in ("parity", "exchange", "group"):
                lines.append(
                    "note       PAM alone would allow it: the full group forbids more than its "
                    "rotations"
                )
        return lines

    def _state_lines(self) -> list[str]:
        """What the number in the brackets of a state was read as."""
        found: dict[str, None] = {}
        for leg in self.channel.coupling:
            if leg.participant.known is None:
                continue
            if leg.label[0] == "X":
                text = "an electron and a hole together"
            else:
                text = "spin ½" if leg.participant.spinor else "without spin"
            j0 = leg.component.residue
            if f"[{j0}]" not in leg.label:
                text += f", j₀ = {minus(str(j0))} and at this end of the axis l = j₀ + s u"
            if leg.label[0] == "h":
                arm = int(leg.participant.conjugate_arms[leg.arm])
                empty = Leg(leg.participant, leg.component, arm=arm).label
                number, _, place = empty.partition("[")[2].partition("]@")
                text += f", the empty state has {minus(number.rstrip(']'))} at {place or 'GM'}"
            found[f"{minus(leg.label)}: {text}"] = None
        return [f"states     {'; '.join(found)}"] if found else []

    def _budget_lines(self) -> list[str]:
        budget, legs = self.channel.budget, self.channel.coupling.legs
        line = f"budget     {self.budget_text}"
        if self._without_pam or budget is None:
            return [line]
        if self.umklapp is None:
            return [f"{line}: PAM is not conserved"]
        number = minus(f"{self.umklapp:+d}") if self.umklapp else ""
        umklapp = f"rotational Umklapp U = {number}" if number else "no Umklapp"
        numbers = (*budget.incoming, *budget.outgoing)
        if [str(x) for x in numbers] == [leg.component.pam for leg in legs]:
            return [
                f"{line}: {f'conserved with {umklapp}' if number else 'PAM conserved, no Umklapp'}"
            ]
        return [f"{line}: PAM conserved", f"counted    {self._counted_text(budget)}: {umklapp}"]

    def _counted_text(self, budget: Budget) -> str:
        """``+1/2 +1 +1/2 (s m) = 2 ≡ −1 (mod 3)``: the λ and the screw part that make U."""
        left = " ".join(signed(str(x)) for x in budget.incoming)
        right = " ".join(signed(str(x)) for x in budget.outgoing)
        if budget.screw_part:
            left += f" {signed(str(budget.screw_part))} (s m)"
        if budget.halves:
            left += f" ±{Fraction(budget.order, 2)}" * budget.halves + " (s m)"
            return f"{left} ≡ {right} (mod {budget.order})"
        total, out = sum(budget.incoming, budget.screw_part), sum(budget.outgoing, Fraction(0))
        if "(" in left or len(budget.incoming) > 1:
            left += f" = {minus(str(total))}"
        text = (
            left
            if total == out and "=" in left
            else f"{left} {'=' if total == out else '≡'} {right}"
        )
        assert self.axis is not None
        why = (
            ""
            if budget.order == self.axis.order
            else f" by the true rotation in {self.axis.symbol}"
        )
        return f"{text} (mod {budget.order}){why}"

    def _sense_lines(self, atoms: RotationSense, am_transfer: float | None) -> list[str]:
        if self.axis is None:
            return [] if self._straight else [f"sense      no axis; {self._vector_words()}"]
        if self._without_pam:
            return []
        words = {
            "kept": "atoms keep their net sense of rotation",
            "flipped": "atoms reverse their net sense of rotation",
            "none": "no net rotation of atoms on one side",
            "open": f"which way the atoms turn depends on {self._deciding}"
            + (f" (sites {', '.join(self.open_sites)})" if self.open_sites else ""),
        }
        if any(leg.participant.known is not None for leg in self.channel.coupling):
            words["open"] = "the mechanical angular momentum of a state is not known from its PAM"
        if all(leg.participant.field for leg in self.channel.coupling.incoming):
            words["kept"], words["flipped"] = "with the light", "against the light"
            words = {**words, "none": "no net rotation of light or atoms on one side"}
            for sense in ("kept", "flipped"):
                words[sense] = f"what comes out turns {words[sense]}"
        if self.turns_across:
            words["none"] += " about the axis (about others the atoms may turn)"
        sense, ending = self.sense_text, ""
        if am_transfer is not None and abs(am_transfer) > 5e-4:
            given = f"{minus(f'{am_transfer:+.3g}')}ħ to the lattice"
            ending = f"; {given}"
            if self.pam_sense == "neutral":
                sense, ending = f"{sense}, and yet the atoms hand {given}", ""
        elif self.pam_sense == "neutral" and am_transfer is None and (l := self._handed):
            ending = f"; {signed(str(l))}ħ to the lattice where every J is l, else as forces decide"
        lines = [f"sense      PAM {sense}; {words[atoms]}{ending}"]
        if self.channel.other_senses:
            lines.append(
                f"note       {' or '.join(self.channel.other_senses)} if another parallel "
                f"{self.axis.place_word} is named: off the zone centre PAM, its sense and U belong "
                "to the named one"
            )
        return lines

    @property
    def _straight(self) -> bool:
        """Whether nothing can be said of rotation because no atom of any leg turns."""
        return all(m.still and not m.turning for side in self._sides for m in side)

    @property
    def _deciding(self) -> str:
        """What decides where symmetry does not."""
        broken = any(m.magnetic for side in self._sides for m in side)
        return "forces, velocity-dependent ones included" if broken else "forces"

    def _vector_words(self) -> str:
        """What is known of J without an axis to count it about."""
        if self.rotation_sense == "none":
            return "no net rotation of atoms on one side, about any direction"
        spans = [np.array(m.directions).reshape(-1, 3) for side in self._sides for m in side]
        together = np.concatenate(spans)
        unknown = any(m.box is None for side in self._sides for m in side)
        if not unknown and np.linalg.matrix_rank(together, tol=1e-6) == 1:
            n = ", ".join(minus(f"{x:.3f}") for x in together[0] + 0.0)
            return f"the atoms turn about ({n}), Cartesian; which way depends on {self._deciding}"
        return f"which way the atoms turn depends on {self._deciding}"

    def _invariant_lines(self) -> list[str]:
        try:
            parts = self.invariant.parts if self.invariant else ()
        except LimitError as error:
            parts = (f"({error.why})",)
        head = "invariant  V = "
        lines = [f"{head if i == 0 else ' ' * len(head)}{minus(p)}" for i, p in enumerate(parts)]
        n = self.channel.coefficients
        number = (
            "one real coefficient; its size is"
            if n == 1
            else f"{n} real coefficients; their sizes are"
        )
        return [*lines, f"strength   {number} not a matter of symmetry"]

    def _light_lines(self) -> list[str]:
        """What light does; off the zone centre its wavevector, nearly zero, reaches no mode."""
        coupling = self.channel.coupling
        driven = {
            leg.label: route
            for leg, route in zip(coupling.incoming, self.pump, strict=True)
            if leg.participant.arms == (GAMMA,) and not leg.participant.field
        }
        pumps = [
            f"{pretty(label)} by {route_text(route) if route else 'no light up to hyper-Raman'}"
            for label, route in driven.items()
        ]
        lines = [f"drive      {'; '.join(pumps)}"] if pumps else []
        seen = (leg.participant for leg in coupling.outgoing)
        if any(p.arms == (GAMMA,) and not p.field for p in seen):
            probes = ", ".join(route_text(p) for p in self.probe) or "nothing up to hyper-Raman"
            lines.append(f"seen by    {probes}")
        return lines

    def __repr__(self) -> str:
        return f"Rule({self.id!r}, {self.verdict})"


def _spin(leg: Leg, axis: Axis) -> Motion:
    """Light as a motion: its spin about the axis, i e × e*, in ħ per photon."""
    e = leg.component.basis[:, 0]
    spin = float((1j * np.cross(e, e.conj())).real @ axis.direction)
    return Motion(spin, spin, ())


def _leg_record(leg: Leg) -> dict[str, Any]:
    return {
        "q": leg.participant.places[leg.arm] or "GM",
        "species": leg.participant.names[leg.arm],
        "pam": leg.component.pam,
        "component": leg.component.name,
        "copy": COPIES[leg.copy],
        "field": leg.participant.field,
    }
