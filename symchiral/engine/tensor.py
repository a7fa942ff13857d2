"""Tensor forms: the invariant part of a product of whole fields and modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import surd
from symchiral.engine.judge import Verdict, count_coefficients, group_average, verdict_of
from symchiral.irreps.participant import Participant
from symchiral.irreps.partners import partners
from symchiral.value import NO_COMPONENT, Complex, Floats, Value, frozen

LETTERS = "abcdefghjklmnopqrstuvw"
"""Names of independent coefficients; i is the imaginary unit."""

_NYE = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

_SMALL, _LEADS = 1e-6, 1e-2


@dataclass(frozen=True, eq=False, repr=False)
class TensorForm(Value):
    r"""The real tensors that a coupling of whole participants can have.

    :math:`V = \sum_k c_k \sum_{ij\dots a} B^k_{ij\dots a} E_i E_j \dots Q_a` with one basis tensor
    B and one coefficient c per invariant of the group. Fields are written in their own amplitudes
    (Cartesian, of :func:`symchiral.fields.polar.electric_field_in`), modes in the real partner
    functions of :func:`symchiral.irreps.partners.partners`. The c are real for a static or
    transparent response and complex in an absorbing medium; B stays real.

    Attributes
    ----------
    participants : tuple of Participant
        One per index of the tensor.
    basis : (m, d1, …, dn) float
        The basis tensors in reduced row echelon form, the last index leading: the first component
        that is free in each is 1.
    letters : str
        Name of every coefficient.
    """

    participants: tuple[Participant, ...]
    basis: Floats
    letters: str

    def __len__(self) -> int:
        return len(self.basis)

    @cached_property
    def _orthonormal(self) -> Floats:
        """An orthonormal basis of the same space, in the shape of ``basis``."""
        if not len(self):
            return self.basis
        columns = np.linalg.qr(self.basis.reshape(len(self), -1).T)[0]
        return np.asarray(columns.T.reshape(self.basis.shape))

    def contract(self, *vectors: Complex | None) -> Complex:
        """Return the basis tensors contracted with a vector per index; None leaves an index open.

        Vectors of shape (d, w) put an index of width w in the place of the contracted one.
        """
        return _contracted(self.basis, vectors)

    def verdict(self, *vectors: Complex) -> Verdict:
        """Judge the product of vectors, or of subspaces (d, w), all written incoming.

        Its average over the group is its projection on the tensors of this form.
        """
        if not len(self):
            return verdict_of(0.0)
        part = _contracted(self._orthonormal, vectors).reshape(len(self), -1)
        single = part.shape[1] == 1
        return verdict_of(float(np.linalg.norm(part) if single else np.linalg.norm(part, 2)))

    def named(self, letters: str) -> TensorForm:
        """Return the same form with other names of its coefficients."""
        return replace(self, letters=letters[: len(self)])

    def entries(self, partner: int) -> list[list[str]]:
        """Return a rank-2 form, for one partner of the last index, as text: ``a``, ``-√3 b``."""
        return [[self.entry(i, j, partner) for j in range(3)] for i in range(3)]

    def entry(self, *index: int) -> str:
        """One component as a sum of letters, ``a - √3 b``; ``0`` where it vanishes."""
        values = self.basis
        for i in index:
            values = values[:, i]
        return linear_text(values, self.letters)

    def latex(self, partner: int) -> str:
        """Return LaTeX of a rank-2 form for one partner of the last index."""
        rows = " \\\\ ".join(
            " & ".join(
                linear_text(self.basis[:, i, j, partner], self.letters, latex=True)
                for j in range(3)
            )
            for i in range(3)
        )
        return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"

    def __repr__(self) -> str:
        return f"TensorForm({' '.join(p.name for p in self.participants)}, {len(self)})"


def _contracted(tensor: npt.NDArray[np.generic], vectors: tuple[Complex | None, ...]) -> Complex:
    result = np.asarray(tensor)
    axis = 1
    for vector in vectors:
        if vector is None:
            axis += 1
            continue
        lead, rest = result.shape[:axis], result.shape[axis + 1 :]
        flat = result.reshape(prod(lead), len(vector), prod(rest))
        result = (vector.T @ flat).reshape(*lead, *vector.shape[1:], *rest)
        axis += vector.ndim - 1
    return np.asarray(result, dtype=complex)


@lru_cache(maxsize=16384)
def tensor_form(
    participants: tuple[Participant, ...], equal: tuple[tuple[int, ...], ...]
) -> TensorForm:
    """Average the product of whole participants at Γ over the group: all tensors it can have.

    Parameters
    ----------
    participants : tuple of Participant
        Fields and irreps at the zone centre.
    equal : tuple of tuples of int
        Indices that are one and the same field or mode: the tensor is symmetric in them.

    Examples
    --------
    The Raman tensors of Eg in R-3m, the field in orthonormal axes of the group:

    >>> from symchiral.crystal.search import space_group
    >>> from symchiral.fields.polar import electric_field
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> group = space_group(458)
    >>> field, eg = electric_field(group), zone_centre(group)[2]
    >>> tensor_form((field, field, eg), ((0, 1), (2,)))
    TensorForm(E E Eg, 2)
    """
    arms = (0,) * len(participants)
    shape = tuple(p.dimension for p in participants)
    rank = count_coefficients(participants, arms, equal)
    if not rank:
        return TensorForm(participants, frozen(np.zeros((0, *shape))), "")
    bases = [np.eye(p.dimension, dtype=complex) if p.field else partners(p) for p in participants]
    # Products of partners; contracted once more the average is a real symmetric projector.
    average = group_average(participants, arms, bases, equal)[arms]
    for index, basis in enumerate(bases):
        average = np.moveaxis(np.tensordot(basis.conj(), average, (0, index)), 0, index)
    size = prod(shape)
    rows = average.reshape(size, size).T.real.reshape(size, *shape)
    indices = list(np.ndindex(shape))
    order = sorted(range(size), key=lambda i: _rank(indices[i]))
    reduced = row_reduced(rows.reshape(size, size)[:, order], rank)
    basis_rows = np.empty_like(reduced)
    basis_rows[:, order] = reduced
    return TensorForm(participants, frozen(basis_rows.reshape(rank, *shape)), LETTERS[:rank])


def _rank(index: tuple[int, ...]) -> tuple[object, ...]:
    """Order of components: first partner first; of two fields xx, yy, zz before yz, xz, xy."""
    *fields, last = index
    places = tuple(sorted(fields))
    return last, _NYE.index(places) if places in _NYE else 0, index


def row_reduced(rows: Floats, rank: int) -> Floats:
    """Reduced row echelon form of the space that rows span, cleaned of rounding.

    It is begun from an orthonormal basis, and a component that is nearly zero, as in axes turned at
    will, leads no row if it need not: coefficients would be as large as it is small.
    """
    _, sizes, right = np.linalg.svd(np.asarray(rows, dtype=float), full_matrices=False)
    if sizes[rank - 1] < _SMALL or np.any(sizes[rank:] > _SMALL):
        raise ValueError(f"the tensors do not span {rank} dimensions")
    matrix, done = right[:rank].copy(), 0
    for least in (_LEADS, _SMALL):
        for column in range(matrix.shape[1]):
            if done == rank:
                break
            pivot = done + int(np.argmax(np.abs(matrix[done:, column])))
            if abs(matrix[pivot, column]) < least:
                continue
            matrix[[done, pivot]] = matrix[[pivot, done]]
            matrix[done] /= matrix[done, column]
            others = np.arange(rank) != done
            matrix[others] -= np.outer(matrix[others, column], matrix[done])
            done += 1
    matrix[np.abs(matrix) < NO_COMPONENT] = 0
    return matrix


def number_text(x: float, *, latex: bool = False) -> str:
    """A coefficient: exact where recognised (``√3/2``), else four digits."""
    exact = surd(x, tolerance=1e-7)
    if exact is None:
        return f"{x:.4g}"
    if latex:
        return exact.latex
    return exact.text.replace("sqrt(2)", "√2").replace("sqrt(3)", "√3").replace("sqrt(6)", "√6")


def linear_text(coefficients: Floats, letters: Sequence[str], *, latex: bool = False) -> str:
    """A linear combination of letters: ``a - √3 b``; ``0`` if it vanishes.

    Examples
    --------
    >>> linear_text(np.array([1.0, -(3**0.5)]), "ab"), linear_text(np.array([0.0]), "a")
    ('a - √3 b', '0')
    """
    parts = []
    for value, letter in zip(coefficients.tolist(), letters, strict=True):
        if abs(value) < NO_COMPONENT:
            continue
        size = number_text(abs(value), latex=latex)
        term = letter if size == "1" else f"{size} {letter}"
        parts.append((" - " if value < 0 else " + ") + term)
    text = "".join(parts)
    return ("-" if text.startswith(" -") else "") + text[3:] if text else "0"
