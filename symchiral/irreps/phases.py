r"""Phases of basis vectors, chosen once so that coefficients are real wherever symmetry can.

* Where an arm is its own conjugate, vectors of a component that conjugation keeps are real,
  K w = w, and those of the component −l are w_{−l} = K w_l. Where an operation s reverses the
  axis' sense of rotation (a mirror containing the axis first, else a half-turn across it) it takes
  w_l to +w_{−l}.
* Vectors of an applied field, whose amplitudes have axes of their own, keep to these: the first
  component that does not vanish is real and positive, so that ε± is (1, ±i)/√2.
* Elsewhere an operation g with g q = −q, if there is one, gives the antiunitary K g, which keeps
  the arm; vectors obey K g w = w with the first g that keeps the component (mirrors first, then
  half-turns, then inversion).

What is left is a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import numpy as np

from symchiral.irreps.participant import Participant
from symchiral.value import ROUNDED, Complex

Antilinear = Callable[[Complex], Complex]

_RANK = {-2: 0, 2: 1, -1: 2}


def conjugated(participant: Participant, arm: int, vectors: Complex) -> Complex:
    """Return K applied to vectors of an arm."""
    return np.asarray(participant.conjugation[arm] @ np.conj(vectors))


def antiunitaries(participant: Participant, arm: int) -> list[Antilinear]:
    """Return the antiunitary operations that keep an arm: K, or every K g with g q = −q."""
    opposite = int(participant.conjugate_arms[arm])
    if opposite == arm:
        return [lambda vectors: conjugated(participant, arm, vectors)]
    operations = participant.group.operations
    turning = np.flatnonzero(participant.images[:, arm] == opposite).tolist()
    turning.sort(key=lambda g: (_RANK.get(operations[g].type, 3), g))

    def combined(g: int) -> Antilinear:
        matrix = participant.matrices[g, arm]
        return lambda vectors: conjugated(participant, opposite, matrix @ vectors)

    return [combined(g) for g in turning]


def real_span(space: Complex, candidates: list[Antilinear]) -> Complex:
    """Return a basis of a space with A w = w, for the first A that keeps it and has A² = 1 on it.

    Gram–Schmidt on w + A w and i(w − A w); the space itself if there is no such A.
    """
    for keeps in candidates:
        images = keeps(space)
        inside = space @ (space.conj().T @ images)
        if np.allclose(inside, images, atol=1e-8) and np.allclose(keeps(images), space, atol=1e-8):
            return _gram_schmidt(space, images)
    return space


def _gram_schmidt(space: Complex, images: Complex) -> Complex:
    pairs = zip(space.T, images.T, strict=True)
    return orthonormal(t for w, image in pairs for t in (w + image, 1j * (w - image)))


def orthonormal(trials: Iterable[Complex]) -> Complex:
    """Return an orthonormal basis of the span of vectors, as columns, in their order."""
    chosen: list[Complex] = []
    for w in trials:
        rest = w - sum((c * (c.conj() @ w) for c in chosen), np.zeros_like(w))
        if np.linalg.norm(rest) > ROUNDED:
            chosen.append(rest / np.linalg.norm(rest))
    return np.array(chosen).T


def paired(
    participant: Participant,
    arm: int,
    spaces: Mapping[Fraction, Complex],
    mirrors: Mapping[Fraction, Fraction],
    index: int,
) -> dict[Fraction, Complex]:
    """Fix the phases of the components of an arm that is its own conjugate.

    Parameters
    ----------
    spaces : mapping
        Residue l₀ to columns.
    mirrors : mapping
        Residue to that of its conjugate.
    index : int
        The operation of the axis.
    """
    fixed: dict[Fraction, Complex] = {}
    reversal = _reversal(participant, arm, index)
    for residue, space in spaces.items():
        if residue in fixed:
            continue
        opposite = mirrors[residue]
        if opposite == residue:
            fixed[residue] = real_span(space, antiunitaries(participant, arm))
            continue
        partner = conjugated(participant, arm, space)
        if reversal is not None and space.shape[1] == 1:
            turned = participant.matrices[reversal, arm] @ space
            overlap = complex((partner.conj().T @ turned)[0, 0])
            space = space * np.exp(-0.5j * np.angle(overlap))
            partner = conjugated(participant, arm, space)
        fixed[residue], fixed[opposite] = space, partner
    return {residue: fixed[residue] for residue in spaces}


def in_own_axes(space: Complex) -> Complex:
    """Return the orthonormal basis of a space that is nearest the first amplitudes, in order."""
    return orthonormal((space @ space.conj().T).T)


def _reversal(participant: Participant, arm: int, index: int) -> int | None:
    """An operation s with s g s⁻¹ = g⁻¹ on rotation parts: mirrors first, [100] before [010]."""
    group = participant.group
    inverse = group.inverses[index]
    found = []
    for s, operation in enumerate(group.standard_operations):
        if operation.type in (2, -2) and participant.images[s, arm] == arm:
            conjugate = group.products[group.products[s, index], group.inverses[s]]
            if conjugate == inverse and conjugate != index:
                assert operation.direction is not None
                u, v, w = operation.direction
                found.append((operation.type, abs(u) + abs(v) + abs(w), -u, -v, -w, s))
    return min(found)[-1] if found else None
