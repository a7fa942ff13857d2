"""The report: all results for a crystal on one HTML page.

:func:`report_html` makes it from answers alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from markupsafe import Markup, escape

from symchiral.answers.bands import Bands
from symchiral.answers.channel import Channel, Row, Transfer
from symchiral.answers.couple import Couple, Term
from symchiral.answers.course import Course, MeasuredTraces
from symchiral.answers.light import Light
from symchiral.answers.modes import Modes
from symchiral.answers.moving import Moving, MovingMode
from symchiral.answers.plan import Plan
from symchiral.answers.predict import Predict
from symchiral.answers.record import Answer, plain
from symchiral.answers.show import Show
from symchiral.answers.simulate import MovingMode as SimulatedMode
from symchiral.answers.simulate import Simulate
from symchiral.answers.species import SpeciesOfModes
from symchiral.answers.validate import Validate
from symchiral.answers.waves import WavesOfCrystal
from symchiral.disk import mark
from symchiral.figures.colours import colours
from symchiral.modes.names import ModeName
from symchiral.page.clock import clock_svg
from symchiral.page.mathml import invariant_mathml
from symchiral.page.tables import table_html, typeset
from symchiral.page.template import data_of, render
from symchiral.rules.activity import PROCESSES, ROUTES, Process, Route
from symchiral.rules.listing import GROUPS
from symchiral.rules.wording import minus, pretty, route_text, signed
from symchiral.table import Table
from symchiral.text.bands import bands_table
from symchiral.text.couple import coefficient_text, couplings_moved
from symchiral.text.crystal import axis_line, crystal_lines
from symchiral.text.light import light_tables
from symchiral.text.light_words import activity_words
from symchiral.text.magnetism import magnetic_lines
from symchiral.text.plan import plan_tables
from symchiral.text.predict import listed_table, shared_cells
from symchiral.text.show import show_tables
from symchiral.text.simulate import light_text, simulate_table
from symchiral.text.sums import row_sum
from symchiral.text.validate import predicted_in, pump_text, validation_tables
from symchiral.units import SIGNS

KIND = "report"
"""Kind of the file; it carries the mark."""

MOST_RESONANCES = 200
"""Transfers between modes in the table; the document has all."""

MOST_COUPLINGS = 200
"""Coefficients in the table; the document has all."""


@dataclass(frozen=True)
class Dynamics:
    """What a report shows of couplings and of motion that light drives.

    Attributes
    ----------
    couple : Couple or None
        The couplings, where they are known.
    sizes : mapping of str to float
        The size of the coefficient of every transfer between modes, by its id, eV/(√amu Å)³.
    simulate : Simulate or None
        The answer of the simulation, where there is one.
    course : Course or None
        Its motion in time.
    left_out : str
        Why there is no simulation: ``no couplings``, ``no pump``, or an error in words.
    """

    couple: Couple | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    simulate: Simulate | None = None
    course: Course | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Contents:
    """The answers that a report shows.

    Attributes
    ----------
    show, predict, light, plan : Show, Predict, Light, Plan
        Answers of structure and zone centre.
    modes, bands : Modes or None, Bands or None
        Those that need forces.
    validate : Validate or None
        How a measurement compares, if one was given.
    moving : Moving
        The motions to be drawn.
    dynamics : Dynamics
        Couplings and the motion that they make.
    measured : MeasuredTraces or None
        The traces of the measurement, and their fit.
    left_out : tuple of str
        What is not on the page, and why.
    """

    show: Show
    predict: Predict
    light: Light
    plan: Plan
    modes: Modes | None
    bands: Bands | None
    moving: Moving
    validate: Validate | None = None
    dynamics: Dynamics = Dynamics()
    measured: MeasuredTraces | None = None
    left_out: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, Answer]:
        """The answers that are there, by command."""
        every = (self, self.dynamics)
        named = {f.name: getattr(of, f.name) for of in every for f in fields(of)}
        return {name: x for name, x in named.items() if isinstance(x, Answer)}


def report_html(contents: Contents, *, citation: str, index: str | None = None) -> str:
    """Return the page: one document without any address in it that a browser would ask for.

    Parameters
    ----------
    citation : str
        BibTeX of what the answers rest on.
    index : str, optional
        Address of a page that lists this one.
    """
    show, predict = contents.show, contents.predict
    path = show.input.path or show.structure.formula
    site_table, species = show_tables(show)
    return render(
        "report.html",
        style="report.css",
        scripts=("viewer.js", "lobes.js", "report.js"),
        mark=mark(KIND),
        title=f"{show.structure.formula}: chiral phonons by symmetry",
        structure=show.structure,
        formula=_subscripts(show.structure.formula),
        turns=show.axis is not None,
        axis=typeset(axis_line(show.axis)),
        symbol=typeset(show.structure.symbol),
        citation=citation,
        show=show,
        path=path,
        index=index,
        short=_short(predict),
        warnings=_warnings(contents),
        left_out=contents.left_out,
        sites=table_html(site_table, lines=False, name="sites"),
        species=_species(contents),
        species_notes=tuple(map(str, species.foot)),
        adapted=contents.moving.adapted,
        groups=[g for g in GROUPS if any(r.group == g for r in _rows(predict))],
        processes=PROCESSES,
        labels=[s.label for s in predict.species if s.count > s.acoustic],
        transfers=list(_transfers(contents)),
        transfer_notes=_transfer_notes(predict),
        resonances=_resonances(predict, contents.dynamics.sizes),
        couplings=_couplings(contents.dynamics.couple),
        simulated=_simulated(show, contents.dynamics),
        no_motion=_no_motion(contents),
        measured=None
        if contents.validate is None
        else _tables(
            show,
            validation_tables(contents.validate, document="validate.json"),
            "lines and channels",
        ),
        unit=SIGNS[contents.moving.modes[0].frequency_unit] if contents.moving.modes else "THz",
        bands=None
        if contents.bands is None
        else _tables(show, [bands_table(contents.bands)], "bands")[0],
        about="" if contents.bands is None else contents.bands.about,
        waves=show.waves,
        wave_texts=_wave_texts(show.waves),
        magnetic=_magnetic(show),
        light=_tables(
            show,
            light_tables(contents.light),
            "circular light and what it creates",
        ),
        laws=[s.species for s in contents.light.raman if s.parallel is not None],
        plan=_tables(show, plan_tables(contents.plan, path=None, document="plan.json"), "plan"),
        data=data_of(_scene(contents)),
        documents={name: data_of(answer.to_dict()) for name, answer in contents.answers.items()},
    )


def _subscripts(formula: str) -> Markup:
    """``Bi<sub>2</sub>Se<sub>3</sub>``: numbers that follow a letter or a bracket stand below."""
    parts = re.split(r"(?<=[A-Za-z)\]])(\d+(?:\.\d+)?)", formula)
    return Markup("").join(
        Markup("<sub>{}</sub>").format(part) if k % 2 else escape(part)
        for k, part in enumerate(parts)
    )


def _short(predict: Predict) -> dict[str, Any]:
    """What the reader asks first: how many transfers flip, and which of them light reaches best.

    Rows stand in the order in which light reaches them.
    """
    rows = [r for r in _rows(predict) if r.group == "flipped"]
    if not rows:
        return {"flips": 0, "all": len(_rows(predict)), "axis": predict.axis is not None}
    best = rows[0]
    return {
        "flips": len(rows),
        "all": len(_rows(predict)),
        "axis": True,
        "best": best.transfer,
        "text": pretty(best.transfer),
        "pump": _words(_processes(best.pump)),
        "probe": _words(_processes(best.probe)),
    }


def _words(processes: Sequence[Process | None]) -> str:
    """``infrared and Raman``; what no process reaches is ``nothing``."""
    names = {"infrared": "infrared", "raman": "Raman", "hyper-raman": "hyper-Raman"}
    found = [names[p] if p else "nothing" for p in dict.fromkeys(processes)]
    return " and ".join(found) or "nothing"


def _tables(show: Show, tables: Sequence[Table], name: str) -> list[Markup]:
    """Tables as HTML, without the lines that say again which crystal it is and what its axis is."""
    known = crystal_lines(show.structure, show.axis)
    return [table_html(table, known=known, name=name) for table in tables]


def _warnings(contents: Contents) -> list[str]:
    """Warnings of all answers, each once."""
    return list(dict.fromkeys(w.text for a in contents.answers.values() for w in a.warnings))


def _rows(predict: Predict) -> tuple[Row, ...]:
    return () if predict.table is None else predict.table.rows


# --- species -------------------------------------------------------------------------------------


def _species(contents: Contents) -> list[dict[str, Any]]:
    """Every species with what light does to it and the motions that it has."""
    unit = {m.species: SIGNS[m.frequency_unit] for m in contents.moving.modes}
    return [
        {
            "label": minus(s.label),
            "l": ", ".join(map(signed, s.pam)),
            "count": s.count - s.acoustic,
            "acoustic": s.acoustic,
            "light": activity_words(s),
            "motions": list(_motions(s, contents.moving, unit.get(s.label, "THz"))),
        }
        for s in contents.show.species
    ]


def _motions(species: SpeciesOfModes, moving: Moving, unit: str) -> Iterator[dict[str, Any]]:
    texts = motion_texts(moving.modes)
    for i, m in enumerate(moving.modes):
        if m.species == species.label:
            yield {"index": i, "text": texts[i], "about": motion_words(m, unit)}


def motion_texts(motions: Sequence[MovingMode]) -> list[str]:
    """Return the short names of motions: modes, or which displacements of their species.

    Behind an adapted displacement stand the sites whose atoms move, and which it is of several.
    """
    names = [
        minus(m.name) if m.frequency is not None else f"{minus(m.name)} {'·'.join(m.sites)}"
        for m in motions
    ]
    several, before = Counter(names), Counter[str]()
    texts = []
    for name in names:
        before[name] += 1
        of = f" {before[name]} of {several[name]}" if several[name] > 1 else ""
        texts.append(name + of)
    return texts


def motion_words(motion: MovingMode, unit: str) -> str:
    """Return frequency, l and J of a motion in words."""
    parts = []
    if motion.frequency is not None:
        parts.append(minus(f"{motion.frequency:.3f} {unit}"))
    if motion.pam is not None:
        parts.append(f"l = {signed(motion.pam)}")
    if motion.am is not None:
        parts.append("J = 0" if abs(motion.am) < 5e-4 else minus(f"J = {motion.am:+.3f} ħ"))
    return ", ".join(parts)


# --- transfers -----------------------------------------------------------------------------------


def _transfers(contents: Contents) -> Iterator[dict[str, Any]]:
    """The rows of the table, each with its reason, invariant and budget."""
    predict, sizes = contents.predict, contents.dynamics.sizes
    channels = {c.id: c for c in predict.channels}
    between: dict[str, list[Transfer]] = {}
    for t in predict.transfers or ():
        if t.reverse_of is None and sizes.get(t.id):
            between.setdefault(t.channel, []).append(t)
    for row in _rows(predict):
        channel = channels[row.transfer]
        total = str(row_sum(row) or "")
        yield {
            "id": row.transfer,
            "text": pretty(row.transfer) + (" ≠" if row.different else ""),
            "sum": total,
            "group": row.group,
            "sense": row.pam_sense + ("*" if row.other_senses else ""),
            **shared_cells(row),
            "pumps": " ".join(_pumped(row)),
            "probes": " ".join(dict.fromkeys(ROUTES[p][0] for p in row.probe)),
            "species": " ".join(
                dict.fromkeys(leg.species for leg in (*channel.incoming, *channel.outgoing))
            ),
            "reason": channel.reason.text,
            "drive": _driven(channel),
            "seen": ", ".join(map(route_text, channel.probe)),
            "coefficients": channel.coefficients,
            "umklapp": None if row.umklapp is None else minus(f"{row.umklapp:+d}"),
            "invariant": None
            if channel.invariant is None
            else Markup(invariant_mathml(channel.invariant)),
            "clock": _clock(row, total),
            "strongest": [
                f"{pretty(t.id)}: {_milli(sizes[t.id])}"
                for t in sorted(between.get(row.transfer, ()), key=lambda t: -sizes[t.id])[:3]
            ],
        }


def _clock(row: Row, words: str) -> Markup | None:
    if not words or row.n is None:
        return None
    into, out = ([l or "" for l in side] for side in (row.incoming, row.outgoing))
    svg = clock_svg(into, out, row.n, words)
    return None if svg is None else Markup(svg)


def _processes(routes: Sequence[Route | None]) -> list[Process | None]:
    """The process of every route."""
    return [None if route is None else ROUTES[route][0] for route in routes]


def _pumped(row: Row) -> list[str]:
    """The process that drives every incoming quantum, if it is one."""
    kinds = set(_processes(row.pump))
    return [kind for kind in kinds if kind is not None] if len(kinds) == 1 else []


def _driven(channel: Channel) -> str:
    return "; ".join(
        f"{minus(leg.species + (f'({leg.component})' if leg.component else ''))} by "
        + (route_text(route) if route else "no process up to hyper-Raman")
        for leg, route in zip(channel.incoming, channel.pump, strict=True)
    )


def _transfer_notes(predict: Predict) -> tuple[str, ...]:
    if predict.table is None:
        return ()
    table = listed_table(predict.table, hidden=())
    return tuple(map(str, table.below() if table.rows else table.foot))


def _milli(size: float) -> str:
    """A coefficient, eV/(√amu Å)³, in thousandths."""
    return f"{1e3 * size:.3g}"


def _resonances(predict: Predict, sizes: Mapping[str, float]) -> dict[str, Any] | None:
    """Transfers between actual modes, best match first; of both signs one."""
    every = [t for t in predict.transfers or () if t.reverse_of is None and t.frequencies]
    if not every:
        return None
    shown = [t for t in every if t.rotates] or every
    return {
        "rows": [_resonance(t, sizes.get(t.id)) for t in shown[:MOST_RESONANCES]],
        "sized": bool(sizes),
        "all": len(every),
        "unit": SIGNS[every[0].frequency_unit],
        "width": every[0].linewidth,
        "start": next(
            ((t.frequencies or ())[0] for t in shown if set(_processes(t.pump)) == {"infrared"}),
            (shown[0].frequencies or ())[0],
        ),
        "highest": max(max(t.frequencies or ()) for t in shown),
    }


def _resonance(t: Transfer, size: float | None) -> dict[str, Any]:
    digits = 3 if t.frequency_unit == "THz" else 1
    frequencies = t.frequencies or ()
    into, out = frequencies[: len(t.pump)], frequencies[len(t.pump) :]
    shown = ("+".join(f"{f:.{digits}f}" for f in side) for side in (into, out))
    return {
        "id": t.id,
        "text": pretty(t.id),
        "frequencies": " → ".join(shown),
        "into": " ".join(f"{f:.6f}" for f in into),
        "detuning": minus(f"{t.detuning or 0.0:+.{digits}f}"),
        "score": t.score or 0.0,
        "size": "" if size is None else _milli(size),
        "sense": t.pam_sense,
        **shared_cells(t),
    }


# --- couplings, motion, measurement --------------------------------------------------------------


def _couplings(answer: Couple | None) -> dict[str, Any] | None:
    """The coefficients, the largest first, and where they are from."""
    if answer is None:
        return None
    terms = [t for t in answer.terms if t.verdict != "forbidden"]
    moved = couplings_moved(answer)
    return {
        "rows": [_coupling(t, moved=moved) for t in terms[:MOST_COUPLINGS]],
        "all": len(terms),
        "moved": moved,
        "source": ", ".join(
            text for key in ("calculator", "method", "file") if (text := answer.provenance.get(key))
        ),
        "orders": [
            {"order": s.order, "allowed": f"{s.allowed:.3g}", "forbidden": f"{s.forbidden:.2g}"}
            for s in answer.orders
        ],
    }


def _coupling(term: Term, *, moved: bool) -> dict[str, Any]:
    return {
        "modes": minus(" ".join(term.modes)),
        "order": len(term.modes),
        "size": _milli(abs(complex(*term.averaged))),
        "value": coefficient_text(complex(*term.value)),
        "averaged": coefficient_text(complex(*term.averaged)) if moved else "",
        "error": "" if term.error is None else minus(f"{term.error:.0e}"),
    }


def _simulated(show: Show, dynamics: Dynamics) -> dict[str, Any] | None:
    """The table of a simulation, its light, and the two modes that are drawn at first."""
    answer, course = dynamics.simulate, dynamics.course
    if answer is None or course is None:
        return None
    kept = {m.name for m in course.modes}
    drawn = [m for m in answer.modes if m.label in kept]
    if not drawn:
        return None
    strongest = sorted(drawn, key=lambda m: -(m.energy or 0.0))
    return {
        "tables": _tables(show, [simulate_table(answer)], "motion of the modes"),
        "light": "no light"
        if answer.pulse is None
        else minus(light_text((answer.pulse, *answer.further_pulses))),
        "modes": [m.label for m in drawn],
        "shown": [m.label for m in _two(strongest)],
        "stopped": answer.time.stopped,
    }


def _two(strongest: Sequence[SimulatedMode]) -> Sequence[SimulatedMode]:
    """The strongest mode, and the strongest one of another species that can turn."""
    first, *others = strongest

    def species(mode: SimulatedMode) -> str:
        return ModeName.parse(mode.label).species

    turning = [m for m in others if m.pam_helicity is not None and species(m) != species(first)]
    return first, *(turning or others)[:1]


def _no_motion(contents: Contents) -> str:
    """Why there is no simulation on the page; empty without forces, where that is said."""
    dynamics = contents.dynamics
    if contents.modes is None or dynamics.simulate is not None:
        return ""
    return {
        "no couplings": "Sizes of couplings and a simulation of motion need third-order data: "
        "give --couplings FILE, or a couplings.json beside the forces.",
        "no pump": "Infrared light of one spin drives no flipping transfer here; report --pump "
        "simulates any pulse.",
    }.get(dynamics.left_out, f"The simulation is left out: {dynamics.left_out}")


def _helicities(answer: Validate | None) -> list[dict[str, Any]]:
    """Every line in every run, with the sense that the rule gives, to be drawn."""
    if answer is None:
        return []
    return [
        {
            "line": f"{line.frequency:.{2 if line.frequency_unit == 'THz' else 1}f} "
            f"{SIGNS[line.frequency_unit]}",
            "mode": line.assigned or "",
            "verdict": line.verdict,
            "pump": "?" if run.pump is None else pump_text(run),
            "helicity": run.helicity,
            "low": run.low,
            "high": run.high,
            "rule": predicted_in(answer.channels, line, run),
        }
        for line in answer.components
        for run in line.runs
    ]


# --- the zone ------------------------------------------------------------------------------------


def _wave_texts(waves: WavesOfCrystal | None) -> dict[str, str]:
    """The forms of every wave on one line."""
    if waves is None:
        return {}
    named = {"helicity": waves.helicity, "angular_momentum": waves.angular_momentum}
    return {
        name: minus(
            "; ".join(f[0] if len(f) == 1 else f"({', '.join(f)})" for f in wave.forms) or "0"
        )
        for name, wave in named.items()
    }


def _magnetic(show: Show) -> list[tuple[str, str]]:
    """What there is to say of magnetic order, as names and texts."""
    if show.structure.magnetic is None or show.magnetism is None:
        return []
    lines = magnetic_lines(show.structure.magnetic, show.magnetism)
    return [(line.label, text) for line in lines for text in line.phrases]


# --- motions -------------------------------------------------------------------------------------


def _scene(contents: Contents) -> dict[str, Any]:
    """What the script of the page draws, beside the answers."""
    moving, axis, course = contents.moving, contents.show.axis, contents.dynamics.course
    drawn = moving.drawn
    return {
        "cell": drawn.cell,
        "rest": drawn.rest,
        "atoms": drawn.atoms,
        "cells": drawn.cells,
        "symbols": drawn.symbols,
        "names": drawn.names,
        "masses": drawn.masses,
        "colours": colours(drawn.symbols),
        "axis": (0.0, 0.0, 1.0) if axis is None else axis.direction,
        "order": None if axis is None else axis.order,
        "adapted": moving.adapted,
        "primitive": contents.show.structure.primitive.cell,
        "positions": contents.show.structure.primitive.positions,
        "motions": [
            {
                "name": m.name,
                "text": text,
                "about": motion_words(m, SIGNS[m.frequency_unit]),
                "species": m.species,
                "component": m.component,
                "copy": m.copy,
                "pam": m.pam,
                "am": m.am,
                "frequency": m.frequency,
                "u": m.displacements,
            }
            for m, text in zip(moving.modes, motion_texts(moving.modes), strict=True)
        ],
        "course": None if course is None else plain(course),
        "measured": None if contents.measured is None else plain(contents.measured),
        "helicities": _helicities(contents.validate),
        "segments": [{"points": s.points, "bytes": s.bytes} for s in moving.segments],
    }
