"""What tables say of the crystal: its headline, the axis, the cell, the fields."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from symchiral.answers.crystal import AxisOfRotation, StaticField, Structure
from symchiral.irreps.pam import SENSE
from symchiral.rules.wording import minus
from symchiral.table import Phrases, labelled, title, unbroken
from symchiral.units import counted

Relation = tuple[str, str, str]
"""Vectors of the primitive cell in terms of those of the input cell, or of the standard one."""

FOLDED = (
    "Species are those of the paramagnetic cell. The order mixes zone-centre modes with modes of "
    "the zone boundary that the magnetic cell folds onto Γ. These may appear in spectra, and atoms "
    "that time reversal with a translation exchanges may rotate oppositely."
)
"""What holds where time reversal comes with a translation."""

BY_ORDER = (
    "*: not by displacements, but through the velocity of the mode, odd in the order or in B."
)
"""What a star behind an activity means."""


def headline(structure: Structure, *more: str) -> Phrases:
    """``Bi2Se3   R-3m (166), D3d, 5 atoms``; of a magnetic crystal the family group and class."""
    n = structure.primitive.natoms
    atoms = counted(n, "atom")
    magnetic = structure.magnetic
    group = f"{structure.symbol} ({structure.space_group}), {structure.schoenflies}, {atoms}"
    if magnetic:
        group += f", magnetic {minus(magnetic.point_group)}"
    return title(structure.formula, group, *more)


def crystal_lines(
    structure: Structure, axis: AxisOfRotation | None, *more: str
) -> tuple[Phrases, Phrases]:
    """Return what tables begin with: the headline and the axis."""
    return headline(structure, *more), labelled("axis", axis_line(axis))


def axis_line(axis: AxisOfRotation | None) -> str:
    """The axis in a sentence."""
    if axis is None:
        return "none: selection rules hold, but pseudo-angular momentum is not defined"
    point = "(" + ",".join(map(minus, axis.through)) + ")"
    names = {"rotation": f"{axis.order}-fold", "rotoreflection": f"S{axis.order} (−{axis.order})"}
    name = names.get(axis.kind, f"{axis.symbol} screw")
    text = f"{name} along {minus(axis.along)} through {point}: "
    if axis.order == 2:
        return text + "l is defined mod 2 and has no sign" + primed_text(axis)
    way = "counter-clockwise" if SENSE > 0 else "clockwise"
    return text + f"l is defined mod {axis.order}, (+) is {way}" + primed_text(axis)


def primed_text(axis: AxisOfRotation) -> str:
    """What is to be said of an axis whose operation comes with time reversal; else nothing."""
    order = axis.conserved_order
    if order is UNSET or order == axis.order:
        return ""
    what = f"l mod {order} only" if order > 1 else "no l"
    return (
        f". Its operation includes time reversal: couplings of displacements conserve l mod "
        f"{axis.order}, the modes themselves conserve {what}"
    )


def axis_name(axis: AxisOfRotation) -> str:
    """What of this kind is at a place: ``3-fold axis``, ``-4 centre``."""
    if axis.kind == "rotoreflection":
        return f"-{axis.order} centre"
    return f"{axis.order}-fold axis"


def primitive_cell(relation: Relation) -> str:
    """``the primitive cell``, in terms of the input cell where they differ."""
    if relation == ("a", "b", "c"):
        return "the primitive cell"
    return f"the primitive cell {', '.join(map(unbroken, map(minus, relation)))}"


def coordinates_note(relation: Relation, words: Sequence[str]) -> list[str]:
    """What coordinates among wavevectors refer to, where they could be taken for the input's."""
    same = relation == ("a", "b", "c")
    if same or not any("," in word for word in words):
        return []
    return [f"coordinates are on the reciprocal basis of {primitive_cell(relation)}"]


def unprimed_only(structure: Structure) -> bool:
    """Whether time reversal comes with a translation, so that modes fold onto the zone centre."""
    return structure.magnetic is not None and structure.magnetic.time_signs is None


def reversal_broken(structure: Structure) -> bool:
    """Whether some operations come with time reversal and others without."""
    return structure.magnetic is not None and structure.magnetic.time_signs is not None


def order_notes(structure: Structure, texts: str) -> list[str]:
    """What readers of these texts must know of magnetic order."""
    if unprimed_only(structure):
        return [FOLDED]
    return [BY_ORDER] if "*" in texts else []


def field_line(field: StaticField) -> Phrases:
    """Return the fields as a line of an explanation."""
    return labelled("field", field_text(field), column=11)


def field_text(field: StaticField) -> str:
    """``B along c; E along a; strain xx 1, yy −1``."""
    parts = [f"{name} along {minus(along)}" for name, along in field.names.items()]
    if field.strain is not None:
        s = field.strain
        values = {
            "xx": s[0][0], "yy": s[1][1], "zz": s[2][2],
            "yz": s[1][2], "xz": s[0][2], "xy": s[0][1],
        }  # fmt: skip
        parts.append("strain " + ", ".join(f"{n} {x:.4g}" for n, x in values.items() if x))
    return "; ".join(parts)
