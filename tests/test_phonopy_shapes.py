"""Force data of phonopy in all its shapes: each is made by phonopy, and gives its frequencies."""

from __future__ import annotations

import gzip
import lzma
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import phonopy
import pytest
import yaml
from phonopy.file_IO import (
    write_BORN,
    write_FORCE_CONSTANTS,
    write_force_constants_to_hdf5,
    write_FORCE_SETS,
)
from phonopy.interface.vasp import write_vasp

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import InputError, LimitError, ReadError, SymchiralError
from symchiral.reading import folder as folder_module
from symchiral.reading.folder import Folder
from symchiral.reading.phonopy_settings import parse_settings
from symchiral.reading.shipped import find_structure
from symchiral.write.band_files import write_band_yaml

POINTS = ("GM", "X", "L", "1/7,1/5,1/3")
ALONG_Z = (0.0, 0.0, 1.0)


def made(primitive: str = "auto", **options: Any) -> Any:
    """NaCl as phonopy holds it: 8 atoms, a supercell of 64, Born charges."""
    found = phonopy.load(find_structure("NaCl/phonopy.yaml"), primitive_matrix=primitive, **options)
    found.produce_force_constants()
    found.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)
    return found


@pytest.fixture(scope="module")
def phonon() -> Any:
    return made()


@pytest.fixture(scope="module")
def conventional() -> Any:
    """The same with the cubic cell for the primitive one."""
    return made("P", is_nac=False)


def compared(source: Any, phonon: Any, *, charges: bool = True, **options: Any) -> float:
    """Largest difference of a frequency from phonopy's, THz, at four wavevectors and along z."""
    study = sc.read(source, **options)
    assert study.phonons is not None
    assert len(study.crystal.primitive) == 2
    assert not [n for n in study.crystal.warnings if "isotope" not in n.text], "nothing to warn of"
    cell, theirs = study.crystal.primitive.cell, phonon.primitive.cell
    worst = 0.0
    for name in POINTS:
        modes = study.modes(name)
        q = np.array([float(x) for x in modes.q.coordinates]) @ np.linalg.inv(cell).T @ theirs.T
        if name == "GM":
            q = np.zeros(3)
        found = _frequencies(phonon, q, charges=charges)
        worst = max(worst, float(np.abs(np.sort(modes.frequencies) - found).max()))
    if charges:
        modes = study.modes("GM", direction=ALONG_Z)
        found = _frequencies(phonon, np.zeros(3), direction=theirs @ ALONG_Z)
        worst = max(worst, float(np.abs(np.sort(modes.frequencies) - found).max()))
    return worst


def _frequencies(phonon: Any, q: Any, *, direction: Any = None, charges: bool = True) -> Any:
    nac = phonon.nac_params
    if not charges:
        phonon.nac_params = None
    phonon.run_qpoints([q], nac_q_direction=direction)
    found = np.sort(phonon.qpoints.frequencies[0])
    if not charges:
        phonon.nac_params = nac
    return found


def born(phonon: Any, path: Path) -> None:
    """BORN of the two atoms, symmetry-independent in NaCl."""
    nac = phonon.nac_params
    write_BORN(phonon.primitive, nac["born"], nac["dielectric"], filename=path)


def unit(phonon: Any, place: Path, name: str = "POSCAR-unitcell") -> None:
    write_vasp(place / name, phonon.unitcell)


def sets(phonon: Any, place: Path) -> None:
    write_FORCE_SETS(phonon.dataset, filename=place / "FORCE_SETS")


def conf(place: Path, text: str = "DIM = 2 2 2\n", name: str = "phonopy.conf") -> None:
    (place / name).write_text(text)


def disp(phonon: Any, place: Path) -> None:
    phonon.save(
        place / "phonopy_disp.yaml", settings={"force_sets": False, "born_effective_charge": False}
    )


def disp_of_phonopy_1(phonon: Any) -> str:
    """disp.yaml: displacements, and the supercell without a unit cell."""
    cell = phonon.supercell
    data = {
        "natom": len(cell),
        "displacements": [
            {"atom": entry["number"] + 1, "displacement": list(map(float, entry["displacement"]))}
            for entry in phonon.dataset["first_atoms"]
        ],
        "lattice": cell.cell.tolist(),
        "atoms": [
            {"symbol": symbol, "position": position.tolist(), "mass": float(mass)}
            for symbol, position, mass in zip(
                cell.symbols, cell.scaled_positions, cell.masses, strict=True
            )
        ],
    }
    return yaml.safe_dump(data)


