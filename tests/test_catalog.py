"""Catalogs: rows agree with the single commands, and do not depend on who made them."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms

import symchiral as sc
from symchiral.answers.catalog import CatalogRow, column_types
from symchiral.answers.schema import schema
from symchiral.catalog import child, parts, screening
from symchiral.catalog.collection import Selection
from symchiral.catalog.crystals import RESONANT, Terms, make_row
from symchiral.catalog.lock import alone
from symchiral.cli import main
from symchiral.cli.printing import write
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


MAGNETIC_WAVES = {
    "Co3Sn2S2_FM": ("p", "s"),  # J along the moments at every wavevector
    "CrI3_FM": ("p", "s"),
    "Cr2O3_AFM": ("none", "none"),  # inversion with time reversal
    "MnBi2Te4_AFM": ("none", "none"),
    "MnF2_AFM": ("f", "d"),  # J is even in q, as the splitting of magnons of an altermagnet
}


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
        # h is even and J odd in q, both vanish with inversion, and h is constant without mirrors.
        centred = any((r == -np.eye(3)).all() for r in crystal.group.rotations)
        if row.magnetic:
            assert (row.helicity_wave, row.am_wave) == MAGNETIC_WAVES[name]
        else:
            assert (row.helicity_wave == "none") is (row.am_wave == "none") is centred
            assert (row.helicity_wave == "s") is row.chiral
            assert row.am_wave in ("none", "p", "f")
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
        assert all(d.known == 0 for d in found)  # none stands in two shards
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
    assert "Not shown: " in shown
    assert "Eu(+) Eu(+) -> Eg(-)" in shown
    assert main(["query", out, "--list-columns"]) == 0
    listed = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in listed if not line.startswith(" ")] == list(column_types())
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
        (GrammarError, {"executor": "slurm:x"}),
        (InputError, {"executor": "dask:127.0.0.1:1"}),  # nobody is there, or no Dask
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
    with pytest.raises(InputError, match="order was 3, and is 4 now") as error:
        sc.screen(folder, out=catalog.path, order=4)
    assert "symprec" not in str(error.value)


def test_a_catalog_is_not_called_as_a_table(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a catalog is a folder"):
        sc.screen(folder, out=tmp_path / "rows.csv", jobs=1)
    assert not (tmp_path / "rows.csv").exists()


def test_without_duckdb_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match='pip install "duckdb'):
        sc.screen(["NaCl"], out=tmp_path / "c")
    assert sc.screen(["NaCl"], jobs=1).read == 1


# ------------------------------------------------------------------------------- inputs


def pymatgen_dict(name: str) -> dict[str, Any]:
    """A structure as pymatgen writes it."""
    crystal = sc.structure(name)
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "charge": 0,
        "lattice": {"matrix": crystal.cell.tolist(), "pbc": [True, True, True]},
        "sites": [
            {"species": [{"element": s, "occu": 1}], "abc": x, "properties": {}, "label": s}
            for s, x in zip(crystal.symbols, crystal.positions.tolist(), strict=True)
        ],
    }


def optimade_dict(name: str, own: str) -> dict[str, Any]:
    """A structure as an OPTIMADE server sends it."""
    crystal = sc.structure(name)
    kinds = dict.fromkeys(crystal.symbols)
    return {
        "id": own,
        "type": "structures",
        "attributes": {
            "lattice_vectors": crystal.cell.tolist(),
            "cartesian_site_positions": (crystal.positions @ crystal.cell).tolist(),
            "species_at_sites": list(crystal.symbols),
            "species": [
                {"name": s, "chemical_symbols": [s], "concentration": [1.0]} for s in kinds
            ],
            "dimension_types": [1, 1, 1],
            "structure_features": [],
        },
    }


def test_sets_of_structures_in_every_format(tmp_path: Path) -> None:
    """The same three crystals by nine ways, packed and not; what is broken among them is named."""
    names = ["Si", "GaAs", "Te_P3121"]
    entries = [{"entry_id": f"mp-{i}", "structure": pymatgen_dict(n)} for i, n in enumerate(names)]
    plain = [pymatgen_dict(n) for n in names]
    atoms = [sc.read(n).atoms for n in names]
    files = {
        "list.json": json.dumps(plain),
        "entries.json": json.dumps({"entries": entries}),
        "docs.json.gz": json.dumps({"data": entries}),
        "named.json.xz": json.dumps(dict(zip(names, plain, strict=True))),
        "lines.jsonl.bz2": "\n".join(map(json.dumps, entries)) + "\n\n",
        "optimade.json": json.dumps(
            {"data": [optimade_dict(n, f"o/{n}") for n in names], "meta": {}}
        ),
    }
    packers = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    for name, text in files.items():
        pack = packers.get(Path(name).suffix, bytes)
        (tmp_path / name).write_bytes(pack(text.encode()))
    ase.io.write(tmp_path / "frames.extxyz", atoms)
    with gzip.open(tmp_path / "packed.xyz.gz", "wt") as file:
        ase.io.write(file, atoms, format="extxyz")
    with ase.db.connect(tmp_path / "ase.db") as database:
        for one in atoms:
            database.write(one)
    groups = {"Si": 227, "GaAs": 216, "Te_P3121": 152}
    rows = {row.id: row for row in sc.screen(tmp_path, jobs=2).rows}
    expected = {
        "list.json": ["0", "1", "2"],
        "entries.json": ["mp-0", "mp-1", "mp-2"],
        "docs.json.gz": ["mp-0", "mp-1", "mp-2"],
        "named.json.xz": names,
        "lines.jsonl.bz2": ["mp-0", "mp-1", "mp-2"],
        "optimade.json": [f"o/{n}" for n in names],
        "frames.extxyz": ["0", "1", "2"],
        "packed.xyz.gz": ["0", "1", "2"],
        "ase.db": ["1", "2", "3"],
    }
    compared = 0
    for name, own in expected.items():
        for which, key in zip(names, own, strict=True):
            row = rows.pop(f"{tmp_path}/{name}#{key}")
            assert (row.error, row.space_group) == (None, groups[which]), (name, key)
            compared += 1
    assert compared == 27
    assert not rows


def test_what_is_wrong_in_a_set_stops_nothing_else(tmp_path: Path) -> None:
    shared = pymatgen_dict("Si")
    shared["sites"][0]["species"] = [{"element": "Si", "occu": 0.5}, {"element": "Ge", "occu": 0.5}]
    odd = optimade_dict("Si", "x")
    odd["attributes"]["structure_features"] = ["disorder"]
    cut = {**pymatgen_dict("Si"), "sites": [{"species": [{"element": "Si"}]}]}
    unknown = pymatgen_dict("Si")
    unknown["sites"][0]["species"] = [{"element": "Qq", "occu": 1}]
    pieces = [shared, odd, cut, unknown, 3, None, {}, [], pymatgen_dict("GaAs")]
    (tmp_path / "a.json").write_text(json.dumps(pieces))
    (tmp_path / "b.json").write_text(json.dumps(pieces)[:-200])
    (tmp_path / "c.jsonl").write_text(json.dumps(pieces[-1]) + "\n{nonsense\n")
    ase.io.write(tmp_path / "d.xyz", [sc.read("Si").atoms] * 2, format="extxyz")
    (tmp_path / "d.xyz").write_text((tmp_path / "d.xyz").read_text() + "7\ncut\nSi 0 0 0\n")
    (tmp_path / "e.json.gz").write_bytes(gzip.compress(b"[1, 2, 3]")[:-9])
    (tmp_path / "f.db").write_bytes(b"no database")
    (tmp_path / "g.xyz").write_text("")
    found = {Path(r.id).name: r.error for r in sc.screen(tmp_path, jobs=2).rows}
    assert found == {
        "a.json#0": "DisorderError",
        "a.json#x": "DisorderError",
        "a.json#2": "ReadError",
        "a.json#3": "StructureError",
        "a.json#4": "ReadError",
        "a.json#5": "ReadError",
        "a.json#6": "ReadError",
        "a.json#7": "ReadError",
        "a.json#8": None,
        "b.json": "ReadError",
        "c.jsonl#0": None,
        "c.jsonl#1": "ReadError",
        "d.xyz#0": None,
        "d.xyz#1": None,
        "d.xyz#2": "ReadError",
        "e.json.gz": "ReadError",
        "f.db": "ReadError",
        "g.xyz": "ReadError",
    }


def test_moments_without_direction_get_one() -> None:
    """MnF2: two Mn, up and down; pymatgen's numbers with --spin-axis give the magnetic group."""
    study = sc.read("MnF2_AFM")
    crystal = study.crystal.input
    assert crystal.moments is not None
    entry = pymatgen_dict("MnF2_AFM")
    axis = crystal.moments[np.argmax(np.linalg.norm(crystal.moments, axis=1))]
    unit = axis / np.linalg.norm(axis)
    for site, moment in zip(entry["sites"], crystal.moments @ unit, strict=True):
        site["properties"]["magmom"] = float(moment)
    packed = Entry("x", "x", "json", json.dumps(entry).encode())
    with_axis = make_row(packed, Terms(3, "GM", 1e-3, tuple(unit.tolist())))
    assert with_axis.magnetic_group == study.magnetic_group
    without = make_row(packed, GAMMA)
    assert without.magnetic is False
    assert "reading" in without.warnings


