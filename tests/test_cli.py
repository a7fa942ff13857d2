"""The command line: what it prints where, exit codes, and how it refuses bad input."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import symchiral as sc
from symchiral.answers.predict import table as table_of
from symchiral.cli import COMMANDS, main, parser
from symchiral.cli.printing import write_table
from symchiral.rules.listing import listing
from symchiral.table import PROSE, Table, display_width, fold, labelled, to_ascii, unbroken
from symchiral.text.predict import listed_table

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
ROOT = Path(__file__).resolve().parent.parent
Capture = pytest.CaptureFixture[str]

CIF = """data_x
_cell_length_a {a}
_cell_length_b 4
_cell_length_c 4
_cell_angle_alpha {alpha}
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{sites}
"""


def cif(sites: str = "Cs 0 0 0 1\nCl 0.5 0.5 0.5 1", a: str = "4", alpha: str = "90") -> str:
    return CIF.format(sites=sites, a=a, alpha=alpha)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONIOENCODING", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
    kept.pop("PYTHONUTF8", None)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, **changes}


def spawn(*words: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "symchiral", *words],
        capture_output=True,
        env=environment(**changes),
        check=False,
    )


def good(capsys: Capture, *words: str) -> str:
    """Run a command that succeeds quietly and return what it prints."""
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("\n")
    return out


def refused(capsys: Capture, *words: str, says: tuple[str, ...] = ()) -> str:
    """Run a command that fails on its input: one message on stderr, nothing on stdout."""
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symchiral: ")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    assert "?." not in err
    assert ".." not in err.replace("...", "")
    assert re.search(r"[.?]\n$", err)
    for word in says:
        assert word.lower() in err.lower(), err
    # What and why, then how to mend it: at least two sentences.
    assert re.search(r"[.?] [^ ]", err), err
    return err


def usage(capsys: Capture, *words: str, says: tuple[str, ...] = ()) -> None:
    """Run a command that was typed wrong."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: symchiral")
    assert len(err.splitlines()) == 2
    for word in says:
        assert word in err, err


# ------------------------------------------------------------------------------- what it prints

SNAPPED = ("Bi2Se3", "Te_P3121", "MgB2", "BPO4", "SrTiO3", "P2I4", "CuO", "GaAs")


@pytest.mark.parametrize("command", ["predict", "show"])
@pytest.mark.parametrize("name", SNAPPED)
def test_snapshot(capsys: Capture, command: str, name: str) -> None:
    """SYMCHIRAL_WRITE_SNAPSHOTS=1 writes them anew; read the difference before committing it."""
    text = good(capsys, command, name)
    file = SNAPSHOTS / f"{command}_{name}.txt"
    if os.environ.get("SYMCHIRAL_WRITE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert max(map(display_width, text.splitlines())) <= 110
    assert all(line == line.rstrip() for line in text.splitlines())


def test_every_snapshot_is_of_a_test() -> None:
    wanted = {f"{command}_{name}.txt" for command in ("predict", "show") for name in SNAPPED}
    assert {file.name for file in SNAPSHOTS.iterdir()} == wanted


def test_what_the_tables_say(capsys: Capture) -> None:
    text = good(capsys, "predict", "Bi2Se3")
    assert (
        "Eu(+) Eu(+) → Eg(−)  +1 +1 = 2 ≡ −1      +3ħ      flipped  flipped  IR IR  Raman" in text
    )
    assert "(hidden)" in text
    assert "All: --all" in text
    more = good(capsys, "predict", "Bi2Se3", "--all")
    assert "A1g A1g → A1g" in more
    assert "--all" not in more
    assert "hidden" not in more
    empty = good(capsys, "predict", "SrTiO3")
    assert "every optical mode of SrTiO3 is odd under inversion" in empty
    assert "symchiral predict SrTiO3 --order 4" in empty
    assert "48 allowed" in good(capsys, "predict", "SrTiO3", "--order", "4")
    for name in ("CuO", "P2I4"):
        flat = good(capsys, "predict", name)
        assert "no mode rotates" in flat
        for word in ("neutral", "PAM", "lattice", "reversed"):
            assert word not in flat
    assert "1 transfer judged" in good(capsys, "predict", "KAsSe2", "--quiet")


def test_explain_prints_the_explanation(capsys: Capture) -> None:
    text = good(capsys, "explain", "Bi2Se3", "Eu(+) Eu(+) -> Eg(-)")
    body, _, axis = text.rstrip("\n").rpartition("\n")
    assert body == sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> Eg(-)").explain()
    assert axis.startswith("axis       3-fold along c through (0,0,0)")
    assert "allowed" in text
    assert "forbidden" in good(capsys, "explain", "Bi2Se3", "Eu(+) Eu(+) → Eg(+)")
    assert "allowed" in good(capsys, "explain", "Bi2Se3", "Eu(+) Eu(-) Eu(+) Eu(-) -> A1g A1g")


def test_show_is_the_repr_of_the_study(capsys: Capture) -> None:
    assert good(capsys, "show", "Bi2Se3") == f"{sc.read('Bi2Se3')!r}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "Bi2Se3"),
        ("predict", "SrTiO3", "--all"),
        ("show", "Bi2Se3"),
        ("explain", "Bi2Se3", "Eu(+) Eu(+) -> Eg(-)"),
    ],
)
def test_json_is_the_only_thing_on_stdout(capsys: Capture, words: tuple[str, ...]) -> None:
    text = good(capsys, *words, "--json")
    found = json.loads(text)
    assert found["schema"] == f"symchiral/{words[0]}/1"
    assert list(found)[:4] == ["schema", "symchiral", "libraries", "input"]
    assert text.isascii()


