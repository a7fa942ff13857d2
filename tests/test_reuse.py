"""A group is built once: a second crystal of it, and a second process, build no irreps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import json, sys
import numpy as np
import symchiral as sc
from symchiral.irreps import build

built, original = [], build._from_spgrep

def counting(group, q):
    built.append(f"{group.hall_number} {q}")
    return original(group, q)

build._from_spgrep = counting
counts = []
for name in sys.argv[1:]:
    sc.predict(name)
    counts.append(len(built))
crystal = sc.structure(sys.argv[1])
turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
turn *= np.linalg.det(turn)
cell = np.diag([1, 2, 1]) @ crystal.cell @ turn
half = (crystal.positions + [0.1, 0.2, 0.3]) * [1, 0.5, 1]
positions = np.concatenate([half, half + [0, 0.5, 0]])
sc.predict(type(crystal).of(cell, positions, np.tile(crystal.numbers, 2)), order=4)
counts.append(len(built))
print(json.dumps([counts, built]))
"""


def builds(cache: str, *names: str) -> tuple[list[int], list[str]]:
    """How often irreps were built after each crystal, the last one turned, moved and doubled."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *names],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "SYMCHIRAL_CACHE": cache},
    )
    counts, built = json.loads(done.stdout)
    return counts, built


def test_a_second_crystal_of_a_group_builds_no_irreps():
    # R-3m three times, then P3_121: the zone centre of each once, whatever cell comes later
    counts, built = builds("", "Bi2Se3", "Bi2Te3", "Sb2Te3", "Te_P3121")
    # Those of the group, and those of the group that stands for its class.
    assert counts == [2, 2, 2, 4, 4], built


def test_a_second_process_builds_no_irreps(tmp_path):
    assert builds(str(tmp_path), "Bi2Se3", "Te_P3121")[0] == [2, 4, 4]
    assert builds(str(tmp_path), "Bi2Te3", "Te_P3121")[0] == [0, 0, 0]
