"""Labels and characters of the small irreps of the 230 space groups: a reader of the ISO-IR table.

The table is derived from the ISO-IR data of Stokes, Campbell and Cordes, Acta Cryst. A69, 388
(2013), iso.byu.edu; ``tables/README.md`` tells how. Labels are those of Cracknell, Davies, Miller
and Love (CDML), as the ISOTROPY suite and the Bilbao server use them.

Setting: orthorhombic abc, monoclinic unique axis b cell choice 1, origin choice 2, hexagonal axes.
Wavevectors and operations refer to the *conventional* cell of that setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import dot, phase_of
from symchiral.errors import InputError
from symchiral.value import Complex, Integers, Value, frozen

Triple = tuple[Fraction, Fraction, Fraction]

DENOMINATOR = 24
"""Translations are integers in units of 1/24 of a conventional lattice vector."""

# The layout of the file, which tools/build_isoir.py shares: HEADER_BYTES of provenance, 230 rows of
# GROUP, then the rows of all groups, section by section. GROUP says how many belong to each.
TABLE_PATH = Path(__file__).parent / "tables" / "isoir.bin"
HEADER_BYTES = 512
SECTIONS: dict[str, np.dtype[Any]] = {
    "operations": np.dtype([("rotation", "i1", (3, 3)), ("translation", "i1", (3,))]),
    "wavevectors": np.dtype(
        [
            ("label", "S2"),
            ("constant", "i1", (3,)),  # in 1/DENOMINATOR
            ("directions", "i1", (3, 3)),
            ("minus", "u1"),  # index into MINUS_K
            ("members", "<u8"),  # bit i: operation i of the group is in the little co-group
            ("irreps", "u1"),  # how many of the rows of irreps
        ]
    ),
    "irreps": np.dtype([("label", "S4"), ("dimension", "u1"), ("type", "u1")]),
    # ISO's own: sqrt(norm) exp(2 pi i phase / 24), {E|t} -> exp(+2 pi i k.t)
    "characters": np.dtype([("norm", "u1"), ("phase", "u1")]),
}
GROUP: np.dtype[Any] = np.dtype([("hall", "<u2"), *((name, "<u2") for name in SECTIONS)])
MinusK = Literal["star", "continued", "untabulated"]
MINUS_K: tuple[MinusK, ...] = ("star", "continued", "untabulated")


@dataclass(frozen=True, eq=False)
class IsoIrrep(Value):
    r"""A small irrep: its label and its characters where the free parameters vanish.

    The characters are in the convention of this library, in which a mode of wavevector k is
    :math:`e^{+2πi k·r}` and the operations move functions, :math:`(g u)(r) = R\,u(g^{-1} r)`:

    .. math:: χ(\{E|t\}) = d\, e^{-2πi k·t}.

    ISO-IR has :math:`e^{+2πi k·t}`. The two are complex conjugates at the same k, and the reader
    conjugates once, at every k including Γ.

    Attributes
    ----------
    label : str
        CDML label, e.g. ``GM3-`` or ``K1``.
    dimension : int
        Dimension d of the small irrep; of the full irrep it is d times the number of arms.
    type : {1, 2, 3}
        Frobenius–Schur type of the irrep of the *full* space group: 1 real, 2 pseudoreal
        (equivalent to its conjugate, not to a real one), 3 complex. On lines and planes for
        general parameters.
    characters : (n,) complex
        Characters at ``IsoWavevector.constant``, in the order of ``IsoWavevector.rotations``.
        With free parameters use ``IsoWavevector.characters``.
    """

    label: str
    dimension: int
    type: Literal[1, 2, 3]
    characters: Complex

    def __repr__(self) -> str:
        return f"IsoIrrep({self.label!r}, dimension={self.dimension}, type={self.type})"


@dataclass(frozen=True, eq=False)
class IsoWavevector(Value):
    r"""A point, line, plane or volume of wavevectors, and the small irreps it carries.

    .. math:: k(α, β, γ) = \mathrm{constant} + \mathrm{directions}\,(α, β, γ)^T

    in the basis reciprocal to the conventional lattice vectors: the first arm of the star in the
    tables. In a primitive basis :math:`(a_p\,b_p\,c_p) = (a\,b\,c)\,C` the components are
    :math:`C^T k`.

    Attributes
    ----------
    number : int
        Space-group number.
    label : str
        ``GM``, ``K``, ``LD``, …
    constant : (3,) tuple of Fraction
        k where the parameters vanish.
    directions : (3, 3) tuple of Fraction
        Row i holds the coefficients of α, β, γ in component i; the column of a parameter that is
        not free is zero.
    minus_k : {"star", "continued", "untabulated"}
        Where −k(α, β, γ) is, for general parameters: in the star of k(α, β, γ) (or equivalent to
        it), in the star at other values of the parameters, or nowhere in the table; for the last
        see `minus_k_partner`.
    rotations : (n, 3, 3) int
        The little co-group, in the order of the tables; column convention, r → W r + w. The
        wavevector transforms as :math:`k → k W^{-1}`.
    translations : (n, 3) int
        w of each operation in units of 1/24 (``DENOMINATOR``), as ISO lists them.
    irreps : tuple of IsoIrrep
        All small irreps at this wavevector.

    Examples
    --------
    >>> k = next(k for k in iso_wavevectors(194) if k.label == "K")
    >>> k
    IsoWavevector(194, 'K', k=(1/3, 1/3, 0))
    >>> [irrep.label for irrep in k.irreps], len(k.rotations)
    (['K1', 'K2', 'K3', 'K4', 'K5', 'K6'], 12)
    """

    number: int
    label: str
    constant: Triple
    directions: tuple[Triple, Triple, Triple]
    minus_k: MinusK
    rotations: Integers
    translations: Integers
    irreps: tuple[IsoIrrep, ...]

    def __repr__(self) -> str:
        components = []
        for constant, row in zip(self.constant, self.directions, strict=True):
            terms = [str(constant)] if constant else []
            terms += [f"{x}*{name}" for x, name in zip(row, "αβγ", strict=True) if x]
            components.append("+".join(terms).replace("1*", "").replace("+-", "-") or "0")
        return f"IsoWavevector({self.number}, {self.label!r}, k=({', '.join(components)}))"

    @cached_property
    def kdim(self) -> int:
        """Number of free parameters: 0 for a point, 1 a line, 2 a plane, 3 a general k."""
        return sum(any(column) for column in zip(*self.directions, strict=True))

    def k(self, parameters: Sequence[Fraction | float] = (0, 0, 0)) -> Triple:
        """Return the wavevector at parameters (α, β, γ); those that are not free do not matter."""
        exact = [Fraction(x) for x in parameters]
        u, v, w = (
            constant + dot(row, exact)
            for constant, row in zip(self.constant, self.directions, strict=True)
        )
        return u, v, w

    def characters(
        self, irrep: IsoIrrep, parameters: Sequence[Fraction | float] = (0, 0, 0)
    ) -> Complex:
        r"""Return the characters of one of ``irreps`` at a concrete wavevector.

        .. math:: χ_{k(α,β,γ)}(\{W|w\}) = χ_{\mathrm{constant}}(\{W|w\})\,
            e^{-2πi\,[\mathrm{directions}\,(α, β, γ)^T]·w}

        For an operation {W|w+t} with another lattice translation multiply with
        :math:`e^{-2πi k·t}`, the whole k. At another arm of the star, :math:`k h^{-1}`, the label
        belongs to :math:`χ(h g h^{-1}) = χ_k(g)`.

        Keep the parameters between Γ and the zone boundary. The formula is not periodic: a step by
        a reciprocal vector may lead to the characters of another label (LD1 and LD2 of P2_1).
        Negative parameters are right where ``minus_k`` is ``continued``; where it is ``star`` they
        may lead to another label than the arm −k has (DT2 and DT3 of P321).

        Returns
        -------
        (n,) complex
            In the order of ``rotations`` and ``translations``.

        Examples
        --------
        A two-fold screw axis along b, half way to the zone boundary:

        >>> line = next(k for k in iso_wavevectors(4) if k.label == "LD")
        >>> irrep = line.irreps[0]
        >>> irrep.label, np.round(line.characters(irrep, (0, 0.25, 0)), 4).tolist()
        ('LD1', [(1+0j), (0.7071-0.7071j)])
        """
        free = [float(x - y) for x, y in zip(self.k(parameters), self.constant, strict=True)]
        turns = self.translations @ np.array(free) / DENOMINATOR
        characters: Complex = irrep.characters * phase_of(-turns)
        return characters


@lru_cache(maxsize=1)
def _tables() -> dict[str, npt.NDArray[Any]]:
    raw = TABLE_PATH.read_bytes()
    tables = {"groups": np.frombuffer(raw, GROUP, 230, offset=HEADER_BYTES)}
    offset = HEADER_BYTES + tables["groups"].nbytes
    for name, dtype in SECTIONS.items():
        rows = int(tables["groups"][name].sum(dtype=np.int64))
        tables[name] = np.frombuffer(raw, dtype, rows, offset)
        offset += tables[name].nbytes
    return tables


@lru_cache(maxsize=1)
def _phase_circle() -> Complex:
    """exp(2πi j/24), with 0, ±1/2 and ±1 exact."""
    parts = phase_of(np.arange(24), 24).view(float)
    halves = np.rint(2 * parts) / 2
    circle: Complex = np.where(abs(parts - halves) < 1e-12, halves, parts).view(complex)
    return circle


def _triple(numerators: Sequence[int], denominator: int) -> Triple:
    u, v, w = (Fraction(x, denominator) for x in numerators)
    return u, v, w


def _negative(triple: Triple) -> Triple:
    u, v, w = triple
    return -u, -v, -w


def _rows(number: int, what: str) -> npt.NDArray[Any]:
    """Rows of one group in the section ``what``; those of all groups follow one another."""
    lengths = _tables()["groups"][what]
    start = int(lengths[: number - 1].sum(dtype=np.int64))
    return _tables()[what][start : start + int(lengths[number - 1])]


def iso_hall_number(number: int) -> int:
    """Return spglib's Hall number of the setting the tables of this space group refer to.

    Orthorhombic abc, monoclinic unique axis b cell choice 1, origin choice 2, hexagonal axes.

    Raises
    ------
    InputError
        If the number is not one of 1 to 230.

    Examples
    --------
    >>> iso_hall_number(166), iso_hall_number(227), iso_hall_number(14)
    (458, 526, 81)
    """
    if not 1 <= number <= 230:
        raise InputError(
            f"space group {number} is not in the tables",
            why="the space groups are numbered from 1 to 230",
            fix="give the number of the International Tables",
        )
    return int(_tables()["groups"]["hall"][number - 1])


@lru_cache(maxsize=230)
def iso_operations(number: int) -> tuple[Integers, Integers]:
    """Return the coset representatives of the lattice translations, as ISO-IR lists them.

    Returns
    -------
    rotations : (order of the class, 3, 3) int
        Rotation parts in the conventional basis.
    translations : (order of the class, 3) int
        In units of 1/24 (``DENOMINATOR``). Centring translations are not listed.

    Examples
    --------
    >>> rotations, translations = iso_operations(4)
    >>> translations.tolist()
    [[0, 0, 0], [0, 12, 0]]
    """
    iso_hall_number(number)  # refuses what is not a number of a space group
    rows = _rows(number, "operations")
    return frozen(rows["rotation"], np.int64), frozen(rows["translation"], np.int64)


@lru_cache(maxsize=230)
def iso_wavevectors(number: int) -> tuple[IsoWavevector, ...]:
    """Return every wavevector type of a space group with all its small irreps.

    Parameters
    ----------
    number : int
        Space-group number, 1 to 230.

    Returns
    -------
    tuple of IsoWavevector
        In the order of the ISO-IR tables: Γ first, the general k last.

    Raises
    ------
    InputError
        If the number is not one of 1 to 230.

    Notes
    -----
    Source: H. T. Stokes, B. J. Campbell, R. Cordes, Acta Cryst. A69, 388 (2013), iso.byu.edu.

    Examples
    --------
    >>> [k.label for k in iso_wavevectors(166)]
    ['GM', 'LD', 'SM', 'F', 'L', 'T', 'Y', 'C', 'GP']
    """
    rotations, translations = iso_operations(number)
    stored = _rows(number, "characters")
    moduli = np.sqrt(stored["norm"], dtype=np.float64)
    values = (moduli * _phase_circle()[stored["phase"]]).conj()
    irreps = iter(_rows(number, "irreps").tolist())
    found, start = [], 0
    for label, constant, directions, minus, members, count in _rows(number, "wavevectors"):
        indices = [i for i in range(len(rotations)) if int(members) >> i & 1]
        small = []
        for _ in range(count):
            name, dimension, kind = next(irreps)
            characters = frozen(values[start : start + len(indices)], np.complex128)
            small.append(IsoIrrep(name.decode(), dimension, kind, characters))
            start += len(indices)
        u, v, w = (_triple(row, 1) for row in directions.tolist())
        found.append(
            IsoWavevector(
                number=number,
                label=label.decode(),
                constant=_triple(constant.tolist(), DENOMINATOR),
                directions=(u, v, w),
                minus_k=MINUS_K[minus],
                rotations=frozen(rotations[indices]),
                translations=frozen(translations[indices]),
                irreps=tuple(small),
            )
        )
    return tuple(found)


def minus_k_partner(wavevector: IsoWavevector) -> IsoWavevector:
    r"""Return the wavevector −k with its small irreps, when the tables hold k only.

    Where no operation of the group leads from k to −k, ISO-IR lists one of the two stars. The
    conjugates of the small irreps at k are those at −k, with the same little co-group:

    .. math:: χ_{-k}(\{W|w\}) = χ_{k}(\{W|w\})^*, \qquad -k(α, β, γ) =
        -\mathrm{constant} - \mathrm{directions}\,(α, β, γ)^T .

    The label is that of k with an A after the letter: the conjugate of K2 is KA2. This is how the
    Bilbao tables name and number all of the 31 points concerned (K and H of groups 143, 144, 145,
    150, 152, 154, 157, 159, 174, 189, 190; P of 82, 121, 122, 197, 199, 217, 220; W of 23, 24).
    The eleven lines P of the first eleven groups take the same suffix by analogy; other
    sources have other names for parts of them.

    Raises
    ------
    InputError
        If −k is in the tables already: ``minus_k`` is not ``untabulated``.

    Examples
    --------
    >>> k = next(k for k in iso_wavevectors(174) if k.label == "K")
    >>> minus_k_partner(k), minus_k_partner(k).irreps[1].label
    (IsoWavevector(174, 'KA', k=(-1/3, -1/3, 0)), 'KA2')
    """
    if wavevector.minus_k != "untabulated":
        raise InputError(
            f"{wavevector} has no partner outside the tables",
            why="−k lies in the star of k, if need be at other values of the parameters",
            fix="use the wavevector itself",
        )
    letter = wavevector.label
    u, v, w = wavevector.directions
    return replace(
        wavevector,
        label=f"{letter}A",
        constant=_negative(wavevector.constant),
        directions=(_negative(u), _negative(v), _negative(w)),
        irreps=tuple(
            replace(
                irrep,
                label=f"{letter}A{irrep.label.removeprefix(letter)}",
                characters=frozen(irrep.characters.conj()),
            )
            for irrep in wavevector.irreps
        ),
    )
