"""The plain dictionaries of ``--json``: one schema per command."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.answers.schema import ANSWERS
from symchiral.answers.schema import schema as generated
from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.disk import files_read
from symchiral.errors import LabelError, nearest
from symchiral.irreps.axis import Axis, named_operation
from symchiral.irreps.stars import place_name, star_arms
from symchiral.modes.unbroken import conserved_order
from symchiral.rules.magnetism import site_moments
from symchiral.version import __version__

Document = dict[str, Any]


@lru_cache(maxsize=1)
def _libraries() -> tuple[tuple[str, str], ...]:
    found = []
    for name in ("numpy", "spglib", "spgrep", "ase", "phonopy"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def header(command: str, crystal: SymmetricCrystal) -> Document:
    """Return the keys every document begins with."""
    source = crystal.input.source
    return {
        "schema": f"symchiral/{command}/1",
        "symchiral": __version__,
        "libraries": dict(_libraries()),
        "input": {
            "path": source.path,
            "sha256": source.sha256,
            "files": [
                {"path": name, "sha256": digest} for name, digest in files_read(source.all_files)
            ],
        },
        "tolerance": {
            "symprec": crystal.symprec,
            "deviation": round(crystal.deviation, 6) + 0.0,
        },
        "units": {"length": "angstrom", "angular_momentum": "hbar", "phase": "turn"},
        "warnings": [{"kind": w.kind, "text": w.text} for w in crystal.warnings],
    }


def structure_record(crystal: SymmetricCrystal) -> Document:
    """Return the crystal in its primitive cell."""
    group, primitive = crystal.group, crystal.primitive
    return {
        "formula": primitive.formula,
        "space_group": group.number,
        "hall_number": group.hall_number,
        "symbol": group.symbol,
        "point_group": group.point_group,
        "schoenflies": group.schoenflies,
        "magnetic": _magnetic_record(crystal),
        "primitive": {
            "cell": tidy(primitive.cell),
            "positions": tidy(primitive.positions),
            "numbers": primitive.numbers.tolist(),
            "natoms": len(primitive),
        },
        "sites": [
            {
                "name": site.name,
                "element": site.element,
                "wyckoff": site.wyckoff,
                "site_symmetry": site.symmetry,
                "atoms": list(site.atoms),
            }
            for site in crystal.sites
        ],
    }


def _magnetic_record(crystal: SymmetricCrystal) -> Document | None:
    """Return the magnetic group and the moments of the primitive atoms."""
    names = crystal.magnetic
    if names is None:
        return None
    moments = site_moments(crystal)
    return {
        "type": names.type,
        "bns": names.bns,
        "uni": names.uni,
        "point_group": names.point_group,
        "time_signs": None if crystal.signs is None else list(crystal.signs),
        "moments": None if moments is None else (np.round(moments, 9) + 0.0).tolist(),
        "moment_unit": "mu_B",
    }


def tidy(array: npt.NDArray[np.float64]) -> Any:
    """Return nested lists without rounding noise below 1e-12 and without negative zeros."""
    return (np.round(array, 12) + 0.0).tolist()


def axis_record(crystal: SymmetricCrystal, axis: Axis | None) -> Document | None:
    """Return the axis of rotation."""
    if axis is None:
        return None
    return {
        "kind": axis.kind,
        "order": axis.order,
        "symbol": axis.symbol,
        "direction": tidy(axis.direction),
        "point": [str(x) for x in axis.point],
        "screw": str(Fraction(axis.screw, axis.order)),
        "xyz": named_operation(crystal, axis).xyz,
        # Where time reversal is broken the operation may come with it.
        **({} if crystal.signs is None else {"conserved_order": conserved_order(crystal, axis)}),
    }


def wavevector_record(crystal: SymmetricCrystal, q: QPoint) -> Document:
    """Return a wavevector: its name, its place in the star, its coordinates."""
    arms = star_arms(crystal.group, q)
    return {
        "label": place_name(crystal.group, q) or "GM",
        "arm": 1 + arms.index(q.reduced),
        "coordinates": list(q.texts),
    }


def schema(command: str) -> str:
    """Return the JSON Schema of a command's document, as text.

    Raises
    ------
    LabelError
        The command has no schema.
    """
    if command in ANSWERS:
        return generated(command)
    folder = files("symchiral.report") / "schemas"
    names = sorted([*ANSWERS, *(item.name.removesuffix(".json") for item in folder.iterdir())])
    if command not in names:
        raise LabelError(
            f"no schema for {command!r}",
            why="it is no command with --json",
            fix=nearest(command, names),
        )
    return (folder / f"{command}.json").read_text(encoding="utf-8")
