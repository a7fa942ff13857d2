"""What is said of a magnet beyond its family group: marks in text and documents.

Activities are held against random tensors averaged in Cartesian axes, forbidden transfers against
random couplings with one velocity.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from force_models import springs
from jsonschema import Draft202012Validator
from magnetic_groups import Group, magnetic_crystal, point_groups
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.partners import partners
from symchiral.modes.unbroken import conserved_order
from symchiral.rules.activity import activity
from symchiral.rules.magnetism import mixing, odd_activity
from symchiral.study import Study

Capture = pytest.CaptureFixture[str]
Floats = npt.NDArray[np.float64]

MAGNETS = ("CrI3_FM", "Co3Sn2S2_FM", "Cr2O3_AFM", "MnF2_AFM", "MnBi2Te4_AFM")


@cache
def study(group: Group) -> Study:
    return sc.read(magnetic_crystal(group))


def run(capsys: Capture, *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def document(capsys: Capture, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(capsys, *words, "--json"))
    errors = list(Draft202012Validator(json.loads(schema(words[0]))).iter_errors(found))
    assert not errors, errors[0].message
    return found


def test_axes_whose_operation_comes_with_time_reversal() -> None:
    """In 27 of the 90 magnetic point groups where time reversal is broken."""
    primed = groups = 0
    for group in point_groups():
        found = study(group)
        if group.type == 2 or found.axis is None:
            groups += group.type != 2
            continue
        groups += 1
        crystal, n = found.crystal, found.axis.order
        half = conserved_order(crystal, found.axis) < n
        # Of the operations about the axis by n-th of a turn, here from the signs of the moments.
        assert crystal.signs is not None
        assert half == (crystal.signs[found.axis.turn.index] < 0)
        primed += half
    assert (groups, primed) == (90, 27)


def test_activities_odd_in_the_order_are_those_of_random_tensors() -> None:
    """E·Q̇, E E·Q̇ and G·Q averaged over the group with its time signs, in Cartesian axes."""
    rng = np.random.default_rng(3)
    counts: Counter[str] = Counter()
    for group in point_groups():
        if group.type == 2:
            continue
        crystal = study(group).crystal
        signs, turns = np.array(crystal.signs), crystal.rotations
        for p in zone_centre(crystal.group):
            real = partners(p)
            d = np.real(real.conj().T @ p.matrices[:, 0] @ real)
            t, r = rng.normal(size=(3, p.dimension)), rng.normal(size=(3, 3, p.dimension))
            dipole = np.einsum("g,gia,gmb,ab->im", signs, turns, d, t) / len(signs)
            raman = np.einsum("g,gia,gjb,gmn,abn->ijm", signs, turns, turns, d, r) / len(signs)
            symmetric = raman + raman.swapaxes(0, 1)
            even, odd = activity(p), odd_activity(crystal, p)
            assert odd.infrared == (np.abs(dipole).max() > 1e-9)
            assert odd.raman == (np.abs(raman).max() > 1e-9)
            counts["dark in the infrared"] += not even.infrared
            counts["dark in Raman"] += not even.raman
            counts["infrared by order"] += odd.infrared and not even.infrared
            seen = np.abs(symmetric).max() > 1e-9
            counts["symmetric Raman by order"] += bool(seen) and not even.raman
    assert counts == {
        "dark in the infrared": 353,
        "dark in Raman": 258,
        "infrared by order": 82,
        "symmetric Raman by order": 91,
    }


def test_species_that_mix_are_of_one_representation_of_the_unitary_operations() -> None:
    """Q·Q̇' is allowed iff the average of a random matrix with the time signs survives."""
    rng = np.random.default_rng(4)
    pairs = 0
    for group in point_groups():
        if group.type == 2:
            continue
        found = study(group)
        signs = np.array(found.crystal.signs)
        said = set(mixing(found.crystal, found.species()))
        optical = [s for s in found.species() if s.optical]
        for i, a in enumerate(optical):
            for b in optical[i + 1 :]:
                one, two = a.participant.matrices[:, 0], b.participant.matrices[:, 0]
                x = rng.normal(size=(a.dimension, b.dimension))
                mean = np.einsum("g,gia,gjb,ab->ij", signs, one, two.conj(), x) / len(signs)
                assert ((a.label, b.label) in said) == (np.abs(mean).max() > 1e-9)
                pairs += 1
    assert pairs > 1000


def test_marks_of_velocities_on_forbidden_transfers() -> None:
    """Nothing is marked impossible that a random coupling with time signs contains."""
    marks: Counter[str] = Counter()
    for name in ("Co3Sn2S2_FM", "Cr2O3_AFM", "MnF2_AFM"):
        found = sc.read(name)
        signs = np.array(found.crystal.signs)
        for rule in found.rules().everything:
            if rule.verdict != "forbidden":
                assert rule.velocities is None
                continue
            marks[str(rule.velocities)] += 1
            if rule.acoustic_only:
                continue
            moved = [leg.participant.matrices[:, 0] @ leg.vectors for leg in rule.channel.coupling]
            mean = np.einsum("g,gai,gbj,gck->abcijk", signs, *moved) / len(signs)
            possible = np.abs(mean).max() > 1e-9
            assert rule.velocities == ("not judged" if possible else "forbidden")
            assert "velocity" in rule.explain()
    assert marks["not judged"] > 100
    assert marks["forbidden"] > 100
    assert all(rule.velocities is None for rule in sc.read("Bi2Se3").rules().everything)


