"""What a notebook shows of the public nouns: their tables, escaped, and mathematics."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import symchiral as sc


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
