"""The table of ``couple``: coefficients of products of circular coordinates."""

from __future__ import annotations

from symchiral.answers.couple import Couple, Term
from symchiral.rules.wording import minus
from symchiral.table import Table, labelled
from symchiral.text.crystal import crystal_lines

ROWS = 20
"""Rows printed before the table is cut."""

SAME = 1e-5
"""Averages that differ by less, relative to the largest coefficient, are what was averaged."""


def couple_table(answer: Couple, *, everything: bool) -> Table:
    """Return the coefficients, the largest first.

    Parameters
    ----------
    everything : bool
        Show every row.
    """
    moved = couplings_moved(answer)
    rows = answer.terms if everything else answer.terms[:ROWS]
    foot = [
        "V = Σ value × product of coordinates and the conjugate, every product once, "
        "eV/(√amu Å)³ (⁴ for four), per primitive cell; Q(+) belongs to (e_x + i e_y)/√2."
    ]
    for s in answer.orders:
        which = "" if len(answer.orders) == 1 else f"Order {s.order}: "
        if not s.forbidden and not s.allowed:
            foot.append(f"{which or 'Order 3: '}symmetry allows no coefficient.")
            continue
        text = f"{which}largest allowed {s.allowed:.3g}, largest forbidden {s.forbidden:.2g}"
        foot.append(f"{text[0].upper()}{text[1:]} (--check lists them).")
    foot.append(
        "value: as found, which simulate --raw takes; averaged: over the group, which simulate "
        "takes."
        if moved
        else "As found; averaging over the group, as simulate does, changes nothing here."
    )
    if len(rows) < len(answer.terms):
        foot.append(f"{len(answer.terms) - len(rows)} more: --all")
    table = Table(
        ("product", "value", "averaged", "error", "verdict"),
        tuple(map(_row, rows)),
        head=(
            *crystal_lines(answer.structure, answer.axis, "couplings of zone-centre modes"),
            labelled("source", _source(answer.provenance)),
        ),
        foot=tuple(foot),
        optional=("error", "averaged"),
        names=("product",),
        folded=("product",),
    )
    known = any(t.error is not None for t in rows)
    table = table if answer.checked else table.without("verdict")
    table = table if moved else table.without("averaged")
    return table if known else table.without("error")


def couplings_moved(answer: Couple) -> bool:
    """Whether averaging over the group changes any coefficient noticeably."""
    largest = max((size for s in answer.orders for size in (s.allowed, s.forbidden)), default=0.0)
    return any(abs(complex(*t.value) - complex(*t.averaged)) > SAME * largest for t in answer.terms)


def _source(provenance: dict[str, str]) -> str:
    """What computed the forces, how, and where the coefficients were read."""
    given = (provenance.get(key) for key in ("calculator", "method", "file"))
    return ", ".join(text for text in given if text)


def _row(term: Term) -> tuple[str, ...]:
    value, average = complex(*term.value), complex(*term.averaged)
    return (
        minus(" ".join(term.modes)),
        coefficient_text(value),
        coefficient_text(average, least=1e-6 * abs(value)),
        "" if term.error is None else minus(f"{term.error:.0e}"),
        term.verdict,
    )


def coefficient_text(value: complex, *, least: float = 0.0) -> str:
    """Return a coefficient without parts that are noise beside the other.

    Examples
    --------
    >>> coefficient_text(1.5e-3 - 2e-12j), coefficient_text(0j)
    ('+1.500e−03', '0')
    """
    parts = {"": value.real, " i": value.imag}
    shown = [
        f"{x:+.3e}{unit}" for unit, x in parts.items() if abs(x) > max(1e-6 * abs(value), least)
    ]
    return minus(" ".join(shown or ["0"]))
