"""Third-order force constants of Si and ZnTe: contraction, and audit of what the rules forbid.

The contraction is compared with one written for the tests alone (third_order.py), which is itself
compared with phono3py's; here with phono3py's own once more, through the files a user has.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from phonopy import Phonopy
from third_order import ForceConstants

import symchiral as sc
from symchiral.anharmonic.audit import audit, audit_mesh
from symchiral.anharmonic.finite import design
from symchiral.anharmonic.mesh import mesh_triplets
from symchiral.anharmonic.third_order import contract
from symchiral.answers.audit import Audit
from symchiral.answers.audit import audit as answer_of
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.qpoint import QPoint, star
from symchiral.errors import InputError
from symchiral.forces.door import cell_of
from symchiral.modes.coordinates import normal_coordinates
from symchiral.rules.vertices import special_vertices
from symchiral.study import Study

pytestmark = pytest.mark.oracle
Capture = pytest.CaptureFixture[str]

DATA = Path(__file__).parent / "data" / "third_order"


@cache
def folder(name: str) -> str:
    """The files of a crystal under the names phono3py gives them."""
    import tempfile

    pytest.importorskip("phono3py", reason="phono3py is not installed")
    path = Path(tempfile.mkdtemp())
    if name == "Si":
        shutil.copy(DATA / "Si_phono3py_disp.yaml.xz", path / "phono3py_disp.yaml.xz")
        shutil.copy(DATA / "Si_FORCES_FC3.xz", path / "FORCES_FC3.xz")
    else:
        shutil.copy(DATA / "ZnTe_phono3py_params.yaml.xz", path / "phono3py_params.yaml.xz")
    return str(path)


@cache
def study(name: str) -> Study:
    return sc.read(folder(name))


@cache
def phono3py_of(name: str, *, nac: bool = False) -> Any:
    """The same as phono3py holds it."""
    phono3py = pytest.importorskip("phono3py", reason="phono3py is not installed")
    path = Path(folder(name))
    yaml = next(path.glob("phono3py*"))
    forces = {"forces_fc3_filename": path / "FORCES_FC3.xz"} if name == "Si" else {}
    theirs = phono3py.load(yaml, is_nac=nac, produce_fc=False, log_level=0, **forces)
    theirs.produce_fc3(is_compact_fc=True)
    theirs.produce_fc2(is_compact_fc=True)
    theirs.symmetrize_fc3()
    theirs.symmetrize_fc2()
    return theirs


@pytest.mark.parametrize("name", ["Si", "ZnTe"])
def test_vertices_agree_with_another_contraction(name: str) -> None:
    found = study(name)
    third = found.third_order
    other = ForceConstants(
        found.crystal, third.cell, third.positions, third.masses, third.first,
        np.zeros((2, 64, 3, 3)), third.constants,
    )  # fmt: skip
    vertices = [*special_vertices(found.crystal.group)]
    vertices.append(
        (
            QPoint.of("1/7", "1/3", "0"),
            QPoint.of("2/5", "0", "1/9"),
            QPoint.of("-19/35", "-1/3", "-1/9"),
        )
    )
    assert len(vertices) == 8
    for points in vertices:
        ours, theirs = third.vertex(points), other.vertex(points)  # type: ignore[arg-type]
        assert np.abs(ours - theirs).max() < 1e-12 * np.abs(theirs).max()


@pytest.mark.parametrize("name", ["Si", "ZnTe"])
def test_strengths_are_those_of_phono3py(name: str) -> None:
    """Σ|V₃|² over complete degenerate sets at triplets of a mesh, Γ among them, to 1e-6."""
    found, theirs = study(name), phono3py_of(name)
    third = found.third_order
    # Their modes, without the long-range term.
    plain = ForceConstants(
        found.crystal, third.cell, third.positions, third.masses, third.first,
        np.array(theirs.fc2), third.constants,
    )  # fmt: skip
    theirs.mesh_numbers = [4, 4, 4]
    theirs.init_phph_interaction()
    interaction = theirs.phph_interaction
    grid = interaction.bz_grid
    reciprocal = np.linalg.inv(theirs.primitive.cell).T
    compared = 0
    for start in (0, 5):
        interaction.set_grid_point(int(grid.grg2bzg[start]))
        interaction.run()
        triplets = interaction.get_triplets_at_q()[0]
        for triplet, strengths in zip(triplets, interaction.interaction_strength, strict=True):
            q = grid.addresses[triplet] @ grid.QDinv.T @ reciprocal
            points = [
                QPoint.of(*(Fraction(float(c)).limit_denominator(8) for c in x))
                for x in found.crystal.frame.wavevector(q, to="primitive", source="cartesian")
            ]
            points = [p.reduced for p in points]
            vectors = [np.linalg.eigh(plain.dynamical(p))[1] for p in points]
            V = contract(third.vertex(tuple(points)), tuple(vectors))  # type: ignore[arg-type]
            frequencies = interaction.phonons.frequencies[triplet]
            sets = [
                np.split(np.arange(6), np.flatnonzero(np.diff(f) > 1e-3) + 1) for f in frequencies
            ]
            for chosen in itertools.product(*sets):
                lowest = [f[c[0]] for f, c in zip(frequencies, chosen, strict=True)]
                if min(lowest) > 0.1:
                    part = np.ix_(*chosen)
                    expected = np.sum(strengths[part]) * np.prod(lowest)
                    expected /= interaction.unit_conversion_factor
                    size = np.sum(np.abs(V[part]) ** 2)
                    assert abs(size - expected) < 1e-6 * expected + 1e-12 * np.abs(V).max() ** 2
                    compared += 1
    assert compared > 200


@pytest.mark.parametrize("name", ["Si", "ZnTe"])
def test_a_clean_set_is_clean(name: str) -> None:
    found = study(name).audit()
    assert len(found.vertices) == 7
    assert found.share < 1e-10
    assert {"translation", "parity", "pam", "group", "exchange"} == set(found.shares)
    assert found.total > 0.1 * len(found.vertices) * 1e-3
    _, size = study(name).third_order.broken()
    assert size < 1e-9
    assert sum(v.counts["allowed"] for v in found.vertices) > 400


@pytest.mark.parametrize("name", ["Si", "ZnTe"])
def test_one_broken_constant_is_caught_and_located(name: str) -> None:
    found = study(name)
    third = found.third_order
    constants = np.array(third.constants)
    sizes = np.abs(constants).max(axis=(3, 4, 5))
    sizes[0, third.first[0]] = 0  # one between different atoms
    j, k = np.unravel_index(int(np.argmax(sizes[0])), sizes[0].shape)
    constants[0, j, k, 0, 1, 2] += 0.05 * np.abs(constants).max()
    broken = replace(third, constants=constants)
    vertices = special_vertices(found.crystal.group)
    result = audit(broken, found.phonons, found.axis, vertices)  # type: ignore[arg-type]
    assert result.share > 1e-6
    assert result.share > 1e4 * study(name).audit().share
    assert max(result.shares["parity"], result.shares["pam"], result.shares["group"]) > 1e-8
    assert broken.broken()[0][1:] in ((int(j), int(k)), (int(k), int(j)))
    assert broken.broken()[0][0] == third.first[0]
    repaired = audit(broken.symmetrized(), found.phonons, found.axis, vertices)  # type: ignore[arg-type]
    parts = [repaired.shares[kind] for kind in ("parity", "pam")]
    assert max(parts) < 1e-20


def test_masked_triples_vanish_whatever_the_basis() -> None:
    """With eigenvectors straight from an eigensolver."""
    found = study("ZnTe")
    masked = 0
    for v in found.audit().vertices:
        vectors = [
            np.linalg.eigh(found.phonons.dynamical_matrix(q))[1]  # type: ignore[union-attr]
            for q in v.points
        ]
        V = np.abs(contract(found.third_order.vertex(v.points), tuple(vectors)))  # type: ignore[arg-type]
        assert V[v.mask].max(initial=0) < 1e-5 * V.max()
        masked += int(v.mask.sum())
    assert masked > 500


def test_the_table_fits(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (60, 80, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(["audit", folder("ZnTe"), "--fail-on", "1e-6"]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_the_command(capsys: Capture, tmp_path: Path) -> None:
    words = ["audit", folder("ZnTe")]
    assert main([*words, "--fail-on", "1e-6"]) == 0
    text = capsys.readouterr().out
    assert "is within the limit 1e-06" in text
    assert main([*words, "--fail-on", "1e-30"]) == 3
    capsys.readouterr()
    assert main([*words, "--json", "--q", "X X GM"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("audit"))).validate(document)
    assert len(document["vertices"]) == 1
    assert main([*words, "--q", "X X X"]) == 1
    assert "that do not couple" in capsys.readouterr().err
    assert main(["audit", "Bi2Se3"]) == 1
    assert "no third-order force constants" in capsys.readouterr().err


def test_what_is_incomplete_is_refused_in_words(capsys: Capture, tmp_path: Path) -> None:
    pytest.importorskip("phono3py")
    shutil.copy(DATA / "Si_phono3py_disp.yaml.xz", tmp_path / "phono3py_disp.yaml.xz")
    assert main(["audit", str(tmp_path)]) == 1
    assert "no third-order forces" in capsys.readouterr().err
    (tmp_path / "phono3py_disp.yaml.xz").write_bytes(b"phono3py: 1\n")
    assert main(["audit", str(tmp_path / "phono3py_disp.yaml.xz")]) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err


def test_couplings_of_third_order_force_constants(capsys: Capture) -> None:
    """One coefficient for silicon and for zincblende: xyz of the optical mode."""
    for name in ("Si", "ZnTe"):
        (term,) = [t for t in study(name).couplings().circular(3) if abs(t.value) > 1e-9]
        assert term.verdict.word == "allowed"
        tensor = study(name).couplings().potential(3).tensor()
        assert np.count_nonzero(np.abs(tensor) > 1e-6 * np.abs(tensor).max()) in (6, 8, 14)


# ---------------------------------------------------------------------------------------- meshes


def test_a_mesh_holds_what_all_its_vertices_hold() -> None:
    """Every ordered triplet of wavevectors, each judged by itself."""
    found = study("ZnTe")
    points = [
        QPoint.of(*(Fraction(i, 2) for i in place)) for place in itertools.product((0, 1), repeat=3)
    ]
    every = [(a, b, (-(a + b)).reduced) for a in points for b in points]
    single = audit(found.third_order, found.phonons, found.axis, every)  # type: ignore[arg-type]
    mesh = found.audit(mesh=(2, 2, 2))
    assert mesh.mesh is not None
    assert (mesh.mesh.triplets, mesh.mesh.irreducible) == (64, 5)
    assert mesh.total == pytest.approx(single.total, rel=1e-9)
    # How many triples of partners are forbidden depends on the basis, which the axis chooses where
    # it is kept; every triplet of the mesh is taken where it keeps most of it.
    assert sum(mesh.counts.values()) == sum(single.counts.values()) == 64 * 6**3
    assert mesh.counts["translation"] == single.counts["translation"]
    assert mesh.counts["allowed"] <= single.counts["allowed"]
    assert mesh.counts["pam"] > single.counts["pam"]
    # Complete sets do not depend on it.
    masked = sum(
        t.weight * int(found.forbidden_triples(" ".join(",".join(q.texts) for q in t.points)).sum())
        for t in mesh_triplets(found.crystal.group, (2, 2, 2))
    )
    assert masked == sum(int(v.mask.sum()) for v in single.vertices) > 2000
    assert max(mesh.share, single.share) < 1e-10


def test_what_is_not_judged_is_counted_all_the_same() -> None:
    """Σ|V₃|² of a mesh, contracted with no modes; only stars of the first wavevector are used."""
    found = study("ZnTe")
    group = found.crystal.group
    points = [
        QPoint.of(*(Fraction(i, 4) for i in place)).reduced
        for place in itertools.product(range(4), repeat=3)
    ]
    whole, left = 0.0, set(points)
    while left:
        first = next(iter(left))
        arms = set(star(group, first)) & left
        left -= arms
        for second in points:
            triplet = (first, second, (-(first + second)).reduced)
            whole += len(arms) * float(np.sum(np.abs(found.third_order.vertex(triplet)) ** 2))
    mesh = found.audit(mesh=(4, 4, 4))
    assert mesh.mesh is not None
    assert mesh.mesh.judged < mesh.mesh.irreducible == 42
    assert mesh.total == pytest.approx(whole, rel=1e-9)
    assert sum(mesh.counts.values()) == 64**2 * 6**3


MESHES = {
    ("Si", 2): (64, 13824), ("ZnTe", 2): (64, 13824),
    ("Si", 3): (729, 157464), ("ZnTe", 3): (729, 157464),
}  # fmt: skip
"""Ordered triplets, and triples of modes."""


@pytest.mark.parametrize(
    ("name", "n"),
    [pytest.param(*key, marks=[pytest.mark.sweep] if key != ("Si", 2) else []) for key in MESHES],
)
def test_a_mesh_is_what_another_contraction_finds(name: str, n: int) -> None:
    """Every ordered triplet of the mesh, with no symmetry used and no rule known.

    Contracted by `third_order.py` with eigenvectors of its own dynamical matrices: Σ|V₃|² over
    complete degenerate sets vanishes where the audit says it must, and only there.
    """
    found, theirs = study(name), phono3py_of(name)
    third = found.third_order
    plain = ForceConstants(
        found.crystal, third.cell, third.positions, third.masses, third.first,
        np.array(theirs.fc2), third.constants,
    )  # fmt: skip
    points = [
        QPoint.of(*(Fraction(i, n) for i in place)).reduced
        for place in itertools.product(range(n), repeat=3)
    ]
    modes = {q: np.linalg.eigh(plain.dynamical(q)) for q in points}
    sets = {
        q: np.split(np.arange(6), np.flatnonzero(np.diff(values) > 1e-5 * values[-1]) + 1)
        for q, (values, _) in modes.items()
    }
    # at the zone centre three rigid translations come first
    assert [len(x) for x in sets[points[0]]] == [3, 3]
    sizes, triples, rigid, total = [], [], [], 0.0
    for a, b in itertools.product(points, repeat=2):
        triplet = (a, b, (-(a + b)).reduced)
        V = plain.vertex(triplet)
        total += float(np.sum(np.abs(V) ** 2))
        for q in triplet:
            V = np.tensordot(V, modes[q][1], (0, 0))
        for chosen in itertools.product(*(sets[q] for q in triplet)):
            part = V[np.ix_(*chosen)]
            sizes.append(float(np.mean(np.abs(part) ** 2)))
            triples.append(part.size)
            rigid.append(
                any(q == points[0] and x[0] == 0 for q, x in zip(triplet, chosen, strict=True))
            )
    mesh = found.audit(mesh=(n, n, n))
    assert mesh.mesh is not None
    assert (mesh.mesh.triplets, sum(mesh.counts.values())) == MESHES[name, n]
    assert sum(triples) == MESHES[name, n][1]
    assert mesh.total == pytest.approx(total, rel=1e-9)
    assert mesh.counts["translation"] == sum(np.array(triples)[rigid])
    # Rigid translations vanish as well as the constants obey their sum rule (between wavevectors
    # that fit into the supercell they do so less); of the other sets some vanish but for rounding,
    # and a gap of many decades parts them from the rest.
    measured, still = np.array(sizes) / max(sizes), np.array(rigid)
    assert measured[still].max() < 1e-5
    zero = still | (measured < 1e-20)
    assert measured[~zero].min() > 1e-11
    masked = sum(
        t.weight * int(found.forbidden_triples(" ".join(",".join(q.texts) for q in t.points)).sum())
        for t in mesh_triplets(found.crystal.group, (n, n, n))
    )
    assert masked == int(np.array(triples)[zero].sum()) > 0
    forbidden = sum(mesh.counts.values()) - mesh.counts["allowed"]
    assert masked <= forbidden


def test_a_mesh_catches_a_broken_constant(capsys: Capture) -> None:
    found = study("ZnTe")
    third = found.third_order
    constants = np.array(third.constants)
    constants[0, 3, 9, 0, 1, 2] += 0.2 * np.abs(constants).max()
    vertices = audit_mesh(replace(third, constants=constants), found.phonons, found.axis, (2, 2, 2))  # type: ignore[arg-type]
    assert vertices.share > 1e5 * found.audit(mesh=(2, 2, 2)).share
    assert vertices.offenders[0].value > 1e-4
    said = []
    for q in ("X X GM", "GM GM GM"):
        points = [[found.point(x) for x in q.split()]]
        broken = audit(replace(third, constants=constants), found.phonons, found.axis, points)  # type: ignore[arg-type]
        answer = answer_of(found.crystal, found.axis, broken, third)
        assert Audit.from_json(answer.to_json()) == answer
        assert [o.rule for o in answer.offenders] == [o.reason.kind for o in broken.offenders]
        said += [(o.rule, o.reason) for o in answer.offenders]
    assert ("translation", "a rigid translation does not change the energy") in said
    assert any(rule != "translation" and "multiplies the product" in why for rule, why in said)
    words = ["audit", folder("ZnTe"), "--mesh", "2", "2", "2"]
    assert main([*words, "--fail-on", "1e-6"]) == 0
    assert "mesh 2 2 2" in capsys.readouterr().out
    assert main([*words, "--json", "--fail-on", "1e-30"]) == 3
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("audit"))).validate(document)
    assert document["vertices"] == []
    assert document["mesh"]["triplets"] == 64
    assert main([*words, "--q", "X X GM"]) == 1
    assert "contradict" in capsys.readouterr().err
    told: list[float] = []
    found.audit(mesh=(2, 2, 2), progress=told.append)
    assert told == sorted(told)
    assert (len(told), told[0], told[-1]) == (6, 0.0, 1.0)
    assert main(["audit", folder("ZnTe"), "--mesh", "2", "2", "3"]) == 1
    assert "does not have the symmetry" in capsys.readouterr().err


def test_masked_triples_have_no_strength_in_phono3py() -> None:
    """The loop of docs/dynamics.md, with phono3py's own eigenvectors and interaction strengths."""
    found = study("ZnTe")
    theirs = phono3py_of("ZnTe", nac=True)
    theirs.mesh_numbers = [4, 4, 4]
    theirs.init_phph_interaction()
    interaction = theirs.phph_interaction
    grid = interaction.bz_grid
    reciprocal = np.linalg.inv(theirs.primitive.cell).T
    masked, largest = 0, 0.0
    for start in grid.grg2bzg[[0, 1, 5, 21]]:
        interaction.set_grid_point(int(start))
        interaction.run()
        triplets = interaction.get_triplets_at_q()[0]
        for triplet, strengths in zip(triplets, interaction.interaction_strength, strict=True):
            q = grid.addresses[triplet] @ grid.QDinv.T @ reciprocal
            mask = found.forbidden_triples(q)
            largest = max(largest, float(strengths.max()))
            # Rigid translations are the work of phono3py's cut-off for low frequencies.
            moving = interaction.phonons.frequencies[triplet] > 0.1
            mask &= moving[0][:, None, None] & moving[1][:, None] & moving[2]
            assert strengths[mask].max(initial=0) < 1e-9 * largest
            masked += int(mask.sum())
    assert masked > 500


