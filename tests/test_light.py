"""Light on crystals: published and derived facts, the command, its document, bad input."""

from __future__ import annotations

import dataclasses
import itertools
import json
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from class_crystals import class_axis, class_crystal
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.errors import GrammarError, SymchiralError
from symchiral.fields.beam import find_beam
from symchiral.fields.polarization import Polarization
from symchiral.fields.pump import Pump
from symchiral.irreps.classes import CLASSES
from symchiral.modes.species import find_species
from symchiral.rules.allowance import Allowance, AllowanceKind, Factor, allowances
from symchiral.rules.domains import Survival, SurvivalKind, survivals
from symchiral.rules.intensity import intensity_text
from symchiral.rules.light import Light, Target
from symchiral.rules.magnetism import Splitting, SplittingKind, TimedOperation
from symchiral.table import display_width
from symchiral.text.light import light_tables
from symchiral.traces.measurement import PumpPulse

Capture = pytest.CaptureFixture[str]
SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
WALKED = ("Bi2Se3", "Te_P3121", "MoS2_2H", "ZnO", "NiTiO3", "SrTiO3", "BPO4", "CuO", "KAsSe2")


@cache
def light(name: str, direction: str | None = None, geometry: str = "backscattering") -> Light:
    return sc.read(name).beam(direction=direction, geometry=geometry)


def target(found: Light, label: str) -> Target:
    return next(t for t in found.targets if t.label == label)


def species(found: Light, label: str):  # type: ignore[no-untyped-def]
    return next(s for s in found.species if s.label == label)


def allowed(found: Light) -> dict[str, bool]:
    return {a.kind: a.allowed for a in allowances(found)}


# --- circular light ----------------------------------------------------------------------------


def test_names_of_the_photons() -> None:
    """Back: spin kept is helicity reversed. R is clockwise: from the receiver, or the source."""
    from symchiral.answers.light import pair_names

    back, forward = light("Bi2Se3"), light("Bi2Se3", geometry="forward")
    assert pair_names(back, "+", "+") == ("LR", "RL")
    assert pair_names(back, "+", "-") == ("LL", "RR")
    assert pair_names(forward, "+", "+") == ("LL", "RR")
    assert pair_names(forward, "+", "-") == ("LR", "RL")
    # Travelling down, the same spin has the other helicity; what a spin does is the same.
    down = light("Bi2Se3", "0,0,-1")
    assert pair_names(down, "+", "-") == ("RR", "LL")
    assert [(t.label, down.scattered(t)) for t in down.targets] == [
        (t.label, back.scattered(t)) for t in back.targets
    ]


@pytest.mark.parametrize("name", WALKED)
def test_created_quanta_conserve_pseudo_angular_momentum(name: str) -> None:
    """l = σ_in − σ_out mod n, and for two incident photons 2σ_in − σ_out; judged without it."""
    found = light(name)
    if found.axis is None:
        assert all(t.pam is None for t in found.targets)
        return
    n, count = found.axis.order, 0
    for t in found.targets:
        assert t.pam is not None
        for s, out in found.scattered(t):
            assert (int(s + "1") - int(out + "1") - int(t.pam)) % n == 0
            count += 1
        for s, out in found.hyper_scattered(t):
            assert (2 * int(s + "1") - int(out + "1") - int(t.pam)) % n == 0
            count += 1
        for s in found.absorbed(t):
            assert (int(s + "1") - int(t.pam)) % n == 0
            count += 1
    assert count > 4


def test_ferroaxial_crystals_tell_circular_light_apart_where_they_absorb() -> None:
    """NiTiO3, R-3 (arXiv:2505.22488, abstract read), against D3d Bi2Se3: complex tensors too."""
    nickel, bismuth = light("NiTiO3"), light("Bi2Se3")
    eg = species(nickel, "Eg")
    assert nickel.reversal(eg) == "absorbing"
    forms, letters = nickel.circular(eg), nickel.polarizability(eg).letters
    assert intensity_text(forms["+-"], letters) == "2 |c|² + 2 |f|² + 4 Im(cf*)"
    assert intensity_text(forms["-+"], letters) == "2 |c|² + 2 |f|² - 4 Im(cf*)"
    assert bismuth.reversal(species(bismuth, "Eg")) == "same"
    assert allowed(nickel)["ferroaxial"]
    assert not allowed(bismuth)["ferroaxial"]
    # Twins of opposite ferroaxial sign cancel it.
    lost = {s.kind: s.survives for s in survivals(nickel, sc.read("NiTiO3").domains())}
    assert lost == {"sense": True, "reversal": False, "ferroaxial": False}


