"""Reading crystals: everything ends in a checked crystal or in one named error."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import re
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from symchiral.crystal.check import MAX_ATOMS, OVERLAP
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry
from symchiral.errors import (
    DisorderError,
    LabelError,
    LimitError,
    ReadError,
    StructureError,
    SymchiralError,
    shown,
)
from symchiral.reading import find_structure, structure_names
from symchiral.reading.cif import parse_cif
from symchiral.reading.files import MAX_BYTES, unpack
from symchiral.reading.structure import read_bytes, read_crystal
from symchiral.reading.xyz import parse_operations, parse_xyz

CELL = {
    "cubic": (4.0, 4.0, 4.0, 90, 90, 90),
    "hexagonal": (4.0, 4.0, 6.0, 90, 90, 120),
    "wide": (12.0, 12.0, 12.0, 90, 90, 120),
    "rhombohedral": (6.0, 6.0, 6.0, 55, 55, 55),
}
THREEFOLD = ["x,y,z", "-y,x-y,z", "-x+y,-x,z"]


def cif(
    sites: list[str],
    *,
    cell: str = "cubic",
    symmetry: str = "",
    operations: list[str] | None = None,
    columns: str = "label type_symbol fract_x fract_y fract_z",
    name: str = "x",
) -> str:
    tags = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"data_{name}"]
    lines += [f"_cell_{tag} {value}" for tag, value in zip(tags, CELL[cell], strict=True)]
    lines.append(symmetry)
    if operations is not None:
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{op}'" for op in operations)]
    lines += ["loop_", *(f"_atom_site_{column}" for column in columns.split()), *sites, ""]
    return "\n".join(lines)


def read(text: str | bytes, name: str = "x.cif", *, index: int | None = None) -> Crystal:
    return read_bytes(text.encode() if isinstance(text, str) else text, name=name, index=index)


def fails(kind: type[SymchiralError], text: str | bytes, name: str, *words: str) -> SymchiralError:
    with pytest.raises(SymchiralError) as caught:
        read(text, name)
    error = caught.value
    assert type(error) is kind, error
    for word in words:
        assert word.lower() in str(error).lower(), str(error)
    assert error.what
    assert error.why
    assert error.fix
    return error


def noted(crystal: Crystal, word: str) -> bool:
    return any(word.lower() in note.lower() for note in crystal.source.notes)


PO = "Po\n1.0\n3.3 0 0\n0 3.3 0\n0 0 3.3\nPo\n1\nDirect\n0 0 0\n"


# ------------------------------------------------------------------------------- agreement


def test_every_packaged_structure_agrees_with_ase() -> None:
    import ase.io

    names = [name for name in structure_names() if find_structure(name).suffix == ".cif"]
    assert len(names) >= 112
    for name in names:
        mine = read_crystal(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = ase.io.read(find_structure(name))
        assert len(mine) == len(theirs), name
        assert np.allclose(mine.cell, theirs.cell.array, atol=1e-9), name
        delta = mine.positions[:, None] - theirs.get_scaled_positions()[None]
        delta -= np.rint(delta)
        distance = np.linalg.norm(delta @ mine.cell, axis=2)
        nearest = distance.argmin(axis=1)
        assert sorted(nearest) == list(range(len(mine))), name
        assert distance.min(axis=1).max() < 1e-3, name
        assert np.array_equal(theirs.numbers[nearest], mine.numbers), name
        assert mine.source.notes == (), name
        assert mine.source.stated_group, name


@pytest.mark.parametrize("kind", ["vasp", "extxyz", "xsf", "json", "espresso-in", "aims", "traj"])
def test_formats_of_ase_round_trip(tmp_path: Path, kind: str) -> None:
    import ase
    import ase.io

    mine = read_crystal("Te_P3121")
    atoms = ase.Atoms(mine.numbers, scaled_positions=mine.positions, cell=mine.cell, pbc=True)
    suffix = {"vasp": "vasp", "extxyz": "xyz", "espresso-in": "pwi", "aims": "in"}.get(kind, kind)
    path = tmp_path / f"te.{suffix}"
    options = {"pseudopotentials": {"Te": "x"}} if kind == "espresso-in" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ase.io.write(path, atoms, format=kind, **options)
    again = read_crystal(path)
    assert np.allclose(again.cell, mine.cell, atol=1e-6)
    assert np.array_equal(again.numbers, mine.numbers)
    delta = again.positions - mine.positions
    assert np.abs(delta - np.rint(delta)).max() < 1e-6
    assert again.source.notes == ()
    assert again.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert again.source.path == str(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    suffix = {"gzip": "gz", "bz2": "bz2", "lzma": "xz"}[pack.__module__.split(".")[-1]]
    for stem, text in (("Po.cif", cif(["Po1 Po 0 0 0"])), ("POSCAR", PO)):
        path = tmp_path / f"{stem}.{suffix}"
        path.write_bytes(pack(text.encode()))
        assert read_crystal(path).formula == "Po"
        path.write_bytes(pack(text.encode() * 20)[:-12])
        with pytest.raises(ReadError, match="damaged"):
            read_crystal(path)


def test_a_decompression_bomb_is_refused() -> None:
    bomb = gzip.compress(b"\n" * (MAX_BYTES + 10))
    assert len(bomb) < 1_000_000
    fails(LimitError, bomb, "x.cif.gz", "decompresses")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_expands_beyond_measure_is_refused(pack: Callable[[bytes], bytes]) -> None:
    """Where larger files are allowed, the ratio is what is refused; memory follows the contents."""
    with pytest.raises(LimitError, match="200 times"):
        unpack(pack(b"\n" * (MAX_BYTES + 10)), name="x", limit=10 * MAX_BYTES)
    tracemalloc.start()
    assert unpack(pack(b"data_x"), name="x", limit=10**12) == b"data_x"
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


# ------------------------------------------------------------------------------- paths


def test_paths_that_hold_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Bismuth.cif").write_text(cif(["Bi1 Bi 0 0 0"]))
    with pytest.raises(ReadError, match=r"Did you mean Bismuth\.cif"):
        read_crystal("bismut.cif")
    with pytest.raises(ReadError, match=r"Bi2Se3 \(packaged\)"):
        read_crystal("Bi2Se3.cif")  # a file name is never replaced silently
    with pytest.raises(ReadError, match="no folder"):
        read_crystal("nowhere/x.cif")
    with pytest.raises(ReadError, match=r"Bismuth\.cif"):
        read_crystal(tmp_path)
    for nothing in ("", "  ", "a\nb", "a\0b", "x" * 5000, "x" * 300):
        with pytest.raises(ReadError):
            read_crystal(nothing)
    assert read_crystal("bi2se3").formula == "Bi2Se3"
    assert read_crystal("Bi2Se3").source.path == "Bi2Se3"


def test_large_files_are_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "x.cif"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(LimitError, match="50 MB"):
        read_crystal(path)


def test_packaged_names() -> None:
    assert find_structure("BI2SE3.cif").is_file()
    with pytest.raises(LabelError, match="Did you mean Bi2Se3"):
        find_structure("Bi2Se")


# ------------------------------------------------------------------------------- text


@pytest.mark.parametrize("name", ["x.cif", "POSCAR", "x.xyz", "x", "x.txt", "x.json", "x.xsf"])
@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b" \n\r\n\t", "empty"),
        (b"\x00\x01\x02\xff" * 50, "binary"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "html"),
        (b"\n  <html>\n", "html"),
        (b"Dear colleague,\nplease find attached the structure.\nYours\n", ""),
        (b"\xff\xfe", "empty"),
    ],
)
def test_what_is_no_structure_at_all(name: str, data: bytes, word: str) -> None:
    fails(ReadError, data, name, word)


def test_encodings_and_line_ends() -> None:
    text = cif(["Po1 Po 0 0 0"], symmetry="_publ_author_name 'Müller é'")
    plain = read(text)
    latin = read(text.encode("latin-1"))
    assert noted(latin, "latin-1")
    assert not noted(plain, "latin")
    for data in (
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
    ):
        again = read(data)
        assert np.array_equal(again.cell, plain.cell)


def test_a_cif_is_known_by_its_text_whatever_its_name() -> None:
    for name in ("x.txt", "structure", "POSCAR", "postgres.cif", "states", "x@1.cif"):
        assert read(cif(["Po1 Po 0 0 0"]), name).formula == "Po"
    for name in ("x.txt", "structure", "mysql.dat", "x.poscar", "CONTCAR", "run@7.vasp"):
        assert read(PO, name).formula == "Po"


# ------------------------------------------------------------------------------- CIF syntax


def test_cif_grammar() -> None:
    text = (
        "# comment\ndata_a\n_one 'it''s not' \n_two \"a 'b' c\"\n_three\n;line 1\n'line 2\n;\n"
        "_four 'a dog's life'\n_five R -3 m\nloop_\n_six\n_seven.eight\n1 'x, y'\n;text\n; 2\n"
        "_nine ?\n_TEN ten # comment\n_atom_site_aniso_label\nsave_\ndata_b\n_one other\n"
    )
    a, b = parse_cif(text)
    assert (a.name, b.name) == ("a", "b")
    assert a.values["_two"] == ("a 'b' c",)
    assert a.values["_three"] == ("line 1\n'line 2\n",)
    assert a.values["_four"] == ("a dog's life",)
    assert a.first("_five") == "R -3 m"
    assert a.column("_six") == ("1", "text\n")
    assert a.column("_seven_eight") == ("x, y", "2")
    assert a.first("_nine", "_ten") == "ten"
    assert a.first("_nine") is None
    assert b.first("_one") == "other"
    assert len(a.notes) == 1  # the tag without value


def test_broken_cif_syntax() -> None:
    good = cif(["Po1 Po 0 0 0", "Te1 Te .5 .5 .5"])
    fails(ReadError, good.replace("Te1 Te .5 .5 .5", "Te1 Te .5 .5"), "x.cif", "5 columns", "line")
    fails(ReadError, good + "_publ\n;never closed\n", "x.cif", "never closed")
    assert noted(read(good + "loop_ _refln_a _refln_b 1 2 3\n"), "incomplete loop")
    assert noted(read(good.replace("data_x\n", "data_x\n" + "stray\n" * 50)), "more oddities")
    assert read(good.replace("data_x", "")).formula == "PoTe"  # no data_ line
    fails(ReadError, "data_x\n_cell_length_a 4\n", "x.cif", "no atoms")
    fails(
        ReadError, good.replace("_atom_site_fract_z", "_atom_site_fract_w"), "x.cif", "coordinate"
    )


# ------------------------------------------------------------------------------- symmetry in CIFs


@pytest.mark.parametrize(
    ("text", "rotation", "translation"),
    [
        ("x,y,z", np.eye(3), [0, 0, 0]),
        (" -Y , X-Y , Z+1/3 ", [[0, -1, 0], [1, -1, 0], [0, 0, 1]], [0, 0, 1 / 3]),
        ("1/2+x,.5-y,-z+0.6667", np.diag([1, -1, -1]), [0.5, 0.5, 2 / 3]),
        ("x-1/4,y+3/4,z+5/4", np.eye(3), [0.75, 0.75, 0.25]),
        ("1*x,+y,z+1/8", np.eye(3), [0, 0, 0.125]),
        ("x,y,z+1/5", np.eye(3), [0, 0, 0.2]),
    ],
)
def test_operations(text: str, rotation: object, translation: object) -> None:
    w, t = parse_xyz(text)
    assert np.array_equal(w, np.array(rotation))
    assert np.allclose(t, np.array(translation), atol=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "x,y", "x,y,z,x", "x,y,y", "x,y,w", "x,y,z+1/0", "x y,y,z", "2x,y,z", "x,,z", "x,y,z+-",
     "x,y,z+" + "9" * 5000, "x,y,999999999999z", "0.5x,2y,z", "x,y,z+1e3"],
)  # fmt: skip
def test_what_is_no_operation(text: str) -> None:
    with pytest.raises(ReadError, match="not a symmetry operation"):
        parse_xyz(text)


def test_operations_are_a_group_or_not() -> None:
    from symchiral.crystal.search import space_group

    checked = 0
    for hall in range(1, 531):
        group = space_group(hall)
        texts = [g.xyz for g in group.operations]
        w, _, closed = parse_operations([*texts, texts[-1]])
        assert closed, hall
        assert len(w) == len(group)
        checked += 1
        if len(group) > 1:
            assert not parse_operations(texts[:-1])[2] or len(group) == 2, hall
            assert not parse_operations(texts[1:])[2], hall
    assert checked == 530
    shifted = ["x,y,z", "-x,-y,z+1/3"]
    assert not parse_operations(shifted)[2]
    assert parse_operations(["x,y,z", "x+1/2,y,z"])[2]
    assert not parse_operations(["x,y,z", "x+1/3,y,z"])[2]
    fails(ReadError, cif(["Po1 Po 0 0 0"], operations=shifted), "x.cif", "do not form a group")


@pytest.mark.parametrize("digits", [2, 3, 4, 5, 8])
def test_one_third_written_with_few_digits(digits: int) -> None:
    """ASE merges images closer than 0.001 in fractional units: 0.333 gives it doubled atoms."""
    site = f"B1 B {1 / 3:.{digits}f} {2 / 3:.{digits}f} 0.25"
    crystal = read(cif([site], cell="hexagonal", operations=THREEFOLD))
    assert len(crystal) == 1
    assert np.allclose(crystal.positions, [[1 / 3, 2 / 3, 0.25]], atol=1e-12)
    assert noted(crystal, "few digits") == (digits < 5)


def test_two_digits_in_a_wide_cell_are_an_error_that_says_so() -> None:
    text = cif(["B1 B 0.33 0.67 0.25"], cell="wide", operations=THREEFOLD)
    fails(StructureError, text, "x.cif", "(B1)", "more digits")
    ops = [*THREEFOLD, "-x,-y,-z", "y,-x+y,-z", "x-y,x,-z"]
    text = cif(["B1 B 0.33 0.67 0.004"], cell="wide", operations=ops)
    fails(StructureError, text, "x.cif", "B1", "more digits")


def test_sites_given_twice() -> None:
    same = read(cif(["Po1 Po 0 0 0", "Po2 Po 0 0 0"]))
    assert len(same) == 1
    assert noted(same, "Po1 is listed more than once: Po2")
    text = cif(["B1 B .1 .2 .3", "B2 B -.2 -.1 .3"], cell="hexagonal", operations=THREEFOLD)
    equivalent = read(text)
    assert len(equivalent) == 3
    assert noted(equivalent, "B1 is listed more than once: B2")
    two = cif(["Po1 Po 0 0 0", "Te1 Te 0 0 0"])
    fails(StructureError, two, "x.cif", "(Po1)", "(Te1)", "0.000 Å")
    near = cif(["Po1 Po 0 0 0", "Po2 Po 0 0 .05"])
    fails(StructureError, near, "x.cif", "(Po1)", "(Po2)", "0.200 Å")


def test_no_symmetry_stated_is_noted() -> None:
    crystal = read(cif(["Po1 Po 0 0 0"]))
    assert noted(crystal, "states no symmetry")
    crystal = read(cif(["Po1 Po 0 0 0"], operations=["x,y,z"]))
    assert crystal.source.notes == ()


@pytest.mark.parametrize(
    ("symmetry", "cell", "atoms"),
    [
        ("_symmetry_space_group_name_H-M 'F m -3 m'", "cubic", 4),
        ("_symmetry_space_group_name_H-M Fm-3m", "cubic", 4),
        ("_symmetry_space_group_name_H-M F m -3 m", "cubic", 4),
        ("_space_group_IT_number 225", "cubic", 4),
        ("_space_group.IT_number 229", "cubic", 2),
        ("_space_group_name_H-M_alt 'F d -3 m :1'", "cubic", 8),
        ("_space_group_name_H-M_alt 'F d -3 m :2'", "cubic", 16),
        ("_space_group_name_H-M_alt 'F d -3 m S'", "cubic", 8),
        ("_space_group_name_H-M_alt 'F d -3 m Z'", "cubic", 16),
        ("_space_group_name_H-M_alt 'R -3 m'", "hexagonal", 3),
        ("_space_group_name_H-M_alt 'R -3 m :H'", "hexagonal", 3),
        ("_space_group_name_H-M_alt 'R -3 m'", "rhombohedral", 1),
        ("_space_group_name_H-M_alt 'R -3 m R'", "rhombohedral", 1),
        ("_symmetry_space_group_name_H-M 'P 1 21/c 1'", "cubic", 2),
        ("_symmetry_space_group_name_H-M 'P 21/n'", "cubic", 2),
        ("_symmetry_space_group_name_H-M P2_1/c", "cubic", 2),
        ("_symmetry_space_group_name_H-M 'C m c a'", "cubic", 4),
        # ASE takes "trigonal" for rhombohedral axes whatever the cell is
        ("_symmetry_cell_setting trigonal\n_space_group_IT_number 166", "hexagonal", 3),
    ],
)
def test_groups_that_are_only_named(symmetry: str, cell: str, atoms: int) -> None:
    crystal = read(cif(["Po1 Po 0 0 0"], cell=cell, symmetry=symmetry))
    assert len(crystal) == atoms
    assert noted(crystal, "lists no operations")


def test_origin_choices_are_told_apart_by_contents_or_refused() -> None:
    symmetry = "_space_group_name_H-M_alt 'F d -3 m'\n"
    content = "_chemical_formula_sum Si\n_cell_formula_units_Z {}\n"
    site = ["Si1 Si 0 0 0"]
    assert len(read(cif(site, cell="wide", symmetry=""))) == 1
    for z in (8, 16):
        text = cif(site, symmetry=symmetry + content.format(z))
        assert len(read(text)) == z
    fails(ReadError, cif(site, symmetry=symmetry), "x.cif", "two origin choices", ":2")
    unknown = cif(site, symmetry="_symmetry_space_group_name_H-M 'P b x m'")
    fails(ReadError, unknown, "x.cif", "P b x m", "list the operations")


def test_every_packaged_structure_without_its_operations() -> None:
    """The group's name alone gives the same atoms, or an error where the origin is not told."""
    listed = re.compile(
        r"loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n(\d+ .*\n)+"
    )
    hall = re.compile(r"_\w*space_group_name_Hall.*\n")
    counts = {"same": 0, "refused": 0}
    refusals: list[tuple[bool, bool]] = []
    names = [name for name in structure_names() if find_structure(name).suffix == ".cif"]
    for name in names:
        full = read_crystal(name)
        text, found = listed.subn("", find_structure(name).read_text(encoding="utf-8"))
        assert found == 1, name
        by_hall = re.sub(r"_\w*space_group_(name_H-M|IT_number)\w*.*\n", "", text)
        text, found = hall.subn("", text)
        assert found == 1, name
        without_symbol = re.sub(r"_\w*space_group_name_H-M\w*.*\n", "", text)
        without_code = text.replace("_space_group_IT_coordinate_system_code", "_not_told")
        without_z = without_code.replace("_cell_formula_units_Z", "_not_told")
        for variant in (text, without_symbol, without_code, without_z, by_hall):
            try:
                again = read(variant)
            except ReadError as error:
                refusals.append((variant is without_z, "two origin choices" in error.why))
                counts["refused"] += 1
                continue
            assert len(again) == len(full), name
            delta = again.positions[:, None] - full.positions
            delta -= np.rint(delta)
            assert np.linalg.norm(delta @ full.cell, axis=2).min(axis=1).max() < 1e-3, name
            counts["same"] += 1
    assert counts["same"] >= 5 * len(names) - 20
    assert 1 <= counts["refused"] <= 20
    assert set(refusals) == {(True, True)}


