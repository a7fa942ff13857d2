"""Catalogs: rows agree with the single commands, and do not depend on who made them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ase.db
import ase.io
import numpy as np
import pytest

import symchiral as sc
from symchiral.answers.catalog import CatalogRow, column_types
from symchiral.answers.schema import schema
from symchiral.catalog import parts, screening
from symchiral.catalog.crystals import RESONANT, Terms, make_row
from symchiral.cli import main
from symchiral.crystal.bonds import bonded_dimension
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry, mirror_group, space_group
from symchiral.errors import GrammarError, InputError, LabelError, LimitError, ReadError
from symchiral.reading.many import Entry
from symchiral.reading.shipped import find_structure
from symchiral.rules.activity import ROUTES

duckdb = pytest.importorskip("duckdb")

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parent.parent
NAMES = ("Bi2Se3", "Te_P3121", "NaCl", "SiO2_quartz_P3121", "Cr2O3_AFM", "MgB2")
GAMMA = Terms(3, "GM", 1e-3)


def row_of(name: str, settings: Terms = GAMMA) -> CatalogRow:
    """The row of a shipped crystal or force set, made in this process."""
    kind = "forces" if "/" in name else "file"
    return make_row(Entry(name, name, kind, name.encode()), settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of structures in several formats, with what is none among them."""
    root = tmp_path_factory.mktemp("structures")
    (root / "deeper").mkdir()
    for i, name in enumerate(NAMES):
        target = root / ("deeper" if i % 2 else "") / f"{name}.cif"
        source = find_structure(name)
        shutil.copy(source, target.with_suffix(source.suffix))
    (root / "broken.cif").write_text("data_x\nloop_\n_atom_site_label\nNa\n")
    (root / "notes.txt").write_text("no structure")
    frames = [ase.io.read(find_structure(name)) for name in ("Si", "GaAs")]
    for frame in frames:
        frame.info, frame.calc = {}, None
        for key in set(frame.arrays) - {"numbers", "positions"}:
            del frame.arrays[key]
    ase.io.write(root / "two.extxyz", frames)
    return root


# ------------------------------------------------------------------------------- one row


@pytest.mark.parametrize(
    "step", [4, pytest.param(1, marks=pytest.mark.sweep)], ids=["every fourth", "all"]
)
def test_rows_agree_with_predict(step: int) -> None:
    """Counts, and the best flip found by brute force among all flipping rules."""
    compared = flips = 0
    for name in sc.structure_names()[::step]:
        study, row = sc.read(name), row_of(name)
        book = study.rules()
        answer = study.predict(channels=False)
        assert row.error is None
        assert row.flips == row.rows_flipped == answer.rows.flipped
        assert row.rows_allowed == answer.rows.allowed
        assert row.rows_kept == answer.rows.kept
        assert row.rows_neutral == answer.rows.neutral
        assert row.rows_without_rotation == answer.rows.without_rotation
        assert row.rows_undefined == answer.rows.undefined
        assert row.channels_allowed == answer.counts.allowed
        assert row.channels_flipped == answer.counts.flipped
        assert row.channels_kept == answer.counts.kept
        assert row.channels_neutral == answer.counts.neutral
        assert row.channels_undecided == answer.counts.undecided
        driven = book.flips().driven_by("infrared")
        seen = book.flips().seen_by("raman")
        both = driven.seen_by("raman")
        assert row.channels_flipped_ir_pump == len(driven)
        assert row.channels_flipped_raman_probe == len(seen)
        assert row.channels_flipped_ir_pump_raman_probe == len(both)
        assert row.channels_flipped_raman_pump == len(book.flips().driven_by("raman"))
        assert row.channels_flipped_ir_probe == len(book.flips().seen_by("infrared"))
        assert row.ir_pump is bool(len(driven))
        assert (row.ir_pump and row.raman_probe) is bool(len(both))
        if row.best_flip is not None:
            best = book[row.best_flip]
            assert best.pam_sense == "flipped"
            assert best.allowed
            assert row.best_flip_umklapp == best.umklapp
            assert row.ir_pump is all(p and ROUTES[p][0] == "infrared" for p in best.pump)
            assert row.raman_probe is any(ROUTES[p][0] == "raman" for p in best.probe)
            flips += 1
        else:
            assert row.flips == 0
        crystal = study.crystal
        assert (row.formula, row.space_group, row.natoms) == (
            study.formula, study.space_group, study.natoms,
        )  # fmt: skip
        assert row.magnetic_group == study.magnetic_group
        assert row.warnings == tuple(dict.fromkeys(n.kind for n in crystal.warnings))
        assert [(s.label, s.modes) for s in row.species] == [
            (s.label, s.count) for s in study.species()
        ]
        compared += 1
    assert compared > 100 // step
    assert flips > 60 // step