def test_words_of_the_family_group_carry_their_mark(capsys: Capture) -> None:
    text = run(capsys, "show", "Cr2O3_AFM")
    assert "A2g      GM2+  3      —         0       infrared*" in text
    assert "*: not by displacements, but through the velocity of the mode" in text
    assert "mixes    A1g with A1u, A2g with A2u, Eg with Eu: Q·Q̇ is allowed" in text
    assert "A2g, A2u (single atoms only)" in text
    found = document(capsys, "show", "Cr2O3_AFM")
    a2g = found["species"][1]  # type: ignore[index]
    assert (a2g["label"], a2g["infrared"], a2g["by_order"]["infrared"]) == ("A2g", False, True)
    assert found["magnetism"]["mixing"][0] == ["A1g", "A1u"]  # type: ignore[index]
    assert found["axis"]["conserved_order"] == 3  # type: ignore[index]
    text = run(capsys, "light", "Cr2O3_AFM")
    words = " ".join(text.split())
    assert "Through velocities, at first order in the magnetic order or B, also A2g" in words
    made = document(capsys, "light", "Cr2O3_AFM")["by_order"]
    assert {"species": "A2g", "infrared": True, "raman": False} in made  # type: ignore[operator]


def test_an_axis_with_time_reversal_is_said_to_conserve_less(capsys: Capture) -> None:
    said = "the modes themselves conserve l mod 2 only"
    for words in (("show",), ("predict",), ("light",), ("explain",)):
        more = ("Eu(+) Eu(+) -> B1g",) if words == ("explain",) else ()
        assert said in " ".join(run(capsys, *words, "MnF2_AFM", *more).split())
        found = document(capsys, *words, "MnF2_AFM", *more)
        assert found["axis"]["conserved_order"] == 2  # type: ignore[index]
    assert "time reversal" not in run(capsys, "predict", "CrI3_FM").split("\n")[1]


def test_fields(capsys: Capture) -> None:
    """B along a of rutile: modes along no axis of the table, and light by velocities."""
    words = ("TiO2_rutile", "--field", "B=1,0,0")
    assert main(["show", *words]) == 0
    text = capsys.readouterr().out
    assert "Ag, B1g, B2g, B3g, Au, B1u, B2u, B3u (J along a)" in text
    assert "hyper-Raman, infrared*" in text
    assert "not those with a velocity" in text
    text = run(capsys, "predict", *words)
    assert "atoms move along lines" not in text
    assert "they may rotate about others too" in text
    found = document(capsys, "show", *words)
    ag = found["species"][0]["turning"][0]  # type: ignore[index]
    assert ag["directions"] == [[1, 0, 0]]
    assert ag["box"][0][0] == -ag["box"][0][1]
    assert found["changes"]["species"][6]["by_order"]["infrared"] == [False, True]  # type: ignore[index]


def test_time_reversal_with_a_translation_folds_the_zone_boundary(capsys: Capture) -> None:
    for command in ("show", "predict", "light"):
        assert "the magnetic cell folds onto Γ" in " ".join(
            run(capsys, command, "MnBi2Te4_AFM").split()
        )
    found = document(capsys, "show", "MnBi2Te4_AFM")
    assert found["magnetism"]["folded"] is True  # type: ignore[index]
    (s,) = sc.read("MnBi2Te4_AFM").species("1/7,2/11,3/13")
    assert {word for _, word in s.motions[0].site_words()} == {"cancels"}


def test_moments_beside_forces_are_left_out_with_a_warning() -> None:
    plain = springs("CrI3_FM")
    moments = sc.read("CrI3_FM").crystal.primitive.moments
    atoms = PhonopyAtoms(
        numbers=plain.unitcell.numbers,
        cell=plain.unitcell.cell,
        scaled_positions=plain.unitcell.scaled_positions,
        magnetic_moments=moments,
    )
    phonon = Phonopy(atoms, plain.supercell_matrix, primitive_matrix=np.eye(3))
    phonon.force_constants = plain.force_constants
    crystal = sc.read(phonon).crystal
    assert crystal.magnetic is None
    assert "moments" in [w.kind for w in crystal.warnings]
    assert "moments" not in [w.kind for w in sc.read(plain).crystal.warnings]


def test_documents_without_magnetic_order_have_no_marks(capsys: Capture) -> None:
    for name in ("Bi2Se3", "CrI3", "P2I4"):
        for command in ("show", "predict", "light"):
            text = json.dumps(document(capsys, command, name))
            assert not any(f'"{k}"' in text for k in ("by_order", "conserved_order", "velocities"))
        assert "*:" not in run(capsys, "show", name)


@pytest.mark.parametrize("name", MAGNETS)
def test_marked_documents_are_what_their_schema_says(capsys: Capture, name: str) -> None:
    for command in ("show", "predict", "light"):
        document(capsys, command, name)
