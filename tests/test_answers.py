"""Answers: they survive JSON, old documents are read, rows are flat, tables leave as files."""

from __future__ import annotations

import csv
import json
import lzma
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.answers import channel
from symchiral.answers.record import flat_record
from symchiral.answers.schema import answer_type, answers, schema
from symchiral.cli import main
from symchiral.errors import InputError, LabelError, ReadError
from symchiral.rules.listing import listing
from symchiral.text.formats import latex_name, latex_text
from symchiral.write.tables import ENDINGS

Capture = pytest.CaptureFixture[str]
TESTS = Path(__file__).parent
ROWS = Path(__file__).resolve().parents[1] / "structures" / "Bi2Se3" / "example_rows.yaml"
PULSE = '--pump "2.457THz s+ 1ps 0.2MV/cm" --duration 8'
DOCUMENTS = TESTS / "data" / "documents"

THIRD_ORDER = TESTS / "data" / "third_order" / "ZnTe_phono3py_params.yaml.xz"

COMMANDS = {
    "atlas": "-3m --all",
    "audit": f'{shlex.quote(str(THIRD_ORDER))} --q "X X GM"',
    "bands": 'ZnO/phonopy.yaml --points 10 --path "GM K M"',
    "catalog": "Bi2Se3 NaCl Bi2Se3/phonopy.yaml --jobs 1",
    "couple": "MgB2/phonopy.yaml --check",
    "explain": 'Te_P3121 "A3(1/2)@A A3(1/2)@A -> E(+)"',
    "light": "Bi2Se3/phonopy.yaml --domains --geometry right-angle",
    "modes": 'ZnO/phonopy.yaml --q "GM K" --eigenvectors',
    "phonons": "NaCl --calculator pairs:Pairs --gamma --cache calculations",
    "plan": "Bi2Se3/phonopy.yaml --pump-range 1-3THz",
    "predict": "ZnO/phonopy.yaml",
    "report": "Bi2Se3/phonopy.yaml -o page.html",
    "show": "MnF2_AFM --field B=0,0,1",
    "simulate": 'Bi2Se3/phonopy.yaml --pump "2THz s+ 0.3ps 1MV/cm" --duration 2',
    "site": "cat -o site",
    "validate": f"Bi2Se3 {shlex.quote(str(TESTS.parent / 'structures/Bi2Se3/example_rows.yaml'))}",
    "vertices": "NaCl",
}
"""Words of the command line that give an answer of every kind."""


def printed(command: str, capsys: Capture) -> str:
    """What a command prints with --json."""
    if command == "audit":
        pytest.importorskip("phono3py", reason="phono3py is not installed")
    words = shlex.split(COMMANDS[command])
    star = ["--q", "star"] if command == "vertices" else []
    name = {"vertices": "predict", "catalog": "screen", "site": "report"}.get(command, command)
    if command == "site":
        assert main(["screen", "NaCl", "-o", "cat", "--jobs", "1", "--quiet"]) == 0
        capsys.readouterr()
    assert main([name, *words, *star, "--json", "--quiet"]) == 0
    return capsys.readouterr().out


def old(command: str) -> str:
    return lzma.decompress((DOCUMENTS / f"{command}.json.xz").read_bytes()).decode()


