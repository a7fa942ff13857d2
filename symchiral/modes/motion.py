"""In which sense atoms rotate in a component: mechanical angular momentum fixed by symmetry."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isnan
from typing import Literal

import numpy as np

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.sites import Site
from symchiral.crystal.symmetric import SymmetricCrystal, Symmetry
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.modes.displacement import SiteMatrices
from symchiral.modes.masses import masses
from symchiral.modes.unbroken import (
    Partners,
    axial_moments,
    named_phase,
    partners_of,
    spanned,
    unitary_members,
    with_pam_of,
)
from symchiral.value import ROUNDED, Complex, Floats, grouped

Vector = tuple[float, float, float]
Bounds = tuple[float, float]

Sign = Literal["+", "-", "0", "open"]
"""Sense that symmetry fixes: counter-clockwise, clockwise, none; open where forces decide."""

SiteWord = Literal["must +", "must -", "cancels", "cannot", "may"]
"""In which sense the atoms of a site rotate in sum; cancels: single atoms may rotate, their sum is
zero; cannot: every atom moves on a line."""

_SITE_WORDS: dict[Sign, SiteWord] = {"+": "must +", "-": "must -", "0": "cannot", "open": "may"}

ZERO = 1e-7
"""Angular momenta below this, in ħ, are zero."""


@dataclass(frozen=True)
class Motion:
    r"""The angular momentum that the motions of one component can have.

    For a normalised mass-weighted eigenvector e the mechanical angular momentum is the vector
    :math:`J = \mathrm{Im} \sum_κ e_κ^* × e_κ`, about an axis z
    :math:`J_z = 2\,\mathrm{Im} \sum_κ e_{κx}^* e_{κy}`, in ħ per quantum. Over all motions of a
    component it is a Hermitian form; its lowest and highest eigenvalue bound J whatever the
    forces. An operation that takes a mode to itself turns J as an axial vector; one with time
    reversal also reverses it, and counts only where it is *unbroken*: without magnetic order J = 0
    for every non-degenerate mode of the zone centre, and with inversion and time reversal
    together for every one anywhere; in a magnet or in B only what its magnetic group says.

    Rigid translations are taken out of everything but ``sites`` and ``turning`` (with the standard
    atomic masses: where a species is also acoustic the bounds depend on them).

    Attributes
    ----------
    lowest, highest : float
        Bounds of J about the axis over the optical motions, ħ; NaN where the component has none,
        or where no axis exists and J need not vanish.
    sites : tuple of (str, float, float)
        Site name with the bounds of J if only that site's atoms moved.
    turning : tuple of str
        Sites of which single atoms may rotate, about any direction, whatever their sum.
    directions : tuple of (3,) float
        Orthogonal unit vectors, Cartesian, that span what J can be; none: J = 0 about every axis.
    box : tuple of (float, float), optional
        Bounds of J along x, y, z, Cartesian, over the optical motions; None where there are none.
    magnetic : bool
        Whether order or B also changes what a quantum is: J is that of the pattern
        :math:`e^† e = 1`, of which only the sign, or that it is zero, is exact per quantum.
    """

    lowest: float
    highest: float
    sites: tuple[tuple[str, float, float], ...]
    turning: tuple[str, ...] = ()
    directions: tuple[Vector, ...] = ()
    box: tuple[Bounds, Bounds, Bounds] | None = None
    magnetic: bool = False

    @cached_property
    def sign(self) -> Sign:
        """Sense of rotation of the atoms, ``+``, ``-`` or ``0``; ``open`` if none is fixed."""
        return sign(self.lowest, self.highest)

    @cached_property
    def value(self) -> float | None:
        """J about the axis where symmetry fixes it, else None."""
        if not self.highest - self.lowest < ZERO or (self.magnetic and self.sign != "0"):
            return None
        return round(self.lowest, 9) + 0.0

    @property
    def still(self) -> bool:
        """Whether J = 0 about every axis (single atoms may rotate all the same)."""
        return not self.directions and self.box is not None

    def across(self, axis: Axis) -> bool:
        """Whether J may have a part across an axis."""
        if not self.directions:
            return False
        a, b, c = axis.direction.tolist()
        crossed = ((y * c - z * b, z * a - x * c, x * b - y * a) for x, y, z in self.directions)
        return any(max(map(abs, v)) > ROUNDED for v in crossed)

    def site_words(self) -> tuple[tuple[str, SiteWord], ...]:
        """In which sense each site's atoms rotate in sum about the axis.

        ``must +``, ``must -`` or ``may``; ``cancels`` where single atoms may rotate and their sum
        is zero, ``cannot`` where every atom moves on a line.
        """
        return tuple(
            (name, "cancels" if word == "cannot" and name in self.turning else word)
            for name, low, high in self.sites
            for word in [_SITE_WORDS[sign(low, high)]]
        )


def sign(lowest: float, highest: float) -> Sign:
    """Sign of a Hermitian form from its extreme eigenvalues: fixed only if semidefinite."""
    if isnan(lowest):
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
    matrices: SiteMatrices,
) -> tuple[Motion, ...]:
    r"""Bound the angular momentum of every component of one species.

    The motions of an irreducible representation on one site are the range of
    :math:`\frac{d}{|H|} \sum_h χ(h)^*\, T(h)` over the unitary operations; those of a component
    are the eigenvectors of :math:`T(C_n)` in it with eigenvalue :math:`e^{-2πi l/n}`. In a magnetic
    crystal modes of several species of the family group mix, and the motions are all of theirs.

    Parameters
    ----------
    sites : tuple of (Site, int)
        Sites whose atoms move in this species, and how many multiplets each gives.
    matrices : SiteMatrices
        T(g) of the little group of the arm on the atoms of every site.
    """
    known = _known(
        (
            *(participant, arm, components, matrices.facts),
            axis and (axis.turn, axis.direction.tobytes()),
            tuple((site.name, count) for site, count in sites),
            masses(crystal.primitive).tobytes(),
            *(crystal.signs, crystal.magnetic is None),
        )
    )
    if not known:
        where = _Place(crystal, participant, arm, axis, sites, matrices)
        known.append(tuple(map(where.joined, components)))
    return known[0]


@lru_cache(maxsize=4096)
def _known(facts: Hashable) -> list[tuple[Motion, ...]]:
    """A place for the motions that follow from some facts, empty until they are worked out."""
    return []


def motions_of_group(
    symmetry: Symmetry,
    participant: Participant,
    arm: int,
    components: tuple[Component, ...],
    axis: Axis | None,
) -> tuple[Motion, ...]:
    r"""Bound the angular momentum of every component of an irrep, wherever atoms are.

    J is 0, in a direction or in all, where no axial vector of Hermitian matrices is an invariant of
    the wavevector (:func:`~symchiral.modes.unbroken.axial_moments`). Else atoms in general
    positions have motions of :math:`J_z = -ħ` and of +ħ, and those in special ones need not.
    """
    found = []
    for component in components:
        kinds = partners_of(symmetry, participant, arm, component, axis)
        totals = [spanned(axial_moments(symmetry, kind).sum(axis=1)) for kind in kinds]
        found.append(_joined([_anywhere(total, axis) for total in totals]))
    return tuple(found)


def _anywhere(total: Floats, axis: Axis | None) -> Motion:
    """What motions of atoms in general positions can do, given the directions that J may have."""
    if not total.any():
        return Motion(0.0, 0.0, (), box=_NOWHERE)
    x, y, z = (_either_way(column) for column in total)
    nan = float("nan")
    low, high = (nan, nan) if axis is None else _either_way(total @ axis.direction)
    return Motion(low, high, (), (), _directions(total), (x, y, z))


def _either_way(part: Floats) -> Bounds:
    """Bounds of J along a direction of which this is the part that J can have."""
    return (-1.0, 1.0) if np.abs(part).max() > ROUNDED else (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Place:
    """A species at a wavevector, and the atoms that it or what mixes with it can move."""

    crystal: SymmetricCrystal
    participant: Participant
    arm: int
    axis: Axis | None
    sites: tuple[tuple[Site, int], ...]
    matrices: SiteMatrices

    def joined(self, component: Component) -> Motion:
        """What all modes that belong to a component can do."""
        kinds = partners_of(self.crystal, self.participant, self.arm, component, self.axis)
        return _joined([self.motion(component, partners) for partners in kinds])

    def motion(self, component: Component, partners: Partners) -> Motion:
        """What the modes of one irreducible representation in a component can do."""
        magnetic = self.crystal.magnetic is not None
        folded = magnetic and self.crystal.signs is None
        moments = axial_moments(self.crystal, partners, self.crystal.permutations)
        atoms, total = spanned(moments), spanned(moments.sum(axis=1))
        if not atoms.any():
            none = tuple((site.name, 0.0, 0.0) for site, _ in self.sites)
            names = tuple(
                site.name for site, _ in self.sites if folded and self._folded_turn(site, partners)
            )
            return Motion(0.0, 0.0, none, names, box=_NOWHERE, magnetic=magnetic)
        shares, turning, forms, rigid = [], [], [], []
        weights = masses(self.crystal.primitive)
        for site, basis in self._bases(component, partners):
            own = list(site.atoms)
            form = np.stack([angular_momentum_form(basis, axis) for axis in np.eye(3)])
            along = spanned(moments[:, own].sum(axis=1))
            shares.append((site.name, *self._bounds(form, along)))
            if _atoms_turn(basis, atoms[own]) or (folded and self._folded_turn(site, partners)):
                turning.append(site.name)
            forms.append(form)
            root = np.sqrt(weights[site.atoms[0]])
            rigid.append(root * (basis.conj().T @ np.tile(np.eye(3), (len(own), 1))))
        if not total.any():
            return Motion(0.0, 0.0, tuple(shares), tuple(turning), box=_NOWHERE, magnetic=magnetic)
        form = np.stack([_direct_sum([f[i] for f in forms]) for i in range(3)])
        if self.participant.arms[self.arm] == GAMMA:
            vectors, values, _ = np.linalg.svd(np.concatenate(rigid))
            optical = vectors[:, int(np.sum(values > 1e-6)) :]
            form = optical.conj().T @ form @ optical
        nan = float("nan")
        if not form.shape[1]:
            return Motion(nan, nan, tuple(shares), tuple(turning), magnetic=magnetic)
        x, y, z = (_extremes(form, v) for v in total)
        return Motion(
            *self._bounds(form, total),
            tuple(shares),
            tuple(turning),
            _directions(total @ np.einsum("iab,jba->ij", form, form).real @ total),
            (x, y, z),
            magnetic,
        )

    def _bases(self, component: Component, partners: Partners) -> Iterator[tuple[Site, Complex]]:
        """Orthonormal columns on every site: the motions that modes of a component can have."""
        crystal, axis = self.crystal, self.axis
        unitary = unitary_members(crystal, self.participant, self.arm)
        little = np.flatnonzero(self.participant.images[:, self.arm] == self.arm)
        counts = dict(self.sites)
        for site in crystal.sites if crystal.signs is not None else counts:
            matrices = self.matrices.by_site[site.name]
            basis = isotypic(partners.characters, matrices[np.searchsorted(little, unitary)])
            if axis is not None:
                phase = named_phase(self.participant, self.arm, axis)
                named = phase * matrices[np.searchsorted(little, axis.turn.index)]
                basis = with_pam_of(component, crystal, axis, named, basis)
            if crystal.signs is None and basis.shape[1] != counts[site] * component.basis.shape[1]:
                raise ValueError(f"{component} has {basis.shape[1]} motions on {site}")
            if basis.shape[1]:
                yield site, basis

    def _folded_turn(self, site: Site, partners: Partners) -> bool:
        """Whether single atoms may rotate where time reversal comes with a translation.

        Modes of the zone boundary that the magnetic cell folds here add opposite rotations of the
        atoms which that exchanges. Whichever of the operations that keep an atom come with time
        reversal, their squares do not: what they leave of its motion is a line, or not.
        """
        if partners.matrices.shape[1] > 1:
            return True
        little = np.flatnonzero(self.participant.images[:, self.arm] == self.arm)
        left = [np.zeros((1, 3), dtype=complex)]
        for g, d in zip(partners.unitary, partners.matrices, strict=True):
            if self.crystal.permutations[g, site.atoms[0]] == site.atoms[0]:
                block = self.matrices.by_site[site.name][np.searchsorted(little, g), :3, :3]
                left.append(block @ block / d[0, 0] ** 2 - np.eye(3))
        _, values, vectors = np.linalg.svd(np.concatenate(left))
        values = np.concatenate([values, np.zeros(3 - len(values))])
        return _atoms_turn(vectors[values < ROUNDED].conj().T, np.eye(3)[None])

    def _bounds(self, form: Complex, span: Floats) -> Bounds:
        """Bounds of J about the axis; without one those of J = 0, or none."""
        if self.axis is not None:
            return _extremes(form, span @ self.axis.direction)
        zero = np.abs(np.tensordot(span, form, 1)).max(initial=0) < ZERO
        return (0.0, 0.0) if zero else (float("nan"), float("nan"))


_NOWHERE: tuple[Bounds, Bounds, Bounds] = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0))


def _extremes(form: Complex, direction: Floats) -> Bounds:
    """Lowest and highest J along a direction, given its Hermitian forms along x, y, z."""
    values = np.linalg.eigvalsh(np.tensordot(direction, form, 1))
    return float(values[0]), float(values[-1])


def _directions(gram: Floats) -> tuple[Vector, ...]:
    """Orthogonal unit vectors along which J can be, given the squares Σ J_i J_j."""
    values, vectors = np.linalg.eigh(gram)
    kept = vectors[:, values > ZERO**2]
    left = np.eye(3) if kept.shape[1] == 3 else kept @ kept.T
    found: list[Vector] = []
    for column in left.T:
        rest = column - sum((np.array(v) * (v @ column) for v in found), np.zeros(3))
        size = float(np.linalg.norm(rest))
        if len(found) < kept.shape[1] and size > 0.1:
            rest = rest / size
            rest = rest * np.sign(rest[np.abs(rest) > 1e-6][-1])
            x, y, z = (rest.round(12) + 0.0).tolist()
            found.append((x, y, z))
    return tuple(found)


def _joined(found: Sequence[Motion]) -> Motion:
    """What holds for modes of any of several kinds."""
    if len(found) == 1:
        return found[0]
    boxes = [m.box for m in found if m.box is not None]
    bounds = grouped((name, (low, high)) for m in found for name, low, high in m.sites)
    spans = np.array([v for m in found for v in m.directions]).reshape(-1, 3)
    return Motion(
        float(np.min([m.lowest for m in found])),
        float(np.max([m.highest for m in found])),
        tuple((name, *_hull(values)) for name, values in bounds.items()),
        tuple(dict.fromkeys(name for m in found for name in m.turning)),
        _directions(spans.T @ spans),
        (
            _hull([b[0] for b in boxes]),
            _hull([b[1] for b in boxes]),
            _hull([b[2] for b in boxes]),
        )
        if boxes
        else None,
        found[0].magnetic,
    )


def _hull(bounds: Sequence[Bounds]) -> Bounds:
    """The interval of several."""
    return float(np.min([x for x, _ in bounds])), float(np.max([x for _, x in bounds]))


def _atoms_turn(basis: Complex, spans: Floats) -> bool:
    """Whether any atom has an angular momentum in any of the motions, in a direction it may.

    With B the (3, m) amplitudes of an atom, n · J is the form :math:`B^† [n×] B`: it vanishes with
    :math:`B B^† [n×] B B^†`.
    """
    blocks = basis.reshape(-1, 3, basis.shape[1])
    squares = blocks @ np.swapaxes(blocks.conj(), 1, 2)
    crosses = np.cross(np.eye(3), spans[:, :, None, :])  # [n×] of the columns n of the spans
    forms = squares[:, None] @ crosses @ squares[:, None]
    return bool(np.abs(forms).max() > ZERO)


def species_motions(
    participant: Participant, arm: int, members: list[int], matrices: Complex, count: int
) -> Complex:
    """Orthonormal columns: the displacements of a site's atoms that belong to a species."""
    characters = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    found = isotypic(characters, matrices)
    if found.shape[1] != count * participant.dimension:
        raise ValueError(f"{participant} has {found.shape[1]} motions, not {count}")
    return found


