"""What forces should obey: sum rules, the symmetry of the crystal; said where they do not."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import phonopy
import pytest
from phonopy import Phonopy
from phonopy.harmonic.force_constants import compact_fc_to_full_fc
from phonopy.structure.atoms import PhonopyAtoms

import symchiral as sc
from symchiral.errors import StructureError
from symchiral.forces.door import ForceConstants, from_yaml
from symchiral.forces.phonons import make_phonons
from symchiral.forces.rotation import linear_terms, with_rotations
from symchiral.reading.shipped import find_structure, force_data_names

Floats = npt.NDArray[np.float64]


@cache
def loaded(name: str) -> Any:
    phonon = phonopy.load(find_structure(f"{name}/phonopy.yaml"), log_level=0)
    constants = phonon.force_constants
    if len(constants) < len(constants[0]):
        phonon.force_constants = compact_fc_to_full_fc(phonon.primitive, constants)
    return phonon


def load(name: str = "NaCl") -> Any:
    return copy.deepcopy(loaded(name))


def said(source: Any, kind: str, **options: Any) -> list[str]:
    return [n.text for n in sc.read(source, **options).crystal.warnings if n.kind == kind]


KINDS = {"phonopy", "charges", "sum-rule", "supercell", "asymmetric-forces"}


@pytest.mark.parametrize("name", ["NaCl", "Bi2Se3", "LiIO3"])
def test_nothing_is_said_of_sound_forces(name: str) -> None:
    assert not KINDS & {n.kind for n in sc.read(f"{name}/phonopy.yaml").crystal.warnings}


@pytest.mark.sweep
def test_nothing_is_said_of_shipped_forces() -> None:
    names = force_data_names()
    for name in names:
        kinds = {n.kind for n in sc.read(f"{name}/phonopy.yaml").crystal.warnings}
        assert not KINDS & kinds, name
    assert len(names) == 26


def test_a_broken_sum_rule_is_said_and_the_fix_works() -> None:
    phonon = load()
    constants = phonon.force_constants.copy()
    for i in range(len(constants)):
        constants[i, i] += 0.05 * np.eye(3)
    phonon.force_constants = constants
    (text,) = said(phonon, "sum-rule")
    # 2 × 0.05 eV/Å² on a mass of 58.44 amu
    expected = 15.633302 * np.sqrt(2 * 0.05 / 58.44)
    assert "0.05 eV/Å²" in text
    assert f"{expected:.2g} THz" in text
    assert "symmetrize_force_constants()" in text
    phonon.symmetrize_force_constants()
    assert not said(phonon, "sum-rule")


def test_acoustic_modes_stand_in_the_order_of_frequency() -> None:
    """With forces that hold the crystal along one axis, or across it."""
    for held in ((1.0, 1.0, 0.0), (0.0, 0.0, 1.0), (-1.0, -1.0, 0.0), (0.0, 0.0, -1.0)):
        phonon = load("ZnO")
        constants = phonon.force_constants.copy()
        for i in range(len(constants)):
            constants[i, i] += 0.5 * np.diag(held)
        phonon.force_constants = constants
        modes = sc.read(phonon).modes("GM")
        rigid = [m for m in modes.multiplets if m.number is None]
        assert len(rigid) == 2
        assert max(abs(m.frequency) for m in rigid) > 1
        assert np.all(np.diff(modes.frequencies) > -1e-4)


def scaled(phonon: Any) -> None:
    """Forces that are 5 % larger along z: of a cubic crystal they keep 4/mmm."""
    s = np.array([1.0, 1.0, np.sqrt(1.05)])
    phonon.force_constants = phonon.force_constants * s[:, None] * s


def test_forces_of_a_lower_group_are_said() -> None:
    phonon = load()
    phonon.nac_params = None
    scaled(phonon)
    (text,) = said(phonon, "asymmetric-forces")
    assert "Fm-3m" in text
    assert "they obey 4/mmm only" in text
    assert "--symprec" not in text  # the atoms are cubic at every tolerance


def test_the_tolerance_that_keeps_what_forces_are_is_proposed_and_works() -> None:
    old = load()
    cell = np.array(old.unitcell.cell)
    cell[2, 2] *= 1 + 3e-5
    phonon = Phonopy(
        PhonopyAtoms(
            cell=cell,
            scaled_positions=old.unitcell.scaled_positions,
            numbers=old.unitcell.numbers,
        ),
        old.supercell_matrix,
        primitive_matrix="P",
        symprec=1e-3,
    )
    phonon.force_constants = old.force_constants
    scaled(phonon)
    (text,) = said(phonon, "asymmetric-forces")
    assert "they obey 4/mmm only, as the atoms do with --symprec" in text
    study = sc.read(phonon, symprec=float(text.split("--symprec ")[1].split(":")[0]))
    assert study.crystal.group.schoenflies == "D4h"
    assert "asymmetric-forces" not in {n.kind for n in study.crystal.warnings}
    assert study.modes("GM").asymmetry < 1e-3


def test_forces_are_not_averaged_over_a_group_their_displacements_did_not_have() -> None:
    """A file whose displacements are those of 4/mmm, atoms that are cubic within our tolerance."""
    old = load()
    cell = np.array(old.unitcell.cell)
    cell[2, 2] *= 1 + 3e-5
    unit = PhonopyAtoms(
        cell=cell, scaled_positions=old.unitcell.scaled_positions, numbers=old.unitcell.numbers
    )
    phonon = Phonopy(unit, np.eye(3, dtype=int), primitive_matrix="F", symprec=1e-5)
    phonon.generate_displacements()
    s = np.array([1.0, 1.0, np.sqrt(1.05)])
    constants = springs(unit, [1, 1, 1]).force_constants * s[:, None] * s
    displacements = [
        {
            "atom": entry["number"] + 1,
            "displacement": [float(x) for x in entry["displacement"]],
            "forces": (-constants[:, entry["number"]] @ entry["displacement"]).tolist(),
        }
        for entry in phonon.dataset["first_atoms"]
    ]
    data = {
        "phonopy": {"symmetry_tolerance": 1e-5},
        "unit_cell": {
            "lattice": cell.tolist(),
            "points": [
                {"symbol": a, "coordinates": list(map(float, x)), "mass": float(m)}
                for a, x, m in zip(unit.symbols, unit.scaled_positions, unit.masses, strict=True)
            ],
        },
        "supercell_matrix": np.eye(3, dtype=int).tolist(),
        "primitive_matrix": [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
        "displacements": displacements,
    }
    crystal = make_phonons(from_yaml(data, name="a file")).crystal
    assert crystal.group.number == 225
    (text,) = [n.text for n in crystal.warnings if n.kind == "asymmetric-forces"]
    assert "they obey 4/mmm only, as the atoms do with --symprec" in text


def springs(cell: PhonopyAtoms, supercell: list[int], *, central: bool = True) -> Phonopy:
    """Springs between neighbours; central ones without tension obey every sum rule."""
    phonon = Phonopy(cell, np.diag(supercell), primitive_matrix="P")
    atoms = phonon.supercell
    n = len(atoms)
    found = np.zeros((n, n, 3, 3))
    steps = np.array(list(np.ndindex(3, 3, 3))) - 1
    x = atoms.scaled_positions
    for i in range(n):
        offsets = (x - x[i] - np.rint(x - x[i]))[:, None] + steps
        r = offsets @ atoms.cell
        d = np.linalg.norm(r, axis=2)
        for j, k in zip(*np.nonzero((d > 0.1) & (d < 3.3)), strict=True):
            e = r[j, k] / d[j, k]
            strength = 5 * np.exp(-d[j, k]) * (1 + 0.1 * atoms.numbers[i] * atoms.numbers[j] / 100)
            pair = np.outer(e, e) + (0 if central else 0.3) * np.eye(3)
            found[i, j] -= strength * pair
            found[i, i] += strength * pair
    phonon.force_constants = found
    return phonon


@pytest.mark.filterwarnings("ignore:Warning. Point group symmetries")
def test_a_supercell_of_lower_symmetry_is_said_and_the_fix_works() -> None:
    unit = load().unitcell
    (text,) = said(springs(unit, [2, 2, 1]), "supercell")
    assert "one of 1 × 1 × 1 unit cells would have it" in text
    assert not said(springs(unit, [1, 1, 1]), "supercell")
    (text,) = said(springs(unit, [2, 2, 3]), "supercell")
    assert "one of 2 × 2 × 2 unit cells would have it" in text
    assert not said(springs(unit, [2, 2, 2]), "supercell")


def test_charges_that_break_the_symmetry_are_averaged_and_said() -> None:
    phonon = load()
    born = phonon.nac_params["born"].copy()
    born[0, 0, 1] += 0.06
    born[1, 2, 2] += 0.06
    phonon._nac_params = {**phonon.nac_params, "born": born}
    study = sc.read(phonon)
    (text,) = [n.text for n in study.crystal.warnings if n.kind == "charges"]
    assert "up to 0.06 e" in text
    assert study.phonons is not None
    assert study.phonons.born is not None
    for charge in study.phonons.born:
        assert np.abs(charge - charge[0, 0] * np.eye(3)).max() < 1e-12
    along = [study.modes("GM", direction=d).frequencies for d in np.eye(3)]
    assert np.ptp(along, axis=0).max() < 1e-6
    phonon = load()
    epsilon = phonon.nac_params["dielectric"] + np.diag([0, 0, 0.3])
    phonon._nac_params = {**phonon.nac_params, "dielectric": epsilon}
    (text,) = said(phonon, "charges")
    assert "dielectric constant breaks the symmetry by up to 0.2" in text


def test_warnings_of_phonopy_are_passed_on() -> None:
    phonon = load()
    data = {
        "unit_cell": {
            "lattice": phonon.unitcell.cell.tolist(),
            "points": [
                {"symbol": s, "coordinates": list(map(float, x)), "mass": float(m)}
                for s, x, m in zip(
                    phonon.unitcell.symbols,
                    phonon.unitcell.scaled_positions,
                    phonon.unitcell.masses,
                    strict=True,
                )
            ],
        },
        "supercell_matrix": np.asarray(phonon.supercell_matrix).tolist(),
        "primitive_matrix": [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
        "force_constants": {
            "format": "full",
            "shape": [len(phonon.supercell)] * 2,
            "elements": phonon.force_constants.reshape(-1, 3, 3).tolist(),
        },
        "nac": {
            "born_effective_charge": [
                [[1.6, 0, 0], [0, 1, 0], [0, 0, 1]],
                [[-1.6, 0, 0], [0, -1, 0], [0, 0, -1]],
            ],
            "dielectric_constant": np.diag([2.4, 2.4, 2.4]).tolist(),
            "unit_conversion_factor": 14.4,
        },
    }
    forces = from_yaml(data, name="a file")
    kinds = {n.kind: n.text for n in make_phonons(forces).crystal.warnings}
    assert "Born effective charge is largely broken" in kinds["phonopy"]
    assert "up to 0.4 e" in kinds["charges"]


# ------------------------------------------------------------------- the rotational sum rule


def direct(phonon: Any) -> Floats:
    """First moments of force constants by a sum over nearest images, without phonopy."""
    cell, x = np.array(phonon.supercell.cell), np.array(phonon.supercell.scaled_positions)
    steps = np.array(list(np.ndindex(3, 3, 3))) - 1
    total = np.zeros((3, 3, 3))
    for i in phonon.primitive.p2s_map:
        for j in range(len(x)):
            r = (x[j] - x[i] - np.rint(x[j] - x[i]) + steps) @ cell
            d = np.linalg.norm(r, axis=1)
            near = r[d < d.min() + 1e-5].mean(axis=0)
            total += phonon.force_constants[i, j][:, :, None] * near
    mass = sum(phonon.primitive.masses)
    antisymmetric = (total - total.transpose(1, 0, 2)) / 2
    return antisymmetric * 15.633302**2 / mass


def chiral_cell(seed: int) -> PhonopyAtoms:
    """Three different atoms anywhere in a triclinic cell: nothing is zero by symmetry."""
    rng = np.random.default_rng(seed)
    cell = 3.4 * np.eye(3) + rng.uniform(-0.4, 0.4, size=(3, 3))
    places = np.array([[0, 0, 0], [0.5, 0.1, 0.45], [0.1, 0.55, 0.5]])
    return PhonopyAtoms(
        cell=cell, scaled_positions=places + rng.uniform(-0.05, 0.05, (3, 3)), numbers=[8, 14, 16]
    )


def antisymmetric(phonon: Any, size: float, seed: int) -> Floats:
    """Random constants antisymmetric in a, b: with these the rule of rotations is broken.

    They are second derivatives, invariant under translations of the lattice and of the crystal.
    """
    n, cells = len(phonon.supercell), phonon.primitive
    compact = np.random.default_rng(seed).normal(scale=size, size=(len(cells), n, 3))
    spread = np.zeros((len(cells), n, 3, 3))
    spread[..., 0] = compact
    axial = compact_fc_to_full_fc(cells, spread)[..., 0]
    axial = (axial - axial.transpose(1, 0, 2)) / 2
    rows = axial.sum(axis=1)
    axial = axial + (rows[None] - rows[:, None]) / n
    levi = np.zeros((3, 3, 3))
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        levi[a, b, c], levi[b, a, c] = 1, -1
    found = np.einsum("abc,ijc->ijab", levi, axial)
    assert np.abs(found.sum(axis=1)).max() < 1e-12
    assert np.abs(found - found.transpose(1, 0, 3, 2)).max() < 1e-12
    return np.asarray(found)


def test_linear_terms_of_random_models() -> None:
    """Central springs have none; of random constants they are what a direct sum says."""
    cases = 0
    for seed in range(4):
        phonon = springs(chiral_cell(seed), [3, 3, 3])
        assert np.abs(linear_terms(ForceConstants(phonon)).moments).max() < 1e-7
        full = antisymmetric(phonon, 0.01, seed)
        random = copy.deepcopy(phonon)
        random.force_constants = phonon.force_constants + full
        forces = ForceConstants(random)
        found = linear_terms(forces)
        expected = direct(random)
        assert np.abs(expected).max() > 0.1
        assert np.abs(found.moments - expected).max() < 1e-5 * np.abs(expected).max()
        imposed, size = with_rotations(forces)
        assert 0 < size < 0.1
        assert np.abs(linear_terms(imposed).moments).max() < 1e-5 * np.abs(expected).max()
        again = copy.deepcopy(random)
        again.force_constants = imposed.constants
        assert np.abs(direct(again)).max() < 1e-6 * np.abs(expected).max()
        # Second derivatives still, and as before at the zone centre.
        change = imposed.constants - forces.constants
        assert np.abs(change - change.transpose(1, 0, 3, 2)).max() < 1e-12
        assert np.abs(change.sum(axis=1)).max() < 1e-12
        moved = imposed.dynamical_matrix(np.zeros(3)) - forces.dynamical_matrix(np.zeros(3))
        assert np.abs(moved).max() < 1e-9
        cases += 1
    assert cases == 4


def test_the_splitting_is_that_of_a_rigid_crystal_on_weak_springs() -> None:
    """Eigenvalues of D very near the zone centre, in random directions."""
    phonon = springs(chiral_cell(1), [3, 3, 3])
    rng = np.random.default_rng(5)
    full = antisymmetric(phonon, 0.02, 1)
    phonon.force_constants = phonon.force_constants + full
    forces = ForceConstants(phonon)
    terms = linear_terms(forces)
    for _ in range(10):
        q = rng.normal(size=3)
        q *= 1e-5 / np.linalg.norm(q)
        inside = forces.cell @ q / (2 * np.pi)
        low = np.linalg.eigvalsh(forces.dynamical_matrix(inside))[:3]
        assert low[0] < 0 < low[2]
        assert abs(low[2] - low[0] - terms.splitting(q)) < 1e-2 * terms.splitting(q)


@pytest.mark.parametrize(("name", "steps"), [("SiO2_quartz_P3121", 4), ("HgS_cinnabar", 4)])
def test_transverse_acoustic_modes_of_chiral_crystals(name: str, steps: int) -> None:
    """Equal velocities and a difference ∝ q² (Tsunetsugu and Kusunose, JPSJ 92, 023601, abstract).

    From the frequencies as they are printed, at u = 1/200, 1/100, 1/50, 1/25 along the screw.
    """
    plain = sc.read(f"{name}/phonopy.yaml")
    imposed = sc.read(f"{name}/phonopy.yaml", rotational_sum_rule=True)
    assert "rotational-sum-rule" in {n.kind for n in imposed.crystal.warnings}
    u = 0.005 * 2.0 ** np.arange(steps)
    gaps: dict[str, list[float]] = {"plain": [], "imposed": [], "said": [], "speeds": []}
    for x in u:
        for word, study in (("plain", plain), ("imposed", imposed)):
            modes = study.modes(f"0,0,{x:g}")
            pair = [min((m.frequency for m in modes if m.residue == l0), key=abs) for l0 in (1, -1)]
            if word == "plain":
                squares = [f * abs(f) for f in pair]
                gaps["plain"].append(abs(squares[0] - squares[1]))
                gaps["said"].append(modes.acoustic_splitting)
            else:
                assert modes.acoustic_splitting < 1e-6
                gaps["imposed"].append(abs(pair[0] - pair[1]))
                gaps["speeds"].append(sum(pair) / 2 / x)
    linear, quadratic = np.array(gaps["plain"]) / u, np.array(gaps["imposed"]) / u**2
    assert np.ptp(linear[:2]) < 0.02 * linear[0]
    assert np.allclose(gaps["plain"][:2], gaps["said"][:2], rtol=0.03)
    assert np.ptp(quadratic) < 0.02 * quadratic.mean()
    assert np.ptp(gaps["speeds"]) < 0.02 * np.mean(gaps["speeds"])
    # The zone centre is as it was.
    centre = [study.modes("GM").frequencies[3:] for study in (plain, imposed)]
    assert np.abs(centre[0] - centre[1]).max() < 1e-6


@pytest.mark.sweep
def test_the_rotational_sum_rule_can_be_imposed_on_shipped_forces() -> None:
    """No set is imaginary near the zone centre any more that was so for its linear terms."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(12, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    imposed, mended, refused = 0, 0, []
    for name in force_data_names():
        plain = sc.read(f"{name}/phonopy.yaml").phonons
        assert plain is not None
        if plain.linear_terms is None:
            continue
        try:
            study = sc.read(f"{name}/phonopy.yaml", rotational_sum_rule=True)
        except StructureError:
            refused.append(name)  # its supercell is a single cell along c
            continue
        changed = study.phonons
        assert changed is not None
        assert changed.linear_terms is not None
        before, after = (float(np.abs(x.linear_terms.moments).max()) for x in (plain, changed))
        assert after < max(1e-6, 1e-5 * before), name
        lowest = [
            min(
                np.linalg.eigvalsh(x.matrix_at(0.02 * d / np.linalg.norm(d)))[0] for d in directions
            )
            for x in (plain, changed)
        ]
        assert lowest[1] > lowest[0] - 1e-3
        mended += lowest[0] < -1e-3 < 0 < lowest[1]
        centre = [np.linalg.eigvalsh(x.matrix_at(np.zeros(3))) for x in (plain, changed)]
        assert np.abs(centre[0] - centre[1]).max() < 1e-5
        imposed += 1
    assert imposed == 23
    assert mended >= 4
    assert refused == ["PbTeO3"]


def test_the_linear_term_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    from symchiral.cli import main

    command = ["modes", "SiO2_quartz_P3121/phonopy.yaml", "--q", "0,0,1/100"]
    assert main(command) == 0
    error = capsys.readouterr().err
    assert "break the rotational sum rule" in error
    assert "0.033 THz²" in error
    assert "--rotational-sum-rule" in error
    assert main([*command, "--rotational-sum-rule"]) == 0
    error = capsys.readouterr().err
    assert "break the rotational sum rule" not in error
    assert "imposed" in error
    assert "imaginary" not in error


def test_a_single_cell_has_no_room_for_it() -> None:
    phonon = springs(chiral_cell(0), [1, 1, 1], central=False)
    forces = ForceConstants(phonon)
    if np.abs(linear_terms(forces).moments).max() > 1e-3:
        with pytest.raises(StructureError, match="too small"):
            with_rotations(forces)
    study = sc.read(phonon, rotational_sum_rule=True)
    assert study.phonons is not None
    assert study.phonons.centred
    assert study.phonons.linear_terms is None
