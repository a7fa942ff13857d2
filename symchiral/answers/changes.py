"""What an answer says of a static field: what it changes of the crystal in no field.

The records come first, then the function that fills them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from symchiral.answers.record import Record
from symchiral.crystal.search import SymmetricCrystal
from symchiral.rules.activity import Activity
from symchiral.rules.changes import AxisChange, SpeciesChange
from symchiral.rules.changes import Changes as Found

InNoFieldAndInIt = tuple[bool, bool]
"""First in no field, then in the field."""


class Constituent(Record, frozen=True, kw_only=True):
    """A species in the field that comes from one of no field."""

    label: str
    """Label in the field."""
    count: Annotated[int, Meta(ge=1)]
    """How often it comes from it."""


class ChangedByOrder(Record, frozen=True, kw_only=True):
    """What light does through the velocity of the modes, odd in the order or in B."""

    infrared: InNoFieldAndInIt
    """In no field, in the field."""
    raman: InNoFieldAndInIt
    """In no field, in the field."""
    hyper_raman: InNoFieldAndInIt
    """In no field, in the field."""


class ChangedSpecies(Record, frozen=True, kw_only=True):
    """A species of the zone centre in no field, and what becomes of it."""

    species: str
    """Its label in no field."""
    becomes: tuple[Constituent, ...]
    """Species in the field, and how often each comes from it."""
    split: bool
    """Whether levels that are one in no field come apart."""
    infrared: InNoFieldAndInIt
    """Activity in no field and in the field."""
    raman: InNoFieldAndInIt
    """Activity in no field and in the field."""
    hyper_raman: InNoFieldAndInIt
    """Activity in no field and in the field."""
    by_order: ChangedByOrder | UnsetType = UNSET
    """Only of a magnetic crystal or in B: the same through the velocity of the modes, odd in
    the order, in no field and in the field."""


class Product(Record, frozen=True, kw_only=True):
    """A product of three modes that only the field allows."""

    species: tuple[str, str, str]
    """Three labels, as in no field."""
    coefficients: Annotated[int, Meta(ge=1)]
    """Real coefficients in the field."""


class Changes(Record, frozen=True, kw_only=True):
    """What a static field changes."""

    space_group_without: Annotated[int, Meta(ge=1, le=230)]
    """Space-group number in no field."""
    cell: Annotated[int, Meta(ge=1)]
    """How many times larger the primitive cell is in the field."""
    axis: AxisChange
    """What became of the axis of rotation."""
    species: tuple[ChangedSpecies, ...]
    """Species of the zone centre in no field."""
    opened: tuple[Product, ...]
    """Products of three different modes that only the field allows; species named as in no
    field."""
    symbol_without: str = ""
    """Short Hermann-Mauguin symbol in no field."""


def changes(before: SymmetricCrystal, after: SymmetricCrystal, found: Found) -> Changes:
    """Describe what a field changes.

    Parameters
    ----------
    before, after : SymmetricCrystal
        The crystal without and with the field.
    found : Changes
        What :func:`~symchiral.rules.changes.find_changes` found.
    """
    return Changes(
        space_group_without=before.group.number,
        cell=found.cell,
        axis=found.axis,
        species=tuple(_species(after, s) for s in found.species),
        opened=tuple(Product(species=o.species, coefficients=o.after) for o in found.opened),
        symbol_without=before.group.symbol,
    )


def _species(after: SymmetricCrystal, change: SpeciesChange) -> ChangedSpecies:
    odd: ChangedByOrder | UnsetType = UNSET
    if after.magnetic is not None:
        odd = ChangedByOrder(**_pairs(change.odd_before, change.odd_after))
    return ChangedSpecies(
        species=change.species,
        becomes=tuple(Constituent(label=label, count=n) for label, n in change.becomes),
        split=change.split,
        by_order=odd,
        **_pairs(change.before, change.after),
    )


def _pairs(before: Activity, after: Activity) -> dict[str, InNoFieldAndInIt]:
    """Each activity in no field and in the field."""
    return {
        "infrared": (before.infrared, after.infrared),
        "raman": (before.raman, after.raman),
        "hyper_raman": (before.hyper_raman, after.hyper_raman),
    }
