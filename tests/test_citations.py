"""What to cite: every answer names what it rests on, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import InputError, ReadError
from symchiral.write.citations import RULES, cite

ROOT = Path(__file__).parent.parent
ALWAYS = {"symchiral", "togo2024", "shinohara2023spgrep"}
PHONOPY = {"togo2023phonopy", "togo2023phonons"}


def entries(text: str) -> set[str]:
    """Keys of the entries, each of which is complete."""
    found = re.findall(r"^@\w+\{(\w+),$", text, re.MULTILINE)
    assert len(found) == len(set(found)) == len(re.findall(r"^\}$", text, re.MULTILINE))
    return set(found)


def document(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*argv, "--json", "--quiet"]) == 0
    return capsys.readouterr().out


def test_what_answers_rest_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    poscar = tmp_path / "POSCAR"
    poscar.write_text("Si\n5.43\n0 .5 .5\n.5 0 .5\n.5 .5 0\nSi\n2\nDirect\n0 0 0\n.25 .25 .25\n")
    for argv, more in (
        (["predict", "Bi2Se3"], set()),
        (["predict", str(ROOT / "structures" / "Bi2Se3.cif")], set()),
        (["predict", str(poscar)], {"larsen2017"}),
        (["predict", "CrI3_FM"], {"shinohara2023magnetic"}),
        (["predict", "graphene_slab", "--q", "K K K"], {"stokes2013"}),
        (["modes", "ZnO/phonopy.yaml"], PHONOPY),
        (["predict", "ZnO/phonopy.yaml"], PHONOPY),
        (["bands", "ZnO/phonopy.yaml", "--points", "3"], {*PHONOPY, "stokes2013", "hinuma2017"}),
        (["atlas", "D3d"], set()),
    ):
        text = cite(json.loads(document(argv, capsys)))
        assert entries(text) == ALWAYS | more, argv
    assert entries(cite()) == ALWAYS
    assert cite(sc.predict("Bi2Se3")) == cite(sc.predict("Bi2Se3").to_dict())


def test_packaged_data_say_where_they_come_from() -> None:
    assert "%   source: source package of phonopy" in cite(sc.predict("ZnO/phonopy.yaml"))
    for name in sc.structure_names()[::12]:
        assert f"% data: {name}, packaged" in cite(sc.predict(name)), name


def test_every_entry_is_used_and_has_what_a_reference_needs() -> None:
    text = (ROOT / "symchiral" / "write" / "citations.bib").read_text(encoding="utf-8")
    keys = entries(text)
    assert keys == {key for key, _, _ in RULES}
    assert len(keys) == 9
    for entry in text.split("\n\n"):
        assert {"author", "title", "journal", "volume", "pages", "year"} <= set(
            re.findall(r"^  (\w+) +=", entry, re.MULTILINE)
        )


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = tmp_path / "a.json"
    answer.write_text(document(["modes", "ZnO/phonopy.yaml"], capsys), encoding="utf-8")
    assert main(["cite", str(answer)]) == 0
    text = capsys.readouterr().out
    assert entries(text) == ALWAYS | PHONOPY
    out = tmp_path / "a.bib"
    for _ in range(2):  # its own file is replaced
        assert main(["cite", str(answer), "-o", str(out)]) == 0
        assert out.read_text(encoding="utf-8").strip() == text.strip()
    capsys.readouterr()
    assert main(["cite", str(answer), "-o", str(answer)]) == 1
    assert main(["cite"]) == 0
    assert entries(capsys.readouterr().out) == ALWAYS


def test_what_is_no_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ([], {}, {"schema": "x"}, {"schema": 3}, 5):
        with pytest.raises(InputError, match="nothing to cite"):
            cite(wrong)  # type: ignore[arg-type]
    for odd in ({"input": 3}, {"input": {"files": 4}}, {"q": {}}, {"structure": "x"}, {"q": [1]}):
        assert entries(cite({"schema": "symchiral/predict/1", **odd})) == ALWAYS
    (tmp_path / "a.json").write_text("{")
    assert main(["cite", str(tmp_path / "a.json")]) == 1
    assert "symchiral: cannot read" in capsys.readouterr().err
    assert main(["cite", str(tmp_path / "none.json")]) == 1
    assert issubclass(ReadError, sc.SymchiralError)
