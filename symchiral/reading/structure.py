"""Reading a crystal from whatever it is written in.

CIFs are read here; the reader of another format is loaded when a file is not one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.check import checked_crystal
from symchiral.crystal.crystal import SYMBOLS, Crystal, Notice, Source
from symchiral.errors import (
    GrammarError,
    InputError,
    ReadError,
    StructureError,
    SymchiralError,
)
from symchiral.reading.asymmetric import Expanded, expand_block, has_atoms
from symchiral.reading.cif import DataBlock, looks_like_cif, parse_cif
from symchiral.reading.files import choose, decode, load, locate, plain_name, unpack
from symchiral.reading.places import partly_occupied
from symchiral.reading.site_values import (
    first_moments,
    moments_of,
    unequal_charges,
    unequal_masses,
)
from symchiral.value import Floats

READERS = ("symchiral", "ase")
"""Who may read a CIF."""


def read_crystal(
    source: object,
    *,
    index: int | None = None,
    spin_axis: Sequence[float] | None = None,
    reader: str = "symchiral",
    average_sites: bool = False,
) -> Crystal:
    """Read a crystal from a file or from the structure of another library.

    Every input ends either in a checked crystal, whose ``source.notes`` say what had to be
    assumed, or in one named error that says what is wrong and how to repair it.

    Parameters
    ----------
    source : str, Path, ase.Atoms, pymatgen Structure, PhonopyAtoms, tuple or Crystal
        A file (CIF, POSCAR, extended XYZ, inputs of Quantum ESPRESSO and whatever else ASE reads,
        also compressed), the name of a packaged crystal where no file has it, an object that has a
        cell, positions and elements, or spglib's (lattice, positions, numbers[, magmoms]).
    index : int, optional
        Which structure of a file that holds several, counted from 0 (negative: from the end).
        Without it the last frame of a trajectory is taken, and the first data block of a CIF
        where all blocks have the same composition.
    spin_axis : (3,) float, optional
        Cartesian direction of moments that are given as numbers without one (collinear
        calculations); without it they are left out.
    reader : {"symchiral", "ase"}
        Who reads a CIF. With ``"ase"`` the two readings are compared, and a warning of the kind
        ``readers`` says where they differ. Other formats are always read by ASE.
    average_sites : bool
        Take a site of a CIF that several elements fill as one virtual element, marked as
        ``(Na0.5K0.5)``: the average structure.

    Returns
    -------
    Crystal
        The whole cell as the file gives it, orientation included.

    Raises
    ------
    ReadError
        If no structure can be read.
    StructureError
        If one was read that is not a crystal: no cell, overlapping or disordered atoms, ….
    LimitError
        If the file has more than 50 MB or the cell more than 20,000 atoms.

    Examples
    --------
    >>> crystal = read_crystal("Bi2Se3")
    >>> crystal, crystal.source.stated_group
    (Crystal(Bi2Se3, 15 atoms, 425.67 Å³), 166)
    """
    axis = None if spin_axis is None else unit_vector(spin_axis)
    if reader not in READERS:
        raise GrammarError(
            f"there is no reader {reader!r}",
            why="CIFs are read by symchiral itself or by ASE",
            fix="pass reader='symchiral' or reader='ase'",
        )
    if isinstance(source, Crystal):
        return source
    if isinstance(source, str | os.PathLike):
        path = locate(source)
        name = os.fspath(source)
        data = load(path, name=name)
        return read_bytes(
            data,
            name=name,
            index=index,
            path=path,
            spin_axis=axis,
            reader=reader,
            average_sites=average_sites,
        )
    return _from_object(source, axis)


def unit_vector(spin_axis: Sequence[float]) -> Floats:
    """Return the unit vector along a spin axis.

    Raises
    ------
    GrammarError
        It is not three finite numbers, or all are zero.
    """
    vector = np.array(spin_axis, dtype=float).reshape(-1)
    length = float(np.linalg.norm(vector))
    if len(vector) != 3 or not np.isfinite(length) or length == 0:
        raise GrammarError(
            f"cannot use the spin axis {tuple(spin_axis)}",
            why="it is not three finite numbers that are not all zero",
            fix="give a Cartesian direction, as in (0, 0, 1)",
        )
    return np.asarray(vector / length)


def read_bytes(
    data: bytes,
    *,
    name: str,
    index: int | None = None,
    path: Path | None = None,
    spin_axis: Floats | None = None,
    reader: str = "symchiral",
    average_sites: bool = False,
) -> Crystal:
    r"""Read a crystal from the bytes of a file.

    Parameters
    ----------
    data : bytes
        The file, also compressed.
    name : str
        Its name: tells the format together with the contents, and is how errors call it.
    index : int, optional
        As in :func:`read_crystal`.
    path : Path, optional
        Where the file lies, if it lies anywhere.
    spin_axis : (3,) float, optional
        Unit vector for moments without a direction, as in :func:`read_crystal`.
    reader, average_sites
        As in :func:`read_crystal`.

    Examples
    --------
    >>> poscar = b"Po\n1\n3.3 0 0\n0 3.3 0\n0 0 3.3\nPo\n1\nDirect\n0 0 0\n"
    >>> read_bytes(poscar, name="POSCAR")
    Crystal(Po, 1 atom, 35.94 Å³)
    """
    digest = hashlib.sha256(data).hexdigest()
    plain = unpack(data, name=name)
    is_cif = plain_name(str(path or name)).lower().endswith((".cif", ".mcif"))
    if is_cif or (b"\0" not in plain[:4000] and looks_like_cif(plain.decode("latin-1"))):
        if reader == "ase":
            return _by_ase(plain, name, digest, index, spin_axis, average_sites=average_sites)
        return _from_cif(plain, name, digest, index, average_sites=average_sites)
    from symchiral.reading.espresso import looks_like_espresso
    from symchiral.reading.foreign import read_foreign
    from symchiral.reading.phonon_website import looks_like_website, read_website

    if b"\0" not in plain and looks_like_espresso(plain.decode("latin-1")):
        return _from_espresso(plain, name, digest, spin_axis)
    if b"\0" not in plain and looks_like_website(plain.decode("latin-1")):
        text = decode(plain, name=name)
        return read_website(text.text, Source(name, digest, notes=text.notes), name=name)
    frame = read_foreign(plain, name=name, path=path, index=index)
    source = Source(path=name, sha256=digest, notes=frame.notes)
    return _from_ase(frame.atoms, source, name, spin_axis)


def _from_espresso(data: bytes, name: str, digest: str, spin_axis: Floats | None) -> Crystal:
    from symchiral.reading.espresso import parse_espresso

    text = decode(data, name=name)
    read = parse_espresso(text.text, name=name)
    notes = [*text.notes, *read.notes, *unequal_masses(read.numbers, read.masses)]
    moments = moments_of(read.moments, spin_axis, notes)
    return checked_crystal(
        read.cell,
        read.positions,
        read.numbers,
        source=Source(name, digest, notes=tuple(notes)),
        name=name,
        moments=moments,
    )


# ------------------------------------------------------------------------------- CIF


def _from_cif(
    data: bytes, name: str, digest: str, index: int | None, *, average_sites: bool
) -> Crystal:
    text = decode(data, name=name)
    blocks = [block for block in parse_cif(text.text, name=name) if has_atoms(block)]
    if not blocks:
        what = "no atoms with coordinates" if looks_like_cif(text.text) else "no CIF data"
        raise ReadError(
            f"cannot read {name}",
            why=f"it holds {what}",
            fix="give a CIF that lists _atom_site_fract_x, _y and _z",
        )
    chosen = choose(len(blocks), 0 if index is None else index, name)
    expanded = expand_block(blocks[chosen], name=name, average_sites=average_sites)
    notes = [*text.notes, *expanded.notes]
    if len(blocks) > 1 and index is None:
        notes.append(_others(blocks, expanded, name))
    return checked_crystal(
        expanded.cell,
        expanded.positions,
        expanded.numbers,
        source=Source(
            name,
            digest,
            expanded.group,
            expanded.symbol,
            tuple(notes),
            expanded.bns,
            expanded.notices,
        ),
        name=name,
        labels=expanded.labels,
        moments=expanded.moments,
        mixtures=expanded.mixtures,
    )


def _by_ase(
    data: bytes,
    name: str,
    digest: str,
    index: int | None,
    spin_axis: Floats | None,
    *,
    average_sites: bool,
) -> Crystal:
    """What ASE reads from a CIF, with a notice on how far our own reading agrees."""
    from symchiral.reading.foreign import read_cif_by_ase
    from symchiral.reading.readings import differences

    frame = read_cif_by_ase(data, name=name, index=index)
    crystal = _from_ase(frame.atoms, Source(name, digest, notes=frame.notes), name, spin_axis)
    try:
        ours = _from_cif(data, name, digest, index, average_sites=average_sites)
    except SymchiralError as error:
        text = f"symchiral's own reader refuses this CIF ({error.why}); what ASE reads is used"
        source = crystal.source
    else:
        found = differences(crystal, ours)
        text = (
            f"ASE and symchiral read this CIF differently: {'; '.join(found)}. What ASE reads is "
            "used"
            if found
            else "ASE and symchiral read the same atoms from this CIF"
        )
        source = replace(
            crystal.source,
            stated_group=ours.source.stated_group,
            stated_symbol=ours.source.stated_symbol,
        )
    return replace(crystal, source=replace(source, contradictions=(Notice("readers", text),)))


def _others(blocks: list[DataBlock], first: Expanded, name: str) -> str:
    """Return the note on other blocks; raise if they are of another substance."""
    named = [f"{i} {block.name or '(no name)'}" for i, block in enumerate(blocks[:8])]
    names = ", ".join(named)
    for block in blocks[1:]:
        try:
            same = _composition(expand_block(block, name=name)) == _composition(first)
        except InputError:
            same = True  # broken or disordered: not what was meant
        if not same:
            raise ReadError(
                f"cannot tell which structure of {name} is meant",
                why=f"its {len(blocks)} data blocks have different compositions: {names}",
                fix="choose one (index=0, --index 0), or keep one block in the file",
            )
    return (
        f"the CIF holds {len(blocks)} structures of one composition; the first was taken, "
        f"{named[0]}; the others: {', '.join(named[1:])} (index=1, --index 1)"
    )


def _composition(expanded: Expanded) -> list[tuple[int, int]]:
    numbers, counts = np.unique(expanded.numbers, return_counts=True)
    divisor = int(np.gcd.reduce(counts))
    return [(int(z), int(n) // divisor) for z, n in zip(numbers, counts, strict=True)]


# ------------------------------------------------------------------------------- objects


def _from_object(thing: Any, spin_axis: Floats | None) -> Crystal:
    name = f"this {type(thing).__name__}"
    if hasattr(thing, "get_scaled_positions") and hasattr(thing, "get_pbc"):
        return _from_ase(thing, Source(), name, spin_axis)
    if hasattr(thing, "lattice") and hasattr(thing, "frac_coords"):
        return _from_pymatgen(thing, name, spin_axis)
    if all(hasattr(thing, key) for key in ("cell", "scaled_positions", "numbers")):
        notes = unequal_masses(thing.numbers, getattr(thing, "masses", None))
        moments = moments_of(getattr(thing, "magnetic_moments", None), spin_axis, notes)
        return checked_crystal(
            thing.cell,
            thing.scaled_positions,
            thing.numbers,
            source=Source(notes=tuple(notes)),
            name=name,
            moments=moments,
        )
    if isinstance(thing, tuple | list) and len(thing) in (3, 4):
        return _from_spglib(thing, "this cell of spglib", spin_axis)
    if hasattr(thing, "sites") and hasattr(thing, "cart_coords"):
        raise StructureError(
            f"{name} is not a crystal", why="it has no lattice", fix="give a periodic Structure"
        )
    raise ReadError(
        f"cannot read a crystal from {name}",
        why="it has no cell, scaled positions and atomic numbers",
        fix="give a path, ase.Atoms, a pymatgen Structure, PhonopyAtoms, a Crystal, or the tuple "
        "(lattice, positions, numbers) of spglib",
    )


def _from_spglib(cell: Sequence[Any], name: str, spin_axis: Floats | None) -> Crystal:
    """Take (lattice, positions, numbers) or (lattice, positions, numbers, magmoms)."""
    try:
        lattice, positions = (np.array(x, dtype=float) for x in cell[:2])
        numbers = np.array(cell[2], dtype=int)
    except (TypeError, ValueError, OverflowError) as error:
        raise ReadError(
            f"cannot read a crystal from {name}",
            why="its lattice, positions and numbers are not arrays of numbers",
            fix="give ((3, 3) rows in Å, (N, 3) fractions, (N,) atomic numbers)",
        ) from error
    if lattice.shape != (3, 3) or numbers.ndim != 1 or positions.shape != (len(numbers), 3):
        raise ReadError(
            f"cannot read a crystal from {name}",
            why=f"the shapes are {lattice.shape}, {positions.shape} and {numbers.shape}",
            fix="give ((3, 3) rows in Å, (N, 3) fractions, (N,) atomic numbers)",
        )
    notes = []
    kinds = sorted(set(numbers.tolist()))
    if kinds in (list(range(len(kinds))), list(range(1, len(kinds) + 1))):
        notes.append(
            f"the numbers {', '.join(map(str, kinds))} are taken as atomic numbers: where they "
            "only number the kinds of atoms, names and masses are wrong, and the symmetry is not"
        )
        numbers = numbers + (kinds[0] == 0)
    moments = moments_of(cell[3] if len(cell) == 4 else None, spin_axis, notes)
    source = Source(notes=tuple(notes))
    return checked_crystal(lattice, positions, numbers, source=source, name=name, moments=moments)


def _from_ase(atoms: Any, source: Source, name: str, spin_axis: Floats | None) -> Crystal:
    _check_ase_occupancy(atoms, name)
    cell = np.array(atoms.cell, dtype=float)
    notes = list(source.notes)
    pbc = [bool(flag) for flag in atoms.pbc]
    if not all(pbc) and np.all(np.any(cell, axis=1)):
        axes = ", ".join(axis for axis, flag in zip("abc", pbc, strict=True) if not flag)
        notes.append(f"not declared periodic along {axes}; it is taken as periodic with its cell")
    arrays = getattr(atoms, "arrays", {})
    notes += unequal_masses(atoms.numbers, arrays.get("masses"))
    notes += unequal_charges(atoms.numbers, arrays.get("initial_charges"))
    results = getattr(getattr(atoms, "calc", None), "results", {})
    given = (arrays.get("initial_magmoms"), results.get("magmoms"), arrays.get("magmoms"))
    moments = moments_of(first_moments(given), spin_axis, notes)
    source = Source(source.path, source.sha256, None, None, tuple(notes))
    numbers = np.array(atoms.numbers)
    positions = np.array(atoms.positions, dtype=float)
    with np.errstate(all="ignore"):  # what overflows is told by the checks
        if np.all(np.isfinite(cell)) and abs(float(np.linalg.det(cell))) > 0:
            positions = np.linalg.solve(cell.T, positions.T).T
    return checked_crystal(cell, positions, numbers, source=source, name=name, moments=moments)


def _check_ase_occupancy(atoms: Any, name: str) -> None:
    """ASE keeps the dominant element of a shared site and hides the rest in ``info``."""
    occupancy = atoms.info.get("occupancy") if isinstance(atoms.info, dict) else None
    if not isinstance(occupancy, dict):
        return
    for site, shares in occupancy.items():
        if isinstance(shares, dict) and (
            len(shares) > 1 or any(float(share) < 0.995 for share in shares.values())
        ):
            mix = ", ".join(f"{element} {share}" for element, share in shares.items())
            raise partly_occupied(name, f"site {site} is occupied by {mix}")


def _from_pymatgen(structure: Any, name: str, spin_axis: Floats | None) -> Crystal:
    if not getattr(structure, "is_ordered", True):
        site = next((s for s in structure.sites if not getattr(s, "is_ordered", True)), None)
        what = getattr(site, "species_string", None) or getattr(site, "species", "a site")
        raise partly_occupied(name, f"a site is occupied by {what}")
    numbers, charges, spins, heavy = [], [], [], False
    for i, site in enumerate(structure.sites):
        element = getattr(site, "specie", None) or getattr(site, "species", None)
        symbol = str(getattr(element, "symbol", element))
        heavy |= symbol in ("D", "T") or getattr(element, "name", None) in ("D", "T")
        symbol = "H" if symbol in ("D", "T") else symbol
        if symbol not in SYMBOLS[1:]:
            raise StructureError(
                f"{name} is not a crystal",
                why=f"atom {i + 1} is of no known element ({symbol[:20]!r})",
                fix="give its chemical symbol",
            )
        numbers.append(SYMBOLS.index(symbol))
        charges.append(getattr(element, "oxi_state", None))
        spins.append(getattr(element, "spin", None))
    notes = ["deuterium or tritium is taken as H"] if heavy else []
    notes += unequal_charges(numbers, charges)
    properties = getattr(structure, "site_properties", None) or {}
    moments = moments_of(first_moments((properties.get("magmom"), spins)), spin_axis, notes)
    return checked_crystal(
        structure.lattice.matrix,
        structure.frac_coords,
        numbers,
        source=Source(notes=tuple(notes)),
        name=name,
        moments=moments,
    )
