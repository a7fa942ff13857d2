"""How strongly modes are coupled, and how they move in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from symchiral.anharmonic.audit import Audit, audit
from symchiral.anharmonic.couplings import Couplings, make_couplings
from symchiral.anharmonic.finite import STEP, finite_couplings
from symchiral.anharmonic.third_order import ThirdOrder
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import DAMPING, NormalModeModel, make_model
from symchiral.dynamics.pulse import Drive, Pulse
from symchiral.dynamics.run import Run
from symchiral.errors import InputError, ReadError
from symchiral.fields.background import Background
from symchiral.forces.calculator import load_calculator
from symchiral.forces.compute import default_cache
from symchiral.forces.displaced import displaced_forces
from symchiral.forces.forcecache import CachedCalculator, ForceCache
from symchiral.io.couplings import couplings_beside, read_coupling_table
from symchiral.irreps.kpoints import split_points
from symchiral.modes.coordinates import normal_coordinates
from symchiral.rules.vertices import special_vertices
from symchiral.study.light import LightStudy


@dataclass(frozen=True, eq=False, repr=False)
class DynamicsStudy(LightStudy):
    """A material of which couplings are known, or can be found.

    Attributes
    ----------
    third : ThirdOrder or None
        Its third-order force constants, where the source has any.
    """

    third: ThirdOrder | None = None

    def in_background(self, background: Background, *, axis: str | None = None) -> Self:
        """Return the material in static fields: without forces of any order."""
        return replace(super().in_background(background, axis=axis), third=None)

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
        calculator : ASE calculator or str
            What computes forces: an object, ``"sevenn"`` or ``"module:factory"``.
        everything : bool
            Also determine what symmetry forbids, from many more displacements.
        step : float
            Largest displacement of an atom, Å.
        """
        asked = CachedCalculator(load_calculator(calculator), ForceCache(default_cache()))
        forces = displaced_forces(asked, self.crystal)
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
