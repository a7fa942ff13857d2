"""Why a coupling is allowed or forbidden, as a value; of a forbidden one the simplest operation.

:func:`why_forbidden` is where to start. Sentences are made of reasons in the room ``text``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.algebra import exact
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.engine.coupling import Coupling, Leg, exchanges
from symchiral.engine.judge import (
    average_of,
    between_normal_modes,
    largest,
    odd_spin,
    time_odd,
)
from symchiral.irreps.classes import all_of_class, at_centre, class_group, class_operations
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.value import FORBIDDEN, ROUNDED, Complex

ReasonKind = Literal[
    "invariant",
    "momentum",
    "translation",
    "parity",
    "pam",
    "exchange",
    "time-reversal",
    "spin",
    "normal-mode",
    "group",
    "tolerance",
]
"""What decided. ``invariant``: the group has invariants that contain the product; ``tolerance``:
the average is neither clearly zero nor clearly not; the others forbid it, but for ``pam`` of a
coupling of which a leg is known by its pseudo-angular momentum alone."""

OperationName = Literal[
    "inversion", "mirror", "glide", "half-turn", "screw", "rotation", "operation"
]


@dataclass(frozen=True)
class Witness:
    """An operation that multiplies the product by a phase other than 1.

    Attributes
    ----------
    operation : int
        Its index in the space group.
    seitz : str
        Its Seitz symbol in the standard setting.
    xyz : str
        Its Jones-faithful notation in the primitive cell.
    phase : Fraction
        The phase, as a fraction of a turn; never 0.
    exchange : tuple of int or None
        If it returns the product with equal legs exchanged: slot i then holds the former
        ``exchange[i]``. None if every leg returns by itself.
    name : str
        What kind of operation it is.
    """

    operation: int
    seitz: str
    xyz: str
    phase: Fraction
    exchange: tuple[int, ...] | None = None
    name: OperationName = "operation"


@dataclass(frozen=True)
class Reason:
    """Why a coupling is allowed, undecided or forbidden.

    Attributes
    ----------
    kind : str
        What decided.
    witnesses : tuple of Witness
        The operation that forbids it; two for ``group`` (their phases do not exist and are 0); none
        for momentum, translation, spin, time reversal and normal modes.
    phases : tuple of (str, Fraction)
        Every leg, ``*`` after an outgoing one, with the phase by which the witness multiplies it,
        a fraction of a turn; empty where legs do not return by themselves.
    total : tuple of str
        The sum of the wavevectors, where it is no reciprocal lattice vector.
    coefficients : int or None
        Number of invariants of an allowed coupling.
    residual : float or None
        Size of the average of an undecided one.
    """

    kind: ReasonKind
    witnesses: tuple[Witness, ...] = ()
    phases: tuple[tuple[str, Fraction], ...] = ()
    total: tuple[str, ...] = ()
    coefficients: int | None = None
    residual: float | None = None


def why_forbidden(coupling: Coupling, turn: Turn | None = None) -> Reason:
    """Return the simplest reason for a forbidden coupling.

    Tried in this order: momentum; spin (an odd number of states of spin ½); time reversal (an odd
    number of time-odd factors); two different normal modes that the group would mix; then single
    operations of which every leg is an eigenvector with product ≠ 1, parities (inversion,
    mirrors and glides, two-fold operations) before rotations of order three and more; then
    operations that return the product with equal legs exchanged and a phase ≠ 1; then the
    smallest pair of operations whose subgroup alone makes the average vanish.

    Parameters
    ----------
    coupling : Coupling
        A forbidden coupling.
    turn : Turn, optional
        The axis on which its components are resolved: its operation is tried first among the
        rotations.
    """
    if not coupling.momentum.is_reciprocal_vector:
        return Reason("momentum", total=tuple(coupling.momentum.texts))
    if odd_spin(coupling):
        return Reason("spin")
    if time_odd(leg.participant for leg in coupling):
        return Reason("time-reversal")
    if between_normal_modes(coupling) and largest(average_of(coupling)) > FORBIDDEN:
        return Reason("normal-mode")
    group = coupling.legs[0].participant.group
    known = coupling.known
    order = [
        g for g in by_simplicity(group, turn.index if turn else None) if known is None or g in known
    ]
    found = _find_in_class(coupling, turn, order) or _find(coupling, order)
    labels = [f"{leg.label}{'*' if leg.outgoing else ''}" for leg in coupling]
    return Reason(
        found.kind,
        tuple(_witness(group, g, found.phase, found.exchange) for g in found.operations),
        tuple(zip(labels, found.phases, strict=True)) if found.phases else (),
    )


@dataclass(frozen=True)
class _Found:
    """What forbids a coupling: its operations, the phases they give, and an exchange of legs."""

    kind: ReasonKind
    operations: tuple[int, ...]
    phase: Fraction = Fraction(0)
    phases: tuple[Fraction, ...] = ()
    exchange: tuple[int, ...] | None = None


def _find(coupling: Coupling, order: Sequence[int]) -> _Found:
    """Try the operations in this order."""
    group = coupling.legs[0].participant.group
    single = _eigenphases(coupling, group)
    for g in order:
        phase = single[g]
        if phase is not None and phase != 0:
            kind: ReasonKind = "parity" if abs(group.operations[g].type) in (1, 2) else "pam"
            phases = tuple(exact.turn(leg_phases(leg)[0][g]) for leg in coupling)
            return _Found(kind, (g,), phase, phases)
    if len(exchanges(coupling.equal, len(coupling.legs))) > 1:
        for g in order:
            exchanged = _exchanged_phase(coupling, g)
            if exchanged is not None and exchanged != 0:
                return _Found("exchange", (g,), exchanged, exchange=_returned(coupling, g))
    for i, g in enumerate(order):
        for h in order[i + 1 :]:
            if largest(average_of(coupling, subgroup(group, (g, h)))) <= FORBIDDEN:
                return _Found("group", (g, h))
    raise ValueError(f"{coupling} has no witness: is it forbidden?")


def _find_in_class(coupling: Coupling, turn: Turn | None, order: Sequence[int]) -> _Found | None:
    """The same, of irreps at the zone centre, found once for all groups of a class; else None."""
    legs = coupling.legs
    if not all(at_centre(leg.participant) for leg in legs):
        return None
    group = legs[0].participant.group
    places = class_operations(group)
    seen = turn.seen_from([GAMMA]) if turn else None
    participants, named = all_of_class(tuple(leg.participant for leg in legs), seen)
    if places is None or participants[0].group != class_group(group):
        return None
    if any(leg.component not in components(leg.participant, seen) for leg in legs):
        return None
    found = _find_once(
        participants,
        tuple((leg.component.index, leg.copy, leg.outgoing) for leg in legs),
        named,
        tuple(places[g] for g in order),
    )
    return replace(found, operations=tuple(places.index(g) for g in found.operations))


@lru_cache(maxsize=16384)
def _find_once(
    participants: tuple[Participant, ...],
    legs: tuple[tuple[int, int, bool], ...],
    turn: Turn | None,
    order: tuple[int, ...],
) -> _Found:
    product = (
        Leg(p, components(p, turn)[index], copy, outgoing=outgoing)
        for p, (index, copy, outgoing) in zip(participants, legs, strict=True)
    )
    return _find(Coupling(tuple(product)), order)


def subgroup(group: SpaceGroup, generators: tuple[int, ...]) -> list[int]:
    """Indices of the operations that some of them generate, modulo lattice translations."""
    members = {0}
    frontier = [0]
    while frontier:
        g = frontier.pop()
        for h in generators:
            product = int(group.products[h, g])
            if product not in members:
                members.add(product)
                frontier.append(product)
    return sorted(members)


def by_simplicity(group: SpaceGroup, first: int | None = None) -> list[int]:
    """Operations but the identity: inversion, mirrors, half-turns, then the others."""
    rank = {-1: 0, -2: 1, 2: 2, 3: 4, 4: 4, 6: 4, -3: 5, -4: 5, -6: 5}

    def key(g: int) -> tuple[int, int]:
        kind = group.operations[g].type
        return (3 if g == first and abs(kind) > 2 else rank[kind]), g

    return sorted(range(1, len(group)), key=key)


def _eigenphases(coupling: Coupling, group: SpaceGroup) -> list[Fraction | None]:
    """Phase of the product under each operation of which every leg is an eigenspace, else None."""
    valid = np.ones(len(group), dtype=bool)
    product = np.ones(len(group), dtype=complex)
    for leg in coupling:
        values, scalar = leg_phases(leg)
        valid &= scalar
        product = product * values
    return [exact.turn(p) if ok else None for p, ok in zip(product, valid, strict=True)]


def leg_phases(leg: Leg) -> tuple[Complex, npt.NDArray[np.bool_]]:
    """Eigenvalue of a leg (written incoming) under every operation, and where it has one."""
    return _leg_phases(leg.participant, leg.arm, leg.component, leg.outgoing)


@lru_cache(maxsize=16384)
def _leg_phases(
    participant: Participant,
    own_arm: int,
    component: Component,
    outgoing: bool,  # noqa: FBT001
) -> tuple[Complex, npt.NDArray[np.bool_]]:
    leg = Leg(participant, component, outgoing=outgoing, arm=own_arm)
    arm, vectors = leg.incoming_arm, leg.vectors
    images = participant.matrices[:, arm] @ vectors
    inside = vectors.conj().T @ images
    values = np.trace(inside, axis1=1, axis2=2) / vectors.shape[1]
    residual = np.abs(images - values[:, None, None] * vectors).max(axis=(1, 2))
    return values, (residual < ROUNDED) & (participant.images[:, arm] == arm)


def _exchanged_phase(coupling: Coupling, g: int) -> Fraction | None:
    """Phase λ if the symmetrised product returns to λ times itself under g, else None."""
    before, after = average_of(coupling, [0]), average_of(coupling, [g])
    if before.keys() != after.keys():
        return None
    overlap = sum(np.vdot(before[a], after[a]) for a in before)
    norm = sum(np.vdot(before[a], before[a]).real for a in before)
    phase = complex(overlap / norm)
    if any(np.abs(after[a] - phase * before[a]).max() > ROUNDED for a in before):
        return None
    return exact.turn(phase)


def _witness(
    group: SpaceGroup, g: int, phase: Fraction, exchange: tuple[int, ...] | None = None
) -> Witness:
    standard = group.standard_operations[g]
    return Witness(
        g, standard.seitz, group.operations[g].xyz, phase, exchange, operation_name(group, g)
    )


def operation_name(group: SpaceGroup, g: int) -> OperationName:
    """Kind of an operation, as it is called: mirror, glide, screw, …"""
    operation = group.standard_operations[g]
    if operation.kind == "glide" and abs(operation.type) == 2:
        return "glide"
    if operation.kind in ("glide", "screw"):
        return "screw"
    if operation.type > 2:
        return "rotation"
    names: dict[int, OperationName] = {-1: "inversion", -2: "mirror", 2: "half-turn"}
    return names.get(operation.type, "operation")


def _returned(coupling: Coupling, g: int) -> tuple[int, ...]:
    """The exchange after which g has taken every leg to a multiple of the leg it replaces.

    The symmetrised product is a product of linear forms, which factorises in one way only.
    """
    legs = coupling.legs
    images = [leg.participant.matrices[g, leg.incoming_arm] @ leg.vectors for leg in legs]
    arms = [int(leg.participant.images[g, leg.incoming_arm]) for leg in legs]

    def replaces(i: int, leg: Leg) -> bool:
        if arms[i] != leg.incoming_arm:
            return False
        inside = leg.vectors @ (leg.vectors.conj().T @ images[i])
        return bool(np.abs(images[i] - inside).max() < ROUNDED)

    return next(
        order
        for order in exchanges(coupling.equal, len(legs))
        if all(replaces(i, legs[slot]) for i, slot in enumerate(order))
    )
