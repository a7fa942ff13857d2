"""Triplets of wavevectors of a mesh, and masks of what is forbidden at them."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.anharmonic.mesh import mesh_triplets, needs_judging
from symchiral.anharmonic.vertexrules import forbidden_triples, vertex_rules
from symchiral.crystal.qpoint import QPoint, images
from symchiral.errors import InputError, LimitError, WavevectorError
from symchiral.study import Study

ROOT = Path(__file__).resolve().parent.parent


@cache
def study(name: str) -> Study:
    return sc.read(str(ROOT / "structures" / name))


@pytest.mark.parametrize(
    ("name", "mesh", "irreducible"),
    [
        ("Si", (3, 3, 3), 14),
        ("Bi2Se3_PBEsol", (2, 2, 2), 7),
        ("MgB2", (3, 3, 2), 17),
        ("SiO2_quartz_P3121", (3, 3, 2), 17),
        ("PbTeO3", (2, 2, 3), 15),
        ("ReNCl4", (3, 3, 3), 27),
    ],
)
def test_triplets_are_the_orbits_of_all(
    name: str, mesh: tuple[int, int, int], irreducible: int
) -> None:
    """Every ordered triplet sorted into orbits, one operation, reversal and order at a time."""
    group = study(name).crystal.group
    points = [
        QPoint.of(*(f"{i}/{n}" for i, n in zip(place, mesh, strict=True))).reduced
        for place in product(*map(range, mesh))
    ]
    whole = {(a, b, (-(a + b)).reduced) for a in points for b in points}
    assert len(whole) == len(points) ** 2
    orbits = []
    left = set(whole)
    while left:
        start = next(iter(left))
        orbit = {
            tuple(moved[i] for i in order)
            for signed in (start, tuple((-q).reduced for q in start))
            for moved in zip(*(images(group, q) for q in signed), strict=True)
            for order in permutations(range(3))
        }
        assert orbit <= whole
        left -= orbit  # type: ignore[arg-type]
        orbits.append(orbit)
    found = list(mesh_triplets(group, mesh))
    assert len(found) == len(orbits) == irreducible
    weights = {t.points: t.weight for t in found}
    for orbit in orbits:
        (mine,) = [p for p in weights if p in orbit]
        assert weights[mine] == len(orbit)


@pytest.mark.parametrize(("name", "mesh"), [("ZnO", (5, 5, 3)), ("SiO2_quartz_P3121", (3, 3, 2))])
def test_what_needs_no_judging_is_allowed(name: str, mesh: tuple[int, int, int]) -> None:
    """Judged all the same."""
    found = study(name)
    free, judged = [], []
    for triplet in mesh_triplets(found.crystal.group, mesh):
        kind = judged if needs_judging(found.crystal.group, triplet.points) else free
        kind.append(triplet.points)
    assert len(free) > 3
    assert len(judged) > 10
    for points in free[:: max(1, len(free) // 3)]:
        rules = vertex_rules(found.phonons, found.axis, points)  # type: ignore[arg-type]
        assert set(rules.kinds.ravel().tolist()) == {"allowed"}
        assert not found.forbidden_triples([_cartesian(found, q) for q in points]).any()


def _cartesian(found: Study, q: QPoint) -> np.ndarray:
    return np.asarray(
        found.crystal.frame.wavevector(
            [float(x) for x in q.coordinates], to="cartesian", source="primitive"
        )
    )


def test_masks_by_name_and_by_numbers() -> None:
    found = study("ZnO")
    mask = found.forbidden_triples("M M GM")
    points = [found.point(x) for x in ("M", "M", "GM")]
    rules = vertex_rules(found.phonons, found.axis, points)  # type: ignore[arg-type]
    assert mask.shape == (12, 12, 12)
    assert np.array_equal(mask, rules.mask)
    assert np.array_equal(mask, found.forbidden_triples([_cartesian(found, q) for q in points]))
    # All that is forbidden at M, where nothing is degenerate; at GM partners are taken together.
    assert 0.3 * mask.size < mask.sum() <= int((rules.kinds != "allowed").sum())
    assert mask[:, :, :3].all()
    # Equal modes in another order.
    assert np.array_equal(mask, mask.swapaxes(0, 1))
    with pytest.raises(WavevectorError, match="do not couple"):
        found.forbidden_triples("M M M")
    with pytest.raises(WavevectorError, match="it has 2 wavevectors"):
        forbidden_triples(found.phonons, found.axis, points[:2])  # type: ignore[arg-type]
    with pytest.raises(WavevectorError, match="not fractions"):
        found.forbidden_triples([[0.1234567, 0, 0], [-0.1234567, 0, 0], [0, 0, 0]])


def test_meshes_without_the_symmetry_are_refused() -> None:
    group = study("MgB2").crystal.group
    with pytest.raises(InputError, match="does not have the symmetry"):
        list(mesh_triplets(group, (2, 3, 1)))
    with pytest.raises(InputError, match="not three positive"):
        list(mesh_triplets(group, (2, 2, 0)))
    with pytest.raises(LimitError, match="too large"):
        list(mesh_triplets(group, (40, 40, 40)))