def test_every_answer_is_tested() -> None:
    documents = {path.name.partition(".")[0] for path in DOCUMENTS.glob("*.xz")}
    assert set(answers()) == set(COMMANDS) == documents


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_documents_come_back_from_json(
    command: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = printed(command, capsys)
    found = answer_type(command).from_json(text)
    assert json.loads(found.to_json()) == json.loads(text) == found.to_dict()
    assert found == answer_type(command).from_json(found.to_json())
    Draft202012Validator(json.loads(schema(command))).validate(found.to_dict())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_documents_of_earlier_versions_are_read(command: str) -> None:
    """From before schemas were generated: the schema accepts them, nothing of them is lost."""
    before = json.loads(old(command))
    Draft202012Validator(json.loads(schema(command))).validate(before)
    after = answer_type(command).from_json(old(command)).to_dict()
    assert not list(missing(before, after))


def missing(before: Any, after: Any, where: str = "") -> list[str]:
    """Where a document lacks what an older one has."""
    if isinstance(before, dict):
        return [
            found
            for key, value in before.items()
            for found in (
                missing(value, after[key], f"{where}.{key}")
                if isinstance(after, dict) and key in after
                else [f"{where}.{key}"]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            found
            for i, (a, b) in enumerate(zip(before, after, strict=True))
            for found in missing(a, b, f"{where}[{i}]")
        ]
    return [] if before == after else [where]


def test_what_is_no_answer_is_refused() -> None:
    kind = answer_type("predict")
    whole = json.loads(old("predict"))
    for text in (
        "",
        "{",
        "[" * 10_000,
        "null",
        json.dumps({**whole, "schema": "symchiral/show/1"}),
        json.dumps({**whole, "order": "3"}),
        json.dumps({**whole, "species": whole["species"][0]}),
        json.dumps({k: v for k, v in whole.items() if k != "counts"}),
    ):
        with pytest.raises(ReadError, match="--json"):
            kind.from_json(text)


def test_numbers_that_are_not_finite_are_errors() -> None:
    answer = sc.predict("NaCl")
    for value in (float("nan"), float("inf")):
        tolerance = msgspec.structs.replace(answer.tolerance, deviation=value)
        with pytest.raises(ValueError, match="JSON"):
            msgspec.structs.replace(answer, tolerance=tolerance).to_json()


# ------------------------------------------------------------------------------- rows


def test_records_are_flat() -> None:
    study = sc.read("ZnO/phonopy.yaml")
    book = study.rules()
    answers = [study.predict(), sc.predict("Bi2Se3")]
    every = [book.to_records(), book.flips().to_records(), *(a.to_records() for a in answers)]
    rows = 0
    for records in every:
        assert records
        assert len({tuple(record) for record in records}) == 1
        for record in records:
            rows += 1
            assert all(x is None or isinstance(x, (str, int, float)) for x in record.values())
    assert rows > 100
    assert len(book.to_records()) == len(book)
    assert answers[0].to_records()[0]["modes"].count("#") == 3
    assert answers[1].to_records()[0]["transfer"] == "Eu(+) Eu(+) -> Eg(-)"


def test_a_record_stands_in_a_row_by_its_label() -> None:
    (first, *_) = (v for v in sc.read("Te_P3121").predict(order=3).q)
    assert flat_record(first)["label"] == "GM"
    study = sc.read("Te_P3121")
    from symchiral.answers.vertices import vertices

    rows = vertices(study.crystal, study.vertices()).to_records()
    assert rows[0]["q"] == "A A GM"
    assert rows[0]["axis"] == "3_1"
    assert rows[0]["counts.judged"] > rows[0]["rows.judged"]


@pytest.mark.parametrize("words", ["", "--q K", "--direction 1,0,0"])
def test_modes_leave_as_the_files_of_their_command(words: str, tmp_path: Path) -> None:
    options = dict([words.removeprefix("--").split()]) if words else {}
    found = sc.read("ZnO/phonopy.yaml").modes(**options)
    texts = {".md": found.to_markdown(), ".tex": found.to_latex(), ".csv": found.to_csv()}
    for ending, text in texts.items():
        file = tmp_path / f"table{ending}"
        command = ["modes", "ZnO/phonopy.yaml", *words.split(), "-o", str(file), "--quiet"]
        assert main(command) == 0
        written, lines = file.read_text(encoding="utf-8").splitlines(), text.splitlines()
        assert written[-len(lines) :] == lines
        assert len(written) <= len(lines) + 2  # what wrote it, and the package it needs
    rows = list(csv.DictReader(texts[".csv"].splitlines()))
    assert [list(row) for row in rows] == [list(row) for row in found.to_records()]
    assert len(rows) == len(found) == 12


def test_frames() -> None:
    book = sc.read("Bi2Se3").rules()
    with pytest.raises(LabelError, match="pandas or of polars"):
        book.to_frame("excel")  # type: ignore[arg-type]
    pandas = pytest.importorskip("pandas")
    frame = book.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == len(book)
    assert list(frame["transfer"]) == [rule.id for rule in book]
    modes = sc.read("ZnO/phonopy.yaml").modes("K")
    assert list(modes.to_frame()["name"]) == [mode.name for mode in modes]


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "polars":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match='pip install "polars"'):
        sc.read("Bi2Se3").rules().to_frame("polars")


# ------------------------------------------------------------------------------- files


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "words",
    [
        "predict Bi2Se3",
        "predict ZnO/phonopy.yaml",
        "predict SrTiO3",  # no row
        "predict NaCl --q star",
        "atlas -3m",
        "atlas 166 --q star",
        "plan Bi2Se3",
        "show Bi2Se3",
        "couple MgB2/phonopy.yaml",
        "light GaAs",
        "modes Bi2Se3/phonopy.yaml",
        "modes ZnO/phonopy.yaml --direction 1,0,0",
        "bands ZnO/phonopy.yaml --points 6",
        'explain Bi2Se3 "Eu(+) Eu(+) -> Eg(-)"',
        f"validate Bi2Se3 {ROWS} --sees raman",
        f"simulate Bi2Se3/phonopy.yaml {PULSE}",
        f'simulate Bi2Se3/phonopy.yaml {PULSE} --sweep "frequency 2.4..2.5THz 2" --unit cm-1',
        f'simulate Bi2Se3/phonopy.yaml {PULSE} {PULSE} --sweep "delay 0..2ps 16" --map Eg#2',
    ],
)
def test_tables_leave_in_every_format(words: str, ending: str, tmp_path: Path) -> None:
    kind = "vertices" if words == "predict NaCl --q star" else words.partition(" ")[0]
    file = tmp_path / f"table{ending}"
    command = [*shlex.split(words), "-o", str(file), "--quiet"]
    if kind == "explain" and ending == ".csv":  # it has no rows
        assert main(command) == 1
        return
    assert main(command) == 0
    text = file.read_text(encoding="utf-8")
    if ending == ENDINGS[0]:  # a file of the same command is replaced
        assert main(command) == 0
        assert file.read_text(encoding="utf-8") == text
    if ending == ".csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert bool(rows) == ("SrTiO3" not in words)
        assert len(text.splitlines()[0].split(",")) >= 5
        assert all(None not in row and None not in row.values() for row in rows)
        assert text.isascii()
    if ending == ".json":
        answer_type(kind).from_json(text)
    if ending == ".tex":
        count = text.count(r"\begin{tabular}")
        assert count == text.count(r"\end{tabular}") == text.count(r"\toprule")
        assert bool(count) == ("SrTiO3" not in words and kind != "explain")
        notes = text.partition("booktabs}")[2]
        assert "%" not in notes.replace(r"\%", "")
        assert notes.isascii()
        assert notes.count(r"{\footnotesize") == notes.count(r"\par}") > 0
        if not count:
            return
        assert "$" in text or "star" in words
        cells = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
        assert cells.isascii()
        columns = text.split("{tabular}{")[1].split("}")[0]
        for row in cells.strip().splitlines():
            assert row.endswith(r" \\")
            assert row.replace(r"\&", "").count("&") == len(columns) - 1
            assert row.replace(r"\$", "").count("$") % 2 == 0
            assert row.count("{") == row.count("}")


