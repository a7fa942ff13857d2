"""Atoms of Bi2Se3 in motion, integrated as atoms: no normal modes, no code of symchiral.

The potential is that of ``structures/Bi2Se3/bi2se3.json``: force constants from its frequencies and
eigenvectors, third derivatives carried from its mode coordinates to Cartesian displacements once
and for all. Newton's equations in eV, Å, ps by the classical fourth-order Runge–Kutta rule.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import constants

Floats = npt.NDArray[np.float64]
FOLDER = Path(__file__).resolve().parent.parent / "structures" / "Bi2Se3"

# 1 amu in eV ps²/Å², from the SI.
AMU = constants.atomic_mass / constants.elementary_charge * (1e-10 / 1e-12) ** 2
# 1 MV/cm as a force on a charge e, in eV/Å.
MV_PER_CM = 1e6 / 1e-2 * 1e-10


class Atoms:
    """Masses, forces and charges of the five atoms."""

    def __init__(self, frequencies: dict[str, float] | None = None) -> None:
        data = json.loads((FOLDER / "bi2se3.json").read_text(encoding="utf-8"))
        self.masses = np.repeat(data["masses_amu"], 3) * AMU
        vectors = np.array(data["modes"]["eigenvectors_mass_weighted_rows"])
        names = data["modes"]["names"]
        theirs = np.array(data["modes"]["frequencies_THz"])
        for i, name in enumerate(names):
            theirs[i] = (frequencies or {}).get(name.rstrip("xyz)").replace("(", "#"), theirs[i])
        weighted = vectors * np.sqrt(self.masses)  # Q = weighted · u in √eV ps
        self.second = weighted.T @ np.diag((2 * np.pi * theirs) ** 2) @ weighted
        cubic = np.array(data["cubic"]["phi"]) * AMU**-1.5
        w = weighted[: len(cubic)]
        self.third = np.einsum("abc,ai,bj,ck->ijk", cubic, w, w, w, optimize=True)
        # Born charges of D3d: diagonal, isotropic in the plane, equal on partners, no net charge.
        raw = np.array(data["dielectric"]["born_charges"])
        partners = raw[[1, 0, 2, 4, 3]]
        across = (raw + partners)[:, [0, 1], [0, 1]].mean(axis=1) / 2
        along = (raw + partners)[:, 2, 2] / 2
        diagonal = np.stack([across, across, along], axis=1)
        diagonal -= diagonal.mean(axis=0)
        self.charges = np.einsum("ka,ab->kab", diagonal, np.eye(3))

    def acceleration(self, u: Floats, v: Floats, field: Floats, rate: float) -> Floats:
        force = -self.second @ u - np.einsum("ijk,j,k->i", self.third, u, u, optimize=True) / 2
        force = force + np.einsum("kab,a->kb", self.charges, field).ravel() * MV_PER_CM
        return np.asarray(force / self.masses - rate * v)

    def run(
        self, field: Callable[[float], Floats], times: Floats, *, rate: float, inside: int
    ) -> tuple[Floats, Floats]:
        """Displacements and velocities (T, 15), with some steps of the rule between the times."""
        u, v = np.zeros(15), np.zeros(15)
        kept = [(u, v)]
        for start, stop in itertools.pairwise(times):
            h = (stop - start) / inside
            for n in range(inside):
                t = start + n * h
                fields = field(t), field(t + h / 2), field(t + h)
                a1 = self.acceleration(u, v, fields[0], rate)
                v2 = v + h / 2 * a1
                a2 = self.acceleration(u + h / 2 * v, v2, fields[1], rate)
                v3 = v + h / 2 * a2
                a3 = self.acceleration(u + h / 2 * v2, v3, fields[1], rate)
                v4 = v + h * a3
                a4 = self.acceleration(u + h * v3, v4, fields[2], rate)
                u = u + h / 6 * (v + 2 * v2 + 2 * v3 + v4)
                v = v + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
            kept.append((u, v))
        return np.array([x for x, _ in kept]), np.array([x for _, x in kept])

    def angular_momentum(self, u: Floats, v: Floats) -> Floats:
        """Σ m (u × u̇)_z in ħ, (T,)."""
        a, b = u.reshape(-1, 5, 3), (v * self.masses).reshape(-1, 5, 3)
        hbar = constants.hbar / constants.elementary_charge * 1e12
        return np.asarray(np.cross(a, b)[..., 2].sum(axis=1) / hbar)