def test_the_vertices_of_a_star_add_up() -> None:
    for name in ("NaCl", "Te_P3121"):
        row = row_of(name, Terms(3, "star", 1e-3))
        books = sc.read(name).vertices()
        assert row.vertices == len(books) > 1
        counts = [book.counts() for book in books]
        assert row.channels_allowed == sum(c["allowed"] for c in counts)
        assert row.channels_flipped == sum(c["flipped"] for c in counts)


def test_order_four() -> None:
    row = row_of("MgB2", Terms(4, "GM", 1e-3))
    counts = sc.read("MgB2").rules(order=4).counts()
    assert (row.order, row.channels_allowed) == (4, counts["allowed"])
    assert row.channels_flipped == counts["flipped"] > 0


def test_with_forces_the_nearest_flip_is_named() -> None:
    """Found again among all transfers between modes, one by one."""
    far = 0
    for name in ("Bi2Se3/phonopy.yaml", "ZnO/phonopy.yaml"):
        study, row = sc.read(name), row_of(name)
        modes = study.modes()
        assert row.forces
        optical = [m for m in modes.multiplets if m.number is not None]
        assert row.highest_frequency == pytest.approx(max(m.frequency for m in optical), rel=1e-5)
        assert row.imaginary_modes == 0
        flips = [t for t in study.transfers() if t.rule.pam_sense == "flipped"]
        nearest = min(abs(t.detuning) for t in flips)
        if nearest > RESONANT:
            far += 1
            assert row.best_resonance is None
            continue
        assert row.best_resonance in {t.id for t in flips if abs(t.detuning) < nearest + 1e-9}
        assert abs(row.best_resonance_detuning or 0) == pytest.approx(nearest, abs=1e-5)
        assert study.axis is not None
        momenta = [abs(m.am(study.axis.direction) or 0) for s in optical for m in s.modes]
        assert row.largest_am == pytest.approx(max(momenta), abs=1e-5)
        assert 0.1 < (row.largest_am or 0) <= 1 + 1e-6
    assert far == 1
    assert row_of("Bi2Se3").forces is False


def test_eleven_pairs_of_groups_are_mirror_images() -> None:
    found = {
        (space_group(hall).number, mirror_group(hall))
        for hall in range(1, 531)
        if mirror_group(hall) is not None
    }
    assert len(found) == 22
    assert {(b, a) for a, b in found} == found
    assert (152, 154) in found
    chiral = {row.id for name in NAMES if (row := row_of(name)).chiral}
    assert chiral == {"Te_P3121", "SiO2_quartz_P3121"}


def test_how_many_dimensions_bonds_run_in() -> None:
    """Known layers, chains and molecules; the same in a supercell, a skewed cell, any order."""
    known = {
        "NaCl": 3, "Si": 3, "SiO2_quartz_P3121": 3, "Bi2Se3": 2, "MoS2_2H": 2, "graphite": 2,
        "P_black": 2, "CrI3": 2, "Te_P3121": 1, "Se": 1, "HgS_cinnabar": 1, "P2I4": 0,
    }  # fmt: skip
    rng = np.random.default_rng(5)
    for name, dimension in known.items():
        crystal = find_symmetry(sc.structure(name)).primitive
        assert bonded_dimension(crystal) == dimension, name
        skew = np.array([[1, 0, 0], [1, 1, 0], [-1, 2, 1]])
        order = rng.permutation(len(crystal))
        skewed = Crystal.of(
            skew @ crystal.cell,
            (crystal.positions @ np.linalg.inv(skew) + rng.uniform(size=3))[order],
            crystal.numbers[order],
        )
        assert bonded_dimension(skewed) == dimension, name
        doubled = Crystal.of(
            np.diag([2, 1, 1]) @ crystal.cell,
            np.concatenate([np.add(crystal.positions, [i, 0, 0]) * [0.5, 1, 1] for i in (0, 1)]),
            np.tile(crystal.numbers, 2),
        )
        assert bonded_dimension(doubled) == dimension, name
        assert row_of(name).layered is (dimension == 2)


# ------------------------------------------------------------------------------- a run


def sorted_rows(catalog: sc.Catalog) -> list[tuple[Any, ...]]:
    return list(catalog.query().rows)


