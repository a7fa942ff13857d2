"""Make ``structures/Bi2Se3/couplings.json`` from ``structures/Bi2Se3/bi2se3.json``.

Usage::

    python tools/build_bi2se3_couplings.py

The cubic derivatives are taken as they were computed (``cubic.phi``: index permutations averaged,
no space-group symmetry imposed), together with the eigenvectors they refer to; nothing is projected
out and no sign or phase is chosen.
"""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from math import factorial, prod
from pathlib import Path

import numpy as np

from symchiral.crystal.crystal import SYMBOLS, Crystal, Source
from symchiral.reading.couplings import CouplingTable, coupling_document

FOLDER = Path(__file__).resolve().parent.parent / "structures" / "Bi2Se3"
ERROR = 3e-5
"""eV/(√amu Å)³: rms difference of repeated estimates of one derivative (README.md)."""


def main() -> None:
    """Write the file."""
    data = json.loads((FOLDER / "bi2se3.json").read_text(encoding="utf-8"))
    phi = np.array(data["cubic"]["phi"])
    names = tuple(data["modes"]["names"][: len(phi)])
    vectors = np.array(data["modes"]["eigenvectors_mass_weighted_rows"])[: len(phi)]
    crystal = Crystal.of(
        np.array(data["lattice_angstrom"]),
        np.array(data["positions_fractional_rhombohedral"]) % 1,
        np.array([SYMBOLS.index(s) for s in data["species"]]),
    )
    terms = {}
    for factors in combinations_with_replacement(range(len(phi)), 3):
        share = prod(factorial(factors.count(i)) for i in set(factors))
        terms[factors] = (complex(round(phi[factors] / share, 10)), ERROR / share)
    provenance = {
        "method": "finite differences of first-principles forces (LDA, no spin-orbit coupling), no "
        "space-group symmetry imposed",
        "source": "bi2se3.json beside this file; described in README.md",
        "licence": "BSD-3-Clause, as symchiral",
        "made by": "tools/build_bi2se3_couplings.py",
    }
    table = CouplingTable(
        names, vectors.T.astype(complex), crystal, {3: terms}, None, provenance, Source()
    )
    text = json.dumps(coupling_document(table), ensure_ascii=False)
    for key in ('"provenance"', '"definition"', '"structure"', '"coordinates"', '"terms"', "{"):
        text = text.replace(f", {key}", f",\n{key}")
    (FOLDER / "couplings.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
