"""The 21 crystals phonopy tests its irreducible representations on, with real force sets.

``data/phonopy/`` holds the files of the source package (see the README there); ``load`` pairs cell,
supercell and primitive cell as phonopy's own tests do (``test/phonon/test_irreps.py`` there). The
name of a file is *not* always the space group of what is in it: `PhonopyCrystal.number` is the
group spglib finds.
"""

from __future__ import annotations

import lzma
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from phonopy import Phonopy

DATA = Path(__file__).resolve().parent / "data" / "phonopy"
PRIMITIVE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
A_CENTRED = ((1.0, 0.0, 0.0), (0.0, 0.5, -0.5), (0.0, 0.5, 0.5))
I_CENTRED = ((-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5))


class PhonopyCrystal(NamedTuple):
    """One row: which files, and what they must hold."""

    label: str
    """End of the two file names, a short Hermann–Mauguin symbol without its slash."""
    supercell: tuple[int, int, int]
    """Diagonal of the supercell matrix."""
    number: int
    """Space group found at 1e-5 Å (and at 1e-3 Å, but for P222_1)."""
    natoms: int
    """Atoms in the primitive cell."""
    formula: str
    primitive: tuple[tuple[float, float, float], ...] = PRIMITIVE
    """Primitive matrix: columns are the primitive vectors in the axes of the unit cell."""


# fmt: off
CRYSTALS = (
    PhonopyCrystal("Amm2", (3, 2, 2), 38, 5, "KNbO3", A_CENTRED),
    PhonopyCrystal("I4_1a", (2, 2, 1), 88, 12, "ZrGeO4", I_CENTRED),
    PhonopyCrystal("P-3m1", (3, 3, 2), 164, 5, "YbMg2Sb2"),
    PhonopyCrystal("P-4", (1, 1, 2), 81, 24, "NaI3O8"),
    PhonopyCrystal("P-42_1m", (2, 2, 3), 113, 8, "ErAgTe2"),
    PhonopyCrystal("P-43m", (2, 2, 2), 215, 8, "Li3NbS4"),
    PhonopyCrystal("P-6", (1, 1, 3), 174, 18, "LiCdBO3"),
    PhonopyCrystal("P-62m", (1, 1, 2), 189, 9, "ZrNiAl"),
    PhonopyCrystal("P-6m2", (2, 2, 3), 187, 7, "KCaCO3F"),
    PhonopyCrystal("P2", (3, 2, 2), 3, 12, "Hf3SnO8"),
    PhonopyCrystal("P222_1", (2, 2, 1), 17, 28, "RbIn3F10"),  # 51, Pmma, at 1e-3 Å
    PhonopyCrystal("P2_13", (2, 2, 2), 198, 12, "HfOS"),
    PhonopyCrystal("P31m", (1, 1, 3), 157, 33, "MgRe2O8"),
    PhonopyCrystal("P3m1", (4, 4, 2), 156, 4, "CuScS2"),
    PhonopyCrystal("P4_1", (2, 2, 1), 76, 32, "TlBO2"),
    PhonopyCrystal("P4_332", (1, 1, 1), 212, 56, "LiAl5O8"),
    PhonopyCrystal("P4mm", (3, 3, 2), 99, 5, "BaTiO3"),
    PhonopyCrystal("P6", (2, 2, 1), 169, 30, "Al2S3"),  # P6_1, not P6
    PhonopyCrystal("P6_222", (2, 2, 2), 180, 18, "CaSO4"),
    PhonopyCrystal("Pa-3", (2, 2, 2), 205, 12, "FeS2"),
    PhonopyCrystal("Pc", (2, 2, 2), 7, 16, "Li2ZnGeO4"),
)
# fmt: on


def load(crystal: PhonopyCrystal, *, symmetrize: bool = True) -> Phonopy:
    """Return what ``phonopy.load`` makes of the files of one crystal.

    ``symmetrize`` is its ``symmetrize_fc``: sum rule, index exchange and space group.
    """
    import phonopy
    from phonopy.interface.vasp import read_vasp

    with tempfile.TemporaryDirectory() as folder:
        forces = Path(folder) / "FORCE_SETS"
        forces.write_bytes(lzma.decompress((DATA / f"FORCE_SETS_{crystal.label}.xz").read_bytes()))
        return phonopy.load(
            unitcell=read_vasp(DATA / f"POSCAR_{crystal.label}"),
            supercell_matrix=np.diag(crystal.supercell),
            primitive_matrix=np.array(crystal.primitive),
            force_sets_filename=forces,
            symmetrize_fc=symmetrize,
            is_nac=False,
            log_level=0,
        )
