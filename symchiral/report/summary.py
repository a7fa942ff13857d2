"""What the terminal shows: the summary of a crystal and the table of its transfers."""

from __future__ import annotations

from symchiral.crystal.search import SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.modes.species import Species
from symchiral.modes.unbroken import conserved_order
from symchiral.report.directions import along_text
from symchiral.rules.activity import Activity, activity, routes
from symchiral.rules.magnetism import odd_activity
from symchiral.rules.wording import minus

FOLDED = (
    "Of the paramagnet's cell: the order mixes zone-centre modes with those of the zone boundary "
    "that the magnetic cell folds onto them. These may appear in spectra, and atoms that time "
    "reversal with a translation exchanges may turn oppositely."
)
"""What holds where time reversal comes with a translation."""


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
