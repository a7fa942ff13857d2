"""Making a phonopy object from parsed data, in units of THz and Å."""

from __future__ import annotations

import contextlib
import io
import lzma
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import Crystal
from symchiral.errors import ReadError, StructureError

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]

BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    np.linalg.LinAlgError,
)
"""What phonopy raises on data that make no sense, besides errors of its own classes."""


class Forces(Protocol):
    """What can give a dynamical matrix; everything in the primitive cell of the source."""

    @property
    def cell(self) -> Floats:
        """(3, 3): primitive cell, rows, Å."""

    @property
    def positions(self) -> Floats:
        """(N, 3): fractional coordinates."""

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """(N,): atomic numbers."""

    @property
    def masses(self) -> Floats:
        """(N,): amu."""

    @property
    def born(self) -> Floats | None:
        """(N, 3, 3): Born effective charges, e, or None."""

    @property
    def dielectric(self) -> Floats | None:
        """(3, 3): electronic dielectric constant, or None."""

    def dynamical_matrix(self, q: Floats, direction: Floats | None = None) -> Complex:
        """(3N, 3N): at q on the reciprocal basis, THz², phase with the position of the atom."""


class ForceConstants:
    """Force constants as phonopy holds them.

    Parameters
    ----------
    phonon : phonopy.Phonopy
        With force constants; it is not changed.
    """

    def __init__(self, phonon: Any) -> None:
        from phonopy.interface.calculator import get_calculator_physical_units

        if phonon.force_constants is None or phonon.dynamical_matrix is None:
            raise ReadError(
                "no force constants",
                why="neither force constants nor forces are given",
                fix="add FORCE_SETS, FORCE_CONSTANTS or force_constants.hdf5 beside the file, or "
                "forces in the yaml",
            )
        self.phonon = phonon
        self._matrix = phonon.dynamical_matrix
        length = float(get_calculator_physical_units(phonon.calculator).distance_to_A)
        primitive = phonon.primitive
        self.cell: Floats = np.array(primitive.cell, dtype=float) * length
        self.positions: Floats = np.array(primitive.scaled_positions, dtype=float)
        self.numbers = np.array(primitive.numbers, dtype=np.int64)
        self.masses: Floats = np.array(primitive.masses, dtype=float)
        unit = phonon.unitcell
        self.unit = Crystal.of(
            np.array(unit.cell) * length, np.array(unit.scaled_positions), np.array(unit.numbers)
        )
        self.cells = len(phonon.supercell) // len(primitive)
        self._factor = float(phonon.unit_conversion_factor) ** 2
        nac = phonon.nac_params
        self.born: Floats | None = None if nac is None else np.array(nac["born"], dtype=float)
        self.dielectric: Floats | None = (
            None if nac is None else np.array(nac["dielectric"], dtype=float)
        )

    def dynamical_matrix(self, q: Floats, direction: Floats | None = None) -> Complex:
        """(3N, 3N): at q on the reciprocal basis, THz², phase with the position of the atom."""
        if self.born is None:
            self._matrix.run(q)
        else:
            self._matrix.run(q, q_direction=direction)
        return np.asarray(self._matrix.dynamical_matrix * self._factor)

    def with_primitive(self, vectors: Floats) -> ForceConstants:
        """Return the same force constants with another primitive cell, rows in Å."""
        from phonopy import Phonopy
        from phonopy.harmonic.force_constants import compact_fc_to_full_fc

        old = self.phonon
        matrix = np.linalg.solve(self.unit.cell.T, vectors.T)
        matrix = np.rint(matrix * 24) / 24
        with quiet():
            new = Phonopy(
                old.unitcell,
                old.supercell_matrix,
                primitive_matrix=matrix,
                symprec=old.symmetry.tolerance,
                calculator=old.calculator,
            )
            full = np.array(old.force_constants)
            if full.shape[0] != full.shape[1]:
                full = compact_fc_to_full_fc(old.primitive, full)
            if old.nac_params is not None:
                place = {int(s): i for i, s in enumerate(old.primitive.p2s_map)}
                owners = [place[int(old.primitive.s2p_map[s])] for s in new.primitive.p2s_map]
                new.nac_params = {**old.nac_params, "born": old.nac_params["born"][owners]}
            new.force_constants = full
        return ForceConstants(new)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Phonopy prints and warns on its own; neither is for the user of this library."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def from_yaml(
    data: dict[str, Any],
    *,
    name: str,
    force_sets: Path | None = None,
    force_constants: Path | None = None,
    born: Path | None = None,
) -> ForceConstants:
    """Make force constants from the parsed contents of a phonopy yaml file and files beside it.

    Parameters
    ----------
    data : dict
        The parsed yaml (parsed by a safe loader: phonopy's own would run code it finds).
    name : str
        What errors call it.
    force_sets, force_constants, born : Path, optional
        FORCE_SETS, FORCE_CONSTANTS or force_constants.hdf5, and BORN, used where the yaml itself
        has no forces or Born charges.

    Raises
    ------
    ReadError
        The data are damaged, or contain no forces.
    StructureError
        The forces are not those of this supercell.
    """
    from phonopy.interface.phonopy_yaml import load_phonopy_yaml

    try:
        with quiet():
            parsed = load_phonopy_yaml(data)
    except BROKEN as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"it is no complete phonopy file ({first_line(error)})",
            fix="write it again with phonopy",
        ) from error
    if parsed.unitcell is None:
        raise ReadError(
            f"cannot read {name}",
            why="it contains no unit cell",
            fix="give a phonopy.yaml, phonopy_params.yaml or phonopy_disp.yaml",
        )
    primitive = parsed.primitive_matrix
    return _build(
        parsed.unitcell,
        np.eye(3, dtype=int) if parsed.supercell_matrix is None else parsed.supercell_matrix,
        "auto" if primitive is None else primitive,
        calculator=parsed.calculator,
        dataset=parsed.dataset,
        constants=parsed.force_constants,
        nac=parsed.nac_params,
        name=name,
        force_sets=force_sets,
        force_constants=force_constants,
        born=born,
    )


