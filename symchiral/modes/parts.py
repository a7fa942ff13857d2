"""Spin and orbital part of pseudo-angular momentum, site by site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import little_group
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.sites import Site
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import balanced, eigenspace, momentum, pam_text, turned
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.motion import species_motions
from symchiral.modes.species import Species
from symchiral.value import ROUNDED, Complex


@dataclass(frozen=True)
class SitePart:
    r"""One way in which the atoms of a site share in a component: l = l_s + l_o mod n.

    The named operation turns the vectors and carries them from atom to atom,
    :math:`T(C_n) = P R`. Both commute with it: :math:`R\, e = e^{-2πi\, l_s/n} e` says how the
    vector at every single atom rotates (±1 for :math:`ε_±`, 0 along a rotation axis, 2 along that
    of S4, 1 across a two-fold axis) and :math:`P\, e = e^{-2πi\, l_o/n} e` the phase from atom to
    atom, which at an atom on the axis is that of the waves at the axis' position.

    Attributes
    ----------
    site : str
        Name of the site.
    atoms : tuple of int
        Its atoms that can take part, indices in the primitive cell.
    spin : Fraction
        l_s, balanced.
    orbital : Fraction
        l_o without the screw part, balanced: l_s + l_o = l₀ mod n.
    orbital_pam : str
        l_o as PAM is printed, with the screw part.
    """

    site: str
    atoms: tuple[int, ...]
    spin: Fraction
    orbital: Fraction
    orbital_pam: str


def spin_orbital(
    crystal: SymmetricCrystal, axis: Axis | None, species: Sequence[Species]
) -> tuple[tuple[tuple[SitePart, ...], ...], ...]:
    """Return the parts of every component of the species of one wavevector.

    Several parts of one site: its vectors are mixtures of them.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis on which the species are resolved; without one there are no parts.
    species : sequence of Species
        Species of one wavevector.

    Examples
    --------
    >>> import symchiral as sc
    >>> study = sc.read("graphene_slab")
    >>> axis, species = study.rules(q="K K K").axis, study.species("K")
    >>> for part in spin_orbital(study.crystal, axis, species[2:3])[0]:
    ...     print([(p.site, len(p.atoms), str(p.spin), str(p.orbital)) for p in part])
    [('C', 1, '-1', '-1')]
    [('C', 1, '1', '1')]
    """
    if axis is None:
        return tuple(((),) * len(item.components) for item in species)
    shared = {
        site.name: _site(crystal, axis, species[0], site)
        for site in dict.fromkeys(site for item in species for site, _ in item.sites)
    }
    return tuple(_species(axis, item, shared) for item in species)


@dataclass(frozen=True, eq=False)
class _Site:
    """The operations on the displacements of one site: T(g), C_n, P, and where each spin is."""

    matrices: Complex
    named: Complex
    carry: Complex
    cycles: tuple[tuple[int, ...], ...]
    spins: tuple[tuple[Fraction, Complex], ...]


def _site(crystal: SymmetricCrystal, axis: Axis, one: Species, site: Site) -> _Site:
    q, turn = one.q, axis.turn
    members = list(little_group(crystal.group, q))
    matrices = displacement_matrices(crystal, q, members, site.atoms)
    # The named operation is {E|t} g; its screw part is taken off, so that l₀ is left.
    phase = phase_of(-q.dot(turn.lattice)) * turned(-turn.shift(q).generic[2], turn.order)
    named = phase * matrices[members.index(turn.index)]
    rotation = crystal.rotations[turn.index].astype(complex)
    carry = named @ np.kron(np.eye(len(site.atoms)), rotation.conj().T)
    cycles, left = [], list(site.atoms)
    while left:
        cycle = [left[0]]
        while (following := int(crystal.permutations[turn.index, cycle[-1]])) != cycle[0]:
            cycle.append(following)
        left = [atom for atom in left if atom not in cycle]
        cycles.append(tuple(sorted(cycle)))
    spins = []
    for l in range(turn.order):
        vectors = eigenspace(rotation, Fraction(l), turn.order)
        if vectors.shape[1]:
            spins.append((balanced(Fraction(l), turn.order), vectors @ vectors.conj().T))
    return _Site(matrices, named, carry, tuple(cycles), tuple(spins))


def _species(
    axis: Axis, item: Species, shared: dict[str, _Site]
) -> tuple[tuple[SitePart, ...], ...]:
    participant, arm, n = item.participant, item.arm, axis.order
    members = np.flatnonzero(participant.images[:, arm] == arm).tolist()
    found: list[list[SitePart]] = [[] for _ in item.components]
    for site, count in item.sites:
        here = shared[site.name]
        basis = species_motions(participant, arm, members, here.matrices, count)
        inside = basis.conj().T @ here.named @ basis
        for component, parts in zip(item.components, found, strict=True):
            motions = basis @ eigenspace(inside, component.residue or Fraction(0), n)
            blocks = motions.reshape(len(site.atoms), 3, -1)
            for spin, projector in here.spins:
                vectors = np.einsum("ij,ajm->aim", projector, blocks)
                atoms = [
                    atom
                    for cycle in here.cycles
                    if np.linalg.norm(vectors[[site.atoms.index(a) for a in cycle]]) > ROUNDED
                    for atom in cycle
                ]
                if atoms:
                    orbital = _residue(here.carry, vectors.reshape(motions.shape), n)
                    text = pam_text(orbital, axis.turn.shift(item.q), n)
                    parts.append(SitePart(site.name, tuple(sorted(atoms)), spin, orbital, text))
    return tuple(map(tuple, found))


def _residue(operation: Complex, vectors: Complex, n: int) -> Fraction:
    """The l of exp(−2πi l/n), the one eigenvalue of an operation on some vectors."""
    images = operation @ vectors
    value = np.vdot(vectors, images) / np.vdot(vectors, vectors)
    exact = momentum(complex(value), n)
    if abs(exact - round(exact)) > ROUNDED or np.abs(images - value * vectors).max() > ROUNDED:
        raise ValueError(f"an orbital part is not an eigenvector: {value}")
    return balanced(Fraction(round(exact)), n)
