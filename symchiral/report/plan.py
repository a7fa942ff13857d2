"""The tables and the dictionary of ``plan``."""

from __future__ import annotations

from typing import Any

from symchiral.experiment.expectation import Expected
from symchiral.experiment.planning import Plan
from symchiral.fields.beam import find_beam
from symchiral.report.directions import across_text
from symchiral.report.document import axis_record, header, structure_record
from symchiral.report.summary import axis_line, headline
from symchiral.report.validation import short_reason
from symchiral.rules.wording import pretty
from symchiral.table import Table
from symchiral.text.light_words import probe_words
from symchiral.units import PER_THZ, SIGNS

Document = dict[str, Any]

ROWS = 12
"""Channels printed before the table is cut."""


def plan_tables(plan: Plan, *, unit: str, path: str) -> tuple[Table, ...]:
    """Return the plan as tables.

    Parameters
    ----------
    path : str
        The input as the user named it, for the line that says what to run next.
    """
    factor, sign = PER_THZ[unit], SIGNS[unit]
    digits = 2 if unit == "THz" else 1
    words = [
        m.name
        + (f" ({m.count} modes)" if m.count > 1 else "")
        + ("" if m.frequency is None else f" at {m.frequency * factor:.{digits}f} {sign}")
        for m in plan.pumped
    ]
    head = [
        f"{headline(plan.crystal)}   what to measure",
        f"axis     {axis_line(plan.crystal, plan.axis)}",
    ]
    if words:
        head.append(f"pump     light along the axis, σ+ then σ−, resonant with {', '.join(words)}")
        if any(m.frequency is None for m in plan.pumped):
            head.append("         frequencies are not known: see infrared spectra, or give forces")
    if plan.reason:
        head.append(f"order    the third flips nothing: {pretty(short_reason(plan.reason))}")
    if not plan.channels:
        none = "No flipping transfer can be reached by circular light along this axis"
        none += " to fourth order." if plan.order == 4 else "."
        return (Table((), (), tuple(head), (none, *plan.notes, *_others(plan))),)
    rows = [_row(e, factor, digits) for e in plan.channels[:ROWS]]
    left = len(plan.channels) - len(rows)
    sized = any(row[5] for row in rows)
    table = Table(
        (
            "flipping channel",
            f"f ({sign})",
            f"force ({sign})",
            "σ+",
            "σ−",
            "gain",
            "force from",
            "probe",
        ),
        tuple(rows),
        head=tuple(head),
        foot=(
            *((f"{left} more: --json",) if left else ()),
            "σ+, σ−: the sense that is expected of the outgoing mode under either pump.",
            *(
                ("gain: its amplitude for incoming amplitudes of 1 √amu Å, from couplings.",)
                * sized
            ),
            f"Ranked by {plan.ranking}.",
            *(
                (
                    "forced: one of its quanta is of the outgoing mode itself, so that the force "
                    "is never resonant with it.",
                )
                * any(e.forced for e in plan.channels[:ROWS])
            ),
            *_others(plan),
            *plan.notes,
            f'Why: symchiral explain {path} "{plan.channels[0].id}"',
        ),
        optional=("force from", "probe"),
    )
    if not sized:
        table = table.without("gain")
    if not any(row[1] for row in rows):
        table = table.without(f"f ({sign})", f"force ({sign})")
    counted = ""
    if plan.geometry:
        x = across_text(plan.crystal, find_beam(plan.crystal, plan.axis).frame)
        counted = f"    angles from {x}, counter-clockwise about the axis"
    probes = Table(
        (), (), (f"probe{counted}", *(f"{g.species:<8} {g.text}" for g in plan.geometry))
    )
    controls = Table((), (), ("controls", *(f"{c.kind:<10} {c.text}" for c in plan.controls)))
    return table, probes, controls


def _others(plan: Plan) -> tuple[str, ...]:
    if not plan.others:
        return ()
    names = [f"{pretty(e.id)} ({e.rule.pam_sense})" for e in plan.others[:3]]
    more = f" and {len(plan.others) - 3} more" if len(plan.others) > 3 else ""
    return (f"Reached without a flip: {', '.join(names)}{more}.",)


def _row(e: Expected, factor: float, digits: int) -> tuple[str, ...]:
    own = e.outgoing.mode.frequency
    return (
        pretty(e.id),
        "" if own is None else f"{own * factor:.{digits}f}",
        "" if e.drive is None else f"{e.drive * factor:.{digits}f}",
        {1: "+", -1: "−"}[e.sense],
        {1: "−", -1: "+"}[e.sense],
        "" if e.gain is None else f"{e.gain:.2g}",
        e.mechanism + (", forced" if e.forced else ""),
        probe_words(e.rule.probe),
    )


def plan_document(plan: Plan, *, unit: str) -> Document:
    """Return the document of ``plan``."""
    factor = PER_THZ[unit]

    def record(e: Expected) -> Document:
        own = e.outgoing.mode.frequency
        return {
            "id": e.id,
            "sense": e.sense,
            "pam_sense": e.rule.pam_sense,
            "umklapp": e.rule.umklapp,
            "outgoing": e.outgoing.mode.name,
            "frequency": None if own is None else own * factor,
            "drive": None if e.drive is None else e.drive * factor,
            "detuning": None if e.detuning is None else e.detuning * factor,
            "frequency_unit": unit,
            "mechanism": e.mechanism,
            "forced": e.forced,
            "turn": e.turn,
            "gain": e.gain,
            "probe": list(e.rule.probe),
        }

    return {
        **header("plan", plan.crystal),
        "structure": structure_record(plan.crystal),
        "axis": axis_record(plan.crystal, plan.axis),
        "order": plan.order,
        "pump": [
            {
                "mode": m.name,
                "count": m.count,
                "frequency": None if m.frequency is None else m.frequency * factor,
                "frequency_unit": unit,
            }
            for m in plan.pumped
        ],
        "channels": [record(e) for e in plan.channels],
        "others": [record(e) for e in plan.others],
        "probe": [
            {"species": g.species, "kind": g.kind, "text": g.text, "declaration": g.declaration}
            for g in plan.geometry
        ],
        "controls": [{"kind": c.kind, "text": c.text} for c in plan.controls],
        "ranking": plan.ranking,
        "reason": plan.reason,
        "notes": list(plan.notes),
    }
