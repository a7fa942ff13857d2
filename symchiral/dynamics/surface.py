"""Light that falls on a crystal from vacuum: how much of its field enters.

The wave comes along the normal of the face of a thick crystal, or of a film on a substrate.
:func:`enter` is where to start.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2, pi

import numpy as np
import numpy.typing as npt

from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import DrivingField, Fields, Pulse
from symchiral.errors import GrammarError, InputError
from symchiral.units import SIZE, SPEED_OF_LIGHT
from symchiral.value import Complex, Floats, Value, frozen

POINTS = 32
"""Times in the shortest period of the light; between them the field is a cubic spline."""

DECAY = 20.0
"""Fields are damped by exp(−DECAY) over the window of the transform, so that none comes round."""

TILT = 1e-4
"""A component of the permittivity that is a smaller part of the largest one is none."""

THICKEST = 1e9
"""The thickest film and the largest refractive index of a substrate that are read, nm."""

_LENGTH = re.compile(rf"(?P<size>{SIZE}) ?(?P<unit>[nuµμm]m)", re.IGNORECASE)
_MICROMETRES = {"nm": 1e-3, "um": 1.0, "μm": 1.0, "mm": 1e3}
_FILM = re.compile(rf"(?P<thickness>{SIZE}) ?(?P<unit>nm|[uµμ]m)(?: on (?P<index>{SIZE}))?", re.I)


@dataclass(frozen=True)
class Film:
    """A film of the crystal on a substrate that neither absorbs nor ends.

    Attributes
    ----------
    thickness : float
        nm.
    substrate : float
        Refractive index of what is below; 1 for none.

    Examples
    --------
    >>> Film.parse("25nm on 3.07")
    Film(thickness=25.0, substrate=3.07)
    """

    thickness: float
    substrate: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.thickness <= THICKEST and 1 <= self.substrate <= THICKEST):
            raise InputError(
                f"no film of {self.thickness:g} nm on a substrate of index {self.substrate:g}",
                why="a thickness is positive, and a refractive index not less than 1",
                fix="check the unit; leave the substrate out where there is none",
            )

    @classmethod
    def parse(cls, text: str) -> Film:
        """Read ``25nm``, or ``25nm on 3.07`` with the refractive index of the substrate.

        Raises
        ------
        GrammarError
            It cannot be read.
        """
        match = _FILM.fullmatch(" ".join(text.split()))
        if match is None:
            raise GrammarError(
                f"cannot read the film {text!r}",
                why="it is no thickness with a unit",
                fix='write it as in "25nm", or "25nm on 3.07" with the refractive index of the '
                "substrate",
            )
        scale = 1.0 if match["unit"].lower() == "nm" else 1e3
        return cls(float(match["thickness"]) * scale, float(match["index"] or 1))


def read_thickness(text: str) -> float:
    """Read a thickness with its unit, ``0.5mm``, ``25 nm``, ``10um``; returns µm.

    Examples
    --------
    >>> read_thickness("0.5mm")
    500.0

    Raises
    ------
    GrammarError
        It is not a number with a unit.
    """
    match = _LENGTH.fullmatch(" ".join(text.split()))
    if match is None or not 0 < float(match["size"]) <= THICKEST:
        raise GrammarError(
            f"cannot read the thickness {text!r}",
            why="it is not a positive number of nm, µm or mm",
            fix="write it as in 0.5mm",
        )
    return float(match["size"]) * _MICROMETRES[match["unit"].lower().replace("µ", "u")]


@dataclass(frozen=True, eq=False, repr=False)
class EnteringPulse(Value):
    r"""The field in a crystal on which a pulse falls from vacuum.

    Just below the face of a thick crystal, with the Laplace transform, s = η − iω,

    .. math:: E(s) = \frac{2}{1 + N(s)} E_\mathrm{vacuum}(s), \qquad
       N^2 = ε_{\perp\perp} - \frac{ε_{\perp z} ε_{z\perp}}{ε_{zz}},

    ⊥ the plane of the face, z its normal, along which no displacement field enters; what
    absorption leaves of it farther below is not followed. In a film of thickness d on a substrate
    of index n, with x = N s d/c and ρ = (N − n)/(N + n), the mean over the film, all reflections
    counted,

    .. math:: E(s) = \frac{1 - e^{-x}}{x}
       \frac{2\,(1 + ρ e^{-x})}{1 + N + ρ e^{-2x} (1 - N)} E_\mathrm{vacuum}(s),

    which for a thin one is 2/(1 + n + N² s d/c). A pulse along the axis of the crystal falls on a
    face that contains the axis, where N² is ε along it. ε is that of the model,
    :meth:`~symchiral.dynamics.model.NormalModeModel.permittivity`.

    Attributes
    ----------
    pulse : Pulse
        The light in vacuum.
    times : (T,) float
        ps, evenly spaced.
    values : (T, 3) float
        The field in the crystal along x, y and the axis, MV/cm.
    index : (2,) complex
        Refractive indices n + iκ at the carrier frequency, of the two waves that enter; equal ones
        for light along an axis of order above 2.
    film : Film or None
        The sample; None for a thick crystal.
    """

    pulse: Pulse
    times: Floats
    values: Floats
    index: Complex
    film: Film | None = None

    @property
    def start(self) -> float:
        """Time before which there is no field, ps."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Time after which no light falls in, ps; what is left of the field is of the modes."""
        return self.pulse.end

    @property
    def stop(self) -> float:
        """Last time of the field, ps."""
        return float(self.times[-1])

    @property
    def fastest(self) -> float:
        """Highest frequency in it that matters, THz."""
        return self.pulse.fastest

    @cached_property
    def peak(self) -> float:
        """Largest field in the crystal, as E₀ of a pulse of the same polarisation, MV/cm."""
        largest = float(np.linalg.norm(self.values, axis=1).max())
        angles = np.exp(-2j * pi * np.arange(64) / 64)
        return largest / float(
            np.linalg.norm((angles[:, None] * self.pulse.jones).real, axis=1).max()
        )

    @property
    def depth(self) -> float:
        """Depth at which the intensity at the carrier frequency is 1/e, µm; inf: no absorption.

        :math:`c/2ωκ`, the smaller one of the two waves.
        """
        kappa = float(self.index.imag.max())
        if kappa <= 0:
            return float("inf")
        return SPEED_OF_LIGHT / (4 * pi * self.pulse.thz * kappa)

    def field(self, times: npt.ArrayLike) -> Floats:
        """Return E(t), (…, 3), along x, y and the axis, MV/cm."""
        t = np.asarray(times, dtype=float)
        inside = (t >= self.start) & (t <= self.stop)
        return np.asarray(np.where(inside[..., None], self._spline(t), 0.0))

    @cached_property
    def _spline(self) -> Callable[[Floats], Floats]:
        from scipy.interpolate import CubicSpline

        found: Callable[[Floats], Floats] = CubicSpline(self.times, self.values)
        return found

    def __repr__(self) -> str:
        return f"EnteringPulse({self.pulse!r}, {self.peak:.3g} MV/cm in the crystal)"


