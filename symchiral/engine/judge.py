r"""The engine: a coupling is allowed if the average of its product over the group does not vanish.

A product of legs is the tensor :math:`v = w_1 ⊗ \dots ⊗ w_m`. Its average

.. math:: \bar v = \frac{1}{|G|\,|S|} \sum_{π ∈ S} π \sum_{g ∈ G} D_1(g) w_1 ⊗ \dots ⊗ D_m(g) w_m

over the group and over the exchanges S of equal legs is what an invariant potential can contain of
it: the coupling is allowed if and only if it does not vanish. Every g moves the arms of the stars
along with the vectors, so screws, momentum Umklapp and permuted arms need no special case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.engine.coupling import Coupling, exchanges
from symchiral.irreps.participant import Participant
from symchiral.value import ALLOWED, FORBIDDEN, ROUNDED, Complex

VerdictWord = Literal["allowed", "forbidden", "undecided"]


@dataclass(frozen=True)
class Verdict:
    """What the average says.

    Attributes
    ----------
    word : str
        allowed, forbidden or undecided.
    size : float
        Norm of the average of the best unit product of vectors: the residual of the verdict.
    """

    word: VerdictWord
    size: float


def group_average(
    participants: Sequence[Participant],
    arms: Sequence[int],
    bases: Sequence[Complex],
    equal: tuple[tuple[int, ...], ...],
    operations: Sequence[int] | None = None,
) -> dict[tuple[int, ...], Complex]:
    """Average a product of vectors over the group and over exchanges of equal legs.

    Parameters
    ----------
    participants, arms : sequences of length m
        Each factor's field and arm, all written incoming.
    bases : sequence of (d_k, m_k) complex
        Vectors of each factor; all products of their columns are averaged at once.
    equal : tuple of tuples of int
        Slots that are one and the same normal coordinate.
    operations : sequence of int, optional
        Average over these operations only (a subgroup); default all.

    Returns
    -------
    dict
        Arms → array of shape (d_1, …, d_m, m_1, …, m_m).
    """
    chosen = slice(None) if operations is None else list(operations)
    moved = np.stack([p.images[chosen, a] for p, a in zip(participants, arms, strict=True)], axis=1)
    factors = [
        p.matrices[chosen, a] @ basis for p, a, basis in zip(participants, arms, bases, strict=True)
    ]
    shape = [f.shape[1] for f in factors] + [f.shape[2] for f in factors]
    average: dict[tuple[int, ...], Complex] = {}
    for target in {tuple(int(x) for x in row) for row in moved}:
        rows = np.all(moved == target, axis=1)
        total = _sum_of_products([f[rows] for f in factors]).reshape(shape)
        average[target] = np.asarray(total / len(moved), dtype=complex)
    # A power of one vector is symmetric as it is.
    mixed = tuple(slots for slots in equal if not _same(slots, arms, bases))
    return _symmetrized(average, exchanges(mixed, len(factors)), len(factors))


def _same(slots: tuple[int, ...], arms: Sequence[int], bases: Sequence[Complex]) -> bool:
    """Whether equal legs also have equal arms and one and the same vector."""
    first = bases[slots[0]]
    return first.shape[1] == 1 and all(
        arms[s] == arms[slots[0]] and np.array_equal(bases[s], first) for s in slots[1:]
    )


def _sum_of_products(factors: list[Complex]) -> Complex:
    """Σ_g of the outer product, as (d_1, …, d_m, m_1, …, m_m) flattened."""
    *head, last = factors
    if not head:
        return np.asarray(last.sum(axis=0))
    left = reduce(
        lambda a, b: np.einsum("gim,gjn->gijmn", a, b).reshape(
            len(a), a.shape[1] * b.shape[1], a.shape[2] * b.shape[2]
        ),
        head,
    )
    # One matrix product carries the sum over the group.
    g, rows, columns = left.shape
    total = left.reshape(g, -1).T @ last.reshape(g, -1)
    total = total.reshape(rows, columns, last.shape[1], last.shape[2])
    return np.ascontiguousarray(total.transpose(0, 2, 1, 3))


def _symmetrized(
    average: dict[tuple[int, ...], Complex], orders: list[tuple[int, ...]], m: int
) -> dict[tuple[int, ...], Complex]:
    if len(orders) == 1:
        return average
    result: dict[tuple[int, ...], Complex] = {}
    rest = tuple(range(m, 2 * m))
    for order in orders:
        for arms, tensor in average.items():
            key = tuple(arms[i] for i in order)
            term = tensor.transpose(*order, *rest) / len(orders)
            result[key] = result[key] + term if key in result else term
    return result


def largest(average: dict[tuple[int, ...], Complex]) -> float:
    """Norm of the average of the best unit product: the largest singular value."""
    rows = []
    for tensor in average.values():
        m = tensor.ndim // 2
        rows.append(tensor.reshape(prod(tensor.shape[:m]), -1))
    matrix = np.concatenate(rows)
    if matrix.shape[1] == 1:
        return float(np.linalg.norm(matrix))
    return float(np.linalg.norm(matrix, 2))


def verdict_of(size: float) -> Verdict:
    """Read a verdict from the size of an average."""
    if size >= ALLOWED:
        return Verdict("allowed", size)
    return Verdict("forbidden" if size <= FORBIDDEN else "undecided", size)


def time_odd(participants: Iterable[Participant]) -> bool:
    """Whether time reversal, where it is unbroken, changes the sign of the product."""
    return prod(p.time_parity for p in participants) < 0


def odd_spin(coupling: Coupling) -> bool:
    """Whether a full turn changes the sign of the product: an odd number of states of spin ½."""
    return sum(leg.participant.spinor for leg in coupling) % 2 == 1


def between_normal_modes(coupling: Coupling) -> bool:
    r"""Whether it is the product of the displacements of two different modes of one species.

    The potential energy is :math:`\frac12 \sum_k ω_k^2 Q_k Q_k^*`: what has no bilinear term is
    called normal modes.
    """
    if len(coupling.legs) != 2:
        return False
    a, b = coupling.legs
    modes = not a.participant.field and a.participant.known is None
    return modes and a.participant == b.participant and a.copy != b.copy


def excluded(coupling: Coupling) -> bool:
    """Whether the product vanishes without asking the group of space."""
    odd = time_odd(leg.participant for leg in coupling)
    return odd or odd_spin(coupling) or between_normal_modes(coupling)


def average_of(
    coupling: Coupling, operations: Sequence[int] | None = None
) -> dict[tuple[int, ...], Complex]:
    """Average a coupling over the group (what is known of it), or over the operations given."""
    if operations is None:
        operations = coupling.known
    return group_average(
        [leg.participant for leg in coupling],
        [leg.incoming_arm for leg in coupling],
        [leg.vectors for leg in coupling],
        coupling.equal,
        operations,
    )


def judge(coupling: Coupling) -> Verdict:
    """Judge a coupling: momentum, spin, time reversal, normal modes, then the group average."""
    if not coupling.momentum.is_reciprocal_vector or excluded(coupling):
        return Verdict("forbidden", 0.0)
    return verdict_of(largest(average_of(coupling)))


def count_coefficients(
    participants: Sequence[Participant],
    arms: Sequence[int],
    equal: tuple[tuple[int, ...], ...],
) -> int:
    r"""Count the real coefficients of a coupling of whole species.

    The unitary operations that map the named arms onto themselves (permutations of equal legs
    included) leave :math:`m` invariants, the trace of their average over all components. If an
    antiunitary operation θg maps the named arms onto themselves too there are m real
    coefficients, else 2m; none if the product is odd under θ itself.
    """
    if time_odd(participants):
        return 0
    m = len(participants)
    named = tuple(arms)
    moved = np.stack([p.images[:, a] for p, a in zip(participants, named, strict=True)], axis=1)
    orders = exchanges(equal, m)
    total, members = 0.0 + 0j, 0
    for order in orders:
        target = tuple(named[i] for i in order)
        rows = np.all(moved == target, axis=1)
        members += int(rows.sum())
        if rows.any():
            total += np.sum(_permuted_traces(participants, named, order, rows))
    exact = total.real / members
    found = round(exact)
    if abs(exact - found) > ROUNDED:
        raise ValueError(f"number of invariants {exact} is not an integer")
    opposite = tuple(int(p.conjugate_arms[a]) for p, a in zip(participants, named, strict=True))
    reverses = any(
        np.any(np.all(moved == tuple(opposite[i] for i in order), axis=1)) for order in orders
    )
    return found if reverses else 2 * found


def _permuted_traces(
    participants: Sequence[Participant],
    arms: tuple[int, ...],
    order: tuple[int, ...],
    rows: npt.NDArray[np.bool_],
) -> Complex:
    """Tr(π · D_1 ⊗ … ⊗ D_m) for every operation: a product of traces over the cycles of π."""
    result = np.ones(int(rows.sum()), dtype=complex)
    seen: set[int] = set()
    for start in range(len(order)):
        if start in seen:
            continue
        chain = participants[start].matrices[rows, arms[start]]
        seen.add(start)
        slot = order[start]
        while slot != start:
            # What is in a slot moves on to the next one of the cycle: later factors stand left.
            chain = participants[slot].matrices[rows, arms[slot]] @ chain
            seen.add(slot)
            slot = order[slot]
        result = np.asarray(result * np.trace(chain, axis1=1, axis2=2), dtype=complex)
    return result
