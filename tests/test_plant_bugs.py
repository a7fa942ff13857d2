"""What tools/plant_bugs.py plants: modules that still parse and compute something else."""

from __future__ import annotations

import ast
import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "plant_bugs.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plant_bugs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_bugs_parse_and_differ(tool: ModuleType) -> None:
    modules = sorted((tool.ROOT / "symchiral" / "rules").glob("*.py"))
    found = [bug for path in modules for bug in tool.bugs(path)]
    assert len(found) > 500
    for bug in random.Random(4).sample(found, 80):
        assert ast.dump(ast.parse(bug.wrong)) != ast.dump(ast.parse(bug.source)), str(bug)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("a + b", {"(a - b)"}),
        ("a * b", {"(a / b)", "(2 * (a * b))"}),
        ("a @ b", {"(b @ a)"}),
        ("a ** 2", {"(a ** 3)"}),
        ("-a", {"(a)"}),
        ("a < b", {"(a <= b)"}),
        ("a.T", {"(a)"}),
        ("a[1]", {"(a[0])"}),
        ("a.conj()", {"(a)"}),
        ("np.exp(a)", {"(np.exp(-a))"}),
        ("a.sum(axis=0)", {"(a.sum(axis=1))"}),
        ("'a' + b", set()),
    ],
)
def test_what_an_expression_is_taken_for(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, right: str, wrong: set[str]
) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(f'"""Of a − b."""\nx: a - b = {right}\n', encoding="utf-8")
    assert {bug.wrong.split("= ", 1)[1].strip() for bug in tool.bugs(path)} == wrong
