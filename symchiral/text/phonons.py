"""What ``phonons`` prints: how forces were computed."""

from __future__ import annotations

from msgspec.structs import asdict

from symchiral.answers.phonons import Phonons, Provenance
from symchiral.forces.calculator import Identity
from symchiral.forces.provenance import IMAGINARY
from symchiral.rules.wording import minus
from symchiral.table import Table, labelled
from symchiral.text.crystal import headline
from symchiral.units import counted


def phonons_table(answer: Phonons) -> Table:
    """Return what was computed, in words."""
    p, path = answer.provenance, answer.output
    diagonal = p.supercell[0], p.supercell[4], p.supercell[8]
    is_diagonal = sum(x != 0 for x in p.supercell) == 3 and all(diagonal)
    shape = "×".join(str(x) for x in diagonal) if is_diagonal else str(list(p.supercell))
    cell = (
        f"the primitive cell, {counted(p.atoms, 'atom')}: the zone centre alone"
        if p.zone_centre
        else f"{shape} of the input cell, {counted(p.atoms, 'atom')}"
    )
    lines = [
        headline(answer.structure, "forces from a calculator"),
        labelled("calculator", Identity(**asdict(p.calculator)).title, column=12),
        labelled(
            "checks",
            f"two answers differ by {p.noise:.1g} of the largest force, forces break the symmetry "
            f"by {p.asymmetry:.1g}",
            column=12,
        ),
        labelled("relaxation", _relaxation(p), column=12),
        labelled("supercell", cell, column=12),
        labelled(
            "displaced",
            f"{p.displacements} × {p.displacement:g} Å; the sum rule was broken by {p.drift:.1g} "
            "eV/Å² before it was enforced",
            column=12,
        ),
        labelled("lowest", _lowest(p), column=12),
        labelled(
            "calls",
            f"{p.checks} to check, {p.relaxation} to relax, {p.displacements} to displace",
            column=12,
        ),
    ]
    return Table(
        (),
        (),
        head=tuple(lines),
        foot=(f"Written: {path}", f"Next: symchiral predict {path}"),
    )


def _relaxation(p: Provenance) -> str:
    if p.relaxed == "none":
        return f"none; the largest force is {p.residual_force:.1g} eV/Å"
    cell = "at fixed cell"
    if p.relaxed == "cell":
        size = max(abs(x) for x in p.strain)
        cell = f"with the cell, strained by {size:.2%}"
    return (
        f"{cell}: atoms moved by up to {p.moved:.3f} Å, the largest force left is "
        f"{p.residual_force:.1g} eV/Å"
    )


def _lowest(p: Provenance) -> str:
    place = ", ".join(minus(f"{x:.3g}") for x in p.lowest_at)
    if p.lowest < IMAGINARY:
        return f"{-p.lowest:.3f}i THz at ({place}): the crystal is unstable"
    return "no imaginary frequency at the wavevectors of the supercell"
