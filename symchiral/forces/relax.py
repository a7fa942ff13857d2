"""Relaxing a crystal inside its symmetry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import CalculatorError, InputError
from symchiral.forces.forcecache import CachedCalculator
from symchiral.units import counted
from symchiral.value import Floats, Value

What = Literal["atoms", "cell", "none"]

FORCE = 1e-3
"""Largest force that symmetry allows on an atom of a relaxed crystal, eV/Å."""

STRESS = 1e-4
"""Largest component of the stress of a relaxed cell, eV/Å³ (16 MPa)."""

STEPS = 300
"""A relaxation that needs more steps has failed."""

LONGEST = 0.1
"""No step moves an atom farther, Å."""

STIFFNESS = 70.0
"""Curvature the search starts from, eV/Å²."""


@dataclass(frozen=True, eq=False)
class Relaxed(Value):
    """A crystal whose atoms, and perhaps cell, were relaxed inside its symmetry.

    Attributes
    ----------
    primitive : Crystal
        The relaxed primitive cell, atoms in the order of the one before.
    forces : (N, 3) float
        What is left, averaged over the group, eV/Å.
    stress : float or None
        Largest component of what stress is left, eV/Å³, where the cell was relaxed.
    moved : float
        Farthest move of an atom at fixed cell, Å.
    strain : (3, 3) float
        Strain of the cell.
    steps : int
        How many crystals the calculator was asked about.
    """

    primitive: Crystal
    forces: Floats
    stress: float | None
    moved: float
    strain: Floats
    steps: int

    @property
    def residual(self) -> float:
        """Largest force left on an atom, eV/Å."""
        return float(np.linalg.norm(self.forces, axis=1).max())


def relax(
    crystal: SymmetricCrystal,
    calculator: CachedCalculator,
    *,
    what: What = "atoms",
    progress: Callable[[float], None] | None = None,
) -> Relaxed:
    r"""Move atoms along the displacements that every operation keeps, until no force is left.

    Coordinates are the amplitudes of an orthonormal basis of the invariant displacements,

    .. math:: u_{gκ} = R_g u_κ, \qquad \sum_κ u_κ = 0,

    and, for the cell, of the invariant strains ε = R ε Rᵀ; so the symmetry cannot be lost. They
    are found by a quasi-Newton search (BFGS) on forces and stress alone.

    Parameters
    ----------
    crystal : SymmetricCrystal
        What to relax; its primitive cell is used.
    calculator : CachedCalculator
        What gives the forces.
    what : {"atoms", "cell", "none"}
        ``atoms`` at fixed cell, ``cell`` both, ``none`` neither.
    progress : callable, optional
        Called after every step with the largest force left, eV/Å.

    Raises
    ------
    CalculatorError
        The calculator fails, or no minimum is found in ``STEPS`` steps.
    InputError
        ``what`` is none of the three.
    """
    if what not in ("atoms", "cell", "none"):
        raise InputError(
            f"cannot relax {what!r}",
            why="it is neither atoms, cell nor none",
            fix="pass atoms (the cell stays), cell (both), or none",
        )
    start = crystal.primitive
    with_cell = what == "cell"
    moves = np.zeros((0, len(start), 3)) if what == "none" else invariant_displacements(crystal)
    strains = invariant_strains(crystal) if with_cell else np.zeros((0, 3, 3))
    # A strain moves atoms by its size times the size of the cell: that is its unit of length.
    unit = start.volume ** (1 / 3) * len(start) ** 0.5
    x = np.zeros(len(moves) + len(strains))
    hessian = STIFFNESS * np.eye(len(x))
    last: tuple[Floats, Floats] | None = None
    for step in range(1, STEPS + 1):
        strain = np.tensordot(x[len(moves) :] / unit, strains, axes=1)
        deformation = np.eye(3) + strain
        shift = np.tensordot(x[: len(moves)], moves, axes=1)
        now = Crystal.of(
            start.cell @ deformation,
            start.positions + shift @ np.linalg.inv(start.cell),
            start.numbers,
        )
        response = calculator.evaluate(now, stress=with_cell)
        forces = symmetrized_forces(crystal, response.forces)
        forces -= forces.mean(axis=0)
        residual = float(np.linalg.norm(forces, axis=1).max())
        slope = -np.tensordot(moves, forces @ deformation, axes=([1, 2], [0, 1]))
        pressure = None
        if response.stress is not None:
            pull = now.volume * response.stress @ np.linalg.inv(deformation).T
            slope = np.concatenate([slope, np.tensordot(strains, pull, axes=2) / unit])
            pressure = float(np.abs(np.tensordot(strains, response.stress, axes=2)).max(initial=0))
        if progress is not None:
            progress(residual)
        still = residual < FORCE or not len(moves)
        if still and (pressure is None or pressure < STRESS):
            far = float(np.linalg.norm(shift, axis=1).max(initial=0.0))
            return Relaxed(now, forces, pressure, far, strain, step)
        if last is not None:
            hessian = _updated(hessian, x - last[0], slope - last[1])
        last = x, slope
        x = x + _step(hessian, slope, moves, strains, unit)
    raise CalculatorError(
        f"{crystal.primitive.formula} did not relax",
        why=f"after {counted(STEPS, 'step')} a force of {residual:.2g} eV/Å is left",
        fix="relax it with another program first and pass --relax none, or use another calculator",
    )


def invariant_displacements(crystal: SymmetricCrystal) -> Floats:
    """Return an orthonormal basis (M, N, 3) of displacements that keep the space group.

    Rigid translations are left out.
    """
    n = len(crystal.primitive)
    projector = np.zeros((n, 3, n, 3))
    for rotation, images in zip(crystal.rotations, crystal.permutations, strict=True):
        projector[images, :, np.arange(n), :] += rotation
    projector /= len(crystal.rotations)
    matrix = projector.reshape(3 * n, 3 * n)
    rigid = np.kron(np.full((n, n), 1 / n), np.eye(3))
    return _range(matrix @ (np.eye(3 * n) - rigid)).reshape(-1, n, 3)


def invariant_strains(crystal: SymmetricCrystal) -> Floats:
    """Return an orthonormal basis (M, 3, 3) of symmetric strains that keep the point group."""
    r = crystal.rotations
    mean = np.einsum("gac,gbd->abcd", r, r) / len(r)
    symmetric = (mean + mean.transpose(1, 0, 2, 3)) / 2
    return _range(symmetric.reshape(9, 9)).reshape(-1, 3, 3)


def symmetrized_forces(crystal: SymmetricCrystal, forces: Floats) -> Floats:
    """Forces on the primitive cell averaged over the group, (N, 3)."""
    total = np.zeros_like(forces)
    for rotation, images in zip(crystal.rotations, crystal.permutations, strict=True):
        total[images] += forces @ rotation.T
    return total / len(crystal.rotations)


def _range(projector: Floats) -> Floats:
    """Orthonormal rows that span the range of a symmetric projector."""
    values, vectors = np.linalg.eigh((projector + projector.T) / 2)
    return np.asarray(vectors[:, values > 0.5].T)


def _updated(hessian: Floats, dx: Floats, dg: Floats) -> Floats:
    """BFGS, left out where the slope barely changed."""
    curvature = float(dx @ dg)
    hx = hessian @ dx
    if np.abs(dx).max() < 1e-9 or abs(curvature) < 1e-12:
        return hessian
    return np.asarray(hessian + np.outer(dg, dg) / curvature - np.outer(hx, hx) / float(dx @ hx))


def _step(hessian: Floats, slope: Floats, moves: Floats, strains: Floats, unit: float) -> Floats:
    """Downhill, also along directions of negative curvature, no atom farther than LONGEST."""
    values, vectors = np.linalg.eigh(hessian)
    step = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-3))
    far = np.linalg.norm(np.tensordot(step[: len(moves)], moves, axes=1), axis=1).max(initial=0.0)
    wide = np.abs(step[len(moves) :]).max(initial=0.0) / len(moves[0] if len(moves) else [0]) ** 0.5
    longest = max(float(far), float(wide))
    return np.asarray(step * min(1.0, LONGEST / longest) if longest > 0 else step)
