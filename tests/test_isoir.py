"""The ISO-IR table: laws over all groups, then spglib, spgrep and Bilbao (irreptables)."""

from __future__ import annotations

import functools
import importlib.metadata
import itertools
import pickle
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import spglib
from spgrep import get_spacegroup_irreps_from_primitive_symmetry

from symchiral.errors import InputError
from symchiral.irreps.isoir import (
    DENOMINATOR,
    IsoWavevector,
    iso_hall_number,
    iso_operations,
    iso_wavevectors,
    minus_k_partner,
)

GROUPS = range(1, 231)
GENERAL = (Fraction(1234, 10000), Fraction(2717, 10000), Fraction(3931, 10000))
# Points at which the conjugate characters belong to no irrep of the same k: they alone tell
# exp(-2 pi i k.t) from exp(+2 pi i k.t) whatever the labels.
DISCRIMINATING = {
    *((number, "P") for number in (122, 141, 142, 199, 206, 214, 220, 230)),
    *((number, "W") for number in (227, 228)),
}
# One primitive cell per centring, (a_p b_p c_p) = (a b c) C.
PRIMITIVE = {
    "P": np.eye(3),
    "A": np.array([[1, 0, 0], [0, 0.5, -0.5], [0, 0.5, 0.5]]),
    "C": np.array([[0.5, 0.5, 0], [-0.5, 0.5, 0], [0, 0, 1]]),
    "I": np.array([[-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, -0.5]]),
    "F": np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]),
    "R": np.array([[2, -1, -1], [1, 1, -2], [1, 1, 1]]) / 3,
}


@functools.cache
def primitive(number: int) -> np.ndarray:
    return PRIMITIVE[spglib.get_spacegroup_type(iso_hall_number(number)).international_short[0]]


def wavevectors(kdim: int | None = None) -> list[IsoWavevector]:
    return [k for n in GROUPS for k in iso_wavevectors(n) if kdim in (None, k.kdim)]


def find(number: int, label: str) -> IsoWavevector:
    return next(k for k in iso_wavevectors(number) if k.label == label)


def with_partners(points: list[IsoWavevector]) -> list[IsoWavevector]:
    return points + [minus_k_partner(k) for k in points if k.minus_k == "untabulated"]


def table(k: IsoWavevector, parameters=GENERAL) -> np.ndarray:
    return np.array([k.characters(irrep, parameters) for irrep in k.irreps])


def vector(k: IsoWavevector, parameters=GENERAL) -> np.ndarray:
    return np.array([float(x) for x in k.k(parameters)])


def is_lattice(number: int, vectors: np.ndarray) -> np.ndarray:
    """Which of the vectors (..., 3), conventional basis, are lattice translations."""
    components = vectors @ np.linalg.inv(primitive(number)).T
    return (abs(components - np.rint(components)) < 1e-9).all(axis=-1)


def is_reciprocal(number: int, vectors: np.ndarray) -> np.ndarray:
    """Which of the vectors (..., 3), conventional reciprocal basis, are reciprocal ones."""
    components = vectors @ primitive(number)
    return (abs(components - np.rint(components)) < 1e-9).all(axis=-1)


# ------------------------------------------------------------------ laws


def test_counts():
    everything = wavevectors()
    assert len(everything) == 4141  # stars of points, lines, planes and volumes
    assert Counter(k.kdim for k in everything) == {0: 1350, 1: 1682, 2: 879, 3: 230}
    irreps = [irrep for k in everything for irrep in k.irreps]
    assert len(irreps) == 11202
    assert sum(len(k.irreps) for k in wavevectors(0)) == 5296
    assert Counter(irrep.type for irrep in irreps) == {1: 7796, 2: 155, 3: 3251}
    assert Counter(k.minus_k for k in everything) == {
        "star": 3459,
        "continued": 640,
        "untabulated": 42,
    }
    for number in GROUPS:
        labels = [k.label for k in iso_wavevectors(number)]
        assert labels[0] == "GM"
        assert labels[-1] == "GP"
        assert len(set(labels)) == len(labels)
        for k in iso_wavevectors(number):
            assert all(irrep.label.startswith(k.label) for irrep in k.irreps)
            assert len({irrep.label for irrep in k.irreps}) == len(k.irreps)
    assert sum(len(iso_operations(number)[0]) for number in GROUPS) == 2609


