"""No verdict depends on how a crystal is written down, and the mirror image turns the other way.

Nothing is matched by name: a description moves the crystal by a known motion r ↦ O r + d, so its
operations must be those of the reference carried along, as maps of points in Å.  That fixes which
species answers to which (by the characters of corresponding operations) and, with n and n' the
directions of the axes, which l to which:

    l' = σ l,   J' = σ J,   U' = σ U,   σ = det(O) · sign(n'·O n).

Then everything a study says is compared, channel by channel.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from descriptions import Description, descriptions, random_crystal
from hypothesis import HealthCheck, Phase, given, settings

import symchiral as sc
from symchiral.crystal.crystal import Crystal, Source
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal, find_symmetry, space_group
from symchiral.irreps.axis import Axis, find_axis, named_operation
from symchiral.irreps.kpoints import named_points
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.species import Species
from symchiral.rules.activity import activity
from symchiral.rules.channel import Channel
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import make_rulebook
from symchiral.rules.vertices import special_vertices
from symchiral.study import Study

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Said = dict[Any, Any]

ROOT = Path(__file__).parent.parent
NAMES = sc.structure_names()
EVERYDAY, SWEPT = 3, 100
"""Descriptions of every shipped crystal, in the default run and in the sweep."""

HANDED = (
    "Te_P3121", "SiO2_quartz_P3121", "LaBGeO5", "TeO2_alpha", "LiIO3", "FeSi", "Bi2Se3", "BPO4",
    "CuFeS2", "ZrGeO4", "MgB2", "MoS2_2H", "GaSe", "GaAs", "C_diamond", "GeF2", "SnS", "KNbO3_Amm2",
)  # fmt: skip
"""Crystals of which the everyday run looks in the mirror; the sweep does so for all."""

PARTNERS = {
    76: 78, 78: 76, 91: 95, 95: 91, 92: 96, 96: 92, 144: 145, 145: 144, 151: 153, 153: 151,
    152: 154, 154: 152, 169: 170, 170: 169, 171: 172, 172: 171, 178: 179, 179: 178, 180: 181,
    181: 180, 212: 213, 213: 212,
}  # fmt: skip
"""The eleven pairs of enantiomorphic space groups."""


# --- what answers to what ----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """How two studies of one crystal correspond.

    Attributes:
        operations: index in the second group of each operation of the first, carried along.
        species: label in the second study of each species of the first.
        sense: σ of the axes, None where the second axis is no image of the first.
    """

    operations: tuple[int, ...]
    species: tuple[tuple[str, str], ...]
    sense: int | None


def translations(crystal: SymmetricCrystal) -> Real:
    """t of every operation r ↦ R r + t, Å, modulo lattice vectors."""
    frame, group = crystal.frame, crystal.group
    start = frame.point(np.zeros(3), to="primitive", source="cartesian")
    shifts = np.array([[float(x) for x in g.translation] for g in group.operations])
    return frame.point(group.rotations @ start + shifts, to="cartesian", source="primitive")


def carried(a: SymmetricCrystal, b: SymmetricCrystal, how: Description) -> tuple[int, ...]:
    """Which operation of b is each operation of a, carried along; they must agree as maps."""
    wanted = how.turn @ a.rotations @ how.turn.T
    distance = np.abs(wanted[:, None] - b.rotations[None, :]).max(axis=(2, 3))
    found = np.argmin(distance, axis=1)
    assert distance.min(axis=1).max() < 1e-6, "another point group"
    assert sorted(found.tolist()) == list(range(len(b.group)))
    origin = how.move(a, np.zeros(3))
    moved = translations(a) @ how.turn.T + origin - b.rotations[found] @ origin
    rest = (moved - translations(b)[found]) @ np.linalg.inv(b.frame.cell)
    off = np.linalg.norm((rest - np.rint(rest)) @ b.frame.cell, axis=1)
    assert off.max() < NEAR, f"operations are {off.max():.2e} Å off"
    return tuple(found.tolist())


NEAR = 1e-4
"""Distance, Å, within which points agree: a few times the noise."""


def answer(a: Study, b: Study, how: Description) -> Answer:
    """Find what answers to what."""
    operations = carried(a.crystal, b.crystal, how)
    species = []
    for s in a.species():
        same = [
            t.label
            for t in b.species()
            if t.dimension == s.dimension
            and np.allclose(
                t.participant.characters[list(operations)], s.participant.characters, atol=1e-6
            )
        ]
        assert len(same) == 1, f"{s} is answered by {same}"
        species.append((s.label, same[0]))
    assert len({label for _, label in species}) == len(b.species())
    return Answer(operations, tuple(species), sense(a, b, how))


def sense(a: Study, b: Study, how: Description) -> int | None:
    """σ, allowing for an axis of b that is another of the equivalent ones."""
    if a.axis is None or b.axis is None:
        assert a.axis is b.axis
        return 1
    image = how.turn @ a.axis.direction
    for rotation in b.crystal.rotations:  # the identity is the first
        along = float(b.axis.direction @ rotation @ image)
        if abs(along) > 1 - 1e-5:
            return how.hand * round(np.linalg.det(rotation)) * (1 if along > 0 else -1)
    return None


# --- what a study says -------------------------------------------------------------------------


@cache
def turned(l: Fraction | None, sigma: int, order: int | None) -> float:
    """σ l, balanced; 0 without an axis."""
    if l is None or order is None:
        return 0.0
    half = Fraction(order, 2)
    return float(half - (half - sigma * l) % order)


def light(route: str, sigma: int) -> str:
    """A route of light, its spins times σ."""
    kind, _, spins = route.partition(":")
    return f"{kind}:{spins.translate(str.maketrans('+-', '-+')) if sigma < 0 else spins}"


def interval(low: float, high: float, sigma: int) -> tuple[float, float] | None:
    """Bounds of σ J, rounded; None where there are none."""
    if np.isnan(low):
        return None
    pair = (low, high) if sigma > 0 else (-high, -low)
    return round(pair[0], 6) + 0.0, round(pair[1], 6) + 0.0


def sorted_tuple(items: Iterable[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    """What does not depend on the order of its items."""
    return tuple(sorted(items, key=repr))


def species_said(study: Study, names: dict[str, str], sigma: int) -> Said:
    """Everything said of the species, under other names and with the other sense."""
    said: Said = {}
    order = study.axis.order if study.axis else None
    for s in study.species():
        optics = activity(s.participant)
        said[names[s.label]] = (
            s.dimension,
            s.count,
            s.acoustic,
            (optics.infrared, optics.raman, optics.hyper_raman),
            sorted_tuple((site.element, site.multiplicity, n) for site, n in s.sites),
        )
        kinds = {x.name: (x.element, x.multiplicity) for x in study.crystal.sites}
        for c, m in zip(s.components, s.motions, strict=True):
            said[names[s.label], turned(c.residue, sigma, order)] = (
                c.basis.shape[1],
                interval(m.lowest, m.highest, sigma),
                sorted_tuple((*kinds[x], interval(lo, hi, sigma)) for x, lo, hi in m.sites),
            )
    return said


def channel_key(
    channel: Channel, names: dict[str, str], sigma: int, order: int | None
) -> tuple[object, ...]:
    """A channel up to the order of its incoming legs and the letters of the copies."""
    modes: dict[tuple[str, int], list[tuple[str, float]]] = {}
    for leg in channel.coupling.incoming:
        slot = names[leg.participant.name], turned(leg.component.residue, sigma, order)
        modes.setdefault((leg.participant.name, leg.copy), []).append(slot)
    (last,) = channel.coupling.outgoing
    same = modes.pop((last.participant.name, last.copy), [])
    return (
        tuple(sorted(tuple(sorted(mode)) for mode in modes.values())),
        tuple(sorted(same)),
        (names[last.participant.name], turned(last.component.residue, sigma, order)),
    )


def rules_said(study: Study, names: dict[str, str], sigma: int, rules: Sequence[Rule] = ()) -> Said:
    """Everything said of the channels, under other names and with the other sense."""
    said: Said = {}
    n = study.axis.order if study.axis else None
    for rule in rules or study.rules(order=3).everything:
        key = channel_key(rule.channel, names, sigma, n)
        assert key not in said, f"{rule.id} is listed twice"
        u, am = rule.umklapp, rule.am_transfer
        said[key] = (
            rule.verdict,
            rule.coefficients,
            None if u is None else sigma * u,
            rule.pam_sense,
            rule.rotation_sense,
            None if am is None else round(sigma * am, 6) + 0.0,
            rule.acoustic_only,
            tuple(sorted(name.rstrip("0123456789") for name in rule.open_sites)),
            frozenset(light(route, sigma) for route in rule.probe) if rule.allowed else None,
        )
    return said


def differences(first: Said, second: Said) -> list[str]:
    """What two tables do not agree about."""
    return [
        f"{key}: {first.get(key)} became {second.get(key)}"
        for key in {**first, **second}
        if first.get(key) != second.get(key)
    ]


@cache
def reference(name: str) -> Study:
    """A shipped crystal as shipped."""
    return sc.read(name)


@cache
def reference_said(name: str, species: tuple[tuple[str, str], ...], sigma: int) -> Said:
    study = reference(name)
    return species_said(study, dict(species), sigma) | rules_said(study, dict(species), sigma)


# --- one description ---------------------------------------------------------------------------


def compare(name: str, how: Description) -> Counter[str]:
    """Assert that a description says the same as the crystal; count what was compared."""
    a = reference(name)
    new = how.write(a.crystal)
    default = sc.read(new)
    check_group(a.crystal, default.crystal, how)
    studies = [default]
    if a.axis is not None and default.axis is not None:
        text = axis_text(a.crystal, a.axis, how, new)
        followed = Study(default.crystal, find_axis(default.crystal, text))
        check_followed_axis(a, followed, how)
        # At the zone centre a parallel axis says the same; any other direction is compared too.
        parallel = np.allclose(default.axis.direction, how.turn @ a.axis.direction, atol=1e-5)
        studies = [followed] if parallel else [followed, default]
    done: Counter[str] = Counter()
    for study in studies:
        match = answer(a, study, how)
        moved = {k: v for k, v in match.species if k != v}
        assert not moved, f"labels move: {moved}"
        if match.sense is None:
            # Only 222 and mmm have several axes of the highest order that no operation relates.
            assert study is default
            assert a.crystal.group.schoenflies in ("D2", "D2h")
            done["other axis"] += 1
            continue
        first = reference_said(name, match.species, match.sense)
        assert not differences(first, all_said(study))
        done["reversed" if match.sense < 0 else "kept"] += 1
        done["statements"] += len(first)
    return done


def all_said(study: Study) -> Said:
    """Everything said of species and channels.

    A rule follows from its channel, the motions of its species and the operation of the axis; the
    library judges channels once for every crystal of a kind, so equal tables are made once too.
    """
    same = {s.label: s.label for s in study.species()}
    species = species_said(study, same, 1)
    rules = study.rules(order=3).everything
    channels = tuple(rule.channel for rule in rules)
    axis = operation(study) if study.axis else None
    key = (tuple(map(id, channels)), tuple(species.items()), axis)
    if key not in TABLES:
        TABLES[key] = channels, rules_said(study, same, 1, rules)
    return species | TABLES[key][1]


TABLES: dict[Any, tuple[tuple[Channel, ...], Said]] = {}
"""Tables by the identity of their channels, which are kept so that it stays theirs."""


def check_group(a: SymmetricCrystal, b: SymmetricCrystal, how: Description) -> None:
    """Assert that group, primitive cell and sites are those of the crystal."""
    number = PARTNERS.get(a.group.number, a.group.number) if how.mirrored else a.group.number
    assert b.group.number == number
    assert b.group.schoenflies == a.group.schoenflies
    assert Counter(b.primitive.symbols) == Counter(a.primitive.symbols)
    assert abs(b.primitive.volume - a.primitive.volume) < 1e-6 * a.primitive.volume
    kinds = [Counter((s.element, s.multiplicity) for s in c.sites) for c in (a, b)]
    assert kinds[0] == kinds[1]
    assert [w.kind for w in b.warnings] == [w.kind for w in a.warnings]


def axis_text(
    crystal: SymmetricCrystal, axis: Axis, how: Description, new: Crystal, *, end: int = 1
) -> str:
    """An axis of the crystal (−1: its other end) as asked for in the new input cell."""
    inverse = np.linalg.inv(new.cell)
    ahead = end * how.turn @ axis.direction
    parts = (ahead @ inverse, how.move(crystal, point(crystal, axis)) @ inverse)
    return "@".join(",".join(f"{v:.14f}" for v in part) for part in parts)


def point(crystal: SymmetricCrystal, axis: Axis) -> Real:
    """The point of an axis, Å."""
    x = [float(v) for v in axis.point]
    return crystal.frame.point(x, to="cartesian", source="primitive")


def operation(study: Study) -> int:
    """Index in the group of the named operation of the axis."""
    assert study.axis is not None
    return study.crystal.group.find(named_operation(study.crystal, study.axis).rotation)


def check_followed_axis(a: Study, b: Study, how: Description) -> None:
    """Assert that an axis asked for in the new cell is the old one carried along."""
    assert a.axis is not None
    assert b.axis is not None
    assert np.allclose(b.axis.direction, how.turn @ a.axis.direction, atol=1e-6)
    assert (b.axis.order, b.axis.kind) == (a.axis.order, a.axis.kind)
    assert (b.axis.screw - how.hand * a.axis.screw) % a.axis.order == 0
    gap = point(b.crystal, b.axis) - how.move(a.crystal, point(a.crystal, a.axis))
    along = (gap @ b.axis.direction) * b.axis.direction
    assert np.linalg.norm(gap if a.axis.kind == "rotoreflection" else gap - along) < NEAR
    # Anticlockwise stays anticlockwise about O n, and becomes clockwise in the mirror image.
    first, second = (s.crystal.rotations[operation(s)] for s in (a, b))
    image = how.turn @ first @ how.turn.T
    assert np.allclose(second, image if how.hand > 0 else image.T, atol=1e-6)


def described(name: str, examples: int, *, mirrored: bool) -> tuple[int, Counter[str]]:
    """Compare so many random descriptions of a crystal; return how many were compared."""
    total: Counter[str] = Counter()
    count = 0

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate] + [Phase.shrink] * (examples >= SWEPT),
        suppress_health_check=list(HealthCheck),
    )
    @given(descriptions(reference(name).crystal, mirrored=mirrored))
    def one(how: Description) -> None:
        nonlocal count
        total.update(compare(name, how))
        count += 1

    TABLES.clear()
    one()
    return count, total


@pytest.mark.parametrize("name", NAMES[::3])  # the sweep takes all, and more of each
def test_descriptions(name: str) -> None:
    count, total = described(name, EVERYDAY, mirrored=False)
    assert count >= EVERYDAY
    assert total["statements"] >= count


@pytest.mark.parametrize("name", HANDED)
def test_mirror_image(name: str) -> None:
    count, total = described(name, 1, mirrored=True)
    assert count >= 1
    assert total["statements"] >= count


@pytest.mark.sweep
@pytest.mark.parametrize("name", NAMES)
def test_many_descriptions(name: str, record_property: Callable[[str, object], None]) -> None:
    count, total = described(name, SWEPT, mirrored=False)
    mirrored, more = described(name, SWEPT // 10, mirrored=True)
    assert count >= SWEPT
    assert mirrored >= SWEPT // 10
    record_property("descriptions", count + mirrored)
    done = f"{name}: {count} descriptions, {mirrored} mirror images, {dict(total + more)}"
    print(done)  # noqa: T201


def test_how_many() -> None:
    assert len(NAMES) >= 100
    assert len(NAMES) * SWEPT >= 10_000


# --- the motions themselves --------------------------------------------------------------------


def motions(study: Study, species: Species, l: Fraction) -> Complex:
    """Projector on the displacements of all atoms that belong to one l of one species."""
    assert study.axis is not None
    crystal, p, n = study.crystal, species.participant, study.axis.order
    everything = range(len(crystal.group)), range(len(crystal.primitive))
    matrices = displacement_matrices(crystal, GAMMA, *everything)
    weights = p.characters * p.irrep_dimension / len(matrices)
    phase = np.exp(2j * np.pi * float(l) / n)
    cyclic = sum(
        (np.linalg.matrix_power(phase * matrices[operation(study)], k) for k in range(n)),
        np.zeros(matrices.shape[1:], dtype=complex),
    )
    return np.asarray(np.tensordot(weights, matrices, 1) @ cyclic / n)


def atoms_moved(a: SymmetricCrystal, b: SymmetricCrystal, how: Description) -> Real:
    """(3N, 3N): the displacements of a, carried along, as displacements of b."""
    first, second = (
        c.frame.point(c.primitive.positions, to="cartesian", source="primitive") for c in (a, b)
    )
    gap = (how.move(a, first)[:, None] - second[None, :]) @ np.linalg.inv(b.frame.cell)
    distance = np.linalg.norm((gap - np.rint(gap)) @ b.frame.cell, axis=2)
    to = np.argmin(distance, axis=1)
    assert distance.min(axis=1).max() < NEAR
    n = len(first)
    assert sorted(to.tolist()) == list(range(n))
    matrix = np.zeros((n, 3, n, 3))
    matrix[to, :, np.arange(n), :] = how.turn
    return matrix.reshape(3 * n, 3 * n)


DESCRIBED = (
    Description((3, -1, 4, 2), shift=(0.3, 0.1, 0.7), seed=1),
    Description((0, 1, 0, 0), matrix=((0, 1, 0), (1, 0, 0), (1, 0, 1)), seed=2),
    Description((1, 2, 2, -5), mirrored=True, shift=(0.5, 0.0, 0.25), seed=3),
    Description(mirrored=True, matrix=((1, 1, 0), (0, 1, 0), (0, 0, -1)), seed=4),
)


@pytest.mark.parametrize("name", HANDED)
def test_each_motion_keeps_its_pam_and_the_mirror_image_reverses_it(name: str) -> None:
    a = reference(name)
    assert a.axis is not None
    checked = 0
    for how, end in product(DESCRIBED, (1, -1)):
        crystal = find_symmetry(how.write(a.crystal))
        axis = find_axis(crystal, axis_text(a.crystal, a.axis, how, crystal.input, end=end))
        b = Study(crystal, axis)
        sigma = how.hand * end
        assert sense(a, b, how) == sigma
        carry = atoms_moved(a.crystal, crystal, how)
        names = dict(answer(a, b, how).species)
        others = {s.label: s for s in b.species()}
        for s in a.species():
            for c in s.components:
                assert c.residue is not None
                l = Fraction(turned(c.residue, sigma, a.axis.order))
                first = carry @ motions(a, s, c.residue) @ carry.T
                assert np.allclose(first, motions(b, others[names[s.label]], l), atol=1e-8)
                assert round(float(np.trace(first).real)) == s.count * c.basis.shape[1]
                checked += 1
    assert checked == 8 * sum(len(s.components) for s in a.species())


@pytest.mark.parametrize("name", NAMES)
def test_time_reversal_reverses_pam_and_angular_momentum(name: str) -> None:
    a = reference(name)
    for s in a.species():
        for c, m in zip(s.components, s.motions, strict=True):
            other, back = s.components[c.conjugate], s.motions[c.conjugate]
            if a.axis is None or c.residue is None:
                assert (m.lowest, m.highest, m.still) == (0, 0, True)  # of non-degenerate modes
                continue
            assert other.residue is not None
            assert float(other.residue) == turned(c.residue, -1, a.axis.order)
            assert np.allclose(
                (back.lowest, back.highest), (-m.highest, -m.lowest), atol=1e-9, equal_nan=True
            )
            for (name_, low, high), (name__, low_, high_) in zip(m.sites, back.sites, strict=True):
                assert name_ == name__
                assert np.allclose((low_, high_), (-high, -low), atol=1e-9)


PAIRS = (
    ("Te_P3121", "Te_P3221"),
    ("SiO2_quartz_P3121", "SiO2_quartz_P3221"),
    ("SiO2_beta_quartz", "SiO2_beta_quartz_P6422"),
    ("HgS_cinnabar", "HgS_cinnabar_P3121"),
    ("LaBGeO5", "LaBGeO5_P32"),
    ("TlBO2", "TlBO2_P43"),
    ("TeO2_alpha", "TeO2_alpha_P43212"),
    ("Al2S3", "Al2S3_P65"),
    ("AuF3", "AuF3_P6522"),
    ("Mn_beta", "Mn_beta_P4332"),
)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_both_hands_have_one_table(left: str, right: str) -> None:
    a, b = reference(left), reference(right)
    assert PARTNERS[a.crystal.group.number] == b.crystal.group.number
    assert a.axis is not None
    assert b.axis is not None
    assert np.allclose(a.axis.direction, b.axis.direction)
    assert (a.axis.screw + b.axis.screw) % a.axis.order == 0
    # The mirror image takes l to −l about the same direction, time reversal takes it back.
    assert all_said(a) == all_said(b)
    reverse = {s.label: s.label for s in a.species()}
    assert species_said(a, reverse, -1) | rules_said(a, reverse, -1) == all_said(b)


# --- labels ------------------------------------------------------------------------------------


def first_setting(number: int) -> int:
    """Hall number of the setting symchiral works in."""
    return {48: 229, 50: 234, 59: 279, 68: 323, 70: 336}.get(
        number,
        next(h for h in range(108, 350) if space_group(h).number == number),
    )


SIMPLE = (
    Description((1, 2, 3, 4), shift=(0.1, 0.2, 0.3), seed=5),
    Description(matrix=((0, 1, 0), (0, 0, 1), (1, 0, 0)), seed=6, noise=1e-5),
    Description((1, 1, 0, 0), matrix=((1, 0, 0), (1, 0, -1), (0, 1, 0)), shift=(0.5, 0, 0), seed=7),
)


@pytest.mark.parametrize("number", range(16, 75))
def test_orthorhombic_labels_belong_to_the_crystal(number: int) -> None:
    """B1, B2, B3 depend on which axis is called z, and that on the lengths of a, b and c."""
    rng = np.random.default_rng(number)
    a = find_symmetry(random_crystal(first_setting(number), rng))
    assert a.group.number == number
    study = Study(a, None)
    for how in SIMPLE:
        b = find_symmetry(how.write(a))
        assert b.group.hall_number == a.group.hall_number
        match = answer(study, Study(b, None), how)
        assert all(label == same for label, same in match.species)


# --- away from the zone centre ------------------------------------------------------------------


OFF_CENTRE = (
    "MoS2_monolayer_slab", "GaAs", "SrTiO3", "Bi2Se3", "Te_P3121", "ZnO", "FeS2_pyrite",
    "TiO2_rutile", "KNbO3_Amm2", "CuO", "P2I4", "GaSe", "SiO2_cristobalite", "PdS",
)  # fmt: skip
"""Crystals of which the everyday run compares the labels off the zone centre."""


def labels_off_centre(study: Study) -> Said:
    """Name of every special point, with name, dimension and number of its species."""
    return {
        p.label: sorted((s.label, s.dimension, s.count) for s in study.species(p.label))
        for p in named_points(study.crystal.group)
        if p.kdim == 0
    }


def pam_off_centre(study: Study, q: str) -> list[tuple[Any, ...]]:
    """Species at a wavevector with their PAM; a pair is H1H2 at one arm and H2H1 at another."""
    return sorted(
        (
            sorted(re.findall(r"[A-Z]+[0-9]+[+-]?", s.label)),
            s.count,
            sorted(str(c.residue) for c in s.components),
        )
        for s in study.species(q)
    )


def carried_wavevector(
    a: SymmetricCrystal, b: SymmetricCrystal, q: QPoint, how: Description
) -> str:
    """The wavevector of a that a wavevector of b is, carried back."""
    here = b.frame.wavevector(q.generic, to="cartesian", source="primitive") @ how.turn
    back = a.frame.wavevector(here, to="primitive", source="cartesian")
    found = [Fraction(float(x)).limit_denominator(12) for x in back]
    assert np.allclose([float(x) for x in found], back, atol=1e-4)
    return ",".join(str(x) for x in found)


def one_vertex(study: Study) -> Said:
    """Every verdict of the last vertex of three special points: names only, no axis."""
    vertices = special_vertices(study.crystal.group, 3)
    book = make_rulebook(study.crystal, None, vertices[-1], acoustic=False)
    return {rule.id: (rule.verdict, rule.coefficients) for rule in book.everything}


@cache
def reference_off_centre(name: str) -> tuple[Said, Said]:
    study = reference(name)
    return labels_off_centre(study), one_vertex(study)


def compare_off_centre(name: str, how: Description) -> Counter[str]:
    """Assert equal names of points and species, PAM arm by arm, and verdicts; count them."""
    a = reference(name)
    new = how.write(a.crystal)
    b = sc.read(new)
    labels, verdicts = reference_off_centre(name)
    assert not differences(labels, labels_off_centre(b))
    assert not differences(verdicts, one_vertex(b))
    letters = [Counter((s.element, s.wyckoff, s.symmetry) for s in c.crystal.sites) for c in (a, b)]
    assert letters[0] == letters[1]
    done = Counter(points=len(labels), species=sum(map(len, labels.values())), rules=len(verdicts))
    if a.axis is not None:
        text = axis_text(a.crystal, a.axis, how, new)
        followed = Study(b.crystal, find_axis(b.crystal, text))
        for label in labels:
            q = carried_wavevector(a.crystal, b.crystal, b.point(label), how)
            assert pam_off_centre(a, q) == pam_off_centre(followed, label)
            done["arms"] += 1
    return done


def described_off_centre(name: str, examples: int) -> Counter[str]:
    """Compare so many random descriptions of a crystal; count what was compared."""
    total: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(descriptions(reference(name).crystal))
    def one(how: Description) -> None:
        total.update(compare_off_centre(name, how))
        total["descriptions"] += 1

    one()
    assert total["descriptions"] >= examples
    return total


@pytest.mark.parametrize("name", OFF_CENTRE)
def test_labels_off_the_zone_centre(name: str) -> None:
    total = described_off_centre(name, 3)
    assert total["points"] >= total["descriptions"]
    assert total["arms"] == (total["points"] if reference(name).axis else 0)
    assert total["rules"] > 0


@pytest.mark.sweep
def test_labels_off_the_zone_centre_of_every_crystal() -> None:
    total: Counter[str] = Counter()
    for name in NAMES:
        total += described_off_centre(name, 3)
    print(dict(total))  # noqa: T201
    assert total["descriptions"] >= 3 * len(NAMES) >= 336
    assert total["points"] >= 1800


# --- import order ------------------------------------------------------------------------------

SAY = """
import sys
for module in sys.argv[1:]:
    __import__(module)
