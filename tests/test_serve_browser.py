"""The local page in a real browser: files are dropped, the report opens, the rest is told."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import SHOTS, click, complaints, look, requests, set_value, started, wait, words_in
from test_serve import LIMITS, STRUCTURES, serving

from symchiral.web.server import Server

pytestmark = pytest.mark.browser

TE = (STRUCTURES / "Te_P3121.cif").read_bytes()
HOSTILE = "<img src=x onerror='document.title=1'>.cif"


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    yield from started()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serving(Server(limits=LIMITS, most_bytes=1_000_000))


@pytest.fixture
def page(driver: Any, server: Server) -> Any:
    size(driver, 1600)
    driver.get(server.address)
    wait(driver, "return window.symchiral !== undefined")
    driver.get_log("browser")
    driver.get_log("performance")
    return driver


def size(driver: Any, width: int) -> None:
    given = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", given)


def drop(driver: Any, files: list[tuple[str, bytes]]) -> None:
    """Drop files on the page, as a desktop does it."""
    data = [[name, base64.b64encode(content).decode()] for name, content in files]
    driver.execute_script(
        "const moved = new DataTransfer();"
        "for (const [name, text] of arguments[0]) {"
        " const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));"
        " moved.items.add(new File([bytes], name)); }"
        "document.getElementById('drop').dispatchEvent("
        " new DragEvent('drop', { dataTransfer: moved, bubbles: true, cancelable: true }));",
        data,
    )
    wait(driver, f"return symchiral.chosen().length >= {len(files)}")


def make(driver: Any) -> None:
    driver.execute_script("document.getElementById('make').click()")


def told(driver: Any) -> str:
    """What is wrong, once it is said."""
    wait(driver, "return !document.getElementById('wrong').hidden")
    return words_in(driver, "#wrong")


def keep(driver: Any, name: str) -> None:
    """Pictures at two widths, if pictures are kept; nothing is wider than the window."""
    for width in (1600, 400):
        size(driver, width)
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            driver.save_screenshot(str(Path(SHOTS) / f"{name}_{width}.png"))
        wide, window = look(driver, "[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window


def reported(driver: Any) -> str:
    """Wait until a report is open; the type of what it shows."""
    wait(driver, "return window.symchiral !== undefined && symchiral.answer !== undefined")
    found: str = words_in(driver, "h1")
    return found


def test_a_structure_is_dropped_and_its_report_opens(page: Any, server: Server) -> None:
    keep(page, "serve_empty")
    drop(page, [(HOSTILE, TE)])
    assert look(page, "document.images.length") == 0
    keep(page, "serve_chosen")
    page.execute_script("document.getElementById('unit').value = 'cm-1'")
    make(page)
    assert "Te" in reported(page)
    assert words_in(page, "title") != "1"
    assert "_img src=x onerror=_document.title=1__.cif" in words_in(page, "main")
    # Its scripts run, from an origin of its own, and nothing else was asked for.
    assert look(page, "location.origin + self.origin").endswith("null")
    assert complaints(page) == []
    allowed = (server.address, "data:", f"http://127.0.0.1:{server.server_address[1]}/favicon.ico")
    assert all(url.startswith(allowed) for url in requests(page))
    keep(page, "serve_report")
    page.back()
    wait(page, "return document.querySelectorAll('#reports tbody tr').length > 0")
    row = words_in(page, "#reports tbody tr")
    assert "P3_121" in row or "P3121" in row
    assert "unit cm-1" in row
    keep(page, "serve_list")


def test_a_report_cannot_ask_the_server(page: Any, server: Server) -> None:
    """Not even a script that got into it."""
    drop(page, [("te.cif", TE)])
    make(page)
    reported(page)
    asked = page.execute_async_script(
        "const done = arguments[0];"
        f"fetch({json.dumps(server.address)}).then(() => done('read'), () => done('refused'))"
    )
    assert asked == "refused"


def test_force_data_are_chosen(page: Any, tmp_path: Path) -> None:
    shutil.copy(STRUCTURES / "ZnO" / "phonopy.yaml.xz", tmp_path)
    page.find_element("id", "files").send_keys(str(tmp_path / "phonopy.yaml.xz"))
    wait(page, "return symchiral.chosen().length === 1")
    make(page)
    assert "ZnO" in reported(page)
    assert look(page, "document.getElementById('dispersion') !== null")


def test_files_are_marked_as_what_they_are(page: Any) -> None:
    """Guessed by their names, and changed by hand; the report has the measurement in it."""
    folder = STRUCTURES / "Bi2Se3"
    names = ("phonopy.yaml", "couplings.json", "example_rows.yaml", "traces.csv")
    drop(page, [(name, (folder / name).read_bytes()) for name in names])
    roles = "[...document.querySelectorAll('#chosen select')].map((s) => s.value)"
    assert look(page, roles) == ["crystal", "couplings", "crystal", "measurement"]
    keep(page, "serve_roles")
    click(page, "#chosen li:last-child button")
    set_value(page, "#chosen li:last-child select", "measurement")
    set_value(page, "#sees", "raman")
    assert look(page, roles) == ["crystal", "couplings", "measurement"]
    make(page)
    assert "Bi2Se3" in reported(page)
    assert look(page, "document.getElementById('answer-validate') !== null")


def test_what_is_wrong_is_told(page: Any) -> None:
    """No structure; two of them; a file too large; an axis that is none: and then it works."""
    drop(page, [("notes.cif", b"These are notes.")])
    make(page)
    assert told(page).startswith("cannot read notes.cif: it holds no CIF data.")
    keep(page, "serve_wrong")
    drop(page, [("te.cif", TE)])
    wait(page, "return document.getElementById('wrong').hidden")
    make(page)
    assert "not the force data of one crystal" in told(page)
    drop(page, [("large.cif", b"x" * 1_000_001)])
    assert "The limit is 1.0 MB: symchiral serve --largest" in told(page)
    assert look(page, "document.getElementById('make').disabled")
    for name in ("large.cif", "notes.cif"):
        page.execute_script(
            "document.querySelector(`[aria-label='remove ${arguments[0]}']`).click()", name
        )
    assert look(page, "symchiral.chosen()") == ["te.cif"]
    page.execute_script("document.getElementById('axis').value = '1,2,3'")
    make(page)
    assert told(page).startswith("no symmetry axis along 1,2,3")
    page.execute_script("document.getElementById('axis').value = ''")
    make(page)
    assert "Te" in reported(page)


def test_another_site_finds_nothing(driver: Any, server: Server, tmp_path: Path) -> None:
    """A page from elsewhere can neither read the page nor send files, nor show it in a frame."""
    evil = tmp_path / "evil.html"
    evil.write_text("<!doctype html><title>x</title><iframe></iframe>", encoding="utf-8")
    driver.get(evil.as_uri())
    kept = len(server.listed())
    for options in ("{}", "{method: 'POST', body: 'x'}", "{method: 'POST', mode: 'no-cors'}"):
        asked = driver.execute_async_script(
            "const done = arguments[1];"
            f"fetch(arguments[0] + 'report', {options})"
            ".then((a) => a.text()).then((t) => done(t), () => done('refused'))",
            server.address,
        )
        assert asked in ("refused", "")
    assert len(server.listed()) == kept