def test_operations_that_do_not_fit_the_cell() -> None:
    text = cif(["B1 B .1 .2 .3"], cell="cubic", operations=THREEFOLD)
    fails(StructureError, text, "x.cif", "do not fit")
    close = cif(["B1 B .1 .2 .3"], cell="hexagonal", operations=THREEFOLD)
    close = close.replace("_cell_length_b 4.0", "_cell_length_b 4.01")
    assert noted(read(close), "only to")


def test_stated_group_and_symbol_are_kept() -> None:
    symmetry = "_symmetry_Int_Tables_number 143\n_symmetry_space_group_name_H-M  'P  3'"
    text = cif(["B1 B .1 .2 .3"], cell="hexagonal", symmetry=symmetry, operations=THREEFOLD)
    source = read(text).source
    assert (source.stated_group, source.stated_symbol) == (143, "P 3")
    wrong = read(text.replace("143", "999"))
    assert wrong.source.stated_group == 143  # that of the symbol
    assert noted(wrong, "none of 1 to 230")


def test_several_blocks() -> None:
    cold = cif(["Po1 Po 0 0 0"], name="cold")
    warm = cif(["Po1 Po 0 0 0"], name="warm").replace("4.0", "4.1")
    other = cif(["Te1 Te 0 0 0"], name="other")
    both = read(cold + warm)
    assert both.cell[0, 0] == 4.0  # ASE takes the last
    assert noted(both, "the first was taken")
    assert noted(both, "warm")
    assert read(cold + warm, index=1).cell[0, 0] == 4.1
    assert read(cold + other, index=-1).formula == "Te"
    fails(ReadError, cold + other, "x.cif", "cold", "other", "index")
    assert read("data_publ\n_journal x\n" + cold).source.notes == read(cold).source.notes
    with pytest.raises(ReadError, match="holds 2 structures"):
        read(cold + warm, index=2)