def yaml_of_phonopy_1(phonon: Any) -> dict[str, Any]:
    """phonon.yaml as phonopy 1 wrote it for phonondb: no forces, no version of the units."""
    data = yaml.safe_load(text_of(phonon))
    kept = ("supercell_matrix", "primitive_matrix", "primitive_cell", "unit_cell", "supercell")
    found = {key: data[key] for key in kept}
    for key in ("primitive_cell", "unit_cell", "supercell"):
        found[key] = {
            "lattice": data[key]["lattice"],
            "atoms": [
                {"symbol": p["symbol"], "position": p["coordinates"], "mass": p["mass"]}
                for p in data[key]["points"]
            ],
        }
    found["phonopy"] = {"version": "1.11.8"}
    found["physical_unit"] = {"atomic_mass": "AMU", "length": "Angstrom"}
    found["space_group"] = {"type": "Fm-3m", "number": 225, "Hall_symbol": "-F 4 2 3"}
    return found


def text_of(phonon: Any, **settings: bool) -> str:
    return str(phonon.to_phonopy_yaml(settings=settings))


# Each shape: what is put into a folder, and options of reading it.
SHAPES: dict[str, Callable[[Any, Any, Path], dict[str, Any] | None]] = {}


def shape(function: Any) -> Any:
    SHAPES[function.__name__] = function
    return function


@shape
def settings_state_the_supercell(phonon: Any, _: Any, place: Path) -> None:
    unit(phonon, place)
    sets(phonon, place)
    conf(place)
    born(phonon, place / "BORN")


@shape
def settings_state_cell_and_axes(phonon: Any, _: Any, place: Path) -> None:
    unit(phonon, place, "NaCl.vasp")
    sets(phonon, place)
    conf(place, "CELL_FILENAME = ./NaCl.vasp\nPRIMITIVE_AXIS = 0 1/2 1/2  1/2 0 1/2  1/2 1/2 0\n")
    conf(place, "dim = 2 0 0  0 2 0  0 0 2\n", "mesh.conf")
    born(phonon, place / "BORN")


@shape
def settings_name_the_atoms(phonon: Any, _: Any, place: Path) -> None:
    unit(phonon, place)
    path = place / "POSCAR-unitcell"
    lines = path.read_text().split("\n")
    at = next(i for i, line in enumerate(lines) if line.split() == ["4", "4"])
    lines = ["no symbols", *lines[1:]]
    del lines[5:at]
    path.write_text("\n".join(lines))
    sets(phonon, place)
    conf(place, "DIM = 2 2 2\nATOM_NAME = Na Cl\n")
    born(phonon, place / "BORN")


@shape
def the_user_says_the_supercell(phonon: Any, _: Any, place: Path) -> dict[str, Any]:
    unit(phonon, place, "POSCAR")
    sets(phonon, place)
    born(phonon, place / "BORN")
    return {"supercell": "2 2 2"}


@shape
def yaml_of_displacements(phonon: Any, _: Any, place: Path) -> None:
    disp(phonon, place)
    unit(phonon, place)
    sets(phonon, place)
    born(phonon, place / "BORN")


@shape
def supercell_alone(phonon: Any, _: Any, place: Path) -> None:
    write_vasp(place / "SPOSCAR", phonon.supercell)
    sets(phonon, place)
    born(phonon, place / "BORN")


@shape
def supercell_and_unit_cell(phonon: Any, _: Any, place: Path) -> None:
    write_vasp(place / "SPOSCAR", phonon.supercell)
    unit(phonon, place)
    write_vasp(place / "POSCAR-001", phonon.supercells_with_displacements[0])
    sets(phonon, place)
    born(phonon, place / "BORN")


@shape
def constants_of_vasp(phonon: Any, _: Any, place: Path) -> None:
    """The supercell is POSCAR; force constants of all its atoms."""
    write_vasp(place / "POSCAR", phonon.supercell)
    write_FORCE_CONSTANTS(full(phonon), filename=place / "FORCE_CONSTANTS")
    born(phonon, place / "BORN")


