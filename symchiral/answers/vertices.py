"""The answer of ``predict --q star``: the transfers at every vertex of special points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from symchiral.answers.crystal import Structure, structure
from symchiral.answers.predict import Vertex, vertex
from symchiral.answers.record import Answer, Record, beginning

if TYPE_CHECKING:
    from symchiral.crystal.symmetric import SymmetricCrystal
    from symchiral.rules.rulebook import RuleBook


class Vertices(Answer, frozen=True, kw_only=True, tag="symchiral/vertices/1"):
    """What ``symchiral predict --q star --json`` prints: every vertex of special points, up to
    symmetry.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    vertices: tuple[Vertex, ...]
    """The vertices."""

    row_types: ClassVar[tuple[type[Record], ...]] = (Vertex,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return Vertex, self.vertices


def vertices(crystal: SymmetricCrystal, books: Sequence[RuleBook]) -> Vertices:
    """Answer ``predict --q star``: one entry per vertex."""
    return Vertices(
        **beginning(crystal),
        structure=structure(crystal),
        vertices=tuple(vertex(crystal, book) for book in books),
    )
