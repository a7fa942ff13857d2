"""The motion of modes in time: table, document, and columns of ``simulate``."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import numpy.typing as npt

from symchiral.anharmonic.couplings import Couplings
from symchiral.crystal.search import Notice
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Drive, Pulse
from symchiral.dynamics.run import Motion, Run
from symchiral.dynamics.start import Start
from symchiral.dynamics.sweep import INSIDE, Sweep
from symchiral.report.directions import across_text
from symchiral.report.document import Document, axis_record, header, structure_record, tidy
from symchiral.report.summary import axis_line, headline
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

Floats = npt.NDArray[np.float64]

SMALL = 1e-6
"""Modes with less energy, relative to the strongest, are not listed."""

UNFINISHED = "there is no motion after it, and so no helicity and no budget"
"""Of a run that stopped before the end of the pulse."""

Swept = Sequence[tuple[Pulse, tuple[Motion, ...], str | None]]


def run_notices(run: Run) -> tuple[Notice, ...]:
    """What the user should know about a simulation."""
    found = []
    model = run.model
    if run.stopped:
        found.append(Notice("stopped", run.stopped))
    if not run.after.any():
        found.append(Notice("within-pulse", f"the pulse was not over: {UNFINISHED}"))
    if run.drive is not None and model.coordinates.modes.born is None:
        found.append(
            Notice("no-born-charges", "there are no Born charges: light drives no mode by itself")
        )
    if not model.potentials:
        found.append(
            Notice("no-couplings", "there are no couplings: the modes do not know of each other")
        )
    return tuple(found)


def couplings_record(given: Couplings, used: Couplings) -> Document:
    """Return what is known of the couplings, and how far they broke the symmetry."""
    forbidden, allowed = given.broken(3)
    return {
        "terms": {str(p.order): len(p) for p in given.potentials},
        "unit": "eV/(sqrt(amu) angstrom)^order",
        "provenance": dict(given.provenance),
        "overlap": round(given.overlap, 9),
        "largest_allowed": float(f"{allowed:.6g}"),
        "largest_forbidden": float(f"{forbidden:.6g}"),
        "symmetrized": used is not given,
    }


def motion_record(motion: Motion) -> Document:
    """Return the motion of one multiplet."""
    return {
        "label": motion.name,
        "frequency": round(motion.multiplet.frequency, 9),
        "moves_at": _number(motion.frequency),
        "frequency_unit": "THz",
        "amplitude": _number(motion.amplitude),
        "amplitude_unit": "sqrt(amu) angstrom",
        "displacement": _number(motion.displacement),
        "displacement_unit": "angstrom",
        "energy": _number(motion.energy),
        "energy_unit": "meV",
        "pam_helicity": _number(motion.pam_helicity),
        "mechanical_helicity": _number(motion.mechanical_helicity),
        "direction": _number(motion.direction),
        "direction_unit": "degree",
        "ratio": _number(motion.ratio),
    }


def pulse_record(drive: Drive | None) -> Document | None:
    """Return the light."""
    if not isinstance(drive, Pulse):
        return None if drive is None else {"start": drive.start, "end": drive.stop}
    return {
        "frequency": drive.thz,
        "frequency_unit": "THz",
        "polarization": [[float(x.real) + 0.0, float(x.imag) + 0.0] for x in drive.jones],
        "fwhm": drive.fwhm_ps,
        "time_unit": "ps",
        "field": drive.field_mv_cm,
        "field_unit": "MV/cm",
        "fluence": float(f"{drive.fluence:.9g}"),
        "fluence_unit": "mJ/cm^2",
        "phase": drive.phase_deg,
        "phase_unit": "degree",
        "chirp": drive.chirp_thz_ps,
        "chirp_unit": "THz/ps",
    }


def simulate_document(
    run: Run,
    given: Couplings,
    *,
    start: Start | None = None,
    sweep: Sweep | None = None,
    swept: Swept = (),
) -> Document:
    """Return the document of ``simulate``.

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
    """
    model = run.model
    modes = model.coordinates.modes
    document = header("simulate", modes.crystal)
    document["warnings"] += [{"kind": n.kind, "text": n.text} for n in run_notices(run)]
    free = run.times[run.after]
    budget = run.angular_momentum_budget()
    found: Document = {
        **document,
        "structure": {**structure_record(modes.crystal), "masses": tidy(modes.masses)},
        "axis": axis_record(modes.crystal, modes.axis),
        "lab": tidy(model.lab),
        "pulse": pulse_record(run.drive),
        "start": None
        if start is None
        else {"mode": start.mode, "displacement": start.displacement, "unit": "angstrom"},
        "damping": {
            name: round(float(model.damping[model.coordinates.slots(name)[0]]), 9)
            for name in model.coordinates.names
        },
        "damping_unit": "THz",
        "couplings": couplings_record(given, model.couplings),
        "time": {
            "start": round(float(run.times[0]), 9),
            "end": round(float(run.times[-1]), 9),
            "step": round(float(run.times[1] - run.times[0]), 12) if len(run.times) > 1 else None,
            "after": round(float(free[0]), 9) if len(free) else None,
            "unit": "ps",
            "stopped": run.stopped,
        },
        "modes": [motion_record(m) for m in run.motions],
        "angular_momentum": {
            **{n: _number(float(v[-1])) if len(free) else None for n, v in budget.items()},
            "unit": "hbar",
        },
    }
    if sweep is not None:
        found["sweep"] = {
            "quantity": sweep.name,
            "unit": INSIDE[sweep.name],
            "points": [
                {
                    "value": float(value),
                    "pulse": pulse_record(pulse),
                    "stopped": stopped,
                    "modes": [motion_record(m) for m in motions],
                }
                for value, (pulse, motions, stopped) in zip(sweep.values, swept, strict=True)
            ],
        }
    return found


def simulate_table(
    run: Run, given: Couplings, *, start: Start | None = None, unit: str = "THz"
) -> Table:
    """Return how the modes moved, the strongest first."""
    model, crystal = run.model, run.model.coordinates.modes.crystal
    free = run.times[run.after]
    motions = sorted(run.motions, key=lambda m: -m.energy) if len(free) else []
    shown = [m for m in motions if m.energy > SMALL * motions[0].energy]
    when = "after the pulse" if start is None else "without light"
    cause = (
        f"start    {minus(start.mode)}, atoms up to {start.displacement:g} Å from their places"
        if start is not None
        else f"pulse    {_pulse_line(run.drive)}"
    )
    if not len(free):
        last = minus(f"{run.times[-1]:.3g}")
        foot = [f"The run stopped at {last} ps, before the pulse was over: {UNFINISHED}."]
    elif not shown:
        foot = ["No mode moved: light drives only modes with a dipole, and needs Born charges."]
    else:
        foot = [
            f"Amplitude, energy and helicity {when}, from {minus(f'{free[0]:.3g}')} to "
            f"{run.times[-1]:.3g} ps; moves at: strongest frequency; atoms: largest displacement, "
            "at any time. Helicity +1: counter-clockwise about the axis.",
        ]
        if len(shown) < len(motions):
            foot.append(
                f"{len(motions) - len(shown)} modes with less than {SMALL:g} of the energy are not "
                "listed."
            )
        foot.append(_budget_line(run))
    return Table(
        (f"f ({SIGNS[unit]})", "mode", "moves at", "amplitude", "meV", "atoms (Å)",
         "PAM helicity", "mechanical", "along"),
        tuple(_row(m, unit) for m in shown),
        head=(
            f"{headline(crystal)}   motion of zone-centre modes",
            f"axis     {axis_line(crystal, model.coordinates.modes.axis)}",
            cause,
            f"angles   {_angles_line(model)}",
            f"cubic    {_couplings_line(given, model.couplings)}",
            f"damping  {_damping_line(model)}",
        ),
        foot=tuple(foot),
        optional=("along", "atoms (Å)", "meV"),
    )  # fmt: skip


def _row(motion: Motion, unit: str) -> tuple[str, ...]:
    factor, digits = PER_THZ[unit], 3 if unit == "THz" else 2
    return (
        f"{motion.multiplet.frequency * factor:.{digits}f}",
        motion.name,
        f"{motion.frequency * factor:.{digits}f}" if isfinite(motion.frequency) else "—",
        f"{motion.amplitude:.3g}",
        f"{motion.energy:.2g}",
        f"{motion.displacement:.2g}",
        helicity_text(motion.pam_helicity),
        helicity_text(motion.mechanical_helicity),
        _along(motion),
    )


def _along(motion: Motion) -> str:
    if motion.ratio is not None and motion.ratio > 0.9:
        return "circle"
    return "—" if motion.direction is None else f"{round(motion.direction, 1) % 180:.1f}°"


def helicity_text(value: float | None) -> str:
    """Return a helicity as it is printed."""
    if value is None or not isfinite(value):
        return "—"
    return "0" if abs(value) < 5e-4 else minus(f"{value:+.3f}")


def _pulse_line(drive: Drive | None) -> str:
    if not isinstance(drive, Pulse):
        return repr(drive)
    text = repr(drive).removeprefix("Pulse(").removesuffix(")")
    return f"{text} in the crystal (FWHM of the intensity; {drive.fluence:.3g} mJ/cm²)"


def _angles_line(model: NormalModeModel) -> str:
    x = across_text(model.coordinates.modes.crystal, model.lab)
    return f"from x, {x}, counter-clockwise about the axis"


def _couplings_line(given: Couplings, used: Couplings) -> str:
    if not given.potentials:
        return "none"
    forbidden, allowed = given.broken(3)
    text = f"{len(given.potential(3))} terms"
    quartic = len(given.potential(4))
    if quartic:
        text += f", and {quartic} quartic ones"
    path = given.provenance.get("file")
    if path:
        text += f", {path}"
    text += f": allowed ones up to {allowed:.2g}, forbidden ones up to {forbidden:.2g} eV/(√amu Å)³"
    return text + (", which are averaged away" if used is not given else ", all used as they are")


def _damping_line(model: NormalModeModel) -> str:
    low, high = float(model.damping.min()), float(model.damping.max())
    width = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"γ/2π = {width} THz"


def _budget_line(run: Run) -> str:
    budget = {name: float(values[-1]) for name, values in run.angular_momentum_budget().items()}
    words = {"light": "light gave", "motion": "the atoms keep"}
    first = float(run.angular_momentum()[0])
    if run.drive is None:
        words["light"], budget["light"] = "the atoms had", first
    lost = -sum(budget[name] for name in ("damping", "coupling", "harmonic")) + 0.0
    through = minus(f"{-budget['coupling'] + 0.0:+.3g}")
    parts = [f"{words[name]} {minus(f'{budget[name]:+.3g}')}ħ" for name in ("light", "motion")]
    return (
        f"Angular momentum about the axis, per primitive cell: {parts[0]}, {parts[1]}, the crystal "
        f"as a whole took {minus(f'{lost:+.3g}')}ħ "
        f"({through}ħ of it through the couplings)."
    )


def sweep_table(run: Run, sweep: Sweep, swept: Swept) -> Table:
    """Return a row per value, and for the strongest modes amplitude and helicity."""
    peak: dict[str, float] = {}
    for _, motions, _ in swept:
        for m in motions:
            # An energy of nan, of a run without motion after the pulse, is never the larger one.
            peak[m.name] = max(peak.get(m.name, 0.0), m.energy)
    names = sorted(peak, key=lambda name: -peak[name])[:3]
    rows = []
    for value, (_, motions, stopped) in zip(sweep.values, swept, strict=True):
        found = {m.name: m for m in motions}
        cells = [minus(f"{value:.4g}")]
        for name in names:
            size = found[name].amplitude
            cells += [f"{size:.3g}" if isfinite(size) else "—"]
            cells.append(helicity_text(found[name].pam_helicity))
            cells.append(_along(found[name]))
        rows.append((*cells, "stopped early" if stopped else ""))
    unit = INSIDE[sweep.name]
    columns = [sweep.name + (f" ({unit})" if unit else "")]
    for name in names:
        columns += [f"|{name}|", "h", "along"]
    table = Table(
        (*columns, "note"),
        tuple(rows),
        head=(
            f"{headline(run.model.coordinates.modes.crystal)}   sweep of {sweep.name}",
            f"angles   {_angles_line(run.model)}",
        ),
        foot=(
            "|mode|: amplitude after the pulse, √amu Å; h: its PAM helicity; along: angle from x "
            "of its line or long axis.",
        ),
    )
    return table if any(row[-1] for row in rows) else table.without("note")


COLUMNS = ("time_ps", *(f"field_{axis}_MV_cm" for axis in "xyz"))
"""The first columns of :func:`columns`."""


def columns(run: Run) -> dict[str, Floats]:
    """Return times, field, coordinates and velocities as named columns for a table of numbers."""
    c = run.model.coordinates
    fields = np.zeros((len(run.times), 3)) if run.drive is None else run.drive.field(run.times)
    found = {"time_ps": run.times}
    for i, axis in enumerate("xyz"):
        found[f"field_{axis}_MV_cm"] = fields[:, i]
    for name in c.names:
        slots = c.slots(name)
        letters = [""] if len(slots) == 1 else [f"_{'xyzuvw'[i]}" for i in range(len(slots))]
        for slot, letter in zip(slots, letters, strict=True):
            found[f"{name}{letter}"] = run.coordinates[:, slot]
            found[f"{name}{letter}_dot"] = run.velocities[:, slot]
        if len(slots) > 1:
            found[f"{name}_helicity"] = run.helicity(name)
    return found


def _number(value: float | None) -> float | None:
    """Nine digits; None for what does not exist."""
    if value is None or not isfinite(value):
        return None
    return float(f"{value:.9g}") + 0.0
