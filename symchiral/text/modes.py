"""The tables of ``modes``: one per wavevector, a line per multiplet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from symchiral.answers.modes import FlatMode, Mode, Modes, WavevectorOfModes, flat
from symchiral.answers.modes import modes as answer_of
from symchiral.answers.record import flat_record
from symchiral.modes.mode import NO_ROTATION, Multiplet
from symchiral.modes.mode import Mode as OneMode
from symchiral.modes.mode import Modes as ModesAtQ
from symchiral.modes.names import LONGITUDINAL, ModeName
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, Text, labelled, title
from symchiral.text.crystal import crystal_lines
from symchiral.text.light_words import activity_words
from symchiral.units import SIGNS

ATOMS = 24
"""Atoms that a table of a notebook lists; of more, how many there are is said."""


def modes_tables(answer: Modes) -> list[Table]:
    """Return the table of every wavevector."""
    size = 3 * answer.structure.primitive.natoms
    return [
        _table(answer, q, answer.modes[size * i : size * (i + 1)]) for i, q in enumerate(answer.q)
    ]


def _table(answer: Modes, q: WavevectorOfModes, modes: Sequence[Mode]) -> Table:
    """The modes of one wavevector."""
    place = "the zone centre" if q.label == "GM" else q.label
    along = ""
    if q.direction is not None:
        along = f" approached along ({', '.join(minus(f'{x:.3g}') for x in q.direction)})"
    frequency = f"f ({SIGNS[modes[0].frequency_unit]})"
    table = Table(
        (frequency, "mode", "l", "J (ħ)", "sense", "light", "atoms"),
        tuple(_row(list(partners)) for _, partners in groupby(modes, lambda m: m.multiplet)),
        head=crystal_lines(answer.structure, q.axis_here, f"modes at {place}{along}"),
        foot=tuple(_splitting(q)),
        optional=("atoms", "light", "sense"),
        names=("mode",),
        folded=("l", "J (ħ)"),
        notes=tuple(_legend(modes)),
    )
    if q.label != "GM":
        table = table.without("light")
    return table if q.axis_here is not None else table.without("l", "J (ħ)", "sense")


def _row(partners: Sequence[Mode]) -> tuple[str, ...]:
    first = partners[0]
    digits = 3 if first.frequency_unit == "THz" else 2
    component = LONGITUDINAL if first.longitudinal else ""
    senses = dict.fromkeys(mode.relation for mode in partners)
    sites = sorted(first.sites, key=lambda site: -site.weight)
    shares = [f"{site.name} {site.weight:.0%}" for site in sites if site.weight > 0.005]
    return (
        minus(f"{round(first.frequency, digits) + 0.0:.{digits}f}"),
        str(ModeName(first.label, first.number, component)),
        ", ".join(signed(mode.pam) for mode in partners),
        ", ".join(_am(mode.am_axis) for mode in partners),
        "/".join(s for s in senses if s != "none") or "—",
        "—" if first.acoustic else activity_words(first),
        "  ".join(shares[:3]),
    )


def _am(value: float | None) -> str:
    if value is None:
        return "—"
    return "0" if abs(value) < NO_ROTATION else minus(f"{value:+.3f}")


def _legend(modes: Sequence[Mode]) -> list[tuple[str, str]]:
    """What the columns mean, as far as anything rotates."""
    words = {mode.relation for mode in modes}
    lines = []
    if words & {"same", "opposite"}:
        lines += [
            ("J (ħ)", "J: mechanical angular momentum about the axis, per quantum."),
            ("sense", "sense: whether J has the sign of l."),
        ]
    if "unrelated" in words:
        lines.append(("sense", "unrelated: only one of J and l has a sign."))
    return lines


def _splitting(q: WavevectorOfModes) -> list[str]:
    """What is known of longitudinal modes."""
    lines = []
    if q.label == "GM" and not q.born_charges:
        lines.append("No Born charges: longitudinal and transverse modes are not split.")
    elif q.label == "GM" and q.direction is None:
        lines.append(
            "Transverse frequencies; --direction X,Y,Z adds the field of longitudinal modes."
        )
    return lines


def multiplet_table(multiplet: Multiplet) -> Table:
    """Return one row per partner."""
    rows = tuple((mode.name, signed(mode.pam), _vector(mode.am_vector)) for mode in multiplet.modes)
    head = (title(multiplet.name, f"{minus(f'{multiplet.frequency:.4f}')} THz"),)
    return Table(("mode", "l", "J (ħ)"), rows, head=head, foot=_about_j(multiplet.modes))


def mode_table(mode: OneMode, symbols: Sequence[str], *, head: tuple[Text, ...] = ()) -> Table:
    """Return one row per atom: its share, how round its ellipse is, its angular momentum."""
    if not head:
        told = f"{minus(f'{mode.frequency:.4f}')} THz, l = {signed(mode.pam)}"
        head = (title(mode.name, told),)
    rows = tuple(
        (
            f"{symbols[i]} {i + 1}" if symbols else str(i + 1),
            f"{share:.1%}",
            f"{round_:.2f}",
            _vector(j) if mode.fixed else "—",
        )
        for i, (share, round_, j) in enumerate(
            zip(mode.weights[:ATOMS], mode.helicities, mode.atomic_am, strict=False)
        )
    )
    foot: tuple[Text, ...] = (
        labelled("all atoms", f"J = {_vector(mode.am_vector)} ħ", column=11),
        *_about_j((mode,)),
    )
    if len(mode.weights) > ATOMS:
        foot = (f"The first {ATOMS} of {len(mode.weights)} atoms.", *foot)
    notes = (("circular", labelled("circular", "1 on a circle, 0 on a line", column=10)),)
    return Table(("atom", "share", "circular", "J (ħ)"), rows, head=head, foot=foot, notes=notes)


def _about_j(modes: Sequence[OneMode]) -> tuple[str, ...]:
    if all(mode.fixed for mode in modes):
        return ("J: mechanical angular momentum per quantum, Cartesian components.",)
    return ("No axis tells partners of equal frequency apart: their J is not defined.",)


def _vector(values: Any) -> str:
    if values is None:
        return "—"
    return "(" + ", ".join(minus(f"{x + 0.0:+.3f}") if abs(x) > 5e-4 else "0" for x in values) + ")"


def display(noun: object, form: str) -> Any:
    """Return modes in a form: ``records``, a flat dictionary per mode, ``columns``, ``tables``.

    ``html`` also of a multiplet and of one mode.
    """
    match noun, form:
        case ModesAtQ(), "records":
            return [flat_record(row) for row in flat(noun)]
        case ModesAtQ(), "columns":
            return FlatMode.__struct_encode_fields__
        case ModesAtQ(), "tables":
            return modes_tables(answer_of(noun.crystal, noun.axis, [noun], motions=False))
        case ModesAtQ(), "html":
            return "".join(table.html() for table in display(noun, "tables"))
        case Multiplet(), "html":
            return multiplet_table(noun).html()
        case OneMode(), "html":
            return mode_table(noun, ()).html()
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
