"""Plant wrong arithmetic in the package, one place at a time, and see whether a test notices.

    python tools/plant_bugs.py rules crystal/frame.py --number 20 --seed 1

Of every room (or module) that is named, places are drawn where a sign, a factor, an exponent, a
conjugation, a transposition, an axis, an index or a comparison can be wrong. The change is made in
a temporary copy of the work tree, and the tests of the room are run on it until the first fails. A
survivor is a hole in the tests, or a change that makes no difference: somebody has to look.

The tests are first run as they are; what fails then is left out. With the same seed and the same
sources the same places are drawn.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TESTS = {
    "rules": "fields light_tensors raman facts laws light magnetic_light magnetism reached "
    "linear_pumps words_in turning senses agreement agreement_q",
    "irreps": "facts laws isoir kpoints tables states representation modes agreement",
    "modes": "modes parts raman phonopy_modes dynamics direction bands turning animation",
    "crystal": "frame setting fields orientation wavevectors structures magnetism laws modes "
    "magnetic_marks io invariance",
    "fields": "fields orientation light light_tensors magnetic_light linear_pumps transfers",
    "dynamics": "dynamics anharmonic coupling_errors",
    "traces": "experiment energy multiplet validation linear_pumps laboratory_files records "
    "study_experiment",
}
"""Test files of a room, without ``test_``."""

SECONDS = 400
"""A run that takes longer is counted as noticed: it hangs."""

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "argmin": "argmax"}
DROPPED = ("conj", "transpose", "swapaxes", "abs", "conjugate")


@dataclass(frozen=True)
class Bug:
    """One wrong expression in one place."""

    path: Path
    line: int
    what: str
    source: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def changes(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what an expression can be taken for."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
            if isinstance(op, ast.Mult):
                yield ast.BinOp(ast.Constant(2), ast.Mult(), node)
        case ast.BinOp(left, ast.MatMult(), right):
            yield ast.BinOp(right, ast.MatMult(), left)
        case ast.BinOp(left, ast.Pow(), ast.Constant(int() as n)):
            yield ast.BinOp(left, ast.Pow(), ast.Constant(n + 1))
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Compare(left, [op], right) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.Attribute(value, "T"):
            yield value
        case ast.Subscript(value, ast.Constant(int() as n)):
            yield ast.Subscript(value, ast.Constant(n - 1 if n else 1), ast.Load())
        case ast.Call(ast.Attribute(ast.Name("np"), name), [first, *rest], keywords) if (
            not isinstance(first, ast.Starred)
        ):
            if name in DROPPED:
                yield first
            elif name in ("exp", "sin", "tan", "arctan2"):
                yield ast.Call(node.func, [ast.UnaryOp(ast.USub(), first), *rest], keywords)
        case ast.Call(ast.Attribute(value, name), _, []) if name in DROPPED:
            yield value
        case ast.Call(ast.Name(name) as named, arguments, keywords) if name in TWINS:
            if len(arguments) > 1 or name in ("any", "all"):
                yield ast.Call(ast.Name(TWINS[named.id], ast.Load()), arguments, keywords)
    if isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            if keyword.arg == "axis" and isinstance(keyword.value, ast.Constant):
                other = ast.keyword("axis", ast.Constant(0 if keyword.value.value else 1))
                keywords = [*node.keywords[:i], other, *node.keywords[i + 1 :]]
                yield ast.Call(node.func, node.args, keywords)


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the expressions that compute: none of annotations, texts, errors or what is shown."""
    if isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr)):
        return
    if isinstance(node, ast.FunctionDef) and node.name == "__repr__":
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(
            node, ast.Call
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from expressions(child)


def bugs(path: Path) -> list[Bug]:
    """Every bug that can be planted in a module."""
    source = path.read_text(encoding="utf-8")
    lines = source.encode().splitlines(keepends=True)
    found = []
    for node in expressions(ast.parse(source)):
        for wrong in changes(node):
            assert isinstance(node, ast.expr)
            if any(
                isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node)
            ):
                continue
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
            end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
            text = f"({ast.unparse(ast.fix_missing_locations(wrong))})"
            whole = source.encode()
            changed = (whole[:start] + text.encode() + whole[end:]).decode()
            what = f"{' '.join(whole[start:end].decode().split())}  ->  {text}"
            found.append(Bug(path.relative_to(ROOT), node.lineno, what, source, changed))
    return found


def failures(tree: Path, words: list[str]) -> list[str]:
    """Return the tests that fail."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {
            "SYMCHIRAL_CACHE": cache,
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": cache,
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
        try:
            done = subprocess.run(
                command,
                cwd=tree,
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return ["no end"]
    if done.returncode == 0:
        return []
    lines = [x for x in done.stdout.splitlines() if x.startswith(("FAILED ", "ERROR "))]
    return [x.split()[1] for x in lines] or [done.stdout[-300:] + done.stderr[-300:]]


def main() -> None:
    """Draw, plant, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("places", nargs="+", help="rooms, or modules as crystal/frame.py")
    parser.add_argument("--number", type=int, default=10, help="bugs for each of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", help="test files; default those of the room")
    options = parser.parse_args()
    score: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "_build", "build", "dist")
        shutil.copytree(ROOT, tree, ignore=ignored)
        for place in options.places:
            files = [ROOT / "symchiral" / place]
            if files[0].is_dir():
                files = sorted(files[0].rglob("*.py"))
            room = TESTS[place.split("/")[0]].split()
            tests = options.tests or [f"tests/test_{name}.py" for name in room]
            found = [bug for file in files for bug in bugs(file)]
            drawn = random.Random(options.seed).sample(found, min(options.number, len(found)))
            print(f"{place}: {len(drawn)} of {len(found)} bugs, {len(tests)} files of tests")
            for name in failures(tree, tests):
                print(f"fails as it is, and is left out: {name}")
                tests = [*tests, f"--deselect={name}"]
            for bug in drawn:
                start = time.monotonic()
                (tree / bug.path).write_text(bug.wrong, encoding="utf-8")
                found_by = failures(tree, ["-x", *tests])
                (tree / bug.path).write_text(bug.source, encoding="utf-8")
                word = "noticed" if found_by else "SURVIVED"
                seconds = time.monotonic() - start
                print(f"{word:8} {seconds:4.0f} s  {bug}  {found_by}", flush=True)
                score[word] += 1
    print(f"{score['noticed']} noticed, {score['SURVIVED']} survived (seed {options.seed})")


if __name__ == "__main__":
    main()
