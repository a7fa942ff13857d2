"""The crystal as it was handed in: a cell, atoms in it, and where they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import gcd

import numpy as np
import numpy.typing as npt

from symchiral.display import Shown
from symchiral.errors import told
from symchiral.units import counted
from symchiral.value import Floats, Integers, Value, frozen

LONGEST_NOTICE = 3000
"""Characters; lists of atoms and of groups are longer than an error."""


@dataclass(frozen=True)
class Notice:
    """Something the user should know: a machine-readable kind and a sentence.

    Of what a file says and the sentence repeats, only both ends are kept where it is long.
    """

    kind: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", told(self.text, longest=LONGEST_NOTICE))


@dataclass(frozen=True)
class Source:
    """Where a crystal was read from, and what its file claimed.

    Attributes
    ----------
    path : str or None
        The path as given; None for a structure made in memory.
    sha256 : str or None
        Hash of the file's bytes.
    stated_group : int or None
        Space-group number the file states, if it states one.
    stated_symbol : str or None
        Hermann–Mauguin symbol the file states, if it states one.
    notes : tuple of str
        What the reader had to assume, one sentence each (shown as warnings).
    stated_bns : str or None
        BNS number of the magnetic space group the file states, if it states one.
    contradictions : tuple of Notice
        Where the file contradicts itself, or what was made of it (shown as warnings).
    files : tuple of (str, str)
        Name and hash of every file that was read, where there are several.
    """

    path: str | None = None
    sha256: str | None = None
    stated_group: int | None = None
    stated_symbol: str | None = None
    notes: tuple[str, ...] = ()
    stated_bns: str | None = None
    contradictions: tuple[Notice, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @property
    def all_files(self) -> tuple[tuple[str, str], ...]:
        """Name and hash of every file that was read, also where it is only one."""
        if self.files or self.path is None or self.sha256 is None:
            return self.files
        return ((self.path, self.sha256),)


@dataclass(frozen=True)
class Mixture:
    """A virtual element: what several elements that share a site are on the average.

    Attributes
    ----------
    number : int
        Stands for it among atomic numbers; from 201 on, which no element has.
    shares : tuple of (int, float)
        Atomic numbers and occupancies, largest first.

    Examples
    --------
    >>> Mixture.of({19: 0.25, 11: 0.75}, 0)
    Mixture(number=201, shares=((11, 0.75), (19, 0.25)))
    """

    number: int
    shares: tuple[tuple[int, float], ...]

    @classmethod
    def of(cls, shares: Mapping[int, float], index: int) -> Mixture:
        """Make the mixture of this index in its crystal."""
        order = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return cls(201 + index, tuple(order))

    @property
    def symbol(self) -> str:
        """Elements and occupancies in parentheses, ``(Na0.75K0.25)``."""
        return f"({''.join(f'{SYMBOLS[z]}{share:.3g}' for z, share in self.shares)})"


@dataclass(frozen=True, eq=False, repr=False)
class Crystal(Value, Shown):
    """Atoms in a periodic cell.

    Attributes
    ----------
    cell : (3, 3) float
        Lattice vectors as rows, Å, in the Cartesian frame of the input.
    positions : (N, 3) float
        Fractional coordinates, rows.
    numbers : (N,) int
        Atomic numbers.
    source : Source
        Where it came from.
    moments : (N, 3) float or None
        Magnetic moments, μB, Cartesian in the frame of the input; None where none are known.
    mixtures : tuple of Mixture
        Virtual elements of an average structure; their numbers stand in ``numbers``.

    Examples
    --------
    >>> Crystal.of(4.0 * np.eye(3), [[0, 0, 0]], [84])
    Crystal(Po, 1 atom, 64.00 Å³)
    """

    cell: Floats
    positions: Floats
    numbers: Integers
    source: Source = field(default_factory=Source)
    moments: Floats | None = None
    mixtures: tuple[Mixture, ...] = ()

    @classmethod
    def of(
        cls,
        cell: npt.ArrayLike,
        positions: npt.ArrayLike,
        numbers: npt.ArrayLike,
        *,
        source: Source | None = None,
        moments: npt.ArrayLike | None = None,
        mixtures: Iterable[Mixture] = (),
    ) -> Crystal:
        """Make a crystal from anything array-like; copies and freezes."""
        return cls(
            frozen(cell, float),
            frozen(positions, float).reshape(-1, 3),
            frozen(numbers, np.int64).reshape(-1),
            source or Source(),
            None if moments is None else frozen(np.reshape(moments, (-1, 3)), float),
            tuple(mixtures),
        )

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def volume(self) -> float:
        """Volume of the cell, Å³."""
        return abs(float(np.linalg.det(self.cell)))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbol of every atom."""
        virtual = {mixture.number: mixture.symbol for mixture in self.mixtures}
        return tuple(virtual.get(z) or SYMBOLS[z] for z in self.numbers.tolist())

    @property
    def formula(self) -> str:
        """Reduced formula, elements in the order of IUPAC (by group, hydrogen before oxygen).

        Examples
        --------
        >>> Crystal.of(np.eye(3), np.zeros((5, 3)), [34, 83, 83, 34, 34]).formula
        'Bi2Se3'
        >>> Crystal.of(np.eye(3), np.zeros((6, 3)), [5, 8, 8, 8, 8, 15]).formula
        'BPO4'
        """
        virtual = {mixture.number: mixture for mixture in self.mixtures}
        counts = Counter(zip(self.numbers.tolist(), self.symbols, strict=True))
        divisor = gcd(*counts.values()) if counts else 1

        def place(item: tuple[tuple[int, str], int]) -> tuple[float, int]:
            number = item[0][0]
            return _sequence(virtual[number].shares[0][0] if number in virtual else number)

        return "".join(
            f"{symbol}{n // divisor if n != divisor else ''}"
            for (_, symbol), n in sorted(counts.items(), key=place)
        )

    def __repr__(self) -> str:
        atoms = counted(len(self), "atom")
        return f"Crystal({self.formula}, {atoms}, {self.volume:.2f} Å³)"


def _sequence(number: int) -> tuple[float, int]:
    """Place of an element in the element sequence of the IUPAC Red Book (2005), Table VI.

    Down the groups: noble gases, then 1 to 17 with the lanthanoids and actinoids in 3, in each
    from the heaviest; hydrogen stands between nitrogen and polonium.
    """
    if number == 1:
        return 15.5, 0
    noble = (0, 2, 10, 18, 36, 54, 86, 118)
    if number in noble:
        return 0, -number
    before = max(x for x in noble if x < number)
    after = min(x for x in noble if x > number)
    place, rest = number - before, after - number
    if place <= 2:
        return place, -number
    # From the right the groups are 17, 16, …; whatever is left over is group 3.
    return max(3, 18 - rest), -number


# fmt: off
SYMBOLS: tuple[str, ...] = (
    "X",
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl",
    "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As",
    "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In",
    "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb",
    "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl",
    "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk",
    "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh",
    "Fl", "Mc", "Lv", "Ts", "Og",
)
# fmt: on
"""Chemical symbols by atomic number (0 is not an element)."""