def test_folders_and_archives_of_force_data(tmp_path: Path) -> None:
    shipped = find_structure("Bi2Se3/phonopy.yaml").parent
    shutil.copytree(shipped, tmp_path / "set" / "Bi2Se3")
    with zipfile.ZipFile(tmp_path / "set" / "packed.zip", "w") as archive:
        for file in (tmp_path / "set" / "Bi2Se3").iterdir():
            archive.write(file, f"inside/{file.name}")
    (tmp_path / "set" / "config.yaml").write_text("a: 1\n")
    done = sc.screen(tmp_path / "set", jobs=1)
    assert [(Path(r.id).name, r.forces) for r in done.rows] == [
        ("Bi2Se3", True), ("packed.zip", True),
    ]  # fmt: skip
    assert done.rows[0].best_resonance == done.rows[1].best_resonance is not None
    assert done.ignored == 1


@pytest.mark.sweep
def test_an_archive_of_several_force_sets(tmp_path: Path) -> None:
    sets = tmp_path / "sets.zip"
    with zipfile.ZipFile(sets, "w") as archive:
        for place, name in (("a/one", "ZnO"), ("two", "NaCl"), ("../up", "NaCl")):
            folder = find_structure(f"{name}/phonopy.yaml").parent
            for file in folder.iterdir():
                archive.write(file, f"{place}/{file.name}")
        archive.writestr("README", "three sets")
    rows = sc.screen(sets, jobs=1).rows
    assert [(r.id.removeprefix(f"{sets}/"), r.formula, r.forces) for r in rows] == [
        ("../up", "NaCl", True), ("a/one", "ZnO", True), ("two", "NaCl", True),
    ]  # fmt: skip
    assert {r.source for r in rows} == {str(sets)}
    assert rows[0].sha256 == rows[2].sha256 != rows[1].sha256
    (one,) = sc.screen(f"{sets}/a/one", jobs=1).rows
    assert (one.formula, one.sha256) == ("ZnO", rows[1].sha256)
    assert sc.read(f"{sets}/two").formula == "NaCl"
    with pytest.raises(ReadError, match="Give one of a/one, two"):
        sc.read(f"{sets}/three")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sets.zip"]