@pytest.mark.parametrize("words", ["show CrI3_FM --field E=0,0,1", "show ZnO --q A", "light GaAs"])
def test_several_tables_leave_in_one_file(words: str, tmp_path: Path) -> None:
    command = words.split()[0]
    for ending in ENDINGS:
        file = tmp_path / f"table{ending}"
        assert main([*words.split(), "-o", str(file), "--quiet"]) == 0
        text = file.read_text(encoding="utf-8")
        if ending == ".json":
            answer = answer_type(command).from_json(text)
        if ending == ".csv":
            rows = len(list(csv.DictReader(text.splitlines())))
        if ending == ".tex":
            assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 1
            for part in text.split(r"\midrule")[1:]:
                assert part.split(r"\bottomrule")[0].isascii()
    assert rows == len(answer.to_records()) > 0


def test_a_sweep_leaves_as_a_row_per_value_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "sweep.csv"
    words = f'simulate Bi2Se3/phonopy.yaml {PULSE} --sweep "field 0.1..0.2MV/cm 2"'
    assert main([*shlex.split(words), "-o", str(file), "--quiet"]) == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    labels = ["Eg#1", "A1g#1", "Eu#1", "A2u#1", "Eu#2", "A2u#2", "Eg#2", "A1g#2"]
    assert [(row["value"], row["unit"]) for row in rows] == [
        (value, "MV/cm") for value in ("0.1", "0.2") for _ in labels
    ]
    assert sorted(row["label"] for row in rows) == sorted(2 * labels)
    strongest = [
        max(float(row["energy"]) for row in rows if row["value"] == v) for v in ["0.1", "0.2"]
    ]
    assert strongest[1] == pytest.approx(4 * strongest[0], rel=0.05)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("predict Bi2Se3 -o", "x.md"),
        ("modes Bi2Se3/phonopy.yaml -o", "q.yaml"),
        ("bands ZnO/phonopy.yaml --points 4 -o", "x.csv"),
        ('animate Bi2Se3/phonopy.yaml --mode "Eu#1(+)" -o', "x.html"),
        ("couple Bi2Se3/phonopy.yaml --save", "c.json"),
        (f"validate Bi2Se3 {ROWS} --sees raman -o", "x.tex"),
        (f"validate Bi2Se3 {ROWS} --sees raman -o", "x.svg"),
        (f"simulate Bi2Se3/phonopy.yaml {PULSE} --table", "t.csv"),
        (f"simulate Bi2Se3/phonopy.yaml {PULSE} -o", "t.txt"),
    ],
)
def test_every_command_says_which_file_it_wrote(
    words: str, name: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / name
    assert main([*shlex.split(words), str(file)]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == f"wrote {file}"
    assert str(file) not in out
    assert main([*shlex.split(words), "-"]) == 1
    assert "it is not a file name" in capsys.readouterr().err


def test_tensors_stand_in_one_cell_of_markdown(tmp_path: Path) -> None:
    file = tmp_path / "light.md"
    assert main(["light", "Bi2Se3", "-o", str(file), "--quiet"]) == 0
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    start = lines.index("| species | first partner | second |")
    rows = [line.strip("| ").split(" | ") for line in lines[start + 2 : start + 4]]
    assert [row[0] for row in rows] == ["A1g", "Eg"]
    tensors = [cell.split("<br>") for row in rows for cell in row[1:] if cell.strip()]
    assert len(tensors) == 3
    for tensor in tensors:
        assert len(tensor) == 3
        entries = [row.strip("`").split() for row in tensor]
        assert all((row[0], row[-1], len(row)) == ("[", "]", 5) for row in entries)
        assert len({len(row) for row in tensor}) == 1  # aligned
    assert "beam: travels along c" in text


def test_files_of_another_form_of_the_same_command_are_replaced(tmp_path: Path) -> None:
    forms = ["Bi2Se3", "ZnO/phonopy.yaml", "NaCl --q star", "SrTiO3"]
    for ending in ENDINGS:
        file = str(tmp_path / f"own{ending}")
        for form in [*forms, *reversed(forms)]:
            assert main(["predict", *shlex.split(form), "-o", file, "--quiet"]) == 0, (ending, form)


def test_files_of_others_stay(tmp_path: Path, capsys: Capture) -> None:
    for ending in ENDINGS:
        file = tmp_path / f"mine{ending}"
        file.write_text("a,b\n1,2\n")
        assert main(["predict", "Bi2Se3", "-o", str(file)]) == 1
        assert file.read_text() == "a,b\n1,2\n"
        assert "--overwrite" in capsys.readouterr().err
        assert main(["predict", "Bi2Se3", "-o", str(file), "--overwrite"]) == 0
        assert file.read_text() != "a,b\n1,2\n"
    assert main(["predict", "Bi2Se3", "-o", str(tmp_path / "x.pdf")]) == 1
    assert ".txt, .md, .csv, .tex, .json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Eu(+)", r"$E_{u}^{(+)}$"),
        ("Eu#2(−)", r"$E_{u}^{2(-)}$"),
        ("A#1", r"$A^{1}$"),
        ("A1", r"$A_{1}$"),
        ("A1''", r"$A_{1}''$"),
        ("E''#3(+)", r"${E''}^{3(+)}$"),
        ("E:b(−) E(+) → A1", r"$E^{b(-)}\,E^{(+)} \to A_{1}$"),
        ("LD1", r"$\mathrm{LD}_{1}$"),
        ("GM3+", r"$\mathrm{GM}_{3}^{+}$"),
        ("K2K3#2(+)@K", r"${\mathrm{K}_{2}\mathrm{K}_{3}}^{2(+)}@\mathrm{K}$"),
        ("K5(+)@K K5(+)@K → K5(−)@K'", None),
        ("A3(1/2)@A A3(1/2)@A → E(+)", None),
        ("E[σ+] E[σ+] → Eg(−)", None),
        ("DT2@DT(u) DT2@DT(u) → DT3@0,0,2u", None),
        ("T1u#1 T1u#1 → A1g#1 ≠", None),
    ],
)
def test_names_in_latex(name: str, expected: str | None) -> None:
    found = latex_name(name)
    assert expected is None or found == expected
    assert found.isascii()
    assert found.count("{") == found.count("}")


