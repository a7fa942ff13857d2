"""In which sense atoms may rotate, held against random models with velocity-dependent forces.

What the package says of J, in sum, by site and for single atoms, must be what the modes of
:mod:`gyroscopic` do: J vanishes wherever it is said to, is found wherever it may be, stays within
its bounds, is absent without the velocity-dependent term where time reversal alone forbids it, and
grows in proportion to it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
import spglib
from gyroscopic import Model, moments
from magnetic_groups import Group, every_group, magnetic_crystal, point_groups

import symchiral as sc
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.symmetric import SymmetricCrystal
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.kpoints import find_point
from symchiral.modes.motion import Motion, _known
from symchiral.modes.species import Species, find_species
from symchiral.study import Study

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

STRENGTH = 1e-5
NONE, SOME = 3e-9, 3e-8
"""J that is zero, and J that is not."""


@cache
def study(group: Group) -> Study:
    return sc.read(magnetic_crystal(group))


@dataclass
class Found:
    """The largest J that the levels of one component have, in any direction and about the axis."""

    total: dict[str, float] = dataclasses.field(default_factory=dict)
    along: dict[str, float] = dataclasses.field(default_factory=dict)
    sites: dict[str, float] = dataclasses.field(default_factory=dict)
    atoms: dict[str, float] = dataclasses.field(default_factory=dict)
    modes: int = 0

    def note(self, where: dict[str, float], name: str, size: float) -> None:
        where[name] = max(where.get(name, 0.0), float(size))


@dataclass(frozen=True)
class Level:
    """Modes of one frequency (columns), and how far that of the next is."""

    modes: Complex
    gap: float

    @property
    def noise(self) -> float:
        """What rounding may make of a J that is zero."""
        return NONE + 2e-14 / self.gap


def hold(found: Study, q: str = "GM", field: Floats | None = None, seed: int = 0) -> Counter[str]:
    """Compare every component of every species at a wavevector with the modes of a model."""
    crystal = found.crystal
    point = find_point(crystal.group, q)
    axis = axis_at(crystal, found.axis, [point])
    species = find_species(crystal, axis, point)
    model = Model(crystal, np.array([float(x) for x in point.generic]), field, seed)
    once, twice = model.modes(STRENGTH), model.modes(2 * STRENGTH)
    counts: Counter[str] = Counter()
    largest = {s.key: [Found() for _ in s.components] for s in species}
    for plain in model.multiplets():
        characters = model.characters(plain)
        own = [s for s in species if _belongs(s, plain.shape[1], characters)]
        assert len(own) == 1, (q, len(own), plain.shape)
        (s,) = own
        levels = _levels(*once, plain)
        if s.dimension == 1:
            counts["multiplets"] += 1
            _grows(plain, levels[0], _levels(*twice, plain)[0], counts)
        for component, motion, seen in zip(s.components, s.motions, largest[s.key], strict=True):
            primed = axis is not None and model.operations[axis.turn.index][3] == (-1,)
            parts = levels
            if axis is not None and component.residue is not None:
                parts = [
                    Level(_with_l(model, s, axis, component.residue, x.modes, primed=primed), x.gap)
                    for x in levels
                ]
                found_ = sum(x.modes.shape[1] for x in parts)
                assert primed or found_ == component.basis.shape[1]
            for x in parts:
                if x.modes.shape[1]:
                    _within(crystal, s, motion, axis, x, seen)
    for s in species:
        for motion, seen in zip(s.motions, largest[s.key], strict=True):
            if seen.modes:
                _exactly(motion, axis, seen, counts, (q, s.key))
    return counts


def _belongs(s: Species, dimension: int, characters: dict[int, complex]) -> bool:
    """By the characters of all operations that keep the wavevector."""
    return dimension == s.dimension and all(
        abs(x - np.trace(s.participant.matrices[g, s.arm])) < 1e-4 for g, x in characters.items()
    )


def _levels(frequencies: Floats, modes: Complex, plain: Complex) -> list[Level]:
    """The modes that a multiplet becomes, level by level."""
    overlap = np.sum(np.abs(plain.conj().T @ modes) ** 2, axis=0)
    chosen = np.sort(np.argsort(-overlap)[: plain.shape[1]])
    ends = np.flatnonzero(np.diff(frequencies[chosen]) > 1e-11) + 1
    return [
        Level(
            modes[:, own],
            float(np.abs(np.delete(frequencies, own) - frequencies[own].mean()).min(initial=1)),
        )
        for own in np.split(chosen, ends)
    ]


def _with_l(
    model: Model, s: Species, axis: Axis, residue: Fraction, e: Complex, *, primed: bool
) -> Complex:
    """Vectors of one PAM: T(C_n) taken from the model, its screw part and lattice taken off.

    Where C_n comes with time reversal its square does not.
    """
    k = 2 if primed else 1
    turn = axis.turn
    u = float(turn.shift(s.q).generic[2])
    phase = np.exp(-2j * np.pi * (model.q @ np.array(turn.lattice) - u / turn.order))
    # Modes of a gyroscopic model need not be orthogonal: the span, then T in it.
    span = np.linalg.qr(e)[0]
    image = span
    for _ in range(k):
        carried = model.carried(turn.index, image)
        assert carried is not None
        image = phase * carried
    values, vectors = np.linalg.eig(span.conj().T @ image)
    wanted = np.exp(-2j * np.pi * k * float(residue) / turn.order)
    return np.asarray(np.linalg.qr(span @ vectors[:, np.abs(values - wanted) < 1e-3])[0])


def _grows(plain: Complex, once: Level, twice: Level, counts: Counter[str]) -> None:
    """At order zero D alone decides; the rest is of first order in the gyroscopic term."""
    j0, j1, j2 = (moments(e)[..., 0, 0].real for e in (plain, once.modes, twice.modes))
    change = np.abs(j1 - j0).max()
    if change > SOME and once.gap > 100 * STRENGTH:
        assert np.abs((j2 - j0) - 2 * (j1 - j0)).max() < 0.1 * change
        counts["grow"] += 1


def _within(
    crystal: SymmetricCrystal,
    s: Species,
    motion: Motion,
    axis: Axis | None,
    level: Level,
    seen: Found,
) -> None:
    """The modes of one level keep to what is said; what J they have is noted."""
    forms, noise = moments(np.linalg.qr(level.modes)[0]), level.noise
    total = forms.sum(axis=0)
    seen.modes += 1
    seen.note(seen.total, "", np.abs(total).max() - noise)
    spans = np.array(motion.directions).reshape(-1, 3)
    across = total - np.einsum("vi,vj,jab->iab", spans, spans, total)
    assert np.abs(across).max() < noise, (s.key, motion, total)
    assert motion.box is not None
    for form, (low, high) in zip(total, motion.box, strict=True):
        values = np.linalg.eigvalsh(form)
        assert low - noise < values[0]
        assert values[-1] < high + noise
    if axis is not None:
        values = np.linalg.eigvalsh(np.tensordot(axis.direction, total, 1))
        assert motion.lowest - noise < values[0]
        assert values[-1] < motion.highest + noise
        seen.note(seen.along, "", np.abs(values).max() - noise)
    words = dict(motion.site_words())
    for site in crystal.sites:
        share = forms[list(site.atoms)]
        seen.note(seen.atoms, site.name, np.abs(share).max() - noise)
        size = np.abs(share.sum(axis=0)).max()
        if axis is not None:
            values = np.linalg.eigvalsh(np.tensordot(axis.direction, share.sum(axis=0), 1))
            size = np.abs(values).max()
            assert words.get(site.name) != "must +" or values[0] > -noise
            assert words.get(site.name) != "must -" or values[-1] < noise
        seen.note(seen.sites, site.name, size - noise)


def _exactly(
    motion: Motion, axis: Axis | None, seen: Found, counts: Counter[str], where: object
) -> None:
    """J exists exactly where it may."""
    counts["components"] += 1
    assert (seen.total[""] > SOME) == bool(motion.directions), (where, motion, seen)
    counts["turn" if motion.directions else "still"] += 1
    if axis is not None:
        assert (seen.along[""] > SOME) == (motion.sign != "0"), (where, motion, seen)
    words = dict(motion.site_words())
    for name, size in seen.sites.items():
        word = words.get(name, "cannot")
        assert (size > SOME) == (word not in ("cannot", "cancels")), (where, name, word, seen)
        assert (seen.atoms[name] > SOME) == (word != "cannot"), (where, name, word, seen)
        counts[word] += 1


def _asserted(counts: Counter[str], *words: str) -> None:
    for word in words:
        assert counts[word] > 0, (word, counts)


def test_magnetic_point_groups_at_the_centre() -> None:
    """A share of what the sweep does, with groups of few operations."""
    counts: Counter[str] = Counter()
    for group in [g for g in point_groups() if len(g.rotations) < 17][::9]:
        counts += hold(study(group))
    assert counts["components"] > 40
    _asserted(counts, "grow", "turn", "still", "may", "cancels", "cannot")


@pytest.mark.sweep
def test_all_magnetic_point_groups_at_the_centre() -> None:
    counts: Counter[str] = Counter()
    for group in point_groups():
        counts += hold(study(group))
    assert len(point_groups()) == 122
    assert counts["components"] == 942, counts
    _asserted(counts, "grow", "turn", "still", "may", "cancels", "cannot")


# Crystals with atoms on axes, mirrors and centres, magnetic by themselves or in B.
MAGNETS = ("CrI3_FM", "Co3Sn2S2_FM", "Cr2O3_AFM", "MnF2_AFM")
IN_FIELD = (
    ("Bi2Se3", (0, 0, 1)),
    ("Bi2Se3", (1, 0, 0)),
    ("TiO2_rutile", (0, 0, 1)),
    ("TiO2_rutile", (1, 0, 0)),
    ("TiO2_rutile", (1, 1, 0)),
    ("ZnO", (0, 0, 1)),
    ("ZnO", (1, 0, 0)),
    ("Te_P3121", (0, 0, 1)),
    ("GaAs", (0, 0, 1)),
    ("GaAs", (1, 1, 1)),
    ("NaCl", (0, 0, 1)),
    ("SrTiO3", (0, 0, 1)),
    ("SrTiO3", (1, 1, 0)),
    ("WC", (0, 0, 1)),
    ("GaSe", (0, 0, 1)),
    ("FeS2_pyrite", (1, 0, 0)),
    ("TeO2_alpha", (0, 0, 1)),
    ("BPO4", (0, 0, 1)),
    ("CuFeS2", (0, 0, 1)),
    ("MoS2_2H", (0, 0, 1)),
    ("graphite", (0, 0, 1)),
)
PLAIN = ("Bi2Se3", "Te_P3121", "ZnO", "FeS2_pyrite", "P2I4", "Li2ZnGeO4")
CASES = [(name, None) for name in (*MAGNETS, *PLAIN)] + list(IN_FIELD)
POINTS = (
    "GM", "1/7,2/11,3/13", "1/7,1/7,3/13", "1/7,-1/7,0", "1/7,3/13,0", "1/2,0,0", "0,0,1/5",
    "1/2,1/2,1/2",
)  # fmt: skip


def _hold_at(name: str, field: tuple[int, int, int] | None, q: str) -> Counter[str]:
    found = sc.read(name)
    if field is None:
        return hold(found, q)
    return hold(found.in_field(B=field), q, np.array(field, dtype=float))


@pytest.mark.parametrize(
    ("name", "field", "q"),
    [(*case, POINTS[(3 * i) % len(POINTS)]) for i, case in enumerate(CASES)][::4],
)
def test_crystals_in_fields(name: str, field: tuple[int, int, int] | None, q: str) -> None:
    assert _hold_at(name, field, q)["components"] > 0


@pytest.mark.sweep
def test_crystals_in_fields_at_all_points() -> None:
    counts: Counter[str] = Counter()
    for name, field in CASES:
        for q in POINTS:
            counts += _hold_at(name, field, q)
    assert len(CASES) * len(POINTS) == 248
    assert counts["components"] > 500
    _asserted(counts, "grow", "turn", "still", "must +", "must -", "may", "cancels", "cannot")


def _in_the_magnetic_cell(given: Crystal, rotations: Floats, translations: Floats) -> float:
    """Compare modes of the paramagnet's zone centre, in the cell of the order; the largest J."""
    operations = [
        SimpleNamespace(rotation=w, translation=t)
        for w, t in zip(rotations, translations, strict=True)
    ]
    crystal = SimpleNamespace(primitive=given, group=SimpleNamespace(operations=operations))
    model = Model(crystal, np.zeros(3))  # type: ignore[arg-type]
    shifts = [
        g
        for g, x in enumerate(operations)
        if np.array_equal(x.rotation, np.eye(3)) and np.abs(x.translation % 1).max() > 1e-6
    ]
    assert shifts
    once = model.modes(STRENGTH)
    turning: dict[int, float] = {}
    for plain in model.multiplets():
        if any(not np.allclose(model.carried(g, plain), plain, atol=1e-6) for g in shifts):
            continue  # of the zone boundary of the paramagnet's cell
        (level,) = _levels(*once, plain)  # nothing splits
        forms = moments(np.linalg.qr(level.modes)[0])
        values = np.linalg.eigvalsh(forms.sum(axis=0))
        assert np.abs(values + values[:, ::-1]).max() < 2 * level.noise  # in sum both or no sense
        if plain.shape[1] == 1:
            for number, j in zip(given.numbers, np.abs(forms).max(axis=(1, 2, 3)), strict=True):
                turning[number] = max(turning.get(number, 0.0), float(j) - level.noise)
    found = sc.read(given)
    may = {
        element
        for s in found.species()
        if s.dimension == 1 and s.optical
        for site in found.crystal.sites
        for element in [found.crystal.primitive.numbers[site.atoms[0]]]
        if site.name in s.motions[0].turning
    }
    assert all(s.motions[0].still for s in found.species() if s.dimension == 1)
    assert may == {number for number, j in turning.items() if j > SOME}
    return max(turning.values())


