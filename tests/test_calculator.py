"""Phonons from a calculator: relaxation, displacements, trust, interruption, provenance."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.calculators.calculator import all_changes
from ase.calculators.lj import LennardJones
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from jsonschema import Draft202012Validator
from pairs import Pairs, exact
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from shares import one_in

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.errors import CalculatorError, InputError, LimitError, ReadError, WavevectorError
from symchiral.forces.calculator import Calculator, Identity, load_calculator
from symchiral.forces.compute import Step
from symchiral.forces.displace import choose_supercell, unit_cell
from symchiral.forces.forcecache import CachedCalculator, ForceCache, Response
from symchiral.forces.relax import FORCE, STRESS, invariant_displacements, invariant_strains, relax
from symchiral.forces.trust import examine, generators
from symchiral.study import Study, read

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path / "cache"))


def as_atoms(crystal: Any) -> Atoms:
    return Atoms(
        numbers=crystal.numbers, cell=crystal.cell, scaled_positions=crystal.positions, pbc=True
    )


def optical(study: Study) -> dict[str, float]:
    """Frequencies at the zone centre by name, THz, without the acoustic ones."""
    modes = study.modes().multiplets
    return {f"{m.species.label}({m.number})": m.frequency for m in modes if m.number is not None}


# ------------------------------------------------------------------------------- relaxation


RELAXED = ("TiO2_rutile", "ZnO", "Al2O3", "MoS2_2H")


@pytest.mark.sweep
@pytest.mark.parametrize("what", ["atoms", "cell"])
@pytest.mark.parametrize("name", RELAXED)
def test_relaxation_agrees_with_ase(name: str, what: Any) -> None:
    """ASE moves atoms under a constraint of its own; we move amplitudes of invariant moves."""
    crystal = read(name).crystal
    relaxed = relax(crystal, CachedCalculator(load_calculator(Pairs())), what=what)
    theirs = as_atoms(crystal.primitive)
    theirs.set_constraint(FixSymmetry(theirs, symprec=1e-4))
    theirs.calc = Pairs()
    target = FrechetCellFilter(theirs) if what == "cell" else theirs
    BFGS(target, logfile=None).run(fmax=2e-4, steps=500)
    ours = as_atoms(relaxed.primitive)
    ours.calc = Pairs()
    assert relaxed.residual < FORCE
    assert ours.get_potential_energy() == pytest.approx(theirs.get_potential_energy(), abs=2e-5)
    assert np.allclose(ours.cell.cellpar(), theirs.cell.cellpar(), atol=2e-3, rtol=1e-3)
    if what == "atoms":
        assert np.array_equal(relaxed.primitive.cell, crystal.primitive.cell)
    else:
        assert relaxed.stress is not None
        assert relaxed.stress < STRESS


@pytest.mark.parametrize(
    ("name", "atoms", "cell"),
    # free internal coordinates (without rigid shifts) and cell constants, by the Wyckoff sites
    [
        ("NaCl", 0, 1),
        ("TiO2_rutile", 1, 2),
        ("Bi2Se3", 2, 2),
        ("SiO2_quartz_P3121", 4, 2),
        ("ZnO", 1, 2),
        ("MoS2_monolayer_slab", 1, 2),
        ("ErFeO3", 7, 3),
        ("ZrO2_baddeleyite", 9, 4),
    ],
)
def test_free_coordinates_are_those_of_the_sites(name: str, atoms: int, cell: int) -> None:
    crystal = read(name).crystal
    moves, strains = invariant_displacements(crystal), invariant_strains(crystal)
    assert (len(moves), len(strains)) == (atoms, cell)
    for rotation, images in zip(crystal.rotations, crystal.permutations, strict=True):
        assert np.allclose(moves[:, images], moves @ rotation.T, atol=1e-12)
        assert np.allclose(rotation @ strains @ rotation.T, strains, atol=1e-12)
    assert np.allclose(moves.sum(axis=1), 0, atol=1e-12)


def test_relaxation_keeps_symmetry_and_order_of_atoms(tmp_path: Path) -> None:
    study = read("SiO2_quartz_P3121")
    relaxed = relax(study.crystal, CachedCalculator(load_calculator(Pairs())), what="cell")
    unit, owners = unit_cell(study.crystal, relaxed.primitive)
    after = read(unit, symprec=1e-6).crystal
    assert after.group == study.crystal.group
    assert np.array_equal(unit.numbers, study.crystal.input.numbers)
    assert len(owners) == len(unit)
    # One and the same strain takes every atom along; what is left is the move inside the cell.
    given = study.crystal.input
    shift = unit.positions - given.positions
    assert np.linalg.norm((shift - np.rint(shift)) @ unit.cell, axis=1).max() < 1.2 * max(
        relaxed.moved, 0.01
    )


def test_a_collapse_into_higher_symmetry_is_refused() -> None:
    """The pair potential has no helices: tellurium becomes simple cubic, one atom in the cell."""
    with pytest.raises(CalculatorError, match=r"did not stay in P3_121: .* with 1 atom in"):
        read("Te_P3121").with_calculator(Pairs(), zone_centre=True)


def test_only_three_relaxations() -> None:
    with pytest.raises(InputError, match="neither atoms"):
        read("NaCl").with_calculator(Pairs(), relax="volume")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------- displacements


@pytest.mark.parametrize(
    ("name", "supercell"),
    [
        ("Bi2Se3", (2, 2, 1)),
        ("CrSi2", (2, 2, 1)),
        ("ZnO", (3, 3, 2)),
        ("TiO2_rutile", (2, 2, 2)),
        ("MoS2_monolayer_slab", (3, 3, 1)),
    ],
)
def test_dynamical_matrix_is_the_second_derivative(name: str, supercell: Any) -> None:
    """Finite differences against the analytic Hessian: the error is that of the displacement."""
    study = read(name)
    errors = []
    for displacement in (0.02, 0.005):
        found = study.with_calculator(Pairs(), supercell=supercell, displacement=displacement)
        phonons = found.phonons
        assert phonons is not None
        atoms = as_atoms(phonons.crystal.primitive)
        worst, scale = 0.0, 0.0
        # commensurate wavevectors, on the reciprocal basis of our primitive cell
        for n in ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, supercell[2] - 1)):
            k = np.linalg.inv(np.diag(supercell)) @ np.array(n, dtype=float)
            q = phonons.crystal.frame.wavevector(k, to="primitive", source="input")
            theory = exact(atoms, phonons.masses, q)
            scale = max(scale, np.abs(theory).max())
            worst = max(worst, np.abs(phonons.matrix_at(q) - theory).max())
        errors.append(worst / scale)
    assert errors[0] < 0.02
    assert errors[1] < 0.3 * errors[0] + 1e-6


@pytest.mark.parametrize("name", ["Bi2Se3", "CrSi2", "ZnO", "TiO2_rutile", "Ni3S2"])
@pytest.mark.parametrize("zone_centre", [False, True])
def test_number_of_calls_is_the_minimum(name: str, *, zone_centre: bool) -> None:
    study, calculator = read(name), Pairs()
    supercell = None if zone_centre else (2, 2, 1)
    found = study.with_calculator(calculator, supercell=supercell, zone_centre=zone_centre)
    p = found.provenance
    given = study.crystal.primitive if zone_centre else study.crystal.input
    phonon = Phonopy(
        PhonopyAtoms(cell=given.cell, scaled_positions=given.positions, numbers=given.numbers),
        np.eye(3) if zone_centre else np.diag((2, 2, 1)),
        primitive_matrix="P",
        symprec=1e-3,
    )
    phonon.generate_displacements(distance=0.02)
    assert p.displacements == len(phonon.supercells_with_displacements)
    assert len(calculator.sizes) == p.checks + p.relaxation + p.displacements
    if not zone_centre:
        assert calculator.sizes.count(4 * len(given)) == p.displacements


def test_zone_centre_agrees_with_the_supercell() -> None:
    for name in ("Bi2Se3", "CrSi2", "ZnO", "MoS2_monolayer_slab"):
        study = read(name)
        small = study.with_calculator(Pairs(), zone_centre=True)
        large = study.with_calculator(Pairs(), supercell=(2, 2, 2))
        here, there = optical(small), optical(large)
        assert here.keys() == there.keys()
        assert here == pytest.approx(there, abs=2e-3)
        with pytest.raises(WavevectorError, match="without --gamma"):
            small.modes("0,0,1/2")
        with pytest.raises(WavevectorError, match="without --gamma"):
            small.bands()


def test_supercell_from_a_length() -> None:
    crystal = read("Bi2Se3").crystal.input
    assert np.diag(choose_supercell(crystal)).tolist() == [3, 3, 1]
    for name in sc.structure_names()[::9]:
        given = sc.structure(name)
        cell = choose_supercell(given, 9.0) @ given.cell
        # nothing nearer than the length, along any lattice vector up to (2, 2, 2)
        grid = np.array([n for n in np.ndindex(5, 5, 5) if n != (2, 2, 2)]) - 2
        assert np.linalg.norm(grid @ cell, axis=1).min() > 9.0 - 0.02
    with pytest.raises(InputError, match="supercell"):
        choose_supercell(crystal, 0.0)


def test_supercells_of_lower_symmetry_are_noticed() -> None:
    flat = read("NaCl").with_calculator(Pairs(), supercell=(2, 2, 1))
    assert "supercell" in {n.kind for n in flat.crystal.warnings}
    # an input cell that is a supercell of lower symmetry itself: the choice makes up for it
    atoms = as_atoms(sc.structure("NaCl"))
    for given in (atoms, atoms * (1, 1, 2)):
        chosen = sc.read(given).with_calculator(Pairs(), length=5.0)
        assert ("supercell" in {n.kind for n in chosen.crystal.warnings}) == (len(given) == 16)


def test_wrong_supercells_are_refused() -> None:
    study = read("NaCl")
    for supercell in ((0, 1, 1), (1, 1), (1.5, 1, 1), ((1, 0, 0), (0, 1, 0), (0, 0, -1))):
        with pytest.raises(InputError, match="not a supercell"):
            study.with_calculator(Pairs(), supercell=supercell)
    with pytest.raises(LimitError, match="too large"):
        study.with_calculator(Pairs(), length=100.0)
    with pytest.raises(InputError, match="displacement"):
        study.with_calculator(Pairs(), displacement=1.0)


def test_single_precision_needs_larger_displacements() -> None:
    calculator = Calculator(Pairs(), Identity("Single", single=True))
    with pytest.raises(InputError, match="single precision"):
        read("NaCl").with_calculator(calculator, displacement=0.005)


def test_any_ase_calculator() -> None:
    argon = Atoms("Ar", cell=2.63 * (np.ones((3, 3)) - np.eye(3)), pbc=True)
    study = sc.read(argon).with_calculator(
        LennardJones(sigma=3.4, epsilon=0.0104, rc=8.0, smooth=True), relax="cell", length=9.0
    )
    assert study.provenance.lowest > -0.02
    assert [m.species.dimension for m in study.modes("X").multiplets] == [2, 1]
    assert study.crystal.warnings[-1].kind == "calculator"


# ------------------------------------------------------------------------------- trust


class Wrong(Pairs):
    """Pairs of which something is wrong from some call on."""

    def __init__(self, how: str, after: int = 0) -> None:
        super().__init__()
        self.how, self.after = how, after
        self._random = np.random.default_rng(0)

    def calculate(
        self, atoms: Any = None, properties: Any = None, changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, changes)
        if len(self.sizes) <= self.after:
            return
        forces = self.results["forces"]
        if self.how == "raises":
            raise RuntimeError("element 83 is unknown")
        if self.how == "nan":
            forces[0, 0] = np.nan
        if self.how == "shape":
            self.results["forces"] = forces[1:]
        if self.how == "text":
            self.results["forces"] = "none"
        if self.how == "skew":
            forces *= [1.0, 1.0, 1.2]
            forces[:, 0] *= 1.1
        if self.how == "wall":
            forces += 0.2 * np.abs(forces).max()
        if self.how == "random":
            forces *= 1 + 0.1 * self._random.random(forces.shape)
        if self.how == "zero":
            forces *= 0


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ("raises", r"raised RuntimeError: element 83"),
        ("nan", "1 of 15 numbers are NaN"),
        ("shape", r"shape \(4, 3\) instead of \(5, 3\)"),
        ("text", "not numbers"),
        ("skew", "breaks the symmetry"),
        ("wall", "sum of all forces"),
        ("random", "not reproducible"),
        ("zero", "gives no forces"),
    ],
)
def test_calculators_that_cannot_be_trusted(how: str, match: str) -> None:
    with pytest.raises(CalculatorError, match=match):
        read("Bi2Se3").with_calculator(Wrong(how), zone_centre=True)


def test_broken_symmetry_is_measured_in_every_group() -> None:
    """A calculator that stretches forces along one direction fails wherever a rotation turns it."""
    caught = 0
    for name in sc.structure_names()[::6]:
        crystal = read(name).crystal
        asked = CachedCalculator(load_calculator(Pairs()))
        assert examine(crystal, asked).asymmetry < 1e-9
        directions = crystal.rotations @ np.array([1.0, 0.7, 0.4])
        kept = np.allclose(np.abs(directions), [1.0, 0.7, 0.4], atol=1e-6)
        skew = CachedCalculator(load_calculator(Wrong("skew")))
        if kept:
            continue
        caught += 1
        with pytest.raises(CalculatorError, match="breaks the symmetry"):
            examine(crystal, skew)
        assert examine(crystal, skew, symmetrize=True).asymmetry > 0.02
    assert caught >= 8


def test_generators_generate() -> None:
    for name in sc.structure_names()[::4]:
        crystal = read(name).crystal
        rotations = crystal.group.rotations
        reached = {np.eye(3, dtype=int).tobytes(): np.eye(3, dtype=int)}
        while True:
            new = {
                (rotations[g] @ w).tobytes(): rotations[g] @ w
                for g in generators(crystal)
                for w in reached.values()
            }
            if new.keys() <= reached.keys():
                break
            reached |= new
        assert len(reached) == len(rotations)
        assert len(generators(crystal)) <= 3


def test_finished_work_is_kept_when_a_calculator_fails() -> None:
    study, good = read("CrSi2"), Pairs()
    identity = Identity("test")
    reference = study.with_calculator(Pairs(), supercell=(2, 2, 1))
    total = sum(
        (reference.provenance.checks, reference.provenance.relaxation),
        reference.provenance.displacements,
    )
    failing = Wrong("raises", after=total - 3)
    with pytest.raises(CalculatorError, match="what was computed before is kept"):
        study.with_calculator(Calculator(failing, identity), supercell=(2, 2, 1))
    study.with_calculator(Calculator(good, identity), supercell=(2, 2, 1), resume=True)
    assert len(failing.sizes) - 1 + len(good.sizes) == total
    assert len(good.sizes) == 3


def test_a_changed_calculator_is_noticed() -> None:
    study, identity = read("Bi2Se3"), Identity("mine")
    study.with_calculator(Calculator(Pairs(), identity), zone_centre=True)
    fresh = Pairs()
    study.with_calculator(Calculator(fresh, identity), zone_centre=True)
    assert len(fresh.sizes) == 1  # the comparison
    with pytest.raises(CalculatorError, match="has changed since"):
        study.with_calculator(Calculator(Wrong("random"), identity), zone_centre=True)


# ------------------------------------------------------------------------------- the cache


def test_cache_by_content(tmp_path: Path) -> None:
    crystal, calculator = sc.structure("NaCl"), Pairs()
    asked = CachedCalculator(load_calculator(calculator), ForceCache(tmp_path / "forces"))
    first = asked.evaluate(crystal)
    assert asked.evaluate(crystal) == first
    assert asked.calls == 1
    moved = sc.Crystal.of(crystal.cell, crystal.positions + 1e-6, crystal.numbers)
    asked.evaluate(moved)
    asked.evaluate(crystal, stress=True)
    assert asked.calls == 3
    # another process, another calculator of the same identity
    again = CachedCalculator(load_calculator(Pairs()), ForceCache(tmp_path / "forces"))
    assert again.evaluate(crystal) == first
    assert again.evaluate(crystal, stress=True).stress is not None
    assert again.calls == 0
    other = CachedCalculator(
        Calculator(Pairs(), Identity("Pairs", version="2")), ForceCache(tmp_path / "forces")
    )
    other.evaluate(crystal)
    assert other.calls == 1


def test_damaged_answers_are_computed_again(tmp_path: Path) -> None:
    crystal = sc.structure("NaCl")
    folder = tmp_path / "forces"
    CachedCalculator(load_calculator(Pairs()), ForceCache(folder)).evaluate(crystal)
    (file,) = [p for p in folder.rglob("*") if p.is_file()]
    whole = file.read_bytes()
    for damaged in (b"", whole[:20], whole[:-3], whole[:-8] + b"\0" * 8, b"{}\n" + whole):
        file.write_bytes(damaged)
        again = CachedCalculator(load_calculator(Pairs()), ForceCache(folder))
        again.evaluate(crystal)
        assert again.calls == 1
        assert file.read_bytes() == whole


def test_an_answer_belongs_to_its_question(tmp_path: Path) -> None:
    """Another answer under this name, whole as it is, and pipes, devices, links to themselves."""
    crystal, folder = sc.structure("NaCl"), tmp_path / "forces"
    asked = CachedCalculator(load_calculator(Pairs()), ForceCache(folder))
    right = asked.evaluate(crystal)
    (file,) = [p for p in folder.rglob("*") if p.is_file()]
    whole = file.read_bytes()
    moved = sc.Crystal.of(crystal.cell, crystal.positions[::-1] + 0.01, crystal.numbers)
    asked.evaluate(moved)
    (other,) = [p for p in folder.rglob("*") if p.is_file() and p != file]

    def spoil(kind: str) -> None:
        file.unlink()
        if kind == "another answer":
            file.write_bytes(other.read_bytes())
        elif kind == "infinite":
            key = asked.key(crystal)
            ForceCache(folder).store(key, Response(np.full((len(crystal), 3), np.inf)))
        elif kind == "too few":
            ForceCache(folder).store(asked.key(crystal), Response(right.forces[:-1]))
        elif kind == "pipe":
            os.mkfifo(file)
        elif kind == "device":
            file.symlink_to("/dev/zero")
        else:
            file.symlink_to(file)

    kinds = ("another answer", "infinite", "too few", "pipe", "device", "link to itself")
    for kind in kinds:
        spoil(kind)
        again = CachedCalculator(load_calculator(Pairs()), ForceCache(folder))
        assert again.evaluate(crystal) == right, kind
        assert again.calls == 1, kind
        assert file.read_bytes() == whole, kind


def test_without_a_folder_forces_are_still_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")
    study = read("NaCl").with_calculator(Pairs(), zone_centre=True)
    assert study.provenance.displacements == 2
    assert not ForceCache(None).writable
    assert not ForceCache(Path("/proc/none")).writable


# ------------------------------------------------------------------------------- interruption


COMMAND = (
    *(sys.executable, "-m", "symchiral", "phonons", "CrSi2"),
    *("--calculator", "pairs:logged", "--supercell", "2 2 1"),
)


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
            "PYTHONHASHSEED": "0",
            "SYMCHIRAL_CACHE": str(folder / "cache"),
            "PAIRS_LOG": str(folder / "log"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return (folder / "phonopy.yaml").read_text(), (folder / "log").read_text().splitlines()


@pytest.mark.parametrize("call", one_in(3, [7, 2, -2]))
def test_kill_and_resume(call: int, undisturbed: tuple[str, list[str]], tmp_path: Path) -> None:
    """SIGKILL in the checks, the relaxation, the displacements: nothing is lost or repeated."""
    text, log = undisturbed
    at = call % len(log)
    killed = run(tmp_path, PAIRS_KILL=str(at))
    assert killed.returncode == -signal.SIGKILL
    assert len((tmp_path / "log").read_text().splitlines()) == at
    assert not (tmp_path / "phonopy.yaml").exists()
    resumed = run(tmp_path, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert (tmp_path / "phonopy.yaml").read_text() == text
    assert (tmp_path / "log").read_text().splitlines() == log


def test_every_question_is_put_once(undisturbed: tuple[str, list[str]]) -> None:
    _, log = undisturbed
    # the one question that is put twice is the comparison
    assert log[1] == log[2]
    assert len(set(log)) == len(log) - 1


def test_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    stopped = run(tmp_path, PAIRS_INTERRUPT="6")
    assert stopped.returncode == 130
    assert "--resume" in stopped.stderr
    assert "Traceback" not in stopped.stderr


# ------------------------------------------------------------------------------- the file


def test_file_gives_the_same_phonons(tmp_path: Path) -> None:
    for zone_centre in (False, True):
        study = read("Bi2Se3").with_calculator(
            Pairs(), supercell=None if zone_centre else (2, 2, 1), zone_centre=zone_centre
        )
        study.save_phonons(tmp_path / "phonopy.yaml")
        again = read(tmp_path / "phonopy.yaml")
        assert again.provenance == study.provenance
        assert optical(again) == pytest.approx(optical(study), abs=1e-6)
        kinds = [n.kind for n in again.crystal.warnings]
        assert "calculator" in kinds
        assert "calculator" in {w.kind for w in again.predict().warnings}
        assert "calculator" in {w.kind for w in again.show().warnings}


def test_phonopy_reads_the_file(tmp_path: Path) -> None:
    import phonopy

    study = read("ZnO").with_calculator(Pairs(), supercell=(2, 2, 1))
    study.save_phonons(tmp_path / "phonopy.yaml")
    phonon = phonopy.load(tmp_path / "phonopy.yaml", log_level=0)
    theirs = np.sort(phonon.run_qpoints([[0, 0, 0]]).frequencies[0])
    ours = np.sort([m.frequency for m in study.modes().multiplets for _ in m.modes])
    assert np.allclose(theirs[3:], ours[3:], atol=1e-4)


def test_damaged_provenance_is_refused(tmp_path: Path) -> None:
    study = read("NaCl").with_calculator(Pairs(), zone_centre=True)
    file = tmp_path / "phonopy.yaml"
    study.save_phonons(file)
    text = file.read_text()
    data = yaml.safe_load(text)
    for key, value in (("lowest", None), ("calculator", "SevenNet"), ("supercell", 3)):
        record = {**data["symchiral"], key: value}
        file.write_text(
            text.split("\nsymchiral:")[0] + "\n" + yaml.safe_dump({"symchiral": record})
        )
        with pytest.raises(ReadError, match="key symchiral"):
            read(file)


def test_forces_of_others_have_no_provenance() -> None:
    with pytest.raises(InputError, match="no frequencies"):
        _ = read("NaCl").provenance


# ------------------------------------------------------------------------------- which calculator


def test_unknown_calculators(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_calc.py").write_text("def make():\n    raise OSError('no licence')\n")
    (tmp_path / "wrong_calc.py").write_text("def make():\n    return 3\n")
    monkeypatch.chdir(tmp_path)
    for text, match in (
        ("sevnn", "did you mean sevenn"),
        ("nowhere_to_be_found:make", "cannot import"),
        ("pairs:logedd", "did you mean logged"),
        ("broken_calc:make", "no licence"),
        ("wrong_calc:make", "no method get_forces"),
    ):
        with pytest.raises(CalculatorError, match=match):
            load_calculator(text)
    with pytest.raises(CalculatorError, match="is not a calculator"):
        load_calculator(3)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sevenn", None)
    with pytest.raises(CalculatorError, match='pip install "sevenn') as caught:
        load_calculator("sevenn")
    assert "GB" in str(caught.value)


def test_identity_changes_with_parameters() -> None:
    keys = {load_calculator(LennardJones(sigma=s)).identity.key for s in (3.0, 3.1, 3.0)}
    assert len(keys) == 2


# ------------------------------------------------------------------------------- the potential


@pytest.mark.ml
def test_bi2se3_from_its_structure_alone() -> None:
    """Raman frequencies as Melnikov et al. give them (docs/frequencies.md), THz; film, 300 K."""
    pytest.importorskip("sevenn", reason="the extra [ml] is not installed")
    study = read("Bi2Se3").with_calculator("sevenn", zone_centre=True)
    found = optical(study)
    assert sorted(found) == [
        f"{label}({n})" for label in ("A1g", "A2u", "Eg", "Eu") for n in (1, 2)
    ]
    for mode, published in (("Eg#1", 1.1), ("Eg#2", 4.05), ("A1g#2", 5.3)):
        assert found[mode] == pytest.approx(published, rel=0.1)
    ranked = study.transfers(pump="1.5-2.5THz", probe="raman")
    assert ranked[0].id in ("Eu#1(+) Eu#1(+) -> Eg#2(-)", "Eu#1(-) Eu#1(-) -> Eg#2(+)")
    identity = study.provenance.calculator
    assert identity.learned
    assert identity.single
    assert identity.checkpoint == "7net-l3i5"
    assert "machine-learned" in study.crystal.warnings[-1].text


# ------------------------------------------------------------------------------- the command


def test_predict_in_one_go(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "Bi2Se3", "--calculator", "pairs:Pairs"]) == 0
    shown = capsys.readouterr()
    assert "Eu#1(+)" in shown.out
    assert "warning: the forces come from the calculator" in shown.err
    assert "explain Bi2Se3 --calculator pairs:Pairs" in shown.out
    assert "2 of" in shown.err or "displacements" in shown.err


def test_document_is_what_its_schema_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "phonopy.yaml"
    words = ["phonons", "TiO2_rutile", "--calculator", "pairs:Pairs", "--relax", "cell"]
    assert main([*words, "--gamma", "--json", "-o", str(file)]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("phonons"))).validate(document)
    assert document["provenance"] == yaml.safe_load(file.read_text())["symchiral"]
    assert document["output"] == str(file)
    assert {w["kind"] for w in document["warnings"]} >= {"calculator"}


def test_existing_files_are_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "phonopy.yaml"
    file.write_text("precious")
    words = ["phonons", "NaCl", "--calculator", "pairs:Pairs", "--gamma", "-o", str(file)]
    assert main(words) == 1
    assert "exists" in capsys.readouterr().err
    assert file.read_text() == "precious"
    assert main([*words, "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["phonons", "NaCl", "--calculator", "x:y", "-o", str(tmp_path / "no/such")]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert main([*words, "--supercell", "2 2 2"]) == 1
    assert main([*words[:-3], "--supercell", "two", "-o", str(tmp_path / "n.yaml")]) == 1
    assert "nine whole numbers" in capsys.readouterr().err


def test_progress_tells_the_time_left() -> None:
    steps: list[Step] = []
    read("ZnO").with_calculator(Pairs(), supercell=(2, 2, 1), progress=steps.append)
    assert list(dict.fromkeys(s.stage for s in steps)) == ["checks", "relaxation", "displacements"]
    last = [s for s in steps if s.stage == "displacements"]
    assert [s.done for s in last] == list(range(len(last)))
    assert all(s.left is not None and s.left >= 0 for s in last[1:])
    assert last[-1].left == 0


# ------------------------------------------------------------------------------- which file


def test_installed_packages_come_before_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file named like an installed module is not run; one of its own is, and that is said."""
    monkeypatch.chdir(tmp_path)
    for name in ("colorsys", "my_springs"):
        (tmp_path / f"{name}.py").write_text(
            f"open('{name}.ran', 'w').close()\nfrom pairs import Pairs as Factory\n"
        )
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    monkeypatch.syspath_prepend("")
    before = list(sys.path)
    with pytest.raises(CalculatorError, match="no factory 'Factory' in colorsys"):
        load_calculator("colorsys:Factory")
    assert not (tmp_path / "colorsys.ran").exists()
    found = load_calculator("my_springs:Factory")
    assert found.file == str(tmp_path / "my_springs.py")
    assert (tmp_path / "my_springs.ran").exists()
    assert sys.path == before
    words = ["modes", "NaCl", "--calculator", "my_springs:Factory", "--gamma"]
    assert main(words) == 0
    assert (
        f"calculator my_springs:Factory: {tmp_path / 'my_springs.py'}\n" in capsys.readouterr().err
    )
    (tmp_path / "my_broken.py").write_text("1 / 0\n")
    with pytest.raises(CalculatorError, match="ZeroDivisionError"):
        load_calculator("my_broken:Factory")
    for name in ("my_springs", "my_broken"):
        sys.modules.pop(name, None)


COMMANDS = (
    ("light",), ("plan",), ("bands",), ("animate", "--band", "9", "-o", "{}/x.html"), ("modes",),
    ("predict",), ("explain", "T1u(+) T1u(+) -> T2g(-)"), ("report", "-o", "{}/r.html"),
    ("validate", str(Path(__file__).parent.parent / "structures" / "Bi2Se3" / "example_rows.yaml")),
    ("phonons", "-o", "{}/p.yaml"), ("simulate", "--pump", "5THz s+ 0.2ps 0.01MV/cm"),
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_every_command_that_uses_forces_asks_a_calculator(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *more = (word.format(tmp_path) for word in words)
    forces = ["--calculator", "ase.calculators.emt:EMT", "--cache", str(tmp_path)]
    status = main([command, "Cu2O", *more, *forces])
    said = capsys.readouterr().err
    assert "displacements: 2 of 2" in said
    if command == "simulate":  # this structure is no minimum of that energy
        assert "frequency is imaginary" in said
    assert status == (command == "simulate")
