"""Study: one material, from its atoms to its rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from symchiral.anharmonic.audit import Audit, audit
from symchiral.anharmonic.couplings import Couplings, make_couplings
from symchiral.anharmonic.finite import STEP, finite_couplings
from symchiral.anharmonic.third_order import ThirdOrder, is_third_order_source, read_third_order
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SYMPREC, SymmetricCrystal, find_symmetry
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import DAMPING, NormalModeModel, make_model
from symchiral.dynamics.pulse import Drive, Pulse
from symchiral.dynamics.run import Run
from symchiral.errors import GrammarError, InputError, LabelError, LimitError, ReadError
from symchiral.fields.beam import find_beam
from symchiral.fields.pump import Pump
from symchiral.forces.bands import Bands, make_bands
from symchiral.forces.calculator import calculator_forces
from symchiral.forces.phonons import Phonons, make_phonons
from symchiral.io.couplings import couplings_beside, read_coupling_table
from symchiral.io.phonon_files import is_phonon_source, read_forces
from symchiral.io.shipped import find_structure, force_data_names
from symchiral.io.structure import read_crystal
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.irreps.stars import place_name
from symchiral.modes.animation import Animation, animate
from symchiral.modes.coordinates import normal_coordinates
from symchiral.modes.mode import Modes
from symchiral.modes.operators import Operators, find_operators
from symchiral.modes.species import Species, find_species
from symchiral.report.document import predict_document, show_document
from symchiral.report.light_document import light_document
from symchiral.report.summary import show_table
from symchiral.report.transfers import transfer_record
from symchiral.rules.channel import read_channel
from symchiral.rules.domains import Domains, find_domains
from symchiral.rules.grammar import light_about, parse_transfer, point_of, resolve_transfer
from symchiral.rules.light import Light
from symchiral.rules.momentum import require_closed
from symchiral.rules.resonance import LINEWIDTH, Transfer, resonances
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
    phonons : Phonons or None
        Its forces, where the source has any.
    third : ThirdOrder or None
        Its third-order force constants, where the source has any.

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
    phonons: Phonons | None = None
    third: ThirdOrder | None = None

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

        ``direction`` concerns the zone centre alone.
        """
        points = [self.point(x) for x in split_points(q)]
        unit = _direction(direction)
        return tuple(
            self._forces.modes(self.axis, point, unit if point.reduced == GAMMA else None)
            for point in points
        )

    @property
    def _forces(self) -> Phonons:
        if self.phonons is None:
            path = self.crystal.input.source.path or ""
            name = Path(path).name.removesuffix(".cif")
            shipped = f"; {name}/phonopy.yaml is packaged" if name in force_data_names() else ""
            raise InputError(
                f"no frequencies for {self.crystal.input.source.path or 'this structure'}",
                why="it is a structure without forces",
                fix=f"give force constants: a phonopy.yaml or the folder of FORCE_SETS{shipped}",
            )
        return self.phonons

    def bands(
        self,
        path: str | None = None,
        *,
        points: int = 200,
        about: str = "axis",
        eigenvectors: bool = False,
    ) -> Bands:
        """Follow all modes along a path: frequencies, angular momenta, PAM on invariant lines.

        Parameters
        ----------
        path : str, optional
            ``"GM K M GM"``, interrupted by ``|``; default the standard path of Hinuma et al.
        points : int
            Wavevectors on the whole path.
        about : str
            ``axis``: angular momentum about the axis of the crystal; ``path``: on every piece about
            its own direction.
        eigenvectors : bool
            Keep the eigenvectors.

        Raises
        ------
        InputError
            The source has structure only; the path cannot be read.
        SymmetryError
            The forces break the symmetry of the atoms.
        """
        return make_bands(
            self._forces,
            self.axis,
            path=path,
            points=points,
            about=about,
            eigenvectors=eigenvectors,
        )

    def animate(
        self,
        mode: str | int,
        *,
        q: str = "GM",
        frames: int = 24,
        amplitude: float = 0.3,
        cells: tuple[int, int, int] | None = None,
    ) -> Animation:
        """Set the atoms of a supercell moving in one mode.

        Parameters
        ----------
        mode : str or int
            Its name, ``"Eu(1,+)"``, or its place from the lowest frequency, from 1.
        q : str
            Its wavevector.
        frames : int
            Pictures in a period.
        amplitude : float
            Largest displacement of any atom, Å.
        cells : tuple of int, optional
            Primitive cells along each lattice vector; default the fewest that repeat with q.

        Raises
        ------
        LabelError
            There is no such mode.
        WavevectorError
            The supercell does not repeat with the wavevector.
        """
        modes = self.modes(q)
        if isinstance(mode, str):
            chosen = modes.find(mode)
        elif 1 <= mode <= len(modes):
            chosen = list(modes)[mode - 1]
        else:
            raise LabelError(
                f"no band {mode}",
                why=f"there are {len(modes)} modes",
                fix=f"give a number from 1, the lowest, to {len(modes)}",
            )
        return animate(modes, chosen, frames=frames, amplitude=amplitude, cells=cells)

    def operators(self, q: str = "GM") -> Operators:
        """Return the matrices T(g) and the projectors on the species at a wavevector."""
        point = self.point(q)
        return find_operators(self.crystal, axis_at(self.crystal, self.axis, [point]), point)

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
        forces = self._forces
        if source is None and self.third is not None:
            coordinates = normal_coordinates(forces.modes(self.axis))
            return self.third.couplings(coordinates.with_frequencies(frequencies or {}))
        path = source or couplings_beside(self.crystal.input.source.path)
        if path is None:
            raise ReadError(
                f"no couplings for {self.crystal.input.source.path or 'this crystal'}",
                why="no couplings.json lies beside the force data",
                fix="give a file of couplings",
            )
        coordinates = normal_coordinates(forces.modes(self.axis))
        coordinates = coordinates.with_frequencies(frequencies or {})
        return make_couplings(read_coupling_table(path), coordinates)

    def finite_couplings(
        self, calculator: Any, *, everything: bool = False, step: float = STEP
    ) -> Couplings:
        """Determine cubic couplings of zone-centre modes by finite differences.

        Parameters
        ----------
        calculator : ase.calculators.calculator.Calculator
            What computes forces.
        everything : bool
            Also determine what symmetry forbids, from many more displacements.
        step : float
            Largest displacement of an atom, Å.
        """
        forces = calculator_forces(calculator, self.crystal)
        coordinates = normal_coordinates(self.modes())
        return finite_couplings(forces, coordinates, everything=everything, step=step)

    def model(
        self,
        *,
        couplings: Couplings | str | None = None,
        frequencies: Mapping[str, float] | None = None,
        damping: float | Mapping[str, float] = DAMPING,
        raw: bool = False,
    ) -> NormalModeModel:
        """Return the equations of motion of the modes of the zone centre.

        Parameters
        ----------
        couplings : Couplings or str, optional
            As for :meth:`couplings`; where there are none, modes do not know of each other.
        frequencies : mapping, optional
            Frequencies of modes by name, THz, in the place of those of the forces.
        damping : float or mapping
            Linewidth γ/2π, THz, one for all or one per mode by name.
        raw : bool
            Take the couplings as they were found; default averaged over the group, as forces are.
        """
        found = couplings
        if not isinstance(found, Couplings):
            beside = found or couplings_beside(self.crystal.input.source.path)
            if beside is not None or self.third is not None:
                found = self.couplings(beside, frequencies=frequencies)
        if not isinstance(found, Couplings):
            coordinates = normal_coordinates(self.modes()).with_frequencies(frequencies or {})
            return make_model(coordinates, damping=damping)
        kept = found if raw else found.symmetrized()
        return make_model(kept.coordinates, kept, damping=damping)

    def simulate(self, pulse: Drive | str, *, duration: float = 20.0, **model: Any) -> Run:
        """Return how the modes of the zone centre move when light drives them.

        Parameters
        ----------
        pulse : Pulse, SampledPulse or str
            The light, ``"2.0THz σ+ 1ps 1MV/cm"``, centred at t = 0; the field in the crystal.
        duration : float
            Last time, ps.
        model
            The options of :meth:`model`.

        Raises
        ------
        InputError
            The source has structure only; the pulse cannot be read.
        """
        drive = Pulse.parse(pulse) if isinstance(pulse, str) else pulse
        return simulate(self.model(**model), drive, duration=duration)

    @property
    def third_order(self) -> ThirdOrder:
        """Third-order force constants.

        Raises
        ------
        InputError
            The source has none.
        """
        if self.third is None:
            raise InputError(
                f"no third-order force constants for {self.crystal.input.source.path}",
                why="it is no file of phono3py",
                fix="give phono3py_params.yaml, or phono3py_disp.yaml with FORCES_FC3 or fc3.hdf5 "
                "and fc2.hdf5 beside it",
            )
        return self.third

    def audit(self, q: str | None = None) -> Audit:
        """Return how far third-order force constants obey the rules.

        Parameters
        ----------
        q : str, optional
            Wavevectors of one vertex, all incoming, with spaces between them; default every vertex
            of special points, up to symmetry.

        Raises
        ------
        InputError
            The source has no third-order force constants, or ``q`` is no vertex.
        """
        third = self.third_order
        if q is None:
            vertices = special_vertices(self.crystal.group)
        else:
            vertices = (tuple(self.point(x) for x in split_points(q)),)
        return audit(third, self._forces, self.axis, vertices)

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

    def transfers(
        self,
        *,
        order: int = 3,
        q: str | None = None,
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
        points = [*book.points[:-1], (-book.points[-1]).reduced]
        modes = {
            place_name(self.crystal.group, point): self._forces.modes(book.axis, point)
            for point in dict.fromkeys(points)
        }
        return resonances(
            book.rules,
            modes,
            pump=Pump.parse(pump) if isinstance(pump, str) else pump,
            probe=probe,
            max_detuning=max_detuning,
            linewidth=linewidth,
        )

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
        numbered = self.phonons is not None
        light = light_about(self.crystal, part)
        coupling = resolve_transfer(transfer, species, turn, light, numbered=numbered)
        return Rule(read_channel(coupling, turn), species, part)

    def transfer(self, transfer: str, *, linewidth: float = LINEWIDTH) -> Transfer:
        """Judge one transfer between actual modes, ``"Eu(1,+) Eu(1,+) -> Eg(2,-)"``.

        Raises
        ------
        InputError
            The source has structure only.
        GrammarError
            A leg has no number.
        """
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
                    fix="write number and component, as in Eu(1,+)",
                )
            chosen.append(
                here[leg.participant.places[leg.arm]][leg.species.split("@")[0], leg.mode]
            )
        return Transfer(rule, tuple(chosen), linewidth)

    def predict(
        self,
        *,
        order: int = 3,
        q: str | None = None,
        everything: bool = False,
        acoustic: bool = False,
        unit: str = "THz",
        **resonance: Any,
    ) -> dict[str, Any]:
        """Return the rules of one vertex as the plain dictionary of ``predict --json``.

        With forces it also has the transfers between actual modes, in ``unit``; ``resonance`` are
        the options of :meth:`transfers`.
        """
        book = self.rules(order=order, q=q, acoustic=acoustic)
        document = predict_document(self.crystal, book, everything=everything)
        if self.phonons is not None or resonance:
            found = self.resonances(book, **resonance)
            document["transfers"] = [transfer_record(t, unit=unit) for t in found]
        return document

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