def test_cubic_crystals_off_the_default_axis() -> None:
    """Along [111] T2g creates (0) with the spin kept, (±) reversed; the four axes are alike."""
    spins = {}
    for direction in ("1,1,1", "-1,1,1", "1,-1,1", "-1,-1,-1"):
        found = light("CaF2", direction)
        assert found.axis is not None
        assert found.axis.order == 3
        spins[direction] = [(t.label, found.scattered(t)) for t in found.targets]
    assert spins["1,1,1"] == [
        ("T2g(0)", (("+", "+"), ("-", "-"))),
        ("T2g(+)", (("-", "+"),)),
        ("T2g(-)", (("+", "-"),)),
        ("T1u(0)", ()),
        ("T1u(+)", ()),
        ("T1u(-)", ()),
    ]
    assert all(found == spins["1,1,1"] for found in spins.values())


def test_turning_crystal_and_beam_together_changes_nothing() -> None:
    """Random rotations of the cell: verdicts, intensities and laws move with it."""
    import ase.io
    from scipy.spatial.transform import Rotation

    from symchiral.reading.shipped import find_structure

    rng = np.random.default_rng(11)
    compared = 0
    for name, direction in (("NiTiO3", "0,0,1"), ("Te_P3121", "1,2,3"), ("GaAs", "1,1,0")):
        atoms = ase.io.read(find_structure(name))
        here = sc.read(atoms).light(beam=direction, horizontal="1,0,1").to_dict()
        for seed in rng.integers(1000, size=2):
            r = Rotation.random(random_state=int(seed)).as_matrix()
            moved = atoms.copy()
            moved.set_cell(atoms.cell @ r.T, scale_atoms=True)
            there = sc.read(moved).light(beam=direction, horizontal="1,0,1").to_dict()
            sign = np.sign(np.dot(r @ here["beam"]["frame"][2], there["beam"]["frame"][2]))
            flip = sign < 0  # the default sense of an axis follows the Cartesian axes
            for a, b in zip(here["raman"], there["raman"], strict=True):
                assert (a["species"], a["coefficients"]) == (b["species"], b["coefficients"])
                assert a["reversal"] == b["reversal"]
                # The spans of the tensors are turned into each other.
                t, u = np.array(a["basis"]), np.array(b["basis"])
                t = np.einsum("ij,kajl,ml->kaim", r, t, r).reshape(-1, 9)
                u = u.reshape(-1, 9)
                rank = np.linalg.matrix_rank(t, tol=1e-6)
                assert np.linalg.matrix_rank(u, tol=1e-6) == rank
                assert np.linalg.matrix_rank(np.concatenate([t, u]), tol=1e-6) == rank
                compared += 1
            if not flip:
                assert here["created"] == there["created"]
                assert here["driven"] == there["driven"]
            assert here["harmonics"] == there["harmonics"]
    assert compared == 2 * (2 + 2 + 1)


SECTION_4 = {
    # class -> species -> spin kept (k), reversed (r), or neither; section 4 of the physics
    "C3": {"A": "k", "E(+)": "r", "E(-)": "r"},
    "C4": {"A": "k", "B": "r", "E(+)": "", "E(-)": ""},
    "S4": {"A": "k", "B": "r", "E(+)": "", "E(-)": ""},
    "C6": {"A": "k", "B": "", "E1(+)": "", "E1(-)": "", "E2(+)": "r", "E2(-)": "r"},
    "C2": {"A": "kr", "B": ""},
    "Oh": {"A1g": "k", "A2g": "", "Eg(0)": "k", "Eg(2)": "r", "T2g(2)": "r", "T2g(+)": ""},
}


def test_what_rotates_counter_clockwise_absorbs_light_that_does() -> None:
    """In every class, about every axis that it has; `plan` says so of what a mode radiates."""
    judged = 0
    for schoenflies in CLASSES:
        crystal = class_crystal(schoenflies)
        turns = [o.seitz for o in crystal.group.standard_operations if o.order > 2 and o.direction]
        for axis in (class_axis(schoenflies, turn) for turn in turns):
            if axis is None or axis.order < 3:
                continue
            beam = find_beam(crystal, axis)
            found = Light(crystal, beam, find_species(crystal, beam.axis))
            for each in found.targets:
                if each.label.endswith(("(+)", "(-)")) and (absorbed := found.absorbed(each)):
                    assert absorbed == (each.label[-2],), (schoenflies, axis, each.label)
                    judged += 1
    assert judged == 296


