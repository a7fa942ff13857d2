"""Named wavevectors and the labels of their small irreps: laws over groups, then the grammar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest

from symchiral.crystal.qpoint import GAMMA, QPoint, little_group, star
from symchiral.crystal.search import space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.errors import GrammarError, InputError, LabelError
from symchiral.irreps import build, smallnames
from symchiral.irreps.build import small_irreps
from symchiral.irreps.isoir import iso_hall_number
from symchiral.irreps.kpoints import find_point, named_points, split_points, tabulated_points
from symchiral.irreps.locate import locate, star_name
from symchiral.irreps.participant import _induce, irreps
from symchiral.irreps.smallnames import irrep_names

GROUPS = range(1, 231)
# One group at least of every class and centring, with screws, untabulated -k, the points where
# spgrep fails (24, 73) and those that tell exp(-iq.t) from its conjugate (DISCRIMINATING).
SAMPLE = (
    2, 4, 9, 14, 19, 24, 43, 61, 70, 73, 76, 82, 92, 110, 122, 138, 142, 144, 148, 150, 161, 166,
    169, 174, 178, 186, 190, 194, 198, 199, 205, 206, 214, 220, 222, 227,
)  # fmt: skip
DISCRIMINATING = {
    *((number, "P") for number in (122, 141, 142, 199, 206, 214, 220, 230)),
    *((number, "W") for number in (227, 228)),
}
TRANSLATIONS = np.random.default_rng(7).integers(-3, 4, size=(97, 3))


@pytest.fixture(autouse=True)
def no_files(monkeypatch):
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")


def group_of(number: int) -> SpaceGroup:
    return space_group(iso_hall_number(number))


def find(number: int, text: str) -> tuple[SpaceGroup, QPoint]:
    group = group_of(number)
    return group, find_point(group, text)


def traces(irrep: np.ndarray) -> np.ndarray:
    return np.trace(irrep, axis1=1, axis2=2)


def by_name(group: SpaceGroup, q: QPoint) -> dict[str, np.ndarray]:
    """Characters of the small irreps at q under their names."""
    names = irrep_names(group, q)
    assert len(set(names)) == len(names)
    return {name: traces(small) for name, small in zip(names, small_irreps(group, q), strict=True)}


def displaced(q: QPoint, seed: int) -> QPoint:
    return q + QPoint.of(*(int(x) for x in TRANSLATIONS[seed % len(TRANSLATIONS)]))


# ------------------------------------------------------------------ the points


def test_all_names_are_there():
    counts = Counter()
    for number in GROUPS:
        group = group_of(number)
        points = named_points(group)
        assert len({point.label for point in points}) == len(points)
        assert [p.kdim for p in points] == sorted(p.kdim for p in points)
        assert (points[0].label, points[0].q, points[-1].label) == ("GM", GAMMA, "GP")
        counts.update((point.kdim, point.conjugate) for point in points)
        for point, iso in tabulated_points(group):
            # k_p = k C, both as functions of the parameters, modulo reciprocal vectors
            parameters = (Fraction(1, 7), Fraction(2, 9), Fraction(3, 11))
            columns = list(zip(*iso.directions, strict=True))
            free = [x for x, column in zip(parameters, columns, strict=True) if any(column)]
            conventional = np.array([float(x) for x in iso.k(parameters)])
            ours = np.array([float(x) for x in point.q.at(*free).coordinates])
            difference = conventional @ group.centring - ours
            assert np.allclose(difference, np.rint(difference), atol=1e-9), (number, point)
            assert point.q.reduced == point.q
    assert counts == {
        (0, False): 1350, (0, True): 31, (1, False): 1682, (1, True): 11, (2, False): 879,
        (3, False): 230,
    }  # fmt: skip


def check_names(numbers: Iterable[int], kdims: tuple[int, ...]) -> tuple[int, int]:
    """Every label exactly once, at q and at q + G; and every point is found where it is."""
    points = labels = 0
    for number in numbers:
        group = group_of(number)
        for point, iso in tabulated_points(group):
            if point.kdim not in kdims:
                continue
            names = irrep_names(group, point.q)
            assert sorted(names) == sorted(irrep.label for irrep in iso.irreps), (number, point)
            location = locate(group, point.q)
            assert (location.point, location.k, location.exact) == (point, point.q, True)
            elsewhere = displaced(point.q, points)
            if point.kdim == 0:
                assert locate(group, elsewhere).point == point
                assert irrep_names(group, elsewhere) == names
            assert little_group(group, point.q) == little_group(group, elsewhere)
            for small, same in zip(
                small_irreps(group, point.q), small_irreps(group, elsewhere), strict=True
            ):
                assert small is same
            points, labels = points + 1, labels + len(names)
    return points, labels


def test_labels_at_special_points_of_the_sample():
    assert check_names(SAMPLE, (0,)) == (211, 713)


@pytest.mark.sweep
def test_labels_at_all_special_points():
    # 112 labels of the untabulated -k
    assert check_names(GROUPS, (0,)) == (1350 + 31, 5296 + 112)


def test_labels_on_lines_and_planes_of_the_sample():
    assert check_names(SAMPLE[::3], (1, 2, 3)) == (111, 244)


@pytest.mark.sweep
def test_labels_on_all_lines_and_planes():
    assert check_names(GROUPS, (1, 2, 3)) == (1682 + 11 + 879 + 230, 5939)


# ------------------------------------------------------------------ labels belong to the star


def check_arms(numbers: Iterable[int], kdims: tuple[int, ...]) -> int:
    """The irrep induced from any arm holds, at every other arm, the small irrep of its label."""
    arms = 0
    for number in numbers:
        group = group_of(number)
        for point in named_points(group):
            if point.kdim not in kdims:
                continue
            # on lines also where the parameter has to be brought back into its domain
            values = [()] if point.kdim == 0 else [(Fraction(2, 7),), (Fraction(-9, 11),)]
            for value in values:
                q = point.q.at(*value)
                names = irrep_names(group, q)
                everything = {arm: by_name(group, displaced(arm, arms)) for arm in star(group, q)}
                for name, small in zip(names, small_irreps(group, q), strict=True):
                    found, _, matrices = _induce(group, q, small)
                    for i, arm in enumerate(found):
                        members = list(little_group(group, arm))
                        here = everything[arm]
                        assert np.allclose(traces(matrices[members, i]), here[name], atol=1e-9)
                arms += len(everything)
    return arms


def test_every_arm_carries_the_same_labels_in_the_sample(monkeypatch):
    monkeypatch.setattr(build, "_from_spgrep", lambda *_: None)
    assert check_arms(SAMPLE[::3], (0,)) == 108
    assert check_arms((76, 150), (1,)) == 116


@pytest.mark.sweep
def test_every_arm_carries_the_same_labels(monkeypatch):
    monkeypatch.setattr(build, "_from_spgrep", lambda *_: None)
    assert check_arms(GROUPS, (0,)) == 2162
    # all groups, 12952 arms, pass as well
    assert check_arms(GROUPS[::3], (1,)) == 4216


@pytest.mark.parametrize("number", [24, 82, 122, 143, 150, 174, 189, 199, 220])
def test_untabulated_partners_are_conjugates(number):
    group = group_of(number)
    points = {point.label: point for point in named_points(group)}
    partners = [point for point in points.values() if point.conjugate]
    assert partners
    for partner in partners:
        letter = partner.label.removesuffix("A")
        q = points[letter].q
        assert (-q).reduced == partner.q
        here, there = by_name(group, q), by_name(group, -q)
        assert {f"{letter}A{name.removeprefix(letter)}" for name in here} == set(there)
        for name, characters in here.items():
            conjugate = there[f"{letter}A{name.removeprefix(letter)}"]
            assert np.allclose(conjugate, characters.conj(), atol=1e-9)


def test_where_a_mirror_reverses_k_both_valleys_have_one_label():
    group, k = find(187, "K")
    assert star_name(group, k) == star_name(group, -k) == "K"
    mirror = locate(group, -k).operation
    assert k.rotated(group.rotations[group.inverses[mirror]]).reduced == (-k).reduced
    # a chalcogen rotating clockwise at K rotates anticlockwise at -K: same label, conjugate
    # rotation
    c3 = next(g for g in little_group(group, k) if round(np.trace(group.rotations[g])) == 0)
    place = little_group(group, k).index(c3)
    here, there = by_name(group, k), by_name(group, -k)
    assert set(here) == set(there)
    for name in here:
        assert np.isclose(here[name][place], there[name][place].conj())


# ------------------------------------------------------------------ lines


def test_labels_run_continuously_through_the_screw_lines():
    # P2_1, P4_1, P6_1 from boundary to boundary: the phase of the screw is that of the label at
    # the constant times exp(-2 pi i z s), which no periodic function of z is
    for number, text, label, step in ((4, "0,{},0", "LD1", 2), (76, "0,0,{}", "LD1", 4),
                                      (169, "0,0,{}", "DT1", 6)):  # fmt: skip
        group = group_of(number)
        for j in range(-24, 25):
            z = Fraction(j, 49)
            q = find_point(group, text.format(z))
            if not j:
                continue
            members = list(little_group(group, q))
            place = next(
                i for i, g in enumerate(members)
                if sum(x * 24 for x in group.operations[g].translation) == Fraction(24, step)
            )  # fmt: skip
            characters = by_name(group, q)[label]
            assert np.isclose(characters[place], np.exp(-2j * np.pi * float(z) / step)), (number, z)
            assert np.allclose(by_name(group, displaced(q, j))[label], characters)


def check_domains(numbers: Iterable[int]) -> Counter[tuple[str, str]]:
    """The chosen parameters of a line are one interval, from 0 on where an operation turns it."""
    seen: Counter[tuple[str, str]] = Counter()
    for number in numbers:
        group = group_of(number)
        for point, iso in tabulated_points(group):
            if point.kdim != 1:
                continue
            grid = [Fraction(j, 18) + Fraction(1, 1009) for j in range(-27, 27)]
            kept = []
            for x in grid:
                location = locate(group, point.q.at(x))
                assert location.point == point
                ((value, *_),) = location.parameters
                assert abs(value) <= abs(x)
                kept.append(value == x)
            places = np.flatnonzero(kept)
            assert np.array_equal(places, np.arange(places[0], places[-1] + 1)), (number, point)
            lower, upper = grid[places[0]], grid[places[-1]]
            assert lower - Fraction(1, 18) <= 0 <= upper
            seen[iso.minus_k, "half" if lower > 0 else "whole"] += 1
    return seen


def test_domains_of_lines():
    seen = check_domains((4, 76, 144, 150, 166, 194))
    assert seen == {
        ("star", "half"): 20, ("continued", "whole"): 15, ("untabulated", "whole"): 2,
        ("untabulated", "half"): 2,
    }  # fmt: skip


@pytest.mark.sweep
def test_domains_of_all_lines():
    seen = check_domains(GROUPS)
    assert sum(seen.values()) == 1693, seen


def test_singular_parameters_are_the_points_they_are():
    for number, text, label in (
        (166, "LD(0)", "GM"), (166, "LD(3/2)", "T"), (191, "LD(1/3)", "K"), (191, "LD(1/2)", "M"),
        (225, "DT(1)", "X"), (225, "SM(1)", "X"), (191, "P(0)", "K"), (227, "C(1/8,1/8)", "LD"),
    ):  # fmt: skip
        group, q = find(number, text)
        assert star_name(group, q) == label
        assert all(name.startswith(label) for name in irrep_names(group, q))


def test_symbolic_parameters():
    group = group_of(194)
    for text, expected in (
        ("LD(-u)", "LD(u)"), ("0,0,1/2-u", "DT(1/2-u)"), ("0,0,1+2u", "DT(2u)"), ("u,u,0", "LD(u)"),
        ("-2u,u,0", "LD(u)"), ("0,u,1/2", "R(u)"), ("1/7,u,0", "B(u,1/7)"), ("u,v,0", "B(u,v)"),
        ("v,u,1/3", "GP(u,v,1/3)"), ("K", "K"),
    ):  # fmt: skip
        q = find_point(group, text)
        location = locate(group, q)
        assert location.text == expected
        # q = k W^-1 + G, for all values of the parameters
        inverse = group.rotations[group.inverses[location.operation]]
        assert (q - location.k.rotated(inverse)).is_reciprocal_vector
        assert location.exact == (location.k == q)


def test_large_denominators_stay_exact():
    group = group_of(194)
    tiny = Fraction(1, 10**11 + 3)
    assert locate(group, QPoint.of(0, 0, 1 - tiny)).text == "DT(1/100000000003)"
    assert locate(group, QPoint.of("1/3", "1/3", tiny)).point.label == "P"


# ------------------------------------------------------------------ the two methods


@pytest.mark.parametrize(("number", "label"), [(24, "W"), (24, "WA"), (73, "W")])
def test_where_spgrep_fails(number, label):
    group, q = find(number, label)
    assert build._from_spgrep(group, q) is None
    assert [small.shape for small in small_irreps(group, q)] == [(4, 2, 2)]
    assert all(name.startswith(label) for name in irrep_names(group, q))


def check_methods(numbers: Iterable[int], kdims: tuple[int, ...]) -> int:
    agreed = 0
    for number in numbers:
        group = group_of(number)
        for point, iso in tabulated_points(group):
            if point.kdim not in kdims:
                continue
            q = point.q
            split = build._from_regular(group, q)
            assert sorted(s.shape[1] for s in split) == sorted(i.dimension for i in iso.irreps)
            members = list(little_group(group, q))
            place = {g: i for i, g in enumerate(members)}
            table = np.ix_(members, members)
            products = np.vectorize(place.get)(group.products[table])
            phases = np.exp(
                -2j * np.pi * group.product_translations[table] @ np.array(q.generic, dtype=float)
            )
            for s in split:
                assert np.allclose(s @ s.conj().swapaxes(1, 2), np.eye(s.shape[1]), atol=1e-9)
                law = s[:, None] @ s[None] - phases[..., None, None] * s[products]
                assert np.abs(law).max() < 1e-9
            theirs = build._from_spgrep(group, q)
            if theirs is None:
                assert (number, point.label) in {(24, "W"), (24, "WA"), (73, "W")}
                continue
            # in the same order too, which caches rely on
            for s, t in zip(split, theirs, strict=True):
                assert np.allclose(traces(s), traces(t), atol=1e-6), (number, point)
            agreed += 1
    return agreed


@pytest.mark.sweep
def test_splitting_the_regular_representation_agrees_with_spgrep():
    assert check_methods(SAMPLE, (0,)) == 211 - 3


@pytest.mark.sweep
def test_splitting_the_regular_representation_agrees_with_spgrep_everywhere():
    assert check_methods(GROUPS, (0,)) == 1350 + 31 - 3
    assert check_methods(GROUPS, (1, 2)) == 1682 + 11 + 879


@pytest.mark.parametrize(("number", "label"), sorted(DISCRIMINATING))
def test_phase_discriminating_points(number, label, monkeypatch):
    group, q = find(number, label)
    assert all(name.startswith(label) for name in irrep_names(group, q))
    assert not any("#" in name for name in irrep_names(group, q))
    # with the other sign of the phases no label fits, and none is invented
    labels, table = smallnames.tabulated_characters(group, q)
    monkeypatch.setattr(smallnames, "tabulated_characters", lambda *_: (labels, table.conj()))
    positional = tuple(f"{label}:#{i + 1}" for i in range(len(labels)))
    assert irrep_names.__wrapped__(group, q) == positional


# ------------------------------------------------------------------ time reversal


def check_real(numbers: Iterable[int]) -> Counter[int]:
    """Each small irrep is in one real irrep, once or, if pseudoreal, twice, as ISO's type says."""
    seen: Counter[int] = Counter()
    for number in numbers:
        group = group_of(number)
        for point, iso in tabulated_points(group):
            if point.kdim:
                continue
            q = point.q
            kinds = {irrep.label: irrep.type for irrep in iso.irreps}
            small = by_name(group, q)
            n = len(little_group(group, q))
            members = list(little_group(group, q))
            reversed_in_star = (-q).reduced in star(group, q)
            used: Counter[str] = Counter()
            for real in irreps(group, q):
                arm = real.arms.index(q.reduced)
                characters = traces(real.matrices[members, arm])
                content = {
                    name: round((np.vdot(chi, characters) / n).real) for name, chi in small.items()
                }
                content = {name: m for name, m in content.items() if m}
                used.update(content.keys())
                size = sum(m * small[name][0].real for name, m in content.items())
                assert np.isclose(size, real.dimension)
                types = {kinds[name] for name in content}
                assert len(types) == 1
                (kind,) = types
                multiplicities = sorted(content.values())
                if not reversed_in_star:
                    assert (kind, multiplicities) == (3, [1])
                else:
                    assert multiplicities == {1: [1], 2: [2], 3: [1, 1]}[kind]
                seen[kind] += len(content)
            assert used == Counter(small.keys()), (number, point)
    return seen


