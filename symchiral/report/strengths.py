"""Couplings as numbers, and audits of force constants: tables and documents."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.anharmonic.audit import Audit, AuditedVertex
from symchiral.anharmonic.couplings import CircularTerm, Couplings
from symchiral.anharmonic.third_order import ThirdOrder
from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.irreps.stars import place_name
from symchiral.report.document import (
    Document,
    axis_record,
    header,
    structure_record,
    tidy,
    wavevector_record,
)
from symchiral.report.summary import axis_line, headline
from symchiral.rules.wording import minus
from symchiral.table import Table

ROWS = 20
"""Rows printed before the table is cut."""

SAME = 1e-5
"""Averages that differ by less, relative to the largest coefficient, are what was averaged."""

KINDS = ("translation", "parity", "pam", "exchange", "group")
"""The reasons in the order of the table."""


def couple_document(couplings: Couplings, *, checked: bool) -> Document:
    """Return the document of ``couple``: every circular coefficient that is not forbidden.

    Parameters
    ----------
    checked : bool
        Also list what symmetry forbids.
    """
    modes = couplings.coordinates.modes
    document = header("couple", modes.crystal)
    return {
        **document,
        "structure": {**structure_record(modes.crystal), "masses": tidy(modes.masses)},
        "axis": axis_record(modes.crystal, modes.axis),
        "unit": "eV/(sqrt(amu) angstrom)^order",
        "provenance": dict(couplings.provenance),
        "largest_forbidden": float(f"{couplings.broken(3)[0]:.6g}"),
        "orders": [
            {
                "order": p.order,
                "allowed": float(f"{allowed:.6g}"),
                "forbidden": float(f"{forbidden:.6g}"),
            }
            for p in couplings.potentials
            for forbidden, allowed in (couplings.broken(p.order),)
        ],
        "terms": [
            {
                "modes": list(t.modes),
                "value": [float(f"{t.value.real:.9g}"), float(f"{t.value.imag:.9g}")],
                "averaged": [float(f"{x:.9g}") for x in (average.real, average.imag)],
                "error": None if t.error != t.error else float(f"{t.error:.3g}"),
                "verdict": t.verdict.word,
            }
            for t, average in _terms(couplings)
            if checked or t.verdict.word != "forbidden"
        ],
    }


def _terms(couplings: Couplings) -> list[tuple[CircularTerm, complex]]:
    """Every product with what averaging over the group makes of its coefficient."""
    mean = couplings.symmetrized()
    averages = {
        (p.order, t.factors): t.value for p in mean.potentials for t in mean.circular(p.order)
    }
    found = [
        (t, averages.get((p.order, t.factors), 0j))
        for p in couplings.potentials
        for t in couplings.circular(p.order)
    ]
    return sorted(found, key=lambda item: (len(item[0].modes), -abs(item[0].value)))


def couple_table(couplings: Couplings, *, everything: bool, checked: bool) -> Table:
    """Return the coefficients, the largest first."""
    modes = couplings.coordinates.modes
    terms = _terms(couplings)
    listed = [item for item in terms if checked or item[0].verdict.word != "forbidden"]
    largest = max((abs(t.value) for t, _ in terms), default=0.0)
    moved = any(abs(t.value - average) > SAME * largest for t, average in listed)
    rows = listed if everything else listed[:ROWS]
    foot = [
        "V = Σ value × product of coordinates and the conjugate, every product once, "
        "eV/(√amu Å)³ (⁴ for four), per primitive cell; Q(+) belongs to (e_x + i e_y)/√2."
    ]
    for p in couplings.potentials:
        forbidden, allowed = couplings.broken(p.order)
        which = "" if len(couplings.potentials) == 1 else f"Order {p.order}: "
        if not forbidden and not allowed:
            foot.append(f"{which or 'Order 3: '}symmetry allows no coefficient.")
            continue
        text = f"{which}largest allowed {allowed:.3g}, largest forbidden {forbidden:.2g}"
        foot.append(f"{text[0].upper()}{text[1:]} (--check lists them).")
    foot.append(
        "value: as found, which simulate --raw takes; averaged: over the group, which simulate "
        "takes."
        if moved
        else "As found; averaging over the group, as simulate does, changes nothing here."
    )
    if len(rows) < len(listed):
        foot.append(f"{len(listed) - len(rows)} more: --all")
    table = Table(
        ("product", "value", "averaged", "error", "verdict"),
        tuple(_row(t, average) for t, average in rows),
        head=(
            f"{headline(modes.crystal)}   couplings of zone-centre modes",
            f"axis     {axis_line(modes.crystal, modes.axis)}",
            f"source   {_source(couplings)}",
        ),
        foot=tuple(foot),
    )
    known = any(row[3] for row in table.rows)
    table = table if checked else table.without("verdict")
    table = table if moved else table.without("averaged")
    return table if known else table.without("error")


def _source(couplings: Couplings) -> str:
    """What computed the forces, how, and where the coefficients were read."""
    given = (couplings.provenance.get(key) for key in ("calculator", "method", "file"))
    return ", ".join(text for text in given if text)


def _row(term: CircularTerm, average: complex) -> tuple[str, ...]:
    error = "" if term.error != term.error else f"{term.error:.0e}"
    values = _complex(term.value), _complex(average, least=1e-6 * abs(term.value))
    return minus(" ".join(term.modes)), *values, error, term.verdict.word


def _complex(value: complex, *, least: float = 0.0) -> str:
    parts = {"": value.real, " i": value.imag}
    shown = [
        f"{x:+.3e}{unit}" for unit, x in parts.items() if abs(x) > max(1e-6 * abs(value), least)
    ]
    return minus(" ".join(shown or ["0"]))


def audit_document(crystal: SymmetricCrystal, axis: Axis | None, found: Audit) -> Document:
    """Return the document of ``audit``."""
    return {
        **header("audit", crystal),
        "structure": structure_record(crystal),
        "axis": axis_record(crystal, axis),
        "unit": "(eV/(sqrt(amu) angstrom)^3)^2",
        "total": float(f"{found.total:.9g}"),
        "scale": float(f"{found.scale:.9g}"),
        "share": float(f"{found.share:.6g}"),
        "shares": {kind: float(f"{share:.6g}") for kind, share in found.shares.items()},
        "counts": found.counts,
        "mesh": None
        if found.mesh is None
        else {
            "divisions": list(found.mesh.divisions),
            "triplets": found.mesh.triplets,
            "irreducible": found.mesh.irreducible,
            "judged": found.mesh.judged,
        },
        "vertices": [
            {
                "q": [wavevector_record(crystal, q) for q in v.points],
                "axis": v.axis.symbol if v.axis else None,
                "total": float(f"{v.total:.9g}"),
                "share": float(f"{v.share:.6g}"),
                "forbidden": {kind: float(f"{x:.6g}") for kind, x in v.forbidden.items()},
                "counts": v.counts,
            }
            for v in found.vertices
        ],
        "offenders": [
            {"modes": list(o.modes), "rule": o.rule, "reason": o.reason, "value": o.value}
            for o in found.offenders
        ],
    }


def audit_table(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    found: Audit,
    third: ThirdOrder,
    *,
    limit: float | None = None,
) -> Table:
    """Return the share of |V₃|² in forbidden triples, a row per vertex."""
    rows: list[tuple[str, ...]] = [_vertex_row(crystal, v) for v in found.vertices]
    shares = found.shares
    mesh = found.mesh
    name = "all" if mesh is None else f"mesh {' '.join(map(str, mesh.divisions))}"
    rows.append((name, "", *(_share(shares.get(k, 0.0)) for k in KINDS), _share(found.share)))
    foot = [
        "Share of Σ|V₃|² over all triples of modes that the rule forbids; the columns are the "
        "simplest reasons."
    ]
    if mesh is not None:
        triples, free = sum(found.counts.values()), found.counts.get("allowed", 0)
        foot.append(
            f"{mesh.triplets:,} triplets of wavevectors with Σq = G, {mesh.irreducible:,} up to "
            f"symmetry, {mesh.judged:,} of them with anything to judge; {triples - free:,} of "
            f"{triples:,} triples of modes are forbidden."
        )
    foot.append(
        "Momentum is conserved by construction: the constants are those of one primitive cell."
        if found.momentum is None
        else f"Vertices with Σq ≠ G hold {_share(found.momentum)} of all; what follows is without."
    )
    worst = found.offenders[:3]
    if worst and worst[0].value > 0:
        foot.append("Largest forbidden |V₃|, eV/(√amu Å)³:")
        foot += [f"{o.value:.2e} {minus(' '.join(o.modes))} ({o.rule})" for o in worst]
    atoms, size = third.broken()
    foot.append(
        "In real space the force constants are those of the group."
        if size < 1e-9
        else f"In real space the constants of atoms {', '.join(str(a + 1) for a in atoms)} of the "
        f"supercell change most by averaging over the group: by {size:.1e} of the largest."
    )
    if limit is not None:
        word = "above" if found.share > limit else "within"
        foot.append(f"{found.share:.2e} is {word} the limit {limit:g}.")
    table = Table(
        ("wavevectors", "axis", *KINDS, "all"),
        tuple(rows),
        head=(
            f"{headline(crystal)}   third-order force constants",
            f"axis     {axis_line(crystal, axis)}",
        ),
        foot=tuple(foot),
    )
    return table if mesh is None else table.without("axis")


def _vertex_row(crystal: SymmetricCrystal, vertex: AuditedVertex) -> tuple[str, ...]:
    names: Sequence[str] = [place_name(crystal.group, q) or "GM" for q in vertex.points]
    cells = []
    for kind in KINDS:
        if kind in vertex.forbidden:
            cells.append(_share(vertex.shares[kind]))
        else:
            cells.append("—")
    return " ".join(names), vertex.axis.symbol if vertex.axis else "—", *cells, _share(vertex.share)


def _share(value: float) -> str:
    return "<1e−12" if value < 1e-12 else minus(f"{value:.0e}")