@pytest.mark.parametrize("schoenflies", SECTION_4)
def test_circular_raman_of_the_classes(schoenflies: str) -> None:
    crystal, axis = class_crystal(schoenflies), class_axis(schoenflies)
    beam = find_beam(crystal, axis)
    found = Light(crystal, beam, find_species(crystal, beam.axis))
    for label, expected in SECTION_4[schoenflies].items():
        words = {"k" if s == out else "r" for s, out in found.scattered(target(found, label))}
        assert "".join(sorted(words)) == expected, label
    if schoenflies == "C3":
        assert found.scattered(target(found, "E(-)")) == (("+", "-"),)


# --- linear light ------------------------------------------------------------------------------


def test_laws_of_angle_of_bi2se3() -> None:
    found = light("Bi2Se3")
    eg, a1g = species(found, "Eg"), species(found, "A1g")
    assert (found.parallel(a1g).text, found.crossed(a1g).text) == ("|a|²", "0")
    assert (found.parallel(eg).text, found.crossed(eg).text) == ("|c|²", "|c|²")
    # One partner at a time: 45° apart, and the phase of a rotating mode runs with twice the angle.
    seen = found.probe(eg)
    assert (seen.seen, sorted(seen.dark_angles), seen.turns) == (2, [0.0, 45.0], -1)


def test_a_balanced_probe_of_a_rotating_mode_in_time() -> None:
    """The signal S = e⊥ᵀ R(t) e of Q = Re[w₊ exp(−iωt)], computed at 12 angles and 16 times."""
    for name, label, direction in (
        ("Bi2Se3", "Eg", None),
        ("Bi2Se3", "Eg", "0,0,-1"),
        ("MoS2_2H", "E2g", None),
        ("NiTiO3", "Eg", None),
        ("Te_P3121", "E", None),
        ("NaClO3", "T", "1,1,1"),
        ("GaAs", "T2", "1,1,1"),
    ):
        found = light(name, direction)
        s = species(found, label)
        form, plus = found.polarizability(s), target(found, f"{label}(+)").vectors[:, 0]
        rng = np.random.default_rng(1)
        c = rng.normal(size=len(form))
        x, y = found.beam.frame[:2]
        phases, times = np.deg2rad(np.arange(0, 180, 15)), np.arange(16) * np.pi / 8
        signal = np.empty((12, 16))
        for (i, a), (j, t) in itertools.product(enumerate(phases), enumerate(times)):
            q = (plus * np.exp(-1j * t)).real
            r = np.einsum("k,kija,a->ij", c, form.basis, q)
            e, f = np.cos(a) * x + np.sin(a) * y, -np.sin(a) * x + np.cos(a) * y
            signal[i, j] = f @ r @ e
        turns = found.probe(s).turns
        assert turns in (1, -1)
        # A function of ωt − 2 turns θ: the complex amplitude carries exp(2i turns θ).
        amplitude = signal @ np.exp(1j * times) / 8
        assert np.allclose(amplitude, amplitude[0] * np.exp(2j * turns * phases))
        assert abs(amplitude[0]) > 0.1


def test_dark_angles_are_dark() -> None:
    """At its angle the probe does not see that partner, at other angles it does."""
    checked = 0
    for name in ("Bi2Se3", "MoS2_2H", "ZnO", "GaAs", "BaTiO3_P4mm", "SrTiO3_I4mcm", "Te_P3121"):
        found = light(name)
        for s in found.raman:
            form, result = found.polarizability(s), found.probe(s)
            x, y = found.beam.frame[:2]
            dark = set()
            for a, partner in itertools.product(result.dark_angles, range(s.dimension)):
                e, f = (np.cos(t) * x + np.sin(t) * y for t in np.deg2rad([a, a + 90]))
                if np.abs(np.einsum("i,kij,j->k", f, form.basis[..., partner], e)).max() < 1e-9:
                    dark.add((a, partner))
            assert {a for a, _ in dark} == set(result.dark_angles), (name, s.label)
            checked += len(result.dark_angles)
    assert checked == 12


