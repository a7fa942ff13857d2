"""How strongly modes are coupled, and how they move in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.audit import Audit, audit, audit_mesh
from symchiral.anharmonic.couplings import Couplings, make_couplings
from symchiral.anharmonic.finite import STEP, finite_couplings
from symchiral.anharmonic.third_order import ThirdOrder, ThirdOrderFile
from symchiral.anharmonic.vertexrules import forbidden_triples
from symchiral.crystal.qpoint import QPoint
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import DAMPING, NormalModeModel, make_model
from symchiral.dynamics.pulse import Drive, Pulse
from symchiral.dynamics.run import Run
from symchiral.dynamics.start import Start
from symchiral.errors import InputError, ReadError, WavevectorError
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

DENOMINATOR = 1000
"""Largest denominator of a wavevector given as numbers."""


@dataclass(frozen=True, eq=False, repr=False)
class DynamicsStudy(LightStudy):
    """A material of which couplings are known, or can be found.

    Attributes
    ----------
    third : ThirdOrderFile or None
        The file with its third-order force constants, where the source is one; they are made when
        they are asked for.
    """

    third: ThirdOrderFile | None = None

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
        found = self.known_couplings(source, frequencies=frequencies)
        if found is None:
            raise ReadError(
                f"no couplings for {self.crystal.input.source.path or 'this crystal'}",
                why="no couplings.json lies beside the force data",
                fix="give a file of couplings",
            )
        return found

    def known_couplings(
        self, source: str | None = None, *, frequencies: Mapping[str, float] | None = None
    ) -> Couplings | None:
        """Return :meth:`couplings`, or None where there are none."""
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
        step: float = STEP,
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
            As for :func:`~symchiral.anharmonic.finite.finite_couplings`.
        """
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
        if isinstance(couplings, Couplings):
            found: Couplings | None = couplings
        else:
            found = self.known_couplings(couplings, frequencies=frequencies)
        if found is None:
            coordinates = normal_coordinates(self.modes()).with_frequencies(frequencies or {})
            return make_model(coordinates, damping=damping)
        kept = found if raw else found.symmetrized()
        return make_model(kept.coordinates, kept, damping=damping)

    def simulate(
        self,
        pulse: Drive | str | None = None,
        *,
        start: Start | str | None = None,
        duration: float = 20.0,
        **model: Any,
    ) -> Run:
        """Return how the modes of the zone centre move when light drives them, or by themselves.

        Parameters
        ----------
        pulse : Pulse, SampledPulse or str, optional
            The light, ``"2.0THz σ+ 1ps 1MV/cm"``, centred at t = 0; the field in the crystal.
        start : Start or str, optional
            In its place a mode set in motion at t = 0, ``"E1u#1(+) 0.05Å"``.
        duration : float
            Last time, ps.
        model
            The options of :meth:`model`.

        Raises
        ------
        InputError
            The source has structure only; the pulse or the start cannot be read; there are both, or
            neither.
        """
        if (pulse is None) == (start is None):
            raise InputError(
                "nothing, or two things, set the modes in motion",
                why="it is either light or a start",
                fix="give a pulse or a start",
            )
        found = self.model(**model)
        if start is not None:
            first = Start.parse(start) if isinstance(start, str) else start
            return simulate(found, duration=duration, start=first.state(found.coordinates))
        drive = Pulse.parse(pulse) if isinstance(pulse, str) else pulse
        return simulate(found, drive, duration=duration)

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
        if isinstance(q, str):
            points = [self.point(x) for x in split_points(q)]
        else:
            frame = self.crystal.frame
            points = [
                _rational(frame.wavevector(x, to="primitive", source="cartesian"))
                for x in np.asarray(q, dtype=float)
            ]
        return forbidden_triples(self._forces, self.axis, points)


def _rational(q: npt.ArrayLike) -> QPoint:
    """The fractions that floating-point coordinates mean."""
    numbers = np.asarray(q, dtype=float)
    fractions = [Fraction(float(x)).limit_denominator(DENOMINATOR) for x in numbers]
    if np.abs(numbers - [float(x) for x in fractions]).max() > 1e-6:
        raise WavevectorError(
            f"no wavevector ({', '.join(f'{x:.6f}' for x in numbers)})",
            why=f"its coordinates are no fractions with denominators up to {DENOMINATOR}",
            fix="give a wavevector of a mesh, Cartesian, in 1/Å without 2π",
        )
    return QPoint.of(*fractions)