def test_magnetic_operations_without_moments() -> None:
    text = cif(["Fe1 Fe 0.1 0 0"]) + (
        "loop_\n_space_group_symop_magn_operation.id\n_space_group_symop_magn_operation.xyz\n"
        "1 x,y,z,+1\n2 -x,-y,-z,-1\n"
    )
    crystal = read(text)
    assert len(crystal) == 2
    assert crystal.moments is None


# ------------------------------------------------------------------------------- sites in CIFs

OCCUPIED = "label type_symbol fract_x fract_y fract_z occupancy"


def test_disorder_names_the_site() -> None:
    for occupancy in ("0.5", "0.5(2)", "0.94", ".5", "1.2", "1.02"):
        text = cif(["Fe7 Fe 0 0 0 1", f"Co9 Co .5 .5 .5 {occupancy}"], columns=OCCUPIED)
        fails(DisorderError, text, "x.cif", "Co9")
    for occupancy in ("1", "1.0", "1.000(3)", "?", ".", "0.999", "0.98", "0.95(2)"):
        text = cif([f"Fe7 Fe 0 0 0 {occupancy}"], columns=OCCUPIED)
        assert len(read(text)) == 1
        assert noted(read(text), "taken as full") == (occupancy in ("0.98", "0.95(2)"))
    empty = cif(["Fe7 Fe 0 0 0 1", "Co9 Co .5 .5 .5 0"], columns=OCCUPIED)
    assert noted(read(empty), "Co9")
    assert len(read(empty)) == 1
    fails(ReadError, cif(["Fe7 Fe 0 0 0 full"], columns=OCCUPIED), "x.cif", "occupancy", "Fe7")