@shape
def constants_of_vasp_with_the_unit_cell(phonon: Any, _: Any, place: Path) -> None:
    constants_of_vasp(phonon, _, place)
    unit(phonon, place)


@shape
def compact_constants(phonon: Any, _: Any, place: Path) -> None:
    unit(phonon, place)
    conf(place)
    write_FORCE_CONSTANTS(
        phonon.force_constants, filename=place / "FORCE_CONSTANTS", p2s_map=phonon.primitive.p2s_map
    )
    born(phonon, place / "BORN")


@shape
def compact_constants_of_the_cubic_cell(_: Any, conventional: Any, place: Path) -> None:
    """No file says that the primitive cell was the cubic one; which atoms are first does."""
    unit(conventional, place)
    conf(place)
    write_FORCE_CONSTANTS(
        compact(conventional),
        filename=place / "FORCE_CONSTANTS",
        p2s_map=conventional.primitive.p2s_map,
    )


@shape
def hdf5_of_the_cubic_cell(_: Any, conventional: Any, place: Path) -> None:
    unit(conventional, place)
    conf(place)
    write_force_constants_to_hdf5(
        compact(conventional),
        filename=str(place / "force_constants.hdf5"),
        p2s_map=conventional.primitive.p2s_map,
    )


@shape
def yaml_with_constants_of_the_cubic_cell(_: Any, conventional: Any, place: Path) -> None:
    """Neither primitive_matrix nor a list of first atoms, as phonopy 2 wrote it."""
    conventional.force_constants = compact(conventional)
    data = yaml.safe_load(text_of(conventional, force_constants=True, force_sets=False))
    assert data["force_constants"]["shape"] == [8, 64]
    for key in ("primitive_matrix", "primitive_cell", "displacements", "nac"):
        data.pop(key, None)
    (place / "phonopy.yaml").write_text(yaml.safe_dump(data))


@shape
def hdf5_in_other_units(phonon: Any, _: Any, place: Path) -> None:
    disp(phonon, place)
    rydberg = 13.605693122994 / 0.529177210903**2
    write_force_constants_to_hdf5(
        phonon.force_constants / rydberg,
        filename=str(place / "force_constants.hdf5"),
        p2s_map=phonon.primitive.p2s_map,
        physical_unit="Ry/au^2",
    )
    born(phonon, place / "BORN")


@shape
def charges_of_every_atom(phonon: Any, _: Any, place: Path) -> None:
    """BORN of a calculation without symmetry lists all atoms of the unit cell."""
    settings_state_the_supercell(phonon, _, place)
    nac = phonon.nac_params
    symbols = list(phonon.primitive.symbols)
    rows = [nac["dielectric"], *(nac["born"][symbols.index(x)] for x in phonon.unitcell.symbols)]
    text = "\n".join(" ".join(repr(float(x)) for x in np.ravel(row)) for row in rows)
    (place / "BORN").write_text(f"default\n{text}\n")


@shape
def phonondb(phonon: Any, _: Any, place: Path) -> None:
    (place / "phonon.yaml").write_text(yaml.safe_dump(yaml_of_phonopy_1(phonon)))
    (place / "disp.yaml").write_text(disp_of_phonopy_1(phonon))
    sets(phonon, place)
    born(phonon, place / "BORN")


@shape
def disp_yaml_alone(phonon: Any, _: Any, place: Path) -> None:
    (place / "disp.yaml").write_text(disp_of_phonopy_1(phonon))
    sets(phonon, place)
    born(phonon, place / "BORN")


@shape
def yaml_of_phonopy_2(phonon: Any, _: Any, place: Path) -> None:
    text = text_of(phonon).replace("angstrom", "Angstrom")
    assert 'length: "Angstrom"' in text
    (place / "phonopy.yaml").write_text(text)


@shape
def another_name(phonon: Any, _: Any, place: Path) -> None:
    with lzma.open(place / "phonopy_params_mp-22862.yaml.xz", "wt") as file:
        file.write(text_of(phonon))


@shape
def all_compressed(phonon: Any, _: Any, place: Path) -> None:
    settings_state_the_supercell(phonon, _, place)
    for name in ("FORCE_SETS", "BORN", "POSCAR-unitcell"):
        with gzip.open(place / f"{name}.gz", "wb") as file:
            file.write((place / name).read_bytes())
        (place / name).unlink()