def test_a_linear_pump_moves_eg_along_a_line_that_turns_the_other_way() -> None:
    """Two photons at φ move Eg of Bi2Se3 along −2φ; a balanced probe at θ sees sin 2(θ − φ)."""
    found = light("Bi2Se3")
    form = found.polarizability(species(found, "Eg")).basis[0]  # in the plane: one coefficient
    x, y = found.beam.frame[:2]
    for phi, theta in itertools.product(np.deg2rad(np.arange(0, 180, 20)), repeat=2):
        pump = np.cos(phi) * x + np.sin(phi) * y
        moved = np.einsum("i,ija,j->a", pump, form, pump)
        assert np.allclose(moved, [np.cos(-2 * phi), np.sin(-2 * phi)])
        e = np.cos(theta) * x + np.sin(theta) * y
        f = -np.sin(theta) * x + np.cos(theta) * y
        signal = np.einsum("i,ija,j,a->", f, form, e, moved)
        assert np.isclose(signal, -np.sin(2 * (theta - phi)))


def test_a_probe_on_a_four_fold_axis_sees_no_e_mode() -> None:
    found = light("BaTiO3_P4mm")
    assert found.probe(species(found, "E")).seen == 0
    b1 = found.probe(species(found, "B1"))
    assert (b1.seen, b1.dark_angles) == (1, (0.0,))


# --- drives ------------------------------------------------------------------------------------


def test_three_routes_to_a_rotating_raman_mode_that_symmetry_cannot_tell_apart() -> None:
    """Bi2Se3: E E, E Eu and Eu Eu all make Eg(−) at the sum, and A1g at the difference."""
    found = light("Bi2Se3")
    for label, difference in (("Eg(-)", False), ("A1g", True)):
        drive = found.drive(target(found, label), difference=difference)
        assert drive.light
        assert drive.mixed == ("Eu",)
        assert (drive.ionic, drive.same) == ((("Eu", "Eu"),), ("Eu",))
    for label, difference in (("Eg(+)", False), ("A1g", False), ("Eg(-)", True), ("Eg(+)", True)):
        assert not found.drive(target(found, label), difference=difference).any
    text = "\n".join(table.text() for table in light_tables(sc.read("Bi2Se3").light()))
    for words in ("cannot distinguish them", "They differ when", "square of the field"):
        assert words in " ".join(text.split())
    study = sc.read("Bi2Se3")
    for transfer in ("E[σ+] E[σ+] -> Eg(-)", "E[σ+] Eu(+) -> Eg(-)", "Eu(+) Eu(+) -> Eg(-)"):
        rule = study.explain(transfer)
        assert (rule.verdict, rule.pam_sense, rule.umklapp) == ("allowed", "flipped", 1)
        assert rule.rotation_sense == "flipped"
        assert rule.am_transfer == 3.0
        assert study.explain(transfer.replace("Eg(-)", "Eg(+)")).verdict == "forbidden"


def test_twins_of_bi2se3_keep_the_sense_of_rotation() -> None:
    study = sc.read("Bi2Se3")
    domains = study.domains()
    assert [g.seitz for g in domains.operations] == ["{1|0}", "{2001|0}"]
    (sense,) = survivals(study.beam(), domains)
    assert (sense.kind, sense.survives) == ("sense", True)
    kinds = {s.kind: s.survives for s in survivals(study.beam(direction="1,0,0"), domains)}
    assert kinds["angle"]


def test_twins_of_a_cubic_crystal_have_a_three_fold_axis_along_each_diagonal() -> None:
    study = sc.read("NaClO3")
    kinds = {s.kind: s.survives for s in survivals(study.beam(direction="1,1,1"), study.domains())}
    assert kinds == {"sense": True, "reversal": False, "optical-activity": False}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Bi2Se3", {5: "-", 7: "+"}),  # no even ones with inversion
        ("Te_P3121", {2: "-", 4: "+", 5: "-", 7: "+"}),
        ("GaAs", {3: "-", 5: "+", 7: "-"}),
        ("ZnO", {5: "-", 7: "+"}),
        ("MoS2_monolayer_slab", {2: "-", 4: "+", 5: "-", 7: "+"}),
        ("BaTiO3_P4mm", {3: "-", 5: "+", 7: "-"}),
    ],
)
def test_harmonics(name: str, expected: dict[int, str]) -> None:
    """m = kn ± 1, the sense reversed for m = kn − 1 (Tang and Rabin, PRB 3, 4025, 1971)."""
    found = light(name).harmonics()
    assert {m: "".join(s) for m, s in found.items() if s} == expected