@pytest.mark.parametrize(
    ("symbol", "number"),
    [("Fe", 26), ("Fe3+", 26), ("O2-", 8), ("O-2", 8), ("FE", 26), ("Bi0+", 83), ("Cval", 6),
     ("Siva", 14), ("H", 1), ("D", 1), ("T", 1), ("K1+", 19)],
)  # fmt: skip
def test_type_symbols(symbol: str, number: int) -> None:
    crystal = read(cif([f"A1 {symbol} 0 0 0"]))
    assert crystal.numbers.tolist() == [number]
    assert noted(crystal, "taken as H") == (symbol in ("D", "T"))


@pytest.mark.parametrize(
    ("label", "number"),
    [("Fe1", 26), ("O1", 8), ("O1A", 8), ("OW1", 8), ("HO1", 67), ("D2", 1), ("C1'", 6),
     ("Se(1)", 34)],
)  # fmt: skip
def test_labels_alone(label: str, number: int) -> None:
    crystal = read(cif([f"{label} 0 0 0"], columns="label fract_x fract_y fract_z"))
    assert crystal.numbers.tolist() == [number]


def test_formula_decides_between_readings_of_a_label() -> None:
    text = cif(
        ["HO1 0 0 0"],
        columns="label fract_x fract_y fract_z",
        symmetry="_chemical_formula_sum 'H2 O'",
    )
    assert read(text).numbers.tolist() == [1]


