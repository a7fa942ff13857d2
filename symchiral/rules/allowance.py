"""What a crystal allows light and rotation to do, each a coupling judged by the same engine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Worded, display
from symchiral.engine.tensor import TensorForm, tensor_form
from symchiral.fields.axial import axial_vector, propagation, pseudoscalar
from symchiral.irreps.participant import Participant
from symchiral.irreps.rotation import rotation
from symchiral.rules.light import Light
from symchiral.value import DEPENDENT, NO_COMPONENT

AllowanceKind = Literal[
    "optical-activity",
    "ferroaxial",
    "linear-splitting",
    "phonon-moment",
    "axial-modes",
    "chirality",
    "magnetic-dichroism",
    "zero-field-splitting",
    "non-degenerate-rotation",
    "inverse-faraday",
]


Factor = Literal[
    "light-spin",
    "propagation",
    "moment",
    "axial-vector",
    "pseudoscalar",
    "mode",
    "rotation",
    "velocity",
]
"""What stands in the product of an effect: the spin S of light, its direction k of travel, a
magnetic moment M, an axial vector A and a pseudoscalar χ of the structure, a mode Q, its rotation
Q×Q̇, the velocity Q̇' of another mode."""


@dataclass(frozen=True)
class Allowance(Worded):
    """One effect: the product that makes it, and whether and where it exists.

    Attributes
    ----------
    kind : str
        Which effect.
    factors : tuple of str
        The factors of the product that must contain an invariant.
    coefficients : int
        Number of real coefficients of that product.
    allowed : bool
        Whether the effect exists in this crystal (and, if it concerns the beam, along the beam).
    species : tuple of str
        The species concerned.
    along : bool
        Of ferroaxial order: whether the axial vector has a part along the beam; of the inverse
        Faraday effect: whether a net moment along it is allowed.
    told_apart : bool
        Of a splitting of (+) and (−): whether σ+→σ− and σ−→σ+ see different ones.
    chiral : bool
        Of chirality: whether the crystal itself is chiral.
    by_light : tuple of str
        Of chirality: those of the species that E·E drives.
    """

    kind: AllowanceKind
    factors: tuple[Factor, ...]
    coefficients: int
    allowed: bool
    species: tuple[str, ...] = ()
    along: bool = False
    told_apart: bool = False
    chiral: bool = False
    by_light: tuple[str, ...] = ()

    @property
    def product(self) -> str:
        """The product that must contain an invariant, as text: ``S·k``."""
        return display(self, "product")

    @property
    def note(self) -> str:
        """What follows, as text; may be empty."""
        return display(self, "note")


def allowances(light: Light) -> tuple[Allowance, ...]:
    r"""Judge what the class allows, as consequences of invariants.

    S is the spin :math:`iE×E^*` of light (axial, odd in time), k its direction of travel (polar,
    odd), M a magnetic moment (axial, odd), A an axial vector even in time (rotation of the
    structure), χ a pseudoscalar, :math:`Q×\dot Q` the rotation of one mode. All are uniform
    fields; spatial dispersion is taken to first order in k.
    """
    return (
        _optical_activity(light),
        _ferroaxial(light),
        _splitting(light),
        _moment(light),
        _axial_modes(light),
        _handedness(light),
        *(_magnetic(light) if light.crystal.signs is not None else ()),
    )


def _pair(*factors: Participant) -> TensorForm:
    return tensor_form(factors, tuple((i,) for i in range(len(factors))))


def gyration_form(crystal: SymmetricCrystal) -> TensorForm:
    """The form of S·k: the gyration tensor."""
    return _pair(axial_vector(crystal, "S", time_parity=-1), propagation(crystal))


def ferroaxial_form(crystal: SymmetricCrystal) -> TensorForm:
    """The form of A alone: the axial vectors, even in time, that the class allows."""
    return _pair(axial_vector(crystal, "A", time_parity=1))


def _symmetric_part(form: TensorForm) -> int:
    """How many of the tensors of S·k turn polarisation: the antisymmetric ones do so nowhere."""
    symmetric = form.basis + np.swapaxes(form.basis, 1, 2)
    return (
        int(np.linalg.matrix_rank(symmetric.reshape(len(form), 9), tol=DEPENDENT))
        if len(form)
        else 0
    )


def _optical_activity(light: Light) -> Allowance:
    form, n = gyration_form(light.crystal), light.beam.frame[2].astype(complex)
    along = form.verdict(n, n).word == "allowed"
    return Allowance(
        "optical-activity",
        ("light-spin", "propagation"),
        _symmetric_part(form),
        along,
    )


def _ferroaxial(light: Light) -> Allowance:
    form = ferroaxial_form(light.crystal)
    along = form.verdict(light.beam.frame[2].astype(complex)).word == "allowed"
    return Allowance(
        "ferroaxial",
        ("axial-vector",),
        len(form),
        len(form) > 0,
        along=along,
    )


