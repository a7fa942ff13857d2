"""Numbers that symmetry makes exact: square roots of fractions, phases as fractions of a turn."""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, sqrt

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
