"""The engine against brute force at order 4 off the zone centre, as `test_agreement_q` at order 3.

Every statement of `predict(q=…)` of four wavevectors is looked up in random fourth-order force
constants of a supercell in which the waves of the vertex are periodic.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from test_agreement_q import Comparison, honeycomb, predicted

#: (crystal, four wavevectors, all incoming); the first are compared by default
VERTICES: list[tuple[str, str]] = [
    ("graphene_slab", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0 0,0,0"),
    ("BN", "1/3,1/3,0 1/3,1/3,0 -1/3,-1/3,0 -1/3,-1/3,0"),
    ("Te_P3121", "0,0,1/4 0,0,1/4 0,0,1/4 0,0,1/4"),
    ("GaAs", "1/2,1/2,0 1/2,1/2,0 0,0,0 0,0,0"),
]
LARGE: list[tuple[str, str]] = [
    # honeycombs
    ("graphene_slab", "1/3,1/3,0 1/3,1/3,0 -1/3,-1/3,0 -1/3,-1/3,0"),
    ("graphene_slab", "1/2,0,0 1/2,0,0 0,0,0 0,0,0"),
    ("BN", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0 0,0,0"),
    ("BN", "1/2,0,0 0,1/2,0 1/2,1/2,0 0,0,0"),
    ("BN", "1/3,1/3,0 -1/3,-1/3,0 0,0,0 0,0,0"),
    # screws, with and without G, inside and at the boundary
    ("Te_P3121", "0,0,1/3 0,0,1/3 0,0,1/3 0,0,0"),
    ("Te_P3121", "0,0,1/2 0,0,1/2 0,0,0 0,0,0"),
    ("Te_P3121", "0,0,1/2 0,0,1/2 0,0,1/2 0,0,1/2"),
    ("P4_1", "0,0,1/4 0,0,1/4 0,0,1/4 0,0,1/4"),
    ("P4_1", "0,0,1/2 0,0,1/4 0,0,1/4 0,0,0"),
    ("P4_3", "0,0,1/2 0,0,1/2 0,0,1/2 0,0,1/2"),
    ("ZnO", "0,0,1/4 0,0,1/4 0,0,1/4 0,0,1/4"),
    ("P3", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0 0,0,0"),
    # cubic: 4₁ and −4, arms of one star
    ("Si", "1/2,1/2,0 1/2,1/2,0 0,0,0 0,0,0"),
    ("Si", "1/2,0,0 1/2,0,0 0,1/2,0 0,1/2,0"),
    ("Si", "1/2,0,1/2 1/2,1/2,0 0,1/2,1/2 0,0,0"),
    ("GaAs", "1/2,0,0 0,1/2,0 0,0,1/2 1/2,1/2,1/2"),
    # no symmetry left but translations
    ("P1", "1/7,2/7,3/7 2/7,-3/7,-1/7 -3/7,1/7,-2/7 0,0,0"),
]


def test_random_quartic_forms_have_every_symmetry() -> None:
    crystal = honeycomb()
    images = crystal.quartic_forms(np.random.default_rng(1))
    assert len(images) == len(crystal.shifts) * len(crystal.operations)
    tensor = np.einsum("ga,gb,gc,gd->abcd", images, images, images, images)
    assert np.abs(tensor).max() > 1e-3
    assert np.abs(np.tensordot(tensor, crystal.rigid, axes=(0, 0))).max() < 1e-10
    for action in (*crystal.shifts, *crystal.operations):
        m = action.matrix.toarray()
        moved = np.einsum("ai,bj,ck,dl,ijkl->abcd", m, m, m, m, tensor, optimize=True)
        assert np.allclose(moved, tensor, atol=1e-10 * np.abs(tensor).max())


def test_fourth_powers_span_all_force_constants() -> None:
    """As many independent quartic tensors as averages of unrestricted random ones have."""
    crystal = honeycomb()
    rng = np.random.default_rng(3)
    full = np.array([crystal.force_constants(4, rng)[::5, ::7, ::3, ::2].ravel() for _ in range(9)])
    powers = []
    for _ in range(400):
        w = crystal.quartic_forms(rng)
        left, right = (
            np.einsum("gi,gj->gij", w[:, ::i], w[:, ::j]).reshape(len(w), -1)
            for i, j in ((5, 7), (3, 2))
        )
        blocks = (left.T @ right).reshape(len(w.T[::5]), len(w.T[::7]), -1)
        powers.append(blocks.ravel())
    basis = np.array(powers)
    rest = full.T - basis.T @ np.linalg.lstsq(basis.T, full.T, rcond=1e-9)[0]
    assert np.abs(rest).max() < 1e-8 * np.abs(full).max()


COMPARED: dict[tuple[str, str], Counter[str]] = {}


def jobs() -> list[Any]:
    """Every vertex, the large ones marked for the sweep."""
    return [
        pytest.param(name, q, id=f"{name}-{q.replace(' ', '+')}", marks=marks)
        for vertices, marks in ((VERTICES, []), (LARGE, [pytest.mark.sweep]))
        for name, q in vertices
    ]


@pytest.mark.parametrize(("name", "q"), jobs())
def test_engine_agrees_with_quartic_supercells(name: str, q: str) -> None:
    comparison = Comparison(json.loads(predicted(name, q))).compare()
    COMPARED[name, q] = comparison.counted
    wrong = comparison.disagreements
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong[:20])
    assert comparison.counted["verdict"] > 0
    assert comparison.counted["coefficients"] == comparison.counted["verdict"]


def test_a_false_statement_about_order_four_is_noticed() -> None:
    document = json.loads(predicted(*VERTICES[0]))
    lies: dict[str, Any] = {"coefficients": 7, "umklapp": 5, "verdict": "forbidden"}
    for key, lie in lies.items():
        told = json.loads(json.dumps(document))
        first = next(c for c in told["channels"] if c["verdict"] == "allowed")
        first[key] = lie
        wrong = Comparison(told).compare().disagreements
        assert any(text.startswith(f"{key}:") for text in wrong), (key, wrong)


def test_enough_of_order_four_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    if not all(vertex in COMPARED for vertex in VERTICES):
        pytest.skip("counts only when every vertex was compared in this process")
    total = sum(COMPARED.values(), Counter[str]())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(COMPARED)} vertices of order 4: {dict(total)}\n")
    assert total["verdict"] > 1000
    assert total["allowed"] > 150
