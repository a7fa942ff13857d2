"""Force data that cannot be right: refused in words before a library computes with them."""

from __future__ import annotations

import copy
import lzma
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import phonopy
import pytest
import yaml
from phonopy.file_IO import (
    write_FORCE_CONSTANTS,
    write_force_constants_to_hdf5,
    write_FORCE_SETS,
)
from phonopy.harmonic.force_constants import compact_fc_to_full_fc
from phonopy.structure.atoms import PhonopyAtoms

import symchiral as sc
from symchiral.anharmonic.door import third_order_from_yaml
from symchiral.cli import main
from symchiral.errors import InputError, LimitError, StructureError, WavevectorError
from symchiral.forces.door import from_yaml
from symchiral.reading.folder import Folder
from symchiral.reading.shipped import find_structure

SET = "NaCl/phonopy.yaml"


@cache
def loaded() -> Any:
    return phonopy.load(find_structure(SET), log_level=0)


def load() -> Any:
    return copy.deepcopy(loaded())


@cache
def text() -> dict[str, Any]:
    return yaml.load(lzma.decompress(find_structure(SET).read_bytes()), Loader=yaml.CSafeLoader)


# --------------------------------------------------------------------- the zone centre alone


def test_forces_of_one_primitive_cell_answer_at_the_zone_centre_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every door refuses other wavevectors, by one reason."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    assert study.phonons is not None
    assert study.phonons.centred
    assert len(study.modes()) == len(study.modes("1,0,0")) == 15
    refused = [
        lambda: study.modes("F"),
        lambda: study.bands(points=10),
        lambda: study.animate(1, q="T"),
        lambda: study.predict(q="F F GM"),
        lambda: study.transfers(q="T T GM"),
        lambda: study.transfer("F1+(1,*)@F F1+(1,*)@F -> A1g(1,*)"),
        lambda: study.phonons.matrix_at(np.array([0.1, 0, 0])),  # type: ignore[union-attr]
    ]
    for ask in refused:
        with pytest.raises(WavevectorError, match="zone centre only"):
            ask()
    file = "Bi2Se3/phonopy.yaml"
    commands = [
        ["modes", file, "--q", "GM F"],
        ["bands", file],
        ["predict", file, "--q", "F F GM"],
        ["animate", file, "--band", "1", "--q", "F", "-o", str(tmp_path / "x.html")],
        ["explain", file, "F1+(1,*)@F F1+(1,*)@F -> A1g(1,*)"],
    ]
    for command in commands:
        assert main(command) == 1
        error = capsys.readouterr().err
        assert "zone centre only" in error
        assert "supercell" in error
    assert len(refused) + len(commands) == 12


def test_a_wide_cell_answers_everywhere() -> None:
    """A single cell in which images are 10 Å apart is as good as a supercell of that size."""
    phonon = load()
    alone = [len(phonon.supercell), 1]
    wide = phonopy.Phonopy(phonon.supercell, np.eye(3, dtype=int), primitive_matrix=np.eye(3))
    constants = phonon.force_constants
    if len(constants) != len(constants[0]):
        constants = compact_fc_to_full_fc(phonon.primitive, constants)
    # One displaced sodium atom: no translation is left that makes the primitive cell smaller.
    places = wide.unitcell.scaled_positions.copy()
    places[0] += 0.02
    cell = PhonopyAtoms(
        cell=wide.unitcell.cell, scaled_positions=places, numbers=wide.unitcell.numbers
    )
    wide = phonopy.Phonopy(cell, np.eye(3, dtype=int), primitive_matrix=np.eye(3))
    wide.force_constants = constants
    study = sc.read(wide, symmetrize=True)
    assert study.phonons is not None
    assert len(study.phonons.masses) == alone[0]
    assert not study.phonons.centred
    assert len(study.phonons.matrix_at(np.array([0.1, 0, 0]))) == 3 * alone[0]


# ------------------------------------------------------------------- atoms a little displaced


@pytest.mark.filterwarnings("ignore:primitive_matrix defaulted")
@pytest.mark.parametrize(("size", "primitive"), [(1e-5, "auto"), (1e-4, "P"), (5e-4, "P")])
def test_atoms_a_little_off_their_places(size: float, primitive: str) -> None:
    """Copies of an atom that repeat within our tolerance are copies, whatever phonopy's is."""
    phonon = load()
    reference = sc.read(SET)
    rng = np.random.default_rng(7)
    old = phonon.unitcell
    step = rng.normal(size=(len(old), 3))
    step *= size / 2 / np.linalg.norm(step, axis=1)[:, None]
    places = old.scaled_positions + step @ np.linalg.inv(old.cell)
    cell = PhonopyAtoms(cell=old.cell, scaled_positions=places, numbers=old.numbers)
    new = phonopy.Phonopy(cell, phonon.supercell_matrix, primitive_matrix=primitive)
    new.force_constants = compact_fc_to_full_fc(phonon.primitive, phonon.force_constants)
    study = sc.read(new)
    assert study.crystal.group.number == 225
    for q in ("GM", "X"):
        found, expected = study.modes(q).frequencies, reference.modes(q).frequencies
        assert np.abs(found - expected).max() < 1e-4