@pytest.mark.parametrize("symbol", ["X", "Xx", "Vac", "Q1", "Wat", "12", "-", "Zz9"])
def test_unknown_elements(symbol: str) -> None:
    fails(StructureError, cif([f"Site5 {symbol} 0 0 0"]), "x.cif", "Site5", symbol)


@pytest.mark.parametrize(
    "value", ["?", "..", "abc", "1/3", "0.3.3", "1e99999", "--1", "nan", "inf"]
)
def test_bad_coordinates_name_the_site(value: str) -> None:
    fails(ReadError, cif([f"Po1 Po {value} 0 0"]), "x.cif", "coordinate x", "Po1", "0.33333333")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_cell_length_a 4.0", "_cell_length_a 0"),
        ("_cell_length_a 4.0", "_cell_length_a -4"),
        ("_cell_length_a 4.0", "_cell_length_a 1e200"),
        ("_cell_length_a 4.0", "_cell_length_a 0.1"),
        ("_cell_length_a 4.0", "_cell_length_a ?"),
        ("_cell_angle_alpha 90", "_cell_angle_alpha 180"),
        ("_cell_angle_alpha 90", "_cell_angle_alpha 0"),
        ("_cell_angle_alpha 90\n_cell_angle_beta 90", "_cell_angle_alpha 20\n_cell_angle_beta 30"),
        ("Po1 Po 0 0 0", "Po1 Po 1e300 0 0"),
        ("Po1 Po 0 0 0", "Po1 Po 1e7 0 0"),
    ],
)
def test_impossible_cells(old: str, new: str) -> None:
    text = cif(["Po1 Po 0 0 0"])
    assert old in text
    fails(StructureError, text.replace(old, new), "x.cif")


