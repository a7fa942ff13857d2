"""What scattered light shows of a tensor form: intensities, and their laws of angle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from symchiral.engine.tensor import LETTERS, TensorForm, linear_text, number_text
from symchiral.fields.beam import Beam
from symchiral.fields.polarization import Polarization
from symchiral.value import DEPENDENT, NO_COMPONENT, Complex, Floats, Value

Wave = Literal[2, 4]
"""A multiple of the angle θ."""


def intensity_form(
    raman: TensorForm, beam: Beam, incident: Polarization, scattered: Polarization
) -> Complex:
    r"""Return the Raman intensity of all partners of a species as a form in the coefficients.

    :math:`I = \sum_a |e_s^\dagger R_a e_i|^2 = \sum_{kl} G_{kl}\, c_k c_l^*`, with
    :math:`R_a = \sum_k c_k B^k_a`. Real coefficients (no absorption) see the real part of G only.

    Parameters
    ----------
    raman : TensorForm
        The form (E, E, species), E in the Cartesian axes of the input.
    beam : Beam
        Where light comes from and goes to.
    incident, scattered : Polarization
        States on the two frames of the beam.

    Returns
    -------
    (m, m) complex
        Hermitian, positive semidefinite.
    """
    into, out = beam.incident_vector(incident), beam.scattered_vector(scattered)
    amplitudes = raman.contract(into, out.conj(), None)
    return np.asarray(amplitudes @ amplitudes.conj().T)


def same_intensity(first: Complex, second: Complex, *, absorbing: bool) -> bool:
    """Whether two intensity forms agree for every tensor: real ones, or complex (absorbing)."""
    difference = first - second
    return bool(
        np.abs(difference if absorbing else difference.real).max(initial=0.0) < NO_COMPONENT
    )


def intensity_text(form: Complex, letters: str = LETTERS) -> str:
    """An intensity form as text, ``2 |a|² + |b|²``; ``0`` where it vanishes.

    Examples
    --------
    >>> intensity_text(np.array([[2.0, 0], [0, 1]], dtype=complex))
    '2 |a|² + |b|²'
    >>> intensity_text(np.array([[1, 1j], [-1j, 1]]))
    '|a|² + |b|² - 2 Im(ab*)'
    """
    parts: list[tuple[float, str]] = [
        (float(form[k, k].real), f"|{letters[k]}|²") for k in range(len(form))
    ]
    for k in range(len(form)):
        for l in range(k + 1, len(form)):
            pair = f"({letters[k]}{letters[l]}*)"
            # G_kl c_k c_l* + c.c. = 2 Re G Re(c_k c_l*) − 2 Im G Im(c_k c_l*)
            parts.append((2 * float(form[k, l].real), f"Re{pair}"))
            parts.append((-2 * float(form[k, l].imag), f"Im{pair}"))
    text = ""
    for x, word in parts:
        if abs(x) > NO_COMPONENT:
            size = number_text(abs(x))
            text += f" {'-' if x < 0 else '+'} {'' if size == '1' else f'{size} '}{word}"
    return text[3:] if text.startswith(" + ") else text.strip() or "0"


@dataclass(frozen=True, eq=False, repr=False)
class AngularLaw(Value):
    r"""Amplitudes of all partners against the angle θ of a linear polarisation.

    :math:`A_a(θ) = \sum_k c_k \left[ p_{ka} + q_{ka}\cos 2θ + r_{ka}\sin 2θ \right]`.

    Attributes
    ----------
    terms : (m, d, 3) float
        p, q, r of every coefficient and partner.
    letters : str
        Names of the coefficients.
    """

    terms: Floats
    letters: str

    @property
    def dark(self) -> bool:
        """Whether nothing is seen at any angle."""
        return not np.any(np.abs(self.terms) > NO_COMPONENT)

    @cached_property
    def fourier(self) -> Floats:
        """(5, m, m): the intensity as forms times 1, cos 2θ, sin 2θ, cos 4θ, sin 4θ."""
        p, q, r = np.moveaxis(self.terms, 2, 0)

        def form(u: Floats, v: Floats) -> Floats:
            return np.asarray((u @ v.T + v @ u.T) / 2)

        return np.stack(
            [
                form(p, p) + (form(q, q) + form(r, r)) / 2,
                2 * form(p, q),
                2 * form(p, r),
                (form(q, q) - form(r, r)) / 2,
                form(q, r),
            ]
        )

    @property
    def isotropic(self) -> bool:
        """Whether the intensity is the same at every angle, whatever the coefficients."""
        return not np.any(np.abs(self.fourier[1:]) > NO_COMPONENT)

    def intensity(self, degrees: float) -> Floats:
        """(m, m): the intensity form at an angle."""
        t = np.deg2rad(degrees)
        waves = np.array([1, np.cos(2 * t), np.sin(2 * t), np.cos(4 * t), np.sin(4 * t)])
        return np.asarray(np.tensordot(waves, self.fourier, 1))

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The multiples of θ with which the intensity varies."""
        halves: tuple[tuple[Wave, Floats], ...] = ((2, self.fourier[1:3]), (4, self.fourier[3:5]))
        return tuple(n for n, f in halves if np.abs(f).max() > NO_COMPONENT)

    @property
    def text(self) -> str:
        """The intensity as text: ``|a|²`` where it is isotropic, ``|a cos2θ|²`` … else, 0."""
        if self.dark:
            return "0"
        if self.isotropic:
            return intensity_text(self.fourier[0].astype(complex), self.letters)
        parts = [self._amplitude(a) for a in range(self.terms.shape[1])]
        return " + ".join(f"|{part}|²" for part in parts if part)

    def _amplitude(self, a: int) -> str:
        """One partner: ``a cos²θ + b sin²θ``, or p, cos 2θ and sin 2θ where that is shorter."""
        p, q, r = self.terms[:, a].T
        if np.any(np.abs(p) > NO_COMPONENT) and np.any(np.abs(q) > NO_COMPONENT):
            waves = [(p + q, "cos²θ"), (p - q, "sin²θ"), (r, "sin2θ")]
        else:
            waves = [(p, ""), (q, "cos2θ"), (r, "sin2θ")]
        text = ""
        for values, wave in waves:
            part = linear_text(values, self.letters)
            if part == "0":
                continue
            if wave and (" + " in part or " - " in part):
                part = f"({part})"
            text += f" - {part[1:]} {wave}" if text and part[0] == "-" else f" + {part} {wave}"
        return text.strip().removeprefix("+ ")


