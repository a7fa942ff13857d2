"""The atlas: rules of groups without crystals, against independent methods and against crystals."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from class_crystals import all_groups, class_axis, class_crystal
from magnetic_groups import cartesian, magnetic_crystal, point_groups

import symchiral as sc
from symchiral.answers.atlas import Atlas as Answer
from symchiral.cli import main
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.empty import empty_cell
from symchiral.crystal.search import SymmetricCrystal, find_symmetry, space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import AxisError, LabelError, LimitError, WavevectorError
from symchiral.irreps.axis import axis_at, find_axis, symmetry_axes
from symchiral.irreps.classes import CLASSES
from symchiral.irreps.kpoints import named_points
from symchiral.modes.species import find_species, group_species
from symchiral.reading.group_names import find_group
from symchiral.rules.rule import Rule
from symchiral.rules.waves import find_waves
from symchiral.study import atlas
from symchiral.value import Floats

Capture = pytest.CaptureFixture[str]


# ------------------------------------------------------------------ channels, by brute force


@cache
def real_irreps(group: SpaceGroup) -> tuple[Floats, ...]:
    """The real irreps of the point group, cut out of its regular representation.

    What commutes with it and is symmetric and random has them as eigenspaces. Nothing is known of
    names, characters, complex irreps or pseudo-angular momentum.
    """
    n = len(group)
    regular = np.zeros((n, n, n))
    for g, row in enumerate(group.products):
        regular[g, row, np.arange(n)] = 1
    x = np.random.default_rng(3).normal(size=(n, n))
    x = np.mean(regular @ (x + x.T) @ np.swapaxes(regular, 1, 2), axis=0)
    values, vectors = np.linalg.eigh(x)
    found: dict[tuple[int, ...], Floats] = {}
    for space in np.split(vectors, np.flatnonzero(np.diff(values) > 1e-9) + 1, axis=1):
        matrices = space.T @ regular @ space
        found.setdefault(characters(matrices), matrices)
    return tuple(found.values())


def characters(matrices: Floats) -> tuple[int, ...]:
    return tuple(np.rint(np.trace(matrices, axis1=1, axis2=2).real).astype(int).tolist())


class Brute:
    """Verdicts and numbers of coefficients of products at the zone centre, one group."""

    def __init__(self, rules: sc.Atlas) -> None:
        self.rules = rules
        self.axis = rules.axis
        known = {characters(m): m for m in real_irreps(rules.group)}
        self.irreps = {
            s.label: known[characters(s.participant.matrices[:, 0])] for s in rules.species
        }
        assert len(self.irreps) == len(known)
        self.averages: dict[object, Floats] = {}

    def average(self, names: tuple[str, ...], equal: tuple[tuple[int, ...], ...]) -> Floats:
        """The projector on invariant tensors that are symmetric in equal legs."""
        key = names, equal
        if key not in self.averages:
            parts = [self.irreps[name] for name in names]
            shape = [p.shape[1] for p in parts]
            total = parts[0]
            for p in parts[1:]:
                total = np.einsum("gij,gkl->gikjl", total, p).reshape(
                    len(p), total.shape[1] * p.shape[1], -1
                )
            mean = total.mean(axis=0).reshape(*shape, -1)
            for slots in equal:
                orders = list(itertools.permutations(slots))
                moved = []
                for order in orders:
                    place = list(range(len(names) + 1))
                    for a, b in zip(slots, order, strict=True):
                        place[a] = b
                    moved.append(mean.transpose(place))
                mean = sum(moved) / len(orders)
            self.averages[key] = mean
        return self.averages[key]

    def vectors(self, name: str, l: float | None) -> Floats:
        """The motions of one l: T(C_n) e = exp(−2πi l/n) e."""
        matrices = self.irreps[name]
        if self.axis is None or l is None:
            return np.eye(matrices.shape[1])
        n = self.axis.order
        named, power = matrices[self.axis.turn.index], np.eye(matrices.shape[1])
        projector = np.zeros_like(power, dtype=complex)
        for k in range(n):
            projector += np.exp(2j * np.pi * l * k / n) * power / n
            power = power @ named
        return projector

    def compare(self, rule: Rule) -> None:
        legs = list(rule.channel.coupling)
        names = tuple(leg.species for leg in legs)
        groups: dict[tuple[str, int], list[int]] = {}
        for i, leg in enumerate(legs):
            groups.setdefault((leg.species, leg.copy), []).append(i)
        mean = self.average(names, tuple(map(tuple, groups.values())))
        size = int(np.prod(mean.shape[:-1]))
        matrix = mean.reshape(size, size)
        part = matrix.T.reshape(*mean.shape[:-1], size)  # products of vectors into invariants
        for i, leg in enumerate(legs):
            v = self.vectors(leg.species, None if self.axis is None else leg.component.residue)
            v = v.conj() if leg.outgoing else v
            part = np.moveaxis(np.tensordot(part, v, (i, 0)), -1, i)
        allowed = bool(np.abs(part).max() > 1e-9)
        assert (rule.verdict == "allowed") == allowed, rule.id
        if allowed:
            assert rule.coefficients == np.linalg.matrix_rank(matrix, tol=1e-9), rule.id


def axes_of(name: str) -> list[str | None]:
    """A direction for every kind of axis of a class."""
    kinds: dict[str, str] = {}
    for axis in symmetry_axes(empty_cell(space_group(CLASSES[name]))):
        kinds.setdefault(axis.symbol, axis.along)
    return list(kinds.values()) or [None]


def compared(names: Iterable[str], order: int = 3) -> Counter[str]:
    counted = Counter[str]()
    for name, axis in [(x, axis) for x in names for axis in axes_of(x)]:
        rules = atlas(name, axis=axis, order=order)
        brute = Brute(rules)
        counted["axes"] += 1
        for rule in rules.everything:
            brute.compare(rule)
            counted[rule.verdict] += 1
            if rule.allowed:
                counted[rule.pam_sense] += 1
    return counted


def test_channels_equal_brute_force() -> None:
    few = ("C1", "Cs", "D2", "C3", "S4", "D2d", "C4v", "D3d", "C6", "D3h", "T")
    assert compared(few) == {
        "axes": 15,
        "allowed": 647,
        "forbidden": 2826,
        "flipped": 96,
        "kept": 102,
        "neutral": 437,
        "undefined": 12,
    }


@pytest.mark.sweep
def test_channels_of_all_classes_equal_brute_force() -> None:
    assert compared(CLASSES) == {
        "axes": 47,
        "allowed": 4583,
        "forbidden": 34024,
        "flipped": 746,
        "kept": 940,
        "neutral": 2877,
        "undefined": 20,
    }


@pytest.mark.sweep
def test_channels_of_fourth_order_equal_brute_force() -> None:
    few = ("C1", "Cs", "D2", "C3", "C3v", "C4", "S4", "D4", "C4v", "D2d")
    assert compared(few, 4) == {
        "axes": 12,
        "allowed": 1568,
        "forbidden": 4480,
        "flipped": 150,
        "kept": 320,
        "neutral": 1069,
        "undefined": 29,
    }


# ------------------------------------------------------------------ crystals


def told(rule: Rule) -> tuple[object, ...]:
    """What a rule says that does not depend on atoms."""
    return (
        rule.verdict,
        rule.coefficients,
        rule.umklapp,
        rule.pam_sense,
        rule.pump,
        rule.probe,
        rule.reason.kind,
        rule.invariant.text if rule.invariant else None,
    )


def compare_crystal(name: str) -> Counter[str]:
    """A crystal's rules are those of its group, of the species that it has."""
    study = sc.read(name)
    direction = None
    if study.axis is not None:
        frame = study.crystal.frame
        direction = frame.direction(study.axis.direction, to="standard", source="cartesian")
    rules = atlas(study.space_group, axis=direction)
    assert rules.group == study.crystal.group
    modes = {s.label: s.optical for s in study.species()}
    counted = Counter[str]()
    own = {rule.id: rule for rule in study.rules().everything}
    of_group = {
        rule.id: rule
        for rule in rules.everything
        if all(leg.copy < modes.get(leg.species, 0) for leg in rule.channel.coupling)
    }
    assert set(own) == set(of_group)
    for id, rule in own.items():
        assert told(rule) == told(of_group[id]), id
        counted[rule.verdict] += 1
        if of_group[id].rotation_sense == "none" and study.crystal.signs is None:
            assert rule.rotation_sense == "none"
            assert rule.am_transfer == of_group[id].am_transfer or rule.am_transfer is not None
            counted["cannot turn"] += 1
    return counted


