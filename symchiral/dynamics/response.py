r"""Motion to the leading order in the field: what one product of the potential makes by itself.

To the lowest order in the field every coordinate is a damped oscillator that a known force pushes,

.. math:: Q_l(s) = \frac{F_l(s)}{ω^2 + s^2 + γ s}

for motion as :math:`e^{st}` (Laplace). Light pushes by :math:`ε_l^†(Z · E)`, through Raman tensors
by :math:`ε_l^†(\tfrac12\, 4πε_0\, E · ∂α/∂Q · E)`, and a product
:math:`c\,Q_1 \cdots Q_k\, Q_l^*` of the potential by :math:`-n\,c\,Q_1 \cdots Q_k`, n the number of
factors :math:`Q_l^*`. A run of :func:`~symchiral.dynamics.integrate.simulate` holds all products
and all orders at once; here they are told apart, each grows as a power of the field, and none needs
the equations of motion to be integrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2, pi

import numpy as np

from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.surface import Film, transmission
from symchiral.units import ACCELERATION, VOLT_PER_ANGSTROM
from symchiral.value import Complex, Floats, Value, frozen

POINTS = 4
"""Times in the shortest period of any force: two would suffice without the edges of spectra."""

DECAY = 20.0
"""Motion is damped by exp(−DECAY) over the window of the transform, so that none comes round."""


@dataclass(frozen=True, eq=False, repr=False)
class LinearResponse(Value):
    """Oscillators at rest until a pulse comes; all pulses are as long as one.

    Attributes
    ----------
    model : NormalModeModel
        The modes.
    pulse : Pulse
        A pulse: of its duration, in vacuum or in the crystal, are all others.
    times : (T,) float
        ps, evenly spaced, from the begin of the pulse.
    film : Film or None
        The sample on which pulses in vacuum fall; None for a thick crystal.
    """

    model: NormalModeModel
    pulse: Pulse
    times: Floats
    film: Film | None = None

    @classmethod
    def of(
        cls,
        model: NormalModeModel,
        pulse: Pulse,
        *,
        until: float,
        fastest: float,
        film: Film | None = None,
    ) -> LinearResponse:
        """Return the response to pulses.

        Parameters
        ----------
        model, pulse, film
            The modes, a pulse, and the sample on which pulses in vacuum fall.
        until : float
            Last time, ps.
        fastest : float
            Highest frequency of any force or mode that is asked for, THz.
        """
        size = 1 << ceil(log2((until - pulse.start) * POINTS * fastest))
        return cls(model, pulse, frozen(np.linspace(pulse.start, until, size)), film)

    def field(self, pulse: Pulse) -> Complex:
        """Return the transform of the field of a pulse in the crystal, (2T, 3), MV/cm."""
        found = self._transform(pulse.field(self.times))
        if not pulse.incident:
            return found
        return np.asarray(np.einsum("sij,sj->si", self._transmission, found))

    def driven(self, name: str, field: Complex) -> Complex:
        """Return Q(t) of a mode, ``Eu#1(+)``, that a field pushes by its dipole, (T,), √amu Å."""
        return self._back(self._by_charge(name, field) * self._response(name))

    def absorbed(self, name: str, field: Complex) -> Complex:
        """Return the amplitude of a mode that a field pushes by its dipole, as :meth:`moved`."""
        moving = self._by_charge(name, field) * self._response(name)
        return self._back(moving * self._forward(name))

    def scattered(self, name: str, field: Complex) -> Complex:
        """Return the amplitude of a mode that a field pushes through its Raman tensor."""
        light = self._back(field).real
        return self.moved(name, self.model.raman_force(light) @ self._vector(name))

    def moved(self, name: str, force: Complex) -> Complex:
        r"""Return the amplitude :math:`a_l(t) = Q_l + i \dot Q_l/ω`, (T,), √amu Å.

        Parameters
        ----------
        name : str
            A mode by its name in the coordinates, ``Eg#2(-)``.
        force : (T,) complex
            What pushes it, :math:`F_l = ε_l^† F`, eV/(√amu Å).
        """
        moving = self._transform(force) * self._response(name)
        return self._back(moving * self._forward(name))

    def left(self, amplitude: Complex) -> float:
        """Return the largest modulus of an amplitude after the pulse."""
        return float(np.abs(amplitude[self.times > self.pulse.end]).max())

    @cached_property
    def _rates(self) -> Complex:
        """(2T,): s. The transform of numpy, with exp(−2πift), belongs to motion as exp(st)."""
        step = float(self.times[1] - self.times[0])
        size = 2 * len(self.times)
        return np.asarray(DECAY / (size * step) + 2j * pi * np.fft.fftfreq(size, step))

    @cached_property
    def _damping(self) -> Floats:
        return np.asarray(np.exp(-self._rates[0].real * (self.times - self.times[0])))

    @cached_property
    def _transmission(self) -> Complex:
        return transmission(self.model, self._rates, self.film)

    def _transform(self, values: Complex | Floats) -> Complex:
        damped = (values.T * self._damping).T
        return np.asarray(np.fft.fft(damped, n=2 * len(self.times), axis=0))

    def _back(self, transform: Complex) -> Complex:
        found = np.fft.ifft(transform, axis=0)[: len(self.times)]
        return np.asarray((found.T / self._damping).T)

    def _by_charge(self, name: str, field: Complex) -> Complex:
        charge = VOLT_PER_ANGSTROM * self._vector(name) @ self.model.charges
        return np.asarray(sum(field[:, i] * charge[i] for i in range(3)))

    def _response(self, name: str) -> Complex:
        """Q by the force."""
        slot, s = self._slot(name), self._rates
        stiffness, rate = self.model.stiffness[slot], self.model.rates[slot]
        return np.asarray(ACCELERATION / (stiffness + s * s + rate * s))

    def _forward(self, name: str) -> Complex:
        """The amplitude by Q."""
        return np.asarray(1 + 1j * self._rates / np.sqrt(self.model.stiffness[self._slot(name)]))

    def _slot(self, name: str) -> int:
        return int(np.argmax(np.abs(self._vector(name))))

    def _vector(self, name: str) -> Complex:
        coordinates = self.model.coordinates
        return np.asarray(coordinates.circular[coordinates.circular_names.index(name)])

    def __repr__(self) -> str:
        return f"LinearResponse({self.model!r}, {self.pulse!r})"