def test_operations_are_those_of_the_spglib_setting():
    for number in GROUPS:
        database = spglib.get_symmetry_from_database(iso_hall_number(number))
        lattice = database["translations"][(database["rotations"] == np.eye(3)).all(axis=(1, 2))]
        rotations, translations = iso_operations(number)
        ours = {
            (w.tobytes(), tuple(np.rint(DENOMINATOR * t + shift).astype(int) % DENOMINATOR))
            for w, shift in zip(rotations, translations, strict=True)
            for t in lattice
        }
        theirs = {
            (w.astype(int).tobytes(), tuple(np.rint(DENOMINATOR * t).astype(int) % DENOMINATOR))
            for w, t in zip(database["rotations"], database["translations"], strict=True)
        }
        assert len(ours) == len(rotations) * len(lattice)
        assert ours == theirs, number


def test_hall_numbers_name_the_stated_setting():
    choices = Counter()
    for number in GROUPS:
        kind = spglib.get_spacegroup_type(iso_hall_number(number))
        assert kind.number == number
        choices[kind.choice] += 1
    # b1 and b: monoclinic; 2: origin choice 2; H: hexagonal axes; "" is abc for orthorhombic
    assert choices == {"": 186, "b": 5, "b1": 8, "2": 24, "H": 7}


def test_little_co_group_is_complete():
    for k in wavevectors():
        rotations, _ = iso_operations(k.number)
        moved = np.rint(np.linalg.inv(rotations)).transpose(0, 2, 1) @ vector(k) - vector(k)
        members = rotations[is_reciprocal(k.number, moved)]
        assert np.array_equal(members, k.rotations), k


def test_characters_are_orthogonal_and_complete():
    checked = 0
    for k in with_partners(wavevectors()):
        characters, order = table(k), len(k.rotations)
        gram = characters.conj() @ characters.T
        assert np.allclose(gram, order * np.eye(len(k.irreps)), atol=1e-9), k
        assert sum(irrep.dimension**2 for irrep in k.irreps) == order, k
        identity = (k.rotations == np.eye(3)).all(axis=(1, 2))
        assert np.array_equal(characters[:, identity][:, 0], [i.dimension for i in k.irreps])
        checked += 1
    assert checked == 4141 + 42


def test_characters_are_class_functions_of_the_little_group():
    # chi(h g h^-1) = chi(g) for *full* operations, with h g h^-1 = {E|t} g', {E|t} exp(-2 pi i k.t)
    other_sign_fails = set()
    for k in with_partners(wavevectors()):
        w, t = k.rotations, k.translations / DENOMINATOR
        inverse = np.rint(np.linalg.inv(w)).astype(int)
        conjugate = np.einsum("hij,gjk,hkl->hgil", w, w, inverse)
        match = (conjugate[:, :, None] == w).all(axis=(-1, -2))
        assert (match.sum(axis=-1) == 1).all()
        index = match.argmax(axis=-1)
        # translation of h g h^-1: w_h + W_h w_g - (W_h W_g W_h^-1) w_h
        shift = t[:, None] + np.einsum("hij,gj->hgi", w, t)
        shift = shift - np.einsum("hgij,hj->hgi", conjugate, t)
        lattice = shift - t[index]
        assert is_lattice(k.number, lattice).all(), k
        phase = np.exp(-2j * np.pi * lattice @ vector(k))
        characters = table(k)
        assert np.allclose(characters[:, index] * phase, characters[:, None, :], atol=1e-9), k
        if not np.allclose(characters[:, index] * phase.conj(), characters[:, None, :], atol=1e-9):
            other_sign_fails.add((k.number, k.label))
    special = {(k.number, k.label) for k in wavevectors(0)}
    assert other_sign_fails & special == DISCRIMINATING


