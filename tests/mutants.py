"""Damaged inputs at every door of symchiral: each gives an answer or one error in words.

A *mutant* is a command line together with the files it reads, one of them damaged: structures,
force data, third-order forces, couplings, Raman tensors, linewidths, traces, fitted rows, the
strings of options, whole command lines, paths, sets of structures, catalogs, and names of groups.
Each runs in a process of its own kind, and fails if it

- raises anything outside the tree of errors, or leaves another status than 0, 1, 2 or 3,
- takes more than ten seconds of processor time, or a gigabyte of memory,
- ends the process by a signal,
- sends a control character to the terminal,
- lets a library print a warning of its own, or says nothing at status 1,
- prints JSON that is no JSON.

``python tests/mutants.py --count 100000 --seed 1`` runs many and prints a table; a failure is told
when it is met, with the seed that repeats it: ``python tests/mutants.py --seed 17 --show``. With
``--result FILE`` the counts are also written as JSON; after Ctrl-C, those of what was run by then.
"""

from __future__ import annotations

import argparse
import cmath
import contextlib
import io
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 10.0
"""Processor time a mutant may take."""

IDLE = 90.0
"""Seconds after which a mutant that does nothing counts as hanging, on however busy a machine."""

MEMORY = 1_000_000_000
"""Address space a mutant may add, bytes."""

LIFE = 2000
"""Mutants after which a process is replaced, so that what one leaves behind does not add up."""

NUMBERS = (
    "0", "1", "-1", "1e308", "-1e308", "1e-308", "nan", "inf", "-inf", "1e999", "2147483648",
    "99999999999999999999", "-2147483649", "0.3333", "0.333", "0.33", "1/3", "1/0", "?", ".", "",
    "0x10", "1_0", "1e5", "180", "90.0001", "120", "1.0(3)", "½", "１", "--1", "1,5", "1d0", "0.5",
    "000000001", "9" * 5000,
)  # fmt: skip
WORDS = (
    "loop_", "data_", "data_y", "save_", "global_", ";", "'", '"', "#", "_", "_cell_length_a", "X",
    "D", "Xx", "Selective dynamics", "Cartesian", "Lattice=", 'Properties="a:R:9999"', "pbc=F",
    "x,y,z", "-x,-y,-z", "x+1/3,y,z", "2x,y,z", "P b n m", "F d -3 m", "\0", "\x1a", "\ufeff", "é",
    "VEC1 1 0 0", "_space_group_symop_magn_operation_xyz x", "_atom_site_occupancy", "<html>", "{",
    "[" * 50, "null", "true", "\x1b[31m", "&a [*a]", "!!python/name:os.system", "1e400", "]", "}",
    "lattice:", "points:", "force_constants:", "NaN", "Infinity",
)  # fmt: skip

Mutation = Callable[[random.Random, str], str]


def _number(rng: random.Random, text: str) -> str:
    spots = list(re.finditer(r"[+-]?\d+\.?\d*", text))
    if not spots:
        return text + " 1"
    spot = rng.choice(spots)
    if rng.random() < 0.5:
        new = rng.choice(NUMBERS)
    else:
        new = repr(float(spot[0]) * rng.choice([-1, 0, 0.1, 0.999, 1.001, 2, 1e3, 1e9]))
    return text[: spot.start()] + new + text[spot.end() :]


