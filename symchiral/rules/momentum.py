"""Whether the wavevectors of a transfer conserve crystal momentum, and the error if not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from symchiral.algebra.exact import dot
from symchiral.crystal.operation import Vector
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.symmetric import Symmetry
from symchiral.errors import WavevectorError

CELLS: tuple[Literal["input", "standard"], ...] = ("input", "standard")
"""Other cells than the primitive one that coordinates may be meant in."""


def require_closed(crystal: Symmetry, points: Sequence[QPoint], written: Sequence[str]) -> None:
    r"""Require that :math:`\sum_i q_i = G`, all legs incoming.

    Coordinates refer to the primitive cell. Where some were written as coordinates and the sum is
    no reciprocal vector, the error prints that cell; if the same coordinates close when they are
    read in the input cell, or in the standard one, it says how to write them.

    Parameters
    ----------
    crystal : Symmetry
        The crystal.
    points : sequence of QPoint
        The wavevectors.
    written : sequence of str
        The words they were read from.

    Raises
    ------
    WavevectorError
        They do not sum to a reciprocal lattice vector.
    """
    total = sum(points, GAMMA)
    if total.is_reciprocal_vector:
        return
    last = ",".join((points[-1] - total).reduced.texts)
    coordinates = ["," in word.partition("(")[0] for word in written]
    fix = f"the last one must be {last} or an equivalent"
    if any(coordinates):
        fix += f". {_cell(crystal)}"
        for cell in CELLS:
            vectors = crystal.frame.primitive_vectors(cell)
            meant = [
                _from(vectors, q) if given else q
                for q, given in zip(points, coordinates, strict=True)
            ]
            if sum(meant, GAMMA).is_reciprocal_vector:
                words = [
                    ",".join(q.texts) if given else word
                    for q, word, given in zip(meant, written, coordinates, strict=True)
                ]
                fix += f'. Read in the {cell} cell they do: for that, write "{" ".join(words)}"'
                break
    raise WavevectorError(
        f"crystal momentum is not conserved: the wavevectors sum to ({', '.join(total.texts)})",
        why="all are written as incoming, and the sum must be a reciprocal lattice vector",
        fix=fix,
    )


def _from(vectors: tuple[Vector, Vector, Vector], q: QPoint) -> QPoint:
    """The wavevector with these coordinates in a cell, given our primitive vectors in it."""

    def here(k: Vector) -> Vector:
        x, y, z = (dot(row, k) for row in vectors)
        return x, y, z

    return q.mapped(here)


def _cell(crystal: Symmetry) -> str:
    """The primitive cell in terms of the input cell, and its vectors."""
    relations = crystal.frame.relation
    parts = []
    for relation, vector in zip(relations, crystal.frame.cell, strict=True):
        numbers = ", ".join(f"{x:.4g}" for x in vector.round(6) + 0.0)
        parts.append(f"{relation} = ({numbers}) Å")
    same = "=" not in relations[0]
    where = "which is the input cell" if same else "where a, b, c are those of the input cell"
    return f"Coordinates refer to the primitive cell {', '.join(parts)}, {where}"
