"""The index of a site: many crystals in one table, each with a link to its page.

:func:`index_html` makes it from the rows of a catalog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symchiral.disk import mark
from symchiral.page.template import data_of, render
from symchiral.units import counted
from symchiral.version import __version__

KIND = "site"
"""Kind of the index; it carries the mark."""

COLUMNS = {
    "id": "crystal",
    "formula": "formula",
    "space_group": "number",
    "symbol": "space group",
    "point_group": "",
    "natoms": "atoms",
    "axis": "axis",
    "rows_flipped": "flips",
    "best_flip": "best flip",
    "ir_pump": "infrared pump",
    "raman_probe": "Raman probe",
    "chiral": "chiral",
    "helicity_wave": "helicity wave",
    "am_wave": "J wave",
    "magnetic": "",
    "magnetic_group": "magnetic (BNS)",
    "layered": "layered",
    "forces": "",
    "best_resonance": "best resonance",
    "best_resonance_detuning": "δ (THz)",
}
"""Columns of a catalog that the index has, and their headings; those without one are for filters
and for what is saved."""

BOXES = {
    "light": "infrared pump and Raman probe",
    "chiral": "chiral",
    "magnetic": "magnetic",
    "layered": "layered",
    "forces": "with forces",
}
"""Filters that are on or off."""

MOST_LINKS = 2000
"""Links for readers without JavaScript."""

MOST_REFUSED = 500
"""Reasons that are listed; the catalog has all."""


def index_html(
    rows: Sequence[Mapping[str, Any]],
    pages: Mapping[str, str],
    refused: Sequence[tuple[str, str]],
    *,
    title: str,
    order: int,
    q: str,
) -> str:
    """Return the index: one document that loads nothing by itself.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of a catalog that were read, by name of the column; older ones lack some.
    pages : mapping of str to str
        Address of the page of a crystal by its id, as far as there is one.
    refused : sequence of (str, str)
        Crystals without a page, and why.
    title : str
        Name of the catalog.
    order, q
        Which transfers it counts.
    """
    names = [*COLUMNS, "page"]
    table = [[*(row.get(name) for name in COLUMNS), pages.get(row["id"])] for row in rows]
    return render(
        "site.html",
        style="report.css",
        scripts=("site.js",),
        mark=mark(KIND),
        title=title,
        counts=counted(len(rows), "crystal"),
        order=order,
        q=q,
        boxes=list(BOXES.items()),
        links=list(pages.items())[:MOST_LINKS],
        refused=refused[:MOST_REFUSED],
        more_refused=max(0, len(refused) - MOST_REFUSED),
        version=__version__,
        data=data_of(
            {
                "columns": [{"key": name, "head": COLUMNS.get(name, "")} for name in names],
                "rows": table,
                "boxes": list(BOXES),
            }
        ),
    )
