"""Tables of a catalog: what a run did, its rows, and what a query gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from symchiral.answers.catalog import Catalog, CatalogRow, column_types
from symchiral.answers.schema import meanings
from symchiral.rules.wording import minus
from symchiral.table import Table, title
from symchiral.units import counted

SHOWN = ("id", "formula", "space_group", "symbol", "axis", "flips", "best_flip", "error")
"""Columns that are shown of rows with all of them."""

MOST = 12
"""More columns than this are not shown at once."""

ROWS = 20
"""Rows shown of a longer list."""


class Selected(Protocol):
    """What a query gave."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""

    @property
    def rows(self) -> tuple[tuple[Any, ...], ...]:
        """The rows."""


def display(noun: Selected, form: str) -> Any:
    """Return what a query gave: ``text``, ``html``, ``tables``, ``records``, ``columns``.

    In a record, a list is a text with blanks between.
    """
    match form:
        case "text":
            return selection_table(noun).text()
        case "html":
            return selection_table(noun).html()
        case "tables":
            return [selection_table(noun, everything=True)]
        case "records":
            return [dict(zip(noun.columns, map(_flat, row), strict=True)) for row in noun.rows]
        case "columns":
            return noun.columns
    raise NotImplementedError(f"a selection has no form {form!r}")


def selection_table(found: Selected, *, everything: bool = False) -> Table:
    """Return the rows of a query; of many columns the main ones, of many rows the first."""
    names = found.columns
    foot = []
    if len(names) > MOST and not everything:
        kept = [name for name in SHOWN if name in names]
        foot.append(
            f"Not shown: {counted(len(names) - len(kept), 'column')}. Name those wanted with "
            "--columns, or write all with -o FILE."
        )
        names = tuple(kept)
    places = [found.columns.index(name) for name in names]
    rows = found.rows if everything else found.rows[:ROWS]
    if len(rows) < len(found.rows):
        foot.insert(0, f"{len(found.rows) - ROWS:,} more rows: -o FILE writes all.")
    count = len(found.rows)
    foot.insert(0, f"{counted(count, 'row')}")
    return Table(
        names,
        tuple(tuple(_cell(row[i]) for i in places) for row in rows),
        foot=tuple(foot),
        optional=("axis", "symbol", "formula") if len(found.columns) > MOST else (),
    )


def columns_table() -> Table:
    """Return the columns of a catalog with their types and what they mean."""
    said = meanings(CatalogRow)
    rows = ((name, kind.partition("(")[0], said[name]) for name, kind in column_types().items())
    return Table(("column", "type", "what"), tuple(rows), names=("column",), folded=("what",))


def _flat(value: Any) -> Any:
    """A list as a text with blanks between; what is nested in it as JSON."""
    if isinstance(value, list | tuple):
        if all(isinstance(x, str) for x in value):
            return " ".join(value)
        return json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value


def _cell(value: Any) -> str:
    flat = _flat(value)
    if flat is None:
        return "—"
    if isinstance(flat, bool):
        return "yes" if flat else "no"
    if isinstance(flat, float):
        return minus(f"{flat:.6g}")
    return str(flat)


def catalog_tables(answer: Catalog) -> list[Table]:
    """Return what a run did, and its rows if they stand in the answer."""
    found = [summary_table(answer)]
    if answer.rows:
        found.insert(0, _rows_table(answer.rows))
    return found


def _rows_table(rows: Sequence[CatalogRow]) -> Table:
    return Table(
        ("crystal", "formula", "group", "axis", "flips", "best flip", "driven by", "seen by"),
        tuple(_row(row) for row in rows),
        optional=("formula", "axis"),
        names=("best flip",),
        folded=("best flip",),
        notes=(
            ("flips", "flips: transfers that flip the sense of pseudo-angular momentum."),
            ("best flip", "best flip: the one that light reaches best."),
        ),
    )


def _row(row: CatalogRow) -> tuple[str, ...]:
    if row.error is not None:
        return (row.id, "—", "—", "—", "—", row.message or row.error, "—", "—")
    pump = dict.fromkeys(word.partition(":")[0] for word in row.best_flip_pump)
    probe = dict.fromkeys(word.partition(":")[0] for word in row.best_flip_probe)
    return (
        row.id,
        row.formula or "",
        f"{row.symbol} ({row.space_group})",
        row.axis or "—",
        str(row.flips),
        minus(row.best_flip.replace("->", "→")) if row.best_flip else "—",
        " ".join(pump) or "—",
        " ".join(probe) or "—",
    )


def summary_table(answer: Catalog) -> Table:
    """Return how many crystals were read, and why others were not."""
    refused = sum(answer.refused.values())
    rows = [("read", f"{answer.read:,}"), ("of these with warnings", f"{answer.warned:,}")]
    rows += [("refused", f"{refused:,}")]
    rows += [(f"  {kind}", f"{n:,}") for kind, n in answer.refused.items()]
    if answer.known:
        rows.append(("in the catalog already", f"{answer.known:,}"))
    if answer.ignored:
        rows.append(("other files", f"{answer.ignored:,}"))
    where = "star" if answer.q == "star" else "the zone centre"
    vertices = "every vertex of special points" if where == "star" else where
    head = (
        f"transfers of order {answer.order} at {vertices}, symprec {answer.tolerance.symprec:g} Å"
    )
    foot: tuple[str, ...] = ()
    if answer.catalog is not None:
        ask = f"symchiral query {answer.catalog}"
        foot = (f"Ask it: {ask}",)
        if refused:
            foot += (f'Why refused: {ask} "error IS NOT NULL" --columns id,message',)
    return Table(("crystals", "number"), tuple(rows), head=(title(head),), foot=foot)
