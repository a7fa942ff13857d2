"""Participants: real fields written in complex amplitudes on all arms of their star."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import GAMMA, QPoint, images, star
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.build import small_irreps
from symchiral.value import ROUNDED, Complex, Floats, Integers, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Participant(Value):
    r"""A real field that a space group acts on, in complex amplitudes.

    The field is :math:`u = \sum_{i,a} Q_{ia} ε_{ia}` with arms i of the star (closed under the
    group and q → −q, one fixed vector each) and basis vectors ε. An operation takes arm i to arm
    j = ``images[g, i]`` with

    .. math:: g\, ε_{ia} = \sum_b D(g)_{ba}\, ε_{jb}, \qquad D(\{E|t\}) = e^{-i q_i·t},

    and complex conjugation takes it to arm ``conjugate_arms[i]``:
    :math:`K\, ε_{ia} = \sum_b C_{ba}\, ε_{\bar\imath b}`, antilinear with K² = 1 and commuting with
    the group. A field is real: :math:`K u = u`.

    Attributes
    ----------
    names : tuple of str
        Label on every arm, for instance ``Eu``, or ``K1`` and ``KA1``.
    places : tuple of str
        Name of every arm as legs print it after ``@``; empty at the zone centre.
    group : SpaceGroup
        The group that acts.
    arms : tuple of QPoint
        The arms of the star.
    images : (G, A) int
        Arm to which operation g takes arm i.
    matrices : (G, A, d, d) complex
        D, columns indexed by a.
    conjugate_arms : (A,) int
        Arm to which conjugation takes arm i.
    conjugation : (A, d, d) complex
        C of arm i.
    irrep_dimension : int
        Dimension of the complex small irrep inside: d, or d/2 where time reversal joins two.
    time_parity : int
        +1, or −1 for a field that is odd under time reversal (velocity, B, M). In a magnetic
        crystal the time signs of the operations stand in D, and this is +1.
    known : tuple of int or None
        The operations of which D is known; None: all. A coupling with a participant that is
        known on a subgroup only is judged on it.
    field : bool
        Whether it is an applied field, not a vibration: legs print its component in brackets.
    spinor : bool
        Whether a full turn changes its sign, as for a state of spin ½: D is then given for one of
        the two operations of the double group that stand for each operation.
    """

    names: tuple[str, ...]
    places: tuple[str, ...]
    group: SpaceGroup
    arms: tuple[QPoint, ...]
    images: Integers
    matrices: Complex
    conjugate_arms: Integers
    conjugation: Complex
    irrep_dimension: int
    time_parity: int = 1
    known: tuple[int, ...] | None = None
    field: bool = False
    spinor: bool = False

    # Participants are dictionary keys everywhere: equal irreps are the same object, see `the_one`.
    __eq__ = Value.__eq__

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.group.hall_number, self.names, self.places, self.arms))

    @property
    def dimension(self) -> int:
        """Number of amplitudes per arm."""
        return int(self.matrices.shape[-1])

    @cached_property
    def characters(self) -> Floats:
        """(G,) float: trace of D over all arms, real because the field is real."""
        fixed = self.images == np.arange(len(self.arms))
        traces = np.trace(self.matrices, axis1=2, axis2=3)
        return frozen(np.sum(np.where(fixed, traces, 0), axis=1).real)

    @property
    def name(self) -> str:
        """Its label on the first arm."""
        return self.names[0]

    def named(self, *names: str, places: tuple[str, ...] | None = None) -> Participant:
        """Return the same participant under other names, one per arm."""
        return replace(self, names=names, places=places or ("",) * len(names))

    def __repr__(self) -> str:
        arms = "" if len(self.arms) == 1 else f", {len(self.arms)} arms"
        return f"Participant({self.name}, {self.group.symbol}, dimension {self.dimension}{arms})"


_Known = tuple[SpaceGroup, tuple[str, ...], tuple[QPoint, ...], bytes]
"""What tells irreps apart: group, names on the arms of a star, characters of the first arm.

