"""What the terminal shows: the summary of a crystal and the table of its transfers."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis, axis_names
from symchiral.irreps.cdml import cdml_name
from symchiral.irreps.pam import Component
from symchiral.modes.species import Species
from symchiral.modes.unbroken import conserved_order
from symchiral.report.directions import along_text
from symchiral.report.magnetism import magnetic_lines
from symchiral.rules.activity import Activity, activity, routes
from symchiral.rules.magnetism import odd_activity
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, unbroken

BY_ORDER = "*: not by displacements, but through its velocity, odd in the magnetic order or in B."
"""What a star behind an activity means."""

FOLDED = (
    "Of the paramagnet's cell: the order mixes zone-centre modes with those of the zone boundary "
    "that the magnetic cell folds onto them. These may appear in spectra, and atoms that time "
    "reversal with a translation exchanges may turn oppositely."
)
"""What holds where time reversal comes with a translation."""

TURNING = {"must +": "↺", "must -": "↻", "cancels": "net 0", "cannot": "line", "may": "open"}
"""What the words of :meth:`~symchiral.modes.motion.Motion.site_words` are printed as."""


def headline(crystal: SymmetricCrystal) -> str:
    """``Bi2Se3   R-3m (166), D3d, 5 atoms``; of a magnetic crystal the family group and class."""
    group, n = crystal.group, len(crystal.primitive)
    atoms = "1 atom" if n == 1 else f"{n} atoms"
    return (
        f"{crystal.primitive.formula}   {group.symbol} ({group.number}), {group.schoenflies}, "
        f"{atoms}"
        + (f", magnetic {minus(crystal.magnetic.point_group)}" if crystal.magnetic else "")
    )


def axis_line(crystal: SymmetricCrystal, axis: Axis | None) -> str:
    """The axis in a sentence."""
    if axis is None:
        return "none: verdicts stand, but without an axis there is no pseudo-angular momentum"
    point = "(" + ",".join(_position(crystal, axis)) + ")"
    names = {"rotation": f"{axis.order}-fold", "rotoreflection": f"S{axis.order} (−{axis.order})"}
    name = names.get(axis.kind, f"{axis.symbol} screw")
    text = f"{name} along {along_text(crystal, axis.direction)} through {point}: "
    primed = primed_text(crystal, axis)
    if axis.order == 2:
        return text + "l counts mod 2, and has no sign to keep or flip" + primed
    return text + f"l counts mod {axis.order}, (+) is counter-clockwise" + primed


def primed_text(crystal: SymmetricCrystal, axis: Axis) -> str:
    """What is to be said of an axis whose operation comes with time reversal; else nothing."""
    order = conserved_order(crystal, axis)
    if order == axis.order:
        return ""
    what = f"l mod {order} only" if order > 1 else "no l"
    return (
        f". Its operation comes with time reversal: l mod {axis.order} holds for couplings of "
        f"displacements, the modes themselves conserve {what}"
    )


def primitive_cell(crystal: SymmetricCrystal) -> str:
    """``the primitive cell``, in terms of the input cell where they differ."""
    relations = crystal.frame.relation
    if relations == ("a", "b", "c"):
        return "the primitive cell"
    return f"the primitive cell {', '.join(map(unbroken, map(minus, relations)))}"


def coordinates_note(crystal: SymmetricCrystal, words: Sequence[str]) -> list[str]:
    """What coordinates among wavevectors refer to, where they could be taken for the input's."""
    cell = primitive_cell(crystal)
    if "=" not in cell or not any("," in word for word in words):
        return []
    return [f"coordinates are on the reciprocal basis of {cell}"]


def _position(crystal: SymmetricCrystal, axis: Axis) -> list[str]:
    """A point of the axis in the input cell; of a line, one as near the origin as it goes.

    Along a, b or c that is where it has coordinate 0 there, else the foot of the perpendicular.
    """
    frame = crystal.frame
    x = frame.point([float(v) for v in axis.point], to="input", source="primitive")
    inside = frame.direction(axis.direction, to="input", source="cartesian")
    large = abs(inside) > 1e-5 * abs(inside).max()
    if axis.kind != "rotoreflection":
        foot = axis.direction @ frame.direction(x, to="cartesian", source="input")
        x = x * ~large if large.sum() == 1 else x - foot * inside
    return [minus(f"{v:g}") for v in x.round(4) + 0.0]


def light_words(species: Species, axis: Axis | None) -> str:
    """``infrared (σ±)``, ``infrared (z)``, ``Raman`` …"""
    kind = activity(species.participant)
    words = starred(kind, odd_activity(species.matrices.crystal, species.participant))
    if not kind.infrared or axis is None or axis.order < 3:
        return words
    seen = {
        route.split(":")[1]
        for i, _ in enumerate(species.components)
        for route in routes(species.participant, i, axis.turn.seen_from([species.q]))
        if route.startswith("infrared:")
    }
    parts = [*(["σ±"] if {"+", "-"} & seen else []), *(["z"] if "z" in seen else [])]
    return words.replace("infrared", f"infrared ({', '.join(parts)})", 1)