def check_real_laws(numbers: Iterable[int]) -> Counter[bool]:
    """Over all arms: D(g) D(h) = e^(−iq·T) D(gh), K² = 1 and K D(g) = D(g) K.

    Counted by whether −q is in the star of q, which has twice the arms otherwise.
    """
    seen: Counter[bool] = Counter()
    for number in numbers:
        group = group_of(number)
        g, h = np.indices(group.products.shape)
        for point, _ in tabulated_points(group):
            if point.kdim:
                continue
            for real in irreps(group, point.q):
                images, opposite = real.images, real.conjugate_arms
                arms, d, c = np.arange(len(real.arms)), real.matrices, real.conjugation
                vectors = np.array([arm.generic for arm in real.arms], dtype=float)
                assert len(set(real.arms)) == len(arms)
                assert [(-arm).reduced for arm in real.arms] == [real.arms[i] for i in opposite]
                for i in arms:
                    at = images[h, i]
                    there = images[g, at]
                    assert np.array_equal(there, images[group.products, i])
                    turns = np.einsum("ghx,ghx->gh", vectors[there], group.product_translations)
                    phases = np.exp(-2j * np.pi * turns)[..., None, None]
                    law = d[g, at] @ d[h, i] - phases * d[group.products, i]
                    assert np.abs(law).max() < 1e-8, (number, point, real)
                assert np.array_equal(images[:, opposite], opposite[images])
                one = c[opposite] @ np.conj(c)
                assert np.abs(one - np.eye(real.dimension)).max() < 1e-8
                law = d[:, opposite] @ c - c[images] @ np.conj(d)
                assert np.abs(law).max() < 1e-8, (number, point, real)
                seen[(-point.q).reduced in star(group, point.q)] += 1
    return seen


