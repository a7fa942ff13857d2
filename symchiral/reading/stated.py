"""What a CIF states of its contents, compared with what was made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from symchiral.crystal.crystal import SYMBOLS, Notice
from symchiral.reading.cif import DataBlock, plain_number
from symchiral.reading.places import ATOMIC_NUMBER, SiteRow, formula_counts

SAME_COUNT = 0.03
"""Contents that differ from the formula by this share do so by rounding."""

SAME_VOLUME = 0.004
"""… and volumes."""


def stated_contents(block: DataBlock) -> tuple[dict[int, float], int | None] | None:
    """Atoms of the formula by atomic number, and formula units in the cell, if both are stated."""
    counts = formula_counts(block)
    if counts is None:
        return None
    atoms: dict[int, float] = {}
    for symbol, count in counts.items():
        z = ATOMIC_NUMBER.get(symbol, 1)  # deuterium and tritium
        atoms[z] = atoms.get(z, 0.0) + count
    units = block.first("_cell_formula_units_z")
    return atoms, int(units) if units and re.fullmatch(r"[1-9]\d{0,5}", units) else None


def units_of_cell(atoms: dict[int, float], units: int | None) -> tuple[int, ...]:
    """How many of the stated formula the cell may hold: Z, or 1 where it is that of Z units.

    Materials Project and pymatgen write the contents of the whole cell as the formula.

    Examples
    --------
    >>> units_of_cell({11: 1, 17: 1}, 4), units_of_cell({11: 4, 17: 4}, 4)
    ((4,), (4, 1))
    """
    if units is None:
        return ()
    whole = all(n % units == 0 for n in atoms.values())
    return (units, 1) if whole and units > 1 else (units,)


def contradictions(
    block: DataBlock,
    *,
    contents: dict[int, float],
    rows: Sequence[SiteRow],
    multiplicities: Sequence[int],
    order: int,
    volume: float,
) -> list[Notice]:
    """Say where formula, Z, multiplicities and volume of a CIF are not those of its atoms.

    Parameters
    ----------
    block : DataBlock
        The data block.
    contents : dict
        Atoms of the cell by atomic number.
    rows : sequence of SiteRow
        The sites the atoms come from.
    multiplicities : sequence of int
        How many atoms of the cell each site gives.
    order : int
        Number of operations, centring included.
    volume : float
        Of the cell, Å³.
    """
    found = [_formula(block, contents), _multiplicity(block, rows, multiplicities, order)]
    notices = [Notice("stated-formula", text) for text in found if text]
    stated = plain_number(block.first("_cell_volume") or "")
    if stated is not None and abs(stated - volume) > SAME_VOLUME * max(stated, volume):
        text = f"the file states a cell of {stated:g} Å³, but its lengths and angles give "
        notices.append(Notice("stated-cell", f"{text}{volume:.2f} Å³"))
    return notices


def _formula(block: DataBlock, contents: dict[int, float]) -> str | None:
    stated = stated_contents(block)
    if stated is None:
        return None
    atoms, units = stated
    ratios = {z: contents.get(z, 0.0) / n for z, n in atoms.items() if n > 0}
    strange = [z for z in contents if z not in atoms]
    scale = float(np.median(list(ratios.values()) or [0.0]))
    fitting = [n for n in units_of_cell(atoms, units) if _fits(contents, atoms, n)]
    scale = fitting[0] if fitting else scale or units or 1.0
    if not strange and _fits(contents, atoms, scale):
        if any(abs(scale - n) < 0.5 for n in units_of_cell(atoms, units) or (scale,)):
            return None
        return (
            f"the file states Z = {units}, but its cell holds {scale:g} formula units of "
            f"{_text(atoms)}"
        )
    unit = f"{units} formula units of " if units else ""
    missing = [SYMBOLS[z] for z in atoms if not contents.get(z)]
    what = f" ({' and '.join(missing)} missing)" if missing else ""
    return f"the file states {unit}{_text(atoms)}, but its cell holds {_text(contents)}{what}"


def _fits(contents: dict[int, float], atoms: dict[int, float], scale: float) -> bool:
    return all(
        abs(contents.get(z, 0.0) - n * scale) <= SAME_COUNT * n * scale + 0.01 * scale
        for z, n in atoms.items()
    )


def _text(atoms: dict[int, float]) -> str:
    return " ".join(f"{SYMBOLS[z]}{f'{n:.4g}' if n != 1 else ''}" for z, n in atoms.items())


def _multiplicity(
    block: DataBlock, rows: Sequence[SiteRow], multiplicities: Sequence[int], order: int
) -> str | None:
    """Compare what a file calls multiplicity; some programs write the order of the site there."""
    columns = (
        block.column("_atom_site_site_symmetry_multiplicity", "_atom_site_symmetry_multiplicity"),
        block.column("_atom_site_site_symmetry_order"),
    )
    for column in columns:
        pairs = [
            (row, int(column[row.index]), found)
            for row, found in zip(rows, multiplicities, strict=True)
            if column and row.index < len(column) and re.fullmatch(r"\d{1,4}", column[row.index])
        ]
        wrong = [pair for pair in pairs if pair[1] != pair[2]]
        if wrong and any(said * found != order for _, said, found in pairs):
            what = ", ".join(f"{row.label} {said} ({found})" for row, said, found in wrong[:5])
            return (
                f"the file states multiplicities that are not those of its sites (in parentheses): "
                f"{what}"
            )
    return None