def starred(even: Activity, odd: Activity) -> str:
    """``Raman, infrared*``: what light sees by displacements, and what by the velocity alone."""
    new = Activity(
        infrared=odd.infrared and not even.infrared,
        raman=odd.raman and not even.raman,
        hyper_raman=odd.hyper_raman and not (even.hyper_raman or even.infrared or even.raman),
    )
    return ", ".join([*even.words, *(f"{word}*" for word in new.words)]) or "silent"


def order_notes(crystal: SymmetricCrystal, texts: str) -> list[str]:
    """What readers of these texts must know of magnetic order."""
    if crystal.magnetic is not None and crystal.signs is None:
        return [FOLDED]
    return [BY_ORDER] if "*" in texts else []


def show_table(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: tuple[Species, ...],
    *,
    width: int | None = None,
    ascii_only: bool = False,
) -> str:
    """Return the text of ``show``: group, axes, sites and species.

    Parameters
    ----------
    width : int, optional
        Width of the terminal.
    ascii_only : bool
        Spell every character outside ASCII.
    """
    n = len(crystal.group)
    sites = Table(
        ("site", "Wyckoff", "symmetry", "position (standard cell)"),
        tuple(
            (s.name, s.wyckoff, s.symmetry, standard_position(crystal, s.atoms[0]))
            for s in crystal.sites
        ),
        head=(
            headline(crystal),
            "",
            f"axis     {axis_line(crystal, axis)}",
            f"axes     {_all_axes(crystal)}",
            f"group    {n} {'operation' if n == 1 else 'operations'} in the primitive cell, "
            f"symprec {crystal.symprec:g} Å{moved_text(crystal.deviation)}",
            *magnetic_lines(crystal, species),
        ),
    )
    kinds = Table(
        ("species", "CDML", "modes", "acoustic", "l", "light", "atoms in (+)"),
        tuple(_species_row(s, axis) for s in species),
        foot=(
            *_turning_legend(species, axis),
            *order_notes(crystal, " ".join(light_words(s, axis) for s in species)),
        ),
        optional=("CDML", "acoustic"),
    )
    if axis is None or axis.order < 3:
        kinds = kinds.without("atoms in (+)", *(() if axis else ("l",)))
    tables = (table.ascii() if ascii_only else table for table in (sites, kinds))
    return "\n\n".join(table.text(width) for table in tables)


def moved_text(deviation: float) -> str:
    """How far atoms were moved to obey the group, in words; nothing for rounding errors.

    Examples
    --------
    >>> moved_text(3.2e-5), moved_text(1e-9)
    (', atoms moved by up to 3e-05 Å', '')
    """
    return f", atoms moved by up to {deviation:.1g} Å" if deviation > 1e-6 else ""


def _all_axes(crystal: SymmetricCrystal) -> str:
    """Directions of all axes by order: ``3 along [0 0 1]; 2 along [1 0 0], [0 1 0]``."""
    by_order: dict[str, list[str]] = {}
    for name in axis_names(crystal):
        order, _, direction = name.partition(" along ")
        by_order.setdefault(order, []).append(unbroken(minus(direction)))
    parts = [f"{minus(order)} along {', '.join(found)}" for order, found in by_order.items()]
    return f"{'; '.join(parts)}   (input cell)" if parts else "none"


def _turning_legend(species: tuple[Species, ...], axis: Axis | None) -> tuple[str, ...]:
    """The signs of the last column, as far as they occur."""
    if axis is None or axis.order < 3:
        return ()
    seen = " ".join(_turning(s) for s in species)
    meanings = {
        "↺": "↺ counter-clockwise",
        "↻": "↻ clockwise",
        "all": "all: together, rigid translations taken out",
        "net 0": "net 0: atoms may turn, their sum cannot",
        "line": "line: atoms move on lines",
        "open": "open: left to the forces",
    }
    found = [unbroken(text) for sign, text in meanings.items() if sign in seen]
    return (", ".join(found),) if found else ()


def standard_position(crystal: SymmetricCrystal, atom: int) -> str:
    """Coordinates of an atom in the standard cell, ``0.0000 0.0000 0.4008``."""
    x = crystal.frame.point(crystal.primitive.positions[atom], to="standard", source="primitive")
    return " ".join(f"{v % 1 + 0.0:.4f}" for v in (x + 1e-9).round(6))


def _species_row(species: Species, axis: Axis | None) -> tuple[str, ...]:
    pams = ", ".join(_pam(c) for c in species.components)
    acoustic = str(species.acoustic) if species.acoustic else "—"
    return (
        species.label,
        cdml_name(species.participant),
        str(species.count),
        acoustic,
        pams,
        light_words(species, axis),
        _turning(species),
    )


def _pam(component: Component) -> str:
    return "—" if component.pam is None else signed(component.pam)


def _turning(species: Species) -> str:
    """Which way each site's atoms turn in the (+) component."""
    for component, motion in zip(species.components, species.motions, strict=True):
        if component.pam is None:
            return "—"
        if component.name == "+":
            sites = ", ".join(f"{n} {TURNING[w]}" for n, w in motion.site_words())
            fixed = {"+": "all ↺; ", "-": "all ↻; "}.get(motion.sign, "")
            return (fixed if "open" in sites else "") + sites
    return "—"
