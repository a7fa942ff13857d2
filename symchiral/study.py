"""Study: one material, from its atoms to its rules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SYMPREC, SymmetricCrystal, find_symmetry
from symchiral.errors import GrammarError, InputError, LabelError, LimitError
from symchiral.experiment.expectation import Place, find_places
from symchiral.experiment.judgement import SIGMA, Judgement
from symchiral.experiment.planning import Plan, make_plan
from symchiral.experiment.validation import Data, read_data, validate_crystal
from symchiral.fields.beam import find_beam
from symchiral.fields.pump import Pump
from symchiral.forces.bands import Bands, make_bands
from symchiral.forces.compute import Progress, compute_phonons
from symchiral.forces.displace import DISPLACEMENT, LENGTH
from symchiral.forces.phonons import Phonons, make_phonons
from symchiral.forces.provenance import Provenance
from symchiral.forces.relax import What
from symchiral.io.frequencies import read_frequencies
from symchiral.io.phonon_files import is_phonon_source, read_forces
from symchiral.io.phonopy_yaml import write_phonons
from symchiral.io.shipped import find_structure, force_data_names
from symchiral.io.structure import read_crystal
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.irreps.stars import place_name
from symchiral.modes.animation import Animation, animate
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
        progress : callable, optional
            Called with a :class:`~symchiral.forces.compute.Step` now and then.

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
        >>> study = read(bulk("Cu")).with_calculator(EMT(), supercell=(2, 2, 2))
        >>> study.modes("X").multiplets
        (Multiplet(X5-(1), 5.3... THz), Multiplet(X3-(1), 7.8... THz))
        """
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
            progress=progress,
        )
        return Study(phonons.crystal, self._axis_in(phonons.crystal), phonons)

    def _axis_in(self, crystal: SymmetricCrystal) -> Axis | None:
        """The axis of this study in a crystal whose cell or atoms are a little different."""
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
        if self._forces.provenance is None:
            raise InputError(
                "nothing is known about where the forces come from",
                why="symchiral did not have them computed",
                fix="compute them with a calculator",
            )
        return self._forces.provenance

    def save_phonons(self, path: str | os.PathLike[str]) -> None:
        """Write the forces as a phonopy yaml file, whole or not at all.

        Raises
        ------
        InputError
            The source has structure only, or eigenvectors without forces.
        """
        write_phonons(self._forces, path)

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
                fix=f"give force constants: a phonopy.yaml or the folder of FORCE_SETS{shipped}; "
                "or a calculator that computes them: --calculator sevenn",
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

    def _places(
        self, frequencies: Mapping[str, float] | str | None, tolerance: float | None
    ) -> tuple[Place, ...]:
        if isinstance(frequencies, str):
            frequencies = read_frequencies(frequencies)
        modes = None if self.phonons is None else self.modes()
        return find_places(self._centre, self.axis, modes, frequencies or {}, tolerance=tolerance)

    def validate(
        self,
        data: Data,
        *,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        order: int = 3,
        sees: Literal["raman", "infrared", "any"] | None = None,
        sigma: float = SIGMA,
        **reading: Any,
    ) -> Judgement:
        """Judge measured traces: does each line turn as the rules say?

        Parameters
        ----------
        data : path, sequence of paths, Measurement, Fit, or sequence of Line
            Tables of traces (several runs are fitted together), or a YAML file of fitted rows.
        frequencies : mapping or path, optional
            Measured frequencies by mode, ``{"Eu(1)": 2.05}`` in THz, or a JSON file of them; they
            take the place of calculated ones.
        tolerance : float, optional
            Relative standard deviation of calculated frequencies; default 0.1.
        order : int
            Quanta in and out together, 3 or 4.
        sees : str, optional
            ``raman``, ``infrared`` or ``any``: the activity that the probe shows.
        sigma : float
            Standard deviations at which a sense counts as measured.
        **reading
            What the table does not say, as for
            :func:`~symchiral.experiment.reading.read_measurement`: ``time_unit``, ``probe``, …

        Examples
        --------
        >>> from symchiral.experiment.observed import lines_of
        >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
        >>> lines = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
        >>> judged = read("Bi2Se3").validate(lines, sees="raman")
        >>> judged.lines[0].verdict, judged.lines[0].channels[0]
        ('consistent', 'Eu(+) Eu(+) -> Eg(-)')
        """
        measured = read_data(data, **reading)
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
        )

    def plan(
        self,
        *,
        pump: Pump | str | None = None,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
    ) -> Plan:
        """Propose the experiment that shows a flipped sense of rotation, and its controls.

        Parameters
        ----------
        pump : str or Pump, optional
            The band that the source reaches, ``"1-3THz"``.
        frequencies, tolerance
            As for :meth:`validate`.

        Examples
        --------
        >>> plan = read("Bi2Se3").plan()
        >>> [(e.id, e.sense) for e in plan.channels][:2]
        [('Eu(+) Eu(+) -> Eg(-)', -1), ('Eu(+) Eu:b(+) -> Eg(-)', -1)]
        """
        places = self._places(frequencies, tolerance)
        circular = self.axis is not None and self.axis.order >= 3
        return make_plan(
            self.crystal,
            self.axis,
            self._centre,
            places,
            self.beam() if circular else None,
            pump=Pump.parse(pump) if isinstance(pump, str) else pump,
        )

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
    if is_phonon_source(source):
        forces, origin, provenance = read_forces(source)
        phonons = make_phonons(
            forces,
            source=origin,
            symprec=symprec,
            symmetrize=symmetrize,
            provenance=provenance,
        )
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