def test_a_stated_primitive_cell_of_displaced_atoms_is_read(tmp_path: Path) -> None:
    """The file says F; its atoms repeat within 5e-4 Å only, where phonopy wants 1e-5."""
    data = dict(text())
    rng = np.random.default_rng(2)
    cell = {**data["unit_cell"], "points": [dict(p) for p in data["unit_cell"]["points"]]}
    for point in cell["points"]:
        moved = np.array(point["coordinates"]) + rng.uniform(-3e-5, 3e-5, size=3)
        point["coordinates"] = [float(x) for x in moved]
    data["unit_cell"] = cell
    data["primitive_matrix"] = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    for key in ("supercell", "primitive_cell"):
        data.pop(key, None)
    path = tmp_path / "phonopy.yaml"
    path.write_text(yaml.dump(data, Dumper=yaml.CSafeDumper))
    found = sc.read(path).modes("X").frequencies
    assert np.abs(found - sc.read(SET).modes("X").frequencies).max() < 1e-2


# ------------------------------------------------------------------------- damaged numbers


def test_forces_that_vanish_are_read() -> None:
    """Every frequency is zero, and no warning of numpy is printed (warnings are errors here)."""
    phonon = load()
    phonon.force_constants = np.zeros_like(phonon.force_constants)
    assert np.abs(sc.read(phonon).modes("GM").frequencies).max() < 1e-6


def test_a_supercell_of_third_order_that_is_not_that_of_the_file_is_refused_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phono3py = pytest.importorskip("phono3py")
    folder = Path(__file__).parent / "data" / "third_order"
    packed = (folder / "ZnTe_phono3py_params.yaml.xz").read_bytes()
    data = yaml.load(lzma.decompress(packed), Loader=yaml.CSafeLoader)
    data["supercell_matrix"] = [[2, 0, 0], [0, 2, 0], [0, 0, 180]]

    def build(*_: object, **__: object) -> None:
        raise AssertionError("it was built")

    monkeypatch.setattr(phono3py, "Phono3py", build)
    with pytest.raises(StructureError, match="another supercell"):
        third_order_from_yaml(data, name="a file", folder=Folder(folder))


def changed_yaml(change: str) -> dict[str, Any]:
    """The file with one thing made impossible."""
    data = copy.deepcopy(text())
    cell, points = data["unit_cell"]["lattice"], data["unit_cell"]["points"]
    entry = data["displacements"][0]
    exec(  # a table of assignments reads better than twenty functions
        change,
        {"d": data, "cell": cell, "points": points, "entry": entry, "inf": np.inf, "nan": np.nan},
    )
    return data


YAML = {
    "cell[0][0] = inf": "infinity",
    "cell[1][1] = nan": "NaN",
    "cell[0][0] = 1e300": "long",
    "cell[:] = [[0, 0, 0]] * 3": "no cell",
    "cell[2] = cell[1]": "volume",
    "points[0]['coordinates'][0] = nan": "NaN",
    "points[0]['coordinates'][0] = 1e300": "coordinate",
    "points[0]['coordinates'] = points[1]['coordinates']": "apart",
    "points[0]['mass'] = 0": "mass",
    "points[0]['mass'] = -1.0": "mass",
    "points[0]['mass'] = nan": "mass",
    "points[0]['mass'] = 1e300": "mass",
    "d['supercell_matrix'] = [[1e9, 0, 0], [0, 1e9, 0], [0, 0, 1e9]]": "supercell",
    "d['supercell_matrix'] = [[40, 0, 0], [0, 40, 0], [0, 0, 40]]": "too large",
    "d['supercell_matrix'] = [[0, 0, 0], [0, 1, 0], [0, 0, 1]]": "supercell",
    "d['supercell_matrix'] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]": "another supercell",
    "d['primitive_matrix'] = [[0, 0, 0], [0, 1, 0], [0, 0, 1]]": "primitive matrix",
    "d['primitive_matrix'] = [[nan, 0, 0], [0, 1, 0], [0, 0, 1]]": "primitive matrix",
    "entry['atom'] = 10**6": "atom",
    "entry['atom'] = 0": "atom",
    "entry['displacement'] = [0, 0, 0]": "moves nothing",
    "entry['displacement'] = [nan, 0, 0]": "finite",
    "entry['forces'][0] = [inf, 0, 0]": "finite",
    "entry['forces'][0] = [1e300, 0, 0]": "eV",
    "entry['forces'] = entry['forces'][:3]": "another supercell",
    "d['nac']['born_effective_charge'] = d['nac']['born_effective_charge'][:1]": "charges",
    "d['nac']['born_effective_charge'][0][0][0] = nan": "charges",
    "d['nac']['born_effective_charge'][0][0][0] = 1e300": "charges",
    "d['nac']['dielectric_constant'] = [[0, 0, 0]] * 3": "dielectric",
    "d['nac']['dielectric_constant'] = [[-2, 0, 0], [0, 2, 0], [0, 0, 2]]": "dielectric",
    "d['nac']['dielectric_constant'] = [[inf, 0, 0], [0, 2, 0], [0, 0, 2]]": "dielectric",
}


