"""What forces should obey and may not: sum rules, the symmetry of the crystal, of the supercell.

What follows of that for whoever uses them is told in notices.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from symchiral.crystal.crystal import Crystal, Notice
from symchiral.crystal.search import SymmetricCrystal, find_symmetry, point_group_symbol
from symchiral.errors import LabelError, SymmetryError
from symchiral.forces.door import ForceConstants
from symchiral.forces.provenance import Provenance
from symchiral.forces.trust import generators
from symchiral.value import Complex, Floats

AMU_THZ2 = 244.40014
"""1 eV/Å² in amu THz², frequencies not angular: :math:`(15.633302)^2`."""

DRIFT = 1e-2
"""Forces on the whole crystal at rest, eV/Å², above which the sum rule is called broken."""

ACOUSTIC = 0.1
"""Frequencies of rigid translations, THz, above which that is said too."""

ASYMMETRIC = 1e-2
"""Relative part of a dynamical matrix that breaks the symmetry and is worth a warning."""

CHARGES = 1e-2
"""Part of a Born charge, e, or of the dielectric constant, that breaks it and is worth one."""

_GENERIC = np.array([0.137, 0.291, 0.418])
"""A wavevector that no operation keeps."""

_TIGHTER = (1e-4, 1e-5, 1e-6)


def averaged_charges(crystal: SymmetricCrystal, born: Floats) -> Floats:
    r"""Return Born charges averaged over the group, :math:`|G|^{-1}\sum_g R Z_{g^{-1}κ} R^T`.

    Parameters
    ----------
    born : (N, 3, 3) float
        e, in the order of the primitive cell.
    """
    r = crystal.rotations
    total = np.zeros_like(born)
    np.add.at(total, crystal.permutations, np.einsum("gab,kbc,gdc->gkad", r, born, r))
    return np.asarray(total / len(r))


def averaged_tensor(crystal: SymmetricCrystal, tensor: Floats) -> Floats:
    """Return a (3, 3) tensor averaged over the group."""
    r = crystal.rotations
    return np.asarray(np.einsum("gab,bc,gdc->ad", r, tensor, r) / len(r))


def charge_notices(
    crystal: SymmetricCrystal, broken: float, dielectric: float
) -> tuple[Notice, ...]:
    """What to say of charges (e) and a dielectric constant that break the symmetry by so much."""
    found = []
    if broken > CHARGES:
        found.append(f"the Born charges break the symmetry of their sites by up to {broken:.2g} e")
    if dielectric > CHARGES:
        found.append(f"the dielectric constant breaks the symmetry by up to {dielectric:.2g}")
    end = f"averaged over {crystal.group.symbol} before they are used"
    return tuple(Notice("charges", f"{text}; {_they(text)} {end}") for text in found)


def _they(text: str) -> str:
    return "they are" if "charges" in text else "it is"


def keeps_symmetry(crystal: SymmetricCrystal, cell: Floats) -> bool:
    """Whether every rotation of the point group maps the lattice of a supercell onto itself."""
    turned = cell @ crystal.rotations.transpose(0, 2, 1) @ np.linalg.inv(cell)
    return bool(np.abs(turned - np.rint(turned)).max() < 1e-2)


MOMENTS = (
    "the magnetic moments beside the forces are left out: force constants are even under time "
    "reversal, so that species, activities, frequencies and angular momenta are those without "
    "magnetic order; give the structure with its moments, without forces, for the rules with order"
)
"""What is said of forces of a magnetic crystal."""


class DynamicalMatrices(Protocol):
    """Forces of a crystal as they are looked at here; those of ``Phonons``."""

    @property
    def crystal(self) -> SymmetricCrystal:
        """The crystal."""

    @property
    def masses(self) -> Floats:
        """(N,): of the atoms of the primitive cell, amu."""

    @property
    def constants(self) -> ForceConstants | None:
        """Force constants, where the matrices come from some."""

    @property
    def provenance(self) -> Provenance | None:
        """How they were computed here; None for forces from elsewhere."""

    @property
    def centred(self) -> bool:
        """Whether they are those of the zone centre alone."""

    def matrix_at(self, q: Floats) -> Complex:
        """Return the dynamical matrix, THz², (3N, 3N)."""


def force_notices(phonons: DynamicalMatrices) -> tuple[Notice, ...]:
    """Return what users of these forces should know about them.

    Looked at are the sum rule of translations and the frequencies of rigid translations at the zone
    centre, :math:`D(gq) = T(g) D(q) T(g)^†` there and at a wavevector without symmetry, and the
    lattice of the supercell.
    """
    constants = phonons.constants
    found = (
        []
        if constants is None
        else [Notice("phonopy", f"phonopy warns: {text}") for text in constants.said]
    )
    if constants is not None and constants.ordered:
        found.append(Notice("moments", MOMENTS))
    try:
        centre = phonons.matrix_at(np.zeros(3))
    except LabelError:  # eigenvectors at other wavevectors only
        return tuple(found)
    found += _sum_rule(phonons, centre)
    if constants is not None:
        if phonons.provenance is None:
            found += _supercell(phonons.crystal, constants)
        found += _symmetry(phonons, centre)
    return tuple(found)


def _sum_rule(phonons: DynamicalMatrices, centre: Complex) -> list[Notice]:
    root = np.sqrt(phonons.masses).repeat(3)
    n = len(phonons.masses)
    force = (centre.real * np.outer(root, root)).reshape(3 * n, n, 3).sum(axis=1) / AMU_THZ2
    drift = float(np.abs(force).max())
    rigid = np.kron(np.sqrt(phonons.masses / phonons.masses.sum())[:, None], np.eye(3))
    squares = np.linalg.eigvalsh(rigid.T @ centre @ rigid)
    highest = squares[np.argmax(np.abs(squares))]
    frequency = float(np.sqrt(abs(highest)))
    if drift < DRIFT and frequency < ACOUSTIC:
        return []
    which = f"{frequency:.2g}{'i' if highest < 0 else ''} THz"
    return [
        Notice(
            "sum-rule",
            f"a translation of the whole crystal causes forces, up to {drift:.2g} eV/Å² on an atom "
            f"(the translational sum rule is broken), and acoustic modes have {which} at the zone "
            "centre instead of 0; impose the rule where the force constants are made, in phonopy "
            "by FC_SYMMETRY = .TRUE. or symmetrize_force_constants()",
        )
    ]


def _supercell(crystal: SymmetricCrystal, forces: ForceConstants) -> list[Notice]:
    if keeps_symmetry(crystal, forces.supercell):
        return []
    better = _better(crystal, forces.unit, forces.supercell)
    fix = "" if better is None else f"; one of {better} unit cells would have it"
    return [
        Notice(
            "supercell",
            "the supercell has a lower symmetry than the crystal: the forces may break that of "
            f"the crystal{fix}",
        )
    ]


def _better(crystal: SymmetricCrystal, unit: Crystal, cell: Floats) -> str | None:
    """The smallest supercell along the axes of the unit cell that has the symmetry, as wide."""
    widths = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    heights = 1 / np.linalg.norm(np.linalg.inv(unit.cell), axis=0)
    least = np.maximum(1, np.ceil(widths.min() / heights - 1e-3)).astype(int)
    trials = [least + step for step in np.ndindex(6, 6, 6)]
    for counts in sorted(trials, key=lambda c: int(np.prod(c))):
        if keeps_symmetry(crystal, np.diag(counts) @ unit.cell):
            return " × ".join(str(int(x)) for x in counts)
    return None


def turned(crystal: SymmetricCrystal, g: int, matrix: Complex) -> Complex:
    """Return T(g) D T(g)†, the dynamical matrix at gq that D at q asks for.

    In the gauge with the position in the phase T(g) is the rotation and the permutation of atoms
    times one phase for all, which drops out.
    """
    n = len(crystal.primitive)
    r, images = crystal.rotations[g], crystal.permutations[g]
    moved = np.einsum("ab,kblc,dc->kald", r, matrix.reshape(n, 3, n, 3), r)
    found = np.empty_like(moved)
    found[np.ix_(images, range(3), images, range(3))] = moved
    return np.asarray(found.reshape(3 * n, 3 * n))


def _symmetry(phonons: DynamicalMatrices, centre: Complex) -> list[Notice]:
    crystal = phonons.crystal
    everywhere = not phonons.centred
    inverse = np.rint(np.linalg.inv(crystal.group.rotations)).astype(int)
    generic = phonons.matrix_at(_GENERIC) if everywhere else centre

    def size(matrix: Complex) -> float:
        return float(np.linalg.norm(matrix))

    # At the zone centre a crystal of one atom has nothing but the noise of the sum rule.
    scale = max(size(centre), size(generic), ACOUSTIC**2)

    def broken(g: int) -> float:
        lost = size(turned(crystal, g, centre) - centre)
        if everywhere:
            there = phonons.matrix_at(_GENERIC @ inverse[g])
            lost = max(lost, size(turned(crystal, g, generic) - there))
        return lost / scale

    if max(map(broken, generators(crystal)), default=0.0) < ASYMMETRIC:
        return []
    sizes = np.array([broken(g) for g in range(len(crystal.group))])
    kept = crystal.group.rotations[sizes < ASYMMETRIC / 2]
    text = (
        "the forces break the symmetry of the crystal: averaging over "
        f"{crystal.group.symbol}, as is done here, removes {sizes.max():.2g} of the dynamical "
        "matrix"
    )
    known = {w.tobytes() for w in kept}
    if all((a @ b).tobytes() in known for a in kept for b in kept):
        group = point_group_symbol(kept)
        text += f"; they obey {group} only"
        tighter = _at_tighter(crystal, len(kept))
        if tighter is not None:
            text += f", as the atoms do with --symprec {tighter:g}: pass that to keep this symmetry"
        else:
            text += ": check the displacements and the convergence of the forces"
    return [Notice("asymmetric-forces", text)]


def _at_tighter(crystal: SymmetricCrystal, order: int) -> float | None:
    """A tolerance at which the atoms have no more operations than the forces, tried."""
    for symprec in _TIGHTER:
        if symprec < crystal.symprec:
            try:
                found = find_symmetry(crystal.input, symprec=symprec)
            except SymmetryError:
                return None
            if len(found.group) <= order and len(found.primitive) == len(crystal.primitive):
                return symprec
    return None
