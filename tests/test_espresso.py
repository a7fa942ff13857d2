"""Inputs of pw.x, and other formats known by what is in them, not by what their name ends in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.cell import Cell

from symchiral.crystal.search import find_symmetry
from symchiral.errors import ReadError, SymchiralError
from symchiral.reading.espresso import parse_espresso
from symchiral.reading.structure import read_bytes, read_crystal
from symchiral.units import BOHR

CASES = Path(__file__).resolve().parent / "data" / "cases"

A, B, C = 4.1, 5.2, 6.3
COS = {"x": 0.11, "y": -0.21, "z": 0.17}

I, P = [(0.5, 0.5, 0.5)], []  # what centres a cell
F = [(0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
LATTICES = {
    # ibrav: lengths, angles that are not 90°, centring of the conventional cell
    1: ((A, A, A), {}, P),
    2: ((A, A, A), {}, F),
    3: ((A, A, A), {}, I),
    -3: ((A, A, A), {}, I),
    4: ((A, A, C), {"z": -0.5}, P),
    6: ((A, A, C), {}, P),
    7: ((A, A, C), {}, I),
    8: ((A, B, C), {}, P),
    9: ((A, B, C), {}, [(0.5, 0.5, 0)]),
    -9: ((A, B, C), {}, [(0.5, 0.5, 0)]),
    91: ((A, B, C), {}, [(0, 0.5, 0.5)]),
    10: ((A, B, C), {}, F),
    11: ((A, B, C), {}, I),
    12: ((A, B, C), {"z": COS["z"]}, P),
    -12: ((A, B, C), {"y": COS["y"]}, P),
    13: ((A, B, C), {"z": COS["z"]}, [(0.5, 0, 0.5)]),
    -13: ((A, B, C), {"y": COS["y"]}, [(0.5, 0.5, 0)]),
    14: ((A, B, C), COS, P),
}


def text_of(kind: int, lengths: tuple[float, ...], cosines: dict[str, float], how: str) -> str:
    """An input of pw.x with one atom, its cell written as celldm or as A, B, C."""
    a, b, c = lengths
    if how == "celldm":
        values = {1: a / BOHR, 2: b / a, 3: c / a}
        places = {"x": 4, "y": 5, "z": 6} if kind == 14 else {"z": 4, "y": 5}
        values |= {places[key]: value for key, value in cosines.items()}
        size = ", ".join(f"celldm({i}) = {value!r}" for i, value in values.items())
    else:
        words = {"x": "cosBC", "y": "cosAC", "z": "cosAB"}
        size = f"A={a!r} B={b!r}, C={c!r}\n" + "\n".join(
            f"  {words[key]} = {value!r}" for key, value in cosines.items()
        )
    return (
        f"  &control outdir='./a&system/b' /\n &SYSTEM\n  ibrav = {kind}, {size}\n nat=1 ntyp=1 /\n"
        "ATOMIC_SPECIES\nPo 209 x\nATOMIC_POSITIONS crystal\nPo 0 0 0\n"
    )


@pytest.mark.parametrize("how", ["celldm", "lengths"])
def test_every_lattice(how: str) -> None:
    """Vectors of every ibrav span the lattice of the conventional cell, in its orientation."""
    for kind, (lengths, cosines, centring) in LATTICES.items():
        found = parse_espresso(text_of(kind, lengths, cosines, how), name="x").cell
        angles = [np.degrees(np.arccos(cosines.get(key, 0))) for key in "xyz"]
        whole = Cell.fromcellpar([*lengths, *angles]).array
        places = found @ np.linalg.inv(whole)
        for row in places:
            away = [row - np.array(shift) for shift in [(0, 0, 0), *centring]]
            assert min(np.abs(x - np.rint(x)).max() for x in away) < 1e-9, kind
        assert np.linalg.det(found) == pytest.approx(np.linalg.det(whole) / (1 + len(centring)))
    for kind in (5, -5):
        text = text_of(kind, (A, A, A), {"z": COS["z"]}, how)
        cell = parse_espresso(text, name="x").cell
        metric = A**2 * np.where(np.eye(3), 1, COS["z"])
        assert np.abs(cell @ cell.T - metric).max() < 1e-9
        axis = cell.sum(axis=0)
        along = np.array([0, 0, 1]) if kind == 5 else np.ones(3) / np.sqrt(3)
        assert axis / np.linalg.norm(axis) == pytest.approx(along)
        assert np.linalg.det(cell) > 0
    assert len(LATTICES) == 18


def test_the_cases() -> None:
    for file in ("qe_indented_alat.in", "qe_ibrav4.in"):
        crystal = find_symmetry(read_crystal(CASES / file))
        assert (crystal.group.symbol, len(crystal.input)) == ("P-3m1", 3)
        assert not crystal.warnings
    # The same crystal, written twice: 8.0124 bohr is 4.24 Å.
    one, two = (read_crystal(CASES / file).cell for file in ("qe_indented_alat.in", "qe_ibrav4.in"))
    assert np.abs(one - two).max() < 1e-3


WURTZITE = """&system
  ibrav=0, nat=4, ntyp=2 {size}
