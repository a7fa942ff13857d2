"""What an answer says of channels and transfers: quanta, verdict, senses, invariant, reason.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from symchiral.answers.record import Count, FrequencyUnit, Pam, Rational, Record, ReIm, Xyz
from symchiral.crystal.qpoint import GAMMA
from symchiral.display import display
from symchiral.engine.coupling import COPIES
from symchiral.engine.coupling import Leg as RuleLeg
from symchiral.engine.judge import VerdictWord
from symchiral.engine.reason import OperationName, ReasonKind
from symchiral.engine.reason import Reason as BareReason
from symchiral.rules.activity import Route
from symchiral.rules.budget import PamSense, RotationSense
from symchiral.rules.channel import Channel as GroupChannel
from symchiral.rules.listing import Group, group_of
from symchiral.rules.listing import Row as ListedRow
from symchiral.rules.rule import Rotating, Rule, Velocities
from symchiral.units import PER_THZ

if TYPE_CHECKING:
    from symchiral.rules.resonance import Transfer as RuleTransfer

TransferName = Annotated[str, Meta(pattern=r"^[^ ]+( [^ ]+)* -> [^ ]+( [^ ]+)*$")]
"""A transfer in the grammar, ``Eu(+) Eu(+) -> Eg(-)``."""


class Leg(Record, frozen=True, kw_only=True):
    """One quantum of a transfer."""

    q: str
    """Label of its wavevector."""
    species: str
    """Label of its species."""
    pam: Pam | None
    """Its pseudo-angular momentum; null without an axis."""
    component: str
    """What stands in parentheses in the id; empty for the only component."""
    copy: Annotated[str, Meta(pattern=r"^[a-j]$")]
    """Letter of its mode within the species: equal letters, on either side, are one normal
    coordinate."""
    field: bool
    """Whether it is light, an applied field, and no vibration: then the component is its
    polarisation."""


class Counted(Record, frozen=True, kw_only=True):
    """The numbers that make senses and U, off the zone centre."""

    incoming: tuple[str, ...]
    """The number of every quantum that goes in, a fraction as text: l0, or l at the end of the
    zone of a screw axis."""
    outgoing: tuple[str, ...]
    """The same of every quantum that comes out."""
    screw_part: str
    """What the screw adds to the difference: s times the sum of u, a fraction as text."""
    halves: Count
    """How many n/2 of either sign the screw adds besides."""
    other_senses: tuple[PamSense, ...]
    """The senses of PAM if another parallel axis of this order were named, other than pam_sense."""


class Term(Record, frozen=True, kw_only=True):
    """A product of amplitudes."""

    coefficient: ReIm
    """Its factor: real and imaginary part."""
    factors: tuple[tuple[str, int], ...]
    """Amplitudes and their powers."""


class Invariants(Record, frozen=True, kw_only=True):
    """The coupling as polynomials in the amplitudes Q, one per real coefficient; conjugates are
    written as the component of opposite l.
    """

    text: str
    """Plain text."""
    latex: str
    """LaTeX."""
    terms: tuple[tuple[Term, ...], ...]
    """One list of terms per real coefficient."""


class Witness(Record, frozen=True, kw_only=True):
    """An operation that forbids a transfer."""

    seitz: str
    """Seitz symbol in the standard setting."""
    xyz: Xyz
    """The operation in the primitive cell."""
    phase: Rational | None
    """Phase by which it multiplies the product, as a fraction of a turn; null for the members
    of a pair."""
    exchange: tuple[Count, ...] | None
    """Where it exchanges equal legs: slot i then holds the former exchange[i]. Else null."""


class NamedWitness(Witness, frozen=True, kw_only=True):
    """An operation that forbids a transfer, with what it is."""

    name: OperationName
    """What kind of operation it is."""


class RuleReason(Record, frozen=True, kw_only=True):
    """Why a rule allows, forbids or leaves open a transfer, where no more of the rule is told."""

    kind: ReasonKind
    """What decided."""
    text: str
    """A sentence, with the phase by which the operation multiplies every quantum."""
    witnesses: tuple[NamedWitness, ...]
    """The operation that forbids it, or two that do so together; else none."""


class Reason(Record, frozen=True, kw_only=True):
    """Why a transfer is allowed, undecided or forbidden."""

    kind: ReasonKind
    """What decided."""
    text: str
    """A sentence."""
    witness: Witness | tuple[Witness, ...] | None
    """The operation that forbids it; a list of two that do so together; null where there is
    none."""


class Channel(Record, frozen=True, kw_only=True):
    """One transfer: which quanta go in, which come out, and the verdict."""

    id: TransferName
    """The transfer in the grammar, ``Eu(+) Eu(+) -> Eg(-)``; reads back to the same channel."""
    n: Annotated[int, Meta(ge=2, le=6)] | None
    """The n that senses and U refer to: the order of the axis, at the end of the zone of 4_2
    and 6_3 that of the rotation in the screw; null without an axis."""
    incoming: tuple[Leg, ...]
    """Quanta that go in; their order has no meaning."""
    outgoing: tuple[Leg, ...]
    """Quanta that come out."""
    counted: Counted | UnsetType = UNSET
    """Only off the zone centre, where there is a PAM: the numbers that make senses and U. At
    the zone centre they are the pam of the quanta."""
    identical: bool
    """Whether two incoming quanta are of one and the same mode."""
    acoustic_only: bool
    """Whether only rigid translations, which couple to nothing, could realise it."""
    verdict: VerdictWord
    """What symmetry says."""
    residual: Annotated[float, Meta(ge=0)] | None
    """Size of the group average of an undecided channel, else null. Dimensionless."""
    coefficients: Count | None
    """Real coefficients of the coupling of the whole species; 0 unless allowed, null where a
    quantum is a state of which only the pseudo-angular momentum is known."""
    umklapp: int | None
    """U = (sum of l in - sum of l out)/n; null without an axis or where pseudo-angular momentum
    is not conserved."""
    momentum_umklapp: tuple[int, int, int] | None
    """Sum of the wavevectors, all written incoming, in the reciprocal primitive basis; null
    where it is no reciprocal lattice vector."""
    pam_sense: PamSense
    """Sense of pseudo-angular momentum, out against in; undefined without an axis."""
    rotation_sense: RotationSense
    """Sense in which the atoms rotate, out against in; open where forces decide or there is no
    axis. Of a group without atoms: none where one side cannot rotate in any of its crystals, else
    open."""
    am_transfer: float | None
    """Mechanical angular momentum handed to the lattice where symmetry fixes it, else null.
    Unit: hbar."""
    open_sites: tuple[str, ...]
    """Sites that leave rotation_sense open."""
    pump: tuple[Route | None, ...]
    """How light drives each incoming quantum, in their order; null: not up to hyper-Raman."""
    probe: tuple[Route, ...]
    """How light sees the outgoing quanta."""
    invariant: Invariants | None
    """The invariants of the coupling; null unless allowed."""
    reason: Reason
    """Why."""
    velocities: Velocities | UnsetType = UNSET
    """Only of a forbidden channel where time reversal is broken: what one velocity, odd in the
    magnetic order or in B, makes of it. forbidden: nothing; not judged: it might allow it."""


class FlatRule(Record, frozen=True, kw_only=True):
    """A rule as one flat record, for tables and data frames."""

    transfer: TransferName
    """The channel, ``Eu(+) Eu(+) -> Eg(-)``."""
    group: Group
    """flipped, kept or neutral as its PAM; without rotation: nothing rotates; undefined: no
    axis."""
    verdict: VerdictWord
    """What symmetry says."""
    incoming: tuple[Pam | None, ...]
    """PAM of the quanta that go in."""
    outgoing: tuple[Pam | None, ...]
    """PAM of the quanta that come out."""
    n: int | None
    """The n that senses and U refer to."""
    umklapp: int | None
    """U = (sum of l in - sum of l out)/n."""
    pam_sense: PamSense
    """Sense of pseudo-angular momentum, out against in."""
    other_senses: tuple[PamSense, ...]
    """Its other senses, if another parallel axis of this order were named."""
    rotation_sense: RotationSense
    """Sense in which the atoms rotate, out against in."""
    across: bool
    """Whether atoms may rotate about directions across the axis, which are not counted."""
    am_transfer: float | None
    """Angular momentum handed to the lattice where symmetry fixes it. Unit: hbar."""
    pump: tuple[Route | None, ...]
    """How light drives each incoming quantum."""
    probe: tuple[Route, ...]
    """How light sees the outgoing quanta."""
    coefficients: Count | None
    """Real coefficients of the coupling of the whole species."""


class Row(FlatRule, frozen=True, kw_only=True):
    """A row of the table: a transfer of species, and the channel that stands for it."""

    different: bool
    """Whether quanta of one species must be of different modes."""
    signed: bool
    """Whether reversing all signs gives another transfer."""
    both: bool
    """Whether that one is allowed too; then this row stands for both."""


class Transfer(Record, frozen=True, kw_only=True):
    """An allowed channel between modes with frequencies; without forces between species, and what
    is of frequencies is null.
    """

    id: TransferName
    """The transfer, with forces with the numbers of its modes, ``Eu#1(+) Eu#1(+) -> Eg#2(-)``."""
    channel: TransferName
    """Id of the channel of the species."""
    frequencies: tuple[float, ...] | None
    """Frequencies of the quanta, incoming ones first; null without forces."""
    frequency_unit: FrequencyUnit
    """Unit of frequencies."""
    detuning: float | None
    """Incoming frequencies minus outgoing ones; null without forces."""
    detuning_unit: FrequencyUnit
    """Unit of detuning."""
    linewidth: float | None
    """Total linewidth assumed; null without forces."""
    linewidth_unit: FrequencyUnit
    """Unit of linewidth."""
    score: Annotated[float, Meta(ge=0, le=1)] | None
    """linewidth^2 / (detuning^2 + linewidth^2); null without forces."""
    umklapp: int | None
    """Umklapp number U; null without a common axis."""
    pam_sense: PamSense
    """What happens to the sense of pseudo-angular momentum."""
    rotation_sense: RotationSense
    """What happens to the sense in which the atoms rotate, from the eigenvectors."""
    am_transfer: float | None
    """Mechanical angular momentum handed to the lattice, from the eigenvectors; null where a
    mode has none of its own. Unit: hbar."""
    pump: tuple[Route | None, ...]
    """How light drives each incoming quantum."""
    probe: tuple[Route, ...]
    """How light sees the outgoing quanta."""
    coefficients: Count | None = None
    """Real coefficients of the coupling of the whole species."""
    modes: tuple[str, ...] = ()
    """With forces, names of the modes of the quanta, ``Eu#1``, ``K3#2@K``."""
    rotates: bool = False
    """Whether any quantum has a sense of rotation, 0 < |l| < n/2."""
    reverse_of: str | None = None
    """Id of the transfer of this list that has the signs of all quanta reversed and stands for both
    in the table; null for that one."""


