"""Driving Debian's chromium: what tests of pages have in common."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
SHOTS = os.environ.get("SYMCHIRAL_SCREENSHOTS")
"""Folder in which pictures of the pages are kept."""


def started() -> Iterator[Any]:
    """A browser without a window, ended afterwards; skips where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


def opened(
    driver: Any, file: Path, width: int = 1600, height: int = 1000, *, scripted: bool = True
) -> Any:
    """Open a page in a window of this size; of a page with a script, wait until it has run."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(file.as_uri())
    if scripted:
        wait(driver, "return window.symchiral !== undefined")
    return driver


def wait(driver: Any, script: str) -> Any:
    for _ in range(200):
        if found := driver.execute_script(script):
            return found
        time.sleep(0.05)
    raise AssertionError(f"never true: {script}")


def click(driver: Any, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).click()", selector)


def set_value(driver: Any, selector: str, value: object) -> None:
    """As a reader does it: the value changes and the page is told."""
    driver.execute_script(
        "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}));"
        "e.dispatchEvent(new Event('change', {bubbles: true}));",
        selector,
        value,
    )


def look(driver: Any, script: str) -> Any:
    """What an expression is on the page."""
    return driver.execute_script(f"return {script}")


def words_in(driver: Any, selector: str) -> str:
    found: str = look(driver, f"document.querySelector({json.dumps(selector)}).textContent")
    return found


def undisturbed(driver: Any, file: Path, name: str) -> None:
    """The page complains of nothing, asks for nothing and is as wide as the window; keep its
    picture under this name, if pictures are kept."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(Path(SHOTS) / f"{name}.png"))
    assert complaints(driver) == []
    assert requests(driver) == [file.as_uri()]
    # Nothing is wider than the window, tables scroll by themselves.
    wide, window = look(driver, "[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def complaints(driver: Any) -> list[str]:
    return [entry["message"] for entry in driver.get_log("browser")]


def requests(driver: Any) -> list[str]:
    """Addresses that the page asked for since it was opened."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [e["params"]["request"]["url"] for e in events if e["method"].endswith("WillBeSent")]
    return [url for url in sent if not url.startswith("blob:")]
