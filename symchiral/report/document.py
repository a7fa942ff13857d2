"""The plain dictionaries of ``--json``: one schema per command."""

from __future__ import annotations

from collections.abc import Sequence
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
from symchiral.fields.background import Background
from symchiral.irreps.axis import Axis, axis_at, axis_names, named_operation
from symchiral.irreps.cdml import cdml_name
from symchiral.irreps.reflection import parities, reflections
from symchiral.irreps.stars import place_name, star_arms
from symchiral.modes.motion import Motion
from symchiral.modes.parts import spin_orbital
from symchiral.modes.species import Species, find_species
from symchiral.modes.unbroken import conserved_order
from symchiral.report.changes import field_record
from symchiral.report.magnetism import magnetic_record, splitting_record
from symchiral.report.wavevectors import little_symbol
from symchiral.rules.activity import activity
from symchiral.rules.magnetism import odd_activity
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
        "magnetic": magnetic_record(crystal),
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


def light_header(crystal: SymmetricCrystal, axis: Axis | None) -> Document:
    """What the document of ``light`` begins with: header, structure and the axis along the beam."""
    return {
        **header("light", crystal),
        "structure": structure_record(crystal),
        "axis": axis_record(crystal, axis),
    }


def wavevector_record(crystal: SymmetricCrystal, q: QPoint) -> Document:
    """Return a wavevector: its name, its place in the star, its coordinates."""
    arms = star_arms(crystal.group, q)
    return {
        "label": place_name(crystal.group, q) or "GM",
        "arm": 1 + arms.index(q.reduced),
        "coordinates": list(q.texts),
    }


def _characters(species: Species) -> tuple[list[int], list[complex]]:
    """Operations of the little group and the characters of the species, rounded to 1e-12."""
    participant, arm = species.participant, species.arm
    members = [g for g, image in enumerate(participant.images[:, arm]) if image == arm]
    values = np.trace(participant.matrices[members, arm], axis1=1, axis2=2)
    return members, [complex(x) for x in np.round(values, 12)]


def _species(
    species: tuple[Species, ...], details: Sequence[Sequence[Document]] | None = None
) -> list[Document]:
    """The species; ``details`` are more keys for every component of every one."""
    found = []
    for item, more in zip(
        species, details or [[{} for _ in item.components] for item in species], strict=True
    ):
        optical = activity(item.participant)
        group = item.participant.group
        found.append(
            {
                "q": item.place or "GM",
                "label": item.label,
                "cdml": item.label if item.place else cdml_name(item.participant),
                "dimension": item.dimension,
                "pam": [c.pam for c in item.components],
                "count": item.count,
                "acoustic": item.acoustic,
                "sites": [{"name": site.name, "count": n} for site, n in item.sites],
                "turning": [
                    {
                        "component": c.name,
                        "sign": motion.sign,
                        "am": motion.value,
                        "sites": dict(motion.site_words()),
                        **_vector(item.axis, motion),
                        **keys,
                    }
                    for c, motion, keys in zip(item.components, item.motions, more, strict=True)
                ],
                "infrared": optical.infrared,
                "raman": optical.raman,
                "hyper_raman": optical.hyper_raman,
                **_by_order(item),
                "characters": [
                    {"xyz": group.operations[g].xyz, "value": [x.real + 0.0, x.imag + 0.0]}
                    for g, x in zip(*_characters(item), strict=True)
                ],
            }
        )
    return found


def _vector(axis: Axis | None, motion: Motion) -> Document:
    """J as a vector, where it may point elsewhere than along the axis."""
    if not motion.directions or not (axis is None or motion.across(axis)):
        return {}
    return {"directions": tidy(np.array(motion.directions)), "box": tidy(np.array(motion.box))}


def _by_order(species: Species) -> Document:
    """What light sees of a species through its velocity, in a magnetic crystal or in B."""
    crystal = species.matrices.crystal
    if crystal.magnetic is None or species.place:
        return {}
    odd = odd_activity(crystal, species.participant)
    return {
        "by_order": {
            "infrared": odd.infrared,
            "raman": odd.raman,
            "hyper_raman": odd.hyper_raman,
        }
    }


def _details(
    crystal: SymmetricCrystal, axis: Axis | None, q: QPoint, species: tuple[Species, ...]
) -> list[list[Document]]:
    """Spin and orbital parts and parities of every component of the species of one wavevector."""
    group = crystal.group
    part = axis_at(crystal, axis, [q])
    planes = reflections(group, axis, q)
    return [
        [
            {
                "parts": None
                if part is None
                else [
                    {
                        "site": share.site,
                        "atoms": list(share.atoms),
                        "spin": str(share.spin),
                        "orbital": share.orbital_pam,
                    }
                    for share in shares
                ],
                "parities": [
                    {
                        "seitz": group.standard_operations[parity.reflection.index].seitz,
                        "xyz": group.operations[parity.reflection.index].xyz,
                        "kind": group.standard_operations[parity.reflection.index].kind,
                        "plane": parity.reflection.plane,
                        "phases": list(parity.phases),
                    }
                    for parity in parities(item.participant, item.arm, component, planes)
                ],
            }
            for component, shares in zip(item.components, parts, strict=True)
        ]
        for item, parts in zip(species, spin_orbital(crystal, part, species), strict=True)
    ]


def show_document(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    points: Sequence[QPoint],
    *,
    background: Background | None = None,
    changes: Document | None = None,
) -> Document:
    """Return the document of ``show``: header, structure, axes, operations, species at points.

    Of a crystal in static fields also the fields, and what they change.
    """
    species: list[Document] = []
    wavevectors = []
    for q in points:
        part = axis_at(crystal, axis, [q])
        found = find_species(crystal, part, q)
        species += _species(found, _details(crystal, axis, q, found))
        wavevectors.append(
            {
                **wavevector_record(crystal, q),
                "little_cogroup": little_symbol(crystal, q),
                "axis": None if part is None else part.symbol,
            }
        )
    return {
        **header("show", crystal),
        "structure": structure_record(crystal),
        "axis": axis_record(crystal, axis),
        "axes": axis_names(crystal),
        "operations": [
            {
                "seitz": standard.seitz,
                "kind": standard.kind,
                "order": standard.order,
                "direction": None if standard.direction is None else list(standard.direction),
                "standard_xyz": standard.xyz,
                "xyz": primitive.xyz,
            }
            for standard, primitive in zip(
                crystal.group.standard_operations, crystal.group.operations, strict=True
            )
        ],
        "q": wavevectors,
        "species": species,
        "magnetism": splitting_record(crystal, find_species(crystal, axis)),
        "field": field_record(background),
        "changes": changes,
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
