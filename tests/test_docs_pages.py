"""The built documentation: pages that need no network, and links that lead somewhere.

Building takes a quarter of a minute and the extra ``docs``, and so belongs to the sweep; that files
and pages named in the sources exist is asked every day.
"""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest
from browsing import complaints, opened, requests, started
from sandbox import ROOT

DOCS = ROOT / "docs"
SOURCES = sorted(DOCS.glob("*.md"))

_LINK = re.compile(r"\]\((?P<target>[^)\s#]+\.(?:md|png|svg|json|csv))(?:#[^)]*)?\)")

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load what an attribute names; of ``link`` those that are no mere statements."""

STATED = {"index", "search", "next", "prev", "canonical"}
"""What a ``link`` may state without loading it."""


def test_pages_and_figures_named_in_the_sources_exist() -> None:
    found = [(p, m["target"]) for p in SOURCES for m in _LINK.finditer(p.read_text("utf-8"))]
    missing = [(p.name, target) for p, target in found if not (p.parent / target).is_file()]
    assert not missing
    assert len(found) >= 80


def test_every_figure_is_shown() -> None:
    """A figure that no page shows is no longer drawn."""
    shown = {m["target"] for p in SOURCES for m in _LINK.finditer(p.read_text("utf-8"))}
    readme = (ROOT / "README.md").read_text("utf-8")
    figures = sorted(p.name for p in (DOCS / "figures").glob("*.png"))
    assert len(figures) >= 8
    assert [f for f in figures if f"figures/{f}" not in shown and f not in readme] == []


def test_one_command_draws_every_figure() -> None:
    pytest.importorskip("matplotlib", reason="the extra figures is not installed")
    drawn = set(runpy.run_path(str(DOCS / "figures.py"))["FIGURES"])
    there = {p.stem for p in (DOCS / "figures").glob("*.png")}
    assert drawn == there


def test_the_cost_of_screening_is_what_was_measured() -> None:
    """docs/screening.md tells the run of docs/data/screen_benchmark.json and no other."""
    tool = runpy.run_path(str(ROOT / "tools" / "screen_benchmark.py"))
    found = json.loads((DOCS / "data" / "screen_benchmark.json").read_text("utf-8"))
    assert tool["section"](found) in (DOCS / "screening.md").read_text("utf-8")


@pytest.mark.sweep
def test_the_cost_of_screening_can_be_measured(tmp_path: Path) -> None:
    """The tool runs as its first line says, and with what it finds the section can be written."""
    result = tmp_path / "found.json"
    words = [str(ROOT / "tools" / "screen_benchmark.py"), "--number", "40", "--jobs", "1"]
    subprocess.run([sys.executable, *words, "--result", str(result)], check=True, cwd=ROOT)
    found = json.loads(result.read_text("utf-8"))
    assert (found["rows"], found["read"], found["refused"]) == (40, 40, {})
    assert len(found["largest_worker_megabytes"]) == 10
    assert max(found["largest_worker_megabytes"]) > 50
    tool = runpy.run_path(str(ROOT / "tools" / "screen_benchmark.py"))
    assert "40 crystals, shipped ones" in tool["section"](found)


def test_formulas_are_as_tex_has_them() -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    latex = pytest.importorskip("docutils.utils.math.latex2mathml")
    mended = runpy.run_path(str(DOCS / "mathml.py"))["mended"]

    def shape(tex: str) -> str:
        return re.sub(r"\s+|<math[^>]*>|</math>", "", mended(latex.tex2mathml(tex)))

    letter = '<mover><mi>Q</mi><mostretchy="false">˙</mo></mover>'
    assert shape(r"\dot Q") == letter
    assert shape(r"\dot Q_a") == f"<msub>{letter}<mi>a</mi></msub>"
    assert shape("l=+1") == '<mi>l</mi><mo>=</mo><moform="prefix">+</mo><mn>1</mn>'
    assert shape("l+1") == "<mi>l</mi><mo>+</mo><mn>1</mn>"
    assert "munderover" in shape(r"\sum_a^b x")


# --- built -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page loads, where it leads, and the places in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.places: set[str] = set()
        self.formulas = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        self.places |= {told[key] for key in ("id", "name") if key in told}
        self.formulas += tag == "math"
        if tag == "a" and "href" in told:
            self.leads.append(told["href"])
        if tag == "link" and told.get("rel") not in STATED:
            self.loads.append(told["href"])
        if tag in LOADS and LOADS[tag] in told:
            self.loads.append(told[LOADS[tag]])
        self.loads += re.findall(r"url\(([^)]*)\)", told.get("style", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("sphinx", "myst_parser", "pydata_sphinx_theme", "numpydoc"):
        pytest.importorskip(name, reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    beside = folder / "beside" / "atlas"
    beside.mkdir(parents=True)
    (beside / "index.html").write_text("<title>as if the atlas had been made</title>", "utf-8")
    words = ("-q", "-W", "--keep-going", "-b", "html", "-d", str(folder / "trees"))
    words += ("-t", "atlas", "-D", f"html_extra_path={beside.parent}")
    subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(DOCS), str(folder / "html")],
        check=True,
        cwd=ROOT,
    )
    return folder / "html"


def elsewhere(address: str) -> bool:
    return re.match(r"(?:[a-z]+:)?//|[a-z]+:", address) is not None


@pytest.mark.sweep
def test_the_page_of_the_atlas_opens_it_where_it_was_made(site: Path) -> None:
    leads = Page((site / "atlas.html").read_text("utf-8")).leads
    assert "atlas/index.html" in leads
    assert "as if" in (site / "atlas" / "index.html").read_text("utf-8")


@pytest.mark.sweep
def test_built_pages_need_no_network_and_lead_somewhere(site: Path) -> None:
    pages = {p: Page(p.read_text("utf-8")) for p in sorted(site.glob("*.html"))}
    assert len(pages) >= len(SOURCES)
    faults = []
    links = 0
    for path, page in pages.items():
        for address in page.loads:
            if elsewhere(address) and not address.startswith("data:"):
                faults.append(f"{path.name} loads {address}")
        for address in page.leads:
            if elsewhere(address):
                continue
            file, place = urldefrag(address)
            target = path if not file else (path.parent / unquote(file.split("?")[0])).resolve()
            links += 1
            if not target.is_file():
                faults.append(f"{path.name} leads to {address}")
            elif place and target in pages and unquote(place) not in pages[target].places:
                faults.append(f"{path.name} leads to no place {address}")
    for style in sorted(site.rglob("*.css")):
        for address in re.findall(
            r"(?:url\(|@import )\s*[\"']?([^\"')]+)", style.read_text("utf-8")
        ):
            if elsewhere(address) and not address.startswith("data:"):
                faults.append(f"{style.name} loads {address}")
    assert not faults
    assert links > 2000
    assert sum(page.formulas for page in pages.values()) > 300


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    yield from started()


@pytest.mark.browser
def test_pages_fit_the_window_and_ask_no_network(site: Path, driver: Any) -> None:
    """Nothing is wider than the window, no script complains, and formulas have a size."""
    for name in ("index", "conventions", *(p.stem for p in DOCS.glob("tutorial_*.md"))):
        for width in (400, 900, 1280, 1600):
            opened(driver, site / f"{name}.html", width, scripted=False)
            asked = [u for u in requests(driver) if not u.startswith(("file:", "data:"))]
            assert not asked, (name, width)
            assert not [c for c in complaints(driver) if "PST" not in c and "theme" not in c]
            wide = driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, (name, width)
        heights = driver.execute_script(
            "return [...document.querySelectorAll('math')]"
            ".map(formula => formula.getBoundingClientRect().height)"
        )
        assert all(height > 5 for height in heights), name
        assert heights or name != "conventions"