def test_impossible_files_are_refused_in_words() -> None:
    for change, word in YAML.items():
        with pytest.raises((InputError, LimitError)) as caught:
            from_yaml(changed_yaml(change), name="a file")
        assert word in str(caught.value), (change, str(caught.value))
    assert len(YAML) == 31


def test_a_supercell_that_its_forces_do_not_fill_is_refused_before_it_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """phonopy looks for the operations of thousands of atoms: more than ten seconds."""
    data = copy.deepcopy(text())
    data["supercell_matrix"] = [[2, 0, 0], [0, 2, 0], [0, 0, 180]]
    bare = {key: value for key, value in data.items() if key != "displacements"}
    write_FORCE_CONSTANTS(loaded().force_constants, filename=tmp_path / "FORCE_CONSTANTS")
    write_force_constants_to_hdf5(loaded().force_constants, filename=tmp_path / "x.hdf5")
    write_FORCE_SETS(loaded().dataset, filename=tmp_path / "FORCE_SETS")

    def build(*_: object, **__: object) -> None:
        raise AssertionError("it was built")

    monkeypatch.setattr(phonopy, "Phonopy", build)
    for content, more in (
        (data, {}),
        (bare, {"force_constants": tmp_path / "FORCE_CONSTANTS"}),
        (bare, {"force_constants": tmp_path / "x.hdf5"}),
        (bare, {"force_sets": tmp_path / "FORCE_SETS"}),
    ):
        with pytest.raises(StructureError):
            from_yaml(content, name="a file", **more)  # type: ignore[arg-type]


def test_cutoffs_of_dipole_sums_that_never_end_are_refused(tmp_path: Path) -> None:
    data = {k: v for k, v in text().items() if k != "nac"}
    charges = "2.4 0 0 0 2.4 0 0 0 2.4\n1 0 0 0 1 0 0 0 1\n-1 0 0 0 -1 0 0 0 -1\n"
    for first, word in (("14.4 1000 0.1", "G_cutoff"), ("14.4 1 nan", "Lambda")):
        (tmp_path / "BORN").write_text(f"{first}\n{charges}")
        with pytest.raises(StructureError, match=word):
            from_yaml(data, name="a file", born=tmp_path / "BORN")


OBJECT = {
    "phonon._force_constants = f[:, :3].copy()": "another supercell",
    "phonon._force_constants = f[:1].copy()": "shape",
    "phonon._force_constants = f.reshape(-1, 3, 3)": "shape",
    "phonon._force_constants = np.array(['x'])": "shape",
    "f[0, 0] = np.nan": "finite",
    "f[0, 0] = 1e300": "eV",
    "phonon.masses = [0.0, 35.0]": "mass",
    "phonon.masses = [-1.0, 35.0]": "mass",
    "phonon._nac_params = {**nac, 'born': np.nan * nac['born']}": "charges",
    "phonon._nac_params = {**nac, 'born': 1e300 * nac['born']}": "charges",
    "phonon._nac_params = {**nac, 'dielectric': np.zeros((3, 3))}": "dielectric",
    "phonon._nac_params = {**nac, 'factor': np.nan}": "factor",
}


def test_impossible_objects_are_refused_in_words() -> None:
    for change, word in OBJECT.items():
        phonon = load()
        variables = {
            "np": np,
            "phonon": phonon,
            "f": phonon.force_constants,
            "nac": dict(phonon.nac_params),
        }
        exec(change, variables)
        with pytest.raises(InputError) as caught:
            sc.read(phonon).modes()
        assert word in str(caught.value), (change, str(caught.value))
    assert len(OBJECT) == 12


