"""Which way atoms turn in a component: mechanical angular momentum fixed by symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.sites import Site
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.masses import MASSES

ZERO = 1e-7
"""Angular momenta below this, in ħ, are zero."""


@dataclass(frozen=True)
class Motion:
    r"""The angular momentum that the motions of one component can have.

    For a normalised mass-weighted eigenvector e the mechanical angular momentum about the axis is
    :math:`J = 2\,\mathrm{Im} \sum_κ e_{κx}^* e_{κy}` in ħ per quantum (x, y, axis right-handed).
    Over all motions of a component it is a Hermitian form; its lowest and highest eigenvalue
    bound J whatever the forces. A mode that time reversal, combined with an operation that keeps
    the sense of rotation, takes to itself has J = 0: at the zone centre every non-degenerate one.
    Rigid translations are taken out of ``lowest`` and ``highest`` (with the standard atomic masses:
    where a species is also acoustic the bounds depend on them), but not out of ``sites``.

    Attributes
    ----------
    lowest, highest : float
        Bounds of J over the optical motions, ħ; NaN where the component has none or no axis exists.
    sites : tuple of (str, float, float)
        Site name with the bounds of J if only that site's atoms moved.
    """

    lowest: float
    highest: float
    sites: tuple[tuple[str, float, float], ...]

    @property
    def sign(self) -> str:
        """``+``, ``-`` or ``0`` where symmetry fixes which way the atoms turn, else ``open``."""
        return sign(self.lowest, self.highest)

    @property
    def value(self) -> float | None:
        """J where symmetry fixes it, else None."""
        return self.lowest if self.highest - self.lowest < ZERO else None

    def site_words(self) -> tuple[tuple[str, str], ...]:
        """Which way each site's atoms turn: ``must +``, ``must -``, ``cannot`` or ``may``."""
        words = {"+": "must +", "-": "must -", "0": "cannot", "open": "may"}
        return tuple((name, words[sign(low, high)]) for name, low, high in self.sites)


def sign(lowest: float, highest: float) -> str:
    """Sign of a Hermitian form from its extreme eigenvalues: fixed only if semidefinite."""
    if np.isnan(lowest):
        return "open"
    if lowest > -ZERO:
        return "+" if highest > ZERO else "0"
    return "-" if highest < ZERO else "open"


def motion(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    component: Component,
    axis: Axis | None,
    sites: tuple[tuple[Site, int], ...],
) -> Motion:
    r"""Bound the angular momentum of one component of one species.

    The motions of a component are, on each site, the range of

    .. math:: \frac{d}{|G|} \sum_g χ(g)\, T(g) \cdot \frac1n \sum_{k<n} e^{2πi l k/n} T(C_n)^k.
    """
    nan = float("nan")
    if axis is None:
        return Motion(nan, nan, tuple((site.name, nan, nan) for site, _ in sites))
    if _still(crystal, participant, arm, component, axis):
        return Motion(0.0, 0.0, tuple((site.name, 0.0, 0.0) for site, _ in sites))
    forms, translations, bounds = [], [], []
    centre = participant.arms[arm] == GAMMA
    for site, count in sites:
        basis = _motions(crystal, participant, arm, component, axis, site, count)
        form = _angular_momentum(basis, axis.direction)
        forms.append(form)
        values = np.linalg.eigvalsh(form)
        bounds.append((site.name, float(values[0]), float(values[-1])))
        if centre:
            root = np.sqrt(MASSES[crystal.primitive.numbers[site.atoms[0]]])
            uniform = np.tile(np.eye(3), (len(site.atoms), 1))
            translations.append(root * (basis.conj().T @ uniform))
    total = _direct_sum(forms)
    optical = np.eye(len(total), dtype=complex)
    if centre:
        vectors, values, _ = np.linalg.svd(np.concatenate(translations))
        optical = vectors[:, int(np.sum(values > 1e-6)) :]
    if not optical.shape[1]:
        return Motion(nan, nan, tuple(bounds))
    values = np.linalg.eigvalsh(optical.conj().T @ total @ optical)
    return Motion(float(values[0]), float(values[-1]), tuple(bounds))


def _still(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    component: Component,
    axis: Axis,
) -> bool:
    """Whether an antiunitary operation keeps a non-degenerate component and reverses J.

    K g (K alone at the zone centre) takes J to −J if g leaves the sense of rotation about the axis
    as it is; a mode that is its own image then has J = 0, and so has every orbit of its atoms.
    """
    if component.basis.shape[1] > 1:
        return False
    opposite = int(participant.conjugate_arms[arm])
    turns = np.linalg.det(crystal.rotations) * np.einsum(
        "i,gij,j->g", axis.direction, crystal.rotations, axis.direction
    )
    keeps = (participant.images[:, arm] == opposite) & (turns > 1 - 1e-6)
    w = component.basis[:, 0]
    images = np.conj(participant.matrices[keeps, arm] @ w) @ participant.conjugation[opposite].T
    return bool(np.any(np.abs(images @ w.conj()) > 1 - 1e-6))


def _motions(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    component: Component,
    axis: Axis,
    site: Site,
    count: int,
) -> npt.NDArray[np.complex128]:
    """Orthonormal columns: the displacements of a site's atoms that belong to a component."""
    q, turn = participant.arms[arm], axis.turn
    members = np.flatnonzero(participant.images[:, arm] == arm).tolist()
    matrices = displacement_matrices(crystal, q, members, site.atoms)
    characters = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    # A pseudoreal irrep stands twice in its participant, which doubles the characters.
    twice = np.vdot(characters, characters).real / len(members) > 3
    weights = characters.conj() * participant.irrep_dimension / len(members) / (2 if twice else 1)
    projector = np.tensordot(weights, matrices, 1)
    named = matrices[members.index(turn.index)]
    turns = float(q.dot(turn.lattice)) - float(turn.shift(q).generic[2]) / turn.order
    step = np.exp(-2j * np.pi * (turns - float(component.residue or 0) / turn.order)) * named
    cyclic = np.eye(len(projector), dtype=complex)
    for _ in range(turn.order - 1):
        cyclic = np.eye(len(projector)) + step @ cyclic
    projector = projector @ cyclic / turn.order
    values, vectors = np.linalg.eigh((projector + projector.conj().T) / 2)
    basis = vectors[:, values > 0.5]
    if basis.shape[1] != count * component.basis.shape[1]:
        raise ValueError(f"{participant} has {basis.shape[1]} motions on {site}, not {count}")
    return np.asarray(basis)


def _angular_momentum(
    basis: npt.NDArray[np.complex128], direction: npt.NDArray[np.float64]
) -> npt.NDArray[np.complex128]:
    r"""Hermitian form of J = i Σ e* · (n × e) on the span of the columns."""
    cross = np.cross(np.eye(3), direction)  # row i, column j: (n × x)_i = Σ_j cross[i, j] x_j
    blocks = basis.reshape(-1, 3, basis.shape[1])
    return np.asarray(1j * np.einsum("kia,ij,kjb->ab", blocks.conj(), cross, blocks))


def _direct_sum(blocks: list[npt.NDArray[np.complex128]]) -> npt.NDArray[np.complex128]:
    size = sum(len(block) for block in blocks)
    total = np.zeros((size, size), dtype=complex)
    start = 0
    for block in blocks:
        stop = start + len(block)
        total[start:stop, start:stop] = block
        start = stop
    return total
