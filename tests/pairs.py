"""An analytic pair potential: forces for ASE, and the exact dynamical matrix beside them.

.. math:: V(r) = D (1 - r²/U)^4 (w²/r⁴ - 1), r² < U,

with √w the distance of two atoms that touch (sum of covalent radii, stretched) and √U the cutoff.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import scipy.constants as si
from ase.calculators.calculator import Calculator, all_changes
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

DEPTH = 3.0
CUTOFF = 4.2
STRETCH = 1.05

THZ2 = si.e / si.atomic_mass * 1e20 / (2 * np.pi) ** 2 / 1e24
"""From eV/(Å² amu) to THz²."""


def derivatives(
    numbers: np.ndarray, i: np.ndarray, j: np.ndarray, u: np.ndarray
) -> tuple[Any, ...]:
    """V, dV/du and d²V/du² of every pair, u = r²."""
    w = (STRETCH * (covalent_radii[numbers[i]] + covalent_radii[numbers[j]])) ** 2
    cut = CUTOFF**2
    p = (1 - u / cut) ** 4, -4 / cut * (1 - u / cut) ** 3, 12 / cut**2 * (1 - u / cut) ** 2
    q = w**2 / u**2 - 1, -2 * w**2 / u**3, 6 * w**2 / u**4
    return (
        DEPTH * p[0] * q[0],
        DEPTH * (p[1] * q[0] + p[0] * q[1]),
        DEPTH * (p[2] * q[0] + 2 * p[1] * q[1] + p[0] * q[2]),
    )


class Pairs(Calculator):
    """Energy, forces and stress of the pair potential; counts the atoms of every call."""

    implemented_properties = ("energy", "forces", "stress")
    nolabel = True

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def calculate(
        self, atoms: Any = None, properties: Any = None, changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, changes)
        self.sizes.append(len(atoms))
        i, j, d = neighbor_list("ijD", atoms, CUTOFF)
        energy, first, _ = derivatives(atoms.numbers, i, j, np.einsum("pa,pa->p", d, d))
        pull = 2 * first[:, None] * d  # of j on i
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, pull)
        stress = np.einsum("pa,pb->ab", pull, d) / 2 / atoms.get_volume()
        self.results = {
            "energy": energy.sum() / 2,
            "forces": forces,
            "stress": stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]],
        }


def exact(atoms: Any, masses: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The dynamical matrix, THz², from the second derivatives of the potential, phase of atoms.

    q in fractions of the reciprocal basis of the cell of ``atoms``.
    """
    n = len(atoms)
    i, j, d = neighbor_list("ijD", atoms, CUTOFF)
    _, first, second = derivatives(atoms.numbers, i, j, np.einsum("pa,pa->p", d, d))
    blocks = 4 * second[:, None, None] * d[:, :, None] * d[:, None, :]
    blocks += 2 * first[:, None, None] * np.eye(3)
    phase = np.exp(2j * np.pi * (d @ np.linalg.inv(atoms.cell.array) @ q))
    matrix = np.zeros((n, n, 3, 3), dtype=complex)
    np.add.at(matrix, (i, i), blocks)
    np.add.at(matrix, (i, j), -phase[:, None, None] * blocks)
    matrix /= np.sqrt(masses[:, None] * masses)[:, :, None, None]
    return matrix.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n) * THZ2


class Logged(Pairs):
    """Writes a line per call into $PAIRS_LOG, and is killed in the call $PAIRS_KILL."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, changes: Any = all_changes
    ) -> None:
        log = Path(os.environ["PAIRS_LOG"])
        done = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
        if done == int(os.environ.get("PAIRS_KILL", "-1")):
            os.kill(os.getpid(), signal.SIGKILL)
        if done == int(os.environ.get("PAIRS_INTERRUPT", "-1")):
            raise KeyboardInterrupt
        super().calculate(atoms, properties, changes)
        what = np.round(np.concatenate([atoms.cell.array, atoms.positions]), 8) + 0.0
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{len(atoms)} {hash(what.tobytes())}\n")


def logged() -> Logged:
    return Logged()
