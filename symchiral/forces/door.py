"""Making a phonopy object from parsed data, in units of THz and Å."""

from __future__ import annotations

import contextlib
import copy
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.tolerance import SYMPREC
from symchiral.errors import ReadError, StructureError
from symchiral.forces.check import (
    checked_charges,
    checked_columns,
    checked_constants,
    checked_dataset,
    checked_hdf5,
    checked_primitive,
    checked_supercell,
    checked_unit,
)
from symchiral.quiet import quiet
from symchiral.units import counted
from symchiral.value import Complex, Floats, Integers

DATA_ERRORS = (
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
"""What phonopy raises on data that make no sense: its own classes are made from these."""

TOLERANCE = 1e-5
"""phonopy's tolerance where none is stated, Å."""

LOOSEST = 0.5
"""A larger tolerance stated by a file, Å, is not believed."""

LONGEST = 200
"""Of longer warnings only the beginning, in characters, is passed on."""


class Forces(Protocol):
    """What can give a dynamical matrix; everything in the primitive cell of the source."""

    @property
    def cell(self) -> Floats:
        """(3, 3): primitive cell, rows, Å."""

    @property
    def positions(self) -> Floats:
        """(N, 3): fractional coordinates."""

    @property
    def numbers(self) -> Integers:
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
    name : str
        What errors call it.
    said : tuple of str
        What phonopy warned of while it was made.

    Raises
    ------
    ReadError
        There are no force constants.
    StructureError
        Cells, masses, force constants or Born charges make no sense.
    """

    def __init__(
        self, phonon: Any, *, name: str = "the Phonopy object", said: tuple[str, ...] = ()
    ) -> None:
        from phonopy.interface.calculator import get_calculator_physical_units

        if phonon.force_constants is None:
            raise ReadError(
                "no force constants",
                why="neither force constants nor forces are given",
                fix="add FORCE_SETS, FORCE_CONSTANTS or force_constants.hdf5 beside the file, or "
                "forces in the yaml",
            )
        length = float(get_calculator_physical_units(phonon.calculator).distance_to_A)
        primitive, unit = phonon.primitive, phonon.unitcell
        self.name = name
        self.said = said
        self.unit = checked_unit(
            np.array(unit.cell) * length,
            np.array(unit.scaled_positions),
            np.array(unit.numbers),
            np.array(unit.masses),
            name=name,
        )
        self.phonon = phonon
        moments = unit.magnetic_moments
        self.ordered = moments is not None and bool(np.any(np.abs(moments) > 0))
        self.cell: Floats = np.array(primitive.cell, dtype=float) * length
        self.positions: Floats = np.array(primitive.scaled_positions, dtype=float)
        self.numbers = np.array(primitive.numbers, dtype=np.int64)
        self.masses: Floats = np.array(primitive.masses, dtype=float)
        self.supercell: Floats = np.array(phonon.supercell.cell, dtype=float) * length
        self.cells = len(phonon.supercell) // len(primitive)
        self.constants = checked_constants(
            phonon.force_constants, len(primitive), len(phonon.supercell), name=name
        )
        nac = phonon.nac_params
        if nac is not None:
            nac = checked_charges(nac, len(primitive), name=name)
        self.born: Floats | None = None if nac is None else nac["born"]
        self.dielectric: Floats | None = None if nac is None else nac["dielectric"]
        with answering(name):
            self._matrix = phonon.dynamical_matrix
            self.unit_factor = float(phonon.unit_conversion_factor) ** 2

    def dynamical_matrix(self, q: Floats, direction: Floats | None = None) -> Complex:
        """(3N, 3N): at q on the reciprocal basis, THz², phase with the position of the atom."""
        # What overflows is not a number, and found to be none where the matrix is used.
        with answering(self.name), np.errstate(over="ignore", invalid="ignore"):
            if self.born is None:
                self._matrix.run(q)
            else:
                self._matrix.run(q, q_direction=direction)
            return np.asarray(self._matrix.dynamical_matrix * self.unit_factor)

    def changed(
        self,
        *,
        constants: Floats | None = None,
        born: Floats | None = None,
        dielectric: Floats | None = None,
    ) -> ForceConstants:
        """Return the same with other force constants (of the same shape) or Born charges."""
        from phonopy.harmonic.dynamical_matrix import get_dynamical_matrix

        new = copy.copy(self)
        new.constants = self.constants if constants is None else constants
        new.born = self.born if born is None else born
        new.dielectric = self.dielectric if dielectric is None else dielectric
        old = self.phonon
        nac = None
        if new.born is not None:
            # What they sum to is taken off evenly, as phonopy does where it is given charges.
            neutral = new.born - new.born.mean(axis=0)
            nac = {**old.nac_params, "born": neutral, "dielectric": new.dielectric}
        with answering(self.name), heard():
            new._matrix = get_dynamical_matrix(
                new.constants, old.supercell, old.primitive, nac_params=nac
            )
        return new

    def with_primitive(self, vectors: Floats, *, symprec: float = SYMPREC) -> ForceConstants:
        """Return the same force constants with another primitive cell, rows in Å.

        Raises
        ------
        StructureError
            phonopy cannot make that cell from the atoms, within ``symprec`` in Å.
        """
        from phonopy import Phonopy
        from phonopy.harmonic.force_constants import compact_fc_to_full_fc

        old = self.phonon
        matrix = np.linalg.solve(self.unit.cell.T, vectors.T)
        matrix = np.rint(matrix * 24) / 24
        with answering(self.name), heard() as said:
            new = Phonopy(
                old.unitcell,
                old.supercell_matrix,
                primitive_matrix=matrix,
                symprec=max(symprec, old.symmetry.tolerance),
                calculator=old.calculator,
            )
            full = self.constants
            if full.shape[0] != full.shape[1]:
                full = compact_fc_to_full_fc(old.primitive, full)
            if old.nac_params is not None:
                place = {int(s): i for i, s in enumerate(old.primitive.p2s_map)}
                owners = [place[int(old.primitive.s2p_map[s])] for s in new.primitive.p2s_map]
                new.nac_params = {**old.nac_params, "born": old.nac_params["born"][owners]}
            new.force_constants = full
        return ForceConstants(new, name=self.name, said=(*self.said, *said))


@contextlib.contextmanager
def heard() -> Iterator[list[str]]:
    """Keep phonopy from printing and warning on its own, and return what it warned of."""
    said: list[str] = []
    with quiet() as caught:
        yield said
    for warning in caught:
        # Programmers are told of names that will go; users of what is wrong with their data.
        if not issubclass(warning.category, DeprecationWarning | FutureWarning | ImportWarning):
            text = " ".join(str(warning.message).split())
            text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
            if text not in said:
                said.append(text)


@contextlib.contextmanager
def answering(name: str) -> Iterator[None]:
    """Say in words what phonopy raises on data that make no sense."""
    try:
        yield
    except Exception as error:
        # spglib's own, which phonopy passes on, are made from none of these.
        if not isinstance(error, DATA_ERRORS) and type(error).__module__.split(".")[0] != "spglib":
            raise
        raise StructureError(
            f"cannot use the forces of {name}",
            why=f"phonopy says {first_line(error)}",
            fix="check that cells, supercell, forces and Born charges belong together",
        ) from error


def first_displacement(parsed: Mapping[str, Any]) -> Any:
    """Return the first of the displacements in a parsed yaml, None where there are none."""
    sets = parsed.get("displacements", parsed.get("dataset"))
    while isinstance(sets, list) and sets:
        sets = sets[0]
    return sets


def from_yaml(
    data: dict[str, Any],
    *,
    name: str,
    symprec: float = SYMPREC,
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
    symprec : float
        Å: how well atoms must repeat, where they do not within the tolerance of the file.
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
        with heard() as said:
            parsed = load_phonopy_yaml(_in_present_words(data))
    except DATA_ERRORS as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"it is not a complete phonopy file ({first_line(error)})",
            fix="write it again with phonopy",
        ) from error
    if parsed.unitcell is None:
        raise ReadError(
            f"cannot read {name}",
            why="it contains no unit cell",
            fix="give a phonopy.yaml, phonopy_params.yaml or phonopy_disp.yaml",
        )
    primitive = parsed.primitive_matrix
    if primitive is None and parsed.primitive is not None:
        with answering(name):
            primitive = np.linalg.solve(parsed.unitcell.cell.T, parsed.primitive.cell.T)
            primitive = np.rint(primitive * 24) / 24
    return _build(
        parsed.unitcell,
        np.eye(3, dtype=int) if parsed.supercell_matrix is None else parsed.supercell_matrix,
        "auto" if primitive is None else primitive,
        symprec=symprec,
        stated=_stated_tolerance(data),
        calculator=parsed.calculator,
        dataset=parsed.dataset,
        constants=parsed.force_constants,
        nac=parsed.nac_params,
        name=name,
        before=tuple(said),
        force_sets=force_sets,
        force_constants=force_constants,
        born=born,
    )


def from_cells(
    unit: Crystal,
    supercell: npt.ArrayLike,
    *,
    primitive: str | Floats = "auto",
    masses: npt.ArrayLike | None = None,
    name: str,
    symprec: float = SYMPREC,
    force_sets: Path | None = None,
    force_constants: Path | None = None,
    born: Path | None = None,
) -> ForceConstants:
    """Make force constants from a unit cell, its supercell and the files of phonopy.

    Parameters
    ----------
    unit : Crystal
        The unit cell.
    supercell : (3, 3) int
        Supercell matrix on it.
    primitive : str or (3, 3) float
        ``auto``, the letter of a centring, or the primitive vectors in the basis of the unit cell,
        columns.
    masses : (N,) float, optional
        amu, of the atoms of the unit cell; default those of the elements.
    name, symprec, force_sets, force_constants, born
        As for :func:`from_yaml`.

    Raises
    ------
    ReadError, StructureError
        As :func:`from_yaml`.
    """
    return _build(
        cell_of(unit, masses),
        supercell,
        primitive,
        name=name,
        symprec=symprec,
        force_sets=force_sets,
        force_constants=force_constants,
        born=born,
    )


def supercell_of(unit: Crystal, matrix: Integers, *, name: str) -> Crystal:
    """Return the supercell that phonopy makes of a unit cell, in its order of atoms.

    Raises
    ------
    StructureError
        It cannot be made.
    """
    from phonopy.structure.cells import get_supercell

    checked = checked_supercell(matrix, len(unit), name=name)
    with answering(name), heard():
        made = get_supercell(cell_of(unit), checked)
        return Crystal.of(made.cell, made.scaled_positions, made.numbers)


def read_charges(
    path: Path,
    cell: Floats,
    positions: Floats,
    numbers: Integers,
    *,
    name: str,
    symprec: float = SYMPREC,
) -> tuple[Floats, Floats]:
    """Read Born charges (N, 3, 3) and dielectric constant (3, 3) of a primitive cell from BORN.

    Raises
    ------
    StructureError
        They are not those of this cell.
    """
    with answering(name), heard():
        primitive = cell_of(Crystal.of(cell, positions, numbers))
        found = _read_born(path, primitive, None, primitive, symprec)
    found = checked_charges(found, len(numbers), name=name)
    return np.array(found["born"], dtype=float), np.array(found["dielectric"], dtype=float)


def from_displacements(
    unit: Crystal,
    supercell: Integers,
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


def cell_of(crystal: Crystal, masses: npt.ArrayLike | None = None) -> Any:
    """Return a crystal as phonopy's atoms."""
    from phonopy.structure.atoms import PhonopyAtoms

    return PhonopyAtoms(
        masses=masses,
        cell=np.array(crystal.cell),
        scaled_positions=np.array(crystal.positions),
        numbers=np.array(crystal.numbers),
    )


def yaml_text(constants: ForceConstants) -> str:
    """Return what phonopy writes: cells, displacements with forces, or else force constants."""
    with heard():
        has = _has_forces(constants.phonon.dataset)
        return str(constants.phonon.to_phonopy_yaml(settings={"force_constants": not has}))


def _build(
    unitcell: Any,
    supercell_matrix: npt.ArrayLike,
    primitive_matrix: Any,
    *,
    name: str,
    symprec: float = SYMPREC,
    stated: float = 0.0,
    **more: Any,
) -> ForceConstants:
    """Make force constants at the tolerance they were made at, or at ours where that is too small.

    Displacements and symmetry of the forces are those that phonopy found at its own tolerance
    (``stated``, where the file says it); at a larger one forces would be averaged over a group they
    need not have. Atoms that repeat less well than that are copies if they are within ours.
    """
    first = stated or TOLERANCE
    try:
        return _built(
            unitcell, supercell_matrix, primitive_matrix, name=name, symprec=first, **more
        )
    except StructureError as error:
        # What phonopy did not raise has nothing to do with the tolerance.
        if error.__cause__ is None or symprec <= first:
            raise
    return _built(unitcell, supercell_matrix, primitive_matrix, name=name, symprec=symprec, **more)


def _built(
    unitcell: Any,
    supercell_matrix: npt.ArrayLike,
    primitive_matrix: Any,
    *,
    name: str,
    symprec: float,
    before: tuple[str, ...] = (),
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
    from phonopy.file_IO import parse_FORCE_SETS
    from phonopy.interface.calculator import get_calculator_physical_units
    from phonopy.structure.cells import get_primitive_matrix_with_auto

    with answering(name):
        units = get_calculator_physical_units(calculator)
        checked_unit(
            np.array(unitcell.cell) * float(units.distance_to_A),
            unitcell.scaled_positions,
            unitcell.numbers,
            unitcell.masses,
            name=name,
        )
    matrix = checked_supercell(supercell_matrix, len(unitcell), name=name)
    primitive_matrix = checked_primitive(primitive_matrix, name=name)
    atoms = len(unitcell) * round(abs(float(np.linalg.det(matrix))))
    with answering(name), heard() as said:
        if not _has_forces(dataset) and force_sets is not None:
            dataset = parse_FORCE_SETS(filename=force_sets, natom=atoms)
        first: list[int] | None = None
        if constants is None and force_constants is not None and not _has_forces(dataset):
            constants, first = _read_constants(force_constants, calculator, name=name)
        # Before phonopy builds it: the operations of a supercell of thousands of atoms take long.
        if constants is not None:
            checked_columns(constants, atoms, name=name)
        elif _has_forces(dataset):
            checked_dataset(dataset, atoms, name=name)
        phonon = Phonopy(
            unitcell,
            matrix,
            # Worked out here, as phonopy warns users of its versions where it does so itself.
            primitive_matrix=get_primitive_matrix_with_auto(
                unitcell, primitive_matrix, symprec=symprec
            ),
            symprec=symprec,
            calculator=calculator,
        )
        if constants is not None and isinstance(primitive_matrix, str):
            phonon = _with_first(phonon, first, len(constants))
        if nac is None and born is not None:
            nac = _read_born(born, phonon.primitive, phonon.supercell, phonon.unitcell, symprec)
        if nac is not None:
            nac = checked_charges(nac, len(phonon.primitive), name=name)
            phonon.nac_params = {"factor": units.nac_factor, **nac}
        if constants is not None:
            own = phonon.primitive.p2s_map.tolist()
            if first is not None and len(constants) < atoms and first != own:
                raise StructureError(
                    f"the force constants of {name} belong to another primitive cell",
                    why=f"they are those of {counted(len(first), 'atom')} of the supercell, and "
                    f"the primitive cell stated has {len(own)} that are others",
                    fix="write primitive_matrix (PRIMITIVE_AXES) as it was when they were made",
                )
            phonon.force_constants = checked_constants(
                constants, len(phonon.primitive), atoms, name=name
            )
        elif _has_forces(dataset):
            phonon.dataset = dataset
            phonon.produce_force_constants(
                calculate_full_force_constants=False,
                fc_calculator=None if "first_atoms" in dataset else "symfc",
            )
            if "first_atoms" in dataset:
                phonon.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)
    return ForceConstants(phonon, name=name, said=(*before, *said))


def _in_present_words(data: dict[str, Any]) -> dict[str, Any]:
    """Contents of a yaml file in the words that phonopy writes today.

    Versions up to 2.6 wrote the unit ``Angstrom``, which later ones refuse; the first ones listed
    the ``atoms`` of a cell with their ``position``.
    """
    found = dict(data)
    units = data.get("physical_unit")
    if isinstance(units, dict):
        found["physical_unit"] = {
            key: value.replace("Angstrom", "angstrom") if isinstance(value, str) else value
            for key, value in units.items()
        }
    for key in ("unit_cell", "primitive_cell", "supercell"):
        cell = data.get(key)
        if isinstance(cell, dict) and "points" not in cell and isinstance(cell.get("atoms"), list):
            points = [
                {"coordinates": atom.get("position"), **atom} if isinstance(atom, dict) else atom
                for atom in cell["atoms"]
            ]
            found[key] = {**cell, "points": points}
    return found


def _with_first(phonon: Any, first: list[int] | None, count: int) -> Any:
    """The primitive cell that compact force constants belong to, where it was not stated.

    Parameters
    ----------
    phonon : phonopy.Phonopy
        With a primitive cell that was found from the atoms.
    first : list of int or None
        Atoms of the supercell that are the first index of the constants, if the file lists them.
    count : int
        How many there are.
    """
    from phonopy import Phonopy

    def fits(made: Any) -> bool:
        own = made.primitive.p2s_map.tolist()
        return bool(own == first if first is not None else len(own) == count)

    if count == len(phonon.supercell) or fits(phonon):
        return phonon
    for centring in ("P", "F", "I", "A", "C", "R"):
        try:
            made = Phonopy(
                phonon.unitcell,
                phonon.supercell_matrix,
                primitive_matrix=centring,
                symprec=phonon.symmetry.tolerance,
                calculator=phonon.calculator,
            )
        except DATA_ERRORS:
            continue  # the atoms do not repeat with this centring
        if fits(made):
            return made
    return phonon


def _read_born(
    path: Path, primitive: Any, supercell: Any, unitcell: Any, symprec: float
) -> dict[str, Any]:
    """BORN, with charges of the independent atoms, of all of the primitive, or of the unit cell."""
    from phonopy.file_IO import parse_BORN
    from phonopy.structure.symmetry import Symmetry

    rows = sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").split("\n")) - 2
    if supercell is not None and rows == len(unitcell) > len(primitive):
        found: dict[str, Any] = parse_BORN(unitcell, symprec, is_symmetry=False, filename=path)
        owners = supercell.s2u_map[primitive.p2s_map]
        chosen = [supercell.u2u_map[int(i)] for i in owners]
        return {**found, "born": found["born"][chosen]}
    independent = len(Symmetry(primitive, symprec=symprec).get_independent_atoms())
    every = rows == len(primitive) > independent
    return dict(parse_BORN(primitive, symprec, is_symmetry=not every, filename=path))


def _read_constants(
    path: Path, calculator: str | None, *, name: str
) -> tuple[Any, list[int] | None]:
    """Force constants of a file, and which atoms are their first index if the file says so."""
    from phonopy.file_IO import parse_FORCE_CONSTANTS, read_force_constants_hdf5
    from phonopy.interface.calculator import get_force_constant_conversion_factor

    if path.suffix != ".hdf5":
        found: dict[int, None] = {}
        with path.open(encoding="utf-8") as file:
            if not next(file, "").strip():
                raise ReadError(
                    f"cannot read {path.name} of {name}",
                    why="it is empty, or begins with an empty line",
                    fix="write the force constants again",
                )
            for number, line in enumerate(file):
                if number % 4 == 0 and line.strip():
                    found[int(line.split()[0]) - 1] = None
        return parse_FORCE_CONSTANTS(path), list(found)
    checked_hdf5(path, name=name)
    import h5py  # type: ignore[import-untyped]

    constants, unit = read_force_constants_hdf5(path, return_physical_unit=True)
    factor = 1.0 if unit is None else get_force_constant_conversion_factor(unit, calculator)
    with h5py.File(path, "r") as file:
        first = [int(i) for i in file["p2s_map"][:]] if "p2s_map" in file else None
    return np.asarray(constants) * factor, first


def atoms_of(path: Path, *, name: str) -> int | None:
    """Return on how many atoms of a supercell a file has forces, or None where it does not say.

    Parameters
    ----------
    path : Path
        FORCE_SETS, FORCE_CONSTANTS or force_constants.hdf5.
    name : str
        What errors call the data.

    Raises
    ------
    ReadError
        It is damaged.
    """
    if path.suffix == ".hdf5":
        checked_hdf5(path, name=name)
        import h5py

        with answering(name), h5py.File(path, "r") as file:
            key = "fc2" if "fc2" in file else "force_constants"
            return int(file[key].shape[1])
    with answering(name), path.open(encoding="utf-8") as lines:
        words = next((line.split() for line in lines if line.strip()), [])
        if len(words) > 2:
            return None  # displacements and forces of all atoms, row by row
        return int(words[-1])


def _stated_tolerance(data: dict[str, Any]) -> float:
    """The tolerance with which phonopy searched the symmetry when it wrote a file, Å; or 0."""
    header = data.get("phonopy")
    stated = header.get("symmetry_tolerance") if isinstance(header, dict) else None
    usable = isinstance(stated, int | float) and 0 < stated <= LOOSEST
    return float(stated) if usable and stated is not None else 0.0


def _has_forces(dataset: Any) -> bool:
    """Whether a data set of displacements (of one atom each, or of all) comes with forces."""
    if not dataset:
        return False
    single = dataset.get("first_atoms", ())
    return "forces" in dataset or bool(single and all("forces" in entry for entry in single))


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its message."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
