"""The answer of ``simulate``: how modes of the zone centre move when light drives them.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from symchiral.anharmonic.couplings import Couplings
from symchiral.answers.couple import CouplingUnit
from symchiral.answers.crystal import AxisOfRotation, Structure, axis_of, structure
from symchiral.answers.record import (
    Answer,
    Count,
    FrequencyUnit,
    Matrix,
    Record,
    ReIm,
    beginning,
    number,
    tidy,
    tidy_complex,
)
from symchiral.crystal.directions import across_name
from symchiral.display import display
from symchiral.dynamics.delaymap import DelayMap, Peak
from symchiral.dynamics.pulse import DrivingField, Fields
from symchiral.dynamics.pulse import Pulse as LightPulse
from symchiral.dynamics.run import FreeMotion, Run, Stop
from symchiral.dynamics.start import Start as FreeStart
from symchiral.dynamics.surface import EnteringPulse
from symchiral.dynamics.sweep import INSIDE, Quantity
from symchiral.dynamics.sweep import Sweep as SweptPulse
from symchiral.dynamics.thermal import occupation, quanta, thermal_amplitude
from symchiral.units import PER_THZ
from symchiral.value import Floats


class Film(Record, frozen=True, kw_only=True):
    """A film of the crystal on a substrate."""

    thickness: float
    """Of the film."""
    thickness_unit: Literal["nm"] = "nm"
    """Of thickness."""
    substrate: float
    """Refractive index of the substrate; 1 for none."""


class Entering(Record, frozen=True, kw_only=True):
    """The light in the crystal, by Fresnel's formula at normal incidence: just below the face of a
    thick one, the mean over a film.
    """

    field: float
    """Largest field in the crystal, as the amplitude of a pulse of the same polarisation."""
    field_unit: Literal["MV/cm"] = "MV/cm"
    """Of field."""
    index: tuple[ReIm, ReIm]
    """Complex refractive indices [n, kappa] of the two waves at the carrier frequency."""
    depth: float | None
    """Depth at which the intensity at the carrier frequency has fallen to 1/e; null where nothing
    is absorbed."""
    depth_unit: Literal["micrometer"] = "micrometer"
    """Of depth."""
    film: Film | None = None
    """The sample; null for a thick crystal."""


class Pulse(Record, frozen=True, kw_only=True):
    """A pulse of light, centred at time zero unless it has a delay."""

    frequency: float
    """Carrier frequency."""
    frequency_unit: FrequencyUnit = "THz"
    """Of frequency."""
    polarization: tuple[ReIm, ReIm, ReIm]
    """Unit vector along x, y and the axis; each number [re, im]."""
    fwhm: float
    """Full width at half maximum of the intensity."""
    time_unit: Literal["ps"] = "ps"
    """Of fwhm and delay."""
    field: Annotated[float, Meta(ge=0)]
    """Amplitude of the field: the peak of a linear pulse, the square root of two times the modulus
    of a circular one."""
    field_unit: Literal["MV/cm"] = "MV/cm"
    """Of field."""
    fluence: float
    """Energy per area of a plane wave in vacuum with this field."""
    fluence_unit: Literal["mJ/cm^2"] = "mJ/cm^2"
    """Of fluence."""
    phase: float
    """Carrier-envelope phase."""
    phase_unit: Literal["degree"] = "degree"
    """Of phase."""
    chirp: float
    """Change of the frequency in time."""
    chirp_unit: Literal["THz/ps"] = "THz/ps"
    """Of chirp."""
    polarization_word: str | None = None
    """The polarisation as it was written, ``s+``, ``30deg``; null where it was given by numbers."""
    incident: bool = False
    """Whether the field is that in vacuum, before it falls on a face along the normal; false: that
    in the crystal."""
    entering: Entering | None = None
    """What of an incident pulse enters the crystal; null for a field in the crystal, and in the
    points of a sweep."""
    delay: float = 0.0
    """Time of its centre, in time_unit."""


class SampledField(Record, frozen=True, kw_only=True):
    """A field given by its values in time."""

    start: float
    """First time."""
    end: float
    """Last time."""
    time_unit: Literal["ps"] = "ps"
    """Of start and end."""


class Start(Record, frozen=True, kw_only=True):
    """The mode set in motion at time zero, without light."""

    mode: str
    """Its name."""
    displacement: float
    """Largest displacement of an atom in it."""
    unit: Literal["angstrom"] = "angstrom"
    """Of displacement."""


class AnharmonicPotential(Record, frozen=True, kw_only=True):
    """The couplings of the modes."""

    terms: dict[str, Count]
    """Number of coefficients by order, as read."""
    unit: CouplingUnit = "eV/(sqrt(amu) angstrom)^order"
    """Of coefficients."""
    provenance: dict[str, str]
    """How they were found, and where they were read."""
    overlap: float
    """Least part of an eigenvector of their source that lies in the modes; 1 for the same modes."""
    largest_allowed: float
    """Largest cubic circular coefficient that symmetry allows, as read."""
    largest_forbidden: float
    """Largest cubic circular coefficient that symmetry forbids, as read."""
    symmetrized: bool
    """Whether they were averaged over the group before use."""


class Time(Record, frozen=True, kw_only=True):
    """The times."""

    start: float
    """First time."""
    end: float
    """Last time."""
    step: float | None
    """Between two times."""
    after: float | None
    """From where on the motion is regarded as free, and averaged; null if the run stopped
    before that, and then nothing is averaged."""
    unit: Literal["ps"] = "ps"
    """Of all times."""
    stopped: str | None
    """Why it ended before it should; null if it did not."""


class MovingMode(Record, frozen=True, kw_only=True):
    """How one multiplet moved after the pulse."""

    label: str
    """The multiplet, species and number."""
    frequency: float
    """Its harmonic frequency."""
    moves_at: float | None
    """Strongest frequency of its motion after the pulse; null if it does not move."""
    frequency_unit: FrequencyUnit = "THz"
    """Of frequency and moves_at."""
    amplitude: float | None
    """Largest root of the sum of |a_l|^2 after the pulse."""
    amplitude_unit: Literal["sqrt(amu) angstrom"] = "sqrt(amu) angstrom"
    """Of amplitude."""
    displacement: float | None
    """Largest displacement of an atom by this motion alone, at any time."""
    displacement_unit: Literal["angstrom"] = "angstrom"
    """Of displacement."""
    energy: float | None
    """Mean energy after the pulse, per primitive cell."""
    energy_unit: Literal["meV"] = "meV"
    """Of energy."""
    pam_helicity: float | None
    """Sum of |a_l|^2 over l > 0 minus that over l < 0, over the sum of all, energy-weighted
    over the time after the pulse; null without components that have a sense."""
    mechanical_helicity: float | None
    """The same with the sign of the angular momentum of the atoms in the place of that of l."""
    direction: float | None
    """Angle from x of the line, or the long axis of the ellipse, of the atom that moves most,
    across the axis."""
    direction_unit: Literal["degree"] = "degree"
    """Of direction."""
    ratio: float | None
    """Short over long axis of that ellipse."""
    quanta: float | None = None
    """Quanta of its frequency in the motion of that amplitude, per primitive cell."""
    thermal_quanta: float | None = None
    """Mean number n of thermal quanta of each of its modes; null without a temperature."""
    thermal_coordinate: float | None = None
    """Root mean square of one of its coordinates in one primitive cell by thermal motion, where all
    wavevectors of its branch have its frequency; in amplitude_unit, null without a temperature."""


class SweptMode(MovingMode, frozen=True, kw_only=True):
    """How one multiplet moved after one pulse of a sweep, as a flat record."""

    quantity: Quantity
    """What was changed."""
    value: float
    """To what."""
    unit: str
    """Of value."""
    stopped: str | None
    """Why the run ended early; null if it did not."""


class AngularMomentum(Record, frozen=True, kw_only=True):
    """About the axis, until the last time."""

    light: float | None
    """Given by the light."""
    damping: float | None
    """Given by damping."""
    coupling: float | None
    """Given by the anharmonic potential."""
    harmonic: float | None
    """Given by the harmonic potential."""
    motion: float | None
    """Of the atoms at the last time: the sum of the others, and of what they had at first."""
    unit: Literal["hbar"] = "hbar"
    """Of all of them, per primitive cell."""
    first: float | None = None
    """Of the atoms at the first time; zero where light sets them in motion."""


class SiteMomentum(Record, frozen=True, kw_only=True):
    """The angular momentum of the atoms of a site about the axis, each about its own place."""

    site: str
    """Its name."""
    mean: float
    """The mean over the time after the pulse, of all its atoms in the primitive cell."""
    largest: float
    """The one of largest modulus at any time."""
    unit: Literal["hbar"] = "hbar"
    """Of both."""
    mean_moment: float | None = None
    """Mean of their magnetic moment along the axis over that time; null without Born charges."""
    largest_moment: float | None = None
    """The moment of largest modulus at any time; null without Born charges."""
    moment_unit: Literal["nuclear_magneton"] = "nuclear_magneton"
    """Of both moments."""


class Moment(Record, frozen=True, kw_only=True):
    """The magnetic moment of the moving ions along the axis."""

    mean: float
    """The mean over the time after the pulse, per primitive cell."""
    largest: float
    """The one of largest modulus at any time, per primitive cell."""
    unit: Literal["nuclear_magneton"] = "nuclear_magneton"
    """Of both."""
    mean_magnetization: float
    """mu_0 M of the mean."""
    largest_magnetization: float
    """mu_0 M of the largest."""
    magnetization_unit: Literal["tesla"] = "tesla"
    """Of both."""


class Point(Record, frozen=True, kw_only=True):
    """One pulse of a sweep, and what came of it."""

    value: float
    """The value."""
    pulse: Pulse
    """The pulse that was changed, of several the last one."""
    stopped: str | None
    """Why it ended early; null if it did not."""
    modes: tuple[MovingMode, ...]
    """Every optical multiplet of the zone centre, from the lowest frequency."""


class Sweep(Record, frozen=True, kw_only=True):
    """The same pulse with one of its properties changed."""

    quantity: Quantity
    """What was changed."""
    unit: str
    """Of value."""
    points: tuple[Point, ...]
    """One entry per value."""

    @property
    def rows(self) -> tuple[SweptMode, ...]:
        """A flat record per value and multiplet."""
        return tuple(
            SweptMode(
                **{name: getattr(mode, name) for name in MovingMode.__struct_fields__},
                quantity=self.quantity,
                value=point.value,
                unit=self.unit,
                stopped=point.stopped,
            )
            for point in self.points
            for mode in point.modes
        )


class MapPeak(Record, frozen=True, kw_only=True):
    """A maximum of the two-dimensional spectrum."""

    excitation: float
    """Frequency along the delay: positive where a quantum of the first pulse comes in, negative
    where it goes out."""
    detection: float
    """Frequency along the time after the second pulse, not negative."""
    frequency_unit: FrequencyUnit = "THz"
    """Of both."""
    motion: str
    """The mode that moves there, Eg#2(-)."""
    amplitude: float
    """Of the motion, if it neither decayed nor depended otherwise on the delay."""
    amplitude_unit: Literal["sqrt(amu) angstrom"] = "sqrt(amu) angstrom"
    """Of amplitude."""
    share: float
    """Amplitude over that of the largest peak."""
    pam_sense: Literal[-1, 0, 1]
    """Sign of l of the motion; 0 where l has no sign, and where nothing oscillates."""
    atom_sense: Literal[-1, 0, 1]
    """Sense in which the atoms as a whole rotate, 1 counter-clockwise; 0 where they do not."""
    transfer: str | None
    """The transfer that makes it of one quantum of each pulse, Eu#1(+) Eu#1(+) -> Eg#2(-); null
    where none does: the motion is then of a higher order in the fields, or made by both fields at
    once through Raman tensors."""


