"""Making force constants from the parsed data of phono3py: the third order by phono3py alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.tolerance import SYMPREC
from symchiral.errors import InputError, ReadError, StructureError, install
from symchiral.forces.check import checked_hdf5, checked_supercell, checked_unit, mismatch
from symchiral.forces.door import (
    DATA_ERRORS,
    ForceConstants,
    first_displacement,
    first_line,
    from_yaml,
    heard,
)
from symchiral.reading.folder import Folder
from symchiral.units import counted
from symchiral.value import Floats


@dataclass(frozen=True, eq=False)
class Supercell:
    """Third-order force constants as phono3py holds them.

    Attributes
    ----------
    cell : (3, 3) float
        Supercell, rows, Å.
    positions : (N, 3) float
        Cartesian, Å.
    masses : (N,) float
        amu.
    first : tuple of int
        Atoms of the supercell that are the first index of ``third``, one per primitive atom.
    third : (p, N, N, 3, 3, 3) float
        eV/Å³.
    momentum : float or None
        Part of Σ|Φ|²/(m m m) that a lattice translation changes, where the file has the constants
        of all atoms of the supercell.
    """

    cell: Floats
    positions: Floats
    masses: Floats
    first: tuple[int, ...]
    third: Floats
    momentum: float | None = None


def harmonic_from_yaml(
    parsed: dict[str, Any], *, name: str, folder: Folder, symprec: float = SYMPREC
) -> ForceConstants:
    """Make second-order force constants from the same data, without phono3py.

    Parameters
    ----------
    parsed, name, folder
        As for :func:`third_order_from_yaml`.
    symprec : float
        As for :func:`~symchiral.forces.door.from_yaml`.

    Raises
    ------
    ReadError
        There are no forces, or the data are damaged.
    StructureError
        Forces and supercell do not belong together.
    """
    data = {k: v for k, v in parsed.items() if k not in ("displacements", "dataset")}
    own = "phonon_supercell_matrix" in parsed
    if own:  # a supercell, displacements and forces of their own
        data["supercell_matrix"] = parsed["phonon_supercell_matrix"]
        data["supercell"] = parsed.get("phonon_supercell")
    born = folder.file("BORN")
    if folder.find("fc3.hdf5") is not None and folder.find("fc2.hdf5") is not None:
        constants = folder.file("fc2.hdf5")
        return from_yaml(data, name=name, symprec=symprec, force_constants=constants, born=born)
    for key in ("displacements", "dataset"):
        # Old files call those of the second order by the shorter name too.
        found = parsed.get(f"phonon_{key}", parsed.get(key)) if own else parsed.get(key)
        if found is not None:
            data[key] = found
    pairs = parsed.get("displacement_pairs")
    with _together(f"the forces of {name}"):
        if not own and isinstance(pairs, list) and pairs and isinstance(pairs[0], dict):
            data["displacements"] = [
                {k: entry[k] for k in ("atom", "displacement", "forces") if k in entry}
                for entry in pairs
            ]
        single = data.get("displacements")
        if isinstance(single, list) and single and "forces" not in single[0]:
            path = folder.file("FORCES_FC2" if own else "FORCES_FC3")
            if path is None:
                raise _missing(name, folder)
            _add_forces(data, single, path)
    sets = first_displacement(data)
    if not sets or (isinstance(sets, dict) and not {"force", "forces"} & set(sets)):
        raise _missing(name, folder)
    return from_yaml(data, name=name, symprec=symprec, born=born)


def _add_forces(data: dict[str, Any], single: list[dict[str, Any]], path: Path) -> None:
    """Forces of the displacements of one atom each, which come first in the files of phono3py."""
    atoms = len(data["supercell"]["points"])
    with heard():  # it warns of comments between the rows
        forces = np.loadtxt(path, max_rows=len(single) * atoms)
    for entry, rows in zip(single, forces.reshape(len(single), atoms, 3), strict=True):
        entry["forces"] = rows


def _missing(name: str, folder: Folder) -> ReadError:
    beside = ", ".join(folder.names[:6]) or "no file"
    return ReadError(
        f"no third-order forces in {name}",
        why="it has none, and neither fc3.hdf5 with fc2.hdf5 nor FORCES_FC3 lies beside it "
        f"(found: {beside}{' …' if len(folder.names) > 6 else ''})",
        fix="put them beside it, or give phono3py_params.yaml",
    )


@contextmanager
def _together(what: str) -> Iterator[None]:
    """Say of what phonopy or phono3py cannot use that its parts do not belong together."""
    try:
        yield
    except DATA_ERRORS as error:
        raise StructureError(
            f"cannot use {what}",
            why=first_line(error),
            fix="check that supercell, displacements and forces belong together",
        ) from error


def third_order_from_yaml(parsed: dict[str, Any], *, name: str, folder: Folder) -> Supercell:
    """Make force constants from the parsed contents of a phono3py yaml file and files beside it.

    Parameters
    ----------
    parsed : dict
        The yaml, parsed by a safe loader.
    name : str
        What errors call it.
    folder : Folder
        Where fc3.hdf5 (with fc2.hdf5), or FORCES_FC3 and FORCES_FC2, may lie.

    Raises
    ------
    InputError
        phono3py is not installed.
    ReadError
        There are no forces, or the data are damaged.
    StructureError
        Forces and supercell do not belong together.
    """
    try:
        from phono3py import Phono3py
        from phono3py.interface.phono3py_yaml import load_phono3py_yaml
    except ImportError as error:
        raise InputError(
            f"cannot read {name}",
            why="third-order force constants are read with phono3py, which is not installed",
            fix=install("phono3py>=4.10,<5"),
        ) from error
    with _together(f"the third-order forces of {name}"), heard():
        data = load_phono3py_yaml(parsed)
        if data.calculator not in (None, "vasp"):
            raise ReadError(
                f"cannot use {name}",
                why=f"its units are those of {data.calculator}",
                fix="write the data with phono3py in eV and Å",
            )
        cell = data.unitcell
        if cell is None:
            raise _missing(name, folder)
        checked_unit(cell.cell, cell.scaled_positions, cell.numbers, cell.masses, name=name)
        matrix = np.eye(3) if data.supercell_matrix is None else data.supercell_matrix
        matrix = checked_supercell(matrix, len(cell), name=name)
        atoms = len(cell) * round(abs(float(np.linalg.det(matrix))))
        # Before phono3py builds it: the operations of a supercell of thousands of atoms take long.
        if data.supercell is not None and len(data.supercell) != atoms:
            raise mismatch(name, len(data.supercell), atoms)
        made = Phono3py(
            cell,
            matrix,
            primitive_matrix="auto" if data.primitive_matrix is None else data.primitive_matrix,
        )
        _fill(made, data, folder, name)
    third, cell = np.array(made.fc3, dtype=float), made.supercell
    first = tuple(int(i) for i in made.primitive.p2s_map)
    momentum = None
    size = len(cell)
    if third.shape not in {(k, size, size, 3, 3, 3) for k in (len(first), size)}:
        raise StructureError(
            f"the third-order forces of {name} belong to another supercell",
            why=f"force constants of the shape {third.shape} are not those of "
            f"{counted(len(first), 'atom')} "
            f"in a supercell of {size}",
            fix="give the supercell and the primitive cell that they were computed for",
        )
    if len(third) == len(cell) > len(first):
        third, momentum = _translated(third, made.primitive, np.array(cell.masses), first)
    if not np.all(np.isfinite(third)):
        raise StructureError(
            f"cannot use the third-order forces of {name}",
            why="some force constants are not finite numbers",
            fix="compute the forces again",
        )
    return Supercell(
        np.array(cell.cell, dtype=float),
        np.array(cell.positions, dtype=float),
        np.array(cell.masses, dtype=float),
        first,
        third,
        momentum,
    )


def _translated(
    full: Floats, primitive: Any, masses: Floats, first: tuple[int, ...]
) -> tuple[Floats, float]:
    """The mean over lattice translations, and how much of the whole that leaves out."""
    shifts = np.array(primitive.atomic_permutations)
    pairs = np.sqrt(np.outer(masses, masses)).reshape(len(masses), len(masses), 1, 1, 1)
    mean = np.zeros((len(first), *full.shape[1:]))
    whole, kept = 0.0, 0.0
    for row, i in enumerate(first):
        for shift in shifts:
            moved = full[shift[i]][np.ix_(shift, shift)]
            mean[row] += moved / len(shifts)
            whole += float(np.sum((moved / pairs) ** 2)) / masses[i]
        kept += len(shifts) * float(np.sum((mean[row] / pairs) ** 2)) / masses[i]
    return mean, max(whole - kept, 0.0) / whole if whole else 0.0


def _fill(made: Any, data: Any, folder: Folder, name: str) -> None:
    """Third-order force constants: as they are given, else from forces."""
    from phono3py.file_IO import parse_FORCES_FC3, read_fc3_from_hdf5

    path, second = folder.file("fc3.hdf5"), folder.find("fc2.hdf5")
    if path is not None and second is not None:
        checked_hdf5(path, name=name)
        fc3 = read_fc3_from_hdf5(path, p2s_map=made.primitive.p2s_map)
        made.fc3 = fc3["fc3"] if isinstance(fc3, dict) else fc3
        return
    dataset = data.dataset
    if dataset is not None and "first_atoms" in dataset and not _has_forces(dataset):
        found = folder.file("FORCES_FC3")
        if found is not None:
            parse_FORCES_FC3(dataset, filename=found)
    if dataset is None or not _has_forces(dataset):
        raise _missing(name, folder)
    made.dataset = dataset
    calculator = None if "first_atoms" in dataset else "symfc"
    made.produce_fc3(is_compact_fc=True, fc_calculator=calculator)
    if calculator is None:
        made.symmetrize_fc3()


def _has_forces(dataset: Any) -> bool:
    if "forces" in dataset:
        return True
    return bool(dataset.get("first_atoms")) and all("forces" in e for e in dataset["first_atoms"])
