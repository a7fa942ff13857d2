"""Structures that are JSON: pymatgen's, entries that hold one, and those of OPTIMADE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symchiral.crystal.check import checked_crystal
from symchiral.crystal.crystal import SYMBOLS, Crystal, Source
from symchiral.errors import DisorderError, ReadError, StructureError
from symchiral.plain import array
from symchiral.reading.site_values import first_moments, moments_of, unequal_charges
from symchiral.units import counted
from symchiral.value import Floats

FULL = 1e-3
"""A site whose occupancy differs from one by less is full."""

_NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS) if number}

_WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def crystal_from_json(
    entry: Any, *, source: Source, name: str, spin_axis: Floats | None = None
) -> Crystal:
    """Return the crystal of a structure or entry that JSON gives.

    Parameters
    ----------
    entry : dict
        A Structure as pymatgen writes it, a mapping with one below ``structure`` (a computed
        entry, a document of the Materials Project), or a structure of OPTIMADE.
    spin_axis : (3,) float, optional
        Unit vector along which moments point that are given without a direction.

    Raises
    ------
    ReadError
        It is none of these.
    StructureError
        It is, and is not a crystal.
    """
    if not isinstance(entry, dict):
        raise _unknown(name, f"it is a {type(entry).__name__}")
    if isinstance(entry.get("structure"), dict):
        entry = entry["structure"]
    try:
        if isinstance(entry.get("attributes"), dict):
            return _of_optimade(entry["attributes"], source, name)
        if "lattice" in entry and "sites" in entry:
            return _of_pymatgen(entry, source, name, spin_axis)
    except _WRONG as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise _unknown(name, why) from error
    raise _unknown(name, f"its keys are {', '.join(map(str, list(entry)[:8])) or 'none'}")


def _unknown(name: str, why: str) -> ReadError:
    return ReadError(
        f"cannot read {name}",
        why=f"it is neither a structure of pymatgen nor one of OPTIMADE: {why}",
        fix="write it with Structure.as_dict() of pymatgen, or get it from an OPTIMADE server",
    )


def _number(symbol: str, place: int, name: str) -> int:
    element = "H" if symbol in ("D", "T") else symbol
    number = _NUMBERS.get(element)
    if number is None:
        raise StructureError(
            f"{name} is not a crystal",
            why=f"atom {place + 1} is of no known element ({symbol[:20]!r})",
            fix="give its chemical symbol",
        )
    return number


def _shared(name: str, place: int, what: str) -> DisorderError:
    return DisorderError(
        f"{name} is disordered",
        why=f"site {place + 1} is occupied by {what}",
        fix="give an ordered structure, or a CIF with --average-sites",
    )


def _of_pymatgen(
    entry: dict[str, Any], source: Source, name: str, spin_axis: Floats | None
) -> Crystal:
    lattice = array(entry["lattice"]["matrix"], 2, "the lattice")
    numbers, positions, charges, spins, magmoms = [], [], [], [], []
    for i, site in enumerate(entry["sites"]):
        species = site["species"]
        if len(species) != 1 or abs(float(species[0].get("occu", 1)) - 1) > FULL:
            what = ", ".join(f"{s.get('element')} {s.get('occu')}" for s in species)
            raise _shared(name, i, what or "nothing")
        numbers.append(_number(str(species[0]["element"]), i, name))
        charges.append(species[0].get("oxidation_state"))
        spins.append((species[0].get("properties") or {}).get("spin", species[0].get("spin")))
        magmoms.append(_moment((site.get("properties") or {}).get("magmom")))
        positions.append(site["abc"] if "abc" in site else site["xyz"])
    if positions and "abc" not in entry["sites"][0]:
        positions = np.linalg.solve(lattice.T, np.array(positions, dtype=float).T).T.tolist()
    notes = unequal_charges(numbers, charges)
    moments = moments_of(first_moments((magmoms, spins)), spin_axis, notes)
    return _checked(lattice, positions, numbers, source, notes, name, moments)


def _moment(value: Any) -> Any:
    """A moment is a number, three of them, or an object that holds one of these."""
    return value.get("moment") if isinstance(value, dict) else value


def _of_optimade(attributes: dict[str, Any], source: Source, name: str) -> Crystal:
    features = set(attributes.get("structure_features") or ())
    wrong = features & {"disorder", "unknown_positions", "assemblies", "implicit_atoms"}
    if wrong:
        raise DisorderError(
            f"{name} is disordered or incomplete",
            why=f"OPTIMADE gives its features as {', '.join(sorted(wrong))}",
            fix="give an ordered structure with all of its atoms",
        )
    lattice = array(attributes["lattice_vectors"], 2, "lattice_vectors")
    places = array(attributes["cartesian_site_positions"], 2, "cartesian_site_positions")
    kinds: dict[str, dict[str, Any]] = {s["name"]: s for s in attributes.get("species") or ()}
    numbers = []
    for i, at in enumerate(attributes["species_at_sites"]):
        known = kinds.get(at, {"chemical_symbols": [at], "concentration": [1.0]})
        symbols, shares = known["chemical_symbols"], known["concentration"]
        if len(symbols) != 1 or abs(float(shares[0]) - 1) > FULL:
            what = ", ".join(f"{s} {c}" for s, c in zip(symbols, shares, strict=False))
            raise _shared(name, i, what)
        numbers.append(_number(str(symbols[0]), i, name))
    notes = []
    periodic = attributes.get("dimension_types") or [1, 1, 1]
    if list(periodic) != [1, 1, 1]:
        axes = ", ".join(x for x, p in zip("abc", periodic, strict=False) if not p)
        notes.append(f"not declared periodic along {axes}; it is taken as periodic with its cell")
    positions = np.linalg.solve(lattice.T, places.T).T
    return _checked(lattice, positions, numbers, source, notes, name, None)


def _checked(
    lattice: Any,
    positions: Any,
    numbers: Sequence[int],
    source: Source,
    notes: Sequence[str],
    name: str,
    moments: Any,
) -> Crystal:
    found = np.reshape(np.array(positions, dtype=float), (-1, 3))
    if np.shape(lattice) != (3, 3) or len(found) != len(numbers):
        raise ValueError(
            f"{counted(len(numbers), 'atom')}, {len(found)} places, lattice {np.shape(lattice)}"
        )
    known = Source(source.path, source.sha256, notes=(*source.notes, *notes))
    return checked_crystal(lattice, found, numbers, source=known, name=name, moments=moments)
