"""Couplings as numbers: finite differences against known potentials, files, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement, permutations, product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from jsonschema import Draft202012Validator
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

import symchiral as sc
from symchiral.anharmonic.audit import audit
from symchiral.anharmonic.couplings import averaged_over_group
from symchiral.anharmonic.finite import design, finite_couplings, invariants
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.anharmonic.third_order import ThirdOrder, contract
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.qpoint import GAMMA
from symchiral.engine.judge import count_coefficients
from symchiral.errors import InputError, LimitError
from symchiral.modes.coordinates import NormalCoordinates, normal_coordinates
from symchiral.study import Study

Floats = npt.NDArray[np.float64]
Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).resolve().parent.parent
BI2SE3 = str(ROOT / "structures" / "Bi2Se3")


@cache
def study(name: str) -> Study:
    return sc.read(str(ROOT / "structures" / name))


def known(coordinates: NormalCoordinates, *potentials: Polynomial) -> Any:
    """Forces of a potential that is known: harmonic, and the polynomials."""
    roots = np.sqrt(coordinates.modes.masses)[:, None]
    stiffness = coordinates.frequencies**2 / 244.4

    def forces(u: Floats) -> Floats:
        q = (roots * u).ravel() @ coordinates.vectors
        gradient = stiffness * q + sum(p.gradient(q) for p in potentials)
        return -(coordinates.vectors @ gradient).reshape(-1, 3) * roots

    return forces


def test_finite_differences_find_the_coefficients_of_a_known_potential() -> None:
    """Exactly, whatever fourth order there is: the two signs of a step take it away."""
    couplings = study("Bi2Se3").couplings().symmetrized()
    c, cubic = couplings.coordinates, couplings.potential(3)
    quartic = Polynomial.from_tensor(np.full((len(c),) * 4, 1e-4))
    found = finite_couplings(known(c, cubic, quartic), c)
    assert np.abs(found.potential(3).tensor() - cubic.tensor()).max() < 1e-12
    # 40 unknowns from 17 calls; 24 single and 60 pairs of displacements, two signs each, gave phi.
    assert len(invariants(c)) == 40
    assert "17 force calls for 40 unknowns" in found.provenance["method"]


def test_errors_come_from_two_steps() -> None:
    """A fifth order falls with the square of the step, and the error covers what is left of it."""
    couplings = study("Bi2Se3").couplings().symmetrized()
    c, cubic = couplings.coordinates, couplings.potential(3)
    fifth = Polynomial.of(len(c), 5, {(0, 0, 3, 3, 2): 1e-2, (3, 3, 4, 4, 2): 1e-2})
    away = []
    for step in (0.04, 0.02):
        found = finite_couplings(known(c, cubic, fifth), c, step=step)
        wrong = np.abs(found.potential(3).tensor() - cubic.tensor())
        claimed = Polynomial.of(len(c), 3, found.standard_errors(3))
        assert np.all(wrong <= 10 * claimed.tensor() + 1e-12)
        away.append(claimed.coefficients.max())
    assert away[0] / away[1] == pytest.approx(4, rel=0.1)


def test_everything_is_found_where_nothing_is_assumed() -> None:
    couplings = study("MgB2")
    c = normal_coordinates(couplings.modes())
    rng = np.random.default_rng(3)
    n = len(c)
    tensor = rng.normal(size=(n, n, n))
    whole = sum(
        np.transpose(tensor, p)
        for p in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    )
    cubic = Polynomial.from_tensor(np.asarray(whole) * 1e-3)
    found = finite_couplings(known(c, cubic), c, everything=True)
    assert np.abs(found.potential(3).tensor() - cubic.tensor()).max() < 1e-10
    assert found.broken(3)[0] > 1e-3


@pytest.mark.parametrize(("name", "count"), [("MgB2", 2), ("TiO2_anatase", 47), ("Si", 1)])
def test_invariants_are_as_many_as_the_engine_counts(name: str, count: int) -> None:
    """One group average over polynomials, one over products of components: equal numbers."""
    found = study(name)
    c = normal_coordinates(found.modes())
    polynomials = invariants(c)
    counted, seen = 0, set()
    numbers = {m.species.label: 0 for m in c.multiplets}
    for m in c.multiplets:
        numbers[m.species.label] += 1
    for chosen in combinations_with_replacement(range(len(c.multiplets)), 3):
        fields = [c.multiplets[i].species.participant for i in chosen]
        groups: dict[int, list[int]] = {}
        for slot, i in enumerate(chosen):
            groups.setdefault(i, []).append(slot)
        counted += count_coefficients(fields, [0, 0, 0], tuple(map(tuple, groups.values())))
        seen.add(chosen)
    assert len(polynomials) == counted == count
    plan = design(c)
    assert plan.condition < 100
    assert len(plan.directions) <= -(-count // len(c)) + 2


# ------------------------------------------------------------------------------------ fourth order


def differences(forces: Any, c: NormalCoordinates, step: float) -> Floats:
    """Every fourth derivative by itself: third differences of forces along all coordinates."""
    n = len(c)
    found = np.zeros((n,) * 4)
    scaled = c.vectors.reshape(-1, 3, n) / np.sqrt(c.modes.masses)[:, None, None]
    for i, j, k in combinations_with_replacement(range(n), 3):
        total = np.zeros(n)
        for signs in product((1, -1), repeat=3):
            q = np.zeros(n)
            for slot, sign in zip((i, j, k), signs, strict=True):
                q[slot] += sign * step
            total += prod(signs) * np.einsum("ka,kac->c", forces(c.displacements(q)), scaled)
        for order in permutations((i, j, k)):
            found[order] = -total / (8 * step**3)
    return found


@pytest.mark.parametrize(("name", "count", "calls"), [("MgB2", 12, 24), ("TiO2_anatase", 11, 24)])
def test_quartic_coefficients_of_a_known_potential(name: str, count: int, calls: int) -> None:
    """Beside cubic, quintic and sextic terms; also by brute force, one derivative at a time."""
    c = normal_coordinates(study(name).modes())
    modes = None if name == "MgB2" else ["Eu#1", "Eu#2"]
    rng = np.random.default_rng(5)
    terms = {
        m: Polynomial.of(
            len(c),
            m,
            {f: size * rng.normal() for f in combinations_with_replacement(range(len(c)), m)},
        )
        for m, size in ((3, 3e-2), (4, 3e-2), (5, 1e-3))
        if (len(c), m) != (15, 5)
    }
    averaged = averaged_over_group(c)
    potentials = [averaged(p) for p in terms.values()]
    sextic = Polynomial.of(len(c), 6, {(0,) * 6: 1e-3, (1,) * 6: 1e-3})
    told: list[float] = []
    found = finite_couplings(known(c, *potentials, sextic), c, 4, modes=modes, progress=told.append)
    assert told == pytest.approx(np.arange(1, calls + 1) / calls)
    wanted = potentials[1].tensor()
    slots = range(len(c)) if modes is None else [s for m in modes for s in c.slots(m)]
    within = np.ix_(*(list(slots),) * 4)
    assert len(invariants(c, 4, slots=list(slots))) == count
    assert f"{calls} force calls for {count} unknowns" in found.provenance["method"]
    ours = found.potential(4).tensor()
    # The sextic goes away by extrapolation, and nothing is said about other modes.
    assert np.abs(ours[within] - wanted[within]).max() < 1e-9 * np.abs(wanted).max()
    outside = np.ones_like(ours, dtype=bool)
    outside[within] = False
    assert not ours[outside].any()
    if name == "MgB2":
        brute = differences(known(c, *potentials), c, 0.05)
        assert np.abs(ours - brute).max() < 1e-8 * np.abs(wanted).max()
        everything = finite_couplings(known(c, *potentials), c, 4, everything=True)
        assert np.abs(everything.potential(4).tensor() - wanted).max() < 1e-8
        assert everything.broken(4)[0] < 1e-9
    plan = design(c, 4, modes=modes)
    assert len(plan.directions) <= -(-count // len(list(slots))) + 2


def test_errors_of_the_fourth_order_come_from_two_estimates() -> None:
    """An eighth order falls with the fourth power of the step, and the error covers it."""
    c = normal_coordinates(study("MgB2").modes())
    quartic = averaged_over_group(c)(Polynomial.of(len(c), 4, {(0, 0, 3, 3): 0.1, (0, 0, 1, 1): 1}))
    eighth = Polynomial.of(len(c), 8, {(0,) * 8: 3.0, (0, 0, 0, 0, 3, 3, 3, 3): 3.0})
    wrong, claimed = [], []
    for step in (0.04, 0.02):
        found = finite_couplings(known(c, quartic, eighth), c, 4, step=step)
        away = np.abs(found.potential(4).tensor() - quartic.tensor())
        error = Polynomial.of(len(c), 4, found.standard_errors(4)).tensor()
        assert np.all(away <= 3 * error + 1e-10)
        wrong.append(away.max())
        claimed.append(error.max())
    assert wrong[0] / wrong[1] == pytest.approx(16, rel=0.1)
    assert claimed[0] > wrong[0] > 0


@pytest.mark.parametrize(("name", "count"), [("MgB2", 12), ("Si", 2), ("ZnO", 56)])
def test_quartic_invariants_are_as_many_as_the_engine_counts(name: str, count: int) -> None:
    c = normal_coordinates(study(name).modes())
    counted = 0
    for chosen in combinations_with_replacement(range(len(c.multiplets)), 4):
        fields = [c.multiplets[i].species.participant for i in chosen]
        groups: dict[int, list[int]] = {}
        for slot, i in enumerate(chosen):
            groups.setdefault(i, []).append(slot)
        counted += count_coefficients(fields, [0, 0, 0, 0], tuple(map(tuple, groups.values())))
    assert len(invariants(c, 4)) == counted == count


def test_too_many_products_are_refused() -> None:
    c = normal_coordinates(study("TeO2_alpha").modes())
    with pytest.raises(LimitError, match="58,905 products of 33 coordinates"):
        design(c, 4)
    with pytest.raises(InputError, match="no couplings of order 5"):
        finite_couplings(lambda u: u, c, 5)


def ordered_alloy() -> Study:
    """Cu3Au, whose optical modes are all odd, held by effective-medium theory, with its modes."""
    places = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    atoms = Atoms("AuCu3", scaled_positions=places, cell=[3.75] * 3, pbc=True)
    return sc.read(atoms).with_calculator(EMT(), relax="none", zone_centre=True)


@pytest.mark.sweep
def test_fourth_order_of_a_calculator_obeys_the_rules() -> None:
    found = ordered_alloy()
    modes = ["T1u#1", "T2u#1"]
    allowed = found.finite_couplings(EMT(), 4, modes=modes)
    checked = found.finite_couplings(EMT(), 4, modes=modes, everything=True)
    assert [p.order for p in allowed.potentials] == [3, 4]
    assert not allowed.potential(3).terms  # by parity
    forbidden, largest = checked.broken(4)
    assert largest > 1e-3
    assert forbidden < 1e-3 * largest
    away = np.abs(allowed.potential(4).tensor() - checked.potential(4).tensor()).max()
    assert away < 2e-3 * np.abs(allowed.potential(4).tensor()).max()
    assert "EMT" in allowed.provenance["calculator"]


def test_a_structure_alone_gets_its_modes_from_the_calculator(
    capsys: Capture, tmp_path: Path
) -> None:
    places = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    path = str(tmp_path / "alloy.vasp")
    Atoms("AuCu3", scaled_positions=places, cell=[3.75] * 3, pbc=True).write(path)
    words = ["couple", path, "--calculator", "ase.calculators.emt:EMT"]
    assert main([*words, "--order", "4", "--modes", "T1u#1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("couple"))).validate(document)
    assert document["provenance"]["modes"] == "of the calculator, atoms relaxed"
    assert {len(t["modes"]) for t in document["terms"]} == {4}
    assert [o["order"] for o in document["orders"]] == [3, 4]
    assert main(words) == 0
    assert "Order 3: symmetry allows no coefficient." in capsys.readouterr().out


@pytest.mark.ml
@pytest.mark.parametrize(("name", "order"), [("MgB2", 4), ("TiO2_anatase", 3)])
def test_a_learned_potential_obeys_the_rules(name: str, order: int) -> None:
    """Nothing is imposed: forbidden coefficients stay below 1 % of allowed ones."""
    pytest.importorskip("sevenn", reason="the extra [ml] is not installed")
    modes = {"MgB2": ["E1u#1", "E2g#1"], "TiO2_anatase": None}[name]
    found = study(name).finite_couplings("sevenn", order, modes=modes, everything=True)
    for potential in found.potentials:
        forbidden, allowed = found.broken(potential.order)
        assert forbidden < 0.01 * allowed
    # The shipped ones, of which only the allowed were determined.
    shipped = study(name).couplings()
    for m in (p.order for p in found.potentials):
        ours, theirs = shipped.potential(m).tensor(), found.potential(m).tensor()
        assert np.abs(ours - theirs).max() < 0.02 * np.abs(ours).max()


# ------------------------------------------------------------------------------------- calculators


def hexagonal_copper() -> tuple[Study, Atoms]:
    """Close-packed copper in two layers, held by effective-medium theory, with its modes."""
    places = [[1 / 3, 2 / 3, 1 / 4], [2 / 3, 1 / 3, 3 / 4]]
    cell = [[2.56, 0, 0], [-1.28, 1.28 * 3**0.5, 0], [0, 0, 4.18]]
    atoms = Atoms("Cu2", scaled_positions=places, cell=cell, pbc=True)
    atoms.calc = EMT()
    constants = np.zeros((2, 2, 3, 3))
    for k in range(2):
        for a in range(3):
            sides = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.calc = EMT()
                moved.positions[k, a] += sign * 0.005
                sides.append(moved.get_forces())
            constants[k, :, a] = -(sides[0] - sides[1]) / 0.01
    phonon = Phonopy(
        PhonopyAtoms(symbols=["Cu", "Cu"], cell=atoms.cell[:], scaled_positions=places),
        supercell_matrix=np.eye(3, dtype=int), primitive_matrix=np.eye(3),
    )  # fmt: skip
    phonon.force_constants = (constants + constants.transpose(1, 0, 3, 2)) / 2
    return sc.read(phonon, symmetrize=True), atoms


def test_a_calculator_obeys_the_rules_though_nothing_was_imposed() -> None:
    """The turning mode of the layers: E² times E is allowed once; the rest is zero by itself."""
    found, _ = hexagonal_copper()
    allowed = found.finite_couplings(EMT())
    checked = found.finite_couplings(EMT(), everything=True)
    forbidden, largest = checked.broken(3)
    assert largest > 1e-4
    assert forbidden < 1e-3 * largest
    a, b = allowed.potential(3).tensor(), checked.potential(3).tensor()
    assert np.abs(a - b).max() < 1e-3 * largest


def test_a_million_triples_are_contracted() -> None:
    rng = np.random.default_rng(0)
    vertex = rng.normal(size=(100, 100, 100)) + 1j * rng.normal(size=(100, 100, 100))
    modes = rng.normal(size=(3, 100, 100)) + 1j * rng.normal(size=(3, 100, 100))
    found = contract(vertex, (modes[0], modes[1], modes[2]))
    i, j, k = 17, 33, 80
    direct = np.einsum(
        "abc,a,b,c", vertex, modes[0][:, i], modes[1][:, j], modes[2][:, k], optimize=True
    )
    assert found[i, j, k] == pytest.approx(direct)


def test_couplings_that_are_saved_are_read_again(capsys: Capture, tmp_path: Path) -> None:
    path = str(tmp_path / "again.json")
    assert main(["couple", BI2SE3, "--save", path]) == 0
    capsys.readouterr()
    first, second = study("Bi2Se3").couplings(), study("Bi2Se3").couplings(path)
    assert np.abs(first.potential(3).tensor() - second.potential(3).tensor()).max() < 1e-11
    assert main(["couple", BI2SE3, "--save", "/nowhere/x.json"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_document_of_the_command(capsys: Capture) -> None:
    assert main(["couple", BI2SE3, "--json", "--check"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("couple"))).validate(document)
    verdicts = [t["verdict"] for t in document["terms"]]
    assert (verdicts.count("allowed"), verdicts.count("forbidden")) == (40, 160)
    term = next(t for t in document["terms"] if t["modes"] == ["Eu#1(+)", "Eu#1(+)", "Eg#2(+)"])
    # κ = −0.00131 of the README is √2 times smaller: V = κ Im Q Q Q with Q = Qx + iQy.
    assert abs(complex(*term["value"])) == pytest.approx(np.sqrt(2) * 0.0013106, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Bi2Se3"], "without forces"),
        (["Bi2Se3", "--calculator", "ase.calculators.emt:EMT"], "calculator"),
        ([str(ROOT / "structures" / "ZnO")], "no couplings.json lies beside"),
        ([BI2SE3, "--order", "4"], "Add --calculator"),
        ([BI2SE3, "--calculator", "ase.calculators.emt:EMT", "--modes", "Eu#7"], "no mode Eu#7"),
        ([BI2SE3, "--calculator", "nonsense"], "no calculator named 'nonsense'"),
        ([BI2SE3, "--calculator", "ase.calculators.emt:EMT"], "calculator"),
        ([BI2SE3, "--calculator", "ase.calculators.emt:EMT", "--step", "3"], "no step of 3"),
    ],
)
def test_bad_input_is_refused_in_words(words: list[str], said: str, capsys: Capture) -> None:
    assert main(["couple", *words]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_an_audit_compares_with_the_scale_of_the_constants() -> None:
    """NaCl at Γ Γ Γ: every coefficient is forbidden, and of a perfect set nothing but rounding."""
    study = sc.read("NaCl/phonopy.yaml")
    crystal, phonons = study.crystal, study.phonons
    assert phonons is not None
    frame, unit = crystal.frame, crystal.input
    places = unit.positions @ unit.cell
    first = tuple(
        int(np.argmin([np.linalg.norm(frac - np.rint(frac)) for frac in inside - x]))
        for inside in [frame.point(places, to="primitive", source="cartesian")]
        for x in crystal.primitive.positions
    )
    masses = np.array(
        [phonons.masses[list(crystal.primitive.numbers).index(n)] for n in unit.numbers]
    )
    rng = np.random.default_rng(11)
    raw = ThirdOrder(
        crystal,
        np.array(unit.cell),
        places,
        masses,
        first,
        rng.normal(size=(2, len(places), len(places), 3, 3, 3)),
    )
    # Invariant under exchange too: the average over which atom comes first is left to the vertex.
    perfect = raw.symmetrized()
    gamma = [(GAMMA, GAMMA, GAMMA)]
    good = audit(perfect, phonons, study.axis, gamma)
    assert set(good.counts) <= {"parity", "translation", "pam", "group", "exchange"}
    assert good.offenders[0].value < 1e-14
    assert good.share < 1e-15
    assert good.vertices[0].share < 1e-15
    bad = audit(raw, phonons, study.axis, gamma)
    assert bad.share == pytest.approx(1, abs=1e-9)
    slightly = replace(perfect, constants=perfect.constants + 1e-5 * raw.constants)
    assert audit(slightly, phonons, study.axis, gamma).share > 1e-3
    # The scale is the mean of Σ|V₃|² over the vertices of the supercell, four wavevectors here.
    names = ["0,0,0", "1/2,1/2,0", "1/2,0,1/2", "0,1/2,1/2"]
    points = [study.point(name) for name in names]
    sums = [
        float(np.sum(np.abs(raw.vertex((-(a + b), a, b))) ** 2)) for a in points for b in points
    ]
    assert len(sums) == 16
    symmetric = _first_atom_mean(raw)
    assert np.mean(sums) <= raw.scale * (1 + 1e-9)
    assert np.mean(
        [np.sum(np.abs(symmetric.vertex((-(a + b), a, b))) ** 2) for a in points for b in points]
    ) == pytest.approx(symmetric.scale, rel=1e-9)


def _first_atom_mean(third: ThirdOrder) -> ThirdOrder:
    """The constants averaged over which of the three atoms comes first, as derivatives are."""
    n = len(third.positions)
    atom, x = third._places
    inside = x @ third.crystal.primitive.cell @ np.linalg.inv(third.cell)
    full = np.zeros((n, n, n, 3, 3, 3))
    for i in range(n):
        row = next(r for r, f in enumerate(third.first) if atom[f] == atom[i])
        moved = inside - inside[i] + inside[third.first[row]]
        step = moved[:, None] - inside
        order = np.argmin(np.abs(step - np.rint(step)).max(axis=2), axis=1)
        full[i] = third.constants[row][np.ix_(order, order)]
    mean = sum(np.transpose(full, (*p, *(3 + k for k in p))) for p in permutations(range(3)))
    return replace(third, constants=np.asarray(mean)[list(third.first)] / 6)
