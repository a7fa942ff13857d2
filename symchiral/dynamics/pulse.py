"""Pulses of light that drive modes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log, pi, radians, sqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt

from symchiral.display import Shown
from symchiral.errors import GrammarError, InputError
from symchiral.fields.polarization import Polarization
from symchiral.units import FASTEST, FLUENCE, NUMBER, PER_THZ, SLOWEST, counted
from symchiral.value import TINY, Complex, Floats, Value, frozen

_QUANTITY = re.compile(
    rf"(?:(?P<key>[a-z]{{1,9}})=)?(?P<value>{NUMBER})(?P<unit>[a-zµ°]\S*)?", re.IGNORECASE
)
_FREQUENCIES = {"thz": 1.0, "cm-1": PER_THZ["cm-1"], "mev": PER_THZ["meV"]}
SHORTEST = 1e-6
"""The least duration of a pulse, ps."""

LARGEST = {
    "thz": FASTEST,
    "fwhm_ps": 1e6,
    "field_mv_cm": 1e4,
    "phase_deg": 1e6,
    "chirp_thz_ps": 1e6,
    "delay_ps": 1e6,
}
"""The most a property of a pulse may be.

10³ THz is light of 300 nm; 10⁴ MV/cm is 100 V/Å, which no crystal survives.
"""

_TIMES = {"ps": 1.0, "fs": 1e3}
_ANGLES = ("deg", "degree", "degrees", "°")
_FIELDS = {"mv/cm": 1.0, "kv/cm": 1e3, "v/m": 1e8}
FLUENCES = {"mj/cm2": 1.0, "uj/cm2": 1e3, "µj/cm2": 1e3, "μj/cm2": 1e3}
"""How many of each are 1 mJ/cm²; the micro sign and the Greek letter look alike."""
_UNITS = (*_FREQUENCIES, *_TIMES, *_FIELDS, *FLUENCES, *_ANGLES, "thz/ps", "cm⁻¹", "mj/cm²")
_APART = re.compile(rf"(?<=[0-9.])\s+(?=(?:{'|'.join(map(re.escape, _UNITS))})(?:[\s,]|$))", re.I)
"""What stands between a number and its unit."""
_EXAMPLE = '"2.0THz σ+ 1ps 1MV/cm"'


class DrivingField(Protocol):
    """Light as the equations of motion know it."""

    @property
    def start(self) -> float:
        """Time before which there is no field, ps."""

    @property
    def end(self) -> float:
        """Time after which the motion is regarded as free, ps."""

    @property
    def stop(self) -> float:
        """Time after which there is no field, ps."""

    @property
    def fastest(self) -> float:
        """Highest frequency in it that matters, THz."""

    def field(self, times: npt.ArrayLike) -> Floats:
        """(…, 3): E(t) along x, y and the axis, MV/cm."""


@dataclass(frozen=True, eq=False, repr=False)
class Pulse(Value, Shown):
    r"""A Gaussian pulse with a carrier, as long or as short as one likes.

    .. math:: E(t) = -\dot A, \qquad A(t) = \mathrm{Re}\,\frac{E_0}{iω_0}\, ε\, g(t)\, e^{-iφ(t)},
       \qquad g = e^{-2 \ln 2\, t^2/τ^2}, \qquad φ = 2π (f t + \tfrac12 b t^2) + φ_0

    so that :math:`E ≈ \mathrm{Re}\, E_0 ε g e^{-iφ}` while the area of a few-cycle pulse is zero,
    as it is for every field that propagates; t counts from the centre of the pulse, which is at
    time zero unless it has a delay. ε is a unit vector: pulses of equal :math:`E_0` and duration
    carry equal energy, and a circular one has the constant modulus :math:`E_0/\sqrt 2`. It is the
    field inside the crystal, or, of an incident pulse, that in vacuum before it falls on a face
    along the normal.

    Attributes
    ----------
    thz : float
        Carrier frequency f.
    polarization : tuple of complex
        ε along x, y and the axis; made by :func:`jones` from words.
    fwhm_ps : float
        τ: full width at half maximum of the intensity.
    field_mv_cm : float
        :math:`E_0`.
    phase_deg : float
        Carrier-envelope phase φ₀.
    chirp_thz_ps : float
        b: the instantaneous frequency is f + b t.
    incident : bool
        The field is that in vacuum.
    delay_ps : float
        Time of its centre.

    Examples
    --------
    >>> Pulse(thz=2.0, polarization="σ+", fwhm_ps=1.0, field_mv_cm=1.0)
    Pulse(2 THz, σ+, 1 ps, 1 MV/cm)
    """

    thz: float
    polarization: str | Sequence[complex] = "σ+"
    fwhm_ps: float = 1.0
    field_mv_cm: float = 1.0
    phase_deg: float = 0.0
    chirp_thz_ps: float = 0.0
    incident: bool = False
    delay_ps: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("thz", SLOWEST), ("fwhm_ps", SHORTEST)):
            value = getattr(self, name)
            if not value >= least:
                raise InputError(
                    f"no pulse with {name} = {value:g}",
                    why=f"it must be positive, {least:g} at least",
                    fix="check its unit",
                )
        for name, largest in LARGEST.items():
            value = getattr(self, name)
            if not abs(value) <= largest:
                raise InputError(
                    f"no pulse with {name} = {value:g}",
                    why=f"it is not a number up to {largest:g}",
                    fix="check its unit",
                )
        if self.field_mv_cm < 0:
            given = f"no pulse with field_mv_cm = {self.field_mv_cm:g}"
            raise InputError(given, why="it is negative", fix="reverse it with phase=180deg")
        jones(self.polarization)

    @classmethod
    def parse(cls, text: str) -> Pulse:
        """Read ``2.0THz σ+ 1ps 1MV/cm``, in any order.

        Frequency in THz, cm-1 or meV; duration in ps or fs; field in MV/cm, kV/cm or V/m, in the
        crystal, or with the word ``incident`` in vacuum; or fluence in mJ/cm2 or uJ/cm2, always in
        vacuum; polarisation as :func:`jones` reads it; besides these ``chirp=0.1THz/ps``,
        ``phase=90deg`` and ``delay=3ps``, the time of its centre.

        Examples
        --------
        >>> Pulse.parse("500fs 65cm-1 30deg 300kV/cm phase=90deg")
        Pulse(1.949 THz, 30deg, 0.5 ps, 0.3 MV/cm, phase 90 deg)

        Raises
        ------
        GrammarError
            A word is unknown, missing, without unit, or given twice.
        """
        found = pulse_words(text)
        fluence = found.pop("fluence", None)
        needed = ("thz", "polarization", "fwhm_ps", "field_mv_cm")
        missing = [k for k in needed if k not in found]
        if fluence is not None:
            missing = [k for k in missing if k != "field_mv_cm"]
        if missing:
            names = {
                "thz": "the frequency (2.0THz)",
                "polarization": "the polarisation (σ+, σ-, x, 30deg)",
                "fwhm_ps": "the duration (1ps)",
                "field_mv_cm": "the field (1MV/cm)",
            }
            said = [names[k] for k in missing]
            are = "is" if len(said) == 1 else "are"
            raise _unreadable(text, f"{' and '.join(said)} {are} missing")
        if fluence is not None:
            if "field_mv_cm" in found:
                raise _unreadable(text, "it has both a field and a fluence")
            unit = replace(cls(**found), field_mv_cm=1.0).fluence  # type: ignore[arg-type]
            if float(fluence) < 0:
                raise _unreadable(text, "its fluence is negative")
            found["field_mv_cm"] = sqrt(float(fluence) / unit)
            found["incident"] = True
        return cls(**found)  # type: ignore[arg-type]

    @cached_property
    def jones(self) -> Complex:
        """(3,): ε along x, y and the axis."""
        return jones(self.polarization)

    @property
    def fluence(self) -> float:
        r"""Energy per area, mJ/cm², of a plane wave in vacuum with many cycles of this field.

        That of an incident pulse; of a field in a crystal it says nothing.

        :math:`\frac{cε_0}{2} \int E_0^2 g^2 dt`.
        """
        return FLUENCE * self.field_mv_cm**2 * self.fwhm_ps * sqrt(pi / (4 * log(2)))

    @property
    def bandwidth(self) -> float:
        r"""Full width at half maximum of the intensity of the spectrum, THz.

        :math:`\sqrt{(2\ln2/π τ)^2 + (b τ)^2}`, b the chirp.
        """
        return float(np.hypot(2 * log(2) / (pi * self.fwhm_ps), self.chirp_thz_ps * self.fwhm_ps))

    @property
    def start(self) -> float:
        """Time before which there is practically no field, −3 τ, ps: 4·10⁻⁶ of the peak."""
        return self.delay_ps - 3 * self.fwhm_ps

    @property
    def end(self) -> float:
        """Time after which the motion is regarded as free, 2 τ, ps: intensity 10⁻⁵ of the peak."""
        return self.delay_ps + 2 * self.fwhm_ps

    @property
    def stop(self) -> float:
        """Time after which there is practically no field, 3 τ, ps."""
        return self.delay_ps + 3 * self.fwhm_ps

    @property
    def fastest(self) -> float:
        """Carrier frequency and half the bandwidth, THz."""
        return self.thz + 1 / self.fwhm_ps + 2 * abs(self.chirp_thz_ps) * self.fwhm_ps

    def field(self, times: npt.ArrayLike) -> Floats:
        """Return E(t), (…, 3), along x, y and the axis, MV/cm."""
        t = np.asarray(times, dtype=float) - self.delay_ps
        b = 4 * log(2) / self.fwhm_ps**2
        g = np.exp(-b * t * t / 2)
        phase = 2 * pi * (self.thz + self.chirp_thz_ps * t / 2) * t + radians(self.phase_deg)
        rate = 1 + self.chirp_thz_ps * t / self.thz
        amplitude = self.field_mv_cm * g * (rate - 1j * b * t / (2 * pi * self.thz))
        wave = amplitude * np.exp(-1j * phase)
        return np.asarray((wave[..., None] * self.jones).real)

    def __repr__(self) -> str:
        word = self.polarization
        shown = word if isinstance(word, str) else f"({', '.join(f'{x:.3g}' for x in word)})"
        parts = [
            f"{self.thz:.4g} THz",
            shown,
            f"{self.fwhm_ps:g} ps",
            f"{self.field_mv_cm:.4g} MV/cm{' in vacuum' if self.incident else ''}",
        ]
        if self.chirp_thz_ps:
            parts.append(f"chirp {self.chirp_thz_ps:g} THz/ps")
        if self.phase_deg:
            parts.append(f"phase {self.phase_deg:g} deg")
        if self.delay_ps:
            parts.append(f"delay {self.delay_ps:g} ps")
        return f"Pulse({', '.join(parts)})"


@dataclass(frozen=True, eq=False, repr=False)
class Fields(Value):
    """Several fields at once: pulses one after another, or of two sources.

    Attributes
    ----------
    parts : tuple of DrivingField
        At least one.
    """

    parts: tuple[DrivingField, ...]

    @property
    def start(self) -> float:
        """Time before which there is no field, ps."""
        return min(part.start for part in self.parts)

    @property
    def end(self) -> float:
        """Time after which the motion is regarded as free, ps."""
        return max(part.end for part in self.parts)

    @property
    def stop(self) -> float:
        """Time after which there is no field, ps."""
        return max(part.stop for part in self.parts)

    @property
    def fastest(self) -> float:
        """Highest frequency in it that matters, THz."""
        return max(part.fastest for part in self.parts)

    def field(self, times: npt.ArrayLike) -> Floats:
        """Return E(t), (…, 3), along x, y and the axis, MV/cm."""
        return np.asarray(sum(part.field(times) for part in self.parts))

    def __repr__(self) -> str:
        return f"Fields({', '.join(map(repr, self.parts))})"


def read_light(light: Pulses) -> DrivingField:
    """Return light as the equations of motion take it.

    Parameters
    ----------
    light : str, DrivingField, or a sequence of these
        A pulse in words, as :meth:`Pulse.parse` reads them, any field, or several of them.

    Examples
    --------
    >>> read_light(["2THz σ+ 1ps 1MV/cm", "2THz σ- 1ps 1MV/cm delay=3ps"]).stop
    6.0

    Raises
    ------
    GrammarError
        A pulse cannot be read.
    InputError
        There is none.
    """
    if isinstance(light, str):
        return Pulse.parse(light)
    if not isinstance(light, Sequence):
        return light
    if not light:
        raise InputError("there is no light", why="the list of pulses is empty", fix="give one")
    parts = [read_light(part) for part in light]
    return parts[0] if len(parts) == 1 else Fields(tuple(parts))


@dataclass(frozen=True, eq=False, repr=False)
class SampledPulse(Value):
    """A field that was measured or made elsewhere, interpolated linearly; zero outside.

    Attributes
    ----------
    times : (T,) float
        ps, ascending.
    values : (T, 3) float
        Field along x, y and the axis, MV/cm.
    """

    times: Floats
    values: Floats

    @classmethod
    def of(cls, times: npt.ArrayLike, values: npt.ArrayLike) -> SampledPulse:
        """Make a pulse from arrays; a second column less means no field along the axis.

        Raises
        ------
        InputError
            The arrays do not fit, or time does not ascend.
        """
        t, v = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
        if v.ndim == 2 and v.shape[1] == 2:
            v = np.column_stack([v, np.zeros(len(v))])
        if t.ndim != 1 or len(t) < 2 or v.shape != (len(t), 3):
            raise InputError(
                "no such pulse",
                why=f"times have the shape {t.shape} and fields {v.shape}",
                fix="give (T,) times and (T, 2) or (T, 3) fields",
            )
        if not (np.all(np.isfinite(t)) and np.all(np.isfinite(v)) and np.all(np.diff(t) > 0)):
            raise InputError(
                "no such pulse", why="times must ascend, all numbers be finite", fix="sort it"
            )
        return cls(frozen(t), frozen(v))

    @property
    def start(self) -> float:
        """First time, ps."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Last time at which the field exceeds 1/300 of its largest, ps."""
        size = np.linalg.norm(self.values, axis=1)
        return float(self.times[np.flatnonzero(size >= size.max() / 300)[-1]])

    @property
    def stop(self) -> float:
        """Last time, ps."""
        return float(self.times[-1])

    @property
    def fastest(self) -> float:
        """Highest frequency of 99.9 % of the power, THz."""
        steps = np.linspace(self.times[0], self.times[-1], 4 * len(self.times))
        power = np.sum(np.abs(np.fft.rfft(self.field(steps), axis=0)) ** 2, axis=1)
        share = np.cumsum(power) / max(float(power.sum()), TINY)
        return float(np.fft.rfftfreq(len(steps), steps[1] - steps[0])[np.argmax(share > 0.999)])

    def field(self, times: npt.ArrayLike) -> Floats:
        """Return E(t), (…, 3), MV/cm."""
        t = np.asarray(times, dtype=float)
        columns = [np.interp(t, self.times, v, left=0, right=0) for v in self.values.T]
        return np.stack(columns, axis=-1)

    def __repr__(self) -> str:
        return (
            f"SampledPulse({counted(len(self.times), 'time')} from {self.start:g} to "
            f"{self.end:g} ps)"
        )


