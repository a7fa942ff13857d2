r"""How much one source moves a mode through a channel, in the leading order of its field.

A :class:`LightSource` is a pulse as a laboratory has it, of one frequency or tuned for every
channel. The motion that it leaves follows from Born charges, linewidths, coupling coefficients and
the detuning of every step (:mod:`symchiral.dynamics.response`). Where a channel takes quanta of
several modes that no single pulse of this duration reaches, a source for each of them is tried too,
and what they leave counts as that of several colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import pi

import numpy as np

from symchiral.defaults import REPORT_PULSE
from symchiral.dynamics.detector import rotations
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Pulse, pulse_words
from symchiral.dynamics.response import LinearResponse
from symchiral.dynamics.surface import Film
from symchiral.errors import InputError
from symchiral.traces.expected import Expected
from symchiral.traces.gain import Coefficients
from symchiral.traces.pulse import GAUSSIAN, Spectrum
from symchiral.units import HBAR
from symchiral.value import CIRCULAR, Complex

SPAN = 20.0
"""Time after the pulse in which the motion is looked for, ps: as long as a simulation."""

NEAR = 1 / 8
"""Steps in which a source is tuned, in its bandwidth: two per cent of the amplitude at most."""

COLOURS = 2.0
"""By how much a source for every mode must leave more than a single one to be proposed."""

UNSEEN = 1e-9
"""A Raman tensor that is so much smaller than the largest one is zero by symmetry."""

ASSUMED = 1e-3
"""Coupling coefficient, eV/(√amu Å)^m, where none is known: channels are compared, not told."""


@dataclass(frozen=True)
class LightSource:
    """A pulse of circular light as a laboratory has it.

    Attributes
    ----------
    pulse : Pulse
        Of σ+.
    tuned : bool
        Whether its frequency is chosen for every channel; that of ``pulse`` is then none.
    film : Film or None
        The sample on which an incident pulse falls; None for a thick crystal.
    """

    pulse: Pulse
    tuned: bool
    film: Film | None = None

    @classmethod
    def parse(cls, text: str, *, film: Film | str | None = None) -> LightSource:
        """Read ``2.0THz 1ps 1MV/cm``, the words of a pulse; frequency and polarisation may miss.

        Examples
        --------
        >>> LightSource.parse("1ps 0.1mJ/cm2").tuned
        True

        Raises
        ------
        GrammarError
            It cannot be read.
        InputError
            Its light is not circular.
        """
        stated = pulse_words(text)
        words = [text]
        words += [] if "polarization" in stated else ["σ+"]
        words += [] if "thz" in stated else ["1THz"]
        pulse = Pulse.parse(" ".join(words))
        if abs(pulse.jones[:2] @ pulse.jones[:2]) > CIRCULAR or pulse.jones[2]:
            raise InputError(
                f"no plan for the pump {text!r}",
                why="its light is not circular; both helicities and linear light are part of what "
                "is proposed",
                fix='leave the polarisation out, as in "2.0THz 1ps 1MV/cm"',
            )
        sample = Film.parse(film) if isinstance(film, str) else film
        if sample is not None and not pulse.incident:
            raise InputError(
                "a film changes nothing here",
                why="no light falls on it from vacuum",
                fix="give a fluence, or a field in vacuum: 1MV/cm incident",
            )
        return cls(replace(pulse, polarization="σ+"), "thz" not in stated, sample)

    @property
    def band(self) -> tuple[float, float] | None:
        """Frequencies at which its field has 5 % of its maximum, THz; None if it is tuned."""
        if self.tuned:
            return None
        return Spectrum.of(self.pulse.thz, bandwidth=self.pulse.bandwidth).reach


IN_VACUUM = f"{REPORT_PULSE} incident"
"""The source where none is stated, in words."""


def standard_source(model: NormalModeModel) -> LightSource:
    """Return the source where none is stated: in vacuum, if it is known what of it enters."""
    return LightSource.parse(REPORT_PULSE if model.dielectric is None else IN_VACUUM)


@dataclass(frozen=True)
class Signal:
    """What a source leaves of a mode after its pulse.

    Attributes
    ----------
    amplitude : float
        Largest |a| after the pulse, √amu Å, for the field of the source.
    displacement : float
        Largest displacement of an atom then, Å.
    angular_momentum : float
        Mechanical angular momentum about the axis, ħ per primitive cell; its sign is that of the
        mode under σ+.
    sources : tuple of float
        Frequency of the source, THz; of every source where there are several colours.
    rotation : float or None
        Amplitude of the rotation of a reflected probe, at its best angle, mrad; None where it is
        not known, and of modes that no probe along the axis sees so.
    assumed : bool
        Whether the coupling coefficient is not known and was taken as :data:`ASSUMED`: then only
        ratios of signals mean something.
    """

    amplitude: float
    displacement: float
    angular_momentum: float
    sources: tuple[float, ...]
    rotation: float | None = None
    assumed: bool = False

    @property
    def colours(self) -> int:
        """How many sources it takes."""
        return len(self.sources)


class Signals:
    """What a source leaves of the modes of one crystal; it remembers what each frequency drives."""

    def __init__(
        self,
        model: NormalModeModel,
        source: LightSource,
        *,
        quanta: int = 2,
        coefficients: Coefficients | None = None,
        band: tuple[float, float] | None = None,
    ) -> None:
        """Take the modes and the source.

        Parameters
        ----------
        model : NormalModeModel
            The modes, with Born charges; its Raman tensors count, its potential does not.
        source : LightSource
            The source.
        quanta : int
            The most that go in together.
        coefficients : Coefficients, optional
            Sizes of couplings.
        band : (float, float), optional
            Frequencies that the source can have, THz.
        """
        self.model, self.source, self.coefficients = model, source, coefficients
        self.band = (0.0, float("inf")) if band is None else band
        # One grid of times serves all: it holds a product of quanta of any mode or light.
        top = float(model.coordinates.frequencies.max())
        pulse = replace(source.pulse, thz=top) if source.tuned else source.pulse
        self.response = LinearResponse.of(
            model,
            pulse,
            until=pulse.stop + SPAN,
            fastest=quanta * max(pulse.fastest, top),
            film=source.film,
        )
        self._fields: dict[float, Complex] = {}
        self._motions: dict[tuple[float, str], Complex] = {}

    def driven(self, name: str) -> Signal:
        """Return how the source moves a mode by its dipole, ``Eu#1(+)``, at the best frequency."""
        found = [
            (self.response.left(self.response.absorbed(name, self._field(f))), f)
            for f in self._tried([self._frequency(name)])
        ]
        amplitude, f = max(found)
        return self._signal(name, amplitude, (f,))

    def of(self, e: Expected) -> Signal | None:
        """Return what a channel leaves of its mode; None where its force is not known.

        Of channels with photons only those of Raman tensors are known, where these are.
        """
        out = next(leg.label for leg in e.coupling.outgoing if not leg.participant.field)
        if e.photons:
            return self._by_light(e, out)
        incoming = [leg.label for leg in e.coupling.incoming]
        size, assumed = None, self.coefficients is None
        if self.coefficients is not None:
            size = self.coefficients.size(incoming, [out])
        if size is None and not assumed:
            return None
        factor = 1 if self.coefficients is None else self.coefficients.factor(incoming, out)
        strength = factor * (ASSUMED if size is None else size)
        names = sorted(set(incoming))
        own, inner = self._frequency(out), [self._frequency(name) for name in incoming]
        one: tuple[float, tuple[float, ...]] = max(
            (self._made(out, incoming, dict.fromkeys(names, f), strength), (f,))
            for f in self._tried([*inner, own / len(inner)])
        )
        several: tuple[float, tuple[float, ...]] = (0.0, ())
        if len(names) > 1:
            rest = own - sum(inner)
            choices = [
                self._inside([f, max(f + rest / incoming.count(name), 0.0)])
                for name, f in zip(names, map(self._frequency, names), strict=True)
            ]
            several = max(
                (self._made(out, incoming, dict(zip(names, chosen, strict=True)), strength), chosen)
                for chosen in product(*choices)
            )
        amplitude, sources = several if several[0] > COLOURS * one[0] else one
        return self._signal(out, amplitude, sources, assumed=assumed)

    def _by_light(self, e: Expected, out: str) -> Signal | None:
        """What two photons leave through a Raman tensor."""
        if self.model.raman is None or e.incoming or e.photons != 2 or len(e.coupling.legs) != 3:
            return None
        amplitude, f = max(
            (self.response.left(self.response.scattered(out, self._field(f))), f)
            for f in self._tried([self._frequency(out) / 2])
        )
        return self._signal(out, amplitude, (f,)) if amplitude > 0 else None

    def _made(
        self, out: str, incoming: Sequence[str], sources: dict[str, float], strength: float
    ) -> float:
        """Amplitude that a product leaves of a mode, its factors driven by sources of their own."""
        force = -strength * np.prod([self._driven(sources[n], n) for n in incoming], axis=0)
        return self.response.left(self.response.moved(out, force))

    def _driven(self, f: float, name: str) -> Complex:
        if (f, name) not in self._motions:
            self._motions[f, name] = self.response.driven(name, self._field(f))
        return self._motions[f, name]

    def _field(self, f: float) -> Complex:
        if f not in self._fields:
            self._fields[f] = self.response.field(replace(self.source.pulse, thz=f))
        return self._fields[f]

    def _tried(self, resonant: Sequence[float]) -> list[float]:
        """Frequencies of a source at which something is resonant, and some beside them.

        As multiples of :data:`NEAR` of its bandwidth, so that channels share what they drive.
        """
        width = GAUSSIAN / self.source.pulse.fwhm_ps
        tried = [f + d for f in resonant for d in (-width, 0.0, width)]
        rounded = {round(f / (NEAR * width)) * NEAR * width for f in tried}
        return sorted(set(self._inside(sorted(rounded))))

    def _inside(self, frequencies: Sequence[float]) -> list[float]:
        """Frequencies, moved to where the source can be.

        Its frequency is in its band, and not below its bandwidth: there is no such pulse.
        """
        if not self.source.tuned:
            return [self.source.pulse.thz]
        low, high = self.band
        low = max(low, GAUSSIAN / self.source.pulse.fwhm_ps)
        return [float(np.clip(f, low, max(low, high))) for f in frequencies]

    def _frequency(self, name: str) -> float:
        coordinates = self.model.coordinates
        row = np.abs(coordinates.circular[coordinates.circular_names.index(name)])
        return float(coordinates.frequencies[int(np.argmax(row))])

    def _signal(
        self, name: str, amplitude: float, sources: tuple[float, ...], *, assumed: bool = False
    ) -> Signal:
        """J is that of :math:`ω|a|^2/2ħ` quanta."""
        coordinates = self.model.coordinates
        mode = next(m for t in coordinates.multiplets for m in t.modes if m.name == name)
        quanta = pi * self._frequency(name) * amplitude**2 / HBAR
        return Signal(
            amplitude,
            amplitude * coordinates.reach(name),
            quanta * (coordinates.modes.am(mode) or 0.0),
            sources,
            self._rotation(name, amplitude),
            assumed,
        )

    def _rotation(self, name: str, amplitude: float) -> float | None:
        if self.model.raman is None or self.model.dielectric is None:
            return None
        coordinates = self.model.coordinates
        moving = coordinates.circular[coordinates.circular_names.index(name)].conj()
        # The signal is a combination of cos 2θ and sin 2θ with complex amplitudes.
        forms = rotations(self.model, np.array([0.0, pi / 4]))
        parts = moving @ forms
        largest = float(np.linalg.norm([parts.real, parts.imag], 2))
        return amplitude * largest if largest > UNSEEN * np.abs(forms).max() else None