def _direction(direction: npt.ArrayLike | str | None) -> npt.ArrayLike | None:
    """Three numbers from a text ``1,0,0``."""
    if not isinstance(direction, str):
        return direction
    try:
        return [float(x) for x in direction.split(",")]
    except ValueError as error:
        raise GrammarError(
            f"cannot read the direction {direction!r}",
            why="it is not three numbers",
            fix="write it as in 1,0,0",
        ) from error


def read(
    source: object,
    *,
    symprec: float = SYMPREC,
    axis: str | None = None,
    index: int | None = None,
    symmetrize: bool = False,
) -> Study:
    """Read a structure, with forces if there are any, and find its symmetry.

    Parameters
    ----------
    source : str, path, ase.Atoms, pymatgen Structure, Phonopy or Crystal
        A file in any format ASE reads, force data (``phonopy.yaml``, ``phonopy_params.yaml.xz``, a
        folder with FORCE_SETS, ``band.yaml`` with eigenvectors, …), the name of a shipped
        structure, or an object in memory.
    symprec : float
        Distance tolerance of the symmetry search, Å.
    axis : str, optional
        ``"u,v,w"`` or ``"u,v,w@x,y,z"``: direction and point of the axis in the input cell.
    index : int, optional
        Which structure of a file that holds several.
    symmetrize : bool
        Accept forces that break the symmetry of the atoms, averaged over the group.

    Raises
    ------
    InputError
        The source cannot be read or is no crystal.
    SymmetryError
        No space group is found, or ``axis`` is no symmetry axis.
    """
    if is_third_order_source(source):
        supercell, origin = read_third_order(source)  # type: ignore[arg-type]
        phonons = make_phonons(
            supercell.forces, source=origin, symprec=symprec, symmetrize=symmetrize
        )
        third = ThirdOrder.of(phonons.crystal, supercell)
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons, third)
    if is_phonon_source(source):
        forces, origin = read_forces(source)
        phonons = make_phonons(forces, source=origin, symprec=symprec, symmetrize=symmetrize)
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons)
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
