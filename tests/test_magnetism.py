"""Magnetic order: groups of moments, what splits at zero field, net moments, files with moments.

Laws over the 122 magnetic point groups compare the engine with numbers of another kind: random
tensors averaged in Cartesian axes, and frequencies of a random harmonic model with a random
gyroscopic term, its displacements moved atom by atom.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import spglib
from jsonschema import Draft202012Validator
from magnetic_groups import (
    Group,
    cartesian,
    every_group,
    magnetic_crystal,
    point_groups,
)

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.order import find_magnetic_symmetry
from symchiral.errors import InputError, ReadError, StructureError, SymmetryError
from symchiral.irreps.partners import partners
from symchiral.reading.structure import read_bytes
from symchiral.rules.magnetism import mixing, net_moment, odd_activity, splittings
from symchiral.study import Study

Floats = npt.NDArray[np.float64]

SHIPPED = {
    "CrI3_FM": ("148.17", "-3", 1, True),
    "Co3Sn2S2_FM": ("166.101", "-3m'", 3, True),
    "Cr2O3_AFM": ("167.106", "-3'm'", 3, False),
    "MnF2_AFM": ("136.499", "4'/mmm'", 3, False),
    "MnBi2Te4_AFM": ("167.108", "-3m1'", 4, False),
}
"""BNS number, magnetic point group, type, and whether E splits."""


@cache
def study(group: Group) -> Study:
    return sc.read(magnetic_crystal(group))


def splits(study: Study) -> dict[str, bool]:
    return {s.species: s.split for s in splittings(study.crystal, study.species())}


# ------------------------------------------------------------------------- magnetic groups


@pytest.mark.sweep
def test_122_magnetic_point_groups_are_found() -> None:
    groups = point_groups()
    assert Counter(g.type for g in groups) == {1: 32, 2: 32, 3: 58}
    for group in groups:
        found = study(group).crystal
        if group.type == 2:
            assert found.magnetic is None
            assert found.signs is None
            continue
        assert found.magnetic is not None
        assert (found.magnetic.uni, found.magnetic.bns) == (group.uni, group.bns)
        assert found.magnetic.type == group.type
        assert found.group.point_group == group.family


@pytest.mark.sweep
def test_every_magnetic_space_group_is_found() -> None:
    """All 1651 (a minute)."""
    found: Counter[int] = Counter()
    for group in every_group():
        names = find_magnetic_symmetry(magnetic_crystal(group)).magnetic
        assert (names.uni, names.type) == (group.uni, group.type) if names else group.type == 2
        found[group.type] += 1
    assert found == {1: 230, 2: 230, 3: 674, 4: 517}


@pytest.mark.parametrize("name", [*SHIPPED])
def test_documents_say_what_splits_a_species_or_forbids_it(name: str) -> None:
    study = sc.read(name)
    crystal, species = study.crystal, {s.label: s.participant for s in study.species()}
    magnetism = study.show().magnetism
    assert magnetism is not None
    for s in magnetism.splitting:
        assert s.split == (s.kind == "allowed")
        assert (s.kind == "operation") == (s.operation is not None)
        assert (s.kind == "translation") == (crystal.signs is None)
        if s.operation is None:
            continue
        assert crystal.signs is not None
        seitz = [g.seitz for g in crystal.group.standard_operations]
        g = seitz.index(s.operation.seitz)
        assert s.operation.reversed == (crystal.signs[g] < 0)
        turned = np.linalg.det(species[s.species].matrices[g, 0]).real  # of L, for two partners
        assert turned * crystal.signs[g] == pytest.approx(-1)
        assert s.operation.seitz in s.reason


# The 58 black-and-white classes as the International Tables write them, up to the order of the
# second and third place, and of all places of mm2 and mmm: a change of axes.
BLACK_AND_WHITE = """
-1' 2' m' 2'/m 2/m' 2'/m' 2'2'2 m'm'2 m'm2' m'mm m'm'm m'm'm' 4' -4' 4'/m 4/m' 4'/m'
4'22' 42'2' 4'm'm 4m'm' -4'2m' -4'2'm -42'm' 4/m'mm 4'/mmm' 4'/m'm'm 4/mm'm' 4/m'm'm' -3'
32' 3m' -3'm' -3'm -3m' 6' -6' 6'/m 6/m' 6'/m' 6'22' 62'2' 6'mm' 6m'm' -6'm'2 -6'm2' -6m'2'
6/m'mm 6'/mmm' 6'/m'mm' 6/mm'm' 6/m'm'm' m'-3' -4'3m' 4'32' m'-3'm m-3m' m'-3'm'
"""


def _up_to_axes(symbol: str) -> str:
    places = re.findall(r"-?\d'?(?:/m'?)?|m'?", symbol)
    plain = symbol.replace("'", "")
    free = 0 if plain in ("222", "mm2", "mmm") else 1
    if plain in ("-42m", "-6m2", "-43m", "432", "m-3m", "m-3"):
        return symbol
    return " ".join([*places[:free], *sorted(places[free:])])


def test_symbols_of_magnetic_point_groups() -> None:
    expected = {_up_to_axes(s) for s in BLACK_AND_WHITE.split()}
    assert len(expected) == 58
    found = set()
    for group in point_groups():
        names = study(group).crystal.magnetic
        if group.type == 3:
            assert names is not None
            found.add(_up_to_axes(names.point_group))
        elif group.type == 1:
            assert names is not None
            assert names.point_group == group.family
    assert found == expected


def test_signs_are_those_of_the_moments() -> None:
    """Applied one by one to the moments of the primitive cell."""
    operations = 0
    for group in point_groups():
        crystal = study(group).crystal
        if crystal.signs is None:
            continue
        moments = crystal.primitive.moments
        assert moments is not None
        for g, (sign, rotation) in enumerate(zip(crystal.signs, crystal.rotations, strict=True)):
            moved = sign * np.linalg.det(rotation) * moments @ rotation.T
            assert np.allclose(moments[crystal.permutations[g]], moved, atol=1e-6)
            operations += 1
    assert operations == sum(len(study(g).crystal.group) for g in point_groups() if g.type != 2)
    assert operations > 900


# ------------------------------------------------------------------------- laws of 122 groups


def test_net_moment_is_the_average_of_a_random_one() -> None:
    allowed = 0
    for group in point_groups():
        crystal = magnetic_crystal(group)
        turns = cartesian(group, crystal.cell)
        axial = (group.signs * np.linalg.det(turns))[:, None, None] * turns
        projector = axial.mean(axis=0)
        form = net_moment(study(group).crystal)
        assert len(form) == round(float(np.trace(projector)))
        assert np.allclose(form.basis @ projector, form.basis, atol=1e-6)
        allowed += len(form) > 0
    assert allowed == 31  # the ferromagnetic classes


def _displacement_matrices(group: Group, crystal: Crystal, atoms: Floats) -> Floats:
    """(g, 3n, 3n): what the operations of the database do with displacements at Γ, by distance."""
    positions = crystal.positions[: len(atoms)]
    images = np.einsum("gij,nj->gni", group.rotations, positions) + group.translations[:, None]
    offset = images[:, :, None] - positions
    offset -= np.rint(offset)
    target = np.linalg.norm(offset @ crystal.cell, axis=3).argmin(axis=2)
    turns = cartesian(group, crystal.cell)
    n = len(positions)
    found = np.zeros((len(group.rotations), n, 3, n, 3))
    for g in range(len(group.rotations)):
        found[g, target[g], :, np.arange(n), :] = turns[g]
    return found.reshape(len(group.rotations), 3 * n, 3 * n)


def _levels(values: Floats) -> int:
    ordered = np.sort(values)
    return 1 + int(np.sum(np.diff(ordered) > 1e-8 * ordered[-1]))


def test_degenerate_modes_split_where_a_gyroscopic_model_splits() -> None:
    r"""Eigenfrequencies of :math:`\ddot Q + Γ\dot Q + K Q = 0`, K even and Γ odd under time.

    K is a random symmetric matrix averaged over all spatial parts, Γ a random antisymmetric one
    averaged with the sign of time reversal. Their number of distinct frequencies is that of the
    multiplets, plus one for every pair that splits.
    """
    rng = np.random.default_rng(5)
    verdicts: Counter[tuple[int, bool]] = Counter()
    for group in point_groups():
        crystal = magnetic_crystal(group)
        n = len(crystal) // 2  # the atoms of the first orbit
        moves = _displacement_matrices(group, crystal, np.zeros(n))
        k = rng.normal(size=(3 * n, 3 * n))
        stiff = np.mean(moves @ (k + k.T) @ np.swapaxes(moves, 1, 2), axis=0)
        stiff += (1 - np.linalg.eigvalsh(stiff).min()) * np.eye(3 * n)
        gyro = np.mean(
            group.signs[:, None, None] * (moves @ (k - k.T) @ np.swapaxes(moves, 1, 2)), axis=0
        )
        # The energy is a Hermitian problem: (Q, P) with P = Q̇ in the metric of K and 1.
        root = np.linalg.cholesky(stiff)
        zero = np.zeros_like(stiff)
        flow = np.block([[zero, root.T], [-root, -0.3 * gyro]])
        frequencies = np.linalg.eigvalsh(1j * flow)[3 * n :]
        found = study(group)
        split = splits(found)
        expected = sum(
            count * (2 if split.get(s.label) else 1)
            for s in found.species()
            for site, count in s.sites
            if site.element == "V"
        )
        assert _levels(frequencies) == expected, (group.bns, group.key)
        for s in found.species():
            if s.dimension > 1:
                verdicts[s.dimension, split[s.label]] += 1
    assert verdicts[2, True] > 20
    assert verdicts[2, False] > 60
    assert verdicts[3, True] == 0  # no cubic class lets an axial vector be


def test_light_and_mixing_through_velocities_are_what_random_tensors_leave() -> None:
    r"""Odd tensors of all groups: :math:`\sum_g s_g R…R T ⊗ D u` for every species, and for pairs.

    E Q̇; E E Q̇, the two fields in no symmetry; E E E Q̇, symmetric in the two that come in; Q Q̇'.
    """
    rng = np.random.default_rng(17)
    seen: Counter[str] = Counter()
    for group in point_groups():
        crystal = study(group).crystal
        species = study(group).species()
        r, n = crystal.rotations, len(crystal.group)
        signs = np.zeros(n) if crystal.signs is None else np.array(crystal.signs)
        moved = {}
        for s in species:
            basis = partners(s.participant)
            d = (basis.conj().T @ s.participant.matrices[:, 0] @ basis).real
            moved[s.label] = d @ rng.normal(size=s.dimension)
            alpha, beta = rng.normal(size=(3, 3)), rng.normal(size=(3, 3, 3))
            beta += beta.transpose(1, 0, 2)
            u = signs[:, None] * moved[s.label] / n
            tensors = {
                "infrared": np.einsum("gia,a,gx->ix", r, rng.normal(size=3), u),
                "raman": np.einsum("gia,gjb,ab,gx->ijx", r, r, alpha, u, optimize=True),
                "hyper_raman": np.einsum(
                    "gia,gjb,gkc,abc,gx->ijkx", r, r, r, beta, u, optimize=True
                ),
                "raman, symmetric": np.einsum(
                    "gia,gjb,ab,gx->ijx", r, r, alpha + alpha.T, u, optimize=True
                ),
                "hyper_raman, symmetric": np.einsum(
                    "gia,gjb,gkc,abc,gx->ijkx",
                    *(r, r, r, beta + beta.transpose(0, 2, 1) + beta.transpose(2, 1, 0), u),
                    optimize=True,
                ),
            }
            there = {name: bool(np.abs(t).max() > 1e-9) for name, t in tensors.items()}
            found = odd_activity(crystal, s.participant)
            for name in ("infrared", "raman", "hyper_raman"):
                assert getattr(found, name) == there[name], (group.bns, s.label, name)
            seen.update(name for name, on in there.items() if on)
            seen["judged"] += 1
        optical = [s.label for s in species if s.optical]
        mixed = set(mixing(crystal, species))
        for i, a in enumerate(optical):
            for b in optical[i + 1 :]:
                average = np.einsum("g,gx,gy->xy", signs, moved[a], moved[b]) / n
                assert ((a, b) in mixed) == (np.abs(average).max() > 1e-9), (group.bns, a, b)
                seen["mixed" if (a, b) in mixed else "apart"] += 1
    assert seen["judged"] > 500
    assert seen["raman, symmetric"] < seen["raman"]
    assert seen["hyper_raman, symmetric"] < seen["hyper_raman"]
    assert min(seen.values()) > 50


def test_grey_groups_split_nothing() -> None:
    anti = [next(g for g in every_group() if g.type == 4 and g.family == c) for c in ("-3m", "4")]
    grey = [g for g in point_groups() if g.type == 2]
    assert len(grey) == 32
    for group in [*grey, *anti]:
        found = study(group)
        assert found.crystal.signs is None
        assert not any(splits(found).values())
        assert len(net_moment(found.crystal)) == 0


# ------------------------------------------------------------------------- crystals


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_magnets(name: str) -> None:
    bns, point_group, kind, split = SHIPPED[name]
    found = sc.read(name)
    names = found.crystal.magnetic
    assert names is not None
    assert (names.bns, names.point_group, names.type) == (bns, point_group, kind)
    assert splits(found) == {"Eg": split, "Eu": split}
    assert found.crystal.warnings == ()
    atoms = found.crystal.input
    assert atoms.moments is not None
    other = spglib.get_magnetic_symmetry_dataset(
        (atoms.cell, atoms.positions, atoms.numbers, atoms.moments), symprec=1e-3
    )
    assert other is not None
    assert other.uni_number == names.uni


def test_shipped_magnets_say_where_they_come_from() -> None:
    folder = Path(__file__).resolve().parent.parent / "structures"
    assert {path.stem for path in folder.glob("*.mcif")} == set(SHIPPED)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for name, (bns, point_group, *_) in SHIPPED.items():
        text = (folder / f"{name}.mcif").read_text(encoding="utf-8")
        assert "_symchiral_source_kind            recalled\n" in text
        assert "not read\n at any source" in text
        rows = [line for line in readme.splitlines() if line.startswith(f"| {name}.mcif |")]
        assert len(rows) == 1
        assert f"| {bns} | {point_group} |" in rows[0]
        assert rows[0].endswith("| recalled |")


@pytest.mark.parametrize("name", SHIPPED)
def test_show_says_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    bns, _, kind, split = SHIPPED[name]
    assert main(["show", name]) == 0
    text = capsys.readouterr().out
    assert f"magnetic BNS {bns}: type {'I' * kind if kind < 4 else 'IV'}, " in text
    assert ("splits   Eg, Eu into (+) and (−)" if split else "splits   not Eg, Eu: ") in text
    assert main(["show", name, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    errors = list(Draft202012Validator(json.loads(schema("show"))).iter_errors(document))
    assert not errors, errors[0].message
    assert document["structure"]["magnetic"]["bns"] == bns
    assert [s["split"] for s in document["magnetism"]["splitting"]] == [split, split]


def test_other_commands_name_the_magnetic_class(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "Co3Sn2S2_FM"]) == 0
    assert "D3d, 7 atoms, magnetic −3m'" in capsys.readouterr().out
    assert main(["show", "CrI3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["magnetism"] is None
    assert document["structure"]["magnetic"] is None


@pytest.mark.parametrize("name", SHIPPED)
def test_species_are_those_of_the_crystal_without_moments(name: str) -> None:
    """Here the order takes no spatial operation away: θ shows in nothing that is even in time."""
    found = sc.read(name)
    plain = sc.read(
        Crystal.of(
            found.crystal.primitive.cell,
            found.crystal.primitive.positions,
            found.crystal.primitive.numbers,
        )
    )
    assert plain.crystal.group == found.crystal.group
    assert sorted(map(repr, plain.species())) == sorted(map(repr, found.species()))
    assert plain.rules().counts() == found.rules().counts()


def _described(crystal: Crystal, seed: int) -> Crystal:
    """Another description: turned, shifted, reordered, in a supercell with skewed vectors."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    basis = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]]) @ np.diag([1, 1, 1 + seed % 2])
    copies = np.array([[0, 0, k] for k in range(1 + seed % 2)])
    positions = (crystal.positions[:, None] + copies).reshape(-1, 3)
    positions = positions @ np.linalg.inv(basis) + rng.uniform(size=3)
    order = rng.permutation(len(positions))
    assert crystal.moments is not None
    return Crystal.of(
        basis @ crystal.cell @ turn.T,
        (positions % 1)[order],
        np.repeat(crystal.numbers, len(copies))[order],
        moments=(np.repeat(crystal.moments, len(copies), axis=0) @ turn.T)[order],
    )