Pulses = str | DrivingField | Sequence["str | DrivingField"]
"""What light can be given as."""


def jones(polarization: str | Sequence[complex]) -> Complex:
    """Return the unit vector ε along x, y and the axis.

    Parameters
    ----------
    polarization : str or sequence of complex
        A word as :func:`~symchiral.fields.polarization.read_light` reads it: ``σ+`` is
        (1, i)/√2, counter-clockwise seen from the tip of the axis, ``z`` along the axis. Or two or
        three numbers.

    Examples
    --------
    >>> jones("σ+").round(4)
    array([0.7071+0.j    , 0.    +0.7071j, 0.    +0.j    ])
    >>> jones("90deg").round(4)
    array([0.+0.j, 1.+0.j, 0.+0.j])

    Raises
    ------
    GrammarError
        It is none of these.
    """
    if isinstance(polarization, str):
        return Polarization.parse(polarization).vector
    given = np.asarray(polarization, dtype=complex)
    vector = np.append(given, 0.0) if given.shape == (2,) else given
    size = np.linalg.norm(vector)
    if vector.shape != (3,) or not np.isfinite(size) or size == 0:
        raise GrammarError(
            f"no polarisation {polarization}",
            why="it is not two or three numbers that do not all vanish",
            fix="give the components along x, y and the axis",
        )
    return np.asarray(vector / size)


