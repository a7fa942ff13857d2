"""What the README and the documentation show is what the program does."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import ase.io
import pytest
from sandbox import ROOT, sandbox, status_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_OUTPUT = re.compile(r"<!-- output: (symchiral .*?) -->\n(.*?)<!-- /output -->", re.DOTALL)
_CODE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SHELL = re.compile(r"`(symchiral [a-z]+ [^`]+)`")


@pytest.fixture(autouse=True)
def _as_at_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(sandbox(tmp_path))
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONIOENCODING", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def output_of(command: str) -> str:
    words = shlex.split(command)
    assert words[0] == "symchiral"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream):
        assert status_of(words[1:]) == 0
    stream.seek(0)
    return stream.read()


def test_the_readme_shows_the_flagship() -> None:
    commands = [command for command, _ in _OUTPUT.findall(README)]
    assert "symchiral predict structures/Bi2Se3.cif" in commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_outputs_shown_are_the_real_ones(page: Path) -> None:
    for command, shown in _OUTPUT.findall(page.read_text(encoding="utf-8")):
        assert shown == f"```text\n{output_of(command)}```\n", command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page: Path) -> None:
    blocks = _CODE.findall(page.read_text(encoding="utf-8"))
    assert blocks or page.name != "README.md"
    names: dict[str, object] = {"atoms": ase.io.read(ROOT / "structures" / "Bi2Se3.cif")}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_text_run(page: Path) -> None:
    for command in _SHELL.findall(page.read_text(encoding="utf-8")):
        if "FILE" not in command and "…" not in command:
            assert output_of(command)
