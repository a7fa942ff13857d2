"""Coupling coefficients as JSON: what they are, on which eigenvectors, and where from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.crystal import SYMBOLS, Crystal, Source
from symchiral.disk import is_file, is_folder, user_path
from symchiral.plain import complex_array, number
from symchiral.reading.jsonfile import read_json, rounded, rounded_complex, stated_structure
from symchiral.reading.shipped import find_beside
from symchiral.value import Complex

NAME = "couplings.json"
"""What the file is called that is read by itself from beside the force data."""

SCHEMA = "symchiral/couplings/1"
UNIT = "eV/(sqrt(amu) angstrom)^order"
RAMAN_UNIT = "angstrom^2/sqrt(amu)"


@dataclass(frozen=True, eq=False)
class CouplingTable:
    r"""Coefficients of products of coordinates, as a file holds them.

    :math:`V = \mathrm{Re} \sum_k c_k \prod_p Q_{i_{kp}}`, every product once, of coordinates
    :math:`Q_i = v_i^† \sqrt m u`.

    Attributes
    ----------
    names : tuple of str
        The coordinates.
    vectors : (3N, n) complex or None
        The v as columns, atom-major; None: the names are those of modes, ``Eu#1(+)``, and the v
        their eigenvectors.
    crystal : Crystal or None
        The primitive cell the vectors belong to.
    terms : dict
        Order → factors → (value, error), in ``UNIT``; an error of nan is not known.
    raman : (n, 3, 3) complex or None
        Derivative of the electronic polarisability of the primitive cell by each coordinate, as a
        volume, Å²/√amu.
    provenance : dict of str
        Method, source, licence.
    source : Source
        Path and hash.
    """

    names: tuple[str, ...]
    vectors: Complex | None
    crystal: Crystal | None
    terms: Mapping[int, Mapping[tuple[int, ...], tuple[complex, float]]]
    raman: Complex | None
    provenance: Mapping[str, str]
    source: Source


def couplings_beside(path: str | None) -> str | None:
    """Return the path of the couplings.json beside force data, if there is one.

    Examples
    --------
    >>> couplings_beside("Bi2Se3/phonopy.yaml")
    'Bi2Se3/couplings.json'
    """
    if path is None:
        return None
    given = user_path(path)
    name = os.path.join(path if is_folder(given) else os.path.dirname(path), NAME)
    if os.path.exists(given):
        return name if is_file(user_path(name)) else None
    return name if find_beside(name) is not None else None


def read_coupling_table(path: str | Path) -> CouplingTable:
    """Read a file of coupling coefficients.

    Raises
    ------
    ReadError
        It is missing, or not as ``docs/dynamics.md`` describes it.
    """
    return read_json(path, _table, schema=SCHEMA, what="the couplings", page="dynamics")


def _table(data: dict[str, Any], source: Source) -> CouplingTable:
    if data.get("unit") != UNIT:
        raise ValueError(f'its "unit" is not "{UNIT}"')
    coordinates = data.get("coordinates")
    crystal, vectors = None, None
    if coordinates is None:
        names = tuple(dict.fromkeys(str(f) for t in data["terms"] for f in t["product"]))
    else:
        names = tuple(str(c["name"]) for c in coordinates)
        crystal = stated_structure(data["structure"])
        found = [
            complex_array(c["eigenvector"], 2, f"the eigenvector of {name}").ravel()
            for c, name in zip(coordinates, names, strict=True)
        ]
        vectors = np.array(found).T
        if vectors.shape != (3 * len(crystal), len(names)):
            raise ValueError("an eigenvector has not three numbers for every atom")
        norms = np.linalg.norm(vectors, axis=0)
        if np.abs(norms - 1).max(initial=0) > 1e-4:
            name = names[np.abs(norms - 1).argmax()]
            raise ValueError(f"the norm of the eigenvector of {name} is not 1")
    if len(set(names)) < len(names):
        raise ValueError("two coordinates have one name")
    place = {name: i for i, name in enumerate(names)}
    terms: dict[int, dict[tuple[int, ...], tuple[complex, float]]] = {}
    for term in data["terms"]:
        unknown = [f for f in term["product"] if f not in place]
        if unknown:
            raise ValueError(f"the coordinate {unknown[0]} is not among its coordinates")
        factors = tuple(sorted(place[f] for f in term["product"]))
        if len(factors) not in (3, 4):
            raise ValueError(f"a product of {len(factors)} coordinates; three or four are used")
        same = terms.setdefault(len(factors), {})
        if factors in same:
            raise ValueError(f"the product {' '.join(term['product'])} is listed twice")
        product = " ".join(term["product"])
        value = complex(complex_array(term["value"], 0, f"the value of {product}"))
        error = float("nan")
        if "error" in term:
            error = number(term["error"], f"the error of {product}")
        same[factors] = (value, error)
    raman = None
    if data.get("raman"):
        if data.get("raman_unit") != RAMAN_UNIT:
            raise ValueError(f'its "raman_unit" is not "{RAMAN_UNIT}"')
        raman = np.zeros((len(names), 3, 3), dtype=complex)
        for entry in data["raman"]:
            name = entry["coordinate"]
            raman[place[name]] = complex_array(entry["tensor"], 2, f"the Raman tensor of {name}")
    provenance = {str(k): str(v) for k, v in data.get("provenance", {}).items()}
    return CouplingTable(names, vectors, crystal, terms, raman, provenance, source)


def coupling_document(table: CouplingTable) -> dict[str, Any]:
    """Return the dictionary that :func:`read_coupling_table` reads."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "provenance": dict(table.provenance),
        "definition": "V = Re(sum of value * product of coordinates), every product once; "
        "coordinate = sum over atoms and axes of conj(eigenvector) * sqrt(mass) * displacement",
        "unit": UNIT,
    }
    if table.crystal is not None and table.vectors is not None:
        n = len(table.crystal)
        document["structure"] = {
            "cell": rounded(table.crystal.cell),
            "positions": rounded(table.crystal.positions),
            "symbols": [SYMBOLS[k] for k in table.crystal.numbers],
        }
        document["coordinates"] = [
            {"name": name, "eigenvector": rounded_complex(vector.reshape(n, 3))}
            for name, vector in zip(table.names, table.vectors.T, strict=True)
        ]
    document["terms"] = [
        {
            "product": [table.names[i] for i in factors],
            "value": rounded_complex(np.array(value)),
            **({"error": float(f"{error:.3g}")} if np.isfinite(error) else {}),
        }
        for order in sorted(table.terms)
        for factors, (value, error) in table.terms[order].items()
    ]
    if table.raman is not None:
        document["raman_unit"] = RAMAN_UNIT
        document["raman"] = [
            {"coordinate": name, "tensor": rounded_complex(tensor)}
            for name, tensor in zip(table.names, table.raman, strict=True)
            if np.any(tensor)
        ]
    return document
