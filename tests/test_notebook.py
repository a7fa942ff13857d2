"""What a notebook shows of the public nouns: their tables, escaped, and mathematics."""

from __future__ import annotations

import sys
from base64 import b64decode
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from browsing import complaints, look, opened, requests, started, wait

import symchiral as sc
from symchiral.figures.moving import moving_svg
from symchiral.reading.shipped import find_structure
from symchiral.traces.line import lines_of

SVG = "{http://www.w3.org/2000/svg}"


class _Tags(HTMLParser):
    """Checks that tags close in order; keeps the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("noun", "tag", "shown"),
    [
        ("study", "table", ["Bi2Se3", "R-3m", "Eu", "infrared"]),
        ("book", "table", ["Eu(+) Eu(+) → Eg(−)", "flipped"]),
        ("rule", "pre", ["budget", "allowed", "rotational Umklapp"]),
        ("modes", "table", ["Eu#1", "THz"]),
        ("atlas", "table", ["D3d"]),
    ],
)
def test_nouns_are_shown(noun: str, tag: str, shown: list[str]) -> None:
    study = sc.read("Bi2Se3/phonopy.yaml" if noun == "modes" else "Bi2Se3")
    found = {
        "study": lambda: study,
        "book": study.rules,
        "rule": lambda: study.rules()["Eu(+) Eu(+) -> Eg(-)"],
        "modes": lambda: study.modes("GM"),
        "atlas": lambda: sc.atlas("D3d"),
    }[noun]()
    page = _Tags(found._repr_html_())
    assert tag in page.seen
    for text in shown:
        assert text in page.text


def test_an_explanation_keeps_its_lines() -> None:
    """It is text, with nothing that a browser takes for a tag."""
    rule = sc.read("Bi2Se3").rules()["Eu(+) Eu(+) -> Eg(-)"]
    page = _Tags(rule._repr_html_())
    assert page.seen == {"pre"}
    assert page.text == rule.explain()


def test_an_invariant_is_mathematics() -> None:
    rule = sc.read("Bi2Se3").rules()["Eu(+) Eu(+) -> Eg(-)"]
    assert rule.invariant is not None
    text = rule.invariant._repr_latex_()
    assert text == f"$\\displaystyle {rule.invariant.latex()}$"
    assert text.count("{") == text.count("}") > 0
    assert text.count(r"\left") == text.count(r"\right") > 0


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """What the library returns, by the word that returns it."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    light = "2.457THz σ+ 1ps 0.2MV/cm"
    document = {
        "pump": {"polarization": "σ+"},
        "components": [
            {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
        ],
    }
    return {
        "species": study.species("GM")[0],
        "transfers": study.transfers()[0],
        "predict": study.predict(),
        "light": study.light(),
        "plan": study.plan(),
        "validate": study.validate(lines_of(document)),
        "simulate": study.simulate(light, duration=6),
        "bands": sc.read("SiO2_quartz_P3121/phonopy.yaml").bands("GM A", points=5),
    }


@pytest.mark.parametrize(
    ("noun", "shown"),
    [
        ("species", ["A1g", "component"]),
        ("transfers", ["Eg", "detuning"]),
        ("predict", ["Eu#1(+) Eu#1(+) → Eg#2(−)", "flipped"]),
        ("light", ["σ+→σ−", "hyper-Raman"]),
        ("plan", ["Eu#1(+) Eu#1(+) → Eg#2(−)", "enters", "controls"]),
        ("validate", ["4.050", "next"]),
        ("simulate", ["Eu#1", "Angular momentum about the axis"]),
        ("bands", ["GM", "A"]),
    ],
)
def test_results_are_shown(results: dict[str, Any], noun: str, shown: list[str]) -> None:
    found = results[noun]
    page = _Tags(found._repr_html_())
    assert page.seen & {"table", "pre"}
    assert not page.seen & {"script", "iframe"}
    for text in shown:
        assert text in page.text, text


SETUP = """\
import symchiral as sc
from symchiral.traces.line import lines_of
study, quartz = sc.read("Bi2Se3/phonopy.yaml"), sc.read("SiO2_quartz_P3121/phonopy.yaml")
pump = "2.0THz s+ 1ps 0.2MV/cm"
line = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
lines = lines_of({"pump": {"polarization": "σ+"}, "components": [line]})"""
CELLS = {
    "Study": "study",
    "Atlas": 'sc.atlas("D3d")',
    "RuleBook": "study.rules()",
    "Rule": 'study.rules()["Eu(+) Eu(+) -> Eg(-)"]',
    "Transfer": "study.transfers()[0]",
    "Species": "study.species()[0]",
    "Mode": 'study.modes()["Eu", 1].plus',
    "Modes": "study.modes()",
    "Multiplet": 'study.modes()["Eu", 1]',
    "Crystal": "study.crystal.primitive",
    "Predict": 'sc.predict("Bi2Se3")',
    "Pulse": "sc.Pulse.parse(pump)",
    "Run": "study.simulate(pump, duration=6)",
    "DelayMap": "study.delay_map('Eg#2', pump, pump, [i / 10 for i in range(32)], duration=6)",
    "Bands": 'quartz.bands("GM A", points=10)',
    "Animation": 'quartz.animate("E#2(+)")',
    "Light": "study.light()",
    "Plan": "study.plan()",
    "Show": "study.show()",
    "Judgement": 'study.validate(lines, sees="raman")',
    "predict with forces": "study.predict()",
}
if find_spec("duckdb"):
    SETUP += '\nsc.screen(["NaCl", "Te_P3121"], out="c", jobs=1)'
    CELLS |= {"Catalog": 'sc.Catalog("c")', "Selection": 'sc.Catalog("c").query()'}
"""Cells of a notebook, by the public noun or answer that each shows."""
PICTURED = {"Run", "DelayMap", "Bands", "Animation"}


@pytest.fixture
def nouns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cells show, made as a user makes it."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(SETUP, names)
    return {name: eval(cell, names) for name, cell in CELLS.items()}


def test_every_public_noun_is_shown(nouns: dict[str, Any]) -> None:
    """HTML whose tags close, with text in it; no text of a user is taken for a tag."""
    public = {name for name in sc.__all__ if isinstance(getattr(sc, name), type)}
    missing = public - set(nouns) - {"SymchiralError"}
    assert missing <= (set() if find_spec("duckdb") else {"Catalog"})
    for name, noun in nouns.items():
        if name in public:
            assert isinstance(noun, getattr(sc, name)), name
        page = _Tags(noun._repr_html_())
        assert page.text.strip(), name
        assert page.seen <= {"p", "table", "thead", "tbody", "tr", "th", "td", "pre", "img"}, name
        assert ("img" in page.seen) == (name in PICTURED), name


def test_what_a_user_wrote_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a&b.cif"
    file.write_text(find_structure("Si").read_text())
    html = sc.predict(file)._repr_html_()
    assert "a&amp;b.cif" in html
    assert "a&b.cif" not in html


def test_without_matplotlib_the_tables_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bands = sc.read("SiO2_quartz_P3121/phonopy.yaml").bands("GM A", points=5)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    page = _Tags(bands._repr_html_())
    assert "img" not in page.seen
    assert "3_1" in page.text


def test_atoms_of_an_animation_move_as_their_mode_does() -> None:
    """The circles of the picture go through the positions, anticlockwise where J > 0."""
    animation = sc.read("Bi2Se3/phonopy.yaml").animate("Eu#1(+)")
    root = ElementTree.fromstring(moving_svg(animation))
    circles = [c for c in root.iter(SVG + "circle") if len(c)]
    atoms = len(animation.supercell)
    assert len(circles) == 2 * atoms
    turned = []
    for circle in circles[:atoms]:
        x, y = (np.array([float(v) for v in move.attrib["values"].split(";")]) for move in circle)
        assert len(x) == animation.frames + 1
        assert (x[0], y[0]) == (x[-1], y[-1])
        # Pixels count downwards.
        turned.append(-float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2)
    # Areas of circles: π r², in pixels rounded to a tenth.
    radii = np.linalg.norm(animation.displacements.real, axis=1)
    expected = np.sort(np.pi * radii**2)
    found = np.sort(turned)
    assert found.min() > 0
    assert np.allclose(found / found.max(), expected / expected.max(), atol=0.03)


def test_the_file_of_a_picture_names_no_other() -> None:
    """No network: pictures are data inside the page, without scripts."""
    html = sc.read("Bi2Se3/phonopy.yaml").animate("Eu#1(+)")._repr_html_()
    head, _, rest = html.partition('src="data:image/svg+xml;base64,')
    assert head == "<img "
    svg = b64decode(rest.partition('"')[0]).decode()
    assert "<script" not in svg
    assert svg.count("http") == 1  # the name of the format


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A notebook of all the cells, run by a kernel of its own; what is shown twice is so once."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    v4, invariant = nbformat.v4, CELLS["Rule"] + ".invariant"
    cells = [v4.new_code_cell(cell) for cell in (SETUP, *CELLS.values(), invariant)]
    book = v4.new_notebook(cells=cells)
    folder = str(tmp_path_factory.mktemp("notebook"))
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": folder}}).execute()
    nbformat.validate(book)
    return book


@pytest.mark.sweep
def test_a_notebook_shows_them(executed: Any, nouns: dict[str, Any]) -> None:
    """Each cell has one output: the HTML of the noun, and its text for who reads no HTML."""
    first, *cells, last = executed.cells
    for cell in (first, *cells, last):
        assert all(output.output_type == "execute_result" for output in cell.outputs), cell.source
    for (name, noun), cell in zip(nouns.items(), cells, strict=True):
        (output,) = cell.outputs
        html = output.data["text/html"]
        assert _Tags(html).text == _Tags(noun._repr_html_()).text, name
        assert ("<img " in html) == (name in PICTURED), name
        assert output.data["text/plain"].strip(), name
    assert last.outputs[0].data["text/latex"] == nouns["Rule"].invariant._repr_latex_()


@pytest.mark.browser
def test_a_browser_shows_the_notebook(executed: Any, tmp_path: Path) -> None:
    """As a page: pictures have a size, atoms move, tables have rows; nothing is asked of a
    network, and the page is as wide as the window."""
    exporters = pytest.importorskip("nbconvert.exporters")
    exporter = exporters.HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    page = tmp_path / "notebook.html"
    page.write_text(exporter.from_notebook_node(executed)[0], encoding="utf-8")
    driver = next(browser := started())
    try:
        opened(driver, page, scripted=False)
        shown = "[...document.querySelectorAll('.jp-OutputArea-output')]"
        wait(driver, "return [...document.images].every((image) => image.complete)")
        sizes = look(driver, "[...document.images].map((i) => [i.naturalWidth, i.clientWidth])")
        assert len(sizes) == len(PICTURED)
        assert all(natural > 300 and drawn > 300 for natural, drawn in sizes)
        rows = look(driver, f"{shown}.map((o) => o.querySelectorAll('tbody tr').length)")
        assert sum(count > 0 for count in rows) > len(CELLS) / 2
        assert all(look(driver, f"{shown}.map((o) => o.clientHeight > 10)"))
        assert complaints(driver) == []
        asked = [url for url in requests(driver) if not url.startswith("data:")]
        assert asked == [page.as_uri()]
        wide, window = look(driver, "[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window
    finally:
        browser.close()
