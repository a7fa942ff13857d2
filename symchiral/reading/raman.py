"""Raman tensors as JSON: of modes, or of single atoms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.crystal import SYMBOLS, Crystal, Source
from symchiral.crystal.search import SymmetricCrystal
from symchiral.disk import mark, write_text
from symchiral.errors import LabelError, ReadError, StructureError, SymmetryError
from symchiral.modes.mode import Modes
from symchiral.modes.names import ModeName, named_species
from symchiral.modes.species import Species
from symchiral.plain import complex_array, number
from symchiral.reading.jsonfile import read_json, rounded, rounded_complex, stated_structure
from symchiral.rules.atomic_raman import AtomicRaman
from symchiral.rules.raman import LARGEST_OUTSIDE, RamanLines, TensorUnit, fit_raman, raman_form
from symchiral.units import counted, in_thz
from symchiral.value import Complex, frozen

KIND = "Raman tensors"
"""Kind of the files of :func:`save_raman`."""

SCHEMA = "symchiral/raman/1"
MODE_UNITS: tuple[TensorUnit, ...] = get_args(TensorUnit)
ATOM_UNITS = ("angstrom^2", "1/angstrom")

NEAR = 0.3
"""Å: atoms of the file may be as far from those of the crystal."""


@dataclass(frozen=True)
class ModeTensors:
    """Raman tensors of one multiplet, as a file holds them.

    Attributes
    ----------
    name : str
        ``Eg#1``, or ``Eg`` where the species has one mode.
    frequency : float or None
        THz.
    tensors : (d, 3, 3) complex
        One per partner.
    """

    name: str
    frequency: float | None
    tensors: Complex


@dataclass(frozen=True)
class RamanTable:
    """Raman tensors as a file holds them: of modes, or of atoms.

    Attributes
    ----------
    modes : tuple of ModeTensors
        Of modes; empty where the file has atoms.
    atoms : (N, 3, 3, 3) complex or None
        ∂α_ij/∂u_β of every atom, indices κβij.
    crystal : Crystal or None
        The cell and atoms that ``atoms`` belong to, where the file states them.
    unit : str
        One of ``MODE_UNITS`` or ``ATOM_UNITS``.
    provenance : mapping of str
        Method, source, licence.
    source : Source
        Path and hash.
    """

    modes: tuple[ModeTensors, ...]
    atoms: Complex | None
    crystal: Crystal | None
    unit: str
    provenance: Mapping[str, str]
    source: Source


def read_raman_table(path: str | Path) -> RamanTable:
    """Read a file of Raman tensors.

    Raises
    ------
    ReadError
        It is missing, or not as ``docs/light.md`` describes it.
    """
    return read_json(path, _table, schema=SCHEMA, what="the Raman tensors", page="light")


def _table(data: dict[str, Any], source: Source) -> RamanTable:
    kinds = [key for key in ("modes", "atoms") if key in data]
    if len(kinds) != 1:
        raise ValueError('it has not either "modes" or "atoms"')
    units = MODE_UNITS if kinds[0] == "modes" else ATOM_UNITS
    unit = str(data["unit"])
    if unit not in units:
        raise ValueError(f'the "unit" of {kinds[0]} is {unit!r}, none of {", ".join(units)}')
    provenance = {str(k): str(v) for k, v in data.get("provenance", {}).items()}
    if kinds[0] == "modes":
        modes = tuple(_mode(entry) for entry in data["modes"])
        names = [mode.name for mode in modes]
        if len(set(names)) < len(names):
            raise ValueError("a mode is listed twice")
        return RamanTable(modes, None, None, unit, provenance, source)
    atoms = _complex(data["atoms"], 4, "three tensors of every atom, one per direction it moves in")
    crystal = None
    if "structure" in data:
        crystal = stated_structure(data["structure"])
        if len(crystal) != len(atoms):
            raise ValueError(
                f"it has tensors of {counted(len(atoms), 'atom')} and lists {len(crystal)}"
            )
    return RamanTable((), atoms, crystal, unit, provenance, source)


def _mode(entry: dict[str, Any]) -> ModeTensors:
    name = str(entry["mode"])
    tensors = _complex(entry["tensors"], 3, f"{name}: a list of tensors, one per partner")
    frequency = entry.get("frequency")
    if frequency is not None:
        frequency = number(frequency, f"the frequency of {name}") * in_thz(entry["frequency_unit"])
        if not frequency > 0:
            raise ValueError(f"the frequency of {name} is not positive")
    return ModeTensors(name, frequency, tensors)


def _complex(value: Any, ndim: int, what: str) -> Complex:
    """Tensors of numbers, or of pairs [re, im], or of both."""
    tensors = complex_array(value, ndim, "an element")
    if tensors.shape[1:] != (3,) * (ndim - 1):
        raise ValueError(f"the shape is not the one needed: {what}, 3 × 3")
    return tensors


def atomic_raman(table: RamanTable, crystal: SymmetricCrystal) -> AtomicRaman:
    """Return the derivatives of a file by the atoms of the primitive cell of a crystal.

    The file's cell may be any cell of the crystal, in the same orientation; its polarisability is
    that of its whole cell.

    Raises
    ------
    StructureError
        The atoms are others.
    """
    if table.atoms is None:
        raise ValueError("the table is of modes")
    cell, primitive = table.crystal or crystal.input, crystal.primitive
    name = table.source.path or "the Raman tensors"
    if len(cell) != len(table.atoms):
        raise StructureError(
            f"the Raman tensors in {name} belong to other atoms",
            why=f"they are of {counted(len(table.atoms), 'atom')}, and the structure has "
            f"{len(cell)}",
            fix='give those of the atoms of the structure file, or state the "structure" they '
            "belong to",
        )
    inside = crystal.frame.point(cell.positions @ cell.cell, to="primitive", source="cartesian")
    away = distances(inside[:, None] - primitive.positions, primitive.cell)
    away[cell.numbers[:, None] != primitive.numbers] = np.inf
    owners = np.argmin(away, axis=1)
    copies = np.bincount(owners, minlength=len(primitive))
    if away.min(axis=1).max() > NEAR or len(set(copies.tolist())) > 1:
        raise StructureError(
            f"the Raman tensors in {name} belong to other atoms",
            why=f"its {counted(len(cell), 'atom')} are not those of {primitive.formula} at their "
            f"places",
            fix="give a cell of the same crystal, in the same orientation and with the same origin",
        )
    found = np.zeros((len(primitive), 3, 3, 3), dtype=complex)
    np.add.at(found, owners, table.atoms)
    found /= copies[0]
    if table.unit == "1/angstrom":  # ∂ε/∂u: α = V (ε − 1)/4π
        found *= abs(float(np.linalg.det(cell.cell))) / (4 * np.pi)
    return AtomicRaman(
        crystal, frozen(found), {**table.provenance, "file": table.source.path or ""}
    )


def mode_lines(
    crystal: SymmetricCrystal, species: Sequence[Species], table: RamanTable, modes: Modes | None
) -> RamanLines:
    """Return the tensors of a file of modes, as far as the form of their species allows them.

    Parameters
    ----------
    species : sequence of Species
        Those of the zone centre.
    modes : Modes or None
        The zone-centre modes, for the frequencies the file does not state.

    Raises
    ------
    LabelError
        A mode is unknown, or has no Raman tensor.
    ReadError
        A degenerate mode has not one tensor for each of its partners.
    SymmetryError
        A tensor is far from any that the symmetry allows.
    """
    name = table.source.path or "the Raman tensors"
    active = {s.label: s for s in species if s.optical and len(raman_form(crystal, s))}
    names = [str(ModeName(s.label, i + 1)) for s in active.values() for i in range(s.optical)]
    lines = []
    for mode in table.modes:
        alone = named_species(mode.name, active.values())
        if alone is not None and alone.optical == 1:
            asked = ModeName(alone.label, 1)
        elif alone is not None:
            raise LabelError(
                f"no Raman tensor of {mode.name} in {crystal.primitive.formula}",
                why=f"the Raman-active modes are {', '.join(names)}",
                fix=f"say which of the {alone.optical}, counted from the lowest frequency",
            )
        else:
            asked = ModeName.parse(mode.name).among(active.values())
        wanted, label, number = str(asked), asked.species, asked.number or 0
        if wanted not in names:
            raise LabelError(
                f"no Raman tensor of {mode.name} in {crystal.primitive.formula}",
                why=f"the Raman-active modes are {', '.join(names) or 'none'}",
                fix="name one of them",
            )
        s = active[label]
        if len(mode.tensors) != s.dimension:
            raise ReadError(
                f"cannot use the Raman tensors of {mode.name} in {name}",
                why=f"there are {len(mode.tensors)}, and {label} is {s.dimension}-fold",
                fix="give one tensor for each of the degenerate partners, which are orthonormal",
            )
        frequency = mode.frequency
        if frequency is None and modes is not None:
            frequency = modes[label, number].frequency
        lines.append(fit_raman(crystal, s, mode.tensors, number=number, frequency=frequency))
        _require_form(lines[-1].outside, wanted, mode.tensors, crystal, name)
    unit = next(known for known in MODE_UNITS if known == table.unit)
    return RamanLines(tuple(lines), unit, table.source.path)


def atomic_lines(raman: AtomicRaman, modes: Modes, path: str | None) -> RamanLines:
    """Return the tensors of modes from those of atoms, as far as symmetry allows them.

    Raises
    ------
    SymmetryError
        They are far from any that the symmetry allows.
    """
    lost = np.abs(raman.derivatives - raman.symmetrized().derivatives) ** 2
    worst = int(np.argmax(lost.sum(axis=(1, 2, 3))))
    what = f"atom {worst + 1} ({raman.crystal.primitive.symbols[worst]}) and others"
    _require_form(
        raman.outside, what, raman.derivatives, raman.crystal, path or "the Raman tensors"
    )
    return RamanLines(raman.lines(modes), MODE_UNITS[0], path)


def _require_form(
    outside: float, what: str, tensors: Complex, crystal: SymmetricCrystal, name: str
) -> None:
    """Refuse tensors of which more is outside their form than errors of differences explain."""
    if outside <= LARGEST_OUTSIDE:
        return
    odd = np.sum(np.abs(tensors - np.swapaxes(tensors, -1, -2)) ** 2) / 4
    part = float(odd / np.sum(np.abs(tensors) ** 2))
    if part > LARGEST_OUTSIDE:
        raise SymmetryError(
            f"the Raman tensors of {what} in {name} are not symmetric",
            why=f"{part:.0%} of their square is antisymmetric in the polarisations",
            fix="give the symmetric part; an antisymmetric one needs resonance, and is not used",
        )
    raise SymmetryError(
        f"the Raman tensors of {what} in {name} have not the symmetry of the crystal",
        why=f"{outside:.0%} of their square is outside the form that {crystal.group.symbol} allows",
        fix="give them in the Cartesian axes of the structure file; symchiral light prints the "
        "form",
    )


def save_raman(path: str, raman: AtomicRaman, *, overwrite: bool = False) -> None:
    """Write derivatives of the polarisability, with the atoms they belong to.

    Raises
    ------
    InputError
        The file cannot be written, or another lies there that symchiral did not write.
    """
    crystal = raman.crystal
    primitive = crystal.primitive
    places = crystal.frame.point(primitive.positions, to="cartesian", source="primitive")
    document = {
        "note": mark(KIND),
        "schema": SCHEMA,
        "provenance": dict(raman.provenance),
        "definition": "atoms[k][b][i][j] = derivative of the polarisability alpha_ij of the cell, "
        "a volume, by the displacement of atom k along b",
        "unit": "angstrom^2",
        "structure": {
            "cell": rounded(primitive.cell),
            "positions": rounded(places @ np.linalg.inv(primitive.cell)),
            "symbols": [SYMBOLS[k] for k in primitive.numbers],
        },
        "atoms": rounded_complex(raman.derivatives),
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(path, text + "\n", KIND, overwrite=overwrite)
