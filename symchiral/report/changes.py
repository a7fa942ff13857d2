"""What a static field changes, in words and as documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from symchiral.crystal.search import Notice, SymmetricCrystal
from symchiral.fields.background import Background
from symchiral.irreps.axis import Axis, axis_names
from symchiral.report.directions import along_text
from symchiral.report.summary import order_notes, starred
from symchiral.rules.changes import Changes, SpeciesChange
from symchiral.table import Table, unbroken

ROWS = 20
"""New products printed before the list is cut."""


def field_text(crystal: SymmetricCrystal, background: Background) -> str:
    """``B along c, E along a, strain xx 1, yy −1``."""
    parts = []
    for name, vector in (("B", background.magnetic), ("E", background.electric)):
        if vector is not None:
            parts.append(f"{name} along {along_text(crystal, vector)}")
    if background.strain is not None:
        names = (("xx", 0, 0), ("yy", 1, 1), ("zz", 2, 2), ("yz", 1, 2), ("xz", 0, 2), ("xy", 0, 1))
        values = [(name, background.strain[i, j]) for name, i, j in names]
        parts.append("strain " + ", ".join(f"{n} {x:.4g}" for n, x in values if x))
    return "; ".join(parts)


def changes_table(
    before: SymmetricCrystal, after: SymmetricCrystal, background: Background, changes: Changes
) -> Table:
    """Return the table of what a field changes: species by species, then what newly couples."""
    rows = []
    for s in changes.species:
        parts = " + ".join(label if n == 1 else f"{n} {label}" for label, n in s.becomes)
        old, new = starred(s.before, s.odd_before), starred(s.after, s.odd_after)
        if new == old and s.after == s.before:
            new = "same"
        rows.append((s.species, parts, "splits" if s.split else "—", old, new))
    opened = ["·".join(o.species) for o in changes.opened]
    foot = []
    if opened:
        more = f"; and {len(opened) - ROWS} more (--json)" if len(opened) > ROWS else ""
        foot.append(
            "Newly allowed products of three modes, named as in no field: "
            + "; ".join(unbroken(text) for text in opened[:ROWS])
            + f"{more}."
        )
    else:
        foot.append("No product of three modes is newly allowed.")
    if after.signs is not None:
        foot.append("Products of displacements: those with a velocity are not judged.")
    foot += order_notes(after, " ".join(row[-1] for row in rows))
    if changes.cell > 1:
        foot.append(
            f"The primitive cell is {changes.cell} times larger: modes of the zone boundary appear "
            "at the zone centre."
        )
    return Table(
        ("in no field", "in the field", "levels", "light in no field", "in the field"),
        tuple(rows),
        (
            f"{field_text(after, background)}: {before.group.symbol} ({before.group.number}) "
            f"becomes {after.group.symbol} ({after.group.number})",
        ),
        tuple(foot),
    )


def lost_axis(crystal: SymmetricCrystal, before: Axis | None, after: Axis | None) -> Notice | None:
    """What is to be said where rotation is no longer counted about the axis of no field."""
    if before is None:
        return None
    same = after is not None and abs(float(after.direction @ before.direction)) > 1 - 1e-6
    if same and after is not None and after.order == before.order:
        return None
    was = f"the {before.symbol} axis along {along_text(crystal, before.direction)}"
    left = "; ".join(axis_names(crystal))
    now = (
        f"rotation is counted about {after.symbol} along {along_text(crystal, after.direction)}, "
        f"of what is left: {left} (input cell)"
        if after is not None
        else "no axis is left"
    )
    return Notice("axis", f"the field takes away {was}: {now}")


def field_record(background: Background | None) -> dict[str, Any] | None:
    """Return the directions of the fields."""
    if background is None:
        return None
    values = {
        "B": background.magnetic,
        "E": background.electric,
        "strain": background.strain,
    }
    return {
        name: None if value is None else (np.round(value, 12) + 0.0).tolist()
        for name, value in values.items()
    }


def _by_order(after: SymmetricCrystal, change: SpeciesChange) -> dict[str, Any]:
    """What light sees through velocities: without, and in the field."""
    if after.magnetic is None:
        return {}
    old, new = change.odd_before, change.odd_after
    return {
        "by_order": {
            "infrared": [old.infrared, new.infrared],
            "raman": [old.raman, new.raman],
            "hyper_raman": [old.hyper_raman, new.hyper_raman],
        }
    }


def changes_record(
    before: SymmetricCrystal, after: SymmetricCrystal, changes: Changes
) -> dict[str, Any]:
    """Return what a field changes."""
    return {
        "space_group_without": before.group.number,
        "cell": changes.cell,
        "axis": changes.axis,
        "species": [
            {
                "species": s.species,
                "becomes": [{"label": label, "count": n} for label, n in s.becomes],
                "split": s.split,
                "infrared": [s.before.infrared, s.after.infrared],
                "raman": [s.before.raman, s.after.raman],
                "hyper_raman": [s.before.hyper_raman, s.after.hyper_raman],
                **_by_order(after, s),
            }
            for s in changes.species
        ],
        "opened": [{"species": list(o.species), "coefficients": o.after} for o in changes.opened],
    }
