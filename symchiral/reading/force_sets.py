"""Forces without a yaml: FORCE_SETS or force constants with cells from POSCAR, conf, SPOSCAR."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.crystal import Crystal
from symchiral.errors import ReadError
from symchiral.forces.door import ForceConstants, atoms_of, from_cells, supercell_of
from symchiral.plain import parse_yaml
from symchiral.reading.files import decode
from symchiral.reading.folder import CONSTANTS, SETS, Folder, plain_path
from symchiral.reading.phonopy_settings import AUTO, Settings, parse_settings, supercell_matrix
from symchiral.reading.structure import read_bytes
from symchiral.units import counted
from symchiral.value import Floats, Integers

_UNIT = (
    "POSCAR-unitcell", "POSCAR_unitcell", "POSCAR.unitcell", "POSCAR", "CONTCAR", "unitcell.cell",
)  # fmt: skip
_SUPERCELL = ("SPOSCAR", "disp.yaml")
_CELLS = ("*POSCAR*", "*CONTCAR*", "*.vasp", "*.cif", "*.xyz")
_DISPLACED = ("POSCAR-[0-9]*", "SPOSCAR*", "PPOSCAR*", "BPOSCAR*", "MPOSCAR*")


@dataclass(frozen=True)
class _Cells:
    """A unit cell and its supercell; all that is needed besides forces."""

    unit: Crystal
    matrix: Integers


def from_files(
    folder: Folder,
    *,
    name: str,
    symprec: float,
    supercell: str | Sequence[int] | Sequence[Sequence[int]] | None = None,
    chosen: str | None = None,
) -> ForceConstants:
    """Make force constants of files of phonopy that lie together without a yaml.

    The supercell is that of ``supercell``, else of DIM in a ``*.conf``; else SPOSCAR or disp.yaml
    is the supercell itself, or the only structure is, if it has as many atoms as there are forces
    (VASP's own force constants). It is never guessed.

    Parameters
    ----------
    folder : Folder
        The files.
    name : str
        What errors call them.
    symprec : float
        Å.
    supercell : str or sequence, optional
        Three or nine whole numbers.
    chosen : str, optional
        Of several files with forces, or of settings, the one to take.

    Raises
    ------
    ReadError
        Forces are missing, or what says the supercell: with what was found.
    StructureError
        Forces and cells do not belong together.
    """
    one = chosen is not None and plain(chosen) in (SETS, *CONSTANTS)
    forces = folder.file(plain(str(chosen))) if one else folder.file(SETS, *CONSTANTS)
    if forces is None:
        third = folder.find("FORCES_FC3")
        raise ReadError(
            f"no force constants in {name}",
            why=f"it holds {_shown(folder)}: no {SETS} and no {' or '.join(CONSTANTS)}"
            + (", and no phono3py_disp.yaml to which FORCES_FC3 would belong" if third else ""),
            fix="put phono3py_disp.yaml beside FORCES_FC3"
            if third
            else f"make {SETS} of the forces (phonopy -f), or give phonopy_params.yaml",
        )
    atoms = atoms_of(forces, name=name)
    settings = _settings(folder, chosen, without=() if supercell is None else ("supercell",))
    primitive: str | Floats = AUTO
    if settings.primitive is not None:
        axes = settings.primitive
        primitive = axes if isinstance(axes, str) else np.reshape(axes, (3, 3))
    matrix = settings.supercell if supercell is None else supercell_matrix(supercell)
    cells = _cells(folder, settings, matrix, atoms, forces.name, name)
    masses = settings.masses or None
    if masses is not None and len(masses) != len(cells.unit):
        raise ReadError(
            f"cannot use the settings of {name}",
            why=f"MASS lists {counted(len(masses), 'mass')}, and the unit cell has "
            f"{counted(len(cells.unit), 'atom')}",
            fix="give one mass per atom of the unit cell",
        )
    return from_cells(
        cells.unit,
        cells.matrix,
        primitive=primitive,
        masses=masses,
        name=name,
        symprec=symprec,
        force_sets=forces if forces.name == SETS else None,
        force_constants=None if forces.name == SETS else forces,
        born=folder.file("BORN"),
    )


def plain(name: str) -> str:
    """Return the name of a file without the ending of a compression."""
    return plain_path(Path(name)).name


def _settings(folder: Folder, chosen: str | None, without: tuple[str, ...]) -> Settings:
    """What all settings files of a folder say together; the chosen one alone, if it is one."""
    names = [name for name in folder.names if name.lower().endswith(".conf")]
    if chosen in names:
        names = [str(chosen)]
    found = Settings()
    said: dict[str, str] = {}
    tags = {"supercell": "DIM", "primitive": "PRIMITIVE_AXES", "masses": "MASS"}
    for name in names:
        one = parse_settings(decode(folder.read(name), name=name).text, name=name)
        for field in ("supercell", "primitive", "cell", "symbols", "masses"):
            value, known = getattr(one, field), getattr(found, field)
            if not value or field in without:
                continue
            if known and known != value and field in tags:
                raise ReadError(
                    f"cannot use the settings in {folder.path}",
                    why=f"{said[field]} and {name} state different values of {tags[field]}",
                    fix="give the settings file that belongs to the forces by its path",
                )
            if not known:
                said[field] = name
                found = Settings(**{**vars(found), field: value})
    return found


def _cells(
    folder: Folder,
    settings: Settings,
    matrix: tuple[int, ...] | None,
    atoms: int | None,
    forces: str,
    name: str,
) -> _Cells:
    """The unit cell and the supercell that forces on so many atoms belong to."""
    units = [(file, _structure(folder, file, settings)) for file in _units(folder, settings)]
    if matrix is not None:
        square = np.reshape(matrix, (3, 3))
        size = abs(round(float(np.linalg.det(square))))
        for _, unit in units:
            if atoms in (None, size * len(unit)):
                return _Cells(unit, square)
    whole = folder.find(*_SUPERCELL)
    if whole is not None:
        cell = _structure(folder, whole, settings)
    if whole is not None and (matrix is None or not units) and atoms in (None, len(cell)):
        return _repeated([unit for _, unit in units], cell, name)
    same = [unit for _, unit in units if atoms == len(unit)]
    if same and matrix is None:
        return _repeated([unit for _, unit in units if len(unit) < len(same[0])], same[0], name)
    listed = [f"{file} of {counted(len(unit), 'atom')}" for file, unit in units]
    listed += [] if whole is None else [f"{whole} of {counted(len(cell), 'atom')}"]
    count = "" if atoms is None else f" with forces on {counted(atoms, 'atom')}"
    if matrix is not None and units:
        why = f"the supercell {' '.join(map(str, matrix))} of {' and of '.join(listed)} has other "
        why += f"atoms than {forces}{count}"
        fix = "give the supercell that the forces were computed in"
    elif units and whole is None:
        why = f"it holds {forces}{count} and {' and '.join(listed)}, and nothing says which "
        why += "supercell of it that is"
        fix = 'say it, as in --supercell "2 2 2" (supercell="2 2 2"), or put phonopy_disp.yaml, '
        fix += "SPOSCAR or the *.conf with DIM beside them"
    else:
        why = f"it holds {forces}{count} and {' and '.join(listed) or 'no unit cell'}"
        fix = "put the phonopy_disp.yaml of these forces beside them, or the unit cell "
        fix += "(POSCAR-unitcell) with a *.conf that states DIM"
    raise ReadError(f"cannot use the forces of {name}", why=why, fix=fix)


def _units(folder: Folder, settings: Settings) -> list[str]:
    """Files that may hold the unit cell, the likeliest first."""
    if settings.cell is not None:
        found = folder.find(Path(settings.cell).name)
        if found is not None:
            return [found]
    usual = [file for name in _UNIT if (file := folder.find(name)) is not None]
    if usual:
        return usual
    others = [
        file
        for file in folder.names
        if any(fnmatch.fnmatch(plain(file), pattern) for pattern in _CELLS)
        and not any(fnmatch.fnmatch(plain(file), pattern) for pattern in _DISPLACED)
    ]
    return others if len(others) == 1 else []


def _structure(folder: Folder, file: str, settings: Settings) -> Crystal:
    data = folder.read(file)
    if plain(file) == "disp.yaml":
        return _of_disp_yaml(data, file)
    if settings.symbols and "POSCAR" in file:
        lines = decode(data, name=file).text.split("\n")
        if len(lines) > 5 and lines[5].split()[:1] and lines[5].split()[0].isdigit():
            lines.insert(5, " ".join(settings.symbols))  # as phonopy took ATOM_NAME
            data = "\n".join(lines).encode()
    return read_bytes(data, name=file)


def _of_disp_yaml(data: bytes, name: str) -> Crystal:
    """The supercell in disp.yaml of phonopy 1."""
    parsed = parse_yaml(data, name=name)
    try:
        points = parsed.get("points", parsed.get("atoms"))
        lattice = np.array(parsed["lattice"], dtype=float)
        places = np.array([p.get("coordinates", p.get("position")) for p in points], dtype=float)
        symbols = [str(p["symbol"]) for p in points]
        text = "disp.yaml\n1\n" + _rows(lattice)
        text += "".join(f"{symbol} " for symbol in symbols) + "\n" + "1 " * len(symbols)
        return read_bytes(f"{text}\nDirect\n{_rows(places)}".encode(), name=name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"its supercell is incomplete ({type(error).__name__}: {error})",
            fix="put SPOSCAR beside it",
        ) from error


def _rows(numbers: Floats) -> str:
    return "".join(" ".join(repr(float(x)) for x in row) + "\n" for row in numbers)


def _repeated(units: list[Crystal], whole: Crystal, name: str) -> _Cells:
    """The supercell as one of the unit cells repeated, where phonopy's order of atoms is its own.

    Otherwise as a cell of its own, whose primitive cell phonopy finds.
    """
    for unit in units:
        matrix = np.linalg.solve(unit.cell.T, whole.cell.T)
        rounded = np.rint(matrix).astype(np.int64)
        size = abs(round(float(np.linalg.det(rounded))))
        if np.abs(matrix - rounded).max() > 1e-3 or size * len(unit) != len(whole):
            continue
        made = supercell_of(unit, rounded, name=name)
        away = distances(made.positions - whole.positions, whole.cell)
        if np.array_equal(made.numbers, whole.numbers) and away.max() < 1e-2:
            return _Cells(unit, rounded)
    return _Cells(whole, np.eye(3, dtype=np.int64))


def _shown(folder: Folder) -> str:
    names = folder.names
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
