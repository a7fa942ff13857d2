"""Normal coordinates in an invariant and their products, as text and LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

from symchiral.algebra.exact import surd
from symchiral.engine.coupling import COPIES


@dataclass(frozen=True)
class Coordinate:
    r"""A normal coordinate :math:`Q_l`: the coefficient of ε_l.

    Attributes
    ----------
    name : str
        Participant.
    copy : int
        Which mode of that kind.
    component : str
        PAM component; empty for the only one.
    place : str
        Wavevector; empty at the zone centre.
    field : bool
        Whether it is an amplitude of an applied field.
    """

    name: str
    copy: int
    component: str
    place: str = ""
    field: bool = False

    @property
    def text(self) -> str:
        """``Eu:b(+)``, ``K1@K``, ``E[σ+]``."""
        copy = f":{COPIES[self.copy]}" if self.copy else ""
        if self.field:
            return f"{self.name}[{self.component}]{copy}"
        inside = f"({self.component})" if self.component else ""
        return f"{self.name}{copy}{inside}" + (f"@{self.place}" if self.place else "")

    @property
    def latex(self) -> str:
        r"""LaTeX, ``Q^{E_{u}}_{+}``; a field ``E_{\sigma+}``."""
        if self.field:
            below = self.component.replace("σ", r"\sigma") + f",{COPIES[self.copy]}" * (
                self.copy > 0
            )
            return f"{self.name}_{{{below}}}"
        primes = self.name.count("'")
        stem = self.name.rstrip("'")
        name = stem[0] + (f"_{{{stem[1:]}}}" if stem[1:] else "") + "'" * primes
        copy = f",{COPIES[self.copy]}" if self.copy else ""
        below = ",".join(x for x in (self.component, self.place) if x)
        below = f"_{{{below}}}" if below else ""
        return f"Q^{{{name}{copy}}}{below}"


@dataclass(frozen=True)
class Term:
    """One monomial of an invariant with its coefficient.

    Attributes
    ----------
    coefficient : complex
        Snapped to ±√(p/q) (real and imaginary part) where recognised.
    factors : tuple of (Coordinate, int)
        Coordinates and powers.
    """

    coefficient: complex
    factors: tuple[tuple[Coordinate, int], ...]

    @property
    def text(self) -> str:
        """``-i Eu(+)^2 Eg(-)``."""
        powers = " ".join(c.text + (f"^{n}" if n > 1 else "") for c, n in self.factors)
        return _number(self.coefficient, latex=False) + powers

    @property
    def latex(self) -> str:
        """The same as LaTeX."""
        powers = " ".join(
            f"{c.latex}" if n == 1 else rf"\left({c.latex}\right)^{{{n}}}" for c, n in self.factors
        )
        return _number(self.coefficient, latex=True) + powers


def _number(value: complex, *, latex: bool) -> str:
    """A coefficient in front of a product: '' for 1, '-' for −1, 'i ' …"""

    def real(x: float) -> str:
        exact = surd(x)
        if exact is None:
            return f"{x:.6g}"
        return exact.latex if latex else exact.text

    if abs(value.imag) < 1e-12:
        return {1.0: "", -1.0: "-"}.get(value.real, real(value.real) + " ")
    if abs(value.real) < 1e-12:
        return {1.0: "i ", -1.0: "-i "}.get(value.imag, real(value.imag) + " i ")
    sign = "+" if value.imag > 0 else "-"
    return f"({real(value.real)} {sign} {real(abs(value.imag))} i) "