def from_supercell(
    supercell: Path,
    *,
    name: str,
    force_sets: Path | None = None,
    force_constants: Path | None = None,
    born: Path | None = None,
) -> ForceConstants:
    """Make force constants from a POSCAR of the supercell; the primitive cell is found.

    Raises
    ------
    ReadError, StructureError
        As :func:`from_yaml`.
    """
    from phonopy.interface.vasp import read_vasp

    try:
        with quiet():
            cell = read_vasp(supercell)
    except BROKEN as error:
        raise ReadError(
            f"cannot read {supercell.name}", why=first_line(error), fix="write it again"
        ) from error
    return _build(
        cell,
        np.eye(3, dtype=int),
        "auto",
        name=name,
        force_sets=force_sets,
        force_constants=force_constants,
        born=born,
    )


def from_displacements(
    unit: Crystal,
    supercell: npt.NDArray[np.int64],
    dataset: dict[str, Any],
    *,
    primitive: Floats,
    name: str,
) -> ForceConstants:
    """Make force constants from forces on displaced supercells.

    Parameters
    ----------
    unit : Crystal
        The unit cell.
    supercell : (3, 3) int
        Supercell matrix on it.
    dataset : dict
        Displacements with forces, as phonopy holds them.
    primitive : (3, 3) float
        The primitive vectors in the basis of the unit cell, columns.
    name : str
        What errors call it.

    Raises
    ------
    StructureError
        The forces are not those of this supercell.
    """
    return _build(cell_of(unit), supercell, primitive, dataset=dataset, name=name)


