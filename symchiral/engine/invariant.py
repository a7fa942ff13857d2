"""The invariants of an allowed coupling: what the potential energy contains."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from symchiral.algebra.exact import surd
from symchiral.engine.coupling import Coupling, equal_slots, exchanges
from symchiral.engine.judge import count_coefficients, group_average
from symchiral.engine.monomial import Coordinate, Term
from symchiral.errors import LimitError
from symchiral.irreps.classes import all_of_class
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.value import DEPENDENT, Complex, Value

if TYPE_CHECKING:
    import sympy


LARGEST = 1000
"""Couplings with more products of components than this are not expanded."""


@dataclass(frozen=True, eq=False, repr=False)
class Invariant(Value):
    r"""The real invariants of a coupling, one per free coefficient.

    :math:`V = \sum_j c_j I_j` with real :math:`c_j`; in each :math:`I_j` the largest coefficient
    is 1. Coordinates are coefficients of the circular vectors, :math:`Q_- = Q_+^*`.

    Attributes
    ----------
    polynomials : tuple of tuple of Term
        The I_j; those that contain the channel's own product come first.
    residual : float
        Largest distance between a coefficient and the number it was snapped to.
    conjugate : bool
        Whether the complex conjugate, on the arms −q, is to be added.
    """

    polynomials: tuple[tuple[Term, ...], ...]
    residual: float
    conjugate: bool

    @property
    def text(self) -> str:
        """Plain text, ``c1 [Eu(+)^2 Eg(+) + Eu(-)^2 Eg(-)]``."""
        return " ".join(self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """The text, one coefficient each; the second and later ones begin with ``+``."""
        rest = " + c.c." if self.conjugate else ""
        return tuple(
            f"{'+ ' * (j > 0)}c{j + 1} [{_join(t.text for t in terms)}{rest}]"
            for j, terms in enumerate(self.polynomials)
        )

    def latex(self) -> str:
        """Return LaTeX of V."""
        rest = r" + \mathrm{c.c.}" if self.conjugate else ""
        return " + ".join(
            rf"c_{{{j + 1}}} \left[{_join(t.latex for t in terms)}{rest}\right]"
            for j, terms in enumerate(self.polynomials)
        )

    def sympy(self) -> sympy.Expr:
        """Return V as a sympy expression in the symbols of the coordinates and c1, c2, …"""
        import sympy

        total = sympy.Integer(0)
        for j, terms in enumerate(self.polynomials):
            for term in terms:
                value = _symbolic(term.coefficient.real) + sympy.I * _symbolic(
                    term.coefficient.imag
                )
                powers = [sympy.Symbol(c.text) ** n for c, n in term.factors]
                total += sympy.Symbol(f"c{j + 1}", real=True) * value * sympy.Mul(*powers)
        return sympy.expand(total)

    def __repr__(self) -> str:
        return f"Invariant({self.text})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def _symbolic(x: float) -> sympy.Expr:
    import sympy

    exact = surd(x)
    if exact is None:
        return sympy.Float(x)
    return exact.sign * sympy.sqrt(sympy.Rational(exact.square.numerator, exact.square.denominator))


def invariant(coupling: Coupling, turn: Turn | None) -> Invariant:
    """Expand an allowed coupling into its real invariants.

    Parameters
    ----------
    coupling : Coupling
        An allowed coupling.
    turn : Turn or None
        The axis on which coordinates are resolved.

    Notes
    -----
    Averaging a monomial over the group gives an invariant polynomial p; p + p* and i(p − p*) are
    real. Row reduction of all of them gives a sparse basis.
    """
    legs = sorted(coupling, key=lambda leg: (leg.participant.name, leg.copy))
    participants, named = all_of_class(tuple(leg.participant for leg in legs), turn, vectors=True)
    found = _expand(
        participants,
        tuple(leg.incoming_arm for leg in legs),
        tuple(leg.copy for leg in legs),
        named,
    )
    own = _own(coupling, turn)
    ranks = {
        (leg.participant.names[leg.incoming_arm], leg.copy, leg.participant.field): i
        for i, leg in reversed(list(enumerate(coupling)))
    }
    polynomials = [
        tuple(_ordered(term, ranks) for term in polynomial) for polynomial in found.polynomials
    ]
    polynomials.sort(key=lambda polynomial: not any(set(t.factors) in own for t in polynomial))
    return Invariant(tuple(polynomials), found.residual, found.conjugate)


def _ordered(term: Term, ranks: dict[tuple[str, int, bool], int]) -> Term:
    """The term with its factors in the order of the legs."""
    factors = sorted(term.factors, key=lambda f: ranks[f[0].name, f[0].copy, f[0].field])
    return Term(term.coefficient, tuple(factors))


def _own(coupling: Coupling, turn: Turn | None) -> list[set[tuple[Coordinate, int]]]:
    """The products the channel itself consists of, all legs written incoming."""
    choices = []
    for leg in coupling:
        siblings = components(leg.participant, turn, leg.incoming_arm)
        if leg.participant.field:  # perhaps no component of the axis but a sum of them
            overlaps = [np.abs(s.basis.conj().T @ leg.vectors).max() > 1e-9 for s in siblings]
            parts = tuple(s for s, inside in zip(siblings, overlaps, strict=True) if inside)
        else:
            index = leg.component.conjugate if leg.outgoing else leg.component.index
            parts = (siblings[index],)
        choices.append(_coordinates(leg.participant, leg.incoming_arm, leg.copy, parts))
    return [set(Counter(factors).items()) for factors in product(*choices)]


@lru_cache(maxsize=4096)
def _expand(
    participants: tuple[Participant, ...],
    arms: tuple[int, ...],
    copies: tuple[int, ...],
    turn: Turn | None,
) -> Invariant:
    parts = [components(p, turn, a) for p, a in zip(participants, arms, strict=True)]
    bases = [np.concatenate([c.basis for c in part], axis=1) for part in parts]
    size = prod(b.shape[1] for b in bases)
    if size > LARGEST:
        raise LimitError(
            f"the invariant has more than {LARGEST} products of components",
            why=f"{size} products enter",
            fix="ask for the verdict alone, or for a lower order",
        )
    equal = equal_slots(zip(participants, copies, strict=True))
    average = group_average(participants, arms, bases, equal)
    opposite = tuple(int(p.conjugate_arms[a]) for p, a in zip(participants, arms, strict=True))
    other = [components(p, turn, a) for p, a in zip(participants, opposite, strict=True)]
    named = _coefficients(average[arms], bases)
    mirrored = np.zeros_like(named)
    if opposite in average:
        # The conjugate of a product on the arms −q is a product on the named arms.
        found = _coefficients(
            average[opposite], [np.concatenate([c.basis for c in part], axis=1) for part in other]
        )
        order = np.ix_(*(_conjugates(part) for part in other))
        mirrored[order] = found.conj()
    names = [
        _coordinates(p, a, copy, part)
        for p, a, copy, part in zip(participants, arms, copies, parts, strict=True)
    ]
    rows, monomials = _real_polynomials(named, mirrored, names)
    basis_rows = _row_reduced(rows, count_coefficients(participants, arms, equal))
    swapped = {tuple(arms[i] for i in swap) for swap in exchanges(equal, len(arms))}
    return _snapped(basis_rows, monomials, open_=opposite not in swapped)


def _coefficients(average: Complex, bases: list[Complex]) -> Complex:
    """Coefficients of the averaged products: conj of their overlap with the basis products."""
    m = len(bases)
    coefficients = np.tensordot(bases[0].conj(), average, (0, 0))
    for i, basis in enumerate(bases[1:], start=1):
        coefficients = np.tensordot(basis.conj(), coefficients, (0, i))
    # Every tensordot moved its index to the front: restore the order of the legs.
    return np.asarray(coefficients.transpose(*reversed(range(m)), *range(m, 2 * m)).conj())


def _coordinates(
    participant: Participant, arm: int, copy: int, parts: tuple[Component, ...]
) -> list[Coordinate]:
    found = []
    for component in parts:
        width = component.basis.shape[1]
        for k in range(width):
            inside = component.name
            if participant.field:
                inside = _polarization(component.name, k, width)
            elif width > 1:
                inside = f"{inside}{',' if inside else ''}{'xyzuvw'[k]}"
            name, place = participant.names[arm], participant.places[arm]
            found.append(Coordinate(name, copy, inside, place, participant.field))
    return found


def _polarization(component: str, k: int, width: int) -> str:
    """A component of a field on the axis as light: σ±, z; x and y if it has no circular ones."""
    if component in ("+", "-"):
        return f"σ{component}"
    return "z" if width == 1 else "xyz"[k]


def _conjugates(parts: tuple[Component, ...]) -> list[int]:
    """Column of the conjugate coordinate of every column."""
    starts = np.cumsum([0] + [c.basis.shape[1] for c in parts])
    return [int(starts[c.conjugate]) + k for c in parts for k in range(c.basis.shape[1])]


Monomial = tuple[Coordinate, ...]


def _real_polynomials(
    named: Complex, mirrored: Complex, names: list[list[Coordinate]]
) -> tuple[Complex, list[Monomial]]:
    """The polynomials p + p* and i(p − p*) of every averaged product, as rows over monomials."""
    products = list(np.ndindex(*(len(n) for n in names)))
    monomials: dict[Monomial, int] = {}
    columns = []
    for chosen in products:
        factors = [names[slot][i] for slot, i in enumerate(chosen)]
        factors.sort(
            key=lambda c: (c.name, c.copy, c.component.startswith("-"), c.component, c.field)
        )
        columns.append(monomials.setdefault(tuple(factors), len(monomials)))
    rows = []
    shape = (len(products), -1)
    for p, q in zip(named.reshape(shape).T, mirrored.reshape(shape).T, strict=True):
        if max(np.abs(p).max(), np.abs(q).max()) < 1e-9:
            continue
        for values in (p + q, 1j * (p - q)):
            row = np.zeros(len(monomials), dtype=complex)
            np.add.at(row, columns, values)
            rows.append(row)
    return np.array(rows), list(monomials)


def _snapped(basis: Complex, monomials: list[Monomial], *, open_: bool) -> Invariant:
    residual = 0.0
    polynomials = []
    for row in basis:
        row = row / np.abs(row).max()
        terms = []
        for value, monomial in zip(row, monomials, strict=True):
            if abs(value) < 1e-9:
                continue
            snapped = complex(_snap(value.real), _snap(value.imag))
            residual = max(residual, abs(snapped - value))
            terms.append(Term(snapped, tuple(Counter(monomial).items())))
        polynomials.append(tuple(terms))
    return Invariant(tuple(polynomials), residual, open_)


def _row_reduced(rows: Complex, rank: int) -> Complex:
    """Reduced row echelon form over the reals, real and imaginary parts side by side."""
    width = rows.shape[1]
    matrix = np.stack([rows.real, rows.imag], axis=2).reshape(len(rows), 2 * width)
    done = 0
    for column in range(2 * width):
        pivot = done + int(np.argmax(np.abs(matrix[done:, column]))) if done < len(matrix) else done
        if done >= rank or abs(matrix[pivot, column]) < DEPENDENT:
            continue
        matrix[[done, pivot]] = matrix[[pivot, done]]
        matrix[done] /= matrix[done, column]
        for other in range(len(matrix)):
            if other != done:
                matrix[other] -= matrix[other, column] * matrix[done]
        done += 1
    if done != rank or np.abs(matrix[done:]).max(initial=0) > DEPENDENT:
        raise ValueError(f"found {done} invariants where {rank} were counted")
    pairs = matrix[:rank].reshape(rank, width, 2)
    return np.asarray(pairs[..., 0] + 1j * pairs[..., 1])


def _snap(x: float) -> float:
    exact = surd(x)
    return x if exact is None else float(exact)


def _join(terms: object) -> str:
    text = " + ".join(terms)  # type: ignore[arg-type]
    return text.replace("+ -", "- ")