def test_objects_and_named_objects() -> None:
    si = Atoms("Si2", cell=5.43 * np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]), pbc=True)
    si.set_scaled_positions([[0, 0, 0], [0.25, 0.25, 0.25]])
    items = [si, ("mine", si), ("shipped", "GaAs"), "NaCl", Atoms("H"), sc.structure("Si")]
    rows = sc.screen(items, jobs=1).rows
    assert [(r.id, r.space_group, r.error) for r in rows] == [
        ("#0", 227, None),
        ("#4", None, "StructureError"),
        ("#5", 227, None),
        ("NaCl", 225, None),
        ("mine", 227, None),
        ("shipped", 216, None),
    ]
    named = sc.screen({"a": si, "b": "NaCl"}, jobs=1).rows
    assert [(r.id, r.space_group) for r in named] == [("a", 227), ("b", 225)]


# ------------------------------------------------------------------------------- what goes wrong


BAD = """
import os, sys, time
import numpy as np
from symchiral.catalog import child
make = child.make_row
def bad(entry, settings):
    if "hang" in entry.id: time.sleep(1000)
    if "die" in entry.id: os.kill(os.getpid(), 9)
    if "bug" in entry.id: raise ZeroDivisionError("a bug")
    if "eat" in entry.id: return [np.empty(10**7) for _ in range(10**4)]
    return make(entry, settings)
child.make_row = bad
child.serve()
"""


