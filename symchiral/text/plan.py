"""The tables of ``plan``."""

from __future__ import annotations

from symchiral.answers.plan import Plan, PlannedChannel
from symchiral.rules.wording import minus, pretty
from symchiral.table import Table
from symchiral.text.crystal import axis_line, headline
from symchiral.text.light_words import probe_words
from symchiral.text.why import no_flip_text
from symchiral.units import SIGNS

ROWS = 12
"""Channels printed before the table is cut."""

MOST_PUMPED = 4
"""Pumped modes of which it is printed how much of their light enters."""


def plan_tables(
    answer: Plan, *, path: str | None, unit: str = "THz", document: str = "--json"
) -> tuple[Table, ...]:
    """Return the plan as tables.

    Parameters
    ----------
    path : str or None
        The input as the user named it, for the line that says what to run next; None for none.
    unit : str
        Of the frequencies of the answer.
    document : str
        Where the document with all rows is, in the words of the reader: an option, or a file.
    """
    sign = SIGNS[unit]
    digits = 2 if unit == "THz" else 1
    words = [
        m.mode
        + (f" ({m.count} modes)" if m.count > 1 else "")
        + ("" if m.frequency is None else f" at {m.frequency:.{digits}f} {sign}")
        for m in answer.pump
    ]
    head = [
        f"{headline(answer.structure)}   what to measure",
        f"axis     {axis_line(answer.axis)}",
    ]
    if words:
        head.append(f"pump     light along the axis, σ+ then σ−, resonant with {', '.join(words)}")
        if any(m.frequency is None for m in answer.pump):
            head.append("         frequencies are not known: see infrared spectra, or give forces")
    head += _entering(answer, document)
    if answer.why is not None:
        why = no_flip_text(answer.why, detail="plain", transfer=pretty, unit=unit)
        head.append(f"order    third order flips no sense: {why}")
    if not answer.channels:
        none = "No flipping transfer can be reached by circular light along this axis"
        none += " to fourth order." if answer.order == 4 else "."
        # Without an axis the notes say once more what the head has said.
        axial = answer.why is None or answer.why.kind != "no-axis"
        notes = answer.notes if axial else ()
        return (Table((), (), tuple(head), (none, *notes, *_others(answer))),)
    shown = answer.channels[:ROWS]
    rows = [_row(channel, digits) for channel in shown]
    left = len(answer.channels) - len(rows)
    sized = any(channel.gain is not None for channel in shown)
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
            *((f"{left} more: {document}",) if left else ()),
            f"Ranked by {answer.ranking}.",
            *_others(answer),
            *answer.notes,
            *(
                ()
                if path is None
                else (f'Why: symchiral explain {path} "{answer.channels[0].id}"',)
            ),
        ),
        optional=("force from", "probe", f"force ({sign})"),
        names=("flipping channel",),
        folded=("force from", "probe"),
        notes=(
            ("σ+", "σ+, σ−: expected sense of rotation of the outgoing mode for each pump."),
            (
                "gain",
                "gain: its amplitude for incoming amplitudes of 1 √amu Å, from the couplings.",
            ),
            *(
                (
                    "force from",
                    "forced: an incoming quantum belongs to the outgoing mode itself, so that the "
                    "force is never resonant with it.",
                )
                for _ in range(any(channel.forced for channel in shown))
            ),
        ),
    )
    if not sized:
        table = table.without("gain")
    if not any(row[1] for row in rows):
        table = table.without(f"f ({sign})", f"force ({sign})")
    counted = ""
    if answer.angles_from is not None:
        x = minus(answer.angles_from)
        counted = f"    angles from {x}, counter-clockwise about the axis"
    probes = Table((), (), (f"probe{counted}", *(f"{g.species:<8} {g.text}" for g in answer.probe)))
    controls = Table((), (), ("controls", *(f"{c.kind:<10} {c.text}" for c in answer.controls)))
    return table, probes, controls


def _entering(answer: Plan, document: str) -> list[str]:
    """How much of the light of every pumped mode enters, and how deep it goes."""
    words = []
    for m in answer.pump:
        if m.index is None or m.share is None:
            continue
        n, k = m.index
        depth = "not absorbed" if m.depth is None else f"intensity 1/e in {_micrometres(m.depth)}"
        words.append(
            f"{100 * m.share:.0f} % at {m.mode} (refractive index {n:.2g} + {k:.2g} i, {depth})"
        )
    if not words:
        return []
    more = f", {len(words) - MOST_PUMPED} more: {document}" if len(words) > MOST_PUMPED else ""
    return [f"enters   of the field in vacuum {', '.join(words[:MOST_PUMPED])}{more}"]


def _micrometres(depth: float) -> str:
    return f"{depth:.2g} µm" if depth < 100 else f"{depth:.0f} µm"


def _others(answer: Plan) -> tuple[str, ...]:
    if not answer.others:
        return ()
    names = [f"{pretty(c.id)} ({c.pam_sense})" for c in answer.others[:3]]
    more = f" and {len(answer.others) - 3} more" if len(answer.others) > 3 else ""
    return (f"Reached without a flip of the sense: {', '.join(names)}{more}.",)


def _row(channel: PlannedChannel, digits: int) -> tuple[str, ...]:
    frequency, drive = channel.frequency, channel.drive
    return (
        pretty(channel.id),
        "" if frequency is None else f"{frequency:.{digits}f}",
        "" if drive is None else f"{drive:.{digits}f}",
        "+" if channel.sense == 1 else "−",
        "−" if channel.sense == 1 else "+",
        "" if channel.gain is None else f"{channel.gain:.2g}",
        channel.mechanism + (", forced" if channel.forced else ""),
        probe_words(channel.probe),
    )