def test_rules_of_a_crystal_are_those_of_its_group() -> None:
    few = ("Bi2Se3", "GaAs", "Te_P3121", "MnF2_AFM")
    total = sum(map(compare_crystal, few), Counter[str]())
    assert total == {"allowed": 128, "forbidden": 838, "cannot turn": 130}


@pytest.mark.sweep
def test_rules_of_every_shipped_crystal_are_those_of_its_group() -> None:
    total = sum(map(compare_crystal, sc.structure_names()), Counter[str]())
    assert total == {"allowed": 5093, "forbidden": 30384, "cannot turn": 20622}


def general_crystal(group: SpaceGroup) -> SymmetricCrystal:
    """A crystal with atoms in two general positions."""
    rng = np.random.default_rng(5)
    rotations = group.rotations.astype(float)
    random = rng.normal(size=(3, 3))
    metric = random @ random.T + 3 * np.eye(3)
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ metric @ rotations, axis=0)
    orbits = [(rotations @ x + group.shifts / 24) % 1 for x in rng.random((2, 3))]
    found = find_symmetry(
        Crystal.of(
            5 * np.linalg.cholesky(metric), np.concatenate(orbits), np.repeat([3, 8], len(group))
        )
    )
    assert found.group == group
    return found


def compare_motions(crystal: SymmetricCrystal, points: Iterable[object]) -> Counter[str]:
    """What atoms can do in general positions is all that the group lets any atoms do."""
    counted = Counter[str]()
    line = find_axis(crystal)
    for q in points:
        part = axis_at(crystal, line, [q])  # type: ignore[list-item]
        full = find_species(crystal, part, q)  # type: ignore[arg-type]
        bare = group_species(crystal, part, q)  # type: ignore[arg-type]
        assert [s.key for s in full] == [s.key for s in bare]
        for one, other in zip(full, bare, strict=True):
            for a, b in zip(one.motions, other.motions, strict=True):
                assert a.sign == b.sign, (crystal, q, one)
                assert a.still == b.still
                np.testing.assert_allclose([a.lowest, a.highest], [b.lowest, b.highest], atol=1e-6)
                assert a.directions == b.directions
                counted[a.sign] += 1
    return counted