def test_types_obey_the_herring_criterion():
    # sum over g with g k = -k of chi(g^2), divided by the order of the little co-group: 1, -1, 0
    seen = Counter()
    for k in wavevectors():
        rotations, translations = iso_operations(k.number)
        inverse = np.rint(np.linalg.inv(rotations)).transpose(0, 2, 1)
        reverse = is_reciprocal(k.number, inverse @ vector(k) + vector(k))
        w, t = rotations[reverse], translations[reverse] / DENOMINATOR
        squares, shifts = w @ w, np.einsum("gij,gj->gi", w, t) + t
        index = (squares[:, None] == k.rotations).all(axis=(-1, -2)).argmax(axis=-1)
        lattice = shifts - k.translations[index] / DENOMINATOR
        phase = np.exp(-2j * np.pi * lattice @ vector(k))
        sums = (table(k)[:, index] * phase).sum(axis=1) / len(k.rotations)
        for irrep, value in zip(k.irreps, sums, strict=True):
            assert np.isclose(value, {1: 1, 2: -1, 3: 0}[irrep.type]), (k, irrep)
            seen[irrep.type] += 1
        assert (k.minus_k == "star") == bool(reverse.any())
    assert seen == {1: 7796, 2: 155, 3: 3251}


def test_minus_k_partners():
    partners = [minus_k_partner(k) for k in wavevectors() if k.minus_k == "untabulated"]
    hexagonal = {143, 144, 145, 150, 152, 154, 157, 159, 174, 189, 190}
    assert {(k.number, k.label) for k in partners if k.kdim == 0} == {
        *itertools.product(hexagonal, ["KA", "HA"]),
        *((number, "PA") for number in (82, 121, 122, 197, 199, 217, 220)),
        *((number, "WA") for number in (23, 24)),
    }
    assert {(k.number, k.label) for k in partners if k.kdim} == {(n, "PA") for n in hexagonal}
    with pytest.raises(InputError, match="has no partner"):
        minus_k_partner(find(194, "K"))
    # the difference to "continued": minus k is met again on the same line
    assert find(143, "DT").minus_k == "continued"
    k = find(143, "K")
    assert np.allclose(table(minus_k_partner(k)), table(k).conj())


def test_values_are_frozen():
    k = find(194, "K")
    again = pickle.loads(pickle.dumps(k))
    assert again == k
    for value in (k, again):
        for array in (value.rotations, value.translations, value.irreps[0].characters):
            assert not array.flags.writeable
    assert iso_wavevectors(194) is iso_wavevectors(194)
    for number in (0, 231):
        with pytest.raises(InputError, match="numbered from 1 to 230"):
            iso_wavevectors(number)


# ------------------------------------------------------------------ facts


def test_convention_on_a_screw_axis():
    # u = exp(i q.r): moving it by half a lattice vector gives exp(-i q b/2); Z is (0, 1/2, 0) in
    # P2_1, where the irreps are -i and +i, and LD1 runs into the former
    zone_boundary = table(find(4, "Z"))
    assert np.array_equal(zone_boundary, [[1, -1j], [1, 1j]])
    line = find(4, "LD")
    assert np.allclose(line.characters(line.irreps[0], (0, 0.5, 0)), zone_boundary[0])


