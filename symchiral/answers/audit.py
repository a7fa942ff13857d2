"""The answer of ``audit``: the share of third-order force constants that symmetry forbids.

The records come first, then the function that fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from msgspec import field

from symchiral.anharmonic.audit import Audit as FoundAudit
from symchiral.anharmonic.audit import AuditedMesh, AuditedVertex
from symchiral.anharmonic.audit import Offender as FoundOffender
from symchiral.anharmonic.third_order import ThirdOrder
from symchiral.anharmonic.vertexrules import TripleKind
from symchiral.answers.crystal import (
    AxisOfRotation,
    Structure,
    Wavevector,
    axis_of,
    structure,
    wavevector,
)
from symchiral.answers.record import Answer, Count, Record, beginning
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import display
from symchiral.engine.reason import ReasonKind
from symchiral.irreps.axis import Axis


class Mesh(Record, frozen=True, kw_only=True):
    """The mesh of wavevectors, if one was asked for; then no vertices are listed."""

    divisions: tuple[int, int, int]
    """Of the primitive reciprocal vectors."""
    triplets: Count
    """Ordered triplets of wavevectors that sum to a reciprocal lattice vector."""
    irreducible: Count
    """Triplets that neither the group nor an exchange relates."""
    judged: Count
    """Those of them in which anything can be forbidden."""


class Vertex(Record, frozen=True, kw_only=True):
    """Three wavevectors and the coefficients of their modes."""

    q: tuple[Wavevector, ...]
    """The wavevectors, all incoming."""
    axis: str | None
    """The axis that keeps them; null without one."""
    total: float
    """Sum of |V3|^2 over triples of modes."""
    share: float
    """Part of it in forbidden triples."""
    forbidden: dict[ReasonKind, float]
    """Sum of |V3|^2 in forbidden triples, by kind of the reason."""
    counts: dict[TripleKind, Count]
    """Number of triples by kind of the reason, and allowed."""
    shares: dict[ReasonKind, float] = field(default_factory=dict)
    """The share by kind of the reason."""


class Offender(Record, frozen=True, kw_only=True):
    """A coefficient that should be zero."""

    modes: tuple[str, ...]
    """The modes, all incoming."""
    rule: ReasonKind
    """Kind of the reason."""
    reason: str
    """The reason."""
    value: float
    """|V3|, eV/(sqrt(amu) angstrom)^3."""


class RealSpace(Record, frozen=True, kw_only=True):
    """By how much averaging over the group changes the force constants themselves."""

    atoms: tuple[Count, Count, Count]
    """The atoms of the supercell whose constants change most, from 0."""
    change: float
    """By how much one of them changes, relative to the largest of all constants."""


class Audit(Answer, frozen=True, kw_only=True, tag="symchiral/audit/1"):
    """What ``symchiral audit --json`` prints: how much of |V3|^2 lies in triples of modes that
    symmetry forbids.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    unit: Literal["(eV/(sqrt(amu) angstrom)^3)^2"] = "(eV/(sqrt(amu) angstrom)^3)^2"
    """Of total and forbidden."""
    total: float
    """Sum of |V3|^2 over all vertices and triples of modes."""
    scale: float
    """What that sum would be if every vertex were as the mean over all vertices of the
    supercell. Where the sum is below 1e-12 of it, shares are parts of 1e-12 of it: the rest is
    rounding."""
    share: float
    """Part of it in forbidden triples."""
    shares: dict[ReasonKind, float]
    """That part by kind of the reason; momentum (where constants of all atoms of the supercell
    tell) is the part of all wavevectors of the supercell."""
    counts: dict[TripleKind, Count]
    """Number of triples of modes by kind of the reason, allowed included."""
    mesh: Mesh | None
    """The mesh of wavevectors, if one was asked for; then no vertices are listed."""
    vertices: tuple[Vertex, ...]
    """The vertices."""
    offenders: tuple[Offender, ...]
    """The largest forbidden coefficients."""
    real_space: RealSpace | None = None
    """What averaging over the group changes of the force constants."""

    row_types: ClassVar[tuple[type[Record], ...]] = (Vertex,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return Vertex, self.vertices


def audit(
    crystal: SymmetricCrystal, axis: Axis | None, found: FoundAudit, third: ThirdOrder
) -> Audit:
    """Answer how far force constants obey the rules.

    Parameters
    ----------
    found : Audit
        What of them lies in forbidden triples of modes.
    third : ThirdOrder
        The force constants.
    """
    atoms, change = third.broken()
    return Audit(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, axis),
        total=_digits(found.total, 9),
        scale=_digits(found.scale, 9),
        share=_digits(found.share),
        shares=_rounded(found.shares),
        counts=dict(found.counts),
        mesh=None if found.mesh is None else _mesh(found.mesh),
        vertices=tuple(_vertex(crystal, v) for v in found.vertices),
        offenders=tuple(map(_offender, found.offenders)),
        real_space=RealSpace(atoms=atoms, change=_digits(change)),
    )


def _mesh(mesh: AuditedMesh) -> Mesh:
    return Mesh(
        divisions=mesh.divisions,
        triplets=mesh.triplets,
        irreducible=mesh.irreducible,
        judged=mesh.judged,
    )


def _vertex(crystal: SymmetricCrystal, vertex: AuditedVertex) -> Vertex:
    return Vertex(
        q=tuple(wavevector(crystal, q) for q in vertex.points),
        axis=vertex.axis.symbol if vertex.axis else None,
        total=_digits(vertex.total, 9),
        share=_digits(vertex.share),
        forbidden=_rounded(vertex.forbidden),
        counts=dict(vertex.counts),
        shares=_rounded(vertex.shares),
    )


def _offender(offender: FoundOffender) -> Offender:
    return Offender(
        modes=offender.modes,
        rule=offender.reason.kind,
        reason=display(offender.reason, "of modes"),
        value=offender.value,
    )


def _rounded(sizes: dict[ReasonKind, float]) -> dict[ReasonKind, float]:
    return {kind: _digits(size) for kind, size in sizes.items()}


def _digits(value: float, digits: int = 6) -> float:
    return float(f"{value:.{digits}g}")
