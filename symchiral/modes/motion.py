"""Which way atoms turn in a component: mechanical angular momentum fixed by symmetry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.sites import Site
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component, eigenspace
from symchiral.irreps.participant import Participant
from symchiral.modes.masses import masses

Complex = npt.NDArray[np.complex128]

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
    turning : tuple of str
        Sites of which single atoms may turn, about any direction, whatever their sum.
    """

    lowest: float
    highest: float
    sites: tuple[tuple[str, float, float], ...]
    turning: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """``+``, ``-`` or ``0`` where symmetry fixes which way the atoms turn, else ``open``."""
        return sign(self.lowest, self.highest)

    @property
    def value(self) -> float | None:
        """J where symmetry fixes it, else None."""
        if not self.highest - self.lowest < ZERO:
            return None
        return round(self.lowest, 9) + 0.0

    def site_words(self) -> tuple[tuple[str, str], ...]:
        """Which way each site's atoms turn in sum about the axis.

        ``must +``, ``must -`` or ``may``; ``cancels`` where single atoms may turn and their sum is
        zero, ``cannot`` where every atom moves on a line.
        """
        words = {"+": "must +", "-": "must -", "0": "cannot", "open": "may"}
        return tuple(
            (name, "cancels" if word == "cannot" and name in self.turning else word)
            for name, low, high in self.sites
            for word in [words[sign(low, high)]]
        )


def sign(lowest: float, highest: float) -> str:
    """Sign of a Hermitian form from its extreme eigenvalues: fixed only if semidefinite."""
    if np.isnan(lowest):
        return "open"
    if lowest > -ZERO:
        return "+" if highest > ZERO else "0"
    return "-" if highest < ZERO else "open"


def motions(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    components: tuple[Component, ...],
    axis: Axis | None,
    sites: tuple[tuple[Site, int], ...],
    matrices: Mapping[str, Complex],
) -> tuple[Motion, ...]:
    r"""Bound the angular momentum of every component of one species.

    The motions of a species on one site are the range of
    :math:`\frac{d}{|G|} \sum_g χ(g)^*\, T(g)`; those of a component are the eigenvectors of
    :math:`T(C_n)` in it with eigenvalue :math:`e^{-2πi l/n}`.

    Parameters
    ----------
    sites : tuple of (Site, int)
        Sites whose atoms move in this species, and how many multiplets each gives.
    matrices : mapping of str to (H, 3n, 3n) complex
        T(g) of the little group of the arm on the atoms of every site, by name.
    """
    nan = float("nan")
    if axis is None:
        unknown = tuple((site.name, nan, nan) for site, _ in sites)
        return (Motion(nan, nan, unknown),) * len(components)
    still = [_still(crystal, participant, arm, c, axis) for c in components]
    free = [
        [not _on_lines(crystal, participant, arm, c, site) for site, _ in sites] for c in components
    ]
    zero = Motion(0.0, 0.0, tuple((site.name, 0.0, 0.0) for site, _ in sites))
    if all(still) and not any(map(any, free)):
        return (zero,) * len(components)
    q, turn = participant.arms[arm], axis.turn
    # The named operation is {E|t} g; its screw part is taken off, so that l₀ is left.
    turns = float(q.dot(turn.lattice)) - float(turn.shift(q).generic[2]) / turn.order
    phase = np.exp(-2j * np.pi * turns)
    members = np.flatnonzero(participant.images[:, arm] == arm).tolist()
    spaces = []
    for site, count in sites:
        basis = species_motions(participant, arm, members, matrices[site.name], count)
        image = matrices[site.name][members.index(turn.index)] @ basis
        spaces.append((basis, phase * (basis.conj().T @ image)))
    found = []
    for component, rests, may in zip(components, still, free, strict=True):
        bases = _bases(component, axis, sites, spaces)
        motion = zero if rests else _motion(crystal, axis, sites, bases, centre=q == GAMMA)
        turning = [
            site.name
            for (site, _), basis, it_may in zip(sites, bases, may, strict=True)
            if it_may and _atoms_turn(basis)
        ]
        found.append(replace(motion, turning=tuple(turning)))
    return tuple(found)


def _bases(
    component: Component,
    axis: Axis,
    sites: tuple[tuple[Site, int], ...],
    spaces: list[tuple[Complex, Complex]],
) -> list[Complex]:
    """Orthonormal columns on every site: the motions of one component."""
    found = []
    for (site, count), (space, named) in zip(sites, spaces, strict=True):
        basis = space @ eigenspace(named, component.residue or Fraction(0), axis.order)
        if basis.shape[1] != count * component.basis.shape[1]:
            raise ValueError(f"{component} has {basis.shape[1]} motions on {site}, not {count}")
        found.append(basis)
    return found