def test_what_cannot_turn_in_a_group_turns_in_no_crystal() -> None:
    counted = Counter[str]()
    for name in CLASSES:
        if name not in ("Th", "O", "Td", "Oh", "D6h"):
            crystal = class_crystal(name)
            counted += compare_motions(crystal, [named_points(crystal.group)[0].q])
    for number in (152, 166, 186):
        group = all_groups()[number - 1]
        points = [p.q for p in named_points(group) if p.kdim == 0]
        counted += compare_motions(general_crystal(group), points)
    assert counted == {"0": 140, "open": 95}


# ------------------------------------------------------------------ laws


def reversed_id(rule: Rule) -> str:
    """The transfer with the signs of all components reversed."""
    swap = {"(+)": "(-)", "(-)": "(+)"}
    return re.sub(r"\([+-]\)", lambda m: swap[m[0]], rule.id)


def key_of(rule: Rule, *, reverse: bool = False) -> tuple[object, ...]:
    """Species, copies up to their names, and components on either side."""
    legs = [
        (
            leg.outgoing,
            leg.species,
            leg.copy,
            leg.component.conjugate if reverse else leg.component.index,
        )
        for leg in rule.channel.coupling
    ]
    return _anonymous(legs)


def _anonymous(legs: list[tuple[bool, str, int, int]]) -> tuple[object, ...]:
    """Legs as modes: which components of one mode are on which side."""
    modes: dict[tuple[str, int], list[tuple[bool, int]]] = {}
    for outgoing, species, copy, index in legs:
        modes.setdefault((species, copy), []).append((outgoing, index))
    return tuple(sorted((name, tuple(sorted(x))) for (name, _), x in modes.items()))


def crossed(rule: Rule, i: int) -> tuple[object, ...]:
    """The channel in which incoming leg i comes out, and what came out goes in."""
    legs = []
    for k, leg in enumerate(rule.channel.coupling):
        moves = k == i or leg.outgoing
        legs.append(
            (
                leg.outgoing != moves,
                leg.species,
                leg.copy,
                leg.component.conjugate if moves else leg.component.index,
            )
        )
    return _anonymous(legs)


