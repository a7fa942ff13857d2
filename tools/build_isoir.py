"""Derive ``symchiral/irreps/tables/isoir.bin`` from the ISO-IR text tables.

Usage::

    python tools/build_isoir.py CIR_data.txt.gz [OUTPUT]

The input is ``CIR_data.txt`` (gzipped or not) of the ISOTROPY Software Suite, iso.byu.edu: the
complex irreducible representations of the 230 space groups, Stokes, Campbell and Cordes, Acta
Cryst. A69, 388-395 (2013). What is kept, and in which convention, is described in the README
beside the output. Every claim made there is checked while the table is built: the program stops
rather than write a table that breaks one.
"""

from __future__ import annotations

import gzip
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import spglib

from symchiral.irreps.isoir import DENOMINATOR, GROUP, HEADER_BYTES, SECTIONS, TABLE_PATH

PROVENANCE = (
    "ISO-IR for symchiral, layout 1, derived from CIR_data.txt of ISO-IR: Complex Irreducible "
    "Representations of the 230 Crystallographic Space Groups, 2011 Version, Harold T. Stokes and "
    "Branton J. Campbell, 2022, ISOTROPY Software Suite, iso.byu.edu. Cite H. T. Stokes, B. J. "
    "Campbell, R. Cordes, Acta Cryst. A69, 388-395 (2013). Characters of small representations, "
    "{E|t} -> exp(+2 pi i k.t). See README.md beside this file."
)
PHASES = 24  # characters are sqrt(norm) * exp(2 pi i phase / PHASES)

HEADER = re.compile(r'^\s*\d+\s+(\d+)\s+"([^"]*)"\s+"([^"]*)"((?:\s+\d+){5})\s*$', re.MULTILINE)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
CENTRINGS: dict[str, list[tuple[Fraction | int, ...]]] = {
    "P": [],
    "A": [(0, HALF, HALF)],
    "C": [(HALF, HALF, 0)],
    "I": [(HALF, HALF, HALF)],
    "F": [(0, HALF, HALF), (HALF, 0, HALF), (HALF, HALF, 0)],
    "R": [(2 * THIRD, THIRD, THIRD), (THIRD, 2 * THIRD, 2 * THIRD)],
}


@dataclass
class Entry:
    """One irrep of the source file, restricted to the first arm of its star."""

    number: int
    symbol: str
    label: str
    type: int
    dimension: int
    arms: int
    constant: np.ndarray  # (3,) in 1/DENOMINATOR
    directions: np.ndarray  # (3, 3), column j multiplies parameter j
    rotations: np.ndarray  # (order, 3, 3)
    translations: np.ndarray  # (order, 3) in 1/DENOMINATOR
    blocks: dict[int, np.ndarray] = field(repr=False)  # operation -> D, {E|t} -> exp(+2 pi i k.t)


def scaled(numerators: np.ndarray, denominator: int) -> np.ndarray:
    """Return fractions as numerators over ``DENOMINATOR``, refusing to round."""
    scaled_numerators = numerators * DENOMINATOR
    if (scaled_numerators % denominator).any():
        raise ValueError(f"{numerators}/{denominator} is not a multiple of 1/{DENOMINATOR}")
    return scaled_numerators // denominator