def test_real_irreps_are_representations_and_real_in_the_sample():
    assert check_real_laws(SAMPLE) == {True: 527, False: 92}


@pytest.mark.sweep
def test_real_irreps_are_representations_and_real():
    assert check_real_laws(GROUPS) == {True: 4665, False: 224}


def test_real_irreps_hold_each_small_irrep_once_in_the_sample():
    assert sum(check_real(SAMPLE[::2]).values()) == 317


@pytest.mark.sweep
def test_real_irreps_hold_each_small_irrep_once():
    seen = check_real(GROUPS)
    assert sum(seen.values()) == 5296 + 112, seen


# ------------------------------------------------------------------ the grammar


def test_words():
    group = group_of(189)
    half = QPoint.of("1/2", 0, 0)
    for text, expected in {
        "GM": GAMMA, "Γ": GAMMA, "G": GAMMA, " Gamma ": GAMMA,
        "K": QPoint.of("1/3", "1/3", 0), "KA": QPoint.of("-1/3", "-1/3", 0),
        "K'": QPoint.of("-1/3", "-1/3", 0), "K′": QPoint.of("-1/3", "-1/3", 0),
        "-K": QPoint.of("-1/3", "-1/3", 0), "−K": QPoint.of("-1/3", "-1/3", 0),
        "-K'": QPoint.of("1/3", "1/3", 0), "-KA": QPoint.of("1/3", "1/3", 0),
        "M": half, "-M": half, "0.5,0,0": half, "1/2 0 0": half, "1/2, 0, 0": half,
        "LD": QPoint.of("u", "u", 0), "LD(u)": QPoint.of("u", "u", 0),
        "Λ(u)": QPoint.of("u", "u", 0),
        "LD(-u)": QPoint.of("-u", "-u", 0), "-LD(u)": QPoint.of("-u", "-u", 0),
        "LD(1/7)": QPoint.of("1/7", "1/7", 0), "LD( 1/2 - 2u )": QPoint.of("1/2-2u", "1/2-2u", 0),
        "B": QPoint.of("u", "v", 0), "B(1/5,1/7)": QPoint.of("1/5", "1/7", 0),
        "B(u, -2*v)": QPoint.of("u", "-2v", 0), "GP(v,u,1/3)": QPoint.of("v", "u", "1/3"),
        "u,u,0": QPoint.of("u", "u", 0), "0,0,1/2-u": QPoint.of(0, 0, "1/2-u"),
        "-1/3,2/3,1": QPoint.of("-1/3", "2/3", 1),
    }.items():  # fmt: skip
        assert find_point(group, text) == expected, text
    assert find_point(group_of(194), "K'") == QPoint.of("-1/3", "-1/3", 0)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1/3", "1/3,1/3", "1/3,1/3,0,0", "1/3,,0", "1/0,0,0", "1/3,x,0", "0,0,1e9", "nan,0,0",
     "K(1/3)", "LD()", "LD(x)", "LD(1/3,1/4)", "LD(u", "LDu)", "LD u",
     "--K", "K''", "u", "+", "+,+,+",
     "0,0,1//2", "0,0,9999999999999999", "0;0;0", "B(u)", "0,0,1/2--u", "k", "0,0,²", "K+K"],
)  # fmt: skip
def test_malformed_words(text):
    with pytest.raises(GrammarError, match="is not a wavevector") as error:
        find_point(group_of(189), text)
    assert error.value.fix.startswith("write ")


