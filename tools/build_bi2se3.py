"""Make ``structures/Bi2Se3/phonopy.yaml`` from ``structures/Bi2Se3/bi2se3.json``.

Usage::

    python tools/build_bi2se3.py

The json is the first-principles zone-centre set described in ``structures/Bi2Se3/README.md``. Its
force constants and Born charges are those of runs without any symmetry. Here they become the
*production set*:

* force constants Φ (15 × 15): the mean of Φ and Φᵀ, the mean over the twelve operations of D3d
  about the central selenium, and the projection P Φ P off rigid translations, P = 1 − uuᵀ;
* Born charges: the mean over D3d, then the sum per cell is subtracted evenly from the five atoms;
* dielectric constant: the mean over D3d.

The three steps on Φ commute, so their order does not matter. What each of them moves is printed.
The "supercell" is the primitive cell itself: force constants of one cell are those at q = 0 and
hold **nowhere else**.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.physical_units import get_physical_units
from phonopy.structure.atoms import PhonopyAtoms

FOLDER = Path(__file__).resolve().parent.parent / "structures" / "Bi2Se3"
Array = NDArray[np.float64]

HEADER = """\
# Bi2Se3: space group 166, force constants of the zone centre, Born charges, dielectric constant
# VALID AT q = 0 ONLY: the "supercell" is the primitive cell; at any other q it means nothing
# source: bi2se3.json beside this file, first-principles calculation for this project, 2026
# method: Quantum ESPRESSO, LDA, 40 Ry, no spin-orbit coupling; see README.md beside this file
# licence: BSD-3-Clause, as symchiral
# changed here: symmetrised over D3d, acoustic sum rule and sum of Born charges put to zero
# (tools/build_bi2se3.py)

"""


def operations(cell: Array, points: Array) -> list[tuple[Array, NDArray[np.intp]]]:
    """Return the D3d operations about the origin: Cartesian matrix and where each atom goes.

    Built from the three-fold axis z, the two-fold axis x and the inversion, and checked on the
    atoms; no symmetry search is involved.
    """
    c, s = -0.5, np.sqrt(0.75)
    three = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    two = np.diag([1.0, -1.0, -1.0])
    rotations = [
        sign * np.linalg.matrix_power(three, n) @ np.linalg.matrix_power(two, m)
        for sign in (1, -1)
        for n in range(3)
        for m in range(2)
    ]
    return [(rotation, images(rotation, cell, points)) for rotation in rotations]


def images(rotation: Array, cell: Array, points: Array) -> NDArray[np.intp]:
    """Return the index of the atom each atom is carried to."""
    moved = points @ rotation.T
    gaps = (moved[:, None] - points[None]) @ np.linalg.inv(cell)
    distances = np.linalg.norm((gaps - np.rint(gaps)) @ cell, axis=2)
    if distances.min(axis=1).max() > 1e-6:
        raise SystemExit("an operation of D3d does not carry the crystal into itself")
    return distances.argmin(axis=1)


def average(tensors: Array, group: list[tuple[Array, NDArray[np.intp]]]) -> Array:
    """Return the mean of one 3 × 3 tensor per atom over the group."""
    mean = np.zeros_like(tensors)
    for rotation, image in group:
        mean[image] += rotation @ tensors @ rotation.T
    return mean / len(group)


def average_pairs(tensors: Array, group: list[tuple[Array, NDArray[np.intp]]]) -> Array:
    """Return the mean of one 3 × 3 tensor per pair of atoms over the group."""
    mean = np.zeros_like(tensors)
    for rotation, image in group:
        mean[np.ix_(image, image)] += rotation @ tensors @ rotation.T
    return mean / len(group)


def production(force_constants: Array, group: list[tuple[Array, NDArray[np.intp]]]) -> Array:
    """Return symmetric, invariant force constants that obey the sum rule, shape (5, 5, 3, 3)."""
    matrix = (force_constants + force_constants.T) / 2
    n = len(matrix) // 3
    pairs = average_pairs(matrix.reshape(n, 3, n, 3).swapaxes(1, 2), group)
    rigid = np.eye(n) - np.full((n, n), 1 / n)
    return np.einsum("ij,jkab,kl->ilab", rigid, pairs, rigid)


def build(data: dict[str, Any]) -> Phonopy:
    """Return the production set as a Phonopy object."""
    cell = np.array(data["lattice_angstrom"])
    points = np.array(data["positions_cartesian_angstrom"])
    group = operations(cell, points)
    atoms = PhonopyAtoms(
        symbols=data["species"],
        cell=cell,
        scaled_positions=np.array(data["positions_fractional_rhombohedral"]) % 1,
        masses=data["masses_amu"],
    )
    phonon = Phonopy(atoms, supercell_matrix=np.eye(3, dtype=int), primitive_matrix=np.eye(3))

    raw = np.array(data["harmonic"]["force_constants_15x15_eV_per_A2"])
    fc = production(raw, group)
    flat = fc.swapaxes(1, 2).reshape(15, 15)
    print(f"force constants: largest {abs(raw).max():.4f}, changed by {abs(flat - raw).max():.1e}")
    print(f"  sum over atoms before: {abs(raw.reshape(15, 5, 3).sum(axis=1)).max():.1e} eV/Å²")

    born = np.array(data["dielectric"]["born_charges"])
    even = average(born, group)
    print(f"Born charges: changed by D3d {abs(even - born).max():.1e}")
    drift = even.sum(axis=0) / len(even)
    print(f"  sum per cell before: {np.diag(drift * len(even)).round(4)} e, taken off evenly")
    epsilon = np.array(data["dielectric"]["epsilon_infinity"])
    isotropic = np.mean([rotation @ epsilon @ rotation.T for rotation, _ in group], axis=0)

    phonon.force_constants = fc
    phonon.nac_params = {
        "born": even - drift,
        "dielectric": isotropic,
        "factor": get_physical_units().Hartree * get_physical_units().Bohr,
    }
    return phonon


def main() -> None:
    """Write the yaml and compare its frequencies with the table of the json."""
    data = json.loads((FOLDER / "bi2se3.json").read_text(encoding="utf-8"))
    target = FOLDER / "phonopy.yaml"
    build(data).save(
        target,
        settings={
            "displacements": False,
            "force_sets": False,
            "force_constants": True,
            "born_effective_charge": True,
            "dielectric_constant": True,
        },
    )
    target.write_text(HEADER + target.read_text(encoding="utf-8"), encoding="utf-8")

    found = phonopy.load(target, log_level=0).run_qpoints([[0, 0, 0]]).frequencies[0]
    stated = np.sort(data["modes"]["frequencies_THz"])
    for theirs, ours in zip(stated, found, strict=True):
        print(f"{theirs:10.6f} THz in the json {ours:10.6f} here {ours - theirs:+.1e}")


if __name__ == "__main__":
    main()
