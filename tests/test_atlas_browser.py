"""The pages of the atlas in a real browser: nothing is asked of a network, and the search finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import (
    click,
    complaints,
    look,
    opened,
    requests,
    set_value,
    started,
    undisturbed,
    wait,
    words_in,
)

import symchiral as sc
from symchiral.atlases.build import Written, write_atlas
from symchiral.atlases.parts import list_tasks

pytest.importorskip("duckdb")
pytestmark = pytest.mark.browser

CLASSES = ("C3", "D2", "D3d", "Td")
GROUPS = ("152", "166")


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    yield from started()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Written:
    tasks = [task for task in list_tasks() if task.name in CLASSES + GROUPS]
    return write_atlas(tmp_path_factory.mktemp("atlas") / "some", tasks=tasks)


def choose(driver: Any, label: str, value: str) -> None:
    """Choose an option of a filter, as a reader does it."""
    driver.execute_script(
        "const e = [...document.querySelectorAll('.filters label')]"
        ".find(l => l.firstChild.textContent.trim() === arguments[0]).querySelector('select');"
        "e.value = arguments[1]; e.dispatchEvent(new Event('change', {bubbles: true}));",
        label,
        value,
    )


def rows(driver: Any) -> list[list[str]]:
    found: list[list[str]] = driver.execute_script(
        "return [...document.querySelectorAll('#found tbody > tr:first-child')]"
        ".map(r => [...r.cells].map(c => c.textContent))"
    )
    return found


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize(
    "name", ["index.html", "special_points.html", "class_Td.html", "group_166.html"]
)
def test_a_page_opens_and_asks_nothing(driver: Any, made: Written, name: str, width: int) -> None:
    file = made.folder / name
    searching = name in ("index.html", "special_points.html")
    opened(driver, file, width, 900, scripted=searching)
    click(driver, "#found .opens" if searching else "summary, td, h2")
    undisturbed(driver, file, f"atlas_{file.stem}_{width}")


def test_which_classes_flip_with_an_infrared_pump_and_a_raman_probe(
    driver: Any, made: Written
) -> None:
    opened(driver, made.folder / "index.html")
    for label, value in (
        ("PAM", "flipped"), ("pump", "infrared"), ("probe", "raman"), ("axis", "default")
    ):  # fmt: skip
        choose(driver, label, value)
    right = set()
    expected = 0
    for name in CLASSES:
        found = sc.atlas(name).flips().driven_by("infrared").seen_by("raman")
        families = {rule.channel.family for rule in found}
        expected += len(families)
        right |= {name} if families else set()
    shown = rows(driver)
    assert right == {"C3", "D3d", "Td"}
    assert {row[1] for row in shown} == right
    assert len(shown) == expected
    count = words_in(driver, "#count")
    assert count == f"{expected} transfers in 3 classes: C3, D3d, Td"


def test_the_reason_of_a_channel_opens_and_closes(driver: Any, made: Written) -> None:
    opened(driver, made.folder / "index.html")
    choose(driver, "class", "D3d")
    set_value(driver, "#text", "Eu(+) Eu(+) -> Eg(-)")
    assert [row[0] for row in rows(driver)] == ["Eu(+) Eu(+) → Eg(−)"]
    click(driver, "#found .opens")
    told = words_in(driver, "tr.detail")
    rule = sc.atlas("D3d")["Eu(+) Eu(+) -> Eg(-)"]
    assert rule.invariant is not None
    assert rule.invariant.text.replace("-", "−") in told
    assert "1 invariant of the group contains it; +1 +1 = 2 ≡ −1 (mod 3)" in told
    click(driver, "#found .opens")
    assert look(driver, "document.querySelector('tr.detail').hidden")
    click(driver, "#all")
    assert wait(driver, "return window.symchiral.matching() === window.symchiral.rows")


def test_special_points_are_searched_and_lead_to_their_group(driver: Any, made: Written) -> None:
    opened(driver, made.folder / "special_points.html")
    choose(driver, "space group", "152 P3_121")
    choose(driver, "flips", "yes")
    set_value(driver, "#text", "K K K")
    shown = rows(driver)
    book = sc.atlas(152, q="K K K")
    assert len(shown) >= 1
    assert sum(int(row[6]) for row in shown) == len(book.flips()) > 0
    click(driver, "#found a")
    wait(driver, "return document.title === 'P3_121 (152)'")
    assert complaints(driver) == []
    sent = [json.dumps(url) for url in requests(driver)]
    assert all(url.startswith('"file:') for url in sent)


def test_more_rows_come_when_asked(driver: Any, made: Written) -> None:
    opened(driver, made.folder / "index.html")
    total = look(driver, "window.symchiral.rows")
    assert total > 200
    assert len(rows(driver)) == 100
    click(driver, "#more")
    assert len(rows(driver)) == 200
