"""What one class about one axis, or one space group, adds to the atlas of all groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from symchiral.answers.atlas_tables import (
    ChannelRow,
    PatternRow,
    Place,
    SpeciesRow,
    WavesRow,
    channel_rows,
    pattern_rows,
    place_of,
    species_rows,
    waves_row,
)
from symchiral.answers.catalog import json_line
from symchiral.answers.species import species_of_group
from symchiral.crystal.empty import EmptyCell, empty_cell
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import space_group
from symchiral.irreps.axis import Axis, axis_at, find_axis, inequivalent_axes
from symchiral.irreps.classes import CLASSES
from symchiral.irreps.isoir import iso_hall_number
from symchiral.modes.species import group_species
from symchiral.rules.listing import listing
from symchiral.rules.rulebook import group_rulebook
from symchiral.rules.vertices import special_vertices
from symchiral.rules.waves import find_waves
from symchiral.text.sums import row_sum

TableName = Literal["channels", "patterns", "species", "waves"]

TABLES: dict[TableName, type[Place]] = {
    "channels": ChannelRow,
    "patterns": PatternRow,
    "species": SpeciesRow,
    "waves": WavesRow,
}
"""The tables, and the record that a row of each is."""


@dataclass(frozen=True)
class Task:
    """A piece of the work.

    Attributes
    ----------
    name : str
        Schoenflies symbol of a class, or the number of a space group.
    axis : int
        Which of the inequivalent axes of the class, from 0, the default one.
    order : int
        3 or 4; of a space group 3.
    """

    name: str
    axis: int = 0
    order: int = 3

    @property
    def whole_class(self) -> bool:
        """Whether it is about a class."""
        return not self.name.isdecimal()


@dataclass(frozen=True)
class ShownTransfer:
    """A transfer of third order at the zone centre as the pages show it.

    Attributes
    ----------
    row : ChannelRow
        The channel that stands for it.
    different : bool
        Whether quanta of one species must be of different modes.
    balance : str
        Pseudo-angular momentum in and out; empty without an axis.
    """

    row: ChannelRow
    different: bool
    balance: str


@dataclass(frozen=True)
class Part:
    """What a task gives.

    Attributes
    ----------
    task : Task
        The task.
    place : Place
        The group and the axis.
    lines : mapping of str to bytes
        Rows of every table, JSON lines.
    transfers : tuple of ShownTransfer
        Allowed and undecided transfers, in the order of the command's table.
    forbidden : tuple of ChannelRow
        One channel of every forbidden transfer.
    patterns : tuple of PatternRow
        Those that are not forbidden.
    species : tuple of SpeciesRow
        The species.
    waves : WavesRow or None
        Of a class, about its default axis.
    counts : mapping of str to int
        Numbers of channels and patterns, and of allowed ones.
    """

    task: Task
    place: Place
    lines: dict[TableName, bytes]
    transfers: tuple[ShownTransfer, ...] = ()
    forbidden: tuple[ChannelRow, ...] = ()
    patterns: tuple[PatternRow, ...] = ()
    species: tuple[SpeciesRow, ...] = ()
    waves: WavesRow | None = None
    counts: dict[str, int] | None = None


def list_tasks() -> list[Task]:
    """Return all tasks, roughly the longest first."""
    tasks = []
    for name, hall_number in CLASSES.items():
        axes = max(1, len(inequivalent_axes(empty_cell(space_group(hall_number)))))
        tasks += [Task(name, axis, order) for order in (4, 3) for axis in range(axes)]
    tasks += [Task(str(number)) for number in range(1, 231)]
    return sorted(tasks, key=lambda task: -_weight(task))


def _weight(task: Task) -> int:
    """A measure of the work: the channels of a class grow with a power of its irreps."""
    if task.whole_class:
        return len(space_group(CLASSES[task.name])) ** 2 * (50 if task.order == 4 else 1)
    return len(space_group(iso_hall_number(int(task.name)))) ** 2 * 2


def make_part(task: Task) -> Part:
    """Judge the channels of a task.

    Examples
    --------
    >>> part = make_part(Task("C3"))
    >>> [t.row.transfer for t in part.transfers if t.row.group == "flipped"]
    ['E(+) E(+) -> E(-)']
    """
    return _of_class(task) if task.whole_class else _of_group(task)


def _of_class(task: Task) -> Part:
    cell = empty_cell(space_group(CLASSES[task.name]))
    axes = inequivalent_axes(cell)
    axis = axes[task.axis] if axes else None
    place = place_of(cell, axis, whole_class=True, highest=task.axis == 0)
    book = group_rulebook(cell, axis, (GAMMA,) * task.order)
    if task.order == 4:
        patterns = tuple(pattern_rows(place, book))
        return Part(
            task,
            place,
            {"patterns": _lines(patterns)},
            patterns=tuple(row for row in patterns if row.allowed),
            counts=_counted(patterns),
        )
    found = listing(book)
    rows = {row.transfer: row for row in channel_rows(place, found)}
    species = tuple(species_rows(place, species_of_group(group_species(cell, axis))))
    lines: dict[TableName, bytes] = {"channels": _lines(rows.values()), "species": _lines(species)}
    told = waves_row(place, find_waves(cell)) if task.axis == 0 else None
    if told is not None:
        lines["waves"] = json_line(told)
    allowed = {row.rule.channel.family for row in found.rows}
    left: dict[object, ChannelRow] = {}
    for rule in book.everything:
        if rule.channel.family not in allowed:
            left.setdefault(rule.channel.family, rows[rule.id])
    return Part(
        task,
        place,
        lines,
        transfers=tuple(
            ShownTransfer(row, r.different, str(row_sum(row) or ""))
            for r in found.rows
            for row in [rows[r.rule.id]]
        ),
        forbidden=tuple(left.values()),
        species=species,
        waves=told,
        counts={
            "channels": len(rows),
            "allowed": sum(row.verdict == "allowed" for row in rows.values()),
            "transfers": found.judged,
        },
    )


def _of_group(task: Task) -> Part:
    cell = empty_cell(space_group(iso_hall_number(int(task.name))))
    axis = find_axis(cell)
    place = place_of(cell, axis, whole_class=False)
    patterns: list[PatternRow] = []
    legs = {}
    for points in special_vertices(cell.group, task.order):
        if all(q.reduced == GAMMA for q in points):
            continue  # of the class
        book = group_rulebook(cell, axis, points)
        patterns += pattern_rows(_on(cell, book.axis), book)
        legs.update(dict.fromkeys((*book.points[:-1], -book.points[-1])))
    found = [
        row
        for q in dict.fromkeys(q.reduced for q in legs)
        for part in [axis_at(cell, axis, [q])]
        for row in species_rows(_on(cell, part), species_of_group(group_species(cell, part, q)))
    ]
    return Part(
        task,
        place,
        {"patterns": _lines(patterns), "species": _lines(found)},
        patterns=tuple(row for row in patterns if row.allowed),
        species=tuple(found),
        counts=_counted(patterns),
    )


def _on(cell: EmptyCell, axis: Axis | None) -> Place:
    return place_of(cell, axis, whole_class=False)


def _counted(patterns: Sequence[PatternRow]) -> dict[str, int]:
    return {
        "patterns": len(patterns),
        "allowed": sum(bool(row.allowed) for row in patterns),
        "channels": sum(row.judged for row in patterns),
    }


def _lines(rows: Iterable[Place]) -> bytes:
    return b"".join(map(json_line, rows))