def compact(phonon: Any) -> Any:
    constants = phonon.force_constants
    return constants[phonon.primitive.p2s_map] if len(constants) == 64 else constants


def full(phonon: Any) -> Any:
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    constants = phonon.force_constants
    return constants if len(constants) == 64 else compact_fc_to_full_fc(phonon.primitive, constants)


WITHOUT_CHARGES = {
    "compact_constants_of_the_cubic_cell",
    "hdf5_of_the_cubic_cell",
    "yaml_with_constants_of_the_cubic_cell",
}


BY_DEFAULT = {
    ("constants_of_vasp", "folder"),
    ("yaml_with_constants_of_the_cubic_cell", "folder"),
    ("phonondb", "archive"),
}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param(*case, marks=() if case in BY_DEFAULT else pytest.mark.sweep)
        for case in product(SHAPES, ("folder", "archive"))
    ],
)
def test_every_shape(name: str, place: str, phonon: Any, conventional: Any, tmp_path: Path) -> None:
    """As a folder, or as a zip archive of a folder: phonopy's own frequencies."""
    folder = tmp_path / "mp-22862"
    folder.mkdir()
    options = SHAPES[name](phonon, conventional, folder) or {}
    charges = name not in WITHOUT_CHARGES
    source = folder
    if place == "archive":
        source = tmp_path / "download.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("README.md", "about")
            for path in folder.iterdir():
                file.write(path, f"2018/mp-22862/{path.name}")
    # Forces in FORCE_SETS have ten digits, positions and constants in text sixteen.
    assert compared(source, phonon, charges=charges, **options) < 1e-4


def test_how_many_shapes() -> None:
    assert len(SHAPES) == 20
    assert {name for name, _ in BY_DEFAULT} <= set(SHAPES)


@pytest.mark.sweep
def test_files_of_a_folder_by_their_path(phonon: Any, tmp_path: Path) -> None:
    """FORCE_SETS, force constants or the settings by path: the folder they lie in, and they."""
    settings_state_the_supercell(phonon, None, tmp_path)
    write_FORCE_CONSTANTS(
        phonon.force_constants / 4,
        filename=tmp_path / "FORCE_CONSTANTS",
        p2s_map=phonon.primitive.p2s_map,
    )
    assert compared(tmp_path / "FORCE_SETS", phonon) < 1e-4
    assert compared(tmp_path / "phonopy.conf", phonon) < 1e-4
    conf(tmp_path, "DIM = 1 1 1\n", "wrong.conf")
    assert compared(tmp_path / "phonopy.conf", phonon) < 1e-4
    with pytest.raises(ReadError, match=r"phonopy\.conf and wrong\.conf state different.*DIM"):
        sc.read(tmp_path)
    quarter = sc.read(tmp_path / "FORCE_CONSTANTS", supercell=(2, 2, 2))
    whole = sc.read(tmp_path / "FORCE_SETS", supercell=[[2, 0, 0], [0, 2, 0], [0, 0, 2]])
    ratio = quarter.modes("L").frequencies / whole.modes("L").frequencies
    assert 0.49 < ratio.min() < ratio.max() < 0.6, "the dipole part is not scaled"
    (tmp_path / "BORN").unlink()
    ratio = (
        sc.read(tmp_path / "FORCE_CONSTANTS", supercell="2 2 2").modes("L").frequencies
        / sc.read(tmp_path / "FORCE_SETS", supercell="2 2 2").modes("L").frequencies
    )
    assert np.abs(ratio - 0.5).max() < 1e-5


@pytest.mark.sweep
def test_masses(phonon: Any, tmp_path: Path) -> None:
    """MASS is used; masses of isotopes are named, also those of a yaml and of an object."""
    unit(phonon, tmp_path)
    sets(phonon, tmp_path)
    conf(tmp_path, "DIM = 2 2 2\nMASS = " + "22.98977 " * 4 + "36.96590 " * 4)
    heavy = sc.read(tmp_path)
    (notice,) = [n for n in heavy.crystal.warnings if "isotope" in n.text]
    assert "the mass of Cl is 36.9659, not 35.45" in notice.text
    other = made(is_nac=False)
    assert not [n for n in sc.read(other).crystal.warnings if "isotope" in n.text]
    other.masses = [22.98977, 36.9659]
    assert compared(tmp_path, other, charges=False) < 1e-4
    text = text_of(other)
    (tmp_path / "phonopy.yaml").write_text(text)
    assert [n for n in sc.read(tmp_path).crystal.warnings if "36.9659" in n.text]
    assert [n for n in sc.read(other).crystal.warnings if "36.9659" in n.text]