def test_time_reversal_with_a_translation_leaves_single_atoms_free() -> None:
    """In sum the modes of the paramagnet's zone centre have J = 0; atoms on axes cannot turn."""
    groups = [
        next(g for g in every_group() if g.type == 4 and g.family == family)
        for family in ("-1", "2/m", "mmm", "4", "-3", "-42m")
    ]
    for group in groups:
        given = magnetic_crystal(group)
        assert _in_the_magnetic_cell(given, group.rotations, group.translations) > SOME
    given = sc.read("MnBi2Te4_AFM").crystal.input
    found = spglib.get_symmetry((given.cell, given.positions, given.numbers), symprec=1e-3)
    assert _in_the_magnetic_cell(given, found["rotations"], found["translations"]) < SOME


def test_inversion_with_time_reversal_stops_every_mode() -> None:
    """At a general q, in a crystal and in an antiferromagnet: about every axis, and open nowhere.

    Time reversal broken, or no inversion, and J is free; in a mirror plane it is along the normal.
    """
    q = "1/7,2/11,3/13"
    for name in ("Bi2Se3", "Cr2O3_AFM", "P2I4", "FeS2_pyrite", "MnBi2Te4_AFM"):
        (s,) = sc.read(name).species(q)
        (motion,) = s.motions
        assert motion.still
        assert (motion.sign, motion.value) == ("0", 0.0)
        assert {word for _, word in motion.site_words()} <= {"cancels", "cannot"}
    for name in ("ZnO", "Te_P3121", "CrI3_FM"):
        (s,) = sc.read(name).species(q)
        assert len(s.motions[0].directions) == 3
        assert s.motions[0].sign == "open"
    crystal = sc.read("ZnO")
    for s in crystal.species("1/7,1/7,3/13"):
        (normal,) = s.motions[0].directions
        q_cartesian = np.linalg.inv(crystal.crystal.primitive.cell) @ [1 / 7, 1 / 7, 3 / 13]
        assert abs(q_cartesian @ normal) < 1e-9
        assert s.motions[0].box is not None


