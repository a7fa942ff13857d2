"""What a notebook shows of results: the tables of the command of the same name, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from symchiral.answers.bands import Bands as BandsAnswer
from symchiral.answers.bands import bands
from symchiral.answers.light import Light
from symchiral.answers.plan import Plan as PlanAnswer
from symchiral.answers.plan import plan
from symchiral.answers.predict import Predict
from symchiral.answers.simulate import Simulate, simulate
from symchiral.answers.validate import Validate
from symchiral.display import display
from symchiral.dynamics.run import Run
from symchiral.experiment.planning import Plan
from symchiral.experiment.verdict import Judgement
from symchiral.forces.bands import Bands
from symchiral.modes.species import Species
from symchiral.rules.resonance import Transfer
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.text.bands import bands_table
from symchiral.text.light import light_tables
from symchiral.text.plan import plan_tables
from symchiral.text.predict import listed_table
from symchiral.text.simulate import simulate_table, sweep_table
from symchiral.text.validate import validation_tables

Shown = (
    Run | Plan | Judgement | Bands | Species | Transfer | BandsAnswer | Light | PlanAnswer
    | Predict | Simulate | Validate
)  # fmt: skip
"""What is shown here; studies, books, rules and modes have their own forms."""


def html(noun: object) -> str | None:
    """Return a result as HTML, every text of it escaped; None where it is shown as text alone."""
    if not isinstance(noun, Shown):
        return None
    match noun:
        case Transfer():
            return f"<pre>{escape(display(noun, 'text'))}</pre>"
        case Judgement():
            return _judgement(noun)
        case _:
            return "".join(table.html() for table in _tables(noun))


def _tables(noun: Any) -> Sequence[Table]:
    match noun:
        case Run():
            return [simulate_table(simulate(noun, noun.model.couplings))]
        case Simulate():
            return [simulate_table(noun) if not noun.sweep else sweep_table(noun)]
        case Plan():
            return plan_tables(plan(noun), path=None)
        case PlanAnswer():
            return plan_tables(noun, path=None)
        case Bands():
            return [bands_table(bands(noun))]
        case BandsAnswer():
            return [bands_table(noun)]
        case Light():
            return light_tables(noun)
        case Validate():
            return validation_tables(noun)
        case Predict():
            return [] if noun.table is None else [listed_table(noun.table)]
        case Species():
            return [_species(noun)]
    raise NotImplementedError(f"{type(noun).__name__} is not shown")


def _species(species: Species) -> Table:
    """Its modes and components."""
    rows = tuple(
        (c.name or "—", "—" if c.pam is None else minus(c.pam)) for c in species.components
    )
    acoustic = f", {species.acoustic} of them acoustic" if species.acoustic else ""
    modes = "mode" if species.count == 1 else "modes"
    return Table(
        ("component", "l"), rows, head=(f"{species.key}   {species.count} {modes}{acoustic}",)
    )


def _judgement(found: Judgement) -> str:
    """Verdicts in words, then what would decide and what limits them."""
    lists = (
        ("next", [display(advice, "text") for advice in found.decide]),
        ("notes", [display(note, "text") for note in found.notes]),
    )
    rows = tuple(
        (f"{v.assignment.line.frequency:.3f}", v.assignment.mode.name if v.assignment.mode else "—",
         v.verdict)
        for v in found.lines
    )  # fmt: skip
    parts = [f"<p>{escape(display(found, 'words'))}</p>"]
    if rows:
        parts.append(Table(("f (THz)", "mode", "verdict"), rows).html())
    for name, texts in lists:
        if texts:
            items = "".join(f"<li>{escape(text)}</li>" for text in dict.fromkeys(texts))
            parts.append(f"<p>{name}</p><ul>{items}</ul>")
    return "".join(parts)
