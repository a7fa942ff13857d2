"""Which forms a noun has, and who makes them: the answer to :func:`symchiral.display.display`.

Forms of rules that every command asks for are made here; the others are loaded when asked for.
"""

from __future__ import annotations

from html import escape
from importlib import import_module
from typing import Any

import msgspec

from symchiral.answers.channel import FlatRule, channel, flat, rule_reason
from symchiral.answers.predict import table
from symchiral.answers.record import flat_record
from symchiral.engine.reason import Reason
from symchiral.rules.listing import listing
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook
from symchiral.text.predict import listed_table
from symchiral.text.reason import (
    reason_of_modes_text,
    reason_text,
    rule_reason_text,
    short_reason_text,
)
from symchiral.text.sums import rule_sum

_ROOMS = {
    "symchiral.answers": "symchiral.text.notebook",
    "symchiral.catalog.collection": "symchiral.text.catalog",
    "symchiral.crystal": "symchiral.text.notebook",
    "symchiral.dynamics": "symchiral.text.run",
    "symchiral.traces": "symchiral.text.experiment",
    "symchiral.forces": "symchiral.text.notebook",
    "symchiral.modes.animation": "symchiral.text.notebook",
    "symchiral.modes.species": "symchiral.text.notebook",
    "symchiral.modes": "symchiral.text.modes",
    "symchiral.rules.atlas": "symchiral.text.atlas",
    "symchiral.rules.allowance": "symchiral.text.effects",
    "symchiral.rules.domains": "symchiral.text.effects",
    "symchiral.rules.magnetism": "symchiral.text.magnetism",
    "symchiral.rules.raman": "symchiral.text.effects",
    "symchiral.rules.resonance": "symchiral.text.explanation",
}
"""Rooms and modules of nouns that few commands load: which module has ``display`` for them."""

_EXPORTED = ("csv", "frame", "markdown", "latex")
"""Forms made of others: tables, records, columns."""


def display(noun: object, form: str, **options: Any) -> Any:
    """Return a noun in a form.

    ========= ============================================================================
    noun      forms
    ========= ============================================================================
    RuleBook  ``text`` (its table), ``html``, ``tables``; ``records`` (a flat dictionary per
              rule), ``columns`` (their keys)
    Rule      ``text`` (explained), ``html``, ``sum`` (of l), ``reason``, ``record`` (JSON)
    Transfer  ``text``, ``html``
    Reason    ``text``, ``short`` (the operation and its phase), ``of modes`` (actual ones)
    Modes     ``tables``, ``html``; ``records`` (a flat dictionary per mode), ``columns``
    Splitting ``text`` (why, or what forbids it)
    Selection ``text``, ``html``, ``tables``, ``records``, ``columns``
    ========= ============================================================================

    Whatever has ``tables``, ``records`` and ``columns`` has ``markdown``, ``latex``, ``csv`` and
    ``frame`` (of a ``library``), too. Those of the nouns of an experiment stand in
    :mod:`symchiral.text.experiment`, those of a simulation in :mod:`symchiral.text.run`, those of
    light in :mod:`symchiral.text.effects`, which are loaded for them alone; ``html`` of answers,
    crystals, species, multiplets, bands and animations in :mod:`symchiral.text.notebook`.
    """
    if form in _EXPORTED:
        return _exported(noun, form, **options)
    module = type(noun).__module__
    for home in (module, module.rpartition(".")[0]):
        if home in _ROOMS:
            return import_module(_ROOMS[home]).display(noun, form, **options)
    match noun, form:
        case RuleBook(), "text":
            return listed_table(table(noun.symmetry, listing(noun))).text()
        case RuleBook(), "html":
            return listed_table(table(noun.symmetry, listing(noun))).html()
        case RuleBook(), "tables":
            return [listed_table(table(noun.symmetry, listing(noun)))]
        case RuleBook(), "records":
            return [flat_record(flat(rule)) for rule in noun.rules]
        case RuleBook(), "columns":
            return FlatRule.__struct_encode_fields__
        case Rule(), "text":
            from symchiral.text.explanation import rule_text

            return rule_text(noun)
        case Rule(), "html":
            return f"<pre>{escape(display(noun, 'text'))}</pre>"
        case Rule(), "sum":
            return rule_sum(noun)
        case Rule(), "reason":
            return rule_reason_text(noun)
        case Rule(), "record":
            return msgspec.json.decode(msgspec.json.encode(channel(noun)))
        case Reason(), "text":
            return reason_text(noun)
        case Reason(), "short":
            return short_reason_text(rule_reason(noun))
        case Reason(), "of modes":
            return reason_of_modes_text(noun)
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")


def _exported(noun: object, form: str, **options: Any) -> Any:
    from symchiral.text.formats import csv_text, frame, latex, markdown

    match form:
        case "csv":
            return csv_text(display(noun, "columns"), display(noun, "records"))
        case "frame":
            return frame(display(noun, "records"), **options)
    return "\n".join(map(markdown if form == "markdown" else latex, display(noun, "tables")))