# --------------------------------------------------------------------- reading as far as is needed


@pytest.mark.parametrize("name", ["Si", "ZnTe"])
def test_harmonic_work_needs_no_phono3py(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(name)
    theirs = phono3py_of(name, nac=True)
    phonon = Phonopy(
        theirs.unitcell, theirs.supercell_matrix, primitive_matrix=theirs.primitive_matrix
    )
    phonon.nac_params = theirs.nac_params
    phonon.force_constants = theirs.fc2
    expected = sc.read(phonon)
    monkeypatch.setitem(sys.modules, "phono3py", None)
    found = sc.read(path)
    for q in ("GM", "X", "L", "1/8,1/4,1/3"):
        ours, other = found.modes(q).frequencies, expected.modes(q).frequencies
        assert np.abs(ours - other).max() < 2e-3
    with pytest.raises(InputError, match='pip install "phono3py'):
        found.audit()


def test_momentum_is_judged_where_all_constants_are_given(tmp_path: Path, capsys: Capture) -> None:
    """One constant changed by δ: what translations do not share of it is δ²(1 − 1/T)."""
    pytest.importorskip("phono3py", reason="phono3py is not installed")
    from phono3py.file_IO import write_fc2_to_hdf5, write_fc3_to_hdf5
    from phono3py.phonon3.fc3 import compact_fc3_to_full_fc3

    theirs = phono3py_of("Si")
    full = compact_fc3_to_full_fc3(theirs.primitive, theirs.fc3)
    assert full.shape[:3] == (64, 64, 64)
    shutil.copy(DATA / "Si_phono3py_disp.yaml.xz", tmp_path / "phono3py_disp.yaml.xz")
    write_fc2_to_hdf5(theirs.fc2, filename=tmp_path / "fc2.hdf5", p2s_map=theirs.primitive.p2s_map)
    write_fc3_to_hdf5(full, filename=tmp_path / "fc3.hdf5")
    clean = sc.read(tmp_path)
    assert clean.third_order.momentum is not None
    assert clean.third_order.momentum < 1e-12
    # Of a cubic crystal whose first atoms are two of 64 atoms there are 32 translations.
    delta = 0.1 * np.abs(full).max()
    assert full[7, 3, 9, 0, 1, 2] == pytest.approx(0, abs=delta / 50)
    full[7, 3, 9, 0, 1, 2] += delta
    write_fc3_to_hdf5(full, filename=tmp_path / "fc3.hdf5")
    found = sc.read(tmp_path)
    expected = delta**2 * (1 - 1 / 32) / np.sum(full**2)
    assert found.third_order.momentum == pytest.approx(expected, rel=0.05)
    assert found.audit("X X GM").shares["momentum"] == found.third_order.momentum
    limit = f"{expected / 2:g}"
    assert main(["audit", str(tmp_path), "--q", "X X GM", "--fail-on", limit]) == 3
    assert "Vertices with Σq ≠ G hold" in capsys.readouterr().out
    for wrong in (full[:, :, :63], full[:3], full[:, :9, :9]):
        write_fc3_to_hdf5(np.ascontiguousarray(wrong), filename=tmp_path / "fc3.hdf5")
        with pytest.raises(InputError, match="belong"):
            _ = sc.read(tmp_path).third_order


@pytest.mark.parametrize(("name", "mine"), [("Bi2Se3", 17), ("MgB2", 5), ("HgS_cinnabar", 37)])
def test_finite_differences_take_less_than_half_of_a_third_order_set(name: str, mine: int) -> None:
    """Force calls for the cubic couplings beside displaced cells of phono3py, for one cell."""
    phono3py = pytest.importorskip("phono3py", reason="phono3py is not installed")
    found = sc.read(f"{name}/phonopy.yaml")
    whole = phono3py.Phono3py(cell_of(found.crystal.primitive), np.eye(3, dtype=int))
    whole.generate_displacements()
    plan = design(normal_coordinates(found.modes()))
    assert 1 + 4 * len(plan.directions) == mine
    assert mine < len(whole.supercells_with_displacements) / 2