# --- what the class allows ---------------------------------------------------------------------


ALLOWED = {
    # optical rotation along the axis, ferroaxial, splitting linear in q, moment, pseudoscalar modes
    "Te_P3121": (True, False, True, True, True),
    "Bi2Se3": (False, False, False, True, False),
    "NiTiO3": (False, True, False, True, True),
    "ZnO": (False, False, False, True, False),
    "BPO4": (False, True, False, True, True),
    "PdS": (False, True, False, True, True),
    "GaAs": (False, False, False, True, False),
    "NaClO3": (True, False, True, True, True),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_crystals_allow(name: str) -> None:
    kinds = ("optical-activity", "ferroaxial", "linear-splitting", "phonon-moment", "chirality")
    found = allowed(light(name))
    assert tuple(found[k] for k in kinds) == ALLOWED[name]


@pytest.mark.parametrize(
    ("name", "axis", "split", "peaks"),
    [
        ("SiO2_beta_quartz", "0,0,1", ("E1", "E2"), 2),  # six-fold: E2, not E1
        ("Te_P3121", "0,0,1", ("E",), 2),
        ("FeSi", "1,1,1", ("T",), 2),
        ("FeSi", "0,0,1", ("T",), 1),  # two-fold: both pairs see both components
        ("TeO2_alpha", "0,0,1", ("E",), 1),  # four-fold: no pair makes l = ±1
        ("LiAl5O8", "0,0,1", ("T1", "T2"), 1),
        ("Mn_beta", "1,1,1", ("T1", "T2"), 2),
    ],
)
def test_where_crossed_circular_pairs_peak_at_different_frequencies(
    name: str, axis: str, split: tuple[str, ...], peaks: int
) -> None:
    """They do where a split component is made by one of the pairs, and light is turned back."""
    for geometry, expected in (("backscattering", peaks), ("forward", 1)):
        found = light(name, axis, geometry)
        effect = next(a for a in allowances(found) if a.kind == "linear-splitting")
        assert effect.species == split
        assert ("different frequencies" in effect.note) == (expected == 2)
        # A second look, at real tensors: σ+→σ− moves the real partners along p and σ−→σ+ along
        # p*; these are the two senses of one rotation where they are orthogonal.
        x, y = found.beam.frame[:2]
        moved = [
            np.einsum(
                "kija,i,j->ka", found.polarizability(species(found, s)).basis, *[x + 1j * y] * 2
            )
            for s in split
        ]
        circles = [len(p) > 0 and abs(p).max() > 1e-9 > abs(p @ p.T).max() for p in moved]
        assert any(circles) == (peaks == 2)


def test_photoinduced_chirality_in_bpo4() -> None:
    """−4: E_x² − E_y² drives B, which is the pseudoscalar (D2d and S4: E² B)."""
    found = next(a for a in allowances(light("BPO4")) if a.kind == "chirality")
    assert found.species == ("B",)
    assert "light makes the crystal chiral" in found.note


def test_the_moment_of_a_rotating_mode_is_axial() -> None:
    """M·(Q×Q̇): A2g in D3d, Ag in C3i, C4h, T1g in cubic classes (section 4 of the physics)."""
    from symchiral.irreps.mulliken import zone_centre
    from symchiral.irreps.rotation import rotation

    found = {}
    for name, label in (("Bi2Se3", "Eu"), ("NiTiO3", "Eu"), ("PdS", "Eu"), ("CaF2", "T1u")):
        here = light(name)
        turning = rotation(species(here, label).participant)
        assert turning is not None
        assert turning.time_parity == -1
        found[name] = next(
            p.name
            for p in zone_centre(here.crystal.group)
            if np.allclose(p.characters, turning.characters)
        )
    assert found == {"Bi2Se3": "A2g", "NiTiO3": "Ag", "PdS": "Ag", "CaF2": "T1g"}


# --- polarisations -----------------------------------------------------------------------------


def test_polarizations_by_all_their_names() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        jones = rng.normal(size=2) + 1j * rng.normal(size=2)
        state = Polarization.from_jones(*jones)
        again = Polarization.from_stokes(*state.stokes)
        assert np.allclose(again.stokes, state.stokes)
        assert np.isclose(abs(np.vdot(again.jones, state.jones)), 1)
        assert np.isclose(np.linalg.norm(state.stokes), 1)
        assert np.isclose(np.vdot(state.orthogonal.jones, state.jones), 0)
        assert np.allclose(state.orthogonal.stokes, -state.stokes)
        assert np.allclose(Polarization.parse(state.name).stokes, state.stokes, atol=1e-5)
    assert Polarization.elliptical(0, 45).name == "σ+"
    assert Polarization.parse("90").name == "y"


@pytest.mark.parametrize(
    "word", ["σ+", "σ−", "s-", "S+", "sigma+", "Sigma-", "+", "-", "circular+"]
)
def test_one_spelling_of_circular_light_serves_all(word: str) -> None:
    spin = 1 if "+" in word else -1
    assert Polarization.parse(word).spin == pytest.approx(spin)
    assert Pump.parse(word) == Pump(light="+" if spin > 0 else "-")
    assert Pump.parse(f"1-3 THz {word}").light == Pump.parse(word).light
    assert PumpPulse.parse(word).sense == spin


@pytest.mark.parametrize("text", ["3-2THz", "2-2 THz σ+", "300-20 cm-1"])
def test_an_empty_band_is_refused(text: str) -> None:
    with pytest.raises(GrammarError, match="lower frequency first"):
        Pump.parse(text)


@pytest.mark.parametrize("text", ["", "σ", "foo", "1/2/3", "10/60", "nan", "σ+-", "x y"])
def test_what_is_no_polarization(text: str) -> None:
    with pytest.raises(GrammarError):
        Polarization.parse(text)


def test_impossible_jones_and_stokes_vectors() -> None:
    for make in (
        lambda: Polarization.from_jones(0, 0),
        lambda: Polarization.from_jones(float("nan"), 1),
        lambda: Polarization.from_stokes(0, 0, 0),
        lambda: Polarization.from_stokes(0, 0, 0.5, 1.0),
        lambda: Polarization.circular(2),
    ):
        with pytest.raises(GrammarError):
            make()


# --- light as a leg ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "transfer",
    ["E[σ+] E[σ+] -> Eg(-)", "E[σ+] -> E[σ-] Eg(-)", "E[x] E[30°]:b -> Eg(+)", "E[z] -> A2u"],
)
def test_light_in_a_transfer_round_trips(transfer: str) -> None:
    study = sc.read("Bi2Se3")
    rule = study.explain(transfer)
    assert rule.id == transfer
    assert study.explain(rule.id).to_record() == rule.to_record()
    assert rule.verdict == "allowed"