def _said(crystal: Crystal) -> object:
    found = sc.read(crystal)
    return (
        found.crystal.magnetic,
        splits(found),
        sorted((s.label, s.count, sorted(x.wyckoff for x, _ in s.sites)) for s in found.species()),
        len(net_moment(found.crystal)),
    )


def test_another_description_says_the_same() -> None:
    crystals = [sc.structure(name) for name in SHIPPED]
    crystals += [magnetic_crystal(g) for g in point_groups() if g.type == 3][::4]
    assert len(crystals) == 20
    for i, crystal in enumerate(crystals):
        assert _said(_described(crystal, i)) == _said(crystal)


def test_an_order_that_breaks_the_rotation_axis_leaves_fewer_species() -> None:
    """Moments of CrI3 in the layer: the three-fold axis is gone, and so is every E."""
    cri3 = sc.structure("CrI3_FM")
    assert cri3.moments is not None
    lying = Crystal.of(cri3.cell, cri3.positions, cri3.numbers, moments=cri3.moments[:, [2, 1, 0]])
    found = sc.read(lying)
    assert found.crystal.group.symbol == "P-1"
    assert found.axis is None
    assert splits(found) == {}
    assert len(net_moment(found.crystal)) == 3


# ------------------------------------------------------------------------- input


MNF2 = """data_x
_cell_length_a 4.87
_cell_length_b 4.87
_cell_length_c 3.31
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_space_group_symop{dot}magn_operation{under}xyz
x,y,z,+1
-x,-y,-z,+1
-x,-y,z,+1
x,y,-z,+1
-y+1/2,x+1/2,z+1/2,-1
y+1/2,-x+1/2,z+1/2,-1
y+1/2,-x+1/2,-z+1/2,-1
-y+1/2,x+1/2,-z+1/2,-1
x+1/2,-y+1/2,-z+1/2,{two}
-x+1/2,y+1/2,-z+1/2,+1
-x+1/2,y+1/2,z+1/2,+1
x+1/2,-y+1/2,z+1/2,+1
y,x,-z,-1
-y,-x,-z,-1
-y,-x,z,-1
y,x,z,-1
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Mn1 Mn 0 0 0
F1 F 0.305 0.305 0
loop_
_atom_site_moment{mdot}label
_atom_site_moment{mdot}crystalaxis_x
_atom_site_moment{mdot}crystalaxis_y
_atom_site_moment{mdot}crystalaxis_z
{label} {moment}
"""


