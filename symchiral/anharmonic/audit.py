"""How far third-order force constants obey the rules they must obey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.mesh import mesh_triplets, needs_judging
from symchiral.anharmonic.third_order import ThirdOrder, contract
from symchiral.anharmonic.vertexrules import TripleKind, VertexRules, vertex_rules
from symchiral.crystal.qpoint import QPoint, images
from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.reason import Reason, ReasonKind
from symchiral.forces.phonons import Phonons
from symchiral.irreps.axis import Axis, axis_at
from symchiral.value import Value

RESOLVED = 1e-12
"""A smaller part of the mean Σ|V₃|² of all vertices is zero but for rounding."""

OFFENDERS = 10
"""How many of the largest forbidden coefficients are kept."""


@dataclass(frozen=True)
class Offender:
    """A coefficient that should be zero.

    Attributes
    ----------
    modes : tuple of str
        The modes, all incoming, ``X1#2(+)@X``.
    reason : Reason
        Why; of a kind translation, parity, pam, exchange or group.
    value : float
        |V₃|, eV/(√amu Å)³.
    """

    modes: tuple[str, ...]
    reason: Reason
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class AuditedVertex(Value):
    """Three wavevectors, all incoming, and the coefficients of their modes.

    Attributes
    ----------
    rules : VertexRules
        Which triples of modes are allowed.
    total : float
        Σ|V₃|² over all triples of modes, (eV/(√amu Å)³)².
    scale : float
        Its mean over all vertices of the supercell, the scale of the constants.
    forbidden : dict of str to float
        The part of it in forbidden triples, by kind of the reason.
    counts : dict of str to int
        Number of triples of modes by kind of the reason, ``allowed`` included.
    offenders : tuple of Offender
        The largest forbidden ones.
    """

    rules: VertexRules
    total: float
    scale: float
    forbidden: dict[ReasonKind, float]
    counts: dict[TripleKind, int]
    offenders: tuple[Offender, ...]

    @property
    def points(self) -> tuple[QPoint, ...]:
        """The wavevectors."""
        return self.rules.points

    @property
    def axis(self) -> Axis | None:
        """The axis that keeps them."""
        return self.rules.axis

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """That of the rules."""
        return self.rules.mask

    @property
    def shares(self) -> dict[ReasonKind, float]:
        """Part of Σ|V₃|² in triples that are forbidden, by kind of the reason."""
        return _shares(self.forbidden, self.total, self.scale)

    @property
    def share(self) -> float:
        """Part of Σ|V₃|² in forbidden triples."""
        return sum(self.shares.values())


def _shares(
    forbidden: dict[ReasonKind, float], total: float, scale: float
) -> dict[ReasonKind, float]:
    """Parts of the whole; of ``RESOLVED`` of the scale where all of it is rounding."""
    whole = max(total, RESOLVED * scale)
    return {kind: size / whole if whole else 0.0 for kind, size in forbidden.items()}


@dataclass(frozen=True)
class AuditedMesh:
    """A mesh of wavevectors.

    Attributes
    ----------
    divisions : tuple of int
        Of the primitive reciprocal vectors.
    triplets : int
        Ordered triplets of its wavevectors with Σq = G.
    irreducible : int
        Triplets that neither the group nor an exchange relates.
    judged : int
        Those of them in which anything can be forbidden.
    """

    divisions: tuple[int, int, int]
    triplets: int
    irreducible: int
    judged: int


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Value):
    """What third-order force constants have of what symmetry forbids.

    Attributes
    ----------
    vertices : tuple of AuditedVertex
        The vertices, in the order asked for; none are kept of a mesh.
    total : float
        Σ|V₃|² over all of them, each with its weight, (eV/(√amu Å)³)².
    scale : float
        What it would be if all vertices were as the mean of those of the supercell.
    forbidden : dict of str to float
        The part of it in forbidden triples, by kind of the reason.
    counts : dict of str to int
        Number of triples of modes by kind of the reason, ``allowed`` included.
    offenders : tuple of Offender
        The largest forbidden coefficients.
    momentum : float or None
        Part of Σ|V₃|² of all wavevectors of the supercell in vertices with Σq ≠ G; None where the
        constants are given for the atoms of one primitive cell, which leaves no room for any.
    mesh : AuditedMesh or None
        The mesh, if one was asked for.
    """

    vertices: tuple[AuditedVertex, ...]
    total: float
    scale: float
    forbidden: dict[ReasonKind, float]
    counts: dict[TripleKind, int]
    offenders: tuple[Offender, ...]
    momentum: float | None = None
    mesh: AuditedMesh | None = None

    @property
    def shares(self) -> dict[ReasonKind, float]:
        """Part of Σ|V₃|² in triples that are forbidden, by kind of the reason."""
        found: dict[ReasonKind, float] = {}
        if self.momentum is not None:
            found["momentum"] = self.momentum
        return {**found, **_shares(self.forbidden, self.total, self.scale)}

    @property
    def share(self) -> float:
        """Part of Σ|V₃|² in forbidden triples."""
        return sum(self.shares.values())

    def __repr__(self) -> str:
        what = f"{len(self.vertices)} vertices" if self.mesh is None else repr(self.mesh)
        return f"Audit({what}, forbidden share {self.share:.2e})"


class _Sum:
    """Sums over vertices with weights, and the largest offenders so far."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0
        self.forbidden: dict[ReasonKind, float] = {}
        self.counts: dict[TripleKind, int] = {}
        self.offenders: list[Offender] = []

    def add(self, vertex: AuditedVertex, weight: int = 1) -> None:
        self.total += weight * vertex.total
        self.count += weight
        for kind, size in vertex.forbidden.items():
            self.forbidden[kind] = self.forbidden.get(kind, 0.0) + weight * size
        for word, count in vertex.counts.items():
            self.counts[word] = self.counts.get(word, 0) + weight * count
        merged = sorted([*self.offenders, *vertex.offenders], key=lambda o: -o.value)
        self.offenders = merged[:OFFENDERS]

    def audit(self, third: ThirdOrder, vertices: list[AuditedVertex], **more: Any) -> Audit:
        return Audit(
            tuple(vertices),
            self.total,
            self.count * third.scale,
            self.forbidden,
            self.counts,
            tuple(self.offenders),
            third.momentum,
            **more,
        )


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
        A vertex has not three wavevectors, or they do not sum to a reciprocal lattice vector.
    """
    found, total = [], _Sum()
    for points in vertices:
        vertex = _audited(third, vertex_rules(phonons, axis, points))
        total.add(vertex)
        found.append(vertex)
    return total.audit(third, found)


def audit_mesh(
    third: ThirdOrder,
    phonons: Phonons,
    axis: Axis | None,
    mesh: tuple[int, int, int],
    *,
    progress: Callable[[float], None] | None = None,
) -> Audit:
    """Audit all vertices of a mesh, one irreducible triplet of wavevectors after the other.

    Where no operation but the identity keeps a triplet nothing can be forbidden, and Σ|V₃|² is that
    of any basis: no modes are worked out. Memory holds one vertex at a time.

    Parameters
    ----------
    third, phonons, axis
        As for :func:`audit`.
    mesh : (3,) int
        Divisions of the primitive reciprocal vectors.
    progress : callable, optional
        Is told the share done.

    Raises
    ------
    InputError
        The mesh does not have the symmetry of the crystal, or is too large.
    """
    group = phonons.crystal.group
    triplets = list(mesh_triplets(group, mesh))
    total, judged = _Sum(), 0
    for k, triplet in enumerate(triplets):
        if progress is not None:
            progress(k / len(triplets))
        if needs_judging(group, triplet.points):
            judged += 1
            rules = vertex_rules(phonons, axis, _about(phonons.crystal, axis, triplet.points))
            total.add(_audited(third, rules), triplet.weight)
        else:
            vertex = third.vertex(triplet.points)
            total.total += triplet.weight * float(np.sum(np.abs(vertex) ** 2))
            total.count += triplet.weight
            free = total.counts.get("allowed", 0)
            total.counts["allowed"] = free + triplet.weight * vertex.size
    if progress is not None:
        progress(1.0)
    size = AuditedMesh(mesh, sum(t.weight for t in triplets), len(triplets), judged)
    return total.audit(third, [], mesh=size)


def _about(
    crystal: SymmetricCrystal, axis: Axis | None, points: tuple[QPoint, QPoint, QPoint]
) -> tuple[QPoint, ...]:
    """The image of a triplet of which the axis keeps most, so that PAM can be judged."""
    if axis is None:
        return points
    moved = dict.fromkeys(zip(*(images(crystal.group, q) for q in points), strict=True))
    parts = {triplet: axis_at(crystal, axis, triplet) for triplet in moved}
    return max(parts, key=lambda t: part.order if (part := parts[t]) else 1)


def _audited(third: ThirdOrder, rules: VertexRules) -> AuditedVertex:
    kinds, modes = rules.kinds, rules.modes
    vectors = (modes[0].eigenvectors, modes[1].eigenvectors, modes[2].eigenvectors)
    sizes = np.abs(contract(third.vertex(rules.points), vectors))
    forbidden: dict[ReasonKind, float] = {}
    counts: dict[TripleKind, int] = {}
    for kind in dict.fromkeys(cast("list[TripleKind]", kinds.ravel().tolist())):
        hit = kinds == kind
        counts[kind] = int(hit.sum())
        if kind != "allowed":
            forbidden[kind] = float(np.sum(sizes[hit] ** 2))
    wrong = np.where(kinds != "allowed", sizes, -1.0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:OFFENDERS]
    offenders = []
    for place in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[place] >= 0:
            names = tuple(rules.names[k][i] for k, i in enumerate(place))
            reason = rules.reasons[tuple(map(int, place))]
            offenders.append(Offender(names, reason, float(sizes[place])))
    total = float(np.sum(sizes**2))
    return AuditedVertex(rules, total, third.scale, forbidden, counts, tuple(offenders))
