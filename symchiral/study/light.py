"""What light does to a material."""

from __future__ import annotations

import os

from symchiral.answers.light import Light as LightAnswer
from symchiral.answers.light import light
from symchiral.answers.record import FrequencyUnit
from symchiral.crystal.qpoint import GAMMA
from symchiral.errors import InputError
from symchiral.fields.beam import find_beam
from symchiral.fields.orientation import find_orientation
from symchiral.forces.polarizability import STEP, Polarizability, finite_raman
from symchiral.io.raman import atomic_lines, atomic_raman, mode_lines, read_raman_table
from symchiral.modes.mode import Modes
from symchiral.modes.species import find_species
from symchiral.rules.atomic_raman import AtomicRaman
from symchiral.rules.domains import Domains, find_domains
from symchiral.rules.light import Light
from symchiral.rules.raman import RamanLines
from symchiral.study.transfers import TransferStudy


class LightStudy(TransferStudy):
    """A material in a beam of light."""

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

    def raman_tensors(self, polarizability: Polarizability, *, step: float = STEP) -> AtomicRaman:
        r"""Differentiate a polarisability by the displacements of the atoms.

        It is asked for along one partner of every Raman-active symmetry-adapted displacement: a few
        cells, :func:`~symchiral.forces.polarizability.finite_raman` says which. No forces are
        needed; :func:`~symchiral.io.raman.save_raman` writes what is found.

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
        return None if self.phonons is None else self._forces.modes(light.axis, GAMMA)

    def domains(self) -> Domains:
        """Return the twins of the crystal by the symmetry of its lattice.

        Raises
        ------
        InputError
            The crystal is magnetic or in a static field: twins of reversed moments would be
            missing, or a field singles one out.
        """
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
            :func:`~symchiral.fields.orientation.find_orientation`. ``beam`` and ``horizontal`` are
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
        found = self.beam(direction=beam, horizontal=horizontal, geometry=geometry, orient=orient)
        return light(
            found,
            self.domains() if domains else None,
            background=self.background,
            modes=self.modes_in(found),
            raman=None if raman is None else self.raman_lines(raman),
            unit=unit,
        )