def test_different_names_are_different_in_latex() -> None:
    names: dict[str, str] = {}
    for name in ("Bi2Se3", "ZnO", "HfOS", "MgB2"):
        study = sc.read(f"{name}/phonopy.yaml")
        for multiplet in study.modes().multiplets:
            names[multiplet.name] = latex_name(multiplet.name)
        for species in study.species():
            names[species.label] = latex_name(species.label)
    assert len(names) > 40
    assert len(set(names.values())) == len(names)


def test_every_character_that_tables_print_has_a_form_in_latex() -> None:
    from symchiral.table import ASCII

    for character in ASCII:
        assert latex_text(character).isascii(), character


@pytest.mark.parametrize("kind", ["Channel", "FlatRule", "Row", "Transfer"])
def test_every_field_of_a_transfer_is_filled(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a new field has a default, one that nothing fills would be told wrongly in silence."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    book = study.rules()
    rule, between = book["Eu(+) Eu(+) -> Eg(-)"], study.transfers()[0]
    describe = {
        "Channel": lambda: channel.channel(rule),
        "FlatRule": lambda: channel.flat(rule),
        "Row": lambda: channel.row(listing(book).rows[0]),
        "Transfer": lambda: channel.transfer(between, unit="THz"),
    }
    fields = set(getattr(channel, kind).__struct_fields__)
    filled: set[str] = set()
    monkeypatch.setattr(channel, kind, lambda **given: filled.update(given))
    describe[kind]()
    assert filled == fields
