"""The tables of ``plan``."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.answers.beam import Beam
from symchiral.answers.plan import Plan, PlannedChannel, Pumped, Recording
from symchiral.rules.wording import minus, pretty
from symchiral.table import Phrases, Table, labelled, title
from symchiral.text.beam import beam_lines
from symchiral.text.crystal import crystal_lines
from symchiral.text.light_words import probe_words
from symchiral.text.why import no_flip_text
from symchiral.units import SIGNS

ROWS = 12
"""Channels printed before the table is cut."""

MOST_PUMPED = 4
"""Pumped modes of which it is printed how much of their light enters."""

LARGE = 0.1
"""Å: atoms that are farther from their places feel more than the leading order."""

LASTING = 3.0
"""Decay times after which a line is no longer followed."""

_POWERS = {3: "square", 4: "third power"}
"""What of the field a channel of each order follows."""


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
        *crystal_lines(answer.structure, answer.axis, "what to measure"),
    ]
    if answer.beam is not None and answer.beam.orientation is not None:
        head.append(beam_lines(answer.beam)[0])
    if words:
        along = "the axis" if answer.beam is None else _axis(answer.beam)
        head.append(
            labelled("pump", f"light along {along}, σ+ then σ−, resonant with {', '.join(words)}")
        )
        if any(m.frequency is None for m in answer.pump):
            head.append(
                labelled("", "frequencies are not known: see infrared spectra, or give forces")
            )
    head += _driving(answer, digits, sign)
    head += _entering(answer, document)
    if answer.why is not None:
        why = no_flip_text(answer.why, detail="plain", transfer=pretty, unit=unit)
        head.append(labelled("order", f"third order flips no sense: {why}"))
    name = "flipping channel"
    if answer.channels and answer.channels[0].pam_sense == "kept":
        name = "channel"
        head.append(
            labelled("", "fourth order flips none either: these channels keep the sense of PAM")
        )
    if not answer.channels:
        none = "No transfer that rotates can be reached by circular light along this axis"
        none += " to fourth order." if answer.order == 4 else "."
        # Without an axis the notes say once more what the head has said.
        axial = answer.why is None or answer.why.kind != "no-axis"
        notes = answer.notes if axial else ()
        return (Table((), (), tuple(head), (none, *notes, *_others(answer))),)
    shown = answer.channels[:ROWS]
    rows = [_row(channel, digits) for channel in shown]
    left = len(answer.channels) - len(rows)
    known = {
        "gain": any(c.gain is not None for c in shown) and answer.source is None,
        "pump": any(c.sources for c in shown),
        "size": any(c.motion is not None for c in shown),
        "seen": any(c.motion is not None and c.motion.rotation is not None for c in shown),
    }
    columns = (
        (
            "σ+",
            "σ+, σ−: expected sense of the outgoing mode for each pump, of its PAM and to the "
            "probe." + _atoms(shown),
        ),
        ("gain", "gain: its amplitude for incoming amplitudes of 1 √amu Å, from the couplings."),
        (f"pump ({sign})", _pump_note(answer)),
        (
            "|Q|",
            "|Q|: what the source leaves, the largest amplitude of the mode, √amu Å, to the "
            f"leading order in the field: with its {_POWERS[answer.order]}. Atoms: the largest "
            "displacement. J: mechanical angular momentum about the axis per primitive cell, for "
            "σ+.",
        ),
        (
            "Kerr (mrad)",
            "Kerr: rotation of a probe reflected from a thick crystal, at its best angle, by the "
            "Raman tensors.",
        ),
        (
            "relative",
            "relative: amplitude that the source leaves beside the first, if all coupling "
            "coefficients were equal.",
        ),
        (
            "force from",
            "forced: an incoming quantum belongs to the outgoing mode itself, so that the force is "
            "never resonant with it."
            if any(channel.forced for channel in shown)
            else "",
        ),
    )
    table = Table(
        (name, f"f ({sign})", f"force ({sign})", "σ+", "σ−", "gain",
         f"pump ({sign})", "|Q|", "atoms (Å)", "J (ħ)", "Kerr (mrad)", "relative", "force from",
         "probe"),
        tuple(rows),
        head=tuple(head),
        foot=(
            *((f"{left} more: {document}",) if left else ()),
            f"Ranked by {answer.ranking}.",
            *_others(answer),
            *answer.notes,
            *(("validate judges these with --order 4.",) if answer.order == 4 else ()),
            *(
                ()
                if path is None
                else (f'Why: symchiral explain {path} "{answer.channels[0].id}"',)
            ),
        ),
        optional=("probe", "force from", f"force ({sign})"),
        names=(name,),
        folded=("force from", "probe"),
        notes=tuple(note for note in columns if note[1]),
    )  # fmt: skip
    table = table.without(
        *(() if known["gain"] else ("gain",)),
        # Where the pump is named, twice or thrice its frequency is the force.
        *((f"force ({sign})",) if known["pump"] else (f"pump ({sign})",)),
        *(() if known["size"] else ("|Q|", "atoms (Å)", "J (ħ)")),
        *(() if known["seen"] else ("Kerr (mrad)",)),
        *(() if known["pump"] and not known["size"] else ("relative",)),
    )
    if not any(row[1] for row in rows):
        table = table.without(f"f ({sign})", f"force ({sign})")
    counted = title("probe")
    if answer.angles_from is not None:
        x = minus(answer.angles_from)
        about = "the axis" if answer.beam is None else _axis(answer.beam)
        counted = labelled("probe", f"angles from {x}, counter-clockwise about {about}")
    probes = Table((), (), (counted, *(labelled(g.species, g.text) for g in answer.probe)))
    controls = Table(
        (), (), (title("controls"), *(labelled(c.kind, c.text, column=11) for c in answer.controls))
    )
    if not answer.recordings:
        return table, probes, controls
    lines = [labelled(r.mode, _recording(r)) for r in answer.recordings[:MOST_PUMPED]]
    return table, probes, Table((), (), (title("record"), *lines)), controls


def _atoms(channels: Sequence[PlannedChannel]) -> str:
    """Where the atoms rotate otherwise than the pseudo-angular momentum says."""
    other = [c for c in channels if c.atoms_follow is False]
    if not other:
        return ""
    word = "against" if other[0].pam_sense == "kept" else "in"
    which = "In all of them" if len(other) == len(channels) else f"In {pretty(other[0].id)}"
    return f" {which} the atoms rotate {word} the sense of what comes in: see symchiral explain."


def _axis(beam: Beam) -> str:
    """The axis, with its name in the laboratory where it has one there."""
    return "the axis" if beam.orientation is None else f"the axis, {minus(beam.about)}"


def _driving(answer: Plan, digits: int, sign: str) -> list[Phrases]:
    """The source, and what it leaves of the modes that light drives."""
    source = answer.source
    if source is None:
        return []
    if source.frequency is None:
        tuned = "tuned for every channel"
    else:
        tuned = f"at {source.frequency:.{digits}f} {sign}"
    words = [f"{source.fwhm:g} ps (FWHM of the intensity)", f"{source.field:.3g} MV/cm"]
    inside = " in the crystal (of a field in vacuum: incident)"
    words[-1] += " in vacuum" if source.incident else inside
    if source.fluence is not None:
        words.append(f"{source.fluence:.3g} mJ/cm²")
    if (film := source.film) is not None:
        words.append(f"on a film of {film.thickness:g} nm")
        words[-1] += f" on a substrate of index {film.substrate:g}" if film.substrate != 1 else ""
    lines = [labelled("source", f"{', '.join(words)}, {tuned}")]

    fixed = source.frequency is not None

    def at(mode: Pumped) -> str:
        return "" if fixed or mode.source is None else f", at {mode.source:.{digits}f} {sign}"

    moved = [
        f"{m.mode} by {m.motion.displacement:.2g} Å ({m.motion.amplitude:.2g} √amu Å, "
        f"J = {_hbar(m.motion.angular_momentum)}{at(m)})"
        for m in answer.pump
        if m.motion is not None
    ]
    more = f", {len(moved) - MOST_PUMPED} more" if len(moved) > MOST_PUMPED else ""
    lines.append(labelled("moves", f"{', '.join(moved[:MOST_PUMPED])}{more}"))
    motions = (*(m.motion for m in answer.pump), *(c.motion for c in answer.channels))
    largest = max((m.displacement for m in motions if m is not None), default=0.0)
    if largest > LARGE:
        lines.append(
            labelled(
                "",
                f"atoms that move by more than {LARGE:g} Å no longer obey the leading order in the "
                "field: see simulate",
            )
        )
    return lines


def _pump_note(answer: Plan) -> str:
    text = "pump: frequency of the source at which it leaves most"
    if answer.source is not None and answer.source.frequency is not None:
        text = "pump: frequency of the source"
    if any(len(c.sources) > 1 for c in answer.channels[:ROWS]):
        text += "; several where it takes a source of each, all of this field"
    return text + "."


def _hbar(value: float) -> str:
    return minus(f"{value:+.2g}ħ")


def _recording(r: Recording) -> str:
    """What a record must be to show a line."""
    words = [f"steps and probe pulses up to {r.step:.2g} ps"]
    if r.decay is not None:
        words.append(f"its amplitude falls to 1/e in {r.decay:.2g} ps")
    if r.resolve is not None and r.beside is not None:
        what = "the force" if r.neighbour is None else r.neighbour
        digits = 2 if r.frequency_unit == "THz" else 1
        what += f" at {r.beside:.{digits}f} {SIGNS[r.frequency_unit]}"
        if r.decay is not None and r.resolve > LASTING * r.decay:
            words.append(f"{what} lies too near to be told apart before it has decayed")
        else:
            words.append(f"{r.resolve:.2g} ps tell it from {what}")
    return "; ".join(words)


def _entering(answer: Plan, document: str) -> list[Phrases]:
    """How much of the light of every pumped mode enters, and how deep it goes."""
    words = []
    if answer.source is not None and answer.source.film is not None:
        return []  # that is said of the face of a thick crystal
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
    return [labelled("enters", f"of the field in vacuum {', '.join(words[:MOST_PUMPED])}{more}")]


def _micrometres(depth: float) -> str:
    return f"{depth:.2g} µm" if depth < 100 else f"{depth:.0f} µm"


def _others(answer: Plan) -> tuple[str, ...]:
    if not answer.others:
        return ()
    names = [f"{pretty(c.id)} ({c.pam_sense})" for c in answer.others[:3]]
    more = f" and {len(answer.others) - 3} more" if len(answer.others) > 3 else ""
    flips = any(c.pam_sense == "flipped" for c in answer.channels)
    words = "Reached without a flip of the sense" if flips else "Also reached"
    return (f"{words}: {', '.join(names)}{more}.",)


def _row(channel: PlannedChannel, digits: int) -> tuple[str, ...]:
    frequency, drive = channel.frequency, channel.drive
    return (
        pretty(channel.id),
        "" if frequency is None else f"{frequency:.{digits}f}",
        "" if drive is None else f"{drive:.{digits}f}",
        "+" if channel.sense == 1 else "−",
        "−" if channel.sense == 1 else "+",
        "" if channel.gain is None else f"{channel.gain:.2g}",
        " + ".join(f"{f:.{digits}f}" for f in channel.sources),
        f"{channel.motion.amplitude:.2g}" if channel.motion else "",
        f"{channel.motion.displacement:.2g}" if channel.motion else "",
        minus(f"{channel.motion.angular_momentum:+.2g}") if channel.motion else "",
        ""
        if channel.motion is None or channel.motion.rotation is None
        else f"{channel.motion.rotation:.2g}",
        "" if channel.relative is None else f"{channel.relative:.2g}",
        channel.mechanism + (", forced" if channel.forced else ""),
        probe_words(channel.probe),
    )