def channel(rule: Rule) -> Channel:
    """Describe a rule."""
    invariant = None if rule.invariant is None else _invariants(rule.channel)
    return Channel(
        **_of_group(rule.channel),
        acoustic_only=rule.acoustic_only,
        verdict=rule.verdict,
        residual=rule.channel.verdict.size if rule.verdict == "undecided" else None,
        coefficients=rule.coefficients,
        rotation_sense=rule.rotation_sense,
        am_transfer=rule.am_transfer,
        open_sites=rule.open_sites,
        invariant=invariant,
        reason=_reason(rule),
        velocities=UNSET if rule.velocities is None else rule.velocities,
    )


@lru_cache(maxsize=8192)
def _of_group(found: GroupChannel) -> dict[str, Any]:
    """What a channel is in every crystal of a group."""
    coupling, momentum = found.coupling, found.coupling.momentum
    return {
        "id": found.id,
        "n": found.order,
        "incoming": tuple(map(_leg, coupling.incoming)),
        "outgoing": tuple(map(_leg, coupling.outgoing)),
        "counted": _counted(found),
        "identical": found.identical,
        "umklapp": found.umklapp,
        "momentum_umklapp": tuple(int(x) for x in momentum.coordinates)
        if momentum.is_reciprocal_vector
        else None,
        "pam_sense": found.pam_sense,
        "pump": found.pump,
        "probe": found.probe,
    }


