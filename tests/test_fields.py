"""Static fields: the group that is left, found a second time from atoms that obey nothing else."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import spglib
from ase.calculators.emt import EMT
from class_crystals import CLASSES, class_axis, class_crystal
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import SymmetricCrystal, find_symmetry
from symchiral.errors import AxisError, GrammarError, InputError
from symchiral.fields.background import Background, crystal_in
from symchiral.irreps.partners import partners
from symchiral.modes.species import find_species
from symchiral.reading.shipped import find_structure
from symchiral.rules.changes import find_changes
from symchiral.rules.magnetism import splittings

NAMES = ("Bi2Se3", "GaAs", "SrTiO3", "Te_P3121", "BPO4", "MgB2", "ZnO", "FeTiO3", "NaClO3", "CuO")
DIRECTIONS = ("100", "001", "110", "111", "210", "123")


def _direction(crystal: SymmetricCrystal, word: str) -> tuple[float, ...]:
    """A lattice direction of the standard cell, Cartesian."""
    vector = crystal.frame.direction([int(x) for x in word], to="cartesian", source="standard")
    return tuple((vector / np.linalg.norm(vector)).tolist())


def test_a_magnetic_field_leaves_what_equal_moments_on_all_atoms_leave() -> None:
    """By spglib's own search for magnetic groups."""
    found: Counter[int] = Counter()
    for name in NAMES:
        crystal = sc.read(name).crystal
        atoms = crystal.primitive
        for word in DIRECTIONS:
            field = _direction(crystal, word)
            names = crystal_in(crystal, Background.of(B=field)).magnetic
            moments = np.tile(field, (len(atoms), 1))
            other = spglib.get_magnetic_symmetry_dataset(
                (atoms.cell, atoms.positions, atoms.numbers, moments), symprec=1e-3
            )
            assert other is not None
            assert names is not None
            assert (names.uni, names.type) == (other.uni_number, other.msg_type), (name, word)
            found[names.type] += 1
    assert sum(found.values()) == 60
    assert min(found[1], found[3]) > 10


def test_an_electric_field_leaves_what_a_shift_of_one_element_leaves() -> None:
    groups = set()
    for name in [n for n in NAMES if n != "Te_P3121"]:
        crystal = sc.read(name).crystal
        atoms = crystal.primitive
        for word in DIRECTIONS:
            field = np.array(_direction(crystal, word))
            left = crystal_in(crystal, Background.of(E=tuple(field))).group
            shift = 0.1 * field @ np.linalg.inv(atoms.cell)
            moved = atoms.positions + shift * (atoms.numbers == atoms.numbers[0])[:, None]
            other = find_symmetry(Crystal.of(atoms.cell, moved, atoms.numbers)).group
            assert left == other, (name, word)
            groups.add(left.number)
    assert len(groups) > 10


def test_strain_leaves_what_a_strained_cell_leaves() -> None:
    groups = set()
    strains = [
        (1, -1, 0, 0, 0, 0),
        (0, 0, 1, 0, 0, 0),
        (0, 0, 0, 0, 0, 1),
        (1, 0.3, -0.5, 0, 0.7, 0),
    ]
    for name in NAMES:
        crystal = sc.read(name).crystal
        atoms = crystal.primitive
        for strain in strains:
            background = Background.of(strain=strain)
            left = crystal_in(crystal, background).group
            assert background.strain is not None
            cell = atoms.cell @ (np.eye(3) + 0.03 * background.strain)
            other = find_symmetry(Crystal.of(cell, atoms.positions, atoms.numbers)).group
            assert left == other, (name, strain)
            groups.add(left.number)
    assert len(groups) > 12


def test_a_field_along_the_moments_of_a_ferromagnet_changes_nothing() -> None:
    for name in ("CrI3_FM", "Co3Sn2S2_FM"):
        study = sc.read(name)
        inside = study.in_field(B=(0, 0, 1))
        assert inside.crystal.magnetic == study.crystal.magnetic
        assert not any(s.split for s in inside.changes().species)


def test_fields_add_to_the_magnetic_order() -> None:
    """The linear magnetoelectric effect: B and E along c leave the same of Cr2O3."""
    cr2o3 = sc.read("Cr2O3_AFM")
    in_b, in_e = cr2o3.in_field(B=(0, 0, 1)), cr2o3.in_field(E=(0, 0, 1))
    assert in_b.crystal.magnetic == in_e.crystal.magnetic
    assert in_b.crystal.magnetic is not None
    assert in_b.crystal.magnetic.point_group == "3m'"
    assert [s.split for s in splittings(in_b.crystal, in_b.species())] == [True]
    # The field tells the two layers of MnBi2Te4 apart that an anti-translation related.
    mnbi2te4 = sc.read("MnBi2Te4_AFM").in_field(B=(0, 0, 1))
    assert mnbi2te4.changes().cell == 2
    assert len(mnbi2te4.crystal.primitive) == 14
    assert [s.species for s in splittings(mnbi2te4.crystal, mnbi2te4.species()) if s.split] == [
        "Eg",
        "Eu",
    ]


