"""Make ``structures/<name>/couplings.json`` of crystals whose force data has no third order.

Usage (needs the extra ``[ml]``)::

    python tools/build_couplings.py

Modes are those of the first-principles force constants in the folder; coefficients are finite
differences of forces of a machine-learned potential along them, at the geometry of the folder. Only
what symmetry allows is determined; no sign, phase or size is chosen. Also printed: what of the
forbidden coefficients the potential has when nothing is imposed, and frequencies of the potential
beside those of the folder.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import symchiral as sc
from symchiral.anharmonic.couplings import save_couplings

ROOT = Path(__file__).resolve().parent.parent / "structures"
CRYSTALS = {
    "MgB2": ("E1u(1)", "E2g(1)"),
    "TiO2_anatase": ("Eu(1)", "Eu(2)"),
    "HgS_cinnabar": (),
}
"""Crystals, and the modes between which quartic coefficients are determined too, if any."""


def main() -> None:
    """Write the files."""
    for name, modes in CRYSTALS.items():
        study = sc.read(str(ROOT / name))
        order = 4 if modes else 3
        found = study.finite_couplings("sevenn", order, modes=modes or None)
        checked = study.finite_couplings("sevenn", order, modes=modes or None, everything=True)
        provenance = {
            **found.provenance,
            "modes": f"eigenvectors of the force constants in structures/{name}",
            "source": "computed with a machine-learned potential, not from first principles; its "
            "checkpoint lies inside the Python package sevenn (MIT licence)",
            "licence": "BSD-3-Clause, as symchiral",
            "made by": "tools/build_couplings.py",
        }
        path = ROOT / name / "couplings.json"
        save_couplings(str(path), replace(found, provenance=provenance))
        text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
        for key in ('"provenance"', '"definition"', '"structure"', '"coordinates"', '"terms"', "{"):
            text = text.replace(f", {key}", f",\n{key}")
        path.write_text(text + "\n", encoding="utf-8")
        for order in (p.order for p in checked.potentials):
            forbidden, allowed = checked.broken(order)
            sys.stdout.write(
                f"{name} order {order}: forbidden {forbidden:.2g}, allowed {allowed:.2g}, "
                f"{forbidden / allowed:.2%}\n"
            )
        theirs = study.with_calculator("sevenn", relax="none", zone_centre=True, symmetrize=True)
        for mine, other in zip(study.modes().multiplets, theirs.modes().multiplets, strict=True):
            sys.stdout.write(f"  {mine!r} {other!r}\n")


if __name__ == "__main__":
    main()
