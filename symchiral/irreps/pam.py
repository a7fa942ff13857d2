"""Pseudo-angular momentum: components of a participant under the named operation of an axis."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from symchiral.irreps.participant import Participant
from symchiral.value import Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Component(Value):
    r"""The whole eigenspace of one pseudo-angular momentum l in one arm of a participant.

    Its vectors w obey :math:`D(C_n)\, w = e^{-2πi l/n} w`.

    Attributes
    ----------
    pam : Fraction or None
        l, balanced (−n/2 < l ≤ n/2); None without an axis.
    name : str
        What stands in parentheses: ``+`` or ``-`` for the only l with 0 < \|l\| < n/2 of that sign,
        else the residue; empty for the only component of a participant.
    basis : (d, m) complex
        Orthonormal columns.
    conjugate : int
        Index of the component that complex conjugation takes this one to.
    """

    pam: Fraction | None
    name: str
    basis: npt.NDArray[np.complex128]
    conjugate: int

    def __repr__(self) -> str:
        return f"Component({self.name or 'whole'}, l={self.pam})"


Key = tuple[int, tuple[int, int, int]]


def balanced(l: Fraction, n: int) -> Fraction:
    """Return l mod n in (−n/2, n/2].

    Examples
    --------
    >>> balanced(Fraction(2), 3), balanced(Fraction(-2), 4)
    (Fraction(-1, 1), Fraction(2, 1))
    """
    half = Fraction(n, 2)
    return half - (half - l) % n


@lru_cache(maxsize=65536)
def components(
    participant: Participant, key: Key | None, order: int, arm: int = 0
) -> tuple[Component, ...]:
    """Resolve one arm of a participant on an axis, ordered 0, +1, −1, …, n/2.

    Phases are chosen once: real components obey K w = w; the partner of w_l is w_{−l} = K w_l;
    and where an operation reverses the axis' sense of rotation (a mirror containing the axis
    first, else a two-fold axis across it) it takes w_l to +w_{−l}. With it every coefficient of
    an invariant that symmetry can make real is real.

    Parameters
    ----------
    participant : Participant
        What to resolve.
    key : tuple or None
        ``Axis.key``; None without an axis, then the whole arm is the only component.
    order : int
        n.
    arm : int
        Arm, which the operation must leave where it is.
    """
    dimension = participant.dimension
    if key is None:
        return (Component(None, "", frozen(_real_basis(participant, arm), complex), 0),)
    index, lattice = key
    if participant.images[index, arm] != arm:
        raise ValueError(f"the axis moves arm {arm} of {participant}")
    phase = np.exp(-2j * np.pi * float(participant.arms[arm].dot(lattice)))
    matrix = phase * participant.matrices[index, arm]
    spaces = {
        l: space for l in _residues(order) if (space := _eigenspace(matrix, l, order)).shape[1]
    }
    if sum(space.shape[1] for space in spaces.values()) != dimension:
        raise ValueError(f"{participant} does not resolve into {order}-fold components")
    if int(participant.conjugate_arms[arm]) == arm:
        spaces = _with_phases(participant, arm, spaces, order, index)
    values = list(spaces)
    return tuple(
        Component(
            l,
            _name(l, values, order),
            frozen(spaces[l], complex),
            values.index(balanced(-l, order)) if balanced(-l, order) in values else i,
        )
        for i, l in enumerate(values)
    )


def _residues(order: int) -> list[Fraction]:
    steps = sorted(
        range(order),
        key=lambda k: (abs(balanced(Fraction(k), order)), -balanced(Fraction(k), order)),
    )
    return [balanced(Fraction(k), order) for k in steps]


def _eigenspace(
    matrix: npt.NDArray[np.complex128],
    l: Fraction,
    order: int,
) -> npt.NDArray[np.complex128]:
    """Columns spanning the eigenspace of exp(−2πi l/n), by averaging the cyclic group."""
    phase = np.exp(2j * np.pi * float(l) / order)
    term = np.eye(len(matrix), dtype=complex)
    projector = np.zeros_like(term)
    for _ in range(order):
        projector += term / order
        term = phase * (matrix @ term)
    values, vectors = np.linalg.eigh((projector + projector.conj().T) / 2)
    return np.asarray(vectors[:, values > 0.5])


def _name(l: Fraction, values: list[Fraction], order: int) -> str:
    if len(values) == 1:
        return ""
    same_sign = [x for x in values if 0 < abs(x) < Fraction(order, 2) and (x > 0) == (l > 0)]
    if same_sign == [l]:
        return "+" if l > 0 else "-"
    return str(l)


def _conjugate(
    participant: Participant, arm: int, vectors: npt.NDArray[np.complex128]
) -> npt.NDArray[np.complex128]:
    return np.asarray(participant.conjugation[arm] @ np.conj(vectors))


def _real_basis(participant: Participant, arm: int) -> npt.NDArray[np.complex128]:
    """A basis of vectors with K w = w (where the arm is its own conjugate)."""
    if int(participant.conjugate_arms[arm]) != arm:
        return np.eye(participant.dimension, dtype=complex)
    return _real_span(participant, arm, np.eye(participant.dimension, dtype=complex))


def _real_span(
    participant: Participant, arm: int, space: npt.NDArray[np.complex128]
) -> npt.NDArray[np.complex128]:
    """Orthonormal K-real vectors spanning a K-closed space: Gram–Schmidt on w + Kw, i(w − Kw)."""
    chosen: list[npt.NDArray[np.complex128]] = []
    for w in space.T:
        for trial in (
            w + _conjugate(participant, arm, w),
            1j * (w - _conjugate(participant, arm, w)),
        ):
            rest = trial - sum((c * (c.conj() @ trial) for c in chosen), np.zeros_like(trial))
            if np.linalg.norm(rest) > 1e-6:
                chosen.append(rest / np.linalg.norm(rest))
    return np.array(chosen).T


def _with_phases(
    participant: Participant,
    arm: int,
    spaces: dict[Fraction, npt.NDArray[np.complex128]],
    order: int,
    index: int,
) -> dict[Fraction, npt.NDArray[np.complex128]]:
    fixed: dict[Fraction, npt.NDArray[np.complex128]] = {}
    reversal = _reversal(participant, arm, index)
    for l, space in spaces.items():
        if l in fixed:
            continue
        opposite = balanced(-l, order)
        if opposite == l:
            fixed[l] = _real_span(participant, arm, space)
            continue
        partner = _conjugate(participant, arm, space)
        if reversal is not None and space.shape[1] == 1:
            overlap = complex(
                (partner.conj().T @ participant.matrices[reversal, arm] @ space)[0, 0]
            )
            space = space * np.exp(-0.5j * np.angle(overlap))
            partner = _conjugate(participant, arm, space)
        fixed[l], fixed[opposite] = space, partner
    return {l: fixed[l] for l in spaces}


def _reversal(participant: Participant, arm: int, index: int) -> int | None:
    """An operation s with s g s⁻¹ = g⁻¹ on rotation parts: mirrors first, then half-turns."""
    group = participant.group
    inverse = group.inverses[index]
    found = []
    for s, operation in enumerate(group.standard_operations):
        if operation.type in (2, -2) and participant.images[s, arm] == arm:
            conjugated = group.products[group.products[s, index], group.inverses[s]]
            if conjugated == inverse and conjugated != index:
                found.append((operation.type, operation.direction, s))
    return min(found)[2] if found else None