@pytest.mark.parametrize("command", ["predict", "explain", "show"])
def test_schema_prints_the_schema(capsys: Capture, command: str) -> None:
    found = json.loads(good(capsys, "schema", command))
    assert found["properties"]["schema"]["const"] == f"symchiral/{command}/1"


def test_help_and_version(capsys: Capture) -> None:
    for words in (["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert out.startswith(("usage: symchiral", f"symchiral {sc.__version__}"))
        assert out.isascii()


def nearly_cubic(folder: Path) -> Path:
    """CsCl with one edge off by 4 mÅ: tetragonal at the default tolerance, cubic at 1e-2 Å."""
    file = folder / "nearly cubic.cif"
    file.write_text(cif(a="4.004"))
    return file


def test_warnings_go_to_stderr_unless_quiet(capsys: Capture, tmp_path: Path) -> None:
    file = str(nearly_cubic(tmp_path))
    assert main(["predict", file, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: ")
    assert "--symprec 0.01" in err
    kinds = {w["kind"] for w in json.loads(out)["warnings"]}
    assert "looser-group" in kinds
    assert json.loads(good(capsys, "predict", file, "--json", "--quiet"))["warnings"]
    cubic = json.loads(good(capsys, "show", file, "--json", "--quiet", "--symprec", "0.01"))
    assert cubic["structure"]["space_group"] == 221


def test_the_command_to_run_next_reads_the_same_input(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "my cell.cif"
    file.write_bytes(Path(ROOT / "structures" / "Bi2Se3.cif").read_bytes())
    words = ["predict", str(file), "--symprec", "0.01", "--axis", "0,0,-1", "--quiet"]
    text = good(capsys, *words)
    line = next(line for line in text.splitlines() if line.startswith("Why: "))
    assert f"'{file}' --symprec 0.01 --axis 0,0,-1" in line
    again = shlex.split(line.removeprefix("Why: ").split("      ")[0])
    assert again[0] == "symchiral"
    assert "allowed" in good(capsys, *again[1:], "--quiet")


# ------------------------------------------------------------------------------- bad input

BAD_FILES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty.cif": (b"", ("empty",)),
    "blank.vasp": (b" \n\n", ()),
    "binary.cif": (bytes(range(256)) * 8, ("binary",)),
    "binary": (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 8, ()),
    "letter.txt": ("Dear reader,\nthis is a letter.\n", ()),
    "letter.cif": ("Dear reader,\nthis is a letter.\n", ("no CIF data",)),
    "page.cif": ("<!DOCTYPE html><html></html>", ("web page",)),
    "partial.cif": (cif("Cs 0 0 0 0.5\nCl 0.5 0.5 0.5 1"), ("disordered", "0.5")),
    "molecule.xyz": ("2\n\nH 0 0 0\nH 0 0 0.74\n", ("molecule",)),
    "flat.vasp": ("x\n1\n1 0 0\n0 1 0\n1 1 0\nPo\n1\nDirect\n0 0 0\n", ("volume",)),
    "flat.cif": (cif(alpha="0"), ("cell",)),
    "nan.vasp": ("x\n1\n3 0 0\n0 3 0\n0 0 3\nPo\n1\nDirect\n0 nan 0\n", ()),
    "nan.cif": (cif("Cs 0 nan 0 1"), ("nan",)),
    "overlap.cif": (cif("Cs 0 0 0 1\nCl 0.01 0 0 1"), ("apart",)),
    "dummy.cif": (cif("Xx 0 0 0 1"), ()),
    "no_atoms.cif": ("data_x\n_cell_length_a 4\n", ("atoms",)),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(capsys: Capture, tmp_path: Path, name: str) -> None:
    content, says = BAD_FILES[name]
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    message = refused(capsys, "predict", str(file), says=says)
    assert name in message
    assert main(["show", str(file), "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == message
    assert json.loads(out)["what"] in message


def test_what_is_no_file_is_refused(capsys: Capture, tmp_path: Path) -> None:
    refused(capsys, "predict", str(tmp_path / "nope.cif"), says=("no such file",))
    refused(capsys, "predict", str(tmp_path), says=("folder",))
    refused(capsys, "predict", str(tmp_path / "no" / "x.cif"), says=("no folder",))
    refused(capsys, "predict", "Bi2Sr3", says=("did you mean Bi2Se3",))
    refused(capsys, "predict", "", says=("empty",))


BAD_TRANSFERS = {
    "Eh(+) Eu(+) -> Eg(-)": ("no species 'Eh'", "did you mean E"),
    "Eu(+) Eu(+)": ("->",),
    "Eu(+) -> ": ("->",),
    "-> Eg(-)": ("->",),
    "": ("->",),
    "Eu(+) -> Eu(+) -> Eg(-)": ("->",),
    "Eu(+ Eu(+) -> Eg(-)": ("quantum",),
    "Eu Eu(+) -> Eg(-)": ("component", "Eu(+), Eu(-)"),
    "Eu(0) Eu(+) -> Eg(-)": ("no component '0'", "Eu(+), Eu(-)"),
    "Eu:e(+) Eu(+) -> Eg(-)": ("no mode Eu:e", "3 Eu modes"),
    "Eu:z(+) Eu(+) -> Eg(-)": ("quantum",),
    "Eu(1,+) Eu(2,+) -> Eg(1,-)": ("mode number", "forces"),
    "Eu(x,+) Eu(+) -> Eg(-)": ("mode number",),
}


@pytest.mark.parametrize("transfer", BAD_TRANSFERS)
def test_bad_transfers_are_refused(capsys: Capture, transfer: str) -> None:
    refused(capsys, "explain", "Bi2Se3", transfer, says=BAD_TRANSFERS[transfer])


BAD_AXES: dict[str, tuple[str, ...]] = {
    "1,1,1": ("no symmetry axis", "3 along [0 0 1]"),
    "0,0,1@0.1,0.2,0": ("passes through", "away"),
    "0,0,0": ("cannot read the axis",),
    "0,0": ("cannot read the axis",),
    "a,b,c": ("cannot read the axis",),
    "0,0,1@1,2": ("cannot read the axis",),
    "0,0,nan": ("cannot read the axis",),
    "0,0,1/0": ("cannot read the axis",),
    "0,0,0.5/2": ("cannot read the axis",),
    "0,0,1e999999999": ("cannot read the axis",),
    "": ("cannot read the axis",),
}


@pytest.mark.parametrize("axis", BAD_AXES)
def test_bad_axes_are_refused(capsys: Capture, axis: str) -> None:
    refused(capsys, "predict", "Bi2Se3", "--axis", axis, says=BAD_AXES[axis])


def test_bad_orders_and_tolerances(capsys: Capture) -> None:
    refused(capsys, "predict", "Bi2Se3", "--order", "2", says=("order 2",))
    refused(capsys, "predict", "Bi2Se3", "--order", "5", says=("order 5", "explain"))
    usage(capsys, "predict", "Bi2Se3", "--order", "abc", says=("--order",))
    for bad in ("0", "-1", "nan", "abc", "inf", "", "11"):
        usage(capsys, "predict", "Bi2Se3", "--symprec", bad, says=("--symprec", "distance"))


def test_outputs_are_never_proposed_as_inputs(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what lies in the folder, results of symchiral are none of its inputs; forces are."""
    monkeypatch.chdir(tmp_path)
    for file in ("telluride.json", "telluride.csv", "telluride.tex", "telluride.md"):
        assert main(["predict", "Te_P3121", "-o", file, "--quiet"]) == 0
    mode = ["animate", "ZnO/phonopy.yaml", "--band", "5", "-o", "telluride.extxyz", "--quiet"]
    assert main(mode) == 0
    for name in ("telluride.cif", "telluride.jsn"):
        err = refused(capsys, "predict", name)
        assert "mean" not in err
        err = refused(capsys, "validate", "Bi2Se3", name)
        assert "telluride." not in err.replace(name, "")
    (tmp_path / "tellurium.cif").write_text(cif())
    (tmp_path / "traces.csv").write_text("time_ps,Q\n0,1\n")
    refused(capsys, "predict", "telluride.cif", says=("Did you mean tellurium.cif?",))
    refused(capsys, "validate", "Bi2Se3", "trace.csv", says=("Did you mean traces.csv?",))
    refused(capsys, "validate", "Bi2Se3", "rows.yaml", says=("There are: traces.csv.",))


def test_bad_usage(capsys: Capture) -> None:
    assert "symchiral predict Bi2Se3" in good(capsys)
    usage(capsys, "predct", "Bi2Se3", says=("did you mean predict?",))
    usage(capsys, "--quiet", "predict", "Bi2Se3", says=("symchiral COMMAND --quiet",))
    usage(capsys, "predict", says=("FILE", "symchiral predict --help"))
    usage(capsys, "explain", "Bi2Se3", says=("TRANSFER",))
    usage(capsys, "predict", "Bi2Se3", "--al", says=("--al", "did you mean --all?"))
    usage(capsys, "predict", "MgB2", "--q", "A", "A", "GM", says=('--q "A A GM"',))
    with pytest.raises(SystemExit):
        main(["predict", "Bi2Se3", "--ordr", "4", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["exit_status"]) == ("UsageError", 2)
    refused(capsys, "schema", "predct", says=("did you mean predict",))


def test_two_dashes_are_no_value_of_an_option(capsys: Capture) -> None:
    """Python 3.11 and 3.12 make an empty list of ``--option=--``."""
    tried = 0
    for command in COMMANDS:
        actions = vars(parser([command]))["_subparsers"]._group_actions[0].choices[command]._actions
        for action in actions:
            if action.option_strings and action.nargs is None:
                with pytest.raises(SystemExit):
                    main([command, f"{action.option_strings[-1]}=--"])
                assert "expected a value, not --" in capsys.readouterr().err
                tried += 1
    assert tried > 200


def test_an_error_with_json_is_a_document(capsys: Capture) -> None:
    words = ("explain", "Bi2Se3", "Eh(+) -> Eg(-)")
    message = refused(capsys, *words)
    assert main([*words, "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == message
    document = json.loads(out)
    assert list(document) == ["schema", "symchiral", "kind", "what", "why", "fix", "exit_status"]
    assert document["kind"] == "LabelError"
    assert document["exit_status"] == 1
    assert document["what"] in message
    assert document["fix"][1:] in message


def test_the_packaged_names_are_listed(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["show", "--list"])
    assert not stop.value.code
    names = capsys.readouterr().out.split()
    assert names[: len(sc.structure_names())] == list(sc.structure_names())
    assert "Bi2Se3/phonopy.yaml" in names


# ------------------------------------------------------------------------------- terminals


class Terminal:
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        pass


def on_terminal(monkeypatch: pytest.MonkeyPatch, *words: str, columns: int = 120) -> str:
    stream = Terminal()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(words) == 0
    return stream.text


def test_colour_only_on_a_terminal_and_never_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    plain = good(capsys, "predict", "Bi2Se3")
    assert "\x1b" not in plain
    coloured = on_terminal(monkeypatch, "predict", "Bi2Se3")
    assert coloured.count("\x1b[1;31mflipped\x1b[0m") == 6
    assert coloured.count("\x1b[32mkept\x1b[0m") == 8
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_terminal(monkeypatch, "predict", "Bi2Se3") == plain


def test_narrow_terminals_drop_probe_then_pump_then_lattice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    whole = ("transfer", "l in = out (mod 3)", "lattice", "PAM", "atoms", "pump", "probe")
    book = sc.read("Bi2Se3").rules()
    table = listed_table(table_of(book.symmetry, listing(book)))
    seen = []
    for columns in range(120, 39, -1):
        lines = table.text(columns).splitlines()
        heading = tuple(re.split(r" {2,}", lines[0]))
        if heading not in seen:
            seen.append(heading)
        assert columns < 60 or max(map(display_width, lines)) <= columns
    assert seen == [
        whole,
        whole[:6],
        whole[:5],
        tuple(name for name in whole[:5] if name != "lattice"),
        ("transfer", "PAM", "atoms"),
    ]
    monkeypatch.setenv("NO_COLOR", "1")
    text = on_terminal(monkeypatch, "predict", "Bi2Se3", columns=60)
    assert "probe" not in text.partition("Left out")[0]
    long = [line for line in text.splitlines() if display_width(line) > 60]
    assert all(line.startswith("Why:") for line in long), long


def test_show_and_explain_fit_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for words in (
        ("show", "SrTiO3"),
        ("explain", "Bi2Se3", "Eu(+) Eu(+) -> Eg(-)"),
        ("explain", "SrTiO3", "T1u(+) T1u(+) T1u:b(+) -> T1u(-)"),
    ):
        text = on_terminal(monkeypatch, *words, columns=70)
        assert max(map(display_width, text.splitlines())) <= 70
    wide = repr(sc.read("SrTiO3"))
    assert max(map(display_width, wide.splitlines())) <= PROSE


def test_a_table_drops_columns_and_wraps_prose() -> None:
    table = Table(
        ("transfer", "lattice", "pump", "probe"),
        (("Eu(+) → Eg(−)", "+3ħ", "IR", "Raman"),),
        head=(labelled("axis", "3-fold along c"),),
        foot=("one two three four five six seven", f"Why: {unbroken('symchiral explain x')}"),
        optional=("probe", "pump", "lattice"),
    )
    assert "probe" in table.text()
    bare = Table(table.columns, table.rows, optional=table.optional)
    headings = [bare.text(width).splitlines()[0] for width in range(40, 4, -1)]
    assert list(dict.fromkeys(headings)) == [
        "transfer       lattice  pump  probe",
        "transfer       lattice  pump",
        "transfer       lattice",
        "transfer",
    ]
    assert "symchiral explain x" in table.text(20)
    assert table.text(20).splitlines()[:2] == ["axis     3-fold", "         along c"]
    assert fold(("a b c",), 80) == ["a b c"]
    spelt = table.ascii().text()
    assert spelt.isascii()
    widths = [line.index("  ", 14) for line in spelt.splitlines() if "hbar" in line]
    assert widths
    assert table.without("pump").columns == ("transfer", "lattice", "probe")
    assert "<table>" in table.html()


def test_every_character_printed_has_an_ascii_spelling(capsys: Capture) -> None:
    seen = ""
    for name in ("Bi2Se3", "Te_P3121", "SrTiO3", "WC", "BPO4"):
        seen += good(capsys, "predict", name, "--all") + good(capsys, "show", name)
    for transfer in ("Eu(+) Eu(+) -> Eg(-)", "Eu(+) Eu(+) -> Eg(+)", "A1g Eu(+) -> A1g"):
        seen += good(capsys, "explain", "Bi2Se3", transfer)
    assert "?" not in seen
    assert "?" not in to_ascii(seen)
    assert not seen.isascii()


def test_a_stream_without_utf8_gets_ascii(capsys: Capture) -> None:
    write_table(Table(("a",), (("→",),)))
    assert capsys.readouterr().out == "a\n→\n"


# ------------------------------------------------------------------------------- processes


def test_python_m_symchiral_in_ascii() -> None:
    for changes in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}):
        done = spawn("predict", "Bi2Se3", **changes)
        assert done.returncode == 0
        assert done.stderr == b""
        text = done.stdout.decode("ascii")
        assert "Eu(+) Eu(+) -> Eg(-)" in text
        assert "+3hbar" in text
        rows = [line for line in text.splitlines() if " -> " in line and "Why" not in line]
        assert len({line.index("flipped") for line in rows if "flipped" in line}) == 1
        assert len({line.index("kept") for line in rows if "kept" in line}) == 1


def test_exit_codes_and_streams_of_a_process(tmp_path: Path) -> None:
    good_one = spawn("predict", str(nearly_cubic(tmp_path)), "--json", PYTHONUTF8="1")
    assert good_one.returncode == 0
    assert json.loads(good_one.stdout)["schema"] == "symchiral/predict/1"
    assert good_one.stderr.startswith(b"warning: ")
    bad = spawn("predict", "nope.cif")
    assert (bad.returncode, bad.stdout) == (1, b"")
    assert b"Traceback" not in bad.stderr
    assert spawn("predict").returncode == 2


def test_a_closed_pipe_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "symchiral", "predict", "Bi2Se3", "--json", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"{\n"
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert errors == b""


HEAVY = ("numpy", "spglib", "spgrep", "ase", "scipy", "sympy", "matplotlib", "phonopy")


def test_import_and_help_are_cheap() -> None:
    code = f"""
import sys, symchiral
assert symchiral.__version__
from symchiral.cli import main
for words in (["--help"], ["predict", "--help"], ["--version"]):
    try:
        main(words)
    except SystemExit as stop:
        assert not stop.code
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr.decode()


DOOR = """
import sys
for name in sys.argv[1:]:
    __import__(name)
import numpy as np
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry
from symchiral.errors import SymmetryError
crystal = Crystal.of(4 * np.eye(3), [[0, 0, 0], [0, 0, 0.01]], [26, 26])
try:
    find_symmetry(crystal, symprec=0.5)
except SymmetryError as error:
    print(error)
"""


def test_the_door_to_spglib_fails_alike_whatever_was_imported_before() -> None:
    """After importing spgrep or phonopy, spglib raises where it returned None before."""
    answers = {}
    for first in ((), ("spgrep",), ("phonopy",)):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DOOR, *first],
            capture_output=True,
            env=environment(PYTHONUTF8="1"),
            check=False,
        )
        if b"No module named 'phonopy'" in done.stderr:
            continue
        assert done.returncode == 0, done.stderr.decode()
        answers[first] = done.stdout.decode()
    assert len(answers) >= 2
    assert len(set(answers.values())) == 1
    assert next(iter(answers.values())).startswith("no space group found")


NUMBERS = re.compile(r"(\d+) transfers? judged, (\d+) allowed")
CHANNELS = re.compile(r"counted: ([\d,]+) judged, ([\d,]+) allowed")
SELECTED = re.compile(r"(\d+) transfers? selected")


@pytest.mark.parametrize("name", ["Bi2Se3", "Si", "GaAs", "CuO", "SrTiO3", "BPO4", "P2I4"])
def test_table_document_and_book_count_alike_or_say_what_they_count(name: str) -> None:
    study = sc.read(name)
    book, document = study.rules(), study.predict().to_dict()
    assert document["counts"] == book.counts()
    assert len(book) == document["counts"]["allowed"] == len(document["channels"])
    text = " ".join(repr(book).split())
    rows = tuple(int(x) for x in NUMBERS.findall(text)[0])
    assert rows == (document["rows"]["judged"], document["rows"]["allowed"])
    groups = ("flipped", "kept", "neutral", "without_rotation", "undefined")
    assert sum(document["rows"][x] for x in groups) == rows[1]
    channels = tuple(int(x) for x in (CHANNELS.findall(text) or [rows])[0])
    assert channels == (document["counts"]["judged"], document["counts"]["allowed"])


def test_a_selection_does_not_say_judged() -> None:
    book = sc.read("Bi2Se3").rules()
    parts = {
        "flips": book.flips(),
        "keeps": book.keeps(),
        "neutral": book.neutral(),
        "rotating": book.rotating(),
        "involving": book.involving("Eu"),
        "driven": book.driven_by("infrared"),
        "seen": book.seen_by("raman"),
        "reached": book.reached_by(None, "raman"),
        "slice": book[:5],
    }
    for word, part in parts.items():
        text = repr(part)
        assert "judged" not in text, word
        (rows,) = SELECTED.findall(text)
        assert int(rows) == len(listing(part).rows)
        assert part.counts()["selected"] == len(part) == len(list(part))
        assert "judged" not in part.counts()
    assert len(parts["flips"]) + len(parts["keeps"]) + len(parts["neutral"]) == len(book) == 39


def test_a_selection_still_tells_what_only_different_modes_do() -> None:
    """Eu(+) Eu(−) → A2g of D4h: forbidden of one mode, so the row of a selection is marked too."""
    book = sc.read("SnO2/phonopy.yaml").rules()
    marked = [row.rule.id for row in listing(book).rows if row.different]
    assert marked
    for rule in marked:
        part = book.involving(book[rule].channel.coupling.outgoing[0].species)
        assert rule in [row.rule.id for row in listing(part).rows if row.different]


def test_vertices_and_modes_say_what_they_count(capsys: Capture) -> None:
    text = " ".join(good(capsys, "predict", "Si", "--q", "star").split())
    document = json.loads(good(capsys, "predict", "Si", "--q", "star", "--json"))
    counts = [vertex["counts"] for vertex in document["vertices"]]
    judged, allowed = (int(x) for x in CHANNELS.findall(text)[0])
    assert judged == sum(c["judged"] for c in counts) == 246
    assert allowed == sum(c["allowed"] for c in counts) == 119
    assert sum(vertex["rows"]["judged"] for vertex in document["vertices"]) == 234
    text = " ".join(good(capsys, "predict", "Bi2Se3/phonopy.yaml").split())
    document = json.loads(good(capsys, "predict", "Bi2Se3/phonopy.yaml", "--json"))
    (number,) = re.findall(r"With both signs counted: (\d+)", text)
    assert int(number) == len(document["transfers"])


def test_explain_with_forces_answers_once(capsys: Capture) -> None:
    """What symmetry leaves open the named modes decide: one sense in the text, the document's."""
    name = "SiO2_quartz_P3121/phonopy.yaml"
    words = {"kept": "atoms keep their", "flipped": "atoms reverse", "none": "no net rotation"}
    seen = set()
    for transfer in ("E#1(+) E#1(+) -> E#3(-)", "E#5(+) A2#2 -> E#8(+)"):
        document = json.loads(good(capsys, "explain", name, transfer, "--json"))
        assert document["channel"]["rotation_sense"] == "open"
        sense = document["transfer"]["rotation_sense"]
        text = " ".join(good(capsys, "explain", name, transfer).split())
        for said in (text, " ".join(document["text"].split())):
            assert [word for word in words if words[word] in said] == [sense]
            assert "depends on forces" not in said
        seen.add(sense)
    assert seen == {"kept", "flipped"}
    text = good(capsys, "explain", name, "E(+) E(+) -> E(-)")
    assert "the sense of rotation of the atoms depends on the forces" in text
    assert "modes      name them by number, as in E#1(+): the forces then tell" in text
    assert "named by number" not in good(capsys, "explain", "Te_P3121", "E(+) E(+) -> E(-)")


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (MemoryError(), "MemoryError", "not enough memory"),
        (PermissionError(13, "Permission denied", "x.cif"), "OSError", "cannot use x.cif"),
    ],
)
def test_what_the_machine_refuses_is_a_document_too(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str, word: str
) -> None:
    import symchiral.cli.show as command

    def refuse(_: object) -> None:
        raise error

    monkeypatch.setattr(command, "run", refuse)
    assert main(["show", "Bi2Se3", "--json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["schema"], found["kind"], found["what"]) == ("symchiral/error/1", kind, word)
    assert word in err
    assert main(["show", "Bi2Se3"]) == 1
    assert capsys.readouterr().out == ""


def test_json_is_printed_beside_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of every command that writes its answer: the document on standard output, the file whole."""
    words = (
        ("predict", "Te_P3121"), ("show", "Te_P3121"), ("light", "Te_P3121"), ("plan", "Te_P3121"),
        ("explain", "Bi2Se3", "Eu(+) Eu(+) -> Eg(-)"), ("modes", "NaCl/phonopy.yaml"),
        ("bands", "NaCl/phonopy.yaml"), ("couple", "Bi2Se3/phonopy.yaml"),
    )  # fmt: skip
    for command in words:
        file = tmp_path / f"{command[0]}.txt"
        assert main([*command, "--json", "-o", str(file)]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["schema"].startswith(f"symchiral/{command[0]}/")
        assert f"wrote {file}" in err
        assert len(file.read_text().splitlines()) > 3