def test_unknown_names():
    for text, near in (
        ("KB", "K"),
        ("Lambda", "LD"),
        ("X", None),
        ("SN", "SM"),
        ("KA", "K"),
        ("LDu", "LD"),
    ):
        with pytest.raises(LabelError, match="known: GM, A, H, K, L, M") as error:
            find_point(group_of(194), text)
        if near:
            assert f"did you mean {near}?" in str(error.value)


def test_g_is_ambiguous_where_there_is_a_line_g():
    group = group_of(47)
    points = {point.label: point for point in named_points(group)}
    assert find_point(group, "G(u)") == points["G"].q
    with pytest.raises(LabelError, match="G is ambiguous"):
        find_point(group, "G")
    assert find_point(group, "Γ") == GAMMA


def test_lists_of_words():
    assert split_points("K K K") == ("K", "K", "K")
    assert split_points(" GM  K\tKA\n") == ("GM", "K", "KA")
    assert split_points("0,0,1/4 0,0,1/4 0,0,1/2") == ("0,0,1/4", "0,0,1/4", "0,0,1/2")
    assert split_points("LD(u) LD(-u) GM") == ("LD(u)", "LD(-u)", "GM")
    assert split_points("-K, 0 , 0 B( u , v )") == ("-K,0,0", "B(u,v)")
    for text in ("", " \n"):
        with pytest.raises(GrammarError, match="no wavevector"):
            split_points(text)


def test_other_settings_have_no_names():
    group = space_group(459)  # R-3m on rhombohedral axes
    q = QPoint.of("1/2", "1/2", "1/2")
    assert irrep_names(group, q) == tuple(f"q:#{i + 1}" for i in range(6))
    assert star_name(group, q) == "1/2,1/2,1/2"
    assert find_point(group, "1/2,1/2,1/2") == q
    for call in (
        lambda: named_points(group),
        lambda: locate(group, q),
        lambda: find_point(group, "T"),
    ):
        with pytest.raises(InputError, match="another setting, Hall number 458"):
            call()
