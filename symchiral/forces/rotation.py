r"""The rotational sum rule: acoustic branches without a term linear in the wavevector.

Turning a whole crystal costs no force (Born and Huang, Dynamical Theory of Crystal Lattices, § 23):
:math:`\sum_{lκ'} Φ_{aκ,b lκ'} r_γ` is symmetric in b and γ, with r from atom κ. Summed over κ it is
also antisymmetric in a and b, because force constants are second derivatives, so it is zero:

.. math:: B_{abγ} = \frac{1}{M} \sum_{κ\,lκ'} Φ_{aκ,b lκ'}\, r_γ = 0 .

These are the terms linear in q of the acoustic block of D(q), M the mass of the cell,

.. math::
   A_{ab}(q) = \sum_{κκ'} \frac{\sqrt{m_κ m_{κ'}}}{M} D_{aκ,bκ'}(q)
             = i\, B_{abγ} q_γ + O(q^2) .

An antisymmetric matrix has the eigenvalues 0 and :math:`±i|τ|`, :math:`τ_c = ½ε_{cab}B_{abγ}q_γ`:
where the rule is broken, ω² of two acoustic branches differs by 2|τ| instead of by a term of third
order, and becomes negative close to the zone centre. The rule holds for the *whole* matrix, its
dipole-dipole part included: force constants cut off at a supercell break it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symchiral.errors import StructureError
from symchiral.forces.door import ForceConstants, Forces
from symchiral.value import Floats, Value, frozen

STEP = 1e-3
"""Step in units of a reciprocal vector with which linear terms are found."""

REMAINDER = 1e-3
"""Part of the linear terms that may be left where the rule is imposed."""


@dataclass(frozen=True, eq=False)
class LinearTerms(Value):
    """Terms linear in q of the acoustic block.

    Attributes
    ----------
    moments : (3, 3, 3) float
        B, THz² Å: antisymmetric in the first two indices, q as wavevector with 2π.
    supercell : (3, 3) float or None
        Lattice vectors, rows, Å, in which the forces were computed. At wavevectors that are whole
        in it D(q) is what was computed, so that the linear term is an error only well inside.
    """

    moments: Floats
    supercell: Floats | None

    def splitting(self, q: Floats) -> float:
        """Return 2|τ|: by how much ω² of two acoustic branches differs to first order, THz².

        Zero farther out than half way to the next wavevector that the supercell holds.

        Parameters
        ----------
        q : (3,) float
            Cartesian, 2π included, Å⁻¹.
        """
        if self.supercell is not None:
            turns = self.supercell @ q / (2 * np.pi)
            if np.abs(turns).max() > 0.5 + 1e-9:
                return 0.0
        m = self.moments @ q
        return 2 * float(np.linalg.norm([m[1, 2], m[2, 0], m[0, 1]]))


def linear_terms(forces: Forces) -> LinearTerms:
    """Find the terms linear in q of the acoustic block, by differences that are exact to q³."""
    rigid = np.kron(np.sqrt(forces.masses / forces.masses.sum())[:, None], np.eye(3))

    def block(q: Floats) -> Floats:
        found = rigid.T @ forces.dynamical_matrix(q) @ rigid
        return np.asarray((found - found.T).imag / 2)

    slopes = np.array([(8 * block(STEP * e) - block(2 * STEP * e)) / (6 * STEP) for e in np.eye(3)])
    moments = np.einsum("iab,ic->abc", slopes, forces.cell) / (2 * np.pi)
    supercell = forces.supercell if isinstance(forces, ForceConstants) else None
    return LinearTerms(frozen(moments), supercell)


def with_rotations(forces: ForceConstants) -> tuple[ForceConstants, float]:
    r"""Impose the rotational sum rule on the whole dynamical matrix.

    The smallest change of the force constants is made that removes B and leaves everything at the
    zone centre and the sum rule of translations as they are,

    .. math:: δΦ_{aκ,bs} = \sum_γ λ_{abγ} f_γ(κ, s), \qquad
        f(κ, s) = r(κ, s) - \langle r(κ, s') \rangle_{s' ∼ s},

    with r from atom κ to the atom s of the supercell (the mean over its nearest images), less its
    mean over the copies of s, and :math:`λ = -(M/c) B G^{-1}`, :math:`G = \sum_{κs} f f^T`, c the
    unit of D. It is antisymmetric under exchange of the atoms as B is in a and b.

    Returns
    -------
    ForceConstants, float
        The same with other force constants, and the largest change of any, eV/Å².

    Raises
    ------
    StructureError
        The supercell is a single cell along a direction in which the rule is broken.
    """
    before = linear_terms(forces)
    primitive, supercell = forces.phonon.primitive, forces.phonon.supercell
    vectors, counts = primitive.get_smallest_vectors()
    if not primitive.store_dense_svecs:
        raise StructureError(
            f"cannot impose the rotational sum rule on {forces.name}",
            why="its Phonopy object holds vectors in the format of phonopy 1",
            fix="make it with store_dense_svecs=True",
        )
    n, size = len(primitive), len(supercell)
    places = np.array(
        [[vectors[start : start + m].mean(axis=0) for m, start in row] for row in counts]
    )
    r = places.transpose(1, 0, 2) @ forces.cell
    owner = np.array([primitive.p2p_map[int(s)] for s in primitive.s2p_map])
    f = np.array(r)
    for k in range(n):
        f[:, owner == k] -= r[:, owner == k].mean(axis=1, keepdims=True)
    gram = np.einsum("ksa,ksb->ab", f, f)
    mass, unit = float(forces.masses.sum()), forces.unit_factor
    solved = np.linalg.pinv(gram, rcond=1e-6, hermitian=True)
    change = np.einsum("abd,dc,ksc->ksab", -mass / unit * before.moments, solved, f)
    if len(forces.constants) == size > n:
        from phonopy.harmonic.force_constants import compact_fc_to_full_fc

        change = compact_fc_to_full_fc(primitive, np.ascontiguousarray(change))
    found = forces.changed(constants=forces.constants + change)
    left = float(np.abs(linear_terms(found).moments).max())
    if left > REMAINDER * max(float(np.abs(before.moments).max()), 1e-3):
        raise StructureError(
            f"cannot impose the rotational sum rule on {forces.name}",
            why="the supercell is too small along a direction in which the rule is broken",
            fix="compute the forces in a larger supercell",
        )
    return found, float(np.abs(change).max())
