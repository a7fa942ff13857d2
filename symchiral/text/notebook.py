"""What a notebook shows of nouns and answers: their tables as HTML, texts escaped.

:func:`display` is where to start. Nouns that move or have curves are drawn as well, in
:mod:`symchiral.figures.display`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from symchiral.answers.atlas import Atlas
from symchiral.answers.audit import Audit
from symchiral.answers.bands import Bands as BandsAnswer
from symchiral.answers.bands import bands as bands_answer
from symchiral.answers.catalog import Catalog
from symchiral.answers.couple import Couple
from symchiral.answers.light import Light
from symchiral.answers.modes import Modes
from symchiral.answers.phonons import Phonons
from symchiral.answers.plan import Plan
from symchiral.answers.predict import Predict
from symchiral.answers.record import Answer
from symchiral.answers.show import Show
from symchiral.answers.simulate import Simulate
from symchiral.answers.validate import Validate
from symchiral.answers.vertices import Vertices
from symchiral.crystal.crystal import Crystal
from symchiral.forces.bands import Bands
from symchiral.modes.animation import Animation
from symchiral.modes.species import GroupSpecies, Species
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, labelled, title
from symchiral.text.atlas import atlas_tables
from symchiral.text.audit import audit_table
from symchiral.text.bands import bands_table
from symchiral.text.catalog import catalog_tables
from symchiral.text.couple import couple_table
from symchiral.text.light import light_tables
from symchiral.text.modes import ATOMS, mode_table, modes_tables
from symchiral.text.phonons import phonons_table
from symchiral.text.plan import plan_tables
from symchiral.text.predict import species_table, transfers_table, vertices_table
from symchiral.text.show import show_tables
from symchiral.text.simulate import simulate_table, sweep_table
from symchiral.text.validate import validation_tables
from symchiral.units import counted


def display(noun: object, form: str) -> Any:
    """Return a noun as ``html``: answers, species, bands, crystals, animations."""
    if form != "html":
        raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
    if isinstance(noun, Answer) and type(noun) not in _TABLES:
        return f"<pre>{escape(noun.to_json())}</pre>"
    return "".join(table.html() for table in tables_of(noun))


def _predicted(answer: Predict) -> list[Table]:
    path = answer.input.path or "FILE"
    if answer.transfers and answer.rows.allowed:
        return [transfers_table(answer, path=path, everything=False)]
    return [species_table(answer, path=path, everything=False)]


_TABLES: dict[type, Callable[[Any], Sequence[Table]]] = {
    Atlas: lambda answer: atlas_tables(answer, everything=False),
    Audit: lambda answer: [audit_table(answer)],
    BandsAnswer: lambda answer: [bands_table(answer)],
    Catalog: catalog_tables,
    Couple: lambda answer: [couple_table(answer, everything=False)],
    Light: light_tables,
    Modes: modes_tables,
    Phonons: lambda answer: [phonons_table(answer)],
    Plan: lambda answer: plan_tables(answer, path=None, unit=answer.units.frequency),
    Predict: _predicted,
    Show: show_tables,
    Simulate: lambda answer: [
        simulate_table(answer) if answer.sweep is None else sweep_table(answer)
    ],
    Validate: validation_tables,
    Vertices: lambda answer: [vertices_table(answer, path=answer.input.path or "FILE")],
}
"""Tables of the answers; of those that have none the document is shown."""


def tables_of(noun: object) -> Sequence[Table]:
    """Return the tables of a noun or of an answer."""
    if type(noun) in _TABLES:
        return _TABLES[type(noun)](noun)
    match noun:
        case Bands():
            return [bands_table(bands_answer(noun, unit="THz"))]
        case GroupSpecies():
            return [_species_table(noun)]
        case Animation():
            symbols = noun.modes.crystal.primitive.symbols
            heads = [noun.title, *(mode.name for mode, _ in noun.others)]
            return [
                mode_table(mode, symbols, head=(title(head),))
                for (mode, _), head in zip(noun.parts, heads, strict=True)
            ]
        case Crystal():
            return [_crystal_table(noun)]
    raise NotImplementedError(f"{type(noun).__name__} has no tables")


def _species_table(species: GroupSpecies) -> Table:
    """A row per component, and how often the species occurs."""
    head = [title(species.key, f"{counted(species.dimension, 'mode')} in a multiplet")]
    if isinstance(species, Species):
        some = f", {species.acoustic} of them acoustic" if species.acoustic else ""
        sites = ", ".join(f"{site.name} {count}" for site, count in species.sites)
        head += [labelled("count", f"{species.count}{some}"), labelled("sites", sites)]
    rows = []
    for part, motion in zip(species.components, species.motions, strict=True):
        name = f"{species.label}({minus(part.name)})" if part.name else species.label
        sense = {"+": "↺", "-": "↻", "0": "none"}.get(motion.sign, "open")
        turning = ", ".join(motion.turning) or "—"
        rows.append((name, signed(part.pam), sense, turning))
    notes = (
        (
            "sense",
            labelled("sense", "of J of all atoms together, as far as symmetry fixes it", column=10),
        ),
        ("may rotate", labelled("may rotate", "sites of which single atoms may rotate", column=12)),
    )
    columns = ("component", "l", "sense", "may rotate")
    return Table(columns, tuple(rows), head=tuple(head), notes=notes)


def _crystal_table(crystal: Crystal) -> Table:
    """Lattice vectors and fractional positions."""
    head = [title(crystal.formula, f"{counted(len(crystal), 'atom')}, {crystal.volume:.2f} Å³")]
    for name, vector in zip("abc", crystal.cell, strict=True):
        text = ", ".join(minus(f"{x:.4f}") for x in vector)
        head.append(labelled(name, f"({text}) Å", column=3))
    rows = tuple(
        (f"{symbol} {i + 1}", *(minus(f"{x + 0.0:.5f}") for x in place))
        for i, (symbol, place) in enumerate(
            zip(crystal.symbols[:ATOMS], crystal.positions, strict=False)
        )
    )
    foot = (f"The first {ATOMS} of {len(crystal)} atoms.",) if len(crystal) > ATOMS else ()
    return Table(("atom", "x", "y", "z"), rows, head=tuple(head), foot=foot)
