"""The dictionary of ``validate --json``."""

from __future__ import annotations

from typing import Any

from symchiral.crystal.search import SymmetricCrystal
from symchiral.experiment.verdict import Judgement, LineVerdict
from symchiral.irreps.axis import Axis
from symchiral.report.document import axis_record, header, structure_record
from symchiral.report.validation import oscillation_of, predicted, validation_words
from symchiral.units import PER_THZ

Document = dict[str, Any]


def validation_document(
    crystal: SymmetricCrystal, axis: Axis | None, judgement: Judgement, *, unit: str
) -> Document:
    """Return the document of ``validate``; frequencies in ``unit``, damping in 1/ps."""
    factor = PER_THZ[unit]
    fitted = judgement.fit
    return {
        **header("validate", crystal),
        "structure": structure_record(crystal),
        "axis": axis_record(crystal, axis),
        "sigma": judgement.sigma,
        "fit": None
        if fitted is None
        else {
            "background": fitted.background,
            "noise": list(fitted.noise),
            "criterion": fitted.criterion,
            "channels": list(fitted.measurement.probe.channels),
        },
        "components": [_component(judgement, line, factor, unit) for line in judgement.lines],
        "channels": [
            {
                "id": v.channel.id,
                "verdict": v.verdict,
                "reason": v.reason,
                "sigmas": _finite(v.sigmas),
                "outgoing": v.channel.outgoing,
                "sense": v.channel.sense,
                "mechanism": v.channel.mechanism,
                "rule": v.channel.verdict,
                "drive": None if v.channel.drive is None else v.channel.drive * factor,
                "frequency_unit": unit,
                "linear": v.channel.linear,
                "turn": v.channel.turn,
                "gain": v.channel.gain,
            }
            for v in judgement.channels
        ],
        "ranking": judgement.ranking,
        "decide": list(judgement.decide),
        "notes": list(judgement.notes),
        "words": validation_words(judgement),
    }


def _component(judgement: Judgement, judged: LineVerdict, factor: float, unit: str) -> Document:
    line, mode = judged.assignment.line, judged.assignment.mode
    fitted = oscillation_of(judgement, judged)
    mechanical = judged.mechanical_helicity
    runs = [
        {
            "pump": None if t.pump is None else t.pump.polarization,
            "helicity": t.helicity.value,
            "low": t.helicity.low,
            "high": t.helicity.high,
            "level": t.helicity.level,
            "sigmas": _finite(t.helicity.sigmas),
            "mechanical_helicity": None if mechanical is None else mechanical[i],
            "angle": None if t.pump is None else t.pump.angle,
            "direction": None if t.direction is None else t.direction.angle,
            "direction_error": None if t.direction is None else t.direction.error,
            "seen": t.seen,
        }
        for i, t in enumerate(line.turnings)
    ]
    # Its helicity under σ+, as far as there is such a run; else in the first run.
    first = next((r for r in runs if r["pump"] == "+"), runs[0] if runs else None)
    return {
        "frequency": line.frequency * factor,
        "frequency_error": line.frequency_error * factor,
        "frequency_unit": unit,
        "frequency_interval": None
        if fitted is None
        else [f * factor for f in fitted.frequency_interval],
        "damping_interval": None if fitted is None else list(fitted.damping_interval),
        "damping": None if fitted is None else fitted.damping,
        "damping_error": None if fitted is None else fitted.damping_error,
        "significant": line.significant,
        "amplitude": line.amplitude,
        "pump": None if first is None else first["pump"],
        "helicity": None if first is None else first["helicity"],
        "runs": runs,
        "assigned": None if mode is None else mode.name,
        "predicted": list(predicted(judgement, judged)),
        "alternatives": list(judged.assignment.alternatives),
        "why_not": [{"mode": n, "reason": why} for n, why in judged.assignment.why_not],
        "verdict": judged.verdict,
        "reason": judged.reason,
        "channels": list(judged.channels),
    }


def _finite(x: float | None) -> float | None:
    """JSON has no infinity: a noiseless measurement is 1e9 standard deviations from a line."""
    return None if x is None else max(min(x, 1e9), -1e9)
