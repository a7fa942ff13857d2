"""Force data from whatever phonopy writes: read alike, and refused in words."""

from __future__ import annotations

import gzip
import lzma
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
import yaml

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import (
    GrammarError,
    InputError,
    LabelError,
    ReadError,
    SymmetryError,
    WavevectorError,
)
from symchiral.modes.mode import Modes
from symchiral.reading.shipped import find_structure

GAMMA, EDGE = "GM", "M"


@pytest.fixture
def zno(tmp_path: Path) -> Path:
    """phonopy.yaml of ZnO, with force sets and Born charges inside, unpacked."""
    path = tmp_path / "phonopy.yaml"
    path.write_bytes(lzma.decompress(find_structure("ZnO/phonopy.yaml").read_bytes()))
    return path


def same(one: Modes, two: Modes, tolerance: float = 1e-6) -> None:
    assert [m.name for m in one] == [m.name for m in two]
    assert np.abs(one.frequencies - two.frequencies).max() < tolerance
    for a, b in zip(one, two, strict=True):
        assert a.pam == b.pam
        assert a.am_vector is not None
        assert b.am_vector is not None
        assert np.abs(a.am_vector - b.am_vector).max() < 1e-5


def load(path: Path, **options: Any) -> Any:
    return phonopy.load(path, **options)


def test_every_way_to_hand_them_in(zno: Path, tmp_path: Path) -> None:
    """Plain, packed, its folder, separate files, a phonopy object: one and the same study."""
    reference = sc.read(zno)
    phonon = load(zno)
    ways: dict[str, Any] = {"object": phonon, "folder": zno.parent}
    for name, opener in (("xz", lzma.open), ("gz", gzip.open)):
        ways[name] = tmp_path / f"packed.yaml.{name}"
        with opener(ways[name], "wb") as file:
            file.write(zno.read_bytes())
    apart = tmp_path / "apart"
    apart.mkdir()
    phonon.save(apart / "phonopy_disp.yaml", settings={"force_sets": False, "born": False})
    from phonopy.file_IO import write_FORCE_CONSTANTS, write_FORCE_SETS
    from phonopy.interface.vasp import write_vasp

    write_FORCE_SETS(phonon.dataset, filename=apart / "FORCE_SETS")
    ways["apart"] = apart
    ways["FORCE_SETS"] = apart / "FORCE_SETS"
    constants = tmp_path / "constants"
    constants.mkdir()
    shutil.copy(apart / "phonopy_disp.yaml", constants)
    write_FORCE_CONSTANTS(
        phonon.force_constants,
        filename=constants / "FORCE_CONSTANTS",
        p2s_map=phonon.primitive.p2s_map,
    )
    ways["FORCE_CONSTANTS"] = constants
    bare = tmp_path / "bare"
    bare.mkdir()
    write_vasp(bare / "SPOSCAR", phonon.supercell)
    shutil.copy(apart / "FORCE_SETS", bare)
    ways["SPOSCAR"] = bare
    for name, source in ways.items():
        study = sc.read(source)
        for q in (GAMMA, EDGE):
            # The short decimals of POSCAR and FORCE_CONSTANTS show in the sixth digit.
            tolerance = 1e-6 if name in ("object", "folder", "xz", "gz") else 2e-4
            same(reference.modes(q), study.modes(q), tolerance)
    assert len(ways) == 8


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # phonopy's files
def test_eigenvectors_of_others(zno: Path, tmp_path: Path) -> None:
    """band.yaml, mesh.yaml and qpoints.yaml give the modes of the force constants."""
    # With Born charges band.yaml holds, at the zone centre, the field of its direction.
    phonon = load(zno, is_nac=False)
    phonon.nac_params = None
    reference = sc.read(phonon)
    points = [[0, 0, 0], [0.5, 0, 0], [1 / 3, 1 / 3, 0]]
    folder = tmp_path / "eigenvectors"
    folder.mkdir()
    shutil.copy(zno, folder)
    phonon.run_band_structure([points], with_eigenvectors=True)
    phonon.band_structure.write_yaml(filename=folder / "band.yaml")
    phonon.run_qpoints(points, with_eigenvectors=True)
    phonon.qpoints.write_yaml(filename=folder / "qpoints.yaml")
    phonon.run_mesh([2, 2, 1], with_eigenvectors=True, is_gamma_center=True)
    phonon.mesh.write_yaml(filename=folder / "mesh.yaml")
    for name, wavevectors in (
        ("band.yaml", (GAMMA, EDGE, "K")),
        ("qpoints.yaml", (GAMMA, EDGE, "K")),
        ("mesh.yaml", (GAMMA, EDGE)),
    ):
        study = sc.read(folder / name)
        for q in wavevectors:
            same(reference.modes(q), study.modes(q), 1e-5)
        with pytest.raises(sc.SymchiralError, match=r"no eigenvectors at \(0,0,1/7\)") as refused:
            study.modes("0,0,1/7")
        listed = (refused.value.why or "").partition(" at ")[2].split(" and ")[0]
        found = study.all_modes(listed)
        assert found[0].q == study.point("GM")
        assert 1 < len(found) == len(listed.split()) <= 8