def mcif(
    *,
    dot: str = "_",
    under: str = ".",
    mdot: str = ".",
    two: str = "+1",
    label: str = "Mn1",
    moment: str = "0 0 4.6(1)",
) -> bytes:
    text = MNF2.format(dot=dot, under=under, mdot=mdot, two=two, label=label, moment=moment)
    return text.encode()


@pytest.mark.parametrize(
    ("dot", "under", "mdot"), [("_", ".", "."), ("_", "_", "_"), (".", "_", ".")]
)
def test_spellings_of_the_tags(dot: str, under: str, mdot: str) -> None:
    crystal = read_bytes(mcif(dot=dot, under=under, mdot=mdot), name="x.mcif")
    assert crystal.moments is not None
    size = np.linalg.norm(crystal.moments, axis=1)
    assert sorted(size.round(6)) == [0, 0, 0, 0, 4.6, 4.6]
    names = find_magnetic_symmetry(crystal).magnetic
    assert names is not None
    assert names.bns == "136.499"


def test_moments_are_components_along_unit_vectors() -> None:
    """In hexagonal axes (1, 2, 0) has the length √3, and stands at a right angle to a."""
    text = """data_x
_cell_length_a 3
_cell_length_b 3
_cell_length_c 5
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
loop_
_space_group_symop_magn_operation.xyz
x,y,z,+1
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Fe1 0 0 0
loop_
_atom_site_moment.label
_atom_site_moment.crystalaxis_x
_atom_site_moment.crystalaxis_y
_atom_site_moment.crystalaxis_z
Fe1 1 2 0
"""
    crystal = read_bytes(text.encode(), name="x.mcif")
    assert crystal.moments is not None
    assert np.allclose(crystal.moments, [[0, np.sqrt(3), 0]])