def parallel_law(raman: TensorForm, beam: Beam) -> AngularLaw:
    """Raman intensity with scattered light polarised like the incident, against its angle."""
    xx, yy, xy = _transverse(raman, beam)
    return AngularLaw(np.stack([(xx + yy) / 2, (xx - yy) / 2, xy], axis=2), raman.letters)


def crossed_law(raman: TensorForm, beam: Beam) -> AngularLaw:
    r"""Raman intensity with crossed polarisers; also what a balanced probe turns by, linearly.

    A change of the dielectric tensor by R turns and splits the polarisation of light at θ by
    :math:`e_⊥^T R e = R_{xy}\cos 2θ - \tfrac12 (R_{xx} - R_{yy}) \sin 2θ`.
    """
    xx, yy, xy = _transverse(raman, beam)
    return AngularLaw(np.stack([0 * xx, xy, -(xx - yy) / 2], axis=2), raman.letters)


def _transverse(raman: TensorForm, beam: Beam) -> tuple[Floats, Floats, Floats]:
    x, y = beam.frame[:2].astype(complex)
    pairs = ((x, x), (y, y), (x, y))
    xx, yy, xy = (np.real(raman.contract(a, b, None)) for a, b in pairs)
    return xx, yy, xy


@dataclass(frozen=True)
class BalancedProbe:
    """What a balanced probe (Kerr rotation, birefringence) at normal incidence sees of a motion.

    Attributes
    ----------
    seen : int
        How many of the motions, taken independently, it sees.
    dark_angles : tuple of float
        Probe angles in degrees (modulo 90) at which it does not see the first, second, … motion
        that it sees elsewhere; empty where the angle is not fixed by symmetry.
    turns : int
        Of two motions in quadrature, a rotation, the phase of the signal is ωt − 2θ (+1) or
        ωt + 2θ (−1) with the probe angle θ; 0 where the two are not seen 45° apart.
    """

    seen: int
    dark_angles: tuple[float, ...]
    turns: Literal[-1, 0, 1]


def probe(raman: TensorForm, beam: Beam, motions: Floats) -> BalancedProbe:
    r"""Return what the signal :math:`S(θ) = \sum_a Q_a (r_a\cos 2θ - q_a\sin 2θ)` separates.

    With :math:`q_a = (R_{xx}-R_{yy})/2, r_a = R_{xy}` of motion a. It vanishes for motion a at
    :math:`\tan 2θ = r_a/q_a`. If :math:`(q_2, r_2) = κ(-r_1, q_1)` for every tensor, the two are
    45° apart and the signal of :math:`Q_1 = \cos ωt, Q_2 = \sin ωt` is a function of
    :math:`ωt - 2κθ`: the sense of rotation is read from two probe angles.

    Parameters
    ----------
    motions : (d, n) float
        Directions in the space of the partners; two of them are Q1 and Q2 of a rotation.
    """
    _, r, q = np.moveaxis(crossed_law(raman, beam).terms, 2, 0)
    q, r = -q @ motions, r @ motions
    both = np.stack([q, r], axis=2)  # coefficient, motion, (q, r)
    if not both.size:
        return BalancedProbe(0, (), 0)
    seen = int(
        np.linalg.matrix_rank(both.transpose(0, 2, 1).reshape(-1, q.shape[1]), tol=DEPENDENT)
    )
    turns: Literal[-1, 0, 1] = 0
    if seen == q.shape[1] == 2:
        quarter = np.stack([-r[:, 0], q[:, 0]], axis=1)
        if np.allclose(both[:, 1], quarter, atol=DEPENDENT):
            turns = 1
        elif np.allclose(both[:, 1], -quarter, atol=DEPENDENT):
            turns = -1
    angles = []
    if np.linalg.matrix_rank(both.reshape(len(q), -1), tol=DEPENDENT) == 1:
        k = int(np.argmax(np.abs(both).max(axis=(1, 2))))
        for x, y in both[k]:
            if abs(x) + abs(y) > DEPENDENT:
                angles.append(float(np.round(np.rad2deg(np.arctan2(y, x)) / 2, 6)) % 90)
    return BalancedProbe(seen, tuple(angles), turns)
