"""The crystal in the JSON of the phonon website, which ``animate`` writes too."""

from __future__ import annotations

import re

from symchiral.crystal.check import checked_crystal
from symchiral.crystal.crystal import Crystal, Source
from symchiral.errors import ReadError
from symchiral.plain import array, parse_json
from symchiral.reading.jsonfile import missing_or_wrong
from symchiral.units import counted

_SIGNS = tuple(re.compile(rf'"{key}"\s*:') for key in ("atom_pos_red", "lattice", "vectors"))


def looks_like_website(text: str) -> bool:
    """Whether a text is a document of the phonon website.

    Examples
    --------
    >>> looks_like_website('{"lattice": [], "atom_pos_red": [], "vectors": []}')
    True
    """
    return text.lstrip()[:1] == "{" and all(sign.search(text) for sign in _SIGNS)


def read_website(text: str, source: Source, *, name: str) -> Crystal:
    """Read the crystal of such a document; its modes are named and left out.

    Programs write the modes in different gauges, with and without masses, and ``animate`` writes
    one of them: they are for looking at.

    Raises
    ------
    ReadError
        It is incomplete.
    """
    document = parse_json(text, name=name)
    try:
        lattice = array(document["lattice"], 2, "the lattice")
        positions = array(document["atom_pos_red"], 2, "atom_pos_red")
        numbers = array(document["atom_numbers"], 1, "atom_numbers").astype(int)
        modes = sum(len(at_one) for at_one in document["vectors"])
        points = len(document["qpoints"])
        if lattice.shape != (3, 3) or positions.shape != (len(numbers), 3):
            raise ValueError("lattice, positions and atoms are not equally many")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ReadError(
            f"cannot read {name}",
            why=f"in this JSON of the phonon website {missing_or_wrong(error)}",
            fix="write it again, for instance with symchiral animate",
        ) from error
    all_modes = 3 * len(numbers) * points
    note = (
        f"it holds {modes} of the {counted(all_modes, 'mode')} at {points} "
        f"{'wavevector' if points == 1 else 'wavevectors'}, to look at; the structure alone is "
        "taken"
    )
    source = Source(source.path, source.sha256, notes=(*source.notes, note))
    return checked_crystal(lattice, positions, numbers, source=source, name=name)
