"""Record what every command says and compare two records: before and after a change.

Usage::

    python tools/goldens.py record DIR [--only predict,show] [--jobs 2]
    python tools/goldens.py compare DIR_A DIR_B [--only predict,show] [--brief]

For whoever rewrites how answers are made or printed (``report``, ``study``, ``cli``): record into
one directory before the change and into another after it, then compare. Nothing that a user or a
program sees should change unnoticed. A record is large and is not committed.

The cases are the lines of ``goldens.txt`` beside this file, one command each. A word in braces
stands for every member of a set, as ``{structures}`` for every shipped structure file (`SETS`).
Every case runs in this process (or a fork of it), in an empty folder that shows ``docs``,
``structures``, ``tests`` and ``inputs`` (files made by `make_inputs`), three times: with
``--json``, on a terminal of 80 columns, and without a terminal. A line may begin with ``json:``,
``text:`` or ``both:``, to run some of these forms only, where all would take long.

One file per case keeps for every form the exit status, the standard output (parsed, where it is
JSON), the standard error and the files written. Versions and temporary paths are replaced by a
star or a word.

``compare`` wants everything of DIR_A in DIR_B. Documents are compared as parsed JSON: numbers are
equal (for some commands to a relative difference, `TOLERANCES`), a key that only DIR_B has is no
failure and is listed once. Texts, statuses and written files are equal to the letter. Differences
that are the same in many cases are printed once. The exit status is 1 if anything is missing or
changed.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import io
import json
import multiprocessing
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_suffix(".txt")
STRUCTURES = ROOT / "structures"

FORMS = ("json", "terminal", "plain")
TOLERANCES = {"simulate": 1e-10, "validate": 1e-6}
"""Relative to the larger of the two numbers, or to the largest of the list in which they stand."""

_VERSION = re.compile(r"\b\d+\.\d+\.\d+(\.dev\d+)?\b")

LONGEST = 100_000
"""Characters of a written file that are kept; of a longer one, its hash."""

# Every kind of axis, none at all, cubic and polar groups, two hands, magnets.
SAMPLE = (
    *("Bi2Se3", "BPO4", "BaTiO3_P4mm", "C_diamond", "CuO", "GaAs", "KAsSe2", "MgB2", "P2I4"),
    *("SrTiO3", "Te_P3121", "TlBO2_P43", "WC", "ZnO", "graphene_slab", "Cr2O3_AFM"),
)  # fmt: skip


def _with_forces(*names: str) -> list[str]:
    return [f"{name}/phonopy.yaml" for name in names]


SETS = {
    "structures": [
        f"structures/{p.name}"
        for p in sorted(STRUCTURES.iterdir())
        if p.suffix in (".cif", ".mcif")
    ],
    "forces": _with_forces(*sorted(p.parent.name for p in STRUCTURES.glob("*/phonopy.yaml*"))),
    "files": sorted(
        f"tests/data/cases/{p.name}"
        for p in (ROOT / "tests/data/cases").iterdir()
        if p.suffix != ".md"
    ),
    "sample": list(SAMPLE),
    # ``--q star`` and ``--q all`` as text.
    "star": ["Si", "graphene_slab", "Te_P3121", "P2I4", "Cr2O3_AFM"],
    # Forces with Born charges, with a coefficient file beside them, and on meshes.
    "born": _with_forces("Bi2Se3", "Bi2Se3_PBEsol", "GaSe", "TiO2_anatase", "ZnO"),
    "coupled": _with_forces("Bi2Se3", "HgS_cinnabar", "MgB2", "TiO2_anatase"),
    "bands": _with_forces("BN_hexagonal", "HgS_cinnabar", "NaCl", "Si", "TiO2_anatase"),
    "plans": [*SAMPLE, "SrTiO3_I4mcm", "CrI3_FM"],
    "planned": _with_forces("Bi2Se3", "HgS_cinnabar", "MgB2", "SiO2_quartz_P3121", "ZnO"),
    "rowed": ["MgB2", "SrTiO3", "Te_P3121", "ZnO/phonopy.yaml"],
}
"""What a word in braces stands for."""

# ------------------------------------------------------------------------------- inputs

CIF = """data_x
_cell_length_a {a}
_cell_length_b 4
_cell_length_c 4
_cell_angle_alpha {alpha}
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{sites}
"""


def cif(sites: str = "Cs 0 0 0 1\nCl 0.5 0.5 0.5 1", a: str = "4", alpha: str = "90") -> str:
    """A CIF without symmetry, of caesium chloride unless told otherwise."""
    return CIF.format(sites=sites, a=a, alpha=alpha)


def measured(unit: str, **values: float) -> str:
    """A file of frequencies or linewidths, modes written as Eu_1."""
    key = "linewidths" if unit == "linewidths" else "frequencies"
    modes = {name.replace("_", "#"): value for name, value in values.items()}
    return json.dumps({"frequency_unit": "THz", key: modes})


TEXTS: dict[str, str | bytes] = {
    "empty.cif": "",
    "blank.vasp": " \n\n",
    "binary.cif": bytes(range(256)) * 8,
    "letter.txt": "Dear reader,\nthis is a letter.\n",
    "letter.cif": "Dear reader,\nthis is a letter.\n",
    "page.cif": "<!DOCTYPE html><html></html>",
    "partial.cif": cif("Cs 0 0 0 0.5\nCl 0.5 0.5 0.5 1"),
    "mixed.cif": cif("Cs 0 0 0 0.5\nK 0 0 0 0.5\nCl 0.5 0.5 0.5 1"),
    "molecule.xyz": "2\n\nH 0 0 0\nH 0 0 0.74\n",
    "flat.vasp": "x\n1\n1 0 0\n0 1 0\n1 1 0\nPo\n1\nDirect\n0 0 0\n",
    "flat.cif": cif(alpha="0"),
    "nan.vasp": "x\n1\n3 0 0\n0 3 0\n0 0 3\nPo\n1\nDirect\n0 nan 0\n",
    "nan.cif": cif("Cs 0 nan 0 1"),
    "overlap.cif": cif("Cs 0 0 0 1\nCl 0.01 0 0 1"),
    "dummy.cif": cif("Xx 0 0 0 1"),
    "no_atoms.cif": "data_x\n_cell_length_a 4\n",
    # 4 mÅ from cubic: a warning at the default tolerance, cubic at 1e-2 Å.
    "nearly cubic.cif": cif(a="4.004"),
    "unknown.json": measured("frequencies", Eg_7=1.0),
    "order.json": measured("frequencies", Eg_1=4.0, Eg_2=1.0),
    "frequencies.json": measured("frequencies", Eu_1=2.05, Eg_2=4.05),
    "linewidths.json": measured("linewidths", Eu_1=0.2, Eg_2=0.05),
    "damaged.json": '{"frequency_unit": "THz", ',
    "rows.yaml": "pump: {frequency: 61, frequency_unit: cm-1, polarization: s-}\n"
    "components:\n"
    "  - {frequency: 134, frequency_unit: cm-1, frequency_error: 1, helicity: 0.7, error: 0.1}\n"
    "  - {frequency: 40, frequency_unit: cm-1, frequency_error: 1, helicity: 0.1, error: 0.2}\n",
    "rows_bad.yaml": "pump: {frequency: 2.0, polarization: s+}\ncomponents: []\n",
}


def make_inputs(folder: Path) -> None:
    """Write the files of the cases that neither the structures nor the tests hold."""
    import numpy as np

    for name, content in TEXTS.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    _write_traces(folder, np.random.default_rng(0))
    for name, document in _raman().items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    # Third-order force constants, under the names that phono3py gives its files.
    for name, sources in {
        "Si_fc3": ("Si_phono3py_disp.yaml.xz", "Si_FORCES_FC3.xz"),
        "Si_no_forces": ("Si_phono3py_disp.yaml.xz",),
        "ZnTe_fc3": ("ZnTe_phono3py_params.yaml.xz",),
    }.items():
        (folder / name).mkdir()
        for source in sources:
            file = ROOT / "tests" / "data" / "third_order" / source
            shutil.copy(file, folder / name / source.partition("_")[2])


def _raman() -> dict[str, Any]:
    """Raman tensors of two modes of Bi2Se3, and the same file with one thing wrong in it."""
    one = [[2, 0, 0], [0, 2, 0], [0, 0, 1]]
    two = [[[1, 0, 0], [0, -1, 0.5], [0, 0.5, 0]], [[0, -1, -0.5], [-1, 0, 0], [-0.5, 0, 0]]]
    first = {"mode": "A1g#1", "frequency": 72, "frequency_unit": "cm-1", "tensors": [one]}
    second = {"mode": "Eg#2", "tensors": two}

    def document(modes: list[Any], unit: str = "arbitrary") -> dict[str, Any]:
        return {"schema": "symchiral/raman/1", "unit": unit, "modes": modes}

    noisy = [[2, 0.3, 0], [0.3, 2.2, 0], [0, 0, 1]]
    wrong = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    tilted = [[2, 50, 0], [0, 2, 0], [0, 0, 1]]
    return {
        "raman": document([first, second]),
        "raman_noisy": document([first | {"tensors": [noisy]}, second]),
        "raman_unit": document([first, second], unit="bohr"),
        "raman_twice": document([first, first]),
        "raman_mode": document([first, second | {"mode": "Eg#3"}]),
        "raman_few": document([first, second | {"tensors": two[:1]}]),
        "raman_form": document([first | {"tensors": [wrong]}]),
        "raman_antisymmetric": document([first | {"tensors": [tilted]}]),
        "raman_shape": document([first | {"tensors": [[[1, 2], [3, 4]]]}]),
    }


def _write_traces(folder: Path, rng: Any) -> None:
    """Traces of modes that turn, with noise: one clockwise, one of two runs, one linear."""
    import numpy as np

    times = np.arange(0, 8, 0.03)

    def motion(frequency: float, sense: float) -> Any:
        angle = 2 * np.pi * frequency * times
        shape = np.exp(-0.3 * times)[:, None] * np.column_stack(
            [np.cos(angle), sense * np.sin(angle)]
        )
        return shape + 0.05 * rng.standard_normal(shape.shape)

    def table(name: str, head: list[str], columns: Any, rows: int | None = None) -> None:
        texts = ((x if isinstance(x, str) else f"{x:.5f}" for x in row) for row in columns)
        body = [",".join(row) for row in texts]
        (folder / name).write_text("\n".join([*head, *body[:rows]]) + "\n", encoding="utf-8")

    one = motion(4.06, -1)
    rows = [(t, *x) for t, x in zip(times, one, strict=True)]
    table("fs.csv", ["time,Qx,Qy"], [(1000 * t, a, b) for t, a, b in rows])
    table("nounit.csv", ["time,Qx,Qy"], rows)
    table("ps.csv", ["time_ps,Qx,Qy"], rows)
    table("short.csv", ["time_ps,Qx,Qy"], rows, rows=6)
    runs = {"s+": motion(4.06, -1), "s-": motion(4.06, 1), "linear": motion(4.06, 0)}
    table(
        "runs.csv",
        [
            "# pump_frequency: 2.0 THz",
            "# bandwidth: 0.4 THz",
            "# probe: coordinates, Qx, Qy",
            "time_ps,pump,Qx,Qy",
        ],
        [(t, run, *x) for run, found in runs.items() for t, x in zip(times, found, strict=True)],
    )


# ------------------------------------------------------------------------------- cases


@dataclass(frozen=True)
class Case:
    """The words of a command, and the forms in which it runs."""

    words: tuple[str, ...]
    forms: tuple[str, ...] = FORMS

    @property
    def command(self) -> str:
        """The folder of its record: the command, or ``usage`` where the first word is none."""
        first = self.words[0] if self.words else ""
        return first if first.isidentifier() and first != "predct" else "usage"

    @property
    def name(self) -> str:
        """The file of its record, without ending."""
        text = shlex.join(self.words)
        short = re.sub(r"[^\w+#=.,-]+", "_", " ".join(self.words[1:]))[:80].strip("_")
        return f"{self.command}/{short}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def cases(only: set[str]) -> list[Case]:
    """Read the list."""
    found: dict[tuple[str, ...], Case] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        first, _, rest = line.partition(": ")
        forms = {"json": FORMS[:1], "both": FORMS[:2], "text": FORMS[2:]}.get(first)
        command = rest if forms else line
        named = re.search(r"\{(\w+)\}", command)
        for member in SETS[named[1]] if named else [""]:
            text = command.replace(named[0], shlex.quote(member)) if named else command
            case = Case(tuple(shlex.split(text)), forms or FORMS)
            if not only or case.command in only:
                before = found[case.words].forms if case.words in found else ()
                wanted = tuple(form for form in FORMS if form in (*before, *case.forms))
                found[case.words] = Case(case.words, wanted)
    return list(found.values())


# ------------------------------------------------------------------------------- recording


class Stream(io.TextIOWrapper):
    """A captured stream that says whether it is a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")
        self.terminal = terminal

    def isatty(self) -> bool:
        """Whether colours and widths are those of a terminal."""
        return self.terminal

    def text(self) -> str:
        """What was written."""
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8", "backslashreplace")