def test_light_and_a_species_of_one_name() -> None:
    """E of D3 beside the field E: different participants, different coordinates."""
    rule = sc.read("Te_P3121").explain("E[σ+] E(+) -> E(-)")
    assert rule.verdict == "allowed"
    assert rule.invariant is not None
    assert rule.invariant.text == "c1 [E[σ+] E(+)^2 + E[σ-] E(-)^2]"
    assert sc.read("Te_P3121").explain("E[σ+] -> E(+)").verdict == "allowed"


LIT = (
    "TiO2_rutile",
    "SnS",
    "TiO2_anatase",
    "BPO4",
    "CuFeS2",
    "GaAs",
    "ZnO",
    "PdS",
    "LiNbO3",
    "PbO",
)


def test_invariants_with_light_are_functions_of_the_field() -> None:
    """E[σ±] are (E_x ∓ iE_y)/√2 on the x, y of E[x], E[y]: V vanishes where the verdict says so."""
    evaluated = vanishing = 0
    for name in LIT:
        study = sc.read(name)
        for species in study.species():
            if species.dimension > 1:
                continue
            states = {
                a: study.explain(f"E[{a}] E[{a}] -> {species.label}") for a in range(0, 180, 15)
            }
            forms = next((r.invariant for r in states.values() if r.invariant is not None), None)
            if forms is None:
                continue
            for angle, rule in states.items():
                x, y = np.cos(np.radians(angle)), np.sin(np.radians(angle))
                field = {"x": x, "y": y, "z": 0.0}
                field |= {"σ+": (x - 1j * y) / 2**0.5, "σ-": (x + 1j * y) / 2**0.5}
                values = [
                    sum(
                        term.coefficient
                        * np.prod([field[c.component] ** n for c, n in term.factors if c.field])
                        for term in polynomial
                    )
                    for polynomial in forms.polynomials
                ]
                assert (max(map(abs, values)) > 1e-9) == (rule.verdict == "allowed"), rule.id
                evaluated += 1
                vanishing += rule.verdict == "forbidden"
    assert (evaluated, vanishing) == (216, 14)


