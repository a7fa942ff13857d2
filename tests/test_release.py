"""What is published: metadata, versions, recipe, citation and workflows agree with one another."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox import ROOT

import symchiral
from symchiral.cli import parse

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
URLS: dict[str, str] = PROJECT["urls"]
VERSION = symchiral.__version__
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def loaded(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


# ---------------------------------------------------------------- metadata


def test_versions_of_python_are_one_list() -> None:
    lines = [line for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    versions = [line.rpartition(" ")[2] for line in lines]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    minors = [int(version.partition(".")[2]) for version in versions]
    assert minors == list(range(11, 11 + len(minors)))
    assert workflow("test")["jobs"]["tests"]["strategy"]["matrix"]["python"] == versions


def test_no_address_is_invented() -> None:
    """Addresses stand in [project.urls]; what names one elsewhere names the same."""
    assert set(URLS) <= {"Repository", "Documentation", "Issues", "Changelog", "Homepage"}
    assert all(re.fullmatch(r"https://[\w.-]+/\S*", url) for url in URLS.values())
    citation, about = loaded("CITATION.cff"), loaded("recipe/recipe.yaml")["about"]
    home = URLS.get("Documentation", URLS.get("Repository"))
    assert citation.get("repository-code") == URLS.get("Repository")
    assert citation.get("url") == URLS.get("Documentation")
    assert about.get("homepage") == home
    assert about.get("repository") == URLS.get("Repository")
    assert about.get("documentation") == URLS.get("Documentation")


def test_the_readme_of_the_index_has_absolute_links() -> None:
    absolute = runpy.run_path(str(ROOT / "tools" / "readme.py"))["absolute"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    new = absolute(text, "https://forge.example/group/symchiral/", "v1.2")
    start = "https://forge.example/group/symchiral"
    assert f"![Two modes of Bi2Se3 in time]({start}/raw/v1.2/docs/figures/" in new
    assert f"[docs/dynamics.md]({start}/blob/v1.2/docs/dynamics.md)" in new
    links = re.findall(r"\]\(([^)]+)\)", new)
    assert len(links) == len(re.findall(r"\]\(([^)]+)\)", text)) >= 8
    assert all(link.startswith("https://") for link in links)
    paths = [link.split("/v1.2/")[1] for link in links if "/v1.2/" in link]
    assert len(paths) >= 6
    assert all((ROOT / path).is_file() for path in paths), paths
    assert absolute(new, "https://elsewhere.example", "v2") == new


def test_the_source_distribution_holds_what_its_tests_read() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    wanted = {"/symchiral", "/structures", "/tests", "/tools", "/docs", "/recipe", "/.github"}
    assert wanted <= set(build["build"]["targets"]["sdist"]["include"])


def test_the_page_on_installing_lists_the_extras() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE))
    named = re.search(r"^((?:`\w+`(?:, | and ))+`\w+`) are for work", text, re.MULTILINE)
    assert named is not None
    assert set(rows) | set(re.findall(r"`(\w+)`", named[1])) == set(EXTRAS)
    for extra, libraries in rows.items():
        if extra != "all":
            for requirement in EXTRAS[extra]:
                library = re.match(r"\w+", requirement)[0]  # type: ignore[index]
                assert library.replace("torch", "pytorch") in libraries.lower(), (extra, library)
    assert EXTRAS["all"] == [f"symchiral[{','.join(sorted(list(rows)[:5]))}]"]


def test_errors_name_requirements_of_the_extras() -> None:
    """An error that misses a library asks for the version that its extra asks for."""
    known = {line.replace(" ", "") for lines in EXTRAS.values() for line in lines}
    found = []
    for path in sorted((ROOT / "symchiral").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"pip install[^`\n]*symchiral\[", text), path
        found += re.findall(r"""(?<!def )\binstall\(['"]([^'"]+)['"]\)""", text)
    assert len(found) >= 8
    assert set(found) <= known


# ---------------------------------------------------------------- one version, one date


def test_one_version_and_one_date() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    released = [line for line in headings if line != "[Unreleased]"]
    assert headings.index(released[0]) <= 1  # [Unreleased] stands above all others
    found = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", line) for line in released]
    assert all(found), released
    versions = [tuple(map(int, match[1].split("."))) for match in found if match]
    dates = [date.fromisoformat(match[2]) for match in found if match]
    assert versions == sorted(versions, reverse=True)
    assert dates == sorted(dates, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    citation = loaded("CITATION.cff")
    assert ".".join(map(str, versions[0])) == citation["version"] == VERSION
    assert dates[0] == citation["date-released"]
    assert loaded("recipe/recipe.yaml")["context"]["version"] == VERSION
    if tag := os.environ.get("RELEASE"):
        assert tag == f"v{VERSION}"
        assert headings[0] == released[0], "what is unreleased belongs to the release"


CFF = {
    "cff-version": str, "message": str, "title": str, "type": str, "version": str,
    "date-released": date, "license": str, "authors": list, "abstract": str, "keywords": list,
    "doi": str, "identifiers": list, "repository-code": str, "url": str, "contact": list,
    "repository-artifact": str, "references": list, "preferred-citation": dict,
}  # fmt: skip
"""Keys of the format 1.2.0 that are of use here, and their types."""


def test_the_citation_is_complete() -> None:
    citation = loaded("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    for key, value in citation.items():
        assert type(value) is CFF[key], key
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"]
    people = {"family-names", "given-names", "name-particle", "name-suffix", "orcid", "email"}
    for author in citation["authors"]:
        keys = set(author)
        assert keys == {"name"} or {"family-names", "given-names"} <= keys <= people | {
            "affiliation", "website", "alias",
        }  # fmt: skip
    if "doi" in citation:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", citation["doi"])
    assert set(citation["keywords"]) <= set(PROJECT["keywords"])


# ---------------------------------------------------------------- the conda package

CONDA = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
"""Libraries whose package has another name there."""


def test_the_recipe_asks_for_what_the_package_asks_for() -> None:
    recipe = loaded("recipe/recipe.yaml")
    run = recipe["requirements"]["run"]
    assert run[0] == "python >=${{ python_min }}"
    # Not that of conda-forge, which may be older; elsewhere there is none, and nothing is rendered.
    assert f">={recipe['context']['python_min']}" == PROJECT["requires-python"]
    wanted = []
    for requirement in PROJECT["dependencies"]:
        name, bounds = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()  # type: ignore[union-attr]
        wanted.append(f"{CONDA.get(name, name)} {bounds}".strip())
    assert run[1:] == wanted
    assert len(wanted) >= 12
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    hosts = [line.replace(" ", "") for line in recipe["requirements"]["host"]]
    assert set(build["requires"]) <= set(hosts)
    (entry,) = recipe["build"]["python"]["entry_points"]
    assert entry == f"symchiral = {PROJECT['scripts']['symchiral']}"
    assert recipe["build"]["noarch"] == "python"
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert recipe["about"]["license"] == PROJECT["license"]
    assert (ROOT / recipe["about"]["license_file"]).is_file()
    for line in recipe["tests"][1]["script"]:
        runs(line)


# ---------------------------------------------------------------- workflows of a forge


def workflow(name: str) -> Any:
    return loaded(f".github/workflows/{name}.yml")


def steps() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in workflow(path.stem)["jobs"].items():
            for step in job["steps"]:
                yield path.stem, name, step


PROGRAMS = {
    "pytest": "test", "ruff": "dev", "mypy": "dev", "lint-imports": "dev", "build": "dev",
    "twine": "dev", "sphinx-build": "docs",
}  # fmt: skip
"""Programs that a workflow may run, and the extra that brings each."""


def runs(line: str) -> str | None:
    """Check that a command exists; return the program, None for pip and symchiral itself."""
    words = shlex.split(line)
    if words[0] == "symchiral":
        if words[1] != "--version":
            assert callable(parse(words[1:]).run)
        return None
    if words[:2] == ["python", "-m"]:
        words = words[2:]
    if words[0] == "pip":
        assert words[1] == "install", line
        for extra in installed(line):
            assert extra in EXTRAS, line
        return None
    assert words[0] in PROGRAMS, line
    for word in words[1:]:
        if word.startswith("tests/") or word in ("docs", "symchiral"):
            assert (ROOT / word).exists(), line
    return words[0]


def installed(line: str) -> list[str]:
    found = re.search(r"\[([\w,]+)\]", line)
    return found[1].split(",") if found else []


def test_workflows_run_commands_that_exist() -> None:
    assert [path.stem for path in WORKFLOWS] == ["docs", "publish", "test"]
    have: dict[tuple[str, str], set[str]] = {}
    ran, used = 0, set()
    for file, job, step in steps():
        extras = have.setdefault((file, job), set())
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])
            used.add(step["uses"].split("@")[0])
            continue
        program = runs(step["run"])
        extras.update(installed(step["run"]) if "pip install" in step["run"] else ())
        if program is not None:
            assert PROGRAMS[program] in extras, (file, job, step["run"])
        ran += 1
    assert ran >= 18
    assert "pypa/gh-action-pypi-publish" in used


def test_the_atlas_is_published_beside_the_pages() -> None:
    """docs/atlas.md opens it by this path; it is made before the pages that link it."""
    lines = [step["run"] for step in workflow("docs")["jobs"]["build"]["steps"] if "run" in step]
    (made,) = (i for i, line in enumerate(lines) if line.startswith("symchiral atlas --all"))
    (built,) = (i for i, line in enumerate(lines) if line.startswith("sphinx-build"))
    assert made < built
    words = shlex.split(lines[built])
    beside = words[words.index("-D") + 1].removeprefix("html_extra_path=")
    assert shlex.split(lines[made])[-1] == f"docs/{beside}/atlas"
    assert words[words.index("-t") + 1] == "atlas"
    page = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
    assert "```{only} atlas\n" in page
    assert 'href="atlas/index.html"' in page


def test_workflows_ask_for_no_more_than_they_need() -> None:
    """They read the repository; only jobs that publish may get a token; there is no secret."""
    tokens = set()
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text(encoding="utf-8")
        found = workflow(path.stem)
        assert found["permissions"] == {"contents": "read"}
        for name, job in found["jobs"].items():
            if "permissions" in job:
                tokens.add((path.stem, name))
                assert job["permissions"]["id-token"] == "write"
                assert all("uses" in step for step in job["steps"])
            needed = job.get("needs")
            assert needed is None or needed in found["jobs"]
    assert tokens == {("docs", "publish"), ("publish", "publish")}


def test_the_matrix_is_three_systems() -> None:
    systems = workflow("test")["jobs"]["tests"]["strategy"]["matrix"]["os"]
    assert systems == ["ubuntu-latest", "macos-latest", "windows-latest"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_events(path: Path) -> None:
    found = workflow(path.stem)
    assert found[True]  # YAML 1.1 reads the key "on" as true
    assert found["name"] == path.stem
