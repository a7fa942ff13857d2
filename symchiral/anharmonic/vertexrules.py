"""What the rules say about every triple of modes at three wavevectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.mesh import needs_judging
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import judge
from symchiral.engine.reason import Reason, ReasonKind, why_forbidden
from symchiral.errors import WavevectorError
from symchiral.forces.phonons import Phonons
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.pam import Component
from symchiral.modes.mode import Mode, Modes, Multiplet
from symchiral.units import counted
from symchiral.value import Value

TripleKind = Literal["allowed", ReasonKind]
"""What decides on a triple of modes: the kind of the reason that forbids it, or ``allowed``."""


@dataclass(frozen=True, eq=False, repr=False)
class VertexRules(Value):
    """What the rules say about every triple of modes at three wavevectors.

    Attributes
    ----------
    points : tuple of QPoint
        The wavevectors, all incoming.
    axis : Axis or None
        The axis that keeps them.
    modes : tuple of Modes
        The modes at each.
    kinds : (M₁, M₂, M₃) str
        Kind of the reason, or ``allowed``, for triples of modes from the lowest frequency.
    reasons : dict
        Place in it → the reason, of the forbidden ones.
    names : tuple of three tuples of str
        The modes by name, ``X1#2(+)@X``.
    """

    points: tuple[QPoint, QPoint, QPoint]
    axis: Axis | None
    modes: tuple[Modes, Modes, Modes]
    kinds: npt.NDArray[np.str_]
    reasons: dict[tuple[int, ...], Reason]
    names: tuple[tuple[str, ...], ...]

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(M₁, M₂, M₃): triples forbidden for every choice of partners of equal frequency.

        A loop over triples of bands can leave them out, whatever basis its eigensolver took.
        """
        found = self.kinds != "allowed"
        for axis, m in enumerate(self.modes):
            frequencies = m.frequencies
            starts = np.flatnonzero(np.diff(frequencies, prepend=-np.inf) > 1e-5)
            whole = np.logical_and.reduceat(found, starts, axis=axis)
            found = np.repeat(whole, np.diff([*starts, len(frequencies)]), axis=axis)
        return np.asarray(found)

    def __repr__(self) -> str:
        forbidden = int(np.sum(self.kinds != "allowed"))
        return f"VertexRules({forbidden} of {self.kinds.size} triples forbidden)"


def forbidden_triples(
    phonons: Phonons, axis: Axis | None, points: Sequence[QPoint]
) -> npt.NDArray[np.bool_]:
    """Return the mask of forbidden triples of modes at three wavevectors, (3N, 3N, 3N).

    That of :class:`VertexRules`; where nothing can be forbidden no modes are worked out.

    Raises
    ------
    WavevectorError
        There are not three wavevectors, or they do not sum to a reciprocal lattice vector.
    """
    q = _three(points)
    if needs_judging(phonons.crystal.group, q):
        return vertex_rules(phonons, axis, q).mask
    return np.zeros((3 * len(phonons.masses),) * 3, dtype=bool)


def vertex_rules(phonons: Phonons, axis: Axis | None, points: Sequence[QPoint]) -> VertexRules:
    """Judge every triple of modes at three wavevectors.

    Parameters
    ----------
    phonons : Phonons
        The modes.
    axis : Axis or None
        The axis of rotation; the part of it that keeps all wavevectors is used.
    points : three QPoints
        Wavevectors, all incoming.

    Raises
    ------
    WavevectorError
        There are not three, or they do not sum to a reciprocal lattice vector.
    """
    q = _three(points)
    part = axis_at(phonons.crystal, axis, q)
    modes = (phonons.modes(part, q[0]), phonons.modes(part, q[1]), phonons.modes(part, q[2]))
    legs = [_legs(m, x) for m, x in zip(modes, q, strict=True)]
    kinds, reasons = _judged(legs, part)
    names = tuple(tuple(slot[3] for slot in leg) for leg in legs)
    return VertexRules(q, part, modes, kinds, reasons, names)


def _three(points: Sequence[QPoint]) -> tuple[QPoint, QPoint, QPoint]:
    if len(points) != 3:
        raise WavevectorError(
            "no third-order vertex",
            why=f"it has {counted(len(points), 'wavevector')}",
            fix="give three",
        )
    if not sum(points[1:], points[0]).is_reciprocal_vector:
        raise WavevectorError(
            "three waves that do not couple",
            why="their wavevectors sum to no reciprocal lattice vector",
            fix="give three wavevectors, all incoming, that sum to one",
        )
    return points[0].reduced, points[1].reduced, points[2].reduced


Slot = tuple[Mode, Multiplet, Component, str]


def _legs(modes: Modes, q: QPoint) -> list[Slot]:
    """Every mode with its multiplet, its component and its name."""
    found = []
    for multiplet in modes.multiplets:
        species = multiplet.species
        # Modes of split multiplets would have no component; here none is split.
        parts = [c for c in species.components for _ in range(c.basis.shape[1])]
        place = "" if q == GAMMA else f"@{species.place}"
        for mode, component in zip(multiplet.modes, parts, strict=True):
            found.append((mode, multiplet, component, mode.name + place))
    return found


def _judged(
    legs: list[list[Slot]], axis: Axis | None
) -> tuple[npt.NDArray[np.str_], dict[tuple[int, ...], Reason]]:
    """Kind of the reason for every triple, and the reasons of the forbidden ones."""
    shape = tuple(len(x) for x in legs)
    kinds = np.full(shape, "allowed", dtype="U16")
    reasons: dict[tuple[int, ...], Reason] = {}
    known: dict[object, Reason | None] = {}
    for place in np.ndindex(shape):
        chosen = [legs[k][i] for k, i in enumerate(place)]
        if any(multiplet.number is None for _, multiplet, _, _ in chosen):
            reasons[place] = Reason("translation")
            kinds[place] = reasons[place].kind
            continue
        fields = [(m.species.participant, m.number) for _, m, _, _ in chosen]
        pattern = tuple(fields.index(f) for f in fields)
        key = (
            pattern,
            tuple((m.species.key, c.index) for _, m, c, _ in chosen),
        )
        if key not in known:
            coupling = Coupling(
                tuple(
                    Leg(m.species.participant, c, copy=m.number or 0, arm=m.species.arm)
                    for _, m, c, _ in chosen
                )
            )
            known[key] = (
                why_forbidden(coupling, axis.turn if axis else None)
                if judge(coupling).word == "forbidden"
                else None
            )
        reason = known[key]
        if reason is not None:
            reasons[place] = reason
            kinds[place] = reason.kind
    return kinds, reasons
