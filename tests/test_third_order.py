"""The rules against third-order force constants of real crystals: Si and zincblende ZnTe.

Forces from density-functional theory (see tests/data/third_order) give second- and third-order
force constants through phono3py. phono3py makes them by finite displacements and expands them by
the space group; index exchange and the acoustic sum rule are imposed afterwards
(`symmetrize_fc2`, `symmetrize_fc3`). Nothing else is done to them.

At q-triples on an axis the modes of the dynamical matrix are resolved into their components of
pseudo-angular momentum and |V₃|² = |Σ Φ e e e / √(m m m)|² is summed over each. What the engine
forbids must vanish, what it allows must not, with actual modes in the place of the letters of
every channel. The contraction is compared with phono3py's own.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from third_order import Complex, ForceConstants, multiplets

import symchiral as sc
from symchiral.crystal.qpoint import QPoint
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook

pytestmark = pytest.mark.oracle

DATA = Path(__file__).parent / "data" / "third_order"
FILES = {
    "Si": {
        "phono3py_yaml": DATA / "Si_phono3py_disp.yaml.xz",
        "forces_fc3_filename": DATA / "Si_FORCES_FC3.xz",
    },
    "ZnTe": {"phono3py_yaml": DATA / "ZnTe_phono3py_params.yaml.xz"},
}

# Crystal, axis in the conventional cell, wavevectors on it in its reciprocal basis, the part of the
# axis that keeps them, and whether they sum to G ≠ 0 (on a boundary q and q − G are one place).
VERTICES = [
    ("Si", None, "0,0,0 0,0,0 0,0,0", "4_1", False),
    ("Si", None, "0,0,1 0,0,1 0,0,0", "4_1", True),
    ("Si", None, "0,0,1/2 0,0,1/2 0,0,1", "4_1", True),
    ("Si", None, "0,0,1/4 0,0,1/4 0,0,-1/2", "4_1", False),
    ("Si", None, "0,0,3/4 0,0,3/4 0,0,1/2", "4_1", True),
    ("Si", None, "0,0,1/3 0,0,-1/3 0,0,0", "4_1", False),
    ("Si", "1,1,1", "0,0,0 0,0,0 0,0,0", "3", False),
    ("Si", "1,1,1", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0", "3", True),
    ("Si", "1,1,1", "1/4,1/4,1/4 1/4,1/4,1/4 1/2,1/2,1/2", "3", True),
    ("Si", "1,1,1", "3/8,3/8,3/8 3/8,3/8,3/8 1/4,1/4,1/4", "3", True),
    ("ZnTe", None, "0,0,0 0,0,0 0,0,0", "-4", False),
    ("ZnTe", None, "0,0,1 0,0,1 0,0,0", "-4", True),
    ("ZnTe", "1,1,1", "0,0,0 0,0,0 0,0,0", "3", False),
    ("ZnTe", "1,1,1", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0", "3", True),
    ("ZnTe", "1,1,1", "1/4,1/4,1/4 1/4,1/4,1/4 1/2,1/2,1/2", "3", True),
    ("ZnTe", "1,1,1", "3/8,3/8,3/8 3/8,3/8,3/8 1/4,1/4,1/4", "3", True),
    ("ZnTe", "1,1,1", "1/7,1/7,1/7 -1/7,-1/7,-1/7 0,0,0", "3", False),
]


@lru_cache(maxsize=2)
def computed(name: str) -> Any:
    """The crystal with its force constants, as phono3py makes them."""
    phono3py = pytest.importorskip("phono3py", reason="the extra [oracle] is not installed")
    found = phono3py.load(**FILES[name], is_nac=False, produce_fc=False, log_level=0)
    found.produce_fc3(is_compact_fc=True)
    found.produce_fc2(is_compact_fc=True)
    found.symmetrize_fc3()
    found.symmetrize_fc2()
    return found


def atoms(name: str) -> Atoms:
    """The conventional cell."""
    cell = computed(name).unitcell
    return Atoms(cell.symbols, scaled_positions=cell.scaled_positions, cell=cell.cell, pbc=True)


@lru_cache(maxsize=4)
def studied(name: str, axis: str | None) -> tuple[sc.Study, ForceConstants]:
    study, found = sc.read(atoms(name), axis=axis), computed(name)
    cell = found.supercell
    return study, ForceConstants(
        study.crystal,
        np.array(cell.cell),
        np.array(cell.positions),
        np.array(cell.masses),
        tuple(int(i) for i in found.primitive.p2s_map),
        np.array(found.fc2),
        np.array(found.fc3),
    )


def primitive(study: sc.Study, conventional: str) -> str:
    """Wavevectors of the conventional cell, as ``--q`` takes them."""
    words = []
    for word in conventional.split():
        q = [float(c) for c in QPoint.of(*word.split(",")).coordinates]
        x = study.crystal.frame.wavevector(q, to="primitive", source="input")
        words.append(",".join(str(Fraction(float(c)).limit_denominator(100)) for c in x))
    return " ".join(words)


def strengths(book: RuleBook, forces: ForceConstants) -> Iterator[tuple[Rule, list[float]]]:
    """Every channel judged, with |V₃|² for every choice of actual modes."""
    modes: dict[tuple[str, int], list[Complex]] = {}
    vertices: dict[tuple[QPoint, ...], Complex] = {}
    for rule in book.everything:
        points, legs, letters = [], [], []
        for leg in rule.channel.coupling:
            species = rule.species[leg.species]
            key = (leg.species, leg.component.index)
            if key not in modes:
                modes[key] = multiplets(forces, species.q, book.axis, species, leg.component)
            # An outgoing quantum is an incoming one at −q, conjugated.
            points.append(-species.q if leg.outgoing else species.q)
            legs.append([e.conj() if leg.outgoing else e for e in modes[key]])
            letters.append((leg.participant, leg.copy))
        triple = (points[0], points[1], points[2])
        if triple not in vertices:
            vertices[triple] = forces.vertex(triple)
        found = []
        for chosen in itertools.product(*(range(len(leg)) for leg in legs)):
            # Equal letters are one mode, different letters of a species different ones.
            pairs = itertools.combinations(zip(letters, chosen, strict=True), 2)
            if any(a[0] == b[0] and (a[1] == b[1]) != (i == j) for (a, i), (b, j) in pairs):
                continue
            first, second, third = (leg[i] for leg, i in zip(legs, chosen, strict=True))
            V = np.einsum("abc,ai,bj,ck", vertices[triple], first, second, third, optimize=True)
            found.append(float(np.sum(np.abs(V) ** 2)))
        assert found, rule.id
        yield rule, found


@dataclass
class Compared:
    """|V₃|² of one vertex, in eV²/Å⁶/amu³, by verdict."""

    axis: str
    channels: int = 0
    allowed: list[float] = field(default_factory=list)
    forbidden: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    umklapp: bool = False
    rotational: int = 0


@lru_cache(maxsize=len(VERTICES))
def compared(name: str, axis: str | None, q: str) -> Compared:
    study, forces = studied(name, axis)
    book = study.rules(q=primitive(study, q))
    assert book.axis is not None
    result = Compared(book.axis.symbol)
    for rule, found in strengths(book, forces):
        assert rule.verdict in ("allowed", "forbidden")
        result.channels += 1
        result.umklapp |= any(rule.to_record()["momentum_umklapp"])
        if rule.allowed:
            result.allowed += found
            result.rotational += bool(rule.umklapp)
        else:
            result.forbidden += found
            result.reasons[rule.reason.kind] += 1
    return result


@pytest.mark.parametrize(("name", "axis", "q", "symbol", "umklapp"), VERTICES)
def test_what_is_forbidden_vanishes(
    name: str, axis: str | None, q: str, symbol: str, *, umklapp: bool, capsys: Any
) -> None:
    found = compared(name, axis, q)
    low, high, zero = min(found.allowed), max(found.allowed), max(found.forbidden)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name} {q} about {symbol}: {found.channels} channels, {found.reasons['pam']} "
            f"forbidden by PAM; |V|² forbidden/allowed < {zero / low:.0e}"
        )
    assert (found.axis, found.umklapp) == (symbol, umklapp)
    assert found.reasons["pam"] >= 3
    assert zero < 1e-24 * low
    assert low > 1e-8 * high


def test_enough_was_compared() -> None:
    total: Counter[str] = Counter()
    for name, axis, q, _, _ in VERTICES:
        found = compared(name, axis, q)
        total.update(found.reasons)
        total["channels"] += found.channels
        total["rotational Umklapp"] += found.rotational
        total["allowed |V|²"] += len(found.allowed)
        total["forbidden |V|²"] += len(found.forbidden)
    assert total == {
        "channels": 701,
        "allowed |V|²": 432,
        "forbidden |V|²": 1113,
        "pam": 262,
        "parity": 255,
        "rotational Umklapp": 41,
    }


@pytest.mark.parametrize("vertex", [VERTICES[3], VERTICES[15]])
def test_broken_force_constants_are_noticed(vertex: tuple[Any, ...]) -> None:
    """Noise of a thousandth in every force constant lifts every zero."""
    name, axis, q, _, _ = vertex
    study, forces = studied(name, axis)
    noise = 1 + 1e-3 * np.random.default_rng(0).normal(size=forces.fc3.shape)
    book = study.rules(q=primitive(study, q))
    found = list(strengths(book, replace(forces, fc3=forces.fc3 * noise)))
    lifted = [x for rule, values in found for x in values if not rule.allowed]
    assert len(lifted) > 50
    assert min(lifted) > 1e-16 * max(x for _, values in found for x in values)


@pytest.mark.parametrize("name", FILES)
def test_contraction_agrees_with_phono3py(name: str) -> None:
    """Σ|V₃|² over complete degenerate sets, at every triplet of three points of a mesh."""
    _, forces = studied(name, None)
    found = computed(name)
    found.mesh_numbers = [4, 4, 4]
    found.init_phph_interaction()
    interaction = found.phph_interaction
    grid, frame = interaction.bz_grid, forces.crystal.frame
    reciprocal = np.linalg.inv(found.primitive.cell).T
    pairs = []
    for start in (1, 2, 5):
        interaction.set_grid_point(int(grid.grg2bzg[start]))
        interaction.run()
        triplets = interaction.get_triplets_at_q()[0]
        for triplet, theirs in zip(triplets, interaction.interaction_strength, strict=True):
            q = grid.addresses[triplet] @ grid.QDinv.T @ reciprocal
            exact = [
                QPoint.of(*(Fraction(float(c)).limit_denominator(8) for c in x))
                for x in frame.wavevector(q, to="primitive", source="cartesian")
            ]
            V = forces.vertex((exact[0], exact[1], exact[2]))
            for point in exact:
                _, vectors = np.linalg.eigh(forces.dynamical(point))
                V = np.tensordot(V, vectors, (0, 0))
            frequencies = interaction.phonons.frequencies[triplet]
            sets = [
                np.split(np.arange(6), np.flatnonzero(np.diff(f) > 1e-3) + 1) for f in frequencies
            ]
            for chosen in itertools.product(*sets):
                lowest = [f[c[0]] for f, c in zip(frequencies, chosen, strict=True)]
                if min(lowest) > 0.1:  # THz: acoustic modes at Γ have no frequency to divide by
                    part = np.ix_(*chosen)
                    ours = np.sum(np.abs(V[part]) ** 2)
                    pairs.append((ours, np.sum(theirs[part]) * np.prod(lowest)))
    # theirs = unit |V|² / (ω₁ ω₂ ω₃)
    ours, theirs = np.array(pairs).T
    assert len(pairs) > 2000
    np.testing.assert_allclose(
        theirs / interaction.unit_conversion_factor, ours, rtol=1e-9, atol=1e-12 * ours.max()
    )
