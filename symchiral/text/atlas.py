"""The tables of ``atlas``: species of a group, its transfers, and its waves."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from symchiral.answers.atlas import Atlas, Wave, WavesOfGroup
from symchiral.answers.atlas import atlas as describe
from symchiral.answers.channel import FlatRule, flat
from symchiral.answers.record import flat_record
from symchiral.answers.species import SpeciesOfGroup
from symchiral.rules.atlas import Atlas as RuleAtlas
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, labelled, title, unbroken
from symchiral.text.crystal import axis_line, coordinates_note
from symchiral.text.light_words import activity_words
from symchiral.text.predict import ROWS, counted_vertices, listed_table, where_text

OPEN = (
    "open: the atoms can rotate either way. Which way depends on the sites they sit on, and where "
    "these leave it open on the forces: predict tells it of a crystal."
)


def display(atlas: RuleAtlas, form: str) -> Any:
    """Return an atlas as ``text`` (its tables), ``html``, ``tables``, ``records`` or ``columns``.

    A record is a rule that is not forbidden.
    """
    match form:
        case "records":
            return [flat_record(flat(rule)) for rule in atlas.rules]
        case "columns":
            return FlatRule.__struct_encode_fields__
    answer = describe(atlas, channels=False)
    tables = atlas_tables(answer, everything=form == "tables")
    match form:
        case "text":
            return "\n\n".join(table.text() for table in tables)
        case "html":
            return "".join(table.html() for table in tables)
        case "tables":
            return tables
    raise NotImplementedError(f"{type(atlas).__name__} has no form {form!r}")


def atlas_tables(answer: Atlas, *, everything: bool) -> list[Table]:
    """Return what ``atlas`` prints: species, transfers or vertices, waves.

    Parameters
    ----------
    everything : bool
        Show every allowed row, those without rotation included, without cutting.
    """
    species = _species_table(answer)
    name = shlex.quote(answer.input.path or str(answer.group.space_group))
    if answer.table is None:
        first = " ".join(q.label for q in answer.vertices[0].q)
        transfers = counted_vertices(
            answer.vertices,
            head=title("special points with Σq = G, up to symmetry"),
            relation=answer.group.relation,
            one=unbroken(f'symchiral atlas {name} --q "{first}"'),
        )
    else:
        transfers = listed_table(
            answer.table,
            hidden=() if everything else ("without rotation",),
            limit=None if everything else ROWS,
            open_means=OPEN,
        ).without("lattice")
        if answer.table.rows and len(transfers.rows) < len(answer.table.rows):
            transfers = replace(transfers, foot=(*transfers.foot, "All: --all"))
    return [species, transfers, waves_table(answer.waves)]


def _species_table(answer: Atlas) -> Table:
    group = answer.group
    kind = (
        f"any group of the class, in the axes of {group.symbol} ({group.space_group})"
        if group.whole_class
        else f"any crystal of this group; class {group.schoenflies}"
    )
    many = answer.table is None
    vertex = [] if many else [q.label for q in answer.vertices[0].q]
    where = "special points, third order" if many else where_text(vertex, answer.order)
    if many and answer.order != 3:
        where = f"special points, order {answer.order}"
    # Of the arms of a star the tables name one.
    shown = [s for s in answer.species if not many or "," not in s.q]
    several = len({s.q for s in shown}) > 1
    table = Table(
        ("q", "species", "CDML", "l", "light", "atoms"),
        tuple(_species_cells(s, turns=answer.axis is not None) for s in shown),
        head=(
            title(group.name, kind, unbroken(where)),
            *(labelled("q", line) for line in coordinates_note(group.relation, vertex)),
            labelled("axis", axis_line(answer.axis)),
        ),
        names=("species",),
        optional=("CDML",),
        folded=("light", "l"),
    )
    if not several:
        table = table.without("q")
    if all(s.q != "GM" for s in shown):
        table = table.without("light")
    return table if answer.axis is not None else table.without("l")


def _species_cells(species: SpeciesOfGroup, *, turns: bool) -> tuple[str, ...]:
    words = dict.fromkeys(part.may for part in species.turning)
    atoms = "may rotate" if "may" in words else "no net rotation"
    return (
        species.q,
        species.label,
        species.cdml,
        ", ".join(map(signed, species.pam)) if turns and None not in species.pam else "",
        activity_words(species) if species.q == "GM" else "",
        atoms,
    )


def waves_table(waves: WavesOfGroup) -> Table:
    """Return how helicity and angular momentum of phonons may depend on q."""
    thermal = "; ".join(" ".join(map(minus, row)) for row in waves.thermal)
    return Table(
        ("of phonons at any q", "wave", "lowest form"),
        (
            ("helicity J·q/|q|", *_wave(waves.helicity)),
            ("angular momentum J", *_wave(waves.angular_momentum)),
            (
                "α of J_i = α_ij dT/dx_j",
                "",
                f"({thermal})" if waves.thermal_coefficients else "0",
            ),
        ),
        foot=("x is along a, z along c of the standard cell; without magnetic order.",),
        folded=("lowest form",),
    )


def _wave(wave: Wave) -> tuple[str, str]:
    if wave.letter is None:
        return "none", "0"
    forms = (f[0] if len(f) == 1 else f"({', '.join(f)})" for f in wave.forms)
    return wave.letter, minus(", ".join(forms))