import json
import symchiral as sc
documents = [sc.predict(name).to_dict() for name in ("Bi2Se3", "Te_P3121", "SnS")]
try:
    sc.read(sc.Crystal.of([[1, 0, 0], [0, 1, 0], [0, 0, 1e-3]], [[0, 0, 0]], [1]))
except sc.SymchiralError as error:
    documents.append(str(error))
print(json.dumps(documents, sort_keys=True))
"""


def test_order_of_imports() -> None:
    pytest.importorskip("phonopy")
    said = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SAY, *modules],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        ).stdout
        for modules in ([], ["phonopy", "spgrep"], ["ase", "spglib"])
    }
    assert len(said) == 1
    assert len(json.loads(said.pop())) == 4


# --- nearly symmetric --------------------------------------------------------------------------


def displaced(name: str, size: float, *, copies: int = 1) -> Crystal:
    """A crystal, repeated along a, with its first atom moved by ``size`` Å along (1, 2, 3)."""
    base = reference(name).crystal.primitive
    positions = np.concatenate([base.positions + np.array([i, 0, 0]) for i in range(copies)])
    cell = base.cell * np.array([[copies], [1], [1]])
    points = (positions / np.array([copies, 1, 1])) @ cell
    points[0] += size * np.array([1, 2, 3]) / np.sqrt(14)
    return Crystal.of(cell, points @ np.linalg.inv(cell), np.tile(base.numbers, copies))


def kinds(study: Study) -> list[str]:
    return [warning.kind for warning in study.crystal.warnings]


@pytest.mark.parametrize("name", ["Bi2Se3", "CdI2", "SrTiO3", "Te_P3121", "MgB2", "TiO2_rutile"])
def test_a_displaced_atom(name: str) -> None:
    whole = reference(name)
    moved = displaced(name, 4e-3)  # spglib compares differences: up to twice as much
    tight, loose = sc.read(moved), sc.read(moved, symprec=1e-2)
    assert len(tight.crystal.group) < len(whole.crystal.group)
    assert "looser-group" in kinds(tight)
    assert loose.crystal.group == whole.crystal.group
    assert kinds(loose) == []
    text = next(w.text for w in tight.crystal.warnings if w.kind == "looser-group")
    assert f"({whole.crystal.group.number})" in text
    assert "--symprec 0.01" in text


@pytest.mark.parametrize("name", ["Bi2Se3", "KAsSe2", "Te_P3121"])
def test_a_displaced_atom_of_a_supercell(name: str) -> None:
    """Translations may be what is lost: the group may even keep its type (P1)."""
    moved = displaced(name, 2e-3, copies=2)
    tight, loose = sc.read(moved), sc.read(moved, symprec=1e-2)
    assert len(tight.crystal.primitive) == 2 * len(loose.crystal.primitive)
    assert "looser-group" in kinds(tight)


@pytest.mark.parametrize("size", [2e-3, 6e-3, 2e-2, 4e-2])
def test_the_higher_group_of_a_relaxed_structure_is_told(size: float) -> None:
    """Every atom off by up to 0.04 Å: never silent, and how far atoms are off is right."""
    count = 0
    for name in ("Bi2Se3", "MgB2", "ZnO", "GaAs", "Te_P3121", "TiO2_rutile"):
        whole = reference(name).crystal
        base = whole.input
        for seed in range(4):
            moves = np.random.default_rng(seed).normal(size=(len(base), 3))
            moves *= size / np.linalg.norm(moves, axis=1).max()
            positions = base.positions + moves @ np.linalg.inv(base.cell)
            study = sc.read(Crystal.of(base.cell, positions, base.numbers))
            told = [w.text for w in study.crystal.warnings if w.kind == "looser-group"]
            if study.crystal.group == whole.group:
                assert size == 2e-3  # lost in no silence: it was never lost
                continue
            assert len(told) == 1
            if size < 4e-2:  # spglib compares differences: up to twice as much, and more
                assert f"({whole.group.number})" in told[0]
                off = float(re.findall(r"within (\S+) Å", told[0])[-1])
                assert 0.1 * size < off < 3 * size
            count += 1
    assert count >= 20


def test_a_tiny_tolerance_finds_the_higher_group_too() -> None:
    moved = displaced("Bi2Se3", 1e-7)
    for symprec in (1e-9, 1e-10):
        study = sc.read(moved, symprec=symprec)
        (told,) = [w.text for w in study.crystal.warnings if w.kind == "looser-group"]
        assert "R-3m (166)" in told


def test_far_moves_are_told() -> None:
    study = sc.read(displaced("Bi2Se3", 4e-2), symprec=0.09)
    assert study.crystal.group == reference("Bi2Se3").crystal.group
    assert kinds(study) == ["moved-atoms"]
    assert study.crystal.deviation > 0.01


def test_documents_say_how_far_atoms_were_moved() -> None:
    study = sc.read(displaced("MgB2", 4e-4))
    assert study.show().tolerance.deviation == pytest.approx(study.crystal.deviation, abs=1e-6)
    assert "atoms moved by up to 0.000" in repr(study)


NOISY = ["Bi2Se3", "SrTiO3", "Te_P3121", "GeF2", "FeS2_pyrite", "ZnO", "MoS2_2H", "GaAs"]


@pytest.mark.parametrize("name", NOISY)
def test_noise_below_the_tolerance(name: str) -> None:
    """Every atom off by 1e-4 Å: the same group, and nothing to warn of."""
    whole = reference(name)
    base = whole.crystal.input
    for seed in range(5):
        moves = np.random.default_rng(seed).normal(size=(len(base), 3))
        moves *= 1e-4 / np.linalg.norm(moves, axis=1)[:, None]
        positions = base.positions + moves @ np.linalg.inv(base.cell)
        study = sc.read(Crystal.of(base.cell, positions, base.numbers))
        assert study.crystal.group == whole.crystal.group
        assert kinds(study) == []
        assert 0 < study.crystal.deviation < 2e-4


@pytest.mark.parametrize("name", NOISY)
def test_noise_near_the_tolerance_is_told(name: str) -> None:
    """Normal noise of 1e-4 Å sometimes adds up to 1e-3 Å: no symmetry is lost in silence."""
    whole = reference(name)
    for seed in range(5):
        study = sc.read(Description(seed=seed, noise=1e-4, conventional=True).write(whole.crystal))
        same = study.crystal.group == whole.crystal.group
        assert kinds(study) == ([] if same else ["looser-group"])


def test_stated_group() -> None:
    base = reference("Bi2Se3").crystal.input
    for stated, expected in ((166, []), (160, ["stated-group"]), (1, []), (None, [])):
        source = Source(stated_group=stated, stated_symbol="R 3 m")
        study = sc.read(Crystal.of(base.cell, base.positions, base.numbers, source=source))
        assert kinds(study) == expected
        assert study.crystal.group.number == 166


@pytest.mark.parametrize("shift", [1e-6, 1e-5, 3e-5, 1e-4])
@pytest.mark.parametrize(
    "matrix", [((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((1, 0, 0), (0, 0, 1), (0, -1, 0))]
)
def test_a_small_shift_of_the_origin_is_no_deviation(
    shift: float, matrix: tuple[tuple[int, int, int], ...]
) -> None:
    """spglib may leave the origin off by as much as the tolerance; the frame must not."""
    whole = reference("Co3Sn2S2")
    how = Description(matrix=matrix, shift=(0.0, 0.0, shift))
    study = sc.read(how.write(whole.crystal))
    assert study.crystal.deviation < 1e-9
    carried(whole.crystal, study.crystal, how)


@pytest.mark.parametrize("between", [False, True])
def test_noise_chooses_neither_origin_nor_axis(*, between: bool) -> None:
    """Off the zone centre labels and PAM refer to them.

    P-6m2 has three origins of equal right (hexagon centre, metal, chalcogen), and from the middle
    between two atoms two three-fold axes are equally near.
    """
    base = reference("MoS2_monolayer_slab").crystal.input
    first, second = base.positions[base.numbers == 42][0], base.positions[base.numbers == 16][0]
    middle = (first + second) / 2 * np.array([1, 1, 0]) * between
    said = set()
    for seed in range(8):
        moves = np.random.default_rng(seed).normal(scale=1e-5, size=(len(base), 3))
        positions = base.positions - middle + moves @ np.linalg.inv(base.cell)
        study = sc.read(Crystal.of(base.cell, positions, base.numbers))
        assert study.axis is not None
        line = study.crystal.frame.point(
            [float(x) for x in study.axis.point], to="input", source="primitive"
        )
        said.add(
            (
                tuple((np.round(line[:2], 3) + 0.0).tolist()),
                *((s.label, s.count, *(c.pam for c in s.components)) for s in study.species("K")),
            )
        )
    assert len(said) == 1


@pytest.mark.parametrize("name", ["CuO", "Te_P3121"])
def test_a_little_turn_does_not_reverse_the_axis(name: str) -> None:
    """The sign of the axis is that of its last component: one of 10⁻⁵ is none."""
    base = reference(name).crystal.input
    upright = np.eye(3) if name == "CuO" else np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    for angle in (5e-6, -5e-6, 1e-4, -1e-4):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ upright
        axis = sc.read(Crystal.of(base.cell @ turn.T, base.positions, base.numbers)).axis
        assert axis is not None
        assert np.allclose(axis.direction, [0, 1, 0], atol=1e-3)
