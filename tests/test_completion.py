"""Tab completion: what the shell offers, and that it does not take long to know it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from sandbox import ROOT

import symchiral as sc
from symchiral.cli import COMMANDS, SHARED, parser
from symchiral.cli.completion import line_words, names
from symchiral.reading import force_data_names

HEAVY = {"ase", "gemmi", "jinja2", "matplotlib", "msgspec", "numpy", "phonopy", "scipy", "spglib",
         "spgrep", "sympy", "yaml"}  # fmt: skip

needed = pytest.mark.skipif(shutil.which("bash") is None, reason="completions are those of a shell")

RUN = """
import sys
from symchiral.cli import main
import os
leave = os._exit
def ended(status):
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & set(HEAVY))
    commands = sum(name.startswith("symchiral.cli.") for name in sys.modules)
    print(*loaded, commands, sep=",", file=sys.stderr)
    sys.stderr.flush()
    leave(status)
os._exit = ended
sys.argv = ["symchiral"]
main()
""".replace("HEAVY", repr(sorted(HEAVY)))


def offered(line: str, folder: Path, program: list[str] | None = None) -> tuple[list[str], str]:
    """What the shell is told, and what the process says of itself; as argcomplete's shells ask."""
    pytest.importorskip("argcomplete", reason="argcomplete is not installed")
    path = os.pathsep.join(x for x in (str(ROOT), os.environ.get("PYTHONPATH", "")) if x)
    answer = folder / ".answer"
    env = {
        **os.environ, "PYTHONPATH": path, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
    }  # fmt: skip
    ran = subprocess.run(
        program or [sys.executable, "-c", RUN],
        env=env, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout == ""
    return answer.read_text(encoding="utf-8").split("\n"), ran.stderr.strip()


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("symchiral ", ["predict", "screen", "schema"], ["--help", "-h", "completion"]),
        ("symchiral pre", ["predict "], ["plan"]),
        ("symchiral --", ["--help", "--version"], ["predict"]),
        ("symchiral predict Bi2", ["Bi2Se3", "Bi2Te3", "Bi2Se3/"], ["Si", "cif"]),
        ("symchiral predict Bi2Se3/ph", ["Bi2Se3/phonopy.yaml "], []),
        ("symchiral modes ZnO/", ["ZnO/phonopy.yaml "], []),
        ("symchiral predict my", ["my crystal.cif "], []),
        ("symchiral predict Bi2Se3 --unit ", ["THz", "cm-1", "meV"], ["Bi2Se3"]),
        ("symchiral predict Bi2Se3 --sym", ["--symprec", "--symmetrize"], ["--json"]),
        ("symchiral predict Bi2Se3 --symprec ", [], ["my crystal.cif", "Si"]),
        ("symchiral predict Bi2Se3 -o m", ["my crystal.cif "], ["MgB2"]),
        ("symchiral phonons Si --calculator s", ["sevenn "], []),
        ("symchiral validate Bi2Se3 Bi2Se3/t", ["Bi2Se3/traces.csv "], []),
        ("symchiral schema pr", ["predict "], []),
        ("symchiral screen Si Te_P3", ["Te_P3121", "Te_P3221"], []),
        ("symchiral query ", ["catalog/"], ["Bi2Se3/"]),
    ],
)
@needed
def test_what_is_offered(tmp_path: Path, line: str, some: list[str], none: list[str]) -> None:
    """And nothing heavy is loaded for it, of the commands only the one that is meant."""
    (tmp_path / "my crystal.cif").touch()
    (tmp_path / "catalog").mkdir()
    found, said = offered(line, tmp_path)
    plain = {word.replace("\\ ", " ") for word in found}
    assert set(some) <= plain, found
    assert not plain & set(none)
    assert said.rpartition(",")[0] == "", "heavy libraries are loaded"
    commands = len(COMMANDS) if line.count(" ") == 1 else 1
    assert int(said.rpartition(",")[2]) <= commands + len(SHARED)


@needed
def test_the_module_completes_like_the_program(tmp_path: Path) -> None:
    found, _ = offered("symchiral expl", tmp_path, [sys.executable, "-m", "symchiral"])
    assert found == ["explain "]


@needed
def test_without_argcomplete_the_shell_hears_nothing(tmp_path: Path) -> None:
    (tmp_path / "argcomplete.py").write_text("raise ImportError('gone')", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, "_ARGCOMPLETE": "1", "COMP_LINE": "symchiral ",
           "COMP_POINT": "10"}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['symchiral']; "
         "from symchiral.cli import main; main()"],
        env=env, capture_output=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", b"")


def test_the_shell_finds_the_mark() -> None:
    """argcomplete looks for it in the first kilobyte of the module that is the entry point."""
    for file in ("cli/__init__.py", "__main__.py"):
        start = (Path(sc.__file__).parent / file).read_bytes()[:1024]
        assert b"PYTHON_ARGCOMPLETE_OK" in start


def test_names_that_are_offered_can_be_read() -> None:
    """Every crystal, and what lies beside its forces; an output file is never one of them."""
    sub = parser(["simulate"])._subparsers
    assert sub is not None
    choices = sub._group_actions[0].choices
    assert choices is not None
    actions = {action.dest: action for action in dict(choices)["simulate"]._actions}  # type: ignore[call-overload]
    crystals = names("", actions["file"])
    assert set(crystals) == {*sc.structure_names(), *(f"{x}/" for x in force_data_names())}
    shipped = import_module("symchiral.reading.shipped")
    count = 0
    for folder in force_data_names():
        inside = names(f"{folder}/", actions["file"])
        assert f"{folder}/phonopy.yaml" in inside
        for name in inside:
            found = shipped.find_beside(name) or shipped.find_structure(name)
            assert found.parent.name == folder
            count += 1
    assert count >= 30
    for output in ("output", "table", "figure", "trajectory", "pump"):
        assert names("", actions[output]) == []


def test_words_that_are_finished() -> None:
    line = "symchiral predict Bi2"
    for point, words in ((10, []), (12, []), (18, ["predict"]), (21, ["predict"])):
        asked = {"COMP_LINE": line, "COMP_POINT": str(point), "_ARGCOMPLETE": "1"}
        assert line_words(asked) == words
    module = "python -m symchiral predict B"
    asked = {"COMP_LINE": module, "COMP_POINT": str(len(module)), "_ARGCOMPLETE": "3"}
    assert line_words(asked) == ["predict"]