def pulse_words(text: str) -> dict[str, float | str | bool]:
    """Return what the words of a pulse state, complete or not, by attribute; or its fluence.

    Units may stand apart and commas between words, as pulses are printed.

    Examples
    --------
    >>> pulse_words("500fs 300kV/cm")
    {'fwhm_ps': 0.5, 'field_mv_cm': 0.3}
    >>> pulse_words("2 THz, s+, 1 ps")
    {'thz': 2.0, 'polarization': 's+', 'fwhm_ps': 1.0}

    Raises
    ------
    GrammarError
        A word is unknown, without unit, or given twice.
    """
    found: dict[str, float | str | bool] = {}
    for word in _APART.sub("", text).split():
        key, value = _word(word.rstrip(","), text)
        if key in found:
            raise _unreadable(text, f"it has two words for {key.replace('_', ' ')}")
        found[key] = value
    return found


def _word(word: str, text: str) -> tuple[str, float | str | bool]:
    """What a word of the description of a pulse sets, and to what."""
    if word.lower() == "incident":
        return "incident", True
    match = _QUANTITY.fullmatch(word)
    bare_angle = match and not match["key"] and (match["unit"] or "").lower() in _ANGLES
    if match is None or bare_angle:
        try:
            jones(word)
        except GrammarError as error:
            known = word.lower().startswith(("ell", "lin"))
            why = error.why if known else f"{word!r} is not a word of it"
            raise _unreadable(text, why) from error
        return "polarization", word
    value = float(match["value"].replace("−", "-"))
    unit, key = (match["unit"] or "").lower().replace("⁻¹", "-1").replace("²", "2"), match["key"]
    if not unit:
        raise _unreadable(text, f"{word!r} has no unit")
    if key is None:
        for name, units in (
            ("thz", _FREQUENCIES), ("fwhm_ps", _TIMES), ("field_mv_cm", _FIELDS),
            ("fluence", FLUENCES),
        ):  # fmt: skip
            if unit in units:
                return name, value / units[unit]
    elif key.lower() == "chirp" and unit == "thz/ps":
        return "chirp_thz_ps", value
    elif key.lower() == "phase" and unit in _ANGLES:
        return "phase_deg", value
    elif key.lower() == "delay" and unit in _TIMES:
        return "delay_ps", value / _TIMES[unit]
    raise _unreadable(text, f"{word!r} is not a word of it")


def _unreadable(text: str, why: str) -> GrammarError:
    return GrammarError(
        f"cannot read the pulse {text!r}",
        why=why,
        fix=f"write frequency, polarisation, duration and field with units, as in {_EXAMPLE}",
    )
