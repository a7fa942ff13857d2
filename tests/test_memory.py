"""What is kept in memory is bounded, can be forgotten, and is shared by threads without harm."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import subprocess
import sys
import threading
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchiral as sc
from symchiral.crystal.crystal import Crystal
from symchiral.irreps import build, mulliken, participant, stars
from symchiral.quiet import quiet

ROOT = Path(__file__).resolve().parent.parent

FINITE = {
    "space_group", "mirror_group", "named_settings", "_old_symbols", "_full_symbols", "_classes",
}  # fmt: skip
"""Caches without a bound, of as many answers as there are settings."""

CRYSTALS = 600


def caches() -> list[Any]:
    """Every cache of the package, wherever it hangs, in whatever module nobody asked for yet."""
    for module in pkgutil.walk_packages(sc.__path__, "symchiral."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.collect()
    found = [x for x in gc.get_objects() if isinstance(x, _lru_cache_wrapper)]
    return [x for x in found if (x.__module__ or "").partition(".")[0] == "symchiral"]


def test_every_cache_is_bounded_and_cleared_by_one_call() -> None:
    for name in ("Bi2Se3", "SrTiO3", "Te_P3121"):
        study = sc.read(name)
        study.vertices()
        assert study.explain(study.rules().everything[0].id).verdict
    filled = [x for x in caches() if x.cache_info().currsize]
    assert len(filled) > 20
    for cache in caches():
        size = cache.cache_info().maxsize
        assert size is not None or cache.__name__ in FINITE, (cache.__module__, cache.__name__)
        assert size is None or size <= 65536
    before = sc.predict("Bi2Se3")
    sc.clear_caches()
    assert [x.__qualname__ for x in caches() if x.cache_info().currsize] == []
    assert sc.predict("Bi2Se3") == before


@pytest.mark.parametrize(
    ("name", "vertex", "held", "judged"),
    [
        ("ZnO", "0,0,1/4 0,0,1/4 0,0,1/4 0,0,1/4", "0,0,1/4", 906),
        ("GaAs", "1/2,0,0 0,1/2,0 0,0,1/2 1/2,1/2,1/2", "L", 72),
        ("SrTiO3", "1/2,0,0 1/2,0,0 GM", "1/2,0,0", 144),
    ],
)
def test_caches_that_forget_at_different_times_change_no_answer(
    name: str, vertex: str, held: str, judged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Irreps made a second time, in other bases, while what was made of the first is in use."""
    monkeypatch.setenv("SYMCHIRAL_CACHE", "")

    def forget() -> None:
        for cache in (stars._named, mulliken.zone_centre, participant.irreps, build._small_irreps):
            cache.cache_clear()  # type: ignore[attr-defined]

    sc.clear_caches()
    right = sc.read(name).predict(q=vertex, everything=True)
    assert right.counts.judged == judged
    q = sc.read(name).species(held)[0].participant
    first = stars.star_irreps(q.group, q.arms[0])
    forget()
    monkeypatch.setattr(build, "_from_spgrep", lambda group, q: None)
    assert all(a is b for a, b in zip(stars.star_irreps(q.group, q.arms[0]), first, strict=True))
    assert sc.read(name).predict(q=vertex, everything=True).channels == right.channels
    # The bases are others: nothing else would make this test fail.
    sc.clear_caches()
    assert stars.star_irreps(q.group, q.arms[0]) != first


def read_many() -> None:
    """Read crystals of many groups, none of them twice; write the memory taken at half and end."""
    rng = np.random.default_rng(0)
    bases = [sc.structure(name) for name in sc.structure_names()]
    bases = [base for base in bases if len(base) < 20 and base.moments is None]
    held = []
    for i in range(CRYSTALS):
        base = bases[i % len(bases)]
        positions = base.positions.copy()
        if i % 3 == 0:  # of a subgroup, or P1
            positions[rng.integers(len(base))] += rng.normal(size=3) * rng.integers(2, size=3) / 99
        crystal = Crystal.of(base.cell * rng.uniform(0.97, 1.03), positions, base.numbers)
        study = sc.read(crystal)
        if sum(s.count for s in study.species()) < 40:
            study.predict()
        if i + 1 in (CRYSTALS // 2, CRYSTALS):
            pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
            held.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    Path("held").write_text(" ".join(map(str, held)), encoding="utf-8")


@pytest.mark.sweep
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
def test_memory_stays_flat_over_many_crystals(tmp_path: Path) -> None:
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import test_memory; test_memory.read_many()"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, check=True,
    )  # fmt: skip
    half, end = map(float, (tmp_path / "held").read_text().split())
    assert end < 1.1 * half, (half, end)


def test_threads_read_as_one_does() -> None:
    """Each has its own warnings, and streams and environment are as they were."""
    names = ["Bi2Se3", "KAsSe2", "ZnO", "Bi2Se3/phonopy.yaml", "MgB2", "TiO2_rutile"]
    alone = {name: sc.read(name).show() for name in names}
    environment, stdout = dict(os.environ), sys.stdout
    sc.clear_caches()
    found: list[tuple[str, bool]] = []

    def work(seed: int) -> None:
        for i in np.random.default_rng(seed).permutation(len(names)):
            found.append((names[i], sc.read(names[i]).show() == alone[names[i]]))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 * len(names)
    assert all(same for _, same in found), found
    assert dict(os.environ) == environment
    assert sys.stdout is stdout


def test_only_one_thread_is_quiet_at_a_time() -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with quiet():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