@dataclass(frozen=True)
class FaceOptics:
    r"""What the face of a thick crystal makes of light of one frequency along the axis.

    Attributes
    ----------
    frequency : float
        THz.
    index : complex
        Refractive index :math:`N = n + iκ`, of two waves that differ the mean.
    share : float
        Field just below the face per field in vacuum, :math:`2/|1 + N|`.
    depth : float
        Depth at which the intensity is 1/e, :math:`c/2ωκ`, µm; inf without absorption.
    """

    frequency: float
    index: complex
    share: float
    depth: float


def face_optics(model: NormalModeModel, frequency: float) -> FaceOptics:
    """Return what light of a frequency in THz meets at a face across the axis.

    Raises
    ------
    InputError
        The permittivity of the crystal is not known.
    """
    _check(model, Pulse(frequency, incident=True))
    waves = _Waves(model, np.array([-2j * pi * frequency]), along=False)
    index = complex(waves.indices[0].mean())
    depth = SPEED_OF_LIGHT / (4 * pi * frequency * index.imag) if index.imag > 0 else float("inf")
    return FaceOptics(frequency, index, 2 / abs(1 + index), depth)


def inside(
    model: NormalModeModel, light: DrivingField, *, until: float, film: Film | None = None
) -> DrivingField:
    """Return the field in the crystal: pulses in vacuum enter it, all others are there already.

    Parameters
    ----------
    model, until, film
        As for :func:`enter`.
    light : DrivingField
        One field, or several.

    Raises
    ------
    InputError
        As for :func:`enter`; or there is a film, on which nothing falls.
    """
    parts = light.parts if isinstance(light, Fields) else (light,)
    incident = [isinstance(part, Pulse) and part.incident for part in parts]
    if film is not None and not any(incident):
        raise InputError(
            "a film changes nothing here",
            why="no light falls on it from vacuum",
            fix="give a fluence, or a field in vacuum: 1MV/cm incident",
        )
    found = tuple(
        enter(model, part, until=until, film=film)
        if isinstance(part, Pulse) and part.incident
        else part
        for part in parts
    )
    return Fields(found) if isinstance(light, Fields) else found[0]


