"""Tables of ``simulate``: how modes moved when light drove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec import UNSET

from symchiral.answers.simulate import (
    AnharmonicPotential,
    Entering,
    Map,
    MapPeak,
    MovingMode,
    Pulse,
    SampledField,
    Simulate,
)
from symchiral.rules.wording import minus, pretty
from symchiral.table import Phrases, Table, labelled
from symchiral.text.crystal import crystal_lines, headline
from symchiral.units import SIGNS, counted

NO_MOMENTUM = 1e-15
"""An angular momentum that is smaller, in ħ, is one of rounding errors."""

SMALL = 1e-6
"""Modes with less energy, relative to the strongest, are not listed."""

IN_CRYSTAL = " in the crystal (FWHM of the intensity)"
"""Of a pulse whose field is not that in vacuum."""

UNFINISHED = "there is no free motion after it, hence no helicity and no balance"
"""Of a run that stopped before the end of the pulse."""


def light_text(light: Sequence[Pulse] | SampledField) -> str:
    """Return the properties of light: ``2 THz, σ+, 1 ps, 1 MV/cm, phase 90 deg``."""
    if isinstance(light, SampledField):
        return f"a field given from {light.start:g} to {light.end:g} ps"
    return "; ".join(map(pulse_text, light))


def pulse_text(light: Pulse) -> str:
    """Return the properties of a pulse."""
    word = light.polarization_word
    if word is None:
        word = f"({', '.join(f'{complex(*x):.3g}' for x in light.polarization)})"
    parts = [
        f"{light.frequency:.4g} {SIGNS[light.frequency_unit]}",
        word,
        f"{light.fwhm:g} ps",
        f"{light.field:.4g} MV/cm{' in vacuum' if light.incident else ''}",
        *([f"chirp {light.chirp:g} THz/ps"] if light.chirp else []),
        *([f"phase {light.phase:g} deg"] if light.phase else []),
        *([f"delay {minus(f'{light.delay:g}')} ps"] if light.delay else []),
    ]
    return ", ".join(parts)


def helicity_text(value: float | None) -> str:
    """Return a helicity as it is printed.

    Examples
    --------
    >>> helicity_text(-0.98765), helicity_text(1e-5), helicity_text(None)
    ('−0.988', '0', '—')
    """
    if value is None:
        return "—"
    return "0" if abs(value) < 5e-4 else minus(f"{value:+.3f}")


def simulate_tables(answer: Simulate) -> list[Table]:
    """Return the tables of an answer: of its map, its sweep, or its run beside thermal motion."""
    if answer.map is not UNSET:
        return [map_table(answer)]
    if answer.sweep is not UNSET:
        return [sweep_table(answer)]
    thermal = [] if answer.temperature is None else [thermal_table(answer)]
    return [simulate_table(answer), *thermal]


def simulate_table(answer: Simulate) -> Table:
    """Return how the modes moved, the strongest first."""
    unit = answer.damping_unit
    shown = _shown(answer)
    return Table(
        (f"f ({SIGNS[unit]})", "mode", "peak f", "amplitude", "meV", "atoms (Å)",
         "PAM helicity", "mechanical", "along"),
        tuple(map(_row, shown)),
        head=(
            *crystal_lines(answer.structure, answer.axis, "motion of zone-centre modes"),
            *_cause(answer),
            labelled("angles", _angles(answer)),
            labelled("cubic", _couplings(answer.couplings)),
            labelled("damping", _damping(answer)),
        ),
        foot=tuple(_legend(answer, len(shown))),
        optional=("along", "atoms (Å)", "meV", "mechanical", "peak f"),
        names=("mode",),
        notes=_notes(answer) if shown else (),
    )  # fmt: skip


def thermal_table(answer: Simulate) -> Table:
    """Return the motion of every mode that is listed beside its thermal motion."""
    unit, digits = answer.damping_unit, 3 if answer.damping_unit == "THz" else 2
    return Table(
        (f"f ({SIGNS[unit]})", "mode", "n", "thermal Q", "amplitude", "quanta",
         f"γ/2π ({SIGNS[unit]})"),
        tuple(
            (
                f"{m.frequency:.{digits}f}",
                m.label,
                f"{m.thermal_quanta:.3g}",
                f"{m.thermal_coordinate:.3g}",
                "—" if m.amplitude is None else f"{m.amplitude:.3g}",
                "—" if m.quanta is None else f"{m.quanta:.2g}",
                f"{answer.damping[m.label]:.3g}",
            )
            for m in _shown(answer)
        ),
        head=(f"Beside thermal motion at {answer.temperature:g} K, per primitive cell",),
        foot=(
            "n and thermal Q are those of a cell of the crystal if all wavevectors of a branch had "
            "its frequency here. The mean motion depends on temperature by linewidths alone, to "
            "the lowest order.",
        ),
        names=("mode",),
        optional=(f"γ/2π ({SIGNS[unit]})", "amplitude"),
        notes=(
            ("n", "n: mean number of thermal quanta of each mode, 1/(exp(hf/kT) − 1)."),
            ("thermal Q", "thermal Q: root mean square of one coordinate, √amu Å, √(ħ(n + ½)/ω)."),
            ("quanta", "quanta: those of the driven motion at its amplitude, ω|Q|²/2ħ."),
        ),
    )  # fmt: skip


def _shown(answer: Simulate) -> list[MovingMode]:
    """The modes that are listed, the strongest first."""
    motions = sorted(answer.modes, key=lambda m: -(m.energy or 0.0))
    least = SMALL * max((m.energy or 0.0 for m in motions), default=0.0)
    return [m for m in motions if (m.energy or 0.0) > least]


def _legend(answer: Simulate, shown: int) -> list[str]:
    """What the numbers mean, or why there are none."""
    time = answer.time
    if time.after is None:
        return [
            f"The run stopped at {minus(f'{time.end:.3g}')} ps, before the pulse was over: "
            f"{UNFINISHED}."
        ]
    if not shown:
        return [
            "No mode moved: light drives only modes with a dipole, and this needs Born charges."
        ]
    lines = ["Helicity +1: counter-clockwise about the axis."]
    if shown < len(answer.modes):
        lines.append(
            f"Not listed: {counted(len(answer.modes) - shown, 'mode')} with less than {SMALL:g} of "
            "the energy."
        )
    return [*lines, _budget(answer), *_rotating(answer)]


def _notes(answer: Simulate) -> tuple[tuple[str, str], ...]:
    """What the columns hold, and over which time."""
    time = answer.time
    if time.after is None:
        return ()
    when = "after the last pulse" if answer.further_pulses else "after the pulse"
    when = when if answer.start is None else "without light"
    span = f"from {minus(f'{time.after:.3g}')} to {time.end:.3g} ps"
    return (
        ("amplitude", f"amplitude: the largest of |Q|, in √amu Å, {when}, {span}."),
        ("meV", "meV: energy per primitive cell, the mean over that time, as are helicities."),
        ("peak f", "peak f: the strongest frequency of the motion in that time."),
        ("atoms (Å)", "atoms: the largest displacement of an atom, at any time."),
    )


def _row(mode: MovingMode) -> tuple[str, ...]:
    digits = 3 if mode.frequency_unit == "THz" else 2
    return (
        f"{mode.frequency:.{digits}f}",
        mode.label,
        "—" if mode.moves_at is None else f"{mode.moves_at:.{digits}f}",
        f"{mode.amplitude:.3g}",
        f"{mode.energy:.2g}",
        f"{mode.displacement:.2g}",
        helicity_text(mode.pam_helicity),
        helicity_text(mode.mechanical_helicity),
        _along(mode),
    )


def _along(mode: MovingMode) -> str:
    if mode.ratio is not None and mode.ratio > 0.9:
        return "circle"
    return "—" if mode.direction is None else f"{round(mode.direction, 1) % 180:.1f}°"


def _cause(answer: Simulate) -> list[Phrases]:
    """The light, or the start."""
    start, pulse = answer.start, answer.pulse
    if start is not None:
        text = f"{minus(start.mode)}, atoms displaced by up to {start.displacement:g} Å"
        return [labelled("start", text)]
    if pulse is None:
        return [labelled("pulse", light_text(answer.sampled) if answer.sampled else "none")]
    return [line for each in (pulse, *answer.further_pulses) for line in _pulse(each)]


def _pulse(pulse: Pulse) -> list[Phrases]:
    """A pulse, and what of it enters the crystal."""
    text = pulse_text(pulse)
    if pulse.entering is None:
        return [labelled("pulse", text + IN_CRYSTAL)]
    return [
        labelled("pulse", f"{text} (FWHM of the intensity; {pulse.fluence:.3g} mJ/cm²)"),
        labelled("enters", _entering(pulse.entering)),
    ]


def _entering(light: Entering) -> str:
    """What of the light is in the crystal."""
    indices = dict.fromkeys(f"{n:.3g} + {k:.2g} i" for n, k in light.index)
    where = "just below the face"
    if (film := light.film) is not None:
        where = f"the mean over a film of {film.thickness:g} nm"
        where += f" on a substrate of index {film.substrate:g}" if film.substrate != 1 else ""
    depth = "without absorption" if light.depth is None else f"1/e in {light.depth:.3g} µm"
    return (
        f"at most {light.field:.3g} MV/cm in the crystal, {where}; refractive index "
        f"{' and '.join(indices)}, intensity {depth}"
    )


def _angles(answer: Simulate) -> str:
    return f"from x, {minus(answer.x_along)}, counter-clockwise about the axis"


def _couplings(found: AnharmonicPotential) -> str:
    if not found.terms:
        return "none"
    text = counted(found.terms.get("3", 0), "term")
    if quartic := found.terms.get("4", 0):
        text += f", and {quartic} quartic ones"
    if path := found.provenance.get("file"):
        text += f", {path}"
    text += (
        f": allowed ones up to {found.largest_allowed:.2g}, forbidden ones up to "
        f"{found.largest_forbidden:.2g} eV/(√amu Å)³"
    )
    return text + (", which are averaged to zero" if found.symmetrized else ", all used as given")


def _damping(answer: Simulate) -> str:
    widths = answer.damping.values()
    low, high = min(widths), max(widths)
    width = f"{low:.5g}" if low == high else f"{low:.5g} to {high:.5g}"
    text = f"γ/2π = {width} {SIGNS[answer.damping_unit]}"
    if answer.temperature is not None:
        text += f" at {answer.temperature:g} K"
    if answer.damping_law is not None:
        text += f", by the law of Klemens from those at {answer.damping_temperature:g} K"
    return text


def _budget(answer: Simulate) -> str:
    """Where the angular momentum came from, and what became of it."""
    j = answer.angular_momentum
    free = answer.pulse is None and answer.sampled is None
    source, given = ("in the atoms at first", j.first) if free else ("from the light", j.light)
    lost = -sum(x or 0.0 for x in (j.damping, j.coupling, j.harmonic)) + 0.0
    through = -(j.coupling or 0.0) + 0.0
    return (
        f"Angular momentum about the axis, per primitive cell: {_hbar(given)} {source}; "
        f"{_hbar(j.motion)} left in the atoms, {_hbar(lost)} transferred to the crystal as a whole "
        f"({_hbar(through)} of it through the couplings)."
    )


def _rotating(answer: Simulate) -> list[str]:
    """Which atoms rotate, and what magnetic moment that is."""
    lines = []
    sizes = sorted(answer.sites, key=lambda s: -abs(s.mean))
    if sizes and abs(sizes[0].mean) > NO_MOMENTUM:
        named = ", ".join(f"{s.site} {_hbar(s.mean)}" for s in sizes[:4])
        rest = f", {len(sizes) - 4} other sites less" if len(sizes) > 4 else ""
        lines.append(f"Which atoms rotate, the mean over that time: {named}{rest}.")
    if (m := answer.moment) is not None and abs(m.largest) > NO_MOMENTUM:
        lines.append(
            "Magnetic moment of the moving ions along the axis, per primitive cell: "
            f"{minus(f'{m.mean:+.3g}')} μ_N in the mean, {minus(f'{m.largest:+.3g}')} μ_N at most; "
            f"μ₀M = {minus(f'{m.largest_magnetization:+.2g}')} T then.{_of_sites(answer)}"
        )
    return lines


def _of_sites(answer: Simulate) -> str:
    """The magnetic moments of the sites, the largest ones."""
    sizes = sorted(answer.sites, key=lambda s: -abs(s.mean_moment or 0.0))
    named = [f"{s.site} {minus(f'{s.mean_moment:+.3g}')}" for s in sizes[:4] if s.mean_moment]
    return (
        f" By site, in the mean: {', '.join(named)} μ_N." if len(answer.sites) > 1 and named else ""
    )


def _hbar(value: float | None) -> str:
    """An angular momentum; rounding errors of linear motion are none."""
    size = 0.0 if value is None or abs(value) < NO_MOMENTUM else value
    return minus(f"{size:+.3g}ħ")


def sweep_table(answer: Simulate) -> Table:
    """Return a row per value, and for the strongest modes amplitude and helicity."""
    sweep = answer.sweep
    assert sweep is not UNSET
    peak: dict[str, float] = {}
    for point in sweep.points:
        for mode in point.modes:
            peak[mode.label] = max(peak.get(mode.label, 0.0), mode.energy or 0.0)
    names = sorted(peak, key=lambda name: -peak[name])[:3]
    rows = []
    for point in sweep.points:
        found = {m.label: m for m in point.modes}
        cells = [minus(f"{point.value:.4g}")]
        for name in names:
            size = found[name].amplitude
            cells.append("—" if size is None else f"{size:.3g}")
            cells.append(helicity_text(found[name].pam_helicity))
            cells.append(_along(found[name]))
        rows.append((*cells, "stopped early" if point.stopped else ""))
    unit = SIGNS.get(sweep.unit, sweep.unit)
    columns = [sweep.quantity + (f" ({unit})" if unit else "")]
    for name in names:
        columns += [f"|{name}|", "h", "along"]
    table = Table(
        (*columns, "note"),
        tuple(rows),
        head=(
            headline(answer.structure, f"sweep of {sweep.quantity}"),
            labelled("angles", _angles(answer)),
        ),
        foot=("|mode|: largest amplitude after the pulse, √amu Å.",),
        optional=("along", "h"),
        notes=(
            ("h", "h: PAM helicity of the mode to its left."),
            ("along", "along: angle from x of the line or long axis on which it moves."),
        ),
    )
    return table if any(row[-1] for row in rows) else table.without("note")


def map_table(answer: Simulate) -> Table:
    """Return the peaks of the two-dimensional spectrum below all that was put in."""
    found = answer.map
    assert found is not UNSET
    lights = [p for p in (answer.pulse, *answer.further_pulses) if p is not None]
    table = peaks_table(found, lights)
    return replace(
        table,
        head=(
            *crystal_lines(answer.structure, answer.axis, f"two-pulse map of {found.mode}"),
            *table.head,
            labelled("angles", _angles(answer)),
            labelled("cubic", _couplings(answer.couplings)),
            labelled("damping", _damping(answer)),
        ),
    )


def peaks_table(found: Map, lights: Sequence[Pulse]) -> Table:
    """Return the peaks of a two-dimensional spectrum, the largest first, below the two pulses."""
    sign, digits = SIGNS[found.frequency_unit], 2 if found.frequency_unit == "THz" else 1
    words = [
        pulse_text(p) + (" (FWHM of the intensity)" if p.incident else IN_CRYSTAL) for p in lights
    ]
    return Table(
        (f"f_τ ({sign})", f"f_t ({sign})", "motion", "|S|", "share", "atoms rotate", "transfer"),
        tuple(_peak_row(peak, digits) for peak in found.peaks),
        head=(
            *(labelled(name, x) for name, x in zip(("first", "second"), words, strict=True)),
            labelled(
                "delays",
                f"{found.delays} from {found.first_delay:g} to {found.last_delay:g} ps, resolved "
                f"to ± {found.excitation_resolution:.2g} {sign}",
            ),
            labelled(
                "detected",
                f"{found.mode}, {found.frequency:.{digits + 1}f} {sign}, {found.start:.3g} to "
                f"{found.end:.3g} ps after the second pulse, resolved to ± "
                f"{found.detection_resolution:.2g} {sign}",
            ),
        ),
        foot=(_MAP if found.peaks else "The pulses make nothing of it together.",),
        names=("motion", "transfer"),
        optional=("share", "atoms rotate"),
        notes=_map_notes(sign) if found.peaks else (),
    )


_MAP = (
    "S: the motion with both pulses less that with each alone; peaks of its two-dimensional "
    "spectrum from 5 % of the largest on."
)


def _map_notes(sign: str) -> tuple[tuple[str, str], ...]:
    """What the columns hold."""
    return (
        (
            f"f_τ ({sign})",
            "f_τ: along the delay, of a quantum of the first pulse, + if it comes in, − if it goes "
            "out.",
        ),
        (f"f_t ({sign})", "f_t: along the time after the second pulse, of the motion."),
        ("|S|", "|S|: amplitude, √amu Å, averaged over delays and times."),
        (
            "transfer",
            "transfer: of one quantum of each pulse, the largest there; —: of higher order, or of "
            "both fields at once.",
        ),
    )


def _peak_row(peak: MapPeak, digits: int) -> tuple[str, ...]:
    senses = {1: "counter-clockwise", 0: "—", -1: "clockwise"}
    return (
        minus(f"{peak.excitation:+.{digits}f}" if round(peak.excitation, digits) else "0"),
        f"{peak.detection:.{digits}f}" if round(peak.detection, digits) else "0",
        minus(peak.motion),
        f"{peak.amplitude:.3g}",
        f"{peak.share:.3f}",
        senses[peak.atom_sense],
        "—" if peak.transfer is None else pretty(peak.transfer),
    )
