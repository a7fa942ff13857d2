"""The tables of ``predict``: transfers of species, transfers between modes, vertices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from symchiral.answers.channel import Row, Transfer
from symchiral.answers.predict import Predict, Vertex
from symchiral.answers.predict import Table as Listed
from symchiral.answers.species import SpeciesOfModes
from symchiral.rules.activity import Process
from symchiral.rules.listing import GROUPS, Group
from symchiral.rules.wording import minus, pretty
from symchiral.table import Phrases, Table, labelled, title, unbroken
from symchiral.text.crystal import (
    Relation,
    axis_line,
    axis_name,
    coordinates_note,
    crystal_lines,
    headline,
    order_notes,
    reversal_broken,
)
from symchiral.text.light_words import activity_words, probe_words, short_routes
from symchiral.text.sums import budget
from symchiral.units import SIGNS, counted
from symchiral.value import grouped

if TYPE_CHECKING:
    from symchiral.answers.vertices import Vertices
    from symchiral.fields.pump import Pump

ROWS = 20
"""Rows printed before the table is cut."""

VELOCITIES = (
    "Only couplings of displacements are judged. Magnetic order or B may allow couplings with a "
    "velocity too: explain says of a forbidden transfer whether this is possible."
)

SENSE_OF_PAM = (
    "PAM",
    "PAM: sense of the pseudo-angular momentum l, kept or flipped; neutral: one side has none.",
)
"""What the column of the sense of l says."""

SENSE_OF_ATOMS = (
    "atoms",
    "atoms: the same for the rotation of the atoms; —: no rotation on one side.",
)
"""What the column of the sense of rotation says."""

TO_LATTICE = (
    "lattice",
    "lattice: angular momentum transferred from the vibrations to the lattice.",
)
"""What the column of the angular momentum says."""

OPEN = "open: the sense of rotation of the atoms depends on the forces."

_ORDERS = {3: "third", 4: "fourth"}


# --- transfers of species ------------------------------------------------------------------------


def listed_table(
    listed: Listed,
    *,
    hidden: Sequence[Group] = ("without rotation",),
    limit: int | None = None,
    open_means: str = OPEN,
) -> Table:
    """Return the table of the transfers of species.

    Parameters
    ----------
    hidden : sequence of str
        Groups to leave out (they still are counted).
    limit : int, optional
        Print at most this many rows.
    open_means : str
        What it says of rows whose atoms symmetry lets turn either way.
    """
    groups = Counter(row.group for row in listed.rows)
    shown = [row for row in listed.rows if row.group not in hidden or len(groups) == 1]
    rows = shown[:limit]
    axis = listed.axis
    sums = f"l in = out (mod {axis.order})" if axis else ""
    table = Table(
        ("transfer", sums, "lattice", "PAM", "atoms", "pump", "probe"),
        tuple(_cells(listed, row) for row in rows),
        foot=tuple(_foot(listed, rows, open_means, left_out=len(shown) - len(rows), hidden=hidden)),
        optional=("probe", "pump", "lattice", sums),
        names=("transfer",),
        notes=_columns_meaning(listed, rows),
    )
    table = _lit(table, listed)
    if axis is None:
        return table.without(sums, "lattice", "PAM", "atoms")
    return table.without("lattice", "PAM", "atoms") if listed.straight else table


def _lit(table: Table, listed: Listed) -> Table:
    """Leave out the columns of light that reaches nothing.

    Off the zone centre light, whose wavevector is nearly zero, reaches no mode directly.
    """
    unlit = {"pump": not listed.driven, "probe": not listed.seen}
    return table.without(*(name for name, empty in unlit.items() if empty))


def _cells(listed: Listed, row: Row) -> tuple[str, ...]:
    axis, cells = listed.axis, shared_cells(row)
    sense = row.pam_sense + ("*" if row.other_senses else "")
    if axis is not None and row.n != axis.whole:
        sense += f", n = {row.n}"
    return (
        pretty(row.transfer) + (" ≠" if row.different else ""),
        "" if axis is None else _sum(row, axis.order),
        cells["lattice"],
        sense,
        cells["atoms"],
        cells["pump"],
        cells["probe"],
    )


def _sum(row: Row, n: int) -> str:
    """``+1  0 = 1``: as in the explanation, the modulus left to the heading, terms aligned."""
    into, out = ([l or "" for l in side] for side in (row.incoming, row.outgoing))
    return budget(into, out, n, conserved=row.umklapp is not None).text(width=2)


def shared_cells(row: Row | Transfer) -> dict[str, str]:
    """Return by heading the cells that transfers of species and between modes have alike."""
    return {
        "lattice": _lattice(row.am_transfer),
        "atoms": "—" if row.rotation_sense == "none" else row.rotation_sense,
        "pump": short_routes(row.pump),
        "probe": probe_words(row.probe),
    }


def _lattice(am_transfer: float | None) -> str:
    """``+3ħ``: the angular momentum that the lattice takes; empty where it is not fixed."""
    if am_transfer is None:
        return ""
    return "0" if abs(am_transfer) < 5e-4 else f"{minus(f'{am_transfer:+.3g}')}ħ"


def _columns_meaning(listed: Listed, rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    """What the columns of the table say, each with the heading it belongs to."""
    notes = []
    if any(row.pam_sense != "undefined" for row in rows):
        notes.append(SENSE_OF_PAM)
    if any(row.rotation_sense != "none" for row in rows):
        notes.append(SENSE_OF_ATOMS)
    if any(row.am_transfer for row in rows):
        notes.append(TO_LATTICE)
    return (*notes, *light_notes(listed))


def light_notes(listed: Listed) -> tuple[tuple[str, str], ...]:
    """What the columns of light say."""
    driven = ("pump", "pump: light that drives each incoming quantum (IR infrared, R Raman).")
    seen = ("probe", "probe: light that detects the outgoing quantum.")
    return (*((driven,) if listed.driven else ()), *((seen,) if listed.seen else ()))


def _foot(
    listed: Listed, rows: Sequence[Row], open_means: str, *, left_out: int, hidden: Sequence[Group]
) -> list[str]:
    lines = [_numbers(listed, hidden), *_channels(listed)]
    if left_out:
        lines.append(f"{left_out} more {'row is' if left_out == 1 else 'rows are'} not shown.")
    if listed.rows:
        lines += [_reading(listed), *_legend(listed, rows, open_means)]
    return lines


def _numbers(listed: Listed, hidden: Sequence[Group]) -> str:
    """``31 transfers judged, 12 allowed: 4 flip, 2 keep, …``"""
    groups = Counter(row.group for row in listed.rows)
    words = {"flipped": "flip", "kept": "keep"}
    parts = [
        f"{groups[g]} {words.get(g, g)}" + (" (hidden)" if g in hidden and len(groups) > 1 else "")
        for g in GROUPS
        if groups[g]
    ]
    number = len(listed.rows) if listed.selected else listed.judged
    text = counted(number, "transfer")
    text += " selected" if listed.selected else f" judged, {len(listed.rows)} allowed"
    told = bool(parts) and not listed.straight and listed.axis is not None
    return text + (f": {', '.join(parts)}." if told else ".")


def _channels(listed: Listed) -> list[str]:
    """The numbers of the document, where channels are more than transfers."""
    judged, allowed = listed.channels_judged, listed.channels_allowed
    if allowed == len(listed.rows) and (listed.selected or judged == listed.judged):
        return []
    numbers = f"{allowed}" if listed.selected else f"{judged} judged, {allowed} allowed"
    return [f"Channels, with each sign and choice of modes counted: {numbers}."]


def _reading(listed: Listed) -> str:
    most = listed.coefficients
    number = "one real coefficient" if most == 1 else f"up to {most} coefficients"
    signed = [row for row in listed.rows if row.signed]
    holds = [
        *(
            ["with all signs reversed"]
            if listed.reversible and signed and all(row.both for row in signed)
            else []
        ),
        *(["for different modes of a species"] if listed.several else []),
    ]
    if not holds:
        return f"Each coupling has {number}."
    return f"Each line also holds {' and '.join(holds)}; each coupling has {number}."


def _legend(listed: Listed, rows: Sequence[Row], open_means: str) -> list[str]:
    """What the signs in the table mean, as far as they occur."""
    lines, axis = [], listed.axis
    if listed.straight:
        lines.append("No mode is degenerate: atoms move along lines, and no mode rotates.")
    elif any(row.rotation_sense == "open" for row in rows) and axis:
        lines.append(open_means)
    if any(row.across for row in rows):
        lines.append(
            "The rotation of atoms is that about the axis; they may rotate about others too."
        )
    if axis and (n := next(iter({row.n for row in rows} - {axis.order}), None)):
        lines.append(
            f"n = {n}: at the zone boundary along the {axis.symbol} axis, senses and U refer to "
            f"the rotation of order {n} that the screw contains."
        )
    elif axis and any(row.n != axis.whole for row in rows):
        lines.append(f"n = {axis.order}: order of the rotation that keeps these wavevectors.")
    if axis and any(row.other_senses for row in rows):
        lines.append(f"*: the sense of l differs about another parallel {axis_name(axis)}.")
    if any(row.different for row in rows):
        lines.append("≠: only between different modes of the species.")
    return lines


def species_table(
    answer: Predict,
    *,
    path: str,
    everything: bool,
    pump: Pump | None = None,
    probe: Process | None = None,
) -> Table:
    """Return the table of ``predict``.

    Parameters
    ----------
    path : str
        The input as the user named it, for the lines that say what to run next.
    everything : bool
        Show every allowed row, those without rotation included, without cutting.
    pump, probe
        The light by which rules were selected, to be named.
    """
    listed, crystal = answer.table, answer.structure
    assert listed is not None
    table = listed_table(
        listed,
        hidden=() if everything else ("without rotation",),
        limit=None if everything else ROWS,
    )
    vertex = [q.label for q in answer.q]
    right = where_text(vertex, answer.order)
    modes = _modes(answer.species)
    head = (
        replace(headline(crystal, unbroken(right)), last=64),
        *(labelled("q", line) for line in coordinates_note(crystal.primitive.relation, vertex)),
        labelled("axis", axis_line(answer.axis)),
        *(labelled("" if i else "modes", *found) for i, found in enumerate(modes)),
        *_selection(pump, probe),
    )
    if not listed.rows and (pump or probe):
        none = "No allowed transfer of these: choose another --pump or --probe, or none."
        return Table((), (), head, (*table.foot, none))
    if not listed.rows:
        return Table((), (), head, (*table.foot, *_nothing(answer, path)))
    foot = list(table.foot)
    if reversal_broken(crystal):
        foot.append(VELOCITIES)
    foot += order_notes(crystal, " ".join(x for found in modes for x in found))
    if any(s.acoustic for s in answer.species):
        foot.append("Acoustic modes at Γ are rigid translations and couple to nothing.")
    why = unbroken(f'Why: symchiral explain {path} "{listed.rows[0].transfer}"')
    hidden = len(table.rows) < len(listed.rows)
    foot.append(title(why, *((unbroken("All: --all"),) if hidden else ()), gap=6))
    return replace(table, head=head, foot=tuple(foot))


def where_text(vertex: Sequence[str], order: int) -> str:
    """``zone centre, third order``."""
    where = "zone centre" if set(vertex) == {"GM"} else " + ".join(vertex)
    return f"{where}, {_ORDERS.get(order, f'{order}th')} order"


def _modes(species: Sequence[SpeciesOfModes]) -> list[list[str]]:
    """Optical modes with their activity; off the zone centre by wavevector."""
    found = grouped(
        (s.q, unbroken(f"{optical} {s.label}" + (f" {activity_words(s)}" if s.q == "GM" else "")))
        for s in species
        if (optical := s.count - s.acoustic)
    )
    for place, modes in found.items():
        if len(found) > 1 or place != "GM":
            modes[0] = f"{place}: {modes[0]}"
    return list(found.values()) or [["no optical modes"]]


def _selection(pump: Pump | None, probe: Process | None) -> list[Phrases]:
    """The light by which transfers were selected."""
    names = {"+": "σ+", "-": "σ−", "z": "z", None: "some light"}
    words = {
        "infrared": "infrared light",
        "raman": "Raman scattering",
        "hyper-raman": "hyper-Raman scattering",
    }
    parts = [
        *([f"{names[pump.light]} drives every incoming quantum"] if pump else []),
        *([f"{words[probe]} detects the outgoing one"] if probe else []),
    ]
    return [labelled("light", f"{', '.join(parts)}; others are left out")] if parts else []


def _nothing(answer: Predict, path: str) -> list[str]:
    """What to do where nothing is allowed."""
    name = answer.structure.formula
    word = _ORDERS.get(answer.order, f"{answer.order}th")
    optical = [s for s in answer.species if s.count > s.acoustic]
    if not optical:
        return [f"{name} has no optical modes here: there is nothing to transfer."]
    odd = all(s.label.rstrip("'").endswith("u") for s in optical)
    why = (
        f"every optical mode of {name} is odd under inversion"
        if odd
        else f"no product of three optical modes of {name} is an invariant"
    )
    if answer.order != 3 or any(q.label != "GM" for q in answer.q):
        return [f"No {word}-order transfer."]
    # |Q|⁴ of any mode is an invariant, so the fourth order is never empty.
    return [
        f"No third-order transfer: {why}; the lowest order that couples them is 4:",
        unbroken(f"symchiral predict {path} --order 4"),
    ]


# --- transfers between actual modes --------------------------------------------------------------


def transfers_table(answer: Predict, *, path: str, everything: bool) -> Table:
    """Return the transfers between modes, one row for both signs, best first.

    Parameters
    ----------
    path : str
        The input as the user named it.
    everything : bool
        Show every row, those without rotation included.
    """
    every = answer.transfers or ()
    families = [t for t in every if t.reverse_of is None]
    turning = [t for t in families if t.rotates]
    shown = families if everything or not turning else turning
    rows = shown if everything else shown[:ROWS]
    head = crystal_lines(answer.structure, answer.axis, "transfers between modes, best match first")
    foot = [
        f"{counted(len(families), 'transfer')} between modes allowed: {len(turning)} with rotation."
    ]
    if len(every) > len(families):
        foot.append(f"With both signs counted: {len(every)}.")
    if len(rows) < len(families):
        foot.append(f"{len(families) - len(rows)} more: --all")
    if not rows:
        none = "No allowed transfer between these modes: widen --pump, --probe or --max-detuning."
        return Table((), (), head, (none,))
    assert answer.table is not None
    unit = rows[0].frequency_unit
    sign, digits = SIGNS[unit], 3 if unit == "THz" else 1
    widths = sorted({round(t.linewidth or 0.0, 4) for t in families})
    gamma = f"{widths[0]:g}" if len(widths) == 1 else f"{widths[0]:g} to {widths[-1]:g}"
    foot += [
        f"δ = incoming − outgoing; score = Γ²/(δ² + Γ²) with the total linewidth Γ = {gamma} "
        f"{sign} (--linewidth).",
        f'Why: symchiral explain {path} "{rows[0].id}"',
    ]
    table = Table(
        ("transfer", f"f ({sign})", "δ", "score", "lattice", "PAM", "atoms", "pump", "probe"),
        tuple(_transfer_cells(t, digits) for t in rows),
        head=(*head, labelled("modes", *_named(families, digits, sign), gap=2)),
        foot=tuple(foot),
        optional=("probe", "pump", "lattice", f"f ({sign})", "atoms"),
        names=("transfer",),
        notes=(SENSE_OF_PAM, SENSE_OF_ATOMS, TO_LATTICE, *light_notes(answer.table)),
    )
    table = _lit(table, answer.table)
    return table if answer.axis is not None else table.without("lattice", "PAM", "atoms")


def _named(transfers: Sequence[Transfer], digits: int, unit: str) -> list[str]:
    """The modes that take part, with their frequencies, from the lowest."""
    modes = {
        name: f for t in transfers for name, f in zip(t.modes, t.frequencies or (), strict=True)
    }
    ordered = sorted(modes.items(), key=lambda item: item[1])
    *found, last = (f"{name}\u00a0{f:.{digits}f}" for name, f in ordered)
    return [*found, f"{last} {unit}"]


def _transfer_cells(t: Transfer, digits: int) -> tuple[str, ...]:
    frequencies, cells = t.frequencies or (), shared_cells(t)
    into, out = (
        "+".join(f"{f:.{digits}f}" for f in side)
        for side in (frequencies[: len(t.pump)], frequencies[len(t.pump) :])
    )
    score = t.score or 0.0
    return (
        pretty(t.id),
        f"{into} → {out}",
        minus(f"{t.detuning:+.{digits}f}"),
        "<0.001" if score < 0.001 else f"{score:.3f}",
        cells["lattice"],
        t.pam_sense,
        cells["atoms"],
        cells["pump"],
        cells["probe"],
    )


# --- vertices ------------------------------------------------------------------------------------


def vertices_table(answer: Vertices, *, path: str) -> Table:
    """Return a line per vertex: how many transfers are allowed, and what they do."""
    first = " ".join(q.label for q in answer.vertices[0].q)
    return counted_vertices(
        answer.vertices,
        head=headline(answer.structure, "special points with Σq = G, up to symmetry"),
        relation=answer.structure.primitive.relation,
        one=f'symchiral predict {path} --q "{first}"',
    )


def counted_vertices(
    vertices: Sequence[Vertex], *, head: Phrases, relation: Relation, one: str
) -> Table:
    """Return a line per vertex; ``one`` is the command that tells of the first of them."""
    rows = tuple(
        (
            " ".join(q.label for q in vertex.q),
            _axis_text(vertex),
            str(vertex.rows.judged),
            str(vertex.rows.allowed),
            *(str(n or "—") for n in (vertex.rows.flipped, vertex.rows.kept, vertex.rows.neutral)),
        )
        for vertex in vertices
    )
    judged = sum(vertex.counts.judged for vertex in vertices)
    allowed = sum(vertex.counts.allowed + vertex.counts.undecided for vertex in vertices)
    return Table(
        ("vertex", "axis", "judged", "allowed", "flip", "keep", "neutral"),
        rows,
        head=(head,),
        foot=(
            *coordinates_note(relation, [row[0] for row in rows]),
            "Transfers that differ by the signs of all quanta or by the choice of modes are "
            f"counted once. Channels, with each counted: {judged:,} judged, {allowed:,} "
            "allowed.",
            f"One vertex: {one}",
        ),
        optional=("axis",),
        folded=("vertex",),
    )


def _axis_text(vertex: Vertex) -> str:
    """``6_3``, or ``6_3, n = 3`` where the senses of its rules have another n than the axis."""
    if vertex.axis is None:
        return "—"
    n = vertex.n
    return vertex.axis.symbol + (f", n = {n}" if n not in (None, vertex.axis.order) else "")
