"""What a static field changes, in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from symchiral.answers.changes import ChangedByOrder, ChangedSpecies, Changes
from symchiral.answers.crystal import AxisOfRotation, StaticField, Structure
from symchiral.rules.activity import Activity
from symchiral.rules.wording import minus
from symchiral.table import Table, unbroken
from symchiral.text.crystal import field_text, order_notes, reversal_broken
from symchiral.text.light_words import starred

ROWS = 20
"""New products printed before the list is cut."""

_SILENT = Activity(infrared=False, raman=False, hyper_raman=False)


def changes_table(changes: Changes, structure: Structure, field: StaticField) -> Table:
    """Return the table of what a field changes: species by species, then what newly couples.

    Parameters
    ----------
    structure : Structure
        The crystal in the field.
    """
    rows = []
    for s in changes.species:
        parts = " + ".join(p.label if p.count == 1 else f"{p.count} {p.label}" for p in s.becomes)
        before, after = (_activity(s, i) for i in (0, 1))
        old, new = (
            starred(kind, _SILENT if s.by_order is UNSET else _activity(s.by_order, i))
            for i, kind in enumerate((before, after))
        )
        if new == old and after == before:
            new = "same"
        rows.append((s.species, parts, "splits" if s.split else "—", old, new))
    foot = [_opened(["·".join(product.species) for product in changes.opened])]
    if reversal_broken(structure):
        foot.append("Only products of displacements are judged, not those with a velocity.")
    foot += order_notes(structure, " ".join(row[-1] for row in rows))
    if changes.cell > 1:
        foot.append(
            f"The primitive cell is {changes.cell} times larger: modes of the zone boundary appear "
            "at the zone centre."
        )
    return Table(
        ("in no field", "in the field", "levels", "light in no field", "in the field"),
        tuple(rows),
        (
            f"{field_text(field)}: {changes.symbol_without} ({changes.space_group_without}) "
            f"becomes {structure.symbol} ({structure.space_group})",
        ),
        tuple(foot),
        optional=("levels",),
        folded=("in the field", "light in no field"),
    )


def _activity(of: ChangedSpecies | ChangedByOrder, i: int) -> Activity:
    """What light does in no field (0) and in the field (1)."""
    return Activity(infrared=of.infrared[i], raman=of.raman[i], hyper_raman=of.hyper_raman[i])


def _opened(products: Sequence[str]) -> str:
    if not products:
        return "No product of three modes is newly allowed."
    more = f"; and {len(products) - ROWS} more (--json)" if len(products) > ROWS else ""
    return (
        "Newly allowed products of three modes, named as in no field: "
        + "; ".join(unbroken(text) for text in products[:ROWS])
        + f"{more}."
    )


def lost_axis_text(
    before: AxisOfRotation, after: AxisOfRotation | None, left: Sequence[str]
) -> str:
    """Say that the axis of no field is gone, and about which rotation is counted now.

    Parameters
    ----------
    left : sequence of str
        Every axis that is left, ``2 along [1 0 0]``.
    """
    was = f"the {before.symbol} axis along {minus(before.along)}"
    now = (
        "no axis remains"
        if after is None
        else f"rotation now refers to {after.symbol} along {minus(after.along)}; the remaining "
        f"axes are {'; '.join(left)} (input cell)"
    )
    return f"the field breaks {was}: {now}"