def test_cartesian_cif_and_missing_angles() -> None:
    text = cif(
        ["Po1 Po 0 0 0", "Te1 Te 2 2 2"], columns="label type_symbol Cartn_x Cartn_y Cartn_z"
    )
    crystal = read(text)
    assert np.allclose(crystal.positions[1], 0.5)
    assert noted(crystal, "Cartesian")
    for missing in ("", "_cell_angle_beta ?", "_cell_angle_beta ."):
        text = cif(["Po1 Po 0 0 0"]).replace("_cell_angle_beta 90", missing)
        fails(StructureError, text, "x.cif", "does not give _cell_angle_beta")


def test_standard_angles_give_an_exact_cell() -> None:
    crystal = read(cif(["Po1 Po 0 0 0"], cell="hexagonal"))
    assert crystal.cell[1, 0] == -2.0
    assert crystal.cell[2].tolist() == [0.0, 0.0, 6.0]


def test_dummies_and_hydrogens() -> None:
    columns = "label type_symbol fract_x fract_y fract_z calc_flag attached_hydrogens"
    crystal = read(cif(["O1 O 0 0 0 d 2", "C1 C .5 .5 .5 dum 0"], columns=columns))
    assert crystal.formula == "O"
    assert noted(crystal, "dummy")
    assert noted(crystal, "hydrogens")


# ------------------------------------------------------------------------------- POSCAR


def test_poscar_guards() -> None:
    huge = PO.replace("\n1\nDirect", "\n999999999999\nDirect")
    fails(LimitError, huge, "POSCAR", "999999999999")
    fails(LimitError, PO.replace("\n1\nDirect", f"\n{MAX_ATOMS + 1}\nDirect"), "POSCAR")
    fails(StructureError, PO.replace("\n1\nDirect", "\n0\nDirect"), "POSCAR", "no atoms")
    fails(ReadError, PO.replace("\n1\nDirect", "\n-1\nDirect"), "POSCAR", "line 7")
    fails(ReadError, PO.replace("\n1\nDirect", "\n3\nDirect"), "POSCAR", "declares 3", "lists 1")
    fails(ReadError, PO.replace("\nPo\n", "\nPo Te\n"), "POSCAR", "2 elements")
    fails(ReadError, PO.replace("\nPo\n", "\nXx\n"), "POSCAR", "Xx", "element")
    fails(ReadError, "Po\n1\n", "POSCAR", "8 lines")
    fails(ReadError, PO.replace("3.3 0 0", "3.3 0 a"), "POSCAR", "vasp")
    fails(StructureError, PO.replace("3.3 0 0", "0 0 0"), "POSCAR", "lattice vector a")
    fails(StructureError, PO.replace("3.3 0 0", "nan 0 0"), "POSCAR", "NaN")
    fails(StructureError, PO.replace("3.3 0 0", "0 3.3 0"), "POSCAR", "volume")
    fails(StructureError, PO.replace("\n0 0 0\n", "\n0 inf 0\n"), "POSCAR", "NaN or infinity")
    fails(StructureError, PO.replace("\nPo\n", "\nX\n"), "POSCAR", "dummy")
    fails(StructureError, PO.replace("1.0", "1e-3"), "POSCAR", "ångström")


def test_poscar_variants() -> None:
    assert noted(read(PO.replace("\nPo\n", "\nD\n"), "POSCAR"), "deuterium")
    trailer = PO + "\n 0.1 0.2\nrubbish velocities 1 2 3 4\n"
    assert len(read(trailer, "CONTCAR")) == 1
    assert len(read(PO.replace("\nPo\n1", "\n1"), "POSCAR")) == 1  # VASP 4: symbols in line 1
    fails(ReadError, PO.replace("\nPo\n1", "\n1").replace("Po", "?!", 1), "POSCAR")
    selective = PO.replace("Direct\n0 0 0", "Selective\nCart\n0 0 0 T T F")
    assert len(read(selective, "POSCAR")) == 1
    assert read(PO.replace("1.0", "-64"), "POSCAR").volume == pytest.approx(64)
    left = read(PO.replace("3.3 0 0", "-3.3 0 0"), "POSCAR")
    assert np.linalg.det(left.cell) < 0


def test_xdatcar() -> None:
    head = PO.split("Direct")[0]
    text = head + "Direct configuration=     1\n0 0 0\nDirect configuration=     2\n.5 0 0\n"
    for name in ("XDATCAR", "md.txt"):
        last = read(text, name)
        assert last.positions[0, 0] == pytest.approx(0.5)
        assert noted(last, "2 structures")
        assert read(text, name, index=0).positions[0, 0] == pytest.approx(0.0)
    fails(LimitError, text.replace("\n1\nDirect", "\n99999999999\nDirect"), "XDATCAR")


def test_poscar_without_symbols_finds_a_potcar_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    path.write_text(PO.replace("Po\n1.0", "comment 12\n1.0").replace("\nPo\n1", "\n1"))
    with pytest.raises(ReadError, match="chemical symbols"):
        read_crystal(path)
    (tmp_path / "POTCAR").write_text("  TITEL  = PAW_PBE Po 25Jan2000\n")
    assert read_crystal(path).formula == "Po"


# ------------------------------------------------------------------------------- extended XYZ

