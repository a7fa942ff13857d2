r"""Modes: actual vibrations, with a frequency and an eigenvector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Shown, Tabular
from symchiral.errors import LabelError, nearest
from symchiral.irreps.axis import Axis
from symchiral.irreps.kpoints import find_point
from symchiral.modes.names import LONGITUDINAL, ModeName, find_name
from symchiral.modes.species import Species
from symchiral.units import NUCLEAR_MAGNETON_AMU, counted
from symchiral.value import Complex, Floats, Value

Relation = Literal["same", "opposite", "unrelated", "none"]
"""The sense in which atoms rotate beside that of l."""

NO_ROTATION = 1e-3
"""A mode with less angular momentum, in ħ, does not rotate."""


@dataclass(frozen=True, eq=False, repr=False)
class Mode(Value, Shown):
    r"""One vibration: :math:`u_κ(t) = \mathrm{Re}[m_κ^{-1/2} e_κ e^{i(q·r - 2πft)}]`.

    Attributes
    ----------
    label : str
        Name of its species, ``Eu``.
    number : int or None
        Which mode of that species, counted from the lowest frequency; None for a rigid
        translation (an acoustic mode at the zone centre).
    component : str
        What stands in parentheses: ``+``, ``-``, ``0``, ``5/4``; empty if there is only one.
    pam : str or None
        l as printed; None where it does not exist.
    residue : Fraction or None
        Its part l₀, balanced.
    frequency : float
        THz, negative for an unstable mode.
    eigenvector : (N, 3) complex
        e, normalised, Cartesian, atoms in the order of the primitive cell, r the full position of
        the atom. Its phase is fixed by its transformation, and by its largest element if that
        leaves it free.
    fixed : bool
        Whether symmetry singles the mode out inside its multiplet, so that its angular momentum
        exists; False for partners of equal frequency without an axis that tells them apart.
    longitudinal : bool
        Whether the field of a direction of approach moves it: it has the number of the transverse
        mode that it becomes if the field is turned off.
    """

    label: str
    number: int | None
    component: str
    pam: str | None
    residue: Fraction | None
    frequency: float
    eigenvector: Complex
    fixed: bool
    longitudinal: bool = False

    @property
    def name(self) -> str:
        """The mode in the grammar, ``Eu#1(+)``, ``A1g#2``; ``Eu#ac(+)`` for a translation.

        ``Eu#1(LO)`` is the longitudinal partner along a direction of approach.
        """
        component = LONGITUDINAL if self.longitudinal else self.component
        return str(ModeName(self.label, self.number, component))

    @cached_property
    def atomic_am(self) -> Floats:
        r"""(N, 3): mechanical angular momentum of every atom, :math:`\mathrm{Im}(e_κ^* × e_κ)`, ħ.

        Per quantum; the z component is :math:`2\,\mathrm{Im}\, e_{κx}^* e_{κy}`.
        """
        e = self.eigenvector
        return np.asarray(np.cross(e.conj(), e).imag)

    @cached_property
    def ellipses(self) -> Floats:
        r"""(N, 2, 3): half axes a, b of the ellipse on which every atom moves, Cartesian.

        :math:`e_κ = e^{iθ}(a_κ + i b_κ)` with a ⟂ b and \|a\| ≥ \|b\|, in units of √amu Å of the
        normalised mode; the atom rotates from a towards b. On a line b is 0.
        """
        e = self.eigenvector
        turned = e * np.exp(-0.5j * np.angle(np.sum(e * e, axis=1)))[:, None]
        return np.stack([turned.real, turned.imag], axis=1)

    @cached_property
    def helicities(self) -> Floats:
        r"""(N,): how circular every atom moves, :math:`|e_κ^* × e_κ| / |e_κ|^2`, 0 to 1.

        The sense is that of ``atomic_am``; 0 for an atom at rest.
        """
        size = np.linalg.norm(self.atomic_am, axis=1)
        moving = self.weights > 1e-12
        return np.where(moving, size / np.where(moving, self.weights, 1.0), 0.0)

    @property
    def am_vector(self) -> Floats | None:
        """Mechanical angular momentum, Cartesian, ħ per quantum; None where it does not exist."""
        return np.asarray(self.atomic_am.sum(axis=0)) if self.fixed else None

    def am(self, direction: npt.ArrayLike) -> float | None:
        """Mechanical angular momentum about a Cartesian unit vector, ħ per quantum."""
        vector = self.am_vector
        return None if vector is None else float(vector @ np.asarray(direction, dtype=float)) + 0.0

    @cached_property
    def weights(self) -> Floats:
        r"""(N,): share of every atom in the motion, :math:`|e_κ|^2`."""
        return np.asarray(np.sum(np.abs(self.eigenvector) ** 2, axis=1))

    def __repr__(self) -> str:
        return f"Mode({self.name}, {self.frequency:.4f} THz, l={self.pam})"


@dataclass(frozen=True, eq=False, repr=False)
class Multiplet(Value, Shown):
    """Modes of one frequency that symmetry makes partners.

    Attributes
    ----------
    species : Species
        What they transform as.
    number : int or None
        Which multiplet of the species, from the lowest frequency; None for rigid translations.
    frequency : float
        THz, negative if unstable.
    modes : tuple of Mode
        The partners, in the order of the components.
    """

    species: Species
    number: int | None
    frequency: float
    modes: tuple[Mode, ...]

    def __getitem__(self, component: str) -> Mode:
        """Return the partner of a component, ``"+"``, ``"0"`` or ``""``."""
        for mode in self.modes:
            if component in (mode.component, mode.pam):
                return mode
        raise LabelError(
            f"no component {component!r} of {self.species.label}",
            why="the multiplet has no partner of that name",
            fix=nearest(component, dict.fromkeys(mode.component for mode in self.modes)),
        )

    @property
    def plus(self) -> Mode:
        """The partner (+)."""
        return self["+"]

    @property
    def minus(self) -> Mode:
        """The partner (−)."""
        return self["-"]

    @property
    def name(self) -> str:
        """Name of all partners together, ``Eu#1``; ``Eu#ac`` for translations."""
        component = LONGITUDINAL if self.modes[0].longitudinal else ""
        return str(ModeName(self.species.label, self.number, component))

    def __repr__(self) -> str:
        return f"Multiplet({self.name}, {self.frequency:.4f} THz)"