def sources() -> dict[Path, int]:
    """When every source file was last changed."""
    return {path: path.stat().st_mtime_ns for path in (ROOT / "symchiral").rglob("*.py")}


def record(target: Path, only: set[str], jobs: int) -> int:
    """Run the cases and write their records; return 1 if the sources changed meanwhile."""
    chosen, before = cases(only), sources()
    started = time.monotonic()
    for command in {case.command for case in chosen}:
        shutil.rmtree(target / command, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        _prepare(base)
        names, seconds = [case.name for case in chosen], {}
        assert len(set(names)) == len(names), "two cases share a file"
        with multiprocessing.get_context("spawn").Pool(jobs, _quiet_worker) as pool:
            tasks = ((case, base, target) for case in chosen)
            for done, (name, taken) in enumerate(pool.imap_unordered(_run, tasks), 1):
                seconds[name] = round(taken, 2)
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{done} of {len(chosen)}\x1b[K")
    asked = ["git", "describe", "--always", "--dirty"]
    described = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    commit = described.stdout.strip()
    seconds = dict(sorted(seconds.items(), key=lambda item: -item[1]))
    manifest = {"commit": commit, "cases": len(chosen), "seconds": seconds}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    per_command = Counter(case.command for case in chosen)
    for command, number in per_command.items():
        spent = sum(x for name, x in seconds.items() if name.startswith(f"{command}/"))
        print(f"{command:10}{number:5} cases {spent:7.1f} s")
    print(f"{len(chosen)} cases in {time.monotonic() - started:.0f} s, in {target}")
    if sources() != before:
        # Modules are imported when they are first needed.
        print(
            "The sources changed while the cases ran: the record is of no one state. Run it again."
        )
        return 1
    return 0


def _prepare(base: Path) -> None:
    """The environment of all cases: no locale, no colour setting, caches and inputs of this run."""
    (base / "inputs").mkdir()
    make_inputs(base / "inputs")
    for name in list(os.environ):
        if name.startswith(("LC_", "LANG", "PYTHONIO", "NO_COLOR", "COLUMNS", "PYTHONWARNINGS")):
            del os.environ[name]
    (base / "matplotlibrc").write_text("svg.hashsalt: goldens\nsvg.fonttype: none\n")
    os.environ.update(
        SYMCHIRAL_CACHE=str(base / "cache"),
        MATPLOTLIBRC=str(base / "matplotlibrc"),
        SOURCE_DATE_EPOCH="0",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
    )
    # The calculator of the tests, pairs:Pairs.
    sys.path.insert(0, str(ROOT / "tests"))
    sys.path.insert(0, str(ROOT))


def _quiet_worker() -> None:
    """Let the real terminal have no say in widths."""
    sys.__stdout__ = None  # type: ignore[misc]


def _run(task: tuple[Case, Path, Path]) -> tuple[str, float]:
    """Run a case in its forms and write its record; return its name and the time taken."""
    case, base, target = task
    started = time.process_time()
    found: dict[str, Any] = {"words": case.words}
    for form in case.forms:
        with tempfile.TemporaryDirectory(dir=base, prefix="work-") as folder:
            for name in ("docs", "structures", "tests"):
                (Path(folder) / name).symlink_to(ROOT / name)
            (Path(folder) / "inputs").symlink_to(base / "inputs")
            os.chdir(folder)
            found[form] = _answer([*case.words, *(["--json"] if form == "json" else [])], form)
            replaced = {str(Path(folder)): "<here>", str(base): "<base>", str(ROOT): "<repository>"}
            found[form] = _replaced(found[form], replaced)
            os.chdir(base)
    file = target / f"{case.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    return case.name, time.process_time() - started


def _answer(words: list[str], form: str) -> dict[str, Any]:
    """Run the command line in the present folder."""
    from symchiral.cli import main

    out, err = Stream(terminal=form == "terminal"), Stream(terminal=False)
    os.environ.pop("COLUMNS", None)
    if form == "terminal":
        os.environ["COLUMNS"] = "80"
    status: object
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        # Each time, not only the first time in the process, whatever ran before.
        warnings.simplefilter("always")
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        try:
            status = main(words)
        except SystemExit as stop:
            status = stop.code
        except Exception as error:  # noqa: BLE001  a traceback is an answer to be noticed, too
            status = f"{type(error).__name__}: {error}"
    answer: dict[str, Any] = {"status": status}
    answer |= _content(out.text(), "document" if form == "json" else None, "stdout")
    answer["stderr"] = err.text().splitlines()
    answer["files"] = {
        str(path): _written(path)
        for path in sorted(Path().rglob("*"))
        if not path.is_symlink() and path.is_file() and path.parts[0] != "calculations"
    }
    return answer


def _content(text: str, document: str | None, otherwise: str) -> dict[str, Any]:
    """A parsed document under one name, or lines under the other."""
    if document is not None:
        with contextlib.suppress(ValueError):
            return {document: _without_versions(json.loads(text))}
    return {otherwise: text.splitlines()}


def _written(path: Path) -> object:
    """A written file: parsed, as lines, or as a hash; of an image or a pickle, that it is there."""
    if path.suffix == ".parquet":
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path)
        return {"types": str(table.schema.remove_metadata()), "columns": table.to_pydict()}
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "binary"
    text = _VERSION.sub("*", text)
    if len(text) > LONGEST:
        return f"{len(text)} characters, SHA-256 {hashlib.sha256(text.encode()).hexdigest()}"
    return next(iter(_content(text, "document" if path.suffix == ".json" else None, "").values()))


def _without_versions(value: Any) -> Any:
    """A document whose versions are stars, wherever they stand."""
    if isinstance(value, dict):
        return {
            key: "*"
            if key == "symchiral" and isinstance(part, str)
            else dict.fromkeys(part, "*")
            if key == "libraries" and isinstance(part, dict)
            else _without_versions(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_without_versions(part) for part in value]
    return value


def _replaced(value: Any, replaced: dict[str, str]) -> Any:
    """The same with paths of this machine replaced, in keys and values."""
    text = json.dumps(value)
    for path, word in replaced.items():
        text = text.replace(json.dumps(path)[1:-1], word)
    return json.loads(text)


# ------------------------------------------------------------------------------- comparing


class Comparison:
    """Differences found so far, those that are the same kept together."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.new: Counter[str] = Counter()
        self.bad: dict[str, set[str]] = defaultdict(set)
        self.seen: Counter[str] = Counter()

    def case(self, name: str, old: dict[str, Any], new: dict[str, Any] | None) -> None:
        """Compare the records of one case."""
        command = name.split("/")[0]
        self.seen[command] += 1
        if new is None:
            self._add(name, "the case is missing", "")
            return
        for form in (form for form in FORMS if form in old):
            if form not in new:
                self._add(name, f"{form}: missing", "")
                continue
            left, right = dict(old[form]), dict(new[form])
            for key in ("status", "stdout", "stderr"):
                self._texts(name, f"{form} {key}", left.pop(key, None), right.pop(key, None))
            self._values(name, f"{form} $", left, right, None)

    def _add(self, name: str, what: str, detail: str) -> None:
        command = name.split("/")[0]
        self.bad[command].add(name)
        self.found[command][f"{what}\n{detail}" if detail else what].append(name)

    def _texts(self, name: str, what: str, old: Any, new: Any) -> None:
        if old == new:
            return
        if isinstance(old, list) and isinstance(new, list):
            lines = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
            self._add(name, what, "\n".join(x for x in lines if not x.startswith("@@")))
        else:
            self._add(name, what, f"{old!r} → {new!r}")

    def _values(self, name: str, path: str, old: Any, new: Any, scale: float | None) -> None:
        command = name.split("/")[0]
        if isinstance(old, dict) and isinstance(new, dict):
            for key in old:
                if key in new:
                    self._values(name, f"{path}.{key}", old[key], new[key], None)
                else:
                    self._add(name, f"{path}.{key}", "the key is missing")
            for key in new.keys() - old.keys():
                self.new[f"{command}: {path}.{key}"] += 1
        elif isinstance(old, list) and isinstance(new, list):
            if all(isinstance(x, str) for x in (*old, *new)) and " $.files." in path:
                self._texts(name, path, old, new)
            elif len(old) != len(new):
                self._add(name, path, f"{len(old)} → {len(new)} entries")
            else:
                numbers = [abs(x) for x in old if _is_number(x)]
                scale = max([*numbers, scale or 0.0])
                for a, b in zip(old, new, strict=True):
                    self._values(name, f"{path}[]", a, b, scale)
        elif _is_number(old) and _is_number(new):
            allowed = TOLERANCES.get(command, 0.0) * max(abs(old), abs(new), scale or 0.0)
            if not abs(old - new) <= allowed:
                self._add(name, path, f"{old!r} → {new!r}")
        elif type(old) is not type(new) or old != new:
            self._add(name, path, f"{str(old)[:200]!r} → {str(new)[:200]!r}")

    def report(self, *, brief: bool) -> None:
        """Print what was found."""
        for command, groups in self.found.items() if not brief else ():
            print(f"== {command}")
            # One kind of change at one place, with its first examples.
            places: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
            for what, names in groups.items():
                place, _, detail = what.partition("\n")
                places[place].append((detail, names))
            for place, details in places.items():
                number = len({name for _, names in details for name in names})
                print(f"-- {place}: {number} cases, {len(details)} different changes")
                for detail, names in details[:3]:
                    print(f"   {names[0]}" + (f" and {len(names) - 1} more" if names[1:] else ""))
                    lines = detail.splitlines()
                    print("\n".join(f"     {line[:300]}" for line in lines[:40]))
                    if len(lines) > 40:
                        print(f"     … {len(lines) - 40} more lines")
        if self.new:
            print("== keys that only the second has")
            for path, number in sorted(self.new.items()):
                print(f"   {path} ({number})")
        for command, number in self.seen.items():
            changed = len(self.bad[command])
            said = f"{changed} changed or missing" if changed else "equal"
            print(f"{command:10}{number:5} cases: {said}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def records(folder: Path, only: set[str]) -> Iterator[tuple[str, Path]]:
    """Name and file of every case of a record."""
    for file in sorted(folder.glob("*/*.json")):
        if not only or file.parent.name in only:
            yield f"{file.parent.name}/{file.stem}", file


def compare(first: Path, second: Path, only: set[str], *, brief: bool) -> int:
    """Print the differences of two records; return 1 if there is any."""
    comparison, others = Comparison(), dict(records(second, only))
    for name, file in records(first, only):
        other = others.pop(name, None)
        comparison.case(name, _load(file), None if other is None else _load(other))
    comparison.report(brief=brief)
    if others:
        print(f"{len(others)} cases only in {second}")
    if not comparison.seen:
        print(f"no cases in {first}")
    return int(any(comparison.bad.values()) or not comparison.seen)


def _load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    actions = parser.add_subparsers(dest="action", required=True)
    recording = actions.add_parser("record", help="run the cases and keep what they say")
    recording.add_argument("target", type=Path, metavar="DIR")
    recording.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    comparing = actions.add_parser("compare", help="say what of A is missing or different in B")
    comparing.add_argument("first", type=Path, metavar="DIR_A")
    comparing.add_argument("second", type=Path, metavar="DIR_B")
    comparing.add_argument("--brief", action="store_true", help="numbers only")
    for action in (recording, comparing):
        action.add_argument("--only", default="", metavar="COMMAND,…", help="of these commands")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    if options.action == "record":
        return record(options.target.resolve(), only, options.jobs)
    return compare(options.first, options.second, only, brief=options.brief)


if __name__ == "__main__":
    sys.exit(main())