XYZ = '2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3\nCs 0 0 0\nCl 2 2 2\n'


def test_extended_xyz() -> None:
    assert read(XYZ, "x.xyz").formula == "CsCl"
    both = XYZ + XYZ.replace("4", "5")
    last = read(both, "x.extxyz")
    assert last.cell[0, 0] == 5
    assert noted(last, "2 structures; the last")
    assert read(both, "x.xyz", index=0).cell[0, 0] == 4
    assert not read(both, "x.xyz", index=0).source.notes
    assert noted(read(XYZ.replace("Cl 2", "D 2"), "x.xyz"), "deuterium")
    slab = read(XYZ.replace("Properties", 'pbc="T T F" Properties'), "x.xyz")
    assert noted(slab, "not declared periodic along c")


@pytest.mark.parametrize(
    ("kind", "old", "new", "word"),
    [
        (StructureError, 'Lattice="4 0 0 0 4 0 0 0 4" ', "", "molecule"),
        (StructureError, "4 0 0 0 4 0 0 0 4", "4 0 0 0 4 0 0 0 0", "not periodic"),
        (StructureError, "Cl 2 2 2", "Cl 0 0 0.1", "0.100"),
        (StructureError, "Cl 2 2 2", "Cl nan 2 2", "NaN"),
        (StructureError, "2\nL", "0\nL", "no atoms"),
        (LimitError, "2\nL", "200000000000\nL", "20000"),
        (ReadError, "2\nL", "-2\nL", "number of atoms"),
        (ReadError, "2\nL", "3\nL", "declares 3"),
        (ReadError, "Cl 2 2 2", "Xx 2 2 2", "Xx"),
        (ReadError, "Cl 2 2 2", "Cl 2 2", ""),
        (ReadError, "pos:R:3", "pos:R:3000000000", "columns"),
        (ReadError, "pos:R:3", "pos:R:" + "9" * 5000, "columns"),
        (ReadError, "2\nL", "\n2\nL", "first line"),
    ],
)
def test_bad_extended_xyz(kind: type[SymchiralError], old: str, new: str, word: str) -> None:
    assert old in XYZ
    fails(kind, XYZ.replace(old, new, 1), "x.xyz", word)


# ------------------------------------------------------------------------------- limits, overlap


def test_too_many_atoms_in_a_cif() -> None:
    rows = [f"Po{i} Po {i / 30001:.6f} 0 0" for i in range(MAX_ATOMS + 1)]
    fails(LimitError, cif(rows), "x.cif", str(MAX_ATOMS))
    operations = [f"x,y,z+{i}/768" for i in range(769)]
    fails(LimitError, cif(["Po1 Po 0 0 0"], operations=operations), "x.cif", "operations")


def test_twenty_thousand_atoms_are_checked_in_bounded_memory() -> None:
    edge = 27
    grid = np.stack(np.meshgrid(*[np.arange(edge)] * 3), axis=-1).reshape(-1, 3) / edge
    atoms = SimpleNamespace(
        cell=3.0 * edge * np.eye(3), scaled_positions=grid, numbers=[84] * edge**3
    )
    tracemalloc.start()
    assert len(read_crystal(atoms)) == edge**3
    close = grid.copy()
    close[5] = close[9000] + [0.0, 0.0, 0.2 / (3 * edge)]
    atoms.scaled_positions = close
    with pytest.raises(StructureError, match=r"atoms 6 \(Po\) and 9001 \(Po\) are 0\.200"):
        read_crystal(atoms)
    atoms.scaled_positions = np.zeros_like(grid)
    with pytest.raises(StructureError, match=r"0\.000 Å apart"):
        read_crystal(atoms)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


@pytest.mark.parametrize("count", [2, 400])
def test_overlap_is_found_in_any_cell(count: int) -> None:
    rng = np.random.default_rng(7)
    checked = 0
    for _ in range(40):
        basis = 3.0 * count ** (1 / 3) * (np.eye(3) + 0.1 * rng.standard_normal((3, 3)))
        side = round(np.ceil(count ** (1 / 3)))
        grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:count] / side
        skew = np.eye(3, dtype=int)
        for _ in range(6):
            i, j = rng.permutation(3)[:2]
            skew[i] += rng.integers(-2, 3) * skew[j]
        cell = skew @ basis
        good = grid @ np.linalg.inv(skew) + rng.integers(-3, 4, (count, 3))
        crystal = SimpleNamespace(cell=cell, scaled_positions=good, numbers=[84] * count)
        assert len(read_crystal(crystal)) == count
        direction = rng.standard_normal(3)
        step = direction / np.linalg.norm(direction) * OVERLAP * rng.uniform(0.1, 0.95)
        bad = good.copy()
        bad[-1] = good[0] + step @ np.linalg.inv(cell) + rng.integers(-3, 4, 3)
        crystal.scaled_positions = bad
        with pytest.raises(StructureError, match=rf"atoms 1 \(Po\) and {count} "):
            read_crystal(crystal)
        checked += 1
    assert checked == 40


# ------------------------------------------------------------------------------- objects


