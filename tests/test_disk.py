"""Files: written whole or not at all, onto nothing that is not ours; streams closed or full.

What is written by every command is killed in the middle of it, many times: an old file or a new one
is there, never half.
"""

from __future__ import annotations

import gc
import hashlib
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchiral as sc
from symchiral.anharmonic.couplings import save_couplings
from symchiral.cli import main
from symchiral.disk import mark, place, recording, write_text, writing
from symchiral.errors import InputError
from symchiral.figures.motion import animate_motion, save_motion
from symchiral.write.columns import write_columns, write_trajectory
from symchiral.write.motion import columns
from symchiral.write.save import save, save_modes

ROOT = Path(__file__).resolve().parent.parent
FORCES = ROOT / "structures" / "Bi2Se3" / "phonopy.yaml"
OLD = "what somebody else wrote\n" * 50


# ------------------------------------------------------------------------------- the one writer


def test_a_file_of_ours_is_replaced_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    write_text(file, f"# {mark('bands')}\n1\n", "bands")
    write_text(file, f"# {mark('bands')}\n2\n", "bands")
    assert file.read_text().endswith("2\n")
    with pytest.raises(InputError, match="not a file of modes that symchiral wrote"):
        write_text(file, f"# {mark('modes')}\n", "modes")
    for content in ("", OLD):
        file.write_text(content)
        with pytest.raises(InputError, match="--overwrite"):
            write_text(file, mark("bands"), "bands")
        assert file.read_text() == content
    write_text(file, mark("bands"), "bands", overwrite=True)
    assert file.read_text() == mark("bands")
    assert os.listdir(tmp_path) == ["x.yaml"]


def test_links_folders_pipes_and_devices(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text(mark("bands"))
    link.symlink_to(target)
    with pytest.raises(InputError, match="links are not followed"):
        write_text(link, "new", "bands")
    write_text(link, "new", "bands", overwrite=True)
    assert target.read_text() == mark("bands")
    assert link.read_text() == "new"
    assert not link.is_symlink()
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="links are not followed"):
        write_text(dangling, "new", "bands")
    os.mkfifo(tmp_path / "pipe")
    bad = [tmp_path, tmp_path / "pipe", Path("/dev/null"), tmp_path / "no" / "x", tmp_path / "a\0"]
    bad += [tmp_path / ("x" * 300), tmp_path / "/".join(["y"] * 3000), target / "x"]
    for path in bad:
        with pytest.raises(InputError) as caught:
            write_text(path, "new", "bands", overwrite=True)
        assert len(str(caught.value)) < 600
    assert not (tmp_path / "nowhere").exists()


def test_nothing_is_written_onto_what_was_read(tmp_path: Path) -> None:
    from symchiral.reading.files import load

    file, twin = tmp_path / "x.yaml", tmp_path / "y.yaml"
    file.write_text(mark("bands"))
    twin.hardlink_to(file)
    with recording():
        place(file, "bands")
        load(file, name="x.yaml")
        for path in (file, twin):
            with pytest.raises(InputError, match="just been read"):
                place(path, "bands", overwrite=True)
    place(file, "bands")


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(mark("bands"))
    file.chmod(0o640)

    def fail(error: Exception) -> None:
        with writing(file, "bands") as aside:
            aside.write_text("half of i")
            raise error

    with pytest.raises(InputError, match="no space"):
        fail(OSError(28, "no space"))
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError())
    assert file.read_text() == mark("bands")
    assert os.listdir(tmp_path) == ["x.csv"]
    write_text(file, "all of it", "bands")
    assert file.stat().st_mode & 0o777 == 0o640


# ------------------------------------------------------------------------------- every output


@cache
def made() -> dict[str, Callable[[Path], None]]:
    """Every kind of output, by ending and kind: a function that writes it."""
    study: Any = sc.read(FORCES)
    dispersed: Any = sc.read(ROOT / "structures" / "MgB2")
    bands = dispersed.bands("GM M", points=6, eigenvectors=True)
    turning = study.animate("Eu(1,+)", frames=4)
    linear = study.animate("A1g(1)", frames=4)
    run = study.simulate(sc.Pulse.parse("2.0THz s+ 0.3ps 1MV/cm"), duration=6)
    atoms = run.model.coordinates.modes.crystal.primitive
    modes = study.all_modes("GM")
    found: dict[str, Callable[[Path], None]] = {}
    for ending in ("csv", "json", "yaml", "parquet", "png", "pdf", "svg"):
        found[f"bands.{ending}"] = lambda path: save(bands, path)
    for ending in ("extxyz", "traj", "html", "json", "ascii"):
        found[f"animation.{ending}"] = lambda path: save(turning, path)
    found["animation.vesta"] = lambda path: save(linear, path)
    found["modes.yaml"] = lambda path: save_modes(study.phonons, modes, path)
    found["phonons.yaml"] = study.save_phonons
    found["couplings.json"] = lambda path: save_couplings(str(path), study.couplings())
    for ending in ("csv", "parquet"):
        found[f"table.{ending}"] = lambda path: write_columns(path, columns(run), "simulation")
    found["run.xyz"] = lambda path: write_trajectory(path, atoms, run.times[:9], run.atoms()[:9])
    found["run.png"] = lambda path: save_motion(run, str(path))
    found["run.gif"] = lambda path: animate_motion(run, str(path), frames=2)
    return found


