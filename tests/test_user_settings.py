"""The file of settings: defaults of the command line, and of nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import symchiral as sc
from symchiral.cli import COMMANDS, main, parser
from symchiral.cli.usersettings import KEYS, load
from symchiral.disk import cache_root, settings_path
from symchiral.errors import SymchiralError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("SYMCHIRAL_SETTINGS", str(path))
    return path


def printed(capsys: Capture, *words: str) -> str:
    assert main(words) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "APPDATA", "SYMCHIRAL_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert settings_path() == tmp_path / ".config" / "symchiral" / "settings.toml"
    assert load().values == {}
    monkeypatch.setenv("APPDATA", str(tmp_path / "roaming"))
    assert settings_path() == tmp_path / "roaming" / "symchiral" / "settings.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "x"))
    assert settings_path() == tmp_path / "x" / "symchiral" / "settings.toml"
    (tmp_path / "x" / "symchiral").mkdir(parents=True)
    (tmp_path / "x" / "symchiral" / "settings.toml").write_text("symprec = 1e-2\n", "utf-8")
    assert load().values == {"symprec": 1e-2}
    monkeypatch.setenv("SYMCHIRAL_SETTINGS", "")
    assert settings_path() is None
    assert load().values == {}


def test_options_win_and_the_document_names_the_file(file: Path, capsys: Capture) -> None:
    """What an answer rests on is listed in it: the settings only where one stands for an option."""
    file.write_text("# nothing yet\n", "utf-8")
    command = ("modes", "ZnO/phonopy.yaml", "--json")
    plain = json.loads(printed(capsys, *command, "--unit", "cm-1", "--symprec", "1e-2"))
    file.write_text('unit = "cm-1"\nsymprec = 1e-2\n', "utf-8")
    by_file = json.loads(printed(capsys, *command))
    named = by_file["input"]["files"]
    assert [entry["path"] for entry in named].count(str(file)) == 1
    by_file["input"]["files"] = [entry for entry in named if entry["path"] != str(file)]
    assert by_file == plain
    assert plain["tolerance"]["symprec"] == 1e-2
    given = json.loads(printed(capsys, *command, "--unit=THz", "--symprec", "1e-3"))
    assert given["tolerance"]["symprec"] == 1e-3
    assert str(file) not in [entry["path"] for entry in given["input"]["files"]]


def test_the_library_does_not_read_it(file: Path) -> None:
    file.write_text('unit = "meV"\nsymprec = 1e-2\n', "utf-8")
    study = sc.read("ZnO")
    assert study.crystal.symprec == 1e-3
    assert str(file) not in study.show().to_json()


def test_every_command_takes_what_it_has(file: Path) -> None:
    """The unit of all commands that print frequencies, the tolerance of all that read crystals.

    And of all that draw the width and style of figures.
    """
    lines = 'unit = "meV"\nsymprec = 0.02\nsize = "single"\nstyle = "bmh"\ncache = "elsewhere"\n'
    file.write_text(lines, "utf-8")
    settings = load()
    taken = {"unit": 0, "symprec": 0, "size": 0, "style": 0}
    for command in COMMANDS:
        sub = vars(parser([command], settings))["_subparsers"]._group_actions[0].choices[command]
        for action in sub._actions:
            if action.dest in taken and action.option_strings:
                assert action.default == settings.values[action.dest], command
                assert str(settings.values[action.dest]) in sub.format_help()
                taken[action.dest] += 1
    assert taken["unit"] >= 10
    assert taken["symprec"] >= 14
    assert taken["size"] == taken["style"] == 3
    assert set(KEYS) == {*taken, "cache", "cache_size"}


def test_the_cache_is_kept_small(
    file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was used longest ago goes first; nothing that is not ours goes at all."""
    kept = tmp_path / "kept"
    monkeypatch.delenv("SYMCHIRAL_CACHE", raising=False)
    names = ("forces/ab/old", "forces/cd/new", "v3/middle", "thesis/old.tex", "notes.txt")
    for name in names:
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).write_bytes(b"x" * 1000)
    for name, time in zip(names, (1e9, 1.2e9, 1.1e9, 1e8, 1e8), strict=True):
        os.utime(kept / name, (time, time))

    def left(limit: str) -> list[str]:
        file.write_text(f"cache = '{kept}'\ncache_size = \"{limit}\"\n", "utf-8")
        printed(capsys, "schema", "show")
        return [name for name in names if (kept / name).exists()]

    assert left("3KB") == list(names)
    assert left("2.5KB") == list(names[1:])
    assert left("1KB") == [names[1], *names[3:]]
    assert left("1B") == list(names[3:])
    assert "SYMCHIRAL_CACHE" not in os.environ


def test_the_cache(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file.write_text(f"cache = '{tmp_path / 'kept'}'\n", "utf-8")
    monkeypatch.delenv("SYMCHIRAL_CACHE", raising=False)
    with load().in_effect(()):
        assert cache_root() == tmp_path / "kept"
    assert "SYMCHIRAL_CACHE" not in os.environ
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")
    with load().in_effect(()):
        assert cache_root() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('units = "meV"', "no setting is called 'units'. Did you mean unit?"),
        ('unit = "cm1"', "it is not a unit of frequencies. Did you mean cm-1?"),
        ("unit = 3", "it is not a unit of frequencies"),
        ('symprec = "small"', "it is not a distance from 1e-10"),
        ("symprec = true", "it is not a number"),
        ("symprec = nan", "it is not a distance"),
        ("cache = 3", "it is not the path of a folder"),
        ('cache_size = "much"', "it is not a size"),
        ("unit = cm-1", "cannot read the settings"),
        ("unit = 'THz'\nunit = 'meV'", "cannot read the settings"),
        ("[" * 5000, "cannot read the settings"),
        ("x" * 200_000, "cannot read the settings"),
    ],
)
def test_what_makes_no_sense_is_told(file: Path, capsys: Capture, text: str, said: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(SymchiralError) as error:
        load()
    assert said.lower() in str(error.value).lower()
    assert main(["predict", "NaCl"]) == 1
    assert str(file) in capsys.readouterr().err.replace("\n", "")
    for words in (["--help"], ["--version"]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 0


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    with pytest.raises(SymchiralError, match="no such file"):
        load()
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SymchiralError, match="cannot read the settings"):
        load()


def test_the_command_says_what_is_set(
    file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('unit = "meV"\n', "utf-8")
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")
    out = printed(capsys, "settings")
    lines = [line.split()[:3] for line in out.splitlines()]
    assert ["unit", "meV", "file"] in lines
    assert ["symprec", "1e-3", "default"] in lines
    assert ["cache", "none", "SYMCHIRAL_CACHE"] in lines
    assert printed(capsys, "settings", "--path").strip() == str(file)
    monkeypatch.setenv("SYMCHIRAL_SETTINGS", "")
    assert "There is no file of settings" in printed(capsys, "settings")
