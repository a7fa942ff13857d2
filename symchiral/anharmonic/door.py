"""Making third-order force constants with phono3py, from parsed data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.errors import InputError, ReadError, StructureError
from symchiral.forces.door import BROKEN, ForceConstants, first_line, from_constants, quiet

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Supercell:
    """Second- and third-order force constants as phono3py holds them.

    Attributes
    ----------
    forces : ForceConstants
        The second order.
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
    """

    forces: ForceConstants
    cell: Floats
    positions: Floats
    masses: Floats
    first: tuple[int, ...]
    third: Floats


def third_order_from_yaml(parsed: dict[str, Any], *, name: str, folder: Path) -> Supercell:
    """Make force constants from the parsed contents of a phono3py yaml file and files beside it.

    Parameters
    ----------
    parsed : dict
        The yaml, parsed by a safe loader.
    name : str
        What errors call it.
    folder : Path
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
            fix="pip install 'symchiral[anharmonic]'",
        ) from error
    try:
        with quiet():
            data = load_phono3py_yaml(parsed)
            if data.calculator not in (None, "vasp"):
                raise ReadError(
                    f"cannot use {name}",
                    why=f"its units are those of {data.calculator}",
                    fix="write the data with phono3py in eV and Å",
                )
            made = Phono3py(
                data.unitcell,
                np.eye(3, dtype=int) if data.supercell_matrix is None else data.supercell_matrix,
                primitive_matrix="auto" if data.primitive_matrix is None else data.primitive_matrix,
                phonon_supercell_matrix=data.phonon_supercell_matrix,
            )
            _fill(made, data, folder, name)
            forces = from_constants(
                made.unitcell,
                made.phonon_supercell_matrix
                if made.phonon_supercell_matrix is not None
                else made.supercell_matrix,
                made.primitive_matrix,
                made.fc2,
                data.nac_params,
                name=name,
            )
    except BROKEN as error:
        raise StructureError(
            f"cannot use the third-order forces of {name}",
            why=first_line(error),
            fix="check that supercell, displacements and forces belong together",
        ) from error
    third, cell = np.array(made.fc3, dtype=float), made.supercell
    first = tuple(int(i) for i in made.primitive.p2s_map)
    if len(third) == len(cell):
        third = third[list(first)]
    if not np.all(np.isfinite(third)):
        raise StructureError(
            f"cannot use the third-order forces of {name}",
            why="some force constants are no finite numbers",
            fix="compute the forces again",
        )
    return Supercell(
        forces,
        np.array(cell.cell, dtype=float),
        np.array(cell.positions, dtype=float),
        np.array(cell.masses, dtype=float),
        first,
        third,
    )


def _fill(made: Any, data: Any, folder: Path, name: str) -> None:
    """Second- and third-order force constants: as they are given, else from forces."""
    from phono3py.file_IO import parse_FORCES_FC3, read_fc2_from_hdf5, read_fc3_from_hdf5

    given = [folder / "fc3.hdf5", folder / "fc2.hdf5"]
    if all(path.is_file() for path in given):
        fc3 = read_fc3_from_hdf5(given[0], p2s_map=made.primitive.p2s_map)
        made.fc3 = fc3["fc3"] if isinstance(fc3, dict) else fc3
        made.fc2 = read_fc2_from_hdf5(given[1], p2s_map=made.phonon_primitive.p2s_map)
        return
    dataset = data.dataset
    if dataset is not None and "first_atoms" in dataset and not _has_forces(dataset):
        files = [folder / f"FORCES_FC3{ending}" for ending in ("", ".xz", ".gz", ".bz2")]
        found = next((path for path in files if path.is_file()), None)
        if found is not None:
            parse_FORCES_FC3(dataset, filename=found)
    if dataset is None or not _has_forces(dataset):
        raise ReadError(
            f"no third-order forces in {name}",
            why="it has none, and neither fc3.hdf5 with fc2.hdf5 nor FORCES_FC3 lies beside it",
            fix="put them beside it, or give phono3py_params.yaml",
        )
    made.dataset = dataset
    if data.phonon_dataset is not None:
        made.phonon_dataset = data.phonon_dataset
    calculator = None if "first_atoms" in dataset else "symfc"
    made.produce_fc3(is_compact_fc=True, fc_calculator=calculator)
    made.produce_fc2(is_compact_fc=True, fc_calculator=calculator)
    if calculator is None:
        made.symmetrize_fc3()
        made.symmetrize_fc2()


def _has_forces(dataset: Any) -> bool:
    if "forces" in dataset:
        return True
    return bool(dataset.get("first_atoms")) and all("forces" in e for e in dataset["first_atoms"])