def test_linear_light_has_no_pam_to_balance() -> None:
    rule = sc.read("Bi2Se3").explain("E[x] E[y] -> Eg(-)")
    assert (rule.verdict, rule.pam_sense, rule.umklapp) == ("allowed", "undefined", None)
    assert rule.am_transfer is None
    assert "hence no PAM" in rule.explain()


BAD_LEGS = {
    "E[foo] -> Eu(+)": "not a polarisation",
    "E[σ+]@K -> Eu(+)": "zone centre",
    "E[σ+](+) -> Eu(+)": "polarisation in brackets",
    "B[z] -> Eu(+)": "E is the only field",
    "E[] -> Eu(+)": "quantum",
}


@pytest.mark.parametrize("transfer", BAD_LEGS)
def test_bad_light_is_refused(transfer: str) -> None:
    with pytest.raises(SymchiralError) as error:
        sc.read("Bi2Se3").explain(transfer)
    assert BAD_LEGS[transfer] in str(error.value)


def test_light_without_an_axis_or_in_a_table() -> None:
    with pytest.raises(SymchiralError, match="without an axis"):
        sc.read("KAsSe2").explain("E[σ+] -> A")
    with pytest.raises(GrammarError, match=r"study\.explain"):
        sc.read("Bi2Se3").rules()["E[σ+] E[σ+] -> Eg(-)"]


# --- the command -------------------------------------------------------------------------------


def run(capsys: Capture, *words: str) -> str:
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("name", WALKED)
@pytest.mark.parametrize(
    "options",
    [(), ("--beam", "1,2,3", "--domains"), ("--geometry", "right-angle"), ("--beam", "-1,0,0")],
)
def test_the_command_prints_tables_and_a_document(
    capsys: Capture, name: str, options: tuple[str, ...]
) -> None:
    # KAsSe2 as it is shipped is near a group of higher order, and says so.
    quiet = ("--quiet",) if name == "KAsSe2" else ()
    text = run(capsys, "light", name, *quiet, *options)
    assert all(line == line.rstrip() for line in text.splitlines())
    assert max(map(display_width, text.splitlines())) <= 120
    found = json.loads(run(capsys, "light", name, *quiet, *options, "--json"))
    validator(strict=True).validate(found)
    assert [p["incident"] + p["scattered"] for p in found["photons"]] == ["++", "+-", "-+", "--"]


@cache
def validator(*, strict: bool) -> Draft202012Validator:
    found = json.loads(schema("light"))
    Draft202012Validator.check_schema(found)

    def close(part: object) -> None:
        if isinstance(part, dict):
            if "properties" in part and isinstance(part["properties"], dict):
                part["additionalProperties"] = not strict
                assert part["title"]
                assert set(part["required"]) == {
                    key
                    for key, body in part["properties"].items()
                    # A younger key has a default.
                    if not body.get("description", "").startswith("Only ") and "default" not in body
                }
            for value in part.values():
                close(value)
        elif isinstance(part, list):
            for value in part:
                close(value)

    close(found)
    return Draft202012Validator(found)


def test_the_document_is_what_the_study_returns(capsys: Capture) -> None:
    document = sc.read("Bi2Se3").light(beam="1,0,0", domains=True).to_dict()
    printed = json.loads(run(capsys, "light", "Bi2Se3", "--beam", "1,0,0", "--domains", "--json"))
    assert printed == document
    tensors = {r["species"]: r["tensors"] for r in document["raman"]}
    assert tensors["Eg"][1]["matrix"] == [["0", "-c", "-d"], ["-c", "0", "0"], ["-d", "0", "0"]]
    assert tensors["Eg"][0]["latex"] == (
        r"\begin{pmatrix} c & 0 & 0 \\ 0 & -c & d \\ 0 & d & 0 \end{pmatrix}"
    )


