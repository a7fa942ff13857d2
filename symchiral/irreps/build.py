"""Small irreps at any wavevector: the one door to spgrep, behind a cache, with a second method."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import QPoint, little_group
from symchiral.crystal.spacegroup import DENOMINATOR, SpaceGroup
from symchiral.irreps import cache
from symchiral.value import ROUNDED, Complex, Integers, frozen

ATTEMPTS = 8
"""How many random elements of the commutant are tried; one has always been enough."""

EXACT = 1e-9
"""Stored irreps whose products miss by more are computed again."""


def small_irreps(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...]:
    r"""Return the small irreps of the little group at q.

    Element h of an irrep is the matrix of the h-th operation of ``little_group(group, q)``, with

    .. math::
        Δ(\{E|t\}) = e^{-i q·t}, \qquad
        Δ(g)Δ(h) = e^{-i q·t_{gh}} Δ(gh), \quad g h = \{E|t_{gh}\}(gh).

    They are unitary, in an arbitrary basis, and the same at q and q + G.

    Returns
    -------
    tuple of (H, d, d) complex
        One array per irrep, ordered by dimension, then by characters (larger first).

    Examples
    --------
    W of I2₁2₁2₁, where spgrep finds none:

    >>> from symchiral.crystal.search import space_group
    >>> [irrep.shape for irrep in small_irreps(space_group(124), QPoint.of("1/4", "1/4", "1/4"))]
    [(4, 2, 2)]
    """
    return _small_irreps(group, q.reduced)


@lru_cache(maxsize=4096)
def _small_irreps(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...]:
    stored = cache.load(group, q, len(little_group(group, q)))
    if stored is not None and are_irreps(group, q, stored):
        # Sorted again: which comes first is part of the answer, and no file is to decide it.
        return _sorted(list(stored))
    irreps = _from_spgrep(group, q) or _from_regular(group, q)
    cache.store(group, q, irreps)
    return irreps


def are_irreps(group: SpaceGroup, q: QPoint, irreps: tuple[Complex, ...]) -> bool:
    r"""Whether these are all small irreps of the little group at q, each once, and unitary.

    It is enough to multiply by generators s: with the factor system
    :math:`ω(g,h) = e^{-i q·t_{gh}}`

    .. math:: Δ(s)Δ(h) = ω(s,h) Δ(sh) \;∀ s, h \; ⟹ \; Δ(g)Δ(h) = ω(g,h) Δ(gh) \;∀ g, h,

    since every g is a product of generators and ω is a cocycle. Orthogonal characters of norm
    :math:`|H|` then make them irreducible and inequivalent, :math:`Σ d^2 = |H|` all of them.

    Parameters
    ----------
    irreps : tuple of (H, d, d) complex
        Candidates, elements in the order of ``little_group(group, q)``.
    """
    members, place, factors = _factor_system(group, q)
    products = place[group.products[np.ix_(members, members)]]
    chosen = _generators(products)
    # Entries of unitary matrices are bounded; what is not would overflow below.
    if not all(bool(np.all(np.abs(irrep) < 1 + EXACT)) for irrep in irreps):
        return False
    for irrep in irreps:
        unity = irrep[chosen] @ irrep[chosen].conj().swapaxes(1, 2)
        left = irrep[chosen][:, None] @ irrep[None]
        right = factors[chosen][:, :, None, None] * irrep[products[chosen]]
        if np.abs(unity - np.eye(irrep.shape[1])).max() > EXACT:
            return False
        if np.abs(left - right).max() > EXACT:
            return False
    return _complete(list(irreps), len(members))


def _factor_system(group: SpaceGroup, q: QPoint) -> tuple[list[int], Integers, Complex]:
    """Members of the little co-group, their places in it by operation, and ω(g, h) of them."""
    members = list(little_group(group, q))
    place = np.full(len(group), -1)
    place[members] = np.arange(len(members))
    shifts = group.product_translations[np.ix_(members, members)]
    return members, place, phase_of(-shifts @ q.generic_array)


def _generators(products: Integers) -> list[int]:
    """Elements of which all are products; of the trivial group the identity."""
    reached, chosen = {0}, [0]
    for g in range(len(products)):
        if g not in reached:
            chosen.append(g)
            reached.add(g)
            grown = True
            while grown:
                further = {int(x) for x in products[np.ix_(sorted(reached), chosen)].ravel()}
                grown = not further <= reached
                reached |= further
    return chosen


def _from_spgrep(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...] | None:
    """Irreps from spgrep; None where it finds none, or not all.

    spgrep 0.8 says ``Given representation is not irreducible`` at W of groups 24 and 73.
    """
    from spgrep import get_spacegroup_irreps_from_primitive_symmetry

    members = little_group(group, q)
    try:
        irreps, mapping = get_spacegroup_irreps_from_primitive_symmetry(
            group.rotations[list(members)],
            group.shifts[list(members)] / DENOMINATOR,
            q.generic_array,
        )
    except ValueError:
        return None
    if len(mapping) != len(members):
        raise ValueError(f"spgrep found another little group of {group} at {q}")
    order = np.argsort(mapping)
    found = [np.asarray(irrep, dtype=complex)[order] for irrep in irreps]
    return _sorted(found) if _complete(found, len(members)) else None


def _from_regular(group: SpaceGroup, q: QPoint) -> tuple[Complex, ...]:
    r"""Irreps by splitting the regular projective representation of the little co-group.

    With the factor system :math:`ω(g,h) = e^{-i q·t_{gh}}` the matrices

    .. math:: L(g)\, e_h = ω(g,h)\, e_{gh}, \qquad L(g)L(h) = ω(g,h)\, L(gh)

    hold every small irrep as often as its dimension. The eigenspaces of a random Hermitian
    matrix averaged over the group, :math:`\sum_g L(g) X L(g)^†`, are irreducible with
    probability one; that they are is checked.
    """
    members, place, factors = _factor_system(group, q)
    n = len(members)
    rows, columns = np.arange(n)[:, None], np.arange(n)
    regular = np.zeros((n, n, n), dtype=complex)
    regular[rows, place[group.products[np.ix_(members, members)]], columns] = factors
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng(attempt)
        x = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
        average = np.sum(regular @ (x + x.conj().T) @ regular.conj().swapaxes(1, 2), axis=0)
        values, vectors = np.linalg.eigh(average)
        ends = np.flatnonzero(np.diff(values) > 1e-8 * np.ptp(values)) + 1
        found: list[Complex] = []
        for space in np.split(vectors, ends, axis=1):
            irrep = space.conj().T @ regular @ space
            if not any(abs(_overlap(irrep, other)) > n / 2 for other in found):
                found.append(irrep)
        if _complete(found, n):
            return _sorted(found)
    raise ValueError(f"the regular representation of {group} at {q} could not be split")


def _overlap(a: Complex, b: Complex) -> complex:
    return complex(np.vdot(np.trace(a, axis1=1, axis2=2), np.trace(b, axis1=1, axis2=2)))


def _complete(irreps: list[Complex], order: int) -> bool:
    """Whether these are all irreps: orthogonal characters of norm |H|, Σ d² = |H|."""
    if sum(irrep.shape[1] ** 2 for irrep in irreps) != order:
        return False
    characters = np.array([np.trace(irrep, axis1=1, axis2=2) for irrep in irreps])
    gram = characters.conj() @ characters.T
    return bool(np.allclose(gram, order * np.eye(len(irreps)), atol=ROUNDED * order))


def _sorted(irreps: list[Complex]) -> tuple[Complex, ...]:
    """Order by dimension, then characters: the same whichever method found them."""

    def key(irrep: Complex) -> tuple[int, list[float]]:
        characters = np.trace(irrep, axis1=1, axis2=2).round(6)
        return irrep.shape[1], (-characters.view(float)).tolist()

    return tuple(frozen(irrep, complex) for irrep in sorted(irreps, key=key))
