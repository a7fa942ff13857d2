"""The help: every command ends it with two examples, and they run."""

from __future__ import annotations

import shlex
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import symchiral as sc
from symchiral.cli import COMMANDS, FIRST, SHARED, main, parse

Capture = pytest.CaptureFixture[str]
MODULES = {name: import_module(f"symchiral.cli.{name}") for name in COMMANDS}
LINES = [line for module in MODULES.values() for line in module.EXAMPLES]
ELSEWHERE = ("phonons", "audit", "serve")
"""Commands that want a calculator or force constants of third order, or do not end: theirs are only
read here."""


def test_what_makes_a_module_a_command() -> None:
    """Its name: all others are named as shared, and none of them looks like a command."""
    assert COMMANDS[: len(FIRST)] == FIRST
    assert len(COMMANDS) == len(set(COMMANDS)) >= 19
    for name, module in MODULES.items():
        assert callable(module.configure), name
        assert callable(module.run), name
        assert module.SUMMARY[0].islower(), name
    for name in SHARED:
        assert not hasattr(import_module(f"symchiral.cli.{name}"), "SUMMARY"), name


def test_help_ends_with_two_examples(capsys: Capture) -> None:
    for name, module in MODULES.items():
        with pytest.raises(SystemExit):
            main([name, "--help"])
        text = capsys.readouterr().out
        assert len(module.EXAMPLES) == 2
        first, second = text.splitlines()[-2:]
        assert (first, second) == tuple(f"  symchiral {line}" for line in module.EXAMPLES)
        assert all(line.split()[0] == name for line in module.EXAMPLES)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of one crystal, made once and copied where an example wants some."""
    folder = tmp_path_factory.mktemp("catalogs") / "catalog"
    sc.screen(["Te_P3121"], out=folder, jobs=1)
    return folder


@pytest.mark.parametrize("line", LINES)
def test_examples_run(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, catalog: Path, line: str
) -> None:
    words = shlex.split(line)
    assert parse(words).run is MODULES[words[0]].run
    if words[0] in ELSEWHERE:
        return
    monkeypatch.chdir(tmp_path)
    if words[0] == "cite":
        assert main(["predict", "Bi2Se3", "-o", "answer.json", "--quiet"]) == 0
    if words[0] in ("query", "merge"):
        for name in ("catalog", "shard1", "shard2"):
            shutil.copytree(catalog, name)
    assert main(words) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert out or any(name.suffix for name in tmp_path.iterdir() if name.name in words)