def _splitting(light: Light) -> Allowance:
    """(+) and (−) of one species at ±q along the beam: k·(Q×Q̇)."""
    k, n = propagation(light.crystal), light.beam.frame[2].astype(complex)
    forms = {
        s.label: _pair(k, turning)
        for s in light.optical
        if (turning := rotation(s.participant, light.crystal.signs)) is not None
    }
    found = [
        label
        for label, form in forms.items()
        if np.abs(form.contract(n, None)).max(initial=0) > NO_COMPONENT
    ]
    seen = light.beam.geometry == "backscattering" and _told_apart(light, found)
    return Allowance(
        "linear-splitting",
        ("propagation", "rotation"),
        sum(len(forms[label]) for label in found),
        bool(found),
        tuple(found),
        told_apart=seen,
    )


def _told_apart(light: Light, split: Collection[str]) -> bool:
    """Whether some component of these species is scattered by one of σ+→σ−, σ−→σ+ alone.

    On a four-fold axis none is: there both pairs carry l = 2 = −2, and no pair l = ±1.
    """
    crossed = {("+", "-"), ("-", "+")}
    return any(
        len(crossed & set(light.scattered(target))) == 1
        for target in light.targets
        if target.component is not None and target.species.label in split
    )


def _moment(light: Light) -> Allowance:
    """Magnetic moment along the beam of a mode that light of one spin rotates: M·(Q×Q̇)."""
    moment, n = axial_vector(light.crystal, "M", time_parity=-1), light.beam.frame[2]
    found, coefficients = [], 0
    for s in light.optical:
        turning = rotation(s.participant, light.crystal.signs)
        if turning is None:
            continue
        form = _pair(moment, turning)
        if np.abs(form.contract(n.astype(complex), None)).max(initial=0) > NO_COMPONENT:
            found.append(s.label)
            coefficients += len(form)
    return Allowance(
        "phonon-moment",
        ("moment", "rotation"),
        coefficients,
        bool(found),
        tuple(found),
    )


def _magnetic(light: Light) -> tuple[Allowance, ...]:
    """What only a magnetic crystal shows, and what light does to its moments."""
    crystal, n = light.crystal, light.beam.frame[2].astype(complex)
    spin = axial_vector(crystal, "S", time_parity=-1)
    dichroism = _pair(spin)
    along = dichroism.verdict(n).word == "allowed"
    inverse = _pair(axial_vector(crystal, "M", time_parity=-1), spin)
    made = inverse.verdict(n, n).word == "allowed"
    split = tuple(
        s.label
        for s in light.optical
        if (turning := rotation(s.participant, crystal.signs)) is not None and len(_pair(turning))
    )
    seen = _told_apart(light, split)
    # A mode of one partner has J as the group of the moments allows; see modes.motion.
    turned = tuple(
        s.label
        for s in light.optical
        if s.dimension == 1
        and np.abs(np.array(s.motions[0].directions).reshape(-1, 3) @ n.real).max(initial=0) > 1e-6
    )
    return (
        Allowance(
            "magnetic-dichroism",
            ("light-spin",),
            len(dichroism),
            along,
        ),
        Allowance(
            "zero-field-splitting",
            ("rotation",),
            len(split),
            bool(split),
            split,
            told_apart=seen,
        ),
        Allowance(
            "non-degenerate-rotation",
            ("mode", "velocity"),
            len(turned),
            bool(turned),
            turned,
        ),
        Allowance(
            "inverse-faraday",
            ("moment", "light-spin"),
            len(inverse),
            made,
            along=along,
        ),
    )


def _axial_modes(light: Light) -> Allowance:
    a = axial_vector(light.crystal, "A", time_parity=1)
    forms = {s.label: _pair(a, s.participant) for s in light.optical}
    found = tuple(label for label, form in forms.items() if len(form))
    return Allowance(
        "axial-modes",
        ("axial-vector", "mode"),
        sum(len(forms[label]) for label in found),
        bool(found),
        found,
    )


def _handedness(light: Light) -> Allowance:
    chi, e = pseudoscalar(light.crystal), light.field
    own = len(_pair(chi)) > 0
    forms = {s.label: _pair(chi, s.participant) for s in light.optical}
    found = tuple(label for label, form in forms.items() if len(form))
    by_light = tuple(
        s.label
        for s in light.optical
        if s.label in found and len(tensor_form((e, e, s.participant), ((0, 1), (2,))))
    )
    return Allowance(
        "chirality",
        ("pseudoscalar", "mode"),
        sum(len(forms[label]) for label in found),
        bool(found),
        found,
        chiral=own,
        by_light=by_light,
    )
