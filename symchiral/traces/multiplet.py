r"""The lines of a fit as multiplets: split by strain, at the centre of their force.

The two coordinates of a multiplet that strain has split by :math:`\Delta` move as

.. math::
    \mathbf Q(t) = \mathrm{Re} \sum_{j=1,2} \mathbf e_j(\alpha)\, c_j\,
    e^{-(\gamma + i\omega_j)t} , \qquad \omega_{1,2} = \omega \pm \pi\Delta ,

with linear normal modes along α and across it. They beat: a motion that starts as a circle becomes
a line and a circle of the other sense. What the rule speaks of is
:math:`\mathbf A(t_0) = \sum_j \mathbf e_j c_j e^{-(\gamma + i\omega_j)t_0}` at the centre of the
force, which lies between the centre of the pulse and the end of what was left out as pumped; the
sense counts only as far as it is the same over all of that time.

Where a force of several quanta rings on with the driven mode it moves the line at its own frequency
and damping, :math:`\mathrm{Re}\,\mathbf f\,e^{-(\gamma_f + i\omega_f)t}` with a free
:math:`\mathbf f`. Both motions turn as the rule says. They cancel where the force begins, so that
**A** is then their sum from the moment on at which the traces begin. What is left that free poles
describe and the model does not is a systematic error: a part p of the line's energy may be a motion
of any sense.

While the pump acts the response of the electrons follows the k-th power of its field,

.. math::
    \mathbf B(t) = \mathrm{Re}\, \mathbf b\, e^{-2k\ln2\,t^2/\tau^2}\, e^{-i(\omega_b t + c t^2)} ,

near k times the frequency of the pump, and turns as the rule says without being a mode. A line
near there is a mode only as far as such a pulse, with whatever duration, frequency and chirp the
stated spectrum allows, does not explain it. A pulse that is longer than its spectrum demands is
chirped: with :math:`a = 2\ln2/\tau^2` and :math:`b = c/k` its bandwidth is
:math:`\pi^{-1}\sqrt{2\ln2\,(a^2 + b^2)/a}`.

What was stated of frequency and damping of a line, a value or an interval, holds in all of these
models; a line of which more is stated than where to start is a multiplet of its own. Parameters
that follow each other are those of the fit, and count as free for the errors of senses.

Where all this leaves a sense open, or the pulse takes a line over,
:mod:`symchiral.traces.force` models the force that moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symchiral.traces.constraints import FREE_LINE, Constraint
from symchiral.traces.direction import Direction, direction_of
from symchiral.traces.force import Driven, Judged
from symchiral.traces.helicity import Helicity, less_sure, measured_helicity
from symchiral.traces.model import columns, rate, scales
from symchiral.traces.oscillation import FALSE_ALARM, Fit, Oscillation, false_alarm, response_factor
from symchiral.traces.pulse import (
    FREE,
    GAUSSIAN,
    REACH,
    RINGING,
    UNKNOWN,
    Prior,
    Spectrum,
    duration_of,
)
from symchiral.traces.waves import Fitted, Shape, WhiteRuns, fitted
from symchiral.value import TINY, Complex, Floats

WIDEST = 0.15
"""THz. Poles that are closer than this, or than their half widths, have one origin."""

SPLIT = 13.8
"""By how much two more parameters must lower χ² for a splitting to be taken: once in a thousand."""

CENTRES = 5
"""Moments between the pulse and the end of the force at which the sense is looked at."""

SHORTEST = 1.5
"""Decay within the duration of the pulse from which on a motion near it does not outlast it."""

INADEQUATE = 40.0
"""By how much free poles may lower χ² below that of a multiplet by chance and by their number."""

ROUND = 0.9
"""Helicity of a driven mode from which on its quanta are of one spin."""

OPENS = 5.0
"""Standard deviations from which on a model of the force contradicts any lines."""

WEAK = 0.05
"""Part of the evidence for another line up to which a line says nothing about it."""

FAINT = 2.0
"""Standard deviations up to which a rotation may be noise."""

SURE = 7.0
"""Standard deviations from which on a sense needs no model of its force."""

LONGEST_PHASE = 0.25
"""Splitting times duration of a force beyond which its sense is not that of the rule."""

FEWEST_PERIODS = 0.5
"""Periods within a lifetime from which on a motion is an oscillation and not a background."""

FEW_PERIODS = 2.0
"""The same for a line alone in traces that may begin within the pulse."""

FEWEST_IN_RECORD = 2.0
"""Periods within the record from which on it is."""


@dataclass(frozen=True)
class Sense:
    """How a multiplet moves in one run at the centre of its force.

    Attributes
    ----------
    helicity : Helicity
        With its interval; ``sigmas`` are the least of all moments at which the force may act, 0
        if the sense is not the same at all of them.
    direction : Direction or None
        Its long axis.
    seen : bool
        Whether it is more than noise in this run.
    told : bool
        Whether a sense, or that it has none, may be read from the helicity; else it is open.
    """

    helicity: Helicity
    direction: Direction | None
    seen: bool
    told: bool = True


@dataclass(frozen=True)
class FittedMultiplet:
    """One or more poles with one origin.

    Attributes
    ----------
    frequency, frequency_error : float
        Of its centre, THz.
    damping : float
        γ in 1/ps.
    senses : tuple of Sense
        In each run.
    amplitude : float
        The largest of all runs at the centre of the force.
    lasting : bool
        Whether more is left than noise once all that the pump itself may show is taken away.
    significant : bool
        Whether it is more than noise.
    splitting : float or None
        Δ in THz, if one is seen.
    splitting_error : float or None
        Its standard deviation.
    axis : float or None
        α, the direction of the upper normal mode in degrees from Qx, modulo 180°.
    near : bool
        Whether its frequency stayed near that of its poles when the pump was allowed for.
    force : float or None
        What a model of its force says: standard deviations in favour of a line that rotates with
        the light, negative against it; None where none was asked.
    poles : tuple of float
        Standard deviations of the sense in each run before that model was asked.
    oscillation : int or None
        Which oscillation of the fit it is, if more was stated of that than where to start.
    damping_error : float
        Standard deviation of γ, 1/ps.
    """

    frequency: float
    frequency_error: float
    damping: float
    senses: tuple[Sense, ...]
    amplitude: float
    lasting: bool
    significant: bool
    splitting: float | None = None
    splitting_error: float | None = None
    axis: float | None = None
    near: bool = True
    force: float | None = None
    poles: tuple[float, ...] = ()
    oscillation: int | None = None
    damping_error: float = 0.0

    def agreeing(self, other: FittedMultiplet) -> FittedMultiplet:
        """The multiplet with its sense as far as another model confirms it."""
        pairs = zip(self.senses, other.senses, strict=True)
        return replace(self, senses=tuple(
            replace(s, helicity=replace(s.helicity, sigmas=float(
                min((s.helicity.sigmas, o.helicity.sigmas), key=abs)
                if s.helicity.sigmas * o.helicity.sigmas > 0 else 0.0
            ))) for s, o in pairs
        ))  # fmt: skip

    def uncertain(self, missed: float) -> FittedMultiplet:
        r"""The multiplet with its senses less sure by what its model misses.

        A part p of what the line explains may be a motion of any sense, of amplitude
        :math:`\sqrt p`; :math:`\theta` of :math:`h = \sin2\theta` is not known better than that.
        """
        return replace(self, senses=tuple(
            replace(s, helicity=less_sure(s.helicity, float(np.sqrt(missed))))
            for s in self.senses
        ))  # fmt: skip

    def driven(self, z: float, fit: Fit) -> FittedMultiplet:
        """The multiplet with a sense from a model of its force, where its own is less sure.

        Where the two contradict each other and its own is not sure, the sense is left open.
        """
        spins = _spins(fit)
        root = max(sum(s != 0 for s in spins), 1) ** 0.5

        def surer(s: Sense, spin: int) -> Sense:
            own, other = s.helicity.sigmas, spin * z / root
            if not spin:
                return s
            if other * s.helicity.value > 0:
                better = max(own, other, key=abs)
            else:
                lines = abs(z) < OPENS and abs(own) > max(abs(other), SURE / root)
                better = own if lines else 0.0
            told = s.told and bool(better)
            return replace(s, helicity=replace(s.helicity, sigmas=better), told=told)

        senses = tuple(surer(s, spin) for s, spin in zip(self.senses, spins, strict=True))
        alone = tuple(s.helicity.sigmas for s in self.senses)
        return replace(self, senses=senses, force=z, poles=alone)

    def without_sense(self) -> FittedMultiplet:
        """The multiplet with its sense left open, and with it the direction of linear motion."""
        still = tuple(
            replace(s, helicity=replace(s.helicity, sigmas=0.0), direction=None, told=False)
            for s in self.senses
        )
        return replace(self, senses=still)


def multiplets(fit: Fit) -> tuple[FittedMultiplet, ...]:
    """Return the oscillations of a fit as multiplets, in order of frequency."""
    forward = _Forward.of(fit)
    groups = _groups(fit)
    every = list(range(len(fit.oscillations)))
    if not forward.stated and not any(
        forward.shows_pump(g, [i for i in every if i not in g]) for g in groups
    ):
        forward = replace(forward, pump=None)  # what cannot be told from a line is not allowed for
    found = [forward.multiplet(g, [i for i in every if i not in g]) for g in groups]
    # What is of the pump is not taken for a mode beside a line, and explained twice.
    powers = [forward.power_of(g) for g in groups]
    for k, group in enumerate(groups):
        pumped = [
            i
            for g, m, power in zip(groups, found, powers, strict=True)
            if g is not group and not m.lasting and power is not None and power == powers[k]
            for i in g
        ]
        if found[k].lasting and pumped:
            rest = [i for i in every if i not in group and i not in pumped]
            again = forward.multiplet(group, rest)
            if again.near:
                found[k] = again
    if forward.inside:
        # What fades at once beside a line that lasts, or before it has turned, is of an onset.
        sizes = [max(fit.oscillations[i].evidence for i in g) for g in groups]
        pairs = list(zip(found, sizes, strict=True))
        long = max((e for m, e in pairs if m.lasting and not forward.brief(m.damping)), default=0.0)
        found = [
            replace(m, lasting=False)
            if forward.brief(m.damping)
            and (long > WEAK * e or m.frequency < FEW_PERIODS * m.damping)
            else m
            for m, e in pairs
        ]
    widest = max((m.splitting for m in found if m.lasting and m.splitting), default=0.0)
    found = [forward.unsettled(m, p, widest) for m, p in zip(found, powers, strict=True)]
    for power in (1, 2, 3) if forward.stated else ():
        # All that lies near a force is of the line that it moves.
        near = [k for k, p in enumerate(powers) if p == power and found[k].significant]
        # Three quanta act for as long, and so near the line's own frequency, that free poles may be
        # sure of the wrong sense.
        unsure = [
            m for m in (found[k] for k in near) if power > 2 or not (m.lasting and forward.sure(m))
        ]
        if any(m.lasting or not m.near for m in unsure):
            main = max(near, key=lambda k: (found[k].lasting, found[k].amplitude))
            stated = [k for k in near if any(fit.oscillations[i].stated for i in groups[k])]
            of_line = [k for k in near if k == main or k not in stated]
            judged = forward.driven([i for k in of_line for i in groups[k]], power, groups[main])
            if judged is None:
                continue
            whole = not judged.missed if found[main].lasting else forward.outlasts(judged, power)
            if whole:  # the line is where the model has it that explains all
                found[main] = replace(
                    found[main],
                    frequency=judged.frequency,
                    damping=judged.damping,
                    lasting=True,
                )
            if found[main].lasting:
                found[main] = found[main].driven(judged.sigmas, forward.fit)
    if any(
        p == 1 and m.lasting and not forward.round(m) for m, p in zip(found, powers, strict=True)
    ):
        # Quanta of both spins, Z₊²Z₋, make a lawful line of three quanta rotate the other way.
        found = [m.without_sense() if p == 3 else m for m, p in zip(found, powers, strict=True)]
    return tuple(
        replace(m, oscillation=group[0]) if fit.oscillations[group[0]].stated else m
        for m, group in zip(found, groups, strict=True)
    )


def _groups(fit: Fit) -> list[list[int]]:
    """Indices of oscillations with one origin; what is only noise, or stated, stays alone."""
    found: list[list[int]] = []
    for i in np.argsort([o.frequency for o in fit.oscillations]):
        o = fit.oscillations[i]
        if found and o.significant:
            last = fit.oscillations[found[-1][-1]]
            own = o.stated or last.stated
            apart = o.frequency - last.frequency
            width = (max(o.damping, 0.0) + max(last.damping, 0.0)) / (2 * np.pi)
            if not own and last.significant and apart < max(WIDEST, min(width, 4 * WIDEST)):
                found[-1].append(int(i))
                continue
        found.append([int(i)])
    return found


@dataclass(frozen=True, eq=False)
class _Forward:
    """The traces in units of their noise, and models of them."""

    fit: Fit
    times: tuple[Floats, ...]
    data: tuple[Floats, ...]
    back: Floats
    pump: Spectrum | None
    duration: tuple[float, float]
    size: int

    @staticmethod
    def of(fit: Fit) -> _Forward:
        """The traces of a fit, whitened."""
        measurement = fit.measurement
        noise = np.maximum(np.array(fit.noise), TINY)
        forth, back = measurement.probe.whitening(noise)
        times: list[Floats] = []
        data: list[list[Floats]] = []
        for run in measurement.runs:
            white = run.signals @ forth
            for k, t in enumerate(times):
                if np.array_equal(t, run.times):
                    data[k].append(white)
                    break
            else:
                times.append(run.times)
                data.append([white])
        pumps = {run.pump.spectrum for run in measurement.runs if run.pump is not None}
        known = [p for p in pumps if p is not None]
        pump = known[0] if len(known) == 1 == len(pumps) else None
        early = any(float(t[0]) < UNKNOWN / 2 for t in times)
        if pump is not None and pump.source == "assumed" and not early:
            pump = None  # it is over, and its width is not known
        stacked = tuple(np.stack([white.T for white in d]) for d in data)
        return _Forward(
            fit,
            tuple(times),
            stacked,
            back,
            pump,
            duration_of(pump, {run.pump.duration for run in measurement.runs if run.pump}),
            sum(d.size for d in stacked),
        )

    @property
    def inside(self) -> bool:
        """Whether the traces begin within the pulse of a pump of which nothing is stated."""
        pumps = [run.pump for run in self.fit.measurement.runs]
        unknown = all(p is not None and p.duration is p.bandwidth is None for p in pumps)
        return unknown and any(float(t[0]) < self.duration[0] / 2 for t in self.times)

    @property
    def stated(self) -> bool:
        """Whether it is known how long the pulse lasts, from its duration or its bandwidth."""
        return self.pump is not None and self.pump.source != "assumed"

    def brief(self, damping: float) -> bool:
        """Whether a motion does not outlast the pulse."""
        return damping * self.duration[0] >= SHORTEST

    def place(self, run: int) -> tuple[int, int]:
        """Block and column of a run."""
        own = self.fit.measurement.runs[run].times
        block = next(i for i, t in enumerate(self.times) if np.array_equal(t, own))
        before = self.fit.measurement.runs[:run]
        return block, sum(np.array_equal(r.times, own) for r in before)

    # ------------------------------------------------------------------------------- models

    def blocks(self, others: Sequence[int]) -> tuple[WhiteRuns, ...]:
        """The runs beside the background and other oscillations."""
        f = self.fit
        kept = [x for i in others for x in f.nonlinear[2 * i : 2 * i + 2]]
        last = [] if f.background != "exponential" else [np.log(rate(f.nonlinear))]
        nonlinear = np.array(kept + last)
        spins: list[list[int]] = [[] for _ in self.times]
        for run, spin in enumerate(_spins(f)):
            spins[self.place(run)[0]].append(spin)
        bases = [np.linalg.qr(columns(t, nonlinear, f.background))[0].T for t in self.times]
        return tuple(
            WhiteRuns(t, d, q, tuple(own))
            for t, d, q, own in zip(self.times, self.data, bases, spins, strict=True)
        )

    def shape(self, count: int, power: int | None, *, forced: bool = False) -> Shape:
        """A multiplet of so many parameters, its force, and the pump's own response."""
        return Shape(self.back, count, power, forced)

    def power(self, frequency: float, damping: float) -> int | None:
        """The power of the field that may be seen near a frequency, None if there is none."""
        if self.pump is None:
            return None
        near = []
        for k in range(4):
            centre = k * self.pump.centre
            far = 1.5 * REACH * self.pump.width * max(k, 2) ** 0.5
            far += max(damping, 0.0) / (2 * np.pi)
            if abs(frequency - centre) < far:
                near.append((abs(frequency - centre), k))
        return min(near)[1] if near else None

    def force_end(self, frequency: float, power: int | None) -> float:
        """Until when the force on a line lasts, ps after the centre of the pulse.

        That is half the duration of the power of the field; products of several quanta last as long
        as the driven mode does. Without a known pump it is where the traces begin.
        """
        if not self.stated or not power:
            return max(min(float(t[0]) for t in self.times), 0.0)
        field = self.duration[0] / 2 * (2 / power) ** 0.5
        return float(field + (RINGING / frequency if power > 1 else 0.0))

    def unsettled(
        self, found: FittedMultiplet, power: int | None, splitting: float
    ) -> FittedMultiplet:
        """The multiplet without a sense, if strain turns the driven mode while its force lasts."""
        end = self.force_end(found.frequency, power)
        if not self.stated or not power or power < 2 or power * splitting * end < LONGEST_PHASE:
            return found
        return found.without_sense()

    # -------------------------------------------------------------------------------- force

    def sure(self, found: FittedMultiplet) -> bool:
        """Whether the circular pumps tell the sense of a multiplet without a model of its force."""
        z = [
            spin * s.helicity.sigmas
            for s, spin in zip(found.senses, _spins(self.fit), strict=True)
            if spin
        ]
        return not z or (abs(sum(z)) > SURE * len(z) ** 0.5 and min(z) * max(z) > 0)

    def round(self, found: FittedMultiplet) -> bool:
        """Whether circular pumps move a multiplet along circles, and strain does not split it."""
        helicities = [
            abs(s.helicity.value)
            for s, spin in zip(found.senses, _spins(self.fit), strict=True)
            if spin
        ]
        return found.splitting is None and min(helicities, default=1.0) >= ROUND

    def outlasts(self, judged: Judged, power: int) -> bool:
        """Whether a line that the pulse takes over without its force is a mode with it."""
        length = max(float(np.ptp(t)) for t in self.times)
        alarm = false_alarm(judged.gain, 17 if power > 1 else 11, self.fit.band, length)
        return bool(
            not judged.missed
            and alarm < FALSE_ALARM
            and not self.brief(judged.damping)
            and judged.frequency > max(FEWEST_PERIODS * judged.damping, FEWEST_IN_RECORD / length)
        )

    def driven(self, group: Sequence[int], power: int, main: Sequence[int]) -> Judged | None:
        """What a model of the force says of the lines near it; None where it would take minutes.

        ``main``: those of the line that it moves.
        """
        assert self.pump is not None
        blocks = self.blocks([i for i in range(len(self.fit.oscillations)) if i not in group])
        prior, _ = self._pulse_alone(blocks, power)
        circular = tuple(own for b in blocks if (own := b.circular) is not None)
        members = sorted((self.fit.oscillations[i] for i in group), key=lambda o: -o.evidence)
        lines = tuple((2 * np.pi * o.frequency, o.damping) for o in members)
        force = Driven(
            circular, self.back, self.pump, power, lines, self.duration[0], prior,
            self.constraints(main),
        )  # fmt: skip
        if not force.feasible:
            return None
        judged = force.judged(self.left([r for r, spin in enumerate(_spins(self.fit)) if spin]))
        if len(main) > 1:
            return judged
        frequency, fading = self.fit.oscillations[main[0]].constraints
        return replace(
            judged,
            frequency=frequency.nearest(judged.frequency),
            damping=fading.nearest(judged.damping),
        )

    # ---------------------------------------------------------------------------- multiplet

    def constraints(self, group: Sequence[int]) -> tuple[Constraint, Constraint]:
        """What is stated of ω and γ of a group, rad/ps and 1/ps; ties hold at the fit."""
        if len(group) > 1:
            return FREE_LINE
        o = self.fit.oscillations[group[0]]
        frequency, damping = o.constraints
        return frequency.held(o.frequency).scaled(2 * np.pi), damping.held(o.damping)

    def power_of(self, group: Sequence[int]) -> int | None:
        """The power of the field that may be seen near a group."""
        main = max((self.fit.oscillations[i] for i in group), key=lambda o: o.evidence)
        return self.power(main.frequency, main.damping)

    def shows_pump(self, group: Sequence[int], others: Sequence[int]) -> bool:
        """Whether a pulse beside a line explains more of the traces than the line alone."""
        power = self.power_of(group)
        main = max((self.fit.oscillations[i] for i in group), key=lambda o: o.evidence)
        if power is None or not main.significant:
            return False
        blocks, start = self.blocks(others), [2 * np.pi * main.frequency, main.damping]
        free = Prior(np.zeros(0), np.zeros(0)).behind([FREE, FREE])
        line = fitted(blocks, self.shape(2, None), np.array(start), free).square
        prior, pumped = self._pulse_alone(blocks, power)
        tied = prior.behind([FREE, FREE])
        both = min(
            fitted(blocks, self.shape(2, power), np.array([*start, *tail]), tied).square
            for tail in (pumped.theta, prior.middle)
        )
        count = 4 * len(self.fit.measurement.runs)
        freedom = max(self.size - count * (2 + len(others)) - 5, 1)
        # Twice what chance does once in a thousand lines: this is asked of every line.
        return line - min(both, pumped.square) > 2 * _by_chance(count + 3) * both / freedom

    def multiplet(self, group: Sequence[int], others: Sequence[int]) -> FittedMultiplet:
        """The multiplet of a group of oscillations beside others."""
        fit = self.fit
        members = [fit.oscillations[i] for i in group]
        main = max(members, key=lambda o: o.evidence)
        if not main.significant or not np.isfinite(main.evidence):
            return self._alone(main)
        lasting_one = min(members, key=lambda o: o.damping / max(o.evidence, TINY) ** 0.5)
        blocks = self.blocks(others)
        evidence = np.array([o.evidence for o in members])
        middle = float(evidence @ [o.frequency for o in members] / evidence.sum())
        power = self.power_of(group)
        prior = pumped = None
        if power is not None and self.pump is not None:
            prior, pumped = self._pulse_alone(blocks, power)
        tail = np.zeros(0) if pumped is None else pumped.theta

        stated = self.constraints(group)
        shapes = {count: self.shape(count, power) for count in (2, 4)}
        starts = {(2 * np.pi * middle, main.damping), *(
            (2 * np.pi * o.frequency, o.damping) for o in (main, lasting_one))}  # fmt: skip
        near = min(o.frequency for o in members), max(o.frequency for o in members)
        reach = max(WIDEST, min(main.damping / (2 * np.pi), near[0] / 10))
        # Its frequency is near that of the line; the rest of a mode may be anything.
        tied = Prior(np.zeros(0), np.zeros(0)) if prior is None else prior
        own = 2 * np.pi * middle, np.pi * reach
        priors = {n: tied.behind([own] + (n - 1) * [FREE]) for n in (2, 4)}

        def rank(found: Fitted, many: int = 2) -> tuple[bool, float]:
            """What has strayed from the line, to the pump or to a background, is none."""
            f = abs(float(found.theta[0])) / (2 * np.pi)
            half = abs(float(found.theta[2])) / 2 if many == 4 else 0.0
            return not near[0] - reach < f - half <= f + half < near[1] + reach, found.square

        single = min(
            (
                fitted(blocks, shapes[2], np.array([*s, *tail]), priors[2], stated)
                for s in sorted(starts)
            ),
            key=rank,
        )
        count = 2
        spacing = max(o.frequency for o in members) - min(o.frequency for o in members)
        trials = []
        if pumped is not None:
            starts.add((2 * np.pi * middle, lasting_one.damping))
        for omega, fading in sorted({(float(single.theta[0]), float(single.theta[1])), *starts}):
            for delta in sorted({max(spacing, 0.02), 0.04, 0.08}):
                for angle in np.pi * np.arange(6) / 6:
                    for rest in {tuple(single.theta[2:]), tuple(tail)}:
                        theta = np.array([omega, fading, delta, angle, *rest])
                        trials.append((Fitted(blocks, shapes[4], theta).square, tuple(theta)))
        trials.sort()
        split = min(
            (fitted(blocks, shapes[4], np.array(s), priors[4], stated) for _, s in trials[:3]),
            key=lambda found: rank(found, 4),
        )
        # From the pulse that was found beside it, that a better pulse is not taken for a splitting.
        again = fitted(blocks, shapes[2], np.delete(split.theta, [2, 3]), priors[2], stated)
        single = min(single, again, key=rank)
        best = single
        freedom = max(self.size - 4 * len(fit.measurement.runs) * (1 + len(others)) - 8, 1)
        variance = max(split.square / freedom, TINY)
        if rank(split, 4) < rank(single) and (single.square - split.square) / variance > SPLIT:
            best, count = split, 4
        variance = max(best.square / freedom, TINY)
        if pumped is not None:
            lowest = pumped.square
        else:
            lowest = sum(float(np.vdot(b.rest, b.rest)) for b in blocks)
        gain = (lowest - best.square) / variance
        length = max(float(np.ptp(t)) for t in self.times)
        alarm = false_alarm(
            gain, 4 * len(fit.measurement.runs) + 2, fit.band, length, constraints=main.constraints
        )
        damping = float(best.theta[1])
        frequency = abs(float(best.theta[0])) / (2 * np.pi)
        lasting = bool(
            alarm < FALSE_ALARM
            and not rank(best, count)[0]
            and (power is None or not self.brief(damping))
            and frequency > max(FEWEST_PERIODS * damping, FEWEST_IN_RECORD / length)
        )

        def described(model: Fitted) -> FittedMultiplet:
            return self._described(model, variance, freedom, main, lasting=lasting)

        found = replace(described(best), near=not rank(best, count)[0])
        if (
            count == 2
            and not rank(split, 4)[0]
            and (
                len(members) > 1
                or (single.square - split.square) / variance > SPLIT / 2
                or (power is not None and self.stated and not self.sure(found))
            )
        ):
            # A splitting that is not sure, or that noise may hide, must not matter.
            found = found.agreeing(described(split))
        if len(members) > 1 and (power is None or power > 1):
            shaped = self.shape(count, power, forced=True)
            ringing = self._with_force(blocks, shaped, best, members, reach, priors[count])
            bound = _by_chance(4 * len(fit.measurement.runs) + 2)
            # What fades within the pulse is no force that rings.
            rings = not self.brief(float(ringing.theta[count + 1]))
            if rings and best.square - ringing.square > bound * ringing.square / freedom:
                variance, best = max(ringing.square / freedom, TINY), ringing
                other = described(ringing)
                found = replace(
                    other,
                    near=found.near,
                    splitting=found.splitting,
                    splitting_error=found.splitting_error,
                    axis=found.axis,
                )
        if len(members) > 1:
            found = found.uncertain(self.missed(best, lowest, freedom))
        return found

    def _with_force(
        self,
        blocks: tuple[WhiteRuns, ...],
        shape: Shape,
        best: Fitted,
        members: Sequence[Oscillation],
        reach: float,
        prior: Prior,
    ) -> Fitted:
        """The model with the motion that a ringing force imposes beside the free one."""
        count, middle = shape.count, float(prior.middle[0])
        # The order of the priors is that of the parameters.
        pulse = replace(
            prior, middle=prior.middle[count:], deviation=prior.deviation[count:]
        ).behind([(middle, 2 * np.pi * reach), FREE])
        prior = pulse.behind(list(zip(prior.middle[:count], prior.deviation[:count], strict=True)))
        rates = {(2 * np.pi * o.frequency, o.damping) for o in members}
        rates |= {(middle, 2 * abs(float(best.theta[1])) + 0.1), (middle, 1 / self.duration[0])}
        trials = []
        for own in {tuple(best.theta[:2]), *rates}:
            for other in rates:
                if own != other:
                    theta = np.concatenate([own, best.theta[2:count], other, best.theta[count:]])
                    trials.append((Fitted(blocks, shape, theta).square, tuple(theta)))
        trials.sort()
        return min(
            (fitted(blocks, shape, np.array(x), prior, closely=True) for _, x in trials[:3]),
            key=lambda found: found.square,
        )

    def missed(self, best: Fitted, lowest: float, freedom: int) -> float:
        """The part of what a line explains that free poles explain beyond a model of it."""
        chance = INADEQUATE * self.free / freedom
        return max(best.square - self.free - chance, 0.0) / max(lowest - self.free, TINY)

    @cached_property
    def free(self) -> float:
        """χ² of the fit itself, with all of its poles free."""
        return self.left(range(len(self.fit.measurement.runs)))

    def left(self, runs: Sequence[int]) -> float:
        """What the fit itself leaves of some runs."""
        forth, _ = self.fit.measurement.probe.whitening(np.maximum(np.array(self.fit.noise), TINY))
        return sum(float(np.sum((self.fit.residuals(r) @ forth) ** 2)) for r in runs)

    def _pulse_alone(self, blocks: tuple[WhiteRuns, ...], power: int) -> tuple[Prior, Fitted]:
        """What the pump alone explains, with the priors of its parameters."""
        assert self.pump is not None
        short = GAUSSIAN / self.pump.width
        middle = np.array([2 * np.pi * power * self.pump.centre, np.log(self.duration[0]), 0.0])
        many = power or 2  # |E|² has no frequency
        deviation = np.array(
            [
                2 * np.pi * (0.15 * many**0.5 * self.pump.width),
                self.duration[1],
                many * np.log(2) / short**2,
            ]
        )
        width = self.pump.width if self.pump.source == "bandwidth" else None
        prior = Prior(middle, deviation, many, width)
        starts = [
            middle + deviation * np.array([0.0, s, c])
            for c in (-0.7, 0.0, 0.7)
            for s in (-0.7, 0.7)
        ]

        shape = self.shape(0, power)
        start = min(starts, key=lambda x: Fitted(blocks, shape, x).square)
        return prior, fitted(blocks, shape, start, prior)

    def _alone(self, o: Oscillation) -> FittedMultiplet:
        """An oscillation as it was fitted."""
        runs = range(len(self.fit.measurement.runs))
        senses = tuple(
            Sense(
                o.helicity(r),
                direction_of(o.amplitudes[r], o.amplitude_covariances[r]),
                o.seen(r),
            )
            for r in runs
        )
        return FittedMultiplet(
            o.frequency,
            o.frequency_error,
            o.damping,
            senses,
            max(o.amplitude(r) for r in runs),
            o.significant,
            o.significant,
            damping_error=o.damping_error,
        )

    def _described(
        self,
        best: Fitted,
        variance: float,
        freedom: float,
        main: Oscillation,
        *,
        lasting: bool,
    ) -> FittedMultiplet:
        """The multiplet of a model, with covariances of all its parameters."""
        theta, count, forced = best.theta, best.shape.count, best.shape.forced

        # The information of (θ, coefficients of every run), the background eliminated.
        runs = [self.place(r) for r in range(len(self.fit.measurement.runs))]
        designs = [best.design(block) for block in range(len(self.times))]
        slopes = [best.moved(block) for block in range(len(self.times))]
        linear = len(designs[0])
        size = len(theta) + linear * len(runs)
        information = np.zeros((size, size))
        for r, (block, row) in enumerate(runs):
            jacobian = np.zeros((size, designs[block][0].size))
            jacobian[: len(theta)] = slopes[block][:, row].reshape(len(theta), -1)
            at = len(theta) + linear * r
            jacobian[at : at + linear] = designs[block].reshape(linear, -1)
            information += jacobian @ jacobian.T
        fixed = [i for i, constraint in enumerate(main.constraints) if constraint.fixed]
        kept = np.delete(np.arange(size), fixed)
        known = information[np.ix_(kept, kept)]
        scale = scales(known)
        inverse = np.linalg.pinv(known / np.outer(scale, scale), hermitian=True, rcond=1e-11)
        covariance = np.zeros((size, size))
        covariance[np.ix_(kept, kept)] = variance * inverse / np.outer(scale, scale)
        senses, sizes = [], []
        last = self.force_end(abs(float(theta[0])) / (2 * np.pi), best.shape.power)
        # What a force imposes cancels the free motion where it begins: it is looked at as it is
        # seen.
        first = max(min(float(t[0]) for t in self.times), 0.0) if forced else 0.0
        moments = np.linspace(first, max(first, last), CENTRES)
        many = count + 2 * forced
        for r, (block, row) in enumerate(runs):
            at = len(theta) + linear * r
            own = np.r_[0:many, at : at + 4 + 4 * forced]
            c = best.coefficients[block][row, : 4 + 4 * forced]
            x = np.concatenate([theta[:many], c])
            part = covariance[np.ix_(own, own)]
            # One pole has one sense, known best where most of it is seen: there the error of the
            # damping changes no amplitude.
            seen = self._seen_at(self.times[block], theta[1]) if many == 2 else None
            each = [
                self._amplitude(x, count, part, float(moment))
                for moment in ([seen] if seen is not None else moments)
            ]
            middle = each[len(each) // 2]
            helicities = [
                measured_helicity(a, v, freedom=freedom, level=main.level) for a, v in each
            ]
            signs = {np.sign(h.sigmas) for h in helicities}
            least = min((h.sigmas for h in helicities), key=abs) if len(signs) == 1 else 0.0
            h = helicities[len(each) // 2]
            senses.append(
                Sense(
                    Helicity(h.value, h.low, h.high, least, h.level),
                    direction_of(*middle),
                    _seen(*middle),
                    len(signs) == 1 or max(abs(h.sigmas) for h in helicities) < FAINT,
                )
            )
            centre = self._amplitude(x, count, part, float(moments[CENTRES // 2]))[0]
            sizes.append(float(np.linalg.norm(centre)))
        errors = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        upper = None
        if count == 4:
            turned = theta[3] if theta[2] > 0 else theta[3] + np.pi / 2
            upper = float(np.degrees(turned) % 180)
        stated, fading = main.constraints
        return FittedMultiplet(
            stated.nearest(abs(float(theta[0])) / (2 * np.pi)),
            main.frequency_error if stated.tied else float(errors[0]) / (2 * np.pi),
            fading.nearest(float(theta[1])),
            tuple(senses),
            max(sizes),
            lasting,
            main.significant,
            abs(float(theta[2])) if count == 4 else None,
            float(errors[2]) if count == 4 else None,
            upper,
            damping_error=float(errors[1]),
        )

    @staticmethod
    def _seen_at(times: Floats, damping: float) -> float:
        """The mean time of a motion that decays, weighted by its square."""
        weights = np.exp(np.clip(-2 * damping * (times - times[0]), -80.0, 80.0))
        return float(np.average(times, weights=weights))

    def _amplitude(
        self, x: Floats, count: int, covariance: Floats, moment: float
    ) -> tuple[Complex, Floats]:
        """A at a moment, as the amplitude of exp(−iω(t − moment)), with its covariance.

        ``x`` holds ω, γ, and Δ, α of a multiplet that is split, ω and γ of a force that rings, and
        the coefficients of both.
        """
        response = self.fit.measurement.response
        forced = len(x) > count + 4
        from_ = count + 2 * forced

        def value(x: Floats) -> Complex:
            omega, damping = x[:2]
            half, angle = (np.pi * x[2], x[3]) if count > 2 else (0.0, 0.0)
            c, s = np.cos(angle), np.sin(angle)
            found = np.zeros(2, dtype=complex)
            for j, (e, own) in enumerate(
                zip(((c, s), (-s, c)), (omega + half, omega - half), strict=True)
            ):
                a = x[from_ + 2 * j] + 1j * x[from_ + 2 * j + 1]
                a = a / response_factor(response, np.array([own, damping]))
                found += np.array(e) * a * np.exp(-(damping + 1j * own) * moment)
            if forced:
                own, fading = x[count : count + 2]
                a = x[from_ + 4 : from_ + 8 : 2] + 1j * x[from_ + 5 : from_ + 8 : 2]
                a = a / response_factor(response, np.array([own, fading]))
                found += a * np.exp(-(fading + 1j * own) * moment)
            moved: Complex = found * np.exp(1j * omega * moment)
            return moved

        amplitude = value(x)
        slopes = []
        for i in range(len(x)):
            h = 1e-5 * max(abs(x[i]), 1e-2)
            up, down = x.copy(), x.copy()
            up[i] += h
            down[i] -= h
            d = (value(up) - value(down)) / (2 * h)
            slopes.append([d[0].real, d[0].imag, d[1].real, d[1].imag])
        j = np.array(slopes).T
        return amplitude, j @ covariance @ j.T


def _spins(fit: Fit) -> list[int]:
    """+1 for runs with σ+, −1 for σ−, 0 for others."""
    return [0 if run.pump is None else run.pump.sense for run in fit.measurement.runs]


def _by_chance(count: int) -> float:
    """By how much so many parameters lower χ² once in a thousand records."""
    from scipy.stats import chi2

    return float(chi2.isf(1e-3, count))


def _seen(amplitude: Complex, covariance: Floats) -> bool:
    """Whether an amplitude is more than noise."""
    from scipy.stats import chi2

    parts = np.array([amplitude[0].real, amplitude[0].imag, amplitude[1].real, amplitude[1].imag])
    inverse = np.linalg.pinv(covariance, hermitian=True)
    return bool(chi2.sf(float(parts @ inverse @ parts), 4) < FALSE_ALARM)