/
CELL_PARAMETERS {{ {cell} }}
{vectors}
ATOMIC_SPECIES
 Zn1 65.4 Zn.upf ! the metal
 O_b 15.999 O.upf
ATOMIC_POSITIONS ({unit})
{atoms}
"""
HEX = np.array([[3.25, 0, 0], [-1.625, 3.25 * np.sqrt(3) / 2, 0], [0, 0, 5.2]])
PLACES = np.array(
    [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.38], [2 / 3, 1 / 3, 0.88]]
)


def wurtzite(cell: str, unit: str) -> str:
    scale = {"alat": 3.25, "bohr": BOHR, "angstrom": 1.0}
    size = ", A=3.25" if "alat" in (cell, unit) and cell == "alat" else ""
    rows = HEX / scale[cell]
    atoms = PLACES if unit == "crystal" else PLACES @ HEX / scale[unit]
    labels = ["Zn1", "zn1", "O_b", "O_b"]
    return WURTZITE.format(
        size=size,
        cell=cell,
        unit=unit,
        vectors="\n".join(" ".join(f"{x:.12f}".replace("e", "d") for x in row) for row in rows),
        atoms="\n".join(
            f"{label} {' '.join(f'{x:.12f}d0' for x in row)} 0 0 1 # fixed"
            for label, row in zip(labels, atoms, strict=True)
        ),
    )


def test_every_unit() -> None:
    """Cell and atoms in each unit that pw.x knows: one crystal."""
    seen = 0
    for cell in ("alat", "bohr", "angstrom"):
        for unit in ("alat", "bohr", "angstrom", "crystal"):
            found = read_bytes(wurtzite(cell, unit).encode(), name="scf.txt")
            assert np.abs(found.cell - HEX).max() < 1e-9
            assert np.abs(found.positions - PLACES).max() < 1e-9
            assert found.numbers.tolist() == [30, 30, 8, 8]
            seen += 1
    assert seen == 12


def test_numbers_as_people_write_them() -> None:
    text = wurtzite("angstrom", "crystal").replace("0.333333333333d0", "1/3")
    text = text.replace("0.666666666667d0", "2.d0*3^(-1)")
    found = read_bytes(text.encode(), name="x")
    assert np.abs(found.positions - PLACES).max() < 1e-12
    assert text.count("1/3") == 4
    assert text.count("3^(-1)") == 4


def test_moments() -> None:
    text = wurtzite("angstrom", "crystal").replace("nat=4", "starting_magnetization(1)=0.5, nat=4")
    found = read_bytes(text.encode(), name="x")
    assert found.moments is None
    assert "direction" in found.source.notes[0]
    along = read_bytes(text.encode(), name="x", spin_axis=np.array([1.0, 0, 0]))
    assert along.moments is not None
    assert along.moments.tolist() == [[0.5, 0, 0]] * 2 + [[0, 0, 0]] * 2
    text = text.replace("nat=4", "noncolin=.true., angle1(1)=90, angle2(1)=90, nat=4")
    turned = read_bytes(text.encode(), name="x").moments
    assert turned is not None
    expected = [[0, 0.5, 0]] * 2 + [[0, 0, 0]] * 2
    assert np.abs(turned - np.array(expected)).max() < 1e-12


def test_isotopes_are_named() -> None:
    text = wurtzite("angstrom", "crystal").replace("ntyp=2", "ntyp=3")
    text = text.replace(" O_b 15", " Zn2 70 Zn.upf\n O_b 15").replace("zn1", "Zn2", 1)
    (note,) = read_bytes(text.encode(), name="x").source.notes
    assert "65.4, 70" in note


BAD = {
    ("ibrav=0", "ibrav=4"): "celldm",
    ("ibrav=0", "ibrav=15, A=3"): "stated twice",
    ("ibrav=0, ", ""): "no ibrav",
    ("nat=4", "nat=5"): "4 of 5",
    ("nat=4", "nat=x"): "no whole number",
    ("nat=4", "nat=999999"): "atoms",
    ("ntyp=2", "ntyp=1"): "does not list",
    ("nat=4", "nat=4, A=3, celldm(1)=3"): "celldm and A",
    ("nat=4", "nat=4, A=3"): "stated twice",
    ("nat=4", "nat=4, A=-3"): "not positive",
    ("{ angstrom }", "{ alat }"): "neither celldm",
    ("{ angstrom }", "{ furlong }"): "furlong",
    ("(crystal)", "(crystal_sg)"): "crystal_sg",
    ("(crystal)", "(parsec)"): "parsec",
    ("Zn1 0.3", "Qq 0.3"): "does not list",
    (" Zn1 65.4 Zn", " Qq 65.4 Zn"): "does not list",
    ("0.380000000000d0", "0.38x"): "not a number",
    ("0.380000000000d0", "9**9**9**9"): "not a number",
    ("0.380000000000d0", "__import__('os')"): "not a number",
    ("0.380000000000d0", "1/0"): "not a number",
    ("CELL_PARAMETERS", "CEL_PARAMETERS"): "without CELL_PARAMETERS",
}


@pytest.mark.parametrize(("change", "word"), BAD.items(), ids=list(map(str, BAD)))
def test_refused_in_words(change: tuple[str, str], word: str) -> None:
    text = wurtzite("angstrom", "crystal")
    assert change[0] in text
    with pytest.raises(SymchiralError, match=word):
        read_bytes(text.replace(*change, 1).encode(), name="x.in")


def test_a_lattice_that_lacks_a_number() -> None:
    for kind, (lengths, cosines, _) in {**LATTICES, 5: ((A,) * 3, {"z": 0.2}, P)}.items():
        text = text_of(kind, lengths, cosines, "lengths")
        for key, word in {"x": "cosBC", "y": "cosAC", "z": "cosAB"}.items():
            if key in cosines and kind != 4:
                with pytest.raises(ReadError, match="needs cos"):
                    parse_espresso(text.replace(word, "cosXX"), name="x")
    with pytest.raises(ReadError, match=r"not a lattice of pw\.x"):
        parse_espresso(text_of(15, (A, A, A), {}, "celldm"), name="x")


CELL = """{start}%BLOCK LATTICE_CART
4 0 0
0 4 0
0 0 4
%ENDBLOCK LATTICE_CART
%BLOCK POSITIONS_FRAC
Cs 0 0 0
Cl 0.5 0.5 0.5
%ENDBLOCK POSITIONS_FRAC
"""
AIMS = """# note
 lattice_vector 4 0 0