def _leg(leg: RuleLeg) -> Leg:
    return Leg(
        q=leg.participant.places[leg.arm] or "GM",
        species=leg.participant.names[leg.arm],
        pam=leg.component.pam,
        component=leg.component.name,
        copy=COPIES[leg.copy],
        field=leg.participant.field,
    )


def _counted(found: GroupChannel) -> Counted | UnsetType:
    budget = found.budget
    if not budget or all(leg.participant.arms == (GAMMA,) for leg in found.coupling):
        return UNSET
    return Counted(
        incoming=tuple(map(str, budget.incoming)),
        outgoing=tuple(map(str, budget.outgoing)),
        screw_part=str(budget.screw_part),
        halves=budget.halves,
        other_senses=found.other_senses,
    )


@lru_cache(maxsize=8192)
def _invariants(channel: GroupChannel) -> Invariants:
    found = channel.invariant
    return Invariants(
        text=found.text,
        latex=found.latex(),
        terms=tuple(
            tuple(
                Term(
                    coefficient=(term.coefficient.real, term.coefficient.imag),
                    factors=tuple((c.text, power) for c, power in term.factors),
                )
                for term in polynomial
            )
            for polynomial in found.polynomials
        ),
    )


def rule_reason(reason: BareReason) -> RuleReason:
    """Describe a reason, without the rule it is of."""
    return RuleReason(
        kind=reason.kind,
        text=display(reason, "text"),
        witnesses=tuple(
            NamedWitness(**told, name=w.name)
            for w, told in zip(reason.witnesses, _witnesses(reason), strict=True)
        ),
    )


