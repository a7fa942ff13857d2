"""Numbers that symmetry makes exact: square roots of fractions, phases as fractions of a turn."""

from __future__ import annotations

import cmath
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, sqrt
from typing import overload

import numpy as np

from symchiral.value import Complex, Floats, Integers

LARGEST = 144
"""Squares of coefficients are looked for among fractions with denominators up to this, and are no
larger: roots of larger ones lie so close that any number would be one."""


@dataclass(frozen=True, repr=False)
class Surd:
    r"""A signed square root :math:`\pm\sqrt{p/q}`.

    Examples
    --------
    >>> surd(-0.7071067811865476)
    Surd(-1/sqrt(2))
    >>> surd(1.5).latex, surd(0.8660254037844386).text
    ('\\frac{3}{2}', 'sqrt(3)/2')
    >>> surd(0.123456) is None, surd(12345678.9) is None
    (True, True)
    """

    sign: int
    square: Fraction

    def __float__(self) -> float:
        return self.sign * sqrt(self.square)

    @property
    def _parts(self) -> tuple[int, int, int, int]:
        """a, r, b, s with value = a √r / (b √s) in lowest terms."""
        a, r = _split(self.square.numerator)
        b, s = _split(self.square.denominator)
        return a, r, b, s

    @property
    def text(self) -> str:
        """Plain text such as ``-1/sqrt(2)``."""
        a, r, b, s = self._parts
        top = _product(a, f"sqrt({r})" if r > 1 else "")
        bottom = _product(b, f"sqrt({s})" if s > 1 else "")
        minus = "-" if self.sign < 0 else ""
        bottom = f"({bottom})" if "*" in bottom else bottom
        return minus + (top if bottom == "1" else f"{top}/{bottom}")

    @property
    def latex(self) -> str:
        r"""LaTeX such as ``-\frac{1}{\sqrt{2}}``."""
        a, r, b, s = self._parts
        top = _product(a, rf"\sqrt{{{r}}}" if r > 1 else "", "")
        bottom = _product(b, rf"\sqrt{{{s}}}" if s > 1 else "", "")
        minus = "-" if self.sign < 0 else ""
        return minus + (top if bottom == "1" else rf"\frac{{{top}}}{{{bottom}}}")

    def __repr__(self) -> str:
        return f"Surd({self.text})"


def _split(n: int) -> tuple[int, int]:
    """Split n = a² r with r square-free."""
    a = max(k for k in range(1, isqrt(n) + 1) if n % (k * k) == 0) if n else 0
    return (a, n // (a * a)) if a else (0, 1)


def _product(number: int, root: str, times: str = "*") -> str:
    if not root:
        return str(number)
    return root if number == 1 else f"{number}{times}{root}"


def surd(value: float, *, tolerance: float = 1e-8) -> Surd | None:
    """Recognise ±√(p/q) of small p/q and q; None if there is none within tolerance."""
    if not value * value <= LARGEST:
        return None
    square = Fraction(value * value).limit_denominator(LARGEST)
    found = Surd(-1 if value < 0 else 1, square)
    return found if abs(float(found) - value) <= tolerance else None


def turn(phase: complex, *, denominator: int = 24) -> Fraction:
    r"""Return the fraction φ in [0, 1) with phase = exp(2πi φ).

    Examples
    --------
    >>> turn(-1), turn(1j), turn(1)
    (Fraction(1, 2), Fraction(1, 4), Fraction(0, 1))
    """
    exact = cmath.phase(phase) / (2 * cmath.pi)
    return Fraction(exact).limit_denominator(denominator) % 1


@overload
def phase_of(l: float | Fraction, n: int = 1) -> complex: ...
@overload
def phase_of(l: Floats | Integers, n: int = 1) -> Complex: ...
def phase_of(l: float | Fraction | Floats | Integers, n: int = 1) -> complex | Complex:
    r"""Return :math:`e^{2πi l/n}`: a phase in n-th parts of a turn, in whole turns for n = 1.

    The rotation :math:`C_n` multiplies a state of pseudo-angular momentum l by its inverse,
    :math:`e^{-2πi l/n}`, and the translation t a Bloch state by :math:`e^{-2πi\,q·t}`.

    Examples
    --------
    >>> complex(np.round(phase_of(1, 4), 9)), phase_of(np.array([0.0, 0.5])).round(9).tolist()
    (1j, [(1+0j), (-1+0j)])
    """
    turns = float(l) if isinstance(l, Fraction) else l
    phases: complex | Complex = np.exp(2j * np.pi * turns / n)
    return phases


def dot(a: Iterable[Fraction], b: Iterable[Fraction | int]) -> Fraction:
    """Return the sum of the products of two equally long sequences, exactly."""
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))