def test_objects_of_other_libraries() -> None:
    import ase

    mine = read_crystal("ZnO")
    assert read_crystal(mine) is mine
    atoms = ase.Atoms(mine.numbers, cell=mine.cell, scaled_positions=mine.positions, pbc=True)
    phonopy = SimpleNamespace(  # what a PhonopyAtoms offers
        numbers=mine.numbers,
        cell=mine.cell,
        scaled_positions=mine.positions,
        symbols=list(mine.symbols),
    )
    sites = [SimpleNamespace(specie=SimpleNamespace(symbol=s)) for s in mine.symbols]
    pymatgen = SimpleNamespace(
        lattice=SimpleNamespace(matrix=mine.cell),
        frac_coords=mine.positions,
        sites=sites,
        is_ordered=True,
    )
    for thing in (atoms, phonopy, pymatgen):
        again = read_crystal(thing)
        assert np.allclose(again.cell, mine.cell)
        assert np.allclose(again.positions, mine.positions)
        assert np.array_equal(again.numbers, mine.numbers)
        assert again.source.path is None
        assert not again.cell.flags.writeable


def test_bad_objects() -> None:
    import ase

    with pytest.raises(StructureError, match="molecule"):
        read_crystal(ase.Atoms("H2", [[0, 0, 0], [0, 0, 0.74]]))
    with pytest.raises(StructureError, match="no atoms"):
        read_crystal(ase.Atoms(cell=np.eye(3), pbc=True))
    with pytest.raises(StructureError, match="lattice vector c is zero"):
        read_crystal(ase.Atoms("C", cell=[3, 3, 0], pbc=[True, True, False]))
    mixed = ase.Atoms("Fe", cell=3 * np.eye(3), pbc=True)
    mixed.info["occupancy"] = {"0": {"Fe": 0.7, "Co": 0.3}}
    with pytest.raises(DisorderError, match=r"Fe 0.7, Co 0.3"):
        read_crystal(mixed)
    mixed.info["occupancy"] = {"0": {"Fe": 1.0}}
    assert len(read_crystal(mixed)) == 1
    disordered = SimpleNamespace(
        lattice=SimpleNamespace(matrix=np.eye(3)),
        frac_coords=[[0, 0, 0]],
        is_ordered=False,
        sites=[SimpleNamespace(is_ordered=False, species_string="Fe:0.7, Co:0.3")],
    )
    with pytest.raises(DisorderError, match=r"Fe:0\.7"):
        read_crystal(disordered)
    molecule = SimpleNamespace(sites=[], cart_coords=[])
    with pytest.raises(StructureError, match="no lattice"):
        read_crystal(molecule)
    for thing in (None, 7, object(), {"cell": 1}, b"data_x", [1, 2]):
        with pytest.raises(ReadError):
            read_crystal(thing)


# ------------------------------------------------------------------------------- cost


def test_reading_a_cif_imports_nothing_heavy() -> None:
    code = (
        "import sys; from symchiral.reading.structure import read_crystal; read_crystal('Bi2Se3');"
        "heavy = {'ase', 'scipy', 'phonopy', 'spglib', 'sympy', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------------------- found by fuzzing


@pytest.mark.parametrize("value", ["1e999", "inf", "-1e308", "1e308", "1e-308", "nan"])
@pytest.mark.parametrize("tag", ["_cell_length_a 4.0", "_cell_angle_alpha 90"])
def test_overflowing_cells_are_one_error_without_warnings(tag: str, value: str) -> None:
    text = cif(["Po1 Po 0 0 0"]).replace(tag, f"{tag.split()[0]} {value}")
    with pytest.raises((ReadError, StructureError)):
        read(text)


def test_overflowing_numbers_in_other_formats() -> None:
    for value in ("1e308", "-1e308", "1e999", "1e-308", "5e-324"):
        fails(StructureError, XYZ.replace('"4 0', f'"{value} 0'), "x.xyz")
        far = XYZ.replace("Cl 2", f"Cl {value}")
        if abs(float(value)) > 1:
            fails(StructureError, far, "x.xyz")
        else:
            assert len(read(far, "x.xyz")) == 2
        for old in ("3.3 0 0", "1.0"):
            with pytest.raises((StructureError, ReadError)):
                read(PO.replace(old, old.replace("3.3", value).replace("1.0", value)), "POSCAR")


def test_long_nonsense_is_refused() -> None:
    """Each of these made a regular expression take quadratic time: minutes, now."""
    good = cif(["Po1 Po 0 0 0"])
    long = 500_000
    fails(ReadError, cif([f"Po1 Po {'9' * long}x 0 0"]), "x.cif", "coordinate x")
    fails(ReadError, "\n" * long + "x", "x.txt")
    fails(ReadError, "Po\n1\n" + " " * long, "POSCAR")
    fails(LimitError, PO.replace("\n1\nDirect", "\n" + "9" * long + "\nDirect"), "POSCAR")
    fails(LimitError, XYZ.replace("2", "9" * long, 1), "x.xyz")
    assert read(good + "_a " + "'a " * 3000 + "\n").formula == "Po"


@pytest.mark.parametrize("name", ["9" * 5000, "\x1b[31mred"])
def test_what_a_file_says_is_repeated_in_short_and_without_control_characters(name: str) -> None:
    good = cif(["Po1 Po 0 0 0"])
    crystal = read(good + cif(["Po1 Po 0 0 0"], name=name), "x.cif")
    (notice,) = (n for n in find_symmetry(crystal).warnings if "of one composition" in n.text)
    assert len(notice.text) < 500
    assert shown(notice.text) == notice.text
