"""The engine against brute force off the zone centre: `predict(q=…)` held against supercells.

Every statement of the document of a vertex is looked up in random force constants of a supercell
in which its waves are periodic: species and their number, characters, pseudo-angular momenta about
the named operation, verdicts in every identity pattern, numbers of coefficients, budgets, and the
sense in which atoms rotate.
"""

from __future__ import annotations

import functools
import itertools
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ase import Atoms
from ase.spacegroup import crystal as build
from brute_force_supercell import (
    Action,
    Complex,
    Couplings,
    Supercell,
    Waves,
    Wavevector,
    angular_momentum,
    identities,
    operation_of,
    opposite,
    turn,
    wavevector,
)

SHIPPED = sorted(p.stem for p in (Path(__file__).parent.parent / "structures").glob("*.cif"))
ALLOWED, FORBIDDEN = 1e-6, 1e-9
#: At most this many choices of actual modes for the letters of a channel.
CHOICES = 3

# --- vertices ----------------------------------------------------------------------------------

BORON_NITRIDE = Atoms(
    "BN",
    scaled_positions=[(1 / 3, 2 / 3, 0.5), (2 / 3, 1 / 3, 0.5)],
    cell=[2.504, 2.504, 18.0, 90, 90, 120],
    pbc=True,
)
BUILT: dict[str, Atoms] = {
    "BN": BORON_NITRIDE,
    # 4₁ without and with two-fold axes across, 6₁ and 6₄: one orbit each
    "P4_1": build("Se", [(0.21, 0.13, 0.05)], spacegroup=76, cellpar=[4.4, 4.4, 6.1, 90, 90, 90]),
    "P4_122": build("Te", [(0.0, 0.27, 0.0)], spacegroup=91, cellpar=[4.4, 4.4, 6.1, 90, 90, 90]),
    "P4_3": build("Se", [(0.21, 0.13, 0.05)], spacegroup=78, cellpar=[4.4, 4.4, 6.1, 90, 90, 90]),
    "P6_1": build("Se", [(0.21, 0.13, 0.05)], spacegroup=169, cellpar=[5, 5, 7.1, 90, 90, 120]),
    "P6_422": build("Te", [(0.5, 0.0, 0.0)], spacegroup=181, cellpar=[5, 5, 6.1, 90, 90, 120]),
    "P1": Atoms(
        "LiO",
        scaled_positions=[(0.1, 0.2, 0.3), (0.45, 0.62, 0.81)],
        cell=[3.1, 3.5, 4.1, 81, 96, 104],
        pbc=True,
    ),
    "P3": build(
        ["Li", "O"],
        [(0, 0, 0), (0.31, 0.07, 0.33)],
        spacegroup=143,
        cellpar=[5, 5, 5, 90, 90, 120],
    ),
}

