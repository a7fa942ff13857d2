"""Pages in a real browser: nothing is asked of a network, and every control does what it says."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
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
from force_models import springs

import symchiral as sc
from symchiral.answers.couple import couple

pytestmark = pytest.mark.browser

DRIVEN = "Bi2Se3/phonopy.yaml"
CASES = (
    "Bi2Se3",
    DRIVEN,
    "Te_P3121",
    "MoS2_monolayer_slab",
    "SrTiO3",
    "CrI3_FM",
    "P2I4",
    "ZnO/forces",
)
BOOKS = ("Bi2Se3", "Te_P3121", "MoS2_monolayer_slab")


def study(name: str) -> sc.Study:
    return sc.read(springs("ZnO")) if name == "ZnO/forces" else sc.read(name)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    yield from started()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name in CASES:
        found[name] = folder / f"{name.replace('/', '_').removesuffix('.yaml')}.html"
        data = "Bi2Se3/traces.csv" if name == DRIVEN else None
        study(name).report(found[name], points=40, measurement=data, duration=4)
    return found


def shown(driver: Any) -> list[str]:
    """Transfers of the rows that can be seen."""
    found: list[str] = driver.execute_script(
        "return [...document.querySelectorAll('#transfers tbody.row')]"
        ".filter(r => !r.hidden).map(r => r.dataset.id)"
    )
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [400, 1600])
def test_a_page_opens_and_asks_nothing(
    driver: Any, pages: dict[str, Path], name: str, width: int
) -> None:
    opened(driver, pages[name], width, 900)
    click(driver, "button[data-motion]")
    if look(driver, "document.querySelector('#transfers button.opens') !== null"):
        click(driver, "#transfers button.opens")
    for control in ("play", "top", "side", "rest"):
        click(driver, f"#{control}")
    for box in ("bonds", "labels", "superpose"):
        click(driver, f"#{box}")
    for control, number in (("speed", 1.2), ("size", 2), ("cells", 2)):
        set_value(driver, f"#{control}", number)
    time.sleep(0.2)
    undisturbed(driver, pages[name], f"{pages[name].stem}_{width}")


@pytest.mark.parametrize("name", BOOKS)
def test_filters_count_as_the_answers_do(driver: Any, pages: dict[str, Path], name: str) -> None:
    opened(driver, pages[name])
    table = study(name).predict().table
    assert table is not None
    rows = table.rows
    assert shown(driver) == [r.transfer for r in rows]
    count = 0
    for group in {r.group for r in rows}:
        set_value(driver, "#sense", group)
        assert shown(driver) == [r.transfer for r in rows if r.group == group]
        count += 1
    click(driver, "#all")
    book = study(name).rules(order=3)
    for process in ("infrared", "raman", "hyper-raman"):
        driven = {rule.id for rule in book.driven_by(process).rules}
        seen = {rule.id for rule in book.seen_by(process).rules}
        set_value(driver, "#pump", process)
        assert shown(driver) == [r.transfer for r in rows if r.transfer in driven]
        set_value(driver, "#probe", process)
        assert shown(driver) == [r.transfer for r in rows if r.transfer in driven & seen]
        set_value(driver, "#pump", "")
        assert shown(driver) == [r.transfer for r in rows if r.transfer in seen]
        set_value(driver, "#probe", "")
        count += 3
    label = rows[0].transfer.split("(")[0].split()[0]
    set_value(driver, "#of", label)
    legs = [r for r in rows if label in {leg.split("(")[0] for leg in r.transfer.split()}]
    assert shown(driver) == [r.transfer for r in legs]
    assert words_in(driver, "#count") == (f"{len(legs)} of {len(rows)} transfers")
    click(driver, "#all")
    set_value(driver, "#words", rows[0].transfer)  # as the command line writes it
    assert rows[0].transfer in shown(driver)
    set_value(driver, "#words", "no such thing")
    assert shown(driver) == []
    assert count > 9


def test_a_transfer_opens_its_reason(driver: Any, pages: dict[str, Path]) -> None:
    opened(driver, pages["Bi2Se3"])
    channels = {c.id: c for c in study("Bi2Se3").predict().channels}
    count = 0
    for name in shown(driver):
        click(driver, f"tbody[data-id={json.dumps(name)}] button.opens")
        texts = driver.execute_script(
            "return [...document.querySelectorAll('tr.detail')].filter(r => !r.hidden)"
            ".map(r => r.textContent)"
        )
        assert len(texts) == 1
        assert channels[name].reason.text in texts[0]
        count += 1
    assert count == 13
    # Sorted by the first column, and the other way.
    click(driver, "#transfers thead button")
    order = shown(driver)
    click(driver, "#transfers thead button")
    assert shown(driver) == order[::-1]
    # The headings sort under keyboard, too: they are buttons.
    roles = "return [...document.querySelectorAll('#transfers thead th > *')].map(e => e.tagName)"
    assert set(driver.execute_script(roles)) == {"BUTTON"}


def places(driver: Any) -> np.ndarray[Any, Any]:
    """Where the atoms are on the canvas, x to the right and y up."""
    found = look(driver, "symchiral.stage.placed.map(p => [p[0], -p[1]])")
    return np.array(found)


def frames(driver: Any, number: int = 24, *, quantum: int | None = None) -> np.ndarray[Any, Any]:
    """Pictures of one unit of time, as the page itself draws them."""
    viewer = "symchiral.stage" if quantum is None else f"symchiral.quanta()[{quantum}]"
    script = (
        f"const v = {viewer}; const found = [];"
        f"for (let k = 0; k < {number}; k++) {{ v.time = k / {number}; v.draw();"
        "found.push(v.placed.map(p => [p[0], -p[1]])); } return found;"
    )
    return np.array(driver.execute_script(script))


def swept(found: np.ndarray[Any, Any], masses: np.ndarray[Any, Any]) -> float:
    """Mass-weighted area that all orbits enclose; positive anticlockwise."""
    after = np.roll(found, -1, axis=0)
    area = found[..., 0] * after[..., 1] - found[..., 1] * after[..., 0]
    return float(masses @ area.sum(axis=0)) / 2


@pytest.mark.parametrize("name", ["Bi2Se3", "Te_P3121", "SrTiO3", "CrI3_FM", "ZnO/forces"])
def test_a_mode_turns_as_its_j_says(driver: Any, pages: dict[str, Path], name: str) -> None:
    """The sense of rotation on the canvas, seen along the axis, against the sign of J."""
    opened(driver, pages[name])
    driver.execute_script("symchiral.player.playing = false")
    click(driver, "#top")
    motions = look(driver, "symchiral.scene.motions")
    masses = np.array(look(driver, "symchiral.scene.masses"))
    count = 0
    for index, motion in enumerate(motions):
        click(driver, f"button[data-motion='{index}']")
        area = swept(frames(driver), masses)
        if abs(motion["am"]) > 0.02:
            assert np.sign(area) == np.sign(motion["am"]), motion["name"]
            count += 1
        else:
            assert abs(area) < 0.05 * masses.sum() * 200
    assert count >= 2


def test_two_that_turn_one_way_give_one_that_turns_the_other(
    driver: Any, pages: dict[str, Path]
) -> None:
    """1 + 1 = −1: three small pictures, the last one faster and reversed, and in step."""
    opened(driver, pages["Bi2Se3"])
    driver.execute_script("symchiral.player.playing = false")
    click(driver, "tbody[data-id='Eu(+) Eu(+) -> Eg(-)'] button.opens")
    masses = np.array(look(driver, "symchiral.scene.masses"))
    areas = [swept(frames(driver, 48, quantum=i), masses) for i in range(3)]
    assert areas[0] > 0
    assert areas[1] == pytest.approx(areas[0])
    assert areas[2] < 0
    turns = look(driver, "symchiral.quanta().map(v => v.motions[0].turns)")
    assert turns == [1, 1, 2]
    # A phase of the incoming motion moves the outgoing one by twice as much.
    driver.execute_script(
        "const s = document.querySelector('#parts input[type=range]'); s.value = 90;"
        "s.dispatchEvent(new Event('input'))"
    )
    phases = look(driver, "symchiral.quanta().map(v => v.motions[0].phase)")
    assert phases == pytest.approx([0.25, 0.25, 0.5])


def test_play_and_pause(driver: Any, pages: dict[str, Path]) -> None:
    opened(driver, pages["Bi2Se3"])
    driver.execute_script("symchiral.player.playing = true")
    click(driver, "button[data-motion]")  # A1g: along the axis, so that it is shown from the side
    first = places(driver)
    time.sleep(0.5)
    second = places(driver)
    assert np.abs(first - second).max() > 0.5
    click(driver, "#play")
    time.sleep(0.1)
    first = places(driver)
    time.sleep(0.4)
    assert np.abs(first - places(driver)).max() == 0
    # The amplitude scales what moves, nothing else.
    at_rest = driver.execute_script(
        "symchiral.stage.amplitude = 0; symchiral.stage.draw();"
        "return symchiral.stage.placed.map(p => [p[0], -p[1]])"
    )
    set_value(driver, "#size", 1)
    one = places(driver) - at_rest
    set_value(driver, "#size", 2)
    assert np.abs(places(driver) - at_rest - 2 * one).max() < 1e-6


def test_partners_that_rotate_in_opposite_senses_are_both_seen(
    driver: Any, pages: dict[str, Path]
) -> None:
    """Without a magnetic order J of a degenerate pair is +j and −j: on red lie blue dashes."""
    opened(driver, pages["ZnO/forces"])
    drawn = driver.execute_script(
        "return [...document.querySelectorAll('#dispersion polyline')].map(p => "
        "[p.getAttribute('points'), p.getAttribute('stroke'), p.hasAttribute('stroke-dasharray')])"
    )
    dashed = {points for points, _, dash in drawn if dash}
    under: dict[str, set[str]] = {points: set() for points in dashed}
    for points, colour, dash in drawn:
        if points in dashed and not dash:
            under[points].add(colour)
    assert len(dashed) >= 4
    assert sum(len(colours) == 2 for colours in under.values()) >= 4


def test_a_branch_moves(driver: Any, pages: dict[str, Path]) -> None:
    opened(driver, pages["ZnO/forces"])
    svg = "document.getElementById('dispersion')"
    assert driver.execute_script(f"return {svg}.querySelectorAll('polyline').length") >= 12
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        driver.execute_script(
            f"{svg}.dispatchEvent(new KeyboardEvent('keydown', {{key: arguments[0]}}))", key
        )
    told = words_in(driver, "#bandtold")
    assert "THz" in told
    assert words_in(driver, "#moving") == told
    q = look(driver, "symchiral.stage.motions[0].q")
    assert max(map(abs, q)) > 0
    # Cells apart by R move with the phase q·R.
    driver.execute_script("symchiral.player.playing = false; symchiral.stage.time = 0")
    found = driver.execute_script(
        "const v = symchiral.stage, m = v.motions[0];"
        "return v.atoms.map(a => [a.i, v.fraction(a.shift), v.at(a, 0).map((x, k) => x - a.r[k]),"
        " v.at(a, 0.25 / m.turns).map((x, k) => x - a.r[k])])"
    )
    first = {i: np.array(now) + 1j * np.array(later) for i, r, now, later in found if not any(r)}
    count = 0
    for i, shift, now, later in found:
        # Re[u e^{-iωt}] now and a quarter of a period later are Re u and Im u.
        u = np.array(now) + 1j * np.array(later)
        wanted = first[i] * np.exp(2j * np.pi * np.dot(q, shift))
        assert np.abs(u - wanted).max() < 1e-6
        count += any(shift)
    assert count > 10


def test_the_pump_selects(driver: Any, pages: dict[str, Path]) -> None:
    opened(driver, pages["ZnO/forces"])
    reached = "return [...document.querySelectorAll('#resonances tbody.reached')].length"
    set_value(driver, "#pumpw", 100)
    everything = driver.execute_script(reached)
    centre = float(
        driver.execute_script(
            "return document.querySelector('#resonances tbody').dataset.into"
        ).split()[0]
    )
    set_value(driver, "#pumpf", centre)
    set_value(driver, "#pumpw", 0.5)
    few = driver.execute_script(reached)
    assert 0 < few < everything
    into = driver.execute_script(
        "const found = document.querySelectorAll('#resonances tbody.reached');"
        "return [...found].map(b => b.dataset.into)"
    )
    assert all(abs(float(x) - centre) < 0.5 for text in into for x in text.split())
    click(driver, "#resonances tbody button")
    assert len(look(driver, "symchiral.quanta()")) == 3


@pytest.mark.parametrize(
    ("name", "helicity", "momentum"),
    [("Te_P3121", "s", "p"), ("CrI3_FM", "p", "s"), ("MoS2_monolayer_slab", "g", "f")],
)
def test_lobes_have_the_sign_of_the_quantity(
    driver: Any, pages: dict[str, Path], name: str, helicity: str, momentum: str
) -> None:
    """Every patch, against the polynomials as they are printed."""
    opened(driver, pages[name])
    waves = study(name).show().waves
    assert waves is not None
    assert (waves.helicity.letter, waves.angular_momentum.letter) == (helicity, momentum)
    axis = study(name).axis
    assert axis is not None
    count = 0
    for place, wave in enumerate((waves.helicity, waves.angular_momentum)):
        ways = ["axis", "x", "y", "z"] if place else [""]
        for way in ways:
            if way:
                driver.execute_script(
                    "const s = document.querySelector('div[data-wave=angular_momentum] select');"
                    "s.value = arguments[0]; s.dispatchEvent(new Event('change'))",
                    way,
                )
            unit = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}.get(way, axis.direction)
            sizes = [1.0] + [0.5] * (len(wave.terms) - 1)
            patches = driver.execute_script(
                "return symchiral.lobes[arguments[0]].patches.filter(p => Math.abs(p.v) > 1e-3)"
                ".map(p => [p.p, p.v])",
                place,
            )
            for corners, value in patches:
                total = 0.0
                for corner in corners:
                    q = np.array(corner) / (np.linalg.norm(corner) or 1)
                    for size, form in zip(sizes, wave.forms, strict=True):
                        j = np.array([polynomial(x, q) for x in form])
                        total += size * float(j @ unit if place else j[0])
                assert np.sign(total) == np.sign(value)
                count += 1
    assert count > 5000
    # With all coefficients zero there is nothing to draw, and the page says so.
    sliders = "document.querySelectorAll('div[data-wave=angular_momentum] input')"
    if driver.execute_script(f"return {sliders}.length"):
        driver.execute_script(
            f"for (const s of {sliders}) {{ s.value = 0; s.dispatchEvent(new Event('input')) }}"
        )
        assert look(driver, "symchiral.lobes[1].patches.length") == 0
    assert complaints(driver) == []


def polynomial(text: str, q: np.ndarray[Any, Any]) -> float:
    """A polynomial, as it is printed, at a wavevector."""
    for n, high in enumerate("²³⁴⁵⁶", 2):
        text = text.replace(high, f"**{n}")
    text = re.sub(r"(?<=[\w)]) (?=q)", "*", text.replace("√3", "3**0.5*"))
    return float(eval(text, {}, dict(zip(("qx", "qy", "qz"), q, strict=True))))


def test_where_nothing_can_turn_the_page_says_why(driver: Any, pages: dict[str, Path]) -> None:
    count = 0
    for name in ("Bi2Se3", "SrTiO3"):
        opened(driver, pages[name])
        assert "reverses J" in driver.execute_script(
            "return document.getElementById('nowave').textContent"
        )
        assert look(driver, "symchiral.lobes.length") == 0
        count += 1
    assert count == 2


def test_atoms_stand_as_they_do_in_the_run(driver: Any, pages: dict[str, Path]) -> None:
    """At every time of the slider, and while it runs."""
    opened(driver, pages[DRIVEN])
    run = study(DRIVEN).simulate("2.457THz s+ 1ps 1MV/cm", duration=4)
    c = run.model.coordinates
    atoms = look(driver, "symchiral.scene.atoms")
    count = 0
    for first, second in (("Eu#1", "Eg#2"), ("Eu#2", "A1g#1")):
        set_value(driver, "#first", first)
        set_value(driver, "#second", second)
        title = words_in(driver, "#moving")
        assert title == f"{first} and {second} in time"
        shapes = []
        for name in (first, second):
            alone = np.zeros_like(run.coordinates)
            alone[:, c.slots(name)] = run.coordinates[:, c.slots(name)]
            shapes.append(c.displacements(alone))
        for instant in (0.2, 0.9, 1.7, 3.3):
            set_value(driver, "#instant", instant)
            time.sleep(0.1)  # the atoms stand still although the page plays
            k = int(np.argmin(np.abs(run.times - instant)))
            sizes = look(driver, "symchiral.stage.motions.map(m => m.size)")
            wanted = sum(size * u[k] for size, u in zip(sizes, shapes, strict=True))[atoms]
            moved = np.array(
                driver.execute_script(
                    "const v = symchiral.stage;"
                    "return v.atoms.map(a => v.at(a, v.time).map((x, i) => x - a.r[i]))"
                )
            )
            assert np.abs(moved - wanted).max() < 0.03 * 0.45, (first, instant)
            count += 1
    assert count == 8
    before = float(look(driver, "document.getElementById('instant').value"))
    set_value(driver, "#instant", 0.5)
    click(driver, "#follow")
    wait(driver, "return document.getElementById('instant').value > 0.55")
    click(driver, "#follow")
    assert before > 3
    # Another motion ends it.
    click(driver, "button[data-motion]")
    assert look(driver, "symchiral.stage.motions[0].held") is None
    assert complaints(driver) == []


def test_traces_and_couplings_are_drawn(driver: Any, pages: dict[str, Path]) -> None:
    opened(driver, pages[DRIVEN])
    drawn = "return document.querySelectorAll('#traces polyline').length"
    # Field along x and y; of a mode that turns two amplitudes and the displacement of an atom.
    assert driver.execute_script(drawn) == 2 + 3 + 3
    run = study(DRIVEN).simulate("2.457THz s+ 1ps 1MV/cm", duration=4)
    alone = np.zeros_like(run.coordinates)
    slots = run.model.coordinates.slots("Eu#1")
    alone[:, slots] = run.coordinates[:, slots]
    largest = np.abs(run.model.coordinates.displacements(alone)).max()
    told = driver.execute_script(
        "return [...document.querySelectorAll('#traces text.small')].map(e => e.textContent)[1]"
    )
    assert float(told.split("; ")[1].removesuffix(" Å")) == pytest.approx(largest, rel=0.06)
    set_value(driver, "#second", "A1g#1")
    assert driver.execute_script(drawn) == 2 + 3 + 2
    names = driver.execute_script(
        "return [...document.querySelectorAll('#traces [data-mode]')].map(e => e.dataset.mode)"
    )
    assert names == ["Eu#1(+)", "Eu#1(-)"]
    terms = [t for t in couple(study(DRIVEN).couplings()).terms if t.verdict != "forbidden"]
    seen = (
        "return [...document.querySelectorAll('#coefficients tbody')].filter(b => !b.hidden).length"
    )
    count = 0
    assert driver.execute_script(seen) == len(terms)
    for words in ("Eu#1", "Eu#1 Eu#1", "Eg#2(+)", "A2u#2 Eu", "nothing"):
        set_value(driver, "#factors", words)
        wanted = 0
        for term in terms:
            left = list(term.modes)
            try:
                for word in words.split():
                    left.remove(next(x for x in left if x.startswith(word)))
            except StopIteration:
                continue
            wanted += 1
        assert driver.execute_script(seen) == wanted, words
        told = words_in(driver, "#factorcount")
        assert told == f"{wanted} of {len(terms)} products"
        count += wanted
    assert count == 28
    # The measurement: of four runs two channels each, as points and as a line; and the helicities.
    found = driver.execute_script(
        "return ['path.points', 'polyline', 'rect.rule', 'circle.bar'].map(s =>"
        " document.querySelectorAll('#measured ' + s).length)"
    )
    assert found == [8, 8, 4, 4]


@pytest.mark.parametrize("name", [DRIVEN, "CrI3_FM", "ZnO/forces"])
def test_everything_that_can_be_used_has_a_name(
    driver: Any, pages: dict[str, Path], name: str
) -> None:
    """As the browser tells it to screen readers."""
    opened(driver, pages[name])
    for button in ("#transfers button.opens", "button[data-motion]"):
        click(driver, button)
    tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = ("button", "checkbox", "slider", "combobox", "searchbox", "link", "image", "img")
    found = [n for n in tree if not n.get("ignored") and n["role"]["value"] in roles]
    nameless = [n["role"] for n in found if not n.get("name", {}).get("value", "").strip()]
    assert nameless == []
    assert len(found) > 40
    # What is reached by the key Tab has a role, and is one of these or a picture that turns.
    reached = driver.execute_script(
        "return [...document.querySelectorAll('[tabindex=\"0\"]')].map(e =>"
        " [e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert len(reached) >= 1
    assert all(role and label for role, label in reached)


@pytest.mark.parametrize("name", [DRIVEN, "Te_P3121", "CrI3_FM"])
def test_the_parts_of_a_page_are_told_in_order(
    driver: Any, pages: dict[str, Path], name: str
) -> None:
    """Headings without gaps, one main part, tables with names and heads; what changes is said."""
    opened(driver, pages[name])
    tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [
        (n["role"]["value"], n.get("name", {}).get("value", ""), n.get("properties", []))
        for n in tree
        if not n.get("ignored")
    ]
    levels = [
        next(p["value"]["value"] for p in properties if p["name"] == "level")
        for role, _, properties in told
        if role == "heading"
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert len(levels) > 12
    roles = Counter(role for role, _, _ in told)
    assert [roles[r] for r in ("main", "banner", "navigation", "complementary")] == [1, 1, 1, 1]
    tables = [words for role, words, _ in told if role == "table"]
    assert len(tables) > 8
    assert all(tables)
    sliders = [words for role, words, _ in told if role == "slider"]
    assert all(len(words) > 3 for words in sliders), sliders
    assert look(driver, "[...document.querySelectorAll('table')].every(t => t.tHead)")
    # A reader who does not see the picture is told what moves, and how many rows are left.
    before = words_in(driver, "#moving"), words_in(driver, "#count")
    click(driver, "#transfers button.opens")
    set_value(driver, "#words", "zzz")
    after = words_in(driver, "#moving"), words_in(driver, "#count")
    assert after[0] != before[0]
    assert after[1] != before[1]
    live = "document.querySelector(arguments[0]).getAttribute('aria-live')"
    assert {driver.execute_script(f"return {live}", x) for x in ("#moving", "#count")} == {"polite"}


def images(driver: Any) -> dict[str, str]:
    """Name and description of every picture, as screen readers are told."""
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return {
        n["name"]["value"]: n.get("description", {}).get("value", "")
        for n in nodes
        if not n.get("ignored") and n["role"]["value"] == "image"
    }


@pytest.mark.parametrize("name", [DRIVEN, "MoS2_monolayer_slab", "CrI3_FM"])
def test_pictures_are_described(driver: Any, pages: dict[str, Path], name: str) -> None:
    """Which atoms move and in which sense, of the motion that is shown."""
    opened(driver, pages[name])
    before = images(driver)
    button = words_in(driver, "#transfers button.opens")
    click(driver, "#transfers button.opens")
    after = images(driver)
    view = next(words for words in after if words.startswith("atoms of the crystal"))
    assert "rotate" not in before[view]
    assert after[view].startswith(button)
    ways = {w for w in ("anticlockwise", "clockwise") if f"rotate {w}" in after[view]}
    senses = look(driver, "[...new Set(symchiral.stage.motions.flatMap(m => m.senses))]")
    assert ways == {{1: "anticlockwise", -1: "clockwise"}[s] for s in senses if s}
    assert len(ways) == 2
    assert sum(words.startswith(("in: ", "out: ")) for words in after) >= 2


@pytest.mark.parametrize("width", [400, 1600])
def test_the_key_tab_reaches_everything(driver: Any, pages: dict[str, Path], width: int) -> None:
    """In the order of the page, with a frame around what has the focus; also what scrolls."""
    opened(driver, pages["Bi2Se3"], width, 900)
    click(driver, "#transfers button.opens")
    driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    wanted = driver.execute_script(
        """
        const kinds = "a[href], button, select, input, summary, [tabindex='0']";
        window.wanted = [...document.querySelectorAll(kinds)].filter(e => e.checkVisibility()
          && !e.disabled);
        return window.wanted.length;
        """
    )
    assert wanted > 60
    scrolling = look(
        driver,
        "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.tabIndex)",
    )
    assert set(scrolling) <= {0}
    assert (len(scrolling) > 3) == (width == 400)
    found = []
    for _ in range(wanted):
        driver.execute_cdp_cmd(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
        )
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": "Tab"})
        found.append(
            driver.execute_script(
                "const e = document.activeElement, s = getComputedStyle(e);"
                "return [window.wanted.indexOf(e), s.outlineStyle !== 'none']"
            )
        )
    assert [place for place, _ in found] == list(range(wanted))
    assert all(framed for _, framed in found)


@pytest.mark.parametrize("name", [DRIVEN, "Te_P3121", "MoS2_monolayer_slab", "SrTiO3"])
def test_print_is_dark_on_white_and_whole(driver: Any, pages: dict[str, Path], name: str) -> None:
    """Also of a reader who has asked for dark pages: every text can be read, nothing is cut."""
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened(driver, pages[name], 718, 1000)
    try:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
        bright, number, cut, closed = driver.execute_script(
            """
            const pen = document.createElement("canvas").getContext("2d");
            const light = colour => {
              pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
              const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(x => {
                x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
              });
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const all = [...document.querySelectorAll("main *, header *, aside *")];
            const said = n => n.nodeType === 3 && n.data.trim();
            const texts = all.filter(e => e.checkVisibility() && [...e.childNodes].some(said));
            const pale = texts.filter(e => 1.05 / (light(getComputedStyle(e).color) + 0.05) < 4.5);
            const wide = [...document.querySelectorAll("main *, aside *")].filter(e =>
              e.checkVisibility() && !e.closest(".unseen")
              && e.getBoundingClientRect().right > innerWidth + 1);
            const closed = [...document.querySelectorAll("tr.detail")].filter(e =>
              !e.checkVisibility());
            return [pale.map(e => e.textContent.slice(0, 40)), texts.length,
              wide.map(e => e.outerHTML.slice(0, 80)), closed.length];
            """
        )
        assert number > 200
        assert bright == []
        assert cut == []
        assert closed == 0
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_what_has_the_focus_can_be_seen(driver: Any, pages: dict[str, Path]) -> None:
    """With the keyboard nothing is reached under the picture that stays at the top of a phone."""
    count = 0
    for name in ("Bi2Se3", "Te_P3121"):
        opened(driver, pages[name], 400, 900)
        click(driver, "#transfers button.opens")
        for forward in (True, False):
            found = driver.execute_script(
                """
                const all = [...document.querySelectorAll("main button, main select, main input")]
                  .filter(e => e.offsetParent);
                if (!arguments[0]) all.reverse();
                return all.map(e => {
                  e.focus();
                  const r = e.getBoundingClientRect(), x = r.left + r.width / 2;
                  const top = document.elementFromPoint(x, r.top + r.height / 2);
                  return [e.textContent || e.id, !!top && (e.contains(top) || top.contains(e))];
                });
                """,
                forward,
            )
            assert [text for text, seen in found if not seen] == [], (name, forward)
            count += len(found)
    assert count > 100


def test_the_first_question_is_answered_first(driver: Any, pages: dict[str, Path]) -> None:
    """How many transfers flip, and the one that light reaches best opens."""
    count = 0
    for name in ("Bi2Se3", "Te_P3121", "MoS2_monolayer_slab", "SrTiO3", "P2I4"):
        opened(driver, pages[name])
        table = study(name).predict().table
        assert table is not None
        flips = [row for row in table.rows if row.group == "flipped"]
        said = words_in(driver, "#short")
        if not flips:
            assert said.startswith(("No transfer", "The crystal has no rotation axis"))
            continue
        assert said.startswith(f"{len(flips)} of {len(table.rows)} transfers")
        set_value(driver, "#words", "no such thing")
        click(driver, "#short button")
        opened_rows = driver.execute_script(
            "return [...document.querySelectorAll('button.opens[aria-expanded=true]')]"
            ".map(b => b.closest('tbody').dataset.id)"
        )
        assert opened_rows == [flips[0].transfer]
        assert len(look(driver, "symchiral.quanta()")) == 3
        count += 1
    assert count == 3


def test_the_index_of_a_site(driver: Any, tmp_path: Path) -> None:
    """Search, filters, sorting and links; counts as the catalog has them."""
    pytest.importorskip("duckdb", reason="DuckDB is not installed")
    names = ["Bi2Se3", "Te_P3121", "NaCl", "CrI3_FM", "GaAs", "MoS2_monolayer_slab"]
    hostile = tmp_path / 'x <svg onload="window.hurt=1">.cif'
    shutil.copy(Path(sc.__file__).parents[1] / "structures" / "WC.cif", hostile)
    sc.screen([*names, str(hostile)], out=tmp_path / "cat", jobs=1)
    catalog = sc.Catalog(tmp_path / "cat")
    sc.publish(catalog, tmp_path / "site", points=10)
    opened(driver, tmp_path / "site" / "index.html")
    assert requests(driver) == [(tmp_path / "site" / "index.html").as_uri()]

    def listed() -> list[str]:
        found: list[str] = driver.execute_script(
            "return [...document.querySelectorAll('#crystals tbody th')].map(e => e.textContent)"
        )
        told = words_in(driver, "#count")
        assert told == f"{len(found)} of {len(names) + 1} crystals"
        return found

    assert set(listed()) == {*names, str(hostile)}
    count = 0
    for box, where in (
        ("light", "ir_pump AND raman_probe"),
        ("chiral", "chiral"),
        ("magnetic", "magnetic"),
        ("layered", "layered"),
        ("forces", "forces"),
    ):
        click(driver, f"#{box}")
        assert listed() == [row["id"] for row in catalog.query(where)], box
        click(driver, f"#{box}")
        count += 1
    for control, value, where in (
        ("words", "R-3", "symbol LIKE '%R-3%'"),
        ("words", "Eu(+) -> Eg(-)", "best_flip = 'Eu(+) Eu(+) -> Eg(-)'"),
        ("words", "cri", "id = 'CrI3_FM'"),
        ("group", "152, 166", "space_group IN (152, 166)"),
        ("flips", "2", "rows_flipped >= 2"),
    ):
        set_value(driver, f"#{control}", value)
        assert listed() == [row["id"] for row in catalog.query(where)], value
        assert len(listed()) > 0
        click(driver, "#all")
        count += 1
    assert count == 10
    # Sorted by atoms and back; by keyboard too, as headings are buttons.
    heads = driver.execute_script(
        "return [...document.querySelectorAll('#crystals thead button')].map(e => e.textContent)"
    )
    atoms = heads.index("atoms")
    for way in ("", "DESC"):
        driver.execute_script(
            "document.querySelectorAll('#crystals thead button')[arguments[0]].click()", atoms
        )
        column = driver.execute_script(
            "return [...document.querySelectorAll('#crystals tbody tr')]"
            ".map(r => +r.cells[arguments[0]].textContent)",
            atoms,
        )
        rows = catalog.sql(f"SELECT natoms FROM catalog ORDER BY natoms {way}").rows
        assert column == [row[0] for row in rows]
    assert look(driver, "window.hurt === undefined")
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    set_value(driver, "#words", "Te_P3121")
    click(driver, "#csv")
    for _ in range(100):
        if (tmp_path / "crystals.csv").exists():
            break
        time.sleep(0.05)
    lines = (tmp_path / "crystals.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith('"Te_P3121","Te","152"')
    assert complaints(driver) == []
    # A link leads to the page, and back.
    click(driver, "#crystals tbody a")
    wait(driver, "return window.symchiral?.stage !== undefined")
    assert driver.title.startswith("Te: chiral phonons")
    driver.execute_script("document.querySelector('header > a').click()")
    wait(driver, "return window.symchiral?.found !== undefined")
    assert complaints(driver) == []


def test_documents_are_downloaded(driver: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    opened(driver, pages["Bi2Se3"])
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    click(driver, "button[data-document='predict']")
    for _ in range(100):
        if (tmp_path / "predict.json").exists():
            break
        time.sleep(0.05)
    text = (tmp_path / "predict.json").read_text(encoding="utf-8")
    assert sc.Predict.from_json(text) == study("Bi2Se3").predict()
    assert complaints(driver) == []


def test_hostile_names_run_nothing(driver: Any, tmp_path: Path) -> None:
    name = 'x <img src=x onerror="window.hurt=1"><svg onload="window.hurt=1">.cif'
    shutil.copy(Path(sc.__file__).parents[1] / "structures" / "Bi2Se3.cif", tmp_path / name)
    channel = "</script><script>hurt()</script>"
    rows = [f"{0.05 * k:.2f},{np.cos(k):.4f},{np.sin(2 * k):.4f}" for k in range(99)]
    (tmp_path / "traces.csv").write_text(f"time_ps,{channel},<b>\n" + "\n".join(rows))
    crystal = sc.read(tmp_path / name)
    probe = f"balanced, {channel} = 0, <b> = 45"
    judged = crystal.validate(tmp_path / "traces.csv", pump="s+", probe=probe)
    crystal.report(tmp_path / "page.html", measurement=judged)
    opened(driver, tmp_path / "page.html")
    assert look(driver, "window.hurt === undefined")
    assert "<img src=x" in look(driver, "document.body.textContent")
    wait(driver, "return document.querySelector('#measured svg') !== null")
    assert channel in words_in(driver, "#measured")
    assert complaints(driver) == []


def test_the_page_of_animate(driver: Any, tmp_path: Path) -> None:
    animation = sc.read(springs("ZnO")).animate("E2#1(+)")
    sc.save(animation, tmp_path / "mode.html")
    size = {"width": 900, "height": 700, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get_log("browser")
    driver.get((tmp_path / "mode.html").as_uri())
    found = driver.execute_script(
        "const out = []; player.playing = false;"
        "for (let k = 0; k < 24; k++) { viewer.time = k / 24; viewer.draw();"
        "out.push(viewer.placed.map(p => [p[0], -p[1]])); } return out"
    )
    am = animation.modes.am(animation.mode)
    assert am is not None
    assert np.sign(swept(np.array(found), animation.masses)) == np.sign(am)
    assert complaints(driver) == []
