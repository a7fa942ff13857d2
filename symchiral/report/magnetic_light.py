"""What magnetic order adds to Raman scattering, as a table and as documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from symchiral.modes.species import Species
from symchiral.rules.light import Light
from symchiral.rules.magnetic_light import seen_pairs
from symchiral.rules.tensor import linear_text
from symchiral.rules.wording import minus
from symchiral.table import Table


def odd_species(light: Light) -> tuple[Species, ...]:
    """Optical species with an antisymmetric Raman tensor that the magnetic order allows."""
    if light.crystal.signs is None:
        return ()
    return tuple(s for s in light.optical if len(light.odd_polarizability(s)))


def magnetic_raman_table(light: Light) -> Table:
    """Return the table of antisymmetric tensors; empty where the crystal is not magnetic."""
    if light.crystal.signs is None:
        return Table((), ())
    found = odd_species(light)
    if not found:
        foot = ("The magnetic order allows no antisymmetric Raman tensor (G·Q).",)
        return Table((), (), (), foot)
    rows = []
    for s in found:
        vectors = [f"({', '.join(minus(x) for x in axial)})" for axial in _axials(light, s)]
        pairs = " ".join(
            minus(f"σ{a}→σ{b}").replace("σ-", "σ−")
            for a, b in seen_pairs(light.odd_polarizability(s), light.beam)
        )
        rows.append((s.label, "; ".join(vectors), pairs or "not along this beam"))
    return Table(
        ("species", "G of every partner", "seen in"),
        tuple(rows),
        ("Raman tensors that the magnetic order adds: i times antisymmetric, (G×), odd in it",),
        (
            "Letters are real; they change sign with all moments. Where a mode has a symmetric "
            "tensor too the two interfere, and opposite spins scatter unequally.",
        ),
    )


def _axials(light: Light, species: Species) -> list[list[str]]:
    form = light.odd_polarizability(species)
    return [
        [linear_text(form.basis[:, i, a], form.letters) for i in range(3)]
        for a in range(species.dimension)
    ]


def magnetic_raman_records(light: Light) -> list[dict[str, Any]]:
    """Return the antisymmetric tensors that are odd in time."""
    found = []
    for s in odd_species(light):
        form = light.odd_polarizability(s)
        found.append(
            {
                "species": s.label,
                "coefficients": len(form),
                "letters": list(form.letters),
                "axial": _axials(light, s),
                "basis": (np.round(np.moveaxis(form.basis, 2, 1), 12) + 0.0).tolist(),
                "pairs": ["".join(p) for p in seen_pairs(form, light.beam)],
                "reversal": light.reversal(s),
            }
        )
    return found