Names alone do not: in mm2 with its axis along a or b two irreps at the zone centre have one name.
"""


class _InUse(WeakValueDictionary[_Known, Participant]):
    """The named irreps that something refers to."""

    def cache_clear(self) -> None:
        """Forget them, as :func:`symchiral.clear_caches` asks."""
        self.clear()


_IN_USE = _InUse()


def the_one(participant: Participant) -> Participant:
    """Return this irrep as it is in use already, else as it was made.

    The caches that hold irreps forget at different times. Made a second time, an irrep may have
    another basis, or differ by rounding; beside the first it would be another mode, and products
    in which a mode enters twice would be missing.
    """
    p = participant
    traces = np.trace(p.matrices[p.images[:, 0] == 0, 0], axis1=1, axis2=2)
    known = p.group, p.names, p.arms, (traces.round(6) + 0.0).tobytes()
    return _IN_USE.setdefault(known, p)


@lru_cache(maxsize=1024)
def irreps(group: SpaceGroup, q: QPoint = GAMMA) -> tuple[Participant, ...]:
    """Return the real irreps of a space group on the star of q, unnamed.

    Each small irrep is induced to the star; it is a real field by itself if an antilinear K with
    K² = +1 commutes with it, otherwise it is joined with its complex conjugate. Of two small
    irreps joined by time reversal the pair is returned once.
    """
    found: list[Participant] = []
    for small in small_irreps(group, q):
        candidate = _real_field(group, q, small)
        if not any(_equivalent(candidate, other) for other in found):
            found.append(candidate)
    return tuple(found)


def _equivalent(a: Participant, b: Participant) -> bool:
    """Whether two real irreps on the same star are the same.

    Compared at the first arm with the little group's characters; over all arms the trace alone
    would not tell irreps apart whose lattice translations sum to zero.
    """
    if a.dimension != b.dimension:
        return False
    kept = a.images[:, 0] == 0
    first = np.trace(a.matrices[kept, 0], axis1=1, axis2=2)
    second = np.trace(b.matrices[kept, 0], axis1=1, axis2=2)
    return bool(np.allclose(first, second, atol=ROUNDED))


def _real_field(group: SpaceGroup, q: QPoint, small: Complex) -> Participant:
    arms, arm_images, matrices = _induce(group, q, small)
    dimension = small.shape[1]
    opposite = [(-arm).reduced for arm in arms]
    if opposite[0] in arms:
        conjugate_arms = np.array([arms.index(arm) for arm in opposite])
        conjugation = _real_structure(arm_images, matrices, conjugate_arms)
        if conjugation is not None:
            return _participant(
                group, arms, arm_images, matrices, conjugate_arms, conjugation, dimension
            )
        doubled = np.zeros((*matrices.shape[:2], 2 * dimension, 2 * dimension), dtype=complex)
        doubled[..., :dimension, :dimension] = matrices
        # D* of arm −q acts at arm q: the second half of V_i is the conjugate of V_ī.
        doubled[..., dimension:, dimension:] = np.conj(matrices[:, conjugate_arms])
        swap = np.kron(np.array([[0, 1], [1, 0]]), np.eye(dimension))
        return _participant(
            group,
            arms,
            arm_images,
            doubled,
            conjugate_arms,
            np.broadcast_to(swap, (len(arms), *swap.shape)),
            dimension,
        )
    n = len(arms)
    return _participant(
        group,
        arms + tuple(opposite),
        np.concatenate([arm_images, arm_images + n], axis=1),
        np.concatenate([matrices, np.conj(matrices)], axis=1),
        np.concatenate([np.arange(n) + n, np.arange(n)]),
        np.broadcast_to(np.eye(dimension), (2 * n, dimension, dimension)),
        dimension,
    )


def _participant(
    group: SpaceGroup,
    arms: tuple[QPoint, ...],
    arm_images: Integers,
    matrices: Complex,
    conjugate_arms: Integers,
    conjugation: npt.NDArray[np.generic],
    irrep_dimension: int,
) -> Participant:
    return Participant(
        ("?",) * len(arms),
        ("?",) * len(arms),
        group,
        arms,
        frozen(arm_images),
        frozen(matrices),
        frozen(conjugate_arms),
        frozen(conjugation, complex),
        irrep_dimension,
    )


def _induce(
    group: SpaceGroup, q: QPoint, small: Complex
) -> tuple[tuple[QPoint, ...], Integers, Complex]:
    r"""Induce a small irrep to the star: arms, images and D.

    With coset representatives s_i, :math:`g s_i = s_j \{E|t\} h` for h in the little group, and
    :math:`D(g)_{ji} = e^{-i q·t} Δ(h)`.
    """
    stars = images(group, q)
    arms = star(group, q)
    arm_of = np.array([arms.index(image) for image in stars])
    place = np.cumsum(arm_of == 0) - 1  # of an operation among those of the little group
    first = np.array([stars.index(arm) for arm in arms])
    vectors = np.array([arm.generic_array for arm in arms])
    products, translations = group.products, group.product_translations
    g = np.arange(len(group))
    arm_images = np.empty((len(group), len(arms)), dtype=np.int64)
    matrices = np.empty((len(group), len(arms), *small.shape[1:]), dtype=complex)
    for i, s in enumerate(first):
        product = products[:, s]
        j = arm_of[product]
        h = products[group.inverses[first[j]], product]
        lattice = translations[g, s] - translations[first[j], h]
        phases = phase_of(-np.sum(vectors[j] * lattice, axis=1))
        arm_images[:, i] = j
        matrices[:, i] = phases[:, None, None] * small[place[h]]
    return arms, arm_images, matrices


def _real_structure(
    arm_images: Integers, matrices: Complex, conjugate_arms: Integers
) -> Complex | None:
    r"""Return C with K = C∘conjugation, K² = +1, commuting with D; None if there is none.

    A random block averaged as :math:`\sum_g D(g)_{\bar b \bar 0}\, X\, D(g)_{b0}^T` commutes with
    the group; by Schur's lemma it is zero or unique up to a factor.
    """
    rng = np.random.default_rng(0)
    dimension = matrices.shape[-1]
    c0 = int(conjugate_arms[0])
    x = rng.normal(size=(dimension, dimension)) + 1j * rng.normal(size=(dimension, dimension))
    blocks = np.zeros((len(conjugate_arms), dimension, dimension), dtype=complex)
    terms = matrices[:, c0] @ x @ np.swapaxes(matrices[:, 0], 1, 2)
    np.add.at(blocks, arm_images[:, 0], terms)
    size = np.sqrt(np.trace(blocks[0] @ blocks[0].conj().T).real / dimension)
    if size < ROUNDED * len(matrices):
        return None
    blocks /= size
    square = blocks[c0] @ np.conj(blocks[0])
    sign = square[0, 0].real
    if not np.allclose(square, np.sign(sign) * np.eye(dimension), atol=1e-8):
        raise ValueError("the real structure of an irrep is not unique: not irreducible")
    return blocks if sign > 0 else None