BAD = [
    (mcif(moment="1 0 4.6"), StructureError, "do not keep its moment"),
    (mcif(two="-1"), StructureError, "do not keep its moment"),
    (mcif(two="0"), ReadError, "is not a magnetic operation"),
    (mcif(moment="0 0 up"), ReadError, "not a number"),
    (mcif(label="Fe7"), ReadError, "which is not a site"),
    (mcif().replace(b"y,x,-z,-1\n", b""), ReadError, "do not form a group"),
    (
        mcif()
        .replace(b"magn_operation.xyz", b"operation.xyz")
        .replace(b",+1", b"")
        .replace(b",-1\n", b"\n"),
        ReadError,
        "do not say whether",
    ),
    (
        mcif().replace(b"_atom_site_moment.label\n", b"_atom_site_moment.symmform\n"),
        ReadError,
        "lack a label",
    ),
]


@pytest.mark.parametrize(("data", "error", "why"), BAD)
def test_bad_files(data: bytes, error: type[InputError], why: str) -> None:
    with pytest.raises(error, match=why) as caught:
        read_bytes(data, name="x.mcif")
    assert caught.value.fix


def test_a_stated_magnetic_group_that_is_not_found_is_told() -> None:
    data = mcif().replace(b"data_x\n", b"data_x\n_space_group_magn.number_BNS 136.500\n")
    found = find_magnetic_symmetry(read_bytes(data, name="x.mcif"))
    assert [w.kind for w in found.warnings] == ["stated-group"]
    assert "136.500" in found.warnings[0].text
    assert "136.499" in found.warnings[0].text


