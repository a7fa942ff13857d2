"""Atlas: the rules of a group without a crystal, every irrep with as many modes as a transfer asks.

A crystal has some of the species, some of them once, and atoms that turn one way or the other; the
rest of its rules are those of its group. :func:`make_atlas` is where to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from symchiral.crystal.empty import EmptyCell, empty_cell
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.display import Tabular, display
from symchiral.errors import LabelError
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.modes.species import GroupSpecies, group_species
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook, group_rulebook, read_vertex
from symchiral.rules.vertices import special_vertices
from symchiral.rules.waves import Waves, find_waves
from symchiral.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class Atlas(Value, Tabular):
    """The rules of a group, or of a class, without atoms.

    Iterating gives the allowed rules of all its vertices. Filters return an atlas of fewer rules.

    Attributes
    ----------
    cell : EmptyCell
        The group, or the one that stands for the class, in its standard cell.
    whole_class : bool
        Whether it is of the class: then only the zone centre is told of.
    axis : Axis or None
        The axis of rotation.
    books : tuple of RuleBook
        The judged channels, one book per vertex.
    waves : Waves
        How helicity and angular momentum depend on the wavevector.
    """

    cell: EmptyCell
    whole_class: bool
    axis: Axis | None
    books: tuple[RuleBook, ...]
    waves: Waves

    @property
    def group(self) -> SpaceGroup:
        """The space group, or the one that stands for the class."""
        return self.cell.group

    @property
    def name(self) -> str:
        """``D3d (-3m)`` of a class, ``R-3m (166)`` of a space group."""
        group = self.group
        if self.whole_class:
            return f"{group.schoenflies} ({group.point_group})"
        return f"{group.symbol} ({group.number})"

    @property
    def order(self) -> int:
        """The number m of quanta in and out together."""
        return self.books[0].order

    @property
    def species(self) -> tuple[GroupSpecies, ...]:
        """The species of all its wavevectors, each on the part of the axis that keeps it."""
        legs = (q.reduced for b in self.books for q in (*b.points[:-1], -b.points[-1]))
        return tuple(
            species
            for q in dict.fromkeys(legs)
            for species in group_species(self.cell, axis_at(self.cell, self.axis, [q]), q)
        )

    @property
    def everything(self) -> tuple[Rule, ...]:
        """All judged rules, forbidden ones included."""
        return tuple(rule for book in self.books for rule in book.everything)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are not forbidden."""
        return tuple(rule for book in self.books for rule in book.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return sum(map(len, self.books))

    def __getitem__(self, key: int | str) -> Rule:
        """Return a rule by position or by transfer, of any order, allowed or forbidden."""
        if isinstance(key, int):
            return self.rules[key]
        for rule in self.everything:
            if rule.id == key:
                return rule
        for book in self.books[:-1]:
            try:
                return book[key]
            except LabelError:
                continue  # of other wavevectors
        return self.books[-1][key]

    def _each(self, part: Callable[[RuleBook], RuleBook]) -> Atlas:
        return replace(self, books=tuple(map(part, self.books)))

    def flips(self) -> Atlas:
        """Rules that flip pseudo-angular momentum."""
        return self._each(RuleBook.flips)

    def keeps(self) -> Atlas:
        """Rules that keep the sense of pseudo-angular momentum."""
        return self._each(RuleBook.keeps)

    def neutral(self) -> Atlas:
        """Rules with no net pseudo-angular momentum on one side."""
        return self._each(RuleBook.neutral)

    def rotating(self) -> Atlas:
        r"""Rules in which at least one quantum turns (0 < \|l\| < n/2)."""
        return self._each(RuleBook.rotating)

    def driven_by(self, light: str) -> Atlas:
        """Rules of which every incoming quantum is driven by this kind of light.

        Raises
        ------
        LabelError
            It is none of ``infrared``, ``raman``, ``hyper-raman``.
        """
        return self._each(lambda book: book.driven_by(light))

    def seen_by(self, light: str) -> Atlas:
        """Rules of which the outgoing quantum is seen by this kind of light, as :meth:`driven_by`.

        Raises
        ------
        LabelError
            It is no kind of light.
        """
        return self._each(lambda book: book.seen_by(light))

    def __repr__(self) -> str:
        text: str = display(self, "text")
        return text


def make_atlas(
    group: SpaceGroup,
    *,
    whole_class: bool = False,
    order: int = 3,
    q: str | Sequence[str] | None = None,
    axis: str | Sequence[float] | None = None,
) -> Atlas:
    """Judge every channel of the irreps of a group.

    Parameters
    ----------
    group : SpaceGroup
        In its standard setting.
    whole_class : bool
        Whether it stands for its class.
    order : int
        m, 3 or 4.
    q : str or sequence of str, optional
        The wavevectors of one vertex, all incoming, ``"K K K"``, or ``"star"`` for every vertex of
        special points; default the zone centre.
    axis : str or (3,) float, optional
        A lattice direction of the standard cell, or the Seitz symbol of an operation; default the
        axis of highest order.

    Raises
    ------
    LabelError
        A wavevector is asked of a class.
    WavevectorError
        The wavevectors do not sum to a reciprocal lattice vector.
    AxisError
        There is no such axis.
    LimitError
        Another order, or more than 10⁵ channels.
    """
    if whole_class and q is not None:
        raise LabelError(
            f"no wavevector {q if isinstance(q, str) else ' '.join(q)!r} of the class "
            f"{group.schoenflies}",
            why="space groups of one class have different Brillouin zones",
            fix=f"leave --q out, or give a space group of the class, as {group.number}",
        )
    cell = empty_cell(group)
    line = find_axis(cell, axis)
    if q == "star":
        read_vertex(cell, None, order)
        vertices = special_vertices(group, order)
    else:
        vertices = (tuple(read_vertex(cell, q, order)),)
    books = tuple(group_rulebook(cell, line, points) for points in vertices)
    return Atlas(cell, whole_class, line, books, find_waves(cell))