def laws(name: str, axis: str | None) -> Counter[str]:
    counted = Counter[str]()
    rules = atlas(name, axis=axis)
    known = {key_of(rule): rule for rule in rules.everything}
    assert len(known) == len(rules.everything)
    for rule in rules.everything:
        back = known[key_of(rule, reverse=True)]
        assert (back.verdict, back.coefficients) == (rule.verdict, rule.coefficients)
        assert back.pam_sense == rule.pam_sense
        if rule.allowed and rule.umklapp is not None:
            assert back.umklapp == -rule.umklapp
            counted["reversed"] += 1
        for i in range(rules.order - 1):
            other = known[crossed(rule, i)]
            assert (other.verdict, other.coefficients) == (rule.verdict, rule.coefficients)
            if rule.allowed and rule.umklapp is not None:
                assert other.umklapp == rule.umklapp
                counted["crossed"] += 1
    return counted


def all_laws(names: Iterable[str]) -> Counter[str]:
    cases = [(name, axis) for name in names for axis in axes_of(name)]
    return sum((laws(*case) for case in cases), Counter[str]())


def test_time_reversal_and_crossing() -> None:
    few = ("C1", "Cs", "D2", "C3", "S4", "D2d", "C4v", "D3d", "C6", "D3h")
    assert all_laws(few) == {"reversed": 523, "crossed": 1046}


@pytest.mark.sweep
def test_time_reversal_and_crossing_in_all_classes() -> None:
    assert all_laws(CLASSES) == {"reversed": 4563, "crossed": 9126}


PAIRS = {76: 78, 91: 95, 92: 96, 144: 145, 151: 153, 152: 154, 169: 170, 171: 172, 178: 179,
         180: 181, 212: 213}  # fmt: skip
"""Groups of crystals that are each other's mirror image."""


def mirror(one: int, other: int) -> Counter[str]:
    """Mirror images have the same senses and the opposite Umklapp numbers."""
    counted = Counter[str]()
    left, right = atlas(one, q="star"), atlas(other, q="star")
    vertices = [
        Counter(tuple(str(p.reduced) for p in book.points) for book in rules.books)
        for rules in (left, right)
    ]
    assert sum(vertices[0].values()) == sum(vertices[1].values())

    def signature(rules: sc.Atlas, sign: int) -> Counter[tuple[object, ...]]:
        return Counter(
            (r.verdict, r.coefficients, r.pam_sense, r.umklapp and sign * r.umklapp)
            for r in rules.everything
            if r.allowed
        )

    assert signature(left, 1) == signature(right, -1)
    for (verdict, _, sense, _), n in signature(left, 1).items():
        counted[f"{verdict} {sense}"] += n
    return counted


def test_mirror_images() -> None:
    assert mirror(152, 154) + mirror(144, 145) == {
        "allowed flipped": 74,
        "allowed kept": 56,
        "allowed neutral": 107,
        "allowed undefined": 70,
    }


@pytest.mark.sweep
def test_mirror_images_of_all_pairs() -> None:
    total = sum((mirror(*pair) for pair in PAIRS.items()), Counter[str]())
    assert total == {
        "allowed flipped": 474,
        "allowed kept": 504,
        "allowed neutral": 1799,
        "allowed undefined": 123,
    }


# ------------------------------------------------------------------ waves


def test_waves_of_helicity_and_angular_momentum() -> None:
    helicity, momentum, thermal = Counter[str | None](), Counter[str | None](), 0
    for group in all_groups():
        helicity[find_waves(empty_cell(group)).helicity.letter] += 1
    for hall in CLASSES.values():
        waves = find_waves(empty_cell(space_group(hall)))
        momentum[waves.angular_momentum.letter] += 1
        thermal += len(waves.thermal) > 0
        # J linear in q is the same tensor as J along a gradient.
        linear = waves.angular_momentum.degree == 1
        assert len(waves.thermal) == (len(waves.angular_momentum.forms) if linear else 0)
    assert helicity == {None: 92, "s": 65, "d": 40, "g": 23, "i": 10}
    assert momentum == {None: 11, "p": 18, "f": 3}
    assert thermal == 18