def _witnesses(reason: BareReason) -> Iterator[dict[str, Any]]:
    for w in reason.witnesses:
        phase = None if reason.kind == "group" else str(w.phase)
        yield {"seitz": w.seitz, "xyz": w.xyz, "phase": phase, "exchange": w.exchange}


def _reason(rule: Rule) -> Reason:
    witnesses = tuple(Witness(**told) for told in _witnesses(rule.reason))
    return Reason(
        kind=rule.reason.kind,
        text=display(rule, "reason"),
        witness=(witnesses[0] if len(witnesses) == 1 else witnesses) or None,
    )


def flat(rule: Rule) -> FlatRule:
    """Describe a rule as a flat record."""
    return FlatRule(**_fields(rule))


def row(listed: ListedRow) -> Row:
    """Describe a row of the table of a book."""
    return Row(
        **_fields(listed.rule), different=listed.different, signed=listed.signed, both=listed.both
    )


def _fields(rule: Rule) -> dict[str, Any]:
    coupling = rule.channel.coupling
    return {
        "transfer": rule.id,
        "group": group_of(rule),
        "verdict": rule.verdict,
        "incoming": tuple(leg.component.pam for leg in coupling.incoming),
        "outgoing": tuple(leg.component.pam for leg in coupling.outgoing),
        "n": rule.channel.order,
        "other_senses": rule.channel.other_senses,
        "across": rule.turns_across,
        **_shared(rule, rule),
    }


def _shared(rule: Rule, rotating: Rotating) -> dict[str, Any]:
    """What is said of transfers of species and of those between modes, with their rotation."""
    return {
        "umklapp": rule.umklapp,
        "pam_sense": rule.pam_sense,
        "rotation_sense": rotating.rotation_sense,
        "am_transfer": rotating.am_transfer,
        "pump": rule.pump,
        "probe": rule.probe,
        "coefficients": rule.coefficients,
    }


def transfer(
    found: RuleTransfer, *, unit: FrequencyUnit, reverse_of: str | None = None
) -> Transfer:
    """Describe a transfer between actual modes."""
    factor, rule = PER_THZ[unit], found.rule
    return Transfer(
        id=found.id,
        channel=rule.id,
        frequencies=tuple(round(m.frequency * factor, 9) for m in found.multiplets),
        frequency_unit=unit,
        detuning=round(found.detuning * factor, 9) + 0.0,
        detuning_unit=unit,
        linewidth=round(found.linewidth * factor, 9),
        linewidth_unit=unit,
        score=round(found.score, 9),
        **_shared(rule, found),
        modes=tuple(str(name) for name in found.mode_names),
        rotates=rule.channel.rotates,
        reverse_of=reverse_of,
    )


def species_transfer(rule: Rule, *, unit: FrequencyUnit) -> Transfer:
    """Describe a transfer between species, of which no frequency is known, in the same form."""
    return Transfer(
        id=rule.id,
        channel=rule.id,
        frequencies=None,
        frequency_unit=unit,
        detuning=None,
        detuning_unit=unit,
        linewidth=None,
        linewidth_unit=unit,
        score=None,
        **_shared(rule, rule),
        rotates=rule.channel.rotates,
    )
