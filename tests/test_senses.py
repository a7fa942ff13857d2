"""Laws of the senses and of U off the zone centre: what time reversal and the crystal make of them.

The image of a component is found by the matrices of the group on the wavevector's star: which
component at the image holds all its vectors. Whether senses and U obey the laws is then a matter of
counting. Every product of components that conserves PAM is taken, allowed or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.crystal.qpoint import GAMMA, QPoint, star
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import AxisError
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.irreps.kpoints import named_points
from symchiral.irreps.pam import Turn, balanced, components
from symchiral.irreps.stars import star_irreps
from symchiral.rules.budget import count
from symchiral.rules.rule import Rule

SHIPPED = sorted(p.stem for p in (Path(__file__).parent.parent / "structures").glob("*.cif"))
STEPS = [Fraction(1, 6), Fraction(1, 4), Fraction(1, 3)]
State = tuple[QPoint, Fraction]
"""A wavevector and an l₀."""


# ------------------------------------------------------------------------------- real crystals


class Lines:
    """The components of a crystal where the part of its axis of one order keeps q."""

    def __init__(self, crystal: SymmetricCrystal, axis: Axis, order: int) -> None:
        self.crystal, self.group = crystal, crystal.group
        points: dict[QPoint, None] = {GAMMA: None}
        for point in named_points(self.group):
            for q in [point.q] if point.kdim == 0 else [point.q.at(x) for x in STEPS]:
                if point.kdim < 2:
                    points.update(dict.fromkeys(arm.reduced for arm in star(self.group, q)))
        points.update(dict.fromkeys([(-q).reduced for q in points]))
        self.kept = {
            q: p for q in points if (p := axis_at(crystal, axis, [q])) and p.order >= order
        }
        self.part = next((p for p in self.kept.values() if p.order == order), None)
        self.new = {q for q, part in self.kept.items() if part.order == order}

    def states(self) -> dict[QPoint, list[Fraction]]:
        """Every l₀ that some irrep has."""
        found = {}
        for q in self.kept:
            residues = {
                part.residue
                for p in star_irreps(self.group, q)
                for part in components(p, self.turn, p.arms.index(q))
                if part.residue is not None
            }
            found[q] = sorted(residues)
        return found

    @property
    def turn(self) -> Turn:
        assert self.part is not None
        return self.part.turn

    def keepers(self) -> list[tuple[int, int]]:
        """Operations that map the axis onto itself but for a lattice translation; the sign of l."""
        assert self.part is not None
        uvw = self.part.turn.uvw
        i = int(np.flatnonzero(uvw)[0])
        found = []
        for g, operation in enumerate(self.group.operations):
            image = (operation.rotation @ uvw).tolist()
            if image not in (list(uvw), [-x for x in uvw]):
                continue
            moved = [
                sum((int(r) * x for r, x in zip(row, self.part.point, strict=True)), Fraction(t))
                - y
                for row, t, y in zip(
                    operation.rotation, operation.translation, self.part.point, strict=True
                )
            ]
            slides = [(moved[i] - k) / uvw[i] for k in range(abs(uvw[i]))]
            if self.part.rotoreflection:  # its fixed point must come back, not only its line
                slides = [Fraction(0)]
            if any(
                all((x - s * c).denominator == 1 for x, c in zip(moved, uvw, strict=True))
                for s in slides
            ):
                determinant = round(float(np.linalg.det(operation.rotation)))
                found.append((g, determinant if image == list(uvw) else -determinant))
        return found

    def images(self, g: int | None) -> dict[State, State | None]:
        """Image of every component under an operation, or time reversal; None where it has none."""
        found: dict[State, State | None] = {}
        for q in self.kept:
            for p in star_irreps(self.group, q):
                arm = p.arms.index(q)
                there = int(p.conjugate_arms[arm] if g is None else p.images[g, arm])
                others = components(p, self.turn, there)
                for part in components(p, self.turn, arm):
                    w = p.conjugation[arm] @ part.basis.conj() if g is None else part.basis
                    w = w if g is None else p.matrices[g, arm] @ w
                    fits = [
                        x.residue
                        for x in others
                        if np.allclose(x.basis @ (x.basis.conj().T @ w), w, atol=1e-6)
                    ]
                    assert part.residue is not None
                    image = (
                        (p.arms[there], fits[0]) if len(fits) == 1 and fits[0] is not None else None
                    )
                    assert found.setdefault((q, part.residue), image) == image
        return found

    def channels(self, order: int) -> Iterator[tuple[State, ...]]:
        """Every product that conserves wavevector and PAM and is new with this part of the axis."""
        n = self.turn.order
        quanta = {
            q: [(l, (l + self.turn.shift(q).coordinates[2]) % n) for l in residues]
            for q, residues in self.states().items()
        }
        for into in combinations_with_replacement(quanta, order - 1):
            out = sum(into, GAMMA).reduced
            if out not in quanta or not self.new & {*into, out}:
                continue
            for chosen in product(*(quanta[q] for q in into)):
                total = sum(l for _, l in chosen) % n
                legs = tuple((q, l0) for q, (l0, _) in zip(into, chosen, strict=True))
                yield from ((*legs, (out, l0)) for l0, l in quanta[out] if l == total)


def budget(channel: Sequence[State], turn: Turn, *, crossed: bool = False) -> tuple[int, str]:
    """U and the sense, all legs of the channel but the last going in, or coming out."""
    last = len(channel) - 1
    found = count([(l, q, (i == last) != crossed) for i, (q, l) in enumerate(channel)], turn)
    assert found.umklapp is not None
    return found.umklapp, found.sense


def laws(names: Iterable[str], order: int) -> Counter[str]:
    """Check every channel of some crystals, each group and axis once, and count."""
    counts: Counter[str] = Counter()
    seen = set()
    for name in names:
        study = sc.read(name)
        crystal, axis = study.crystal, study.axis
        counts["crystals"] += 1
        if axis is None or axis.order == 2:
            counts["without sense"] += 1
            continue
        if (crystal.group, axis.turn, axis.point) not in seen:
            seen.add((crystal.group, axis.turn, axis.point))
            counts["groups"] += 1
            for n in (6, 3) if axis.order == 6 else (axis.order,):
                counts += lawful(Lines(crystal, axis, n), order)
    return counts


def lawful(lines: Lines, order: int) -> Counter[str]:
    """Check every channel of one part of an axis."""
    counts: Counter[str] = Counter()
    if lines.part is None:
        return counts
    maps = [(lines.images(g), sign) for g, sign in [(None, -1), *lines.keepers()]]
    states = {state: i for i, state in enumerate(maps[0][0])}
    places = [
        ([states[x] if x is not None else -1 for x in images.values()], sign)
        for images, sign in maps
    ]
    counts["without image"] = sum(place.count(-1) for place, _ in places)
    found: dict[tuple[int, ...], tuple[int, str]] = {}
    for channel in lines.channels(order):
        numbers = [states[x] for x in channel]
        key = (*sorted(numbers[:-1]), numbers[-1])
        if key not in found:
            found[key] = budget(channel, lines.turn)
            if len(found) % 8 == 1:
                u, sense = budget(channel, lines.turn, crossed=True)
                counts["crossed"] += 1
                counts["differences"] += (-u, sense) != found[key]
    for key, (u, sense) in found.items():
        for place, sign in places:
            image = (*sorted(place[i] for i in key[:-1]), place[key[-1]])
            counts["differences"] += found[image] != (sign * u, sense)
    counts["channels"] = len(found)
    counts["on screws"] = len(found) if lines.turn.screw else 0
    counts["comparisons"] = len(found) * len(places)
    points = [q for q, _ in states]
    counts["vertices"] = len({tuple(sorted(points.index(points[i]) for i in k)) for k in found})
    return counts


DEFAULT = ["Te_P3121", "ZnO", "PdS", "Si", "BPO4"]


def test_senses_obey_time_reversal_and_the_crystal() -> None:
    """On 3₁, 6₃, 4₂, on 4₁ of a centred cell and on −4."""
    counts = laws(DEFAULT, 3)
    assert counts["differences"] == counts["without image"] == 0
    assert counts["channels"] == 6556


@pytest.mark.sweep
def test_senses_obey_time_reversal_and_the_crystal_everywhere() -> None:
    """All vertices of three quanta at special points and at rational points of lines."""
    counts = laws(SHIPPED, 3)
    assert counts["differences"] == counts["without image"] == 0
    assert (counts["crystals"], counts["without sense"]) == (112, 15)
    assert counts["vertices"] == 6354
    assert (counts["channels"], counts["on screws"]) == (77_238, 42_311)
    assert counts["comparisons"] == 820_586


@pytest.mark.sweep
def test_senses_of_four_quanta_obey_time_reversal_and_the_crystal() -> None:
    """On 3₁ and on 4₁ of a centred cell."""
    counts = laws(["Te_P3121", "Si"], 4)
    assert counts["differences"] == counts["without image"] == 0
    assert (counts["vertices"], counts["channels"]) == (1815, 49_692)


# --------------------------------------------------------------------------------------- the books


def sides(rule: Rule, *, reverse: bool = False) -> tuple[object, ...]:
    """Species and components that go in and come out, at the wavevectors or all reversed."""
    found: tuple[list[object], list[object]] = ([], [])
    for leg in rule.channel.coupling:
        p, arm, part = leg.participant, leg.arm, leg.component
        here = (int(p.conjugate_arms[arm]), part.conjugate) if reverse else (arm, part.index)
        found[leg.outgoing].append((p, *here))
    return tuple(tuple(sorted(side, key=repr)) for side in found)


@pytest.mark.parametrize(
    ("name", "allowed"), [("Te_P3121", 191), ("ZnO", 339), ("LiIO3", 219), ("AuF3", 367)]
)
def test_every_line_holds_with_all_signs_reversed(name: str, allowed: int) -> None:
    """At every vertex of special points every allowed channel has its reversal, maybe at −q."""
    study = sc.read(name)
    found = 0
    for book in study.vertices():
        opposite = book
        if not book.self_conjugate:
            opposite = study.rules(q=" ".join(",".join((-q).reduced.texts) for q in book.points))
        images = {sides(rule): rule for rule in opposite}
        for rule in book:
            image = images[sides(rule, reverse=True)]
            assert image.pam_sense == rule.pam_sense
            assert image.umklapp == (None if rule.umklapp is None else -rule.umklapp)
            found += 1
    assert found == allowed


@pytest.mark.parametrize(
    ("name", "transfer", "read", "n", "sense", "umklapp"),
    [
        ("Te_P3121", "A3(1/2)@A A3(1/2)@A -> E(+)", "A3(+)@A A3(+)@A -> E(+)", 3, "kept", 0),
        ("Te_P3121", "A3(-)@A A3(-)@A -> E(-)", "A3(-)@A A3(-)@A -> E(-)", 3, "kept", 0),
        ("PdS", "Z1(1)@Z Z2(-)@Z -> Eg(+)", "Z1(1)@Z Z2(0)@Z -> Eg(+)", 2, "neutral", 0),
        (
            "ZnO",
            "A5A6(1/2)@A A5A6(1/2)@A -> E1(+)",
            "A5A6(1/2)@A A5A6(1/2)@A -> E1(+)",
            3,
            "flipped",
            -1,
        ),
    ],
)
def test_numbers_name_components_at_the_end_of_the_zone(
    name: str, transfer: str, read: str, n: int, sense: str, umklapp: int
) -> None:
    """By hand: l = ±1/2 on 3₁; nothing left of 4₂ but a two-fold axis, of 6₃ a three-fold one."""
    rule = sc.read(name).explain(transfer)
    assert rule.id == read
    assert (rule.channel.order, rule.pam_sense, rule.umklapp) == (n, sense, umklapp)


def test_half_the_order_conserves_no_less() -> None:
    """1 + 1 is 0 modulo 2, and not modulo 4: the screw forbids what its true rotation would not."""
    rule = sc.read("PdS").explain("Z1(1)@Z Z1(1)@Z -> Ag")
    assert (rule.verdict, rule.reason.kind, rule.umklapp) == ("forbidden", "pam", None)
    assert "PAM is not conserved" in rule.explain()


def test_neutral_says_what_the_atoms_hand_over() -> None:
    """Two quanta l = 1 of atoms on a four-fold axis give one of l = 2, which turns nothing."""
    text = sc.read("GaAs").explain("T2(+) T2(+) -> T2(2)").explain()
    assert "PAM neutral; the atoms nevertheless transfer +2ħ to the lattice" in text
    text = sc.read("TeO2_alpha").explain("E(+) E(+) -> B1").explain()
    assert "+2ħ to the lattice if every J equals l" in text


# ------------------------------------------------------------------------------------ all screws


def turns() -> Iterator[Turn]:
    """Every rotation and screw on a line of its own, the zone ending at 1/2, 1 or 3/2."""
    lattices = {1: (0, 0, 1), 2: (1, 1, 0), 3: (1, 1, 1)}
    for order, periods in ((2, (1, 2)), (3, (1, 3)), (4, (1, 2)), (6, (1,))):
        for screw, period in product(range(-((order - 1) // 2), order // 2 + 1), periods):
            c = lattices[period]
            yield Turn(order, 0, (0, 0, 0), c, screw, c)


def moved(l: Fraction, q: QPoint, turn: Turn, law: str) -> tuple[Fraction, QPoint]:
    """The l of the named screw in the image of a state: what g, carried along, becomes.

    Time reversal and a half-turn across the axis take g to itself and u to −u; a mirror containing
    the axis takes {C|sc/n} to the inverse of {C|−sc/n}, one across it to {C|−sc/n}, which is {E|c}
    off the named one where s = n/2.
    """
    u = sum((x * c for x, c in zip(q.coordinates, turn.uvw, strict=True)), Fraction(0))
    extra = 2 * turn.screw * u
    return {
        "reversal": (-l, -q),
        "containing": (-l + extra, q),
        "across": (l - extra, -q),
    }[law]


def abstract(turn: Turn, steps: int, order: int, spinors: int = 0) -> Counter[str]:
    """Check the laws for every product of ``order`` states on one axis, some of them spinors."""
    counts: Counter[str] = Counter()
    n = turn.order
    points = [
        QPoint(tuple(Fraction(k, steps) * x for x in turn.along)).reduced  # type: ignore[arg-type]
        for k in range(steps)
    ]
    names = ["reversal", *(["containing", "across"] if 2 * turn.screw % n == 0 else [])]
    halves = [Fraction(i < spinors, 2) for i in range(order)]
    for chosen in product(points, repeat=order - 1):
        if not spinors and list(chosen) != sorted(chosen, key=points.index):
            continue
        qs = (*chosen, sum(chosen, GAMMA).reduced)
        for start in product(range(n), repeat=order - 1):
            l = [
                k + half + turn.shift(q).coordinates[2]
                for k, half, q in zip(start, halves, qs, strict=False)
            ]
            legs = [*zip(l, qs, strict=False), (sum(l, Fraction(0)), qs[-1])]
            mine = counted(legs, turn)
            counts["channels"] += 1
            u, sense = counted(legs, turn, crossed=True)
            counts["differences"] += (-u, sense) != mine
            for law in names:
                image = [moved(x, q, turn, law) for x, q in legs]
                sign = 1 if law == "across" else -1
                u, sense = counted([(x, q.reduced) for x, q in image], turn)
                counts["comparisons"] += 1
                counts["differences"] += (sign * u, sense) != mine
    return counts


def counted(
    legs: Sequence[tuple[Fraction, QPoint]], turn: Turn, *, crossed: bool = False
) -> tuple[int, str]:
    """U and the sense of states of given l."""
    states = [(q, balanced(l - turn.shift(q).coordinates[2], turn.order)) for l, q in legs]
    return budget(states, turn, crossed=crossed)


def test_senses_on_every_screw() -> None:
    counts: Counter[str] = Counter()
    for turn in turns():
        counts += abstract(turn, 2, 3)
    assert not counts["differences"]
    assert counts["channels"] == 1242


@pytest.mark.sweep
def test_senses_on_every_screw_at_more_points() -> None:
    """Three and four quanta; a pair of them spinors."""
    counts: Counter[str] = Counter()
    for turn in turns():
        for spinors in (0, 2):
            counts += abstract(turn, 4, 3, spinors)
            counts += abstract(turn, 2, 4, spinors)
    assert not counts["differences"]
    assert counts["channels"] == 34_788


# ----------------------------------------------------------------------------- which axis is named


GRID = [Fraction(k, 24) for k in (0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21)]


def named_parts(name: str, points: str) -> list[Axis]:
    """The default axis and the parallel ones through points of a grid, as far as they keep q."""
    study = sc.read(name)
    assert study.axis is not None
    along = study.crystal.frame.direction(study.axis.turn.uvw, to="input", source="primitive")
    direction = ",".join(f"{x:.9g}" for x in along)
    qs = [study.point(q) for q in points.split()]
    first = axis_at(study.crystal, study.axis, qs)
    assert first is not None
    found = {first.turn: first}
    for x, y, z in product(GRID, GRID, (0, Fraction(1, 4), Fraction(1, 2))):
        if z and not study.axis.rotoreflection:
            continue
        try:
            axis = find_axis(study.crystal, f"{direction}@{x},{y},{z}")
        except AxisError:
            continue
        part = axis_at(study.crystal, axis, qs)
        if part is not None and part.turn.index == first.turn.index:
            found.setdefault(part.turn, part)
    return list(found.values())


@pytest.mark.parametrize(
    ("name", "points", "axes", "allowed", "dependent"),
    [
        ("graphene_slab", "K K K", 3, 15, 15),  # the hexagon's centre and the two atoms
        ("NiTiO3", "T T GM", 9, 29, 0),  # 3, 3_1 and 3_2: at T they have one l0
        ("Si", "1/2,1/2,0 1/2,1/2,0 GM", 9, 12, 8),  # 4_1 and 4_3
        ("BPO4", "M M GM", 8, 15, 4),  # centres of -4
    ],
)
def test_senses_about_other_axes_are_told(
    name: str, points: str, axes: int, allowed: int, dependent: int
) -> None:
    rules = sc.read(name).rules(q=points).rules
    parts = named_parts(name, points)
    told = 0
    for rule in rules:
        senses = set()
        for part in parts:
            quanta = []
            for leg in rule.channel.coupling:
                q, w = leg.participant.arms[leg.arm], leg.component.basis
                (l,) = (
                    x.residue
                    for x in components(leg.participant, part.turn, leg.arm)
                    if np.allclose(x.basis @ (x.basis.conj().T @ w), w, atol=1e-6)
                )
                assert l is not None
                quanta.append((l, q, leg.outgoing))
            senses.add(count(quanta, part.turn).sense)
        assert rule.pam_sense in senses
        assert sorted(senses - {rule.pam_sense}) == sorted(rule.channel.other_senses)
        told += len(senses) > 1
    assert (len(parts), len(rules), told) == (axes, allowed, dependent)


def test_the_sign_of_the_convention_stands_in_one_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Reversed there, every l is the negative of what it was, and nothing else is another."""

    def found() -> tuple[dict[object, object], Counter[object]]:
        sc.clear_caches()
        motions: dict[object, object] = {}
        rules: Counter[object] = Counter()
        for name, places in (("Te_P3121", ("GM", "A", "0,0,1/4")), ("GaAs", ("GM",))):
            study = sc.read(name)
            for place in places:
                for s in study.species(place):
                    for component, motion in zip(s.components, s.motions, strict=True):
                        assert component.pam is not None
                        key = name, place, s.label, Fraction(component.pam)
                        assert key not in motions
                        sites = tuple((x, round(a, 6), round(b, 6)) for x, a, b in motion.sites)
                        motions[key] = motion.sign, motion.value, sites
            for rule in study.rules():
                route = tuple(sorted(map(str, rule.pump)))
                rules[name, route, rule.rotation_sense, rule.am_transfer] += 1
        return motions, rules

    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
    before, light = found()
    for module in ("irreps.pam", "rules.activity"):
        monkeypatch.setattr(f"symchiral.{module}.SENSE", -1)
    try:
        after, other = found()
    finally:
        monkeypatch.undo()
        sc.clear_caches()
    assert len(before) > 12
    orders = {"Te_P3121": 3, "GaAs": 4}
    for (name, place, label, l), motion in before.items():  # type: ignore[misc]
        assert after[name, place, label, balanced(-l, orders[name])] == motion
    assert light == other
