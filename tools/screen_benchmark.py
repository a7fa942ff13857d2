"""How fast a catalog grows: ``python tools/screen_benchmark.py --number 2000 --result x.json``.

Makes crystals, screens them by the command line, and writes rate, processor time, memory of every
process and size of the catalog; and the same time for the shipped force sets, with their modes.
Half of the crystals are shipped ones, the others random ones of all 230 space groups in turn: one
or two general positions in a cell that obeys the group. All are rescaled by up to 3 % and distorted
by 1e-4 Å, within the tolerance of the search, so that no two are equal.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import symchiral as sc
from symchiral.catalog.crystals import Terms, make_row
from symchiral.crystal.crystal import SYMBOLS, Crystal
from symchiral.crystal.frame import symmetrized_cell
from symchiral.crystal.search import find_symmetry, space_group
from symchiral.errors import SymchiralError
from symchiral.reading.many import Entry
from symchiral.value import Floats

ROOT = Path(__file__).resolve().parents[1]
DISTORTED = 1e-4
"""Å."""
SHORTEST = 1.8
"""Å: distance of nearest atoms in a random crystal."""
ELEMENTS = (5, 8, 14, 16, 22, 26, 31, 34, 51, 52, 83)


def hall_numbers() -> list[int]:
    """The first setting of every space group."""
    first: dict[int, int] = {}
    for hall in range(1, 531):
        first.setdefault(space_group(hall).number, hall)
    return [first[number] for number in sorted(first)]


def random_crystal(hall: int, rng: np.random.Generator) -> Crystal:
    """A crystal of at least the symmetry of a group."""
    group = space_group(hall)
    while True:
        cell = symmetrized_cell(3 * np.eye(3) + rng.uniform(-0.8, 0.8, (3, 3)), group.rotations)
        places, numbers = [], []
        for _ in range(1 + (len(group) <= 12)):
            x = rng.uniform(size=3)
            places.append(group.rotations @ x + group.shifts / 24)
            numbers += [int(rng.choice(ELEMENTS))] * len(group)
        positions = np.concatenate(places) % 1
        nearest = shortest(cell, positions)
        if nearest > 0.02 * np.abs(np.linalg.det(cell)) ** (1 / 3):
            return Crystal.of(cell * SHORTEST / nearest, positions, numbers)


def shortest(cell: Floats, positions: Floats) -> float:
    """Shortest distance between atoms, their images included."""
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    between = positions[:, None, None] - positions[None, :, None] + steps
    lengths = np.linalg.norm(between @ cell, axis=-1)
    return float(lengths[lengths > 1e-9].min())


def crystals(number: int, seed: int) -> Iterator[Crystal]:
    """Shipped and random crystals in turn."""
    rng = np.random.default_rng(seed)
    shipped = []
    for name in sc.structure_names():
        crystal = find_symmetry(sc.structure(name)).primitive
        if len(crystal) <= 40 and not crystal.mixtures:
            shipped.append(crystal)
    halls = hall_numbers()
    for i in range(number):
        known = shipped[(i // 2) % len(shipped)]
        crystal = random_crystal(halls[(i // 2) % 230], rng) if i % 2 else known
        moved = rng.normal(size=(len(crystal), 3))
        moved *= DISTORTED / np.linalg.norm(moved, axis=1).max()
        yield Crystal.of(
            crystal.cell * rng.uniform(0.97, 1.03),
            crystal.positions + moved @ np.linalg.inv(crystal.cell),
            crystal.numbers,
        )


def as_json(crystal: Crystal, name: str) -> str:
    """A line of JSON as pymatgen writes entries."""
    sites = [
        {"species": [{"element": SYMBOLS[z], "occu": 1}], "abc": x}
        for z, x in zip(crystal.numbers.tolist(), crystal.positions.tolist(), strict=True)
    ]
    structure = {"lattice": {"matrix": crystal.cell.tolist()}, "sites": sites}
    return json.dumps({"entry_id": name, "structure": structure})


def memory_of_children(parent: int) -> dict[int, int]:
    """Resident bytes of every process below another, by number."""
    found: dict[int, int] = {}
    below = {parent}
    for entry in sorted(int(p) for p in os.listdir("/proc") if p.isdecimal()):
        try:
            words = (
                Path(f"/proc/{entry}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            )
        except OSError:
            continue
        if int(words[1]) in below or entry == parent:
            below.add(entry)
            found[entry] = int(words[21]) * os.sysconf("SC_PAGE_SIZE")
    return found


def processor_time() -> float:
    """Processor seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def force_sets() -> dict[str, Any]:
    """Processor time for the row of a shipped force set, the second time it is read."""
    names = [name for name in sc.structure_names() if (ROOT / "structures" / name).is_dir()]
    settings, times, atoms = Terms(3, "GM", 1e-3), [], []
    for name in names:
        entry = Entry(name, name, "forces", str(ROOT / "structures" / name).encode())
        make_row(entry, settings)
        start = time.process_time()
        row = make_row(entry, settings)
        times.append(time.process_time() - start)
        assert row.forces, (name, row.message)
        atoms.append(row.natoms or 0)
    return {
        "force_sets": len(names),
        "force_sets_atoms": f"{min(atoms)} to {max(atoms)}",
        "processor_milliseconds_per_force_set": round(1e3 * sum(times) / len(times), 1),
        "processor_milliseconds_of_the_slowest_force_set": round(1e3 * max(times), 1),
    }


