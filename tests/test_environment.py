"""Two processes at once, a checkout that must stay as it is, slabs whichever way they lie."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.crystal.crystal import Crystal

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "symchiral", "predict"]


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child process that finds this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **changes}


@pytest.mark.sweep
def test_processes_that_share_an_empty_cache_agree(tmp_path: Path) -> None:
    """Four processes build and store the same irreps at once; each prints what one alone does."""
    arguments = [*COMMAND, "graphene_slab", "--q", "K K K"]
    together = [
        subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(SYMCHIRAL_CACHE=str(tmp_path / "cache")),
        )
        for _ in range(4)
    ]
    outputs = {process.communicate() for process in together}
    alone = subprocess.run(
        arguments,
        capture_output=True,
        cwd=tmp_path,
        env=environment(SYMCHIRAL_CACHE=""),
        check=True,
    )
    assert outputs == {(alone.stdout, alone.stderr)}
    stored = list((tmp_path / "cache").rglob("*"))
    assert any(path.name.startswith("irreps_") for path in stored)
    assert not [path for path in stored if path.name.startswith("tmp")], "half-written files"


def test_nothing_is_written_into_the_checkout(tmp_path: Path) -> None:
    def listing() -> set[tuple[Path, int]]:
        files = [p for d in ("symchiral", "structures") for p in (ROOT / d).rglob("*")]
        return {(p, p.stat().st_mtime_ns) for p in files if "__pycache__" not in p.parts}

    before = listing()
    subprocess.run(
        [*COMMAND, str(ROOT / "structures" / "Si.cif")],
        capture_output=True,
        cwd=tmp_path,
        env=environment(SYMCHIRAL_CACHE=str(tmp_path / "cache")),
        check=True,
    )
    assert listing() == before


@pytest.mark.parametrize("name", ["graphene_slab", "MoS2_monolayer_slab", "WSe2_monolayer_slab"])
@pytest.mark.parametrize("turn", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("vacuum", [0.4, 1.0, 3.0])
def test_the_axis_of_a_slab_is_its_normal(
    name: str, turn: tuple[int, int, int], vacuum: float
) -> None:
    """Whichever cell vector crosses the vacuum, and however thick it is."""
    slab = sc.structure(name)
    cell = slab.cell.copy()
    cartesian = slab.positions @ cell
    cell[2] *= vacuum
    positions = cartesian @ np.linalg.inv(cell)
    order = list(turn)
    described = sc.read(Crystal.of(cell[order], positions[:, order], slab.numbers))
    reference = sc.read(slab)
    assert described.crystal.group == reference.crystal.group
    assert described.axis is not None
    assert reference.axis is not None
    assert described.axis.order == reference.axis.order
    assert abs(described.axis.direction @ np.array([0.0, 0.0, 1.0])) > 1 - 1e-9
    assert [repr(s) for s in described.species()] == [repr(s) for s in reference.species()]
    assert described.rules().counts() == reference.rules().counts()


def test_no_room_has_the_name_of_a_public_function() -> None:
    """Importing a room sets an attribute of the package, which would hide the function."""
    package = Path(sc.__file__).parent
    rooms = {path.stem for path in package.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert len(rooms) > 20
    assert not rooms & set(sc.__all__)