class Map(Record, frozen=True, kw_only=True):
    """What two pulses make of a mode together that neither makes alone, by delay and time, and its
    two-dimensional spectrum.
    """

    mode: str
    """The multiplet that is detected."""
    frequency: float
    """Its harmonic frequency."""
    frequency_unit: FrequencyUnit = "THz"
    """Of frequency and resolutions."""
    first_delay: float
    """First delay of the second pulse after the first."""
    last_delay: float
    """Last delay."""
    delays: Count
    """Number of delays."""
    start: float
    """Time after the centre of the second pulse from which on spectra are taken."""
    end: float
    """Last time."""
    time_unit: Literal["ps"] = "ps"
    """Of delays and times."""
    excitation_resolution: float
    """Half width of a sharp line between its zeros, along the delay."""
    detection_resolution: float
    """The same along the time."""
    peaks: tuple[MapPeak, ...]
    """The largest maxima, at most twelve, the largest first."""


class Simulate(Answer, frozen=True, kw_only=True, tag="symchiral/simulate/1"):
    """What ``symchiral simulate --json`` prints: what every mode of the zone centre did when light
    drove it.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The axis of rotation; null where the crystal has none."""
    lab: Matrix
    """Rows: Cartesian unit vectors x, y and axis that polarisations refer to."""
    pulse: Pulse | None
    """The light, of several pulses the first one; null without any."""
    start: Start | None
    """The mode set in motion at time zero, without light; null otherwise."""
    damping: dict[str, float]
    """Linewidth of every multiplet."""
    damping_unit: FrequencyUnit = "THz"
    """Of damping."""
    couplings: AnharmonicPotential
    """The anharmonic potential."""
    time: Time
    """The times."""
    modes: tuple[MovingMode, ...]
    """Every optical multiplet of the zone centre, from the lowest frequency."""
    angular_momentum: AngularMomentum
    """About the axis, until the last time."""
    sweep: Sweep | UnsetType = UNSET
    """Only with --sweep: what was changed, and what came of it."""
    sampled: SampledField | None = None
    """The light where it was given by its values in time; then pulse is null."""
    x_along: str = ""
    """Name of the direction x of lab, from which angles are counted: a, b or c of the input cell,
    [u v w], or the projection of one of these across the axis."""
    further_pulses: tuple[Pulse, ...] = ()
    """The other ones of several pulses."""
    sites: tuple[SiteMomentum, ...] = ()
    """Which atoms rotate; empty if the run stopped before the end of the pulse."""
    moment: Moment | None = None
    """Magnetic moment of the ions; null without Born charges, or if the run stopped before the end
    of the pulse."""

    temperature: float | None = None
    """Temperature; null where none was given. The motion depends on it by damping alone."""
    damping_temperature: float | None = None
    """Temperature at which the linewidths were stated; null where they do not depend on it."""
    temperature_unit: Literal["K"] = "K"
    """Of both."""
    damping_law: Literal["klemens"] | None = None
    """How linewidths follow from the stated ones: by decay into two quanta of half the frequency,
    1 + 2n(f/2); null where they are the stated ones."""
    map: Map | UnsetType = UNSET
    """Only with --map: what both of two pulses make that neither makes alone. Everything else is of
    the pulses with their own delays."""

    row_types: ClassVar[tuple[type[Record], ...]] = (MovingMode, SweptMode, MapPeak)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        if not isinstance(self.map, UnsetType):
            return MapPeak, self.map.peaks
        if isinstance(self.sweep, UnsetType):
            return MovingMode, self.modes
        return SweptMode, self.sweep.rows