@pytest.mark.sweep
def test_a_crystal_that_hangs_dies_or_eats_memory_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "SERVE", BAD)
    items = [(name, "NaCl") for name in ("a", "hang", "b", "die", "c", "eat", "d", "bug", "e")]
    rows = {r.id: r for r in sc.screen(items, jobs=1, timeout=25, memory=2e9).rows}
    assert {k: r.error for k, r in rows.items()} == {
        "a": None, "b": None, "c": None, "d": None, "e": None,
        "hang": "timeout", "die": "crash", "eat": "memory", "bug": "crash",
    }  # fmt: skip
    assert "25 s" in str(rows["hang"].message)
    assert "2 GB" in str(rows["eat"].message)
    assert "ZeroDivisionError: a bug" in str(rows["bug"].message)
    assert rows["a"] == rows["b"].__class__(**{**_fields(rows["b"]), "id": "a"})


def _fields(row: CatalogRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


SLOW = """
import sys, time, symchiral as sc
from symchiral.catalog import screening
screening.CHUNK, screening.PART = 1, 3
names = sys.argv[3].split(",")
sc.screen([(f"{i:03d}", name) for i, name in enumerate(names)], out=sys.argv[1], jobs=2)
"""


def number_of_parts(out: Path) -> int:
    return len(parts.parts_of(out)) if out.exists() else 0


@pytest.mark.parametrize(
    "kills", [3, pytest.param(20, marks=pytest.mark.sweep)], ids=["three kills", "twenty kills"]
)
def test_killed_at_any_time_nothing_is_lost_and_nothing_repeated(
    kills: int, tmp_path: Path
) -> None:
    names = ["Si", "NaCl", "GaAs", "WC"] * 10
    out = tmp_path / "c"
    rng = random.Random(7)
    killed = 0
    for _ in range(kills):
        run = subprocess.Popen([sys.executable, "-c", SLOW, str(out), "", ",".join(names)])
        # However fast the machine is: at a random moment after up to two more of its 14 parts.
        wanted = number_of_parts(out) + rng.randint(0, 2)
        while run.poll() is None and number_of_parts(out) < wanted:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.2))
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            killed += 1
        run.wait()
        held = len(sc.Catalog(out)) if number_of_parts(out) else 0
        if held == len(names):
            break
    assert killed
    items = [(f"{i:03d}", name) for i, name in enumerate(names)]
    held = len(sc.Catalog(out)) if number_of_parts(out) else 0
    last = sc.screen(items, out=out, jobs=1)
    assert (last.known, last.read) == (held, len(names) - held)
    catalog = sc.Catalog(out)
    # Every row once, in all parts together: nothing was done twice.
    written = [
        row
        for part in catalog.parts
        for row in duckdb.read_parquet(str(part)).project("id").fetchall()
    ]
    assert sorted(written) == [(f"{i:03d}",) for i in range(len(names))]
    whole = {r.id: plain(r) for r in sc.screen(items, jobs=1).rows}
    assert {r["id"]: r for r in catalog.query()} == whole


