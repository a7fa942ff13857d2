r"""Whether the force of a channel reaches a line in energy.

A force is a product of photons and of quanta of modes that the pump drives. A photon enters with
the spectrum of the pump's field, :math:`s(f) = |E(f)|`; a quantum of a mode with
:math:`s(f) = |E(f)|\,w(f)`, where w is the response of the mode beside that at resonance,

.. math::
    w = \Big[1 + \Big(\frac{d}{h}\Big)^2\Big]^{-1/2} ,

h its half width at half maximum and d how far f lies outside the range in which the frequency of
the mode is known to be, three standard deviations to either side. The product has at f the
amplitude of the best way to part f among its factors (with a minus for a photon that is given
back),

.. math::
    S(f) = \max_{f_1 + f_2 + \dots = f}\ s_1(f_1)\,s_2(f_2)\cdots ,

which for Gaussian spectra is their convolution. S is 1 where all is resonant; a mode at f that the
force sets swinging keeps S times the amplitude that a resonant force of the same strength would
leave it. A line is reached if S is at least :data:`~symchiral.traces.pulse.REACHED`
somewhere within the error of its frequency or its own half width.

Where nothing is known of the pump, photons and modes are taken to have any frequency that they may
have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from symchiral.traces.assignment import LARGEST_DEVIATION
from symchiral.traces.expected import CandidateChannel, CandidateMode
from symchiral.traces.line import Line
from symchiral.traces.pulse import REACH, REACHED, Spectrum
from symchiral.value import Floats

LINEWIDTH = 0.02
"""Half width of an infrared mode as a part of its frequency: a quality factor of 25."""

POINTS = 41
"""Frequencies at which the factors of a product are looked at."""


@dataclass(frozen=True)
class Force:
    """What a force is a product of.

    Attributes
    ----------
    modes : tuple of (float, float)
        Frequencies of the modes that go in and their standard deviations, THz, as far as known.
    light : int
        Photons that go in, and modes of unknown frequency, which follow the light.
    returned : int
        Photons that come out.

    Examples
    --------
    Two photons of 2.0 ± 0.25 THz reach 4 THz, but neither 2 nor 9.7 THz:

    >>> pump = Spectrum.of(2.0, bandwidth=0.5)
    >>> [round(Force((), 2).share(pump, f), 3) for f in (4.0, 4.5, 2.0, 9.7)]
    [1.0, 0.5, 0.0, 0.0]
    """

    modes: tuple[tuple[float, float], ...] = ()
    light: int = 0
    returned: int = 0

    @staticmethod
    def of(channel: CandidateChannel, modes: Mapping[str, CandidateMode]) -> Force | None:
        """Return the force of a channel; None if it does not say what it is a product of."""
        if not channel.incoming and not channel.photons:
            return None
        known = []
        light = channel.photons
        for name in sorted(channel.incoming):
            mode = modes[name]
            if mode.frequency is None:
                light += 1
            else:
                known.append((mode.frequency, mode.tolerance))
        return Force(tuple(known), light, channel.returned)

    def share(self, pump: Spectrum | None, f: float, error: float = 0.0) -> float:
        """Return the largest S within an error of a frequency, THz."""
        return _share(self, pump, f, error)

    def reaches(self, pump: Spectrum | None, f: float, error: float = 0.0) -> bool:
        """Whether a mode at f is reached."""
        return self.share(pump, f, error) >= REACHED

    def band(self, pump: Spectrum | None) -> tuple[float, float] | None:
        """Return the lowest and highest frequency that are reached, THz; None if none is.

        Without a pump, where light can have any frequency, None too.
        """
        return _band(self, pump)

    def needed(self, pump: Spectrum | None, f: float) -> float | None:
        """Return the frequency of a pump, as wide as this one, that makes the force reach f best.

        None if none does. A force of light that is given back needs a wider pump instead.
        """
        return None if pump is None or f <= 0 else _needed(self, pump, f)

    def bandwidth(self, f: float) -> float | None:
        """Return the bandwidth, THz, that a force without a frequency needs to reach f."""
        if self.modes or self.light != self.returned or f <= 0:
            return None
        return float(f / (REACH * (self.light + self.returned) ** 0.5))


def reached(force: Force | None, line: Line) -> Line:
    """Return a line with only those of its runs whose pump makes the force reach it.

    Of a force that does not say what it is a product of every run counts.
    """
    if force is None:
        return line
    error = max(LARGEST_DEVIATION * line.frequency_error, line.half_width)
    runs = tuple(
        t
        for t in line.turnings
        if force.reaches(None if t.pump is None else t.pump.spectrum, line.frequency, error)
    )
    return line if len(runs) == len(line.turnings) else replace(line, turnings=runs)


def share(force: Force, line: Line) -> float:
    """Return the largest S at a line under any of its pumps."""
    error = max(LARGEST_DEVIATION * line.frequency_error, line.half_width)
    return max(force.share(pump, line.frequency, error) for pump in spectra(line))


def spectra(*lines: Line) -> tuple[Spectrum | None, ...]:
    """Return the different spectra of the pumps of lines; None for one that is not known."""
    pumps = [t.pump for line in lines for t in line.turnings]
    return tuple(dict.fromkeys(None if p is None else p.spectrum for p in pumps)) or (None,)


def harmonic(line: Line) -> int | None:
    """Return by which multiple of the frequency of a pump its field reaches a line, if any.

    1 is the field itself; up to 4 are looked at.
    """
    found = [
        (share(Force((), count), line), -count)
        for count in range(1, 5)
        if None not in spectra(line)
    ]
    best, count = max(found, default=(0.0, 0))
    return -count if best >= REACHED else None


def _within(f: float, error: float) -> Floats:
    return np.linspace(f - error, f + error, 13) if error > 0 else np.array([f])


@lru_cache(maxsize=4096)
def _share(force: Force, pump: Spectrum | None, f: float, error: float) -> float:
    where = _within(f, error)
    if pump is not None and error > 0:
        own = (force.light - force.returned) * pump.centre + sum(x for x, _ in force.modes)
        where = np.append(where, np.clip(own, f - error, f + error))
    return float(np.exp(_logarithm(force, pump, where).max()))


def _logarithm(force: Force, pump: Spectrum | None, f: Floats) -> Floats:
    """Ln S at each f."""
    # Every way to part f: the last factor takes what the others leave.
    exact = not force.light
    parted = force.modes[:-1] if exact else force.modes
    taken, best = np.zeros(1), np.zeros(1)
    for mode in parted:
        grid = _grid(mode, pump, POINTS // len(parted))
        taken = np.add.outer(taken, grid).ravel()
        best = np.add.outer(best, _of_mode(mode, pump, grid)).ravel()
    rest = f[:, None] - taken
    if exact:
        last = _of_mode(force.modes[-1], pump, rest)
    elif pump is None:
        last = np.where((rest > 0) | (force.returned > 0), 0.0, -np.inf)
    else:
        last = pump.logarithm(rest, force.light, force.returned)
    found: Floats = (best + last).max(axis=1)
    return found


def _of_mode(mode: tuple[float, float], pump: Spectrum | None, f: Floats) -> Floats:
    """Ln s of a quantum of a mode."""
    own, spread = mode
    beyond = np.maximum(np.abs(f - own) - LARGEST_DEVIATION * spread, 0.0) / _half_width(mode)
    response: Floats = -0.5 * np.log1p(beyond**2)
    return response if pump is None else response + pump.logarithm(f)


def _half_width(mode: tuple[float, float]) -> float:
    """Half width of a mode, THz; of an unstable one by how uncertain it is."""
    return LINEWIDTH * max(mode)


def _grid(mode: tuple[float, float], pump: Spectrum | None, count: int) -> Floats:
    """Where a quantum of a mode may be: where the pump is, and where the mode is."""
    own, spread = mode
    edges = own + LARGEST_DEVIATION * spread * np.linspace(-1.0, 1.0, 9)
    if pump is None:
        far = LARGEST_DEVIATION * spread + _half_width(mode) / REACHED
        return np.concatenate([edges, np.linspace(own - far, own + far, count)])
    far = 1.5 * REACH * pump.width
    return np.concatenate([edges, np.linspace(pump.centre - far, pump.centre + far, count)])


@lru_cache(maxsize=1024)
def _band(force: Force, pump: Spectrum | None) -> tuple[float, float] | None:
    if pump is None and force.light:
        return None
    if pump is not None:
        top = (len(force.modes) + force.light) * (pump.centre + 1.5 * REACH * pump.width)
    else:
        top = sum(m[0] + LARGEST_DEVIATION * m[1] + _half_width(m) / REACHED for m in force.modes)
    grid = np.linspace(0.0, top, 201)
    reached = grid[_logarithm(force, pump, grid) >= np.log(REACHED)]
    return (float(reached[0]), float(reached[-1])) if len(reached) else None


@lru_cache(maxsize=1024)
def _needed(force: Force, pump: Spectrum, f: float) -> float | None:
    count = len(force.modes) + force.light - force.returned
    if count <= 0:
        return None
    centres = f / count * np.concatenate([[1.0], np.geomspace(0.5, 2.0, 41)])
    shares = [_share(force, pump.moved(float(c)), f, 0.0) for c in centres]
    best = int(np.argmax(shares))
    return float(centres[best]) if shares[best] >= REACHED else None