lattice_vector 0 4 0
lattice_vector 0 0 4
atom_frac 0 0 0 Cs
"""


def test_by_content_not_by_ending(tmp_path: Path) -> None:
    """One crystal in formats whose ending is missing, or that of another format."""
    xsf = (
        "# made here\n\nCRYSTAL\nPRIMVEC\n4 0 0\n0 4 0\n0 0 4\nPRIMCOORD\n2 1\n55 0 0 0\n17 2 2 2\n"
    )
    texts = {
        "castep": CELL.format(start=""),
        "aims": AIMS + "atom_frac 0.5 0.5 0.5 Cl\n",
        "xsf": xsf,
        "pw": "&SYSTEM\n ibrav=1, A=4, nat=2, ntyp=2\n/\nATOMIC_SPECIES\nCs 1 x\nCl 1 x\n"
        "ATOMIC_POSITIONS alat\nCs 0 0 0\nCl 1/2 1/2 1/2\n",
    }
    seen = 0
    for kind, text in texts.items():
        for ending in ("", ".txt", ".in", ".dat", ".cell", ".out"):
            file = tmp_path / f"{kind}{ending}"
            file.write_text(text)
            crystal = find_symmetry(read_crystal(file))
            assert crystal.group.symbol == "Pm-3m", file.name
            assert sorted(crystal.input.numbers.tolist()) == [17, 55]
            assert not crystal.warnings, "nothing about CASTEP's absence"
            seen += 1
    assert seen == 24


def test_no_atoms_names_what_it_was_read_as(tmp_path: Path) -> None:
    file = tmp_path / "elk.inp.in"
    file.write_text("tasks\n 0\n\navec\n 5 5 0\n 5 0 5\n 0 5 5\natoms\n 1\n'Al.in'\n1\n 0 0 0\n")
    with pytest.raises(ReadError, match="read as FHI-aims"):
        read_crystal(file)


def test_spins_of_castep() -> None:
    text = CELL.format(start="").replace("Cs 0 0 0", "Fe 0 0 0 SPIN=2.0")
    assert "direction" in read_bytes(text.encode(), name="x.cell").source.notes[0]
    moments = read_bytes(text.encode(), name="x.cell", spin_axis=np.array([0, 0, 1.0])).moments
    assert moments is not None
    assert moments.tolist() == [[0, 0, 2], [0, 0, 0]]


def test_ase_agrees_where_it_reads_them(tmp_path: Path) -> None:
    """What ASE writes for pw.x is read as ASE made it."""
    from ase.io import write

    rng = np.random.default_rng(5)
    for _ in range(5):
        atoms = Atoms(
            "Zn2O2", cell=HEX + rng.normal(size=(3, 3)) / 5, scaled_positions=PLACES, pbc=True
        )
        file = tmp_path / "made.in"
        names = {"Zn": "Zn.upf", "O": "O.upf"}
        write(file, atoms, format="espresso-in", pseudopotentials=names, kpts=None)
        found = read_crystal(file)
        assert np.abs(found.cell - atoms.cell.array).max() < 1e-9
        steps = found.positions - atoms.get_scaled_positions()
        assert np.abs(steps - np.rint(steps)).max() < 1e-9
