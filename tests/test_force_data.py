"""The force constants in structures/: what they hold, against the files they were made from.

``data/force_data.json`` is what phonopy made of the *sources'* files when the sets were built
(``tools/build_force_data.py``); the shipped files must give the same numbers. Frequencies at Γ are
calculated a second time here, from the force constants with numpy. Groups come from spglib.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.io
import numpy as np
import phonopy_crystals
import pytest
import spglib

from symchiral.errors import LabelError
from symchiral.reading import find_structure, force_data_names, structure_names

if TYPE_CHECKING:
    from phonopy import Phonopy

ROOT = Path(__file__).resolve().parent.parent
STRUCTURES = ROOT / "structures"
REFERENCE: dict[str, Any] = json.loads(
    (ROOT / "tests" / "data" / "force_data.json").read_text(encoding="utf-8")
)
NAMES = sorted([*REFERENCE, "Bi2Se3"])
THZ = 15.633302
"""√(eV/amu)/Å in THz, divided by 2π."""
CM1 = 33.356409519815204
"""One THz in cm⁻¹."""


@cache
def load(name: str, *, symmetrize: bool = True) -> Phonopy:
    import phonopy

    return phonopy.load(
        find_structure(f"{name}/phonopy.yaml"), symmetrize_fc=symmetrize, log_level=0
    )


def group(phonon: Phonopy, symprec: float) -> int:
    cell = phonon.primitive
    data = spglib.get_symmetry_dataset(
        (cell.cell, cell.scaled_positions, cell.numbers), symprec=symprec
    )
    assert data is not None
    return int(data.number)


# ---------------------------------------------------------------------------- the files


def test_folders_reference_and_readme_name_the_same_sets() -> None:
    assert len(NAMES) == 26
    assert sorted(force_data_names()) == NAMES
    readme = (STRUCTURES / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## Force data") :]
    rows = re.findall(r"^\| (\S+) \| \S+ \((\d+)\) \| (\d+) \|", table, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == NAMES
    for name, number, natoms in rows:
        if name in REFERENCE:
            assert (int(number), int(natoms)) == (
                REFERENCE[name]["group"],
                REFERENCE[name]["natoms"],
            )


def test_files_are_small() -> None:
    sizes = [path.stat().st_size for path in STRUCTURES.rglob("phonopy.yaml*")]
    assert len(sizes) == 26
    assert sum(sizes) < 400_000


def test_find_structure_finds_folders_and_keeps_the_cif() -> None:
    assert find_structure("Bi2Se3").suffix == ".cif"
    assert find_structure("Bi2Se3/phonopy.yaml") == STRUCTURES / "Bi2Se3" / "phonopy.yaml"
    assert find_structure("zno/PHONOPY.yaml") == STRUCTURES / "ZnO" / "phonopy.yaml.xz"
    assert find_structure("ZnO\\phonopy.yaml.xz") == STRUCTURES / "ZnO" / "phonopy.yaml.xz"
    assert not set(structure_names()) & {"inputs", "phonopy"}
    assert "WSe2_2H" not in structure_names()
    with pytest.raises(LabelError, match="force constants of a crystal"):
        find_structure("BPO4/phonopy.yaml")
    with pytest.raises(LabelError, match="Did you mean ZnO"):
        find_structure("Zn0/phonopy.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_says_where_it_comes_from(name: str) -> None:
    import lzma

    path = find_structure(f"{name}/phonopy.yaml")
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode()
    head = text.split("\n\n")[0]
    assert head.startswith(f"# {name}: space group ")
    for word in ("source: ", "method: ", "licence: ", "changed here: "):
        assert f"\n# {word}" in head, word


def test_read_alone_in_a_fresh_process(tmp_path: Path) -> None:
    """Also in a folder where nothing helps, and without anything of ours."""
    program = (
        "import phonopy, sys\n"
        "phonon = phonopy.load(sys.argv[1], log_level=0)\n"
        "print(*phonon.run_qpoints([[0, 0, 0], [1/3, 1/3, 0]]).frequencies.ravel())\n"
    )
    path = find_structure("ZnO/phonopy.yaml")
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = np.array(done.stdout.split(), dtype=float)
    gamma, _, _, k = REFERENCE["ZnO"]["frequencies"]
    assert k["q"] == [1 / 3, 1 / 3, 0]
    np.testing.assert_allclose(found, gamma["thz"] + k["thz"], atol=1e-6)


# ------------------------------------------------------------------- against the sources


def compare_with_source(name: str, *, symmetrize: bool) -> None:
    entry = REFERENCE[name]
    phonon = load(name) if symmetrize else load(name, symmetrize=False)  # one key of the cache
    assert len(phonon.primitive) == entry["natoms"]
    assert len(phonon.supercell) == entry["supercell_atoms"]
    assert (phonon.nac_params is not None) == entry["nac"]
    assert len(entry["frequencies"]) >= 3
    found = phonon.run_qpoints([at["q"] for at in entry["frequencies"]]).frequencies
    key = "thz" if symmetrize else "thz_unsymmetrized"
    expected = np.array([at[key] for at in entry["frequencies"]])
    # rigid translations at Γ: square roots of rounding errors, 0.05 THz without the sum rule
    zero = np.zeros(found.shape, dtype=bool)
    zero[0, np.argsort(np.abs(expected[0]))[:3]] = True
    assert np.abs(found[zero]).max() < (1e-3 if symmetrize else 0.05)
    np.testing.assert_allclose(found[~zero], expected[~zero], atol=1e-6)


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_frequencies_are_those_of_the_source(name: str) -> None:
    compare_with_source(name, symmetrize=True)


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_frequencies_without_symmetrisation_are_those_of_the_source(name: str) -> None:
    compare_with_source(name, symmetrize=False)


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_space_group_is_the_stated_one_and_that_of_the_cif(name: str) -> None:
    phonon = load(name)
    stated = REFERENCE[name]["group"]
    assert group(phonon, 1e-5) == group(phonon, 1e-3) == stated
    if REFERENCE[name]["kind"] == "phonondb":  # the label of the archive
        assert REFERENCE[name]["source"].endswith(f"-{stated}")
    if name in structure_names():
        atoms = ase.io.read(find_structure(name))
        cif = spglib.get_symmetry_dataset(
            (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers), symprec=1e-3
        )
        assert cif is not None
        assert cif.number == stated
        ours = np.bincount(phonon.primitive.numbers) * len(atoms)
        assert (ours == np.bincount(atoms.numbers) * len(phonon.primitive)).all()


def test_most_sets_have_a_cif() -> None:
    assert len(set(NAMES) & set(structure_names())) == 18


# ------------------------------------------------------------------------ physics


@pytest.mark.parametrize("name", NAMES)
def test_sum_rules_and_frequencies_by_a_second_method(name: str) -> None:
    phonon = load(name)
    constants = phonon.force_constants
    primitive = phonon.primitive
    if len(constants) > len(primitive):
        constants = constants[primitive.p2s_map]
    # what phonopy's projector leaves; exact for the set symmetrised here
    tolerance = 1e-12 if name == "Bi2Se3" else 1e-6
    assert abs(constants.sum(axis=1)).max() < tolerance

    n = len(primitive)
    home = np.array([primitive.p2p_map[i] for i in primitive.s2p_map])
    gamma = np.zeros((n, n, 3, 3))
    for j, image in enumerate(home):
        gamma[:, image] += constants[:, j]
    assert abs(gamma - gamma.transpose(1, 0, 3, 2)).max() < tolerance
    root = np.sqrt(primitive.masses)
    dynamical = (gamma / root[:, None, None, None] / root[None, :, None, None]).swapaxes(1, 2)
    values = np.linalg.eigvalsh(dynamical.reshape(3 * n, 3 * n))
    ours = np.sort(np.sign(values) * np.sqrt(np.abs(values)) * THZ)
    theirs = phonon.run_qpoints([[0, 0, 0]]).frequencies[0]
    assert np.abs(ours[:3]).max() < 1e-3
    assert ours[3] > 0.4  # nothing imaginary at the zone centre
    np.testing.assert_allclose(ours[3:], theirs[3:], atol=1e-5)

    if phonon.nac_params is not None:
        born, epsilon = phonon.nac_params["born"], phonon.nac_params["dielectric"]
        drift = abs(born.sum(axis=0)).max()
        if name == "Bi2Se3":
            assert drift < 1e-12
        else:  # as the source has it: some 0.1 e, else rounding
            assert drift == pytest.approx(REFERENCE[name]["born_drift"], abs=1e-9)
            assert drift < (0.15 if name in ("TiO2_anatase", "ZnO") else 1e-3)
        # classes 3, 4 and 6 let an antisymmetric part through; there is none but noise
        assert abs(epsilon - epsilon.T).max() < 1e-3
        assert np.linalg.eigvalsh(epsilon).min() > 1


def test_two_hands_of_cinnabar_agree() -> None:
    """Two calculations of one crystal and of its mirror image: how well they repeat."""
    one, other = (
        load(name).run_qpoints([[0, 0, 0]]).frequencies[0]
        for name in ("HgS_cinnabar", "HgS_cinnabar_P3121")
    )
    assert np.abs(one - other)[3:].max() < 0.05


# ------------------------------------------------------------------------ Bi2Se3


def test_bi2se3_is_the_production_set_of_the_json() -> None:
    data = json.loads((STRUCTURES / "Bi2Se3" / "bi2se3.json").read_text(encoding="utf-8"))
    phonon = load("Bi2Se3")
    assert group(phonon, 1e-5) == 166
    assert len(phonon.supercell) == len(phonon.primitive) == 5
    np.testing.assert_allclose(phonon.primitive.cell, data["lattice_angstrom"], atol=1e-9)
    np.testing.assert_allclose(phonon.primitive.masses, data["masses_amu"])
    found = phonon.run_qpoints([[0, 0, 0]]).frequencies[0]
    np.testing.assert_allclose(found, np.sort(data["modes"]["frequencies_THz"]), atol=1e-6)

    raw = np.array(data["harmonic"]["force_constants_15x15_eV_per_A2"])
    kept = phonon.force_constants.swapaxes(1, 2).reshape(15, 15)
    assert 1e-3 < abs(kept - raw).max() < 1e-2
    # D3d by its own generators: three-fold axis z, two-fold axis x, inversion about Se1
    three = np.array([[-0.5, -np.sqrt(0.75), 0], [np.sqrt(0.75), -0.5, 0], [0, 0, 1]])
    for rotation, image in (
        (three, [0, 1, 2, 3, 4]),
        (np.diag([1.0, -1, -1]), [1, 0, 2, 4, 3]),
        (-np.eye(3), [1, 0, 2, 4, 3]),
    ):
        big = np.kron(np.eye(5)[:, image], rotation)
        assert abs(big @ kept @ big.T - kept).max() < 1e-12
    born = phonon.nac_params["born"]
    assert abs(born - [np.diag(np.diag(tensor)) for tensor in born]).max() < 1e-12
    raw_born = np.array(data["dielectric"]["born_charges"])
    np.testing.assert_allclose(born, raw_born - raw_born.mean(axis=0), atol=4e-3)


def test_bi2se3_is_what_the_program_makes(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("tool", ROOT / "tools" / "build_bi2se3.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    data = json.loads((STRUCTURES / "Bi2Se3" / "bi2se3.json").read_text(encoding="utf-8"))
    built, shipped = tool.build(data), load("Bi2Se3")
    assert "taken off evenly" in capsys.readouterr().out
    np.testing.assert_allclose(built.force_constants, shipped.force_constants, atol=1e-12)
    np.testing.assert_allclose(built.nac_params["born"], shipped.nac_params["born"], atol=1e-12)


def test_bi2se3_warns_of_other_wavevectors() -> None:
    head = (STRUCTURES / "Bi2Se3" / "phonopy.yaml").read_text(encoding="utf-8").splitlines()[1]
    readme = (STRUCTURES / "Bi2Se3" / "README.md").read_text(encoding="utf-8")
    assert "VALID AT q = 0 ONLY" in head
    assert "**`phonopy.yaml` is valid at q = 0 only.**" in readme


# ------------------------------------------------------------------------ the docs table


def test_published_frequencies_stand_beside_those_of_the_sets() -> None:
    text = (ROOT / "docs" / "frequencies.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\w+) \| ([^|]+) \| ([\d.]+) \| ([^|]+) \| ([+−][\d.]+) \| \{cite\}`(\w+)` \|$",
        text,
        re.MULTILINE,
    )
    assert len(rows) == 44 == len(re.findall(r"\{cite\}", text))
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "docs" / "references.bib").read_text(), re.M))
    for name, mode, shipped, published, off, key in rows:
        assert key in known
        low, high = re.fullmatch(r"([\d.]+)(?:–([\d.]+))?(?: .*)?", published).groups()
        middle = (float(low) + float(high or low)) / 2
        ours = float(shipped)
        # of the numbers as printed, each rounded to 0.05
        expected = 100 * (ours - middle) / middle
        assert abs(float(off.replace("−", "-")) - expected) < 0.06 + 10 / middle, (name, mode)

        direction = {"∥": [0, 0, 1], "⊥": [1, 0, 0]}.get(
            mode.split(" ")[-2] if "LO" in mode else ""
        )
        values = load(name).run_qpoints([[0, 0, 0]], nac_q_direction=direction).frequencies[0] * CM1
        partners = int((abs(values - ours) < 0.06).sum())
        degeneracy = 1 if "LO" in mode else {"A": 1, "B": 1, "E": 2, "T": 3}[mode[0]]
        assert partners == degeneracy, (name, mode, values)
    left_out = text[text.index("Left out, because") :]
    shown = {name for name, *_ in rows}
    for name in set(NAMES) - shown:
        assert name.split("_")[0] in left_out, name


# ------------------------------------------------------------------ phonopy's own crystals


@pytest.mark.oracle
def test_crystals_of_phonopys_tests_are_what_their_table_says() -> None:
    crystals = phonopy_crystals.CRYSTALS
    files = {path.name for path in phonopy_crystals.DATA.iterdir()} - {"README.md"}
    assert len(crystals) == 21
    assert files == {
        name for c in crystals for name in (f"POSCAR_{c.label}", f"FORCE_SETS_{c.label}.xz")
    }
    loose = {}
    for crystal in crystals:
        phonon = phonopy_crystals.load(crystal, symmetrize=False)
        assert len(phonon.primitive) == crystal.natoms
        assert group(phonon, 1e-5) == crystal.number
        loose[crystal.label] = group(phonon, 1e-3)
        assert np.isfinite(phonon.run_qpoints([[0, 0, 0]]).frequencies).all()
    assert {c.label: loose[c.label] for c in crystals if loose[c.label] != c.number} == {
        "P222_1": 51
    }