def test_lines_are_neither_periodic_nor_always_even():
    screw = find(4, "LD")
    assert np.allclose(table(screw, (0, 1.3, 0)), table(screw, (0, 0.3, 0))[::-1])
    # DT of P321: a two-fold axis h along x reverses k; DT2 of the arm -k is chi(h g h^-1) = chi(g)
    line = find(150, "DT")
    assert line.minus_k == "star"
    assert [irrep.label for irrep in line.irreps] == ["DT1", "DT2", "DT3"]
    half_turn = next(
        w for w in iso_operations(150)[0] if w.tolist() == [[1, -1, 0], [0, -1, 0], [0, 0, -1]]
    )
    images = half_turn @ line.rotations @ half_turn
    index = (images[:, None] == line.rotations).all(axis=(-1, -2)).argmax(axis=1)
    at_minus_k = np.empty_like(table(line))
    at_minus_k[:, index] = table(line, (0, 0, 0.3))
    assert np.allclose(at_minus_k, table(line, (0, 0, -0.3))[[0, 2, 1]])


def test_convention_at_gamma():
    # E of C3: with T(C3+) = exp(-2 pi i l/3), GM2 has l = +1 and GM3 l = -1
    k = find(143, "GM")
    c3 = next(
        i for i, w in enumerate(k.rotations) if w.tolist() == [[0, -1, 0], [1, -1, 0], [0, 0, 1]]
    )
    turns = np.angle(table(k)[:, c3]) / (2 * np.pi)
    assert [irrep.label for irrep in k.irreps] == ["GM1", "GM2", "GM3"]
    assert np.allclose(turns, [0, -1 / 3, 1 / 3])


# ------------------------------------------------------------------ agreement: spgrep


def spgrep_table(k: IsoWavevector, parameters=GENERAL) -> np.ndarray:
    """Characters from spgrep for the operations exactly as ISO lists them, in their order."""
    c = primitive(k.number)
    inverse = np.linalg.inv(c)
    rotations = np.rint(inverse @ k.rotations @ c).astype(int)
    translations = (k.translations / DENOMINATOR) @ inverse.T
    irreps, mapping = get_spacegroup_irreps_from_primitive_symmetry(
        rotations, translations, vector(k, parameters) @ c
    )
    assert sorted(mapping) == list(range(len(rotations)))
    order = np.argsort(mapping)
    return np.array([np.trace(irrep, axis1=1, axis2=2)[order] for irrep in irreps])


def agrees_with_spgrep(k: IsoWavevector, parameters=GENERAL) -> bool:
    ours, theirs = table(k, parameters), spgrep_table(k, parameters)
    same = (abs(ours[:, None] - theirs) < 1e-6).all(axis=-1)
    return same.shape[0] == same.shape[1] and (same.sum(0) == 1).all() and (same.sum(1) == 1).all()


# spgrep 0.8 raises on these although the irrep exists (one of dimension two)
SPGREP_RAISES = {(24, "W"), (24, "WA"), (73, "W")}


@pytest.mark.parametrize(("number", "label"), sorted(DISCRIMINATING))
def test_phase_discriminating_points(number, label):
    k = find(number, label)
    assert agrees_with_spgrep(k)
    # and the conjugate characters are characters of nothing at this k
    conjugate, theirs = table(k).conj(), spgrep_table(k)
    assert (abs(conjugate[:, None] - theirs) > 1e-3).any(axis=-1).any(axis=0).all()


def check_with_spgrep(points: list[IsoWavevector]) -> int:
    agreed = 0
    for k in points:
        if (k.number, k.label) in SPGREP_RAISES:
            with pytest.raises(ValueError):  # noqa: PT011
                spgrep_table(k)
        else:
            assert agrees_with_spgrep(k), k
            agreed += 1
    return agreed


@pytest.mark.sweep
def test_special_points_agree_with_spgrep():
    assert check_with_spgrep(with_partners(wavevectors(0))) == 1350 + 31 - 3


@pytest.mark.sweep
def test_lines_planes_and_volumes_agree_with_spgrep():
    assert check_with_spgrep(with_partners([k for k in wavevectors() if k.kdim])) == 2791 + 11


# ------------------------------------------------------------------ agreement: Bilbao


