"""What to cite for an answer: symchiral, the libraries it used, and where packaged data come from.

:func:`cite` is where to start; the entries are in ``citations.bib`` beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from symchiral.answers.record import Answer
from symchiral.errors import InputError, LabelError
from symchiral.reading.files import load, unpack
from symchiral.reading.shipped import find_structure
from symchiral.version import __version__

OWN = f"""@software{{symchiral,
  author  = {{{{The symchiral developers}}}},
  title   = {{symchiral: symmetry analysis of chiral phonons}},
  version = {{{__version__}}},
}}
"""
"""symchiral itself; as in CITATION.cff."""

KIND = "citations"
"""The word that marks a file of them as ours."""

MARK = "% symchiral "
"""How such a file begins."""

Document = Mapping[str, Any]

FORCES = ("phonons", "modes", "bands", "couple", "audit", "simulate")
"""Commands that need force constants."""

OWN_READERS = (".cif", ".mcif", ".yaml", ".yml", ".xz", ".zip", ".hdf5", ".json")
"""Endings of files that ASE does not read."""

_ENTRY = re.compile(r"^@\w+\{(?P<key>\w+),.*?^\}$", re.DOTALL | re.MULTILINE)


def _command(document: Document) -> str:
    return str(document.get("schema", "//")).split("/")[1]


def _listed(value: Any) -> list[Document]:
    """The objects of a list."""
    return [x for x in value if isinstance(x, Mapping)] if isinstance(value, list) else []


def _paths(document: Document) -> list[str]:
    given = document.get("input")
    if not isinstance(given, Mapping):
        return []
    return [str(x["path"]) for x in (given, *_listed(given.get("files"))) if "path" in x]


def _names_wavevectors(document: Document) -> bool:
    labels = {q.get("label") for q in _listed(document.get("q"))}
    return _command(document) in ("bands", "vertices") or not labels <= {"GM", None}


def _is_magnetic(document: Document) -> bool:
    structure = document.get("structure")
    return isinstance(structure, Mapping) and structure.get("magnetic") is not None


def _rests_on_forces(document: Document) -> bool:
    return _command(document) in FORCES or any("phono" in path.lower() for path in _paths(document))


def _read_by_ase(document: Document) -> bool:
    path = next(iter(_paths(document)), "")
    if _command(document) == "atlas":  # of which the path is the name of a group
        return False
    return bool(path) and not path.lower().endswith(OWN_READERS) and _head(path) is None


RULES: tuple[tuple[str, str, Callable[[Document], bool]], ...] = (
    ("togo2024", "spglib: space group and operations", lambda document: True),
    ("shinohara2023spgrep", "spgrep: irreducible representations", lambda document: True),
    ("shinohara2023magnetic", "spglib: magnetic space group", _is_magnetic),
    ("stokes2013", "ISO-IR: names of representations and wavevectors", _names_wavevectors),
    ("togo2023phonopy", "phonopy: lattice dynamics", _rests_on_forces),
    ("togo2023phonons", "phonopy: lattice dynamics", _rests_on_forces),
    ("hinuma2017", "seekpath: path of the bands", lambda document: _command(document) == "bands"),
    ("larsen2017", "ASE: reading of the structure", _read_by_ase),
    ("park2024", "SevenNet: forces", lambda document: "sevenn" in str(document).lower()),
)
"""Entry, what it stands for, and which documents rest on it."""


def cite(answer: Answer | Document | None = None, *more: Answer | Document) -> str:
    r"""Return in BibTeX what to cite for an answer, or for several.

    Comments say what each entry stands for, and of packaged data where they come from.

    Parameters
    ----------
    answer : Answer or mapping, optional
        An answer, or the document that a command prints with ``--json``; default: what every
        result rests on.
    *more
        Further answers; every entry stands once.

    Raises
    ------
    InputError
        It is no document of symchiral.

    Examples
    --------
    >>> import symchiral as sc
    >>> [line for line in cite(sc.predict("Bi2Se3")).splitlines() if line.startswith("@")]
    ['@software{symchiral,', '@article{togo2024,', '@article{shinohara2023spgrep,']
    """
    documents: list[Any] = [
        given.to_dict() if isinstance(given, Answer) else given for given in (answer, *more)
    ]
    if documents == [None]:
        documents = [{}]
    elif not all(
        isinstance(document, Mapping) and str(document.get("schema")).startswith("symchiral/")
        for document in documents
    ):
        raise InputError(
            "nothing to cite",
            why="this is no document of symchiral",
            fix="give what a command prints with --json",
        )
    text = files("symchiral.write").joinpath("citations.bib").read_text(encoding="utf-8")
    known = {match["key"]: match[0] for match in _ENTRY.finditer(text)}
    parts = [f"{MARK}{documents[0].get('symchiral', __version__)}\n{OWN}"]
    parts += [
        f"% {what}\n{known[key]}\n" for key, what, rests in RULES if any(map(rests, documents))
    ]
    for path in dict.fromkeys(path for document in documents for path in _paths(document)):
        if (head := _head(path)) is not None:
            parts.append(f"% data: {path}, packaged with symchiral\n{head}")
    return "\n".join(parts)


def _head(path: str) -> str | None:
    """What a packaged file says of where it comes from, as comments; None of other files."""
    try:
        found = find_structure(path)
    except LabelError:
        return None
    data = unpack(load(found, name=path), name=path)
    lines = data.decode("utf-8").splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(f"%   {line.lstrip('# ')}\n" for line in lines[:end])