def test_two_runs_on_one_catalog(tmp_path: Path) -> None:
    out = tmp_path / "c"
    out.mkdir()
    with alone(out, (1, 2)):
        with pytest.raises(InputError, match="another run works on the catalog"):
            sc.screen(["NaCl"], out=out, jobs=1)
        with pytest.raises(InputError, match=f"process {os.getpid()}"):
            sc.screen(["NaCl"], out=out, jobs=1, shard="1/2")
        with pytest.raises(InputError, match="another run"):
            sc.screen(["NaCl"], out=out, jobs=1, shard="1/3")
        sc.screen(["NaCl"], out=out, jobs=1, shard="2/2")
    sc.screen(["NaCl"], out=out, jobs=1)
    assert len(sc.Catalog(out)) == 1


def test_where_no_catalog_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot write the catalog"):
        sc.screen(["NaCl"], out=tmp_path / "no" / "c")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write the catalog"):
        sc.screen(["NaCl"], out=tmp_path / "file")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match=r"holds other files: thesis\.tex"):
        sc.screen(["NaCl"], out=tmp_path / "mine")
    monkeypatch.setattr(parts.os, "access", lambda *_: False)
    with pytest.raises(InputError, match="nothing may be written"):
        sc.screen(["NaCl"], out=tmp_path / "c")


FULL = """
import resource, signal, sys, symchiral as sc
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from symchiral.errors import InputError
from symchiral.catalog import parts
known = parts.write_query
def full(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    known(*arguments)
parts.write_query = full
try:
    sc.screen(["NaCl"], out=sys.argv[1], jobs=1)
except InputError as error:
    print(error)
"""


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "c"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "cannot write the catalog" in done.stdout, done.stderr
    assert "space on the disk" in done.stdout
    assert not [name for name in os.listdir(out) if name.endswith(".parquet")]
    assert sc.screen(["NaCl"], out=out, jobs=1).read == 1


def test_catalogs_are_merged(folder: Path, tmp_path: Path, reference: list[dict[str, Any]]) -> None:
    """Of shards; onto itself, which leaves one file; of different options never."""
    for i in (1, 2):
        sc.screen(folder, out=tmp_path / f"s{i}", jobs=1, shard=f"{i}/2")
    out = tmp_path / "whole"
    assert parts.merge([tmp_path / "s1", tmp_path / "s2"], out) == len(reference)
    assert list(sc.Catalog(out).query()) == reference
    assert main(["merge", str(tmp_path / "s1"), str(out), "-o", str(out)]) == 0
    assert len(sc.Catalog(out).parts) == 1
    assert list(sc.Catalog(out).query()) == reference
    assert sc.screen(folder, out=out, jobs=1).known == len(reference)
    sc.screen(["NaCl"], out=tmp_path / "other", jobs=1, symprec=1e-2)
    with pytest.raises(InputError, match="different options"):
        parts.merge([out, tmp_path / "other"], tmp_path / "both")


