r"""What two pulses make together that neither makes alone, as a function of delay and time.

:func:`map_delays` integrates the motion for all delays at once. Of the nonlinear signal

.. math:: S(τ, t) = a^{AB}(τ, t) - a^{A}(τ, t) - a^{B}(t)

of a mode, τ the delay of the second pulse B after the first one A, and t the time after B, the
two-dimensional spectrum :math:`S(f_τ, f_t)` says which quanta made the motion: a quantum of A that
moves at f during the delay stands at :math:`f_τ = +f` where it comes in, and at :math:`-f` where it
goes out; the motion that is detected at :math:`f_t`. S is the nonlinear signal of two-dimensional
terahertz spectroscopy (Woerner, Kuehn, Bowlan, Reimann, Elsaesser, New J. Phys. 15, 025039 (2013)).
Times count between the pulses and after the second, as in two-dimensional optical spectroscopy; of
:math:`t' = t + τ`, which counts from the first, the same peak is at :math:`(f_τ - f_t, f_t)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import ceil, pi

import numpy as np

from symchiral.anharmonic.couplings import CircularTerm
from symchiral.display import Pictured
from symchiral.dynamics.integrate import Push, march, require_longer, require_room
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Fields, Pulse
from symchiral.dynamics.response import LinearResponse
from symchiral.dynamics.run import NO_ROTATION, component_senses
from symchiral.dynamics.surface import Film, inside
from symchiral.errors import InputError, LimitError
from symchiral.modes.mode import Multiplet
from symchiral.units import counted
from symchiral.value import Complex, Floats, Value, frozen

STEPS_A_PERIOD = 8
"""Times in a period of the fastest mode or light: motion at twice its frequency is still seen."""

PADDING = 4
"""By how much spectra are interpolated in both frequencies."""

LEAST = 0.05
"""Peaks below this part of the largest are not listed: the windows leave 0.03 of it beside it."""


ENOUGH = 0.5
"""A transfer that at most makes a smaller part of a peak is not what makes it."""

FEWEST, MOST = 8, 2000
"""Delays of a map."""

BOTH = tuple(product((True, False), repeat=2))
"""Whether the quantum of the first and that of the second pulse comes in, or goes out."""


@dataclass(frozen=True)
class Peak:
    r"""A maximum of :math:`|S(f_τ, f_t)|` of one component.

    Attributes
    ----------
    excitation : float
        f_τ, THz: positive for a quantum that comes in, negative for one that goes out.
    detection : float
        f_t, THz, not negative.
    component : int
        Place of the component in the multiplet.
    amplitude : float
        \|S\|, √amu Å: that of a motion which neither decays nor depends otherwise on the delay.
    transfer : TwoQuanta or None
        What makes it to the lowest order; None if no product of one quantum of each pulse does: it
        is of a higher order, or made by both fields at once through Raman tensors.
    """

    excitation: float
    detection: float
    component: int
    amplitude: float
    transfer: TwoQuanta | None


@dataclass(frozen=True)
class TwoQuanta:
    """One quantum that each pulse made, and the quantum that is detected.

    Attributes
    ----------
    incoming, outgoing : tuple of str
        Modes by name; the last outgoing one is detected.
    excitation : float
        Frequency of the quantum of the first pulse, THz, negative if it goes out.
    detection : float
        Frequency of the product of both quanta, THz.
    size : float
        Largest amplitude after the second pulse to the leading order, √amu Å, if the motion that
        the first one left did not decay before it.
    """

    incoming: tuple[str, ...]
    outgoing: tuple[str, ...]
    excitation: float
    detection: float
    size: float


@dataclass(frozen=True, eq=False, repr=False)
class DelayMap(Value, Pictured):
    """The nonlinear signal of one multiplet by delay and time.

    Attributes
    ----------
    model : NormalModeModel
        What moved.
    first, second : Pulse
        The pulses; the centre of the second is at time zero, the first comes by a delay earlier.
    name : str
        The multiplet.
    delays : (D,) float
        τ, ps, evenly spaced.
    times : (T,) float
        t, ps, evenly spaced, from the begin of the second pulse.
    coordinates : (D, T, d) float
        Nonlinear part of Q, √amu Å.
    velocities : (D, T, d) float
        Of its time derivative, √amu Å/ps.
    film : Film or None
        The sample on which pulses in vacuum fall; None for a thick crystal.
    """

    model: NormalModeModel
    first: Pulse
    second: Pulse
    name: str
    delays: Floats
    times: Floats
    coordinates: Floats
    velocities: Floats
    film: Film | None = None

    @property
    def multiplet(self) -> Multiplet:
        """The modes that are detected."""
        c = self.model.coordinates
        return c.multiplets[c.names.index(self.name)]

    @property
    def senses(self) -> tuple[int, ...]:
        """Sign of l of every component, 0 where it has none."""
        axis = self.model.coordinates.modes.axis
        found = component_senses(self.multiplet, 1 if axis is None else axis.order)
        return tuple(int(x) for x in found)

    @property
    def atom_senses(self) -> tuple[int, ...]:
        """Sense in which the atoms of every component rotate as a whole about the axis."""
        modes = self.model.coordinates.modes
        found = [modes.am(mode) or 0.0 for mode in self.multiplet.modes]
        return tuple(0 if abs(j) < NO_ROTATION else int(np.sign(j)) for j in found)

    @property
    def free(self) -> float:
        """Time from which on no pulse is on, at any delay, ps: spectra begin there."""
        return max(self.second.end, self.first.end - float(self.delays[0]))

    @property
    def amplitudes(self) -> Complex:
        r"""(D, T, d): S, :math:`ε_l^†(Q + i \dot Q/ω)` of the nonlinear part, √amu Å."""
        c = self.model.coordinates
        slots = c.slots(self.name)
        forward = self.coordinates + 1j * self.velocities / (2 * pi * self.multiplet.frequency)
        return np.asarray(forward @ c.circular[np.ix_(slots, slots)].T)

    @property
    def helicity(self) -> Floats:
        r"""(D, T): :math:`(|S_+|^2 - |S_-|^2)/\sum_l |S_l|^2`; nan without motion or sense."""
        power = np.abs(self.amplitudes) ** 2
        total = power.sum(axis=-1)
        if not any(self.senses):
            return np.full(total.shape, np.nan)
        known = np.where(total > 0, total, np.nan)
        return np.asarray(power @ np.array(self.senses, dtype=float) / known)

    @cached_property
    def spectrum(self) -> tuple[Floats, Floats, Complex]:
        r"""Frequencies f_τ (E,) and f_t (F,) ≥ 0 in THz, ascending, and :math:`S_l`, (d, E, F).

        .. math:: S_l(f_τ, f_t) = \frac{\sum w\, S_l(τ, t)\, e^{2πi(f_τ τ + f_t t)}}{\sum w}

        with Hann windows w over the delays and over the times after both pulses: a motion
        :math:`a e^{-2πi(f_τ τ + f_t t)}` has its peak at a.
        """
        late = self.times > self.free
        windows = np.hanning(len(self.delays) + 2)[1:-1], np.hanning(late.sum() + 2)[1:-1]
        weighted = self.amplitudes[:, late] * (windows[0][:, None] * windows[1])[..., None]
        sizes = [PADDING * len(w) for w in windows]
        # The inverse transform of numpy has the sign of exp(+2πift).
        found = np.fft.ifft2(weighted, s=sizes, axes=(0, 1)) * np.prod(sizes)
        found /= windows[0].sum() * windows[1].sum()
        excitation = np.fft.fftfreq(sizes[0], self.delays[1] - self.delays[0])
        detection = np.fft.fftfreq(sizes[1], self.times[1] - self.times[0])
        order, kept = np.argsort(excitation), slice(0, sizes[1] // 2)
        return excitation[order], detection[kept], np.moveaxis(found[order][:, kept], 2, 0)

    @property
    def resolution(self) -> tuple[float, float]:
        """Half widths of a sharp line between the zeros of the windows, in f_τ and f_t, THz."""
        times = self.times[self.times > self.free]
        step = self.delays[1] - self.delays[0]
        return float(2 / (len(self.delays) * step)), float(2 / (times[-1] - times[0]))

    def peaks(self, most: int = 12) -> tuple[Peak, ...]:
        """Return the largest maxima of the spectrum, at most so many, each with its transfer."""
        excitation, detection, spectrum = self.spectrum
        sizes = np.abs(spectrum)
        largest = float(sizes.max())
        around = np.max([np.roll(sizes, shift, axis=1) for shift in (1, -1)], axis=0)
        # Along f_t there is nothing beyond the ends.
        padded = np.pad(np.maximum(sizes, around), ((0, 0), (0, 0), (1, 1)), constant_values=0)
        highest = np.maximum(around, np.maximum(padded[..., :-2], padded[..., 2:]))
        places = np.argwhere((sizes >= highest) & (sizes >= LEAST * largest) & (sizes > 0))
        near = self.resolution
        # Of a displacement that does not oscillate −f_τ says what +f_τ says of the conjugate.
        once = [
            (k, e, f)
            for k, e, f in places.tolist()
            if detection[f] >= near[1] or excitation[e] > -near[0] / 2
        ]
        ordered = sorted(once, key=lambda p: -sizes[p])
        return tuple(
            self._peak(k, float(excitation[e]), float(detection[f]), float(sizes[k, e, f]))
            for k, e, f in ordered[:most]
        )

    @cached_property
    def transfers(self) -> tuple[tuple[TwoQuanta, ...], ...]:
        """For every component what one quantum of each pulse makes of it, the largest first."""
        c = self.model.coordinates
        slots = [c.circular_names.index(mode.name) for mode in self.multiplet.modes]
        terms = [t for t in self.model.couplings.circular(3) if t.verdict.word != "forbidden"]
        first, second = self._light(self.first), self._light(self.second)
        left = {i: first.left(a) for i, a in self._driven(first).items()}
        driven = self._driven(second)
        return tuple(
            tuple(sorted(self._made(slot, terms, left, second, driven), key=lambda t: -t.size))
            for slot in slots
        )

    def _peak(self, component: int, excitation: float, detection: float, size: float) -> Peak:
        near, own = self.resolution, self.multiplet.frequency
        for transfer in self.transfers[component]:
            shifts = (abs(detection - own), abs(detection - transfer.detection))
            at = abs(excitation - transfer.excitation) < near[0] and min(shifts) < near[1]
            if at and transfer.size > ENOUGH * size:
                return Peak(excitation, detection, component, size, transfer)
        return Peak(excitation, detection, component, size, None)

    def _light(self, pulse: Pulse) -> LinearResponse:
        fastest = 2 * max(float(self.model.coordinates.frequencies.max()), pulse.fastest)
        until = float(self.times[-1])
        return LinearResponse.of(self.model, pulse, until=until, fastest=fastest, film=self.film)

    def _driven(self, light: LinearResponse) -> dict[int, Complex]:
        """Amplitudes of the circular modes that the dipole of the light drives, by place, (T,)."""
        c, field = self.model.coordinates, light.field(light.pulse)
        charged = np.abs(c.circular @ self.model.charges).max(axis=1)
        seen = np.flatnonzero(charged > 1e-9 * charged.max())
        return {int(i): light.absorbed(c.circular_names[i], field) for i in seen}

    def _made(
        self,
        detected: int,
        terms: list[CircularTerm],
        left: dict[int, float],
        light: LinearResponse,
        driven: dict[int, Complex],
    ) -> list[TwoQuanta]:
        r"""The transfers of a component: the force on it is −∂V/∂Q of its conjugate.

        A coordinate is :math:`Q_l = (a_l + a_{\bar l}^*)/2`, of a quantum that comes in and of one
        that goes out; that of the first pulse moves freely with the amplitude that is left.
        """
        c = self.model.coordinates
        names, conjugate = c.circular_names, c.conjugates
        f = c.frequencies[np.argmax(np.abs(c.circular), axis=1)]
        values = {
            factors: abs(term.value)
            for term in terms
            for factors in (term.factors, tuple(sorted(conjugate[i] for i in term.factors)))
        }
        found = []
        for factors, value in values.items():
            if conjugate[detected] not in factors:
                continue
            rest = list(factors)
            rest.remove(conjugate[detected])
            # The derivative by the detected coordinate, and the mixed term of a square.
            value *= factors.count(conjugate[detected]) * (2 if rest[0] == rest[1] else 1)
            for pair, enters in product({tuple(rest), tuple(rest[::-1])}, BOTH):
                a, b = (q if comes else conjugate[q] for q, comes in zip(pair, enters, strict=True))
                signed = [f[q] if comes else -f[q] for q, comes in zip((a, b), enters, strict=True)]
                moves = float(sum(signed))
                if moves < 0 or not left.get(a) or b not in driven:
                    continue
                other = driven[b] if enters[1] else driven[b].conj()
                free = left[a] * np.exp(-2j * pi * signed[0] * light.times)
                moved = light.moved(names[detected], value * free * other / 4)
                legs = list(zip((names[a], names[b]), enters, strict=True))
                found.append(
                    TwoQuanta(
                        tuple(name for name, comes in legs if comes),
                        (*(name for name, comes in legs if not comes), names[detected]),
                        float(signed[0]),
                        moves,
                        light.left(moved),
                    )
                )
        return found

    def __repr__(self) -> str:
        return (
            f"DelayMap({self.name}, {counted(len(self.delays), 'delay')} from "
            f"{self.delays[0]:g} to {self.delays[-1]:g} ps)"
        )


def map_delays(
    model: NormalModeModel,
    first: Pulse,
    second: Pulse,
    delays: Floats,
    mode: str,
    *,
    duration: float = 20.0,
    film: Film | None = None,
    progress: Callable[[float], None] | None = None,
) -> DelayMap:
    """Return what two pulses make of a mode together that neither makes alone, for every delay.

    Parameters
    ----------
    model : NormalModeModel
        What moves.
    first, second : Pulse
        The pulses in the order in which they come. Their own delays are not used.
    delays : (D,) float
        Of the centre of the second after that of the first, ps, evenly spaced, from zero on.
    mode : str
        The multiplet that is detected, ``Eg#2``.
    duration : float
        Last time after the centre of the second pulse, ps.
    film : Film, optional
        The sample on which pulses in vacuum fall; default a thick crystal.
    progress : callable, optional
        Is told the share of the time done, from 0 to 1.

    Raises
    ------
    LabelError
        There is no such mode.
    InputError
        The delays are too few, negative, or so far apart that the motion of the first pulse would
        show at a wrong frequency; the duration ends with the pulses; or an atom moves too far for
        any expansion about its place.
    LimitError
        More numbers than memory should hold.
    """
    c = model.coordinates
    name, n = c.find(mode), len(c)
    slots = c.slots(name)
    first, second = (replace(pulse, delay_ps=0.0) for pulse in (first, second))
    delays = np.asarray(delays, dtype=float)
    _check_delays(delays, first)
    last = float(delays[-1])
    light = inside(model, Fields((first, second)), until=duration + last, film=film)
    assert isinstance(light, Fields)
    a, b = light.parts
    over = max(second.stop, first.stop - float(delays[0]))
    require_longer(duration, over)
    fastest = max(float(c.frequencies.max()), light.fastest)
    interval = 1 / (STEPS_A_PERIOD * fastest)
    count = ceil((duration - second.start) / interval) + 1
    times = np.asarray(second.start + interval * np.arange(count), dtype=float)
    d = len(delays)
    require_room(count, 2 * d * len(slots), duration=duration, interval=interval)
    kept_slots = np.concatenate([slots, slots + n])

    def push(t: float) -> Floats:
        one, other = a.field(t + delays), b.field(t)
        return model.light(np.concatenate([one + other, one, other[None]]))

    def nonlinear(states: Floats) -> Floats:
        states = states[..., kept_slots]
        return np.asarray(states[:, :d] - states[:, d : 2 * d] - states[:, 2 * d :])

    kept, stop = march(
        model,
        np.zeros((2 * d + 1, 2 * n)),
        times,
        Push(push, max(b.stop, a.stop - float(delays[0]))),
        fastest=fastest,
        first=min(first.start - last, second.start),
        keep=nonlinear,
        progress=progress,
    )
    if stop is not None:
        why = {
            "far": f"an atom is displaced by {stop.distance or 0:.2g} Å, too far for an expansion "
            "of the energy",
            "diverged": "the motion diverges",
            "stiff": f"the equations are too stiff for {stop.steps:,} steps",
        }
        raise InputError("no map of this light", why=why[stop.kind], fix="take weaker pulses")
    states = np.moveaxis(kept, 0, 1)
    return DelayMap(
        model,
        first,
        second,
        name,
        frozen(delays),
        frozen(times),
        frozen(states[..., : len(slots)]),
        frozen(states[..., len(slots) :]),
        film,
    )


def _check_delays(delays: Floats, first: Pulse) -> None:
    """Refuse delays of which no spectrum can be made."""
    steps = np.diff(delays)
    if len(delays) < FEWEST or not np.allclose(steps, steps[0], rtol=1e-6) or steps[0] <= 0:
        raise InputError(
            f"no map of {counted(len(delays), 'delay')}",
            why=f"a spectrum needs {FEWEST} that ascend in equal steps, or more",
            fix="write the delays as in 0..6.3ps 64",
        )
    if delays[0] < 0:
        raise InputError(
            f"no map from a delay of {delays[0]:g} ps",
            why="the second pulse would come first",
            fix="start from 0; for the other order exchange the pulses",
        )
    highest = first.thz + first.bandwidth
    if (rate := 1 / (2 * float(steps[0]))) < highest:
        count = ceil((delays[-1] - delays[0]) * 2 * highest) + 1
        raise InputError(
            f"delays in steps of {steps[0]:.3g} ps are too far apart",
            why=f"they show frequencies up to {rate:.3g} THz, and the first pulse has some up to "
            f"{highest:.3g} THz, which would appear at others",
            fix=f"ask for {count} delays or more, or for a shorter range",
        )
    if len(delays) > MOST:
        raise LimitError(
            f"{counted(len(delays), 'delay')} are too many for a map",
            why="all are integrated at once",
            fix=f"ask for {MOST} at most",
        )