def _character(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    new = chr(rng.choice([rng.randrange(256), rng.randrange(32, 127)]))
    return text[:at] + new + text[at + 1 :]


def _drop(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + rng.choice([1, 1, 2, 5, 40]) :]


def _line(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    action = rng.randrange(5)
    if action == 0:
        del lines[i]
    elif action == 1:
        lines.insert(i, lines[j])
    elif action == 2:
        lines[i], lines[j] = lines[j], lines[i]
    elif action == 3:
        lines[i : i + 1] = [lines[i]] * rng.choice([2, 10, 300])
    else:
        words = lines[i].split()
        rng.shuffle(words)
        lines[i] = " ".join(words)
    return "\n".join(lines)


def _word(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    space = [" ", "\n", ""]
    return f"{text[:at]}{rng.choice(space)}{rng.choice(WORDS)}{rng.choice(space)}{text[at:]}"


def _cut(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] if rng.random() < 0.7 else text[at:]


def _twice(rng: random.Random, text: str) -> str:
    return text + rng.choice(["", "\n", "data_z\n"]) + text


MUTATIONS: tuple[Mutation, ...] = (
    _number, _number, _number, _number, _character, _character, _drop, _line, _line, _word, _word,
    _cut, _twice,
)  # fmt: skip


def mutated(rng: random.Random, text: str) -> str:
    """The text with one to six random damages."""
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        text = rng.choice(MUTATIONS)(rng, text) or " 1"
    return text


def mutated_words(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Short text with one or two damages, most of which put in a word of it or of another."""
    for _ in range(rng.choice([1, 1, 2])):
        action = rng.randrange(10)
        if action < 6:
            parts = re.split(r"(\W+)", text)
            at = rng.randrange(len(parts))
            source = parts if action < 2 else re.split(r"(\W+)", rng.choice(others))
            # A word takes the place of a word, what lies between them that of another such.
            parts[at] = rng.choice(source[at % 2 :: 2] or parts)
            text = "".join(parts)
        elif action == 6:
            other = rng.choice(others)
            text = text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other)) :]
        elif text:
            text = rng.choice([_number, _character, _drop, _word, _cut])(rng, text)
    return text


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """Binary data with bytes changed, dropped, repeated or cut off."""
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if not found:
            return b"\0"
        at = rng.randrange(len(found))
        action = rng.randrange(6)
        if action < 3:
            found[at] = rng.choice(
                [0, 255, rng.randrange(256), found[at] ^ (1 << rng.randrange(8))]
            )
        elif action == 3:
            found[at : at + 8] = rng.choice([b"\xff" * 8, b"\0" * 8, b"\0" * 7 + b"\x7f"])
        elif action == 4:
            del found[at : at + rng.choice([1, 8, 512])]
        else:
            del found[at:]
    return bytes(found)


# ---------------------------------------------------------------- originals


@dataclass(frozen=True)
class Case:
    """A command line and the files it reads, by name."""

    door: str
    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)


@lru_cache(maxsize=1)
def structures() -> list[tuple[str, str]]:
    """Names and texts of small structure files in several formats."""
    from symchiral.crystal.crystal import Crystal
    from symchiral.reading import find_structure, structure_names
    from symchiral.reading.structure import read_crystal

    def poscar(crystal: Crystal) -> str:
        order = sorted(range(len(crystal)), key=lambda i: crystal.numbers[i])
        symbols = [crystal.symbols[i] for i in order]
        kinds = list(dict.fromkeys(symbols))
        rows = [" ".join(f"{x:.10f}" for x in row) for row in crystal.cell]
        counts = " ".join(str(symbols.count(kind)) for kind in kinds)
        atoms = [" ".join(f"{x:.10f}" for x in crystal.positions[i]) for i in order]
        parts = [crystal.formula, "1.0", *rows, " ".join(kinds), counts, "Direct", *atoms, ""]
        return "\n".join(parts)

    def xyz(crystal: Crystal) -> str:
        lattice = " ".join(f"{x:.8f}" for x in crystal.cell.ravel())
        head = f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" energy=-1.5'
        places = crystal.positions @ crystal.cell
        atoms = [
            f"{symbol} " + " ".join(f"{x:.8f}" for x in place)
            for symbol, place in zip(crystal.symbols, places, strict=True)
        ]
        return "\n".join([str(len(crystal)), head, *atoms, ""])

    def espresso(crystal: Crystal) -> str:
        kinds = list(dict.fromkeys(crystal.symbols))
        rows = [" ".join(f"{x:.8f}" for x in row) for row in crystal.cell]
        atoms = [
            f"{symbol} " + " ".join(f"{x:.8f}" for x in place)
            for symbol, place in zip(crystal.symbols, crystal.positions, strict=True)
        ]
        head = f"&control\n/\n&system\n ibrav=0, nat={len(crystal)}, ntyp={len(kinds)}\n/\n"
        cards = "\n".join(f"{kind} 1.0 {kind}.upf" for kind in kinds)
        return (
            f"{head}&electrons\n/\nATOMIC_SPECIES\n{cards}\nCELL_PARAMETERS angstrom\n"
            + "\n".join(rows)
            + "\nATOMIC_POSITIONS crystal\n"
            + "\n".join(atoms)
            + "\n"
        )

    listed = "loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n"
    found = []
    for name in structure_names():
        path = find_structure(name)
        text = path.read_text(encoding="utf-8")
        crystal = read_crystal(name)
        found.append((f"x{path.suffix}", text))
        if path.suffix == ".cif":
            short = "\n".join(x for x in text.split("\n") if "'" not in x or "," not in x)
            # The group is named, its operations are not listed.
            found.append(("x.cif", short.replace(listed, "")))
        found += [("POSCAR", poscar(crystal)), ("x.xyz", xyz(crystal)), ("x.in", espresso(crystal))]
    return found


SMALL: Mapping[str, tuple[int, int, int]] = {
    "MgB2": (2, 2, 1),
    "BN_hexagonal": (2, 2, 1),
    "GaSe": (2, 2, 1),
    "ZnO": (2, 2, 2),
    "TiO2_anatase": (1, 1, 1),
}
"""Force sets and the supercells that they are brought to: damage hits what matters more often."""


@lru_cache(maxsize=1)
def force_files() -> dict[str, dict[str, bytes]]:
    """For each of a few force sets: phonopy.yaml, and the other files phonopy writes of it."""
    import phonopy
    from phonopy.file_IO import write_FORCE_CONSTANTS, write_force_constants_to_hdf5

    from symchiral.reading.files import unpack

    kept: dict[str, dict[str, bytes]] = {}
    for name, supercell in SMALL.items():
        (path,) = (ROOT / "structures" / name).glob("phonopy.yaml*")
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "full.yaml").write_bytes(unpack(path.read_bytes(), name=path.name))
            full = phonopy.load(folder / "full.yaml", produce_fc=True, log_level=0)
            phonon = _in_supercell(full, supercell)
            phonon.save(folder / "phonopy.yaml")
            bare = {"force_sets": False, "born_effective_charge": False}
            phonon.save(folder / "bare.yaml", settings=bare)
            constants, places = phonon.force_constants, phonon.primitive.p2s_map
            write_FORCE_CONSTANTS(constants, filename=str(folder / "FC"), p2s_map=places)
            write_force_constants_to_hdf5(
                constants, filename=str(folder / "fc.hdf5"), p2s_map=places
            )
            phonon.run_mesh([2, 2, 2], with_eigenvectors=True, is_gamma_center=True)
            phonon.mesh.write_yaml(filename=str(folder / "mesh.yaml"))
            phonon.run_qpoints([[0, 0, 0], [0.5, 0, 0]], with_eigenvectors=True)
            phonon.qpoints.write_yaml(filename=str(folder / "qpoints.yaml"))
            phonon.auto_band_structure(npoints=3, with_eigenvectors=True)
            phonon.band_structure.write_yaml(filename=str(folder / "band.yaml"))
            kept[name] = {
                "phonopy.yaml": (folder / "phonopy.yaml").read_bytes(),
                "bare.yaml": (folder / "bare.yaml").read_bytes(),
                "FORCE_CONSTANTS": (folder / "FC").read_bytes(),
                "force_constants.hdf5": (folder / "fc.hdf5").read_bytes(),
                "mesh.yaml": (folder / "mesh.yaml").read_bytes(),
                "qpoints.yaml": (folder / "qpoints.yaml").read_bytes(),
                "band.yaml": (folder / "band.yaml").read_bytes(),
            }
    return kept


def _in_supercell(full: Any, supercell: tuple[int, int, int]) -> Any:
    """The same crystal with forces of a smaller supercell, by its modes at that one's points."""
    from phonopy import Phonopy
    from phonopy.harmonic.dynmat_to_fc import DynmatToForceConstants

    phonon = Phonopy(
        full.unitcell, np.diag(supercell), primitive_matrix=full.primitive_matrix, log_level=0
    )
    charges, full.nac_params = full.nac_params, None
    inverse = DynmatToForceConstants(phonon.primitive, phonon.supercell, is_full_fc=True)
    matrices = []
    for q in inverse.commensurate_points:
        full.dynamical_matrix.run(q)
        matrices.append(full.dynamical_matrix.dynamical_matrix)
    inverse.dynamical_matrices = np.array(matrices)
    inverse.run()
    constants = inverse.force_constants
    phonon.generate_displacements(distance=0.01)
    phonon.forces = [
        -np.einsum("jab,b->ja", constants[:, entry["number"]], entry["displacement"])
        for entry in phonon.dataset["first_atoms"]
    ]
    phonon.produce_force_constants(calculate_full_force_constants=False)
    phonon.nac_params = charges
    return phonon


SETS = ("P-62m", "P2_13", "P4mm", "P3m1")


@lru_cache(maxsize=1)
def force_set_files() -> list[dict[str, bytes]]:
    """POSCAR, FORCE_SETS and settings of some of phonopy's own examples."""
    from phonopy_crystals import CRYSTALS, DATA

    from symchiral.reading.files import unpack

    return [
        {
            "POSCAR": (DATA / f"POSCAR_{crystal.label}").read_bytes(),
            "FORCE_SETS": unpack(
                (DATA / f"FORCE_SETS_{crystal.label}.xz").read_bytes(), name=crystal.label
            ),
            "phonopy.conf": f"DIM = {' '.join(map(str, crystal.supercell))}\n".encode(),
        }
        for crystal in CRYSTALS
        if crystal.label in SETS
    ]


BORN = b"""14.4
1.77 0 0 0 1.77 0 0 0 1.77
2.0 0 0 0 2.0 0 0 0 2.0
-2.0 0 0 0 -2.0 0 0 0 -2.0
"""

RAMAN = """{"schema": "symchiral/raman/1", "unit": "arbitrary", "modes": [
 {"mode": "A1g(1)", "frequency": 2.1, "frequency_unit": "THz",
  "tensors": [[[1, 0, 0], [0, 1, 0], [0, 0, 2]]]},
 {"mode": "Eg(2)", "tensors": [[[1, 0, 0], [0, -1, 1], [0, 1, 0]], [[0, -1, -1], [-1, 0, 0],
  [-1, 0, 0]]]}]}"""
LINEWIDTHS = '{"frequency_unit": "THz", "linewidths": {"Eu(1)": 0.05, "Eg(2)": 0.08}}'
DELAYS = [0.1 * i - 1 for i in range(60)]
SIGNAL = [cmath.exp((2j * cmath.pi * 2.2 - 0.5) * t) if t > 0 else 0j for t in DELAYS]
TRACE = "\n".join(
    [
        "# pump_frequency: 2.0 THz",
        "# probe: balanced, fold 3, S0 = 0, S45 = 45",
        "# exclude: -1.5, 1.5",
        "time_ps,pump,S0,S45",
        *(f"{t:.3f},s+,{z.real:.5f},{z.imag:.5f}" for t, z in zip(DELAYS, SIGNAL, strict=True)),
        "",
    ]
)
TRANSFERS = (
    "Eu(+) Eu(+) -> Eg(-)", "Eu#1(+) Eu#1(+) -> Eg#2(-)", "Eu(1,+) A1g(1,*) -> Eu(2,+)",
    "Eu(+) Eu:b(-) -> A1g", "E[σ+] Eu(+) -> Eg(-)", "B[z] Eu(+) -> Eu(+)", "2Eu(+) -> Eg(-)",
    "Eu(+)^2 -> Eg", "c[0]@K K3(+)@K -> c[1]@K", "e[1/2] Eu(+) -> e[3/2]", "strain[xx] A1g -> A1g",
    "X[1] -> Eu(+)", "Γ3-(+) Γ3-(+) → Γ3+(−)", "h[1/2]@K Eg(+) → h[-1/2]@K",
)  # fmt: skip
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "--q": ("GM GM GM", "K K K", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0", "star", "all", "DT(1/2) GM GM"),
    "--axis": ("0,0,1", "1 0 0", "[0 0 1]", "1,1,1@0,0,1/2", "c"),
    "--field": ("B=0,0,1", "E=1,0,0", "strain=xx", "strain=1,0,0,0,0,0"),
    "--pump": ("1.5-2.5THz s+", "2.0THz s- 1ps 1MV/cm", "2THz σ+ 0.5THz", "x phase=90deg 2THz"),
    "--probe": ("raman", "infrared", "hyper-raman"),
    "--symprec": ("1e-3", "0.01", "1e-300", "nan"),
    "--spin-axis": ("0,0,1", "1,1,0"),
    "--unit": ("THz", "cm-1", "meV"),
    "--order": ("3", "4"),
    "--max-detuning": ("0.3THz", "5cm-1"),
    "--linewidth": ("0.1THz", "3cm-1"),
    "--direction": ("1,0,0", "[0 0 1]"),
    "--beam": ("0,0,1", "1,0,0"),
    "--orient": ("c along z, a along x", "[1 1 0] along x"),
    "--geometry": ("backscattering", "forward", "right-angle:1,0,0"),
    "--mode": ("Eu#1(+)", "Eu(1,+)", "A1g#2"),
    "--band": ("1", "4"),
    "--calculator": ("x:y", "..:x", "os:system"),
    "--path": ("GM K M GM", "GM A | L H"),
    "--points": ("10", "2"),
    "--mesh": ("2 2 2",),
    "--frames": ("4",),
    "--cells": ("1,1,1",),
    "--amplitude": ("0.1", "1"),
    "--horizontal": ("1,0,0", "0 1 0"),
    "--supercell": ("1 1 1", "2 1 1"),
    "--index": ("0", "-1"),
    "--film": ("25nm on 3.07", "2um on 1.5", "100nm"),
    "--about": ("axis", "path"),
    "--modes": ("Eu#1 Eg#2", "Eu A1g"),
    "--show": ("Eu#1 Eg#2", "A1g#1"),
    "--step": ("0.01", "0.05"),
    "--exclude": ("-1,1",),
    "--pump-frequency": ("2THz",),
    "--pump-range": ("1-3THz",),
    "--start": ("Eu#1(+) 0.05A",),
    "--duration": ("0.5", "4"),
    "--damping": ("0.05THz", "0.05THz, Eu#1 0.08THz at 300K klemens"),
    "--temperature": ("77K",),
    "--sweep": ("frequency 1.5..2.5THz 3", "delay 0..2ps 9"),
    "--map": ("Eg#2",),
    "--columns": ("id,flips", "symbol"),
    "--sql": ("SELECT id, flips FROM catalog WHERE flips > 0", "SELECT count(*) FROM catalog"),
    "--shard": ("1/2", "2/2"),
    "--timeout": ("300s", "1min"),
    "--memory": ("4GB", "2e9"),
}
ALL_OPTIONS = tuple(value for values in OPTIONS.values() for value in values)
COMMANDS = (
    "predict", "explain", "show", "modes", "light", "bands", "animate", "couple", "audit", "plan",
    "schema", "simulate", "validate", "phonons", "report", "screen", "query", "merge", "atlas",
)  # fmt: skip


# ---------------------------------------------------------------- doors


def _encoded(rng: random.Random, text: str) -> bytes:
    return text.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-16"]), errors="replace")


def _damaged(rng: random.Random, data: bytes) -> bytes:
    if b"\0" in data or rng.random() < 0.1:
        return mutated_bytes(rng, data)
    return mutated(rng, data.decode("utf-8", errors="replace")).encode(errors="replace")


def structure_door(rng: random.Random) -> Case:
    """A damaged structure file."""
    name, text = rng.choice(structures())
    command = rng.choice(["show", "show", "show", "predict", "light"])
    return Case("structure", (command, name, "--json"), {name: _encoded(rng, mutated(rng, text))})


def force_door(rng: random.Random) -> Case:
    """Force data of which one file is damaged."""
    files = force_files()[rng.choice(list(SMALL))]
    kind = rng.choice(
        ["phonopy.yaml", "bare", "FORCE_CONSTANTS", "force_constants.hdf5", "BORN", "table", "sets"]
    )
    command = rng.choice(["modes", "modes", "modes", "predict", "light"])
    extra: tuple[str, ...] = ("--json",) if command != "predict" or rng.random() < 0.5 else ()
    if kind == "phonopy.yaml":
        given = {"phonopy.yaml": _damaged(rng, files["phonopy.yaml"])}
    elif kind == "table":
        name = rng.choice(["mesh.yaml", "qpoints.yaml", "band.yaml"])
        given = {name: _damaged(rng, files[name]), "phonopy.yaml": files["bare.yaml"]}
        return Case("force data", ("modes", name, "--json"), given)
    elif kind == "sets":
        given = dict(rng.choice(force_set_files()))
        name = rng.choice(["FORCE_SETS", "FORCE_SETS", "POSCAR", "phonopy.conf"])
        given[name] = _damaged(rng, given[name])
        return Case("force data", (command, ".", *extra), given)
    else:
        constants = "force_constants.hdf5" if rng.random() < 0.5 else "FORCE_CONSTANTS"
        if kind.lower().startswith("force"):
            constants = kind
        given = {"phonopy_disp.yaml": files["bare.yaml"], constants: files[constants]}
        if kind == "BORN":
            given["BORN"] = BORN
        broken = {"bare": "phonopy_disp.yaml"}.get(kind, kind)
        given[broken] = _damaged(rng, given[broken])
        return Case("force data", (command, "phonopy_disp.yaml", *extra), given)
    return Case("force data", (command, "phonopy.yaml", *extra), given)


@lru_cache(maxsize=1)
def third_order_files() -> list[dict[str, bytes]]:
    """Files of phono3py, in each of the forms in which it writes third-order forces.

    Without phono3py, where they are refused, those of silicon alone.
    """
    from symchiral.reading.files import unpack

    try:
        import phono3py
    except ImportError:
        folder = ROOT / "tests" / "data" / "third_order"
        names = {"phono3py.yaml": "Si_phono3py_disp.yaml.xz", "FORCES_FC3": "Si_FORCES_FC3.xz"}
        return [{n: unpack((folder / x).read_bytes(), name=x) for n, x in names.items()}]
    from ase import Atoms
    from ase.calculators.morse import MorsePotential
    from phono3py.file_IO import write_fc2_to_hdf5, write_fc3_to_hdf5, write_FORCES_FC3
    from phonopy.structure.atoms import PhonopyAtoms

    unit = PhonopyAtoms(
        ["Cu", "Au"], cell=np.diag([2.8, 2.8, 3.7]), scaled_positions=[[0] * 3, [0.5] * 3]
    )
    made = phono3py.Phono3py(unit, np.diag([2, 2, 1]), primitive_matrix=np.eye(3))
    made.generate_displacements()
    forces = []
    for cell in made.supercells_with_displacements:
        atoms = Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True)
        atoms.calc = MorsePotential(epsilon=0.4, r0=2.7, rho0=6.0, rcut1=4.0, rcut2=5.0)
        forces.append(atoms.get_forces())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made.save(folder / "disp.yaml", settings={"force_sets": False})
        write_FORCES_FC3(made.dataset, forces, filename=str(folder / "FORCES_FC3"))
        made.forces = forces
        made.save(folder / "params.yaml")
        made.produce_fc3(is_compact_fc=True)
        made.produce_fc2(is_compact_fc=True)
        first = made.primitive.p2s_map
        write_fc3_to_hdf5(made.fc3, filename=str(folder / "fc3.hdf5"), p2s_map=first)
        write_fc2_to_hdf5(made.fc2, filename=str(folder / "fc2.hdf5"), p2s_map=first)
        data = {path.name: path.read_bytes() for path in folder.iterdir()}
    return [
        {"phono3py.yaml": data["disp.yaml"], "FORCES_FC3": data["FORCES_FC3"]},
        {"phono3py.yaml": data["params.yaml"]},
        {"phono3py.yaml": data["disp.yaml"], "fc2.hdf5": data["fc2.hdf5"],
         "fc3.hdf5": data["fc3.hdf5"]},
    ]  # fmt: skip


def third_order_door(rng: random.Random) -> Case:
    """Third-order forces of which one file is damaged."""
    files = dict(rng.choice(third_order_files()))
    name = rng.choice(list(files))
    files[name] = _damaged(rng, files[name])
    return Case("third order", ("couple", "phono3py.yaml", "--json"), files)


def coupling_door(rng: random.Random) -> Case:
    """A damaged couplings.json."""
    name = rng.choice(["Bi2Se3", "MgB2", "TiO2_anatase"])
    folder = ROOT / "structures" / name
    text = (folder / "couplings.json").read_text(encoding="utf-8")
    files = {"c.json": _encoded(rng, mutated(rng, text))}
    forces = str(folder / "phonopy.yaml")
    if name in SMALL:
        files["phonopy.yaml"] = force_files()[name]["phonopy.yaml"]
        forces = "phonopy.yaml"
    argv: tuple[str, ...] = ("couple", forces, "--couplings", "c.json", "--json")
    if name == "Bi2Se3" and rng.random() < 0.3:
        start = ("--start=Eu#1(+) 0.05A", "--duration=1", "--quiet")
        argv = ("simulate", forces, "--couplings", "c.json", *start, "--json")
    return Case("couplings", argv, files)


def table_door(rng: random.Random) -> Case:
    """Damaged Raman tensors, linewidths or frequencies."""
    forces = "Bi2Se3/phonopy.yaml"
    kind = rng.randrange(3)
    if kind == 0:
        files = {"r.json": _encoded(rng, mutated(rng, RAMAN))}
        return Case("mode tables", ("light", "Bi2Se3", "--raman-tensors", "r.json"), files)
    text = LINEWIDTHS if kind == 1 else LINEWIDTHS.replace("linewidths", "frequencies")
    files = {"t.json": _encoded(rng, mutated(rng, text))}
    if kind == 1:
        return Case("mode tables", ("predict", forces, "--linewidth", "t.json", "--json"), files)
    return Case("mode tables", ("plan", forces, "--frequencies", "t.json", "--json"), files)


@lru_cache(maxsize=1)
def trace_files() -> list[tuple[str, bytes, tuple[str, ...]]]:
    """One record in the forms of laboratories; what must be said of each."""
    signal = np.array(SIGNAL)
    columns = {"time_ps": np.array(DELAYS), "S0": signal.real, "S45": signal.imag}
    table = np.column_stack(list(columns.values()))
    names = ("--columns=time_ps,S0,S45",)
    probe = ("--probe=balanced, S0 = 0, S45 = 45", "--pump=s+", "--pump-frequency=2THz")
    rows = "".join("\t".join(f"{x:.5f}" for x in row) + "\n" for row in table)
    texts = {
        "t.lvm": "LabVIEW Measurement\t\n***End_of_Header***\t\ntime_ps\tS0\tS45\n" + rows,
        "t.itx": "IGOR\nWAVES/D\ttime_ps\tS0\tS45\nBEGIN\n" + rows + "END\n",
        "t.txt": "# sample: 4\n# time_ps S0 S45\n" + rows.replace("\t", " "),
    }
    found = [(name, text.encode(), probe) for name, text in texts.items()]
    for name, write in (("t.npy", np.save), ("t.npz", np.savez)):
        stream = io.BytesIO()
        write(stream, table)
        found.append((name, stream.getvalue(), (*probe, *names)))
    stream = io.BytesIO()
    savemat(stream, columns, do_compression=True)
    found.append(("t.mat", stream.getvalue(), probe))
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, column in columns.items():
            file.create_dataset(name, data=column, compression="gzip")
    return [*found, ("t.h5", stream.getvalue(), probe)]


def trace_door(rng: random.Random) -> Case:
    """A damaged table of traces."""
    if rng.random() < 0.5:
        files = {"t.csv": _encoded(rng, mutated(rng, TRACE))}
        return Case("traces", ("validate", "Bi2Se3", "t.csv", "--json"), files)
    name, data, options = rng.choice(trace_files())
    argv = ("validate", "Bi2Se3", name, "--json", *options)
    return Case("traces", argv, {name: _damaged(rng, data)})


RUNS = """pump: {frequency: 2.0, frequency_unit: THz, bandwidth: 0.45}
probe: balanced
components:
  - frequency: 4.05
    frequency_unit: THz
    runs:
      - {pump: σ+, helicity: -0.9, error: 0.1}
      - {pump: 30 deg, helicity: 0.0, error: 0.1, direction: 119, direction_error: 6}
      - pump: {frequency: 66, frequency_unit: cm-1, polarization: σ-, duration: 2,
               duration_unit: ps}
        helicity: 0.9
        error: 0.2
"""


PARAMETERS = """frequency_unit: THz
lines:
  - {frequency: 4.05, damping: 0.3, fixed: [damping]}
  - {frequency: 66, frequency_unit: cm-1, damping: as line 1}
  - {between: {frequency: [2.5, 3.5], damping: [0.1, 1]}}
  - {frequency: 0.5 x line 3}
more: false
"""


def row_door(rng: random.Random) -> Case:
    """Damaged rows that were fitted elsewhere, or what is known of lines before a fit."""
    if rng.random() < 0.3:
        known = {"t.csv": TRACE.encode(), "p.yaml": _encoded(rng, mutated(rng, PARAMETERS))}
        return Case(
            "rows", ("validate", "Bi2Se3", "t.csv", "--parameters", "p.yaml", "--json"), known
        )
    example = ROOT / "structures" / "Bi2Se3" / "example_rows.yaml"
    text = rng.choice((example.read_text(encoding="utf-8"), RUNS))
    files = {"r.yaml": _encoded(rng, mutated(rng, text))}
    return Case("rows", ("validate", "Bi2Se3", "r.yaml", "--json"), files)


def _word_of(text: str) -> str:
    """What a shell can pass as an argument: no zero byte."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def transfer_door(rng: random.Random) -> Case:
    """A damaged transfer."""
    crystal = rng.choice(["Bi2Se3", "Bi2Se3", "MgB2", "Te_P3121", "Bi2Se3/phonopy.yaml"])
    transfer = _word_of(mutated_words(rng, rng.choice(TRANSFERS), TRANSFERS))
    return Case("transfers", ("explain", crystal, "--json", "--", transfer))


KNOWN: Mapping[str, tuple[str, ...]] = {
    "predict": ("--q", "--axis", "--field", "--pump", "--probe", "--symprec", "--spin-axis",
                "--order", "--max-detuning", "--linewidth", "--unit", "--calculator",
                "--supercell", "--index"),
    "show": ("--q", "--axis", "--field", "--symprec", "--spin-axis", "--supercell"),
    "light": ("--axis", "--beam", "--orient", "--geometry", "--field", "--symprec",
              "--horizontal"),
    "modes": ("--q", "--direction", "--axis", "--unit"),
    "bands": ("--path", "--points", "--about", "--axis"),
    "animate": ("--mode", "--band", "--q", "--frames", "--cells", "--amplitude"),
    "simulate": (
        *("--pump", "--start", "--duration", "--damping", "--sweep", "--show", "--film"),
        *("--map", "--temperature"),
    ),
    "couple": ("--order", "--modes", "--unit", "--step"),
    "plan": ("--pump-range", "--axis"),
    "report": ("--axis", "--field", "--symprec", "--points", "--unit", "--index", "--pump",
               "--duration"),
}  # fmt: skip
"""Options of commands."""

NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "animate": (("--mode=Eu#1(+)", "--band=4"), ("-o=m.xyz", "-o=m.html", "-o=m.ascii")),
    "bands": (("--points=3",),),
    "report": (("-o=r.html",), ("--points=3",)),
    "simulate": (("--start=Eu#1(+) 0.05A", "--pump=2THz s+ 0.2ps 1MV/cm"), ("--duration=2",)),
}
"""What commands ask for beside: one of each."""


def option_door(rng: random.Random) -> Case:
    """Options that a command knows, most with a damaged value."""
    command = rng.choice(list(KNOWN))
    forces = command in ("modes", "animate", "bands", "simulate", "couple") or rng.random() < 0.3
    crystal = "Bi2Se3/phonopy.yaml" if forces else rng.choice(["Bi2Se3", "Te_P3121", "CrI3_FM"])
    files = {}
    if command in ("modes", "bands"):  # also off the zone centre
        crystal = "phonopy.yaml"
        files[crystal] = force_files()["MgB2"][crystal]
    given = {}
    for option in rng.sample(KNOWN[command], rng.choice([1, 1, 2])):
        given[option] = rng.choice(OPTIONS[option])
        if rng.random() < 0.8:
            others = rng.choice([OPTIONS[option], ALL_OPTIONS])
            given[option] = _word_of(mutated_words(rng, given[option], others))
    words = [f"{option}={value}" for option, value in given.items()]
    for choices in NEEDED.get(command, ()):
        names = {choice.split("=")[0] for choice in choices}
        if not names & set(given):
            words.append(rng.choice(choices))
    if command == "couple":
        words.append(f"--couplings={ROOT / 'structures' / 'Bi2Se3' / 'couplings.json'}")
    if command != "animate":  # what it writes goes to the file
        words.append("--json")
    return Case("options", (command, crystal, *words, "--quiet"), files)


def line_door(rng: random.Random) -> Case:
    """A command line of random words."""
    words = [rng.choice([*COMMANDS, _word_of(mutated(rng, "predict"))])]
    for _ in range(rng.randrange(6)):
        option = rng.choice(list(OPTIONS))
        pool = [
            "Bi2Se3", "Bi2Se3/phonopy.yaml", option, rng.choice(OPTIONS[option]), "--json", "--all",
            rng.choice(TRANSFERS), "--quiet", "--help", rng.choice(NUMBERS), rng.choice(WORDS), "",
            "-o", "out.txt", "out.json", f"{option}={rng.choice(OPTIONS[option])}", "-h", "--", "-",
        ]  # fmt: skip
        words.append(_word_of(rng.choice(pool)))
    return Case("command lines", tuple(words))


def path_door(rng: random.Random) -> Case:
    """A path that is none, or none of a file."""
    paths = (
        "", " ", ".", "..", "/", "~", "~nouser/x.cif", "x" * 300 + ".cif", "a/" * 3000, "pipe",
        "loop", "locked.cif", "folder", "folder/x.cif", "/dev/null", "/dev/zero", "x.cif/", "é.cif",
        "\udce9.cif", "a\nb", "\x1b[31m.cif", "-", "--", "*.cif", "x.cif.gz", "x.zip", "empty",
        "phonopy.yaml", "POSCAR", "x.hdf5", "band.yaml", "FORCE_SETS", "couplings.json",
    )  # fmt: skip
    name = rng.choice(paths)
    if rng.random() < 0.3:
        name = _word_of(mutated(rng, name or "x"))
    forms: tuple[tuple[str, ...], ...] = (
        ("show", name), ("predict", name, "--json"), ("modes", name), ("bands", name),
        ("light", "Bi2Se3", "--raman-tensors", name), ("validate", "Bi2Se3", name),
        ("couple", "Bi2Se3/phonopy.yaml", "--couplings", name),
        ("predict", "Bi2Se3/phonopy.yaml", "--linewidth", name),
        ("modes", "Bi2Se3/phonopy.yaml", "-o", name),
        ("bands", "Bi2Se3/phonopy.yaml", "--points", "4", "-o", name),
        ("animate", "Bi2Se3/phonopy.yaml", "--mode", "Eu#1", "-o", name),
    )  # fmt: skip
    return Case("paths", rng.choice(forms), {"empty": b"", "FORCE_SETS": b"2\n", "x.zip": b"PK"})


@lru_cache(maxsize=1)
def set_files() -> list[tuple[str, bytes]]:
    """Names and contents of sets of two structures, in every format of them."""
    import ase.db
    import ase.io

    import symchiral as sc

    crystals = [sc.structure(name) for name in ("Si", "Te_P3121")]
    atoms = [sc.read(crystal).atoms for crystal in crystals]
    plain = [
        {
            "@module": "pymatgen.core.structure",
            "@class": "Structure",
            "lattice": {"matrix": crystal.cell.tolist()},
            "sites": [
                {"species": [{"element": symbol, "occu": 1}], "abc": place, "properties": {}}
                for symbol, place in zip(crystal.symbols, crystal.positions.tolist(), strict=True)
            ],
        }
        for crystal in crystals
    ]
    named = [{"material_id": f"m-{i}", "structure": one} for i, one in enumerate(plain)]
    served = [
        {
            "id": f"o/{i}",
            "type": "structures",
            "attributes": {
                "lattice_vectors": crystal.cell.tolist(),
                "cartesian_site_positions": (crystal.positions @ crystal.cell).tolist(),
                "species_at_sites": list(crystal.symbols),
                "species": [
                    {"name": symbol, "chemical_symbols": [symbol], "concentration": [1.0]}
                    for symbol in dict.fromkeys(crystal.symbols)
                ],
                "dimension_types": [1, 1, 1],
                "structure_features": [],
            },
        }
        for i, crystal in enumerate(crystals)
    ]
    texts = {
        "list.json": json.dumps(plain),
        "entries.json": json.dumps({"entries": named}),
        "served.json": json.dumps({"data": served, "meta": {}}),
        "lines.jsonl": "\n".join(map(json.dumps, named)) + "\n",
    }
    with tempfile.TemporaryDirectory() as place:
        ase.io.write(Path(place, "frames.extxyz"), atoms)
        with ase.db.connect(Path(place, "ase.db")) as database:
            for one in atoms:
                database.write(one)
        found = [(name, Path(place, name).read_bytes()) for name in ("frames.extxyz", "ase.db")]
    return [*found, *((name, text.encode()) for name, text in texts.items())]


def set_door(rng: random.Random) -> Case:
    """Damaged sets of structures."""
    name, data = rng.choice(set_files())
    argv = ("screen", name, "--jobs=1", "--json", "--quiet")
    return Case("sets of structures", argv, {name: _damaged(rng, data)})


@lru_cache(maxsize=1)
def catalog_files() -> dict[str, bytes]:
    """The files of a catalog of three crystals."""
    import symchiral as sc

    with tempfile.TemporaryDirectory() as place:
        sc.screen(["NaCl", "Bi2Se3", "Te_P3121"], out=place, jobs=1)
        parts = [path for path in Path(place).iterdir() if path.suffix == ".parquet"]
        return {
            f"part-{i:04}-{0:016}.parquet": path.read_bytes() for i, path in enumerate(parts, 1)
        }


CONDITIONS = (
    "flips > 0 AND ir_pump AND raman_probe AND space_group IN (152, 154)", "symbol = 'R-3m'",
    "helicity_wave IS NULL", "contains(species, 'Eu') OR n_atoms < 5", "best_flip LIKE '%Eg%'",
)  # fmt: skip


def catalog_door(rng: random.Random) -> Case:
    """A damaged catalog, or a damaged question to one."""
    files = dict(catalog_files())
    kind = rng.randrange(4)
    if rng.random() < 0.5:
        name = rng.choice(list(files))
        files[name] = mutated_bytes(rng, files[name])
    if kind == 1:
        target = ("-o", rng.choice(["new", ".", "no/where"]))
        verb = rng.choice([("merge", "."), ("screen", "NaCl", "--jobs=1", "--quiet")])
        return Case("catalogs", (*verb, *target), files)
    words: tuple[str, ...] = ()
    if kind > 1:
        words = (_word_of(mutated_words(rng, rng.choice(CONDITIONS), CONDITIONS)),)
        if rng.random() < 0.5:
            option = rng.choice(["--columns", "--sql"])
            value = mutated_words(rng, rng.choice(OPTIONS[option]), ALL_OPTIONS)
            words = (f"{option}={_word_of(value)}", *rng.choice([(), words]))
    return Case("catalogs", ("query", "--json", *words[:-1], ".", *words[-1:]), files)


GROUPS = ("D3d", "-3m", "166", "R-3m", "P3121", "P 3_2 2 1", "Fd-3m", "m-3m", "C2/c:b1", "1")


def group_door(rng: random.Random) -> Case:
    """A damaged name of a group."""
    words = []
    # The rules of fourth order of a cubic class are many, and take longer than damage may.
    for option in rng.sample(["--axis", "--q"], rng.choice([0, 0, 0, 1])):
        value = rng.choice(OPTIONS[option])
        words.append(f"{option}={_word_of(mutated_words(rng, value, OPTIONS[option]))}")
    name = _word_of(mutated_words(rng, rng.choice(GROUPS), GROUPS))
    return Case("groups", ("atlas", *words, "--json", "--quiet", "--", name))


DOORS: Mapping[Callable[[random.Random], Case], int] = {
    structure_door: 28,
    force_door: 23,
    third_order_door: 3,
    coupling_door: 6,
    table_door: 6,
    trace_door: 4,
    row_door: 4,
    transfer_door: 8,
    option_door: 8,
    line_door: 4,
    path_door: 4,
    set_door: 2,
    catalog_door: 1,
    group_door: 1,
}
"""Every door, and how often it is tried, in per cent."""


def case_of(seed: int) -> Case:
    """The mutant of a seed."""
    rng = random.Random(seed)
    (door,) = rng.choices(list(DOORS), list(DOORS.values()))
    return door(rng)


# ---------------------------------------------------------------- one mutant


def _prepare(folder: Path, case: Case) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            entry.chmod(0o755)
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if case.door == "paths":
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to("loop")
        (folder / "folder").mkdir()
        (folder / "locked.cif").touch(mode=0o000)
    for name, data in case.files.items():
        (folder / name).write_bytes(data)


def fault_of(status: object, out: str, err: str, *, wants_json: bool) -> str | None:
    """What is wrong with how a command ended, or None."""
    if status not in (0, 1, 2, 3):
        return f"status {status}"
    raw = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out + err)
    if raw:
        return f"control character {raw[0]!r} in the output"
    if "Traceback" in err or re.search(r"^\S+:\d+: \w*Warning", err, re.MULTILINE):
        return "a warning of a library or a traceback is printed"
    if status == 1 and "symchiral: " not in err:
        return "status 1 and no message"
    if max(map(len, err.split("\n"))) > 4000:
        return "a message of more than 4,000 characters"
    if status in (0, 1) and wants_json and not out.startswith("usage"):
        try:
            json.loads(out, parse_constant=lambda word: {}[word])
        except (ValueError, KeyError):
            return "what is printed is no JSON"
    return None


@contextlib.contextmanager
def _streams() -> Iterator[list[str]]:
    """Standard output and error as texts, also of what is printed by libraries in C."""
    texts: list[str] = []
    kept, saved = (sys.stdout, sys.stderr), (os.dup(1), os.dup(2))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        for number, file in ((1, out), (2, err)):
            os.dup2(file.fileno(), number)
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(n, "w", closefd=False), "utf-8", "surrogateescape")
            for n in (1, 2)
        )
        try:
            yield texts
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.close()
            sys.stdout, sys.stderr = kept
            for number, descriptor in enumerate(saved, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "surrogateescape"))


def run_case(case: Case, folder: Path) -> tuple[str, str, str]:
    """Run one mutant in this process; returns its door, its end and, if it fails, the fault."""
    from symchiral.cli import main

    _prepare(folder, case)
    os.chdir(folder)
    fault: str | None = None
    status: object = None
    with _streams() as texts:
        try:
            status = main(list(case.argv))
        except SystemExit as end:
            status = end.code
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
            steps = traceback.extract_tb(error.__traceback__)
            own = [f for f in steps if f"{os.sep}symchiral{os.sep}" in f.filename] or steps
            place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
            fault = f"{type(error).__name__} at {place}: {str(error)[:150]}"
    if fault is None:
        fault = fault_of(status, *texts, wants_json="--json" in case.argv)
    if "--show" in sys.argv:
        files = {name: data[:3000] for name, data in case.files.items()}
        sys.stdout.write(f"{case.argv} {files}\nstatus {status}\n{texts[0]}\n{texts[1]}\n")
    return case.door, "answered" if status == 0 else "refused", fault or ""


def worker() -> None:
    """Run the mutants whose seeds arrive on standard input, one answer a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as place:
        import phonopy  # noqa: F401 - what is loaded later would count as memory of a mutant

        import symchiral.catalog.screening
        import symchiral.cli
        from symchiral.catalog.crystals import make_row

        # To build it takes as long as to read most mutants.
        symchiral.cli.parser = lru_cache(symchiral.cli.parser)
        # Crystals are screened in this process: in one of their own, faults would become rows.
        symchiral.catalog.screening.run_chunk = lambda chunk: [
            make_row(entry, chunk.settings) for entry in chunk.entries
        ]
        run_case(Case("warm", ("predict", "Bi2Se3", "--json")), Path(place))
        run_case(Case("warm", ("query", "."), catalog_files()), Path(place))
        with open("/proc/self/statm", encoding="utf-8") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY, MEMORY))
        answers.write("ready\n")
        answers.flush()
        for line in sys.stdin:
            answer = run_case(case_of(int(line)), Path(place))
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


# ---------------------------------------------------------------- many mutants


@dataclass
class Tally:
    """What became of the mutants, by door and by how they ended."""

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0
    stopped: bool = False

    def record(self, seed: int) -> dict[str, object]:
        """What is written as JSON."""
        doors: dict[str, dict[str, int]] = {}
        for (door, end), number in sorted(self.seen.items()):
            doors.setdefault(door, {})[end] = number
        return {
            "seed": seed,
            "mutants": sum(self.seen.values()),
            "doors": doors,
            "faults": [{"seed": n, "fault": fault} for n, fault in sorted(self.faults)],
            "slowest": round(self.slowest, 1),
            "processor_time": round(self.seconds),
        }


class Process:
    """A worker, watched from outside."""

    def __init__(self) -> None:
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8",
            "SYMCHIRAL_CACHE": "", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self.child = subprocess.Popen(
            [sys.executable, __file__, "--worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=environment, start_new_session=True,  # Ctrl-C is for us alone
        )  # fmt: skip
        self.count = 0
        self.took = 0.0
        self.ended = False
        self._answer(600.0)

    def _seconds(self) -> float:
        try:
            fields = (
                Path(f"/proc/{self.child.pid}/stat")
                .read_text(encoding="utf-8")
                .rsplit(")", 1)[1]
                .split()
            )
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _answer(self, seconds: float) -> str:
        start, idle = self._seconds(), time.monotonic()
        assert self.child.stdout is not None
        while not select.select([self.child.stdout], [], [], 0.5)[0]:
            if self._seconds() - start > seconds or time.monotonic() - idle > max(IDLE, seconds):
                self.ended = True
                return "hang"
        self.took = self._seconds() - start
        line = self.child.stdout.readline()
        self.ended = not line
        return line or f"process ended with {self.child.wait()}"

    def run(self, seed: int) -> tuple[str, str, str]:
        assert self.child.stdin is not None
        self.child.stdin.write(f"{seed}\n")
        self.child.stdin.flush()
        self.count += 1
        line = self._answer(SECONDS)
        if line.startswith("["):
            door, end, fault = json.loads(line)
            return door, end, fault
        return case_of(seed).door, line.strip(), line.strip()

    def close(self) -> None:
        self.child.kill()
        self.child.communicate()


def run_many(
    seeds: range, jobs: int = 2, tell: Callable[[str], object] = lambda line: None
) -> Tally:
    """Run the mutants of all seeds in several processes; what is met on the way is told."""
    tally, lock, queue, start = Tally(), Lock(), iter(seeds), time.monotonic()

    def serve() -> None:
        process = Process()
        while not tally.stopped:
            with lock:
                seed = next(queue, None)
            if seed is None:
                break
            if process.ended or process.count >= LIFE:
                process.close()
                process = Process()
            door, end, fault = process.run(seed)
            with lock:
                tally.seen[door, end] += 1
                tally.slowest = max(tally.slowest, process.took)
                tally.seconds += process.took
                if fault:
                    tally.faults.append((seed, fault))
                    tell(f"seed {seed}, {door}: {fault}")
                done = tally.seen.total()
                if done % 1000 == 0:
                    passed = time.monotonic() - start
                    tell(f"{done} of {len(seeds)}, faults: {len(tally.faults)}, {passed:.0f} s")
        process.close()

    threads = [Thread(target=serve) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        tally.stopped = True
        for thread in threads:
            thread.join()
    return tally


def table(record: Mapping[str, Any]) -> str:
    """The counts of a record as the table of docs/errors.md."""
    rows = ["| door | mutants | answered | refused in words |", "|---|---|---|---|"]
    doors = {door: Counter(ends) for door, ends in record["doors"].items()}
    for door, ends in [*doors.items(), ("all", sum(doors.values(), Counter()))]:
        numbers = (ends.total(), ends["answered"], ends["refused"])
        rows.append(f"| {door} | {' | '.join(f'{number:,}' for number in numbers)} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Damaged inputs at every door of symchiral.")
    parser.add_argument("--count", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument("--seed", type=int, default=None, help="the first seed (default: random)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--show", action="store_true", help="run one here and print what it prints")
    parser.add_argument("--result", type=Path, metavar="FILE", help="write the counts as JSON")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker()
        return 0
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    if options.show:
        with tempfile.TemporaryDirectory() as place:
            sys.stdout.write("\n".join(run_case(case_of(seed), Path(place))) + "\n")
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):  # the former is ignored in the background
        signal.signal(number, signal.default_int_handler)
    start = time.monotonic()
    seeds = range(seed, seed + options.count)
    tally = run_many(seeds, options.jobs, lambda line: sys.stderr.write(f"{line}\n"))
    rows = [f"seed {number}: {fault}" for number, fault in sorted(tally.faults)[:200]]
    rows.append(
        f"{tally.seen.total()} mutants from seed {seed}, {len(tally.faults)} faults, slowest "
        f"{tally.slowest:.1f} s of processor time, {time.monotonic() - start:.0f} s in all"
    )
    sys.stdout.write("\n".join(rows) + "\n")
    sys.stdout.write(table(tally.record(seed)))
    if options.result is not None:
        text = json.dumps(tally.record(seed), indent=1, ensure_ascii=False)
        options.result.write_text(text + "\n", encoding="utf-8")
    if tally.stopped:
        return 130
    # Where no process can start, nothing has been shown.
    return 1 if tally.faults or tally.seen.total() < options.count else 0


if __name__ == "__main__":
    sys.exit(main())