def test_a_shard_without_crystals_is_a_catalog(tmp_path: Path) -> None:
    """Of few crystals some shards have none: they are merged and asked as the others."""
    names = ["Bi2Se3", "Te_P3121", "NaCl"]
    shards = [tmp_path / f"s{i}" for i in range(1, 9)]
    found = [sc.screen(names, out=out, jobs=1, shard=f"{i}/8") for i, out in enumerate(shards, 1)]
    assert sum(d.read for d in found) == 3
    assert max(d.read for d in found) < 3  # the work is divided
    assert [len(sc.Catalog(out)) for out in shards] == [d.read for d in found]
    assert parts.merge(shards, tmp_path / "whole") == 3
    whole = sc.Catalog(tmp_path / "whole")
    assert [r["id"] for r in whole.query()] == sorted(names)
    assert column_names(sc.Catalog(shards[0])) == column_names(whole)
    assert {m["rows"] for m in sc.Catalog(shards[0]).manifests} <= {0, 1, 2}
    # Work that comes later goes on from there.
    empty = next(out for out, d in zip(shards, found, strict=True) if not d.read)
    assert sc.screen(["Si"], out=empty, jobs=1).read == 1
    assert len(sc.Catalog(empty)) == 1
    with pytest.raises(InputError, match="made with other options"):
        sc.screen(["Si"], out=shards[0], jobs=1, order=4)


def test_files_at_an_address_are_as_those_of_a_folder(folder: Path, tmp_path: Path) -> None:
    """A folder, a set and a force set elsewhere, here in the memory of fsspec."""
    fsspec = pytest.importorskip("fsspec")
    there = fsspec.filesystem("memory")
    there.put(str(folder), "/bucket/structures", recursive=True)
    there.put(str(find_structure("Bi2Se3/phonopy.yaml").parent), "/bucket/forces", recursive=True)
    given = ["memory://bucket/structures", "memory://bucket/structures/two.extxyz"]
    given.append("memory://bucket/forces")
    out = tmp_path / "c"
    assert sc.screen(given, out=out, jobs=2).known == 0
    rows = list(sc.Catalog(out).query())
    here = [plain(row) for row in sc.screen(folder, jobs=1).rows]
    assert len(rows) == len(here) + 1
    own = ("id", "source", "message")
    for row, known in zip(rows[1:], here, strict=True):
        assert row["id"] == known["id"].replace(str(folder), given[0])
        assert {k: v for k, v in row.items() if k not in own} == {
            k: v for k, v in known.items() if k not in own
        }
    assert rows[0]["id"] == given[2]
    assert rows[0]["forces"] is True
    assert sc.screen(given, out=out, jobs=1).known == len(rows)
    site = sc.publish(out, tmp_path / "site", where="formula = 'Te'")
    assert (site.pages, site.failed) == (1, {})
    for broken, said in (
        ("nowhere://a/b.cif", "nowhere"),
        ("memory://bucket/none.cif", "cannot read memory://bucket/none.cif"),
        ("memory://me:secret@bucket/none.cif", "cannot read memory://bucket/none.cif"),
    ):
        with pytest.raises(ReadError, match=said) as error:
            sc.screen([broken], jobs=1)
        assert "secret" not in str(error.value)
    named = sc.screen([("mine", "memory://bucket/structures/deeper/Te_P3121.cif")], jobs=1)
    assert [row.id for row in named.rows] == ["mine"]


def test_without_fsspec_an_address_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InputError, match='pip install "fsspec>='):
        sc.screen(["s3://bucket/set.jsonl"], jobs=1)


def column_names(catalog: sc.Catalog) -> list[str]:
    return [row[0] for row in catalog.sql("DESCRIBE SELECT * FROM catalog").rows]


