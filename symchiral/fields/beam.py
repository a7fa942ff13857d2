"""A beam of light: where it travels, about which axis its spin is counted, where it scatters to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import GrammarError, nearest
from symchiral.fields.orientation import LAB, Orientation
from symchiral.fields.polarization import Polarization
from symchiral.irreps.axis import Axis, axis_along, lattice_direction, three_numbers, upward
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.value import ALIGNED, CIRCULAR, NO_LENGTH, Complex, Floats, Value, frozen

Geometry = Literal["backscattering", "forward", "right-angle"]


@dataclass(frozen=True, eq=False, repr=False)
class Beam(Value):
    r"""Directions of incident and scattered light, with the frames of their polarisations.

    Cartesian unit vectors in the axes of the input. Incident light is written on x, y about the
    fixed axis n = x × y, along which it travels or against which: its spin is counted about n,
    its helicity is the spin times :math:`\hat k·n`. Light scattered on the same line (back,
    forward) is written on the same x, y, n; at a right angle it travels along x, and its frame is
    (y, n, x).

    Attributes
    ----------
    direction : (3,) float
        k of the incident light.
    frame : (3, 3) float
        Rows x, y, n.
    geometry : str
        backscattering, forward or right-angle.
    axis : Axis or None
        The symmetry axis along n, None where there is none.
    orientation : Orientation or None
        How the crystal stands in the laboratory, where directions were given as those of the lab.
    """

    direction: Floats
    frame: Floats
    geometry: Geometry
    axis: Axis | None
    orientation: Orientation | None = None

    @property
    def against(self) -> bool:
        """Whether incident light travels against the fixed axis."""
        return bool(self.direction @ self.frame[2] < 0)

    @cached_property
    def scattered(self) -> Floats:
        """Direction in which the scattered light travels."""
        if self.geometry == "right-angle":
            return frozen(self.frame[0])
        return frozen(self.direction if self.geometry == "forward" else -self.direction)

    @cached_property
    def scattered_frame(self) -> Floats:
        """Rows x, y, n on which scattered light is written."""
        return frozen(self.frame[[1, 2, 0]] if self.geometry == "right-angle" else self.frame)

    def incident_vector(self, light: Polarization) -> Complex:
        """(3,) complex: the field of incident light."""
        _require_across(light)
        return np.asarray(light.jones @ self.frame[:2])

    def scattered_vector(self, light: Polarization) -> Complex:
        """(3,) complex: the field of scattered light."""
        _require_across(light)
        return np.asarray(light.jones @ self.scattered_frame[:2])

    def helicity(self, spin: int, *, scattered: bool) -> int:
        """Helicity of circular light of this spin about its fixed axis."""
        if scattered:
            return spin * (1 if self.scattered @ self.scattered_frame[2] > 0 else -1)
        return -spin if self.against else spin

    def __repr__(self) -> str:
        k = ", ".join(f"{x:.3f}" for x in np.round(self.direction, 9) + 0.0)
        return f"Beam({k}; {self.geometry})"


def find_beam(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    *,
    direction: str | None = None,
    horizontal: str | None = None,
    geometry: str = "backscattering",
    orientation: Orientation | None = None,
) -> Beam:
    """Return a beam on a crystal.

    The fixed axis is the symmetry axis along the beam, pointing as that does, else the direction
    of the beam. x is the projection of ``horizontal``, by default of the first of a, b, c of the
    input cell that is not along the beam. With an orientation all directions are those of the
    laboratory instead, and the fixed axis is the line of the beam, taken along lab +z if it rises
    (else +y, else +x): polarisation angles along ±z run from lab x towards lab y.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    axis : Axis or None
        The axis about which rotation is counted: default direction, and the fixed axis if the
        beam runs along it.
    direction : str, optional
        ``"u,v,w"``: the lattice direction of the input cell in which incident light travels.
        Default: along ``axis``, else along c. With an orientation: components along lab x, y, z;
        default ``"0,0,1"``.
    horizontal : str, optional
        ``"u,v,w"``: the lattice direction that lies horizontally, polarisation angle 0; with an
        orientation components along lab x, y, z.
    geometry : str
        backscattering, forward or right-angle (towards ``horizontal``).
    orientation : Orientation, optional
        How the crystal stands in the laboratory.

    Raises
    ------
    GrammarError
        A direction is not readable or of zero length, both are parallel, or the geometry unknown.
    """
    known: tuple[Geometry, ...] = get_args(Geometry)
    if geometry not in known:
        raise GrammarError(
            f"no geometry {geometry!r}",
            why="light is scattered back, forward or at a right angle",
            fix=nearest(geometry, known),
        )

    def vector(text: str, name: str) -> Floats:
        return _vector(crystal, text, name, orientation)

    if direction is None and orientation is None and axis:
        k = np.array(axis.direction)
    else:
        k = vector("0,0,1" if direction is None else direction, "beam")
    rising = upward(k if orientation is None else orientation.to_lab(k))
    up = rising if orientation is None else orientation.from_lab(rising)
    if (
        axis
        and abs(axis.direction @ k) > 1 - ALIGNED
        and (orientation is None or axis.direction @ up > 0)
    ):
        along: Axis | None = axis
    else:
        along = axis_along(crystal, up)
    n = np.array(along.direction) if along else k if orientation is None else up
    choices = ["1,0,0", "0,1,0", "0,0,1"] if horizontal is None else [horizontal]
    flat = [v - (v @ n) * n for v in (vector(c, "horizontal") for c in choices)]
    x = next((v / np.linalg.norm(v) for v in flat if np.linalg.norm(v) > 1e-3), None)
    if x is None:
        raise GrammarError(
            f"the horizontal direction {horizontal!r} is along the beam",
            why="it gives the polarisation angle 0, which is across the beam",
            fix="choose another direction, or leave it out",
        )
    frame = frozen(np.stack([x, np.cross(n, x), n]))
    return Beam(frozen(k), frame, geometry, along, orientation)


def light_component(
    field: Participant, frame: Floats, turn: Turn | None, light: Polarization
) -> Component:
    """Return the component of E that is light of a polarisation about an axis.

    Parameters
    ----------
    field : Participant
        E in the axes that the frame refers to.
    frame : (3, 3) float
        Rows x, y, n in the axes of E.
    turn : Turn or None
        The axis along n. σ± and the direction along it have a pseudo-angular momentum where they
        are its eigenvectors; other states have none.
    light : Polarization
        The state on x, y, n.
    """
    vector, name = light.vector @ frame, light.name
    for part in components(field, turn) if turn else ():
        if part.basis.shape[1] == 1 and abs(np.vdot(part.basis[:, 0], vector)) > 1 - CIRCULAR:
            return replace(part, name=name)
    return Component(None, None, name, frozen(vector[:, None], complex), 0, 0)


def _require_across(light: Polarization) -> None:
    if light.along:
        raise GrammarError(
            "no beam is polarised along the line it travels on",
            why="light is a transverse wave, and z is that line",
            fix="give a polarisation across it: σ+, x, y or an angle",
        )


def _vector(
    crystal: SymmetricCrystal, text: str, name: str, orientation: Orientation | None
) -> Floats:
    kind = "direction of the laboratory" if orientation else "lattice direction of the input cell"
    fix = f'write a {kind}, as in "0,0,1"'
    numbers = three_numbers(text) if orientation else lattice_direction(text)
    if numbers is None and orientation and re.fullmatch(rf"[+-]?[{LAB}]", text.strip()):
        sign = -1 if text.strip()[0] == "-" else 1
        numbers = sign * np.eye(3)[LAB.index(text.strip()[-1])]
    if numbers is None:
        raise GrammarError(
            f"cannot read the {name} direction {text!r}", why="it is not three numbers", fix=fix
        )
    if orientation is None:
        vector = crystal.frame.direction(numbers, to="cartesian", source="input")
    else:
        vector = orientation.from_lab(numbers)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < NO_LENGTH:
        raise GrammarError(
            f"the {name} direction {text!r} has zero length", why="it points nowhere", fix=fix
        )
    return np.asarray(vector / length)
