"""The atlas of all groups: tables and pages against the rules of single groups, and as files."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from class_crystals import all_groups

import symchiral as sc
from symchiral.answers.atlas_tables import PatternRow, pattern_of, pattern_rows, place_of
from symchiral.answers.catalog import sql_types
from symchiral.atlases import build, pages
from symchiral.atlases.build import Written, write_atlas
from symchiral.atlases.parts import TABLES, Task, list_tasks, make_part
from symchiral.cli import main
from symchiral.crystal.empty import empty_cell
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import space_group
from symchiral.disk import mark
from symchiral.errors import InputError, LimitError
from symchiral.irreps.axis import axis_at, find_axis, inequivalent_axes
from symchiral.irreps.classes import CLASSES
from symchiral.rules.listing import listing
from symchiral.rules.rulebook import group_rulebook
from symchiral.rules.vertices import special_vertices

duckdb = pytest.importorskip("duckdb")

FEW = ("C3", "D2", "D3d", "152")
"""Enough for every kind of page."""


def tasks_of(names: Sequence[str]) -> list[Task]:
    return [task for task in list_tasks() if task.name in names]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("atlas") / "few"
    return write_atlas(folder, tasks=tasks_of(FEW))


def ask(made: Written, query: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = duckdb.sql(query.format(folder=made.folder)).fetchall()
    return found


# ------------------------------------------------------------------------------- tasks


def test_every_class_about_every_axis_and_every_group_is_there() -> None:
    tasks = list_tasks()
    assert len(set(tasks)) == len(tasks)
    assert Counter((t.whole_class, t.order) for t in tasks) == {
        (True, 3): 55, (True, 4): 55, (False, 3): 230,
    }  # fmt: skip
    assert {t.name for t in tasks if t.whole_class} == set(CLASSES)


def test_axes_are_counted_up_to_the_group() -> None:
    """By orbits of the Cartesian directions of the axes of all proper operations and of S4."""
    total = 0
    for hall_number in CLASSES.values():
        cell = empty_cell(space_group(hall_number))
        vectors = []
        for g in cell.group.operations:
            if g.direction is not None and (g.type >= 2 or g.type == -4):
                v = cell.frame.direction(g.direction, to="cartesian", source="primitive")
                vectors.append(v / np.linalg.norm(v))
        kinds: list[Any] = []
        for v in vectors:
            if not any(abs(v @ w) > 1 - 1e-6 for orbit in kinds for w in orbit):
                kinds.append(cell.rotations @ v)
        axes = inequivalent_axes(cell)
        assert len(axes) == len(kinds)
        assert axes[:1] == tuple(x for x in (find_axis(cell),) if x)
        total += len(axes)
    assert total == 52


# ------------------------------------------------------------------------------- patterns


def invariants(pattern: Any, characters: dict[str, Any], powers: np.ndarray[Any, Any]) -> int:
    """Dimension of the invariants in a product of symmetric powers, by characters alone.

    h_k = (1/k) Σ_i χ(g^i) h_(k−i) is the character of the k-th symmetric power.
    """
    product = np.ones(len(powers))
    for name, modes in pattern:
        for into, out in modes:
            h = [np.ones(len(powers))]
            for k in range(1, into + out + 1):
                h.append(
                    sum(characters[name][powers[:, i]] * h[k - i] for i in range(1, k + 1)) / k
                )
            product = product * h[-1]
    count = product.mean()
    assert abs(count - round(count)) < 1e-9
    return round(count)


def patterns_by_characters(names: Iterable[str], order: int) -> Counter[str]:
    counted = Counter[str]()
    for name in names:
        cell = empty_cell(space_group(CLASSES[name]))
        group = cell.group
        book = group_rulebook(cell, find_axis(cell), (GAMMA,) * order)
        characters = {
            s.label: np.rint(np.trace(s.participant.matrices[:, 0], axis1=1, axis2=2).real)
            for s in sc.atlas(name).species
        }
        powers = np.zeros((len(group), order + 1), dtype=int)
        for k in range(1, order + 1):
            powers[:, k] = group.products[powers[:, k - 1], np.arange(len(group))]
        rows = list(pattern_rows(place_of(cell, None, whole_class=True), book))
        keys = dict.fromkeys(pattern_of(rule.channel) for rule in book.everything)
        assert len(rows) == len(keys) == len({row.pattern for row in rows})
        for row, key in zip(rows, keys, strict=True):
            assert row.coefficients == invariants(key, characters, powers), (name, row.pattern)
            assert row.order == sum(n + m for _, modes in key for n, m in modes)
            counted["allowed" if row.coefficients else "forbidden"] += 1
        assert sum(row.judged for row in rows) == len(book.everything)
        assert sum(row.allowed for row in rows) == len(book)
    return counted


def test_coefficients_of_patterns_equal_counts_of_characters() -> None:
    few = ("C1", "Cs", "D2", "C3", "S4", "D2d", "C3v", "D3d")
    assert patterns_by_characters(few, 3) == {"allowed": 155, "forbidden": 369}
    fourth = ("C3", "S4", "C3v", "D2d")
    assert patterns_by_characters(fourth, 4) == {"allowed": 291, "forbidden": 410}


@pytest.mark.sweep
def test_coefficients_of_patterns_of_all_classes_equal_counts_of_characters() -> None:
    assert patterns_by_characters(CLASSES, 3) == {"allowed": 1241, "forbidden": 4956}


# ------------------------------------------------------------------------------- tables


def test_channels_are_those_of_the_command(made: Written) -> None:
    for name in ("C3", "D3d"):
        rules = {rule.id: rule for rule in sc.atlas(name).everything}
        rows = ask(
            made,
            "SELECT transfer, verdict, pam_sense, umklapp, pump, probe, reason_kind, invariant "
            f"FROM '{{folder}}/channels.parquet' WHERE schoenflies = '{name}' AND highest",
        )
        assert len(rows) == len(rules)
        for transfer, verdict, sense, umklapp, pump, probe, kind, invariant in rows:
            rule = rules[transfer]
            assert (verdict, sense, umklapp) == (rule.verdict, rule.pam_sense, rule.umklapp)
            assert (tuple(pump), tuple(probe)) == (rule.pump, rule.probe)
            assert kind == rule.reason.kind
            assert invariant == (rule.invariant.text if rule.invariant else None)


def test_the_question_of_classes_is_answered_by_tables_and_by_page(made: Written) -> None:
    """Which classes flip with an infrared pump and a Raman probe."""
    right = {
        name
        for name in ("C3", "D2", "D3d")
        if len(sc.atlas(name).flips().driven_by("infrared").seen_by("raman"))
    }
    assert right == {"C3", "D3d"}
    rows = ask(
        made,
        "SELECT DISTINCT schoenflies FROM '{folder}/channels.parquet' WHERE verdict = 'allowed' "
        "AND pam_sense = 'flipped' AND ir_pump AND raman_probe",
    )
    assert {name for (name,) in rows} == right
    data = data_of(made.folder / pages.INDEX)
    cells = [[data["words"][i] for i in row] for row in data["rows"]]
    found = {c[0] for c in cells if (c[4], c[7]) == ("flipped", "infrared") and "raman" in c[8]}
    assert found == right


def test_patterns_add_up_to_the_vertices_of_a_star(made: Written) -> None:
    books = [b for b in sc.atlas(152, q="star").books if any(q.reduced != GAMMA for q in b.points)]
    rows = ask(
        made,
        "SELECT q, sum(judged), sum(allowed), sum(flipped), sum(kept) FROM "
        "'{folder}/patterns.parquet' WHERE space_group = 152 GROUP BY q",
    )
    assert len(rows) == len(books) == 11
    assert sorted(tuple(map(int, row[1:])) for row in rows) == sorted(
        (len(b.everything), c["allowed"], c["flipped"], c["kept"])
        for b in books
        for c in [b.counts()]
    )


def test_columns_have_meanings_and_the_tables_have_them(made: Written) -> None:
    for name, record in TABLES.items():
        table = f"'{made.folder}/{name}.parquet'"
        described = ask(made, f"DESCRIBE SELECT * FROM {table}")
        assert [row[0] for row in described] == list(sql_types(record))
        shown = (made.folder / pages.INDEX).read_text("utf-8")
        assert all(f">{column}<" in shown for column in sql_types(record))


def test_rows_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    tasks = tasks_of(("C2", "C3", "1"))
    made = write_atlas(tmp_path / "one", tasks=tasks)
    again = write_atlas(tmp_path / "again", tasks=tasks[::-1], jobs=2)
    assert (again.pages, again.channels) == (made.pages, made.channels)
    for page in made.folder.glob("*.html"):
        assert page.read_bytes() == (again.folder / page.name).read_bytes()
    for name in TABLES:
        query = f"SELECT * FROM '{{folder}}/{name}.parquet'"
        assert ask(made, query) == ask(again, query)


# ------------------------------------------------------------------------------- pages


def data_of(page: Path) -> dict[str, Any]:
    """What the script of a page searches."""
    match = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.S
    )
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_pages_load_nothing_and_lead_only_to_each_other(made: Written) -> None:
    files = sorted(made.folder.glob("*.html"))
    assert {f.name for f in files} == {
        "index.html", "special_points.html", "class_C3.html", "class_D2.html", "class_D3d.html",
        "group_152.html",
    }  # fmt: skip
    for file in files:
        text = file.read_text("utf-8")
        assert mark(pages.KIND) in text
        assert "default-src 'none'" in text
        body = text.partition("<body>")[2].partition("<script")[0]
        for kind in ("src=", "style=", "onclick", "<img", "<link", "<iframe", "http"):
            assert kind not in body, (file.name, kind)
        for address in re.findall(r'href="([^"#]*)', body):
            other = unescape(address)
            assert (
                other in {f.name for f in files}
                or other.startswith(("class_", "group_"))
                or not other
            )


def test_the_page_of_a_class_has_every_transfer_with_its_reason(made: Written) -> None:
    text = unescape((made.folder / "class_D3d.html").read_text("utf-8"))
    found = listing(sc.atlas("D3d").books[0])
    assert len(found.rows) == 27
    assert text.count("<details><summary>") >= len(found.rows) + 2
    for row in found.rows:
        assert row.rule.invariant is not None
        assert row.rule.id.replace("->", "→").replace("-", "−") in text
        assert row.rule.invariant.text.replace("-", "−") in text
    assert "141 forbidden transfers" in text
    assert "the inversion {-1|0}" in text


def test_names_are_escaped() -> None:
    assert pages.table(("a", "<b>"), [("<i>", ('x"y', "&"))]) == (
        '<div class="wide"><table><thead><tr><th scope="col">a<th scope="col">&lt;b&gt;</tr>'
        '</thead><tbody>\n<tr><th scope="row">&lt;i&gt;<td><a href="x&quot;y">&amp;</a></tr>\n'
        "</tbody></table></div>\n"
    )
    shown = pages.page("<script>", "", data={"words": ["</script><script>alert(1)"]})
    assert "<script>alert" not in shown
    assert "<title>&lt;script&gt;" in shown


# ------------------------------------------------------------------------------- files


def test_a_folder_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "atlas"
    task = [Task("C3", 0, 3), Task("C3", 0, 4)]
    write_atlas(target, tasks=task)
    before = sorted(p.name for p in target.iterdir())
    write_atlas(target, tasks=task)  # its own files are replaced
    assert sorted(p.name for p in target.iterdir()) == before

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "every_page", full)
    with pytest.raises(InputError, match="No space left"):
        write_atlas(target, tasks=task)
    assert sorted(p.name for p in target.iterdir()) == before
    assert [p.name for p in tmp_path.iterdir()] == ["atlas"]


def test_what_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("everything")
    file = tmp_path / "file"
    file.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(folder)
    for path, why in ((folder, "thesis.tex"), (file, "not a folder"), (link, "not a folder"),
                      (tmp_path / "no" / "where", "no folder")):  # fmt: skip
        with pytest.raises(InputError, match=why):
            write_atlas(path, tasks=[Task("C3", 0, 3)])
    assert (folder / "thesis.tex").read_text() == "everything"
    with pytest.raises(InputError, match="jobs"):
        write_atlas(tmp_path / "new", jobs=0)


def test_a_process_that_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SERVE", "raise SystemExit(1)")
    with pytest.raises(LimitError, match="not finished"):
        write_atlas(tmp_path / "x", tasks=tasks_of(("C3",)), jobs=2)
    assert not list(tmp_path.iterdir())


def test_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
                          tmp_path: Path) -> None:  # fmt: skip
    for words in ([], ["--all"], ["-o", "x"], ["--all", "-o", "x", "--order", "4"],
                  ["-3m", "--jobs", "2"]):  # fmt: skip
        with pytest.raises(SystemExit):
            main(["atlas", *words])
    assert "--jobs is for all groups" in capsys.readouterr().err
    monkeypatch.setattr(build, "list_tasks", lambda: tasks_of(("C3",)))
    assert main(["atlas", "--all", "-o", str(tmp_path / "all"), "--jobs", "1"]) == 0
    assert "index.html" in capsys.readouterr().err
    assert (tmp_path / "all" / "class_C3.html").is_file()


# ------------------------------------------------------------------------------- all of it


@pytest.mark.sweep
def test_numbers_of_the_whole_atlas_at_third_order() -> None:
    """Every class about every axis, and every space group; vertices counted anew."""
    counted = Counter[str]()
    for task in list_tasks():
        if task.order != 3:
            continue
        part = make_part(task)
        assert part.counts is not None
        kind = "centre" if task.whole_class else "points"
        counted[f"{kind} channels"] += part.counts["channels"]
        counted[f"{kind} allowed"] += part.counts["allowed"]
        counted[f"{kind} transfers"] += len(part.transfers)
        if not task.whole_class:
            group = all_groups()[int(task.name) - 1]
            cell = empty_cell(group)
            axis = find_axis(cell)
            vertices = [v for v in special_vertices(group, 3) if any(q.reduced != GAMMA for q in v)]
            symbols = {axis_at(cell, axis, v).symbol for v in vertices if axis_at(cell, axis, v)}
            assert {row.axis for row in part.patterns} - {None} <= symbols
            counted["vertices"] += len(vertices)
    assert +counted == {
        "centre channels": 44541,
        "centre allowed": 5214,
        "centre transfers": 2591,
        "points channels": 318958,
        "points allowed": 44311,
        "vertices": 2285,
    }


def test_a_row_of_a_pattern_is_a_value() -> None:
    (row,) = (
        row for row in make_part(Task("D3d", 0, 4)).patterns if row.pattern == "Eu Eu Eu -> Eu"
    )
    assert isinstance(row, PatternRow)
    assert (row.coefficients, row.judged, row.allowed, row.kept) == (1, 8, 2, 2)
