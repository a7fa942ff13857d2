"""The answer of ``couple``: how strongly modes of the zone centre couple.

The records come first, then the function that fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from symchiral.anharmonic.couplings import CircularTerm, Couplings, largest_sizes
from symchiral.answers.crystal import AxisOfRotation, Structure, axis_of, structure
from symchiral.answers.record import Answer, Record, ReIm, beginning, number
from symchiral.engine.judge import VerdictWord

CouplingUnit = Literal["eV/(sqrt(amu) angstrom)^order"]


class Sizes(Record, frozen=True, kw_only=True):
    """The largest circular coefficients of one order."""

    order: int
    """3 or 4."""
    allowed: float
    """Largest coefficient that symmetry allows."""
    forbidden: float
    """Largest one that symmetry forbids."""


class Term(Record, frozen=True, kw_only=True):
    """A product of circular coordinates and its coefficient."""

    modes: tuple[str, ...]
    """The factors."""
    value: ReIm
    """Coefficient [re, im] of the product as it was found; that of the conjugate product is its
    conjugate."""
    averaged: ReIm
    """The same of the couplings averaged over the group, which simulate takes unless --raw asks
    for the value: the potential is the sum of every product and, where it is another product,
    its conjugate."""
    error: float | None
    """Standard error; null if unknown."""
    verdict: VerdictWord
    """What symmetry says."""


class FlatTerm(Record, frozen=True, kw_only=True):
    """A product and its coefficient as one flat record."""

    modes: str
    """The modes, with spaces between."""
    value_re: float
    """Real part of the coefficient as found."""
    value_im: float
    """Imaginary part."""
    averaged_re: float
    """Real part of the coefficient averaged over the group."""
    averaged_im: float
    """Imaginary part."""
    error: float | None
    """Standard error; null if unknown."""
    verdict: VerdictWord
    """What symmetry says."""


class Couple(Answer, frozen=True, kw_only=True, tag="symchiral/couple/1"):
    """What ``symchiral couple --json`` prints: coefficients of products of circular coordinates of
    zone-centre modes.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    unit: CouplingUnit = "eV/(sqrt(amu) angstrom)^order"
    """Of value and error."""
    provenance: dict[str, str]
    """How they were found."""
    largest_forbidden: float
    """Largest cubic coefficient that symmetry forbids."""
    orders: tuple[Sizes, ...]
    """The largest circular coefficients by order."""
    terms: tuple[Term, ...]
    """Products, by order, the largest first; of a product and its conjugate one is listed."""
    checked: bool = False
    """Whether products that symmetry forbids are listed too."""

    row_types: ClassVar[tuple[type[Record], ...]] = (FlatTerm,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        rows = [
            FlatTerm(
                modes=" ".join(t.modes),
                value_re=t.value[0],
                value_im=t.value[1],
                averaged_re=t.averaged[0],
                averaged_im=t.averaged[1],
                error=t.error,
                verdict=t.verdict,
            )
            for t in self.terms
        ]
        return FlatTerm, rows


def couple(couplings: Couplings, *, checked: bool = False) -> Couple:
    """Answer how strongly modes couple, product by product of circular coordinates.

    Parameters
    ----------
    couplings : Couplings
        The coefficients as they were found.
    checked : bool
        Also list what symmetry forbids.
    """
    modes = couplings.coordinates.modes
    mean = couplings.symmetrized()
    sizes, terms = [], []
    for potential in couplings.potentials:
        order = potential.order
        found = couplings.circular(order)
        averages = {t.factors: t.value for t in mean.circular(order)}
        forbidden, allowed = largest_sizes(found)
        sizes.append(Sizes(order=order, allowed=_six(allowed), forbidden=_six(forbidden)))
        terms += [
            _term(t, averages.get(t.factors, 0j))
            for t in sorted(found, key=lambda t: -abs(t.value))
            if checked or t.verdict.word != "forbidden"
        ]
    return Couple(
        **beginning(modes.crystal),
        structure=structure(modes.crystal, masses=modes.masses),
        axis=axis_of(modes.crystal, modes.axis),
        provenance=dict(couplings.provenance),
        largest_forbidden=next((s.forbidden for s in sizes if s.order == 3), 0.0),
        orders=tuple(sizes),
        terms=tuple(terms),
        checked=checked,
    )


def _term(term: CircularTerm, average: complex) -> Term:
    return Term(
        modes=term.modes,
        value=_complex(term.value),
        averaged=_complex(average),
        error=number(term.error, 3),
        verdict=term.verdict.word,
    )


def _six(value: float) -> float:
    return float(f"{value:.6g}")


def _complex(value: complex) -> ReIm:
    return float(f"{value.real:.9g}"), float(f"{value.imag:.9g}")
