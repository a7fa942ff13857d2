"""What force data must satisfy before a library computes with them.

phonopy and spglib work in compiled code, which believes the shapes and numbers it is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.check import MAX_ATOMS, checked_crystal, too_many
from symchiral.crystal.crystal import Crystal, Source
from symchiral.errors import ReadError, StructureError
from symchiral.units import counted
from symchiral.value import WHOLE, Floats, Integers

HEAVIEST = 1e4
"""No atom is heavier, amu."""

FARTHEST = 10.0
"""Largest cutoff of the sum of dipole-dipole terms, Å⁻¹: with the cube of it their number grows."""

STIFFEST = 1e6
"""No force constant (eV/Å²), force (eV/Å), Born charge (e) or dielectric constant is larger."""


def checked_unit(
    cell: npt.ArrayLike,
    positions: npt.ArrayLike,
    numbers: npt.ArrayLike,
    masses: npt.ArrayLike,
    *,
    name: str,
) -> Crystal:
    """Make the crystal of a cell that force data belong to, or say why it is none.

    Parameters
    ----------
    cell, positions, numbers : array-like
        As in :class:`~symchiral.crystal.crystal.Crystal`, Å.
    masses : (N,) array-like
        amu.
    name : str
        What errors call the data.

    Raises
    ------
    StructureError
        It fails what every structure must satisfy, or a mass is no positive number.
    """
    crystal = checked_crystal(cell, positions, numbers, source=Source(), name=name)
    heavy = np.asarray(masses, dtype=float)
    if heavy.shape != (len(crystal),):
        raise _unusable(
            name, f"there are {counted(heavy.size, 'mass')} and {counted(len(crystal), 'atom')}"
        )
    wrong = np.flatnonzero(~((heavy > 0) & (heavy < HEAVIEST)))
    if len(wrong):
        i = int(wrong[0])
        raise _unusable(
            name,
            f"the mass of atom {i + 1} ({crystal.symbols[i]}) is {heavy[i]:g} amu",
            "give the mass of every atom in atomic mass units",
        )
    return crystal


def checked_supercell(matrix: npt.ArrayLike, atoms: int, *, name: str) -> Integers:
    """Return a supercell matrix (three numbers are its diagonal), or say why it is none.

    Raises
    ------
    StructureError
        It is not whole, or has no volume.
    LimitError
        The supercell has too many atoms.
    """
    fix = "give three whole numbers, or nine, that span a supercell"
    try:
        given = np.asarray(matrix, dtype=float)
    except (TypeError, ValueError) as error:
        raise _unusable(name, "the supercell matrix holds no numbers", fix) from error
    given = np.diag(given) if given.shape == (3,) else given
    if given.shape != (3, 3) or not np.all(np.abs(given) < MAX_ATOMS):
        raise _unusable(name, "the supercell matrix is not made of small whole numbers", fix)
    volume = round(abs(float(np.linalg.det(given))))
    if np.abs(given - np.rint(given)).max() > WHOLE or volume < 1:
        raise _unusable(name, "the supercell matrix is not whole, or spans no volume", fix)
    if volume * atoms > MAX_ATOMS:
        raise too_many(f"the supercell of {name}", volume * atoms)
    return np.asarray(np.rint(given), dtype=np.int64)


def checked_primitive(matrix: Any, *, name: str) -> Any:
    """Return a primitive matrix as phonopy takes it, or say why it is none.

    Raises
    ------
    StructureError
        It is no (3, 3) matrix of a cell that fits into the unit cell.
    """
    if matrix is None or isinstance(matrix, str):
        return matrix
    given = numbers_of(matrix, (3, 3), "the primitive matrix", name)
    volume = float(np.linalg.det(given))
    if not 1e-4 < volume < 1 + 1e-3:
        raise _unusable(
            name,
            f"the primitive matrix has the determinant {volume:.3g}, not one between 0 and 1",
            "write primitive_matrix: auto",
        )
    return given


def checked_columns(constants: Any, supercell: int, *, name: str) -> None:
    """Check whether force constants are those on all atoms of a supercell, the second index.

    Raises
    ------
    StructureError
        They are on more or fewer atoms.
    """
    shape = np.shape(constants)
    if len(shape) == 4 and shape[1] != supercell:
        raise mismatch(name, shape[1], supercell)


def checked_constants(constants: Any, primitive: int, supercell: int, *, name: str) -> Floats:
    """Return force constants as contiguous doubles, or say what is wrong with them.

    Parameters
    ----------
    constants : array-like
        They.
    primitive, supercell : int
        Atoms of these cells: shape (primitive or supercell, supercell, 3, 3).

    Raises
    ------
    StructureError
        The shape is another, or a number is not finite or far too large.
    """
    shape = np.shape(constants)
    if len(shape) != 4 or shape[2:] != (3, 3) or shape[0] not in (primitive, supercell):
        raise _unusable(
            name,
            f"force constants of the shape {shape} are not those of {counted(primitive, 'atom')} "
            f"in a supercell of {supercell}",
            "give the supercell and the primitive cell that they were computed for",
        )
    checked_columns(constants, supercell, name=name)
    return numbers_of(constants, shape, "the force constants", name)


def checked_charges(nac: Any, atoms: int, *, name: str) -> dict[str, Any]:
    """Return Born charges and dielectric constant as phonopy takes them, or say what is wrong.

    Raises
    ------
    StructureError
        There are not as many charges as atoms, a number makes no sense, or the dielectric constant
        is no positive tensor.
    """
    if not isinstance(nac, dict) or not {"born", "dielectric"} <= nac.keys():
        raise _unusable(name, "Born charges and dielectric constant do not come together")
    given = dict(nac)
    given["born"] = numbers_of(nac["born"], (atoms, 3, 3), "the Born charges", name)
    epsilon = numbers_of(nac["dielectric"], (3, 3), "the dielectric constant", name)
    if float(np.linalg.eigvalsh((epsilon + epsilon.T) / 2).min()) <= 0:
        raise _unusable(
            name,
            "the dielectric constant is not positive",
            "give the tensor of the clamped crystal at high frequency, whose eigenvalues are "
            "1 or more",
        )
    given["dielectric"] = epsilon
    if "factor" in nac:
        given["factor"] = float(numbers_of(nac["factor"], (), "the factor of Born charges", name))
    for key in ("G_cutoff", "Lambda"):
        if nac.get(key) is not None:
            size = float(numbers_of(nac[key], (), f"the {key} of Born charges", name))
            if not 0 < size <= FARTHEST:
                raise _unusable(
                    name,
                    f"the {key} of the dipole-dipole sum is {size:g} Å⁻¹",
                    "leave it out: phonopy chooses it",
                )
    return given


def checked_dataset(dataset: Any, supercell: int, *, name: str) -> None:
    """Check whether displacements with forces are those of a supercell.

    Raises
    ------
    StructureError
        An atom is not of the supercell, a displacement is none, or a force makes no sense.
    """
    if "first_atoms" not in dataset:
        moved = np.shape(dataset.get("displacements"))
        if len(moved) != 3 or moved[2] != 3:
            raise _unusable(name, "the displacements are not three numbers for every atom")
        if moved[1] != supercell:
            raise mismatch(name, moved[1], supercell)
        numbers_of(dataset["displacements"], moved, "the displacements", name)
        if "forces" in dataset:
            numbers_of(dataset["forces"], moved, "the forces", name)
        return
    for i, entry in enumerate(dataset["first_atoms"]):
        number = entry.get("number")
        if not isinstance(number, int | np.integer) or not 0 <= number < supercell:
            raise _unusable(
                name,
                f"displacement {i + 1} is that of atom {number!r}, counted from 0, and the "
                f"supercell has {supercell}",
            )
        step = numbers_of(entry.get("displacement"), (3,), f"displacement {i + 1}", name)
        if not np.any(step):
            raise _unusable(name, f"displacement {i + 1} moves nothing")
        if "forces" in entry:
            count = len(np.atleast_1d(entry["forces"]))
            if count != supercell:
                raise mismatch(name, count, supercell)
            numbers_of(entry["forces"], (supercell, 3), f"the forces of displacement {i + 1}", name)


def checked_hdf5(path: Path, *, name: str) -> None:
    """Check whether an HDF5 file holds its numbers itself.

    Raises
    ------
    ReadError
        It is damaged, or takes numbers from another file.
    """
    import h5py  # type: ignore[import-untyped]

    def look(group: Any) -> None:
        for key in group:
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise elsewhere(key)
            if not isinstance(link, h5py.HardLink):
                continue  # a soft link leads to something in this file, which is looked at there
            item = group[key]
            if isinstance(item, h5py.Group):
                look(item)
            elif isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
                raise elsewhere(key)

    def elsewhere(key: str) -> ReadError:
        return ReadError(
            f"cannot read {path.name} of {name}",
            why=f"its {key!r} lies in another file",
            fix="write the numbers into the file itself",
        )

    try:
        with h5py.File(path, "r") as file:
            look(file)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise ReadError(
            f"cannot read {path.name} of {name}",
            why=f"it is not a complete HDF5 file ({type(error).__name__})",
            fix="write it again",
        ) from error


def numbers_of(given: Any, shape: tuple[int, ...], what: str, name: str) -> Floats:
    """Return finite numbers of a shape as contiguous doubles.

    Raises
    ------
    StructureError
        They are something else.
    """
    try:
        array = np.ascontiguousarray(given, dtype=float).reshape(np.shape(given))
    except (TypeError, ValueError) as error:
        raise _unusable(name, f"{what} are not a table of numbers") from error
    if array.shape != shape:
        raise _unusable(name, f"{what} have the shape {array.shape}, not {shape}")
    if not np.all(np.isfinite(array)):
        raise _unusable(name, f"some of {what} are not finite numbers", "compute them again")
    if array.size and np.abs(array).max() > STIFFEST:
        raise _unusable(
            name, f"one of {what} is {np.abs(array).max():.3g}", "give them in eV, Å and e"
        )
    return array


def mismatch(name: str, forces: int, atoms: int) -> StructureError:
    """Return the error for forces on another number of atoms than the supercell has."""
    return StructureError(
        f"the forces of {name} belong to another supercell",
        why=f"there are forces on {counted(forces, 'atom')}, and the supercell has {atoms}",
        fix="give the supercell matrix the forces were computed with",
    )


def _unusable(
    name: str,
    why: str,
    fix: str = "check that forces, supercell and Born charges belong together",
) -> StructureError:
    return StructureError(f"cannot use the forces of {name}", why=why, fix=fix)
