"""The table of ``audit``: the share of third-order force constants that symmetry forbids."""

from __future__ import annotations

from collections.abc import Mapping

from symchiral.answers.audit import Audit, RealSpace, Vertex
from symchiral.engine.reason import ReasonKind
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.text.crystal import crystal_lines

KINDS: tuple[ReasonKind, ...] = ("translation", "parity", "pam", "exchange", "group")
"""The reasons in the order of the table."""

ROUNDING = 1e-9
"""Force constants that averaging changes by less, relative to the largest, are those of the group.
"""


def audit_table(answer: Audit, *, limit: float | None = None) -> Table:
    """Return the share of |V₃|² in forbidden triples, a row per vertex.

    Parameters
    ----------
    limit : float, optional
        A share to compare the whole with.
    """
    mesh = answer.mesh
    rows: list[tuple[str, ...]] = [*map(_row, answer.vertices)]
    name = "all" if mesh is None else f"mesh {' '.join(map(str, mesh.divisions))}"
    rows.append((name, "", *_cells(answer.shares, "<1e−12"), _share(answer.share)))
    foot = [
        "Share of Σ|V₃|² over all triples of modes that the rule forbids; the columns are the "
        "simplest reasons."
    ]
    if mesh is not None:
        triples, free = sum(answer.counts.values()), answer.counts.get("allowed", 0)
        foot.append(
            f"{mesh.triplets:,} triplets of wavevectors with Σq = G, {mesh.irreducible:,} up to "
            f"symmetry, {mesh.judged:,} of them with anything to judge; {triples - free:,} of "
            f"{triples:,} triples of modes are forbidden."
        )
    momentum = answer.shares.get("momentum")
    foot.append(
        "Momentum is conserved by construction: the constants are those of one primitive cell."
        if momentum is None
        else f"Vertices with Σq ≠ G hold {_share(momentum)} of all; what follows is without."
    )
    worst = answer.offenders[:3]
    if worst and worst[0].value > 0:
        foot.append("Largest forbidden |V₃|, eV/(√amu Å)³:")
        foot += [f"{o.value:.2e} {minus(' '.join(o.modes))} ({o.rule})" for o in worst]
    if answer.real_space is not None:
        foot.append(_real_space(answer.real_space))
    if limit is not None:
        word = "above" if answer.share > limit else "within"
        foot.append(f"{answer.share:.2e} is {word} the limit {limit:g}.")
    table = Table(
        ("wavevectors", "axis", *KINDS, "all"),
        tuple(rows),
        head=crystal_lines(answer.structure, answer.axis, "third-order force constants"),
        foot=tuple(foot),
        optional=("axis", "translation", "exchange", "parity", "group"),
        folded=("wavevectors",),
    )
    return table if mesh is None else table.without("axis")


def _row(vertex: Vertex) -> tuple[str, ...]:
    names = " ".join(q.label for q in vertex.q)
    return names, vertex.axis or "—", *_cells(vertex.shares, "—"), _share(vertex.share)


def _cells(shares: Mapping[ReasonKind, float], absent: str) -> list[str]:
    return [_share(shares[kind]) if kind in shares else absent for kind in KINDS]


def _share(value: float) -> str:
    return "<1e−12" if value < 1e-12 else minus(f"{value:.0e}")


def _real_space(found: RealSpace) -> str:
    if found.change < ROUNDING:
        return "In real space the force constants are those of the group."
    atoms = ", ".join(str(a + 1) for a in found.atoms)
    return (
        f"In real space the constants of atoms {atoms} of the supercell change most by averaging "
        f"over the group: by {found.change:.1e} of the largest."
    )
