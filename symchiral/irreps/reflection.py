"""Parities beside pseudo-angular momentum: eigenvalues of mirrors and glides."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import QPoint, little_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.value import ROUNDED

Plane = Literal["perpendicular", "containing"]


@dataclass(frozen=True)
class Reflection:
    """A mirror or glide that keeps a wavevector, its plane across the axis or containing it.

    Attributes
    ----------
    index : int
        The operation, among those of the group; its translation is part of the name.
    plane : {"perpendicular", "containing"} or None
        How it lies to the axis; None where the crystal has no axis.
    """

    index: int
    plane: Plane | None


@dataclass(frozen=True)
class Parity:
    r"""The eigenvalues :math:`e^{2πi φ}` of a reflection in a component.

    Its square is a lattice translation t, so that :math:`φ = -q·t/2` or half a turn more: ±1 for a
    mirror, ±i or a phase that is linear in q for a glide off the zone centre.

    Attributes
    ----------
    reflection : Reflection
        The operation.
    phases : tuple of str
        φ in turns, −1/2 < φ ≤ 1/2 where q is fixed, else linear in u, v, w; each eigenvalue once.
    """

    reflection: Reflection
    phases: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The eigenvalues as printed: ``+1``, ``-i``, ``-exp(-iπu)``."""
        return tuple(eigenvalue_text(phase) for phase in self.phases)


def reflections(group: SpaceGroup, axis: Axis | None, q: QPoint) -> tuple[Reflection, ...]:
    """Return the mirrors and glides across the axis, then those containing it, that keep q.

    Without an axis all that keep q.

    Parameters
    ----------
    group : SpaceGroup
        The space group.
    axis : Axis or None
        The axis of the crystal; it need not keep q.
    q : QPoint
        The wavevector.
    """
    found = []
    for g in little_group(group, q):
        operation = group.operations[g]
        if operation.type != -2:
            continue
        if axis is None:
            found.append(Reflection(g, None))
            continue
        image = (operation.rotation @ axis.turn.uvw).tolist()
        if image == list(axis.turn.uvw):
            found.append(Reflection(g, "containing"))
        elif image == [-x for x in axis.turn.uvw]:
            found.append(Reflection(g, "perpendicular"))
    return tuple(sorted(found, key=lambda r: (r.plane == "containing", r.index)))


def parities(
    participant: Participant, arm: int, component: Component, found: tuple[Reflection, ...]
) -> tuple[Parity, ...]:
    """Return the eigenvalues of reflections in a component; those that leave it are left out.

    A reflection containing the axis takes l to −l, so it has eigenvalues where these are equal
    modulo n; one across the axis keeps l, except on a screw axis at the end of the zone.

    Examples
    --------
    >>> import symchiral as sc
    >>> study = sc.read("ZnO")  # the c-glide of P6_3mc, on the screw axis
    >>> q = study.point("DT(u)")
    >>> planes = reflections(study.crystal.group, study.axis, q)
    >>> for species in study.species("DT(u)")[:2]:
    ...     for parity in parities(species.participant, species.arm, species.components[0], planes):
    ...         operation = study.crystal.group.standard_operations[parity.reflection.index]
    ...         if operation.direction in ((1, 0, 0), (1, 2, 0)):
    ...             print(species.label, operation.seitz, *parity.texts)
    DT1 {m120|0,0,1/2} +exp(-iπu)
    DT1 {m100|0} +1
    DT4 {m120|0,0,1/2} -exp(-iπu)
    DT4 {m100|0} +1
    """
    q = participant.arms[arm]
    result = []
    for reflection in found:
        w = component.basis
        g = reflection.index
        image = participant.matrices[g, arm] @ w
        inside = w.conj().T @ image
        if np.abs(image - w @ inside).max() > ROUNDED:
            continue
        shift = participant.group.product_translations[g, g]
        half = _half(q, shift.tolist())
        # ± e^{2πi φ}: the sign from the numbers, at generic values of u, v, w
        unit = phase_of(half.generic[0])
        signs = {int(np.sign(round(float((x / unit).real)))) for x in np.linalg.eigvals(inside)}
        zero = Fraction(0)
        steps = [zero if sign > 0 else Fraction(1, 2) for sign in sorted(signs, reverse=True)]
        phases = tuple((half + QPoint((step, zero, zero))).reduced.texts[0] for step in steps)
        result.append(Parity(reflection, phases))
    return tuple(result)


def _half(q: QPoint, t: list[int]) -> QPoint:
    """−q·t/2 as the first coordinate of a point (on a line it is linear in the parameters)."""

    def dot(vector: tuple[Fraction, ...]) -> tuple[Fraction, Fraction, Fraction]:
        total = sum((-x * n / 2 for x, n in zip(vector, t, strict=True)), Fraction(0))
        return total, Fraction(0), Fraction(0)

    return q.mapped(dot)


_QUARTERS = {
    Fraction(0): "+1",
    Fraction(1, 2): "-1",
    Fraction(1, 4): "+i",
    Fraction(-1, 4): "-i",
}


def eigenvalue_text(phase: str) -> str:
    """Return e^{2πi φ} as printed.

    Examples
    --------
    >>> [eigenvalue_text(x) for x in ("0", "1/2", "-1/4", "-1/14", "3/7", "1/2-1/2u", "-u")]
    ['+1', '-1', '-i', '+exp(-iπ/7)', '-exp(-iπ/7)', '-exp(-iπu)', '+exp(-2πiu)']
    """
    q = QPoint.of(phase, 0, 0)
    constant = q.coordinates[0]
    if q.fixed:
        return _QUARTERS.get(constant) or _sign_and_angle(constant)
    if constant not in _QUARTERS:
        return f"exp(2πi({phase}))"
    slopes = [(letter, 2 * slope[0]) for letter, slope in zip("uvw", q.slopes, strict=True)]
    terms = [(letter, s) for letter, s in slopes if s]
    if len(terms) > 1:
        return f"exp(2πi({phase}))"
    ((letter, s),) = terms
    size = "iπ" if abs(s) == 1 else "2πi" if abs(s) == 2 else f"{abs(s)}·iπ"
    start = _QUARTERS[constant].replace("1", "").replace("i", "i·")
    return f"{start}exp({'-' if s < 0 else ''}{size}{letter})"


def _sign_and_angle(phase: Fraction) -> str:
    """``±exp(iπp/q)`` with an angle below a quarter turn."""
    turned = abs(phase) > Fraction(1, 4)
    angle = 2 * phase - ((1 if phase > 0 else -1) if turned else 0)
    size = "" if abs(angle.numerator) == 1 else str(abs(angle.numerator))
    minus = "-" if angle < 0 else ""
    return f"{'-' if turned else '+'}exp({minus}{size}iπ/{angle.denominator})"