def test_a_folder_becomes_a_catalog(
    folder: Path, tmp_path: Path, reference: list[dict[str, Any]]
) -> None:
    done = sc.screen(folder, out=tmp_path / "c", jobs=2)
    assert (done.read, sum(done.refused.values()), done.ignored) == (len(NAMES) + 2, 1, 1)
    catalog = sc.Catalog(tmp_path / "c")
    assert len(catalog) == len(NAMES) + 3
    assert set(catalog.columns) == set(column_types()) == set(CatalogRow.__struct_fields__)
    ids = [row["id"] for row in catalog.query(columns=["id"])]
    assert ids == sorted(ids)
    assert f"{folder}/two.extxyz#1" in ids
    found = catalog.query("flips > 0 AND ir_pump AND raman_probe AND space_group IN (152,154)")
    assert {Path(row["id"]).name for row in found} == {"Te_P3121.cif", "SiO2_quartz_P3121.cif"}
    broken = catalog.query("error IS NOT NULL")
    assert [(Path(r["id"]).name, r["error"], r["flips"]) for r in broken] == [
        ("broken.cif", "ReadError", None)
    ]
    (manifest,) = catalog.manifests
    assert manifest["rows"] == len(catalog)
    assert manifest["settings"]["order"] == 3
    assert list(catalog.query()) == reference


def plain(row: CatalogRow) -> dict[str, Any]:
    """A row as the database gives it."""
    found: dict[str, Any] = json.loads(parts.json_line(row))
    return found


@pytest.fixture(scope="module")
def reference(folder: Path) -> list[dict[str, Any]]:
    return [plain(row) for row in sc.screen(folder, jobs=1).rows]


@pytest.mark.parametrize("engine", ["shards", "processes", "chunks"])
def test_rows_do_not_depend_on_who_made_them(
    engine: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reference: list[dict[str, Any]],
) -> None:
    out = tmp_path / "c"
    if engine == "shards":
        found = [sc.screen(folder, out=out, jobs=1, shard=f"{i}/3") for i in (3, 1, 2)]
        assert sum(d.read + sum(d.refused.values()) for d in found) == len(reference)
        assert all(d.known == 0 and d.read for d in found)
    elif engine == "processes":
        subprocess.run([sys.executable, "-c", POOL, str(folder), str(out)], check=True)
    else:
        monkeypatch.setattr(screening, "CHUNK", 2)
        monkeypatch.setattr(screening, "PART", 3)
        sc.screen(iter([folder]), out=out, jobs=2)
        assert len(sc.Catalog(out).parts) > 2
    assert list(sc.Catalog(out).query()) == reference


POOL = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import symchiral as sc
with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
    sc.screen(sys.argv[1], out=sys.argv[2], executor=pool)
