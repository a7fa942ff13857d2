"""Ratios of our times to floors measured in the same run: ``python tests/benchmarks/run.py``.

Commands are timed in processes of their own, floor and command in turn (A B A B …), by the clock
on the wall; calls inside one process, which run on one thread, by its processor time, which other
work on the machine disturbs least. Numbers are medians. Only ratios are judged. Nothing here is a
test.

``--repeat N`` sets the number of repetitions (7), ``--only WORD`` selects rows whose name contains
WORD, ``--table`` also prints the table in ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOOR_CELLS = 10
"""A warm rule book may cost this many symmetry searches of spglib …"""
FLOOR_SECONDS = 0.005
"""… and this many seconds."""
WARM = ("Bi2Se3", "SrTiO3", "SiO2_quartz_P3121", "ErFeO3", "Cd3As2")
"""5, 5, 9, 20 and 80 atoms in the primitive cell, which is what is timed."""
MODES = (("Cd3As2", (1, 1, 1), None), ("CaF2", (4, 4, 4), 38))
"""80 atoms, and 192 of which one is replaced so that the cell stays primitive."""
LARGE = (200, 1000, 4800, 10_000)
"""Atoms of cells without symmetry."""
CHANNELS = (("Bi2Se3", 3), ("Bi2Se3", 4), ("SiO2_quartz_P3121", 3), ("MoS2_2H", 4), ("NaCl", 4))


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio, what it may be, and what was measured."""

    name: str
    ratio: float
    target: float | None
    detail: str

    @property
    def verdict(self) -> str:
        """``ok``, ``MISSED``, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "ok" if self.ratio < self.target else "MISSED"


def environment(cache: str) -> dict[str, str]:
    """The environment of a timed process: this checkout, one BLAS thread, that cache directory.

    Bytecode is kept, as of an installed package: floors have theirs.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **threads, "PYTHONPATH": str(ROOT), "SYMCHIRAL_CACHE": cache}


def seconds_of(arguments: list[str], cache: str) -> float:
    """Wall time of one Python process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        cwd=ROOT,
        env=environment(cache),
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def interleaved(floor: list[str], command: list[str], cache: str, repeat: int) -> tuple[float, str]:
    """Ratio of the medians of a command and its floor, run in turn, after one run of each."""
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(repeat + 1):
        for arguments, found in zip((floor, command), times, strict=True):
            seconds = seconds_of(arguments, cache)
            if i:
                found.append(seconds)
    a, b = (statistics.median(found) for found in times)
    return b / a, f"{b:.3f} s against {a:.3f} s"


def answer_of(program: str, cache: str = "") -> dict[str, float]:
    """What a Python program, run in a process of its own, prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        check=True,
        cwd=ROOT,
        env=environment(cache),
        stdout=subprocess.PIPE,
        text=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def medians(functions: list[Callable[[], object]], repeat: int) -> list[float]:
    """Median processor times of calls in this process, made in turn."""
    found: list[list[float]] = [[] for _ in functions]
    for _ in range(repeat):
        for function, times in zip(functions, found, strict=True):
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
    return [statistics.median(times) for times in found]


def commands(repeat: int) -> Iterator[Row]:
    """Start-up: help against numpy, a cold prediction against the libraries behind it."""
    ratio, detail = interleaved(
        ["-c", "import numpy"], ["-m", "symchiral", "--help"], "", 2 * repeat
    )
    yield Row("symchiral --help / import numpy", ratio, 1.0, detail)
    libraries = ["-c", "import ase.io, spglib, spgrep"]
    predict = ["-m", "symchiral", "predict", "structures/Bi2Se3.cif"]
    with tempfile.TemporaryDirectory() as directory:
        for words, cache in (("irreps on disk", directory), ("no cache", "")):
            ratio, detail = interleaved(libraries, predict, cache, repeat)
            yield Row(f"cold predict, {words} / import ase.io, spglib, spgrep", ratio, 1.0, detail)


