"""Values: frozen, equal by content, the same after pickling; and caches that may fail."""

from __future__ import annotations

import dataclasses
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchiral as sc
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import space_group
from symchiral.irreps import cache
from symchiral.irreps.build import _small_irreps, are_irreps, small_irreps
from symchiral.value import Complex, Value

ROOT = Path(__file__).resolve().parent.parent
TRANSFER = "Eu(+) Eu(+) -> Eg(-)"


def values() -> list[Any]:
    study = sc.read("Bi2Se3")
    book = study.rules()
    rule = book[TRANSFER]
    return [
        study,
        book,
        rule,
        rule.channel,
        rule.channel.coupling,
        rule.channel.coupling.legs[0],
        rule.invariant,
        rule.reason,
        study.species()[0],
        study.species()[1].components[0],
        study.axis,
        study.crystal,
        study.crystal.primitive,
        study.crystal.group,
        study.crystal.frame,
        study.crystal.sites[0],
    ]


VALUES = values()


def arrays(thing: object, seen: set[int]) -> Iterator[np.ndarray[Any, Any]]:
    """Every array inside a value, once."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield thing
    elif dataclasses.is_dataclass(thing):
        for value in vars(thing).values():
            yield from arrays(value, seen)
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from arrays(value, seen)
    elif isinstance(thing, (tuple, list)):
        for value in thing:
            yield from arrays(value, seen)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_values_are_equal_after_pickling(value: Any) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert value == again


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_values_survive_pickling_read_only(value: Any) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert type(again) is type(value)
    assert repr(again) == repr(value)
    for one in (value, again):
        found = list(arrays(one, set()))
        assert not any(array.flags.writeable for array in found)
        for array in found[:3]:
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0


@dataclasses.dataclass(frozen=True, eq=False)
class _Nested(Value):
    parts: tuple[Any, ...]
    named: dict[str, Any]


def test_arrays_inside_of_tuples_and_mappings_are_compared() -> None:
    one = _Nested((np.arange(3), "a", (np.eye(2),)), {"x": np.zeros(2)})
    assert one == _Nested((np.arange(3), "a", (np.eye(2),)), {"x": np.zeros(2)})
    for other in (
        _Nested((np.arange(3), "a", (np.ones((2, 2)),)), {"x": np.zeros(2)}),
        _Nested((np.arange(3), "b", (np.eye(2),)), {"x": np.zeros(2)}),
        _Nested((np.arange(3), "a"), {"x": np.zeros(2)}),
        _Nested((np.arange(3), "a", (np.eye(2),)), {"x": np.ones(2)}),
        _Nested((np.arange(3), "a", (np.eye(2),)), {"y": np.zeros(2)}),
    ):
        assert one != other


def test_the_values_hold_arrays() -> None:
    assert sum(1 for value in VALUES for _ in arrays(value, set())) > 50


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_values_are_frozen(value: Any) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.something_new = 1


def test_values_of_another_crystal_differ() -> None:
    other = sc.read("Bi2Te3")
    assert other != VALUES[0]
    assert other.crystal != sc.read("Bi2Se3").crystal
    assert other.rules()[TRANSFER] == other.rules()[TRANSFER]
    assert other.rules()[TRANSFER] != VALUES[2]
    assert VALUES[0] != "Bi2Se3"


def test_a_pickled_study_gives_the_same_answers() -> None:
    study = pickle.loads(pickle.dumps(sc.read("Te_P3121")))
    assert study.predict() == sc.predict("Te_P3121")
    assert pickle.loads(pickle.dumps(study.rules())).counts() == study.rules().counts()


# ------------------------------------------------------------------------------- cache

HALL = 458


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    _small_irreps.cache_clear()


def answer() -> tuple[np.ndarray[Any, Any], ...]:
    _small_irreps.cache_clear()
    return small_irreps(space_group(HALL), GAMMA)


def characters(found: tuple[np.ndarray[Any, Any], ...]) -> list[list[float]]:
    traces = [np.round(np.trace(irrep, axis1=1, axis2=2), 9) for irrep in found]
    return sorted([x.real + 0.0 for x in trace] for trace in traces)


@pytest.fixture(scope="module")
def plain() -> list[list[float]]:
    """The answer without any cache."""
    before = os.environ.get("SYMCHIRAL_CACHE")
    os.environ["SYMCHIRAL_CACHE"] = ""
    try:
        return characters(answer())
    finally:
        os.environ.pop("SYMCHIRAL_CACHE")
        if before is not None:
            os.environ["SYMCHIRAL_CACHE"] = before


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_cache_is_written_read_and_switched_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: list[list[float]]
) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path / "new" / "folder"))
    first = answer()
    assert characters(first) == plain
    stored = files(tmp_path)
    assert len(stored) == 1
    stamp = stored[0].stat().st_mtime_ns
    second = answer()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not any(irrep.flags.writeable for irrep in second)
    assert stored[0].stat().st_mtime_ns == stamp
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")
    assert cache.directory() is None
    assert characters(answer()) == plain
    assert files(tmp_path) == stored


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 0xFF]) + data[-8:]


def _other_shapes(data: bytes) -> bytes:
    return data.replace(b"1 1 1 1 2 2", b"2 2 1 1 1 1", 1)


DAMAGE = {
    "truncated": _truncated,
    "one byte changed": _flipped,
    "other shapes": _other_shapes,
    "empty": lambda data: b"",
    "one line": lambda data: data.split(b"\n")[0],
    "no numbers": lambda data: b"\x00\xff" + data,
    "no dimensions": lambda data: b"\n" + data.split(b"\n", 1)[1],
    "many digits": lambda data: b"9" * 200 + b"\n" + data.split(b"\n", 1)[1],
    "huge": lambda data: data + bytes(10**6),
    "NaN": lambda data: data[:-16] + np.full(2, np.nan).tobytes(),
    "infinite": lambda data: data[:-16] + np.full(2, np.inf).tobytes(),
    "1e300": lambda data: data[:-16] + np.full(2, 1e300).tobytes(),
    "text": lambda data: b"hello\nworld\n",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_cache_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: list[list[float]], kind: str
) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
    answer()
    (stored,) = files(tmp_path)
    whole = stored.read_bytes()
    damaged = DAMAGE[kind](whole)
    assert damaged != whole
    stored.write_bytes(damaged)
    assert characters(answer()) == plain
    assert stored.read_bytes() == whole  # mended
    assert characters(answer()) == plain


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to itself"])
def test_what_is_no_file_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: list[list[float]], kind: str
) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
    answer()
    (stored,) = files(tmp_path)
    stored.unlink()
    if kind == "pipe":
        os.mkfifo(stored)
    elif kind == "device":
        stored.symlink_to("/dev/zero")
    elif kind == "folder":
        stored.mkdir()
    else:
        stored.symlink_to(stored)
    assert characters(answer()) == plain


def test_a_home_is_written_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SYMCHIRAL_CACHE", "~/x")
    assert cache.directory() == tmp_path / "x" / f"v{cache.VERSION}"
    monkeypatch.setenv("SYMCHIRAL_CACHE", "~nobody-of-this-name/x")
    assert cache.directory() is None


# ------------------------------------------------------------------------------- poison


def poisons(
    irreps: tuple[Complex, ...], rng: np.random.Generator
) -> Iterator[tuple[str, tuple[Complex, ...]]]:
    """Wrong irreps of the right shape, each with a sound file around it."""
    order = len(irreps[0])
    for i in range(len(irreps)):
        for h in range(order):
            changed = [irrep.copy() for irrep in irreps]
            changed[i][h] *= -1
            yield "one matrix of the other sign", tuple(changed)
        changed = [irrep.copy() for irrep in irreps]
        h, phase = int(rng.integers(order)), np.exp(2j * np.pi * rng.uniform(0.01, 0.99))
        changed[i][h] *= phase
        yield "one matrix of another phase", tuple(changed)
        changed = [irrep.copy() for irrep in irreps]
        changed[i] *= phase
        yield "all matrices of another phase", tuple(changed)
        changed = [irrep.copy() for irrep in irreps]
        changed[i][h, 0, 0] += 1e-6
        yield "one entry off", tuple(changed)
        changed = [irrep.copy() for irrep in irreps]
        changed[i] = changed[i].conj()
        yield "one conjugate", tuple(changed)
        changed = [irrep.copy() for irrep in irreps]
        others = [irrep for irrep in irreps if irrep.shape == changed[i].shape]
        changed[i] = others[int(rng.integers(len(others)))]
        yield "one put for another", tuple(changed)
    for _ in range(8):
        shuffled = rng.permutation(order)
        yield "operations permuted", tuple(irrep[shuffled] for irrep in irreps)
        yield "labels swapped", tuple(irreps[i] for i in rng.permutation(len(irreps)))
        turned = []
        for irrep in irreps:
            d = irrep.shape[1]
            u, _ = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))
            turned.append(u @ irrep @ u.conj().T)
        yield "another basis", tuple(turned)
        yield "not unitary", tuple(irrep * 1.001 for irrep in irreps)


#: (group, another of the same order, wavevector)
PLACES = [(458, 460, GAMMA), (458, 460, QPoint.of("1/2", "1/2", "1/2")), (419, 400, GAMMA)]
PLACES += [(419, 400, QPoint.of(0, "1/2", 0)), (438, 439, QPoint.of(0, 0, "u"))]
PLACES += [(462, 485, QPoint.of("1/3", "1/3", 0)), (523, 517, GAMMA)]


@pytest.mark.parametrize("share", [12, pytest.param(1, marks=pytest.mark.sweep)])
def test_poisoned_irreps_change_no_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: int
) -> None:
    """Whatever a sound file holds: the same characters in the same order, from unitary irreps."""
    rng = np.random.default_rng(7)
    tried: Counter[str] = Counter()
    for hall, other, q in PLACES:
        group, q = space_group(hall), q.reduced
        monkeypatch.setenv("SYMCHIRAL_CACHE", "")
        _small_irreps.cache_clear()
        right = small_irreps(group, q)
        foreign = small_irreps(space_group(other), q)
        wrong = list(poisons(right, rng))
        if [irrep.shape for irrep in foreign] == [irrep.shape for irrep in right]:
            wrong.append(("irreps of another group", foreign))
        monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
        for kind, irreps in wrong[::-share]:
            cache.store(group, q, irreps)
            _small_irreps.cache_clear()
            found = small_irreps(group, q)
            assert are_irreps(group, q, found), kind
            assert len(found) == len(right)
            for ours, theirs in zip(found, right, strict=True):
                a, b = (np.trace(x, axis1=1, axis2=2) for x in (ours, theirs))
                assert np.allclose(a, b, atol=1e-8), kind
            tried[kind] += 1
    assert sum(tried.values()) > 900 // share, tried
    assert len(tried) == 11 or share > 1, tried


@pytest.mark.sweep
def test_poison_makes_nothing_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One matrix of Eg in R-3m changed, in a file that is sound otherwise."""
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
    group = space_group(HALL)
    before = sc.predict("Bi2Se3", all=True)
    right = answer()
    count = 0
    for i, irrep in enumerate(right):
        for h in range(1, len(irrep), 3):
            changed = [x.copy() for x in right]
            changed[i][h] = changed[i][h] @ np.diag([1, -1][: irrep.shape[1]])
            if np.array_equal(changed[i], irrep):
                continue
            cache.store(group, GAMMA, tuple(changed))
            sc.clear_caches()
            assert sc.predict("Bi2Se3", all=True) == before
            count += 1
    assert count >= 8


def test_another_version_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: list[list[float]]
) -> None:
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(tmp_path))
    answer()
    (stored,) = files(tmp_path)
    stored.write_bytes(b"of another time")
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    assert characters(answer()) == plain
    assert stored.read_bytes() == b"of another time"
    assert len(files(tmp_path)) == 2


def test_a_cache_that_cannot_be_written_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: list[list[float]]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(blocked))
    assert characters(answer()) == plain
    assert blocked.read_text() == "not a folder"
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    monkeypatch.setenv("SYMCHIRAL_CACHE", str(closed))
    assert characters(answer()) == plain
    monkeypatch.setenv("SYMCHIRAL_CACHE", "/proc/none")
    assert characters(answer()) == plain


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYMCHIRAL_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    # What the system does where neither HOME nor the list of users tells it.
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache.directory() is None


def test_a_process_without_home_or_with_a_closed_cache_answers(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    kept.pop("SYMCHIRAL_CACHE", None)
    kept["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "symchiral", "predict", "Bi2Se3"],
        capture_output=True,
        env={**kept, "XDG_CACHE_HOME": "/proc/none"},
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"13 allowed" in done.stdout
