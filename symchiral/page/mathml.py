"""Invariants as MathML, which browsers typeset without a library."""

from __future__ import annotations

import re
from fractions import Fraction
from html import escape
from math import isqrt

from symchiral.algebra.exact import surd
from symchiral.answers.channel import Invariants, Term
from symchiral.rules.wording import minus

_NAME = re.compile(r"([^(@:]*)(?::([a-z]))?(?:\(([^)]*)\))?(?:@(.*))?$")
_LABEL = re.compile(r"([A-Za-z])([^'\"]*)(['\"]*)$")


def invariant_mathml(found: Invariants) -> str:
    r"""Return :math:`V = \sum_j c_j [\dots]` as an element ``math``, every name escaped.

    A coordinate is :math:`Q` with species, component and letter of its mode below.
    """
    parts = []
    for j, polynomial in enumerate(found.terms, 1):
        terms = "".join(_term(term, first=i == 0) for i, term in enumerate(polynomial))
        bracket = f"<mo>[</mo>{terms}<mo>]</mo>"
        parts.append(f"<msub><mi>c</mi><mn>{j}</mn></msub><mrow>{bracket}</mrow>")
    body = "<mo>+</mo>".join(parts)
    return (
        "<math><semantics><mrow><mi>V</mi><mo>=</mo>"
        f'{body}</mrow><annotation encoding="text/plain">{escape(found.text)}</annotation>'
        "</semantics></math>"
    )


def _term(term: Term, *, first: bool) -> str:
    re_, im = term.coefficient
    factors = "".join(_factor(name, power) for name, power in term.factors)
    if re_ and im:
        inside = _real(re_, first=True, unit=False) + _real(im, first=False, unit=True)
        sign = "" if first else "<mo>+</mo>"
        return f"{sign}<mo>(</mo>{inside}<mi>i</mi><mo>)</mo>{factors}"
    if im:
        return _real(im, first=first, unit=True) + "<mi>i</mi>" + factors
    return _real(re_, first=first, unit=True) + factors


def _real(x: float, *, first: bool, unit: bool) -> str:
    """A real factor with its sign; a factor 1 is left out if ``unit``."""
    sign = "<mo>−</mo>" if x < 0 else "" if first else "<mo>+</mo>"
    exact = surd(x)
    if exact is None:
        return f"{sign}<mn>{abs(x):.4g}</mn>"
    if exact.square == 1 and unit:
        return sign
    return sign + root_mathml(exact.square)


def root_mathml(square: Fraction) -> str:
    """Return the square root of a fraction.

    Examples
    --------
    >>> root_mathml(Fraction(1, 4)), root_mathml(Fraction(3))
    ('<mfrac><mn>1</mn><mn>2</mn></mfrac>', '<msqrt><mn>3</mn></msqrt>')
    """
    top, bottom = _root(square.numerator), _root(square.denominator)
    return top if square.denominator == 1 else f"<mfrac>{top}{bottom}</mfrac>"


def _root(n: int) -> str:
    whole = next(k for k in range(isqrt(n), 0, -1) if n % (k * k) == 0)
    rest = n // (whole * whole)
    if rest == 1:
        return f"<mn>{whole}</mn>"
    root = f"<msqrt><mn>{rest}</mn></msqrt>"
    return root if whole == 1 else f"<mrow><mn>{whole}</mn>{root}</mrow>"


def _factor(name: str, power: int) -> str:
    """``Eu:b(+)`` squared: Q with E_u, + and b below and the power above."""
    match = _NAME.match(name)
    species, copy, component, place = match.groups() if match else (name, None, None, None)
    below = [species_mathml(species)]
    if component:
        below.append(f"<mtext>{escape(minus(component))}</mtext>")
    if copy:
        below.append(f"<mi>{escape(copy)}</mi>")
    if place:
        below.append(f"<mtext>{escape(place)}</mtext>")
    sub = "<mrow>" + "<mo>,</mo>".join(below) + "</mrow>"
    if power == 1:
        return f"<msub><mi>Q</mi>{sub}</msub>"
    return f"<msubsup><mi>Q</mi>{sub}<mn>{power}</mn></msubsup>"


def species_mathml(label: str) -> str:
    """Return a species with its indices below: ``A1g``.

    Examples
    --------
    >>> species_mathml("Eu"), species_mathml("A")
    ('<msub><mi>E</mi><mtext>u</mtext></msub>', '<mi>A</mi>')
    """
    match = _LABEL.match(label)
    if match is None:
        return f"<mtext>{escape(minus(label))}</mtext>"
    letter, index, primes = match.groups()
    name = f"<mi>{letter}</mi>"
    if index:
        name = f"<msub>{name}<mtext>{escape(minus(index))}</mtext></msub>"
    if primes:
        name = f"<msup>{name}<mo>{'′' * len(primes)}</mo></msup>"
    return name