def test_what_is_missing_is_said(phonon: Any, tmp_path: Path) -> None:
    """What was found and what is missing; the advice leads to an answer."""
    unit(phonon, tmp_path)
    sets(phonon, tmp_path)
    with pytest.raises(ReadError) as error:
        sc.read(tmp_path)
    assert "FORCE_SETS with forces on 64 atoms and POSCAR-unitcell of 8 atoms" in str(error.value)
    assert 'supercell="2 2 2"' in str(error.value)
    assert compared(tmp_path, phonon, charges=False, supercell="2 2 2") < 1e-4
    with pytest.raises(
        ReadError, match="3 0 0 0 3 0 0 0 3 of POSCAR-unitcell of 8 atoms has other"
    ):
        sc.read(tmp_path, supercell="3 3 3")
    with pytest.raises(InputError, match="neither three nor nine"):
        sc.read(tmp_path, supercell="2 2")
    (tmp_path / "POSCAR-unitcell").unlink()
    with pytest.raises(ReadError, match=r"no unit cell.*phonopy_disp\.yaml"):
        sc.read(tmp_path)
    (tmp_path / "FORCE_SETS").unlink()
    disp(phonon, tmp_path)
    (tmp_path / "INCAR").write_text("")
    with pytest.raises(ReadError, match=r"phonopy_disp\.yaml has no forces, and with it lie INCAR"):
        sc.read(tmp_path)
    (tmp_path / "phonopy_disp.yaml").rename(tmp_path / "FORCES_FC3")
    with pytest.raises(ReadError, match=r"no phono3py_disp\.yaml"):
        sc.read(tmp_path)
    for source in ("NaCl", find_structure("NaCl/phonopy.yaml"), phonon):
        with pytest.raises(InputError, match="supercell"):
            sc.read(source, supercell="2 2 2")


def test_constants_of_another_primitive_cell(conventional: Any, tmp_path: Path) -> None:
    unit(conventional, tmp_path)
    conf(tmp_path, "DIM = 2 2 2\nPRIMITIVE_AXES = 0 1/2 1/2 1/2 0 1/2 1/2 1/2 0\n")
    write_FORCE_CONSTANTS(
        compact(conventional),
        filename=tmp_path / "FORCE_CONSTANTS",
        p2s_map=conventional.primitive.p2s_map,
    )
    with pytest.raises(InputError, match=r"another primitive cell.*8 atoms"):
        sc.read(tmp_path)
    conf(tmp_path, "DIM = 2 2 2\nPRIMITIVE_AXES = P\n")
    assert len(sc.read(tmp_path).modes("L")) == 6


def test_settings_that_make_no_sense() -> None:
    for text in (
        "DIM = 2 2",
        "DIM = a b c",
        "PRIMITIVE_AXES = 1/0 0 0",
        "MASS = heavy",
        "MASS = 1e999999999",
        "DIM=2 2 2.5",
    ):
        with pytest.raises(ReadError, match="DIM, PRIMITIVE_AXES or MASS"):
            parse_settings(text, name="x.conf")
    assert parse_settings("MP = 8 8 8\nDIM =\n", name="x").supercell is None
    assert parse_settings("PRIMITIVE_AXES = f", name="x").primitive == "F"


# ------------------------------------------------------------------ archives


