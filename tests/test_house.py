"""Laws of the source itself: who may know what of whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import symchiral

PACKAGE = Path(symchiral.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {
    ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)) for path in FILES
}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text("utf-8"))) for path in FILES]


def test_no_file_uses_what_another_keeps_private() -> None:
    """Neither ``from symchiral.x import _y`` nor ``x._y`` of a module of ours."""
    found: list[str] = []
    imports = 0
    for path, tree in trees():
        modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symchiral"):
                imports += 1
                found += [
                    f"{path.name}: {node.module}.{a.name}" for a in node.names if private(a.name)
                ]
                for alias in node.names:
                    if f"{node.module}.{alias.name}" in MODULES:
                        modules.add(alias.asname or alias.name)
            elif isinstance(node, ast.Import):
                modules |= {a.asname for a in node.names if a.asname and a.name in MODULES}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and private(node.attr):
                owner = node.value
                if isinstance(owner, ast.Name) and owner.id in modules:
                    found.append(f"{path.name}: {owner.id}.{node.attr}")
    assert not found
    assert imports > 1000


def test_an_array_type_has_one_name() -> None:
    """``Floats``, ``Complex`` and ``Integers`` are defined in ``value`` and nowhere else."""
    homes = defaultdict(set)
    for path, tree in trees():
        for node in tree.body:
            if isinstance(node, ast.Assign) and "NDArray[np." in ast.unparse(node.value):
                homes[ast.unparse(node.value)].add(path.relative_to(PACKAGE).as_posix())
    assert len(homes) == 3
    assert all(files == {"value.py"} for files in homes.values())


COMMANDS_LOADED = {"calculator", "fields", "files", "forces", "predict", "printing", "streams"}
"""Modules of the command line that predict shares with other commands, or is."""


@pytest.mark.parametrize("name", ["Bi2Se3", "P2I4", "Cr2O3_AFM"])
def test_predict_loads_what_it_needs(name: str) -> None:
    """Rules of a CIF ask for no force, no coupling, no trace and no reader of another format.

    Nor for another command, a pump, an invariant, or what a field changes: nobody asked for them.
    With an axis, with none, and of a magnet.
    """
    code = (
        "import sys; from symchiral.cli import main; from symchiral.reading.shipped import *;"
        f"main(['predict', str(find_structure({name!r})), '--quiet']);"
        "print(*(m for m in sys.modules if m.startswith('symchiral')), file=sys.stderr)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(out.stderr.split())
    rooms = {name.split(".")[1] for name in loaded if "." in name}
    assert rooms.isdisjoint({"forces", "anharmonic", "dynamics", "traces", "figures", "write"})
    assert loaded.isdisjoint(
        {f"symchiral.reading.{x}" for x in ("espresso", "foreign", "couplings", "spectrum")}
    )
    assert loaded.isdisjoint(
        {"symchiral.fields.pump", "symchiral.engine.invariant", "symchiral.rules.changes"}
    )
    commands = {name.split(".")[2] for name in loaded if name.startswith("symchiral.cli.")}
    assert commands == COMMANDS_LOADED | {"structures", "studies"}
    assert 60 < len(loaded) <= 110


def test_a_public_class_has_a_name_of_its_own() -> None:
    """Two nouns never share a name; the record of an answer may be called as its noun."""
    homes = defaultdict(list)
    for path, tree in trees():
        if path.parent.name != "answers":
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not private(node.name):
                    homes[node.name].append(path.relative_to(PACKAGE).as_posix())
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
    assert len(homes) > 150


def test_the_layers_in_contributing_are_those_that_are_checked() -> None:
    root = PACKAGE.parent
    text = (root / "CONTRIBUTING.md").read_text("utf-8")
    (block,) = re.findall(r"From the top:\n\n```\n(.*?)```", text, re.DOTALL)
    contracts = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in contracts["contracts"] if c["id"] == "layers")
    checked = [{part.strip(" ()") for part in layer.split("|")} for layer in layers]
    shown = [{part.strip() for part in line.split("|")} for line in block.splitlines()]
    assert [layer - {"__main__"} for layer in checked if layer != {"__main__"}] == shown


#: Words of this project's own that a physicist would have to guess.
DIALECT = re.compile(
    r"\bhand(s|ed|ing)? (over|on to|rotation)\b|\bturns? the (other|same|opposite) way\b"
    r"|\b(atoms|modes|lines) (may |can |cannot )?turn\b|\bwhich way the atoms\b"
    r"|\bchannels? ends?\b|\bcounts mod\b|\blook whether\b|\btrue rotation\b|\bno more is known\b",
    re.IGNORECASE,
)


def test_words_are_those_of_the_field() -> None:
    """Texts of the package, and pages but for code and what others wrote."""
    found, read = [], 0
    root = PACKAGE.parent
    pages = [*sorted((root / "docs").glob("*.md")), root / "README.md", root / "CONTRIBUTING.md"]
    for path in (*FILES, *pages):
        text = " ".join(path.read_text("utf-8").replace('"\n', "").split())
        read += len(text)
        found += [f"{path.name}: {match[0]}" for match in DIALECT.finditer(text)]
    assert not found
    assert read > 1_000_000


@pytest.mark.parametrize("name", ["rotation_sense", "am_transfer", "other_senses", "open_sites"])
def test_what_a_transfer_does_is_said_by_its_noun_and_its_answer(name: str) -> None:
    """Below ``text`` the noun, the record of the answer and at most one table more name it."""
    told = re.compile(rf"\.{name}\b|\b{name}[:=]|def {name}\b|\"{name}\"")
    homes = [path.relative_to(PACKAGE) for path in FILES if told.search(path.read_text("utf-8"))]
    rooms = [path.parts[0] for path in homes if path.parts[0] not in ("text", "__init__.py")]
    assert len(rooms) <= 3
    assert {"rules", "answers"} <= set(rooms)


#: Files where sentences are made or shown, and what a regular expression reads there.
READ_BY_PATTERN = {
    "page/mathml.py": "names of species",
    "page/report.py": "formulas",
    "page/tables.py": "screw axes",
    "text/formats.py": "numbers, names of species, rows of matrices",
}


def test_no_sentence_of_ours_is_read_by_a_pattern() -> None:
    """A new file here that imports ``re`` says what it reads: names and numbers, not our prose."""
    shown = {"table.py", "cli/printing.py", "cli/streams.py"}
    found = set()
    for path, tree in trees():
        name = path.relative_to(PACKAGE)
        if name.parts[0] in ("page", "text") or name.as_posix() in shown:
            imports = [x for x in ast.walk(tree) if isinstance(x, ast.Import)]
            if any(alias.name == "re" for x in imports for alias in x.names):
                found.add(name.as_posix())
    assert found == set(READ_BY_PATTERN)