@dataclass(frozen=True, eq=False, repr=False)
class Modes(Value, Tabular):
    """All modes of a crystal at one wavevector, from the lowest frequency.

    Rows are modes: frequencies in THz, ``am_axis`` the angular momentum about the axis in ħ.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    q : QPoint
        The wavevector.
    axis : Axis or None
        The axis of rotation that keeps it.
    masses : (N,) float
        amu, in the order of the primitive cell.
    multiplets : tuple of Multiplet
        The multiplets.
    asymmetry : float
        How much the forces break the symmetry: the largest change of a frequency, THz, when the
        dynamical matrix is averaged over the group (as it was here).
    direction : (3,) float or None
        Cartesian direction from which the zone centre was approached, None if none.
    born : (N, 3, 3) float or None
        Born effective charges, e; row: polarisation, column: displacement.
    acoustic_splitting : float
        By how much ω² of two acoustic branches differs at first order in q, THz²: zero where the
        forces obey the rotational sum rule. Divided by twice the frequency it is the error bar of
        every splitting that is linear in q.

    Examples
    --------
    ``modes["Eu", 1]`` is a multiplet, ``modes["Eu", 1].plus`` a mode; iterating gives all 3N modes.
    """

    crystal: SymmetricCrystal
    q: QPoint
    axis: Axis | None
    masses: Floats
    multiplets: tuple[Multiplet, ...]
    asymmetry: float
    direction: Floats | None = None
    born: Floats | None = None
    acoustic_splitting: float = 0.0

    def __iter__(self) -> Iterator[Mode]:
        return (mode for multiplet in self.multiplets for mode in multiplet.modes)

    def __len__(self) -> int:
        return sum(len(multiplet.modes) for multiplet in self.multiplets)

    def __getitem__(self, key: tuple[str, int]) -> Multiplet:
        """Return a multiplet by species and number.

        Raises
        ------
        LabelError
            There is no such mode.
        """
        try:
            label, number = key
        except (TypeError, ValueError) as error:
            raise LabelError(
                f"no modes {key!r}",
                why="a species and the number of one of its modes are needed",
                fix='write modes["Eu", 1] for a multiplet, modes.find("Eu#1(+)") for one mode',
            ) from error
        for multiplet in self.multiplets:
            if (multiplet.species.label, multiplet.number) == (label, number):
                return multiplet
        raise LabelError(
            f"no mode {label}#{number}",
            why="modes are numbered from 1 in every species, rigid translations left out",
            fix=nearest(
                f"{label}#{number}", [m.name for m in self.multiplets if m.number is not None]
            ),
        )

    def find(self, name: str) -> Mode:
        """Return a mode by its name in the grammar, ``Eu#1(+)``, ``A1g#1``, ``Eu#ac(+)``.

        The name may say where it is (``K3#2(+)@K``), if that is here.

        Raises
        ------
        GrammarError
            It is no name of a mode.
        LabelError
            No mode has the name, or several have it.
        """
        asked = ModeName.parse(name)
        group, here = self.crystal.group, self.multiplets[0].species.place
        if asked.place and find_point(group, asked.place).reduced != self.q.reduced:
            raise LabelError(
                f"no mode {name} here",
                why=f"these are the modes at {here or 'GM'}",
                fix=f"take those at {asked.place}, or leave @{asked.place} out",
            )
        # Named in full, so that the advice of an error says where a mode is.
        names = [str(replace(ModeName.parse(mode.name), place=here)) for mode in self]
        species = (m.species for m in self.multiplets)
        word = find_name(str(replace(asked, place=here)), dict.fromkeys(names), species)
        found = [mode for mode, full in zip(self, names, strict=True) if full == word]
        if len(found) == 1:
            return found[0]
        raise LabelError(
            f"{name} names {counted(len(found), 'mode')}",
            why="partners of equal l share a name",
            fix="choose one by its place from the lowest frequency, as in --band 4",
        )

    def eigenvectors_in(self, gauge: str) -> Complex:
        r"""Return the eigenvectors in another gauge, (3N, 3N), the modes as columns.

        ``position``, ours and phonopy's: :math:`u_κ = m_κ^{-1/2} e_κ e^{iq·r}` with r the position
        of the atom; ``cell``: :math:`u_κ = m_κ^{-1/2} e'_κ e^{iq·R}` with R that of its cell, so
        that :math:`e'_κ = e_κ e^{iq·r_κ}`.

        Raises
        ------
        LabelError
            The gauge is neither.
        """
        if gauge not in ("position", "cell"):
            raise LabelError(
                f"unknown gauge {gauge!r}",
                why="the phase goes with the position of the atom or with that of its cell",
                fix="write position or cell",
            )
        if gauge == "position":
            return self.eigenvectors
        q = self.q.array
        phases = phase_of(self.crystal.primitive.positions @ q)
        return np.asarray(phases.repeat(3)[:, None] * self.eigenvectors)

    @property
    def frequencies(self) -> Floats:
        """(3N,) THz, negative if unstable; ascending, but for rounding of rigid translations."""
        return np.array([mode.frequency for mode in self])

    @property
    def eigenvectors(self) -> Complex:
        """(3N, 3N) complex: the modes as columns, atom-major."""
        return np.stack([mode.eigenvector.ravel() for mode in self], axis=1)

    def am(self, mode: Mode) -> float | None:
        """Mechanical angular momentum of a mode about the axis, ħ; None without an axis."""
        return None if self.axis is None else mode.am(self.axis.direction)

    def relation(self, mode: Mode) -> Relation:
        """Return in which sense the atoms of a mode rotate beside that of its l.

        The sense of l is that of l₀. ``unrelated`` where one of them has no sense (l₀ = 0 or n/2,
        or J = 0) and the other has; ``none`` where neither has, where they do not exist, and where
        l₀ is a matter of choice: at the zone boundary of a screw, where ±u are one point.
        """
        am, axis = self.am(mode), self.axis
        if am is None or axis is None or axis.turn.ambiguous(self.q):
            return "none"
        l0 = mode.residue
        turns = 0 if l0 is None or 2 * l0 == axis.order else (l0 > 0) - (l0 < 0)
        sense = 0 if abs(am) < NO_ROTATION else (1 if am > 0 else -1)
        if not turns and not sense:
            return "none"
        return "unrelated" if not turns or not sense else "same" if turns == sense else "opposite"

    def site_weights(self, mode: Mode) -> tuple[tuple[str, float], ...]:
        """Share of every site in a mode, the largest first."""
        shares = [(s.name, float(mode.weights[list(s.atoms)].sum())) for s in self.crystal.sites]
        return tuple(sorted(shares, key=lambda item: -round(item[1], 9)))

    def effective_charge(self, mode: Mode) -> Complex | None:
        r"""Return the mode effective charge :math:`\sum_κ Z_κ^* e_κ m_κ^{-1/2}`, e/√amu, (3,).

        The oscillator strength is its square modulus. None without Born charges, and off the zone
        centre.
        """
        if self.born is None or self.q.reduced != GAMMA:
            return None
        scaled = mode.eigenvector / np.sqrt(self.masses)[:, None]
        return np.asarray(np.einsum("kab,kb->a", self.born, scaled))

    def magnetic_moment(self, mode: Mode) -> Floats | None:
        r"""Return the magnetic moment of one quantum, nuclear magnetons, Cartesian.

        :math:`μ = \frac{e}{2} \sum_κ u_κ × Z_κ^* \dot u_κ`, that is
        :math:`\frac{eħ}{2} \sum_κ m_κ^{-1}\, \mathrm{Im}(e_κ^* × Z_κ^* e_κ)` per quantum
        (Juraschek and Spaldin, Phys. Rev. Materials 3, 064405). None without Born charges.
        """
        if self.born is None or not mode.fixed:
            return None
        e = mode.eigenvector
        turned = np.cross(e.conj(), np.einsum("kab,kb->ka", self.born, e)).imag
        return np.asarray((turned / self.masses[:, None]).sum(axis=0) * NUCLEAR_MAGNETON_AMU)

    def __repr__(self) -> str:
        return f"Modes({self.crystal.primitive.formula}, {counted(len(self), 'mode')})"
