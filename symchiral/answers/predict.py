"""The answers of ``predict``: the transfers of one vertex, and of every vertex of special points.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from symchiral.answers.channel import (
    Channel,
    Row,
    Transfer,
    channel,
    row,
    species_transfer,
    transfer,
)
from symchiral.answers.crystal import (
    AxisOfRotation,
    StaticField,
    Structure,
    Wavevector,
    axis_of,
    static_field,
    structure,
    wavevector,
)
from symchiral.answers.record import Answer, Count, FrequencyUnit, Record, beginning
from symchiral.answers.species import SpeciesOfModes, species_of
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.symmetric import Symmetry
from symchiral.modes.species import Species
from symchiral.rules.listing import Listing, listing
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook

if TYPE_CHECKING:
    from symchiral.fields.background import Background
    from symchiral.rules.resonance import Transfer as RuleTransfer


class Counts(Record, frozen=True, kw_only=True):
    """Number of channels, each identity pattern and sign counted by itself (rows counts
    transfers).
    """

    judged: Count
    """All channels judged."""
    allowed: Count
    """Allowed ones."""
    flipped: Count
    """Allowed ones that flip the sense of pseudo-angular momentum."""
    kept: Count
    """Allowed ones that keep it."""
    neutral: Count
    """Allowed ones with no sense on one side."""
    undecided: Count
    """Undecided ones."""


class Rows(Record, frozen=True, kw_only=True):
    """Number of transfers as the table of the terminal counts them: channels that differ by the
    signs of all quanta, or by same and different modes of a species, are one. Zero of a group: none
    of it.
    """

    judged: Count
    """All transfers judged."""
    allowed: Count
    """Allowed or undecided ones, the rows of the table."""
    flipped: Count
    """Rows that flip the sense of pseudo-angular momentum."""
    kept: Count
    """Rows that keep it."""
    neutral: Count
    """Rows with a sense on one side at most, of quanta that rotate."""
    without_rotation: Count
    """Rows in which nothing rotates."""
    undefined: Count
    """Rows without pseudo-angular momentum."""


class Table(Record, frozen=True, kw_only=True):
    """The transfers as the terminal shows them, in its order."""

    rows: tuple[Row, ...]
    """Allowed and undecided transfers, one row for those that differ by the signs of all quanta or
    by same and different modes of a species."""
    judged: Count
    """Transfers judged."""
    channels_judged: Count
    """Channels judged: every sign and choice of modes by itself."""
    channels_allowed: Count
    """Allowed and undecided ones."""
    selected: bool
    """Whether these are the transfers that a pump and a probe select, or some of a book."""
    straight: bool
    """Whether no atom can rotate: no species is degenerate, and time reversal is unbroken."""
    coefficients: Count
    """Most real coefficients of an allowed channel."""
    several: bool
    """Whether some species has several optical modes."""
    driven: bool
    """Whether an incoming quantum is at the zone centre, where light drives it."""
    seen: bool
    """Whether the outgoing quantum is at the zone centre, where light sees it."""
    reversible: bool
    """Whether every -q is q up to a reciprocal lattice vector."""
    axis: AxisOfRotation | None
    """The part of the axis that keeps every wavevector."""


class Predict(Answer, frozen=True, kw_only=True, tag="symchiral/predict/1"):
    """What ``symchiral predict --json`` prints and ``symchiral.predict`` returns: every allowed
    (and undecided) channel of one order, with ``all=True`` the forbidden ones too.
    """

    order: Annotated[int, Meta(ge=3)]
    """Quanta in and out together."""
    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    q: tuple[Wavevector, ...]
    """Wavevectors of the quanta, all incoming; the last is that of the outgoing quantum at -q."""
    species: tuple[SpeciesOfModes, ...]
    """Species of vibrations."""
    counts: Counts
    """Number of channels."""
    rows: Rows
    """Number of transfers."""
    channels: tuple[Channel, ...]
    """The channels."""
    transfers: tuple[Transfer, ...] | None
    """With forces, transfers between actual modes, best resonance first; without, the transfers
    between species that a given pump and probe reach; null where neither is given."""
    field: StaticField | None
    """Static fields the crystal stands in; null without."""
    table: Table | None = None
    """The transfers of species as the terminal shows them; without forces those that a given pump
    and probe reach."""

    row_types: ClassVar[tuple[type[Record], ...]] = (
        Transfer,
        Row,
    )

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        if self.transfers is not None and any(t.frequencies for t in self.transfers):
            return Transfer, self.transfers
        return Row, () if self.table is None else self.table.rows


class Vertex(Record, frozen=True, kw_only=True):
    """Wavevectors that close, and the transfers between them."""

    q: tuple[Wavevector, ...]
    """Wavevectors of the quanta, all incoming."""
    axis: AxisOfRotation | None
    """The part of the axis that keeps every wavevector; null where there is none."""
    counts: Counts
    """Number of channels."""
    rows: Rows
    """Number of transfers."""
    channels: tuple[Channel, ...]
    """The allowed and undecided channels."""
    n: int | None = None
    """The n that senses and U refer to."""


def predict(
    crystal: SymmetricCrystal,
    book: RuleBook,
    *,
    rules: Sequence[Rule] | None = None,
    shown: RuleBook | None = None,
    transfers: Sequence[RuleTransfer] | Sequence[Rule] | None = None,
    unit: FrequencyUnit = "THz",
    background: Background | None = None,
) -> Predict:
    """Answer which transfers a crystal allows at one vertex.

    Parameters
    ----------
    book : RuleBook
        The rules of the vertex.
    rules : sequence of Rule, optional
        Those to list as channels, each with its invariant and its reason; default those that are
        not forbidden.
    shown : RuleBook, optional
        The part of the book that a pump and a probe select, for the table.
    transfers : sequence of Transfer or of Rule, optional
        Transfers between actual modes, or the rules that a pump and a probe select.
    unit : str
        Of frequencies.
    background : Background, optional
        The static fields the crystal stands in.
    """
    found = listing(book)
    axis = axis_of(crystal, book.axis)
    return Predict(
        **beginning(crystal),
        order=book.order,
        structure=structure(crystal),
        axis=axis,
        q=tuple(wavevector(crystal, q) for q in book.points),
        species=species_of([s for s in book.species.values() if isinstance(s, Species)]),
        counts=Counts(**book.counts()),
        rows=_rows(found),
        channels=tuple(map(channel, book.listed if rules is None else rules)),
        transfers=None if transfers is None else _transfers(transfers, unit),
        field=static_field(crystal, background),
        table=_table(found if shown is None else listing(shown), axis),
    )


def near_resonance(answer: Predict, most: int) -> tuple[Predict, float | None]:
    """Return an answer with no more transfers between modes than a number, and what they are.

    Those of the smallest detuning are kept, as with a largest detuning that is asked for; the
    second is that detuning in the unit of the answer, None where all are kept.
    """
    found = answer.transfers or ()
    if len(found) <= most:
        return answer, None
    sizes = sorted(abs(t.detuning or 0.0) for t in found)
    bound = sizes[most - 1]
    if bound == sizes[most]:  # all of one detuning, or none: signs reversed are never parted
        bound = max((x for x in sizes[:most] if x < bound), default=bound)
    kept = tuple(t for t in found if abs(t.detuning or 0.0) <= bound)
    return replace(answer, transfers=kept), bound


def vertex(symmetry: Symmetry, book: RuleBook, rules: Sequence[Rule] | None = None) -> Vertex:
    """Describe a vertex; ``rules`` are those to list, default those that are not forbidden."""
    return Vertex(
        q=tuple(wavevector(symmetry, q) for q in book.points),
        axis=axis_of(symmetry, book.axis),
        counts=Counts(**book.counts()),
        rows=_rows(listing(book)),
        channels=tuple(map(channel, book.listed if rules is None else rules)),
        n=next((rule.channel.order for rule in book.everything), None),
    )


def table(symmetry: Symmetry, found: Listing) -> Table:
    """Return the rows of a book as the terminal shows them."""
    return _table(found, axis_of(symmetry, found.book.axis))


def _table(found: Listing, axis: AxisOfRotation | None) -> Table:
    book = found.book
    return Table(
        rows=tuple(map(row, found.rows)),
        judged=found.judged,
        channels_judged=len(book.everything),
        channels_allowed=len(book),
        selected=book.selection,
        straight=found.straight,
        coefficients=max((r.coefficients or 0 for r in book.rules if r.allowed), default=0),
        several=any(species.optical > 1 for species in book.species.values()),
        driven=book.driven,
        seen=book.seen,
        reversible=book.self_conjugate,
        axis=axis,
    )


def _rows(found: Listing) -> Rows:
    groups = found.counts()
    return Rows(
        judged=found.judged,
        allowed=len(found.rows),
        flipped=groups["flipped"],
        kept=groups["kept"],
        neutral=groups["neutral"],
        without_rotation=groups["without rotation"],
        undefined=groups["undefined"],
    )


def _transfers(
    transfers: Sequence[RuleTransfer] | Sequence[Rule], unit: FrequencyUnit
) -> tuple[Transfer, ...]:
    """Describe transfers; of those with all signs reversed one stands for both."""
    first: dict[object, RuleTransfer] = {}
    for t in transfers:
        if not isinstance(t, Rule):
            kept = first.setdefault(t.family, t)
            if t.signs > kept.signs:
                first[t.family] = t
    found = []
    for t in transfers:
        if isinstance(t, Rule):
            found.append(species_transfer(t, unit=unit))
        else:
            standing = first[t.family]
            found.append(transfer(t, unit=unit, reverse_of=None if standing is t else standing.id))
    return tuple(found)
