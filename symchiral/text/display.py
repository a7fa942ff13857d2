"""Which forms a noun has, and who makes them: the answer to :func:`symchiral.display.display`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec

from symchiral.answers.channel import FlatRule, channel, flat, rule_reason
from symchiral.answers.modes import flat as flat_modes
from symchiral.answers.predict import table
from symchiral.answers.record import flat_record
from symchiral.engine.reason import Reason
from symchiral.modes.mode import Modes
from symchiral.rules.listing import listing
from symchiral.rules.magnetism import Splitting
from symchiral.rules.resonance import Transfer
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook
from symchiral.text.explanation import rule_text, transfer_text
from symchiral.text.formats import csv_text, frame, latex, markdown
from symchiral.text.magnetism import splitting_text
from symchiral.text.predict import listed_table
from symchiral.text.reason import (
    reason_of_modes_text,
    reason_text,
    rule_reason_text,
    short_reason_text,
)
from symchiral.text.sums import rule_sum

_ROOMS = {
    "symchiral.dynamics": "symchiral.text.run",
    "symchiral.experiment": "symchiral.text.experiment",
    "symchiral.rules.allowance": "symchiral.text.effects",
    "symchiral.rules.domains": "symchiral.text.effects",
    "symchiral.rules.raman": "symchiral.text.effects",
}
"""Rooms and modules of nouns that few commands load: which module has ``display`` for them."""


def display(noun: object, form: str, **options: Any) -> Any:
    """Return a noun in a form.

    ========= ============================================================================
    noun      forms
    ========= ============================================================================
    RuleBook  ``text`` (its table), ``html``, ``markdown``, ``latex``; ``records`` (a flat
              dictionary per rule), ``csv``, ``frame`` (of a ``library``)
    Rule      ``text`` (explained), ``sum`` (of l), ``reason``, ``record`` (JSON)
    Transfer  ``text``
    Reason    ``text``, ``short`` (the operation and its phase), ``of modes`` (actual ones)
    Modes     ``records`` (a flat dictionary per mode)
    Splitting ``text`` (why, or what forbids it)
    ========= ============================================================================

    Those of the nouns of an experiment stand in :mod:`symchiral.text.experiment`, those of a
    simulation in :mod:`symchiral.text.run`, those of light in :mod:`symchiral.text.effects`, which
    are loaded for them alone.
    """
    module = type(noun).__module__
    for home in (module, module.rpartition(".")[0]):
        if home in _ROOMS:
            return import_module(_ROOMS[home]).display(noun, form)
    match noun, form:
        case RuleBook(), "text":
            return listed_table(table(noun.crystal, listing(noun))).text()
        case RuleBook(), "html":
            return listed_table(table(noun.crystal, listing(noun))).html()
        case RuleBook(), "records":
            return _records(noun)
        case RuleBook(), "csv":
            return csv_text(FlatRule.__struct_encode_fields__, _records(noun))
        case RuleBook(), "markdown":
            return markdown(listed_table(table(noun.crystal, listing(noun))))
        case RuleBook(), "latex":
            return latex(listed_table(table(noun.crystal, listing(noun))))
        case RuleBook(), "frame":
            return frame(_records(noun), **options)
        case Rule(), "text":
            return rule_text(noun)
        case Rule(), "sum":
            return rule_sum(noun)
        case Rule(), "reason":
            return rule_reason_text(noun)
        case Rule(), "record":
            return msgspec.json.decode(msgspec.json.encode(channel(noun)))
        case Transfer(), "text":
            return transfer_text(noun)
        case Reason(), "text":
            return reason_text(noun)
        case Reason(), "short":
            return short_reason_text(rule_reason(noun))
        case Splitting(), "text":
            return splitting_text(noun)
        case Reason(), "of modes":
            return reason_of_modes_text(noun)
        case Modes(), "records":
            return [flat_record(row) for row in flat_modes(noun)]
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")


def _records(book: RuleBook) -> list[dict[str, Any]]:
    return [flat_record(flat(rule)) for rule in book.rules]
