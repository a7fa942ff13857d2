"""Damaged structure files give a sound crystal or one error in words; every door: `mutants`."""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mutants import DOORS, case_of, fault_of, mutated, run_many, structures, table

from symchiral.errors import ReadError, SymchiralError
from symchiral.forces.door import _read_constants
from symchiral.reading.structure import read_bytes

DOCS = Path(__file__).parent.parent / "docs"


def _read(count: int, seed: int) -> Counter[str]:
    """Read ``count`` mutated files; the seed of each is seed + its number."""
    seen: Counter[str] = Counter()
    for n in range(seed, seed + count):
        rng = random.Random(n)
        name, text = rng.choice(structures())
        data = mutated(rng, text).encode(rng.choice(["utf-8"] * 3 + ["utf-16"]), errors="replace")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                crystal = read_bytes(data, name=name)
        except SymchiralError as error:
            seen[type(error).__name__] += 1
            if not all((error.what, error.why, error.fix)) or len(str(error)) > 1500:
                pytest.fail(f"seed {n} ({name}): the message {error} is not complete, or long")
        except BaseException as error:  # noqa: BLE001 - the failure names the seed that repeats it
            pytest.fail(f"seed {n} ({name}): {type(error).__name__}: {error}")
        else:
            seen["Crystal"] += 1
            assert len(crystal) > 0, n
            assert np.all(np.isfinite(crystal.cell)), n
            assert np.all(np.isfinite(crystal.positions)), n
            assert crystal.volume > 0, n
            assert crystal.formula, n
    return seen


def test_mutated_files(capsys: pytest.CaptureFixture[str]) -> None:
    seen = _read(300, seed=31_000)  # among these every kind of error occurs
    assert sum(seen.values()) == 300
    assert {"ReadError", "StructureError", "DisorderError"} < set(seen), seen
    assert seen["Crystal"] >= 30, seen
    assert capsys.readouterr() == ("", "")  # the library never prints


@pytest.mark.sweep
def test_many_mutated_files() -> None:
    seed = 1_000_000  # fresh ones: python tests/mutants.py
    seen = _read(10_000, seed)
    sys.stdout.write(f"seeds {seed} to {seed + 9_999}: {dict(seen)}\n")
    assert sum(seen.values()) == 10_000
    assert {"ReadError", "StructureError", "DisorderError"} < set(seen), seen


# phonopy leaves the file of its wavevectors to be closed by the interpreter.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of seekpath, about spglib
def test_a_seed_gives_one_mutant_and_every_door_is_tried() -> None:
    doors = {case_of(seed).door for seed in range(1000)}
    assert len(doors) == len(DOORS)
    assert case_of(7) == case_of(7)


def test_what_counts_as_a_fault() -> None:
    assert fault_of(0, "{}", "", wants_json=True) is None
    assert fault_of(1, "{}", "symchiral: no.\n", wants_json=True) is None
    for status, out, err in (
        (None, "", ""), (4, "", ""), (1, "{}", ""), (0, "{", ""), (0, "[NaN]", ""),
        (1, "", "symchiral: no"),
        (1, "{}", "symchiral: \x1b[31m"), (0, "{}", "/x/y.py:3: UserWarning: careful"),
        (1, "{}", "symchiral: " + "x" * 5000), (1, "{}", "symchiral: \nTraceback (most recent"),
    ):  # fmt: skip
        assert fault_of(status, out, err, wants_json=True) is not None, (status, out, err)


def test_the_page_of_errors_shows_the_committed_run() -> None:
    record = json.loads((DOCS / "data" / "mutants.json").read_text(encoding="utf-8"))
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert table(record) in page
    assert f"--count {record['mutants']} --seed {record['seed']}" in page
    assert len(record["doors"]) == len(DOORS)
    assert sum(sum(ends.values()) for ends in record["doors"].values()) == record["mutants"]


def test_some_mutants_of_every_door() -> None:
    tally = run_many(range(500, 520), jobs=1)
    assert sum(tally.seen.values()) == 20
    assert not tally.faults, tally.faults


def test_an_empty_file_of_force_constants_is_refused(tmp_path: Path) -> None:
    """One mutant of 100,000 had one."""
    for text in ("", "\n1 2 3\n"):
        (tmp_path / "FORCE_CONSTANTS").write_text(text)
        with pytest.raises(ReadError, match="FORCE_CONSTANTS of BN: it is empty"):
            _read_constants(tmp_path / "FORCE_CONSTANTS", None, name="BN")