def test_transfers_of_modes_that_cannot_turn() -> None:
    """Without an axis J = 0 is J = 0; where it need not be, the sites are named."""
    vertex = "1/7,2/11,3/13 1/7,2/11,3/13 -2/7,-4/11,-6/13"
    rule = sc.read("Bi2Se3").rules(q=vertex).rules[0]
    assert (rule.rotation_sense, rule.am_transfer, rule.open_sites) == ("none", 0.0, ())
    assert "no axis; no net rotation" in rule.explain()
    rule = sc.read("ZnO").rules(q=vertex).rules[0]
    assert (rule.rotation_sense, rule.am_transfer) == ("open", None)
    assert rule.open_sites == ("Zn", "O")


def test_partners_of_a_ferromagnet_are_not_opposite() -> None:
    """Sign and zero are exact per quantum; the size is not, and the sum of (+) and (−) is open."""
    found = sc.read("Bi2Se3")
    plain = found.rules()["Eu(+) Eu(-) -> A1g"]
    assert plain.rotation_sense == "none"
    plus, minus = found.species()[-1].motions
    assert (plus.value, minus.value) == (1.0, -1.0)
    inside = found.in_field(B=(0, 0, 1))
    plus, minus = inside.species()[-1].motions
    assert (plus.sign, minus.sign) == ("+", "-")
    assert (plus.value, minus.value) == (None, None)
    flip = inside.rules()["Eu(+) Eu(+) -> Eg(-)"]
    assert (flip.rotation_sense, flip.am_transfer) == ("flipped", None)
    open_ = sc.read("CrI3_FM").rules()["Eg(+) Eg(-) -> Ag"]
    assert open_.rotation_sense == "open"


def test_motions_kept_in_memory_are_those_worked_out_anew() -> None:
    """Crystals of one kind, and one crystal of other masses or turned, read after one another."""

    def motions(given: object) -> list[tuple[Motion, ...]]:
        return [s.motions for s in sc.read(given).species()]

    salt = sc.structure("NaCl")
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    turned = Crystal.of(salt.cell @ turn, salt.positions, salt.numbers)
    heavy = Crystal.of(salt.cell, salt.positions, salt.numbers + 36)
    given = ["Bi2Se3", "Bi2Te3", "Sb2Te3", "Cr2O3_AFM", "Al2O3", "SiO2_quartz_P3121"]
    given += ["Te_P3121", "CrI3_FM", "CrI3", salt, turned, heavy]
    kept = [motions(x) for x in given]
    for x, before in zip(given, kept, strict=True):
        _known.cache_clear()
        np.testing.assert_equal(motions(x), before)
    assert sum(map(len, kept)) == 41
