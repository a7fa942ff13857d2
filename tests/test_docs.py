"""What the documentation shows is what the program does.

Three kinds of fenced blocks in ``docs/*.md`` are run:

* ``pycon``: a Python session, a doctest; names live on from block to block of a page;
* ``console``: ``$ symchiral …`` and below it what a terminal shows, messages folded at 95 columns;
  the command succeeds, unless a line that begins with ``symchiral:`` says otherwise;
* ``sh``: lines ``symchiral …`` that must succeed.

``python tests/test_docs.py`` writes the present output into the ``console`` blocks.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import tempfile
import textwrap
from pathlib import Path

import pytest
from sandbox import ROOT, sandbox, status_of

import symchiral
from symchiral import errors

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
WIDTH = 95
"""Columns at which messages are folded; the longest line of a block."""

_BLOCK = re.compile(r"^```(?P<kind>pycon|console|sh)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"^### C(\d+)\. ", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: Pages whose commands take long; they are run with the sweep.
HEAVY = {
    f"{page}.md" for page in ("tutorial_experimentalist", "tutorial_screener", "dynamics", "bands")
}
TERMINALS = [pytest.param(p, marks=[pytest.mark.sweep] * (p.name in HEAVY)) for p in PAGES]

#: Sessions that there are at least, so that a pattern that finds none fails.
EXAMPLES = 100


@pytest.fixture(autouse=True)
def _as_at_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(sandbox(tmp_path))
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONIOENCODING", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[tuple[int, str]]:
    """Line number and body of every block of a kind."""
    return [
        (text.count("\n", 0, match.start()) + 1, match["body"])
        for match in _BLOCK.finditer(text)
        if match["kind"] == kind
    ]


def examples(text: str) -> list[doctest.Example]:
    """Every Python example of a text, numbered by its lines."""
    found = []
    for line, body in blocks(text, "pycon"):
        for example in doctest.DocTestParser().get_examples(body):
            example.lineno += line
            found.append(example)
    return found


def screen_of(command: str) -> tuple[int, str]:
    """Exit code of a command, and what a terminal shows: messages (folded), then the answer."""
    words = shlex.split(command)
    assert words[0] == "symchiral", command
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = status_of(words[1:])
    texts = []
    for stream in (err, out):
        stream.seek(0)
        texts.append(stream.read())
    messages = [
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"
        for line in texts[0].splitlines()
    ]
    return code, "".join(messages) + texts[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_sessions(page: Path) -> None:
    found = examples(text_of(page))
    test = doctest.DocTest(found, {}, page.name, str(page), 0, None)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    failed, attempted = runner.run(test, out=report.write)
    assert not failed, report.getvalue()
    assert attempted == len(found)


def test_how_many_examples() -> None:
    assert sum(len(examples(text_of(page))) for page in PAGES) >= EXAMPLES


def test_every_convention_has_an_example() -> None:
    text = text_of(DOCS / "conventions.md").split("\n## Stated for later")[0]
    parts = _ITEM.split(text)
    numbers, bodies = [int(n) for n in parts[1::2]], parts[2::2]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 20
    for number, body in zip(numbers, bodies, strict=True):
        assert f"(c{number})=" in text, f"C{number} has no anchor"
        tested = [example for example in examples(body) if example.want]
        assert tested, f"C{number} has no example"


@pytest.mark.parametrize("page", TERMINALS, ids=lambda page: page.name)
def test_terminals_show_the_real_output(page: Path) -> None:
    for line, body in blocks(text_of(page), "console"):
        first, _, shown = body.partition("\n")
        assert first.startswith("$ symchiral "), (page.name, line)
        code, real = screen_of(first.removeprefix("$ "))
        assert shown == real, (page.name, line)
        failed = re.search(r"^symchiral: ", shown, re.MULTILINE) is not None
        assert code == int(failed), (page.name, line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_shell_commands_succeed(page: Path) -> None:
    for line, body in blocks(text_of(page), "sh"):
        for command in body.splitlines():
            if command.startswith("symchiral "):
                code, _ = screen_of(command.split(" > ")[0].split(" | ")[0])
                assert code == 0, (page.name, line, command)


def test_tutorials_need_no_checkout() -> None:
    """A reader who installed the package types them in an empty folder."""
    pages = [p for p in PAGES if p.stem in ("index", "guide") or p.stem.startswith("tutorial_")]
    assert len(pages) == 5
    found = [
        (page.name, line)
        for page in pages
        for kind in ("pycon", "console", "sh")
        for line, body in blocks(text_of(page), kind)
        if re.search(r"\b(?:structures|docs|tests|tools)/", body)
    ]
    assert not found


# --- the tree of errors ------------------------------------------------------------------------


def drawn_tree() -> str:
    """The tree of the docstring of ``symchiral.errors``."""
    assert errors.__doc__ is not None
    tree = errors.__doc__.split("::\n\n", 1)[1].split("\n\n", 1)[0]
    return textwrap.dedent(tree) + "\n"


def test_the_error_page_draws_the_tree() -> None:
    assert f"```text\n{drawn_tree()}```\n" in text_of(DOCS / "errors.md")


def test_the_drawn_tree_is_the_real_one() -> None:
    parents: list[type[Exception]] = []
    drawn = set()
    for line in drawn_tree().splitlines():
        depth = len(re.match(r"[│ ├└─]*", line)[0]) // 4  # type: ignore[index]
        kind = getattr(errors, re.search(r"\w+Error", line)[0])  # type: ignore[index]
        parents[depth:] = [kind]
        drawn.add(kind)
        if depth:
            assert kind.__bases__ == (parents[depth - 1],)
    real = {k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)}
    assert drawn == real


def test_the_error_page_shows_every_error() -> None:
    text = text_of(DOCS / "errors.md")
    headings = re.findall(r"^## (\w+Error)$", text, re.MULTILINE)
    names = re.findall(r"\w+Error", drawn_tree())
    assert headings == names[1:]
    for name, body in zip(headings, re.split(r"^## \w+Error$", text, flags=re.M)[1:], strict=True):
        assert re.search(r"^```(console|pycon)$", body, re.MULTILINE), f"{name} has no example"


# --- the interface -----------------------------------------------------------------------------


def test_the_interface_page_lists_every_public_name() -> None:
    text = text_of(DOCS / "api.md")
    listed = re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(set(symchiral.__all__) - {"__version__"})


def test_every_page_is_in_the_index() -> None:
    text = text_of(DOCS / "index.md")
    tree = text.partition("```{toctree}")[2]
    for page in PAGES:
        if page.stem != "index" and not text_of(page).startswith("---\norphan: true"):
            assert re.search(rf"^{page.stem}$", tree, re.MULTILINE), page.name
            assert f"({page.name})" in text, page.name


def write() -> None:
    """Write the present output into the console blocks of every page."""

    def renewed(match: re.Match[str]) -> str:
        if match["kind"] != "console":
            return match[0]
        first = match["body"].partition("\n")[0]
        return f"```console\n{first}\n{screen_of(first.removeprefix('$ '))[1]}```"

    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(sandbox(Path(folder)))
            text = text_of(page)
            new = _BLOCK.sub(renewed, text)
            if new != text:
                page.write_text(new, encoding="utf-8")
            os.chdir(ROOT)


if __name__ == "__main__":
    write()
