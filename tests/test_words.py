"""What users write that the library does not know is refused in words, not met with nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import GrammarError, InputError, LabelError, LimitError

# ------------------------------------------------------------------------------- the tolerance


@pytest.mark.parametrize(
    "symprec", [float("nan"), -1, 0, float("inf"), pytest.param(10**400, id="huge"), "x", "", None]
)
def test_a_tolerance_that_is_none_is_refused_before_spglib_sees_it(symprec: Any) -> None:
    with pytest.raises(InputError, match="symprec"):
        sc.predict("FeSi", symprec=symprec)


@pytest.mark.parametrize("symprec", [np.float32(1e-3), np.array(1e-3), "1e-3"])
def test_a_tolerance_of_any_number_type_gives_a_plain_document(symprec: Any) -> None:
    document = sc.predict("FeSi", symprec=symprec).to_dict()
    assert json.loads(json.dumps(document))["tolerance"]["symprec"] == pytest.approx(1e-3)


# ------------------------------------------------------------------------------- words for light


@pytest.mark.parametrize("word", ["ir", "IR", "infrared", "Infrared"])
def test_books_know_infrared_by_all_its_names(word: str) -> None:
    book = sc.read("Bi2Se3").rules()
    direct = [r.id for r in book if all(str(p).startswith("infrared") for p in r.pump)]
    assert [r.id for r in book.driven_by(word)] == direct
    assert direct


def test_books_know_raman_in_any_case_and_no_nonsense() -> None:
    study = sc.read("Bi2Se3/phonopy.yaml")
    book = study.rules()
    assert [r.id for r in book.seen_by("Raman")] == [r.id for r in book.seen_by("raman")]
    assert len(book.seen_by("Raman")) > 0
    assert len(study.transfers(probe="Raman")) == len(study.transfers(probe="raman")) > 0
    assert len(study.transfers(pump="sigma+")) == len(study.transfers(pump="σ+")) > 0
    for ask in (
        book.driven_by,
        book.seen_by,
        lambda word: study.transfers(probe=word),
        lambda word: study.reached(book, probe=word),
    ):
        with pytest.raises(LabelError, match="Known: infrared, raman, hyper-raman"):
            ask("nonsense")


# ------------------------------------------------------------------------------- orders


@pytest.mark.parametrize("quanta", [8, 9, 12, 30])
def test_a_product_that_is_too_large_is_refused_at_once(quanta: int) -> None:
    study = sc.read("Bi2Se3")
    study.species()
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        with pytest.raises(LimitError, match="at most seven equal quanta"):
            study.explain(" ".join(["Eu(+)"] * quanta) + " -> Eg(-)")
    finally:
        sys.setprofile(None)
    assert 0 < calls < 200_000


def test_six_equal_quanta_are_judged() -> None:
    """6 · (+1) = 0 + 2 · 3 on the three-fold axis."""
    rule = sc.read("Bi2Se3").explain(" ".join(["Eu(+)"] * 6) + " -> A1g")
    assert (rule.verdict, rule.umklapp) == ("allowed", 2)


# ------------------------------------------------------------------------------- what to run next


@pytest.mark.parametrize(
    "words", [("bands",), ("animate", "--mode", "Eu#1(+)", "-o", "x.html"), ("modes",)]
)
def test_a_structure_without_forces_is_told_what_the_command_has(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Not every command has --calculator: the one named is that which has it."""
    assert main([words[0], "Si", *words[1:]]) == 1
    said = capsys.readouterr().err
    assert "symchiral phonons FILE --calculator sevenn" in said
    with pytest.raises(SystemExit):
        main(["phonons", "--help"])
    assert "--calculator" in capsys.readouterr().out


# ------------------------------------------------------------------------------- python types


def test_axes_and_wavevectors_may_be_sequences() -> None:
    study = sc.read("FeSi", axis=(1, 1, 1))
    assert str(study.axis) == str(sc.read("FeSi", axis="1,1,1").axis)
    assert str(sc.read("FeSi", axis=np.array([1.0, 1.0, 1.0])).axis) == str(study.axis)
    book = sc.read("Bi2Se3").rules(q=["F", "F", "GM"])
    assert [r.id for r in book] == [r.id for r in sc.read("Bi2Se3").rules(q="F F GM")]


