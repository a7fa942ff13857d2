"""Modes along a direction of approach: numbers of the transverse list, longitudinal ones marked."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from shares import one_in

import symchiral as sc
from symchiral.cli import main
from symchiral.study import Study

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"
SETS = sorted(path.parent.name for path in STRUCTURES.glob("*/phonopy.yaml*"))
DIRECTIONS = ((1, 0, 0), (0, 0, 1), (1, 1, 1), (0.3, -0.7, 0.5), (1, 1, 0))


@cache
def study(name: str) -> Study:
    return sc.read(f"{name}/phonopy.yaml", symmetrize=True)


def names_of(modes: object) -> list[str]:
    return [mode.name for mode in modes]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", one_in(3, SETS))
def test_one_vibration_one_name(name: str) -> None:
    """Frequencies are those of the whole matrix; transverse partners keep name and frequency."""
    here = study(name)
    transverse = here.modes()
    known = {(m.species.label, m.number): m for m in transverse.multiplets}
    phonons = here.phonons
    assert phonons is not None
    for direction in DIRECTIONS:
        modes = here.modes(direction=direction)
        assert len(modes) == len(transverse)
        if phonons.born is None:
            assert names_of(modes) == names_of(transverse)
            assert np.array_equal(modes.frequencies, transverse.frequencies)
            continue
        # By diagonalising the whole matrix, which knows no species.
        field = phonons.dynamical_matrix(modes.q, direction) - phonons.dynamical_matrix(modes.q)
        e = transverse.eigenvectors
        squares = np.sign(transverse.frequencies) * transverse.frequencies**2
        whole = np.linalg.eigvalsh((e * squares) @ e.conj().T + field)
        ours = np.sort(np.sign(modes.frequencies) * modes.frequencies**2)
        assert np.abs(whole - ours).max() < 1e-5 * np.abs(whole).max()
        v = modes.eigenvectors
        assert np.allclose(v.conj().T @ v, np.eye(len(v)), atol=1e-8)
        rest = Counter((m.species.label, m.number) for m in modes.multiplets for _ in m.modes)
        assert rest == Counter({key: len(m.modes) for key, m in known.items()})
        for multiplet in modes.multiplets:
            before = known[multiplet.species.label, multiplet.number].frequency
            if any(mode.longitudinal for mode in multiplet.modes):
                assert len(multiplet.modes) == 1
                assert multiplet.frequency >= before - 1e-9
            elif multiplet.number is not None:
                assert multiplet.frequency == pytest.approx(before, abs=1e-9)


@pytest.mark.sweep
def test_how_many_are_longitudinal() -> None:
    """As many as there are polar modes along the direction, whatever rounding does."""
    counted = 0
    for name in SETS:
        here = study(name)
        if here.phonons is None or here.phonons.born is None:
            continue
        modes = here.modes(direction=(0.3, -0.7, 0.5))
        polar = sum(s.optical for s in here.species("GM") if s.acoustic)
        found = [mode for mode in modes if mode.longitudinal]
        charged = np.abs(here.phonons.born).max() > 0.1
        assert charged <= len(found) <= polar, name
        assert len({mode.name for mode in found}) == len(found)
        counted += len(found)
    assert counted > 50


def test_the_same_list_after_a_small_turn() -> None:
    """A direction a little beside a symmetric one gives the same names at the same frequencies."""
    here = study("ZnO")
    exact = {m.name: m.frequency for m in here.modes(direction=(1, 0, 0)).multiplets}
    turned = {m.name: m.frequency for m in here.modes(direction=(1, 3e-5, 0)).multiplets}
    assert exact.keys() == turned.keys()
    assert all(abs(exact[n] - turned[n]) < 1e-3 for n in exact)
    assert exact["E1#1"] == pytest.approx(here.modes()["E1", 1].frequency, abs=1e-9)
    assert exact["E1#1(LO)"] > exact["E1#1"] + 3
    assert {m.name for m in here.modes(direction=(0, 0, 1)).multiplets} >= {"A1#1(LO)", "E1#1"}


def test_a_pair_of_the_little_group_is_one_number() -> None:
    """Along [111] of a cubic crystal the transverse pair has (+) and (−) about that direction."""
    for name in ("NaCl", "ZnS_sphalerite"):
        here = study(name)
        modes = here.modes(direction=(1, 1, 1))
        label = next(s.label for s in here.species("GM") if s.acoustic)
        found = {mode.name: mode for mode in modes}
        assert {f"{label}#1(+)", f"{label}#1(-)", f"{label}#1(LO)"} <= found.keys()
        spin = found[f"{label}#1(+)"].am(np.ones(3) / 3**0.5)
        assert abs(spin or 0) == pytest.approx(1, abs=1e-6)
        assert modes.axis is not None
        assert modes.axis.order == 3


@pytest.mark.sweep
def test_without_charges_it_changes_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    name = next(n for n in SETS if study(n).phonons.born is None)  # type: ignore[union-attr]
    words = ["modes", f"{name}/phonopy.yaml", "--symmetrize", "--json"]
    documents = []
    for more in ([], ["--direction", "1,0,0"]):
        assert main([*words, *more]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    assert documents[0]["modes"] == documents[1]["modes"]
    kinds = [{w["kind"] for w in document["warnings"]} for document in documents]
    assert "no-born-charges" in kinds[1] - kinds[0]
    assert main([*words[:-1], "--direction", "1,0,0"]) == 0
    assert "changes nothing" in capsys.readouterr().err
