"""How far third-order force constants obey the rules they must obey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.third_order import ThirdOrder, contract
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.errors import WavevectorError
from symchiral.forces.phonons import Phonons
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.pam import Component
from symchiral.modes.mode import Mode, Modes, Multiplet
from symchiral.rules.coupling import Coupling, Leg
from symchiral.rules.judge import judge
from symchiral.rules.reason import why_forbidden
from symchiral.value import Value, frozen

Floats = npt.NDArray[np.float64]

OFFENDERS = 10
"""How many of the largest forbidden coefficients are kept."""


@dataclass(frozen=True)
class Offender:
    """A coefficient that should be zero.

    Attributes
    ----------
    modes : tuple of str
        The modes, all incoming, ``X1(2,+)@X``.
    rule : str
        Kind of the reason: translation, parity, pam, exchange, group.
    reason : str
        The reason in words.
    value : float
        |V₃|, eV/(√amu Å)³.
    """

    modes: tuple[str, ...]
    rule: str
    reason: str
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class AuditedVertex(Value):
    """Three wavevectors, all incoming, and the coefficients of their modes.

    Attributes
    ----------
    points : tuple of QPoint
        The wavevectors.
    axis : Axis or None
        The axis that keeps them.
    total : float
        Σ|V₃|² over all triples of modes, (eV/(√amu Å)³)².
    forbidden : dict of str to float
        The part of it in forbidden triples, by kind of the reason.
    counts : dict of str to int
        Number of triples of modes by kind of the reason, ``allowed`` included.
    offenders : tuple of Offender
        The largest forbidden ones.
    mask : (M₁, M₂, M₃) bool
        Triples of bands, from the lowest frequency, that symmetry forbids for every choice of
        partners of equal frequency: a loop over triples can leave them out, whatever basis its
        eigensolver took.
    """

    points: tuple[QPoint, ...]
    axis: Axis | None
    total: float
    forbidden: dict[str, float]
    counts: dict[str, int]
    offenders: tuple[Offender, ...]
    mask: npt.NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Part of Σ|V₃|² in forbidden triples."""
        return sum(self.forbidden.values()) / self.total if self.total else 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Value):
    """What became of every vertex.

    Attributes
    ----------
    vertices : tuple of AuditedVertex
        The vertices, in the order asked for.
    """

    vertices: tuple[AuditedVertex, ...]

    @property
    def total(self) -> float:
        """Σ|V₃|² over all vertices."""
        return sum(v.total for v in self.vertices)

    @property
    def shares(self) -> dict[str, float]:
        """Part of Σ|V₃|² in triples that are forbidden, by kind of the reason."""
        kinds = dict.fromkeys(kind for v in self.vertices for kind in v.forbidden)
        total = self.total
        return {
            kind: sum(v.forbidden.get(kind, 0.0) for v in self.vertices) / total if total else 0.0
            for kind in kinds
        }

    @property
    def share(self) -> float:
        """Part of Σ|V₃|² in forbidden triples."""
        return sum(self.shares.values())

    @property
    def offenders(self) -> tuple[Offender, ...]:
        """The largest forbidden coefficients."""
        every = [o for v in self.vertices for o in v.offenders]
        return tuple(sorted(every, key=lambda o: -o.value)[:OFFENDERS])

    def __repr__(self) -> str:
        return f"Audit({len(self.vertices)} vertices, forbidden share {self.share:.2e})"


def audit(
    third: ThirdOrder,
    phonons: Phonons,
    axis: Axis | None,
    vertices: Sequence[Sequence[QPoint]],
) -> Audit:
    """Contract third-order force constants with modes, and judge every triple of them.

    Parameters
    ----------
    third : ThirdOrder
        The force constants.
    phonons : Phonons
        The modes.
    axis : Axis or None
        The axis of rotation; at every vertex the part of it that keeps all wavevectors is used.
    vertices : sequence of three QPoints each
        Wavevectors, all incoming.

    Raises
    ------
    WavevectorError
        The wavevectors of a vertex do not sum to a reciprocal lattice vector.
    """
    return Audit(tuple(_audited(third, phonons, axis, tuple(v)) for v in vertices))


def _audited(
    third: ThirdOrder, phonons: Phonons, axis: Axis | None, given: tuple[QPoint, ...]
) -> AuditedVertex:
    if len(given) != 3:
        raise WavevectorError(
            "no third-order vertex", why=f"it has {len(given)} wavevectors", fix="give three"
        )
    q = (given[0].reduced, given[1].reduced, given[2].reduced)
    part = axis_at(phonons.crystal, axis, q)
    modes = [phonons.modes(part, x) for x in q]
    sizes = np.abs(
        contract(
            third.vertex(q), (modes[0].eigenvectors, modes[1].eigenvectors, modes[2].eigenvectors)
        )
    )
    legs = [_legs(m, x) for m, x in zip(modes, q, strict=True)]
    kinds, reasons = _judged(legs, part)
    forbidden: dict[str, float] = {}
    counts: dict[str, int] = {}
    for kind in dict.fromkeys(kinds.ravel().tolist()):
        hit = kinds == kind
        counts[kind] = int(hit.sum())
        if kind != "allowed":
            forbidden[kind] = float(np.sum(sizes[hit] ** 2))
    wrong = np.where(kinds != "allowed", sizes, -1.0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:OFFENDERS]
    offenders = []
    for place in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[place] >= 0:
            names = tuple(legs[k][i][3] for k, i in enumerate(place))
            offenders.append(
                Offender(
                    names, str(kinds[place]), reasons[tuple(map(int, place))], float(sizes[place])
                )
            )
    return AuditedVertex(
        q,
        part,
        float(np.sum(sizes**2)),
        forbidden,
        counts,
        tuple(offenders),
        frozen(_mask(kinds != "allowed", modes)),
    )


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
) -> tuple[npt.NDArray[np.str_], dict[tuple[int, ...], str]]:
    """Kind of the reason for every triple, and the reasons of the forbidden ones."""
    shape = tuple(len(x) for x in legs)
    kinds = np.full(shape, "allowed", dtype="U16")
    reasons: dict[tuple[int, ...], str] = {}
    known: dict[object, tuple[str, str]] = {}
    for place in np.ndindex(shape):
        chosen = [legs[k][i] for k, i in enumerate(place)]
        if any(multiplet.number is None for _, multiplet, _, _ in chosen):
            kinds[place] = "translation"
            reasons[place] = "a rigid translation changes no energy"
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
            known[key] = ("allowed", "")
            if judge(coupling).word == "forbidden":
                why = why_forbidden(coupling, first=axis.turn.index if axis else None)
                known[key] = (why.kind, why.text)
        kinds[place] = known[key][0]
        if known[key][1]:
            reasons[place] = known[key][1]
    return kinds, reasons


def _mask(forbidden: npt.NDArray[np.bool_], modes: list[Modes]) -> npt.NDArray[np.bool_]:
    """Triples forbidden for all partners."""
    found = forbidden.copy()
    for axis, m in enumerate(modes):
        frequencies = m.frequencies
        starts = np.flatnonzero(np.diff(frequencies, prepend=-np.inf) > 1e-5)
        whole = np.logical_and.reduceat(found, starts, axis=axis)
        found = np.repeat(whole, np.diff([*starts, len(frequencies)]), axis=axis)
    return found
