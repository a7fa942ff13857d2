"""Force constants from a calculator: supercell, displacements, forces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal
from symchiral.defaults import DISPLACEMENT, LENGTH
from symchiral.errors import InputError, LimitError
from symchiral.forces.calculator import SINGLE
from symchiral.forces.door import ForceConstants, cell_of, from_displacements, heard
from symchiral.forces.forcecache import CachedCalculator
from symchiral.forces.quality import keeps_symmetry
from symchiral.forces.relax import Relaxed
from symchiral.value import Floats, Integers, Value, frozen

MOST = 2000
"""Larger supercells, in atoms, are refused."""


@dataclass(frozen=True, eq=False)
class Displaced(Value):
    """Force constants, and how they were found.

    Attributes
    ----------
    forces : ForceConstants
        They.
    supercell : (3, 3) int
        Supercell matrix on the unit cell.
    atoms : int
        Atoms of the supercell.
    displacements : int
        How many displaced supercells symmetry asks for.
    symmetric : bool
        Whether the supercell has the symmetry of the crystal.
    drift : float
        Largest sum of forces over the displacement, eV/Å².
    lowest, lowest_at : float, (3,) float
        Lowest frequency, THz, at the wavevectors the supercell holds, and where.
    """

    forces: ForceConstants
    supercell: Integers
    atoms: int
    displacements: int
    symmetric: bool
    drift: float
    lowest: float
    lowest_at: Floats


def choose_supercell(unit: Crystal, length: float = LENGTH) -> Integers:
    r"""Return the diagonal supercell matrix in which an atom is ``length`` away from its images.

    :math:`n_i = \lceil length / h_i \rceil` with :math:`h_i` the distance of the lattice planes
    that the other two vectors span; so the vacuum of a slab is not repeated.

    Parameters
    ----------
    unit : Crystal
        The unit cell.
    length : float
        Å.

    Examples
    --------
    >>> cell = Crystal.of(np.diag([4.0, 4.0, 30.0]), [[0, 0, 0]], [84])
    >>> np.diag(choose_supercell(cell)).tolist()
    [3, 3, 1]
    """
    if not 0 < length < 200:
        raise InputError(
            f"no supercell of length {length:g} Å",
            why="it is not between 0 and 200 Å",
            fix="pass for instance 10",
        )
    heights = 1 / np.linalg.norm(np.linalg.inv(unit.cell), axis=0)
    return np.diag(np.maximum(1, np.ceil(length / heights - 1e-3)).astype(np.int64))


def unit_cell(crystal: SymmetricCrystal, relaxed: Crystal) -> tuple[Crystal, Integers]:
    """Return the cell of the input with relaxed atoms, exactly symmetric, and whose atoms they are.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal before the relaxation.
    relaxed : Crystal
        Its primitive cell after it.

    Returns
    -------
    Crystal
        Atoms in the order of the input, which is also its source.
    (N,) int
        The primitive atom of which each is a copy.
    """
    given, frame = crystal.input, crystal.frame
    inside = frame.point(given.positions, to="primitive", source="input")
    offsets = inside[:, None] - crystal.primitive.positions[None]
    whole = np.rint(offsets)
    distances = np.linalg.norm((offsets - whole) @ crystal.primitive.cell, axis=2)
    distances[given.numbers[:, None] != crystal.primitive.numbers] = np.inf
    owners = np.argmin(distances, axis=1)
    places = relaxed.positions[owners] + whole[np.arange(len(given)), owners]
    origin = frame.point(np.zeros(3), to="primitive", source="input")
    basis = np.rint(given.cell @ np.linalg.inv(crystal.primitive.cell))
    positions = (places - origin) @ np.linalg.inv(basis)
    return (
        Crystal.of(basis @ relaxed.cell, positions, given.numbers, source=given.source),
        owners.astype(np.int64),
    )


def _primitive_cell(crystal: SymmetricCrystal, relaxed: Crystal) -> Crystal:
    """The relaxed primitive cell about the origin of the input."""
    origin = crystal.frame.point(np.zeros(3), to="primitive", source="input")
    return Crystal.of(
        relaxed.cell, relaxed.positions - origin, relaxed.numbers, source=crystal.input.source
    )


def displace(
    crystal: SymmetricCrystal,
    relaxed: Relaxed,
    calculator: CachedCalculator,
    *,
    supercell: npt.ArrayLike | None = None,
    length: float = LENGTH,
    zone_centre: bool = False,
    displacement: float = DISPLACEMENT,
    progress: Callable[[int, int, int], None] | None = None,
) -> Displaced:
    """Displace the atoms that symmetry does not relate, one at a time, and take the forces.

    The forces on the crystal at rest are subtracted; the force constants are made to obey the
    space group, the sum rule of translations, and the symmetry of second derivatives.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal before the relaxation.
    relaxed : Relaxed
        The crystal after it.
    calculator : CachedCalculator
        What gives the forces.
    supercell : (3,) or (3, 3) int, optional
        Supercell of the input cell as phonopy takes it, :math:`(a_s b_s c_s) = (a b c) M`;
        default :func:`choose_supercell`.
    length : float
        For the choice of the supercell, Å.
    zone_centre : bool
        Displace in the primitive cell: right at the zone centre only.
    displacement : float
        Å.
    progress : callable, optional
        Called with done, total and the atoms of the supercell, before the first call and after
        each.

    Raises
    ------
    CalculatorError
        The calculator fails.
    InputError
        The supercell is no such matrix; the displacement is too small for the precision.
    LimitError
        The supercell has too many atoms.
    """
    from phonopy import Phonopy

    _check(displacement, calculator)
    if zone_centre:
        unit, owners = _primitive_cell(crystal, relaxed.primitive), np.arange(len(relaxed.forces))
        matrix = np.eye(3, dtype=np.int64)
    else:
        unit, owners = unit_cell(crystal, relaxed.primitive)
        matrix = _chosen(crystal, unit, length) if supercell is None else _matrix(supercell)
    atoms = len(unit) * round(abs(np.linalg.det(matrix)))
    if atoms > MOST:
        raise LimitError(
            f"a supercell of {atoms} atoms is too large",
            why=f"the limit is {MOST}",
            fix="pass a smaller --supercell-length or --supercell, or --gamma for the zone "
            "centre alone",
        )
    name = f"the calculator {calculator.calculator.identity.name}"
    primitive = np.asarray(np.linalg.solve(unit.cell.T, relaxed.primitive.cell.T), dtype=np.float64)
    with heard():
        phonon = Phonopy(cell_of(unit), matrix, primitive_matrix=primitive)
        phonon.generate_displacements(distance=displacement)
    cells = phonon.supercells_with_displacements
    in_unit = [phonon.supercell.u2u_map[i] for i in phonon.supercell.s2u_map]
    rest = relaxed.forces[owners[in_unit]]
    drift = 0.0
    first = []
    if progress is not None:
        progress(0, len(cells), atoms)
    for i, (entry, cell) in enumerate(zip(phonon.dataset["first_atoms"], cells, strict=True)):
        moved = Crystal.of(cell.cell, cell.scaled_positions, cell.numbers)
        forces = calculator.evaluate(moved).forces - rest
        drift = max(drift, float(np.abs(forces.sum(axis=0)).max()) / displacement)
        first.append(
            {"number": entry["number"], "displacement": entry["displacement"], "forces": forces}
        )
        if progress is not None:
            progress(i + 1, len(cells), atoms)
    found = from_displacements(
        unit,
        matrix,
        {"natom": atoms, "first_atoms": first},
        primitive=primitive,
        name=name,
    )
    lowest, place = _lowest(found, matrix)
    return Displaced(
        forces=found,
        supercell=frozen(matrix),
        atoms=atoms,
        displacements=len(cells),
        symmetric=keeps_symmetry(crystal, matrix.T @ unit.cell),
        drift=drift,
        lowest=lowest,
        lowest_at=frozen(place),
    )


def _chosen(crystal: SymmetricCrystal, unit: Crystal, length: float) -> Integers:
    """The supercell of a length, made equally long in all directions where symmetry asks for it."""
    matrix = choose_supercell(unit, length)
    if keeps_symmetry(crystal, matrix @ unit.cell):
        return matrix
    return np.diag(np.full(3, matrix.max()))


def _lowest(forces: ForceConstants, matrix: Integers) -> tuple[float, Floats]:
    """Lowest frequency at the wavevectors that are whole in the supercell."""
    from phonopy.harmonic.dynmat_to_fc import get_commensurate_points

    inside = np.linalg.inv(forces.phonon.primitive_matrix) @ matrix
    points = get_commensurate_points(np.rint(inside).astype(np.int64))
    values = [np.linalg.eigvalsh(forces.dynamical_matrix(q))[0] for q in points]
    best = int(np.argmin(values))
    value = values[best]
    place = points[best] - np.rint(points[best])
    return float(np.sign(value) * np.sqrt(abs(value))), np.asarray(place + 0.0)


def _matrix(supercell: npt.ArrayLike) -> Integers:
    given = np.asarray(supercell)
    matrix = np.diag(given) if given.shape == (3,) else given
    if (
        matrix.shape != (3, 3)
        or not np.issubdtype(matrix.dtype, np.integer)
        or round(np.linalg.det(matrix)) < 1
    ):
        raise InputError(
            f"{np.array2string(given, separator=', ')} is not a supercell",
            why="it is neither three positive whole numbers nor a whole (3, 3) matrix of "
            "positive determinant",
            fix="pass for instance 3 3 1",
        )
    return matrix.astype(np.int64)


def _check(displacement: float, calculator: CachedCalculator) -> None:
    identity = calculator.calculator.identity
    if not 0 < displacement <= 0.2:
        raise InputError(
            f"no displacement of {displacement:g} Å",
            why="it is not between 0 and 0.2 Å",
            fix=f"pass for instance {DISPLACEMENT:g}",
        )
    if identity.single and displacement < SINGLE:
        raise InputError(
            f"a displacement of {displacement:g} Å is too small for {identity.name}",
            why=f"it computes in single precision, whose noise shows below {SINGLE:g} Å",
            fix=f"pass {DISPLACEMENT:g} Å",
        )