def bilbao_files(folder: str) -> dict[str, str]:
    """Text tables of the installed distribution irreptables: group symbol -> file path."""
    try:
        files = importlib.metadata.files("irreptables") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("irreptables (extra [oracle]) is not installed")
    return {
        file.name.removeprefix("irreps-SG=").removesuffix("-scal.dat"): str(file.locate())
        for file in files
        if file.parent.name == folder and file.name.endswith("-scal.dat")
    }


def read_bilbao(path: str):
    """Operations and, per k label, (k, indices of operations, characters per label)."""
    with open(path, encoding="utf-8") as stream:
        head, *blocks = stream.read().split("kpoint")
    lines = [line.split() for line in head.split("symmetries=")[1].strip().splitlines()]
    unitary = all(len(line) == 12 or line[12] == "1" for line in lines)
    rotations = np.array([line[:9] for line in lines], dtype=int).reshape(-1, 3, 3)
    translations = np.array([line[9:12] for line in lines], dtype=float)
    points = {}
    for block in blocks:
        title, *rows = [line for line in block.strip().splitlines() if line.strip()]
        label, k, members = (part.split() for part in title.split(":"))
        irreps = {}
        for row in rows:
            name, _, *numbers = row.split()
            moduli, turns = np.zeros((2, len(members)))
            values = np.array(numbers, dtype=float).reshape(-1, len(members))
            moduli = values[0]
            if len(values) == 2:
                turns = values[1]
            irreps[name] = moduli * np.exp(1j * np.pi * turns)
        points[label[0]] = (np.array(k, dtype=float), np.array(members, dtype=int) - 1, irreps)
    return unitary, rotations, translations, points


def check_with_bilbao(k: IsoWavevector, rotations, translations, point) -> None:
    wavevector, members, irreps = point
    assert np.allclose(wavevector, vector(k), atol=1e-5), k
    match = (rotations[members][:, None] == k.rotations).all(axis=(-1, -2))
    assert match.shape[0] == match.shape[1], k
    assert (match.sum(axis=1) == 1).all(), k
    index = match.argmax(axis=1)
    lattice = translations[members] - k.translations[index] / DENOMINATOR
    assert is_lattice(k.number, np.round(lattice * DENOMINATOR) / DENOMINATOR).all(), k
    phase = np.exp(-2j * np.pi * lattice @ vector(k))
    assert set(irreps) == {irrep.label for irrep in k.irreps}, k
    for irrep in k.irreps:
        # Bilbao, like ISO, writes exp(+2 pi i k.t): conjugate
        ours = k.characters(irrep)[index] * phase
        assert np.allclose(ours, irreps[irrep.label].conj(), atol=2e-3), (k, irrep)


@pytest.mark.oracle
def test_special_points_agree_with_bilbao():
    files = bilbao_files("tables")
    agreed = 0
    for number in GROUPS:
        _, rotations, translations, points = read_bilbao(files[str(number)])
        ours = {k.label: k for k in iso_wavevectors(number) if k.kdim == 0}
        assert set(points) == set(ours), number
        for label, k in ours.items():
            check_with_bilbao(k, rotations, translations, points[label])
            agreed += 1
    assert agreed == 1350


@pytest.mark.oracle
def test_minus_k_partners_agree_with_bilbao():
    # the tables of the magnetic groups include the ordinary ones (type I, the first of each
    # number), and those list both of k and -k
    files = bilbao_files("correptables")
    agreed = 0
    for number in sorted({k.number for k in wavevectors(0) if k.minus_k == "untabulated"}):
        first = min(
            (key for key in files if key.startswith(f"{number}.")),
            key=lambda key: int(key.split(".")[1]),
        )
        unitary, rotations, translations, points = read_bilbao(files[first])
        assert unitary
        ours = {
            k.label: k for k in with_partners([k for k in iso_wavevectors(number) if k.kdim == 0])
        }
        assert set(points) == set(ours)
        for label, k in ours.items():
            check_with_bilbao(k, rotations, translations, points[label])
            agreed += k.label not in {old.label for old in iso_wavevectors(number)}
    assert agreed == 31
