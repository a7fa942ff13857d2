"""Phonons: frequencies and eigenvectors of a crystal at any wavevector."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import phase_of
from symchiral.algebra.lattice import distances, wrapped
from symchiral.crystal.crystal import Crystal, Notice, Source
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal, find_symmetry
from symchiral.crystal.tolerance import SYMPREC
from symchiral.errors import LabelError, StructureError, SymmetryError, WavevectorError
from symchiral.forces.door import ForceConstants, Forces
from symchiral.forces.provenance import Provenance
from symchiral.forces.quality import (
    averaged_charges,
    averaged_tensor,
    charge_notices,
    force_notices,
)
from symchiral.forces.rotation import LinearTerms, linear_terms, with_rotations
from symchiral.forces.tabulated import SAME, Tabulated
from symchiral.irreps.axis import Axis, axis_along, axis_at
from symchiral.modes.mode import Modes
from symchiral.modes.modespace import mode_space
from symchiral.units import counted
from symchiral.value import ALIGNED, NO_LENGTH, SAME_POINT, Complex, Floats, Integers, Value, frozen

TOLERATED = 0.1
"""Forces that change a frequency by more, in THz, when they are made symmetric are refused."""


EXACT = 1e-6
"""Charges that break the symmetry by less, e, do so by rounding."""

SUPERCELL_WIDTH = 10.0
"""Distance of an atom from its images, Å, beyond which a single cell is as good as a supercell."""

LISTED = 8
"""Most wavevectors of a file that an error lists."""


@dataclass(frozen=True, eq=False, repr=False)
class Phonons(Value):
    """A crystal with forces.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal; its input is the unit cell of the force data.
    masses : (N,) float
        amu, in the order of our primitive cell.
    born : (N, 3, 3) float or None
        Born effective charges, e.
    dielectric : (3, 3) float or None
        Electronic dielectric constant.
    symmetrize : bool
        Accept forces that break the symmetry of the atoms, whatever the size.
    provenance : Provenance or None
        How the forces were computed, where symchiral had them computed.
    """

    crystal: SymmetricCrystal
    masses: Floats
    born: Floats | None
    dielectric: Floats | None
    symmetrize: bool
    provenance: Provenance | None
    _forces: Forces = field(repr=False)
    _order: Integers = field(repr=False)
    _basis: Integers = field(repr=False)
    _offsets: Floats = field(repr=False)

    def dynamical_matrix(self, q: QPoint, direction: npt.ArrayLike | None = None) -> Complex:
        r"""Return the dynamical matrix at q in our primitive cell, (3N, 3N), THz².

        :math:`D_{κα,κ'β} = (m_κ m_{κ'})^{-1/2} \sum_{l'} Φ_{κα,κ'β}(0,l') e^{iq·(r_{κ'l'} - r_κ)}`
        in units in which its eigenvalues are squares of ordinary frequencies; atom-major.

        Parameters
        ----------
        q : QPoint
            A wavevector without free parameters.
        direction : (3,) float, optional
            At the zone centre, the Cartesian direction from which it is approached: with Born
            charges the non-analytic term is that of this direction, without one it is left out.

        Raises
        ------
        WavevectorError
            q is a line.
        """
        if not q.fixed:
            raise WavevectorError(
                f"no modes at ({', '.join(q.texts)})",
                why="it is a line of wavevectors, and frequencies change along it",
                fix="give the parameter a number, as in LD(1/4) or 0,0,0.1",
            )
        return self.matrix_at(q.array, direction)

    def matrix_at(self, q: Floats, direction: npt.ArrayLike | None = None) -> Complex:
        """Return the dynamical matrix at any coordinates on the primitive reciprocal basis.

        Raises
        ------
        WavevectorError
            The forces are those of the zone centre alone, and q is another wavevector.
        LabelError
            The source is a file of eigenvectors that has none at q.
        """
        if self.centred and np.abs(q - np.rint(q)).max() > SAME_POINT:
            computed = self.provenance is not None
            raise WavevectorError(
                f"no modes at ({', '.join(f'{x:g}' for x in q)})",
                why="the forces were computed in the primitive cell, which is right at the zone "
                "centre only",
                fix="compute them in a supercell: without --gamma"
                if computed
                else "give forces of a supercell (symchiral phonons FILE --calculator ... computes "
                f"them, at least {SUPERCELL_WIDTH:g} Å wide); rules without frequencies need the "
                "structure alone",
            )
        theirs = None
        if direction is not None:
            # A Cartesian direction on the reciprocal basis of their cell.
            theirs = self._forces.cell @ np.asarray(direction, dtype=float)
        if isinstance(self._forces, Tabulated) and not self._forces.holds(q @ self._basis):
            texts = list(dict.fromkeys(map(_written, self._points)))
            more = f" and {len(texts) - LISTED} more" if len(texts) > LISTED else ""
            raise LabelError(
                f"no eigenvectors at ({_written(q)})",
                why=f"the file has them at {' '.join(texts[:LISTED])}{more}",
                fix="choose one of these wavevectors, or give the force constants",
            )
        matrix = self._forces.dynamical_matrix(q @ self._basis, theirs)
        if not np.all(np.isfinite(matrix)):
            raise StructureError(
                "the forces give no finite frequencies",
                why="a number of them is far too large, or a mass far too small",
                fix="compute the forces again",
            )
        rows = (3 * self._order[:, None] + np.arange(3)).ravel()
        # Atoms of the source are a little beside their symmetric places.
        phases = phase_of(self._offsets @ q).repeat(3)
        return np.asarray(matrix[np.ix_(rows, rows)] * np.outer(phases, phases.conj()))

    @cached_property
    def linear_terms(self) -> LinearTerms | None:
        """Terms linear in q of the acoustic block, which the rotational sum rule forbids.

        None where nothing but the zone centre, or a list of wavevectors, is known.
        """
        return None if self.centred or self.constants is None else linear_terms(self.constants)

    def acoustic_splitting(self, q: Floats) -> float:
        """By how much ω² of two acoustic branches differs where it must not to first order, THz².

        Parameters
        ----------
        q : (3,) float
            On the reciprocal basis of our primitive cell.
        """
        near = np.asarray(q) - np.rint(q)
        if self.linear_terms is None or np.abs(near).max() < SAME_POINT:
            return 0.0
        return self.linear_terms.splitting(
            2 * np.pi * np.linalg.inv(self.crystal.primitive.cell) @ near
        )

    @property
    def centred(self) -> bool:
        """Whether the forces hold at the zone centre alone.

        They were computed for it, or in one primitive cell, where an atom moves together with all
        its images and no wavevector but zero fits in; a cell in which images are
        ``SUPERCELL_WIDTH`` apart does as well as a supercell of that size.
        """
        if self.provenance is not None and self.provenance.zone_centre:
            return True
        forces = self.constants
        if forces is None or forces.cells > 1:
            return False
        steps = np.array([s for s in np.ndindex(5, 5, 5) if s != (2, 2, 2)]) - 2
        return float(np.linalg.norm(steps @ forces.supercell, axis=1).min()) < SUPERCELL_WIDTH

    @property
    def source(self) -> Forces:
        """Where the forces come from, in its own primitive cell and order of atoms."""
        return self._forces

    @property
    def own_path(self) -> tuple[Floats, ...]:
        """Wavevectors of every straight piece of the path of a file with eigenvectors.

        On the reciprocal basis of our primitive cell, (n, 3) each; empty where there is no path.
        """
        if not isinstance(self._forces, Tabulated):
            return ()
        return tuple(self._points[start:stop] for start, stop in self._forces.pieces)

    @cached_property
    def _points(self) -> Floats:
        """(M, 3): wavevectors of a file with eigenvectors, on our reciprocal basis."""
        points = self._forces.points if isinstance(self._forces, Tabulated) else np.zeros((0, 3))
        return np.asarray(points @ np.linalg.inv(self._basis))

    def in_source(self, q: Floats, eigenvectors: Complex) -> tuple[Floats, Complex]:
        """Express eigenvectors in the primitive cell and order of atoms of the source.

        Parameters
        ----------
        q : (3,) float
            On the reciprocal basis of our primitive cell.
        eigenvectors : (3N, n) complex
            Columns, phase with the position of the atom.

        Returns
        -------
        (3,) float, (3N, n) complex
            q on the reciprocal basis of the source, and the eigenvectors of its atoms.
        """
        phases = phase_of(-self._offsets @ q)
        found = np.empty((len(self._order), 3, eigenvectors.shape[1]), dtype=complex)
        found[self._order] = phases[:, None, None] * eigenvectors.reshape(found.shape)
        return q @ self._basis, found.reshape(eigenvectors.shape)

    def modes(
        self, axis: Axis | None, q: QPoint = GAMMA, direction: npt.ArrayLike | None = None
    ) -> Modes:
        """Return the modes at a wavevector, resolved on the part of an axis that keeps it.

        Raises
        ------
        SymmetryError
            The forces break the symmetry of the atoms by more than ``TOLERATED``.
        WavevectorError
            q is a line; a direction of approach is given off the zone centre; or the forces are
            those of the zone centre alone.
        """
        point = q.reduced
        unit = approach = _unit(direction, point)
        if isinstance(self._forces, Tabulated):
            # Eigenvectors from a file hold the field of the direction they were made for.
            matrix, field = self.dynamical_matrix(point, unit), None
        else:
            matrix, field = self.dynamical_matrix(point), None
            if unit is not None:
                field = self.dynamical_matrix(point, unit) - matrix
                if np.abs(field).max() <= NO_FIELD * np.abs(matrix).max():
                    field = approach = None
        part = axis_at(self.crystal, axis, [point])
        if field is not None and unit is not None:
            part = _axis_of_approach(self.crystal, part, unit)
        space = mode_space(self.crystal, part, point)
        modes = space.modes(matrix, self.masses, born=self.born, direction=approach, field=field)
        if modes.asymmetry > TOLERATED and not self.symmetrize:
            raise SymmetryError(
                "the forces break the symmetry of the crystal",
                why=f"averaging them over {self.crystal.group.symbol} changes a frequency by "
                f"{modes.asymmetry:.2g} THz",
                fix="pass --symmetrize (symmetrize=True) to go on with the averaged forces, or "
                "check the supercell and the displacements; eigenvectors that hold the field of "
                "longitudinal modes at the zone centre want the --direction they were made for",
            )
        place = point.array
        modes = replace(modes, acoustic_splitting=self.acoustic_splitting(place))
        return modes if unit is None else replace(modes, direction=frozen(unit, float))

    @property
    def constants(self) -> ForceConstants | None:
        """The force constants, where the source has such."""
        return self._forces if isinstance(self._forces, ForceConstants) else None

    def __repr__(self) -> str:
        return f"Phonons({self.crystal!r})"


def make_phonons(
    forces: Forces,
    *,
    unit: Crystal | None = None,
    source: Source | None = None,
    symprec: float = SYMPREC,
    symmetrize: bool = False,
    rotational_sum_rule: bool = False,
    provenance: Provenance | None = None,
) -> Phonons:
    """Find the symmetry of a crystal with forces and express them in our primitive cell.

    Parameters
    ----------
    forces : Forces
        Where the dynamical matrices come from.
    unit : Crystal, optional
        The cell the user knows; default that of the force constants.
    source : Source, optional
        Where it was read from.
    symmetrize : bool
        Accept forces that break the symmetry.
    rotational_sum_rule : bool
        Change the force constants by the least that makes acoustic branches obey it
        (:mod:`symchiral.forces.rotation`).
    provenance : Provenance, optional
        How they were computed: what it warns of becomes a warning of the crystal.

    Raises
    ------
    StructureError
        The primitive cell of the forces is larger than that of the crystal and cannot be changed;
        the rotational sum rule cannot be imposed.
    """
    if unit is None:
        unit = (
            forces.unit
            if isinstance(forces, ForceConstants)
            else Crystal.of(forces.cell, forces.positions, forces.numbers)
        )
    crystal = find_symmetry(replace(unit, source=source or unit.source), symprec=symprec)
    symprec = crystal.symprec
    if provenance is not None:
        crystal = replace(crystal, warnings=(*crystal.warnings, *provenance.notices()))
    ours = crystal.primitive
    if len(forces.numbers) != len(ours) and isinstance(forces, ForceConstants):
        forces = forces.with_primitive(ours.cell, symprec=symprec)
    basis = np.linalg.solve(forces.cell.T, ours.cell.T)
    whole = np.rint(basis).astype(np.int64)
    size = np.linalg.norm((basis - whole).T @ forces.cell, axis=1).max()
    if len(forces.numbers) != len(ours) or size > 10 * symprec + 1e-3:
        raise StructureError(
            "the primitive cell of the forces is not that of the crystal",
            why=f"it has {counted(len(forces.numbers), 'atom')}, and the primitive cell of "
            f"{crystal.group.symbol} has {len(ours)}",
            fix="write the force data with primitive_matrix: auto",
        )
    order, offsets = _match(crystal, forces, symprec)
    born, dielectric = forces.born, forces.dielectric
    if born is not None and dielectric is not None:
        raw = born[order]
        mean, smooth = averaged_charges(crystal, raw), averaged_tensor(crystal, dielectric)
        broken = float(np.abs(mean - raw).max()), float(np.abs(smooth - dielectric).max())
        crystal = replace(crystal, warnings=(*crystal.warnings, *charge_notices(crystal, *broken)))
        if max(broken) > EXACT and isinstance(forces, ForceConstants):
            theirs = np.empty_like(mean)
            theirs[order] = mean
            forces = forces.changed(born=theirs, dielectric=smooth)
        born, dielectric = mean - mean.mean(axis=0), smooth
    found = Phonons(
        crystal,
        frozen(forces.masses[order]),
        None if born is None else frozen(born),
        None if dielectric is None else frozen(dielectric),
        symmetrize,
        provenance,
        forces,
        frozen(order),
        frozen(np.rint(np.linalg.inv(whole)).astype(np.int64)),
        frozen(offsets),
    )
    said = force_notices(found)
    if rotational_sum_rule and not found.centred:
        found, imposed = _rotational(found)
        said = (*said, imposed)
    return replace(found, crystal=replace(crystal, warnings=(*crystal.warnings, *said)))


def _rotational(phonons: Phonons) -> tuple[Phonons, Notice]:
    """The phonons with the rotational sum rule imposed, and by how much that changed them."""
    if phonons.constants is None:
        raise StructureError(
            "cannot impose the rotational sum rule on eigenvectors",
            why="it is a rule for force constants",
            fix="give the force constants",
        )
    forces, size = with_rotations(phonons.constants)
    text = f"the rotational sum rule is imposed: force constants change by up to {size:.1g} eV/Å²"
    return replace(phonons, _forces=forces), Notice("rotational-sum-rule", text)


NO_FIELD = 1e-12
"""A non-analytic term smaller than this, relative to the dynamical matrix, is rounding."""


def _axis_of_approach(crystal: SymmetricCrystal, axis: Axis | None, unit: Floats) -> Axis | None:
    """The axis on which modes are resolved: where that along the direction turns pairs, it."""
    if axis is not None and abs(axis.direction @ unit) > 1 - ALIGNED:
        return axis
    along = axis_along(crystal, unit)
    return along if along is not None and along.order > 2 else axis


def _unit(direction: npt.ArrayLike | None, q: QPoint) -> Floats | None:
    if direction is None:
        return None
    vector = np.asarray(direction, dtype=float)
    length = np.linalg.norm(vector)
    if q != GAMMA or vector.shape != (3,) or not np.isfinite(length) or length < NO_LENGTH:
        raise WavevectorError(
            "no such direction of approach",
            why="it belongs to the zone centre only" if q != GAMMA else "it has no length",
            fix="give three Cartesian numbers, as in 1,0,0, at the zone centre",
        )
    return np.asarray(vector / length)


def _written(q: Floats) -> str:
    """A wavevector as --q reads it, ``1/3,1/3,0``."""
    words = []
    for x in q.tolist():
        fraction = Fraction(x).limit_denominator(240)
        words.append(str(fraction) if abs(fraction - x) < SAME else f"{x:.6g}")
    return ",".join(words)


def _match(crystal: SymmetricCrystal, forces: Forces, symprec: float) -> tuple[Integers, Floats]:
    """Their atom for each of ours, and how far it is from it in fractions of our cell."""
    ours = crystal.primitive
    cartesian = forces.positions @ forces.cell
    origin = crystal.frame.point(np.zeros(3), to="primitive", source="cartesian")
    theirs = cartesian @ np.linalg.inv(ours.cell) + origin
    offsets = wrapped(theirs - ours.positions[:, None])
    away = distances(offsets, ours.cell)
    away[ours.numbers[:, None] != forces.numbers] = np.inf
    order = np.argmin(away, axis=1)
    if len(set(order.tolist())) < len(order) or away.min(axis=1).max() > 10 * symprec + 1e-2:
        raise StructureError(
            "the atoms of the forces are not those of the crystal",
            why="an atom of the primitive cell has no partner at its place",
            fix="give the structure the forces were computed for",
        )
    return order, offsets[np.arange(len(order)), order]