def warm(repeat: int) -> Iterator[Row]:
    """Atoms to rule book once the group is known, against searches of the same cell by spglib."""
    import spglib
    from ase import Atoms

    import symchiral as sc

    for name in WARM:
        primitive = sc.read(name).crystal.primitive
        atoms = Atoms(primitive.numbers, cell=primitive.cell, scaled_positions=primitive.positions)
        cell = (primitive.cell, primitive.positions, primitive.numbers)

        def ours(atoms: Atoms = atoms) -> object:
            return sc.read(atoms).rules(order=3)

        def floor(cell: Any = cell) -> object:
            return spglib.get_symmetry_dataset(cell, symprec=1e-3)

        medians([floor, ours], 1)
        a, b = medians([floor, ours], 3 * repeat)
        yield Row(
            f"warm {name}, {len(atoms)} atoms / ({FLOOR_CELLS} spglib + 5 ms)",
            b / (FLOOR_CELLS * a + FLOOR_SECONDS),
            1.0,
            f"{1e3 * b:.1f} ms, one search {1e3 * a:.2f} ms",
        )


def answers(repeat: int) -> Iterator[Row]:
    """File to document once the rules of the class are known, against reading and one search."""
    import ase.io
    import spglib

    import symchiral as sc
    from symchiral.reading.shipped import find_structure

    for name in WARM:
        file = find_structure(name)

        def ours(file: Path = file) -> object:
            return sc.predict(file)

        def floor(file: Path = file) -> object:
            atoms = ase.io.read(file)
            cell = (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)
            return spglib.get_symmetry_dataset(cell, symprec=1e-3)

        medians([floor, ours], 1)
        a, b = medians([floor, ours], 3 * repeat)
        times = f"{1e3 * b:.1f} ms, {1e3 * a:.1f} ms"
        yield Row(f"warm predict {name} / (ase.io.read + one spglib)", b / a, 3.0, times)


def light(repeat: int) -> Iterator[Row]:
    """Atoms to the whole light table as text, once the group and the cell are known."""
    import ase.io

    import symchiral as sc
    from symchiral.reading.shipped import find_structure
    from symchiral.text.light import light_tables

    for name in WARM:
        atoms = ase.io.read(find_structure(name))

        def ours(atoms: Any = atoms) -> object:
            return [table.text() for table in light_tables(sc.read(atoms).light())]

        medians([ours], 1)
        (a,) = medians([ours], 3 * repeat)
        yield Row(f"warm light table of {name} / 50 ms", a / 0.05, 1.0, f"{1e3 * a:.1f} ms")


def reuse(_: int) -> Iterator[Row]:
    """Irreps built for a second crystal of a known group, exactly; none may be."""
    found = answer_of(
        "import json, symchiral as sc\n"
        "from symchiral.irreps import build\n"
        "original, calls = build._from_spgrep, []\n"
        "build._from_spgrep = lambda *a: (calls.append(a), original(*a))[1]\n"
        "sc.predict('Bi2Se3'); first = len(calls)\n"
        "sc.predict('Bi2Te3'); print(json.dumps({'first': first, 'second': len(calls) - first}))\n"
    )
    yield Row(
        "irreps built for a second crystal of a group",
        found["second"],
        0.5,
        f"{found['first']:.0f} for the first",
    )


