"""Mutated structure files: each gives a crystal or one named error, soon and in little memory."""

from __future__ import annotations

import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from symchiral.crystal.crystal import Crystal
from symchiral.errors import SymchiralError
from symchiral.io import find_structure, structure_names
from symchiral.io.structure import read_bytes, read_crystal

SECONDS = 10.0
MEMORY = 1_000_000_000
"""Address space a single read may add, bytes (where the system can tell)."""

NUMBERS = (
    "0", "1", "-1", "1e308", "-1e308", "1e-308", "nan", "inf", "-inf", "1e999", "2147483648",
    "99999999999999999999", "-2147483649", "0.3333", "0.333", "0.33", "1/3", "1/0", "?", ".", "",
    "0x10", "1_0", "1e5", "180", "90.0001", "120", "1.0(3)", "½", "１", "--1", "1,5", "1d0", "0.5",
    "000000001", "9" * 5000,
)  # fmt: skip
WORDS = (
    "loop_", "data_", "data_y", "save_", "global_", ";", "'", '"', "#", "_", "_cell_length_a", "X",
    "D", "Xx", "Selective dynamics", "Cartesian", "Lattice=", 'Properties="a:R:9999"', "pbc=F",
    "x,y,z", "-x,-y,-z", "x+1/3,y,z", "2x,y,z", "P b n m", "F d -3 m", "\0", "\x1a", "\ufeff", "é",
    "VEC1 1 0 0", "_space_group_symop_magn_operation_xyz x", "_atom_site_occupancy", "<html>", "{",
    "[" * 50,
)  # fmt: skip

Mutation = Callable[[random.Random, str], str]


def _number(rng: random.Random, text: str) -> str:
    spots = list(re.finditer(r"[+-]?\d+\.?\d*", text))
    spot = rng.choice(spots)
    if rng.random() < 0.5:
        new = rng.choice(NUMBERS)
    else:
        new = repr(float(spot[0]) * rng.choice([-1, 0, 0.1, 0.999, 1.001, 2, 1e3, 1e9]))
    return text[: spot.start()] + new + text[spot.end() :]


def _character(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return (
        text[:at] + chr(rng.choice([rng.randrange(256), rng.randrange(32, 127)])) + text[at + 1 :]
    )


def _drop(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + rng.choice([1, 1, 2, 5, 40]) :]


def _line(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    action = rng.randrange(5)
    if action == 0:
        del lines[i]
    elif action == 1:
        lines.insert(i, lines[j])
    elif action == 2:
        lines[i], lines[j] = lines[j], lines[i]
    elif action == 3:
        lines[i : i + 1] = [lines[i]] * rng.choice([2, 10, 300])
    else:
        words = lines[i].split()
        rng.shuffle(words)
        lines[i] = " ".join(words)
    return "\n".join(lines)


def _word(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return (
        text[:at]
        + rng.choice([" ", "\n", ""])
        + rng.choice(WORDS)
        + rng.choice([" ", "\n", ""])
        + text[at:]
    )


def _cut(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] if rng.random() < 0.7 else text[at:]


def _twice(rng: random.Random, text: str) -> str:
    return text + rng.choice(["", "\n", "data_z\n"]) + text


MUTATIONS: tuple[Mutation, ...] = (
    _number, _number, _number, _number, _character, _character, _drop, _line, _line, _word, _word,
    _cut, _twice,
)  # fmt: skip


def _poscar(crystal: Crystal) -> str:
    order = np.argsort(crystal.numbers, kind="stable")
    symbols = [crystal.symbols[i] for i in order]
    kinds = list(dict.fromkeys(symbols))
    rows = [" ".join(f"{x:.10f}" for x in row) for row in crystal.cell]
    counts = " ".join(str(symbols.count(kind)) for kind in kinds)
    atoms = [" ".join(f"{x:.10f}" for x in crystal.positions[i]) for i in order]
    return "\n".join([crystal.formula, "1.0", *rows, " ".join(kinds), counts, "Direct", *atoms, ""])


def _xyz(crystal: Crystal) -> str:
    lattice = " ".join(f"{x:.8f}" for x in crystal.cell.ravel())
    head = f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" energy=-1.5'
    places = crystal.positions @ crystal.cell
    atoms = [
        f"{symbol} " + " ".join(f"{x:.8f}" for x in place)
        for symbol, place in zip(crystal.symbols, places, strict=True)
    ]
    return "\n".join([str(len(crystal)), head, *atoms, ""])


def _originals() -> list[tuple[str, str]]:
    originals = []
    for name in structure_names():
        text = find_structure(name).read_text(encoding="utf-8")
        crystal = read_crystal(name)
        short = "\n".join(line for line in text.split("\n") if "'" not in line or "," not in line)
        named = short.replace(
            "loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n", ""
        )
        originals += [
            ("x.cif", text),
            ("x.cif", named),  # the group is named, its operations are not listed
            ("POSCAR", _poscar(crystal)),
            ("x.xyz", _xyz(crystal)),
        ]
    return originals


def _address_space() -> int | None:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * 4096
    except OSError:
        return None


def _sweep(count: int, seed: int) -> Counter[str]:
    """Read ``count`` mutated files; the seed of each is seed + its number."""
    originals = _originals()
    seen: Counter[str] = Counter()
    for n in range(count):
        rng = random.Random(seed + n)
        name, text = rng.choice(originals)
        for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
            text = rng.choice(MUTATIONS)(rng, text) or " 1"
            if not any(c.isdigit() for c in text):
                text += " 1"
        data = text.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-16"]), errors="replace")
        before, start = _address_space(), time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                crystal = read_bytes(data, name=name)
        except SymchiralError as error:
            seen[type(error).__name__] += 1
            good = all((error.what, error.why, error.fix)) and len(str(error)) < 1500
            if not good:
                pytest.fail(
                    f"seed {seed + n} ({name}): the message {error} is not complete or long"
                )
        except BaseException as error:  # noqa: BLE001 - the failure names the seed that reproduces it
            pytest.fail(f"seed {seed + n} ({name}): {type(error).__name__}: {error}")
        else:
            seen["Crystal"] += 1
            assert len(crystal) > 0, seed + n
            assert np.all(np.isfinite(crystal.cell)), seed + n
            assert np.all(np.isfinite(crystal.positions)), seed + n
            assert crystal.volume > 0, seed + n
            assert crystal.formula, seed + n
        took = time.perf_counter() - start
        assert took < SECONDS, f"seed {seed + n} ({name}) took {took:.1f} s"
        after = _address_space()
        if before is not None and after is not None:
            assert after - before < MEMORY, f"seed {seed + n} ({name}) took {after - before} bytes"
    return seen


def test_mutated_files(capsys: pytest.CaptureFixture[str]) -> None:
    seen = _sweep(300, seed=30_000)  # among these every kind of error occurs
    assert sum(seen.values()) == 300
    assert len(set(seen) - {"Crystal"}) >= 4, seen
    assert seen["Crystal"] >= 30, seen
    assert capsys.readouterr() == ("", "")  # the library never prints


@pytest.mark.sweep
def test_ten_thousand_mutated_files() -> None:
    seed = 1_000_000
    seen = _sweep(10_000, seed)
    sys.stdout.write(f"seeds {seed} to {seed + 9_999}: {dict(seen)}\n")
    assert sum(seen.values()) == 10_000
    assert len(set(seen) - {"Crystal"}) >= 4, seen