def test_degrees_follow_from_characters() -> None:
    """Second method: the number of invariants of every degree from Molien's series."""
    checked = 0
    for hall in CLASSES.values():
        cell = empty_cell(space_group(hall))
        waves, rotations = find_waves(cell), cell.rotations
        signs = np.linalg.det(rotations)
        for wave, weights, parity in (
            (waves.helicity, signs, 0),
            (waves.angular_momentum, signs * np.trace(rotations, axis1=1, axis2=2), 1),
        ):
            series = [_symmetric_power(rotations, k) @ weights / len(signs) for k in range(10)]
            allowed = [k for k in range(parity, 10, 2) if round(series[k])]
            assert wave.degree == (allowed[0] if allowed else None)
            if wave.degree is not None:
                assert len(wave.forms) == round(series[wave.degree])
                checked += 1
    assert checked == 42


@pytest.mark.sweep
def test_waves_of_magnetic_classes() -> None:
    """J over the 122 magnetic point groups, with the numbers of forms from Molien's series."""
    momentum, checked = Counter[int | None](), 0
    for group in point_groups():
        crystal = sc.read(magnetic_crystal(group)).crystal
        waves = find_waves(crystal)
        turns = cartesian(group, crystal.input.cell)
        improper = np.linalg.det(turns)
        momentum[waves.angular_momentum.degree] += 1
        moved = group.signs[:, None, None] * turns  # of q; grey groups hold every R with both signs
        traces = np.trace(turns, axis1=1, axis2=2)
        for wave, weights in (
            (waves.helicity, improper),
            (waves.angular_momentum, group.signs * improper * traces),
        ):
            series = [_symmetric_power(moved, k) @ weights / len(turns) for k in range(10)]
            allowed = [k for k in range(10) if round(series[k])]
            assert wave.degree == (allowed[0] if allowed else None), group.bns
            if wave.degree is not None:
                assert len(wave.forms) == round(series[wave.degree])
                checked += 1
    assert momentum == {0: 31, 1: 39, 2: 15, 3: 4, 4: 1, None: 32}
    assert checked == 180


def _symmetric_power(rotations: Floats, k: int) -> Floats:
    """Characters of the k-th symmetric power: the coefficient of tᵏ of 1/det(1 − tR)."""
    powers = [
        np.trace(np.linalg.matrix_power(rotations, i + 1), axis1=1, axis2=2) for i in range(k)
    ]
    h = [np.ones(len(rotations))]
    for n in range(1, k + 1):
        h.append(sum(powers[i] * h[n - 1 - i] for i in range(n)) / n)
    return np.asarray(h[k])


def value(text: str, q: Floats) -> float:
    """A polynomial, as it is printed, at a wavevector."""
    for n, high in enumerate("²³⁴⁵⁶", 2):
        text = text.replace(high, f"**{n}")
    text = re.sub(r"(?<=[\w)]) (?=q)", "*", text.replace("√3", "3**0.5*"))
    return float(eval(text, {}, dict(zip(("qx", "qy", "qz"), q, strict=True))))


def test_forms_have_the_symmetry_of_the_group() -> None:
    rng, checked = np.random.default_rng(1), 0
    for hall in CLASSES.values():
        cell = empty_cell(space_group(hall))
        waves, q = find_waves(cell), rng.normal(size=3)
        for r in cell.rotations:
            sign = float(np.linalg.det(r))
            for (form,) in waves.helicity.forms:
                assert value(form, r @ q) == pytest.approx(sign * value(form, q), abs=1e-9)
                checked += 1
            for form in waves.angular_momentum.forms:
                j = np.array([[value(x, k) for x in form] for k in (q, r @ q)])
                np.testing.assert_allclose(j[1], sign * r @ j[0], atol=1e-9)
                checked += 1
    assert checked == 468


# ------------------------------------------------------------------ names, commands


