"""Compare how symchiral, pymatgen and ASE read CIFs: contents of the cell and space group.

    python tools/compare_readers.py [--settings] [FOLDER …]

Without a folder, the corpora are what wheels hold: CIFs of the installed packages, and the
structures of pymatgen's AFLOW prototypes and of robocrys' minerals, which pymatgen writes as CIFs
with symmetry first. Needs the extra [oracle] (pymatgen) and, for the last corpus, robocrys.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import io
import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import spglib

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry
from symchiral.errors import SymchiralError
from symchiral.reading.structure import read_bytes, read_crystal

Reading = tuple[dict[str, int], int] | str
"""Atoms of the cell by element and number of the space group, or why there is none."""


def packaged(package: str) -> Iterator[tuple[str, bytes]]:
    """Every CIF inside an installed package."""
    spec = importlib.util.find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).rglob("*.[cC][iI][fF]")):
            yield f"{package}/{path.name}", path.read_bytes()


def prototypes(package: str, file: str, key: str) -> Iterator[tuple[str, bytes]]:
    """Structures that a package keeps as JSON, written by pymatgen with symmetry."""
    from pymatgen.core import Structure
    from pymatgen.io.cif import CifWriter

    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations or ()) if spec else ()
    for folder in folders:
        with gzip.open(Path(folder) / file) as stream:
            records = json.load(stream)
        if isinstance(records, dict):  # a table as pandas writes it
            rows = records["data"]
            records = [dict(zip(records["columns"], row, strict=True)) for row in rows]
        for i, record in enumerate(records):
            found = record[key]
            found = json.loads(found) if isinstance(found, str) else found
            structure = Structure.from_dict(found.get("structure", found))
            yield f"{package}/{i}", str(CifWriter(structure, symprec=0.01)).encode()


def settings() -> Iterator[tuple[str, str, bytes, np.ndarray]]:
    """Spglib's 530 settings by each kind of statement, and the atoms that one site stands for."""
    tags = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    for hall in range(1, 531):
        kind, group = spglib.get_spacegroup_type(hall), spglib.get_symmetry_from_database(hall)
        n, choice = kind.number, kind.choice
        cell = [20.4, 25.2, 30.8, 90, 90, 90]
        if n <= 2:
            cell[3:] = 81, 97, 103
        elif n <= 15:
            cell["abc".index(choice.strip("-")[0]) + 3] = 100
        elif n > 194 or choice == "R":
            cell[1:3] = cell[0], cell[0]
            cell[3:] = [71] * 3 if choice == "R" else cell[3:]
        elif n > 74:
            cell[1] = cell[0]
            cell[5] = 120 if n > 142 else 90
        parts = [part.strip().replace("_", "") for part in kind.international.split("=")]
        symbol = (parts[1:] or parts)[0]
        words = [word for word in symbol.split() if n > 15 or n < 3 or word != "1"]
        named = f"{symbol} :{choice}" if choice else symbol
        stated = {
            "symbol with choice": f"_space_group_name_H-M_alt '{named}'",
            "full symbol": f"_space_group_name_H-M_alt '{kind.international_full}'",
            "short symbol": f"_space_group_name_H-M_alt '{''.join(words)}'",
            "Hall symbol": f"_space_group_name_Hall '{kind.hall_symbol}'",
            "number and Hall symbol": f"_space_group_IT_number {n}\n"
            f"_space_group_name_Hall '{kind.hall_symbol}'",
        }
        site = np.array([0.1234, 0.2918, 0.0741])
        images = (group["rotations"] @ site + group["translations"]) % 1.0
        for what, tag in stated.items():
            lines = ["data_x", *(f"_cell_{t} {x}" for t, x in zip(tags, cell, strict=True)), tag]
            lines += ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
            lines += [
                *(f"_atom_site_fract_{axis}" for axis in "xyz"),
                "Po1 Po 0.1234 0.2918 0.0741",
            ]
            yield what, f"{hall}", "\n".join([*lines, ""]).encode(), images


def compare_settings() -> None:
    """Count who puts the atoms of each setting where its operations do."""
    readers: dict[str, Callable[[bytes], Crystal]] = {
        "symchiral": lambda data: read_bytes(data, name="x.cif"),
        "pymatgen": lambda data: read_crystal(pymatgen_structure(data)),
        "ASE": lambda data: read_crystal(ase_atoms(data)),
    }
    seen: dict[str, Counter[str]] = {}
    for what, _, data, images in settings():
        for who, read in readers.items():
            try:
                found = read(data).positions
            except Exception:  # noqa: BLE001 - parsers of others raise anything
                result = "refused"
            else:
                delta = found[:, None] - images
                delta -= np.rint(delta)
                near = np.abs(delta).max(axis=2).min(axis=1).max() < 1e-4
                result = "right" if len(found) == len(images) and near else "wrong"
            seen.setdefault(f"{who}, {what}", Counter())[result] += 1
    for title, counts in sorted(seen.items()):
        sys.stdout.write(f"{title}: {json.dumps(counts)}\n")