def simulate(
    run: Run,
    given: Couplings,
    *,
    start: FreeStart | None = None,
    sweep: SweptPulse | None = None,
    swept: Sequence[tuple[LightPulse, tuple[FreeMotion, ...], Stop | None]] = (),
    mapped: DelayMap | None = None,
    unit: FrequencyUnit = "THz",
) -> Simulate:
    """Answer what every mode did.

    Parameters
    ----------
    run : Run
        The simulation.
    given : Couplings
        The couplings as they were read.
    start : Start, optional
        What was set in motion without light.
    sweep, swept
        What was changed, and what came of it, if anything was.
    mapped : DelayMap, optional
        What two pulses make together.
    unit : str
        Of frequencies.
    """
    model = run.model
    modes = model.coordinates.modes
    light = () if run.drive is None else light_of(run.drive, unit=unit)
    pulses = () if isinstance(light, SampledField) else light
    return Simulate(
        **beginning(modes.crystal, display(run, "notices")),
        structure=structure(modes.crystal, masses=modes.masses),
        axis=axis_of(modes.crystal, modes.axis),
        lab=tidy(model.lab),
        pulse=pulses[0] if pulses else None,
        start=None if start is None else Start(mode=start.mode, displacement=start.displacement),
        damping={name: _in(unit, width) for name, width in model.linewidths.items()},
        damping_unit=unit,
        couplings=_potential(given, used=model.couplings),
        time=_time(run),
        modes=tuple(_moving(motion, unit, model.temperature) for motion in run.motions),
        angular_momentum=_angular_momentum(run),
        sweep=UNSET if sweep is None else _sweep(sweep, swept, unit, model.temperature),
        sampled=light if isinstance(light, SampledField) else None,
        x_along=across_name(modes.crystal, model.lab),
        further_pulses=pulses[1:],
        sites=_sites(run),
        moment=_moment(run),
        temperature=model.temperature,
        damping_temperature=None if model.stated is None else model.stated.temperature,
        damping_law=None if model.stated is None else model.stated.law,
        map=UNSET if mapped is None else map_of(mapped, unit=unit),
    )


