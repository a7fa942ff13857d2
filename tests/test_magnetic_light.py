"""Light on magnetic crystals, against random tensors averaged over 122 magnetic point groups."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from jsonschema import Draft202012Validator
from magnetic_groups import Group, cartesian, magnetic_crystal, point_groups

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.errors import InputError
from symchiral.rules.allowance import allowances
from symchiral.rules.light import Light

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


@cache
def light(group: Group) -> Light:
    return sc.read(magnetic_crystal(group)).beam()


class Model:
    """Modes of a random harmonic model, and the Raman tensors of random tensors averaged."""

    def __init__(self, group: Group, seed: int) -> None:
        crystal = magnetic_crystal(group)
        self.rng = np.random.default_rng(seed)
        self.n = len(crystal) // 2  # the atoms of the first orbit
        positions = crystal.positions[: self.n]
        images = np.einsum("gij,nj->gni", group.rotations, positions)
        offset = (images + group.translations[:, None])[:, :, None] - positions
        offset -= np.rint(offset)
        self.target = np.linalg.norm(offset @ crystal.cell, axis=3).argmin(axis=2)
        self.turns = cartesian(group, crystal.cell)
        self.signs = group.signs
        everything = range(len(self.signs))
        k = self.rng.normal(size=(self.n, 3, self.n, 3))
        stiff = sum(
            np.einsum("ab,kblc,dc->kald", r, k[np.ix_(x, range(3), x, range(3))], r)
            for r, x in ((self.turns[g].T, self.target[g]) for g in everything)
        )
        matrix = np.reshape(stiff, (3 * self.n, 3 * self.n))
        values, vectors = np.linalg.eigh(matrix + matrix.T)
        cuts = np.flatnonzero(np.diff(values) > 1e-7 * np.abs(values).max()) + 1
        self.multiplets = np.split(vectors, cuts, axis=1)

    def tensor(self, operations: list[int], signs: Floats, *, complex_: bool) -> Complex:
        """(3, 3, n, 3): a random Raman tensor averaged, each operation with a sign."""
        shape = (3, 3, self.n, 3)
        t = self.rng.normal(size=shape) + (1j * self.rng.normal(size=shape) if complex_ else 0)
        total = np.zeros(shape, dtype=complex)
        for g, sign in zip(operations, signs, strict=True):
            r = self.turns[g]
            moved = np.einsum("ai,bj,cl,ijkl->abkc", r, r, r, t, optimize=True)
            total[:, :, self.target[g]] += sign * moved
        return total / len(operations)

    def unequal(self, tensor: Complex, frame: Floats) -> int:
        """How many multiplets scatter differently when both spins are reversed (back)."""
        x, y = frame[:2]
        plus, minus = (x + 1j * y) / np.sqrt(2), (x - 1j * y) / np.sqrt(2)
        flat = tensor.reshape(3, 3, -1)
        found = 0
        for modes in self.multiplets:
            r = flat @ modes

            def intensity(a: Complex, b: Complex, r: Complex = r) -> float:
                return float((np.abs(np.einsum("ija,i,j->a", r, a, b.conj())) ** 2).sum())

            pairs = (((plus, plus), (minus, minus)), ((plus, minus), (minus, plus)))
            gaps = [abs(intensity(*first) - intensity(*second)) for first, second in pairs]
            scale = float((np.abs(r) ** 2).sum())
            found += max(gaps) > 1e-9 * max(scale, 1e-3)
        return found


def _multiplets(found: Light, *words: str) -> int:
    """How many multiplets of the first orbit belong to species whose reversal is one of these."""
    return sum(
        count
        for s in found.optical
        if found.reversal(s) in words
        for site, count in s.sites
        if site.element == "V"
    )


@pytest.mark.sweep
def test_unequal_spins_of_transparent_and_absorbing_crystals() -> None:
    """Hermitian tensors under the whole magnetic group; complex ones under its unitary half."""
    seen: Counter[str] = Counter()
    groups = [g for g in point_groups() if g.type != 2]
    for group in groups:
        found = light(group)
        frame = found.beam.frame
        model = Model(group, seed=group.uni)
        everything = list(range(len(group.signs)))
        even = model.tensor(everything, np.ones(len(everything)), complex_=False)
        odd = model.tensor(everything, group.signs, complex_=False)
        hermitian = even + np.swapaxes(even, 0, 1) + 1j * (odd - np.swapaxes(odd, 0, 1))
        assert model.unequal(hermitian, frame) == _multiplets(found, "magnetic"), group.bns
        unitary = [g for g in everything if group.signs[g] > 0]
        general = model.tensor(unitary, np.ones(len(unitary)), complex_=True)
        assert model.unequal(general, frame) == _multiplets(found, "magnetic", "absorbing")
        seen.update(found.reversal(s) for s in found.optical)
    assert len(groups) == 90
    assert min(seen["magnetic"], seen["absorbing"], seen["same"]) > 15, seen


def test_grey_crystals_need_absorption_for_unequal_spins() -> None:
    groups = [g for g in point_groups() if g.type == 2]
    for group in groups:
        found = light(group)
        model = Model(group, seed=group.uni)
        everything = list(range(len(group.signs)))
        ones = np.ones(len(everything))
        for complex_, words in ((False, ("magnetic",)), (True, ("magnetic", "absorbing"))):
            tensor = model.tensor(everything, ones, complex_=complex_)
            symmetric = tensor + np.swapaxes(tensor, 0, 1)
            assert model.unequal(symmetric, found.beam.frame) == _multiplets(found, *words)
        assert all(not len(found.odd_polarizability(s)) for s in found.optical)
    assert len(groups) == 32


@pytest.mark.sweep
def test_antisymmetric_tensors_of_every_magnetic_point_group() -> None:
    """Their number, counted from a random tensor averaged: rank of what the multiplets see."""
    total = 0
    groups = [g for g in point_groups() if g.type != 2]
    for group in groups:
        found = light(group)
        model = Model(group, seed=1)
        everything = list(range(len(group.signs)))
        for s in found.optical:
            chi = s.participant.characters
            rotations = found.crystal.rotations
            axial = np.linalg.det(rotations) * np.trace(rotations, axis1=1, axis2=2)
            signs = np.array(found.crystal.signs)
            assert len(found.odd_polarizability(s)) == round(float(np.mean(signs * axial * chi)))
        odd = model.tensor(everything, group.signs, complex_=False)
        odd = odd - np.swapaxes(odd, 0, 1)
        seen = sum(np.abs(odd.reshape(9, -1) @ modes).max() > 1e-9 for modes in model.multiplets)
        expected = sum(
            count
            for s in found.optical
            if len(found.odd_polarizability(s))
            for site, count in s.sites
            if site.element == "V"
        )
        assert seen == expected, group.bns
        total += expected
    assert total > 300


@pytest.mark.sweep
def test_antisymmetric_dielectric_tensor_along_the_beam() -> None:
    """Faraday and Kerr rotation, and magnetic circular dichroism, from a random ε averaged."""
    found: Counter[bool] = Counter()
    some = 0
    for group in point_groups():
        if group.type == 2:
            continue
        here = light(group)
        rng = np.random.default_rng(3)
        turns = cartesian(group, magnetic_crystal(group).cell)
        e = rng.normal(size=(3, 3))
        epsilon = np.mean(
            group.signs[:, None, None] * (turns @ (e - e.T) @ np.swapaxes(turns, 1, 2)), axis=0
        )
        x, y = here.beam.frame[:2]
        allowed = {a.kind: a for a in allowances(here)}
        assert allowed["magnetic-dichroism"].allowed == (abs(x @ epsilon @ y) > 1e-9)
        assert (allowed["magnetic-dichroism"].coefficients > 0) == (np.abs(epsilon).max() > 1e-9)
        assert allowed["inverse-faraday"].allowed
        found[allowed["magnetic-dichroism"].allowed] += 1
        some += allowed["magnetic-dichroism"].coefficients > 0
    assert some == 31  # the ferromagnetic classes; in five M is across the beam
    assert found == {True: 26, False: 64}


@pytest.mark.parametrize(
    ("name", "words", "effects"),
    [
        ("Co3Sn2S2_FM", {"A1g": "magnetic", "Eg": "absorbing"}, (True, True)),
        ("CrI3_FM", {"Ag": "magnetic", "Eg": "absorbing"}, (True, True)),
        ("Cr2O3_AFM", {"A1g": "same", "Eg": "same"}, (False, False)),
        ("MnF2_AFM", {"A1g": "same", "B1g": "same", "B2g": "same", "Eg": "same"}, (False, False)),
    ],
)
def test_shipped_magnets(
    name: str, words: dict[str, str], effects: tuple[bool, bool], capsys: pytest.CaptureFixture[str]
) -> None:
    found = sc.read(name).beam()
    assert {s.label: found.reversal(s) for s in found.raman} == words
    allowed = {a.kind: a.allowed for a in allowances(found)}
    assert (allowed["magnetic-dichroism"], allowed["zero-field-splitting"]) == effects
    assert main(["light", name]) == 0
    text = capsys.readouterr().out
    assert ("time reversal may give unequal" in " ".join(text.split())) == effects[0]
    assert main(["light", name, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    errors = list(Draft202012Validator(json.loads(schema("light"))).iter_errors(document))
    assert not errors, errors[0].message
    letters = [x for r in document["magnetic_raman"] + document["raman"] for x in r["letters"]]
    assert len(letters) == len(set(letters)) > 0


def test_nothing_magnetic_is_said_of_other_crystals() -> None:
    for name in ("CrI3", "MnBi2Te4_AFM"):
        found = sc.read(name).beam()
        assert "magnetic-dichroism" not in {a.kind for a in allowances(found)}
        assert all(not len(found.odd_polarizability(s)) for s in found.optical)
    assert sc.read("CrI3").light().magnetic_raman == ()


def test_twins_of_magnets_are_refused() -> None:
    for study in (sc.read("CrI3_FM"), sc.read("Bi2Se3").in_field(E=(0, 0, 1))):
        with pytest.raises(InputError, match="are not averaged"):
            study.light(domains=True)