@pytest.mark.parametrize("axis", [3, (1, 1), (1, 1, 1, 1), ("x", "y", "z"), (0, 0, 0), "0,0,0"])
def test_what_is_no_axis_is_refused(axis: Any) -> None:
    why = "zero length" if axis in ((0, 0, 0), "0,0,0") else "three numbers"
    with pytest.raises(GrammarError, match=why):
        sc.read("FeSi", axis=axis)


@pytest.mark.parametrize("q", [3, [1, 2, 3], [], ""])
def test_what_is_no_list_of_wavevectors_is_refused(q: Any) -> None:
    with pytest.raises(GrammarError):
        sc.read("Bi2Se3").rules(q=q)


@pytest.mark.parametrize("q", ["T", "A,A,GM", "T T", ["T"], "star"])
def test_too_few_wavevectors_are_counted(q: Any) -> None:
    with pytest.raises(GrammarError, match="a transfer has at least three") as caught:
        sc.read("Bi2Se3").rules(q=q)
    assert ("vertices" in caught.value.fix) == (q == "star")


def test_a_rulebook_knows_what_it_contains() -> None:
    book = sc.read("Bi2Se3").rules()
    assert all(rule.id in book and book[rule.id] in book for rule in book)
    assert "E_u(+) Eu(+) → Eg(−)" in book
    assert "Eu(+) Eu(+) -> Eg(+)" not in book
    assert "Eu(+) Eu(+) -> Eg(-)" not in book.keeps()
    assert 3 not in book


def test_what_is_no_field_mode_or_pump_is_refused() -> None:
    study = sc.read("Bi2Se3/phonopy.yaml")
    assert study.in_field(B="0,0,1").crystal == study.in_field(B=(0, 0, 1)).crystal
    for wrong in ("up", ["x", "y", "z"], object()):
        with pytest.raises(GrammarError, match="cannot use the field B"):
            study.in_field(B=wrong)
    for key in ("Eu#1", 0):
        with pytest.raises(LabelError, match=r"modes\.find"):
            study.modes("GM")[key]
    with pytest.raises(GrammarError, match="cannot use the pump"):
        study.transfers(pump=(1.5, 4.5))


@pytest.mark.parametrize("order", [-3, 0, 2, 2.5, "3", 5])
def test_an_order_is_refused_by_its_own_name(order: Any) -> None:
    with pytest.raises(LimitError, match=f"order {order!r} is not enumerated"):
        sc.read("Bi2Se3").rules(order=order)


# ------------------------------------------------------------------------------- what is left out


def test_isotopes_are_not_dropped_silently() -> None:
    """One deuterium among hydrogens, by mass: as a CIF with D is noted."""
    atoms = Atoms("H2O", cell=[4, 5, 6], pbc=True, positions=[[0, 0, 0], [2, 2, 1], [1, 3, 3]])
    assert not any("masses" in n.text for n in sc.read(atoms).crystal.warnings)
    atoms.set_masses([1.008, 2.014, 15.999])
    noted = [n.text for n in sc.read(atoms).crystal.warnings if "masses" in n.text]
    assert len(noted) == 1
    assert "atoms of H have the masses 1.008, 2.014" in noted[0]


def test_a_full_disk_is_told_without_a_traceback() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "symchiral", "predict", "FeSi"],
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.decode().startswith("symchiral: the output could not be written")
    assert b"Traceback" not in done.stderr


# ------------------------------------------------------------------------------- plans


@pytest.mark.parametrize(("name", "axis"), [("WC", None), ("GaAs", "1,1,1")])
def test_a_mode_that_only_forces_itself_is_proposed_last(name: str, axis: str | None) -> None:
    """E'(+) E'(+) → E'(−) of the one E': 2 f is never f."""
    found = sc.read(name, axis=axis).plan().channels
    forced = [e.forced for e in found]
    assert forced == sorted(forced)
    assert set(forced) == {True, False}
    for e in found:
        assert e.forced == any(p.mode.name == e.outgoing.mode.name for p in e.incoming)


def test_two_modes_of_unknown_number_may_be_resonant() -> None:
    assert not any(e.forced for e in sc.read("Te_P3121").plan().channels)