def test_moments_without_a_direction() -> None:
    from ase.spacegroup import crystal as make

    atoms = make("Fe", [(0, 0, 0)], spacegroup=229, cellpar=[2.87, 2.87, 2.87, 90, 90, 90])
    atoms.set_initial_magnetic_moments([2.2, 2.2])
    plain = sc.read(atoms)
    assert plain.crystal.magnetic is None
    assert [w.kind for w in plain.crystal.warnings] == ["reading"]
    assert "--spin-axis" in plain.crystal.warnings[0].text
    names = sc.read(atoms, spin_axis=(0, 0, 1)).crystal.magnetic
    assert names is not None
    assert (names.bns, names.point_group) == ("139.537", "4/mm'm'")
    along = sc.read(atoms, spin_axis=(1, 1, 1)).crystal.magnetic
    assert along is not None
    assert along.point_group == "-3m'"
    del atoms.arrays["initial_magmoms"]
    atoms.set_initial_magnetic_moments([[0, 0, 2.2], [0, 0, -2.2]])
    turned = sc.read(atoms).crystal
    assert turned.magnetic is not None
    assert turned.magnetic.type == 4
    assert turned.group.symbol == "I4/mmm"
    for axis in ((0, 0, 0), (1, 0), (float("nan"), 0, 1)):
        with pytest.raises(InputError, match="spin axis"):
            sc.read(atoms, spin_axis=axis)


