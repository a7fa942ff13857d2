"""Tables over wavevectors: what lives at each, and which of them can meet."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.crystal.qpoint import QPoint, images
from symchiral.crystal.search import SymmetricCrystal, point_group_symbol
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.stars import place_name
from symchiral.modes.species import find_species
from symchiral.report.summary import axis_line, headline, primitive_cell
from symchiral.rules.wording import signed
from symchiral.table import Table


def points_table(crystal: SymmetricCrystal, axis: Axis | None, points: Sequence[QPoint]) -> Table:
    """Return what lives at every wavevector: little co-group, axis and species with their PAM."""
    rows = []
    for q in points:
        part = axis_at(crystal, axis, [q])
        little = little_symbol(crystal, q)
        start: tuple[str, ...] = (
            place_name(crystal.group, q) or "GM",
            " ".join(q.texts),
            little,
            part.symbol if part else "—",
        )
        for species in find_species(crystal, part, q):
            residues = ", ".join(signed(c.pam) for c in species.components)
            rows.append((*start, f"{species.count} {species.label}", residues))
            start = ("", "", "", "")
    return Table(
        ("point", "q (primitive)", "little", "axis", "species", "l"),
        tuple(rows),
        head=(headline(crystal), f"axis     {axis_line(crystal, axis)}"),
        foot=(
            f"q on the reciprocal basis of {primitive_cell(crystal)}; "
            "l = l0 + s u with u = q·c/2π.",
        ),
        optional=("q (primitive)", "little"),
    )


def little_symbol(crystal: SymmetricCrystal, q: QPoint) -> str:
    """Hermann–Mauguin symbol of the little co-group of q."""
    group = crystal.group
    members = [g for g, image in enumerate(images(group, q)) if image == q.reduced]
    return point_group_symbol(group.rotations[members])
