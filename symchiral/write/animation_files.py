"""Moving atoms in the formats of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.disk import mark
from symchiral.errors import InputError
from symchiral.modes.animation import Animation
from symchiral.units import PER_THZ
from symchiral.value import Floats

ANIMATION = "animation"
"""Kind of the files written here; each carries its mark."""

PS_IN_ASE = 98.22694788
"""One picosecond in ASE's unit of time, Å√(amu/eV)."""


def write_trajectory(animation: Animation, file: Path) -> None:
    """Write the time shown as extended XYZ or ASE trajectory, with velocities."""
    from ase import Atoms
    from ase.io import write

    cell = animation.supercell
    q = animation.modes.q.array.tolist()
    alone = not animation.others
    frequencies = [float(mode.frequency) for mode, _ in animation.parts]
    am = animation.modes.am(animation.mode) if alone else None
    images = []
    for time, x, v in zip(animation.times, animation.positions, animation.velocities, strict=True):
        atoms = Atoms(
            cell.numbers,
            positions=x,
            cell=cell.cell,
            pbc=True,
            masses=animation.masses,
            momenta=v / PS_IN_ASE * animation.masses[:, None],
        )
        atoms.info = {
            "mode": animation.name,
            "q": np.array(q),
            "frequency_THz": frequencies[0] if alone else np.array(frequencies),
            "time_ps": float(time),
            "note": mark(ANIMATION),
            **({} if animation.mode.pam is None else {"pam": animation.mode.pam}),
            **({} if am is None else {"am_hbar": am}),
        }
        images.append(atoms)
    write(file, images, format="traj" if file.suffix.lower() == ".traj" else "extxyz")


