"""How fast a catalog grows: ``python tools/screen_benchmark.py --number 2000``.

Makes crystals, screens them by the command line, and prints rate, processor time, memory of the
processes and size of the catalog; and the same time for the shipped force sets, with their modes.
``--record`` also writes the numbers into ``docs/data/screen_benchmark.json`` and with them the
section "What it costs" of ``docs/screening.md``: both are committed.
Half of the crystals are shipped ones, the others random ones of all 230 space groups in turn: one
or two general positions in a cell that obeys the group. All are rescaled by up to 3 % and distorted
by 1e-4 Å, within the tolerance of the search, so that no two are equal.
"""

from __future__ import annotations

import argparse
import datetime
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
RECORD = ROOT / "docs" / "data" / "screen_benchmark.json"
PAGE = ROOT / "docs" / "screening.md"
HEADING = "## What it costs\n"
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


def by_tenth(seen: list[tuple[float, int, int]], column: int) -> list[float]:
    """Megabytes that a process held at most in each tenth of the run."""
    most, last = [0.0] * 10, max(moment[0] for moment in seen)
    for moment in seen:
        tenth = min(int(10 * moment[0] / last), 9) if last else 0
        most[tenth] = max(most[tenth], round(moment[column] / 1e6, 1))
    return most


def commit() -> str:
    """The last commit that changed the package that was measured; with a plus, and more."""

    def git(*words: str) -> str:
        run = subprocess.run(
            ["git", *words, "--", "symchiral"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return run.stdout.strip()

    return git("log", "-1", "--format=%h") + ("+" if git("status", "--porcelain") else "")


def in_words(size: float) -> str:
    """Bytes on disk, to two digits."""
    return f"{size / 1e6:.2g} MB" if size < 99.5e6 else f"{size / 1e9:.2g} GB"


def section(found: dict[str, Any]) -> str:
    """What the page says of a run, from its numbers alone."""
    each = found["processor_milliseconds_per_crystal"] / 3.6e6
    forces = found["processor_milliseconds_per_force_set"] / 3.6e6
    size = found["catalog_bytes_per_crystal"]
    busy = each * 3.6e3 * found["crystals_per_second"] / found["jobs"]
    workers, writer = found["largest_worker_megabytes"], found["writer_megabytes"]
    rows = [
        (f"10{power} crystals", each * 10**n, size * 10**n)
        for n, power in ((5, "⁵"), (6, "⁶"), (7, "⁷"))
    ]
    rows.append(("10⁴ force sets", forces * 1e4, size * 1e4))
    refused = sum(found["refused"].values())
    return (
        f"""{HEADING}
Measured with `{found["command"]}` on {found["date"]} (commit {found["commit"]}, \
{found["processors"]} cores, load {found["load_average"]:g}): {found["crystals"]:,} crystals, \
shipped ones of up to 40 atoms and random ones of all 230 space groups, every one rescaled and \
distorted; {found["read"]:,} read, {refused:,} refused. Rules of third order at the zone centre \
included, one took {found["processor_milliseconds_per_crystal"]:.1f} ms of a core. With \
{found["jobs"]} processes, which had {100 * busy:.0f} % of a core each, that were \
{found["crystals_per_second"]:.1f} crystals a second. A process that reads crystals held \
{max(workers):.0f} MB at most, {workers[1]:.0f} MB in the second and {workers[-2]:.0f} MB in the \
ninth tenth of the run; the one that writes {max(writer):.0f} MB at most. A row takes {size:.0f} \
bytes of disk. Rows of {found["force_sets"]} shipped force sets ({found["force_sets_atoms"]} \
atoms), with modes and resonances, took \
{found["processor_milliseconds_per_force_set"] / 1e3:.2f} s on the average and \
{found["processor_milliseconds_of_the_slowest_force_set"] / 1e3:.1f} s at most.

From this run follows by multiplication:

| screened | core hours | disk |
|---|---|---|
""".replace("\\\n", "")
        + "".join(f"| {what} | {hours:.2g} | {in_words(disk)} |\n" for what, hours, disk in rows)
    )


def record(found: dict[str, Any]) -> None:
    """Write numbers and section where the documentation has them."""
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(HEADING)
    rest = after[after.index("\n\nWhat a run needs") :]
    PAGE.write_text(before + section(found).rstrip("\n") + rest, encoding="utf-8")


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
        start, used = time.perf_counter(), processor_time()
        seen: list[tuple[float, int, int]] = []
        process = subprocess.Popen(
            [sys.executable, "-m", "symchiral", *words], stdout=subprocess.PIPE, cwd=ROOT
        )
        while process.poll() is None:
            sizes = memory_of_children(process.pid)
            writer = sizes.pop(process.pid, 0)
            seen.append((time.perf_counter() - start, writer, max(sizes.values(), default=0)))
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
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
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
        "largest_worker_megabytes": by_tenth(seen, 2),
        "writer_megabytes": by_tenth(seen, 1),
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
    parser.add_argument(
        "--record", action="store_true", help="also write them into docs/data and docs/screening.md"
    )
    options = parser.parse_args()
    try:
        found = run(options.number, options.jobs, options.seed)
    except SymchiralError as error:
        raise SystemExit(str(error)) from error
    text = json.dumps(found, indent=1)
    print(text)
    if options.result is not None:
        Path(options.result).write_text(text + "\n", encoding="utf-8")
    if options.record:
        record(found)


if __name__ == "__main__":
    main()