def test_of_several_parts_the_damaged_one_is_named(tmp_path: Path) -> None:
    """Wherever a part is cut or overwritten: the advice to remove it is about that file alone."""
    out = tmp_path / "c"
    for name in ("NaCl", "Si", "Bi2Se3"):
        sc.screen([name], out=out, jobs=1)
    whole = parts.parts_of(out)
    broken = whole[1]
    data = broken.read_bytes()
    questions: list[Callable[[], object]] = [
        lambda: sc.Catalog(out).query(),
        lambda: sc.screen(["NaCl"], out=out, jobs=1, retry=True),
        lambda: parts.merge([out], tmp_path / "new"),
    ]
    told = []
    for damaged in (data[:-200], data[:40] + bytes(200) + data[240:], b"PAR1" + bytes(90)):
        broken.write_bytes(damaged)
        for question in questions:
            try:
                question()
            except InputError as error:
                told.append(error)
        assert [part.exists() for part in whole] == [True] * 3
    assert len(told) >= 7
    assert all(str(broken) in error.what for error in told), told
    assert all(error.fix.startswith("remove it") for error in told)
    broken.write_bytes(data)
    assert len(sc.Catalog(out)) == 3


def test_a_damaged_database_gives_rows_in_words(tmp_path: Path) -> None:
    with ase.db.connect(tmp_path / "a.db") as database:
        for name in ("Si", "NaCl"):
            database.write(sc.read(name).atoms)
    data = (tmp_path / "a.db").read_bytes()
    for damaged in (data.replace(b"magmoms", b"magnoms"), data[:5000], data[:100] + bytes(4000)):
        assert damaged != data
        (tmp_path / "b.db").write_bytes(damaged)
        rows = sc.screen([tmp_path / "b.db"], jobs=1).rows
        assert [row.error for row in rows] == ["ReadError"], rows


# ------------------------------------------------------------------------------- Dask


@pytest.mark.sweep
def test_a_cluster_of_dask_one_worker_of_which_is_killed(tmp_path: Path) -> None:
    """Rows are those of this machine, whatever happens to a worker."""
    distributed = pytest.importorskip("distributed")
    import multiprocessing
    import warnings

    items = [(f"{name} {i}", sc.structure(name)) for i in range(40) for name in NAMES]
    here = sc.screen(items, jobs=1).rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Dask thinks of ports and of lost workers
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster:
            address = cluster.scheduler_address
            killed: list[int] = []

            def kill(step: screening.HowFar) -> None:
                if not killed and 0 < step.done < len(items):
                    (one, *_) = multiprocessing.active_children()
                    assert one.pid is not None
                    os.kill(one.pid, signal.SIGKILL)
                    killed.append(one.pid)

            found = sc.screen(
                items, out=tmp_path / "catalog", executor=f"dask:{address}", progress=kill
            )
    assert killed
    assert (found.read, found.refused) == (len(items), {})
    catalog = sc.Catalog(tmp_path / "catalog")
    ids = [row["id"] for row in catalog.query(columns=["id"])]
    assert ids == sorted(row.id for row in here)
    again = sc.screen(items, out=tmp_path / "catalog", jobs=1)
    assert (again.known, again.read) == (len(items), 0)


def test_json_of_a_selection_is_json_whatever_stands_in_a_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also of a DEL and a mark that reverses the direction of writing: none is printed raw."""
    texts = ("\x7f(-)", "\u202e", "Σ", "a\nb", '"')
    found = Selection(("text",), tuple((text,) for text in texts))
    write(found.to_json())
    printed = capsys.readouterr().out
    assert json.loads(printed)["rows"] == [[text] for text in texts]


def test_quotients_by_zero_are_null_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "c")
    assert main(["screen", "Bi2Se3", "-o", out, "--jobs", "1", "--quiet"]) == 0
    capsys.readouterr()
    columns = "flips / 0.0 AS x, {'a': ['nan'::DOUBLE, 1]} AS y, DATE '2020-01-01' AS z"
    query = f"SELECT {columns} FROM catalog"
    assert main(["query", out, "--sql", query, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=lambda word: {}[word])["rows"]
    assert rows == [[None, {"a": [None, 1]}, "2020-01-01"]]
    for name in ("x.json", "x.csv", "x.md", "x.parquet"):
        assert main(["query", out, "--sql", query, "-o", str(tmp_path / name)]) == 0
