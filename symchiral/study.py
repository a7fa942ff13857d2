"""Study: one material, from its atoms to its rules; :func:`read` makes it.

Each verb is a few lines and imports what it needs, so that a command loads no more than its own
rooms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.tolerance import SYMPREC
from symchiral.defaults import (
    COUPLING_STEP,
    DAMPING,
    DISPLACEMENT,
    LENGTH,
    LINEWIDTH,
    RAMAN_STEP,
    REPORT_DETUNINGS,
    REPORT_DURATION,
    REPORT_POINTS,
    REPORT_TRANSFERS,
    SIGMA,
)
from symchiral.units import counted
from symchiral.value import WHOLE, Value

if TYPE_CHECKING:
    from symchiral.anharmonic.audit import Audit
    from symchiral.anharmonic.couplings import Couplings
    from symchiral.anharmonic.third_order import ThirdOrder, ThirdOrderFile
    from symchiral.answers.light import Light as LightAnswer
    from symchiral.answers.predict import Predict
    from symchiral.answers.record import FrequencyUnit
    from symchiral.answers.report import Report
    from symchiral.answers.show import Detail, Show
    from symchiral.crystal.crystal import Crystal
    from symchiral.crystal.qpoint import QPoint
    from symchiral.crystal.search import SymmetricCrystal
    from symchiral.dynamics.delaymap import DelayMap
    from symchiral.dynamics.model import NormalModeModel
    from symchiral.dynamics.pulse import Pulse, Pulses
    from symchiral.dynamics.run import Run
    from symchiral.dynamics.start import Start
    from symchiral.dynamics.surface import Film
    from symchiral.dynamics.thermal import Damping
    from symchiral.fields.background import Background
    from symchiral.fields.pump import Pump
    from symchiral.forces.bands import About, Bands
    from symchiral.forces.compute import Progress
    from symchiral.forces.phonons import Phonons
    from symchiral.forces.polarizability import Polarizability
    from symchiral.forces.provenance import Provenance
    from symchiral.forces.relax import What
    from symchiral.irreps.axis import Axis
    from symchiral.modes.animation import Animation
    from symchiral.modes.mode import Mode, Modes
    from symchiral.modes.operators import Operators
    from symchiral.modes.species import Species
    from symchiral.page.report import Contents, Dynamics
    from symchiral.rules.atlas import Atlas
    from symchiral.rules.atomic_raman import AtomicRaman
    from symchiral.rules.changes import Changes
    from symchiral.rules.domains import Domains
    from symchiral.rules.light import Light
    from symchiral.rules.raman import RamanLines
    from symchiral.rules.resonance import Transfer
    from symchiral.rules.rule import Rule
    from symchiral.rules.rulebook import RuleBook
    from symchiral.traces.expected import Place
    from symchiral.traces.gain import Coefficients
    from symchiral.traces.parameters import Stated
    from symchiral.traces.plan import Plan
    from symchiral.traces.probe import Sees
    from symchiral.traces.signal import LightSource
    from symchiral.traces.validation import Data
    from symchiral.traces.verdict import Judgement

DENOMINATOR = 1000
"""Largest denominator of a wavevector given as numbers."""


def read(
    source: object,
    *,
    symprec: float = SYMPREC,
    axis: str | Sequence[float] | None = None,
    index: int | None = None,
    symmetrize: bool = False,
    rotational_sum_rule: bool = False,
    spin_axis: Sequence[float] | None = None,
    reader: str = "symchiral",
    average_sites: bool = False,
    supercell: str | Sequence[int] | Sequence[Sequence[int]] | None = None,
) -> Study:
    """Read a structure, with forces if there are any, and find its symmetry.

    Parameters
    ----------
    source : str, path, ase.Atoms, pymatgen Structure, Phonopy, tuple or Crystal
        A file in any format ASE reads, force data (``phonopy.yaml``, ``phonopy_params.yaml.xz``, a
        folder or a zip archive with FORCE_SETS, ``band.yaml`` with eigenvectors, …), the name of a
        shipped structure, or an object in memory, spglib's (lattice, positions, numbers) too.
    symprec : float
        Distance tolerance of the symmetry search, Å.
    axis : str or (3,) float, optional
        ``"u,v,w"`` or ``"u,v,w@x,y,z"``: direction and point of the axis in the input cell; or the
        three numbers of the direction.
    index : int, optional
        Which structure of a file that holds several.
    symmetrize : bool
        Accept forces that break the symmetry of the atoms, averaged over the group.
    rotational_sum_rule : bool
        Change force constants by the least that removes what of the acoustic branches is linear in
        the wavevector.
    spin_axis : (3,) float, optional
        Cartesian direction of magnetic moments that the source gives without one.
    reader : {"symchiral", "ase"}
        Who reads a CIF; with ``"ase"`` a warning says where the two readings differ.
    average_sites : bool
        Take a site of a CIF that several elements fill as one virtual element.
    supercell : str or sequence, optional
        Three or nine whole numbers: the supercell of the unit cell that forces in a folder belong
        to, where no file of it says so.

    Raises
    ------
    InputError
        The source cannot be read or is not a crystal.
    SymmetryError
        No space group is found, or ``axis`` is no symmetry axis.
    """
    from symchiral.crystal.order import find_magnetic_symmetry
    from symchiral.errors import InputError
    from symchiral.irreps.axis import find_axis
    from symchiral.reading.folder import is_phonon_source, is_third_order_source
    from symchiral.reading.structure import read_crystal

    if supercell is not None and (is_third_order_source(source) or not is_phonon_source(source)):
        raise InputError(
            f"cannot use the supercell {supercell!r}",
            why="it is that of forces in a folder of phonopy, and this source is none or states it",
            fix="leave it out; in the command line --calculator also takes one",
        )
    if is_third_order_source(source):
        from symchiral.anharmonic.third_order import read_third_order
        from symchiral.forces.phonons import make_phonons
        from symchiral.reading.site_values import uncommon_masses

        third = read_third_order(source)  # type: ignore[arg-type]
        harmonic = third.harmonic(symprec=symprec)
        notes = uncommon_masses(harmonic.numbers, harmonic.masses)
        phonons = make_phonons(
            harmonic,
            source=replace(third.source, notes=notes),
            symprec=symprec,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
        )
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons, third)
    if is_phonon_source(source):
        from symchiral.forces.phonons import make_phonons
        from symchiral.reading.phonon_files import read_forces

        forces, origin, provenance = read_forces(source, symprec=symprec, supercell=supercell)
        phonons = make_phonons(
            forces,
            source=origin,
            symprec=symprec,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
            provenance=provenance,
        )
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons)
    atoms = read_crystal(
        source, index=index, spin_axis=spin_axis, reader=reader, average_sites=average_sites
    )
    crystal = find_magnetic_symmetry(atoms, symprec=symprec)
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
    from symchiral.reading.shipped import find_structure
    from symchiral.reading.structure import read_crystal

    return read_crystal(find_structure(name))


def predict(
    source: object,
    *,
    order: int = 3,
    q: str | Sequence[str] | None = None,
    all: bool = False,
    acoustic: bool = False,
    symprec: float = SYMPREC,
    axis: str | Sequence[float] | None = None,
) -> Predict:
    """Return the transfers of a structure, in one pure call.

    Parameters
    ----------
    source, symprec, axis
        As for :func:`read`.
    order : int
        3 or 4.
    q : str or sequence of str, optional
        Wavevectors of the vertex, all incoming, ``"K K K"``; default the zone centre.
    all : bool
        List the forbidden channels too, each with its witness.
    acoustic : bool
        Also list channels that only acoustic modes could realise.

    Examples
    --------
    >>> answer = predict("Bi2Se3")
    >>> answer.structure.symbol, answer.counts.flipped
    ('R-3m', 14)
    >>> answer.to_dict()["channels"][0]["pam_sense"]
    'flipped'
    """
    study = read(source, symprec=symprec, axis=axis)
    return study.predict(order=order, q=q, everything=all, acoustic=acoustic)


def atlas(
    group: str | int,
    *,
    order: int = 3,
    q: str | Sequence[str] | None = None,
    axis: str | Sequence[float] | None = None,
) -> Atlas:
    """Return the rules of a group without a crystal.

    Parameters
    ----------
    group : str or int
        A number is a space group; else a class by its Schoenflies or Hermann–Mauguin symbol, or a
        space group by its symbol.
    order : int
        3 or 4.
    q : str or sequence of str, optional
        The wavevectors of one vertex of a space group, all incoming, ``"K K K"``; ``"star"`` for
        every vertex of special points; default the zone centre.
    axis : str or (3,) float, optional
        A lattice direction of the standard cell, or the Seitz symbol of an operation; default the
        axis of highest order.

    Examples
    --------
    >>> rules = atlas("D3d")
    >>> rules.name, [s.label for s in rules.species]
    ('D3d (-3m)', ['A1g', 'A2g', 'Eg', 'A1u', 'A2u', 'Eu'])
    >>> [rule.id for rule in rules.flips().driven_by("infrared").seen_by("raman")][0]
    'Eu(+) Eu(+) -> Eg(-)'

    Raises
    ------
    LabelError
        No group has that name, or a wavevector is asked of a class.
    LimitError
        Another order, or more than 10⁵ channels.
    """
    from symchiral.reading.group_names import find_group
    from symchiral.rules.atlas import make_atlas

    named = find_group(group)
    return make_atlas(named.group, whole_class=named.whole_class, order=order, q=q, axis=axis)


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
    phonons : Phonons or None
        Its forces, where the source has any.
    third : ThirdOrderFile or None
        The file with its third-order force constants, where the source is one; they are made when
        they are asked for.
    background : Background or None
        Static fields it stands in.
    free : Study or None
        The same material in no field, where it stands in one.

    Examples
    --------
    >>> import symchiral as sc
    >>> study = sc.read("Bi2Se3")
    >>> study.axis
    Axis(3 rotation, along (0.000, 0.000, 1.000))
    >>> study.rules(order=3)["Eu(+) Eu(+) -> Eg(-)"].pam_sense
    'flipped'
    """

    crystal: SymmetricCrystal
    axis: Axis | None
    phonons: Phonons | None = None
    third: ThirdOrderFile | None = None
    background: Background | None = field(default=None, kw_only=True)
    free: Study | None = field(default=None, kw_only=True)

    # --- structure alone -------------------------------------------------------------------------

    @property
    def formula(self) -> str:
        """Reduced formula, elements in the order of the input.

        Examples
        --------
        >>> import symchiral as sc
        >>> study = sc.read("Bi2Se3")
        >>> study.formula, study.space_group, study.symbol, study.natoms
        ('Bi2Se3', 166, 'R-3m', 5)
        """
        return self.crystal.primitive.formula

    @property
    def space_group(self) -> int:
        """Number of the space group, of a magnetic crystal that of its family group."""
        return self.crystal.group.number

    @property
    def symbol(self) -> str:
        """Short Hermann–Mauguin symbol of the space group."""
        return self.crystal.group.symbol

    @property
    def natoms(self) -> int:
        """Number of atoms in the primitive cell."""
        return len(self.crystal.primitive)

    @property
    def magnetic_group(self) -> str | None:
        """BNS number of the magnetic space group; None without order or field, or if unknown.

        Examples
        --------
        >>> import symchiral as sc
        >>> sc.read("Cr2O3_AFM").magnetic_group
        '167.106'
        """
        return None if self.crystal.magnetic is None else self.crystal.magnetic.bns

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
        from symchiral.reading.foreign import to_ase

        return to_ase(self.crystal.input)

    def in_field(
        self,
        *,
        B: Sequence[float] | None = None,
        E: Sequence[float] | None = None,
        strain: Sequence[float] | None = None,
        axis: str | None = None,
    ) -> Study:
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
        from symchiral.fields.background import Background

        return self.in_background(Background.of(B=B, E=E, strain=strain), axis=axis)

    def in_background(self, background: Background, *, axis: str | None = None) -> Study:
        """Return the material in static fields, as :meth:`in_field`."""
        from symchiral.answers.crystal import axis_of
        from symchiral.crystal.search import Notice
        from symchiral.errors import AxisError
        from symchiral.fields.background import crystal_in
        from symchiral.irreps.axis import find_axis, symmetry_axes
        from symchiral.rules.changes import axis_lost
        from symchiral.text.changes import lost_axis_text

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
                "the forces are those without a field: they are left out, and symmetry alone is "
                "judged"
            )
            notices.append(Notice("field-forces", text))
        crystal = replace(crystal, warnings=(*crystal.warnings, *notices))
        return replace(
            self,
            crystal=crystal,
            axis=found,
            phonons=None,
            third=None,
            background=fields,
            free=free,
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
        from symchiral.errors import InputError
        from symchiral.rules.changes import find_changes

        if self.free is None:
            raise InputError(
                "there are no changes by a field",
                why="no static field is applied",
                fix="use in_field",
            )
        return find_changes(self.free.crystal, self.crystal, self.free.species(), self.free.axis)

    def point(self, q: str) -> QPoint:
        """Return a wavevector by name (``K``, ``LD(u)``) or coordinates (``0,0,1/4``).

        Coordinates refer to the reciprocal basis of the primitive cell that ``show`` prints.
        """
        from symchiral.irreps.kpoints import find_point

        return find_point(self.crystal.group, q)

    def points(self, q: str = "all") -> tuple[QPoint, ...]:
        """Return wavevectors: those named, or ``all`` special points and lines."""
        from symchiral.irreps.kpoints import named_points, split_points

        if q != "all":
            return tuple(dict.fromkeys(self.point(x) for x in split_points(q)))
        return tuple(p.q for p in named_points(self.crystal.group) if p.kdim < 2)

    @cached_property
    def _centre(self) -> tuple[Species, ...]:
        from symchiral.modes.species import find_species

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
            ``q`` is not a wavevector.
        """
        from symchiral.crystal.qpoint import GAMMA
        from symchiral.irreps.axis import axis_at
        from symchiral.modes.species import find_species

        if q == "GM":
            return self._centre
        point = self.point(q)
        if point.reduced == GAMMA:
            return self._centre
        return find_species(self.crystal, axis_at(self.crystal, self.axis, [point]), point)

    def operators(self, q: str = "GM") -> Operators:
        """Return the matrices T(g) and the projectors on the species at a wavevector."""
        from symchiral.irreps.axis import axis_at
        from symchiral.modes.operators import find_operators

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
        from symchiral.rules.rulebook import make_rulebook, read_vertex

        points = read_vertex(self.crystal, q, order)
        return make_rulebook(self.crystal, self.axis, points, acoustic=acoustic)

    def vertices(self, *, order: int = 3, acoustic: bool = False) -> tuple[RuleBook, ...]:
        """Return a rulebook for every vertex of special points, up to symmetry."""
        from symchiral.rules.rulebook import make_rulebook
        from symchiral.rules.vertices import special_vertices

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
        from symchiral.irreps.axis import axis_at
        from symchiral.modes.species import find_species
        from symchiral.rules.channel import read_channel
        from symchiral.rules.grammar import light_about, parse_transfer, point_of, resolve_transfer
        from symchiral.rules.rule import Rule

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
            how the atoms rotate; ``parts``, also spin and orbital part of l, and parities.
        changes : bool
            Say what a static field changes, where the material stands in one.

        Examples
        --------
        >>> import symchiral as sc
        >>> answer = sc.read("Bi2Se3").show()
        >>> answer.axes[0], [s.label for s in answer.species]
        ('3 along [0 0 1]', ['A1g', 'Eg', 'A2u', 'Eu'])
        """
        from symchiral.answers.changes import changes as answer_changes
        from symchiral.answers.show import show

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
        from symchiral.text.show import show_text

        return show_text(self.show(detail="rotation", changes=False))

    def _repr_html_(self) -> str:
        from symchiral.text.show import show_tables

        answer = self.show(detail="rotation", changes=False)
        return "".join(table.html() for table in show_tables(answer))

    # --- with forces -----------------------------------------------------------------------------

    def with_calculator(
        self,
        calculator: object,
        *,
        relax: What = "atoms",
        supercell: npt.ArrayLike | None = None,
        length: float = LENGTH,
        zone_centre: bool = False,
        displacement: float = DISPLACEMENT,
        cache: str | os.PathLike[str] | None = None,
        resume: bool = False,
        symmetrize: bool = False,
        rotational_sum_rule: bool = False,
        progress: Progress | None = None,
    ) -> Study:
        """Return the study with frequencies: forces from an ASE calculator.

        The crystal is relaxed inside its symmetry first. Every answer of the calculator is kept,
        so that an interrupted call, repeated, goes on where it was.

        Parameters
        ----------
        calculator : ASE calculator or str
            An object, ``"sevenn"`` (extra ``[ml]``) or ``"module:factory"``.
        relax : {"atoms", "cell", "none"}
            What is relaxed: atoms at fixed cell, the cell too, or nothing.
        supercell : (3,) or (3, 3) int, optional
            Supercell of the input cell; by default every atom is ``length`` from its images.
        length : float
            Å.
        zone_centre : bool
            Displace atoms in the primitive cell: fast, and right at the zone centre alone.
        displacement : float
            Å.
        cache : path, optional
            Folder of kept answers; default in the user's cache directory.
        resume : bool
            Trust all kept answers; otherwise one of them is compared with the calculator.
        symmetrize : bool
            Accept forces that break the symmetry, averaged over the group.
        rotational_sum_rule : bool
            Impose it on the force constants, as :func:`symchiral.read` does.
        progress : callable, optional
            Called with a ``symchiral.forces.compute.Step`` now and then.

        Raises
        ------
        CalculatorError
            The calculator is missing, fails, is not deterministic, or breaks the symmetry.
        InputError, LimitError
            An option makes no sense, or the supercell is too large.

        Examples
        --------
        >>> from ase.calculators.emt import EMT
        >>> from ase.build import bulk
        >>> import symchiral as sc
        >>> study = sc.read(bulk("Cu")).with_calculator(EMT(), supercell=(2, 2, 2))
        >>> study.modes("X").multiplets
        (Multiplet(X5-#1, 5.3... THz), Multiplet(X3-#1, 7.8... THz))
        """
        from symchiral.errors import InputError
        from symchiral.forces.compute import compute_phonons

        if self.background is not None:
            raise InputError(
                f"no forces are computed for {self.crystal.primitive.formula} in a static field",
                why="calculators of forces include no static field",
                fix="leave the field out, or the calculator",
            )
        phonons = compute_phonons(
            self.crystal,
            calculator,
            relaxing=relax,
            supercell=supercell,
            length=length,
            zone_centre=zone_centre,
            displacement=displacement,
            cache=None if cache is None else Path(cache),
            resume=resume,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
            progress=progress,
        )
        return replace(
            self, crystal=phonons.crystal, axis=self._axis_in(phonons.crystal), phonons=phonons
        )

    def _axis_in(self, crystal: SymmetricCrystal) -> Axis | None:
        """The axis of this study in a crystal whose cell or atoms are a little different."""
        from symchiral.irreps.axis import find_axis

        if self.axis is None:
            return find_axis(crystal)
        frame = self.crystal.frame
        along = frame.direction(self.axis.direction, to="input", source="cartesian")
        point = frame.point([float(x) for x in self.axis.point], to="input", source="primitive")
        texts = (",".join(f"{x:.9f}" for x in vector) for vector in (along, point))
        return find_axis(crystal, "@".join(texts))

    @property
    def provenance(self) -> Provenance:
        """How the forces were computed.

        Raises
        ------
        InputError
            The source has structure only, or forces that symchiral did not have computed.
        """
        from symchiral.errors import InputError

        if self._forces.provenance is None:
            raise InputError(
                "nothing is known about where the forces come from",
                why="symchiral did not have them computed",
                fix="compute them with a calculator",
            )
        return self._forces.provenance

    def save_phonons(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the forces as a phonopy yaml file, whole or not at all.

        Parameters
        ----------
        overwrite : bool
            Replace a file that symchiral did not write.

        Raises
        ------
        InputError
            The source has structure only, or eigenvectors without forces; or the file cannot be
            written, or another lies there.
        """
        from symchiral.write.phonopy_yaml import write_phonons

        write_phonons(self._forces, path, overwrite=overwrite)

    @property
    def _forces(self) -> Phonons:
        from symchiral.errors import InputError
        from symchiral.reading.shipped import force_data_names

        if self.phonons is None:
            path = self.crystal.input.source.path or ""
            name = Path(path).name.removesuffix(".cif")
            shipped = f"; {name}/phonopy.yaml is packaged" if name in force_data_names() else ""
            raise InputError(
                f"no frequencies for {self.crystal.input.source.path or 'this structure'}",
                why="it is a structure without forces",
                fix=f"give force constants: a phonopy.yaml or the folder of FORCE_SETS{shipped}; "
                "or compute them: symchiral phonons FILE --calculator sevenn -o phonopy.yaml",
            )
        return self.phonons

    def modes(self, q: str = "GM", *, direction: npt.ArrayLike | str | None = None) -> Modes:
        """Return the modes at a wavevector: frequencies, eigenvectors, angular momenta.

        Parameters
        ----------
        q : str
            A wavevector by name or coordinates, without free parameters.
        direction : (3,) float or "x,y,z", optional
            Cartesian direction from which the zone centre is approached; with Born charges this
            adds the field of longitudinal modes.

        Raises
        ------
        InputError
            The source has structure only; ``q`` or ``direction`` cannot be used.
        SymmetryError
            The forces break the symmetry of the atoms.
        """
        return self._forces.modes(self.axis, self.point(q), _direction(direction))

    def all_modes(
        self, q: str, *, direction: npt.ArrayLike | str | None = None
    ) -> tuple[Modes, ...]:
        """Return the modes at several wavevectors, written with spaces between them.

        ``direction`` concerns the zone centre alone. As one table:
        ``[row for modes in study.all_modes("GM K") for row in modes.to_records()]``.
        """
        from symchiral.crystal.qpoint import GAMMA
        from symchiral.irreps.kpoints import split_points

        points = [self.point(x) for x in split_points(q)]
        unit = _direction(direction)
        return tuple(
            self._forces.modes(self.axis, point, unit if point.reduced == GAMMA else None)
            for point in points
        )

    def bands(
        self,
        path: str | None = None,
        *,
        points: int | Sequence[int] = 200,
        about: About = "axis",
        sites: Sequence[str] = (),
        eigenvectors: bool = False,
    ) -> Bands:
        """Follow all modes along a path: frequencies, angular momenta, PAM on invariant lines.

        Parameters
        ----------
        path : str, optional
            ``"GM K M GM"``, interrupted by ``|``; default the standard path of Hinuma et al.
        points : int or sequence of int
            Wavevectors on the whole path, or on every piece of it.
        about : {"axis", "path"}
            ``axis``: angular momentum about the axis of the crystal; ``path``: on every piece about
            its own direction.
        sites : sequence of str
            Names of sites (``"Se1"``) or elements: the angular momentum is that of their atoms
            alone; default of all.
        eigenvectors : bool
            Keep the eigenvectors.

        Raises
        ------
        InputError
            The source has structure only; the path cannot be read.
        LabelError
            There is no such site.
        SymmetryError
            The forces break the symmetry of the atoms.
        """
        from symchiral.forces.bands import make_bands

        return make_bands(
            self._forces,
            self.axis,
            path=path,
            points=points,
            about=about,
            sites=sites,
            eigenvectors=eigenvectors,
        )

    def animate(
        self,
        mode: str | int,
        *,
        q: str | None = None,
        frames: int = 24,
        amplitude: float = 0.3,
        cells: tuple[int, int, int] | None = None,
        duration: float | None = None,
    ) -> Animation:
        """Set the atoms of a supercell moving in a mode, or a sum of modes.

        Parameters
        ----------
        mode : str or int
            Its name, ``"Eu#1(+)"`` or ``"K3#2(+)@K"``, or its place from the lowest frequency,
            from 1. ``"Eu#1(x)"`` and ``"Eu#1(y)"`` are the linear partners of a circular pair, and
            ``"Eu#1(+) + 0.5 i Eu#1(-)"`` or ``"Eu#1(+) + 0.2 Eg#2(-)"`` is a sum of modes of one
            wavevector: blanks stand around its signs; before a mode a number, ``i``, a phase
            ``30deg``, or several of them. They are factors of mode coordinates, :math:`Q` in
            √amu Å, at time zero.
        q : str, optional
            Its wavevector; default that of the name, the zone centre if it has none.
        frames : int
            Pictures in a period, of several frequencies in that of the fastest.
        amplitude : float
            Largest displacement of any atom, Å.
        cells : tuple of int, optional
            Primitive cells along each lattice vector; default the fewest that repeat with q.
        duration : float, optional
            Time shown of modes of several frequencies, ps; default up to ten periods of the
            slowest, as many as bring the others nearest to where they began.

        Raises
        ------
        LabelError
            There is no such mode.
        WavevectorError
            The supercell does not repeat with the wavevector.
        """
        from symchiral.errors import LabelError
        from symchiral.modes.animation import animate
        from symchiral.modes.superposition import LINEAR, parse_sum, superpose

        others: Sequence[Mode] = ()
        terms = parse_sum(mode) if isinstance(mode, str) else ()
        modes = self.modes(q or (terms[0].name.place if terms else "") or "GM")
        if isinstance(mode, str):
            alone = len(terms) == 1 and terms[0].factor == 1
            if alone and terms[0].name.component not in LINEAR:
                chosen = modes.find(mode)
            else:
                x = None
                if modes.axis is not None:
                    from symchiral.fields.beam import find_beam

                    x = find_beam(modes.crystal, modes.axis).frame[0]
                chosen, *others = superpose(modes, terms, x=x, text=mode)
        elif 1 <= mode <= len(modes):
            chosen = list(modes)[mode - 1]
        else:
            raise LabelError(
                f"no band {mode}",
                why=f"there are {counted(len(modes), 'mode')}",
                fix=f"give a number from 1, the lowest, to {len(modes)}",
            )
        return animate(
            modes,
            chosen,
            others=others,
            name=" ".join(mode.split()) if others and isinstance(mode, str) else None,
            frames=frames,
            amplitude=amplitude,
            cells=cells,
            duration=duration,
        )

    # --- transfers between actual modes ----------------------------------------------------------

    def transfers(
        self,
        *,
        order: int = 3,
        q: str | Sequence[str] | None = None,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] = LINEWIDTH,
    ) -> tuple[Transfer, ...]:
        """Return the allowed transfers between actual modes, ranked by resonance.

        Parameters
        ----------
        order, q
            As for :meth:`rules`.
        pump : str or Pump, optional
            Light that drives every incoming quantum: ``"1.5-2.5THz"``, ``"σ+"``, or both.
        probe : str, optional
            ``infrared``, ``raman`` or ``hyper-raman``: what sees the outgoing quantum.
        max_detuning : float, optional
            THz.
        linewidth : float or mapping
            Total linewidth, THz, or one per mode by name.

        Raises
        ------
        InputError
            The source has structure only.
        """
        book = self.rules(order=order, q=q)
        return self.resonances(
            book, pump=pump, probe=probe, max_detuning=max_detuning, linewidth=linewidth
        )

    def resonances(
        self,
        book: RuleBook,
        *,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] = LINEWIDTH,
    ) -> tuple[Transfer, ...]:
        """Return the transfers of a rulebook between actual modes, as :meth:`transfers`."""
        from symchiral.fields.pump import Pump
        from symchiral.irreps.stars import place_name
        from symchiral.rules.resonance import resonances

        points = [*book.points[:-1], (-book.points[-1]).reduced]
        modes = {
            place_name(self.crystal.group, point): self._forces.modes(book.axis, point)
            for point in dict.fromkeys(points)
        }
        return resonances(
            book.rules,
            modes,
            pump=Pump.of(pump),
            probe=probe,
            max_detuning=max_detuning,
            linewidth=linewidth,
        )

    def reached(
        self,
        book: RuleBook,
        *,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] | None = None,
    ) -> RuleBook:
        """Return the rules of a book whose incoming legs a pump drives and whose outgoing a probe.

        That is a matter of species: it needs no forces.

        Parameters
        ----------
        pump : str or Pump, optional
            Its polarisation, ``"σ+"``.
        probe : str, optional
            ``infrared``, ``raman`` or ``hyper-raman``.
        max_detuning, linewidth
            Refused, like a band of the pump: they are of frequencies.

        Examples
        --------
        >>> import symchiral as sc
        >>> study = sc.read("Bi2Se3")
        >>> [rule.id for rule in study.reached(study.rules(), pump="σ+", probe="raman")]
        ['Eu(+) Eu(+) -> Eg(-)', 'Eu(+) Eu:b(+) -> Eg(-)']

        Raises
        ------
        InputError
            Frequencies matter, and the source has structure only.
        AxisError
            The pump is polarised and there is no axis.
        """
        from symchiral.fields.pump import Pump

        light = Pump.of(pump)
        if (light and light.banded) or max_detuning is not None or linewidth is not None:
            _ = self._forces  # says what to supply
        return book.reached_by(light, probe)

    def transfer(self, transfer: str, *, linewidth: float = LINEWIDTH) -> Transfer:
        """Judge one transfer between actual modes, ``"Eu#1(+) Eu#1(+) -> Eg#2(-)"``.

        Raises
        ------
        InputError
            The source has structure only.
        GrammarError
            A leg has no number.
        """
        from symchiral.errors import GrammarError
        from symchiral.rules.resonance import Transfer

        rule = self.explain(transfer)
        legs = rule.channel.coupling.legs
        modes = {leg.participant.places[leg.arm]: leg.participant.arms[leg.arm] for leg in legs}
        here = {place: self._forces.modes(rule.axis, q) for place, q in modes.items()}
        chosen = []
        for leg in legs:
            if leg.mode is None:
                raise GrammarError(
                    f"no mode is named by {leg.label}",
                    why="only numbered modes have a frequency",
                    fix="write number and component, as in Eu#1(+)",
                )
            chosen.append(
                here[leg.participant.places[leg.arm]][leg.species.split("@")[0], leg.mode]
            )
        return Transfer(rule, tuple(chosen), linewidth)

    def predict(
        self,
        *,
        order: int = 3,
        q: str | Sequence[str] | None = None,
        everything: bool = False,
        acoustic: bool = False,
        channels: bool = True,
        unit: FrequencyUnit = "THz",
        **resonance: Any,
    ) -> Predict:
        """Return the transfers of one vertex: the answer that ``predict --json`` prints.

        With forces it also has the transfers between actual modes, in ``unit``; ``resonance`` are
        the options of :meth:`transfers`. Without forces a polarisation of the pump and a probe
        select transfers between species.

        Parameters
        ----------
        order, q, acoustic
            As for :meth:`rules`.
        everything : bool
            List the forbidden channels too, each with its witness.
        channels : bool
            List the channels, each with its invariant; without them the answer has the rows of the
            table only, and is made faster.
        """
        from symchiral.answers.predict import predict

        book = self.rules(order=order, q=q, acoustic=acoustic)
        reached = transfers = None
        if self.phonons is not None:
            transfers = self.resonances(book, **resonance)
        elif resonance:
            reached = self.reached(book, **resonance)
        return predict(
            self.crystal,
            book,
            rules=() if not channels else book.everything if everything else book.listed,
            # Where symmetry allows nothing, the table says so, whatever the light.
            shown=reached if book.rules else None,
            transfers=transfers if reached is None else reached.rules,
            unit=unit,
            background=self.background,
        )

    # --- light -----------------------------------------------------------------------------------

    def beam(
        self,
        *,
        direction: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
        orient: str | None = None,
    ) -> Light:
        """Put the crystal in a beam of light.

        Parameters
        ----------
        direction, horizontal, geometry, orient
            As for :meth:`light`.

        Examples
        --------
        >>> import symchiral as sc
        >>> light = sc.read("Bi2Se3").beam()
        >>> [(t.label, light.scattered(t)) for t in light.targets[:3]]
        [('A1g', (('+', '+'), ('-', '-'))), ('Eg(+)', (('-', '+'),)), ('Eg(-)', (('+', '-'),))]

        Raises
        ------
        GrammarError
            A direction is unreadable or of zero length, the geometry unknown, or the orientation
            contradicts itself.
        """
        from symchiral.fields.beam import find_beam
        from symchiral.fields.orientation import find_orientation
        from symchiral.modes.species import find_species
        from symchiral.rules.light import Light

        beam = find_beam(
            self.crystal,
            self.axis,
            direction=direction,
            horizontal=horizontal,
            geometry=geometry,
            orientation=None if orient is None else find_orientation(self.crystal, orient),
        )
        same = beam.axis is self.axis
        return Light(
            self.crystal, beam, self._centre if same else find_species(self.crystal, beam.axis)
        )

    def raman_tensors(
        self, polarizability: Polarizability, *, step: float = RAMAN_STEP
    ) -> AtomicRaman:
        r"""Differentiate a polarisability by the displacements of the atoms.

        It is asked for along one partner of every Raman-active symmetry-adapted displacement: a few
        cells, ``symchiral.forces.polarizability.finite_raman`` says which. No forces are
        needed; ``symchiral.reading.raman.save_raman`` writes what is found.

        Parameters
        ----------
        polarizability : callable
            From an ``ase.Atoms`` of the primitive cell to its electronic polarisability
            :math:`V(ε_\infty - 1)/4π`, (3, 3), Å³, in the same Cartesian axes.
        step : float
            Largest displacement of an atom, Å.

        Examples
        --------
        Bonds that polarise along their line:

        >>> import numpy as np
        >>> import symchiral as sc
        >>> from ase.neighborlist import neighbor_list
        >>> def alpha(atoms):
        ...     length, bond = neighbor_list("dD", atoms, 3.0)
        ...     return np.einsum("n,ni,nj->ij", np.exp(-length), bond, bond)
        >>> raman = sc.read("GaAs").raman_tensors(alpha)
        >>> raman, raman.outside < 1e-9
        (AtomicRaman(GaAs, 2 atoms), True)

        Raises
        ------
        CalculatorError
            The function returns no finite (3, 3) matrix.
        SymmetryError
            Its answers have not the symmetry of the crystal.
        """
        from symchiral.forces.polarizability import finite_raman

        return finite_raman(self.crystal, self._centre, polarizability, step=step)

    def raman_lines(self, source: AtomicRaman | str | os.PathLike[str]) -> RamanLines:
        """Return the Raman tensors of the modes, as far as symmetry allows them.

        Parameters
        ----------
        source : AtomicRaman or path
            Derivatives by the atoms, which need forces; or a JSON file of them, or of the tensors
            of modes (see the page on light of the documentation).

        Raises
        ------
        ReadError
            The file is not as documented.
        InputError
            Derivatives by atoms are given, and the source has structure only.
        LabelError
            A mode is unknown, or has no Raman tensor.
        StructureError
            The file belongs to other atoms.
        SymmetryError
            The tensors are far from any that the symmetry allows.
        """
        from symchiral.crystal.qpoint import GAMMA
        from symchiral.reading.raman import atomic_lines, atomic_raman, mode_lines, read_raman_table
        from symchiral.rules.atomic_raman import AtomicRaman

        if isinstance(source, AtomicRaman):
            return atomic_lines(source, self._forces.modes(self.axis, GAMMA), None)
        table = read_raman_table(os.fspath(source))
        if table.atoms is not None:
            modes = self._forces.modes(self.axis, GAMMA)
            return atomic_lines(atomic_raman(table, self.crystal), modes, table.source.path)
        known = None if self.phonons is None else self._forces.modes(self.axis, GAMMA)
        return mode_lines(self.crystal, self._centre, table, known)

    def modes_in(self, light: Light) -> Modes | None:
        """Return the zone-centre modes resolved on the axis along the beam; None without forces."""
        from symchiral.crystal.qpoint import GAMMA

        return None if self.phonons is None else self._forces.modes(light.axis, GAMMA)

    def domains(self) -> Domains:
        """Return the twins of the crystal by the symmetry of its lattice.

        Raises
        ------
        InputError
            The crystal is magnetic or in a static field: twins of reversed moments would be
            missing, or a field singles one out.
        """
        from symchiral.errors import InputError
        from symchiral.rules.domains import find_domains

        if self.crystal.magnetic is not None or self.background is not None:
            raise InputError(
                f"twins of {self.crystal.primitive.formula} are not averaged",
                why="the crystal is magnetic, or in a static field that tells them apart",
                fix="leave out --domains, or give the structure without moments and fields",
            )
        return find_domains(self.crystal)

    def light(
        self,
        *,
        beam: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
        orient: str | None = None,
        domains: bool = False,
        raman: AtomicRaman | str | os.PathLike[str] | None = None,
        unit: FrequencyUnit = "THz",
    ) -> LightAnswer:
        """Return what light absorbs, scatters and drives: the answer that ``light --json`` prints.

        Parameters
        ----------
        beam : str, optional
            ``"u,v,w"``: the lattice direction of the input cell in which light travels; default
            along the axis, else along c.
        horizontal : str, optional
            ``"u,v,w"``: the lattice direction of polarisation angle 0.
        geometry : str
            ``backscattering``, ``forward``, or ``right-angle`` (scattered along the horizontal).
        orient : str, optional
            ``"c along z, a along x"``: how the sample stands in the laboratory, as for
            ``symchiral.fields.orientation.find_orientation``. ``beam`` and ``horizontal`` are
            then components along lab x, y, z, and angles and spins are those of the lab.
        domains : bool
            Judge what survives the average over twins.
        raman : AtomicRaman or path, optional
            Raman tensors as numbers, as for :meth:`raman_lines`: adds intensities.
        unit : str
            Of frequencies: THz, cm-1 or meV.

        Examples
        --------
        >>> import symchiral as sc
        >>> answer = sc.read("Bi2Se3").light()
        >>> [(made.species, made.component, made.raman) for made in answer.created[:3]]
        [('A1g', '', ('++', '--')), ('Eg', '+', ('-+',)), ('Eg', '-', ('+-',))]
        """
        from symchiral.answers.light import light

        found = self.beam(direction=beam, horizontal=horizontal, geometry=geometry, orient=orient)
        return light(
            found,
            self.domains() if domains else None,
            background=self.background,
            modes=self.modes_in(found),
            raman=None if raman is None else self.raman_lines(raman),
            unit=unit,
        )

    # --- couplings and motion --------------------------------------------------------------------

    def couplings(
        self, source: str | None = None, *, frequencies: Mapping[str, float] | None = None
    ) -> Couplings:
        """Return the anharmonic couplings of zone-centre modes, as they were found.

        Parameters
        ----------
        source : str, optional
            A file of coupling coefficients; default the third-order force constants of the study,
            else the ``couplings.json`` beside the force data.
        frequencies : mapping, optional
            Frequencies of modes by name, THz, in the place of those of the forces.

        Raises
        ------
        ReadError
            There are none, or they cannot be read.
        StructureError
            They belong to other modes.
        """
        from symchiral.errors import ReadError

        found = self.known_couplings(source, frequencies=frequencies)
        if found is None:
            raise ReadError(
                f"no couplings for {self.crystal.input.source.path or 'this crystal'}",
                why="no couplings.json lies beside the force data",
                fix="give a file of them, or third-order force constants of phono3py as the "
                "source, or compute them: symchiral couple FILE --calculator sevenn",
            )
        return found

    def known_couplings(
        self, source: str | None = None, *, frequencies: Mapping[str, float] | None = None
    ) -> Couplings | None:
        """Return :meth:`couplings`, or None where there are none."""
        from symchiral.anharmonic.couplings import make_couplings
        from symchiral.modes.coordinates import normal_coordinates
        from symchiral.reading.couplings import couplings_beside, read_coupling_table

        coordinates = normal_coordinates(self._forces.modes(self.axis))
        coordinates = coordinates.with_frequencies(frequencies or {})
        if source is None and self.third is not None:
            return self.third_order.couplings(coordinates)
        path = source or couplings_beside(self.crystal.input.source.path)
        if path is None:
            return None
        return make_couplings(read_coupling_table(path), coordinates)

    def finite_couplings(
        self,
        calculator: Any,
        order: int = 3,
        *,
        modes: Sequence[str] | None = None,
        everything: bool = False,
        step: float = COUPLING_STEP,
        progress: Callable[[float], None] | None = None,
    ) -> Couplings:
        """Determine the couplings of zone-centre modes by finite differences.

        Where the study has no forces the modes are those of the calculator, its atoms relaxed.

        Parameters
        ----------
        calculator : ASE calculator or str
            What computes forces: an object, ``"sevenn"`` or ``"module:factory"``.
        order : int
            3; or 4, the cubic couplings of all modes and the quartic ones of ``modes``.
        modes : sequence of str, optional
            Those whose couplings of that order with one another are wanted, ``Eu#1``; default all.
        everything : bool
            Also determine what symmetry forbids, from many more displacements.
        step : float
            Å; the largest displacement of an atom, three times as much for the fourth order.
        progress : callable, optional
            Is told the share of an order that is done.

        Raises
        ------
        CalculatorError
            The calculator is missing or fails.
        InputError, LabelError, LimitError
            As for ``symchiral.anharmonic.finite.finite_couplings``.
        """
        from symchiral.anharmonic.finite import finite_couplings
        from symchiral.forces.calculator import load_calculator
        from symchiral.forces.compute import default_cache
        from symchiral.forces.displaced import displaced_forces
        from symchiral.forces.forcecache import CachedCalculator, ForceCache
        from symchiral.modes.coordinates import normal_coordinates

        known = load_calculator(calculator)
        study = self if self.phonons is not None else self.with_calculator(known, zone_centre=True)
        asked = CachedCalculator(known, ForceCache(default_cache()))
        forces = displaced_forces(asked, study.crystal)
        coordinates = normal_coordinates(study.modes())
        found = [
            finite_couplings(
                forces,
                coordinates,
                m,
                modes=modes if m == order else None,
                everything=everything,
                step=step,
                progress=progress,
            )
            for m in ((3, 4) if order == 4 else (order,))
        ]
        path = self.crystal.input.source.path
        modes_of = path if study is self else "of the calculator, atoms relaxed"
        return replace(
            found[0],
            potentials=tuple(p for c in found for p in c.potentials),
            errors=tuple(p for c in found for p in c.errors),
            provenance={
                "method": "; ".join(c.provenance["method"] for c in found),
                "calculator": known.identity.title,
                **({"modes": modes_of} if modes_of else {}),
            },
        )

    def model(
        self,
        *,
        couplings: Couplings | str | None = None,
        frequencies: Mapping[str, float] | None = None,
        damping: float | Mapping[str, float] | Damping | str = DAMPING,
        raw: bool = False,
        temperature: float | None = None,
    ) -> NormalModeModel:
        """Return the equations of motion of the modes of the zone centre.

        Parameters
        ----------
        couplings : Couplings or str, optional
            As for :meth:`couplings`; where there are none, modes do not know of each other.
        frequencies : mapping, optional
            Frequencies of modes by name, THz, in the place of those of the forces.
        damping : float, mapping, Damping or str
            Linewidth γ/2π, THz, one for all or one per mode by name; or in words, ``"0.05THz, Eu#1
            0.08THz at 300K klemens"``, which also says how they depend on temperature.
        raw : bool
            Take the couplings as they were found; default averaged over the group, as forces are.
        temperature : float, optional
            K: answers compare the motion with the thermal one.
        """
        from symchiral.anharmonic.couplings import Couplings
        from symchiral.dynamics.model import make_model
        from symchiral.dynamics.thermal import Damping
        from symchiral.modes.coordinates import normal_coordinates

        widths = Damping.parse(damping) if isinstance(damping, str) else damping
        if isinstance(couplings, Couplings):
            coordinates = couplings.coordinates.with_frequencies(frequencies or {})
            found: Couplings | None = replace(couplings, coordinates=coordinates)
        else:
            found = self.known_couplings(couplings, frequencies=frequencies)
        dielectric = None if self.phonons is None else self.phonons.dielectric
        if found is None:
            coordinates = normal_coordinates(self.modes()).with_frequencies(frequencies or {})
            kept = None
        else:
            kept = found if raw else found.symmetrized()
            coordinates = kept.coordinates
        return make_model(
            coordinates, kept, damping=widths, dielectric=dielectric, temperature=temperature
        )

    def simulate(
        self,
        pulse: Pulses | None = None,
        *,
        start: Start | str | None = None,
        duration: float = 20.0,
        film: Film | str | None = None,
        **model: Any,
    ) -> Run:
        """Return how the modes of the zone centre move when light drives them, or by themselves.

        Parameters
        ----------
        pulse : Pulse, SampledPulse, str, or a sequence of these, optional
            The light, ``"2.0THz σ+ 1ps 1MV/cm"``, centred at t = 0 unless it has a ``delay=3ps``;
            the field in the crystal, or with ``incident`` or a fluence that in vacuum, of which
            Fresnel's formula says what enters.
        start : Start or str, optional
            In its place a mode set in motion at t = 0, ``"E1u#1(+) 0.05Å"``.
        duration : float
            Last time, ps.
        film : Film or str, optional
            The sample on which an incident pulse falls, ``"25nm on 3.07"`` with the refractive
            index of the substrate; default a thick crystal, of which the field below the face
            counts.
        model
            The options of :meth:`model`.

        Raises
        ------
        InputError
            The source has structure only; the pulse or the start cannot be read; there are both, or
            neither.
        """
        from symchiral.dynamics.integrate import simulate
        from symchiral.dynamics.pulse import read_light
        from symchiral.dynamics.start import Start
        from symchiral.dynamics.surface import Film
        from symchiral.errors import InputError

        if (pulse is None) == (start is None):
            raise InputError(
                "cannot simulate without exactly one of pulse and start",
                why="either light drives the modes, or one mode starts displaced",
                fix="give a pulse or a start",
            )
        found = self.model(**model)
        first = Start.parse(start) if isinstance(start, str) else start
        state = None if first is None else first.state(found.coordinates)
        drive = None if pulse is None else read_light(pulse)
        sample = Film.parse(film) if isinstance(film, str) else film
        return simulate(found, drive, duration=duration, start=state, film=sample)

    def delay_map(
        self,
        mode: str,
        first: Pulse | str,
        second: Pulse | str,
        delays: npt.ArrayLike,
        *,
        duration: float = 20.0,
        film: Film | str | None = None,
        **model: Any,
    ) -> DelayMap:
        """Return what two pulses make of a mode together that neither makes alone.

        By the delay of the second pulse and the time after it, and as two-dimensional spectrum.

        Parameters
        ----------
        mode : str
            The multiplet that is detected, ``"Eg#2"``.
        first, second : Pulse or str
            The pulses in the order in which they come, as for :meth:`simulate`.
        delays : array of float
            ps, evenly spaced, from zero on: ``np.linspace(0, 6.3, 64)``.
        duration : float
            Last time after the second pulse, ps.
        film, model
            As for :meth:`simulate`.

        Raises
        ------
        LabelError
            There is no such mode.
        InputError
            The source has structure only; a pulse cannot be read; the delays are too few, negative
            or too far apart; or an atom moves too far.
        """
        from symchiral.dynamics.delaymap import map_delays
        from symchiral.dynamics.pulse import Pulse
        from symchiral.dynamics.surface import Film

        pulses = [Pulse.parse(p) if isinstance(p, str) else p for p in (first, second)]
        sample = Film.parse(film) if isinstance(film, str) else film
        values = np.asarray(delays, dtype=float)
        found = self.model(**model)
        return map_delays(found, pulses[0], pulses[1], values, mode, duration=duration, film=sample)

    @property
    def third_order(self) -> ThirdOrder:
        """Third-order force constants.

        Raises
        ------
        InputError
            The source has none.
        """
        from symchiral.anharmonic.third_order import ThirdOrder
        from symchiral.errors import InputError

        if self.third is None:
            raise InputError(
                f"no third-order force constants for {self.crystal.input.source.path}",
                why="it is not a file of phono3py",
                fix="give phono3py_params.yaml, or phono3py_disp.yaml with FORCES_FC3 or fc3.hdf5 "
                "and fc2.hdf5 beside it",
            )
        return ThirdOrder.of(self.crystal, self.third.supercell)

    def audit(
        self,
        q: str | None = None,
        *,
        mesh: tuple[int, int, int] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Audit:
        """Return how far third-order force constants obey the rules.

        Parameters
        ----------
        q : str, optional
            Wavevectors of one vertex, all incoming, with spaces between them; default every vertex
            of special points, up to symmetry.
        mesh : (3,) int, optional
            Instead, all vertices of a mesh: divisions of the primitive reciprocal vectors.
        progress : callable, optional
            Is told the share of a mesh that is done.

        Raises
        ------
        InputError
            The source has no third-order force constants; ``q`` is no vertex; the mesh does not
            have the symmetry of the crystal.
        """
        from symchiral.anharmonic.audit import audit, audit_mesh
        from symchiral.errors import InputError
        from symchiral.irreps.kpoints import split_points
        from symchiral.rules.vertices import special_vertices

        third = self.third_order
        if q is not None and mesh is not None:
            raise InputError(
                "a vertex and a mesh contradict each other",
                why="the first is one vertex, the second is all of its wavevectors",
                fix="give one of them",
            )
        if mesh is not None:
            return audit_mesh(third, self._forces, self.axis, mesh, progress=progress)
        if q is None:
            vertices = special_vertices(self.crystal.group)
        else:
            vertices = (tuple(self.point(x) for x in split_points(q)),)
        return audit(third, self._forces, self.axis, vertices)

    def forbidden_triples(self, q: str | npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which triples of modes symmetry forbids at three wavevectors, all incoming.

        A loop over triples of bands may leave them out: they are forbidden for every choice of
        partners of equal frequency, whatever basis an eigensolver took.

        Parameters
        ----------
        q : str or (3, 3) float
            Three wavevectors with spaces between them, or as rows, Cartesian, Å⁻¹, without 2π.

        Returns
        -------
        (3N, 3N, 3N) bool
            For the bands at each wavevector, from the lowest frequency.

        Raises
        ------
        InputError
            The source has structure only; there are not three wavevectors, or they sum to no
            reciprocal lattice vector.
        """
        from symchiral.anharmonic.vertexrules import forbidden_triples
        from symchiral.irreps.kpoints import split_points

        if isinstance(q, str):
            points = [self.point(x) for x in split_points(q)]
        else:
            frame = self.crystal.frame
            points = [
                _rational(frame.wavevector(x, to="primitive", source="cartesian"))
                for x in np.asarray(q, dtype=float)
            ]
        return forbidden_triples(self._forces, self.axis, points)

    # --- measurements ----------------------------------------------------------------------------

    def _places(
        self, frequencies: Mapping[str, float] | str | None, tolerance: float | None
    ) -> tuple[Place, ...]:
        from symchiral.reading.spectrum import read_frequencies
        from symchiral.traces.expected import find_places

        if isinstance(frequencies, str):
            frequencies = read_frequencies(frequencies)
        modes = None if self.phonons is None else self.modes()
        return find_places(self._centre, self.axis, modes, frequencies or {}, tolerance=tolerance)

    def _coefficients(self, couplings: Couplings | str | None) -> Coefficients | None:
        """Sizes of couplings, as far as there are any."""
        from symchiral.anharmonic.couplings import Couplings
        from symchiral.traces.gain import Coefficients

        if isinstance(couplings, Couplings):
            return Coefficients.of(couplings)
        if self.phonons is None and couplings is None:
            return None
        found = self.known_couplings(couplings)
        return None if found is None else Coefficients.of(found)

    def validate(
        self,
        data: Data,
        *,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        order: int = 3,
        sees: Sees | None = None,
        sigma: float = SIGMA,
        imperfection: tuple[float, float] = (0.1, 5.0),
        couplings: Couplings | str | None = None,
        parameters: Stated | None = None,
        **reading: Any,
    ) -> Judgement:
        """Judge measured traces: does each line rotate as the rules say?

        Parameters
        ----------
        data : path, sequence of paths, Measurement, Fit, or sequence of Line
            Tables of traces (several runs are fitted together), or a YAML file of fitted rows.
        frequencies : mapping or path, optional
            Measured frequencies by mode, ``{"Eu#1": 2.05}`` in THz, or a JSON file of them; they
            take the place of calculated ones.
        tolerance : float, optional
            Relative standard deviation of calculated frequencies; default 0.1.
        order : int
            Quanta in and out together, 3 or 4.
        sees : str, optional
            ``raman``, ``infrared`` or ``any``: the activity that the probe shows.
        sigma : float
            Standard deviations at which a sense counts as measured.
        imperfection : (float, float)
            Helicity, and direction in degrees, by which wave plates and detectors may be off: no
            trace tells more. Rows fitted elsewhere state their own errors.
        couplings : Couplings or path, optional
            Coupling coefficients, by which channels that explain a line are ranked; default those
            beside the force data.
        parameters : mapping or path, optional
            Lines of the traces of which something is known: where to start, what is fixed, bounds
            and ties, as in ``symchiral.traces.parameters``:
            ``{"lines": [{"frequency": 1.15, "frequency_unit": "THz", "fixed": "frequency"}]}``.
        **reading
            What the table does not say, as for
            ``symchiral.traces.reading.read_measurement``: ``time_unit``, ``probe``, …

        Examples
        --------
        >>> from symchiral.traces.line import lines_of
        >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
        >>> lines = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
        >>> import symchiral as sc
        >>> judged = sc.read("Bi2Se3").validate(lines, sees="raman")
        >>> judged.lines[0].verdict, judged.lines[0].channels[0]
        ('consistent', 'Eu(+) Eu(+) -> Eg(-)')
        """
        from symchiral.traces.validation import read_data, validate_crystal

        fold = None if self.axis is None else self.axis.order
        measured = read_data(data, fold=fold, **reading)
        places = self._places(frequencies, tolerance)
        return validate_crystal(
            self.crystal,
            self.axis,
            self._centre,
            places,
            measured,
            order=order,
            sees=sees,
            sigma=sigma,
            imperfection=imperfection,
            coefficients=self._coefficients(couplings),
            parameters=parameters,
        )

    def plan(
        self,
        *,
        pump: Pump | str | None = None,
        source: LightSource | str | None = None,
        film: Film | str | None = None,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        couplings: Couplings | str | None = None,
        damping: float | Mapping[str, float] | Damping = DAMPING,
        thickness: float | None = None,
        orient: str | None = None,
    ) -> Plan:
        """Propose the experiment that shows a flipped sense of rotation, and its controls.

        Where no transfer up to fourth order flips the sense, that of the transfers that keep it.

        Parameters
        ----------
        pump : str or Pump, optional
            The band that the source reaches, ``"1-3THz"``.
        source : str or LightSource, optional
            The source in the words of a pulse, ``"2.0THz 1ps 0.1mJ/cm2"``: channels are ranked by
            the motion that it leaves. Without a frequency it is tuned for every channel.
            Default 1 ps and 1 MV/cm: in vacuum, or in the crystal where it is not known what
            enters.
        film : Film or str, optional
            The sample on which a source in vacuum falls, as for :meth:`simulate`.
        frequencies, tolerance, couplings
            As for :meth:`validate`.
        damping : float or mapping
            Linewidth γ/2π, THz, one for all or one per mode by name.
        thickness : float, optional
            Of the sample, µm: when reflections come back.
        orient : str, optional
            How the sample stands in the laboratory, as for :meth:`light`.

        Examples
        --------
        >>> import symchiral as sc
        >>> plan = sc.read("Bi2Se3").plan()
        >>> [(e.id, e.sense) for e in plan.channels][:2]
        [('Eu(+) Eu(+) -> Eg(-)', -1), ('Eu(+) Eu:b(+) -> Eg(-)', -1)]
        """
        from symchiral.anharmonic.couplings import Couplings
        from symchiral.fields.pump import read_band
        from symchiral.traces.plan import make_plan
        from symchiral.traces.signal import IN_VACUUM, LightSource

        circular = self.axis is not None and self.axis.order >= 3
        light = self._along_axis(orient) if circular else None
        told = self
        if light is not None and light.beam.axis is not self.axis:
            # The sample lies upside down: senses are those about the axis of the laboratory.
            told = replace(self, axis=light.beam.axis)
        places = told._places(frequencies, tolerance)
        if film is not None and source is None:
            source = IN_VACUUM
        if isinstance(source, str):
            source = LightSource.parse(source, film=film)
        if told.phonons is not None and not isinstance(couplings, Couplings):
            couplings = told.known_couplings(couplings)
        return make_plan(
            told.crystal,
            told.axis,
            told._centre,
            places,
            light,
            pump=read_band(pump) if isinstance(pump, str) else pump,
            coefficients=told._coefficients(couplings),
            model=told._in_light(places, couplings, damping) if circular else None,
            source=source,
            thickness=thickness,
        )

    def _along_axis(self, orient: str | None) -> Light:
        """Light along the axis, upwards in the laboratory where it is said what that is."""
        from symchiral.fields.orientation import find_orientation
        from symchiral.irreps.axis import upward

        if orient is None or self.axis is None:
            return self.beam()
        along = upward(find_orientation(self.crystal, orient).to_lab(self.axis.direction))
        return self.beam(direction=",".join(f"{x:.12f}" for x in along), orient=orient)

    def _in_light(
        self,
        places: Sequence[Place],
        couplings: Couplings | str | None,
        damping: float | Mapping[str, float] | Damping,
    ) -> NormalModeModel | None:
        """The modes in light, at the frequencies of places; None where they are not known."""
        from symchiral.anharmonic.couplings import Couplings
        from symchiral.dynamics.model import make_model
        from symchiral.modes.coordinates import normal_coordinates

        if self.phonons is None:
            return None
        raman = None
        if isinstance(couplings, Couplings) and couplings.raman is not None:
            raman = replace(couplings, potentials=())
        known = {p.mode.name: p.mode.frequency for p in places if p.mode.frequency is not None}
        coordinates = normal_coordinates(self.modes()) if raman is None else raman.coordinates
        coordinates = coordinates.with_frequencies(known)
        if not len(coordinates) or coordinates.frequencies.min() <= 0:
            return None
        return make_model(coordinates, raman, damping=damping, dielectric=self.phonons.dielectric)

    # --- the report ------------------------------------------------------------------------------

    def report(
        self,
        file: str | os.PathLike[str],
        *,
        unit: FrequencyUnit = "THz",
        path: str | None = None,
        points: int = REPORT_POINTS,
        couplings: Couplings | str | None = None,
        pump: Pulses | None = None,
        duration: float = REPORT_DURATION,
        measurement: Data | Judgement | None = None,
        sees: Sees | None = None,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        index: str | None = None,
        overwrite: bool = False,
    ) -> Report:
        """Write everything that is known of the crystal as one page that can be sent.

        It is one HTML file that loads nothing: symmetry, species, transfers of third order with
        their reasons, where in the zone phonons can turn, light and the plan of an experiment; with
        forces also modes, resonances and bands; with couplings their sizes and a simulation; with a
        measurement how it compares. Atoms move in it, and every answer is in it as JSON.

        Parameters
        ----------
        file : path
            ``.html``.
        unit : str
            THz, cm-1 or meV, of frequencies.
        path : str, optional
            Path of the bands, as for :meth:`bands`.
        points : int
            Wavevectors on it.
        couplings : Couplings or path, optional
            As for :meth:`couplings`; default those of the source, if it has any.
        pump : Pulse or str, optional
            The light of the simulation, as for :meth:`simulate`; default, where couplings are
            known, a pulse on the flipping transfer that it drives most strongly.
        duration : float
            Last time of the simulation, ps.
        measurement : Judgement, path, sequence of paths, or what else :meth:`validate` takes
            Traces or fitted rows that are compared with the rules. Of those that do not say
            everything themselves, what :meth:`validate` has returned.
        sees : str, optional
            What their probe sees, as for :meth:`validate`.
        frequencies, tolerance
            As for :meth:`validate`, of lines and of the plan.
        index : str, optional
            Address of a page that lists this one, which then has a link to it.
        overwrite : bool
            Replace a file that symchiral did not write for the same purpose.

        Returns
        -------
        Report
            What is on the page: the answer that ``report --json`` prints.

        Raises
        ------
        InputError
            The ending is another, the file cannot be written, or another lies there.
        """
        from symchiral.answers.report import report
        from symchiral.disk import check_ending, write_text
        from symchiral.page.report import KIND, report_html
        from symchiral.write.citations import cite

        check_ending(file, (".html",))
        contents = self._contents(
            unit,
            path,
            points,
            couplings=couplings,
            pump=pump,
            duration=duration,
            measurement=measurement,
            sees=sees,
            frequencies=frequencies,
            tolerance=tolerance,
        )
        page = report_html(contents, index=index, citation=cite(*contents.answers.values()))
        write_text(file, page, KIND, overwrite=overwrite)
        return report(
            self.crystal,
            path=os.fspath(file),
            size=len(page.encode("utf-8")),
            answers=tuple(contents.answers),
            left_out=contents.left_out,
        )

    def _near_resonance(self, unit: FrequencyUnit) -> tuple[Predict, float | None]:
        """The transfers of a report, and the largest detuning to which those of modes are kept.

        That is None where all are kept; in ``unit``.
        """
        from symchiral.answers.predict import near_resonance
        from symchiral.errors import LimitError
        from symchiral.units import PER_THZ

        if self.phonons is None:
            return self.predict(unit=unit), None
        for limit in (None, *REPORT_DETUNINGS):
            try:
                found = self.predict(unit=unit, max_detuning=limit)
            except LimitError:  # too many to list: those nearer to resonance are fewer
                if limit == REPORT_DETUNINGS[-1]:
                    raise
                continue
            break
        answer, bound = near_resonance(found, REPORT_TRANSFERS)
        return answer, limit * PER_THZ[unit] if bound is None and limit is not None else bound

    def _contents(
        self,
        unit: FrequencyUnit,
        path: str | None,
        points: int,
        *,
        couplings: Couplings | str | None,
        pump: Pulses | None,
        duration: float,
        measurement: Data | Judgement | None,
        sees: Sees | None,
        frequencies: Mapping[str, float] | str | None,
        tolerance: float | None,
    ) -> Contents:
        """The answers that a report shows."""
        from symchiral.anharmonic.couplings import Couplings
        from symchiral.answers.bands import bands
        from symchiral.answers.course import measured
        from symchiral.answers.modes import modes
        from symchiral.answers.moving import moving
        from symchiral.answers.plan import plan
        from symchiral.answers.validate import validate
        from symchiral.errors import LimitError, SymmetryError, WavevectorError
        from symchiral.page.report import Contents, Dynamics
        from symchiral.reading.spectrum import read_frequencies
        from symchiral.traces.verdict import Judgement

        left_out: tuple[str, ...]
        centre = branches = None
        predicted, bound = self._near_resonance(unit)
        dynamics = Dynamics()
        known = couplings if isinstance(couplings, Couplings) else None
        if self.phonons is None and (path, couplings, pump) == (None, None, None):
            left_out = ("Frequencies, resonances and bands need forces, and this file has none.",)
        else:
            left_out = ()
            centre = self.modes()
            if bound is not None:
                left_out += (
                    f"Of the transfers between modes those within {bound:.3g} {unit} of resonance "
                    f"are here; symchiral predict FILE --json has all.",
                )
            try:
                branches = self.bands(path, points=points, eigenvectors=True)
            except (WavevectorError, SymmetryError, LimitError) as error:
                if path is not None:
                    raise
                left_out += (f"The bands are left out: {error}",)
            if not isinstance(couplings, Couplings):
                known = self.known_couplings(couplings)
            told = read_frequencies(frequencies) if isinstance(frequencies, str) else frequencies
            dynamics = self._dynamics(predicted, known, pump, duration, unit, told)
            if told:
                left_out += (
                    "Measured frequencies are those of the plan, the motion and the measured "
                    "lines; modes, bands and resonances have the calculated ones.",
                )
        traces = judged = None
        if measurement is not None:
            found = (
                measurement
                if isinstance(measurement, Judgement)
                else self.validate(
                    measurement,
                    sees=sees,
                    frequencies=frequencies,
                    tolerance=tolerance,
                    couplings=known,
                )
            )
            judged = validate(self.crystal, self.axis, found, unit=unit)
            traces = None if found.fit is None else measured(found.fit)
        return Contents(
            show=self.show(detail="rotation"),
            predict=predicted,
            light=self.light(unit=unit),
            plan=plan(
                self.plan(frequencies=frequencies, tolerance=tolerance, couplings=known), unit=unit
            ),
            modes=None if centre is None else modes(self.crystal, self.axis, (centre,), unit=unit),
            bands=None if branches is None else bands(branches, unit=unit),
            validate=judged,
            moving=moving(self.crystal, self.axis, centre, branches, unit=unit),
            dynamics=dynamics,
            measured=traces,
            left_out=left_out,
        )

    def _dynamics(
        self,
        predicted: Predict,
        known: Couplings | None,
        pump: Pulses | None,
        duration: float,
        unit: FrequencyUnit,
        measured: Mapping[str, float] | None,
    ) -> Dynamics:
        """Sizes of couplings and a simulation, as far as a report can have them."""
        from symchiral.answers.couple import couple
        from symchiral.answers.course import course
        from symchiral.answers.report import resonant_pulse
        from symchiral.answers.simulate import simulate
        from symchiral.errors import InputError
        from symchiral.page.report import Dynamics
        from symchiral.traces.gain import Coefficients

        if known is None and pump is None:
            return Dynamics(left_out="no couplings")
        found = Dynamics()
        light = pump
        if known is not None:
            coefficients = Coefficients.of(known)
            sides = {
                t.id: [side.split() for side in t.id.split(" -> ")]
                for t in predicted.transfers or ()
            }
            sizes = {name: coefficients.size(*found) for name, found in sides.items()}
            kept = {name: size for name, size in sizes.items() if size is not None}
            found = Dynamics(couple=couple(known), sizes=kept)
            light = light or resonant_pulse(predicted, kept, measured)
        if light is None:
            return replace(found, left_out="no pump")
        try:
            run = self.simulate(light, duration=duration, couplings=known, frequencies=measured)
        except InputError as error:
            if pump is not None:
                raise
            return replace(found, left_out=str(error))
        given = run.model.couplings if known is None else known
        return replace(found, simulate=simulate(run, given, unit=unit), course=course(run))


def _direction(direction: npt.ArrayLike | str | None) -> npt.ArrayLike | None:
    """Three numbers from a text ``1,0,0``."""
    from symchiral.errors import GrammarError
    from symchiral.irreps.axis import three_numbers

    if not isinstance(direction, str):
        return direction
    numbers = three_numbers(direction)
    if numbers is None:
        raise GrammarError(
            f"cannot read the direction {direction!r}",
            why="it is not three numbers",
            fix="write it as in 1,0,0",
        )
    return numbers


def _rational(q: npt.ArrayLike) -> QPoint:
    """The fractions that floating-point coordinates mean."""
    from symchiral.crystal.qpoint import QPoint
    from symchiral.errors import WavevectorError

    numbers = np.asarray(q, dtype=float)
    fractions = [Fraction(float(x)).limit_denominator(DENOMINATOR) for x in numbers]
    if np.abs(numbers - [float(x) for x in fractions]).max() > WHOLE:
        raise WavevectorError(
            f"no wavevector ({', '.join(f'{x:.6f}' for x in numbers)})",
            why=f"its coordinates are not fractions with denominators up to {DENOMINATOR}",
            fix="give a wavevector of a mesh, Cartesian, in 1/Å without 2π",
        )
    return QPoint.of(*fractions)
