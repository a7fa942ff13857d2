"""tools/goldens.py: what it records twice is equal, and what changes is noticed."""

from __future__ import annotations

import copy
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "goldens.py"

spec = importlib.util.spec_from_file_location("goldens", TOOL)
assert spec is not None
assert spec.loader is not None
goldens = importlib.util.module_from_spec(spec)
sys.modules["goldens"] = goldens
spec.loader.exec_module(goldens)

ANSWER: dict[str, Any] = {
    "words": ["simulate", "x"],
    "json": {
        "status": 0,
        "document": {"modes": [{"name": "Eu#1", "q": [1.0, 1e-20]}], "note": "it turns"},
        "stderr": ["warning: one"],
        "files": {},
    },
    "plain": {"status": 0, "stdout": ["a", "b"], "stderr": [], "files": {"s.csv": ["1", "2"]}},
}


def found(change: Any, name: str = "simulate/x") -> Any:
    """The comparison of an answer with the same changed."""
    other = copy.deepcopy(ANSWER)
    change(other)
    comparison = goldens.Comparison()
    comparison.case(name, ANSWER, other)
    return comparison


CHANGES: dict[str, Any] = {
    "a word": lambda a: a["json"]["document"]["modes"][0].update(name="Eu#2"),
    "a number": lambda a: a["json"]["document"]["modes"][0]["q"].__setitem__(0, 1.000001),
    "a type": lambda a: a["json"]["document"].update(note=True),
    "a missing key": lambda a: a["json"]["document"].pop("note"),
    "an entry": lambda a: a["json"]["document"]["modes"].append({}),
    "a document that is text": lambda a: a["json"].update(stdout=[a["json"].pop("document")]),
    "a status": lambda a: a["plain"].update(status=1),
    "a warning": lambda a: a["json"].update(stderr=[]),
    "a line": lambda a: a["plain"]["stdout"].__setitem__(1, "c"),
    "a file": lambda a: a["plain"]["files"].clear(),
    "a line of a file": lambda a: a["plain"]["files"]["s.csv"].__setitem__(1, "3"),
    "a form": lambda a: a.pop("plain"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_noticed(what: str) -> None:
    comparison = found(CHANGES[what])
    assert dict(comparison.bad) == {"simulate": {"simulate/x"}}


def test_new_keys_and_rounding_are_no_changes() -> None:
    def new(answer: Any) -> None:
        mode = answer["json"]["document"]["modes"][0]
        mode["pam"] = "1"
        # The second number is nothing beside the first.
        mode["q"] = [1 + 1e-12, -1e-13]

    comparison = found(new)
    assert not comparison.bad
    assert dict(comparison.new) == {"simulate: json $.document.modes[].pam": 1}
    # Other commands have no tolerance.
    assert found(new, "predict/x").bad


def test_every_line_is_a_case_with_a_file_of_its_own() -> None:
    found = goldens.cases(set())
    assert len(found) > 1000
    assert len({case.name for case in found}) == len(found)
    commands = {case.command for case in found}
    assert commands >= {"predict", "explain", "show", "light", "modes", "bands", "couple", "audit"}


def test_two_records_are_equal(tmp_path: Path) -> None:
    """The few cases of the folder of usage, and a damaged copy."""

    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, str(TOOL), *words], capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    for folder in (one, two):
        assert run("record", folder, "--only", "schema,usage", "--jobs", "1")[0] == 0
    assert run("compare", one, two) == (
        0,
        "schema        2 cases: equal\nusage         2 cases: equal\n",
    )
    file = next(Path(two, "usage").glob("*.json"))
    damaged = json.loads(file.read_text())
    damaged["plain"]["status"] = 7
    file.write_text(json.dumps(damaged))
    status, text = run("compare", one, two)
    assert status == 1
    assert "→ 7" in text
    assert "1 changed or missing" in text
    file.unlink()
    assert run("compare", one, two, "--brief")[0] == 1