def isotypic(characters: Complex, matrices: Complex) -> Complex:
    r"""Orthonormal columns: the displacements that belong to an irreducible (co)representation.

    The range of :math:`\frac{χ(1)}{\sum_h |χ(h)|^2} \sum_h χ(h)^* T(h)`: also where χ is that of an
    irrep twice, or of two different ones of one dimension, a projector.
    """
    weights = characters.conj() * characters[0] / np.vdot(characters, characters).real
    projector = np.tensordot(weights, matrices, 1)
    # The range of a projector of known rank: its image of as many generic vectors.
    rank = round(np.trace(projector).real)
    generic = np.random.default_rng(0).normal(size=(len(projector), rank))
    return np.linalg.qr(projector @ generic)[0]


def angular_momentum_form(basis: Complex, direction: Floats) -> Complex:
    r"""Hermitian form of J = i Σ e* · (n × e) on the span of the columns."""
    cross = np.cross(np.eye(3), direction)  # row i, column j: (n × x)_i = Σ_j cross[i, j] x_j
    blocks = basis.reshape(-1, 3, basis.shape[1])
    return np.asarray(1j * np.einsum("kia,ij,kjb->ab", blocks.conj(), cross, blocks))


def _direct_sum(blocks: list[Complex]) -> Complex:
    size = sum(len(block) for block in blocks)
    total = np.zeros((size, size), dtype=complex)
    start = 0
    for block in blocks:
        stop = start + len(block)
        total[start:stop, start:stop] = block
        start = stop
    return total