def light_of(
    drive: DrivingField, *, unit: FrequencyUnit = "THz"
) -> tuple[Pulse, ...] | SampledField:
    """Describe light: pulses by their properties, any other field by its first and last time."""
    parts = drive.parts if isinstance(drive, Fields) else (drive,)
    found = [_known(part, unit) for part in parts]
    pulses = tuple(pulse for pulse in found if pulse is not None)
    if len(pulses) < len(found):
        return SampledField(start=drive.start, end=drive.stop)
    return pulses


def _known(drive: DrivingField, unit: FrequencyUnit) -> Pulse | None:
    """Describe a pulse; None for a field that is known by its values."""
    if isinstance(drive, LightPulse):
        return pulse_of(drive, unit=unit)
    if not isinstance(drive, EnteringPulse):
        return None
    entering = Entering(
        field=float(f"{drive.peak:.9g}"),
        index=tuple(tidy_complex(drive.index)),
        depth=number(drive.depth),
        film=None
        if (film := drive.film) is None
        else Film(thickness=film.thickness, substrate=film.substrate),
    )
    return pulse_of(drive.pulse, unit=unit, entering=entering)


def pulse_of(
    pulse: LightPulse, *, unit: FrequencyUnit = "THz", entering: Entering | None = None
) -> Pulse:
    """Describe a pulse."""
    return Pulse(
        frequency=_in(unit, pulse.thz),
        frequency_unit=unit,
        polarization=tidy_complex(pulse.jones),
        fwhm=pulse.fwhm_ps,
        field=pulse.field_mv_cm,
        fluence=float(f"{pulse.fluence:.9g}"),
        phase=pulse.phase_deg,
        chirp=pulse.chirp_thz_ps,
        polarization_word=pulse.polarization if isinstance(pulse.polarization, str) else None,
        incident=pulse.incident,
        entering=entering,
        delay=pulse.delay_ps,
    )


