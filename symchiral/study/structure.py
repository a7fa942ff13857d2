"""What a structure alone tells: wavevectors, species, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from symchiral.answers.changes import changes as answer_changes
from symchiral.answers.crystal import axis_of
from symchiral.answers.show import Detail, Show, show
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import Notice, SymmetricCrystal
from symchiral.errors import AxisError, GrammarError, InputError, LimitError
from symchiral.fields.background import Background, crystal_in
from symchiral.forces.phonons import Phonons
from symchiral.irreps.axis import Axis, axis_at, find_axis, symmetry_axes
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.modes.operators import Operators, find_operators
from symchiral.modes.species import Species, find_species
from symchiral.rules.changes import Changes, axis_lost, find_changes
from symchiral.rules.channel import read_channel
from symchiral.rules.grammar import light_about, parse_transfer, point_of, resolve_transfer
from symchiral.rules.momentum import require_closed
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook, make_rulebook
from symchiral.rules.vertices import special_vertices
from symchiral.text.changes import lost_axis_text
from symchiral.text.show import show_text
from symchiral.value import Value

ENUMERATED = (3, 4)
"""Orders of which every channel is listed; ``book[…]`` judges any order."""


@dataclass(frozen=True, eq=False, repr=False)
class StructureStudy(Value):
    """A material of which the structure is known; what needs no more.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal in its primitive cell, with space group and sites.
    axis : Axis or None
        The axis of rotation; None where the crystal has none.
    phonons : Phonons or None
        Its forces, where the source has any.
    background : Background or None
        Static fields it stands in.
    free : Study or None
        The same material in no field, where it stands in one.
    """

    crystal: SymmetricCrystal
    axis: Axis | None
    phonons: Phonons | None = None
    background: Background | None = field(default=None, kw_only=True)
    free: Self | None = field(default=None, kw_only=True)

    @property
    def atoms(self) -> Any:
        """The cell as it was read, as an ``ase.Atoms``; moments are its initial magnetic moments.

        Examples
        --------
        >>> import symchiral as sc
        >>> sc.read("Bi2Se3").atoms.get_chemical_formula()
        'Bi6Se9'

        Raises
        ------
        DisorderError
            The structure is an average one, with virtual elements.
        """
        from symchiral.io.foreign import to_ase

        return to_ase(self.crystal.input)

    def in_field(
        self,
        *,
        B: Sequence[float] | None = None,
        E: Sequence[float] | None = None,
        strain: Sequence[float] | None = None,
        axis: str | None = None,
    ) -> Self:
        """Return the material in static uniform fields, which add to its magnetic order.

        Only directions matter, and atoms stay where they are. Forces are those of no field: the
        study in the field has none.

        Parameters
        ----------
        B, E : (3,) float, optional
            Cartesian direction of the magnetic and of the electric field, axes of the input.
        strain : (6,) float, optional
            Its Cartesian components xx, yy, zz, yz, xz, xy.
        axis : str, optional
            As for :func:`~symchiral.read`; default the axis of highest order that is left.

        Examples
        --------
        >>> import symchiral as sc
        >>> study = sc.read("Bi2Se3").in_field(E=(0, 0, 1))
        >>> study.crystal.group.symbol, [s.label for s in study.species()]
        ('R3m', ['A1', 'E'])

        Raises
        ------
        GrammarError
            A field is no such vector or tensor.
        AxisError
            The field has destroyed the axis asked for.
        """
        return self.in_background(Background.of(B=B, E=E, strain=strain), axis=axis)

    def in_background(self, background: Background, *, axis: str | None = None) -> Self:
        """Return the material in static fields, as :meth:`in_field`."""
        free = self if self.free is None else self.free
        fields = background.over(self.background)
        crystal = crystal_in(free.crystal, fields)
        try:
            found = find_axis(crystal, axis)
        except AxisError as error:
            raise AxisError(
                f"{error.what} is left in the field", why=error.why, fix=error.fix
            ) from error
        notices = []
        before, after = axis_of(free.crystal, free.axis), axis_of(crystal, found)
        if before is not None and axis_lost(free.axis, found):
            left = [str(axis) for axis in symmetry_axes(crystal)]
            notices.append(Notice("axis", lost_axis_text(before, after, left)))
        if free.phonons is not None:
            text = (
                "the forces are those in no field: they are left out, and symmetry alone is judged"
            )
            notices.append(Notice("field-forces", text))
        crystal = replace(crystal, warnings=(*crystal.warnings, *notices))
        return replace(
            self, crystal=crystal, axis=found, phonons=None, background=fields, free=free
        )

    def changes(self) -> Changes:
        """Return what the field changes.

        Examples
        --------
        >>> import symchiral as sc
        >>> changes = sc.read("Bi2Se3").in_field(E=(0, 0, 1)).changes()
        >>> [(s.species, s.becomes) for s in changes.species][:2]
        [('A1g', (('A1', 1),)), ('Eg', (('E', 1),))]
        >>> changes.opened[0]
        Opened(species=('A1g', 'A1g', 'A2u'), before=0, after=1)

        Raises
        ------
        InputError
            It stands in no field.
        """
        if self.free is None:
            raise InputError(
                "nothing has changed", why="the material stands in no field", fix="use in_field"
            )
        return find_changes(self.free.crystal, self.crystal, self.free.species(), self.free.axis)

    def point(self, q: str) -> QPoint:
        """Return a wavevector by name (``K``, ``LD(u)``) or coordinates (``0,0,1/4``).

        Coordinates refer to the reciprocal basis of the primitive cell that ``show`` prints.
        """
        return find_point(self.crystal.group, q)

    def points(self, q: str = "all") -> tuple[QPoint, ...]:
        """Return wavevectors: those named, or ``all`` special points and lines."""
        if q != "all":
            return tuple(dict.fromkeys(self.point(x) for x in split_points(q)))
        return tuple(p.q for p in named_points(self.crystal.group) if p.kdim < 2)

    @cached_property
    def _centre(self) -> tuple[Species, ...]:
        return find_species(self.crystal, self.axis)

    def species(self, q: str = "GM") -> tuple[Species, ...]:
        """Return the species of vibrations at a wavevector.

        Examples
        --------
        >>> import symchiral as sc
        >>> sc.read("Bi2Se3").species("GM")
        (Species(2 A1g), Species(2 Eg), Species(3 A2u, 1 acoustic), Species(3 Eu, 1 acoustic))

        Raises
        ------
        GrammarError, LabelError
            ``q`` is no wavevector.
        """
        point = self.point(q)
        if point.reduced == GAMMA:
            return self._centre
        return find_species(self.crystal, axis_at(self.crystal, self.axis, [point]), point)

    def operators(self, q: str = "GM") -> Operators:
        """Return the matrices T(g) and the projectors on the species at a wavevector."""
        point = self.point(q)
        return find_operators(self.crystal, axis_at(self.crystal, self.axis, [point]), point)

    def rules(
        self, *, order: int = 3, q: str | Sequence[str] | None = None, acoustic: bool = False
    ) -> RuleBook:
        """Judge every channel of m − 1 quanta in and one out.

        Parameters
        ----------
        order : int
            m at the zone centre, 3 or 4. Higher orders are judged one by one:
            ``study.rules()["…"]``.
        q : str or sequence of str, optional
            Wavevectors of the vertex, all incoming, separated by spaces: ``"K K K"``. The last is
            read as the outgoing quantum at −q. Their number is the order.
        acoustic : bool
            Also list channels that only acoustic modes could realise; they couple to nothing.

        Raises
        ------
        WavevectorError
            The wavevectors do not sum to a reciprocal lattice vector.
        LimitError
            Another order, or more than 10⁵ channels.
        """
        words = None if q is None else split_points(q)
        asked: Any = order if words is None else len(words)
        if words is not None and len(words) < 3:
            raise GrammarError(
                f"{len(words)} wavevector{'s' if len(words) > 1 else ''} in {' '.join(words)!r}",
                why="a transfer has at least three: of every quantum that goes in and of the one "
                "that comes out",
                fix=f'write all in one argument, as in "{" ".join(words[:1] * 3)}"'
                if words[:1] != ("star",)
                else "for all vertices of special points, use Study.vertices() or the command line",
            )
        if asked not in ENUMERATED:
            raise LimitError(
                f"order {asked!r} is not enumerated",
                why="a transfer has at least two quanta in and one out"
                if isinstance(asked, int) and asked < 3
                else "its channels are too many to list"
                if isinstance(asked, int)
                else "an order is a number",
                fix="ask for order 3 or 4; one transfer of a higher order can be explained",
            )
        words = words or ("GM",) * int(order)
        points = [self.point(word) for word in words]
        require_closed(self.crystal, points, words)
        return make_rulebook(self.crystal, self.axis, points, acoustic=acoustic)

    def vertices(self, *, order: int = 3, acoustic: bool = False) -> tuple[RuleBook, ...]:
        """Return a rulebook for every vertex of special points, up to symmetry."""
        points = special_vertices(self.crystal.group, order)
        return tuple(make_rulebook(self.crystal, self.axis, p, acoustic=acoustic) for p in points)

    def explain(self, transfer: str) -> Rule:
        """Judge one transfer, ``"Eu(+) Eu(+) -> Eg(-)"``, at the wavevectors it names.

        Its order is free, up to seven equal quanta. Light is a leg like any other:
        ``"E[σ+] E[σ+] -> Eg(-)"``.

        Examples
        --------
        >>> import symchiral as sc
        >>> rule = sc.read("graphene_slab").explain("K5(+)@K K5(+)@K -> K5(-)@K'")
        >>> rule.verdict, rule.pam_sense
        ('allowed', 'flipped')
        """
        into, out = parse_transfer(transfer)
        points = dict.fromkeys(point_of(leg, self.crystal.group).reduced for leg in (*into, *out))
        part = axis_at(self.crystal, self.axis, list(points))
        turn = part.turn if part else None
        species = {s.key: s for q in points for s in find_species(self.crystal, part, q)}
        numbered = self.phonons is not None
        light = light_about(self.crystal, part)
        coupling = resolve_transfer(transfer, species, turn, light, numbered=numbered)
        return Rule(read_channel(coupling, turn), species, part)

    def show(self, *, q: str = "GM", detail: Detail = "parts", changes: bool = True) -> Show:
        """Return group, axes, sites and species: the answer that ``show --json`` prints.

        Parameters
        ----------
        q : str
            Wavevectors of which to show the species, or ``all`` special points and lines.
        detail : str
            What to tell of every component: ``l``, its pseudo-angular momentum; ``rotation``, also
            how the atoms turn; ``parts``, also spin and orbital part of l, and parities.
        changes : bool
            Say what a static field changes, where the material stands in one.

        Examples
        --------
        >>> import symchiral as sc
        >>> answer = sc.read("Bi2Se3").show()
        >>> answer.axes[0], [s.label for s in answer.species]
        ('3 along [0 0 1]', ['A1g', 'Eg', 'A2u', 'Eu'])
        """
        changed = None
        if changes and self.free is not None:
            changed = answer_changes(self.free.crystal, self.crystal, self.changes())
        return show(
            self.crystal,
            self.axis,
            self.points(q),
            detail=detail,
            background=self.background,
            changes=changed,
        )

    def __repr__(self) -> str:
        return show_text(self.show(detail="rotation", changes=False))

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>"
