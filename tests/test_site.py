"""A catalog as a site: the index has the rows of the catalog, and every crystal its page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

import symchiral as sc
from symchiral import site as publishing
from symchiral.answers.site import Site
from symchiral.cli import main
from symchiral.errors import InputError
from symchiral.page.site import COLUMNS

ROOT = Path(sc.__file__).parents[1]
HOSTILE = 'x <img src=x onerror="alert(1)">.cif'


def embedded(text: str, name: str) -> dict[str, object]:
    match = re.search(
        rf'<script id="{name}" type="application/json">(.*?)</script>', text, re.DOTALL
    )
    assert match is not None
    found: dict[str, object] = json.loads(match[1])
    return found


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files, one with a hostile name; two frames of a set; one in memory; one refused."""
    folder = tmp_path_factory.mktemp("site")
    inputs = folder / "inputs"
    inputs.mkdir()
    shutil.copy(ROOT / "structures" / "Te_P3121.cif", inputs / "te.cif")
    shutil.copy(ROOT / "structures" / "WC.cif", inputs / HOSTILE)
    write(inputs / "set.extxyz", [bulk("Cu"), bulk("GaAs", "zincblende", a=5.65)])
    (inputs / "broken.cif").write_text("data_x\n")
    sc.screen(
        [str(inputs), ("memory", bulk("NaCl", "rocksalt", a=5.6))], out=folder / "cat", jobs=1
    )
    return folder / "cat"


def test_every_crystal_has_its_page(catalog: Path, tmp_path: Path) -> None:
    rows = {row["id"]: row for row in sc.Catalog(catalog).query()}
    shares: list[float] = []
    said = sc.publish(catalog, tmp_path / "site", points=10, progress=shares.append)
    assert (said.crystals, said.pages, said.kept, said.refused) == (5, 4, 0, 1)
    assert list(said.failed) == ["memory"]
    assert shares[-1] == 1
    assert Site.from_json(said.to_json()) == said
    text = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "<img" not in text
    data = embedded(text, "rows")
    columns = [column["key"] for column in data["columns"]]  # type: ignore[index]
    assert columns == [*COLUMNS, "page"]
    found = {row[0]: dict(zip(columns, row, strict=True)) for row in data["rows"]}  # type: ignore[attr-defined]
    assert set(found) == {key for key, row in rows.items() if row["error"] is None}
    count = 0
    for key, row in found.items():
        assert {name: row[name] for name in COLUMNS} == {name: rows[key][name] for name in COLUMNS}
        if row["page"] is None:
            continue
        page = (tmp_path / "site" / row["page"]).read_text(encoding="utf-8")
        show = embedded(page, "answer-show")
        structure = show["structure"]
        assert structure["space_group"] == row["space_group"]  # type: ignore[index]
        assert structure["primitive"]["natoms"] == row["natoms"]  # type: ignore[index]
        assert page.count('href="../index.html"') == 1
        # Of files that are read one after the other a page names its own alone.
        files = show["input"]["files"]  # type: ignore[index]
        assert len(files) == 1  # type: ignore[arg-type]
        count += 1
    assert count == 4
    # What is there is kept, and made again where that is asked for.
    again = sc.publish(catalog, tmp_path / "site", points=10)
    assert (again.pages, again.kept) == (4, 4)


def test_what_has_changed_has_no_page(catalog: Path, tmp_path: Path) -> None:
    """The page would be of another crystal than the row."""
    inputs = catalog.parent / "inputs"
    kept = (inputs / "te.cif").read_bytes()
    try:
        (inputs / "te.cif").write_bytes(kept + b"\n# another\n")
        (inputs / HOSTILE).rename(inputs / "away")
        said = sc.publish(catalog, tmp_path / "site", "formula IN ('Te', 'WC', 'NaCl')")
    finally:
        (inputs / "te.cif").write_bytes(kept)
        (inputs / "away").rename(inputs / HOSTILE)
    assert (said.crystals, said.pages) == (3, 0)
    failed = {Path(key).name: why for key, why in said.failed.items()}
    assert "screen it again" in failed["te.cif"]
    assert "no such file" in failed[HOSTILE]
    assert "in memory" in failed["memory"]


BAD = """
import os, time
import numpy as np
from symchiral import site
make = site.make_page
def bad(order, terms):
    if "te.cif" in order.entry.id: os.kill(os.getpid(), 9)
    if "Ga" in order.page: return [np.empty(10**7) for _ in range(10**4)]
    if "WC" in order.page: time.sleep(1000)
    return make(order, terms)
site.make_page = bad
site.serve()
"""


def test_a_crystal_that_hangs_dies_or_eats_memory_stops_no_site(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SERVE", BAD)
    out = tmp_path / "site"
    said = sc.publish(catalog, out, "formula IN ('Te', 'GaAs', 'Cu')", points=10, memory=3e9)
    assert (said.crystals, said.pages) == (3, 1)
    failed = sorted(said.failed.values())
    assert "more than 3 GB of memory" in failed[0]
    assert "ended, twice, with status -9" in failed[1]
    said = sc.publish(catalog, out, "formula = 'WC'", timeout=1)
    assert (said.crystals, said.pages) == (1, 0)
    (why,) = said.failed.values()
    assert "more than 1 s" in why
    assert "more than 1 s" in (out / "index.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no limits"):
        sc.publish(catalog, out, timeout=0)


def test_command(catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    words = ["report", str(catalog), "-o", str(site), "--where", "formula = 'Cu'"]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["pages"]) == ("symchiral/site/1", 1)
    page = next((site / "crystals").iterdir())
    before = page.stat().st_mtime_ns
    assert main(words) == 0  # it is kept
    assert page.stat().st_mtime_ns == before
    assert "1 of 1 crystal has a page" in capsys.readouterr().out
    assert main([*words, "--pump", "2THz s+ 1ps 1MV/cm"]) == 1
    assert "--pump is of one crystal" in capsys.readouterr().err
    assert main([*words[:3], str(tmp_path / "site.html")]) == 1
    assert "its site is a folder of pages" in capsys.readouterr().err
    assert main(["report", str(catalog.parent / "inputs"), "-o", str(site)]) == 1
    assert "symchiral screen" in capsys.readouterr().err
    assert main([*words, "--measured-pump", "s+"]) == 1
    assert "--measured-pump is of one crystal" in capsys.readouterr().err
    assert main([*words, "--timeout", "5min", "--memory", "8GB"]) == 0
    capsys.readouterr()
    assert main(["report", "Bi2Se3", "--jobs", "2", "-o", str(tmp_path / "x.html")]) == 1
    assert "--jobs" in capsys.readouterr().err
    assert main(["report", "Bi2Se3", "--memory", "2GB", "-o", str(tmp_path / "x.html")]) == 1
    assert "--memory" in capsys.readouterr().err
    assert main([*words[:-1], "no such"]) == 1
    assert "cannot run this query" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    with pytest.raises(InputError, match="overwrite"):
        sc.publish(catalog, tmp_path / "mine", "formula = 'Cu'")
    with pytest.raises(InputError, match="cannot write the site"):
        sc.publish(catalog, tmp_path / "mine" / "index.html")
    with pytest.raises(InputError, match="jobs"):
        sc.publish(catalog, site, jobs=0)