def test_fields_add_to_each_other() -> None:
    bise = sc.read("Bi2Se3")
    both = bise.in_field(B=(0, 0, 1), E=(0, 0, 1))
    one_by_one = bise.in_field(B=(0, 0, 1)).in_field(E=(0, 0, 1))
    assert both.background == one_by_one.background
    assert both.crystal.magnetic == one_by_one.crystal.magnetic
    assert both.crystal.magnetic is not None
    assert both.crystal.magnetic.point_group == "3m'"
    assert one_by_one.free is not None
    assert one_by_one.free.background is None


def test_changes_are_those_of_the_characters() -> None:
    """Levels, activity and third-order products counted with traces of Cartesian matrices."""
    products = 0
    for name, field in (("Bi2Se3", {"E": "001"}), ("GaAs", {"B": "111"}), ("MgB2", {"E": "100"})):
        study = sc.read(name)
        kind, word = next(iter(field.items()))
        inside = study.in_field(**{kind: _direction(study.crystal, word)})
        changes = inside.changes()
        turns = inside.crystal.rotations
        before = study.crystal.rotations
        own = [int(np.abs(before - r).max(axis=(1, 2)).argmin()) for r in turns]
        characters = {s.label: s.participant.characters for s in study.species()}
        vector = np.trace(turns, axis1=1, axis2=2)
        squares = np.trace(turns @ turns, axis1=1, axis2=2)
        for s in changes.species:
            chi = characters[s.species][own]
            assert s.after.infrared == (round(float(np.mean(vector * chi))) > 0)
            assert s.after.raman == (round(float(np.mean((vector**2 + squares) / 2 * chi))) > 0)
            labels = {x.label: x.participant for x in inside.species()}
            total = sum(n * labels[label].characters for label, n in s.becomes if label in labels)
            assert np.allclose(total, chi)
        opened = {o.species: o.after for o in changes.opened}
        optical = [s.label for s in study.species() if s.optical]
        for i, a in enumerate(optical):
            for j, b in enumerate(optical[i:], i):
                for c in optical[j:]:
                    chi = characters[a] * characters[b] * characters[c]
                    old, new = round(float(chi.mean())), round(float(chi[own].mean()))
                    assert opened.get((a, b, c), 0) == (new if old == 0 else 0)
                    products += 1
    assert products > 40


def _levels(crystal: SymmetricCrystal, matrices: np.ndarray, rng: np.random.Generator) -> int:
    r"""Different frequencies of :math:`\ddot Q + Γ\dot Q + K Q = 0` in a set of modes.

    K is a random symmetric matrix averaged over the operations of a crystal, Γ a random
    antisymmetric one averaged with their time signs; without signs time reversal forbids Γ.
    """
    raw = rng.normal(size=matrices.shape[1:])
    transposed = np.swapaxes(matrices, 1, 2)
    stiff = np.mean(matrices @ (raw + raw.T) @ transposed, axis=0)
    stiff += (1 - np.linalg.eigvalsh(stiff).min()) * np.eye(len(raw))
    signs = np.zeros(len(matrices)) if crystal.signs is None else np.array(crystal.signs)
    gyro = np.mean(signs[:, None, None] * (matrices @ (raw - raw.T) @ transposed), axis=0)
    root = np.linalg.cholesky(stiff)
    flow = np.block([[np.zeros_like(raw), root.T], [-root, -0.3 * gyro]])
    frequencies = np.linalg.eigvalsh(1j * flow)[len(raw) :]
    return 1 + int(np.sum(np.diff(frequencies) > 1e-7))


def test_modes_split_in_a_field_where_a_gyroscopic_model_splits() -> None:
    """Every species of all 32 classes, in B along the axis and across it, and in E along it."""
    rng = np.random.default_rng(12)
    verdicts: Counter[tuple[str, int, bool]] = Counter()
    for schoenflies in CLASSES:
        free, axis = class_crystal(schoenflies), class_axis(schoenflies)
        n = np.array([0.0, 0, 1]) if axis is None else axis.direction
        across = np.cross(n, [0.3, 0.5, 0.8])
        species = find_species(free, axis)
        for kind, direction in (("B", n), ("B", across), ("E", n)):
            inside = crystal_in(free, Background.of(**{kind: tuple(direction)}))
            own = [np.abs(free.rotations - r).max(axis=(1, 2)).argmin() for r in inside.rotations]
            changes = find_changes(free, inside, species, axis)
            for s, change in zip(species, changes.species, strict=True):
                basis = partners(s.participant)
                real = (basis.conj().T @ s.participant.matrices[:, 0] @ basis).real
                assert _levels(free, real, rng) == 1
                split = _levels(inside, real[own], rng) > 1
                assert change.split == split, (schoenflies, kind, s.label)
                verdicts[kind, s.dimension, split] += 1
    assert sum(verdicts.values()) == 3 * 157
    assert verdicts["B", 1, True] == verdicts["E", 1, True] == 0
    # B turns every degenerate pair; E along the axis leaves them as they are.
    assert verdicts["B", 2, True] > 60
    assert verdicts["E", 2, False] > 30
    assert verdicts["B", 3, True] > 10