def _motion(
    crystal: SymmetricCrystal,
    axis: Axis,
    sites: tuple[tuple[Site, int], ...],
    bases: list[Complex],
    *,
    centre: bool,
) -> Motion:
    forms, translations, bounds = [], [], []
    weights = masses(crystal.primitive)
    for (site, _), basis in zip(sites, bases, strict=True):
        form = angular_momentum_form(basis, axis.direction)
        forms.append(form)
        values = np.linalg.eigvalsh(form)
        bounds.append((site.name, float(values[0]), float(values[-1])))
        if centre:
            root = np.sqrt(weights[site.atoms[0]])
            uniform = np.tile(np.eye(3), (len(site.atoms), 1))
            translations.append(root * (basis.conj().T @ uniform))
    total = _direct_sum(forms)
    optical = np.eye(len(total), dtype=complex)
    if centre:
        vectors, values, _ = np.linalg.svd(np.concatenate(translations))
        optical = vectors[:, int(np.sum(values > 1e-6)) :]
    if not optical.shape[1]:
        return Motion(float("nan"), float("nan"), tuple(bounds))
    values = np.linalg.eigvalsh(optical.conj().T @ total @ optical)
    return Motion(float(values[0]), float(values[-1]), tuple(bounds))


def _still(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    component: Component,
    axis: Axis,
) -> bool:
    r"""Whether symmetry stops the motions of a component of every mode.

    Within the w partners of one mode that a component holds, J is a Hermitian w×w matrix M. Of the
    operations that take the component to itself, g turns it into :math:`s\,D M D^†` and Kg (K alone
    at the zone centre) into :math:`-s\,U M^* U^†`, with s = ±1 where g keeps or reverses the sense
    of rotation about the axis. J = 0 if no M stays as it is; there are

    .. math:: \frac1N \Bigl(\sum_g s\,|\mathrm{tr} D|^2 - \sum_{Kg} s\,\mathrm{tr}\,U U^*\Bigr)

    independent ones.
    """
    senses = np.linalg.det(crystal.rotations) * np.einsum(
        "i,gij,j->g", axis.direction, crystal.rotations, axis.direction
    )
    keeps = np.abs(senses) > 1 - 1e-6
    return _vanishes(participant, arm, component, keeps, np.rint(senses))


def _on_lines(
    crystal: SymmetricCrystal,
    participant: Participant,
    arm: int,
    component: Component,
    site: Site,
) -> bool:
    """Whether symmetry keeps every atom of a site on a line in every mode: as :func:`_still`.

    In the place of the sign s stand the angular momenta of the single atoms, axial vectors that an
    operation turns and carries to other atoms; of each trace s becomes that of this matrix.
    """
    atoms = np.array(site.atoms)
    fixed = np.sum(crystal.permutations[:, atoms] == atoms, axis=1)
    axial = np.linalg.det(crystal.rotations) * np.trace(crystal.rotations, axis1=1, axis2=2)
    return _vanishes(participant, arm, component, np.ones(len(fixed), dtype=bool), fixed * axial)


def _atoms_turn(basis: Complex) -> bool:
    """Whether any atom has an angular momentum in any of the motions, about any direction."""
    blocks = basis.reshape(-1, 3, basis.shape[1])
    areas = np.einsum("kia,kjb->kijab", blocks.conj(), blocks)
    return bool(np.abs(areas - areas.swapaxes(1, 2)).max() > ZERO)


def _vanishes(
    participant: Participant,
    arm: int,
    component: Component,
    keeps: npt.NDArray[np.bool_],
    characters: npt.NDArray[np.float64],
) -> bool:
    """Whether no matrix M, times what has these characters, is left by the operations kept."""
    b = component.basis
    opposite = int(participant.conjugate_arms[arm])
    moved, images = participant.matrices[:, arm] @ b, participant.images[:, arm]
    # K takes Σ Q ε to Σ Q* C ε: the arm −q back to the named one.
    returned = participant.conjugation[opposite] @ moved.conj()
    own, reversed_ = keeps & (images == arm), keeps & (images == opposite)
    linear, antilinear = b.conj().T @ moved[own], b.conj().T @ returned[reversed_]
    total, members = 0.0, 0
    for matrices, signs, kind in (
        (linear, characters[own], 1),
        (antilinear, characters[reversed_], -1),
    ):
        inside = np.abs(np.sum(np.abs(matrices) ** 2, axis=(1, 2)) - b.shape[1]) < 1e-6
        chosen, s = matrices[inside], signs[inside]
        traces = np.trace(chosen, axis1=1, axis2=2)
        squares = np.trace(chosen @ chosen.conj(), axis1=1, axis2=2).real
        total += kind * float(s @ (np.abs(traces) ** 2 if kind > 0 else squares))
        members += len(s)
    return abs(total) < 1e-6 * members


def species_motions(
    participant: Participant, arm: int, members: list[int], matrices: Complex, count: int
) -> Complex:
    """Orthonormal columns: the displacements of a site's atoms that belong to a species."""
    characters = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    # A pseudoreal irrep stands twice in its participant, which doubles the characters.
    twice = np.vdot(characters, characters).real / len(members) > 3
    weights = characters.conj() * participant.irrep_dimension / len(members) / (2 if twice else 1)
    projector = np.tensordot(weights, matrices, 1)
    rank = round(np.trace(projector).real)
    if rank != count * participant.dimension:
        raise ValueError(f"{participant} has {rank} motions, not {count}")
    # The range of a projector of known rank: its image of as many generic vectors.
    generic = np.random.default_rng(0).normal(size=(len(projector), rank))
    return np.linalg.qr(projector @ generic)[0]


def angular_momentum_form(
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