def cell_of(crystal: Crystal) -> Any:
    """Return a crystal as phonopy's atoms."""
    from phonopy.structure.atoms import PhonopyAtoms

    return PhonopyAtoms(
        cell=np.array(crystal.cell),
        scaled_positions=np.array(crystal.positions),
        numbers=np.array(crystal.numbers),
    )


def yaml_text(constants: ForceConstants) -> str:
    """Return what phonopy writes: cells, displacements with forces, or else force constants."""
    with quiet():
        has = _has_forces(constants.phonon.dataset)
        return str(constants.phonon.to_phonopy_yaml(settings={"force_constants": not has}))


def _build(
    unitcell: Any,
    supercell_matrix: npt.ArrayLike,
    primitive_matrix: Any,
    *,
    name: str,
    calculator: str | None = None,
    dataset: Any = None,
    constants: Any = None,
    nac: Any = None,
    force_sets: Path | None = None,
    force_constants: Path | None = None,
    born: Path | None = None,
) -> ForceConstants:
    """Make force constants from cells, forces and Born charges, as phonopy.load does.

    (phonopy.load itself also takes FORCE_SETS and BORN from the working directory, whatever they
    belong to.)
    """
    from phonopy import Phonopy
    from phonopy.file_IO import (
        parse_BORN,
        parse_FORCE_CONSTANTS,
        parse_FORCE_SETS,
        read_force_constants_hdf5,
    )
    from phonopy.interface.calculator import get_calculator_physical_units

    try:
        with quiet():
            phonon = Phonopy(
                unitcell, supercell_matrix, primitive_matrix=primitive_matrix, calculator=calculator
            )
            if nac is None and born is not None:
                nac = parse_BORN(phonon.primitive, filename=born)
            if nac is not None:
                factor = get_calculator_physical_units(calculator).nac_factor
                phonon.nac_params = {"factor": factor, **nac}
            if not _has_forces(dataset) and force_sets is not None:
                dataset = parse_FORCE_SETS(filename=force_sets, natom=len(phonon.supercell))
            if constants is None and force_constants is not None and not _has_forces(dataset):
                if force_constants.suffix == ".hdf5":
                    constants = read_force_constants_hdf5(force_constants, phonon.primitive.p2s_map)
                else:
                    constants = parse_FORCE_CONSTANTS(force_constants, phonon.primitive.p2s_map)
            if constants is not None:
                if len(constants[0]) != len(phonon.supercell):
                    raise _mismatch(name, len(constants[0]), len(phonon.supercell))
                phonon.force_constants = constants
            elif _has_forces(dataset):
                phonon.dataset = dataset
                for forces in phonon.forces:
                    if len(forces) != len(phonon.supercell):
                        raise _mismatch(name, len(forces), len(phonon.supercell))
                phonon.produce_force_constants(
                    calculate_full_force_constants=False,
                    fc_calculator=None if "first_atoms" in dataset else "symfc",
                )
                if "first_atoms" in dataset:
                    phonon.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)
    except BROKEN as error:
        raise StructureError(
            f"cannot use the forces of {name}",
            why=first_line(error),
            fix="check that forces, supercell and Born charges belong together",
        ) from error
    if phonon.force_constants is not None and not np.all(np.isfinite(phonon.force_constants)):
        raise StructureError(
            f"cannot use the forces of {name}",
            why="some force constants are no finite numbers",
            fix="compute the forces again",
        )
    return ForceConstants(phonon)


def _has_forces(dataset: Any) -> bool:
    """Whether a data set of displacements (of one atom each, or of all) comes with forces."""
    if not dataset:
        return False
    single = dataset.get("first_atoms", ())
    return "forces" in dataset or bool(single and all("forces" in entry for entry in single))


def _mismatch(name: str, forces: int, atoms: int) -> StructureError:
    return StructureError(
        f"the forces of {name} belong to another supercell",
        why=f"there are forces on {forces} atoms, and the supercell has {atoms}",
        fix="give the supercell matrix the forces were computed with",
    )


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its message."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