def channels(repeat: int) -> Iterator[Row]:
    """Every channel with reason and invariant as JSON, in units of one search by spglib."""
    for name, order in CHANNELS:
        runs = [
            answer_of(
                "import json, time, spglib, symchiral as sc\n"
                f"study = sc.read({name!r}); study.species(); p = study.crystal.primitive\n"
                "start = time.process_time()\n"
                f"counts = study.predict(order={order}, everything=True).counts\n"
                "ours = time.process_time() - start\n"
                "start = time.process_time()\n"
                "for _ in range(20):\n"
                "    spglib.get_symmetry_dataset((p.cell, p.positions, p.numbers), symprec=1e-3)\n"
                "floor = (time.process_time() - start) / 20\n"
                "print(json.dumps({'ours': ours, 'floor': floor, 'judged': counts.judged}))\n"
            )
            for _ in range(max(3, repeat // 2))
        ]
        each = statistics.median(run["ours"] / run["judged"] for run in runs)
        ratio = statistics.median(run["ours"] / run["judged"] / run["floor"] for run in runs)
        yield Row(
            f"one channel of {name}, order {order}, all=True / one spglib",
            ratio,
            None,
            f"{1e3 * each:.2f} ms × {runs[0]['judged']:.0f} channels, first call",
        )


def screening(_: int) -> Iterator[Row]:
    """Every shipped structure, one process, against reading each and one search by spglib."""
    found = answer_of(
        "import json, time, ase.io, spglib, symchiral as sc\n"
        "from symchiral.reading.shipped import find_structure\n"
        "files = [find_structure(name) for name in sc.structure_names()]\n"
        "files = [file for file in files if str(file).endswith('.cif')]\n"
        "sc.predict(files[0])\n"
        "start = time.process_time()\n"
        "for file in files: sc.predict(str(file))\n"
        "ours = time.process_time() - start\n"
        "start = time.process_time()\n"
        "for file in files:\n"
        "    atoms = ase.io.read(file)\n"
        "    cell = (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)\n"
        "    spglib.get_symmetry_dataset(cell, symprec=1e-3)\n"
        "floor = time.process_time() - start\n"
        "print(json.dumps({'ours': ours, 'floor': floor, 'n': len(files)}))\n"
    )
    yield Row(
        f"predict {found['n']:.0f} shipped structures / read and search them",
        found["ours"] / found["floor"],
        None,
        f"{found['n'] / found['ours']:.1f} structures a second, no cache",
    )


def catalog_rows(repeat: int) -> Iterator[Row]:
    """The row of a crystal in a catalog, warm, and finding its symmetry alone.

    Against reading its JSON and two searches: one at the tolerance, and one of the standard cell at
    a looser one, which the step makes only where a further operation may be near.
    """
    import spglib

    import symchiral as sc
    from symchiral.catalog.crystals import Terms, make_row
    from symchiral.crystal.order import find_magnetic_symmetry
    from symchiral.reading.many import Entry

    terms = Terms(3, "GM", 1e-3)
    for name in ("Bi2Se3", "SrTiO3", "SiO2_quartz_P3121", "ErFeO3"):
        crystal = sc.structure(name)
        sites = [
            {"species": [{"element": symbol, "occu": 1}], "abc": x}
            for symbol, x in zip(crystal.symbols, crystal.positions.tolist(), strict=True)
        ]
        text = json.dumps({"lattice": {"matrix": crystal.cell.tolist()}, "sites": sites})
        entry = Entry(name, name, "json", text.encode())
        cell = (crystal.cell, crystal.positions, crystal.numbers)
        data: Any = spglib.get_symmetry_dataset(cell, symprec=1e-3)
        standard = (data.std_lattice, data.std_positions, data.std_types)

        def searches(cell: Any = cell, standard: Any = standard) -> object:
            spglib.get_symmetry_dataset(cell, symprec=1e-3)
            return spglib.get_symmetry_dataset(standard, symprec=0.1)

        calls: list[Callable[[], object]] = [
            lambda text=text: json.loads(text),  # type: ignore[misc]
            searches,
            lambda crystal=crystal: find_magnetic_symmetry(crystal),  # type: ignore[misc]
            lambda entry=entry: make_row(entry, terms),  # type: ignore[misc]
        ]
        medians(calls, 1)
        read, two, structure, row = medians(calls, 3 * repeat)
        yield Row(
            f"structure step of {name} / two searches",
            structure / two,
            1.6,
            f"{1e3 * structure:.1f} ms against {1e3 * two:.1f} ms",
        )
        yield Row(
            f"catalog row of {name} / (its JSON + two searches)",
            row / (read + two),
            2.0,
            f"{1e3 * row:.1f} ms against {1e3 * (read + two):.1f} ms",
        )


def large_cells(repeat: int) -> Iterator[Row]:
    """The whole structure step of cells without symmetry, against one search by spglib."""
    import numpy as np
    import spglib

    from symchiral.crystal.crystal import Crystal
    from symchiral.crystal.search import find_symmetry

    lattices = {
        "cubic": np.eye(3),
        "triclinic": np.array([[1, 0.02, 0], [0.05, 1.03, 0.01], [0.1, 0.07, 1.1]]),
    }
    for atoms in LARGE:
        edge = int(np.ceil(atoms ** (1 / 3)))
        rng = np.random.default_rng(atoms)
        grid = np.stack(np.meshgrid(*[np.arange(edge)] * 3), axis=-1).reshape(-1, 3)
        grid = grid[rng.permutation(len(grid))[:atoms]]
        places = (grid + 0.3 * rng.uniform(-1, 1, (atoms, 3))) / edge
        numbers = rng.choice([8, 14, 26], atoms)
        for kind, shape in lattices.items():
            crystal = Crystal.of(3.0 * edge * shape, places, numbers)
            cell = (crystal.cell, crystal.positions, crystal.numbers)

            def ours(crystal: Crystal = crystal) -> object:
                return find_symmetry(crystal)

            def floor(cell: Any = cell) -> object:
                return spglib.get_symmetry_dataset(cell, symprec=1e-3)

            count = 3 * repeat if atoms < 1000 else max(2, repeat // 3)
            medians([floor, ours], 1)
            a, b = medians([floor, ours], count)
            name = f"structure of {atoms} atoms, P1, {kind} lattice / one spglib"
            yield Row(name, b / a, 4.0, f"{1e3 * b:.1f} ms, {1e3 * a:.1f} ms")


def modes(repeat: int) -> Iterator[Row]:
    """Full zone-centre analysis of force constants, against what phonopy and spglib need for less.

    The floor is the dynamical matrix and its diagonalisation by phonopy and one symmetry search.
    """
    import numpy as np
    import spglib

    import symchiral as sc

    for name, cells, changed in MODES:
        phonon = spring_phonopy(name, cells, changed)
        cell = (phonon.unitcell.cell, phonon.unitcell.scaled_positions, phonon.unitcell.numbers)

        def ours(phonon: Any = phonon) -> object:
            return sc.read(phonon).modes()

        def floor(phonon: Any = phonon, cell: Any = cell) -> object:
            phonon.dynamical_matrix.run([0, 0, 0])
            np.linalg.eigh(phonon.dynamical_matrix.dynamical_matrix)
            return spglib.get_symmetry_dataset(cell, symprec=1e-3)

        def peer(phonon: Any = phonon) -> object:
            return phonon.run_irreps([0, 0, 0])

        study = sc.read(phonon)
        medians([floor, ours], 1)
        a, b = medians([floor, ours], repeat)
        atoms = len(study.crystal.primitive)
        what = f"modes {name}, {atoms} atoms, {study.crystal.group.symbol}"
        yield Row(f"{what} / (phonopy + spglib)", b / a, 3.0, f"{1e3 * b:.0f} ms, {1e3 * a:.0f} ms")
        if atoms <= 80:
            (c,) = medians([peer], 1)
            yield Row(f"{what} / phonopy run_irreps", b / c, 0.05, f"{c:.2f} s")


def calculator(repeat: int) -> Iterator[Row]:
    """Everything but force calls in phonons of a 135-atom supercell.

    Against what phonopy alone needs to displace it and to make symmetric force constants; and,
    where the packaged potential is installed, against its force calls.
    """
    import numpy as np
    from phonopy import Phonopy

    import symchiral as sc
    from symchiral.forces.calculator import Calculator, Identity, load_calculator
    from symchiral.forces.door import cell_of, quiet
    from symchiral.forces.forcecache import CachedCalculator

    sys.path.insert(0, str(ROOT / "tests"))
    from pairs import Pairs

    study = sc.read("Bi2Se3")
    unit = cell_of(study.crystal.input)

    def rest(ase: Any) -> tuple[float, float]:
        ask = CachedCalculator._ask
        spent = 0.0

        def asked(self: CachedCalculator, *arguments: Any, **options: Any) -> Any:
            nonlocal spent
            start = time.process_time()
            answer = ask(self, *arguments, **options)
            spent += time.process_time() - start
            return answer

        CachedCalculator._ask = asked  # type: ignore[method-assign]
        start = time.process_time()
        try:
            with tempfile.TemporaryDirectory() as folder:
                study.with_calculator(ase, supercell=(3, 3, 1), cache=folder)
        finally:
            CachedCalculator._ask = ask  # type: ignore[method-assign]
        return time.process_time() - start - spent, spent

    def floor() -> None:
        with quiet():
            phonon = Phonopy(unit, np.diag((3, 3, 1)), primitive_matrix="auto")
            phonon.generate_displacements()
            cells = phonon.supercells_with_displacements
            phonon.forces = np.zeros((len(cells), len(phonon.supercell), 3))
            phonon.produce_force_constants(calculate_full_force_constants=False)
            phonon.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)

    pairs = Calculator(Pairs(), Identity("pairs"))
    rest(pairs)
    ours = statistics.median(rest(pairs)[0] for _ in range(repeat))
    (theirs,) = medians([floor], repeat)
    yield Row(
        "phonons of 135 atoms without force calls / phonopy alone",
        ours / theirs,
        3.0,
        f"{ours:.2f} s, {theirs:.2f} s",
    )
    try:
        potential = load_calculator("sevenn")
    except sc.SymchiralError:
        return
    other, calls = rest(potential)
    yield Row(
        "phonons of 135 atoms without force calls / force calls of sevenn",
        other / calls,
        0.1,
        f"{other:.2f} s, {calls:.1f} s",
    )


def fitting(repeat: int) -> Iterator[Row]:
    """Three runs of 2,000 samples with two lines: search, order and intervals.

    Against one fit of the same model by scipy, every parameter free, begun at the true ones.
    """
    import numpy as np
    from scipy.optimize import least_squares

    from symchiral.traces.fit import fit
    from symchiral.traces.measurement import Measurement, PumpPulse

    sys.path.insert(0, str(ROOT / "tests"))
    from synthetic_experiment import Line, traces

    rng = np.random.default_rng(3)
    times = np.arange(2000) * 0.01
    lines = [Line(2.0, 0.15, 1.0, 0.9), Line(4.05, 0.2, 0.6, -0.8)]
    pumps = {"+": 1, "-": -1, "linear": 0}
    data = [
        traces(
            [Line(x.frequency, x.damping, x.size, s * x.helicity) for x in lines],
            times,
            noise=0.2,
            rng=rng,
        )
        for s in pumps.values()
    ]
    measured = Measurement.together(
        [
            Measurement.of(times, d, time_unit="ps", pump=PumpPulse(p))
            for p, d in zip(pumps, data, strict=True)
        ]
    )
    seen = np.hstack(data)

    def model(x: Any) -> Any:
        pairs, linear = x[:4].reshape(2, 2), x[4:].reshape(5, 6)
        wave = np.exp(np.multiply.outer(times, -pairs[:, 1] + 2j * np.pi * pairs[:, 0]))
        columns = [*wave.real.T, *wave.imag.T, np.ones(len(times))]
        return (np.stack(columns, axis=1) @ linear - seen).ravel()

    start = np.concatenate([[2.0, 0.15, 4.05, 0.2], np.zeros(30)])

    def floor() -> object:
        return least_squares(model, start, method="lm")

    def ours() -> object:
        return fit(measured)

    medians([floor, ours], 1)
    a, b = medians([floor, ours], max(3, repeat // 2))
    yield Row(
        "fit of 3 x 2,000 samples with intervals / one least_squares of scipy",
        b / a,
        10.0,
        f"{b:.2f} s, {a:.2f} s",
    )


def judging(repeat: int) -> Iterator[Row]:
    """Three runs of 2,000 samples, whose sense a model of the force tells, from traces to verdicts.

    Against one fit by scipy of the two lines of the mode that strain splits, every parameter free,
    begun at the true ones.
    """
    import numpy as np
    from scipy.optimize import least_squares

    import symchiral as sc

    sys.path.insert(0, str(ROOT / "tests"))
    from test_forward import RUNS, traces

    times = np.linspace(1.0, 21.0, 2000, endpoint=False)
    measured = traces(1, 0.1, runs=(*RUNS, ("linear", 0, 0.0)), times=times)
    seen = np.hstack([run.signals for run in measured.runs])
    study = sc.read(ROOT / "structures" / "Bi2Se3" / "phonopy.yaml")

    def model(x: Any) -> Any:
        pairs, linear = x[:4].reshape(2, 2), x[4:].reshape(5, 6)
        wave = np.exp(np.multiply.outer(times, -pairs[:, 1] + 2j * np.pi * pairs[:, 0]))
        columns = [*wave.real.T, *wave.imag.T, np.ones(len(times))]
        return (np.stack(columns, axis=1) @ linear - seen).ravel()

    start = np.concatenate([[4.07, 0.18, 4.03, 0.18], np.zeros(30)])

    def floor() -> object:
        return least_squares(model, start, method="lm")

    def ours() -> object:
        return study.validate(measured)

    medians([floor, ours], 1)
    a, b = medians([floor, ours], max(3, repeat // 2))
    yield Row(
        "validate of 3 x 2,000 samples with a model of the force / one least_squares of scipy",
        b / a,
        60.0,
        f"{b:.2f} s, {a:.2f} s",
    )


def contraction(repeat: int) -> Iterator[Row]:
    """A million triples of modes of a vertex of 100 x 100 x 100, against one matrix product."""
    import numpy as np

    from symchiral.anharmonic.third_order import contract

    rng = np.random.default_rng(0)
    vertex = rng.normal(size=(100, 100, 100)) + 1j * rng.normal(size=(100, 100, 100))
    modes = rng.normal(size=(3, 100, 100)) + 1j * rng.normal(size=(3, 100, 100))

    def floor() -> object:
        return vertex.reshape(10_000, 100) @ modes[0]

    def ours() -> object:
        return contract(vertex, (modes[0], modes[1], modes[2]))

    a, b = medians([floor, ours], repeat)
    yield Row(
        "a million triples of modes contracted / one matrix product", b / a, 30.0,
        f"{b:.3f} s, {a:.3f} s",
    )  # fmt: skip


def nonsense(repeat: int) -> Iterator[Row]:
    """Files of long nonsense: twice the length takes twice the time, not four times."""
    import symchiral as sc

    texts = {
        "x.cif": lambda n: f"data_x\n_cell_length_a {'9' * n}x\n",
        "x.txt": lambda n: "\n" * n + "x",
        "POSCAR": lambda n: "Po\n1\n" + " " * n,
        "x.xyz": lambda n: "9" * n + "\n\nPo 0 0 0\n",
    }
    with tempfile.TemporaryDirectory() as folder:

        def reading(factor: int) -> Callable[[], object]:
            def read() -> None:
                for name, text in texts.items():
                    file = Path(folder) / name
                    file.write_text(text(factor * 500_000))
                    with contextlib.suppress(sc.SymchiralError):
                        sc.read(file)

            return read

        a, b = medians([reading(1), reading(2)], repeat)
    yield Row("nonsense of twice the length / of once", b / a, 3.0, f"{b:.3f} s, {a:.3f} s")


def spring_phonopy(
    name: str, cells: tuple[int, int, int], changed: int | None = None, moved: float = 0.0
) -> Any:
    """phonopy with springs in a shipped crystal, one atom perhaps replaced or all moved, Å."""
    import numpy as np
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    sys.path.insert(0, str(ROOT / "tests"))
    from springs import Springs

    import symchiral as sc

    primitive = sc.read(name).crystal.primitive
    shifts = np.array(
        [(i, j, k) for i in range(cells[0]) for j in range(cells[1]) for k in range(cells[2])]
    )
    positions = ((primitive.positions[None] + shifts[:, None]) / cells).reshape(-1, 3)
    positions += (
        moved
        * np.random.default_rng(0).normal(size=positions.shape)
        @ np.linalg.inv(primitive.cell * np.array(cells)[:, None])
    )
    numbers = np.tile(primitive.numbers, len(shifts))
    if changed is not None:
        numbers[0] = changed
    cell = primitive.cell * np.array(cells)[:, None]
    model = Springs(cell, positions, numbers)
    unit = PhonopyAtoms(cell=cell, scaled_positions=positions, numbers=[int(z) for z in numbers])
    phonon = Phonopy(unit, np.eye(3, dtype=int), primitive_matrix="P", symprec=1e-4)
    n = len(numbers)
    matrix = model.dynamical_matrix(np.zeros(3)).real.reshape(n, 3, n, 3).transpose(0, 2, 1, 3)
    masses = np.sqrt(np.outer(phonon.masses, phonon.masses))
    phonon.force_constants = np.ascontiguousarray(matrix * masses[:, :, None, None])
    return phonon


def along(repeat: int) -> Iterator[Row]:
    """Bands with PAM and AM on 200 wavevectors, against phonopy's own with eigenvectors.

    With all atoms in their places, and with all moved a little, so that no symmetry helps.
    """
    for moved in (0.0, 0.05):
        yield from _along(spring_phonopy("Cd3As2", (1, 1, 1), moved=moved), repeat)


def _along(phonon: Any, repeat: int) -> Iterator[Row]:
    import tracemalloc

    import numpy as np

    import symchiral as sc

    study = sc.read(phonon)
    bands = study.bands(eigenvectors=True)
    change = np.linalg.inv(bands.crystal.primitive.cell).T @ phonon.primitive.cell.T
    paths = [piece.coordinates @ change for piece in bands.segments]

    def ours() -> object:
        return study.bands(eigenvectors=True)

    def floor() -> object:
        return phonon.run_band_structure(paths, with_eigenvectors=True)

    a, b = medians([floor, ours], max(3, repeat // 2))
    atoms = len(bands.crystal.primitive)
    yield Row(
        f"bands with PAM and AM, {atoms} atoms, {bands.crystal.group.symbol}, {len(bands)} q "
        "/ phonopy's with eigenvectors",
        b / a,
        1.3,
        f"{b:.2f} s, {a:.2f} s",
    )
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = 16 * (3 * atoms) ** 2 * len(bands)
    yield Row("peak memory of bands / their eigenvectors", peak / size, 3.0, f"{size / 1e6:.0f} MB")


def dynamics(repeat: int) -> Iterator[Row]:
    """Third order contracted, modes in time, and force calls of finite differences."""
    import numpy as np

    import symchiral as sc
    from symchiral.anharmonic.finite import design
    from symchiral.anharmonic.third_order import ThirdOrder, contract
    from symchiral.crystal.crystal import Crystal
    from symchiral.crystal.qpoint import QPoint
    from symchiral.crystal.search import find_symmetry
    from symchiral.modes.coordinates import normal_coordinates

    # A million triples: 34 atoms without symmetry, third-order constants of a 136-atom supercell.
    rng = np.random.default_rng(0)
    n, cells = 34, 4
    cell = np.array([[9.0, 0, 0], [0.4, 9.5, 0], [0.3, 0.2, 10.0]])
    grid = np.stack(np.meshgrid(range(4), range(3), range(3), indexing="ij"), axis=-1)
    places = (grid.reshape(-1, 3)[:n] + 0.2 * rng.random((n, 3))) / [4, 3, 3]
    crystal = find_symmetry(Crystal.of(cell, places, np.array([3] * n)))
    shifts = np.array([(i, j, 0) for i in range(2) for j in range(2)])
    unit = crystal.input.positions
    positions = ((unit[None] + shifts[:, None]).reshape(-1, 3)) @ cell
    third = ThirdOrder(
        crystal,
        cell * np.array([2, 2, 1])[:, None],
        positions,
        np.full(n * cells, 6.9),
        tuple(range(n)),
        rng.normal(size=(n, n * cells, n * cells, 3, 3, 3)),
    )
    points = (QPoint.of("1/2", 0, 0), QPoint.of(0, "1/2", 0), QPoint.of("1/2", "1/2", 0))
    size = 100
    modes = rng.normal(size=(3, 3 * n, size)) + 1j * rng.normal(size=(3, 3 * n, size))
    vertex = third.vertex(points)

    def ours() -> object:
        return contract(vertex, (modes[0], modes[1], modes[2]))

    flat = vertex.reshape(3 * n, -1).T.copy()

    def products() -> object:
        return [flat @ modes[0] for _ in range(3)]

    medians([ours, products], 1)
    a, b, c = medians([ours, products, lambda: third.vertex(points)], repeat)
    yield Row("10⁶ triples of modes contracted / 3 products", a / b, 3.0, f"{a:.3f} s")
    yield Row(
        f"third order of {n} atoms, {n * cells}-atom supercell, to 10⁶ triples, s / 2 s",
        (a + c) / 2,
        1.0,
        f"{c:.2f} s for the vertex, {a:.2f} s for the modes",
    )
    study = sc.read("Bi2Se3/phonopy.yaml")
    model = study.model()
    from symchiral.dynamics.integrate import simulate
    from symchiral.dynamics.pulse import Pulse

    pulse = Pulse(2.457, "σ+", 1.0, 0.2)
    (d,) = medians([lambda: simulate(model, pulse, duration=20.0)], repeat)
    yield Row(f"20 ps of {len(model.coordinates)} modes of Bi2Se3, s / 1 s", d, 1.0, f"{d:.2f} s")
    try:
        from phono3py import Phono3py
    except ImportError:
        return
    from symchiral.forces.door import cell_of, quiet

    for name in ("Bi2Se3", "MgB2", "TiO2_anatase", "HgS_cinnabar"):
        found = sc.read(f"{name}/phonopy.yaml")
        with quiet():
            whole = Phono3py(cell_of(found.crystal.primitive), np.eye(3, dtype=int))
            whole.generate_displacements()
        directions = len(design(normal_coordinates(found.modes())).directions)
        mine, theirs = 1 + 4 * directions, len(whole.supercells_with_displacements)
        yield Row(
            f"force calls for the cubic couplings of {name} / third-order set of phono3py",
            mine / theirs,
            0.5,
            f"{mine} against {theirs}, one primitive cell",
        )


def page(repeat: int) -> Iterator[Row]:
    """The page of Bi2Se3 with forces, couplings and a measurement: weight, time to first picture.

    The time is that of the browser from the beginning of the navigation to the first contentful
    paint, against that of a page with one word.
    """
    import shutil

    import symchiral as sc

    with tempfile.TemporaryDirectory() as folder:
        ours, empty = Path(folder) / "page.html", Path(folder) / "empty.html"
        study = sc.read("Bi2Se3/phonopy.yaml")
        data = ROOT / "structures" / "Bi2Se3" / "traces.csv"
        size = study.report(ours, measurement=str(data)).size
        yield Row(
            "page of Bi2Se3 with forces, couplings and traces / 2 MB",
            size / 2e6,
            1.0,
            f"{size / 1e6:.2f} MB",
        )
        empty.write_text("<!doctype html><title>x</title><p>x")
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        try:
            from selenium import webdriver
        except ImportError:
            return
        if browser is None or driver is None:
            return
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu"):
            options.add_argument(word)
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        times: dict[Path, list[float]] = {empty: [], ours: []}
        try:
            for _ in range(repeat + 1):
                for file, found in times.items():
                    chrome.get(file.as_uri())
                    paint: float | None = None
                    for _ in range(200):
                        paint = chrome.execute_script(
                            "return performance.getEntriesByName('first-contentful-paint')[0]"
                            "?.startTime ?? null"
                        )
                        if paint is not None:
                            break
                        time.sleep(0.02)
                    assert paint is not None
                    found.append(paint)
        finally:
            chrome.quit()
        a, b = (statistics.median(found[1:]) for found in times.values())
        yield Row(
            "its first picture / that of an empty page",
            b / a,
            3.0,
            f"{b:.0f} ms against {a:.0f} ms",
        )


def main() -> int:
    """Measure, print, and return how many targets were missed."""
    parser = argparse.ArgumentParser(description="ratios to floors measured in the same run")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--only", default="", help="a word of the names of the parts to run")
    parser.add_argument("--table", action="store_true", help="also print the table of the docs")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    os.environ.update(environment(""))
    rows = []
    for part in (
        commands,
        warm,
        answers,
        reuse,
        channels,
        screening,
        catalog_rows,
        large_cells,
        modes,
        along,
        calculator,
        light,
        fitting,
        judging,
        contraction,
        nonsense,
        dynamics,
        page,
    ):
        if arguments.only not in part.__name__:
            continue
        for row in part(arguments.repeat):
            target = "" if row.target is None else f"< {row.target:g}"
            line = f"{row.ratio:8.2f}  {target:7}  {row.verdict:6}  {row.name}   [{row.detail}]"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            rows.append(row)
    if arguments.table:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout.strip()
        sys.stdout.write(f"Measured on {datetime.date.today()} at {commit}.\n\n")
        sys.stdout.write("| ours / floor | ratio | target | absolute |\n|---|---|---|---|\n")
        for row in rows:
            target = "" if row.target is None else f"< {row.target:g}"
            sys.stdout.write(f"| {row.name} | {row.ratio:.2f} | {target} | {row.detail} |\n")
    return sum(row.verdict == "MISSED" for row in rows)


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
