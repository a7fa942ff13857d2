"""Laws over all classes and settings, by methods that do not average over the group.

The engine averages products over the group.  Here its ingredients are held to the definitions
(representations, real structures, pseudo-angular momentum), its counts to the Molien series and to
null spaces of explicit polynomials, its invariants to evaluation at random points, its verdicts to
null spaces on tensors, and its witnesses to the operations they name.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from class_crystals import (
    CLASSES,
    CUBIC,
    by_name,
    channels_of,
    class_axis,
    class_crystal,
    index_of,
    invariant_of,
    parts_of,
    parts_under,
    read,
    reason_of,
    residue,
    rotation_sets,
)

import symchiral as sc
from symchiral.crystal.frame import symmetrized_cell
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import space_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import count_coefficients, group_average, judge
from symchiral.engine.monomial import Coordinate, Term
from symchiral.fields.axial import axial_vector, propagation
from symchiral.fields.polar import electric_field, electric_field_in
from symchiral.irreps.axis import Axis, _about, _candidates
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Component, components
from symchiral.irreps.participant import Participant
from symchiral.irreps.stars import star_irreps
from symchiral.rules.budget import pam_sense, umklapp
from symchiral.rules.channel import Channel

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TIGHT = 1e-9


def table_of(group: SpaceGroup) -> Integers:
    """Multiplication table from the integer matrices alone."""
    place = {np.ascontiguousarray(w).tobytes(): i for i, w in enumerate(group.rotations)}
    return np.array(
        [
            [place[np.ascontiguousarray(a @ b).tobytes()] for b in group.rotations]
            for a in group.rotations
        ]
    )


def conjugacy_classes(table: Integers) -> int:
    n = len(table)
    inverse = np.argmax(table == 0, axis=1)
    return len({frozenset(int(table[table[s, g], inverse[s]]) for s in range(n)) for g in range(n)})


def test_classes() -> None:
    """The crystals these laws are tried on: first symmorphic setting of each of 32 classes."""
    first: dict[str, int] = {}
    for hall_number in range(1, 531):
        group = space_group(hall_number)
        if not group.shifts.any():
            first.setdefault(group.schoenflies, hall_number)
    assert first == CLASSES
    assert len(CLASSES) == 32
    assert len(rotation_sets()) == 120
    assert {g.schoenflies for g in rotation_sets()} == set(CLASSES)


# --- 1. representations ------------------------------------------------------------------------


def test_irreps_are_orthogonal_and_complete() -> None:
    """Σ_g χ_p χ_q = f |G| δ_pq, Σ d²/f = |G|, Σ f = number of conjugacy classes.

    f is 1 for a real irrep and 2 for a pair of complex ones that time reversal joins.
    """
    judged = 0
    nameless = []
    for group in rotation_sets():
        irreps = zone_centre(group)
        types = np.array([p.dimension // p.irrep_dimension for p in irreps])
        characters = np.array([p.characters for p in irreps])
        traces = np.array([np.trace(p.matrices[:, 0], axis1=1, axis2=2) for p in irreps])
        assert np.abs(characters - traces).max() < TIGHT
        gram = characters @ characters.T / len(group)
        assert np.abs(gram - np.diag(types)).max() < TIGHT
        dimensions = np.array([p.dimension for p in irreps])
        assert np.sum(dimensions**2 // types) == len(group)
        assert types.sum() == conjugacy_classes(table_of(group))
        if len({p.name for p in irreps}) < len(irreps):
            nameless.append(group)
            # mm2 with its axis along a or b; spglib never calls these settings standard.
            assert group.schoenflies == "C2v"
            assert all(g.direction != (0, 0, 1) or g.type != 2 for g in group.standard_operations)
        judged += len(irreps)
    assert judged == 514
    assert len(nameless) == 12


def test_matrices_are_a_representation() -> None:
    """D(g) D(h) = D(gh), unitary, and the field is real: K² = 1, K D(g) = D(g) K."""
    judged = 0
    for group in rotation_sets():
        table = table_of(group)
        for p in (*zone_centre(group), electric_field(group)):
            matrices, c = p.matrices[:, 0], p.conjugation[0]
            products = np.einsum("gij,hjk->ghik", matrices, matrices)
            assert np.abs(products - matrices[table]).max() < TIGHT
            adjoint = np.conj(np.swapaxes(matrices, 1, 2))
            assert np.abs(matrices @ adjoint - np.eye(p.dimension)).max() < TIGHT
            assert np.abs(c @ np.conj(c) - np.eye(p.dimension)).max() < TIGHT
            assert np.abs(matrices @ c - c @ np.conj(matrices)).max() < TIGHT
            judged += 1
    assert judged == 514 + 120


def test_the_electric_field_is_a_polar_vector() -> None:
    """Its characters are the traces of the rotation parts."""
    for group in rotation_sets():
        traces = np.trace(group.rotations, axis1=1, axis2=2)
        assert np.abs(electric_field(group).characters - traces).max() < TIGHT


# --- 1. pseudo-angular momentum ----------------------------------------------------------------


def axes_of(group: SpaceGroup) -> Iterator[tuple[int, int]]:
    for index, operation in enumerate(group.operations):
        if operation.type >= 2 or operation.type == -4:
            yield index, abs(operation.type)


def test_components_are_eigenspaces() -> None:
    """D(C_n) w = exp(−2πi l/n) w for every operation that can be an axis, and K w_l ∈ −l."""
    judged = 0
    for group in rotation_sets():
        for p in (*zone_centre(group), electric_field(group)):
            c = p.conjugation[0]
            for index, n in axes_of(group):
                parts = parts_under(p, index, n)
                whole = np.concatenate([part.basis for part in parts], axis=1)
                assert whole.shape == (p.dimension, p.dimension)
                assert np.abs(whole.conj().T @ whole - np.eye(p.dimension)).max() < TIGHT
                assert len({residue(part) for part in parts}) == len(parts)
                for part in parts:
                    l = residue(part)
                    assert l is not None
                    assert -n < 2 * l <= n
                    phase = np.exp(-2j * np.pi * l / n)
                    turned = p.matrices[index, 0] @ part.basis
                    assert np.abs(turned - phase * part.basis).max() < TIGHT
                    other = parts[part.conjugate]
                    assert ((residue(other) or 0) + l) % n == 0
                    image = c @ np.conj(part.basis)
                    inside = other.basis @ (other.basis.conj().T @ image)
                    assert np.abs(image - inside).max() < TIGHT
                    if other is part:
                        assert np.abs(image - part.basis).max() < TIGHT
                    judged += 1
    assert judged == COMPONENTS


#: Components of all irreps and of E on all axes of all rotation sets.
COMPONENTS = 6232


def pams(p: Participant, schoenflies: str) -> list[int]:
    parts = parts_of(p, class_axis(schoenflies))
    return sorted(residue(c) or 0 for c in parts for _ in range(c.basis.shape[1]))


WITH_AXIS = [s for s in CLASSES if s not in ("C1", "Ci", "Cs")]


def test_operations_turn_anticlockwise_in_cells_of_either_hand() -> None:
    """Which operation of an axis is named is read off whole numbers; here off its Cartesian matrix.

    The antisymmetric part of R, proper or not, is sin φ times the axis.
    """
    compared = 0
    for number in range(1, 531, 3):
        group = space_group(number)
        skewed = np.array([[5.0, 0.7, 0.3], [0.2, 5.0, 0.5], [0.4, 0.6, 6.0]])
        cell = symmetrized_cell(skewed, group.rotations)
        for hand in (1, -1):
            columns = (cell * [1, 1, hand]).T
            for order, proper, uvw in _candidates(group):
                for sign in (1, -1):
                    along = (sign * uvw[0], sign * uvw[1], sign * uvw[2])
                    right = bool(np.linalg.det(columns) > 0)
                    index = _about(group, order, along, proper=proper, right_handed=right)
                    r = columns @ group.rotations[index] @ np.linalg.inv(columns)
                    n = columns @ along / np.linalg.norm(columns @ along)
                    twice = n @ [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]
                    assert abs(twice - 2 * np.sin(2 * np.pi / order)) < 1e-9
                    assert np.abs(r @ n - (n if proper else -n)).max() < 1e-9
                    compared += 1
    assert compared > 2000


@pytest.mark.parametrize("schoenflies", WITH_AXIS)
def test_the_axis_turns_anticlockwise(schoenflies: str) -> None:
    """The named operation takes ε± to exp(∓2πi/n) ε±; along the axis ±1: S4⁺ = σ_h C4⁺.

    In Cartesian coordinates of the crystal, so the sign of l is tied to the laboratory.
    """
    crystal, axis = class_crystal(schoenflies), class_axis(schoenflies)
    assert axis is not None
    turn = crystal.rotations[index_of(axis)]
    z = axis.direction
    x = np.cross(z, [0.3, 0.5, 0.7] if abs(z[2]) > 0.9 else [0, 0, 1])
    x /= np.linalg.norm(x)
    plus = (x + 1j * np.cross(z, x)) / np.sqrt(2)
    assert np.abs(turn @ plus - np.exp(-2j * np.pi / axis.order) * plus).max() < 1e-6
    improper = axis.kind == "rotoreflection"
    assert improper == (schoenflies in ("S4", "D2d", "Td"))
    assert np.abs(turn @ z - (-z if improper else z)).max() < 1e-6
    along = 2 if improper else 0
    plane = {2: [1, 1]}.get(axis.order, [-1, 1])
    assert pams(electric_field(crystal.group), schoenflies) == sorted([*plane, along])
    if axis.order > 2:
        matrices = crystal.rotations[:, None].astype(complex)
        field = replace(electric_field(crystal.group), matrices=matrices)
        for part in parts_of(field, axis):
            expected = {1: plus, -1: plus.conj()}.get(residue(part) or 0, z.astype(complex))
            assert abs(abs(np.vdot(expected, part.basis[:, 0])) - 1) < 1e-6


@pytest.mark.parametrize(
    ("schoenflies", "pseudoscalar", "l"),
    [
        ("S4", "B", 2),
        ("D2d", "B1", 2),
        ("Td", "A2", 2),
        ("C4", "A", 0),
        ("C4v", "A2", 0),
        ("D4h", "A1u", 0),
        ("D3h", "A1''", 0),
        ("C3i", "Au", 0),
        ("O", "A1", 0),
    ],
)
def test_the_pseudoscalar(schoenflies: str, pseudoscalar: str, l: int) -> None:
    """S4 reverses a pseudoscalar: l = 2 there (through its proper part C2 it would be neutral)."""
    group = class_crystal(schoenflies).group
    p = by_name(zone_centre(group), pseudoscalar)
    determinants = np.rint(np.linalg.det(group.rotations))
    assert np.abs(p.characters - determinants).max() < TIGHT
    assert pams(p, schoenflies) == [l]


# --- 1. names ----------------------------------------------------------------------------------

#: Standard settings (Hall numbers) of whose rotations phonopy has no table, and why: it knows the
#: monoclinic classes with unique axis b, mm2 with the axis along c, 32 and the rhombohedral groups
#: on hexagonal axes, and 32 with the two-fold axes along the cell edges (P321, not P312).
WITHOUT_TABLE = {4, 5, 19, 20, 58, 59, 126, 127, 434, 437, 438, 445, 451, 459}


@pytest.mark.oracle
def test_names_agree_with_phonopy() -> None:
    """Mulliken names of all classes against the character tables of phonopy, no exception."""
    tables = pytest.importorskip("phonopy.phonon.character_table").character_table
    seen: set[tuple[str, frozenset[bytes]]] = set()
    without: set[int] = set()
    compared: Counter[str] = Counter()
    for hall_number in range(1, 531):
        group = space_group(hall_number)
        rotations = [np.ascontiguousarray(g.rotation).tobytes() for g in group.standard_operations]
        key = (group.schoenflies, frozenset(rotations))
        if key in seen:
            continue
        seen.add(key)
        for table in tables[group.point_group]:
            column = {
                np.array(w, dtype=np.int64).tobytes(): np.atleast_1d(table["rotation_list"])
                .tolist()
                .index(label)
                for label, matrices in table["mapping_table"].items()
                for w in matrices
            }
            if set(column) == set(rotations):
                break
        else:
            without.add(hall_number)
            continue
        theirs = {
            name: [float(np.atleast_1d(row)[column[w]]) for w in rotations]
            for name, row in table["character_table"].items()
        }
        ours = {p.name: p.characters for p in zone_centre(group)}
        assert set(ours) == set(theirs), group
        for name, characters in ours.items():
            assert np.abs(characters - theirs[name]).max() < TIGHT, (group, name)
        compared[group.schoenflies] += 1
    assert without == WITHOUT_TABLE
    assert set(compared) == set(CLASSES)
    assert compared.total() == len(seen) - len(WITHOUT_TABLE) == NAMED


#: Distinct sets of rotations, standard axes, that were compared.
NAMED = 36


# --- 2. how many invariants --------------------------------------------------------------------


@cache
def complete_symmetric(p: Participant, order: int) -> Floats:
    r"""Characters of the symmetric power, :math:`h_k = \frac1k \sum_{i=1}^k χ(g^i) h_{k-i}`."""
    if order == 0:
        return np.ones(len(p.group))
    table = table_of(p.group)
    power = np.arange(len(p.group))
    total = np.zeros(len(p.group))
    for i in range(1, order + 1):
        total += p.characters[power] * complete_symmetric(p, order - i)
        power = table[power, np.arange(len(p.group))]
    return total / order


def molien(factors: Counter[Participant]) -> float:
    """Number of invariants in the product of symmetric powers, one factor per normal mode."""
    return float(np.mean(prod(complete_symmetric(p, k) for p, k in factors.items())))


def real_matrices(p: Participant) -> Floats:
    """D in a basis of vectors with K w = w: real orthogonal matrices."""
    d, c = p.dimension, p.conjugation[0]
    # w = a + ib with C w* = w, written over the reals.
    fixed = np.block([[c.real, c.imag], [c.imag, -c.real]]) - np.eye(2 * d)
    _, values, rows = np.linalg.svd(fixed)
    assert int(np.sum(values < TIGHT)) == d
    basis = rows[-d:, :d].T + 1j * rows[-d:, d:].T
    matrices = np.linalg.inv(basis) @ p.matrices[:, 0] @ basis
    assert np.abs(matrices.imag).max() < TIGHT
    return np.asarray(matrices.real)


def invariant_polynomials(matrices: Floats, order: int) -> int:
    """Dimension of the homogeneous polynomials with p(D x) = p(x) at random points, for all D."""
    d = matrices.shape[1]
    exponents = list(itertools.combinations_with_replacement(range(d), order))

    def monomials(points: Floats) -> Floats:
        return np.stack([np.prod(points[:, list(e)], axis=1) for e in exponents], axis=1)

    points = np.random.default_rng(3).normal(size=(len(exponents) + 2, d))
    here = monomials(points)
    rows = np.concatenate([monomials(points @ m.T) - here for m in matrices])
    values = np.linalg.svd(rows.T @ rows, compute_uv=False)
    assert not np.any((values > 1e-10 * len(rows)) & (values < 1e-5))
    return len(exponents) - int(np.sum(values > 1e-5))


#: Irreps of all classes, and the invariants of one mode of each, by order.
SERIES = {2: (157, 157), 3: (157, 61), 4: (157, 181), 5: (157, 61), 6: (157, 241)}


@pytest.mark.parametrize(
    "order", [2, 3, 4, 5, pytest.param(6, marks=pytest.mark.sweep)], ids=lambda n: f"order{n}"
)
def test_counts_follow_the_molien_series(order: int) -> None:
    """Invariants of one mode of every irrep: engine, series and null space of polynomials."""
    judged, found = 0, 0
    for schoenflies in CLASSES:
        for p in zone_centre(class_crystal(schoenflies).group):
            engine = count_coefficients([p] * order, [0] * order, (tuple(range(order)),))
            assert abs(molien(Counter({p: order})) - engine) < TIGHT, p
            assert invariant_polynomials(real_matrices(p), order) == engine, p
            judged += 1
            found += engine
    assert (judged, found) == SERIES[order]


def test_counts_of_mixed_couplings() -> None:
    """Every cubic coupling of species with every identity pattern, by products of series."""
    judged, found = 0, 0
    for schoenflies in CLASSES:
        irreps = zone_centre(class_crystal(schoenflies).group)
        for chosen in itertools.combinations_with_replacement(irreps, 3):
            for equal in (((0,), (1,), (2,)), ((0, 1), (2,)), ((0,), (1, 2)), ((0, 1, 2),)):
                if any(len({chosen[i] for i in slots}) > 1 for slots in equal):
                    continue
                # Different modes of one irrep are different factors of the product.
                expected = np.mean(
                    prod(complete_symmetric(chosen[slots[0]], len(slots)) for slots in equal)
                )
                engine = count_coefficients(chosen, [0, 0, 0], equal)
                assert abs(expected - engine) < TIGHT, (chosen, equal)
                judged += 1
                found += engine
    assert (judged, found) == MIXED


MIXED = (3027, 774)


# --- 3. explicit invariants --------------------------------------------------------------------


def letters(part: Component) -> list[str]:
    width = part.basis.shape[1]
    if width == 1:
        return [part.name]
    return [f"{part.name}{',' if part.name else ''}{'xyzuvw'[k]}" for k in range(width)]


def random_field(
    p: Participant, axis: Axis | None, rng: np.random.Generator, *, real: bool
) -> dict[str, Complex]:
    """Q_l = ε_l† D(g) v for every g of a random v, with K v = v if it is to be real."""
    v = rng.normal(size=p.dimension) + 1j * rng.normal(size=p.dimension)
    if real:
        v = v + p.conjugation[0] @ np.conj(v)
    images = p.matrices[:, 0] @ v
    parts = parts_of(p, axis)
    found = {}
    for part in parts:
        for name, vector in zip(letters(part), part.basis.T, strict=True):
            found[name] = images @ vector.conj()
    if real:
        for part in parts:
            mine, other = letters(part), letters(parts[part.conjugate])
            for a, b in zip(mine, other, strict=True):
                assert np.abs(found[b] - found[a].conj()).max() < TIGHT
    return found


Fields = dict[tuple[str, int], dict[str, Complex]]


def evaluate(polynomial: Sequence[Term], fields: Fields) -> Complex:
    """Value of a polynomial under every operation."""

    def power(item: tuple[Coordinate, int]) -> Complex:
        coordinate, n = item
        return np.asarray(fields[coordinate.name, coordinate.copy][coordinate.component] ** n)

    return np.asarray(sum(term.coefficient * prod(map(power, term.factors)) for term in polynomial))


def check_invariant(channel: Channel, schoenflies: str, rng: np.random.Generator) -> int:
    """Hold the invariants of an allowed channel to their definition; return their number."""
    axis = class_axis(schoenflies)
    found = invariant_of(channel, axis)
    assert found.residual < 1e-8
    modes = {(leg.participant.name, leg.copy): leg.participant for leg in channel.coupling}

    def draw(*, real: bool) -> Fields:
        return {mode: random_field(p, axis, rng, real=real) for mode, p in modes.items()}

    samples = []
    for real in (True, False, *[True] * len(found.polynomials)):
        fields = draw(real=real)
        values = [evaluate(polynomial, fields) for polynomial in found.polynomials]
        for value in values:
            assert np.abs(value - value[0]).max() < 1e-8, (schoenflies, channel)
            if real:
                assert abs(value[0].imag) < 1e-8, (schoenflies, channel)
        if real:
            samples.append([value[0].real for value in values])
    # Independent, as many as counted, and the channel's own product is in the first.
    count = len(found.polynomials)
    assert np.linalg.matrix_rank(np.array(samples), tol=1e-6) == count == channel.coefficients
    own: set[frozenset[tuple[tuple[str, int, str], int]]] = set()
    choices = []
    for leg in channel.coupling:
        parts = parts_of(leg.participant, axis)
        part = next(c for c in parts if residue(c) == residue(leg.component))
        part = parts[part.conjugate] if leg.outgoing else part
        choices.append([(leg.participant.name, leg.copy, name) for name in letters(part)])
    for product in itertools.product(*choices):
        own.add(frozenset(Counter(product).items()))
    first = {
        frozenset(((c.name, c.copy, c.component), n) for c, n in term.factors)
        for term in found.polynomials[0]
    }
    assert own & first, (schoenflies, channel)
    return count


def test_cubic_invariants_are_invariant() -> None:
    """V(gQ) = V(Q) for every operation and V real for a real field: all allowed channels."""
    rng = np.random.default_rng(11)
    judged, found = 0, 0
    for schoenflies in CLASSES:
        for channel in channels_of(schoenflies):
            if channel.verdict.word == "allowed":
                found += check_invariant(channel, schoenflies, rng)
                judged += 1
    assert (judged, found) == (2335, CUBIC_INVARIANTS)


CUBIC_INVARIANTS = 2716


def quartic_channel(schoenflies: str, rng: np.random.Generator) -> Channel:
    """A random allowed channel of three quanta in and one out with a random identity pattern."""
    irreps = zone_centre(class_crystal(schoenflies).group)
    axis = class_axis(schoenflies)
    while True:
        chosen = [irreps[i] for i in rng.choice(min(len(irreps), 4), size=4)]
        if rng.random() < 0.7:
            chosen = [irreps[i] for i in rng.choice(len(irreps), size=2) for _ in range(2)]
        copies: list[int] = []
        for i, p in enumerate(chosen):
            used = {c for q, c in zip(chosen[:i], copies, strict=False) if q is p}
            copies.append(int(rng.integers(0, len(used) + 1)))
        products = list(itertools.product(*(parts_of(p, axis) for p in chosen)))
        for i in rng.permutation(len(products))[:40]:
            coupling = Coupling(
                tuple(
                    Leg(p, c, copy, outgoing=slot == 3)
                    for slot, (p, c, copy) in enumerate(
                        zip(chosen, products[int(i)], copies, strict=True)
                    )
                )
            )
            if judge(coupling).word == "allowed":
                return read(coupling, axis)


@pytest.mark.parametrize(
    "draws", [25, pytest.param(400, marks=pytest.mark.sweep)], ids=["some", "many"]
)
@pytest.mark.parametrize("schoenflies", ["D3d", "Td", "Oh", "C4h", "S4", "D6h"])
def test_quartic_invariants_are_invariant(schoenflies: str, draws: int) -> None:
    """The same at fourth order, for random channels."""
    rng = np.random.default_rng(draws)
    for _ in range(draws):
        assert check_invariant(quartic_channel(schoenflies, rng), schoenflies, rng) > 0


def test_counts_are_ranks_where_operations_permute_arms() -> None:
    """Four arms of L, and three of X with the zone centre, which three-fold axes turn in cycles."""
    vertices = {
        "L": [(Fraction(1, 2),) * 3, *(np.eye(3, dtype=object) * Fraction(1, 2)).tolist()],
        "X": [*((1 - np.eye(3, dtype=object)) * Fraction(1, 2)).tolist(), (0, 0, 0)],
    }
    counted: Counter[int] = Counter()
    for group in (space_group(512), space_group(523), space_group(526)):  # F-43m, Fm-3m, Fd-3m
        for points in vertices.values():
            arms_of = [QPoint.of(*q).reduced for q in points]
            here = star_irreps(group, arms_of[0])
            last = star_irreps(group, arms_of[3])
            for one, other in itertools.product(here, last):
                legs = (one, one, one, other)
                arms = tuple(p.arms.index(q) for p, q in zip(legs, arms_of, strict=True))
                patterns = [((0, 1, 2), (3,)), ((0,), (1, 2), (3,)), ((0,), (1,), (2,), (3,))]
                if one is other:
                    patterns.append(((0, 1, 2, 3),))
                for equal in patterns:
                    bases = [np.eye(p.dimension, dtype=complex) for p in legs]
                    average = group_average(legs, arms, bases, equal)[arms]
                    size = prod(p.dimension for p in legs)
                    rank = int(np.linalg.matrix_rank(average.reshape(size, size), tol=1e-9))
                    assert count_coefficients(legs, arms, equal) == rank, (group, one, other, equal)
                    counted[rank] += 1
    assert sum(counted.values()) == 753, counted


# --- 4. verdicts and witnesses -----------------------------------------------------------------


class Tensors:
    """Products of legs as explicit tensors, and what operations do to them."""

    def __init__(self, schoenflies: str) -> None:
        self.group = class_crystal(schoenflies).group
        self.table = table_of(self.group)
        self._actions: dict[Any, Complex] = {}
        self._null: dict[Any, Complex] = {}
        self._phases: dict[Any, tuple[Complex, npt.NDArray[np.bool_]]] = {}

    @staticmethod
    def vectors(leg: Leg) -> Complex:
        """Columns of a leg written incoming: w, or K w."""
        if leg.outgoing:
            return np.asarray(leg.participant.conjugation[0] @ leg.component.basis.conj())
        return leg.component.basis

    def actions(self, legs: Sequence[Leg]) -> Complex:
        """(G, D, D) the operations on the product space."""
        key = tuple(leg.participant for leg in legs)
        if key not in self._actions:
            self._actions = {
                key: np.array(
                    [
                        np.kron(
                            np.kron(*[p.matrices[g, 0] for p in key[:2]]), key[2].matrices[g, 0]
                        )
                        for g in range(len(self.group))
                    ]
                )
            }
        return self._actions[key]

    def product(self, legs: Sequence[Leg], order: Sequence[int] | None = None) -> Complex:
        """(D, columns) all products of the columns of the legs; slot i holds leg order[i]."""
        slots = range(len(legs)) if order is None else order
        a, b, c = (self.vectors(leg) for leg in legs)
        tensor = np.einsum("ip,jq,kr->ijkpqr", a, b, c)
        tensor = tensor.transpose(*slots, 3, 4, 5)
        return np.asarray(tensor.reshape(prod(tensor.shape[:3]), -1))

    @staticmethod
    def exchanges(legs: Sequence[Leg]) -> list[tuple[int, ...]]:
        """Permutations of the slots that exchange one and the same mode with itself."""
        modes = [(leg.participant, leg.copy) for leg in legs]
        return [
            order
            for order in itertools.permutations(range(len(legs)))
            if [modes[i] for i in order] == modes
        ]

    def symmetric(self, legs: Sequence[Leg]) -> Complex:
        """The product, symmetrised over equal legs."""
        orders = self.exchanges(legs)
        return np.asarray(sum(self.product(legs, order) for order in orders) / len(orders))

    def size(self, legs: Sequence[Leg]) -> float:
        """Norm of the product inside the null space of all D(g) − 1 and of all exchanges − 1."""
        key = tuple((leg.participant, leg.copy) for leg in legs)
        if key not in self._null:
            shape = [leg.participant.dimension for leg in legs]
            unit = np.eye(prod(shape))
            rows = [action - unit for action in self.actions(legs)]
            for order in self.exchanges(legs):
                moved = unit.reshape(*shape, -1).transpose(*order, len(shape))
                rows.append(moved.reshape(len(unit), -1) - unit)
            stacked = np.concatenate(rows)
            values, vectors = np.linalg.eigh(stacked.conj().T @ stacked)
            assert not np.any((values > 1e-10) & (values < 1e-3))
            self._null[key] = vectors[:, values < 1e-6]
        inside = self._null[key].conj().T @ self.product(legs)
        return float(np.linalg.norm(inside, 2)) if inside.size else 0.0

    def phases(self, legs: Sequence[Leg]) -> tuple[Complex, npt.NDArray[np.bool_]]:
        """Product of the eigenvalues of the legs under every operation, and where all have one."""
        total, valid = np.ones(len(self.group), complex), np.ones(len(self.group), bool)
        for leg in legs:
            key = (leg.participant, leg.component.name, leg.outgoing)
            if key not in self._phases:
                v = self.vectors(leg)
                images = leg.participant.matrices[:, 0] @ v
                values = np.einsum("i,gi->g", v[:, 0].conj(), images[:, :, 0])
                misses = np.abs(images - values[:, None, None] * v).max(axis=(1, 2))
                self._phases[key] = values, misses < 1e-8
            total = total * self._phases[key][0]
            valid = valid & self._phases[key][1]
        return total, valid

    def subgroup(self, generators: Sequence[int]) -> list[int]:
        members = {0}
        while True:
            larger = members | {int(self.table[a, g]) for a in members for g in generators}
            if larger == members:
                return sorted(members)
            members = larger

    def single_phase(self, legs: Sequence[Leg], symmetric: Complex) -> bool:
        """Whether any operation returns the symmetrised product times a phase ≠ 1."""
        images = self.actions(legs) @ symmetric
        norm = np.vdot(symmetric, symmetric)
        values = np.einsum("ip,gip->g", symmetric.conj(), images) / norm
        misses = np.abs(images - values[:, None, None] * symmetric).max(axis=(1, 2))
        return bool(np.any((misses < 1e-8) & (np.abs(values - 1) > 1e-6)))

    def check(self, channel: Channel, axis: Axis | None) -> str:
        """Hold verdict and reason of a channel to explicit tensors; return the kind of reason."""
        legs = channel.coupling.legs
        size = self.size(legs)
        assert abs(channel.verdict.size - size) < 1e-7, channel
        symmetric = self.symmetric(legs)
        if size > 1e-6:
            assert channel.verdict.word == "allowed"
            assert not self.single_phase(legs, symmetric), channel
            return "allowed"
        assert channel.verdict.word == "forbidden"
        reason = reason_of(channel, axis)
        phases, valid = self.phases(legs)
        speaks = valid & (np.abs(phases - 1) > 1e-6)
        parity = np.array([abs(g.type) in (1, 2) for g in self.group.operations])
        if reason.kind == "group":
            members = self.subgroup([w.operation for w in reason.witnesses])
            average = self.actions(legs)[members].mean(axis=0) @ symmetric
            assert len(reason.witnesses) == 2
            assert np.abs(average).max() < TIGHT, channel
            assert not self.single_phase(legs, symmetric), channel
            return "group"
        (witness,) = reason.witnesses
        g, phase = witness.operation, np.exp(2j * np.pi * float(witness.phase))
        assert abs(phase - 1) > 1e-6
        image = self.actions(legs)[g] @ self.product(legs)
        if reason.kind == "exchange":
            assert not speaks.any(), channel
            assert witness.exchange in self.exchanges(legs)[1:]
            assert image.shape[1] == 1
            expected = phase * self.product(legs, witness.exchange)
            assert np.abs(image - expected).max() < 1e-8, (channel, witness)
            return "exchange"
        assert witness.exchange is None
        assert speaks[g]
        assert np.abs(image - phase * self.product(legs)).max() < 1e-8, (channel, witness)
        assert reason.kind == ("parity" if parity[g] else "pam")
        assert reason.kind == "parity" or not np.any(speaks & parity), channel
        return reason.kind


#: Channels of every class: allowed, and forbidden by parity, pam, exchange and group. They are
#: 20 363, of which 18 028 are forbidden; 327 of these, all cubic, by no single
#: operation.
CHANNELS = {
    "C1": (4, 0, 0, 0, 0), "Ci": (8, 8, 0, 0, 0), "C2": (8, 8, 0, 0, 0), "Cs": (8, 8, 0, 0, 0),
    "C2h": (19, 57, 0, 0, 0), "D2": (19, 57, 0, 0, 0), "C2v": (19, 57, 0, 0, 0),
    "D2h": (53, 371, 0, 0, 0), "C4": (22, 48, 22, 0, 0), "S4": (22, 48, 22, 0, 0),
    "C4h": (59, 362, 59, 0, 0), "D4": (44, 151, 28, 3, 0), "C4v": (44, 151, 28, 3, 0),
    "D2d": (44, 151, 28, 3, 0), "D4h": (127, 1103, 80, 6, 0), "C3": (18, 0, 34, 0, 0),
    "C3i": (42, 124, 82, 0, 0), "D3": (25, 8, 56, 3, 0), "C3v": (25, 8, 56, 3, 0),
    "D3d": (65, 259, 150, 6, 0), "C6": (42, 124, 82, 0, 0), "C3h": (42, 124, 82, 0, 0),
    "C6h": (117, 1047, 232, 0, 0), "D6": (65, 259, 150, 6, 0), "C6v": (65, 259, 150, 6, 0),
    "D3h": (65, 259, 150, 6, 0), "D6h": (199, 2237, 464, 12, 0), "T": (75, 0, 196, 0, 24),
    "Th": (186, 781, 520, 0, 75), "O": (162, 634, 151, 9, 48), "Td": (162, 634, 151, 9, 48),
    "Oh": (480, 4862, 439, 15, 132),
}  # fmt: skip
EVERYDAY = ("S4", "C2v", "C4v", "D2d", "C3", "C3v", "D3d", "C3h", "D3h", "T")


def test_channels_add_up() -> None:
    columns = np.array([CHANNELS[s] for s in CLASSES])
    assert tuple(columns.sum(axis=0)) == (2335, 14199, 3412, 90, 327)
    assert columns.sum() == 20363
    assert all(counts[-1] == 0 for s, counts in CHANNELS.items() if s not in CUBIC)


@pytest.mark.parametrize(
    "schoenflies",
    [s if s in EVERYDAY else pytest.param(s, marks=pytest.mark.sweep) for s in CLASSES],
)
def test_verdicts_and_witnesses(schoenflies: str) -> None:
    """Every cubic channel of a class: its verdict, and the operation that forbids it."""
    tensors, axis = Tensors(schoenflies), class_axis(schoenflies)
    found = Counter(tensors.check(channel, axis) for channel in channels_of(schoenflies))
    kinds = ("allowed", "parity", "pam", "exchange", "group")
    assert tuple(found[kind] for kind in kinds) == CHANNELS[schoenflies]


# --- 5. budgets --------------------------------------------------------------------------------


def mirrored(residues: Sequence[int], n: int) -> tuple[int, ...]:
    """l → −l, balanced and sorted."""
    return tuple(sorted(l if 2 * l == n else -l for l in residues))


def smallest_umklapp(into: Sequence[int], out: Sequence[int], n: int) -> int | None:
    """U by trying both signs of every quantum of l = n/2, in exact integers."""
    signs = [[1, -1] if 2 * l == n else [1] for l in (*into, *out)]
    sides = [1] * len(into) + [-1] * len(out)
    found = set()
    for choice in itertools.product(*signs):
        total = sum(s * c * l for s, c, l in zip(sides, choice, (*into, *out), strict=True))
        if total % n == 0:
            found.add(total // n)
    if not found:
        return None
    smallest = [u for u in found if abs(u) == min(map(abs, found))]
    assert len(smallest) == 1, (into, out, n)
    return smallest[0]


ODD = ("B Q", "k Q", "B E Q", "k E Q", "B M k Q")
EVEN = ("E Q", "T Q", "B M Q", "B k Q", "k E M Q")


def test_time_reversal_forbids_products_odd_in_time() -> None:
    """B, M, k and E with a mode in all classes: random tensors averaged, and the count of odd ones.

    Where the crystal is a magnet the operations carry the time signs themselves.
    """
    rng = np.random.default_rng(15)
    judged: Counter[str] = Counter()
    crystals = [(name, class_crystal(name)) for name in CLASSES]
    crystals += [(name, sc.read(name).crystal) for name in ("Cr2O3_AFM", "MnF2_AFM", "Co3Sn2S2_FM")]
    for name, crystal in crystals:
        turns = crystal.rotations
        axial = np.linalg.det(turns)[:, None, None] * turns
        theta = np.ones(len(turns)) if crystal.signs is None else np.array(crystal.signs)
        fields = {
            "E": (electric_field_in(crystal), turns),
            "T": (axial_vector(crystal, "T", time_parity=1), axial),
            "B": (axial_vector(crystal, "B", time_parity=-1), theta[:, None, None] * axial),
            "M": (axial_vector(crystal, "M", time_parity=-1), theta[:, None, None] * axial),
            "k": (propagation(crystal), theta[:, None, None] * turns),
        }
        for p in zone_centre(crystal.group):
            whole = (p, real_matrices(p))
            for words in (*ODD, *EVEN):
                factors = [whole if w == "Q" else fields[w] for w in words.split()]
                legs = tuple(Leg(x, components(x, None)[0]) for x, _ in factors)
                average = np.ones((len(turns), 1))
                for _, d in factors:
                    moved = d @ rng.normal(size=d.shape[1])
                    average = np.einsum("gi,gj->gij", average, moved).reshape(len(turns), -1)
                there = bool(np.abs(average.mean(axis=0)).max() > TIGHT)
                forbidden = crystal.signs is None and words in ODD
                word = judge(Coupling(legs)).word
                assert word == ("allowed" if there and not forbidden else "forbidden"), (
                    name,
                    words,
                )
                judged["time" if there and forbidden else "space" if not there else word] += 1
    assert sum(judged.values()) == 10 * (157 + 6 + 10 + 6)
    # Forbidden by time reversal alone, by the group of space, and allowed.
    assert min(judged.values()) > 300


def test_umklapp_and_sense_under_mirror_and_crossing() -> None:
    """l → −l and in ↔ out give −U and the same sense: all n, all a → b with a + b ≤ 6."""
    judged: Counter[str] = Counter()
    for n in (1, 2, 3, 4, 6):
        residues = [l for l in range(-n, n + 1) if -n < 2 * l <= n]
        sides = {
            side: [Fraction(l) for l in side]
            for k in range(1, 6)
            for side in itertools.combinations_with_replacement(residues, k)
        }
        found = {
            (a, b): (umklapp(sides[a], sides[b], n), pam_sense(sides[a], sides[b], n))
            for a, b in itertools.product(sides, repeat=2)
            if len(a) + len(b) <= 6
        }
        for (a, b), (u, sense) in found.items():
            assert (u is not None) == ((sum(a) - sum(b)) % n == 0)
            assert u == smallest_umklapp(a, b, n)
            reversed_too = None if u is None else -u, sense
            assert found[b, a] == reversed_too
            assert found[mirrored(a, n), mirrored(b, n)] == reversed_too
            assert n > 2 or sense == "neutral"
            judged["all"] += 1
            if u is not None:
                judged[sense] += 1
    assert judged == BUDGETS


#: All transfers, and those that conserve PAM by sense.
BUDGETS = Counter(all=20228, kept=1302, flipped=1148, neutral=1342)


@pytest.mark.parametrize("schoenflies", [s for s in WITH_AXIS if s not in ("D6h", "C6h", "Oh")])
def test_a_mirror_reverses_every_channel(schoenflies: str) -> None:
    """The partner of a channel under K (all l → −l) has the same verdict, −U and the same sense."""
    axis = class_axis(schoenflies)
    assert axis is not None
    half = axis.order // 2 if axis.order % 2 == 0 else None
    found = {}
    for channel in channels_of(schoenflies):

        def pattern(sign: int, legs: Sequence[Leg] = channel.coupling.legs) -> object:
            """The channel up to the letters of its copies: what every mode gives and takes."""
            modes: dict[tuple[str, int], list[tuple[bool, int]]] = {}
            for leg in legs:
                l = residue(leg.component) or 0
                entry = leg.outgoing, l if l == half else sign * l
                modes.setdefault((leg.participant.name, leg.copy), []).append(entry)
            return frozenset(
                Counter((name, *sorted(rows)) for (name, _), rows in modes.items()).items()
            )

        found[pattern(1)] = channel, pattern(-1)
    assert len(found) == len(channels_of(schoenflies))
    for channel, mirror in found.values():
        other, _ = found[mirror]
        assert other.verdict.word == channel.verdict.word
        assert other.coefficients == channel.coefficients
        assert other.pam_sense == channel.pam_sense
        assert other.umklapp == (None if channel.umklapp is None else -channel.umklapp)