def counted(crystal: Crystal) -> Reading:
    """Contents and group of a crystal."""
    try:
        return dict(Counter(crystal.symbols)), find_symmetry(crystal).group.number
    except SymchiralError as error:
        return f"{type(error).__name__}: {error.why}"


def by_us(name: str, data: bytes) -> tuple[Reading, list[str]]:
    """Our reading, and the kinds of warnings that say the file contradicts it."""
    try:
        crystal = read_bytes(data, name=f"{Path(name).name}.cif")
    except SymchiralError as error:
        return f"{type(error).__name__}: {error.why}", []
    return counted(crystal), [notice.kind for notice in crystal.source.contradictions]


def pymatgen_structure(data: bytes) -> Any:
    """What pymatgen reads, in the cell of the file."""
    from pymatgen.io.cif import CifParser

    parser = CifParser(io.StringIO(data.decode("utf-8", errors="replace")))
    return parser.parse_structures(primitive=False)[0]


def ase_atoms(data: bytes) -> Any:
    """What ASE reads."""
    from ase.io import read

    return read(io.StringIO(data.decode("utf-8", errors="replace")), format="cif", index=0)


def _foreign(read: Callable[[bytes], Any], data: bytes) -> Reading:
    try:
        thing = read(data)
    except Exception as error:  # noqa: BLE001 - parsers of others raise anything
        return f"{type(error).__name__}: {error}"
    try:
        return counted(read_crystal(thing))
    except SymchiralError as error:
        return f"{type(error).__name__}: {error.why}"


def compare(corpus: Iterator[tuple[str, bytes]], *, show: bool) -> Counter[str]:
    """Count agreement over a corpus; the three readings of what differs are printed."""
    seen: Counter[str] = Counter()
    for name, data in corpus:
        ours, said = by_us(name, data)
        others = {
            "pymatgen": _foreign(pymatgen_structure, data),
            "ASE": _foreign(ase_atoms, data),
        }
        seen["files"] += 1
        seen["read by symchiral"] += not isinstance(ours, str)
        seen["stated otherwise, with a warning"] += bool(said)
        for who, theirs in others.items():
            seen[f"read by {who}"] += not isinstance(theirs, str)
            if isinstance(theirs, str) or isinstance(ours, str):
                seen[f"{who} alone"] += isinstance(ours, str) and not isinstance(theirs, str)
            elif theirs[0] != ours[0]:
                seen[f"other contents than {who}"] += 1
            elif theirs[1] != ours[1]:
                seen[f"other group than {who}"] += 1
            else:
                seen[f"as {who}"] += 1
        if show and any(theirs != ours and not _both(ours, theirs) for theirs in others.values()):
            sys.stdout.write(f"{name}\n  symchiral {ours} {' '.join(said)}\n")
            sys.stdout.writelines(f"  {who} {str(x)[:160]}\n" for who, x in others.items())
    return seen


def _both(ours: Reading, theirs: Reading) -> bool:
    return isinstance(ours, str) and isinstance(theirs, str)


def main() -> None:
    """Print the counts of each corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--show", action="store_true", help="print every file that is read apart")
    parser.add_argument("--settings", action="store_true", help="the 530 settings by their names")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.settings:
        compare_settings()
        return
    corpora: dict[str, Iterator[tuple[str, bytes]]] = {}
    for folder in options.folders:
        paths = sorted(folder.rglob("*.[cC][iI][fF]"))
        corpora[str(folder)] = ((str(path), path.read_bytes()) for path in paths)
    if not corpora:
        for package in ("pyxtal", "crystod", "ase", "pyocse", "matminer"):
            corpora[f"CIFs in {package}"] = packaged(package)
        corpora["AFLOW prototypes in pymatgen"] = prototypes(
            "pymatgen", "analysis/prototypes/aflow_prototypes.json.gz", "snl"
        )
        corpora["minerals in robocrys"] = prototypes(
            "robocrys", "condense/mineral_db.json.gz", "structure"
        )
    total: Counter[str] = Counter()
    for title, corpus in corpora.items():
        seen = compare(corpus, show=options.show)
        total += seen
        sys.stdout.write(f"{title}: {json.dumps(seen)}\n")
    sys.stdout.write(f"all: {json.dumps(total)}\n")


if __name__ == "__main__":
    main()