def enter(
    model: NormalModeModel, pulse: Pulse, *, until: float, film: Film | None = None
) -> EnteringPulse:
    """Return the field that a pulse in vacuum has in a crystal.

    Parameters
    ----------
    model : NormalModeModel
        Whose permittivity counts.
    pulse : Pulse
        The light in vacuum.
    until : float
        Last time wanted, ps.
    film : Film, optional
        The sample; default a thick crystal.

    Raises
    ------
    InputError
        The permittivity of the crystal is not known; the light is polarised partly along the axis.
    """
    _check(model, pulse)
    size = 1 << ceil(log2((until - pulse.start) * POINTS * pulse.fastest))
    times = np.linspace(pulse.start, until, size)
    step = float(times[1] - times[0])
    length = 2 * size
    rate = DECAY / (length * step)
    damped = np.exp(-rate * step * np.arange(size))[:, None]
    # The transform of numpy has the sign of exp(−2πift): it belongs to motion as exp(st).
    spectrum = np.fft.rfft(pulse.field(times) * damped, n=length, axis=0)
    s = np.asarray(rate + 2j * pi * np.fft.rfftfreq(length, step), dtype=complex)
    along = bool(pulse.jones[2])
    entered = np.einsum("fij,fj->fi", transmission(model, s, film, along=along), spectrum)
    values = np.fft.irfft(entered, n=length, axis=0)[:size] / damped
    carrier = _Waves(model, np.array([-2j * pi * pulse.thz]), along=along)
    return EnteringPulse(pulse, frozen(times), frozen(values), frozen(carrier.indices[0]), film)


def transmission(
    model: NormalModeModel, s: Complex, film: Film | None, *, along: bool = False
) -> Complex:
    """Return the field in the crystal per field in vacuum at rates s, ps⁻¹, (F, 3, 3).

    As :class:`EnteringPulse` has it, along x, y and the axis.

    Parameters
    ----------
    model, film
        As for :func:`enter`.
    s : (F,) complex
        Rates of motion as :math:`e^{st}`, with a positive real part.
    along : bool
        Whether the light is polarised along the axis.

    Raises
    ------
    InputError
        The permittivity of the crystal is not known.
    """
    _known(model)
    return _Waves(model, s, along=along).transmission(film)


def _known(model: NormalModeModel) -> None:
    if model.dielectric is None:
        raise InputError(
            "how much light enters the crystal is not known",
            why="a fluence, or a field in vacuum, needs Born charges and the electronic dielectric "
            "constant, and the forces come without",
            fix="put BORN beside the forces, or give the field in the crystal, as in 1MV/cm",
        )


def _check(model: NormalModeModel, pulse: Pulse) -> None:
    _known(model)
    if not pulse.jones[2]:
        return
    at_rest = model.permittivity(np.zeros(1, dtype=complex)).real[0]
    tilted = float(np.abs(at_rest[2, :2]).max()) > TILT * float(at_rest.max())
    if pulse.jones[:2].any() or tilted:
        raise InputError(
            f"no light of polarisation {pulse.polarization} falls on the crystal",
            why="the axis is no principal axis of the permittivity"
            if tilted
            else "its field has a part along the axis and one across it",
            fix="polarise it across the axis, or give the field in the crystal, as in 1MV/cm",
        )


class _Waves:
    """The two waves that travel in the crystal along the normal of its face, at rates s.

    Attributes
    ----------
    indices : (F, 2) complex
        Their refractive indices.
    """

    def __init__(self, model: NormalModeModel, s: Complex, *, along: bool) -> None:
        self._s, self._along = s, along
        self._permittivity = e = model.permittivity(s)
        if along:
            self._square = e[:, 2, 2, None, None] * np.eye(2)
        else:
            # No displacement field enters along the normal.
            self._square = e[:, :2, :2] - e[:, :2, 2:] * e[:, 2:, :2] / e[:, 2:, 2:]
        m = self._square
        half = (m[:, 0, 0] + m[:, 1, 1]) / 2
        split = np.sqrt(((m[:, 0, 0] - m[:, 1, 1]) / 2) ** 2 + m[:, 0, 1] * m[:, 1, 0])
        # The roots with a positive real part go into the crystal.
        self.indices: Complex = np.sqrt(np.stack([half + split, half - split], axis=1))

    def transmission(self, film: Film | None) -> Complex:
        """Return (F, 3, 3): field in the crystal per field in vacuum, along x, y and the axis."""
        first, second = self.indices.T
        # Roots and other functions of matrices of two by two, by Cayley and Hamilton.
        root = self._square + (first * second)[:, None, None] * np.eye(2)
        root = root / (first + second)[:, None, None]
        a, b = (self._share(n, film) for n in (first, second))
        apart = np.abs(first - second) > TILT**2 * np.abs(first)
        slope = np.where(apart, (a - b) / np.where(apart, first - second, 1), 0)[:, None, None]
        plane = a[:, None, None] * np.eye(2) + slope * (root - first[:, None, None] * np.eye(2))
        e, found = self._permittivity, np.zeros_like(self._permittivity)
        if self._along:
            found[:, 2, 2] = plane[:, 0, 0]
            return found
        found[:, :2, :2] = plane
        found[:, 2:, :2] = -(e[:, 2:, :2] @ plane) / e[:, 2:, 2:]
        return found

    def _share(self, n: Complex, film: Film | None) -> Complex:
        """(F,): the same for one wave."""
        if film is None:
            return np.asarray(2 / (1 + n))
        x = n * self._s * film.thickness * 1e-3 / SPEED_OF_LIGHT
        back = np.exp(-x) * (n - film.substrate) / (n + film.substrate)
        mean = -np.expm1(-x) / x * (1 + back)
        return np.asarray(2 * mean / (1 + n + back * np.exp(-x) * (1 - n)))
