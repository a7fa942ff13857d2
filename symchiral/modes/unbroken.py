"""Angular momenta of modes allowed by the group and, where it is unbroken, time reversal."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.symmetric import Symmetry
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component, eigenspace, turned
from symchiral.irreps.participant import Participant
from symchiral.value import ROUNDED, Complex, Floats, Integers

SAMPLES = 3
"""Random tensors averaged at once: as many as there are directions they could span."""


@dataclass(frozen=True, eq=False)
class Partners:
    r"""Partners of one mode, and what the symmetries of its wavevector do with them.

    Of the little group and of the operations that reverse q only those that are symmetries count:
    without magnetic order each g of the first kind and each θg of the second; in a magnetic
    crystal those g without and those θg with time reversal.

    Attributes
    ----------
    characters : (H,) complex
        Characters of the whole irreducible (co)representation for the unitary operations.
    unitary, antiunitary : (k,) int
        Operations that take the span of the partners to itself.
    matrices, conjugate_matrices : (k, w, w) complex
        D with :math:`x → D x`, and U with :math:`x → U x^*`, in the partners' basis.
    """

    characters: Complex
    unitary: Integers
    antiunitary: Integers
    matrices: Complex
    conjugate_matrices: Complex


def unitary_members(crystal: Symmetry, participant: Participant, arm: int) -> Integers:
    """Operations that are symmetries without time reversal and leave the arm where it is."""
    own = participant.images[:, arm] == arm
    if crystal.signs is not None:
        own &= np.array(crystal.signs) > 0
    return np.flatnonzero(own)


def conserved_order(crystal: Symmetry, axis: Axis) -> int:
    """Order of the largest rotation about an axis that is a symmetry without time reversal.

    n, or n/2 where the named operation comes with time reversal: l is conserved modulo that.
    """
    primed = crystal.signs is not None and crystal.signs[axis.turn.index] < 0
    return axis.order // 2 if primed else axis.order


def with_pam_of(
    component: Component, crystal: Symmetry, axis: Axis, named: Complex, space: Complex
) -> Complex:
    """Columns of a space that have the PAM of a component, as far as it is conserved.

    ``named`` is what C_n does, and ``space`` orthonormal columns that it, or where it comes with
    time reversal its square, maps onto themselves.
    """
    order = conserved_order(crystal, axis)
    image = space
    for _ in range(axis.order // order):
        image = named @ image
    return space @ eigenspace(space.conj().T @ image, component.residue or Fraction(0), order)


def named_phase(participant: Participant, arm: int, axis: Axis) -> complex:
    """What turns D of the operation in the group into that of {E|t} g without its screw part."""
    q, turn = participant.arms[arm], axis.turn
    return phase_of(-q.dot(turn.lattice)) * turned(-turn.shift(q).generic[2], turn.order)


def partners_of(
    crystal: Symmetry,
    participant: Participant,
    arm: int,
    component: Component,
    axis: Axis | None,
) -> list[Partners]:
    """Return what the modes of a component can be: several where symmetry takes them apart.

    A component that the unbroken operations mix with others (of an axis whose operation comes
    with time reversal) is taken with these.
    """
    images, opposite = participant.images[:, arm], int(participant.conjugate_arms[arm])
    own = unitary_members(crystal, participant, arm)
    back = images == opposite
    if crystal.signs is not None:
        back &= np.array(crystal.signs) < 0
    reversing = np.flatnonzero(back)
    linear = participant.matrices[own, arm]
    # K takes Σ Q ε to Σ Q* C ε: the arm −q back to the named one.
    antilinear = participant.conjugation[opposite] @ participant.matrices[reversing, arm].conj()
    whole = [np.eye(participant.dimension, dtype=complex)]
    spaces = whole if crystal.signs is None else _irreducible(linear, antilinear)
    found = []
    for space in spaces:
        vectors = space
        if axis is not None:
            named = named_phase(participant, arm, axis) * participant.matrices[axis.turn.index, arm]
            vectors = with_pam_of(component, crystal, axis, named, space)
        if np.abs(vectors.conj().T @ component.basis).max(initial=0) < ROUNDED:
            continue
        unitary, matrices = _inside(own, vectors, linear @ vectors)
        antiunitary, conjugates = _inside(reversing, vectors, antilinear @ vectors.conj())
        characters = np.einsum("ia,gij,ja->g", space.conj(), linear, space)
        found.append(Partners(characters, unitary, antiunitary, matrices, conjugates))
    return found


def _inside(operations: Integers, vectors: Complex, moved: Complex) -> tuple[Integers, Complex]:
    """Those of some operations that take a space to itself, and their matrices in it."""
    matrices = vectors.conj().T @ moved
    kept = np.abs(np.sum(np.abs(matrices) ** 2, axis=(1, 2)) - vectors.shape[1]) < ROUNDED
    return operations[kept], matrices[kept]


def _irreducible(linear: Complex, antilinear: Complex) -> list[Complex]:
    """Columns of the smallest spaces that the operations leave: eigenspaces of what commutes."""
    rng = np.random.default_rng(0)
    size = linear.shape[1]
    x = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    x = x + x.conj().T
    total = np.sum(linear @ x @ np.swapaxes(linear.conj(), 1, 2), axis=0)
    total = total + np.sum(antilinear @ x.conj() @ np.swapaxes(antilinear.conj(), 1, 2), axis=0)
    values, vectors = np.linalg.eigh(total / (len(linear) + len(antilinear)))
    ends = np.flatnonzero(np.diff(values) > ROUNDED) + 1
    return np.split(vectors, ends, axis=1)


def axial_moments(
    crystal: Symmetry, partners: Partners, permutations: Integers | None = None
) -> Complex:
    r"""Return (SAMPLES, N, 3, w, w): random angular momenta of single atoms that symmetry allows.

    Those of the atoms in a motion :math:`\sum_a x_a e_a` of the partners are
    :math:`J_κ = x^† M_κ x` with an axial vector of Hermitian matrices; of the operations kept,

    .. math:: M_{gκ} = \det(R) R\, D M_κ D^†, \qquad M_{gκ} = -\det(R) R\, U M_κ^* U^†

    for g and θg. Each M is a random one averaged over them, so that what vanishes is forbidden,
    and what does not is allowed.

    Parameters
    ----------
    permutations : (G, N) int, optional
        Atom to which operation g takes atom κ; without it N is 1, and J that of all atoms
        together, whichever they are.
    """
    if permutations is None:
        permutations = np.zeros((len(crystal.group), 1), dtype=np.int64)
    rng = np.random.default_rng(0)
    w = partners.matrices.shape[1]
    shape = (SAMPLES, permutations.shape[1], 3, w, w)
    m = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    m = m + np.swapaxes(m, -1, -2).conj()
    axial = crystal.axial_rotations
    come_from = np.argsort(permutations, axis=1)
    total = np.zeros(shape, dtype=complex)
    for operations, matrices, start, sense in (
        (partners.unitary, partners.matrices, m, 1),
        (partners.antiunitary, partners.conjugate_matrices, m.conj(), -1),
    ):
        d = matrices[:, None, None]
        moved = d @ start[:, come_from[operations]] @ np.swapaxes(d.conj(), -1, -2)
        total += np.einsum("gij,sgnjab->sniab", sense * axial[operations], moved)
    return np.asarray(total / (len(partners.unitary) + len(partners.antiunitary)))


def spanned(moments: Complex) -> Floats:
    """(..., 3, 3) projectors on the directions of axial vectors (samples, ..., 3, w, w)."""
    columns = np.moveaxis(moments, 0, -1)
    columns = columns.reshape(*columns.shape[:-3], -1)
    both = np.concatenate([columns.real, columns.imag], axis=-1)
    u, values, _ = np.linalg.svd(both, full_matrices=False)
    kept = np.where(values > ROUNDED, 1.0, 0.0)
    return np.asarray((u * kept[..., None, :]) @ np.swapaxes(u, -1, -2))