@pytest.mark.parametrize("name", [
    *("bands.csv", "bands.json", "bands.yaml", "bands.parquet", "bands.svg", "animation.extxyz"),
    *("animation.traj", "animation.html", "animation.json", "animation.ascii", "animation.vesta"),
    *("modes.yaml", "phonons.yaml", "couplings.json", "table.csv", "table.parquet", "run.xyz"),
    *(pytest.param(x, marks=pytest.mark.sweep)
      for x in ("bands.png", "bands.pdf", "run.png", "run.gif")),
])  # fmt: skip
def test_every_output_knows_itself_and_spares_others(tmp_path: Path, name: str) -> None:
    write, file = made()[name], tmp_path / name
    write(file)
    first = file.read_bytes()
    write(file)
    assert len(file.read_bytes()) == len(first)
    file.write_text(OLD)
    with pytest.raises(InputError, match="that symchiral wrote"):
        write(file)
    assert file.read_text() == OLD
    assert os.listdir(tmp_path) == [name]


KILLS = 20
"""Per kind of output."""


def kill_writers() -> None:
    """Fork for every kind of output a process that writes it over and over; kill it at some time.

    Writes the counts of what was found in the place of the file to counts.json.
    """
    rng = random.Random(20)
    counts: Counter[str] = Counter()
    for name, write in made().items():
        # A new file has another length than the old one, which carries the mark of every kind.
        file = Path(name)
        write(file)
        new = file.read_bytes()
        old = new + b"\n"
        begin = time.perf_counter()
        write(file)
        once = time.perf_counter() - begin
        for _ in range(KILLS):
            file.write_bytes(old)
            child = os.fork()
            if child == 0:
                while True:
                    write(file)
            time.sleep(rng.uniform(0, 1.2 * once))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            there = file.read_bytes()
            counts["old" if there == old else "new" if _same(there, new) else f"half {name}"] += 1
    Path("counts.json").write_text(json.dumps(counts), encoding="utf-8")


def _same(there: bytes, new: bytes) -> bool:
    """Equal but for what a format dates or numbers by chance."""
    return there == new or (len(there) == len(new) and there[:4] == new[:4])


@pytest.mark.sweep
def test_killed_at_any_time_there_is_an_old_file_or_a_new_one(tmp_path: Path) -> None:
    code = "import test_disk; test_disk.kill_writers()"
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert set(counts) == {"old", "new"}, counts
    assert sum(counts.values()) == KILLS * 21


