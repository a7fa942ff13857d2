"""Study: one material, from its atoms to its rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SYMPREC, SymmetricCrystal, find_symmetry
from symchiral.errors import LimitError
from symchiral.fields.beam import find_beam
from symchiral.io.shipped import find_structure
from symchiral.io.structure import read_crystal
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.modes.species import Species, find_species
from symchiral.report.document import predict_document, show_document
from symchiral.report.light_document import light_document
from symchiral.report.summary import show_table
from symchiral.rules.channel import read_channel
from symchiral.rules.domains import Domains, find_domains
from symchiral.rules.grammar import light_about, parse_transfer, point_of, resolve_transfer
from symchiral.rules.light import Light
from symchiral.rules.momentum import require_closed
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook, make_rulebook
from symchiral.rules.vertices import special_vertices
from symchiral.value import Value

ENUMERATED = (3, 4)
"""Orders of which every channel is listed; ``book[…]`` judges any order."""


@dataclass(frozen=True, eq=False, repr=False)
class Study(Value):
    """One material: its symmetric crystal and the axis about which rotation is counted.

    Made by :func:`read`.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal in its primitive cell, with space group and sites.
    axis : Axis or None
        The axis of rotation; None where the crystal has none.

    Examples
    --------
    >>> study = read("Bi2Se3")
    >>> study.axis
    Axis(3 rotation, along (0.000, 0.000, 1.000))
    >>> study.rules(order=3)["Eu(+) Eu(+) -> Eg(-)"].pam_sense
    'flipped'
    """

    crystal: SymmetricCrystal
    axis: Axis | None

    def point(self, q: str) -> QPoint:
        """Return a wavevector by name (``K``, ``LD(u)``) or coordinates (``0,0,1/4``).

        Coordinates refer to the reciprocal basis of the primitive cell that ``show`` prints.
        """
        return find_point(self.crystal.group, q)

    @cached_property
    def _centre(self) -> tuple[Species, ...]:
        return find_species(self.crystal, self.axis)

    def species(self, q: str = "GM") -> tuple[Species, ...]:
        """Return the species of vibrations at a wavevector.

        Examples
        --------
        >>> read("Bi2Se3").species("GM")
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

    def rules(self, *, order: int = 3, q: str | None = None, acoustic: bool = False) -> RuleBook:
        """Judge every channel of m − 1 quanta in and one out.

        Parameters
        ----------
        order : int
            m at the zone centre, 3 or 4. Higher orders are judged one by one:
            ``study.rules()["…"]``.
        q : str, optional
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
        words = ("GM",) * order if q is None else split_points(q)
        points = [self.point(word) for word in words]
        if len(points) not in ENUMERATED:
            raise LimitError(
                f"order {len(points)} is not enumerated",
                why="a transfer has at least two quanta in and one out"
                if len(points) < 3
                else "its channels are too many to list",
                fix="ask for order 3 or 4; one transfer of any order can be explained",
            )
        require_closed(self.crystal, points, words)
        return make_rulebook(self.crystal, self.axis, points, acoustic=acoustic)

    def vertices(self, *, order: int = 3, acoustic: bool = False) -> tuple[RuleBook, ...]:
        """Return a rulebook for every vertex of special points, up to symmetry."""
        points = special_vertices(self.crystal.group, order)
        return tuple(make_rulebook(self.crystal, self.axis, p, acoustic=acoustic) for p in points)

    def points(self, q: str = "all") -> tuple[QPoint, ...]:
        """Return wavevectors: those named, or ``all`` special points and lines."""
        if q != "all":
            return tuple(self.point(x) for x in split_points(q))
        return tuple(p.q for p in named_points(self.crystal.group) if p.kdim < 2)

    def explain(self, transfer: str) -> Rule:
        """Judge one transfer of any order, ``"Eu(+) Eu(+) -> Eg(-)"``, at the wavevectors it names.

        Light is a leg like any other: ``"E[σ+] E[σ+] -> Eg(-)"``.

        Examples
        --------
        >>> rule = read("graphene_slab").explain("K5(+)@K K5(+)@K -> K5(-)@K'")
        >>> rule.verdict, rule.pam_sense
        ('allowed', 'flipped')
        """
        into, out = parse_transfer(transfer)
        points = dict.fromkeys(point_of(leg, self.crystal.group).reduced for leg in (*into, *out))
        part = axis_at(self.crystal, self.axis, list(points))
        turn = part.turn if part else None
        species = {s.key: s for q in points for s in find_species(self.crystal, part, q)}
        coupling = resolve_transfer(transfer, species, turn, light_about(self.crystal, part))
        channel = read_channel(coupling, turn)
        return Rule(channel, species, part)

    def predict(
        self,
        *,
        order: int = 3,
        q: str | None = None,
        everything: bool = False,
        acoustic: bool = False,
    ) -> dict[str, Any]:
        """Return the rules of one vertex as the plain dictionary of ``predict --json``."""
        book = self.rules(order=order, q=q, acoustic=acoustic)
        return predict_document(self.crystal, book, everything=everything)

    def beam(
        self,
        *,
        direction: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
    ) -> Light:
        """Put the crystal in a beam of light.

        Parameters
        ----------
        direction, horizontal, geometry
            As for :meth:`light`.

        Examples
        --------
        >>> light = read("Bi2Se3").beam()
        >>> [(t.label, light.scattered(t)) for t in light.targets[:3]]
        [('A1g', (('+', '+'), ('-', '-'))), ('Eg(+)', (('-', '+'),)), ('Eg(-)', (('+', '-'),))]

        Raises
        ------
        GrammarError
            A direction is unreadable or of zero length, or the geometry unknown.
        """
        beam = find_beam(
            self.crystal, self.axis, direction=direction, horizontal=horizontal, geometry=geometry
        )
        same = beam.axis is self.axis
        return Light(
            self.crystal, beam, self._centre if same else find_species(self.crystal, beam.axis)
        )

    def domains(self) -> Domains:
        """Return the twins of the crystal by the symmetry of its lattice."""
        return find_domains(self.crystal)

    def light(
        self,
        *,
        beam: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
        domains: bool = False,
    ) -> dict[str, Any]:
        """Return what light absorbs, scatters and drives as the dictionary of ``light --json``.

        Parameters
        ----------
        beam : str, optional
            ``"u,v,w"``: the lattice direction of the input cell in which light travels; default
            along the axis, else along c.
        horizontal : str, optional
            ``"u,v,w"``: the lattice direction of polarisation angle 0.
        geometry : str
            ``backscattering``, ``forward``, or ``right-angle`` (scattered along the horizontal).
        domains : bool
            Judge what survives the average over twins.
        """
        found = self.beam(direction=beam, horizontal=horizontal, geometry=geometry)
        return light_document(found, self.domains() if domains else None)

    def show(self, *, q: str = "GM") -> dict[str, Any]:
        """Return group, axes, sites and species as the plain dictionary of ``show --json``.

        Parameters
        ----------
        q : str
            Wavevectors of which to show the species, or ``all`` special points and lines.
        """
        return show_document(self.crystal, self.axis, self.points(q))

    def __repr__(self) -> str:
        return show_table(self.crystal, self.axis, self._centre)

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>"


def read(
    source: object, *, symprec: float = SYMPREC, axis: str | None = None, index: int | None = None
) -> Study:
    """Read a structure and find its symmetry.

    Parameters
    ----------
    source : str, path, ase.Atoms, pymatgen Structure or Crystal
        A file in any format ASE reads, the name of a shipped structure, or a structure in memory.
    symprec : float
        Distance tolerance of the symmetry search, Å.
    axis : str, optional
        ``"u,v,w"`` or ``"u,v,w@x,y,z"``: direction and point of the axis in the input cell.
    index : int, optional
        Which structure of a file that holds several.

    Raises
    ------
    InputError
        The source cannot be read or is no crystal.
    SymmetryError
        No space group is found, or ``axis`` is no symmetry axis.
    """
    crystal = find_symmetry(read_crystal(source, index=index), symprec=symprec)
    return Study(crystal, find_axis(crystal, axis))


def structure(name: str) -> Crystal:
    """Return a crystal that ships with the package.

    Examples
    --------
    >>> structure("Bi2Se3")
    Crystal(Bi2Se3, 15 atoms, 425.67 Å³)

    Raises
    ------
    LabelError
        There is no crystal of that name; the nearest is suggested.
    """
    return read_crystal(find_structure(name))


def predict(
    source: object,
    *,
    order: int = 3,
    q: str | None = None,
    all: bool = False,
    acoustic: bool = False,
    symprec: float = SYMPREC,
    axis: str | None = None,
) -> dict[str, Any]:
    """Return the table of transfers of a structure as a plain dictionary, in one pure call.

    Parameters
    ----------
    source, symprec, axis
        As for :func:`read`.
    order : int
        3 or 4.
    q : str, optional
        Wavevectors of the vertex, all incoming, ``"K K K"``; default the zone centre.
    all : bool
        List the forbidden channels too, each with its witness.
    acoustic : bool
        Also list channels that only acoustic modes could realise.

    Examples
    --------
    >>> document = predict("Bi2Se3")
    >>> document["structure"]["symbol"], document["counts"]["flipped"]
    ('R-3m', 14)
    """
    study = read(source, symprec=symprec, axis=axis)
    return study.predict(order=order, q=q, everything=all, acoustic=acoustic)