#: (crystal, wavevectors of the vertex, all incoming)
VERTICES: list[tuple[str, str]] = [
    # honeycombs
    ("graphene_slab", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    ("graphene_slab", "1/3,1/3,0 -1/3,-1/3,0 0,0,0"),
    ("graphene_slab", "1/2,0,0 1/2,0,0 0,0,0"),
    ("BN", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    ("BN", "1/3,1/3,0 -1/3,-1/3,0 0,0,0"),
    ("BN", "1/2,0,0 0,1/2,0 1/2,1/2,0"),
    ("MoS2_monolayer_slab", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    ("MoS2_monolayer_slab", "1/2,0,0 1/2,0,0 0,0,0"),
    # a three-fold screw, with and without G, on its axis and at boundary points
    ("Te_P3121", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("Te_P3121", "0,0,1/3 0,0,-1/3 0,0,0"),
    ("Te_P3121", "0,0,1/4 0,0,1/4 0,0,-1/2"),
    ("Te_P3121", "0,0,1/4 0,0,1/4 0,0,1/2"),
    ("Te_P3121", "0,0,1/2 0,0,1/2 0,0,0"),
    ("Te_P3121", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    ("P3", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    # four-fold and six-fold screws
    ("P4_1", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("P4_1", "0,0,1/4 0,0,1/4 0,0,-1/2"),
    ("P4_122", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("P4_122", "0,0,1/4 0,0,1/4 0,0,1/2"),
    ("P4_3", "0,0,1/2 0,0,1/2 0,0,0"),
    ("ZnO", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("ZnO", "0,0,1/4 0,0,1/4 0,0,-1/2"),
    ("ZnO", "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"),
    # cubic
    ("Si", "1/2,0,1/2 1/2,0,1/2 0,0,0"),
    ("Si", "1/2,0,1/2 1/2,1/2,0 0,1/2,1/2"),
    ("Si", "1/2,0,0 0,1/2,0 1/2,1/2,0"),
    ("GaAs", "1/2,0,1/2 1/2,0,1/2 0,0,0"),
    ("GaAs", "1/2,0,1/2 1/2,1/2,0 0,1/2,1/2"),
    ("GaAs", "1/2,0,0 0,1/2,0 1/2,1/2,0"),
    # no symmetry left but translations
    ("P1", "1/3,1/3,1/3 1/3,1/3,1/3 1/3,1/3,1/3"),
    ("P1", "1/7,2/7,3/7 2/7,-3/7,-1/7 -3/7,1/7,-2/7"),
    ("Te_highpressure_P21", "1/3,0,1/3 1/3,0,1/3 1/3,0,1/3"),
    # −4, glides and screws at boundary points
    ("BPO4", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0"),
]
LARGE: list[tuple[str, str]] = [
    ("ZnO", "0,0,1/2 0,0,1/2 0,0,0"),
    ("ZnO", "0,0,1/4 0,0,1/4 0,0,1/2"),
    ("P6_422", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("ZnO", "0,0,1/3 0,0,-1/3 0,0,0"),
    ("P4_122", "1/2,1/2,0 1/2,1/2,0 0,0,0"),
    ("graphene_slab", "1/2,0,0 0,1/2,0 1/2,1/2,0"),
    ("Te_highpressure_P21", "1/3,1/3,1/3 1/3,1/3,1/3 1/3,1/3,1/3"),
    ("SrTiO3", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0"),
    ("TiO2_rutile", "0,0,1/2 0,0,1/2 0,0,0"),
    ("TiO2_rutile", "0,1/2,0 0,1/2,0 0,0,0"),
    ("BPO4", "1/4,1/4,1/4 1/4,1/4,1/4 1/2,1/2,1/2"),
    ("BPO4", "1/4,1/4,1/4 -1/4,-1/4,-1/4 0,0,0"),
    ("Te_P3121", "1/3,1/3,1/2 1/3,1/3,1/2 1/3,1/3,0"),
    ("Te_P3121", "1/3,0,1/3 1/3,0,1/3 1/3,0,1/3"),
    ("Te_P3121", "1/2,0,1/2 0,1/2,1/2 1/2,1/2,0"),
    ("Te_P3121", "0,0,1/7 0,0,2/7 0,0,4/7"),
    ("ZnO", "1/3,1/3,1/2 1/3,1/3,1/2 1/3,1/3,0"),
    ("ZnO", "1/2,0,1/2 1/2,0,0 0,0,1/2"),
    ("P6_1", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("P6_1", "0,0,1/4 0,0,1/4 0,0,1/2"),
    ("P6_1", "0,0,1/2 0,0,1/2 0,0,0"),
    ("TeO2_alpha_P43212", "0,0,1/2 0,0,1/2 0,0,0"),
    ("TiO2_rutile", "1/2,1/2,0 0,1/2,0 1/2,0,0"),
    ("TiO2_rutile", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0"),
    ("TiO2_rutile", "0,1/2,1/2 0,1/2,1/2 0,0,0"),
    ("GeF2", "1/2,0,0 1/2,0,0 0,0,0"),
    ("FeSi", "1/2,1/2,0 1/2,0,1/2 0,1/2,1/2"),
    ("Bi2Se3", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0"),
    ("SrTiO3", "1/2,1/2,0 1/2,0,1/2 0,1/2,1/2"),
    ("CuFeS2", "1/2,1/2,1/2 1/2,1/2,1/2 0,0,0"),
    ("MoS2_monolayer_slab", "1/3,1/3,0 -1/3,-1/3,0 0,0,0"),
    ("HgS_cinnabar", "0,0,1/3 0,0,1/3 0,0,1/3"),
    ("SiO2_quartz_P3121", "0,0,1/3 0,0,1/3 0,0,1/3"),
]


@functools.cache
def predicted(name: str, q: str, axis: str | None = None) -> str:
    """The document of `predict` for a vertex, as JSON."""
    import symchiral

    study = symchiral.read(BUILT.get(name, name), axis=axis)
    return study.predict(q=q, everything=True).to_json()


@functools.cache
def supercell(primitive: str, vertex: tuple[Wavevector, ...], symprec: float) -> Supercell:
    """A supercell for the waves of a vertex; the primitive cell as JSON."""
    cell = json.loads(primitive)
    return Supercell(cell["cell"], cell["positions"], cell["numbers"], vertex, symprec=symprec)


# --- the comparison ----------------------------------------------------------------------------

Key = tuple[str, str]  # label of the wavevector, label of the species
Leg = tuple[str, str, str | None, str]  # wavevector, species, pam, copy


@dataclass(frozen=True)
class Named:
    """The named operation of a document.

    Attributes:
        action: what it does to displacements.
        order: n.
        direction: Cartesian.
        screw: index s.
        period: the shortest lattice vector along it, in the primitive basis.
    """

    action: Action
    order: int
    direction: tuple[float, float, float]
    screw: int
    period: tuple[int, int, int]

    def heights(self, q: Wavevector, cell: npt.NDArray[np.float64]) -> list[Fraction]:
        """u = q·c/2π of the equivalents nearest the axis and nearest the plane through Γ.

        One number, or the two ends ±u of the zone.
        """
        box = np.array(list(itertools.product(range(-3, 4), repeat=3)))
        there = (box + [float(x) for x in q]) @ np.linalg.inv(cell).T
        along = there @ np.array(self.direction)
        across = np.linalg.norm(there - np.outer(along, self.direction), axis=1)
        near = across < across.min() + 1e-6
        near &= np.abs(along) < np.abs(along[near]).min() + 1e-6
        start = sum((x * t for x, t in zip(q, self.period, strict=True)), Fraction(0))
        return sorted({start + int(row @ self.period) for row in box[near]})

    def rest(self, l: Fraction, u: Fraction, n: int) -> Fraction:
        """l₀ = l − s u mod n, balanced."""
        return Fraction(n, 2) - (Fraction(n, 2) - (l - self.screw * u)) % n


@dataclass
class Comparison:
    """One document of `predict` at finite wavevectors compared with random force constants."""

    document: Mapping[str, Any]
    counted: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)
    #: true but less than symmetry says: left open although J = 0 in every actual mode
    unsharp: list[str] = field(default_factory=list)
    couplings: Couplings = field(init=False)

    def __post_init__(self) -> None:
        listed = self.document["q"]
        self.vertex = tuple(wavevector(entry["coordinates"]) for entry in listed)
        primitive = self.document["structure"]["primitive"]
        self.cell = supercell(
            json.dumps({key: primitive[key] for key in ("cell", "positions", "numbers")}),
            self.vertex,
            self.document["tolerance"]["symprec"],
        )
        self.points: dict[str, Wavevector] = {}
        for entry, q in zip(listed[:-1], self.vertex, strict=False):
            assert self.points.setdefault(entry["label"], q) == q, "one label, two wavevectors"
        self.incoming = [entry["label"] for entry in listed[:-1]]
        self.outgoing = self._outgoing_label()
        self.axis = self._axis()
        self.waves = {label: self.cell.waves(q) for label, q in self.points.items()}
        self.turned = {
            label: [self._components(w) for w in waves] for label, waves in self.waves.items()
        }
        self.species: dict[Key, Mapping[str, Any]] = {
            (entry["q"], entry["label"]): entry for entry in self.document["species"]
        }
        self.named = self._name()
        self._number = self._identities()
        self._families: dict[tuple[Key, bool], frozenset[int]] = {}
        last = [
            Waves(w.value, w.columns.conj(), w.place, w.acoustic) for w in self.waves[self.outgoing]
        ]
        self.couplings = self.cell.couplings([*(self.waves[x] for x in self.incoming), last])
        self._ranks: dict[tuple[int, ...], int] = {}
        self._choices: dict[tuple[Any, ...], list[list[int]]] = {}
        self._spans: dict[tuple[str, tuple[int, ...], str | None], tuple[float, float]] = {}

    def check(self, holds: object, kind: str, text: str) -> None:
        """Count one compared statement, and remember it if it is false."""
        self.counted[kind] += 1
        if not holds:
            self.disagreements.append(f"{kind}: {text}")

    def _outgoing_label(self) -> str:
        """The label under which the document lists −q of the last wavevector."""
        out = opposite(self.vertex[-1])
        labels = {leg["q"] for c in self.document["channels"] for leg in c["outgoing"]}
        assert len(labels) == 1, f"one outgoing wavevector expected: {labels}"
        label = str(labels.pop())
        assert self.points.setdefault(label, out) == out, f"{label} is not {out}"
        return label

    def _axis(self) -> Named | None:
        axis = self.document["axis"]
        if axis is None:
            return None
        rotation, translation = operation_of(axis["xyz"])
        improper = axis["kind"] == "rotoreflection"
        x, y, z = axis["direction"]
        # the named operation is what the document says it is
        cell = self.cell.cell
        cartesian = cell.T @ rotation @ np.linalg.inv(cell.T)
        expected = turn(axis["order"], (x, y, z), improper=improper)
        self.check(np.allclose(cartesian, expected, atol=1e-6), "axis", "rotation")
        point = np.array([float(Fraction(c)) for c in axis["point"]])
        moved = rotation @ point + np.array([float(c) for c in translation]) - point
        glide = float(Fraction(axis["screw"]))
        # the shortest lattice vector along the axis
        box = [v for v in itertools.product(range(-3, 4), repeat=3) if any(v)]
        along = [v for v in box if np.allclose(np.cross(np.array(v) @ cell, (x, y, z)), 0)]
        period = min(
            (v for v in along if np.array(v) @ cell @ np.array((x, y, z)) > 0),
            key=lambda v: float(np.linalg.norm(np.array(v) @ cell)),
        )
        text = f"point moves by {moved}"
        self.check(np.allclose(moved, glide * np.array(period), atol=1e-4), "axis", text)
        screw = Fraction(axis["screw"]) * axis["order"]
        self.check(screw.denominator == 1, "axis", "screw index")
        action = self.cell.action(rotation, translation)
        a, b, c = period
        return Named(action, axis["order"], (x, y, z), int(screw), (a, b, c))

    def _components(self, waves: Waves) -> dict[Fraction | None, Complex]:
        """Combinations of each l mod n; everything together where there is no axis."""
        if self.axis is None:
            return {None: np.eye(waves.dimension, dtype=complex)}
        found = waves.circular(self.axis.action, self.axis.order)
        return {l: found[l] for l in found}

    def _residue(self, pam: str | None) -> Fraction | None:
        if pam is None or self.axis is None:
            return None
        return Fraction(pam) % self.axis.order

    def _name(self) -> dict[Key, list[int]]:
        """Per species the places in `waves` of its degenerate sets, through their characters."""
        result: dict[Key, list[int]] = {key: [] for key in self.species}
        for label, waves in self.waves.items():
            keys = [key for key in self.species if key[0] == label]
            assert keys, f"no species at {label}"
            characters = {
                key: [
                    (self.cell.named(item["xyz"]), complex(*item["value"]))
                    for item in self.species[key]["characters"]
                ]
                for key in keys
            }
            for values in characters.values():
                order = self.cell.little_group(self.points[label])
                self.check(len(values) == order, "little group", f"{label}: {order} expected")
            for i, multiplet in enumerate(waves):
                fits = [
                    key
                    for key, values in characters.items()
                    if all(abs(multiplet.character(g) - x) < 1e-6 for g, x in values)
                ]
                self.check(len(fits) == 1, "characters", f"a set at {label} fits {fits}")
                for key in fits[:1]:
                    result[key].append(i)
        return result

    def _identities(self) -> dict[tuple[str, int], int]:
        """Which normal coordinate of the supercell each degenerate set belongs to: its value."""
        sets = sorted(
            (w.value, label, i) for label, waves in self.waves.items() for i, w in enumerate(waves)
        )
        numbers, current = {}, -1
        for n, (value, label, i) in enumerate(sets):
            current += n == 0 or value - sets[n - 1][0] > 1e-8
            numbers[label, i] = current
        return numbers

    def _optical(self, key: Key) -> list[int]:
        return [i for i in self.named[key] if not self.waves[key[0]][i].acoustic]

    def _family(self, key: Key, *, optical: bool = True) -> frozenset[int]:
        """The normal coordinates of a species: equal for arms of one star and for K and −K."""
        if (key, optical) not in self._families:
            places = self._optical(key) if optical else self.named[key]
            members = frozenset(self._number[key[0], i] for i in places)
            self._families[key, optical] = members
        return self._families[key, optical]

    def compare(self) -> Comparison:
        """Everything the document states."""
        for key in self.species:
            self._compare_species(key)
        seen: set[Any] = set()
        channels = self.document["channels"]
        for channel in channels:
            legs = self.legs(channel)
            self._compare_channel(channel, legs)
            canonical = self.canonical(legs)
            self.check(canonical not in seen, "once", channel["id"])
            seen.add(canonical)
        counts, verdicts = self.document["counts"], Counter(c["verdict"] for c in channels)
        self.check(counts["judged"] == len(channels), "counts", "judged")
        for verdict in ("allowed", "undecided"):
            self.check(counts[verdict] == verdicts[verdict], "counts", verdict)
        expected = self._expected()
        for key in sorted(expected - seen, key=str):
            self.check(False, "listed", f"{key} is missing")
        for key in sorted(seen - expected, key=str):
            self.check(False, "listed", f"{key} cannot be")
        self.counted["listed"] += len(expected & seen)
        return self

    def legs(self, channel: Mapping[str, Any]) -> list[Leg]:
        """Legs in the order of the vertex, the outgoing one last."""
        assert len(channel["outgoing"]) == 1, f"{channel['id']}: one outgoing quantum expected"
        incoming = list(channel["incoming"])
        ordered = []
        for label in self.incoming:
            leg = next(x for x in incoming if x["q"] == label)
            incoming.remove(leg)
            ordered.append(leg)
        assert not incoming, f"{channel['id']}: legs at other wavevectors"
        return [
            (leg["q"], leg["species"], leg["pam"], leg["copy"])
            for leg in (*ordered, *channel["outgoing"])
        ]

    def _compare_species(self, key: Key) -> None:
        species, waves, turned = self.species[key], self.waves[key[0]], self.turned[key[0]]
        name = f"{key[1]}@{key[0]}"
        places = self.named[key]
        acoustic = len(places) - len(self._optical(key))
        self.check(len(places) == species["count"], "count", f"{name}: {len(places)} found")
        self.check(acoustic == species["acoustic"], "acoustic", name)
        listed = [self._residue(pam) for pam in species["pam"]]
        for i in places:
            self.check(waves[i].dimension == species["dimension"], "dimension", name)
            expected = [l for l, columns in turned[i].items() for _ in range(columns.shape[1])]
            if self.axis is None:
                self.check(set(species["pam"]) <= {None}, "pam", f"{name}: no axis, no PAM")
            elif len(listed) == waves[i].dimension:
                self.check(Counter(listed) == Counter(expected), "pam", f"{name}: {expected}")
            else:
                self.check(set(listed) == set(expected), "pam", f"{name}: {expected}")

        if self.axis is not None and self._optical(key):
            self.check(len(species["turning"]) == len(species["pam"]), "turning", name)
            for pam, claim in zip(species["pam"], species["turning"], strict=False):
                if any(self._residue(pam) not in turned[i] for i in places):
                    continue  # noticed above
                low, high = self._motions(*key, pam)
                sign = {1: "+", -1: "-", 0: "0", None: "open"}[_sign(low, high)]
                text = f"{name}, l = {pam}: {claim['sign']}, J = {low:.6f} … {high:.6f}"
                if claim["sign"] == "open" and (low, high) == (0.0, 0.0):
                    self.unsharp.append(text)
                    continue
                self.check(claim["sign"] == sign, "turning", text)
                am = claim["am"]
                fixed = high - low < 1e-6
                right = am is None if not fixed else am is not None and abs(am - low) < 1e-6
                self.check(right, "turning", f"{text}, {am} claimed")

    def _compare_channel(self, channel: Mapping[str, Any], legs: Sequence[Leg]) -> None:
        name, verdict = channel["id"], channel["verdict"]
        self.counted["channels"] += 1
        self.counted[verdict] += 1
        choices = self._assignments(legs)
        if not choices:
            self.check(False, "listed", f"{name} needs more modes than there are")
            return
        optical = all(
            not self.waves[leg[0]][i].acoustic for leg, i in zip(legs, choices[0], strict=True)
        )
        self.check(channel["acoustic_only"] == (not optical), "acoustic only", name)
        incoming = legs[:-1]
        identical = all(
            a[3] == b[3]
            for a, b in itertools.combinations(incoming, 2)
            if self._family(a[:2]) == self._family(b[:2])
        ) and any(
            self._family(a[:2]) == self._family(b[:2])
            for a, b in itertools.combinations(incoming, 2)
        )
        self.counted["identical"] += identical
        for choice in choices:
            parts = []
            for (label, _, pam, _), i in zip(legs, choice, strict=True):
                coefficients = self.turned[label][i].get(self._residue(pam))
                if coefficients is None:
                    self.check(False, "pam", f"{name}: no component {pam} at {label}")
                    return
                parts.append((self.waves[label][i].place, coefficients))
            parts[-1] = parts[-1][0], parts[-1][1].conj()
            strength = self.couplings.strength(*parts)
            text = f"{name}: {verdict}, |V| = {strength:.1e}"
            if verdict == "allowed":
                self.check(strength > ALLOWED, "verdict", text)
            else:
                self.check(verdict == "forbidden" and strength < FORBIDDEN, "verdict", text)
            rank = self._rank(legs, choice) if verdict == "allowed" else 0
            text = f"{name}: {channel['coefficients']}, found {rank}"
            self.check(channel["coefficients"] == rank, "coefficients", text)
        if verdict == "allowed":
            self._compare_budget(channel, legs)
        if optical and self.axis is not None:
            self._compare_rotation(channel, legs, choices)

    def _rank(self, legs: Sequence[Leg], choice: Sequence[int]) -> int:
        key = tuple(choice)
        if key not in self._ranks:
            places = [self.waves[leg[0]][i].place for leg, i in zip(legs, choice, strict=True)]
            self._ranks[key] = self.couplings.coefficients(*places)
        return self._ranks[key]

    def _assignments(self, legs: Sequence[Leg]) -> list[list[int]]:
        """A few choices of one degenerate set per leg: equal letters, one normal coordinate."""
        optical = all(len(self._family(leg[:2])) >= self._letters(legs, leg) for leg in legs)
        families = [self._family(leg[:2], optical=optical) for leg in legs]
        letters = tuple((f, leg[3]) for f, leg in zip(families, legs, strict=True))
        cached = (tuple(leg[:2] for leg in legs), letters)
        if cached not in self._choices:
            found = []
            for chosen in itertools.islice(_distinct(letters), CHOICES):
                places = []
                for leg, letter in zip(legs, letters, strict=True):
                    identity = chosen[letter]
                    at = [i for i in self.named[leg[:2]] if self._number[leg[0], i] == identity]
                    assert len(at) == 1, f"{leg}: {len(at)} sets of one normal coordinate"
                    places.append(at[0])
                found.append(places)
            self._choices[cached] = found
        return self._choices[cached]

    def _letters(self, legs: Sequence[Leg], leg: Leg) -> int:
        family = self._family(leg[:2])
        return len({x[3] for x in legs if self._family(x[:2]) == family})

    def _compare_budget(self, channel: Mapping[str, Any], legs: Sequence[Leg]) -> None:
        """Conservation of l, then U and the sense by counting λ.

        λ is l₀ with its s u, or l without at ends of the zone whose l₀ differ. With s = n/2 such
        an end makes all count by the rotation of order n/2, and elsewhere the screw gives ±n/2.
        """
        if self.axis is None or any(leg[2] is None for leg in legs):
            return
        name, n, s = channel["id"], self.axis.order, self.axis.screw
        exact = [Fraction(str(leg[2])) for leg in legs]
        self.check((sum(exact[:-1]) - exact[-1]) % n == 0, "conservation", name)
        heights = [self.axis.heights(self.points[leg[0]], self.cell.cell) for leg in legs]
        open_ends = [s * (u[-1] - u[0]) % n != 0 for u in heights]
        if n == 2:
            found = channel["n"], channel["umklapp"], channel["pam_sense"]
            self.check(found == (2, 0, "neutral"), "half-turn", f"{name}: {found}")
            return
        if 2 * s == n and any(open_ends):
            n, s, open_ends, heights = n // 2, 0, [False] * len(legs), [u[-1:] for u in heights]
        signs = [*[1] * (len(legs) - 1), -1]
        lambdas, budgets = [], {Fraction(0)}
        for l, us, undefined, sign in zip(exact, heights, open_ends, signs, strict=True):
            ends = [Fraction(0)] if undefined else us
            value = self.axis.rest(l, ends[-1], n)
            lambdas.append(value)
            either = {value, -value} if 2 * value == n else {value}
            budgets = {b + sign * (x + s * u) for b in budgets for x in either for u in ends}
        if 2 * s == n:  # a mirror tells none of the screw's n/2 from its negative
            inside = [sign * u[0] for u, sign in zip(heights, signs, strict=True) if len(u) == 1]
            m = int(sum(inside))
            flips = range(-m, 1) if m > 0 else range(1 - m)
            budgets = {b + k * n for b in budgets for k in flips}
        self.check(channel["n"] == n, "n", f"{name}: n = {n} expected")
        umklapp = min((b / n for b in budgets), key=abs)
        text = f"{name}: {channel['umklapp']}, {umklapp} expected"
        self.check(channel["umklapp"] == umklapp, "umklapp", text)
        turning = [l if 2 * abs(l) < n else Fraction(0) for l in lambdas]
        into, out = sum(turning[:-1]), turning[-1]
        sense = "neutral" if into * out == 0 else "kept" if into * out > 0 else "flipped"
        self.check(channel["pam_sense"] == sense, "pam sense", f"{name}: {sense} expected")

    def _compare_rotation(
        self, channel: Mapping[str, Any], legs: Sequence[Leg], choices: Sequence[Sequence[int]]
    ) -> None:
        """What is claimed about the atoms holds for random modes, and is sharp."""
        name, claim, transfer = channel["id"], channel["rotation_sense"], channel["am_transfer"]
        for choice in choices:
            spans = [
                self._span(label, [i], pam)
                for (label, _, pam, _), i in zip(legs, choice, strict=True)
            ]
            if claim != "open":
                text = f"{name}: {claim}, J = {spans}"
                self.check(claim == _sense(spans, exact=False), "rotation", text)
            if transfer is not None:
                low, high = (sum(s[k] for s in spans[:-1]) - spans[-1][k] for k in (0, 1))
                fixed = abs(low - transfer) < 1e-6 and abs(high - transfer) < 1e-6
                text = f"{name}: {transfer} claimed, {low:.6f} … {high:.6f} found"
                self.check(fixed, "transfer", text)
        motions = [self._motions(*leg[:3]) for leg in legs]
        sharp = _sense(motions)
        text = f"{name}: {claim}, {sharp} expected, J = {motions}"
        if claim == "open" and sharp == "none":
            self.unsharp.append(text)
        else:
            self.check(claim == sharp, "rotation form", text)
        if transfer is None and channel["verdict"] == "allowed":
            known = all(high - low < 1e-6 for low, high in motions)
            if known and (0.0, 0.0) in motions:
                self.unsharp.append(f"{name}: transfer open, J = {motions}")
            else:
                self.check(not known, "transfer form", f"{name}: J = {motions}")

    def _span(self, label: str, places: Sequence[int], pam: str | None) -> tuple[float, float]:
        """Least and largest J of all motions of one l in some degenerate sets."""
        assert self.axis is not None
        key = label, tuple(places), pam
        if key not in self._spans:
            l = self._residue(pam)
            columns = [self.waves[label][i].columns @ self.turned[label][i][l] for i in places]
            self._spans[key] = angular_momentum(np.hstack(columns), self.axis.direction)
        return self._spans[key]

    def _motions(self, label: str, species: str, pam: str | None) -> tuple[float, float]:
        """Least and largest J of what a species can do with this l.

        Every combination of its copies, unless its actual modes stand still one by one: then time
        reversal forbids it (real modes of the zone centre).
        """
        places = self._optical((label, species))
        if all(max(map(abs, self._span(label, [i], pam))) < 1e-7 for i in places):
            return 0.0, 0.0
        return self._span(label, places, pam)

    def canonical(self, legs: Sequence[Leg]) -> Any:
        """One key for channels equal up to the order of incoming legs and the names of copies."""
        keys = []
        for incoming in itertools.permutations(legs[:-1]):
            names: dict[tuple[frozenset[int], str], int] = {}
            key = []
            for label, species, pam, copy in (*incoming, legs[-1]):
                family = self._family((label, species), optical=False)
                count = sum(known == family for known, _ in names)
                number = names.setdefault((family, copy), count)
                key.append((label, species, str(self._residue(pam)), number))
            keys.append(tuple(key))
        return min(keys)

    def _expected(self) -> set[Any]:
        """Every channel that optical modes realise, in every identity pattern."""
        options = []
        for label in (*self.incoming, self.outgoing):
            options.append(
                [
                    (key, l)
                    for key in self.species
                    if key[0] == label and self._optical(key)
                    for l in self.turned[label][self._optical(key)[0]]
                ]
            )
        result = set()
        for chosen in itertools.product(*options):
            families = [self._family(key) for key, _ in chosen]
            for letters in identities(families):
                legs: list[Leg] = [
                    (*key, None if l is None else str(l), str(n))
                    for (key, l), n in zip(chosen, letters, strict=True)
                ]
                result.add(self.canonical(legs))
        return result


def _distinct(
    letters: Sequence[tuple[frozenset[int], str]],
) -> Iterator[dict[tuple[frozenset[int], str], int]]:
    """Distinct normal coordinates for distinct letters of a family, all families at once."""
    used: dict[frozenset[int], list[str]] = defaultdict(list)
    for family, letter in letters:
        if letter not in used[family]:
            used[family].append(letter)
    options = [
        [(family, names, pick) for pick in itertools.permutations(sorted(family), len(names))]
        for family, names in used.items()
    ]
    if not all(options):
        return
    for turn_ in range(max(len(option) for option in options)):
        chosen: dict[tuple[frozenset[int], str], int] = {}
        for option in options:
            family, names, pick = option[turn_ % len(option)]
            chosen |= {(family, x): i for x, i in zip(names, pick, strict=True)}
        yield chosen


def _sense(spans: Sequence[tuple[float, float]], *, exact: bool = True) -> str:
    """kept, flipped, none or open, from the least and largest J of every leg, the outgoing last.

    Unlike signs of incoming legs leave the sum open unless symmetry fixes the numbers themselves.
    `exact=False`: the J of given modes, where any sum has a sign.
    """
    signs = [_sign(*span) for span in spans]
    into = spans[:-1]
    total = _sign(sum(low for low, _ in into), sum(high for _, high in into))
    if exact and not all(high - low < 1e-6 for low, high in into):
        present = set(signs[:-1]) - {0}
        total = present.pop() if len(present) == 1 else None if present else 0
    out = signs[-1]
    if total == 0 or out == 0:
        return "none"
    if total is None or out is None:
        return "open"
    return "kept" if total * out > 0 else "flipped"


def _sign(low: float, high: float, *, zero: float = 1e-7) -> int | None:
    if low > -zero:
        return 1 if high > zero else 0
    return -1 if high < zero else None


# --- the method alone --------------------------------------------------------------------------

KKK = "1/3,1/3,0 1/3,1/3,0 1/3,1/3,0"
K = wavevector(("1/3", "1/3", 0))


def honeycomb() -> Supercell:
    """Boron nitride in the √3 × √3 cell of K."""
    cell = np.array([[2.5, 0, 0], [-1.25, 2.5 * np.sqrt(0.75), 0], [0, 0, 18.0]])
    points = [(1 / 3, 2 / 3, 0.5), (2 / 3, 1 / 3, 0.5)]
    return Supercell(cell, points, BORON_NITRIDE.numbers, [K])


def test_random_force_constants_of_a_supercell_have_every_symmetry() -> None:
    crystal = honeycomb()
    assert (len(crystal.cells), len(crystal.operations), len(crystal.shifts)) == (3, 12, 3)
    tensor = crystal.force_constants(3, np.random.default_rng(1))
    assert np.abs(tensor).max() > 1e-3
    for axes in itertools.permutations(range(3)):
        assert np.allclose(tensor, tensor.transpose(axes), atol=1e-12)
    assert np.abs(np.tensordot(tensor, crystal.rigid, axes=(0, 0))).max() < 1e-12
    for shift, operation in itertools.product(crystal.shifts, crystal.operations):
        matrix = (shift.matrix @ operation.matrix).toarray()
        moved = np.einsum("ai,bj,ck,ijk->abc", matrix, matrix, matrix, tensor, optimize=True)
        assert np.allclose(moved, tensor, atol=1e-12)


def test_supercells_are_as_small_as_the_waves_allow() -> None:
    cell, points, numbers = np.eye(3) * 4, [[0.0, 0, 0]], [11]
    half, third = Fraction(1, 2), Fraction(1, 3)
    for q, cells in (
        ((half, half, half), 2),
        ((half, 0, 0), 8),  # with its star, or the cell would not be cubic
        ((0, 0, third), 27),
        ((half, half, 0), 4),
    ):
        assert len(Supercell(cell, points, numbers, [wavevector(q)]).cells) == cells


@pytest.mark.parametrize(
    ("point", "table"),
    # A+, A−, Az, B+, B−, Bz about the hexagon centre, A and B
    [
        ((0, 0), (-1, 0, 1, 0, 1, -1)),
        (("1/3", "2/3"), (1, -1, 0, -1, 0, 1)),
        (("2/3", "1/3"), (0, 1, -1, 1, -1, 0)),
    ],
)
def test_circular_motions_of_a_honeycomb(point: Any, table: tuple[int, ...]) -> None:
    """l at K of the six motions of one sublattice, about each of the three axes; −l at K′."""
    crystal = honeycomb()
    centre = np.array([float(Fraction(x)) for x in (*point, 0)])
    rotation, _ = operation_of("-y,x-y,z")
    action = crystal.action(rotation, np.rint(3 * (centre - rotation @ centre)) / 3)
    circular = np.array([[1, 1j, 0], [1, -1j, 0], [0, 0, np.sqrt(2)]]) / np.sqrt(2)
    vectors = np.kron(np.eye(2), circular).T  # columns A+ A− Az B+ B− Bz
    for q, sign in ((K, 1), (opposite(K), -1)):
        columns = vectors if sign > 0 else vectors.conj()
        for column, l in zip(columns.T, table, strict=True):
            field_ = crystal.periodic(q) @ column
            phase = np.exp(-2j * np.pi * sign * l / 3)
            assert np.allclose(action.matrix @ field_, phase * field_, atol=1e-12)


def test_rows_of_operations() -> None:
    rotation, translation = operation_of("-y+1/2, x-y, z-1/3")
    assert rotation.tolist() == [[0, -1, 0], [1, -1, 0], [0, 0, 1]]
    assert translation == (Fraction(1, 2), Fraction(0), Fraction(-1, 3))


# --- the engine against the method ---------------------------------------------------------------

COMPARED: dict[tuple[str, str], Counter[str]] = {}


@functools.cache
def compared(name: str, q: str, axis: str | None = None) -> Comparison:
    """The comparison of a vertex."""
    return Comparison(json.loads(predicted(name, q, axis))).compare()


def jobs() -> list[Any]:
    """Every vertex, the large ones marked for the sweep."""
    return [
        pytest.param(name, q, id=f"{name}-{q.replace(' ', '+')}", marks=marks)
        for vertices, marks in ((VERTICES, []), (LARGE, [pytest.mark.sweep]))
        for name, q in vertices
    ]


@pytest.mark.parametrize(("name", "q"), jobs())
def test_engine_agrees_with_supercells(name: str, q: str) -> None:
    comparison = compared(name, q)
    COMPARED[name, q] = comparison.counted
    wrong = comparison.disagreements
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong[:20])
    assert comparison.counted["verdict"] > 0
    assert not comparison.unsharp, "\n".join(comparison.unsharp[:20])


WRITTEN = [
    *VERTICES,
    ("NaCl", "1/3,1/3,2/3 1/3,-1/3,0 1/3,0,1/3"),
    ("Te_P3121", "0,0,3/4 0,0,3/4 0,0,1/2"),
]
"""Every vertex, and two more with a component outside (−1/2, 1/2]."""


@pytest.mark.parametrize(("name", "q"), WRITTEN)
def test_wavevectors_of_the_document_belong_together(name: str, q: str) -> None:
    """Σ q is the G of every channel, and every incoming leg names a wavevector of the vertex."""
    document = json.loads(predicted(name, q))
    written = [[Fraction(x) for x in entry["coordinates"]] for entry in document["q"]]
    total = [sum(x) for x in zip(*written, strict=True)]
    labels = Counter(entry["label"] for entry in document["q"][:-1])
    for channel in document["channels"]:
        assert channel["momentum_umklapp"] == total
        assert Counter(leg["q"] for leg in channel["incoming"]) == labels


LIES: dict[str, tuple[str, Any]] = {
    "verdict": ("verdict", "forbidden"),
    "coefficients": ("coefficients", 2),
    "umklapp": ("umklapp", 0),
    "pam sense": ("pam_sense", "kept"),
    "rotation": ("rotation_sense", "kept"),
    "rotation form": ("rotation_sense", "open"),
    "transfer": ("am_transfer", 0.0),
    "acoustic only": ("acoustic_only", True),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_false_statement_is_noticed(kind: str) -> None:
    """The comparison is no rubber stamp: one wrong entry of graphene, K + K + K, is found."""
    document = json.loads(predicted("graphene_slab", KKK))
    key, lie = LIES[kind]
    channel = next(c for c in document["channels"] if c["id"] == "K5(+)@K K5(+)@K -> K5(-)@K'")
    assert channel["verdict"] == "allowed"
    assert channel[key] != lie
    channel[key] = lie
    wrong = Comparison(document).compare().disagreements
    assert any(text.startswith(f"{kind}:") for text in wrong), wrong


@pytest.mark.parametrize("kind", ["pam", "count", "characters", "listed", "once", "turning"])
def test_a_false_list_is_noticed(kind: str) -> None:
    document = json.loads(predicted("graphene_slab", KKK))
    species = next(x for x in document["species"] if x["label"] == "K5")
    if kind == "pam":
        species["pam"][0] = "0"
    elif kind == "count":
        species["count"] = 2
    elif kind == "characters":
        species["characters"][1]["value"][0] *= -1
    elif kind == "listed":
        del document["channels"][3]
    elif kind == "once":
        document["channels"].append(document["channels"][3])
    else:
        species["turning"][0]["sign"] = "+"
    try:
        wrong = Comparison(document).compare().disagreements
    except StopIteration:  # a channel names a species that no set belongs to
        wrong = []
    assert any(text.startswith(f"{kind}:") for text in wrong), wrong


def test_enough_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    if not all(vertex in COMPARED for vertex in VERTICES):
        pytest.skip("counts only when every vertex was compared in this process")
    total = sum(COMPARED.values(), Counter[str]())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(COMPARED)} vertices compared with supercells: {dict(total)}\n")
    assert len(COMPARED) >= 30
    assert total["verdict"] > 3000
    assert total["allowed"] > 500
    assert total["identical"] > 500
    assert total["coefficients"] == total["verdict"]


def test_conservation_of_pam_is_not_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """Channels of which PAM alone says yes and the whole group says no, found automatically."""
    found = {
        (name, q): [
            channel["reason"]["kind"]
            for channel in compared(name, q).document["channels"]
            if channel["verdict"] == "forbidden" and pam_is_conserved(channel)
        ]
        for name, q in VERTICES
        if compared(name, q).axis is not None
    }
    assert all(not compared(name, q).disagreements for name, q in found)  # |V| = 0 in all of them
    kinds = Counter(kind for kinds in found.values() for kind in kinds)
    with capsys.disabled():
        sys.stdout.write(f"\nPAM conserved and yet forbidden: {dict(kinds)}\n")
    assert sum(bool(kinds) for kinds in found.values()) >= 10
    assert kinds["pam"] == 0
    assert kinds["parity"] > 0
    # by the group as a whole or by exchange: no eigenvalue of any operation tells
    assert kinds["group"] + kinds["exchange"] > 0, kinds


def pam_is_conserved(channel: Mapping[str, Any]) -> bool:
    """Whether Σ l_in ≡ Σ l_out mod n, with the labels of the document."""
    legs = (*channel["incoming"], *channel["outgoing"])
    pams = [Fraction(leg["pam"]) for leg in legs]
    return bool((sum(pams[:-1]) - pams[-1]) % channel["n"] == 0)


# --- one axis for all, but any ----------------------------------------------------------------

HONEYCOMB = ("0,0,1@0,0,0", "0,0,1@1/3,2/3,0", "0,0,1@2/3,1/3,0")


def relabelled(
    reference: Comparison, comparison: Comparison
) -> dict[tuple[str, int, Fraction | None], Fraction | None]:
    """The l about one axis of every component about another one, found by overlap."""
    result = {}
    for label, sets in comparison.turned.items():
        for i, components in enumerate(sets):
            mine, theirs = comparison.waves[label][i], reference.waves[label][i]
            for l, a in components.items():
                fits = [
                    k
                    for k, b in reference.turned[label][i].items()
                    if b.shape == a.shape
                    and np.linalg.norm((theirs.columns @ b).conj().T @ (mine.columns @ a)) ** 2
                    > a.shape[1] - 1e-6
                ]
                assert len(fits) == 1, f"component {l} of a set at {label} is not one about 0"
                result[label, i, l] = fits[0]
    return result


@pytest.mark.parametrize("name", ["graphene_slab", "BN", "MoS2_monolayer_slab"])
def test_a_common_axis_may_be_any_but_must_be_common(name: str) -> None:
    """Three axes of a honeycomb at K: labels differ, verdicts do not, and labels never mix."""
    comparisons = [compared(name, KKK, axis) for axis in HONEYCOMB]
    reference = comparisons[0]
    shifts: list[Fraction] = []
    tables, conserved, mixed = [], 0, 0
    for comparison in comparisons:
        assert not comparison.disagreements, comparison.disagreements[:5]
        names = relabelled(reference, comparison)
        # a shift of the axis shifts every l at K by one and the same number, at K' by its opposite
        for label, sign in ((comparison.incoming[0], 1), (comparison.outgoing, -1)):
            differ = {
                sign * (l - k) % 3
                for (at, _, l), k in names.items()
                if at == label and l is not None and k is not None
            }
            assert len(differ) == 1
            shifts.append(differ.pop())
        table = {}
        for channel in comparison.document["channels"]:
            legs: list[Leg] = []
            for q, species, pam, copy in comparison.legs(channel):
                assert pam is not None
                first = comparison.named[q, species][0]
                legs.append((q, species, str(names[q, first, Fraction(pam) % 3]), copy))
            table[comparison.canonical(legs)] = tuple(
                channel[key] for key in ("verdict", "coefficients", "rotation_sense", "am_transfer")
            )
        tables.append(table)
    assert all(table == tables[0] for table in tables)
    assert len(tables[0]) == len(reference.document["channels"])
    assert set(shifts[::2]) == set(shifts[1::2]) == {0, 1, 2}
    for channel in reference.document["channels"]:
        if channel["verdict"] != "allowed":
            continue
        quanta = [*channel["incoming"], *channel["outgoing"]]
        l = [Fraction(quantum["pam"]) for quantum in quanta]
        for shift in shifts[::2]:
            # the outgoing quantum at −K shifts by the opposite: 3 × shift in all
            conserved += (l[0] + l[1] - l[2] + 3 * shift) % 3 == 0
            if shift:
                # the first leg about another axis than the other two
                mixed += (l[0] + shift + l[1] - l[2]) % 3 != 0
    allowed = reference.document["counts"]["allowed"]
    assert conserved == 3 * allowed
    assert mixed == 2 * allowed > 0


# --- every meeting of special points -------------------------------------------------------------

#: atoms in a supercell, and choices of wavevectors per crystal
SMALL = 16


@functools.cache
def special(name: str) -> tuple[str, ...]:
    """Vertices of special points of a shipped crystal whose supercell is small."""
    import symchiral
    from symchiral.rules.vertices import special_vertices

    crystal = symchiral.read(name).crystal
    cell = crystal.primitive
    result = []
    for points in special_vertices(crystal.group):
        waves = [wavevector(q.coordinates) for q in points]
        if len(cell) * Supercell(cell.cell, cell.positions, cell.numbers, waves).index <= SMALL:
            result.append(" ".join(",".join(q.reduced.texts) for q in points))
    return tuple(result)


@pytest.mark.sweep
@pytest.mark.parametrize("name", SHIPPED)
def test_every_meeting_of_special_points(name: str) -> None:
    import symchiral

    if len(symchiral.read(name).crystal.primitive) > SMALL // 2:
        pytest.skip("no supercell of it is small")
    for q in special(name):
        wrong = compared(name, q).disagreements
        assert not wrong, f"{q}: {len(wrong)} disagreements:\n" + "\n".join(wrong[:10])
        assert not compared(name, q).unsharp, q
