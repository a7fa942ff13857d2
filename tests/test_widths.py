"""What is printed fits the terminal: the tables of every command at 40, 60 and 80 columns."""

from __future__ import annotations

import re
import shlex

import pytest

from symchiral.cli import COMMANDS, main
from symchiral.table import Table, display_width, fold, labelled

Capture = pytest.CaptureFixture[str]

PUMP = '--pump "2.457THz s+ 1ps 0.2MV/cm" --duration 8'
TABLES = (
    "show Bi2Se3",
    "show SrTiO3",
    'show Bi2Se3 --q "GM L"',
    "show Bi2Se3 --q all",
    "show Bi2Se3 --field B=0,0,1",
    "predict Bi2Se3",
    "predict SrTiO3 --order 4",
    "predict Te_P3121 --all",
    "predict Si --q star",
    'predict MgB2 --q "K K K"',
    "predict Bi2Se3/phonopy.yaml",
    'explain Bi2Se3 "Eu(+) Eu(+) -> Eg(-)"',
    "light Bi2Se3 --domains",
    "light NiTiO3 --domains",
    "light Te_P3121 --beam 1,0,0",
    "light Bi2Se3 --geometry right-angle",
    "light Bi2Se3/phonopy.yaml",
    "light Cr2O3_AFM",
    "light MnF2_AFM",
    'modes ZnO/phonopy.yaml --q "GM A K 0,0,0.1"',
    "bands ZnO/phonopy.yaml --points 20",
    "couple Bi2Se3/phonopy.yaml --check --all",
    f"simulate Bi2Se3/phonopy.yaml {PUMP}",
    f"simulate Bi2Se3/phonopy.yaml {PUMP} --temperature 77K",
    f'simulate Bi2Se3/phonopy.yaml {PUMP} --sweep "field 0.1..0.2MV/cm 2"',
    f'simulate Bi2Se3/phonopy.yaml {PUMP} {PUMP} --sweep "delay 0..2ps 16" --map Eg#2',
    "plan Bi2Se3/phonopy.yaml --pump-range 1-3THz",
    "plan Bi2Se3",
    "atlas -3m",
    "atlas -6m2",
    "atlas 152 --q star",
    "validate Bi2Se3/phonopy.yaml {rows} --sees raman",
    "validate Bi2Se3 {rows} --sees raman",
)
ELSEWHERE = {
    "schema",
    "animate",
    "report",
    "phonons",
    "audit",
    "screen",
    "query",
    "merge",
    "cite",
    "serve",
    "settings",
}
"""A document, lines on files written, a list, an address; tests of ``audit`` and of catalogs have
their own."""

TO_RUN = re.compile(r"symchiral \w+ ")
"""Lines with a command to run next, which are never broken: they are to be copied."""


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines that do not fit, but those that hold a command to copy."""
    wide = [line for line in text.splitlines() if display_width(line) > width]
    return [line for line in wide if not TO_RUN.search(line)]


def test_every_command_has_its_table_here() -> None:
    assert {line.split()[0] for line in TABLES} == set(COMMANDS) - ELSEWHERE


@pytest.mark.parametrize("line", TABLES)
def test_tables_fit(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, line: str
) -> None:
    rows = request.config.rootpath / "structures" / "Bi2Se3" / "example_rows.yaml"
    made: list[Table] = []
    check = Table.__post_init__

    def noted(table: Table) -> None:
        check(table)
        made.append(table)

    monkeypatch.setattr(Table, "__post_init__", noted)
    for width in (80, 60, 40):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(shlex.split(line.format(rows=rows))) == 0
        out, err = capsys.readouterr()
        assert too_wide(out, width) == []
        assert too_wide(err, width) == []
    # What a page or LaTeX shows in another way than a terminal is a value: no gap stands for it.
    lines = [x for table in made for x in (*table.head, *table.below())]
    assert [x for x in lines if isinstance(x, str) and "  " in x] == []
    assert any(not isinstance(x, str) for x in lines)


def test_what_is_left_out_is_named_and_its_legend_with_it() -> None:
    table = Table(
        ("transfer", "gain", "probe"),
        (("Eu(+) → Eg(−)", "0.3", "Raman, infrared, hyper-Raman"),),
        foot=("Ranked by gain.",),
        optional=("probe", "gain"),
        notes=(("gain", "gain: per unit."), ("probe", "probe: what sees it.")),
    )
    assert table.text().splitlines()[3:] == [
        "gain: per unit.",
        "probe: what sees it.",
        "Ranked by gain.",
    ]
    text = table.text(30)
    assert "probe: what" not in text
    assert "gain: per unit." in text
    assert "Left out to fit 30 characters: probe;" in " ".join(text.split())
    assert "gain, probe" not in text


def test_long_cells_go_on_below() -> None:
    table = Table(
        ("channel", "why"),
        (("A", "one two three four five six"), ("B", "seven")),
        folded=("why",),
    )
    assert table.text(27).splitlines() == [
        "channel  why",
        "A        one two three four",
        "         five six",
        "B        seven",
    ]


def test_continued_lines_keep_their_indent() -> None:
    modes = labelled("modes", "K: 1 A", "2 B", "3 C"), labelled("", "L: 4 D", "5 E", "6 F")
    lines = fold(modes, 22)
    assert lines == [
        "modes    K: 1 A   2 B",
        "         3 C",
        "         L: 4 D   5 E",
        "         6 F",
    ]


def test_warnings_are_wrapped(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["predict", "no such structure of a long name in this folder.cif"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60
