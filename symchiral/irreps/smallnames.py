"""CDML names of the small irreps at any wavevector, from the ISO-IR table."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import GENERIC, QPoint, little_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.build import small_irreps
from symchiral.irreps.isoir import DENOMINATOR, IsoWavevector, iso_operations
from symchiral.irreps.kpoints import is_tabulated, tabulated_points
from symchiral.irreps.locate import Location, locate
from symchiral.value import ROUNDED, Complex, Integers, frozen


@lru_cache(maxsize=65536)
def irrep_names(group: SpaceGroup, q: QPoint) -> tuple[str, ...]:
    """Return the CDML label of each of ``small_irreps(group, q)``, in their order.

    Every arm of a star has the same labels: a label names the irrep of the whole space group that
    a small irrep induces. Where the table has no entry (the group is in another setting) or does
    not match one to one, the names are positions: ``K:#2``, and ``q:#2`` for lack of a point.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> group = space_group(483)
    >>> k = QPoint.of("1/3", "1/3", 0)
    >>> sorted(irrep_names(group, k)), sorted(irrep_names(group, -k))
    (['K1', 'K2', 'K3', 'K4', 'K5', 'K6'], ['KA1', 'KA2', 'KA3', 'KA4', 'KA5', 'KA6'])
    >>> irrep_names(space_group(459), k)
    ('q:#1', 'q:#2')
    """
    irreps = small_irreps(group, q)
    if not is_tabulated(group):
        return tuple(f"q:#{i + 1}" for i in range(len(irreps)))
    labels, table = tabulated_characters(group, q)
    ours = np.array([np.trace(irrep, axis1=1, axis2=2) for irrep in irreps])
    same = np.abs(ours[:, None, :] - table).max(axis=2) < ROUNDED
    if np.all(same.sum(axis=0) == 1) and np.all(same.sum(axis=1) == 1):
        return tuple(labels[i] for i in same.argmax(axis=1))
    point = locate(group, q).point
    return tuple(f"{point.label if point.kdim < 3 else 'q'}:#{i + 1}" for i in range(len(irreps)))


@lru_cache(maxsize=4096)
def tabulated_characters(group: SpaceGroup, q: QPoint) -> tuple[tuple[str, ...], Complex]:
    r"""Return labels and characters of the tables, carried to q.

    With :math:`q = k\,W_g^{-1} + G` as `locate` finds it,

    .. math:: χ_q(h) = χ_k(g^{-1} h g) = e^{-i q·(t_{hg} - t_{gh'})}\, χ_k(h'), \qquad
        h g = \{E|t_{hg} - t_{gh'}\}\, g h',

    every operation with its translation as in ``group.operations``.

    Returns
    -------
    labels : tuple of str
    characters : (number of labels, H) complex
        In the order of ``little_group(group, q)``.

    Raises
    ------
    InputError
        If the group is not in the setting of the tables.

    Examples
    --------
    Between Γ and Z of P4₁ the label is fixed by continuity, not by the phase of the screw:

    >>> from symchiral.crystal.search import space_group
    >>> group = space_group(350)
    >>> for z in ("1/8", "3/8", "7/8"):
    ...     labels, characters = tabulated_characters(group, QPoint.of(0, 0, z))
    ...     turns = -np.angle(characters[:, 1]) / (2 * np.pi)
    ...     print(locate(group, QPoint.of(0, 0, z)).text, labels[0], turns[0].round(4))
    LD(1/8) LD1 0.0312
    LD(3/8) LD1 0.0938
    LD(-1/8) LD1 -0.0312
    """
    location = locate(group, q)
    iso = next(iso for point, iso in tabulated_points(group) if point == location.point)
    rotation_order, lattice = _tabulated_operations(group)
    k = location.k.generic_array
    # characters at k of our operations, all of the group; NaN outside the little co-group
    member = {w.tobytes(): i for i, w in enumerate(iso.rotations)}
    places = np.array([member.get(w, -1) for w in rotation_order])
    at_k = _characters(location, iso)[:, places]
    at_k = np.where(places < 0, np.nan, at_k * phase_of(-lattice @ k))
    g = location.operation
    h = np.array(little_group(group, q))
    hg = group.products[h, g]
    inner = group.products[group.inverses[g], hg]
    shift = group.product_translations[h, g] - group.product_translations[g, inner]
    phases = phase_of(-shift @ q.reduced.generic_array)
    labels = tuple(irrep.label for irrep in iso.irreps)
    return labels, frozen(at_k[:, inner] * phases, complex)


def _characters(location: Location, iso: IsoWavevector) -> Complex:
    """Characters at k(α, β, γ), of the operations as the tables list them."""
    if not location.parameters:
        return np.array([irrep.characters for irrep in iso.irreps])
    free = iter(
        c + sum(s * x for s, x in zip(slopes, GENERIC, strict=True))
        for c, *slopes in location.parameters
    )
    columns = zip(*iso.directions, strict=True)
    parameters = [next(free) if any(column) else 0 for column in columns]
    return np.array([iso.characters(irrep, parameters) for irrep in iso.irreps])


@lru_cache(maxsize=230)
def _tabulated_operations(
    group: SpaceGroup,
) -> tuple[tuple[bytes, ...], Integers]:
    """Conventional rotations (as bytes), and t with {W|w} of ours = {E|t}{W|w} of the tables."""
    rotations, translations = iso_operations(group.number)
    inverse = np.linalg.inv(group.centring)
    ours = np.rint(group.centring @ group.rotations @ inverse).astype(np.int64)
    names = tuple(w.tobytes() for w in np.ascontiguousarray(ours))
    index = {w.tobytes(): i for i, w in enumerate(rotations)}
    theirs = translations[[index[w] for w in names]] @ inverse.T
    lattice = (group.shifts - theirs) / DENOMINATOR
    rounded = np.rint(lattice)
    if np.abs(lattice - rounded).max() > 1e-9:
        raise ValueError(f"operations of {group} differ from those of the tables")
    return names, frozen(rounded, np.int64)
