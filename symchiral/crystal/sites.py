"""Sites: orbits of equivalent atoms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.value import Integers


@dataclass(frozen=True, repr=False)
class Site:
    """One orbit of symmetry-equivalent atoms.

    Attributes
    ----------
    name : str
        Element, numbered if the element has several orbits: ``Bi``, ``Se1``, ``Se2``.
    element : str
        Chemical symbol.
    letter : str
        Wyckoff letter.
    multiplicity : int
        Multiplicity in the standard (conventional) cell.
    symmetry : str
        Site-symmetry symbol, oriented, as spglib prints it.
    atoms : tuple of int
        Indices of the atoms in the primitive cell.
    """

    name: str
    element: str
    letter: str
    multiplicity: int
    symmetry: str
    atoms: tuple[int, ...]

    @property
    def wyckoff(self) -> str:
        """Multiplicity and letter, ``6c``."""
        return f"{self.multiplicity}{self.letter}"

    def __repr__(self) -> str:
        return f"Site({self.name} {self.wyckoff} {self.symmetry})"


@lru_cache(maxsize=512)
def _per_cell(group: SpaceGroup) -> int:
    """Primitive cells in the standard one."""
    return round(1 / abs(float(np.linalg.det(group.centring))))


def find_orbits(permutations: Integers) -> list[tuple[int, ...]]:
    """Return the orbits of equivalent atoms, ordered by the first atom of each.

    Parameters
    ----------
    permutations : (G, N) int
        Atom to which operation g takes atom κ.

    Examples
    --------
    >>> find_orbits(np.array([[0, 1, 2], [2, 1, 0]]))
    [(0, 2), (1,)]
    """
    first = np.flatnonzero(permutations.min(axis=0) == np.arange(permutations.shape[1]))
    return [tuple(sorted(set(images))) for images in permutations.T[first].tolist()]


def find_sites(
    letters: Sequence[tuple[str, str]],
    symbols: Sequence[str],
    orbits: Sequence[tuple[int, ...]],
    group: SpaceGroup,
) -> tuple[Site, ...]:
    """Return the sites, given every orbit with its Wyckoff letter and site symmetry."""
    elements = [symbols[orbit[0]] for orbit in orbits]
    copies = Counter(elements)
    index: Counter[str] = Counter()
    per_cell = _per_cell(group)
    sites = []
    for orbit, element, (letter, symmetry) in zip(orbits, elements, letters, strict=True):
        index[element] += 1
        sites.append(
            Site(
                name=f"{element}{index[element]}" if copies[element] > 1 else element,
                element=element,
                letter=letter,
                multiplicity=per_cell * len(orbit),
                symmetry=symmetry,
                atoms=orbit,
            )
        )
    return tuple(sites)
