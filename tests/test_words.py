"""What users write that the library does not know is refused in words, not met with nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import InputError, LabelError, LimitError

# ------------------------------------------------------------------------------- the tolerance


@pytest.mark.parametrize(
    "symprec", [float("nan"), -1, 0, float("inf"), pytest.param(10**400, id="huge"), "x", "", None]
)
def test_a_tolerance_that_is_none_is_refused_before_spglib_sees_it(symprec: Any) -> None:
    with pytest.raises(InputError, match="symprec"):
        sc.predict("FeSi", symprec=symprec)


@pytest.mark.parametrize("symprec", [np.float32(1e-3), np.array(1e-3), "1e-3"])
def test_a_tolerance_of_any_number_type_gives_a_plain_document(symprec: Any) -> None:
    document = sc.predict("FeSi", symprec=symprec)
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
    start = time.perf_counter()
    with pytest.raises(LimitError, match="at most seven equal quanta"):
        study.explain(" ".join(["Eu(+)"] * quanta) + " -> Eg(-)")
    assert time.perf_counter() - start < 2


def test_six_equal_quanta_are_judged() -> None:
    """6 · (+1) = 0 + 2 · 3 on the three-fold axis."""
    rule = sc.read("Bi2Se3").explain(" ".join(["Eu(+)"] * 6) + " -> A1g")
    assert (rule.verdict, rule.umklapp) == ("allowed", 2)


# ------------------------------------------------------------------------------- what to run next


@pytest.mark.parametrize(
    "words", [("bands",), ("animate", "--mode", "Eu(1,+)", "-o", "x.html"), ("modes",)]
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