def test_archives_that_are_refused(
    phonon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damaged, two calculations, too large, no force data; names of members are never paths."""
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ReadError, match="zip"):
        sc.read(archive)
    params = lzma.compress(text_of(phonon).encode())

    def packed(*names: str) -> Path:
        with zipfile.ZipFile(archive, "w") as file:
            for name in names:
                file.writestr(name, params)
        return archive

    with pytest.raises(ReadError, match="several of its folders"):
        sc.read(packed("a/phonopy_params.yaml.xz", "b/phonopy_params.yaml.xz"))
    with pytest.raises(ReadError, match=r"(are not|no) force data"):
        sc.read(packed("a/README"))
    outside = packed("../../evil/phonopy_params.yaml.xz")
    assert compared(outside, phonon) < 1e-4
    found = sorted(p.name for p in tmp_path.rglob("*"))
    assert found == ["a.zip"], "nothing was unpacked beside"
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    with pytest.raises(LimitError, match="too many files"):
        sc.read(packed("1", "2", "phonopy_params.yaml.xz"))
    monkeypatch.setattr(folder_module, "MAX_BYTES", 1000)
    with pytest.raises(LimitError, match="too large"):
        sc.read(packed("phonopy_params.yaml.xz"))


def test_a_member_cannot_leave_its_folder(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x/..\\..\\FORCE_SETS.xz", lzma.compress(b"64\n"))
        file.writestr("/etc/FORCE_SETS", "64\n")
    with pytest.raises(ReadError, match="several"):
        Folder(archive, ("FORCE_SETS",))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x/..\\..\\FORCE_SETS.xz", lzma.compress(b"64\n"))
    folder = Folder(archive, ("FORCE_SETS",))
    path = folder.file("FORCE_SETS")
    assert path is not None
    assert path.read_text() == "64\n"
    assert path.name == "FORCE_SETS"
    assert path.parent.name.startswith("symchiral-")
    again = pickle.loads(pickle.dumps(folder))
    assert again.names == folder.names
    place = path.parent
    del folder
    assert not place.exists()


# ------------------------------------------------------------------ eigenvectors


def written(phonon: Any, place: Path) -> list[str]:
    """Eigenvectors in every file phonopy writes them to, without Born charges."""
    points = [[0, 0, 0], [0.25, 0, 0.25], [0.5, 0, 0.5]]
    other = [[0.5, 0.5, 0.5], [0.4, 0.4, 0.4], [0.2, 0.2, 0.2], [0.1, 0.1, 0.1], [0, 0, 0]]
    phonon.run_band_structure([points, other], with_eigenvectors=True)
    phonon.run_qpoints([*points, *other], with_eigenvectors=True)
    phonon.run_mesh([2, 2, 2], with_eigenvectors=True, is_gamma_center=True, is_mesh_symmetry=False)
    for name, writer in (
        ("band", phonon.band_structure),
        ("qpoints", phonon.qpoints),
        ("mesh", phonon.mesh),
    ):
        writer.write_yaml(filename=place / f"{name}.yaml")
        writer.write_hdf5(filename=place / f"{name}.hdf5")
    return [f"{name}.{end}" for name in ("band", "qpoints", "mesh") for end in ("yaml", "hdf5")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # phonopy's files
def test_eigenvectors(tmp_path: Path) -> None:
    """Yaml and HDF5, of path, list and mesh: phonopy's frequencies; BORN beside is used."""
    phonon = made()
    nac = phonon.nac_params
    phonon.nac_params = None
    names = written(phonon, tmp_path)
    with pytest.raises(ReadError, match=r"no atoms, and no phonopy\.yaml"):
        sc.read(tmp_path / "mesh.hdf5")
    phonon.save(tmp_path / "phonopy.yaml", settings={"force_sets": False})
    seen = 0
    for name in names:
        study = sc.read(tmp_path / name)
        assert study.phonons is not None
        assert study.phonons.born is None
        cell = study.crystal.primitive.cell
        for point in ("GM", "X", "L"):
            modes = study.modes(point)
            q = np.array([float(x) for x in modes.q.coordinates])
            theirs = q @ np.linalg.inv(cell).T @ phonon.primitive.cell.T
            expected = _frequencies(phonon, theirs)
            assert np.abs(np.sort(modes.frequencies) - expected).max() < 1e-4
            seen += 1
    assert seen == 18
    phonon.nac_params = nac
    born(phonon, tmp_path / "BORN")
    for name in names:
        charged = sc.read(tmp_path / name).phonons
        assert charged is not None
        assert charged.born is not None
        order = charged.crystal.primitive.numbers
        expected = [nac["born"][list(phonon.primitive.numbers).index(z)] for z in order]
        assert np.abs(charged.born - expected).max() < 0.02
    (tmp_path / "BORN").write_text("14.4\n1 0 0 0 1 0 0 0 1\n")
    with pytest.raises(InputError, match="Born"):
        sc.read(tmp_path / "mesh.yaml")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_hdf5_that_is_refused(tmp_path: Path) -> None:
    """Links to other files, missing eigenvectors, other files, other crystals: in words."""
    phonon = made(is_nac=False)
    written(phonon, tmp_path)
    phonon.save(tmp_path / "phonopy.yaml", settings={"force_sets": False})
    secret = tmp_path / "secret.hdf5"
    shutil.copy(tmp_path / "mesh.hdf5", secret)

    def changed(name: str, change: Callable[[Any], None]) -> Path:
        path = tmp_path / f"{name}.hdf5"
        shutil.copy(secret, path)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    def linked(file: Any) -> None:
        del file["eigenvector"]
        file["eigenvector"] = h5py.ExternalLink(str(secret), "eigenvector")

    def drop(key: str) -> Callable[[Any], None]:
        return lambda file: file.__delitem__(key)

    def put(key: str, value: Any) -> Callable[[Any], None]:
        def change(file: Any) -> None:
            del file[key]
            file[key] = value

        return change

    cases = {
        "lies in another file": changed("linked", linked),
        "without eigenvectors": changed("plain", drop("eigenvector")),
        r"not a band\.hdf5, mesh\.hdf5": changed("other", drop("qpoint")),
        "not those of 2 atoms": changed("large", put("frequency", np.zeros((4, 9)))),
        "equally many": changed("few", put("qpoint", np.zeros((3, 3)))),
        "not finite": changed("nan", put("qpoint", np.full((8, 3), np.nan))),
    }
    torn = tmp_path / "torn.hdf5"
    torn.write_bytes(secret.read_bytes()[:3000])
    cases["not a complete HDF5"] = torn
    for word, path in cases.items():
        with pytest.raises(InputError) as error:
            sc.read(path)
        assert re.search(word, str(error.value)), (word, str(error.value))
    assert len(cases) == 7
    place = tmp_path / "constants"
    place.mkdir()
    shutil.copy(tmp_path / "phonopy.yaml", place)
    with h5py.File(place / "force_constants.hdf5", "w") as file:
        file["force_constants"] = h5py.ExternalLink(str(secret), "eigenvector")
    with pytest.raises(ReadError, match="another file"):
        sc.read(place)


PATH = [
    [[0, 0, 0], [0.25, 0, 0.25], [0.5, 0, 0.5]],
    [[0.5, 0, 0.5], [0.5, 0.125, 0.625], [0.5, 0.25, 0.75]],
    [[0.375 * x, 0.375 * x, 0.75 * x] for x in (1, 0.8, 0.6, 0.4, 0.2, 0)],
    [[0, 0, 0], [0.25, 0.25, 0.25], [0.5, 0.5, 0.5]],
]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("charges", [pytest.param(False, marks=pytest.mark.sweep), True])
def test_bands_on_the_path_of_a_file(charges: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Its own path and eigenvectors, with the field of every direction at the zone centre."""
    phonon = made(is_nac=charges)
    phonon.run_band_structure(PATH, with_eigenvectors=True)
    phonon.band_structure.write_yaml(filename=tmp_path / "band.yaml")
    phonon.band_structure.write_hdf5(filename=tmp_path / "band.hdf5")
    phonon.save(tmp_path / "phonopy.yaml", settings={"force_sets": False})
    expected = [np.sort(row) for piece in phonon.band_structure.frequencies for row in piece]
    for name in ("band.yaml", "band.hdf5"):
        study = sc.read(tmp_path / name)
        bands = study.bands(eigenvectors=True)
        found = [np.sort(row) for piece in bands.segments for row in piece.frequencies]
        assert len(found) == len(expected) == 15
        assert np.abs(np.array(found) - np.array(expected)).max() < 1e-6
        ways = [(p.start.point.label, p.end.point.label) for p in bands.segments]
        assert ways == [("GM", "X"), ("X", "W"), ("SM(3/4)", "GM"), ("GM", "L")]
        # Without a field the optical modes of the zone centre are one triplet.
        levels = [len(piece.start.levels) for piece in bands.segments if piece.start.levels]
        assert (levels[0] > 2) == charges
        file = tmp_path / "again.yaml"
        with file.open("w") as stream:
            write_band_yaml(bands, stream)
        again = sc.read(file).bands()
        rows = [np.sort(row) for piece in again.segments for row in piece.frequencies]
        assert np.abs(np.array(rows) - np.array(found)).max() < 1e-6
        with pytest.raises(SymchiralError, match="no eigenvectors at"):
            study.bands("L W")


@pytest.mark.sweep
def test_a_path_that_passes_special_points_between_its_own(tmp_path: Path) -> None:
    """Pieces are cut where symmetry changes, also where the file has no wavevector; or refused."""
    phonon = made(is_nac=False)
    points = [[0.5 * x, 0, 0.5 * x] for x in (-0.3, -0.1, 0.2, 0.6)]
    phonon.run_band_structure([points, [[0.5, 0.5, 0.5]]], with_eigenvectors=True)
    phonon.band_structure.write_yaml(filename=tmp_path / "band.yaml")
    bands = sc.read(tmp_path / "band.yaml").bands()
    assert [len(piece.frequencies) for piece in bands.segments] == [2, 2]
    assert [len(piece.start.levels) for piece in bands.segments][1] == 0, "no eigenvectors at GM"
    phonon.run_band_structure([[[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0]]], with_eigenvectors=True)
    phonon.band_structure.write_yaml(filename=tmp_path / "band.yaml")
    with pytest.raises(SymchiralError, match="straight"):
        sc.read(tmp_path / "band.yaml").bands()


def test_what_animate_writes_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mode.json"
    command = ["animate", "NaCl/phonopy.yaml", "--band", "4", "-o", str(path)]
    assert main(command) == 0
    capsys.readouterr()
    assert main(["show", str(path)]) == 0
    out, error = capsys.readouterr()
    assert "Fm-3m" in out
    assert "1 of the 6 modes at 1 wavevector" in error
    assert main(["modes", str(path)]) == 1
    text = path.read_text()
    for old, new in (
        ('"lattice": [[', '"lattice": [[1, '),
        ('"atom_numbers": [', '"atom_numbers": [11, '),
        ('"atom_numbers"', '"atom_number"'),
        ("}", ""),
        ('"qpoints": [', '"qpoints": 3, "x": ['),
    ):
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(ReadError):
            sc.read(path)


def test_third_order_in_an_archive(tmp_path: Path) -> None:
    """phono3py_disp.yaml and FORCES_FC3, compressed, under the names of a database."""
    data = Path(__file__).resolve().parent / "data" / "third_order"
    place = tmp_path / "mp-149"
    place.mkdir()
    shutil.copy(data / "Si_phono3py_disp.yaml.xz", place / "phono3py_mlp_eval_fc3_disp.yaml.xz")
    with pytest.raises(InputError, match=r"FORCES_FC3.*found: phono3py_mlp_eval_fc3_disp"):
        sc.read(place)
    shutil.copy(data / "Si_FORCES_FC3.xz", place / "FORCES_FC3.xz")
    archive = tmp_path / "mp-149.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in place.iterdir():
            file.write(path, f"mp-149/{path.name}")
    one, two = sc.read(place), sc.read(archive)
    assert np.abs(one.modes("GM").frequencies - two.modes("GM").frequencies).max() < 1e-9
    assert one.crystal.group.number == two.crystal.group.number == 227
    with pytest.raises(InputError, match="supercell"):
        sc.read(place, supercell="2 2 2")


def test_the_command_line(phonon: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit(phonon, tmp_path)
    sets(phonon, tmp_path)
    assert main(["modes", str(tmp_path)]) == 1
    assert '--supercell "2 2 2"' in capsys.readouterr().err
    assert main(["modes", str(tmp_path), "--supercell", "2 2 2"]) == 0
    assert "T1u" in capsys.readouterr().out
    assert main(["show", str(tmp_path), "--supercell", "2 2 2"]) == 0
    assert "Fm-3m" in capsys.readouterr().out
    assert main(["show", "NaCl", "--supercell", "2 2 2"]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.sweep
def test_errors_are_ours(phonon: Any, tmp_path: Path) -> None:
    """Every file cut short, or replaced by nothing: an error in words, or an answer."""
    place = tmp_path / "whole"
    place.mkdir()
    settings_state_the_supercell(phonon, None, place)
    refused = 0
    for path in sorted(place.iterdir()):
        for share in (0.0, 0.4, 0.9):
            other = tmp_path / "cut"
            shutil.copytree(place, other)
            (other / path.name).write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
            try:
                sc.read(other).modes("GM")
            except SymchiralError:
                refused += 1
            shutil.rmtree(other)
    assert refused >= 9
