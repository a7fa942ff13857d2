"""Electron, hole and exciton states in a transfer, and what else may be written for legs.

The selection rules of states are held against the double groups of the Bilbao tables (irreptables).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from ase.spacegroup import crystal as build
from class_crystals import CLASSES, class_crystal
from jsonschema import Draft202012Validator
from test_isoir import bilbao_files, read_bilbao

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import GrammarError, LabelError
from symchiral.irreps.axis import axis_at
from symchiral.irreps.kpoints import named_points
from symchiral.irreps.pam import Component, Turn, balanced
from symchiral.modes.species import find_species
from symchiral.study import Study

HALF = Fraction(1, 2)


@cache
def study(name: str) -> Study:
    return sc.read(name)


# --- what is read and what is refused -----------------------------------------------------------


def test_states_of_spin_half_on_a_three_fold_axis() -> None:
    rule = study("Bi2Se3").explain("e[1/2] Eu(+) -> e[3/2]")
    assert (rule.verdict, rule.umklapp, rule.necessary_only) == ("allowed", 0, True)
    assert "e[1/2]: spin ½" in rule.explain()
    # what a state carries mechanically is not known, so nothing is said of the lattice
    assert "to the lattice" not in rule.explain()
    assert study("Bi2Se3").explain("e[1/2] Eu(+) -> e[1/2]").reason.kind == "pam"
    # 3/2 + 1 = 5/2 ≡ −1/2; 5/2 is read as what it is
    rule = study("Bi2Se3").explain("e[3/2] Eu(+) -> e[5/2]")
    assert (rule.verdict, rule.umklapp) == ("allowed", 0)
    assert rule.id == "e[3/2] Eu(+) -> e[-1/2]"
    assert study("Bi2Se3").explain("e[-0.5] Eu(+) -> c[½]").id == "e[-1/2] Eu(+) -> c[1/2]"


def test_a_hole_carries_the_opposite_of_the_empty_state() -> None:
    """Direct absorption at K: the pair has the spin of the photon, and the hole is at −K."""
    mos2 = study("MoS2_monolayer_slab")
    rule = mos2.explain("E[s+] -> e[1/2]@K h[1/2]@K'")
    assert rule.verdict == "allowed"
    assert "the empty state has −1/2 at K" in rule.explain()
    assert mos2.explain("E[s-] -> e[1/2]@K h[1/2]@K'").reason.kind == "pam"
    assert mos2.explain("E[s+] -> e[1/2]@K h[1/2]@K").reason.kind == "momentum"
    assert mos2.explain("v[-1/2]@K E[s+] -> e[1/2]@K").verdict == "allowed"


def test_states_of_spin_half_are_even_in_number_and_of_one_kind() -> None:
    for text in ("e[1/2] -> Eu(+)", "e[1/2] -> X[0]", "e[1/2] h[1/2] -> e[3/2] A1g"):
        rule = study("Bi2Se3").explain(text)
        assert (rule.verdict, rule.reason.kind, rule.coefficients) == ("forbidden", "spin", 0)
        assert rule.to_record()["reason"]["kind"] == "spin"
    assert study("Bi2Se3").explain("X[1] -> e[1/2] h[1/2]").verdict == "allowed"
    assert study("Bi2Se3").explain("X[1] -> e[1] h[0]").verdict == "allowed"
    with pytest.raises(GrammarError, match=r"e\[1/2\] has spin ½, h\[1\] is without spin"):
        study("Bi2Se3").explain("X[1] -> e[1/2] h[1]")


def test_the_document_of_a_state_is_of_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    validator = Draft202012Validator(json.loads(schema("explain")))
    for name, transfer, kind in (
        ("Bi2Se3", "e[1/2] Eu(+) -> e[3/2]", "pam"),
        ("Bi2Se3", "e[1/2] Eu(+) -> e[1/2]", "pam"),
        ("Bi2Se3", "e[1/2] -> Eu(+)", "spin"),
        ("Bi2Se3", "X[1] Eu(-) -> X[0]", "pam"),
        ("Bi2Se3", "Eu(+) -> Eu:b(+)", "normal-mode"),
        ("Te_P3121", "e[1/2]@DT(u) DT2@DT(u) -> e[3/2]@DT(2u)", "pam"),
        ("MoS2_monolayer_slab", "E[s+] -> e[1/2]@K h[1/2]@K'", "pam"),
    ):
        assert main(["explain", name, transfer, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        validator.validate(document)
        channel = document["channel"]
        assert channel["reason"]["kind"] == kind
        known = channel["verdict"] == "forbidden"
        assert channel["coefficients"] == (0 if known else None)
        assert channel["invariant"] is None


REFUSED = {
    "e[1/4] -> e[1/4]": "half-integer for a state of spin ½",
    "e[1/0]@T -> Eg(+)": "not a pseudo-angular momentum",
    "e[2/3]@K -> e[2/3]@K": "not a pseudo-angular momentum",
    "e[0.3] -> e[0.3]": "not a pseudo-angular momentum",
    "e[nan] -> e[nan]": "not a pseudo-angular momentum",
    "e[1e9] -> e[1e9]": "not a pseudo-angular momentum",
    "e[] -> A1g": "not a pseudo-angular momentum",
    f"e[{10**400}] -> A1g": "not a pseudo-angular momentum",
    "e[σ+] -> A1g": "not a pseudo-angular momentum",
    "X[1/2] -> Eu(+)": "two half-integers add up to an integer",
    "X[1](+) -> Eu(+)": "nothing in parentheses",
    "e(1/2) -> e(1/2)": "stands in brackets",
    "e -> e": "stands in brackets",
    "Eu[1] -> Eu[1]": "component of a vibration in parentheses",
    "q[1/2] -> q[1/2]": "an electron (e, c, v)",
    "E[RCP] -> Eu(+)": "left-handed seen from the receiver",
    "E[l] -> Eu(+)": "left-handed seen from the receiver",
    "Eu(x) -> Eu(x)": "write one of Eu(+), Eu(-); Eu(x) is a combination of them",
    "0Eu(+) -> A1g": "from 1 to 20",
    "Eu(+)^21 -> A1g": "from 1 to 20",
    "9 9Eu(+)^9 -> A1g": "from 1 to 20",
    "Eu(+)^ -> A1g": "cannot read the quantum",
    f"{'9' * 5000}Eu(+) -> A1g": "no species",
    "2 -> A1g": "no species '2'",
    "+ -> A1g": "no species '+'",
    "Eu(+) + -> A1g": "no species '+'",
    "2 + Eu(+) -> A1g": "no species '+'",
}


@pytest.mark.parametrize("transfer", REFUSED, ids=lambda text: text[:20])
def test_other_forms_are_answered_with_the_right_one(transfer: str) -> None:
    with pytest.raises((GrammarError, LabelError)) as caught:
        study("Bi2Se3").explain(transfer)
    assert REFUSED[transfer].lower() in str(caught.value).lower()


def test_hostile_states_at_the_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    for transfer in ("e[1/0]@T -> Eg(+)", f"e[{10**400}] -> A1g", "e[1/4] -> e[1/4]"):
        assert main(["explain", "Bi2Se3", transfer]) == 1
        out, err = capsys.readouterr()
        assert not out
        assert REFUSED[transfer] in err
        assert "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    [
        "2Eu(+) -> Eg(-)",
        "2 Eu(+) -> Eg(-)",
        "2*Eu(+) → Eg(−)",
        "2×Eu(+) → Eg(-)",
        "Eu(+)^2 -> Eg(-)",
        "Eu(+)**2 -> Eg(-)",
        "Eu(+)² -> Eg(-)",
        "Eu(+) + Eu(+) -> Eg(-)",
        "Eu(+) ⊗ Eu(+) -> 1Eg(-)",
    ],
)
def test_equal_legs_may_be_written_once(text: str) -> None:
    assert study("Bi2Se3").explain(text).id == "Eu(+) Eu(+) -> Eg(-)"


def test_multiples_of_every_kind_of_leg() -> None:
    assert study("Bi2Se3").explain("E[s+]^2 -> Eg(-)").id == "E[σ+] E[σ+] -> Eg(-)"
    graphene = study("graphene_slab")
    assert graphene.explain("K5(+)@K^2 -> K5(-)@K'").id == "K5(+)@K K5(+)@K -> K5(-)@K'"
    assert graphene.explain("2c[1/2]@K -> 2c[1/2]@K").id == "c[1/2]@K c[1/2]@K -> c[1/2]@K c[1/2]@K"


# --- normal modes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "transfer", "kind"),
    [
        ("Bi2Se3", "Eu(+) -> Eu:b(+)", "normal-mode"),
        ("Bi2Se3", "A1g -> A1g:b", "normal-mode"),
        ("Bi2Se3", "A1g:b -> A1g", "normal-mode"),
        ("Bi2Se3", "Eu(+) -> Eu:b(-)", "pam"),
        ("Bi2Se3", "Eu(+) -> Eg(+)", "parity"),
        ("Bi2Se3", "Eu:c(+) -> Eu(+)", "translation"),
        ("Te_P3121", "DT2@DT(u) -> DT2:b@DT(u)", "normal-mode"),
        ("Si", "X1(1)@X -> X1(1)@X", None),
        ("Bi2Se3", "Eu(+) -> Eu(+)", None),
        ("Bi2Se3", "Eu:b(+) -> Eu:b(+)", None),
        ("Bi2Se3", "E[s+] -> Eu:b(+)", None),
        ("Bi2Se3", "Eu(+) A1g -> Eu:b(+)", None),
        ("Bi2Se3/phonopy.yaml", "Eu(1,+) -> Eu(2,+)", "normal-mode"),
        ("Bi2Se3/phonopy.yaml", "Eu(2,+) -> Eu(2,+)", None),
    ],
)
def test_two_different_normal_modes_have_no_bilinear_term(
    name: str, transfer: str, kind: str | None
) -> None:
    rule = study(name).explain(transfer)
    record = rule.to_record()
    assert record["verdict"] == ("allowed" if kind is None else "forbidden")
    assert record["reason"]["kind"] == (kind or "invariant")
    assert (record["coefficients"] == 0) == (record["invariant"] is None) == (kind is not None)


@pytest.mark.sweep
def test_no_bilinear_term_of_two_modes_in_any_class() -> None:
    """Every pair of copies of one species and component at the zone centre, all classes."""
    found: Counter[str] = Counter()
    for name in CLASSES:
        crystal = class_crystal(name)
        book = sc.read(crystal.input).rules()
        for species in book.species.values():
            if species.optical < 2:
                continue
            for a, b in itertools.product(species.components, repeat=2):
                same, other = (
                    book[f"{species.label}{_part(a)} -> {species.label}{copy}{_part(b)}"]
                    for copy in ("", ":b")
                )
                assert other.verdict == "forbidden"
                # without the definition of normal modes the group alone would decide
                assert same.allowed == (other.reason.kind == "normal-mode"), other
                found[other.reason.kind] += 1
    assert found == {"normal-mode": 220, "pam": 108, "parity": 40}


def _part(component: Component) -> str:
    return f"({component.name})" if component.name else ""


# --- laws ---------------------------------------------------------------------------------------


@pytest.mark.sweep
def test_an_electron_that_enters_is_a_hole_that_leaves() -> None:
    """Crossing: e with (j, k) on one side is h with −(j, k) on the other; so is an exciton a pair.

    Both kinds of states, rotation axes, S4 and screws, at the centre and the end of the axis.
    """
    cases = Counter[str]()
    for name, end in (
        ("graphene_slab", "K"), ("BPO4", "GM"), ("Te_P3121", "A"), ("PdS", "Z")
    ):  # fmt: skip
        here = study(name)
        axis = axis_at(here.crystal, here.axis, [here.point(end)])
        assert axis is not None
        n, s = axis.order, axis.screw
        ends = Fraction(s, 2) if end in ("A", "Z") else Fraction(0)
        phonons = [
            f"{x.label}{_part(c)}"
            for x in here.rules(q=f"{end} -{end} GM").species.values()
            if not x.place and x.optical
            for c in x.components
        ]
        for kind, phonon in itertools.product((HALF, Fraction(0)), phonons):
            js = [balanced(kind + ends + m, n) for m in range(n)]
            for i, f in itertools.product(js, repeat=2):
                first = here.explain(f"e[{i}]@{end} {phonon} -> c[{f}]@{end}")
                crossed = here.explain(f"{phonon} -> c[{f}]@{end} h[{-i}]@-{end}")
                x = balanced(f - i, n)
                pair = here.explain(f"{phonon} -> X[{x}]")
                assert first.verdict == crossed.verdict, (name, i, phonon, f)
                if pair.axis is not None and pair.axis.order == n:
                    assert pair.verdict == first.verdict, (name, i, phonon, f)
                    cases["pair"] += 1
                assert (first.umklapp is not None) == first.allowed
                cases[first.verdict] += 1
    assert cases == {"allowed": 138, "forbidden": 372, "pair": 456}


# --- agreement with double groups ---------------------------------------------------------------

SHARE = 11
"""One in so many products is judged (a prime number: no pattern is missed); 1 takes minutes."""

CYCLIC = (3, 4, 75, 76, 77, 78, 79, 80, 81, 82, 143, 144, 145, 146, 168, 169, 170, 171, 172, 173)
"""Groups of one axis: 2, 2₁, 4, 4₁, 4₂, 4₃, -4, 3, 3₁, 3₂, 6, 6₁ … 6₅, primitive and centred."""


@cache
def cyclic(number: int) -> Study:
    """A crystal of a group of one axis, its atom in a general position."""
    cell = [5.1, 5.1, 7.3, 90, 90, 120 if number > 142 else 90]
    if number < 75:
        cell = [5.1, 7.3, 6.2, 90, 101, 90]
    places = [(0.21, 0.13, 0.05), (0.42, 0.07, 0.31), (0.11, 0.38, 0.77)]
    atoms = build("SeOSi", places, spacegroup=number, cellpar=cell)
    found = sc.read(atoms)
    assert found.crystal.group.number == number
    return found


class Tables:
    """Eigenvalues of the named operation, read from the tables of a group."""

    def __init__(self, number: int, *, spin: bool) -> None:
        folder = bilbao_files("tables")[str(number)]
        path = folder.replace("scal", "spin") if spin else folder
        _, self.rotations, self.translations, self.points = read_bilbao(path)
        self.spin = None
        if spin:
            with open(path, encoding="utf-8") as stream:
                rows = [x.split() for x in stream.read().split("symmetries=")[1].splitlines()]
            matrices = np.array([x[12:20] for x in rows if len(x) == 20], dtype=float)
            self.spin = (matrices[:, :4] * np.exp(1j * np.pi * matrices[:, 4:])).reshape(-1, 2, 2)

    def eigenvalues(self, crystal: SymmetricCrystal, turn: Turn, label: str) -> list[complex]:
        """Of every one-dimensional irrep at a point, for the operation of the axis."""
        wavevector, members, irreps = self.points[label]
        group = crystal.group
        g = group.standard_operations[turn.index]
        (i,) = (i for i in members if (self.rotations[i] == g.rotation).all())
        lattice = group.centring @ np.array(turn.lattice)
        lattice = lattice + np.array([float(x) for x in g.translation]) - self.translations[i]
        phase = np.exp(-2j * np.pi * wavevector @ lattice)
        sign = 1.0
        if self.spin is not None and abs(np.trace(self.spin[i])) > 1e-3:
            # of the two operations of the double group that one which is nearer to doing nothing
            sign = np.sign(np.trace(self.spin[i]).real)
        at = list(members).index(i)
        # Bilbao writes exp(+2πi k·t): conjugate
        single = [x for x in irreps.values() if abs(x[0] - 1) < 1e-3]
        return [sign * complex(np.conj(x[at])) * phase for x in single]


def number_of(value: complex, n: int) -> Fraction:
    """L of an eigenvalue exp(−2πi l/n), to halves."""
    l = -n * np.angle(value) / (2 * np.pi)
    assert abs(2 * l - round(2 * l)) < 1e-2
    return balanced(Fraction(round(2 * l), 2), n)


def named(turn: Turn, l: Fraction, q: QPoint) -> Fraction:
    """The number in a name: l₀ = l − s u, but l itself where l₀ is a matter of choice."""
    return l if turn.ambiguous(q) else balanced(l - turn.shift(q).coordinates[2], turn.order)


def check_cyclic(number: int, found: Counter[str]) -> None:
    here = cyclic(number)
    crystal = here.crystal
    single, double = Tables(number, spin=False), Tables(number, spin=True)
    special = (p for p in named_points(crystal.group) if p.kdim == 0)
    points = {p.label: p.q for p in special if p.label in double.points}
    names = {q.reduced: label for label, q in points.items()}
    for (a, first), (b, second) in itertools.product(points.items(), repeat=2):
        q = (second - first).reduced
        axis = axis_at(crystal, here.axis, [first, second, q])
        if axis is None or q not in names:
            continue
        n, turn, at = axis.order, axis.turn, names[q]
        legs = {
            Fraction(c.pam): f"{s.label}{_part(c)}@{at}"
            for s in find_species(crystal, axis, points[at])
            for c in s.components
            if c.pam is not None
        }
        for tables in (single, double):
            into, out = (tables.eigenvalues(crystal, turn, x) for x in (a, b))
            phonons = single.eigenvalues(crystal, turn, at)
            for v, w, phonon in itertools.product(into, out, phonons):
                found["all"] += 1
                if found["all"] % SHARE:
                    continue
                i, f = (named(turn, number_of(x, n), q) for x, q in ((v, first), (w, second)))
                rule = here.explain(f"e[{i}]@{a} {legs[number_of(phonon, n)]} -> c[{f}]@{b}")
                states = [x.participant for x in rule.channel.coupling if x.participant.known]
                assert [x.spinor for x in states] == [tables is double] * 2
                expected = abs(v * phonon * np.conj(w) - 1) < 1e-2
                assert rule.allowed == expected, (number, rule.id, v, phonon, w)
                found[f"{'spin ½' if tables is double else 'no spin'}, {rule.verdict}"] += 1


@pytest.mark.sweep
@pytest.mark.oracle
def test_selection_rules_of_states_are_those_of_the_double_groups() -> None:
    found: Counter[str] = Counter()
    for number in CYCLIC:
        check_cyclic(number, found)
    # 37,776 in all, judged once: 11,168 allowed, the others forbidden, as the tables say
    assert found == {
        "all": 37776,
        "no spin, allowed": 446,
        "no spin, forbidden": 1249,
        "spin ½, allowed": 528,
        "spin ½, forbidden": 1211,
    }


def restricted(
    tables: Tables, crystal: SymmetricCrystal, turn: Turn, name: str
) -> Counter[Fraction]:
    """How often each number occurs in a spinor irrep at the zone centre, by characters of powers.

    Powers of the operation are taken in the double group, by the 2×2 matrices of the table.
    """
    assert tables.spin is not None
    _, members, irreps = tables.points["GM"]
    rotation = crystal.group.standard_operations[turn.index].rotation
    (i,) = (i for i in members if (tables.rotations[i] == rotation).all())
    sign = np.sign(np.trace(tables.spin[i]).real) if abs(np.trace(tables.spin[i])) > 1e-3 else 1.0
    matrix, power, characters = np.eye(2), np.eye(3, dtype=int), []
    for _ in range(2 * turn.order):
        (k,) = (k for k in members if (tables.rotations[k] == power).all())
        lift = np.vdot(tables.spin[k], matrix).real / 2
        assert abs(abs(lift) - 1) < 1e-3
        characters.append(np.sign(lift) * irreps[name].conj()[list(members).index(k)])
        matrix, power = sign * tables.spin[i] @ matrix, rotation @ power
    found: Counter[Fraction] = Counter()
    for twice in range(-turn.order + 1, turn.order + 1):
        phases = np.exp(2j * np.pi * np.arange(2 * turn.order) * twice / (2 * turn.order))
        # the matrices of the table belong to exp(+2πi k·t) too: conjugate
        count = np.mean(phases * np.array(characters))
        assert abs(count - round(count.real)) < 1e-2
        if round(count.real):
            found[Fraction(twice, 2)] = round(count.real)
    return found


@pytest.mark.sweep
@pytest.mark.oracle
def test_what_a_double_group_allows_some_states_are_allowed() -> None:
    """All classes with an axis: a ⊗ phonon ⊗ b* holds the identity only if some numbers conserve l.

    Products of whole spinor irreps at the zone centre, over the whole double group.
    """
    found: Counter[str] = Counter()
    for name in CLASSES:
        crystal = class_crystal(name)
        here = sc.read(crystal.input)
        if here.axis is None:
            continue
        turn = here.axis.turn
        tables = Tables(crystal.group.number, spin=True)
        _, members, irreps = tables.points["GM"]
        order = [
            next(
                g
                for g, x in enumerate(crystal.group.standard_operations)
                if (x.rotation == tables.rotations[i]).all()
            )
            for i in members
        ]
        numbers = {x: restricted(tables, crystal, turn, x) for x in irreps}
        for x, held in numbers.items():
            assert all(j.denominator == 2 for j in held), (name, x, held)
            assert held.total() == round(irreps[x][0].real)
        judged: dict[tuple[Fraction, str, Fraction], bool] = {}
        for a, species, b in itertools.product(irreps, here.species(), irreps):
            characters = species.participant.characters[order]
            product = np.mean(irreps[a].conj() * characters * irreps[b]).real
            some = False
            for i, c, f in itertools.product(numbers[a], species.components, numbers[b]):
                key = (i, f"{species.label}{_part(c)}", f)
                if key not in judged:
                    judged[key] = here.explain(f"e[{i}] {key[1]} -> c[{f}]").umklapp is not None
                some |= judged[key]
            assert some or product < 1e-3, (name, a, species, b)
            found["allowed" if product > 0.1 else "by l alone" if some else "forbidden"] += 1
    assert found == {"allowed": 959, "by l alone": 965, "forbidden": 2047}
