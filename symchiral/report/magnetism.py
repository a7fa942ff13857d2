"""What is said of a magnetic crystal: its group, its moments, what splits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.modes.species import Species
from symchiral.report.directions import along_text
from symchiral.rules.magnetism import (
    Splitting,
    mixing,
    net_moment,
    site_moments,
    splittings,
)

_TYPES = {
    1: "type I, no operation with time reversal",
    3: "type III, half of the operations with time reversal",
    4: "type IV, time reversal with a translation",
}

_SMALL = 0.005
"""Moments below this print as zero, μB."""


def magnetic_lines(crystal: SymmetricCrystal, species: Sequence[Species]) -> list[str]:
    """Lines of ``show``: magnetic group, moments, splitting; empty without magnetic order."""
    names = crystal.magnetic
    if names is None:
        return []
    number = "no BNS number found" if names.bns is None else f"BNS {names.bns}"
    return [
        f"magnetic {number}: {_TYPES[names.type]}",
        f"moments  {_moments(crystal)}",
        f"splits   {_splits(splittings(crystal, species))}",
        *([f"mixes    {_mixes(crystal, species)}"] if crystal.signs is not None else []),
        *([f"turns    {_turns(crystal, species)}"] if crystal.signs is not None else []),
    ]


def _turns(crystal: SymmetricCrystal, species: Sequence[Species]) -> str:
    """Which non-degenerate modes have an angular momentum, where time reversal is broken."""
    found: dict[str, list[str]] = {}
    for s in species:
        if s.dimension > 1 or not s.optical:
            continue
        (motion,) = s.motions
        axes = [along_text(crystal, np.array(v)) for v in motion.directions]
        where = {
            0: "single atoms only" if motion.turning else "",
            1: f"J along {''.join(axes[:1])}",
            2: f"J in the plane of {' and '.join(axes)}",
            3: "J in any direction",
        }[len(axes)]
        if where:
            found.setdefault(where, []).append(s.label)
    if not found:
        return "no atom in a non-degenerate mode"
    texts = [f"{', '.join(labels)} ({where})" for where, labels in found.items()]
    return f"atoms in non-degenerate modes: {'; '.join(texts)}"


def _mixes(crystal: SymmetricCrystal, species: Sequence[Species]) -> str:
    """Species that are right for the potential energy only."""
    pairs = mixing(crystal, species)
    if not pairs:
        return "no modes of different species"
    texts = ", ".join(f"{a} with {b}" for a, b in pairs)
    return f"{texts}: Q·Q̇ is allowed, and labels are those of the potential energy alone"


def _moments(crystal: SymmetricCrystal) -> str:
    moments = site_moments(crystal)
    parts = []
    for site in crystal.sites:
        if moments is None:
            break
        m = moments[list(site.atoms)]
        size = float(np.linalg.norm(m[0]))
        if size < _SMALL:
            continue
        direction = m[0] / size
        along = m @ direction
        if np.abs(m - along[:, None] * direction).max() > 0.05 * size:
            parts.append(f"{site.name} {size:.2f} μB, not collinear")
            continue
        both = crystal.signs is None or along.min() < 0
        text = along_text(crystal, direction)
        parts.append(f"{site.name} {size:.2f} μB along {'±' if both else ''}{text}")
    form = net_moment(crystal)
    axes = [along_text(crystal, v) for v in form.basis]
    net = {
        0: "no net moment is allowed",
        1: f"a net moment along {''.join(axes[:1])} is allowed",
        2: f"a net moment in the plane of {' and '.join(axes)} is allowed",
        3: "a net moment in any direction is allowed",
    }[len(form)]
    return "; ".join([*parts, net])


def _splits(found: tuple[Splitting, ...]) -> str:
    if not found:
        return "nothing: no species is degenerate"
    split = [s.species for s in found if s.split]
    kept = [s for s in found if not s.split]
    texts = []
    if split:
        texts.append(f"{', '.join(split)} into (+) and (−): Q×Q̇ is allowed")
    for reason in dict.fromkeys(s.reason for s in kept):
        labels = ", ".join(s.species for s in kept if s.reason == reason)
        texts.append(f"not {labels}: {reason}")
    return "; ".join(texts)


def magnetic_record(crystal: SymmetricCrystal) -> dict[str, Any] | None:
    """Return the magnetic group and the moments of the primitive atoms."""
    names = crystal.magnetic
    if names is None:
        return None
    moments = site_moments(crystal)
    return {
        "type": names.type,
        "bns": names.bns,
        "uni": names.uni,
        "point_group": names.point_group,
        "time_signs": None if crystal.signs is None else list(crystal.signs),
        "moments": None if moments is None else (np.round(moments, 9) + 0.0).tolist(),
        "moment_unit": "mu_B",
    }


def splitting_record(
    crystal: SymmetricCrystal, species: Sequence[Species]
) -> dict[str, Any] | None:
    """Return what magnetic order makes of the species of the zone centre."""
    if crystal.magnetic is None:
        return None
    return {
        "net_moment": (np.round(net_moment(crystal).basis, 9) + 0.0).tolist(),
        "splitting": [
            {"species": s.species, "split": s.split, "reason": s.reason}
            for s in splittings(crystal, species)
        ],
        "mixing": [list(pair) for pair in mixing(crystal, species)],
        "folded": crystal.signs is None,
    }