def test_single_precision_is_read() -> None:
    """Rounded, but right: it is made double before compiled code sees it."""
    phonon = load()
    phonon._force_constants = phonon.force_constants.astype(np.float32)
    found = sc.read(phonon).modes("X").frequencies
    assert np.abs(found - sc.read(SET).modes("X").frequencies).max() < 1e-4


def test_hdf5_that_takes_its_numbers_elsewhere_is_refused(tmp_path: Path) -> None:
    phonon = load()
    full = compact_fc_to_full_fc(phonon.primitive, phonon.force_constants)
    with h5py.File(tmp_path / "secret.hdf5", "w") as file:
        file["force_constants"] = full
    data = {k: v for k, v in text().items() if k != "displacements"}
    kinds = ("plain", "external", "virtual", "raw", "short", "damaged")
    for kind in kinds:
        folder = tmp_path / kind
        folder.mkdir()
        (folder / "phonopy.yaml").write_text(yaml.safe_dump(data))
        path = folder / "force_constants.hdf5"
        with h5py.File(path, "w") as file:
            if kind == "plain":
                file["force_constants"] = full
            elif kind == "external":
                file["force_constants"] = h5py.ExternalLink("../secret.hdf5", "force_constants")
            elif kind == "virtual":
                layout = h5py.VirtualLayout(shape=full.shape, dtype=float)
                layout[:] = h5py.VirtualSource(
                    "../secret.hdf5", "force_constants", shape=full.shape
                )
                file.create_virtual_dataset("force_constants", layout)
            elif kind == "raw":
                (folder / "raw").write_bytes(full.tobytes())
                file.create_dataset(
                    "force_constants",
                    full.shape,
                    float,
                    external=[(str(folder / "raw"), 0, full.nbytes)],
                )
            elif kind == "short":
                file["force_constants"] = full[:, :5]
        if kind == "damaged":
            path.write_bytes(path.read_bytes()[:200])
        if kind == "plain":
            assert len(sc.read(folder).modes()) == 6
            continue
        with pytest.raises(InputError) as caught:
            sc.read(folder)
        word = {"short": "shape", "damaged": "HDF5"}.get(kind, "another file")
        assert word in str(caught.value) or "supercell" in str(caught.value), kind
    assert len(kinds) == 6


CRASHES = """
import sys, warnings, numpy as np, phonopy
import symchiral as sc
from symchiral.forces.door import from_yaml
from symchiral.reading.folder import Folder
from symchiral.reading.shipped import find_structure
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry
from phonopy.structure.atoms import PhonopyAtoms
warnings.simplefilter("ignore")
old = phonopy.load(find_structure("NaCl/phonopy.yaml"), log_level=0)
unit = old.unitcell
count = 0
for cell, places in (
    (np.full((3, 3), np.inf), unit.scaled_positions),
    (np.full((3, 3), np.nan), unit.scaled_positions),
    (1e300 * unit.cell, unit.scaled_positions),
    (0 * unit.cell, unit.scaled_positions),
    (unit.cell, np.nan * unit.scaled_positions),
    (unit.cell, np.inf + unit.scaled_positions),
    (unit.cell, 1e300 * unit.scaled_positions),
    (unit.cell, 0 * unit.scaled_positions),
):
    class Bad:
        calculator = None
        unitcell = PhonopyAtoms(cell=unit.cell, scaled_positions=unit.scaled_positions,
                                numbers=unit.numbers)
        primitive, supercell, symmetry = old.primitive, old.supercell, old.symmetry
        force_constants, dynamical_matrix = old.force_constants, old.dynamical_matrix
        nac_params, unit_conversion_factor = old.nac_params, old.unit_conversion_factor
    Bad.unitcell._cell = cell
    Bad.unitcell._scaled_positions = places
    try:
        sc.read(Bad())
    except sc.SymchiralError:
        count += 1
    try:
        find_symmetry(Crystal.of(cell, places, unit.numbers))
    except sc.SymchiralError:
        count += 1
for symprec in (np.nan, np.inf, -1.0, 0.0):
    try:
        find_symmetry(Crystal.of(unit.cell, unit.scaled_positions, unit.numbers), symprec=symprec)
    except sc.SymchiralError:
        count += 1
print(count)
"""


def test_no_cell_kills_the_interpreter() -> None:
    """In a process of its own: compiled code that meets NaN may end it without a word."""
    done = subprocess.run(
        [sys.executable, "-c", CRASHES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.strip() == "20"


def test_exceptions_of_phonopy_are_met_at_its_door() -> None:
    """What no check foresees still ends in words."""
    phonon = load()
    study = sc.read(phonon)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inner words")

    study.phonons.source._matrix.run = broken  # type: ignore[union-attr]
    with pytest.raises(StructureError, match="phonopy says RuntimeError: inner words"):
        study.modes()
