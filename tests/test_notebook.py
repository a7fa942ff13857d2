"""What a notebook shows of the public nouns: their tables, escaped, and mathematics."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

import symchiral as sc
from symchiral.experiment.observed import lines_of


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
        ("predict", ["Eu(+) Eu(+) → Eg(−)", "flipped"]),
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
    assert not page.seen & {"script", "img", "iframe"}
    for text in shown:
        assert text in page.text, text


def test_every_result_is_tried(results: dict[str, Any]) -> None:
    """Whatever a public word returns has a form, or is text by intention."""
    assert len({type(found) for found in results.values()}) == len(results) == 8
    assert sc.read("Bi2Se3").show()._repr_html_() is None