def run(number: int, jobs: int, seed: int) -> dict[str, Any]:
    """Make, screen and measure."""
    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place) / "crystals.jsonl", Path(place) / "catalog"
        start = time.perf_counter()
        with source.open("w") as file:
            for i, crystal in enumerate(crystals(number, seed)):
                file.write(as_json(crystal, f"{i:07d}") + "\n")
        made = time.perf_counter() - start
        words = ["screen", str(source), "-o", str(out), "--jobs", str(jobs), "--json", "--quiet"]
        start, largest, used = time.perf_counter(), dict[int, int](), processor_time()
        process = subprocess.Popen(
            [sys.executable, "-m", "symchiral", *words], stdout=subprocess.PIPE, cwd=ROOT
        )
        while process.poll() is None:
            for which, size in memory_of_children(process.pid).items():
                largest[which] = max(largest.get(which, 0), size)
            time.sleep(0.5)
        seconds, used = time.perf_counter() - start, processor_time() - used
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        size = sum(part.stat().st_size for part in out.iterdir())
        catalog = sc.Catalog(out)
        groups = catalog.sql("SELECT count(DISTINCT space_group) FROM catalog").rows[0][0]
        rows = len(catalog)
    asked = f"--number {number} --jobs {jobs} --seed {seed}"
    return {
        "command": f"python tools/screen_benchmark.py {asked}",
        "crystals": number,
        "rows": rows,
        "space_groups_found": groups,
        "read": answer["read"],
        "refused": answer["refused"],
        "jobs": jobs,
        "seconds": round(seconds, 1),
        "crystals_per_second": round(number / seconds, 2),
        "processor_milliseconds_per_crystal": round(1e3 * used / number, 2),
        "seconds_to_make_them": round(made, 1),
        "largest_process_megabytes": round(max(largest.values(), default=0) / 1e6, 1),
        "catalog_bytes_per_crystal": round(size / number, 1),
        **force_sets(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Read the arguments, run, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--number", type=int, default=100_000, help="crystals (default: 100000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--result", metavar="FILE", help="also write the numbers as JSON")
    options = parser.parse_args()
    try:
        found = run(options.number, options.jobs, options.seed)
    except SymchiralError as error:
        raise SystemExit(str(error)) from error
    text = json.dumps(found, indent=1)
    print(text)
    if options.result is not None:
        Path(options.result).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
