"""Polarisation states of light."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.errors import GrammarError
from symchiral.value import Value, frozen

_CIRCULAR = re.compile(r"(?:σ|s|sigma|circular)?\s*([+-])")
_HAND = re.compile(r"[rl]h?(cp?)?|(right|left)([- ]?(hand(ed)?|circular))?", re.IGNORECASE)
_ANGLE = re.compile(r"([+-]?\d{1,4}(?:\.\d*)?)(?:°|deg)?")


def circular_spin(text: str) -> int | None:
    """Return the spin about the axis of a word for circular light, None for other words.

    The one place that knows these words: ``σ+``, ``s+``, ``sigma+``, ``+``, in any case, with a
    hyphen or a minus sign.

    Examples
    --------
    >>> [circular_spin(word) for word in ("σ+", "S−", "sigma-", "+", "x")]
    [1, -1, -1, 1, None]
    """
    match = _CIRCULAR.fullmatch(text.strip().lower().replace("−", "-").replace("–", "-"))
    return None if match is None else 1 if match[1] == "+" else -1


@dataclass(frozen=True, eq=False, repr=False)
class Polarization(Value):
    r"""A fully polarised state of light: its Jones vector about a fixed axis.

    :math:`E = \mathrm{Re}[(j_x \hat x + j_y \hat y)\, e^{-iωt}]` with x, y and the *fixed* axis
    (not the direction of travel) right-handed, :math:`|j| = 1`. σ± is
    :math:`(1, \pm i)/\sqrt 2`: σ+ turns counter-clockwise seen from the tip of the axis. The Stokes
    parameters are

    .. math:: s_1 = |j_x|^2 - |j_y|^2, \quad s_2 = 2\,\mathrm{Re}(j_x^* j_y), \quad
              s_3 = 2\,\mathrm{Im}(j_x^* j_y) = |j_+|^2 - |j_-|^2,

    so that :math:`s_3` is the spin about the fixed axis in ħ per photon. (Optics books that take
    the helicity, or :math:`e^{+iωt}`, have the opposite sign of :math:`s_3` in half of the cases.)

    Attributes
    ----------
    jones : (2,) complex
        j.

    Examples
    --------
    >>> Polarization.circular(1), Polarization.linear(30), Polarization.parse("s-")
    (Polarization(σ+), Polarization(30°), Polarization(σ-))
    >>> Polarization.linear(45).stokes.round(12).tolist()
    [0.0, 1.0, 0.0]
    >>> Polarization.from_stokes(0, 0, -1)
    Polarization(σ-)
    >>> round(Polarization.elliptical(20, 10).spin, 6)
    0.34202
    """

    jones: npt.NDArray[np.complex128]

    @classmethod
    def from_jones(cls, x: complex, y: complex) -> Polarization:
        """Make a state from a Jones vector of any length; its phase is kept.

        Raises
        ------
        GrammarError
            Both amplitudes vanish, or are no finite numbers.
        """
        vector = np.array([x, y], dtype=complex)
        size = float(np.linalg.norm(vector))
        if not np.isfinite(size) or size == 0:
            raise GrammarError(
                f"no polarisation has the Jones vector ({x}, {y})",
                why="its amplitudes must be finite and not both zero",
                fix="give two complex amplitudes, as in (1, 1j) for σ+",
            )
        return cls(frozen(vector / size))

    @classmethod
    def from_stokes(cls, s1: float, s2: float, s3: float, s0: float | None = None) -> Polarization:
        """Make a state from Stokes parameters.

        Raises
        ------
        GrammarError
            They are no finite numbers or all zero, or ``s0`` says that the light is only partly
            polarised, or more than fully.
        """
        size = float(np.sqrt(s1 * s1 + s2 * s2 + s3 * s3))
        if not np.isfinite(size) or size == 0:
            raise GrammarError(
                f"no polarisation has the Stokes parameters ({s1:g}, {s2:g}, {s3:g})",
                why="they must be finite and not all zero",
                fix="give those of fully polarised light, as in (0, 0, 1) for σ+",
            )
        if s0 is not None and abs(s0 - size) > 1e-6 * size:
            raise GrammarError(
                f"the Stokes parameters ({s0:g}; {s1:g}, {s2:g}, {s3:g}) are of no pure state",
                why=f"the degree of polarisation is {size / s0 if s0 else float('inf'):.3g}, not 1",
                fix="judge the polarised states it is a mixture of, one by one",
            )
        # cos and sin of half the polar angle about s3.
        plus, minus = np.sqrt(max(0.0, 1 + s3 / size) / 2), np.sqrt(max(0.0, 1 - s3 / size) / 2)
        phase = np.exp(0.5j * np.arctan2(s2, s1))
        x, y = plus / phase + minus * phase, 1j * (plus / phase - minus * phase)
        return cls.from_jones(complex(x), complex(y))

    @classmethod
    def linear(cls, degrees: float) -> Polarization:
        """Make linear light at an angle from x towards y, in degrees."""
        angle = np.deg2rad(degrees)
        return cls.from_jones(float(np.cos(angle)), float(np.sin(angle)))

    @classmethod
    def circular(cls, spin: int) -> Polarization:
        """Make σ+ (spin 1) or σ− (spin −1)."""
        if spin not in (1, -1):
            raise GrammarError(
                f"no circular light has spin {spin}", why="its spin is 1 or -1", fix="give 1 or -1"
            )
        return cls(frozen(np.array([1, 1j * spin]) / np.sqrt(2)))

    @classmethod
    def elliptical(cls, degrees: float, ellipticity: float) -> Polarization:
        """Make elliptical light: angle of its long axis and ellipticity angle, in degrees.

        The ellipticity angle χ runs from −45 (σ−) over 0 (linear) to 45 (σ+): tan χ is the ratio of
        the axes, and the spin is sin 2χ.
        """
        a, c = np.deg2rad(degrees), np.deg2rad(ellipticity)
        if not abs(ellipticity) <= 45:
            raise GrammarError(
                f"no polarisation has the ellipticity angle {ellipticity:g} degrees",
                why="tan χ is the ratio of the short axis to the long one",
                fix="give an angle between -45 (σ−) and 45 (σ+)",
            )
        x = np.cos(a) * np.cos(c) - 1j * np.sin(a) * np.sin(c)
        y = np.sin(a) * np.cos(c) + 1j * np.cos(a) * np.sin(c)
        return cls.from_jones(complex(x), complex(y))

    @classmethod
    def parse(cls, text: str) -> Polarization:
        """Read ``σ+``, ``s-``, ``x``, ``y``, an angle ``30`` or ``30°``, or ``20/10`` (elliptical).

        Raises
        ------
        GrammarError
            The text is none of these.
        """
        plain, spin = text.strip(), circular_spin(text)
        if spin is not None:
            return cls.circular(spin)
        if plain in ("x", "y"):
            return cls.linear(0 if plain == "x" else 90)
        if _HAND.fullmatch(plain):
            raise GrammarError(
                f"{text!r} is not one polarisation",
                why="right and left name what the receiver sees in most of optics, and what the "
                "source sees in others (IEEE)",
                fix="write σ+ or σ-, the spin about the axis: of light that travels along it σ+ is "
                "left-handed seen from the receiver, right-handed seen from the source; against "
                "it the reverse",
            )
        parts = [_ANGLE.fullmatch(p.strip().replace("−", "-")) for p in plain.split("/")]
        numbers = [float(m[1]) for m in parts if m]
        if len(parts) > 2 or len(numbers) < len(parts):
            raise GrammarError(
                f"{text!r} is no polarisation",
                why="it is neither circular (σ+, σ-), nor x or y, nor an angle",
                fix="write σ+ or s+, x, y, an angle in degrees from x (30), or angle/ellipticity "
                "(20/10)",
            )
        return cls.linear(numbers[0]) if len(numbers) == 1 else cls.elliptical(*numbers)

    @property
    def stokes(self) -> npt.NDArray[np.float64]:
        """(s1, s2, s3) of unit length."""
        x, y = self.jones
        cross = np.conj(x) * y
        return np.array([abs(x) ** 2 - abs(y) ** 2, 2 * cross.real, 2 * cross.imag])

    @property
    def spin(self) -> float:
        """Spin about the fixed axis, ħ per photon: s3."""
        return float(self.stokes[2])

    @property
    def orthogonal(self) -> Polarization:
        """The state of opposite Stokes parameters."""
        x, y = self.jones
        return Polarization(frozen(np.array([-np.conj(y), np.conj(x)])))

    @property
    def name(self) -> str:
        """``σ+``, ``σ-``, ``x``, ``y``, ``30°`` or ``20/10``, as :meth:`parse` reads it."""
        s1, s2, s3 = self.stokes
        if abs(s3) > 1 - 1e-9:
            return "σ+" if s3 > 0 else "σ-"
        degrees = np.rad2deg(np.arctan2(s2, s1)) / 2 % 180
        angle = f"{round(float(degrees), 6) % 180:.10g}"
        chi = round(float(np.rad2deg(np.arcsin(s3)) / 2), 6)
        if chi:
            return f"{angle}/{chi:.10g}"
        return {"0": "x", "90": "y"}.get(angle, f"{angle}°")

    def __repr__(self) -> str:
        return f"Polarization({self.name})"


SIGMA = {"+": Polarization.circular(1), "-": Polarization.circular(-1)}
"""σ+ and σ−."""