def read(path: Path) -> Iterator[Entry]:
    """Parse the source file, irrep by irrep."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("ascii")
    headers = list(HEADER.finditer(text))
    ends = [h.start() for h in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        full, irtype, arms, _, order = (int(x) for x in header[4].split())
        tokens = iter(text[header.end() : end].split())

        def integers(count: int, tokens: Iterator[str] = tokens) -> np.ndarray:
            return np.array([int(next(tokens)) for _ in range(count)])

        # one column-major 4x4 per arm: the constant part and the three free directions, each with
        # its denominator in the last place
        star = integers(16 * arms).reshape(arms, 4, 4)
        constant, directions = star[0, 0], star[0, 1:]
        free = directions[:, :3].any(axis=1)
        if not set(directions[free, 3]) <= {1}:
            raise ValueError(f"{header[0]}: a free direction is not integral")
        constant_part = scaled(constant[:3], constant[3])
        size = full // arms
        rotations, translations, blocks = [], [], {}
        for index in range(order):
            matrix = integers(16).reshape(4, 4)
            rotations.append(scaled(matrix[:3, :3], matrix[3, 3]) // DENOMINATOR)
            translations.append(scaled(matrix[:3, 3], matrix[3, 3]))
            shift = np.zeros(3, dtype=int)
            if free.any():
                *numerators, denominator = integers(4)
                shift = scaled(np.array(numerators), denominator)
            rows = [[next(tokens) for _ in range(full)] for _ in range(full)]
            if all(x == "(0,0)" for row in rows[:size] for x in row[:size]):
                continue  # the operation moves the first arm
            block = np.array([[as_complex(x) for x in row[:size]] for row in rows[:size]])
            # D(k) = block * exp(2 pi i k.shift) with the whole k; keep its value at zero
            # parameters. The rest is exp(2 pi i (directions @ parameters).shift), in which the
            # translation of the operation may replace the shift:
            if (directions[:, :3] @ (shift - translations[-1])).any():
                raise ValueError(f"{header[0]}: the phase does not follow the translation")
            turn = Fraction(int(constant_part @ shift), DENOMINATOR**2)
            blocks[index] = block * np.exp(2j * np.pi * float(turn % 1))
        if next(tokens, None) is not None:
            raise ValueError(f"{header[0]}: trailing data")
        yield Entry(
            number=int(header[1]),
            symbol=header[2].strip(),
            label=header[3].strip(),
            type=irtype,
            dimension=size,
            arms=arms,
            constant=constant_part,
            directions=directions[:, :3].T * free,
            rotations=np.array(rotations),
            translations=np.array(translations),
            blocks=blocks,
        )


def as_complex(token: str) -> complex:
    """Read ``(re,im)``."""
    real, imaginary = token[1:-1].split(",")
    return complex(float(real), float(imaginary))


def check_representation(entry: Entry) -> None:
    """Prove D(g) D(h) = exp(+2 pi i k.L) D(gh), L the lattice translation left over, at some k."""
    parameters = np.array([0.1234, 0.2717, 0.3931])
    free = entry.directions @ parameters
    k = entry.constant / DENOMINATOR + free
    members = list(entry.blocks)
    position = {entry.rotations[i].tobytes(): i for i in members}
    translations = entry.translations / DENOMINATOR
    matrices = {
        i: block * np.exp(2j * np.pi * free @ translations[i]) for i, block in entry.blocks.items()
    }
    for g, h in itertools.product(members, repeat=2):
        product = position[np.ascontiguousarray(entry.rotations[g] @ entry.rotations[h]).tobytes()]
        left = entry.rotations[g] @ translations[h] + translations[g] - translations[product]
        error = matrices[g] @ matrices[h] - np.exp(2j * np.pi * k @ left) * matrices[product]
        if np.abs(error).max() > 3e-4:
            raise ValueError(f"{entry.number} {entry.label}: not a representation")


def exact(character: complex, dimension: int) -> tuple[int, int]:
    """Write a five-digit character as sqrt(norm) exp(2 pi i phase / PHASES)."""
    norm = round(abs(character) ** 2)
    turns = np.angle(character) / (2 * np.pi) if norm else 0.0
    phase = round(turns * PHASES) % PHASES
    value = np.sqrt(norm) * np.exp(2j * np.pi * phase / PHASES)
    if abs(value - character) > 2e-5 * dimension:
        raise ValueError(f"{character} is not the root of an integer times a 24th root of unity")
    return norm, phase


def is_reciprocal(vector: np.ndarray, symbol: str) -> bool:
    """Tell whether numerators over ``DENOMINATOR`` are a reciprocal lattice vector."""
    if (vector % DENOMINATOR).any():
        return False
    return all(
        sum(int(x) * t for x, t in zip(vector // DENOMINATOR, translation, strict=True)) % 1 == 0
        for translation in CENTRINGS[symbol[0]]
    )


def where_minus_k_is(entry: Entry) -> int:
    """Find -k: index into MINUS_K."""
    c, d = entry.constant, entry.directions
    rank = int(np.linalg.matrix_rank(d))
    shifts = np.array(list(itertools.product(range(-3, 4), repeat=3))) * DENOMINATOR
    shifts = shifts[[is_reciprocal(shift, entry.symbol) for shift in shifts]]
    answer = 2
    for rotation in entry.rotations:
        dual = np.rint(np.linalg.inv(rotation).T).astype(int)
        if not (dual @ d + d).any() and is_reciprocal(dual @ c + c, entry.symbol):
            return 0
        if rank == 0 or np.linalg.matrix_rank(np.hstack([dual @ d, d])) > rank:
            continue
        # -c = dual c + shift + (something along the line or plane)?
        gaps = dual @ c + c + shifts
        normal = np.linalg.svd(d.astype(float))[0][:, rank:]
        if (np.abs(gaps @ normal) < 1e-9).all(axis=1).any():
            answer = 1
    return answer


def hall_number(entry: Entry) -> int:
    """Find the one spglib setting of which the operations equal those of the source."""
    lattice = [np.zeros(3, dtype=int)] + [
        np.array([int(x * DENOMINATOR) for x in t]) for t in CENTRINGS[entry.symbol[0]]
    ]
    ours = {
        (r.tobytes(), tuple((t + shift) % DENOMINATOR))
        for r, t in zip(entry.rotations, entry.translations, strict=True)
        for shift in lattice
    }
    found = []
    for hall in range(1, 531):
        kind, database = spglib.get_spacegroup_type(hall), spglib.get_symmetry_from_database(hall)
        if kind is None or database is None:
            raise ValueError(f"spglib does not know Hall number {hall}")
        if kind.number != entry.number:
            continue
        turns = np.rint(database["translations"] * DENOMINATOR).astype(int) % DENOMINATOR
        rotations = database["rotations"].astype(int)
        theirs = {(r.tobytes(), tuple(t)) for r, t in zip(rotations, turns, strict=True)}
        if theirs == ours:
            found.append(hall)
    if len(found) != 1:
        raise ValueError(f"group {entry.number}: Hall numbers {found} fit")
    return found[0]


def build(source: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the table."""
    groups: list[tuple[int, ...]] = []
    operations: list[Any] = []
    wavevectors: list[Any] = []
    irreps: list[tuple[str, int, int]] = []
    characters: list[tuple[int, int]] = []
    numbers = itertools.groupby(read(source), key=lambda entry: entry.number)
    for expected, (number, in_group) in enumerate(numbers, start=1):
        if number != expected:
            raise ValueError(f"expected group {expected}, found {number}")
        totals = [len(wavevectors), len(irreps), len(characters)]
        first = None
        for name, in_star in itertools.groupby(in_group, key=lambda e: e.label.rstrip("123456+-")):
            star = list(in_star)
            head = star[0]
            first = first or head
            members = sorted(head.blocks)
            for entry in star:
                same = (
                    entry.arms * len(entry.blocks) == len(first.rotations)
                    and sorted(entry.blocks) == members
                    and np.array_equal(entry.constant, head.constant)
                    and np.array_equal(entry.directions, head.directions)
                    and np.array_equal(entry.rotations, first.rotations)
                    and np.array_equal(entry.translations, first.translations)
                )
                if not same:
                    raise ValueError(f"group {number}, {entry.label}: differs from {head.label}")
                check_representation(entry)
                irreps.append((entry.label, entry.dimension, entry.type))
                characters += [exact(np.trace(entry.blocks[i]), entry.dimension) for i in members]
            wavevectors.append(
                (
                    name,
                    head.constant,
                    head.directions,
                    where_minus_k_is(head),
                    sum(1 << i for i in members),
                    len(star),
                )
            )
        assert first is not None
        operations += list(zip(first.rotations, first.translations, strict=True))
        counts = [len(wavevectors), len(irreps), len(characters)]
        groups.append(
            (
                hall_number(first),
                len(first.rotations),
                *(now - before for now, before in zip(counts, totals, strict=True)),
            )
        )
    rows = dict(zip(SECTIONS, (operations, wavevectors, irreps, characters), strict=True))
    sections = {name: np.array(rows[name], dtype) for name, dtype in SECTIONS.items()}
    return {"groups": np.array(groups, dtype=GROUP), **sections}


def main(arguments: list[str]) -> None:
    """Build the table and say how large it is."""
    if len(arguments) not in (1, 2):
        raise SystemExit(__doc__)
    output = Path(arguments[1]) if len(arguments) == 2 else TABLE_PATH
    tables = build(Path(arguments[0]))
    header = PROVENANCE.ljust(HEADER_BYTES - 1).encode("ascii") + b"\n"
    if len(header) != HEADER_BYTES:
        raise ValueError(f"the provenance has {len(header)} characters")
    output.write_bytes(header + b"".join(table.tobytes() for table in tables.values()))
    sizes = ", ".join(f"{len(table)} {name}" for name, table in tables.items())
    print(f"{output.name}: {sizes}; {output.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
