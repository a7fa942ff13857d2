"""Polarisation states of light, and the one reader of words for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from symchiral.errors import GrammarError
from symchiral.value import CIRCULAR, Complex, Floats, Value, frozen

_CIRCULAR = re.compile(r"(?:(?:σ|s|sigma|circular) ?([+-])1?|([+-]))")
_HAND = re.compile(r"[rl]h?(cp?)?|(right|left)([- ]?(hand(ed)?|circular))?")
_AXES = {"x": 0.0, "h": 0.0, "horizontal": 0.0, "y": 90.0, "v": 90.0, "vertical": 90.0}
_LINEAR = re.compile(r"(?:linear|lin|lp)[ _@:]?(.*)")
_ANGLE = re.compile(r"([+-]?[0-9]{1,4}(?:\.[0-9]{0,12})?) ?(?:°|deg|degrees?)?")
_ELLIPSE = re.compile(
    r"ell(?P<ratio>[+-]?(?:[0-9](?:\.[0-9]{0,15})?|\.[0-9]{1,15}))"
    r"(?:@(?P<angle>[+-]?[0-9]{1,4}(?:\.[0-9]{0,12})?) ?(?:°|deg))?"
)


def read_light(text: str) -> Polarization | None:
    """Read a word for polarised light; None is linear light at an angle that is not said.

    The one place that knows these words, in any case and with any minus sign: ``σ+``, ``s+``,
    ``sigma+``, ``circular+``, ``+``; ``x`` or ``h`` (0°), ``y`` or ``v`` (90°), ``z`` (along the
    axis); an angle from x towards y, ``30``, ``30°``, ``30deg``; an ellipse by angle and
    ellipticity angle, ``20/10``, or by its ratio of axes, ``ell0.5@30deg`` (negative: σ−);
    ``linear`` before an angle or alone.

    Examples
    --------
    >>> [read_light(word) for word in ("S−", "sigma+", "linear 45 deg", "z", "ell1", "linear")]
    [Polarization(σ-), Polarization(σ+), Polarization(45°), Polarization(z), Polarization(σ+), None]

    Raises
    ------
    GrammarError
        The text is none of these.
    """
    plain = " ".join(text.lower().replace("−", "-").replace("–", "-").split())
    if match := _CIRCULAR.fullmatch(plain):
        return Polarization.circular(1 if (match[1] or match[2]) == "+" else -1)
    if match := _LINEAR.fullmatch(plain):
        plain = match[1].strip()
        if plain in ("", "p", "s"):
            return None
    elif plain == "z":
        return Polarization(frozen(np.zeros(2, dtype=complex)))
    elif match := _ELLIPSE.fullmatch(plain):
        ratio = float(match["ratio"])
        if abs(ratio) > 1:
            raise GrammarError(
                f"cannot read the polarisation {text!r}",
                why="the ratio of the short axis of an ellipse to the long one is at most 1",
                fix="turn the ellipse by 90 degrees instead",
            )
        chi = float(np.rad2deg(np.arctan(ratio)))
        return Polarization.elliptical(float(match["angle"] or 0), chi)
    elif "/" in plain:
        pair = [_ANGLE.fullmatch(part.strip()) for part in plain.split("/")]
        if len(pair) == 2 and pair[0] and pair[1]:
            return Polarization.elliptical(float(pair[0][1]), float(pair[1][1]))
    if plain in _AXES:
        return Polarization.linear(_AXES[plain])
    if (match := _ANGLE.fullmatch(plain)) and plain not in ("+1", "-1"):
        return Polarization.linear(float(match[1]))
    if _HAND.fullmatch(plain):
        raise GrammarError(
            f"{text!r} is not one polarisation",
            why="right and left name what the receiver sees in most of optics, and what the "
            "source sees in others (IEEE)",
            fix="write σ+ or σ-, the spin about the axis: of light that travels along it σ+ is "
            "left-handed seen from the receiver, right-handed seen from the source; against "
            "it the reverse",
        )
    raise GrammarError(
        f"{text!r} is not a polarisation",
        why="it could be a spin or an angle"
        if plain in ("+1", "-1")
        else "it is neither circular (σ+, σ-), nor x, y or z, nor an angle or an ellipse",
        fix="write σ+ or s+, x, y, z, an angle from x in degrees (30°), or an ellipse as "
        "angle/ellipticity (20/10) or ratio@angle (ell0.5@30deg)",
    )


@dataclass(frozen=True, eq=False, repr=False)
class Polarization(Value):
    r"""A fully polarised state of light: its Jones vector about a fixed axis.

    :math:`E = \mathrm{Re}[(j_x \hat x + j_y \hat y)\, e^{-iωt}]` with x, y and the *fixed* axis
    (not the direction of travel) right-handed, :math:`|j| = 1`. σ± is
    :math:`(1, \pm i)/\sqrt 2`: σ+ rotates counter-clockwise seen from the tip of the axis. The
    Stokes parameters are

    .. math:: s_1 = |j_x|^2 - |j_y|^2, \quad s_2 = 2\,\mathrm{Re}(j_x^* j_y), \quad
              s_3 = 2\,\mathrm{Im}(j_x^* j_y) = |j_+|^2 - |j_-|^2,

    so that :math:`s_3` is the spin about the fixed axis in ħ per photon. (Optics books that take
    the helicity, or :math:`e^{+iωt}`, have the opposite sign of :math:`s_3` in half of the cases.)

    Light polarised along the axis, which travels across it, has j = 0 and the name ``z``.

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

    jones: Complex

    @classmethod
    def from_jones(cls, x: complex, y: complex) -> Polarization:
        """Make a state from a Jones vector of any length; its phase is kept.

        Raises
        ------
        GrammarError
            Both amplitudes vanish, or are not finite numbers.
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
            They are not finite numbers or all zero, or ``s0`` says that the light is only partly
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
        if degrees % 90 == 0:
            return cls(frozen(np.array([1, 0] if degrees % 180 == 0 else [0, 1], dtype=complex)))
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
        """Read a word for polarised light, as :func:`read_light` does.

        Raises
        ------
        GrammarError
            The text is none, or does not say the angle.
        """
        found = read_light(text)
        if found is None:
            raise GrammarError(
                f"{text!r} is not a polarisation",
                why="it does not say the angle",
                fix="add it: 30°",
            )
        return found

    @property
    def along(self) -> bool:
        """Whether the light is polarised along the axis."""
        return not self.jones.any()

    @property
    def vector(self) -> Complex:
        """(3,) complex unit vector: the field along x, y and the axis."""
        return np.append(self.jones, 1.0 if self.along else 0.0)

    @property
    def stokes(self) -> Floats:
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
        """``σ+``, ``σ-``, ``x``, ``y``, ``z``, ``30°`` or ``20/10``, as :meth:`parse` reads it."""
        if self.along:
            return "z"
        s1, s2, s3 = self.stokes
        if abs(s3) > 1 - CIRCULAR:
            return "σ+" if s3 > 0 else "σ-"
        degrees = np.rad2deg(np.arctan2(s2, s1)) / 2 % 180
        angle = f"{round(float(degrees), 6) % 180:.10g}"
        chi = round(float(np.rad2deg(np.arcsin(s3)) / 2), 6)
        return f"{angle}/{chi:.10g}" if chi else {"0": "x", "90": "y"}.get(angle, f"{angle}°")

    def __repr__(self) -> str:
        return f"Polarization({self.name})"


SIGMA = {"+": Polarization.circular(1), "-": Polarization.circular(-1)}
"""σ+ and σ−."""
