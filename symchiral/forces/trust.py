"""Tests of a calculator: whether it is reproducible and obeys the symmetry of the crystal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.spacegroup import DENOMINATOR
from symchiral.errors import CalculatorError
from symchiral.forces.forcecache import CachedCalculator
from symchiral.value import Floats, Integers

AMPLITUDE = 0.03
"""Distance, Å, by which every atom is moved for the tests."""

NOISE = 1e-3
"""Answers to one question that differ by more, in units of the largest force, are refused."""

ASYMMETRY = 0.02
"""Answers that break the symmetry by more, in the same units, are refused."""


@dataclass(frozen=True)
class Trust:
    """What the tests measured, in units of the largest force that the moved atoms bring about.

    Attributes
    ----------
    noise : float
        How much two answers to one question differ.
    asymmetry : float
        How much forces fail to turn with the crystal, or to sum to zero.
    """

    noise: float
    asymmetry: float


def examine(
    crystal: SymmetricCrystal,
    calculator: CachedCalculator,
    *,
    stress: bool = False,
    resume: bool = False,
    symmetrize: bool = False,
) -> Trust:
    r"""Ask about the primitive cell with every atom moved, once more, and turned.

    Forces are those of a function of the crystal alone if

    .. math:: F_κ(g r) = R_g F_κ(r), \qquad \sum_κ F_κ = 0

    for every operation g; generators of the group suffice.

    Parameters
    ----------
    crystal : SymmetricCrystal
        Its primitive cell is used.
    calculator : CachedCalculator
        Whom to ask.
    stress : bool
        Ask for the stress of the crystal at rest too, which a relaxation of the cell will need.
    resume : bool
        Take a stored second answer too; otherwise it is computed in every run, so that stored
        answers are compared with those of the calculator as it is now.
    symmetrize : bool
        Accept a calculator that breaks the symmetry.

    Raises
    ------
    CalculatorError
        The answers differ, or break the symmetry.
    """
    name = calculator.calculator.identity.name
    probe, repeats = _probe(crystal.primitive)
    rest = np.tile(calculator.evaluate(crystal.primitive, stress=stress).forces, (repeats**3, 1))
    forces = calculator.evaluate(probe).forces
    scale = float(np.abs(forces - rest).max())
    if scale == 0:
        raise CalculatorError(
            f"the calculator {name} gives no forces",
            why=f"they do not change when every atom is moved by {AMPLITUDE} Å",
            fix="check its parameters: distances may lie beyond its cutoff",
        )
    again = calculator.evaluate(probe, repeat=1, anew=not resume).forces
    noise = float(np.abs(again - forces).max()) / scale
    if noise > NOISE:
        folder = calculator.cache.folder
        raise CalculatorError(
            f"the calculator {name} is not reproducible",
            why=f"forces on the same atoms differ by {noise:.2g} of the largest: it is not "
            "deterministic, or has changed since its answers were stored",
            fix="make it deterministic"
            + ("" if folder is None else f"; if it was changed on purpose, delete {folder}"),
        )
    worst = float(np.abs(forces.sum(axis=0)).max()) / scale
    broken = "the sum of all forces is not zero"
    for g in generators(crystal):
        shift = crystal.group.shifts[g] / (DENOMINATOR * repeats)
        turned = probe.positions @ crystal.group.rotations[g].T + shift
        answer = calculator.evaluate(Crystal.of(probe.cell, turned, probe.numbers)).forces
        error = answer - forces @ crystal.rotations[g].T
        size = float(np.abs(error).max()) / scale
        if size > worst:
            worst = size
            broken = f"they do not follow {crystal.group.operations[g].xyz}"
    if worst > ASYMMETRY and not symmetrize:
        raise CalculatorError(
            f"the calculator {name} breaks the symmetry of the crystal",
            why=f"{broken}: {worst:.2g} of the largest force",
            fix="use a calculator that depends on the crystal alone, or pass --symmetrize "
            "(symmetrize=True) to go on with forces averaged over the group",
        )
    return Trust(noise, worst)


def _probe(primitive: Crystal) -> tuple[Crystal, int]:
    """The primitive cell with every atom moved; eight of them where it has one atom, and 2."""
    repeats = 1 if len(primitive) > 1 else 2
    steps = np.array(list(product(range(repeats), repeat=3)))
    cell = repeats * primitive.cell
    places = (primitive.positions[None] + steps[:, None]).reshape(-1, 3) / repeats
    places = places + _scatter(len(places)) @ np.linalg.inv(cell)
    return Crystal.of(cell, places, np.tile(primitive.numbers, len(steps))), repeats


def generators(crystal: SymmetricCrystal) -> list[int]:
    """Indices of operations whose rotation parts generate the point group, the fewest found.

    Examples
    --------
    >>> from symchiral.reading.structure import read_crystal
    >>> from symchiral.crystal.search import find_symmetry
    >>> len(generators(find_symmetry(read_crystal("Bi2Se3"))))
    2
    """
    rotations = crystal.group.rotations
    place = {w.tobytes(): i for i, w in enumerate(rotations)}
    table = np.array([[place[(a @ b).tobytes()] for b in rotations] for a in rotations])
    identity = place[np.eye(3, dtype=rotations.dtype).tobytes()]
    reached, chosen = {identity}, []
    while len(reached) < len(rotations):
        best, grown = -1, reached
        for g in range(len(rotations)):
            if g not in reached:
                closed = _closure({*reached, g}, table)
                if len(closed) > len(grown):
                    best, grown = g, closed
        chosen.append(best)
        reached = grown
    return chosen


def _closure(elements: set[int], table: Integers) -> set[int]:
    while True:
        members = sorted(elements)
        products = set(table[np.ix_(members, members)].ravel().tolist())
        if products <= elements:
            return elements
        elements = elements | products


def _scatter(count: int) -> Floats:
    """Displacements of equal length, Å, in directions spread evenly over the sphere (a spiral)."""
    i = np.arange(count)
    z = 1 - (2 * i + 1) / count
    angle = 2.399963229728653 * i + 0.5  # the golden angle, off every mirror
    radius = np.sqrt(1 - z**2)
    # An uneven factor, so that no two atoms and no operation share a pattern.
    length = AMPLITUDE * (0.7 + 0.3 * np.cos(1.7 * i + 0.3))
    return np.asarray(
        np.stack([radius * np.cos(angle), radius * np.sin(angle), z + 0.2], axis=1)
        * length[:, None]
    )