def test_names_of_groups() -> None:
    for schoenflies, hall in CLASSES.items():
        group = space_group(hall)
        for name in (schoenflies, schoenflies.lower(), group.point_group):
            found = find_group(name)
            number = name.isdigit() and int(name) <= 230
            assert found.whole_class != number
            assert found.group == (all_groups()[int(name) - 1] if number else group)
            assert bool(found.notices) == (number or name in ("C2", "c2")), name
    for group in all_groups():
        assert find_group(group.number).group == find_group(str(group.number)).group == group
        if group.symbol != "C2":
            found = find_group(group.symbol)
            assert (found.group, found.whole_class, found.notices) == (group, False, ())
    assert find_group("Fm3m").group.number == 225
    assert find_group("P 1 21/n 1").notices
    for wrong in ("xyz", "0", "231", "", "D7h", "9" * 5000):
        with pytest.raises(LabelError, match="no group"):
            find_group(wrong)


def test_what_an_atlas_refuses() -> None:
    with pytest.raises(LabelError, match="space group of the class, as 162"):
        atlas("D3d", q="star")
    with pytest.raises(LimitError, match="not enumerated"):
        atlas("D3d", order=5)
    with pytest.raises(LimitError, match="not enumerated"):
        atlas(166, q="star", order=5)
    with pytest.raises(WavevectorError, match="not conserved"):
        atlas(166, q="T T T")
    with pytest.raises(AxisError, match="no symmetry axis"):
        atlas("D3d", axis="1,2,3")


def test_an_atlas_is_filtered_and_asked() -> None:
    rules = atlas(166, q="star")
    flips = rules.flips().driven_by("infrared").seen_by("raman")
    same, different = "Eu({0}) Eu({0}) -> Eg({1})", "Eu({0}) Eu:b({0}) -> Eg({1})"
    signs = [("+", "-"), ("-", "+")]
    assert [r.id for r in flips] == [x.format(*s) for s in signs for x in (same, different)]
    assert flips[0].umklapp == 1
    assert "T3+@T" in {s.key for s in rules.species}
    rule = rules["T3+(+)@T T3+(+)@T -> Eg(-)"]
    assert (rule.verdict, rule.rotation_sense, rule.am_transfer) == ("allowed", "open", None)
    assert rules["Eu(+) Eu(+) Eu(+) -> Eu(+)"].verdict == "forbidden"
    assert len(rules) == len(rules.rules) == sum(1 for _ in rules) == 284
    assert len(rules.keeps()) + len(rules.flips()) + len(rules.neutral()) < 284
    assert "open: the atoms can rotate either way" in repr(atlas("C3"))
    assert r"\begin{tabular}" in atlas("C3").to_latex()
    assert atlas("C3").to_markdown().count("\n| --- |") == 3


def test_a_symbol_that_begins_with_a_minus(capsys: Capture) -> None:
    for words in ("-3m", "--json -3m", "-4 --axis 0,0,-1", "--axis -1,0,0 -42m"):
        assert main(["atlas", *words.split()]) == 0
        assert capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["atlas", "-x"])


def test_every_channel_is_in_the_document(capsys: Capture) -> None:
    assert main(["atlas", "D3d", "--all", "--json"]) == 0
    text = capsys.readouterr().out
    answer = Answer.from_json(text)
    (vertex,) = answer.vertices
    rules = atlas("D3d")
    assert len(vertex.channels) == vertex.counts.judged == len(rules.everything) == 480
    for channel, rule in zip(vertex.channels, rules.everything, strict=True):
        assert (channel.id, channel.verdict, channel.umklapp) == (
            rule.id,
            rule.verdict,
            rule.umklapp,
        )
        assert (
            channel.reason.witness is None
        ) == rule.allowed or channel.reason.kind == "normal-mode"
        assert (channel.invariant is not None) == rule.allowed
    assert json.loads(text)["waves"]["helicity"] == {"degree": None, "letter": None, "forms": []}


def test_a_class_tells_what_all_its_groups_tell() -> None:
    whole = {rule.id: told(rule) for rule in atlas("D3d").everything}
    for number in (162, 163, 164, 165, 166, 167):
        assert {rule.id: told(rule) for rule in atlas(number).everything} == whole


def test_an_axis_may_be_named_by_its_operation(tmp_path: Path) -> None:
    file = tmp_path / "cubic.json"
    assert main(["atlas", "-43m", "--axis", "{3+111|0}", "-o", str(file)]) == 0
    found = Answer.from_json(file.read_text(encoding="utf-8"))
    assert found.axis is not None
    assert (found.axis.order, found.axis.along) == (3, "[1 1 1]")
    assert class_axis("Td", "1,1,1") is not None