def test_ascii(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("Bi2Se3", "NiTiO3", "GaAs"):
        text = run(capsys, "light", name, "--domains")
        assert text.isascii()
        assert "?" not in text


BAD_BEAMS = {
    ("--beam", "0,0,0"): "zero length",
    ("--beam", "0,0"): "cannot read the beam",
    ("--beam", "a,b,c"): "cannot read the beam",
    ("--beam", ""): "cannot read the beam",
    ("--beam", "0,0,1", "--horizontal", "0,0,2"): "along the beam",
    ("--horizontal", "0,0,0"): "zero length",
    ("--geometry", "sideways"): "no geometry",
    ("--geometry", "backscatering"): "Did you mean backscattering",
}


@pytest.mark.parametrize("options", BAD_BEAMS, ids=" ".join)
def test_bad_beams_are_refused(capsys: Capture, options: tuple[str, ...]) -> None:
    assert main(["light", "Bi2Se3", *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symchiral: ")
    assert BAD_BEAMS[options] in err


@pytest.mark.parametrize("name", ["Te_P3121", "GaAs", "BaTiO3_P4mm", "MnF2_AFM", "Co3Sn2S2_FM"])
def test_factors_of_an_effect_have_as_many_invariants_as_it_says(name: str) -> None:
    """By characters: the mean of their product over the group, time signs of the odd ones in it."""
    study = sc.read(name)
    crystal = study.crystal
    optical = [s for s in study.species() if s.optical]
    species = {s.label: s.participant for s in optical}
    proper, trace = np.linalg.det(crystal.rotations), np.trace(crystal.rotations, axis1=1, axis2=2)
    signs = np.ones(len(proper)) if crystal.signs is None else np.array(crystal.signs)
    images = [
        int(np.argmin(np.abs(w @ w - crystal.rotations).sum((1, 2)))) for w in crystal.rotations
    ]

    def character(factor: Factor, label: str | None) -> tuple[np.ndarray, bool]:
        """Of every operation, and whether the factor is odd in time."""
        if factor in ("mode", "rotation"):
            assert label is not None
            own = np.real(np.trace(species[label].matrices[:, 0], axis1=1, axis2=2))
            return (own, False) if factor == "mode" else ((own**2 - own[images]) / 2, True)
        values = {
            "light-spin": (proper * trace, True),
            "propagation": (trace, True),
            "moment": (proper * trace, True),
            "axial-vector": (proper * trace, False),
            "pseudoscalar": (proper, False),
        }
        return values[factor]

    counted = set()
    for effect in study.light().allows:
        if effect.kind in ("optical-activity", "zero-field-splitting", "non-degenerate-rotation"):
            continue  # a part of the form, or a number of species
        whole = 0.0
        of_modes = {"mode", "rotation"} & set(effect.factors)
        # Of the others only those that have the effect along the beam.
        every = effect.kind in ("axial-modes", "chirality")
        labels = tuple(species) if every else effect.species
        for label in labels if of_modes else (None,):
            values, odd = zip(*(character(f, label) for f in effect.factors), strict=True)
            product = np.prod(values, axis=0)
            if sum(odd) % 2:
                product = product * signs if crystal.magnetic is not None else 0 * product
            whole += product.mean()
        assert effect.coefficients == pytest.approx(whole)
        counted.add(effect.kind)
    assert len(counted) >= (7 if crystal.magnetic else 5)


def test_every_effect_has_words_of_its_own() -> None:
    """Of every kind a name, and what follows where it exists, or why twins take it away."""
    effects = [
        Allowance(kind, ("light-spin",), 1, True, ("Eg",), told_apart=True, by_light=("Eg",))
        for kind in get_args(AllowanceKind)
    ]
    assert len({effect.text for effect in effects}) == len(effects) == 10
    assert len({effect.note for effect in effects} - {""}) == 10
    for effect in effects:
        without = dataclasses.replace(effect, allowed=False, by_light=())
        assert (without.text, without.note) == (effect.text, "")
    twins = [Survival(kind, False, "Eg") for kind in get_args(SurvivalKind)]
    assert len({effect.text for effect in twins}) == len(twins) == 5
    assert all(effect.note for effect in twins)
    kinds = [Splitting("Eg", kind) for kind in get_args(SplittingKind) if kind != "operation"]
    assert len({splitting.reason for splitting in kinds}) == len(kinds) == 4
    by = TimedOperation(1, "inversion", "{-1|0}", True)
    assert Splitting("Eg", "operation", by).reason == (
        "the inversion {-1|0} with time reversal reverses Q×Q̇"
    )