def write_vsim(animation: Animation, file: Path) -> None:
    r"""Write V_Sim's ascii: the primitive cell, and the mode as complex displacements.

    The cell is turned so that a is along x and b in the xy plane, and the displacements with it.
    As in phonopy's file they are mass-weighted back, :math:`m^{-1/2} e` with the position in the
    phase, so that :math:`u = \mathrm{Re}[U e^{i(q·r - ωt)}]`.
    """
    _require_one(animation, ".ascii")
    primitive = animation.modes.crystal.primitive
    turned, rotation = _upright(primitive.cell)
    n = len(primitive)
    phases = phase_of(-primitive.positions @ animation.modes.q.array)
    moves = (phases[:, None] * animation.displacements[:n]) @ rotation.T
    q = animation.modes.q.array
    lines = [
        f"# {animation.title}; u = Re[U exp(i(q.r - wt))]; {mark(ANIMATION)}",
        f"{turned[0, 0]:.9f} {turned[1, 0]:.9f} {turned[1, 1]:.9f}",
        f"{turned[2, 0]:.9f} {turned[2, 1]:.9f} {turned[2, 2]:.9f}",
        *(
            f"{x[0]:.9f} {x[1]:.9f} {x[2]:.9f} {symbol}"
            for x, symbol in zip(primitive.positions @ turned, primitive.symbols, strict=True)
        ),
        f"#metaData: qpt=[{q[0]:.9f};{q[1]:.9f};{q[2]:.9f};{animation.mode.frequency:.9f} \\",
        *("#; " + "; ".join(f"{x:.9f}" for x in (*u.real, *u.imag)) + " \\" for u in moves),
        "# ]",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def phononwebsite_document(animation: Animation) -> dict[str, Any]:
    """Return the mode in the JSON of the phonon website of H. Miranda.

    Its viewer moves the atoms of cell R by Re[v exp(2πi k·R) exp(+iωt)], k in fractions: neither
    the phase inside the cell nor the mass is added, and time runs the other way than here. So that
    the mode rotates and travels as it does, it is written at k = −q with its complex conjugate,
    which is the same motion.
    """
    crystal = animation.modes.crystal.primitive
    n = len(crystal)
    v = animation.displacements[:n].conj()
    return {
        "name": animation.title,
        "note": mark(ANIMATION),
        "formula": crystal.formula,
        "natoms": n,
        "lattice": crystal.cell.tolist(),
        "atom_types": list(crystal.symbols),
        "atom_numbers": crystal.numbers.tolist(),
        "atom_pos_red": crystal.positions.tolist(),
        "atom_pos_car": (crystal.positions @ crystal.cell).tolist(),
        "repetitions": list(animation.cells),
        "qpoints": [(-animation.modes.q.array + 0.0).tolist()],
        "distances": [0.0],
        "highsym_qpts": [[0, ""]],
        "line_breaks": [[0, 1]],
        "eigenvalues": [[animation.mode.frequency * PER_THZ["cm-1"]]],
        "vectors": [[[[[float(x.real), float(x.imag)] for x in row] for row in v]]],
    }


def write_phononwebsite(animation: Animation, file: Path) -> None:
    """Write the JSON of the phonon website."""
    _require_one(animation, ".json")
    file.write_text(json.dumps(phononwebsite_document(animation)) + "\n", encoding="utf-8")


def write_vesta(animation: Animation, file: Path) -> None:
    """Write a VESTA file of the supercell with an arrow at every atom.

    Raises
    ------
    InputError
        The mode is not linear: an arrow cannot show a rotation.
    """
    _require_one(animation, ".vesta")
    if not animation.linear:
        raise InputError(
            f"cannot draw {animation.mode.name} with arrows",
            why="its atoms rotate, or move with different phases, and an arrow shows one direction "
            "and no time",
            fix="write .extxyz, .html or .json, or take a linear mode, as Eu#1(x) or Eu#1(y) of a "
            "circular pair",
        )
    cell = animation.supercell
    phase = np.exp(-0.5j * np.angle(np.sum(animation.displacements**2)))
    arrows = (phase * animation.displacements).real
    lengths = np.linalg.norm(cell.cell, axis=1)
    unit = cell.cell / lengths[:, None]
    angles = [np.degrees(np.arccos(np.clip(unit[i] @ unit[j], -1, 1))) for i, j in _PAIRS]
    # VESTA takes the components of an arrow along the unit vectors of the cell.
    components = arrows @ np.linalg.inv(unit)
    lines = [
        "#VESTA_FORMAT_VERSION 3.5.0",
        "",
        "",
        "CRYSTAL",
        "",
        "TITLE",
        f"{animation.title} ({mark(ANIMATION)})",
        "",
        "GROUP",
        "1 1 P 1",
        "CELLP",
        "  " + " ".join(f"{x:.6f}" for x in (*lengths, *angles)),
        "  " + " ".join(["0.000000"] * 6),
        "STRUC",
    ]
    for i, (symbol, x) in enumerate(zip(cell.symbols, cell.positions % 1.0, strict=True), 1):
        place = " ".join(f"{c:.6f}" for c in x)
        lines += [f"  {i} {symbol} {symbol}{i} 1.0000 {place} 1a 1"]
        lines += ["  0.000000 0.000000 0.000000 0.00"]
    lines += ["  0 0 0 0 0 0 0", "VECTR"]
    for i, arrow in enumerate(components, 1):
        text = " ".join(f"{x:.6f}" for x in arrow)
        lines += [f"  {i} {text} 0", f"  {i} 0 0 0 0", "  0 0 0 0 0"]
    lines += ["  0 0 0 0 0", "VECTT"]
    lines += [f"  {i} 0.250 200 60 40 1" for i in range(1, len(cell) + 1)]
    lines += ["  0 0 0 0 0", "VECTS 3.000000"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _require_one(animation: Animation, ending: str) -> None:
    if animation.others:
        raise InputError(
            f"cannot write {animation.name} as {ending}",
            why="the format holds one frequency, and this motion has several",
            fix="write .extxyz, .traj, .html, .gif or .mp4",
        )


_PAIRS = ((1, 2), (2, 0), (0, 1))


def _upright(cell: Floats) -> tuple[Floats, Floats]:
    """The cell with a along x and b in the xy plane, and the rotation that takes vectors there."""
    a, b, _ = cell
    x = a / np.linalg.norm(a)
    z = np.cross(a, b)
    z = z / np.linalg.norm(z)
    if z @ cell[2] < 0:
        raise InputError(
            "cannot write V_Sim's ascii",
            why="the cell is left-handed, and the format only describes right-handed ones",
            fix="write .extxyz or .html",
        )
    rotation = np.array([x, np.cross(z, x), z])
    return cell @ rotation.T, rotation
