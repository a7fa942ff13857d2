"""Facts: published, or derived by hand in a few lines, each with its source or its derivation."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from class_crystals import by_name, class_axis, class_crystal, parts_of, read, reason_of, residue

import symchiral as sc
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import count_coefficients, judge
from symchiral.engine.reason import Reason
from symchiral.fields.polar import electric_field
from symchiral.irreps.axis import Axis
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.rules.budget import pam_sense, umklapp

Floats = npt.NDArray[np.float64]


def species(schoenflies: str, name: str) -> Participant:
    return by_name(zone_centre(class_crystal(schoenflies).group), name)


def component(p: Participant, name: str, axis: Axis | None) -> Component:
    return next(c for c in parts_of(p, axis) if c.name == name)


# --- how many coefficients ---------------------------------------------------------------------

#: Real coefficients of a cubic coupling with the first species twice the same mode. By characters:
#: [E²]_sym contains A1 and, in the classes below, one more E (n = 3, 6) or B's (n = 4); a class
#: without vertical mirrors and horizontal two-fold axes has complex pairs, hence twice as many.
COEFFICIENTS = [
    ("D3d", "Eu Eu Eg", 1),
    ("C3i", "Eu Eu Eg", 2),
    ("D3", "E E E:b", 1),
    ("D3", "E E E", 1),
    ("C3v", "E E E:b", 1),
    ("C3v", "E E E", 1),
    ("C3", "E E E:b", 2),
    ("C3", "E E E", 2),
    ("D3h", "E' E' E'", 1),
    ("D3h", "E' E' E':b", 1),
    ("D3h", "E' E' E''", 0),
    # PAM: ±1 ±1 never gives ±1 mod 4.
    ("D4h", "Eu Eu Eg", 0),
    ("D4h", "Eu Eu A1g", 1),
    ("D4h", "Eu Eu B1g", 1),
    ("D4h", "Eu Eu B2g", 1),
    # Q_x Q'_y − Q_y Q'_x vanishes for one and the same mode.
    ("D4h", "Eu Eu A2g", 0),
    ("D4h", "Eu Eu:b A2g", 1),
    ("C4h", "Eu Eu Bg", 2),
    ("D6h", "E1u E1u E2g", 1),
    ("D6h", "E1u E1u E1g", 0),
    ("C6h", "E1u E1u E2g", 2),
    # The pseudoscalar of D2d: xyz is A1, so xy transforms like z and x² − y² like the B1 of S4.
    ("D2d", "E E B1", 1),
    ("D2d", "E E B2", 1),
    ("S4", "E E B", 2),
]


@pytest.mark.parametrize(("schoenflies", "legs", "expected"), COEFFICIENTS)
def test_number_of_coefficients(schoenflies: str, legs: str, expected: int) -> None:
    modes = [(*leg.split(":"), "a")[:2] for leg in legs.split()]
    slots: dict[tuple[str, ...], list[int]] = {}
    for i, mode in enumerate(modes):
        slots.setdefault(mode, []).append(i)
    participants = [species(schoenflies, name) for name, _ in modes]
    equal = tuple(map(tuple, slots.values()))
    assert count_coefficients(participants, [0, 0, 0], equal) == expected


# --- the full group forbids more than PAM ------------------------------------------------------


def coupling(schoenflies: str, transfer: str) -> Coupling:
    """A transfer of a class, ``E(+) E(+) -> B``, with Mulliken names and PAM components."""
    axis = class_axis(schoenflies)
    legs = []
    for side, text in enumerate(transfer.split("->")):
        for word in text.split():
            head, _, inside = word.partition("(")
            name, _, copy = head.partition(":")
            p = species(schoenflies, name)
            part = component(p, inside.rstrip(")"), axis)
            legs.append(Leg(p, part, "abc".index(copy or "a"), outgoing=side == 1))
    return Coupling(tuple(legs))


@pytest.mark.parametrize(
    ("schoenflies", "transfer", "kind", "order", "symbol"),
    [
        ("C4v", "A1 A1 -> A2", "parity", 2, "m"),  # any mirror containing the axis
        ("C4v", "A1 A1:b -> A2", "parity", 2, "m"),
        ("D4h", "Eu(+) Eu(-) -> A2g", "exchange", None, ""),  # Q+Q- is even under Q+ <-> Q-
        ("D3h", "E'(+) E'(+) -> E''(-)", "parity", 2, "m001"),  # σ_h
        ("D3h", "E'(+) E':b(+) -> E''(-)", "parity", 2, "m001"),
        # E x E of different modes does contain A2g.
        ("D4h", "Eu(+) Eu:b(-) -> A2g", "invariant", None, ""),
    ],
)
def test_where_pam_allows_and_the_full_group_forbids(
    schoenflies: str, transfer: str, kind: str, order: int | None, symbol: str
) -> None:
    axis = class_axis(schoenflies)
    channel = read(coupling(schoenflies, transfer), axis)
    assert channel.umklapp is not None  # PAM is conserved
    assert channel.verdict.word == ("allowed" if kind == "invariant" else "forbidden")
    if kind == "invariant":
        return
    reason = reason_of(channel, axis)
    assert reason.kind == kind
    if order is not None:
        (witness,) = reason.witnesses
        operation = class_crystal(schoenflies).group.operations[witness.operation]
        assert operation.order == order
        assert operation.determinant == -1
        assert witness.seitz.startswith("{" + symbol)
        assert witness.phase == Fraction(1, 2)


#: Section "the rule": axis order, transfer as (l in, l out), U and sense; and a class to judge in.
EXAMPLES = [
    (3, "C3v", "E(+) E(+) -> E(-)", 1, "flipped"),
    (3, "C3", "E(+) E(+) -> E(-)", 1, "flipped"),
    (4, "C4v", "E(+) E(+) -> B1", 0, "neutral"),
    (4, "C4", "E(+) E(+) -> B", 0, "neutral"),
    (4, "C4", "E(+) B -> E(-)", 0, "flipped"),
    (4, "C4", "E(+) E(+) E(+) -> E(-)", 1, "flipped"),
    (4, "S4", "E(+) E(+) E(+) -> E(-)", 1, "flipped"),
    (6, "C6v", "E1(+) E1(+) -> E2(+)", 0, "kept"),
    (6, "C6", "E1(+) E1(+) -> E2(+)", 0, "kept"),
    (6, "C6", "E2(+) E2(+) -> E2(-)", 1, "flipped"),
    (3, "C3", "A E(+) -> E(+)", 0, "kept"),
    (4, "C4", "A E(+) -> E(+)", 0, "kept"),
    (3, "C3", "E(+) E(-) -> A", 0, "neutral"),
    (6, "C6", "E1(+) E1(-) -> A", 0, "neutral"),
    (2, "C2", "B B -> A", 0, "neutral"),
    (2, "C2", "B A -> B", 0, "neutral"),
]


@pytest.mark.parametrize(("n", "schoenflies", "transfer", "u", "sense"), EXAMPLES)
def test_examples_of_the_rule(n: int, schoenflies: str, transfer: str, u: int, sense: str) -> None:
    """By arithmetic mod n, and by the engine."""
    found = coupling(schoenflies, transfer)
    axis = class_axis(schoenflies)
    assert axis is not None
    assert axis.order == n
    into = [Fraction(residue(leg.component) or 0) for leg in found.incoming]
    out = [Fraction(residue(leg.component) or 0) for leg in found.outgoing]
    assert umklapp(into, out, n) == u
    assert pam_sense(into, out, n) == sense
    channel = read(found, axis)
    assert channel.verdict.word == "allowed"
    assert (channel.umklapp, channel.pam_sense) == (u, sense)


@pytest.mark.parametrize(
    ("schoenflies", "transfer"),
    [("C3", "E(+) E(+) -> E(+)"), ("C4", "E(+) E(+) -> E(-)"), ("C6", "E1(+) E1(+) -> E2(-)")],
)
def test_without_conservation_there_is_no_umklapp_number(schoenflies: str, transfer: str) -> None:
    channel = read(coupling(schoenflies, transfer), class_axis(schoenflies))
    assert channel.verdict.word == "forbidden"
    assert channel.umklapp is None


# --- circular light ----------------------------------------------------------------------------

RAMAN = {
    # Created l = σ_in − σ_out mod n: a mode keeps (k) the photon spin, reverses (r) it, or neither.
    "C3": {"A": "k", "E(+)": "r", "E(-)": "r"},
    "C3v": {"A1": "k", "A2": "", "E(+)": "r", "E(-)": "r"},
    "C4": {"A": "k", "B": "r", "E(+)": "", "E(-)": ""},
    "S4": {"A": "k", "B": "r", "E(+)": "", "E(-)": ""},
    "C6": {"A": "k", "B": "", "E1(+)": "", "E1(-)": "", "E2(+)": "r", "E2(-)": "r"},
}
CUBIC_RAMAN = {
    "0,0,1": {"A1g": "k", "A2g": "", "Eg(0)": "k", "Eg(2)": "r", "T1g(0)": ""}
    | {"T1g(+)": "", "T1g(-)": "", "T2g(2)": "r", "T2g(+)": "", "T2g(-)": ""},
    "1,1,1": {"A1g": "k", "A2g": "", "Eg(+)": "r", "Eg(-)": "r", "T1g(0)": ""}
    | {"T1g(+)": "", "T1g(-)": "", "T2g(0)": "k", "T2g(+)": "r", "T2g(-)": "r"},
}


def light(schoenflies: str) -> Participant:
    return electric_field(class_crystal(schoenflies).group)


def raman(field: Participant, axis: Axis, *, same: bool) -> Iterator[tuple[int, int, Leg, str]]:
    """Judge σ_in → σ_out plus one quantum, for all gerade-like species of the class.

    ``same`` judges the symmetric tensor (far from resonance both photons are one and the same
    field), else the general one.
    """
    for p in zone_centre(field.group):
        for part in parts_of(p, axis):
            for s, t in itertools.product("+-", repeat=2):
                legs = (
                    Leg(field, component(field, s, axis)),
                    Leg(field, component(field, t, axis), 0 if same else 1, outgoing=True),
                    Leg(p, part, outgoing=True),
                )
                word = judge(Coupling(legs)).word
                yield int(s + "1"), int(t + "1"), legs[2], word


def check_raman(expected: dict[str, str], field: Participant, axis: Axis) -> None:
    symmetric: dict[str, set[str]] = {}
    for into, out, leg, word in raman(field, axis, same=True):
        symmetric.setdefault(leg.label, set())
        if word == "allowed":
            symmetric[leg.label].add("k" if into == out else "r")
    found = {name: "".join(sorted(symmetric[name])) for name in expected}
    assert found == expected
    judged = 0
    for same in (True, False):
        for into, out, leg, word in raman(field, axis, same=same):
            l = residue(leg.component)
            assert l is not None
            if word == "allowed":
                assert (into - out - l) % axis.order == 0
                judged += 1
    assert judged > 0


@pytest.mark.parametrize("schoenflies", RAMAN)
def test_circular_raman(schoenflies: str) -> None:
    """Conservation of PAM along an n-fold axis: the photons hand l = σ_in − σ_out to the mode."""
    axis = class_axis(schoenflies)
    assert axis is not None
    check_raman(RAMAN[schoenflies], light(schoenflies), axis)


def test_an_incoming_right_spin_creates_left_pam() -> None:
    """C3: σ+ in, σ− out hands 2 ≡ −1 to the crystal."""
    axis = class_axis("C3")
    assert axis is not None
    field = light("C3")
    created = {
        leg.label
        for into, out, leg, word in raman(field, axis, same=True)
        if (into, out) == (1, -1) and word == "allowed"
    }
    assert created == {"E(-)"}


@pytest.mark.parametrize("wanted", CUBIC_RAMAN)
def test_circular_raman_of_cubic_crystals(wanted: str) -> None:
    """Oh along [001] and [111]; T2g is yz, zx, xy and Eg is 3z² − r², x² − y²."""
    axis = class_axis("Oh", wanted)
    assert axis is not None
    assert axis.order == (4 if wanted == "0,0,1" else 3)
    check_raman(CUBIC_RAMAN[wanted], light("Oh"), axis)


def test_circular_raman_on_a_two_fold_axis() -> None:
    """C2: the tensor of A has x² + y² (keeps the spin) and x² − y², xy (reverse it).

    Circular light is not an eigenvector there: E in Cartesian coordinates of the crystal instead.
    """
    crystal, axis = class_crystal("C2"), class_axis("C2")
    assert axis is not None
    field = replace(
        electric_field(crystal.group), matrices=crystal.rotations[:, None].astype(complex)
    )
    z = axis.direction
    x = np.cross(z, [1.0, 0.2, 0.1])
    x /= np.linalg.norm(x)
    plus = (x + 1j * np.cross(z, x)) / np.sqrt(2)
    whole = parts_of(field, axis)[0]
    light = {1: replace(whole, basis=plus[:, None]), -1: replace(whole, basis=plus.conj()[:, None])}
    found: dict[str, set[tuple[int, int]]] = {"A": set(), "B": set()}
    for p in zone_centre(crystal.group):
        for s, t in itertools.product((1, -1), repeat=2):
            legs = (
                Leg(field, light[s]),
                Leg(field, light[t], outgoing=True),
                Leg(p, parts_of(p, axis)[0], outgoing=True),
            )
            if judge(Coupling(legs)).word == "allowed":
                found[p.name].add((s, t))
    assert found == {"A": set(itertools.product((1, -1), repeat=2)), "B": set()}


@pytest.mark.parametrize("schoenflies", ["C3", "C3v", "C4", "C4v", "C6", "C6v", "S4"])
def test_harmonics_of_circular_light(schoenflies: str) -> None:
    """m quanta σ+ give one σ' = ±1 with m ≡ σ' mod n, along the axis only l = 0 (S4: 2).

    Tang and Rabin, Phys. Rev. B 3, 4025 (1971): m = kn ± 1. A mirror containing the axis takes
    σ+ to σ− and forbids nothing of this.
    """
    axis = class_axis(schoenflies)
    assert axis is not None
    n = axis.order
    field = light(schoenflies)
    along = next(c for c in parts_of(field, axis) if c.name not in ("+", "-"))
    found: dict[int, set[str]] = {}
    highest = 7 if schoenflies in ("C3", "C4", "C6") else 5
    for m in range(1, highest + 1):
        driven = (Leg(field, component(field, "+", axis)),) * m
        for out in (*(component(field, s, axis) for s in "+-"), along):
            emitted = Leg(field, out, copy=1, outgoing=True)
            if judge(Coupling((*driven, emitted))).word == "allowed":
                found.setdefault(m, set()).add(out.name if out is not along else "z")
    transverse = {m: names & {"+", "-"} for m, names in found.items() if names & {"+", "-"}}
    expected = {
        3: {1: {"+"}, 2: {"-"}, 4: {"+"}, 5: {"-"}, 7: {"+"}},
        4: {1: {"+"}, 3: {"-"}, 5: {"+"}, 7: {"-"}},
        6: {1: {"+"}, 5: {"-"}, 7: {"+"}},
    }[n]
    assert transverse == {m: names for m, names in expected.items() if m <= highest}
    assert all((m - 1) % n == 0 or (m + 1) % n == 0 for m in transverse)
    l = residue(along)
    assert {m for m, names in found.items() if "z" in names} == {
        m for m in range(1, highest + 1) if (m - (l or 0)) % n == 0
    }


# --- Bi2Se3 ------------------------------------------------------------------------------------


@cache
def study(name: str) -> sc.Study:
    return sc.read(name)


def counts(name: str) -> tuple[dict[str, int], dict[str, int]]:
    found = study(name).species()
    return {s.label: s.count for s in found}, {s.label: s.acoustic for s in found if s.acoustic}


def test_bi2se3_modes() -> None:
    """2 A1g + 2 Eg + 3 A2u + 3 Eu; three translations A2u + Eu (Richter et al., 1977)."""
    modes, acoustic = counts("Bi2Se3")
    assert modes == {"A1g": 2, "Eg": 2, "A2u": 3, "Eu": 3}
    assert acoustic == {"A2u": 1, "Eu": 1}
    assert str(study("Bi2Se3").axis) == "Axis(3 rotation, along (0.000, 0.000, 1.000))"


def test_bi2se3_atoms_turn_with_pam() -> None:
    """Every atom sits on a three-fold axis: J = l exactly."""
    for s in study("Bi2Se3").species():
        for part, motion in zip(s.components, s.motions, strict=True):
            assert motion.value == pytest.approx(residue(part), abs=1e-9)
            assert all(low == pytest.approx(high, abs=1e-9) for _, low, high in motion.sites)


def test_bi2se3_flips_the_rotation() -> None:
    """Minakova et al., Nature Physics 2026, doi 10.1038/s41567-026-03274-8.

    Eu driven anticlockwise at 2 THz makes Eg rotate clockwise at 4 THz: 2ħ in, −1ħ out, 3ħ to the
    lattice.
    """
    rule = study("Bi2Se3").rules()["Eu(+) Eu(+) -> Eg(-)"]
    assert (rule.verdict, rule.coefficients, rule.umklapp) == ("allowed", 1, 1)
    assert (rule.pam_sense, rule.rotation_sense, rule.am_transfer) == ("flipped", "flipped", 3.0)
    assert rule.pump == ("infrared:+", "infrared:+")
    assert "raman:+-" in rule.probe
    wrong = study("Bi2Se3").rules()["Eu(+) Eu(+) -> Eg(+)"]
    assert (wrong.verdict, wrong.reason.kind, wrong.umklapp) == ("forbidden", "pam", None)


def test_bi2se3_invariant() -> None:
    """V = c (Q+² g+ + Q−² g−), c real because a mirror takes + to −."""
    rule = study("Bi2Se3").rules()["Eu(+) Eu(+) -> Eg(-)"]
    assert rule.invariant is not None
    (polynomial,) = rule.invariant.polynomials
    found = {
        frozenset((c.name, c.component, power) for c, power in term.factors): term.coefficient
        for term in polynomial
    }
    assert found == {
        frozenset({("Eu", "+", 2), ("Eg", "+", 1)}): 1,
        frozenset({("Eu", "-", 2), ("Eg", "-", 1)}): 1,
    }


def test_bi2se3_invariant_in_cartesian_coordinates() -> None:
    """Re[(Qx+iQy)²(gx+igy)] with x in a mirror plane, Im with x along a two-fold axis.

    Q is polar; g is the displacement of an upper atom, the lower one moves oppositely, so an
    operation that exchanges them reverses g. For an axial (Rx, Ry) Re and Im change places. A
    second derivation, with the operations of D3d as Cartesian matrices.
    """
    crystal = study("Bi2Se3").crystal
    operations = crystal.rotations
    rng = np.random.default_rng(5)
    q, g = rng.normal(size=(2, 2))

    def kept(x: Floats, *, axial: bool) -> set[str]:
        frame = np.array([x, np.cross([0, 0, 1], x), [0, 0, 1]])
        values = []
        for r in frame @ operations @ frame.T:
            sign = np.linalg.det(r) if axial else r[2, 2]
            moved_q, moved_g = r[:2, :2] @ q, sign * r[:2, :2] @ g
            values.append(complex(*moved_q) ** 2 * complex(*moved_g))
        array = np.array(values)
        names = {"Re": array.real, "Im": array.imag}
        return {name for name, v in names.items() if np.ptp(v) < 1e-9}

    mirror = next(r for r in operations if np.trace(r) > 0.5 and np.linalg.det(r) < 0)
    values, vectors = np.linalg.eigh((mirror + mirror.T) / 2)
    along_two_fold = vectors[:, int(np.argmin(values))]  # normal of the mirror, a C2 by inversion
    in_mirror = np.cross([0, 0, 1], along_two_fold)
    assert len(operations) == 12
    assert kept(in_mirror, axial=False) == {"Re"}
    assert kept(along_two_fold, axial=False) == {"Im"}
    assert kept(in_mirror, axial=True) == {"Im"}
    assert kept(along_two_fold, axial=True) == {"Re"}


def test_bi2se3_sum_channel_and_rectification() -> None:
    """Q+ Q− A: Eu(+)Eu(−) → A1g at 2Ω needs both helicities; Eu(±)A1g → Eu(±) keeps either."""
    book = study("Bi2Se3").rules()
    total = book["Eu(+) Eu(-) -> A1g"]
    assert (total.verdict, total.coefficients, total.am_transfer) == ("allowed", 1, 0.0)
    assert total.invariant is not None
    (polynomial,) = total.invariant.polynomials
    assert [{(c.name, c.component) for c, _ in t.factors} for t in polynomial] == [
        {("Eu", "+"), ("Eu", "-"), ("A1g", "")}
    ]
    assert book["Eu(+) Eu(+) -> A1g"].reason.kind == "pam"
    for sign in "+-":
        rectified = book[f"Eu({sign}) -> Eu({sign}) A1g"]
        assert (rectified.verdict, rectified.pam_sense) == ("allowed", "kept")
        assert book[f"Eu({sign}) A1g -> Eu({sign})"].coefficients == 1


@pytest.mark.parametrize(
    "transfer",
    [
        "Eu(+) Eu(-) -> A2u",
        "Eu(+) Eu(+) -> Eu(-)",
        "Eu(+) Eu:b(+) -> Eu(-)",
        "Eu(+) A2u -> Eu(+)",
        "A2u A2u -> A2u",
    ],
)
def test_bi2se3_three_odd_modes_never_couple(transfer: str) -> None:
    """Inversion multiplies a product of three ungerade coordinates by −1."""
    rule = study("Bi2Se3").rules()[transfer]
    assert rule.verdict == "forbidden"
    reason: Reason = rule.reason
    assert reason.kind == "parity"
    (witness,) = reason.witnesses
    assert (witness.seitz, witness.phase) == ("{-1|0}", Fraction(1, 2))


def test_bi2se3_acoustic_modes_couple_to_nothing() -> None:
    """Of three Eu one is a rigid translation: a third different Eu says so before anything else."""
    rule = study("Bi2Se3").rules()["Eu(+) Eu:b(+) -> Eu:c(-)"]
    assert (rule.verdict, rule.reason.kind, rule.acoustic_only) == (
        "forbidden",
        "translation",
        True,
    )


def records(found: sc.Study) -> list[tuple[object, ...]]:
    return [
        (r.id, r.verdict, r.coefficients, r.umklapp, r.pam_sense, r.rotation_sense, r.am_transfer)
        for r in found.rules().everything
    ]


def test_twins_turn_alike() -> None:
    """A half-turn about c changes the sign of c, not one verdict or sense (films grow as twins)."""
    crystal = study("Bi2Se3").crystal.input
    turned = sc.Crystal.of(
        crystal.cell, crystal.positions * [-1, -1, 1] % 1, crystal.numbers, source=crystal.source
    )
    twin = sc.read(turned)
    assert twin.crystal.group.number == 166
    # Really the twin: it does not fall on the original.
    here, there = crystal.positions % 1, turned.positions
    offset = here[:, None] - there[None]
    assert np.any(np.abs(offset - np.rint(offset)).max(axis=2).min(axis=1) > 0.05)
    assert records(twin) == records(study("Bi2Se3"))
    # (Qx+iQy)²(gx+igy) → −1 times itself: Q and g are both odd under the half-turn.
    assert complex(-1) ** 2 * complex(-1) == -1


# --- other crystals ----------------------------------------------------------------------------


def test_mgb2_keeps_pam_and_reverses_its_atoms() -> None:
    """P6/mmm: E1u(+)² → E2g(+) without Umklapp, yet J goes from +1 to −1.

    Boron sits on three-fold axes only, about which l = 2 is −1.
    """
    rule = study("MgB2").rules()["E1u(+) E1u(+) -> E2g(+)"]
    assert (rule.verdict, rule.umklapp, rule.pam_sense) == ("allowed", 0, "kept")
    assert rule.rotation_sense == "flipped"
    j_in = [rule.motion(leg).value for leg in rule.channel.coupling.incoming]
    j_out = [rule.motion(leg).value for leg in rule.channel.coupling.outgoing]
    assert j_in == [pytest.approx(1), pytest.approx(1)]
    assert j_out == [pytest.approx(-1)]
    assert rule.am_transfer == pytest.approx(3)


DECOMPOSITIONS = {
    # Textbook factor-group analysis, acoustic A2 + E included.
    "Te_P3121": {"A1": 1, "A2": 2, "E": 3},
    "Te_P3221": {"A1": 1, "A2": 2, "E": 3},
    "Se": {"A1": 1, "A2": 2, "E": 3},
    "HgS_cinnabar": {"A1": 2, "A2": 4, "E": 6},
    "HgS_cinnabar_P3121": {"A1": 2, "A2": 4, "E": 6},
    "SiO2_quartz_P3121": {"A1": 4, "A2": 5, "E": 9},
    "SiO2_quartz_P3221": {"A1": 4, "A2": 5, "E": 9},
}


@pytest.mark.parametrize("name", DECOMPOSITIONS)
def test_chiral_crystals(name: str) -> None:
    """Te, α-HgS, α-quartz: species at Γ, and the screw that names the hand."""
    modes, acoustic = counts(name)
    assert modes == DECOMPOSITIONS[name]
    assert acoustic == {"A2": 1, "E": 1}
    atoms = len(study(name).crystal.primitive)
    assert modes["A1"] + modes["A2"] + 2 * modes["E"] == 3 * atoms
    axis = study(name).axis
    assert axis is not None
    number = study(name).crystal.group.number
    assert (axis.symbol, axis.screw) == {152: ("3_1", 1), 154: ("3_2", -1)}[number]


@pytest.mark.parametrize(
    ("right", "left"),
    [
        ("Te_P3121", "Te_P3221"),
        ("HgS_cinnabar_P3121", "HgS_cinnabar"),
        ("SiO2_quartz_P3121", "SiO2_quartz_P3221"),
    ],
)
def test_hands_have_the_same_rules(right: str, left: str) -> None:
    """A mirror takes l → −l, and every channel has its partner with all signs reversed: so both
    hands have one table."""
    assert Counter(records(study(right))) == Counter(records(study(left)))