"""


def test_work_is_never_done_twice(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(folder, mine)
    first = sc.screen(mine, out=tmp_path / "c", jobs=1)
    again = sc.screen(mine, out=tmp_path / "c", jobs=1)
    assert (again.read, again.refused, again.known) == (0, {}, len(NAMES) + 3)
    assert len(sc.Catalog(tmp_path / "c").parts) == 1
    # What changes is read again, and counts; what was refused is tried again if one asks.
    shutil.copy(find_structure("GaAs"), mine / "broken.cif")
    third = sc.screen(mine, out=tmp_path / "c", jobs=1)
    assert (third.read, third.known) == (1, len(NAMES) + 2)
    catalog = sc.Catalog(tmp_path / "c")
    assert len(catalog) == len(NAMES) + 3
    assert not len(catalog.query("error IS NOT NULL"))
    assert first.read + 1 == len(catalog)
    (mine / "new.cif").write_text("nothing")
    assert sc.screen(mine, out=tmp_path / "c", jobs=1).refused == {"ReadError": 1}
    assert sc.screen(mine, out=tmp_path / "c", jobs=1).refused == {}
    assert sc.screen(mine, out=tmp_path / "c", jobs=1, retry=True).refused == {"ReadError": 1}


# ------------------------------------------------------------------------------- asking


@pytest.fixture(scope="module")
def catalog(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> sc.Catalog:
    out = tmp_path_factory.mktemp("catalogs") / "c"
    sc.screen(folder, out=out, jobs=1)
    return sc.Catalog(out)


def test_queries_see_the_catalog_and_nothing_else(catalog: sc.Catalog, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    refused = (
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"COPY (SELECT 1) TO '{tmp_path / 'x.csv'}'",
        f"ATTACH '{tmp_path / 'x.db'}'",
        "SET enable_external_access=true",
        "SELECT 1; SELECT 2",
        "DROP VIEW catalog",
        "SELECT nonsense FROM catalog",
        "SELEC 1",
        "",
    )
    for query in refused:
        with pytest.raises(InputError, match="cannot run this query"):
            catalog.sql(query)
    for where in ("nonsense > 3", "flips > ", "1 = 1; DROP VIEW catalog"):
        with pytest.raises(InputError):
            catalog.query(where)
    assert not (tmp_path / "x.csv").exists()
    with pytest.raises(LabelError, match="Did you mean flips"):
        catalog.query(columns=["flip"])
    count = catalog.sql("SELECT count(*) AS n FROM catalog")
    assert count.to_records() == [{"n": len(catalog)}]


def test_queries_leave_in_four_formats(catalog: sc.Catalog, tmp_path: Path) -> None:
    where, names = "flips > 0", ["id", "flips", "best_flip_pump", "ir_pump"]
    found = catalog.query(where, columns=names)
    assert len(found) > 3
    for ending in ("csv", "parquet", "md", "json"):
        path = tmp_path / f"x.{ending}"
        catalog.save(path, where, columns=names)
        catalog.save(path, where, columns=names)  # onto its own
        path.with_suffix(f".other.{ending}").write_text("mine")
        with pytest.raises(InputError, match="overwrite"):
            catalog.save(path.with_suffix(f".other.{ending}"), where)
    with (tmp_path / "x.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["id"] for r in rows] == [r["id"] for r in found]
    assert rows[0]["best_flip_pump"] == " ".join(next(iter(found))["best_flip_pump"])
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["columns"] == names
    assert [tuple(r) for r in document["rows"]] == [
        tuple(list(x) if isinstance(x, list) else x for x in row) for row in found.rows
    ]
    assert (tmp_path / "x.md").read_text().count("\n| ") == len(found) + 2
    read = duckdb.read_parquet(str(tmp_path / "x.parquet"))
    assert read.fetchall() == list(found.rows)
    with pytest.raises(InputError, match=r"\.csv, \.parquet"):
        catalog.save(tmp_path / "x.txt")


def test_frames(catalog: sc.Catalog) -> None:
    pandas = pytest.importorskip("pandas")
    frame = catalog.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["id"]) == [row["id"] for row in catalog.query()]


def test_the_command_line_screens_and_asks(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    out = str(tmp_path / "c")
    assert main(["screen", str(folder), "-o", out, "--jobs", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["read"] == len(NAMES) + 2
    assert main(["query", out, "flips > 0", "--columns", "formula,flips", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["columns"] == ["formula", "flips"]
    assert ["Bi2Se3", 3] in answer["rows"]
    assert main(["query", out]) == 0
    shown = capsys.readouterr().out
    assert "columns are not shown" in shown
    assert "Eu(+) Eu(+) -> Eg(-)" in shown
    assert main(["query", out, "--sql", "SELECT max(flips) AS m FROM catalog", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == ["m"]
    assert main(["query", out, "flips > 0", "--sql", "SELECT 1"]) == 1
    assert main(["screen", "Bi2Se3", str(folder / "broken.cif"), "--jobs", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Eu(+) Eu(+) → Eg(−)" in shown
    assert "ReadError" in shown


def test_columns_are_explained() -> None:
    described = json.loads(schema("catalog"))["$defs"]["CatalogRow"]["properties"]
    assert set(described) == set(column_types())
    assert all(len(about["description"]) > 10 for about in described.values())


# ------------------------------------------------------------------------------- in words


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    wrong: list[tuple[type[Exception], dict[str, Any]]] = [
        (LimitError, {"order": 5}),
        (GrammarError, {"q": "X"}),
        (GrammarError, {"shard": "0/2"}),
        (GrammarError, {"shard": "3/2"}),
        (GrammarError, {"shard": "x"}),
        (InputError, {"jobs": 0}),
        (InputError, {"timeout": 0}),
        (InputError, {"memory": -1}),
        (InputError, {"symprec": float("nan")}),
        (InputError, {"executor": 3}),
    ]
    for kind, options in wrong:
        with pytest.raises(kind):
            sc.screen(["NaCl"], **options)
    with pytest.raises(InputError, match="cannot screen"):
        sc.screen(3)  # type: ignore[arg-type]
    with pytest.raises(ReadError, match="no such file"):
        sc.screen("nowhere.cif")
    with pytest.raises(ReadError, match="called as structures"):
        sc.screen(tmp_path)
    with pytest.raises(InputError, match="symchiral screen"):
        sc.Catalog(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        sc.Catalog(tmp_path / "x")


def test_threads_are_refused() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="threads of one process"):
        sc.screen(["NaCl"], executor=pool)


def test_a_catalog_keeps_its_options(catalog: sc.Catalog, folder: Path) -> None:
    with pytest.raises(InputError, match="other options"):
        sc.screen(folder, out=catalog.path, order=4)


def test_without_duckdb_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match=r"symchiral\[screen\]"):
        sc.screen(["NaCl"], out=tmp_path / "c")
    assert sc.screen(["NaCl"], jobs=1).read == 1