class _Phonopy:
    """What PhonopyAtoms has."""

    def __init__(self, moments: object) -> None:
        self.cell = 2.87 * np.eye(3)
        self.scaled_positions = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
        self.numbers = np.array([26, 26])
        self.magnetic_moments = moments


def test_moments_of_other_objects() -> None:
    names = sc.read(_Phonopy([[0, 0, 2], [0, 0, -2]])).crystal.magnetic
    assert names is not None
    assert names.type == 4
    assert sc.read(_Phonopy([2.0, 2.0]), spin_axis=(0, 0, 1)).crystal.magnetic is not None
    assert "no direction" in sc.read(_Phonopy([2.0, 2.0])).crystal.warnings[0].text
    assert "not numbers" in sc.read(_Phonopy(["up", "down"])).crystal.warnings[0].text
    for moments, why in (([[0, 0, 2]], "1 magnetic moments"), ([[0, 0, 1e9]] * 2, "1e.09 μB")):
        with pytest.raises(StructureError, match=why):
            sc.read(_Phonopy(moments))
    with pytest.raises(StructureError, match="NaN"):
        sc.read(_Phonopy([[0, 0, float("nan")]] * 2))


def test_moments_that_are_nearly_equal_are_refused() -> None:
    """Of three, two pairs are equal within the tolerance and the third is not."""
    cell = np.array([[6.0, 0, 0], [-3, 3 * np.sqrt(3), 0], [0, 0, 4]])
    positions = [[0.2, 0, 0], [0, 0.2, 0], [-0.2, -0.2, 0]]
    moments = [[0, 0, 1], [0, 0, 1.015], [0, 0, 1.03]]
    crystal = Crystal.of(cell, positions, [26] * 3, moments=moments)
    with pytest.raises(SymmetryError, match="do not tell"):
        find_magnetic_symmetry(crystal)


def test_forces_for_moments_are_refused() -> None:
    from ase.calculators.lj import LennardJones

    with pytest.raises(InputError, match="with magnetic moments"):
        sc.read("CrI3_FM").with_calculator(LennardJones())
