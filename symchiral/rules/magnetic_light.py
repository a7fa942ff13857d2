r"""Raman scattering in a magnetic crystal.

In a transparent crystal the change of the dielectric tensor by a mode is Hermitian,
:math:`R_a = R^S_a + i R^A_a` with :math:`R^S` real, symmetric and even under time reversal, and
:math:`R^A_{ij} = \sum_k ε_{ijk} G_k` real, antisymmetric and odd: G·Q is a product of an axial
vector that is odd in time and a mode. It exists in magnetic crystals only. Where a mode has both
they interfere, and light of opposite spins scatters unequally.

Where light is absorbed time reversal relates one scattering event to another one (absorption of
the quantum), and restricts no Raman tensor. What is left are the operations without it.
"""

from __future__ import annotations

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.judge import group_average
from symchiral.engine.tensor import TensorForm, tensor_form
from symchiral.fields.axial import axial_vector
from symchiral.fields.beam import Beam
from symchiral.fields.polar import electric_field_in
from symchiral.fields.polarization import SIGMA
from symchiral.irreps.participant import Participant
from symchiral.irreps.partners import partners
from symchiral.value import NO_COMPONENT, Complex, Floats

_PAIRS = (("+-", "-+"), ("++", "--"))

_EPSILON = np.zeros((3, 3, 3))
_EPSILON[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1
_EPSILON[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1


def odd_form(crystal: SymmetricCrystal, participant: Participant) -> TensorForm:
    """Return the form of G·Q: the antisymmetric Raman tensors that are odd in time.

    Examples
    --------
    The fully symmetric mode of a ferromagnet has one, along the moments:

    >>> import symchiral as sc
    >>> study = sc.read("Co3Sn2S2_FM")
    >>> odd_form(study.crystal, study.species()[0].participant).basis.round(9).tolist()
    [[[0.0], [0.0], [1.0]]]
    """
    g = axial_vector(crystal, "G", time_parity=-1)
    return tensor_form((g, participant), ((0,), (1,)))


def unequal_when_transparent(even: TensorForm, odd: TensorForm, beam: Beam) -> bool:
    """Whether reversing both spins changes an intensity by interference of the two parts.

    Parameters
    ----------
    even, odd : TensorForm
        The forms of E E·Q and of G·Q.
    beam : Beam
        Where light comes from and goes to.
    """
    antisymmetric = np.einsum("ijk,mka->mija", _EPSILON, odd.basis)
    tensors = np.concatenate([even.basis, 1j * antisymmetric])
    return _unequal(tensors, beam, real=True)


def unequal_when_absorbing(crystal: SymmetricCrystal, participant: Participant, beam: Beam) -> bool:
    """Whether reversing both spins changes an intensity for general complex tensors.

    They are those that the operations without time reversal leave.
    """
    unitary = None
    if crystal.signs is not None:
        unitary = [g for g, sign in enumerate(crystal.signs) if sign > 0]
    field, real = electric_field_in(crystal), partners(participant)
    bases = [np.eye(3, dtype=complex), np.eye(3, dtype=complex), real]
    factors = (field, field, participant)
    average = group_average(factors, (0, 0, 0), bases, ((0,), (1,), (2,)), unitary)[0, 0, 0]
    average = np.tensordot(average, real.conj(), ((2,), (0,)))  # the output mode to partners
    size = 9 * participant.dimension
    matrix = np.moveaxis(average, -1, 2).reshape(size, size)
    u, values, _ = np.linalg.svd(matrix)
    tensors = u[:, values > 0.5].T.reshape(-1, 3, 3, participant.dimension)
    return _unequal(tensors, beam, real=False)


def _unequal(tensors: Complex, beam: Beam, *, real: bool) -> bool:
    return any(
        np.abs(_part(_form(tensors, beam, a) - _form(tensors, beam, b), real=real)).max(initial=0)
        > NO_COMPONENT
        for a, b in _PAIRS
    )


def _part(form: Complex, *, real: bool) -> Floats | Complex:
    """What coefficients that are real, or complex, see of a difference of intensities."""
    return form.real if real else form


def _form(tensors: Complex, beam: Beam, pair: str) -> Complex:
    into = beam.incident_vector(SIGMA[pair[0]])
    out = beam.scattered_vector(SIGMA[pair[1]])
    amplitudes = np.einsum("mija,i,j->ma", tensors, into, out.conj())
    return np.asarray(amplitudes @ amplitudes.conj().T)


def seen_pairs(odd: TensorForm, beam: Beam) -> tuple[tuple[str, str], ...]:
    """Pairs of spins (in, out) for which the odd tensors scatter at all."""
    antisymmetric = np.einsum("ijk,mka->mija", _EPSILON, odd.basis)
    found = []
    for pair in ("++", "+-", "-+", "--"):
        if np.abs(_form(antisymmetric.astype(complex), beam, pair)).max(initial=0) > NO_COMPONENT:
            found.append((pair[0], pair[1]))
    return tuple(found)