def _potential(given: Couplings, *, used: Couplings) -> AnharmonicPotential:
    forbidden, allowed = given.broken(3)
    return AnharmonicPotential(
        terms={str(p.order): len(p) for p in given.potentials},
        provenance=dict(given.provenance),
        overlap=round(given.overlap, 9),
        largest_allowed=float(f"{allowed:.6g}"),
        largest_forbidden=float(f"{forbidden:.6g}"),
        symmetrized=used is not given,
    )


def _time(run: Run) -> Time:
    free = run.times[run.after]
    return Time(
        start=round(float(run.times[0]), 9),
        end=round(float(run.times[-1]), 9),
        step=round(float(run.times[1] - run.times[0]), 12) if len(run.times) > 1 else None,
        after=round(float(free[0]), 9) if len(free) else None,
        stopped=_stopped(run.stopped),
    )


def _stopped(stop: Stop | None) -> str | None:
    return None if stop is None else str(stop)


def _in(unit: FrequencyUnit, thz: float) -> float:
    """Return a frequency in a unit; one in THz as it is, but for noise."""
    return round(float(thz) * PER_THZ[unit], 9)


def _moving(motion: FreeMotion, unit: FrequencyUnit, kelvin: float | None) -> MovingMode:
    thz = motion.multiplet.frequency
    return MovingMode(
        label=motion.name,
        frequency=_in(unit, motion.multiplet.frequency),
        moves_at=number(motion.frequency * PER_THZ[unit]),
        frequency_unit=unit,
        amplitude=number(motion.amplitude),
        displacement=number(motion.displacement),
        energy=number(motion.energy),
        pam_helicity=number(motion.pam_helicity),
        mechanical_helicity=number(motion.mechanical_helicity),
        direction=number(motion.direction),
        ratio=number(motion.ratio),
        quanta=number(quanta(thz, motion.amplitude)),
        thermal_quanta=None if kelvin is None else number(occupation(thz, kelvin)),
        thermal_coordinate=None if kelvin is None else number(thermal_amplitude(thz, kelvin)),
    )