def test_another_primitive_cell_is_made_primitive(tmp_path: Path) -> None:
    """A file whose primitive cell is the cubic one of four formula units."""
    path = find_structure("NaCl/phonopy.yaml")
    phonon = load(path)
    big = phonopy.Phonopy(phonon.unitcell, phonon.supercell_matrix, primitive_matrix="P")
    big.dataset = phonon.dataset
    big.nac_params = {
        **phonon.nac_params,
        "born": phonon.nac_params["born"][(np.asarray(phonon.unitcell.numbers) != 11).astype(int)],
    }
    big.produce_force_constants()
    big.symmetrize_force_constants(use_symfc_projector=True)
    assert len(big.primitive) == 8
    one, two = sc.read(path), sc.read(big)
    for q in ("GM", "X", "L"):
        first, second = one.modes(q), two.modes(q)
        assert len(second) == 6
        assert np.abs(first.frequencies - second.frequencies).max() < 1e-5
    direction = (0.0, 0.0, 1.0)
    longitudinal = one.modes("GM", direction=direction)
    assert longitudinal.frequencies[-1] > one.modes("GM").frequencies[-1] + 1
    again = two.modes("GM", direction=direction)
    assert np.abs(longitudinal.frequencies - again.frequencies).max() < 1e-5


def test_yaml_that_would_run_code_is_refused(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    path = tmp_path / "phonopy.yaml"
    path.write_text(f'x: !!python/object/apply:os.system ["touch {trap}"]\n')
    with pytest.raises(ReadError, match="refused"):
        sc.read(path)
    assert not trap.exists()


def damaged(zno: Path) -> dict[str, str]:
    """Damaged files, and a word of what is said about each."""
    text = zno.read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    mismatched = yaml.safe_load(text)
    mismatched["supercell_matrix"] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    nan = text.replace(str(data["displacements"][0]["forces"][0][0]), ".nan", 1)
    without = {k: v for k, v in data.items() if k != "displacements"}
    return {
        text[: len(text) // 2]: "not a complete",
        "": "empty or no phonopy file",
        "- 1\n- 2\n": "no phonopy file",
        "a: [1, 2": "not a complete YAML",
        yaml.safe_dump(mismatched): "supercell",
        yaml.safe_dump(without): "no force constants",
        yaml.safe_dump({**data, "unit_cell": 3}): "not a complete phonopy file",
        yaml.safe_dump({k: v for k, v in data.items() if k != "unit_cell"}): "cell",
        nan: "finite",
        "phonon:\n- q-position: [0, 0, 0]\n  band:\n  - frequency: 1.0\n": "phonopy",
    }


def test_damaged_files_are_refused_in_words(
    zno: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = damaged(zno)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for i, (text, word) in enumerate(cases.items()):
        path = folder / f"{i}.yaml"
        path.write_text(text)
        with pytest.raises(InputError, match=word):
            sc.read(path).modes()
        assert main(["modes", str(path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("symchiral: ")
        assert "Traceback" not in error
    assert len(cases) == 10


def test_a_wrong_group_in_the_file_is_named(zno: Path, tmp_path: Path) -> None:
    data = yaml.safe_load(zno.read_text(encoding="utf-8"))
    path = tmp_path / "stated.yaml"
    for number, symbol, wrong in ((186, "P6_3mc", False), (168, "P6", True)):
        data["space_group"] = {"number": number, "type": symbol}
        path.write_text(yaml.safe_dump(data))
        notices = [n for n in sc.read(path).crystal.warnings if n.kind == "stated-group"]
        assert bool(notices) == wrong
        assert not wrong or ("P6" in notices[0].text and "186" in notices[0].text)


def test_a_file_elsewhere_takes_no_forces_from_the_working_directory(
    zno: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """phonopy itself would: they belong to something else."""
    from phonopy.file_IO import write_FORCE_SETS

    phonon = load(zno)
    here = tmp_path / "here"
    here.mkdir()
    write_FORCE_SETS(phonon.dataset, filename=here / "FORCE_SETS")
    there = tmp_path / "there"
    there.mkdir()
    phonon.save(there / "phonopy_disp.yaml", settings={"force_sets": False})
    monkeypatch.chdir(here)
    with pytest.raises(InputError, match="no force constants"):
        sc.read(there / "phonopy_disp.yaml")


def test_forces_that_break_the_symmetry(zno: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Little: said. Much: refused, unless asked for."""
    phonon = load(zno)
    constants = phonon.force_constants.copy()
    rng = np.random.default_rng(3)
    for size, refused in ((2e-2, False), (2.0, True)):
        phonon.force_constants = constants + size * rng.normal(size=constants.shape)
        study = sc.read(phonon)
        if refused:
            with pytest.raises(SymmetryError, match="break the symmetry"):
                study.modes("M")
            modes = sc.read(phonon, symmetrize=True).modes("M")
            assert modes.asymmetry > 0.1
        else:
            modes = study.modes("M")
            assert 1e-4 < modes.asymmetry < 0.1
        assert all(mode.residue is not None for mode in modes)


def test_wavevectors_and_directions_that_make_no_sense(zno: Path) -> None:
    study = sc.read(zno)
    with pytest.raises(WavevectorError, match="line of wavevectors"):
        study.modes("LD(u)")
    with pytest.raises(WavevectorError, match="zone centre only"):
        study.modes("K", direction=(1, 0, 0))
    with pytest.raises(WavevectorError, match="no length"):
        study.modes("GM", direction=(0, 0, 0))
    with pytest.raises(InputError, match="not three numbers"):
        study.modes("GM", direction="x")
    with pytest.raises(InputError, match="without forces"):
        sc.read("ZnO").modes()


def test_numbered_transfers(zno: Path) -> None:
    """Legs with numbers are judged, and found again among the ranked transfers."""
    study = sc.read(zno)
    found = study.transfers()
    scores = [round(t.score, 9) for t in found]
    assert scores == sorted(scores, reverse=True)
    assert len({t.id for t in found}) == len(found) > 40
    for transfer in found:
        again = study.transfer(transfer.id)
        assert again.rule.verdict == "allowed"
        assert abs(again.detuning - transfer.detuning) < 1e-12
        assert again.rotation_sense == transfer.rotation_sense
        assert again.id == transfer.id
    near = study.transfers(max_detuning=2.0, pump="8-13THz")
    assert all(abs(t.detuning) <= 2 for t in near)
    inside = {t.id for t in study.transfers(pump="8-13THz")}
    assert inside == {
        t.id
        for t in found
        if all(p is not None and p.startswith("infrared") for p in t.rule.pump)
        and all(
            8 <= m.frequency <= 13
            for leg, m in zip(t.rule.channel.coupling, t.multiplets, strict=True)
            if not leg.outgoing
        )
    }
    with pytest.raises(sc.SymchiralError, match="no mode number 9"):
        study.transfer("E1#9(+) E1#1(+) -> E2#1(-)")
    with pytest.raises(GrammarError, match="no mode is named"):
        study.transfer("E1(+) E1(+) -> E2(-)")


def test_linewidths_by_mode() -> None:
    """Γ is the sum over the quanta; what is not named has its share of 0.1 THz."""
    centre = sc.read(str(find_structure("MgB2/phonopy.yaml")))
    found = {t.id: t for t in centre.transfers(linewidth={"E1u#1": 0.5, "K1#1@K": 9.0})}
    plain = {t.id: t for t in centre.transfers()}
    assert found.keys() == plain.keys()
    for transfer in found.values():
        quanta = [str(leg.label).startswith("E1u#1(") for leg in transfer.legs]
        assert transfer.linewidth == pytest.approx(sum(0.5 if q else 0.1 / 3 for q in quanta))
        delta, gamma = transfer.detuning, transfer.linewidth
        assert transfer.score == pytest.approx(gamma**2 / (gamma**2 + delta**2))
    assert any(abs(found[x].linewidth - plain[x].linewidth) > 0.1 for x in found)
    with pytest.raises(LabelError, match="E1u#9"):
        centre.transfers(linewidth={"E1u#9": 0.5})
    valleys = sc.read(str(find_structure("WSe2_2H/phonopy.yaml")))
    for name in ("K6#1@K", "K6#1@K'"):
        (first,) = [
            t
            for t in valleys.transfers(q="K K K", linewidth={name: 0.5})
            if t.id == "K6#1(+)@K K6#1(-)@K -> K1#2@K'"
        ]
        assert first.linewidth == pytest.approx(0.5 + 0.5 + 0.1 / 3)
