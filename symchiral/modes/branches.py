"""Branches: modes followed along a line of wavevectors by their species."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symchiral.modes.modespace import ModeSpace, solve
from symchiral.modes.names import ModeName
from symchiral.value import Complex, Floats, Value


@dataclass(frozen=True, eq=False, repr=False)
class Branch(Value):
    r"""One of the 3N modes along a line: a component of a species, counted from below.

    Two branches of one species repel each other, so that their order never changes; branches of
    different species cross.

    Attributes
    ----------
    label : str
        Name of the species on the line.
    order : int
        Which multiplet of it, from the lowest frequency, from 1.
    component : str
        What stands in parentheses.
    residue : Fraction or None
        l₀ of :math:`l = l_0 + s u`, balanced; None without an axis.
    partner : int
        Place among the partners of equal frequency.
    dimension : int
        How many partners symmetry gives it, itself included.
    fixed : bool
        Whether symmetry singles it out among its partners, so that it has an angular momentum.
    """

    label: str
    order: int
    component: str
    residue: Fraction | None
    partner: int
    dimension: int
    fixed: bool

    @property
    def name(self) -> str:
        """``DT3#2(+)``."""
        return str(ModeName(self.label, self.order, self.component))

    def __repr__(self) -> str:
        return f"Branch({self.name})"


def find_branches(space: ModeSpace) -> tuple[Branch, ...]:
    """Return the branches of a line, in the order of :func:`solve_branches`."""
    found = []
    for species in space.species:
        for order in range(1, species.count + 1):
            partner = 0
            for component in species.components:
                width = component.basis.shape[1]
                for _ in range(width):
                    found.append(
                        Branch(
                            species.label,
                            order,
                            component.name,
                            component.residue,
                            partner,
                            species.dimension,
                            width == 1 or space.axis is not None,
                        )
                    )
                    partner += 1
    return tuple(found)


def solve_branches(space: ModeSpace, matrix: Complex) -> tuple[Floats, Complex]:
    """Frequencies, THz, negative if unstable, and eigenvectors of all branches at one wavevector.

    Parameters
    ----------
    space : ModeSpace
        The space of the line.
    matrix : (3N, 3N) complex
        The dynamical matrix at a wavevector on it, THz².

    Returns
    -------
    (3N,) float, (3N, 3N) complex
        Columns are the branches.
    """
    values, columns = [], []
    for species, basis in zip(space.species, space.bases, strict=True):
        found, sets = solve(basis, matrix)
        parts = [
            resolved(sets @ component.basis, space.axis.direction if space.axis else None)
            for component in species.components
        ]
        columns.append(np.concatenate(parts, axis=2).transpose(1, 0, 2).reshape(len(matrix), -1))
        values.append(np.repeat(found, species.dimension))
    squares = np.concatenate(values)
    return np.sign(squares) * np.sqrt(np.abs(squares)), np.concatenate(columns, axis=1)


def resolved(sets: Complex, direction: Floats | None) -> Complex:
    """Partners of equal l, (n, 3N, m), told apart by their angular momentum about an axis."""
    if sets.shape[2] == 1 or direction is None:
        return sets
    cross = np.cross(np.eye(3), direction)
    blocks = sets.reshape(len(sets), -1, 3, sets.shape[2])
    turned = np.einsum("ij,nkjb->nkib", cross, blocks).reshape(sets.shape)
    form = 1j * (np.swapaxes(sets.conj(), 1, 2) @ turned)
    form = (form + np.swapaxes(form.conj(), 1, 2)) / 2
    _, vectors = np.linalg.eigh(-form)
    return np.asarray(sets @ vectors)


def angular_momenta(eigenvectors: Complex) -> Floats:
    r"""Mechanical angular momentum :math:`\sum_κ \mathrm{Im}(e_κ^* × e_κ)`, ħ, of every column.

    Parameters
    ----------
    eigenvectors : (3N, n) complex

    Returns
    -------
    (n, 3) float
        Cartesian.
    """
    e = eigenvectors.reshape(-1, 3, eigenvectors.shape[1])
    a, b = e.real, e.imag
    found = [
        2 * np.einsum("kn,kn->n", a[:, i], b[:, j]) - 2 * np.einsum("kn,kn->n", b[:, i], a[:, j])
        for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    return np.stack(found, axis=1)