# ------------------------------------------------------------------------------- the commands


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "phonopy.yaml").write_bytes(FORCES.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
@pytest.mark.parametrize("given", ["phonopy.yaml", "."])
def test_forces_are_not_replaced_by_their_modes(
    folder: Path, capsys: pytest.CaptureFixture[str], given: str, more: list[str]
) -> None:
    before = (folder / "phonopy.yaml").read_bytes()
    assert main(["modes", given, "-o", "phonopy.yaml", "--quiet", *more]) == 1
    assert "cannot write phonopy.yaml" in capsys.readouterr().err
    assert (folder / "phonopy.yaml").read_bytes() == before
    assert main(["couple", given, "--save", "phonopy.yaml", "--quiet", *more]) == 1
    assert (folder / "phonopy.yaml").read_bytes() == before
    assert os.listdir(folder) == ["phonopy.yaml"]


@pytest.mark.sweep
def test_overwrite_is_an_option_of_all_that_write(folder: Path) -> None:
    commands = {
        ("bands", "--points", "6", "--path", "GM T", "-o", "x.csv"): "x.csv",
        ("modes", "-o", "m.yaml"): "m.yaml",
        ("animate", "--mode", "Eu(1,+)", "-o", "a.html"): "a.html",
        ("report", "-o", "r.html"): "r.html",
        ("simulate", "--pump", "2THz s+ 0.3ps 1MV/cm", "--duration", "5", "--table", "s.csv"):
            "s.csv",
    }  # fmt: skip
    forces = str(ROOT / "structures" / "MgB2")
    for (command, *words), name in commands.items():
        source = forces if command == "bands" else "Bi2Se3/phonopy.yaml"
        if command == "bands":
            words[3] = "GM M"
        (folder / name).write_text(OLD)
        assert main([command, source, *words, "--quiet"]) == 1
        assert (folder / name).read_text() == OLD
        assert main([command, source, *words, "--quiet", "--overwrite"]) == 0
        assert (folder / name).read_text() != OLD
        assert main([command, source, *words, "--quiet"]) == 0


# ------------------------------------------------------------------------------- streams


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m symchiral {line}"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def _sweep(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.sweep)


FULL = "the output could not be written: No space left on device"


@pytest.mark.parametrize(
    ("line", "environment", "status", "error"),
    [
        ("predict FeSi --json > /dev/full", {}, 1, FULL),
        ("predict FeSi --json > /dev/full", {"PYTHONUNBUFFERED": "1"}, 1, FULL),
        ("--help > /dev/full", {}, 1, FULL),
        ("schema show >&-", {}, 1, "the output could not be written: Bad file descriptor"),
        ("schema show <&- 2>&-", {}, 0, ""),
        ("schema nope <&- >&- 2>&-", {}, 1, ""),
        _sweep("predict FeSi > /dev/full", {"PYTHONUNBUFFERED": "1"}, 1, FULL),
        _sweep("show FeSi <&- 2>&-", {}, 0, ""),
        _sweep("show nope <&- 2>&-", {}, 1, ""),
        _sweep("show FeSi <&- >&- 2>&-", {}, 1, ""),
        _sweep("show FeSi 2> /dev/full", {}, 0, ""),
        _sweep("show FeSi", {"PYTHONWARNINGS": "error"}, 0, ""),
        _sweep("modes Bi2Se3/phonopy.yaml", {"PYTHONWARNINGS": "error"}, 0, None),
        _sweep("modes Bi2Se3/phonopy.yaml --quiet -o m.yaml >&-", {}, 0, ""),
    ],
)
def test_streams(
    tmp_path: Path, line: str, environment: dict[str, str], status: int, error: str | None
) -> None:
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = shell(line, tmp_path, SYMCHIRAL_CACHE="", **environment)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    if error is not None:
        assert done.stderr == (f"symchiral: {error}.\n" if error else "")
    if "-o" in line:
        written = (tmp_path / "m.yaml").read_text()
        assert written.startswith(f"# {mark('modes')}\n")
        assert "\nnqpoint: 1\n" in written


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit on the size of files")
@pytest.mark.parametrize("unbuffered", [pytest.param("", marks=pytest.mark.sweep), "1"])
def test_a_document_cut_short_is_an_error(tmp_path: Path, unbuffered: str) -> None:
    """A file that may not grow beyond a block takes a part of the document."""
    line = "predict FeSi --json > x.json"
    limited = subprocess.run(
        ["sh", "-c", f"ulimit -f 1; {sys.executable} -m symchiral {line}"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SYMCHIRAL_CACHE": "",
             "PYTHONUNBUFFERED": unbuffered, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"."):
        json.loads((tmp_path / "x.json").read_text())
    assert limited.returncode == 1
    assert limited.stderr == "symchiral: the output could not be written: File too large.\n"


LIMITED = """
import resource, sys
import numpy, phonopy, scipy.linalg
from symchiral.cli import main

main(["modes", "MgB2/phonopy.yaml", "--quiet"])  # what is loaded at first use is loaded
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
limit = used + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(main(["modes", "GaSe/phonopy.yaml", "--q", "M K A", "--quiet"]))
"""


@pytest.mark.sweep
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_low_memory_is_told_in_words(tmp_path: Path) -> None:
    """In what is too little for the work: never a traceback.

    (The limit is set once the libraries are loaded: OpenBLAS itself waits for ever where it cannot
    be.)
    """
    told = 0
    for size in (0, 1_000_000, 4_000_000, 16_000_000):
        limited = subprocess.run(
            [sys.executable, "-c", LIMITED, str(size)], cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in limited.stderr, (size, limited.stderr)
        told += "not enough memory" in limited.stderr
    assert told > 0


# ------------------------------------------------------------------------------- paths


LONG = "a" * 300
DOORS = [
    ("show", "{}"),
    ("modes", "{}"),
    ("light", "Bi2Se3/phonopy.yaml", "--raman-tensors", "{}"),
    ("couple", "Bi2Se3/phonopy.yaml", "--couplings", "{}"),
    ("plan", "Bi2Se3/phonopy.yaml", "--frequencies", "{}"),
    ("predict", "Bi2Se3/phonopy.yaml", "--linewidth", "{}"),
    ("validate", "Bi2Se3", "{}"),
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door[0]} {door[-2]}")
def test_paths_of_no_file(
    folder: Path, capsys: pytest.CaptureFixture[str], door: tuple[str, ...]
) -> None:
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "pipe.yaml")
    os.mkfifo(folder / "pipe.csv")
    (folder / "empty").mkdir()
    (folder / "loop.cif").symlink_to("loop.cif")
    paths = ["pipe", "pipe.yaml", "empty", "loop.cif", "~nobody-of-this-name/x.yaml", f"{LONG}.cif"]
    paths += [f"{LONG}.yaml", f"{LONG}.json", "/".join(["b" * 200] * 30), "x\0.yaml", "/dev/null"]
    for path in paths:
        words = [word.format(path) for word in door]
        assert main([*words, "--quiet"]) == 1, path
        error = capsys.readouterr().err
        assert error.startswith("symchiral: "), (path, error)
        assert f"Did you mean {path}?" not in error


# ------------------------------------------------------------------------------- provenance


def test_every_file_an_answer_rests_on_is_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """FORCE_SETS and couplings, and what else is read, in JSON and yaml."""
    data = ROOT / "tests" / "data" / "phonopy"
    forces = folder / "forces"
    forces.mkdir()
    shutil.copy(data / "POSCAR_P3m1", forces / "POSCAR-unitcell")
    (forces / "run.conf").write_text("DIM = 4 4 2\n")
    with lzma.open(data / "FORCE_SETS_P3m1.xz") as packed:
        (forces / "FORCE_SETS").write_bytes(packed.read())

    def hashed(*paths: Path) -> list[dict[str, str]]:
        return [
            {"path": p.name, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in paths
        ]

    def listed(*words: str) -> list[dict[str, str]]:
        assert main([*words, "--json", "--quiet"]) == 0
        files: list[dict[str, str]] = json.loads(capsys.readouterr().out)["input"]["files"]
        return sorted(({**f, "path": Path(f["path"]).name} for f in files), key=lambda f: f["path"])

    wanted = hashed(forces / "FORCE_SETS", forces / "POSCAR-unitcell", forces / "run.conf")
    assert listed("show", "forces") == wanted
    study: Any = sc.read(forces)
    assert sorted(study.show().to_dict()["input"]["files"], key=lambda f: f["path"]) == wanted
    study.save_phonons(folder / "saved.yaml")
    save_modes(study.phonons, study.all_modes("GM"), folder / "modes.yaml")
    for name in ("saved.yaml", "modes.yaml"):
        text = (folder / name).read_text()
        for file in wanted:
            assert f'# from "{file["path"]}" sha256 {file["sha256"]}\n' in text
    couplings = FORCES.parent / "couplings.json"
    shutil.copy(couplings, folder)
    (folder / "linewidths.json").write_text(
        '{"frequency_unit": "THz", "linewidths": {"Eu(1)": 0.05}}'
    )
    assert listed(
        *("simulate", "phonopy.yaml", "--pump", "2THz s+ 0.3ps 1MV/cm", "--duration", "5"),
        *("--damping", "linewidths.json"),
    ) == hashed(couplings, folder / "linewidths.json", FORCES)
    assert main(["couple", "phonopy.yaml", "--save", "c.json", "--quiet"]) == 0
    saved = json.loads((folder / "c.json").read_text())["files"]
    assert [f["sha256"] for f in saved] == [f["sha256"] for f in hashed(FORCES, couplings)]


def test_a_film_that_cannot_be_written_leaves_no_warning(folder: Path) -> None:
    """matplotlib warns when an animation that was never drawn is collected."""
    from symchiral.figures.film import save_film

    (folder / "a.gif").write_text(OLD)
    rest = np.zeros((1, 3))
    with pytest.raises(InputError, match="it exists"):
        save_film(
            folder / "a.gif", "film", rest=rest, moved=rest[None], numbers=[1], captions=["x"]
        )
    gc.collect()
    assert (folder / "a.gif").read_text() == OLD
