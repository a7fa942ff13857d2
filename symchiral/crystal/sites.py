"""Sites: orbits of equivalent atoms."""

from __future__ import annotations

from dataclasses import dataclass


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