def test_eg_of_bi2se3_splits_along_c_and_eu_alike() -> None:
    """Q×Q̇ is axial: allowed along c by −3m', in which every mirror of −3m reverses time."""
    changes = sc.read("Bi2Se3").in_field(B=(0, 0, 1)).changes()
    assert {s.species: s.split for s in changes.species if s.species.startswith("E")} == {
        "Eg": True,
        "Eu": True,
    }


def test_the_axis_that_a_field_takes_away() -> None:
    bise = sc.read("Bi2Se3")
    lying = bise.in_field(B=(1, 0, 0))
    assert lying.axis is not None
    assert lying.axis.order == 2
    assert lying.changes().axis == "destroyed"
    (notice,) = [w for w in lying.crystal.warnings if w.kind == "axis"]
    assert "breaks the 3 axis along c" in notice.text
    assert "2 along [1 0 0]" in notice.text
    with pytest.raises(AxisError, match="left in the field"):
        bise.in_field(B=(1, 0, 0), axis="0,0,1")
    assert bise.in_field(B=(0, 0, 1)).changes().axis == "kept"
    assert sc.read("SrTiO3").in_field(strain=(1, -1, 0, 0, 0, 0)).changes().axis == "lowered"
    with pytest.raises(InputError, match="no changes by a field"):
        bise.changes()


def test_a_field_leaves_no_forces() -> None:
    study = sc.read("Bi2Se3/phonopy.yaml")
    assert study.phonons is not None
    assert study.in_field(B=(0, 0, 1)).phonons is None
    with pytest.raises(InputError, match="in a static field"):
        study.in_field(E=(0, 0, 1)).with_calculator(EMT())


BAD = [
    "B=0,0,0",
    "B=1,0",
    "H=0,0,1",
    "B",
    "B=0,0,x",
    "strain=1,0,0",
    "E=nan,0,1",
    "strain=0,0,0,0,0,0",
]


@pytest.mark.parametrize("text", BAD)
def test_bad_fields(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "Bi2Se3", "--field", text]) == 1
    error = capsys.readouterr().err
    assert error.startswith("symchiral: cannot ")
    assert "field" in error


def test_fields_that_are_nearly_symmetric_or_repeated() -> None:
    with pytest.raises(GrammarError, match="given twice"):
        Background.parse(["B=0,0,1", "B=1,0,0"])
    with pytest.raises(GrammarError, match="no field"):
        Background.of()
    # 0.866 stands for the root of three over two; a field that is off an axis by half the
    # tolerance is not what every product of what keeps it keeps.
    bise = sc.read("Bi2Se3")
    assert bise.in_field(E=(0.866, 0.5, 0)).crystal.group.symbol == "Cm"
    with pytest.raises(GrammarError, match="more digits"):
        bise.in_field(E=(0.00052, 0, 1))


@pytest.mark.parametrize("command", ["show", "predict", "light"])
@pytest.mark.parametrize("field", ["B=0,0,1", "E=-1,0,0"])
def test_commands_in_a_field(command: str, field: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "Bi2Se3", "--field", field]) == 0
    assert f"{field[0]} along " in capsys.readouterr().out
    assert main([command, "Bi2Se3", "--field", field, "--json", "--quiet"]) == 0
    document = json.loads(capsys.readouterr().out)
    errors = list(Draft202012Validator(json.loads(schema(command))).iter_errors(document))
    assert not errors, errors[0].message
    assert document["field"][field[0]] == [float(x) for x in field[2:].split(",")]


def test_explain_in_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    transfer = "A1g A1g -> A2u"
    assert main(["explain", "Bi2Se3", transfer]) == 0
    assert "forbidden" in capsys.readouterr().out
    assert main(["explain", "Bi2Se3", "A1 A1 -> A1", "--field", "E=0,0,1"]) == 0
    text = capsys.readouterr().out
    assert "allowed" in text
    assert "field      E along c" in text


def test_forces_are_left_out_in_a_field_and_it_is_said() -> None:
    study = sc.read(str(find_structure("Bi2Se3/phonopy.yaml")))
    assert study.phonons is not None
    found = study.in_field(B=(0, 0, 1))
    assert found.phonons is None
    assert "field-forces" in {n.kind for n in found.crystal.warnings}
    assert "field-forces" not in {n.kind for n in study.crystal.warnings}