def _angular_momentum(run: Run) -> AngularMomentum:
    free = bool(run.after.any())
    budget = run.angular_momentum_budget()

    def at(name: str, place: int = -1) -> float | None:
        return number(float(budget[name][place])) if free else None

    return AngularMomentum(
        light=at("light"),
        damping=at("damping"),
        coupling=at("coupling"),
        harmonic=at("harmonic"),
        motion=at("motion"),
        first=at("motion", 0),
    )


def _sites(run: Run) -> tuple[SiteMomentum, ...]:
    late, moments = run.after, run.site_magnetic_moment()
    if not late.any():
        return ()
    return tuple(
        SiteMomentum(
            site=site,
            mean=_short(values[late].mean()),
            largest=_short(_largest(values)),
            mean_moment=None if moments is None else _short(moments[site][late].mean()),
            largest_moment=None if moments is None else _short(_largest(moments[site])),
        )
        for site, values in run.site_angular_momentum().items()
    )


def _moment(run: Run) -> Moment | None:
    late, moment, magnetization = run.after, run.magnetic_moment(), run.magnetization()
    if moment is None or magnetization is None or not late.any():
        return None
    return Moment(
        mean=_short(moment[late].mean()),
        largest=_short(_largest(moment)),
        mean_magnetization=_short(magnetization[late].mean()),
        largest_magnetization=_short(_largest(magnetization)),
    )


def _largest(values: Floats) -> float:
    """The value of largest modulus, with its sign."""
    return float(values[np.argmax(np.abs(values))])


def _short(value: float) -> float:
    return float(f"{value:.9g}")


def _sweep(
    sweep: SweptPulse,
    swept: Sequence[tuple[LightPulse, tuple[FreeMotion, ...], Stop | None]],
    unit: FrequencyUnit,
    temperature: float | None,
) -> Sweep:
    frequency = sweep.name == "frequency"
    return Sweep(
        quantity=sweep.name,
        unit=unit if frequency else INSIDE[sweep.name],
        points=tuple(
            Point(
                value=_in(unit, value) if frequency else float(value),
                pulse=pulse_of(pulse, unit=unit),
                stopped=_stopped(stopped),
                modes=tuple(_moving(motion, unit, temperature) for motion in motions),
            )
            for value, (pulse, motions, stopped) in zip(sweep.values, swept, strict=True)
        ),
    )


def map_of(found: DelayMap, *, unit: FrequencyUnit = "THz") -> Map:
    """Describe what two pulses make together."""
    peaks, resolution = found.peaks(), found.resolution
    largest = peaks[0].amplitude if peaks else 1.0
    return Map(
        mode=found.name,
        frequency=_in(unit, found.multiplet.frequency),
        frequency_unit=unit,
        first_delay=_short(float(found.delays[0])),
        last_delay=_short(float(found.delays[-1])),
        delays=len(found.delays),
        start=_short(float(found.times[found.times > found.free][0])),
        end=_short(float(found.times[-1])),
        excitation_resolution=_in(unit, resolution[0]),
        detection_resolution=_in(unit, resolution[1]),
        peaks=tuple(_peak(found, peak, largest, unit) for peak in peaks),
    )


def _peak(found: DelayMap, peak: Peak, largest: float, unit: FrequencyUnit) -> MapPeak:
    moves = peak.detection >= found.resolution[1]
    made = peak.transfer
    return MapPeak(
        excitation=_in(unit, peak.excitation),
        detection=_in(unit, peak.detection),
        frequency_unit=unit,
        motion=found.multiplet.modes[peak.component].name,
        amplitude=_short(peak.amplitude),
        share=_short(peak.amplitude / largest),
        pam_sense=_sense(found.senses[peak.component] * moves),
        atom_sense=_sense(found.atom_senses[peak.component] * moves),
        transfer=None
        if made is None
        else f"{' '.join(made.incoming)} -> {' '.join(made.outgoing)}",
    )


def _sense(sign: int) -> Literal[-1, 0, 1]:
    return 0 if sign == 0 else 1 if sign > 0 else -1
